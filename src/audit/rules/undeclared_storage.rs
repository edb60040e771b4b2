//! `undeclared-storage`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "undeclared-storage",
    sentence: "Browser storage that the manifest does not name holds an identifier.",
    short: "undeclared storage",
    page: "\
Policies often mention local storage without naming a key. `undeclared_storage = \"none\"` says that what is \
not named identifies nobody: a key that is known to belong to analytics or advertising, or whose value tells \
visitors apart, is a finding; other keys are notes in the report.

**To do:** name the key in manifest and policy, or remove it.",
    checks: &[Check::Things(Of::Undeclared, name, word)],
    claims: Claims::Sentence(PolicyAspect::UndeclaredStorage, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let absence = &context.manifest.policy.undeclared_storage.as_ref()?.value.0;
    let watches = seen.fact.as_ref().is_some_and(|fact| fact.role.tracks());
    let undeclared = seen.kind() != StorageKind::Cookie
        && covers(context, absence, seen)
        && (watches || identifies(seen))
        && !allowed_by_provider(context, seen)
        && !away(context, seen);
    undeclared.then(|| seen.family.clone())
}

fn word(_: &Context<'_>, name: &str, items: &[&Seen<'_>]) -> Violation {
    let vendor = items.iter().find_map(|seen| seen.fact.as_ref()).map(|fact| format!(" ({})", fact.vendor));
    let vendor = vendor.unwrap_or_default();
    let message =
        format!("`{name}`{vendor} in browser storage tells visitors apart, and nothing declares it");
    Violation::new(&RULE, name, message).refutes([About::Policy(PolicyAspect::UndeclaredStorage)])
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.undeclared_storage.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value.0), "plain HTTP has no storage"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::NoIdentifiers;
    use crate::observation::StorageKind;

    #[test]
    fn identifiers_are_told_from_settings() {
        let site =
            Site::plain().claims(|policy| policy.undeclared_storage = stated(NoIdentifiers::default()));
        site.when(stored(
            StorageKind::LocalStorage,
            "ajs_anonymous_id",
            "3f2b8c1e-9d4a-4f6b-8a7c-1e2d3c4b5a69",
        ))
        .finds("undeclared-storage: claims.undeclared-storage");
        site.when(stored(StorageKind::LocalStorage, "theme", "dark"))
            .finds_nothing()
            .upholds("claims.undeclared-storage");
        site.looked_at().leaves("claims.undeclared-storage", "needs-browser");
    }
}
