//! From a manifest as written to the manifest as meant.

use super::contradictions;
use super::items::{ClassNames, Entry, Group, ItemName, ItemNames, PageNames};
use super::sentences::{
    AbsenceWord, Absent, Banner, LinkEntry, Long, NoCookiesFor, PartyEntry, Sentence, Sentences,
};
use super::values::{LifetimeFor, PerField};
use super::{SiteTable, Written};
use crate::config::{Lenient, OneOrMore, Place, Problems, Spanned, Words, nearest, shortened};
use crate::cookie::SameSite;
use crate::manifest::fields::{item_fields, party_fields, sentence_fields};
use crate::manifest::{
    Absence, BannerRule, Category, ClassPattern, DeclaredLink, DeclaredParty, DeclaredSite, DomainRule,
    Inventory, Item, LifetimeRule, Manifest, NamePattern, NoCookies, PageClass, PartyList, PathRule,
    PolicyClaims, SecureRule, Stated, ThirdParty, ThirdPartyRule, Trigger, ValueRule, VisitorState,
    claims_of,
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

/// An entry as meant: what its fields state, and what else is given.
macro_rules! entry {
    ({ $stated:expr, $known:ident, $problems:ident => $name:ident { $($also:tt)* } }
    $($field:ident: $written:ty => $meant:ty, $($of:ident,)? $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {{
        let stated = $stated;
        let (strength, strengths) = per_field(&stated.strength);
        let (source, sources) = per_field(&stated.source);
        $name {
            $($field: Field::of(stated.$field.as_ref().map(|it| it.meant($known, $problems))),)+
            strength: strength.unwrap_or_default(),
            strengths,
            places: places(&stated.spans, $problems),
            source,
            sources,
            $($also)*
        }
    }};
}

fn item(entry: &Entry, key: &str, known: &Known<'_>, problems: &mut Problems) -> Item {
    item_fields!(entry &entry.attributes, known, problems => Item {
        key: key.to_owned(),
        kind: entry.kind,
        names: entry.names.clone(),
        https_names: entry.https_names.clone(),
        group: entry.group.as_ref().map(|group| group.value.clone()),
        place: problems.place(entry.span.start),
    })
}

/// A field as meant, which is none or empty where nothing is stated.
trait Field<T> {
    fn of(stated: Option<T>) -> Self;
}

impl<T> Field<T> for Option<T> {
    fn of(stated: Option<T>) -> Self {
        stated
    }
}

impl<T> Field<Vec<T>> for Vec<T> {
    fn of(stated: Option<Vec<T>>) -> Self {
        stated.unwrap_or_default()
    }
}

impl<K, T> Field<BTreeMap<K, T>> for BTreeMap<K, T> {
    fn of(stated: Option<BTreeMap<K, T>>) -> Self {
        stated.unwrap_or_default()
    }
}

/// What a field means: mostly what is written; references are followed.
trait Meaning {
    type Meant;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> Self::Meant;
}

macro_rules! as_written {
    ($($type:ty),+) => {$(
        impl Meaning for $type {
            type Meant = $type;

            fn meant(&self, _: &Known<'_>, _: &mut Problems) -> $type {
                self.clone()
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
    Inventory,
    LifetimeRule,
    PartyList,
    PathRule,
    SameSite,
    SecureRule,
    ThirdPartyRule,
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
    type Meant = String;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> String {
        known.item(&self.0, problems)
    }
}

impl<W: AbsenceWord> Meaning for Absent<W> {
    type Meant = W::Meant;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> W::Meant {
        self.word.of(Absence {
            third_party_only: self.third_party_only,
            pages: known.pages_of(&self.pages, problems),
            visitors: self.visitors.clone(),
        })
    }
}

impl Meaning for Banner {
    type Meant = BannerRule;

    fn meant(&self, _: &Known<'_>, _: &mut Problems) -> BannerRule {
        let Banner { shown, repeated, back_after_clearing } = *self;
        if shown { BannerRule::Shown { repeated, back_after_clearing } } else { BannerRule::None }
    }
}

impl Meaning for NoCookiesFor {
    type Meant = NoCookies;

    fn meant(&self, known: &Known<'_>, problems: &mut Problems) -> NoCookies {
        NoCookies {
            visitors: self.visitors.clone(),
            pages: known.pages_of(&self.pages, problems),
            except: self.except.iter().map(|name| known.item(name, problems)).collect(),
        }
    }
}

fn third_parties(parties: &[PartyEntry], known: &Known<'_>, problems: &mut Problems) -> Vec<ThirdParty> {
    let mut taken = BTreeMap::new();
    let mut third_parties = Vec::new();
    for party in parties {
        let key = party.id.clone().unwrap_or_else(|| slug(&party.provider));
        unique(&mut taken, &key, "third party", &party.span, problems);
        third_parties.push(party_fields!(entry party, known, problems => ThirdParty {
            key,
            provider: party.provider.clone(),
            domains: party.domains.iter().map(|domain| domain.value.clone()).collect(),
            place: problems.place(party.span.start),
        }));
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

macro_rules! policy {
    ({}
    $($field:ident: $written:ty => $meant:ty, $about:literal
        $(, checked $aspect:ident |$thing:tt, $value:ident| $says:expr)?;)+) => {
        fn policy(claims: &Sentences, known: &Known<'_>, problems: &mut Problems) -> PolicyClaims {
            PolicyClaims {
                $($field: claims
                    .$field
                    .as_ref()
                    .map(|said| said.stated(claims.spans.get(stringify!($field)), known, problems))
                    .unwrap_or_default(),)+
            }
        }
    };
}
sentence_fields!(policy);

/// What stands under a key of `[claims]`, as stated.
trait Stating {
    type Stated;

    fn stated(&self, key: Option<&Range<usize>>, known: &Known<'_>, problems: &mut Problems) -> Self::Stated;
}

/// One sentence, which stands where its key does.
impl<T: Meaning> Stating for Sentence<T> {
    type Stated = Option<Stated<T::Meant>>;

    fn stated(&self, key: Option<&Range<usize>>, known: &Known<'_>, problems: &mut Problems) -> Self::Stated {
        Some(Stated {
            value: self.value.meant(known, problems),
            strength: self.strength,
            place: problems.place(key.unwrap_or(&self.span).start),
            source: self.source.clone(),
        })
    }
}

/// Several, each of which stands by itself.
impl<T: Meaning> Stating for OneOrMore<Long<T>> {
    type Stated = Vec<Stated<T::Meant>>;

    fn stated(&self, _: Option<&Range<usize>>, known: &Known<'_>, problems: &mut Problems) -> Self::Stated {
        self.0.iter().filter_map(|each| each.0.stated(None, known, problems)).collect()
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
