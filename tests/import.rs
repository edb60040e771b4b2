//! `cookieproof import` and `cookieproof policy`: the published text as data, and back.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Hostile};
use crate::support::small_site::url;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with one file in it.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn import(path: &Path, more: &[&str]) -> Ended {
    Cookieproof::new(["import", path.to_str().unwrap()].iter().chain(more)).run()
}

fn resolved(name: &str, content: impl AsRef<[u8]>) -> Value {
    let (_folder, path) = file(name, content);
    let ended = import(&path, &["--resolved"]).code(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Name, lifetime in seconds, whether of a session, category: one line an entry.
fn told(resolved: &Value) -> Vec<String> {
    ["cookies", "storage"]
        .iter()
        .flat_map(|list| resolved[*list].as_array().unwrap())
        .filter(|entry| entry["match"] != "label")
        .map(|entry| {
            let names: Vec<&str> =
                entry["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            format!(
                "{} {} {} {}",
                names.join("+"),
                entry["max_age_s"],
                entry["session"],
                entry["category"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

const EXPECTED: [&str; 2] =
    ["shop_sid null true strictly-necessary", "visit_count 604800 false strictly-necessary"];

#[test]
fn the_same_table_is_read_in_every_form_it_is_published_in() {
    let forms = [
        (
            "pipes.md",
            "## Strictly necessary cookies\n\n| Name | Purpose | Duration |\n|---|---|---|\n| `shop_sid` | Keeps the basket | Session |\n| visit\\_count | Counts visits | 7 days |\n",
        ),
        (
            "bare.md",
            "## Strictly necessary cookies\n\nName | Purpose | Duration\n--- | --- | ---\nshop_sid | Keeps the basket | Session\nvisit_count | Counts visits | 7 days\n",
        ),
        (
            "trailing.md",
            "## Strictly necessary cookies\n\nName | Purpose | Duration |\n--- | --- | --- |\nshop_sid | Keeps the basket | Session |\nvisit_count | Counts visits | 7 days |\n",
        ),
        (
            "cells.txt",
            "Strictly necessary cookies\n\nName |\nPurpose |\nDuration |\nshop_sid |\nKeeps the basket |\nSession |\nvisit_count |\nCounts visits |\n7 days |\n",
        ),
        (
            "stacked.txt",
            "Strictly necessary cookies\n\nName\nPurpose\nDuration\nshop_sid\nKeeps the basket\nSession\nvisit_count\nCounts visits\n7 days\n",
        ),
        (
            "glued.txt",
            "2.1Strictly necessary cookies\n\nCookie namePurposeDuration\nshop_sidKeeps the basketSession\nvisit_countCounts visits7 days\n\nContact\n\nWrite to us.\n",
        ),
        (
            "spaced.txt",
            "Strictly necessary cookies\n\nCookie Purpose Duration\nshop_sid Keeps the basket Session\nvisit_count Counts visits 7 days\n",
        ),
        (
            "tabs.txt",
            "Strictly necessary cookies\n\nName\tPurpose\tDuration\nshop_sid\tKeeps the basket\tSession\nvisit_count\tCounts visits\t7 days\n",
        ),
        (
            "records.txt",
            "Strictly necessary cookies\n\nName: shop_sid\nPurpose: Keeps the basket\nExpires in: session\n\nName: visit_count\nPurpose: Counts visits\nExpires in: 7 days\n",
        ),
        (
            "line.txt",
            "Strictly necessary cookies\n\nName: shop_sid Purpose: Keeps the basket. Duration: Session\nName: visit_count Purpose: Counts visits. Duration: 7 days\n",
        ),
        (
            "bullets.md",
            "## Strictly necessary cookies\n\n- shop_sid, keeps the basket (essential, session)\n- visit_count, counts visits (essential, 7 days)\n",
        ),
        (
            "bold.md",
            "## Strictly necessary cookies\n\n1. **shop_sid** (session) – keeps the basket\n2. **visit_count** (expires after 7 days) – counts visits\n",
        ),
        (
            "pairs.txt",
            "Strictly necessary cookies\n\n- shop_sid\n- Keeps the basket until the browser is closed. Session.\n- visit_count\n- Counts visits. Expires after 7 days.\n",
        ),
        (
            "inline.txt",
            "Strictly necessary cookies\n\nThese are: shop_sid (session), visit_count (7 days).\n",
        ),
        (
            "repeated.md",
            "## Strictly necessary cookies\n\n| Name | Duration |\n|---|---|\n| Name<br><br>shop_sid | Duration<br><br>Session |\n| Name<br><br>visit_count | Duration<br><br>7 days |\n",
        ),
        (
            "table.html",
            "<!doctype html><h2>Strictly necessary cookies</h2><table><tr><th>Name</th><th>Duration</th></tr><tr><td><code>shop_sid</code></td><td>Session</td></tr><tr><td>visit_count</td><td>7&nbsp;days</td></tr></table>",
        ),
        (
            "terms.html",
            "<!doctype html><h2>Strictly necessary cookies</h2><dl><dt>shop_sid</dt><dd>Keeps the basket. Session.</dd><dt>visit_count</dt><dd>Counts visits, expires after 7 days.</dd></dl>",
        ),
        (
            "termly.html",
            "<!doctype html><h2>Essential website cookies:</h2><table><tr><td>Name:</td><td>shop_sid</td></tr><tr><td>Purpose:</td><td>Basket</td></tr><tr><td>Expires in:</td><td>session</td></tr></table><table><tr><td>Name:</td><td>visit_count</td></tr><tr><td>Purpose:</td><td>Visits</td></tr><tr><td>Expires in:</td><td>7 days</td></tr></table>",
        ),
        (
            "cookiebot.html",
            "<!doctype html><h3>Necessary (2)</h3><table><thead><tr><th>Name</th><th>Provider</th><th>Purpose</th><th>Maximum Storage Duration</th><th>Type</th></tr></thead><tr><td>shop_sid</td><td>shop.test</td><td>Basket</td><td>Session</td><td>HTTP Cookie</td></tr><tr><td>visit_count</td><td>shop.test</td><td>Visits</td><td>7 days</td><td>HTTP Cookie</td></tr></table>",
        ),
        (
            "onetrust.json",
            r#"{"Groups":[{"GroupName":"Strictly Necessary Cookies","FirstPartyCookies":[{"Name":"shop_sid","Host":"shop.test","IsSession":true,"Length":"0","description":"Basket"},{"Name":"visit_count","Host":"shop.test","IsSession":false,"Length":"7","description":"Visits"}]}]}"#,
        ),
        (
            "cookiebot.js",
            "CookieConsentDialog.cookieTableNecessary = [['shop_sid','shop.test','Basket','Session','HTTP','1','',''],['visit_count','shop.test','Visits','7 days','HTTP','1','','']];\nCookieConsentDialog.cookieTableStatistics = [];\n",
        ),
        (
            "cookieyes.html",
            "<!doctype html><h3>Necessary</h3><ul class=\"cky-cookie-des-table\"><li><div>Cookie</div><div>shop_sid</div></li><li><div>Duration</div><div>session</div></li></ul><ul class=\"cky-cookie-des-table\"><li><div>Cookie</div><div>visit_count</div></li><li><div>Duration</div><div>7 days</div></li></ul>",
        ),
        (
            "onetrust.csv",
            "Cookie Name,Host,Category,Is Session,Length,Third Party\nshop_sid,shop.test,Strictly Necessary Cookies,TRUE,0,FALSE\nvisit_count,shop.test,Strictly Necessary Cookies,FALSE,7,FALSE\n",
        ),
        (
            "termly.json",
            r#"{"cookies":{"essential":[{"name":"shop_sid","category":"essential","en_us":"Basket","expire":"session","tracker_type":"server_cookie"},{"name":"visit_count","category":"essential","en_us":"Visits","expire":"7 days","tracker_type":"http_cookie"}]}}"#,
        ),
        (
            "database.csv",
            "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Wildcard match\n1,Shop,Strictly necessary,shop_sid,,Basket,session,0\n2,Shop,Strictly necessary,visit_count,,Visits,7 days,0\n",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, text) in forms {
        let told = told(&resolved(name, text));
        if told != EXPECTED {
            wrong.push(format!("{name}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn headings_and_lifetimes_are_read_in_five_languages() {
    for (name, text) in [
        (
            "de.md",
            "## Unbedingt erforderliche Cookies\n\n| Name | Zweck | Speicherdauer |\n|---|---|---|\n| shop_sid | Warenkorb | Sitzung |\n| visit_count | Besuche | 7 Tage |\n",
        ),
        (
            "fr.md",
            "## Cookies strictement nécessaires\n\n| Nom du cookie | Finalité | Durée de conservation (jours) |\n|---|---|---|\n| shop_sid | Panier | Session |\n| visit_count | Visites | 7 |\n",
        ),
        (
            "es.md",
            "## Cookies técnicas\n\n| Nombre | Finalidad | Caducidad |\n|---|---|---|\n| shop_sid | Cesta | Fin de la sesión |\n| visit_count | Visitas | una semana |\n",
        ),
        (
            "nl.md",
            "## Noodzakelijke cookies\n\n| Naam | Doel | Bewaartermijn |\n|---|---|---|\n| shop_sid | Winkelmand | Sessie |\n| visit_count | Bezoeken | 1 week |\n",
        ),
    ] {
        assert_eq!(told(&resolved(name, text)), EXPECTED, "{name}");
    }
}

#[test]
fn what_declares_nothing_imports_nothing() {
    for (name, text) in [
        (
            "definitions.md",
            "# Cookie policy\n\n## What are cookies?\n\n- Session cookies: deleted when you close your browser.\n- Persistent cookies: remain for up to 1 year.\n\nWe do not use advertising cookies (e.g., Google Analytics).\n",
        ),
        (
            "template.md",
            "# Cookies\n\n| Name | Purpose | Duration |\n|---|---|---|\n| [Name of the cookie] | [What it is for] | [Duration] |\n",
        ),
        (
            "partners.md",
            "# Partners\n\n| Partner | Privacy policy |\n|---|---|\n| Example Ads | https://ads.test/privacy |\n| Other | https://other.test |\n",
        ),
        (
            "browsers.txt",
            "Managing cookies\n\n• Chrome: Settings > Privacy > Cookies\n• Firefox: Options > Privacy\n",
        ),
        (
            "categories.md",
            "| Category of cookies | Why we use them |\n|---|---|\n| Required | These make login, language, and location work. |\n| Advertising | These show ads. |\n",
        ),
    ] {
        assert_eq!(told(&resolved(name, text)), Vec::<String>::new(), "{name}");
    }
    let (_folder, path) = file("none.md", "# Cookies\n\nWe do not use any cookies on this website.\n");
    let ended = import(&path, &[]).code(0);
    assert!(ended.stderr.contains("declares no cookies"), "{}", ended.stderr);
}

#[test]
fn sentences_become_claims_with_their_source() {
    let text = "Cookie policy\n\nLast updated: 3 May 2026\n\nWe use only strictly necessary cookies on shop.test. We set no advertising cookies and no third-party tracking cookies. The table below lists every cookie set on shop.test.\n\nCookie namePurposeDuration\nshop_sidKeeps you logged in. This cookie is HttpOnly.Up to 7 days; refreshed on activity\n\nNo cookies are set on our blog pages for visitors who are not logged in.\n\nNo consent banner is required.\n\nWe will revise the \"Last updated\" date when something changes.\n";
    let (folder, path) = file("policy.txt", text);
    let manifest = folder.path().join("cookies.toml");
    import(&path, &["-o", manifest.to_str().unwrap()]).code(0);
    let written = fs::read_to_string(&manifest).unwrap();
    for line in [
        "last_updated = 2026-05-03",
        "lifetime = { max = \"7 days\" }",
        "rolling = true",
        "http_only = true",
        "inventory = { is = \"complete\", source = \"The table below lists every cookie set on shop.test.\" }",
        "categories = { is = [\"strictly-necessary\"], source = \"We use only strictly necessary cookies on shop.test.\" }",
        "advertising = { is = \"none\"",
        "tracking = { is = \"none\", third_party_only = true",
        "no_cookies = [{ visitors = [\"anonymous\"], pages = [\"blog\"]",
        "consent_banner = { is = \"none\"",
        "date_follows_inventory = { is = true",
        "# review: which pages are \"blog\"?",
    ] {
        assert!(written.contains(line), "{line}\n{written}");
    }
    Cookieproof::new(["check", "cookies.toml"]).within(folder.path()).run().code(0);
    // What is there already stays.
    let again = import(&path, &["-o", manifest.to_str().unwrap()]).code(2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn what_is_no_policy_is_refused_with_what_to_do() {
    for (name, bytes, message, hint) in [
        ("policy.pdf", b"%PDF-1.7\n1 0 obj".to_vec(), "this is a PDF, not a text", "pdftotext"),
        ("empty.html", b"  \n".to_vec(), "it is empty", "as it shows in a browser"),
        ("huge.html", vec![b'a'; 50 << 20], "larger than 16 MiB", "the page alone"),
        (
            "login.html",
            b"<!doctype html><form><input name=u></form><p>Sign in</p><input type=password>".to_vec(),
            "asks for a password",
            "logged in",
        ),
        ("other.json", br#"{"a": [1, 2]}"#.to_vec(), "not the JSON or CSV of any declaration", "TCF"),
    ] {
        let (_folder, path) = file(name, bytes);
        let ended = import(&path, &[]).code(2);
        assert!(ended.stderr.contains(message) && ended.stderr.contains(hint), "{name}: {}", ended.stderr);
    }
    let (_folder, path) = file(
        "script.html",
        "<!doctype html><h1>Cookies</h1><p>We use cookies.</p><script id=CookieDeclaration src=x></script>",
    );
    let ended = import(&path, &[]).code(0);
    assert!(ended.stderr.contains("written by a script (Cookiebot)"), "{}", ended.stderr);
}

#[test]
fn other_encodings_and_long_tables_are_read() {
    let table = "| Nom | Durée |\n|---|---|\n| panier_id | Durée de la session |\n";
    let latin: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(told(&resolved("latin.md", latin)), ["panier_id null true -"]);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(told(&resolved("wide.md", wide)), ["panier_id null true -"]);
    let rows: String =
        (0..4_000).map(|number| format!("| cookie_{number} | Something | {} days |\n", number + 1)).collect();
    let long = resolved("long.md", format!("| Name | Purpose | Duration |\n|---|---|---|\n{rows}"));
    assert_eq!(long["cookies"].as_array().unwrap().len(), 4_000);
}

#[test]
fn a_manifest_is_published_and_imported_again() {
    let manifest = "[site]\nlast_updated = 2026-04-16\n[[cookies]]\nname = \"shop_sid\"\ncategory = \"strictly-necessary\"\nlifetime = \"session\"\n[[cookies]]\nname = \"visit_count\"\ncategory = \"strictly-necessary\"\nlifetime = \"7 days\"\n";
    let (folder, _) = file("cookies.toml", manifest);
    for language in ["en", "de", "fr", "es", "nl"] {
        for format in ["markdown", "html"] {
            let written =
                Cookieproof::new(["policy", "cookies.toml", "--language", language, "--format", format])
                    .within(folder.path())
                    .run()
                    .code(0);
            assert_eq!(
                told(&resolved("policy", &written.stdout)),
                EXPECTED,
                "{language} {format}: {}",
                written.stdout
            );
        }
    }
    let tcf =
        Cookieproof::new(["policy", "cookies.toml", "--format", "tcf"]).within(folder.path()).run().code(0);
    let tcf: Value = serde_json::from_str(&tcf.stdout).unwrap();
    assert_eq!(tcf["disclosures"][1]["maxAgeSeconds"], 604_800);
    let chinese = Cookieproof::new(["policy", "cookies.toml", "--language", "zh-hant"])
        .within(folder.path())
        .run()
        .code(0);
    assert!(chinese.stdout.contains("7 天"), "{}", chinese.stdout);
}

/// The founding documents, where they are given.
fn founding() -> Option<PathBuf> {
    let shared = std::env::var_os("COOKIEPROOF_SHARED")?;
    Some(PathBuf::from(shared).join("policies/founding"))
}

#[test]
fn the_founding_documents_import_to_their_truth() {
    let Some(folder) = founding() else {
        println!("not given: 0 cases");
        return;
    };
    for name in ["kropee-markdown", "kropee-flattened", "katror", "prokken", "dpokit"] {
        let truth: Value =
            serde_json::from_str(&fs::read_to_string(folder.join(format!("{name}.truth.json"))).unwrap())
                .unwrap();
        let ended = import(&folder.join(format!("{name}.txt")), &["--resolved"]).code(0);
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        let fields = |entry: &Value, https: &str| {
            let same_site = entry["same_site"].as_str().map(str::to_lowercase);
            format!(
                "{} {} {} {} {} {} {} {:?} {} {}",
                entry["names"],
                entry[https],
                entry["category"],
                entry["max_age_s"],
                entry["session"],
                entry["rolling"],
                entry["http_only"],
                same_site,
                entry["path"],
                entry["party"]
            )
        };
        let want: Vec<String> = truth["cookies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| fields(entry, "name_over_https"))
            .collect();
        let got: Vec<String> =
            found["cookies"].as_array().unwrap().iter().map(|entry| fields(entry, "https_names")).collect();
        assert_eq!(got, want, "{name}");
        assert_eq!(found["last_updated"], truth["last_updated"], "{name}");
        assert_eq!(found["site"], truth["site"], "{name}");
    }
}

const POLICY: &str = "<!doctype html><h1>Cookie policy</h1><p>The table lists every cookie that we set on this website.</p>\
    <h2>Strictly necessary cookies</h2><table><tr><th>Name</th><th>Purpose</th><th>Duration</th></tr>\
    <tr><td>shop_sid</td><td>Keeps the basket.</td><td>Session</td></tr></table>";

#[test]
fn a_site_is_audited_against_its_published_policy() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => {
            Answer::page("Set-Cookie: shop_sid=1; Path=/; Max-Age=86400\r\n", "<a href=/cookies>Cookies</a>")
        }
        "/old" => Answer::status("301 Moved Permanently", "Location: /cookies\r\n", ""),
        "/cookies" => Answer::page("", POLICY),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let base = url(&site);
    let policy = format!("{}/old", base.trim_end_matches('/'));
    let imported = Cookieproof::new(["import", &policy, "--resolved"]).run().code(0);
    assert_eq!(
        told(&serde_json::from_str(&imported.stdout).unwrap()),
        ["shop_sid null true strictly-necessary"]
    );
    let ended =
        Cookieproof::new(["audit", &base, "--policy", &policy, "-q", "--rate", "0", "--format", "json"])
            .run()
            .code(1);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let finding =
        report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lifetime").unwrap();
    assert!(finding["message"].as_str().unwrap().contains("not the browser session"), "{finding}");
    let gone = Cookieproof::new(["import", &format!("{}/gone", base.trim_end_matches('/'))]).run().code(2);
    assert!(gone.stderr.contains("answers 404") && gone.stderr.contains("save the page"), "{}", gone.stderr);
}

#[test]
fn a_manifest_is_brought_up_to_its_policy_and_keeps_its_own_words() {
    const OWN: &str = "# Ours.\n[[cookies]]\nname = \"shop_sid\" # who\npurpose = \"Our words\"\nlifetime = \"1 day\" # long\n\n[claims]\nadvertising = \"none\"\n";
    let (folder, policy) = file("policy.html", POLICY);
    let manifest = folder.path().join("cookies.toml");
    fs::write(&manifest, OWN).unwrap();
    let update = |more: &[&str]| {
        let args = ["import", policy.to_str().unwrap(), "--update", manifest.to_str().unwrap()];
        Cookieproof::new(args.iter().chain(more)).run()
    };
    let expected = OWN
        .replace("\"1 day\" # long", "\"session\" # long")
        .replace("# who\n", "# who\ncategory = \"strictly-necessary\"\nparty = \"first\"\n");
    let printed = update(&["--output", "-"]).code(0);
    assert_eq!(printed.stdout, expected);
    assert_eq!(fs::read_to_string(&manifest).unwrap(), OWN);
    let ended = update(&[]).code(0);
    assert_eq!((ended.stdout.as_str(), fs::read_to_string(&manifest).unwrap()), ("", expected));
    let said = "cookies.shop_sid.lifetime: \"1 day\" is now \"session\" (line 5)";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(update(&[]).code(0).stderr.contains("nothing differs"));
    // A policy that declares nothing changes nothing.
    fs::write(&policy, "# Cookies\n\nWe use cookies.\n").unwrap();
    let before = fs::read_to_string(&manifest).unwrap();
    assert!(update(&[]).code(2).stderr.contains("nothing was changed"));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), before);
}

#[test]
fn a_cell_that_goes_over_several_rows_is_in_each_of_them() {
    let page = "<html lang=en><body><h1>Cookies</h1><table><thead><tr><th rowspan=2>Category</th>\
        <th rowspan=2>Cookie</th><th rowspan=2>Purpose</th><th colspan=2>Stored</th></tr>\
        <tr><th>Expires</th><th>Third party?</th></tr></thead><tbody>\
        <tr><td rowspan=3>Essential</td><td>__Host-session</td><td>Login</td><td>12 hours</td><td>No</td></tr>\
        <tr><td>__Host-csrf</td><td>CSRF</td><td rowspan=2>1 day</td><td>No</td></tr>\
        <tr><td>lb-affinity</td><td>Load balancing</td><td>No</td></tr>\
        <tr><td>Advertising</td><td>_ttp</td><td colspan=1>TikTok</td><td>13 months</td><td>Yes</td></tr>\
        <tr><td colspan=5>These are all.</td></tr>\
        <tr><td rowspan=0>Analytics</td><td>_ga</td><td>Counts</td><td>2 years</td><td>Yes</td></tr>\
        <tr><td>_gid</td><td>Counts</td><td>24 hours</td><td>Yes</td></tr></tbody></table></body></html>";
    let read = resolved("spans.html", page);
    assert_eq!(
        told(&read),
        [
            "__Host-session 43200 false strictly-necessary",
            "__Host-csrf 86400 false strictly-necessary",
            "lb-affinity 86400 false strictly-necessary",
            "_ttp 33696000 false advertising",
            "_ga 63072000 false analytics",
            "_gid 86400 false analytics",
        ]
    );
    let parties: Vec<&str> =
        read["cookies"].as_array().unwrap().iter().filter_map(|entry| entry["party"].as_str()).collect();
    assert_eq!(parties, ["first", "first", "first", "third", "third", "third"]);
    assert!(read["cookies"].as_array().unwrap().iter().all(|entry| entry["provider"].is_null()), "{read}");
    assert_eq!(read["notes"], serde_json::json!([]));
}

#[test]
fn characters_that_nobody_sees_are_no_part_of_a_name() {
    let page = "<html lang=en><body><h1>Cookies</h1><table><tr><th>Cookie</th><th>Purpose</th><th>Retention</th></tr>\
        <tr><td>wp_&shy;session_&#8203;id</td><td>Login</td><td>14&nbsp;days</td></tr>\
        <tr><td>_uetsid&#x2060;</td><td>Counts</td><td>24h</td></tr>\
        <tr><td>Cookie<wbr>Consent</td><td>Choice</td><td>2&#8239;days</td></tr></table></body></html>";
    let expected = ["wp_session_id 1209600 false -", "_uetsid 86400 false -", "CookieConsent 172800 false -"];
    assert_eq!(told(&resolved("hidden.html", page)), expected);
    let text = "| Cookie | Purpose | Retention |\n|---|---|---|\n| wp_&shy;session_&#8203;id | Login | 14&nbsp;days |\n\
        | _uetsid&#x2060; | Counts | 24h |\n| CookieConsent | Choice | 2 days |\n";
    assert_eq!(told(&resolved("hidden.md", text)), expected);
}

#[test]
fn a_cookie_that_only_a_sentence_names_is_told() {
    let german = "<html lang=de><body><h2>Cookies</h2><p>Das Cookie <code>laravel_session</code> ist notwendig und \
        wird bis Sitzungsende gespeichert.</p><p>Zudem setzen wir das Cookie \u{201e}XSRF-TOKEN\u{201c}, das nach \
        zwei Stunden abläuft.</p><p>Google setzt das Cookie NID.</p>\
        <ul><li><strong>_et_coid</strong>: etracker, Speicherdauer: 2 Jahre</li></ul></body></html>";
    let english = "# Cookies\n\nWhen you log in, we set a cookie called `foo_auth`. We also set `screen`, which lasts \
        for a year.\n\n| What | Text |\n|---|---|\n| odd_name | something |\n| Nothing else | at all |\n";
    for (name, text, expected) in [
        ("a.html", german, vec!["`laravel_session`", "`XSRF-TOKEN`", "`NID`"]),
        ("b.md", english, vec!["`odd_name`", "`foo_auth`", "`screen`"]),
    ] {
        let (_folder, path) = file(name, text);
        let manifest = import(&path, &[]).code(0).stdout;
        let review =
            manifest.lines().filter(|line| line.contains("# review:")).collect::<Vec<_>>().join("\n");
        for expected in expected {
            assert!(review.contains(expected), "{expected} in {manifest}");
        }
        assert!(!review.contains("_et_coid"), "{review}");
    }
}

#[test]
fn each_name_of_an_item_has_its_own_lifetime() {
    let page = "<html lang=de><body><h2>Statistik-Cookies</h2><ul>\
        <li><strong>wt3_eid, wt3_sid</strong>: Webtrekk. Speicherdauer: 6 Monate bzw. bis Sitzungsende.</li>\
        <li><strong>_gid, _gat</strong>: 24 Stunden / 1 Minute</li>\
        <li><strong>_hjFirst</strong>: Hotjar, Speicherdauer: eine halbe Stunde</li>\
        <li><strong>_odd_one</strong>: Speicherdauer: bis der Hahn kräht</li></ul>\
        <h3>Cookie: ab_bucket</h3><p>Zweck: Testgruppe</p><p>Speicherdauer: 90 Tage</p>\
        <table><tr><th>Name</th><th>Zweck</th><th>Ablauf</th></tr>\
        <tr><td>uc_settings</td><td>Einwilligung</td><td>Beständig</td></tr>\
        <tr><td>test_cookie</td><td>Prüft</td><td>0 Tage</td></tr></table></body></html>";
    let read = resolved("own.html", page);
    assert_eq!(
        told(&read),
        [
            "wt3_eid 15552000 false analytics",
            "wt3_sid null true analytics",
            "_gid 86400 false analytics",
            "_gat 60 false analytics",
            "_hjFirst 1800 false analytics",
            "_odd_one null null analytics",
            "ab_bucket 7776000 false analytics",
            "uc_settings null false analytics",
            "test_cookie 86400 false analytics",
        ]
    );
    let notes = read["notes"].to_string();
    assert!(notes.contains("`_odd_one`") && notes.contains("bis der Hahn"), "{notes}");
    assert_eq!(read["cookies"].as_array().unwrap().last().unwrap()["lifetime_op"], "max");
}

#[test]
fn nothing_of_a_list_is_lost() {
    let page = "<html lang=fr><body><h2>Mesure d'audience</h2><ul>\
        <li>_pk_id (13 mois) et _pk_ses (30 minutes) : Matomo</li>\
        <li>c_sess: identifiant, supprim\u{e9} \u{e0} la fermeture du navigateur</li></ul>\
        <h2>Statistics</h2><ul><li>a_sess: counts, deleted when you close the browser</li>\
        <li>b_sess: Zahl, wird beim Schlie\u{df}en des Browsers gel\u{f6}scht</li>\
        <li>d_sess: stays even when you close the browser, until you delete it</li>\
        <li><code>ajs_id</code><ul><li>Purpose: Segment</li><li>Duration: 8 hours</li>\
        <li>Provider: Segment (segment.com, segment.io)</li></ul></li>\
        <li><code>ajs_two</code><ul><li>Purpose: Segment</li><li>Duration: session</li></ul></li></ul></body></html>";
    let read = resolved("list.html", page);
    assert_eq!(
        told(&read),
        [
            "_pk_id 33696000 false analytics",
            "_pk_ses 1800 false analytics",
            "c_sess null true analytics",
            "a_sess null true analytics",
            "b_sess null true analytics",
            "d_sess null null analytics",
            "ajs_id 28800 false analytics",
            "ajs_two null true analytics",
        ]
    );
    let (_folder, path) = file("list.html", page);
    let manifest = import(&path, &[]).code(0).stdout;
    assert!(manifest.contains("provider = \"Segment\""), "{manifest}");
    assert!(manifest.contains("hosts = [\"segment.com\", \"segment.io\"]"), "{manifest}");
}
