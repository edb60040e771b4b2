//! One request against servers that behave, misbehave and lie.

use crate::support::hostile::{Answer, Hostile, TestCa, refused};
use cookieproof::observation::FailureKind;
use cookieproof::transport::{Failure, Refused, Request, Response, Transport, TransportSettings, Want};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::time::{Duration, Instant};
use url::Url;

fn limits() -> TransportSettings {
    TransportSettings { body_bytes: 64 << 10, ..TransportSettings::default() }
}

fn trusting(ca: &TestCa) -> TransportSettings {
    TransportSettings { extra_ca: vec![ca.pem.clone().into_bytes()], ..limits() }
}

async fn send(settings: TransportSettings, method: &str, url: Url) -> Result<Response, Failure> {
    let request = Request { method: method.into(), url, headers: Vec::new(), body: None };
    Transport::new(settings).unwrap().send(&request, Want::Everything).await
}

async fn get(url: Url) -> Result<Response, Failure> {
    send(limits(), "GET", url).await
}

fn lines(response: &Response) -> Vec<String> {
    response.head.all("set-cookie").map(|line| line.escape_ascii().to_string()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A raw head, and: the `Set-Cookie` lines read from it, whether the tolerant reader was needed,
/// and whether a browser refuses it.
#[track_caller]
fn head(raw: &[u8], expected: &[&str], tolerant: bool, refused: Option<Refused>) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    let server =
        Hostile::always(Answer::raw([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", raw, b"\r\nok"].concat()));
    let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    async move {
        let response = get(server.url("/")).await.unwrap();
        let found = (lines(&response), response.head.tolerant, response.head.refused, response.body);
        assert_eq!(found, (expected, tolerant, refused, b"ok".to_vec()), "{place}");
    }
}

#[tokio::test]
async fn heads_are_read_as_browsers_read_them() {
    head(b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", &["a=1", "b=2"], false, None).await;
    head(b"Set-Cookie: a=\xe9\xff; Path=/\x80\r\n", &["a=\\xe9\\xff; Path=/\\x80"], false, None).await;
    head(b"Set-Cookie: a=1\tb\r\n", &["a=1\\tb"], false, None).await;
    head(b"Set-Cookie: a=1\nSet-Cookie: b=2\n", &["a=1", "b=2"], false, None).await;
    // What follows is refused by hyper and read by browsers.
    head(b"Set-Cookie: a=\x01\r\nSet-Cookie: b=2\r\n", &["a=\\x01", "b=2"], true, None).await;
    head(b"Set-Cookie: a=\x7f\r\n", &["a=\\x7f"], true, None).await;
    head(b"Set-Cookie: a=1\rSet-Cookie: b=2\r\n", &["a=1", "b=2"], true, None).await;
    head(b"Set-Cookie: a=1;\r\n Path=/\r\n", &["a=1; Path=/"], true, None).await;
    head(b"Set-Cookie : a=1\r\n", &["a=1"], true, None).await;
    head(b"no colon\r\nSet-Cookie: a=1\r\n", &["a=1"], true, None).await;
    // And what browsers refuse, too.
    head(b"Set-Cookie: a=\0\r\nSet-Cookie: b=2\r\n", &["a=\\x00", "b=2"], true, Some(Refused::Nul)).await;
    head(b"X: \0\r\nSet-Cookie: b=2\r\n", &["b=2"], true, Some(Refused::Nul)).await;
    let two = Some(Refused::Conflicting("content-length"));
    head(b"Content-Length: 3\r\nSet-Cookie: b=2\r\n", &["b=2"], true, two).await;
    let two = Some(Refused::Conflicting("location"));
    head(b"Location: /a\r\nLocation: /b\r\nSet-Cookie: b=2\r\n", &["b=2"], false, two).await;
    head(b"Location: /a\r\nLocation: /a\r\nSet-Cookie: b=2\r\n", &["b=2"], false, None).await;
}

#[tokio::test]
async fn five_hundred_cookies_in_one_response_are_all_seen() {
    for count in [500, 5_000] {
        let cookies: String = (0..count).map(|number| format!("Set-Cookie: c{number}=1\r\n")).collect();
        let server = Hostile::always(Answer::page(&cookies, ""));
        assert_eq!(lines(&get(server.url("/")).await.unwrap()).len(), count);
    }
}

#[tokio::test]
async fn a_head_of_too_many_lines_is_given_up() {
    let server = Hostile::always(Answer::page(&"Set-Cookie:a\r\n".repeat(9_000), ""));
    let words = "the head of HOST's answer has more than 8192 lines";
    fails(limits(), server.url("/"), FailureKind::UnreadableHead, words).await;
}

#[tokio::test]
async fn interim_answers_without_end_are_given_up() {
    // The NUL is what hyper does not read; a thousand of them before an answer are read.
    let interim = |number| "HTTP/1.1 103 Early Hints\r\nX: \0\r\n\r\n".repeat(number);
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok";
    let server = Hostile::always(Answer::raw(interim(1000) + answer));
    assert_eq!(lines(&get(server.url("/")).await.unwrap()), ["a=1"]);
    let server = Hostile::always(Answer::raw("").then_for_ever(interim(100)));
    let words = "the head of HOST's answer cannot be read: it has interim answers without end";
    fails(limits(), server.url("/"), FailureKind::UnreadableHead, words).await;
}

#[tokio::test]
async fn a_head_beyond_what_browsers_take_is_read_and_said_to_be() {
    for (size, refused) in [(255, None), (257, Some(Refused::TooBig)), (500, Some(Refused::TooBig))] {
        let padding = "x".repeat(size << 10);
        let server = Hostile::always(Answer::page(&format!("Set-Cookie: a=1\r\nX: {padding}\r\n"), "ok"));
        let response = get(server.url("/")).await.unwrap();
        assert_eq!((lines(&response), response.head.refused), (vec!["a=1".to_owned()], refused), "{size}");
    }
}

#[tokio::test]
async fn heads_without_an_end_are_given_up_within_bounds() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(10 << 20));
    for answer in
        [Answer::raw(huge), Answer::raw("HTTP/1.1 200 OK\r\n").then_for_ever("X: y\r\n".repeat(999))]
    {
        let server = Hostile::always(answer);
        let failure = get(server.url("/?token=geheim")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::UnreadableHead);
        let port = server.address.port();
        assert_eq!(
            failure.to_string(),
            format!("the head of 127.0.0.1:{port}'s answer cannot be read: it is longer than 1024 KiB")
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_said_to_be_unreadable() {
    let server = Hostile::always(Answer::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    let failure = get(server.url("/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::UnreadableHead, "{failure}");
}

#[tokio::test]
async fn a_post_is_not_sent_twice() {
    let server = Hostile::always(Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=\x01\r\n\r\n"));
    let failure = send(limits(), "POST", server.url("/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::UnreadableHead);
    assert!(failure.detail.ends_with("and a POST is not sent twice"), "{failure}");
    assert_eq!(server.asked().len(), 1);
}

/// What comes of a body: its length and how it was cut, read the ordinary way and the tolerant.
async fn body(lines: &str, answer: Answer, length: usize, cut: Option<FailureKind>) {
    for control in ["", "X: \x01\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\n{control}{lines}\r\n");
        let mut whole = Answer::raw(head);
        whole.append(answer.clone());
        let server = Hostile::always(whole);
        let response = get(server.url("/")).await.unwrap();
        assert_eq!(response.head.tolerant, !control.is_empty());
        assert_eq!((response.body.len(), response.cut), (length, cut), "{lines:?} {control:?}");
    }
}

#[tokio::test]
async fn bodies_are_read_within_bounds() {
    let most = limits().body_bytes;
    let large = Some(FailureKind::BodyTooLarge);
    let broken = Some(FailureKind::Truncated);
    let gz = "Content-Encoding: gzip\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    body("Content-Length: 5\r\n", Answer::raw("hello, and more"), 5, None).await;
    body("Content-Length: 5\r\n", Answer::raw("hel"), 3, broken).await;
    body("", Answer::raw("hello"), 5, None).await;
    body("", Answer::default().then_for_ever("x".repeat(999)), most, large).await;
    body(chunked, Answer::raw("5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n"), 6, None).await;
    body(chunked, Answer::raw("5\r\nhello\r\nnonsense\r\n"), 5, broken).await;
    body(chunked, Answer::raw("5\r\nhello"), 5, broken).await;
    body(chunked, Answer::raw("ffffffffffffffff\r\nhello"), 5, broken).await;
    body(chunked, Answer::default().then_for_ever("1\r\nx\r\n".repeat(999)), most, large).await;
    body(gz, Answer::raw(gzip(b"hello")), 5, None).await;
    body(gz, Answer::raw(gzip(&vec![0; 9 << 20])), most, large).await;
    body("Content-Encoding: deflate\r\n", Answer::raw(b"\xcbH\xcd\xc9\xc9\x07\x00"), 5, None).await;
}

#[tokio::test]
async fn a_body_that_does_not_end_in_time_is_cut() {
    for control in ["", "X: \x01\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\n{control}Content-Length: 9\r\n\r\nhel");
        let server = Hostile::always(Answer::raw(head).then_wait(Duration::from_secs(5)));
        let settings = TransportSettings { total_timeout: Duration::from_millis(400), ..limits() };
        let response = send(settings, "GET", server.url("/")).await.unwrap();
        assert_eq!((response.body, response.cut), (b"hel".to_vec(), Some(FailureKind::Timeout)));
    }
}

#[tokio::test]
async fn what_came_before_a_broken_coding_is_kept() {
    let mut broken = gzip(&(0..9999u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    broken.truncate(broken.len() / 2);
    let server = Hostile::always(
        Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Encoding: gzip\r\n\r\n").then(broken),
    );
    let response = get(server.url("/")).await.unwrap();
    assert_eq!((lines(&response), response.cut), (vec!["a=1".to_owned()], Some(FailureKind::Truncated)));
}

#[tokio::test]
async fn only_wanted_bodies_are_kept() {
    let ca = TestCa::new();
    let picture = |_: &_| Answer::status("200 OK", "Content-Type: image/png\r\n", "picture");
    let server = Hostile::https(&ca, &["localhost"], picture);
    let transport = Transport::new(trusting(&ca)).unwrap();
    for (want, length) in [(Want::Nothing, 0), (Want::Documents, 0), (Want::Everything, 7)] {
        let url = server.url_as("https", "localhost", "/");
        let request = Request { method: "GET".into(), url, headers: Vec::new(), body: None };
        let response = transport.send(&request, want).await.unwrap();
        assert_eq!((response.body.len(), response.cut), (length, None), "{want:?}");
    }
}

/// A failure's kind and words, with `HOST` for host and port.
async fn fails(settings: TransportSettings, url: Url, kind: FailureKind, words: &str) {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
    let failure = send(settings, "GET", url).await.unwrap_err();
    assert_eq!((failure.kind, failure.to_string().replace(&host, "HOST").as_str()), (kind, words));
}

#[tokio::test]
async fn failures_say_what_happened_and_where() {
    let port = refused().port();
    let nobody = Url::parse(&format!("http://127.0.0.1:{port}/?token=geheim")).unwrap();
    fails(limits(), nobody, FailureKind::Refused, "HOST refuses connections").await;

    let unknown = format!("{}.test", "x".repeat(64));
    let failure = get(Url::parse(&format!("http://{unknown}/")).unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Dns);
    assert!(failure.detail.starts_with(&format!("the host {unknown} cannot be found: ")), "{failure}");

    let closed = Hostile::always(Answer::default());
    let words = "HOST ended the connection without an answer: connection closed before message completed";
    fails(limits(), closed.url("/"), FailureKind::Connect, words).await;
}

#[tokio::test]
async fn a_server_that_keeps_us_waiting_is_left() {
    let second = Duration::from_millis(300);
    let settings = TransportSettings { head_timeout: second, connect_timeout: second, ..limits() };
    let slow = Hostile::always(Answer::default().then_wait(Duration::from_secs(5)));
    let began = Instant::now();
    fails(settings.clone(), slow.url("/"), FailureKind::Timeout, "HOST did not answer within 0.3 s").await;
    // It takes the connection, and never begins with TLS.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://127.0.0.1:{}/", silent.local_addr().unwrap().port())).unwrap();
    let settings = TransportSettings { head_timeout: second * 10, ..settings };
    fails(settings, url, FailureKind::Timeout, "no connection to HOST within 0.3 s").await;
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_for_the_host() {
    let ca = TestCa::new();
    let page = |_: &_| Answer::page("", "ok");
    let server = Hostile::https(&ca, &["site.localhost"], page);
    let here = server.url_as("https", "site.localhost", "/");
    let there = server.url_as("https", "other.localhost", "/");
    assert_eq!(send(trusting(&ca), "GET", here.clone()).await.unwrap().body, b"ok");
    let words = "the certificate of HOST is refused: it is signed by an authority that is not trusted here";
    fails(limits(), here, FailureKind::Tls, words).await;
    let words = "the certificate of HOST is refused: it is for another name";
    fails(trusting(&ca), there, FailureKind::Tls, words).await;
    let plain = Hostile::at_once(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    fails(limits(), plain.url_as("https", "127.0.0.1", "/"), FailureKind::Tls, "HOST does not speak TLS")
        .await;
}

#[tokio::test]
async fn the_tolerant_reader_checks_certificates_too() {
    let ca = TestCa::new();
    let control = |_: &_| Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=\x01\r\n\r\nok");
    let server = Hostile::https(&ca, &["site.localhost"], control);
    let response = send(trusting(&ca), "GET", server.url_as("https", "site.localhost", "/")).await.unwrap();
    assert_eq!((lines(&response), response.head.tolerant), (vec!["a=\\x01".to_owned()], true));
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let ca = TestCa::new();
    let cookies = (0..2000).map(|number| ("set-cookie", format!("c{number}=\u{e9}").into_bytes()));
    let server = Hostile::fields(&ca, &["h2", "http/1.1"], cookies.collect());
    let url = server.url_as("https", "localhost", "/");
    for (http2, version) in [(true, "HTTP/2.0"), (false, "HTTP/1.1")] {
        let response = send(TransportSettings { http2, ..trusting(&ca) }, "GET", url.clone()).await.unwrap();
        assert_eq!((response.head.version, lines(&response).len()), (version, 2000));
    }
}

#[tokio::test]
async fn http2_heads_that_are_malformed_are_asked_for_over_http1() {
    let ca = TestCa::new();
    let cookie = |value: &[u8]| ("set-cookie", value.to_vec());
    let control = || vec![cookie(b"a=\x01"), cookie(b"b=2")];
    // Browsers refuse a control character in HTTP/2, and pass over a field that does not belong.
    for (fields, expected, refused) in [
        (control(), vec!["a=\\x01", "b=2"], Some(Refused::ControlInHttp2)),
        (vec![("connection", b"close".to_vec()), cookie(b"a=1")], vec!["a=1"], None),
        (vec![("x", vec![b'x'; 300 << 10]), cookie(b"a=1")], vec!["a=1"], Some(Refused::TooBig)),
    ] {
        let server = Hostile::fields(&ca, &["h2", "http/1.1"], fields);
        let response = send(trusting(&ca), "GET", server.url_as("https", "localhost", "/")).await.unwrap();
        assert_eq!(
            (lines(&response), response.head.refused),
            (expected.iter().map(|line| (*line).to_owned()).collect(), refused)
        );
    }
    let server = Hostile::fields(&ca, &["h2"], control());
    let words =
        "the head of HOST's answer cannot be read (malformed HTTP/2), and HTTP/1.1 is not spoken there";
    fails(trusting(&ca), server.url_as("https", "localhost", "/"), FailureKind::UnreadableHead, words).await;
    let huge = vec![("x", vec![b'x'; 3 << 20]), cookie(b"a=1")];
    let server = Hostile::fields(&ca, &["h2", "http/1.1"], huge);
    let failure = send(trusting(&ca), "GET", server.url_as("https", "localhost", "/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::UnreadableHead, "{failure}");
}

#[tokio::test]
async fn a_wedged_http2_connection_is_left_and_the_page_asked_for_on_another() {
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;
    let ca = TestCa::new();
    for flood in [
        None,
        Some((PING, vec![7; 8])),
        Some((SETTINGS, vec![0, 3, 0, 0, 0, 100])),
        Some((WINDOW_UPDATE, vec![0, 0, 0, 1])),
    ] {
        let server = Hostile::wedging(&ca, flood.clone());
        let settings = TransportSettings { head_timeout: Duration::from_secs(4), ..trusting(&ca) };
        let transport = Transport::new(settings).unwrap();
        let get = async |path: &str| {
            let url = server.url_as("https", "localhost", path);
            let request = Request { method: "GET".into(), url, headers: Vec::new(), body: None };
            transport.send(&request, Want::Everything).await
        };
        assert_eq!(get("/first").await.unwrap().head.version, "HTTP/2.0");
        let mut second = get("/second").await;
        if matches!(&second, Err(failure) if failure.kind == FailureKind::Connect) {
            // The connection was given up of itself; who asks repeats such a request.
            second = get("/second").await;
        }
        assert_eq!(second.unwrap().head.status, 200, "{flood:?}");
        assert_eq!(get("/third").await.unwrap().head.status, 200, "{flood:?}");
    }
}

#[tokio::test]
async fn tls_errors_are_said_in_words() {
    let ca = TestCa::new();
    let own = Hostile::https_signed_by_itself(|_| Answer::page("", "ok"));
    let words = "the certificate of HOST is refused: it is self-signed";
    fails(trusting(&ca), own.url_as("https", "localhost", "/"), FailureKind::Tls, words).await;
}

#[tokio::test]
async fn names_of_the_plan_and_of_this_machine_need_no_server_of_names() {
    let server = Hostile::http(|asked| Answer::page("", asked.header("host").unwrap_or_default()));
    let port = server.address.port();
    let deep = get(server.url_as("http", "a.b.localhost", "/")).await.unwrap();
    assert_eq!(deep.body, format!("a.b.localhost:{port}").into_bytes());
    let mut settings = limits();
    settings.resolve.insert("Shop.Example.org".into(), server.address);
    let shop = Url::parse("http://shop.example.org/").unwrap();
    assert_eq!(send(settings.clone(), "GET", shop).await.unwrap().body, b"shop.example.org");
    settings.resolve.insert("*".into(), server.address);
    let other = Url::parse("http://anything.test/").unwrap();
    assert_eq!(send(settings, "GET", other).await.unwrap().body, b"anything.test");
}

#[tokio::test]
async fn a_proxy_is_asked_instead() {
    let proxy = Hostile::http(|asked| Answer::page("", &asked.target));
    let settings = TransportSettings {
        proxy: Some(cookieproof::secret::Secret::new(proxy.url("").as_str())),
        ..limits()
    };
    let url = Url::parse("http://far.example.org/x").unwrap();
    assert_eq!(send(settings, "GET", url.clone()).await.unwrap().body, url.as_str().as_bytes());
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_said() {
    let bad = |settings| Transport::new(settings).err().unwrap().to_string();
    let no_pem = TransportSettings { extra_ca: vec![b"hello".to_vec()], ..limits() };
    assert_eq!(bad(no_pem), "extra CA 1: there is no certificate in it");
    let proxy = Some(cookieproof::secret::Secret::new("::"));
    assert_eq!(
        bad(TransportSettings { proxy, ..limits() }),
        "the proxy is no URL of the form http://host:port"
    );
}
