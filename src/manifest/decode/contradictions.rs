//! What a manifest cannot mean, and what it hardly means: contradictions are errors where no site
//! could ever keep to them, and warnings where a policy says two things.

use super::SiteTable;
use super::items::Entry;
use super::sentences::{PartyEntry, Sentences};
use crate::config::{Problems, Words, shortened};
use crate::cookie::{SameSite, registrable_domain};
use crate::manifest::{
    BROWSER_CAP, Category, DeclaredParty, DomainRule, Glob, LifetimeRule, NamePattern, PageClass, PathRule,
    SecureRule, Trigger, VisitorState, name_prefix,
};
use crate::observation::StorageKind;
use std::collections::BTreeMap;

/// Each entry by itself, and the entries among each other.
pub(super) fn of_entries(
    entries: &[Entry],
    keys: &[String],
    pages: &BTreeMap<String, PageClass>,
    problems: &mut Problems,
) {
    for (entry, key) in entries.iter().zip(keys) {
        of_name(entry, problems);
        of_attributes(entry, problems);
        of_visitors(entry, problems);
        of_lifetime(entry, problems);
        of_references_to_itself(entry, key, problems);
        let is_twin = |other: &&Entry| {
            other.kind == entry.kind
                && other.span != entry.span
                && other.names.iter().any(|name| entry.names.contains(name))
        };
        // The path tells it from another one of its name.
        if !entries.iter().any(|other| is_twin(&other)) {
            copied_path(entry, pages, problems);
        }
        if entry.kind != StorageKind::Cookie {
            let https_name = (!entry.https_names.is_empty()).then_some("https_name");
            for field in entry.attributes.of_cookies().into_iter().chain(https_name) {
                problems
                    .error(entry.span_of(field), format!("only cookies have `{field}`"))
                    .fix("leave it out of a storage item");
            }
        }
    }
    duplicates(entries, keys, problems);
}

fn of_name(entry: &Entry, problems: &mut Problems) {
    let cookie = &entry.attributes;
    if entry.kind == StorageKind::Cookie {
        for name in entry.names.iter().chain(&entry.https_names).filter_map(|name| name.as_literal()) {
            // RFC 6265bis 5.7: what ends a name, and what is trimmed from it.
            let control = |c: char| c.is_ascii_control() && c != '\t';
            if name.contains([';', '=']) || name.contains(control) || name.trim_matches([' ', '\t']) != name {
                let message = format!("no cookie can be called `{}`", shortened(name));
                let fix = "a name has no `;`, `=`, control characters or outer blanks";
                problems.error(entry.span_of("name"), message).fix(fix);
            }
        }
    }
    if !entry.https_names.is_empty() && entry.https_names == entry.names {
        problems
            .warning(entry.span_of("https_name"), "`https_name` says the same as `name`")
            .fix("leave it out: without it, the name is the same on https");
    }
    let names = entry.names.iter().map(|name| (name, "name"));
    let https_names = entry.https_names.iter().map(|name| (name, "https_name"));
    for (name, field) in names.chain(https_names) {
        let Some((prefix, promise)) = name_prefix(name.written()) else { continue };
        let breaks_host = prefix.starts_with("__host-");
        let broken = [
            (
                "domain",
                breaks_host && matches!(cookie.domain, Some(DomainRule::Domain(_))),
                "domain = \"host-only\"",
            ),
            (
                "path",
                breaks_host
                    && matches!(&cookie.path, Some(PathRule::Exact(path) | PathRule::Within(path)) if path != "/"),
                "path = \"/\"",
            ),
            ("secure", cookie.secure == Some(SecureRule::Never), "secure = \"always\""),
            ("http_only", prefix.contains("http-") && cookie.http_only == Some(false), "http_only = true"),
        ];
        for (broken, _, fix) in broken.into_iter().filter(|(_, is_broken, _)| *is_broken) {
            let message =
                format!("browsers refuse `{}` like this: its prefix promises {promise}", name.written());
            problems
                .error(entry.span_of(broken), message)
                .fix(format!("write {fix}, or drop the prefix"))
                .label(entry.span_of(field).clone(), "the prefix is here");
        }
    }
}

fn of_attributes(entry: &Entry, problems: &mut Problems) {
    let stated = &entry.attributes;
    let never_secure = stated.secure == Some(SecureRule::Never);
    if never_secure && stated.same_site == Some(SameSite::None) {
        problems
            .error(entry.span_of("same_site"), "browsers refuse SameSite=None without Secure")
            .fix("write secure = \"always\"")
            .label(entry.span_of("secure").clone(), "never Secure");
    }
    if never_secure && stated.partitioned == Some(true) {
        problems
            .error(entry.span_of("partitioned"), "browsers refuse Partitioned without Secure")
            .fix("write secure = \"always\"")
            .label(entry.span_of("secure").clone(), "never Secure");
    }
    match (stated.script_readable, stated.http_only) {
        (Some(true), Some(true)) => {
            problems
                .error(entry.span_of("script_readable"), "no script can read a cookie with HttpOnly")
                .fix("drop one of the two")
                .label(entry.span_of("http_only").clone(), "HttpOnly");
        }
        (Some(false), Some(false)) if entry.kind == StorageKind::Cookie => {
            problems
                .error(entry.span_of("script_readable"), "every script can read a cookie without HttpOnly")
                .fix("write http_only = true, or drop `script_readable`")
                .label(entry.span_of("http_only").clone(), "not HttpOnly");
        }
        _ => {}
    }
}

fn of_visitors(entry: &Entry, problems: &mut Problems) {
    let stated = &entry.attributes;
    let Some(visitors) = &stated.visitors else { return };
    let mut people = visitors.0.iter().filter(|state| !state.is_consent()).peekable();
    let anonymous_only = people.peek().is_some() && people.all(|state| *state == VisitorState::Anonymous);
    if anonymous_only && stated.trigger == Some(Trigger::Login) {
        problems
            .error(entry.span_of("trigger"), "who has logged in is not anonymous any more")
            .fix("drop `trigger`, or add \"logged-in\" to `visitors`")
            .label(entry.span_of("visitors").clone(), "anonymous visitors only");
    }
    let mut consent = visitors.0.iter().filter(|state| state.is_consent()).peekable();
    let never_accepted = consent.peek().is_some()
        && consent
            .all(|state| matches!(state, VisitorState::ConsentUntouched | VisitorState::ConsentRejected));
    if never_accepted && stated.trigger == Some(Trigger::ConsentAccepted) {
        problems
            .error(entry.span_of("trigger"), "these visitors have not accepted anything")
            .fix("drop `trigger`, or add \"consent-accepted\" to `visitors`")
            .label(entry.span_of("visitors").clone(), "without consent");
    }
}

fn of_lifetime(entry: &Entry, problems: &mut Problems) {
    let stated = &entry.attributes;
    let general = stated.lifetime.iter().map(|rule| ("lifetime", rule));
    let by_visitor =
        stated.lifetime_for.iter().flat_map(|map| map.0.values()).map(|rule| ("lifetime_for", rule));
    let mut unbounded_said = false;
    for (field, rule) in general.chain(by_visitor) {
        if least(rule).is_some_and(|least| least > BROWSER_CAP) {
            problems
                .warning(
                    entry.span_of(field),
                    format!("{rule} is longer than browsers keep a cookie: 400 days"),
                )
                .fix("the header's own number is compared; visitors have it for 400 days at most");
        }
        if is_unbounded(rule) && !std::mem::replace(&mut unbounded_said, true) {
            problems
                .warning(entry.span_of(field), "persistent, with no bound: any lifetime will do")
                .fix("if the policy has a maximum, write { max = \"...\" }");
        }
    }
    if stated.rolling == Some(true)
        && stated.lifetime == Some(LifetimeRule::Session)
        && stated.lifetime_for.is_none()
    {
        problems
            .warning(entry.span_of("rolling"), "a session cookie has no expiry that could be renewed")
            .fix("drop `rolling`, or state a lifetime");
    }
    if stated.category == Some(Category::StrictlyNecessary)
        && matches!(stated.trigger, Some(Trigger::ConsentAccepted))
    {
        problems
            .warning(entry.span_of("trigger"), "what is strictly necessary does not wait for consent")
            .fix("drop `trigger`, or choose another category")
            .label(entry.span_of("category").clone(), "strictly necessary");
    }
}

/// The fewest seconds the rule takes, where it states any.
fn least(rule: &LifetimeRule) -> Option<i64> {
    match rule {
        LifetimeRule::Exact(span) | LifetimeRule::Max(span) | LifetimeRule::About(span) => Some(span.least),
        LifetimeRule::Range(_, to) => Some(to.least),
        LifetimeRule::Either(rules) => rules.iter().filter_map(least).max(),
        LifetimeRule::Session | LifetimeRule::Unbounded | LifetimeRule::UntilLogout => None,
    }
}

fn is_unbounded(rule: &LifetimeRule) -> bool {
    match rule {
        LifetimeRule::Unbounded => true,
        LifetimeRule::Either(rules) => rules.iter().any(is_unbounded),
        _ => false,
    }
}

fn of_references_to_itself(entry: &Entry, key: &str, problems: &mut Problems) {
    let stated = &entry.attributes;
    let only_with = stated.only_with.iter().flat_map(|names| &names.0.0);
    for name in only_with.chain(stated.refreshes.iter().map(|name| &name.0)).filter(|name| name.value == key)
    {
        problems.error(&name.span, "a cookie cannot refer to itself here").fix("name another one");
    }
}

/// `set_on` is about the page being visited; policies' "set on /dashboard" tempts to write a Path.
fn copied_path(entry: &Entry, pages: &BTreeMap<String, PageClass>, problems: &mut Problems) {
    let (Some(classes), Some(PathRule::Exact(path))) = (&entry.attributes.set_on, &entry.attributes.path)
    else {
        return;
    };
    let copied = classes.0.0.iter().filter_map(|class| pages.get(&class.value)).any(|class| {
        class.patterns.iter().any(|pattern| {
            let pattern = pattern.to_string();
            path != "/" && pattern.trim_end_matches('*').trim_end_matches('/') == path.trim_end_matches('/')
        })
    });
    if copied {
        problems
            .warning(entry.span_of("path"), format!("the pages it is set on are no reason for Path={path}"))
            .fix("drop `path`, unless the policy states the attribute itself")
            .label(entry.span_of("set_on").clone(), "the same pages are said here");
    }
}

/// The same name may be there twice, at two paths or hosts; then the keys must tell them apart.
fn duplicates(entries: &[Entry], keys: &[String], problems: &mut Problems) {
    let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_place: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (entry, key)) in entries.iter().zip(keys).enumerate() {
        let stated = &entry.attributes;
        let hosts: Vec<String> =
            stated.hosts.iter().flat_map(|hosts| &hosts.0).map(ToString::to_string).collect();
        let place = |name: &NamePattern| format!("{} {:?} {hosts:?} {name}", entry.kind.word(), stated.path);
        let places: Vec<String> = entry.names.iter().map(place).collect();
        let twin = places.iter().find_map(|place| by_place.get(place)).copied();
        if let Some(other) = twin.or(by_key.get(key.as_str()).copied()) {
            let fix = match twin {
                Some(_) => "keep one of them; if both are meant, tell them apart by `path` or `hosts`",
                None => "give one of them an `id` of its own",
            };
            problems
                .error(&entry.span, format!("`{}` is declared twice", shortened(key)))
                .fix(fix)
                .label(entries[other].span.clone(), "first here");
        }
        by_key.entry(key).or_insert(at);
        for place in places {
            by_place.entry(place).or_insert(at);
        }
    }
}

/// What the sentences say against the entries.
pub(super) fn of_sentences(claims: &Sentences, site: &SiteTable, entries: &[Entry], problems: &mut Problems) {
    let span_of = |key: &str| claims.spans.get(key).cloned().unwrap_or(0..0);
    let mut against = |entry: &Entry, field: &str, message: String, sentence: &str| {
        problems
            .warning(entry.span_of(field), message)
            .fix("one of the two is wrong")
            .label(span_of(sentence), "said here");
    };
    for entry in entries {
        let stated = &entry.attributes;
        let Some(category) = stated.category else { continue };
        if let Some(closed) = &claims.categories
            && !closed.value.0.contains(&category)
        {
            against(entry, "category", format!("the claims exclude {category} cookies"), "categories");
        }
        let third = stated.party == Some(DeclaredParty::Third);
        let absences = [
            (Category::Advertising, &claims.advertising, "advertising"),
            (Category::Analytics, &claims.analytics_cookies, "analytics_cookies"),
        ];
        for (absent, claim, sentence) in absences {
            let excluded = claim.as_ref().is_some_and(|claim| {
                let claim = &claim.value;
                claim.pages.is_empty() && claim.visitors.is_empty() && (third || !claim.third_party_only)
            });
            if excluded && category == absent && entry.kind == StorageKind::Cookie {
                against(
                    entry,
                    "category",
                    format!("the claims say there are no {category} cookies"),
                    sentence,
                );
            }
        }
    }
    let no_banner = claims.consent_banner.as_ref().is_some_and(|banner| !banner.value.shown);
    for entry in entries.iter().filter(|_| no_banner) {
        if matches!(entry.attributes.trigger, Some(Trigger::ConsentAccepted | Trigger::ConsentGiven)) {
            against(
                entry,
                "trigger",
                "it waits for consent, but no banner asks for it".into(),
                "consent_banner",
            );
        }
    }
    if let Some(before) = &claims.consent_before
        && before.value.0.contains(&Category::StrictlyNecessary)
    {
        problems
            .warning(&before.span, "what is strictly necessary does not wait for consent")
            .fix("leave it out of `consent_before`");
    }
    if site.policy_url.is_none() {
        let about_page = [
            ("last_updated_shown", said(&claims.last_updated_shown)),
            ("policy_reachable", said(&claims.policy_reachable)),
            ("policy_names_cookies", said(&claims.policy_names_cookies)),
            ("policy_agrees", said(&claims.policy_agrees)),
            ("policy_links", said(&claims.policy_links)),
            ("covers_linking_hosts", said(&claims.covers_linking_hosts)),
            ("date_follows_inventory", said(&claims.date_follows_inventory)),
        ];
        for (key, _) in about_page.into_iter().filter(|(_, said)| *said) {
            problems
                .warning(
                    &span_of(key),
                    format!("`{key}` is about the policy page, and nothing says where that is"),
                )
                .fix("add policy_url to [site]");
        }
    }
}

fn said(sentence: &Option<super::sentences::Sentence<bool>>) -> bool {
    sentence.as_ref().is_some_and(|sentence| sentence.value)
}

/// What third parties, hosts and sentences say against each other.
pub(super) fn of_parties(
    parties: &[PartyEntry],
    claims: &Sentences,
    site: &SiteTable,
    problems: &mut Problems,
) {
    let own = site.url.as_ref().and_then(|url| url.host_str());
    let covers = |hosts: &[Glob], host: &str| hosts.iter().any(|glob| glob.matches(host));
    if let Some(own) = own.filter(|own| !site.hosts.is_empty() && !covers(&site.hosts, own)) {
        let span = |key: &str| site.spans.get(key).cloned().unwrap_or(0..0);
        problems
            .error(&span("hosts"), format!("`{own}` itself is not among the site's hosts"))
            .fix(format!("add \"{own}\""))
            .label(span("url"), "the site is here");
    }
    let no_third_party_cookies = claims
        .third_party_cookies
        .as_ref()
        .filter(|sentence| sentence.value == crate::manifest::ThirdPartyRule::None);
    for party in parties {
        for domain in &party.domains {
            let Some(host) = domain.value.literal() else { continue };
            let is_own = match site.hosts.as_slice() {
                [] => own.is_some_and(|own| registrable_domain(own) == registrable_domain(host)),
                hosts => covers(hosts, host),
            };
            if is_own {
                problems
                    .warning(&domain.span, format!("`{host}` is one of the site's own hosts"))
                    .fix("a host is either the site's or a third party's");
            }
        }
        if let (Some(sentence), Some(true)) = (no_third_party_cookies, party.sets_cookies) {
            let span = party.spans.get("sets_cookies").unwrap_or(&party.span);
            problems
                .warning(
                    span,
                    format!("{} sets cookies, and the claims say no third party does", party.provider),
                )
                .fix("one of the two is wrong; third_party_cookies = \"only-declared\" allows declared ones")
                .label(sentence.span.clone(), "said here");
        }
    }
}
