//! What a rule says when something is not as stated. Violations of one cause become one finding
//! (see `merge`), so each names the causes it may come from.

use super::context::{Context, Seen};
use super::unrefuted::Standing;
use super::{Confidence, Declared, Evidence, Severity, evidence};
use crate::manifest::{About, DeclaredLink, Item, ItemAspect, PolicyAspect, ThirdParty, ThirdPartyAspect};
use crate::observation::{Contact, Outcome, ProbeKind, StorageKind};
use crate::vendors::Fact;

/// A rule: its name and what it looks at. `explain NAME` prints `page`.
pub struct Rule {
    /// Kebab-case; stable.
    pub id: &'static str,
    /// One sentence: what is wrong when it speaks.
    pub sentence: &'static str,
    /// The same in the few words that follow another rule's message.
    pub(crate) short: &'static str,
    /// Its documentation, in Markdown, without the title.
    pub page: &'static str,
    pub(crate) checks: &'static [Check],
    pub(crate) claims: Claims,
}

/// What a rule looks at, one after the other, and its word on each that is wrong.
pub(crate) enum Check {
    /// Every written line of the items that make this claim: how a line is wrong, to follow the item's name.
    Attribute(ItemAspect, fn(&Item, &Seen<'_>) -> Option<String>),
    /// Every item.
    Items(fn(&Context<'_>, usize, &Item, &mut Vec<Violation>)),
    /// Every declared third party.
    Parties(fn(&Context<'_>, usize, &ThirdParty, &mut Vec<Violation>)),
    /// Every declared link.
    Links(fn(&Context<'_>, usize, &DeclaredLink) -> Option<Violation>),
    /// What was seen: under which name a thing is told that is wrong, and the word on all of one kind and name.
    /// What caused them, and where they were seen, is added.
    Things(
        Of,
        fn(&Context<'_>, &Seen<'_>) -> Option<String>,
        fn(&Context<'_>, &str, &[&Seen<'_>]) -> Violation,
    ),
    /// What was asked of foreign hosts: whether that is wrong, and the word on all of one site. What caused
    /// them, and where they were seen, is added.
    Contacts(fn(&Context<'_>, &Contact) -> bool, fn(&Context<'_>, &str, &[&Contact]) -> Violation),
    /// Each time that one of these probes failed, and with what. What it recorded is added.
    Failures(fn(&ProbeKind) -> bool, fn(&Context<'_>, &Outcome, &str) -> Option<Violation>),
    /// The same for every item that it concerns.
    ItemFailures(fn(&ProbeKind) -> bool, fn(&Context<'_>, usize, &Item, &str) -> Option<Violation>),
    /// The site, where the policy has this sentence.
    Sentence(PolicyAspect, fn(&Context<'_>, &mut Vec<Violation>)),
    /// What else there is.
    Site(fn(&Context<'_>, &mut Vec<Violation>)),
}

/// Of which things.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    All,
    /// Cookies that land on the device, declared or not.
    Cookies,
    /// What lands there and nothing declares.
    Undeclared,
}

/// The claims that are a rule's own, and how one stands that nothing refuted.
pub(crate) enum Claims {
    /// What an item is like when it is there: lines that were seen uphold it.
    LikeThis(&'static [ItemAspect]),
    Item(ItemAspect, fn(&Context<'_>, usize) -> Option<Standing>),
    Party(&'static [ThirdPartyAspect], fn(&Context<'_>, usize) -> Option<Standing>),
    Sentence(PolicyAspect, fn(&Context<'_>) -> Option<Standing>),
    /// Several of them; none for claims of other rules.
    Others(fn(&Context<'_>, About) -> Option<Standing>),
}

/// What went wrong underneath. Violations that share one are one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// A thing that nothing declares.
    Thing(StorageKind, String),
    /// A vendor's things, hosts and scripts.
    Vendor(String),
    /// A foreign site (registrable domain).
    Site(String),
    /// A declared third party does what it should not.
    Provider(usize),
    /// A declared item where, when or for whom it should not be.
    Here(usize),
    /// A declared item is not there.
    Missing(usize),
    /// All that is missing for the same visitors.
    MissingFor(String),
    /// An item is not as stated in one aspect.
    Aspect(usize, ItemAspect),
    /// The items of a group, or of one response, are wrong in the same way.
    Alike(String),
    /// An item comes from, or goes to, another's domain.
    Origin(usize),
    PlainHttp,
    Banner,
    ConsentWall,
    Logout,
    /// Pages of this class answer without the cookie.
    Open(String),
    PolicyPage,
    PolicyDate,
    Link(usize),
    /// A probe's own.
    Probe(String),
}

/// One rule's word on one thing.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) subject: String,
    pub(crate) message: String,
    /// The claims it refutes, the one it is first about at the front. Never empty in a finding.
    pub(crate) claims: Vec<About>,
    pub(crate) causes: Vec<Cause>,
    pub(crate) confidence: Confidence,
    /// It is what comes of another violation of the same cause, or only shows beside an earlier scan:
    /// it names a finding only where nothing else does.
    pub(crate) follows: bool,
    /// Never more than this, whatever the claims' strength.
    pub(crate) at_most: Severity,
    pub(crate) declared: Option<Declared>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) hint: Option<String>,
}

impl Violation {
    pub(crate) fn new(rule: &Rule, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Violation {
            rule: rule.id,
            subject: subject.into(),
            message: message.into(),
            claims: Vec::new(),
            causes: Vec::new(),
            confidence: Confidence::High,
            follows: false,
            at_most: Severity::Error,
            declared: None,
            evidence: Vec::new(),
            hint: None,
        }
    }

    /// The claims it refutes; those that the manifest does not make are dropped later.
    pub(crate) fn refutes(mut self, claims: impl IntoIterator<Item = About>) -> Self {
        self.claims.extend(claims);
        self
    }

    pub(crate) fn because(mut self, causes: impl IntoIterator<Item = Cause>) -> Self {
        self.causes.extend(causes);
        self
    }

    pub(crate) fn follows(mut self) -> Self {
        self.follows = true;
        self
    }

    pub(crate) fn at_most(mut self, severity: Severity) -> Self {
        self.at_most = severity;
        self
    }

    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says which rule of which table or list classified the thing.
    pub(crate) fn by_fact(self, fact: Option<&Fact>) -> Self {
        match fact {
            Some(fact) => self.hint(format!("`{}` says that it is {}'s", fact.matched_by, fact.vendor)),
            None => self,
        }
    }

    pub(crate) fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    pub(crate) fn seen<'s, 'a: 's>(
        self,
        context: &Context<'_>,
        seen: impl IntoIterator<Item = &'s Seen<'a>>,
    ) -> Self {
        let pieces: Vec<_> =
            seen.into_iter().map(|seen| evidence::of_sighting(context, seen)).take(evidence::MOST).collect();
        self.evidence(pieces)
    }
}
