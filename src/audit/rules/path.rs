//! `path`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "path",
    sentence: "A cookie's path is another, or a wider one, than declared.",
    short: "for another path than declared",
    page: "\
The path is the one a browser ends up with: the `Path` attribute, or the folder of the URL where there is \
none. `path = \"/api/auth\"` asks for exactly it; `{ within = \"/api/auth\" }` also allows narrower ones.

A wider path makes the browser send the cookie to more of the site than the policy says. Requests seen to \
carry it belong to the same finding.

**To do:** set `Path` where the cookie is written.",
    checks: &[Check::Attribute(ItemAspect::Path, wrong)],
    claims: Claims::LikeThis(&[ItemAspect::Path]),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    let path = effective(seen)?;
    (!item.path.as_ref()?.allows(path)).then(|| format!("has the path {path}"))
}

/// The path as kept; of a refused line the one that was written, if any.
fn effective<'s>(seen: &'s Seen<'_>) -> Option<&'s str> {
    let example = seen.example();
    match example.decision.effective() {
        Some(effective) => Some(&effective.path),
        None => example.written.path.as_deref().filter(|path| path.starts_with('/')),
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, PathRule};

    fn site(rule: PathRule) -> Site {
        let mut item = Item::named("refresh");
        item.path = Some(rule);
        Site::with(item)
    }

    #[test]
    fn a_wider_path_is_wrong() {
        let site = site(PathRule::Within("/api/auth".into()));
        site.when(line("refresh=1; Path=/api/auth").login()).finds_nothing();
        site.when(line("refresh=1; Path=/api/auth/refresh").login()).finds_nothing();
        site.when(line("refresh=1; Path=/").login()).finds("path: cookies.refresh.path");
        site.when(line("refresh=1; Path=/api").login()).finds("path: cookies.refresh.path");
        site.when(line("refresh=1; Path=/api/authority").login()).finds("path: cookies.refresh.path");
    }

    #[test]
    fn the_default_path_counts() {
        // The line comes from /api/auth/login.
        let site = site(PathRule::Exact("/api/auth".into()));
        site.when(line("refresh=1").login()).finds_nothing();
        site.when(line("refresh=1").from("/login")).finds("path: cookies.refresh.path");
    }
}
