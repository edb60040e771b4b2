//! Sessions as text, to take them over from other tools and hand them on: Netscape's cookies.txt
//! (curl, wget, yt-dlp, browser extensions), Playwright's storageState, a `Cookie` header, and
//! cookie_store's JSON. Cookies come in as they are; no `Set-Cookie` rule judges them again.

use super::{CookieValue, Effective, Jar, Lifetime, Name, Priority, SameSite, StoredCookie};
use cookie_store::{CookieExpiration, CookieStore};
use serde_json::{Value, json};
use url::Url;

/// Cookies in one file.
const MOST: usize = 10_000;

/// Cookies of a file, and what of it could not be read, without any value.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub cookies: Vec<StoredCookie>,
    pub left_out: Vec<String>,
}

/// Reads a cookies.txt: seven fields apart by tabs, `#HttpOnly_` before the domain of cookies that
/// scripts cannot read. A line that is none of these is left out.
pub fn read_netscape(text: &str, now: f64) -> Result<Imported, String> {
    let mut imported = Imported::default();
    for (number, line) in without_mark(text).lines().enumerate() {
        let (http_only, line) = match line.strip_prefix("#HttpOnly_") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        if line.trim().is_empty() || !http_only && line.starts_with('#') {
            continue;
        }
        match netscape_line(line, http_only) {
            Ok((place, name, value)) => imported.cookies.extend(place.cookie(name, value, now)),
            Err(problem) => imported.left_out.push(format!("line {} {problem}", number + 1)),
        }
    }
    imported.bounded()
}

/// One line: where its cookie is kept, its name, and its value.
fn netscape_line(line: &str, http_only: bool) -> Result<(Place<'_>, &str, &str), String> {
    // Some writers leave the tab before an empty value out.
    let fields: Vec<&str> = line.splitn(7, '\t').collect();
    let &[domain, subdomains, path, secure, expires, name] = fields.get(..6).unwrap_or_default() else {
        return Err(format!("has {} of 7 fields apart by tabs", fields.len()));
    };
    let expires = expires.trim().parse::<f64>().map_err(|_| "has no time in seconds as its fifth field")?;
    let place = Place {
        domain,
        host_only: !subdomains.eq_ignore_ascii_case("TRUE"),
        path,
        secure: secure.eq_ignore_ascii_case("TRUE"),
        http_only,
        same_site: None,
        expires: (expires > 0.0).then_some(expires),
    };
    Ok((place, name, fields.get(6).copied().unwrap_or_default()))
}

/// Reads Playwright's storageState.
pub fn read_storage_state(text: &str, now: f64) -> Result<Imported, String> {
    let state: Value = serde_json::from_str(without_mark(text)).map_err(|error| not_json(&error))?;
    let listed = state.get("cookies").unwrap_or(&state);
    let listed = listed.as_array().ok_or("there is no list `cookies`")?;
    let mut imported = Imported::default();
    for (index, cookie) in listed.iter().enumerate() {
        let text = |key: &str| cookie[key].as_str();
        let (Some(name), Some(value), Some(domain)) = (text("name"), text("value"), text("domain")) else {
            imported.left_out.push(format!("cookie {} has no name, value or domain", index + 1));
            continue;
        };
        let expires = cookie["expires"].as_f64().or_else(|| cookie["expirationDate"].as_f64());
        let place = Place {
            domain,
            host_only: !domain.starts_with('.'),
            path: text("path").unwrap_or("/"),
            secure: cookie["secure"].as_bool().unwrap_or(false),
            http_only: cookie["httpOnly"].as_bool().unwrap_or(false),
            same_site: match text("sameSite").unwrap_or_default().to_ascii_lowercase().as_str() {
                "strict" => Some(SameSite::Strict),
                "lax" => Some(SameSite::Lax),
                "none" | "no_restriction" => Some(SameSite::None),
                _ => None,
            },
            expires: expires.filter(|expires| *expires > 0.0),
        };
        imported.cookies.extend(place.cookie(name, value, now));
    }
    imported.bounded()
}

/// Reads the value of a `Cookie` header, as sent to this URL: cookies of its host for all paths.
pub fn read_header(text: &str, url: &Url, now: f64) -> Result<Vec<StoredCookie>, String> {
    let text = text.trim();
    let pairs = match text.get(..7) {
        Some(name) if name.eq_ignore_ascii_case("cookie:") => &text[7..],
        _ => text,
    };
    let place = Place {
        domain: url.host_str().unwrap_or_default(),
        host_only: true,
        path: "/",
        secure: url.scheme() == "https",
        http_only: false,
        same_site: None,
        expires: None,
    };
    let cookies: Vec<StoredCookie> = pairs
        .split(';')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or(("", pair));
            place.cookie(name.trim(), value.trim(), now)
        })
        .collect();
    if cookies.is_empty() {
        return Err("it is no `Cookie` header: `name=value; name=value`".into());
    }
    bounded(cookies)
}

/// Reads what the crate cookie_store saved.
pub fn read_cookie_store(text: &str, now: f64) -> Result<Vec<StoredCookie>, String> {
    let store: CookieStore =
        cookie_store::serde::json::load_all(text.as_bytes()).map_err(|_| "it is not cookie_store's JSON")?;
    let cookies = store.iter_any().filter_map(|cookie| {
        let domain = cookie.domain.as_cow()?.into_owned();
        let place = Place {
            domain: &domain,
            host_only: matches!(cookie.domain, cookie_store::CookieDomain::HostOnly(_)),
            path: cookie.path.as_ref(),
            secure: cookie.secure() == Some(true),
            http_only: cookie.http_only() == Some(true),
            same_site: cookie.same_site().map(|same_site| {
                if same_site.is_strict() {
                    SameSite::Strict
                } else if same_site.is_lax() {
                    SameSite::Lax
                } else {
                    SameSite::None
                }
            }),
            expires: match &cookie.expires {
                CookieExpiration::AtUtc(at) => Some(at.unix_timestamp() as f64),
                CookieExpiration::SessionEnd => None,
            },
        };
        place.cookie(cookie.name(), cookie.value(), now)
    });
    bounded(cookies.collect())
}

/// Writes a cookies.txt. Cookies that no such line can hold are left out.
pub fn write_netscape(jar: &Jar) -> String {
    let mut text = String::from("# Netscape HTTP Cookie File\n");
    for cookie in readable(jar) {
        let effective = &cookie.of.effective;
        if [cookie.name, cookie.value, &effective.path].iter().any(|text| text.contains(['\t', '\n', '\r'])) {
            continue;
        }
        let word = |yes: bool| if yes { "TRUE" } else { "FALSE" };
        let (before, dot) = (if effective.http_only { "#HttpOnly_" } else { "" }, dot(effective));
        text.push_str(&format!(
            "{before}{dot}{}\t{}\t{}\t{}\t{:.0}\t{}\t{}\n",
            effective.domain,
            word(!effective.host_only),
            effective.path,
            word(effective.secure),
            cookie.of.expires.unwrap_or(0.0),
            cookie.name,
            cookie.value,
        ));
    }
    text
}

/// Writes a storageState, without web storage, which no HTTP client has.
pub fn write_storage_state(jar: &Jar) -> String {
    let cookies: Vec<Value> = readable(jar)
        .map(|cookie| {
            let effective = &cookie.of.effective;
            json!({
                "name": cookie.name,
                "value": cookie.value,
                "domain": format!("{}{}", dot(effective), effective.domain),
                "path": effective.path,
                "expires": cookie.of.expires.unwrap_or(-1.0),
                "httpOnly": effective.http_only,
                "secure": effective.secure,
                "sameSite": match effective.same_site {
                    Some(SameSite::Strict) => "Strict",
                    Some(SameSite::None) => "None",
                    Some(SameSite::Lax) | None => "Lax",
                },
            })
        })
        .collect();
    format!("{:#}\n", json!({ "cookies": cookies, "origins": [] }))
}

/// Writes cookie_store's JSON.
pub fn write_cookie_store(jar: &Jar) -> Result<String, String> {
    let mut store = CookieStore::default();
    for cookie in readable(jar) {
        let effective = &cookie.of.effective;
        let scheme = if effective.secure { "https" } else { "http" };
        let Ok(url) = Url::parse(&format!("{scheme}://{}{}", effective.domain, effective.path)) else {
            continue;
        };
        let mut line = format!("{}={}; Path={}", cookie.name, cookie.value, effective.path);
        if !effective.host_only {
            line.push_str(&format!("; Domain={}", effective.domain));
        }
        for (word, yes) in [("; Secure", effective.secure), ("; HttpOnly", effective.http_only)] {
            line.push_str(if yes { word } else { "" });
        }
        if let Some(same_site) = effective.same_site {
            line.push_str(&format!("; SameSite={same_site:?}"));
        }
        if let Lifetime::Seconds(seconds) = effective.lifetime {
            line.push_str(&format!("; Max-Age={seconds}"));
        }
        // What it refuses, it cannot hold.
        let _ = store.parse(&line, &url);
    }
    let mut bytes = Vec::new();
    cookie_store::serde::json::save_incl_expired_and_nonpersistent(&store, &mut bytes)
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Where and how long a cookie of a file counts.
struct Place<'a> {
    domain: &'a str,
    host_only: bool,
    path: &'a str,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    expires: Option<f64>,
}

impl Place<'_> {
    /// None: it has expired.
    fn cookie(&self, name: &str, value: &str, now: f64) -> Option<StoredCookie> {
        if self.expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        let effective = Effective {
            domain: self.domain.trim().trim_start_matches('.').to_ascii_lowercase(),
            host_only: self.host_only,
            path: if self.path.starts_with('/') { self.path.to_owned() } else { "/".into() },
            secure: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            lifetime: match self.expires {
                Some(expires) => Lifetime::Seconds((expires - now).round() as i64),
                None => Lifetime::Session,
            },
            partition: None,
            priority: Priority::default(),
        };
        Some(StoredCookie::new(Name::new(name), CookieValue::new(value), effective, now, self.expires))
    }
}

/// A cookie whose name and value are text.
struct Readable<'a> {
    name: &'a str,
    value: &'a str,
    of: &'a StoredCookie,
}

fn readable(jar: &Jar) -> impl Iterator<Item = Readable<'_>> {
    jar.iter().filter_map(|cookie| {
        let value = std::str::from_utf8(cookie.value.reveal()).ok()?;
        Some(Readable { name: cookie.name.as_str()?, value, of: cookie })
    })
}

fn dot(effective: &Effective) -> &'static str {
    if effective.host_only { "" } else { "." }
}

fn bounded(cookies: Vec<StoredCookie>) -> Result<Vec<StoredCookie>, String> {
    match cookies.len() {
        0 => Err("there is no cookie in it that has not expired".into()),
        count if count > MOST => Err(format!("there are {count} cookies in it, more than {MOST}")),
        _ => Ok(cookies),
    }
}

impl Imported {
    fn bounded(self) -> Result<Imported, String> {
        match self.left_out.first() {
            Some(problem) if self.cookies.is_empty() => Err(problem.clone()),
            _ => bounded(self.cookies).map(|cookies| Imported { cookies, left_out: self.left_out }),
        }
    }
}

/// Editors of some systems begin every file with a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The parser's message without the text it stumbled over.
fn not_json(error: &serde_json::Error) -> String {
    format!("it is no JSON (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_000_000.0;

    /// `name=value domain path flags expires`, one a line.
    fn shown(cookies: Result<Imported, String>) -> String {
        let cookies = match cookies {
            Ok(imported) => imported.cookies,
            Err(why) => return why,
        };
        let lines: Vec<String> = cookies
            .iter()
            .map(|cookie| {
                let effective = &cookie.effective;
                format!(
                    "{}={} {}{} {}{}{}{} {:?}",
                    cookie.name,
                    String::from_utf8_lossy(cookie.value.reveal()),
                    dot(effective),
                    effective.domain,
                    effective.path,
                    if effective.secure { " secure" } else { "" },
                    if effective.http_only { " http-only" } else { "" },
                    effective.same_site.map(|same_site| format!(" {same_site:?}")).unwrap_or_default(),
                    cookie.expires,
                )
            })
            .collect();
        lines.join("\n")
    }

    const NETSCAPE: &str = "# Netscape HTTP Cookie File\n\n\
        #HttpOnly_.a.test\tTRUE\t/\tTRUE\t2000000\tsid\ts=1\n\
        b.test\tFALSE\t/x\tFALSE\t0\tlang\ten\n\
        b.test\tFALSE\t/\tFALSE\t5\told\tgone\n\
        b.test\tFALSE\t/\tFALSE\t0\tempty\n";

    #[test]
    fn netscape_files_are_read() {
        let expected = "sid=s=1 .a.test / secure http-only Some(2000000.0)\nlang=en b.test /x None\nempty= b.test / None";
        assert_eq!(shown(read_netscape(NETSCAPE, NOW)), expected);
        assert_eq!(shown(read_netscape("a b c", NOW)), "line 1 has 1 of 7 fields apart by tabs");
        assert_eq!(
            shown(read_netscape("a\tb\tc\td\tsoon\tf\tg", NOW)),
            "line 1 has no time in seconds as its fifth field"
        );
        assert_eq!(shown(read_netscape("", NOW)), "there is no cookie in it that has not expired");
    }

    fn plainly(cookies: Result<Vec<StoredCookie>, String>) -> Result<Imported, String> {
        cookies.map(|cookies| Imported { cookies, left_out: Vec::new() })
    }

    #[test]
    fn one_bad_line_is_said_and_the_rest_is_kept() {
        let text =
            "\u{feff}a.test\tFALSE\t/\tFALSE\t0\tsid\tv\nnonsense\nb.test\tFALSE\t/\tFALSE\tsoon\tx\ty\n";
        let imported = read_netscape(text, NOW).unwrap();
        assert_eq!(
            imported.left_out,
            ["line 2 has 1 of 7 fields apart by tabs", "line 3 has no time in seconds as its fifth field"]
        );
        assert_eq!(shown(Ok(imported)), "sid=v a.test / None");
        let state = "\u{feff}[{\"name\":\"x\"},{\"name\":\"a\",\"value\":\"b\",\"domain\":\"a.test\"}]";
        let imported = read_storage_state(state, NOW).unwrap();
        assert_eq!(imported.left_out, ["cookie 1 has no name, value or domain"]);
        assert_eq!(shown(Ok(imported)), "a=b a.test / None");
    }

    #[test]
    fn storage_states_are_read() {
        let state = r#"{"cookies":[{"name":"sid","value":"v","domain":".a.test","path":"/","expires":2000000.5,"httpOnly":true,"secure":true,"sameSite":"Lax"},
            {"name":"s","value":"","domain":"b.test","path":"/","expires":-1,"httpOnly":false,"secure":false,"sameSite":"None"}],"origins":[]}"#;
        let expected = "sid=v .a.test / secure http-only Lax Some(2000000.5)\ns= b.test / None None";
        assert_eq!(shown(read_storage_state(state, NOW)), expected);
        assert_eq!(shown(read_storage_state("{", NOW)), "it is no JSON (line 1, column 1)");
        assert_eq!(shown(read_storage_state("{}", NOW)), "there is no list `cookies`");
        assert_eq!(
            shown(read_storage_state(r#"[{"name":"x"}]"#, NOW)),
            "cookie 1 has no name, value or domain"
        );
    }

    #[test]
    fn cookie_headers_are_read() {
        let url = Url::parse("https://a.test/x").unwrap();
        let expected = "a=1 a.test / secure None\nb=2=3 a.test / secure None\n=bare a.test / secure None";
        assert_eq!(shown(plainly(read_header("Cookie: a=1; b=2=3; bare", &url, NOW))), expected);
        assert!(shown(plainly(read_header(" ; ", &url, NOW))).starts_with("it is no `Cookie` header"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let cookies = read_netscape(NETSCAPE, NOW).unwrap();
        let jar = Jar::of(cookies.cookies.clone());
        let expected = shown(Ok(cookies));
        assert_eq!(shown(read_netscape(&write_netscape(&jar), NOW)), expected);
        let again = shown(read_storage_state(&write_storage_state(&jar), NOW));
        assert_eq!(again.replace(" Lax", ""), expected);
        let store = shown(plainly(read_cookie_store(&write_cookie_store(&jar).unwrap(), NOW)));
        assert!(store.contains("sid=s=1 .a.test / secure http-only Some("), "{store}");
        assert!(store.contains("lang=en b.test /x None"), "{store}");
    }
}
