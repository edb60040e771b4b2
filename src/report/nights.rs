//! The nights side by side, and two runs against each other, for people and programs.

use super::text::{clean, width};
use super::{since, words};
use crate::history::overview::{Mark, Marks, Overview};
use crate::history::{Change, Since, Standing};
use crate::observation::StorageKind;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;

/// Columns of a message in the table.
const MESSAGE: usize = 60;

/// The overview as a table.
pub fn overview_text(overview: &Overview, out: &mut dyn io::Write) -> io::Result<()> {
    let (first, last) = (overview.nights.first(), overview.nights.last());
    writeln!(
        out,
        "{} ({}): {}{}\n",
        clean(&overview.site),
        clean(&overview.target),
        words::count_of(overview.nights.len() as u64, "night"),
        match (first, last) {
            (Some(first), Some(last)) if overview.nights.len() > 1 => {
                format!(", {} to {}", since::moment(&first.started), since::moment(&last.started))
            }
            _ => String::new(),
        }
    )?;
    writeln!(out, "  night             engine   pages  errors  warnings  things  new  gone")?;
    for night in &overview.nights {
        let number = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        writeln!(
            out,
            "  {:<16}  {:<7} {:>6} {:>7} {:>9} {:>7} {:>4} {:>5}",
            since::moment(&night.started),
            if night.browser { "browser" } else { "http" },
            night.pages,
            night.errors,
            night.warnings,
            night.things,
            number(night.new),
            number(night.gone),
        )?;
        for why in &night.incomplete {
            writeln!(out, "      not looked at  {}", clean(why))?;
        }
    }
    if overview.nights.len() == 1 {
        writeln!(out, "\n  the first night: nothing to compare with yet")?;
    }
    let findings: Vec<(String, &Marks)> = overview
        .findings
        .iter()
        .map(|row| (format!("{} {}: {}", row.id, row.rule, clean(&row.message)), &row.marks))
        .collect();
    table("Findings", &findings, out)?;
    let things: Vec<(String, &Marks)> =
        overview.things.iter().map(|row| (thing_name(row.kind, &row.name, &row.host), &row.marks)).collect();
    table("Cookies, storage and third parties", &things, out)?;
    writeln!(out, "\n  ● there   · looked for and not there   ? not looked at")
}

fn thing_name(kind: Option<StorageKind>, name: &str, host: &str) -> String {
    let mut beside: Vec<&str> = Vec::new();
    match kind {
        None => beside.push("third party"),
        Some(StorageKind::Cookie) => {}
        Some(kind) => beside.push(kind.in_words()),
    }
    if !host.is_empty() {
        beside.push(host);
    }
    let beside = if beside.is_empty() { String::new() } else { format!(" ({})", beside.join(", ")) };
    clean(&format!("{name}{beside}")).into_owned()
}

fn table(title: &str, rows: &[(String, &Marks)], out: &mut dyn io::Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    let columns = rows.iter().map(|(name, _)| width(name)).max().unwrap_or_default().min(MESSAGE);
    for (name, marks) in rows {
        let signs: String = marks.marks.iter().map(|mark| sign(*mark)).collect();
        let name = super::cut(name, MESSAGE);
        let gap = " ".repeat(columns.saturating_sub(width(&name)));
        writeln!(out, "  {name}{gap}  {signs}  {}", when(marks))?;
    }
    Ok(())
}

fn sign(mark: Mark) -> char {
    match mark {
        Mark::There => '●',
        Mark::Missing => '·',
        Mark::NotLookedAt => '?',
    }
}

/// Since when, how often, and whether it is gone.
fn when(marks: &Marks) -> String {
    let mut when = format!("since {}", crate::history::day(&marks.since));
    if marks.seen < marks.of {
        let _ = write!(when, ", seen {} of {} nights", marks.seen, marks.of);
    }
    if marks.marks.last() == Some(&Mark::Missing) {
        let _ = write!(when, ", last seen {}", crate::history::day(&marks.last));
    }
    when
}

#[derive(Serialize)]
struct OverviewOut<'a> {
    format: &'static str,
    sites: &'a [Overview],
}

/// The overviews for programs.
pub fn overview_json(sites: &[Overview], out: &mut dyn io::Write) -> io::Result<()> {
    super::json::pretty(&OverviewOut { format: "cookieproof-history/1", sites }, out)
}

/// The overviews as one page without anything from outside.
pub fn overview_html(sites: &[Overview], out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Nights of the cookie audit</title>\n<style>{STYLE}</style>\n<main>\n<h1>Nights of the cookie audit</h1>"
    )?;
    for overview in sites {
        writeln!(out, "<section>\n<h2>{} ({})</h2>", escaped(&overview.site), escaped(&overview.target))?;
        trend(overview, out)?;
        nights(overview, out)?;
        let findings: Vec<(String, &Marks)> = overview
            .findings
            .iter()
            .map(|row| (format!("{}: {}", row.rule, row.message), &row.marks))
            .collect();
        matrix("Findings", overview, &findings, out)?;
        let things: Vec<(String, &Marks)> = overview
            .things
            .iter()
            .map(|row| (thing_name(row.kind, &row.name, &row.host), &row.marks))
            .collect();
        matrix("Cookies, storage and third parties", overview, &things, out)?;
        writeln!(out, "</section>")?;
    }
    writeln!(out, "<p>● there, · looked for and not there, ? not looked at</p>\n</main>\n</html>")
}

const STYLE: &str = "\
:root{color-scheme:light dark;--bad:#b3261e;--warn:#8a5a00;--line:#8884}\
@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--warn:#ffca66}}\
body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:70rem;margin:auto;padding:1rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}\
th,td{border-bottom:1px solid var(--line);padding:.2rem .6rem;text-align:left;vertical-align:top}\
td.n{text-align:right;font-variant-numeric:tabular-nums}td.m{font-family:monospace;white-space:pre}\
h1,h2,td{overflow-wrap:anywhere}\
svg{width:100%;height:9rem;border-bottom:1px solid var(--line)}.e{fill:var(--bad)}.w{fill:var(--warn)}\
@media print{main{max-width:none}}";

/// A bar for each night: errors, with warnings on top.
fn trend(overview: &Overview, out: &mut dyn io::Write) -> io::Result<()> {
    let most =
        overview.nights.iter().map(|night| night.errors + night.warnings).max().unwrap_or_default().max(1);
    let count = overview.nights.len().max(1);
    let worst = overview.nights.iter().map(|night| night.errors).max().unwrap_or_default();
    writeln!(
        out,
        "<figure><svg viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Errors and warnings by night, at most {worst} errors\">",
        count * 10
    )?;
    for (at, night) in overview.nights.iter().enumerate() {
        let height = |count: u64| count as f64 * 95.0 / most as f64;
        let (errors, warnings) = (height(night.errors), height(night.warnings));
        writeln!(
            out,
            "<g><title>{}: {} errors, {} warnings</title><rect class=\"e\" x=\"{x}\" y=\"{:.1}\" width=\"8\" height=\"{errors:.1}\"/>\
             <rect class=\"w\" x=\"{x}\" y=\"{:.1}\" width=\"8\" height=\"{warnings:.1}\"/></g>",
            since::moment(&night.started),
            night.errors,
            night.warnings,
            100.0 - errors,
            100.0 - errors - warnings,
            x = at * 10 + 1,
        )?;
    }
    writeln!(
        out,
        "</svg><figcaption>Errors (below) and warnings (above), a bar for each night</figcaption></figure>"
    )
}

fn nights(overview: &Overview, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Night<th scope=\"col\">Engine<th scope=\"col\">Pages\
         <th scope=\"col\">Errors<th scope=\"col\">Warnings<th scope=\"col\">Things<th scope=\"col\">New<th scope=\"col\">Gone\
         <th scope=\"col\">Not looked at</tr></thead><tbody>"
    )?;
    for night in &overview.nights {
        let number = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        let why: Vec<String> = night.incomplete.iter().map(|why| escaped(why)).collect();
        writeln!(
            out,
            "<tr><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}\
             <td class=\"n\">{}<td class=\"n\">{}<td>{}</tr>",
            since::moment(&night.started),
            if night.browser { "browser" } else { "http" },
            night.pages,
            night.errors,
            night.warnings,
            night.things,
            number(night.new),
            number(night.gone),
            why.join("<br>"),
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

fn matrix(
    title: &str,
    overview: &Overview,
    rows: &[(String, &Marks)],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>{title}</h3><div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">What\
         <th scope=\"col\">{} nights<th scope=\"col\">When</tr></thead><tbody>",
        overview.nights.len()
    )?;
    for (name, marks) in rows {
        let signs: String = marks.marks.iter().map(|mark| sign(*mark)).collect();
        writeln!(out, "<tr><td>{}<td class=\"m\">{signs}<td>{}</tr>", escaped(name), escaped(&when(marks)))?;
    }
    writeln!(out, "</tbody></table></div>")
}

/// A site's own text never becomes markup.
fn escaped(text: &str) -> String {
    let text = clean(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Two runs against each other, in the terminal and in Markdown.
pub fn difference_text(before: &str, after: &str, since: &Since, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "before  {}\nafter   {}\n", clean(before), clean(after))?;
    for line in &since.caveats {
        writeln!(out, "  {}", clean(line))?;
    }
    for base in since.bases.iter().filter(|base| base.started.is_none()) {
        writeln!(out, "  {}: not looked at completely before", clean(&base.who))?;
    }
    for open in &since.open {
        writeln!(out, "  not looked at  {}: {}", clean(&open.who), clean(&open.why))?;
    }
    for thing in &since.things {
        writeln!(out, "  {}", clean(&since::thing_line(thing)))?;
    }
    for line in &since.pages {
        writeln!(out, "  ~ {}", clean(line))?;
    }
    for turn in &since.claims {
        writeln!(out, "  claim {} {} → {}", clean(&turn.claim), turn.from, turn.to)?;
    }
    for finding in since.findings.iter().filter(|finding| finding.standing != Standing::Still) {
        let label = match finding.standing {
            Standing::New => "new",
            Standing::Gone => "gone",
            _ => "not looked at",
        };
        let note = if finding.note.is_empty() { String::new() } else { format!(" ({})", finding.note) };
        writeln!(out, "  {label} finding  {}: {}{note}", finding.rule, clean(&finding.message))?;
    }
    if since.is_quiet() {
        let all =
            since.open.is_empty() && !since.things.iter().any(|thing| thing.change == Change::NotLookedAt);
        writeln!(out, "  the same{}", if all { "" } else { ", as far as was looked at" })?;
    }
    Ok(())
}

#[derive(Serialize)]
struct DifferenceOut<'a> {
    format: &'static str,
    before: &'a str,
    after: &'a str,
    same: bool,
    since: super::json::SinceOut<'a>,
}

/// The same for programs.
pub fn difference_json(before: &str, after: &str, since: &Since, out: &mut dyn io::Write) -> io::Result<()> {
    let same = since.is_quiet();
    let since = super::json::since(since);
    super::json::pretty(&DifferenceOut { format: "cookieproof-diff/1", before, after, same, since }, out)
}
