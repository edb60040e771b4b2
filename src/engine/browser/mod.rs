//! Chromium as an engine, over the DevTools protocol: what scripts, storage and third parties do,
//! beside what our own model predicted.
//!
//! One process for one third-party-cookie mode (it belongs to the profile), one fresh browser
//! context for each cell, one tab for each page, in a window of its own.

mod acts;
mod alone;
mod bytes;
mod carried;
mod cdp;
mod clock;
mod consent;
mod credentials;
mod har;
mod hub;
mod launch;
mod local_items;
mod mode;
mod page;
mod seen;
mod settle;
mod storage;
mod tab;
mod trace;

pub use acts::{ActingTab, Choosing, Fetch, Fetched, Filling, NotDone, Offer, PageNow, Sent};
pub use consent::{Answer, Banner};
pub use launch::{BrowserSettings, LaunchError};
pub use page::{Asking, BrowserPage, OVERFLOW, Patience, Rendered, RenderedLink, SentByScript};

use crate::cookie::{
    CookieValue, Effective, Jar, Lifetime, Name, Priority, SameSite, StoredCookie, ThirdPartyCookies,
};
use crate::engine::{Ask, EngineContext};
use crate::observation::{Failed, SafeUrl, StorageKind};
use crate::secret::Secret;
use alone::OpenPages;
use base64::Engine as _;
use bytes::as_shown;
use carried::{Known, People};
use cdp::{Connection, Event};
use credentials::Witness;
use har::Har;
use hub::Hub;
use launch::Running;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
pub use tab::Guard;
use tab::{Emulation, HEARD_OF, Tab};
use url::Url;

/// Until a tab beside the one in question answers.
const OTHERS_ANSWER: Duration = Duration::from_secs(5);

/// A running Chromium.
pub struct BrowserEngine {
    hub: Arc<Hub>,
    running: Running,
    /// Which third-party cookies it keeps: as tried, or else as asked for.
    third_party: ThirdPartyCookies,
    /// Whether that was tried.
    pub mode_tried: bool,
    /// The browser's own user agent, without the word that says it has no window: sites answer that
    /// word with a wall.
    user_agent: String,
    /// `Chromium 156.0.8078.79`
    pub version: String,
}

/// One visitor's browser: cookies, storage and caches of its own, empty at first.
pub struct BrowserContext {
    connection: Connection,
    hub: Arc<Hub>,
    id: String,
    emulation: Emulation,
    third_party: ThirdPartyCookies,
    /// The same visitor in our model, to be held against the browser.
    model: Mutex<Jar>,
    /// Session storage that belongs into each of its tabs.
    items: Mutex<Arc<Vec<StoredItem>>>,
    /// Tabs that have shown pages of which nothing is left.
    kept: Mutex<Vec<Tab>>,
    open_pages: OpenPages,
    /// The clock of some process was moved, and stands: a service worker may run there, whichever page it is of.
    clock_moved: AtomicBool,
    /// What its device held so far, to be found again in requests to others.
    known: Mutex<Known>,
    /// What its pages asked for, where that is to be kept.
    har: Mutex<Option<Har>>,
    version: String,
    run: EngineContext,
}

/// How a context presents itself.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub user_agent: Option<String>,
    pub accept_language: Option<String>,
    pub time_zone: Option<String>,
    pub gpc: bool,
    /// With traits of another machine: its screen, processors and time zone, and an earlier version.
    pub disguised: bool,
    pub own_headers: Vec<(String, Vec<u8>)>,
    /// Its URL, with the password where it wants one.
    pub proxy: Option<Secret>,
}

/// A storage item found in a page. The value is for comparing, never for telling.
#[derive(Clone, Debug)]
pub struct StoredItem {
    pub kind: StorageKind,
    pub origin: String,
    pub name: String,
    pub value: CookieValue,
}

/// The same browser as it told of itself one version ago.
fn one_version_earlier(user_agent: &str) -> String {
    let earlier = || {
        let (before, rest) = user_agent.split_once("Chrome/")?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let version: u32 = rest[..digits].parse().ok()?;
        Some(format!("{before}Chrome/{}{}", version.saturating_sub(1), &rest[digits..]))
    };
    earlier().unwrap_or_else(|| user_agent.to_owned())
}

impl BrowserEngine {
    /// Starts the browser, or connects to the one that is named.
    pub async fn start(settings: &BrowserSettings) -> Result<BrowserEngine, LaunchError> {
        let running = Running::start(settings).await?;
        let version = running.connection.send("", "Browser.getVersion", json!({})).await.unwrap_or_default();
        let user_agent =
            version["userAgent"].as_str().unwrap_or_default().replace("HeadlessChrome", "Chrome");
        let version =
            version["product"].as_str().unwrap_or("Chromium").replace("HeadlessChrome/", "Chromium ");
        let hub = Hub::start(&running.connection, running.is_ours()).await.map_err(|cause| LaunchError {
            message: format!("the browser cannot be watched: {cause}"),
            hint: "it must be Chromium 120 or later".into(),
        })?;
        let hub = Arc::new(hub);
        let tried = mode::tried(&hub, &running.connection).await;
        Ok(BrowserEngine {
            hub,
            running,
            third_party: tried.unwrap_or(settings.third_party),
            mode_tried: tried.is_some(),
            user_agent,
            version: version.replace("Chrome/", "Chromium "),
        })
    }

    /// Which third-party cookies it keeps.
    pub fn third_party(&self) -> ThirdPartyCookies {
        self.third_party
    }

    /// Whether the browser went away: then a new one must be started.
    pub fn gone(&self) -> bool {
        self.running.connection.closed()
    }

    /// A fresh visitor.
    pub async fn context(&self, identity: Identity, run: EngineContext) -> Result<BrowserContext, String> {
        let connection = self.running.connection.clone();
        let mut params = json!({"disposeOnDetach": true});
        let mut proxy_login = None;
        if let Some(proxy) = identity.proxy.as_ref().and_then(|proxy| Url::parse(proxy.reveal()).ok()) {
            // Chromium goes around a proxy on loopback, and wants no password in its address.
            params["proxyBypassList"] = "<-loopback>".into();
            params["proxyServer"] = address_of(&proxy).into();
            proxy_login = login_of(&proxy);
        }
        let created = connection
            .send("", "Target.createBrowserContext", params)
            .await
            .map_err(|error| error.to_string())?;
        let id = created["browserContextId"].as_str().unwrap_or_default().to_owned();
        self.hub.visitor(&id);
        let deny = json!({"behavior": "deny", "browserContextId": id, "eventsEnabled": true});
        connection.tell("", "Browser.setDownloadBehavior", deny);
        let own_headers = identity
            .own_headers
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect();
        let emulation = Emulation {
            user_agent: Some(match identity.user_agent.unwrap_or_else(|| self.user_agent.clone()) {
                told if identity.disguised => one_version_earlier(&told),
                told => told,
            }),
            accept_language: identity.accept_language,
            time_zone: identity.time_zone,
            gpc: identity.gpc,
            disguised: identity.disguised,
            own_headers,
            own: {
                let site = Arc::clone(&run.site);
                Arc::new(move |url| site.is_own(url))
            },
            entrusted: {
                let site = Arc::clone(&run.site);
                Arc::new(move |url| site.is_entrusted(url))
            },
            guard: None,
            proxy_login,
            answers: None,
            items: Arc::default(),
            local_items: Arc::default(),
            keep_heads: run.keep_heads,
        };
        Ok(BrowserContext {
            connection,
            hub: self.hub.clone(),
            id,
            emulation,
            third_party: self.third_party,
            model: Mutex::default(),
            items: Mutex::default(),
            kept: Mutex::default(),
            open_pages: OpenPages::default(),
            clock_moved: AtomicBool::new(false),
            known: Mutex::default(),
            har: Mutex::default(),
            version: self.version.clone(),
            run,
        })
    }
}

impl BrowserContext {
    /// Opens a page in a tab of its own and waits until it is quiet.
    pub async fn page(&self, ask: &Ask, patience: Patience) -> Result<BrowserPage<'_>, Failed> {
        self.page_that_may_ask(ask, patience, None).await
    }

    /// The same; where somebody wants to know whether it asks for consent, it is looked for before anything moves.
    pub async fn page_that_may_ask(
        &self,
        ask: &Ask,
        patience: Patience,
        asking: Option<Asking<'_>>,
    ) -> Result<BrowserPage<'_>, Failed> {
        BrowserPage::open(self, ask, patience, false, asking).await
    }

    /// The same for a page that is only looked at, one of several: what nothing is left of by then need not be
    /// another tab.
    pub async fn page_in_turn(
        &self,
        ask: &Ask,
        patience: Patience,
        asking: Option<Asking<'_>>,
    ) -> Result<BrowserPage<'_>, Failed> {
        BrowserPage::open(self, ask, patience, true, asking).await
    }

    /// Closes tabs that were kept for further pages.
    pub async fn close_kept(&self) {
        let kept = std::mem::take(&mut *locked(&self.kept));
        for tab in kept {
            tab.close().await;
        }
    }

    /// Requests that pages make of their own accord are asked about from here on, and may be held back.
    pub fn guard(&mut self, guard: Guard) {
        self.emulation.guard = Some(guard);
    }

    /// Keeps what pages ask for from here on.
    pub fn record(&mut self) {
        self.emulation.keep_heads = true;
        *locked(&self.har) = Some(Har::default());
    }

    /// What pages asked for since then, as HAR 1.2, without any secret.
    pub fn har(&self) -> Option<Value> {
        locked(&self.har).as_ref().map(|har| har.json(&self.version))
    }

    fn recorded(&self, asked: &Url, trace: &trace::Trace) {
        if let Some(har) = locked(&self.har).as_mut() {
            har.add(self.safe(asked).as_str(), trace, |url| self.safe(url).as_str().to_owned());
        }
    }

    /// Puts a session in that was made elsewhere.
    pub async fn put(&self, jar: &Jar) -> Result<(), String> {
        let cookies: Vec<Value> = jar.iter().filter_map(cookie_param).collect();
        if let Err(error) = self.set_cookies(&cookies).await {
            if self.gone() {
                return Err(error);
            }
            // One that the browser does not take must not keep the others out.
            for cookie in &cookies {
                drop(self.set_cookies(std::slice::from_ref(cookie)).await);
            }
        }
        let mut model = self.model();
        for cookie in jar.iter() {
            model.insert(cookie.clone());
        }
        Ok(())
    }

    async fn set_cookies(&self, cookies: &[Value]) -> Result<(), String> {
        let params = json!({"cookies": cookies, "browserContextId": self.id});
        let set = self.connection.send("", "Storage.setCookies", params).await;
        set.map(drop).map_err(|error| error.to_string())
    }

    /// Every cookie now in the browser's jar.
    pub async fn cookies(&self) -> Vec<StoredCookie> {
        let params = json!({"browserContextId": self.id});
        let answer = self.connection.send("", "Storage.getCookies", params).await.unwrap_or_default();
        let cookies = answer["cookies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let model = self.model();
        let odd: Vec<&StoredCookie> = model.iter().filter(|cookie| !is_text(cookie)).collect();
        cookies.iter().map(|cookie| with_its_bytes(stored_cookie(cookie, now.as_secs_f64()), &odd)).collect()
    }

    /// The jar, where only it can tell what answers left behind.
    async fn witness(&self, trace: &trace::Trace, before: &Jar, beside_others: bool) -> Witness {
        match trace.needs_witness() {
            true => Witness::new(self.cookies().await, trace, before.clone(), beside_others),
            false => Witness::default(),
        }
    }

    /// Deletes what scripts deleted by a date that the browser has not reached yet.
    async fn catch_up(&self, trace: &trace::Trace) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let deleted = seen::deleted_ahead(trace, now.as_secs_f64());
        if deleted.is_empty() {
            return;
        }
        let is_meant = |cookie: &StoredCookie| {
            let same = |(name, at): &(Name, f64)| {
                *name == cookie.name && cookie.expires.is_some_and(|expires| (expires - at).abs() < 2.0)
            };
            deleted.iter().any(same)
        };
        let kept = self.cookies().await;
        let past =
            kept.iter().filter(|cookie| is_meant(cookie)).filter_map(cookie_param).map(|mut cookie| {
                cookie["expires"] = 1.into();
                cookie
            });
        drop(self.set_cookies(&past.collect::<Vec<_>>()).await);
    }

    /// Clears everything the visitor keeps of these origins: what "clear site data" does.
    pub async fn clear(&self, origins: impl IntoIterator<Item = String>) {
        let params = json!({"browserContextId": self.id});
        drop(self.connection.send("", "Storage.clearCookies", params).await);
        *self.model() = Jar::default();
        // Storage partitions are reached through a page of theirs.
        let Ok(tab) = Tab::open(&self.hub, &self.id, self.emulation()).await else { return };
        for origin in origins {
            let params = json!({"origin": origin, "storageTypes": "all"});
            drop(tab.command("Storage.clearDataForOrigin", params).await);
        }
        tab.close().await;
    }

    /// Ends the visitor.
    pub async fn close(self) {
        self.hub.visitor_left(&self.id);
        // A browser that is gone has forgotten it already.
        drop(
            self.connection
                .send("", "Target.disposeBrowserContext", json!({"browserContextId": self.id}))
                .await,
        );
    }

    /// Whether the browser went away.
    pub fn gone(&self) -> bool {
        self.connection.closed()
    }

    fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn emulation(&self) -> Emulation {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Emulation { items, ..self.emulation.clone() }
    }

    /// Whether a script in one of the visitor's tabs was seen to write this item of local storage.
    fn saw_written(&self, origin: &str, key: &str) -> bool {
        self.emulation.local_items.has(origin, key)
    }

    /// Takes in all that the visitor's other tabs have told, where this one may show an item that one of them wrote.
    async fn hear_of_others(&self, trace: &trace::Trace) {
        let whose = |item: &trace::StorageWrite| item.local && !self.saw_written(&item.origin, &item.key);
        if !trace.storage.iter().any(whose) {
            return;
        }
        let tabs = self.hub.tabs(&self.id);
        futures_util::future::join_all(tabs.iter().map(|tab| self.hear_of(tab))).await;
    }

    /// Takes in all that this tab has told. One that does not answer is not waited for long.
    async fn hear_of(&self, session: &str) {
        let ask = json!({"expression": "0"});
        // Its answer comes behind what the page's scripts told before.
        let answer = self.connection.send_within(OTHERS_ANSWER, session, "Runtime.evaluate", ask);
        if answer.await.is_err() {
            return;
        }
        let (number, heard) = self.emulation.local_items.question();
        let question =
            Event { session: session.to_owned(), method: HEARD_OF.to_owned(), params: number.into() };
        if self.connection.pass(session, question) {
            let _ = tokio::time::timeout(OTHERS_ANSWER, heard).await;
        }
    }

    /// Another page may be shown in this tab.
    fn keep_tab(&self, tab: Tab) {
        locked(&self.kept).push(tab);
    }

    /// A tab that was kept. Where only the fragment differs, the page that it shows would stay.
    fn kept_tab(&self, url: &Url) -> Option<Tab> {
        let mut kept = locked(&self.kept);
        let at = kept.iter().position(|tab| tab.may_show(url))?;
        let tab = kept.swap_remove(at);
        drop(kept);
        tab.goes_on().then_some(tab)
    }

    fn keeps_har(&self) -> bool {
        locked(&self.har).is_some()
    }

    fn keep_for_tabs(&self, items: Vec<StoredItem>) {
        *self.items.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(items);
    }

    fn safe(&self, url: &Url) -> SafeUrl {
        self.run.safe(url)
    }

    fn model(&self) -> MutexGuard<'_, Jar> {
        locked(&self.model)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which of these texts hold a secret, or tell who is logged in.
    fn identifying(&self, texts: &[Value]) -> Vec<usize> {
        let secrets = self.run.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let tells = |text: &str| {
            let small = text.to_lowercase();
            secrets.mask(text) != text || secrets.visitors().any(|visitor| small.contains(visitor))
        };
        let texts = texts.iter().map(|text| text.as_str().unwrap_or_default()).enumerate();
        texts.filter(|(_, text)| tells(text)).map(|(number, _)| number).collect()
    }

    fn people(&self) -> People {
        People::of(&self.run.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StoredItem {
    /// Its key, as a name to be shown.
    pub fn named(&self) -> Name {
        Name::new(self.name.clone())
    }

    fn read(origin: &str, item: &Value) -> Option<StoredItem> {
        let kind = storage_kind(item[0].as_str()?)?;
        let value = CookieValue::new(item[2].as_str().unwrap_or_default());
        Some(StoredItem { kind, origin: origin.to_owned(), name: item[1].as_str()?.to_owned(), value })
    }
}

/// The hooks' words for places are the manifest's; cookies are told of otherwise.
fn storage_kind(word: &str) -> Option<StorageKind> {
    word.parse().ok().filter(|kind| *kind != StorageKind::Cookie)
}

/// Whether DevTools can put the cookie into a browser: it takes text only.
pub fn can_be_put(cookie: &StoredCookie) -> bool {
    cookie_param(cookie).is_some()
}

fn cookie_param(cookie: &StoredCookie) -> Option<Value> {
    let kept = &cookie.effective;
    let mut param = json!({
        "name": std::str::from_utf8(cookie.name.as_bytes()).ok()?,
        "value": std::str::from_utf8(cookie.value.reveal()).ok()?,
        "domain": if kept.host_only { kept.domain.clone() } else { format!(".{}", kept.domain) },
        "path": std::str::from_utf8(cookie.path()).ok()?,
        "secure": kept.secure,
        "httpOnly": kept.http_only,
        "priority": format!("{:?}", kept.priority),
    });
    if let Some(same_site) = kept.same_site {
        param["sameSite"] = format!("{same_site:?}").into();
    }
    if let Some(expires) = cookie.expires {
        param["expires"] = expires.into();
    }
    if let Some(site) = &kept.partition {
        // A frame of another site sees only those that were set within another site.
        let top = Url::parse(site).ok().and_then(|url| url.host_str().map(str::to_owned));
        let foreign = top.is_some_and(|top| !crate::cookie::same_site(&top, &kept.domain));
        param["partitionKey"] = json!({"topLevelSite": site, "hasCrossSiteAncestor": foreign});
    }
    Some(param)
}

fn stored_cookie(cookie: &Value, now: f64) -> StoredCookie {
    let text = |field: &str| cookie[field].as_str().unwrap_or_default().to_owned();
    let flag = |field: &str| cookie[field].as_bool().unwrap_or_default();
    let domain = text("domain");
    let expires = cookie["expires"].as_f64().filter(|expires| *expires > 0.0 && !flag("session"));
    let effective = Effective {
        host_only: !domain.starts_with('.'),
        domain: domain.trim_start_matches('.').to_owned(),
        path: crate::cookie::escaped(text("path").as_bytes()),
        secure: flag("secure"),
        http_only: flag("httpOnly"),
        same_site: match cookie["sameSite"].as_str() {
            Some("Strict") => Some(SameSite::Strict),
            Some("Lax") => Some(SameSite::Lax),
            Some("None") => Some(SameSite::None),
            _ => None,
        },
        // Capped, and counted from now: sightings carry the true number.
        lifetime: expires
            .map_or(Lifetime::Session, |expires| Lifetime::Seconds((expires - now).round() as i64)),
        partition: cookie["partitionKey"]["topLevelSite"].as_str().map(str::to_owned),
        priority: match cookie["priority"].as_str() {
            Some("Low") => Priority::Low,
            Some("High") => Priority::High,
            _ => Priority::Medium,
        },
    };
    StoredCookie::new(Name::new(text("name")), CookieValue::new(text("value")), effective, now, expires)
}

/// DevTools drops bytes that are not UTF-8 from names and values; the model saw them come.
fn with_its_bytes(cookie: StoredCookie, odd: &[&StoredCookie]) -> StoredCookie {
    let known = odd.iter().find(|known| {
        known.effective.domain == cookie.effective.domain
            && known.effective.path == cookie.effective.path
            && as_shown(known.name.as_bytes()).as_bytes() == cookie.name.as_bytes()
            && as_shown(known.value.reveal()).as_bytes() == cookie.value.reveal()
    });
    match known {
        Some(known) => {
            let (name, value) = (known.name.clone(), known.value.clone());
            StoredCookie::new(name, value, cookie.effective, 0.0, cookie.expires)
        }
        None => cookie,
    }
}

fn is_text(cookie: &StoredCookie) -> bool {
    [cookie.name.as_bytes(), cookie.value.reveal()].iter().all(|bytes| std::str::from_utf8(bytes).is_ok())
}

/// Scheme, host and port.
fn address_of(url: &Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme().replace("socks5h", "socks5"), url.host_str().unwrap_or_default())
}

fn login_of(url: &Url) -> Option<(String, Secret)> {
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = plain(url.password().unwrap_or_default());
    (!url.username().is_empty()).then(|| (plain(url.username()), Secret::new(password)))
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// The text within base64 of either alphabet, padded or not.
fn base64_text(text: &str) -> Option<String> {
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let bytes = GeneralPurpose::new(alphabet, lenient).decode(text).ok()?;
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}
