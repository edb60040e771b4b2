//! An explanation on paper: the answer first, then why, then the line part by part.

use crate::cookie::{Browser, Decision, Explanation, Lifetime};
use std::io::{self, Write};

/// Width of the text.
const WIDTH: usize = 80;

pub(super) fn write(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", explanation.line)?;
    writeln!(out, "from {}\n", explanation.url)?;
    writeln!(out, "{}", answer(explanation.browser, &explanation.decision))?;
    if let Some(other) = &explanation.elsewhere {
        writeln!(out, "{}", answer(other.browser, &other.decision))?;
    }
    for refusal in &explanation.refusals {
        let silent = if refusal.silent { " (DevTools says nothing)" } else { "" };
        wrapped(out, "  ", &format!("{}: {}{silent}", refusal.reason, refusal.says))?;
        wrapped(out, "    ", refusal.source)?;
    }
    writeln!(out, "\nPart by part")?;
    for part in &explanation.parts {
        match &part.written {
            Some(written) if part.ignored => wrapped(out, "  ", &format!("{written}  (no effect)"))?,
            Some(written) => wrapped(out, "  ", written)?,
            None => {}
        }
        let indent = if part.written.is_some() { "    " } else { "  " };
        wrapped(out, indent, &format!("{} [{}]", part.means, part.source))?;
    }
    if !explanation.differs_from_rfc.is_empty() {
        writeln!(out, "\nWhere Chromium is not RFC 6265bis")?;
        for difference in &explanation.differs_from_rfc {
            wrapped(out, "  ", &format!("{}: Chromium: {}.", difference.about, difference.chromium))?;
            wrapped(out, "    ", &format!("RFC 6265bis: {}.", difference.rfc))?;
        }
    }
    Ok(())
}

/// One sentence.
fn answer(browser: Browser, decision: &Decision) -> String {
    let effective = match decision {
        Decision::Rejected { .. } => return format!("{browser} refuses it."),
        Decision::Deleted { .. } => return format!("{browser} deletes the cookie."),
        Decision::Stored { effective } | Decision::Replaced { effective } => effective,
    };
    let whom = match effective.host_only {
        true => format!("{} alone", effective.domain),
        false => format!("{} and every host below it", effective.domain),
    };
    let until = match effective.lifetime {
        Lifetime::Session => "until it closes".to_owned(),
        Lifetime::Seconds(seconds) => format!("for {}", crate::cookie::duration(seconds)),
    };
    let apart = match &effective.partition {
        Some(site) => format!(", within pages of {site} only"),
        None => String::new(),
    };
    format!("{browser} keeps it {until}, for {whom}, path {}{apart}.", effective.path)
}

/// Words in lines of at most 80 columns; what is longer than a line stays in one piece.
fn wrapped(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split(' ') {
        let needed = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && needed > WIDTH {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{indent}{line}")
}
