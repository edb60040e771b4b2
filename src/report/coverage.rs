//! What was looked at and what was not, in sentences; and whether that is enough to call the
//! answer an answer.

use super::{cause, words};
use crate::audit::{Audit, State, Why};
use crate::observation::{
    Consent, DeadEndKind, FailureKind, Job, PageTally, Phase, Reached, Scan, SkipReason, TaskEnd,
};
use std::collections::{BTreeMap, BTreeSet};

/// Claims that one sentence names; the rest is a number.
const CLAIMS_NAMED: usize = 3;
/// Templates of pages that one sentence names.
const TEMPLATES_NAMED: usize = 5;
pub(crate) const NOT_ONE: &str = "not one claim could be decided";

/// Why the run cannot give a clear answer: empty where it can. The command ends with exit code 3
/// where this is not empty and nothing was found.
pub fn inconclusive(scan: &Scan, audit: Option<&Audit>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(why) = &scan.run.partial {
        reasons.push(format!("the run ended early: {why}"));
    }
    let answered: u64 = crawled(scan).filter(|page| is_answer(page)).map(|page| page.count).sum();
    let walls = scan.coverage.failed.iter().filter(|failed| failed.kind == FailureKind::BotWall);
    let (walled, first_wall) =
        walls.clone().fold((0, None), |(sum, first), failed| (sum + failed.count, first.or(Some(failed))));
    if let Some(wall) = first_wall
        && (walled >= answered || walls.clone().any(|failed| failed.url == scan.run.base_url))
    {
        reasons.push(format!("a bot wall answered instead of the site: {} ({})", wall.url, wall.detail));
    }
    if answered == 0 {
        reasons.push(match scan.coverage.failed.first() {
            Some(failed) => {
                format!("no page answered: {}: {}", failed.url, failed.detail)
            }
            None => "no page answered".into(),
        });
    }
    if let Some(elsewhere) = scan.led_elsewhere(&scan.run.site()) {
        reasons.push(format!(
            "no page of the site was shown: it leads to {elsewhere}, which is none of its hosts; if it is the \
             site's own, name the host under `hosts` (in the manifest, or under [pages] of the plan)"
        ));
    }
    for persona in &scan.coverage.personas {
        match &persona.reached {
            Reached::Yes | Reached::Unproven => {}
            // Who needs no login got nowhere because no page answered, which is said already.
            Reached::No { .. } if !persona.visitor.logged_in && answered == 0 => {}
            Reached::No { step, why } => {
                reasons.push(format!("{} was not reached, {}", persona.name, cause::first(step, why)));
            }
            Reached::Lost { why } => reasons.push(format!("{} was logged out: {why}", persona.name)),
        }
    }
    let lost = scan.coverage.skipped.iter().filter(|skipped| skipped.reason == SkipReason::SessionLost);
    let lost: u64 = lost.map(|skipped| skipped.count).sum();
    if lost > 0 {
        reasons.push(format!(
            "{} not seen logged in, since the session was lost there",
            words::count_of(lost, "page")
        ));
    }
    // A look without a manifest is not asked about states.
    for look in scan.consent.iter().filter(|look| audit.is_some() && look.planned) {
        if let Some(why) = &look.not_reached {
            let state = words::consent(&look.cell.consent);
            reasons.push(format!("{}, {state}: not reached, {why}", look.cell.persona));
        }
    }
    if scan.coverage.lost > 0 {
        reasons.push(format!(
            "{} of what was seen could not be kept one by one, so nothing is said of all that was seen",
            words::count_of(scan.coverage.lost, "thing")
        ));
    }
    // What is said of no answer at all is said above.
    reasons.extend(mostly_failed(scan).filter(|_| answered > 0));
    reasons.extend(dead_end(scan));
    if let Some(audit) = audit {
        let mut not_reached: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for verdict in &audit.verdicts {
            if let State::NotVerified { why: Why::NotReached, detail, .. } = &verdict.state {
                not_reached.entry(told_already(scan, detail)).or_default().push(&verdict.claim);
            }
        }
        reasons.extend(not_reached.into_iter().map(|(detail, claims)| {
            let named = claims.iter().take(CLAIMS_NAMED).copied().collect::<Vec<_>>().join(", ");
            let more = match claims.len().saturating_sub(CLAIMS_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{named}{more} could not be decided: {detail}")
        }));
        if reasons.is_empty() && decides_nothing(audit) {
            reasons.push(format!("{NOT_ONE}{}", what_would(audit)));
        }
    }
    reasons
}

/// Why a claim could not be decided, without the story of a login that is told of its visitor.
fn told_already<'d>(scan: &Scan, detail: &'d str) -> &'d str {
    let stories = scan.coverage.personas.iter().filter_map(|persona| match &persona.reached {
        Reached::No { step, why } if persona.visitor.logged_in => Some(format!(": {step}: {why}")),
        Reached::Lost { why } => Some(format!(": {why}")),
        _ => None,
    });
    stories.into_iter().find_map(|story| detail.strip_suffix(story.as_str())).unwrap_or(detail)
}

/// `39 of 41 pages answered 500`, where most did not answer as pages do.
pub(crate) fn mostly_failed(scan: &Scan) -> Option<String> {
    let share = scan.share(|_, _| true);
    let mostly = share.failed.saturating_mul(2) > share.asked;
    (mostly && share.is_too_little(scan.run.may_fail)).then(|| share.to_string())
}

/// Why a start page led nowhere, where nothing else was looked at.
fn dead_end(scan: &Scan) -> Option<String> {
    let elsewhere = crawled(scan).filter(|page| is_answer(page)).map(|page| &page.example);
    let more = elsewhere.collect::<BTreeSet<_>>().len() > 1;
    let end = scan.coverage.dead_ends.iter().find(|end| end.kind != DeadEndKind::NoLinks)?;
    (!more).then(|| format!("{}: {}", end.page, words::dead_end(end.kind)))
}

/// Whether an audit of stated claims upholds and refutes none of them: that is no answer.
pub(crate) fn decides_nothing(audit: &Audit) -> bool {
    !audit.verdicts.is_empty()
        && audit.verdicts.iter().all(|verdict| matches!(verdict.state, State::NotVerified { .. }))
}

/// What would decide most of the open claims: `; 12 of them would be decided by --engine browser`.
pub(crate) fn what_would(audit: &Audit) -> String {
    let open = super::answer::open(audit);
    open.iter().max_by_key(|open| open.claims.len()).map_or_else(String::new, |most| {
        format!("; {} of them would be decided by {}", most.claims.len(), most.decided_by)
    })
}

/// Documents asked for in the crawl proper.
fn crawled(scan: &Scan) -> impl Iterator<Item = &PageTally> {
    scan.coverage.pages.iter().filter(|page| page.cell.phase == Phase::Crawl)
}

fn is_answer(page: &PageTally) -> bool {
    (200..300).contains(&page.status)
}

/// What was looked at and what was not: a label and a sentence each.
pub(crate) fn sentences(scan: &Scan) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for persona in &scan.coverage.personas {
        let pages = crawled(scan)
            .filter(|page| page.cell.persona == persona.name && page.cell.consent == persona.consent)
            .filter(|page| is_answer(page));
        let seen: u64 = pages.map(|page| page.count).sum();
        let same = scan.coverage.same_answers.iter();
        let same = same.filter(|same| {
            same.door && same.cell.persona == persona.name && same.cell.consent == persona.consent
        });
        let closed = same.map(|same| same.count).max().unwrap_or_default().min(seen);
        let mut sentence = words::count_of(seen - closed, "page");
        if closed > 0 {
            sentence.push_str(&format!(
                ", and {closed} addresses that showed one and the same page, not looked at"
            ));
        }
        match &persona.reached {
            Reached::Yes if persona.visitor.logged_in => sentence.push_str(", logged in"),
            Reached::Yes => {}
            Reached::Unproven if persona.visitor.logged_in => {
                sentence
                    .push_str(", logged in as far as known: the plan has no `logged_in_when` to prove it");
            }
            Reached::Unproven => {}
            // Why, is the first thing that the report says.
            Reached::No { step, .. } if persona.visitor.logged_in => {
                sentence = format!("NOT REACHED, {step} failed");
            }
            Reached::No { step, why } => sentence = format!("NOT REACHED, {step}: {why}"),
            Reached::Lost { why } => sentence.push_str(&format!(", LOGGED OUT and not back in: {why}")),
        }
        if persona.logins > 1 {
            sentence.push_str(&format!(", {} logins", persona.logins));
        }
        if persona.sessions_lost > 0 {
            sentence.push_str(&format!(", session lost {}", words::times(persona.sessions_lost.into())));
        }
        let label = match &persona.consent {
            Consent::Untouched => persona.name.clone(),
            consent => format!("{}, consent {}", persona.name, words::consent(consent)),
        };
        sentences.push((label, sentence));
    }

    let mut skipped: BTreeMap<_, (u64, String)> = BTreeMap::new();
    for page in &scan.coverage.skipped {
        let entry = skipped.entry(page.reason).or_insert_with(|| (0, page.example.to_string()));
        entry.0 += page.count;
    }
    for (reason, (count, example)) in skipped {
        let example = short_url(&example, scan.run.base_url.as_str()).to_owned();
        if reason == SkipReason::MayAct {
            let such = if count == 1 { "1: " } else { &format!("{count}, such as ") };
            let allowed = "`follow` under [pages] in the plan lets members ask for them";
            sentences.push(("skipped".into(), format!("may act, left alone ({such}{example}); {allowed}")));
            continue;
        }
        sentences.push((
            "skipped".into(),
            match count {
                1 => format!("1 {}: {example}", words::skipped(reason)),
                _ => format!("{count} {}, such as {example}", words::skipped(reason)),
            },
        ));
    }

    sentences.extend(sampled(scan));

    let mut failed: BTreeMap<_, (u64, String, String)> = BTreeMap::new();
    for page in &scan.coverage.failed {
        let entry = failed.entry(page.kind).or_insert_with(|| (0, page.url.to_string(), page.detail.clone()));
        entry.0 += page.count;
    }
    for (kind, (count, url, detail)) in failed {
        let url = short_url(&url, scan.run.base_url.as_str()).to_owned();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        sentences.push(("failed".into(), format!("{}: {url}{more} ({detail})", words::failure(kind))));
    }
    sentences.extend(not_done(scan));
    sentences.extend(sent_by_scripts(scan));
    if !scan.coverage.robots_honoured {
        sentences.push(("robots.txt".into(), "ignored, as the plan says".into()));
    }
    let ends = scan.coverage.dead_ends.iter();
    sentences.extend(ends.map(|end| {
        let page = short_url(end.page.as_str(), scan.run.base_url.as_str());
        ("start page".into(), format!("{page}: {}", words::dead_end(end.kind)))
    }));
    sentences.extend(super::consent::sentences(scan));
    sentences.extend(scan.coverage.notes.iter().map(|note| ("note".into(), note.clone())));
    sentences
}

/// Which kinds of pages were looked at in part only, since there are more than the limit of pages.
fn sampled(scan: &Scan) -> Option<(String, String)> {
    let mut kinds: Vec<_> = scan.coverage.sampled.iter().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.known - kind.asked.min(kind.known)));
    let told = kinds.iter().take(TEMPLATES_NAMED).map(|kind| {
        let template = kind.template();
        let template = short_url(&template, scan.run.base_url.as_str());
        format!("{} of {} {template} ({})", kind.asked, kind.known, kind.persona)
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let more = match kinds.len().saturating_sub(TEMPLATES_NAMED) {
        0 => String::new(),
        more => format!(" and {} more", words::count_of(more as u64, "kind")),
    };
    (!kinds.is_empty()).then(|| ("sampled".to_owned(), format!("{told}{more}")))
}

/// Journeys that were not made, and what the run did not come to before it ended. Who was not reached
/// and which choice was not, is said with the visitors.
fn not_done(scan: &Scan) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for task in &scan.tasks {
        if let (Job::Journey { name }, Some(why)) = (&task.job, task.not_done()) {
            let sentence = format!("{name}, as {}: NOT MADE, {why}", task.cell.persona);
            sentences.push(("journey".to_owned(), sentence));
        }
    }
    let cut_off: Vec<String> = scan
        .tasks
        .iter()
        .filter(|task| task.end == TaskEnd::CutOff)
        .map(|task| format!("{} ({})", task.job.in_words(), task.cell.persona))
        .collect();
    if let Some((first, more)) = cut_off.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        sentences.push(("cut off".to_owned(), format!("{first}{more}: the run ended before they were done")));
    }
    sentences
}

/// What scripts of pages sent without anybody's doing, and what of it was held back.
fn sent_by_scripts(scan: &Scan) -> Option<(String, String)> {
    let sent = &scan.coverage.sent_by_scripts;
    let first = sent.first()?;
    let count: u64 = sent.iter().map(|sent| sent.count).sum();
    let held: u64 = sent.iter().filter(|sent| sent.held_back).map(|sent| sent.count).sum();
    let example = short_url(first.example.as_str(), scan.run.base_url.as_str());
    let mut sentence = format!(
        "{} that do more than to read, such as {} {example}",
        words::count_of(count, "request"),
        first.method
    );
    if held > 0 {
        sentence.push_str(&format!("; {held} of them held back, on pages that look like a back office"));
    }
    Some(("scripts sent".into(), sentence))
}

/// The URL without scheme and host where they are the target's own.
pub(crate) fn short_url<'a>(url: &'a str, base: &str) -> &'a str {
    let origin_end = base.find("://").map_or(0, |at| at + 3);
    let end = base[origin_end..].find('/').map_or(base.len(), |at| origin_end + at);
    match url.strip_prefix(&base[..end]) {
        Some("") => "/",
        Some(rest) if rest.starts_with(['/', '?']) => rest,
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_urls_are_short() {
        for (url, base, short) in [
            ("https://a.test/x", "https://a.test/", "/x"),
            ("https://a.test", "https://a.test/", "/"),
            ("https://a.test.evil/x", "https://a.test", "https://a.test.evil/x"),
            ("http://a.test/x", "https://a.test/", "http://a.test/x"),
            ("https://a.test:81/x", "https://a.test/", "https://a.test:81/x"),
        ] {
            assert_eq!(short_url(url, base), short);
        }
    }
}
