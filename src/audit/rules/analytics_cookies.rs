//! `analytics-cookies`

use super::advertising::{is_of_category, of_category};
use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "analytics-cookies",
    sentence: "An analytics cookie is there, and the policy says there is none.",
    short: "an analytics cookie",
    page: "\
Analytics without cookies exists, and policies that say so can be held to it. Cookies of analytics tools and \
of experiments are told by the table of well-known cookies and hosts, also where they are written in the \
site's own name (`_ga`, `_pk_id.1.1fff`, `_clck`).

**To do:** switch the tool to its cookieless mode, remove it, or correct the policy.",
    checks: &[Check::Things(Of::Cookies, name, word)],
    claims: Claims::Sentence(PolicyAspect::AnalyticsCookies, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let absence = &context.manifest.policy.analytics_cookies.as_ref()?.value;
    of_category(context, absence, Category::Analytics, seen)
}

fn word(_: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    is_of_category(&RULE, name, Category::Analytics, cookies)
        .refutes([About::Policy(PolicyAspect::AnalyticsCookies)])
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.analytics_cookies.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "analytics cookies are set by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Absence;

    fn site() -> Site {
        Site::plain().complete().pages("marketing", &["/", "/blog/**"]).claims(|policy| {
            policy.analytics_cookies =
                stated(Absence { pages: vec!["marketing".into()], ..Absence::default() });
            policy.tracking = stated(Absence::default());
        })
    }

    #[test]
    fn one_tag_is_one_finding_with_all_it_refutes() {
        site()
            .when(line("_ga=GA1.1.1.1").script("https://www.googletagmanager.com/gtag/js"))
            .when(line("_gid=GA1.1.1.2").script("https://www.google-analytics.com/analytics.js"))
            .finds("analytics-cookies: claims.analytics-cookies, claims.inventory, claims.tracking");
    }

    #[test]
    fn it_holds_where_it_is_said_to_hold() {
        site()
            .when(line("_ga=GA1.1.1.1").on("/app").by(member()))
            .finds("undeclared-cookie: claims.inventory, claims.tracking");
    }
}
