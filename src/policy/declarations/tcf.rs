//! Device storage disclosures of the Transparency and Consent Framework (IAB Europe, "Vendor Device
//! Storage & Operational Disclosures", version 1.1): `{"disclosures": [...], "domains": [...], "sdks": [...]}`.
//!
//! Domains and packages of apps are no storage, and what an app keeps is not on a web site.

use super::heading;
use crate::policy::document::{Block, MOST_BLOCKS, Table};
use crate::policy::inline::literal;
use crate::policy::words::Column;
use serde_json::Value;

/// The list of what is stored, of a text that is such a declaration.
pub(super) fn disclosures(value: &Value) -> Option<&Vec<Value>> {
    value.get("disclosures")?.as_array()
}

pub(super) fn walk(disclosures: &[Value], blocks: &mut Vec<Block>) {
    let rows = disclosures.iter().take(MOST_BLOCKS).filter_map(row).collect::<Vec<_>>();
    if rows.is_empty() {
        return;
    }
    let head =
        [Column::Name, Column::Storage, Column::Duration, Column::Domain, Column::Purpose, Column::Category]
            .map(|column| heading(column).to_owned())
            .to_vec();
    blocks.push(Block::Table(Table { head, rows, caption: None }));
}

fn row(record: &Value) -> Option<Vec<String>> {
    let text = |key: &str| record.get(key).and_then(Value::as_str).map(str::trim);
    let name = text("identifier").filter(|name| !name.is_empty())?;
    let storage = match text("type").unwrap_or_default().to_lowercase().as_str() {
        "app" => return None,
        // Any storage of the web that is no cookie; the most used of them stands for all.
        "web" => "local storage",
        _ => "cookie",
    };
    Some(vec![
        literal(name),
        storage.to_owned(),
        lifetime(record),
        domains(record).join(", "),
        text("description").map(literal).unwrap_or_default(),
        category(record).unwrap_or_default().to_owned(),
    ])
}

/// Seconds from when it is set; 0 is a browser session, and what is refreshed begins anew with each visit.
fn lifetime(record: &Value) -> String {
    let age = record.get("maxAgeSeconds");
    let seconds = age.and_then(|age| age.as_u64().or_else(|| age.as_str()?.trim().parse().ok()));
    let refreshed = record.get("cookieRefresh").and_then(Value::as_bool) == Some(true);
    match seconds {
        Some(0) => "Session".to_owned(),
        Some(seconds) if refreshed => format!("{seconds} seconds; refreshed on activity"),
        Some(seconds) => format!("{seconds} seconds"),
        None => String::new(),
    }
}

/// The domains, in either spelling. A wildcard alone is any host, and so says none.
fn domains(record: &Value) -> Vec<&str> {
    let list = record.get("domains").and_then(Value::as_array);
    let many = list.into_iter().flatten().filter_map(Value::as_str);
    let one = record.get("domain").and_then(Value::as_str);
    many.chain(one).map(str::trim).filter(|domain| *domain != "*").collect()
}

/// What the framework's purposes are about: advertising (2, 3, 4, 7), measuring (8, 9), content (5, 6, 11).
/// The first is only that something is stored, the tenth is to develop services: these name no category.
fn category(record: &Value) -> Option<&'static str> {
    let purposes: Vec<u64> =
        record.get("purposes").and_then(Value::as_array)?.iter().filter_map(Value::as_u64).collect();
    let any = |of: &[u64]| purposes.iter().any(|purpose| of.contains(purpose));
    if any(&[2, 3, 4, 7]) {
        Some("Advertising")
    } else if any(&[8, 9]) {
        Some("Analytics")
    } else if any(&[5, 6, 11]) {
        Some("Functional")
    } else {
        None
    }
}
