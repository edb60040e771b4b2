//! `lifetime`

use super::prelude::*;
use crate::manifest::{LifetimeRule, VisitorState};

pub(crate) static RULE: Rule = Rule {
    id: "lifetime",
    sentence: "A cookie is asked to be kept longer, or otherwise, than declared.",
    short: "kept for another time than declared",
    page: "\
The lifetime that a `Set-Cookie` line or a script asks for is compared with `lifetime` of the manifest, \
or with `lifetime_for` where it says something of this visitor.

The lifetime is `Max-Age` if there is one, else `Expires` minus the response's `Date`. It is the number \
that was written: browsers cap it at 400 days, and the cap would hide a declaration of ten years. A \
deletion is no lifetime.

Calendar units are intervals (a month is 28 to 31 days), and a bound may be missed by 60 seconds or 1 %, \
whichever is more. `{ max = ... }` and the words *up to* of a policy allow everything shorter, also a \
session cookie; a plain duration does not.

**To do:** change `Max-Age` where the cookie is written, or the declared lifetime and the policy with it.",
    checks: &[Check::Items(check)],
    claims: Claims::Others(standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.kind != StorageKind::Cookie {
        return;
    }
    let states = item.lifetime_for.keys().map(|state| ItemAspect::LifetimeFor(*state));
    for aspect in states.chain([ItemAspect::Lifetime]) {
        let wrong = |item: &Item, seen: &Seen<'_>| {
            let (governs, rule) = governing(context, item, seen)?;
            let lifetime = seen.example().written.lifetime;
            (governs == aspect && !rule.allows(lifetime))
                .then(|| format!("lives {}, not {rule},", words::lives(seen.example())))
        };
        found.extend(attribute::of_item(context, &RULE, aspect, index, wrong).map(|violation| {
            violation.hint("change Max-Age (or Expires) where it is written, or the declared lifetime")
        }));
    }
}

/// The rule for whoever was visiting, and which claim it belongs to.
fn governing<'i>(
    context: &Context<'_>,
    item: &'i Item,
    seen: &Seen<'_>,
) -> Option<(ItemAspect, &'i LifetimeRule)> {
    let cell = seen.cell();
    let visitor = context.visitor(cell);
    let rule = item.lifetime_of(&visitor, &cell.consent)?;
    let state = item
        .lifetime_for
        .iter()
        .find(|(state, other)| std::ptr::eq(*other, rule) && state.describes(&visitor, &cell.consent));
    Some((state.map_or(ItemAspect::Lifetime, |(state, _)| ItemAspect::LifetimeFor(*state)), rule))
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Item(index, aspect @ (ItemAspect::Lifetime | ItemAspect::LifetimeFor(_))) = about else {
        return None;
    };
    let item = context.item(index);
    let judged = context
        .writes(index)
        .filter(|seen| governing(context, item, seen).is_some_and(|(governs, _)| governs == aspect));
    let amount = standing::amount(judged).or_else(|| {
        // What is said of each visitor keeps what is said of all.
        let rule = item.lifetime.as_ref().filter(|_| aspect == ItemAspect::Lifetime)?;
        let keeps = |seen: &Seen<'_>| rule.allows(seen.example().written.lifetime);
        standing::amount(context.writes(index)).filter(|_| context.writes(index).all(keeps))
    });
    Some(match amount {
        Some(seen) => Standing::Upheld(seen),
        None => {
            let mut scope = Scope::of_item(context, index);
            if let ItemAspect::LifetimeFor(state) = aspect {
                scope.visitors.retain(|other: &VisitorState| other.is_consent());
                scope.visitors.push(state);
            }
            standing::unseen_by(context, index, &scope)
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, LifetimeRule, Span, VisitorState};

    fn days(days: i64) -> Span {
        Span::seconds(days * 86_400)
    }

    #[test]
    fn the_written_number_is_judged_not_the_capped_one() {
        let mut item = Item::named("locale");
        item.lifetime = Some(LifetimeRule::Max(days(400)));
        let site = Site::with(item);
        site.when(line("locale=en; Max-Age=63072000")).finds("lifetime: cookies.locale.lifetime");
        site.when(line("locale=en; Max-Age=34560000")).finds_nothing();
        site.when(line("locale=en; Max-Age=3600")).finds_nothing();
        site.when(line("locale=en")).finds_nothing().upholds("cookies.locale.lifetime");
    }

    #[test]
    fn an_exact_lifetime_is_no_upper_bound() {
        let mut item = Item::named("prokken_access");
        item.lifetime = Some(LifetimeRule::Exact(days(1)));
        let site = Site::with(item);
        site.when(line("prokken_access=t; Max-Age=86400")).finds_nothing();
        site.when(line("prokken_access=t; Max-Age=604800"))
            .finds("lifetime: cookies.prokken_access.lifetime");
        site.when(line("prokken_access=t")).finds("lifetime: cookies.prokken_access.lifetime");
    }

    #[test]
    fn a_fixed_date_is_said_as_a_date() {
        let mut item = Item::named("shop");
        item.lifetime = Some(LifetimeRule::Max(days(400)));
        Site::with(item)
            .when(line("shop=1; Expires=Sun, 01 Jan 2034 00:00:00 GMT"))
            .finds("lifetime: cookies.shop.lifetime")
            .says("lives until Sun, 01 Jan 2034 00:00:00 GMT (about ");
    }

    #[test]
    fn a_deletion_has_no_lifetime() {
        let mut item = Item::named("sid");
        item.lifetime = Some(LifetimeRule::Exact(days(1)));
        item.expected = Some(false);
        Site::with(item).when(line("sid=; Max-Age=0")).finds_nothing();
    }

    #[test]
    fn what_is_said_of_some_visitors_is_judged_for_them() {
        let mut item = Item::named("katror_session");
        item.lifetime_for.insert(VisitorState::NotRemembered, LifetimeRule::Session);
        item.lifetime_for.insert(VisitorState::Remembered, LifetimeRule::Unbounded);
        let site = Site::with(item);
        let session = line("katror_session=s").login();
        let lasting = line("katror_session=s; Max-Age=2592000").login();
        site.when(session.clone().by(member().remembered(false)))
            .when(lasting.clone().by(member().named("remembered").remembered(true)))
            .finds_nothing()
            .upholds("cookies.katror_session.lifetime.remembered")
            .upholds("cookies.katror_session.lifetime.not-remembered");
        site.when(lasting.by(member().remembered(false)))
            .finds("lifetime: cookies.katror_session.lifetime.not-remembered");
        site.when(session.by(member().remembered(true)))
            .finds("lifetime: cookies.katror_session.lifetime.remembered")
            .leaves("cookies.katror_session.lifetime.not-remembered", "not-planned");
    }
}
