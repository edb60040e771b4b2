//! The characters of a page: which encoding its bytes are in, and in which its queries and forms go
//! back (HTML standard, "determining the character encoding" and "selecting a form submission
//! encoding"; URL standard, "percent-encode after encoding"). The encodings themselves are
//! `encoding_rs`'s, those of the Encoding standard. Pure.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use std::borrow::Cow;
use url::Url;

/// Where a browser looks for a document's own word (HTML standard, "prescan a byte stream").
const PRESCANNED: usize = 1024;

/// An encoding of the Encoding standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

/// A document's text, and the encoding that it came in.
#[derive(Clone, Debug)]
pub struct PageText<'a> {
    pub text: Cow<'a, str>,
    pub charset: Charset,
}

impl Charset {
    pub const UTF_8: Charset = Charset(UTF_8);

    /// The encoding of a label such as `windows-1251`; none that the standard does not know, or
    /// replaces by nothing for safety's sake.
    pub fn of_label(label: &str) -> Option<Charset> {
        Encoding::for_label(label.as_bytes()).filter(|found| *found != REPLACEMENT).map(Charset)
    }

    /// Its name in the standard's spelling.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What goes back in it: never UTF-16 ("get an output encoding").
    pub fn output(self) -> Charset {
        Charset(self.0.output_encoding())
    }

    /// A form's encoding (HTML standard, "pick an encoding for the form"): the first known label of
    /// `accept-charset`, else the document's own.
    pub fn for_form(accepted: Option<&str>, document: Charset) -> Charset {
        match accepted {
            Some(labels) => {
                let known = labels.split_ascii_whitespace().find_map(Charset::of_label);
                known.unwrap_or(Charset::UTF_8).output()
            }
            None => document.output(),
        }
    }

    /// The text in this encoding; what it does not have becomes a character reference (`&#8364;`).
    pub fn encode(self, text: &str) -> Cow<'_, [u8]> {
        self.0.encode(text).0
    }

    /// A URL's query in this encoding. The references of what it does not have are escaped whole, so
    /// that they are no end of a parameter.
    pub fn encode_query(self, text: &str) -> Cow<'_, [u8]> {
        let (bytes, _, lossy) = self.0.encode(text);
        if !lossy {
            return bytes;
        }
        let mut out = Vec::new();
        let mut one = [0; 4];
        for character in text.chars() {
            match self.0.encode(character.encode_utf8(&mut one)) {
                (_, _, true) => out.extend(format!("%26%23{}%3B", u32::from(character)).into_bytes()),
                (bytes, _, false) => out.extend_from_slice(&bytes),
            }
        }
        Cow::Owned(out)
    }

    /// Where a link in a document of this encoding leads; none where it is no URL.
    pub fn join(self, base: &Url, href: &str) -> Option<Url> {
        if self == Charset::UTF_8 || href.is_ascii() {
            return base.join(href).ok();
        }
        let output = self.output();
        let options = Url::options().base_url(Some(base));
        options.encoding_override(Some(&|query| output.encode_query(query))).parse(href).ok()
    }

    /// A name or value of `application/x-www-form-urlencoded`.
    pub fn form_urlencode(self, text: &str) -> String {
        url::form_urlencoded::byte_serialize(&self.encode(text)).collect()
    }
}

impl<'a> PageText<'a> {
    /// A body as a browser reads it, by its media type (without parameters) and the charset that came
    /// with that. A byte order mark is stronger than either.
    pub fn read(body: &'a [u8], media_type: &str, charset: Option<&str>) -> PageText<'a> {
        let encoding = match Encoding::for_bom(body) {
            Some((encoding, _)) => encoding,
            None => {
                charset.and_then(Charset::of_label).map_or_else(|| unlabelled(body, media_type), |it| it.0)
            }
        };
        // With its own byte order mark taken off.
        let (text, _) = encoding.decode_with_bom_removal(body);
        PageText { text, charset: Charset(encoding) }
    }

    /// A page of HTML without further word.
    pub fn html(body: &'a [u8]) -> PageText<'a> {
        PageText::read(body, "text/html", None)
    }
}

/// The encoding of a body that came without a word about it.
fn unlabelled(body: &[u8], media_type: &str) -> &'static Encoding {
    let xml = media_type.ends_with("/xml") || media_type.ends_with("+xml");
    let html = media_type.is_empty() || media_type.ends_with("/html");
    let own = match (html, xml) {
        (true, _) => prescan(&body[..body.len().min(PRESCANNED)]).or_else(|| xml_declaration(body)),
        (_, true) => xml_declaration(body),
        _ => None,
    };
    match own {
        Some(encoding) => encoding,
        None if xml || media_type.ends_with("json") => UTF_8,
        // Browsers guess; UTF-8 is hardly ever anything else, and what is left is mostly this.
        None if std::str::from_utf8(body).is_ok() || only_the_end_is_cut(body) => UTF_8,
        None => WINDOWS_1252,
    }
}

/// A body is cut at a limit, which may be within a character.
fn only_the_end_is_cut(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_err_and(|error| error.error_len().is_none())
}

/// What a document says of itself: UTF-16 cannot be true where these bytes could be read.
fn of_document(label: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_label(label)? {
        found if found == UTF_16BE || found == UTF_16LE => Some(UTF_8),
        found if found == X_USER_DEFINED => Some(WINDOWS_1252),
        found => Some(found).filter(|found| *found != REPLACEMENT),
    }
}

/// HTML standard, "prescan a byte stream to determine its encoding".
fn prescan(start: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while at < start.len() {
        let rest = &start[at..];
        if rest.starts_with(b"<!--") {
            // The dashes may be those of the end, too.
            at += 2 + find(&rest[2..], b"-->")? + 3;
        } else if rest.len() > 5 && rest[..5].eq_ignore_ascii_case(b"<meta") && ends_name(rest[5]) {
            at += 5;
            if let Some(found) = meta(start, &mut at) {
                return Some(found);
            }
        } else if opens_tag(rest) {
            at += rest.iter().position(|byte| is_space(*byte) || *byte == b'>')?;
            while attribute(start, &mut at).is_some() {}
        } else if matches!(rest, [b'<', b'!' | b'/' | b'?', ..]) {
            at += find(rest, b">")?;
        } else {
            at += 1;
        }
    }
    None
}

/// A `<meta>`'s attributes: `charset`, or a `content` with one where it stands for a header.
fn meta(start: &[u8], at: &mut usize) -> Option<&'static Encoding> {
    let (mut pragma, mut by_content, mut charset): (bool, Option<_>, Option<Option<_>>) = (false, None, None);
    let mut seen: Vec<Vec<u8>> = Vec::new();
    while let Some((name, value)) = attribute(start, at) {
        if seen.contains(&name) {
            continue;
        }
        match name.as_slice() {
            b"http-equiv" => pragma |= value == b"content-type",
            b"content" if charset.is_none() => by_content = charset_in(&value).and_then(of_document),
            b"charset" => charset = Some(of_document(&value)),
            _ => {}
        }
        seen.push(name);
    }
    match charset {
        Some(found) => found,
        None => by_content.filter(|_| pragma),
    }
}

/// HTML standard, "extracting a character encoding from a meta element".
fn charset_in(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    loop {
        let found = rest.windows(7).position(|word| word.eq_ignore_ascii_case(b"charset"))?;
        rest = rest[found + 7..].trim_ascii_start();
        if let Some(after) = rest.strip_prefix(b"=") {
            let value = after.trim_ascii_start();
            return match value.first()? {
                quote @ (b'"' | b'\'') => value[1..].split(|byte| byte == quote).next(),
                _ => value.split(|byte| is_space(*byte) || *byte == b';').next(),
            };
        }
    }
}

/// HTML standard, "get an attribute", as the prescan reads them: names and values in lower case.
fn attribute(start: &[u8], at: &mut usize) -> Option<(Vec<u8>, Vec<u8>)> {
    *at += start.get(*at..)?.iter().take_while(|byte| is_space(**byte) || **byte == b'/').count();
    let first = *start.get(*at)?;
    if first == b'>' {
        return None;
    }
    let rest = &start[*at..];
    // A `=` in the first place belongs to the name.
    let ends = |byte: &u8| ends_name(*byte) || *byte == b'=';
    let length = rest[1..].iter().position(ends).map_or(rest.len(), |end| end + 1);
    let name = rest[..length].to_ascii_lowercase();
    *at += length;
    let spaces = start[*at..].iter().take_while(|byte| is_space(**byte)).count();
    if start.get(*at + spaces) != Some(&b'=') {
        return Some((name, Vec::new()));
    }
    *at += spaces + 1;
    *at += start[*at..].iter().take_while(|byte| is_space(**byte)).count();
    let rest = &start[*at..];
    let (value, length) = match rest.first() {
        Some(quote @ (b'"' | b'\'')) => {
            let end = rest[1..].iter().position(|byte| byte == quote)?;
            (&rest[1..=end], end + 2)
        }
        _ => {
            let end = rest.iter().position(|byte| is_space(*byte) || *byte == b'>').unwrap_or(rest.len());
            (&rest[..end], end)
        }
    };
    *at += length;
    Some((name, value.to_ascii_lowercase()))
}

/// HTML standard, "get an XML encoding".
fn xml_declaration(body: &[u8]) -> Option<&'static Encoding> {
    let start = body.strip_prefix(b"<?xml")?;
    let declaration = &start[..find(&start[..start.len().min(PRESCANNED)], b">")?];
    let rest = &declaration[find(declaration, b"encoding")? + 8..];
    let rest = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let quote = rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    of_document(rest[1..].split(|byte| byte == quote).next()?)
}

fn opens_tag(rest: &[u8]) -> bool {
    match rest {
        [b'<', b'/', letter, ..] | [b'<', letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|here| here == what)
}

fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(body: &[u8], media_type: &str, charset: Option<&str>, name: &str) {
        let read = PageText::read(body, media_type, charset);
        assert_eq!(read.charset.name(), name, "{}", body.escape_ascii());
    }

    #[test]
    fn a_documents_encoding_is_the_one_that_browsers_take() {
        let html = |body: &str, name: &str| is(body.as_bytes(), "text/html", None, name);
        html("<meta charset=windows-1251>", "windows-1251");
        html("<META CharSet = 'Shift_JIS' >", "Shift_JIS");
        html("<meta charset=\"utf8\">", "UTF-8");
        html("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", "KOI8-R");
        html("<meta content='text/html;charset=\"big5\"' http-equiv=content-type>", "Big5");
        html("<meta content='text/html; charset=koi8-r'>", "UTF-8");
        html("<meta name=x http-equiv=refresh content='charset=koi8-r'>", "UTF-8");
        html("<!-- <meta charset=big5> --><meta charset=euc-kr>", "EUC-KR");
        html("<!--><meta charset=euc-kr>", "EUC-KR");
        html("<script data-x='<meta charset=big5>'></script><meta charset=gbk>", "GBK");
        html("<a title=\"x > y\" x=1/><meta charset=iso-8859-2>", "ISO-8859-2");
        html("</p title='>'><meta charset=gbk>", "GBK");
        html("<!doctype html><?php x><meta charset=gb18030>", "gb18030");
        html("<metal charset=big5><meta charset=gbk>", "GBK");
        html("<meta charset=utf-16le>", "UTF-8");
        html("<meta charset=x-user-defined>", "windows-1252");
        html("<meta charset=hz-gb-2312>", "UTF-8");
        html("<meta charset=what><meta charset=big5>", "Big5");
        html("<meta charset=iso-8859-1>", "windows-1252");
        html("<meta charset=big5 charset=gbk>", "Big5");
        html("<meta charset", "UTF-8");
        html("<meta charset='big5", "UTF-8");
        html(&format!("{}<meta charset=big5>", " ".repeat(1020)), "UTF-8");
        html("<?xml version='1.0' encoding='windows-1250'?><p>", "windows-1250");
        html("", "UTF-8");
        is(b"<p>\xfcber", "text/html", None, "windows-1252");
        is("<p>\u{fc}ber".as_bytes(), "", None, "UTF-8");
        is("\u{fc}".as_bytes().split_last().unwrap().1, "text/html", None, "UTF-8");
        is(b"<meta charset=big5>", "text/html", Some("Windows-1251"), "windows-1251");
        is(b"<meta charset=big5>", "text/html", Some("nonsense"), "Big5");
        is(b"\xEF\xBB\xBF<meta charset=big5>", "text/html", Some("koi8-r"), "UTF-8");
        is(b"\xFF\xFE<\0", "text/html", Some("koi8-r"), "UTF-16LE");
        is(b"\xFE\xFF\0<", "text/html", None, "UTF-16BE");
        is(b"<\0p\0", "text/html", Some("utf-16le"), "UTF-16LE");
        is(
            b"<?xml version='1.0' encoding = \"iso-8859-5\" ?><p/>",
            "application/xhtml+xml",
            None,
            "ISO-8859-5",
        );
        is(b"<meta charset=big5>", "application/xhtml+xml", None, "UTF-8");
        is(b"{\"a\": \"\xfc\"}", "application/json", None, "UTF-8");
        is(b"\xfc", "text/plain", Some("koi8-r"), "KOI8-R");
    }

    #[test]
    fn texts_come_out_whole_and_without_their_mark() {
        let text = |body: &[u8]| PageText::html(body).text.into_owned();
        assert_eq!(
            text(b"<meta charset=windows-1251>\xcf\xf0\xe8\xe2\xe5\xf2"),
            "<meta charset=windows-1251>\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"
        );
        assert_eq!(text(b"\xFF\xFEa\0"), "a");
        assert_eq!(text(b"\xEF\xBB\xBFa"), "a");
        assert_eq!(text(b"<meta charset=utf-8>\xff"), "<meta charset=utf-8>\u{fffd}");
    }

    #[test]
    fn what_goes_back_goes_in_the_same_encoding() {
        let koi = Charset::of_label("koi8-r").unwrap();
        assert_eq!(koi.form_urlencode("\u{41f} +"), "%F0+%2B");
        assert_eq!(koi.form_urlencode("\u{20ac}"), "%26%238364%3B");
        assert_eq!(&*koi.encode_query("q=\u{41f}&x"), b"q=\xf0&x");
        assert_eq!(&*koi.encode_query("q=\u{20ac}\u{41f}"), b"q=%26%238364%3B\xf0");
        let page = Url::parse("https://a.example/x").unwrap();
        let leads = |href: &str| koi.join(&page, href).unwrap().to_string();
        assert_eq!(
            leads("/\u{41f}?q=\u{41f}\u{20ac}#\u{41f}"),
            "https://a.example/%D0%9F?q=%F0%26%238364%3B#%D0%9F"
        );
        assert_eq!(leads("y?q=1"), "https://a.example/y?q=1");
        let utf16 = Charset::of_label("utf-16").unwrap();
        assert_eq!(utf16.output(), Charset::UTF_8);
        assert_eq!(Charset::for_form(None, koi), koi);
        assert_eq!(Charset::for_form(Some("nonsense windows-1251 utf-8"), koi).name(), "windows-1251");
        assert_eq!(Charset::for_form(Some("nonsense"), koi), Charset::UTF_8);
        assert_eq!(Charset::for_form(None, utf16), Charset::UTF_8);
    }
}
