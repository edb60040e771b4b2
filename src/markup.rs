//! Markup that would keep a tree builder busy for hours is cut where it begins. Building a tree
//! takes time in proportion to the depth of nesting (each `<div>` looks through everything that is
//! open) and memory in proportion to the formatting elements left open (each paragraph opens them
//! anew). Chromium stops nesting at 512, too.

const DEPTH: usize = 512;
const OPEN_FORMATTING: usize = 32;

/// Elements that are never open (HTML standard, "void elements"), and those whose end tag is
/// commonly left out and that close one another.
const NOT_NESTING: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "p", "li", "dd", "dt", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot",
    "colgroup",
];

const FORMATTING: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Elements whose content is no markup.
const RAW: &[&str] = &["script", "style", "textarea", "title", "xmp", "noframes"];

/// The document up to where it gets out of hand.
pub(crate) fn tame(html: &str) -> &str {
    let bytes = html.as_bytes();
    let (mut depth, mut formatting) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        at = start + 1;
        if html[at..].starts_with("!--") {
            at += html[at..].find("-->").unwrap_or(html.len() - at);
            continue;
        }
        let closes = bytes.get(at) == Some(&b'/');
        let name_at = at + usize::from(closes);
        let length = bytes[name_at..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if length == 0 {
            continue;
        }
        let name = html[name_at..name_at + length].to_ascii_lowercase();
        let name = name.as_str();
        at = name_at + length;
        if NOT_NESTING.contains(&name) {
            continue;
        }
        let is_formatting = FORMATTING.contains(&name);
        if closes {
            depth = depth.saturating_sub(1);
            formatting = formatting.saturating_sub(usize::from(is_formatting));
            continue;
        }
        if RAW.contains(&name) {
            at = end_tag(html, at, name);
            continue;
        }
        depth += 1;
        formatting += usize::from(is_formatting);
        if depth > DEPTH || formatting > OPEN_FORMATTING {
            return &html[..start];
        }
    }
    html
}

/// Where the element's end tag ends, or the document does.
fn end_tag(html: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(found) = html[at..].find("</") {
        at += found + 2;
        if html.as_bytes()[at..]
            .get(..name.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        {
            return at + name.len();
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_documents_stay_whole() {
        let table = format!("<table>{}</table>", "<tr><td>a<td><b>b</b><p>c".repeat(5000));
        let script = format!("<script>{}</script><p>after", "document.write('<div>');".repeat(1000));
        let comment = format!("<!-- {} --><p>after", "<div>".repeat(1000));
        for html in [table, script, comment, "<ul>".repeat(500), "1 < 2 </ <> <".into(), String::new()] {
            assert_eq!(tame(&html).len(), html.len());
        }
    }

    #[test]
    fn endless_nesting_is_cut() {
        assert_eq!(tame(&"<div>".repeat(9000)).len(), DEPTH * 5);
        let formatting: String = (0..9000).map(|number| format!("<b c={number}>")).collect();
        assert!(tame(&formatting).len() < 400);
        assert_eq!(tame(&"<ScRipt>".repeat(9000)).len(), 9000 * 8, "the rest is one script");
    }
}
