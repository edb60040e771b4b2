//! `cookieproof init`: what it writes is what the site does.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use crate::support::small_site::{small_site, url};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// What one browser refuses and another keeps is named; whether it is meant, its owner knows.
#[test]
fn what_only_another_browser_keeps_is_named_beside_the_claims() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "Set-Cookie: sid=1; Path=/\r\nSet-Cookie: trk=a\tb; Path=/; Max-Age=31536000\r\n\
             Set-Cookie: bad=1; Domain=other.example\r\n",
            "",
        ),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    Cookieproof::new(["init", &url(&site), "-q"]).within(folder.path()).run().code(0);
    let manifest = fs::read_to_string(folder.path().join("cookies.toml")).unwrap();
    assert!(manifest.contains("# Firefox alone keeps these (predicted)"), "{manifest}");
    assert!(manifest.contains("\n#   \"trk\"\n#\n"), "{manifest}");
    assert!(!manifest.contains("bad"), "{manifest}");
    let audit = Cookieproof::new(["audit", "-v"]).within(folder.path()).run().code(0);
    let told = audit.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let refused = "it is thrown away by Chromium (the line has a control character in it), and Firefox (predicted) \
                   keeps it";
    assert!(told.contains(refused), "{}", audit.stdout);
    assert!(told.contains("bad: sent by the site; it is thrown away by browsers ("), "{}", audit.stdout);
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

/// A site whose names have the hashes of one deployment, and a random one each, with a fixed date and
/// a cookie that whoever has none gets on any page. The day is a header that the site writes itself.
fn deployed(day: &Arc<AtomicUsize>) -> Hostile {
    let day = Arc::clone(day);
    Hostile::http(move |asked| {
        let at = day.load(Ordering::SeqCst);
        let hash = ["0123456789abcdef0123456789abcdef", "fedcba98765432100123456789abcdef"][at];
        let short = ["1fff", "dead"][at];
        let random = ["uZGDUqdnfBAxQ9", "Vb3kQz7RtPqL2m"][at];
        let date = ["Mon, 02 Mar 2026 10:00:00 GMT", "Thu, 02 Apr 2026 17:31:12 GMT"][at];
        let mut lines = format!("Date: {date}\r\n");
        let mut set = |cookie: String| lines.push_str(&format!("Set-Cookie: {cookie}\r\n"));
        let visitor_is_new = !asked.header("cookie").is_some_and(|cookies| cookies.contains("first="));
        if visitor_is_new && asked.target != "/" {
            set("first=1; Path=/".to_owned());
        }
        let home = "<a href=/docs/a>1</a> <a href=/blog/a>2</a> <a href=/shop/a>3</a> <a href=/shop/b>4</a>";
        match asked.target.as_str() {
            "/" => {
                set(format!("SSESS{hash}=1; Path=/; HttpOnly"));
                set(format!("wordpress_logged_in_{hash}=1; Path=/"));
                set(format!(".AspNetCore.Antiforgery.{random}=1; Path=/; SameSite=Strict"));
                set(format!("_pk_id.3.{short}=1; Path=/; Max-Age=33955200"));
                set(format!("Nonce.{random}{}=1; Path=/", asked.earlier + 10));
                set("old=1; Path=/; Expires=Sun, 01 Jan 2034 00:00:00 GMT".to_owned());
                set("odd=1; Path=/; Expires=Fri, 17 Mar 2028 13:37:11 GMT".to_owned());
                set("_ga=1; Path=/; Max-Age=3600".to_owned());
                Answer::page(&lines, home)
            }
            "/docs/a" | "/blog/a" | "/shop/a" | "/shop/b" => Answer::page(&lines, home),
            _ => Answer::status("404 Not Found", &lines, ""),
        }
    })
}

#[test]
fn a_month_and_a_deployment_later_the_same_site_is_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let day = Arc::new(AtomicUsize::new(0));
    let site = deployed(&day);
    Cookieproof::new(["init", &url(&site), "-q"]).within(folder.path()).run().code(0);
    let manifest = fs::read_to_string(folder.path().join("cookies.toml")).unwrap();
    for line in [
        "name = \"SSESS*\"",
        "name = \"wordpress_logged_in_*\"",
        "name = \".AspNetCore.Antiforgery.*\"",
        "name = \"_pk_id.*\"",
        "name = \"Nonce.*\"",
        "# Not so long from now on, but until a date: Sun, 01 Jan 2034 00:00:00 GMT.",
        "category = \"analytics\"\nprovider = \"Google Analytics\"",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    assert_eq!(manifest.matches("lifetime = { max = ").count(), 2, "{manifest}");
    // What a visitor gets once says nothing of where.
    assert!(!manifest.contains("set_on"), "{manifest}");
    Cookieproof::new(["check", "cookies.toml", "cookieproof.toml"]).within(folder.path()).run().code(0);
    for later in [0, 1] {
        day.store(later, Ordering::SeqCst);
        let audit = Cookieproof::new(["audit", "-q", "--fail-on", "warning"]).within(folder.path()).run();
        assert_eq!(audit.code, Some(0), "{}\n{manifest}", audit.stdout);
    }
    // Where only the old name is declared, the new one is told with it.
    let old = manifest.replace("name = \"SSESS*\"", "name = \"SSESS0123456789abcdef0123456789abcdef\"");
    fs::write(folder.path().join("cookies.toml"), old).unwrap();
    let audit = Cookieproof::new(["audit", "-q"]).within(folder.path()).run().code(1);
    let said = audit.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let hint = "it nearly matches `SSESS0123456789abcdef0123456789abcdef` of line";
    assert!(said.contains(hint), "{}", audit.stdout);
}

#[test]
fn lifetimes_that_differ_by_visitor_are_said_by_visitor() {
    let site = Hostile::http(|asked| {
        let kept = asked.header("cookie").is_some_and(|cookies| cookies.contains("sid="));
        match asked.target.as_str() {
            "/login?keep=1" => Answer::page("Set-Cookie: sid=1; Path=/; Max-Age=2592000\r\n", "Hello"),
            "/login?keep=0" => Answer::page("Set-Cookie: sid=1; Path=/\r\n", "Hello"),
            "/account" if kept => Answer::page("", "<a href=/logout>Log out</a>"),
            "/" => Answer::page("", "<a href=/account>Account</a> <a href=/docs>Docs</a>"),
            "/docs" => Answer::page("", "Docs"),
            "/account" => Answer::redirect("302 Found", "/login", ""),
            "/login" => Answer::page("", "<form method=post><input type=password name=p></form>"),
            _ => Answer::status("404 Not Found", "", ""),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        r#"
        [targets.local]
        url = "{}"
        [personas.kept]
        remembered = true
        login = [{{ open = "/login?keep=1" }}]
        logged_in_when = {{ url = "/account", text = "Log out" }}
        [personas.brief]
        remembered = false
        login = [{{ open = "/login?keep=0" }}]
        logged_in_when = {{ url = "/account", text = "Log out" }}
        "#,
        url(&site)
    );
    fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    Cookieproof::new(["init", "--plan", "cookieproof.toml", "-q"]).within(folder.path()).run().code(0);
    let manifest = fs::read_to_string(folder.path().join("cookies.toml")).unwrap();
    let expected = "lifetime_for = { remembered = \"30d\", not-remembered = \"session\" }";
    assert!(manifest.contains(expected), "{manifest}");
    let audit = Cookieproof::new(["audit", "-q", "--fail-on", "warning"]).within(folder.path()).run();
    assert_eq!(audit.code, Some(0), "{}\n{manifest}", audit.stdout);
}
