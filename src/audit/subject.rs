//! Rules are led through what they look at: items, third parties, what was seen, what was asked, probes, sentences. A
//! rule says what is particular to it, for one of them; that every one has its turn, what follows from the subject
//! alone, and whose claim is whose, is said here.

use super::Evidence;
use super::attribute;
use super::causes::{of_host, presence, site};
use super::context::{Context, Seen};
use super::evidence;
use super::standing::{Standing, like_this};
use super::violation::{Cause, Check, Claims, Of, Rule, Violation};
use crate::manifest::About;
use crate::observation::{Contact, Outcome, ProbeKind, ProbeResult, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

impl Rule {
    /// Adds everything that is wrong by this rule.
    pub(crate) fn look(&self, context: &Context<'_>, found: &mut Vec<Violation>) {
        for check in self.checks {
            self.look_by(check, context, found);
        }
    }

    fn look_by(&self, check: &Check, context: &Context<'_>, found: &mut Vec<Violation>) {
        let manifest = context.manifest;
        match check {
            Check::Attribute(aspect, wrong) => attribute::check(context, self, *aspect, wrong, found),
            Check::Items(check) => {
                for (index, item) in manifest.items.iter().enumerate() {
                    check(context, index, item, found);
                }
            }
            Check::Parties(check) => {
                for (index, party) in manifest.third_parties.iter().enumerate() {
                    check(context, index, party, found);
                }
            }
            Check::Links(check) => {
                let links = manifest.links.iter().enumerate();
                found.extend(links.filter_map(|(index, link)| check(context, index, link)));
            }
            Check::Things(of, name, word) => {
                for ((_, name), things) in things(context, *of, *name) {
                    let causes: BTreeSet<Cause> =
                        things.iter().flat_map(|seen| presence(context, seen)).collect();
                    found.push(word(context, &name, &things).because(causes).seen(context, things));
                }
            }
            Check::Contacts(wrong, word) => {
                for (site, contacts) in contacts(context, *wrong) {
                    let causes: BTreeSet<Cause> =
                        contacts.iter().flat_map(|contact| of_host(context, &contact.host)).collect();
                    let told = contacts.iter().take(evidence::MOST);
                    let told: Vec<Evidence> =
                        told.map(|contact| evidence::of_contact(context, contact)).collect();
                    found.push(word(context, &site, &contacts).because(causes).evidence(told));
                }
            }
            Check::Failures(probe, word) => {
                for (outcome, what) in failures(context, *probe) {
                    let violation = word(context, outcome, what);
                    found.extend(violation.map(|one| one.evidence(evidence::of_outcome(context, outcome))));
                }
            }
            Check::ItemFailures(probe, word) => {
                for (outcome, what) in failures(context, *probe) {
                    let items = manifest.items.iter().enumerate();
                    let items = items.filter(|(index, _)| context.concerns(outcome, *index));
                    let violations = items.filter_map(|(index, item)| word(context, index, item, what));
                    found.extend(violations.map(|one| one.evidence(evidence::of_outcome(context, outcome))));
                }
            }
            Check::Sentence(aspect, check) if context.states(*aspect) => check(context, found),
            Check::Sentence(..) => {}
            Check::Site(check) => check(context, found),
        }
    }

    /// The state of a claim that nothing refuted; none for claims of other rules.
    pub(crate) fn standing(&self, context: &Context<'_>, about: About) -> Option<Standing> {
        match (&self.claims, about) {
            (Claims::LikeThis(own), About::Item(index, aspect)) if own.contains(&aspect) => {
                Some(like_this(context, index))
            }
            (Claims::Item(own, standing), About::Item(index, aspect)) if *own == aspect => {
                standing(context, index)
            }
            (Claims::Party(own, standing), About::ThirdParty(index, aspect)) if own.contains(&aspect) => {
                standing(context, index)
            }
            (Claims::Sentence(own, standing), About::Policy(aspect)) if *own == aspect => standing(context),
            (Claims::Others(standing), about) => standing(context, about),
            _ => None,
        }
    }
}

/// Under which name a thing is told that is wrong.
type Name = fn(&Context<'_>, &Seen<'_>) -> Option<String>;

fn things<'c, 'a>(
    context: &'c Context<'a>,
    of: Of,
    name: Name,
) -> BTreeMap<(StorageKind, String), Vec<&'c Seen<'a>>> {
    let seen: Box<dyn Iterator<Item = &Seen<'a>>> = match of {
        Of::All => Box::new(context.seen.iter()),
        Of::Cookies => Box::new(context.cookies()),
        Of::Undeclared => Box::new(context.undeclared()),
    };
    let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for seen in seen {
        if let Some(name) = name(context, seen) {
            by_name.entry((seen.kind(), name)).or_default().push(seen);
        }
    }
    by_name
}

fn contacts<'a>(
    context: &Context<'a>,
    wrong: fn(&Context<'_>, &Contact) -> bool,
) -> BTreeMap<String, Vec<&'a Contact>> {
    let mut by_site: BTreeMap<String, Vec<&Contact>> = BTreeMap::new();
    for contact in context.foreign_contacts().filter(|contact| wrong(context, contact)) {
        by_site.entry(site(&contact.host)).or_default().push(contact);
    }
    by_site
}

fn failures<'a>(
    context: &Context<'a>,
    probe: fn(&ProbeKind) -> bool,
) -> impl Iterator<Item = (&'a Outcome, &'a str)> {
    context.outcomes(probe).filter_map(|outcome| match &outcome.result {
        ProbeResult::Fails { what } => Some((outcome, what.as_str())),
        _ => None,
    })
}
