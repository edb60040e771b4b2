//! The shape of a path: what is left when everything that varies from page to page is taken out.

/// Segments longer than this are cut in a shape.
const MAX_SEGMENT: usize = 80;
const MAX_SEGMENTS: usize = 16;
const MAX_PARAMETERS: usize = 10;

/// The shape of a path with or without its query: segments that are numbers, dates, UUIDs, hashes
/// or long random words become `{n}`, `{date}`, `{uuid}`, `{hash}`, `{id}`; the query keeps its
/// parameters' names only, sorted.
pub fn path_template(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let mut shape = String::with_capacity(path.len() + 8);
    let mut segments: Vec<String> = Vec::new();
    for (at, segment) in path.split('/').enumerate() {
        let segment = segment_shape(segment);
        // Relative links gone wrong make /a/b/a/b/a/b/...: without an end, of one shape.
        let repeated =
            !segment.is_empty() && segments.iter().filter(|before| **before == segment).count() >= 3;
        if at > MAX_SEGMENTS || repeated && !segment.starts_with('{') {
            shape.push_str("/{more}");
            break;
        }
        if at > 0 {
            shape.push('/');
        }
        shape.push_str(&segment);
        segments.push(segment);
    }
    if let Some(query) = query {
        let mut names: Vec<String> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .take(4 * MAX_PARAMETERS)
            .map(|pair| segment_shape(pair.split('=').next().unwrap_or_default()))
            .collect();
        names.sort();
        names.dedup();
        names.truncate(MAX_PARAMETERS);
        shape.push('?');
        shape.push_str(&names.join("&"));
    }
    shape
}

/// The shape of a page's path; one without variable parts stands for its folder: `/blog/{n}`, `/blog/*`.
pub fn page_template(path: &str) -> String {
    let shape = path_template(path);
    if shape.contains('{') {
        return shape;
    }
    let folder = shape.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/*")
}

fn segment_shape(segment: &str) -> String {
    let plain = !segment.bytes().any(|b| b.is_ascii_digit()) && segment.len() < 20;
    if plain && !segment.contains(super::safe_url::MASK) {
        return segment.to_owned();
    }
    // A file's ending stays: /assets/3f2a9c.js.
    let (stem, ending) = match segment.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (1..=5).contains(&ending.len())
                && ending.bytes().all(|b| b.is_ascii_alphabetic()) =>
        {
            (stem, Some(ending))
        }
        _ => (segment, None),
    };
    let shape = stem_shape(stem);
    match ending {
        Some(ending) => format!("{shape}.{ending}"),
        None => shape,
    }
}

fn stem_shape(stem: &str) -> String {
    if stem.contains(super::safe_url::MASK) {
        return "{id}".to_owned();
    }
    if let Some(shape) = whole_shape(stem) {
        return shape.to_owned();
    }
    let mut shape = String::with_capacity(stem.len());
    for part in stem.split_inclusive('.') {
        let (name, dot) = part.strip_suffix('.').map_or((part, ""), |name| (name, "."));
        match whole_shape(name) {
            Some(whole) => shape.push_str(whole),
            None => words_shape(name, &mut shape),
        }
        shape.push_str(dot);
        if shape.len() >= MAX_SEGMENT {
            shape.push_str("{more}");
            break;
        }
    }
    shape
}

/// Numbers and hashes that are words of their own: `post-12`, `item_3`, `a[3]`; not `v2` or `web3`.
fn words_shape(text: &str, shape: &mut String) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if shape.len() >= MAX_SEGMENT {
            return;
        }
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (word, after) = rest.split_at(length.max(first.len_utf8()));
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if length > 0 && digits == length {
            shape.push_str("{n}");
        } else if is_hash(word, 8) {
            shape.push_str("{hash}");
        } else {
            shape.push_str(word);
        }
        rest = after;
    }
}

fn whole_shape(text: &str) -> Option<&'static str> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 && text.len() < 20 {
        None
    } else if digits == text.len() {
        Some("{n}")
    } else if is_date(text.as_bytes()) {
        Some("{date}")
    } else if is_uuid(text.as_bytes()) {
        Some("{uuid}")
    } else if is_hash(text, 12) {
        Some("{hash}")
    } else {
        (!text.contains('.') && looks_random(text)).then_some("{id}")
    }
}

/// Hexadecimal, and no word that happens to be (`decade`, `facade`).
fn is_hash(text: &str, at_least: usize) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let long = digits >= 2 && text.len() >= at_least || text.len() >= 32;
    long && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `2026-11`, `2026-11-05`, `05.11.2026`
fn is_date(text: &[u8]) -> bool {
    let Some(separator) = text.iter().find(|b| !b.is_ascii_digit()) else { return false };
    if !matches!(separator, b'-' | b'.' | b'_') {
        return false;
    }
    let parts: Vec<&[u8]> = text.split(|b| b == separator).collect();
    let numbers = parts.iter().all(|part| part.iter().all(u8::is_ascii_digit));
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    numbers && matches!(lengths.as_slice(), [4, 1..=2] | [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4])
}

pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Long, of one piece, and mixed as no word is: tokens, keys, ids of databases.
pub(super) fn looks_random(text: &str) -> bool {
    if text.len() < 16
        || !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'%' | b'=' | b'+'))
    {
        return false;
    }
    // Words of letters, joined by hyphens, however many, are a title; also with years in it.
    let pieces = text.split(['-', '_', '.', '~', '%', '=', '+']).filter(|piece| !piece.is_empty());
    let strange: usize = pieces.filter(|piece| is_mixed(piece)).map(str::len).sum();
    strange >= 12 && strange * 2 >= text.len()
}

/// Letters and digits in turns, or capitals where no writer puts them.
pub(super) fn is_mixed(piece: &str) -> bool {
    let class = |b: u8| match b {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let bytes = piece.as_bytes();
    let turns = bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let vowels = bytes
        .iter()
        .filter(|b| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y'))
        .count();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    // A random text changes class at every third letter; CamelCase at every fifth or so.
    (digits > 0 && turns * 5 >= bytes.len() || turns * 3 >= bytes.len()) && bytes.len() >= 6
        || bytes.len() >= 16 && vowels * 6 < bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        #[track_caller]
        fn case(path: &str, expected: &str) {
            assert_eq!(path_template(path), expected);
        }
        case("/", "/");
        case("", "");
        case("/docs/start/", "/docs/start/");
        case("/blog/12", "/blog/{n}");
        case("/blog/12.html", "/blog/{n}.html");
        case("/2026/11/05/", "/{n}/{n}/{n}/");
        case("/calendar/2026-11-05", "/calendar/{date}");
        case("/calendar/2026-11", "/calendar/{date}");
        case("/archive/05.11.2026", "/archive/{date}");
        case("/u/3b241101-e2bb-4255-8caf-4136c566a962/edit", "/u/{uuid}/edit");
        case("/assets/app.3f2a9c81be7d.js", "/assets/app.{hash}.js");
        case("/assets/main-3f2a9c81.css", "/assets/main-{hash}.css");
        case("/assets/3f2a9c81be7d.js", "/assets/{hash}.js");
        case("/c/9e107d9d372bb6826bd81d3542a419d6", "/c/{hash}");
        case("/magic/aB3xK9_mQ2pLs7TvW1zY", "/magic/{id}");
        case("/v/dQw4w9WgXcQ8fJ2kLm0P", "/v/{id}");
        case("/post-12", "/post-{n}");
        case("/web3/v2/mp3", "/web3/v2/mp3");
        case("/top-10-tips-for-2026", "/top-{n}-tips-for-{n}");
        case("/how-to-keep-cookies-from-crumbling", "/how-to-keep-cookies-from-crumbling");
        case(
            "/internationalization/CamelCaseServletHandler",
            "/internationalization/CamelCaseServletHandler",
        );
        case("/\u{fc}ber-uns-und-unsere-geschichte", "/\u{fc}ber-uns-und-unsere-geschichte");
        case("/a?b=1&a=2&b=3", "/a?a&b");
        case("/a?filter[0]=x&filter[1]=y", "/a?filter[{n}]");
        case("/a?", "/a?");
        case("/a/b/a/b/a/b/a/b/a/b", "/a/b/a/b/a/b/{more}");
        case("/1/1/1/1/1", "/{n}/{n}/{n}/{n}/{n}");
        case("/login/\u{2039}masked\u{203a}", "/login/{id}");
    }

    #[test]
    fn a_shape_is_bounded() {
        assert!(path_template(&"/x1y".repeat(10_000)).len() < 200);
        assert!(path_template(&format!("/{}", "ab-".repeat(10_000))).len() < 200);
        assert!(path_template(&format!("/?{}", "a=1&b1c=2&".repeat(10_000))).len() < 200);
    }
}
