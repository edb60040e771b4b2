//! A journey that must write the cookie anew (`updated_by`): did it?

use crate::cookie::Name;
use crate::observation::{Outcome, ProbeResult};
use crate::plan::Probe;
use crate::run::probes::{is_named, listed};
use crate::run::runner::Runner;
use std::collections::BTreeSet;

impl Runner<'_> {
    /// A journey that must write the cookie anew: did it?
    pub(in crate::run) fn updated(
        &self,
        probe: &Probe,
        written: &BTreeSet<Name>,
        failed: Option<&str>,
    ) -> Outcome {
        let items = self.items(probe);
        let wrote = written.iter().any(|name| items.iter().any(|item| is_named(item, name)));
        let result = match (failed, wrote) {
            // What was written on the way there is not what the journey is about.
            (Some(why), _) => ProbeResult::NotDone { why: why.to_owned() },
            (None, true) => ProbeResult::Holds,
            (None, false) => ProbeResult::Fails { what: "the journey did not write it".into() },
        };
        self.outcome(probe, result, vec![format!("the journey set: {}", listed(written))], None)
    }
}
