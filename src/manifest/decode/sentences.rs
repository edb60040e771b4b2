//! Third parties, links and the `[claims]` table as written.

use super::values::{Address, FieldNames, PerField};
use crate::config::{Decode, Fields, Node, OneOrMore, Problems, Record, Shape, Spanned, Value, words};
use crate::manifest::{
    Category, Glob, Inventory, PartyList, Strength, ThirdPartyRule, Trigger, VisitorState,
};
use std::collections::BTreeMap;
use std::ops::Range;

/// `[[third_parties]]`
#[derive(Clone, Debug)]
pub(super) struct PartyEntry {
    pub(super) id: Option<String>,
    pub(super) provider: String,
    pub(super) domains: Vec<Spanned<Glob>>,
    pub(super) category: Option<Category>,
    pub(super) allowed_on: Vec<Spanned<String>>,
    pub(super) after: Option<Trigger>,
    pub(super) sets_cookies: Option<bool>,
    pub(super) sets_storage: Option<bool>,
    pub(super) identifiers: Option<bool>,
    pub(super) personal_data: Option<bool>,
    pub(super) embedded: Option<bool>,
    pub(super) confined: Option<bool>,
    pub(super) only_provider_of: Option<String>,
    pub(super) needs_consent: Option<bool>,
    pub(super) strength: Option<PerField<PartyFields, Strength>>,
    pub(super) source: Option<PerField<PartyFields, String>>,
    pub(super) spans: BTreeMap<String, Range<usize>>,
    pub(super) span: Range<usize>,
}

/// Fields of a third party that may have a strength and a source of their own.
#[derive(Debug)]
pub(super) struct PartyFields;

impl FieldNames for PartyFields {
    fn names() -> Vec<&'static str> {
        vec![
            "allowed_on",
            "after",
            "sets_cookies",
            "sets_storage",
            "identifiers",
            "personal_data",
            "embedded",
            "confined",
            "only_provider_of",
            "needs_consent",
        ]
    }
}

impl Record for PartyEntry {
    const NAME: &'static str = "third-party";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", "A short name of your own for claim ids; without it, the provider's.");
        let provider = fields.required("provider", "Who it is.");
        let domains = fields.required::<OneOrMore<Spanned<Glob>>>("domains", "The provider's hosts.");
        if domains.as_ref().is_some_and(|domains| domains.0.is_empty()) {
            fields.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} has no domains"))
                    .fix("name the provider's hosts");
            });
        }
        Some(PartyEntry {
            category: fields.optional("category", "What kind of privacy practice it belongs to."),
            allowed_on: fields.many("allowed_on", "Classes of pages where it may appear; without it, any."),
            after: fields.optional("after", "What it waits for."),
            sets_cookies: fields.optional("sets_cookies", "Whether it sets cookies."),
            sets_storage: fields.optional("sets_storage", "Whether it uses the browser's storage."),
            identifiers: fields
                .optional("identifiers", "Whether its requests carry what tells visitors apart."),
            personal_data: fields.optional("personal_data", "Whether its requests carry personal data."),
            embedded: fields
                .optional("embedded", "Embedded in own pages, or (false) only reached by a redirect."),
            confined: fields.optional("confined", "Its cookies stay on its own domains."),
            only_provider_of: fields
                .optional("only_provider_of", "The role that nobody else has: payment, analytics."),
            needs_consent: fields.optional("needs_consent", "Whether it waits for consent."),
            strength: fields.optional(
                "strength",
                "Whether breaking the statement is an error or a warning; also by field.",
            ),
            source: fields.optional("source", "The policy's own sentence; also by field."),
            id,
            provider: provider?,
            domains: domains?.0,
            spans: fields.spans(),
            span: fields.span(),
        })
    }
}

/// `[[links]]`
#[derive(Clone, Debug)]
pub(super) struct LinkEntry {
    pub(super) id: Option<String>,
    pub(super) url: String,
    pub(super) on_policy_page: bool,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

impl Record for LinkEntry {
    const NAME: &'static str = "link";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id =
            fields.optional("id", "A short name of your own for claim ids; without it, made from the URL.");
        let url = fields.required::<Address>(
            "url",
            "A page that must answer, also an element of it: /privacy#analytics.",
        );
        let on_policy_page = fields.optional("on_policy_page", "The policy page must link to it.");
        let strength = fields.optional("strength", STRENGTH);
        let source = fields.optional("source", SOURCE);
        Some(LinkEntry {
            id,
            url: url?.0,
            on_policy_page: on_policy_page.unwrap_or(false),
            strength: strength.unwrap_or_default(),
            source,
            span: fields.span(),
        })
    }
}

const STRENGTH: &str = "Whether breaking the statement is an error or a warning.";
const SOURCE: &str = "The policy's own sentence.";

/// A sentence: its value alone, or `{ is = ..., strength = ..., source = ... }`.
#[derive(Clone, Debug)]
pub(super) struct Sentence<T> {
    pub(super) value: T,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

/// The value of a sentence, and what its long form is called in the schema.
pub(super) trait SentenceValue: Decode {
    const LONG: &'static str;
}

struct LongSentence<T>(T, Strength, Option<String>);

impl<T: SentenceValue> Record for LongSentence<T> {
    const NAME: &'static str = T::LONG;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is = fields.required("is", "What holds.");
        let strength = fields.optional("strength", STRENGTH);
        let source = fields.optional("source", SOURCE);
        Some(LongSentence(is?, strength.unwrap_or_default(), source))
    }
}

impl<T: SentenceValue> Decode for Sentence<T> {
    fn shape() -> Shape {
        Shape::Either(vec![T::shape(), LongSentence::<T>::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let span = node.span.clone();
        if let Value::Table(_) = node.value {
            let LongSentence(value, strength, source) = LongSentence::decode(node, problems)?;
            return Some(Sentence { value, strength, source, span });
        }
        Some(Sentence {
            value: T::decode(node, problems)?,
            strength: Strength::default(),
            source: None,
            span,
        })
    }
}

impl SentenceValue for bool {
    const LONG: &'static str = "yes-or-no";
}

impl SentenceValue for Inventory {
    const LONG: &'static str = "inventory";
}

impl SentenceValue for PartyList {
    const LONG: &'static str = "list-of-parties";
}

impl SentenceValue for ThirdPartyRule {
    const LONG: &'static str = "third-party-rule";
}

impl SentenceValue for OneOrMore<Category> {
    const LONG: &'static str = "list-of-categories";
}

impl SentenceValue for OneOrMore<Spanned<String>> {
    const LONG: &'static str = "list-of-pages";
}

/// What is absent, and where: `"none"`, or `{ is = "none", pages = ..., visitors = ... }`.
#[derive(Clone, Debug)]
pub(super) struct AbsenceSentence {
    pub(super) third_party_only: bool,
    pub(super) pages: Vec<Spanned<String>>,
    pub(super) visitors: Vec<VisitorState>,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

/// The one word an absence is said with.
pub(super) trait AbsenceWord: Decode {
    const LONG: &'static str;
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Nothing {
    None,
}

words!(Nothing {
    "none" => Nothing::None,
});

impl AbsenceWord for Nothing {
    const LONG: &'static str = "absence";
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NoIdentifiers {
    NoIdentifiers,
}

words!(NoIdentifiers {
    "no-identifiers" => NoIdentifiers::NoIdentifiers,
} hints {
    "none" => "no-identifiers",
});

impl AbsenceWord for NoIdentifiers {
    const LONG: &'static str = "absence-of-identifiers";
}

/// An absence said with this word.
#[derive(Clone, Debug)]
pub(super) struct Absent<W> {
    pub(super) sentence: AbsenceSentence,
    word: std::marker::PhantomData<W>,
}

struct LongAbsence<W>(AbsenceSentence, std::marker::PhantomData<W>);

impl<W: AbsenceWord> Record for LongAbsence<W> {
    const NAME: &'static str = W::LONG;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is = fields.required::<W>("is", "What holds.");
        let sentence = AbsenceSentence {
            third_party_only: fields
                .optional("third_party_only", "Only third parties' are meant, by domain or by vendor.")
                .unwrap_or(false),
            pages: fields.many("pages", "Classes of pages where it holds; without it, everywhere."),
            visitors: fields.many("visitors", "Visitors for whom it holds; without it, all."),
            strength: fields.optional("strength", STRENGTH).unwrap_or_default(),
            source: fields.optional("source", SOURCE),
            span: fields.span(),
        };
        is.map(|_| LongAbsence(sentence, std::marker::PhantomData))
    }
}

impl<W: AbsenceWord> Decode for Absent<W> {
    fn shape() -> Shape {
        Shape::Either(vec![W::shape(), LongAbsence::<W>::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let sentence = match node.value {
            Value::Table(_) => LongAbsence::<W>::decode(node, problems)?.0,
            _ => {
                W::decode(node, problems)?;
                AbsenceSentence {
                    third_party_only: false,
                    pages: Vec::new(),
                    visitors: Vec::new(),
                    strength: Strength::default(),
                    source: None,
                    span: node.span.clone(),
                }
            }
        };
        Some(Absent { sentence, word: std::marker::PhantomData })
    }
}

/// An entry of `no_cookies`.
#[derive(Clone, Debug)]
pub(super) struct NoCookiesEntry {
    pub(super) visitors: Vec<VisitorState>,
    pub(super) pages: Vec<Spanned<String>>,
    pub(super) except: Vec<Spanned<String>>,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

impl Record for NoCookiesEntry {
    const NAME: &'static str = "no-cookies";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(NoCookiesEntry {
            visitors: fields.many("visitors", "Visitors for whom it holds; without it, all."),
            pages: fields.many("pages", "Classes of pages where it holds; without it, everywhere."),
            except: fields.many("except", "Cookies that may be there nonetheless."),
            strength: fields.optional("strength", STRENGTH).unwrap_or_default(),
            source: fields.optional("source", SOURCE),
            span: fields.span(),
        })
    }
}

/// The consent banner: `"none"`, or when it is shown.
#[derive(Clone, Debug)]
pub(super) struct BannerSentence {
    pub(super) shown: bool,
    pub(super) repeated: Option<bool>,
    pub(super) back_after_clearing: Option<bool>,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    FirstVisit,
}

words!(Moment {
    "first-visit" => Moment::FirstVisit,
});

impl Record for BannerSentence {
    const NAME: &'static str = "consent-banner";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is = fields.optional::<Nothing>("is", "There is none.");
        let shown = fields.optional::<Moment>("shown", "When it is shown.");
        let repeated = fields.optional("repeated", "Whether it is shown again after an answer.");
        let back =
            fields.optional("back_after_clearing", "Whether it is back after the site's data was cleared.");
        let strength = fields.optional("strength", STRENGTH);
        let source = fields.optional("source", SOURCE);
        if fields.has("is") == fields.has("shown") {
            fields.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} needs either `is` or `shown`"))
                    .fix("write \"none\", or { shown = \"first-visit\" }");
            });
        }
        let _ = is;
        Some(BannerSentence {
            shown: shown.is_some(),
            repeated,
            back_after_clearing: back,
            strength: strength.unwrap_or_default(),
            source,
            span: fields.span(),
        })
    }
}

/// [`BannerSentence`], also in its short form.
#[derive(Clone, Debug)]
pub(super) struct Banner(pub(super) BannerSentence);

impl Decode for Banner {
    fn shape() -> Shape {
        Shape::Either(vec![Nothing::shape(), BannerSentence::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return BannerSentence::decode(node, problems).map(Banner);
        }
        Nothing::decode(node, problems).map(|Nothing::None| {
            Banner(BannerSentence {
                shown: false,
                repeated: None,
                back_after_clearing: None,
                strength: Strength::default(),
                source: None,
                span: node.span.clone(),
            })
        })
    }
}

/// `[claims]`
#[derive(Clone, Debug, Default)]
pub(super) struct Sentences {
    pub(super) inventory: Option<Sentence<Inventory>>,
    pub(super) categories: Option<Sentence<OneOrMore<Category>>>,
    pub(super) advertising: Option<Absent<Nothing>>,
    pub(super) tracking: Option<Absent<Nothing>>,
    pub(super) analytics_cookies: Option<Absent<Nothing>>,
    pub(super) third_party_cookies: Option<Sentence<ThirdPartyRule>>,
    pub(super) third_party_embeds: Option<Absent<Nothing>>,
    pub(super) third_parties: Option<Sentence<PartyList>>,
    pub(super) cookie_setting_scripts: Option<Absent<Nothing>>,
    pub(super) cross_site_tracking: Option<Absent<Nothing>>,
    pub(super) undeclared_storage: Option<Absent<NoIdentifiers>>,
    pub(super) plain_http_cookies: Option<Absent<Nothing>>,
    pub(super) no_cookies: Vec<NoCookiesEntry>,
    pub(super) consent_banner: Option<Banner>,
    pub(super) consent_before: Option<Sentence<OneOrMore<Category>>>,
    pub(super) consent_renewed_on_change: Option<Sentence<bool>>,
    pub(super) covers_linking_hosts: Option<Sentence<bool>>,
    pub(super) last_updated_shown: Option<Sentence<bool>>,
    pub(super) policy_reachable: Option<Sentence<bool>>,
    pub(super) policy_names_cookies: Option<Sentence<bool>>,
    pub(super) policy_agrees: Option<Sentence<bool>>,
    pub(super) policy_links: Option<Sentence<bool>>,
    pub(super) date_follows_inventory: Option<Sentence<bool>>,
    pub(super) necessary_required_for: Option<Sentence<OneOrMore<Spanned<String>>>>,
    pub(super) login_without_consent: Option<Sentence<bool>>,
    pub(super) honours_gpc: Option<Sentence<bool>>,
    pub(super) spans: BTreeMap<String, Range<usize>>,
    pub(super) span: Range<usize>,
}

impl Record for Sentences {
    const NAME: &'static str = "claims";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Sentences {
            inventory: fields.optional("inventory", "How complete the list of cookies is."),
            categories: fields.optional("categories", "The only categories that occur."),
            advertising: fields.optional("advertising", "No advertising cookies."),
            tracking: fields.optional("tracking", "No tracking cookies."),
            analytics_cookies: fields.optional("analytics_cookies", "No analytics cookies."),
            third_party_cookies: fields
                .optional("third_party_cookies", "No third-party cookies, or declared ones only."),
            third_party_embeds: fields.optional("third_party_embeds", "No third-party frames and scripts."),
            third_parties: fields
                .optional("third_parties", "Every third party that pages ask for something is declared."),
            cookie_setting_scripts: fields.optional(
                "cookie_setting_scripts",
                "No third-party scripts that set cookies, in either party's name.",
            ),
            cross_site_tracking: fields.optional("cross_site_tracking", "No tracking across sites."),
            undeclared_storage: fields.optional(
                "undeclared_storage",
                "No identifiers in browser storage beyond the declared items.",
            ),
            plain_http_cookies: fields.optional(
                "plain_http_cookies",
                "No cookies set or sent over plain http where the site has https.",
            ),
            no_cookies: fields.many("no_cookies", "No cookies at all for some visitors on some pages."),
            consent_banner: fields.optional("consent_banner", "Whether and when a consent banner is shown."),
            consent_before: fields.optional("consent_before", "Categories that wait for consent."),
            consent_renewed_on_change: fields.optional(
                "consent_renewed_on_change",
                "Consent is asked for anew when a category that needs it is added.",
            ),
            covers_linking_hosts: fields
                .optional("covers_linking_hosts", "The policy covers every host whose pages link to it."),
            last_updated_shown: fields
                .optional("last_updated_shown", "The policy page shows when it was last changed."),
            policy_reachable: fields.optional("policy_reachable", "The policy page answers."),
            policy_names_cookies: fields
                .optional("policy_names_cookies", "The policy page names every cookie that is seen."),
            policy_agrees: fields.optional(
                "policy_agrees",
                "The published policy declares the same; unstated: yes, as a warning, where `policy_url` is.",
            ),
            policy_links: fields.optional(
                "policy_links",
                "The policy page's links to pages of the site lead somewhere; unstated: likewise.",
            ),
            date_follows_inventory: fields
                .optional("date_follows_inventory", "A change of the cookies moves the policy's date."),
            necessary_required_for: fields.optional(
                "necessary_required_for",
                "Classes of pages refused without the strictly necessary cookies.",
            ),
            login_without_consent: fields
                .optional("login_without_consent", "Logging in works without an answer to a consent banner."),
            honours_gpc: fields.optional(
                "honours_gpc",
                "With Global Privacy Control only strictly necessary cookies are set.",
            ),
            spans: fields.spans(),
            span: fields.span(),
        })
    }
}
