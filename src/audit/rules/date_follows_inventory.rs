//! `date-follows-inventory`

use super::prelude::*;
use crate::audit::policy_text::{self, Shown};
use crate::audit::previous::Earlier;
use crate::cookie::Lifetime;
use crate::manifest::PartialDate;
use crate::observation::{Observation, Scan, renamed};

pub(crate) static RULE: Rule = Rule {
    id: "date-follows-inventory",
    sentence: "The cookies have changed since an earlier scan, and the policy's date has not.",
    short: "the policy's date has not moved",
    page: "\
Two scans of the same site are compared. If a cookie has come, if one lives for another time, or if the page's \
own rows about cookies have changed, the date that the policy page shows must have moved on. A cookie counts \
as new only where the earlier scan looked at the same kind of page in the same way (persona, consent, engine): \
what nobody looked for is not new, and a scan that looked at less upholds nothing. What the page named all along \
and says the same of now is no change either. A cookie that is undeclared as well is one finding with *undeclared-cookie*.

**To do:** publish the change with its date.",
    checks: &[Check::Sentence(PolicyAspect::DateFollowsInventory, check)],
    claims: Claims::Sentence(PolicyAspect::DateFollowsInventory, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Ok(previous) = &context.previous else { return };
    if moved(context, previous.scan) != Some(false) {
        return;
    }
    let claim = About::Policy(PolicyAspect::DateFollowsInventory);
    let shown = date_of(context.scan).map(|date| date.to_string()).unwrap_or_default();
    for (name, sightings) in announced_nowhere(context, previous) {
        let declared = sightings.iter().any(|seen| seen.item.is_some());
        let causes: BTreeSet<Cause> = if declared {
            BTreeSet::from([Cause::PolicyDate])
        } else {
            sightings.iter().flat_map(|seen| presence(context, seen)).collect()
        };
        let message = format!("`{name}` is new, and the policy is still dated {shown}");
        found.push(
            Violation::new(&RULE, &name, message)
                .refutes([claim])
                .follows()
                .because(causes)
                .seen(context, sightings.iter().copied()),
        );
    }
    for (name, before, now) in changed_lifetimes(context, previous) {
        let item = context.seen.iter().find(|seen| seen.name() == name).and_then(|seen| seen.item);
        let causes =
            [Cause::PolicyDate].into_iter().chain(item.map(|item| Cause::Aspect(item, ItemAspect::Lifetime)));
        let message = format!(
            "`{name}` lives {} and lived {}, and the policy is still dated {shown}",
            words::lifetime(now),
            words::lifetime(before)
        );
        found.push(
            Violation::new(&RULE, &name, message)
                .refutes([claim])
                .follows()
                .because(causes)
                .seen(context, context.seen.iter().filter(|seen| seen.name() == name)),
        );
    }
    let rows = changed_rows(context, previous.scan);
    // A row that changed, and now says something else than the manifest, is one change.
    let of_row = |name: &String| {
        let item = (0..context.manifest.items.len()).find(|item| context.is_name_of(name, *item));
        item.map_or(Cause::Thing(StorageKind::Cookie, name.clone()), |item| {
            Cause::Aspect(item, ItemAspect::Lifetime)
        })
    };
    if let Some(name) = rows.first() {
        let message =
            format!("the policy page's words about `{name}` have changed, and it is still dated {shown}");
        let line = format!("{}: {message}", policy_text::address(context));
        found.push(
            Violation::new(&RULE, "policy page", message)
                .refutes([claim])
                .follows()
                .because(rows.iter().map(of_row).chain([Cause::PolicyDate]))
                .evidence([evidence::of_words(anonymous_cell(context), line)]),
        );
    }
}

/// Whether the page's date moved on; none if either cannot be read.
fn moved(context: &Context<'_>, previous: &Scan) -> Option<bool> {
    let (now, before) = (date_of(context.scan)?, date_of(previous)?);
    Some(now > before)
}

fn date_of(scan: &Scan) -> Option<PartialDate> {
    match policy_text::last_updated(&scan.policy.as_ref()?.text) {
        Shown::Date(dates) => dates.first().copied(),
        _ => None,
    }
}

/// Cookies of now that were not there before, where it was looked before; by family.
pub(super) fn new_cookies<'c, 'a>(
    context: &'c Context<'a>,
    previous: &Earlier<'_>,
) -> BTreeMap<String, Vec<&'c Seen<'a>>> {
    let mut new: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.cookies() {
        let same_item = seen.item.is_some_and(|item| {
            let item = context.item(item);
            let mut patterns = item.names.iter().chain(&item.https_names);
            patterns.any(|pattern| {
                previous.cookies().any(|name| pattern.matches_text(name) || pattern.written() == name)
            })
        });
        // A deploy that puts another hash into a name brings no other cookie.
        let redeployed = || {
            let gone = |name: &String| !context.seen.iter().any(|other| other.name() == *name);
            previous.names().filter(gone).any(|name| renamed(&name, &seen.name()))
        };
        let known = previous.had(&seen.name(), &seen.family) || same_item || redeployed();
        if !known
            && previous.looked_at(seen.example())
            && !allowed_by_provider(context, seen)
            && !away(context, seen)
        {
            new.entry(seen.family.clone()).or_default().push(seen);
        }
    }
    new
}

/// The page named it all along, and says the same of it now: a site that returns to its policy has
/// nothing to announce.
fn said_all_along(context: &Context<'_>, previous: &Earlier<'_>, item: Option<usize>) -> bool {
    let Some(item) = item.map(|item| context.item(item)) else { return false };
    let (Some(now), Some(before)) = (&context.scan.policy, &previous.scan.policy) else { return false };
    let names: Vec<&str> =
        item.names.iter().chain(&item.https_names).map(|name| name.written().trim_end_matches('*')).collect();
    let all: Vec<&str> = context
        .manifest
        .items
        .iter()
        .flat_map(|item| item.names.iter().chain(&item.https_names))
        .map(|name| name.written().trim_end_matches('*'))
        .collect();
    names.iter().any(|name| policy_text::names(&before.text, name))
        && policy_text::passages(&now.text, &names, &all) == policy_text::passages(&before.text, &names, &all)
}

/// What came, and the page did not say so before.
fn announced_nowhere<'c, 'a>(
    context: &'c Context<'a>,
    previous: &Earlier<'_>,
) -> BTreeMap<String, Vec<&'c Seen<'a>>> {
    let mut new = new_cookies(context, previous);
    new.retain(|_, seen| !seen.iter().all(|seen| said_all_along(context, previous, seen.item)));
    new
}

/// Cookies with one lifetime then and another now.
fn changed_lifetimes(context: &Context<'_>, previous: &Earlier<'_>) -> Vec<(String, Lifetime, Lifetime)> {
    let (before, now) = (lifetimes(&previous.scan.observations), lifetimes(&context.scan.observations));
    let mut changed = Vec::new();
    for (name, was) in before {
        if let (Some(was), Some(Some(is))) = (was, now.get(&name))
            && !close(was, *is)
        {
            // Back to what is declared, and to what the page says all along.
            let item = context.seen.iter().find(|seen| seen.name() == name).and_then(|seen| seen.item);
            let rule = item.and_then(|item| context.item(item).lifetime.as_ref());
            let returned = rule.is_some_and(|rule| rule.allows(*is) && !rule.allows(was));
            if returned && said_all_along(context, previous, item) {
                continue;
            }
            changed.push((name, was, *is));
        }
    }
    changed
}

/// The one lifetime of each cookie; none where a cookie has several.
fn lifetimes(observations: &[Observation]) -> BTreeMap<String, Option<Lifetime>> {
    let mut found: BTreeMap<String, Option<Lifetime>> = BTreeMap::new();
    for observation in observations.iter().filter(|observation| observation.kind == StorageKind::Cookie) {
        for group in &observation.groups {
            let lifetime = group.example.written.lifetime;
            if matches!(lifetime, Lifetime::Seconds(seconds) if seconds <= 0) {
                continue;
            }
            found
                .entry(observation.name.to_string())
                .and_modify(|known| *known = known.filter(|known| close(*known, lifetime)))
                .or_insert(Some(lifetime));
        }
    }
    found
}

/// Equal but for clocks: 60 seconds or 1 %.
fn close(a: Lifetime, b: Lifetime) -> bool {
    match (a, b) {
        (Lifetime::Session, Lifetime::Session) => true,
        (Lifetime::Seconds(a), Lifetime::Seconds(b)) => {
            a.saturating_sub(b).saturating_abs() <= (a.max(b) / 100).max(60)
        }
        _ => false,
    }
}

/// Names of cookies whose passage on the page came or changed.
fn changed_rows(context: &Context<'_>, previous: &Scan) -> Vec<String> {
    let (Some(now), Some(before)) = (&context.scan.policy, &previous.policy) else { return Vec::new() };
    let mut names: BTreeSet<String> = context
        .manifest
        .items
        .iter()
        .flat_map(|item| item.names.iter().chain(&item.https_names))
        .filter_map(|name| name.as_literal().map(str::to_owned))
        .collect();
    names.extend(context.scan.observations.iter().map(|observation| observation.name.to_string()));
    names.extend(previous.observations.iter().map(|observation| observation.name.to_string()));
    // A row about a cookie that neither the manifest nor a scan knows.
    let (named_now, named_before) = (named(&now.text), named(&before.text));
    names.extend(named_now.symmetric_difference(&named_before).map(|name| (*name).to_owned()));
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let passages = |text: &str, name: &str| policy_text::passages(text, &[name], &all);
    all.iter()
        .filter(|name| passages(&now.text, name) != passages(&before.text, name))
        .map(|name| (*name).to_owned())
        .collect()
}

/// Words of a text that can only be names of cookies: with an underscore in them.
fn named(text: &str) -> BTreeSet<&str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.split(|c: char| !inside(c))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| (3..=64).contains(&word.len()) && word.contains('_'))
        .collect()
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let previous = match &context.previous {
        Ok(previous) => previous,
        Err(open) => return Some(open.clone()),
    };
    if context.scan.policy.is_none() || previous.scan.policy.is_none() {
        return Some(standing::policy_not_looked_at(context));
    }
    let changed = !announced_nowhere(context, previous).is_empty()
        || !changed_lifetimes(context, previous).is_empty()
        || !changed_rows(context, previous.scan).is_empty();
    let less = previous.less_than(context.scan);
    Some(match (changed, moved(context, previous.scan)) {
        // Nothing comparable is not nothing new.
        (false, _) if less.is_some() => Standing::open(
            Why::NeedsPreviousScan,
            less.unwrap_or_default(),
            "an earlier scan that looked as this one did",
        ),
        (false, _) => Standing::Upheld(format!("no change since {}", previous.scan.run.started)),
        (true, Some(_)) => Standing::Upheld("the date moved with the cookies".to_owned()),
        (true, None) => Standing::open(
            Why::NotReached,
            "the policy page's date cannot be read",
            "a date on the policy page",
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    const APRIL: &str = "Last updated: 16 April 2026\nsid\nKeeps you logged in\n7 days";
    const MAY: &str = "Last updated: 2 May 2026\nsid\nKeeps you logged in\n7 days";

    fn site() -> Site {
        Site::with(Item::named("sid"))
            .complete()
            .claims(|policy| policy.date_follows_inventory = stated(true))
    }

    fn before() -> Case {
        site().when(line("sid=1; Max-Age=604800")).policy_page(APRIL)
    }

    #[test]
    fn nothing_changed_or_the_date_did() {
        before().after(before()).finds_nothing().upholds("claims.date-follows-inventory");
        before().leaves("claims.date-follows-inventory", "needs-previous-scan");
    }

    #[test]
    fn a_new_cookie_under_an_old_date() {
        let now = |page: &str| before().and_when(line("theme=1")).policy_page(page);
        now(APRIL)
            .after(before())
            .finds("undeclared-cookie: claims.date-follows-inventory, claims.inventory");
        now(MAY).after(before()).finds("undeclared-cookie: claims.inventory");
        let declared = Site::with(Item::named("sid"))
            .and(Item::named("theme"))
            .claims(|policy| policy.date_follows_inventory = stated(true));
        declared
            .when(line("theme=1"))
            .policy_page(APRIL)
            .after(before())
            .finds("date-follows-inventory: claims.date-follows-inventory");
    }

    #[test]
    fn a_deploy_that_changes_a_hash_brings_no_cookie() {
        let site =
            || Site::with(Item::named("sid")).claims(|policy| policy.date_follows_inventory = stated(true));
        let with = |name: &str| site().when(line(&format!("shop_{name}_cart=1"))).policy_page(APRIL);
        with("9zq1k").after(with("4f7xq")).finds_nothing();
        with("9zq1k")
            .and_when(line("shop_4f7xq_cart=1"))
            .after(with("4f7xq"))
            .finds("date-follows-inventory: claims.date-follows-inventory");
    }

    #[test]
    fn a_changed_row_under_an_old_date() {
        before()
            .policy_page(&APRIL.replace("7 days", "30 days"))
            .after(before())
            .finds("date-follows-inventory: claims.date-follows-inventory");
    }

    #[test]
    fn a_new_row_about_an_unknown_cookie() {
        before()
            .policy_page(&format!("{APRIL}\nsid_layout\tHow you arranged things\t30 days"))
            .after(before())
            .finds("date-follows-inventory: claims.date-follows-inventory");
    }

    #[test]
    fn a_changed_lifetime_under_an_old_date() {
        site()
            .when(line("sid=1; Max-Age=2592000"))
            .policy_page(APRIL)
            .after(before())
            .finds("date-follows-inventory: claims.date-follows-inventory");
    }

    #[test]
    fn what_nobody_looked_for_is_not_new() {
        site()
            .when(line("sid=1; Max-Age=604800"))
            .policy_page(APRIL)
            .and_when(line("__vercel=1").by(member()))
            .allowing("__vercel")
            .after(before())
            .finds_nothing();
    }
}
