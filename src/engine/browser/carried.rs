//! What a request seems to tell about its visitor: values that the visit knows (cookies, storage
//! items, who logged in) and values that look as if they told visitors apart, by parameter, never
//! the values themselves. Whether a random-looking value really is one visitor's own is decided
//! where several visitors are compared.

use crate::cookie::{CookieValue, Name, ValueFacts, ValueShape};
use crate::engine::{Carrying, Values};
use crate::observation::{Carried, Disclosure, Form, Resource};
use crate::secret::Secrets;
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use url::Url;

/// Deepest level of JSON, of URLs in parameters and of base64 that is looked at.
const DEEPEST: usize = 12;
/// Most parameters and fields looked at in one request.
const MOST_FIELDS: usize = 1000;
/// Most known values of one visitor.
const MOST_KNOWN: usize = 4000;
/// Longer values are not looked at as a whole.
const LONGEST: usize = 8192;
/// Most characters of a parameter's name that are told.
const LONGEST_NAME: usize = 60;
/// A value shorter than this is found within others by chance.
const IDENTIFYING_PART: usize = 12;
/// Still shorter values are many visitors'.
const SHORT_VALUE: usize = 4;
/// Comparisons of parts of values in one visit.
const MOST_COMPARISONS: usize = 2_000_000;

/// What a visitor's device holds, by value.
#[derive(Default)]
pub(super) struct Known {
    values: HashMap<String, Disclosure>,
    comparisons: Cell<usize>,
}

impl Known {
    /// A cookie of this visitor. Words, flags, languages and addresses are many visitors' values.
    pub(super) fn cookie(&mut self, name: &Name, value: &CookieValue) {
        self.add(Disclosure::Cookie(name.clone()), value);
    }

    /// A storage item of this visitor.
    pub(super) fn storage(&mut self, key: &str, value: &CookieValue) {
        self.add(Disclosure::Storage(Name::new(key)), value);
    }

    fn add(&mut self, what: Disclosure, value: &CookieValue) {
        let Ok(text) = std::str::from_utf8(value.reveal()) else { return };
        let shape = shape(value);
        let identifying = || is_identifying(&shape) || is_long_number(text) || is_short(text, &shape);
        if self.values.len() >= MOST_KNOWN || value.len() > LONGEST || !identifying() {
            return;
        }
        let text = decoded(text).unwrap_or_else(|| text.to_owned());
        // Of two with one value the first in the order of kinds and names, whoever came first.
        let known = self.values.entry(text).or_insert_with(|| what.clone());
        if what < *known {
            *known = what;
        }
    }

    /// Begins another visit.
    pub(super) fn refresh(&mut self) {
        self.comparisons.set(0);
    }

    /// Whose value it is, or a telling part of.
    fn whose(&self, text: &str) -> Option<&Disclosure> {
        if let Some(what) = self.values.get(text) {
            return Some(what);
        }
        if text.len() < IDENTIFYING_PART
            || !text.bytes().any(|byte| byte.is_ascii_digit())
            || is_address(text)
        {
            return None;
        }
        self.comparisons.set(self.comparisons.get() + self.values.len());
        if self.comparisons.get() > MOST_COMPARISONS {
            return None;
        }
        let within = |(value, _): &(&String, &Disclosure)| {
            contains(value, text) || (value.len() >= IDENTIFYING_PART && contains(text, value))
        };
        self.values.iter().filter(within).map(|(_, what)| what).min()
    }
}

/// Whether a text holds another as a whole word.
fn contains(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(at, _)| {
        let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let bytes = text.as_bytes();
        edge(at.checked_sub(1).and_then(|before| bytes.get(before))) && edge(bytes.get(at + part.len()))
    })
}

/// Everything that one request may tell.
pub(super) struct Teller<'a> {
    pub(super) known: &'a Known,
    pub(super) people: &'a People,
    pub(super) values: &'a Values,
}

/// Who the visitors are, plain and as sums.
#[derive(Default)]
pub(super) struct People {
    names: BTreeSet<String>,
    sums: HashMap<String, Disclosure>,
}

impl People {
    pub(super) fn of(secrets: &Secrets) -> People {
        let names: BTreeSet<String> = secrets.visitors().map(str::to_owned).collect();
        let sums =
            names.iter().map(|name| (crate::sums::sum_of(name.as_bytes()), disclosure(name))).collect();
        People { names, sums }
    }
}

impl Teller<'_> {
    /// What a request's URL and body seem to tell, sorted.
    pub(super) fn carried(&self, url: &Url, body: &str, resource: Resource) -> Vec<Carrying> {
        let is_file =
            matches!(resource, Resource::Script | Resource::Style | Resource::Font | Resource::Manifest);
        let mut looking = Looking { teller: self, is_file, found: BTreeSet::new(), left: MOST_FIELDS };
        for (name, value) in url.query_pairs() {
            looking.look(&name, &value, Form::Plain, 0);
        }
        for segment in url.path_segments().into_iter().flatten() {
            looking.look_in_path(segment);
        }
        looking.body(body);
        looking.found.into_iter().collect()
    }
}

struct Looking<'a> {
    teller: &'a Teller<'a>,
    /// A static file: what its address holds is a version or a hash of it.
    is_file: bool,
    found: BTreeSet<Carrying>,
    left: usize,
}

impl Looking<'_> {
    fn body(&mut self, body: &str) {
        if body.is_empty() {
            return;
        }
        if let Ok(json) = serde_json::from_str::<Value>(body) {
            return self.walk("", &json, Form::Plain, 0);
        }
        if body.starts_with("--") && body.contains("form-data") {
            return self.multipart(body);
        }
        if body.starts_with('{') {
            // One JSON value on each line.
            for json in body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                self.walk("", &json, Form::Plain, 0);
            }
            return;
        }
        for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
            self.look(&name, &value, Form::Plain, 0);
        }
    }

    /// RFC 7578, as browsers write it.
    fn multipart(&mut self, body: &str) {
        for part in body.split("\r\n--").flat_map(|part| part.split_once("\r\n\r\n")) {
            let (head, value) = part;
            let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next());
            self.look(name.unwrap_or_default(), value.trim_end(), Form::Plain, 0);
        }
    }

    fn walk(&mut self, name: &str, value: &Value, form: Form, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::String(text) => self.look(name, text, form, depth),
            Value::Array(items) => items.iter().for_each(|item| self.walk(name, item, form, depth + 1)),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.walk(name, value, form, depth + 1));
            }
            Value::Number(number) => self.look(name, &number.to_string(), form, depth),
            _ => {}
        }
    }

    fn look(&mut self, field: &str, value: &str, form: Form, depth: usize) {
        let value = value.trim();
        if value.is_empty() || self.left == 0 || depth > DEEPEST {
            return;
        }
        self.left -= 1;
        if value.len() > LONGEST {
            return self.within(field, value, form, depth);
        }
        let again = decoded(value);
        let text = again.as_deref().unwrap_or(value);
        if let Some((what, form)) = self.known(text, form) {
            return self.tell(what, field, form, text);
        }
        if is_address(text) || text.starts_with(['{', '[']) {
            return self.within(field, text, form, depth);
        }
        if form == Form::Plain && self.in_base64(field, text, depth) {
            return;
        }
        let what = match shape(&CookieValue::new(text)) {
            ValueShape::Email if is_a_persons(text) => Disclosure::Email,
            _ if self.is_file => return,
            ValueShape::Flag | ValueShape::Empty | ValueShape::LanguageTag | ValueShape::Email => return,
            _ if names_a_user(field) => Disclosure::UserId,
            ValueShape::Jwt | ValueShape::Uuid | ValueShape::Identifier => Disclosure::Identifier,
            _ if names_a_visitor(field) => Disclosure::Identifier,
            _ => return,
        };
        self.tell(what, field, form, text);
    }

    /// A path is what the server calls its things: only what is known, or plainly an address, counts.
    fn look_in_path(&mut self, segment: &str) {
        let text = decoded(segment).unwrap_or_else(|| segment.to_owned());
        let email = || {
            let is_email = shape(&CookieValue::new(text.as_str())) == ValueShape::Email;
            (is_email && is_a_persons(&text)).then_some((Disclosure::Email, Form::Plain))
        };
        if let Some((what, form)) = self.known(&text, Form::Plain).or_else(email) {
            self.tell(what, "path", form, &text);
        }
    }

    fn known(&self, text: &str, form: Form) -> Option<(Disclosure, Form)> {
        let people = self.teller.people;
        let small = text.to_lowercase();
        if people.names.contains(&small) {
            return Some((disclosure(&small), form));
        }
        if let Some(what) = people.sums.get(&small) {
            return Some((what.clone(), Form::Sha256));
        }
        self.teller.known.whose(text).map(|what| (what.clone(), form))
    }

    /// What a URL's query or a JSON text holds.
    fn within(&mut self, field: &str, text: &str, form: Form, depth: usize) {
        if text.starts_with(['{', '[']) {
            if let Ok(json) = serde_json::from_str::<Value>(text) {
                self.walk(field, &json, form, depth + 1);
            }
        } else if let Ok(url) = Url::parse(text) {
            for (name, value) in url.query_pairs() {
                self.look(&name, &value, form, depth + 1);
            }
        }
    }

    /// Whether it was base64 of something that is known or can be looked into.
    fn in_base64(&mut self, field: &str, text: &str, depth: usize) -> bool {
        if text.len() < 8 {
            return false;
        }
        let Some(inner) = super::base64_text(text) else { return false };
        if inner.starts_with(['{', '[']) && serde_json::from_str::<Value>(&inner).is_ok() {
            self.within(field, &inner, Form::Base64, depth);
            return true;
        }
        if let Some((what, form)) = self.known(&inner, Form::Base64) {
            self.tell(what, field, form, &inner);
            return true;
        }
        let is_email = shape(&CookieValue::new(inner.as_str())) == ValueShape::Email && is_a_persons(&inner);
        if is_email {
            self.tell(Disclosure::Email, field, Form::Base64, &inner);
        }
        is_email
    }

    fn tell(&mut self, what: Disclosure, field: &str, form: Form, text: &str) {
        let field: String = field.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        let identity = self.teller.values.identity(text.as_bytes());
        self.found.insert(Carrying { carried: Carried { what, field, form }, identity });
    }
}

/// What somebody logs in as.
fn disclosure(name: &str) -> Disclosure {
    if name.contains('@') { Disclosure::Email } else { Disclosure::UserId }
}

/// Of no page in particular.
fn shape(value: &CookieValue) -> ValueShape {
    static NOWHERE: std::sync::LazyLock<Option<Url>> =
        std::sync::LazyLock::new(|| Url::parse("about:blank").ok());
    match NOWHERE.as_ref() {
        Some(nowhere) => ValueFacts::of(value, nowhere).shape,
        None => ValueShape::Other,
    }
}

fn is_identifying(shape: &ValueShape) -> bool {
    matches!(shape, ValueShape::Identifier | ValueShape::Uuid | ValueShape::Jwt | ValueShape::Email)
}

/// Too short to be told from a word by itself. It is looked for as a whole only, and counts where
/// other visitors have another.
fn is_short(text: &str, shape: &ValueShape) -> bool {
    let word = matches!(shape, ValueShape::Flag | ValueShape::Empty | ValueShape::LanguageTag);
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let mixed = has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    !word && mixed && (SHORT_VALUE..IDENTIFYING_PART).contains(&text.len())
}

/// Numbers in a row, as analytics tools number visitors: `GA1.1.1234567890.1700000000`.
fn is_long_number(text: &str) -> bool {
    text.len() <= 100
        && text.bytes().filter(u8::is_ascii_digit).count() >= 16
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Percent-encoding undone once more, where there is any.
fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let encoded =
        bytes.windows(3).any(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit());
    if !encoded {
        return None;
    }
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    Some(value.into_owned())
}

/// Nobody's address: a mailbox of an office, a picture for dense screens (`logo@2x.png`), a version
/// of a package (`react@18.2.0`).
fn is_a_persons(address: &str) -> bool {
    const OFFICES: &[&str] = &[
        "info",
        "hello",
        "contact",
        "support",
        "help",
        "sales",
        "office",
        "mail",
        "admin",
        "webmaster",
        "postmaster",
        "abuse",
        "privacy",
        "legal",
        "press",
        "jobs",
        "billing",
        "noreply",
        "no-reply",
        "donotreply",
        "team",
        "service",
        "security",
        "dpo",
    ];
    const FILES: &[&str] =
        &["png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "js", "mjs", "css", "json", "html"];
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let local = local.to_ascii_lowercase();
    let ending = domain.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    !OFFICES.contains(&local.as_str())
        && ending.len() >= 2
        && ending.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !FILES.contains(&ending.as_str())
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Parameters that are about one user by their very name.
fn names_a_user(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "userid" | "uid" | "username" | "userlogin" | "customerid" | "customernumber" | "memberid"
    )
}

/// Parameters that tell visitors apart by their very name.
fn names_a_visitor(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "visitorid"
            | "vid"
            | "clientid"
            | "cid"
            | "anonymousid"
            | "deviceid"
            | "distinctid"
            | "fbp"
            | "externalid"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a request by a visitor who has `sid` and the storage item `draft`, and who
    /// logs in as Ann.
    fn told(url: &str, body: &str, resource: Resource) -> String {
        let mut known = Known::default();
        let value = |text: &str| CookieValue::new(text);
        known.cookie(&Name::new("sid"), &value("7f9c2ba4e88f827d"));
        known.cookie(&Name::new("_ga"), &value("GA1.1.1234567890.1700000000"));
        known.cookie(&Name::new("locale"), &value("en"));
        known.cookie(&Name::new("theme"), &value("dark"));
        known.cookie(&Name::new("back"), &value("https%3A%2F%2Fa.test%2Faccount%2F12345678"));
        known.storage("draft", &value("9d8e7f6a-5b4c-4d3e-8f1a-0b9c8d7e6f5a"));
        let mut secrets = Secrets::default();
        secrets.add_visitor("Ann.Smith@example.test");
        secrets.add_visitor("ann-smith");
        let people = People::of(&secrets);
        let values = Values::default();
        let teller = Teller { known: &known, people: &people, values: &values };
        let carried = teller.carried(&Url::parse(url).unwrap(), body, resource);
        carried.iter().map(|one| one.carried.to_string()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_is_told_of_a_visitor() {
        let sum = "https://t.test/e?em=1aca8dd8e7ffcf5b56ff7da8e56a2d4b5d4cd1b5cd5a9dd5e3b1f2c0f7d3d2a1";
        #[rustfmt::skip]
        let cases = [
            ("https://t.test/e?name=pageview", r#"{"n":"pageview","u":"https://a.test/","d":"a.test"}"#, ""),
            ("https://t.test/e", r#"{"props":{"user_id":42}}"#, "a user's number or name in `user_id`"),
            ("https://t.test/tr?id=1&fbp=fb.1.1700000000000.1234567890", "", "an identifier in `fbp`"),
            ("https://t.test/e?mail=bob@example.test", "", "an e-mail address in `mail`"),
            ("https://t.test/e", "v=1&x=7f9c2ba4e88f827d616045507605853e", "an identifier in `x`"),
            // What the visit knows.
            ("https://t.test/e?s=7f9c2ba4e88f827d", "", "the value of the cookie `sid` in `s`"),
            ("https://t.test/e?s=N2Y5YzJiYTRlODhmODI3ZA==", "", "the value of the cookie `sid` in `s` (in base64)"),
            ("https://t.test/e/7f9c2ba4e88f827d", "", "the value of the cookie `sid` in `path`"),
            ("https://t.test/collect?cid=1234567890.1700000000", "", "the value of the cookie `_ga` in `cid`"),
            ("https://t.test/e", r#"{"d":{"id":"9d8e7f6a-5b4c-4d3e-8f1a-0b9c8d7e6f5a"}}"#, "the value of the storage item `draft` in `id`"),
            ("https://t.test/e?who=ann-smith", "", "a user's number or name in `who`"),
            ("https://t.test/e?m=Ann.Smith%2540example.test", "", "an e-mail address in `m`"),
            ("https://t.test/e?m=QW5uLlNtaXRoQGV4YW1wbGUudGVzdA", "", "an e-mail address in `m` (in base64)"),
            ("https://t.test/e?u=https%3A%2F%2Fa.test%2Fwelcome%3Femail%3Dbob%2540example.test", "", "an e-mail address in `email`"),
            ("https://t.test/e", "--b\r\nContent-Disposition: form-data; name=\"em\"\r\n\r\nbob@example.test\r\n--b--", "an e-mail address in `em`"),
            ("https://t.test/e?data=eyJpZCI6ImJvYkBleGFtcGxlLnRlc3QifQ", "", "an e-mail address in `id` (in base64)"),
            // What many visitors have.
            ("https://t.test/e?lang=en&theme=dark&u=https://a.test/account/12345678", "", ""),
            ("https://t.test/e?t=1700000000000&v=1.2.3&r=0", "", ""),
            ("https://t.test/e?img=logo@2x.png&pkg=react@18.2.0&to=info@a.test", "", ""),
            (sum, "", "an identifier in `em`"),
        ];
        for (url, body, expected) in cases {
            assert_eq!(told(url, body, Resource::Fetch), expected, "{url} {body}");
        }
    }

    #[test]
    fn the_address_of_a_file_holds_its_version() {
        let url = "https://t.test/app.js?v=7f9c2ba4e88f827d616045507605853e&cid=1700000000";
        assert_eq!(told(url, "", Resource::Script), "");
        let url = "https://t.test/app.js?v=7f9c2ba4e88f827d";
        assert_eq!(told(url, "", Resource::Script), "the value of the cookie `sid` in `v`");
    }

    #[test]
    fn an_address_is_known_by_its_sum() {
        let sum: String = crate::sums::sum_of(b"ann.smith@example.test").to_uppercase();
        let url = format!("https://t.test/e?em={sum}");
        assert_eq!(told(&url, "", Resource::Image), "an e-mail address in `em` (as its SHA-256 sum)");
    }

    #[test]
    fn hostile_requests_are_bounded() {
        let deep = format!("{}\"a@b.test\"{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(told("https://t.test/", &deep, Resource::Fetch), "");
        let many: String = (0..20_000).map(|n| format!("p{n}=7f9c2ba4e88f827d6160455076058{n}&")).collect();
        let found = told("https://t.test/", &many, Resource::Fetch);
        assert_eq!(found.split("; ").count(), MOST_FIELDS);
    }
}
