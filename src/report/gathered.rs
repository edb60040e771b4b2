//! Things that a reader takes for one: `help_seen_1` to `help_seen_25`, alike in all but the end of their
//! names, are one row, `help_seen_* (25 names)`. Only for people; programs get each by itself.

use std::collections::{BTreeMap, BTreeSet};

/// Fewer names are shown one by one.
const LEAST: usize = 8;
/// Bytes of a beginning, at most.
const LONGEST: usize = 64;
/// What may stand between the words of a name.
const SEPARATORS: &[char] = &['_', '-', '.', ':', '/', '$', '|'];
/// Beginnings that say something to browsers, and nothing of what belongs together.
const PREFIXES: [&str; 2] = ["__host-", "__secure-"];

/// Things that are shown as one.
pub(crate) struct Gathered<T> {
    pub(crate) first: T,
    pub(crate) others: Vec<T>,
    /// What they are called together; none where there is only the first.
    pub(crate) name: Option<String>,
}

/// Gathers things whose names begin alike and that are alike otherwise, in the order of the first of each.
pub(crate) fn gathered<T, K: Ord>(
    things: Vec<T>,
    name: impl Fn(&T) -> String,
    alike: impl Fn(&T) -> K,
) -> Vec<Gathered<T>> {
    let names: Vec<String> = things.iter().map(name).collect();
    let keys: Vec<K> = things.iter().map(alike).collect();
    let mut counted: BTreeMap<(&K, &str), BTreeSet<&str>> = BTreeMap::new();
    for (name, key) in names.iter().zip(&keys) {
        for start in starts(name) {
            counted.entry((key, start)).or_default().insert(name);
        }
    }
    // The longest beginning that enough names share.
    let start_of = |name: &'_ str, key: &K| -> Option<usize> {
        let shared = |start: &&str| counted.get(&(key, *start)).is_some_and(|names| names.len() >= LEAST);
        starts(name).filter(shared).last().map(str::len)
    };
    let mut groups: BTreeMap<(&K, &str), usize> = BTreeMap::new();
    let mut told: Vec<(Gathered<T>, Option<&str>)> = Vec::new();
    for ((thing, name), key) in things.into_iter().zip(&names).zip(&keys) {
        let start = start_of(name, key).map(|end| &name[..end]);
        match start.and_then(|start| groups.get(&(key, start))).and_then(|at| told.get_mut(*at)) {
            Some((group, _)) => group.others.push(thing),
            None => {
                if let Some(start) = start {
                    groups.insert((key, start), told.len());
                }
                told.push((Gathered { first: thing, others: Vec::new(), name: None }, start));
            }
        }
    }
    let named = |(mut group, start): (Gathered<T>, Option<&str>)| {
        group.name = start
            .filter(|_| !group.others.is_empty())
            .map(|start| format!("{start}* ({} names)", group.others.len() + 1));
        group
    };
    told.into_iter().map(named).collect()
}

/// The beginnings of a name that end where a word does, the shortest first. Names may be long, and all separators.
fn starts(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices(SEPARATORS).map(|(at, separator)| at + separator.len());
    let ends = ends.take_while(|end| *end <= LONGEST);
    ends.filter(|end| *end < name.len()).map(|end| &name[..end]).filter(|start| {
        start.chars().filter(|c| c.is_alphanumeric()).count() >= 2
            && !PREFIXES.iter().any(|prefix| start.eq_ignore_ascii_case(prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(things: &[(&str, u8)]) -> Vec<String> {
        let gathered = gathered(things.to_vec(), |(name, _)| (*name).to_owned(), |(_, kind)| *kind);
        gathered.into_iter().map(|group| group.name.unwrap_or_else(|| group.first.0.to_owned())).collect()
    }

    #[test]
    fn names_that_begin_alike_are_one() {
        let seen: Vec<String> = (1..=25).map(|number| format!("help_seen_{number}")).collect();
        let mut things = vec![("sid", 0), ("help_lang", 0)];
        things.extend(seen.iter().map(|name| (name.as_str(), 0)));
        things.push(("zoom", 0));
        assert_eq!(told(&things), ["sid", "help_lang", "help_seen_* (25 names)", "zoom"]);
        // What is written otherwise stays by itself.
        things[5].1 = 1;
        assert_eq!(told(&things), ["sid", "help_lang", "help_seen_* (24 names)", "help_seen_4", "zoom"]);
    }

    #[test]
    fn few_names_stay_as_they_are() {
        let few = [
            "a_1", "a_2", "a_3", "help_x", "help_y", "help_", "_1", "_2", "_3", "_4", "_5", "_6", "_7", "_8",
        ];
        let few: Vec<(&str, u8)> = few.iter().map(|name| (*name, 0)).collect();
        assert_eq!(told(&few).len(), few.len());
        let host: Vec<String> = (0..9).map(|number| format!("__Host-{number}")).collect();
        let host: Vec<(&str, u8)> = host.iter().map(|name| (name.as_str(), 0)).collect();
        assert_eq!(told(&host).len(), 9);
    }
}
