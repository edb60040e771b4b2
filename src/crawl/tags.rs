//! The start tags of an HTML document, where a browser's parser finds them: not in comments,
//! scripts, styles, titles and text areas, but in SVG titles and CDATA as the tree says.
//!
//! This is the tokenizer of the HTML standard (13.2.5) without everything that has no bearing on
//! where tags begin and end, and of the tree construction only what switches the tokenizer: raw text
//! elements and foreign content. It is here because a crawl reads every page: building a tree takes
//! thirty times as long, and a rewriter's tokenizer four times. A test holds it against html5ever.
//!
//! `noscript` is markup, as for a browser without scripts. The contents of `select`, `template` and
//! `frameset` are read like any others.

use memchr::{memchr, memchr_iter, memmem};
use std::ops::Range;

/// Open `<svg>` and `<math>` elements that are kept apart; deeper ones count as their parents.
const MOST_FRAMES: usize = 256;

/// Goes from start tag to start tag.
pub(super) struct Tags<'a> {
    body: &'a str,
    at: usize,
    /// SVG and MathML elements that are open, and the places in them where HTML is allowed again.
    frames: Vec<Frame>,
    /// Elements open within the innermost of them, if it is one of HTML.
    depth: usize,
}

/// A start tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: Name,
    /// After the name, up to the `>`.
    attributes: &'a str,
    /// What follows the tag.
    rest: &'a str,
}

/// An attribute's name as written, and its raw value.
pub(super) type Attribute<'a> = (&'a str, &'a str);

/// A start tag whose attributes were read.
#[derive(Clone, Copy)]
pub(super) struct Element<'t, 'a> {
    pub(super) name: Name,
    attributes: &'t [Attribute<'a>],
    /// What follows the tag.
    pub(super) rest: &'a str,
}

/// A tag's name in lower case; longer ones mean nothing to us and are empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    bytes: [u8; 14],
    length: u8,
}

/// Attributes in their order, names as written.
#[derive(Clone)]
struct Attributes<'a> {
    text: &'a str,
    at: usize,
    self_closing: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Svg,
    Math,
    /// HTML within an element of SVG or MathML of this name.
    Html(Name),
}

impl<'a> Tags<'a> {
    pub(super) fn new(body: &'a str) -> Tags<'a> {
        Tags { body, at: 0, frames: Vec::new(), depth: 0 }
    }

    /// Past the tag, and what it makes of the text that follows.
    fn enter(&mut self, tag: &Tag<'_>) {
        if !self.in_foreign_content() {
            if !self.frames.is_empty() {
                self.depth += usize::from(!VOID.contains(&tag.name.as_bytes()));
            }
            match tag.name.as_bytes() {
                b"svg" | b"math" if tag.is_self_closing() => {}
                b"svg" => self.open(Frame::Svg),
                b"math" => self.open(Frame::Math),
                b"title" | b"textarea" | b"style" | b"xmp" | b"iframe" | b"noembed" | b"noframes" => {
                    self.skip_raw_text(tag.name);
                }
                b"script" => self.skip_script(),
                b"plaintext" => self.at = self.body.len(),
                _ => {}
            }
            return;
        }
        let is_svg = self.frames.last() == Some(&Frame::Svg);
        if breaks_out(tag) {
            while matches!(self.frames.last(), Some(Frame::Svg | Frame::Math)) {
                self.frames.pop();
            }
        } else if !tag.is_self_closing() {
            match tag.name.as_bytes() {
                b"svg" => self.open(Frame::Svg),
                b"math" if !is_svg => self.open(Frame::Math),
                b"foreignobject" | b"desc" | b"title" if is_svg => self.open(Frame::Html(tag.name)),
                b"mi" | b"mo" | b"mn" | b"ms" | b"mtext" if !is_svg => self.open(Frame::Html(tag.name)),
                b"annotation-xml" if !is_svg && holds_html(tag) => self.open(Frame::Html(tag.name)),
                _ => {}
            }
        }
    }

    fn leave(&mut self, name: Name) {
        self.depth = self.depth.saturating_sub(1);
        match (self.frames.last(), name.as_bytes()) {
            (Some(Frame::Svg), b"svg") | (Some(Frame::Math), b"math") => {
                self.frames.pop();
            }
            (Some(Frame::Html(opened)), _) if *opened == name => {
                self.frames.pop();
            }
            (Some(Frame::Svg | Frame::Math), b"p" | b"br") => {
                while matches!(self.frames.last(), Some(Frame::Svg | Frame::Math)) {
                    self.frames.pop();
                }
            }
            _ => {}
        }
    }

    fn in_foreign_content(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Svg | Frame::Math))
    }

    fn open(&mut self, frame: Frame) {
        if self.frames.len() < MOST_FRAMES {
            self.frames.push(frame);
            self.depth = 0;
        }
    }

    /// To the end tag of this name, or the end (RCDATA and RAWTEXT).
    fn skip_raw_text(&mut self, name: Name) {
        let rest = &self.body.as_bytes()[self.at..];
        let end = memchr_iter(b'<', rest)
            .find(|at| rest[at + 1..].strip_prefix(b"/").is_some_and(|rest| is_word(rest, name.as_bytes())));
        self.at += end.unwrap_or(rest.len());
    }

    /// To the end of a script, which may hold `<script>` and `</script>` of its own within `<!--`
    /// and `-->` (13.2.5.15 to 31).
    fn skip_script(&mut self) {
        let rest = &self.body.as_bytes()[self.at..];
        let (mut escaped, mut doubly) = (false, false);
        // Where a `-->` may begin: not within the `<!--` itself, but `<!-->` ends it.
        let mut at = 0;
        while let Some(next) = memchr::memchr2(b'<', b'-', &rest[at..]) {
            at += next;
            let here = &rest[at..];
            if here[0] == b'-' {
                if escaped && here.starts_with(b"-->") {
                    (escaped, doubly) = (false, false);
                }
                at += 1;
            } else if here.starts_with(b"<!--") && !escaped {
                escaped = true;
                // The dashes may be those of the end, too.
                at += 2;
            } else if here.starts_with(b"</") && is_word(&here[2..], b"script") {
                if !doubly {
                    self.at += at;
                    return;
                }
                doubly = false;
                at += 2;
            } else {
                doubly |= escaped && is_word(&here[1..], b"script");
                at += 1;
            }
        }
        self.at = self.body.len();
    }

    /// Past `<!...`: a comment, a doctype, CDATA or something made up.
    fn skip_declaration(&mut self) {
        let rest = &self.body.as_bytes()[self.at..];
        let length = if let Some(comment) = rest.strip_prefix(b"<!--") {
            4 + comment_length(comment)
        } else if rest.starts_with(b"<![CDATA[") && !self.frames.is_empty() && self.depth == 0 {
            memmem::find(rest, b"]]>").map_or(rest.len(), |end| end + 3)
        } else {
            memchr(b'>', rest).map_or(rest.len(), |end| end + 1)
        };
        self.at += length;
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let body = self.body.as_bytes();
            self.at += memchr(b'<', body.get(self.at..)?)?;
            let rest = &body[self.at + 1..];
            match rest.first()? {
                b'a'..=b'z' | b'A'..=b'Z' => {
                    let tag = Tag::read(&self.body[self.at + 1..])?;
                    self.at = self.body.len() - tag.rest.len();
                    self.enter(&tag);
                    return Some(tag);
                }
                b'/' => match rest.get(1)? {
                    b'a'..=b'z' | b'A'..=b'Z' => {
                        let (name, end) = extent(&rest[1..])?;
                        self.at += 2 + end + 1;
                        if !self.frames.is_empty() {
                            self.leave(Name::new(&rest[1..=name]));
                        }
                    }
                    _ => self.at += 1 + memchr(b'>', rest)? + 1,
                },
                b'!' => self.skip_declaration(),
                b'?' => self.at += 1 + memchr(b'>', rest)? + 1,
                _ => self.at += 1,
            }
        }
    }
}

/// Where the name of a tag ends, and where its `>` is, from behind its `<` or `</`. None: the
/// document ends within it.
fn extent(text: &[u8]) -> Option<(usize, usize)> {
    let name = until(text, 0, |byte| ENDS_NAME[usize::from(byte)]);
    let mut at = name;
    loop {
        match attribute(text, at) {
            Ok((.., end)) => at = end,
            Err(end) => return (end < text.len()).then_some((name, end)),
        }
    }
}

/// Up to and with the end of a comment, from behind its `<!--`.
fn comment_length(comment: &[u8]) -> usize {
    if comment.starts_with(b">") {
        return 1;
    }
    if comment.starts_with(b"->") {
        return 2;
    }
    let ends = |at: &usize| comment[..*at].ends_with(b"--") || comment[..*at].ends_with(b"--!");
    memchr_iter(b'>', comment).find(ends).map_or(comment.len(), |end| end + 1)
}

/// Whether the text begins with this word in any case, and something that ends a tag's name.
fn is_word(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && text.get(word.len()).is_some_and(|next| is_space(*next) || matches!(next, b'/' | b'>'))
}

/// Elements that end foreign content (13.2.6.5).
fn breaks_out(tag: &Tag<'_>) -> bool {
    match tag.name.as_bytes() {
        b"font" => ["color", "face", "size"].iter().any(|name| tag.attribute(name).is_some()),
        name => BREAKS_OUT.contains(&name),
    }
}

/// Elements that are never open (13.1.2).
const VOID: &[&[u8]] = &[
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source",
    b"track", b"wbr",
];

const BREAKS_OUT: &[&[u8]] = &[
    b"b",
    b"big",
    b"blockquote",
    b"body",
    b"br",
    b"center",
    b"code",
    b"dd",
    b"div",
    b"dl",
    b"dt",
    b"em",
    b"embed",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"head",
    b"hr",
    b"i",
    b"img",
    b"li",
    b"listing",
    b"menu",
    b"meta",
    b"nobr",
    b"ol",
    b"p",
    b"pre",
    b"ruby",
    b"s",
    b"small",
    b"span",
    b"strike",
    b"strong",
    b"sub",
    b"sup",
    b"table",
    b"tt",
    b"u",
    b"ul",
    b"var",
];

fn holds_html(tag: &Tag<'_>) -> bool {
    tag.attribute("encoding").is_some_and(|encoding| {
        encoding.eq_ignore_ascii_case("text/html") || encoding.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

impl<'a> Tag<'a> {
    /// Reads a tag from behind its `<`.
    fn read(text: &'a str) -> Option<Tag<'a>> {
        let (name, end) = extent(text.as_bytes())?;
        let (attributes, rest) = (&text[name..end], &text[end + 1..]);
        Some(Tag { name: Name::new(&text.as_bytes()[..name]), attributes, rest })
    }

    fn is_self_closing(&self) -> bool {
        let mut attributes = self.attributes();
        attributes.by_ref().for_each(drop);
        attributes.self_closing
    }

    fn attributes(&self) -> Attributes<'a> {
        Attributes { text: self.attributes, at: 0, self_closing: false }
    }

    /// The raw value of an attribute; empty where it has none. The first of a name counts.
    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(written, _)| written.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether an attribute may say where a script leads.
    pub(super) fn may_lead(&self) -> bool {
        memmem::find(self.attributes.as_bytes(), b"location").is_some()
    }

    /// With its attributes read.
    pub(super) fn element<'t>(&self, room: &'t mut Vec<Attribute<'a>>) -> Element<'t, 'a> {
        room.clear();
        room.extend(self.attributes());
        Element { name: self.name, attributes: room, rest: self.rest }
    }
}

impl<'a> Element<'_, 'a> {
    /// The raw value of an attribute; empty where it has none. The first of a name counts.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(written, _)| written.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// Several at once.
    pub(super) fn attributes_of<const N: usize>(&self, names: [&str; N]) -> [Option<&'a str>; N] {
        let mut values = [None; N];
        for (written, value) in self.attributes {
            if let Some(at) = names.iter().position(|name| written.eq_ignore_ascii_case(name)) {
                values[at].get_or_insert(*value);
            }
        }
        values
    }
}

impl Name {
    fn new(written: &[u8]) -> Name {
        let mut name = Name { bytes: [0; 14], length: 0 };
        if written.len() <= name.bytes.len() {
            for (lower, byte) in name.bytes.iter_mut().zip(written) {
                *lower = byte.to_ascii_lowercase();
            }
            name.length = written.len() as u8;
        }
        name
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match attribute(self.text.as_bytes(), self.at) {
            Ok((name, value, end)) => {
                self.at = end;
                Some((&self.text[name], &self.text[value]))
            }
            Err(_) => {
                self.self_closing = self.text[self.at..].ends_with('/');
                None
            }
        }
    }
}

/// The next attribute from here on: where its name and its value are, and where it ends. Without one,
/// where the tag's `>` or the text's end is.
#[inline]
fn attribute(text: &[u8], at: usize) -> Result<(Range<usize>, Range<usize>, usize), usize> {
    let start = until(text, at, |byte| !is_space(byte) && byte != b'/');
    if text.get(start).is_none_or(|byte| *byte == b'>') {
        return Err(start);
    }
    // A `=` in the first place belongs to the name.
    let name_end = until(text, start + 1, |byte| ENDS_ATTRIBUTE_NAME[usize::from(byte)]);
    let name = start..name_end;
    let after = until(text, name_end, |byte| !is_space(byte));
    if text.get(after) != Some(&b'=') {
        return Ok((name, name_end..name_end, name_end));
    }
    let value = until(text, after + 1, |byte| !is_space(byte));
    Ok(match text.get(value) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = memchr(*quote, &text[value + 1..]).map_or(text.len(), |end| value + 1 + end);
            (name, value + 1..end, (end + 1).min(text.len()))
        }
        _ => {
            let end = until(text, value, |byte| ENDS_VALUE[usize::from(byte)]);
            (name, value..end, end)
        }
    })
}

/// Where the first such byte is from here on, or the end.
#[inline]
fn until(text: &[u8], mut at: usize, is_one: impl Fn(u8) -> bool) -> usize {
    while text.get(at).is_some_and(|byte| !is_one(*byte)) {
        at += 1;
    }
    at
}

/// What may not be in a tag's name.
const ENDS_NAME: [bool; 256] = spaces_and(b"/>");
/// Nor, but in its first place, in an attribute's.
const ENDS_ATTRIBUTE_NAME: [bool; 256] = spaces_and(b"/>=");
/// What ends a value without quotes.
const ENDS_VALUE: [bool; 256] = spaces_and(b">");

const fn spaces_and(others: &[u8]) -> [bool; 256] {
    let mut are = [false; 256];
    let mut byte = 0;
    while byte < are.len() {
        are[byte] = is_space(byte as u8);
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        are[others[at] as usize] = true;
        at += 1;
    }
    are
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}
