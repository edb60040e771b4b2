//! `cookieproof audit`: the main job, through the real binary.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Hostile};
use crate::support::sites::Which;
use crate::support::small_site::{masked, small_site, url};
use crate::support::world::World;
use insta::assert_snapshot;
use std::fs;
use tempfile::TempDir;

/// What the small site does.
const MANIFEST: &str = r#"
[site]
hosts = ["127.0.0.1"]
policy_url = "/cookie-policy"

[pages]
shop = ["/shop/**"]

[[cookies]]
name = "sid"
lifetime = "24h"
http_only = true
same_site = "lax"

[[cookies]]
name = "cart"
lifetime = "30d"
set_on = ["shop"]

[[cookies]]
name = "moved"
lifetime = "session"

[claims]
inventory = "complete"
policy_reachable = true
"#;

fn folder(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    folder
}

fn audit(folder: &TempDir, site: &Hostile, args: &[&str]) -> Ended {
    let url = url(site);
    let first = ["audit", &url, "--manifest", "cookies.toml", "-q", "--rate", "0"];
    Cookieproof::new(first.iter().chain(args)).within(folder.path()).run()
}

#[test]
fn drift_is_found_and_ends_with_1() {
    let site = small_site();
    let folder = folder(&MANIFEST.replace("lifetime = \"24h\"", "lifetime = \"1h\""));
    let ended = audit(&folder, &site, &[]).code(1);
    assert_snapshot!(masked(&ended.stdout), @"
    NOT KEPT: http://127.0.0.1:PORT/ breaks 2 of the 19 claims of cookies.toml.

        15 upheld
         2 refuted        2 errors
         2 not verified   2 only a browser can say

    Findings
    error[lifetime] `sid` lives 1 day, not 1h, in each of 2 responses
      declared  cookies.toml:11:1  `sid` lives 1h
      seen      GET /, anonymous: sid=…; Path=/; Max-Age=86400 (1 day); HttpOnly;
                SameSite=Lax

    error[undeclared-cookie] `track` is set, and nothing declares it
      declared  cookies.toml:25:1  The manifest lists every cookie
      seen      GET /shop, anonymous: track=…; SameSite=None

    Not verified
         2 only a browser can say: claims.policy-agrees, cookies.cart.set-on
           to decide: --engine browser

    Seen on 127.0.0.1
      name   lifetime  attributes    path   to
      cart   30 days                 /      anonymous
      cart   30 days                 /shop  anonymous
      moved  session                 /      anonymous
      sid    1 day     HttpOnly Lax  /      anonymous
      track  refused   None          /      anonymous
        browsers refuse it: SameSite=None needs Secure

    Looked at
      anonymous   8 pages

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made MOMENT in N second.
    `-v` shows all evidence, hints and claims; `cookieproof explain lifetime`
    explains a rule.
    ");
}

#[test]
fn the_level_that_fails_is_chosen() {
    let site = small_site();
    let hedged = MANIFEST
        .replace("lifetime = \"24h\"", "lifetime = \"1h\"\nstrength = \"warning\"")
        .replace("\"complete\"", "\"examples\"");
    let folder = folder(&hedged);
    for (args, code) in
        [(&["--fail-on", "error"][..], 0), (&["--fail-on", "warning"], 1), (&["--fail-on", "unverified"], 1)]
    {
        let ended = audit(&folder, &site, args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stdout);
    }
}

#[test]
fn a_saved_scan_gives_the_same_bytes_without_the_site() {
    let site = small_site();
    let folder = folder(MANIFEST);
    let json = ["--format", "json"];
    let live = audit(&folder, &site, &[&json[..], &["--save-scan", "scan.json"]].concat());
    let from = |args: &[&str]| {
        let base = ["audit", "--manifest", "cookies.toml", "--from", "scan.json"];
        Cookieproof::new(base.iter().chain(args)).within(folder.path()).run()
    };
    drop(site);
    let again = from(&json);
    assert_eq!(again.stdout, live.stdout);
    assert_eq!(again.code, live.code);
    let rendered = ["report", "scan.json", "--manifest", "cookies.toml", "--format", "json"];
    assert_eq!(Cookieproof::new(rendered).within(folder.path()).run().stdout, live.stdout);
    // Another manifest, another answer.
    fs::write(folder.path().join("cookies.toml"), MANIFEST.replace("24h", "1h")).unwrap();
    from(&json).code(1);
}

#[test]
fn two_runs_differ_in_time_only() {
    let site = small_site();
    let folder = folder(MANIFEST);
    let run = || {
        let mut report = audit(&folder, &site, &["--format", "json"]).json();
        report["time"].take();
        report
    };
    assert_eq!(run(), run());
}

#[test]
fn reports_go_to_files_as_well() {
    let site = small_site();
    let folder = folder(MANIFEST);
    let outputs = ["--output", "json=report.json", "-o", "report.md", "-oterminal=report.txt"];
    let ended = audit(&folder, &site, &outputs);
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(ended.stdout.contains("upheld"));
    assert!(read("report.json").starts_with("{\n  \"format\": \"cookieproof-report/1\""));
    assert!(read("report.md").starts_with("# Cookies of"));
    assert!(read("report.txt").contains("cookies.sid.lifetime"));
}

#[test]
fn a_wrong_output_hurts_before_the_work() {
    let site = small_site();
    let ended = audit(&folder(MANIFEST), &site, &["--output", "json=/nowhere/report.json"]).code(2);
    assert!(ended.stderr.contains("/nowhere/report.json"), "{}", ended.stderr);
    let ended = audit(&folder(MANIFEST), &site, &["-o", "report"]).code(2);
    assert!(ended.stderr.contains("say the format, as in `json=report.json`"), "{}", ended.stderr);
    assert_eq!(site.asked().len(), 0);
}

#[test]
fn an_empty_site_is_never_all_clear() {
    let site = Hostile::always(Answer::status("404 Not Found", "", ""));
    let manifest = MANIFEST.replace("policy_reachable = true", "");
    let ended = audit(&folder(&manifest), &site, &["--fail-on", "warning"]).code(3);
    assert!(ended.stdout.starts_with("INCONCLUSIVE"), "{}", ended.stdout);
}

#[test]
fn what_only_firefox_keeps_is_a_warning_unless_its_visitors_count() {
    // Chromium refuses the first for its TAB and drops the second at the end of the session.
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "Set-Cookie: trk=a\tb; Max-Age=31536000\r\nSet-Cookie: sid=1; Expires=Thu, 21 Oct 2038 07:28 GMT\r\n",
            "<a href=/a>A</a>",
        ),
        "/a" => Answer::page("", "A."),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "Nothing here."),
    });
    let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"sid\"\nlifetime = \"session\"\n\
                    [claims]\ninventory = \"complete\"\n";
    let folder = folder(manifest);
    let warned = audit(&folder, &site, &["--format", "json"]).code(0).json();
    let findings = warned["findings"].as_array().unwrap();
    let told: Vec<(&str, &str)> = findings
        .iter()
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["severity"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("lifetime", "warning"), ("undeclared-cookie", "warning")], "{warned:#}");
    for finding in findings {
        let message = finding["message"].as_str().unwrap();
        assert!(message.starts_with("in Firefox (predicted): "), "{message}");
        assert_eq!(finding["predicted_for"], "firefox");
    }
    let plan = format!(
        "manifest = \"cookies.toml\"\nbrowsers = [\"chromium\", \"firefox\"]\n[targets.here]\nurl = \"{}\"\n",
        url(&site)
    );
    fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let counted = Cookieproof::new(["audit", "-q", "--rate", "0", "--fail-on", "error"])
        .within(folder.path())
        .run()
        .code(1);
    assert!(counted.stdout.contains("2 errors"), "{}", counted.stdout);
}

#[test]
fn a_bot_wall_is_not_the_site() {
    let site = Hostile::always(Answer::status(
        "403 Forbidden",
        "Server: cloudflare\r\ncf-mitigated: challenge\r\nContent-Type: text/html\r\n",
        "<title>Just a moment...</title>",
    ));
    let ended = audit(&folder(MANIFEST), &site, &[]).code(3);
    assert!(ended.stdout.contains("bot wall"), "{}", ended.stdout);
}

#[test]
fn five_mistakes_are_reported_at_once() {
    let mistakes = r#"
[site]
hots = ["127.0.0.1"]

[[cookies]]
name = "sid"
lifetime = "24 fortnights"
http_only = "yes"

[[cookies]]
name = "__Host-a"
domain = "example.org"
set_on = ["nowhere"]
"#;
    let site = small_site();
    let ended = audit(&folder(mistakes), &site, &[]).code(2);
    for words in ["hots", "fortnights", "http_only", "__Host-a", "nowhere", "5 errors"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert_eq!(site.asked().len(), 0, "nothing is asked with a wrong manifest");
}

#[test]
fn a_missing_manifest_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Cookieproof::new(["audit", "http://127.0.0.1:9/"]).within(folder.path()).run().code(2);
    assert!(ended.stderr.contains("cookieproof init"), "{}", ended.stderr);
    let ended = Cookieproof::new(["audit"]).within(folder.path()).run().code(2);
    assert!(ended.stderr.contains("cookieproof.toml"), "{}", ended.stderr);
}

#[test]
fn an_optional_persona_without_its_secrets_is_left_out_and_said() {
    let world = World::new(Which::Prokken, &[]);
    world.edit("cookieproof.toml", "SAMPLE_PASSWORD", "NO_SUCH_PASSWORD");
    let ended = world.audit(&[]).code(2);
    assert!(ended.stderr.contains("NO_SUCH_PASSWORD is not set"), "{}", ended.stderr);
    world.edit("cookieproof.toml", "[personas.member]", "[personas.member]\noptional = true");
    let ended = world.audit(&["--format", "json"]).code(0);
    let report = ended.json();
    let said =
        "the optional persona `member` was left out: the environment variable NO_SUCH_PASSWORD is not set";
    assert!(report["coverage"]["notes"].to_string().contains(said), "{:#}", report["coverage"]);
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{:#}", report["findings"]);
    // What only a member could show is open.
    let claims = report["verdicts"].as_array().unwrap();
    let of_access = claims.iter().filter(|claim| claim.to_string().contains("prokken_access"));
    let open = of_access.filter(|claim| claim["verdict"] == "not-verified").count();
    assert!(open > 0, "{claims:#?}");
    // CI systems give a variable without a value for a secret that is not there.
    let args = ["audit", "cookieproof.toml", "--rate", "0", "--quiet"];
    let empty = Cookieproof::new(args).within(world.folder.path()).env("NO_SUCH_PASSWORD", "").run().code(0);
    assert!(empty.stdout.contains("NO_SUCH_PASSWORD is empty"), "{}", empty.stdout);
    // Nobody is left who could look.
    let alone = world.audit(&["--persona", "member"]).code(2);
    assert!(alone.stderr.contains("nobody is left to look"), "{}", alone.stderr);
}

#[test]
fn a_site_that_is_mostly_down_is_said_in_the_first_sentence() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => {
            let links: String = (0..20).map(|n| format!("<a href=/p{n}>x</a>")).collect();
            Answer::page("Set-Cookie: sid=1; HttpOnly; Secure\r\n", &links)
        }
        page if page.starts_with("/p") => Answer::status("500 Oh", "", ""),
        _ => Answer::status("404 Not Found", "", "no"),
    });
    let declared = "[[cookies]]\nname = \"sid\"\n[claims]\ninventory = \"complete\"\n";
    let folder = folder(&format!("[site]\nhosts = [\"127.0.0.1\"]\n{declared}"));
    let ended = audit(&folder, &site, &[]).code(3);
    let first = ended.stdout.lines().take(3).collect::<Vec<_>>().join(" ");
    assert!(first.starts_with("INCONCLUSIVE"), "{first}");
    assert!(first.contains("Most of the site was not to be seen: 20 of 21 pages answered 500."), "{first}");
    // With a finding, too; and a look without a manifest.
    fs::write(folder.path().join("cookies.toml"), "[claims]\ninventory = \"complete\"\n").unwrap();
    let ended = audit(&folder, &site, &[]).code(1);
    assert!(ended.stdout.contains("20 of 21 pages answered 500."), "{}", ended.stdout);
    let look = Cookieproof::new(["scan", &url(&site), "-q", "--rate", "0"]).run().code(3);
    assert!(look.stdout.contains("20 of 21 pages answered 500"), "{}", look.stdout);
}

/// The site's own host is `localhost`, and where it leads to is 127.0.0.1.
#[test]
fn a_site_that_only_leads_to_another_was_not_seen() {
    let elsewhere =
        Hostile::http(|_| Answer::page("Set-Cookie: w=1\r\n", "<p>Another site. <a href=/x>x</a>"));
    let parked = elsewhere.url("/").to_string();
    let site = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::redirect("302 Found", &parked, ""),
        _ => Answer::status("404 Not Found", "", "no"),
    });
    let base = site.url_as("http", "localhost", "/").to_string();
    let declared = "[[cookies]]\nname = \"sid\"\nhttp_only = true\nexpected = true\n[claims]\nadvertising = \"none\"\n\
                    consent_banner = \"none\"\nno_cookies = [{ visitors = [\"anonymous\"], pages = [\"*\"] }]\n";
    let folder = folder(&format!("[site]\nhosts = [\"localhost\"]\n{declared}"));
    let path = std::env::var("PATH").unwrap_or_default();
    for engine in ["http", "browser"] {
        let args = ["audit", &base, "--manifest", "cookies.toml", "-q", "--rate", "0", "--engine", engine];
        let run = |more: &[&str]| {
            let args = args.iter().chain(more);
            Cookieproof::new(args).within(folder.path()).env("PATH", &path).run().code(3)
        };
        let report = run(&["--format", "json"]).json();
        assert_eq!(report["answer"]["upheld"], 0, "{engine}: {:#}", report["verdicts"]);
        assert_eq!(report["answer"]["refuted"], 0, "{engine}: {:#}", report["findings"]);
        let why = report["inconclusive"].to_string();
        assert!(
            why.contains("no page of the site was shown: it leads to http://127.0.0.1:"),
            "{engine}: {why}"
        );
        assert!(why.contains("`hosts`"), "{engine}: {why}");
    }
    // Whose host it is: the owner says so.
    let own = fs::read_to_string(folder.path().join("cookies.toml")).unwrap();
    let own = own.replace("\"localhost\"", "\"localhost\", \"127.0.0.1\"");
    fs::write(folder.path().join("cookies.toml"), own).unwrap();
    let args = ["audit", &base, "--manifest", "cookies.toml", "-q", "--rate", "0", "--format", "json"];
    let report = Cookieproof::new(args).within(folder.path()).run().code(1).json();
    assert!(report["findings"].to_string().contains("`sid` is declared and was never set"), "{report:#}");
}

/// What is too long for one cookie is cut into numbered parts, and declared as one.
#[test]
fn the_parts_of_a_cookie_are_the_cookie() {
    let parts = |attributes: &str| {
        let lines: String =
            (0..3).map(|n| format!("Set-Cookie: session.{n}=abc; {attributes}\r\n")).collect();
        let other = "Set-Cookie: session.x=1\r\nSet-Cookie: session.200=1\r\nSet-Cookie: plan.1=1\r\n";
        Hostile::http(move |_| Answer::page(&format!("{lines}{other}"), "x"))
    };
    let declared = "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"session\"\nlifetime = \"24h\"\nhttp_only = true\n\
                    [[cookies]]\nname = \"plan\"\nhttp_only = true\n[[cookies]]\nname = \"plan.*\"\n[claims]\ninventory = \"complete\"\n";
    let found = |attributes: &str| {
        let site = parts(attributes);
        let report = audit(&folder(declared), &site, &["--format", "json"]).code(1).json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|one| format!("{} {}", one["rule"].as_str().unwrap(), one["subject"].as_str().unwrap()))
            .filter(|one| !one.starts_with("declared-never-seen"))
            .collect::<Vec<_>>()
    };
    // What an entry names as it stands is that entry's, and what is no part is not declared.
    let undeclared = ["undeclared-cookie session.200", "undeclared-cookie session.x"];
    assert_eq!(found("Max-Age=86400; HttpOnly"), undeclared);
    let wrong = found("Max-Age=86400");
    assert!(wrong.contains(&"http-only session".to_owned()), "{wrong:?}");
}

#[test]
fn cookies_of_one_name_are_told_apart_by_their_paths() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "Set-Cookie: sid=a1; Path=/; Max-Age=3600; HttpOnly\r\n",
            "<a href=/shop/tea>Tea</a>",
        ),
        "/shop/tea" => Answer::page("Set-Cookie: sid=b2; Path=/shop; Max-Age=600; HttpOnly\r\n", "Tea."),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[pages]\nshop = [\"/shop/**\"]\n\
                    [[cookies]]\nname = \"sid\"\npath = \"/\"\nlifetime = \"1h\"\nhttp_only = true\n\
                    [[cookies]]\nid = \"basket\"\nname = \"sid\"\npath = \"/shop\"\nset_on = [\"shop\"]\nlifetime = \"10min\"\nhttp_only = true\n";
    let ended = audit(&folder(manifest), &site, &[]).code(0);
    assert!(ended.stdout.starts_with("KEPT"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");

    // Each keeps its own promise, or breaks it.
    let ended = audit(&folder(&manifest.replace("10min", "20min")), &site, &[]).code(1);
    assert!(
        ended.stdout.contains("error[lifetime] `basket` lives 10 minutes, not 20min"),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.stdout.matches("error[").count(), 1, "{}", ended.stdout);
}
