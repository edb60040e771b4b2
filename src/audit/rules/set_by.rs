//! `set-by`

use super::prelude::*;
use crate::manifest::DeclaredParty;

pub(crate) static RULE: Rule = Rule {
    id: "set-by",
    sentence: "A cookie is set by a response, host or script other than those declared.",
    short: "set by another than declared",
    page: "\
`set_by` names classes of URLs whose own responses may set the cookie: the site's authentication endpoints, \
say, and not an identity provider elsewhere. It is about the response's own URL; `set_on` is about the page \
the visitor is on.

**To do:** find out who else writes this cookie; the evidence names the response or script.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::SetBy, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.set_by.is_empty() {
        return;
    }
    // Where nothing of the site's own has the name, another's cookie stands in its place.
    let own = context.writes(index).any(|seen| seen.lands() && !seen.foreign);
    let failing: Vec<(&Seen<'_>, String)> = context
        .sightings(index)
        .chain(context.namesakes(index).filter(|_| !own && item.party == Some(DeclaredParty::First)))
        .filter_map(|seen| {
            if seen.by_script() {
                return Some((seen, "a script".to_owned()));
            }
            let url = &seen.exchange().url;
            let host = url.parsed().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            // A class given as paths speaks of the site's own paths.
            let method = seen.exchange().method().unwrap_or("GET");
            let right = context.request_in(method, url, &item.set_by)
                && (context.hosts.own(&host) || names_host(context, item, url));
            let who = if context.hosts.own(&host) { words::path(url) } else { host };
            (!right).then_some((seen, who))
        })
        .collect();
    let Some((first, who)) = failing.first() else { return };
    let mut causes = vec![Cause::Aspect(index, ItemAspect::SetBy)];
    if first.foreign {
        causes.push(Cause::Origin(index));
    }
    found.push(
        Violation::new(
            &RULE,
            &item.key,
            format!("`{}` is set by {who}, not by {}", item.key, item.set_by.join(", ")),
        )
        .refutes([About::Item(index, ItemAspect::SetBy)])
        .because(causes)
        .because(attribute::alike(item, ItemAspect::SetBy, &failing))
        .seen(context, failing.iter().map(|(seen, _)| *seen)),
    );
}

/// Whether a class names the host itself, as `idp.example/callback` does.
fn names_host(context: &Context<'_>, item: &Item, url: &crate::observation::SafeUrl) -> bool {
    let classes = item.set_by.iter().filter_map(|class| context.manifest.pages.get(class));
    let urls = context.hosts.as_declared(url);
    classes
        .flat_map(|class| class.patterns.iter().chain(class.requests.iter().map(|request| &request.page)))
        .any(|pattern| pattern.host().is_some() && urls.iter().any(|url| pattern.matches(url)))
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    Some(match standing::amount(context.sightings(index)) {
        Some(seen) => Standing::Upheld(seen),
        None => standing::unseen(context, index),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{DeclaredParty, Item};

    #[test]
    fn an_identity_providers_host_is_not_ours() {
        let mut item = Item::named("sid");
        item.set_by = vec!["auth".into()];
        item.party = Some(DeclaredParty::First);
        let site = Site::with(item).pages("auth", &["/api/auth/**"]);
        site.when(line("sid=1; HttpOnly").login()).finds_nothing().upholds("cookies.sid.set-by");
        site.when(line("sid=1").login()).finds_nothing().leaves("cookies.sid.set-by", "needs-browser");
        site.when(line("sid=1").login().from("https://idp.example/api/auth/token"))
            .finds("domain: cookies.sid.party, cookies.sid.present, cookies.sid.set-by");
        site.when(line("sid=1").from("/pricing")).finds("set-by: cookies.sid.set-by");
    }
}
