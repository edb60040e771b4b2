//! A page in the browser: opened, acted upon, and given out as a [`Rendered`] visit.

use super::acts::ACTS;
use super::alone::OpenOne;
use super::consent::{self, Answer, Banner};
use super::seen::{add_hidden, visit_between};
use super::settle::{End, Why};
use super::tab::{Loaded, Tab};
use super::trace::{Mark, Trace};
use super::{BrowserContext, StoredItem};
use crate::cookie::{Jar, Name};
use crate::engine::{Ask, Visit};
use crate::observation::{Cell, Failed, FailureKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use url::Url;

/// How often a page that is watched for something is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Time that a page gets at once for what scrolling set off.
const AFTER_SCROLL: Duration = Duration::from_secs(2);
/// Scrolls to the end, in a way that is named.
const SCROLL: &str = include_str!("scroll.js");
/// The mouse's first move.
const MOVE: &str = include_str!("mouse.js");

/// Bounds of one page.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the load event and the first quiet moment.
    pub load: Duration,
    /// After scrolling, for lazy parts and late writes.
    pub late: Duration,
    /// So much of a page's time passes at once after it has loaded; none: it is watched in real time.
    pub ahead: Option<Duration>,
    /// Requests a second that a page may send to the site's own hosts meanwhile.
    pub rate: Option<f64>,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { load: Duration::from_secs(15), late: Duration::from_secs(2), ahead: None, rate: None }
    }
}

/// What is done about a consent banner that is there before anything on the page moves: some take the first
/// scrolling for an answer, and are gone then.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The plan's selector of the banner.
    pub selector: Option<&'a str>,
    /// The visitor is about to answer, and scrolls on other pages; otherwise the banner is remembered.
    pub stays: bool,
}

/// A page as it was rendered.
#[derive(Debug)]
pub struct Rendered {
    pub visit: Visit,
    /// What came after the visitor answered something, in the state that this brought.
    pub then: Option<(Cell, Visit)>,
    /// Links of the rendered document, and routes of a single-page application.
    pub links: Vec<RenderedLink>,
    /// Requests that scripts made of their own accord, and that do more than to read.
    pub sent: Vec<SentByScript>,
    /// What storage of the page's frames held in the end.
    pub storage: Vec<StoredItem>,
    /// Milliseconds after a document was loaded from which on its time was skipped, if it was.
    pub skipped_from: Option<u64>,
    /// Its service worker may have run where some page's clock stood: what it did not do says nothing.
    pub worker_stood: bool,
    /// Dialogs, downloads, an overflow: remarks for the coverage.
    pub remarks: Vec<String>,
}

/// A request of a script to an own host that does more than to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentByScript {
    pub method: String,
    pub url: Url,
    /// It did not leave the browser.
    pub held_back: bool,
}

/// A link of a rendered document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLink {
    pub url: Url,
    /// What is read on it; none of a route or a window.
    pub text: String,
    /// What else names it: `aria-label`, and `title` or the `alt` of its picture.
    pub names: [String; 2],
    /// The method that a script would send it with.
    pub method: Option<String>,
    /// It asks before it acts, by an attribute for that or by what a click on it runs.
    pub asks: bool,
    pub on_click: String,
    /// A file to keep.
    pub keeps: bool,
}

impl RenderedLink {
    /// An address that a script went to.
    pub fn of(url: Url) -> RenderedLink {
        let (text, on_click) = (String::new(), String::new());
        RenderedLink {
            url,
            text,
            names: Default::default(),
            method: None,
            asks: false,
            on_click,
            keeps: false,
        }
    }

    fn read(found: &Value) -> Option<RenderedLink> {
        let text = |at: usize| found[at].as_str().unwrap_or_default().to_owned();
        Some(RenderedLink {
            url: Url::parse(found[0].as_str()?).ok()?,
            text: text(1),
            names: [text(2), text(3)],
            method: found[4].as_str().filter(|method| !method.is_empty()).map(str::to_owned),
            asks: found[5] == true,
            on_click: text(6),
            keeps: found[7] == true,
        })
    }
}

/// An open page.
pub struct BrowserPage<'a> {
    context: &'a BrowserContext,
    open: OpenOne,
    /// What the visitor had when it was opened.
    before: Jar,
    tab: Tab,
    ask: Ask,
    loaded: Loaded,
    error: Option<String>,
    patience: Patience,
    /// Why it was watched in real time after all, if it was.
    in_real_time: Option<Why>,
    /// It went elsewhere by itself, some time after it was loaded.
    moved: bool,
    /// What it showed in a tab that had to be given up.
    earlier: Option<Trace>,
    /// From here on it is another cell's.
    turned: Option<(Cell, Mark)>,
    /// Nothing was left that it would do by itself: its clock was not moved.
    still: bool,
    /// It is one of several that are only looked at: its tab may have shown others, and may show more.
    in_turn: bool,
    /// The banner, as it was before the page was scrolled, where scrolling may answer it.
    before_scrolling: Option<Banner>,
}

impl<'a> BrowserPage<'a> {
    pub(super) async fn open(
        context: &'a BrowserContext,
        ask: &Ask,
        patience: Patience,
        in_turn: bool,
        asking: Option<Asking<'_>>,
    ) -> Result<BrowserPage<'a>, Failed> {
        let open = context.open_pages.opens();
        // In real time, as a visitor has it: a window for each.
        let in_turn = in_turn && patience.ahead.is_some() && !context.keeps_har();
        let kept = if in_turn { context.kept_tab(&ask.url) } else { None };
        let tab = match kept {
            Some(tab) => tab,
            None => Self::tab(context, ask).await?,
        };
        let mut page = BrowserPage {
            context,
            open,
            before: context.model().clone(),
            tab,
            ask: ask.clone(),
            loaded: Loaded::Idle,
            error: None,
            patience,
            in_real_time: None,
            moved: false,
            earlier: None,
            turned: None,
            still: false,
            in_turn,
            before_scrolling: None,
        };
        let referrer = ask.started_by.as_ref().map(Url::as_str);
        page.go(referrer).await;
        if page.in_real_time.is_some_and(|why| page.is_spoilt(why)) {
            // Its clock cannot be given back: once more, in a tab whose clock nobody touches.
            let tab = Self::tab(context, ask).await?;
            let deaf = std::mem::replace(&mut page.tab, tab);
            page.earlier = Some(deaf.close().await);
            page.patience.ahead = None;
            page.go(referrer).await;
        }
        if page.error.is_none() && page.loaded != Loaded::Unfinished && (page.still || page.answers().await) {
            let listens = {
                let trace = page.tab.trace();
                trace.minds_scrolling || trace.minds_moving
            };
            let asking = asking.filter(|_| listens);
            if let Some(asking) = asking {
                page.before_scrolling = consent::glance(&page.tab, asking.selector).await;
            }
            let asks = page.before_scrolling.as_ref().is_some_and(|banner| banner.shown);
            if !(asks && asking.is_some_and(|asking| asking.stays)) {
                page.scroll().await;
            }
        }
        Ok(page)
    }

    async fn tab(context: &BrowserContext, ask: &Ask) -> Result<Tab, Failed> {
        Tab::open(context.hub(), context.id(), context.emulation()).await.map_err(|error| {
            let detail = format!("no tab could be opened: {error}");
            Failed::once(&ask.cell, context.safe(&ask.url), FailureKind::Crashed, detail)
        })
    }

    /// Goes to its address, and lets the time pass in which it may still do something.
    async fn go(&mut self, referrer: Option<&str>) {
        let Patience { load, ahead, rate, .. } = self.patience;
        (self.loaded, self.error) = self.tab.go(self.ask.url.as_str(), referrer, load, ahead.is_some()).await;
        let Some(ahead) = ahead.filter(|_| self.error.is_none() && self.loaded == Loaded::Idle) else {
            return;
        };
        self.still = self.tab.is_still(false).await;
        if self.still {
            return;
        }
        // One that hangs already would not let its clock be moved.
        let controlled = "!!(navigator.serviceWorker&&navigator.serviceWorker.controller)";
        let controlled = self.tab.evaluate(controlled).await == Some(Value::Bool(true));
        if self.tab.hangs() {
            return;
        }
        self.tab.trace().service_worker |= controlled;
        self.tab.clock().rate = rate;
        let documents = self.tab.trace().documents;
        let end = self.tab.run_ahead(ahead).await;
        self.clock_moved();
        self.moved |= self.tab.trace().documents > documents;
        if let End::Real(why) = end {
            self.in_real_time = Some(why);
            if why == Why::Stuck {
                // Whatever it was about to do, it may do it then.
                self.tab.idle(ahead).await;
            }
            if !self.is_spoilt(why) && !matches!(why, Why::Moves | Why::Busy) {
                self.loaded = self.tab.settle_in_real_time(load, false).await;
            }
        }
    }

    fn clock_moved(&self) {
        self.context.clock_moved.fetch_or(self.tab.engaged(), Ordering::Relaxed);
    }

    /// Whether what is left cannot be watched in this tab: a service worker goes by the page's clock, too, once
    /// that was moved.
    fn is_spoilt(&self, why: Why) -> bool {
        matches!(why, Why::Deaf | Why::Behind) || why == Why::ServiceWorker && self.tab.engaged()
    }

    /// Whether the page can be asked. One that never finished loading can: what it lacks may be a
    /// single picture.
    async fn answers(&self) -> bool {
        self.is_there() && self.tab.answers().await
    }

    fn is_there(&self) -> bool {
        matches!(self.loaded, Loaded::Idle | Loaded::Busy | Loaded::Unfinished) && !self.tab.hangs()
    }

    /// Scrolls to the end, for parts that load when they come into sight, and waits for them. Before that the
    /// mouse moves, as a visitor's does: many sites hold their scripts back until then, and their banner too.
    async fn scroll(&self) {
        let stirred = self.tab.evaluate(&format!("({MOVE})()")).await == Some(Value::Bool(true));
        let moved = stirred || self.tab.trace().minds_moving;
        if self.still && !moved && !self.tab.trace().minds_scrolling {
            let scrolled = self.tab.evaluate(&format!("({SCROLL})('glance')")).await;
            match scrolled.as_ref().and_then(Value::as_i64) {
                Some(_) if self.tab.is_still(false).await => return,
                Some(_) => {}
                // Something waits for being in sight.
                _ => drop(self.tab.evaluate(&format!("({SCROLL})('two')")).await),
            }
        } else {
            // Pages are drawn in real time, and timers go by the page's: those of one whose clock is moved on
            // come before the drawing, and its time goes twice as fast, so that one frame at a step is as much
            // as two otherwise.
            let frames = if self.tab.engaged() { "one" } else { "two" };
            let scrolled = self.tab.evaluate(&format!("({SCROLL})('{frames}')")).await;
            if !moved && scrolled.is_none_or(|steps| steps == json!(0)) {
                return;
            }
        }
        if self.still {
            // It was, and is now what any other page is.
            self.tab.settle_in_real_time(self.patience.late, true).await;
            if !self.tab.is_still(false).await && self.tab.run_ahead(AFTER_SCROLL).await != End::Passed {
                self.tab.settle_in_real_time(self.patience.late, false).await;
            }
            self.clock_moved();
            return;
        }
        self.tab.settle(self.patience.late).await;
    }

    /// Goes to its address once more in the same tab, as a visitor who comes back.
    pub async fn again(&mut self) {
        self.go(None).await;
    }

    /// Looks for the consent banner without touching it.
    pub async fn banner(&self, selector: Option<&str>) -> Option<Banner> {
        let now = consent::look(&self.tab, selector).await?;
        let before = self.before_scrolling.as_ref().filter(|before| {
            !now.shown && (before.shown || before.suspected.is_some() && now.suspected.is_none())
        });
        Some(match before {
            Some(before) => Banner { scrolled_away: true, ..before.clone() },
            None => now,
        })
    }

    /// What comes from here on belongs to another cell: the visitor is about to answer something.
    pub fn turn(&mut self, cell: Cell) {
        self.turned = Some((cell, self.tab.trace().mark()));
    }

    /// The visitor did not answer after all: what came is the first cell's.
    pub fn stay(&mut self) {
        self.turned = None;
    }

    /// Answers the consent banner, and waits for what that sets off.
    pub async fn answer(&self, answer: &Answer, selector: Option<&str>) -> Option<Banner> {
        consent::answer(&self.tab, selector, answer, self.patience.late).await
    }

    /// The label of a control by which the answer could be taken back.
    pub async fn way_to_withdraw(&self) -> Option<String> {
        consent::find_reopen(&self.tab).await
    }

    /// Takes the answer back: opens the banner again and rejects.
    pub async fn withdraw(&self, selector: Option<&str>) -> Option<Banner> {
        consent::withdraw(&self.tab, selector, self.patience.late).await
    }

    /// Clicks the first element of a selector; false where there is none.
    pub async fn click(&self, selector: &str) -> bool {
        // Also in open shadow roots and frames of the same origin.
        let there = format!("{ACTS}('locate',{})", json!({"selector": selector}));
        let found = self.tab.act(&there).await.is_some_and(|place| place["found"] == true);
        let clicked = found && self.tab.act(&format!("{ACTS}('press',{{}})")).await.is_some();
        if clicked {
            // A click may navigate: a moment for it to begin, then until it is done.
            self.tab.idle(Duration::from_millis(100)).await;
            self.tab.settle(self.patience.load).await;
        }
        clicked
    }

    /// Waits until a selector or a text is there.
    pub async fn wait(&self, selector: Option<&str>, text: Option<&str>, patience: Duration) -> bool {
        let script = format!("{ACTS}('there',{})", json!({"selector": selector, "text": text}));
        let until = tokio::time::Instant::now() + patience;
        while tokio::time::Instant::now() < until {
            if self.tab.evaluate(&script).await.is_some_and(|found| found["found"] == true) {
                return true;
            }
            self.tab.idle(Duration::from_millis(100)).await;
        }
        false
    }

    /// Watches the page in real time: for so long, or until things of all these names were left, if there are any.
    pub async fn watch(&self, until: Option<&BTreeSet<Name>>, longest: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < longest {
            if until.is_some_and(|names| names.is_subset(&self.tab.trace().written_names())) {
                return;
            }
            self.tab.idle(BETWEEN_LOOKS.min(longest)).await;
        }
    }

    /// The URL now shown.
    pub fn shown(&self) -> Option<Url> {
        self.tab.trace().shown.as_deref().and_then(|url| Url::parse(url).ok())
    }

    /// The rendered document.
    pub async fn html(&self) -> String {
        let script = "document.documentElement ? document.documentElement.outerHTML.slice(0, 4000000) : ''";
        self.tab.evaluate(script).await.and_then(|html| html.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// A PNG of what is in sight, with typed text blanked, and so is all text that holds a secret or
    /// tells who is logged in.
    pub async fn screenshot(&self) -> Option<Vec<u8>> {
        let blank = "for(const e of document.querySelectorAll('input,textarea,select,[contenteditable]')){e.style.setProperty('color','transparent','important');\
                     e.style.setProperty('text-shadow','none','important');e.style.setProperty('background','#ddd','important')}";
        self.tab.evaluate(blank).await;
        let texts = self.tab.evaluate(&format!("{TEXTS}(null)")).await?;
        let identifying = self.context.identifying(texts.as_array()?);
        if !identifying.is_empty() {
            self.tab.evaluate(&format!("{TEXTS}({})", json!(identifying))).await?;
        }
        let taken = self.tab.command("Page.captureScreenshot", json!({"format": "png"})).await.ok()?;
        super::base64_decode(taken["data"].as_str()?)
    }

    /// Closes the page and gives out everything that it showed.
    pub async fn finish(self) -> Rendered {
        // One that hangs is asked once.
        let (links, storage) =
            if self.is_there() { (self.links().await, self.stored().await) } else { Default::default() };
        let unreadable = self.cookies_unreadable().await;
        let hangs = self.tab.hangs();
        let closed = self.tab.trace().closed;
        if self.error.is_none() && !hangs {
            self.tab.leave().await;
        }
        let goes_on =
            self.in_turn && self.error.is_none() && self.loaded == Loaded::Idle && self.earlier.is_none();
        let kept = if goes_on { self.tab.turn_over().await } else { None };
        let goes_on = kept.is_some();
        let trace = match kept {
            Some(trace) => trace,
            None => self.tab.close().await,
        };
        self.context.catch_up(&trace).await;
        let failed = self.failure(&trace, hangs).map(|(kind, detail)| {
            Failed::once(&self.ask.cell, self.context.safe(&self.ask.url), kind, detail)
        });
        for trace in self.earlier.iter().chain([&trace]) {
            self.context.hear_of_others(trace).await;
        }
        let mut earlier = None;
        if let Some(trace) = &self.earlier {
            self.context.recorded(&self.ask.url, trace);
            let witness = self.context.witness(trace, &self.before, !self.open.was_alone()).await;
            let all = Mark::default()..trace.mark();
            earlier = Some(visit_between(self.context, &self.ask, trace, &witness, all));
        }
        self.context.recorded(&self.ask.url, &trace);
        let skipped = [self.earlier.as_ref(), Some(&trace)];
        let skipped_from = skipped.into_iter().flatten().find_map(|trace| trace.skipped_from);
        // Documents that came later had their whole time skipped.
        let skipped_from = skipped_from.map(|from| if self.moved { 0 } else { from });
        let end = trace.mark();
        let turn = self.turned.as_ref().map_or(end, |(_, turn)| *turn);
        let witness = self.context.witness(&trace, &self.before, !self.open.was_alone()).await;
        let mut visit = visit_between(self.context, &self.ask, &trace, &witness, Mark::default()..turn);
        visit.failure = failed;
        if let Some(earlier) = earlier {
            visit.exchanges.splice(0..0, earlier.exchanges);
            visit.writes.splice(0..0, earlier.writes);
        }
        let hidden = trace.hidden();
        if !hidden.is_empty() {
            let jar = self.context.cookies().await;
            // With several pages nobody knows whose it would be; the end of the cell tells of it then.
            if self.open.was_alone() {
                add_hidden(self.context, &self.ask, &hidden, &jar, &mut visit);
            }
        }
        let busy = self.loaded == Loaded::Busy && !hangs && !trace.crashed;
        let sent = trace.sent_by_scripts(turn).into_iter().filter_map(|(method, url, held_back)| {
            let url = Url::parse(&url).ok().filter(|url| (self.context.emulation.own)(url))?;
            Some(SentByScript { method, url, held_back })
        });
        let sent = sent.collect();
        let remarks = [
            (unreadable, "scripts read no cookie, since one holds bytes that are not UTF-8"),
            (busy, "the page was never quiet; what it did until its time was up is kept"),
            (closed, "the page closed itself"),
            (trace.dialogs > 0, "dialogs were opened and answered"),
            (trace.downloads > 0, "a download was refused"),
            (!trace.popups.is_empty(), "windows were opened; their addresses count as links"),
            (trace.service_worker, "a service worker runs on the page"),
            (trace.part_crashed, "the process of a frame or window ended"),
            (self.moved, "the page went elsewhere by itself some time after it was loaded"),
            (trace.overflow, OVERFLOW),
        ];
        visit.remarks = remarks.into_iter().filter_map(|(said, words)| said.then_some(words)).collect();
        visit.remarks.extend(self.in_real_time.map(Why::remark));
        let remarks = visit.remarks.iter().map(|remark| (*remark).to_owned()).collect();
        if goes_on {
            self.context.keep_tab(self.tab);
        }
        let then = self.turned.map(|(cell, turn)| {
            let ask = Ask { cell: cell.clone(), ..self.ask };
            (cell, visit_between(self.context, &ask, &trace, &witness, turn..end))
        });
        let worker_stood = trace.service_worker && self.context.clock_moved.load(Ordering::Relaxed);
        Rendered { visit, then, links, sent, storage, skipped_from, worker_stood, remarks }
    }

    /// What went wrong, if anything did.
    fn failure(&self, trace: &Trace, hangs: bool) -> Option<(FailureKind, String)> {
        const KEPT: &str = "what it did until then is kept";
        let status = trace.document().map_or(0, |hop| hop.status);
        // Whoever asked knows of a 4xx whether it was to be expected.
        let said_no = (status >= 500).then(|| (FailureKind::ServerError, format!("answered {status}")));
        match (self.loaded, &self.error) {
            // A navigation that becomes a download, or that is answered without a document.
            (_, Some(error)) if error == ABORTED && (trace.downloads > 0 || matches!(status, 204 | 205)) => {
                None
            }
            (_, Some(error)) if error == NO_BODY => said_no,
            (_, Some(error)) => Some((kind_of(error), format!("the browser says {error}"))),
            _ if trace.crashed => Some((FailureKind::Crashed, format!("the page's process ended; {KEPT}"))),
            (Loaded::BrowserGone, None) => Some((FailureKind::Crashed, format!("the browser ended; {KEPT}"))),
            (Loaded::Unfinished, None) => {
                let seconds = self.patience.load.as_secs();
                Some((FailureKind::Timeout, format!("not loaded within {seconds} s; {KEPT}")))
            }
            _ if self.context.gone() => Some((FailureKind::Crashed, format!("the browser ended; {KEPT}"))),
            _ if trace.broken.is_some() => trace.broken.as_ref().map(|error| {
                (FailureKind::Truncated, format!("it broke off: the browser says {error}; {KEPT}"))
            }),
            _ if hangs => Some((FailureKind::Timeout, format!("its scripts never came to an end; {KEPT}"))),
            _ => said_no,
        }
    }

    /// One cookie with bytes that are not UTF-8 blanks `document.cookie` for the whole page.
    async fn cookies_unreadable(&self) -> bool {
        let Some(shown) = self.shown().filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return false;
        };
        // Told apart from "there is none", and from documents that may not ask.
        let reads_nothing =
            async || self.tab.evaluate("document.cookie===''").await == Some(Value::Bool(true));
        if !reads_nothing().await {
            return false;
        }
        let params = json!({"urls": [shown.as_str()]});
        let cookies = self.tab.command("Network.getCookies", params).await.unwrap_or_default();
        let readable = |cookie: &Value| {
            let empty = |field: &str| cookie[field].as_str().unwrap_or_default().is_empty();
            cookie["httpOnly"] == false && !(empty("name") && empty("value"))
        };
        let held = cookies["cookies"].as_array().is_some_and(|cookies| cookies.iter().any(readable));
        // What another tab wrote in between is read by now.
        held && reads_nothing().await
    }

    async fn links(&self) -> Vec<RenderedLink> {
        // Shadow roots and frames of the same origin have links, too.
        let found = self.tab.evaluate(&format!("{ACTS}('links',{{}})")).await.unwrap_or_default();
        let found = found["links"].as_array().map(Vec::as_slice).unwrap_or_default();
        let routes: Vec<Url> = {
            let trace = self.tab.trace();
            trace.routes.iter().chain(&trace.popups).filter_map(|url| Url::parse(url).ok()).collect()
        };
        // What another link to the same address says counts, too.
        let mut known = BTreeSet::new();
        let mut links: Vec<RenderedLink> = found.iter().filter_map(RenderedLink::read).collect();
        links.extend(routes.into_iter().map(RenderedLink::of));
        links.retain(|link| known.insert((link.url.clone(), link.text.clone(), link.names.clone())));
        links
    }

    /// Whether the page put, or tried to put, anything on the device so far.
    pub fn left_something(&self) -> bool {
        self.tab.trace().left_something()
    }

    /// What the origins of the page's frames keep: read in the frames, since only they may.
    pub async fn stored(&self) -> Vec<StoredItem> {
        // A database that is busy says what there is when it is through: not waited for, since that
        // would lose the rest.
        let script = "(async()=>{const soon=p=>Promise.race([p,new Promise((_,no)=>setTimeout(no,3000))]);const out=[];const take=(k,s)=>{try{for(let i=0;i<Math.min(s.length,2000);i++){const n=s.key(i);out.push([k,n.slice(0,1000),(s.getItem(n)||'').slice(0,5000)])}}catch{}};\
            try{take('local-storage',localStorage)}catch{}try{take('session-storage',sessionStorage)}catch{}\
            const all=async list=>{try{return await soon(list())}catch{return []}},[bases,kept]=await Promise.all([all(()=>indexedDB.databases()),all(()=>caches.keys())]);\
            for(const d of bases)out.push(['indexed-db',String(d.name).slice(0,1000),'']);\
            for(const n of kept)out.push(['cache-storage',n.slice(0,1000),'']);\
            return {origin:self.origin,items:out}})()";
        let mut stored = Vec::new();
        for found in self.tab.evaluate_everywhere(script).await {
            let origin = found["origin"].as_str().unwrap_or_default();
            let items = found["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            stored.extend(items.iter().filter_map(|item| StoredItem::read(origin, item)));
        }
        stored
    }
}

/// The page's texts in order; or, given the numbers of some, those are blanked. Walks open shadow
/// roots and same-origin frames.
const TEXTS: &str = "(blank=>{const out=[],most=20000;let at=0;const walk=(root,depth)=>{if(depth>8)return;\
    const walker=(root.ownerDocument||root).createTreeWalker(root,5);for(let n=walker.currentNode;n&&at<most;n=walker.nextNode()){\
    if(n.nodeType===3){if(blank){if(blank.includes(at))n.data='\u{2022}\u{2022}\u{2022}'}else out.push(n.data.slice(0,2000));at++}\
    else{if(n.shadowRoot)walk(n.shadowRoot,depth+1);if(n.localName==='iframe'){try{n.contentDocument&&walk(n.contentDocument,depth+1)}catch{}}}}};\
    walk(document,0);return out})";

/// Said of a page whose acts were not all recorded.
pub const OVERFLOW: &str = "the page did more than is kept of one page; the rest was not recorded";

/// What a navigation that shows no document is called.
const ABORTED: &str = "net::ERR_ABORTED";

/// What an answer of 4xx or 5xx without a body is called.
const NO_BODY: &str = "net::ERR_HTTP_RESPONSE_CODE_FAILURE";

/// Chromium's net error names, in our words.
pub(super) fn kind_of(error: &str) -> FailureKind {
    match error {
        "net::ERR_NAME_NOT_RESOLVED" | "net::ERR_NAME_RESOLUTION_FAILED" => FailureKind::Dns,
        "net::ERR_CONNECTION_REFUSED" => FailureKind::Refused,
        "net::ERR_INVALID_AUTH_CREDENTIALS" => FailureKind::ClientError,
        "net::ERR_TOO_MANY_REDIRECTS" => FailureKind::TooManyRedirects,
        "net::ERR_TIMED_OUT" | "net::ERR_CONNECTION_TIMED_OUT" => FailureKind::Timeout,
        "net::ERR_INVALID_HTTP_RESPONSE" | "net::ERR_RESPONSE_HEADERS_TOO_BIG" => FailureKind::UnreadableHead,
        error if error.starts_with("net::ERR_CERT") || error.starts_with("net::ERR_SSL") => FailureKind::Tls,
        error if error.starts_with("net::ERR_CONNECTION") => FailureKind::Connect,
        _ => FailureKind::Other,
    }
}
