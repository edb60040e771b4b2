//! Fixed words of the manifest and the plan, each list written once: decoding, messages ("did you
//! mean"), printing and the JSON Schemas read the same list.

/// A type whose values are words in a file.
pub trait Words: Copy + PartialEq + 'static {
    /// Every word and what it means. The first word of a value is the one that is printed; others
    /// are spellings that are understood as well.
    const WORDS: &'static [(&'static str, Self)];

    /// The word for a value.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// What a word means.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }
}

/// Gives a type its [`Words`]; with `printed` also `Display` and `FromStr` by them.
macro_rules! words {
    ($type:ty { $($word:literal => $value:expr,)+ }) => {
        impl $crate::tree::Words for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),+];
        }
    };
    (printed $type:ty { $($word:literal => $value:expr,)+ }) => {
        $crate::tree::words!($type { $($word => $value,)+ });

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad($crate::tree::Words::word(*self))
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                <$type as $crate::tree::Words>::from_word(word).ok_or_else(|| format!("unknown word `{word}`"))
            }
        }
    };
}

pub(crate) use words;
