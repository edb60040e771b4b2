//! From a manifest as written to the manifest as meant.

use super::contradictions;
use super::items::{ClassNames, Entry, Group, ItemName, ItemNames, PageNames};
use super::sentences::{AbsenceSentence, Absent, LinkEntry, NoCookiesEntry, PartyEntry, Sentence, Sentences};
use super::values::{LifetimeFor, PerField};
use super::{SiteTable, Written};
use crate::config::{Lenient, OneOrMore, Place, Problems, Spanned, Words, nearest, shortened};
use crate::cookie::SameSite;
use crate::manifest::fields::item_fields;
use crate::manifest::{
    Absence, BannerRule, Category, ClassPattern, DeclaredLink, DeclaredParty, DeclaredSite, DomainRule, Item,
    LifetimeRule, Manifest, NamePattern, NoCookies, PageClass, PathRule, PolicyClaims, SecureRule, Stated,
    Strength, ThirdParty, Trigger, ValueRule, VisitorState, claims_of,
};
use crate::observation::StorageKind;
use std::collections::BTreeMap;
use std::ops::Range;

/// What the manifest means; problems it has in itself are added.
pub(super) fn meant(written: Written, problems: &mut Problems) -> Manifest {
    let groups: BTreeMap<String, Group> = written
        .defaults
        .iter()
        .filter_map(|(name, group)| Some((name.value.clone(), group.0.clone()?)))
        .collect();
    let known_groups: Vec<&str> = written.defaults.iter().map(|(name, _)| name.value.as_str()).collect();
    let pages = page_classes(&written.pages, problems);

    let all = written.cookies.len() + written.storage.len();
    let cookies = written.cookies.into_iter().filter_map(|entry| entry.0.map(|entry| entry.0));
    let storage = written.storage.into_iter().filter_map(|entry| entry.0.map(|entry| entry.0));
    let mut entries: Vec<Entry> = cookies.chain(storage).collect();
    for entry in &mut entries {
        let Some(name) = &entry.group else { continue };
        match groups.get(&name.value) {
            Some(group) => entry.attributes.inherit(&group.0, entry.kind),
            None => unknown("group", name, &known_groups, "add it: [defaults.NAME]", problems),
        }
    }

    let keys: Vec<String> = entries.iter().map(key_of).collect();
    contradictions::of_entries(&entries, &keys, &pages, problems);
    contradictions::of_sentences(&written.claims, &written.site, &entries, problems);

    let parties: Vec<PartyEntry> = written.third_parties.into_iter().filter_map(|party| party.0).collect();
    let links: Vec<LinkEntry> = written.links.into_iter().filter_map(|link| link.0).collect();
    let references = Known::new(&pages, &entries, &keys, entries.len() == all);
    let items =
        entries.iter().zip(&keys).map(|(entry, key)| item(entry, key, &references, problems)).collect();
    let third_parties = third_parties(&parties, &references, problems);
    let policy = policy(&written.claims, &references, problems);
    contradictions::of_parties(&parties, &written.claims, &written.site, problems);
    let links = declared_links(links, problems);
    let SiteTable { name, url, policy_url, last_updated, hosts, spans } = written.site;
    let policy_url_at = spans.get("policy_url").map(|span| problems.place(span.start)).unwrap_or_default();
    let mut manifest = Manifest {
        site: DeclaredSite {
            name,
            url,
            policy_url: policy_url.map(|address| address.0),
            policy_url_at,
            last_updated,
            hosts,
        },
        pages,
        items,
        third_parties,
        policy,
        links,
        claims: Vec::new(),
        file: problems.source().file.clone(),
        claims_at: problems.place(written.claims.span.start),
    };
    if !problems.has_errors() {
        manifest.claims = claims_of(&manifest);
    }
    manifest
}

/// What references may refer to.
struct Known<'a> {
    pages: &'a BTreeMap<String, PageClass>,
    keys: &'a [String],
    /// Keys of items by their keys and names.
    items: BTreeMap<String, String>,
    /// Every entry could be read; else an unknown one may be among those that could not.
    complete: bool,
}

impl<'a> Known<'a> {
    fn new(
        pages: &'a BTreeMap<String, PageClass>,
        entries: &[Entry],
        keys: &'a [String],
        complete: bool,
    ) -> Self {
        let mut items = BTreeMap::new();
        for (entry, key) in entries.iter().zip(keys) {
            for name in entry.names.iter().chain(&entry.https_names).filter_map(NamePattern::as_literal) {
                items.entry(name.to_owned()).or_insert_with(|| key.clone());
            }
        }
        items.extend(keys.iter().map(|key| (key.clone(), key.clone())));
        Known { pages, keys, items, complete }
    }

    fn class(&self, name: &Spanned<String>, problems: &mut Problems) -> String {
        if name.value != "*" && !self.pages.contains_key(&name.value) {
            let known: Vec<&str> = self.pages.keys().map(String::as_str).collect();
            unknown("page class", name, &known, "add it to [pages]", problems);
        }
        name.value.clone()
    }

    fn classes(&self, names: &[Spanned<String>], problems: &mut Problems) -> Vec<String> {
        names.iter().map(|name| self.class(name, problems)).collect()
    }

    /// Classes of pages that somebody looks at: nobody is on what a form is sent to.
    fn pages_of(&self, names: &[Spanned<String>], problems: &mut Problems) -> Vec<String> {
        let is_of_acts = |name: &str| self.pages.get(name).is_some_and(PageClass::is_of_acts);
        for name in names.iter().filter(|name| is_of_acts(&name.value)) {
            problems
                .error(
                    &name.span,
                    format!("`{}` is of requests, and nobody is on them", shortened(&name.value)),
                )
                .fix("such a class goes with set_by, sent_only_to and required_for");
        }
        self.classes(names, problems)
    }

    /// The key of the item meant by its key or one of its names.
    fn item(&self, name: &Spanned<String>, problems: &mut Problems) -> String {
        match self.items.get(&name.value) {
            Some(key) => key.clone(),
            None => {
                if self.complete {
                    let known: Vec<&str> = self.keys.iter().map(String::as_str).collect();
                    unknown("cookie or storage item", name, &known, "declare it", problems);
                }
                name.value.clone()
            }
        }
    }
}

fn unknown(what: &str, name: &Spanned<String>, known: &[&str], otherwise: &str, problems: &mut Problems) {
    let near =
        (!problems.is_full()).then(|| nearest(&name.value, known.iter().copied().take(1000))).flatten();
    let fix = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => otherwise.to_owned(),
        None => format!("known: {}; or {otherwise}", known[..known.len().min(10)].join(", ")),
    };
    problems.error(&name.span, format!("there is no {what} `{}`", shortened(&name.value))).fix(fix);
}

/// The item's `id`, else its first name, of a storage item with its kind.
fn key_of(entry: &Entry) -> String {
    let name = || entry.names.first().map(|name| name.written().to_owned()).unwrap_or_default();
    match (&entry.id, entry.kind) {
        (Some(id), _) => id.clone(),
        (None, StorageKind::Cookie) => name(),
        (None, kind) => format!("{}:{}", kind.word(), name()),
    }
}

fn page_classes(
    written: &[(Spanned<String>, Lenient<OneOrMore<ClassPattern>>)],
    problems: &mut Problems,
) -> BTreeMap<String, PageClass> {
    let mut pages = BTreeMap::new();
    for (name, patterns) in written {
        if name.value == "*" {
            problems
                .error(&name.span, "`*` is every page already and cannot be declared")
                .fix("give this class another name");
        }
        let mut class = PageClass { place: problems.place(name.span.start), ..PageClass::default() };
        for entry in patterns.0.iter().flat_map(|patterns| &patterns.0) {
            class.add(entry.clone());
        }
        if !class.except.is_empty() && class.patterns.is_empty() && class.requests.is_empty() {
            problems
                .error(&name.span, "this class only says what is not in it")
                .fix("add what is: \"*\" is every page");
        }
        pages.insert(name.value.clone(), class);
    }
    pages
}

macro_rules! item {
    ($($field:ident: $written:ty => $meant:ty, $of:ident, $about:literal
        $(, checked $aspect:ident $(($any:tt))? $(|$thing:ident, $value:ident| $says:expr)?)?;)+) => {
        fn item(entry: &Entry, key: &str, known: &Known<'_>, problems: &mut Problems) -> Item {
            let stated = &entry.attributes;
            let (strength, strengths) = per_field(&stated.strength);
            let (source, sources) = per_field(&stated.source);
            Item {
                key: key.to_owned(),
                kind: entry.kind,
                names: entry.names.clone(),
                https_names: entry.https_names.clone(),
                group: entry.group.as_ref().map(|group| group.value.clone()),
                $($field: stated.$field.as_ref().map(|it| it.meant(known, problems)).unwrap_or_default(),)+
                strength: strength.unwrap_or_default(),
                strengths,
                place: problems.place(entry.span.start),
                places: places(&stated.spans, problems),
                source,
                sources,
            }
        }
    };
}
item_fields!(item);

/// What a field means: mostly what is written; references are followed.
trait Meaning {
    type Meant;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Self::Meant;
}

macro_rules! as_written {
    ($($type:ty),+) => {$(
        impl Meaning for $type {
            type Meant = Option<$type>;

            fn meant(&self, _: &Known<'_>, _: &mut Problems) -> Option<$type> {
                Some(self.clone())
            }
        }
    )+};
}
as_written!(
    String,
    bool,
    Category,
    DeclaredParty,
    DomainRule,
    LifetimeRule,
    PathRule,
    SameSite,
    SecureRule,
    Trigger,
    ValueRule
);

impl<T: Clone> Meaning for OneOrMore<T> {
    type Meant = Vec<T>;

    fn meant(&self, _: &Known<'_>, _: &mut Problems) -> Vec<T> {
        self.0.clone()
    }
}

impl Meaning for LifetimeFor {
    type Meant = BTreeMap<VisitorState, LifetimeRule>;

    fn meant(&self, _: &Known<'_>, _: &mut Problems) -> Self::Meant {
        self.0.clone()
    }
}

impl Meaning for PageNames {
    type Meant = Vec<String>;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Vec<String> {
        known.pages_of(&self.0.0, problems)
    }
}

impl Meaning for ClassNames {
    type Meant = Vec<String>;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Vec<String> {
        known.classes(&self.0.0, problems)
    }
}

impl Meaning for ItemNames {
    type Meant = Vec<String>;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Vec<String> {
        self.0.0.iter().map(|name| known.item(name, problems)).collect()
    }
}

impl Meaning for ItemName {
    type Meant = Option<String>;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Option<String> {
        Some(known.item(&self.0, problems))
    }
}

fn third_parties(parties: &[PartyEntry], known: &Known<'_>, problems: &mut Problems) -> Vec<ThirdParty> {
    let mut taken = BTreeMap::new();
    let mut third_parties = Vec::new();
    for party in parties {
        let key = party.id.clone().unwrap_or_else(|| slug(&party.provider));
        unique(&mut taken, &key, "third party", &party.span, problems);
        let (strength, strengths) = per_field(&party.strength);
        let (source, sources) = per_field(&party.source);
        third_parties.push(ThirdParty {
            key,
            provider: party.provider.clone(),
            category: party.category,
            domains: party.domains.iter().map(|domain| domain.value.clone()).collect(),
            allowed_on: known.pages_of(&party.allowed_on, problems),
            after: party.after.clone(),
            sets_cookies: party.sets_cookies,
            sets_storage: party.sets_storage,
            identifiers: party.identifiers,
            personal_data: party.personal_data,
            embedded: party.embedded,
            confined: party.confined,
            only_provider_of: party.only_provider_of.clone(),
            needs_consent: party.needs_consent,
            strength: strength.unwrap_or_default(),
            strengths,
            place: problems.place(party.span.start),
            places: places(&party.spans, problems),
            source,
            sources,
        });
    }
    third_parties
}

fn declared_links(links: Vec<LinkEntry>, problems: &mut Problems) -> Vec<DeclaredLink> {
    let mut taken = BTreeMap::new();
    let mut declared = Vec::new();
    for link in links {
        let key =
            link.id.unwrap_or_else(|| slug(link.url.split_once("://").map_or(&link.url, |(_, rest)| rest)));
        unique(&mut taken, &key, "link", &link.span, problems);
        declared.push(DeclaredLink {
            key,
            url: link.url,
            on_policy_page: link.on_policy_page,
            strength: link.strength,
            place: problems.place(link.span.start),
            source: link.source,
        });
    }
    declared
}

fn policy(claims: &Sentences, known: &Known<'_>, problems: &mut Problems) -> PolicyClaims {
    let mut to = Stating { claims, known, problems };
    PolicyClaims {
        inventory: to.value("inventory", &claims.inventory),
        categories: to.list("categories", &claims.categories),
        advertising: to.absent("advertising", &claims.advertising),
        tracking: to.absent("tracking", &claims.tracking),
        analytics_cookies: to.absent("analytics_cookies", &claims.analytics_cookies),
        third_party_cookies: to.value("third_party_cookies", &claims.third_party_cookies),
        third_party_embeds: to.absent("third_party_embeds", &claims.third_party_embeds),
        third_parties: to.value("third_parties", &claims.third_parties),
        cookie_setting_scripts: to.absent("cookie_setting_scripts", &claims.cookie_setting_scripts),
        cross_site_tracking: to.absent("cross_site_tracking", &claims.cross_site_tracking),
        undeclared_storage: to.absent("undeclared_storage", &claims.undeclared_storage),
        plain_http_cookies: to.absent("plain_http_cookies", &claims.plain_http_cookies),
        no_cookies: claims.no_cookies.iter().map(|entry| to.no_cookies(entry)).collect(),
        consent_banner: claims.consent_banner.as_ref().map(|banner| {
            let banner = &banner.0;
            let (repeated, back_after_clearing) = (banner.repeated, banner.back_after_clearing);
            let rule = match banner.shown {
                true => BannerRule::Shown { repeated, back_after_clearing },
                false => BannerRule::None,
            };
            to.stated("consent_banner", rule, banner.strength, &banner.source, &banner.span)
        }),
        consent_before: to.list("consent_before", &claims.consent_before),
        consent_renewed_on_change: to.value("consent_renewed_on_change", &claims.consent_renewed_on_change),
        covers_linking_hosts: to.value("covers_linking_hosts", &claims.covers_linking_hosts),
        last_updated_shown: to.value("last_updated_shown", &claims.last_updated_shown),
        policy_reachable: to.value("policy_reachable", &claims.policy_reachable),
        policy_names_cookies: to.value("policy_names_cookies", &claims.policy_names_cookies),
        policy_agrees: to.value("policy_agrees", &claims.policy_agrees),
        policy_links: to.value("policy_links", &claims.policy_links),
        date_follows_inventory: to.value("date_follows_inventory", &claims.date_follows_inventory),
        necessary_required_for: claims.necessary_required_for.as_ref().map(|sentence| {
            let classes = to.known.classes(&sentence.value.0, to.problems);
            to.stated("necessary_required_for", classes, sentence.strength, &sentence.source, &sentence.span)
        }),
        login_without_consent: to.value("login_without_consent", &claims.login_without_consent),
        honours_gpc: to.value("honours_gpc", &claims.honours_gpc),
    }
}

/// Turns sentences into stated values with their places.
struct Stating<'a, 'k> {
    claims: &'a Sentences,
    known: &'a Known<'k>,
    problems: &'a mut Problems,
}

impl Stating<'_, '_> {
    fn stated<T>(
        &self,
        key: &str,
        value: T,
        strength: Strength,
        source: &Option<String>,
        span: &Range<usize>,
    ) -> Stated<T> {
        let start = self.claims.spans.get(key).map_or(span.start, |span| span.start);
        Stated { value, strength, place: self.problems.place(start), source: source.clone() }
    }

    fn value<T: Clone>(&self, key: &str, sentence: &Option<Sentence<T>>) -> Option<Stated<T>> {
        let Sentence { value, strength, source, span } = sentence.as_ref()?;
        Some(self.stated(key, value.clone(), *strength, source, span))
    }

    fn list<T: Clone>(&self, key: &str, sentence: &Option<Sentence<OneOrMore<T>>>) -> Option<Stated<Vec<T>>> {
        let Sentence { value, strength, source, span } = sentence.as_ref()?;
        Some(self.stated(key, value.0.clone(), *strength, source, span))
    }

    fn absent<W>(&mut self, key: &str, absent: &Option<Absent<W>>) -> Option<Stated<Absence>> {
        let AbsenceSentence { third_party_only, pages, visitors, strength, source, span } =
            &absent.as_ref()?.sentence;
        let pages = self.known.pages_of(pages, self.problems);
        let absence = Absence { third_party_only: *third_party_only, pages, visitors: visitors.clone() };
        Some(self.stated(key, absence, *strength, source, span))
    }

    fn no_cookies(&mut self, entry: &NoCookiesEntry) -> Stated<NoCookies> {
        let rule = NoCookies {
            visitors: entry.visitors.clone(),
            pages: self.known.pages_of(&entry.pages, self.problems),
            except: entry.except.iter().map(|name| self.known.item(name, self.problems)).collect(),
        };
        let place = self.problems.place(entry.span.start);
        Stated { value: rule, strength: entry.strength, place, source: entry.source.clone() }
    }
}

fn per_field<N, T: Clone>(stated: &Option<PerField<N, T>>) -> (Option<T>, BTreeMap<String, T>) {
    stated.as_ref().map(|stated| (stated.entry.clone(), stated.fields.clone())).unwrap_or_default()
}

fn places(spans: &BTreeMap<String, Range<usize>>, problems: &Problems) -> BTreeMap<String, Place> {
    spans.iter().map(|(field, span)| (field.clone(), problems.place(span.start))).collect()
}

fn unique(
    taken: &mut BTreeMap<String, Range<usize>>,
    key: &str,
    what: &str,
    span: &Range<usize>,
    problems: &mut Problems,
) {
    if let Some(first) = taken.insert(key.to_owned(), span.clone()) {
        problems
            .error(span, format!("there are two of the {what} `{}`", shortened(key)))
            .fix("merge them, or give one an `id` of its own")
            .label(first, "first here");
    }
}

/// `Google Analytics` → `google-analytics`.
pub fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() { "start".to_owned() } else { words.join("-") }
}
