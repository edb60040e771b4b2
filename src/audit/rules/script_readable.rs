//! `script-readable`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "script-readable",
    sentence: "Scripts can read a value that they should not, in the cookie or in a copy of it.",
    short: "scripts can read it otherwise than declared",
    page: "\
`script_readable = false` promises more than `HttpOnly`: neither the cookie nor a copy of its value can be \
read by a script. A token in `localStorage`, or in a second cookie without `HttpOnly`, breaks it. Values are \
compared while the scan runs, without being kept.

Plain HTTP sees the cookie's own attribute and copies in other cookies; storage is for a browser to see.

**To do:** keep the token in the HttpOnly cookie only.",
    checks: &[Check::Items(check), Check::ItemFailures(asks, copied)],
    claims: Claims::Item(ItemAspect::ScriptReadable, standing),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    match (item.script_readable?, seen.example().written.http_only) {
        (false, false) => Some("can be read by scripts".to_owned()),
        (true, true) => Some("cannot be read by scripts".to_owned()),
        _ => None,
    }
}

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    let own = attribute::of_item(context, &RULE, ItemAspect::ScriptReadable, index, wrong);
    found.extend(own.map(|violation| violation.because([Cause::Aspect(index, ItemAspect::HttpOnly)])));
    if item.script_readable == Some(false) {
        found.extend(copies(context, index));
    }
}

fn copied(_: &Context<'_>, index: usize, item: &Item, what: &str) -> Option<Violation> {
    let message = format!("scripts can read a copy of `{}`: {what}", item.key);
    let violation = Violation::new(&RULE, &item.key, message)
        .refutes([About::Item(index, ItemAspect::ScriptReadable)])
        .because([Cause::Aspect(index, ItemAspect::ScriptReadable)]);
    Some(violation)
}

/// Things of the same visitor that hold the same long value and that scripts can read.
fn copies(context: &Context<'_>, index: usize) -> Option<Violation> {
    let key = &context.item(index).key;
    let values: BTreeSet<(&str, u32)> = context
        .writes(index)
        .filter(|seen| seen.example().value.length >= 16)
        .flat_map(|seen| identities(seen).map(|identity| (seen.cell().persona.as_str(), identity)))
        .collect();
    let copies: Vec<&Seen<'_>> = context
        .seen
        .iter()
        .filter(|seen| seen.item != Some(index) && seen.lands() && !seen.example().written.http_only)
        .filter(|seen| identities(seen).any(|value| values.contains(&(seen.cell().persona.as_str(), value))))
        .collect();
    let first = copies.first()?;
    let place = match first.kind() {
        StorageKind::Cookie => "the cookie",
        _ => "the storage item",
    };
    Some(
        Violation::new(
            &RULE,
            key,
            format!("scripts can read a copy of `{key}` in {place} `{}`", first.name()),
        )
        .refutes([About::Item(index, ItemAspect::ScriptReadable)])
        .because([Cause::Aspect(index, ItemAspect::ScriptReadable)])
        .because(copies.iter().filter(|seen| seen.item.is_none()).flat_map(|seen| presence(context, seen)))
        .seen(context, copies.iter().copied()),
    )
}

/// The values it had, as ordinals; 0 is a value that was not compared.
fn identities<'a>(seen: &Seen<'a>) -> impl Iterator<Item = u32> + use<'a> {
    let group = seen.group;
    group.identities.iter().copied().chain([group.example.value.identity]).filter(|identity| *identity != 0)
}

fn asks(probe: &ProbeKind) -> bool {
    matches!(probe, ProbeKind::MirroredValue { .. })
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let Some(seen) = standing::amount(context.writes(index)) else {
        return Some(standing::unseen(context, index));
    };
    if context.item(index).script_readable == Some(true) {
        return Some(Standing::Upheld(seen));
    }
    Some(match standing::never(context, &Scope::default(), "a copy may be in browser storage") {
        Standing::Upheld(_) => Standing::Upheld(seen),
        open => open,
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;
    use crate::observation::StorageKind;

    const TOKEN: &str = "3f2b8c1e9d4a4f6b8a7c1e2d3c4b5a69";

    fn site() -> Site {
        let mut item = Item::named("access");
        item.http_only = Some(true);
        item.script_readable = Some(false);
        Site::with(item)
    }

    #[test]
    fn a_token_in_storage_is_readable() {
        let cookie = || line(&format!("access={TOKEN}; HttpOnly")).login();
        site().when(cookie()).finds_nothing().leaves("cookies.access.script-readable", "needs-browser");
        site().when(cookie()).in_browser().finds_nothing().upholds("cookies.access.script-readable");
        site()
            .when(cookie())
            .when(stored(StorageKind::LocalStorage, "token", TOKEN).by(member()))
            .finds("script-readable: cookies.access.script-readable")
            .says("in the storage item `token`");
    }

    #[test]
    fn a_missing_http_only_is_one_finding() {
        site()
            .when(line("access=1").login())
            .finds("http-only: cookies.access.http-only, cookies.access.script-readable");
    }
}
