//! The report for a person at a terminal: the answer first, each finding in three lines, then what
//! was seen and how it was looked at. Nothing a site wrote gets here but through [`text::clean`].

use super::answer::{self, Counts, Tone};
use super::coverage::{self, short_url};
use super::gathered::gathered;
use super::inventory::{self, Fate, Row};
use super::{Report, cause, inconclusive, line, since, text, third_parties, words};
use crate::audit::{Audit, Evidence, Finding, Note, Severity, State};
use crate::history::{Change, Standing};
use crate::observation::{ExchangeRef, Party, Scan, Sighting, StorageKind};
use anstyle::{AnsiColor, Style};
use std::io;

/// How the report is to be laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) color: bool,
    pub(crate) width: usize,
    pub(crate) verbose: bool,
}

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, layout: Layout, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { out, layout, base: report.scan.run.base_url.as_str() };
    match report.audit {
        Some(audit) => {
            page.answer(report, audit)?;
            page.since(report)?;
            page.findings(report, audit)?;
            page.baseline(report)?;
            page.rounds(report)?;
            page.open(audit)?;
            page.notes(report, audit)?;
            if layout.verbose {
                page.verdicts(report, audit)?;
                page.blocks(report.scan)?;
            } else {
                page.table(report.scan)?;
            }
        }
        None => {
            page.seen(report)?;
            page.since(report)?;
            page.blocks(report.scan)?;
        }
    }
    page.third_parties(report)?;
    if layout.verbose {
        page.probes(report.scan)?;
    }
    page.coverage(report.scan)?;
    page.how(report)
}

struct Page<'a> {
    out: &'a mut dyn io::Write,
    layout: Layout,
    base: &'a str,
}

impl Page<'_> {
    fn answer(&mut self, report: &Report<'_>, audit: &Audit) -> io::Result<()> {
        let counts = Counts::of(audit);
        let (tone, sentence) = answer::sentence(report, audit, &counts);
        self.paragraph(tone_style(tone), "", "", &sentence)?;
        self.blank()?;
        let open = answer::open(audit);
        let mut why: Vec<(&str, usize)> = Vec::new();
        for group in &open {
            match why.iter_mut().find(|(words, _)| *words == words::why(group.why)) {
                Some((_, count)) => *count += group.claims.len(),
                None => why.push((words::why(group.why), group.claims.len())),
            }
        }
        let why: Vec<String> = why.iter().map(|(words, count)| format!("{count} {words}")).collect();
        let mut found = counts.findings();
        if !report.accepted.is_empty() {
            found.push_str(&format!(", {} accepted", report.accepted.len()));
        }
        for (label, count, style, detail) in [
            ("upheld", counts.upheld, GREEN, String::new()),
            ("refuted", counts.refuted, RED, found),
            ("not verified", counts.not_verified, YELLOW, why.join(", ")),
        ] {
            let style = if count > 0 { style } else { PLAIN };
            let gap = if detail.is_empty() { 0 } else { 15 };
            self.paragraph(style, &format!("{count:>6} {label:<gap$}"), "       ", &detail)?;
        }
        self.reasons(report)
    }

    fn seen(&mut self, report: &Report<'_>) -> io::Result<()> {
        let kept = inventory::kept(report.scan);
        let sentence = inventory::sentence(report.scan);
        let unsure = !inconclusive(report.scan, None).is_empty();
        match (kept, unsure) {
            (0, true) => self.paragraph(
                YELLOW,
                "",
                "",
                &format!("INCONCLUSIVE: nothing can be said of {}.", report.scan.run.base_url),
            )?,
            _ => self.paragraph(BOLD, "", "", &sentence)?,
        }
        self.reasons(report)
    }

    /// Why the answer is none, where it is none.
    fn reasons(&mut self, report: &Report<'_>) -> io::Result<()> {
        let reasons = report.inconclusive();
        if !reasons.is_empty() {
            self.blank()?;
        }
        for reason in reasons {
            let reason = match self.layout.verbose {
                true => reason,
                false => cause::without_the_pages_words(&reason),
            };
            self.paragraph(YELLOW, "  inconclusive  ", "    ", &reason)?;
        }
        Ok(())
    }

    /// What changed since the last time.
    fn since(&mut self, report: &Report<'_>) -> io::Result<()> {
        let Some(since) = report.since else { return Ok(()) };
        self.heading("Since last time", "")?;
        if since.is_first() {
            self.paragraph(PLAIN, "  ", "    ", "the first run: nothing to compare with yet")?;
            for open in &since.open {
                self.paragraph(YELLOW, "  not looked at  ", "    ", &format!("{}: {}", open.who, open.why))?;
            }
            return Ok(());
        }
        for line in since::compared_with(since) {
            self.paragraph(DIM, "  ", "    ", &line)?;
        }
        for line in &since.caveats {
            self.paragraph(YELLOW, "  ", "    ", line)?;
        }
        for open in &since.open {
            self.paragraph(YELLOW, "  not looked at  ", "    ", &format!("{}: {}", open.who, open.why))?;
        }
        if since.is_quiet() {
            self.paragraph(GREEN, "  ", "    ", "nothing changed, as far as was looked at")?;
        }
        let (unseen, seen): (Vec<_>, Vec<_>) =
            since.things.iter().partition(|thing| thing.change == Change::NotLookedAt);
        for thing in seen {
            let style = match thing.change {
                Change::Appeared => RED,
                Change::Gone => GREEN,
                _ => YELLOW,
            };
            let line = since::thing_line(thing);
            let (sign, rest) = line.split_at(line.find(' ').map_or(0, |at| at + 1));
            self.paragraph(style, &format!("  {sign}"), "      ", rest)?;
        }
        for line in &since.pages {
            self.paragraph(YELLOW, "  ~ ", "      ", line)?;
        }
        for turn in &since.claims {
            let text = format!("{} {} → {}", turn.claim, turn.from, turn.to);
            self.paragraph(YELLOW, "  claim ", "      ", &text)?;
        }
        let count = move |standing| since.findings.iter().filter(move |finding| finding.standing == standing);
        for (standing, style, label) in [
            (Standing::New, RED, "new"),
            (Standing::Gone, GREEN, "gone"),
            (Standing::NotLookedAt, YELLOW, "not looked at"),
        ] {
            for finding in count(standing) {
                let note =
                    if finding.note.is_empty() { String::new() } else { format!(" ({})", finding.note) };
                let text = format!("{}: {}{note}", finding.rule, finding.message);
                self.paragraph(style, &format!("  {label} finding  "), "      ", &text)?;
            }
        }
        let still = count(Standing::Still).count() as u64;
        if still > 0 {
            let text = format!("{} still there", words::count_of(still, "finding"));
            self.paragraph(PLAIN, "  ", "    ", &text)?;
        }
        if !unseen.is_empty() {
            let names: Vec<&str> = unseen.iter().map(|thing| thing.name.as_str()).collect();
            self.paragraph(YELLOW, "  not looked at this time  ", "    ", &names.join(", "))?;
        }
        Ok(())
    }

    /// What is to be said of the baseline.
    fn baseline(&mut self, report: &Report<'_>) -> io::Result<()> {
        if report.remarks.is_empty() {
            return Ok(());
        }
        self.heading("Baseline", "")?;
        for remark in report.remarks {
            self.paragraph(PLAIN, "  ", "    ", remark)?;
        }
        Ok(())
    }

    /// What was not there in each round.
    fn rounds(&mut self, report: &Report<'_>) -> io::Result<()> {
        let Some(rounds) = report.rounds.filter(|rounds| !rounds.unsteady.is_empty()) else { return Ok(()) };
        self.heading("Not in every round", "")?;
        for (kind, name, seen) in &rounds.unsteady {
            let text = format!("{name} ({}): {}", kind.in_words(), rounds.in_words(*seen));
            self.paragraph(PLAIN, "  ", "    ", &text)?;
        }
        Ok(())
    }

    fn findings(&mut self, report: &Report<'_>, audit: &Audit) -> io::Result<()> {
        if audit.findings.is_empty() {
            return Ok(());
        }
        self.heading("Findings", "")?;
        for (number, finding) in audit.findings.iter().enumerate() {
            if number > 0 {
                self.blank()?;
            }
            self.finding(report, finding)?;
        }
        Ok(())
    }

    /// What, where declared, evidence: a line each; all of it with `-v`.
    fn finding(&mut self, report: &Report<'_>, finding: &Finding) -> io::Result<()> {
        let style = match finding.severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
            Severity::Note => CYAN,
        };
        let accepted = report.accepted.iter().find(|accepted| accepted.id == finding.id);
        let style = if accepted.is_some() { DIM } else { style };
        let label = format!("{}[{}] ", words::severity(finding.severity), finding.rule);
        self.paragraph(style, &label, "  ", &finding.message)?;
        if let Some(declared) = &finding.declared {
            let place = place(report, declared.place.line, declared.place.column);
            self.labelled("declared", &format!("{place}  {}", declared.says))?;
        }
        if let Some(accepted) = accepted {
            self.labelled("accepted", &accepted.in_words())?;
        }
        let known = report.since.and_then(|since| since.findings.iter().find(|known| known.id == finding.id));
        if let Some(known) = known.filter(|_| report.since.is_some_and(|since| !since.is_first())) {
            let mut standing = match (known.standing, &known.first_seen) {
                (Standing::New, None) => "new".to_owned(),
                (Standing::New, Some(day)) => format!("new (first seen {day})"),
                (_, Some(day)) => format!("still there, since {day}"),
                (_, None) => "still there".to_owned(),
            };
            if !known.note.is_empty() {
                standing.push_str(&format!(", {}", known.note));
            }
            self.labelled("since", &standing)?;
        }
        if let Some(rounds) = report.rounds
            && let Some(seen) = rounds.findings.get(&finding.id)
            && (*seen < rounds.of || self.layout.verbose)
        {
            self.labelled("rounds", &rounds.in_words(*seen))?;
        }
        let shown = if self.layout.verbose { finding.evidence.len() } else { 1 };
        for evidence in finding.evidence.iter().take(shown) {
            let (line, full) = self.evidence(evidence);
            match self.layout.verbose {
                true => {
                    self.labelled("seen", &full)?;
                    self.labelled("", &line::explained(&evidence.line))?;
                    if let Some(picture) = &evidence.picture {
                        self.labelled("picture", picture)?;
                    }
                    if let Some(replay) = &evidence.replay {
                        self.labelled("again", replay)?;
                    }
                }
                false => self.labelled("seen", &line)?,
            }
        }
        if self.layout.verbose {
            if let Some(hint) = &finding.hint {
                self.labelled("hint", hint)?;
            }
            if !finding.claims.is_empty() {
                self.labelled("refutes", &finding.claims.join(", "))?;
            }
            self.labelled("id", &finding.id)?;
        }
        Ok(())
    }

    /// The evidence in one line, and its circumstances in full.
    fn evidence(&self, evidence: &Evidence) -> (String, String) {
        let who = words::cell(&evidence.cell);
        let (short, full) = match (&evidence.exchange, &evidence.page) {
            (Some(at), page) => {
                let mut full = format!("{}{} ({who})", at.in_words(at.url.as_str()), status_of(at));
                if let Some(page) = page
                    && page.asked != at.url
                {
                    full.push_str(&format!(", asked for {}", page.asked));
                }
                (format!("{}, {who}", at.in_words(short_url(at.url.as_str(), self.base))), full)
            }
            (None, Some(page)) => (
                format!("{}, {who}", short_url(page.asked.as_str(), self.base)),
                format!("{} ({who})", page.asked),
            ),
            (None, None) => (who.clone(), who),
        };
        let full = match evidence.count {
            0 | 1 => full,
            count => format!("{full}, {}", words::times(count)),
        };
        (format!("{short}: {}", line::explained(&gist(&evidence.line))), full)
    }

    fn open(&mut self, audit: &Audit) -> io::Result<()> {
        let open = answer::open(audit);
        if open.is_empty() {
            return Ok(());
        }
        self.heading("Not verified", "")?;
        for group in open {
            let shown = if self.layout.verbose { group.claims.len() } else { 3 };
            let mut ids: Vec<&str> =
                group.claims.iter().take(shown).map(|verdict| verdict.claim.as_str()).collect();
            let more = format!("{} more", group.claims.len().saturating_sub(shown));
            if group.claims.len() > shown {
                ids.push(&more);
            }
            let label = format!("{:>6} ", group.claims.len());
            let text = format!("{}: {}", words::why(group.why), ids.join(", "));
            self.paragraph(PLAIN, &label, "       ", &text)?;
            self.paragraph(DIM, "       to decide: ", "         ", group.decided_by)?;
        }
        Ok(())
    }

    fn notes(&mut self, report: &Report<'_>, audit: &Audit) -> io::Result<()> {
        if audit.notes.is_empty() {
            return Ok(());
        }
        self.heading("Notes", "")?;
        for (subject, note) in notes(audit, !self.layout.verbose) {
            let place =
                note.place.map(|at| format!("{}  ", place(report, at.line, at.column))).unwrap_or_default();
            self.paragraph(PLAIN, "  ", "    ", &format!("{place}{subject}: {}", note.text))?;
        }
        Ok(())
    }

    fn verdicts(&mut self, report: &Report<'_>, audit: &Audit) -> io::Result<()> {
        self.heading("Claims", "")?;
        for verdict in &audit.verdicts {
            let (style, word, detail) = match &verdict.state {
                State::Upheld { seen } => (GREEN, "upheld", seen.clone()),
                State::Refuted { findings } => (RED, "refuted", format!("see {}", findings.join(", "))),
                State::NotVerified { why, detail, .. } => {
                    (YELLOW, "not verified", format!("{}: {detail}", words::why(*why)))
                }
            };
            self.paragraph(style, &format!("  {word:<13}"), "    ", &verdict.claim)?;
            let place = place(report, verdict.place.line, verdict.place.column);
            self.paragraph(PLAIN, "    ", "    ", &format!("{place}  {}", verdict.text))?;
            if let Some(source) = &verdict.source {
                self.paragraph(DIM, "    ", "    ", &format!("“{source}”"))?;
            }
            self.paragraph(DIM, "    ", "    ", &detail)?;
        }
        Ok(())
    }

    /// The inventory as a table, a row for each way a thing was written.
    fn table(&mut self, scan: &Scan) -> io::Result<()> {
        for mut place in inventory::places(scan) {
            place.rows = inventory::gathered(place.rows);
            let width = self.layout.width.clamp(60, 120);
            self.heading(&format!("Seen on {}", place.domain), party(place.party))?;
            // Name and attributes get what they need, within bounds; who and where the rest.
            let longest = |most: usize, of: &dyn Fn(&Row<'_>) -> usize| {
                place.rows.iter().map(of).max().unwrap_or(0).clamp(4, most)
            };
            let name = longest(width / 3, &|row| text::width(&text::clean(&row.name)));
            let life = longest(9, &|row| row.lifetime.len()).max(8);
            let attributes = longest(width / 3, &|row| text::width(&text::clean(&row.attributes))).max(10);
            let path = longest(14, &|row| text::width(&text::clean(row.path)));
            let rest = width.saturating_sub(2 + name + life + attributes + path + 8).max(8);
            let columns = [name, life, attributes, path, rest];
            self.row(DIM, columns, ["name", "lifetime", "attributes", "path", "to"])?;
            for row in &place.rows {
                let who = row.personas.join(", ");
                match &row.fate {
                    Fate::Kept => {
                        self.row(
                            PLAIN,
                            columns,
                            [&row.name, &row.lifetime, &row.attributes, row.path, &who],
                        )?;
                        if let Some(elsewhere) = row.elsewhere {
                            self.paragraph(YELLOW, "    ", "    ", &words::elsewhere(elsewhere))?;
                        }
                    }
                    Fate::Deleted => {
                        self.row(PLAIN, columns, [&row.name, "deleted", "", row.path, &who])?;
                    }
                    Fate::Refused(_) => {
                        self.row(YELLOW, columns, [&row.name, "refused", &row.attributes, row.path, &who])?;
                        self.paragraph(YELLOW, "    ", "    ", &row.refusal().unwrap_or_default())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, style: Style, columns: [usize; 5], cells: [&str; 5]) -> io::Result<()> {
        let cleaned = cells.map(text::clean);
        if columns.iter().zip(&cleaned).any(|(width, cell)| text::width(cell) > *width) {
            // What does not fit its column is not cut: the row takes the lines that it needs.
            let cells: Vec<&str> =
                cleaned.iter().map(AsRef::as_ref).filter(|cell| !cell.is_empty()).collect();
            return self.paragraph(style, "  ", "      ", &cells.join("  "));
        }
        let mut line = String::from("  ");
        for (width, cell) in columns.into_iter().zip(cells) {
            line.push_str(&text::fit(&text::clean(cell), width));
            line.push_str("  ");
        }
        self.styled(style, line.trim_end())?;
        self.blank()
    }

    /// The inventory as blocks: what, the line as written, who set it and where.
    fn blocks(&mut self, scan: &Scan) -> io::Result<()> {
        for mut place in inventory::places(scan) {
            if !self.layout.verbose {
                place.rows = inventory::gathered(place.rows);
            }
            self.heading(&format!("Seen on {}", place.domain), party(place.party))?;
            for row in &place.rows {
                self.block(row)?;
            }
        }
        Ok(())
    }

    fn block(&mut self, row: &Row<'_>) -> io::Result<()> {
        let (style, fate) = match &row.fate {
            Fate::Kept if row.kind == StorageKind::Cookie => (BOLD, row.lifetime.clone()),
            Fate::Kept => (BOLD, row.kind.in_words().to_owned()),
            Fate::Deleted => (DIM, "deleted".into()),
            Fate::Refused(_) => (YELLOW, row.refusal().unwrap_or_default()),
        };
        let scope = match row.effective {
            Some(kept) if kept.host_only => format!(", this host only, path {}", kept.path),
            Some(kept) => format!(", {} and below, path {}", kept.domain, kept.path),
            None => String::new(),
        };
        let capped = match row.effective {
            Some(kept)
                if row.fate == Fate::Kept
                    && words::lifetime(&kept.lifetime) != row.lifetime
                    && row.kind == StorageKind::Cookie =>
            {
                format!(", kept {}", words::lifetime(&kept.lifetime))
            }
            _ => String::new(),
        };
        self.paragraph(
            style,
            &format!("  {}  ", text::clean(&row.name)),
            "    ",
            &format!("{fate}{capped}{scope}"),
        )?;
        let Some(first) = row.examples.first() else { return Ok(()) };
        self.paragraph(PLAIN, "    ", "      ", &first.line)?;
        if let (Fate::Kept, Some(elsewhere)) = (&row.fate, row.elsewhere) {
            self.paragraph(YELLOW, "    ", "      ", &words::elsewhere(elsewhere))?;
        }
        if let Some(disagreement) = row.examples.iter().find_map(|example| example.disagreement.as_ref()) {
            self.paragraph(YELLOW, "    ", "      ", &format!("the browser did otherwise: {disagreement}"))?;
        }
        let examples = if self.layout.verbose { row.examples.len() } else { 1 };
        for (number, example) in row.examples.iter().take(examples).enumerate() {
            let mut text = self.setter(example);
            if number == 0 && row.count > 1 {
                text.push_str(&format!("; {} times in all", row.count));
            }
            if number == 0 && row.personas.len() > 1 {
                text.push_str(&format!(", to {}", row.personas.join(" and ")));
            }
            self.paragraph(DIM, "    ", "      ", &text)?;
        }
        Ok(())
    }

    /// Who set it and where.
    fn setter(&self, sighting: &Sighting) -> String {
        let at = &sighting.exchange;
        let mut text = format!(
            "by {}{} ({})",
            at.in_words(short_url(at.url.as_str(), self.base)),
            status_of(at),
            words::cell(&sighting.cell)
        );
        if let Some(script) = &sighting.script {
            text = format!(
                "by script {}:{} on {} ({})",
                short_url(script.url.as_str(), self.base),
                script.line,
                short_url(sighting.page.asked.as_str(), self.base),
                words::cell(&sighting.cell)
            );
        } else if sighting.page.asked != at.url {
            let how = if at.hop > 0 { "on the way from" } else { "on" };
            text.push_str(&format!(", {how} {}", short_url(sighting.page.asked.as_str(), self.base)));
        }
        if let Some(seconds) = words::seconds_after_load(sighting) {
            text.push_str(&format!(", {seconds} s after load"));
        }
        text
    }

    /// A line for each registrable domain; with `-v` its hosts and scripts, too.
    fn third_parties(&mut self, report: &Report<'_>) -> io::Result<()> {
        /// Sites with hundreds of others exist; the rest is in the other formats.
        const MOST: usize = 15;
        let others = third_parties::others(report.scan, report.knowledge);
        if others.is_empty() {
            return Ok(());
        }
        self.heading("Third parties", "")?;
        let shown = if self.layout.verbose { others.len() } else { MOST };
        for other in others.iter().take(shown) {
            let style = match &other.fact {
                Some(fact) if fact.role.tracks() => YELLOW,
                _ => PLAIN,
            };
            let mut parts = vec![other.who()];
            if let Some(page) = other.pages.first() {
                let verb = if other.fetched { "asked" } else { "mentioned, not asked" };
                let on = match other.pages.len() {
                    1 => short_url(page, self.base).to_owned(),
                    pages => format!("{pages} kinds of pages, as {}", short_url(page, self.base)),
                };
                parts.push(format!("{} {verb}, on {on}", words::times(other.requests)));
            }
            if let Some(script) = other.script {
                parts.push(format!(
                    "by script {}:{}",
                    short_url(script.url.as_str(), self.base),
                    script.line
                ));
            }
            for (label, text) in [("told ", other.told()), ("leaves ", other.left())] {
                if !text.is_empty() {
                    parts.push(format!("{label}{text}"));
                }
            }
            parts.retain(|part| !part.is_empty());
            self.paragraph(style, &format!("  {}  ", text::clean(&other.name())), "    ", &parts.join("; "))?;
            if self.layout.verbose {
                if let Some(fact) = &other.fact {
                    self.paragraph(DIM, "    ", "      ", &format!("known by {}", fact.matched_by))?;
                }
                if other.hosts.len() > 1 {
                    let hosts: Vec<&str> = other.hosts.iter().copied().collect();
                    self.paragraph(DIM, "    ", "      ", &hosts.join(", "))?;
                }
            }
        }
        if others.len() > shown {
            let more = format!("  {} more; -v shows all", others.len() - shown);
            self.paragraph(DIM, "", "", &more)?;
        }
        Ok(())
    }

    fn probes(&mut self, scan: &Scan) -> io::Result<()> {
        if scan.outcomes.is_empty() {
            return Ok(());
        }
        self.heading("Probes", "")?;
        for outcome in &scan.outcomes {
            let (word, detail) = super::json::result(&outcome.result);
            let mut text = format!("{}, {}", super::json::probe(&outcome.probe), outcome.persona);
            if !outcome.cookies.is_empty() {
                text.push_str(&format!(", {}", outcome.cookies.join(", ")));
            }
            if let Some(detail) = detail {
                text.push_str(&format!(": {detail}"));
            }
            self.paragraph(PLAIN, &format!("  {word:<10}"), "    ", &text)?;
            for line in &outcome.evidence {
                self.paragraph(DIM, "    ", "      ", line)?;
            }
        }
        Ok(())
    }

    fn coverage(&mut self, scan: &Scan) -> io::Result<()> {
        self.heading("Looked at", "")?;
        for (label, sentence) in coverage::sentences(scan) {
            self.paragraph(PLAIN, &format!("  {:<11} ", text::clean(&label)), "    ", &sentence)?;
        }
        Ok(())
    }

    fn how(&mut self, report: &Report<'_>) -> io::Result<()> {
        self.blank()?;
        for sentence in how(report.scan) {
            self.paragraph(DIM, "", "", &sentence)?;
        }
        if let Some(audit) = report.audit
            && !self.layout.verbose
        {
            let more = match audit.findings.first() {
                Some(finding) => format!(
                    "`-v` shows all evidence, hints and claims; `cookieproof explain {}` explains a rule.",
                    finding.rule
                ),
                None => "`-v` shows every claim and what was seen of it.".into(),
            };
            self.paragraph(DIM, "", "", &more)?;
        }
        Ok(())
    }

    fn heading(&mut self, title: &str, remark: &str) -> io::Result<()> {
        self.blank()?;
        self.styled(BOLD, &text::clean(title))?;
        if !remark.is_empty() {
            self.styled(DIM, &format!(" ({remark})"))?;
        }
        self.blank()
    }

    /// A labelled text below a finding, in as many lines as it needs: evidence is never cut.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.paragraph(DIM, &format!("  {label:<9} "), "            ", text)
    }

    /// A styled label (already clean) and a text wrapped behind it; without a label, the text is
    /// what is styled.
    fn paragraph(&mut self, style: Style, label: &str, indent: &str, text: &str) -> io::Result<()> {
        let text = text::clean(text);
        let columns = self.layout.width;
        let first = columns.saturating_sub(text::width(label));
        self.styled(style, label)?;
        let style = if label.is_empty() { style } else { PLAIN };
        for (number, line) in
            text::wrap(&text, first, columns.saturating_sub(indent.len())).iter().enumerate()
        {
            if number > 0 {
                write!(self.out, "{indent}")?;
            }
            self.styled(style, line)?;
            self.blank()?;
        }
        Ok(())
    }

    fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        match self.layout.color && style != PLAIN && !text.is_empty() {
            true => write!(self.out, "{style}{text}{style:#}"),
            false => write!(self.out, "{text}"),
        }
    }

    fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }
}

/// The remarks with what they are about; those that say one thing of a family of names together.
pub(super) fn notes(audit: &Audit, gather: bool) -> Vec<(String, &Note)> {
    let notes: Vec<&Note> = audit.notes.iter().collect();
    if !gather {
        return notes.into_iter().map(|note| (note.subject.clone(), note)).collect();
    }
    let alike = |note: &&Note| (note.text.clone(), note.place);
    let gathered = gathered(notes, |note| note.subject.clone(), alike);
    gathered
        .into_iter()
        .map(|group| (group.name.unwrap_or_else(|| group.first.subject.clone()), group.first))
        .collect()
}

fn tone_style(tone: Tone) -> Style {
    match tone {
        Tone::Good => GREEN,
        Tone::Bad => RED,
        Tone::Unsure => YELLOW,
    }
}

fn party(party: Party) -> &'static str {
    match party {
        Party::First => "",
        Party::Third => "third party",
    }
}

/// A place in the manifest as editors open it.
fn place(report: &Report<'_>, line: u32, column: u32) -> String {
    format!("{}:{line}:{column}", report.manifest_file().unwrap_or("manifest"))
}

/// What matters of a masked line in little room: the value's mask is dropped, and `Expires` where
/// `Max-Age` overrules it.
fn gist(line: &str) -> String {
    let mut parts: Vec<&str> = line.split("; ").collect();
    let attribute =
        |part: &str, name: &str| part.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if parts.iter().skip(1).any(|part| attribute(part, "max-age=")) {
        let mut number = 0;
        parts.retain(|part| {
            number += 1;
            number == 1 || !attribute(part, "expires=")
        });
    }
    let mut gist = parts.join("; ");
    if let Some((name, rest)) = gist.split_once("=\u{2039}")
        && let Some((_, rest)) = rest.split_once('\u{203a}')
    {
        gist = format!("{name}=…{rest}");
    }
    gist
}

/// How, when and from where the run was made.
pub(super) fn how(scan: &Scan) -> Vec<String> {
    let run = &scan.run;
    let browser = run.engines.contains(&crate::observation::Engine::Browser);
    let engines = match &run.browser {
        _ if !browser => "plain HTTP: no script ran".to_owned(),
        None => "HTTP first, then Chromium".to_owned(),
        Some(browser) => format!("HTTP first, then {}, {}", browser.version, words::mode(browser)),
    };
    let mut first = format!("{}, {engines}", run.tool);
    if !run.assets && !browser {
        first.push_str(", without pictures, scripts and styles (`--assets`)");
    }
    first.push('.');
    let vantage = run.vantage.as_ref().map(|vantage| format!(" from {vantage}")).unwrap_or_default();
    let made = format!("Made {} in {}{vantage}.", run.started, words::count_of(run.seconds, "second"));
    let mut sentences = vec![first, made];
    if let Some(why) = &run.partial {
        sentences.push(format!("PARTIAL: {why}."));
    }
    sentences
}

/// ` -> 200` of a request; a script's write has no status.
fn status_of(at: &ExchangeRef) -> String {
    at.method().map(|_| format!(" -> {}", at.status)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_keeps_what_decides() {
        for (line, expected) in [
            ("sid=‹32 bytes›; Path=/; HttpOnly", "sid=…; Path=/; HttpOnly"),
            (
                "sid=‹32 bytes›; expires=Tue, 01 Dec 2027 07:47:34 GMT; Max-Age=60; Path=/",
                "sid=…; Max-Age=60; Path=/",
            ),
            (
                "sid=‹32 bytes›; Expires=Tue, 01 Dec 2027 07:47:34 GMT",
                "sid=…; Expires=Tue, 01 Dec 2027 07:47:34 GMT",
            ),
            ("‹32 bytes›; Path=/", "‹32 bytes›; Path=/"),
            ("answered 404", "answered 404"),
            ("é", "é"),
        ] {
            assert_eq!(gist(line), expected);
        }
    }
}
