//! Of many pages, one of each kind is rendered, and nothing is missed by that.

use crate::generated::{KINDS, LEFT, answer};
use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};

const PAGES: usize = 300;

#[test]
fn one_page_of_each_kind_shows_what_all_of_them_leave() {
    let site =
        Hostile::http(|asked| match answer(asked.target.split('?').next().unwrap(), PAGES, KINDS, 200) {
            Some(page) => {
                let cookie =
                    page.cookie.map(|cookie| format!("Set-Cookie: {cookie}\r\n")).unwrap_or_default();
                Answer::status(
                    "200 OK",
                    &format!("Content-Type: {}\r\n{cookie}", page.content_type),
                    &page.body,
                )
            }
            None => Answer::status("404 Not Found", "", ""),
        });
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "engine = \"browser\"\n[limits]\nper_shape = 1000\ndepth = 1000\n[targets.site]\nurl = \"{}\"\n",
        site.url_as("http", "localhost", "/")
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let args = ["scan", "cookieproof.toml", "--rate", "0", "--quiet", "--format", "json"];
    let path = std::env::var("PATH").unwrap_or_default();
    let report = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run().code(0).json();

    let mut names: Vec<&str> =
        report["inventory"].as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, LEFT);

    let of = |engine: &str| -> u64 {
        let pages = report["coverage"]["pages"].as_array().unwrap().iter();
        let here = pages.filter(|page| page["cell"]["engine"] == engine);
        here.map(|page| page["count"].as_u64().unwrap()).sum()
    };
    let skipped = report["coverage"]["skipped"].as_array().unwrap().iter();
    let alike: u64 = skipped
        .filter(|skipped| skipped["reason"] == "alike")
        .map(|skipped| skipped["count"].as_u64().unwrap())
        .sum();
    assert!(of("http") >= PAGES as u64, "{}", of("http"));
    // The start page may be a kind of its own, and every page is rendered or said to be like another.
    assert!((KINDS as u64..=KINDS as u64 + 1).contains(&of("browser")), "{}", of("browser"));
    assert!(of("browser") + alike >= PAGES as u64, "{} and {alike}", of("browser"));
}
