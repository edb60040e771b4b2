//! A first manifest, written from what a scan saw: a start for people to correct, against which an
//! audit of the same site finds no difference. It states what was the same in every sighting and
//! says in comments what was not. Values are not in it; scans have none.

use super::write::quoted;
use super::{
    DeclaredParty, DomainRule, Glob, Inventory, Item, LifetimeRule, Manifest, NamePattern, PageClass,
    PagePattern, PathRule, Remarks, SecureRule, Span, Spot, Stated, Strength, ThirdParty, VisitorState,
    write_with,
};
use crate::config::Place;
use crate::cookie::{Decision, Effective, Lifetime, registrable_domain};
use crate::observation::{Contact, Observation, Page, PageTally, Party, Phase, Scan, Sighting, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

/// The manifest's text.
pub fn draft(scan: &Scan) -> String {
    let (manifest, remarks) = drafted(scan);
    write_with(&manifest, &remarks)
}

/// The manifest, and what is said beside it.
pub fn drafted(scan: &Scan) -> (Manifest, Remarks) {
    let entries = entries(scan);
    let narrow: Vec<Option<BTreeSet<String>>> =
        entries.iter().map(|entry| narrow_sections(entry, scan)).collect();
    let mut draft = Draft::default();
    draft.head(scan);
    let sections: BTreeSet<&String> = narrow.iter().flatten().flatten().collect();
    if !sections.is_empty() {
        draft.say(Spot::Pages, "Classes of pages. `/docs/**` means /docs itself, too.");
    }
    for section in sections {
        let patterns = PagePattern::new(&format!("/{section}/**")).into_iter().collect();
        draft.manifest.pages.insert(class_name(section), PageClass { patterns, ..PageClass::default() });
    }
    for (entry, sections) in entries.iter().zip(&narrow) {
        draft.entry(entry, sections.as_ref(), scan);
    }
    draft.third_parties(scan);
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

/// One thing of the manifest: a name or pattern, and every sighting that was kept.
struct Entry<'a> {
    kind: StorageKind,
    /// As patterns of the manifest.
    name: String,
    https_name: Option<String>,
    /// The names a pattern was made from, where it was.
    made_from: Vec<String>,
    seen: Vec<(&'a Observation, &'a Sighting)>,
    count: u64,
}

fn entries(scan: &Scan) -> Vec<Entry<'_>> {
    let kept: Vec<&Observation> =
        scan.observations.iter().filter(|thing| kept(thing).next().is_some()).collect();
    // Names of one skeleton are one cookie whose name varies.
    let mut skeletons: BTreeMap<(StorageKind, String), BTreeSet<String>> = BTreeMap::new();
    for thing in &kept {
        let name = pattern_of(thing);
        skeletons.entry((thing.kind, skeleton(&name))).or_default().insert(name);
    }
    let mut entries: BTreeMap<(StorageKind, String), Entry<'_>> = BTreeMap::new();
    for thing in kept {
        let name = pattern_of(thing);
        let skeleton = skeleton(&name);
        let family = &skeletons[&(thing.kind, skeleton.clone())];
        let (name, made_from) = match family.len() {
            1 => (name, Vec::new()),
            _ => (skeleton, family.iter().cloned().collect()),
        };
        let entry = entries.entry((thing.kind, name.clone())).or_insert_with(|| Entry {
            kind: thing.kind,
            name,
            https_name: None,
            made_from,
            seen: Vec::new(),
            count: 0,
        });
        for group in &thing.groups {
            if is_kept(&group.example) {
                entry.seen.push((thing, &group.example));
                entry.count += group.count;
            }
        }
    }
    join_schemes(&mut entries);
    entries.into_values().collect()
}

/// `sid` on http and `__Secure-sid` on https are one cookie.
fn join_schemes(entries: &mut BTreeMap<(StorageKind, String), Entry<'_>>) {
    let only = |entry: &Entry<'_>, scheme: &str| {
        entry.seen.iter().all(|(_, seen)| seen.exchange.url.as_str().starts_with(scheme))
    };
    let pairs: Vec<((StorageKind, String), (StorageKind, String))> = entries
        .iter()
        .filter(|(_, entry)| only(entry, "https:"))
        .filter_map(|((kind, name), _)| {
            let plain = ["__Secure-", "__Host-"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
            let plain = (*kind, plain.to_owned());
            entries.get(&plain).filter(|entry| only(entry, "http:"))?;
            Some((plain, (*kind, name.clone())))
        })
        .collect();
    for (plain, prefixed) in pairs {
        let Some(secure) = entries.remove(&prefixed) else { continue };
        let Some(entry) = entries.get_mut(&plain) else { continue };
        entry.https_name = Some(secure.name);
        entry.count += secure.count;
        entry.seen.extend(secure.seen);
    }
}

fn kept(thing: &Observation) -> impl Iterator<Item = &Sighting> {
    thing.groups.iter().map(|group| &group.example).filter(|seen| is_kept(seen))
}

fn is_kept(seen: &Sighting) -> bool {
    matches!(seen.decision, Decision::Stored { .. } | Decision::Replaced { .. })
}

/// The name as the manifest writes it; where it holds bytes that are no text, a pattern.
fn pattern_of(thing: &Observation) -> String {
    match std::str::from_utf8(thing.name.as_bytes()) {
        Ok(name) => name.to_owned(),
        Err(_) => thing
            .name
            .as_bytes()
            .utf8_chunks()
            .map(|chunk| chunk.valid().to_owned() + "*")
            .collect::<String>(),
    }
}

/// The name with its varying parts as `*`: numbers, hashes, UUIDs and random words between
/// separators, and nothing else.
fn skeleton(name: &str) -> String {
    let mut skeleton = String::new();
    let mut part = String::new();
    let shortened = without_uuids(name);
    for c in shortened.chars().chain(['\0']) {
        if c.is_alphanumeric() {
            part.push(c);
            continue;
        }
        skeleton.push_str(if varies(&part) { "*" } else { &part });
        part.clear();
        if c != '\0' {
            skeleton.push(c);
        }
    }
    // A pattern of nothing but stars would swallow every name.
    if skeleton.chars().any(char::is_alphanumeric) { skeleton } else { name.to_owned() }
}

/// The name with every UUID in it as `*`.
fn without_uuids(name: &str) -> String {
    const LENGTH: usize = 36;
    let is_uuid = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut shortened = String::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        match rest.get(..LENGTH) {
            Some(start) if is_uuid(start) => {
                shortened.push('*');
                rest = &rest[LENGTH..];
            }
            _ => {
                shortened.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    shortened
}

fn varies(part: &str) -> bool {
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let all_digits = digits == part.len() && digits > 0;
    let hex = part.len() >= 6 && digits > 0 && part.chars().all(|c| c.is_ascii_hexdigit());
    let random = part.len() >= 8 && digits >= 2 && part.chars().any(|c| c.is_ascii_alphabetic());
    all_digits || hex || random
}

impl Draft {
    fn entry(&mut self, entry: &Entry<'_>, sections: Option<&BTreeSet<String>>, scan: &Scan) {
        let at = self.manifest.items.len();
        let mut item = Item::named(&entry.name);
        item.kind = entry.kind;
        item.https_names = entry.https_name.iter().map(|name| NamePattern::glob(name)).collect();
        if !entry.made_from.is_empty() {
            let names: Vec<&str> = entry.made_from.iter().take(3).map(String::as_str).collect();
            self.say(Spot::Item(at, "about"), format!("The name varies: {}.", names.join(", ")));
        }
        if let Some((_, one)) = entry.seen.first() {
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
        if entry.kind == StorageKind::Cookie {
            self.say(
                Spot::Item(at, "category"),
                "category = \"strictly-necessary\"    # functional, analytics, advertising, social",
            );
            item.lifetime = Some(lifetime(entry));
            self.attributes(at, &mut item, entry);
            self.place(at, &mut item, entry);
            item.set_on = sections.into_iter().flatten().map(|section| class_name(section)).collect();
            if only_for_members(entry, scan) {
                item.visitors = vec![VisitorState::LoggedIn];
            }
        } else {
            item.key = format!("{}:{}", entry.kind, entry.name);
        }
        self.manifest.items.push(item);
    }
}

fn lifetime(entry: &Entry<'_>) -> LifetimeRule {
    let lifetimes: BTreeSet<Lifetime> = entry.seen.iter().map(|(_, seen)| seen.written.lifetime).collect();
    let seconds: Vec<i64> = lifetimes
        .iter()
        .filter_map(|lifetime| match lifetime {
            Lifetime::Seconds(seconds) => Some(*seconds),
            Lifetime::Session => None,
        })
        .collect();
    let persistent = seconds.first().zip(seconds.last()).map(|(least, most)| stated(*least, *most));
    match (persistent, lifetimes.contains(&Lifetime::Session)) {
        (None, _) => LifetimeRule::Session,
        (Some(stated), false) => stated,
        (Some(stated), true) => LifetimeRule::Either(vec![LifetimeRule::Session, stated]),
    }
}

/// One duration where its tolerance holds both ends, else a range.
fn stated(least: i64, most: i64) -> LifetimeRule {
    let span = |text: String, seconds: i64| text.parse::<Span>().unwrap_or_else(|_| Span::seconds(seconds));
    let holds =
        |rule: &LifetimeRule| rule.allows(Lifetime::Seconds(least)) && rule.allows(Lifetime::Seconds(most));
    let one = LifetimeRule::Exact(span(human(most), most));
    if holds(&one) {
        return one;
    }
    let range = LifetimeRule::Range(span(human(least), least), span(human(most), most));
    match holds(&range) {
        true => range,
        false => LifetimeRule::Range(Span::seconds(least), Span::seconds(most)),
    }
}

/// Seconds in units that people use, as near as half of an audit's tolerance.
fn human(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    // Unit, its word, and the most of it that anybody says.
    let units =
        [(365 * DAY, "y", 10), (DAY, "d", 36_500), (HOUR, "h", 47), (MINUTE, "m", 180), (1, "s", 180)];
    let exact =
        units.iter().find(|(unit, _, most)| seconds % unit == 0 && (1..=*most).contains(&(seconds / unit)));
    let near = units[1..].iter().find(|(unit, _, most)| {
        let count = (seconds + unit / 2) / unit;
        let slack = (seconds / 200).max(MINUTE / 2);
        (1..=*most).contains(&count) && (seconds - count * unit).abs() <= slack
    });
    match exact.or(near) {
        Some((unit, _, _)) if (seconds + unit / 2) / unit == 1 && *unit == DAY => "24h".to_owned(),
        Some((unit, word, _)) => format!("{}{word}", (seconds + unit / 2) / unit),
        None => format!("{seconds}s"),
    }
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
                .filter(|(_, seen)| seen.exchange.url.as_str().starts_with(scheme))
                .map(|(_, seen)| seen.written.secure)
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
            Some(domain) => item.domain = Some(DomainRule::Domain(domain)),
            None => self.say(Spot::Item(at, "domain"), "domain: seen for different domains"),
        }
        if same(entry, |seen| seen.party) == Some(Party::Third) {
            item.party = Some(DeclaredParty::Third);
        }
    }
}

/// What all sightings agree on.
fn same<T: PartialEq>(entry: &Entry<'_>, fact: impl Fn(&Sighting) -> T) -> Option<T> {
    let mut facts = entry.seen.iter().map(|(_, seen)| fact(seen));
    let first = facts.next()?;
    facts.all(|fact| fact == first).then_some(first)
}

/// The first path segments of the documents it was set on, where these are few of many.
fn narrow_sections(entry: &Entry<'_>, scan: &Scan) -> Option<BTreeSet<String>> {
    let all: BTreeSet<String> = crawled(scan).map(|page| section(page.example.as_str())).collect();
    let mut set_on = BTreeSet::new();
    for (_, seen) in &entry.seen {
        let Page { asked, shown, started_by } = &seen.page;
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
        && entry.seen.iter().all(|(_, seen)| {
            visitor(&seen.cell.persona).is_some_and(|visitor| visitor.logged_in)
                && seen.cell.phase != Phase::AfterLogout
        })
}

impl Draft {
    fn third_parties(&mut self, scan: &Scan) {
        let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Contact { host, party, .. } in &scan.contacts {
            if *party == Party::Third {
                hosts.entry(registrable_domain(host)).or_default().insert(host);
            }
        }
        if !hosts.is_empty() {
            self.say(
                Spot::ThirdParties,
                "Other parties that the pages mention or ask. Who are they, and what for?",
            );
        }
        for (provider, hosts) in hosts {
            self.say(Spot::Party(self.manifest.third_parties.len(), "sets_cookies"), "sets_cookies = false");
            let mut party = ThirdParty::named(provider);
            party.key = super::decode::slug(provider);
            party.domains = hosts.iter().map(|host| Glob::new(host)).collect();
            self.manifest.third_parties.push(party);
        }
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

    /// The drafts are read without a word of complaint.
    #[test]
    fn a_draft_is_a_manifest() {
        let text = draft(&crate::report::tests::scan());
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
    fn lifetimes_in_human_units() {
        for (seconds, text) in [
            (86_400, "24h"),
            (86_399, "24h"),
            (604_800, "7d"),
            (31_536_000, "1y"),
            (63_072_000, "2y"),
            (31_449_600, "364d"),
            (31_540_000, "365d"),
            (1_209_600, "14d"),
            (3_600, "1h"),
            (900, "15m"),
            (5_400, "90m"),
            (10, "10s"),
            (172_800, "2d"),
            (100_000, "100000s"),
        ] {
            assert_eq!(human(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_lifetime_holds_what_was_seen() {
        assert_eq!(stated(86_399, 86_400).to_string(), "24h");
        assert_eq!(stated(3_600, 86_400).to_string(), "1h to 24h");
        assert_eq!(stated(5, 5).to_string(), "5s");
    }

    #[test]
    fn names_that_vary_share_a_skeleton() {
        for (name, expected) in [
            ("sid", "sid"),
            ("_ga_AB12CD34EF", "_ga_*"),
            ("csrf_9f8e7d6c", "csrf_*"),
            ("cart_1042", "cart_*"),
            ("csrf.http%3A%2F%2Fa", "csrf.http%3A%2F%2Fa"),
            ("x-2f1c9a50-0b1e-4c0d-9b7c-8a6f2d3e4b5c", "x-*"),
            ("__Host-next-auth.csrf-token", "__Host-next-auth.csrf-token"),
            ("base64", "base64"),
            ("123456", "123456"),
        ] {
            assert_eq!(skeleton(name), expected, "{name}");
        }
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
}
