//! Text on its way to a person's terminal. What a site wrote is hostile until it went through
//! [`clean`].

pub(crate) use crate::legible::{clean, is_unsafe};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to a number of columns, with `…` where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    // Marks that take no column may not pile up without end.
    if width(text) <= columns && text.chars().count() <= columns * 4 {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars().take(columns * 4) {
        let next = c.width().unwrap_or(0);
        if used + next + 1 > columns {
            break;
        }
        used += next;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// The text padded with spaces to a number of columns, or cut to it.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let mut fitted = cut(text, columns).into_owned();
    fitted.push_str(&" ".repeat(columns.saturating_sub(width(&fitted))));
    fitted
}

/// The text in lines, broken at spaces; a word longer than a line is broken anywhere. The first
/// line may be shorter than the others, where something stands before it.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let rest = rest.max(8);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for mut word in text.split(' ') {
        loop {
            let columns = if lines.len() == 1 { first } else { rest };
            let gap = usize::from(used > 0);
            let room = columns.checked_sub(used + gap);
            if let Some(wide) = room.and_then(|room| width_within(word, room)) {
                push(&mut lines, gap, word);
                used += gap + wide;
                break;
            }
            if used > 0 || columns < rest {
                lines.push(String::new());
                used = 0;
                continue;
            }
            let at = break_at(word, columns);
            push(&mut lines, 0, &word[..at]);
            word = &word[at..];
            lines.push(String::new());
        }
    }
    lines
}

/// The columns of a word that takes no more than these. No further is read: a word may be endless.
fn width_within(word: &str, columns: usize) -> Option<usize> {
    let mut used = 0;
    for c in word.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return None;
        }
    }
    Some(used)
}

fn push(lines: &mut [String], gap: usize, word: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(&" ".repeat(gap));
        line.push_str(word);
    }
}

/// The byte where a word is as wide as may be.
fn break_at(word: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_columns_not_bytes() {
        for (text, columns, expected) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, columns), expected);
        }
        assert!(cut(&format!("e{}", "\u{301}".repeat(10_000)), 20).len() < 200);
        assert_eq!(fit("日本", 6), "日本  ");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_long_words() {
        assert_eq!(wrap("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijkl mn", 8, 8), ["abcdefgh", "ijkl mn"]);
        assert_eq!(wrap("", 8, 8), [""]);
        assert_eq!(wrap("one two three", 4, 9), ["one", "two three"]);
        assert_eq!(wrap("abcdefghijkl", 4, 9), ["", "abcdefghi", "jkl"]);
        assert_eq!(wrap(&"日".repeat(6), 8, 8), ["日日日日", "日日"]);
        // In proportion to its length.
        assert_eq!(wrap(&"x".repeat(8_000_000), 8, 8).len(), 1_000_000);
    }
}
