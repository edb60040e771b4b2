//! Declarations within scripts: Cookiebot's, which writes a page's table or its dialog's lists, and JSON
//! that is handed to a function or a variable. No script is run; its literals are read.

use super::of_json;
use crate::policy::document::{Block, MOST_BLOCKS, Table};
use crate::policy::html;

/// The lists of Cookiebot's `cc.js`, and the category of each.
const LISTS: &[(&str, &str)] = &[
    ("cookieTableNecessary", "Necessary"),
    ("cookieTablePreference", "Preferences"),
    ("cookieTableStatistics", "Statistics"),
    ("cookieTableAdvertising", "Marketing"),
    ("cookieTableUnclassified", "Unclassified"),
];

/// What Cookiebot puts where the day of its scan will be shown.
const DATE: &str = "[#LOCALIZED_CRAWLDATE#]";

/// The blocks of a script that carries a declaration.
pub(super) fn blocks(text: &str) -> Option<Vec<Block>> {
    if text.trim_start().starts_with('<') {
        return None;
    }
    lists(text).or_else(|| page(text)).or_else(|| handed(text))
}

/// `CookieConsentDialog.cookieTableNecessary = [['name', 'provider', 'purpose', 'expiry', 'type', 'number', ...]]`.
fn lists(text: &str) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    for (list, category) in LISTS {
        let Some(rows) = after(text, list).and_then(rows).filter(|rows| !rows.is_empty()) else { continue };
        let head = ["Cookie", "Provider", "Purpose", "Duration", "Type"].map(str::to_owned).to_vec();
        let rows = rows.into_iter().map(|row| row_of(&row)).collect();
        blocks.push(Block::Heading { text: (*category).to_owned(), level: 2 });
        blocks.push(Block::Table(Table { head, rows, caption: None }));
    }
    (!blocks.is_empty()).then_some(blocks)
}

fn row_of(row: &[String]) -> Vec<String> {
    let cell = |at: usize| row.get(at).map(|text| shown(text)).unwrap_or_default();
    // The words for a type are the site's language; its number is not.
    let kind = match row.get(5).map(String::as_str) {
        Some("1") => "HTTP Cookie".to_owned(),
        Some("2") => "HTML Local Storage".to_owned(),
        Some("5") => "Pixel Tracker".to_owned(),
        _ => cell(4),
    };
    vec![cell(0), cell(1), cell(2), cell(3), kind]
}

/// `CookieDeclaration.InjectCookieDeclaration('<div>...')`: the page that `cdreport.js` writes.
fn page(text: &str) -> Option<Vec<Block>> {
    let start = text.find("InjectCookieDeclaration(")? + "InjectCookieDeclaration(".len();
    let (page, _) = string(text[start..].trim_start())?;
    let date = after(text, "lastUpdatedDate").and_then(day);
    let blocks = html::blocks(&match date {
        Some(date) => page.replace(DATE, &date),
        None => page,
    });
    (!blocks.is_empty()).then_some(blocks)
}

/// The day of a number of milliseconds since 1970.
fn day(text: &str) -> Option<String> {
    let digits = &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())];
    let time = jiff::Timestamp::from_millisecond(digits.parse().ok()?).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// `callback({...});`, `window.data = {...};`
fn handed(text: &str) -> Option<Vec<Block>> {
    const LONGEST_NAME: usize = 200;
    let start = text.find(['{', '['])?;
    let end = text.rfind(['}', ']'])? + 1;
    let name = text[..start].trim();
    let is_name = name.len() <= LONGEST_NAME
        && name.ends_with(['(', '='])
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | ' ' | '(' | '=' | '/' | '*'));
    if !is_name || end <= start || !text[end..].trim().chars().all(|c| matches!(c, ')' | ';')) {
        return None;
    }
    let value = serde_json::from_str(&text[start..end]).ok()?;
    Some(of_json(&value)).filter(|blocks| !blocks.is_empty())
}

/// What is given to a variable.
fn after<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.match_indices(name).find_map(|(at, _)| {
        let rest = text[at + name.len()..].trim_start().strip_prefix('=')?;
        (!rest.starts_with('=')).then(|| rest.trim_start())
    })
}

/// A list of lists of strings and numbers; none where it is something else.
fn rows(text: &str) -> Option<Vec<Vec<String>>> {
    let mut rest = text.strip_prefix('[')?.trim_start();
    let mut rows = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let mut row = Vec::new();
        rest = inner.trim_start();
        while !rest.starts_with(']') {
            let (value, after) = string(rest).or_else(|| bare(rest))?;
            row.push(value);
            rest = after.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        rest = rest[1..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        rows.push(row);
        if rows.len() > MOST_BLOCKS {
            return None;
        }
    }
    rest.starts_with(']').then_some(rows)
}

/// A number, `true`, `null`.
fn bare(text: &str) -> Option<(String, &str)> {
    let end =
        text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// A string literal and what follows it (ECMA-262, 12.9.4).
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((value, &text[at + c.len_utf8()..]));
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        let (_, escaped) = chars.next()?;
        match escaped {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' | '\n' => {}
            'x' => value.push(code(&mut chars, 2)?),
            'u' => value.push(code(&mut chars, 4)?),
            other => value.push(other),
        }
    }
    None
}

/// A character by its number; half of a pair is shown as what it is, no character.
fn code(chars: &mut impl Iterator<Item = (usize, char)>, digits: usize) -> Option<char> {
    let number = chars.take(digits).try_fold(0, |number, (_, c)| Some(number * 16 + c.to_digit(16)?))?;
    Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A cell that may hold markup, a link to the provider say.
fn shown(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return crate::policy::inline::literal(text);
    }
    let lines = html::blocks(text).into_iter().filter_map(|block| match block {
        Block::Line(line) => Some(line),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
