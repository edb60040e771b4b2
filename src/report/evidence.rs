//! What stands in an evidence folder beside the ordinary reports: the heads of the answers at issue, what
//! the folder is, and the list of sums by which it can be checked later, with this tool or with
//! `sha256sum -c`.

use super::text::clean;
use super::{Report, words};
use crate::audit::{Evidence, Finding};
use crate::observation::{Engine, Scan};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Format and version of what the folder says about itself.
pub const FORMAT: &str = "cookieproof-evidence/1";
/// What the folder says about itself.
pub const ABOUT: &str = "evidence.json";
/// The list of sums.
pub const SUMS: &str = "SHA256SUMS";

/// What the folder is: how it was made, by what, when, and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About<'a> {
    format: &'static str,
    tool: &'static str,
    /// When the folder was written, RFC 3339, UTC.
    written: &'a str,
    site: &'a str,
    /// The answer as the exit code has it.
    answer: &'a str,
    findings: usize,
    scan: AboutScan<'a>,
    heads: Heads,
    pictures: &'a Pictures,
    files: &'a [File],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct AboutScan<'a> {
    tool: &'a str,
    browser: Option<&'a str>,
    started: &'a str,
    seconds: u64,
    target: &'a str,
    base_url: &'a str,
    engines: Vec<Engine>,
    user_agent: &'a str,
    vantage: Option<&'a str>,
    partial: Option<&'a str>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// From the folder on, with slashes.
    pub path: String,
    /// What it is.
    pub what: &'static str,
}

/// What became of the pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pictures {
    pub kept: usize,
    /// Left out, since they show what only members see.
    pub of_members: usize,
    /// Named by the scan, and not to be had: what, and why.
    pub missing: Vec<String>,
}

/// Of how many answers at issue the head is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Heads {
    pub whole: usize,
    /// Of these only the line at issue was kept.
    pub lines: usize,
}

impl<'a> About<'a> {
    /// What there is to say of this report's folder.
    pub fn of(
        report: &Report<'a>,
        written: &'a str,
        site: &'a str,
        answer: &'a str,
        heads: Heads,
        pictures: &'a Pictures,
        files: &'a [File],
    ) -> Self {
        let run = &report.scan.run;
        About {
            format: FORMAT,
            tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")),
            written,
            site,
            answer,
            findings: report.audit.map_or(0, |audit| audit.findings.len()),
            scan: AboutScan {
                tool: &run.tool,
                browser: run.browser.as_ref().map(|browser| browser.version.as_str()),
                started: &run.started,
                seconds: run.seconds,
                target: &run.target,
                base_url: run.base_url.as_str(),
                engines: run.engines.iter().copied().collect(),
                user_agent: &run.user_agent,
                vantage: run.vantage.as_deref(),
                partial: run.partial.as_deref(),
            },
            heads,
            pictures,
            files,
        }
    }

    /// Writes it.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}

/// What is read of it again.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    pub tool: String,
    pub written: String,
    pub site: String,
    pub answer: String,
    scan: ToldScan,
    files: Vec<ToldFile>,
}

#[derive(Clone, Debug, Deserialize)]
struct ToldScan {
    started: String,
}

#[derive(Clone, Debug, Deserialize)]
struct ToldFile {
    path: String,
}

impl Told {
    /// What a folder says about itself, if that can be read.
    pub fn read(text: &[u8]) -> Option<Told> {
        serde_json::from_slice(text).ok()
    }

    /// The files it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// When the site was looked at.
    pub fn looked_at(&self) -> &str {
        &self.scan.started
    }
}

/// Writes the heads of the answers that findings are about.
pub fn heads(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<Heads> {
    let mut told = Heads::default();
    writeln!(out, "Heads of the answers that the findings are about, as the server sent them. Values of")?;
    writeln!(out, "cookies are masked, and of all other headers those are shown that tell nothing about")?;
    writeln!(out, "anybody.")?;
    let findings = report.audit.map(|audit| audit.findings.as_slice()).unwrap_or_default();
    if findings.is_empty() {
        writeln!(out, "\nThere are no findings.")?;
    }
    for finding in findings {
        writeln!(out)?;
        head_of(finding, out)?;
        for seen in &finding.evidence {
            writeln!(out)?;
            answer(report.scan, seen, &mut told, out)?;
        }
    }
    Ok(told)
}

fn head_of(finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "== {} {} ({})", finding.rule, clean(&finding.subject), finding.id)?;
    writeln!(out, "   {}", clean(&finding.message))
}

fn answer(scan: &Scan, seen: &Evidence, told: &mut Heads, out: &mut dyn io::Write) -> io::Result<()> {
    let who = words::cell(&seen.cell);
    let page = seen.page.as_ref().map(|page| format!(", on {}", page.asked)).unwrap_or_default();
    writeln!(out, "   {}{}:", clean(&who), clean(&page))?;
    let Some(at) = seen.exchange.as_ref().filter(|at| at.method().is_some()) else {
        return writeln!(out, "   no answer of a server: {}", clean(&seen.line));
    };
    let hop = if at.hop > 0 { format!(" (hop {} of its redirects)", at.hop) } else { String::new() };
    writeln!(out, "   {} {}{hop}", clean(&at.method), clean(at.url.as_str()))?;
    writeln!(out, "   {}", at.status)?;
    let mut heads = scan.heads.iter().filter(|kept| kept.cell == seen.cell && kept.exchange == *at);
    match heads.find(|kept| kept.head.sets(&seen.line)) {
        Some(kept) => {
            told.whole += 1;
            kept.head.lines.iter().try_for_each(|line| writeln!(out, "   {}", clean(line)))
        }
        None => {
            told.lines += 1;
            writeln!(out, "   set-cookie: {}", clean(&seen.line))?;
            writeln!(out, "   (the rest of this head was not kept)")
        }
    }
}

/// The sums of files, by their paths: what `sha256sum` writes and checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(pub BTreeMap<String, String>);

/// Why a list of sums cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSums {
    #[error("line {0} is no SHA-256 sum and a file's name")]
    Line(usize),
    #[error("line {0} names a file outside of the folder")]
    Outside(usize),
    #[error("line {0} names a file for the second time")]
    Twice(usize),
    #[error("it names no file")]
    Empty,
}

impl Sums {
    /// The list. Names of ours need no escapes.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.0.iter().try_for_each(|(path, sum)| writeln!(out, "{sum}  {path}"))
    }

    /// Reads a list, also one that `sha256sum` wrote, with its marks for binary files and its escapes.
    pub fn read(text: &str) -> Result<Sums, NoSums> {
        let mut sums = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if line.trim().is_empty() {
                continue;
            }
            let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |line| (true, line));
            let (sum, name) = line.split_at_checked(64).ok_or(NoSums::Line(number))?;
            let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"));
            let name = name.filter(|name| !name.is_empty()).ok_or(NoSums::Line(number))?;
            if !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(NoSums::Line(number));
            }
            let name = if escaped { unescaped(name) } else { name.to_owned() };
            let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
            if !stays_within(&name) {
                return Err(NoSums::Outside(number));
            }
            if sums.insert(name, sum.to_ascii_lowercase()).is_some() {
                return Err(NoSums::Twice(number));
            }
        }
        if sums.is_empty() { Err(NoSums::Empty) } else { Ok(Sums(sums)) }
    }

    /// What differs from what is there now. `named` are files that the folder itself says it has.
    pub fn compare<'n>(&self, found: &Sums, named: impl IntoIterator<Item = &'n str>) -> Vec<Change> {
        let mut changes = BTreeSet::new();
        for (path, sum) in &self.0 {
            match found.0.get(path) {
                None => changes.insert(Change::Missing(path.clone())),
                Some(now) if now != sum => changes.insert(Change::Changed(path.clone())),
                Some(_) => false,
            };
        }
        let surplus = found.0.keys().filter(|path| !self.0.contains_key(*path));
        changes.extend(surplus.cloned().map(Change::Surplus));
        let unlisted = named.into_iter().filter(|path| !self.0.contains_key(*path));
        changes.extend(unlisted.map(|path| Change::Unlisted(path.to_owned())));
        changes.into_iter().collect()
    }
}

/// A difference between an evidence folder and its list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Changed(String),
    Missing(String),
    /// There, and not in the list.
    Surplus(String),
    /// Not in the list, though the folder says of itself that it has it.
    Unlisted(String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Changed(path) => write!(f, "changed  {path}"),
            Change::Missing(path) => write!(f, "missing  {path}"),
            Change::Surplus(path) => write!(f, "surplus  {path}"),
            Change::Unlisted(path) => write!(f, "taken out of the list  {path}"),
        }
    }
}

/// Whether a path leads to nowhere but into the folder that it starts from.
fn stays_within(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|step| !matches!(step, "" | "." | ".."))
}

/// `sha256sum` writes a line break in a name as `\n`.
fn unescaped(name: &str) -> String {
    let mut plain = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        plain.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            (c, false) => c,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn sums(files: &[(&str, char)]) -> Sums {
        Sums(files.iter().map(|(path, digit)| ((*path).to_owned(), sum(*digit))).collect())
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let list = sums(&[("b/c.png", 'b'), ("a.json", '0')]);
        let mut text = Vec::new();
        list.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text, format!("{}  a.json\n{}  b/c.png\n", sum('0'), sum('b')));
        assert_eq!(Sums::read(&text), Ok(list));
        let others = format!("\\{} *./a\\nb\\\\c\r\n\n", sum('A'));
        assert_eq!(Sums::read(&others), Ok(sums(&[("a\nb\\c", 'a')])));
    }

    #[test]
    fn what_is_no_list_is_said() {
        let line = |name: &str| format!("{}  {name}\n", sum('1'));
        for (text, why) in [
            (String::new(), NoSums::Empty),
            ("hello\n".into(), NoSums::Line(1)),
            (format!("{}x", line("a")), NoSums::Line(2)),
            (line("a").replace('1', "g"), NoSums::Line(1)),
            (format!("{} a\n", sum('1')), NoSums::Line(1)),
            (line("../a"), NoSums::Outside(1)),
            (line("/etc/passwd"), NoSums::Outside(1)),
            (line("a/../../b"), NoSums::Outside(1)),
            (line("a") + &line("./a"), NoSums::Twice(2)),
            ("\u{fc}".repeat(50), NoSums::Line(1)),
        ] {
            assert_eq!(Sums::read(&text), Err(why), "{text}");
        }
    }

    #[test]
    fn each_difference_is_named() {
        let list = sums(&[("a", '1'), ("b", '2'), ("c", '3')]);
        let told = |found: &[(&str, char)], named: &[&str]| -> Vec<String> {
            let named = named.iter().copied();
            list.compare(&sums(found), named).iter().map(ToString::to_string).collect()
        };
        assert_eq!(told(&[("a", '1'), ("b", '2'), ("c", '3')], &["a"]), [""; 0]);
        assert_eq!(
            told(&[("a", '9'), ("c", '3'), ("d", '4')], &["a", "e"]),
            ["changed  a", "missing  b", "surplus  d", "taken out of the list  e"]
        );
    }
}
