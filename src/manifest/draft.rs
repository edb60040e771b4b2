//! A first manifest, written from what a scan saw: a start for people to correct, against which an
//! audit of the same site finds no difference. It states what was the same in every sighting and
//! says in comments what was not. Values are not in it; scans have none.

use super::{LifetimeRule, Span};
use crate::cookie::{Decision, Effective, Lifetime, SameSite, registrable_domain};
use crate::observation::{Contact, Observation, Page, PageTally, Party, Phase, Scan, Sighting, StorageKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The manifest's text.
pub fn draft(scan: &Scan) -> String {
    let entries = entries(scan);
    let narrow: Vec<Option<BTreeSet<String>>> =
        entries.iter().map(|entry| narrow_sections(entry, scan)).collect();
    let mut text = String::new();
    head(scan, &mut text);
    let sections: BTreeSet<&String> = narrow.iter().flatten().flatten().collect();
    if !sections.is_empty() {
        text.push_str("\n# Classes of pages. `/docs/**` means /docs itself, too.\n[pages]\n");
        for section in sections {
            let _ = writeln!(text, "{} = [{}]", class_name(section), quoted(&format!("/{section}/**")));
        }
    }
    for (entry, sections) in entries.iter().zip(&narrow) {
        write_entry(entry, sections.as_ref(), scan, &mut text);
    }
    third_parties(scan, &mut text);
    text.push_str(CLAIMS);
    text
}

const CLAIMS: &str = r#"
# Sentences about the site as a whole. Every cookie that comes up is listed above:
[claims]
inventory = "complete"
# What else your policy says, where it does:
# advertising = "none"
# analytics_cookies = "none"
# third_party_cookies = "only-declared"
# consent_banner = "none"
# no_cookies = [{ visitors = ["anonymous"], pages = ["*"] }]
"#;

fn head(scan: &Scan, text: &mut String) {
    let run = &scan.run;
    let pages: u64 = crawled(scan).map(|page| page.count).sum();
    let who: BTreeSet<&str> = scan.coverage.personas.iter().map(|persona| persona.name.as_str()).collect();
    let who = if who.is_empty() {
        "anonymous".to_owned()
    } else {
        who.into_iter().collect::<Vec<_>>().join(" and ")
    };
    let _ = writeln!(
        text,
        "# What {} leaves on a visitor's device, as {} saw it\n# on {}: {pages} pages, as {}.\n#\n\
         # This is what the site does, not yet what it should do: read it, say what each cookie is\n\
         # for, correct what is not meant, then run `cookieproof audit`. What is not stated is never\n\
         # a violation.",
        comment(run.base_url.as_str()),
        comment(&run.tool),
        comment(run.started.get(..10).unwrap_or(&run.started)),
        comment(&who),
    );
    let url = run.base_url.parsed();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let _ = writeln!(text, "\n[site]\nname = {}\nurl = {}", quoted(host), quoted(run.base_url.as_str()));
    let hosts: Vec<String> = run.own_hosts.iter().map(|host| quoted(host)).collect();
    if !hosts.is_empty() {
        text.push_str("# What counts as this site; everything else is a third party.\n");
        let _ = writeln!(text, "hosts = [{}]", hosts.join(", "));
    }
    match policy_path(scan) {
        Some(path) => {
            let _ = writeln!(text, "# Is this the published policy?\n# policy_url = {}", quoted(&path));
        }
        None => text.push_str("# policy_url = \"/cookie-policy\"\n"),
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

fn write_entry(entry: &Entry<'_>, sections: Option<&BTreeSet<String>>, scan: &Scan, text: &mut String) {
    let table = if entry.kind == StorageKind::Cookie { "cookies" } else { "storage" };
    let _ = writeln!(text, "\n[[{table}]]\nname = {}", quoted(&entry.name));
    if let Some(name) = &entry.https_name {
        let _ = writeln!(text, "https_name = {}", quoted(name));
    }
    if !entry.made_from.is_empty() {
        let names: Vec<&str> = entry.made_from.iter().take(3).map(String::as_str).collect();
        let _ = writeln!(text, "# The name varies: {}.", comment(&names.join(", ")));
    }
    if let Some((_, one)) = entry.seen.first() {
        let _ = writeln!(
            text,
            "# Set {}, as by {} {} to {}.",
            if entry.count == 1 { "once".to_owned() } else { format!("{} times", entry.count) },
            comment(&one.exchange.method),
            comment(&path_of(one.exchange.url.as_str())),
            comment(&one.cell.persona)
        );
    }
    if entry.kind != StorageKind::Cookie {
        let _ = writeln!(text, "kind = {}", quoted(&entry.kind.to_string()));
        text.push_str("# purpose = \"\"\n");
        return;
    }
    text.push_str("# purpose = \"\"\n");
    text.push_str("# category = \"strictly-necessary\"    # functional, analytics, advertising, social\n");
    lifetime(entry, text);
    attributes(entry, text);
    place(entry, text);
    if let Some(sections) = sections {
        let classes: Vec<String> = sections.iter().map(|section| quoted(&class_name(section))).collect();
        let _ = writeln!(text, "set_on = [{}]", classes.join(", "));
    }
    if only_for_members(entry, scan) {
        text.push_str("visitors = [\"logged-in\"]\n");
    }
}

fn lifetime(entry: &Entry<'_>, text: &mut String) {
    let lifetimes: BTreeSet<Lifetime> = entry.seen.iter().map(|(_, seen)| seen.written.lifetime).collect();
    let seconds: Vec<i64> = lifetimes
        .iter()
        .filter_map(|lifetime| match lifetime {
            Lifetime::Seconds(seconds) => Some(*seconds),
            Lifetime::Session => None,
        })
        .collect();
    let persistent = seconds.first().zip(seconds.last()).map(|(least, most)| stated(*least, *most));
    let value = match (persistent, lifetimes.contains(&Lifetime::Session)) {
        (None, _) => "\"session\"".to_owned(),
        (Some(stated), false) => stated,
        (Some(stated), true) => format!("{{ either = [\"session\", {stated}] }}"),
    };
    let _ = writeln!(text, "lifetime = {value}");
}

/// One duration where its tolerance holds both ends, else a range.
fn stated(least: i64, most: i64) -> String {
    let one = human(most);
    let holds =
        |rule: &LifetimeRule| rule.allows(Lifetime::Seconds(least)) && rule.allows(Lifetime::Seconds(most));
    if one.parse::<Span>().is_ok_and(|span| holds(&LifetimeRule::Exact(span))) {
        return quoted(&one);
    }
    let (from, to) = (human(least), human(most));
    let range = from.parse::<Span>().and_then(|from| Ok(LifetimeRule::Range(from, to.parse()?)));
    match range.is_ok_and(|range| holds(&range)) {
        true => format!("{{ range = [{}, {}] }}", quoted(&from), quoted(&to)),
        false => format!("{{ range = [\"{least}s\", \"{most}s\"] }}"),
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

fn attributes(entry: &Entry<'_>, text: &mut String) {
    match same(entry, |seen| seen.written.http_only) {
        Some(http_only) => {
            let _ = writeln!(text, "http_only = {http_only}");
        }
        None => text.push_str("# http_only: seen with and without HttpOnly\n"),
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
    match (by_scheme("http:"), by_scheme("https:")) {
        ((false, true), (true, false)) => text.push_str("secure = \"on-https\"\n"),
        ((_, false), (_, false)) => text.push_str("secure = \"always\"\n"),
        ((false, _), (false, true)) => text.push_str("# secure: not set, not even over https\n"),
        ((false, true), (false, false)) => text.push_str("# secure: not set over plain http\n"),
        _ => text.push_str("# secure: seen with and without Secure\n"),
    }
    match same(entry, |seen| seen.written.same_site) {
        Some(Some(word)) => {
            let word = match word {
                SameSite::Strict => "strict",
                SameSite::Lax => "lax",
                SameSite::None => "none",
            };
            let _ = writeln!(text, "same_site = \"{word}\"");
        }
        Some(None) => text.push_str("# same_site: not written; browsers take it as Lax\n"),
        None => text.push_str("# same_site: seen with different words\n"),
    }
    if same(entry, |seen| seen.written.partitioned) == Some(true) {
        text.push_str("partitioned = true\n");
    }
}

/// Path, domain and party.
fn place(entry: &Entry<'_>, text: &mut String) {
    let kept = |seen: &Sighting, fact: fn(&Effective) -> String| seen.decision.effective().map(fact);
    match same(entry, |seen| (seen.written.path.is_some(), kept(seen, |kept| kept.path.clone()))) {
        Some((true, Some(path))) => {
            let _ = writeln!(text, "path = {}", quoted(&path));
        }
        Some(_) => text.push_str("# path: not written; browsers take the folder of the page\n"),
        None => text.push_str("# path: seen with different paths\n"),
    }
    let domain = |kept: &Effective| if kept.host_only { String::new() } else { kept.domain.clone() };
    match same(entry, |seen| kept(seen, domain)).flatten() {
        Some(domain) if domain.is_empty() => text.push_str("domain = \"host-only\"\n"),
        Some(domain) => {
            let _ = writeln!(text, "domain = {}", quoted(&domain));
        }
        None => text.push_str("# domain: seen for different domains\n"),
    }
    if same(entry, |seen| seen.party) == Some(Party::Third) {
        text.push_str("party = \"third\"\n");
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

fn third_parties(scan: &Scan, text: &mut String) {
    let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Contact { host, party, .. } in &scan.contacts {
        if *party == Party::Third {
            hosts.entry(registrable_domain(host)).or_default().insert(host);
        }
    }
    if !hosts.is_empty() {
        text.push_str("\n# Other parties that the pages mention or ask. Who are they, and what for?\n");
    }
    for (provider, hosts) in hosts {
        let domains: Vec<String> = hosts.iter().map(|host| quoted(host)).collect();
        let _ = writeln!(
            text,
            "\n[[third_parties]]\nprovider = {}\ndomains = [{}]\n# sets_cookies = false",
            quoted(provider),
            domains.join(", ")
        );
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

/// A TOML basic string; what would not show as itself is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\'' => quoted.push(c),
            c if c.is_control() || c.escape_debug().len() > 1 => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Text for a comment: it stays on its line.
fn comment(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || (c.escape_debug().len() > 1 && !"\"'\\".contains(c)) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
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
        # What else your policy says, where it does:
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
        assert_eq!(stated(86_399, 86_400), "\"24h\"");
        assert_eq!(stated(3_600, 86_400), "{ range = [\"1h\", \"24h\"] }");
        assert_eq!(stated(5, 5), "\"5s\"");
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
    fn strings_and_comments_stay_in_their_place() {
        assert_eq!(quoted("a\"b\\c'd"), "\"a\\\"b\\\\c'd\"");
        assert_eq!(quoted("a\n\u{202e}b"), "\"a\\U0000000A\\U0000202Eb\"");
        assert_eq!(comment("a\n[site]\u{202e}"), "a\u{fffd}[site]\u{fffd}");
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
