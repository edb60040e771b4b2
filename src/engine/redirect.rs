//! Redirects as the Fetch standard has them ("HTTP-redirect fetch").

use crate::transport::Head;
use url::Url;

/// Where a response leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Redirect {
    /// Nowhere: it is no redirect.
    None,
    To(Url),
    /// To an address that is no URL.
    Unreadable,
}

/// The target of a response to `url`. A target without a fragment takes over the one before.
pub(super) fn target(head: &Head, url: &Url) -> Redirect {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return Redirect::None;
    }
    // The first that is not empty; without one it is a page like any other (Chromium,
    // `HttpResponseHeaders::IsRedirect`).
    let Some(location) = head.all("location").map(<[u8]>::trim_ascii).find(|location| !location.is_empty())
    else {
        return Redirect::None;
    };
    // Bytes that are not UTF-8 are read as Latin-1, as browsers do.
    let location = match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location.iter().map(|byte| char::from(*byte)).collect(),
    };
    match url.join(&location) {
        Ok(mut target) => {
            if target.fragment().is_none() {
                target.set_fragment(url.fragment());
            }
            Redirect::To(target)
        }
        Err(_) => Redirect::Unreadable,
    }
}

/// Whether the request after this redirect is a GET without a body.
pub(super) fn becomes_get(status: u16, method: &str) -> bool {
    match status {
        301 | 302 => method == "POST",
        303 => !matches!(method, "GET" | "HEAD"),
        _ => false,
    }
}

/// Headers that go when the body goes ("request-body-header name").
pub(super) fn describes_body(name: &str) -> bool {
    ["content-encoding", "content-language", "content-location", "content-type"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    fn leads(status: u16, from: &str, location: &[u8]) -> Redirect {
        let head = Head {
            status,
            version: "HTTP/1.1",
            headers: vec![("location".into(), location.to_vec())],
            tolerant: false,
            refused: None,
            received_at: 0.0,
        };
        target(&head, &Url::parse(from).unwrap())
    }

    #[track_caller]
    fn case(from: &str, location: &[u8], to: &str) {
        assert_eq!(leads(302, from, location), Redirect::To(Url::parse(to).unwrap()));
    }

    #[test]
    fn targets_are_resolved_as_browsers_do() {
        case("http://a.test/x/y", b"../z", "http://a.test/z");
        case("http://a.test/x", b"//b.test/", "http://b.test/");
        case("http://a.test/x#top", b"/z", "http://a.test/z#top");
        case("http://a.test/x#top", b"/z#end", "http://a.test/z#end");
        for empty in [&b""[..], b"  "] {
            assert_eq!(leads(302, "http://a.test/x", empty), Redirect::None);
        }
        case("http://a.test/", "/\u{e9}".as_bytes(), "http://a.test/%C3%A9");
        case("http://a.test/", b"/\xe9", "http://a.test/%C3%A9");
        case("http://a.test/", b"app:open", "app:open");
        assert_eq!(leads(302, "http://a.test/", b"http://[::"), Redirect::Unreadable);
        assert_eq!(leads(200, "http://a.test/", b"/"), Redirect::None);
        assert_eq!(leads(304, "http://a.test/", b"/"), Redirect::None);
    }

    #[test]
    fn methods_change_as_in_the_fetch_standard() {
        for (status, method, becomes) in [
            (301, "POST", true),
            (302, "POST", true),
            (302, "PUT", false),
            (303, "POST", true),
            (303, "PUT", true),
            (303, "HEAD", false),
            (307, "POST", false),
            (308, "POST", false),
        ] {
            assert_eq!(becomes_get(status, method), becomes, "{status} {method}");
        }
    }
}
