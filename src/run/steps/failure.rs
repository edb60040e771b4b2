//! Why steps were not all made: which step it was, what happened, and what to do; with every secret masked
//! that is known by then.

use crate::run::context::Ended;
use crate::run::references::References;
use crate::run::shown::Refused;

/// Why steps were not all made.
#[derive(Debug)]
pub(in crate::run) enum Halt {
    Ended(Ended),
    Failed(StepFailure),
}

/// A step that failed.
#[derive(Clone, Debug)]
pub(in crate::run) struct StepFailure {
    /// `step 2 of the login (submit, cookieproof.toml:14)`
    pub(in crate::run) step: String,
    /// What happened and what to do, still to be masked.
    pub(in crate::run) why: String,
    /// `POST /login answered 405`, where it was the answer.
    pub(in crate::run) answered: Option<String>,
}

impl StepFailure {
    /// In a few words, for a claim that cannot be decided by this: which act, and what came of it.
    pub(in crate::run) fn in_short(&self, what: &str) -> String {
        match &self.answered {
            Some(answered) => format!("{what} failed, {answered}"),
            None => format!("{what} failed, {}: {}", self.step, self.why),
        }
    }
}

/// A step's own trouble, before it knows its number.
#[derive(Debug)]
pub(super) enum Trouble {
    Ended(Ended),
    Because(String),
    /// The site refused it: what was asked and answered, and the whole story.
    Answered {
        answered: String,
        why: String,
    },
}

impl Trouble {
    /// Where the page had opened a window, that may be it.
    pub(super) fn beside(mut self, window: Option<String>) -> Trouble {
        if let (Trouble::Because(why) | Trouble::Answered { why, .. }, Some(window)) = (&mut self, window) {
            why.push_str(&format!(
                "; the page had opened a window, {window}, and steps stay in the page: log in by \
                 `open`ing that address, or `import` a session"
            ));
        }
        self
    }

    /// Of a step with this name, all secrets masked.
    pub(super) fn of_step(self, step: String, references: &References) -> Halt {
        let (why, answered) = match self {
            Trouble::Ended(ended) => return Halt::Ended(ended),
            Trouble::Because(why) => (why, None),
            Trouble::Answered { answered, why } => (why, Some(references.mask(&answered))),
        };
        Halt::Failed(StepFailure { step, why: references.mask(&why), answered })
    }
}

impl From<Ended> for Trouble {
    fn from(ended: Ended) -> Self {
        Trouble::Ended(ended)
    }
}

impl From<Refused> for Trouble {
    fn from(Refused { answered, why }: Refused) -> Self {
        Trouble::Answered { answered, why }
    }
}

impl From<Ended> for Halt {
    fn from(ended: Ended) -> Self {
        Halt::Ended(ended)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Because(why)
    }
}
