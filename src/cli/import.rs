//! `cookieproof import`: a published policy, read into a manifest.

use super::complaint::Complaint;
use super::new_file::NewFile;
use super::{Exit, files, output, settings};
use crate::config::Format;
use crate::manifest::{self, Manifest};
use crate::policy::{self, MOST_BYTES, Policy};
use crate::report;
use crate::transport::{Request, Transport, TransportSettings, Want};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use url::Url;

/// What is imported, and what comes of it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The policy: a file (HTML, Markdown, text, CSV, JSON), a URL, or `-` for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// Write the manifest to this file; with --update, `-` prints it and leaves the file alone
    #[arg(short, long, value_name = "FILE", conflicts_with = "resolved")]
    pub(super) output: Option<PathBuf>,
    /// Change this manifest (TOML) where the policy says something else, and leave the rest of it as it is
    #[arg(long, value_name = "MANIFEST", conflicts_with = "resolved")]
    pub(super) update: Option<PathBuf>,
    /// Print what was understood as one JSON object instead of a manifest
    #[arg(long)]
    pub(super) resolved: bool,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<Exit, Complaint> {
    let policy = read(&args.policy)?;
    if args.resolved {
        output::print(&format!("{:#}\n", policy.resolved()));
        return Ok(Exit::Clear);
    }
    if let Some(path) = &args.update {
        return update(&policy, args, path);
    }
    let from = if args.policy == "-" { "standard input" } else { &args.policy };
    let (manifest, remarks) = policy.manifest(from);
    let text = manifest::write_with(&manifest, &remarks);
    match &args.output {
        Some(path) if path.exists() => {
            return Err(Complaint::usage(format!("{} is there already", path.display()))
                .hint("name another file, or move this one away"));
        }
        Some(path) => std::fs::write(path, text).map_err(|error| Complaint::file("write", path, &error))?,
        None => output::print(&text),
    }
    tell(&policy);
    Ok(Exit::Clear)
}

/// Brings a manifest up to the policy. What was done is said on stderr; the text goes into the file, or
/// to where `--output` says.
fn update(policy: &Policy, args: &ImportArgs, path: &Path) -> Result<Exit, Complaint> {
    if policy.entries() == 0 {
        tell(policy);
        return Err(Complaint::usage(format!(
            "{} says nothing that {} could follow",
            args.policy,
            path.display()
        ))
        .hint("nothing was changed"));
    }
    let source = files::source(path)?;
    if Format::of(&source.file, source.text()) != Format::Toml {
        return Err(Complaint::usage(format!("{} is not TOML, and only TOML is updated", path.display()))
            .hint(format!(
                "`cookieproof import {}` prints the policy as a manifest to compare with",
                args.policy
            )));
    }
    let (said, in_part) = policy.surely("");
    let updated = manifest::update(source.text(), &source.file, &said)
        .map_err(|manifest::NotUpdated(why)| Complaint::usage(why).hint("nothing was changed"))?;
    match args.output.as_deref() {
        Some(other) if other == Path::new("-") => output::print(&updated.text),
        Some(other) if other.exists() => {
            return Err(Complaint::usage(format!("{} is there already", other.display()))
                .hint("name another file, or move this one away"));
        }
        Some(other) => {
            std::fs::write(other, &updated.text).map_err(|error| Complaint::file("write", other, &error))?;
        }
        None if updated.changes.is_empty() => {}
        None => NewFile::at(path)?.fill(|to| to.write_all(updated.text.as_bytes()))?,
    }
    let shown = path.display().to_string();
    if updated.changes.is_empty() {
        output::say(&format!("{}: nothing differs", report::clean(&shown)));
    }
    for change in &updated.changes {
        output::say(&format!("{}: {}", report::clean(&shown), report::clean(change)));
    }
    for kept in in_part.iter().chain(&updated.kept) {
        output::say(&format!("  left as it is: {}", report::clean(kept)));
    }
    Ok(Exit::Clear)
}

/// Reads a policy from a file, a URL or standard input, not more than a policy has.
pub(super) fn read(what: &str) -> Result<Policy, Complaint> {
    let mut content_type = String::new();
    let bytes = if what == "-" {
        bounded(io::stdin().lock())
            .map_err(|error| Complaint::usage(format!("cannot read standard input: {error}")))?
    } else if let Some(url) = settings::url(what)? {
        let (bytes, kind) = fetch(url)?;
        content_type = kind;
        bytes
    } else {
        let path = Path::new(what);
        std::fs::File::open(path).and_then(bounded).map_err(|error| Complaint::file("read", path, &error))?
    };
    policy::read_bytes(&bytes, &content_type)
        .map_err(|why| Complaint::usage(format!("cannot read {what} as a policy: {why}")).hint(why.hint()))
}

/// The manifest that a policy makes, for an audit without one of its own: its places are those of
/// the manifest that `import` would write.
pub(super) fn manifest_of(what: &str, site: &Url) -> Result<Manifest, Complaint> {
    let policy = read(what)?;
    if policy.entries() == 0 {
        tell(&policy);
    }
    let (mut manifest, remarks) = policy.manifest(what);
    // The site that is looked at is the one that the policy is about.
    manifest.site.url = Some(site.clone());
    manifest.site.hosts.clear();
    if let Some(url) = settings::url(what)? {
        manifest.site.policy_url = Some(url.into());
    }
    let text = manifest::write_with(&manifest, &remarks);
    let file = format!("{what} (imported)");
    let (read, problems) = manifest::read(&text, &file, Format::Toml);
    read.ok_or_else(|| {
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        Complaint::usage(format!("{what} contradicts itself: {first}"))
            .hint(format!("`cookieproof import {what} -o cookies.toml`, correct it, and audit with that"))
    })
}

/// A page's bytes and what the server calls them.
fn fetch(url: Url) -> Result<(Vec<u8>, String), Complaint> {
    const MOST_HOPS: usize = 10;
    let failed = |url: &Url, why: String| {
        Complaint::usage(format!("cannot read {url}: {why}"))
            .hint("save the page from a browser, and import that file")
    };
    let settings = TransportSettings { body_bytes: MOST_BYTES + 1, ..TransportSettings::default() };
    let transport = Transport::new(settings).map_err(|error| Complaint::usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Complaint::usage(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let mut url = url;
        for _ in 0..MOST_HOPS {
            let accept = b"text/html,text/plain,text/markdown,application/json,*/*;q=0.5".to_vec();
            let request = Request {
                method: "GET".to_owned(),
                url: url.clone(),
                headers: vec![
                    ("accept".to_owned(), accept),
                    ("user-agent".to_owned(), b"cookieproof".to_vec()),
                ],
                body: None,
            };
            let response = transport
                .send(&request, Want::Everything)
                .await
                .map_err(|failure| failed(&url, failure.to_string()))?;
            let location = response.head.header("location").and_then(|to| std::str::from_utf8(to).ok());
            match (response.head.status, location.and_then(|to| url.join(to).ok())) {
                (300..=399, Some(next)) => url = next,
                (200..=299, _) => return Ok((response.body, response.head.content_type())),
                (status, _) => return Err(failed(&url, format!("it answers {status}"))),
            }
        }
        Err(failed(&url, "it is redirected without end".to_owned()))
    })
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What came of it, on stderr: the manifest may be going into a file.
fn tell(policy: &Policy) {
    let entries = policy.entries();
    if entries == 0 {
        output::say("the policy declares no cookies that could be read");
        if let Some(platform) = policy.platform() {
            output::say(&format!(
                "  hint: its table is written by a script ({}); save the page from a browser and import that",
                report::clean(platform)
            ));
        }
    } else {
        let cookies = if entries == 1 { "1 entry" } else { &format!("{entries} entries") };
        output::say(&format!("read {cookies}; lines that begin with `review:` are for you"));
    }
}
