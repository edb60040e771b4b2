//! The manifest's words, each list once.

use super::{
    Category, DeclaredParty, Inventory, PartyList, SecureRule, Strength, ThirdPartyRule, ValueRule,
    VisitorState,
};
use crate::config::words;
use crate::cookie::SameSite;
use crate::observation::{Consent, StorageKind, Visitor};

words!(printed Category {
    "strictly-necessary" => Category::StrictlyNecessary,
    "functional" => Category::Functional,
    "analytics" => Category::Analytics,
    "advertising" => Category::Advertising,
    "social" => Category::Social,
    "unclassified" => Category::Unclassified,
} hints {
    "essential" => "strictly-necessary",
    "necessary" => "strictly-necessary",
    "required" => "strictly-necessary",
    "security" => "strictly-necessary",
    "preference" => "functional",
    "preferences" => "functional",
    "functionality" => "functional",
    "statistics" => "analytics",
    "performance" => "analytics",
    "measurement" => "analytics",
    "marketing" => "advertising",
    "targeting" => "advertising",
    "social-media" => "social",
});

words!(printed VisitorState {
    "anonymous" => VisitorState::Anonymous,
    "logged-in" => VisitorState::LoggedIn,
    "remembered" => VisitorState::Remembered,
    "not-remembered" => VisitorState::NotRemembered,
    "consent-untouched" => VisitorState::ConsentUntouched,
    "consent-accepted" => VisitorState::ConsentAccepted,
    "consent-rejected" => VisitorState::ConsentRejected,
    "consent-withdrawn" => VisitorState::ConsentWithdrawn,
} hints {
    "member" => "logged-in",
    "authenticated" => "logged-in",
    "guest" => "anonymous",
    "logged-out" => "anonymous",
});

words!(printed Inventory {
    "complete" => Inventory::Complete,
    "complete-first-party" => Inventory::CompleteFirstParty,
    "examples" => Inventory::Examples,
    "none" => Inventory::None,
});

words!(printed Strength {
    "error" => Strength::Error,
    "warning" => Strength::Warning,
});

words!(printed SecureRule {
    "always" => SecureRule::Always,
    "on-https" => SecureRule::OnHttps,
    "never" => SecureRule::Never,
});

words!(printed DeclaredParty {
    "first" => DeclaredParty::First,
    "third" => DeclaredParty::Third,
});

words!(ValueRule {
    "language-tag" => ValueRule::LanguageTag,
    "requested-url" => ValueRule::RequestedUrl,
    "flag" => ValueRule::Flag,
    "number" => ValueRule::Number,
    "uuid" => ValueRule::Uuid,
    "jwt" => ValueRule::Jwt,
    "not-identifying" => ValueRule::NotIdentifying,
});

words!(printed PartyList {
    "complete" => PartyList::Complete,
});

words!(ThirdPartyRule {
    "none" => ThirdPartyRule::None,
    "only-declared" => ThirdPartyRule::OnlyDeclared,
});

words!(SameSite {
    "strict" => SameSite::Strict,
    "lax" => SameSite::Lax,
    "none" => SameSite::None,
});

words!(printed StorageKind {
    "cookie" => StorageKind::Cookie,
    "local-storage" => StorageKind::LocalStorage,
    "session-storage" => StorageKind::SessionStorage,
    "indexed-db" => StorageKind::IndexedDb,
    "cache-storage" => StorageKind::CacheStorage,
});

impl VisitorState {
    /// The word is about an answer to the consent question, not about who is visiting.
    pub fn is_consent(self) -> bool {
        matches!(
            self,
            VisitorState::ConsentUntouched
                | VisitorState::ConsentAccepted
                | VisitorState::ConsentRejected
                | VisitorState::ConsentWithdrawn
        )
    }

    /// Whether the word is true of a visitor.
    pub fn describes(self, visitor: &Visitor, consent: &Consent) -> bool {
        match self {
            VisitorState::Anonymous => !visitor.logged_in,
            VisitorState::LoggedIn => visitor.logged_in,
            VisitorState::Remembered => visitor.logged_in && visitor.remembered == Some(true),
            VisitorState::NotRemembered => visitor.logged_in && visitor.remembered == Some(false),
            VisitorState::ConsentUntouched => *consent == Consent::Untouched,
            VisitorState::ConsentAccepted => *consent == Consent::Accepted,
            VisitorState::ConsentRejected => *consent == Consent::Rejected,
            VisitorState::ConsentWithdrawn => *consent == Consent::Withdrawn,
        }
    }

    /// Whether a list of words means a visitor: one of its words for people is true, and one of
    /// its words for consent; a kind of word that does not occur excludes nobody.
    pub fn any_describes(states: &[Self], visitor: &Visitor, consent: &Consent) -> bool {
        [false, true].iter().all(|about_consent| {
            let mut of_kind = states.iter().filter(|state| state.is_consent() == *about_consent).peekable();
            of_kind.peek().is_none() || of_kind.any(|state| state.describes(visitor, consent))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_round_trip() {
        for word in ["strictly-necessary", "unclassified"] {
            assert_eq!(word.parse::<Category>().unwrap().to_string(), word);
        }
        assert!("necessary".parse::<Category>().is_err());
    }

    #[test]
    fn a_list_of_words_means_people_and_consent_apart() {
        use VisitorState::*;
        let member = Visitor { logged_in: true, remembered: None };
        let guest = Visitor::default();
        let fits = VisitorState::any_describes;
        assert!(fits(&[], &guest, &Consent::Rejected));
        assert!(fits(&[LoggedIn], &member, &Consent::Rejected));
        assert!(!fits(&[LoggedIn], &guest, &Consent::Accepted));
        assert!(fits(&[Anonymous, LoggedIn], &guest, &Consent::Untouched));
        assert!(!fits(&[LoggedIn, ConsentAccepted], &member, &Consent::Untouched));
        assert!(fits(&[ConsentAccepted], &guest, &Consent::Accepted));
        assert!(!fits(&[NotRemembered], &member, &Consent::Untouched), "nothing is known of remembering");
    }
}
