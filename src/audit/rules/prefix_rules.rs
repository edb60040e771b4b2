//! `prefix-rules`

use super::prelude::*;
use crate::manifest::name_prefix;

pub(crate) static RULE: Rule = Rule {
    id: "prefix-rules",
    sentence: "A cookie's name begins with a prefix whose promise its attributes do not keep.",
    short: "against its name's prefix",
    page: "\
Some prefixes of names are promises that browsers enforce: `__Secure-` needs `Secure`; `__Host-` needs \
`Secure`, a written `Path=/` and no `Domain`; `__Http-` needs `Secure` and `HttpOnly`; `__Host-Http-` needs \
all of them. Case does not count. A line that breaks its promise is thrown away (`InvalidPrefix`), so the \
visitor never has the cookie, while a scan of headers still sees it.

Prefixes are defined in RFC 6265bis 4.1.3, `__Http-` and `__Host-Http-` in the *layered cookies* draft.

**To do:** add the missing attribute; for `__Host-`, remove `Domain` and write `Path=/`.",
    checks: &[Check::Attribute(ItemAspect::Prefix, wrong)],
    claims: Claims::Item(ItemAspect::Prefix, standing),
};

fn wrong(_: &Item, seen: &Seen<'_>) -> Option<String> {
    let name = seen.name();
    let (prefix, _) = name_prefix(&name)?;
    let written = &seen.example().written;
    let host = prefix.starts_with("__host-");
    let http = prefix.ends_with("http-");
    let mut missing = Vec::new();
    if !written.secure {
        missing.push("lacks Secure");
    }
    if http && !written.http_only {
        missing.push("lacks HttpOnly");
    }
    if host && written.path.as_deref() != Some("/") {
        missing.push("lacks Path=/");
    }
    if host && written.domain.is_some() && !host_only_anyway(seen) {
        missing.push("has a Domain");
    }
    (!missing.is_empty())
        .then(|| format!("breaks, as `{name}`, the promise of its prefix: it {}", missing.join(" and ")))
}

/// On an IP address `Domain` with that very address leaves the cookie host-only (Chromium).
fn host_only_anyway(seen: &Seen<'_>) -> bool {
    seen.example().decision.effective().is_some_and(|effective| effective.host_only)
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let prefixed = context.writes(index).filter(|seen| name_prefix(&seen.name()).is_some());
    Some(match standing::amount(prefixed) {
        Some(seen) => Standing::Upheld(seen),
        None if context.writes(index).next().is_some() => Standing::open(
            Why::NotPlanned,
            "it was only seen under its name without the prefix",
            "a target with an https address",
        ),
        None => standing::unseen(context, index),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    #[test]
    fn a_secure_cookie_without_secure_is_one_finding() {
        // Browsers refuse it, which the same finding says.
        Site::with(Item::named("__Secure-sid"))
            .when(line("__Secure-sid=1").login())
            .finds("prefix-rules: cookies.__Secure-sid.accepted, cookies.__Secure-sid.prefix");
    }

    #[test]
    fn a_host_cookie_has_three_promises() {
        let site = Site::with(Item::named("__Host-sid"));
        site.when(line("__Host-sid=1; Secure; Path=/")).finds_nothing().upholds("cookies.__Host-sid.prefix");
        for broken in
            ["__Host-sid=1; Secure; Path=/; Domain=site.example", "__Host-sid=1; Secure; Path=/dashboard"]
        {
            site.when(line(broken))
                .finds("prefix-rules: cookies.__Host-sid.accepted, cookies.__Host-sid.prefix");
        }
    }
}
