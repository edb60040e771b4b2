//! `login-without-consent`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "login-without-consent",
    sentence: "Nobody can log in without answering the consent question.",
    short: "nobody can log in without consent",
    page: "\
`login_without_consent = true` says that what a login needs is set without asking. It is upheld when a persona \
logged in without giving an answer, and refuted when the same persona gets in only once consent was given.

**To do:** take the strictly necessary cookies out of the consent tool's control.",
    checks: &[Check::Sentence(PolicyAspect::LoginWithoutConsent, check)],
    claims: Claims::Sentence(PolicyAspect::LoginWithoutConsent, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let personas = &context.scan.coverage.personas;
    for refused in personas.iter().filter(|persona| persona.consent == Consent::Untouched) {
        let Reached::No { step, why } = &refused.reached else { continue };
        let with = personas.iter().any(|persona| {
            persona.name == refused.name
                && persona.consent == Consent::Accepted
                && persona.reached == Reached::Yes
        });
        let told = asks_for_consent(why);
        if !refused.visitor.logged_in || !with && !told {
            continue;
        }
        let cell = Cell {
            persona: refused.name.clone(),
            engine: context.scan.run.engines.iter().next().copied().unwrap_or(Engine::Http),
            consent: Consent::Untouched,
            phase: Phase::Login,
            repeat: 0,
            third_party: None,
        };
        found.push(
            Violation::new(
                &RULE,
                &refused.name,
                format!("`{}` can log in only once consent was given", refused.name),
            )
            .refutes([About::Policy(PolicyAspect::LoginWithoutConsent)])
            .because([Cause::ConsentWall])
            .confidence(if with { Confidence::High } else { Confidence::Medium })
            .evidence([evidence::of_words(cell, format!("{step}: {why}"))]),
        );
    }
}

/// Whether the answer to a login says that cookies must be accepted first. A banner that merely
/// asks does not say *before you*.
fn asks_for_consent(answer: &str) -> bool {
    let answer = answer.to_lowercase();
    answer.split(['.', '!', '?', '\u{201c}', '\u{201d}', '"', '\n']).any(|sentence| {
        sentence.len() < 300
            && sentence.contains("cookie")
            && (sentence.contains("accept") || sentence.contains("consent"))
            && sentence.contains("before you")
    })
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let without = context.scan.coverage.personas.iter().find(|persona| {
        persona.visitor.logged_in && persona.consent == Consent::Untouched && persona.reached == Reached::Yes
    });
    if let Some(persona) = without {
        let seen = format!("`{}` logged in without an answer", persona.name);
        return Some(Standing::Upheld(seen));
    }
    let scope = Scope { trigger: Some(Trigger::Login), ..Scope::default() };
    Some(match standing::reach(context, &scope) {
        Err(open) => open,
        Ok(_) => Standing::open(
            Why::NotPlanned,
            "nothing proves that the login worked",
            "`logged_in_when` of the persona in the plan",
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Category, Item, Trigger};
    use crate::observation::Consent;

    #[test]
    fn an_answer_that_asks_for_consent_is_told_from_a_banner() {
        assert!(super::asks_for_consent("saying “Please accept the cookie notice before you log in.”"));
        assert!(!super::asks_for_consent(
            "saying “We use cookies. Accept all? Wrong password before you log in”"
        ));
    }

    #[test]
    fn a_consent_wall_is_one_finding() {
        let mut item = Item::named("sid");
        item.category = Some(Category::StrictlyNecessary);
        item.trigger = Some(Trigger::Login);
        let site = Site::with(item).claims(|policy| policy.login_without_consent = stated(true));
        site.when(line("sid=1").login()).finds_nothing().upholds("claims.login-without-consent");
        site.when(line("sid=1").login().by(member().consenting(Consent::Accepted)))
            .visited_by(member().refused())
            .finds("login-without-consent: claims.login-without-consent, cookies.sid.category");
        site.looked_at().leaves("claims.login-without-consent", "not-planned");
    }
}
