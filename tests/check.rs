//! `cookieproof check FILE...`

use super::support::command::{Cookieproof, Ended};
use insta::assert_snapshot;
use std::fs;

/// Checks files of a folder of their own.
fn check(files: &[(&str, &str)]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let mut args = vec!["check"];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
        args.push(name);
    }
    Cookieproof::new(args).within(folder.path()).run()
}

#[test]
fn a_manifest_with_five_mistakes_reports_all_five() {
    let ended = check(&[(
        "cookies.toml",
        r#"[site]
url = "https://example.org"

[[cookies]]
name = "__Host-session"
domain = "example.org"
lifetme = "7 days"
http_only = "yes"
same_site = "laxe"
set_on = ["dashbord"]

[pages]
dashboard = ["/dashboard/**"]
"#,
    )])
    .code(2);
    assert_snapshot!(ended.stdout, @r#"
error: browsers refuse `__Host-session` like this: its prefix promises Secure, Path=/ and no Domain
 --> cookies.toml:6:1
  |
5 | name = "__Host-session"
  | ----------------------- the prefix is here
6 | domain = "example.org"
  | ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: write domain = "host-only", or drop the prefix

error: unknown key `lifetme` in this cookie
 --> cookies.toml:7:1
  |
7 | lifetme = "7 days"
  | ^^^^^^^
  |
  = help: did you mean `lifetime`?

error: `http_only` must be true or false, not text
 --> cookies.toml:8:13
  |
8 | http_only = "yes"
  |             ^^^^^
  |
  = help: write true, without quotes

error: `same_site` must be `strict`, `lax` or `none`, not `laxe`
 --> cookies.toml:9:13
  |
9 | same_site = "laxe"
  |             ^^^^^^
  |
  = help: did you mean `lax`?

error: there is no page class `dashbord`
  --> cookies.toml:10:11
   |
10 | set_on = ["dashbord"]
   |           ^^^^^^^^^^
   |
   = help: did you mean `dashboard`?

cookies.toml: 5 errors
"#);
}

#[test]
fn manifests_and_plans_are_told_apart_by_what_is_in_them() {
    let ended = check(&[
        ("a.toml", "[site]\nname = \"A\"\n[[cookies]]\nname = \"sid\"\nlifetime = \"session\"\n"),
        ("b.toml", "[targets.live]\nurl = \"https://example.org\"\n[pages]\nassets = true\n"),
        ("c.yaml", "site: {name: C}\nclaims: {advertising: none}\n"),
        ("d.json", "{\"targets\": {\"live\": {\"url\": \"https://example.org\"}}}"),
    ])
    .code(0);
    assert_snapshot!(ended.stdout, @r#"
a.toml: a manifest of 4 claims: 4 about cookies; no problems
b.toml: a plan for 1 target, 1 persona, 0 journeys; no problems
c.yaml: a manifest of 1 claim: 1 about the whole site; no problems
d.json: a plan for 1 target, 1 persona, 0 journeys; no problems
"#);
}

#[test]
fn warnings_do_not_fail() {
    let ended = check(&[("cookies.toml", "[[cookies]]\nname = \"a\"\nlifetime = \"2 years\"\n")]).code(0);
    assert_snapshot!(ended.stdout, @r#"
warning: 2 years is longer than browsers keep a cookie: 400 days
 --> cookies.toml:3:1
  |
3 | lifetime = "2 years"
  | ^^^^^^^^^^^^^^^^^^^^
  |
  = help: the header's own number is compared; visitors have it for 400 days at most

cookies.toml: a manifest of 4 claims: 4 about cookies; 1 warning
"#);
}

#[test]
fn what_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin1.toml"), b"[site]\nname = \"\xe9\"\n").unwrap();
    let ended = Cookieproof::new(["check", "none.toml", "latin1.toml"]).within(folder.path()).run().code(2);
    assert_snapshot!(ended.stderr, @r#"
error: cannot read none.toml: No such file or directory (os error 2)
error: latin1.toml is not UTF-8 text (line 2)
"#);
}

#[test]
fn a_secret_in_a_plan_is_not_shown() {
    let ended = check(&[(
        "cookieproof.toml",
        r#"[targets.live]
url = "https://me:hunter2@example.org"
[personas.member]
login = [
  { submit = { fields = { password = "hunter2" }, bottun = "go" } },
  { import = { format = "header", source = "sid=hunter2" } },
]
headers = { Authorization = "Bearer hunter2" }
token = "hunter2
"#,
    )])
    .code(2);
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("holds a secret in plain text").count(), 3, "{}", ended.stdout);
}

#[test]
fn a_files_control_characters_do_not_reach_the_terminal() {
    let ended = check(&[("cookies.toml", "\"\u{1b}[31mred\" = 1\n[site]\nnam = '\u{7f}'\n")]).code(2);
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stdout.contains('\u{7f}'), "{}", ended.stdout);
}
