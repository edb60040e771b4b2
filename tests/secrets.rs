//! Secrets planted wherever a run meets them, and all of its output searched for them.

use super::support::command::Cookieproof;
use super::support::hostile::{Answer, Hostile};
use super::support::look::{look_with, plan};
use cookieproof::run::{Stop, run};

const PASSWORD: &str = "pl4nted-P&ssword/1";
const HEADER: &str = "pl4nted-h34der-v4lue";
const CSRF: &str = "pl4nted0csrf0t0ken0in0a0f0rm";
const SESSION: &str = "pl4nted0s3ssion0c00kie0v4lue";
const URL_TOKEN: &str = "pl4nted0t0ken0in0an0addr3ss";
const JSON: &str = "pl4nted0t0ken0in0js0n";
const CODE_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const CHOICE: &str = "pl4nted0choice0identifier0123";

/// Every secret, as it is and as it may be encoded.
fn planted() -> Vec<String> {
    let plain = [PASSWORD, HEADER, CSRF, SESSION, URL_TOKEN, JSON, CODE_SECRET, CHOICE];
    let encoded = url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect::<String>();
    plain.iter().map(|secret| (*secret).to_owned()).chain([encoded, PASSWORD.replace('&', "&amp;")]).collect()
}

/// An application that says everything it was told back, in pages, titles, errors, URLs, headers
/// and cookies.
fn parrot() -> Hostile {
    Hostile::http(|asked| {
        let said = format!(
            "<title>{body} {header}</title><p>{body}</p><p>{header}</p><p>{cookie}</p>",
            body = String::from_utf8_lossy(&asked.body),
            header = asked.header("x-api-key").unwrap_or_default(),
            cookie = asked.header("cookie").unwrap_or_default(),
        );
        let form = format!(
            "<form method=post><input type=hidden name=csrf value={CSRF}><input name=email>\
             <input type=password name=password></form>"
        );
        let session = format!("Set-Cookie: sid={SESSION}; Path=/\r\nX-Echo: {HEADER}\r\n");
        match asked.route().as_str() {
            "GET /login" => Answer::page("", &format!("{said}{form}")),
            "POST /login" => Answer::redirect("303 See Other", &format!("/code?token={URL_TOKEN}"), &session),
            "GET /code" => {
                Answer::page("", &format!("{said}<form method=post action=/code><input name=code></form>"))
            }
            "POST /code" => Answer::redirect("303 See Other", &format!("/account?token={URL_TOKEN}"), ""),
            "POST /api" => Answer::status(
                "200 OK",
                "Content-Type: application/json\r\n",
                &format!("{{\"token\":\"{JSON}\"}}"),
            ),
            "GET /account" => Answer::page(
                &session,
                &format!(
                    "{said}<p id=user>ann</p><a href='/broken?token={URL_TOKEN}&sid={SESSION}'>{SESSION}</a>\
                     <a href='/of/{SESSION}/page'>mine</a>"
                ),
            ),
            // Some keep the session's id in addresses, and so in the paths of cookies.
            route if route == format!("GET /of/{SESSION}/page") => Answer::page(
                &format!("Set-Cookie: in-folder=1\r\nSet-Cookie: in-path=1; Path=/of/{SESSION}/\r\n"),
                &said,
            ),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", &said),
        }
    })
}

const PLAN: &str = r##"
[http]
headers = { X-Api-Key = "${env:API_KEY}" }

[[consent]]
state = "accepted"
cookie = "choice=${env:CHOICE}"

[personas.member]
login = [
  { open = "/login" },
  { submit = { fields = { email = "ann@example.test", password = "${env:PASSWORD}" } } },
  { totp = { secret = "${env:CODE}", field = "code" } },
  { request = { url = "/api", json = { password = "${env:PASSWORD}" } } },
  { bearer = "${json:/token}" },
]
logged_in_when = { url = "/account", selector = "#user" }
logout = [{ open = "/account?password=pl4nted-in-the-plan" }]

[personas.unlucky]
login = [
  { open = "/login" },
  { submit = { fields = { email = "ann@example.test", password = "${env:PASSWORD}" } } },
  { request = { url = "/gone", json = { password = "${env:PASSWORD}", token = "${env:API_KEY}" } } },
]
logged_in_when = { url = "/account", selector = "#user" }
"##;

#[test]
fn no_secret_is_in_any_output() {
    let app = parrot();
    let folder = tempfile::tempdir().unwrap();
    let plan = format!("manifest = \"cookies.toml\"\n{PLAN}\n[targets.app]\nurl = \"{}\"\n", app.url("/"));
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let manifest = "[site]\nname = \"App\"\n[[cookies]]\nname = \"sid\"\nvisitors = [\"logged-in\"]\nlifetime = \"1h\"\n";
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let run = |args: &[&str]| {
        Cookieproof::new(args)
            .within(folder.path())
            .env("PASSWORD", PASSWORD)
            .env("API_KEY", HEADER)
            .env("CODE", CODE_SECRET)
            .env("CHOICE", CHOICE)
            .run()
    };
    let audit = ["audit", "cookieproof.toml", "-vvv", "--save-scan", "scan.json"];
    let mut outputs = Vec::new();
    for args in [&audit[..], &["audit", "--from", "scan.json", "cookieproof.toml", "--format", "json"]] {
        let ended = run(args);
        assert_ne!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
        assert_ne!(ended.code, None);
        outputs.extend([ended.stdout, ended.stderr]);
    }
    outputs.push(run(&["report", "scan.json", "--format", "markdown"]).stdout);
    let saved = std::fs::read_to_string(folder.path().join("scan.json")).unwrap();
    assert!(saved.contains("\"unlucky\"") && saved.contains("/account"), "{saved}");
    assert!(saved.contains("in-folder") && saved.contains("in-path"), "{saved}");
    outputs.push(saved);
    for output in &outputs {
        for secret in planted() {
            assert!(!output.contains(&secret), "{secret} is in\n{output}");
        }
    }
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_saw_and_says_so() {
    let stop = Stop::default();
    let bell = stop.clone();
    let app = Hostile::http(move |asked| {
        let number: u32 = asked.target.trim_start_matches("/p").parse().unwrap_or(0);
        if number == 5 {
            bell.stop();
            std::thread::sleep(std::time::Duration::from_secs(20));
        }
        Answer::page("Set-Cookie: seen=1\r\n", &format!("<a href=/p{}>next</a>", number + 1))
    });
    let plan = plan(&app, "[pages]\nsitemaps = false");
    let began = std::time::Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scan = runtime.block_on(run(&plan, &plan.targets[0], None, &(), &stop)).unwrap();
    assert!(began.elapsed().as_secs() < 10, "visits under way are dropped");
    assert_eq!(scan.run.partial.as_deref(), Some("interrupted"));
    assert_eq!(scan.observations.len(), 1);
}

#[test]
fn a_run_ends_when_its_time_is_up() {
    let app = Hostile::http(|asked| {
        std::thread::sleep(std::time::Duration::from_millis(40));
        let number: u32 = asked.target.trim_start_matches("/p").parse().unwrap_or(0);
        Answer::page("", &format!("<a href=/p{}>next</a> <a href=/p{}>more</a>", number + 1, number + 1000))
    });
    let plan = plan(
        &app,
        "[pages]\nsitemaps = false\n[limits]\ntotal_time = \"500ms\"\nper_shape = 1000\ndepth = 1000",
    );
    let seen = look_with(&plan, None);
    assert_eq!(seen.scan.run.partial.as_deref(), Some("the limit of 500ms for the whole run was reached"));
    assert!(!seen.scan.coverage.pages.is_empty());
}

/// A site that keeps what belongs to a session, or to somebody, under that one's name.
fn namer() -> Hostile {
    const OWN: &str = "Path=/; Max-Age=3600";
    Hostile::http(|asked| match asked.route().as_str() {
        "GET /login" => Answer::page(
            "",
            "<form method=post><input name=email><input name=user><input type=password name=password></form>",
        ),
        "POST /login" => {
            let names = [
                format!("copy.{SESSION}"),
                "cart-ann%40example.test".to_owned(),
                "u_Pl4nted77".to_owned(),
                "latest_pl4nted".to_owned(),
            ];
            let lines = names.map(|name| format!("Set-Cookie: {name}=1; {OWN}\r\n")).concat();
            Answer::redirect(
                "303 See Other",
                "/account",
                &format!("Set-Cookie: sid={SESSION}; {OWN}\r\n{lines}"),
            )
        }
        "GET /account" if asked.cookie("sid").is_some() => {
            Answer::page(&format!("Set-Cookie: seen.{SESSION}=1; {OWN}\r\n"), "<p id=user>you</p>")
        }
        "GET /" => Answer::page("Set-Cookie: _ga_ABC123XYZ=1; Path=/\r\n", "<a href=/account>Account</a>"),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
    })
}

#[test]
fn what_is_secret_or_somebodys_is_masked_in_names_and_they_are_meant_as_before() {
    let app = namer();
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "manifest = \"cookies.toml\"\n[targets.app]\nurl = \"{}\"\n[personas.member]\nlogin = [{{ open = \"/login\" }}, \
         {{ submit = {{ fields = {{ email = \"ann@example.test\", user = \"pl4nted77\", password = \"{PASSWORD}\" }} }} }}]\n\
         logged_in_when = {{ url = \"/account\", selector = \"#user\" }}\n",
        app.url("/")
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let manifest = "[site]\nname = \"App\"\n[[cookies]]\nname = \"sid\"\n[[cookies]]\nname = \"copy.*\"\nlifetime = \"1h\"\n\
                    required_for = [\"account\"]\n[[cookies]]\nid = \"user\"\nname = { regex = \"u_[a-zA-Z0-9]+\" }\n\
                    lifetime = \"1h\"\n[[cookies]]\nname = \"_ga_ABC123XYZ\"\n[pages]\naccount = [\"/account\"]\n\
                    [claims]\ninventory = \"complete\"\n";
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let run = |args: &[&str]| Cookieproof::new(args).within(folder.path()).run();
    let mut outputs = Vec::new();
    let mut say = |args: &[&str]| {
        let ended = run(args);
        outputs.extend([ended.stdout.clone(), ended.stderr.clone()]);
        ended
    };
    say(&["audit", "-vvv", "--save-scan", "scan.json", "--history", "audits.db", "--evidence", "evidence"])
        .code(1);
    let report = say(&["audit", "--from", "scan.json", "--format", "json", "-q"]).json();
    for format in ["html", "csv", "sarif"] {
        say(&["report", "scan.json", "--format", format]);
    }
    say(&["history", "audits.db"]);
    for file in ["scan.json", "evidence/heads.txt", "evidence/report.html"] {
        outputs.push(std::fs::read_to_string(folder.path().join(file)).unwrap());
    }
    outputs
        .push(String::from_utf8_lossy(&std::fs::read(folder.path().join("audits.db")).unwrap()).into_owned());
    for output in &outputs {
        for secret in [SESSION, "ann@example", "ann%40example", "l4nted77"] {
            assert!(!output.contains(secret), "{secret} is in\n{output}");
        }
    }
    let verdict = |claim: &str| {
        let all = report["verdicts"].as_array().unwrap();
        all.iter().find(|one| one["claim"] == claim).map(|one| one["verdict"].as_str().unwrap().to_owned())
    };
    // The declared ones are known under their patterns; what is left is not declared.
    assert_eq!(verdict("cookies.copy.*.lifetime").as_deref(), Some("upheld"), "{report:#}");
    assert_eq!(verdict("cookies.user.lifetime").as_deref(), Some("upheld"), "{report:#}");
    let subjects: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "undeclared-cookie")
        .map(|finding| finding["message"].as_str().unwrap())
        .collect();
    let named = |name: &str| subjects.iter().any(|subject| subject.contains(&format!("`{name}`")));
    assert!(
        subjects.len() == 3 && named("cart-*") && named("seen.*") && named("latest_pl4nted"),
        "{subjects:?}"
    );
}
