//! What visitors met of the consent question, in sentences: one for each state, visitors who met
//! the same together.

use super::words;
use crate::cookie::Name;
use crate::observation::{Cell, Consent, ConsentLook, Scan, StorageKind};
use std::collections::BTreeMap;

/// Things named in one sentence; the rest is a number.
const MOST_NAMED: usize = 5;

/// A label and a sentence each.
pub(super) fn sentences(scan: &Scan) -> Vec<(String, String)> {
    let mut by_sentence: BTreeMap<(Cell, String), Vec<&str>> = BTreeMap::new();
    for look in &scan.consent {
        let state = Cell { persona: String::new(), ..look.cell.clone() };
        by_sentence.entry((state, sentence(look))).or_default().push(&look.cell.persona);
    }
    by_sentence
        .into_iter()
        .map(|((_, sentence), who)| ("consent".to_owned(), format!("{}: {sentence}", who.join(", "))))
        .collect()
}

fn sentence(look: &ConsentLook) -> String {
    let mut parts = Vec::new();
    if look.cell.consent == Consent::Untouched {
        parts.push(match (look.shown, &look.known_by) {
            (Some(true), by) => {
                let at = look.page.as_ref().map(|page| format!(" on {page}, not on the first page"));
                let by = by.as_ref().map(|by| format!(", known by {by}"));
                format!("a banner is shown{}{}", at.unwrap_or_default(), by.unwrap_or_default())
            }
            (Some(false), _) => match &look.suspected {
                Some(words) => format!(
                    "a box speaks of cookies, and no answer in it was recognised: \u{201c}{words}\u{201d}"
                ),
                None => "no banner is shown".to_owned(),
            },
            (None, _) => "whether a banner is shown was not to be seen".to_owned(),
        });
        if let Some(way) = &look.pay_or_accept {
            parts.push(format!("pay or accept: the only other way past it is \u{201c}{way}\u{201d}"));
        }
    } else {
        let state = words::consent(&look.cell.consent);
        if let Some(why) = &look.not_reached {
            return format!("{state}: not reached, {why}");
        }
        parts.push(match &look.answered_by {
            Some(by) if by == "a recorded choice" => format!("{state} by {by}"),
            Some(by) => format!("{state}, pressed: \u{201c}{by}\u{201d}"),
            None => state,
        });
        if !look.kept_in.is_empty() {
            parts.push(format!("which writes {}", named(&look.kept_in)));
        }
        match look.shown_again {
            Some(true) => parts.push("the banner is there again on the next page".to_owned()),
            Some(false) => parts.push("the banner stays away".to_owned()),
            None => {}
        }
        if look.cell.consent != Consent::Accepted && !look.survives.is_empty() {
            parts.push(format!("still there in the end: {}", named(&look.survives)));
        }
    }
    parts.join("; ")
}

/// `katror_cookie_consent, theme (local storage)`.
fn named(things: &[(StorageKind, Name)]) -> String {
    let name = |(kind, name): &(StorageKind, Name)| match kind {
        StorageKind::Cookie => format!("`{name}`"),
        kind => format!("`{name}` ({})", kind.in_words()),
    };
    let mut named: Vec<String> = things.iter().take(MOST_NAMED).map(name).collect();
    if things.len() > MOST_NAMED {
        named.push(format!("{} more", things.len() - MOST_NAMED));
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Engine, Phase};

    fn look(persona: &str, consent: Consent) -> ConsentLook {
        ConsentLook::of(Cell {
            persona: persona.into(),
            engine: Engine::Browser,
            consent,
            phase: Phase::Crawl,
            repeat: 1,
            third_party: None,
        })
    }

    #[test]
    fn each_state_is_a_sentence() {
        let untouched = ConsentLook {
            shown: Some(true),
            known_by: Some("Klaro".into()),
            ..look("anonymous", Consent::Untouched)
        };
        assert_eq!(sentence(&untouched), "a banner is shown, known by Klaro");
        let rejected = ConsentLook {
            answered_by: Some("Reject all".into()),
            kept_in: vec![
                (StorageKind::Cookie, Name::new("choice")),
                (StorageKind::LocalStorage, Name::new("c")),
            ],
            shown_again: Some(false),
            survives: vec![(StorageKind::Cookie, Name::new("_ga"))],
            ..look("anonymous", Consent::Rejected)
        };
        assert_eq!(
            sentence(&rejected),
            "rejected, pressed: \u{201c}Reject all\u{201d}; which writes `choice`, `c` (local storage); the banner stays \
             away; still there in the end: `_ga`"
        );
        let not =
            ConsentLook { not_reached: Some("no banner".into()), ..look("anonymous", Consent::Withdrawn) };
        assert_eq!(sentence(&not), "withdrawn: not reached, no banner");
    }
}
