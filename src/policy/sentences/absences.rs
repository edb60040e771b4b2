//! What a sentence denies, of whom, where and for whom.

use super::{Kind, Reader, pages, says, starts_with_any, uses};
use crate::manifest::Category;
use crate::policy::words::Sense;
use crate::policy::{category, forms};

impl Reader<'_> {
    /// "We do not use advertising or tracking cookies."
    pub(super) fn absences(&mut self, sentence: &str, low: &str) {
        let pages = pages(low);
        if low.contains("embed") && low.contains("avoid") && says(low, Sense::Third) {
            self.claim(Kind::NoEmbeds { pages: pages.clone() }, sentence);
        }
        let conditional = starts_with_any(low, &["if ", "wenn ", "falls ", "si ", "als ", "indien "]);
        // The browser's signal of that name is nobody's promise.
        let signal = sentence.contains("Do Not Track") || low.contains("do-not-track");
        if conditional || signal || !says(low, Sense::No) || low.contains("not only") {
            return;
        }
        let about =
            ["cookie", "track", "traceur", "analytics tool", "scripts"].iter().any(|word| low.contains(word))
                || says(low, Sense::Tracking);
        if !about {
            return;
        }
        for part in denials(low) {
            let part = without_place(&without_examples(&part));
            let cookie = part.contains("cookie") || part.contains("traceur") || says(&part, Sense::Tracking);
            if !cookie {
                continue;
            }
            let third = says(&part, Sense::Third);
            let categories: Vec<Category> = category::mentioned(&part)
                .into_iter()
                .filter(|category| {
                    matches!(category, Category::Advertising | Category::Analytics | Category::Social)
                })
                .collect();
            let tracking = says(&part, Sense::Tracking);
            let across = says(&part, Sense::AcrossSites);
            if across {
                match self.party.filter(|_| !part.contains(" we ") && !low.starts_with("we ")) {
                    Some(party) => self.said.parties[party].identifiers = Some(false),
                    None => self.claim(Kind::NoCrossSiteTracking, sentence),
                }
                continue;
            }
            if part.contains("script")
                && third
                && (part.contains("set cookies") || part.contains("sets cookies"))
            {
                self.claim(Kind::NoCookieScripts { pages: pages.clone() }, sentence);
                continue;
            }
            let own_only = part.contains("control")
                || part.contains("able to")
                || part.contains("require")
                || part.contains("personal")
                || part.contains("necessary") && categories.is_empty();
            if own_only {
                continue;
            }
            for category in &categories {
                self.claim(Kind::No { category: *category, third, pages: pages.clone() }, sentence);
            }
            if tracking {
                self.claim(Kind::NoTracking { third }, sentence);
            }
            if categories.is_empty() && !tracking {
                let any = bare_cookies(&part);
                if third && any {
                    self.claim(Kind::NoThirdPartyCookies, sentence);
                } else if any && self.party.is_none() && uses(low) {
                    let anonymous = [
                        "not logged in",
                        "logged out",
                        "without logging in",
                        "anonymous",
                        "not signed in",
                        "nicht angemeldet",
                        "non connect",
                        "no identificad",
                        "niet ingelogd",
                    ]
                    .iter()
                    .any(|word| low.contains(word));
                    let elsewhere =
                        sentence.split_whitespace().any(|word| forms::is_host(word.trim_matches(['.', ','])));
                    if elsewhere {
                        self.said.notes.push(format!("said of some host only: \"{sentence}\""));
                    } else if anonymous || !pages.is_empty() || !says(low, Sense::If) {
                        self.claim(Kind::NoCookies { pages: pages.clone(), anonymous }, sentence);
                    }
                }
            }
        }
    }
}

/// The parts of a sentence after each word that denies, up to the next one.
pub(super) fn denials(low: &str) -> Vec<String> {
    let negations: Vec<&str> = vec![
        "do not ",
        "does not ",
        "don't ",
        "doesn't ",
        "is not ",
        "are not ",
        " no ",
        "without ",
        "never ",
        "free of ",
        "kein ",
        "keine ",
        "keinen ",
        "keinerlei ",
        "verzichten auf ",
        "n'utilisons pas ",
        "n'utilise pas ",
        "ne d\u{e9}pose pas ",
        "n'utilisons aucun ",
        "aucun ",
        "aucune ",
        "sans ",
        "no utilizamos ",
        "no usamos ",
        "no utiliza ",
        "ninguna ",
        "ning\u{fa}n ",
        "sin ",
        "geen ",
        "zonder ",
    ];
    let padded = format!(" {low}");
    let mut places: Vec<usize> = negations
        .iter()
        .flat_map(|word| padded.match_indices(word).map(|(at, word)| at + word.len()))
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut parts = Vec::new();
    for (index, start) in places.iter().enumerate() {
        let end = places.get(index + 1).copied().unwrap_or(padded.len());
        let part = &padded[*start..end.max(*start)];
        let cut = [
            ". ",
            "; ",
            " but ",
            " however",
            " except",
            " sondern ",
            " mais ",
            " pero ",
            " maar ",
            " \u{2014} ",
        ]
        .iter()
        .filter_map(|stop| part.find(stop))
        .min()
        .unwrap_or(part.len());
        parts.push(part[..cut].to_owned());
    }
    parts
}

/// "(e.g. Google Analytics)" within a denial names nobody.
fn without_examples(part: &str) -> String {
    match part
        .find("(e.g")
        .or_else(|| part.find("(z.b"))
        .or_else(|| part.find("(p. ej"))
        .or_else(|| part.find("(par ex"))
        .or_else(|| part.find("(bijv"))
    {
        Some(at) => part[..at].to_owned(),
        None => part.to_owned(),
    }
}

/// Without the pages that a denial is about: "on the marketing site" says nothing of marketing cookies.
pub(super) fn without_place(part: &str) -> String {
    let place = [
        " on the ",
        " on our ",
        " on public",
        " on any ",
        " auf ",
        " sur ",
        " en las ",
        " en nuestr",
        " op ",
    ]
    .iter()
    .filter_map(|on| part.find(on))
    .min();
    match place {
        Some(at)
            if ["page", "site", "seite", "p\u{e1}gina", "web"]
                .iter()
                .any(|word| part[at..].contains(word)) =>
        {
            part[..at].to_owned()
        }
        _ => part.to_owned(),
    }
}

/// `any cookies`, `third-party cookies`: no other word before it that would narrow it.
fn bare_cookies(part: &str) -> bool {
    let Some(at) = part.find("cookie") else { return false };
    part[..at].split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty()).all(|word| {
        [
            "any",
            "set",
            "use",
            "place",
            "store",
            "currently",
            "third",
            "party",
            "own",
            "drittanbieter",
            "cookies",
            "de",
            "des",
            "setzen",
            "load",
            "install",
            "at",
            "all",
            "von",
            "van",
            "plaatsen",
            "utilizamos",
            "employ",
            "own",
        ]
        .contains(&word)
    })
}
