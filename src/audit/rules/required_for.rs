//! `required-for`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "required-for",
    sentence: "Pages answer without the cookie that they are said to require.",
    short: "pages answer without it",
    page: "\
A cookie is only *required* if the page is refused without it. The scan asks such pages again with the cookie \
taken out of the jar: a redirect to the login, a 401 or a 403 is a refusal; the page as before is not. For \
endpoints that change something, a POST without the token is tried.

If the page still answers, the session rides on something the policy does not tell: another cookie, storage, \
or the visitor's address.

**To do:** find out what else keeps the session and declare it, or close the page.",
    checks: &[Check::Failures(asks, word)],
    claims: Claims::Others(standing),
};

fn asks(probe: &ProbeKind) -> bool {
    matches!(probe, ProbeKind::RequiredFor | ProbeKind::TokenRequired)
}

fn word(context: &Context<'_>, outcome: &Outcome, what: &str) -> Option<Violation> {
    let mut claims = Vec::new();
    let mut causes = Vec::new();
    let mut subject = None;
    for (index, item) in context.manifest.items.iter().enumerate() {
        let classes = classes(context, outcome, &item.required_for);
        if !context.concerns(outcome, index) || classes.is_empty() || !was_there(context, index) {
            continue;
        }
        subject.get_or_insert(item.key.as_str());
        claims.push(About::Item(index, ItemAspect::RequiredFor));
        causes.extend(classes.into_iter().map(Cause::Open));
    }
    if let Some(necessary) = &context.manifest.policy.necessary_required_for {
        let classes = classes(context, outcome, &necessary.value);
        if !classes.is_empty() && drops_all_necessary(context, outcome) {
            subject.get_or_insert("strictly necessary cookies");
            claims.push(About::Policy(PolicyAspect::NecessaryRequiredFor));
            causes.extend(demoted(context, &classes).map(|index| Cause::Aspect(index, ItemAspect::Category)));
            causes.extend(classes.into_iter().map(Cause::Open));
        }
    }
    let subject = subject?;
    let page = outcome.page.as_ref().map(words::path).unwrap_or_else(|| "the page".to_owned());
    let message = format!("{page} answers without `{subject}`: {what}");
    Some(Violation::new(&RULE, subject, message).refutes(claims).because(causes))
}

/// The classes that the page asked for is in.
fn classes(context: &Context<'_>, outcome: &Outcome, classes: &[String]) -> Vec<String> {
    // A token is tried where a form or endpoint leads, which need not be in the class.
    if outcome.probe == ProbeKind::TokenRequired {
        return classes.to_vec();
    }
    let inside = |class: &&String| {
        let class = std::slice::from_ref(*class);
        outcome.page.as_ref().is_none_or(|page| context.url_in(page, class))
    };
    classes.iter().filter(inside).cloned().collect()
}

/// A probe without a cookie that nobody ever had proves nothing.
fn was_there(context: &Context<'_>, index: usize) -> bool {
    context.sightings(index).next().is_some() || context.sent(index).next().is_some()
}

/// Items that these pages require and that the manifest calls something else than necessary: why
/// the page may still answer.
fn demoted<'c>(context: &'c Context<'_>, classes: &'c [String]) -> impl Iterator<Item = usize> + 'c {
    (0..context.manifest.items.len()).filter(move |index| {
        let item = context.item(*index);
        item.category.is_some_and(|category| category != Category::StrictlyNecessary)
            && item.required_for.iter().any(|class| classes.contains(class))
    })
}

/// Whether all strictly necessary cookies were there and were taken away. Without one of them the
/// session rides on something else, which is another finding.
fn drops_all_necessary(context: &Context<'_>, outcome: &Outcome) -> bool {
    let mut necessary = (0..context.manifest.items.len()).filter(|index| {
        let item = context.item(*index);
        item.kind == StorageKind::Cookie && item.category == Some(Category::StrictlyNecessary)
    });
    necessary.all(|index| {
        was_there(context, index) && (outcome.cookies.is_empty() || context.concerns(outcome, index))
    })
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    const DECIDED_BY: &str = "probes in the plan, for a persona who gets these pages";
    match about {
        About::Item(index, ItemAspect::RequiredFor) => {
            let item = context.item(index);
            // Taking away others with it would prove nothing of this one.
            let alone = |outcome: &&Outcome| {
                context.concerns(outcome, index)
                    && outcome.cookies.iter().all(|name| context.is_name_of(name, index))
            };
            for class in &item.required_for {
                let of_class = context
                    .outcomes(asks)
                    .filter(alone)
                    .filter(|outcome| !classes(context, outcome, std::slice::from_ref(class)).is_empty());
                match standing::probed(context, index, of_class, DECIDED_BY) {
                    Standing::Upheld(_) => {}
                    open => return Some(open),
                }
            }
            Some(standing::probed(context, index, context.outcomes(asks).filter(alone), DECIDED_BY))
        }
        About::Policy(PolicyAspect::NecessaryRequiredFor) => {
            let stated = context.manifest.policy.necessary_required_for.as_ref()?;
            let held: Vec<&Outcome> = context
                .outcomes(asks)
                .filter(|outcome| outcome.result == ProbeResult::Holds)
                .filter(|outcome| !classes(context, outcome, &stated.value).is_empty())
                .collect();
            let all = stated.value.iter().all(|class| {
                let class = std::slice::from_ref(class);
                held.iter().any(|outcome| !classes(context, outcome, class).is_empty())
            });
            if all && let Some(first) = held.first() {
                let seen = first.evidence.first().cloned();
                return Some(Standing::Upheld(seen.unwrap_or_else(|| "refused without them".to_owned())));
            }
            let scope = Scope { trigger: Some(Trigger::Login), ..Scope::default() };
            Some(match standing::reach(context, &scope) {
                Err(open) => open,
                Ok(_) => Standing::open(Why::NotPlanned, "no probe asked", DECIDED_BY),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Category, Item};
    use crate::observation::ProbeKind;

    fn site() -> Site {
        let mut item = Item::named("sid");
        item.category = Some(Category::StrictlyNecessary);
        item.required_for = vec!["dashboard".into()];
        Site::with(item)
            .pages("dashboard", &["/dashboard/**"])
            .claims(|policy| policy.necessary_required_for = stated(vec!["dashboard".into()]))
            .when(line("sid=1").login())
            .site()
    }

    #[test]
    fn a_page_that_answers_without_it() {
        let asked = || probe(ProbeKind::RequiredFor).cookie("sid").page("/dashboard");
        site()
            .probed(asked().holds())
            .finds_nothing()
            .upholds("cookies.sid.required-for")
            .upholds("claims.necessary-required-for");
        site()
            .probed(asked().fails("200 as before"))
            .finds("required-for: claims.necessary-required-for, cookies.sid.required-for");
        // Without one of two the session may ride on the other.
        let mut csrf = Item::named("csrf");
        csrf.category = Some(Category::StrictlyNecessary);
        let two = site().and(csrf).when(line("sid=1").login()).and_when(line("csrf=1").login());
        two.probed(asked().fails("200 as before")).finds("required-for: cookies.sid.required-for");
        site().probed(asked().undecided("no such page")).leaves("cookies.sid.required-for", "not-planned");
    }
}
