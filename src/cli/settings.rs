//! The arguments as meant: files read, plan and manifest decoded, the target found. What is wrong
//! is said here, before any request is made.

use super::args::{EngineWord, Look, RenderWord};
use super::complaint::Complaint;
use super::files;
use crate::config::Format;
use crate::legible::without_credentials;
use crate::manifest::Manifest;
use crate::plan::{EngineChoice, Plan, Target};
use std::path::{Path, PathBuf};
use url::Url;

/// The plan's usual name.
pub(super) const PLAN: &str = "cookieproof.toml";
/// The manifest's usual name.
pub(super) const MANIFEST: &str = "cookies.toml";

/// Where to look and how.
pub(super) struct Looking {
    pub(super) plan: Plan,
    pub(super) target: Target,
}

/// The plan that the user named, with the flags' wishes in it.
pub(super) fn looking(what: Option<&str>, look: &Look) -> Result<Looking, Complaint> {
    looking_as(plan(what)?, look)
}

/// The same with a plan that is read already.
pub(super) fn looking_as(mut plan: Plan, look: &Look) -> Result<Looking, Complaint> {
    apply(look, &mut plan)?;
    let target = target(&plan, look.target.as_deref())?;
    Ok(Looking { plan, target })
}

/// The manifest: as the flag says, as the plan says, or by its usual name beside the plan.
pub(super) fn manifest(named: Option<&Path>, plan: Option<&Plan>) -> Result<Manifest, Complaint> {
    let folder = plan.and_then(|plan| Path::new(&plan.file).parent()).unwrap_or(Path::new(""));
    let planned = plan.and_then(|plan| plan.manifest.as_ref()).map(|path| folder.join(path));
    let path = named.map(PathBuf::from).or(planned).unwrap_or_else(|| folder.join(MANIFEST));
    if named.is_none() && !path.exists() {
        return Err(Complaint::usage(format!("no manifest: there is no {}", path.display()))
            .hint("name one with `--manifest FILE`, or make a first one with `cookieproof init URL`"));
    }
    files::manifest(&path)
}

/// The files that a plan makes a run read, as far as they are known by name.
pub(super) fn inputs(plan: &Plan) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(&plan.file)];
    files.extend(plan.vendors.lists.iter().chain(&plan.vendors.cookie_databases).cloned());
    let of_targets = plan.targets.iter().flat_map(|target| &target.extra_ca);
    files.extend(plan.http.extra_ca.iter().chain(of_targets).cloned());
    files
}

/// A URL where the text is one.
pub(super) fn url(text: &str) -> Result<Option<Url>, Complaint> {
    let is_url = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
        || text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    if !is_url {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|error| {
        Complaint::usage(format!("`{}` is not a URL: {error}", without_credentials(text)))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Complaint::usage("a URL with a password in it would be seen in the list of processes")
            .hint("put a `basic` step into a plan, with the password as `${env:NAME}`"));
    }
    Ok(Some(url))
}

fn plan(what: Option<&str>) -> Result<Plan, Complaint> {
    let Some(what) = what else {
        if Path::new(PLAN).exists() {
            return files::plan(Path::new(PLAN));
        }
        return Err(Complaint::usage(format!("nothing to look at: there is no {PLAN} here"))
            .hint("name a plan or a URL, as in `cookieproof audit https://example.org`"));
    };
    if let Some(url) = url(what)? {
        return Ok(Plan::for_url(url));
    }
    let path = Path::new(what);
    if path.exists() {
        return files::plan(path);
    }
    let shown = without_credentials(what);
    let complaint = Complaint::usage(format!("there is no file `{shown}`"));
    let may_be_a_host = what.contains('.') && Format::by_ending(what).is_none();
    Err(match may_be_a_host && Url::parse(&format!("https://{what}")).is_ok() {
        true => complaint.hint(format!("if it is a site, say how to reach it: `https://{shown}`")),
        false => complaint.hint("name a plan or a URL"),
    })
}

fn apply(look: &Look, plan: &mut Plan) -> Result<(), Complaint> {
    for name in &look.persona {
        if !plan.personas.iter().any(|persona| persona.name == *name) {
            let known: Vec<&str> = plan.personas.iter().map(|persona| persona.name.as_str()).collect();
            return Err(Complaint::usage(format!("{} has no persona `{name}`", plan.file))
                .hint(format!("it has: {}", known.join(", "))));
        }
    }
    if !look.persona.is_empty() {
        plan.personas.retain(|persona| look.persona.contains(&persona.name));
    }
    match look.engine {
        None => {}
        Some(EngineWord::Http) => plan.engine = EngineChoice::Http,
        Some(EngineWord::Browser) => plan.engine = EngineChoice::Browser,
        Some(EngineWord::Both) => plan.engine = EngineChoice::Both,
    }
    if let Some(RenderWord(render)) = look.render {
        plan.browser.render = render;
    }
    if look.browser.is_some() || look.browser_url.is_some() {
        plan.browser.executable.clone_from(&look.browser);
        plan.browser.url.clone_from(&look.browser_url);
    }
    if look.watch_late.is_some() {
        plan.browser.watch_late = look.watch_late;
    }
    if look.screenshots.is_some() {
        plan.browser.screenshots.clone_from(&look.screenshots);
    }
    if look.har.is_some() {
        plan.browser.har.clone_from(&look.har);
    }
    plan.pages.assets |= look.assets;
    if let Some(pages) = look.max_pages {
        if pages == 0 {
            return Err(Complaint::usage("`--max-pages 0` would look at nothing"));
        }
        plan.limits.pages = pages;
    }
    if look.page {
        plan.limits.pages = 1;
        plan.pages.sitemaps = false;
        plan.pages.start.clear();
        plan.personas.iter_mut().for_each(|persona| persona.start.clear());
    }
    if let Some(repeat) = look.repeat {
        plan.limits.repeats = repeat;
    }
    if look.rate.is_some() {
        plan.targets.iter_mut().for_each(|target| target.pace = None);
    }
    match look.rate {
        None => {}
        Some(0.0) => plan.limits.rate = None,
        // As a plan takes it.
        Some(rate) if (1e-3..=1e6).contains(&rate) => plan.limits.rate = Some(rate),
        Some(rate) => {
            return Err(Complaint::usage(format!("`--rate {rate}` is no number of requests per second")));
        }
    }
    Ok(())
}

fn target(plan: &Plan, name: Option<&str>) -> Result<Target, Complaint> {
    let found = match name {
        Some(name) => plan.targets.iter().find(|target| target.name == name),
        None => plan.targets.first(),
    };
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
        match name {
            Some(name) => Complaint::usage(format!("{} has no target `{name}`", plan.file))
                .hint(format!("it has: {}", known.join(", "))),
            None => Complaint::usage(format!("{} has no target", plan.file))
                .hint("add one: `[targets.production]` with `url = \"https://...\"`"),
        }
    })
}
