//! The generated site on loopback.

use crate::generated::answer;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// What is served: made once, so that a benchmark is not one of the server.
struct Site {
    pages: usize,
    kinds: usize,
    bytes: usize,
    made: Mutex<HashMap<String, Arc<Vec<u8>>>>,
    asked: Box<dyn Fn() + Send + Sync>,
}

/// Serves a site with so many pages of the first so many kinds, in threads of its own; `asked` hears of each request.
pub(crate) fn serve(
    pages: usize,
    kinds: usize,
    bytes: usize,
    asked: impl Fn() + Send + Sync + 'static,
) -> io::Result<Url> {
    let site = Arc::new(Site { pages, kinds, bytes, made: Mutex::default(), asked: Box::new(asked) });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    let url = Url::parse(&url).map_err(io::Error::other)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = Arc::clone(&site);
            std::thread::spawn(move || {
                // A client that goes away is done.
                let _ = converse(stream, &site);
            });
        }
    });
    Ok(url)
}

fn converse(mut stream: TcpStream, site: &Site) -> io::Result<()> {
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
        (site.asked)();
        let answer = site.answer(text.split_whitespace().nth(1).unwrap_or("/"));
        stream.write_all(&answer)?;
    }
}

impl Site {
    fn answer(&self, path: &str) -> Arc<Vec<u8>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = made.get(path) {
            return Arc::clone(answer);
        }
        let answer = match answer(path, self.pages, self.kinds, self.bytes) {
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
        let answer = Arc::new(answer.into_bytes());
        made.insert(path.to_owned(), Arc::clone(&answer));
        answer
    }
}
