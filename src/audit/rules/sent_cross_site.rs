//! `sent-cross-site`

use super::prelude::*;
use crate::cookie::SameSite;

pub(crate) static RULE: Rule = Rule {
    id: "sent-cross-site",
    sentence: "A cookie goes along with requests from other sites' pages.",
    short: "sent across sites",
    page: "\
`sent_cross_site = false` says that requests which another site's page makes (a form sent from there, a \
picture, a frame) do not carry the cookie. `SameSite=Lax` keeps that promise but for one thing: a link that is \
followed from another site carries it, which is how browsers work and no finding. A line without `SameSite` does \
not keep it: Chromium takes it for `Lax`, but lets a form that another site sends carry the cookie for two \
minutes after it was set, and Firefox lets it do so always.

**To do:** write `SameSite=Lax` or `Strict`.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::SentCrossSite, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.sent_cross_site != Some(false) {
        return;
    }
    let crossing: Vec<_> = context.sent(index).filter(|sent| sent.cross_site).collect();
    let travels = |seen: &&Seen<'_>| seen.lands() && travels(seen.example().written.same_site);
    let lines: Vec<&Seen<'_>> = context.writes(index).filter(travels).collect();
    if crossing.is_empty() && lines.is_empty() {
        return;
    }
    let says_none = |seen: &&Seen<'_>| seen.example().written.same_site == Some(SameSite::None);
    let message = if !crossing.is_empty() {
        format!("`{}` is sent with cross-site requests", item.key)
    } else if lines.iter().any(says_none) {
        format!("`{}` says SameSite=None, so requests from any site carry it", item.key)
    } else {
        format!(
            "`{}` has no SameSite, so forms that another site sends carry it: in Firefox always, in \
             Chromium for two minutes after it was set",
            item.key
        )
    };
    found.push(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::SentCrossSite)])
            .because([Cause::Aspect(index, ItemAspect::SameSite)])
            .evidence(crossing.iter().take(evidence::MOST).map(|sent| evidence::of_sent(context, sent)))
            .seen(context, lines),
    );
}

/// Whether requests from other sites' pages carry a cookie that says this.
fn travels(same_site: Option<SameSite>) -> bool {
    !matches!(same_site, Some(SameSite::Lax | SameSite::Strict))
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    if context.writes(index).next().is_none() {
        return Some(standing::unseen(context, index));
    }
    Some(standing::never(context, &Scope::default(), "only a browser makes requests from other sites' pages"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::cookie::SameSite;
    use crate::manifest::Item;

    #[test]
    fn same_site_none_makes_it_travel() {
        let mut item = Item::named("sid");
        item.same_site = Some(SameSite::Lax);
        item.sent_cross_site = Some(false);
        let site = Site::with(item.clone());
        site.when(line("sid=1; SameSite=Lax"))
            .finds_nothing()
            .leaves("cookies.sid.sent-cross-site", "needs-browser");
        site.when(line("sid=1; SameSite=None; Secure"))
            .finds("same-site: cookies.sid.same-site, cookies.sid.sent-cross-site");
        item.same_site = None;
        Site::with(item).when(line("sid=1")).finds("sent-cross-site: cookies.sid.sent-cross-site");
    }
}
