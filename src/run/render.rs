//! The browser's part of a run: the pages that HTTP found, one of each kind, looked at again with
//! scripts running; each persona and consent state in a fresh browser of its own, several pages at
//! a time.

mod banner;
mod consent;
mod late;
mod leftovers;
mod pages;
mod pictures;

pub(super) use self::banner::{BannerSeen, banner_outcome};
pub(super) use self::late::{Decided, Late, LookUnderWay};
pub(super) use self::pages::Listed;
use super::RunError;
use super::context::{Ended, RunContext};
use super::persona::PersonaSession;
use super::rendered_links::RenderedLinks;
use super::runner::Runner;
use crate::cookie::{CookiePlace, Jar, Name, StoredCookie, ThirdPartyCookies};
use crate::crawl::{Address, BackOffices};
use crate::engine::Session;
use crate::engine::browser::{
    BrowserContext, BrowserEngine, BrowserSettings, Guard, Identity, LaunchError, Patience, StoredItem,
};
use crate::observation::{
    BannerMoment, BrowserRun, Cell, Consent, ConsentLook, FailureKind, Outcome, StorageKind,
};
use std::collections::BTreeSet;
use tokio::task::JoinHandle;

/// How often a browser that died is started again in one run.
const MOST_RESTARTS: u32 = 5;

/// The run's browser.
pub(super) struct Browser {
    engine: BrowserEngine,
    settings: BrowserSettings,
    patience: Patience,
    restarts: u32,
    /// Modes of third-party cookies it looked in so far.
    modes: Vec<ThirdPartyCookies>,
}

impl Browser {
    /// For the report.
    pub(super) fn told(&self) -> BrowserRun {
        BrowserRun {
            version: self.engine.version.clone(),
            third_party_cookies: self.modes.clone(),
            tried: self.engine.mode_tried,
        }
    }

    fn of(run: &RunContext<'_>, settings: BrowserSettings, engine: BrowserEngine) -> Browser {
        let plan = run.plan;
        if engine.third_party() != settings.third_party {
            run.warn(match engine.third_party() {
                ThirdPartyCookies::Allow => {
                    "the browser keeps third-party cookies, though the plan wants them blocked"
                }
                ThirdPartyCookies::Block => {
                    "the browser blocks third-party cookies, though the plan wants them kept"
                }
            });
        }
        let modes = vec![engine.third_party()];
        let patience = Patience {
            load: plan.browser.load_timeout,
            ahead: plan.browser.ahead(),
            rate: plan.limits.rate,
            ..Patience::default()
        };
        Browser { engine, settings, patience, restarts: 0, modes }
    }

    /// How it treats third-party cookies.
    pub(super) fn mode(&self) -> ThirdPartyCookies {
        self.engine.third_party()
    }

    /// How long a page may take.
    pub(super) fn patience(&self) -> Patience {
        self.patience
    }
}

async fn start(settings: &BrowserSettings) -> Result<BrowserEngine, RunError> {
    BrowserEngine::start(settings).await.map_err(not_started)
}

fn not_started(error: LaunchError) -> RunError {
    RunError { message: error.message, hint: Some(error.hint) }
}

/// A browser on its way: it takes a moment, in which the site is asked already. Dropping it ends it.
pub(super) struct Starting {
    settings: BrowserSettings,
    /// Until it is known whether it comes.
    task: Option<JoinHandle<Result<BrowserEngine, LaunchError>>>,
    /// It is there.
    engine: Option<BrowserEngine>,
}

impl Starting {
    /// Begins before the long work: a browser that is missing, or somebody else's that does not answer, is
    /// said at once.
    pub(super) async fn begin(run: &RunContext<'_>) -> Result<Starting, RunError> {
        let plan = run.plan;
        let settings = BrowserSettings {
            executable: plan.browser.executable.clone(),
            url: plan.browser.url.clone(),
            third_party: plan.third_party_cookies.first().copied().unwrap_or_default(),
            resolve: plan.http.resolve.clone(),
            accept_any_certificate: !plan.http.extra_ca.is_empty(),
        };
        settings.check().map_err(not_started)?;
        let own = settings.clone();
        let task = Some(tokio::spawn(async move { BrowserEngine::start(&own).await }));
        let mut starting = Starting { settings, task, engine: None };
        if starting.settings.url.is_some() {
            starting.arrived().await?;
        }
        Ok(starting)
    }

    /// Waits until it is there.
    pub(super) async fn arrived(&mut self) -> Result<(), RunError> {
        if self.engine.is_none() {
            self.engine = Some(self.comes().await?);
        }
        Ok(())
    }

    /// Ready when it is known that it will not be there; never, where it is.
    pub(super) async fn failure(&mut self) -> RunError {
        match self.arrived().await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.engine.is_some()
    }

    /// The browser, once it is there.
    pub(super) async fn ready(mut self, run: &RunContext<'_>) -> Result<Browser, RunError> {
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => self.comes().await?,
        };
        Ok(Browser::of(run, self.settings.clone(), engine))
    }

    async fn comes(&mut self) -> Result<BrowserEngine, RunError> {
        let failed = |message: String| RunError { message, hint: None };
        let Some(task) = &mut self.task else { return Err(failed("the browser did not start".to_owned())) };
        let ended = task.await;
        self.task = None;
        ended.map_err(|error| failed(error.to_string()))?.map_err(not_started)
    }

    /// Nobody needs it any more: returns when it is gone.
    pub(super) async fn leave(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It may have come in the same moment.
            drop(task.await);
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.task.iter().for_each(JoinHandle::abort);
    }
}

/// What one cell showed, beside its sightings.
#[derive(Default)]
pub(super) struct CellSeen {
    pub(super) storage: Vec<StoredItem>,
    /// Places in the jar that sightings explain.
    pub(super) explained: BTreeSet<CookiePlace>,
    /// Items of storage that were seen to be written, or that the visitor came with.
    pub(super) told: BTreeSet<(StorageKind, Name)>,
    /// Pages that only a browser finds.
    pub(super) found: RenderedLinks,
    /// The pages that were rendered, in order: other states of consent look at the same.
    pub(super) listed: Vec<Listed>,
    /// Pages that came as they were asked for; one in trouble shows nothing of the site.
    pub(super) came: usize,
    /// Some page did more than was recorded: not everything in the jar can be explained.
    pub(super) overflow: bool,
    /// What came in skipped time, and is to be seen in real time before it counts.
    pub(super) late: Late,
    /// The first page offers a way to take consent back.
    pub(super) can_withdraw: bool,
    /// The page that asks for consent, if not the first.
    pub(super) asked_at: Option<url::Url>,
}

/// What a visitor's device holds, with values to be compared.
pub(super) type Holdings = std::collections::BTreeMap<(StorageKind, Name), Vec<u8>>;

impl Runner<'_> {
    /// Another browser, which treats third-party cookies this way: the mode belongs to its profile.
    pub(super) async fn switch_mode(
        &mut self,
        browser: &mut Browser,
        mode: ThirdPartyCookies,
    ) -> Result<Result<(), String>, Ended> {
        if browser.settings.url.is_some() {
            let why = "the other mode of third-party cookies needs a browser that is started here";
            self.warn(why);
            return Ok(Err(why.to_owned()));
        }
        browser.settings.third_party = mode;
        match self.unless_ended(start(&browser.settings)).await? {
            Ok(engine) => {
                browser.modes.push(engine.third_party());
                browser.engine = engine;
                Ok(Ok(()))
            }
            Err(error) => {
                self.warn(&error.message);
                Ok(Err(error.message))
            }
        }
    }

    /// One visitor in one state of consent: brought there, led through the pages, and looked at in
    /// the end.
    pub(super) async fn browse_cell(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        list: &[Listed],
        look: &mut ConsentLook,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<CellSeen, Ended> {
        let cell = look.cell.clone();
        // What the login over HTTP brought is explained there.
        let explained = brings(who).iter().map(StoredCookie::place).collect();
        let told = who.session.storage.iter().map(|item| (item.kind, item.named())).collect();
        let mut seen = CellSeen { explained, told, found: RenderedLinks::of(who), ..CellSeen::default() };
        let Some((context, before)) = self.arrive(browser, who, list, look, &mut seen).await? else {
            return Ok(seen);
        };
        // Who brought a recorded choice was asked nothing.
        if look.shown.is_some() {
            self.asked_again(browser, &context, who, look, &mut seen).await?;
        }
        if cell.consent == Consent::Accepted
            && let Some(shown) = look.shown_again
        {
            let again = BannerSeen { shown, suspected: look.suspected.clone() };
            outcomes.push(self.banner_outcome(&cell.persona, BannerMoment::AfterConsent, again));
        }
        let context = self.pages(browser, context, who, list, look, &mut seen).await?;
        let Some(context) = context else { return Ok(seen) };
        self.keep_har(&context, &cell);
        let jar = context.cookies().await;
        self.carry_renewed_back(&context, who).await?;
        if !seen.overflow {
            self.unexplained(&cell, &jar, &seen);
        }
        self.mirrors(&cell, &jar, &seen, outcomes);
        // What the pages kept while they were open may be gone since; session storage went with its tab.
        let kept = |item: &&StoredItem| item.kind == StorageKind::LocalStorage;
        let origins = seen.storage.iter().filter(kept).map(|item| item.origin.clone()).collect();
        let stored = if before.is_empty() { Vec::new() } else { context.local_storage(&origins).await };
        let after = holdings(&jar, &stored);
        // A jar that could not be read lacks everything.
        if !context.gone() {
            let (survives, gone) = before.into_keys().partition(|held| after.contains_key(held));
            look.survives = survives;
            let gone: Vec<(StorageKind, Name)> = gone;
            let cookies = gone.into_iter().filter(|(kind, _)| *kind == StorageKind::Cookie);
            look.cleared = cookies.map(|(_, name)| name).collect();
        }
        if cell.consent == Consent::Accepted && !who.persona.visitor.logged_in {
            self.cleared(browser, &context, &cell, who.asked_at.as_ref(), outcomes).await?;
        }
        context.close().await;
        if cell.consent == Consent::Untouched && cell.third_party.is_none() {
            self.ask_found(who, &cell, &seen.found).await?;
        }
        Ok(seen)
    }

    /// A fresh browser context with the persona's session in it. A browser that died is started
    /// again, a few times.
    pub(super) async fn visitor(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        cell: &Cell,
    ) -> Result<Option<BrowserContext>, Ended> {
        self.recorder.another_visitor();
        if who.disguised {
            self.recorder.in_disguise();
        }
        if browser.engine.gone() && browser.restarts < MOST_RESTARTS {
            browser.restarts += 1;
            self.warn("the browser ended and is started again");
            match self.unless_ended(start(&browser.settings)).await? {
                Ok(engine) => browser.engine = engine,
                Err(error) => self.warn(&error.message),
            }
        }
        let proxy = match self.proxy_of(&who.persona).await {
            Ok(proxy) => proxy,
            // Said by the engine without a browser, which needs it first.
            Err(_) => return Ok(None),
        };
        let session = &Session { jar: brings(who).clone(), ..who.session.clone() };
        let run = self.engines();
        let identity = Identity {
            user_agent: session.user_agent.clone(),
            accept_language: session.accept_language.clone(),
            time_zone: who.persona.time_zone.clone(),
            gpc: session.gpc,
            disguised: who.disguised,
            own_headers: session.own_headers.clone(),
            proxy,
        };
        let made = self.unless_ended(browser.engine.context(identity, run)).await?;
        let failed = match made {
            Ok(mut context) => {
                if who.persona.visitor.logged_in {
                    context.guard(guard(&who.back_offices));
                }
                if self.plan.browser.har.is_some() {
                    context.record();
                }
                match self.put_session(&context, session).await {
                    Ok(()) => return Ok(Some(context)),
                    Err(why) => why,
                }
            }
            Err(why) => why,
        };
        let detail = format!("no fresh browser for this visitor: {failed}");
        self.recorder.failed(cell, &self.target.url, FailureKind::Crashed, detail);
        Ok(None)
    }
}

/// Holds back what scripts of a member's pages send of their own accord where it may act.
fn guard(known: &BackOffices) -> Guard {
    let known = known.clone();
    std::sync::Arc::new(move |page, method, asked, body| {
        let (page, asked) = (Address::new(page), Address::new(asked));
        page.zip(asked).is_some_and(|(page, asked)| known.hold_back(&page, method, &asked, body))
    })
}

/// What a visitor comes with: a member's session as it is now; the crawl of somebody without one left
/// cookies that a fresh visitor has yet to get.
fn brings(who: &PersonaSession) -> &Jar {
    if who.persona.visitor.logged_in { &who.session.jar } else { &who.login_jar }
}

/// Cookies and storage items as one map.
pub(super) fn holdings(jar: &[StoredCookie], storage: &[StoredItem]) -> Holdings {
    let cookies =
        jar.iter().map(|cookie| ((StorageKind::Cookie, cookie.name.clone()), cookie.value.reveal().to_vec()));
    let items = storage.iter().map(|item| ((item.kind, item.named()), item.value.reveal().to_vec()));
    cookies.chain(items).collect()
}
