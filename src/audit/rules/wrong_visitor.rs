//! `wrong-visitor`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "wrong-visitor",
    sentence: "A cookie is set for visitors who should not get it.",
    short: "for visitors who should not get it",
    page: "\
`visitors` says who may get a cookie: `anonymous`, `logged-in`, `remembered`, `not-remembered`, or a state of \
consent. The rule speaks up only where it is sure who was visiting. A member's own first steps before the \
login, the pages after a logout, and a persona whose login failed are left out: nobody could say whether \
that visitor is anonymous.

**To do:** stop creating sessions for everybody, or declare that anonymous visitors get the cookie.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Visitors, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.visitors.is_empty() {
        return;
    }
    let failing: Vec<(&Seen<'_>, String)> = context
        .writes(index)
        .filter(|seen| seen.lands() && context.described(&item.visitors, seen.cell()) == Some(false))
        .map(|seen| (seen, who(context, seen)))
        .collect();
    let whom: BTreeSet<&str> = failing.iter().map(|(_, who)| who.as_str()).collect();
    if failing.is_empty() {
        return;
    }
    let whom = whom.into_iter().collect::<Vec<_>>().join(" and ");
    let pages: BTreeSet<String> = failing.iter().map(|(seen, _)| words::path(&seen.page().asked)).collect();
    let message = format!("`{}` is set for {whom} on {}", item.key, words::and(pages));
    found.push(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::Visitors)])
            .because([Cause::Here(index)])
            .because(attribute::alike(item, ItemAspect::Visitors, &failing))
            .seen(context, failing.iter().map(|(seen, _)| *seen)),
    );
}

fn who(context: &Context<'_>, seen: &Seen<'_>) -> String {
    let cell = seen.cell();
    let who = if context.anonymous(cell) {
        "visitors who are not logged in".to_owned()
    } else {
        format!("`{}`", cell.persona)
    };
    let consent = match cell.consent {
        Consent::Rejected => ", after they refused consent,",
        Consent::Withdrawn => ", after they withdrew consent,",
        _ => "",
    };
    format!("{who}{consent}")
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let item = context.item(index);
    // No script writes it. Then responses are all there is to look at.
    let by_responses = context.is_http_only(index);
    let asks_for_consent = item.visitors.iter().any(|state| state.is_consent());
    let scope = Scope::default();
    let others = if by_responses && !asks_for_consent {
        standing::never_by_any_engine(context, &scope)
    } else {
        standing::never(context, &scope, "a script may set it for others")
    };
    Some(others)
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, VisitorState};

    fn site() -> Site {
        let mut item = Item::named("sid");
        item.visitors = vec![VisitorState::LoggedIn];
        Site::with(item)
    }

    #[test]
    fn a_session_for_anonymous_visitors() {
        site().when(line("sid=1").on("/")).finds("wrong-visitor: cookies.sid.visitors");
        site().when(line("sid=1; HttpOnly").login()).finds_nothing().upholds("cookies.sid.visitors");
        site().when(line("sid=1").login()).finds_nothing().leaves("cookies.sid.visitors", "needs-browser");
    }

    #[test]
    fn whoever_has_no_session_was_not_remembered() {
        let mut item = Item::named("remember");
        item.visitors = vec![VisitorState::Remembered];
        let site = Site::with(item);
        site.when(line("remember=1").on("/")).finds("wrong-visitor: cookies.remember.visitors");
        site.when(line("remember=1").by(member().remembered(false)))
            .finds("wrong-visitor: cookies.remember.visitors");
        // Whether this one asked for it is not known.
        site.when(line("remember=1").by(member())).finds_nothing();
        site.when(line("remember=1").by(member().remembered(true))).finds_nothing();
    }

    #[test]
    fn nobody_knows_who_a_member_is_before_the_login() {
        site().when(line("sid=1").login().from("/login")).finds_nothing();
        site().when(line("sid=1").by(member().refused())).finds_nothing();
    }
}
