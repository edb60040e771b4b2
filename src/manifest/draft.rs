//! A first manifest, written from what a scan saw: a start for people to correct, against which an
//! audit of the same site finds no difference. It states what was the same in every sighting and
//! says in comments what was not. Values are not in it; scans have none.

mod entries;
mod lifetimes;

use self::entries::{Entry, Seen, entries, kept_elsewhere, varies};
use self::lifetimes::Lifetimes;
use super::write::quoted;
use super::{
    Category, DeclaredParty, DomainRule, Glob, Inventory, Item, Manifest, PageClass, PagePattern, PathRule,
    Remarks, SecureRule, Spot, Stated, Strength, ThirdParty, VisitorState, write_with,
};
use crate::config::{Place, Words};
use crate::cookie::{Effective, registrable_domain};
use crate::observation::{
    Cell, Consent, Contact, Page, PageTally, Party, Phase, Scan, Sighting, Site, StorageKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of well-known things beside what was seen: the draft takes it over.
pub trait KnownThings {
    /// Of a cookie or storage item of this name on this host.
    fn thing(&self, kind: StorageKind, name: &str, host: &str) -> Option<KnownThing>;
    /// Of another party's host.
    fn host(&self, host: &str) -> Option<KnownThing>;
}

/// What is known of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownThing {
    /// Whose it is.
    pub vendor: String,
    /// Another company's, not software that sites run themselves.
    pub third_party: bool,
    pub category: Category,
}

/// The manifest's text.
pub fn draft(scan: &Scan, known: &dyn KnownThings) -> String {
    let (manifest, remarks) = drafted(scan, known);
    write_with(&manifest, &remarks)
}

/// The manifest, and what is said beside it.
pub fn drafted(scan: &Scan, known: &dyn KnownThings) -> (Manifest, Remarks) {
    let entries = entries(scan);
    let narrow: Vec<Option<BTreeSet<String>>> =
        entries.iter().map(|entry| narrow_sections(entry, scan)).collect();
    let mut draft = Draft::default();
    draft.head(scan);
    let sections: BTreeSet<&String> = narrow.iter().flatten().flatten().collect();
    if !sections.is_empty() {
        draft.say(Spot::Pages, "Classes of pages. `/docs/**` means /docs itself, too.");
    }
    let mut classes = BTreeMap::new();
    for section in sections {
        let taken = |name: &str| draft.manifest.pages.contains_key(name);
        let class = untaken(class_name(section), taken);
        let patterns = PagePattern::new(&format!("/{section}/**")).into_iter().collect();
        draft.manifest.pages.insert(class.clone(), PageClass { patterns, ..PageClass::default() });
        classes.insert(section.clone(), class);
    }
    for (entry, sections) in entries.iter().zip(&narrow) {
        let of_section = |section: &String| classes.get(section).cloned();
        let set_on = sections.iter().flatten().filter_map(of_section).collect();
        draft.entry(entry, set_on, scan, known);
    }
    draft.third_parties(scan, known);
    for (browser, names) in kept_elsewhere(scan) {
        draft.say(
            Spot::Claims,
            format!(
                "{browser} alone keeps these (predicted); Chromium refuses their lines, or reads other names."
            ),
        );
        draft.say(Spot::Claims, "They are not declared here: correct the lines, or send them no longer.");
        names.iter().for_each(|name| draft.say(Spot::Claims, format!("  {}", quoted(name))));
        draft.say(Spot::Claims, "");
    }
    draft.say(
        Spot::Claims,
        "Sentences about the site as a whole. Every cookie that comes up is listed above:",
    );
    draft.manifest.policy.inventory = Some(Stated {
        value: Inventory::Complete,
        strength: Strength::default(),
        place: Place::default(),
        source: None,
    });
    for line in CLAIMS {
        draft.say(Spot::End, *line);
    }
    (draft.manifest, draft.remarks)
}

const CLAIMS: &[&str] = &[
    "What else your policy says, where it does, goes under [claims]:",
    "advertising = \"none\"",
    "analytics_cookies = \"none\"",
    "third_party_cookies = \"only-declared\"",
    "consent_banner = \"none\"",
    "no_cookies = [{ visitors = [\"anonymous\"], pages = [\"*\"] }]",
];

#[derive(Default)]
struct Draft {
    manifest: Manifest,
    remarks: Remarks,
}

impl Draft {
    fn say(&mut self, spot: Spot, line: impl Into<String>) {
        self.remarks.entry(spot).or_default().push(line.into());
    }

    fn head(&mut self, scan: &Scan) {
        let run = &scan.run;
        let pages: u64 = crawled(scan).map(|page| page.count).sum();
        let who: BTreeSet<&str> =
            scan.coverage.personas.iter().map(|persona| persona.name.as_str()).collect();
        let who = if who.is_empty() {
            "anonymous".to_owned()
        } else {
            who.into_iter().collect::<Vec<_>>().join(" and ")
        };
        self.say(
            Spot::Top,
            format!("What {} leaves on a visitor's device, as {} saw it", run.base_url, run.tool),
        );
        self.say(
            Spot::Top,
            format!("on {}: {pages} pages, as {who}.", run.started.get(..10).unwrap_or(&run.started)),
        );
        self.say(Spot::Top, "");
        self.say(
            Spot::Top,
            "This is what the site does, not yet what it should do: read it, say what each cookie is",
        );
        self.say(
            Spot::Top,
            "for, correct what is not meant, then run `cookieproof audit`. What is not stated is never",
        );
        self.say(Spot::Top, "a violation.");
        let url = run.base_url.parsed();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default().to_owned();
        self.manifest.site.name = Some(host);
        self.manifest.site.hosts = run.own_hosts.iter().map(|host| Glob::new(host)).collect();
        self.manifest.site.url = url;
        if !run.own_hosts.is_empty() {
            self.say(Spot::Site("hosts"), "What counts as this site; everything else is a third party.");
        }
        match policy_path(scan) {
            Some(path) => {
                self.say(Spot::Site("policy_url"), "Is this the published policy?");
                self.say(Spot::Site("policy_url"), format!("policy_url = {}", quoted(&path)));
            }
            None => self.say(Spot::Site("policy_url"), "policy_url = \"/cookie-policy\""),
        }
    }
}

impl Draft {
    fn entry(&mut self, entry: &Entry<'_>, set_on: Vec<String>, scan: &Scan, known: &dyn KnownThings) {
        let at = self.manifest.items.len();
        let mut item = Item::named("");
        item.kind = entry.kind;
        item.names = vec![entry.pattern.clone()];
        item.https_names = entry.https_pattern.iter().cloned().collect();
        item.key = self.key_for(entry);
        if !entry.made_from.is_empty() {
            let names: Vec<&str> = entry.made_from.iter().take(3).map(String::as_str).collect();
            let varies =
                if entry.made_from.len() == 1 { "A part of the name varies" } else { "The name varies" };
            self.say(Spot::Item(at, "about"), format!("{varies}: {}.", names.join(", ")));
        }
        if let Some(Seen { example: one, .. }) = entry.seen.first() {
            let times = if entry.count == 1 { "once".to_owned() } else { format!("{} times", entry.count) };
            let line = format!(
                "Set {times}, as by {} {} to {}.",
                one.exchange.method,
                path_of(one.exchange.url.as_str()),
                one.cell.persona
            );
            self.say(Spot::Item(at, "about"), line);
        }
        self.say(Spot::Item(at, "purpose"), "purpose = \"\"");
        self.known(at, &mut item, entry, scan, known);
        if entry.kind == StorageKind::Cookie {
            let Lifetimes { general, by_visitor, remark } = Lifetimes::of(entry, scan);
            (item.lifetime, item.lifetime_for) = (general, by_visitor);
            if let Some(line) = remark {
                self.say(Spot::Item(at, "lifetime"), line);
            }
            self.attributes(at, &mut item, entry);
            self.place(at, &mut item, entry);
            item.set_on = set_on;
            if self.is_copied(&item) {
                item.set_on.clear();
            }
            if only_for_members(entry, scan) {
                item.visitors = vec![VisitorState::LoggedIn];
            }
        }
        self.manifest.items.push(item);
    }

    /// The key that the entry's name gives it, or another where that is taken.
    fn key_for(&self, entry: &Entry<'_>) -> String {
        let name = match entry.pattern.written() {
            blank if blank.trim().is_empty() => "nameless",
            name => name,
        };
        let key = match entry.kind {
            StorageKind::Cookie => name.to_owned(),
            kind => format!("{}:{name}", kind.word()),
        };
        untaken(key, |key| self.manifest.items.iter().any(|item| item.key == key))
    }

    /// Its `Path` says already where it is, and an audit asks whether the one was copied from the other.
    fn is_copied(&self, item: &Item) -> bool {
        let Some(PathRule::Exact(path)) = &item.path else { return false };
        item.set_on.iter().filter_map(|class| self.manifest.pages.get(class)).any(|class| {
            class.patterns.iter().any(|pattern| {
                pattern.to_string().trim_end_matches('*').trim_end_matches('/') == path.trim_end_matches('/')
            })
        })
    }

    /// What is known of it by its name.
    fn known(&mut self, at: usize, item: &mut Item, entry: &Entry<'_>, scan: &Scan, known: &dyn KnownThings) {
        let of = |seen: &Seen<'_>| {
            known.thing(entry.kind, &seen.thing.name.to_string(), host_of(entry.kind, &seen.thing.domain))
        };
        let fact = same_of(entry.seen.iter().map(of)).flatten();
        if let Some(fact) = &fact {
            self.say(Spot::Item(at, "category"), format!("{} has one of this name.", fact.vendor));
            item.provider = fact.third_party.then(|| fact.vendor.clone());
        }
        match fact.filter(|fact| fits(fact.category, entry, &scan.run.site())) {
            Some(fact) => item.category = Some(fact.category),
            None if entry.kind == StorageKind::Cookie => self.say(
                Spot::Item(at, "category"),
                "category = \"strictly-necessary\"    # functional, analytics, advertising, social",
            ),
            None => {}
        }
    }
}

/// Whether what was seen speaks for a category: what waits for consent is not strictly necessary, and
/// what another's script writes may serve the other.
fn fits(category: Category, entry: &Entry<'_>, site: &Site) -> bool {
    if !matches!(category, Category::StrictlyNecessary | Category::Functional) {
        return true;
    }
    let waits = entry.seen.iter().all(|seen| seen.example.cell.consent == Consent::Accepted);
    let by_others = entry.seen.iter().any(|seen| {
        let script = seen.example.script.as_ref().and_then(|script| script.url.parsed());
        script.is_some_and(|url| site.party(&url) == Party::Third)
    });
    !waits && !by_others
}

/// A cookie's domain, or the host of a storage item's origin.
fn host_of(kind: StorageKind, domain: &str) -> &str {
    let rest = domain.split_once("://").map_or(domain, |(_, rest)| rest);
    match kind {
        StorageKind::Cookie => domain.trim_start_matches('.'),
        _ => without_port(rest.split('/').next().unwrap_or(rest)),
    }
}

/// The name, or the first one with a number that nobody has.
fn untaken(name: String, taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.clone();
    let mut number = 1;
    while taken(&free) {
        number += 1;
        free = format!("{name}-{number}");
    }
    free
}

impl Draft {
    fn attributes(&mut self, at: usize, item: &mut Item, entry: &Entry<'_>) {
        item.http_only = same(entry, |seen| seen.written.http_only);
        if item.http_only.is_none() {
            self.say(Spot::Item(at, "http_only"), "http_only: seen with and without HttpOnly");
        }
        let by_scheme = |scheme: &str| {
            let secure: BTreeSet<bool> = entry
                .seen
                .iter()
                .filter(|seen| seen.example.exchange.url.as_str().starts_with(scheme))
                .map(|seen| seen.example.written.secure)
                .collect();
            (secure.contains(&true), secure.contains(&false))
        };
        let remark = match (by_scheme("http:"), by_scheme("https:")) {
            ((false, true), (true, false)) => {
                item.secure = Some(SecureRule::OnHttps);
                None
            }
            ((_, false), (_, false)) => {
                item.secure = Some(SecureRule::Always);
                None
            }
            ((false, _), (false, true)) => Some("secure: not set, not even over https"),
            ((false, true), (false, false)) => Some("secure: not set over plain http"),
            _ => Some("secure: seen with and without Secure"),
        };
        if let Some(line) = remark {
            self.say(Spot::Item(at, "secure"), line);
        }
        match same(entry, |seen| seen.written.same_site) {
            Some(Some(word)) => item.same_site = Some(word),
            Some(None) => {
                self.say(Spot::Item(at, "same_site"), "same_site: not written; browsers take it as Lax")
            }
            None => self.say(Spot::Item(at, "same_site"), "same_site: seen with different words"),
        }
        item.partitioned = same(entry, |seen| seen.written.partitioned).filter(|partitioned| *partitioned);
    }

    /// Path, domain and party.
    fn place(&mut self, at: usize, item: &mut Item, entry: &Entry<'_>) {
        let kept = |seen: &Sighting, fact: fn(&Effective) -> String| seen.decision.effective().map(fact);
        match same(entry, |seen| (seen.written.path.is_some(), kept(seen, |kept| kept.path.clone()))) {
            Some((true, Some(path))) => item.path = Some(PathRule::Exact(path)),
            Some(_) => {
                self.say(Spot::Item(at, "path"), "path: not written; browsers take the folder of the page");
            }
            None => self.say(Spot::Item(at, "path"), "path: seen with different paths"),
        }
        let domain = |kept: &Effective| if kept.host_only { String::new() } else { kept.domain.clone() };
        match same(entry, |seen| kept(seen, domain)).flatten() {
            Some(domain) if domain.is_empty() => item.domain = Some(DomainRule::HostOnly),
            Some(domain) if !domain.contains('*') => item.domain = Some(DomainRule::Domain(domain)),
            Some(_) => {}
            None => self.say(Spot::Item(at, "domain"), "domain: seen for different domains"),
        }
        if same(entry, |seen| seen.party) == Some(Party::Third) {
            item.party = Some(DeclaredParty::Third);
        }
    }
}

/// What all sightings agree on.
fn same<T: PartialEq>(entry: &Entry<'_>, fact: impl Fn(&Sighting) -> T) -> Option<T> {
    same_of(entry.seen.iter().map(|seen| fact(seen.example)))
}

fn same_of<T: PartialEq>(mut facts: impl Iterator<Item = T>) -> Option<T> {
    let first = facts.next()?;
    facts.all(|fact| fact == first).then_some(first)
}

/// The first path segments of the documents it was set on, where these are few of many. What a visitor
/// got once came on the first page that gives it, which may be any: only what was written again
/// and again shows where that happens.
fn narrow_sections(entry: &Entry<'_>, scan: &Scan) -> Option<BTreeSet<String>> {
    let mut times: BTreeMap<&Cell, u64> = BTreeMap::new();
    for seen in &entry.seen {
        *times.entry(&seen.example.cell).or_default() += seen.count;
    }
    if times.values().all(|times| *times < 2) {
        return None;
    }
    let all: BTreeSet<String> = crawled(scan).map(|page| section(page.example.as_str())).collect();
    let mut set_on = BTreeSet::new();
    for Seen { example, .. } in &entry.seen {
        let Page { asked, shown, started_by } = &example.page;
        // An audit takes any of the three for the page.
        let sections: BTreeSet<String> = [Some(asked), shown.as_ref(), started_by.as_ref()]
            .into_iter()
            .flatten()
            .map(|url| section(url.as_str()))
            .collect();
        set_on.insert(sections.into_iter().find(|section| is_class(section))?);
    }
    (!set_on.is_empty() && set_on.len() <= 2 && all.len() >= set_on.len() + 2).then_some(set_on)
}

/// A segment that can stand for a class of pages: it does not vary and needs no escapes.
fn is_class(section: &str) -> bool {
    !section.is_empty()
        && !varies(section)
        && section.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
}

/// The first segment of a URL's path; empty for the home page.
fn section(url: &str) -> String {
    path_of(url).trim_start_matches('/').split(['/', '?']).next().unwrap_or_default().to_owned()
}

fn class_name(section: &str) -> String {
    section
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .collect()
}

/// Every visitor who got it was logged in, and somebody who was not had the chance.
fn only_for_members(entry: &Entry<'_>, scan: &Scan) -> bool {
    let visitor = |name: &str| {
        scan.coverage.personas.iter().find(|persona| persona.name == name).map(|persona| persona.visitor)
    };
    let guests = scan.coverage.personas.iter().any(|persona| !persona.visitor.logged_in);
    guests
        && entry.seen.iter().all(|Seen { example, .. }| {
            visitor(&example.cell.persona).is_some_and(|visitor| visitor.logged_in)
                && example.cell.phase != Phase::AfterLogout
        })
}

impl Draft {
    fn third_parties(&mut self, scan: &Scan, known: &dyn KnownThings) {
        let mut providers: BTreeMap<String, (BTreeSet<&str>, Option<Category>)> = BTreeMap::new();
        for Contact { host, party, .. } in &scan.contacts {
            if *party == Party::Third {
                let host = without_port(host);
                let fact = known.host(host);
                let provider = fact
                    .as_ref()
                    .map_or_else(|| registrable_domain(host).to_owned(), |fact| fact.vendor.clone());
                let (hosts, category) = providers.entry(provider).or_default();
                hosts.insert(host);
                *category = category.or(fact.map(|fact| fact.category));
            }
        }
        if !providers.is_empty() {
            self.say(
                Spot::ThirdParties,
                "Other parties that the pages mention or ask. Who are they, and what for?",
            );
        }
        for (provider, (hosts, category)) in providers {
            self.say(Spot::Party(self.manifest.third_parties.len(), "sets_cookies"), "sets_cookies = false");
            let mut party = ThirdParty::named(&provider);
            let taken = |key: &str| self.manifest.third_parties.iter().any(|party| party.key == key);
            party.key = untaken(super::decode::slug(&provider), taken);
            party.category = category;
            party.domains = hosts.iter().map(|host| Glob::new(host)).collect();
            self.manifest.third_parties.push(party);
        }
    }
}

/// Cookies are for all ports of a host.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn policy_path(scan: &Scan) -> Option<String> {
    let paths: BTreeSet<String> =
        crawled(scan).filter(|page| page.status == 200).map(|page| path_of(page.example.as_str())).collect();
    ["cookie", "privacy"]
        .iter()
        .find_map(|word| paths.iter().find(|path| path.to_ascii_lowercase().contains(word)).cloned())
}

fn crawled(scan: &Scan) -> impl Iterator<Item = &PageTally> {
    scan.coverage.pages.iter().filter(|page| page.cell.phase == Phase::Crawl)
}

/// The path of a URL, without its query.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{
        CookieValue, Initiator, Jar, Lifetime, Name, RequestContext, ThirdPartyCookies, ValueFacts,
    };
    use crate::observation::{Circumstances, ExchangeRef, Fold, LineFrom, SafeUrl, Visitor};
    use crate::secret::Secrets;
    use proptest::prelude::*;

    /// Nothing is known.
    struct Nobody;

    impl KnownThings for Nobody {
        fn thing(&self, _: StorageKind, _: &str, _: &str) -> Option<KnownThing> {
            None
        }

        fn host(&self, _: &str) -> Option<KnownThing> {
            None
        }
    }

    /// The drafts are read without a word of complaint.
    #[test]
    fn a_draft_is_a_manifest() {
        let text = draft(&crate::report::tests::scan(), &Nobody);
        let (manifest, problems) = crate::manifest::read(&text, "cookies.toml", crate::config::Format::Toml);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(manifest.unwrap().items.len(), 2);
        insta::assert_snapshot!(text, @r#"
        # What http://shop.test/ leaves on a visitor's device, as cookieproof 0.1.0 saw it
        # on 2026-04-16: 13 pages, as anonymous and member.
        #
        # This is what the site does, not yet what it should do: read it, say what each cookie is
        # for, correct what is not meant, then run `cookieproof audit`. What is not stated is never
        # a violation.

        [site]
        name = "shop.test"
        url = "http://shop.test/"
        # What counts as this site; everything else is a third party.
        hosts = ["shop.test"]
        # policy_url = "/cookie-policy"

        [[cookies]]
        name = "csrf"
        # Set 2 times, as by GET / to anonymous.
        # purpose = ""
        # category = "strictly-necessary"    # functional, analytics, advertising, social
        lifetime = "364d"
        http_only = false
        # secure: not set over plain http
        same_site = "lax"
        path = "/"
        domain = "host-only"

        [[cookies]]
        name = "sid"
        # Set 2 times, as by POST /login to member.
        # purpose = ""
        # category = "strictly-necessary"    # functional, analytics, advertising, social
        lifetime = "14d"
        http_only = true
        # secure: not set over plain http
        same_site = "lax"
        path = "/"
        domain = "host-only"
        visitors = ["logged-in"]

        # Other parties that the pages mention or ask. Who are they, and what for?

        [[third_parties]]
        provider = "ads.test"
        domains = ["ads.test"]
        # sets_cookies = false

        # Sentences about the site as a whole. Every cookie that comes up is listed above:
        [claims]
        inventory = "complete"

        # What else your policy says, where it does, goes under [claims]:
        # advertising = "none"
        # analytics_cookies = "none"
        # third_party_cookies = "only-declared"
        # consent_banner = "none"
        # no_cookies = [{ visitors = ["anonymous"], pages = ["*"] }]
        "#);
    }

    #[test]
    fn sections_are_first_segments() {
        for (url, expected) in [
            ("https://a.test/admin/x?y", "admin"),
            ("https://a.test/", ""),
            ("https://a.test", ""),
            ("https://a.test/login?next=/", "login"),
        ] {
            assert_eq!(section(url), expected);
        }
    }

    /// A visitor of a site who got these lines and storage keys, one after the other.
    fn scan_of(base: &str, lines: &[Vec<u8>], keys: &[String], others: &[&str]) -> Scan {
        let url = url::Url::parse(base).unwrap();
        let safe = |url: &url::Url| SafeUrl::new(url, &Secrets::default());
        let mut scan = crate::report::tests::scan();
        scan.run.base_url = safe(&url);
        scan.run.own_hosts = url.host_str().map(str::to_owned).into_iter().collect();
        let mut fold = Fold::default();
        let mut jar = Jar::default();
        let at = |page: &str| Circumstances {
            cell: scan.coverage.pages[0].cell.clone(),
            page: Page { asked: safe(&url.join(page).unwrap()), shown: None, started_by: None },
            exchange: ExchangeRef::by_script(safe(&url.join(page).unwrap())),
            party: Party::First,
            at_ms: 0,
        };
        for (line, page) in lines.iter().zip(["a.b/1", "a-b/2", "/a.b/3", "/A-B/4"].iter().cycle()) {
            let context = RequestContext {
                url: url.join(page).unwrap(),
                initiator: Initiator::Navigation,
                third_party: ThirdPartyCookies::Block,
                response_date: None,
                now: 784_111_777.0,
            };
            for _ in 0..2 {
                let (read, decision) = jar.receive(line, &context);
                let written = read.written(None, context.now);
                let facts = ValueFacts::of(&read.value, &url);
                fold.add(Sighting::of_line(at(page), LineFrom::Header, &read, written, decision, facts));
            }
        }
        for key in keys {
            let value = CookieValue::new(&b"1"[..]);
            let facts = ValueFacts::of(&value, &url);
            let (origin, name) = (url.origin().ascii_serialization(), Name::new(key.as_bytes()));
            fold.add(Sighting::of_item(at("/"), StorageKind::LocalStorage, &origin, &name, &value, facts));
        }
        scan.observations = fold.take_observations();
        let one = scan.contacts.remove(0);
        scan.contacts =
            others.iter().map(|host| Contact { host: (*host).to_owned(), ..one.clone() }).collect();
        scan
    }

    /// The draft is read without an error, and everything that was kept is in it.
    #[track_caller]
    fn holds(scan: &Scan) {
        let text = draft(scan, &Nobody);
        let (manifest, problems) = crate::manifest::read(&text, "cookies.toml", crate::config::Format::Toml);
        // That browsers keep nothing so long is worth saying of what the site does.
        let problems: Vec<_> = problems
            .iter()
            .map(ToString::to_string)
            .filter(|problem| !problem.contains("longer than browsers keep"))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}\n{text}");
        let manifest = manifest.unwrap();
        for thing in scan
            .observations
            .iter()
            .filter(|thing| thing.groups.iter().any(|group| group.example.decision.effective().is_some()))
        {
            let is_it = |item: &&Item| {
                let mut names = item.names.iter().chain(&item.https_names);
                item.kind == thing.kind && names.any(|name| name.matches(&thing.name))
            };
            assert!(manifest.items.iter().any(|item| is_it(&item)), "{:?} is not in\n{text}", thing.name);
        }
        assert_eq!(text, draft(scan, &Nobody));
    }

    #[test]
    fn hostile_names_are_declared_as_they_are() {
        let lines: Vec<Vec<u8>> = [
            &b"=nameless"[..],
            b"*=1",
            b"a*=1",
            b"a*b*=1; Path=/a.b",
            b"\xff=1",
            b"\xff\xfe*=1",
            b"\\xff=1",
            b"local-storage:theme=1",
            b"\"quoted\"=1; Path=\"/\"",
            b"[x]=1",
            b"{a}=1",
            b"cart_1042=1; Path=/A-B",
            b"cart_2077=1",
            b"cart_*=1",
            b"__Secure-sid=1; Secure",
            b"__Host-id=1; Secure; Path=/",
            b"sid=1; Max-Age=99999999999999999999",
            b"old=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            b"p=1; Partitioned; Secure; SameSite=None",
            "\u{202e}evil=1; Domain=\u{202e}".as_bytes(),
            b"(?-u:\\xFF)=1",
            b"n\tm=1",
        ]
        .iter()
        .map(|line| line.to_vec())
        .collect();
        let keys = ["", " ", "theme", "a\nb", "a\0b", "x-1042", "x-2077", "*"].map(str::to_owned);
        let others =
            ["c.co.uk", "www.c-co.uk", "[::2]:8080", "ads.test:81", "xn--bcher-kva.test", "a_b.test"];
        for base in ["https://shop.test/", "http://[::1]:8080/", "http://127.0.0.1:3/", "http://localhost/"] {
            holds(&scan_of(base, &lines, &keys, &others));
        }
    }

    #[test]
    fn who_is_remembered_has_a_lifetime_of_their_own() {
        let mut scan = scan_of(
            "https://shop.test/",
            &[b"sid=1; Max-Age=2592000".to_vec(), b"sid=1".to_vec(), b"x=1; Max-Age=60".to_vec()],
            &[],
            &[],
        );
        for (persona, remembered) in scan.coverage.personas.iter_mut().zip([true, false]) {
            persona.visitor = Visitor { logged_in: true, remembered: Some(remembered) };
        }
        for group in scan.observations.iter_mut().flat_map(|thing| &mut thing.groups) {
            if group.example.written.lifetime == Lifetime::Session {
                group.example.cell.persona = "member".into();
            }
        }
        let text = draft(&scan, &Nobody);
        assert!(
            text.contains("lifetime_for = { remembered = \"30d\", not-remembered = \"session\" }"),
            "{text}"
        );
        assert!(text.contains("lifetime = \"1m\""), "{text}");
        assert_eq!(text.matches("lifetime = ").count(), 1);
        holds(&scan);
    }

    /// What waited for consent is not said to be strictly necessary, whoever has one of that name.
    #[test]
    fn categories_of_well_known_names_are_taken_where_they_fit() {
        let knowledge = crate::vendors::Knowledge::default();
        let lines = [b"_ga=1".to_vec(), b"PHPSESSID=1".to_vec(), b"mine=1".to_vec()];
        let mut scan = scan_of("https://shop.test/", &lines, &[], &["www.google-analytics.com"]);
        let text = draft(&scan, &knowledge);
        assert!(text.contains("\ncategory = \"analytics\"\nprovider = \"Google Analytics\"\n"), "{text}");
        assert!(text.contains("\ncategory = \"strictly-necessary\"\n"), "{text}");
        assert_eq!(text.matches("\n# category = ").count(), 1, "{text}");
        for group in scan.observations.iter_mut().flat_map(|thing| &mut thing.groups) {
            group.example.cell.consent = Consent::Accepted;
        }
        let text = draft(&scan, &knowledge);
        assert_eq!(text.matches("\n# category = ").count(), 2, "{text}");
        assert!(
            text.contains("provider = \"Google Analytics\"\ndomains = [\"www.google-analytics.com\"]"),
            "{text}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn drafts_of_any_names_can_be_read(
            lines in proptest::collection::vec(
                "([a-c_.*\\[\"'\\\\ \u{e9}\u{202e}0-9-]{0,12}|[a-z]{1,6}_[0-9a-f]{8,32})=1(; (Path=/[a-z\"*]{0,3}|Secure|HttpOnly|Max-Age=[0-9]{1,12}|SameSite=None|Partitioned)){0,3}",
                0..12,
            ),
            broken in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 0..4),
            keys in proptest::collection::vec(any::<String>(), 0..4),
        ) {
            let lines: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).chain(broken).collect();
            holds(&scan_of("https://shop.test/", &lines, &keys, &[]));
        }
    }
}
