//! The crawl: which pages of a site are asked for, which are not, and that the latter is said.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A site of these pages; a path that ends with `*` answers for all that begin like it.
fn site(pages: &'static [(&'static str, &'static str)]) -> Hostile {
    Hostile::http(move |asked| {
        let path = asked.target.split('?').next().unwrap();
        let page =
            pages.iter().find(|(at, _)| at.strip_suffix('*').map_or(*at == path, |at| path.starts_with(at)));
        match page {
            Some((_, body)) if body.starts_with("http") || body.starts_with('/') => {
                Answer::redirect("302 Found", body, "")
            }
            Some((at, body)) if at.ends_with(".txt") || at.ends_with(".xml") => {
                Answer::status("200 OK", "", body)
            }
            Some((_, body)) => Answer::page("", body),
            None => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
        }
    })
}

/// A scan of the site with this plan beside its target.
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

/// Paths asked for, of those that begin with `/-`: sites ask robots.txt and the like, too.
fn asked(site: &Hostile) -> Vec<String> {
    let paths: BTreeSet<String> =
        site.asked().into_iter().map(|asked| asked.target).filter(|path| path.starts_with("/-")).collect();
    paths.into_iter().collect()
}

/// `reason path count`
fn skipped(report: &Value, site: &Hostile) -> Vec<String> {
    let line = |row: &Value| {
        let path = row["example"].as_str().unwrap().replace(site.url("/").as_str(), "/");
        format!("{} {path} {}", row["reason"].as_str().unwrap(), row["count"])
    };
    report["coverage"]["skipped"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn every_kind_of_link_is_followed_once() {
    let site = site(&[
        (
            "/",
            "<a href='/-a?x=1&amp;y=2'></a><a href='-relative'></a><map><area href='/-area'></map>\
             <link rel=next href='/-next'><iframe src='/-frame'></iframe><form action='/-search'></form>\
             <form method=post action='/-post'></form><noscript><a href='/-noscript'></a></noscript>\
             <a href='/-a?x=1&#38;y=2#again'></a><a href='javascript:x()'></a><a href='/-redirect'></a>\
             <!-- <a href='/-comment'></a> --><script>'<a href=\"/-script\">'</script>",
        ),
        ("/-relative", "<base href='/-base/'><a href='x'></a>"),
        ("/-next", "<meta http-equiv=refresh content='0; url=/-refreshed'>"),
        ("/-redirect", "/-target"),
        ("/-*", "<a href='/'></a>"),
    ]);
    scan(&site, "");
    let followed = [
        "/-a?x=1&y=2",
        "/-area",
        "/-base/x",
        "/-frame",
        "/-next",
        "/-noscript",
        "/-redirect",
        "/-refreshed",
        "/-relative",
        "/-search",
        "/-target",
    ];
    assert_eq!(asked(&site), followed);
    let targets: Vec<_> =
        site.asked().into_iter().map(|asked| asked.target).filter(|path| path.starts_with("/-")).collect();
    assert_eq!(targets.len(), followed.len(), "each once: {targets:?}");
}

#[test]
fn redirects_to_a_page_that_came_end_there_unless_they_change_cookies() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("", "<a href='/-page'></a>"),
        "/-page" => Answer::page(
            "",
            "<a href='/-old'></a><a href='/-sets'></a><a href='/-clears'></a><a href='/-gone'></a>",
        ),
        "/-old" => Answer::redirect("301 Moved Permanently", "/-older", ""),
        "/-older" => Answer::redirect("302 Found", "/-page#top", ""),
        "/-sets" => Answer::redirect("302 Found", "/-page", "Set-Cookie: club=1\r\n"),
        "/-clears" => Answer::redirect("302 Found", "/-page", "Clear-Site-Data: \"cookies\"\r\n"),
        "/-gone" => Answer::redirect("302 Found", "/-missing", ""),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
    });
    let report = scan(&site, "");
    let mut targets: Vec<_> = site.asked().into_iter().map(|asked| asked.target).collect();
    targets.retain(|path| path.starts_with("/-"));
    targets.sort();
    // Who belongs to the club may be shown another page.
    let once = ["/-clears", "/-gone", "/-missing", "/-old", "/-older", "/-sets"];
    assert_eq!(
        targets.iter().filter(|path| *path != "/-page").collect::<Vec<_>>(),
        once.iter().collect::<Vec<_>>()
    );
    assert_eq!(
        targets.len(),
        once.len() + 3,
        "the page itself, and after either that changes cookies: {targets:?}"
    );
    let here = site.url("/-");
    let path = |url: &Value| url.as_str().unwrap_or_default().replace(here.as_str(), "");
    let line = |page: &Value| [path(&page["example"]), path(&page["shown"]), page["status"].to_string()];
    let pages = report["coverage"]["pages"].as_array().unwrap().iter().map(line).skip(1);
    let expected = [
        ["clears", "page", "200"],
        ["gone", "missing", "404"],
        ["old", "page", "200"],
        ["page", "", "200"],
        ["sets", "page", "200"],
    ];
    assert_eq!(pages.collect::<Vec<_>>(), expected);
    assert_eq!(report["coverage"]["failed"].as_array().unwrap().len(), 1, "{}", report["coverage"]);
}

#[test]
fn robots_txt_is_honoured_unless_the_owner_says_otherwise() {
    let pages = &[
        ("/robots.txt", "User-agent: *\nDisallow: /-private\nAllow: /-private/open$\n"),
        (
            "/",
            "<a href='/-private'></a><a href='/-private/x'></a><a href='/-private/open'></a><a href='/-public'></a>",
        ),
        ("/-*", ""),
    ];
    let honoured = site(pages);
    let report = scan(&honoured, "");
    assert_eq!(asked(&honoured), ["/-private/open", "/-public"]);
    assert_eq!(skipped(&report, &honoured), ["robots /-private 1", "robots /-private/x 1"]);
    let ignored = site(pages);
    let report = scan(&ignored, "robots = \"ignore\"");
    assert_eq!(asked(&ignored), ["/-private", "/-private/open", "/-private/x", "/-public"]);
    assert_eq!(skipped(&report, &ignored), [""; 0]);
}

#[test]
fn sitemaps_are_read_also_packed_and_in_an_index() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/robots.txt" => Answer::status("200 OK", "Content-Type: text/plain\r\n", "Sitemap: /index.xml"),
        "/index.xml" => Answer::status(
            "200 OK",
            "Content-Type: application/xml\r\n",
            "<sitemapindex><sitemap><loc>/packed.xml.gz</loc></sitemap></sitemapindex>",
        ),
        "/packed.xml.gz" => {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(b"<urlset><url><loc>/-only-here?a=1&amp;b=2</loc></url></urlset>").unwrap();
            let packed = packed.finish().unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            );
            Answer::raw(head).then(packed)
        }
        _ => Answer::page("", "<p>hello"),
    });
    scan(&site, "");
    assert_eq!(asked(&site), ["/-only-here?a=1&b=2"]);
}

#[test]
fn links_that_log_out_or_change_data_are_left_alone_and_said() {
    let site = site(&[
        (
            "/",
            "<a href='/-x/logout'>Bye</a><a href='/-session?do=end'>Log out</a><a href='/-items/7/delete'>x</a>\
             <a href='/-shop?add-to-cart=7'>Buy</a><a href='/-how-to-logout-safely'>How to log out safely</a>",
        ),
        ("/-*", ""),
    ]);
    let report = scan(&site, "");
    assert_eq!(asked(&site), ["/-how-to-logout-safely"]);
    assert_eq!(
        skipped(&report, &site),
        [
            "logs-out /-session?do=end 1",
            "logs-out /-x/logout 1",
            "changes-data /-items/7/delete 1",
            "changes-data /-shop?add-to-cart=7 1",
        ]
    );
}

#[test]
fn a_calendar_without_end_is_held_off() {
    let site = Hostile::http(|asked| {
        let n: u32 = asked.target.rsplit(['/', '=']).next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let (next, page) = (n + 1, n + 100);
        Answer::page(
            "",
            &format!("<a href='/-calendar/{next}'>next</a><a href='/-list?page={page}'>more</a>"),
        )
    });
    let report = scan(&site, "[limits]\nper_shape = 3\ndepth = 50");
    assert_eq!(asked(&site).len(), 6);
    let skipped = skipped(&report, &site);
    assert!(skipped.iter().all(|row| row.starts_with("shape-limit /-")), "{skipped:?}");
}

#[test]
fn limits_of_pages_and_depth_are_said() {
    let pages =
        &[("/", "<a href='/-a'></a><a href='/-b'></a>"), ("/-a", "<a href='/-a/b'></a>"), ("/-*", "")];
    let deep = site(pages);
    let report = scan(&deep, "[limits]\ndepth = 1");
    assert_eq!(
        (asked(&deep), skipped(&report, &deep)),
        (vec!["/-a".into(), "/-b".into()], vec!["depth-limit /-a/b 1".into()])
    );
    let many = site(pages);
    let report = scan(&many, "[limits]\npages = 2");
    assert_eq!(
        (asked(&many), skipped(&report, &many)),
        (vec!["/-a".into()], vec!["page-limit /-a/b 1".into(), "page-limit /-b 1".into()])
    );
}

#[test]
fn pages_are_included_and_excluded_as_the_plan_says() {
    let site = site(&[
        (
            "/",
            "<a href='/-docs/a'></a><a href='/-docs/print'></a><a href='/-blog'></a><a href='/-docs/rebuild'></a>",
        ),
        ("/-*", ""),
    ]);
    let plan = "[pages]\ninclude = [\"/-docs/**\"]\nexclude = [\"/-docs/print\"]\nnever_follow = [\"/-docs/rebuild\"]";
    let report = scan(&site, plan);
    assert_eq!(asked(&site), ["/-docs/a"]);
    assert_eq!(
        skipped(&report, &site),
        ["excluded /-blog 1", "excluded /-docs/print 1", "changes-data /-docs/rebuild 1"]
    );
}

#[test]
fn other_hosts_are_left_alone() {
    let other = site(&[("/*", "<p>not yours")]);
    let url = other.url_as("http", "localhost", "/-other");
    let page: &'static str = Box::leak(format!("<a href='{url}'></a><img src='{url}.png'>").into_boxed_str());
    let site = Hostile::always(Answer::page("", page));
    let report = scan(&site, "");
    assert!(other.asked().is_empty());
    assert_eq!(skipped(&report, &other), [format!("out-of-scope {url} 1")]);
}

#[test]
fn the_same_site_gives_the_same_report_however_its_pages_race() {
    let site = Hostile::http(|asked| {
        let mut body = String::new();
        for n in 0..30 {
            let _ = write!(body, "<a href='/-p{n}/{}'></a>", n * 7 % 11);
        }
        let cookie = format!("Set-Cookie: c{}=1; Path=/; Max-Age=60\r\n", asked.target.len() % 3);
        // Later requests overtake earlier ones.
        Answer::page(&cookie, &body).after(Duration::from_millis(asked.earlier as u64 * 7 % 5))
    });
    let plan = "[limits]\nconcurrency = 8\npages = 20";
    let without_time = |mut report: Value| {
        report["time"] = Value::Null;
        report.to_string()
    };
    let first = without_time(scan(&site, plan));
    for _ in 0..3 {
        assert!(without_time(scan(&site, plan)) == first);
    }
}

/// Who is at the server, and who was.
#[derive(Default)]
struct Visitors {
    here: usize,
    most: usize,
    ever: usize,
}

#[test]
fn no_connection_idles_while_an_answer_is_awaited_and_no_more_are_made_than_allowed() {
    const CONNECTIONS: usize = 4;
    let visitors = Arc::new((Mutex::new(Visitors::default()), Condvar::new()));
    let counted = Arc::clone(&visitors);
    let site = Hostile::http(move |asked| {
        let (visitors, changed) = &*counted;
        let mut now = visitors.lock().unwrap();
        now.here += 1;
        now.ever += 1;
        now.most = now.most.max(now.here);
        changed.notify_all();
        if asked.target == "/-p30" {
            // One that answers once more others came than there are connections.
            let enough = now.ever + 2 * CONNECTIONS;
            now =
                changed.wait_timeout_while(now, Duration::from_secs(20), |now| now.ever < enough).unwrap().0;
            if now.ever < enough {
                now.here -= 1;
                return Answer::status("500 Internal Server Error", "", "");
            }
        }
        now.here -= 1;
        drop(now);
        let links: String = (0..60).map(|n| format!("<a href='/-p{n}'>p</a>")).collect();
        Answer::page(&format!("Set-Cookie: c{}=1\r\n", asked.target.len()), &links)
    });
    let report = scan(&site, &format!("[limits]\nconcurrency = {CONNECTIONS}\nper_shape = 100"));
    assert_eq!(asked(&site).len(), 60);
    assert_eq!(report["coverage"]["failed"].as_array().map_or(0, Vec::len), 0, "{report:#}");
    assert!(visitors.0.lock().unwrap().most <= CONNECTIONS);
}

#[test]
fn a_session_that_every_answer_renews_is_not_lost_by_asking_with_the_token_of_before() {
    const PASSWORD: &str = "correct horse";
    let current = Mutex::new(0);
    let site = Hostile::http(move |asked| {
        let mut current = current.lock().unwrap();
        let issue = |current: &mut i32| {
            *current += 1;
            format!("Set-Cookie: session=s3ss10n-t0k3n-{current}; Path=/; HttpOnly\r\n")
        };
        let sent =
            asked.header("cookie").and_then(|cookies| cookies.split("s3ss10n-t0k3n-").nth(1)?.parse().ok());
        let path = asked.target.as_str();
        match asked.method.as_str() {
            _ if path == "/robots.txt" => Answer::status("404 Not Found", "", ""),
            "POST" => Answer::redirect("303 See Other", "/-home", &issue(&mut current)),
            _ if path == "/login" => Answer::page(
                "",
                "<form method=post><input name=email><input type=password name=password></form>",
            ),
            _ if sent == Some(*current) && *current > 0 => {
                let links: String = (0..40).map(|n| format!("<a href='/-m{n}'>m</a>")).collect();
                Answer::page(&issue(&mut current), &format!("<p id=user>ann</p>{links}"))
            }
            _ => Answer::redirect("302 Found", "/login", ""),
        }
    });
    let plan = format!(
        "[limits]\nconcurrency = 4\nper_shape = 100\n[personas.member]\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"ann\", password = \"{PASSWORD}\" }} }} }}]\n\
         logged_in_when = {{ url = \"/-home\", selector = \"#user\" }}\nstart = [\"/-home\"]"
    );
    let report = scan(&site, &plan);
    let member =
        &report["coverage"]["personas"].as_array().unwrap().iter().find(|row| row["name"] == "member");
    let member = member.unwrap();
    assert_eq!((&member["logins"], &member["sessions_lost"]), (&1.into(), &0.into()), "{member:#}");
    let shown = |n: usize| {
        let asked = site.asked();
        let path = format!("/-m{n}");
        asked.iter().filter(|asked| asked.target == path && asked.header("cookie").is_some()).count()
    };
    assert!((0..40).all(|n| shown(n) >= 1));
    let strays = site
        .asked()
        .iter()
        .filter(|asked| asked.target == "/login" && asked.method == "GET" && asked.header("cookie").is_some())
        .count();
    assert_eq!(strays, 0, "nobody was sent back to the login");
}

/// Where the temporary files of a process lie that have no name any more, and how long they are.
#[cfg(target_os = "linux")]
fn nameless_files(process: u32, folder: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open = open.filter_map(|entry| Some(entry.ok()?.path()));
    let here = open.filter(|path| std::fs::read_link(path).is_ok_and(|file| file.starts_with(folder)));
    here.map(|path| (path.clone(), std::fs::metadata(&path).unwrap().len())).collect()
}

/// What waits lies in a temporary file where it is much: the report is the same where there can be none, and what
/// cannot be read back is told.
#[cfg(target_os = "linux")]
#[test]
fn what_waits_in_a_temporary_file_changes_no_report_and_is_missed_where_it_is_gone() {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    const MOST: u64 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().canonicalize().unwrap();
    // Nothing of it can be packed away, so that it is more than a run keeps in memory.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let mut path = || (0..15).map(&mut random).collect::<String>();
    let listed: String = (0..MOST).map(|_| format!("<url><loc>/x/{}</loc></url>", path())).collect();
    let (process, breaks) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let site = Hostile::http({
        let (process, breaks, seen, temporary) =
            (Arc::clone(&process), Arc::clone(&breaks), Arc::clone(&seen), temporary.clone());
        move |asked| match asked.target.as_str() {
            "/robots.txt" => Answer::status("200 OK", "", "User-agent: *\nAllow: /$\nDisallow: /\n"),
            "/sitemap.xml" => {
                let host = asked.header("host").unwrap_or_default();
                let listed = listed.replace("<loc>", &format!("<loc>http://{host}"));
                Answer::status("200 OK", "Content-Type: text/xml\r\n", &format!("<urlset>{listed}</urlset>"))
            }
            // Who comes back in the end: nothing waits any more.
            "/" if asked.header("cookie").is_some() => Answer::page("", "Welcome."),
            // Asked when all others wait.
            "/" => {
                while process.load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
                let files = nameless_files(process.load(Ordering::SeqCst), &temporary);
                seen.lock().unwrap().push(files.iter().map(|(_, length)| *length).sum::<u64>());
                if breaks.load(Ordering::SeqCst) {
                    for (file, length) in files {
                        std::fs::OpenOptions::new()
                            .write(true)
                            .open(file)
                            .unwrap()
                            .set_len(length / 2)
                            .unwrap();
                    }
                }
                Answer::page("Set-Cookie: sid=1\r\n", "Welcome.")
            }
            _ => Answer::status("404 Not Found", "", ""),
        }
    });
    let plan = format!(
        "engine = \"http\"\n[targets.x]\nurl = \"{}\"\n[limits]\nrate = \"unlimited\"\npages = 10000\n",
        site.url("/")
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let run = |temporary: &std::path::Path| -> Value {
        process.store(0, Ordering::SeqCst);
        let args = ["scan", "cookieproof.toml", "-q", "--format", "json"];
        let run = Cookieproof::new(args).within(folder.path()).env("TMPDIR", temporary.to_str().unwrap());
        let mut report = run.run_and(|id| process.store(id, Ordering::SeqCst)).json();
        report["time"] = Value::Null;
        report
    };
    let robots = |report: &Value| {
        let skipped = report["coverage"]["skipped"].as_array().unwrap().iter();
        skipped
            .filter(|skipped| skipped["reason"] == "robots")
            .map(|skipped| skipped["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    let (filed, in_memory) = (run(&temporary), run(&temporary.join("nowhere")));
    assert!(filed == in_memory, "{filed:#}\n{in_memory:#}");
    assert_eq!(robots(&filed), MOST);
    breaks.store(true, Ordering::SeqCst);
    let broken = run(&temporary);
    let gone = |report: &Value| report["coverage"]["notes"].to_string().contains("could not be read back");
    assert_eq!((gone(&filed), gone(&broken)), (false, true), "{:#}", broken["coverage"]);
    assert!((1..MOST).contains(&robots(&broken)), "{:#}", broken["coverage"]);
    let seen = seen.lock().unwrap().clone();
    assert!(matches!(seen[..], [file, 0, again] if file > 100_000 && file == again), "{seen:?}");
}

#[test]
fn of_each_kind_of_file_that_is_linked_one_is_asked_for() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page(
            "",
            "<a href='/-lists/2026.pdf'>Prices</a> <a href='/-lists/2027.pdf'>Prices</a> <a href='/-lists/2027.zip' download>All</a>\
             <a href='/-export?format=csv' download>Yours</a> <a href='/-delete/7.pdf'>Delete</a> <a href='/-photos/1.jpg'><img alt='A tea'></a>",
        ),
        // As scripts do it that wait for a download to begin.
        path if path.ends_with(".pdf") => Answer::status(
            "200 OK",
            "Content-Type: application/pdf\r\nSet-Cookie: fileDownload=true; Path=/\r\n",
            "%PDF-1.7",
        ),
        path if path.starts_with("/-lists") || path.starts_with("/-photos") => {
            Answer::status("200 OK", "Content-Type: application/octet-stream\r\n", "x")
        }
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
    });
    let report = scan(&site, "");
    assert_eq!(asked(&site), ["/-lists/2026.pdf", "/-photos/1.jpg"]);
    let names: Vec<&Value> =
        report["inventory"].as_array().unwrap().iter().map(|thing| &thing["name"]).collect();
    assert_eq!(names, ["fileDownload"]);
}

/// A shop that knows who comes again: `returning` is for those who were there, and every second visit of the start
/// page counts on.
fn who_comes_again() -> Hostile {
    Hostile::http(|asked| {
        let sent = asked.header("cookie").unwrap_or_default().to_owned();
        match asked.target.as_str() {
            "/" if sent.contains("seen=1") => {
                Answer::page("Set-Cookie: returning=yes; Path=/; Max-Age=86400\r\n", "<a href='/-a'>a</a>")
            }
            "/" => Answer::page("Set-Cookie: seen=1; Path=/\r\n", "<a href='/-a'>a</a>"),
            "/-a" => Answer::page("", "<a href='/'>home</a> <a href='/-start'>s</a>"),
            "/-start" if sent.contains("tour=1") => Answer::page("Set-Cookie: tour-done=1\r\n", "Again."),
            "/-start" => Answer::page("Set-Cookie: tour=1; Path=/\r\n", "A tour."),
            "/robots.txt" => Answer::status("404 Not Found", "", ""),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
        }
    })
}

fn inventory(report: &Value) -> BTreeSet<String> {
    let things = report["inventory"].as_array().unwrap().iter();
    things.map(|thing| thing["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_only_a_second_visit_brings_is_seen_and_no_other_page_is_asked_twice() {
    let site = who_comes_again();
    let report = scan(&site, "engine = \"http\"");
    assert_eq!(inventory(&report), ["returning", "seen", "tour"].map(str::to_owned).into(), "{report:#}");
    let times = |path: &str| site.asked().iter().filter(|asked| asked.target == path).count();
    assert_eq!((times("/-a"), times("/-start")), (1, 1));
    // A page that is only opened again is not counted as another one.
    let pages = &report["coverage"]["pages"];
    assert!(!pages.is_null(), "{:#}", report["coverage"]);

    let site = who_comes_again();
    let report = scan(&site, "engine = \"http\"\npages.start = [\"/-start\"]");
    let all = ["returning", "seen", "tour", "tour-done"].map(str::to_owned).into();
    assert_eq!(inventory(&report), all, "{report:#}");
}

#[test]
fn a_member_comes_back_too_and_its_session_stays() {
    const PASSWORD: &str = "correct horse";
    let site = Hostile::http(|asked| {
        let sent = asked.header("cookie").unwrap_or_default().to_owned();
        let member = sent.contains("sid=");
        let form = "<form method=post><input name=email><input type=password name=password></form>";
        match (asked.method.as_str(), asked.target.as_str()) {
            (_, "/robots.txt") => Answer::status("404 Not Found", "", ""),
            ("POST", "/login") => {
                Answer::redirect("303 See Other", "/-home", "Set-Cookie: sid=s3ss10n-0f-ann; Path=/\r\n")
            }
            (_, "/login") => Answer::page("", form),
            (_, "/") if member && sent.contains("greeted=1") => {
                Answer::page("Set-Cookie: welcome_back=1\r\n", "<a href='/-home'>Home</a>")
            }
            (_, "/") if member => Answer::page("Set-Cookie: greeted=1\r\n", "<a href='/-home'>Home</a>"),
            (_, "/") => Answer::page("", "<a href='/-home'>Home</a>"),
            (_, "/-home") if member => Answer::page("", "<p id=user>ann</p><a href='/-end'>To the start</a>"),
            // Nothing shows that it ends the session.
            (_, "/-end") => Answer::redirect("302 Found", "/", "Set-Cookie: sid=; Path=/; Max-Age=0\r\n"),
            _ => Answer::redirect("302 Found", "/login", ""),
        }
    });
    let plan = format!(
        "engine = \"http\"\n[personas.member]\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"ann\", password = \"{PASSWORD}\" }} }} }}]\n\
         logged_in_when = {{ url = \"/-home\", selector = \"#user\" }}\nstart = [\"/-end\"]"
    );
    let report = scan(&site, &plan);
    assert!(inventory(&report).contains("welcome_back"), "{report:#}");
    let member =
        &report["coverage"]["personas"].as_array().unwrap().iter().find(|row| row["name"] == "member");
    // Lost once by the page that ends it, and not again by coming back.
    let member = member.unwrap();
    assert_eq!((&member["logins"], &member["sessions_lost"]), (&2.into(), &1.into()), "{member:#}");
}

/// An application whose access token is good for a few pages, and whose refresh token brings another. Each refresh
/// token can be used once; whoever shows a used one loses all.
fn short_access(refreshes: bool) -> Hostile {
    const GOOD_FOR: usize = 7;
    let state = Mutex::new((0, 0));
    Hostile::http(move |asked| {
        let (tokens, left) = &mut *state.lock().unwrap();
        let cookie = |name: &str| {
            let cookies = asked.header("cookie").unwrap_or_default().to_owned();
            let value = cookies
                .split("; ")
                .find_map(|pair| pair.strip_prefix(&format!("{name}=t0k3n-"))?.parse().ok());
            value == Some(*tokens) && *tokens > 0
        };
        let (renews, member) = (refreshes && cookie("renew"), cookie("access") && *left > 0);
        let mut issue = || {
            (*tokens, *left) = (*tokens + 1, GOOD_FOR);
            format!(
                "Set-Cookie: access=t0k3n-{tokens}; Path=/; HttpOnly\r\n\
                 Set-Cookie: renew=t0k3n-{tokens}; Path=/api; HttpOnly\r\n"
            )
        };
        let unauthorised = Answer::status("401 Unauthorized", "Content-Type: text/html\r\n", "Who are you?");
        match (asked.method.as_str(), asked.target.as_str()) {
            (_, "/robots.txt") => Answer::status("404 Not Found", "", ""),
            ("POST", "/login") => Answer::redirect("303 See Other", "/-home", &issue()),
            ("POST", "/api/refresh") => match renews {
                true => {
                    Answer::status("200 OK", &format!("Content-Type: application/json\r\n{}", issue()), "{}")
                }
                false => {
                    *tokens += 1;
                    unauthorised
                }
            },
            (_, "/login") => Answer::page(
                "",
                "<form method=post><input name=email><input type=password name=password></form>",
            ),
            (_, "/-home") if member => {
                let links: String = (0..20).map(|n| format!("<a href='/-m{n}'>m</a>")).collect();
                Answer::page("", &format!("<p id=user>ann</p>{links}"))
            }
            (_, path) if member && path.starts_with("/-m") => {
                *left -= 1;
                Answer::page("Set-Cookie: shown=1\r\n", "Yours.")
            }
            (_, path) if path.starts_with("/-") => unauthorised,
            (_, "/") => Answer::page("", "<a href='/-home'>Home</a>"),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
        }
    })
}

/// The member's row of the coverage, and how many of its pages came.
fn member_of(site: &Hostile, budget: u32, refresh: &str) -> (Value, usize) {
    const PASSWORD: &str = "correct horse";
    let plan = format!(
        "engine = \"http\"\n[limits]\nper_shape = 100\n[personas.member]\nlogin_budget = {budget}\n{refresh}\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"ann\", password = \"{PASSWORD}\" }} }} }}]\n\
         logged_in_when = {{ url = \"/-home\", selector = \"#user\" }}\nstart = [\"/-home\"]"
    );
    let report = scan(site, &plan);
    let member = report["coverage"]["personas"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "member")
        .cloned();
    let pages = report["coverage"]["skipped"].as_array().map_or(&[][..], Vec::as_slice);
    let lost = pages.iter().filter(|row| row["reason"] == "session-lost").count();
    (member.unwrap(), lost)
}

#[test]
fn a_session_that_runs_out_is_refreshed_as_the_application_would_and_costs_no_login() {
    let refresh = "refresh = { method = \"POST\", url = \"/api/refresh\" }";
    let count = |site: &Hostile, path: &str| {
        site.asked().iter().filter(|asked| asked.method == "POST" && asked.target == path).count()
    };
    let site = short_access(true);
    let (member, lost) = member_of(&site, 1, refresh);
    assert_eq!((&member["logins"], &member["sessions_lost"], lost), (&1.into(), &0.into(), 0), "{member:#}");
    assert_eq!(count(&site, "/login"), 1);
    assert!((2..8).contains(&count(&site, "/api/refresh")), "{}", count(&site, "/api/refresh"));

    // Where it does not help, a login does.
    let site = short_access(false);
    let (member, lost) = member_of(&site, 9, refresh);
    assert!(member["logins"].as_u64() > Some(1) && lost == 0, "{member:#}");
    assert_eq!(
        member["sessions_lost"].as_u64().map(|lost| lost + 1),
        member["logins"].as_u64(),
        "{member:#}"
    );
    let (refreshed, logins) = (count(&site, "/api/refresh"), count(&site, "/login"));
    assert_eq!(refreshed + 1, logins, "each was tried before a login");

    // Nobody who was not asked to refreshes anything.
    let site = short_access(true);
    let (member, _) = member_of(&site, 9, "");
    assert!(member["logins"].as_u64() > Some(1), "{member:#}");
    assert_eq!(count(&site, "/api/refresh"), 0);
}

#[test]
fn what_leads_somewhere_once_it_is_pressed_is_followed_where_it_only_leads() {
    let site = site(&[
        (
            "/",
            "<link rel=alternate type='application/rss+xml' href='/-feed'><link rel=amphtml href='/-amp'>\
             <button type=button onclick=\"location.href='/-shop'\">Shop</button>\
             <div onclick=\"window.location.assign(&quot;/-card?a=1&amp;b=2&quot;)\"><h2>Tea</h2><p>Green</div>\
             <table><tr onclick=\"document.location='-row'; return false\"><td>Orders<tr><td>Delete</table>\
             <img alt='A cup' onclick='location = \"/-picture\"'><input type=button value=Next onclick=\"location='/-next'\">\
             <form action='/-form'><button formaction='/-tour'>Take the tour</button></form>\
             <button onclick=\"location='/-items/5'\">Delete</button>\
             <button onclick=\"location='/-account/logout'\">Bye</button>\
             <button onclick=\"location='/-quiet'\"><i class=bin></i></button>\
             <button onclick=\"location='/-sure'\" data-confirm='Sure?'>Go on</button>\
             <button onclick=\"location='/-off'\" disabled>Go on</button>\
             <button onclick=\"if (confirm('Sure?')) location='/-asked'\">Go on</button>\
             <button onclick=\"location='/-made/' + id\">Go on</button>\
             <form><input name=q><button formaction='/-filled'>Search there</button></form>\
             <form method=post><button formaction='/-posted'>Send</button></form>\
             <form><button formaction='/-emptied'>Delete</button><button formmethod=post formaction='/-sent'>Go</button>\
             <button name=a value=b formaction='/-named'>Go</button><button formaction='/-x' onclick='y()'>Go</button></form>",
        ),
        ("/-*", "<a href='/'></a>"),
    ]);
    let report = scan(&site, "engine = \"http\"");
    let followed =
        ["/-amp", "/-card?a=1&b=2", "/-feed", "/-form", "/-next", "/-picture", "/-row", "/-shop", "/-tour"];
    assert_eq!(asked(&site), followed);
    let left: BTreeSet<String> = skipped(&report, &site).into_iter().collect();
    let expected = [
        "changes-data /-emptied 1",
        "changes-data /-items/5 1",
        "changes-data /-quiet 1",
        "changes-data /-sure 1",
        "logs-out /-account/logout 1",
    ];
    assert_eq!(left, expected.map(str::to_owned).into(), "{:#}", report["coverage"]);
}

#[test]
fn of_a_sites_feeds_a_few_are_asked_for() {
    let site = Hostile::http(|asked| {
        let feed = "Content-Type: application/rss+xml\r\nSet-Cookie: reader=1; Path=/\r\n";
        match asked.target.as_str() {
            "/" => {
                Answer::page("", &(0..9).map(|n| format!("<a href='/-post-{n}'>p</a>")).collect::<String>())
            }
            path if path.starts_with("/-post") && path.ends_with("/feed") => {
                Answer::status("200 OK", feed, "<rss/>")
            }
            path if path.starts_with("/-post") => {
                Answer::page("", &format!("<link rel=alternate type=application/rss+xml href='{path}/feed'>"))
            }
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", ""),
        }
    });
    let report = scan(&site, "engine = \"http\"");
    assert_eq!(asked(&site).iter().filter(|path| path.ends_with("/feed")).count(), 3);
    assert!(inventory(&report).contains("reader"), "{report:#}");
}
