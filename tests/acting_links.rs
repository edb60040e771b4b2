//! First do no harm: what the crawl asks for of a site, and what it leaves alone because it acts.

use super::support::app::{html, to};
use super::support::chromium::shared_url;
use super::support::command::Cookieproof;
use super::support::hostile::Hostile;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The cookie that makes a member.
const SESSION: &str = "s3ss10n-0f-ann";

const PLAN: &str = r#"
[limits]
pages = 5000
per_shape = 5000

[personas.member]
login = [{ open = "/enter" }, { submit = { fields = { name = "ann", password = "pa55-w0rd" } } }]
logged_in_when = { url = "/me", text = "It is ann" }
"#;

/// A site whose start page is this one, whose every other page is empty, and where one can log in.
fn site(start: String) -> Hostile {
    Hostile::http(move |asked| match asked.route().as_str() {
        "GET /" => html(&start),
        "GET /robots.txt" | "GET /sitemap.xml" => html(""),
        "GET /enter" => html(
            "<form method=post><input name=name><input type=password name=password><button>In</button></form>",
        ),
        "POST /enter" => to("/me", &format!("Set-Cookie: sid={SESSION}; Path=/; HttpOnly\r\n")),
        "GET /me" if asked.cookie("sid").as_deref() == Some(SESSION) => html("It is ann"),
        "GET /me" => to("/enter", ""),
        _ => html("<p>a page"),
    })
}

fn scan(site: &Hostile, plan: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{plan}\n[targets.local]\nurl = \"{}\"\n", site.url("/"));
    std::fs::write(folder.path().join("cookieproof.toml"), text).unwrap();
    Cookieproof::new(["scan", "cookieproof.toml", "--quiet", "--format", "json"])
        .within(folder.path())
        .run()
        .code(0)
        .json()
}

/// What somebody without a login asked for, and what the member did.
fn asked(site: &Hostile) -> [BTreeSet<String>; 2] {
    let mut targets = [BTreeSet::new(), BTreeSet::new()];
    for asked in site.asked() {
        let member = asked.cookie("sid").is_some();
        targets[usize::from(member)].insert(asked.target);
    }
    targets
}

/// Reason and count of what a persona left alone.
fn left(report: &Value, persona: &str) -> BTreeMap<String, u64> {
    let mut left = BTreeMap::new();
    for row in report["coverage"]["skipped"].as_array().unwrap() {
        if row["persona"] == persona {
            *left.entry(row["reason"].as_str().unwrap().to_owned()).or_default() +=
                row["count"].as_u64().unwrap();
        }
    }
    left
}

#[test]
fn links_of_well_known_applications_are_followed_or_left_alone_as_is_right() {
    let table = include_str!("vectors/acting_links.txt");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("leave") || line.starts_with("follow"))
        .map(|line| line.splitn(4, '|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 120);
    let mut page = String::new();
    for row in &rows {
        let (attributes, text) = match row[3].strip_prefix('{') {
            Some(rest) => rest.split_once('}').unwrap(),
            None => ("", row[3]),
        };
        let href = row[2].replace('&', "&amp;");
        writeln!(page, "<p><a href=\"{href}\" {attributes}>{}</a>", text.trim()).unwrap();
    }
    let site = site(page);
    let report = scan(&site, PLAN);
    let asked = asked(&site);
    let mut wrong = Vec::new();
    let (mut harmless, mut barred) = (0, 0);
    for row in &rows {
        for (member, expected) in row[..2].iter().enumerate() {
            let followed = asked[member].contains(row[2]);
            if *expected == "follow" {
                harmless += 1;
                barred += usize::from(!followed);
            }
            if followed != (*expected == "follow") {
                wrong.push(format!("{}: {} {}", ["anonymous", "member"][member], expected, row[2]));
            }
        }
    }
    assert!(wrong.iter().all(|line| line.contains(": follow ")), "these act: {wrong:#?}");
    assert!(barred * 50 < harmless, "{barred} of {harmless} harmless links were barred: {wrong:#?}");
    assert_eq!(wrong, [""; 0]);
    for persona in ["anonymous", "member"] {
        let left = left(&report, persona);
        assert!(left["carries-token"] > 20 && left["changes-data"] > 40 && left["logs-out"] > 8, "{left:?}");
        assert_eq!(left.contains_key("may-act"), persona == "member", "{left:?}");
    }
}

#[test]
fn what_a_member_may_follow_is_said_and_can_be_allowed() {
    let page = "<a href='/desk.php?action=queue&amp;id=1'>Queue</a><a href='/desk.php?action=recalc&amp;id=2'>Figures</a>\
                <a href='/desk.php?action=trash&amp;id=3'>Three</a><a href='/settings.html'>Cancel</a><a href='/settings.html'>Settings</a>";
    let told = |plan: &str| {
        let site = site(page.to_owned());
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{plan}\n[targets.local]\nurl = \"{}\"\n", site.url("/"));
        std::fs::write(folder.path().join("cookieproof.toml"), text).unwrap();
        let run =
            Cookieproof::new(["scan", "cookieproof.toml", "--quiet"]).within(folder.path()).run().code(0);
        let [_, member] = asked(&site);
        let desk: Vec<String> =
            member.into_iter().filter(|path| path.starts_with("/desk") || path.starts_with("/set")).collect();
        (run.stdout, desk)
    };
    let (report, asked) = told(PLAN);
    assert_eq!(asked, ["/settings.html"]);
    assert!(report.contains("may act, left alone (2, such as /desk.php?action="), "{report}");
    assert!(report.contains("`follow` under [pages]"), "{report}");
    let (report, asked) = told(&format!("{PLAN}\n[pages]\nfollow = [\"/desk.php\"]\n"));
    assert_eq!(asked, ["/desk.php?action=queue&id=1", "/desk.php?action=recalc&id=2", "/settings.html"]);
    assert!(!report.contains("may act"), "{report}");
}

#[test]
fn parts_of_pages_are_judged_like_links() {
    let page = "<img src='/pixel.png'><img src='/mark?csrf_token=abc'><script src='/x.js?action=delete'></script>\
                <link rel=stylesheet href='/style.css?v=3'><img src='/users/sign_out'>";
    let site = site(page.to_owned());
    let report = scan(&site, &format!("{PLAN}\n[pages]\nassets = true\n"));
    let [anonymous, member] = asked(&site);
    for targets in [anonymous, member] {
        assert!(targets.contains("/pixel.png") && targets.contains("/style.css?v=3"), "{targets:?}");
        for acting in ["/mark?csrf_token=abc", "/x.js?action=delete", "/users/sign_out"] {
            assert!(!targets.contains(acting), "{acting}");
        }
    }
    assert_eq!(left(&report, "anonymous")["carries-token"], 1);
}

/// A back office as administrators have it: links that act beside links that show, scripts that send by
/// themselves, and buttons. Whatever is not a look changes its data.
const OFFICE: &str = "<h1>Office</h1>\
    <a href='/admin/'>Dashboard</a> <a href='/admin/comments'>Comments</a> <a href='/admin/users'>Users</a>\
    <a href='/admin/comment?action=trashcomment&amp;c=1&amp;_wpnonce=1a2b3c4d'>Trash</a>\
    <a href='/admin/plugins?action=activate&amp;plugin=x'>Activate</a>\
    <a href='/admin/users/5/delete'>Remove</a> <a href='/admin/cache/flush'>Flush</a>\
    <a href='/admin/post-new.php'>Add New</a> <a href='/admin/posts/5/edit'>Edit</a>\
    <a href='/admin/run?action=recalc&amp;id=3'>Figures</a> <a href='/admin/item/7' data-method=post>Publish it</a>\
    <a href='/admin/panel/9' title='Dismiss this notice'>\u{d7}</a> <a href='/logout'>Log out</a>\
    <form action='/admin/reindex'><button>Rebuild cache</button></form>\
    <div role=dialog style='position:fixed;bottom:0'>This cookie form has a field \
    <form method=post action='/admin/subscribe'><input type=email name=e><button>Accept</button></form></div>\
    <button onclick=\"fetch('/admin/pressed',{method:'POST'})\">Allow cookies for all</button>\
    <script>fetch('/admin/heartbeat',{method:'POST',body:'x'});navigator.sendBeacon('/admin/autosave','x');\
    fetch('/admin/ajax?action=test&_ajax_nonce=1a2b3c4d');fetch('/admin/figures.json');\
    addEventListener('pagehide',()=>navigator.sendBeacon('/admin/leaving','x'))</script>";

#[test]
fn nothing_changes_in_a_back_office_with_either_engine() {
    let site = Hostile::http(move |asked| {
        let member = asked.cookie("sid").as_deref() == Some(SESSION);
        match asked.route().as_str() {
            "GET /" => {
                html("<a href=/about>About</a> <script>fetch('/count',{method:'POST',body:'x'})</script>")
            }
            "GET /enter" => html(
                "<form method=post><input name=name><input type=password name=password><button>In</button></form>",
            ),
            "POST /enter" => to("/admin/", &format!("Set-Cookie: sid={SESSION}; Path=/; HttpOnly\r\n")),
            "GET /me" if member => html("It is ann"),
            path if path.starts_with("GET /admin/") && member => html(OFFICE),
            "GET /me" => to("/enter", ""),
            _ => html("<p>a page"),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = format!("engine = \"both\"\n{PLAN}\n[targets.local]\nurl = \"{}\"\n", site.url("/"));
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let run =
        Cookieproof::new(["scan", "cookieproof.toml", "--format", "json", "--browser-url", shared_url()])
            .within(folder.path())
            .run()
            .code(0);
    let warning = "member looks like an administrator";
    assert_eq!(run.stderr.matches(warning).count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("never_follow = [\"/admin/**\"]"), "{}", run.stderr);
    let looks = ["/admin/", "/admin/comments", "/admin/users", "/admin/figures.json"];
    let mut seen = BTreeSet::new();
    for asked in site.asked() {
        let target = asked.target.as_str();
        if !target.starts_with("/admin") && target != "/logout" {
            continue;
        }
        assert!(asked.method == "GET" && looks.contains(&target), "{} {target}", asked.method);
        seen.insert(asked.target);
    }
    assert_eq!(seen.len(), looks.len(), "{seen:?}");
    let report = run.json();
    let sent = report["coverage"]["sent_by_scripts"].as_array().unwrap();
    let told: BTreeSet<String> = sent
        .iter()
        .map(|sent| {
            let path = sent["example"].as_str().unwrap().split('/').skip(3).collect::<Vec<_>>().join("/");
            format!(
                "{} {} /{path} {}",
                sent["persona"].as_str().unwrap(),
                sent["method"].as_str().unwrap(),
                sent["held_back"]
            )
        })
        .collect();
    for line in [
        "anonymous POST /count false",
        "member POST /admin/heartbeat true",
        "member POST /admin/autosave true",
    ] {
        assert!(told.contains(line), "{line}: {told:#?}");
    }
    assert!(told.iter().all(|line| line.contains("/count") || line.ends_with("true")), "{told:#?}");
}
