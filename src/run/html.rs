//! A page read as a visitor would: its title, its visible text, and whether something is on it.
//! Everything comes out as plain values, because a parsed document must not live across an await.

use crate::charset::Charset;
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

/// Elements that never show text.
const UNSEEN: &[&str] = &["script", "style", "noscript", "template", "head", "svg", "iframe", "object"];

/// Elements that stand on lines of their own (HTML standard, "flow content" with display: block).
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "title",
    "tr",
    "ul",
];

/// The document as a tree, in bounded time whatever the site sent.
pub(super) fn parse(html: &str) -> Html {
    Html::parse_document(crate::markup::tame(html))
}

/// The document's title, on one line.
pub(super) fn title(html: &str) -> Option<String> {
    let document = parse(html);
    let title = first(&document, "title")?;
    Some(one_line(&title.text().collect::<String>())).filter(|title| !title.is_empty())
}

/// The document's visible text: blocks on lines of their own, cells of a table apart by a tab,
/// at most `limit` bytes.
pub(super) fn visible_text(html: &str, limit: usize) -> String {
    let document = parse(html);
    let mut text = Text { out: String::new(), limit };
    text.crawl(document.root_element());
    text.finish()
}

/// Whether the selector matches something; an error where it is no selector.
pub(super) fn has(html: &str, selector: &str) -> Result<bool, String> {
    let selector = parse_selector(selector)?;
    Ok(parse(html).select(&selector).next().is_some())
}

/// Text and target of every link, in order.
pub(super) fn links(html: &str, page: &Url, charset: Charset) -> Vec<(String, Url)> {
    let document = parse(html);
    let base = base(&document, page);
    let Ok(anchors) = Selector::parse("a[href], area[href]") else { return Vec::new() };
    document
        .select(&anchors)
        .filter_map(|anchor| {
            let target = charset.join(&base, anchor.value().attr("href")?.trim())?;
            Some((one_line(&anchor.text().collect::<String>()), target))
        })
        .collect()
}

/// The content of the first `<meta http-equiv=refresh>`.
pub(super) fn meta_refresh(html: &str) -> Option<String> {
    if !html.contains("efresh") && !html.contains("EFRESH") {
        return None;
    }
    let document = parse(html);
    let metas = Selector::parse("meta[http-equiv][content]").ok()?;
    let refresh = document.select(&metas).find(|meta| {
        meta.value().attr("http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case("refresh"))
    })?;
    refresh.value().attr("content").map(str::to_owned)
}

/// What relative URLs of the document are relative to.
pub(super) fn base(document: &Html, page: &Url) -> Url {
    first(document, "base[href]")
        .and_then(|element| page.join(element.value().attr("href")?.trim()).ok())
        .unwrap_or_else(|| page.clone())
}

/// A selector, or what is wrong with it.
pub(super) fn parse_selector(selector: &str) -> Result<Selector, String> {
    Selector::parse(selector).map_err(|_| format!("`{selector}` is not a CSS selector"))
}

/// White space collapsed.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first<'a>(document: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    document.select(&Selector::parse(selector).ok()?).next()
}

struct Text {
    out: String,
    limit: usize,
}

impl Text {
    /// Depth-first without recursion: a hostile document nests deeper than a stack.
    fn crawl(&mut self, root: ElementRef<'_>) {
        use ego_tree::iter::Edge;
        let mut hidden = None;
        for edge in root.traverse() {
            if self.out.len() >= self.limit {
                break;
            }
            match edge {
                Edge::Open(node) => match node.value() {
                    Node::Element(element) if hidden.is_none() => {
                        if UNSEEN.contains(&element.name()) || element.attr("hidden").is_some() {
                            hidden = Some(node.id());
                        } else {
                            self.separate(element.name());
                        }
                    }
                    Node::Text(text) if hidden.is_none() => self.text(text),
                    _ => {}
                },
                Edge::Close(node) => {
                    if hidden == Some(node.id()) {
                        hidden = None;
                    } else if let (None, Node::Element(element)) = (hidden, node.value()) {
                        self.separate(element.name());
                    }
                }
            }
        }
    }

    fn separate(&mut self, element: &str) {
        if BLOCKS.contains(&element) {
            self.newline();
        } else if matches!(element, "td" | "th") && !self.out.is_empty() && !self.out.ends_with(['\n', '\t'])
        {
            self.trim();
            self.out.push('\t');
        }
    }

    fn newline(&mut self) {
        while self.out.ends_with([' ', '\t']) {
            self.out.pop();
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn trim(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            if !character.is_whitespace() {
                self.out.push(character);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n', '\t']) {
                self.out.push(' ');
            }
        }
    }

    fn finish(mut self) -> String {
        self.newline();
        if self.out.len() > self.limit {
            let mut cut = self.limit;
            while !self.out.is_char_boundary(cut) {
                cut -= 1;
            }
            self.out.truncate(cut);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_a_visitor_sees() {
        let cases = [
            ("<p>One</p><p>Two <b>bold</b></p>", "One\nTwo bold\n"),
            ("a<br>b<div>c<div>d</div></div>e", "a\nb\nc\nd\ne\n"),
            ("<table><tr><th>Name<th>For<tr><td>sid<td>7 days</table>", "Name\tFor\nsid\t7 days\n"),
            ("<script>no()</script><style>no</style><p hidden>no<i>no</i></p>yes", "yes\n"),
            ("<title>T</title>  spaced \n out  ", "spaced out\n"),
            ("", ""),
        ];
        for (html, expected) in cases {
            assert_eq!(visible_text(html, 1000), expected, "{html}");
        }
    }

    #[test]
    fn text_is_cut_at_the_limit_and_deep_nesting_is_survived() {
        assert_eq!(visible_text("<p>\u{e4}\u{e4}\u{e4}</p>", 3), "\u{e4}");
        assert_eq!(visible_text(&"<div>x".repeat(200_000), 5), "x\nx\nx");
    }

    #[test]
    fn titles_and_links_are_read() {
        let html = "<title> Log\n in </title><base href=/x/><a href='y?a=1&amp;b=2'>Y  z</a>";
        let page = Url::parse("https://a.test/p").unwrap();
        assert_eq!(title(html).as_deref(), Some("Log in"));
        let links = links(html, &page, Charset::UTF_8);
        assert_eq!(links[0].0, "Y z");
        assert_eq!(links[0].1.as_str(), "https://a.test/x/y?a=1&b=2");
        assert_eq!(title("<p>none"), None);
    }

    #[test]
    fn selectors_match_or_are_refused() {
        assert_eq!(has("<p id=user>", "#user"), Ok(true));
        assert_eq!(has("<p>", "#user"), Ok(false));
        assert!(has("<p>", ":::").is_err());
    }
}
