//! Who else is named, and what is said of them.

use super::{Party, Reader, says};
use crate::policy::forms;
use crate::policy::words::{self, Sense};

impl Reader<'_> {
    /// Takes a third party, or finds it again, and goes on with it.
    pub(super) fn named(&mut self, provider: String, sentence: &str) {
        let known = self.said.parties.iter().position(|party| {
            party.provider.eq_ignore_ascii_case(&provider) || provider.starts_with(&party.provider)
        });
        self.party = known.or_else(|| {
            let source = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
            self.said.parties.push(Party { provider, source, ..Party::default() });
            self.said.parties.len().checked_sub(1)
        });
    }

    /// Who else is named, and what is said of them.
    pub(super) fn third_party(&mut self, sentence: &str, low: &str) {
        let named = provider_of(sentence, low).or_else(|| {
            let tools = ["analytics tool (", "we use "];
            let known = crate::vendors::all_facts()
                .map(|fact| fact.vendor.to_string())
                .filter(|vendor| vendor.len() > 3 && words::find_phrase(sentence, vendor).is_some())
                .max_by_key(String::len);
            known.filter(|_| tools.iter().any(|tool| low.contains(tool)) && !low.contains("e.g"))
        });
        if let Some(provider) = named {
            self.named(provider, sentence);
        } else if let Some(at) = (0..self.said.parties.len())
            .find(|at| words::find_phrase(sentence, &self.said.parties[*at].provider).is_some())
        {
            self.party = Some(at);
        }
        let Some(at) = self.party else { return };
        let links: Vec<String> = sentence
            .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
            .map(|word| {
                word.trim_matches([',', '.', ';'])
                    .trim_start_matches("https://")
                    .trim_start_matches("http://")
                    .to_owned()
            })
            .filter(|word| forms::is_host(word.split('/').next().unwrap_or_default()))
            .collect();
        let party = &mut self.said.parties[at];
        for link in links {
            let host = link.split('/').next().unwrap_or_default().to_owned();
            // A page for people is no page of the service's cookies, but it is the service's domain.
            party.domains.insert(host);
            if link.contains('/') {
                self.said.links.push((party.provider.clone(), format!("https://{link}")));
            }
        }
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| low.contains(phrase));
        if has(&["checkout", "payment", "bezahl", "paiement", "pago", "betaling"]) {
            party.checkout = true;
        }
        if has(&[
            "when you interact",
            "interact with",
            "once you",
            "wenn sie",
            "lorsque vous",
            "cuando interact",
            "wanneer u",
        ]) {
            party.on_interaction = true;
        }
        if has(&["powered by", "payment processor", "analytics tool"])
            || low.starts_with("we use") && has(&["analytics"])
        {
            party.role = party.role.or(if has(&["payment", "checkout"]) {
                Some("payment")
            } else if has(&["analytics"]) {
                Some("analytics")
            } else {
                None
            });
        }
        if has(&[
            "cookieless",
            "without cookies",
            "sets no cookies",
            "set no cookies",
            "does not set cookies",
            "does not use cookies",
            "ohne cookies",
            "sans cookies",
            "sin cookies",
            "zonder cookies",
        ]) {
            party.sets_cookies = Some(false);
        }
        if has(&[
            "persistent client-side storage",
            "client-side storage",
            "no local storage",
            "any other form of persistent",
        ]) && says(low, Sense::No)
        {
            party.sets_storage = Some(false);
        }
        if has(&[
            "no personal data",
            "keine personenbezogenen",
            "aucune donn\u{e9}e personnelle",
            "ning\u{fa}n dato personal",
            "geen persoonsgegevens",
        ]) {
            party.personal_data = Some(false);
        }
        if has(&["redirected to", "weitergeleitet", "redirig", "doorgestuurd"]) {
            party.embedded = Some(false);
        }
        if has(&["are limited to the", "only on their own", "nur auf"]) && low.contains("cookie") {
            party.confined = Some(false).map(|_: bool| true);
        }
    }
}

/// The provider of whom a sentence says that it sets cookies of its own.
pub(super) fn provider_of(sentence: &str, low: &str) -> Option<String> {
    const VERBS: &[&str] = &[
        " may set ",
        " may place ",
        " may use cookies",
        " sets its own",
        " set their own",
        " kann eigene cookies",
        " kann cookies setzen",
        " peut d\u{e9}poser",
        " puede instalar",
        " kan cookies plaatsen",
    ];
    if let Some(at) = VERBS.iter().filter_map(|verb| low.find(verb)).min() {
        return name_before(&sentence[..at]);
    }
    // "You are redirected to a Stripe-hosted page", "(powered by Polar)"
    let at = low.find("powered by ").map(|at| at + "powered by ".len())?;
    capitalised(sentence[at..].split_whitespace()).filter(|name| name.len() > 2)
}

/// The proper name that a text ends with: in brackets, or its last words with capitals.
fn name_before(text: &str) -> Option<String> {
    let text = text.trim_end();
    if let Some(inner) = text.strip_suffix(')')
        && let Some(open) = inner.rfind('(')
    {
        return capitalised(inner[open + 1..].trim_start_matches("powered by ").split_whitespace());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut name: Vec<&str> = words
        .iter()
        .rev()
        .take_while(|word| word.starts_with(char::is_uppercase) && !word.ends_with('.'))
        .copied()
        .collect();
    name.reverse();
    let name = capitalised(name.into_iter())?;
    let common = [
        "They",
        "We",
        "It",
        "These",
        "This",
        "Third",
        "Some",
        "You",
        "Websites",
        "Cookies",
        "Google Chrome",
        "Partners",
        "Our",
        "The",
        "Die",
        "Wir",
        "Nous",
        "Wij",
    ];
    (!common.contains(&name.as_str())).then_some(name)
}

pub(super) fn capitalised<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut name: Vec<&str> = Vec::new();
    for word in words.take_while(|word| word.starts_with(char::is_uppercase)).take(3) {
        name.push(word.trim_matches([',', '.', ')', '(', ';']));
        if word.ends_with([',', '.', ')', ';']) {
            break;
        }
    }
    (!name.is_empty()).then(|| name.join(" "))
}
