//! `name-by-scheme`

use super::prelude::*;
use crate::config::Words;

pub(crate) static RULE: Rule = Rule {
    id: "name-by-scheme",
    sentence: "A cookie carries the name of the other scheme: unprefixed on https, or prefixed on http.",
    short: "under the wrong name for its scheme",
    page: "\
Some applications name a cookie `__Secure-x` on https and `x` on plain http. The manifest says so with \
`https_name`. This rule speaks up when the plain name is set over https, when the https name is set over \
http, and when both are set at once.

A name that is neither of the two is *undeclared*, with a hint when it is nearly one of them.

**To do:** the application probably does not know that it is served over https (a proxy in front of it, a \
base URL with `http://`).",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Name, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.https_names.is_empty() {
        return;
    }
    let failing: Vec<(&Seen<'_>, String)> = context
        .writes(index)
        .filter(|seen| !item.is_named(&seen.observation.name, seen.https))
        .map(|seen| (seen, "wrong name".to_owned()))
        .collect();
    let Some((first, _)) = failing.first() else { return };
    let (over, names) = if first.https { ("https", &item.https_names) } else { ("plain http", &item.names) };
    let names = words::and(names.iter().map(ToString::to_string));
    found.push(
        Violation::new(
            &RULE,
            &item.key,
            format!("`{}` is set over {over}, where its name is {names}", first.observation.name),
        )
        .refutes([About::Item(index, ItemAspect::Name)])
        .because([Cause::Aspect(index, ItemAspect::Name)])
        .because(attribute::alike(item, ItemAspect::Name, &failing))
        .seen(context, failing.iter().map(|(seen, _)| *seen))
        .hint("tell the application that it is served over https"),
    );
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let item = context.item(index);
    if !item.https_names.is_empty()
        && context.writes(index).next().is_some()
        && !context.writes(index).any(|seen| seen.https)
    {
        let detail = format!("this {} was set over plain http only", item.kind.word());
        return Some(Standing::open(Why::NotPlanned, detail, "a target with an https address"));
    }
    Some(like_this(context, index))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, NamePattern};

    fn site() -> Site {
        let mut item = Item::named("next-auth.session-token");
        item.https_names = vec![NamePattern::literal("__Secure-next-auth.session-token")];
        Site::with(item).complete()
    }

    #[test]
    fn the_scheme_chooses_the_name() {
        let plain = "next-auth.session-token=1";
        let secure = "__Secure-next-auth.session-token=1; Secure";
        site().when(line(secure).login()).finds_nothing().upholds("cookies.next-auth.session-token.name");
        site().when(line(plain).login()).finds("name-by-scheme: cookies.next-auth.session-token.name");
        site()
            .when(line(plain).login())
            .when(line(secure).login())
            .finds("name-by-scheme: cookies.next-auth.session-token.name");
        site()
            .over_http()
            .when(line(plain).login())
            .finds_nothing()
            .leaves("cookies.next-auth.session-token.name", "not-planned");
    }
}
