//! One port for a whole world: plain and TLS, the site and its third parties.

use super::message::{Request, Response};
use super::names::{Names, under_localhost};
use super::{Authority, Site, Switches, Which, third_parties};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a site is to be run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) switches: Switches,
    /// As in production: plain http only redirects. Else plain http is all there is.
    pub(crate) https: bool,
    /// Port on 127.0.0.1; 0: any free one.
    pub(crate) port: u16,
    /// The maildir that mails go to (dpokit's login links).
    pub(crate) mail: Option<PathBuf>,
}

/// A site that runs until this value goes.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct World {
    which: Which,
    site: Box<dyn Site>,
    settings: Settings,
    tls: TlsAcceptor,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Which {
    /// Starts the site on loopback; must be called within a runtime.
    pub(crate) async fn start(self, settings: Settings, authority: &Authority) -> Result<Running, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", settings.port)).await?;
        let address = listener.local_addr()?;
        let hosts = self.all_hosts().flat_map(|host| [host.to_owned(), under_localhost(host)]).collect();
        let world = Arc::new(World {
            which: self,
            site: self.build(&settings),
            tls: authority.acceptor(hosts)?,
            settings,
        });
        let task = tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    // A client that goes away in the middle is its own business.
                    let _ = converse(world, stream, peer).await;
                });
            }
        });
        Ok(Running { address, task })
    }
}

/// A TLS connection begins with a handshake record: 0x16.
async fn converse(world: Arc<World>, stream: TcpStream, peer: SocketAddr) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0] == 0x16 {
        let stream = world.tls.accept(stream).await?;
        serve(world, stream, peer, true).await
    } else {
        serve(world, stream, peer, false).await
    }
}

async fn serve<S>(world: Arc<World>, stream: S, peer: SocketAddr, tls: bool) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let world = Arc::clone(&world);
        async move { Ok::<_, Infallible>(world.answer(request, peer, tls).await) }
    });
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

impl World {
    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        peer: SocketAddr,
        tls: bool,
    ) -> hyper::Response<Full<Bytes>> {
        let response = match self.read(request, peer, tls).await {
            Ok(request) => self.decide(&request),
            Err(_) => Response::new(400, "text/plain", "unreadable request\n"),
        };
        let mut built = hyper::Response::builder().status(response.status);
        for (name, value) in &response.headers {
            built = built.header(name, value);
        }
        built.body(Full::new(Bytes::from(response.body))).unwrap_or_default()
    }

    async fn read(
        &self,
        request: hyper::Request<Incoming>,
        peer: SocketAddr,
        tls: bool,
    ) -> Result<Request, Failure> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, 1 << 16).collect().await?.to_bytes().to_vec();
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let host = headers.iter().find(|(name, _)| name == "host").map_or("", |(_, host)| host);
        let (names, host) = Names::read(host, tls, self.which.all_hosts());
        Ok(Request {
            method: head.method.to_string(),
            host,
            names,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers,
            body,
            peer: peer.ip().to_string(),
        })
    }

    fn decide(&self, request: &Request) -> Response {
        if !self.which.hosts().contains(&request.host) {
            third_parties::answer(request, &self.settings.switches)
        } else if self.settings.https && !request.names.tls {
            self.site.answer_plain(request)
        } else {
            self.site.answer(request)
        }
    }
}
