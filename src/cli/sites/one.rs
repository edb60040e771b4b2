//! One site of many: set up before the run, judged and reported when it was looked at.

use super::places::Places;
use crate::cli::args;
use crate::cli::complaint::{Complaint, Failures};
use crate::cli::evidence::{Bundle, EvidenceArgs, Judged};
use crate::cli::nights::Nights;
use crate::cli::outcome;
use crate::cli::output::Outputs;
use crate::cli::{Exit, files, settings};
use crate::history;
use crate::manifest::Manifest;
use crate::observation::Scan;
use crate::plan::sites::{LookAt, SiteEntry};
use crate::plan::{Plan, Target};
use crate::report::Report;
use crate::report::sites::{Row, Verdict};
use crate::vendors::Knowledge;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lists that were read already: a list of a hundred thousand lines is kept once, not once a site.
#[derive(Default)]
pub(in crate::cli) struct Known(BTreeMap<Vec<PathBuf>, Arc<Knowledge>>);

/// A site that is set up.
pub(in crate::cli) struct One {
    pub(in crate::cli) name: String,
    pub(super) target: Target,
    pub(super) manifest: Arc<Manifest>,
    plan: Option<Plan>,
    knowledge: Arc<Knowledge>,
    outputs: Outputs,
    reports: Vec<String>,
    nights: Nights,
    /// Taken when the site is judged.
    evidence: Cell<Option<Bundle>>,
}

impl One {
    /// Reads all that the site needs, and looks whether its reports can be written.
    pub(in crate::cli) fn of(
        entry: &SiteEntry,
        args: &args::Audit,
        places: &Places,
        known: &mut Known,
    ) -> Result<One, Complaint> {
        let beside = |folder: &Option<PathBuf>| folder.as_ref().map(|folder| folder.join(&entry.name));
        let look = args::Look {
            target: entry.target.clone().or_else(|| match entry.look {
                LookAt::Plan(_) => args.look.target.clone(),
                LookAt::Url(_) => None,
            }),
            screenshots: beside(&args.look.screenshots),
            har: beside(&args.look.har),
            save_scan: None,
            ..args.look.clone()
        };
        let what = match &entry.look {
            LookAt::Plan(plan) => plan.display().to_string(),
            LookAt::Url(url) => url.to_string(),
        };
        let looking = settings::looking(Some(&what), &look)?;
        let manifest = settings::manifest(entry.manifest.as_deref(), Some(&looking.plan))?;
        One::read(entry, looking, manifest, args, places, known)
    }

    /// The same of a site whose plan and manifest are read already.
    pub(in crate::cli) fn read(
        entry: &SiteEntry,
        looking: settings::Looking,
        manifest: Manifest,
        args: &args::Audit,
        places: &Places,
        known: &mut Known,
    ) -> Result<One, Complaint> {
        let settings::Looking { mut plan, target } = looking;
        let nights = Nights { baseline: entry.baseline.clone(), notify: None, ..args.nights.clone() };
        // The history was opened once for all; whatever else is wrong is said before the site is asked.
        let without_history = args.nights.history.is_none();
        let early = Nights { history: None, only_new: nights.only_new && without_history, ..nights.clone() };
        early.prepare(false)?.fits(&manifest)?;
        let knowledge = known.of(&plan, &args.lists)?;
        let outputs = places.of_site(&entry.name, &args.print)?;
        let inputs = settings::inputs(&plan);
        let inputs = || {
            let lists = args.lists.files().chain(nights.files());
            inputs.iter().map(PathBuf::as_path).chain([Path::new(&manifest.file)]).chain(lists)
        };
        outputs.spare(inputs())?;
        places.spare(inputs())?;
        let evidence = EvidenceArgs {
            evidence: args
                .evidence
                .evidence
                .as_deref()
                .map(|dir| places.evidence(dir, &entry.name))
                .transpose()?,
            ..args.evidence.clone()
        };
        let plan_folders: Vec<PathBuf> =
            plan.browser.screenshots.iter().chain(&plan.browser.har).cloned().collect();
        let others = outputs.paths().chain(nights.files()).chain(plan_folders.iter().map(PathBuf::as_path));
        let bundle = evidence.prepare(others.chain(places.summaries()), true)?;
        if let Some(bundle) = &bundle {
            bundle.wants(&mut plan);
        }
        let mut reports = places.files_of(&entry.name);
        reports.extend(evidence.evidence.iter().map(|dir| dir.display().to_string()));
        Ok(One {
            name: entry.name.clone(),
            target,
            manifest: Arc::new(manifest),
            plan: Some(plan),
            knowledge,
            reports,
            outputs,
            nights,
            evidence: Cell::new(bundle),
        })
    }

    /// The plan, which goes into the run.
    pub(super) fn take_plan(&mut self) -> Plan {
        self.plan.take().unwrap_or_else(|| Plan::for_url(self.target.url.clone()))
    }

    /// Where it is, fit for a report.
    pub(in crate::cli) fn address(&self) -> String {
        let mut url = self.target.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.into()
    }

    /// What a history calls it: the site and the target.
    pub(in crate::cli) fn night(&self) -> (String, String) {
        let url = self.manifest.site.url.as_ref().unwrap_or(&self.target.url);
        (url.as_str().trim_end_matches('/').to_ascii_lowercase(), self.target.name.clone())
    }

    /// Judges what was seen, compares, keeps and reports it.
    pub(in crate::cli) fn judge(&self, scan: Scan, args: &args::Audit) -> Row {
        let mut failures = Failures::default();
        let bundle = self.evidence.take();
        let scan = match &bundle {
            Some(bundle) => bundle.at_home(scan),
            None => scan,
        };
        let scan = &scan;
        self.outputs.save(scan, &mut failures);
        let mut row = match self.judged(scan, args, bundle, &mut failures) {
            Ok(row) => row,
            Err(complaint) => {
                failures.add(complaint);
                Row::of(&self.name, Verdict::NotSetUp, &Report::of(scan, &self.knowledge), None)
            }
        };
        row.why.extend(failures.sentences());
        if failures.of_site(&self.name).end(Exit::Clear) != Exit::Clear {
            row.verdict = Verdict::NotSetUp;
        }
        row.reports.clone_from(&self.reports);
        row
    }

    fn judged(
        &self,
        scan: &Scan,
        args: &args::Audit,
        bundle: Option<Bundle>,
        failures: &mut Failures,
    ) -> Result<Row, Complaint> {
        let ready = self.nights.prepare(false)?;
        let (night, _) = ready.judge(&self.manifest, scan, None, &self.knowledge, failures)?;
        let report = night.report(&self.manifest, scan, &self.knowledge);
        self.outputs.write_files(&report, failures);
        let answer = outcome::gated(scan, &night.audit, args.fail_on, &night.gate);
        if let Some(bundle) = bundle {
            let site = history::site_of(scan, Some(&self.manifest));
            let judged = Judged { manifest: &self.manifest, site: &site, answer, from: None };
            bundle.write(&report, &judged, &self.outputs, failures);
        }
        let verdict = match answer {
            Exit::Clear => Verdict::Clear,
            Exit::Findings => Verdict::Findings,
            Exit::Inconclusive => Verdict::Inconclusive,
            Exit::Usage => Verdict::NotSetUp,
        };
        Ok(Row::of(&self.name, verdict, &report, night.compared.as_ref()))
    }
}

impl Known {
    fn of(&mut self, plan: &Plan, typed: &args::Lists) -> Result<Arc<Knowledge>, Complaint> {
        let mut files = plan.vendors.lists.clone();
        // Which kind a file is decides, too.
        files.push(PathBuf::new());
        files.extend(plan.vendors.cookie_databases.iter().cloned());
        if let Some(known) = self.0.get(&files) {
            return Ok(Arc::clone(known));
        }
        let knowledge = Arc::new(files::knowledge(Some(&plan.vendors), typed)?);
        self.0.insert(files, Arc::clone(&knowledge));
        Ok(knowledge)
    }
}
