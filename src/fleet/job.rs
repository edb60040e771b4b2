//! What travels: jobs, what came of them, and what a run consists of. A job holds texts that are made to be kept
//! with the site's sources; secrets stand in them by reference, and only the worker looks these up.
//!
//! A job is a site. Sites of one host travel together as one errand, so that one worker has all of them and can
//! keep the host's pace; every other errand is one job.

use crate::config::{Format, Node, Source, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Jobs, results and records of this shape. A worker that is older than a job says so.
pub(crate) const FORMAT: u32 = 2;

/// What one worker does, one job after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) format: u32,
    pub(crate) run: String,
    pub(crate) tag: String,
    /// The site's name, or the host's of several: see `errand_of_host`.
    pub(crate) name: String,
    /// How many workers may try a site.
    pub(crate) deliveries: u32,
    pub(crate) jobs: Vec<Job>,
}

/// A site to be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) run: String,
    pub(crate) site: String,
    pub(crate) tag: String,
    pub(crate) look: LookAt,
    pub(crate) manifest: Text,
    /// The file with findings that somebody answers for; read where results are collected.
    pub(crate) baseline: Option<String>,
    /// Further certificate authorities that the plan names, by their paths.
    pub(crate) certificates: BTreeMap<String, String>,
    pub(crate) wishes: Wishes,
}

/// How to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LookAt {
    Plan(Text),
    Url(String),
}

/// A file's text, and what it is called in messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) file: String,
    pub(crate) text: String,
}

/// What was asked for beside the plans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wishes {
    pub(crate) target: Option<String>,
    pub(crate) personas: Vec<String>,
    pub(crate) engine: Option<String>,
    pub(crate) max_pages: Option<usize>,
    pub(crate) repeat: Option<u32>,
    pub(crate) rate: Option<f64>,
}

/// What came of a job: the scan, beside what it is to be judged by.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome<S = Box<RawValue>> {
    pub(crate) format: u32,
    pub(crate) worker: String,
    pub(crate) delivered: u32,
    pub(crate) job: Job,
    /// As it would be saved in a file; whoever stores it has it as a value.
    pub(crate) scan: S,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dead {
    pub(crate) kind: DeadKind,
    pub(crate) reason: String,
    pub(crate) worker: String,
    pub(crate) deliveries: u32,
}

/// Why a job was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeadKind {
    /// The look could not begin: a secret that no worker has, a plan that none can read.
    NotSetUp,
    /// Workers took it and none gave it back.
    NeverCameBack,
}

/// What was submitted, kept for as long as results are: what a run is counted against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) format: u32,
    pub(crate) run: String,
    /// RFC 3339, in UTC.
    pub(crate) submitted: String,
    pub(crate) tool: String,
    /// In the order of the list.
    pub(crate) sites: Vec<Submitted>,
}

/// A site of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Submitted {
    pub(crate) site: String,
    pub(crate) tag: String,
    /// The errand that it is part of, where that is not its own.
    pub(crate) errand: Option<String>,
    /// Why no job was made of it.
    pub(crate) refused: Option<String>,
}

impl Submitted {
    /// Under which name it is in the queue.
    pub(crate) fn errand(&self) -> &str {
        self.errand.as_deref().unwrap_or(&self.site)
    }
}

/// The name of the errand of a host's sites; no site is called so.
pub(crate) fn errand_of_host(host: &str) -> String {
    format!("@{host}")
}

/// An errand's place in the queue.
pub(crate) fn errand_subject(errand: &Errand) -> String {
    format!("cookieproof.jobs.{}.{}.{}", errand.tag, errand.run, token_of(&errand.name))
}

/// The result's subject, once for each site of a run.
pub(crate) fn result_subject(run: &str, site: &str) -> String {
    format!("cookieproof.outcomes.{run}.{}.result", token_of(site))
}

/// The dead letter's subject.
pub(crate) fn dead_subject(run: &str, site: &str) -> String {
    format!("cookieproof.outcomes.{run}.{}.dead", token_of(site))
}

/// A site's or a host's name as one word of a subject: dots divide words there, and no name has a `%`.
fn token_of(name: &str) -> String {
    name.replace('.', "%2E")
}

/// Run and name of an errand's subject.
pub(crate) fn errand_of_subject(subject: &str) -> Option<(String, String)> {
    let words: Vec<&str> = subject.split('.').collect();
    match words.as_slice() {
        ["cookieproof", "jobs", _, run, name] => Some(((*run).to_owned(), name.replace("%2E", "."))),
        _ => None,
    }
}

/// Site and kind of an outcome's subject.
pub(crate) fn outcome_of_subject(subject: &str) -> Option<(String, bool)> {
    let words: Vec<&str> = subject.split('.').collect();
    match words.as_slice() {
        ["cookieproof", "outcomes", _, site, kind] => Some((site.replace("%2E", "."), *kind == "result")),
        _ => None,
    }
}

/// Whether a plan has programs of its own run where it is used: a job comes from elsewhere.
pub(crate) fn runs_programs(plan: &Text) -> bool {
    // The word can be written otherwise only with escapes.
    if !plan.text.contains("command") && !plan.text.contains('\\') {
        return false;
    }
    let source = Source::new(&plan.file, &plan.text);
    let (tree, _) = source.parse(Format::of(&source.file, source.text()));
    tree.is_some_and(|tree| has_program(&tree))
}

fn has_program(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains("${command:"),
        Value::List(list) => list.iter().any(has_program),
        Value::Table(entries) => {
            entries.iter().any(|entry| entry.key == "command" || has_program(&entry.node))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errand(name: &str, sites: &[&str]) -> Errand {
        let job = |site: &&str| Job {
            run: "night-1".into(),
            site: (*site).into(),
            tag: "eu".into(),
            look: LookAt::Url("https://shop.test/".into()),
            manifest: Text { file: "cookies.toml".into(), text: String::new() },
            baseline: None,
            certificates: BTreeMap::new(),
            wishes: Wishes::default(),
        };
        Errand {
            format: FORMAT,
            run: "night-1".into(),
            tag: "eu".into(),
            name: name.into(),
            deliveries: 5,
            jobs: sites.iter().map(job).collect(),
        }
    }

    #[test]
    fn a_name_is_one_word_of_a_subject_and_comes_back_from_it() {
        let subject = errand_subject(&errand("docs.example", &["docs.example"]));
        assert_eq!(subject, "cookieproof.jobs.eu.night-1.docs%2Eexample");
        assert_eq!(errand_of_subject(&subject), Some(("night-1".into(), "docs.example".into())));
        let of_host = errand_subject(&errand(&errand_of_host("a.test"), &["a", "b"]));
        assert_eq!(of_host, "cookieproof.jobs.eu.night-1.@a%2Etest");
        assert_eq!(errand_of_subject(&of_host), Some(("night-1".into(), "@a.test".into())));
        let result = result_subject("night-1", "docs.example");
        assert_eq!(outcome_of_subject(&result), Some(("docs.example".into(), true)));
        let dead = dead_subject("night-1", "a");
        assert_eq!(outcome_of_subject(&dead), Some(("a".into(), false)));
        assert_eq!(outcome_of_subject("cookieproof.outcomes.x"), None);
        assert_ne!(result_subject("r", "a.b"), result_subject("r", "a-b"));
    }

    #[test]
    fn an_errand_comes_back_as_it_went() {
        let errand = errand("@a.test", &["shop", "docs"]);
        let text = serde_json::to_string(&errand).unwrap();
        assert_eq!(serde_json::from_str::<Errand>(&text).unwrap(), errand);
    }

    #[test]
    fn plans_that_run_programs_are_known_in_every_syntax() {
        let plan = |file: &str, text: &str| Text { file: file.into(), text: text.into() };
        let target = "[targets.a]\nurl = \"https://a.test/\"\n";
        for (file, text, runs) in [
            ("a.toml", format!("{target}[http]\nheaders = {{ x = \"${{command:pass show}}\" }}"), true),
            ("a.toml", format!("{target}[[personas.m.login]]\ncommand = [\"./login\"]"), true),
            (
                "a.toml",
                format!("{target}# ${{command:x}}\n[http]\nheaders = {{ x = \"${{env:X}}\" }}"),
                false,
            ),
            ("a.yaml", "personas:\n  m:\n    login:\n      - command: [x]\n".to_owned(), true),
            ("a.json", "{\"http\": {\"headers\": {\"x\": \"${env:X}\"}}}".to_owned(), false),
            ("a.json", "{\"http\": {\"headers\": {\"x\": \"${\\u0063ommand:x}\"}}}".to_owned(), true),
            ("a.toml", format!("{target}[[personas.m.login]]\n\"\\u0063ommand\" = [\"./login\"]"), true),
            ("a.toml", format!("{target}# a \\ and nothing else"), false),
        ] {
            assert_eq!(runs_programs(&plan(file, &text)), runs, "{text}");
        }
    }
}
