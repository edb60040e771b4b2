//! The HTML report in a real browser: it runs without a word on the console, sorts and filters, fits a
//! phone, passes an accessibility checker in light and dark, and shows a site's own words as words.

use crate::support::command::Cookieproof;
use crate::support::devtools::Chromium;
use crate::support::small_site::{small_site, url};
use cookieproof::history::{
    Accepted, Base, Change, FindingSince, Night, Since, Standing, ThingChange, Trend,
};
use cookieproof::observation::{Scan, StorageKind};
use cookieproof::report::{self, Format, Report};
use cookieproof::vendors::Knowledge;
use cookieproof::{audit, config, manifest};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;

const AXE: &str = include_str!("vectors/axe-core/axe.min.js");

/// What a site may call a cookie, to get out of the text.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&amp;{{7*7}}";

const MANIFEST: &str = r#"
[site]
hosts = ["127.0.0.1"]

[[cookies]]
name = "sid"
category = "strictly-necessary"
purpose = "Keeps you logged in"
lifetime = "1h"
http_only = true
source = "The cookie <b>sid</b> lives one hour."

[[cookies]]
name = "cart"
lifetime = "30d"

[claims]
inventory = "complete"
consent_banner = { shown = "first-visit" }
"#;

fn since(finding: &str) -> Since {
    let night = |day: u64| Night {
        started: format!("2026-11-{day:02}T04:00:00Z"),
        errors: day % 3,
        warnings: day % 2,
        things: 4 + day,
        complete: day != 11,
    };
    Since {
        bases: vec![Base { who: "anonymous".into(), started: Some("2026-11-12T04:00:00Z".into()) }],
        caveats: Vec::new(),
        things: vec![ThingChange {
            change: Change::Appeared,
            kind: Some(StorageKind::Cookie),
            name: HOSTILE.into(),
            host: "127.0.0.1".into(),
            vendor: Some("Meta".into()),
            detail: String::new(),
            who: vec!["anonymous".into()],
        }],
        claims: Vec::new(),
        open: Vec::new(),
        pages: Vec::new(),
        findings: vec![FindingSince {
            standing: Standing::Still,
            id: finding.into(),
            rule: "lifetime".into(),
            severity: audit::Severity::Error,
            note: String::new(),
            message: "`sid` lives 1 day".into(),
            first_seen: Some("2026-11-09".into()),
        }],
        trend: Trend { nights: (9..14).map(night).collect() },
    }
}

/// A report in which every section is filled, of a site that calls a cookie as it likes.
fn page() -> String {
    let folder = tempfile::tempdir().unwrap();
    let site = small_site();
    let saved = folder.path().join("scan.json");
    let args = ["scan", &url(&site), "-q", "--rate", "0", "--save-scan", saved.to_str().unwrap()];
    Cookieproof::new(args).run().code(0);
    let name = serde_json::to_string(HOSTILE).unwrap();
    let text =
        std::fs::read_to_string(&saved).unwrap().replace("\"name\":\"track\"", &format!("\"name\":{name}"));
    let scan = Scan::read(text.as_bytes()).unwrap();
    let (manifest, problems) = manifest::read(MANIFEST, "cookies.toml", config::Format::Toml);
    let manifest = manifest.unwrap_or_else(|| panic!("{problems:?}"));
    let audit = audit::audit(&manifest, &scan, None);
    assert!(audit.findings.len() >= 2);
    let since = since(&audit.findings[0].id);
    let accepted = [Accepted {
        id: audit.findings[1].id.clone(),
        owner: "ana".into(),
        reason: "waiting for <vendor>".into(),
        until: "2026-12-31".into(),
    }];
    let knowledge = Knowledge::default();
    let report = Report::of(&scan, &knowledge).judged(&audit, &manifest);
    let mut out = Vec::new();
    report::write(&Report { since: Some(&since), accepted: &accepted, ..report }, Format::Html, &mut out)
        .unwrap();
    String::from_utf8(out).unwrap()
}

/// Serves one page for as long as the test runs; whatever else is asked for is counted.
fn serve(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let (status, body) = match head[..read].starts_with(b"GET / ") {
                true => ("200 OK", page.as_str()),
                false => ("404 Not Found", ""),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

fn evaluate(chromium: &mut Chromium, expression: &str) -> Value {
    let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
    let answer = chromium.call("Runtime.evaluate", asked);
    assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
    answer["result"]["value"].clone()
}

fn wide(chromium: &mut Chromium, width: u32) {
    let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
    chromium.call("Emulation.setDeviceMetricsOverride", size);
}

#[test]
fn the_page_works_and_everybody_can_read_it() {
    let Some(program) = Chromium::installed() else { return println!("no Chromium: 0 cases") };
    let page = page();
    assert!(!page.contains("<img"), "{page}");
    let mut chromium = Chromium::start(program, "", false);
    chromium.call("Log.enable", json!({}));
    chromium.call("Runtime.enable", json!({}));
    wide(&mut chromium, 1280);
    let events = chromium.open(&serve(page)).unwrap();

    // Nothing on the console, nothing asked for: the icon is the browser's own wish.
    let told: Vec<&Value> = events
        .iter()
        .filter(|event| {
            let method = event["method"].as_str().unwrap_or_default();
            let icon = event.to_string().contains("favicon.ico");
            let loud =
                ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"].contains(&method);
            let asks = method == "Network.requestWillBeSent" && event["params"]["type"] != "Document";
            (loud || asks) && !icon
        })
        .collect();
    assert!(told.is_empty(), "{told:?}");

    // What the site wrote is text.
    let names = evaluate(
        &mut chromium,
        "[...document.querySelectorAll('#things tbody th code')].map(e => e.textContent)",
    );
    assert!(names.as_array().unwrap().contains(&json!(HOSTILE)), "{names}");

    // Sorting, both ways, by words and by numbers.
    let column = |at: usize| {
        format!(
            "document.querySelectorAll('#things thead button')[{at}].click(); \
             [...document.querySelectorAll('#things tbody tr')].map(r => r.cells[{at}].dataset.sort ?? \
             r.cells[{at}].textContent.trim())"
        )
    };
    let numbers = |value: Value| -> Vec<i64> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().parse().unwrap()).collect()
    };
    let up = numbers(evaluate(&mut chromium, &column(4)));
    assert!(up.len() > 3 && up.is_sorted(), "{up:?}");
    let down = numbers(evaluate(&mut chromium, &column(4)));
    assert!(down.is_sorted_by(|a, b| a >= b) && up != down, "{down:?}");
    let sorted = evaluate(&mut chromium, "document.querySelectorAll('#things thead th')[4].ariaSort");
    assert_eq!(sorted, "descending");

    // The filter, by text and by findings.
    let filtered = |set: &str| {
        format!(
            "{set}; document.getElementById('filter').dispatchEvent(new Event('input', {{bubbles: true}})); \
             [document.querySelectorAll('#things tbody tr:not([hidden])').length, \
              document.getElementById('filter-count').textContent]"
        )
    };
    let all = up.len();
    assert_eq!(
        evaluate(&mut chromium, &filtered("document.getElementById('filter-text').value = 'CART'")),
        json!([2, format!("2 of {all}")])
    );
    assert_eq!(
        evaluate(&mut chromium, &filtered("document.getElementById('filter-text').value = 'no such'"))[0],
        0
    );
    let wrong = "document.getElementById('filter-text').value = ''; document.getElementById('filter-wrong').checked = true";
    assert_eq!(evaluate(&mut chromium, &filtered(wrong))[0], 3);
    let none = "document.getElementById('filter-wrong').checked = false";
    assert_eq!(evaluate(&mut chromium, &filtered(none))[0], json!(all));

    // Nothing overflows, down to a small phone.
    for width in [1280, 768, 360] {
        wide(&mut chromium, width);
        let needed = evaluate(&mut chromium, "document.documentElement.scrollWidth");
        assert!(needed.as_u64().unwrap() <= u64::from(width), "{needed} at {width}");
    }

    // On paper (A4 within its margins, at 96 dots an inch; the inventory across) nothing is beyond the edge.
    chromium.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    for (width, inventory) in [(1030, "block"), (672, "none")] {
        wide(&mut chromium, width);
        let shown = format!("document.querySelector('.inventory').style.display = '{inventory}'");
        let needed = evaluate(&mut chromium, &format!("{shown}; document.documentElement.scrollWidth"));
        assert!(needed.as_u64().unwrap() <= u64::from(width), "{needed} on paper {width} wide");
    }
    evaluate(&mut chromium, "document.querySelector('.inventory').style.display = ''");
    chromium.call("Emulation.setEmulatedMedia", json!({ "media": "screen" }));

    // Accessible, at both sizes, in light and dark.
    evaluate(&mut chromium, AXE);
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
        wide(&mut chromium, width);
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        chromium.call("Emulation.setEmulatedMedia", scheme);
        let violations = evaluate(
            &mut chromium,
            "axe.run(document).then(r => r.violations.map(v => v.id + ': ' + \
             v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | ')))",
        );
        assert_eq!(violations, json!([]), "{width}");
    }
    let checked = evaluate(&mut chromium, "axe.run(document).then(r => r.passes.length)");
    assert!(checked.as_u64().unwrap() > 20, "{checked} checks");
}
