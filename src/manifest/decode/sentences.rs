//! Third parties, links and the `[claims]` table as written.

use super::items::{self, ClassNames, PageNames};
use super::values::{Address, FieldNames, PerField};
use crate::config::{Decode, Fields, Node, OneOrMore, Problems, Record, Shape, Spanned, Value, words};
use crate::manifest::fields::{party_fields, sentence_fields};
use crate::manifest::{
    Absence, Category, Glob, Inventory, NoIdentifiers, PartyList, Strength, ThirdPartyRule, Trigger,
    VisitorState,
};
use std::collections::BTreeMap;
use std::ops::Range;

macro_rules! parties {
    ({}
    $($field:ident: $written:ty => $meant:ty, $about:literal
        $(, checked $aspect:ident |$thing:tt, $value:ident| $says:expr)?;)+) => {
        /// `[[third_parties]]`
        #[derive(Clone, Debug)]
        pub(super) struct PartyEntry {
            pub(super) id: Option<String>,
            pub(super) provider: String,
            pub(super) domains: Vec<Spanned<Glob>>,
            $(pub(super) $field: Option<$written>,)+
            pub(super) strength: Option<PerField<PartyFields, Strength>>,
            pub(super) source: Option<PerField<PartyFields, String>>,
            pub(super) spans: BTreeMap<String, Range<usize>>,
            pub(super) span: Range<usize>,
        }

        impl Record for PartyEntry {
            const NAME: &'static str = "third-party";

            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let id = fields
                    .optional("id", "A short name of your own for claim ids; without it, the provider's.");
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
                    $($field: fields.optional(stringify!($field), $about),)+
                    strength: fields.optional("strength", items::STRENGTH),
                    source: fields.optional("source", items::SOURCE),
                    id,
                    provider: provider?,
                    domains: domains?.0,
                    spans: fields.spans(),
                    span: fields.span(),
                })
            }
        }

        /// Fields of a third party that may have a strength and a source of their own: those that
        /// state something checkable.
        #[derive(Debug)]
        pub(super) struct PartyFields;

        impl FieldNames for PartyFields {
            fn names() -> Vec<&'static str> {
                let checked = [$($((stringify!($field), stringify!($aspect)),)?)+];
                checked.into_iter().map(|(field, _)| field).collect()
            }
        }
    };
}
party_fields!(parties);

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

/// A sentence: what it says in short, or a table.
#[derive(Clone, Debug)]
pub(super) struct Sentence<T> {
    pub(super) value: T,
    pub(super) strength: Strength,
    pub(super) source: Option<String>,
    pub(super) span: Range<usize>,
}

/// What a sentence's table says, beside its strength and source.
pub(super) trait Says: Sized {
    /// What the table is called in the schema.
    const TABLE: &'static str;

    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// What can be said without a table, too.
pub(super) trait SaysInShort: Says {
    type Short: Decode;

    fn of_short(short: Self::Short) -> Self;
}

/// A sentence that is a table.
#[derive(Clone, Debug)]
pub(super) struct Long<T>(pub(super) Sentence<T>);

impl<T: Says> Record for Long<T> {
    const NAME: &'static str = T::TABLE;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let value = T::read(fields);
        let strength = fields.optional("strength", STRENGTH).unwrap_or_default();
        let source = fields.optional("source", SOURCE);
        Some(Long(Sentence { value: value?, strength, source, span: fields.span() }))
    }
}

impl<T: SaysInShort> Decode for Sentence<T> {
    fn shape() -> Shape {
        Shape::Either(vec![T::Short::shape(), Long::<T>::shape()])
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return Long::decode(node, problems).map(|long| long.0);
        }
        let value = T::of_short(T::Short::decode(node, problems)?);
        Some(Sentence { value, strength: Strength::default(), source: None, span: node.span.clone() })
    }
}

macro_rules! values {
    ($($type:ty: $table:literal;)+) => {$(
        impl Says for $type {
            const TABLE: &'static str = $table;

            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                fields.required("is", "What holds.")
            }
        }

        impl SaysInShort for $type {
            type Short = Self;

            fn of_short(value: Self) -> Self {
                value
            }
        }
    )+};
}

values! {
    bool: "yes-or-no";
    Inventory: "inventory";
    PartyList: "list-of-parties";
    ThirdPartyRule: "third-party-rule";
    OneOrMore<Category>: "list-of-categories";
    ClassNames: "list-of-pages";
}

/// What is absent, said with this word, and where: `"none"`, or
/// `{ is = "none", pages = ..., visitors = ... }`.
#[derive(Clone, Debug)]
pub(super) struct Absent<W> {
    pub(super) third_party_only: bool,
    pub(super) pages: Vec<Spanned<String>>,
    pub(super) visitors: Vec<VisitorState>,
    pub(super) word: W,
}

/// The one word an absence is said with.
pub(super) trait AbsenceWord: Decode + Copy {
    const TABLE: &'static str;
    type Meant;

    fn of(self, absence: Absence) -> Self::Meant;
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Nothing {
    None,
}

words!(Nothing {
    "none" => Nothing::None,
});

impl AbsenceWord for Nothing {
    const TABLE: &'static str = "absence";
    type Meant = Absence;

    fn of(self, absence: Absence) -> Absence {
        absence
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NothingIdentifying {
    NoIdentifiers,
}

words!(NothingIdentifying {
    "no-identifiers" => NothingIdentifying::NoIdentifiers,
} hints {
    "none" => "no-identifiers",
});

impl AbsenceWord for NothingIdentifying {
    const TABLE: &'static str = "absence-of-identifiers";
    type Meant = NoIdentifiers;

    fn of(self, absence: Absence) -> NoIdentifiers {
        NoIdentifiers(absence)
    }
}

impl<W: AbsenceWord> Says for Absent<W> {
    const TABLE: &'static str = W::TABLE;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let word = fields.required("is", "What holds.");
        let third_party_only =
            fields.optional("third_party_only", "Only third parties' are meant, by domain or by vendor.");
        let pages = fields.many("pages", "Classes of pages where it holds; without it, everywhere.");
        let visitors = fields.many("visitors", "Visitors for whom it holds; without it, all.");
        Some(Absent { word: word?, third_party_only: third_party_only.unwrap_or(false), pages, visitors })
    }
}

impl<W: AbsenceWord> SaysInShort for Absent<W> {
    type Short = W;

    fn of_short(word: W) -> Self {
        Absent { word, third_party_only: false, pages: Vec::new(), visitors: Vec::new() }
    }
}

/// An entry of `no_cookies`.
#[derive(Clone, Debug)]
pub(super) struct NoCookiesFor {
    pub(super) visitors: Vec<VisitorState>,
    pub(super) pages: Vec<Spanned<String>>,
    pub(super) except: Vec<Spanned<String>>,
}

impl Says for NoCookiesFor {
    const TABLE: &'static str = "no-cookies";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(NoCookiesFor {
            visitors: fields.many("visitors", "Visitors for whom it holds; without it, all."),
            pages: fields.many("pages", "Classes of pages where it holds; without it, everywhere."),
            except: fields.many("except", "Cookies that may be there nonetheless."),
        })
    }
}

/// The consent banner: `"none"`, or when it is shown.
#[derive(Clone, Debug)]
pub(super) struct Banner {
    pub(super) shown: bool,
    pub(super) repeated: Option<bool>,
    pub(super) back_after_clearing: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    FirstVisit,
}

words!(Moment {
    "first-visit" => Moment::FirstVisit,
});

impl Says for Banner {
    const TABLE: &'static str = "consent-banner";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let _: Option<Nothing> = fields.optional("is", "There is none.");
        let shown: Option<Moment> = fields.optional("shown", "When it is shown.");
        let repeated = fields.optional("repeated", "Whether it is shown again after an answer.");
        let back_after_clearing =
            fields.optional("back_after_clearing", "Whether it is back after the site's data was cleared.");
        if fields.has("is") == fields.has("shown") {
            fields.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} needs either `is` or `shown`"))
                    .fix("write \"none\", or { shown = \"first-visit\" }");
            });
        }
        Some(Banner { shown: shown.is_some(), repeated, back_after_clearing })
    }
}

impl SaysInShort for Banner {
    type Short = Nothing;

    fn of_short(_: Nothing) -> Self {
        Banner { shown: false, repeated: None, back_after_clearing: None }
    }
}

macro_rules! sentences {
    ({}
    $($field:ident: $written:ty => $meant:ty, $about:literal
        $(, checked $aspect:ident |$thing:tt, $value:ident| $says:expr)?;)+) => {
        /// `[claims]`
        #[derive(Clone, Debug, Default)]
        pub(super) struct Sentences {
            $(pub(super) $field: Option<$written>,)+
            pub(super) spans: BTreeMap<String, Range<usize>>,
            pub(super) span: Range<usize>,
        }

        impl Record for Sentences {
            const NAME: &'static str = "claims";

            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                Some(Sentences {
                    $($field: fields.optional(stringify!($field), $about),)+
                    spans: fields.spans(),
                    span: fields.span(),
                })
            }
        }
    };
}
sentence_fields!(sentences);
