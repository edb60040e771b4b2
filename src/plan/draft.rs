//! A first plan: looks as the run did that made it, and shows in comments what else can be said.

use super::{EngineChoice, Limits, Plan, Target};
use crate::manifest::quoted;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The plan's text, for a target that was looked at without one. `back_offices` are page patterns of
/// what only administrators are meant for, so far as it was seen.
pub fn draft(plan: &Plan, target: &Target, manifest: &str, back_offices: &BTreeSet<String>) -> String {
    // What a browser saw, plain HTTP would miss, and an audit would call it never seen.
    let engine = match plan.engine {
        EngineChoice::Http => "",
        EngineChoice::Browser => "engine = \"browser\"\n",
        EngineChoice::Both => "engine = \"both\"\n",
    };
    let mut text = format!(
        "# How cookieproof looks at the site. What must be true of it stands in {manifest}.\n\
         manifest = \"{manifest}\"\n{engine}\n[targets.production]\nurl = {}\n",
        quoted(target.url.as_str())
    );
    let usual = Limits::default_for(&target.url);
    if plan.pages.assets || !back_offices.is_empty() {
        text.push_str("\n[pages]\n");
        if plan.pages.assets {
            text.push_str("# Pictures, scripts, styles and frames, too.\nassets = true\n");
        }
        if !back_offices.is_empty() {
            let patterns: Vec<String> = back_offices.iter().map(|pattern| quoted(pattern)).collect();
            let _ = writeln!(
                text,
                "# The site is administered here: some pages do something when they are only opened.\nnever_follow = [{}]",
                patterns.join(", ")
            );
        }
    }
    if plan.limits.pages != usual.pages || plan.limits.rate != usual.rate {
        text.push_str("\n[limits]\n");
        if plan.limits.pages != usual.pages {
            let _ = writeln!(text, "pages = {}", plan.limits.pages);
        }
        if plan.limits.rate != usual.rate {
            let _ = match plan.limits.rate {
                Some(rate) => writeln!(text, "rate = {rate}"),
                None => writeln!(text, "rate = \"unlimited\""),
            };
        }
    }
    text.push_str(MORE);
    text
}

const MORE: &str = r#"
# The same site somewhere else, looked at with `--target local`. One manifest serves them all:
# [targets.local]
# url = "http://localhost:8000"
# hosts = { "example.org" = "localhost" }

# A visitor who is logged in. Secrets stand here by reference only:
# [personas.member]
# login = [
#   { open = "/login" },
#   { submit = { fields = { email = "${env:MEMBER_EMAIL}", password = "${env:MEMBER_PASSWORD}" } } },
# ]
# logged_in_when = { url = "/account", text = "Log out" }
# logout = [{ open = "/logout" }]
# Of an administrator, keep out of where pages may do something when they are only opened:
# `never_follow = ["/wp-admin/**", "/admin/**"]` under [pages].
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;

    /// What stands in comments is meant to be used.
    #[test]
    fn a_draft_is_a_plan_with_and_without_its_comments() {
        for url in ["https://example.org/", "http://127.0.0.1:8000/", "http://a.test/?x=\\y#'"] {
            let mut plan = Plan::for_url(url.parse().unwrap());
            for (assets, pages, rate) in
                [(false, plan.limits.pages, plan.limits.rate), (true, 7, None), (false, 7, Some(0.5))]
            {
                plan.pages.assets = assets;
                plan.engine = if assets { EngineChoice::Browser } else { EngineChoice::Http };
                plan.limits.pages = pages;
                plan.limits.rate = rate;
                let offices = BTreeSet::from(["/wp-admin/**".to_owned(), "/d.php?**do=admin**".to_owned()]);
                let text = draft(&plan, &plan.targets[0], "cookies.toml", &offices);
                let (read, problems) = super::super::read(&text, "cookieproof.toml", Format::Toml);
                assert!(problems.is_empty(), "{problems:?}");
                let read = read.unwrap();
                assert_eq!(read.pages.assets, assets);
                assert_eq!(read.pages.never_follow.len(), 2);
                assert_eq!((read.limits.pages, read.limits.rate), (pages, rate), "{text}");
                assert_eq!(read.targets[0].url, plan.targets[0].url);
                assert_eq!(read.engine, plan.engine);
            }
        }
        let plan = Plan::for_url("https://example.org/".parse().unwrap());
        let text = draft(&plan, &plan.targets[0], "cookies.toml", &BTreeSet::new());
        let all: Vec<&str> = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if !setting.ends_with(['.', ':']) => setting,
                _ => line,
            })
            .collect();
        let (read, problems) = super::super::read(&all.join("\n"), "cookieproof.toml", Format::Toml);
        assert!(problems.is_empty(), "{problems:?}");
        let read = read.unwrap();
        assert_eq!((read.targets.len(), read.personas.len()), (2, 2));
    }
}
