//! Requests and responses as the sample sites see them, and the `Set-Cookie` lines they write.

use super::names::Names;
use std::fmt::Write as _;

/// A request, read.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The host's real name.
    pub(crate) host: &'static str,
    pub(crate) names: Names,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Where the visitor's connection came from, without the port.
    pub(crate) peer: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie that came along.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.headers.iter().filter(|(key, _)| key == "cookie").find_map(|(_, line)| {
            line.split(';').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then(|| value.to_owned())
            })
        })
    }

    /// A parameter of the query string.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        pair_of(self.query.as_bytes(), name)
    }

    /// A field of the form that was sent.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        pair_of(&self.body, name)
    }

    /// A text of the JSON body.
    pub(crate) fn json(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }

    /// Whether a path is this one or below it.
    pub(crate) fn under(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The same page over https.
    pub(crate) fn secure_twin(&self) -> String {
        let names = Names { tls: true, ..self.names.clone() };
        names.url(self.host, &self.path_and_query())
    }

    pub(crate) fn path_and_query(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The URL of a path on a host, as this visitor would call it.
    pub(crate) fn url(&self, real_host: &str, path: &str) -> String {
        self.names.url(real_host, path)
    }
}

fn pair_of(text: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(text).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Response { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Response::new(200, "text/html; charset=utf-8", body)
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Response::new(status, "application/json", value.to_string())
    }

    pub(crate) fn script(body: impl Into<Vec<u8>>) -> Self {
        Response::new(200, "text/javascript; charset=utf-8", body)
    }

    /// A picture of one pixel.
    pub(crate) fn pixel() -> Self {
        Response::new(
            200,
            "image/svg+xml",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>",
        )
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        let mut response = Response::new(status, "text/plain; charset=utf-8", "see elsewhere\n");
        response.headers.push(("location".into(), location.into()));
        response
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with a cookie.
    pub(crate) fn cookie(mut self, line: SetCookie) -> Self {
        self.set(line);
        self
    }

    pub(crate) fn set(&mut self, line: SetCookie) {
        self.headers.push(("set-cookie".into(), line.to_string()));
    }
}

/// A `Set-Cookie` line in the making.
#[derive(Clone, Debug)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) max_age: Option<i64>,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) http_only: bool,
    pub(crate) secure: bool,
    pub(crate) same_site: Option<&'static str>,
}

impl SetCookie {
    /// A session cookie for the whole host, `SameSite=Lax`, readable by scripts, `Secure` where
    /// the request came over https.
    pub(crate) fn new(request: &Request, name: &str, value: impl Into<String>) -> Self {
        SetCookie {
            name: name.into(),
            value: value.into(),
            max_age: None,
            path: "/".into(),
            domain: None,
            http_only: false,
            secure: request.names.tls,
            same_site: Some("Lax"),
        }
    }

    pub(crate) fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    pub(crate) fn max_age(mut self, seconds: i64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub(crate) fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// As third parties need it: `SameSite=None`, and `Secure` over https.
    pub(crate) fn cross_site(mut self) -> Self {
        self.same_site = Some("None");
        self
    }

    /// The line that takes this cookie away.
    pub(crate) fn deleted(mut self) -> Self {
        self.value.clear();
        self.max_age = Some(0);
        self
    }
}

impl std::fmt::Display for SetCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut line = format!("{}={}; Path={}", self.name, self.value, self.path);
        if let Some(domain) = &self.domain {
            write!(line, "; Domain={domain}")?;
        }
        if let Some(seconds) = self.max_age {
            write!(line, "; Max-Age={seconds}")?;
        }
        if self.http_only {
            line.push_str("; HttpOnly");
        }
        if self.secure {
            line.push_str("; Secure");
        }
        if let Some(word) = self.same_site {
            write!(line, "; SameSite={word}")?;
        }
        f.write_str(&line)
    }
}
