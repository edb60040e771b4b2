//! Bytes of a connection: a head up to its empty line, and a body in one of HTTP/1.1's three
//! framings (RFC 9112, 6).

use super::{Collected, head};
use crate::observation::FailureKind;
use crate::transport::Head;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

/// A connection with what was read and not used yet.
pub(super) struct Wire {
    stream: Stream,
    buffer: Vec<u8>,
}

/// The framing of the answer to a request of this method.
pub(super) fn framing(method: &str, head: &Head) -> Framing {
    if method == "HEAD" || matches!(head.status, 204 | 304) {
        return Framing::None;
    }
    let chunked = |value: &[u8]| value.to_ascii_lowercase().ends_with(b"chunked");
    if head.all("transfer-encoding").any(chunked) {
        return Framing::Chunked;
    }
    let length =
        head.header("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    length.map_or(Framing::UntilClose, Framing::Length)
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Wire { stream, buffer: Vec::new() }
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// Reads to the end of a head; what follows stays for the body.
    pub(super) async fn head(&mut self, limit: usize) -> Result<Vec<u8>, String> {
        let mut searched = 0;
        loop {
            if let Some(end) = head::end(&self.buffer, searched) {
                let rest = self.buffer.split_off(end);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            searched = self.buffer.len();
            if searched > limit {
                return Err(format!("it is longer than {} KiB", limit >> 10));
            }
            match self.fill().await {
                Ok(0) => return Err("it breaks off".into()),
                Ok(_) => {}
                Err(error) => return Err(format!("it breaks off: {error}")),
            }
        }
    }

    /// Reads a body; says how it was cut, if it was.
    pub(super) async fn body(&mut self, framing: Framing, body: &mut Collected) -> Option<FailureKind> {
        match framing {
            Framing::None => None,
            Framing::Length(length) => self.some(length, body).await,
            Framing::UntilClose => match self.some(u64::MAX, body).await {
                Some(FailureKind::Truncated) => None,
                other => other,
            },
            Framing::Chunked => loop {
                let Some(size) = self.chunk_size().await else { return Some(FailureKind::Truncated) };
                if size == 0 {
                    return None;
                }
                if let Some(cut) = self.some(size, body).await {
                    return Some(cut);
                }
                // The line end after a chunk's data.
                if self.line().await.is_none_or(|line| !line.is_empty()) {
                    return Some(FailureKind::Truncated);
                }
            },
        }
    }

    /// Passes a number of bytes on.
    async fn some(&mut self, mut left: u64, body: &mut Collected) -> Option<FailureKind> {
        while left > 0 {
            if self.buffer.is_empty() && !matches!(self.fill().await, Ok(1..)) {
                return Some(FailureKind::Truncated);
            }
            let taken = self.buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if !body.take(&self.buffer[..taken]) {
                return Some(FailureKind::BodyTooLarge);
            }
            self.buffer.drain(..taken);
            left -= taken as u64;
        }
        None
    }

    async fn chunk_size(&mut self) -> Option<u64> {
        let line = self.line().await?;
        let text = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
    }

    /// A line of the chunked framing, without its end; none if it breaks off or is endless.
    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Some(line);
            }
            if self.buffer.len() > 4096 || !matches!(self.fill().await, Ok(1..)) {
                return None;
            }
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(16 << 10);
        match &mut self.stream {
            Stream::Plain(stream) => stream.read_buf(&mut self.buffer).await,
            Stream::Tls(stream) => stream.read_buf(&mut self.buffer).await,
        }
    }
}
