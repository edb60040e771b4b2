//! Which of the session's cookies the logout took away.

use crate::cookie::Jar;
use crate::observation::ProbeResult;
use crate::plan::Probe;
use crate::run::probes::{held, listed};
use crate::run::runner::Runner;

impl Runner<'_> {
    pub(in crate::run) fn cleared_by_logout(
        &self,
        before: &Jar,
        after: &Jar,
        probe: &Probe,
    ) -> (ProbeResult, Vec<String>) {
        let items = self.items(probe);
        let (had, has) = (held(before, &items), held(after, &items));
        let evidence = vec![
            format!("before the logout: {}", listed(&had)),
            format!("after the logout: {}", listed(&has)),
        ];
        let result = if had.is_empty() {
            ProbeResult::Undecided { why: "it was not there before the logout".into() }
        } else if has.is_empty() {
            ProbeResult::Holds
        } else {
            ProbeResult::Fails { what: format!("the logout leaves {}", listed(&has)) }
        };
        (result, evidence)
    }
}
