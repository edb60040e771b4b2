//! A secret on the command line stands there by reference: what is typed is seen in the list of processes.

use super::complaint::Complaint;
use crate::intake;
use std::path::Path;

/// What `${env:NAME}` or `${file:PATH}` means; none where the text is no reference.
pub(super) fn looked_up(flag: &str, reference: &str) -> Result<Option<String>, Complaint> {
    let inner = reference.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(reference);
    if let Some(name) = inner.strip_prefix("env:") {
        return std::env::var(name)
            .map(Some)
            .map_err(|_| Complaint::usage(format!("`{flag}`: the variable {name} is not set")));
    }
    let Some(path) = inner.strip_prefix("file:") else { return Ok(None) };
    let path = Path::new(path);
    let bytes = intake::file(path, intake::MOST_OF_A_SECRET)
        .map_err(|error| Complaint::file("read", path, &error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
