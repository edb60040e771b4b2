//! Rules are led through what they look at: items, third parties, sentences. A rule says what is particular to it, for
//! one of them; that every one has its turn, and whose claim is whose, is said here.

use super::attribute;
use super::context::Context;
use super::standing::{Standing, like_this};
use super::violation::{Check, Claims, Rule, Violation};
use crate::manifest::About;

impl Rule {
    /// Adds everything that is wrong by this rule, in the order of the manifest.
    pub(crate) fn look(&self, context: &Context<'_>, found: &mut Vec<Violation>) {
        let manifest = context.manifest;
        match &self.check {
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
