//! What scripts put on the device, in the words of the hooks and of DevTools, and where they did it.

use super::fields::{address, number, text};
use serde_json::Value;

/// Most places told of one call.
const MOST_CALLS: usize = 6;

/// A position in a script; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::browser) struct Position {
    pub(in crate::engine::browser) url: String,
    pub(in crate::engine::browser) line: u32,
    pub(in crate::engine::browser) column: u32,
}

/// A write that the hooks told of.
#[derive(Clone, Debug)]
pub(in crate::engine::browser) struct Write {
    pub(in crate::engine::browser) told: Told,
    /// Where it was written, and from where that was called.
    pub(in crate::engine::browser) positions: Vec<Position>,
    /// Milliseconds after the page was loaded.
    pub(in crate::engine::browser) after_load: Option<u64>,
}

/// A write in the hooks' own words. Values are masked as soon as they leave this module's caller.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::browser) struct Told {
    pub(in crate::engine::browser) kind: String,
    pub(in crate::engine::browser) page: String,
    pub(in crate::engine::browser) origin: String,
    pub(super) stack: String,
    pub(in crate::engine::browser) line: String,
    pub(in crate::engine::browser) name: String,
    pub(in crate::engine::browser) value: String,
    pub(in crate::engine::browser) domain: Option<String>,
    pub(in crate::engine::browser) path: Option<String>,
    pub(in crate::engine::browser) expires: Option<f64>,
    pub(in crate::engine::browser) same_site: String,
    pub(in crate::engine::browser) partitioned: bool,
    /// What of it: an object store of a database.
    pub(in crate::engine::browser) detail: String,
    /// By the clock that the page sees, in milliseconds since the epoch.
    pub(in crate::engine::browser) at: Option<f64>,
    /// Of a timer, in milliseconds.
    pub(super) delay: u64,
}

/// A storage item that DevTools reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine::browser) struct StorageWrite {
    pub(in crate::engine::browser) origin: String,
    pub(in crate::engine::browser) local: bool,
    pub(in crate::engine::browser) key: String,
    pub(in crate::engine::browser) value: String,
}

impl Told {
    pub(super) fn of(told: &Value) -> Told {
        let field = |name: &str| text(&told[name]).to_owned();
        Told {
            kind: field("kind"),
            page: field("page"),
            origin: field("origin"),
            stack: field("stack"),
            line: field("line"),
            name: field("name"),
            value: field("value"),
            domain: told["domain"].as_str().map(str::to_owned),
            path: told["path"].as_str().map(str::to_owned),
            expires: told["expires"].as_f64(),
            same_site: field("sameSite"),
            partitioned: told["partitioned"].as_bool().unwrap_or_default(),
            detail: field("detail"),
            at: told["at"].as_f64(),
            delay: told["delay"].as_u64().unwrap_or_default(),
        }
    }

    /// A `cookieStore.set` call as the `Set-Cookie` line that means the same (Cookie Store API,
    /// "set a cookie": always Secure, Strict unless said otherwise).
    pub(in crate::engine::browser) fn store_line(&self) -> String {
        let mut line =
            format!("{}={}; Secure; Path={}", self.name, self.value, self.path.as_deref().unwrap_or("/"));
        line.push_str(match self.same_site.as_str() {
            "lax" => "; SameSite=Lax",
            "none" => "; SameSite=None",
            _ => "; SameSite=Strict",
        });
        if let Some(domain) = &self.domain {
            line.push_str(&format!("; Domain={domain}"));
        }
        if let Some(expires) = self.expires.and_then(|at| jiff::Timestamp::from_millisecond(at as i64).ok()) {
            line.push_str(&expires.strftime("; Expires=%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        if self.partitioned {
            line.push_str("; Partitioned");
        }
        line
    }
}

/// Places of a DevTools stack that have an address, the innermost first.
pub(super) fn called(stack: &Value) -> Vec<Position> {
    let frames = stack["callFrames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let outer = stack["parent"]["callFrames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let places = frames.iter().chain(outer).map(|frame| Position {
        url: address(&frame["url"]),
        line: number(&frame["lineNumber"]).saturating_add(1),
        column: number(&frame["columnNumber"]).saturating_add(1),
    });
    places.filter(|place| is_address(&place.url)).take(MOST_CALLS).collect()
}

/// Frames of a V8 stack that are not the hooks' own: those are without an address.
pub(super) fn positions_in(stack: &str) -> Vec<Position> {
    let places = stack.lines().skip(1).filter_map(|frame| {
        let place = frame.trim().trim_start_matches("at ").trim_end_matches(')');
        let place = place.rsplit_once('(').map_or(place, |(_, place)| place);
        let place = place.trim_start_matches("async ");
        let (rest, column) = place.rsplit_once(':')?;
        let (url, line) = rest.rsplit_once(':')?;
        let position =
            Position { url: url.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? };
        is_address(url).then_some(position)
    });
    places.take(MOST_CALLS).collect()
}

fn is_address(url: &str) -> bool {
    ["http:", "https:", "blob:"].iter().any(|scheme| url.starts_with(scheme))
}
