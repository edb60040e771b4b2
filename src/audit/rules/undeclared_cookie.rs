//! `undeclared-cookie`

use super::prelude::*;
use crate::manifest::Inventory;

pub(crate) static RULE: Rule = Rule {
    id: "undeclared-cookie",
    sentence: "The site sets a cookie that the manifest does not name.",
    short: "undeclared",
    page: "\
`inventory = \"complete\"` promises that the manifest names every cookie, `complete-first-party` every cookie \
of the site's own. A cookie outside it refutes that promise, whoever wrote it: the application, a load \
balancer, a CDN, or somebody else's script in the site's own name. Declared third parties may set what they \
are declared to set, and cookies that the plan allows on this target (a preview toolbar) are left alone.

A name that is nearly a declared one (misspelt, with another prefix, in other letters, with other \
separators) is reported with the line of the manifest that it nearly matches. If the declared one is missing \
at the same time, this is one finding, and the declared cookie's name is refuted with it.

Inventories of examples (`inventory = \"examples\"`) do not turn this rule on; the cookie is then a note.

**To do:** declare the cookie in manifest and policy, or stop setting it.",
    checks: &[Check::Things(Of::Undeclared, own, word), Check::Things(Of::Undeclared, of_others, word)],
    claims: Claims::Sentence(PolicyAspect::Inventory, standing),
};

fn own(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    name(context, seen).filter(|_| !seen.foreign)
}

fn of_others(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    name(context, seen).filter(|_| seen.foreign)
}

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let undeclared =
        seen.kind() == StorageKind::Cookie && !allowed_by_provider(context, seen) && !away(context, seen);
    undeclared.then(|| seen.family.clone())
}

fn word(context: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    let foreign = cookies.iter().any(|seen| seen.foreign);
    let refutes_inventory = match context.manifest.policy.inventory.as_ref().map(|stated| stated.value) {
        Some(Inventory::Complete) => true,
        Some(Inventory::CompleteFirstParty) => !foreign,
        _ => false,
    };
    let mut claims = Vec::new();
    if refutes_inventory {
        claims.push(About::Policy(PolicyAspect::Inventory));
    }
    let mut causes = Vec::new();
    let mut near = None;
    if !foreign {
        near = matching::near_match(context.manifest, StorageKind::Cookie, name);
        if let Some(index) = near.filter(|index| replaced(context, *index, cookies)) {
            claims.push(About::Item(index, ItemAspect::Name));
            claims.push(About::Item(index, ItemAspect::Present));
            causes.push(Cause::Missing(index));
        }
        causes.extend(stands_in_for(context, name, cookies).map(Cause::Missing));
        if refutes_inventory && cookies.iter().any(|seen| elsewhere(context, seen)) {
            claims.push(About::Policy(PolicyAspect::CoversLinkingHosts));
        }
    }
    Violation::new(&RULE, name, message(context, name, foreign, near, cookies))
        .refutes(claims)
        .because(causes)
        .hint("declare it in manifest and policy, or stop setting it")
}

fn message(
    context: &Context<'_>,
    name: &str,
    foreign: bool,
    near: Option<usize>,
    sightings: &[&Seen<'_>],
) -> String {
    let whose = sightings.iter().find_map(|seen| seen.fact.as_ref().filter(|fact| fact.third_party));
    let whose = whose.map(|fact| format!(" ({})", fact.vendor)).unwrap_or_default();
    let place = match sightings.first() {
        Some(seen) if foreign => format!(" for {}", matching::host_of(seen.observation)),
        _ => String::new(),
    };
    let near = near.map(|index| {
        let item = context.item(index);
        format!("; it nearly matches `{}` of line {}", item.key, item.place.line)
    });
    let called = if name.is_empty() { "a cookie without a name".to_owned() } else { format!("`{name}`") };
    format!("{called}{whose} is set{place}, and nothing declares it{}", near.unwrap_or_default())
}

/// Whether the nearly matching item is not itself set where this one is.
fn replaced(context: &Context<'_>, index: usize, sightings: &[&Seen<'_>]) -> bool {
    sightings.iter().any(|seen| !context.sightings(index).any(|other| other.https == seen.https))
}

/// Declared items that are missing where this one appears: by a telling word in both names, or
/// because it turns up at a login, for nobody else, as they should have.
fn stands_in_for<'c>(
    context: &'c Context<'_>,
    name: &'c str,
    sightings: &'c [&Seen<'_>],
) -> impl Iterator<Item = usize> + 'c {
    context.missing.iter().copied().filter(move |index| {
        let item = context.item(*index);
        let scope = Scope::of_item(context, *index);
        let members_only = sightings.iter().all(|seen| context.visitor(seen.cell()).logged_in);
        let by_login = scope.needs_login()
            && members_only
            && sightings.iter().any(|seen| seen.cell().phase == Phase::Login && identifies(seen))
            && sightings.iter().all(|seen| !seen.fact.as_ref().is_some_and(|fact| fact.third_party));
        by_login || item.names.iter().any(|declared| matching::share_a_word(declared.written(), name))
    })
}

/// Set by an own host other than the one audited.
fn elsewhere(context: &Context<'_>, seen: &Seen<'_>) -> bool {
    seen.exchange()
        .url
        .parsed()
        .and_then(|url| url.host_str().map(|host| !context.hosts.is_base(host) && context.hosts.own(host)))
        .unwrap_or(false)
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "scripts set cookies, too"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Inventory, Item};

    #[test]
    fn what_nothing_declares_refutes_the_inventory() {
        let site = Site::with(Item::named("locale")).complete();
        site.when(line("theme=dark")).when(line("locale=en")).finds("undeclared-cookie: claims.inventory");
        site.when(line("locale=en")).finds_nothing().leaves("claims.inventory", "needs-browser");
        site.when(line("locale=en")).in_browser().finds_nothing().upholds("claims.inventory");
    }

    #[test]
    fn a_list_of_the_sites_own_says_nothing_of_others() {
        let site = Site::with(Item::named("locale"))
            .claims(|policy| policy.inventory = stated(Inventory::CompleteFirstParty))
            .when(line("locale=en"));
        site.when(line("theme=dark")).finds("undeclared-cookie: claims.inventory");
        let foreign = line("id=1; SameSite=None; Secure").from("https://ads.example/p.gif").within("/");
        site.when(foreign).in_browser().upholds("claims.inventory");
    }

    #[test]
    fn a_near_name_is_said_with_its_line_and_is_the_only_finding() {
        let mut item = Item::named("caption_session_token");
        item.place.line = 12;
        let site = Site::with(item).complete();
        site.when(line("__Secure-caption.session_token=1; Secure").login())
            .finds(
                "undeclared-cookie: claims.inventory, cookies.caption_session_token.name, \
                 cookies.caption_session_token.present",
            )
            .says("it nearly matches `caption_session_token` of line 12");
    }

    #[test]
    fn a_cookie_without_a_name_is_called_one() {
        let site = Site::with(Item::named("locale")).complete();
        site.when(line("=anything")).says("a cookie without a name is set, and nothing declares it");
    }

    #[test]
    fn all_cookies_of_a_vendor_are_one_finding() {
        Site::with(Item::named("locale"))
            .complete()
            .when(line("_ga=GA1.1.123.456"))
            .when(line("_gid=GA1.1.123.457"))
            .when(line("_ga_ABC=GS1.1.1"))
            .finds("undeclared-cookie: claims.inventory")
            .says("`_ga` (Google Analytics) is set, and nothing declares it; likewise `_ga_*`, `_gid`");
    }

    #[test]
    fn deletions_and_lines_that_no_browser_keeps_are_not_set() {
        Site::with(Item::named("locale"))
            .complete()
            .when(line("messages=; Max-Age=0"))
            .when(line("x=1; Domain=other.example"))
            .finds_nothing();
    }

    #[test]
    fn what_the_target_allows_is_left_alone() {
        Site::with(Item::named("locale"))
            .complete()
            .allowing("__vercel_*")
            .when(line("__vercel_live_token=1"))
            .finds_nothing();
    }

    #[test]
    fn examples_are_no_inventory() {
        Site::with(Item::named("locale")).examples().when(line("theme=dark")).finds_nothing();
    }
}
