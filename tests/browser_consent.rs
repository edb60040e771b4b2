//! The consent question through the binary: answered either way, by category, taken back, by a
//! choice recorded elsewhere; what is set in each state, and what is left of it.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use serde_json::Value;

/// A banner with a way in, a way out, a choice by category and a way to come back. What follows the
/// answer is on every page: analytics with its consent, a preference cookie with its own; rejecting
/// does not keep `/late` from setting `sneaky`, and taking consent back forgets to delete `_ga`.
const PAGE: &str = r#"<!doctype html><title>Shop</title><p>Shop <a href="/late">late</a> <a href="/more">more</a></p>
<div id="bar" role="dialog" hidden>We use cookies.
  <button id="all">Accept all</button> <button id="none">Continue without accepting</button> <button id="how">Settings</button>
  <div id="choice" hidden><label><input type="checkbox" name="stats"> Statistics</label>
  <label><input type="checkbox" name="prefs" checked> Preferences</label> <button id="save">Save</button></div></div>
<button id="again">Cookie settings</button>
<script>
const bar = document.querySelector('#bar'), kept = () => (document.cookie.match(/(?:^|; )choice=([^;]*)/) || [])[1];
const act = () => {
  if ((kept() || '').includes('stats')) document.cookie = '_ga=GA1.1.1.1; max-age=9999; path=/';
  if ((kept() || '').includes('prefs')) document.cookie = 'theme=dark; max-age=9999; path=/';
};
const keep = (choice) => { document.cookie = 'choice=' + choice + '; max-age=9999; path=/'; localStorage.choice = choice; bar.hidden = true; act(); };
if (kept() === undefined && localStorage.choice === undefined) bar.hidden = false;
act();
document.querySelector('#all').onclick = () => keep('stats+prefs');
document.querySelector('#none').onclick = () => keep('no');
document.querySelector('#how').onclick = () => setTimeout(() => { document.querySelector('#choice').hidden = false; }, 200);
document.querySelector('#again').onclick = () => { bar.hidden = false; };
document.querySelector('#save').onclick = () => keep(['stats', 'prefs'].filter((name) => document.getElementsByName(name)[0].checked).join('+'));
</script>"#;

fn shop() -> Hostile {
    Hostile::http(|asked| match asked.target.as_str() {
        "/late" => {
            let lines =
                if asked.cookie("choice").as_deref() == Some("no") { "Set-Cookie: sneaky=1\r\n" } else { "" };
            Answer::page(lines, &format!("{PAGE}<i>late</i>"))
        }
        "/" | "/more" => Answer::page("", PAGE),
        _ => Answer::status("404 Not Found", "", ""),
    })
}

/// What a scan by this plan brings, as JSON.
fn scan(plan: &str) -> Value {
    let shop = shop();
    let folder = tempfile::tempdir().unwrap();
    let target = format!("\n[targets.shop]\nurl = \"{}\"\n", shop.url_as("http", "localhost", "/"));
    std::fs::write(folder.path().join("cookieproof.toml"), format!("engine = \"browser\"\n{plan}{target}"))
        .unwrap();
    let args = ["scan", "cookieproof.toml", "--rate", "0", "--quiet", "--format", "json"];
    let path = std::env::var("PATH").unwrap_or_default();
    Cookieproof::new(args).within(folder.path()).env("PATH", &path).run().code(0).json()
}

/// Cookies that a state of consent brought, sorted.
fn set_in(report: &Value, consent: &str) -> Vec<String> {
    left_in(report, consent, "cookie")
}

/// Names of what the browser's visitors in a state of consent were left with, sorted.
fn left_in(report: &Value, consent: &str, kind: &str) -> Vec<String> {
    let mut names = Vec::new();
    for thing in report["inventory"].as_array().unwrap() {
        let groups = thing["seen"].as_array().unwrap();
        let here =
            |group: &&Value| group["cell"]["consent"] == consent && group["cell"]["engine"] == "browser";
        if groups.iter().any(|group| here(&group)) && thing["kind"] == kind {
            names.push(thing["name"].as_str().unwrap().to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn look<'r>(report: &'r Value, consent: &str) -> &'r Value {
    let looks = report["consent"].as_array().unwrap();
    looks
        .iter()
        .find(|look| look["cell"]["consent"] == consent)
        .unwrap_or_else(|| panic!("no {consent} in {looks:#?}"))
}

fn names(things: &Value) -> Vec<&str> {
    things.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect()
}

#[test]
fn each_answer_is_given_by_a_visitor_of_its_own() {
    let report = scan("[[consent]]\nstate = { category = \"analytics\" }\n");
    assert_eq!(look(&report, "untouched")["shown"], true);
    assert_eq!(set_in(&report, "untouched"), [""; 0]);

    let accepted = look(&report, "accepted");
    assert_eq!(accepted["answered_by"], "Accept all");
    assert_eq!(accepted["shown_again"], false);
    assert_eq!(names(&accepted["kept_in"]), ["_ga", "choice", "theme", "choice"]);
    assert_eq!(set_in(&report, "accepted"), ["_ga", "choice", "theme"]);

    // Set on a later page, though it was refused.
    assert_eq!(look(&report, "rejected")["answered_by"], "Continue without accepting");
    assert_eq!(set_in(&report, "rejected"), ["choice", "sneaky"]);

    let category = look(&report, "accepted for analytics");
    assert_eq!(category["answered_by"], "Settings, Save");
    assert_eq!(set_in(&report, "accepted for analytics"), ["_ga", "choice"]);

    let withdrawn = look(&report, "withdrawn");
    assert_eq!(withdrawn["answered_by"], "Cookie settings, Continue without accepting");
    assert_eq!(set_in(&report, "withdrawn"), ["choice", "sneaky"]);
    // Nobody took these away.
    assert_eq!(names(&withdrawn["survives"]), ["_ga", "choice", "theme", "choice"]);
}

#[test]
fn a_plan_names_the_buttons_or_the_choice_itself() {
    let report = scan(
        "[[consent]]\nstate = { category = \"functional\" }\nselector = [\"#how\", \"#save\"]\n\
         [[consent]]\nstate = { category = \"social\" }\ncookie = \"choice=recorded\"\n\
         local_storage = { key = \"choice\", value = \"recorded\" }\n",
    );
    assert_eq!(look(&report, "accepted for functional")["answered_by"], "#how, #save");
    assert_eq!(set_in(&report, "accepted for functional"), ["choice", "theme"]);
    let recorded = look(&report, "accepted for social");
    assert_eq!(recorded["answered_by"], "a recorded choice");
    assert_eq!(recorded["not_reached"], Value::Null);
    assert_eq!(set_in(&report, "accepted for social"), [""; 0]);
    // What was put in is not the site's doing.
    assert_eq!(left_in(&report, "accepted for social", "local-storage"), [""; 0]);
}

#[test]
fn a_state_that_cannot_be_reached_is_said() {
    let report = scan("[[consent]]\nstate = \"rejected\"\nselector = \"#nowhere\"\n");
    assert_eq!(look(&report, "rejected")["not_reached"], "`#nowhere` is not on the start page");
    let failed = report["coverage"]["failed"].as_array().unwrap();
    assert!(
        failed.iter().any(|failed| failed["detail"].as_str().unwrap().contains("`#nowhere`")),
        "{failed:#?}"
    );
}

/// A page of the site for an audit: a banner with these answers, which a choice makes go away.
fn with_banner(answers: &'static str) -> Hostile {
    Hostile::http(move |asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        let agreed = asked.target.contains("accept=1");
        match path {
            "/" | "/a" if asked.cookie("choice").is_some() => Answer::page("", "<p>Shop <a href=/a>a</a>"),
            "/" | "/a" => {
                let look = "position:fixed;bottom:0;left:0;right:0;background:#eee;padding:20px";
                let banner = format!(
                    "<div id=b style='{look}'><p>We use cookies to measure visits.</p>{answers}</div>"
                );
                Answer::page("", &format!("<p>Shop <a href=/a>a</a>{banner}"))
            }
            "/consent" if agreed => Answer::redirect(
                "302 Found",
                "/",
                "Set-Cookie: choice=1\r\nSet-Cookie: _ga=GA1.1.1.1; Max-Age=9999\r\n",
            ),
            "/consent" => Answer::redirect("302 Found", "/", "Set-Cookie: choice=0\r\n"),
            _ => Answer::status("404 Not Found", "", ""),
        }
    })
}

/// What an audit says in a browser: exit code and report.
fn audit(site: &Hostile, manifest: &str) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[site]\nhosts = [\"localhost\"]\n{manifest}");
    std::fs::write(folder.path().join("cookies.toml"), text).unwrap();
    let url = site.url_as("http", "localhost", "/").to_string();
    let args = [
        "audit",
        &url,
        "--manifest",
        "cookies.toml",
        "--engine",
        "browser",
        "--rate",
        "0",
        "--quiet",
        "--format",
        "json",
    ];
    let path = std::env::var("PATH").unwrap_or_default();
    let ended = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run();
    (ended.code, ended.json())
}

fn verdict(report: &Value, claim: &str) -> String {
    let all = report["verdicts"].as_array().unwrap();
    let one = all.iter().find(|one| one["claim"] == claim).unwrap_or_else(|| panic!("no {claim}: {all:#?}"));
    one["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_is_upheld_of_an_answer_that_the_banner_does_not_offer() {
    let site = with_banner(
        "<button onclick=\"document.cookie='choice=1; max-age=9999'; document.cookie='_ga=GA1.1.1.1; max-age=9999'; b.remove()\">Got it</button>",
    );
    let manifest = "[[cookies]]\nname = \"choice\"\ncategory = \"strictly-necessary\"\n[[cookies]]\nname = \"_ga\"\n\
                    [[cookies]]\nname = \"refused\"\nvisitors = [\"consent-rejected\"]\n\
                    [claims]\nno_cookies = [{ visitors = [\"consent-rejected\"], pages = [\"*\"] }]\n";
    let (code, report) = audit(&site, manifest);
    assert_eq!(code, Some(3), "{:#}", report["findings"]);
    assert_eq!(verdict(&report, "claims.no-cookies.1"), "not-verified");
    assert_eq!(verdict(&report, "cookies.refused.present"), "not-verified");
    assert!(
        report["inconclusive"].to_string().contains("no button that says so"),
        "{:#}",
        report["inconclusive"]
    );
    // Nobody could refuse: what the only answer wrote may be its record.
    assert_eq!(verdict(&report, "cookies.choice.category"), "upheld");
    let pages = report["coverage"]["pages"].as_array().unwrap();
    assert!(pages.iter().all(|page| page["cell"]["consent"] != "rejected"), "{pages:#?}");
}

#[test]
fn an_answer_by_a_link_is_given_by_who_answers_and_by_nobody_else() {
    let site = with_banner("<a href='/consent?accept=1'>Accept</a> <a href='/consent?accept=0'>Decline</a>");
    let manifest = "[[cookies]]\nname = \"choice\"\ncategory = \"strictly-necessary\"\n[[cookies]]\nname = \"_ga\"\ncategory = \"analytics\"\n\
                    [claims]\ninventory = \"complete\"\nconsent_before = [\"analytics\"]\n";
    let (code, report) = audit(&site, manifest);
    assert_eq!(code, Some(0), "{:#}{:#}", report["findings"], report["inconclusive"]);
    assert_eq!(verdict(&report, "claims.consent-before"), "upheld");
    assert_eq!(set_in(&report, "accepted"), ["_ga", "choice"]);
    assert_eq!(set_in(&report, "rejected"), ["choice"]);
    assert_eq!(set_in(&report, "untouched"), [""; 0]);
    let skipped = report["coverage"]["skipped"].to_string();
    assert!(skipped.contains("changes-data"), "{skipped}");
}

#[test]
fn what_waits_until_the_mouse_moves_is_waited_for() {
    // As optimisers of pages do: whatever is not needed at once is loaded when the visitor first moves.
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "",
            "<p>Shop<script>addEventListener('mousemove', () => {\
            const s = document.createElement('script'); s.src = '/held-back.js'; document.head.append(s) }, { once: true })</script>",
        ),
        "/held-back.js" => Answer::status(
            "200 OK",
            "Content-Type: text/javascript\r\n",
            "if (!document.cookie.includes('choice=')) { document.body.insertAdjacentHTML('beforeend', `<div id=b role=dialog \
             style='position:fixed;bottom:0;left:0;right:0;background:#eee'><p>We use cookies to measure visits.</p>\
             <button id=y>Accept all</button><button id=n>Reject all</button></div>`);\
             y.onclick = () => { document.cookie = 'choice=1'; document.cookie = '_ga=GA1.1.1.1'; b.remove() };\
             n.onclick = () => { document.cookie = 'choice=0'; b.remove() } } document.cookie = 'tracks=1'",
        ),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let (_, report) = audit(&site, "[claims]\ninventory = \"complete\"\nconsent_banner = \"none\"\n");
    assert_eq!(verdict(&report, "claims.consent-banner"), "refuted");
    assert_eq!(set_in(&report, "untouched"), ["tracks"]);
    assert!(set_in(&report, "accepted").contains(&"_ga".to_owned()), "{:#}", report["inventory"]);
}

#[test]
fn what_is_set_after_consent_was_taken_back_was_set_without_it() {
    let banner = |script: &str| {
        format!(
            "<!doctype html><p>Shop <a href=/a>a</a><div id=b role=dialog hidden>We use cookies. \
        <button id=y>Accept all</button><button id=n>Reject all</button></div><button id=s>Cookie settings</button>\
        <script>const kept = () => (document.cookie.match(/choice=(.)/) || [])[1], keep = (v) => {{ document.cookie = 'choice=' + v; b.hidden = true }};\
        const was = localStorage.was; b.hidden = kept() !== undefined; y.onclick = () => {{ keep(1); localStorage.was = 1; localStorage.trace = 1; document.cookie = '_ga=1' }};\
        n.onclick = () => {{ keep(0); document.cookie = '_ga=; max-age=0' }}; s.onclick = () => {{ b.hidden = false }};{script}</script>"
        )
    };
    for (forgets, verdict_of_it) in [(true, "refuted"), (false, "upheld")] {
        let page = banner(if forgets {
            "if (was) document.cookie = '_ga=1'"
        } else {
            "if (kept() === '0') localStorage.removeItem('trace')"
        });
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/" | "/a" => Answer::page("", &page),
            _ => Answer::status("404 Not Found", "", ""),
        });
        let manifest = "[[cookies]]\nname = \"_ga\"\ncategory = \"analytics\"\ncleared_on_withdrawal = true\n\
            [[cookies]]\nname = \"never\"\ncleared_on_withdrawal = true\n[claims]\nconsent_before = [\"analytics\"]\n";
        let (_, report) = audit(&site, manifest);
        assert!(look(&report, "withdrawn")["not_reached"].is_null(), "{:#}", report["consent"]);
        assert_eq!(verdict(&report, "claims.consent-before"), verdict_of_it, "{:#}", report["findings"]);
        let said = report["findings"].to_string().contains("is set after consent was taken back");
        assert_eq!(said, forgets, "{:#}", report["findings"]);
        // Set anew by a later page, it is there still; what was never there went nowhere.
        let cleared = "cookies._ga.cleared-on-withdrawal";
        assert_eq!(verdict(&report, cleared), verdict_of_it, "{:#}", report["findings"]);
        assert_eq!(verdict(&report, "cookies.never.cleared-on-withdrawal"), "not-verified");
        // A page that took an item away had it when it was opened.
        let survives = names(&look(&report, "withdrawn")["survives"]).contains(&"trace");
        assert_eq!(survives, forgets, "{:#}", report["consent"]);
    }
}

/// No script can read it, and only the server that set it could take it away: the jar shows whether it did.
#[test]
fn what_should_go_when_consent_is_taken_back_is_looked_for_in_the_jar() {
    const PAGE: &str = "<!doctype html><p>Shop <a href=/a>a</a><div id=b role=dialog hidden>We use cookies. \
        <button id=y>Accept all</button><button id=n>Reject all</button></div><button id=s>Cookie settings</button>\
        <script>b.hidden = /choice=/.test(document.cookie); s.onclick = () => { b.hidden = false };\
        const keep = v => { document.cookie = 'choice=' + v; b.hidden = true; return fetch('/choice/' + v) };\
        y.onclick = () => keep(1); n.onclick = () => keep(0)</script>";
    for (forgets, verdict_of_it) in [(true, "refuted"), (false, "upheld")] {
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/" | "/a" => Answer::page("", PAGE),
            "/choice/1" => {
                Answer::status("204 No Content", "Set-Cookie: visit=1; HttpOnly; Max-Age=600\r\n", "")
            }
            "/choice/0" if !forgets => {
                Answer::status("204 No Content", "Set-Cookie: visit=; HttpOnly; Max-Age=0\r\n", "")
            }
            "/choice/0" => Answer::status("204 No Content", "", ""),
            _ => Answer::status("404 Not Found", "", ""),
        });
        let manifest = "[[cookies]]\nname = \"visit\"\nhttp_only = true\ncleared_on_withdrawal = true\n";
        let (_, report) = audit(&site, manifest);
        let claim = "cookies.visit.cleared-on-withdrawal";
        assert_eq!(verdict(&report, claim), verdict_of_it, "{:#}", report["findings"]);
        let findings = report["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["rule"] == "not-cleared-on-withdrawal");
        let said = "`visit` was in the jar before consent was taken back, and is still there after all pages";
        assert_eq!(finding.is_some(), forgets, "{findings:#?}");
        assert!(finding.is_none_or(|finding| finding["evidence"].to_string().contains(said)), "{finding:#?}");
    }
}

/// A site that leads everybody who has not answered to a page that asks, and back.
fn with_a_wall(asks: &'static str) -> Hostile {
    Hostile::http(move |asked| match asked.route().as_str() {
        "GET /" | "GET /a" if asked.cookie("choice").is_none() => {
            Answer::redirect("302 Found", "/before-you-go-on?to=/", "")
        }
        "GET /" | "GET /a" => Answer::page(
            "",
            "<p>Shop <a href=/a>a</a><script>if (document.cookie.includes('choice=1')) document.cookie = '_ga=1'</script>",
        ),
        "GET /before-you-go-on" => Answer::page(
            "",
            &format!("<h1>Before you go on</h1><p>We use cookies and data to measure visits.</p>{asks}"),
        ),
        "POST /save" => {
            let choice = asked.field("v").unwrap_or_default();
            Answer::redirect("303 See Other", "/", &format!("Set-Cookie: choice={choice}; Path=/\r\n"))
        }
        _ => Answer::status("404 Not Found", "", ""),
    })
}

const ABOUT_A_BANNER: &str = "[[cookies]]\nname = \"choice\"\n[[cookies]]\nname = \"_ga\"\nvisitors = [\"consent-accepted\"]\n\
                              [claims]\ninventory = \"complete\"\nconsent_banner = { shown = \"first-visit\" }\n";

#[test]
fn a_page_that_asks_in_the_place_of_the_site_is_the_question() {
    let site = with_a_wall(
        "<form method=post action=/save><button name=v value=0>Reject all</button> <button name=v value=1>Accept all</button></form>",
    );
    let (code, report) = audit(&site, ABOUT_A_BANNER);
    assert_eq!(code, Some(0), "{:#}{:#}", report["findings"], report["inconclusive"]);
    assert_eq!(verdict(&report, "claims.consent-banner"), "upheld");
    assert_eq!(verdict(&report, "cookies._ga.visitors"), "upheld");
    assert_eq!(set_in(&report, "accepted"), ["_ga", "choice"]);
    assert_eq!(set_in(&report, "rejected"), ["choice"]);

    // Where the only answer is to agree, nobody says that there is no question.
    let site = with_a_wall("<form method=post action=/save><button name=v value=1>I agree</button></form>");
    let (_, report) = audit(&site, ABOUT_A_BANNER);
    assert_eq!(verdict(&report, "claims.consent-banner"), "not-verified", "{:#}", report["consent"]);
    // Nor that what may wait for the answer is never set.
    assert_eq!(report["findings"], serde_json::json!([]));

    // The page on which a choice can be changed, linked like any other, asks nobody.
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "",
            "<h1>Shop</h1><p>Welcome to the shop of all teas. <a href=/cookie-settings>Cookie settings</a>",
        ),
        "/cookie-settings" => Answer::page(
            "",
            "<h1>Cookie settings</h1><p>We use cookies and data to measure visits.</p><button>Reject all</button><button>Accept all</button>",
        ),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let (_, report) = audit(&site, "[claims]\nconsent_banner = \"none\"\n");
    assert_eq!(verdict(&report, "claims.consent-banner"), "upheld", "{:#}", report["consent"]);
}

#[test]
fn a_banner_that_takes_scrolling_for_an_answer_was_there() {
    let with = |says: &'static str| {
        Hostile::http(move |asked| match asked.target.as_str() {
            "/" => Answer::page(
                "",
                &format!(
                    "<p>Shop</p><div style='height:5000px'>Teas</div><div id=b style='position:fixed;bottom:0;left:0;right:0;background:#eee'>{says}</div>\
                     <script>const keep = (v) => {{ if (document.cookie.includes('choice=')) return; document.cookie = 'choice=' + v; b.remove();\
                     if (v) document.cookie = '_ga=1' }}; if (document.cookie.includes('choice=')) b.remove();\
                     for (const one of document.querySelectorAll('button')) one.onclick = () => keep(Number(one.value));\
                     addEventListener('scroll', () => keep(1), {{ once: true }})</script>"
                ),
            ),
            _ => Answer::status("404 Not Found", "", ""),
        })
    };
    let site = with(
        "<p>If you scroll on, you agree to our cookies.</p><button value=1>Accept all</button><button value=0>Reject all</button>",
    );
    let (code, report) = audit(&site, ABOUT_A_BANNER);
    assert_eq!(code, Some(1), "{:#}", report["findings"]);
    assert_eq!(verdict(&report, "claims.consent-banner"), "upheld", "{:#}", report["consent"]);
    // To scroll is to answer nothing; whoever answers is asked first.
    assert_eq!(verdict(&report, "cookies._ga.visitors"), "refuted");
    assert_eq!(look(&report, "rejected")["answered_by"], "Reject all");
    assert_eq!(set_in(&report, "rejected"), ["choice"]);
    assert!(report["coverage"].to_string().contains("went away when the page was scrolled"));

    let (_, report) = audit(&with("<p>If you scroll on, you agree to our cookies.</p>"), ABOUT_A_BANNER);
    assert_eq!(verdict(&report, "claims.consent-banner"), "not-verified", "{:#}", report["consent"]);
}

#[test]
fn both_answers_may_lie_behind_the_settings() {
    // Whether the way there says what it is about or not.
    for opens in ["Cookie settings", "Manage preferences"] {
        both_answers_lie_behind(opens);
    }
}

fn both_answers_lie_behind(opens: &str) {
    let answers = format!(
        "<button onclick='b.innerHTML = l.innerHTML'>{opens}</button><template id=l><h2>Your choice of cookies</h2>\
         <button onclick=\"document.cookie='choice=1'; document.cookie='_ga=1'; b.remove()\">Accept all</button>\
         <button onclick=\"document.cookie='choice=0'; b.remove()\">Reject all</button></template>"
    );
    let site = with_banner(answers.leak());
    let manifest = "[[cookies]]\nname = \"choice\"\n[[cookies]]\nname = \"_ga\"\nvisitors = [\"consent-accepted\"]\n\
                    [claims]\ninventory = \"complete\"\n";
    let (code, report) = audit(&site, manifest);
    assert_eq!(look(&report, "accepted")["answered_by"], format!("{opens}, Accept all"));
    assert_eq!(look(&report, "rejected")["answered_by"], format!("{opens}, Reject all"));
    assert_eq!(set_in(&report, "accepted"), ["_ga", "choice"]);
    assert_eq!(set_in(&report, "rejected"), ["choice"]);
    assert_eq!(code, Some(0), "{:#}{:#}", report["findings"], report["inconclusive"]);
}

#[test]
fn a_link_to_the_page_of_cookie_settings_is_no_banner_and_is_not_pressed() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "",
            "<p>Shop</p><div style='position:fixed;bottom:0;left:0;right:0;background:#eee'>We use cookies. \
             <a href=/preferences>Manage preferences</a></div>",
        ),
        "/preferences" => Answer::page("Set-Cookie: chosen=1\r\n", "<p>Your cookies.</p>"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let (_, report) = audit(&site, ABOUT_A_BANNER);
    assert_eq!(verdict(&report, "claims.consent-banner"), "not-verified", "{:#}", report["consent"]);
    assert!(report["consent"].to_string().contains("We use cookies"), "{:#}", report["consent"]);
    assert!(!report["consent"].to_string().contains("accepted"), "{:#}", report["consent"]);
}
