//! Markdown and plain text into blocks.
//!
//! Not a Markdown parser: policies come out of converters, mail programs and browsers' *select all*,
//! with tables that lost a side, wrapped rows, or one cell a line. What counts is the line.

use super::document::{Block, MOST_BLOCKS, Table};
use super::{html, inline, words};
use words::Column;

/// Reads a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    // Bold in underscores: never read within a name, only around code.
    let text = bold_around_code(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut reader = Reader { lines: &lines, at: front_matter(&lines), blocks: Vec::new() };
    while reader.at < lines.len() && reader.blocks.len() < MOST_BLOCKS {
        reader.step();
    }
    reader.blocks
}

/// `` __`a`__ `` → `` **`a`** ``.
fn bold_around_code(text: &str) -> String {
    let mut bold = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("__`") {
        let inner = &rest[at + 3..];
        let close = inner
            .find('`')
            .filter(|close| inner[close + 1..].starts_with("__") && !inner[..*close].contains('\n'));
        bold.push_str(&rest[..at]);
        match close {
            Some(close) => {
                bold.push_str("**`");
                bold.push_str(&inner[..close]);
                bold.push_str("`**");
                rest = &inner[close + 3..];
            }
            None => {
                bold.push_str("__`");
                rest = inner;
            }
        }
    }
    bold.push_str(rest);
    bold
}

/// How many lines of settings stand before the document.
fn front_matter(lines: &[&str]) -> usize {
    if lines.first().map(|line| line.trim()) != Some("---") {
        return 0;
    }
    let end = lines.iter().skip(1).take(60).position(|line| line.trim() == "---");
    end.map_or(0, |at| at + 2)
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    blocks: Vec<Block>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let line = self.lines[self.at];
        let trimmed = line.trim();
        let next = self.lines.get(self.at + 1).map(|line| line.trim()).unwrap_or_default();
        if trimmed.is_empty() {
            self.push(Block::Break);
        } else if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            self.at += 1;
        } else if inline::folded(trimmed).contains("<table") {
            self.markup();
        } else if let Some((level, text)) = atx(trimmed) {
            self.push(Block::Heading { text, level });
        } else if is_underline(next, '=')
            || is_underline(next, '-')
                && self.at_paragraph_start()
                && !trimmed.contains('|')
                && bullet(line).is_none()
        {
            let level = if next.starts_with('=') { 1 } else { 2 };
            self.push(Block::Heading { text: trimmed.to_owned(), level });
            self.at += 1;
        } else if (trimmed.contains('|') || next == "|") && self.table() {
        } else if let Some((depth, text)) = bullet(line) {
            self.item(depth, text);
        } else if let Some(text) = self.numbered() {
            self.item(0, text);
        } else if let Some(bold) = bold_line(trimmed) {
            self.push(Block::Heading { text: bold, level: 7 });
        } else if !is_underline(trimmed, '-') && !is_underline(trimmed, '*') && !is_underline(trimmed, '_') {
            self.push(Block::Line(trimmed.trim_start_matches("> ").to_owned()));
        } else {
            self.push(Block::Break);
        }
    }

    fn push(&mut self, block: Block) {
        self.blocks.push(block);
        self.at += 1;
    }

    fn at_paragraph_start(&self) -> bool {
        !matches!(self.blocks.last(), Some(Block::Line(_)))
    }

    /// A table in markup within the text.
    fn markup(&mut self) {
        let start = self.at;
        while self.at < self.lines.len() && !inline::folded(self.lines[self.at]).contains("</table") {
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.lines.len());
        self.blocks.extend(html::blocks(&self.lines[start..self.at].join("\n")));
    }

    /// A bullet's text with the lines that belong to it.
    fn item(&mut self, depth: usize, text: String) {
        let mut text = text;
        self.at += 1;
        while let Some(line) = self.lines.get(self.at) {
            let continues = line.starts_with([' ', '\t'])
                && !line.trim().is_empty()
                && bullet(line).is_none()
                && !line.trim().starts_with('|');
            if !continues || text.len() > 20_000 {
                break;
            }
            text.push('\n');
            text.push_str(line.trim());
            self.at += 1;
        }
        self.blocks.push(Block::Item { text, depth });
    }

    /// `1. text` that stands beside another such line: a list, no heading.
    fn numbered(&self) -> Option<String> {
        let text = number(self.lines[self.at])?;
        let beside = |at: Option<usize>| {
            at.and_then(|at| self.lines.get(at)).is_some_and(|line| number(line).is_some())
        };
        let marked = text.starts_with("**") || text.starts_with('`');
        (beside(self.at.checked_sub(1)) || beside(Some(self.at + 1)) || marked).then_some(text)
    }

    /// A table with pipes, in whatever shape; false if this is none.
    fn table(&mut self) -> bool {
        let line = self.lines[self.at].trim();
        let rule = self.lines.get(self.at + 1).is_some_and(|line| is_rule(line));
        if rule {
            let head = cells(line);
            let style = Style::of(line, head.len());
            self.at += 2;
            let rows = self.rows(&style);
            self.blocks.push(Block::Table(Table { head, rows, caption: None }));
            return true;
        }
        if self.cell_a_line() {
            return true;
        }
        let head = cells(line);
        let known = head.iter().filter(|cell| super::forms::heading_column(cell).is_some()).count();
        if head.len() >= 2 && known * 2 > head.len() {
            let style = Style::of(line, head.len());
            self.at += 1;
            let rows = self.rows(&style);
            if !rows.is_empty() {
                self.blocks.push(Block::Table(Table { head, rows, caption: None }));
                return true;
            }
            self.at -= 1;
        }
        false
    }

    /// Rows until a line that is none; a row may go over several lines.
    fn rows(&mut self, style: &Style) -> Vec<Vec<String>> {
        const MOST_LINES: usize = 40;
        let mut rows = Vec::new();
        while let Some(first) = self.lines.get(self.at) {
            if !first.contains('|') && !style.may_wrap_from(first, &self.lines[self.at + 1..]) {
                break;
            }
            let mut row = first.trim().to_owned();
            let mut taken = 1;
            while pipes(&row) < style.pipes && taken < MOST_LINES {
                let Some(line) = self.lines.get(self.at + taken) else { break };
                if line.trim().is_empty()
                    || is_rule(line)
                    || (style.leading && line.trim_start().starts_with('|'))
                {
                    break;
                }
                row.push('\n');
                row.push_str(line.trim());
                taken += 1;
            }
            self.at += taken;
            if !is_rule(&row) {
                rows.push(cells(&row));
            }
            if rows.len() >= MOST_BLOCKS {
                break;
            }
        }
        rows
    }

    /// One cell a line, the pipe at its end or alone on the next.
    fn cell_a_line(&mut self) -> bool {
        let mut found: Vec<String> = Vec::new();
        let mut at = self.at;
        while let Some(line) = self.lines.get(at) {
            let line = line.trim();
            if line == "|" {
                if found.is_empty() {
                    return false;
                }
                at += 1;
                continue;
            }
            let alone = self.lines.get(at + 1).is_some_and(|next| next.trim() == "|");
            let text = match line.strip_suffix('|') {
                Some(text) if !text.contains('|') => text.trim(),
                None if alone => line,
                None if line.is_empty()
                    && self.lines.get(at + 1).is_some_and(|next| next.trim().ends_with('|')) =>
                {
                    at += 1;
                    continue;
                }
                _ => break,
            };
            found.push(text.to_owned());
            at += 1;
        }
        let cells: Vec<&str> = found.iter().take(50).map(String::as_str).collect();
        let columns = super::forms::head_width(&cells);
        let names =
            found[..columns].iter().any(|cell| super::forms::heading_column(cell) == Some(Column::Name));
        if columns < 2 || !names || found.len() < 2 * columns {
            return false;
        }
        let head = found[..columns].to_vec();
        let rows = found[columns..].chunks(columns).map(<[String]>::to_vec).collect();
        self.at = at;
        self.blocks.push(Block::Table(Table { head, rows, caption: None }));
        true
    }
}

/// How a table draws its rows.
struct Style {
    leading: bool,
    /// Pipes of a whole row.
    pipes: usize,
}

impl Style {
    fn of(head: &str, columns: usize) -> Self {
        let leading = head.starts_with('|');
        let trailing = head.ends_with('|') && head.len() > 1;
        Style { leading, pipes: columns.saturating_sub(1) + usize::from(leading) + usize::from(trailing) }
    }

    /// A line without a pipe begins a row where the row's pipes are on the lines after it.
    fn may_wrap_from(&self, line: &str, after: &[&str]) -> bool {
        if self.leading || line.trim().is_empty() {
            return false;
        }
        let mut count = 0;
        for next in after.iter().take(3) {
            if next.trim().is_empty() {
                return false;
            }
            count += pipes(next);
            if count >= self.pipes {
                return true;
            }
        }
        false
    }
}

fn pipes(row: &str) -> usize {
    let mut count = 0;
    let mut escaped = false;
    for c in row.chars() {
        if c == '|' && !escaped {
            count += 1;
        }
        escaped = c == '\\' && !escaped;
    }
    count
}

/// The cells of a row; `\|` is no border.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in row.chars() {
        if c == '|' && !escaped {
            cells.push(String::new());
        } else {
            if c == '|'
                && let Some(cell) = cells.last_mut()
            {
                cell.pop();
            }
            if let Some(cell) = cells.last_mut() {
                cell.push(c);
            }
        }
        escaped = c == '\\' && !escaped;
    }
    if row.starts_with('|') {
        cells.remove(0);
    }
    if row.ends_with('|') && cells.len() > 1 {
        cells.pop();
    }
    cells.iter().map(|cell| with_breaks(cell.trim())).collect()
}

fn with_breaks(cell: &str) -> String {
    if !cell.contains('<') {
        return cell.to_owned();
    }
    ["<br>", "<br/>", "<br />", "<BR>", "</p><p>", "</li><li>"]
        .iter()
        .fold(cell.to_owned(), |cell, tag| cell.replace(tag, "\n"))
        .replace("<p>", "")
        .replace("</p>", "")
        .replace("<ul>", "")
        .replace("</ul>", "")
        .replace("<li>", "")
        .replace("</li>", "")
        .replace("<code>", "`")
        .replace("</code>", "`")
        .replace("<strong>", "")
        .replace("</strong>", "")
        .replace("<b>", "")
        .replace("</b>", "")
}

/// `|---|:---:|`
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.contains("--")
        && line.contains('|')
        && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '+' | '='))
        || line.contains("-|-")
}

fn atx(line: &str) -> Option<(u8, String)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line[level..].trim().trim_end_matches('#').trim();
    ((1..=6).contains(&level) && line[level..].starts_with([' ', '\t']) && !text.is_empty())
        .then(|| (level as u8, text.to_owned()))
}

fn is_underline(line: &str, mark: char) -> bool {
    line.len() >= 3 && line.chars().all(|c| c == mark)
}

/// `- text`, `• text`, with its depth.
fn bullet(line: &str) -> Option<(usize, String)> {
    let indent: usize =
        line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
    let rest = line.trim_start();
    let mark = rest.chars().next()?;
    if !matches!(
        mark,
        '-' | '*'
            | '+'
            | '\u{2022}'
            | '\u{25e6}'
            | '\u{25aa}'
            | '\u{2023}'
            | '\u{00b7}'
            | '\u{25cf}'
            | '\u{2013}'
            | '\u{2212}'
            | '\u{25cb}'
    ) {
        return None;
    }
    let after = &rest[mark.len_utf8()..];
    let text = after.trim_start();
    let spaced = after.starts_with([' ', '\t']) || matches!(mark, '\u{2022}' | '\u{25cf}' | '\u{25aa}');
    (spaced && !text.is_empty()).then(|| (indent / 2, text.to_owned()))
}

/// `1. text`, `1) text`.
fn number(line: &str) -> Option<String> {
    let line = line.trim();
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = line[digits..].strip_prefix(['.', ')'])?;
    (digits > 0 && digits < 4 && rest.starts_with(' ')).then(|| rest.trim().to_owned())
}

/// A line that is bold and nothing else stands over something.
fn bold_line(line: &str) -> Option<String> {
    let inner = line.strip_prefix("**").or_else(|| line.strip_prefix("__"))?;
    let inner = inner.trim_end_matches(':');
    let inner = inner
        .strip_suffix("**")
        .or_else(|| inner.strip_suffix("__"))
        .or_else(|| inner.strip_suffix(":**"))?;
    (!inner.contains("**") && inner.len() < 120 && !inner.is_empty())
        .then(|| inner.trim_end_matches(':').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        blocks(text)
            .into_iter()
            .find_map(|block| match block {
                Block::Table(table) => Some(table),
                _ => None,
            })
            .unwrap_or_default()
    }

    #[test]
    fn tables_lose_their_sides_and_stay_tables() {
        for text in [
            "| Name | Purpose |\n|---|---|\n| a_b | c |\n",
            "Name | Purpose\n--- | ---\na_b | c\n",
            "Name | Purpose |\n--- | --- |\na_b | c |\n",
            "Name |\nPurpose |\na_b |\nc |\n",
            "Name\n|\nPurpose\n|\na_b\n|\nc\n|\n",
            "Name | Purpose\na_b | c\n",
        ] {
            let table = table(text);
            assert_eq!(table.head, ["Name", "Purpose"], "{text}");
            assert_eq!(table.rows, [["a_b", "c"]], "{text}");
        }
    }

    #[test]
    fn rows_go_over_lines_and_pipes_are_escaped() {
        let table = table("|Cookie|Purpose|\n|---|---|\n|one\ntwo|Both|\n|a\\|b|x<br>y|\n");
        assert_eq!(table.rows, [["one\ntwo", "Both"], ["a|b", "x\ny"]]);
    }

    #[test]
    fn headings_bullets_and_lines() {
        let text = "Title\n=====\n\n## Two\n**Bold**\n- one\n  more\n• two\n1. a\n2. b\nText";
        assert_eq!(
            blocks(text),
            [
                Block::Heading { text: "Title".into(), level: 1 },
                Block::Break,
                Block::Heading { text: "Two".into(), level: 2 },
                Block::Heading { text: "Bold".into(), level: 7 },
                Block::Item { text: "one\nmore".into(), depth: 0 },
                Block::Item { text: "two".into(), depth: 0 },
                Block::Item { text: "a".into(), depth: 0 },
                Block::Item { text: "b".into(), depth: 0 },
                Block::Line("Text".into()),
            ]
        );
    }
}
