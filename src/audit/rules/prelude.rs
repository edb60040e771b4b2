//! What rules have in common.

pub(super) use crate::audit::attribute;
pub(super) use crate::audit::causes::{of_host, presence, site};
pub(super) use crate::audit::context::{Context, Seen};
pub(super) use crate::audit::evidence;
pub(super) use crate::audit::matching;
pub(super) use crate::audit::standing::{self, Scope, Standing, like_this};
pub(super) use crate::audit::violation::{Cause, Check, Claims, Of, Rule, Violation};
pub(super) use crate::audit::words;
pub(super) use crate::audit::{Confidence, Severity, Why};
pub(super) use crate::manifest::{
    About, Absence, Category, Item, ItemAspect, PolicyAspect, ThirdParty, ThirdPartyAspect, Trigger,
};
pub(super) use crate::observation::{
    Carried, Cell, Consent, Contact, Disclosure, Engine, Outcome, Phase, ProbeKind, ProbeResult, Reached,
    Resource, StorageKind,
};
pub(super) use std::collections::{BTreeMap, BTreeSet};

/// Whether an absence is about this moment: its pages and its visitors, surely.
pub(super) fn covers(context: &Context<'_>, absence: &Absence, seen: &Seen<'_>) -> bool {
    (absence.pages.is_empty() || context.page_in(seen.page(), &absence.pages))
        && (absence.visitors.is_empty() || context.described(&absence.visitors, seen.cell()) == Some(true))
        && (!absence.third_party_only || by_third_party(seen))
}

/// The same for a contact.
pub(super) fn covers_contact(context: &Context<'_>, absence: &Absence, contact: &Contact) -> bool {
    context.url_in(&contact.page, &absence.pages)
        && (absence.visitors.is_empty() || context.described(&absence.visitors, &contact.cell) == Some(true))
}

/// Another's: by its domain, or by a vendor that writes in the site's own name.
pub(super) fn by_third_party(seen: &Seen<'_>) -> bool {
    seen.foreign || seen.fact.as_ref().is_some_and(|fact| fact.third_party)
}

/// What an absence is about.
pub(super) fn scope_of(absence: &Absence) -> Scope {
    Scope { visitors: absence.visitors.clone(), pages: absence.pages.clone(), trigger: None }
}

/// Random or telling enough to tell visitors apart.
pub(super) fn identifies(seen: &Seen<'_>) -> bool {
    use crate::cookie::ValueShape;
    let value = &seen.example().value;
    match value.shape {
        ValueShape::Uuid | ValueShape::Jwt | ValueShape::Email => true,
        ValueShape::Identifier => value.length >= 8,
        _ => false,
    }
}

/// Put there while the visitor was on another site's own page, by that page: a checkout the site
/// sends its visitors to, an identity provider. A hop that comes back to the site does not count.
pub(super) fn away(context: &Context<'_>, seen: &Seen<'_>) -> bool {
    let foreign = |url: &crate::observation::SafeUrl| {
        url.parsed().is_some_and(|url| !context.hosts.own(url.host_str().unwrap_or_default()))
    };
    let page = seen.page();
    foreign(page.shown.as_ref().unwrap_or(&page.asked)) && foreign(&seen.exchange().url)
}

/// Whether a declared third party may do what was seen: set cookies, here, by now.
pub(super) fn allowed_by_provider(context: &Context<'_>, seen: &Seen<'_>) -> bool {
    let Some(party) = seen.provider.map(|provider| context.third_party(provider)) else { return false };
    let may = if seen.kind() == StorageKind::Cookie { party.sets_cookies } else { party.sets_storage };
    let host = matching::host_of(seen.observation);
    let own_domain = context
        .hosts
        .names(host)
        .any(|name| party.domains.is_empty() || party.domains.iter().any(|glob| glob.matches(name)));
    may != Some(false)
        && (party.confined != Some(true) || own_domain && seen.foreign)
        && (away(context, seen)
            || (party.allowed_on.is_empty() || context.page_in(seen.page(), &party.allowed_on))
                && party.after.as_ref().is_none_or(|trigger| !too_early(context, seen, trigger)))
}

/// Whether a third party's thing is there before what it waits for. A visitor who is on a page
/// that the manifest allows it on has begun to interact.
pub(super) fn too_early(context: &Context<'_>, seen: &Seen<'_>, trigger: &Trigger) -> bool {
    let party = seen.provider.map(|provider| context.third_party(provider));
    let interacts = *trigger == Trigger::Interaction
        && party.is_some_and(|party| {
            !party.allowed_on.is_empty() && context.page_in(seen.page(), &party.allowed_on)
        });
    !interacts && context.before(trigger, seen.example())
}

/// The cell of what is asked once, as nobody in particular: the policy page, links.
pub(super) fn anonymous_cell(context: &Context<'_>) -> Cell {
    let cells = context.scan.coverage.pages.iter().map(|page| &page.cell);
    cells.filter(|cell| context.anonymous(cell)).min().cloned().unwrap_or_else(|| Cell {
        persona: "anonymous".to_owned(),
        engine: Engine::Http,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 0,
        third_party: None,
    })
}
