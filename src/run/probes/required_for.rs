//! Pages asked again without a cookie that is required for them (`required_for`).

use crate::cookie::{Decision, Name};
use crate::engine::{Ask, Visit};
use crate::observation::{Consent, Phase, ProbeResult, Resource, is_anti_forgery};
use crate::plan::Probe;
use crate::run::context::{Ended, cell};
use crate::run::html;
use crate::run::persona::{PersonaSession, place};
use crate::run::probes::{ProbeAnswer, answer, drop_cookies, held, listed, undecided};
use crate::run::recorder::As;
use crate::run::runner::Runner;
use crate::run::shown::Shown;
use crate::run::side_requests::danger_of;
use std::collections::BTreeSet;
use url::Url;

/// Pages of a class that are asked again.
const PAGES_ASKED_AGAIN: usize = 5;

/// A page with less text than this and a script may be filled by the script.
const LITTLE_TEXT: usize = 80;

impl Runner<'_> {
    /// Pages asked again without the cookies, against the same pages with them. One that is shown
    /// decides; one that is refused holds for those that cannot be told.
    pub(in crate::run) async fn required_for(
        &mut self,
        who: &mut PersonaSession,
        probe: &Probe,
    ) -> Result<ProbeAnswer, Ended> {
        let items = self.items(probe);
        let names = held(&who.session.jar, &items);
        if names.is_empty() {
            return Ok(undecided(format!("{} has no such cookie", who.persona.name)));
        }
        let class = probe.pages.as_deref().unwrap_or_default();
        let pages = self.pages_of(who, class);
        if pages.is_empty() {
            return Ok(undecided(format!("no page of `{class}` is known; `pages.start` can name one")));
        }
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let gone = listed(&names);
        let (mut evidence, mut shown) = (Vec::new(), Vec::new());
        let (mut refused, mut unclear) = (None, None);
        // Where visitors without the cookie are sent: that page is theirs, wherever it lies.
        let mut doors = BTreeSet::new();
        for page in pages {
            let ask = Ask { resource: Resource::Step, ..Ask::page(probing.clone(), page.clone()) };
            let engine = who.engine.clone();
            let with = self.visit(&engine, &mut who.session, &ask, As::Look).await?;
            let mut without = who.session.clone();
            drop_cookies(&mut without.jar, &items);
            let mut asked = vec![format!("GET {} with its cookies: {}", page.path(), answer(&with))];
            if with.status != 200 || place(&with.shown) != place(&page) {
                evidence.append(&mut asked);
                continue;
            }
            let visit = self.visit(&engine, &mut without, &ask, As::Look).await?;
            asked.push(format!("GET {} without {gone}: {}", page.path(), answer(&visit)));
            match self.is_refused(who, &with, &visit) {
                Refusal::Shown if [&with, &visit].iter().all(|one| Shown::of(one).asks_for_a_password()) => {
                    asked.push(format!("{} is the page of the login, which everybody sees", page.path()));
                }
                Refusal::Shown if gives_anew(who, &names, &visit) => {
                    let why =
                        format!("{} gives {gone} to whoever has none: it takes a form to tell", page.path());
                    unclear = unclear.or(Some((page, why)));
                }
                Refusal::Shown => {
                    shown.push(page);
                    // What decides is told first.
                    evidence.splice(..0, asked);
                    continue;
                }
                Refusal::Refused => {
                    if visit.status < 400 {
                        doors.insert(place(&visit.shown).to_owned());
                    }
                    refused = refused.or(Some(page));
                }
                Refusal::Unclear(why) => unclear = unclear.or(Some((page, why))),
            }
            evidence.append(&mut asked);
        }
        shown.retain(|page: &Url| !doors.contains(place(page)));
        if let Some(page) = shown.first().cloned() {
            let paths: Vec<&str> = shown.iter().map(Url::path).collect();
            let are = if shown.len() == 1 { "is" } else { "are" };
            let what = format!("{} {are} shown without {gone}", paths.join(", "));
            return Ok((ProbeResult::Fails { what }, evidence, Some(page)));
        }
        if let Some(page) = refused {
            return Ok((ProbeResult::Holds, evidence, Some(page)));
        }
        let (page, why) = match unclear {
            Some((page, why)) => (Some(page), why),
            None => {
                let first = evidence.first().map(|line| format!(": {line}")).unwrap_or_default();
                let why = format!("no page of `{class}` was shown even with all cookies{first}");
                return Ok((ProbeResult::NotDone { why }, evidence, None));
            }
        };
        Ok((ProbeResult::Undecided { why }, evidence, page))
    }

    fn is_refused(&self, who: &PersonaSession, with: &Visit, without: &Visit) -> Refusal {
        if without.failure.is_some() || without.status >= 500 || without.status == 429 {
            return Refusal::Unclear(format!("the page did not answer: {}", answer(without)));
        }
        if without.status >= 400 || place(&without.shown) != place(&with.shown) {
            return Refusal::Refused;
        }
        let (shown, then) = (Shown::of(with), Shown::of(without));
        let mark = who.persona.logged_in_when.as_ref();
        let is_marks_page = |page: &Url| {
            mark.and_then(|mark| self.site.on_target(&mark.url)).is_some_and(|url| place(&url) == place(page))
        };
        if is_marks_page(&with.shown)
            && let Some(mark) = mark
        {
            return if self.judge(mark, without).holds { Refusal::Shown } else { Refusal::Refused };
        }
        if then.asks_for_a_password() && !shown.asks_for_a_password() {
            return Refusal::Refused;
        }
        if shown.visible().len() < LITTLE_TEXT && shown.text.contains("<script") {
            let why = "the page is empty until a script fills it; `--engine browser` decides this";
            return Refusal::Unclear(why.into());
        }
        if shown.visible() == then.visible() {
            return Refusal::Shown;
        }
        // It answers, and differently: a page for everybody, or the same with another token in it.
        match similar(&shown.visible(), &then.visible()) {
            true => Refusal::Shown,
            false => Refusal::Unclear("the page answers without the cookie, but says something else".into()),
        }
    }

    /// Pages of a class that answered, or that the manifest names one by one.
    pub(in crate::run) fn pages_of(&self, who: &PersonaSession, class: &str) -> Vec<Url> {
        let mut pages = who.pages.get(class).cloned().unwrap_or_default();
        let patterns = self.manifest.and_then(|manifest| manifest.pages.get(class));
        let literal = patterns.into_iter().flat_map(|class| {
            let pages = class.patterns.iter().filter_map(|pattern| self.literal_page(pattern));
            pages.filter(|page| class.contains(page))
        });
        for page in literal {
            if !pages.contains(&page) && danger_of(&page).is_none() {
                pages.push(page);
            }
        }
        pages.truncate(PAGES_ASKED_AGAIN);
        pages
    }
}

enum Refusal {
    Refused,
    Shown,
    Unclear(String),
}

/// Whether a page is where visitors first get what was taken away: what everybody gets, or a token against
/// forged forms. That it is shown without proves nothing of what is sent from it.
fn gives_anew(who: &PersonaSession, names: &BTreeSet<Name>, without: &Visit) -> bool {
    let everybodys = |name: &Name| {
        !who.persona.visitor.logged_in || name.as_str().is_some_and(|name| is_anti_forgery(name, "1"))
    };
    let set: BTreeSet<&Name> = without
        .sightings()
        .filter(|sighting| matches!(sighting.decision, Decision::Stored { .. }))
        .map(|sighting| &sighting.name)
        .collect();
    names.iter().all(|name| everybodys(name) && set.contains(name))
}

/// Nearly the same text: a token or a time may differ.
fn similar(one: &str, other: &str) -> bool {
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(html::one_line).collect() };
    let (one, other) = (lines(one), lines(other));
    let common = one.intersection(&other).count();
    common * 10 >= one.len().max(other.len()) * 9
}
