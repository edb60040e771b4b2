//! `cookie-setting-scripts`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "cookie-setting-scripts",
    sentence: "A third party's script sets a cookie, and the policy says that none does.",
    short: "by a third party's script",
    page: "\
A script is somebody else's if its address is not one of the site's own hosts. It sets a cookie by writing \
`document.cookie` or `cookieStore` (then the cookie stands in the site's own name), or with the response that \
delivers it. The browser engine tells which script wrote what, and in which line.

**To do:** remove the script from these pages, or load it when the visitor asks for it.",
    checks: &[Check::Things(Of::Cookies, host, word)],
    claims: Claims::Sentence(PolicyAspect::CookieSettingScripts, standing),
};

/// The host of the foreign script that sets it, on a page and for a visitor of the sentence.
fn host(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let stated = &context.manifest.policy.cookie_setting_scripts.as_ref()?.value;
    let pages = stated.pages.is_empty() || context.page_in(seen.page(), &stated.pages);
    let visitors =
        stated.visitors.is_empty() || context.described(&stated.visitors, seen.cell()) == Some(true);
    let script = seen.script_host().filter(|host| !context.hosts.own(host));
    let delivered = || {
        let url = seen.exchange().url.parsed()?;
        let host = url.host_str()?;
        (seen.exchange().resource == Resource::Script && !context.hosts.own(host)).then(|| host.to_owned())
    };
    script.or_else(delivered).filter(|_| pages && visitors)
}

fn word(context: &Context<'_>, host: &str, cookies: &[&Seen<'_>]) -> Violation {
    let names: BTreeSet<String> = cookies.iter().map(|seen| seen.family.clone()).collect();
    Violation::new(&RULE, host, format!("a script of {host} sets {}", words::and(names)))
        .refutes([About::Policy(PolicyAspect::CookieSettingScripts)])
        .because(of_host(context, host))
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
