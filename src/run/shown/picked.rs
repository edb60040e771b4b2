//! What the page in front gives a step: where a link of it leads, and the value of one of its
//! elements (`${page:input[name=csrf]}`). So a plan without a browser presses "Log out" where only
//! a link or token made for this visitor does it.

use super::{Shown, cut};
use crate::observation::quoted;
use crate::run::html::{self, one_line, parse_selector};
use scraper::ElementRef;
use url::Url;

/// Attributes by which scripts make a link send something else than it says.
const SENT_BY_SCRIPT: &[&str] = &["data-method", "data-turbo-method", "hx-post", "hx-delete", "hx-put"];
/// Links of the page that a message names.
const MOST_LINKS_TOLD: usize = 8;

impl Shown {
    /// Where the link that the selector means leads: the element itself, or the first link in it.
    pub(in crate::run) fn link(&self, selector: &str) -> Result<Url, String> {
        let wanted = parse_selector(selector)?;
        let document = html::parse(&self.text);
        let Some(element) = document.select(&wanted).next() else {
            return Err(format!("`{selector}` is not on the page; {}{}", self.summary(), self.its_links()));
        };
        let Some(link) = link_of(element) else {
            return Err(format!(
                "`{selector}` is no link and has none in it: a script or a form does what it does; say it with \
                 `submit` or `request`{}",
                self.its_links()
            ));
        };
        if let Some(by) = SENT_BY_SCRIPT.iter().find(|name| link.value().attr(name).is_some()) {
            return Err(format!(
                "`{selector}` is sent by a script (`{by}`), so its address alone is not what a visitor asks \
                 for: say it with `request`"
            ));
        }
        let written = link.value().attr("href").unwrap_or_default().trim();
        let target = self.charset.join(&html::base(&document, &self.url), written);
        target.filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
            format!("`{selector}` leads to no page (`{}`): a script follows it", cut(&quoted(written), 40))
        })
    }

    /// The value of the first element that the selector means. Behind an `@` the attribute; without
    /// it what the element is for: the value of a field, the content of a `meta`, the address of a
    /// link, else its text.
    pub(in crate::run) fn value_of(&self, reference: &str) -> Result<String, String> {
        let (selector, attribute) = with_attribute(reference);
        let wanted = parse_selector(selector)?;
        let document = html::parse(&self.text);
        let Some(element) = document.select(&wanted).next() else {
            return Err(format!("`{selector}` is not on the page; {}", self.summary()));
        };
        if let Some(name) = attribute {
            let value = element.value().attr(name).map(str::to_owned);
            return value.ok_or_else(|| format!("`{selector}` of the page has no attribute `{name}`"));
        }
        let base = || html::base(&document, &self.url);
        let attribute = |name: &str| element.value().attr(name);
        let value = match element.value().name() {
            "input" | "button" | "option" | "data" => attribute("value").map(str::to_owned),
            "meta" => attribute("content").map(str::to_owned),
            "a" | "area" | "link" => {
                attribute("href").and_then(|link| Some(self.charset.join(&base(), link.trim())?.to_string()))
            }
            "form" => attribute("action").and_then(|to| Some(base().join(to.trim()).ok()?.to_string())),
            _ => Some(one_line(&element.text().collect::<String>())),
        };
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("`{selector}` of the page is empty; {}", self.summary()))
    }

    fn its_links(&self) -> String {
        let links = html::links(&self.text, &self.url, self.charset);
        let told: Vec<String> = links
            .iter()
            .take(MOST_LINKS_TOLD)
            .map(|(text, url)| format!("\u{201c}{}\u{201d} {}", cut(&quoted(text), 40), quoted(url.path())))
            .collect();
        if told.is_empty() { String::new() } else { format!("; its links: {}", told.join(" | ")) }
    }
}

fn link_of(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let is_link = |element: &ElementRef<'_>| {
        matches!(element.value().name(), "a" | "area") && element.value().attr("href").is_some()
    };
    let inside = element.descendants().filter_map(ElementRef::wrap).find(is_link);
    is_link(&element).then_some(element).or(inside)
}

/// `body@data-token`: an `@` in the text of a selector belongs to it.
fn with_attribute(reference: &str) -> (&str, Option<&str>) {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte))
    };
    match reference.rsplit_once('@') {
        Some((selector, name)) if is_name(name) && !selector.trim().is_empty() => (selector, Some(name)),
        _ => (reference, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;

    fn page(text: &str) -> Shown {
        Shown::for_test(Url::parse("http://a.test/app/home").unwrap(), text, Charset::UTF_8)
    }

    #[track_caller]
    fn value(html: &str, reference: &str, expected: &str) {
        assert_eq!(page(html).value_of(reference).as_deref(), Ok(expected), "{reference} of {html}");
    }

    #[test]
    fn an_element_gives_what_it_is_for() {
        value("<input type=hidden name=csrf value=t0k>", "input[name=csrf]", "t0k");
        value("<meta name=csrf-token content='a b'>", "meta[name=csrf-token]", "a b");
        value("<a id=out href='../logout?n=1&amp;k=2'>x</a>", "#out", "http://a.test/logout?n=1&k=2");
        value("<form action=/out></form>", "form", "http://a.test/out");
        value("<p id=t> one \n two </p>", "#t", "one two");
        value("<body data-token=q>", "body@data-token", "q");
        value("<input value='m@b' title=T>", "input[value=\"m@b\"]", "m@b");
        value("<input value='m@b' title=T>", "input[value=\"m@b\"]@title", "T");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let problem = |html: &str, reference: &str| page(html).value_of(reference).unwrap_err();
        assert!(problem("<p>", "#t").starts_with("`#t` is not on the page; the answer was 200 at /app/home"));
        assert_eq!(problem("<body>", "body@data-x"), "`body` of the page has no attribute `data-x`");
        assert!(problem("<input id=a>", "#a").starts_with("`#a` of the page is empty"));
        assert_eq!(problem("<p>", ":::"), "`:::` is not a CSS selector");
    }

    #[test]
    fn links_are_followed_where_they_lead() {
        let link = |html: &str, selector: &str| page(html).link(selector).map(String::from);
        assert_eq!(
            link("<a id=l href='?do=logout&t=1'>", "#l").as_deref(),
            Ok("http://a.test/app/home?do=logout&t=1")
        );
        assert_eq!(link("<base href=/x/><li id=l><a href=out>", "#l").as_deref(), Ok("http://a.test/x/out"));
        let why = link("<a href=/a>Home</a>", "#l").unwrap_err();
        assert!(why.ends_with("; its links: \u{201c}Home\u{201d} /a"), "{why}");
        assert!(link("<button id=l>", "#l").unwrap_err().starts_with("`#l` is no link and has none in it"));
        assert!(link("<a id=l href='javascript:out()'>", "#l").unwrap_err().contains("a script follows it"));
        assert!(link("<a id=l href=/out data-method=delete>", "#l").unwrap_err().contains("(`data-method`)"));
    }
}
