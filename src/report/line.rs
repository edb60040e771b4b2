//! A masked line, made readable: what its numbers mean, and which of its attributes a finding is
//! about.

use super::{text, words};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What the finding is about.
    pub(crate) at_issue: bool,
    pub(crate) text: String,
}

/// The line in pieces, cleaned, with lifetimes in words.
pub(crate) fn pieces(line: &str, rule: &str) -> Vec<Piece> {
    let of_rule = attributes(rule);
    let mut pieces: Vec<Piece> = Vec::new();
    for (number, part) in line.split("; ").enumerate() {
        let between = if number > 0 { "; " } else { "" };
        let at_issue = number > 0 && of_rule.iter().any(|name| is_attribute(part, name));
        let text = text::clean(&in_words(part, number)).into_owned();
        match pieces.last_mut() {
            Some(last) if last.at_issue == at_issue => {
                last.text.push_str(between);
                last.text.push_str(&text);
            }
            Some(last) if last.at_issue => {
                pieces.push(Piece { at_issue, text: format!("{between}{text}") });
            }
            Some(last) => {
                last.text.push_str(between);
                pieces.push(Piece { at_issue, text });
            }
            None => pieces.push(Piece { at_issue, text }),
        }
    }
    pieces
}

/// The line with lifetimes in words: `Max-Age=604800 (7 days)`.
pub(crate) fn explained(line: &str) -> String {
    let parts: Vec<String> =
        line.split("; ").enumerate().map(|(number, part)| in_words(part, number)).collect();
    parts.join("; ")
}

fn in_words(part: &str, number: usize) -> String {
    // What stands behind a line, as in `Max-Age=60 (written by ...)`, stays behind it.
    let (attribute, rest) = match part.split_once(' ') {
        Some((attribute, rest)) => (attribute, format!(" {rest}")),
        None => (part, String::new()),
    };
    let seconds = (number > 0 && is_attribute(attribute, "max-age"))
        .then(|| attribute.split_once('=')?.1.parse::<i64>().ok())
        .flatten();
    match seconds {
        Some(seconds) if seconds > 0 => {
            let words = words::duration(seconds);
            if words == format!("{seconds} s") {
                part.to_owned()
            } else {
                format!("{attribute} ({words}){rest}")
            }
        }
        _ => part.to_owned(),
    }
}

fn is_attribute(part: &str, name: &str) -> bool {
    part.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && part[name.len()..].chars().next().is_none_or(|c| matches!(c, '=' | ' ' | '('))
}

/// The attributes that a rule looks at.
fn attributes(rule: &str) -> &'static [&'static str] {
    match rule {
        "lifetime" | "rolling-renewal" => &["max-age", "expires"],
        "http-only" | "script-readable" => &["httponly"],
        "secure" => &["secure"],
        "same-site" | "sent-cross-site" => &["samesite"],
        "path" => &["path"],
        "domain" => &["domain"],
        "partitioned" => &["partitioned"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_said_in_words() {
        for (line, expected) in [
            ("sid=‹32 bytes›; Max-Age=604800; Path=/", "sid=‹32 bytes›; Max-Age=604800 (7 days); Path=/"),
            ("sid=‹9 bytes›; max-age=45", "sid=‹9 bytes›; max-age=45"),
            ("sid=‹9 bytes›; Max-Age=-1", "sid=‹9 bytes›; Max-Age=-1"),
            ("sid=‹9 bytes›; Max-Age=x", "sid=‹9 bytes›; Max-Age=x"),
            (
                "a=‹1 byte›; Max-Age=3600 (written by https://a/b.js:3)",
                "a=‹1 byte›; Max-Age=3600 (1 h) (written by https://a/b.js:3)",
            ),
            ("answered 404", "answered 404"),
        ] {
            assert_eq!(explained(line), expected);
        }
    }

    #[test]
    fn the_attribute_at_issue_stands_out() {
        let shown = |rule: &str| -> String {
            pieces("sid=‹32 bytes›; Max-Age=60; Path=/; Expires=Thu, 01 Jan; \u{1b}x", rule)
                .iter()
                .map(|piece| if piece.at_issue { format!("[{}]", piece.text) } else { piece.text.clone() })
                .collect()
        };
        assert_eq!(shown("lifetime"), "sid=‹32 bytes›; [Max-Age=60]; Path=/; [Expires=Thu, 01 Jan]; \\x1bx");
        assert_eq!(shown("path"), "sid=‹32 bytes›; Max-Age=60; [Path=/]; Expires=Thu, 01 Jan; \\x1bx");
        assert_eq!(
            shown("third-party-sets"),
            "sid=‹32 bytes›; Max-Age=60; Path=/; Expires=Thu, 01 Jan; \\x1bx"
        );
    }
}
