//! The links and sub-resources of a page, read from its tags without building a tree.

mod pressed;

use super::content_policy::{ContentPolicies, Vouched};
use super::danger::{Said, Words, asks_first, may_say_something};
use super::tags::{Element, Tags};
use super::{Address, Base, Danger};
use crate::charset::PageText;
use crate::observation::{Credentials, Resource, is_anti_forgery};
use content_security_policy::Destination;
use memchr::{memchr, memchr_iter, memchr2};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use url::Url;

/// Links and resources read of one page.
const MAX_PER_PAGE: usize = 20_000;
/// A longer attribute is no link (Chromium refuses URLs over 2 MB; servers over a few KB).
const MAX_ATTRIBUTE: usize = 16 * 1024;
/// How far the words of a link are looked for.
const MAX_TEXT_SOURCE: usize = 1024;
const MAX_TEXT: usize = 100;
/// How far the buttons of a form are looked for.
const MAX_FORM_SOURCE: usize = 8 * 1024;

/// What a page points at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLinks {
    /// In the page's order, as often as they occur. Frames are here and among the resources.
    pub documents: Vec<Link>,
    /// What a browser would fetch along with the page, own and foreign.
    pub resources: Vec<Embedded>,
    /// There was more than is read of one page.
    pub cut: bool,
    /// It has a field for a password.
    pub asks_for_password: bool,
    /// It has a script.
    pub has_script: bool,
}

/// Something that a page fetches along with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    pub address: Address,
    pub resource: Resource,
    pub credentials: Credentials,
}

/// A link to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub address: Address,
    pub kind: LinkKind,
    /// What its words and attributes say that it does.
    pub said: Said,
}

/// What kind of element a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// `<a>` and `<area>`
    Anchor,
    /// `<link rel>`: canonical, next, alternate, ...
    Related,
    /// `<iframe>` and `<frame>`
    Frame,
    /// The action of a form with `method=get`.
    Form,
    /// `<meta http-equiv=refresh>`
    Refresh,
    /// `<link rel=alternate>` with a feed's type.
    Feed,
}

/// A `Refresh` header's or `<meta http-equiv=refresh>`'s content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub seconds: u64,
    /// None: the page itself again.
    pub url: Option<String>,
}

/// Which parts of a page somebody wants to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// All that it fetches.
    All,
    /// Those on other origins than the page's.
    Elsewhere,
}

/// What a page's head says that bears on its links.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served<'a> {
    /// `Content-Security-Policy`, each header's value.
    pub policies: &'a [String],
    /// `Refresh`
    pub refresh: Option<&'a str>,
}

/// Reads the links of a page found at `url`. What the page's own Content-Security-Policy forbids, in
/// a header or in a `<meta>`, is no part of it: no browser asks for it.
pub fn links(url: &Url, page: &PageText<'_>, served: Served<'_>, parts: Parts) -> PageLinks {
    let mut found = Found {
        base: Base::in_charset(url.clone(), page.charset),
        based: false,
        mentions: Vec::with_capacity(128),
        policies: ContentPolicies::of_headers(served.policies),
        in_body: false,
        cut: false,
        asks_for_password: false,
        has_script: false,
    };
    // The header's works as a `<meta>`'s does ("shared declarative refresh steps").
    let led_on = served.refresh.and_then(|content| refresh(content)?.url);
    found.document(led_on.map(Cow::Owned), LinkKind::Refresh);
    let mut room = Vec::new();
    let scripts_lead = pressed::may_lead(&page.text);
    for tag in Tags::new(&page.text) {
        found.in_body = found.in_body || !OF_HEAD.contains(&tag.name.as_bytes());
        let by_script = scripts_lead && tag.may_lead();
        let is_linking = is_linking(tag.name.as_bytes());
        if is_linking || by_script {
            let tag = tag.element(&mut room);
            if is_linking {
                read(&tag, &mut found);
            }
            if by_script {
                pressed::by_script(&tag, &mut found);
            }
        }
    }
    found.resolved(url, parts)
}

/// Reads the content of a refresh (HTML standard, "shared declarative refresh steps"); none where
/// a browser does nothing.
pub fn refresh(content: &str) -> Option<Refresh> {
    let content = content.trim_start_matches(is_space);
    let digits = content.len() - content.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &content[digits..];
    if digits == 0 && !rest.starts_with('.') {
        return None;
    }
    let seconds = content[..digits].parse().unwrap_or(if digits == 0 { 0 } else { u64::MAX });
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.is_empty() {
        return Some(Refresh { seconds, url: None });
    }
    let separated = rest.trim_start_matches(is_space);
    let url = match separated.strip_prefix([';', ',']) {
        Some(url) => url.trim_start_matches(is_space),
        None if separated.len() < rest.len() => separated,
        None => return None,
    };
    // `url=` is optional, and so are the quotes around what follows.
    let url = match url.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            match url[3..].trim_start_matches(is_space).strip_prefix('=') {
                Some(url) => url.trim_start_matches(is_space),
                None => url,
            }
        }
        _ => url,
    };
    let url = match url.chars().next() {
        Some(quote @ ('"' | '\'')) => url[1..].split(quote).next().unwrap_or_default(),
        _ => url,
    };
    Some(Refresh { seconds, url: (!url.is_empty()).then(|| url.to_owned()) })
}

/// A link before the page's base is known.
struct Mention<'a> {
    href: Cow<'a, str>,
    what: What,
    /// How many of the page's policies hold where it stands.
    under: usize,
    vouched: Vouched<'a>,
}

enum What {
    Document { kind: LinkKind, said: Said },
    Embedded(Fetched),
}

/// How a part is asked for.
#[derive(Clone, Copy)]
struct Fetched {
    resource: Resource,
    credentials: Credentials,
    destination: Destination,
}

struct Found<'a> {
    base: Base,
    based: bool,
    mentions: Vec<Mention<'a>>,
    policies: ContentPolicies,
    in_body: bool,
    cut: bool,
    asks_for_password: bool,
    has_script: bool,
}

impl<'a> Found<'a> {
    fn document(&mut self, href: Option<Cow<'a, str>>, kind: LinkKind) {
        self.mention(href, What::Document { kind, said: Said::Plain }, Vouched::default());
    }

    /// A part of the page, asked for as its element's `crossorigin` says.
    fn resource(&mut self, tag: &Element<'_, 'a>, href: Option<Cow<'a, str>>, resource: Resource) {
        if href.is_some() {
            let credentials = credentials(tag, resource);
            let vouched = match self.policies.len() {
                0 => Vouched::default(),
                _ => Vouched { nonce: tag.attribute("nonce"), integrity: tag.attribute("integrity") },
            };
            let destination = destination(tag, resource);
            self.mention(href, What::Embedded(Fetched { resource, credentials, destination }), vouched);
        }
    }

    fn mention(&mut self, href: Option<Cow<'a, str>>, what: What, vouched: Vouched<'a>) {
        let Some(href) = href else { return };
        if self.mentions.len() >= MAX_PER_PAGE {
            self.cut = true;
        } else {
            self.mentions.push(Mention { href, what, under: self.policies.len(), vouched });
        }
    }

    /// Joined at the end, since a `<base>` also counts for what stands before it.
    fn resolved(self, page: &Url, parts: Parts) -> PageLinks {
        let here = Address::new(page).filter(|_| parts == Parts::Elsewhere);
        let is_here = |href: &str| here.as_ref().is_some_and(|here| self.base.stays_on(here.origin(), href));
        let documents = self.mentions.iter().filter(|mention| matches!(mention.what, What::Document { .. }));
        let mut links = PageLinks {
            documents: Vec::with_capacity(documents.count()),
            cut: self.cut,
            asks_for_password: self.asks_for_password,
            has_script: self.has_script,
            ..PageLinks::default()
        };
        for Mention { href, what, under, vouched } in self.mentions {
            // Most parts are the page's own, and no address is made of them.
            if matches!(what, What::Embedded(_)) && is_here(&href) {
                continue;
            }
            let Some(address) = self.base.join(&href) else { continue };
            let allows = |destination| {
                under == 0 || self.policies.allow(page, &address.to_url(), destination, vouched, under)
            };
            match what {
                What::Document { kind: LinkKind::Frame, .. } if !allows(Destination::IFrame) => {}
                What::Document { kind, said } => links.documents.push(Link { address, kind, said }),
                What::Embedded(Fetched { destination, .. }) if !allows(destination) => {}
                What::Embedded(Fetched { resource, credentials, .. }) => {
                    links.resources.push(Embedded { address, resource, credentials });
                }
            }
        }
        links
    }
}

/// With or without credentials (HTML standard: "CORS settings attribute", "fetch a module script
/// graph"). Of a manifest Chromium leaves them out even within the origin.
fn credentials(tag: &Element<'_, '_>, resource: Resource) -> Credentials {
    let crossorigin = tag.attribute("crossorigin");
    let is_module = match tag.name.as_bytes() {
        b"script" => is(tag, "type", "module"),
        b"link" => tag.attribute("rel").is_some_and(|rel| has_word(rel, "modulepreload")),
        _ => false,
    };
    match crossorigin {
        _ if resource == Resource::Frame => Credentials::Include,
        Some(mode) if mode.eq_ignore_ascii_case("use-credentials") => Credentials::Include,
        _ if resource == Resource::Manifest => Credentials::Omit,
        // Whatever else it says is `anonymous`.
        Some(_) => Credentials::SameOrigin,
        None if is_module => Credentials::SameOrigin,
        None => Credentials::Include,
    }
}

fn destination(tag: &Element<'_, '_>, resource: Resource) -> Destination {
    match resource {
        Resource::Other if matches!(tag.name.as_bytes(), b"object" | b"embed") => Destination::Object,
        Resource::Frame => Destination::IFrame,
        Resource::Image => Destination::Image,
        Resource::Script => Destination::Script,
        Resource::Style => Destination::Style,
        Resource::Font => Destination::Font,
        Resource::Manifest => Destination::Manifest,
        Resource::Other => Destination::Video,
        Resource::Document | Resource::Fetch | Resource::WellKnown | Resource::Step => Destination::None,
    }
}

fn has_word(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|written| written.eq_ignore_ascii_case(word))
}

/// Elements that may stand in a document's head: the first that may not begins its body.
const OF_HEAD: &[&[u8]] =
    &[b"html", b"head", b"title", b"base", b"link", b"meta", b"style", b"script", b"noscript", b"template"];

/// Whether an element leads somewhere, or says something of the page that counts for where it leads.
fn is_linking(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"area"
            | b"audio"
            | b"base"
            | b"embed"
            | b"form"
            | b"frame"
            | b"iframe"
            | b"image"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"object"
            | b"script"
            | b"source"
            | b"track"
            | b"video"
    )
}

fn read<'a>(tag: &Element<'_, 'a>, found: &mut Found<'a>) {
    match tag.name.as_bytes() {
        b"a" | b"area" => {
            let attributes = tag.attributes_of(ANCHOR);
            if attributes[0].is_some() {
                let said = said(tag, &attributes);
                let what = What::Document { kind: LinkKind::Anchor, said };
                found.mention(attributes[0].and_then(decoded), what, Vouched::default());
            }
        }
        b"base" if !found.based => {
            if let Some(href) = attribute(tag, "href") {
                found.base = found.base.with(&href);
                found.based = true;
            }
        }
        b"link" => link(tag, found),
        b"iframe" | b"frame" => {
            let src = attribute(tag, "src").filter(|src| !src.trim_matches(is_space).is_empty());
            found.resource(tag, src.clone(), Resource::Frame);
            found.document(src, LinkKind::Frame);
        }
        b"form" if !is(tag, "method", "post") && !is(tag, "method", "dialog") => {
            let said = said_by_form(tag);
            let what = What::Document { kind: LinkKind::Form, said };
            found.mention(attribute(tag, "action"), what, Vouched::default());
            pressed::buttons_of(tag, found);
        }
        // Only a head's counts (HTML standard, "Content security policy state").
        b"meta" if !found.in_body && is(tag, "http-equiv", "content-security-policy") => {
            if let Some(content) = attribute(tag, "content") {
                found.policies.add(&content);
            }
        }
        b"meta" if is(tag, "http-equiv", "refresh") => {
            let url = attribute(tag, "content").and_then(|content| refresh(&content)?.url);
            found.document(url.map(Cow::Owned), LinkKind::Refresh);
        }
        b"img" | b"image" => {
            found.resource(tag, attribute(tag, "src"), Resource::Image);
            srcset(tag, "srcset", found);
        }
        b"source" => {
            srcset(tag, "srcset", found);
            found.resource(tag, attribute(tag, "src"), Resource::Other);
        }
        b"input" if is(tag, "type", "image") => found.resource(tag, attribute(tag, "src"), Resource::Image),
        b"input" if is(tag, "type", "password") => found.asks_for_password = true,
        b"script" => {
            found.has_script = true;
            found.resource(tag, attribute(tag, "src").or_else(|| attribute(tag, "href")), Resource::Script)
        }
        b"video" => {
            found.resource(tag, attribute(tag, "poster"), Resource::Image);
            found.resource(tag, attribute(tag, "src"), Resource::Other);
        }
        b"audio" | b"track" | b"embed" => found.resource(tag, attribute(tag, "src"), Resource::Other),
        b"object" => found.resource(tag, attribute(tag, "data"), Resource::Other),
        _ => {}
    }
}

fn link<'a>(tag: &Element<'_, 'a>, found: &mut Found<'a>) {
    let Some(rel) = attribute(tag, "rel") else { return };
    let rel = rel.to_ascii_lowercase();
    let is = |words: &[&str]| rel.split_ascii_whitespace().any(|word| words.contains(&word));
    let href = attribute(tag, "href");
    if is(&["stylesheet"]) {
        found.resource(tag, href, Resource::Style);
    } else if is(&["icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon"]) {
        found.resource(tag, href, Resource::Image);
    } else if is(&["manifest"]) {
        found.resource(tag, href, Resource::Manifest);
    } else if is(&["modulepreload"]) {
        found.resource(tag, href, Resource::Script);
    } else if is(&["preload"]) {
        let resource = match tag.attribute("as").unwrap_or_default().to_ascii_lowercase().as_str() {
            "script" | "worker" => Resource::Script,
            "style" => Resource::Style,
            "image" => Resource::Image,
            "font" => Resource::Font,
            "fetch" => Resource::Fetch,
            _ => Resource::Other,
        };
        found.resource(tag, href, resource);
        srcset(tag, "imagesrcset", found);
    } else if is(RELATED) {
        let kind = attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
        if kind.is_empty() || kind.contains("html") {
            found.document(href, LinkKind::Related);
        } else if is(&["alternate"]) && FEEDS.iter().any(|feed| kind.starts_with(feed)) {
            found.document(href, LinkKind::Feed);
        }
    }
}

/// Relations that lead to pages for people.
const RELATED: &[&str] = &[
    "alternate",
    "amphtml",
    "author",
    "canonical",
    "contents",
    "first",
    "help",
    "home",
    "index",
    "last",
    "license",
    "next",
    "prefetch",
    "prerender",
    "prev",
    "previous",
    "privacy-policy",
    "shortlink",
    "start",
    "terms-of-service",
    "up",
];

const FEEDS: &[&str] = &["application/rss+xml", "application/atom+xml"];

/// The candidates of a `srcset` (HTML standard, "parse a srcset attribute", without its sizes).
fn srcset<'a>(tag: &Element<'_, 'a>, name: &str, found: &mut Found<'a>) {
    let Some(set) = attribute(tag, name) else { return };
    let mut rest: &str = &set;
    loop {
        rest = rest.trim_start_matches(|c| is_space(c) || c == ',');
        if rest.is_empty() {
            return;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (url, after) = rest.split_at(end);
        let bare = url.trim_end_matches(',');
        found.resource(tag, Some(Cow::Owned(bare.to_owned())), Resource::Image);
        // Commas at the end of the URL end the candidate; otherwise its descriptors follow.
        rest =
            if bare.len() < url.len() { after } else { after.find(',').map_or("", |comma| &after[comma..]) };
    }
}

/// An attribute's value as a browser reads it.
fn attribute<'a>(tag: &Element<'_, 'a>, name: &str) -> Option<Cow<'a, str>> {
    decoded(tag.attribute(name)?)
}

fn is(tag: &Element<'_, '_>, name: &str, value: &str) -> bool {
    tag.attribute(name).is_some_and(|written| written.eq_ignore_ascii_case(value))
}

/// Character references decoded.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    if value.len() > MAX_ATTRIBUTE {
        return None;
    }
    if memchr2(b'&', b'\0', value.as_bytes()).is_none() {
        return Some(Cow::Borrowed(value));
    }
    let value =
        if value.contains('\0') { value.replace('\0', "\u{fffd}").into() } else { Cow::Borrowed(value) };
    Some(htmlize::unescape_attribute(value))
}

/// What is read of an anchor: where it leads, what names it, whether it asks first or is kept, and
/// the methods that scripts would send it with.
const ANCHOR: [&str; 15] = [
    "href",
    "aria-label",
    "title",
    "onclick",
    "download",
    "data-confirm",
    "data-turbo-confirm",
    "hx-confirm",
    "data-method",
    "data-turbo-method",
    "data-post",
    "hx-post",
    "hx-put",
    "hx-patch",
    "hx-delete",
];

/// What a link says that it does.
fn said(tag: &Element<'_, '_>, attributes: &[Option<&str>; ANCHOR.len()]) -> Said {
    let source = &tag.rest[..tag.rest.floor_char_boundary(MAX_TEXT_SOURCE)];
    let ends = |at: &usize| ends_link(&source.as_bytes()[at + 1..]);
    let end = memchr_iter(b'<', source.as_bytes()).find(ends).unwrap_or(source.len());
    said_in(&source[..end], attributes)
}

/// The same of any element with these contents.
fn said_in(source: &str, attributes: &[Option<&str>; ANCHOR.len()]) -> Said {
    let [
        _,
        label,
        title,
        onclick,
        download,
        confirm,
        turbo_confirm,
        hx_confirm,
        method,
        turbo_method,
        sends @ ..,
    ] = *attributes;
    let plain = |text: Option<&str>| text.is_none_or(|text| !may_say_something(text.as_bytes()));
    let nothing_else = attributes[3..].iter().all(Option::is_none);
    // Most links are done with here, and no text is made of them.
    if nothing_else && plain(label) && plain(title) && has_text(source.as_bytes()) && plain(Some(source)) {
        return Said::Plain;
    }
    let text = visible_text(source);
    let name = |value: Option<&str>| value.and_then(decoded).map(|name| bounded(name.trim()).to_owned());
    let inner = || {
        let pictures = Tags::new(source).take(8);
        let mut room = Vec::new();
        let mut names =
            pictures.flat_map(|tag| tag.element(&mut room).attributes_of(["aria-label", "title", "alt"]));
        names.find_map(|value| name(value).filter(|name| !name.is_empty()))
    };
    let second = name(title).filter(|title| !title.is_empty()).or_else(inner);
    Words {
        text: &text,
        names: [name(label).as_deref().unwrap_or_default(), second.as_deref().unwrap_or_default()],
        method: method.or(turbo_method).or(sends.iter().any(Option::is_some).then_some("post")),
        asks: [confirm, turbo_confirm, hx_confirm].iter().any(Option::is_some)
            || onclick.and_then(decoded).is_some_and(|script| asks_first(&script)),
        keeps: download.is_some(),
    }
    .said()
}

/// What the buttons of a form say, and the token that it would send.
fn said_by_form(tag: &Element<'_, '_>) -> Said {
    let source = &tag.rest[..tag.rest.floor_char_boundary(MAX_FORM_SOURCE)];
    let end = memchr_iter(b'<', source.as_bytes()).find(|at| {
        source.as_bytes()[at + 1..].get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"/form"))
    });
    let source = &source[..end.unwrap_or(source.len())];
    let mut said = None;
    let mut room = Vec::new();
    for tag in Tags::new(source) {
        let tag = tag.element(&mut room);
        let words = match tag.name.as_bytes() {
            b"button" if !is(&tag, "type", "reset") && !is(&tag, "type", "button") => {
                let rest = &tag.rest[..tag.rest.floor_char_boundary(MAX_TEXT_SOURCE)];
                visible_text(&rest[..rest.find("</button").unwrap_or(rest.len())])
            }
            b"input" => {
                let [kind, name, value] =
                    tag.attributes_of(["type", "name", "value"]).map(|value| value.and_then(decoded));
                let value = value.unwrap_or_default();
                match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
                    "hidden" if is_anti_forgery(&name.unwrap_or_default(), &value) => {
                        return Said::Acts(Danger::CarriesToken);
                    }
                    "submit" | "image" => value.into_owned(),
                    _ => continue,
                }
            }
            _ => continue,
        };
        match (Words { text: &words, ..Words::default() }).said() {
            acts @ Said::Acts(_) => return acts,
            other => said = Some(if said.is_none_or(|known| known == other) { other } else { Said::Plain }),
        }
    }
    // A form without a button is sent by a script, or with the enter key: a search.
    said.unwrap_or(Said::Plain)
}

/// Whether a tag, from behind its `<`, ends a link: `</a>`, or the next one.
fn ends_link(tag: &[u8]) -> bool {
    let name = tag.strip_prefix(b"/").unwrap_or(tag);
    matches!(name, [b'a' | b'A', next, ..] if !next.is_ascii_alphanumeric())
}

/// Whether there is anything but tags and spaces.
fn has_text(source: &[u8]) -> bool {
    let mut rest = source;
    loop {
        match rest.trim_ascii_start() {
            [] => return false,
            [b'<', tag @ ..] => rest = memchr(b'>', tag).map_or(&[], |end| &tag[end + 1..]),
            _ => return true,
        }
    }
}

/// The text without tags, spaces collapsed, character references decoded.
fn visible_text(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while !rest.is_empty() && text.len() < MAX_TEXT {
        let (piece, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        for word in htmlize::unescape(piece).split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        rest = tag.find('>').map_or("", |end| &tag[end + 1..]);
    }
    bounded(&text).to_owned()
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::{Html, Selector as DomSelector};
    use std::collections::BTreeSet;

    const PAGE: &str = "https://example.org/dir/page";

    fn read(body: &str) -> PageLinks {
        links(&Url::parse(PAGE).unwrap(), &PageText::html(body.as_bytes()), Served::default(), Parts::All)
    }

    #[test]
    fn own_parts_are_left_out_where_nobody_asks() {
        let body = "<img src=/a><img src=//example.org/b><script src=https://example.org/c></script>\
                    <img src=https://cdn.example/d><img src=http://example.org/e><iframe src=f></iframe>\
                    <img src='/a b'><base href='https://other.example/x/'><img src=g>";
        let read = |parts| {
            let url = Url::parse(PAGE).unwrap();
            links(&url, &PageText::html(body.as_bytes()), Served::default(), parts)
        };
        let (all, elsewhere) = (read(Parts::All), read(Parts::Elsewhere));
        assert_eq!(elsewhere.documents, all.documents);
        let is_elsewhere = |part: &&Embedded| part.address.origin() != "https://example.org";
        let expected: Vec<&Embedded> = all.resources.iter().filter(is_elsewhere).collect();
        assert_eq!(elsewhere.resources.iter().filter(is_elsewhere).collect::<Vec<_>>(), expected);
        assert!(elsewhere.resources.len() < all.resources.len());
    }

    #[test]
    fn documents() {
        #[track_caller]
        fn case(body: &str, expected: &[&str]) {
            let found: Vec<_> = read(body).documents.iter().map(|link| link.address.to_string()).collect();
            let expected: Vec<_> = expected.iter().map(|path| format!("https://example.org{path}")).collect();
            assert_eq!(found, expected, "{body}");
        }
        case("<a href=/a>x</a><a>y</a><area href='b'><A HREF=\"?c\">", &["/a", "/dir/b", "/dir/page?c"]);
        case("<a href='/a?b=1&amp;c=2&#x26;d=3&copy=4'>", &["/a?b=1&c=2&d=3&copy=4"]);
        case("<a href=' /a\n'>", &["/a"]);
        case(
            "<a href='javascript:x()'><a href='mailto:a@b.c'><a href='data:text/html,x'><a href='tel:1'>",
            &[],
        );
        case(
            "<a href='/before'><base href='/other/'><base href='/no/'><a href='after'>",
            &["/before", "/other/after"],
        );
        case("<base href='javascript:x'><a href='after'>", &["/dir/after"]);
        case(
            "<link rel=canonical href=/c><link rel='nofollow NEXT' href=/n><link rel=alternate hreflang=de href=/de>",
            &["/c", "/n", "/de"],
        );
        case(
            "<link rel=alternate type=application/rss+xml href=/feed><link rel=amphtml href=/amp>\
             <link rel=alternate type=application/json href=/j><link rel=dns-prefetch href=//x.org>",
            &["/feed", "/amp"],
        );
        case("<iframe src=/i></iframe><frame src=/f><iframe src=''>", &["/i", "/f"]);
        case(
            "<form action=/search><form method=GET action=/g><form method=post action=/p><form>",
            &["/search", "/g"],
        );
        case(
            "<meta http-equiv=Refresh content='0; url=/r'><meta name=refresh content='0; url=/no'>",
            &["/r"],
        );
        case(
            "<!-- <a href=/no> --><script>'<a href=/no>'</script><title><a href=/no></title><textarea><a href=/no></textarea>",
            &[],
        );
        case("<noscript><a href=/n>no script</a></noscript><a href=/after>", &["/n", "/after"]);
        case("<a href=/open", &[]);
        case("<a href='/open", &[]);
        case("<p><a href=/a rel=nofollow><b><i>", &["/a"]);
        case("<a href=\u{0}/a>", &["/dir/%EF%BF%BD/a"]);
    }

    #[test]
    fn resources() {
        use Resource::*;
        #[track_caller]
        fn case(body: &str, expected: &[(&str, Resource)]) {
            let found: Vec<_> = read(body)
                .resources
                .into_iter()
                .map(|part| (part.address.path_and_query().to_owned(), part.resource))
                .collect();
            let expected: Vec<_> = expected.iter().map(|(path, kind)| (path.to_string(), *kind)).collect();
            assert_eq!(found, expected, "{body}");
        }
        case(
            "<img src=/i srcset='/1x.png, /2x.png 2x,/3,x.png 3x'>",
            &[("/i", Image), ("/1x.png", Image), ("/2x.png", Image), ("/3,x.png", Image)],
        );
        case(
            "<script src=/s></script><script>x</script><link rel=stylesheet href=/c>",
            &[("/s", Script), ("/c", Style)],
        );
        case(
            "<link rel='shortcut icon' href=/f><link rel=manifest href=/m>",
            &[("/f", Image), ("/m", Manifest)],
        );
        case(
            "<link rel=preload as=font href=/f><link rel=modulepreload href=/m><link rel=preload as=fetch href=/x>",
            &[("/f", Font), ("/m", Script), ("/x", Fetch)],
        );
        case(
            "<video src=/v poster=/p><source src=/w></video><audio src=/a><track src=/t>",
            &[("/p", Image), ("/v", Other), ("/w", Other), ("/a", Other), ("/t", Other)],
        );
        case(
            "<object data=/o></object><embed src=/e><input type=image src=/i><input src=/no>",
            &[("/o", Other), ("/e", Other), ("/i", Image)],
        );
        case("<noscript><img src='/tr?id=1&amp;ev=PageView'></noscript>", &[("/tr?id=1&ev=PageView", Image)]);
        case("<iframe src=/frame></iframe>", &[("/frame", Frame)]);
    }

    #[test]
    fn parts_are_asked_for_with_credentials_or_without() {
        use Credentials::{Include, Omit, SameOrigin};
        #[track_caller]
        fn case(body: &str, expected: Credentials) {
            let found: Vec<_> = read(body).resources.iter().map(|part| part.credentials).collect();
            assert_eq!(found, [expected], "{body}");
        }
        case("<script src=/s></script>", Include);
        case("<script src=/s crossorigin></script>", SameOrigin);
        case("<script src=/s crossorigin=anonymous></script>", SameOrigin);
        case("<script src=/s crossorigin=whatever></script>", SameOrigin);
        case("<script src=/s crossorigin=Use-Credentials></script>", Include);
        case("<script type=module src=/s></script>", SameOrigin);
        case("<script type=Module crossorigin=use-credentials src=/s></script>", Include);
        case("<link rel=modulepreload href=/m>", SameOrigin);
        case("<link rel=preload as=font crossorigin href=/f>", SameOrigin);
        case("<link rel=preload as=image href=/f>", Include);
        case("<link rel=stylesheet href=/c>", Include);
        case("<link rel=stylesheet href=/c crossorigin=''>", SameOrigin);
        case("<link rel=manifest href=/m>", Omit);
        case("<link rel=manifest href=/m crossorigin=anonymous>", Omit);
        case("<link rel=manifest href=/m crossorigin=use-credentials>", Include);
        case("<img src=/i crossorigin=anonymous>", SameOrigin);
        case("<video src=/v crossorigin></video>", SameOrigin);
        case("<iframe src=/f crossorigin></iframe>", Include);
    }

    #[test]
    fn what_the_pages_policy_forbids_is_no_part_of_it() {
        #[track_caller]
        fn case(headers: &[&str], body: &str, expected: &[&str]) {
            let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
            let found = links(
                &Url::parse(PAGE).unwrap(),
                &PageText::html(body.as_bytes()),
                Served { policies: &headers, refresh: None },
                Parts::All,
            );
            let parts = found.resources.iter().map(|part| part.address.as_str());
            let pages = found.documents.iter().map(|link| link.address.as_str());
            assert_eq!(parts.chain(pages).collect::<Vec<_>>(), expected, "{headers:?} {body}");
        }
        let foreign = "<img src=https://b.example/i><script src=https://b.example/s></script>";
        case(&["img-src 'self'"], foreign, &["https://b.example/s"]);
        case(&["default-src 'self'", "img-src *"], foreign, &[]);
        case(&["default-src 'self'; img-src *"], foreign, &["https://b.example/i"]);
        case(&["frame-src 'none'"], "<iframe src=/f></iframe><a href=/f>", &["https://example.org/f"]);
        case(
            &["object-src 'none'"],
            "<object data=/o></object><video src=/v></video>",
            &["https://example.org/v"],
        );
        let meta = "<meta http-equiv=Content-Security-Policy content=\"img-src 'self'\">";
        case(&[], &format!("<img src=https://b.example/i>{meta}"), &["https://b.example/i"]);
        case(&[], &format!("<head>{meta}</head><img src=https://b.example/i>"), &[]);
        case(&[], &format!("<body>{meta}<img src=https://b.example/i>"), &["https://b.example/i"]);
        case(
            &["script-src 'nonce-k'"],
            "<script nonce=k src=https://b.example/s></script><script nonce=x src=https://b.example/t></script>",
            &["https://b.example/s"],
        );
        case(
            &["script-src 'none'"],
            "<link rel=stylesheet href=https://b.example/c>",
            &["https://b.example/c"],
        );
    }

    #[test]
    fn what_a_link_says() {
        use Danger::*;
        use Said::*;
        #[track_caller]
        fn case(body: &str, said: Said) {
            assert_eq!(read(body).documents[0].said, said, "{body}");
        }
        case("<a href=/x>Log  out</a> now", Acts(LogsOut));
        case("<a href=/x><i class=icon></i>\n <b>Log</b> out &raquo;</A>", Acts(LogsOut));
        case("<a href=/x>D&eacute;connexion</a>", Acts(LogsOut));
        case("<a href=/x>\u{412}\u{44b}\u{439}\u{442}\u{438}</a>", Acts(LogsOut));
        case("<a href=/x title='Log out'><img></a>", Acts(LogsOut));
        case("<a href=/x title='Log out'></a>", Acts(LogsOut));
        case("<a href=/x title='Log out'>Anna</a>", Acts(LogsOut));
        case("<a href=/x><img src=/i alt='Log out'></a>", Acts(LogsOut));
        case("<a href=/x></a><img alt='Log out'>", Nothing);
        case("<a href=/x>Home</a><a href=/y>Log out</a>", Plain);
        case("<a href=/x>Home<a href=/y>Log out</a>", Plain);
        case("<a href=/x>", Nothing);
        case("<a href=/x>Weblog</a>", Plain);
        case("<a href=/x data-method=delete>x</a>", Sends);
        case("<a href=/x data-turbo-method=put>x</a>", Sends);
        case("<a href=/x data-method=GET>x</a>", Plain);
        case("<a href=/x data-post='db=a'>x</a>", Sends);
        case("<a href=/x hx-delete=/y>x</a>", Sends);
        case("<a href=/x data-confirm='Sure?'>x</a>", Sends);
        case("<a href=/x onclick=\"return confirm(&quot;Sure?&quot;)\">x</a>", Sends);
        case("<a href=/x onclick='track(this)'>x</a>", Plain);
        case("<a href=/x download>x</a>", Download);
        case("<a href=/x>Cancel</a>", Perhaps(ChangesData));
        case("<a href=/x>Follow</a>", MayAct);
    }

    #[test]
    fn what_a_form_says() {
        use Danger::*;
        use Said::*;
        #[track_caller]
        fn case(form: &str, said: Said) {
            assert_eq!(read(&format!("<form action=/x>{form}</form>")).documents[0].said, said, "{form}");
        }
        case("<input name=q><button>Search</button>", Plain);
        case("<input name=q>", Plain);
        case("<button>Log out</button>", Acts(LogsOut));
        case("<input type=submit value='Delete'>", Acts(ChangesData));
        case("<input type=hidden name=csrf_token value=abc><input type=submit value=Go>", Acts(CarriesToken));
        case("<input name=q><button type=reset>Reset</button><button>Search</button>", Plain);
        case("<button>Cancel</button><button>Search</button>", Plain);
        case("<button>Cancel</button>", Perhaps(ChangesData));
        case("</form><button>Delete</button>", Plain);
    }

    #[test]
    fn refreshes() {
        #[track_caller]
        fn case(content: &str, expected: Option<(u64, Option<&str>)>) {
            let expected = expected.map(|(seconds, url)| Refresh { seconds, url: url.map(str::to_owned) });
            assert_eq!(refresh(content), expected, "{content}");
        }
        case("5", Some((5, None)));
        case("5; url=/a", Some((5, Some("/a"))));
        case(" 0;URL = '/a b'x", Some((0, Some("/a b"))));
        case("1.5, /a", Some((1, Some("/a"))));
        case("5 /a", Some((5, Some("/a"))));
        case("0;url=\"/a", Some((0, Some("/a"))));
        case("0; urls/a", Some((0, Some("urls/a"))));
        case("; url=/a", None);
        case("5x", None);
        case("", None);
        case("99999999999999999999; url=/a", Some((u64::MAX, Some("/a"))));
    }

    /// Where a tokenizer goes astray if it is not careful; html5ever is the judge.
    const TRICKY: &[&str] = &[
        "<a href=/a><a href=/b>",
        "<A HrEf='/a'>",
        "<a\nhref\n=\n/a>",
        "<a href=/a/>",
        "<a href=\"/a\"class=x>",
        "<a class=x/href=/a>",
        "<a href=/a href=/b>",
        "<a href = '/a' >",
        "<a href='/a>b'>",
        "<a title='<a href=/no>' href=/a>",
        "<a href=/a&amp;b><a href=/a&ampb><a href=/x?a&lt=1><a href=/x?a&lt;1><a href=/x?&notit;=1>",
        "<a href='&#47;a'><a href='&#x2f;b'><a href='&#0;'><a href='&#x110000;'><a href='&#128;'>",
        "<a href='/a&nbsp;b'><a href='/&auml;'><a href='/&NotEqualTilde;'>",
        "<!-- <a href=/no> --><a href=/a>",
        "<!--><a href=/a>",
        "<!---><a href=/a>",
        "<!-- a -- b --!><a href=/a>",
        "<!-- a -><a href=/no> --><a href=/a>",
        "<!doctype html><a href=/a>",
        "<![CDATA[<a href=/a>]]>",
        "<?php <a href=/a> ?><a href=/b>",
        "</ x><a href=/a>",
        "<script><a href=/no></script><a href=/a>",
        "<script><!-- <script> </script> <a href=/no> --></script><a href=/a>",
        "<script><!-- </script><a href=/a>",
        "<script>'</scr'+'ipt><a href=/no>'</script ><a href=/a>",
        "<SCRIPT></script/><a href=/a>",
        "<style><a href=/no></style><a href=/a>",
        "<title><a href=/no></title><a href=/a>",
        "<textarea><a href=/no></textarea><a href=/a>",
        "<xmp><a href=/no></xmp><a href=/a>",
        "<iframe><a href=/no></iframe><a href=/a>",
        "<noembed><a href=/no></noembed><a href=/a>",
        "<noframes><a href=/no></noframes><a href=/a>",
        "<plaintext><a href=/no></plaintext>",
        "<svg><title><a href=/a></title></svg>",
        "<svg><a href=/a></a></svg>",
        "<svg><style><a href=/a></style></svg>",
        "<svg><script><a href=/a></script></svg><a href=/b>",
        "<svg><![CDATA[<a href=/no>]]></svg><a href=/a>",
        "<svg><foreignObject><a href=/a></foreignObject></svg>",
        "<math><mi><a href=/a></mi></math>",
        "<math><annotation-xml encoding='text/html'><a href=/a></annotation-xml></math>",
        "<svg><p><title><a href=/no></title>",
        "<svg></svg><title><a href=/no></title>",
        "<table><a href=/a><tr><td><a href=/b></table>",
        "<table><tr><a href=/a>",
        "<button><a href=/a></button>",
        "<p><a href=/a><p><a href=/b>",
        "<b><a href=/a></b><a href=/b>",
        "<div <a href=/a>",
        "<div class='x><a href=/no>'><a href=/a>",
        "<div x=<a><a href=/a>",
        "<a href=/a\u{0}b>",
        "a < b <a href=/a>",
        "<<a href=/a>",
        "<a$ href=/no><a href=/a>",
        "<aside href=/no><a href=/a>",
        "<a href=>x</a>",
        "<a href=''>x</a>",
        "<a href>x</a>",
        "<br/><a href=/a/><a href=/b>",
        "<a href='/a\r\nb'>",
        "<a href='/\u{1f36a}'>",
        "<body><a href=/a></body></html><a href=/b>",
        "<frameset><a href=/no></frameset>",
        "<a href=/a",
        "<a href='/a",
    ];

    /// A tokenizer follows no tree: these it reads where html5ever does not.
    const KNOWN_GAPS: &[&str] = &["<frameset><a href=/no></frameset>"];

    #[test]
    fn agrees_with_html5ever() {
        let mut disagree: Vec<&str> = Vec::new();
        for body in TRICKY {
            let (ours, by_dom) = both(body);
            if ours != by_dom {
                println!("{body}: ours {ours:?}, html5ever {by_dom:?}");
                disagree.push(body);
            }
        }
        assert_eq!(disagree, KNOWN_GAPS);
    }

    /// What documents are made of when they go wrong; `#` stands for a number. SVG is left to the
    /// table: which of its elements an end tag closes depends on the whole tree.
    const PIECES: &[&str] = &[
        "<a href=/#>",
        "<a href='/#'>",
        "<a class=\"x\" href=\"/#\">",
        "</a>",
        "<!--",
        "-->",
        "--",
        "!",
        "<!",
        "<?",
        "</",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        "</textarea>",
        "<xmp>",
        "</xmp>",
        "<p>",
        "</p>",
        "<div title='",
        "<div x=\"",
        "'",
        "\"",
        "<![CDATA[",
        "]]>",
        "<",
        ">",
        "=",
        " ",
        "/",
        "x",
        "\n",
        "<b>",
        "<i/>",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]
        #[test]
        fn agrees_with_html5ever_on_any_soup(pieces in proptest::collection::vec(0..PIECES.len(), 1..30)) {
            let body: String = pieces.iter().enumerate().map(|(at, piece)| PIECES[*piece].replace('#', &at.to_string())).collect();
            let (ours, by_dom) = both(&body);
            proptest::prop_assert_eq!(ours, by_dom, "{}", body);
        }
    }

    fn both(body: &str) -> (BTreeSet<Address>, BTreeSet<Address>) {
        let anchors = DomSelector::parse("a[href]").unwrap();
        let base = Url::parse(PAGE).unwrap();
        let dom = Html::parse_document(body);
        let by_dom = dom
            .select(&anchors)
            .filter_map(|anchor| Address::new(&base.join(anchor.attr("href")?).ok()?))
            .collect();
        (read(body).documents.into_iter().map(|link| link.address).collect(), by_dom)
    }

    #[test]
    fn bad_bytes_and_endless_things_are_borne() {
        let url = Url::parse(PAGE).unwrap();
        let huge = format!("<a href='{}'><a href=/a>", "x".repeat(1 << 20));
        assert_eq!(
            links(&url, &PageText::html(huge.as_bytes()), Served::default(), Parts::All).documents.len(),
            1
        );
        let many = "<a href=/a>".repeat(MAX_PER_PAGE + 5);
        let found = links(&url, &PageText::html(many.as_bytes()), Served::default(), Parts::All);
        assert!(found.cut && found.documents.len() == MAX_PER_PAGE);
        let nested = "<noscript>".repeat(5000) + "<a href=/a>";
        assert!(
            links(&url, &PageText::html(nested.as_bytes()), Served::default(), Parts::All).documents.len()
                <= 1
        );
        let deep = "<svg>".repeat(100_000) + "<a href=/a>";
        links(&url, &PageText::html(deep.as_bytes()), Served::default(), Parts::All);
        let bytes: Vec<u8> = (0..=255).collect();
        links(&url, &PageText::html(&bytes), Served::default(), Parts::All);
        links(
            &url,
            &PageText::html(b"<a href=/\xff\xfe>x</a><\x00a href=/b><a \xff=1 href=/c>"),
            Served::default(),
            Parts::All,
        );
        let utf16: Vec<u8> = "\u{feff}<a href=/a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(links(&url, &PageText::html(&utf16), Served::default(), Parts::All).documents.len(), 1);
        let path = |body: &[u8]| {
            links(&url, &PageText::html(body), Served::default(), Parts::All).documents[0]
                .address
                .path()
                .to_owned()
        };
        assert_eq!(path(b"<a href=/\xe9>"), "/%C3%A9");
        assert_eq!(path(b"<meta charset='UTF-8'><a href=/\xe9>"), "/%EF%BF%BD");
    }
}
