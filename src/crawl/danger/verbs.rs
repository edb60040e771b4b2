//! The lists of words, from `words.txt`.

use super::words::without_accent;
use std::collections::HashSet;
use std::sync::LazyLock;

/// One list, read when it is first needed.
pub(super) type List = LazyLock<HashSet<&'static str>>;

/// Logging out, as people read it and as addresses have it.
pub(super) static LOGS_OUT: List = LazyLock::new(|| list("logs out"));
/// The same as the words of an address, joined.
pub(super) static LOGS_OUT_JOINED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let letters = |phrase: &str| phrase.chars().filter(|c| c.is_alphanumeric()).map(without_accent).collect();
    LOGS_OUT.iter().map(|phrase| letters(phrase)).collect()
});
/// Changing data, for a path's last segment and for a parameter.
pub(super) static CHANGES: List = LazyLock::new(|| list("changes"));
/// Verbs of which one alone, or with what it is done to, is an action (`action=trashcomment`).
pub(super) static VERBS: List = LazyLock::new(|| list("verbs"));
/// What verbs are done to, in the singular.
pub(super) static OBJECTS: List = LazyLock::new(|| list("objects"));
/// Values of action-like parameters that only show something.
pub(super) static HARMLESS_VALUES: List = LazyLock::new(|| list("harmless values"));
/// Words that leave the meaning of a path segment or parameter as it is.
pub(super) static FILLERS: List = LazyLock::new(|| list("fillers"));
/// Segments under which verbs are what pages are about, not what they do.
pub(super) static READING: List = LazyLock::new(|| list("reading"));
/// A segment right after one of these is a name: of a tag, a word, a file in a repository.
pub(super) static NAMED_AFTER: List = LazyLock::new(|| list("named after"));
/// What follows is the path of a file in a repository.
pub(super) static FILES: List = LazyLock::new(|| list("files"));
/// Where things are put to be bought, or to be kept.
pub(super) static BASKETS: List = LazyLock::new(|| list("baskets"));
/// What is done to those.
pub(super) static BASKET_VERBS: List = LazyLock::new(|| list("basket verbs"));
/// Harmless alone (a page of that name), an act together with an id.
pub(super) static VERBS_ON_AN_ID: List = LazyLock::new(|| list("verbs on an id"));
/// The same, but names of things as well (`/block/812345`): acts only behind the id.
pub(super) static VERBS_BEHIND_AN_ID: List = LazyLock::new(|| list("verbs behind an id"));
/// Last segments that act for whoever is logged in, where something stands before them that
/// they act on (`/plugins/akismet/activate`).
pub(super) static VERBS_FOR_MEMBERS: List = LazyLock::new(|| list("verbs for members"));
/// The same where nothing stands before them (`/deploy`).
pub(super) static VERBS_ALONE_FOR_MEMBERS: List = LazyLock::new(|| list("verbs alone for members"));
/// Parameters that act by their names, for whoever is logged in.
pub(super) static PARAMETERS_FOR_MEMBERS: List = LazyLock::new(|| list("parameters for members"));
/// Parameters that name a page, now and then one that acts.
pub(super) static NAMING_PARAMETERS: List = LazyLock::new(|| list("naming parameters"));
/// Parameters whose value is a verb. Searches (`q=logout`) and places to return to are not.
pub(super) static ACTION_PARAMETERS: List = LazyLock::new(|| list("action parameters"));
/// The last words of names that are such parameters, too (`wc_action`, `bulk-action`).
pub(super) static ACTION_ENDINGS: List = LazyLock::new(|| list("action endings"));
/// Words without a meaning here.
pub(super) static LABEL_FILLERS: List = LazyLock::new(|| list("label fillers"));
/// Acts, in the languages of the consent banners and some more.
pub(super) static LABEL_CHANGES: List = LazyLock::new(|| list("label changes"));
/// The way back from a form, or an act.
pub(super) static LABEL_PERHAPS: List = LazyLock::new(|| list("label perhaps"));
/// What members do on their pages, and what others only read about.
pub(super) static LABEL_MAY_ACT: List = LazyLock::new(|| list("label may act"));
/// Words that make a value one that only shows something (`action=viewprofile`, `list_users`).
pub(super) static SHOWS: List = LazyLock::new(|| list("shows"));

fn list(name: &str) -> HashSet<&'static str> {
    let sections = include_str!("words.txt").split("\n[").skip(1);
    let found = sections.filter_map(|section| section.split_once("]\n")).find(|(named, _)| *named == name);
    let lines = found.map_or("", |(_, words)| words).lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there() {
        let lists: [&List; 24] = [
            &VERBS_ALONE_FOR_MEMBERS,
            &SHOWS,
            &LOGS_OUT,
            &CHANGES,
            &VERBS,
            &OBJECTS,
            &HARMLESS_VALUES,
            &FILLERS,
            &READING,
            &NAMED_AFTER,
            &FILES,
            &BASKETS,
            &BASKET_VERBS,
            &VERBS_ON_AN_ID,
            &VERBS_BEHIND_AN_ID,
            &VERBS_FOR_MEMBERS,
            &PARAMETERS_FOR_MEMBERS,
            &NAMING_PARAMETERS,
            &ACTION_PARAMETERS,
            &ACTION_ENDINGS,
            &LABEL_FILLERS,
            &LABEL_CHANGES,
            &LABEL_PERHAPS,
            &LABEL_MAY_ACT,
        ];
        assert!(lists.iter().all(|list| list.len() > 1));
        assert_eq!(include_str!("words.txt").matches("\n[").count(), lists.len());
    }
}
