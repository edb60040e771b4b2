//! `identifier-for-anonymous`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "identifier-for-anonymous",
    sentence: "A cookie tells visitors apart, and the policy says there is no tracking.",
    short: "it tells visitors apart",
    page: "\
`tracking = \"none\"` excludes three things: cookies of vendors that watch people (by the table of well-known \
cookies and hosts), cookies of other domains that hold an identifier, and, where the sentence is not only \
about third parties, an identifier in a cookie for a visitor who is not logged in.

An identifier is told by its shape: a UUID, a token, or enough random characters to tell visitors apart. \
Cookies that the manifest declares for anonymous visitors, and well-known cookies for security and load \
balancing, are not tracking.

**To do:** find out what the identifier is for; declare it if it is harmless, or stop setting it.",
    checks: &[Check::Things(Of::Cookies, name, word)],
    claims: Claims::Sentence(PolicyAspect::Tracking, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let absence = &context.manifest.policy.tracking.as_ref()?.value;
    let watches = covers(context, absence, seen)
        && !away(context, seen)
        && !allowed_by_provider(context, seen)
        && tracks(context, seen).is_some();
    watches.then(|| seen.family.clone())
}

fn word(context: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    let how = cookies.iter().find_map(|seen| tracks(context, seen)).unwrap_or_default();
    Violation::new(&RULE, name, format!("`{name}` {how}"))
        .refutes([About::Policy(PolicyAspect::Tracking)])
        .confidence(Confidence::Medium)
}

fn tracks(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    if let Some(fact) = &seen.fact {
        let how = || format!("is {}'s, for {} (by `{}`)", fact.vendor, fact.role.word(), fact.matched_by);
        return fact.role.tracks().then(how);
    }
    if !identifies(seen) {
        return None;
    }
    if seen.foreign {
        let host = matching::host_of(seen.observation);
        return Some(format!("holds an identifier for {host}"));
    }
    let meant = seen.item.is_some_and(|index| {
        let visitors = &context.item(index).visitors;
        visitors.is_empty() || context.described(visitors, seen.cell()) != Some(false)
    });
    (context.anonymous(seen.cell()) && !meant)
        .then(|| "holds an identifier for visitors who are not logged in".to_owned())
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.tracking.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "tracking cookies are set by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Absence;

    const ID: &str = "3f2b8c1e-9d4a-4f6b-8a7c-1e2d3c4b5a69";

    fn site(third_party_only: bool) -> Site {
        Site::plain()
            .complete()
            .claims(|policy| policy.tracking = stated(Absence { third_party_only, ..Absence::default() }))
    }

    #[test]
    fn an_identifier_for_everybody_is_tracking() {
        let vid = || line(&format!("vid={ID}"));
        site(false).when(vid()).finds("undeclared-cookie: claims.inventory, claims.tracking");
        site(false).when(vid().by(member())).finds("undeclared-cookie: claims.inventory");
        site(true).when(vid()).finds("undeclared-cookie: claims.inventory");
        site(false).when(line(&format!("sid={ID}"))).finds_nothing();
        site(false).when(line(&format!("__cf_bm={ID}"))).finds("undeclared-cookie: claims.inventory");
    }

    #[test]
    fn another_domains_identifier_is_tracking() {
        let of = |name: &str, host: &str| {
            line(&format!("{name}={ID}; SameSite=None; Secure"))
                .from(&format!("https://{host}/collect"))
                .within("/")
        };
        site(true)
            .when(of("bcookie", "px.ads.linkedin.com"))
            .finds("undeclared-cookie: claims.inventory, claims.tracking");
        site(true)
            .when(of("x", "unknown.example"))
            .finds("undeclared-cookie: claims.inventory, claims.tracking");
    }
}
