//! The ready files for CI: they parse, and every command in them is run as it stands, against a site
//! on loopback. Only what a test cannot have is left out: the browser, an installed binary.

use crate::support::command::Cookieproof;
use crate::support::small_site::{small_site, url};
use saphyr_parser::{Event, Parser};
use std::fs;
use std::path::Path;

const FILES: [&str; 9] = [
    "examples/ci/github-release-gate.yml",
    "examples/ci/github-nightly.yml",
    "examples/ci/gitlab-ci.yml",
    "examples/ci/kubernetes-cronjob.yaml",
    "examples/ci/pre-commit-config.yaml",
    "examples/ci/cookieproof.service",
    "examples/ci/cookieproof.timer",
    ".pre-commit-hooks.yaml",
    "action.yml",
];

const MANIFEST: &str = "[site]\nhosts = [\"127.0.0.1\"]\n\n[[cookies]]\nname = \"sid\"\nlifetime = \"1d\"\n";

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// Every text in a YAML file; that it parses is half of the test.
fn scalars(file: &str, text: &str) -> Vec<String> {
    let mut scalars = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{file}: {error}"));
        if let Event::Scalar(value, ..) = event {
            scalars.push(value.into_owned());
        }
    }
    assert!(scalars.len() > 3, "{file}");
    scalars
}

/// The commands of ours in a file, one a line.
fn commands(file: &str) -> Vec<String> {
    let text = read(file);
    if file.ends_with(".service") || file.ends_with(".timer") {
        return text
            .lines()
            .filter_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/"))
            .map(str::to_owned)
            .collect();
    }
    let scalars = scalars(file, &text);
    if file.contains("kubernetes") {
        let at = scalars.iter().position(|word| word == "args").unwrap();
        let words = scalars[at + 1..].iter().take_while(|word| *word != "envFrom");
        let words: Vec<&str> = words.map(String::as_str).collect();
        return vec![format!("cookieproof {}", words.join(" "))];
    }
    scalars
        .iter()
        .flat_map(|scalar| scalar.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.trim().to_owned())
        .filter(|line| {
            line.starts_with("cookieproof ") && line.split(' ').nth(1).is_some_and(|word| word != "-")
        })
        .collect()
}

/// The arguments as a shell would give them, with what is a variable there filled in or left out.
fn arguments(command: &str) -> Vec<String> {
    let mut command = command.to_owned();
    // `$(test -e … && echo --previous …)`: nothing on the first night.
    while let Some(at) = command.find("$(") {
        let end = command[at..].find(')').unwrap() + at;
        command.replace_range(at..=end, "");
    }
    for (variable, value) in [
        ("${TARGET:+--target \"$TARGET\"}", "--target preview"),
        ("\"${more[@]}\"", ""),
        ("\"$PLAN\"", "cookieproof.toml"),
        ("\"$FAIL_ON\"", "error"),
        ("$PREVIOUS", ""),
        ("$html", "action.html"),
        ("$sarif", "action.sarif"),
        ("/etc/cookieproof/", ""),
        ("/config/", ""),
        ("/data/", ""),
        ("--engine=browser", ""),
        ("--engine browser", ""),
        ("\"", ""),
    ] {
        command = command.replace(variable, value);
    }
    assert!(!command.contains('$'), "{command}");
    command.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_ready_files_runs() {
    let site = small_site();
    let url = url(&site);
    let mut ran = 0;
    for file in FILES {
        for command in commands(file) {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("nights")).unwrap();
            fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
            let plan = format!(
                "manifest = \"cookies.toml\"\n[targets.preview]\nurl = \"{url}\"\n[targets.production]\nurl = \
                 \"{url}\"\n[limits]\nrate = \"unlimited\"\n"
            );
            fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
            let mut arguments = arguments(&command);
            if command == "cookieproof check" {
                // pre-commit adds the files.
                arguments.extend(["cookies.toml".into(), "cookieproof.toml".into()]);
            }
            let ended = Cookieproof::new(&arguments).within(folder.path()).run();
            assert_eq!(ended.code, Some(0), "{file}: {command}\n{}{}", ended.stdout, ended.stderr);
            for output in arguments.iter().filter_map(|word| word.split_once('=')) {
                let (_, path) = output;
                let path = path.rsplit('=').next().unwrap();
                if path.contains('.') && !path.starts_with("--") {
                    assert!(folder.path().join(path).exists(), "{file}: {command}: no {path}");
                }
            }
            ran += 1;
        }
    }
    // Each of the files that has commands was understood.
    assert_eq!(ran, 11);
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), MANIFEST.replace("1d", "1h")).unwrap();
    let summary = folder.path().join("summary.md");
    fs::write(&summary, "# Another step\n").unwrap();
    let url = url(&site);
    let args = ["audit", &url, "--manifest", "cookies.toml", "-q", "--rate", "0", "--format", "github"];
    let ended = Cookieproof::new(args)
        .within(folder.path())
        .env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
        .run()
        .code(1);
    assert!(
        ended.stdout.starts_with("::error file=cookies.toml,line=6,col=1,title=cookieproof%3A lifetime::")
    );
    let summary = fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("# Another step\n# Cookies of "), "{summary}");
}

#[test]
fn shells_and_man_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Cookieproof::new(["completions", shell]).run().code(0).stdout;
        for word in ["audit", "save-scan", "explain"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    Cookieproof::new(["man", "--dir", "man"]).within(folder.path()).run().code(0);
    let help = Cookieproof::new(["--help"]).run().code(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut pages = 1;
    assert!(folder.path().join("man/cookieproof.1").exists());
    for command in
        commands.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next())
    {
        if command != "help" {
            let page =
                fs::read_to_string(folder.path().join(format!("man/cookieproof-{command}.1"))).unwrap();
            assert!(page.contains(".SH NAME"), "{page}");
            pages += 1;
        }
    }
    assert!(pages > 8, "{pages}");
}

/// The image runs without root, and what it installs is what the tool looks for.
#[test]
fn the_image_runs_without_root() {
    let text = read("Dockerfile");
    let user = text.lines().rev().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert_ne!(user, "0");
    assert!(text.contains("chromium") && text.contains("ENTRYPOINT [\"cookieproof\"]"));
}
