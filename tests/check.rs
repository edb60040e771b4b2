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

/// `PLACE: MESSAGE (FIX)`, one for each problem of a file.
fn told(name: &str, text: &str) -> Vec<String> {
    let ended = check(&[(name, text)]).code(2);
    let told = ended.stdout.split("error: ").skip(1).map(|problem| {
        let after = |mark: &str| problem.split(mark).nth(1).and_then(|rest| rest.lines().next());
        let place = after(&format!("--> {name}:")).unwrap_or_default();
        let message = problem.lines().next().unwrap_or_default();
        format!("{place}: {message} ({})", after("= help: ").unwrap_or_default())
    });
    told.collect()
}

#[test]
fn a_list_written_as_a_table_of_names_is_told_with_how_it_is_written() {
    let by_name = "[site]\nname = \"a\"\n[cookies.sid]\nlifetime = \"session\"\n[cookies.\"a b\"]\npath = \"/\"\n\
                   [third_parties.Stripe]\ndomains = [\"stripe.com\"]\n";
    assert_snapshot!(told("cookies.toml", by_name).join("\n"), @r#"
3:10: `cookies` must be a list, not a table with a name for each entry (write [[cookies]] with name = "sid" instead of [cookies.sid], and likewise for the others)
7:16: `third_parties` must be a list, not a table with a name for each entry (write [[third_parties]] with provider = "Stripe" instead of [third_parties.Stripe])
"#);
    // TOML hangs it on the entry before.
    let below = "[site]\nname = \"a\"\n[[cookies]]\nname = \"a\"\n[cookies.sid]\nlifetime = \"session\"\n";
    assert_snapshot!(told("cookies.toml", below).join("\n"), @r#"
5:10: `sid` stands within the cookie before it, and is one of its own (write [[cookies]] with name = "sid" instead of [cookies.sid])
"#);
    let yaml = "site: {name: a}\ncookies:\n  sid:\n    lifetime: session\n";
    assert_snapshot!(told("cookies.yaml", yaml).join("\n"), @r#"
3:3: `cookies` must be a list, not a table with a name for each entry (write `- name: "sid"` instead of `sid:`)
"#);
    let json = "{\"site\": {\"name\": \"a\"}, \"cookies\": {\"sid\": {\"lifetime\": \"session\"}}}";
    assert_snapshot!(told("cookies.json", json).join("\n"), @r#"
1:37: `cookies` must be a list, not a table with a name for each entry (write [{"name": "sid", ...}] instead of {"sid": ...})
"#);
    let plan = "[targets.a]\nurl = \"https://a.example\"\n[consent.accepted]\ncookie = \"c=1\"\n[personas.m.login.first]\nopen = \"/login\"\n";
    assert_snapshot!(told("cookieproof.toml", plan).join("\n"), @r#"
3:10: `consent` must be a list, not a table with a name for each entry (write [[consent]] with state = "accepted" instead of [consent.accepted])
5:19: `login` must be a list, not a table with a name for each entry (write [[personas.m.login]] instead of [personas.m.login.first])
"#);
    // A mistyped key of a single entry is that.
    let mistyped =
        "[targets.a]\nurl = \"https://a.example\"\n[personas.m.login]\nsumbit = { fields = { a = \"b\" } }\n";
    assert_snapshot!(told("cookieproof.toml", mistyped).join("\n"), @r#"
4:1: unknown key `sumbit` in this step (did you mean `submit`?)
"#);
}

#[test]
fn a_table_written_as_a_list_is_told_with_how_it_is_written() {
    let manifest = "[[site]]\nname = \"a\"\n[[pages]]\nname = \"home\"\npaths = [\"/\"]\n[[claims]]\nconsent_banner = \"none\"\n";
    assert_snapshot!(told("cookies.toml", manifest).join("\n"), @r#"
1:1: `site` must be a table, not a list (write [site], once, instead of [[site]])
3:1: `pages` must be a table, not a list (write [pages], once, with `home = ...` for each)
6:1: `claims` must be a table, not a list (write [claims], once, instead of [[claims]])
"#);
    let plan = "[[targets]]\nname = \"live\"\nurl = \"https://a.example\"\n[[limits]]\npages = 3\n[[personas]]\nlogin_budget = 3\n";
    assert_snapshot!(told("cookieproof.toml", plan).join("\n"), @r#"
1:1: `targets` must be a table, not a list (write [targets.live] instead of [[targets]], with a name for each)
4:1: `limits` must be a table, not a list (write [limits], once, instead of [[limits]])
6:1: `personas` must be a table, not a list (write [personas.NAME] instead of [[personas]], with a name for each)
"#);
    let yaml = "targets:\n  - name: live\n    url: https://a.example\nlimits:\n  - pages: 3\n";
    assert_snapshot!(told("cookieproof.yaml", yaml).join("\n"), @r#"
2:3: `targets` must be a table, not a list (write a name for each, such as `live: ...`, instead of a list)
5:3: `limits` must be a table, not a list (leave out the list around it)
"#);
}
