//! `fleet`: sites on a queue, workers that are killed, a server that is killed. Every wait is for a condition.

use crate::support::closed_schema::misfits;
use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile, TestCa, refused};
use crate::support::nats::{Nats, holds, size, until};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use nkeys::{KeyPair, KeyPairType};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with plans, manifests and a file of sites, and the server.
struct Fleet {
    folder: TempDir,
    sites: String,
    nats: Nats,
}

/// A worker, which goes with the test.
struct Worker {
    child: Child,
    told: PathBuf,
}

impl Fleet {
    fn new(nats: Nats) -> Fleet {
        Fleet { folder: tempfile::tempdir().unwrap(), sites: String::new(), nats }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    /// A site of that name on a server, with more lines in its plan and its entry.
    fn with(&mut self, name: &str, server: &Hostile, more: &str, entry: &str) {
        let manifest = format!(
            "[site]\nname = \"{name}\"\n[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nhttp_only = true\n"
        );
        self.write(&format!("{name}/cookies.toml"), &manifest);
        let plan = format!(
            "[targets.local]\nurl = \"http://{name}.test/\"\n[limits]\nretries = 0\nrate = \"unlimited\"\n\
             [http.resolve]\n\"*\" = \"{}\"\n{more}\n",
            server.address
        );
        self.write(&format!("{name}/cookieproof.toml"), &plan);
        self.sites.push_str(&format!("[sites.{name}]\nplan = \"{name}/cookieproof.toml\"\n{entry}\n"));
        self.write("sites.toml", &self.sites);
    }

    fn command(&self, args: &[&str]) -> Cookieproof {
        let url = self.nats.url();
        let args = [&["fleet"], args, &["--server", &url]].concat();
        Cookieproof::new(args).within(self.folder.path())
    }

    fn submit(&self, more: &[&str]) -> Ended {
        self.command(&[&["submit", "sites.toml", "--run", "night"], more].concat()).run()
    }

    fn status(&self) -> Value {
        let ended = self.command(&["status", "night", "--format", "json"]).run();
        let status = ended.json();
        assert_eq!(misfits(&status, "fleet-status.schema.json"), Vec::<String>::new());
        assert_eq!(ended.code == Some(0), status["results"] == status["sites"], "{status}");
        status
    }

    fn collect(&self, more: &[&str]) -> Ended {
        let args = ["collect", "night", "-q", "--format", "json", "--wait", "10m"];
        self.command(&[&args, more].concat()).run()
    }

    fn worker(&self, name: &str, more: &[&str]) -> Worker {
        self.worker_with(name, more, &[])
    }

    fn worker_with(&self, name: &str, more: &[&str], variables: &[(&str, &str)]) -> Worker {
        let told = self.path(&format!("{name}.log"));
        let child = Command::new(env!("CARGO_BIN_EXE_cookieproof"))
            .args(["fleet", "work", "--name", name, "--server", &self.nats.url()])
            .args(more)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&told).unwrap())
            .spawn()
            .unwrap();
        Worker { child, told }
    }
}

impl Worker {
    fn told(&self) -> String {
        fs::read_to_string(&self.told).unwrap()
    }

    /// `kill -9`.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as an operator does: the exit code.
    fn end(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(asked: &Asked) -> Answer {
    match asked.target.as_str() {
        "/" => Answer::page("Set-Cookie: sid=1; Path=/; Max-Age=3600; HttpOnly\r\n", "<a href=/a>A</a>"),
        "/a" => Answer::page("", "Something."),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

fn is_asked(server: &Hostile, host: &str) -> usize {
    let home = |asked: &&Asked| asked.target == "/" && asked.header("host") == Some(host);
    server.asked().iter().filter(home).count()
}

fn homes(server: &Hostile) -> usize {
    server.asked().iter().filter(|asked| asked.target == "/").count()
}

/// The names of a summary's sites of one verdict.
fn named(summary: &Value, verdict: &str) -> Vec<String> {
    let rows = summary["sites"].as_array().unwrap().iter();
    let mut names: Vec<String> = rows
        .filter(|row| row["verdict"] == verdict)
        .map(|row| row["site"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// A door that pages wait at until it is opened.
#[derive(Clone, Default)]
struct Door(Arc<AtomicBool>);

impl Door {
    fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Bounded by what a request may take anyway.
    fn wait(&self) {
        for _ in 0..400 {
            if self.0.load(Ordering::SeqCst) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_worker_and_the_server_are_killed_and_nothing_is_lost_or_there_twice() {
    let asked_for = std::env::var("COOKIEPROOF_FLEET_SITES").ok().and_then(|number| number.parse().ok());
    let sites: usize = asked_for.unwrap_or(40);
    let began = Instant::now();
    let (first, later) = (Door::default(), Door::default());
    let (one, two) = (first.clone(), later.clone());
    let server = Hostile::http(move |asked| {
        match asked.header("host") {
            Some("s0.test") if asked.target == "/" => one.wait(),
            Some("s25.test") if asked.target == "/" => two.wait(),
            _ => {}
        }
        answer(asked)
    });
    let mut fleet = Fleet::new(Nats::new());
    for number in 0..sites {
        fleet.with(&format!("s{number}"), &server, "", "");
    }
    let submitted = fleet.submit(&["--patience", "2s", "--deliveries", "90"]).code(0);
    assert_eq!(submitted.stdout, "night\n");
    assert!(
        submitted.stderr.contains(&format!("{sites} of {sites} sites submitted")),
        "{}",
        submitted.stderr
    );
    let before = fleet.status();
    assert_eq!((before["results"].as_u64(), before["to_come"].as_u64()), (Some(0), Some(sites as u64)));
    // A worker dies in the middle of a site.
    let mut victim = fleet.worker("victim", &["--at-once", "2"]);
    until("the first site is under way", || is_asked(&server, "s0.test") == 1);
    victim.kill();
    first.open();
    // Two others go on, and the server dies in the middle of another site.
    let workers = [fleet.worker("w1", &["--at-once", "3"]), fleet.worker("w2", &["--at-once", "3"])];
    until("another site is under way", || is_asked(&server, "s25.test") >= 1);
    fleet.nats.kill();
    until("the workers notice", || {
        workers.iter().all(|worker| worker.told().contains("is lost; work goes on"))
    });
    later.open();
    fleet.nats.start();
    let args =
        ["--save-scan", "scans/{site}.json", "--output", "html=all.html", "--output", "html=out/{site}.html"];
    let summary = fleet.collect(&args).code(0).json();
    let expected: BTreeSet<String> = (0..sites).map(|number| format!("s{number}")).collect();
    let clear = named(&summary, "clear");
    assert_eq!(clear.len(), sites, "{summary}");
    assert_eq!(clear.into_iter().collect::<BTreeSet<_>>(), expected);
    let after = fleet.status();
    assert_eq!((after["results"].as_u64(), after["complete"].as_bool()), (Some(sites as u64), Some(true)));
    assert_eq!(after["dead"].as_array().unwrap().len(), 0);
    println!(
        "{sites} sites in {:.1} s, {} home pages asked for, {} bytes stored for each",
        began.elapsed().as_secs_f64(),
        homes(&server),
        size(&fleet.nats.store()) / sites as u64
    );
    // Who died had begun with it, and somebody else did it again.
    assert!(is_asked(&server, "s0.test") >= 2);
    assert!(fs::read_dir(fleet.path("scans")).unwrap().count() == sites);
    assert!(fs::read_to_string(fleet.path("all.html")).unwrap().contains("<a href=\"out/s7.html\">"));
    // Sent once more under its name, it is complete already; the same is collected, to the byte.
    assert!(fleet.submit(&[]).code(0).stderr.contains(&format!("0 of {sites} sites submitted")));
    assert_eq!(fleet.collect(&[]).code(0).json(), {
        let mut bare = summary.clone();
        bare["sites"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|row| row["reports"] = Value::Array(vec![]));
        bare
    });
    // An end that is asked for is one.
    for mut worker in workers {
        assert_eq!(worker.end(), Some(0), "{}", worker.told());
    }
}

#[test]
fn secrets_are_looked_up_by_workers_alone() {
    const KEY: &str = "s3cr3t-0f-the-club";
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::new());
    fleet.with("club", &server, "[http.headers]\nx-key = \"${env:CLUB_KEY}\"\nx-file = \"${file:key}\"", "");
    // What lies beside the plan stays there: the worker has its own.
    fleet.write("club/key", KEY);
    fleet.write("here/club/key", "an0ther-s3cr3t");
    let url = fleet.nats.url();
    let args = ["fleet", "submit", "sites.toml", "--run", "night", "--server", &url];
    Cookieproof::new(args).within(fleet.folder.path()).env("CLUB_KEY", KEY).run().code(0);
    until("the job is stored", || holds(&fleet.nats.store(), "${env:CLUB_KEY}"));
    assert!(!holds(&fleet.nats.store(), KEY) && !holds(&fleet.nats.store(), "0ther-s3cr3t"));
    let variables = [("CLUB_KEY", KEY)];
    let worker = fleet.worker_with("w", &["--files", "here", "-v"], &variables);
    let ended = fleet.collect(&["--save-scan", "{site}.json", "--output", "html={site}.html"]).code(0);
    let sent = |name: &str, value: &str| server.asked().iter().any(|asked| asked.header(name) == Some(value));
    assert!(sent("x-key", KEY) && sent("x-file", "an0ther-s3cr3t"));
    let read = |file: &str| fs::read_to_string(fleet.path(file)).unwrap();
    for text in [ended.stdout, ended.stderr, read("club.json"), read("club.html"), worker.told()] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    assert!(!holds(&fleet.nats.store(), "s3cr3t"));
    // In plain text it does not leave, not even the password of a sample on this machine.
    let plain = "[http.headers]\nauthorization = \"Basic s3cr3t-in-the-open\"";
    fleet.with("open", &server, plain, "");
    fleet.write("keys/ca.pem", "-----BEGIN PRIVATE KEY-----\ns3cr3t-key\n-----END PRIVATE KEY-----\n");
    fleet.with("keys", &server, "[http]\nextra_ca = [\"ca.pem\"]", "");
    fleet.write(
        "keys/cookieproof.toml",
        "[targets.a]\nurl = \"http://127.0.0.1:9/\"\n[http]\nextra_ca = [\"ca.pem\"]\n",
    );
    let args = ["submit", "sites.toml", "--run", "second"];
    let ended = fleet.command(&args).run().code(2);
    assert!(ended.stderr.contains("`authorization` holds a secret in plain text"), "{}", ended.stderr);
    assert!(ended.stderr.contains("holds a private key: it is not sent"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("s3cr3t") && !holds(&fleet.nats.store(), "s3cr3t"));
    let summary =
        fleet.command(&["collect", "second", "-q", "--format", "json", "--wait", "180s"]).run().code(2);
    assert_eq!(named(&summary.json(), "not-set-up"), ["keys", "open"]);
}

#[test]
fn what_is_given_up_is_named_with_its_reason_and_may_be_sent_again() {
    let door = Door::default();
    let waits = door.clone();
    let server = Hostile::http(move |asked| {
        if asked.header("host") == Some("stuck.test") && asked.target == "/" {
            waits.wait();
        }
        answer(asked)
    });
    let mut fleet = Fleet::new(Nats::new());
    fleet.with("club", &server, "[http.headers]\nx-key = \"${env:CLUB_KEY}\"", "");
    fleet.with("helper", &server, "[http.headers]\nx-key = \"${command:touch ran}\"", "");
    fleet.with("stuck", &server, "", "tag = \"slow\"");
    fleet.with("docs", &server, "", "");
    fleet.submit(&["--deliveries", "1", "--patience", "2s"]).code(0);
    // Nothing is there so far, and that is said with the names.
    let early = fleet.command(&["collect", "-q"]).run().code(3);
    assert!(
        early.stdout.contains("no result came yet") && early.stdout.contains("`--tag slow`"),
        "{}",
        early.stdout
    );
    // One dies at the only site that it may take.
    let mut victim = fleet.worker("victim", &["--tag", "slow"]);
    until("the site is under way", || is_asked(&server, "stuck.test") == 1);
    victim.kill();
    door.open();
    let mut other = fleet.worker("other", &["--at-once", "1"]);
    let summary = fleet.collect(&[]).code(2).json();
    assert_eq!(named(&summary, "not-set-up"), ["club", "helper"]);
    assert_eq!(named(&summary, "inconclusive"), ["stuck"]);
    assert_eq!(named(&summary, "clear"), ["docs"]);
    let status = fleet.status();
    let dead = |site: &str| {
        let all = status["dead"].as_array().unwrap();
        all.iter().find(|dead| dead["site"] == site).unwrap_or_else(|| panic!("{site}: {status}")).clone()
    };
    assert!(dead("club")["reason"].as_str().unwrap().contains("CLUB_KEY is not set"), "{status}");
    assert!(dead("helper")["reason"].as_str().unwrap().contains("--allow-commands"), "{status}");
    assert!(dead("stuck")["reason"].as_str().unwrap().starts_with("1 worker took it and none gave it back"));
    assert_eq!(
        (dead("stuck")["kind"].as_str(), dead("club")["worker"].as_str()),
        (Some("never-came-back"), Some("other"))
    );
    assert!(!fleet.path("helper/ran").exists() && !fleet.path("ran").exists());
    let shown = fleet.command(&["status"]).run().code(3).stdout;
    assert!(shown.starts_with("night: 1 of 4 results, 3 given up.") && shown.contains("club: "), "{shown}");
    // Sent again, with workers that can.
    assert_eq!(other.end(), Some(0));
    assert!(fleet.submit(&[]).code(0).stderr.contains("3 of 4 sites submitted"));
    fs::create_dir_all(fleet.path("helper")).unwrap();
    let _able = fleet.worker_with(
        "able",
        &["--allow-commands"],
        &[("CLUB_KEY", "k3y-0f-the-club"), ("PATH", "/usr/bin:/bin")],
    );
    let summary = fleet.collect(&[]).code(0).json();
    assert_eq!(named(&summary, "clear"), ["club", "docs", "helper", "stuck"]);
    assert_eq!(fleet.status()["dead"].as_array().unwrap().len(), 0);
    // Under a name that is taken no other sites go.
    fleet.with("more", &server, "", "");
    assert!(fleet.submit(&[]).code(2).stderr.contains("was submitted with other sites"));
}

#[test]
fn workers_take_the_sites_of_their_tags_and_say_how_they_do() {
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::new());
    fleet.with("paris", &server, "", "tag = \"eu\"");
    fleet.with("lima", &server, "", "tag = \"sa\"");
    fleet.submit(&[]).code(0);
    let eu = fleet.worker("eu", &["--tag", "eu", "--metrics", "127.0.0.1:0"]);
    until("one of two is there", || fleet.status()["results"] == 1);
    // Its page, and once more in the end.
    assert_eq!((is_asked(&server, "paris.test"), is_asked(&server, "lima.test")), (2, 0));
    assert_eq!(fleet.status()["to_come"], 1);
    let told = eu.told();
    let address = told.split("metrics: http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let asked = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    until("the worker counted it", || {
        asked("/metrics").contains("cookieproof_jobs_total{outcome=\"result\"} 1")
    });
    let metrics = asked("/metrics");
    assert!(metrics.contains("\ncookieproof_pages_total 2\n"), "{metrics}");
    assert!(metrics.contains("cookieproof_queue_waiting ") && metrics.contains("cookieproof_connected 1"));
    assert!(asked("/health").starts_with("HTTP/1.1 200") && asked("/ready").starts_with("HTTP/1.1 200"));
    // Whoever may take anything takes the other.
    let _all = fleet.worker("all", &[]);
    assert_eq!(named(&fleet.collect(&[]).code(0).json(), "clear"), ["lima", "paris"]);
}

impl Fleet {
    /// Three sites of one host, `a`, `b` and `c`, of three pages each.
    fn with_three_of_one_host(&mut self, server: &Hostile, more: &str) {
        for name in ["a", "b", "c"] {
            self.with(name, server, "", "");
            let plan = format!(
                "[targets.local]\nurl = \"http://shop.test/{name}\"\n[http.resolve]\n\"*\" = \"{}\"\n\
                 [limits]\nretries = 0\n{more}\n",
                server.address
            );
            self.write(&format!("{name}/cookieproof.toml"), &plan);
        }
    }
}

/// The page of a site of `with_three_of_one_host`: its letter.
fn page_of_three(asked: &Asked) -> Option<char> {
    let path: Vec<&str> = asked.target.split('/').collect();
    let (["", site] | ["", site, _]) = path.as_slice() else { return None };
    (asked.header("host") == Some("shop.test") && ["a", "b", "c"].contains(site))
        .then(|| site.chars().next())
        .flatten()
}

fn answer_of_three(asked: &Asked) -> Answer {
    match asked.target.as_str() {
        "/a" | "/b" | "/c" => {
            let links = format!("<a href={0}/1>1</a><a href={0}/2>2</a>", asked.target);
            Answer::page("Set-Cookie: sid=1; Path=/; Max-Age=3600; HttpOnly\r\n", &links)
        }
        target if target.len() == 4 => Answer::page("", "Something."),
        _ => answer(asked),
    }
}

#[test]
fn sites_of_one_host_are_one_workers_at_a_time_and_keep_its_pace() {
    let door = Door::default();
    let opens = door.clone();
    let times: Arc<Mutex<Vec<(Instant, char)>>> = Arc::default();
    let noted = Arc::clone(&times);
    let server = Hostile::http(move |asked| {
        if let Some(letter) = page_of_three(asked) {
            noted.lock().unwrap().push((Instant::now(), letter));
        }
        match asked.header("host") {
            // Other hosts are not held up meanwhile.
            Some("shop.test") if asked.target == "/a" => opens.wait(),
            Some("docs.test") => opens.open(),
            _ => {}
        }
        answer_of_three(asked)
    });
    let mut fleet = Fleet::new(Nats::new());
    fleet.with_three_of_one_host(&server, "rate = 5");
    fleet.with("docs", &server, "", "");
    assert!(fleet.submit(&[]).code(0).stderr.contains("4 of 4 sites submitted"));
    assert_eq!(fleet.status()["queue"]["waiting"], 2, "jobs: one of three sites, and one of one");
    let _workers = [fleet.worker("w1", &["--at-once", "2"]), fleet.worker("w2", &["--at-once", "2"])];
    assert_eq!(named(&fleet.collect(&[]).code(0).json(), "clear"), ["a", "b", "c", "docs"]);
    assert_eq!(fleet.status()["queue"]["waiting"], 0);
    let times = times.lock().unwrap().clone();
    let mut order: Vec<char> = times.iter().map(|(_, letter)| *letter).collect();
    assert!(order.len() >= 9, "{order:?}");
    order.dedup();
    assert_eq!(order, ['a', 'b', 'c'], "never two at the same time");
    let took = times[times.len() - 1].0 - times[0].0;
    let pauses = u32::try_from(times.len() - 1).unwrap();
    assert!(took > Duration::from_millis(180) * pauses, "{took:?} for {} pages", times.len());
}

#[test]
fn of_sites_that_travel_together_each_has_a_fate_of_its_own() {
    let (first, second) = (Door::default(), Door::default());
    let (one, two) = (first.clone(), second.clone());
    let server = Hostile::http(move |asked| {
        match asked.target.as_str() {
            "/a" => one.wait(),
            "/b" => two.wait(),
            _ => {}
        }
        answer_of_three(asked)
    });
    let mut fleet = Fleet::new(Nats::new());
    fleet.with_three_of_one_host(&server, "rate = \"unlimited\"");
    let times = |target: &str| server.asked().iter().filter(|asked| asked.target == target).count();
    fleet.submit(&["--deliveries", "1", "--patience", "2s"]).code(0);
    // Who is told to end ends the site that it is at, and leaves the others.
    let mut stopped = fleet.worker("stopped", &[]);
    until("the first site is under way", || times("/a") == 1);
    let pid = stopped.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    until("it has heard it", || stopped.told().contains("stopping"));
    first.open();
    assert_eq!(stopped.child.wait().unwrap().code(), Some(0), "{}", stopped.told());
    let status = fleet.status();
    assert_eq!((status["results"].as_u64(), status["to_come"].as_u64(), times("/b")), (Some(1), Some(2), 0));
    // A worker dies of the second site, which is given up; the third is not.
    let mut victim = fleet.worker("victim", &[]);
    until("the second site is under way", || times("/b") == 1);
    victim.kill();
    second.open();
    let _other = fleet.worker("other", &[]);
    let summary = fleet.collect(&[]).code(3).json();
    assert_eq!(
        (named(&summary, "clear"), named(&summary, "inconclusive")),
        (vec!["a".to_owned(), "c".to_owned()], vec!["b".to_owned()])
    );
    let status = fleet.status();
    assert_eq!(status["dead"][0]["kind"], "never-came-back", "{status}");
    assert_eq!((times("/a/1"), times("/b/1"), times("/c/1")), (1, 0, 1), "nothing is looked at twice");
    // What was given up is sent again, alone.
    assert!(fleet.submit(&[]).code(0).stderr.contains("1 of 3 sites submitted"));
    assert_eq!(named(&fleet.collect(&[]).code(0).json(), "clear"), ["a", "b", "c"]);
    assert_eq!((times("/a/1"), times("/b/1"), times("/c/1")), (1, 1, 1));
}

#[test]
fn a_host_whose_sites_have_several_tags_is_said() {
    let server = Hostile::http(answer_of_three);
    let mut fleet = Fleet::new(Nats::new());
    fleet.with_three_of_one_host(&server, "rate = \"unlimited\"");
    let list = fleet.sites.replace("plan = \"c/", "tag = \"eu\"\nplan = \"c/");
    fleet.write("sites.toml", &list);
    let said = fleet.submit(&[]).code(0).stderr;
    assert!(said.contains("a, b and c share the host shop.test, and their tags `any` and `eu`"), "{said}");
}

/// A token of NATS's accounts, as an operator's tools sign it.
fn signed(by: &KeyPair, whose: &KeyPair, nats: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "jti": "1", "iat": 0, "name": "test", "iss": by.public_key(), "sub": whose.public_key(), "nats": nats,
    });
    let text = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "ed25519-nkey"})), part(&claims));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(by.sign(text.as_bytes()).unwrap()))
}

#[test]
fn a_server_with_accounts_is_worked_for_with_a_credentials_file() {
    let [operator, account, system, user] = ["operator", "account", "account", "user"].map(|kind| {
        KeyPair::new(match kind {
            "operator" => KeyPairType::Operator,
            "account" => KeyPairType::Account,
            _ => KeyPairType::User,
        })
    });
    let all = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
        "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let of_account = json!({"type": "account", "version": 2, "limits": all});
    let of_system = json!({
        "type": "account", "version": 2,
        "limits": {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1},
    });
    let of_user = json!({"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1});
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}, {}: {} }}\n",
        signed(&operator, &operator, &json!({"type": "operator", "version": 2})),
        system.public_key(),
        account.public_key(),
        signed(&operator, &account, &of_account),
        system.public_key(),
        signed(&operator, &system, &of_system),
    );
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::with(&["-js"], &config));
    fleet.with("docs", &server, "", "");
    let (token, seed) = (signed(&account, &user, &of_user), user.seed().unwrap());
    let file = format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    fleet.write("night.creds", &file);
    let refused = fleet.submit(&[]).code(2);
    assert!(refused.stderr.contains("does not let us in"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`--creds FILE`"), "{}", refused.stderr);
    let known = ["--creds", "night.creds"];
    let submitted = fleet.submit(&known).code(0);
    let worker = fleet.worker("w", &known);
    let collected = fleet.collect(&known).code(0);
    assert_eq!(named(&collected.json(), "clear"), ["docs"]);
    // What is no such file, or another's, is said without what is in it.
    fleet.write("cut.creds", &file[..file.len() / 2]);
    let cut = fleet.submit(&["--creds", "cut.creds"]).code(2);
    assert!(cut.stderr.contains("is no NATS credentials file"), "{}", cut.stderr);
    let none = fleet.submit(&["--creds", "none.creds"]).code(2);
    assert!(none.stderr.contains("none.creds"), "{}", none.stderr);
    for said in [refused.stderr, submitted.stderr, collected.stderr, cut.stderr, worker.told()] {
        assert!(!said.contains(&seed) && !said.contains(&token), "{said}");
    }
}

/// The stream of jobs, as an operator may set it up.
fn prepare_jobs(url: &str, config: Config) {
    prepare(
        url,
        Config {
            name: "COOKIEPROOF_JOBS".into(),
            subjects: vec!["cookieproof.jobs.>".into()],
            retention: RetentionPolicy::WorkQueue,
            ..config
        },
    );
}

fn prepare(url: &str, config: Config) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let context = async_nats::jetstream::new(async_nats::connect(url).await.unwrap());
        let config = Config { discard: DiscardPolicy::New, ..config };
        context.create_or_update_stream(config).await.unwrap();
    });
}

#[test]
fn what_is_too_large_for_a_message_goes_through_the_object_store() {
    let server = Hostile::http(|asked| match asked.target.as_str() {
        "/" => {
            let cookies: String = (0..120)
                .map(|n| {
                    format!("Set-Cookie: c{n}x{:x}=v; Path=/p{n}; Max-Age={}\r\n", n * 7919, 1000 + n * 31)
                })
                .collect();
            Answer::page(&format!("{cookies}Set-Cookie: sid=1; Max-Age=3600; HttpOnly\r\n"), "Hello.")
        }
        _ => Answer::status("404 Not Found", "", ""),
    });
    // A job with its plan, and a scan with these cookies, are larger than a message may be.
    let mut fleet = Fleet::new(Nats::with(&["-js"], "max_payload: 2000\n"));
    fleet.with("large", &server, &format!("# {}", "a plan with much to say. ".repeat(100)), "");
    // So short that the server soon takes the same for something new.
    let window = Duration::from_millis(100);
    prepare_jobs(&fleet.nats.url(), Config { duplicate_window: window, ..Config::default() });
    fleet.submit(&[]).code(0);
    // Sent once more, it is refused, and its object stays where it is.
    until("it is known as waiting already", || {
        fleet.submit(&[]).code(0).stderr.contains("0 of 1 sites submitted")
    });
    let _worker = fleet.worker("w", &[]);
    let summary = fleet.collect(&["--save-scan", "{site}.json"]).code(0).json();
    assert_eq!(named(&summary, "clear"), ["large"]);
    let scan = fs::read_to_string(fleet.path("large.json")).unwrap();
    assert!((0..120).all(|n| scan.contains(&format!("\"c{n}x{:x}\"", n * 7919))), "{}", scan.len());
}

#[test]
fn a_full_queue_is_waited_for() {
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::new());
    for number in 0..9 {
        fleet.with(&format!("s{number}"), &server, "", "");
    }
    let url = fleet.nats.url();
    prepare_jobs(&url, Config { max_messages: 3, ..Config::default() });
    let told = fleet.path("submit.log");
    let mut submit = Worker {
        child: Command::new(env!("CARGO_BIN_EXE_cookieproof"))
            .args(["fleet", "submit", "sites.toml", "--run", "night", "--server", &url])
            .current_dir(fleet.folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&told).unwrap())
            .spawn()
            .unwrap(),
        told,
    };
    until("it is said", || submit.told().contains("it has no room left"));
    let _worker = fleet.worker("w", &[]);
    assert_eq!(submit.child.wait().unwrap().code(), Some(0), "{}", submit.told());
    assert_eq!(named(&fleet.collect(&[]).code(0).json(), "clear").len(), 9);
}

#[test]
fn a_server_that_takes_no_results_keeps_no_worker_from_its_end_and_nothing_is_lost() {
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::new());
    fleet.with("shop", &server, "", "");
    let outcomes = |max_message_size| Config {
        name: "COOKIEPROOF_OUTCOMES".into(),
        subjects: vec!["cookieproof.outcomes.>".into()],
        allow_direct: true,
        max_message_size,
        ..Config::default()
    };
    let url = fleet.nats.url();
    // No result is as small as that.
    prepare(&url, outcomes(8));
    fleet.submit(&["--patience", "2s"]).code(0);
    let mut worker = fleet.worker("w", &[]);
    until("it is said", || worker.told().contains("does not take what it is given"));
    assert_eq!(worker.end(), Some(0), "{}", worker.told());
    assert!(worker.told().contains("another worker looks at it again"), "{}", worker.told());
    prepare(&url, outcomes(-1));
    let _other = fleet.worker("other", &[]);
    assert_eq!(named(&fleet.collect(&[]).code(0).json(), "clear"), ["shop"]);
}

#[test]
fn what_is_wrong_with_the_server_is_said_with_what_to_do() {
    let at = |address: &str, more: &[&str]| {
        let args = [&["fleet", "status", "--server", address], more].concat();
        Cookieproof::new(args).env("TOKEN", "t0ken-0f-the-queue").run().code(2).stderr
    };
    let nobody = at(&refused().to_string(), &[]);
    assert!(
        nobody.contains("no NATS server answers at") && nobody.contains("nats-server -js -sd"),
        "{nobody}"
    );
    let plain = Nats::with(&[], "");
    assert!(at(&plain.url(), &[]).contains("runs without JetStream"));
    let old = old_server();
    let said = at(&old, &[]);
    assert!(said.contains("has version 2.2.0, and 2.9 is needed"), "{said}");
    // By reference, and never in what is said.
    let guarded = Nats::with(&["-js", "--auth", "t0ken-0f-the-queue"], "");
    assert!(at(&guarded.url(), &[]).contains("does not let us in"));
    let typed = at(&guarded.url(), &["--token", "t0ken-0f-the-queue"]);
    assert!(typed.contains("must not stand on the command line") && !typed.contains("t0ken"), "{typed}");
    let inside = at("nats://me:pa55@127.0.0.1:1", &[]);
    assert!(inside.contains("list of processes") && !inside.contains("pa55"), "{inside}");
    let let_in = at(&guarded.url(), &["--token", "${env:TOKEN}"]);
    assert!(let_in.contains("no run was submitted"), "{let_in}");
    assert!(at(&guarded.url(), &["night", "--token", "${env:TOKEN}"]).contains("knows no run `night`"));
}

#[test]
fn the_queue_is_reached_over_tls() {
    let ca = TestCa::new();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = ca.pems(&["localhost"]);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (certificate, key) = (file("cert.pem", &certificate), file("key.pem", &key));
    let authority = file("ca.pem", &ca.pem);
    let nats = Nats::with(&["-js", "--tls", "--tlscert", &certificate, "--tlskey", &key], "");
    let address = nats.url().replace("nats://127.0.0.1", "tls://localhost");
    let status = |more: &[&str]| {
        let args = [&["fleet", "status", "--server", &address], more].concat();
        Cookieproof::new(args).run().code(2).stderr
    };
    let trusted = status(&["--tls-ca", &authority]);
    assert!(trusted.contains("no run was submitted"), "{trusted}");
    let untrusted = status(&[]);
    assert!(!untrusted.contains("no run was submitted") && untrusted.contains("--tls-ca"), "{untrusted}");
}

/// Every command of the ready file, as it stands but for paths and addresses of the cluster.
#[test]
fn the_kubernetes_file_parses_and_its_commands_run() {
    use saphyr_parser::{Event, Parser};
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet/kubernetes.yaml");
    let text = fs::read_to_string(file).unwrap();
    let (mut commands, mut kinds) = (Vec::new(), Vec::new());
    let mut events = Parser::new_from_str(&text).map(|event| event.unwrap().0);
    while let Some(event) = events.next() {
        match event {
            Event::Scalar(word, ..) if word == "kind" => {
                if let Some(Event::Scalar(kind, ..)) = events.next() {
                    kinds.push(kind.into_owned());
                }
            }
            Event::Scalar(word, ..) if word == "args" => {
                let words = events.by_ref().skip(1).take_while(|event| !matches!(event, Event::SequenceEnd));
                let word = |event| match event {
                    Event::Scalar(word, ..) => word.into_owned(),
                    other => panic!("{other:?}"),
                };
                commands.push(words.map(word).collect::<Vec<String>>());
            }
            _ => {}
        }
    }
    assert_eq!(kinds, ["Deployment", "CronJob", "CronJob"]);
    let server = Hostile::http(answer);
    let mut fleet = Fleet::new(Nats::with(&["-js", "--auth", "t0ken-0f-the-queue"], ""));
    fleet.with("shop", &server, "", "");
    let here = |words: &Vec<String>| -> Vec<String> {
        let replace = |word: &String| {
            word.replace("nats://nats:4222", &fleet.nats.url())
                .replace("0.0.0.0:9464", "127.0.0.1:0")
                .replace("/secrets", ".")
                .replace("/config/", "")
                .replace("/data/", "")
        };
        words.iter().map(replace).collect()
    };
    let token = [("NATS_TOKEN", "t0ken-0f-the-queue")];
    let run = |words: &Vec<String>| {
        Cookieproof::new(here(words)).within(fleet.folder.path()).env(token[0].0, token[0].1).run().code(0)
    };
    run(&commands[1]);
    let words = here(&commands[0]);
    assert_eq!(words[..2], ["fleet", "work"]);
    let more: Vec<&str> =
        words[2..].iter().filter(|word| !word.starts_with("--server")).map(String::as_str).collect();
    let _worker = fleet.worker_with("w", &more, &token);
    run(&commands[2]);
    assert!(fleet.path("all.html").exists() && fleet.path("shop.html").exists());
}

/// A server that says it is an old one.
fn old_server() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("nats://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let info = "INFO {\"server_id\":\"X\",\"version\":\"2.2.0\",\"go\":\"\",\"host\":\"127.0.0.1\",\"port\":1,\
                        \"headers\":true,\"max_payload\":1048576,\"proto\":1,\"jetstream\":true}\r\n";
            let _ = stream.write_all(info.as_bytes());
            let mut bytes = [0; 4096];
            while let Ok(length) = stream.read(&mut bytes) {
                if length == 0 {
                    break;
                }
                if bytes[..length].windows(4).any(|window| window == b"PING") {
                    let _ = stream.write_all(b"PONG\r\n");
                }
            }
        }
    });
    address
}
