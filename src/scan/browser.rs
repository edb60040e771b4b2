//! The browser's part of a run: the pages that HTTP found, one of each kind, looked at again with
//! scripts running; each persona and consent state in a fresh browser of its own.

use super::actor::Actor;
use super::ground::{Ended, Ground};
use super::record::As;
use super::{Event, RunError};
use crate::cookie::{CookiePlace, Decision, Name, StoredCookie, ValueFacts, Written};
use crate::crawl::{Address, Scope, danger, dangerous_text, page_kind};
use crate::engine::browser::{
    Answer, Banner, BrowserContext, BrowserEngine, BrowserPage, BrowserSettings, Disguise, Patience,
    Rendered, RunContext, StoredItem,
};
use crate::engine::{Ask, Gate, Visit};
use crate::manifest::BannerRule;
use crate::observation::{
    BannerMoment, Cell, Channel, Consent, Engine, ExchangeRef, Failed, FailureKind, Outcome, Page, Party,
    Phase, ProbeKind, ProbeResult, Resource, Sighting, SkipReason, Skipped, StorageKind,
};
use crate::plan::Render;
use std::collections::{BTreeSet, VecDeque};
use url::Url;

/// A value shorter than this is found everywhere by chance.
const TELLING_VALUE: usize = 8;
/// How often a browser that died is started again in one run.
const MOST_RESTARTS: u32 = 3;

/// The run's browser.
pub(super) struct Browser {
    engine: BrowserEngine,
    settings: BrowserSettings,
    patience: Patience,
    restarts: u32,
}

impl Browser {
    /// Starts it before the long work, so that a missing browser is said at once.
    pub(super) async fn start(ground: &Ground<'_>) -> Result<Browser, RunError> {
        let plan = ground.plan;
        let settings = BrowserSettings {
            executable: plan.browser.executable.clone(),
            url: plan.browser.url.clone(),
            third_party: plan.third_party_cookies.first().copied().unwrap_or_default(),
            resolve: plan.http.resolve.clone(),
            proxy: ground.proxy_for_browser().await?,
            accept_any_certificate: !plan.http.extra_ca.is_empty(),
        };
        let engine = start(&settings).await?;
        let patience = Patience { load: plan.browser.load_timeout, ..Patience::default() };
        Ok(Browser { engine, settings, patience, restarts: 0 })
    }
}

async fn start(settings: &BrowserSettings) -> Result<BrowserEngine, RunError> {
    BrowserEngine::start(settings)
        .await
        .map_err(|error| RunError { message: error.message, hint: Some(error.hint) })
}

/// What one cell showed, beside its sightings.
#[derive(Default)]
struct CellSeen {
    /// Whether the banner was there on the first page.
    banner: Option<bool>,
    storage: Vec<StoredItem>,
    /// Places in the jar that sightings explain.
    explained: BTreeSet<CookiePlace>,
}

impl Ground<'_> {
    /// Looks at every persona's pages with the browser. `actors` are those that the crawl reached.
    pub(super) async fn browse(
        &mut self,
        actors: &[Actor],
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        // Taken out for as long as it works, since every visit is recorded in the ground, too.
        let Some(mut browser) = self.browser.take() else { return Ok(()) };
        let end = self.browse_with(&mut browser, actors, outcomes).await;
        self.browser = Some(browser);
        end
    }

    async fn browse_with(
        &mut self,
        browser: &mut Browser,
        actors: &[Actor],
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        for actor in actors.iter().filter(|actor| actor.is_there()) {
            let persona = actor.persona.name.clone();
            self.watch.event(Event::PhaseBegan { persona: persona.clone(), phase: Phase::Crawl });
            let untouched = self.browse_cell(browser, actor, &Consent::Untouched, outcomes).await?;
            let banner = untouched.banner;
            if !actor.persona.visitor.logged_in
                && let Some(shown) = banner
            {
                outcomes.push(self.banner_outcome(&persona, BannerMoment::FirstVisit, shown));
            }
            for consent in self.states_for(actor, banner == Some(true)) {
                self.browse_cell(browser, actor, &consent, outcomes).await?;
            }
        }
        Ok(())
    }

    /// Visitors without a login answer the banner either way, members accept; other states where the
    /// plan names them.
    fn states_for(&self, actor: &Actor, banner: bool) -> Vec<Consent> {
        let planned = self.plan.consent.iter().map(|consent| consent.state.clone());
        let usual = match (banner, actor.persona.visitor.logged_in) {
            (false, _) => Vec::new(),
            (true, false) => vec![Consent::Accepted, Consent::Rejected],
            (true, true) => vec![Consent::Accepted],
        };
        let mut states: Vec<Consent> = usual.into_iter().chain(planned).collect();
        states.retain(|state| *state != Consent::Untouched);
        states.sort();
        states.dedup();
        states
    }

    async fn browse_cell(
        &mut self,
        browser: &mut Browser,
        actor: &Actor,
        consent: &Consent,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<CellSeen, Ended> {
        let cell = Cell {
            persona: actor.persona.name.clone(),
            engine: Engine::Browser,
            consent: consent.clone(),
            phase: Phase::Crawl,
            repeat: 1,
            third_party: None,
        };
        // What the login over HTTP brought is explained there.
        let explained = actor.session.jar.iter().map(StoredCookie::place).collect();
        let mut seen = CellSeen { explained, ..CellSeen::default() };
        let Some(context) = self.visitor(browser, actor, &cell).await? else { return Ok(seen) };
        if *consent != Consent::Untouched
            && !self.consent(browser, &context, &cell, &mut seen, outcomes).await?
        {
            context.close().await;
            return Ok(seen);
        }
        let context = self.pages(browser, context, actor, &cell, &mut seen).await?;
        let Some(context) = context else { return Ok(seen) };
        self.keep_har(&context, &cell);
        let jar = context.cookies().await;
        self.unexplained(&cell, &jar, &seen);
        self.mirrors(&cell, &jar, &seen, outcomes);
        if *consent == Consent::Accepted && !actor.persona.visitor.logged_in {
            self.cleared(browser, &context, &cell, outcomes).await?;
        }
        context.close().await;
        Ok(seen)
    }

    /// A fresh browser context with the persona's session in it. A browser that died is started
    /// again, a few times.
    async fn visitor(
        &mut self,
        browser: &mut Browser,
        actor: &Actor,
        cell: &Cell,
    ) -> Result<Option<BrowserContext>, Ended> {
        if browser.engine.gone() && browser.restarts < MOST_RESTARTS {
            browser.restarts += 1;
            self.warn("the browser ended and is started again");
            match self.unless_ended(start(&browser.settings)).await? {
                Ok(engine) => browser.engine = engine,
                Err(error) => self.warn(&error.message),
            }
        }
        let session = &actor.session;
        let hosts = self.hosts.clone();
        let run = RunContext {
            own: std::sync::Arc::new(move |url| hosts.is_own(url)),
            secrets: self.secrets(),
            values: self.values(),
            began: self.began,
        };
        let disguise = Disguise {
            user_agent: session.user_agent.clone(),
            accept_language: session.accept_language.clone(),
            time_zone: actor.persona.time_zone.clone(),
            gpc: session.gpc,
            own_headers: session.own_headers.clone(),
        };
        let made = self.unless_ended(browser.engine.context(disguise, run)).await?;
        let failed = match made {
            Ok(mut context) => {
                if self.plan.browser.har.is_some() {
                    context.record();
                }
                match context.put(&session.jar).await {
                    Ok(()) => return Ok(Some(context)),
                    Err(why) => why,
                }
            }
            Err(why) => why,
        };
        let url = self.target.url.clone();
        let detail = format!("no fresh browser for this visitor: {failed}");
        let failed = Failed {
            cell: cell.clone(),
            url: self.recorder.safe(&url),
            kind: FailureKind::Crashed,
            detail,
            count: 1,
        };
        self.recorder.failure(failed);
        Ok(None)
    }

    /// Brings the visitor into a consent state on the start page. False where that was not possible.
    async fn consent(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        cell: &Cell,
        seen: &mut CellSeen,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<bool, Ended> {
        let planned = self.plan.consent.iter().find(|planned| planned.state == cell.consent).cloned();
        let banner = self.plan.browser.banner.clone();
        let button = planned.as_ref().and_then(|planned| planned.selector.clone());
        let answer = match cell.consent {
            Consent::Accepted | Consent::Category(_) => Answer::Accept,
            _ => Answer::Reject,
        };
        let start = self.target.url.clone();
        let Some(page) = self.open_page(browser, context, cell, &start).await? else { return Ok(false) };
        let answered = self.unless_ended(page.answer(answer, banner.as_deref(), button.as_deref())).await?;
        self.finish(page, cell, seen).await?;
        if answered.as_ref().is_none_or(|banner| banner.clicked.is_none()) {
            let why = match answered {
                Some(Banner { shown: true, .. }) => "the consent banner has no button that says so",
                Some(_) => "no consent banner was shown",
                None => "the start page did not answer",
            };
            match planned {
                Some(_) => self.state_not_reached(cell, why),
                // A banner may well offer no such choice; nobody said that it does.
                None => self.detail(format!("{:?} by {}: {why}", cell.consent, cell.persona)),
            }
            return Ok(false);
        }
        let Some(page) = self.open_page(browser, context, cell, &start).await? else { return Ok(true) };
        let again = self.unless_ended(page.banner(banner.as_deref())).await?;
        self.finish(page, cell, seen).await?;
        if let Some(again) = again
            && cell.consent == Consent::Accepted
        {
            outcomes.push(self.banner_outcome(&cell.persona, BannerMoment::AfterConsent, again.shown));
        }
        Ok(true)
    }

    /// A planned consent state that could not be reached is a failure, never a quiet pass.
    fn state_not_reached(&mut self, cell: &Cell, why: &str) {
        let url = self.target.url.clone();
        let detail = format!("the consent state could not be reached: {why}");
        let failed = Failed {
            cell: cell.clone(),
            url: self.recorder.safe(&url),
            kind: FailureKind::Other,
            detail,
            count: 1,
        };
        self.recorder.failure(failed);
    }

    /// Renders the chosen pages, and those that only scripts link to. None when the browser is gone
    /// for good.
    async fn pages(
        &mut self,
        browser: &mut Browser,
        context: BrowserContext,
        actor: &Actor,
        cell: &Cell,
        seen: &mut CellSeen,
    ) -> Result<Option<BrowserContext>, Ended> {
        let most = match self.plan.browser.render {
            Render::Kinds => 0,
            Render::All => usize::MAX,
            Render::Most(most) => most,
        };
        let mut context = context;
        let mut known: BTreeSet<Url> = actor.kinds.urls().cloned().collect();
        let mut rendered_kinds = BTreeSet::new();
        let mut waiting: VecDeque<(Url, usize)> =
            actor.kinds.choose(most).into_iter().map(|chosen| (chosen.url, chosen.stands_for)).collect();
        if waiting.is_empty() {
            waiting.push_back((self.target.url.clone(), 1));
        }
        let selector = self.plan.browser.banner.clone();
        let scope = self.scope();
        let mut left = self.plan.limits.pages;
        while let Some((url, stands_for)) = waiting.pop_front() {
            if left == 0 {
                break;
            }
            left -= 1;
            let mut rendered = self.render(browser, &context, cell, &url, &selector, seen).await?;
            if context.gone() {
                // Once more in a new browser; the visitor begins anew there.
                let Some(again) = self.visitor(browser, actor, cell).await? else { return Ok(None) };
                context = again;
                rendered = self.render(browser, &context, cell, &url, &selector, seen).await?;
            }
            if stands_for > 1 {
                let skipped = Skipped {
                    persona: cell.persona.clone(),
                    reason: SkipReason::Alike,
                    example: self.recorder.safe(&url),
                    count: stands_for as u64 - 1,
                };
                self.recorder.skipped(skipped);
            }
            let Some((rendered, html)) = rendered else { continue };
            let alike = !rendered_kinds.insert(page_kind(html.as_bytes())) && most == 0;
            for (link, text) in rendered.links {
                let mut link = link;
                link.set_fragment(None);
                if !alike && may_follow(scope.as_ref(), &link, &text) && known.insert(link.clone()) {
                    waiting.push_back((link, 1));
                }
            }
            self.progress.pages += 1;
            self.progress.queued = waiting.len() as u64;
            self.tell_progress(false);
        }
        Ok(Some(context))
    }

    async fn render(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        cell: &Cell,
        url: &Url,
        selector: &Option<String>,
        seen: &mut CellSeen,
    ) -> Result<Option<(Rendered, String)>, Ended> {
        let Some(page) = self.open_page(browser, context, cell, url).await? else { return Ok(None) };
        if seen.banner.is_none() && cell.consent == Consent::Untouched {
            let banner = self.unless_ended(page.banner(selector.as_deref())).await?;
            seen.banner = banner.map(|banner| banner.shown);
            self.screenshot(&page, cell).await?;
        }
        let html = self.unless_ended(page.html()).await?;
        let rendered = self.finish(page, cell, seen).await?;
        Ok(Some((rendered, html)))
    }

    async fn open_page<'c>(
        &mut self,
        browser: &Browser,
        context: &'c BrowserContext,
        cell: &Cell,
        url: &Url,
    ) -> Result<Option<BrowserPage<'c>>, Ended> {
        let pacer = self.pacer.clone();
        self.unless_ended(pacer.pass(url)).await?;
        let ask = Ask::page(cell.clone(), url.clone());
        match self.unless_ended(context.page(&ask, browser.patience)).await? {
            Ok(page) => Ok(Some(page)),
            Err(failed) => {
                self.recorder.failure(failed);
                Ok(None)
            }
        }
    }

    /// Closes a page and records what it showed.
    async fn finish(
        &mut self,
        page: BrowserPage<'_>,
        cell: &Cell,
        seen: &mut CellSeen,
    ) -> Result<Rendered, Ended> {
        let rendered = self.unless_ended(page.finish()).await?;
        self.tell_visit(&rendered.visit);
        self.recorder.visit(cell, &rendered.visit, None, As::Page);
        for remark in &rendered.remarks {
            self.detail(format!("{}: {remark}", self.recorder.safe(&rendered.visit.asked)));
        }
        seen.explained.extend(rendered.visit.sightings().filter_map(Sighting::place));
        seen.storage.extend(rendered.storage.iter().cloned());
        Ok(rendered)
    }

    /// Shown on the first visit and after clearing, gone after consent; never, where the manifest
    /// says that there is none.
    fn banner_outcome(&self, persona: &str, moment: BannerMoment, shown: bool) -> Outcome {
        let rule = self.manifest.and_then(|manifest| manifest.policy.consent_banner.as_ref());
        let none = rule.is_some_and(|rule| rule.value == BannerRule::None);
        banner_outcome(persona, moment, shown, !none && moment != BannerMoment::AfterConsent)
    }

    async fn screenshot(&mut self, page: &BrowserPage<'_>, cell: &Cell) -> Result<(), Ended> {
        let Some(folder) = &self.plan.browser.screenshots else { return Ok(()) };
        let Some(picture) = self.unless_ended(page.screenshot()).await? else { return Ok(()) };
        let name: String =
            cell.persona.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let file = folder.join(format!("{name}-first-page.png"));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, picture));
        if let Err(error) = written {
            self.warn(format!("{} cannot be written: {error}", file.display()));
        }
        Ok(())
    }

    /// Writes what the cell's pages asked for.
    fn keep_har(&mut self, context: &BrowserContext, cell: &Cell) {
        let Some((folder, har)) = self.plan.browser.har.as_ref().zip(context.har()) else { return };
        let consent = match &cell.consent {
            Consent::Untouched => "untouched".to_owned(),
            Consent::Accepted => "accepted".to_owned(),
            Consent::Rejected => "rejected".to_owned(),
            Consent::Category(category) => format!("category-{category}"),
            Consent::Withdrawn => "withdrawn".to_owned(),
        };
        let name = format!("{}-{consent}", cell.persona);
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let file = folder.join(format!("{name}.har"));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, har.to_string()));
        if let Err(error) = written {
            self.warn(format!("{} cannot be written: {error}", file.display()));
        }
    }

    /// Cookies that are there in the end, and that nothing that was seen explains.
    fn unexplained(&mut self, cell: &Cell, jar: &[StoredCookie], seen: &CellSeen) {
        let url = self.target.url.clone();
        for cookie in jar.iter().filter(|cookie| !seen.explained.contains(&cookie.place())) {
            let page = self.recorder.safe(&url);
            let own = self.hosts.is_own_host(&cookie.effective.domain);
            let sighting = Sighting {
                kind: StorageKind::Cookie,
                name: cookie.name.clone(),
                cell: cell.clone(),
                page: Page { asked: page.clone(), shown: None, started_by: None },
                exchange: ExchangeRef {
                    method: "JAR".into(),
                    url: page,
                    status: 0,
                    hop: 0,
                    resource: Resource::Other,
                },
                channel: Channel::Unexplained,
                party: if own { Party::First } else { Party::Third },
                line: format!("{}={}", cookie.name, cookie.value),
                written: written_of(cookie),
                decision: Decision::Stored { effective: cookie.effective.clone() },
                value: ValueFacts::of(&cookie.value, &url),
                script: None,
                at_ms: 0,
                disagreement: None,
            };
            let visit = Visit { writes: vec![sighting], ..Visit::unanswered(&url) };
            self.recorder.visit(cell, &visit, None, As::Part);
        }
    }

    /// Copies of values where scripts can read them, and consent kept in storage too.
    fn mirrors(&mut self, cell: &Cell, jar: &[StoredCookie], seen: &CellSeen, outcomes: &mut Vec<Outcome>) {
        let Some(manifest) = self.manifest else { return };
        for item in manifest.items.iter().filter(|item| item.kind == StorageKind::Cookie) {
            let named = |cookie: &&StoredCookie| {
                item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(&cookie.name))
            };
            let Some(cookie) = jar.iter().find(named) else { continue };
            let value = cookie.value.reveal();
            let outcome = |probe, result| Outcome {
                probe,
                persona: cell.persona.clone(),
                cookies: vec![item.key.clone()],
                page: None,
                result,
                evidence: Vec::new(),
            };
            if item.script_readable == Some(false) && value.len() >= TELLING_VALUE {
                let result = match copy_of(value, cookie, jar, &seen.storage) {
                    Some(what) => ProbeResult::Fails { what },
                    None => ProbeResult::Holds,
                };
                let location = "web storage or a readable cookie".to_owned();
                outcomes.push(outcome(ProbeKind::MirroredValue { location }, result));
            }
            if cell.consent != Consent::Accepted {
                continue;
            }
            for storage in &item.mirrored_in {
                let kept = seen.storage.iter().any(|stored| {
                    let name = Name::new(stored.name.clone());
                    let same_name = item.names.iter().any(|pattern| pattern.matches(&name));
                    stored.kind == *storage
                        && (same_name || (!value.is_empty() && stored.value.reveal() == value))
                });
                let result = match kept {
                    true => ProbeResult::Holds,
                    false => ProbeResult::Fails { what: "only the cookie was written".into() },
                };
                outcomes.push(outcome(ProbeKind::StorageMirror { storage: *storage }, result));
            }
        }
    }

    /// Whether the banner is back after the visitor cleared the site's data.
    async fn cleared(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        cell: &Cell,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        let start = self.target.url.clone();
        let origins = vec![start.origin().ascii_serialization()];
        self.unless_ended(context.clear(origins)).await?;
        let cell = Cell { consent: Consent::Withdrawn, ..cell.clone() };
        let Some(page) = self.open_page(browser, context, &cell, &start).await? else { return Ok(()) };
        let selector = self.plan.browser.banner.clone();
        let banner = self.unless_ended(page.banner(selector.as_deref())).await?;
        self.finish(page, &cell, &mut CellSeen::default()).await?;
        if let Some(banner) = banner {
            outcomes.push(self.banner_outcome(&cell.persona, BannerMoment::AfterClearing, banner.shown));
        }
        Ok(())
    }
}

/// Whether a rendered link is one of the crawl's own, and safe to follow.
fn may_follow(scope: Option<&Scope>, link: &Url, text: &str) -> bool {
    let address = Address::new(link);
    scope.zip(address).is_some_and(|(scope, address)| {
        scope.decide(&address).is_ok() && danger(&address).is_none() && dangerous_text(text).is_none()
    })
}

/// What was seen of the banner, against what was expected of it.
fn banner_outcome(persona: &str, moment: BannerMoment, shown: bool, expected: bool) -> Outcome {
    let what = if shown { "the consent banner is shown" } else { "no consent banner is shown" };
    Outcome {
        probe: ProbeKind::Banner { moment },
        persona: persona.to_owned(),
        cookies: Vec::new(),
        page: None,
        result: if shown == expected { ProbeResult::Holds } else { ProbeResult::Fails { what: what.into() } },
        evidence: vec![what.to_owned()],
    }
}

/// Where else a value can be read by scripts, in words.
fn copy_of(
    value: &[u8],
    cookie: &StoredCookie,
    jar: &[StoredCookie],
    storage: &[StoredItem],
) -> Option<String> {
    let holds = |text: &[u8]| text.windows(value.len()).any(|window| window == value);
    let stored = storage.iter().find(|item| holds(item.value.reveal()));
    if let Some(item) = stored {
        return Some(format!(
            "its value is also in {} under {}",
            words(item.kind),
            Name::new(item.name.clone())
        ));
    }
    let readable = |other: &&StoredCookie| other.name != cookie.name && !other.effective.http_only;
    let copy = jar.iter().filter(readable).find(|other| holds(other.value.reveal()))?;
    Some(format!("its value is also in the cookie {}, which scripts can read", copy.name))
}

fn words(kind: StorageKind) -> &'static str {
    match kind {
        StorageKind::Cookie => "a cookie",
        StorageKind::LocalStorage => "local storage",
        StorageKind::SessionStorage => "session storage",
        StorageKind::IndexedDb => "IndexedDB",
        StorageKind::CacheStorage => "cache storage",
    }
}

fn written_of(cookie: &StoredCookie) -> Written {
    let kept = &cookie.effective;
    Written {
        lifetime: kept.lifetime,
        http_only: kept.http_only,
        secure: kept.secure,
        same_site: kept.same_site,
        partitioned: kept.partition.is_some(),
        path: Some(kept.path.clone()),
        domain: (!kept.host_only).then(|| kept.domain.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_found_elsewhere_is_told_by_place() {
        let cookie = |name: &str, value: &str, http_only| {
            let effective = crate::cookie::Effective {
                domain: "a.test".into(),
                host_only: true,
                path: "/".into(),
                secure: false,
                http_only,
                same_site: None,
                lifetime: crate::cookie::Lifetime::Session,
                partition: None,
                priority: Default::default(),
            };
            StoredCookie::new(Name::new(name), crate::cookie::CookieValue::new(value), effective, 0.0, None)
        };
        let access = cookie("access", "0123456789abcdef", true);
        let copy = |jar: &[StoredCookie]| copy_of(b"0123456789abcdef", &access, jar, &[]);
        assert_eq!(copy(&[access.clone(), cookie("other", "0123456789abcdef", true)]), None);
        let told = copy(&[access.clone(), cookie("copy", "x0123456789abcdefx", false)]);
        assert_eq!(told.as_deref(), Some("its value is also in the cookie copy, which scripts can read"));
    }
}
