//! `not-cleared-on-logout`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "not-cleared-on-logout",
    sentence: "A cookie outlives the logout.",
    short: "it outlives the logout",
    page: "\
`cleared_on_logout = true`, or a lifetime `{ until = \"logout\" }`, says that a logout takes the cookie away. \
The scan logs out by the persona's steps, last of all, and looks at what is left in the jar. That the server \
also ends the session is another question: the report notes it when an old session is still answered.

**To do:** send the deletion with the same `Path` and `Domain` that the cookie was set with; a deletion for \
another path removes nothing.",
    checks: &[Check::ItemFailures(logs_out, outlives), Check::Items(still_sent)],
    claims: Claims::Item(ItemAspect::ClearedOnLogout, standing),
};

fn logs_out(probe: &ProbeKind) -> bool {
    *probe == ProbeKind::ClearedOnLogout
}

fn violation(index: usize, item: &Item, message: String) -> Violation {
    Violation::new(&RULE, &item.key, message)
        .refutes([About::Item(index, ItemAspect::ClearedOnLogout)])
        .because([Cause::Logout])
        .hint("delete it with the same Path and Domain that it was set with")
}

fn outlives(_: &Context<'_>, index: usize, item: &Item, what: &str) -> Option<Violation> {
    let message = format!("`{}` is not as declared after a logout: {what}", item.key);
    Some(violation(index, item, message))
}

fn still_sent(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.cleared_on_logout == Some(false) {
        return;
    }
    // What the probe says of a visitor is said: that the logout could not be made, or that the
    // cookie was gone and came back with a later page.
    let told = |persona: &str| {
        let mut outcomes = context.outcomes(logs_out).filter(|outcome| outcome.persona == persona);
        outcomes.any(|outcome| {
            context.concerns(outcome, index) || matches!(outcome.result, ProbeResult::NotDone { .. })
        })
    };
    let anew = |persona: &str| {
        let later =
            |seen: &Seen<'_>| seen.cell().phase == Phase::AfterLogout && seen.cell().persona == persona;
        context.sightings(index).any(later)
    };
    let mut after = context
        .sent(index)
        .filter(|sent| sent.cell.phase == Phase::AfterLogout)
        .filter(|sent| !told(&sent.cell.persona) && !anew(&sent.cell.persona))
        .peekable();
    if after.peek().is_some() {
        let sent = after.take(evidence::MOST).map(|sent| evidence::of_sent(context, sent));
        let message = format!("`{}` is still sent after the logout", item.key);
        found.push(violation(index, item, message).evidence(sent));
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let outcomes = context
        .outcomes(|probe| *probe == ProbeKind::ClearedOnLogout)
        .filter(|outcome| context.concerns(outcome, index));
    Some(standing::probed(context, index, outcomes, "`logout` steps of the persona in the plan"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, LifetimeRule};
    use crate::observation::ProbeKind;

    #[test]
    fn what_a_logout_leaves_behind() {
        let mut item = Item::named("sid");
        item.lifetime = Some(LifetimeRule::UntilLogout);
        let mut other = Item::named("remember");
        other.cleared_on_logout = Some(true);
        let site =
            Site::with(item).and(other).when(line("sid=1").login()).when(line("remember=1").login()).site();
        let asked = || probe(ProbeKind::ClearedOnLogout);
        site.probed(asked().cookie("sid").holds())
            .probed(asked().cookie("remember").holds())
            .finds_nothing()
            .upholds("cookies.sid.cleared-on-logout");
        site.probed(asked().cookie("sid").fails("still there"))
            .probed(asked().cookie("remember").fails("still there"))
            .finds(
                "not-cleared-on-logout: cookies.remember.cleared-on-logout, cookies.sid.cleared-on-logout",
            );
        site.looked_at().leaves("cookies.sid.cleared-on-logout", "not-planned");
    }
}
