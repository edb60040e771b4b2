//! Text without its markup: Markdown's escapes, emphasis, code and links; typographic characters.

/// The punctuation of ASCII: what a backslash takes its meaning from (CommonMark 2.4).
const ESCAPABLE: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
/// The first of 32 code points that are no characters, and never will be (Unicode 23.7).
const NO_CHARACTER: u32 = 0xFDD0;

/// Lower case, one character for one, so that places in both texts are the same.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) if lower.len_utf8() == c.len_utf8() => lower,
                _ => c,
            }
        })
        .collect()
}

/// A whole document in one spelling: line ends, blanks and apostrophes as everybody types them, and
/// without the characters that only tell a browser where a word may be broken.
pub(super) fn normalised(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    normal.push('\n');
                }
            }
            '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => normal.push('\n'),
            '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' | '\u{3000}' => normal.push(' '),
            c if is_break(c) => {}
            '\u{2019}' | '\u{2018}' | '\u{2032}' | '\u{b4}' => normal.push('\''),
            '\u{2010}' | '\u{2011}' => normal.push('-'),
            c => normal.push(c),
        }
    }
    normal
}

/// Characters that nobody sees: where a word may be broken or must not be, and marks of direction.
fn is_break(c: char) -> bool {
    matches!(
        c,
        '\0' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// A text that holds no markup, so that none is read in it.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&') {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}

/// Whether a text begins with what looks like a reference to a character (CommonMark 6.2).
pub(super) fn is_reference(text: &str) -> bool {
    const LONGEST: usize = 32;
    let Some(rest) = text.strip_prefix('&') else { return false };
    let name = rest.strip_prefix('#').unwrap_or(rest).as_bytes();
    let length = name.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    length > 0 && name.get(length) == Some(&b';')
}

/// `&lt;` → `<`: references that converters leave in a text.
fn without_references(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let referred = is_reference(rest).then(|| rest.split_once(';')).flatten();
        match referred.and_then(|(name, after)| Some((referred_to(&name[1..])?, after))) {
            Some((c, after)) => {
                if !is_break(c) {
                    plain.push(c);
                }
                rest = after;
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn referred_to(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?).filter(|c| !c.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "ndash" => '\u{2013}',
        "mdash" => '\u{2014}',
        "hellip" => '\u{2026}',
        "bull" => '\u{2022}',
        "middot" => '\u{b7}',
        "ldquo" => '\u{201c}',
        "rdquo" => '\u{201d}',
        "le" => '\u{2264}',
        "asymp" => '\u{2248}',
        "ast" => '*',
        "lowbar" => '_',
        "vert" | "verbar" => '|',
        "shy" | "ZeroWidthSpace" | "NoBreak" | "zwj" | "zwnj" => '\u{ad}',
        _ => return None,
    })
}

/// The text of code: nothing in it is markup, and what is escaped in a table's cell is itself.
pub(super) fn of_code(text: &str) -> String {
    shown(&hidden(text)).trim().to_owned()
}

/// A name's own text: escapes undone, code marks and bold gone, underscores and stars left alone.
pub(super) fn of_name(text: &str) -> String {
    let text = without_links(&hidden(text));
    let text = text.replace("**", "").replace('`', "");
    shown(&without_references(&without_emphasis(&text))).trim().to_owned()
}

/// A sentence's plain text.
pub(super) fn plain(text: &str) -> String {
    let text = without_links(&hidden(text));
    let text = text
        .replace("**", "")
        .replace('`', "")
        .replace("<br>", "\n")
        .replace("<br/>", "\n")
        .replace("<br />", "\n");
    let text = shown(&without_references(&without_emphasis(&text)));
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    lines.join("\n").trim().to_owned()
}

/// What is escaped and so is no markup, `\_` say, as one of the code points that are no characters, until
/// [`shown`].
pub(super) fn hidden(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.peek().filter(|_| c == '\\').and_then(|next| ESCAPABLE.find(*next));
        let stand_in = escaped.and_then(|at| char::from_u32(NO_CHARACTER + u32::try_from(at).ok()?));
        if stand_in.is_some() {
            chars.next();
        }
        plain.push(stand_in.unwrap_or(c));
    }
    plain
}

/// The characters that [`hidden`] put away.
fn shown(text: &str) -> String {
    let escaped = |c: char| {
        let at = u32::from(c).checked_sub(NO_CHARACTER)?;
        ESCAPABLE.chars().nth(usize::try_from(at).ok()?)
    };
    text.chars().map(|c| escaped(c).unwrap_or(c)).collect()
}

/// `_Note._` → `Note.`: only around whole words, since names hold underscores.
fn without_emphasis(text: &str) -> String {
    let trimmed = text.trim();
    for mark in ['_', '*'] {
        if let Some(inner) = trimmed.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark))
            && inner.contains(' ')
            && !inner.contains(mark)
        {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

/// `[text](address)` → `text`; pictures go.
fn without_links(text: &str) -> String {
    if !text.contains("](") {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let before = &rest[..at];
        let Some(close) = rest[at..].find(')') else { break };
        let Some(open) = before.rfind('[') else {
            plain.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        let picture = before[..open].ends_with('!');
        plain.push_str(if picture { &before[..open - 1] } else { &before[..open] });
        if !picture {
            plain.push_str(&before[open + 1..]);
        }
        rest = &rest[at + close + 1..];
    }
    plain.push_str(rest);
    plain
}

/// The sentences of a text; a full stop ends one only before a blank and a capital or the end.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let bytes: Vec<(usize, char)> = text.char_indices().collect();
    for (index, (at, c)) in bytes.iter().enumerate() {
        let next = bytes.get(index + 1).map(|(_, c)| *c);
        let after = bytes.get(index + 2).map(|(_, c)| *c);
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' => {
                let abbreviated = text[start..*at].ends_with("e.g")
                    || text[start..*at].ends_with("i.e")
                    || text[start..*at].ends_with("z.B")
                    || text[start..*at].ends_with(" Nr");
                next.is_none_or(char::is_whitespace)
                    && after.is_none_or(|c| !c.is_lowercase())
                    && !abbreviated
            }
            _ => false,
        };
        if ends {
            let end = at + c.len_utf8();
            let sentence = text[start..end].trim();
            if !sentence.is_empty() {
                sentences.push(sentence);
            }
            start = end;
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        sentences.push(last);
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_names_stay() {
        assert_eq!(of_name(r"`\_ga`"), "_ga");
        assert_eq!(of_name(r"**\_\_cf\_bm**"), "__cf_bm");
        assert_eq!(of_name(r"_hjSessionUser_{site\_id}"), "_hjSessionUser_{site_id}");
        assert_eq!(plain("See [our *terms*](https://a.test/x) **now**"), "See our *terms* now");
        assert_eq!(plain("![](https://a.test/x.png)"), "");
        assert_eq!(of_name("SSESS&lt;ID&gt;"), "SSESS<ID>");
        assert_eq!(
            plain(r"Q&amp;A &lt;br&gt; &#42;&#x2a; \&amp; AT&T &nope; &#0;"),
            "Q&A <br> ** &amp; AT&T &nope; &#0;"
        );
        assert_eq!(plain("_Page updated yesterday._"), "Page updated yesterday.");
    }

    #[test]
    fn sentences_end_with_a_stop_before_a_capital() {
        assert_eq!(
            sentences("Set by us (e.g. Better Auth). Read it. v1.2 is next\nLast"),
            ["Set by us (e.g. Better Auth).", "Read it. v1.2 is next", "Last"]
        );
    }
}
