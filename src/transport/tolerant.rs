//! The tolerant way: HTTP/1.1 over a connection of our own, for heads that hyper refuses and
//! browsers read (control characters, bare CR or LF, thousands of lines, odd folding).

mod head;
mod wire;

use super::body::{Collected, inflate};
use super::client::{Client, MOST_LINES, now, too_many_lines};
use super::failure::{self, connect_timeout, head_timeout, host_of};
use super::refused::{Refused, refused};
use super::{Failure, Head, Request, Response, Want};
use crate::observation::FailureKind;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};
use wire::{Stream, Wire};

/// Interim answers (1xx) before the one that counts.
const MOST_INTERIM: u32 = 1000;

/// Makes a request once more.
pub(super) async fn send(
    client: &Client,
    request: &Request,
    want: Want,
    deadline: Instant,
) -> Result<Response, Failure> {
    let settings = &client.settings;
    let host = host_of(&request.url);
    let start = Instant::now();
    let connecting =
        timeout_at(deadline.min(start + settings.connect_timeout), connect(client, &request.url));
    let stream = connecting.await.map_err(|_| connect_timeout(&host, settings))??;
    let mut wire = Wire::new(stream);

    let asking = async {
        wire.send(&asked(request)).await.map_err(|error| broken(&host, &error.to_string()))?;
        let mut interim = 0;
        loop {
            let raw = wire.head(settings.head_bytes).await.map_err(|why| unreadable(&host, &why))?;
            let parsed = head::parse(&raw).map_err(|why| unreadable(&host, why))?;
            // An interim answer comes before the one that counts (RFC 9110 15.2).
            if !(100..200).contains(&parsed.status) || parsed.status == 101 {
                if parsed.headers.len() > MOST_LINES {
                    return Err(too_many_lines(&host));
                }
                return Ok((raw.len(), parsed));
            }
            interim += 1;
            if interim > MOST_INTERIM {
                return Err(unreadable(&host, "it has interim answers without end"));
            }
        }
    };
    let (length, parsed) = timeout_at(deadline.min(start + settings.head_timeout), asking)
        .await
        .map_err(|_| head_timeout(&host, settings))??;

    let mut head = Head {
        status: parsed.status,
        version: parsed.version,
        headers: parsed.headers,
        tolerant: true,
        refused: None,
        received_at: now(),
    };
    head.refused = if parsed.has_nul { Some(Refused::Nul) } else { refused(&head, Some(length)) };
    let mut body = Collected::new(&head, want, settings.body_bytes);
    let framing = wire::framing(&request.method, &head);
    let mut cut = None;
    if body.is_kept() {
        cut = timeout_at(deadline, wire.body(framing, &mut body)).await.unwrap_or(Some(FailureKind::Timeout));
    }
    let mut bytes = body.bytes;
    if let Some(coding) = head.header("content-encoding").filter(|_| !bytes.is_empty()) {
        let inflated = inflate(coding, bytes, settings.body_bytes);
        bytes = inflated.0;
        cut = cut.or(inflated.1);
    }
    Ok(Response { head, body: bytes, cut })
}

/// Whether these bytes can be read as a head.
pub(super) fn is_head(raw: &[u8]) -> bool {
    head::parse(raw).is_ok()
}

fn unreadable(host: &str, why: &str) -> Failure {
    Failure::new(FailureKind::UnreadableHead, format!("the head of {host}'s answer cannot be read: {why}"))
}

fn broken(host: &str, why: &str) -> Failure {
    Failure::new(FailureKind::Connect, format!("{host} ended the connection without an answer: {why}"))
}

/// A connection to the host of a URL, with TLS where its scheme wants it.
async fn connect(client: &Client, url: &Url) -> Result<Stream, Failure> {
    let fail =
        |error: &(dyn std::error::Error + 'static)| failure::of_connecting(error, url, &client.settings);
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses = match url.host() {
        Some(Host::Ipv4(address)) => vec![SocketAddr::new(address.into(), port)],
        Some(Host::Ipv6(address)) => vec![SocketAddr::new(address.into(), port)],
        Some(Host::Domain(name)) => client.names.look_up(name).await.map_err(|error| fail(&error))?,
        None => Vec::new(),
    };
    let mut last = None;
    for mut address in addresses {
        if address.port() == 0 || url.port().is_some() {
            address.set_port(port);
        }
        match TcpStream::connect(address).await {
            Ok(stream) if url.scheme() == "https" => return secure(client, url, stream).await,
            Ok(stream) => return Ok(Stream::Plain(stream)),
            Err(error) => last = Some(fail(&error)),
        }
    }
    Err(last.unwrap_or_else(|| broken(&host_of(url), "it has no address")))
}

async fn secure(client: &Client, url: &Url, stream: TcpStream) -> Result<Stream, Failure> {
    let fail =
        |error: &(dyn std::error::Error + 'static)| failure::of_connecting(error, url, &client.settings);
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|error| fail(&error))?;
    let connector = tokio_rustls::TlsConnector::from(client.tls.clone());
    let stream = connector.connect(name, stream).await.map_err(|error| fail(&error))?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// The request as it goes over the wire.
fn asked(request: &Request) -> Vec<u8> {
    let url = &request.url;
    let mut bytes = Vec::with_capacity(512);
    let mut line = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    };
    line("Host", host_of(url).as_bytes());
    line("Connection", b"close");
    line("Accept-Encoding", b"gzip, deflate");
    for (name, value) in &request.headers {
        if !name.eq_ignore_ascii_case("accept-encoding") {
            line(name, value);
        }
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut whole = format!("{} {}{query} HTTP/1.1\r\n", request.method, url.path()).into_bytes();
    whole.append(&mut bytes);
    whole.extend_from_slice(b"\r\n");
    whole
}
