//! The generated site on loopback.

use crate::generated::answer;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use url::Url;

/// Serves a site with so many pages of the first so many kinds, in threads of its own.
pub(crate) fn serve(pages: usize, kinds: usize, bytes: usize) -> io::Result<Url> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    let url = Url::parse(&url).map_err(io::Error::other)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // A client that goes away is done.
                let _ = converse(stream, pages, kinds, bytes);
            });
        }
    });
    Ok(url)
}

fn converse(mut stream: TcpStream, pages: usize, kinds: usize, bytes: usize) -> io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        head.clear();
        let path = text.split_whitespace().nth(1).unwrap_or("/").to_owned();
        let answer = match answer(&path, pages, kinds, bytes) {
            Some(page) => {
                let cookie =
                    page.cookie.map(|cookie| format!("Set-Cookie: {cookie}\r\n")).unwrap_or_default();
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{cookie}Content-Length: {}\r\n\r\n{}",
                    page.content_type,
                    page.body.len(),
                    page.body
                )
            }
            None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())?;
    }
}
