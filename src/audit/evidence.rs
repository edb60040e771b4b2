//! The site's end of a finding: what was seen, and a command that asks again.

use super::Evidence;
use super::context::{Context, Seen};
use super::words;
use crate::observation::{Cell, Consent, Contact, Engine, Outcome, Phase, ProbeResult, SafeUrl, Sent};
use std::fmt::Write;

/// Findings show at most this many pieces of evidence.
pub(crate) const MOST: usize = 5;

/// Evidence of a sighting.
pub(crate) fn of_sighting(context: &Context<'_>, seen: &Seen<'_>) -> Evidence {
    let example = seen.example();
    let mut line = example.line.clone();
    if let Some(script) = &example.script {
        let _ = write!(line, " (written by {}:{})", script.url, script.line);
    }
    Evidence {
        cell: example.cell.clone(),
        page: Some(example.page.clone()),
        exchange: Some(example.exchange.clone()),
        party: Some(example.party),
        line,
        count: seen.group.count,
        replay: if seen.by_script() {
            None
        } else {
            replay(context, &example.cell, &example.exchange.method, &example.exchange.url)
        },
        picture: picture(context, &example.cell, &example.page.asked),
    }
}

/// Evidence of requests that carried a cookie.
pub(crate) fn of_sent(context: &Context<'_>, sent: &Sent) -> Evidence {
    Evidence {
        cell: sent.cell.clone(),
        page: None,
        exchange: None,
        party: None,
        line: format!("{} {} carried `{}`", sent.method, sent.example, sent.name),
        count: sent.count,
        replay: replay(context, &sent.cell, &sent.method, &sent.example),
        picture: None,
    }
}

/// What a probe recorded, line by line.
pub(crate) fn of_outcome(context: &Context<'_>, outcome: &Outcome) -> Vec<Evidence> {
    let cell = Cell {
        persona: outcome.persona.clone(),
        engine: context.scan.run.engines.iter().next().copied().unwrap_or(Engine::Http),
        consent: Consent::Untouched,
        phase: Phase::Probe,
        repeat: 0,
        third_party: None,
    };
    let mut lines = outcome.evidence.clone();
    if lines.is_empty()
        && let ProbeResult::Fails { what } = &outcome.result
    {
        lines.push(what.clone());
    }
    lines.into_iter().take(MOST).map(|line| of_words(cell.clone(), line)).collect()
}

/// Evidence of a contact with a host.
pub(crate) fn of_contact(context: &Context<'_>, contact: &Contact) -> Evidence {
    let how = if contact.fetched { "asks" } else { "makes a browser ask" };
    let mut line = format!("{} {how} {}", contact.page, contact.example);
    if !contact.carried.is_empty() {
        let _ = write!(line, ", carrying {}", words::listed(&contact.carried));
    }
    Evidence {
        cell: contact.cell.clone(),
        page: None,
        exchange: None,
        party: Some(contact.party),
        line,
        count: contact.count,
        replay: replay(context, &contact.cell, "GET", &contact.page),
        picture: picture(context, &contact.cell, &contact.page),
    }
}

/// Evidence that is a sentence about the run: a probe's record, the policy page.
pub(crate) fn of_words(cell: Cell, line: impl Into<String>) -> Evidence {
    Evidence {
        cell,
        page: None,
        exchange: None,
        party: None,
        line: line.into(),
        count: 1,
        replay: None,
        picture: None,
    }
}

/// The picture of a page as this visitor saw it.
fn picture(context: &Context<'_>, cell: &Cell, page: &SafeUrl) -> Option<String> {
    let pictures = context.scan.pictures.iter();
    pictures
        .filter(|picture| picture.cell == *cell && picture.page == *page)
        .map(|picture| picture.file.clone())
        .next()
}

/// A `curl` command that asks again and prints the head. Only GET requests are offered: anything
/// else may change data. What was masked in the URL, and a persona's session, are shell variables.
fn replay(context: &Context<'_>, cell: &Cell, method: &str, url: &SafeUrl) -> Option<String> {
    if method != "GET" {
        return None;
    }
    let scheme_ok = url.as_str().starts_with("https://") || url.as_str().starts_with("http://");
    let cut_short = url.as_str().ends_with('\u{2026}');
    if !scheme_ok || cut_short {
        return None;
    }
    let mut command = String::from("curl -sg -o /dev/null -D -");
    let with_session = context.visitor(cell).logged_in
        && matches!(cell.phase, Phase::Crawl | Phase::Journey | Phase::Probe | Phase::Logout);
    if with_session {
        let persona: String =
            cell.persona.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let _ = write!(command, " -b \"$COOKIES_{persona}\"");
    }
    let _ = write!(command, " {}", shell_quoted(url.as_str()));
    Some(command)
}

/// Single quotes stop a shell from reading anything in the URL, which is the site's to choose; a
/// masked credential becomes a variable.
fn shell_quoted(url: &str) -> String {
    let safe: String = url.chars().filter(|c| !c.is_control()).collect::<String>().replace('\'', r"'\''");
    format!("'{}'", safe.replace(crate::observation::MASK, "'\"$SECRET\"'"))
}

#[cfg(test)]
mod tests {
    use super::shell_quoted;
    use crate::audit::context::Context;
    use crate::audit::testing::Site;
    use crate::observation::{Picture, Resource};
    use crate::vendors::Knowledge;

    #[test]
    fn evidence_names_the_picture_of_its_page() {
        let case = Site::plain().in_browser().complete().contact(
            "https://tracker.example/p.gif",
            Resource::Image,
            "/shop",
        );
        let mut scan = case.scan();
        let (cell, page) = (scan.contacts[0].cell.clone(), scan.contacts[0].page.clone());
        let other = scan.coverage.pages[0].example.clone();
        for (page, file) in [(other, "1.png"), (page, "2.png")] {
            let (cell, file) = (cell.clone(), file.into());
            scan.pictures.push(Picture { cell, page, file });
        }
        let knowledge = Knowledge::default();
        let context = Context::new(&case.manifest, &scan, None, &knowledge);
        let evidence = super::of_contact(&context, &scan.contacts[0]);
        assert_eq!(evidence.picture.as_deref(), Some("2.png"));
    }

    #[test]
    fn a_url_cannot_leave_its_quotes() {
        assert_eq!(shell_quoted("https://a/b?c=$(id)`id`"), "'https://a/b?c=$(id)`id`'");
        assert_eq!(shell_quoted("https://a/'; rm -rf /;'"), r"'https://a/'\''; rm -rf /;'\'''");
        assert_eq!(shell_quoted("https://a/\u{1b}[31m"), "'https://a/[31m'");
    }

    #[test]
    fn a_masked_credential_is_a_variable() {
        let url = format!("https://a/cb?token={}&b=1", crate::observation::MASK);
        assert_eq!(shell_quoted(&url), "'https://a/cb?token='\"$SECRET\"'&b=1'");
    }
}
