//! `sent-cross-site`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "sent-cross-site",
    sentence: "A cookie goes along with requests from other sites' pages.",
    page: "\
`sent_cross_site = false` says that requests which another site's page makes (a form sent from there, a \
picture, a frame) do not carry the cookie. `SameSite=Lax` keeps that promise but for one thing: a link that is \
followed from another site carries it, which is how browsers work and no finding.

**To do:** write `SameSite=Lax` or `Strict`.",
    check,
    standing,
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    for index in 0..context.manifest.items.len() {
        let item = context.item(index);
        if item.sent_cross_site != Some(false) {
            continue;
        }
        let crossing: Vec<_> = context.sent(index).filter(|sent| sent.cross_site).collect();
        let lines: Vec<&Seen<'_>> = context.writes(index).filter(|seen| says_none(seen)).collect();
        if crossing.is_empty() && lines.is_empty() {
            continue;
        }
        let message = if crossing.is_empty() {
            format!("`{}` says SameSite=None, so requests from any site carry it", item.key)
        } else {
            format!("`{}` is sent with cross-site requests", item.key)
        };
        found.push(
            Violation::new(&RULE, &item.key, message)
                .refutes([About::Item(index, ItemAspect::SentCrossSite)])
                .because([Cause::Aspect(index, ItemAspect::SameSite)])
                .evidence(crossing.iter().take(evidence::MOST).map(|sent| evidence::of_sent(context, sent)))
                .seen(context, lines),
        );
    }
}

fn says_none(seen: &Seen<'_>) -> bool {
    seen.example().written.same_site == Some(crate::cookie::SameSite::None) && seen.lands()
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Item(index, ItemAspect::SentCrossSite) = about else { return None };
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
        let site = Site::with(item);
        site.when(line("sid=1; SameSite=Lax"))
            .finds_nothing()
            .leaves("cookies.sid.sent-cross-site", "needs-browser");
        site.when(line("sid=1; SameSite=None; Secure"))
            .finds("same-site: cookies.sid.same-site, cookies.sid.sent-cross-site");
    }
}
