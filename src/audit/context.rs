//! What every rule reads: the manifest and the scan, with each sighting already matched to what the
//! manifest says of it. Built once for an audit.

use super::matching::{self, Hosts};
use super::previous::{Earlier, families};
use super::unrefuted::Standing;
use crate::cookie::{Decision, Lifetime, Reason, is_trustworthy};
use crate::manifest::{
    About, Claim, DeclaredParty, Item, Manifest, NamePattern, PolicyAspect, ThirdParty, Trigger, VisitorState,
};
use crate::observation::{
    Cell, Channel, Consent, Contact, Engine, ExchangeRef, Families, Group, Observation, Outcome, Page,
    PersonaCoverage, Phase, ProbeKind, Reached, SafeUrl, Scan, Sent, Sighting, StorageKind, Visitor,
};
use crate::vendors::{Fact, Knowledge, KnowledgeHere};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Everything a rule may look at.
pub(crate) struct Context<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) scan: &'a Scan,
    /// The earlier scan, where one was given that can be compared; else why it cannot.
    pub(crate) previous: Result<Earlier<'a>, Standing>,
    /// Every group of sightings, in the scan's order.
    pub(crate) seen: Vec<Seen<'a>>,
    /// Declared items that must be there, were looked for where they belong, and are not.
    pub(crate) missing: BTreeSet<usize>,
    pub(crate) hosts: Hosts,
    /// What is known of cookies and hosts.
    pub(crate) knowledge: KnowledgeHere<'a>,
    claims: BTreeMap<About, usize>,
}

/// A group of sightings, and what the manifest has to do with it.
pub(crate) struct Seen<'a> {
    pub(crate) observation: &'a Observation,
    pub(crate) group: &'a Group,
    /// The declared item it is, under the right name of its scheme or the wrong one.
    pub(crate) item: Option<usize>,
    /// The declared item whose name it has, though another site set it for its own domain: it is
    /// not that item.
    pub(crate) namesake: Option<usize>,
    /// What it is called in findings: its name, or the pattern of names that differ only in what is
    /// random or an installation's own.
    pub(crate) family: String,
    /// The declared third party it belongs to, by domain or by vendor.
    pub(crate) provider: Option<usize>,
    pub(crate) fact: Option<Fact>,
    /// Its domain is not the site's own.
    pub(crate) foreign: bool,
    /// The plan allows it on this target.
    pub(crate) allowed: bool,
    /// Scheme of the response that set it, or of the page whose script did.
    pub(crate) https: bool,
}

/// Who was visiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Surely(Visitor),
    /// A member before or after the session, or one whose login failed.
    Unclear,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        manifest: &'a Manifest,
        scan: &'a Scan,
        previous: Option<&'a Scan>,
        knowledge: &'a Knowledge,
    ) -> Self {
        let hosts = Hosts::of(manifest, scan);
        let knowledge = knowledge.here(hosts.site().clone());
        let allowed: Vec<NamePattern> =
            scan.run.allowed_cookies.iter().map(|name| NamePattern::glob(name)).collect();
        let families = families(scan);
        let mut seen = Vec::new();
        for observation in &scan.observations {
            let host = matching::host_of(observation);
            let foreign = !hosts.own(host);
            let fact = fact_of(&knowledge, observation, host, foreign);
            let provider = matching::provider_of(manifest, &hosts, host, foreign, fact.as_ref());
            let allowed = observation.kind == StorageKind::Cookie
                && allowed.iter().any(|pattern| pattern.matches(&observation.name));
            for group in &observation.groups {
                let https = is_https(&group.example);
                let vendors = fact.as_ref().is_some_and(|fact| fact.third_party) && provider.is_none();
                let matching::Match { item, namesake } =
                    matching::item_of(manifest, &hosts, (observation, group), https, foreign, vendors);
                let family = called(&families, observation, item.map(|item| &manifest.items[item]));
                // What stands in the site's own name under a declared name is the site's.
                let provider = provider.filter(|_| item.is_none());
                let fact = fact.clone();
                seen.push(Seen {
                    observation,
                    group,
                    item,
                    namesake,
                    family,
                    provider,
                    fact,
                    foreign,
                    allowed,
                    https,
                });
            }
        }
        let claims = manifest.claims.iter().enumerate().map(|(index, claim)| (claim.about, index)).collect();
        let previous = match previous {
            Some(previous) => Earlier::of(scan, previous, &hosts),
            None => Err(Standing::needs_previous()),
        };
        Context { manifest, scan, previous, seen, missing: BTreeSet::new(), hosts, knowledge, claims }
    }

    // --- the manifest -----------------------------------------------------------------------------

    /// The claim about this, where the manifest makes one.
    pub(crate) fn claim(&self, about: About) -> Option<&'a Claim> {
        self.claims.get(&about).map(|index| &self.manifest.claims[*index])
    }

    /// Whether the manifest makes this claim about the site.
    pub(crate) fn states(&self, aspect: PolicyAspect) -> bool {
        self.claims.contains_key(&About::Policy(aspect))
    }

    pub(crate) fn item(&self, index: usize) -> &'a Item {
        &self.manifest.items[index]
    }

    pub(crate) fn third_party(&self, index: usize) -> &'a ThirdParty {
        &self.manifest.third_parties[index]
    }

    /// The item of a key.
    pub(crate) fn item_of_key(&self, key: &str) -> Option<usize> {
        self.manifest.items.iter().position(|item| item.key == key)
    }

    // --- sightings --------------------------------------------------------------------------------

    /// Every sighting of a declared item that put, or tried to put, something there.
    pub(crate) fn sightings(&self, item: usize) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(move |seen| seen.item == Some(item) && seen.writes())
    }

    /// What another site set under the item's name, for its own domain.
    pub(crate) fn namesakes(&self, item: usize) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(move |seen| seen.namesake == Some(item) && seen.writes())
    }

    /// Those that say what the item is like: written in the name of whom it is declared for.
    pub(crate) fn writes(&self, item: usize) -> impl Iterator<Item = &Seen<'a>> {
        let elsewhere_declared =
            !self.item(item).hosts.is_empty() || self.item(item).party == Some(DeclaredParty::Third);
        self.sightings(item).filter(move |seen| !seen.foreign || elsewhere_declared)
    }

    /// What nothing in the manifest or plan names, and what lands on the device.
    pub(crate) fn undeclared(&self) -> impl Iterator<Item = &Seen<'a>> {
        let named = |seen: &&Seen<'a>| seen.item.is_some() || self.is_declared_copy(seen);
        self.seen.iter().filter(move |seen| !named(seen) && !seen.allowed && seen.lands())
    }

    /// A storage item of a cookie's name, where the cookie's entry says that it is kept there, too.
    fn is_declared_copy(&self, seen: &Seen<'_>) -> bool {
        let name = &seen.example().name;
        let copied = |item: &Item| item.mirrored_in.contains(&seen.kind());
        self.manifest
            .items
            .iter()
            .any(|item| copied(item) && item.names.iter().any(|pattern| pattern.matches(name)))
    }

    /// Cookies that land on the device, declared or not, but for those the plan allows.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(|seen| seen.kind() == StorageKind::Cookie && !seen.allowed && seen.lands())
    }

    /// Requests that carried a declared item.
    pub(crate) fn sent(&self, item: usize) -> impl Iterator<Item = &'a Sent> {
        let item = self.item(item);
        let anywhere = !item.hosts.is_empty() || item.party == Some(DeclaredParty::Third);
        self.scan.sent.iter().filter(move |sent| {
            let url = sent.example.parsed();
            let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
            // Another site gets its own cookie of that name.
            let ours = || url.as_ref().and_then(|url| url.host_str()).is_none_or(|host| self.hosts.own(host));
            item.kind == StorageKind::Cookie
                && (anywhere || ours())
                && (item.is_named(&sent.name, https) || item.is_named(&sent.name, !https))
        })
    }

    /// Foreign hosts that were asked for something, or that a page's markup asks a browser to ask.
    pub(crate) fn foreign_contacts(&self) -> impl Iterator<Item = &'a Contact> {
        self.scan.contacts.iter().filter(|contact| self.hosts.is_foreign(contact))
    }

    /// The declared third party a host belongs to.
    pub(crate) fn provider_of_host(&self, host: &str) -> Option<usize> {
        let fact = self.hosts.names(host).find_map(crate::vendors::classify_host);
        matching::provider_of(self.manifest, &self.hosts, host, true, fact.as_ref())
    }

    /// What is known of a request.
    pub(crate) fn fact_of(&self, contact: &Contact) -> Option<Fact> {
        self.knowledge.request(&contact.example, &contact.page, contact.resource)
    }

    // --- pages ------------------------------------------------------------------------------------

    /// Whether a URL is in one of the classes, also under the names the manifest gives its host.
    /// No class at all means every page.
    pub(crate) fn url_in(&self, url: &SafeUrl, classes: &[String]) -> bool {
        classes.is_empty()
            || self
                .hosts
                .as_declared(url)
                .iter()
                .any(|url: &Url| self.manifest.any_class_contains(classes, url))
    }

    /// Whether a request is in one of the classes; there a method may be meant, too.
    pub(crate) fn request_in(&self, method: &str, url: &SafeUrl, classes: &[String]) -> bool {
        let urls = self.hosts.as_declared(url);
        let within = |class: &String| {
            urls.iter().any(|url: &Url| self.manifest.class_contains_request(class, method, url))
        };
        classes.is_empty() || classes.iter().any(within)
    }

    /// Whether something happened in the context of a class of pages: the document asked for, the
    /// one finally shown, or the one that started the request.
    pub(crate) fn page_in(&self, page: &Page, classes: &[String]) -> bool {
        [Some(&page.asked), page.shown.as_ref(), page.started_by.as_ref()]
            .into_iter()
            .flatten()
            .any(|url| self.url_in(url, classes))
    }

    // --- visitors ---------------------------------------------------------------------------------

    pub(crate) fn persona(&self, cell: &Cell) -> Option<&'a PersonaCoverage> {
        let named = || self.scan.coverage.personas.iter().filter(|persona| persona.name == cell.persona);
        named().find(|persona| persona.consent == cell.consent).or_else(|| named().next())
    }

    /// The kind of visitor a persona is, also while it is still logging in.
    pub(crate) fn visitor(&self, cell: &Cell) -> Visitor {
        self.persona(cell).map(|persona| persona.visitor).unwrap_or_default()
    }

    /// Who was visiting at that moment.
    pub(crate) fn who(&self, cell: &Cell) -> Who {
        let Some(persona) = self.persona(cell) else { return Who::Surely(Visitor::default()) };
        if !persona.visitor.logged_in {
            return Who::Surely(persona.visitor);
        }
        let within = matches!(cell.phase, Phase::Crawl | Phase::Journey | Phase::Probe);
        match persona.reached {
            Reached::Yes | Reached::Unproven if within => Who::Surely(persona.visitor),
            _ => Who::Unclear,
        }
    }

    /// Whether the manifest's words for visitors surely describe the one of a cell; none if that
    /// cannot be told.
    pub(crate) fn described(&self, states: &[VisitorState], cell: &Cell) -> Option<bool> {
        let consent: Vec<_> = states.iter().copied().filter(|state| state.is_consent()).collect();
        if !VisitorState::any_describes(&consent, &Visitor::default(), &cell.consent) {
            return Some(false);
        }
        let people: Vec<_> = states.iter().copied().filter(|state| !state.is_consent()).collect();
        if people.is_empty() {
            return Some(true);
        }
        let Who::Surely(visitor) = self.who(cell) else { return None };
        let about_remembering =
            |state: &VisitorState| matches!(state, VisitorState::Remembered | VisitorState::NotRemembered);
        if VisitorState::any_describes(&people, &visitor, &cell.consent) {
            Some(true)
        } else if visitor.logged_in && visitor.remembered.is_none() && people.iter().any(about_remembering) {
            None
        } else {
            Some(false)
        }
    }

    /// Whether the visitor surely had no session.
    pub(crate) fn anonymous(&self, cell: &Cell) -> bool {
        matches!(self.who(cell), Who::Surely(visitor) if !visitor.logged_in)
    }

    /// Whether what a trigger waits for had surely not happened yet.
    pub(crate) fn before(&self, trigger: &Trigger, sighting: &Sighting) -> bool {
        let cell = &sighting.cell;
        match trigger {
            Trigger::Login => self.anonymous(cell),
            Trigger::ConsentAccepted => matches!(cell.consent, Consent::Untouched | Consent::Rejected),
            Trigger::ConsentGiven => cell.consent == Consent::Untouched,
            Trigger::Journey(_) | Trigger::Interaction => {
                let journeys =
                    self.seen.iter().map(|seen| &seen.group.example).filter(|other| {
                        other.cell.phase == Phase::Journey && other.cell.persona == cell.persona
                    });
                let first = journeys.map(|other| other.at_ms).min();
                matches!(cell.phase, Phase::Login | Phase::Crawl)
                    && first.is_none_or(|first| sighting.at_ms < first)
            }
        }
    }

    /// Whether a declared item is where, when or for whom it should not be.
    pub(crate) fn misplaced(&self, index: usize, seen: &Seen<'_>) -> bool {
        let item = self.item(index);
        let looked = matches!(seen.cell().phase, Phase::Crawl | Phase::Journey);
        seen.lands()
            && (looked && !item.set_on.is_empty() && !self.page_in(seen.page(), &item.set_on)
                || !item.visitors.is_empty() && self.described(&item.visitors, seen.cell()) == Some(false)
                || item.trigger.as_ref().is_some_and(|trigger| self.before(trigger, seen.example())))
    }

    // --- the run ----------------------------------------------------------------------------------

    /// A browser was among the engines.
    pub(crate) fn has_browser(&self) -> bool {
        self.scan.run.engines.contains(&Engine::Browser)
    }

    /// The site is served over https (its plain http twin is then another thing).
    pub(crate) fn https_site(&self) -> bool {
        self.scan.run.base_url.parsed().is_some_and(|url| url.scheme() == "https")
    }

    /// An address over plain http of a site that is served over https.
    pub(crate) fn is_twin(&self, url: &SafeUrl) -> bool {
        self.https_site() && url.as_str().starts_with("http:")
    }

    /// Outcomes of a kind of probe.
    pub(crate) fn outcomes(&self, of: impl Fn(&ProbeKind) -> bool) -> impl Iterator<Item = &'a Outcome> {
        self.scan.outcomes.iter().filter(move |outcome| of(&outcome.probe))
    }

    /// Whether an outcome is about an item, by key or by one of its names.
    pub(crate) fn concerns(&self, outcome: &Outcome, item: usize) -> bool {
        outcome.cookies.iter().any(|name| self.is_name_of(name, item))
    }

    /// Whether a name is an item's key or one of its names.
    pub(crate) fn is_name_of(&self, name: &str, item: usize) -> bool {
        let item = self.item(item);
        item.key == name
            || item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches_text(name))
    }
}

impl<'a> Seen<'a> {
    pub(crate) fn kind(&self) -> StorageKind {
        self.observation.kind
    }

    pub(crate) fn name(&self) -> String {
        self.observation.name.to_string()
    }

    pub(crate) fn example(&self) -> &'a Sighting {
        &self.group.example
    }

    pub(crate) fn cell(&self) -> &'a Cell {
        &self.group.example.cell
    }

    pub(crate) fn page(&self) -> &'a Page {
        &self.group.example.page
    }

    pub(crate) fn exchange(&self) -> &'a ExchangeRef {
        &self.group.example.exchange
    }

    /// It was written to be there, whatever a browser makes of it; a deletion was not.
    pub(crate) fn writes(&self) -> bool {
        match &self.example().decision {
            Decision::Deleted { .. } => false,
            Decision::Rejected { reasons } if reasons.contains(&Reason::AlreadyExpired) => false,
            _ => !matches!(self.example().written.lifetime, Lifetime::Seconds(seconds) if seconds <= 0),
        }
    }

    /// It is put on a visitor's device: by this browser's settings or by those of another.
    pub(crate) fn lands(&self) -> bool {
        self.writes()
            && match &self.example().decision {
                Decision::Stored { .. } | Decision::Replaced { .. } => true,
                Decision::Deleted { .. } => false,
                Decision::Rejected { reasons } => reasons.iter().all(depends_on_the_browser),
            }
    }

    /// It came over http of the machine that looked, which Chromium trusts as it does https (W3C
    /// Secure Contexts, "is origin potentially trustworthy").
    pub(crate) fn on_loopback(&self) -> bool {
        let url = self.exchange().url.parsed();
        url.is_some_and(|url| matches!(url.scheme(), "http" | "ws") && is_trustworthy(&url))
    }

    /// Written by a script or found in storage, not by a response.
    pub(crate) fn by_script(&self) -> bool {
        !matches!(self.example().channel, Channel::Header | Channel::TolerantHeader)
    }

    /// Host of the script that wrote it.
    pub(crate) fn script_host(&self) -> Option<String> {
        let script = self.example().script.as_ref()?;
        script.url.parsed()?.host_str().map(str::to_owned)
    }
}

/// A declared thing is called by the pattern that it was declared with, another by its family.
fn called(families: &Families, observation: &Observation, item: Option<&Item>) -> String {
    let name = observation.name.to_string();
    let declared = item.and_then(|item| {
        let patterns = item.names.iter().chain(&item.https_names);
        patterns
            .filter(|pattern| pattern.as_literal().is_none())
            .find(|pattern| pattern.matches(&observation.name))
    });
    match (declared, item) {
        (Some(pattern), _) => pattern.written().to_owned(),
        (None, Some(_)) => name,
        (None, None) => families.family(&name).into_owned(),
    }
}

/// A refusal that another setting, browser or page would not have made.
fn depends_on_the_browser(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::UserPreferences
            | Reason::SchemefulSameSiteStrict
            | Reason::SchemefulSameSiteLax
            | Reason::SchemefulSameSiteUnspecifiedTreatedAsLax
            | Reason::SameSiteNoneInsecure
            | Reason::OverwriteSecure
    )
}

/// On an own host the name alone decides: a site may live on a known company's host.
fn fact_of(
    knowledge: &KnowledgeHere<'_>,
    observation: &Observation,
    host: &str,
    foreign: bool,
) -> Option<Fact> {
    let name = observation.name.to_string();
    let fact = match observation.kind {
        StorageKind::Cookie => knowledge.cookie(&name, if foreign { host } else { "" }),
        _ => knowledge.storage(&name, if foreign { host } else { "" }),
    };
    let by_request = || {
        let example = &observation.groups.first()?.example;
        let at = &example.exchange;
        let by_response = matches!(example.channel, Channel::Header | Channel::TolerantHeader);
        (foreign && by_response).then(|| knowledge.request(&at.url, &example.page.asked, at.resource))?
    };
    fact.or_else(by_request)
}

fn is_https(sighting: &Sighting) -> bool {
    let by_response = matches!(sighting.channel, Channel::Header | Channel::TolerantHeader);
    let page = sighting.page.shown.as_ref().unwrap_or(&sighting.page.asked);
    let url = if by_response { &sighting.exchange.url } else { page };
    url.parsed().is_some_and(|url| url.scheme() == "https")
}
