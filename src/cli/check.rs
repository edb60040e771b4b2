//! `check FILE...`: what is wrong with manifests, plans and files of sites, without asking any site.

use super::complaint::Complaint;
use super::{Exit, files, output};
use crate::config::{Format, Node, Problem, Severity, Shape, Source};
use crate::manifest::{self, About, Manifest};
use crate::observation::StorageKind;
use crate::plan::{self, Plan, sites};
use crate::report;
use std::path::PathBuf;

/// What `check` is asked about.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Manifests, plans and files of sites; their content tells which they are
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
}

/// Prints every problem of every file with its place and fix, and one line per file. Warnings do
/// not fail.
pub(super) fn run(args: &CheckArgs) -> Result<Exit, Complaint> {
    let mut exit = Exit::Clear;
    for path in &args.files {
        let source = match files::source(path) {
            Ok(source) => source,
            Err(complaint) => {
                complaint.print();
                exit = complaint.exit;
                continue;
            }
        };
        let (summary, problems) = examine(&source);
        for problem in &problems {
            let excerpt = problem.excerpt(&source, output::color(), Some(output::width()));
            output::print(&format!("{excerpt}\n\n"));
        }
        output::print(&format!("{}: {}\n", report::clean(&source.file), line(summary, &problems)));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            exit = Exit::Usage;
        }
    }
    Ok(exit)
}

/// What the file says, in words, and what is wrong with it.
fn examine(source: &Source) -> (Option<String>, Vec<Problem>) {
    let (text, file) = (source.text(), source.file.as_str());
    let format = Format::of(file, text);
    let (tree, _) = source.parse(format);
    if tree.as_ref().is_some_and(is_sites) {
        let (sites, problems) = sites::read(text, file, format);
        (sites.map(|sites| format!("a list of {}", count(sites.len(), "site"))), problems)
    } else if tree.is_some_and(|tree| is_plan(&tree)) {
        let (plan, problems) = plan::read(text, file, format);
        (plan.map(|plan| of_plan(&plan)), problems)
    } else {
        let (manifest, problems) = manifest::read(text, file, format);
        (manifest.map(|manifest| of_manifest(&manifest)), problems)
    }
}

/// No other file has this key.
pub(super) fn is_sites(tree: &Node) -> bool {
    tree.get("sites").is_some()
}

/// A file is what more of its keys belong to.
pub(super) fn is_plan(tree: &Node) -> bool {
    let known = |shape: Shape| {
        let Shape::Record(record) = shape else { return 0 };
        let has = |key: &str| tree.get(key).is_some();
        record.fields.iter().filter(|field| has(field.key)).count()
    };
    known(plan::shape()) > known(manifest::shape())
}

fn of_manifest(manifest: &Manifest) -> String {
    let mut cookies = 0;
    let mut storage = 0;
    let mut parties = 0;
    let mut links = 0;
    let mut site = 0;
    for claim in &manifest.claims {
        match claim.about {
            About::Item(item, _) if manifest.items[item].kind == StorageKind::Cookie => cookies += 1,
            About::Item(..) => storage += 1,
            About::ThirdParty(..) => parties += 1,
            About::Link(_) => links += 1,
            About::NoCookies(_) | About::Policy(_) => site += 1,
        }
    }
    let kinds = [
        (cookies, "about cookies"),
        (storage, "about storage"),
        (parties, "about third parties"),
        (links, "about links"),
        (site, "about the whole site"),
    ];
    let kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
    let total = count(manifest.claims.len(), "claim");
    if kinds.is_empty() {
        format!("a manifest of {total}")
    } else {
        format!("a manifest of {total}: {}", kinds.join(", "))
    }
}

fn of_plan(plan: &Plan) -> String {
    format!(
        "a plan for {}, {}, {}",
        count(plan.targets.len(), "target"),
        count(plan.personas.len(), "persona"),
        count(plan.journeys.len(), "journey"),
    )
}

fn line(summary: Option<String>, problems: &[Problem]) -> String {
    let of = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let mut parts = Vec::from_iter(summary);
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    if errors > 0 {
        parts.push(count(errors, "error"));
    }
    if warnings > 0 {
        parts.push(count(warnings, "warning"));
    }
    if errors + warnings == 0 {
        parts.push("no problems".to_owned());
    }
    parts.join("; ")
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
