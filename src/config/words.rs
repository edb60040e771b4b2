//! Fixed words of the manifest and the plan, each list written once: decoding, messages ("did you
//! mean"), printing and the JSON Schemas read the same list.

/// A type whose values are words in a file.
pub trait Words: Copy + PartialEq + 'static {
    /// Every word and what it means.
    const WORDS: &'static [(&'static str, Self)];

    /// Words that people write instead, and the one they mean; only for messages.
    const HINTS: &'static [(&'static str, &'static str)] = &[];

    /// The word for a value.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// What a word means.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }
}

/// The known word that a word was probably meant to be.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word into a page of text, and comparing it would take its time.
    if word.len() > 60 {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace('-', "_");
    let word = plain(word);
    known
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(word.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Gives a type its [`Words`] and its way from a file; with `printed` also `Display` and `FromStr`.
macro_rules! words {
    ($type:ty { $($word:literal => $value:expr,)+ } $(hints { $($said:literal => $meant:literal,)+ })?) => {
        impl $crate::config::Words for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),+];
            $(const HINTS: &'static [(&'static str, &'static str)] = &[$(($said, $meant)),+];)?
        }

        impl $crate::config::Decode for $type {
            fn shape() -> $crate::config::Shape {
                let words = <$type as $crate::config::Words>::WORDS;
                $crate::config::Shape::Words(words.iter().map(|(word, _)| *word).collect())
            }

            fn decode(node: &$crate::config::Node, problems: &mut $crate::config::Problems) -> Option<Self> {
                $crate::config::word(node, problems)
            }
        }
    };
    (printed $type:ty { $($word:literal => $value:expr,)+ } $($hints:tt)*) => {
        $crate::config::words!($type { $($word => $value,)+ } $($hints)*);

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad($crate::config::Words::word(*self))
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                <$type as $crate::config::Words>::from_word(word).ok_or_else(|| format!("unknown word `{word}`"))
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(word: &str, expected: Option<&str>) {
        let known = ["lifetime", "lifetime_for", "http_only", "same_site", "on-https"];
        assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        case("lifetme", Some("lifetime"));
        case("HttpOnly", Some("http_only"));
        case("same-site", Some("same_site"));
        case("on_https", Some("on-https"));
        case("max_age", None);
        case("", None);
        case(&"lifetime".repeat(1000), None);
    }
}
