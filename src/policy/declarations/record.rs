//! One record of data: keys are words that stand over columns, and some that only data has.

use super::{Group, heading};
use crate::policy::document::Table;
use crate::policy::inline::literal;
use crate::policy::words::{self, Column};
use serde_json::{Map, Value};

/// What a key of a record or a heading of a CSV says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Column(Column),
    /// A bare number of days.
    Days,
    Seconds,
    /// Whether it lasts a session.
    Session,
    FirstParty,
    ThirdParty,
    /// Whether the name is only the beginning of one.
    Wildcard,
    /// An attribute that is set.
    Flag(&'static str),
    SameSite,
}

fn kind(key: &str) -> Option<Kind> {
    Some(match spoken(key).as_str() {
        "identifier" | "cookie name" | "cookie" | "name" | "key" | "cookie id" => Kind::Column(Column::Name),
        // OneTrust counts days.
        "length" | "lifespan days" | "duration days" | "expiry days" | "lifetime days"
        | "duration in days" | "expires in days" | "lifespan (days)" | "duration (days)"
        | "expiry (days)" => Kind::Days,
        "max age seconds" | "max age" | "maxage" | "duration seconds" | "duration in seconds" => {
            Kind::Seconds
        }
        "is session" | "session" | "is session cookie" => Kind::Session,
        "first party" | "is first party" => Kind::FirstParty,
        "third party" | "is third party" => Kind::ThirdParty,
        "wildcard match" | "wildcard" | "is wildcard" => Kind::Wildcard,
        "http only" | "httponly" | "is http only" => Kind::Flag("HttpOnly"),
        "secure" | "is secure" => Kind::Flag("Secure"),
        "same site" | "samesite" => Kind::SameSite,
        "retention period" | "expire" | "lifespan" => Kind::Column(Column::Duration),
        // Termly writes the purpose under the language it is in.
        "en us" | "third party description" => Kind::Column(Column::Purpose),
        "cookie category name" => Kind::Column(Column::Category),
        "tracker type" | "cookie type" | "storage type" => Kind::Column(Column::Type),
        "host" | "domains" | "domain" => Kind::Column(Column::Domain),
        other => Kind::Column(words::column(other)?),
    })
}

/// A record as a table of one row, where it has a name and something about it.
pub(super) fn of(fields: &Map<String, Value>, group: &Group) -> Option<Table> {
    let mut head = Vec::new();
    let mut row = Vec::new();
    for (key, value) in fields {
        let Some(text) = text(value).filter(|_| kind(key).is_some()) else { continue };
        let is_id = kind(key) == Some(Kind::Column(Column::Name)) && value.is_number();
        // Whose page it is, not whose cookie.
        let is_address = kind(key) == Some(Kind::Column(Column::Provider)) && text.contains("://");
        if !is_id && !is_address {
            head.push(key.clone());
            row.push(text);
        }
    }
    let said =
        |column: Column, head: &[String]| head.iter().any(|key| kind(key) == Some(Kind::Column(column)));
    if let Some(party) = group.party.filter(|_| !said(Column::Party, &head)) {
        head.push("Used as".to_owned());
        row.push(party.to_owned());
    }
    if let Some(provider) = group.provider.clone().filter(|_| !said(Column::Provider, &head)) {
        head.push("Provider".to_owned());
        row.push(provider);
    }
    let named = said(Column::Name, &head);
    let about = head.iter().any(|key| {
        matches!(
            kind(key),
            Some(
                Kind::Days
                    | Kind::Seconds
                    | Kind::Session
                    | Kind::Column(
                        Column::Duration
                            | Column::Purpose
                            | Column::Type
                            | Column::Domain
                            | Column::Category
                            | Column::Provider
                    )
            )
        )
    });
    let mut table = Table { head, rows: vec![row], caption: None };
    settle(&mut table);
    (named && about).then_some(table)
}

/// The headings of a CSV, those that only data has as words for columns.
pub(super) fn known_heads(head: &[String]) -> Vec<String> {
    head.iter().map(|head| kind(head).map_or_else(|| head.clone(), |kind| column(kind).to_owned())).collect()
}

/// The heading of the column that a kind goes into.
fn column(kind: Kind) -> &'static str {
    match kind {
        Kind::Column(column) => heading(column),
        Kind::Days | Kind::Seconds | Kind::Session => heading(Column::Duration),
        Kind::FirstParty | Kind::ThirdParty => heading(Column::Party),
        Kind::Wildcard => heading(Column::Other),
        Kind::Flag(_) | Kind::SameSite => heading(Column::Attributes),
    }
}

/// Says in words what the cells say by their column, so that the table reads as a published one does.
pub(super) fn settle(table: &mut Table) {
    let kinds: Vec<Option<Kind>> = table.head.iter().map(|head| kind(head)).collect();
    let of = |wanted: Kind| kinds.iter().position(|kind| *kind == Some(wanted));
    let name = of(Kind::Column(Column::Name));
    let (wildcard, session) = (of(Kind::Wildcard), of(Kind::Session));
    for row in &mut table.rows {
        let yes =
            |at: Option<usize>, row: &[String]| at.and_then(|at| row.get(at)).and_then(|cell| boolean(cell));
        let (is_start, lasts_session) = (yes(wildcard, row) == Some(true), yes(session, row) == Some(true));
        for (cell, kind) in row.iter_mut().zip(&kinds) {
            let Some(kind) = kind else { continue };
            let said = in_words(*kind, cell.trim());
            // What a list says of the session stands above a number beside it.
            *cell = if lasts_session && column(*kind) == heading(Column::Duration) {
                "Session".to_owned()
            } else {
                said
            };
        }
        if is_start
            && let Some(cell) = name.and_then(|at| row.get_mut(at))
            && !cell.ends_with('*')
        {
            cell.push_str("\\*");
        }
    }
    for (head, kind) in table.head.iter_mut().zip(&kinds) {
        if let Some(kind) = kind {
            *head = column(*kind).to_owned();
        }
    }
}

fn in_words(kind: Kind, cell: &str) -> String {
    let digits = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    match (kind, boolean(cell)) {
        // Nought days are less than one, which is no lifetime.
        (Kind::Days, _) if digits && cell.bytes().any(|byte| byte != b'0') => format!("{cell} days"),
        (Kind::Days | Kind::Seconds, _) if digits && cell.bytes().all(|byte| byte == b'0') => String::new(),
        (Kind::Seconds, _) if digits => format!("{cell} seconds"),
        (Kind::FirstParty, Some(true)) | (Kind::ThirdParty, Some(false)) => "First party".to_owned(),
        (Kind::FirstParty, Some(false)) | (Kind::ThirdParty, Some(true)) => "Third party".to_owned(),
        (Kind::Flag(flag), Some(true)) => flag.to_owned(),
        (Kind::SameSite, _) if !cell.is_empty() => format!("SameSite={cell}"),
        (Kind::Session | Kind::Wildcard | Kind::Flag(_), _) => String::new(),
        // Termly joins words with underscores.
        (Kind::Column(Column::Type | Column::Storage), _) => cell.to_owned(),
        _ => literal(cell),
    }
}

fn boolean(cell: &str) -> Option<bool> {
    match cell.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" => Some(true),
        "false" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// What a value says in words: texts in several languages are in one of them.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            const LONGEST_TAG: usize = 7;
            let by_language = fields.keys().all(|key| key.len() <= LONGEST_TAG);
            let first = fields.values().find_map(Value::as_str);
            let chosen = ["en", "en-US", "en_us", "en-GB", "text", "Text"]
                .iter()
                .find_map(|key| fields.get(*key)?.as_str());
            chosen.or(first).filter(|_| by_language)?.to_owned()
        }
        Value::Null => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `maxAgeSeconds`, `cookie_name` → words.
pub(super) fn spoken(key: &str) -> String {
    let mut words = String::new();
    let mut before: Option<char> = None;
    for c in key.trim().chars() {
        if c == '_' || c == '-' {
            words.push(' ');
        } else {
            if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.trim().to_owned()
}
