//! Which sites there are: those of a file, or the plans of a folder.

use crate::cli::check;
use crate::cli::complaint::Complaint;
use crate::cli::{files, settings};
use crate::config::{Format, Source};
use crate::plan::sites::{LookAt, SiteEntry, name_trouble};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The sites that a file or a folder names. A file's are in its order, a folder's in that of their names.
pub(in crate::cli) fn sites(list: &Path) -> Result<Vec<SiteEntry>, Complaint> {
    let there = std::fs::metadata(list).map_err(|error| {
        Complaint::file("read", list, &error)
            .hint("name a file of sites (examples/many-sites/sites.toml is one), or a folder of plans")
    })?;
    if !there.is_dir() {
        return files::sites(list);
    }
    let mut plans: BTreeMap<String, PathBuf> = BTreeMap::new();
    for (name, plan) in plans_in(list)? {
        if let Some(trouble) = name_trouble(&name) {
            return Err(Complaint::usage(format!("{}: the name of this site {trouble}", plan.display()))
                .hint("rename it to letters, digits, `-`, `_` and `.`: reports are files of that name"));
        }
        if let Some(other) = plans.insert(name.to_ascii_lowercase(), plan.clone()) {
            return Err(Complaint::usage(format!(
                "{} and {} would be one site's name",
                other.display(),
                plan.display()
            ))
            .hint("rename one of them; capitals make no difference"));
        }
    }
    if plans.is_empty() {
        return Err(Complaint::usage(format!("there is no plan in {}", list.display())).hint(format!(
            "put plans into it as shop.toml, or as shop/{} with its manifest beside it",
            settings::PLAN
        )));
    }
    Ok(plans.into_values().map(|plan| entry(list, plan)).collect())
}

fn entry(folder: &Path, plan: PathBuf) -> SiteEntry {
    SiteEntry {
        name: name_of(folder, &plan),
        look: LookAt::Plan(plan),
        target: None,
        manifest: None,
        baseline: None,
        tag: None,
    }
}

/// A plan in a folder of its own is called as that folder, another as its file.
fn name_of(folder: &Path, plan: &Path) -> String {
    let named = match plan.parent().filter(|parent| *parent != folder) {
        Some(own) => own.file_name(),
        None => plan.file_stem(),
    };
    named.unwrap_or_default().to_string_lossy().into_owned()
}

fn plans_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Complaint> {
    let failed = |error: std::io::Error| Complaint::file("read", folder, &error);
    let mut plans = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        let plan = if path.is_dir() { path.join(settings::PLAN) } else { path };
        if plan.is_file() && may_be_plan(&plan) {
            plans.push((name_of(folder, &plan), plan));
        }
    }
    plans.sort();
    Ok(plans)
}

/// Manifests and whatever else lies beside plans is left alone. What cannot be read is taken for a plan,
/// so that it is complained about and not passed over.
fn may_be_plan(path: &Path) -> bool {
    let name = path.display().to_string();
    if Format::by_ending(&name).is_none() {
        return false;
    }
    let Ok(bytes) = crate::intake::file(path, crate::config::MOST_BYTES as u64) else { return true };
    let source = Source::new(&name, &String::from_utf8_lossy(&bytes));
    match source.parse(Format::of(&name, source.text())) {
        (Some(tree), syntax) if syntax.is_empty() => check::is_plan(&tree) && !check::is_sites(&tree),
        _ => true,
    }
}
