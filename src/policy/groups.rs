//! What prose says of several entries at once: *our authentication cookies are configured ...*, *all
//! four are strictly necessary*, *durations are maxima*.

use super::forms::{Entry, Found};
use super::{attributes, category, inline, sentences};
use crate::manifest::{DeclaredParty, Inventory};
use sentences::{Kind, Said};

/// Gives entries what the prose says of their group.
pub(super) fn apply(found: &mut Found, said: &Said) {
    categories(found);
    attributes_of_groups(found);
    for entry in &mut found.entries {
        let purpose = entry.purpose.clone().unwrap_or_default();
        attributes::of_sentences(entry, &purpose);
    }
    let states = |kind: &dyn Fn(&Kind) -> bool| said.claims.iter().any(|claim| kind(&claim.kind));
    if states(&|kind| *kind == Kind::DurationsAreMaximum) {
        for entry in &mut found.entries {
            entry.duration = entry.duration.take().map(super::duration::Duration::into_maximum);
        }
    }
    // A list of everything the site sets is one of first-party cookies, where it tells of nobody else.
    let complete =
        states(&|kind| matches!(kind, Kind::Inventory(Inventory::Complete | Inventory::CompleteFirstParty)));
    if complete
        && found
            .entries
            .iter()
            .all(|entry| entry.party.is_none() && entry.provider.is_none() && entry.domains.is_empty())
    {
        for entry in &mut found.entries {
            entry.party = Some(DeclaredParty::First);
        }
    }
}

/// "All four fall under the strictly-necessary exemption."
fn categories(found: &mut Found) {
    const ALL: &[&str] = &[
        "all ",
        "both ",
        "alle ",
        "beide ",
        "tous ",
        "toutes ",
        "todas ",
        "todos ",
        "ambas ",
        "these cookies are ",
        "diese cookies sind ",
        "ces cookies sont ",
        "estas cookies son ",
        "deze cookies zijn ",
    ];
    const ARE: &[&str] = &[
        " are ",
        " fall under ",
        " sind ",
        " fallen ",
        " sont ",
        " rel\u{e8}vent ",
        " son ",
        " zijn ",
        " vallen ",
    ];
    for prose in &found.prose {
        let Some(sentence) = inline::sentences(&prose.text).into_iter().next() else { continue };
        let low = inline::folded(sentence);
        let of_all = ALL.iter().any(|start| low.starts_with(start))
            && ARE.iter().any(|verb| low.contains(verb))
            && low.split_whitespace().count() <= 30;
        if !of_all || super::words::says(&low, super::words::Sense::If) {
            continue;
        }
        let Some(category) = category::strictest(&category::mentioned(
            &low.replace("strictly-necessary", "strictly necessary"),
        )) else {
            continue;
        };
        let before = prose.after_entries.min(found.entries.len());
        for entry in found.entries[..before].iter_mut().filter(|entry| entry.category.is_none()) {
            entry.category = Some(category);
            entry.category_as_written = Some(sentence.to_owned());
        }
    }
}

/// A sentence that opens a list of attributes, and the list.
fn attributes_of_groups(found: &mut Found) {
    let mut group: Option<(Vec<usize>, String)> = None;
    for prose in &found.prose {
        let low = inline::folded(&prose.text);
        let opens = low.contains("cookies")
            && [
                "configured with",
                "are set with",
                "are protected with",
                "have the following",
                "security properties",
                "werden mit folgenden",
                "sont configur\u{e9}s",
                "est\u{e1}n configuradas",
                "zijn ingesteld met",
            ]
            .iter()
            .any(|phrase| low.contains(phrase));
        if opens && !prose.is_item {
            group = Some((members(&found.entries, &low), prose.heading.clone()));
        }
        let Some((members, heading)) = &group else { continue };
        if *heading != prose.heading {
            group = None;
            continue;
        }
        if !prose.is_item && !opens {
            continue;
        }
        // Of the sentence that opens it only itself counts.
        let opening = inline::sentences(&prose.text).into_iter().next().unwrap_or_default();
        let stated = attributes::stated(if opens { opening } else { &prose.text });
        let single = singled_out(&found.entries, &low);
        let meant = if single.is_empty() { members.clone() } else { single };
        let path = low
            .split_whitespace()
            .map(|word| word.trim_matches(['.', ',', '`']))
            .find(|word| word.starts_with('/') && word.len() > 1)
            .map(str::to_owned);
        for at in meant {
            let entry = &mut found.entries[at];
            entry.http_only = entry.http_only.or(stated.http_only);
            entry.secure = entry.secure.or(stated.secure);
            entry.same_site = entry.same_site.or(stated.same_site);
            if low.contains("path") || low.contains("only sent to") {
                entry.path = entry.path.take().or_else(|| path.clone());
            }
        }
    }
}

/// The cookies that a sentence means: those for logging in, where it says so; else all.
fn members(entries: &[Entry], low: &str) -> Vec<usize> {
    let all = || (0..entries.len()).collect::<Vec<usize>>();
    if !low.contains("authentication cookies")
        && !low.contains("auth cookies")
        && !low.contains("session cookies")
    {
        return all();
    }
    let words = ["auth", "session", "token", "log", "sign"];
    let meant: Vec<usize> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            let about = inline::folded(&format!(
                "{} {}",
                entry.names.join(" "),
                entry.purpose.as_deref().unwrap_or_default()
            ));
            words.iter().any(|word| about.contains(word))
        })
        .map(|(at, _)| at)
        .collect();
    if meant.is_empty() { all() } else { meant }
}

/// The entry whose name a sentence says in words: `the refresh token cookie`.
fn singled_out(entries: &[Entry], low: &str) -> Vec<usize> {
    let Some(at) = low.find(" cookie is ").or_else(|| low.find("-cookie ist ")) else { return Vec::new() };
    let before: Vec<&str> =
        low[..at].split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 3).collect();
    let last: Vec<&&str> = before.iter().rev().take(3).collect();
    let best = |entry: &Entry| {
        let name = inline::folded(&entry.names.join(" "));
        let about = inline::folded(entry.purpose.as_deref().unwrap_or_default());
        last.iter().filter(|word| name.contains(**word)).count() * 4
            + last.iter().filter(|word| about.contains(&format!("your {}", word))).count()
    };
    let most = entries.iter().map(best).max().unwrap_or_default();
    if most == 0 {
        return Vec::new();
    }
    entries.iter().enumerate().filter(|(_, entry)| best(entry) == most).map(|(at, _)| at).collect()
}
