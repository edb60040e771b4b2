//! Nights as literals.

use super::record::*;
use crate::audit::Severity;
use crate::cookie::Lifetime;
use crate::observation::{Consent, Engine, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

/// The cell of a visitor, with plain HTTP.
pub(crate) fn key(persona: &str) -> CellKey {
    CellKey {
        persona: persona.to_owned(),
        consent: Consent::Untouched,
        engine: Engine::Http,
        third_party: None,
    }
}

/// What a visitor looked at: shape, answered, failed.
pub(crate) fn cell(persona: &str, pages: &[(&str, u64, u64)]) -> CellRecord {
    CellRecord {
        cell: key(persona),
        pages: pages
            .iter()
            .map(|(shape, answered, failed)| {
                ((*shape).to_owned(), PageCount { answered: *answered, failed: *failed })
            })
            .collect(),
        unreached: None,
        one_answer: 0,
        banner: None,
        incomplete: None,
    }
}

/// A night of November with an anonymous visitor and a member, complete.
pub(crate) fn night(day: u8) -> RunRecord {
    RunRecord {
        format: RECORD_FORMAT,
        site: "https://shop.test".into(),
        target: "production".into(),
        made: Made {
            started: format!("2026-11-{day:02}T03:00:00Z"),
            seconds: 60,
            tool: "cookieproof 0.1.0".into(),
            base_url: "https://shop.test/".into(),
            engines: BTreeSet::from([Engine::Http]),
            user_agent: "cookieproof".into(),
            browser: None,
            vantage: None,
            assets: false,
            partial: None,
        },
        scan: format!("{day}"),
        cells: vec![
            cell("anonymous", &[("/", 1, 0), ("/shop/{n}", 9, 0)]),
            cell("member", &[("/", 1, 0), ("/account", 3, 0)]),
        ],
        things: Vec::new(),
        parties: Vec::new(),
        judged: Some(Judged::default()),
        policy: None,
        thresholds: Default::default(),
    }
}

impl RunRecord {
    /// A cookie that this visitor got, for so many seconds.
    pub(crate) fn with(self, name: &str, persona: &str, seconds: i64) -> Self {
        self.with_in(name, key(persona), seconds)
    }

    pub(crate) fn with_in(mut self, name: &str, cell: CellKey, seconds: i64) -> Self {
        let way = Way {
            lifetime: Lifetime::Seconds(seconds),
            expires: None,
            http_only: false,
            secure: false,
            same_site: None,
            partitioned: false,
            path: "/".into(),
            domain: None,
            refused: false,
        };
        if !self.cells.iter().any(|record| record.cell == cell) {
            let mut record = self.cells[0].clone();
            record.cell = cell.clone();
            self.cells.push(record);
        }
        let seen = SeenIn { cell, ways: BTreeSet::from([way]) };
        match self.things.iter_mut().find(|thing| thing.name == name) {
            Some(thing) => thing.seen.push(seen),
            None => self.things.push(ThingRecord {
                kind: StorageKind::Cookie,
                name: name.to_owned(),
                host: "shop.test".into(),
                own: true,
                seen: vec![seen],
            }),
        }
        self
    }

    /// A finding about a lifetime, seen by this visitor.
    pub(crate) fn finding(mut self, subject: &str, persona: &str, bound: i64) -> Self {
        let claim = format!("cookies.{subject}.lifetime");
        let judged = self.judged.get_or_insert_default();
        judged.claims.insert(claim.clone(), Standing::Refuted);
        judged.findings.push(FindingRecord {
            id: format!("id-{subject}"),
            rule: "lifetime".into(),
            severity: Severity::Error,
            subject: subject.to_owned(),
            message: format!("`{subject}` lives too long"),
            claims: BTreeSet::from([claim]),
            cells: BTreeSet::from([key(persona)]),
            bound: Some(bound),
        });
        self
    }

    /// How a claim stood.
    pub(crate) fn claim(mut self, subject: &str, standing: Standing) -> Self {
        let claim = format!("cookies.{subject}.lifetime");
        self.judged.get_or_insert_default().claims.insert(claim, standing);
        self
    }

    /// The login failed.
    pub(crate) fn without(mut self, persona: &str) -> Self {
        for cell in self.cells.iter_mut().filter(|cell| cell.cell.persona == persona) {
            cell.unreached = Some("step 2: answered 401".into());
            cell.pages = BTreeMap::new();
        }
        self
    }
}
