//! A page in the browser: opened, acted upon, and given out as a [`Rendered`] visit.

use super::consent::{Answer, Banner, banner};
use super::seen::{add_hidden, visit_of};
use super::tab::{Loaded, Tab};
use super::trace::Trace;
use super::{BrowserContext, StoredItem};
use crate::engine::{Ask, Visit};
use crate::observation::{Failed, FailureKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;

/// Bounds of one page.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the load event and the first quiet moment.
    pub load: Duration,
    /// After scrolling, for lazy parts and late writes.
    pub late: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { load: Duration::from_secs(15), late: Duration::from_secs(2) }
    }
}

/// A page as it was rendered.
#[derive(Debug)]
pub struct Rendered {
    pub visit: Visit,
    /// Links of the rendered document, and routes of a single-page application.
    pub links: Vec<(Url, String)>,
    /// What storage of the page's frames held in the end.
    pub storage: Vec<StoredItem>,
    /// Dialogs, downloads, an overflow: remarks for the coverage.
    pub remarks: Vec<String>,
}

/// An open page.
pub struct BrowserPage<'a> {
    context: &'a BrowserContext,
    tab: Tab,
    ask: Ask,
    loaded: Loaded,
    error: Option<String>,
    patience: Patience,
}

impl<'a> BrowserPage<'a> {
    pub(super) async fn open(
        context: &'a BrowserContext,
        ask: &Ask,
        patience: Patience,
    ) -> Result<BrowserPage<'a>, Failed> {
        let tab = Tab::open(context.hub(), context.id(), context.guise()).await.map_err(|error| Failed {
            cell: ask.cell.clone(),
            url: context.safe(&ask.url),
            kind: FailureKind::Crashed,
            detail: format!("no tab could be opened: {error}"),
            count: 1,
        })?;
        let referrer = ask.started_by.as_ref().map(Url::as_str);
        let (loaded, error) = tab.go(ask.url.as_str(), referrer, patience.load).await;
        let page = BrowserPage { context, tab, ask: ask.clone(), loaded, error, patience };
        if page.error.is_none() && page.answers().await && loaded != Loaded::Unfinished {
            page.scroll().await;
        }
        Ok(page)
    }

    /// Whether the page can be asked. One that never finished loading can: what it lacks may be a
    /// single picture.
    async fn answers(&self) -> bool {
        matches!(self.loaded, Loaded::Idle | Loaded::Busy | Loaded::Unfinished) && self.tab.answers().await
    }

    /// Scrolls to the end, for parts that load when they come into sight, and waits for them. Boxes
    /// that scroll on their own are scrolled, too. After each step the page is drawn: only then is
    /// something in sight.
    async fn scroll(&self) {
        let script = "(async()=>{const pause=()=>new Promise(r=>{setTimeout(r,200);requestAnimationFrame(()=>requestAnimationFrame(r))}),most=20,step=innerHeight||800;\
            for(let i=1;i<=most&&i*step<document.documentElement.scrollHeight+step;i++){scrollTo(0,i*step);await pause()}\
            let boxes=0,looked=0;for(const e of document.querySelectorAll('body *')){if(++looked>3000||boxes>=10)break;\
            if(e.scrollHeight<e.clientHeight+50||e.clientHeight<50||!/auto|scroll/.test(getComputedStyle(e).overflowY))continue;\
            boxes++;e.scrollIntoView();const top=e.scrollTop;for(let i=1;i<=5;i++){e.scrollTop=i*e.scrollHeight/5;await pause()}e.scrollTop=top}\
            scrollTo(0,0)})()";
        if self.tab.evaluate(script).await.is_some() {
            self.tab.settle(self.patience.late).await;
        }
    }

    /// Looks for the consent banner without touching it.
    pub async fn banner(&self, selector: Option<&str>) -> Option<Banner> {
        banner(&self.tab, selector, None, None).await
    }

    /// Answers the consent banner, and waits for what that sets off.
    pub async fn answer(
        &self,
        answer: Answer,
        selector: Option<&str>,
        button: Option<&str>,
    ) -> Option<Banner> {
        let answered = banner(&self.tab, selector, Some(answer), button).await?;
        self.tab.settle(self.patience.late).await;
        Some(answered)
    }

    /// Clicks the first element of a selector; false where there is none.
    pub async fn click(&self, selector: &str) -> bool {
        let script = format!(
            "(s=>{{const e=document.querySelector(s);if(!e)return false;e.click();return true}})({})",
            json!(selector)
        );
        let clicked = self.tab.act(&script).await == Some(Value::Bool(true));
        if clicked {
            // A click may navigate: a moment for it to begin, then until it is done.
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.tab.settle(self.patience.load).await;
        }
        clicked
    }

    /// Types a value into the first element of a selector, with the events a person's typing fires.
    pub async fn fill(&self, selector: &str, value: &str) -> bool {
        let script = format!(
            "((s,v)=>{{const e=document.querySelector(s);if(!e)return false;e.focus();\
             const d=Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e),'value');d&&d.set?d.set.call(e,v):e.value=v;\
             e.dispatchEvent(new Event('input',{{bubbles:true}}));e.dispatchEvent(new Event('change',{{bubbles:true}}));return true}})({},{})",
            json!(selector),
            json!(value)
        );
        self.tab.act(&script).await == Some(Value::Bool(true))
    }

    /// Waits until a selector or a text is there.
    pub async fn wait(&self, selector: Option<&str>, text: Option<&str>, patience: Duration) -> bool {
        let script = format!(
            "((s,t)=>(!s||!!document.querySelector(s))&&(!t||document.body.innerText.includes(t)))({},{})",
            json!(selector),
            json!(text)
        );
        let until = tokio::time::Instant::now() + patience;
        while tokio::time::Instant::now() < until {
            if self.tab.evaluate(&script).await == Some(Value::Bool(true)) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
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

    /// A PNG of what is in sight, with typed text blanked.
    pub async fn screenshot(&self) -> Option<Vec<u8>> {
        let blank = "for(const e of document.querySelectorAll('input,textarea')){e.style.setProperty('color','transparent','important');\
                     e.style.setProperty('text-shadow','none','important');e.style.setProperty('background','#ddd','important')}";
        self.tab.evaluate(blank).await;
        let taken = self.tab.command("Page.captureScreenshot", json!({"format": "png"})).await.ok()?;
        super::base64_decode(taken["data"].as_str()?)
    }

    /// Closes the page and gives out everything that it showed.
    pub async fn finish(self) -> Rendered {
        let (links, storage) =
            if self.answers().await { (self.links().await, self.stored().await) } else { Default::default() };
        let unreadable = self.cookies_unreadable().await;
        let hangs = self.tab.hangs();
        if self.error.is_none() && !hangs {
            self.tab.leave().await;
        }
        let alone = self.context.hub().alone(self.context.id());
        let trace = self.tab.close().await;
        let failed = self.failure(&trace, hangs).map(|(kind, detail)| Failed {
            cell: self.ask.cell.clone(),
            url: self.context.safe(&self.ask.url),
            kind,
            detail,
            count: 1,
        });
        self.context.recorded(&self.ask.url, &trace);
        let mut visit = visit_of(self.context, &self.ask, &trace);
        visit.failure = failed;
        // With several tabs nobody knows whose it would be; the end of the cell tells of it then.
        let hidden = trace.hidden();
        if alone && !hidden.is_empty() {
            add_hidden(self.context, &self.ask, &hidden, &self.context.cookies().await, &mut visit);
        }
        let busy = self.loaded == Loaded::Busy && !hangs && !trace.crashed;
        let remarks = [
            (unreadable, "scripts read no cookie, since one holds bytes that are not UTF-8"),
            (busy, "the page was never quiet; what it did until its time was up is kept"),
            (trace.closed, "the page closed itself"),
            (trace.dialogs > 0, "dialogs were opened and answered"),
            (trace.downloads > 0, "a download was refused"),
            (!trace.popups.is_empty(), "windows were opened; their addresses count as links"),
            (!trace.service_workers.is_empty(), "a service worker runs on the page"),
            (trace.part_crashed, "the process of a frame or window ended"),
            (trace.overflow, "the page did more than is kept of one page; the rest was not recorded"),
        ];
        visit.remarks = remarks.into_iter().filter_map(|(said, words)| said.then_some(words)).collect();
        let remarks = visit.remarks.iter().map(|remark| (*remark).to_owned()).collect();
        Rendered { visit, links, storage, remarks }
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
        if self.tab.evaluate("document.cookie===''").await != Some(Value::Bool(true)) {
            return false;
        }
        let params = json!({"urls": [shown.as_str()]});
        let cookies = self.tab.command("Network.getCookies", params).await.unwrap_or_default();
        let readable = |cookie: &Value| {
            let empty = |field: &str| cookie[field].as_str().unwrap_or_default().is_empty();
            cookie["httpOnly"] == false && !(empty("name") && empty("value"))
        };
        cookies["cookies"].as_array().is_some_and(|cookies| cookies.iter().any(readable))
    }

    async fn links(&self) -> Vec<(Url, String)> {
        let script = "[...document.querySelectorAll('a[href],area[href]')].slice(0,5000).map(a=>[String(a.href).slice(0,4000),(a.innerText||'').trim().slice(0,80)])";
        let found = self.tab.evaluate(script).await.unwrap_or_default();
        let found = found.as_array().map(Vec::as_slice).unwrap_or_default();
        let anchors = found.iter().filter_map(|pair| {
            Some((Url::parse(pair[0].as_str()?).ok()?, pair[1].as_str().unwrap_or_default().to_owned()))
        });
        let routes: Vec<Url> = {
            let trace = self.tab.trace();
            trace.routes.iter().chain(&trace.popups).filter_map(|url| Url::parse(url).ok()).collect()
        };
        let routes = routes.into_iter().map(|url| (url, String::new()));
        let mut seen = BTreeSet::new();
        anchors.chain(routes).filter(|(url, _)| seen.insert(url.clone())).collect()
    }

    /// What the origins of the page's frames keep: read in the frames, since only they may.
    async fn stored(&self) -> Vec<StoredItem> {
        let script = "(async()=>{const out=[];const take=(k,s)=>{try{for(let i=0;i<Math.min(s.length,2000);i++){const n=s.key(i);out.push([k,n.slice(0,1000),(s.getItem(n)||'').slice(0,5000)])}}catch{}};\
            try{take('local-storage',localStorage)}catch{}try{take('session-storage',sessionStorage)}catch{}\
            try{for(const d of await indexedDB.databases())out.push(['indexed-db',String(d.name).slice(0,1000),''])}catch{}\
            try{for(const n of await caches.keys())out.push(['cache-storage',n.slice(0,1000),''])}catch{}\
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

/// What a navigation that shows no document is called.
const ABORTED: &str = "net::ERR_ABORTED";

/// What an answer of 4xx or 5xx without a body is called.
const NO_BODY: &str = "net::ERR_HTTP_RESPONSE_CODE_FAILURE";

/// Chromium's net error names, in our words.
fn kind_of(error: &str) -> FailureKind {
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
