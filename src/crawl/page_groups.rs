//! Pages of one kind: what a browser would do with them is the same, so one of them stands for all.
//!
//! A kind is made of what can run or load: scripts, frames, forms, consent markup and the template's
//! elements. Text and links are left out. Inline scripts count without their texts and numbers (a
//! framework writes each page's data there), unless they speak of cookies or storage: then every
//! character counts.

use crate::observation::path_template;
use lol_html::{HtmlRewriter, Settings, doc_text, element, text};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use url::Url;

/// The pages of one visitor, by kind, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct PageGroups {
    pages: Vec<(Url, u64)>,
}

/// A page to render, and how many it stands for, itself included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub url: Url,
    pub stands_for: usize,
}

impl PageGroups {
    /// Takes in a page that was read.
    pub fn add(&mut self, url: Url, kind: u64) {
        self.pages.push((url, kind));
    }

    /// Every page taken in.
    pub fn urls(&self) -> impl Iterator<Item = &Url> {
        self.pages.iter().map(|(url, _)| url)
    }

    /// The pages to render, in the order in which they were found: one of each kind, and further
    /// ones until there are `most`.
    pub fn choose(&self, most: usize) -> Vec<Chosen> {
        let mut of_kind: BTreeMap<u64, usize> = BTreeMap::new();
        for (_, kind) in &self.pages {
            *of_kind.entry(*kind).or_default() += 1;
        }
        let mut further = most.saturating_sub(of_kind.len());
        let all = most >= self.pages.len();
        let mut chosen = Vec::new();
        for (url, kind) in &self.pages {
            let first = of_kind.remove(kind);
            if first.is_none() && further == 0 {
                continue;
            }
            further -= usize::from(first.is_none());
            let stands_for = first.filter(|_| !all).unwrap_or(1);
            chosen.push(Chosen { url: url.clone(), stands_for });
        }
        chosen
    }
}

/// Words in a script that put something on the device, or load what might.
const STORING: &[&str] = &[
    "cookie",
    "Storage",
    "indexedDB",
    "caches",
    "sendBeacon",
    "serviceWorker",
    "createElement",
    "import(",
    "fetch(",
    "XMLHttpRequest",
];

/// Bytes to read, below which a page with a script is only the shell of one.
const LITTLE_TEXT: usize = 80;

/// Most distinct marks that make up a kind; a hostile page may hold millions.
const MOST_MARKS: usize = 4096;

/// The kind of a document, as a number that is equal for alike pages of one run.
pub fn page_fingerprint(html: &[u8]) -> u64 {
    let marks = RefCell::new(BTreeSet::new());
    let script = RefCell::new(None::<String>);
    let mark = |text: String| {
        let mut marks = marks.borrow_mut();
        if marks.len() < MOST_MARKS {
            marks.insert(text);
        }
    };
    let settings = Settings::new()
        .with_strict(false)
        .append_element_content_handler(element!("*", |element| {
            let name = element.tag_name();
            let attribute = |wanted: &str| element.get_attribute(wanted).unwrap_or_default();
            match name.as_str() {
                "script" => {
                    let source = attribute("src");
                    if source.is_empty() {
                        *script.borrow_mut() = Some(String::new());
                    } else {
                        mark(format!("script {}", without_query(&source)));
                    }
                }
                "iframe" | "frame" | "embed" | "object" => {
                    mark(format!("{name} {}", without_query(&(attribute("src") + &attribute("data")))));
                }
                "img" => mark(format!("img {}", origin_of(&attribute("src")))),
                "form" => mark(format!("form {}", without_query(&attribute("action")))),
                "link" => mark(format!("link {} {}", attribute("rel"), origin_of(&attribute("href")))),
                _ => mark(format!("{name} {} {}", attribute("class"), attribute("role"))),
            }
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|chunk| {
            let mut open = script.borrow_mut();
            if let Some(text) = open.as_mut() {
                if chunk.text_type() == lol_html::html_content::TextType::ScriptData {
                    text.push_str(chunk.as_str());
                }
                if chunk.last_in_text_node() {
                    mark(format!("inline {}", script_kind(text)));
                    *open = None;
                }
            }
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    // A parser error ends the reading; what was read until then is the kind.
    if rewriter.write(html).is_ok() {
        let _ = rewriter.end();
    }
    fixed_hash(&marks.borrow())
}

/// The kind of a document at its address. One that is empty until a script fills it is another
/// page at every address: what is sent tells nothing of it.
pub fn page_fingerprint_at(url: &Url, html: &[u8]) -> u64 {
    let kind = page_fingerprint(html);
    match is_shell(html) {
        true => kind ^ fixed_hash(&BTreeSet::from([path_template(url.path())])),
        false => kind,
    }
}

/// The kind of an address that showed no page: refusals of one status are alike, and so is what failed
/// in one way below one shape of paths. A browser may fare otherwise there.
pub fn refusal_fingerprint(url: &Url, status: u16, failure: Option<&str>) -> u64 {
    let place = failure.map(|_| path_template(url.path())).unwrap_or_default();
    fixed_hash(&BTreeSet::from([format!("refused {status} {}", failure.unwrap_or_default()), place]))
}

/// A script, hardly a word to read, and no link to follow.
fn is_shell(html: &[u8]) -> bool {
    let (scripts, links) = (Cell::new(false), Cell::new(false));
    let (text, unseen) = (Cell::new(0), Cell::new(0));
    let length = |text: &str| text.split_whitespace().map(str::len).sum::<usize>();
    let settings = Settings::new()
        .with_strict(false)
        .append_element_content_handler(element!("script", |_| {
            scripts.set(true);
            Ok(())
        }))
        .append_element_content_handler(element!("a[href]", |_| {
            links.set(true);
            Ok(())
        }))
        .append_element_content_handler(text!("noscript", |chunk| {
            unseen.set(unseen.get() + length(chunk.as_str()));
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|chunk| {
            if chunk.text_type() == lol_html::html_content::TextType::Data {
                text.set(text.get() + length(chunk.as_str()));
            }
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    if rewriter.write(html).is_ok() {
        // An error at the end changes nothing of what was read.
        let _ = rewriter.end();
    }
    scripts.get() && !links.get() && text.get().saturating_sub(unseen.get()) < LITTLE_TEXT
}

/// An inline script without texts and numbers, or whole where it may store something.
fn script_kind(script: &str) -> String {
    if STORING.iter().any(|word| script.contains(word)) {
        return script.chars().filter(|c| !c.is_ascii_digit()).collect();
    }
    let mut kind = String::new();
    let mut within = None;
    let mut escaped = false;
    for c in script.chars() {
        match within {
            Some(quote) => {
                if !escaped && c == quote {
                    within = None;
                }
                escaped = !escaped && c == '\\';
            }
            None if matches!(c, '"' | '\'' | '`') => {
                within = Some(c);
                escaped = false;
            }
            None if c.is_ascii_digit() || c.is_whitespace() => {}
            None => kind.push(c),
        }
    }
    kind
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Scheme and host of an absolute URL; nothing of a relative one.
fn origin_of(url: &str) -> &str {
    let Some(start) = url.find("//") else { return "" };
    let end = url[start + 2..].find(['/', '?', '#']).map_or(url.len(), |end| start + 2 + end);
    &url[..end]
}

/// A hash that is the same in every run, so that the choice of pages is.
fn fixed_hash(marks: &BTreeSet<String>) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(marks)
}

#[cfg(test)]
mod tests {
    use super::{PageGroups, page_fingerprint, page_fingerprint_at};
    use url::Url;

    #[test]
    fn one_page_of_each_kind_stands_for_the_others() {
        let mut kinds = PageGroups::default();
        for (path, kind) in [("/", 1), ("/a", 2), ("/b", 2), ("/c", 2), ("/d", 3)] {
            kinds.add(Url::parse("http://a.test").unwrap().join(path).unwrap(), kind);
        }
        let chosen = |most| -> Vec<(String, usize)> {
            let chosen = kinds.choose(most).into_iter();
            chosen.map(|chosen| (chosen.url.path().to_owned(), chosen.stands_for)).collect()
        };
        let paths = |most| chosen(most).into_iter().map(|(path, _)| path).collect::<Vec<_>>().join(" ");
        assert_eq!(chosen(0), [("/".into(), 1), ("/a".into(), 3), ("/d".into(), 1)]);
        assert_eq!(paths(4), "/ /a /b /d");
        assert_eq!(paths(usize::MAX), "/ /a /b /c /d");
    }

    fn alike(a: &str, b: &str) -> bool {
        page_fingerprint(a.as_bytes()) == page_fingerprint(b.as_bytes())
    }

    #[test]
    fn texts_links_and_page_data_do_not_make_a_kind() {
        assert!(alike("<p class=a>one <a href=/1>x</a>", "<p class=a>two <a href=/2>y</a>"));
        assert!(alike("<script>push([1,\"one\"])</script>", "<script>push([22,\"t'wo\"])</script>"));
        assert!(alike("<script src=/a.js?v=1></script>", "<script src=/a.js?v=2></script>"));
    }

    #[test]
    fn the_shell_of_an_application_is_another_page_at_every_address() {
        let alike = |a: &str, b: &str, html: &str| {
            let kind = |path: &str| {
                page_fingerprint_at(
                    &Url::parse("http://a.test").unwrap().join(path).unwrap(),
                    html.as_bytes(),
                )
            };
            kind(a) == kind(b)
        };
        let shell = "<div id=app></div><noscript>Please enable JavaScript to use this application, which \
                     does nothing at all without it.</noscript><script src=/app.js></script>";
        assert!(!alike("/", "/account", shell));
        assert!(alike("/item/1", "/item/2", shell));
        assert!(alike("/", "/account", &format!("<a href=/x>x</a>{shell}")));
        assert!(alike("/", "/account", "Hello."));
    }

    #[test]
    fn what_runs_or_loads_does() {
        for (a, b) in [
            ("<script src=/a.js></script>", "<script src=/b.js></script>"),
            ("<script>document.cookie='a=1'</script>", "<script>document.cookie='b=1'</script>"),
            ("<p>", "<iframe src=//x.test/></iframe>"),
            ("<p>", "<img src=https://pixel.test/p?1>"),
            ("<p class=a>", "<p class=b>"),
            ("<form action=/a></form>", "<form action=/b></form>"),
            ("<p>", "<script>f()</script>"),
        ] {
            assert!(!alike(a, b), "{a} and {b}");
        }
    }
}
