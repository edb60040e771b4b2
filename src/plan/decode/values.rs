//! Single values of a plan: durations, sizes, rates, references, words.

use crate::config::{Decode, Fields, Node, Problems, Record, Shape, Value, parsed, word, words, wrong_type};
use crate::cookie::{Browser, ThirdPartyCookies};
use crate::manifest::Span;
use crate::observation::Consent;
use crate::plan::{Choice, EngineChoice, ImportFormat, RefPart, Render, Robots, SecretRef, Settle};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

words!(EngineChoice {
    "http" => EngineChoice::Http,
    "browser" => EngineChoice::Browser,
    "both" => EngineChoice::Both,
} hints {
    "chromium" => "browser",
    "chrome" => "browser",
});

words!(Robots {
    "honour" => Robots::Honour,
    "honor" => Robots::Honour,
    "ignore" => Robots::Ignore,
} hints {
    "respect" => "honour",
    "obey" => "honour",
});

words!(Browser {
    "chromium" => Browser::Chromium,
    "firefox" => Browser::Firefox,
});

words!(ThirdPartyCookies {
    "block" => ThirdPartyCookies::Block,
    "allow" => ThirdPartyCookies::Allow,
});

words!(ImportFormat {
    "netscape" => ImportFormat::Netscape,
    "storage-state" => ImportFormat::StorageState,
    "header" => ImportFormat::Header,
    "cookie-store" => ImportFormat::CookieStore,
} hints {
    "cookies.txt" => "netscape",
    "playwright" => "storage-state",
});

/// A host of a target, with the port where it is another than the target's: `pay.localhost:4001`.
#[derive(Debug)]
pub(super) struct HostAndPort(pub(super) String);

impl Decode for HostAndPort {
    fn shape() -> Shape {
        Shape::text("a host", "^[^\\s/:@*]+(:[0-9]{1,5})?$", "pay.localhost:4001")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            let wrong = |why: &str| Err(why.to_owned());
            match port {
                _ if text.contains("://") => wrong("leave the scheme out"),
                _ if text.contains('/') => wrong("leave the path out"),
                _ if host.is_empty()
                    || host.contains(|c: char| c.is_whitespace() || c == '@' || c == '*') =>
                {
                    wrong("this is no host")
                }
                Some(port) if port.parse::<u16>().is_err() => wrong("this is no port"),
                _ => Ok(HostAndPort(text.to_owned())),
            }
        })
    }
}

/// `30s`, `500ms`, `10 minutes`.
impl Decode for Duration {
    fn shape() -> Shape {
        Shape::text("a duration", "^\\s*\\d+\\s*[A-Za-z]+([\\s,]*\\d+\\s*[A-Za-z]+)*\\s*$", "30s")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Integer(number) = node.value {
            let message = format!("{} must be a duration with its unit", problems.subject());
            problems.error(&node.span, message).fix(format!("for seconds write \"{number}s\""));
            return None;
        }
        parsed(node, problems, duration_of)
    }
}

/// A duration as plans and the command line write it.
pub(crate) fn duration_of(text: &str) -> Result<Duration, String> {
    let milliseconds = text.trim().strip_suffix("ms").and_then(|number| number.trim().parse().ok());
    let duration = match milliseconds {
        Some(number) => Duration::from_millis(number),
        None => Duration::from_secs(text.parse::<Span>()?.least.unsigned_abs()),
    };
    match duration {
        Duration::ZERO => Err("it is nothing".to_owned()),
        // Longer makes no sense of a run, and clocks cannot add it up.
        _ if duration > Duration::from_secs(366 * 86_400) => Err("it is longer than a year".to_owned()),
        _ => Ok(duration),
    }
}

/// Time that a page's clock is moved on by.
///
/// # Errors
///
/// Says why the text is none.
pub fn late_time(text: &str) -> Result<Duration, String> {
    match duration_of(text)? {
        time if time > MOST_LATE => Err("it is longer than 4 minutes".to_owned()),
        time => Ok(time),
    }
}

/// `4 MiB`, `500 kB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteSize(pub(super) usize);

impl Decode for ByteSize {
    fn shape() -> Shape {
        Shape::text("a size", "^\\s*\\d+\\s*([kKMG]i?)?B\\s*$", "4 MiB")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let text = text.trim();
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let (number, unit) = text.split_at(digits);
            let unit: usize = match unit.trim() {
                "B" => 1,
                "kB" | "KB" => 1_000,
                "KiB" | "kiB" => 1 << 10,
                "MB" => 1_000_000,
                "MiB" => 1 << 20,
                "GB" => 1_000_000_000,
                "GiB" => 1 << 30,
                "" => return Err("it has no unit".to_owned()),
                unit => return Err(format!("`{unit}` is not a unit")),
            };
            let number: usize = number.parse().map_err(|_| "it does not begin with a number".to_owned())?;
            match number.checked_mul(unit) {
                Some(0) => Err("it is nothing".to_owned()),
                Some(bytes) if bytes <= 1 << 30 => Ok(ByteSize(bytes)),
                _ => Err("it is more than 1 GiB".to_owned()),
            }
        })
    }
}

/// Requests per second: `5`, `"5/s"`, `"30/min"`, `"unlimited"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate(pub(super) Option<f64>);

impl Decode for Rate {
    fn shape() -> Shape {
        let text = Shape::text(
            "`unlimited` or a rate",
            "^(unlimited|\\d+(\\.\\d+)?\\s*/\\s*(s|sec|second|m|min|minute))$",
            "5/s",
        );
        Shape::Either(vec![Shape::Number, text])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let rate = match &node.value {
            Value::Text(text) if text == "unlimited" => return Some(Rate(None)),
            Value::Text(text) => text.split_once('/').and_then(|(number, unit)| {
                let seconds = match unit.trim() {
                    "s" | "sec" | "second" => 1.0,
                    "m" | "min" | "minute" => 60.0,
                    _ => return None,
                };
                number.trim().parse::<f64>().ok().map(|number| number / seconds)
            }),
            Value::Integer(number) => Some(*number as f64),
            Value::Number(number) => Some(*number),
            _ => return wrong_type(node, problems),
        };
        match rate.filter(|rate| (1e-3..=1e6).contains(rate)) {
            Some(rate) => Some(Rate(Some(rate))),
            None => {
                let message = format!("{} must be requests per second", problems.subject());
                problems.error(&node.span, message).fix("write 5, \"5/s\", \"30/min\" or \"unlimited\"");
                None
            }
        }
    }
}

impl Decode for PathBuf {
    fn shape() -> Shape {
        Shape::text("a path", "\\S", "cookies.toml")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| match text.trim() {
            "" => Err("it is empty".to_owned()),
            _ if text.contains("${") => Err("a path is written out, references are not read here".to_owned()),
            _ => Ok(PathBuf::from(text)),
        })
    }
}

/// An address with or without a port; port 0 is none.
impl Decode for SocketAddr {
    fn shape() -> Shape {
        Shape::text("an address", "^[0-9a-fA-F.:\\[\\]]+$", "127.0.0.1:8443")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            text.parse()
                .or_else(|_| bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, 0)))
                .map_err(|_| "this is no IP address".to_owned())
        })
    }
}

/// Where a running browser listens.
#[derive(Clone, Debug)]
pub(super) struct BrowserUrl(pub(super) String);

impl Decode for BrowserUrl {
    fn shape() -> Shape {
        Shape::text("a URL", "^(wss?|http)://", "ws://127.0.0.1:9222/devtools/browser/...")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            if !["ws://", "wss://", "http://"].iter().any(|scheme| text.starts_with(scheme)) {
                return Err("it begins with `ws://`, or `http://` for a debugging port".to_owned());
            }
            url::Url::parse(text).map_err(|error| error.to_string())?;
            Ok(BrowserUrl(text.to_owned()))
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum RenderWord {
    Kinds,
    All,
}

words!(RenderWord {
    "kinds" => RenderWord::Kinds,
    "all" => RenderWord::All,
});

impl Decode for Render {
    fn shape() -> Shape {
        Shape::Either(vec![RenderWord::shape(), usize::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Integer(_) = node.value {
            return usize::decode(node, problems).map(Render::Most);
        }
        Some(match word::<RenderWord>(node, problems)? {
            RenderWord::Kinds => Render::Kinds,
            RenderWord::All => Render::All,
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum SettleWord {
    Real,
}

words!(SettleWord {
    "real" => SettleWord::Real,
});

/// Time that a page is moved on by. Pages that compare their clock with the server's allow minutes.
pub(super) struct Late(pub(super) Duration);

/// The longest such time.
const MOST_LATE: Duration = Duration::from_secs(240);

impl Decode for Late {
    fn shape() -> Shape {
        Duration::shape()
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let time = Duration::decode(node, problems)?;
        if time > MOST_LATE {
            let message = format!("{} is longer than 4 minutes", problems.subject());
            problems
                .error(&node.span, message)
                .fix("pages whose clock runs ahead by more do not behave as they do for visitors");
            return None;
        }
        Some(Late(time))
    }
}

impl Decode for Settle {
    fn shape() -> Shape {
        Shape::Either(vec![SettleWord::shape(), Duration::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.trim().starts_with(|first: char| first.is_ascii_digit()) => {
                Late::decode(node, problems).map(|late| Settle::Ahead(late.0))
            }
            _ => word::<SettleWord>(node, problems).map(|SettleWord::Real| Settle::RealTime),
        }
    }
}

/// Pages open at the same time: a browser with more of them is only slower.
pub(super) struct Tabs(pub(super) usize);

impl Decode for Tabs {
    fn shape() -> Shape {
        Shape::Integer { least: 1, most: 32 }
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match node.value {
            Value::Integer(tabs @ 1..=32) => usize::try_from(tabs).ok().map(Tabs),
            _ => wrong_type(node, problems),
        }
    }
}

/// A page of a target: a path, or a URL.
#[derive(Clone, Debug)]
pub(super) struct StartPage(pub(super) String);

impl Decode for StartPage {
    fn shape() -> Shape {
        Shape::text("a path or URL", "^(/|https?://)", "/login")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            if text.contains("${") {
                return Err("a URL is written out, references are not read here".to_owned());
            }
            match text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://") {
                true => Ok(StartPage(text.to_owned())),
                false => Err("it begins with `/` or `https://`".to_owned()),
            }
        })
    }
}

/// The address of a step: a path, a URL, or a reference to one. In the middle of it a reference is
/// a value, which is percent-encoded.
#[derive(Debug)]
pub(super) struct StepAddress(pub(super) SecretRef);

impl Decode for StepAddress {
    fn shape() -> Shape {
        Shape::text("a path or URL", "^(/|https?://|\\$\\{)", "/login")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let place = problems.place(node.span.start);
        parsed(node, problems, |text| {
            if !["/", "http://", "https://", "${"].iter().any(|start| text.starts_with(start)) {
                return Err("it begins with `/` or `https://`".to_owned());
            }
            Ok(StepAddress(SecretRef { parts: parts(text)?, place }))
        })
    }
}

/// Text that may stand in a header.
#[derive(Clone, Debug)]
pub(super) struct HeaderText(pub(super) String);

impl Decode for HeaderText {
    fn shape() -> Shape {
        Shape::TEXT
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| match text.chars().any(char::is_control) {
            true => Err("it holds control characters".to_owned()),
            false => Ok(HeaderText(text.to_owned())),
        })
    }
}

/// `true`, `false`, or which of several.
impl Decode for Choice {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Bool, Shape::TEXT])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::Bool(true) => Some(Choice::On),
            Value::Bool(false) => Some(Choice::Off),
            Value::Text(text) => Some(Choice::Value(text.clone())),
            _ => wrong_type(node, problems),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum ConsentWord {
    Untouched,
    Accepted,
    Rejected,
    Withdrawn,
}

words!(ConsentWord {
    "untouched" => ConsentWord::Untouched,
    "accepted" => ConsentWord::Accepted,
    "rejected" => ConsentWord::Rejected,
    "withdrawn" => ConsentWord::Withdrawn,
});

struct CategoryTable(String);

impl Record for CategoryTable {
    const NAME: &'static str = "consent-category";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("category", "Only this category was accepted.").map(CategoryTable)
    }
}

/// A consent state.
pub(super) struct ConsentState(pub(super) Consent);

impl Decode for ConsentState {
    fn shape() -> Shape {
        Shape::Either(vec![ConsentWord::shape(), CategoryTable::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return CategoryTable::decode(node, problems)
                .map(|table| ConsentState(Consent::Category(table.0)));
        }
        Some(ConsentState(match word::<ConsentWord>(node, problems)? {
            ConsentWord::Untouched => Consent::Untouched,
            ConsentWord::Accepted => Consent::Accepted,
            ConsentWord::Rejected => Consent::Rejected,
            ConsentWord::Withdrawn => Consent::Withdrawn,
        }))
    }
}

/// Text with `${env:NAME}`, `${file:PATH}`, `${command:...}`, `${cookie:NAME}`, `${json:/pointer}`,
/// `${page:SELECTOR}` in it; `$${` is `${` itself.
impl Decode for SecretRef {
    fn shape() -> Shape {
        Shape::TEXT
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let place = problems.place(node.span.start);
        parsed(node, problems, |text| Ok(SecretRef { parts: parts(text)?, place }))
    }
}

fn parts(text: &str) -> Result<Vec<RefPart>, String> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            plain.push_str(before);
            plain.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let end = inside.find('}').ok_or("a reference is not closed by `}`")?;
        let (kind, name) = inside[..end].split_once(':').unwrap_or((&inside[..end], ""));
        let wanted = |what: &str| match name.is_empty() {
            true => Err(format!("`${{{kind}:...}}` needs {what}")),
            false => Ok(name.to_owned()),
        };
        if !plain.is_empty() {
            parts.push(RefPart::Text(std::mem::take(&mut plain)));
        }
        parts.push(match kind {
            "env" => RefPart::Env(wanted("the name of a variable")?),
            "file" => RefPart::File(wanted("a path")?.into()),
            "command" => RefPart::Command(wanted("a command")?),
            "cookie" => RefPart::Cookie(wanted("the name of a cookie")?),
            "json" if name.is_empty() || name.starts_with('/') => RefPart::Json(name.to_owned()),
            "json" => return Err("`${json:...}` needs a JSON pointer, which begins with `/`".to_owned()),
            "page" => RefPart::Page(wanted("a CSS selector")?),
            _ => {
                return Err(format!(
                    "`${{{kind}...}}` is none of ${{env:NAME}}, ${{file:PATH}}, ${{command:...}}, ${{cookie:NAME}}, ${{json:/pointer}}, ${{page:SELECTOR}}; for the text itself write `$${{`"
                ));
            }
        });
        rest = &inside[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() || parts.is_empty() {
        parts.push(RefPart::Text(plain));
    }
    Ok(parts)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let text = |text: &str| RefPart::Text(text.into());
        assert_eq!(parts("plain").unwrap(), [text("plain")]);
        assert_eq!(parts("").unwrap(), [text("")]);
        assert_eq!(parts("Bearer ${env:T}").unwrap(), [text("Bearer "), RefPart::Env("T".into())]);
        assert_eq!(
            parts("${file:a/b}${json:/x/0}!").unwrap(),
            [RefPart::File("a/b".into()), RefPart::Json("/x/0".into()), text("!")]
        );
        assert_eq!(
            parts("/out?t=${page:input[name=csrf]}").unwrap(),
            [text("/out?t="), RefPart::Page("input[name=csrf]".into())]
        );
        assert_eq!(parts("$${env:T} $5").unwrap(), [text("${env:T} $5")]);
        assert_eq!(parts("${env:T").unwrap_err(), "a reference is not closed by `}`");
        assert_eq!(parts("${env:}").unwrap_err(), "`${env:...}` needs the name of a variable");
        assert_eq!(
            parts("${json:x}").unwrap_err(),
            "`${json:...}` needs a JSON pointer, which begins with `/`"
        );
        assert!(parts("${secret:x}").unwrap_err().starts_with("`${secret...}` is none of"));
    }
}
