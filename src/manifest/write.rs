//! A manifest as text: TOML that the decoder reads back as the same manifest, with remarks for
//! people where the writer of a draft or an import has some. What groups have in common is written
//! with each entry.

use super::fields::{item_fields, party_fields, sentence_fields};
use super::{
    Absence, BannerRule, DomainRule, Glob, Item, LifetimeRule, Manifest, NamePattern, NoCookies,
    NoIdentifiers, PathRule, PolicyClaims, Stated, Strength, ThirdParty, Trigger, VisitorState,
};
use crate::config::Words;
use crate::legible::is_unsafe;
use crate::observation::StorageKind;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A place in a manifest where a remark can stand: before a field, whether it is stated or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// Before everything.
    Top,
    /// Before a field of `[site]`; `end`: after them.
    Site(&'static str),
    /// Before `[pages]`; and before one of its classes is said there, too.
    Pages,
    /// Before a field of an item; `about`: after its names; `end`: after everything.
    Item(usize, &'static str),
    /// Before the first third party.
    ThirdParties,
    /// Before a field of a third party; `end`: after everything.
    Party(usize, &'static str),
    /// Before `[claims]`.
    Claims,
    /// After everything.
    End,
}

/// Remarks by where they stand, each line without its `#`.
pub type Remarks = BTreeMap<Spot, Vec<String>>;

/// The manifest's text.
pub fn write(manifest: &Manifest) -> String {
    write_with(manifest, &Remarks::new())
}

/// The manifest's text, with remarks.
pub fn write_with(manifest: &Manifest, remarks: &Remarks) -> String {
    let mut to = Writer { text: String::new(), remarks };
    to.remark(Spot::Top);
    to.site(manifest);
    to.pages(manifest);
    for (at, item) in manifest.items.iter().enumerate() {
        to.item(at, item);
    }
    to.blank_before(Spot::ThirdParties);
    for (at, party) in manifest.third_parties.iter().enumerate() {
        to.party(at, party);
    }
    for link in &manifest.links {
        to.text.push_str("\n[[links]]\n");
        let default = link.url.split_once("://").map_or(link.url.as_str(), |(_, rest)| rest);
        if super::decode::slug(default) != link.key {
            to.line("id", &quoted(&link.key));
        }
        to.line("url", &quoted(&link.url));
        if link.on_policy_page {
            to.line("on_policy_page", "true");
        }
        to.strength(link.strength, &BTreeMap::new());
        to.source(&link.source, &BTreeMap::new());
    }
    to.claims(&manifest.policy);
    to.blank_before(Spot::End);
    to.text.trim_start_matches('\n').to_owned()
}

struct Writer<'a> {
    text: String,
    remarks: &'a Remarks,
}

impl Writer<'_> {
    fn remark(&mut self, spot: Spot) {
        for line in self.remarks.get(&spot).into_iter().flatten() {
            match line.as_str() {
                "" => self.text.push_str("#\n"),
                // A field that is only proposed can be switched on as it stands.
                line => {
                    let _ = writeln!(self.text, "# {}", comment(line));
                }
            }
        }
    }

    fn blank_before(&mut self, spot: Spot) {
        if self.remarks.contains_key(&spot) {
            self.text.push('\n');
            self.remark(spot);
        }
    }

    fn line(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn site(&mut self, manifest: &Manifest) {
        let site = &manifest.site;
        self.text.push_str("\n[site]\n");
        let hosts: Vec<String> = site.hosts.iter().map(|host| quoted(&host.to_string())).collect();
        let fields = [
            ("name", site.name.as_deref().map(quoted)),
            ("url", site.url.as_ref().map(|url| quoted(url.as_str()))),
            ("hosts", (!hosts.is_empty()).then(|| format!("[{}]", hosts.join(", ")))),
            ("policy_url", site.policy_url.as_deref().map(quoted)),
            // A date without its day is no TOML date.
            (
                "last_updated",
                site.last_updated.map(|date| match date.day {
                    Some(_) => date.to_string(),
                    None => quoted(&date.to_string()),
                }),
            ),
        ];
        for (key, value) in fields {
            self.remark(Spot::Site(key));
            if let Some(value) = value {
                self.line(key, &value);
            }
        }
        self.remark(Spot::Site("end"));
    }

    fn pages(&mut self, manifest: &Manifest) {
        if manifest.pages.is_empty() {
            return;
        }
        self.text.push('\n');
        self.remark(Spot::Pages);
        self.text.push_str("[pages]\n");
        for (name, class) in &manifest.pages {
            let patterns: Vec<String> = class.written().map(|pattern| quoted(&pattern)).collect();
            self.line(&key_of(name), &format!("[{}]", patterns.join(", ")));
        }
    }

    fn item(&mut self, at: usize, item: &Item) {
        let cookie = item.kind == StorageKind::Cookie;
        let _ = write!(self.text, "\n[[{}]]\n", if cookie { "cookies" } else { "storage" });
        for (key, value) in item_fields(item) {
            self.remark(Spot::Item(at, key));
            if let Some(value) = value {
                self.line(key, &value);
            }
        }
        self.strength(item.strength, &item.strengths);
        self.source(&item.source, &item.sources);
        self.remark(Spot::Item(at, "end"));
    }

    fn party(&mut self, at: usize, party: &ThirdParty) {
        self.text.push_str("\n[[third_parties]]\n");
        let mut fields = vec![
            ("id", (super::decode::slug(&party.provider) != party.key).then(|| quoted(&party.key))),
            ("provider", Some(quoted(&party.provider))),
            ("domains", Some(party.domains.text())),
        ];
        fields.extend(texts_of_party(party));
        for (key, value) in fields {
            self.remark(Spot::Party(at, key));
            if let Some(value) = value {
                self.line(key, &value);
            }
        }
        self.strength(party.strength, &party.strengths);
        self.source(&party.source, &party.sources);
        self.remark(Spot::Party(at, "end"));
    }

    fn strength(&mut self, strength: Strength, fields: &BTreeMap<String, Strength>) {
        if !fields.is_empty() {
            let each: Vec<String> = fields
                .iter()
                .map(|(field, strength)| format!("{field} = {}", quoted(strength.word())))
                .collect();
            self.line("strength", &format!("{{ {} }}", each.join(", ")));
        } else if strength != Strength::default() {
            self.line("strength", &quoted(strength.word()));
        }
    }

    fn source(&mut self, source: &Option<String>, fields: &BTreeMap<String, String>) {
        if !fields.is_empty() {
            let each: Vec<String> =
                fields.iter().map(|(field, source)| format!("{field} = {}", quoted(source))).collect();
            self.line("source", &format!("{{ {} }}", each.join(", ")));
        } else if let Some(source) = source {
            self.line("source", &quoted(source));
        }
    }

    fn claims(&mut self, policy: &PolicyClaims) {
        let fields = texts_of_sentences(policy);
        if fields.iter().all(|(_, value)| value.is_none()) && !self.remarks.contains_key(&Spot::Claims) {
            return;
        }
        self.text.push('\n');
        self.remark(Spot::Claims);
        self.text.push_str("[claims]\n");
        for (key, value) in fields {
            if let Some(value) = value {
                self.line(key, &value);
            }
        }
    }
}

/// One entry of a manifest by itself.
pub(super) fn item_text(item: &Item) -> String {
    let remarks = Remarks::new();
    let mut to = Writer { text: String::new(), remarks: &remarks };
    to.item(0, item);
    to.text
}

/// What is stated of something beside its names, and what is not.
macro_rules! texts {
    ({ $name:ident of $of:ident }
    $($field:ident: $written:ty => $meant:ty, $($kind:ident,)? $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {
        fn $name(of: &$of) -> Vec<(&'static str, Option<String>)> {
            vec![$((stringify!($field), of.$field.in_file()),)+]
        }
    };
}
item_fields!(texts texts_of_item of Item);
party_fields!(texts texts_of_party of ThirdParty);
sentence_fields!(texts texts_of_sentences of PolicyClaims);

/// The fields of an entry, each with its value as the file has it, where it is stated.
pub(super) fn item_fields(item: &Item) -> Vec<(&'static str, Option<String>)> {
    let cookie = item.kind == StorageKind::Cookie;
    let first = item.names.first().map(NamePattern::written).unwrap_or_default();
    let default = if cookie { first.to_owned() } else { format!("{}:{first}", item.kind.word()) };
    let mut fields = vec![
        ("id", (default != item.key).then(|| quoted(&item.key))),
        ("name", Some(names(&item.names))),
        ("https_name", (!item.https_names.is_empty()).then(|| names(&item.https_names))),
        ("kind", (!cookie).then(|| quoted(item.kind.word()))),
        ("about", None),
    ];
    fields.extend(texts_of_item(item));
    fields
}

/// A field as the file has it; none where it is not stated.
trait InFile {
    fn in_file(&self) -> Option<String>;
}

impl<T: Text> InFile for Option<T> {
    fn in_file(&self) -> Option<String> {
        self.as_ref().map(Text::text)
    }
}

impl<T: Text> InFile for Vec<T> {
    fn in_file(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.text())
    }
}

impl InFile for BTreeMap<VisitorState, LifetimeRule> {
    fn in_file(&self) -> Option<String> {
        let each: Vec<String> =
            self.iter().map(|(state, rule)| format!("{} = {}", state.word(), rule.text())).collect();
        (!each.is_empty()).then(|| format!("{{ {} }}", each.join(", ")))
    }
}

/// A value as the file has it.
trait Text {
    fn text(&self) -> String;
}

impl<T: Words> Text for T {
    fn text(&self) -> String {
        quoted(self.word())
    }
}

impl<T: Text> Text for Vec<T> {
    fn text(&self) -> String {
        format!("[{}]", self.iter().map(Text::text).collect::<Vec<_>>().join(", "))
    }
}

impl Text for bool {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for String {
    fn text(&self) -> String {
        quoted(self)
    }
}

impl Text for Glob {
    fn text(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Text for PathRule {
    fn text(&self) -> String {
        match self {
            PathRule::Exact(path) => quoted(path),
            PathRule::Within(path) => format!("{{ within = {} }}", quoted(path)),
        }
    }
}

impl Text for DomainRule {
    fn text(&self) -> String {
        match self {
            DomainRule::HostOnly => quoted("host-only"),
            DomainRule::Domain(domain) => quoted(domain),
        }
    }
}

impl Text for Trigger {
    fn text(&self) -> String {
        match self {
            Trigger::Login => quoted("login"),
            Trigger::ConsentAccepted => quoted("consent-accepted"),
            Trigger::ConsentGiven => quoted("consent-given"),
            Trigger::Interaction => quoted("interaction"),
            Trigger::Journey(name) => format!("{{ journey = {} }}", quoted(name)),
        }
    }
}

impl Text for LifetimeRule {
    fn text(&self) -> String {
        lifetime(self)
    }
}

/// A sentence in short, where that says everything, or as a table.
impl<T: Said> Text for Stated<T> {
    fn text(&self) -> String {
        let mut parts = self.value.parts();
        if self.strength != Strength::default() {
            parts.push(("strength", Some(self.strength.text())));
        }
        parts.push(("source", self.source.in_file()));
        parts.retain(|(_, text)| text.is_some());
        match parts.as_mut_slice() {
            [("is", Some(text))] => std::mem::take(text),
            parts => {
                let each = parts.iter().flat_map(|(key, text)| Some(format!("{key} = {}", text.as_ref()?)));
                format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// What a sentence's table says, beside its strength and source.
trait Said {
    fn parts(&self) -> Vec<(&'static str, Option<String>)>;
}

impl<T: Text> Said for T {
    fn parts(&self) -> Vec<(&'static str, Option<String>)> {
        vec![("is", Some(self.text()))]
    }
}

impl Said for Absence {
    fn parts(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("is", Some(quoted("none"))),
            ("third_party_only", self.third_party_only.then(|| true.text())),
            ("pages", self.pages.in_file()),
            ("visitors", self.visitors.in_file()),
        ]
    }
}

impl Said for NoIdentifiers {
    fn parts(&self) -> Vec<(&'static str, Option<String>)> {
        let mut parts = self.0.parts();
        parts[0].1 = Some(quoted("no-identifiers"));
        parts
    }
}

impl Said for NoCookies {
    fn parts(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("visitors", self.visitors.in_file()),
            ("pages", self.pages.in_file()),
            ("except", self.except.in_file()),
        ]
    }
}

impl Said for BannerRule {
    fn parts(&self) -> Vec<(&'static str, Option<String>)> {
        match self {
            BannerRule::None => vec![("is", Some(quoted("none")))],
            BannerRule::Shown { repeated, back_after_clearing } => vec![
                ("shown", Some(quoted("first-visit"))),
                ("repeated", repeated.in_file()),
                ("back_after_clearing", back_after_clearing.in_file()),
            ],
        }
    }
}

/// A lifetime as the manifest writes it.
fn lifetime(rule: &LifetimeRule) -> String {
    match rule {
        LifetimeRule::Exact(span) => quoted(&span.written),
        LifetimeRule::Max(span) => format!("{{ max = {} }}", quoted(&span.written)),
        LifetimeRule::About(span) => format!("{{ about = {} }}", quoted(&span.written)),
        LifetimeRule::Range(from, to) => {
            format!("{{ range = [{}, {}] }}", quoted(&from.written), quoted(&to.written))
        }
        LifetimeRule::Session => quoted("session"),
        LifetimeRule::Either(rules) => {
            let rules: Vec<String> = rules.iter().map(lifetime).collect();
            format!("{{ either = [{}] }}", rules.join(", "))
        }
        LifetimeRule::Unbounded => quoted("unbounded"),
        LifetimeRule::UntilLogout => "{ until = \"logout\" }".to_owned(),
    }
}

fn names(names: &[NamePattern]) -> String {
    let each: Vec<String> = names.iter().map(name).collect();
    match each.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

fn name(pattern: &NamePattern) -> String {
    let written = quoted(pattern.written());
    if pattern.is_regex() {
        format!("{{ regex = {written} }}")
    } else if pattern.as_literal().is_some_and(|name| name.contains('*') || name.trim().is_empty()) {
        format!("{{ literal = {written} }}")
    } else {
        written
    }
}

/// A key as TOML takes it, in quotes where it must be.
fn key_of(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { name.to_owned() } else { quoted(name) }
}

/// A TOML basic string; what would not show as itself is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\'' => quoted.push(c),
            c if is_unsafe(c) || c.escape_debug().len() > 1 => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Text for a comment: it stays on its line.
pub(super) fn comment(text: &str) -> String {
    text.chars()
        .map(|c| {
            if is_unsafe(c) || (c.escape_debug().len() > 1 && !"\"'\\".contains(c)) { '\u{fffd}' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, Place, Shape};
    use crate::manifest::{read, shape};

    #[test]
    fn whatever_can_be_read_of_a_cookie_is_written() {
        let Shape::Record(manifest) = shape() else { panic!("no record") };
        let cookies = manifest.fields.into_iter().find(|field| field.key == "cookies").unwrap();
        let text = format!("{:?}", cookies.shape);
        let written = item_fields(&Item::named("sid"));
        for (key, _) in written.iter().filter(|(key, _)| *key != "about") {
            assert!(text.contains(&format!("Field {{ key: {key:?}")), "{key} is written and not read");
        }
        let read: Vec<&str> =
            text.split("Field { key: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        // What is inherited is written with each; how hard, and the policy's words, are written after all fields.
        let elsewhere = ["group", "strength", "source"];
        let fields = read.iter().filter(|key| !elsewhere.contains(key) && !key.is_empty());
        let of_values = ["max", "about", "range", "either", "until", "within", "journey", "regex", "literal"];
        for key in fields.filter(|key| !of_values.contains(key)) {
            assert!(written.iter().any(|(known, _)| known == key), "{key} is read and not written");
        }
    }

    /// A manifest without the places of its file.
    fn bare(mut manifest: Manifest) -> String {
        manifest.site.policy_url_at = Place::default();
        for item in &mut manifest.items {
            item.place = Place::default();
            item.places.clear();
            item.group = None;
        }
        for party in &mut manifest.third_parties {
            party.place = Place::default();
            party.places.clear();
        }
        for link in &mut manifest.links {
            link.place = Place::default();
        }
        for class in manifest.pages.values_mut() {
            class.place = Place::default();
        }
        let claims: Vec<String> = manifest
            .claims
            .iter()
            .map(|claim| format!("{} {} {:?}", claim.id, claim.text, claim.source))
            .collect();
        format!(
            "{:#?} {:#?} {:#?} {:#?} {:#?} {claims:#?}",
            manifest.site, manifest.pages, manifest.items, manifest.third_parties, manifest.links
        )
    }

    #[track_caller]
    fn survives(text: &str) {
        let (manifest, problems) = read(text, "cookies.toml", Format::Toml);
        let manifest = manifest.unwrap_or_else(|| panic!("{problems:?}"));
        let written = write(&manifest);
        let (again, problems) = read(&written, "cookies.toml", Format::Toml);
        let again = again.unwrap_or_else(|| panic!("{problems:?}\n{written}"));
        assert_eq!(bare(manifest), bare(again), "{written}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        survives(include_str!("../../examples/prokken/cookies.toml"));
        survives(include_str!("../../examples/dpokit/cookies.toml"));
        survives(include_str!("../../examples/katror/cookies.toml"));
        survives(include_str!("../../examples/kropee/cookies.toml"));
        survives(include_str!("../../config/cookies.toml"));
    }

    #[test]
    fn every_field_survives() {
        survives(
            r#"
            [pages]
            "a b" = ["/x", "shop.test/y/**"]
            [[cookies]]
            id = "own"
            name = ["a", { regex = "b[0-9]+" }, { literal = "c*" }, "d_*"]
            https_name = "__Host-a"
            hosts = ["*.shop.test"]
            lifetime = { either = ["session", { range = ["1h", "2 days"] }] }
            lifetime_for = { remembered = "unbounded", anonymous = { until = "logout" } }
            path = "/"
            domain = "host-only"
            partitioned = false
            set_by = ["a b"]
            trigger = { journey = "buy" }
            value = "uuid"
            strength = { lifetime = "warning" }
            source = { path = "a \"quoted\" sentence", lifetime = "\\ \t x" }
            [[storage]]
            name = "theme"
            kind = "session-storage"
            lifetime = { about = "1 year" }
            updated_by = ["language"]
            only_with = ["own"]
            [[third_parties]]
            id = "p"
            provider = "P"
            domains = ["p.test"]
            after = "consent-given"
            personal_data = false
            strength = "warning"
            [claims]
            inventory = "examples"
            tracking = { is = "none", pages = ["a b"], visitors = ["anonymous"], strength = "warning" }
            undeclared_storage = { is = "no-identifiers", source = "s" }
            no_cookies = [{ pages = ["a b"], except = ["own"], strength = "warning" }, {}]
            consent_banner = "none"
            honours_gpc = false
            policy_agrees = false
            policy_links = { is = true, strength = "warning" }
            "#,
        );
    }

    #[test]
    fn strings_and_comments_stay_in_their_place() {
        assert_eq!(quoted("a\"b\\c'd"), "\"a\\\"b\\\\c'd\"");
        assert_eq!(quoted("a\n\u{202e}b"), "\"a\\U0000000A\\U0000202Eb\"");
        assert_eq!(comment("a\n[site]\u{202e}"), "a\u{fffd}[site]\u{fffd}");
    }
}
