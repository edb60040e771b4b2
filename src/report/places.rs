//! Where findings are shown by programs that show files: at lines of the manifest.

use super::Report;
use crate::audit::Finding;
use crate::history::Accepted;
use crate::manifest::Place;
use std::borrow::Cow;

/// What stands for the manifest where it has no name.
const NAMELESS: &str = "cookies.toml";

/// The line of a finding: what it contradicts, or the manifest's general claims.
pub(crate) fn of_finding(report: &Report<'_>, finding: &Finding) -> Place {
    at_least_one(finding.declared.as_ref().map_or(report.claims_at(), |declared| declared.place))
}

/// Lines and columns count from 1, in every format here.
pub(crate) fn at_least_one(place: Place) -> Place {
    Place { line: place.line.max(1), column: place.column.max(1) }
}

/// The manifest's path as the formats want it: relative to where the tool ran, with slashes.
pub(crate) fn path<'a>(report: &Report<'a>) -> Cow<'a, str> {
    let path = report.manifest.map_or(NAMELESS, |manifest| manifest.file.as_str());
    let path = path.strip_prefix("./").unwrap_or(path);
    match path.contains('\\') && cfg!(windows) {
        true => Cow::Owned(path.replace('\\', "/")),
        false => Cow::Borrowed(path),
    }
}

/// The same as a URI reference (RFC 3986): what is no path character is percent-encoded.
pub(crate) fn uri(report: &Report<'_>) -> String {
    let path = path(report);
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// Who answers for a finding, where somebody does.
pub(crate) fn accepted<'a>(report: &Report<'a>, finding: &str) -> Option<&'a Accepted> {
    report.accepted.iter().find(|accepted| accepted.id == finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use crate::report::tests::scan;
    use crate::vendors::Knowledge;

    #[test]
    fn paths_as_programs_want_them() {
        let (scan, knowledge) = (scan(), Knowledge::default());
        for (file, expected) in [
            ("cookies.toml", "cookies.toml"),
            ("./legal/a b.toml", "legal/a%20b.toml"),
            ("/srv/größe.toml", "file:///srv/gr%C3%B6%C3%9Fe.toml"),
            ("a:b#c?.toml", "a%3Ab%23c%3F.toml"),
        ] {
            let manifest = Manifest { file: file.into(), ..Manifest::default() };
            let report = Report { manifest: Some(&manifest), ..Report::of(&scan, &knowledge) };
            assert_eq!(uri(&report), expected);
        }
    }
}
