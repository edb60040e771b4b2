//! Everything that reads what others wrote, each as a function over bytes that asks what must hold for
//! any. `tests/fuzz.rs` feeds them on the stable compiler, `cargo fuzz` with one that follows coverage.

#![allow(unreachable_pub, reason = "each fuzz target uses one of them")]

use cookieproof::charset::PageText;
use cookieproof::config::{Format, Problem, Source};
use cookieproof::cookie::files;
use cookieproof::crawl::{Address, Parts, Robots, Served, links, refresh, sitemap};
use cookieproof::engine::replay::Recording;
use cookieproof::manifest::{self, Manifest};
use cookieproof::observation::{Scan, family};
use cookieproof::vendors::Knowledge;
use cookieproof::{audit, history, plan, policy, report, run, transport};
use futures_util::FutureExt;
use url::Url;

/// A reader: what it is called, and what asks it.
pub type Reader = (&'static str, fn(&[u8]));

pub const READERS: &[Reader] = &[
    ("head", head),
    ("page", page),
    ("robots", robots),
    ("sitemap", pages),
    ("scan", scan),
    ("har", har),
    ("toml", |bytes| config(bytes, Format::Toml)),
    ("yaml", |bytes| config(bytes, Format::Yaml)),
    ("json", |bytes| config(bytes, Format::Json)),
    ("filters", filters),
    ("database", database),
    ("policy", policies),
    ("cookies", cookie_files),
    ("state", states),
];

/// A head that an ordinary reader refuses.
pub fn head(bytes: &[u8]) {
    transport::is_head(bytes);
}

/// A page: tags, links, `Refresh`.
pub fn page(bytes: &[u8]) {
    let Ok(url) = Url::parse("https://site.example/a/b") else { return };
    for media_type in ["text/html", "application/xhtml+xml"] {
        let text = PageText::read(bytes, media_type, None);
        let found = links(&url, &text, Served { policies: &[], refresh: Some(&text.text) }, Parts::All);
        assert!(found.documents.len() <= bytes.len() + 2, "more links than bytes");
    }
    refresh(&String::from_utf8_lossy(bytes));
}

pub fn robots(bytes: &[u8]) {
    let Ok(url) = Url::parse("https://site.example/robots.txt") else { return };
    let robots = Robots::new(&url, 200, bytes, "cookieproof");
    for path in ["/", "/a?b=c", "/%2e%2e/"] {
        if let Some(address) = url.join(path).ok().as_ref().and_then(Address::new) {
            robots.allows(&address);
        }
    }
}

pub fn pages(bytes: &[u8]) {
    let Ok(url) = Url::parse("https://site.example/sitemap.xml") else { return };
    assert!(sitemap(&url, bytes, 50).pages.len() <= 50, "more pages than asked for");
}

/// A saved scan: read, judged, and told in every way.
pub fn scan(bytes: &[u8]) {
    let Ok(scan) = Scan::read(bytes) else { return };
    let knowledge = Knowledge::default();
    let draft = manifest::draft(&scan, &knowledge);
    let (drafted, problems) = manifest::read(&draft, "draft.toml", Format::Toml);
    let manifest = drafted.unwrap_or_default();
    told(&problems, &Source::new("draft.toml", &draft));
    let audit = audit::audit(&manifest, &scan, Some(&scan));
    let report = report::Report::of(&scan, &knowledge).judged(&audit, &manifest);
    for format in [
        report::Format::Terminal { color: false, width: 80, verbose: true },
        report::Format::Json,
        report::Format::Html,
        report::Format::Markdown,
        report::Format::Sarif,
        report::Format::Junit,
        report::Format::Csv,
    ] {
        let mut out = Vec::new();
        // Only a full disk fails, and here is none.
        let _ = report::write(&report, format, &mut out);
    }
}

pub fn har(bytes: &[u8]) {
    let _ = Recording::read(&String::from_utf8_lossy(bytes));
}

/// A manifest, a plan and a baseline, in one of their three syntaxes.
pub fn config(bytes: &[u8], format: Format) {
    let text = String::from_utf8_lossy(bytes);
    let source = Source::new("file", &text);
    let (read, problems) = manifest::read(&text, "file", format);
    told(&problems, &source);
    if let Some(manifest) = read {
        rewritten(&manifest);
    }
    told(&plan::read(&text, "file", format).1, &source);
    told(&history::baseline::read(&text, "file", format).1, &source);
}

/// What was read is written, and read again as the same.
fn rewritten(manifest: &Manifest) {
    let text = manifest::write(manifest);
    let (again, problems) = manifest::read(&text, "again.toml", Format::Toml);
    assert!(again.is_some(), "{problems:?}\n{text}");
}

/// Problems have their places, and reach no terminal raw.
fn told(problems: &[Problem], source: &Source) {
    for problem in problems.iter().take(20) {
        for text in [problem.to_string(), problem.excerpt(source, false, Some(80))] {
            let raw =
                |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}');
            assert!(!text.contains(raw), "{text:?}");
        }
    }
}

pub fn filters(bytes: &[u8]) {
    let _ = Knowledge::default().add_filters("list.txt", &String::from_utf8_lossy(bytes));
}

pub fn database(bytes: &[u8]) {
    let mut knowledge = Knowledge::default();
    if knowledge.add_database("database.csv", &String::from_utf8_lossy(bytes)).is_ok() {
        knowledge.cookie("_ga", "site.example");
    }
}

/// A published policy, and the manifest that it makes.
pub fn policies(bytes: &[u8]) {
    for kind in ["text/html", "text/markdown", "text/csv", "application/json"] {
        let Ok(policy) = policy::read_bytes(bytes, kind) else { continue };
        let (manifest, remarks) = policy.manifest("policy");
        let text = manifest::write_with(&manifest, &remarks);
        let problems = manifest::read(&text, "policy.toml", Format::Toml).1;
        told(&problems, &Source::new("policy.toml", &text));
    }
}

/// How far a run came that was killed.
pub fn states(bytes: &[u8]) {
    let text = "engine = \"http\"\n[targets.app]\nurl = \"http://site.example/\"\n[personas.anonymous]\n\
                [personas.member]\nlogin = [{ open = \"/login\" }]\n";
    let (Some(plan), _) = plan::read(text, "plan.toml", Format::Toml) else { return };
    let Some(target) = plan.targets.first() else { return };
    let read = run::is_state_of(bytes, &plan, target);
    assert!(read.now_or_never().is_some(), "something was asked");
}

/// Cookies of other tools.
pub fn cookie_files(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = files::read_netscape(&text, 1e9);
    let _ = files::read_storage_state(&text, 1e9);
    let _ = files::read_cookie_store(&text, 1e9);
    if let Ok(url) = Url::parse("https://site.example/") {
        let _ = files::read_header(&text, &url, 1e9);
    }
    let name = text.lines().next().unwrap_or_default();
    let of = family(name).into_owned();
    assert_eq!(family(&of), of, "a family is its own");
}
