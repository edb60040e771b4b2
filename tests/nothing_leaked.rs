//! Credentials stay where they belong, local files are bounded while they are read, and whoever stops a
//! run is heard, whatever it waits for.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Hostile};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const PREVIEW: &str = "pr3view-s3cret-77";
const TOKEN: &str = "b3arer-t0ken-4242";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn scan(folder: &Path, more: &[&str]) -> Ended {
    let path = std::env::var("PATH").unwrap_or_default();
    let args = ["scan", "plan.toml", "-q", "--format", "json"];
    Cookieproof::new(args.iter().chain(more)).within(folder).env("PATH", &path).run()
}

fn got(server: &Hostile, name: &str, secret: &str) -> Vec<String> {
    let asked = server.asked();
    let with = asked.iter().filter(|asked| asked.header(name).is_some_and(|value| value.contains(secret)));
    with.map(|asked| asked.target.clone()).collect()
}

#[test]
fn the_plans_credentials_go_to_no_other_origin() {
    for engine in ["http", "browser"] {
        let other = Hostile::http(|_| Answer::page("Set-Cookie: inner=1\r\n", "inside"));
        let there = other.url_as("http", "localhost", "/inside").to_string();
        let far = other.url_as("http", "far.localhost", "/far").to_string();
        let (to, to_far) = (there.clone(), far.clone());
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/" => Answer::page("", &format!("<a href=/out>x</a><a href=/far>y</a><img src={to}>")),
            "/out" => Answer::redirect("302 Found", &to, ""),
            "/far" => Answer::redirect("302 Found", &to_far, ""),
            "/account" => Answer::page("", "hello member"),
            _ => Answer::status("404 Not Found", "", ""),
        });
        let folder = tempfile::tempdir().unwrap();
        let plan = format!(
            "[targets.site]\nurl = \"{}\"\n[http]\nheaders = {{ X-Preview = \"{PREVIEW}\" }}\n\
             [limits]\nrate = \"unlimited\"\n[personas.member]\nlogin = [{{ bearer = \"{TOKEN}\" }}]\n\
             logged_in_when = {{ url = \"/account\", text = \"hello\" }}\n",
            site.url_as("http", "localhost", "/")
        );
        write(folder.path(), "plan.toml", &plan);
        let ended = scan(folder.path(), &["--engine", engine]);
        assert!(!got(&site, "x-preview", PREVIEW).is_empty(), "{ended:?}");
        assert!(!got(&site, "authorization", TOKEN).is_empty(), "{ended:?}");
        assert!(other.asked().iter().any(|asked| asked.target == "/inside"), "{engine}: it was followed");
        assert_eq!(got(&other, "x-preview", PREVIEW), [""; 0], "{engine}");
        assert_eq!(got(&other, "authorization", TOKEN), [""; 0], "{engine}");
        assert!(!ended.stdout.contains(PREVIEW) && !ended.stdout.contains(TOKEN), "{}", ended.stdout);
    }
}

#[test]
fn a_targets_own_headers_go_to_it_alone() {
    let other = Hostile::http(|_| Answer::page("", "inside"));
    let there = other.url_as("http", "localhost", "/inside").to_string();
    let to = there.clone();
    let site = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page("", "<a href=/out>x</a>"),
        "/out" => Answer::redirect("302 Found", &to, ""),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let target = |name: &str, more: &str| {
        format!("[targets.{name}]\nurl = \"{}\"\n{more}\n", site.url_as("http", "localhost", "/"))
    };
    let own = "headers = { X-Preview = \"${env:PREVIEW}\" }";
    let plan =
        target("live", "") + &target("preview", own) + "[http]\nheaders = { x-preview = \"nobody\" }\n";
    write(folder.path(), "plan.toml", &plan);
    let look = |target: &str, preview: &str| {
        let args = ["scan", "plan.toml", "-v", "--format", "json", "--target", target];
        let run = Cookieproof::new(args).within(folder.path());
        if preview.is_empty() { run.run() } else { run.env("PREVIEW", preview).run() }
    };
    // Another target's secrets are not asked for.
    look("live", "").code(0);
    assert!(!got(&site, "x-preview", "nobody").is_empty());
    let without = look("preview", "").code(2);
    assert!(without.stderr.contains("the environment variable PREVIEW is not set"), "{}", without.stderr);
    let ended = look("preview", PREVIEW).code(0);
    assert!(got(&site, "x-preview", PREVIEW).contains(&"/out".to_owned()), "{ended:?}");
    assert!(other.asked().iter().any(|asked| asked.target == "/inside"));
    assert_eq!(got(&other, "x-preview", ""), [""; 0]);
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(PREVIEW));
    assert!(
        ended.stderr.starts_with("at most 500 pages for 1 visitor, without a pause: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_host_that_the_plan_names_gets_its_headers() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" if asked.header("host").is_some_and(|host| host.starts_with("site.")) => {
            let port = asked.header("host").and_then(|host| host.split(':').nth(1)).unwrap_or_default();
            Answer::page("", &format!("<a href=http://app.localhost:{port}/app>x</a>"))
        }
        "/app" => Answer::page("", "app"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    for (hosts, expected) in [("", 0), ("[pages]\nhosts = [\"app.localhost\"]\n", 1)] {
        let folder = tempfile::tempdir().unwrap();
        let plan = format!(
            "[targets.site]\nurl = \"{}\"\n{hosts}[http]\nheaders = {{ X-Preview = \"{PREVIEW}\" }}\n\
             resolve = {{ \"*\" = \"127.0.0.1\" }}\n",
            site.url_as("http", "site.localhost", "/")
        );
        write(folder.path(), "plan.toml", &plan);
        scan(folder.path(), &[]).code(0);
        let app = got(&site, "x-preview", PREVIEW).into_iter().filter(|path| path == "/app").count();
        assert_eq!(app, expected, "{hosts}");
    }
}

#[test]
fn a_password_is_not_sent_on_to_another_origin() {
    let other = Hostile::http(|_| Answer::page("", "thanks"));
    let there = other.url_as("http", "localhost", "/thief").to_string();
    let site = Hostile::http(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", _) => Answer::redirect("307 Temporary Redirect", &there, ""),
        (_, "/login") => Answer::page(
            "",
            "<form method=post action=/login><input name=u><input type=password name=p></form>",
        ),
        _ => Answer::page("", "welcome"),
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "[targets.site]\nurl = \"{}\"\n[personas.member]\nlogged_in_when = {{ url = \"/\", text = \"member\" }}\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ u = \"ann\", p = \"{PREVIEW}\" }} }} }}]\n",
        site.url_as("http", "localhost", "/")
    );
    write(folder.path(), "plan.toml", &plan);
    let ended = scan(folder.path(), &[]);
    assert!(other.asked().is_empty(), "{:?}", other.asked());
    assert!(ended.stdout.contains("redirects what was filled in to another origin"), "{}", ended.stdout);
}

#[test]
fn no_complaint_repeats_a_password() {
    for args in [
        &["scan", "http://u:hunter2@[::/"][..],
        &["scan", "http://u:hun/ter2@[::/"],
        &["audit", "http://u:hunter2 @[::/"],
        &["init", "htps://u:hunter2@host/"],
        &["scan", "u:hunter2@host"],
        &["report", "http://u:hunter2@host/"],
        &["import", "http://u:hunter2@[::/"],
        &["explain", "a=1", "--url", "http://u:hunter2@[::/"],
        &["scan", "http://a.test/", "http://u:hunter2@b.test/"],
        &["scan", "--browser-url", "http://u:hunter2@[::/", "--engine", "hunter"],
    ] {
        let ended = Cookieproof::new(args).run();
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!told.contains("hunter2") && !told.contains("ter2"), "{args:?}: {told}");
        assert_eq!(ended.code, Some(2), "{args:?}: {told}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "plan.toml", "[targets.a]\nurl = \"http://u:hunter2@[::/\"\n");
    let ended = Cookieproof::new(["check", "plan.toml"]).within(folder.path()).run().code(2);
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_read_only_so_far() {
    let site = Hostile::http(|_| Answer::page("", "<form method=post><input name=p type=password></form>"));
    let folder = tempfile::tempdir().unwrap();
    let at = site.url("/");
    let plan = |more: &str| format!("[targets.a]\nurl = \"{at}\"\n{more}");
    let member = |secret: &str| {
        plan(&format!(
            "[personas.member]\nlogged_in_when = {{ url = \"/\", text = \"x\" }}\n\
             login = [{{ open = \"/\" }}, {{ submit = {{ fields = {{ p = \"{secret}\" }} }} }}]\n"
        ))
    };
    for (name, text) in [
        ("plan.toml", plan("")),
        ("ca.toml", plan("[http]\nextra_ca = [\"/dev/zero\"]\n")),
        ("file.toml", member("${file:/dev/zero}")),
        ("command.toml", member("${command:cat /dev/zero}")),
    ] {
        write(folder.path(), name, &text);
    }
    for args in [
        &["report", "/dev/zero"][..],
        &["audit", "--from", "/dev/zero"],
        &["audit", "plan.toml", "--manifest", "/dev/zero"],
        &["check", "/dev/zero"],
        &["import", "/dev/zero"],
        &["scan", "ca.toml"],
    ] {
        let ended = Cookieproof::new(args).within(folder.path()).run();
        assert_eq!(ended.code, Some(2), "{args:?} {}", ended.stderr);
        assert!(ended.stderr.contains("larger than"), "{args:?} {}", ended.stderr);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    for (plan, why) in [("file.toml", "is larger than 1 MiB"), ("command.toml", "is over 1 MiB")] {
        let args = ["scan", plan, "-q", "--format", "json"];
        let ended = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run();
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains(why), "{plan} {told}");
    }
}

/// Sends a signal once a member's turn has come.
#[cfg(unix)]
fn stopped(signal: &str, secret: &str, more: &str) -> (Ended, Duration) {
    let (tell, told) = channel();
    let site = Hostile::http(move |asked| {
        if asked.target.contains("favicon") || asked.target == "/last" {
            let _ = tell.send(());
        }
        Answer::page("Set-Cookie: seen=1\r\n", "hello <a href=/last>x</a>")
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "[targets.a]\nurl = \"{}\"\n[limits]\nrate = \"unlimited\"\n{more}[personas.member]\n\
         logged_in_when = {{ url = \"/\", text = \"x\" }}\nlogin = [{{ bearer = \"{secret}\" }}]\n",
        site.url("/")
    );
    write(folder.path(), "plan.toml", &plan);
    let path = std::env::var("PATH").unwrap_or_default();
    let began = Instant::now();
    let args = ["scan", "plan.toml", "--assets", "-q", "--format", "json"];
    let ended = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run_and(|process| {
        if signal.is_empty() {
            return;
        }
        told.recv_timeout(Duration::from_secs(60)).unwrap();
        std::thread::sleep(Duration::from_millis(800));
        assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
    });
    (ended, began.elapsed())
}

#[cfg(unix)]
#[test]
fn whoever_stops_a_run_is_heard_while_a_helper_works() {
    let forever = "${command:sleep 61}";
    for (signal, secret, more, why) in [
        ("-INT", forever, "", "interrupted"),
        ("-HUP", forever, "", "interrupted"),
        ("-TERM", "${file:pipe}", "", "interrupted"),
        ("", forever, "total_time = \"3s\"\n", "the limit of 3s for the whole run was reached"),
    ] {
        let secret = match secret {
            "${file:pipe}" => {
                let pipe = tempfile::tempdir().unwrap().keep().join("pipe");
                assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                format!("${{file:{}}}", pipe.display())
            }
            secret => secret.to_owned(),
        };
        let (ended, took) = stopped(signal, &secret, more);
        let report = ended.code(3).json();
        assert_eq!(report["run"]["partial"], why, "{signal} {secret}");
        assert_eq!(report["inventory"][0]["name"], "seen", "{signal} {secret}");
        assert!(took < Duration::from_secs(55), "{signal} {secret}: {took:?}");
    }
}

#[test]
fn a_page_that_is_quoted_gives_nothing_away() {
    const RANDOM: &str = "T1q8Lb5HsX0vN7cE4rWy2Kd9";
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("", &format!("<a href=/u/{RANDOM}/x>x</a>")),
        "/start" => Answer::redirect("302 Found", &format!("/u/{RANDOM}/refused"), ""),
        "/json" => Answer::status(
            "403 No",
            "Content-Type: application/json\r\n",
            "{\"error\":\"not_yet\",\"access_token\":\"swordfish pike\",\"mail\":\"anna@example.org\"}",
        ),
        page if page.starts_with("/u/") => Answer::status(
            "403 No",
            "Content-Type: text/html\r\n",
            &format!(
                "<title>For {RANDOM}</title>Your code is 482913. Go on at \
                 http://x.example/reset/8fj3kd93kd?token=trout-77 as anna@example.org. Not yet open."
            ),
        ),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = |step: &str| {
        format!(
            "[targets.site]\nurl = \"{}\"\n[limits]\nrate = \"unlimited\"\n[personas.member]\nlogin = [{step}]\n",
            site.url_as("http", "localhost", "/")
        )
    };
    for (step, kept) in [
        ("{ open = \"/start\" }", "Not yet open."),
        ("{ request = { method = \"POST\", url = \"/json\" } }", "not_yet"),
    ] {
        write(folder.path(), "plan.toml", &plan(step));
        let args = ["scan", "plan.toml", "-v", "--format", "json", "--save-scan", "scan.json"];
        let ended = Cookieproof::new(args).within(folder.path()).run();
        let saved = std::fs::read_to_string(folder.path().join("scan.json")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &saved] {
            for secret in [RANDOM, "482913", "8fj3kd93kd", "trout-77", "swordfish", "pike", "anna@"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
        assert!(ended.stdout.contains(kept), "{ended:?}");
    }
}

#[test]
fn a_scan_that_cannot_be_read_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "{\"format\": 1, \"run\": \"swordfish\"}",
        "{\"format\": \"swordfish\"}",
        "{\"format\": 1, \"run\": {\"engines\": [\"swordfish\"]}}",
    ] {
        write(folder.path(), "scan.json", text);
        let ended = Cookieproof::new(["report", "scan.json"]).within(folder.path()).run();
        assert!(ended.stderr.contains("is not a saved scan"), "{ended:?}");
        assert!(!ended.stderr.contains("swordfish"), "{}", ended.stderr);
    }
}
