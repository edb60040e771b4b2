//! What acts of the run showed: probes, and the consent question.

use super::{Cell, SafeUrl, StorageKind};
use crate::cookie::Name;

/// What one visitor met of the consent question, in one state of consent (browser engine).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConsentLook {
    pub cell: Cell,
    /// The banner was there on the first page; none where that page did not answer.
    pub shown: Option<bool>,
    /// Where it was there, if not on the first page: the first page that shows it.
    pub page: Option<SafeUrl>,
    /// How the banner was recognised: a platform's name, `the plan's selector`, `what it says and offers`.
    pub known_by: Option<String>,
    /// None was recognised, but a box speaks of cookies and holds no answer that was: its first words.
    pub suspected: Option<String>,
    /// Who does not accept has to pay: what that way is called.
    pub pay_or_accept: Option<String>,
    /// The labels of what was pressed, or `a recorded choice`.
    pub answered_by: Option<String>,
    /// Why the state was not reached.
    pub not_reached: Option<String>,
    /// The plan names this state.
    pub planned: bool,
    /// What was written when the question was answered: where the answer is kept is among it.
    pub kept_in: Vec<(StorageKind, Name)>,
    /// The banner was there again on the next page.
    pub shown_again: Option<bool>,
    /// What was there before the answer and is still there after all pages.
    pub survives: Vec<(StorageKind, Name)>,
    /// Cookies that were there before the answer, and are gone from the jar after all pages.
    pub cleared: Vec<Name>,
}

impl ConsentLook {
    /// Nothing seen yet.
    pub fn of(cell: Cell) -> Self {
        ConsentLook {
            cell,
            shown: None,
            page: None,
            known_by: None,
            suspected: None,
            pay_or_accept: None,
            answered_by: None,
            not_reached: None,
            planned: false,
            kept_in: Vec::new(),
            shown_again: None,
            survives: Vec::new(),
            cleared: Vec::new(),
        }
    }
}

impl ConsentLook {
    /// What one more page showed of the banner.
    pub fn note(&mut self, shown: bool, by: Option<String>, suspected: Option<String>, pay: Option<String>) {
        self.shown = Some(shown || self.shown == Some(true));
        if shown {
            (self.known_by, self.pay_or_accept, self.suspected) = (by, pay, None);
        } else if self.shown != Some(true) && self.suspected.is_none() {
            self.suspected = suspected;
        }
    }
}

/// What an act of the run showed. Each is about one claim's question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub probe: ProbeKind,
    pub persona: String,
    /// The cookies it is about, as names of the manifest; empty where it is about none.
    pub cookies: Vec<String>,
    pub page: Option<SafeUrl>,
    pub result: ProbeResult,
    /// One line each: what was asked and what came back, without secrets.
    pub evidence: Vec<String>,
}

/// A question that needs an act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// The page asked again without the cookies: is it refused? (`required_for`)
    RequiredFor,
    /// Which of the session's cookies the logout took away. (`until = "logout"`, cleared on logout)
    ClearedOnLogout,
    /// After the logout, is the old session refused by the server?
    EndedOnLogout,
    /// With the access cookie dropped, does the refresh issue it again; without the refresh
    /// cookie, not? (`refreshes`)
    Refreshes { issues: String },
    /// After the plan's interval, is the cookie issued again, to no more than its lifetime?
    RollingRenewal,
    /// The login sent over plain http sets nothing there. (`plain_http_cookies`)
    LoginOverHttp,
    /// A POST without the token is refused. (`required_for` a class of endpoints)
    TokenRequired,
    /// A declared journey (language change) wrote the cookie anew. (`updated_by`)
    UpdatedBy { journey: String },
    /// With `Sec-GPC: 1` against without.
    GlobalPrivacyControl,
    /// Consent banner: shown, hidden after consent, back after clearing (browser engine).
    Banner { moment: BannerMoment },
    /// The value is found elsewhere, where scripts can read it (browser engine).
    MirroredValue { location: String },
    /// Where consent is also kept (`mirrored_in`; browser engine).
    StorageMirror { storage: StorageKind },
}

/// When the consent banner was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BannerMoment {
    FirstVisit,
    AfterConsent,
    AfterClearing,
    AfterPolicyChange,
}

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeResult {
    /// As the policy says.
    Holds,
    /// Not as the policy says.
    Fails { what: String },
    /// Could not be decided: why, and what would decide it.
    Undecided { why: String },
    /// The act itself failed, so that nothing is known of what comes of it: which step, and what it
    /// answered.
    NotDone { why: String },
}
