//! Which sentences of its policy a site breaks.

use std::collections::BTreeSet;

/// Switches turned on, by the id of the row they break (`P07`, or `P07-session` for another way).
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches(BTreeSet<String>);

impl Switches {
    /// Whether this one is turned on.
    pub(crate) fn on(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}

impl<T: Into<String>> FromIterator<T> for Switches {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        Switches(ids.into_iter().map(Into::into).collect())
    }
}
