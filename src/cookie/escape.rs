//! Bytes of a site made fit for a terminal and a report, and back again without loss.
//!
//! Text that is valid UTF-8 and prints as itself stays; a backslash is doubled; everything else
//! (control characters, direction marks, bytes that are no UTF-8) becomes `\xNN`, byte by byte.

use std::fmt::{self, Write};

/// Writes the bytes escaped.
pub(crate) fn write_escaped(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                out.write_str("\\\\")?;
            } else if is_printable(character) {
                out.write_char(character)?;
            } else {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    write!(out, "\\x{byte:02x}")?;
                }
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

/// The bytes as printable text; [`unescaped`] gives them back.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    if let (true, Ok(text)) = (plain, std::str::from_utf8(bytes)) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    let _ = write_escaped(bytes, &mut text);
    text
}

/// The bytes that `escaped` made this text of. A backslash that begins no escape is itself.
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => {
                bytes.push(b'\\');
                tail
            }
            (b'\\', [b'x', high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex_digit(*high) << 4 | hex_digit(*low));
                tail
            }
            _ => {
                bytes.push(first);
                tail
            }
        };
    }
    bytes
}

/// The value of a hexadecimal digit; 0 for anything else.
pub(crate) fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

/// `%XX` undone; a `%` that begins no escape is itself.
pub(crate) fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_digit(*high) << 4 | hex_digit(*low));
                tail
            }
            _ => {
                decoded.push(first);
                tail
            }
        };
    }
    decoded
}

/// Shows as itself and moves nothing: no control, no format or direction mark, no private use.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, unescaped};

    #[test]
    fn any_bytes_print_and_come_back() {
        for (bytes, text) in [
            (&b"sid"[..], "sid"),
            ("größe".as_bytes(), "größe"),
            (b"\x1b[31m", "\\x1b[31m"),
            (b"a\\x1b", "a\\\\x1b"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("a\u{202e}b".as_bytes(), "a\\xe2\\x80\\xaeb"),
            (b"\x85\r\n\0", "\\x85\\x0d\\x0a\\x00"),
        ] {
            assert_eq!(escaped(bytes), text);
            assert_eq!(unescaped(text), bytes);
        }
    }
}
