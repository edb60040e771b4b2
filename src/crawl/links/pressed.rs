//! What leads somewhere only once it is pressed: an element whose `onclick` is nothing but an address, and
//! the buttons of a form without fields. Where a script does anything beside, nobody knows what it is.

use super::{ANCHOR, Element, Found, LinkKind, MAX_FORM_SOURCE, MAX_TEXT_SOURCE, What};
use super::{attribute, decoded, is, said, said_in};
use crate::crawl::Danger;
use crate::crawl::content_policy::Vouched;
use crate::crawl::danger::Said;
use crate::crawl::tags::Tags;
use memchr::{memchr_iter, memmem};
use std::borrow::Cow;

/// Whether a page has any element that leads somewhere by a script of its own.
pub(super) fn may_lead(page: &str) -> bool {
    ["onclick", "onClick", "ONCLICK"]
        .iter()
        .any(|name| memmem::find(page.as_bytes(), name.as_bytes()).is_some())
}

/// Where an element's own script leads.
pub(super) fn by_script<'a>(tag: &Element<'_, 'a>, found: &mut Found<'a>) {
    let Some(href) = tag.attribute("onclick").and_then(decoded).and_then(leads_to) else { return };
    if tag.attribute("disabled").is_some() {
        return;
    }
    let mut attributes = tag.attributes_of(ANCHOR);
    let said = match tag.name.as_bytes() {
        b"a" | b"area" => said(tag, &attributes),
        b"input" => named(said_in(tag.attribute("value").unwrap_or_default(), &attributes)),
        b"img" | b"image" => {
            attributes[1] = attributes[1].or(tag.attribute("alt"));
            named(said_in("", &attributes))
        }
        name => named(said_in(inside(tag.rest, name), &attributes)),
    };
    found.mention(Some(href), What::Document { kind: LinkKind::Anchor, said }, Vouched::default());
}

/// Where the buttons of a form with GET lead that has nothing to fill in.
pub(super) fn buttons_of<'a>(form: &Element<'_, 'a>, found: &mut Found<'a>) {
    let source = &form.rest[..form.rest.floor_char_boundary(MAX_FORM_SOURCE)];
    let Some(end) = memchr_iter(b'<', source.as_bytes()).find(|at| is_end(&source[at + 1..], b"form")) else {
        return;
    };
    if form.attribute("onsubmit").is_some() {
        return;
    }
    let mut room = Vec::new();
    let mut leads = Vec::new();
    for tag in Tags::new(&source[..end]) {
        let tag = tag.element(&mut room);
        let kind = attribute(&tag, "type").unwrap_or_default().to_ascii_lowercase();
        let submits = match tag.name.as_bytes() {
            b"button" => !matches!(kind.as_str(), "button" | "reset"),
            b"input" if matches!(kind.as_str(), "button" | "reset") => false,
            b"input" if kind == "submit" => true,
            // Its value goes along.
            b"input" | b"select" | b"textarea" => return,
            // What a script makes of it nobody knows.
            name if name.is_empty() || name.contains(&b'-') => return,
            _ => continue,
        };
        let Some(href) = attribute(&tag, "formaction").filter(|_| submits) else { continue };
        let otherwise = ["onclick", "disabled", "name"].iter().any(|name| tag.attribute(name).is_some());
        let gets = tag.attribute("formmethod").is_none() || is(&tag, "formmethod", "get");
        // What stands behind a `?` is replaced by the fields, of which there are none.
        if otherwise || !gets || href.trim().is_empty() || href.contains(['?', '#']) {
            continue;
        }
        let attributes = tag.attributes_of(ANCHOR);
        let said = match tag.name.as_bytes() {
            b"button" => said_in(inside(tag.rest, b"button"), &attributes),
            _ => said_in(tag.attribute("value").unwrap_or_default(), &attributes),
        };
        leads.push((href, named(said)));
    }
    for (href, said) in leads {
        found.mention(Some(href), What::Document { kind: LinkKind::Form, said }, Vouched::default());
    }
}

/// A button without a word may do anything.
fn named(said: Said) -> Said {
    if said == Said::Nothing { Said::Perhaps(Danger::ChangesData) } else { said }
}

/// The address that a script goes to, where it does nothing else: `location.href = '/x'`,
/// `window.location.assign("/x"); return false`.
fn leads_to(script: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let address = |script: &str| {
        let trimmed = script.trim();
        let mut rest = trimmed;
        rest = strip(rest, &["javascript:"]).unwrap_or(rest);
        while let Some(after) = strip(rest, &["event.preventDefault();", "event.stopPropagation();"]) {
            rest = after;
        }
        rest = strip(rest, &["return "]).unwrap_or(rest);
        rest = strip(rest, &["window.", "document.", "self.", "top.", "parent."]).unwrap_or(rest);
        rest = strip(rest, &["location"])?;
        let called = strip(rest, &[".assign", ".replace"]);
        rest = match called {
            Some(rest) => strip(rest, &["("])?,
            None => strip(strip(rest, &[".href"]).unwrap_or(rest), &["="])?,
        };
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let start = script.len() - script.trim_start().len() + trimmed.len() - rest.len() + 1;
        let (address, after) = rest[1..].split_once(quote)?;
        rest = after.trim_start();
        if called.is_some() {
            rest = strip(rest, &[")"])?;
        }
        rest = strip(rest, &[";"]).unwrap_or(rest);
        rest = strip(rest, &["return false", "return true"]).unwrap_or(rest);
        rest = strip(rest, &[";"]).unwrap_or(rest);
        let plain = !address.trim().is_empty() && !address.contains(['\\', '<', '\n', '\r']);
        (rest.is_empty() && plain).then_some(start..start + address.len())
    };
    match script {
        Cow::Borrowed(script) => Some(Cow::Borrowed(&script[address(script)?])),
        Cow::Owned(script) => Some(Cow::Owned(script[address(&script)?].to_owned())),
    }
}

/// What follows one of these words, and spaces.
fn strip<'s>(script: &'s str, words: &[&str]) -> Option<&'s str> {
    words.iter().find_map(|word| script.strip_prefix(word)).map(str::trim_start)
}

/// What stands within an element that begins before `rest`.
fn inside<'a>(rest: &'a str, name: &[u8]) -> &'a str {
    let source = &rest[..rest.floor_char_boundary(MAX_TEXT_SOURCE)];
    let mut open = 1_usize;
    for at in memchr_iter(b'<', source.as_bytes()) {
        let tag = &source[at + 1..];
        if is_end(tag, name) {
            open -= 1;
        } else if is_start(tag, name) {
            // The next of them ends the one before.
            open = if ENDED_BY_THE_NEXT.contains(&name) { 0 } else { open + 1 };
        }
        if open == 0 {
            return &source[..at];
        }
    }
    source
}

const ENDED_BY_THE_NEXT: &[&[u8]] = &[b"dd", b"dt", b"li", b"option", b"p", b"td", b"th", b"tr", b"button"];

fn is_end(tag: &str, name: &[u8]) -> bool {
    tag.strip_prefix('/').is_some_and(|tag| is_start(tag, name))
}

fn is_start(tag: &str, name: &[u8]) -> bool {
    let tag = tag.as_bytes();
    tag.get(..name.len()).is_some_and(|written| written.eq_ignore_ascii_case(name))
        && tag.get(name.len()).is_none_or(|next| !next.is_ascii_alphanumeric() && *next != b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_only_goes_somewhere() {
        #[track_caller]
        fn case(script: &str, expected: Option<&str>) {
            assert_eq!(leads_to(Cow::Borrowed(script)).as_deref(), expected, "{script}");
            assert_eq!(leads_to(Cow::Owned(script.to_owned())).as_deref(), expected, "{script}");
        }
        case("location.href='/x'", Some("/x"));
        case(" location = \"/x?a=b\" ; ", Some("/x?a=b"));
        case("window.location.assign('/x');return false;", Some("/x"));
        case("document.location.replace( 'x' )", Some("x"));
        case("javascript:event.preventDefault(); top.location.href='/x'", Some("/x"));
        case("return location.href = '/x'", Some("/x"));
        case("location.href='/x'+id", None);
        case("location.href='/x?'+'y'", None);
        case("location.href=url", None);
        case("location.href==='/x'", None);
        case("location.href='/x'; send()", None);
        case("send(); location.href='/x'", None);
        case("if (confirm('x')) location.href='/x'", None);
        case("location.href='/a\\x2fb'", None);
        case("location.reload()", None);
        case("location.hash='#x'", None);
        case("relocation='/x'", None);
        case("location=''", None);
        case("location='/x", None);
    }

    #[test]
    fn what_stands_within_an_element() {
        assert_eq!(inside("a<div>b</div>c</DIV>d", b"div"), "a<div>b</div>c");
        assert_eq!(inside("<td>a<tr><td>b", b"tr"), "<td>a");
        assert_eq!(inside("a<divider>b", b"div"), "a<divider>b");
        assert_eq!(inside("a<button-bar></button-bar>b</button>c", b"button"), "a<button-bar></button-bar>b");
    }
}
