//! From a file to a manifest, or to everything that is wrong with it.
//!
//! First the file as written (records of this folder), then as meant: groups' defaults applied,
//! references followed, contradictions found. What is meant is only given out where nothing is
//! wrong, so that nobody downstream has to check again.

mod contradictions;
mod items;
mod meaning;
mod sentences;
#[cfg(test)]
mod tests;
mod values;

use self::items::{CookieEntry, Group, StorageEntry};
pub use self::meaning::slug;
use self::sentences::{LinkEntry, PartyEntry, Sentences};
use self::values::Address;
use super::{ClassPattern, Glob, Manifest, PartialDate};
use crate::config::{
    self, Decode, Fields, Format, Lenient, OneOrMore, Problem, Record, Shape, Source, Spanned,
};
use std::collections::BTreeMap;
use std::ops::Range;
use url::Url;

/// Reads a manifest. With errors there is none; warnings do not stand in its way.
pub fn read(text: &str, file: &str, format: Format) -> (Option<Manifest>, Vec<Problem>) {
    let (written, mut problems) = config::read::<Written>(Source::new(file, text), format);
    let manifest = written.map(|written| meaning::meant(written, &mut problems));
    let manifest = manifest.filter(|_| !problems.has_errors());
    (manifest, problems.into_list())
}

/// What a manifest may look like, for the schema and for telling manifests from plans.
pub fn shape() -> Shape {
    Written::shape()
}

/// The JSON Schema of manifests.
pub fn json_schema() -> serde_json::Value {
    config::json_schema(&shape(), "cookieproof manifest", "The declared cookie policy of a site.")
}

/// A manifest as written.
struct Written {
    site: SiteTable,
    pages: Vec<(Spanned<String>, Lenient<OneOrMore<ClassPattern>>)>,
    defaults: Vec<(Spanned<String>, Lenient<Group>)>,
    cookies: Vec<Lenient<CookieEntry>>,
    storage: Vec<Lenient<StorageEntry>>,
    third_parties: Vec<Lenient<PartyEntry>>,
    links: Vec<Lenient<LinkEntry>>,
    claims: Sentences,
}

impl Record for Written {
    const NAME: &'static str = "manifest";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let _schema: Option<String> = fields.optional("$schema", "Where the schema is, for editors.");
        Some(Written {
            site: fields.optional("site", "The site and its policy.").unwrap_or_default(),
            pages: fields.named("pages", "Classes of pages: path patterns, or host and path; `!/a` is not in it, `POST /a` means what is sent there."),
            defaults: fields.named("defaults", "Attributes of groups of cookies, said once."),
            cookies: fields.many("cookies", "The cookies."),
            storage: fields.many("storage", "What else is kept in the browser."),
            third_parties: fields.many("third_parties", "Third parties that may appear."),
            links: fields.many("links", "Pages that must answer: the privacy policy, a processor's policy."),
            claims: fields.optional("claims", "Sentences about the site as a whole.").unwrap_or_default(),
        })
    }
}

/// `[site]`
#[derive(Clone, Debug, Default)]
struct SiteTable {
    name: Option<String>,
    url: Option<Url>,
    policy_url: Option<Address>,
    last_updated: Option<PartialDate>,
    hosts: Vec<Glob>,
    spans: BTreeMap<String, Range<usize>>,
}

impl Record for SiteTable {
    const NAME: &'static str = "site";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(SiteTable {
            name: fields.optional("name", "What the site is called."),
            url: fields.optional("url", "Where it is."),
            policy_url: fields.optional("policy_url", "Where its cookie policy is published."),
            last_updated: fields.optional("last_updated", "When the policy was last changed."),
            hosts: fields.many("hosts", "What counts as this site; everything else is a third party."),
            spans: fields.spans(),
        })
    }
}
