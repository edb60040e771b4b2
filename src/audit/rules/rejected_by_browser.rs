//! `rejected-by-browser`

use super::prelude::*;
use crate::cookie::{Decision, Reason};

pub(crate) static RULE: Rule = Rule {
    id: "rejected-by-browser",
    sentence: "A browser throws a declared cookie away.",
    short: "a browser refuses it",
    page: "\
The site writes the cookie, and browsers do not keep it: its domain is somebody else's, its prefix promises what \
its attributes do not keep, `SameSite=None` lacks `Secure`, it is too long, or holds a control character. The \
evidence gives the reason with the name that Chromium's developer tools use. Where Firefox keeps what Chromium \
refuses, the message says so.

Refusals that depend on the browser's settings or on the page around (blocked third-party cookies, SameSite \
within another site's page, requests without credentials) are not reported: elsewhere the cookie would be \
kept. Neither are deletions of cookies that are not there, nor what the plain http twin of an https site is not allowed to set.

**To do:** correct the attribute that the reason names, or stop sending the line.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Accepted, standing),
};

fn check(context: &Context<'_>, index: usize, _: &Item, found: &mut Vec<Violation>) {
    let wrong = |_: &Item, seen: &Seen<'_>| {
        let reasons = refused(context, seen)?;
        Some(words::thrown_away(reasons, seen.example().elsewhere.as_deref()))
    };
    let Some(violation) = attribute::of_item(context, &RULE, ItemAspect::Accepted, index, wrong) else {
        return;
    };
    let reasons: BTreeSet<Reason> =
        context.writes(index).filter_map(|seen| refused(context, seen)).flatten().copied().collect();
    let causes = reasons.iter().flat_map(|reason| cause(*reason)).map(|aspect| Cause::Aspect(index, *aspect));
    found.push(violation.because(causes));
}

/// The reasons, where they are the line's own fault.
fn refused<'s>(context: &Context<'_>, seen: &'s Seen<'_>) -> Option<&'s [Reason]> {
    let Decision::Rejected { reasons } = &seen.example().decision else { return None };
    let twin = context.https_site() && !seen.https;
    let at_fault = reasons.iter().any(|reason| match reason {
        Reason::UserPreferences
        | Reason::SchemefulSameSiteStrict
        | Reason::SchemefulSameSiteLax
        | Reason::SchemefulSameSiteUnspecifiedTreatedAsLax
        | Reason::OverwriteSecure
        | Reason::WithoutCredentials
        | Reason::AlreadyExpired => false,
        Reason::SecureOnly | Reason::InvalidPrefix | Reason::PartitionedWithoutSecure => !twin,
        _ => true,
    });
    at_fault.then_some(reasons)
}

/// The aspects that a reason comes from: what is wrong there is the same cause.
fn cause(reason: Reason) -> &'static [ItemAspect] {
    match reason {
        Reason::InvalidPrefix => &[
            ItemAspect::Prefix,
            ItemAspect::Secure,
            ItemAspect::HttpOnly,
            ItemAspect::Path,
            ItemAspect::Domain,
        ],
        Reason::InvalidDomain => &[ItemAspect::Domain],
        Reason::SameSiteNoneInsecure => &[ItemAspect::SameSite, ItemAspect::Secure],
        Reason::PartitionedWithoutSecure => &[ItemAspect::Partitioned, ItemAspect::Secure],
        Reason::SecureOnly => &[ItemAspect::Secure],
        _ => &[],
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let kept = context.writes(index).filter(|seen| {
        matches!(seen.example().decision, Decision::Stored { .. } | Decision::Replaced { .. })
    });
    Some(match standing::amount(kept) {
        Some(seen) => Standing::Upheld(seen),
        None if context.writes(index).next().is_some() => Standing::open(
            Why::NeverSeen,
            "it was only seen where this browser's settings or the page around it forbid it",
            "third-party cookies allowed in the plan",
        ),
        None => standing::unseen(context, index),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    #[test]
    fn what_no_browser_keeps_is_said_with_the_reason() {
        let site = Site::with(Item::named("sid"));
        site.when(line("sid=1")).finds_nothing().upholds("cookies.sid.accepted");
        site.when(line("sid=1; SameSite=None"))
            .finds("rejected-by-browser: cookies.sid.accepted")
            .says("SameSite=None needs Secure");
    }

    #[test]
    fn a_deletion_of_what_is_not_there_is_no_refusal() {
        let mut item = Item::named("sid");
        item.expected = Some(false);
        Site::with(item).when(line("sid=; Max-Age=0")).finds_nothing();
    }

    #[test]
    fn the_http_twin_may_not_set_what_is_secure() {
        Site::with(Item::named("sid"))
            .when(line("sid=1; Secure"))
            .when(line("sid=1; Secure").from("http://site.example/"))
            .finds_nothing();
    }
}
