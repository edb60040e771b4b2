//! Questions put to the site by acts: a page asked again without a cookie, a form sent without its
//! token, a refresh, a renewal, a visit with `Sec-GPC`, a logout and what it leaves. Each ends in
//! an outcome with the evidence; the audit reads nothing else.

mod leftovers;
mod old_choice;
mod second_look;

use super::context::{Ended, Runner, cell};
use super::html;
use super::persona::{PersonaSession, place};
use super::recorder::As;
use super::steps::{Halt, Shown};
use crate::cookie::{Decision, Jar, Name};
use crate::engine::{Ask, Session, Visit};
use crate::manifest::{Category, Item};
use crate::observation::{Cell, Consent, Outcome, Phase, ProbeKind, ProbeResult, Resource};
use crate::plan::{Action, Probe, Step};
use std::collections::BTreeSet;
use url::Url;

/// Pages of a class that are asked again.
const PAGES_ASKED_AGAIN: usize = 5;
/// Pages asked for with `Sec-GPC`, and after a wait.
const PAGES_LOOKED_AT: usize = 5;
/// A page with less text than this and a script may be filled by the script.
const LITTLE_TEXT: usize = 80;

impl Runner<'_> {
    /// Puts the questions that belong to a session, all but those about its end.
    pub(super) async fn probe(
        &mut self,
        who: &mut PersonaSession,
        probes: &[Probe],
    ) -> Result<Vec<Outcome>, Ended> {
        let mut outcomes = Vec::new();
        let mut waited = false;
        for probe in probes {
            let (result, evidence, page) = match &probe.kind {
                _ if !who.is_there() => undecided(format!("{} was not reached", who.persona.name)),
                ProbeKind::RequiredFor => self.required_for(who, probe).await?,
                ProbeKind::TokenRequired if self.is_sent_by(probe, &who.persona.login) => {
                    self.token_required(who, probe).await?
                }
                ProbeKind::Refreshes { issues } => self.refreshes(who, probe, issues).await?,
                ProbeKind::RollingRenewal => {
                    if !std::mem::replace(&mut waited, true) {
                        self.wait_for_renewal().await?;
                    }
                    self.renewal(who, probe).await?
                }
                ProbeKind::GlobalPrivacyControl => self.privacy_control(who).await?,
                // The others are put when a journey or the logout is made.
                _ => continue,
            };
            outcomes.push(self.outcome(probe, result, evidence, page));
        }
        Ok(outcomes)
    }

    pub(super) fn outcome(
        &self,
        probe: &Probe,
        result: ProbeResult,
        evidence: Vec<String>,
        page: Option<Url>,
    ) -> Outcome {
        Outcome {
            probe: probe.kind.clone(),
            persona: probe.persona.clone(),
            cookies: probe.cookies.clone(),
            page: page.map(|page| self.recorder.safe(&page)),
            result: match result {
                ProbeResult::Holds => ProbeResult::Holds,
                ProbeResult::Fails { what } => ProbeResult::Fails { what: self.references.mask(&what) },
                ProbeResult::Undecided { why } => ProbeResult::Undecided { why: self.references.mask(&why) },
            },
            evidence: evidence.iter().map(|line| self.references.mask(line)).collect(),
        }
    }

    /// Pages asked again without the cookies, against the same pages with them. One that is shown
    /// decides; one that is refused holds for those that cannot be told.
    async fn required_for(&mut self, who: &mut PersonaSession, probe: &Probe) -> Result<Answer, Ended> {
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
                Refusal::Shown => {
                    shown.push(page);
                    // What decides is told first.
                    evidence.splice(..0, asked);
                    continue;
                }
                Refusal::Refused => refused = refused.or(Some(page)),
                Refusal::Unclear(why) => unclear = unclear.or(Some((page, why))),
            }
            evidence.append(&mut asked);
        }
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
            None => (None, format!("no page of `{class}` was shown even with all cookies")),
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
            mark.and_then(|mark| self.hosts.on_target(&mark.url))
                .is_some_and(|url| place(&url) == place(page))
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

    /// The login made once more, its form sent without the token's cookie.
    async fn token_required(&mut self, who: &mut PersonaSession, probe: &Probe) -> Result<Answer, Ended> {
        let items = self.items(probe);
        let steps = who.persona.login.clone();
        let Some(sends) = steps.iter().position(sends) else {
            return Ok(undecided("no step of the login sends anything".into()));
        };
        if who.logins >= who.persona.login_budget {
            return Ok(undecided("the budget of logins is used up; raise `login_budget`".into()));
        }
        who.logins += 1;
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut other = who.clone();
        match self.fresh_session(&who.persona).await {
            Ok(session) => other.session = session,
            Err(why) => return Ok(undecided(why)),
        }
        other.shown = None;
        match self.perform(&mut other, &probing, &steps[..sends], "the login without its token").await {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => return Ok(undecided(format!("{}: {}", failure.step, failure.why))),
        }
        let names = held(&other.session.jar, &items);
        if names.is_empty() {
            return Ok(undecided("the page of the form sets no such cookie".into()));
        }
        drop_cookies(&mut other.session.jar, &items);
        let without = listed(&names);
        let page = other.shown.as_ref().map(|shown| shown.url.clone());
        let refused = match self
            .perform(&mut other, &probing, &steps[sends..=sends], "the login without its token")
            .await
        {
            Ok(()) => other.shown.as_ref().and_then(|shown| {
                let usual = who.sent_to.as_deref()?;
                (place(&shown.url) != usual).then(|| format!("led to {}", shown.url.path()))
            }),
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(_)) => {
                let status = other.shown.as_ref().map_or(0, |shown| shown.last_status());
                Some(format!("was answered {status}"))
            }
        };
        let evidence = vec![match &refused {
            Some(how) => format!("the form sent without {without} {how}"),
            None => format!("the form sent without {without} led where it always leads"),
        }];
        let result = match refused {
            Some(_) => ProbeResult::Holds,
            None => ProbeResult::Fails { what: format!("the login form is accepted without {without}") },
        };
        Ok((result, evidence, page))
    }

    /// The refresh request with the access cookie dropped issues it again; without the refresh
    /// cookie it does not.
    async fn refreshes(
        &mut self,
        who: &mut PersonaSession,
        probe: &Probe,
        issues: &str,
    ) -> Result<Answer, Ended> {
        let Some(request) = who.persona.refresh.clone() else {
            return Ok(undecided("the plan names no `refresh` request".into()));
        };
        let (refresh, access) = (self.items(probe), self.items_of([issues]));
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        if held(&who.session.jar, &refresh).is_empty() {
            return Ok(undecided(format!("{} has no such cookie", who.persona.name)));
        }
        let engine = who.engine.clone();
        let mut evidence = Vec::new();
        let mut issued = [false, false];
        // First without the refresh cookie: with it, the server may put a new one in its place.
        for (with, issued) in [false, true].into_iter().zip(&mut issued) {
            let mut other = who.clone();
            drop_cookies(&mut other.session.jar, &access);
            if !with {
                drop_cookies(&mut other.session.jar, &refresh);
            }
            let (ask, sent) = match self.request_ask(&other, &probing, &request).await {
                Ok(ready) => ready,
                Err(why) if with => return Ok(undecided(why)),
                // What the request carries went with the cookie.
                Err(_) => continue,
            };
            let visit = self.visit(&engine, &mut other.session, &ask, As::Look).await?;
            *issued = sets(&visit, &access);
            let (how, what) =
                (if with { "with" } else { "without" }, if *issued { "issues" } else { "does not issue" });
            evidence.push(format!(
                "{sent} {how} {}: {}, {what} {issues}",
                probe.cookies.join(", "),
                answer(&visit)
            ));
            if with {
                who.session = other.session;
            }
        }
        let result = match issued {
            [true, _] => ProbeResult::Fails {
                what: format!("{issues} is issued without {}", probe.cookies.join(", ")),
            },
            [false, true] => ProbeResult::Holds,
            [false, false] => ProbeResult::Fails { what: format!("the refresh does not issue {issues}") },
        };
        Ok((result, evidence, self.hosts.on_target(&request.url)))
    }

    /// A journey that must write the cookie anew: did it?
    pub(super) fn updated(&self, probe: &Probe, written: &BTreeSet<Name>, failed: Option<&str>) -> Outcome {
        let items = self.items(probe);
        let wrote = written.iter().any(|name| items.iter().any(|item| is_named(item, name)));
        let result = match (wrote, failed) {
            (true, _) => ProbeResult::Holds,
            (false, Some(why)) => ProbeResult::Undecided { why: why.to_owned() },
            (false, None) => ProbeResult::Fails { what: "the journey did not write it".into() },
        };
        self.outcome(probe, result, vec![format!("the journey set: {}", listed(written))], None)
    }

    async fn wait_for_renewal(&mut self) -> Result<(), Ended> {
        let Some(wait) = self.plan.probes.renewal_after else { return Ok(()) };
        self.detail(format!("waiting {} s for cookies to be renewed", wait.as_secs_f64()));
        self.unless_ended(tokio::time::sleep(wait)).await
    }

    /// After the wait, a page issues the cookie again, to no more than its lifetime.
    async fn renewal(&mut self, who: &mut PersonaSession, probe: &Probe) -> Result<Answer, Ended> {
        let items = self.items(probe);
        if held(&who.session.jar, &items).is_empty() {
            return Ok(undecided(format!("{} has no such cookie", who.persona.name)));
        }
        let mark = who.persona.logged_in_when.as_ref().and_then(|mark| self.hosts.on_target(&mark.url));
        let mut pages: Vec<Url> = mark.into_iter().chain(who.some_pages.iter().cloned()).collect();
        pages.truncate(PAGES_LOOKED_AT);
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let engine = who.engine.clone();
        let mut evidence = Vec::new();
        for page in pages {
            let ask = Ask { resource: Resource::Step, ..Ask::page(probing.clone(), page.clone()) };
            let visit = self.visit(&engine, &mut who.session, &ask, As::Look).await?;
            let renewed =
                kept(&visit).find(|sighting| items.iter().any(|item| is_named(item, &sighting.name)));
            let Some(sighting) = renewed else {
                evidence.push(format!("GET {}: {}, not issued again", page.path(), answer(&visit)));
                continue;
            };
            let lifetime = sighting.written.lifetime;
            evidence.push(format!("GET {}: issued again: {}", page.path(), sighting.line));
            let too_long =
                items.iter().any(|item| item.lifetime.as_ref().is_some_and(|rule| !rule.allows(lifetime)));
            let result = match too_long {
                true => ProbeResult::Fails { what: "it is issued again for another time than stated".into() },
                false => ProbeResult::Holds,
            };
            return Ok((result, evidence, Some(page)));
        }
        let what = "no page issues it again after the interval".to_owned();
        Ok((ProbeResult::Fails { what }, evidence, None))
    }

    /// With `Sec-GPC: 1`, nothing but what is strictly necessary.
    async fn privacy_control(&mut self, who: &mut PersonaSession) -> Result<Answer, Ended> {
        let mut session = match self.fresh_session(&who.persona).await {
            Ok(session) => Session { gpc: true, ..session },
            Err(why) => return Ok(undecided(why)),
        };
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut pages = vec![self.target.url.clone()];
        pages.extend(who.some_pages.iter().filter(|page| **page != self.target.url).cloned());
        pages.truncate(PAGES_LOOKED_AT);
        let engine = who.engine.clone();
        let mut set: BTreeSet<Name> = BTreeSet::new();
        let mut answered = false;
        for page in &pages {
            let ask = Ask::page(probing.clone(), page.clone());
            let visit = self.visit(&engine, &mut session, &ask, As::Look).await?;
            answered |= visit.status > 0 && visit.failure.is_none();
            set.extend(kept(&visit).map(|sighting| sighting.name.clone()));
        }
        if !answered {
            return Ok(undecided("no page answered".into()));
        }
        let (result, evidence) = self.with_privacy_control(&who.session.jar, &set, pages.len());
        Ok((result, evidence, Some(self.target.url.clone())))
    }

    /// What is set with the signal, against what is strictly necessary.
    pub(super) fn with_privacy_control(
        &self,
        usual: &Jar,
        set: &BTreeSet<Name>,
        pages: usize,
    ) -> (ProbeResult, Vec<String>) {
        let usual: BTreeSet<&Name> = usual.iter().map(|cookie| &cookie.name).collect();
        let evidence = vec![
            format!("without it: {}", listed(usual)),
            format!("with `Sec-GPC: 1`, {pages} pages: {}", listed(set)),
        ];
        let items: Vec<&Item> = self.manifest.into_iter().flat_map(|manifest| &manifest.items).collect();
        let is_necessary = |name: &Name| {
            items
                .iter()
                .any(|item| is_named(item, name) && item.category == Some(Category::StrictlyNecessary))
        };
        let more: Vec<&Name> = set.iter().filter(|name| !is_necessary(name)).collect();
        let result = match more.is_empty() {
            true => ProbeResult::Holds,
            false => {
                ProbeResult::Fails { what: format!("with `Sec-GPC: 1` the site still sets {}", listed(more)) }
            }
        };
        (result, evidence)
    }

    /// Logs out, and looks at what that left. `probes` are those of this persona.
    pub(super) async fn log_out(
        &mut self,
        who: &mut PersonaSession,
        probes: &[Probe],
    ) -> Result<Vec<Outcome>, Ended> {
        let crawl = cell(&who.persona.name, &Consent::Untouched, Phase::Logout, 1);
        // Another persona's logout may have ended this session, where they share an account.
        if !self.is_logged_in(who, &crawl).await? {
            who.lost += 1;
            self.log_in_again(who, &crawl).await?;
        }
        let mut outcomes = Vec::new();
        if who.is_there() {
            for probe in probes {
                if !self.is_asked_at_logout(who, probe) {
                    continue;
                }
                let (result, evidence, page) = self.logout_needs_token(who, probe).await?;
                outcomes.push(self.outcome(probe, result, evidence, page));
            }
        }
        let about: Vec<&Probe> = probes.iter().filter(|probe| probe.is_about_logout()).collect();
        if !who.is_there() {
            let why = format!("{} was not logged in any more", who.persona.name);
            outcomes.extend(about.into_iter().map(|probe| {
                self.outcome(probe, ProbeResult::Undecided { why: why.clone() }, Vec::new(), None)
            }));
            return Ok(outcomes);
        }
        let before = who.session.clone();
        let steps = who.persona.logout.clone();
        let failed = match self.perform(who, &crawl, &steps, "the logout").await {
            Ok(()) => None,
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => Some(format!("{} failed: {}", failure.step, failure.why)),
        };
        if let Some(why) = &failed {
            self.warn(format!("{}: {why}", who.persona.name));
        }
        let after = Cell { phase: Phase::AfterLogout, ..crawl.clone() };
        let still = match who.persona.logged_in_when.clone() {
            Some(mark) => self.ask_mark(who, &after, &mark).await?.holds,
            None => false,
        };
        let how_failed = failed.or_else(|| still.then(|| "after the logout the mark still shows".to_owned()));
        for probe in about {
            let (result, evidence) = match (&how_failed, &probe.kind) {
                (Some(why), ProbeKind::ClearedOnLogout) if !still => {
                    (ProbeResult::Undecided { why: why.clone() }, Vec::new())
                }
                (_, ProbeKind::ClearedOnLogout) => {
                    self.cleared_by_logout(&before.jar, &who.session.jar, probe)
                }
                (Some(why), _) if !still => (ProbeResult::Undecided { why: why.clone() }, Vec::new()),
                _ => self.ended(who, &before, &after).await?,
            };
            outcomes.push(self.outcome(probe, result, evidence, None));
        }
        self.look_after_logout(who, &after).await?;
        Ok(outcomes)
    }

    fn cleared_by_logout(&self, before: &Jar, after: &Jar, probe: &Probe) -> (ProbeResult, Vec<String>) {
        let items = self.items(probe);
        let (had, has) = (held(before, &items), held(after, &items));
        let evidence = vec![
            format!("before the logout: {}", listed(&had)),
            format!("after the logout: {}", listed(&has)),
        ];
        let result = if had.is_empty() {
            ProbeResult::Undecided { why: "it was not there before the logout".into() }
        } else if has.is_empty() {
            ProbeResult::Holds
        } else {
            ProbeResult::Fails { what: format!("the logout leaves {}", listed(&has)) }
        };
        (result, evidence)
    }

    /// The session as it was before the logout is shown to the server once more.
    async fn ended(
        &mut self,
        who: &PersonaSession,
        before: &Session,
        after: &Cell,
    ) -> Result<(ProbeResult, Vec<String>), Ended> {
        let Some(mark) = who.persona.logged_in_when.clone() else {
            return Ok((ProbeResult::Undecided { why: "`logged_in_when` is missing".into() }, Vec::new()));
        };
        let mut old = before.clone();
        let probing = Cell { phase: Phase::Probe, ..after.clone() };
        let marked = if who.marked_by_script {
            let mut ghost = PersonaSession { session: old, ..who.clone() };
            self.rendered_mark(&mut ghost, &probing, &mark).await?
        } else {
            let engine = who.engine.clone();
            self.mark_with(&engine, &mut old, &probing, &mark).await?
        };
        let result = if marked.holds {
            ProbeResult::Fails { what: "the old session still opens the page after the logout".into() }
        } else if marked.unclear {
            ProbeResult::Undecided { why: marked.why.clone() }
        } else {
            ProbeResult::Holds
        };
        let seen = if marked.holds { "shows the mark".to_owned() } else { marked.why };
        let what = if who.marked_by_script { "session" } else { "cookies" };
        Ok((result, vec![format!("GET {} with the {what} from before the logout: {seen}", mark.url)]))
    }

    /// The logout's form sent without the token's cookie: the session must stay.
    async fn logout_needs_token(&mut self, who: &mut PersonaSession, probe: &Probe) -> Result<Answer, Ended> {
        let items = self.items(probe);
        let steps = who.persona.logout.clone();
        let (Some(sends), Some(mark)) = (steps.iter().position(sends), who.persona.logged_in_when.clone())
        else {
            return Ok(undecided("the logout sends nothing, or `logged_in_when` is missing".into()));
        };
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut other = who.clone();
        match self.perform(&mut other, &probing, &steps[..sends], "the logout without its token").await {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => return Ok(undecided(format!("{}: {}", failure.step, failure.why))),
        }
        let names = held(&other.session.jar, &items);
        if names.is_empty() {
            return Ok(undecided("there is no such cookie".into()));
        }
        drop_cookies(&mut other.session.jar, &items);
        match self.perform(&mut other, &probing, &steps[sends..=sends], "the logout without its token").await
        {
            Err(Halt::Ended(ended)) => return Err(ended),
            Ok(()) | Err(Halt::Failed(_)) => {}
        }
        let marked = self.ask_mark(who, &probing, &mark).await?;
        let without = listed(&names);
        let evidence = vec![format!(
            "the logout sent without {without}: the session {}",
            if marked.holds { "stays" } else { "is gone" }
        )];
        if !marked.holds {
            who.lost += 1;
            self.log_in_again(who, &probing).await?;
        }
        let result = match marked.holds {
            true => ProbeResult::Holds,
            false => ProbeResult::Fails { what: format!("the logout is accepted without {without}") },
        };
        Ok((result, evidence, other.shown.map(|shown| shown.url)))
    }

    /// Some pages again, with what the logout left.
    async fn look_after_logout(&mut self, who: &mut PersonaSession, after: &Cell) -> Result<(), Ended> {
        let mut pages = vec![self.target.url.clone()];
        pages.extend(who.some_pages.iter().filter(|page| **page != self.target.url).cloned());
        let engine = who.engine.clone();
        for page in pages {
            let ask = Ask::page(after.clone(), page);
            self.visit(&engine, &mut who.session, &ask, As::Look).await?;
        }
        Ok(())
    }

    /// A token's probe that the login does not answer, because the class is the logout's.
    fn is_asked_at_logout(&self, who: &PersonaSession, probe: &Probe) -> bool {
        probe.kind == ProbeKind::TokenRequired && !self.is_sent_by(probe, &who.persona.login)
    }

    fn is_sent_by(&self, probe: &Probe, steps: &[Step]) -> bool {
        let class = probe.pages.as_ref().and_then(|class| self.manifest?.pages.get(class));
        class.is_some_and(|class| crate::plan::sends_to(steps, &class.patterns))
    }

    /// Pages of a class that answered, or that the manifest names one by one.
    fn pages_of(&self, who: &PersonaSession, class: &str) -> Vec<Url> {
        let mut pages = who.pages.get(class).cloned().unwrap_or_default();
        let patterns = self.manifest.and_then(|manifest| manifest.pages.get(class));
        for page in patterns
            .into_iter()
            .flat_map(|class| &class.patterns)
            .filter_map(|pattern| self.literal_page(pattern))
        {
            if !pages.contains(&page) && super::side_requests::danger_of(&page).is_none() {
                pages.push(page);
            }
        }
        pages.truncate(PAGES_ASKED_AGAIN);
        pages
    }

    fn items(&self, probe: &Probe) -> Vec<Item> {
        self.items_of(probe.cookies.iter().map(String::as_str))
    }

    fn items_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Vec<Item> {
        let items: Vec<&Item> = self.manifest.into_iter().flat_map(|manifest| &manifest.items).collect();
        keys.into_iter()
            .filter_map(|key| items.iter().find(|item| item.key == key))
            .map(|item| (*item).clone())
            .collect()
    }
}

/// What a probe found: the result, the evidence, and the page it was about.
type Answer = (ProbeResult, Vec<String>, Option<Url>);

enum Refusal {
    Refused,
    Shown,
    Unclear(String),
}

fn undecided(why: String) -> Answer {
    (ProbeResult::Undecided { why }, Vec::new(), None)
}

/// A step that sends something.
fn sends(step: &Step) -> bool {
    match &step.action {
        Action::Submit(_) | Action::Totp { .. } => true,
        Action::Request(request) => !matches!(request.method.to_ascii_uppercase().as_str(), "GET" | "HEAD"),
        _ => false,
    }
}

/// Whether the manifest's item means a cookie of this name.
pub(super) fn is_named(item: &Item, name: &Name) -> bool {
    item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(name))
}

fn held(jar: &Jar, items: &[Item]) -> BTreeSet<Name> {
    jar.iter()
        .map(|cookie| &cookie.name)
        .filter(|name| items.iter().any(|item| is_named(item, name)))
        .cloned()
        .collect()
}

fn drop_cookies(jar: &mut Jar, items: &[Item]) {
    jar.remove_where(|cookie| items.iter().any(|item| is_named(item, &cookie.name)));
}

/// What the visit put on the device.
pub(super) fn kept(visit: &Visit) -> impl Iterator<Item = &crate::observation::Sighting> {
    let headers = visit.exchanges.iter().flat_map(|exchange| &exchange.sightings);
    headers
        .chain(&visit.writes)
        .filter(|sighting| matches!(sighting.decision, Decision::Stored { .. } | Decision::Replaced { .. }))
}

fn sets(visit: &Visit, items: &[Item]) -> bool {
    kept(visit).any(|sighting| items.iter().any(|item| is_named(item, &sighting.name)))
}

fn answer(visit: &Visit) -> String {
    if let Some(failure) = &visit.failure {
        return failure.detail.clone();
    }
    match place(&visit.shown) == place(&visit.asked) {
        true => visit.status.to_string(),
        false => format!("{} at {}", visit.status, visit.shown.path()),
    }
}

fn listed<'n>(names: impl IntoIterator<Item = &'n Name>) -> String {
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// Nearly the same text: a token or a time may differ.
fn similar(one: &str, other: &str) -> bool {
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(html::one_line).collect() };
    let (one, other) = (lines(one), lines(other));
    let common = one.intersection(&other).count();
    common * 10 >= one.len().max(other.len()) * 9
}
