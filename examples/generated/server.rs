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
    /// With a consent banner on every page, and a login.
    states: bool,
    asked: Box<dyn Fn() + Send + Sync>,
}

/// Asks as long as nobody answered; who accepts is counted.
const BANNER: &str = "if(!document.cookie.includes('choice=')){\
    document.body.insertAdjacentHTML('beforeend','<div id=cookie-banner style=\"position:fixed;bottom:0;left:0;right:0;background:#eee\">\
    <p>We use cookies to count our visitors. Do you accept cookies?</p><button id=yes>Accept all</button><button id=no>Reject all</button></div>');\
    const answer=what=>{document.cookie='choice='+what+'; path=/; max-age=15552000';document.getElementById('cookie-banner').remove();count()};\
    document.getElementById('yes').onclick=()=>answer('all');document.getElementById('no').onclick=()=>answer('none')}\
    function count(){if(document.cookie.includes('choice=all'))document.cookie='counted=1; path=/; max-age=86400'}count()";
const LOGIN: &str = "<!doctype html><title>Log in</title><form id=login method=post action=/login>\
    <input name=name><input name=password type=password><button>Log in</button></form>";

/// Serves a site with so many pages of the first so many kinds, in threads of its own; `asked` hears of each request.
pub(crate) fn serve(
    pages: usize,
    kinds: usize,
    bytes: usize,
    asked: impl Fn() + Send + Sync + 'static,
) -> io::Result<Url> {
    listen(Site { pages, kinds, bytes, states: false, made: Mutex::default(), asked: Box::new(asked) })
}

/// The same with a consent banner and a login at `/login`, which takes anybody.
#[allow(dead_code, reason = "not every benchmark asks for it")]
pub(crate) fn serve_states(pages: usize, kinds: usize, bytes: usize) -> io::Result<Url> {
    listen(Site { pages, kinds, bytes, states: true, made: Mutex::default(), asked: Box::new(|| ()) })
}

fn listen(site: Site) -> io::Result<Url> {
    let site = Arc::new(site);
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
        let text = String::from_utf8_lossy(&head).into_owned();
        let Some((fields, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = fields.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        head.clear();
        (site.asked)();
        let mut words = fields.split_whitespace();
        let (method, path) = (words.next().unwrap_or("GET"), words.next().unwrap_or("/"));
        let answer = match site.state(method, path, fields) {
            Some(answer) => Arc::new(answer.into_bytes()),
            None => site.answer(path),
        };
        stream.write_all(&answer)?;
    }
}

impl Site {
    /// The answers that a site has for a choice and a login.
    fn state(&self, method: &str, path: &str, head: &str) -> Option<String> {
        let ok = |kind: &str, body: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let to = |path: &str, cookie: &str| {
            format!("HTTP/1.1 303 See Other\r\nLocation: {path}\r\n{cookie}Content-Length: 0\r\n\r\n")
        };
        let member = head.contains("session=member");
        match (method, path) {
            _ if !self.states => None,
            ("POST", "/login") => Some(to("/account", "Set-Cookie: session=member; Path=/; HttpOnly\r\n")),
            (_, "/login") => Some(ok("text/html", LOGIN)),
            (_, "/account") if member => {
                Some(ok("text/html", "<!doctype html><title>Account</title><p>Signed in"))
            }
            (_, "/account") => Some(to("/login", "")),
            (_, "/banner.js") => Some(ok("text/javascript", BANNER)),
            _ => None,
        }
    }

    fn answer(&self, path: &str) -> Arc<Vec<u8>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = made.get(path) {
            return Arc::clone(answer);
        }
        let answer = match answer(path, self.pages, self.kinds, self.bytes) {
            Some(mut page) => {
                if self.states && page.content_type == "text/html" {
                    page.body = page.body.replace("</body>", "<script src=/banner.js></script></body>");
                }
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
