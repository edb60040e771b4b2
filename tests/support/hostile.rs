//! Servers on loopback that answer whatever bytes a test says, over TCP, TLS or HTTP/2, each on a
//! port of its own, in threads of their own.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server, and what it was asked.
pub(crate) struct Hostile {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How many requests the server had had before.
    pub earlier: usize,
}

/// What goes back.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pieces: Vec<Piece>,
    keeps_open: bool,
}

#[derive(Clone)]
enum Piece {
    Bytes(Vec<u8>),
    Wait(Duration),
    /// Again and again, until the client has had enough.
    Forever(Vec<u8>),
}

impl Answer {
    /// These bytes; then the connection is closed.
    pub(crate) fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Answer::default().then(bytes)
    }

    /// A page of HTML with these header lines; the connection is kept.
    pub(crate) fn page(lines: &str, body: &str) -> Self {
        Answer::status("200 OK", &format!("Content-Type: text/html\r\n{lines}"), body)
    }

    /// A redirect with these header lines; the connection is kept.
    pub(crate) fn redirect(status: &str, to: &str, lines: &str) -> Self {
        Answer::status(status, &format!("Location: {to}\r\n{lines}"), "")
    }

    /// Any answer; `lines` end with CR LF. The connection is kept.
    pub(crate) fn status(status: &str, lines: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{lines}\r\n{body}");
        Answer { keeps_open: true, ..Answer::raw(text) }
    }

    pub(crate) fn then(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.pieces.push(Piece::Bytes(bytes.as_ref().to_vec()));
        self
    }

    pub(crate) fn then_wait(mut self, time: Duration) -> Self {
        self.pieces.push(Piece::Wait(time));
        self
    }

    pub(crate) fn then_for_ever(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.pieces.push(Piece::Forever(bytes.as_ref().to_vec()));
        self
    }

    /// The same answer, later.
    pub(crate) fn after(mut self, time: Duration) -> Self {
        self.pieces.insert(0, Piece::Wait(time));
        self
    }

    pub(crate) fn append(&mut self, answer: Answer) {
        self.pieces.extend(answer.pieces);
    }

    fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => stream.write_all(bytes)?,
                Piece::Wait(time) => thread::sleep(*time),
                Piece::Forever(bytes) => loop {
                    stream.write_all(bytes)?;
                },
            }
            stream.flush()?;
        }
        Ok(())
    }
}

impl Asked {
    /// A header by its name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The next request of a connection.
    fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut asked = Asked::default();
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let mut words = line.split_whitespace();
        asked.method = words.next()?.to_owned();
        asked.target = words.next()?.to_owned();
        loop {
            let mut line = Vec::new();
            stream.read_until(b'\n', &mut line).ok().filter(|length| *length > 0)?;
            let line = String::from_utf8_lossy(&line);
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            asked.headers.push((name.to_owned(), value.to_owned()));
        }
        let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        asked.body = vec![0; length];
        stream.read_exact(&mut asked.body).ok()?;
        Some(asked)
    }
}

impl Hostile {
    /// Speaks HTTP/1.1 over TCP.
    pub(crate) fn http(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Hostile::serve(answer, Some)
    }

    /// The same answer to everything.
    pub(crate) fn always(answer: Answer) -> Self {
        Hostile::http(move |_| answer.clone())
    }

    /// Says these bytes without having been asked.
    pub(crate) fn at_once(bytes: &'static [u8]) -> Self {
        let address = listen(move |mut stream| {
            let _ = stream.write_all(bytes);
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        Hostile { address, asked: Arc::default() }
    }

    /// Speaks HTTP/1.1 over TLS as `localhost`, and asks every client for a certificate that it need
    /// not have.
    pub(crate) fn https_asking_who(
        ca: &TestCa,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .unwrap();
        let config = ca.server_with(&["localhost"], &["http/1.1"], Some(verifier));
        Hostile::serve(answer, move |stream| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            Some(StreamOwned::new(connection, stream))
        })
    }

    /// Speaks HTTP/1.1 over TLS.
    pub(crate) fn https(
        ca: &TestCa,
        names: &[&str],
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let config = ca.server(names, &["http/1.1"]);
        Hostile::serve(answer, move |stream| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            Some(StreamOwned::new(connection, stream))
        })
    }

    /// Speaks HTTP/1.1 over TLS as `localhost`, with a certificate that nobody else has signed.
    pub(crate) fn https_signed_by_itself(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        Hostile::serve(answer, move |stream| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            Some(StreamOwned::new(connection, stream))
        })
    }

    /// Speaks these protocols over TLS, and answers every request with these fields, whatever they
    /// hold (RFC 9113 8.2.1 allows less), and an empty body.
    pub(crate) fn fields(ca: &TestCa, protocols: &[&str], fields: Vec<(&str, Vec<u8>)>) -> Self {
        let config = ca.server(&["localhost", "site.localhost"], protocols);
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let address = listen(move |mut stream| {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let _ = connection.complete_io(&mut stream);
            let is_h2 = connection.alpn_protocol() == Some(b"h2");
            let mut stream = StreamOwned::new(connection, stream);
            if is_h2 {
                let _ = h2::converse(&mut stream, &fields, None);
            } else {
                let _ = Asked::read(&mut BufReader::new(&mut stream));
                let _ = answer_fields(&fields).write(&mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Hostile { address, asked: Arc::default() }
    }

    /// Speaks HTTP/2 as `localhost`. Its first connection answers one request; from the next on it
    /// sends this frame without end, or, without one, takes everything and says nothing, not even to a
    /// ping. Later connections answer everything.
    pub(crate) fn wedging(ca: &TestCa, flood: Option<(u8, Vec<u8>)>) -> Self {
        let config = ca.server(&["localhost"], &["h2"]);
        let connections = std::sync::atomic::AtomicUsize::new(0);
        let address = listen(move |mut stream| {
            let first = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let _ = connection.complete_io(&mut stream);
            let mut stream = StreamOwned::new(connection, stream);
            let wedged = h2::converse(&mut stream, &[], first.then_some(1));
            match (wedged, &flood) {
                (Ok(()), Some((kind, payload))) => {
                    while h2::frame(&mut stream, *kind, 0, 0, payload).is_ok() {}
                }
                (Ok(()), None) => drop(io::copy(&mut stream, &mut io::sink())),
                _ => {}
            }
        });
        Hostile { address, asked: Arc::default() }
    }

    /// `http://127.0.0.1:PORT` and a path.
    pub(crate) fn url(&self, path: &str) -> url::Url {
        self.url_as("http", "127.0.0.1", path)
    }

    /// The same under another name and scheme.
    pub(crate) fn url_as(&self, scheme: &str, host: &str, path: &str) -> url::Url {
        url::Url::parse(&format!("{scheme}://{host}:{}{path}", self.address.port())).unwrap()
    }

    /// Everything it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn serve<S: Read + Write>(
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let log = asked.clone();
        let address = listen(move |stream| {
            let Some(stream) = wrap(stream) else { return };
            let mut stream = BufReader::new(stream);
            while let Some(mut request) = Asked::read(&mut stream) {
                {
                    let mut log = log.lock().unwrap();
                    request.earlier = log.len();
                    log.push(request.clone());
                }
                let answer = answer(&request);
                if answer.write(stream.get_mut()).is_err() || !answer.keeps_open {
                    return;
                }
            }
        });
        Hostile { address, asked }
    }
}

fn answer_fields(fields: &[(String, Vec<u8>)]) -> Answer {
    let lines = fields.iter().map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat());
    Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
        .then(lines.collect::<Vec<_>>().concat())
        .then("\r\n")
}

/// Serves every connection in a thread.
fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// An address where nobody listens.
pub(crate) fn refused() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A certificate authority made for the test.
pub(crate) struct TestCa {
    pub pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl TestCa {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Test CA");
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        TestCa { pem, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A certificate for these names, and its key, as PEM.
    pub(crate) fn pems(&self, names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        (made.pem(), key.serialize_pem())
    }

    /// TLS for a server of these names.
    pub(crate) fn server(&self, names: &[&str], protocols: &[&str]) -> Arc<ServerConfig> {
        self.server_with(names, protocols, None)
    }

    /// The same; where there is somebody to verify who asks, every client is asked for a certificate.
    fn server_with(
        &self,
        names: &[&str],
        protocols: &[&str],
        verifier: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// As little of HTTP/2 as it takes to send a head that no library would.
mod h2 {
    use std::io::{self, Read, Write};

    const PREFACE: usize = 24;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const CONTINUATION: u8 = 9;
    const ACK: u8 = 1;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;
    const FRAME: usize = 16 << 10;

    /// Answers requests, until after so many, where that is said, another one comes.
    pub(super) fn converse(
        stream: &mut (impl Read + Write),
        fields: &[(String, Vec<u8>)],
        until: Option<usize>,
    ) -> io::Result<()> {
        let mut answered = 0;
        stream.read_exact(&mut [0; PREFACE])?;
        frame(stream, SETTINGS, 0, 0, &[])?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload)?;
            match head[3] {
                SETTINGS if head[4] & ACK == 0 => frame(stream, SETTINGS, ACK, 0, &[])?,
                PING if head[4] & ACK == 0 => frame(stream, PING, ACK, 0, &payload)?,
                HEADERS if until == Some(answered) => return Ok(()),
                HEADERS => {
                    answer(stream, id, fields)?;
                    answered += 1;
                }
                _ => {}
            }
        }
    }

    /// `:status: 200` from the static table, the rest as literals without indexing (RFC 7541 6.2.2).
    fn answer(stream: &mut impl Write, id: u32, fields: &[(String, Vec<u8>)]) -> io::Result<()> {
        let mut block = vec![0x88];
        for (name, value) in fields {
            block.push(0);
            text(&mut block, name.as_bytes());
            text(&mut block, value);
        }
        let mut pieces: Vec<_> = block.chunks(FRAME).collect();
        let last = pieces.pop().unwrap_or_default();
        let mut kind = HEADERS;
        let mut flags = END_STREAM;
        for piece in pieces {
            frame(stream, kind, flags, id, piece)?;
            (kind, flags) = (CONTINUATION, 0);
        }
        frame(stream, kind, flags | END_HEADERS, id, last)
    }

    fn text(block: &mut Vec<u8>, bytes: &[u8]) {
        // RFC 7541 5.1, with a prefix of 7 bits.
        if bytes.len() < 127 {
            block.push(bytes.len() as u8);
        } else {
            block.push(127);
            let mut rest = bytes.len() - 127;
            while rest >= 128 {
                block.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            block.push(rest as u8);
        }
        block.extend_from_slice(bytes);
    }

    pub(super) fn frame(
        stream: &mut impl Write,
        kind: u8,
        flags: u8,
        id: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        stream.write_all(&(payload.len() as u32).to_be_bytes()[1..])?;
        stream.write_all(&[kind, flags])?;
        stream.write_all(&id.to_be_bytes())?;
        stream.write_all(payload)?;
        stream.flush()
    }
}

/// A webhook that answers like this, and what it was told.
pub(crate) fn webhook(status: &'static str) -> (Hostile, Arc<Mutex<Vec<serde_json::Value>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let server = Hostile::http(move |asked| {
        hears.lock().unwrap().push(serde_json::from_slice(&asked.body).unwrap_or_default());
        Answer::status(status, "", "")
    });
    (server, told)
}
