//! From what a policy declares to a manifest, with a remark for everything a person has to look at.

use super::duration::{Bound, Duration, Session};
use super::forms::Entry;
use super::sentences::{Claim, Kind, Party, Said};
use super::{Policy, inline, name};
use crate::config::Place;
use crate::manifest::{
    Absence, BannerRule, Category, DeclaredLink, Glob, Inventory, Item, LifetimeRule, Manifest, NamePattern,
    NoCookies, PageClass, PagePattern, PathRule, PolicyClaims, Remarks, Spot, Stated, Strength, ThirdParty,
    ThirdPartyRule, Trigger, ValueRule, VisitorState,
};
use crate::observation::StorageKind;
use std::collections::BTreeMap;

impl Policy {
    /// The manifest, and what is to be said beside it. `from` is where the policy was read.
    pub fn manifest(&self, from: &str) -> (Manifest, Remarks) {
        let mut importer = Importer::default();
        importer.head(self, from);
        importer.items(&self.found.entries);
        importer.parties(&self.said);
        importer.claims(&self.said);
        importer.notes(self);
        importer.manifest.claims = crate::manifest::claims_of(&importer.manifest);
        (importer.manifest, importer.remarks)
    }
}

#[derive(Default)]
struct Importer {
    manifest: Manifest,
    remarks: Remarks,
    review: Vec<String>,
}

impl Importer {
    fn say(&mut self, spot: Spot, line: impl Into<String>) {
        self.remarks.entry(spot).or_default().push(line.into());
    }

    fn head(&mut self, policy: &Policy, from: &str) {
        self.say(Spot::Top, format!("Read from {from}."));
        self.say(Spot::Top, "");
        self.say(
            Spot::Top,
            "What the text does not say is not stated here, and is never a violation. Lines that",
        );
        self.say(
            Spot::Top,
            "begin with `review:` are for a person: the text seems to say something there that was",
        );
        self.say(Spot::Top, "not understood, or that needs a fact the text does not have.");
        let site = &mut self.manifest.site;
        site.name = policy.said.service.clone().or_else(|| policy.said.site.clone());
        site.url = policy.said.site.as_ref().and_then(|host| format!("https://{host}").parse().ok());
        site.last_updated = policy.said.last_updated;
        self.say(Spot::Site("hosts"), "review: the site's own hosts, everything else is a third party:");
        let host = policy.said.site.as_deref().unwrap_or("example.org");
        self.say(Spot::Site("hosts"), format!("hosts = [\"{host}\", \"*.{host}\"]"));
        self.say(Spot::Site("policy_url"), "policy_url = \"/cookie-policy\"");
    }

    fn items(&mut self, entries: &[Entry]) {
        let mut items: Vec<(Item, Vec<(&'static str, String)>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for entry in separated(entries) {
            if entry.is_label {
                self.review
                    .push(format!("a description stands in place of a name: \"{}\"", entry.names.join(", ")));
                continue;
            }
            if entry.is_pixel {
                let names = entry.names.join("`, `");
                self.review.push(format!("`{names}` is a pixel: it stores nothing that could be declared"));
                continue;
            }
            let (hosts, names): (Vec<String>, Vec<String>) =
                entry.names.iter().cloned().partition(|name| name::is_domain(name));
            for host in hosts {
                self.host(&entry, &host);
            }
            let (usable, odd): (Vec<String>, Vec<String>) =
                names.into_iter().partition(|name| !name.contains([';', '=']));
            for name in odd {
                self.review.push(format!("no cookie can be called `{name}`"));
            }
            if usable.is_empty() {
                continue;
            }
            let entry = Entry { names: usable, ..entry };
            let (item, remarks) = self.item(&entry);
            // Thousands of rows: found by what makes them the same, not by looking through all.
            let names: Vec<&str> = item.names.iter().map(NamePattern::written).collect();
            let hosts: Vec<String> = item.hosts.iter().map(ToString::to_string).collect();
            let same = format!("{} {names:?} {hosts:?} {:?}", item.kind, item.path);
            match places.get(&same).and_then(|at: &usize| items.get_mut(*at)) {
                Some((known, said)) => merge(known, item, said),
                None => {
                    places.insert(same, items.len());
                    items.push((item, remarks));
                }
            }
        }
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for (mut item, remarks) in items {
            let count = taken.entry(item.key.clone()).or_default();
            *count += 1;
            if *count > 1 {
                let host = item.hosts.first().map(ToString::to_string).unwrap_or_else(|| count.to_string());
                let key = format!("{}@{host}", item.key);
                item.key = if taken.contains_key(&key) {
                    format!("{key}-{}", self.manifest.items.len())
                } else {
                    key.clone()
                };
                taken.insert(item.key.clone(), 1);
            }
            let at = self.manifest.items.len();
            for (field, remark) in remarks {
                self.say(Spot::Item(at, field), format!("review: {remark}"));
            }
            self.manifest.items.push(item);
        }
        self.relations();
    }

    fn item(&mut self, entry: &Entry) -> (Item, Vec<(&'static str, String)>) {
        let mut remarks = Vec::new();
        let mut item = Item::named("");
        item.kind = entry.storage.unwrap_or(StorageKind::Cookie);
        item.names = entry.names.iter().map(|name| name::pattern(name).0).collect();
        item.https_names = if item.kind == StorageKind::Cookie {
            entry.https_names.iter().map(|name| name::pattern(name).0).collect()
        } else {
            Vec::new()
        };
        let first = item.names.first().map(NamePattern::written).unwrap_or_default();
        item.key = if item.kind == StorageKind::Cookie {
            first.to_owned()
        } else {
            format!("{}:{first}", item.kind)
        };
        item.category = entry.category;
        item.category_as_written = entry.category_as_written.clone();
        item.purpose = entry.purpose.clone();
        item.provider = entry.provider.clone();
        item.party = entry.party;
        item.source = (!entry.source.is_empty()).then(|| cut(&entry.source));
        for domain in &entry.domains {
            let bare = domain.trim_start_matches("*.").trim_start_matches('.').to_lowercase();
            item.hosts.push(Glob::new(&bare));
            if domain.starts_with('.') || domain.starts_with('*') {
                item.hosts.push(Glob::new(&format!("*.{bare}")));
            }
        }
        if let Some(duration) = &entry.duration {
            item.lifetime = duration.rule();
            item.rolling = duration.rolling.then_some(true);
            lifetime_remarks(duration, &mut item, &mut remarks);
        }
        if item.kind == StorageKind::Cookie {
            item.http_only = entry.http_only;
            item.secure = entry.secure;
            item.same_site = entry.same_site;
            item.path = entry.path.clone().map(PathRule::Within);
        }
        if entry.open {
            remarks.push(("about", "the text says that there are more of these".to_owned()));
        }
        for page in &entry.set_on {
            item.set_on.push(self.class_of_path(page));
        }
        self.of_purpose(&mut item, entry);
        (item, remarks)
    }

    /// What the purpose says beyond its own words.
    fn of_purpose(&mut self, item: &mut Item, entry: &Entry) {
        let low = inline::folded(entry.purpose.as_deref().unwrap_or_default());
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| low.contains(phrase));
        let member = has(&[
            "signed-in session",
            "signed in",
            "keeps you logged in",
            "keep you logged in",
            "keeps you signed in",
            "authenticated session",
            "after you log in",
            "logged-in user",
            "authenticates your",
            "refresh token",
            "access token",
            "angemeldet bleib",
            "h\u{e4}lt sie angemeldet",
            "vous maintient connect",
            "reste connect",
            "mantiene su sesi\u{f3}n iniciada",
            "houdt je ingelogd",
            "houdt u ingelogd",
        ]);
        if member && item.category == Some(Category::StrictlyNecessary) {
            item.visitors = vec![VisitorState::LoggedIn];
            item.trigger = Some(Trigger::Login);
            item.expected = Some(true);
            // "Keeps you signed in to the dashboard": without it, nobody stays there.
            item.required_for = members_places(&low).iter().map(|class| self.class_in_words(class)).collect();
            if !item.required_for.is_empty() {
                item.strengths.insert("required_for".to_owned(), Strength::Warning);
            }
        }
        if has(&[
            "records that you accepted",
            "stores your consent",
            "speichert ihre einwilligung",
            "enregistre votre consentement",
        ]) && item.name_has("consent")
        {
            item.trigger =
                Some(if low.contains("accepted") { Trigger::ConsentAccepted } else { Trigger::ConsentGiven });
        }
        if has(&[
            "cannot be read by client-side javascript",
            "cannot be read by javascript",
            "cannot be accessed by javascript",
            "not accessible to javascript",
            "not accessible by javascript",
            "not readable by scripts",
        ]) {
            item.script_readable = Some(false);
        }
        if has(&[
            "display language",
            "preferred language",
            "language you",
            "language preference",
            "selected language",
            "gew\u{e4}hlte sprache",
            "langue pr\u{e9}f\u{e9}r\u{e9}e",
            "idioma preferido",
            "voorkeurstaal",
        ]) && item.category != Some(Category::Analytics)
        {
            item.value = Some(ValueRule::LanguageTag);
        }
        if has(&["records the url", "stores the url", "remembers the url"])
            && has(&["trying to access", "requested", "visited before"])
        {
            item.value = Some(ValueRule::RequestedUrl);
        }
        if let Some(path) = &entry.path {
            item.sent_only_to = vec![self.class_of_path(&format!("{}/*", path.trim_end_matches('/')))];
        }
        let with_choice =
            item.lifetime == Some(LifetimeRule::Either(vec![LifetimeRule::Session, LifetimeRule::Unbounded]));
        let written =
            entry.duration.as_ref().map(|duration| inline::folded(&duration.written)).unwrap_or_default();
        if with_choice
            && ["sign-in choice", "login choice", "keep me", "stay signed in", "remember me"]
                .iter()
                .any(|phrase| written.contains(phrase))
        {
            item.lifetime_for.insert(VisitorState::NotRemembered, LifetimeRule::Session);
            item.lifetime_for.insert(VisitorState::Remembered, LifetimeRule::Unbounded);
        }
    }

    /// What one entry says of another.
    fn relations(&mut self) {
        let keys: Vec<String> = self.manifest.items.iter().map(|item| item.key.clone()).collect();
        let purposes: Vec<String> = self
            .manifest
            .items
            .iter()
            .map(|item| inline::folded(item.purpose.as_deref().unwrap_or_default()))
            .collect();
        let other = |at: usize, words: &str| {
            let joined = words.replace([' ', '-'], "_");
            keys.iter()
                .enumerate()
                .find(|(index, key)| *index != at && inline::folded(key).replace('-', "_").contains(&joined))
                .map(|(_, key)| key.clone())
        };
        for (at, purpose) in purposes.iter().enumerate() {
            for lead in ["alongside the ", "together with the ", "along with the "] {
                let Some(start) = purpose.find(lead) else { continue };
                let rest = &purpose[start + lead.len()..];
                let words: Vec<&str> =
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_').take(3).collect();
                let found = (1..=words.len()).rev().find_map(|count| {
                    other(at, &words[..count].join(" ")).filter(|_| count > 1 || words[0].len() > 4)
                });
                if let Some(key) = found {
                    self.manifest.items[at].only_with = vec![key];
                }
            }
            if let Some(start) = purpose.find("obtain a new ").map(|start| start + "obtain a new ".len()) {
                let word = purpose[start..].split_whitespace().next().unwrap_or_default();
                if word.len() > 3
                    && let Some(key) = other(at, word)
                {
                    self.manifest.items[at].refreshes = Some(key);
                }
            }
        }
    }

    /// The class of a path that the text states.
    fn class_of_path(&mut self, path: &str) -> String {
        let bare = path.trim_end_matches('*').trim_end_matches('/');
        let name = bare.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("start").to_lowercase();
        let pattern = if path.contains('*') { format!("{bare}/**") } else { path.to_owned() };
        let class = self.manifest.pages.entry(name.clone()).or_default();
        if let Ok(pattern) = PagePattern::new(&pattern)
            && !class.patterns.contains(&pattern)
        {
            class.patterns.push(pattern);
        }
        name
    }

    /// A class that the text names in words; where its pages are, it does not say.
    fn class_in_words(&mut self, word: &str) -> String {
        if !self.manifest.pages.contains_key(word) {
            self.manifest.pages.insert(word.to_owned(), PageClass::default());
            self.say(
                Spot::Pages,
                format!("review: which pages are \"{word}\"? The text names them in words only."),
            );
        }
        word.to_owned()
    }

    /// A host in place of a name: whatever it sets.
    fn host(&mut self, entry: &Entry, host: &str) {
        let domain = host.trim_start_matches("*.");
        let provider = entry.provider.clone().unwrap_or_else(|| domain.to_owned());
        let key = crate::manifest::slug(&provider);
        if self.manifest.third_parties.iter().any(|party| party.key == key) {
            return;
        }
        let mut party = ThirdParty::named(&provider);
        party.key = key;
        party.category = entry.category;
        party.domains = vec![Glob::new(domain), Glob::new(host)];
        party.sets_cookies = Some(true);
        party.source = Some(cut(&entry.source));
        self.manifest.third_parties.push(party);
    }

    fn parties(&mut self, said: &Said) {
        for found in &said.parties {
            let domains = domains_of(found);
            if domains.is_empty() {
                self.review.push(format!(
                    "{}: which hosts are theirs? \"{}\"",
                    found.provider,
                    cut(&found.source)
                ));
                continue;
            }
            let key = crate::manifest::slug(&found.provider);
            if self.manifest.third_parties.iter().any(|party| party.key == key) {
                continue;
            }
            let mut party = ThirdParty::named(&found.provider);
            party.key = key;
            party.domains = domains.iter().map(|domain| Glob::new(domain)).collect();
            party.sets_cookies = found.sets_cookies;
            party.sets_storage = found.sets_storage;
            party.identifiers = found.identifiers;
            party.personal_data = found.personal_data;
            party.embedded = found.embedded;
            party.confined = found.confined;
            party.needs_consent = found.needs_consent;
            party.only_provider_of = found.role.map(str::to_owned);
            party.category = (found.role == Some("analytics")).then_some(Category::Analytics);
            if found.on_interaction {
                party.after = Some(Trigger::Interaction);
            }
            let hosts: Vec<&String> =
                found.domains.iter().filter(|host| host.starts_with("checkout.")).collect();
            if found.checkout && !hosts.is_empty() {
                let name = "checkout".to_owned();
                let class = self.manifest.pages.entry(name.clone()).or_default();
                class
                    .patterns
                    .extend(hosts.iter().filter_map(|host| PagePattern::new(&format!("{host}/**")).ok()));
                party.allowed_on = vec![name];
            }
            party.source = Some(cut(&found.source));
            if found.domains.is_empty() {
                let at = self.manifest.third_parties.len();
                self.say(Spot::Party(at, "domains"), "The text names no host; these are known to be theirs.");
            }
            self.manifest.third_parties.push(party);
        }
        for (provider, url) in &said.links {
            let key = format!("{}-policy", crate::manifest::slug(provider));
            if self.manifest.links.iter().all(|link| link.url != *url && link.key != key) {
                self.manifest.links.push(DeclaredLink {
                    key,
                    url: url.clone(),
                    on_policy_page: true,
                    strength: Strength::Warning,
                    place: Place::default(),
                    source: None,
                });
            }
        }
    }

    fn claims(&mut self, said: &Said) {
        let mut policy = PolicyClaims::default();
        let third_parties = !self.manifest.third_parties.is_empty();
        let inventories: Vec<&Claim> =
            said.claims.iter().filter(|claim| matches!(claim.kind, Kind::Inventory(_))).collect();
        let is = |claim: &&&Claim, inventory: Inventory| claim.kind == Kind::Inventory(inventory);
        // A list that calls itself incomplete is; else the narrower of two sentences counts.
        let inventory = inventories
            .iter()
            .find(|claim| is(claim, Inventory::Examples))
            .or_else(|| inventories.iter().find(|claim| is(claim, Inventory::CompleteFirstParty)))
            .or_else(|| inventories.first());
        if let Some(claim) = inventory
            && let Kind::Inventory(inventory) = claim.kind
            && !self.manifest.items.is_empty()
        {
            policy.inventory = Some(stated(inventory, claim));
        }
        for claim in &said.claims {
            match &claim.kind {
                Kind::Inventory(_) | Kind::DurationsAreMaximum => {}
                Kind::OnlyNecessary => {
                    policy.categories = Some(stated(vec![Category::StrictlyNecessary], claim))
                }
                Kind::No { category, third, pages } => {
                    let pages = pages.iter().map(|page| self.class_in_words(page)).collect();
                    let absence =
                        stated(Absence { third_party_only: *third, pages, visitors: Vec::new() }, claim);
                    match category {
                        Category::Advertising => wider(&mut policy.advertising, absence),
                        Category::Analytics => wider(&mut policy.analytics_cookies, absence),
                        _ => self.review.push(format!("no {category} cookies: \"{}\"", cut(&claim.source))),
                    }
                }
                Kind::NoTracking { third } => wider(
                    &mut policy.tracking,
                    stated(Absence { third_party_only: *third, ..Absence::default() }, claim),
                ),
                Kind::NoThirdPartyCookies => {
                    let rule =
                        if third_parties { ThirdPartyRule::OnlyDeclared } else { ThirdPartyRule::None };
                    policy.third_party_cookies = Some(stated(rule, claim));
                }
                Kind::NoCrossSiteTracking => {
                    policy.cross_site_tracking = Some(stated(Absence::default(), claim))
                }
                Kind::NoBanner => policy.consent_banner = Some(stated(BannerRule::None, claim)),
                Kind::Banner { repeated, back_after_clearing } => {
                    let (mut known_repeated, mut known_back) = (None, None);
                    if let Some(Stated {
                        value: BannerRule::Shown { repeated, back_after_clearing }, ..
                    }) = &policy.consent_banner
                    {
                        (known_repeated, known_back) = (*repeated, *back_after_clearing);
                    }
                    let rule = BannerRule::Shown {
                        repeated: repeated.or(known_repeated),
                        back_after_clearing: back_after_clearing.or(known_back),
                    };
                    policy.consent_banner = Some(stated(rule, claim));
                }
                Kind::NoCookies { pages, anonymous } => {
                    if pages.is_empty() && !anonymous && !self.manifest.items.is_empty() {
                        self.review.push(format!("no cookies, of whom or where? \"{}\"", cut(&claim.source)));
                        continue;
                    }
                    let pages = pages.iter().map(|page| self.class_in_words(page)).collect();
                    let visitors = if *anonymous { vec![VisitorState::Anonymous] } else { Vec::new() };
                    policy.no_cookies.push(stated(NoCookies { visitors, pages, except: Vec::new() }, claim));
                }
                Kind::NoCookieScripts { pages } => {
                    let pages = pages.iter().map(|page| self.class_in_words(page)).collect();
                    policy.cookie_setting_scripts =
                        Some(stated(Absence { pages, ..Absence::default() }, claim));
                }
                Kind::NoEmbeds { pages } => {
                    let pages = pages.iter().map(|page| self.class_in_words(page)).collect();
                    let mut absence = stated(Absence { pages, ..Absence::default() }, claim);
                    absence.strength = Strength::Warning;
                    policy.third_party_embeds = Some(absence);
                }
                Kind::ConsentBefore(category) => match &mut policy.consent_before {
                    Some(before) if !before.value.contains(category) => before.value.push(*category),
                    Some(_) => {}
                    none => *none = Some(stated(vec![*category], claim)),
                },
                Kind::NoConsentRequired => {
                    let mut without = stated(true, claim);
                    without.strength = Strength::Warning;
                    policy.login_without_consent = Some(without);
                }
                Kind::DateMaintained => {
                    policy.last_updated_shown = Some(stated(true, claim));
                    policy.date_follows_inventory = Some(stated(true, claim));
                }
                Kind::CoversLinkingHosts => policy.covers_linking_hosts = Some(stated(true, claim)),
                Kind::RequiredFor { what } => self.required_for(what, claim, &mut policy),
                Kind::ConsentStoredLocally => {
                    for item in &mut self.manifest.items {
                        if item.kind == StorageKind::Cookie && item.name_has("consent") {
                            item.mirrored_in = vec![StorageKind::LocalStorage];
                        }
                    }
                }
                Kind::OnlyOverHttps => policy.plain_http_cookies = Some(stated(Absence::default(), claim)),
                Kind::Updates { cookie, journey } => {
                    for item in self
                        .manifest
                        .items
                        .iter_mut()
                        .filter(|item| item.key == *cookie && !journey.is_empty())
                    {
                        item.updated_by = vec![journey.clone()];
                    }
                }
                Kind::Gpc => policy.honours_gpc = Some(stated(true, claim)),
            }
        }
        if policy.third_party_cookies.is_none() && third_parties && policy.tracking.is_some() {
            // Whoever may set cookies is named; what the text says of tracking is about everybody else.
            let source = policy.tracking.as_ref().and_then(|claim| claim.source.clone());
            policy.third_party_cookies = Some(Stated {
                value: ThirdPartyRule::OnlyDeclared,
                strength: Strength::Warning,
                place: Place::default(),
                source,
            });
        }
        if let Some(before) = &mut policy.consent_before {
            before.value.sort();
        }
        self.manifest.policy = policy;
    }

    /// "Required for the dashboard": pages that the text names in words or by their paths.
    fn required_for(&mut self, what: &str, claim: &Claim, policy: &mut PolicyClaims) {
        let low = inline::folded(what);
        let classes = members_places(&low);
        let owner = self.manifest.items.iter().position(|item| {
            item.purpose.as_deref().is_some_and(|purpose| inline::folded(purpose).contains(&low))
        });
        let classes: Vec<String> = classes.iter().map(|class| self.class_in_words(class)).collect();
        match owner {
            Some(at) if !classes.is_empty() => self.manifest.items[at].required_for = classes,
            Some(_) => {
                self.review.push(format!("something does not work without it: \"{}\"", cut(&claim.source)))
            }
            None if !classes.is_empty() => policy.necessary_required_for = Some(stated(classes, claim)),
            None => self.review.push(format!("what does not work without them? \"{}\"", cut(&claim.source))),
        }
    }

    fn notes(&mut self, policy: &Policy) {
        let mut notes: Vec<String> = std::mem::take(&mut self.review);
        notes.extend(policy.found.notes.iter().cloned());
        notes.extend(policy.said.notes.iter().cloned());
        for note in notes {
            self.say(Spot::End, format!("review: {note}"));
        }
    }
}

/// Places of members that a text names in words, as names of page classes.
fn members_places(low: &str) -> Vec<String> {
    ["dashboard", "workspace", "account", "customer portal", "members area"]
        .iter()
        .filter(|word| low.contains(**word))
        .map(|word| word.replace(' ', "-"))
        .collect()
}

/// The hosts of a third party: those the text names with what is below them, and those known.
pub(super) fn domains_of(party: &Party) -> Vec<String> {
    let mut domains: Vec<String> = Vec::new();
    let named = party.domains.iter().map(|host| crate::cookie::registrable_domain(host).to_owned());
    let known = crate::vendors::hosts_of(&party.provider).into_iter().map(str::to_owned);
    for domain in named.chain(known) {
        for host in [domain.clone(), format!("*.{domain}")] {
            if !domains.contains(&host) {
                domains.push(host);
            }
        }
    }
    domains
}

/// Entries so that no name is in two of them, but for different hosts.
fn separated(entries: &[Entry]) -> Vec<Entry> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in entries.iter().flat_map(|entry| &entry.names) {
        *counts.entry(name).or_default() += 1;
    }
    let shared = |name: &String| counts.get(name.as_str()).copied().unwrap_or_default() > 1;
    let mut separated = Vec::new();
    for entry in entries {
        let storage = entry.storage.unwrap_or(StorageKind::Cookie);
        let differ = entry.names.iter().any(|name| name::is_domain(name));
        if entry.names.len() > 1 && (entry.names.iter().any(shared) || differ) && !entry.is_label {
            separated.extend(entry.names.iter().map(|name| Entry {
                names: vec![name.clone()],
                storage: Some(storage),
                ..entry.clone()
            }));
        } else {
            separated.push(entry.clone());
        }
    }
    separated
}

/// The same thing declared twice: what both say stays, what they disagree on is for a person.
fn merge(known: &mut Item, other: Item, remarks: &mut Vec<(&'static str, String)>) {
    if known.category != other.category {
        let words = |item: &Item| item.category.map_or("none".to_owned(), |category| category.to_string());
        remarks.push(("category", format!("declared twice, as {} and as {}", words(known), words(&other))));
        known.category = known
            .category
            .filter(|_| other.category.is_none())
            .or(other.category.filter(|_| known.category.is_none()));
        known.category_as_written = None;
    }
    if known.lifetime != other.lifetime {
        known.lifetime = match (known.lifetime.take(), other.lifetime) {
            (Some(one), Some(two)) => {
                let mut rules = Vec::new();
                for rule in [one, two] {
                    match rule {
                        LifetimeRule::Either(list) => rules.extend(list),
                        rule => rules.push(rule),
                    }
                }
                let mut each: Vec<LifetimeRule> = Vec::new();
                for rule in rules {
                    if !each.contains(&rule) {
                        each.push(rule);
                    }
                }
                remarks.push(("lifetime", "declared twice, with different lifetimes".to_owned()));
                Some(LifetimeRule::Either(each))
            }
            // One of the two says nothing of it.
            (one, two) => one.or(two),
        };
    }
    known.purpose = known.purpose.take().or(other.purpose);
    known.provider = known.provider.take().or(other.provider);
    if known.party != other.party {
        known.party = None;
    }
    known.http_only = known.http_only.or(other.http_only);
    known.secure = known.secure.or(other.secure);
    known.same_site = known.same_site.or(other.same_site);
}

fn lifetime_remarks(duration: &Duration, item: &mut Item, remarks: &mut Vec<(&'static str, String)>) {
    let written = cut(&duration.written);
    if duration.contradictory {
        remarks.push(("lifetime", format!("the text contradicts itself: \"{written}\"")));
        item.lifetime = None;
    } else if item.lifetime.is_none() {
        remarks.push(("lifetime", format!("no time that can be checked: \"{written}\"")));
    } else if duration.bound == Bound::Either && duration.session == Session::No {
        remarks.push(("lifetime", format!("depends on something: \"{written}\"")));
    }
}

/// The wider of two absences counts: "no analytics cookies" beside "no third-party analytics cookies".
fn wider(field: &mut Option<Stated<Absence>>, other: Stated<Absence>) {
    let width = |absence: &Absence| {
        (!absence.third_party_only, absence.pages.is_empty(), absence.visitors.is_empty())
    };
    match field {
        Some(known) if width(&known.value) >= width(&other.value) => {}
        field => *field = Some(other),
    }
}

fn stated<T>(value: T, claim: &Claim) -> Stated<T> {
    let strength = if claim.hedged { Strength::Warning } else { Strength::default() };
    Stated { value, strength, place: Place::default(), source: Some(cut(&claim.source)) }
}

/// A sentence for a file: one line, not endless.
fn cut(text: &str) -> String {
    const MOST: usize = 600;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

impl Item {
    fn name_has(&self, word: &str) -> bool {
        self.names.iter().any(|name| name.written().to_lowercase().contains(word))
    }
}
