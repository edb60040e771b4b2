//! Sentences about the site as a whole, and about third parties.
//!
//! A sentence is read only where its own words say the thing: what it denies, of whom, where and
//! for whom. Definitions, instructions for browsers and conditions state nothing; a hedge makes a
//! claim softer. English is read most fully, the other languages where a table has the words.

mod absences;
mod third_parties;
mod whose;

use self::absences::{denials, without_place};
use self::third_parties::provider_of;
use super::forms::{Found, Prose};
use super::words::{self, Sense};
use super::{category, inline};
use crate::manifest::{Category, Inventory, PartialDate};
use std::collections::BTreeSet;

/// A statement, with its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) kind: Kind,
    /// Softened by *currently*, *where possible*, *may*.
    pub(super) hedged: bool,
    pub(super) source: String,
}

/// What is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Inventory(Inventory),
    OnlyNecessary,
    /// No cookies of a category.
    No {
        category: Category,
        third: bool,
        pages: Vec<String>,
    },
    NoTracking {
        third: bool,
    },
    NoThirdPartyCookies,
    NoCrossSiteTracking,
    NoBanner,
    Banner {
        repeated: Option<bool>,
        back_after_clearing: Option<bool>,
    },
    NoCookies {
        pages: Vec<String>,
        anonymous: bool,
    },
    NoCookieScripts {
        pages: Vec<String>,
    },
    NoEmbeds {
        pages: Vec<String>,
    },
    ConsentBefore(Category),
    NoConsentRequired,
    DurationsAreMaximum,
    DateMaintained,
    CoversLinkingHosts,
    RequiredFor {
        what: String,
    },
    ConsentStoredLocally,
    OnlyOverHttps,
    /// Something a visitor does that writes a cookie anew, and what it is called.
    Updates {
        cookie: String,
        journey: String,
    },
    Gpc,
}

/// A third party that the text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) provider: String,
    pub(super) domains: BTreeSet<String>,
    pub(super) checkout: bool,
    pub(super) on_interaction: bool,
    pub(super) sets_cookies: Option<bool>,
    pub(super) sets_storage: Option<bool>,
    pub(super) identifiers: Option<bool>,
    pub(super) personal_data: Option<bool>,
    pub(super) embedded: Option<bool>,
    pub(super) confined: Option<bool>,
    pub(super) needs_consent: Option<bool>,
    pub(super) role: Option<&'static str>,
    pub(super) source: String,
}

/// Everything the prose states.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) claims: Vec<Claim>,
    pub(super) parties: Vec<Party>,
    pub(super) site: Option<String>,
    pub(super) service: Option<String>,
    pub(super) last_updated: Option<PartialDate>,
    /// Addresses of policies that the text refers to.
    pub(super) links: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
}

/// Reads the prose of a document.
pub(super) fn read(found: &Found, text: &str) -> Said {
    let mut said = Said::default();
    match super::date::last_updated(text) {
        super::date::Shown::Date(dates) => match dates.as_slice() {
            [one] => said.last_updated = Some(*one),
            [first, ..] => said.notes.push(format!("the date can be read in two ways, {first} among them")),
            [] => {}
        },
        super::date::Shown::LabelOnly => {
            said.notes.push("the text says when it was last updated, and the date is missing".to_owned())
        }
        super::date::Shown::Nothing => {}
    }
    let mut reader = Reader { said: &mut said, previous: Vec::new(), party: None };
    for heading in &found.headings {
        reader.heading(heading);
    }
    for prose in &found.prose {
        if !is_definition(&prose.heading) {
            reader.prose(prose);
        }
    }
    for entry in &found.entries {
        for sentence in entry.purpose.as_deref().map(inline::sentences).unwrap_or_default() {
            reader.of_purpose(sentence);
        }
    }
    said.site = whose::site(found);
    said.service = whose::service(found);
    unique(&mut said.claims);
    said
}

struct Reader<'a> {
    said: &'a mut Said,
    /// What the sentence before mentioned.
    previous: Vec<Category>,
    /// The third party that the paragraph is about.
    party: Option<usize>,
}

impl Reader<'_> {
    fn claim(&mut self, kind: Kind, sentence: &str) {
        let low = inline::folded(sentence);
        // "Currently" is how a present tense is said; it softens nothing.
        let hedged = says(&low, Sense::Hedge)
            && !low.contains("currently")
            && !low.contains("derzeit")
            && !low.contains("actuellement")
            && !low.contains("actualmente")
            && !low.contains("momenteel");
        let hedged = hedged
            && !matches!(
                kind,
                Kind::DurationsAreMaximum
                    | Kind::Inventory(_)
                    | Kind::DateMaintained
                    | Kind::Banner { .. }
                    | Kind::RequiredFor { .. }
            );
        self.said.claims.push(Claim {
            kind,
            hedged,
            source: sentence.split_whitespace().collect::<Vec<_>>().join(" "),
        });
    }

    fn heading(&mut self, heading: &str) {
        let low = inline::folded(heading);
        if low.contains("no cookies used") {
            self.previous = category::mentioned(heading);
        }
    }

    fn of_purpose(&mut self, sentence: &str) {
        let low = inline::folded(sentence);
        if low.starts_with("required for")
            || low.starts_with("required to")
            || low.starts_with("necessary for")
        {
            self.claim(Kind::RequiredFor { what: sentence.trim_end_matches('.').to_owned() }, sentence);
        }
    }

    fn prose(&mut self, prose: &Prose) {
        self.party = None;
        self.previous = category::of_heading(&prose.heading).into_iter().collect();
        let mut providers: Vec<String> = inline::sentences(&prose.text)
            .into_iter()
            .filter_map(|sentence| provider_of(sentence, &inline::folded(sentence)))
            .collect();
        providers.dedup();
        if let [one] = providers.as_slice() {
            // The paragraph is about one of them from its first sentence on.
            self.named(one.clone(), inline::sentences(&prose.text).first().copied().unwrap_or_default());
        }
        for sentence in inline::sentences(&prose.text) {
            let low = inline::folded(sentence);
            if sentence.ends_with('?') {
                continue;
            }
            self.third_party(sentence, &low);
            self.absences(sentence, &low);
            self.inventory(sentence, &low, prose);
            self.consent(sentence, &low);
            self.not_optional(sentence, &low, prose);
            self.rest(sentence, &low);
            let mentioned = category::mentioned(&without_place(&low));
            if !mentioned.is_empty() {
                self.previous = mentioned;
            }
        }
    }

    /// "Needed for signing in. These cannot be switched off": so nobody is asked for them first.
    fn not_optional(&mut self, sentence: &str, low: &str, prose: &Prose) {
        let fixed = [
            "cannot be switched off",
            "can not be switched off",
            "can't be switched off",
            "cannot be turned off",
            "can't be turned off",
            "cannot be disabled",
            "cannot be deactivated",
            "nicht abgeschaltet werden",
            "nicht ausgeschaltet werden",
            "nicht deaktiviert werden",
            "ne peuvent pas \u{ea}tre d\u{e9}sactiv",
            "ne peuvent \u{ea}tre d\u{e9}sactiv",
            "no se pueden desactivar",
            "no pueden desactivarse",
            "no pueden ser desactivad",
            "niet worden uitgeschakeld",
            "niet uitgeschakeld worden",
            "niet worden uitgezet",
        ];
        let sign_in = [
            "sign in",
            "signing in",
            "sign-in",
            "log in",
            "logging in",
            "login",
            "authenticated",
            "anmeld",
            "einlogg",
            "connexion",
            "vous connecter",
            "iniciar sesi\u{f3}n",
            "inicio de sesi\u{f3}n",
            "inlog",
            "aanmelden",
        ];
        let whole = inline::folded(&prose.text);
        let has = |text: &str, phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        let necessary = category::of_heading(&prose.heading) == Some(Category::StrictlyNecessary)
            || prose.text.split_once(':').and_then(|(lead, _)| category::of_heading(lead))
                == Some(Category::StrictlyNecessary)
            || category::mentioned(&prose.text) == [Category::StrictlyNecessary];
        if has(low, &fixed) && has(&whole, &sign_in) && necessary {
            self.claim(Kind::NoConsentRequired, sentence);
        }
    }

    fn inventory(&mut self, sentence: &str, low: &str, prose: &Prose) {
        if !low.contains("cookie") && !low.contains("traceur") {
            return;
        }
        let first = says(low, Sense::First);
        let listed = says(low, Sense::List);
        if says(low, Sense::Examples)
            && (listed || low.contains("example") || low.contains("vary"))
            && !low.starts_with("for example")
        {
            self.claim(Kind::Inventory(Inventory::Examples), sentence);
            return;
        }
        if says(low, Sense::No) || says(low, Sense::Third) && !first {
            return;
        }
        let every = [
            "every cookie",
            "all cookies",
            "all the cookies",
            "all of the cookies",
            "complete list",
            "exhaustive list",
            "full list",
            "alle cookies",
            "s\u{e4}mtliche cookies",
            "tous les cookies",
            "liste compl\u{e8}te",
            "liste exhaustive",
            "todas las cookies",
            "lista completa",
            "volledige lijst",
            "volledig overzicht",
        ]
        .iter()
        .any(|phrase| low.contains(phrase));
        let lists = [
            "lists the",
            "lists all",
            "list the",
            "listet die",
            "listet alle",
            "\u{e9}num\u{e8}re les",
            "recoge las",
            "toont de",
        ]
        .iter()
        .any(|phrase| low.contains(phrase))
            && first;
        let few = [
            "a small number of",
            "a minimal set of",
            "only the following",
            "only these",
            "nur folgende",
            "nur die folgenden",
            "ausschlie\u{df}lich folgende",
            "uniquement les cookies suivants",
            "solo las siguientes",
            "alleen de volgende",
        ]
        .iter()
        .any(|phrase| low.contains(phrase));
        let both = starts_with_any(
            low,
            &["both cookies listed", "all cookies listed", "the cookies listed above are all"],
        );
        let manages = [
            "block",
            "delete",
            "disable",
            "accept",
            "reject",
            "l\u{f6}schen",
            "refuse",
            "refuser",
            "bloquear",
            "blokkeren",
            "visit",
        ]
        .iter()
        .any(|word| low.contains(word));
        let _ = prose;
        if (every && listed && !manages) || (lists && !manages) || few && uses(low) || both {
            let inventory = if first { Inventory::CompleteFirstParty } else { Inventory::Complete };
            self.claim(Kind::Inventory(inventory), sentence);
        }
    }

    fn consent(&mut self, sentence: &str, low: &str) {
        let banner = says(low, Sense::Banner);
        let again = [
            "reappear",
            "appear again",
            "shown again",
            "erscheint erneut",
            "wieder erscheinen",
            "r\u{e9}appara",
            "volver\u{e1} a aparecer",
            "opnieuw",
        ]
        .iter()
        .any(|word| low.contains(word));
        if banner && low.contains("every visit") && says(low, Sense::No) {
            self.claim(Kind::Banner { repeated: Some(false), back_after_clearing: None }, sentence);
        } else if banner && again && !says(low, Sense::No) {
            self.claim(Kind::Banner { repeated: None, back_after_clearing: Some(true) }, sentence);
        } else if banner && denials(low).iter().any(|part| says(part, Sense::Banner)) {
            self.claim(Kind::NoBanner, sentence);
        } else if banner
            && [
                "we show",
                "is shown",
                "is displayed",
                "on your first visit",
                "on first visit",
                "beim ersten besuch",
                "premi\u{e8}re visite",
                "primera visita",
                "eerste bezoek",
            ]
            .iter()
            .any(|word| low.contains(word))
        {
            self.claim(Kind::Banner { repeated: None, back_after_clearing: None }, sentence);
        }
        if !says(low, Sense::Consent) {
            return;
        }
        let required = [
            "not require consent",
            "no consent is required",
            "no consent required",
            "without consent",
            "consent is not required",
            "keine einwilligung",
            "sans consentement",
            "sin consentimiento",
            "geen toestemming",
        ]
        .iter()
        .any(|word| low.contains(word));
        if required {
            match self.party {
                Some(party) => self.said.parties[party].needs_consent = Some(false),
                None => {
                    let named = (0..self.said.parties.len())
                        .find(|at| low.contains(&inline::folded(&self.said.parties[*at].provider)));
                    match named {
                        Some(party) => self.said.parties[party].needs_consent = Some(false),
                        None => self.claim(Kind::NoConsentRequired, sentence),
                    }
                }
            }
            return;
        }
        let before = [
            "before",
            "request consent",
            "request your consent",
            "only after you accept",
            "only after you consent",
            "only after consent",
            "only with your consent",
            "with your consent",
            "erst nach",
            "nur mit ihrer einwilligung",
            "uniquement apr\u{e8}s",
            "avec votre consentement",
            "solo tras",
            "con su consentimiento",
            "pas na",
            "met je toestemming",
            "met uw toestemming",
            "consent for non-essential",
        ]
        .iter()
        .any(|word| low.contains(word));
        if before {
            let mut mentioned: Vec<Category> =
                category::mentioned(low).into_iter().filter(|category| waits(*category)).collect();
            if mentioned.is_empty() && !low.contains("non-essential") {
                mentioned = self.previous.iter().copied().filter(|category| waits(*category)).collect();
            }
            for category in mentioned {
                self.claim(Kind::ConsentBefore(category), sentence);
            }
        }
        if low.contains("stored locally and in a") && low.contains("cookie") {
            self.claim(Kind::ConsentStoredLocally, sentence);
        }
    }

    fn rest(&mut self, sentence: &str, low: &str) {
        let only = says(low, Sense::Only) || low.contains("focused entirely on");
        if only
            && (low.contains("cookie") || low.contains("traceur"))
            && uses_or_is(low)
            && !says(low, Sense::If)
        {
            let mentioned = category::mentioned(low);
            let necessary = category::strictest(&mentioned) == Some(Category::StrictlyNecessary);
            let phrase = [
                "strictly",
                "necessary",
                "essential",
                "notwendig",
                "erforderlich",
                "n\u{e9}cessaire",
                "essentiel",
                "necesaria",
                "t\u{e9}cnicas",
                "noodzakelijk",
                "essenti",
            ]
            .iter()
            .any(|word| low.contains(word));
            let others = mentioned.iter().any(|category| {
                matches!(category, Category::Analytics | Category::Advertising | Category::Social)
            });
            if necessary && phrase && !others && !starts_with_any(low, &["blocking", "without"]) {
                self.claim(Kind::OnlyNecessary, sentence);
            }
        }
        if [
            "duration shown is the maximum",
            "durations shown are maximum",
            "durations are maxim",
            "are maximum durations",
            "maximum durations",
            "lifetimes are upper",
            "may expire sooner",
            "angegebenen laufzeiten sind maximal",
            "dur\u{e9}es indiqu\u{e9}es sont maximales",
            "duraci\u{f3}n indicada es la m\u{e1}xima",
            "maximale bewaartermijnen",
        ]
        .iter()
        .any(|phrase| low.contains(phrase))
        {
            self.claim(Kind::DurationsAreMaximum, sentence);
        }
        let date = [
            "last updated",
            "last-updated",
            "last update date",
            "date at the top",
            "update date",
            "revision date",
            "date of last",
            "datum der letzten",
            "date de mise \u{e0} jour",
            "date de derni\u{e8}re",
            "fecha de actualizaci\u{f3}n",
            "datum bovenaan",
        ]
        .iter()
        .any(|phrase| low.contains(phrase));
        let moves = [
            "revise",
            "update the",
            "will update",
            "reflect",
            "indicat",
            "revised",
            "change the",
            "aktualisier",
            "mettr",
            "actualiz",
            "bijgewerkt",
            "aanpassen",
        ]
        .iter()
        .any(|phrase| low.contains(phrase));
        if date && moves && !low.trim_start().starts_with("last updated:") {
            self.claim(Kind::DateMaintained, sentence);
        }
        for lead in ["updates the ", "rewrites the ", "changes the "] {
            let Some(start) = sentence.find(lead).map(|at| at + lead.len()) else { continue };
            let words: Vec<&str> = sentence[start..].split_whitespace().take(2).collect();
            let [cookie, what] = words.as_slice() else { continue };
            if what.trim_matches(['.', ',']) == "cookie" && super::name::is_token(cookie) {
                // "under Settings → Language"
                let place = sentence[..start].rsplit(['\u{2192}', '>']).next().unwrap_or_default();
                let journey: String = place.trim().chars().take_while(|c| c.is_alphanumeric()).collect();
                self.claim(
                    Kind::Updates { cookie: (*cookie).to_owned(), journey: journey.to_lowercase() },
                    sentence,
                );
            }
        }
        if low.contains("that link to this policy") || low.contains("which link to this policy") {
            self.claim(Kind::CoversLinkingHosts, sentence);
        }
        if (low.contains("global privacy control") || low.contains("gpc"))
            && (low.contains("honour") || low.contains("honor") || low.contains("respect"))
            && !says(low, Sense::No)
        {
            self.claim(Kind::Gpc, sentence);
        }
        if low.contains("only transmitted over https") || low.contains("only sent over https") {
            self.claim(Kind::OnlyOverHttps, sentence);
        }
        let required = [
            "you will not be able to",
            "you cannot log in",
            "prevent sign-in",
            "will prevent you from",
            "unable to remain logged in",
            "may prevent sign-in",
            "k\u{f6}nnen sie sich nicht anmelden",
            "ne pourrez pas",
            "no podr\u{e1}",
            "kunt u niet inloggen",
            "kun je niet inloggen",
        ]
        .iter()
        .any(|phrase| low.contains(phrase));
        if required
            && (low.contains("necessary")
                || low.contains("essential")
                || low.contains("without them")
                || low.contains("disabling them")
                || low.contains("cookies"))
        {
            self.claim(Kind::RequiredFor { what: sentence.trim_end_matches('.').to_owned() }, sentence);
        }
    }
}

fn uses(low: &str) -> bool {
    says(low, Sense::Use)
        || ["are set", "is set", "werden gesetzt", "sont d\u{e9}pos", "se instalan", "worden geplaatst"]
            .iter()
            .any(|word| low.contains(word))
}

fn uses_or_is(low: &str) -> bool {
    uses(low) || low.contains("focused")
}

fn says(low: &str, sense: Sense) -> bool {
    words::says(low, sense)
}

fn starts_with_any(low: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| low.trim_start().starts_with(start))
}

fn waits(category: Category) -> bool {
    matches!(category, Category::Analytics | Category::Advertising | Category::Functional | Category::Social)
}

/// Pages that a sentence names in words.
fn pages(low: &str) -> Vec<String> {
    let scoped = ["pages", "page", "marketing site", "public site", "seiten", "p\u{e1}ginas", "pagina's"]
        .iter()
        .any(|word| words::find_phrase(low, word).is_some());
    if !scoped {
        return Vec::new();
    }
    [
        ("marketing", "marketing"),
        ("documentation", "documentation"),
        ("docs", "documentation"),
        ("blog", "blog"),
        ("landing", "landing"),
        ("checkout", "checkout"),
    ]
    .iter()
    .filter(|(word, _)| words::find_phrase(low, word).is_some())
    .map(|(_, class)| (*class).to_owned())
    .collect::<BTreeSet<String>>()
    .into_iter()
    .collect()
}

/// A section that says what cookies are, not what the site does.
fn is_definition(heading: &str) -> bool {
    let low = inline::folded(heading);
    [
        "what are cookies",
        "what is a cookie",
        "what's a cookie",
        "types of cookie",
        "was sind cookies",
        "qu'est-ce qu'un cookie",
        "que sont les cookies",
        "qu\u{e9} son las cookies",
        "qu\u{e9} es una cookie",
        "wat zijn cookies",
        "wat is een cookie",
        "definiciones",
        "definitions",
    ]
    .iter()
    .any(|phrase| low.contains(phrase))
}

/// The same claim once, its hardest form first.
fn unique(claims: &mut Vec<Claim>) {
    let mut kept: Vec<Claim> = Vec::new();
    for claim in claims.drain(..) {
        match kept.iter_mut().find(|known| known.kind == claim.kind) {
            Some(known) if known.hedged && !claim.hedged => *known = claim,
            Some(_) => {}
            None => kept.push(claim),
        }
    }
    *claims = kept;
}
