//! The arrows of knowledge between modules, kept: who may use whom, and which modules stay pure.

use std::fs;
use std::path::{Path, PathBuf};

/// Module, what of ours it may use, and whether it must stay without IO.
const ARROWS: &[(&str, &[&str], bool)] = &[
    ("secret", &[], true),
    ("legible", &[], true),
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
    ("store", &["history", "observation"], false),
    ("report", &["audit", "cookie", "history", "legible", "manifest", "observation", "vendors"], true),
    ("transport", &["observation", "secret"], false),
    ("engine", &["charset", "cookie", "observation", "secret", "transport"], false),
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
