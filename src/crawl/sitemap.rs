//! Sitemaps (sitemaps.org): urlset and sitemapindex, RSS and Atom, plain text, each also in gzip.
//! Read as a stream with bounds, so that a small file cannot inflate into much memory. A broken
//! file gives what could be read, and a note.

use super::{Address, Base};
use crate::charset::{Charset, PageText};
use flate2::bufread::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufRead, BufReader, Read};
use url::Url;

/// The protocol's own bound for one uncompressed file.
const MAX_INFLATED: u64 = 50 << 20;
/// Of a file that must be decoded first.
const MAX_DECODED: u64 = 8 << 20;
/// One element's text; a URL is under 2,048 characters.
const MAX_TEXT: usize = 4096;

/// What a sitemap lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<Address>,
    /// Further sitemaps, of an index.
    pub sitemaps: Vec<Address>,
    /// Why this may not be all, or is nothing.
    pub note: Option<String>,
}

/// Reads a sitemap found at `url`, at most `max` addresses of it.
pub fn sitemap(url: &Url, body: &[u8], max: usize) -> Sitemap {
    read(url, body, max, MAX_INFLATED)
}

fn read(url: &Url, body: &[u8], max: usize, max_inflated: u64) -> Sitemap {
    let mut found = Found { base: Base::new(url.clone()), max, sitemap: Sitemap::default() };
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut inflated = MultiGzDecoder::new(body).take(max_inflated);
        found.read(BufReader::new(&mut inflated));
        if inflated.limit() == 0 {
            found.note(format!("only its first {} MiB were read", max_inflated >> 20));
        }
    } else {
        found.read(body);
    }
    found.sitemap
}

struct Found {
    base: Base,
    max: usize,
    sitemap: Sitemap,
}

impl Found {
    fn read(&mut self, mut file: impl BufRead) {
        let encoding = match file.fill_buf() {
            Ok(start) => PageText::read(&start[..start.len().min(1024)], "text/xml", None).charset,
            Err(error) => return self.note(format!("unreadable gzip: {error}")),
        };
        if encoding != Charset::UTF_8 {
            return self.read_decoded(file);
        }
        let start = match file.fill_buf() {
            Ok(start) => start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start),
            Err(error) => return self.note(format!("unreadable gzip: {error}")),
        };
        match start.iter().find(|b| !b.is_ascii_whitespace()) {
            None => self.note("empty".into()),
            Some(b'<') => self.read_xml(file),
            Some(_) => self.read_lines(file),
        }
    }

    /// UTF-16 by its mark, or what the XML declaration names.
    fn read_decoded(&mut self, file: impl BufRead) {
        let mut body = Vec::new();
        if let Err(error) = file.take(MAX_DECODED).read_to_end(&mut body) {
            self.note(format!("cut: {error}"));
        }
        if body.len() as u64 == MAX_DECODED {
            self.note(format!("only its first {} MiB were read", MAX_DECODED >> 20));
        }
        let text = PageText::read(&body, "text/xml", None).text.into_owned();
        drop(body);
        match text.trim_start().starts_with('<') {
            true => self.read_xml(text.as_bytes()),
            false => self.read_lines(text.as_bytes()),
        }
    }

    fn read_lines(&mut self, file: impl BufRead) {
        let mut file = file;
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut file).take(MAX_TEXT as u64).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_start_matches('\u{feff}').trim();
                    if (text.starts_with("http://") || text.starts_with("https://")) && !self.page(text) {
                        return;
                    }
                }
                Err(error) => return self.note(format!("cut: {error}")),
            }
        }
    }

    fn read_xml(&mut self, file: impl BufRead) {
        let mut reader = Reader::from_reader(file);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut buffer = Vec::new();
        let mut place = Place::default();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer) {
                Ok(Event::Eof) => break,
                Ok(Event::Start(element)) => {
                    place.begin(element.local_name().as_ref());
                    place.enter(&element);
                    if !self.linked(&element) {
                        break;
                    }
                }
                Ok(Event::Empty(element)) => {
                    place.begin(element.local_name().as_ref());
                    if !self.linked(&element) {
                        break;
                    }
                }
                Ok(Event::DocType(kind)) => {
                    place.html |= kind.trim().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("html"));
                }
                Ok(Event::Text(text)) => place.add(&text),
                Ok(Event::CData(text)) => place.add(&text),
                Ok(Event::GeneralRef(reference)) => {
                    let written = format!("&{};", &*reference);
                    place.add(&htmlize::unescape(&written));
                }
                Ok(Event::End(element)) => {
                    if !self.ended(element.local_name().as_ref(), &mut place) {
                        break;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    self.note(format!("not read to its end: {error}"));
                    break;
                }
            }
        }
        let is_sitemap = matches!(place.root.as_str(), "urlset" | "sitemapindex" | "rss" | "feed" | "rdf");
        if !is_sitemap {
            // Its links are style sheets and icons.
            self.sitemap = Sitemap::default();
            self.note(match place.html {
                true => "an HTML page, not a sitemap".into(),
                false => "neither urlset nor sitemapindex".into(),
            });
        }
    }

    /// `<loc>` of a url or sitemap, `<link>` of an RSS item. False: enough.
    fn ended(&mut self, name: &str, place: &mut Place) -> bool {
        let text = std::mem::take(&mut place.text);
        let collected = std::mem::take(&mut place.collects);
        match name {
            "sitemap" => place.in_sitemap = false,
            "item" => place.in_item = false,
            "loc" if collected && place.in_sitemap => return self.index(text.trim()),
            "loc" if collected => return self.page(text.trim()),
            "link" if collected && place.in_item => return self.page(text.trim()),
            _ => {}
        }
        true
    }

    /// `<xhtml:link href>` (the page in another language) and Atom's `<link href>`.
    fn linked(&mut self, element: &BytesStart<'_>) -> bool {
        if element.local_name().as_ref() != "link" {
            return true;
        }
        let href = element.try_get_attribute("href").ok().flatten();
        match href {
            Some(href) => self.page(&htmlize::unescape_attribute(href.value.into_owned())),
            None => true,
        }
    }

    fn page(&mut self, text: &str) -> bool {
        let address = self.base.join(text);
        Self::push(&mut self.sitemap.pages, address, self.max) || self.full()
    }

    fn index(&mut self, text: &str) -> bool {
        let address = self.base.join(text);
        Self::push(&mut self.sitemap.sitemaps, address, self.max) || self.full()
    }

    fn push(list: &mut Vec<Address>, address: Option<Address>, max: usize) -> bool {
        match address {
            Some(_) if list.len() >= max => false,
            Some(address) => {
                list.push(address);
                true
            }
            None => true,
        }
    }

    fn full(&mut self) -> bool {
        self.note(format!("only the first {} addresses were read", self.max));
        false
    }

    fn note(&mut self, note: String) {
        self.sitemap.note.get_or_insert(note);
    }
}

/// Where in the document the reader is.
#[derive(Default)]
struct Place {
    root: String,
    /// The document says that it is a page, or begins like one.
    html: bool,
    in_sitemap: bool,
    in_item: bool,
    /// Within an element whose text is an address.
    collects: bool,
    text: String,
}

impl Place {
    /// The first element says what the document is.
    fn begin(&mut self, name: &str) {
        if self.root.is_empty() {
            self.root = name.to_ascii_lowercase();
            self.html |= matches!(self.root.as_str(), "html" | "head" | "body" | "title" | "meta" | "div");
        }
    }

    fn enter(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "sitemap" => self.in_sitemap = true,
            "item" => self.in_item = true,
            _ => {}
        }
        self.collects = matches!(element.local_name().as_ref(), "loc" | "link");
        self.text.clear();
    }

    fn add(&mut self, text: &str) {
        if self.collects && self.text.len() + text.len() <= MAX_TEXT {
            self.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn read(body: &[u8]) -> (Vec<String>, Vec<String>, Option<String>) {
        let url = Url::parse("https://example.org/dir/sitemap.xml").unwrap();
        let sitemap = super::read(&url, body, 3, 1 << 20);
        let texts = |list: Vec<Address>| list.iter().map(|a| a.path_and_query().to_owned()).collect();
        (texts(sitemap.pages), texts(sitemap.sitemaps), sitemap.note)
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    const URLSET: &[u8] = b"<?xml version='1.0'?><urlset xmlns='x'><url><loc> https://example.org/a?b=c&amp;d=&#101;\n</loc><lastmod>2026</lastmod></url>\
        <url><loc><![CDATA[https://example.org/b&c]]></loc><image:image><image:title>x</image:title></image:image></url></urlset>";

    #[test]
    fn files_of_every_kind() {
        #[track_caller]
        fn case(body: &[u8], pages: &[&str], sitemaps: &[&str], note: Option<&str>) {
            let read = read(body);
            assert_eq!(
                (read.0, read.1, read.2.as_deref()),
                (
                    pages.iter().map(|s| s.to_string()).collect(),
                    sitemaps.iter().map(|s| s.to_string()).collect(),
                    note
                )
            );
        }
        case(URLSET, &["/a?b=c&d=e", "/b&c"], &[], None);
        case(&gzip(URLSET), &["/a?b=c&d=e", "/b&c"], &[], None);
        case(b"<sitemapindex><sitemap><loc>/s1.xml.gz</loc></sitemap><sitemap><loc>/s2.xml</loc></sitemap></sitemapindex>", &[], &["/s1.xml.gz", "/s2.xml"], None);
        case(
            b"<sm:urlset xmlns:sm='x'><sm:url><sm:loc>rel</sm:loc></sm:url></sm:urlset>",
            &["/dir/rel"],
            &[],
            None,
        );
        case(b"<urlset><url><loc>/a</loc><xhtml:link rel='alternate' hreflang='de' href='/de/a?x=1&amp;y=2'/></url></urlset>", &["/a", "/de/a?x=1&y=2"], &[], None);
        case(
            b"<rss><channel><link>/</link><item><link>/post</link></item></channel></rss>",
            &["/post"],
            &[],
            None,
        );
        case(b"\xEF\xBB\xBFhttps://example.org/x\r\n\r\nhttps://example.org/y", &["/x", "/y"], &[], None);
        case(b"<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url><url><loc>/c</loc></url><url><loc>/d</loc></url></urlset>", &["/a", "/b", "/c"], &[], Some("only the first 3 addresses were read"));
        case(
            b"<!doctype html><html><body><a href=/x>404</a></body></html>",
            &[],
            &[],
            Some("an HTML page, not a sitemap"),
        );
        case(
            b"<!DOCTYPE html><html><head><link rel=stylesheet href='/a.css'/><link rel=icon href='/i.ico'></head></html>",
            &[],
            &[],
            Some("an HTML page, not a sitemap"),
        );
        case(
            b"<!doctype html><title>x</title><link href='/a.css'>",
            &[],
            &[],
            Some("an HTML page, not a sitemap"),
        );
        let utf16: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain("<urlset><url><loc>/\u{e4}</loc></url></urlset>".encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        case(&utf16, &["/%C3%A4"], &[], None);
        let utf16_lines: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("https://example.org/x\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        case(&utf16_lines, &["/x"], &[], None);
        case(
            b"<?xml version='1.0' encoding='windows-1251'?><urlset><url><loc>/\xcf</loc></url></urlset>",
            &["/%D0%9F"],
            &[],
            None,
        );
        case(b"<urlset><url><loc>mailto:x@y.z</loc></url></urlset>", &[], &[], None);
        case(b"", &[], &[], Some("empty"));
        case(b"<x/>", &[], &[], Some("neither urlset nor sitemapindex"));
    }

    #[test]
    fn a_broken_file_gives_what_was_read_and_a_note() {
        #[track_caller]
        fn case(body: &[u8]) {
            let (pages, _, note) = read(body);
            assert_eq!(pages, ["/a"]);
            assert!(note.unwrap().contains("not read to its end"));
        }
        case(b"<urlset><url><loc>/a</loc></url><url><loc");
        case(b"<urlset><url><loc>/a</loc></url><url><loc>\xff\xfe</loc></url></urlset>");
        let whole = gzip(URLSET);
        assert!(read(&whole[..whole.len() / 2]).2.is_some());
        assert!(read(&[0x1f, 0x8b, 0, 0]).2.is_some());
    }

    #[test]
    fn a_bomb_does_not_inflate_into_memory() {
        let bomb = gzip(&[b"<urlset><url><loc>/a</loc></url>", &vec![b' '; 10 << 20][..]].concat());
        assert!(bomb.len() < 20_000);
        assert_eq!(read(&bomb).0, ["/a"]);
    }
}
