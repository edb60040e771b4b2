//! `audit --evidence`: a folder with all that an answer rests on, and `report --verify`, which says later
//! whether it is still what was written.

use crate::support::app::{html, page, to};
use crate::support::closed_schema::misfits;
use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile};
use crate::support::small_site::{small_site, url};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const MANIFEST: &str = "[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nhttp_only = true\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

fn run(folder: &Path, args: &[&str]) -> Ended {
    Cookieproof::new(args).within(folder).run()
}

fn put(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    fs::write(folder.join(name), text).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A folder with a manifest, and the evidence `ev` of an audit of the small site.
fn with_evidence() -> TempDir {
    let (folder, site) = (tempfile::tempdir().unwrap(), small_site());
    put(folder.path(), "cookies.toml", MANIFEST);
    let args = ["audit", &url(&site), "-q", "--rate", "0", "--evidence", "ev"];
    run(folder.path(), &args).code(1);
    folder
}

const FILES: [&str; 7] =
    ["SHA256SUMS", "evidence.json", "heads.txt", "manifest.toml", "report.html", "report.json", "scan.json"];

#[test]
fn the_folder_holds_all_that_the_answer_rests_on() {
    let folder = with_evidence();
    let at = |name: &str| folder.path().join("ev").join(name);
    assert_eq!(names(folder.path()), ["cookies.toml", "ev"], "nothing of the making is left");
    assert_eq!(names(&at("")), FILES);
    assert_eq!(fs::read_to_string(at("manifest.toml")).unwrap(), MANIFEST);
    let about = json(&at("evidence.json"));
    let misfits = |value| misfits(value, "evidence.schema.json");
    assert_eq!(misfits(&about), Vec::<String>::new());
    assert_ne!(misfits(&json!({"format": "cookieproof-evidence/1"})), Vec::<String>::new());
    assert_eq!((&about["answer"], &about["findings"]), (&json!("findings"), &json!(1)));
    assert_eq!(about["heads"], json!({"whole": 1, "lines": 0}));
    assert_eq!(about["scan"]["started"], json(&at("report.json"))["time"]["started"]);
    let heads = fs::read_to_string(at("heads.txt")).unwrap();
    assert!(heads.contains("== lifetime sid ("), "{heads}");
    assert!(heads.contains("set-cookie: sid=\u{2039}12 bytes\u{203a}; Path=/; Max-Age=86400"), "{heads}");
    assert!(heads.to_ascii_lowercase().contains("content-type: text/html"), "{heads}");
    // The tools of others check it, too.
    let sums = Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(at("")).output();
    assert!(sums.unwrap().status.success());
    let whole = run(folder.path(), &["report", "--verify", "ev"]).code(0);
    assert!(whole.stdout.starts_with("ev is whole: all 6 files"), "{}", whole.stdout);
}

#[test]
fn what_was_changed_later_is_named() {
    let folder = with_evidence();
    let ev = folder.path().join("ev");
    let verified = || run(folder.path(), &["report", "--verify", "ev"]);
    put(&ev, "heads.txt", "all was well");
    fs::remove_file(ev.join("report.json")).unwrap();
    fs::create_dir(ev.join("more")).unwrap();
    put(&ev, "more/notes.txt", "x");
    std::os::unix::fs::symlink("/dev/zero", ev.join("link")).unwrap();
    fs::remove_file(ev.join("manifest.toml")).unwrap();
    std::os::unix::fs::symlink("../cookies.toml", ev.join("manifest.toml")).unwrap();
    assert_eq!(
        verified().code(1).stdout,
        "ev is not as it was written:\n  changed  heads.txt\n  changed  manifest.toml\n  missing  report.json\n  \
         surplus  link\n  surplus  more/notes.txt\n"
    );
    // Taken out of the folder and of its list.
    let list = fs::read_to_string(ev.join("SHA256SUMS")).unwrap();
    let without: String =
        list.lines().filter(|line| !line.ends_with("report.json")).map(|line| format!("{line}\n")).collect();
    put(&ev, "SHA256SUMS", &without);
    assert!(verified().code(1).stdout.contains("\n  taken out of the list  report.json\n"));
    for (text, why) in [
        ("", "it names no file"),
        ("hello\n", "line 1 is no SHA-256 sum"),
        (&format!("{}  ../../secret\n", "0".repeat(64)), "line 1 names a file outside of the folder"),
    ] {
        put(&ev, "SHA256SUMS", text);
        let ended = verified().code(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    fs::remove_file(ev.join("SHA256SUMS")).unwrap();
    assert!(verified().code(2).stderr.contains("a folder that `audit --evidence DIR` wrote"));
    let nothing = run(folder.path(), &["report", "--verify", "nowhere"]).code(2);
    assert!(nothing.stderr.contains("cannot read nowhere/SHA256SUMS"), "{}", nothing.stderr);
}

#[test]
fn last_months_evidence_is_held_against_todays_manifest() {
    let folder = with_evidence();
    put(folder.path(), "new.toml", MANIFEST.replace("1h", "24h"));
    let args = ["audit", "--from", "ev/scan.json", "-q", "--format", "json"];
    let asked = |manifest| {
        let ended = run(folder.path(), &[&args[..], &["--manifest", manifest]].concat());
        (ended.code, serde_json::from_str::<Value>(&ended.stdout).unwrap())
    };
    let (code, then) = asked("cookies.toml");
    assert_eq!((code, &then), (Some(1), &json(&folder.path().join("ev/report.json"))), "the same answer");
    let (code, now) = asked("new.toml");
    assert_eq!((code, now["findings"].as_array().unwrap().len()), (Some(0), 0));
    assert_eq!(now["time"]["started"], then["time"]["started"]);
    // The same scan judged again makes the same evidence but for the moment it was written in.
    run(folder.path(), &["audit", "--from", "ev/scan.json", "-q", "--evidence", "again"]).code(1);
    for file in FILES.iter().filter(|file| !matches!(**file, "SHA256SUMS" | "evidence.json")) {
        let read = |dir: &str| fs::read(folder.path().join(dir).join(file)).unwrap();
        assert!(read("ev") == read("again"), "{file}");
    }
    let ended = run(folder.path(), &["audit", "--from", "ev", "-q"]).code(2);
    assert!(ended.stderr.contains("its scan is ev/scan.json"), "{}", ended.stderr);
    run(folder.path(), &["report", "--verify", "ev"]).code(0);
}

#[test]
fn a_wrong_place_is_refused_before_anything_is_asked() {
    let folder = with_evidence();
    let site = Hostile::http(|_| Answer::page("", "x"));
    fs::create_dir(folder.path().join("empty")).unwrap();
    put(folder.path(), "file", "x");
    let before = names(folder.path());
    for (args, why) in [
        (&["--evidence", "ev"][..], "ev holds evidence already"),
        (&["--evidence", "."], ". is not empty"),
        (&["--evidence", "file"], "file is a file, and evidence is a folder"),
        (&["--evidence", "a/b"], "make the folder a first"),
        (&["--evidence", ""], "a value is required"),
        (&["--evidence", "empty", "--save-scan", "empty/scan.json"], "empty/scan.json is in empty"),
        (&["--evidence", "empty", "--output", "json=empty/r.json"], "empty/r.json is in empty"),
        (&["--evidence", "new", "--screenshots", "new/pictures"], "new/pictures is in new"),
        (&["--evidence", "new", "--har", "./new"], "./new is in new"),
        (&["--pictures-of-members"], "--evidence <DIR>"),
    ] {
        let start = ["audit", &url(&site), "-q"];
        let ended = run(folder.path(), &[&start[..], args].concat()).code(2);
        assert!(ended.stderr.contains(why), "{args:?}: {}", ended.stderr);
        assert_eq!(names(folder.path()), before, "{args:?}");
    }
    let ended = run(folder.path(), &["audit", "--from", "ev/scan.json", "-q", "--evidence", "ev"]).code(2);
    assert!(ended.stderr.contains("never written over"), "{}", ended.stderr);
    assert_eq!(site.asked().len(), 0);
    // An empty folder makes room.
    run(folder.path(), &["audit", "--from", "ev/scan.json", "-q", "--evidence", "empty"]).code(1);
    assert_eq!(names(&folder.path().join("empty")), FILES);
}

#[test]
fn a_full_disk_takes_only_the_evidence() {
    let folder = with_evidence();
    let binary = env!("CARGO_BIN_EXE_cookieproof");
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec '{binary}' audit --from ev/scan.json -q --evidence new --output r.txt"
    );
    let ended =
        Command::new("sh").args(["-c", &script]).current_dir(folder.path()).env_clear().output().unwrap();
    let (out, told) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(2), "{told}");
    assert!(out.contains("error[lifetime]"), "the answer is there: {out}");
    assert!(told.contains("cannot write new/scan.json: File too large"), "{told}");
    assert!(told.contains("cookieproof audit --from ev/scan.json --evidence new"), "{told}");
    assert!(!names(folder.path()).iter().any(|name| name.contains("evidence") || name == "new"));
    run(folder.path(), &["report", "--verify", "ev"]).code(0);
}

/// The scan of an evidence folder, with pictures beside it as a browser would have taken them.
fn with_pictures(folder: &Path) {
    let mut scan = json(&folder.join("ev/scan.json"));
    let cell = scan["coverage"]["pages"][0]["cell"].clone();
    let mut member = scan["coverage"]["personas"][0].clone();
    member["name"] = json!("member");
    member["visitor"]["logged-in"] = json!(true);
    scan["coverage"]["personas"].as_array_mut().unwrap().push(member);
    let page = scan["run"]["base_url"].clone();
    let picture = |persona: &str, file: &str| {
        let mut cell = cell.clone();
        cell["persona"] = json!(persona);
        json!({"cell": cell, "page": page, "file": file})
    };
    scan["pictures"] = json!([
        picture("anonymous", "shots/001-start.png"),
        picture("member", "shots/002-account.png"),
        picture("nobody-knows", "shots/003-x.png"),
        picture("anonymous", "shots/gone.png"),
        picture("anonymous", "shots/notes.txt"),
        picture("anonymous", "/etc/hostname"),
        picture("anonymous", "../outside.png"),
    ]);
    put(folder, "scan.json", scan.to_string());
    fs::create_dir(folder.join("shots")).unwrap();
    for name in ["001-start", "002-account", "003-x"] {
        put(folder, &format!("shots/{name}.png"), PNG);
    }
    put(folder, "shots/notes.txt", "a note");
}

#[test]
fn pictures_of_members_come_only_on_request() {
    let folder = with_evidence();
    with_pictures(folder.path());
    for (more, kept, of_members) in [
        (&[][..], &["001-start.png"][..], 2),
        (&["--pictures-of-members"], &["001-start.png", "002-account.png", "003-x.png"], 0),
    ] {
        let dir = format!("with-{of_members}");
        let args = ["audit", "--from", "scan.json", "-q", "--evidence", &dir];
        let ended = run(folder.path(), &[&args[..], more].concat()).code(1);
        let at = |name: &str| folder.path().join(&dir).join(name);
        assert_eq!(names(&at("pictures")), kept);
        assert_eq!(fs::read(at("pictures/001-start.png")).unwrap(), PNG);
        let told = &json(&at("evidence.json"))["pictures"];
        assert_eq!((&told["kept"], &told["of_members"]), (&json!(kept.len()), &json!(of_members)));
        assert_eq!(told["missing"].as_array().unwrap().len(), 4, "{told}");
        assert!(ended.stderr.contains("gone.png: entity not found"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hostname: it does not lie beside the scan"), "{}", ended.stderr);
        // Scan and reports name them as they lie in the folder.
        let files: Vec<String> = json(&at("scan.json"))["pictures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|picture| picture["file"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = kept.iter().map(|name| format!("pictures/{name}")).collect();
        assert_eq!(files, expected);
        let page = fs::read_to_string(at("report.html")).unwrap();
        assert!(page.contains("data:image/png;base64,iVBORw0KGgp"), "{dir}");
        run(folder.path(), &["report", "--verify", &dir]).code(0);
    }
}

const SECRETS: [&str; 5] = [
    "s3ss10n-0f-ann-4711",
    "hunter2-the-password",
    "t0ken-in-a-link-99",
    "t0ken-in-a-header-77",
    "pr3view-s3cret",
];

fn shop(asked: &Asked) -> Answer {
    let [session, password, link, header, _] = SECRETS;
    let member = asked.cookie("sid").as_deref() == Some(session);
    match asked.route().as_str() {
        "GET /" => page(
            &format!("Set-Cookie: ref={link}; Path=/\r\nX-Csrf: {header}\r\nETag: \"{session}\"\r\n"),
            "<a href=/go>go</a> <a href=/login>in</a>",
        ),
        "GET /login" => html(
            "<form method=post><input name=email><input type=password name=password><button>In</button></form>",
        ),
        // It echoes what it was told in a header that is shown.
        "POST /login" => to(
            &format!("/account?token={link}"),
            &format!("Set-Cookie: sid={session}; Path=/; Max-Age=99999999\r\nServer: shop {password}\r\n"),
        ),
        path if path.starts_with("GET /go") => {
            to(&format!("/?code={link}"), &format!("Set-Cookie: went={link}; Path=/\r\n"))
        }
        path if path.starts_with("GET /account") && member => html("<p id=user>ann</p>"),
        path if path.starts_with("GET /account") => to("/login", ""),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

#[test]
fn nothing_secret_is_in_the_folder() {
    let (folder, site) = (tempfile::tempdir().unwrap(), Hostile::http(shop));
    let manifest = "[claims]\nadvertising = \"none\"\n[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\n\
                    [[cookies]]\nname = \"went\"\nlifetime = \"1h\"\n[[cookies]]\nname = \"ref\"\nlifetime = \"1h\"\n";
    put(folder.path(), "cookies.toml", manifest);
    let plan = format!(
        "[targets.shop]\nurl = \"{}\"\n[limits]\nrate = \"unlimited\"\n[http]\nheaders = {{ X-Preview = \"{}\" }}\n\
         [personas.member]\nlogged_in_when = {{ url = \"/account\", selector = \"#user\" }}\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"ann@example.test\", \
         password = \"${{env:PASSWORD}}\" }} }} }}]\n",
        url(&site),
        SECRETS[4],
    );
    put(folder.path(), "cookieproof.toml", plan);
    let args = ["audit", "-v", "--evidence", "ev", "--save-scan", "scan.json"];
    let ended = Cookieproof::new(args).within(folder.path()).env("PASSWORD", SECRETS[1]).run().code(1);
    let heads = fs::read_to_string(folder.path().join("ev/heads.txt")).unwrap();
    assert!(heads.contains("server: shop \u{2039}masked\u{203a}"), "{heads}");
    assert!(heads.contains("?code=\u{2039}masked\u{203a}"), "{heads}");
    assert!(heads.contains("went=") && heads.contains("ref="), "{heads}");
    let mut looked_into = 0;
    for name in names(&folder.path().join("ev")) {
        let text = fs::read_to_string(folder.path().join("ev").join(&name)).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{name} holds {secret}");
        }
        looked_into += 1;
    }
    assert_eq!(looked_into, 7);
    for secret in SECRETS {
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(secret), "{secret}");
    }
    assert!(ended.stderr.contains("evidence: ev, 7 files; the SHA-256 of its list is "), "{}", ended.stderr);
}

#[test]
fn each_of_many_sites_has_a_folder_of_its_own() {
    let (folder, site) = (tempfile::tempdir().unwrap(), small_site());
    put(folder.path(), "cookies.toml", MANIFEST);
    let entry =
        |name: &str| format!("[sites.{name}]\nurl = \"{}\"\nmanifest = \"cookies.toml\"\n", url(&site));
    put(folder.path(), "sites.toml", entry("one") + &entry("two"));
    let args = ["audit", "--sites", "sites.toml", "-q", "--rate", "0", "--evidence"];
    let ended = run(folder.path(), &[&args[..], &["ev"]].concat()).code(2);
    assert!(ended.stderr.contains("put `{site}` into the path"), "{}", ended.stderr);
    run(folder.path(), &[&args[..], &["ev/{site}"]].concat()).code(1);
    assert_eq!(names(&folder.path().join("ev")), ["one", "two"]);
    for dir in ["ev/one", "ev/two"] {
        run(folder.path(), &["report", "--verify", dir]).code(0);
    }
}
