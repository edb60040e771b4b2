//! Which questions need an act rather than a look, as values: from what the manifest states and
//! what the plan can do. The run carries them out; the audit reads the outcomes.

use super::{Action, Persona, Plan, Step};
use crate::manifest::{Category, Item, LifetimeRule, Manifest, PageClass, Trigger, VisitorState};
use crate::observation::{ProbeKind, StorageKind};
use std::collections::BTreeSet;
use url::Url;

/// A question to be put to the site by an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub kind: ProbeKind,
    pub persona: String,
    /// Keys of the manifest's items that it is about.
    pub cookies: Vec<String>,
    /// The class of pages that it is about.
    pub pages: Option<String>,
}

impl Probe {
    /// It belongs to the persona's logout, which comes after everything else.
    pub fn is_about_logout(&self) -> bool {
        matches!(self.kind, ProbeKind::ClearedOnLogout | ProbeKind::EndedOnLogout)
    }
}

/// Every question that the manifest raises and the plan has the means to put: those of a session
/// first, those of its end last, each in the order of the manifest.
pub fn probes(manifest: &Manifest, plan: &Plan) -> Vec<Probe> {
    if !plan.probes.enabled {
        return Vec::new();
    }
    let mut probes = Vec::new();
    let cookies: Vec<&Item> = manifest.items.iter().filter(|item| item.kind == StorageKind::Cookie).collect();
    for persona in &plan.personas {
        let held = || cookies.iter().copied().filter(|item| may_hold(item, persona));
        for item in held() {
            required_for(item, persona, manifest, plan, &mut probes);
            refreshes(item, persona, manifest, &mut probes);
            if item.rolling == Some(true) && plan.probes.renewal_after.is_some() {
                probes.push(Probe::about(ProbeKind::RollingRenewal, persona, [item]));
            }
            for journey in journeys(item, persona, plan) {
                probes.push(Probe::about(ProbeKind::UpdatedBy { journey }, persona, [item]));
            }
        }
        necessary(&cookies, persona, manifest, &mut probes);
    }
    if plan.probes.gpc || manifest.policy.honours_gpc.is_some() {
        let anonymous = plan.personas.iter().find(|persona| !persona.visitor.logged_in);
        probes.extend(anonymous.map(|persona| Probe::about(ProbeKind::GlobalPrivacyControl, persona, [])));
    }
    for persona in
        plan.personas.iter().filter(|persona| persona.visitor.logged_in && !persona.logout.is_empty())
    {
        for item in cookies.iter().copied().filter(|item| may_hold(item, persona) && ends_with_logout(item)) {
            probes.push(Probe::about(ProbeKind::ClearedOnLogout, persona, [item]));
        }
        if persona.logged_in_when.is_some() {
            probes.push(Probe::about(ProbeKind::EndedOnLogout, persona, []));
        }
    }
    if manifest.policy.plain_http_cookies.is_some() {
        let logs_in = |persona: &&Persona| persona.visitor.logged_in && persona.login.iter().any(Step::sends);
        let personas = plan.personas.iter().filter(logs_in);
        probes.extend(personas.map(|persona| Probe::about(ProbeKind::LoginOverHttp, persona, [])));
    }
    probes
}

impl Probe {
    fn about<'a>(kind: ProbeKind, persona: &Persona, items: impl IntoIterator<Item = &'a Item>) -> Self {
        let cookies = items.into_iter().map(|item| item.key.clone()).collect();
        Probe { kind, persona: persona.name.clone(), cookies, pages: None }
    }

    fn on(mut self, class: &str) -> Self {
        self.pages = Some(class.to_owned());
        self
    }
}

/// A page that is refused without the cookie is asked for again; a form or endpoint of the plan's
/// own steps that needs a token is sent to without it. Which of the two is meant: a cookie that
/// comes with the login cannot be a condition of logging in.
fn required_for(item: &Item, persona: &Persona, manifest: &Manifest, plan: &Plan, probes: &mut Vec<Probe>) {
    for class in &item.required_for {
        let of = manifest.pages.get(class);
        let sends = |persona: &Persona| of.is_some_and(|class| token_is_tried(persona, class).is_some());
        let kind = match comes_with_login(item) && !of.is_some_and(PageClass::is_of_acts) {
            false if sends(persona) => ProbeKind::TokenRequired,
            // Looking at the page of the form needs no token; sending it does, and others do that.
            false if plan.personas.iter().any(sends) => continue,
            // Nor is there any page where only what is sent is meant.
            false if of.is_some_and(PageClass::is_of_acts) => continue,
            _ => ProbeKind::RequiredFor,
        };
        probes.push(Probe::about(kind, persona, [item]).on(class));
    }
}

/// "With strictly necessary cookies blocked, ... is refused": all of them at once.
fn necessary(cookies: &[&Item], persona: &Persona, manifest: &Manifest, probes: &mut Vec<Probe>) {
    let Some(stated) = &manifest.policy.necessary_required_for else { return };
    if !persona.visitor.logged_in {
        return;
    }
    let necessary = || {
        cookies
            .iter()
            .copied()
            .filter(|item| item.category == Some(Category::StrictlyNecessary) && may_hold(item, persona))
    };
    for class in &stated.value {
        probes.push(Probe::about(ProbeKind::RequiredFor, persona, necessary()).on(class));
    }
}

fn refreshes(item: &Item, persona: &Persona, manifest: &Manifest, probes: &mut Vec<Probe>) {
    let (Some(issues), Some(_)) = (&item.refreshes, &persona.refresh) else { return };
    if persona.visitor.logged_in && manifest.items.iter().any(|other| other.key == *issues) {
        probes.push(Probe::about(ProbeKind::Refreshes { issues: issues.clone() }, persona, [item]));
    }
}

/// Journeys that must write the item and that the persona makes.
fn journeys(item: &Item, persona: &Persona, plan: &Plan) -> BTreeSet<String> {
    let makes = |name: &String| {
        plan.journeys.iter().any(|journey| {
            journey.name == *name && (journey.personas.is_empty() || journey.personas.contains(&persona.name))
        })
    };
    item.updated_by.iter().filter(|name| makes(name)).cloned().collect()
}

/// Whether the manifest lets this visitor have the item; unstated: anybody.
fn may_hold(item: &Item, persona: &Persona) -> bool {
    if comes_with_login(item) && !persona.visitor.logged_in {
        return false;
    }
    item.visitors.is_empty()
        || item.visitors.iter().any(|state| match state {
            VisitorState::Anonymous => !persona.visitor.logged_in,
            VisitorState::LoggedIn => persona.visitor.logged_in,
            VisitorState::Remembered => persona.visitor.remembered == Some(true),
            VisitorState::NotRemembered => {
                persona.visitor.logged_in && persona.visitor.remembered != Some(true)
            }
            VisitorState::ConsentUntouched
            | VisitorState::ConsentAccepted
            | VisitorState::ConsentRejected
            | VisitorState::ConsentWithdrawn => true,
        })
}

fn comes_with_login(item: &Item) -> bool {
    let logged_in = |state: &VisitorState| {
        matches!(state, VisitorState::LoggedIn | VisitorState::Remembered | VisitorState::NotRemembered)
    };
    item.trigger == Some(Trigger::Login) || !item.visitors.is_empty() && item.visitors.iter().all(logged_in)
}

fn ends_with_logout(item: &Item) -> bool {
    fn until_logout(rule: &LifetimeRule) -> bool {
        match rule {
            LifetimeRule::UntilLogout => true,
            LifetimeRule::Either(rules) => rules.iter().any(until_logout),
            _ => false,
        }
    }
    item.cleared_on_logout == Some(true)
        || item.lifetime.as_ref().is_some_and(until_logout)
        || item.lifetime_for.values().any(until_logout)
}

impl Step {
    /// It sends something: a form, or a request that is more than a question.
    pub fn sends(&self) -> bool {
        match &self.action {
            Action::Submit(_) | Action::Totp { .. } => true,
            Action::Request(request) => {
                !matches!(request.method.to_ascii_uppercase().as_str(), "GET" | "HEAD")
            }
            _ => false,
        }
    }
}

/// The steps of a persona that send something without its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriedAt {
    Login,
    Logout,
}

/// Which steps send something to a class of endpoints, or from its pages. Where a form is sent is not
/// known before the page was seen: for a class of requests the login's form is tried, and has to lead there.
pub fn token_is_tried(persona: &Persona, class: &PageClass) -> Option<TriedAt> {
    let submits = |steps: &[Step]| steps.iter().any(|step| matches!(step.action, Action::Submit(_)));
    let of_requests = !class.requests.is_empty();
    if sends_to(&persona.login, class) {
        Some(TriedAt::Login)
    } else if sends_to(&persona.logout, class) {
        Some(TriedAt::Logout)
    } else if of_requests && submits(&persona.login) {
        Some(TriedAt::Login)
    } else {
        (of_requests && submits(&persona.logout)).then_some(TriedAt::Logout)
    }
}

/// Whether a step asks one of the pages, to send something there or from there.
fn sends_to(steps: &[Step], class: &PageClass) -> bool {
    steps.iter().any(|step| {
        let (method, url) = match &step.action {
            Action::Open { url } => ("GET", url),
            Action::Request(request) => (request.method.as_str(), &request.url),
            _ => return false,
        };
        let Some(url) = url.written_address() else { return false };
        // Paths are relative to a target that the plan does not know here; only they count.
        let absolute = Url::parse(&url).or_else(|_| Url::parse("http://target.invalid/")?.join(&url));
        absolute.is_ok_and(|url| class.contains_request(&method.to_ascii_uppercase(), &url))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;

    const PLAN: &str = r##"
        [targets.app]
        url = "http://localhost/"
        [probes]
        renewal_after = "1s"
        [personas.member]
        login = [{ open = "/login" }, { submit = { fields = { name = "ann" } } }]
        logged_in_when = { url = "/account", selector = "#user" }
        refresh = { method = "POST", url = "/refresh" }
        logout = [{ request = { method = "POST", url = "/logout" } }]
        [journeys.language]
        personas = ["anonymous"]
        steps = [{ open = "/" }]
    "##;

    #[test]
    fn forms_and_requests_that_are_more_than_a_question_send_something() {
        let sends = |step: &str| {
            let plan = PLAN.replace("[{ open = \"/\" }]", &format!("[{step}]"));
            let (plan, problems) = super::super::read(&plan, "cookieproof.toml", Format::Toml);
            let plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
            plan.journeys[0].steps[0].sends()
        };
        assert!(!sends("{ open = \"/\" }"));
        assert!(sends("{ submit = { fields = { a = \"b\" } } }"));
        assert!(sends("{ request = { method = \"POST\", url = \"/a\" } }"));
        assert!(sends("{ request = { method = \"delete\", url = \"/a\" } }"));
        assert!(!sends("{ request = { method = \"get\", url = \"/a\" } }"));
    }

    /// `KIND PERSONA COOKIES @PAGES` of every probe, for a manifest of these cookies and claims.
    fn derived(manifest: &str) -> Vec<String> {
        let manifest = format!(
            "[site]\nname = \"A\"\n[pages]\nlogin = [\"/login\"]\naccount = [\"/account/**\"]\nsession = [\"POST /session\"]\nend = [\"POST /logout\"]\n{manifest}"
        );
        let (manifest, problems) = crate::manifest::read(&manifest, "cookies.toml", Format::Toml);
        let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
        let (plan, problems) = super::super::read(PLAN, "cookieproof.toml", Format::Toml);
        let plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
        probes(&manifest, &plan)
            .iter()
            .map(|probe| {
                let pages = probe.pages.as_ref().map(|pages| format!(" @{pages}")).unwrap_or_default();
                format!("{:?} {} {}{pages}", probe.kind, probe.persona, probe.cookies.join("+"))
            })
            .filter(|probe| probe != "EndedOnLogout member ")
            .collect()
    }

    #[track_caller]
    fn case(cookie: &str, expected: &[&str]) {
        assert_eq!(derived(&format!("[[cookies]]\nname = \"c\"\n{cookie}\n")), expected, "{cookie}");
    }

    #[test]
    fn a_statement_and_the_means_to_try_it_make_a_probe() {
        let both = ["RequiredFor anonymous c @account", "RequiredFor member c @account"];
        case("http_only = true", &[]);
        case("required_for = [\"account\"]", &both);
        case("visitors = [\"logged-in\"]\nrequired_for = [\"account\"]", &both[1..]);
        case("required_for = [\"login\"]", &["TokenRequired member c @login"]);
        case("visitors = [\"logged-in\"]\nrequired_for = [\"login\"]", &["RequiredFor member c @login"]);
        case("required_for = [\"session\"]", &["TokenRequired member c @session"]);
        case("required_for = [\"end\"]", &["TokenRequired member c @end"]);
        case("visitors = [\"logged-in\"]\nrolling = true", &["RollingRenewal member c"]);
        case("rolling = false", &[]);
        case("updated_by = [\"language\"]", &["UpdatedBy { journey: \"language\" } anonymous c"]);
        case("cleared_on_logout = true", &["ClearedOnLogout member c"]);
        case("lifetime = { until = \"logout\" }", &["ClearedOnLogout member c"]);
        case("visitors = [\"anonymous\"]\ncleared_on_logout = true", &[]);
    }

    #[test]
    fn claims_about_the_site_make_probes_too() {
        let necessary = "[[cookies]]\nname = \"a\"\ncategory = \"strictly-necessary\"\n\
            [[cookies]]\nname = \"b\"\ncategory = \"strictly-necessary\"\n\
            [[cookies]]\nname = \"c\"\ncategory = \"analytics\"\n[claims]\n";
        assert_eq!(
            derived(&format!("{necessary}necessary_required_for = [\"account\"]")),
            ["RequiredFor member a+b @account"]
        );
        assert_eq!(derived("[claims]\nhonours_gpc = true"), ["GlobalPrivacyControl anonymous "]);
        assert_eq!(derived("[claims]\nplain_http_cookies = \"none\""), ["LoginOverHttp member "]);
    }
}
