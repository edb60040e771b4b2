//! `only-with`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "only-with",
    sentence: "A cookie appears without the one it belongs to.",
    short: "without the one it belongs to",
    page: "\
`only_with` names cookies without which this one never appears. Each visitor's jar is looked at as a whole: \
what was set at any time of the visit, or went along with a request, counts as there.

**To do:** set the two together, or drop the statement.",
    checks: &[Check::Items(check)],
    claims: Claims::LikeThis(&[ItemAspect::OnlyWith]),
};

/// One visitor's jar.
type Jar<'a> = (&'a str, Engine, &'a Consent, u32);

fn jar<'a>(cell: &'a Cell) -> Jar<'a> {
    (&cell.persona, cell.engine, &cell.consent, cell.repeat)
}

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    for key in &item.only_with {
        let Some(partner) = context.item_of_key(key) else { continue };
        let with: BTreeSet<Jar<'_>> = context
            .writes(partner)
            .map(|seen| jar(seen.cell()))
            .chain(context.sent(partner).map(|sent| jar(&sent.cell)))
            .collect();
        let alone: Vec<&Seen<'_>> =
            context.writes(index).filter(|seen| seen.lands() && !with.contains(&jar(seen.cell()))).collect();
        let Some(first) = alone.first() else { continue };
        let message = format!("`{}` is set for `{}` without `{key}`", item.key, first.cell().persona);
        let mut causes = vec![Cause::Aspect(index, ItemAspect::OnlyWith)];
        if context.writes(partner).next().is_none() {
            causes.push(Cause::Missing(partner));
        } else {
            causes.push(Cause::Here(index));
        }
        found.push(
            Violation::new(&RULE, &item.key, message)
                .refutes([About::Item(index, ItemAspect::OnlyWith)])
                .because(causes)
                .seen(context, alone),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, VisitorState};

    fn site() -> Site {
        let mut data = Item::named("session_data");
        data.only_with = vec!["session_token".into()];
        data.visitors = vec![VisitorState::LoggedIn];
        Site::with(Item::named("session_token")).and(data).complete()
    }

    #[test]
    fn data_without_its_token() {
        site()
            .when(line("session_token=1").login())
            .when(line("session_data=1").login())
            .finds_nothing()
            .leaves("cookies.session_data.only-with", "needs-browser")
            .in_browser()
            .finds_nothing()
            .upholds("cookies.session_data.only-with");
        site()
            .when(line("session_token=1").login())
            .when(line("session_data=1").on("/"))
            .finds("wrong-visitor: cookies.session_data.only-with, cookies.session_data.visitors");
    }

    #[test]
    fn a_token_under_another_name_is_the_one_cause() {
        site()
            .when(line("__Secure-session.token=1; Secure").login())
            .when(line("session_data=1").login())
            .finds(
                "undeclared-cookie: claims.inventory, cookies.session_data.only-with, \
                 cookies.session_token.name, cookies.session_token.present",
            );
    }
}
