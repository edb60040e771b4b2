//! The history of audits: one SQLite file. Every run is one row, written in one transaction, so that
//! a run that is killed leaves the history as it was; SQLite's rollback journal sees to it, and keeps
//! the history a single file that a CI job can put into its cache.

use crate::history::record::RECORD_FORMAT;
use crate::history::{self, RunRecord};
use crate::observation::Scan;
use crate::sums::Summed;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks the file as ours (`ckpf`).
const APPLICATION: i32 = 0x636b_7066;
/// How long to wait for another run that is writing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Runs that are looked back upon.
const MOST_RUNS: usize = 400;
/// A recorded run is never larger.
const MOST_BYTES: u64 = 1 << 30;

/// From an empty file to the newest schema, a step for each version.
const STEPS: &[&str] = &[
    "CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        site TEXT NOT NULL,
        target TEXT NOT NULL,
        started TEXT NOT NULL,
        sum TEXT NOT NULL,
        record BLOB NOT NULL,
        scan BLOB NOT NULL,
        UNIQUE (site, target, sum)
    );",
    "CREATE INDEX runs_by_night ON runs (site, target, started, id);",
];

/// An open history.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
}

/// What went wrong with a history.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("there is no history {0}")]
    Missing(String),
    #[error("{0} is not a history of cookieproof")]
    NotOurs(String),
    #[error("{0} was written by a newer version (schema {1}, this one knows {known})", known = STEPS.len())]
    Newer(String, i64),
    #[error("the disk is full: the history {0} is as it was before")]
    Full(String),
    #[error("the history {0} is in use by another run, and was so for {secs} s", secs = PATIENCE.as_secs())]
    Busy(String),
    #[error("the history {0} is damaged: {1}")]
    Damaged(String, String),
    #[error("cannot {doing} the history {path}: {why}")]
    Other { doing: &'static str, path: String, why: String },
}

/// A site and target that the history knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) site: String,
    pub(crate) target: String,
    pub(crate) nights: u64,
    pub(crate) first: String,
    pub(crate) last: String,
}

/// What is kept when the history is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The last so many runs of each site and target.
    Runs(usize),
    /// Runs of the last so many days, counted from the last one.
    Days(u32),
}

impl Store {
    /// Opens the history, makes it where it is not there, and brings an older one up to date.
    pub(crate) fn open(path: &Path) -> Result<Store, StoreError> {
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a history that must be there.
    pub(crate) fn existing(path: &Path) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.display().to_string()));
        }
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Store, StoreError> {
        let trouble = |error| trouble("open", path, error);
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(trouble)?;
        let mut store = Store { connection, path: path.to_owned() };
        store.prepare()?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let trouble = |error| trouble("open", &path, error);
        self.connection.busy_timeout(PATIENCE).map_err(trouble)?;
        // What is told as recorded is on the disk.
        self.connection.pragma_update(None, "synchronous", "FULL").map_err(trouble)?;
        if self.version()? == STEPS.len() as i64 {
            return self.ours();
        }
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(trouble)?;
        let pragma = |name: &str| change.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        // Another run may have been faster.
        let version = pragma("user_version").map_err(trouble)?;
        let application = pragma("application_id").map_err(trouble)?;
        let tables: i64 =
            change.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(trouble)?;
        if application != i64::from(APPLICATION) && tables > 0 {
            return Err(StoreError::NotOurs(path.display().to_string()));
        }
        if version > STEPS.len() as i64 {
            return Err(StoreError::Newer(path.display().to_string(), version));
        }
        for step in STEPS.iter().skip(usize::try_from(version).unwrap_or_default()) {
            change.execute_batch(step).map_err(trouble)?;
        }
        change.pragma_update(None, "application_id", APPLICATION).map_err(trouble)?;
        change.pragma_update(None, "user_version", STEPS.len() as i64).map_err(trouble)?;
        change.commit().map_err(trouble)
    }

    fn version(&self) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| trouble("open", &self.path, error))
    }

    fn ours(&self) -> Result<(), StoreError> {
        let application: i64 = self
            .connection
            .pragma_query_value(None, "application_id", |row| row.get(0))
            .map_err(|error| trouble("open", &self.path, error))?;
        match application == i64::from(APPLICATION) {
            true => Ok(()),
            false => Err(StoreError::NotOurs(self.path.display().to_string())),
        }
    }

    /// Keeps a run. The same scan again takes the place of what was kept of it.
    pub(crate) fn record(&mut self, run: &RunRecord, scan: &Scan) -> Result<(), StoreError> {
        let packed = |what: &dyn Fn(&mut dyn Write) -> io::Result<()>| -> Result<Vec<u8>, StoreError> {
            let mut gz = GzEncoder::new(Vec::new(), Compression::default());
            what(&mut gz).and_then(|()| gz.finish()).map_err(|error| self.other("write", error))
        };
        let record = packed(&|out| serde_json::to_writer(out, run).map_err(io::Error::from))?;
        let scan = packed(&|out| scan.write(out))?;
        let path = self.path.clone();
        let trouble = |error| trouble("write", &path, error);
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(trouble)?;
        change
            .execute(
                "INSERT INTO runs (site, target, started, sum, record, scan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (site, target, sum) DO UPDATE SET record = excluded.record, scan = excluded.scan",
                params![run.site, run.target, run.made.started, run.scan, record, scan],
            )
            .map_err(trouble)?;
        change.commit().map_err(trouble)
    }

    /// The runs of a site and target before a moment, the oldest first, without that scan itself.
    /// Without a moment all.
    pub(crate) fn runs(
        &self,
        site: &str,
        target: &str,
        before: Option<(&str, &str)>,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let trouble = |error| trouble("read", &self.path, error);
        let (moment, sum) = before.unwrap_or(("9999", ""));
        let mut query = self
            .connection
            .prepare(
                "SELECT record FROM runs WHERE site = ?1 AND target = ?2 AND started <= ?3 AND sum <> ?4
                 ORDER BY started DESC, id DESC LIMIT ?5",
            )
            .map_err(trouble)?;
        let rows = query
            .query_map(params![site, target, moment, sum, MOST_RUNS as i64], |row| row.get::<_, Vec<u8>>(0))
            .map_err(trouble)?;
        let mut runs = Vec::new();
        for row in rows {
            let text = self.unpacked(&row.map_err(trouble)?)?;
            let run: RunRecord =
                serde_json::from_slice(&text).map_err(|error| self.damaged(&error.to_string()))?;
            if run.format > RECORD_FORMAT {
                return Err(StoreError::Newer(self.path.display().to_string(), i64::from(run.format)));
            }
            runs.push(run);
        }
        runs.reverse();
        Ok(runs)
    }

    /// The scan of a run.
    pub(crate) fn scan(&self, run: &RunRecord) -> Result<Option<Scan>, StoreError> {
        let packed: Option<Vec<u8>> = self
            .connection
            .query_row(
                "SELECT scan FROM runs WHERE site = ?1 AND target = ?2 AND sum = ?3",
                params![run.site, run.target, run.scan],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| trouble("read", &self.path, error))?;
        let Some(packed) = packed else { return Ok(None) };
        let text = self.unpacked(&packed)?;
        // A scan of another format is no base for claims any more; the record still is.
        Ok(Scan::read(text.as_slice()).ok())
    }

    /// Every site and target.
    pub(crate) fn known(&self) -> Result<Vec<Known>, StoreError> {
        let trouble = |error| trouble("read", &self.path, error);
        let mut query = self
            .connection
            .prepare(
                "SELECT site, target, count(*), min(started), max(started) FROM runs
                 GROUP BY site, target ORDER BY site, target",
            )
            .map_err(trouble)?;
        let rows = query
            .query_map([], |row| {
                Ok(Known {
                    site: row.get(0)?,
                    target: row.get(1)?,
                    nights: row.get::<_, i64>(2)?.unsigned_abs(),
                    first: row.get(3)?,
                    last: row.get(4)?,
                })
            })
            .map_err(trouble)?;
        rows.collect::<Result<Vec<_>, _>>().map_err(trouble)
    }

    /// Takes old runs out; the last complete look of each cell stays, or what it saw would be new
    /// tonight. Says how many went.
    pub(crate) fn clean(&mut self, keep: Keep) -> Result<usize, StoreError> {
        let mut going: Vec<(String, String, String)> = Vec::new();
        for known in self.known()? {
            let runs = self.runs(&known.site, &known.target, None)?;
            let bases = history::bases(&runs);
            let oldest_day = match keep {
                Keep::Days(days) => days_before(&known.last, days),
                Keep::Runs(_) => None,
            };
            for (at, run) in runs.iter().enumerate() {
                let old = match keep {
                    Keep::Runs(count) => at + count < runs.len(),
                    Keep::Days(_) => oldest_day.as_ref().is_some_and(|day| run.made.started < *day),
                };
                if old && !bases.contains(&at) {
                    going.push((run.site.clone(), run.target.clone(), run.scan.clone()));
                }
            }
        }
        let path = self.path.clone();
        let trouble = |error| trouble("write", &path, error);
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(trouble)?;
        let mut gone = 0;
        for (site, target, sum) in &going {
            gone += change
                .execute(
                    "DELETE FROM runs WHERE site = ?1 AND target = ?2 AND sum = ?3",
                    params![site, target, sum],
                )
                .map_err(trouble)?;
        }
        change.commit().map_err(trouble)?;
        if gone > 0 {
            // Only the room is lost if another run is in the way.
            let _ = self.connection.execute_batch("VACUUM");
        }
        Ok(gone)
    }

    fn unpacked(&self, packed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        GzDecoder::new(packed)
            .take(MOST_BYTES)
            .read_to_end(&mut text)
            .map_err(|error| self.damaged(&error.to_string()))?;
        Ok(text)
    }

    fn damaged(&self, why: &str) -> StoreError {
        StoreError::Damaged(self.path.display().to_string(), why.to_owned())
    }

    fn other(&self, doing: &'static str, error: io::Error) -> StoreError {
        StoreError::Other { doing, path: self.path.display().to_string(), why: error.to_string() }
    }
}

/// The sum by which a scan is known again.
pub(crate) fn sum_of(scan: &Scan) -> io::Result<String> {
    let mut summed = Summed::new(io::sink());
    scan.write(&mut summed)?;
    Ok(summed.finish().1)
}

fn days_before(moment: &str, days: u32) -> Option<String> {
    let moment: jiff::Timestamp = moment.parse().ok()?;
    let earlier = moment.checked_sub(jiff::SignedDuration::from_hours(24 * i64::from(days))).ok()?;
    Some(earlier.to_string())
}

fn trouble(doing: &'static str, path: &Path, error: rusqlite::Error) -> StoreError {
    let name = path.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(name),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(name),
        Some(ErrorCode::NotADatabase) => StoreError::NotOurs(name),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged(name, error.to_string()),
        _ => StoreError::Other { doing, path: name, why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::night;
    use serde_json::json;

    fn scan() -> Scan {
        serde_json::from_value(json!({
            "format": 1,
            "run": { "tool": "cookieproof", "target": "url", "base_url": "http://shop.test/",
                "started": "2026-04-16T10:00:00Z", "seconds": 1, "engines": ["http"], "user_agent": "",
                "vantage": null, "third_party_cookies": "block", "assets": false, "partial": null,
                "own_hosts": [] },
            "coverage": { "pages": [], "skipped": [], "failed": [], "personas": [], "robots_honoured": true },
            "observations": [], "sent": [], "contacts": [], "outcomes": [], "policy": null, "links": [],
        }))
        .unwrap()
    }

    fn nights(store: &Store) -> Vec<String> {
        let runs = store.runs("https://shop.test", "production", None).unwrap();
        runs.iter().map(|run| history::day(&run.made.started).to_owned()).collect()
    }

    #[test]
    fn what_is_recorded_is_there_again_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audits.db");
        let mut store = Store::open(&path).unwrap();
        for day in [2, 1, 3, 2] {
            store.record(&night(day).with("sid", "member", 60), &scan()).unwrap();
        }
        drop(store);
        let store = Store::existing(&path).unwrap();
        assert_eq!(nights(&store), ["2026-11-01", "2026-11-02", "2026-11-03"]);
        // By the scan's own clock, and never with itself.
        let second = night(2);
        let before = Some((second.made.started.as_str(), second.scan.as_str()));
        let runs = store.runs("https://shop.test", "production", before).unwrap();
        assert_eq!(runs, [night(1).with("sid", "member", 60)]);
        assert_eq!(store.scan(&runs[0]).unwrap(), Some(scan()));
        assert_eq!(store.known().unwrap()[0].nights, 3);
        assert!(store.runs("https://shop.test", "staging", None).unwrap().is_empty());
    }

    #[test]
    fn an_older_schema_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audits.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.pragma_update(None, "application_id", APPLICATION).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let mut gz = GzEncoder::new(Vec::new(), Compression::default());
        serde_json::to_writer(&mut gz, &night(1)).unwrap();
        old.execute(
            "INSERT INTO runs (site, target, started, sum, record, scan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params!["https://shop.test", "production", night(1).made.started, "1", gz.finish().unwrap(), b""],
        )
        .unwrap();
        drop(old);
        let mut store = Store::open(&path).unwrap();
        assert_eq!(store.version().unwrap(), STEPS.len() as i64);
        store.record(&night(2), &scan()).unwrap();
        assert_eq!(nights(&store), ["2026-11-01", "2026-11-02"]);
    }

    #[test]
    fn what_is_no_history_of_ours_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(
            path("report.json"),
            "{ \"format\": \"cookieproof-report/1\" } and so on and on".repeat(99),
        )
        .unwrap();
        let error = Store::open(&path("report.json")).unwrap_err().to_string();
        assert!(error.ends_with("report.json is not a history of cookieproof"), "{error}");
        let other = Connection::open(path("other.db")).unwrap();
        other.execute_batch("CREATE TABLE things (id INTEGER)").unwrap();
        drop(other);
        let before = std::fs::read(path("other.db")).unwrap();
        assert!(matches!(Store::open(&path("other.db")), Err(StoreError::NotOurs(_))));
        assert_eq!(std::fs::read(path("other.db")).unwrap(), before);
        let newer = Store::open(&path("newer.db")).unwrap();
        newer.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        assert!(matches!(Store::open(&path("newer.db")), Err(StoreError::Newer(_, 99))));
        assert!(matches!(Store::existing(&path("none.db")), Err(StoreError::Missing(_))));
        assert!(!path("none.db").exists());
    }

    #[test]
    fn a_full_disk_leaves_it_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audits.db");
        let mut store = Store::open(&path).unwrap();
        store.record(&night(1), &scan()).unwrap();
        let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let mut large = night(2);
        // Nothing that could be packed.
        large.things = (0..4_000_u64)
            .flat_map(|n| {
                night(2).with(&format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)), "member", 60).things
            })
            .collect();
        let error = store.record(&large, &scan()).unwrap_err();
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        drop(store);
        assert_eq!(nights(&Store::open(&path).unwrap()), ["2026-11-01"]);
    }

    #[test]
    fn many_runs_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audits.db");
        std::thread::scope(|scope| {
            for day in 1..=12 {
                let path = &path;
                scope.spawn(move || Store::open(path).unwrap().record(&night(day), &scan()).unwrap());
            }
        });
        assert_eq!(nights(&Store::open(&path).unwrap()).len(), 12);
    }

    #[test]
    fn old_nights_go_and_bases_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("audits.db")).unwrap();
        for day in 1..=9 {
            let run = if day > 2 { night(day).without("member") } else { night(day) };
            let mut run = run;
            let before = store.runs("https://shop.test", "production", None).unwrap();
            history::assess(&mut run, &before, &history::Thresholds::default());
            store.record(&run, &scan()).unwrap();
        }
        // The member was last seen on the second.
        assert_eq!(store.clean(Keep::Runs(2)).unwrap(), 6);
        assert_eq!(nights(&store), ["2026-11-02", "2026-11-08", "2026-11-09"]);
        assert_eq!(store.clean(Keep::Days(0)).unwrap(), 1);
        assert_eq!(nights(&store), ["2026-11-02", "2026-11-09"]);
    }
}
