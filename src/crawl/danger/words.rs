//! Words of links, path segments and identifiers: lower case, without accents.

/// The words of a path segment or an identifier (`doLogout`, `log-out.php`), without the endings of
/// server pages.
pub(in crate::crawl) fn of_identifier(text: &str) -> Vec<String> {
    let mut words = split(text, true);
    if words.len() > 1 && words.last().is_some_and(|last| PAGE_ENDINGS.contains(&last.as_str())) {
        words.pop();
    }
    words
}

/// The words of a text for people. `LogoutURL` is one: nobody writes so what is to be clicked.
pub(super) fn of_text(text: &str) -> Vec<String> {
    split(text, false)
}

fn split(text: &str, at_capitals: bool) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in text.chars().take(200) {
        let starts_word =
            !c.is_alphanumeric() && c != '\'' || at_capitals && c.is_uppercase() && before_lower;
        if starts_word && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        before_lower = c.is_lowercase();
        match words.last_mut() {
            Some(word) if c.is_ascii_alphanumeric() => word.push(c.to_ascii_lowercase()),
            Some(word) if c.is_alphanumeric() => {
                word.extend(c.to_lowercase().map(without_accent).filter(|c| c.is_alphanumeric()));
            }
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(super) fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ź' | 'ż' | 'ž' => 'z',
        'ț' | 'ţ' | 'ť' => 't',
        'ý' | 'ÿ' => 'y',
        'ğ' => 'g',
        'ł' => 'l',
        'ř' => 'r',
        'đ' | 'ď' => 'd',
        _ => c,
    }
}

/// Percent-decoded, for judging only.
pub(in crate::crawl) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            (b'+', ..) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const PAGE_ENDINGS: &[&str] =
    &["action", "asp", "aspx", "cfm", "cgi", "do", "htm", "html", "jsf", "jsp", "php", "phtml", "pl"];
