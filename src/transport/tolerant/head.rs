//! A head read as Chromium reads it (`HttpUtil::LocateEndOfHeaders`, `AssembleRawHeaders`,
//! `HttpResponseHeaders`): lines end at CR or LF, one or both; lines without a colon or with a name
//! that is no token are skipped; a line that begins with a blank continues the one before.

/// A head in its parts.
#[derive(Debug, PartialEq)]
pub(super) struct Parsed {
    pub(super) status: u16,
    pub(super) version: &'static str,
    /// Names in lower case; values without the blanks around them.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) has_nul: bool,
}

/// How much may stand before `HTTP/`: rests of an earlier body.
const SLOP: usize = 4;

/// The index after the empty line that ends a head; `from` bytes were searched before.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    // Two line feeds with nothing but one CR between them.
    let mut at = from.saturating_sub(2);
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        at += found + 1;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Takes a head apart, or says why it is none.
pub(super) fn parse(raw: &[u8]) -> Result<Parsed, &'static str> {
    let start = (0..=SLOP)
        .find(|at| raw.get(*at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"http")))
        .ok_or("it does not begin with an HTTP status line")?;
    let mut lines = raw[start..].split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty());
    let (version, status) = status_line(lines.next().unwrap_or_default())?;

    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    let mut continuable = false;
    for line in lines {
        if is_blank(line[0]) && continuable {
            if let Some((_, value)) = headers.last_mut() {
                value.push(b' ');
                value.extend_from_slice(trim(line));
            }
            continue;
        }
        continuable = false;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = trim(&line[..colon]);
        if is_blank(line[0]) || !is_token(name) {
            continue;
        }
        headers.push((String::from_utf8_lossy(name).to_ascii_lowercase(), trim(&line[colon + 1..]).to_vec()));
        continuable = true;
    }
    Ok(Parsed { status, version, headers, has_nul: raw.contains(&0) })
}

fn status_line(line: &[u8]) -> Result<(&'static str, u16), &'static str> {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let version = match words.next() {
        Some(word) if word.eq_ignore_ascii_case(b"HTTP/1.0") => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let digits = words.next().unwrap_or_default();
    let digits = &digits[..digits.iter().take_while(|byte| byte.is_ascii_digit()).count()];
    let status = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    status
        .filter(|status| (100..1000).contains(status))
        .map(|status| (version, status))
        .ok_or("its status line has no status")
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(*last)
    {
        bytes = rest;
    }
    bytes
}

/// RFC 9110 5.6.2.
fn is_token(name: &[u8]) -> bool {
    let ok = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(ok)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[track_caller]
    fn case(raw: &[u8], expected: &[(&str, &[u8])]) {
        let headers = parse(raw).unwrap().headers;
        let found: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_are_read_as_a_browser_reads_them() {
        case(
            b"HTTP/1.1 200 OK\r\nA: b\r\nSet-Cookie: x=\x01y\r\n\r\n",
            &[("a", b"b"), ("set-cookie", b"x=\x01y")],
        );
        case(b"HTTP/1.1 200 OK\nA: b\nC: d\n\n", &[("a", b"b"), ("c", b"d")]);
        case(b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", &[("a", b"b"), ("c", b"d")]);
        case(b"HTTP/1.1 200 OK\r\nA: b\r\n  folded\r\nC: d\r\n\r\n", &[("a", b"b folded"), ("c", b"d")]);
        case(b"HTTP/1.1 200 OK\r\n lost: x\r\nno colon\r\nA : b\r\n\r\n", &[("a", b"b")]);
        case(b"HTTP/1.1 200 OK\r\n: x\r\nin valid: x\r\nA:\xff\xfe\r\n\r\n", &[("a", b"\xff\xfe")]);
        case(b"\r\nhttp/1.1 200\r\nA: b\r\n\r\n", &[("a", b"b")]);
    }

    #[test]
    fn a_nul_is_noticed_anywhere() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n").unwrap().has_nul);
        assert!(!parse(b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n").unwrap().has_nul);
    }

    #[test]
    fn what_is_no_head_is_said() {
        assert_eq!(parse(b"SSH-2.0-OpenSSH\r\n\r\n"), Err("it does not begin with an HTTP status line"));
        assert_eq!(parse(b"HTTP/1.1 OK\r\n\r\n"), Err("its status line has no status"));
        assert_eq!(parse(b""), Err("it does not begin with an HTTP status line"));
    }

    #[test]
    fn a_head_ends_at_an_empty_line() {
        for (text, expected) in [
            (&b"H\r\n\r\nbody"[..], Some(5)),
            (b"H\n\nbody", Some(3)),
            (b"H\n\r\nbody", Some(4)),
            (b"H\r\n\nbody", Some(4)),
            (b"H\r\r\nbody", None),
            (b"H\r\n", None),
            (b"", None),
        ] {
            assert_eq!(end(text, 0), expected, "{}", text.escape_ascii());
            // The same, when it comes in byte by byte.
            let found = (0..=text.len()).find_map(|length| end(&text[..length], length.saturating_sub(1)));
            assert_eq!(found, expected, "{}", text.escape_ascii());
        }
    }
}
