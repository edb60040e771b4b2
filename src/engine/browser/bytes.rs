//! What DevTools shows of bytes, which is not always what came. Pure.

/// The bytes of a header as DevTools shows it: each byte as the character that windows-1252 has for
/// it (WHATWG Encoding, "index windows-1252"), whatever the bytes were meant as.
pub(super) fn header_bytes(text: &str) -> Vec<u8> {
    const HIGH: [char; 32] = [
        '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}',
        '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}',
        '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}',
        '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
    ];
    let byte = |c: char| match HIGH.iter().position(|high| *high == c) {
        Some(at) => u8::try_from(0x80 + at).ok(),
        None => u8::try_from(u32::from(c)).ok(),
    };
    // A browser that shows it otherwise one day shows it as text.
    text.chars().map(byte).collect::<Option<Vec<u8>>>().unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Bytes as DevTools shows them in every other text (crdtp's JSON encoder): read as UTF-8, in which
/// a wrong character is dropped with as many bytes behind it as it should have had.
pub(super) fn as_shown(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(first) = bytes.get(at).copied() {
        at += 1;
        let (more, bits) = match first {
            0..=0x7e => {
                shown.push(char::from(first));
                continue;
            }
            0xc0..=0xdf => (1, first & 0x1f),
            0xe0..=0xef => (2, first & 0x0f),
            0xf0..=0xf7 => (3, first & 0x07),
            _ => continue,
        };
        let Some(rest) = bytes.get(at..at + more) else { continue };
        at += more;
        if rest.iter().all(|byte| byte & 0xc0 == 0x80) {
            let code = rest.iter().fold(u32::from(bits), |code, byte| code << 6 | u32::from(byte & 0x3f));
            shown.extend(char::from_u32(code).filter(|_| code > 0x7f));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_the_bytes_that_came() {
        for (shown, bytes) in [
            ("a=1", b"a=1".as_slice()),
            ("u=\u{c3}\u{a9}", b"u=\xc3\xa9"),
            ("b=\u{e9}x", b"b=\xe9x"),
            ("t=\u{201c}q\u{201d}\u{81}\u{178}", b"t=\x93q\x94\x81\x9f"),
            ("w=\u{6f22}", "w=\u{6f22}".as_bytes()),
        ] {
            assert_eq!(header_bytes(shown), bytes);
        }
    }

    #[test]
    fn wrong_characters_take_along_what_they_should_have_had() {
        for (bytes, shown) in [
            (b"a=1".as_slice(), "a=1"),
            (b"u=\xc3\xa9", "u=\u{e9}"),
            (b"b=\xe9x", "b=x"),
            (b"t=\x93q\x94\x81", "t=q"),
            (b"no=\xe9; SameSite=None", "no=SameSite=None"),
            (b"x\x7f\xc1\x81y", "xy"),
        ] {
            assert_eq!(as_shown(bytes), shown);
        }
    }
}
