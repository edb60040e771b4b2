//! A plan for those who only give a URL, and the defaults of everything a plan leaves unsaid.

use super::{
    BrowserPlan, EngineChoice, Http, Keep, Limits, Pages, Persona, Plan, ProbeSettings, Robots, Target,
    VendorLists,
};
use crate::cookie::ThirdPartyCookies;
use crate::manifest::Place;
use crate::observation::Visitor;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

impl Plan {
    /// Looks at this URL's site as nobody in particular.
    pub fn for_url(url: Url) -> Self {
        let limits = Limits::default_for(&url);
        let target = Target {
            name: "url".into(),
            url,
            hosts: BTreeMap::new(),
            allowed_cookies: Vec::new(),
            headers: Vec::new(),
            extra_ca: Vec::new(),
            pace: None,
            place: Place::default(),
        };
        Plan {
            manifest: None,
            targets: vec![target],
            personas: vec![Persona::anonymous()],
            journeys: Vec::new(),
            pages: Pages::default(),
            engine: EngineChoice::default(),
            browser: BrowserPlan::default(),
            third_party_cookies: vec![ThirdPartyCookies::default()],
            browsers: BTreeSet::new(),
            consent: Vec::new(),
            limits,
            http: Http::default(),
            robots: Robots::default(),
            probes: ProbeSettings::default(),
            vendors: VendorLists::default(),
            vantage: None,
            keep: Keep::default(),
            file: "the command line".into(),
        }
    }
}

impl Persona {
    /// The visitor who is always there.
    pub fn anonymous() -> Self {
        Persona {
            name: "anonymous".into(),
            visitor: Visitor::default(),
            login: Vec::new(),
            logged_in_when: None,
            logout: Vec::new(),
            login_budget: 3,
            optional: false,
            accept_language: None,
            time_zone: None,
            user_agent: None,
            proxy: None,
            headers: Vec::new(),
            start: Vec::new(),
            refresh: None,
            place: Place::default(),
        }
    }
}

impl Default for Pages {
    fn default() -> Self {
        Pages {
            start: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            sitemaps: true,
            hosts: Vec::new(),
            assets: false,
            never_follow: Vec::new(),
            follow: Vec::new(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Http {
            user_agent: None,
            contact: None,
            headers: Vec::new(),
            proxy: None,
            extra_ca: Vec::new(),
            resolve: BTreeMap::new(),
            accept_language: None,
            http2: true,
        }
    }
}

impl Default for ProbeSettings {
    fn default() -> Self {
        ProbeSettings { enabled: true, renewal_after: None, gpc: false, login_over_http: false }
    }
}
