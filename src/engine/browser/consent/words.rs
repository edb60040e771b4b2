//! The words of consent banners, from `words.txt`, and texts in the shape in which they are compared:
//! lower case, without punctuation, accents folded, since banners are written in capitals, too, and
//! half of the Romanian web goes without diacritics.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word means on a banner. Where one has several meanings in its language, the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Meaning {
    Again,
    Withdraw,
    Reject,
    Optional,
    Necessary,
    Not,
    Accept,
    Ok,
    Save,
    Choice,
    Only,
    All,
    Settings,
    Privacy,
    Cookies,
    Filler,
}

/// What else a box may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Newsletter,
    Age,
    Terms,
    Pay,
    Order,
    Food,
    Login,
}

const MEANINGS: &[(&str, Meaning)] = &[
    ("again", Meaning::Again),
    ("withdraw", Meaning::Withdraw),
    ("reject", Meaning::Reject),
    ("optional", Meaning::Optional),
    ("necessary", Meaning::Necessary),
    ("not", Meaning::Not),
    ("accept", Meaning::Accept),
    ("ok", Meaning::Ok),
    ("save", Meaning::Save),
    ("choice", Meaning::Choice),
    ("only", Meaning::Only),
    ("all", Meaning::All),
    ("settings", Meaning::Settings),
    ("privacy", Meaning::Privacy),
    ("cookies", Meaning::Cookies),
    ("filler", Meaning::Filler),
];

const SUBJECTS: &[(&str, Subject)] = &[
    ("newsletter", Subject::Newsletter),
    ("age", Subject::Age),
    ("terms", Subject::Terms),
    ("pay", Subject::Pay),
    ("order", Subject::Order),
    ("food", Subject::Food),
    ("login", Subject::Login),
];

/// One language.
pub(super) struct Language {
    pub(super) name: &'static str,
    pub(super) labels: Lexicon<Meaning>,
}

/// Words and phrases, each with its meaning.
pub(super) struct Lexicon<M> {
    by_first: HashMap<char, Vec<(Vec<char>, bool, M)>>,
}

pub(super) static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let languages =
        sections().filter(|(name, _)| !matches!(*name, "other subjects" | "policies" | "categories"));
    languages.map(|(name, lists)| Language { name, labels: Lexicon::of(lists, MEANINGS) }).collect()
});

/// What labels of consent say, in all languages: who has none of it says nothing of the kind.
pub(super) static TELLING: LazyLock<Lexicon<Meaning>> = LazyLock::new(|| {
    let silent = [Meaning::Privacy, Meaning::Cookies, Meaning::Filler];
    let telling: Vec<_> = MEANINGS.iter().filter(|(_, meaning)| !silent.contains(meaning)).copied().collect();
    Lexicon::of_all(&telling)
});

/// What is asked about, in all languages.
pub(super) static COOKIES: LazyLock<Lexicon<Meaning>> =
    LazyLock::new(|| Lexicon::of_all(&[("cookies", Meaning::Cookies)]));

/// What else the question speaks of, in all languages.
pub(super) static PRIVACY: LazyLock<Lexicon<Meaning>> =
    LazyLock::new(|| Lexicon::of_all(&[("privacy", Meaning::Privacy)]));

pub(super) static OTHER_SUBJECTS: LazyLock<Lexicon<Subject>> =
    LazyLock::new(|| Lexicon::of(section("other subjects"), SUBJECTS));

/// Names of policies.
pub(super) static POLICIES: LazyLock<Lexicon<Meaning>> =
    LazyLock::new(|| Lexicon::of(section("policies"), &[("names", Meaning::Cookies)]));

/// What banners call a category, as it stands in labels; what is not known is called by its name.
pub(super) fn category(name: &str) -> Vec<String> {
    let known = list(section("categories"), name).map(|word| fold(word.trim_end_matches('*')));
    let known: Vec<String> = known.collect();
    if known.is_empty() { vec![fold(name)] } else { known }
}

impl<M: Copy + Ord> Lexicon<M> {
    fn of(lists: &str, names: &[(&str, M)]) -> Self {
        let mut lexicon = Lexicon { by_first: HashMap::new() };
        for (name, meaning) in names {
            list(lists, name).for_each(|word| lexicon.add(word, *meaning));
        }
        lexicon.sorted()
    }

    /// The lists of this name in every language.
    fn of_all(names: &[(&str, M)]) -> Self {
        let mut lexicon = Lexicon { by_first: HashMap::new() };
        for (_, lists) in sections() {
            for (name, meaning) in names {
                list(lists, name).for_each(|word| lexicon.add(word, *meaning));
            }
        }
        lexicon.sorted()
    }

    fn add(&mut self, word: &str, meaning: M) {
        // `plik* cookie*` stands for any ending of each; the text is cut into words, so the inner
        // ending is left to the first word alone.
        let stem = word.ends_with('*');
        let written: Vec<char> = fold(&word.replace('*', "\u{1}")).chars().collect();
        let written = match stem {
            true => written[..written.len().saturating_sub(1)].to_vec(),
            false => written,
        };
        if let Some(first) = written.first() {
            self.by_first.entry(*first).or_default().push((written, stem, meaning));
        }
    }

    fn sorted(mut self) -> Self {
        for words in self.by_first.values_mut() {
            words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
            words.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1 && a.2 == b.2);
        }
        self
    }

    /// The longest word that stands at this place: where it ends, and how much of it is written out.
    pub(super) fn at(&self, text: &[char], start: usize) -> Option<(usize, usize, M)> {
        let words = self.by_first.get(text.get(start)?)?;
        words.iter().find_map(|(word, stem, meaning)| {
            let end = ends(text, start, word)?;
            let joined = text.get(end - 1).copied().is_some_and(is_joined);
            let at_end = joined || text.get(end).is_none_or(|c| *c == ' ' || is_joined(*c));
            match (at_end, stem) {
                (true, _) => Some((end, word.len(), *meaning)),
                (false, true) => Some((word_end(text, end), word.len(), *meaning)),
                (false, false) => None,
            }
        })
    }

    /// Every word of the text that is in the lexicon, with where it stands.
    pub(super) fn all_in(&self, text: &[char]) -> Vec<(usize, usize, M)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match self.at(text, at) {
                Some((end, _, meaning)) => {
                    found.push((at, end, meaning));
                    at = end.max(at + 1);
                }
                None => at = next_start(text, at),
            }
        }
        found
    }
}

/// Where a word ends that begins here, if it stands here. In it, a mark stands for the rest of one of
/// its own words.
fn ends(text: &[char], start: usize, word: &[char]) -> Option<usize> {
    let mut at = start;
    for expected in word {
        if *expected == '\u{1}' {
            at = word_end(text, at);
        } else if text.get(at) == Some(expected) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

fn word_end(text: &[char], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|c| *c == ' ' || is_joined(*c)).unwrap_or(rest.len())
}

/// Where the next word may begin: after a space; in scripts without spaces, at the next character; in
/// those that write articles and prepositions before their words, after these.
pub(super) fn next_start(text: &[char], at: usize) -> usize {
    let Some(here) = text.get(at) else { return at + 1 };
    let begins = at == 0 || text.get(at - 1) == Some(&' ');
    if is_joined(*here) || *here == ' ' || begins && is_prefix(*here) {
        return at + 1;
    }
    // The article of Arabic, "al", is two letters.
    if *here == 'ل'
        && at > 0
        && text.get(at - 1) == Some(&'ا')
        && (at < 2 || is_prefix(text[at - 2]) || text[at - 2] == ' ')
    {
        return at + 1;
    }
    // A word that ends in a script with spaces may go on in one without: `cookieの`.
    let end = word_end(text, at);
    if text.get(end) == Some(&' ') { end + 1 } else { end.max(at + 1) }
}

/// Written without spaces between words, or with endings joined on.
pub(super) fn is_joined(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{0e00}'..='\u{0e7f}' | '\u{f900}'..='\u{faff}')
}

fn is_prefix(c: char) -> bool {
    matches!(c, 'و' | 'ا' | 'ب' | 'ل' | 'ה' | 'ו' | 'ב' | 'ל' | 'ש')
}

/// A text in the shape in which it is compared.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_ascii_alphanumeric() => folded.push(c),
            '\u{1}' => folded.push(c),
            // Soft hyphens, joiners without width, marks of direction, marks above and below letters.
            '\u{ad}'
            | '\u{200b}'
            | '\u{200d}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}' => {}
            // Letters of full width.
            '\u{ff41}'..='\u{ff5a}' => folded.extend(char::from_u32(c as u32 - 0xff41 + 'a' as u32)),
            c if c.is_alphanumeric() || is_mark(c) => folded.extend(plain(c)),
            '%' | '€' | '$' | '£' => folded.push(c),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Vowel signs of Thai and of Indian scripts belong to their letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0963}' | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}')
}

/// A letter without its accent.
fn plain(c: char) -> impl Iterator<Item = char> {
    const FOLDED: &[(char, &str)] = &[
        ('a', "áàâäãåāăąạảấầẩẫậắằẳẵặ"),
        ('c', "çćčĉċ"),
        ('d', "ďđð"),
        ('e', "éèêëēĕėęěẹẻẽếềểễệ"),
        ('g', "ğģġĝ"),
        ('h', "ħĥ"),
        ('i', "íìîïīĭįıịỉĩ"),
        ('k', "ķ"),
        ('l', "łľĺļ"),
        ('n', "ñńňņ"),
        ('o', "óòôöõøōőŏọỏốồổỗộớờởỡợơ"),
        ('r', "řŕ"),
        ('s', "śšşșŝ"),
        ('t', "ťţțŧ"),
        ('u', "úùûüūůűųŭụủũứừửữựư"),
        ('w', "ŵ"),
        ('y', "ýÿŷỳỵỷỹ"),
        ('z', "źžż"),
        ('α', "ά"),
        ('ε', "έ"),
        ('η', "ή"),
        ('ι', "ίϊΐ"),
        ('ο', "ό"),
        ('υ', "ύϋΰ"),
        ('ω', "ώ"),
        ('σ', "ς"),
        ('е', "ё"),
        ('и', "й"),
        ('і', "ї"),
        ('ا', "أإآ"),
        ('ی', "ي"),
        ('ک', "ك"),
    ];
    let folded = match c {
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => "",
    };
    let single = folded
        .is_empty()
        .then(|| FOLDED.iter().find(|(_, accented)| accented.contains(c)).map_or(c, |(plain, _)| *plain));
    folded.chars().chain(single)
}

fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("words.txt").split("\n[").skip(1).filter_map(|section| section.split_once("]\n"))
}

fn section(name: &str) -> &'static str {
    sections().find(|(named, _)| *named == name).map_or("", |(_, lists)| lists)
}

/// The words of one list: what stands behind its name, and on further lines that are indented.
fn list<'l>(lists: &'l str, name: &str) -> impl Iterator<Item = &'l str> {
    let mut within = false;
    let lines = lists.lines().filter_map(move |line| {
        if line.starts_with(' ') {
            return within.then_some(line);
        }
        let (named, words) = line.split_once(':')?;
        within = named == name;
        within.then_some(words)
    });
    let lines: Vec<&str> = lines.collect();
    lines.into_iter().flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}
