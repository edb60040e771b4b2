//! `policy-agrees`

use super::prelude::*;
use crate::audit::policy_table::{self, Declarations};
use crate::audit::{Declared, Evidence, policy_text};
use crate::manifest::{Inventory, LifetimeRule, Place};
use crate::observation::quoted;
use crate::policy;

pub(crate) static RULE: Rule = Rule {
    id: "policy-agrees",
    sentence: "The published policy and the manifest do not declare the same.",
    short: "the published policy says something else",
    page: "\
The page at `policy_url` is read as `import` reads it, and held against the manifest and the site: a cookie \
that only one of the two declares, another lifetime, a date before the manifest's `last_updated`, a page that is \
gone; and, where the page itself calls its list complete, a cookie of the site that neither of them declares. Each \
finding has both ends: the manifest's line and the page's sentence.

With `policy_url` this is checked as a warning; `policy_agrees = true` under `[claims]` makes it an error, `false` \
switches it off. A list that calls itself incomplete lacks nothing, on either side. A name that stands anywhere in \
the page's text is not missing there, however it is written (`_ga_XXXX`, `__Host-sid` as `sid`). Where part of the \
page was not understood, or a script writes its table and no browser looked, the claim is *not verified*.

**To do:** correct the one that lags behind. `cookieproof import URL --update cookies.toml` shows what the page \
would change in the manifest, `cookieproof policy cookies.toml` writes the table to publish.",
    checks: &[Check::Sentence(PolicyAspect::PolicyAgrees, check)],
    claims: Claims::Sentence(PolicyAspect::PolicyAgrees, standing),
};

const CLAIM: [About; 1] = [About::Policy(PolicyAspect::PolicyAgrees)];

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(page) = policy_table::of(context.scan) else { return };
    only_here(context, &page, found);
    only_there(context, &page, found);
    other_lifetimes(context, &page, found);
    beyond_a_complete_list(context, &page, found);
}

/// What the page says, as evidence.
fn said(context: &Context<'_>, sentence: Option<&str>) -> Evidence {
    let address = policy_text::address(context);
    let line = match sentence {
        Some(sentence) => format!("{address}: \"{}\"", quoted(sentence)),
        None => format!("{address} does not name it"),
    };
    evidence::of_words(anonymous_cell(context), line)
}

fn declared(item: &Item, field: &str, says: String) -> Declared {
    let at = item.places.get(field).copied().filter(|at| *at != Place::default());
    Declared { place: at.unwrap_or(item.place), says }
}

/// The page says this of it, or does not name it.
fn disagreement(context: &Context<'_>, subject: &str, message: String, sentence: Option<&str>) -> Violation {
    Violation::new(&RULE, subject, message).refutes(CLAIM).evidence([said(context, sentence)])
}

/// Declared in the manifest, and not on the page.
fn only_here(context: &Context<'_>, page: &Declarations, found: &mut Vec<Violation>) {
    let incomplete = page
        .inventory
        .as_ref()
        .is_some_and(|stated| matches!(stated.value, Inventory::Examples | Inventory::None));
    let cookies = || page.items.iter().filter(|entry| entry.kind == StorageKind::Cookie);
    if incomplete || page.unread.is_some() || cookies().next().is_none() {
        return;
    }
    let complete = page.inventory.as_ref().is_some_and(|stated| stated.value == Inventory::Complete);
    for (index, item) in context.manifest.items.iter().enumerate() {
        let about_others = item.party == Some(crate::manifest::DeclaredParty::Third) && !complete;
        let not_its_matter = item.kind != StorageKind::Cookie && !page.lists_storage();
        if about_others || not_its_matter || page.leaves_to_provider(item) || page.mentions(item) {
            continue;
        }
        let set = standing::amount(context.sightings(index));
        let message = match set {
            Some(seen) => format!(
                "`{}` is declared in the manifest and set by the site ({seen}), and the published policy does not name it",
                item.key
            ),
            None => format!(
                "`{}` is declared in the manifest, and the published policy does not name it",
                item.key
            ),
        };
        let mut violation = disagreement(context, &item.key, message, None)
            .because([Cause::PolicyPage])
            .seen(context, context.sightings(index));
        violation.declared = Some(declared(item, "name", format!("`{}` is declared", item.key)));
        found.push(violation);
    }
}

/// Declared on the page, and not in the manifest.
fn only_there(context: &Context<'_>, page: &Declarations, found: &mut Vec<Violation>) {
    let examples = |stated: &crate::manifest::Stated<Inventory>| stated.value == Inventory::Examples;
    if context.manifest.policy.inventory.as_ref().is_some_and(examples) {
        return;
    }
    let any_storage = context.manifest.items.iter().any(|item| item.kind != StorageKind::Cookie);
    for entry in &page.items {
        if entry.kind != StorageKind::Cookie && !any_storage || may_be_a_providers(context, entry) {
            continue;
        }
        let known = |name: &crate::manifest::NamePattern| {
            let items = context.manifest.items.iter();
            items.flat_map(|item| item.names.iter().chain(&item.https_names)).any(|own| own.may_mean(name))
        };
        let stated = entry.lifetime.is_some() || entry.purpose.is_some();
        for name in entry.names.iter().filter(|name| !known(name)) {
            // A word of a sentence that was taken for a name would be a false alarm.
            if !stated && !policy::is_surely_a_name(name.written()) {
                continue;
            }
            let name = name.written();
            let seen: Vec<&Seen<'_>> = context
                .undeclared()
                .filter(|seen| {
                    seen.kind() == entry.kind && entry.names.iter().any(|own| own.matches_text(&seen.name()))
                })
                .collect();
            let set = match standing::amount(seen.iter().copied()) {
                Some(amount) => format!("the site sets it ({amount})"),
                None => "it was not seen".to_owned(),
            };
            let message = format!("the published policy declares `{name}`, and the manifest does not; {set}");
            let row = Cause::Thing(entry.kind, name.to_owned());
            let causes: BTreeSet<Cause> =
                seen.iter().flat_map(|seen| presence(context, seen)).chain([row]).collect();
            found.push(
                disagreement(context, name, message, entry.source.as_deref())
                    .because(causes)
                    .seen(context, seen.iter().copied()),
            );
        }
    }
}

/// Whether the manifest speaks of whoever sets it, and may leave the names to them.
fn may_be_a_providers(context: &Context<'_>, entry: &Item) -> bool {
    let provider = entry.provider.as_ref().map(|provider| crate::manifest::slug(provider));
    let names: Vec<&str> = entry.names.iter().map(|name| name.written()).collect();
    let vendors: Vec<String> = names
        .iter()
        .filter_map(|name| context.knowledge.cookie(name, ""))
        .map(|fact| crate::manifest::slug(&fact.vendor))
        .collect();
    context.manifest.third_parties.iter().filter(|party| party.sets_cookies != Some(false)).any(|party| {
        let own = crate::manifest::slug(&party.provider);
        let named = |other: &String| other.contains(&own) || own.contains(other.as_str());
        provider.as_ref().is_some_and(named)
            || vendors.iter().any(named)
            || entry.hosts.iter().any(|host| party.domains.contains(host))
    })
}

/// Items for which the page states another lifetime, with what it says and what the manifest does.
fn at_odds<'p>(
    context: &'p Context<'_>,
    page: &'p Declarations,
) -> Vec<(usize, &'p Item, &'p LifetimeRule, LifetimeRule)> {
    let mut found = Vec::new();
    for (index, item) in context.manifest.items.iter().enumerate() {
        let own: Vec<LifetimeRule> =
            item.lifetime.iter().chain(item.lifetime_for.values()).cloned().collect();
        let agree = |rule: &LifetimeRule| {
            own.iter().any(|own| own.agrees_with_published(rule))
                || LifetimeRule::Either(own.clone()).agrees_with_published(rule)
        };
        let published = page.entries(item).filter_map(|entry| Some((entry, entry.lifetime.as_ref()?)));
        let published: Vec<(&Item, &LifetimeRule)> = published.collect();
        let Some((entry, rule)) = published.first() else { continue };
        // What is stated of single visitors is said of them where the rule fits, and of all below.
        let said = item.lifetime.clone().or_else(|| own.first().cloned());
        if let Some(said) = said
            && !published.iter().any(|(_, rule)| agree(rule))
        {
            found.push((index, *entry, *rule, said));
        }
    }
    found
}

fn other_lifetimes(context: &Context<'_>, page: &Declarations, found: &mut Vec<Violation>) {
    for (index, entry, rule, own) in at_odds(context, page) {
        let item = context.item(index);
        if page.unsure_of(item).is_some() {
            continue;
        }
        let message = format!(
            "the published policy says that `{}` lives {rule}, and the manifest says {own}",
            item.key
        );
        let mut violation = disagreement(context, &item.key, message, entry.source.as_deref())
            .because([Cause::Aspect(index, ItemAspect::Lifetime)])
            .seen(context, context.writes(index));
        violation.declared = Some(declared(item, "lifetime", format!("`{}` lives {own}", item.key)));
        found.push(violation);
    }
    for (index, item) in context.manifest.items.iter().enumerate() {
        if item.lifetime.is_none() && item.lifetime_for.is_empty() && page.unsure_of(item).is_none() {
            let published = page.entries(item).filter_map(|entry| Some((entry, entry.lifetime.as_ref()?)));
            disagrees(
                context,
                &item.key,
                &published.collect::<Vec<_>>(),
                context.writes(index).collect(),
                found,
            );
        }
    }
    for entry in &page.items {
        if let Some(rule) = &entry.lifetime
            && page.unsure_of(entry).is_none()
            && !context.manifest.items.iter().any(|item| policy_table::may_be(entry, item))
        {
            let named = |seen: &&Seen<'_>| entry.names.iter().any(|name| name.matches_text(&seen.name()));
            let seen: Vec<&Seen<'_>> = context.undeclared().filter(named).collect();
            disagrees(context, &entry.key, &[(entry, rule)], seen, found);
        }
    }
}

/// The manifest says nothing of the lifetime; the page does, and the site does otherwise.
fn disagrees(
    context: &Context<'_>,
    key: &str,
    published: &[(&Item, &LifetimeRule)],
    seen: Vec<&Seen<'_>>,
    found: &mut Vec<Violation>,
) {
    let wrong: Vec<&Seen<'_>> = seen
        .into_iter()
        .filter(|seen| seen.kind() == StorageKind::Cookie && seen.writes())
        .filter(|seen| published.iter().all(|(_, rule)| !rule.allows(seen.example().written.lifetime)))
        .collect();
    if let (Some(first), Some((entry, rule))) = (wrong.first(), published.first()) {
        let lives = words::lives(first.example());
        let message =
            format!("the published policy says that `{key}` lives {rule}, and the site sets it: {lives}");
        let causes: BTreeSet<Cause> = wrong.iter().flat_map(|seen| presence(context, seen)).collect();
        found.push(
            disagreement(context, key, message, entry.source.as_deref())
                .because(causes)
                .seen(context, wrong.iter().copied()),
        );
    }
}

/// The page calls its list complete, and the site sets what neither it nor the manifest names.
fn beyond_a_complete_list(context: &Context<'_>, page: &Declarations, found: &mut Vec<Violation>) {
    let Some(complete) = page.calls_itself_complete() else { return };
    let mut by_name: BTreeMap<&str, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.undeclared().filter(|seen| seen.kind() == StorageKind::Cookie) {
        let others = seen.foreign && complete.value == Inventory::CompleteFirstParty;
        let named = [seen.name(), seen.family.clone()]
            .iter()
            .any(|name| page.shows(&crate::manifest::NamePattern::glob(name)));
        let declared =
            page.items.iter().flat_map(|entry| &entry.names).any(|name| name.matches_text(&seen.name()));
        if !others && !named && !declared && !allowed_by_provider(context, seen) && !away(context, seen) {
            by_name.entry(&seen.family).or_default().push(seen);
        }
    }
    for (name, seen) in by_name {
        let message = format!(
            "the published policy calls its list complete, and does not name `{name}`, which the site sets"
        );
        let causes: BTreeSet<Cause> = seen.iter().flat_map(|seen| presence(context, seen)).collect();
        found.push(
            disagreement(context, name, message, complete.source.as_deref())
                .because(causes)
                .seen(context, seen.iter().copied()),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let answered = context.scan.policy.as_ref().filter(|page| (200..300).contains(&page.status));
    let Some(answered) = answered else { return Some(standing::policy_not_looked_at(context)) };
    let Some(page) = policy_table::of(context.scan) else {
        let detail = "the policy page is no text that is read";
        return Some(Standing::open(Why::NeverSeen, detail, "a policy page that is HTML, Markdown or text"));
    };
    let rendered = answered.published.as_ref().is_some_and(|page| page.rendered);
    let half_understood = at_odds(context, &page).into_iter().find_map(|(index, ..)| {
        let item = context.item(index);
        Some(format!("understood in part only: `{}` lives \"{}\"", item.key, quoted(page.unsure_of(item)?)))
    });
    let unread = page.unread.clone().or(half_understood);
    Some(match (&unread, page.items.len() as u64) {
        (Some(why), _) if why.contains("script") && !context.has_browser() => Standing::needs_browser(why),
        (Some(why), _) => Standing::open(Why::NeverSeen, why, "a policy page that states it in a table"),
        (None, 0) if !context.manifest.items.is_empty() && !rendered && !context.has_browser() => {
            Standing::needs_browser("no declaration was read on the policy page; a script may write it")
        }
        (None, 0) if !context.manifest.items.is_empty() => Standing::open(
            Why::NeverSeen,
            "no declaration was read on the policy page",
            "a policy page that states its cookies in a table",
        ),
        (None, entries) => Standing::Upheld(format!("{} of the page", standing::count(entries, "entries"))),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, LifetimeRule, NamePattern, ThirdParty};
    use crate::observation::StorageKind;

    const PAGE: &str = "# Cookie Policy\n\nLast updated: 16 April 2026\n\n## Necessary cookies\n\n\
        | Name | Purpose | Duration |\n| --- | --- | --- |\n| `sid` | Keeps you logged in | 7 days |\n";

    fn item(name: &str, lifetime: &str) -> Item {
        let mut item = Item::named(name);
        item.lifetime = Some(LifetimeRule::Exact(lifetime.parse().unwrap()));
        item.expected = Some(false);
        item
    }

    fn site(items: &[Item]) -> Site {
        let (first, rest) = items.split_first().unwrap();
        let site = rest.iter().fold(Site::with(first.clone()), |site, item| site.and(item.clone()));
        site.claims(|policy| policy.policy_agrees = stated(true))
    }

    fn with_row(row: &str) -> String {
        format!("{PAGE}{row}\n")
    }

    #[test]
    fn the_page_and_the_manifest_agree() {
        site(&[item("sid", "7 days")]).policy_page(PAGE).finds_nothing().upholds("claims.policy-agrees");
        site(&[item("sid", "168 h")]).policy_page(PAGE).finds_nothing();
    }

    #[test]
    fn a_page_that_lists_cookies_alone_says_nothing_of_storage() {
        let mut theme = Item::named("theme");
        theme.kind = StorageKind::LocalStorage;
        theme.expected = Some(false);
        let both = [item("sid", "7 days"), theme];
        site(&both).policy_page(PAGE).finds_nothing();
        let storage = "| `layout` (local storage) | Remembers the layout | until cleared |";
        site(&both[..1]).policy_page(&with_row(storage)).finds_nothing();
        // One is missing on the page, the other in the manifest.
        let twice = ["policy-agrees: claims.policy-agrees"; 2].join("\n");
        site(&both).policy_page(&with_row(storage)).finds(&twice);
    }

    #[test]
    fn a_page_without_a_list_is_not_agreed_with() {
        let bare = site(&[item("sid", "7 days")]).policy_page("# Cookie Policy\n\nWe use cookies.\n");
        bare.finds_nothing().leaves("claims.policy-agrees", "needs-browser");
        bare.in_browser().finds_nothing().leaves("claims.policy-agrees", "never-seen");
    }

    #[test]
    fn what_only_one_of_them_declares() {
        let both = [item("sid", "7 days"), item("basket", "1 day")];
        site(&both).policy_page(PAGE).finds("policy-agrees: claims.policy-agrees");
        site(&both[..1])
            .policy_page(&with_row("| `basket` | Remembers your basket | 1 day |"))
            .finds("policy-agrees: claims.policy-agrees");
        site(&both).policy_page(&with_row("| `basket` | Remembers your basket | 1 day |")).finds_nothing();
    }

    #[test]
    fn other_lifetimes() {
        site(&[item("sid", "30 days")]).policy_page(PAGE).finds("policy-agrees: claims.policy-agrees");
        let mut silent = item("sid", "1 day");
        silent.lifetime = None;
        let site = site(&[silent]);
        site.when(line("sid=1; Max-Age=604800")).policy_page(PAGE).finds_nothing();
        site.when(line("sid=1; Max-Age=86400"))
            .policy_page(PAGE)
            .finds("policy-agrees: claims.policy-agrees");
    }

    #[test]
    fn a_lifetime_that_was_understood_in_part_refutes_nothing() {
        let page = PAGE.replace("7 days", "7 days, or as the weather has it");
        site(&[item("sid", "30 days")])
            .policy_page(&page)
            .finds_nothing()
            .leaves("claims.policy-agrees", "never-seen");
        site(&[item("sid", "7 days")]).policy_page(&page).finds_nothing();
    }

    #[test]
    fn a_date_before_the_manifests() {
        let mut site = site(&[item("sid", "7 days")]);
        site.manifest.site.last_updated = crate::manifest::PartialDate::new(2026, 5, Some(1));
        site.policy_page(PAGE).finds("policy-page: claims.policy-agrees");
        site.manifest.site.last_updated = crate::manifest::PartialDate::new(2026, 4, None);
        site.policy_page(PAGE).finds_nothing();
    }

    #[test]
    fn a_list_that_calls_itself_complete() {
        let complete = format!("{PAGE}\nThis is a complete list of the cookies we use.\n");
        let site = site(&[item("sid", "7 days")]);
        site.when(line("sid=1; Max-Age=604800")).and_when(line("other=1")).policy_page(PAGE).finds_nothing();
        site.when(line("sid=1; Max-Age=604800"))
            .and_when(line("other=1"))
            .policy_page(&complete)
            .finds("policy-agrees: claims.policy-agrees");
    }

    #[test]
    fn names_in_other_spellings_are_the_same() {
        let host = [item("__Host-sid", "7 days")];
        site(&host).policy_page(PAGE).finds_nothing();
        let mut stamped = item("sid", "7 days");
        stamped.https_names = vec![NamePattern::literal("__Secure-sid")];
        site(&[stamped]).policy_page(PAGE).finds_nothing();
        let ga = [item("sid", "7 days"), item("_ga_*", "13 months"), item("wp-settings-*", "1 year")];
        let rows =
            "| `_ga_<container>` | Counts visits | 13 months |\n| `wp-settings-{user}` | Layout | 1 year |";
        site(&ga).policy_page(&with_row(rows)).finds_nothing();
    }

    #[test]
    fn a_page_in_another_language() {
        let page = "# Cookie-Richtlinie\n\n## Notwendige Cookies\n\n| Name | Zweck | Speicherdauer |\n\
            | --- | --- | --- |\n| `sid` | H\u{e4}lt Sie angemeldet | 7 Tage |\n";
        site(&[item("sid", "7 days")]).policy_page(page).finds_nothing().upholds("claims.policy-agrees");
        site(&[item("sid", "14 days")]).policy_page(page).finds("policy-agrees: claims.policy-agrees");
    }

    #[test]
    fn what_was_not_read_is_not_missing() {
        let both = [item("sid", "7 days"), item("basket", "1 day")];
        // Named in a sentence, in no table.
        let named = format!("{PAGE}\nWe keep your goods in a cookie called basket.\n");
        site(&both).policy_page(&named).finds_nothing();
        // No table at all.
        site(&both)
            .policy_page("# Cookies\n\nWe use cookies to keep you logged in.\n")
            .finds_nothing()
            .leaves("claims.policy-agrees", "needs-browser");
        // A consent platform's script writes it.
        let written = "<!DOCTYPE html><html><body><h1>Cookies</h1><p>We use cookies.</p>\
            <script id=\"CookieDeclaration\" src=\"https://consent.cookiebot.com/x/cd.js\"></script></body></html>";
        site(&both).policy_page(written).finds_nothing().leaves("claims.policy-agrees", "needs-browser");
        // Examples lack nothing.
        let examples = format!("{PAGE}\nThis list of cookies is not exhaustive.\n");
        site(&both).policy_page(&examples).finds_nothing();
    }

    #[test]
    fn a_table_that_a_script_writes_is_read_in_the_browser() {
        let both = [item("sid", "7 days"), item("basket", "1 day")];
        site(&both).policy_page(PAGE).rendered().finds("policy-agrees: claims.policy-agrees");
    }

    #[test]
    fn what_a_declared_provider_sets_needs_no_entry_of_its_own() {
        let mut stripe = ThirdParty::named("Stripe");
        stripe.sets_cookies = Some(true);
        let row = with_row("| `__stripe_mid` | Prevents fraud | 1 year |");
        let mut site = site(&[item("sid", "7 days")]);
        site.policy_page(&row).finds("policy-agrees: claims.policy-agrees");
        site.manifest.third_parties.push(stripe);
        site.policy_page(&row).finds_nothing();
    }

    #[test]
    fn with_a_policy_url_it_is_a_warning_and_can_be_switched_off() {
        let mut site = Site::with(item("sid", "30 days"));
        site.manifest.site.policy_url = Some("/cookie-policy".to_owned());
        site.policy_page(PAGE).finds("policy-agrees: claims.policy-agrees");
        site.claims(|policy| policy.policy_agrees = stated(false)).policy_page(PAGE).finds_nothing();
    }
}
