//! A persona at work: its session, how it logged in, and whether it still is.

use crate::cookie::{Jar, Name, StoredCookie};
use crate::crawl::{Address, BackOffices, Frontier, PageGroups, danger};
use crate::engine::{HttpEngine, Session, Visit};
use crate::manifest::{Manifest, PagePattern};
use crate::observation::{Consent, PersonaCoverage, Reached};
use crate::plan::{Mark, Persona};
use crate::run::references::Live;
use crate::run::shown::Shown;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use url::Url;

/// Pages remembered for each class, to be asked again by probes.
const PAGES_PER_CLASS: usize = 5;
/// Pages remembered for the look after the logout.
const PAGES_FOR_LATER: usize = 10;

/// A persona's frontier, shared by the crawl without and with a browser.
pub(super) type SharedFrontier = Arc<Mutex<Frontier>>;

/// A persona with its session.
#[derive(Clone)]
pub(super) struct PersonaSession {
    pub(super) persona: Persona,
    pub(super) engine: HttpEngine,
    pub(super) session: Session,
    /// The last document or answer.
    pub(super) shown: Option<Shown>,
    /// The last answer that was JSON.
    pub(super) json: Option<serde_json::Value>,
    /// Mails that were there before, or were used.
    pub(super) mails: BTreeSet<String>,
    pub(super) logins: u32,
    pub(super) lost: u32,
    pub(super) reached: Option<Reached>,
    /// The mark shows to everybody, so it proves nothing.
    pub(super) unproven: bool,
    /// Names of the cookies that the login set or changed.
    pub(super) login_cookies: BTreeSet<Name>,
    /// Where login forms were sent from.
    pub(super) login_pages: BTreeSet<String>,
    /// Where the login's first form or request led, when it worked.
    pub(super) sent_to: Option<String>,
    /// The page where the login ended; its address may carry the session.
    pub(super) landing: Option<Url>,
    /// A recorded choice about cookies that its logins begin with.
    pub(super) choice: Vec<StoredCookie>,
    /// The jar as the login left it.
    pub(super) login_jar: Jar,
    /// Pages that answered, by class of the manifest.
    pub(super) pages: BTreeMap<String, Vec<Url>>,
    pub(super) some_pages: Vec<Url>,
    /// Its pages by kind, where a browser will look again.
    pub(super) kinds: PageGroups,
    /// What was and was not followed, for the browser to go on from.
    pub(super) frontier: Option<SharedFrontier>,
    /// The form of its login was used in a browser.
    pub(super) login_in_browser: bool,
    /// The mark shows only where scripts run.
    pub(super) marked_by_script: bool,
    /// Its browser has other traits than this machine's.
    pub(super) disguised: bool,
    /// Its steps go to this plain http address of the site instead of https.
    pub(super) over_http: Option<Url>,
    /// Where its links lead, if it looks like an administrator.
    pub(super) back_offices: BackOffices,
    /// The page on which it is asked for consent, if not on the first.
    pub(super) asked_at: Option<Url>,
}

impl PersonaSession {
    pub(super) fn new(persona: Persona, engine: HttpEngine) -> PersonaSession {
        PersonaSession {
            persona,
            engine,
            session: Session::default(),
            shown: None,
            json: None,
            mails: BTreeSet::new(),
            logins: 0,
            lost: 0,
            reached: None,
            unproven: false,
            login_cookies: BTreeSet::new(),
            login_pages: BTreeSet::new(),
            sent_to: None,
            landing: None,
            choice: Vec::new(),
            login_jar: Jar::default(),
            pages: BTreeMap::new(),
            some_pages: Vec::new(),
            kinds: PageGroups::default(),
            frontier: None,
            login_in_browser: false,
            marked_by_script: false,
            over_http: None,
            disguised: false,
            back_offices: BackOffices::default(),
            asked_at: None,
        }
    }

    /// Whether it got where it should, as far as is known.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.reached, Some(Reached::Yes | Reached::Unproven))
    }

    pub(super) fn coverage(&self, consent: &Consent) -> PersonaCoverage {
        PersonaCoverage {
            name: self.persona.name.clone(),
            visitor: self.persona.visitor,
            consent: consent.clone(),
            reached: self.reached.clone().unwrap_or_else(|| Reached::No {
                step: "the start".into(),
                why: "the run ended before this visitor's turn".into(),
            }),
            logins: self.logins,
            sessions_lost: self.lost,
            login_in_browser: self.persona.visitor.logged_in.then_some(self.login_in_browser),
        }
    }

    /// The mark at the address where the login ended, if that is the mark's page: sites that carry
    /// the session in the URL know the visitor nowhere else. A mark may have `*` in its path.
    pub(super) fn own_mark(&self, mark: &Mark) -> Mark {
        let Some(landing) = &self.landing else { return mark.clone() };
        let is_it = PagePattern::new(mark.url.split('?').next().unwrap_or_default())
            .is_ok_and(|pattern| pattern.matches(landing));
        let carries = landing.query().is_some() || landing.path().contains(';') || mark.url.contains('*');
        match is_it && carries && !mark.url.contains('?') {
            true => Mark { url: landing.to_string(), ..mark.clone() },
            false => mark.clone(),
        }
    }

    /// What `${cookie:NAME}`, `${json:/pointer}` and `${page:SELECTOR}` look at.
    pub(super) fn live(&self) -> Live<'_> {
        Live { jar: Some(&self.session.jar), json: self.json.as_ref(), page: self.shown.as_ref() }
    }

    /// Whether a page is one of those where logins begin.
    pub(super) fn is_login_page(&self, url: &Url) -> bool {
        self.login_pages.contains(place(url))
    }

    pub(super) fn add_login_page(&mut self, url: &Url) {
        self.login_pages.insert(place(url).to_owned());
    }

    /// Remembers a page that answered, for probes and for the look after the logout: where a visit ended
    /// on the host that was asked, such as `/en/app` for `/app`, but not at the door. The page, if it is new.
    pub(super) fn remember_page<'v>(
        &mut self,
        manifest: Option<&Manifest>,
        visit: &'v Visit,
    ) -> Option<&'v Url> {
        let led = place(&visit.shown) != place(&visit.asked);
        let page = if led { &visit.shown } else { &visit.asked };
        let elsewhere = led && (page.origin() != visit.asked.origin() || self.is_login_page(page));
        let acts = led && Address::new(page).is_none_or(|address| danger(&address).is_some());
        let came = visit.status == 200 && !elsewhere && !acts;
        (came && self.remember(manifest, page)).then_some(page)
    }

    /// The same of a page that is known to have answered. True: it was new.
    pub(super) fn remember(&mut self, manifest: Option<&Manifest>, page: &Url) -> bool {
        let mut is_new = false;
        if self.some_pages.len() < PAGES_FOR_LATER && !self.some_pages.contains(page) {
            self.some_pages.push(page.clone());
            is_new = true;
        }
        for (name, class) in manifest.into_iter().flat_map(|manifest| &manifest.pages) {
            if self.pages.get(name).is_some_and(|pages| pages.len() >= PAGES_PER_CLASS) {
                continue;
            }
            if class.contains(page) {
                let pages = self.pages.entry(name.clone()).or_default();
                if !pages.contains(page) {
                    pages.push(page.clone());
                    is_new = true;
                }
            }
        }
        is_new
    }
}

/// Origin and path, without a last slash: what makes two addresses the same page.
pub(super) fn place(url: &Url) -> &str {
    url[..url::Position::AfterPath].trim_end_matches('/')
}

/// The same address over plain http, for a step of a login that is made there.
pub(super) fn over_http(url: &Url, origin: &Url) -> Url {
    let mut twin = url.clone();
    // Another own host has it on the usual port.
    let port = if url.host() == origin.host() { origin.port() } else { None };
    let changed = twin.set_scheme("http").is_ok() && twin.set_port(port).is_ok();
    if changed { twin } else { url.clone() }
}
