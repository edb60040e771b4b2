//! docs/prokken-sentence-by-sentence.md: what the tool says of each sentence of a founding policy,
//! written from a real run and held against one.

use crate::support::sites::Which;
use crate::support::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const INTRODUCTION: &str = "\
# Prokken's policy, sentence by sentence

What `cookieproof audit` says of every sentence of this policy, from a run over plain HTTP against the
sample site that keeps it (`cargo run --example sample_site -- prokken`). The sentences are those that
`examples/prokken/cookies.toml` gives as the source of its statements, in its own words; a test makes
this page anew and compares (`COOKIEPROOF_BLESS=1 cargo test --test suite sentences` writes it).
";

#[test]
fn the_page_about_prokken_is_what_a_run_says() {
    let report = World::new(Which::Prokken, &[]).audit(&["--format", "json"]).code(0).json();
    let mut of_sentence: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for claim in report["verdicts"].as_array().unwrap() {
        of_sentence.entry(claim["source"].as_str().unwrap_or_default()).or_default().push(claim);
    }
    let unsaid = of_sentence.remove("").unwrap_or_default();
    assert!(of_sentence.len() > 5, "the manifest names its sentences");
    let mut page = INTRODUCTION.to_owned();
    for (sentence, claims) in &of_sentence {
        let _ = write!(page, "\n## \u{201c}{sentence}\u{201d}\n\n{}", table(claims));
    }
    let _ = write!(page, "\n## What follows without a sentence of its own\n\n{}", table(&unsaid));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/prokken-sentence-by-sentence.md");
    if std::env::var_os("COOKIEPROOF_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(documented == page, "{} differs; COOKIEPROOF_BLESS=1 writes it anew\n{page}", path.display());
}

fn table(claims: &[&Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('|', "\\|");
    let mut table = "| claim | says | verdict | why |\n| --- | --- | --- | --- |\n".to_owned();
    for claim in claims {
        let why = [&claim["seen"], &claim["detail"]].map(text).concat();
        let verdict = text(&claim["verdict"]).replace('-', " ");
        let _ =
            writeln!(table, "| `{}` | {} | {verdict} | {why} |", text(&claim["claim"]), text(&claim["text"]));
    }
    table
}
