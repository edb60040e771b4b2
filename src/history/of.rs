//! From a scan, and what the audit said of it, to the record of a run.

use super::record::{
    CellKey, CellRecord, FindingRecord, Judged, Made, MetIn, PartyRecord, PolicyRecord, RECORD_FORMAT,
    RunRecord, SeenIn, Standing, ThingRecord, Way,
};
use crate::audit::{self, Audit, Finding, State, Why};
use crate::cookie::{Decision, Lifetime, Reason, registrable_domain};
use crate::manifest::Manifest;
use crate::observation::{
    Cell, FailureKind, Observation, Party, Phase, Reached, SafeUrl, Scan, Sighting, StorageKind,
    path_template,
};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the policy page that are kept.
const MOST_LINES: usize = 3_000;
/// Columns of each.
const LONGEST_LINE: usize = 400;

impl RunRecord {
    /// The record of a scan; `sum` is the scan's, by which it is known again.
    pub fn of(scan: &Scan, sum: &str, manifest: Option<&Manifest>) -> RunRecord {
        let run = &scan.run;
        RunRecord {
            format: RECORD_FORMAT,
            site: site_of(scan, manifest),
            target: run.target.clone(),
            made: Made {
                started: run.started.clone(),
                seconds: run.seconds,
                tool: run.tool.clone(),
                base_url: run.base_url.as_str().to_owned(),
                engines: run.engines.clone(),
                user_agent: run.user_agent.clone(),
                browser: run.browser.as_ref().map(|browser| browser.version.clone()),
                vantage: run.vantage.clone(),
                assets: run.assets,
                partial: run.partial.clone(),
            },
            scan: sum.to_owned(),
            cells: cells(scan),
            things: things(scan),
            parties: parties(scan),
            judged: None,
            policy: policy(scan),
            thresholds: Default::default(),
        }
    }

    /// With what the audit says of it.
    pub fn judge(&mut self, audit: &Audit) {
        self.judged = Some(Judged {
            findings: audit.findings.iter().map(|finding| recorded(finding, self)).collect(),
            claims: audit
                .verdicts
                .iter()
                .map(|verdict| (verdict.claim.clone(), standing(&verdict.state)))
                .collect(),
        });
    }
}

impl CellKey {
    /// The cell without its phase and round.
    pub fn of(cell: &Cell) -> CellKey {
        CellKey {
            persona: cell.persona.clone(),
            consent: cell.consent.clone(),
            engine: cell.engine,
            third_party: cell.third_party,
        }
    }
}

/// What the site is called: the manifest's `site.url`, else the address that was looked at.
pub fn site_of(scan: &Scan, manifest: Option<&Manifest>) -> String {
    site_at(scan.run.base_url.as_str(), manifest)
}

/// What the site at an address is called, before it is looked at.
pub fn site_at(address: &str, manifest: Option<&Manifest>) -> String {
    let declared = manifest.and_then(|manifest| manifest.site.url.as_ref());
    declared.map_or(address, |url| url.as_str()).trim_end_matches('/').to_owned()
}

fn standing(state: &State) -> Standing {
    match state {
        State::Upheld { .. } => Standing::Upheld,
        State::Refuted { .. } => Standing::Refuted,
        State::NotVerified { why: Why::NeverSeen, .. } => Standing::NeverSeen,
        State::NotVerified { why: Why::NeedsBrowser, .. } => Standing::NeedsBrowser,
        State::NotVerified { .. } => Standing::NotLookedAt,
    }
}

fn recorded(finding: &Finding, record: &RunRecord) -> FindingRecord {
    let subjects: BTreeSet<&str> = finding.subject.split(", ").collect();
    let lifetimes = record
        .things
        .iter()
        .filter(|thing| {
            subjects.contains(thing.name.as_str())
                || subjects.contains(crate::observation::family(&thing.name).as_ref())
        })
        .flat_map(|thing| &thing.seen)
        .flat_map(|seen| &seen.ways)
        .filter_map(|way| match way.lifetime {
            Lifetime::Seconds(seconds) => Some(seconds),
            Lifetime::Session => None,
        });
    FindingRecord {
        id: finding.id.clone(),
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        subject: finding.subject.clone(),
        message: finding.message.clone(),
        claims: finding.claims.iter().cloned().collect(),
        cells: finding.evidence.iter().map(|piece| CellKey::of(&piece.cell)).collect(),
        bound: lifetimes.max(),
    }
}

/// Every cell that was tried, with what came of it.
fn cells(scan: &Scan) -> Vec<CellRecord> {
    let mut cells: BTreeMap<CellKey, CellRecord> = BTreeMap::new();
    let base = scan.run.base_url.as_str();
    for tally in scan.coverage.pages.iter().filter(|tally| tally.cell.phase == Phase::Crawl) {
        let record = cell_of(&mut cells, &tally.cell);
        if (200..400).contains(&tally.status) {
            record.pages.entry(shape(&tally.example, base)).or_default().answered += tally.count;
        }
    }
    for failed in &scan.coverage.failed {
        // Pages that are gone are the site's own word; pages that broke were not looked at.
        if failed.kind == FailureKind::ClientError || failed.cell.phase != Phase::Crawl {
            continue;
        }
        let record = cell_of(&mut cells, &failed.cell);
        record.pages.entry(shape(&failed.url, base)).or_default().failed += failed.count;
    }
    for observation in &scan.observations {
        for group in &observation.groups {
            cell_of(&mut cells, &group.example.cell);
        }
    }
    for look in &scan.consent {
        let record = cell_of(&mut cells, &look.cell);
        record.banner = record.banner.or(look.shown);
        if let Some(why) = &look.not_reached {
            record.unreached.get_or_insert_with(|| why.clone());
        }
    }
    for same in &scan.coverage.same_answers {
        cell_of(&mut cells, &same.cell).one_answer += same.count;
    }
    for persona in &scan.coverage.personas {
        let why = match &persona.reached {
            Reached::Yes | Reached::Unproven => continue,
            Reached::No { step, why } => format!("{step}: {why}"),
            Reached::Lost { why } => format!("logged out: {why}"),
        };
        let theirs = |cell: &CellKey| cell.persona == persona.name && cell.consent == persona.consent;
        if !cells.keys().any(theirs) {
            for engine in &scan.run.engines {
                let cell = CellKey {
                    persona: persona.name.clone(),
                    consent: persona.consent.clone(),
                    engine: *engine,
                    third_party: None,
                };
                cells.insert(cell.clone(), empty(cell));
            }
        }
        for (_, record) in cells.iter_mut().filter(|(cell, _)| theirs(cell)) {
            record.unreached.get_or_insert_with(|| why.clone());
        }
    }
    if let Some(elsewhere) = scan.led_elsewhere(&scan.run.site()) {
        for record in cells.values_mut() {
            record
                .unreached
                .get_or_insert_with(|| format!("no page of the site was shown, it leads to {elsewhere}"));
        }
    }
    cells.into_values().collect()
}

fn cell_of<'a>(cells: &'a mut BTreeMap<CellKey, CellRecord>, cell: &Cell) -> &'a mut CellRecord {
    let key = CellKey::of(cell);
    cells.entry(key.clone()).or_insert_with(|| empty(key))
}

fn empty(cell: CellKey) -> CellRecord {
    CellRecord {
        cell,
        pages: BTreeMap::new(),
        unreached: None,
        one_answer: 0,
        banner: None,
        incomplete: None,
    }
}

/// The shape of a page; of the site's own without scheme, host and port, which a test server
/// changes from run to run.
fn shape(url: &SafeUrl, base: &str) -> String {
    let origin = |text: &str| {
        let start = text.find("://").map_or(0, |at| at + 3);
        text[start..].find(['/', '?']).map_or(text.len(), |at| start + at)
    };
    let (text, end) = (url.as_str(), origin(url.as_str()));
    match text[..end] == base[..origin(base)] {
        true if text.len() == end => "/".to_owned(),
        true => path_template(&text[end..]),
        false => url.shape(),
    }
}

fn things(scan: &Scan) -> Vec<ThingRecord> {
    type Ways = BTreeMap<CellKey, BTreeSet<Way>>;
    let mut things: BTreeMap<(StorageKind, String, String, bool), Ways> = BTreeMap::new();
    for observation in &scan.observations {
        for group in &observation.groups {
            let Some(way) = way(&group.example) else { continue };
            let own = observation.party == Party::First;
            let key = (observation.kind, observation.name.to_string(), host_of(observation), own);
            let cell = CellKey::of(&group.example.cell);
            things.entry(key).or_default().entry(cell).or_default().insert(way);
        }
    }
    things
        .into_iter()
        .map(|((kind, name, host, own), seen)| ThingRecord {
            kind,
            name,
            host,
            own,
            seen: seen.into_iter().map(|(cell, ways)| SeenIn { cell, ways }).collect(),
        })
        .collect()
}

fn host_of(observation: &Observation) -> String {
    audit::host_of(observation).trim_end_matches('.').to_ascii_lowercase()
}

/// How it was written; none where it was only deleted.
fn way(sighting: &Sighting) -> Option<Way> {
    let refused = match &sighting.decision {
        Decision::Stored { .. } | Decision::Replaced { .. } => false,
        Decision::Deleted { .. } => return None,
        Decision::Rejected { reasons } if reasons.is_only(Reason::AlreadyExpired) => return None,
        Decision::Rejected { .. } => true,
    };
    let written = &sighting.written;
    Some(Way {
        lifetime: written.lifetime,
        expires: sighting.expires().map(str::to_owned),
        http_only: written.http_only,
        secure: written.secure,
        same_site: written.same_site,
        partitioned: written.partitioned,
        path: written.path.clone().unwrap_or_default(),
        domain: written.domain.clone(),
        refused,
    })
}

fn parties(scan: &Scan) -> Vec<PartyRecord> {
    let mut parties: BTreeMap<String, BTreeMap<CellKey, bool>> = BTreeMap::new();
    for contact in scan.contacts.iter().filter(|contact| contact.party == Party::Third) {
        let host = contact.host.rsplit_once(':').map_or(contact.host.as_str(), |(host, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { contact.host.as_str() }
        });
        let domain = registrable_domain(host).to_ascii_lowercase();
        *parties.entry(domain).or_default().entry(CellKey::of(&contact.cell)).or_default() |= contact.fetched;
    }
    parties
        .into_iter()
        .map(|(domain, seen)| PartyRecord {
            domain,
            seen: seen.into_iter().map(|(cell, asked)| MetIn { cell, asked }).collect(),
        })
        .collect()
}

fn policy(scan: &Scan) -> Option<PolicyRecord> {
    let page = scan.policy.as_ref()?;
    let lines = page.text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(PolicyRecord {
        status: page.status,
        date: audit::policy_date(scan).map(|date| date.to_string()),
        lines: lines.take(MOST_LINES).map(|line| line.chars().take(LONGEST_LINE).collect()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_have_no_port() {
        let url = |text: &str| SafeUrl::new(&text.parse().unwrap(), &crate::secret::Secrets::default());
        let base = "http://127.0.0.1:4711/";
        assert_eq!(shape(&url("http://127.0.0.1:4711/a/17"), base), "/a/{n}");
        assert_eq!(shape(&url("http://127.0.0.1:4711"), base), "/");
        assert_eq!(shape(&url("http://127.0.0.1:4712/a"), base), "http://127.0.0.1:4712/a");
    }
}
