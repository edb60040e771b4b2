//! The arrows of knowledge between modules, kept: who may use whom, and which modules stay pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module, what of ours it may use, and whether it must stay without IO.
const ARROWS: &[(&str, &[&str], bool)] = &[
    ("secret", &[], true),
    ("legible", &[], true),
    ("sums", &[], true),
    ("cookie", &[], true),
    ("charset", &[], true),
    ("crawl", &["charset", "observation"], true),
    ("observation", &["cookie", "secret"], true),
    ("config", &["legible"], true),
    ("manifest", &["cookie", "observation", "config", "legible"], true),
    ("plan", &["cookie", "manifest", "observation", "secret", "config", "legible"], true),
    ("vendors", &["cookie", "manifest", "observation"], true),
    ("markup", &[], true),
    ("policy", &["config", "cookie", "manifest", "markup", "observation", "vendors"], true),
    ("audit", &["cookie", "manifest", "observation", "config", "vendors", "policy"], true),
    ("history", &["audit", "config", "cookie", "manifest", "observation"], true),
    ("store", &["history", "observation", "sums"], false),
    ("report", &["audit", "cookie", "history", "legible", "manifest", "observation", "vendors"], true),
    ("transport", &["observation", "secret"], false),
    ("fleet", &["config", "legible", "observation", "run", "secret"], false),
    ("engine", &["charset", "cookie", "observation", "secret", "sums", "transport"], false),
];

/// Words that only the rim may use.
const IO: &[&str] =
    &["tokio::", "reqwest::", "std::fs", "std::net::Tcp", "std::env", "SystemTime", "println!", "eprintln!"];

#[test]
fn modules_use_only_what_they_may() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, may_use, pure) in ARROWS {
        for file in files_of(&source, module) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate() {
                let line = line.trim();
                if line.starts_with("//") {
                    continue;
                }
                for used in line.split("crate::").skip(1) {
                    let used: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if used != *module && !may_use.contains(&used.as_str()) && !used.is_empty() {
                        wrong.push(format!("{}:{}: {module} may not use {used}", file.display(), number + 1));
                    }
                }
                if *pure {
                    for word in IO.iter().filter(|word| line.contains(**word)) {
                        wrong.push(format!(
                            "{}:{}: {module} is pure and may not use {word}",
                            file.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a file is made of stands in `observation/wire`, so that the values may change without it.
#[test]
fn values_of_a_scan_know_nothing_of_files() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files_of(&source, "observation").into_iter().chain(files_of(&source, "cookie"));
    let mut looked_at = 0;
    for file in files.filter(|file| !file.starts_with(source.join("observation/wire"))) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // What `explain` says of a line is told to people and programs, and read by nobody here.
        let told_only = file.ends_with("cookie/explain.rs") || file.ends_with("cookie/rfc.rs");
        for word in ["Deserialize", "Serialize"].iter().filter(|word| !told_only || **word == "Deserialize") {
            assert!(!code.contains(word), "{}: {word}", file.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 30, "{looked_at} files");
}

/// The module's own file and everything in its folder.
fn files_of(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let single = source.join(format!("{module}.rs"));
    if single.is_file() {
        found.push(single);
    }
    let mut folders = vec![source.join(module)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no module {module}");
    found
}

/// The two large modules: within them, too, no two know each other in a circle.
const WINGS: &[&str] = &["audit", "run"];

#[test]
fn within_a_wing_no_modules_know_each_other_in_a_circle() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for wing in WINGS {
        let knows = who_knows_whom(&source, wing);
        for module in knows.keys() {
            let reached = reached_from(module, &knows);
            if reached.contains(module) {
                let circle: Vec<_> =
                    reached.iter().filter(|other| reached_from(other, &knows).contains(module)).collect();
                wrong.push(format!("{wing}: {module} is in a circle with {circle:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // By a path, and by nothing but a method of the runner.
    let knows = who_knows_whom(&source, "run");
    assert!(knows["runner"].contains("context") && knows["tasks"].contains("login"), "{knows:?}");
}

/// The modules that a module uses, directly or by others.
fn reached_from(module: &str, knows: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = knows.get(module).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module.clone()) {
            next.extend(knows.get(module).into_iter().flatten());
        }
    }
    reached
}

/// Types whose methods stand in many modules of a wing: who calls such a method knows its module.
const SHARED: &[&str] = &["Runner", "RunContext"];

/// For each module directly below `wing`, the others directly below that its files name by path, or whose
/// methods of a shared type they call.
fn who_knows_whom(source: &Path, wing: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut knows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let folder = source.join(wing);
    let name_of = |file: &Path| {
        let first = file.strip_prefix(&folder).unwrap().components().next().unwrap();
        first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    let files: Vec<PathBuf> =
        files_of(source, wing).into_iter().filter(|file| file.starts_with(&folder)).collect();
    let names: BTreeSet<String> =
        files.iter().map(|file| name_of(file)).filter(|name| name != "mod").collect();
    let codes: Vec<(&PathBuf, String)> = files.iter().map(|file| (file, code_of(file))).collect();
    let mut methods: BTreeMap<String, String> = BTreeMap::new();
    for (file, code) in &codes {
        methods.extend(shared_methods(code).map(|method| (method, name_of(file))));
    }
    for (file, code) in &codes {
        let module = name_of(file);
        if module == "mod" {
            continue;
        }
        let calls = methods.iter().filter(|(method, home)| {
            let called = |by: &str| code.contains(&format!("{by}.{method}("));
            **home != module
                && !code.contains(&format!("fn {method}("))
                && ["self", "runner", "run"].map(called).contains(&true)
        });
        knows.entry(module.clone()).or_default().extend(calls.map(|(_, home)| home.clone()));
        let code = code.replace('\n', " ");
        let below =
            file.strip_prefix(&folder).unwrap().components().count() - usize::from(file.ends_with("mod.rs"));
        let ways = [format!("crate::{wing}::"), "super::".repeat(below)];
        for used in ways.iter().flat_map(|way| code.split(way.as_str()).skip(1)) {
            let end = if used.starts_with('{') { used.find('}') } else { used.find([';', ' ', '(', '<']) };
            let words = used[..end.unwrap_or(used.len())].split(|c: char| !c.is_alphanumeric() && c != '_');
            let mut words = words.filter(|word| !word.is_empty());
            let named: Vec<&str> =
                if used.starts_with('{') { words.collect() } else { words.next().into_iter().collect() };
            let named = named.into_iter().filter(|word| names.contains(*word) && **word != module);
            knows.entry(module.clone()).or_default().extend(named.map(str::to_owned));
        }
    }
    knows
}

/// A file without its tests and comments.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
    code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Methods of the shared types that a file's code defines.
fn shared_methods(code: &str) -> impl Iterator<Item = String> {
    let of_shared = |block: &&str| {
        let head = block.split('{').next().unwrap_or_default();
        SHARED.iter().any(|shared| head.contains(&format!(" {shared}<")))
    };
    let blocks = code.split("\nimpl").skip(1).map(|block| block.split("\n}").next().unwrap_or_default());
    blocks
        .filter(of_shared)
        .flat_map(|block| block.split("fn ").skip(1))
        .map(|method| method.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
}

#[test]
fn a_method_of_a_shared_type_is_known_by_its_module() {
    let methods = |code: &str| shared_methods(code).collect::<Vec<_>>();
    assert_eq!(
        methods(
            "\nimpl Runner<'_> {\n    pub(super) async fn log_in(&self) {}\n}\n\nimpl Other {\n    fn x(&self) {}\n}\n"
        ),
        ["log_in"]
    );
    assert_eq!(methods("\nimpl<'a> Deref for RunContext<'a> {\n    fn deref(&self) {}\n}\n"), ["deref"]);
}
