//! `--state` and `--resume`: the file that keeps how far a run is.

use super::args;
use super::complaint::{Complaint, Failures};
use super::live::not_begun;
use super::output;
use crate::observation::Scan;
use crate::report;
use crate::run::StateFile;

/// The file, new or of a run that was interrupted.
pub(super) fn opened(args: &args::State) -> Result<Option<StateFile>, Complaint> {
    let open = |path| if args.resume { StateFile::resume(path) } else { StateFile::new(path) };
    args.state.as_deref().map(open).transpose().map_err(not_begun)
}

/// What becomes of it: it goes once the run came to its end and its results are where they should be.
pub(super) fn settled(state: Option<StateFile>, scan: &Scan, failures: &mut Failures) {
    let Some(state) = state else { return };
    let path = state.path().to_owned();
    if scan.run.partial.is_some() || !failures.is_empty() {
        let path = path.display().to_string();
        output::say(&format!(
            "how far the run came is in {}: the same command with `--resume` goes on from there",
            report::clean(&path)
        ));
    } else {
        failures.note(state.remove().map_err(|error| Complaint::file("remove", &path, &error)));
    }
}
