//! Recorded cases: one JSON object a line in, one out.

use crate::cli::Exit;
use crate::cookie::{
    Browser, CookieValue, Decision, Initiator, Jar, Lifetime, RequestContext, SameSite, StoredCookie,
    ThirdPartyCookies, cookie_header,
};
use crate::legible::without_credentials;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use url::Url;

/// A response, or several, and a clock. Text is latin-1: one character, one byte.
#[derive(Deserialize)]
struct Case {
    id: serde_json::Value,
    request_url: String,
    set_cookie: Vec<String>,
    /// Earlier responses.
    #[serde(default)]
    setup: Vec<Earlier>,
    response_date: Option<String>,
    /// Seconds since the epoch.
    now: f64,
    /// The document around the request, where it is no navigation.
    top_url: Option<String>,
    third_party_cookies: Option<ThirdPartyCookies>,
    /// Asked next: which cookies go along?
    then_url: Option<String>,
}

#[derive(Deserialize)]
struct Earlier {
    request_url: String,
    set_cookie: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    id: serde_json::Value,
    stored: Vec<Stored>,
    blocked: Vec<Blocked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie_header: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    network_error: bool,
}

#[derive(Serialize)]
struct Stored {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: Option<&'static str>,
    session: bool,
    max_age_s: Option<i64>,
    partitioned: bool,
    priority: crate::cookie::Priority,
}

#[derive(Serialize)]
struct Blocked {
    set_cookie_index: usize,
    reasons: Vec<crate::cookie::Reason>,
}

#[derive(Serialize)]
struct Failed {
    id: serde_json::Value,
    error: String,
}

/// Answers every case. 2 where one could not be read; the others are answered all the same.
pub(super) fn run(
    browser: Browser,
    show_values: bool,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> io::Result<Exit> {
    let mut exit = Exit::Clear;
    for (number, line) in stdin.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let text = match answer(&line, browser, show_values) {
            Ok(answer) => serde_json::to_string(&answer)?,
            Err(error) => {
                exit = Exit::Usage;
                let id = serde_json::from_str::<serde_json::Value>(&line)
                    .ok()
                    .and_then(|case| case.get("id").cloned())
                    .unwrap_or(serde_json::Value::Null);
                serde_json::to_string(&Failed { id, error: format!("line {}: {error}", number + 1) })?
            }
        };
        writeln!(stdout, "{}", ascii(&text))?;
    }
    Ok(exit)
}

fn answer(line: &str, browser: Browser, show_values: bool) -> Result<Answer, String> {
    let case: Case = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let initiator = match &case.top_url {
        Some(top_url) => Initiator::Subresource { top_url: url(top_url)? },
        None => Initiator::Navigation,
    };
    let context = |url: Url, initiator: Initiator, response_date: Option<Vec<u8>>| RequestContext {
        url,
        initiator,
        third_party: case.third_party_cookies.unwrap_or_default(),
        response_date,
        now: case.now,
    };
    let mut jar = Jar::in_browser(browser);
    for earlier in &case.setup {
        let lines = lines(&earlier.set_cookie)?;
        let context = context(url(&earlier.request_url)?, Initiator::Navigation, None);
        jar.receive_response(lines.iter().map(Vec::as_slice), &context);
    }
    let lines = lines(&case.set_cookie)?;
    let date = case.response_date.as_deref().map(bytes).transpose()?;
    let received = context(url(&case.request_url)?, initiator, date);
    let decisions = jar.receive_response(lines.iter().map(Vec::as_slice), &received);

    let network_error = lines.iter().any(|line| line.contains(&0));
    let blocked = decisions
        .into_iter()
        .enumerate()
        .filter_map(|(set_cookie_index, (_, decision))| match decision {
            Decision::Rejected { reasons } if !network_error => {
                Some(Blocked { set_cookie_index, reasons: reasons.to_vec() })
            }
            _ => None,
        })
        .collect();
    let stored = jar.iter().map(|cookie| shown(cookie, case.now, show_values)).collect();
    let cookie_header = match &case.then_url {
        Some(then) => {
            let mut cookies = jar.cookies_for(&context(url(then)?, Initiator::Navigation, None));
            if !show_values {
                cookies.iter_mut().for_each(|cookie| cookie.value = masked(&cookie.value));
            }
            Some(text(&cookie_header(&cookies)))
        }
        None => None,
    };
    Ok(Answer { id: case.id, stored, blocked, cookie_header, network_error })
}

fn shown(cookie: &StoredCookie, now: f64, show_values: bool) -> Stored {
    let effective = &cookie.effective;
    let value = if show_values { cookie.value.clone() } else { masked(&cookie.value) };
    Stored {
        name: text(cookie.name.as_bytes()),
        value: text(value.reveal()),
        domain: effective.domain.clone(),
        host_only: effective.host_only,
        path: text(cookie.path()),
        secure: effective.secure,
        http_only: effective.http_only,
        same_site: effective.same_site.map(|word| match word {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }),
        session: effective.lifetime == Lifetime::Session,
        max_age_s: cookie.expires.map(|expires| (expires - now).round() as i64),
        partitioned: effective.partition.is_some(),
        priority: effective.priority,
    }
}

/// The length in place of the value, in characters that are bytes.
fn masked(value: &CookieValue) -> CookieValue {
    CookieValue::new(format!("<{} bytes>", value.len()))
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("{:?} is no URL: {error}", without_credentials(text)))
}

fn lines(texts: &[String]) -> Result<Vec<Vec<u8>>, String> {
    texts.iter().map(|text| bytes(text)).collect()
}

/// The same JSON in ASCII alone: U+0085 ends a line for some readers, and it is a byte of values.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// Latin-1: one character, one byte.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    text.chars()
        .map(|character| {
            u8::try_from(u32::from(character))
                .map_err(|_| format!("{character:?} is no byte: one character stands for one byte here"))
        })
        .collect()
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
