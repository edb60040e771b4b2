//! Whose policy it is: the site's host and name.

use super::third_parties::capitalised;
use crate::policy::forms::{self, Found};
use crate::policy::inline;

/// The site's own host: the one that sentences say *our website* or *set on* of.
pub(super) fn site(found: &Found) -> Option<String> {
    let mut scores: Vec<(String, i32)> = Vec::new();
    let purposes = found.entries.iter().flat_map(|entry| entry.domains.iter());
    for prose in &found.prose {
        for sentence in inline::sentences(&prose.text) {
            let low = inline::folded(sentence);
            let ours = [
                "our website",
                "our site",
                "our platform",
                "this website",
                "this site",
                "websites at",
                "website at",
                "platform at",
                "set on",
                "encounter on",
                "site data for",
                "unsere website",
                "unserer website",
                "diese website",
                "notre site",
                "ce site",
                "nuestro sitio",
                "este sitio",
                "esta web",
                "onze website",
                "deze website",
                "following websites",
                "used on",
                "cookies on",
                "website:",
            ]
            .iter()
            .any(|phrase| low.contains(phrase));
            for word in
                sentence.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '<' | '>'))
            {
                let host = word.trim_matches([',', '.', ';', ':']);
                let host = host
                    .trim_start_matches("https://")
                    .trim_start_matches("http://")
                    .split('/')
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches("www.")
                    .to_lowercase();
                if host.contains('@')
                    || !forms::is_host(&host)
                    || crate::vendors::classify_host(&host).is_some()
                {
                    continue;
                }
                let score = if ours { 3 } else { 1 };
                match scores.iter_mut().find(|(known, _)| *known == host) {
                    Some((_, sum)) => *sum += score,
                    None => scores.push((host, score)),
                }
            }
        }
    }
    for domain in purposes {
        let host = domain.trim_start_matches('.').trim_start_matches("www.");
        if let Some((_, sum)) = scores.iter_mut().find(|(known, _)| known == host) {
            *sum += 1;
        }
    }
    let best = scores.iter().map(|(_, score)| *score).max().filter(|score| *score >= 3)?;
    scores.into_iter().find(|(_, score)| *score == best).map(|(host, _)| host)
}

/// What the site calls itself: `explains how NAME uses cookies`.
pub(super) fn service(found: &Found) -> Option<String> {
    found.prose.iter().take(40).flat_map(|prose| inline::sentences(&prose.text)).find_map(|sentence| {
        let at = sentence.find("how ")? + 4;
        let name = capitalised(sentence[at..].split_whitespace())?;
        let rest = &sentence[at..];
        (rest.contains("use") || rest.contains("uses"))
            .then_some(name)
            .filter(|name| !["We", "Our", "The", "You", "I"].contains(&name.as_str()))
    })
}
