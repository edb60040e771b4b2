//! Reports made from a literal scan and a literal audit.

use super::*;
use crate::audit::{Confidence, Declared, Evidence, Finding, Note, Severity, State, Verdict, Why};
use crate::history::{
    Accepted, Base, Change, ClaimTurn, FindingSince, Night, Open, Since, Standing, ThingChange, Trend,
};
use crate::manifest::{Item, LifetimeRule, Manifest, Place};
use crate::observation::{Scan, Sighting, StorageKind};
use crate::vendors::Knowledge;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn cell(persona: &str, phase: &str) -> Value {
    json!({ "persona": persona, "engine": "http", "consent": "untouched", "phase": phase, "repeat": 0 })
}

fn group(name: &str, line: &str, seconds: Option<i64>, cell: &Value, at: (&str, &str, u16)) -> Value {
    let lifetime = match seconds {
        Some(seconds) => json!({ "kind": "seconds", "seconds": seconds }),
        None => json!({ "kind": "session" }),
    };
    let has = |word: &str| line.split("; ").any(|part| part == word);
    let same_site = has("SameSite=Lax").then_some("lax");
    let decision = match seconds {
        Some(0) => json!({ "decision": "rejected", "reasons": ["already_expired"] }),
        _ if has("SameSite=None") => json!({ "decision": "rejected", "reasons": ["SameSiteNoneInsecure"] }),
        _ => json!({ "decision": "stored", "effective": {
            "domain": "shop.test", "host_only": true, "path": "/", "secure": has("Secure"),
            "http_only": has("HttpOnly"), "same_site": same_site, "lifetime": lifetime,
            "partition": null, "priority": "medium" } }),
    };
    json!({ "count": 2, "example": {
        "kind": "cookie", "name": name, "cell": cell,
        "page": { "asked": at.1, "shown": null, "started_by": null },
        "exchange": { "method": at.0, "url": at.1, "status": at.2, "hop": 0, "resource": "document" },
        "channel": "header", "party": "first", "line": line,
        "written": { "lifetime": lifetime, "http_only": has("HttpOnly"), "secure": has("Secure"),
            "same_site": same_site, "partitioned": false, "path": "/", "domain": null },
        "decision": decision,
        "value": { "length": 32, "class": "hex", "shape": { "kind": "identifier" } },
        "script": null, "at_ms": 12 } })
}

fn observation(name: &str, domain: &str, party: &str, groups: Value) -> Value {
    json!({ "kind": "cookie", "name": name, "domain": domain, "path": "/", "partition": null,
        "party": party, "groups": groups })
}

pub(crate) fn scan() -> Scan {
    let anonymous = cell("anonymous", "crawl");
    let login = cell("member", "login");
    let home = "http://shop.test/";
    serde_json::from_value(json!({
        "format": 1,
        "run": { "tool": "cookieproof 0.1.0", "target": "local", "base_url": home,
            "started": "2026-04-16T10:00:00Z", "seconds": 2, "engines": ["http"],
            "user_agent": "cookieproof/0.1", "vantage": null, "third_party_cookies": "block",
            "assets": false, "partial": null, "own_hosts": ["shop.test"] },
        "coverage": {
            "pages": [
                { "cell": anonymous, "example": home, "shown": null, "status": 200, "count": 12 },
                { "cell": cell("member", "crawl"), "example": home, "shown": null, "status": 200, "count": 1 },
            ],
            "skipped": [{ "persona": "anonymous", "reason": "robots", "example": "http://shop.test/private",
                "count": 3 }],
            "failed": [{ "cell": anonymous, "url": "http://shop.test/gone", "kind": "client-error",
                "detail": "404 Not Found", "count": 1 }],
            "personas": [
                { "name": "anonymous", "visitor": { "logged-in": false, "remembered": null },
                    "reached": { "state": "yes" }, "logins": 0, "sessions_lost": 0 },
                { "name": "member", "visitor": { "logged-in": true, "remembered": null },
                    "reached": { "state": "yes" }, "logins": 2, "sessions_lost": 1 },
            ],
            "robots_honoured": true },
        "observations": [
            observation("csrf", "shop.test", "first", json!([
                group("csrf", "csrf=‹32 bytes›; Max-Age=31449600; Path=/; SameSite=Lax", Some(31_449_600),
                    &anonymous, ("GET", home, 200)),
            ])),
            observation("sid", "shop.test", "first", json!([
                group("sid", "sid=‹32 bytes›; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax",
                    Some(1_209_600), &login, ("POST", "http://shop.test/login", 302)),
                group("sid", "sid=‹0 bytes›; Max-Age=0; Path=/", Some(0), &anonymous,
                    ("GET", "http://shop.test/old", 200)),
            ])),
            observation("track", "ads.test", "third", json!([
                group("track", "track=‹32 bytes›; Path=/; SameSite=None", None, &anonymous,
                    ("GET", "http://ads.test/pixel", 200)),
            ])),
        ],
        "sent": [],
        "contacts": [{ "host": "ads.test", "party": "third", "resource": "image", "cell": anonymous,
            "page": home, "example": "http://ads.test/pixel", "count": 4, "fetched": true }],
        "outcomes": [{ "probe": { "kind": "required-for" }, "persona": "member", "cookies": ["sid"],
            "page": "http://shop.test/account", "result": { "result": "holds" },
            "evidence": ["GET /account without sid -> 302 /login"] }],
        "policy": null, "links": [],
    }))
    .unwrap()
}

/// Where the scan's cookie is declared; `[claims]` begins on line 28.
pub(crate) fn manifest() -> Manifest {
    let mut sid = Item::named("sid");
    sid.lifetime = Some(LifetimeRule::Exact("24h".parse().unwrap()));
    Manifest {
        file: "cookies.toml".into(),
        items: vec![sid],
        claims_at: Place { line: 28, column: 1 },
        ..Manifest::default()
    }
}

/// A comparison in which everything occurs.
pub(crate) fn since() -> Since {
    let thing = |change, name: &str, detail: &str, vendor: Option<&str>, who: &[&str]| ThingChange {
        change,
        kind: Some(StorageKind::Cookie),
        name: name.into(),
        host: "shop.test".into(),
        vendor: vendor.map(Into::into),
        detail: detail.into(),
        who: who.iter().copied().map(Into::into).collect(),
    };
    let finding = |standing, id: &str, first_seen: Option<&str>| FindingSince {
        standing,
        id: id.into(),
        rule: "lifetime".into(),
        severity: Severity::Error,
        message: format!("`{id}` lives too long"),
        note: String::new(),
        first_seen: first_seen.map(Into::into),
    };
    let night = |day: u8, errors, complete| Night {
        started: format!("2026-04-{day:02}T04:00:00Z"),
        errors,
        warnings: 1,
        things: u64::from(day),
        complete,
    };
    Since {
        bases: vec![
            Base { who: "anonymous".into(), started: Some("2026-04-15T04:00:00Z".into()) },
            Base { who: "member".into(), started: Some("2026-04-13T04:00:00Z".into()) },
        ],
        caveats: vec!["Last time it was another version of the tool.".into()],
        things: vec![
            thing(Change::Appeared, "_fbp", "", Some("Meta"), &["anonymous"]),
            thing(Change::Gone, "_ga", "", None, &[]),
            thing(Change::Changed, "lang", "90 min → 1 day", None, &[]),
            thing(Change::NotLookedAt, "sid", "", None, &["member"]),
        ],
        claims: vec![ClaimTurn {
            claim: "cookies.sid.lifetime".into(),
            text: "`sid` lives 24h.".into(),
            from: "upheld".into(),
            to: "refuted".into(),
        }],
        findings: vec![
            finding(Standing::Still, "f00d", Some("2026-04-02")),
            finding(Standing::New, "cafe", None),
            finding(Standing::Gone, "dead", None),
            finding(Standing::NotLookedAt, "0123", None),
        ],
        open: vec![Open { who: "member, logout".into(), why: "not part of this run".into() }],
        pages: vec!["policy page: the date moved".into()],
        trend: Trend { nights: vec![night(14, 0, true), night(15, 3, false), night(16, 1, true)] },
    }
}

pub(crate) fn audit(scan: &Scan) -> Audit {
    let sid: &Sighting = &scan.observations[1].groups[0].example;
    let verdict = |claim: &str, text: &str, line, state| Verdict {
        claim: claim.into(),
        text: text.into(),
        place: Place { line, column: 1 },
        source: None,
        state,
    };
    let open = |why, decided_by: &str| State::NotVerified {
        why,
        detail: "it did not come up".into(),
        decided_by: decided_by.into(),
    };
    Audit {
        verdicts: vec![
            verdict(
                "claims.consent-banner",
                "There is no consent banner.",
                30,
                open(Why::NeedsBrowser, "the browser engine, which this version does not have"),
            ),
            verdict(
                "cookies.csrf.http-only",
                "`csrf` can be read by scripts.",
                9,
                State::Upheld { seen: "2 responses".into() },
            ),
            verdict(
                "cookies.lang.lifetime",
                "`lang` lives 1y.",
                20,
                open(Why::NeverSeen, "a page or a step that sets `lang`"),
            ),
            verdict(
                "cookies.sid.lifetime",
                "`sid` lives 24h.",
                14,
                State::Refuted { findings: vec!["f00d".into()] },
            ),
        ],
        findings: vec![Finding {
            predicted_for: None,
            id: "f00d".into(),
            parts: Vec::new(),
            rule: "lifetime",
            severity: Severity::Error,
            confidence: Confidence::High,
            subject: "sid".into(),
            message: "`sid` lives 14 days; the policy says 24h".into(),
            claims: vec!["cookies.sid.lifetime".into()],
            declared: Some(Declared {
                place: Place { line: 14, column: 12 },
                says: "lifetime = \"24h\"".into(),
            }),
            evidence: vec![Evidence {
                cell: sid.cell.clone(),
                page: Some(sid.page.clone()),
                exchange: Some(sid.exchange.clone()),
                party: Some(sid.party),
                line: sid.line.clone(),
                count: 2,
                replay: Some("curl -i -X POST 'http://shop.test/login'".into()),
                picture: None,
            }],
            hint: Some("Shorten the cookie's Max-Age, or correct the policy.".into()),
        }],
        notes: vec![Note {
            subject: "ads".into(),
            text: "declared for 2 years; browsers keep 400 days".into(),
            place: Some(Place { line: 40, column: 1 }),
        }],
    }
}

fn print(scan: &Scan, audit: Option<&Audit>, format: Format) -> String {
    let mut out = Vec::new();
    let (knowledge, manifest) = (Knowledge::default(), manifest());
    let mut report = Report::of(scan, &knowledge);
    if let Some(audit) = audit {
        report = report.judged(audit, &manifest);
    }
    write(&report, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: Format = Format::Terminal { color: false, width: 80, verbose: false };
const VERBOSE: Format = Format::Terminal { color: false, width: 80, verbose: true };

#[test]
fn the_answer_comes_first_and_a_finding_takes_three_lines() {
    let scan = scan();
    assert_snapshot!(print(&scan, Some(&audit(&scan)), PLAIN), @r#"
    NOT KEPT: http://shop.test/ breaks 1 of the 4 claims of cookies.toml.

         1 upheld
         1 refuted        1 error
         2 not verified   1 only a browser can say, 1 never seen

    Findings
    error[lifetime] `sid` lives 14 days; the policy says 24h
      declared  cookies.toml:14:12  lifetime = "24h"
      seen      POST /login, member, login: sid=…; Max-Age=1209600 (14 days);
                Path=/; HttpOnly; SameSite=Lax

    Not verified
         1 only a browser can say: claims.consent-banner
           to decide: the browser engine, which this version does not have
         1 never seen: cookies.lang.lifetime
           to decide: a page or a step that sets `lang`

    Notes
      cookies.toml:40:1  ads: declared for 2 years; browsers keep 400 days

    Seen on shop.test
      name  lifetime  attributes    path  to
      csrf  364 days  Lax           /     anonymous
      sid   14 days   HttpOnly Lax  /     member
      sid   deleted                 /     anonymous

    Seen on ads.test (third party)
      name   lifetime  attributes  path  to
      track  refused               /     anonymous
        browsers refuse it: SameSite=None needs Secure

    Third parties
      ads.test  4 times asked, on /; leaves track (refused)

    Looked at
      anonymous   12 pages
      member      1 page, logged in, 2 logins, session lost once
      skipped     3 closed by robots.txt, such as /private
      failed      client error: /gone (404 Not Found)

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made 2026-04-16T10:00:00Z in 2 seconds.
    `-v` shows all evidence, hints and claims; `cookieproof explain lifetime`
    explains a rule.
    "#);
}

#[test]
fn verbose_shows_every_claim_and_all_evidence() {
    let scan = scan();
    assert_snapshot!(print(&scan, Some(&audit(&scan)), VERBOSE), @r#"
    NOT KEPT: http://shop.test/ breaks 1 of the 4 claims of cookies.toml.

         1 upheld
         1 refuted        1 error
         2 not verified   1 only a browser can say, 1 never seen

    Findings
    error[lifetime] `sid` lives 14 days; the policy says 24h
      declared  cookies.toml:14:12  lifetime = "24h"
      seen      POST http://shop.test/login -> 302 (member, login), twice
                sid=‹32 bytes›; Max-Age=1209600 (14 days); Path=/; HttpOnly;
                SameSite=Lax
      again     curl -i -X POST 'http://shop.test/login'
      hint      Shorten the cookie's Max-Age, or correct the policy.
      refutes   cookies.sid.lifetime
      id        f00d

    Not verified
         1 only a browser can say: claims.consent-banner
           to decide: the browser engine, which this version does not have
         1 never seen: cookies.lang.lifetime
           to decide: a page or a step that sets `lang`

    Notes
      cookies.toml:40:1  ads: declared for 2 years; browsers keep 400 days

    Claims
      not verified claims.consent-banner
        cookies.toml:30:1  There is no consent banner.
        only a browser can say: it did not come up
      upheld       cookies.csrf.http-only
        cookies.toml:9:1  `csrf` can be read by scripts.
        2 responses
      not verified cookies.lang.lifetime
        cookies.toml:20:1  `lang` lives 1y.
        never seen: it did not come up
      refuted      cookies.sid.lifetime
        cookies.toml:14:1  `sid` lives 24h.
        see f00d

    Seen on shop.test
      csrf  364 days, this host only, path /
        csrf=‹32 bytes›; Max-Age=31449600; Path=/; SameSite=Lax
        by GET / -> 200 (anonymous); 2 times in all
      sid  14 days, this host only, path /
        sid=‹32 bytes›; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax
        by POST /login -> 302 (member, login); 2 times in all
      sid  deleted
        sid=‹0 bytes›; Max-Age=0; Path=/
        by GET /old -> 200 (anonymous); 2 times in all

    Seen on ads.test (third party)
      track  browsers refuse it: SameSite=None needs Secure
        track=‹32 bytes›; Path=/; SameSite=None
        by GET http://ads.test/pixel -> 200 (anonymous); 2 times in all

    Third parties
      ads.test  4 times asked, on /; leaves track (refused)

    Probes
      holds     required-for, member, sid
        GET /account without sid -> 302 /login

    Looked at
      anonymous   12 pages
      member      1 page, logged in, 2 logins, session lost once
      skipped     3 closed by robots.txt, such as /private
      failed      client error: /gone (404 Not Found)

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made 2026-04-16T10:00:00Z in 2 seconds.
    "#);
}

#[test]
fn a_scan_alone_prints_lines_as_written() {
    assert_snapshot!(print(&scan(), None, PLAIN), @"
    http://shop.test/ sets 2 cookies.

    Seen on shop.test
      csrf  364 days, this host only, path /
        csrf=‹32 bytes›; Max-Age=31449600; Path=/; SameSite=Lax
        by GET / -> 200 (anonymous); 2 times in all
      sid  14 days, this host only, path /
        sid=‹32 bytes›; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax
        by POST /login -> 302 (member, login); 2 times in all
      sid  deleted
        sid=‹0 bytes›; Max-Age=0; Path=/
        by GET /old -> 200 (anonymous); 2 times in all

    Seen on ads.test (third party)
      track  browsers refuse it: SameSite=None needs Secure
        track=‹32 bytes›; Path=/; SameSite=None
        by GET http://ads.test/pixel -> 200 (anonymous); 2 times in all

    Third parties
      ads.test  4 times asked, on /; leaves track (refused)

    Looked at
      anonymous   12 pages
      member      1 page, logged in, 2 logins, session lost once
      skipped     3 closed by robots.txt, such as /private
      failed      client error: /gone (404 Not Found)

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made 2026-04-16T10:00:00Z in 2 seconds.
    ");
}

#[test]
fn markdown() {
    let scan = scan();
    assert_snapshot!(print(&scan, Some(&audit(&scan)), Format::Markdown), @r#"
    # Cookies of `http://shop.test/`

    **NOT KEPT: http&#58;//shop.test/ breaks 1 of the 4 claims of cookies.toml.**

    | upheld | refuted | not verified |
    | ---: | ---: | ---: |
    | 1 | 1 | 2 |


    ## Findings

    ### Error: `sid` lives 14 days; the policy says 24h

    - rule: `lifetime`
    - declared: `cookies.toml:14:12` `lifetime = "24h"`
    - seen: `POST http://shop.test/login` 302 (member, login), twice: `sid=‹32 bytes›; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax`
    - hint: Shorten the cookie's Max-Age, or correct the policy.
    - refutes: `cookies.sid.lifetime`

    ## Not verified

    | claims | why | what would decide them |
    | --- | --- | --- |
    | `claims.consent-banner` | only a browser can say | the browser engine, which this version does not have |
    | `cookies.lang.lifetime` | never seen | a page or a step that sets `lang` |

    ## Notes

    - `cookies.toml:40:1` `ads`: declared for 2 years; browsers keep 400 days

    ## Seen on `shop.test`

    | name | lifetime | attributes | path | to | as written |
    | --- | --- | --- | --- | --- | --- |
    | `csrf` | 364 days | Lax | `/` | anonymous | `csrf=‹32 bytes›; Max-Age=31449600; Path=/; SameSite=Lax` |
    | `sid` | 14 days | HttpOnly Lax | `/` | member | `sid=‹32 bytes›; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax` |
    | `sid` | deleted |  | `/` | anonymous | `sid=‹0 bytes›; Max-Age=0; Path=/` |

    ## Seen on `ads.test` (third party)

    | name | lifetime | attributes | path | to | as written |
    | --- | --- | --- | --- | --- | --- |
    | `track` | browsers refuse it: SameSite=None needs Secure |  | `/` | anonymous | `track=‹32 bytes›; Path=/; SameSite=None` |

    ## Third parties

    | who | known as | by | requests | pages | script | told | leaves |
    | --- | --- | --- | ---: | --- | --- | --- | --- |
    | `ads.test` |  |  | 4 | `http://shop.test/` |  |  | track (refused) |

    ## Looked at

    - anonymous: 12 pages
    - member: 1 page, logged in, 2 logins, session lost once
    - skipped: 3 closed by robots.txt, such as /private
    - failed: client error: /gone (404 Not Found)

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and styles (`--assets`).
    Made 2026-04-16T10:00:00Z in 2 seconds.

    ## Claims

    | claim | states | verdict |
    | --- | --- | --- |
    | `claims.consent-banner` `cookies.toml:30:1` | There is no consent banner. | not verified, only a browser can say: it did not come up |
    | `cookies.csrf.http-only` `cookies.toml:9:1` | `csrf` can be read by scripts. | upheld: 2 responses |
    | `cookies.lang.lifetime` `cookies.toml:20:1` | `lang` lives 1y. | not verified, never seen: it did not come up |
    | `cookies.sid.lifetime` `cookies.toml:14:1` | `sid` lives 24h. | **refuted** |
    "#);
}

#[test]
fn json_is_versioned_and_in_order() {
    let scan = scan();
    assert_snapshot!(print(&scan, Some(&audit(&scan)), Format::Json));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let scan = scan();
    for width in [40, 60, 80, 120] {
        for verbose in [false, true] {
            let text = print(&scan, Some(&audit(&scan)), Format::Terminal { color: false, width, verbose });
            for line in text.lines().filter(|_| width >= 60) {
                assert!(super::text::width(line) <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn color_only_adds_escapes() {
    let scan = scan();
    let colored =
        print(&scan, Some(&audit(&scan)), Format::Terminal { color: true, width: 80, verbose: false });
    assert!(colored.contains("\x1b["));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), print(&scan, Some(&audit(&scan)), PLAIN));
}

/// A site that writes escape codes, overrides and invisible characters wherever it can.
#[test]
fn what_a_site_wrote_never_reaches_the_terminal_raw() {
    const HOSTILE: &str = "\x1b]0;owned\x07\u{202e}evil\u{200b}|`<b>@all\u{9b}2J\r\n";
    let mut scan = scan();
    let mut audit = audit(&scan);
    let home = serde_json::from_value(json!(format!("http://shop.test/{HOSTILE}"))).unwrap();
    scan.run.base_url = home;
    scan.coverage.failed[0].detail = HOSTILE.into();
    scan.observations[0].domain = HOSTILE.into();
    scan.observations[0].path = HOSTILE.into();
    scan.observations[0].groups[0].example.line = HOSTILE.into();
    scan.observations[0].groups[0].example.written.domain = Some(HOSTILE.into());
    scan.contacts[0].host = HOSTILE.into();
    scan.outcomes[0].evidence = vec![HOSTILE.into()];
    audit.findings[0].message = HOSTILE.into();
    audit.findings[0].evidence[0].line = HOSTILE.into();
    audit.notes[0].subject = HOSTILE.into();
    for format in [PLAIN, VERBOSE, Format::Json, Format::Markdown] {
        for audit in [None, Some(&audit)] {
            let text = print(&scan, audit, format);
            let raw = text.chars().find(|c| *c != '\n' && super::text::is_unsafe(*c));
            assert_eq!(raw, None, "{format:?}: {text}");
            assert!(!text.contains("\n|`"), "{format:?}: {text}");
        }
    }
    let read: Value = serde_json::from_str(&print(&scan, Some(&audit), Format::Json)).unwrap();
    assert_eq!(read["findings"][0]["message"], HOSTILE);
}

#[test]
fn nothing_seen_is_never_all_clear() {
    let mut scan = scan();
    scan.coverage.pages.clear();
    scan.observations.clear();
    assert_snapshot!(print(&scan, None, PLAIN), @"
    INCONCLUSIVE: nothing can be said of http://shop.test/.

      inconclusive  no page answered: http://shop.test/gone: 404 Not Found

    Third parties
      ads.test  4 times asked, on /

    Looked at
      anonymous   0 pages
      member      0 pages, logged in, 2 logins, session lost once
      skipped     3 closed by robots.txt, such as /private
      failed      client error: /gone (404 Not Found)

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made 2026-04-16T10:00:00Z in 2 seconds.
    ");
}

/// Whoever reads a second report wants to know what is new, first.
#[test]
fn changes_come_before_the_findings() {
    let (scan, since, knowledge, manifest) = (scan(), since(), Knowledge::default(), manifest());
    let audit = audit(&scan);
    let accepted = [Accepted {
        id: "f00d".into(),
        owner: "ana".into(),
        reason: "waiting for vendor".into(),
        until: "2026-12-31".into(),
    }];
    let report = Report::of(&scan, &knowledge).judged(&audit, &manifest);
    let report = Report { since: Some(&since), accepted: &accepted, ..report };
    for (format, heading, line) in [
        (PLAIN, "Since last time\n", "  + _fbp (Meta, on shop.test) — anonymous\n"),
        (Format::Markdown, "## Since last time\n", "- `+ _fbp (Meta, on shop.test) — anonymous`\n"),
    ] {
        let mut out = Vec::new();
        write(&report, format, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let at = text.find(heading).unwrap_or_else(|| panic!("{text}"));
        assert!(text[at..].contains(line), "{text}");
        assert!(at < text.find("Findings\n").unwrap(), "{text}");
        assert!(text.contains("until 2026-12-31, ana: waiting for vendor"), "{text}");
    }
}
