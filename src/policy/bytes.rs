//! Bytes into text, or a refusal that says what to do: whoever saved a PDF or a login page gets told.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use thiserror::Error;

/// The most that is read of a policy; the longest known has 300 KiB.
pub const MOST_BYTES: usize = 16 << 20;

/// Why bytes are no policy, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unreadable {
    #[error("this is a {0}, not a text")]
    Format(&'static str),
    #[error("it is empty")]
    Empty,
    #[error("it is larger than {} MiB: no policy is", MOST_BYTES >> 20)]
    TooLarge,
    #[error("this is a page that asks for a password, not the policy")]
    LoginWall,
    #[error("this is not the JSON or CSV of any declaration of cookies that is known")]
    UnknownDeclaration,
}

impl Unreadable {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Unreadable::Format(_) => {
                "open it, save or copy its text (or `pdftotext -layout`), and import that"
            }
            Unreadable::Empty => "save the page as it shows in a browser, and import that file",
            Unreadable::TooLarge => "save the page alone, without what it embeds",
            Unreadable::LoginWall => "save the page from a browser that is logged in, and import that file",
            Unreadable::UnknownDeclaration => {
                "known are lists of records with a name (OneTrust, Cookiebot, the TCF's disclosures, the Open Cookie Database)"
            }
        }
    }
}

/// The text of a policy's bytes; `content_type` is what a server said of them.
pub fn text_of(bytes: &[u8], content_type: &str) -> Result<String, Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    const FORMATS: &[(&[u8], &str)] = &[
        (b"%PDF", "PDF"),
        (b"PK\x03\x04", "Word document or ZIP archive"),
        (b"\xd0\xcf\x11\xe0", "Word document of the old kind"),
        (b"{\\rtf", "RTF document"),
        (b"\x89PNG", "picture"),
        (b"\xff\xd8\xff", "picture"),
        (b"GIF8", "picture"),
        (b"\x1f\x8b", "compressed file"),
    ];
    let start = bytes.trim_ascii_start();
    if let Some((_, format)) = FORMATS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Unreadable::Format(format));
    }
    let text = encoding(bytes, content_type).decode(bytes).0.into_owned();
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let odd = text.chars().take(4_000).filter(|c| *c == '\0' || *c == '\u{fffd}').count();
    if odd > 200 {
        return Err(Unreadable::Format("binary file"));
    }
    Ok(text)
}

/// What the bytes are written in: their mark, the server's word, the page's own, or what fits.
fn encoding(bytes: &[u8], content_type: &str) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let label = |text: &str| {
        let low = text.to_ascii_lowercase();
        let after = &low[low.find("charset=")? + "charset=".len()..];
        let word: String = after
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
            .collect();
        Encoding::for_label(word.as_bytes())
    };
    if let Some(encoding) = label(content_type) {
        return encoding;
    }
    // Every other byte nothing: UTF-16 without its mark.
    let pairs = bytes.chunks_exact(2).take(200);
    let (mut low, mut high, mut count) = (0, 0, 0);
    for pair in pairs {
        count += 1;
        low += usize::from(pair[0] == 0);
        high += usize::from(pair[1] == 0);
    }
    if count > 4 && low * 2 > count {
        return UTF_16BE;
    }
    if count > 4 && high * 2 > count {
        return UTF_16LE;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]);
    label(&head).filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1252)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told() {
        assert_eq!(text_of("Dur\u{e9}e".as_bytes(), "").unwrap(), "Dur\u{e9}e");
        assert_eq!(text_of(b"Dur\xe9e", "").unwrap(), "Dur\u{e9}e");
        assert_eq!(text_of(b"\xff\xfeN\0a\0", "").unwrap(), "Na");
        assert_eq!(text_of(b"C\0o\0o\0k\0i\0e\0s\0", "").unwrap(), "Cookies");
        assert_eq!(text_of(b"a\xa4", "text/html; charset=iso-8859-15").unwrap(), "a\u{20ac}");
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_reason() {
        for (bytes, expected) in [
            (b"%PDF-1.7 ...".to_vec(), Unreadable::Format("PDF")),
            (b"PK\x03\x04".to_vec(), Unreadable::Format("Word document or ZIP archive")),
            (b"  \n ".to_vec(), Unreadable::Empty),
            (vec![b'a'; MOST_BYTES + 1], Unreadable::TooLarge),
        ] {
            assert_eq!(text_of(&bytes, "").unwrap_err(), expected);
        }
    }
}
