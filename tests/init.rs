//! `cookieproof init`: what it writes is what the site does.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use crate::support::small_site::{small_site, url};
use std::fs;

/// A site with names that vary, lifetimes that nearly do not, and a cookie of one section.
fn site() -> Hostile {
    Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "Set-Cookie: sid=secret-value; Path=/; Max-Age=86399; HttpOnly; SameSite=Lax\r\n",
            "<a href=/docs>1</a> <a href=/blog>2</a> <a href=/shop/a>3</a> <a href=/shop/b>4</a>",
        ),
        "/shop/a" => Answer::page("Set-Cookie: cart_1042=1; Path=/; Max-Age=3600\r\n", ""),
        "/shop/b" => Answer::page("Set-Cookie: cart_2077=1; Path=/; Max-Age=7200\r\n", ""),
        "/docs" | "/blog" => Answer::page("", ""),
        _ => Answer::status("404 Not Found", "", ""),
    })
}

#[test]
fn an_audit_against_what_it_wrote_finds_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let site = site();
    let ended = Cookieproof::new(["init", &url(&site), "-q"]).within(folder.path()).run().code(0);
    assert!(ended.stdout.contains("cookies.toml"), "{}", ended.stdout);
    let manifest = fs::read_to_string(folder.path().join("cookies.toml")).unwrap();
    for line in [
        "name = \"cart_*\"",
        "lifetime = { range = [\"1h\", \"2h\"] }",
        "lifetime = \"24h\"",
        "shop = [\"/shop/**\"]",
        "set_on = [\"shop\"]",
        "http_only = true",
        "same_site = \"lax\"",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    assert!(!manifest.contains("secret-value"));
    Cookieproof::new(["check", "cookies.toml", "cookieproof.toml"]).within(folder.path()).run().code(0);
    let audit = Cookieproof::new(["audit", "-q", "--fail-on", "warning"]).within(folder.path()).run();
    assert_eq!(audit.code, Some(0), "{}\n{manifest}", audit.stdout);
}

#[test]
fn where_a_site_is_administered_is_written_into_the_plan() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("", "<a href=/wp-admin/>Site admin</a> <a href=/about>About</a>"),
        "/about" => Answer::page("", ""),
        "/wp-admin/" => Answer::redirect("302 Found", "/wp-login.php", ""),
        "/wp-login.php" => Answer::page("", "<form method=post></form>"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    Cookieproof::new(["init", &url(&site), "-q"]).within(folder.path()).run().code(0);
    let plan = fs::read_to_string(folder.path().join("cookieproof.toml")).unwrap();
    assert!(plan.contains("\nnever_follow = [\"/wp-admin/**\"]\n"), "{plan}");
    Cookieproof::new(["check", "cookieproof.toml"]).within(folder.path()).run().code(0);
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), "mine").unwrap();
    let init = |args: &[&str]| {
        let url = url(&site);
        Cookieproof::new(["init", "-q", &url].iter().chain(args)).within(folder.path()).run()
    };
    let ended = init(&[]).code(2);
    assert!(ended.stderr.contains("--force"), "{}", ended.stderr);
    assert_eq!(site.asked().len(), 0);
    assert_eq!(fs::read_to_string(folder.path().join("cookies.toml")).unwrap(), "mine");
    init(&["--dir", "elsewhere"]).code(0);
    assert!(folder.path().join("elsewhere/cookieproof.toml").exists());
    init(&["--force"]).code(0);
    assert!(fs::read_to_string(folder.path().join("cookies.toml")).unwrap().contains("[[cookies]]"));
}

#[test]
fn nothing_is_written_of_a_site_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let site = Hostile::always(Answer::status("404 Not Found", "", ""));
    let ended = Cookieproof::new(["init", "-q", &url(&site)]).within(folder.path()).run().code(3);
    assert!(ended.stderr.contains("nothing is written"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
