//! A cookie database that the user points to, in the columns of the Open Cookie Database: as CSV, or
//! as the JSON made from it. Each row classifies a name, or with `Wildcard match` all names that begin
//! with it. Columns are found by their names; others are passed over.

use super::list::{Lines, Loaded, NotAList, Problem};
use super::{Fact, Role, is_below};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Most rows of one database.
const MOST_ROWS: usize = 500_000;
const NAME: &str = "cookie / data key name";
const CATEGORY: &str = "category";

/// What one database says.
#[derive(Debug, Default)]
pub(super) struct CookieDatabase {
    exact: HashMap<String, Vec<Row>>,
    /// By what stands before the part that varies.
    wild: HashMap<String, Vec<Row>>,
    longest: usize,
}

#[derive(Debug)]
struct Row {
    /// What follows the part that varies.
    suffix: String,
    /// The third party whose domain it belongs to, where the row says so.
    host: Option<String>,
    fact: Fact,
}

/// A row as written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written<'a> {
    #[serde(borrow)]
    platform: Cow<'a, str>,
    #[serde(borrow)]
    category: Cow<'a, str>,
    #[serde(borrow)]
    cookie: Cow<'a, str>,
    #[serde(borrow)]
    domain: Cow<'a, str>,
    #[serde(borrow, rename = "dataController")]
    controller: Cow<'a, str>,
    #[serde(borrow, rename = "wildcardMatch")]
    wildcard: Cow<'a, str>,
}

impl CookieDatabase {
    /// Reads a database; JSON begins with a brace or bracket.
    pub(super) fn read(file: &str, text: &str) -> Result<Loaded<CookieDatabase>, NotAList> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.trim_start().as_bytes().first() {
            Some(b'{' | b'[') => json(file, text),
            _ => csv(file, text),
        }
    }

    /// What is known of a name on a host: a row for exactly this name.
    pub(super) fn exact(&self, name: &str, host: &str) -> Option<&Fact> {
        here(self.exact.get(name)?.iter(), host)
    }

    /// The same by the row with the longest beginning.
    pub(super) fn wild(&self, name: &str, host: &str) -> Option<&Fact> {
        (1..=self.longest.min(name.len())).rev().filter(|at| name.is_char_boundary(*at)).find_map(|at| {
            let rows = self.wild.get(&name[..at])?;
            here(rows.iter().filter(|row| name[at..].ends_with(&row.suffix)), host)
        })
    }

    /// Takes in a row, or says why not.
    fn add(&mut self, file: &str, line: usize, written: &Written<'_>) -> Result<(), String> {
        let name = written.cookie.trim();
        if name.is_empty() {
            return Err("a row without a name".into());
        }
        let Some(role) = role(&written.category) else {
            return Err(format!("no category is called `{}`", written.category.trim()));
        };
        let bound = bound_to(&written.domain);
        let vendor = [written.platform.trim(), written.controller.trim(), bound.unwrap_or_default()]
            .into_iter()
            .find(|vendor| !vendor.is_empty())
            .unwrap_or(name);
        let fact = Fact {
            vendor: vendor.to_owned().into(),
            role,
            third_party: role.tracks() || bound.is_some(),
            matched_by: format!("{file}:{line} {name}").into(),
        };
        let wild = matches!(written.wildcard.trim(), "1" | "true" | "TRUE" | "yes");
        let (begins, suffix) = match name.split_once('*') {
            Some((begins, suffix)) => (begins, suffix.trim_matches('*')),
            None => (name, ""),
        };
        let row = Row { suffix: suffix.to_owned(), host: bound.map(str::to_owned), fact };
        if !wild && !name.contains('*') {
            self.exact.entry(name.to_owned()).or_default().push(row);
        } else if begins.is_empty() {
            return Err("a wildcard that every name fits".into());
        } else {
            self.longest = self.longest.max(begins.len());
            self.wild.entry(begins.to_owned()).or_default().push(row);
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wild.is_empty()
    }
}

/// The row that is bound to this host, else the first that is bound to none.
fn here<'a>(rows: impl Iterator<Item = &'a Row> + Clone, host: &str) -> Option<&'a Fact> {
    let bound = rows.clone().find(|row| row.host.as_ref().is_some_and(|bound| is_below(host, bound)));
    bound.or_else(|| rows.clone().find(|row| row.host.is_none())).map(|row| &row.fact)
}

fn csv(file: &str, text: &str) -> Result<Loaded<CookieDatabase>, NotAList> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let wrong = |line: u64, what: String| NotAList { file: file.to_owned(), line: line as usize, what };
    let place = |error: &csv::Error| error.position().map_or(1, csv::Position::line);
    let header = reader.headers().map_err(|error| wrong(place(&error), error.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|known| known.trim().eq_ignore_ascii_case(name));
    let [Some(name), Some(category)] = [column(NAME), column(CATEGORY)] else {
        let missing = if column(NAME).is_none() { "Cookie / Data Key name" } else { "Category" };
        return Err(wrong(1, format!("no cookie database: its first line has no column `{missing}`")));
    };
    let others = [column("platform"), column("domain"), column("data controller"), column("wildcard match")];
    let mut loaded = Loaded::<CookieDatabase>::default();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(place(&error), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line) as usize;
        let cell = |at: Option<usize>| Cow::Borrowed(at.and_then(|at| record.get(at)).unwrap_or_default());
        let [platform, domain, controller, wildcard] = others.map(cell);
        let (cookie, category) = (cell(Some(name)), cell(Some(category)));
        let written = Written { platform, category, cookie, domain, controller, wildcard };
        take(&mut loaded, file, line, &written)?;
    }
    some(file, loaded)
}

/// Lists of rows by platform, or one list of rows that name theirs.
fn json(file: &str, text: &str) -> Result<Loaded<CookieDatabase>, NotAList> {
    let lines = Lines::of(text);
    let wrong = |error: serde_json::Error| NotAList {
        file: file.to_owned(),
        line: error.line(),
        what: error.to_string(),
    };
    let by_platform: Vec<(Cow<'_, str>, Vec<&RawValue>)> = if text.trim_start().starts_with('[') {
        vec![(Cow::Borrowed(""), serde_json::from_str(text).map_err(wrong)?)]
    } else {
        serde_json::from_str::<BTreeMap<Cow<'_, str>, Vec<&RawValue>>>(text)
            .map_err(wrong)?
            .into_iter()
            .collect()
    };
    let mut loaded = Loaded::<CookieDatabase>::default();
    for (platform, rows) in &by_platform {
        for row in rows {
            let line = lines.line_of(row.get());
            let mut written: Written<'_> = serde_json::from_str(row.get()).map_err(|error| NotAList {
                file: file.to_owned(),
                line: line + error.line() - 1,
                what: error.to_string(),
            })?;
            if written.platform.is_empty() {
                written.platform = platform.clone();
            }
            take(&mut loaded, file, line, &written)?;
        }
    }
    some(file, loaded)
}

fn take(
    loaded: &mut Loaded<CookieDatabase>,
    file: &str,
    line: usize,
    written: &Written<'_>,
) -> Result<(), NotAList> {
    loaded.rules += 1;
    if loaded.rules > MOST_ROWS {
        return Err(NotAList { file: file.to_owned(), line, what: format!("more than {MOST_ROWS} rows") });
    }
    if let Err(what) = loaded.value.add(file, line, written) {
        loaded.rules -= 1;
        loaded.passed_over.push(Problem { line, what });
    }
    Ok(())
}

fn some(file: &str, loaded: Loaded<CookieDatabase>) -> Result<Loaded<CookieDatabase>, NotAList> {
    if !loaded.value.is_empty() {
        return Ok(loaded);
    }
    let (line, why) = match loaded.passed_over.first() {
        Some(problem) => (problem.line, format!(": {}", problem.what)),
        None => (1, String::new()),
    };
    Err(NotAList { file: file.to_owned(), line, what: format!("no row that can be used{why}") })
}

/// The database's categories. What it calls functional is *technical, essential or strictly
/// necessary* by its own words; nobody is accused by it.
fn role(category: &str) -> Option<Role> {
    Some(match category.trim().to_ascii_lowercase().as_str() {
        "functional" | "necessary" | "strictly necessary" | "essential" | "technical" => Role::Necessary,
        "personalization" | "personalisation" | "preferences" | "functionality" => Role::Functional,
        "analytics" | "performance" | "statistics" => Role::Analytics,
        "marketing" | "advertising" | "targeting" | "tracking" => Role::Advertising,
        "social" | "social media" => Role::Social,
        "security" => Role::Security,
        _ => return None,
    })
}

/// The host that a row is bound to: `doubleclick.net (3rd party)`. Whatever also speaks of the site's
/// own domain binds nothing.
fn bound_to(domain: &str) -> Option<&str> {
    let small = domain.to_ascii_lowercase();
    if !small.contains("3rd party") || small.contains("1st party") || small.contains(" or ") {
        return None;
    }
    let host = domain.split(['(', ' ', ',', ';']).next()?.trim().trim_start_matches(['.', '*']);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (host.contains('.') && host.bytes().all(plain)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,\
        Data Controller,User Privacy & GDPR Rights Portals,Wildcard match\n\
        1,Acme Metrics,Analytics,acme_id,,\"Counts, in\ntwo lines\",1 year,Acme,,0\n\
        2,Acme Metrics,Marketing,acme_ad_,,,,Acme,,1\n\
        3,Acme Ads,Marketing,uid,ads.acme.test (3rd party),,,Acme,,0\n\
        4,Shop,Functional,cart,,,,Shop,,0\n\
        5,Shop,Mystery,odd,,,,Shop,,0\n\
        6,Shop,Analytics,*,,,,Shop,,1\n";

    fn says(database: &CookieDatabase, name: &str, host: &str) -> String {
        let fact = database.exact(name, host).or_else(|| database.wild(name, host));
        fact.map(|fact| format!("{} {} {}", fact.vendor, fact.role.word(), fact.matched_by))
            .unwrap_or_default()
    }

    #[test]
    fn rows_classify_names() {
        let loaded = CookieDatabase::read("d.csv", CSV).unwrap();
        let database = &loaded.value;
        assert_eq!(says(database, "acme_id", "a.test"), "Acme Metrics analytics d.csv:2 acme_id");
        assert_eq!(says(database, "acme_ad_77", "a.test"), "Acme Metrics advertising d.csv:4 acme_ad_");
        assert_eq!(says(database, "uid", "x.ads.acme.test"), "Acme Ads advertising d.csv:5 uid");
        assert_eq!(says(database, "uid", "a.test"), "");
        assert_eq!(says(database, "cart", "a.test"), "Shop necessary d.csv:6 cart");
        assert_eq!(says(database, "acme_idx", "a.test"), "");
        let passed: Vec<_> =
            loaded.passed_over.iter().map(|problem| format!("{} {}", problem.line, problem.what)).collect();
        assert_eq!(passed, ["7 no category is called `Mystery`", "8 a wildcard that every name fits"]);
        assert_eq!(loaded.rules, 4);
    }

    #[test]
    fn the_same_as_json() {
        let text = "{\n \"Acme\": [\n  {\"category\": \"Analytics\", \"cookie\": \"acme_id\", \"wildcardMatch\": \"0\"},\n  \
                    {\"category\": \"Marketing\", \"cookie\": \"ad_\", \"wildcardMatch\": \"1\"}\n ]\n}";
        let loaded = CookieDatabase::read("d.json", text).unwrap();
        assert_eq!(says(&loaded.value, "acme_id", ""), "Acme analytics d.json:3 acme_id");
        assert_eq!(says(&loaded.value, "ad_9", ""), "Acme advertising d.json:4 ad_");
        let flat = "[{\"platform\": \"Acme\", \"category\": \"Analytics\", \"cookie\": \"acme_id\"}]";
        let loaded = CookieDatabase::read("d.json", flat).unwrap();
        assert_eq!(says(&loaded.value, "acme_id", ""), "Acme analytics d.json:1 acme_id");
    }

    #[test]
    fn what_is_no_database_says_where_and_why() {
        for (text, expected) in [
            ("a,b\n1,2\n", "d:1: no cookie database: its first line has no column `Cookie / Data Key name`"),
            (
                "Cookie / Data Key name\nx\n",
                "d:1: no cookie database: its first line has no column `Category`",
            ),
            (
                "Category,Cookie / Data Key name\nMystery,x\n",
                "d:2: no row that can be used: no category is called `Mystery`",
            ),
            ("Category,Cookie / Data Key name\n", "d:1: no row that can be used"),
            ("{\"a\":\n 1}", "d:2: invalid type: integer `1`, expected a sequence at line 2 column 2"),
            ("[\n7]", "d:2: invalid type: integer `7`, expected struct Written at line 1 column 1"),
            ("", "d:1: no cookie database: its first line has no column `Cookie / Data Key name`"),
        ] {
            assert_eq!(CookieDatabase::read("d", text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
