//! The ordinary way: reqwest, with its cookies, redirects and proxies of the environment left out.

use super::body::{Collected, inflate};
use super::failure::{self, chain, head_timeout, host_of};
use super::names::Names;
use super::refused::refused;
use super::{Failure, Head, Request, Response, SettingsError, TransportSettings, Want, is_safe, tls};
use crate::observation::FailureKind;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, timeout_at};

/// Header lines of one HTTP/1 head; more go to the tolerant reader. hyper makes room for all of
/// them with every response.
const HEADER_LINES: usize = 512;

/// Header lines of any head: browsers would read a few more within their 256 KiB, and each line may
/// become a sighting.
pub(super) const MOST_LINES: usize = 8192;

/// A pool of connections, and what the tolerant reader shares with it.
pub(super) struct Client {
    pub(super) settings: TransportSettings,
    pub(super) names: Names,
    /// TLS for HTTP/1.1 only.
    pub(super) tls: Arc<rustls::ClientConfig>,
    pool: Mutex<Pool>,
    /// Origins that answered in HTTP/2: their requests share connections.
    sharing: Mutex<BTreeSet<String>>,
}

/// Open connections. A wedged one cannot be told from the others, so all are retired together.
#[derive(Clone)]
struct Pool {
    client: reqwest::Client,
    number: u64,
}

/// How long a silent HTTP/2 connection is trusted before it is asked whether it lives, and how long it
/// may think about it.
const BETWEEN_PINGS: Duration = Duration::from_secs(5);

/// Why there is no response.
pub(super) enum Trouble {
    /// There is one, but not with a head that hyper takes.
    Head {
        why: String,
        http2: bool,
    },
    /// No head in time.
    Slow(Failure),
    Failed(Failure),
}

impl Client {
    pub(super) fn new(settings: TransportSettings) -> Result<Self, SettingsError> {
        let names = Names::new(&settings.resolve);
        let client = fresh(&settings, &names)?;
        let tls = Arc::new(tls::config(&settings.extra_ca, &["http/1.1"])?);
        let pool = Mutex::new(Pool { client, number: 0 });
        Ok(Client { settings, names, tls, pool, sharing: Mutex::default() })
    }

    /// Makes one request. Where many share a connection and it does not answer in time, the connection
    /// is retired, and what may be asked twice is asked on a new one.
    pub(super) async fn send(
        &self,
        request: &Request,
        want: Want,
        deadline: Instant,
    ) -> Result<Response, Trouble> {
        let Pool { client, number } = locked(&self.pool).clone();
        let slow = match self.once(&client, number, request, want, deadline).await {
            Err(Trouble::Slow(failure)) => failure,
            outcome => return outcome,
        };
        if !locked(&self.sharing).contains(&request.url.origin().ascii_serialization()) {
            return Err(Trouble::Failed(slow));
        }
        self.retire(number);
        if !is_safe(&request.method) || Instant::now() >= deadline {
            return Err(Trouble::Failed(slow));
        }
        let Pool { client, number } = locked(&self.pool).clone();
        match self.once(&client, number, request, want, deadline).await {
            Err(Trouble::Slow(failure)) => Err(Trouble::Failed(failure)),
            outcome => outcome,
        }
    }

    /// Nothing new is asked on the connections of this pool; what is under way goes on.
    fn retire(&self, number: u64) {
        let mut pool = locked(&self.pool);
        if pool.number != number {
            return;
        }
        // It was made before; without a new one the old one has to do.
        if let Ok(client) = fresh(&self.settings, &self.names) {
            *pool = Pool { client, number: number + 1 };
        }
    }

    async fn once(
        &self,
        client: &reqwest::Client,
        number: u64,
        request: &Request,
        want: Want,
        deadline: Instant,
    ) -> Result<Response, Trouble> {
        let head_by = deadline.min(Instant::now() + self.settings.head_timeout);
        let ready = ready(request).map_err(Trouble::Failed)?;
        let mut response = match timeout_at(head_by, client.execute(ready)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.trouble(&error, request)),
            Err(_) => return Err(Trouble::Slow(head_timeout(&host_of(&request.url), &self.settings))),
        };
        let head = head_of(&response);
        if head.version == "HTTP/2.0" {
            locked(&self.sharing).insert(request.url.origin().ascii_serialization());
        }
        if head.headers.len() > MOST_LINES {
            return Err(Trouble::Failed(too_many_lines(&host_of(&request.url))));
        }
        let mut body = Collected::new(&head, want, self.settings.body_bytes);
        let reading = async {
            loop {
                match response.chunk().await {
                    Ok(Some(chunk)) if body.take(&chunk) => {}
                    Ok(Some(_)) => return body.cut(FailureKind::BodyTooLarge),
                    Ok(None) => return None,
                    Err(_) => return body.cut(FailureKind::Truncated),
                }
            }
        };
        let mut cut = match timeout_at(deadline, reading).await {
            Ok(cut) => cut,
            Err(_) => {
                if head.version == "HTTP/2.0" {
                    self.retire(number);
                }
                body.cut(FailureKind::Timeout)
            }
        };
        // reqwest takes the header away where it undid the coding itself.
        let mut bytes = body.bytes;
        if let Some(coding) = head.header("content-encoding").filter(|_| !bytes.is_empty()) {
            let inflated = inflate(coding, bytes, self.settings.body_bytes);
            bytes = inflated.0;
            cut = cut.or(inflated.1);
        }
        Ok(Response { head, body: bytes, cut })
    }

    fn trouble(&self, error: &reqwest::Error, request: &Request) -> Trouble {
        let host = host_of(&request.url);
        if error.is_timeout() {
            return Trouble::Failed(failure::connect_timeout(&host, &self.settings));
        }
        if error.is_connect() {
            return Trouble::Failed(failure::of_connecting(error, &request.url, &self.settings));
        }
        for cause in chain(error) {
            if let Some(error) = cause.downcast_ref::<h2::Error>() {
                // Ours is the complaint: the head is malformed (RFC 9113 8.1.1) or too long.
                if error.is_library() {
                    return Trouble::Head { why: "malformed HTTP/2".into(), http2: true };
                }
                let detail = format!("{host} ended the HTTP/2 exchange without an answer: {error}");
                return Trouble::Failed(Failure::new(FailureKind::Connect, detail));
            }
            if let Some(error) = cause.downcast_ref::<hyper::Error>()
                && error.is_parse()
            {
                return Trouble::Head { why: error.to_string(), http2: false };
            }
        }
        let cause = chain(error).last().map(|cause| cause.to_string()).unwrap_or_default();
        Trouble::Failed(Failure::new(
            FailureKind::Connect,
            format!("{host} ended the connection without an answer: {cause}"),
        ))
    }
}

/// An empty pool of connections.
fn fresh(settings: &TransportSettings, names: &Names) -> Result<reqwest::Client, SettingsError> {
    let both: &[&str] = if settings.http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    let head_bytes = u32::try_from(settings.head_bytes.min(1 << 20)).unwrap_or(u32::MAX);
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config(&settings.extra_ca, both)?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(names.clone())
        .connect_timeout(settings.connect_timeout)
        .http1_title_case_headers()
        .http1_max_headers(HEADER_LINES)
        .http2_max_header_list_size(head_bytes)
        .http2_keep_alive_interval(BETWEEN_PINGS)
        .http2_keep_alive_timeout(BETWEEN_PINGS)
        .http2_keep_alive_while_idle(true);
    if !settings.http2 {
        builder = builder.http1_only();
    }
    if let Some(proxy) = &settings.proxy {
        let proxy = reqwest::Proxy::all(proxy.reveal())
            .map_err(|_| SettingsError("the proxy is no URL of the form http://host:port".into()))?;
        builder = builder.proxy(proxy);
    }
    builder
        .build()
        .map_err(|error| SettingsError(format!("no HTTP client can be made: {}", error.without_url())))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ready(request: &Request) -> Result<reqwest::Request, Failure> {
    let unfit = |what: String| Failure::new(FailureKind::Other, what);
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| unfit(format!("{:?} is no HTTP method", request.method)))?;
    let mut url = request.url.clone();
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut ready = reqwest::Request::new(method, url);
    let headers = ready.headers_mut();
    headers.reserve(request.headers.len() + 2);
    for (name, value) in &request.headers {
        let key = reqwest::header::HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| unfit(format!("{name:?} is no header name")))?;
        let value = reqwest::header::HeaderValue::from_bytes(value)
            .map_err(|_| unfit(format!("the value for the header {name} holds a control character")))?;
        headers.append(key, value);
    }
    *ready.body_mut() = request.body.clone().map(reqwest::Body::from);
    Ok(ready)
}

fn head_of(response: &reqwest::Response) -> Head {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let mut head = Head {
        status: response.status().as_u16(),
        version: match response.version() {
            reqwest::Version::HTTP_2 => "HTTP/2.0",
            reqwest::Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
        headers,
        tolerant: false,
        refused: None,
        received_at: now(),
    };
    head.refused = refused(&head, None);
    head
}

/// A head of more lines than anybody means.
pub(super) fn too_many_lines(host: &str) -> Failure {
    let detail = format!("the head of {host}'s answer has more than {MOST_LINES} lines");
    Failure::new(FailureKind::UnreadableHead, detail)
}

/// Seconds since the epoch.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
