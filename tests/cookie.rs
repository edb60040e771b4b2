//! Set-Cookie lines: the vectors, recorded cases where they are given, and `explain`.

use crate::support::command::Cookieproof;
use crate::support::vectors::{NOW, Vector, vectors};
use cookieproof::cookie::{
    Decision, Effective, Jar, Lifetime, Priority, Reason, SameSite, cookie_header, files,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[test]
fn every_vector_is_as_it_says() {
    let wrong: Vec<String> = vectors().iter().filter_map(wrong_with).collect();
    assert!(wrong.is_empty(), "tests/vectors/cookies.txt:\n{}", wrong.join("\n"));
}

#[test]
fn every_reason_has_a_vector() {
    let expected: String = vectors().into_iter().map(|vector| vector.expected + " ").collect();
    // What a browser gives and we have no name for is no rule of ours.
    // And what it does with scripts' lines is not a response's matter.
    let others = [Reason::Unlisted, Reason::HttpOnlyByScript, Reason::WithoutCredentials];
    for reason in Reason::ALL.into_iter().filter(|reason| !others.contains(reason)) {
        assert!(expected.contains(reason.name()), "no vector for {reason}");
    }
}

/// The vector's expectation against the model.
fn wrong_with(vector: &Vector) -> Option<String> {
    let mut jar = Jar::default();
    for (url, line) in &vector.before {
        jar.receive(line, &vector.visit(url, NOW));
    }
    let (_, decision) = jar.receive(&vector.line, &vector.context(NOW));
    let mut expected = vector.expected.split(' ').filter(|word| !word.is_empty());
    let (outcome, facts) = match &decision {
        Decision::Stored { effective } => ("stored", facts(effective)),
        Decision::Replaced { effective } => ("replaced", facts(effective)),
        Decision::Deleted { effective } => ("deleted", facts(effective)),
        Decision::Rejected { reasons } => {
            ("refused", reasons.iter().map(|reason| reason.to_string()).collect())
        }
    };
    let at = format!("line {}: {}", vector.at, vector.expected);
    if expected.next() != Some(outcome) {
        return Some(format!("{at}: {outcome} {facts:?}"));
    }
    let expected: BTreeSet<String> = expected.map(str::to_owned).collect();
    let holds = match outcome {
        "refused" => expected == facts,
        _ => expected.is_subset(&facts),
    };
    if !holds {
        return Some(format!("{at}: {facts:?}"));
    }
    let (url, header) = vector.sends.as_ref()?;
    let sent = cookie_header(&jar.cookies_for(&vector.visit(url, NOW)));
    (sent != *header).then(|| format!("{at}: sends {:?}", sent.escape_ascii().to_string()))
}

fn facts(effective: &Effective) -> BTreeSet<String> {
    let word = |yes: bool| if yes { "yes" } else { "no" };
    BTreeSet::from([
        format!("domain={}", effective.domain),
        format!("host-only={}", word(effective.host_only)),
        format!(
            "path={}",
            cookieproof::cookie::unescaped(&effective.path)
                .escape_ascii()
                .to_string()
                .replace("\\'", "'")
                .replace("\\\"", "\"")
        ),
        format!("secure={}", word(effective.secure)),
        format!("http-only={}", word(effective.http_only)),
        format!(
            "same-site={}",
            match effective.same_site {
                Some(SameSite::Strict) => "strict",
                Some(SameSite::Lax) => "lax",
                Some(SameSite::None) => "none",
                None => "unspecified",
            }
        ),
        format!(
            "life={}",
            match effective.lifetime {
                Lifetime::Session => "session".to_owned(),
                Lifetime::Seconds(seconds) => seconds.to_string(),
            }
        ),
        format!("partition={}", effective.partition.as_deref().unwrap_or("no")),
        format!(
            "priority={}",
            match effective.priority {
                Priority::Low => "low",
                Priority::Medium => "medium",
                Priority::High => "high",
            }
        ),
    ])
}

#[test]
fn a_site_keeps_180_cookies_and_falls_back_to_150() {
    let vector = &vectors()[0];
    let mut jar = Jar::default();
    for number in 0..180 {
        jar.receive(format!("c{number}=1; Priority=low").as_bytes(), &vector.context(NOW));
    }
    assert_eq!(jar.iter().count(), 180);
    jar.receive(b"last=1", &vector.context(NOW));
    let left: Vec<String> = jar.iter().map(|cookie| cookie.name.to_string()).collect();
    assert_eq!(left.len(), 150);
    assert_eq!((left[0].as_str(), left[149].as_str()), ("c31", "last"), "the oldest went");
}

#[test]
fn a_partition_keeps_ten_kibibytes() {
    let vector = &vectors()[0];
    let mut jar = Jar::default();
    for name in ["a", "b", "c"] {
        let line = format!("{name}={}; Secure; Partitioned", "x".repeat(4000));
        jar.receive(line.as_bytes(), &vector.context(NOW));
    }
    let left: Vec<String> = jar.iter().map(|cookie| cookie.name.to_string()).collect();
    assert_eq!(left, ["b", "c"]);
}

/// Cases of the recorded corpus that the model does not reproduce. The aim is none.
const KNOWN_GAPS: &[&str] = &[];

/// The recorded cases, by id, or none where they are not given.
fn recorded() -> Option<(BTreeMap<String, Value>, Vec<Value>)> {
    let folder = PathBuf::from(std::env::var_os("COOKIEPROOF_SHARED")?).join("corpus");
    let lines = |file: PathBuf| -> Vec<Value> {
        fs::read_to_string(&file).unwrap_or_default().lines().map(parsed).collect()
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .filter(|path| !path.ends_with("firefox-answers.jsonl"))
        .collect();
    files.sort();
    let id = |case: &Value| case["id"].as_str().unwrap_or_default().to_owned();
    let cases = files.into_iter().flat_map(lines).map(|case| (id(&case), case)).collect();
    Some((cases, lines(folder.join("firefox-answers.jsonl"))))
}

#[test]
fn recorded_cases() {
    let Some((cases, _)) = recorded() else { return println!("not given: 0 cases") };
    let cases: Vec<Value> = cases.into_values().collect();
    let answers = answers(&cases, "chromium");
    let gaps: Vec<String> = cases
        .iter()
        .zip(&answers)
        .filter(|(case, answer)| !agree(case, answer))
        .map(|(case, _)| case["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    println!("{} cases, {} gaps", cases.len(), gaps.len());
    assert_eq!(gaps, KNOWN_GAPS);
}

/// The same cases as Firefox answered them: what it kept, and the header it sent.
#[test]
fn recorded_answers_of_firefox() {
    let Some((cases, theirs)) = recorded().filter(|(_, theirs)| !theirs.is_empty()) else {
        return println!("not given: 0 cases");
    };
    let asked: Vec<Value> = theirs
        .iter()
        .map(|answer| {
            let mut case = cases[answer["id"].as_str().unwrap_or_default()].clone();
            case["now"] = answer["now"].clone();
            case
        })
        .collect();
    let gaps: Vec<&str> = theirs
        .iter()
        .zip(answers(&asked, "firefox"))
        .filter(|(theirs, own)| {
            let header = &theirs["firefox_cookie_header"];
            !same_cookies(&theirs["firefox_stored"], &own["stored"])
                || (header.is_string() && *header != own["cookie_header"])
        })
        .map(|(theirs, _)| theirs["id"].as_str().unwrap_or_default())
        .collect();
    println!("{} answers of Firefox, {} gaps", theirs.len(), gaps.len());
    assert_eq!(gaps, KNOWN_GAPS);
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// `explain --jsonl` over the cases without the browser's answers.
fn answers(cases: &[Value], browser: &str) -> Vec<Value> {
    const GIVEN: [&str; 9] = [
        "id",
        "request_url",
        "set_cookie",
        "setup",
        "response_date",
        "now",
        "top_url",
        "third_party_cookies",
        "then_url",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_cookieproof"))
        .args(["explain", "--jsonl", "--show-values", "--browser", browser])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let asked: String = cases
        .iter()
        .map(|case| {
            let fields = case.as_object().unwrap().iter().filter(|(key, _)| GIVEN.contains(&key.as_str()));
            let given: serde_json::Map<_, _> =
                fields.map(|(key, value)| (key.clone(), value.clone())).collect();
            Value::from(given).to_string() + "\n"
        })
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> = String::from_utf8(output.stdout).unwrap().lines().map(parsed).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// What was stored, refused and sent, as the browser did it.
fn agree(case: &Value, answer: &Value) -> bool {
    let same_set = same_cookies(&case["chromium_stored"], &answer["stored"]);
    let refused = |list: &Value, silent: bool| -> BTreeSet<(u64, String)> {
        let refusals = list.as_array().into_iter().flatten();
        refusals
            .flat_map(|refusal| {
                let index = refusal["set_cookie_index"].as_u64().unwrap_or_default();
                let reasons = refusal["reasons"].as_array().cloned().unwrap_or_default();
                reasons.into_iter().map(move |reason| (index, reason.as_str().unwrap_or_default().to_owned()))
            })
            .filter(|(_, reason)| reason.chars().next().is_some_and(char::is_lowercase) == silent)
            .collect()
    };
    let silent_drop = case["silent_drop"].as_str();
    let names_it = |word: &str| refused(&answer["blocked"], true).iter().any(|(_, reason)| reason == word);
    same_set
        && case["network_error"].is_string() == answer["network_error"].as_bool().unwrap_or(false)
        && refused(&case["chromium_blocked"], false) == refused(&answer["blocked"], false)
        && silent_drop.is_none_or(names_it)
        && (!case["chromium_cookie_header"].is_string()
            || case["chromium_cookie_header"] == answer["cookie_header"])
}

/// Each cookie of one list is in the other, and none is left.
fn same_cookies(recorded: &Value, stored: &Value) -> bool {
    let recorded = recorded.as_array().unwrap();
    let mut stored = stored.as_array().unwrap().clone();
    recorded.len() == stored.len()
        && recorded.iter().all(|cookie| {
            let found = stored.iter().position(|own| same_cookie(cookie, own));
            found.map(|at| stored.remove(at)).is_some()
        })
}

fn same_cookie(recorded: &Value, own: &Value) -> bool {
    let equal = |key: &str| recorded[key] == own[key];
    let observed = |key: &str| recorded[key].is_null() || equal(key);
    let lifetime = match recorded["max_age_s_approx"].as_i64() {
        Some(seconds) => own["max_age_s"].as_i64().is_some_and(|own| (own - seconds).abs() <= 2),
        None => own["session"] == json!(true),
    };
    ["name", "value", "path"].into_iter().all(observed)
        && ["domain", "same_site", "host_only", "secure", "http_only", "session", "partitioned"]
            .into_iter()
            .all(equal)
        && lifetime
}

fn explain(args: &[&str]) -> crate::support::command::Ended {
    Cookieproof::new(["explain"].iter().chain(args)).run()
}

#[test]
fn explain_says_what_happens_and_why() {
    let refused = explain(&["sid=s3cr3t; SameSite=None", "--url", "https://site.example/a"]).code(1);
    for text in
        ["sid=\u{2039}6 bytes\u{203a}", "refuses it", "SameSiteNoneInsecure", "RFC 6265bis 5.7 step 19"]
    {
        assert!(refused.stdout.contains(text), "{text}:\n{}", refused.stdout);
    }
    assert!(!refused.stdout.contains("s3cr3t"));

    let stored = explain(&["Set-Cookie: a=1; Max-Age=63072000", "--url", "https://site.example/a/b"]).code(0);
    insta::assert_snapshot!(stored.stdout, @r"
    a=‹1 byte›; Max-Age=63072000
    from https://site.example/a/b

    Chromium keeps it for 400 days, for site.example alone, path /a.

    Part by part
      a=‹1 byte›
        name and value [RFC 6265bis 5.6 steps 3 to 5]
      Max-Age=63072000
        asks for 730 days, kept for 400 days: browsers keep nothing longer [RFC
        6265bis 5.6.2 and 5.5]
      no Domain: sent to site.example alone [RFC 6265bis 5.7 step 10]
      no usable Path: sent to /a and what lies below it, the URL's own folder [RFC
      6265bis 5.1.4]
      no SameSite: Chromium counts it as Lax, but for two minutes also sends it with
      a form from another site; Firefox sends it with such a form always [RFC
      6265bis 5.6.7.1 and 5.6.7.2; Firefox]
      no Secure: sent over plain http, too [RFC 6265bis 5.6.5]
      no HttpOnly: scripts can read it [RFC 6265bis 5.6.6]
    ");
}

#[test]
fn explain_knows_where_firefox_does_otherwise() {
    let url = ["--url", "https://site.example/"];
    let line = "v=1; Expires=Thu, 21 Oct 2027 07:28 GMT";
    let both = explain(&[line, url[0], url[1]]).code(0).stdout;
    assert!(both.contains("Chromium keeps it until it closes,"), "{both}");
    assert!(both.contains("Firefox keeps it for "), "{both}");

    // Refused by one and kept by the other: the exit code is that of the browser asked about.
    let host = "__Host-x=1; Secure";
    let refused = explain(&[host, url[0], url[1]]).code(1).stdout;
    assert!(refused.contains("Chromium refuses it.\nFirefox keeps it until it closes"), "{refused}");
    let kept = explain(&[host, url[0], url[1], "--browser", "firefox"]).code(0).stdout;
    assert!(!kept.contains("Chromium keeps") && kept.contains("Firefox keeps it"), "{kept}");

    let json = explain(&["flag; Path=/", url[0], url[1], "--json"]).code(0).json();
    assert_eq!(json["elsewhere"]["browser"], "firefox");
    assert_eq!(json["elsewhere"]["name"], "flag");
    let alike = explain(&["a=1; Path=/; Secure", url[0], url[1], "--json"]).code(0).json();
    assert_eq!(alike["elsewhere"], json!(null));
}

#[test]
fn explain_in_json_without_values() {
    let url = ["--url", "http://site.example/"];
    let answer = explain(&["sid=s3cr3t; Secure; Partitioned", url[0], url[1], "--json"]).code(1);
    assert!(!answer.stdout.contains("s3cr3t"));
    let json = answer.json();
    assert_eq!(json["decision"], "rejected");
    assert_eq!(json["refusals"][0]["reason"], "partitioned_without_secure");
    assert_eq!(json["differs_from_rfc"][0]["about"], "Partitioned");

    let shown = explain(&["sid=s3cr3t", url[0], url[1], "--json", "--show-values"]).code(0);
    assert_eq!(shown.json()["line"], "sid=s3cr3t");
}

#[test]
fn explain_needs_a_url_it_can_use() {
    for (args, hint) in [
        (&["a=1"][..], "for a URL"),
        (&["a=1", "--url", "nowhere"], "is no URL"),
        (&["a=1", "--url", "ftp://site.example/"], "not ftp"),
    ] {
        let ended = explain(args).code(2);
        assert!(ended.stderr.contains(hint), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn a_case_that_cannot_be_read_is_said_and_the_rest_answered() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cookieproof"))
        .args(["explain", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let cases = "{\"id\":1}\nnonsense\n\
        {\"id\":3,\"request_url\":\"https://site.example/\",\"set_cookie\":[\"a=s3cr3t\"],\"now\":0}\n";
    child.stdin.take().unwrap().write_all(cases.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Vec<Value> = String::from_utf8(output.stdout).unwrap().lines().map(parsed).collect();
    assert_eq!(output.status.code(), Some(2));
    assert!(answers[0]["error"].as_str().unwrap().starts_with("line 1: missing field"), "{answers:?}");
    assert!(answers[1]["error"].is_string());
    assert_eq!(answers[2]["stored"][0]["value"], "<6 bytes>");
}

#[test]
fn cookie_store_reads_what_we_write_and_keeps_less() {
    let mut jar = Jar::default();
    for vector in vectors().iter().filter(|vector| vector.within.is_none()) {
        jar.receive(&vector.line, &vector.context(NOW));
    }
    let saved = files::write_cookie_store(&jar).unwrap();
    let read = files::read_cookie_store(&saved, NOW).unwrap();
    let theirs: cookie_store::CookieStore = cookie_store::serde::json::load_all(saved.as_bytes()).unwrap();
    assert_eq!(read.len(), theirs.iter_any().count());
    for cookie in read {
        let kept = |own: &&cookieproof::cookie::StoredCookie| {
            own.name == cookie.name
                && own.value == cookie.value
                && own.effective.domain == cookie.effective.domain
                && own.effective.path == cookie.effective.path
        };
        assert!(jar.iter().find(kept).is_some(), "{cookie:?}");
    }
}
