//! What is the site's own: one answer for the inventory, the hosts, the third parties and the audit.

use super::support::hostile::{Answer, Hostile};
use super::support::look::{look_with, plan};
use cookieproof::config::Format;
use cookieproof::observation::{Party, Scan};
use cookieproof::report::{self, Report};
use cookieproof::vendors::Knowledge;
use cookieproof::{audit, manifest};

/// The report's JSON about a scan.
fn json(manifest: &str, scan: &Scan) -> serde_json::Value {
    let (manifest, problems) = manifest::read(manifest, "cookies.toml", Format::Toml);
    let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
    let audit = audit::audit(&manifest, scan, None);
    let mut out = Vec::new();
    let knowledge = Knowledge::default();
    let report = Report::of(scan, &knowledge).judged(&audit, &manifest);
    report::write(&report, report::Format::Json, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_picture_on_a_host_beside_the_declared_one_is_the_sites() {
    let pictures = Hostile::http(|_| {
        Answer::status("200 OK", "Content-Type: image/png\r\nSet-Cookie: pixel=1\r\n", "x")
    });
    let port = pictures.url("/").port().unwrap();
    let app = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => {
            let picture = format!("<img src=//static.example.org:{port}/a.png>");
            Answer::page("Set-Cookie: sid=1\r\n", &picture)
        }
        _ => Answer::status("404 Not Found", "", ""),
    });
    let text = format!(
        "[pages]\nassets = true\n[http.resolve]\n\"www.example.org\" = \"127.0.0.1\"\n\"static.example.org\" = \"127.0.0.1:{port}\"\n"
    );
    let mut plan = plan(&app, &text);
    plan.targets[0].url = app.url_as("http", "www.example.org", "/");
    let written =
        "[site]\nhosts = [\"www.example.org\"]\n[[cookies]]\nname = \"sid\"\n[[cookies]]\nname = \"pixel\"\n";
    let (declared, problems) = manifest::read(written, "cookies.toml", Format::Toml);
    let declared = declared.unwrap_or_else(|| panic!("{problems:#?}"));
    let seen = look_with(&plan, Some(&declared));
    let parties: Vec<_> =
        seen.scan.contacts.iter().map(|contact| (contact.host.as_str(), contact.party)).collect();
    assert!(parties.contains(&("static.example.org", Party::First)), "{parties:?}");
    assert!(seen.scan.observations.iter().all(|seen| seen.party == Party::First));
    let report = json(written, &seen.scan);
    assert_eq!(report["third_parties"].as_array().map(Vec::len), Some(0), "{:#}", report["third_parties"]);
    let hosts = report["hosts"].as_array().unwrap();
    assert!(hosts.iter().all(|host| host["party"] == "first"), "{hosts:#?}");
}

#[test]
fn a_mapped_third_party_is_known_by_its_real_name() {
    let vendor = Hostile::http(|_| {
        Answer::status("200 OK", "Content-Type: text/javascript\r\nSet-Cookie: m=1\r\n", "1")
    });
    let script = vendor.url("/v3/");
    let app = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page("", &format!("<script src={script}></script>")),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let port = |server: &Hostile| server.url("/").port().unwrap();
    let text = format!(
        "[pages]\nassets = true\n[targets.copy]\nurl = \"{}\"\nhosts = {{ \"shop.example\" = \"127.0.0.1:{}\", \"js.stripe.com\" = \"127.0.0.1:{}\" }}\n",
        app.url("/"),
        port(&app),
        port(&vendor)
    );
    let mut plan = plan(&app, &text);
    plan.targets.retain(|target| target.name == "copy");
    let written = "[site]\nhosts = [\"shop.example\"]\n";
    let (declared, problems) = manifest::read(written, "cookies.toml", Format::Toml);
    let declared = declared.unwrap_or_else(|| panic!("{problems:#?}"));
    let seen = look_with(&plan, Some(&declared));
    let report = json(written, &seen.scan);
    let others = report["third_parties"].as_array().unwrap();
    assert_eq!(others.len(), 1, "{others:#?}");
    assert_eq!(others[0]["vendor"], "Stripe", "{others:#?}");
}
