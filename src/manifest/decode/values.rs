//! Single values of a manifest: patterns, durations, dates, rules.

use crate::config::{
    Decode, Fields, Node, Problems, Record, Shape, Value, Words, parsed, unknown_word, word, words,
    wrong_type,
};
use crate::manifest::{
    ClassPattern, DomainRule, Glob, LifetimeRule, NamePattern, PagePattern, PartialDate, PathRule, Span,
    Trigger, VisitorState,
};
use std::collections::BTreeMap;
use std::marker::PhantomData;

impl Decode for PagePattern {
    fn shape() -> Shape {
        Shape::text("a page pattern", "\\S", "/docs/**")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, PagePattern::new)
    }
}

impl Decode for ClassPattern {
    fn shape() -> Shape {
        Shape::text("a page pattern", "\\S", "/docs/**")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, ClassPattern::new)
    }
}

impl Decode for Glob {
    fn shape() -> Shape {
        Shape::text("a host", "^([^\\s/:@]+|\\[[0-9A-Fa-f:.]+\\])$", "*.example.org")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let wrong = |why: &str| Err(why.to_owned());
            match text {
                "" => wrong("it is empty"),
                _ if text.contains("://") => wrong("leave the scheme out"),
                _ if text.parse::<std::net::Ipv6Addr>().is_ok() => {
                    wrong("write an IPv6 address in brackets, as addresses have it: \"[::1]\"")
                }
                _ if text.contains(':') && !is_ipv6(text) => {
                    wrong("leave the port out, cookies are for all ports of a host")
                }
                _ if text.contains('/') => wrong("leave the path out"),
                _ if text.contains(|c: char| c.is_whitespace() || c == '@') => wrong("this is no host"),
                _ => Ok(Glob::new(text)),
            }
        })
    }
}

/// An address as URLs have it: `[::1]`.
fn is_ipv6(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// `{ regex = "..." }` or `{ literal = "..." }`.
struct NameTable(Option<NamePattern>);

impl Record for NameTable {
    const NAME: &'static str = "name";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let regex =
            fields.optional::<NameRegex>("regex", "A regular expression that must match the whole name.");
        let literal = fields.optional::<String>("literal", "Exactly this name, also where it has a `*`.");
        fields.exactly_one();
        Some(NameTable(
            regex.map(|regex| regex.0).or_else(|| literal.map(|name| NamePattern::literal(&name))),
        ))
    }
}

struct NameRegex(NamePattern);

impl Decode for NameRegex {
    fn shape() -> Shape {
        Shape::text("a regular expression", "", "_pk_id\\\\..*")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| NamePattern::regex(text).map(NameRegex))
    }
}

impl Decode for NamePattern {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::text("a name", "\\S", "sid"), NameTable::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::Table(_) => NameTable::decode(node, problems)?.0,
            Value::Text(text) if text.trim().is_empty() => {
                problems.error(&node.span, "a name must not be empty");
                None
            }
            Value::Text(text) => Some(NamePattern::glob(text)),
            _ => wrong_type(node, problems),
        }
    }
}

impl Decode for PartialDate {
    fn shape() -> Shape {
        Shape::text("a date", "^\\d{4}-\\d{2}(-\\d{2})?$", "2026-04-16")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let text = match &node.value {
            Value::Date(text) => Value::Text(text.split(['T', ' ']).next().unwrap_or_default().to_owned()),
            other => other.clone(),
        };
        parsed(&Node { value: text, span: node.span.clone() }, problems, str::parse)
    }
}

impl Decode for Span {
    fn shape() -> Shape {
        Shape::text("a duration", "^\\s*\\d+\\s*[A-Za-z]+([\\s,]*\\d+\\s*[A-Za-z]+)*\\s*$", "7 days")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Integer(number) = node.value {
            let message = format!("{} must be a duration with its unit", problems.subject());
            problems.error(&node.span, message).fix(format!("for seconds write \"{number}s\""));
            return None;
        }
        parsed(node, problems, str::parse)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum LifetimeWord {
    Session,
    Unbounded,
}

words!(LifetimeWord {
    "session" => LifetimeWord::Session,
    "unbounded" => LifetimeWord::Unbounded,
} hints {
    "persistent" => "unbounded",
    "permanent" => "unbounded",
    "forever" => "unbounded",
});

#[derive(Clone, Copy, PartialEq)]
enum Event {
    Logout,
}

words!(Event {
    "logout" => Event::Logout,
});

/// `[a, b]`, the shorter first.
struct SpanRange(Span, Span);

impl Decode for SpanRange {
    fn shape() -> Shape {
        Shape::List(Box::new(Span::shape()))
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let spans = Vec::<Span>::decode(node, problems)?;
        let Ok([from, to]) = <[Span; 2]>::try_from(spans) else {
            problems.error(&node.span, "a range has two durations").fix("write { range = [\"1h\", \"2h\"] }");
            return None;
        };
        if to.most < from.least {
            let fix = format!("write {{ range = [\"{to}\", \"{from}\"] }}");
            problems.error(&node.span, "this range is reversed: the longer duration comes first").fix(fix);
            return None;
        }
        Some(SpanRange(from, to))
    }
}

/// A lifetime's table; `DEEP`: it may hold alternatives.
struct LifetimeTable<const DEEP: bool>(Option<LifetimeRule>);

impl<const DEEP: bool> Record for LifetimeTable<DEEP> {
    const NAME: &'static str = if DEEP { "lifetime" } else { "alternative-lifetime" };

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let max = fields.optional::<Span>("max", "At most so long; shorter is conforming.");
        let about = fields.optional::<Span>("about", "So long, give or take a tenth.");
        let range = fields.optional::<SpanRange>("range", "From the first duration to the second.");
        let until = fields.optional::<Event>("until", "Ends with an event; no time is stated.");
        let either = DEEP.then(|| fields.optional::<Vec<Alternative>>("either", "Any of these.")).flatten();
        fields.exactly_one();
        let rule = max
            .map(LifetimeRule::Max)
            .or(about.map(LifetimeRule::About))
            .or(range.map(|SpanRange(from, to)| LifetimeRule::Range(from, to)))
            .or(until.map(|Event::Logout| LifetimeRule::UntilLogout))
            .or(either.map(|rules| LifetimeRule::Either(rules.into_iter().map(|rule| rule.0).collect())));
        Some(LifetimeTable(rule))
    }
}

/// A lifetime within `either`.
struct Alternative(LifetimeRule);

impl Decode for Alternative {
    fn shape() -> Shape {
        Shape::Either(vec![LifetimeWord::shape(), Span::shape(), LifetimeTable::<false>::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        lifetime::<false>(node, problems).map(Alternative)
    }
}

impl Decode for LifetimeRule {
    fn shape() -> Shape {
        Shape::Either(vec![LifetimeWord::shape(), Span::shape(), LifetimeTable::<true>::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        lifetime::<true>(node, problems)
    }
}

fn lifetime<const DEEP: bool>(node: &Node, problems: &mut Problems) -> Option<LifetimeRule> {
    match &node.value {
        Value::Table(_) => LifetimeTable::<DEEP>::decode(node, problems)?.0,
        Value::Text(text) if !text.contains(|c: char| c.is_ascii_digit()) => {
            Some(match word::<LifetimeWord>(node, problems)? {
                LifetimeWord::Session => LifetimeRule::Session,
                LifetimeWord::Unbounded => LifetimeRule::Unbounded,
            })
        }
        _ => Span::decode(node, problems).map(LifetimeRule::Exact),
    }
}

/// Lifetimes by visitor.
#[derive(Clone, Debug)]
pub(super) struct LifetimeFor(pub(super) BTreeMap<VisitorState, LifetimeRule>);

impl LifetimeFor {
    const STATES: [&'static str; 4] = ["anonymous", "logged-in", "remembered", "not-remembered"];
}

impl Decode for LifetimeFor {
    fn shape() -> Shape {
        Shape::Map { keys: Some(Self::STATES.to_vec()), values: Box::new(LifetimeRule::shape()) }
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        by_key(node, problems, &Self::STATES, VisitorState::from_word).map(LifetimeFor)
    }
}

/// Which fields an entry has, for what can be said of each.
pub(super) trait FieldNames {
    fn names() -> Vec<&'static str>;
}

/// One value for the whole entry, or a table of values for single fields.
#[derive(Debug)]
pub(super) struct PerField<N, T> {
    pub(super) entry: Option<T>,
    pub(super) fields: BTreeMap<String, T>,
    names: PhantomData<N>,
}

impl<N, T: Clone> Clone for PerField<N, T> {
    fn clone(&self) -> Self {
        PerField { entry: self.entry.clone(), fields: self.fields.clone(), names: PhantomData }
    }
}

impl<N: FieldNames, T: Decode> Decode for PerField<N, T> {
    fn shape() -> Shape {
        let fields = Shape::Map { keys: Some(N::names()), values: Box::new(T::shape()) };
        Shape::Either(vec![T::shape(), fields])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let (entry, fields) = match node.value {
            Value::Table(_) => (None, by_key(node, problems, &N::names(), |key| Some(key.to_owned()))?),
            _ => (Some(T::decode(node, problems)?), BTreeMap::new()),
        };
        Some(PerField { entry, fields, names: PhantomData })
    }
}

/// A table whose keys are of a list.
fn by_key<K: Ord, T: Decode>(
    node: &Node,
    problems: &mut Problems,
    keys: &[&str],
    key: impl Fn(&str) -> Option<K>,
) -> Option<BTreeMap<K, T>> {
    if !matches!(node.value, Value::Table(_)) {
        return wrong_type::<Table>(node, problems).map(|Table| BTreeMap::new());
    }
    let mut map = BTreeMap::new();
    for entry in node.entries() {
        match key(&entry.key).filter(|_| keys.contains(&entry.key.as_str())) {
            Some(key) => {
                let value = T::decode(&entry.node, problems)?;
                map.insert(key, value);
            }
            None => unknown_word(&entry.key, keys, &[], &entry.key_span, problems),
        }
    }
    Some(map)
}

/// Any table, for a message.
struct Table;

impl Decode for Table {
    fn shape() -> Shape {
        Shape::Map { keys: None, values: Box::new(Shape::Anything) }
    }

    fn decode(_: &Node, _: &mut Problems) -> Option<Self> {
        Some(Table)
    }
}

struct PathText(String);

impl Decode for PathText {
    fn shape() -> Shape {
        Shape::text("a path", "^/", "/api/auth")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| match text.starts_with('/') {
            true => Ok(PathText(text.to_owned())),
            false => Err("it begins with `/`".to_owned()),
        })
    }
}

struct PathTable(PathRule);

impl Record for PathTable {
    const NAME: &'static str = "path";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let within = fields.required::<PathText>("within", "This path or a narrower one.");
        Some(PathTable(PathRule::Within(within?.0)))
    }
}

impl Decode for PathRule {
    fn shape() -> Shape {
        Shape::Either(vec![PathText::shape(), PathTable::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match node.value {
            Value::Table(_) => PathTable::decode(node, problems).map(|table| table.0),
            _ => PathText::decode(node, problems).map(|path| PathRule::Exact(path.0)),
        }
    }
}

impl Decode for DomainRule {
    fn shape() -> Shape {
        Shape::text("`host-only` or a domain", "^\\.?[^\\s/:@*]+$", "example.org")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            // A leading dot means nothing (RFC 6265bis 5.6.3).
            let domain = text.strip_prefix('.').unwrap_or(text).to_lowercase();
            match domain.as_str() {
                "host-only" => Ok(DomainRule::HostOnly),
                "" => Err("it is empty".to_owned()),
                _ if domain.contains(|c: char| c.is_whitespace() || "/:@*".contains(c)) => {
                    Err("this is no domain".to_owned())
                }
                _ => Ok(DomainRule::Domain(domain)),
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum TriggerWord {
    Login,
    ConsentAccepted,
    ConsentGiven,
    Interaction,
}

words!(TriggerWord {
    "login" => TriggerWord::Login,
    "consent-accepted" => TriggerWord::ConsentAccepted,
    "consent-given" => TriggerWord::ConsentGiven,
    "interaction" => TriggerWord::Interaction,
});

struct TriggerTable(String);

impl Record for TriggerTable {
    const NAME: &'static str = "trigger";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("journey", "A journey that the plan declares, by its name.").map(TriggerTable)
    }
}

impl Decode for Trigger {
    fn shape() -> Shape {
        Shape::Either(vec![TriggerWord::shape(), TriggerTable::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return TriggerTable::decode(node, problems).map(|table| Trigger::Journey(table.0));
        }
        Some(match word::<TriggerWord>(node, problems)? {
            TriggerWord::Login => Trigger::Login,
            TriggerWord::ConsentAccepted => Trigger::ConsentAccepted,
            TriggerWord::ConsentGiven => Trigger::ConsentGiven,
            TriggerWord::Interaction => Trigger::Interaction,
        })
    }
}

/// A page to link to: a URL, or a path on the site.
#[derive(Clone, Debug)]
pub(super) struct Address(pub(super) String);

impl Decode for Address {
    fn shape() -> Shape {
        Shape::text("a path or URL", "^(/|[hH][tT][tT][pP][sS]?://)", "/cookie-policy")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let absolute = text.starts_with("https://") || text.starts_with("http://");
            if !absolute && !text.starts_with('/') {
                return Err("it begins with `/` or `https://`".to_owned());
            }
            if absolute {
                url::Url::parse(text).map_err(|error| error.to_string())?;
            }
            Ok(Address(text.to_owned()))
        })
    }
}
