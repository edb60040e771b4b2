//! `cookie-setting-scripts`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "cookie-setting-scripts",
    sentence: "A third party's script sets a cookie, and the policy says that none does.",
    page: "\
A script is somebody else's if its address is not one of the site's own hosts. It sets a cookie by writing \
`document.cookie` or `cookieStore` (then the cookie stands in the site's own name), or with the response that \
delivers it. The browser engine tells which script wrote what, and in which line.

**To do:** remove the script from these pages, or load it when the visitor asks for it.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::CookieSettingScripts, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(stated) = &context.manifest.policy.cookie_setting_scripts else { return };
    let mut by_host: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.cookies() {
        let pages = stated.value.pages.is_empty() || context.page_in(seen.page(), &stated.value.pages);
        let visitors = stated.value.visitors.is_empty()
            || context.described(&stated.value.visitors, seen.cell()) == Some(true);
        let script = seen.script_host().filter(|host| !context.hosts.own(host));
        let delivered = || {
            let url = seen.exchange().url.parsed()?;
            let host = url.host_str()?;
            (seen.exchange().resource == Resource::Script && !context.hosts.own(host))
                .then(|| host.to_owned())
        };
        if let Some(host) = script.or_else(delivered).filter(|_| pages && visitors) {
            by_host.entry(host).or_default().push(seen);
        }
    }
    for (host, sightings) in by_host {
        let names: BTreeSet<String> = sightings.iter().map(|seen| seen.family.clone()).collect();
        let causes: BTreeSet<Cause> = sightings
            .iter()
            .flat_map(|seen| presence(context, seen))
            .chain(of_host(context, &host))
            .collect();
        found.push(
            Violation::new(&RULE, &host, format!("a script of {host} sets {}", words::and(names)))
                .refutes([About::Policy(PolicyAspect::CookieSettingScripts)])
                .because(causes)
                .seen(context, sightings.iter().copied()),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.cookie_setting_scripts.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "only a browser runs scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Absence;

    #[test]
    fn a_chat_widget_writes_a_cookie() {
        let site = Site::plain().complete().claims(|policy| {
            policy.cookie_setting_scripts = stated(Absence::default());
        });
        site.when(line("chat_id=1").script("https://widget.chat.example/w.js"))
            .finds("undeclared-cookie: claims.cookie-setting-scripts, claims.inventory");
        site.when(line("sid=1").script("https://site.example/app.js"))
            .finds_nothing()
            .upholds("claims.cookie-setting-scripts");
    }
}
