//! Cookies and storage items as written: `[[cookies]]`, `[[storage]]`, `[defaults.GROUP]`.

use super::values::{FieldNames, LifetimeFor, PerField};
use crate::config::{Decode, Fields, Node, OneOrMore, Problems, Record, Shape, Spanned};
use crate::cookie::SameSite;
use crate::manifest::fields::item_fields;
use crate::manifest::{
    Category, DeclaredParty, DomainRule, Glob, LifetimeRule, NamePattern, PathRule, SecureRule, Strength,
    Trigger, ValueRule, VisitorState,
};
use crate::observation::StorageKind;
use std::collections::BTreeMap;
use std::ops::Range;

/// Names that refer to something: page classes, items.
type References = OneOrMore<Spanned<String>>;

/// References of a kind, which is all that a field has to say to have them followed.
macro_rules! references {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) $inner);

        impl Decode for $name {
            fn shape() -> Shape {
                <$inner>::shape()
            }

            fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
                <$inner>::decode(node, problems).map($name)
            }
        }
    )+};
}

references! {
    /// Classes of pages that somebody looks at.
    PageNames(References);
    /// Classes of pages or requests.
    ClassNames(References);
    /// Other items.
    ItemNames(References);
    /// Another item.
    ItemName(Spanned<String>);
}

/// What has a field.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Of {
    All,
    Cookies,
}

macro_rules! of {
    (all) => {
        Of::All
    };
    (cookies) => {
        Of::Cookies
    };
}

macro_rules! attributes {
    ({}
    $($field:ident: $written:ty => $meant:ty, $of:ident, $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {
        /// Everything that can be said of an item, and where it is said.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Attributes {
            $(pub(super) $field: Option<$written>,)+
            pub(super) strength: Option<PerField<ItemFields, Strength>>,
            pub(super) source: Option<PerField<ItemFields, String>>,
            /// Key and value of each stated field.
            pub(super) spans: BTreeMap<String, Range<usize>>,
        }

        impl Attributes {
            /// What all items have, and what only cookies have, where it may be one.
            fn read(fields: &mut Fields<'_>, of: Of) -> Self {
                let mut read = Attributes::default();
                read.read_those(fields, Of::All);
                read.strength = fields.optional("strength", STRENGTH);
                read.source = fields.optional("source", SOURCE);
                if of == Of::Cookies {
                    read.read_those(fields, Of::Cookies);
                }
                read.spans = fields.spans();
                read
            }

            fn read_those(&mut self, fields: &mut Fields<'_>, of: Of) {
                $(if of == of!($of) {
                    self.$field = fields.optional(stringify!($field), $about);
                })+
            }

            /// The stated fields that only cookies have.
            pub(super) fn of_cookies(&self) -> Vec<&'static str> {
                let mut stated = Vec::new();
                $(if of!($of) == Of::Cookies && self.$field.is_some() {
                    stated.push(stringify!($field));
                })+
                stated
            }

            /// What is not stated is as the group says, as far as it can be said of such an item.
            pub(super) fn inherit(&mut self, group: &Self, kind: StorageKind) {
                $(if self.$field.is_none() && (of!($of) == Of::All || kind == StorageKind::Cookie) {
                    self.$field = group.$field.clone();
                })+
                self.strength = self.strength.take().or_else(|| group.strength.clone());
                self.source = self.source.take().or_else(|| group.source.clone());
                for (field, span) in &group.spans {
                    self.spans.entry(field.clone()).or_insert_with(|| span.clone());
                }
            }
        }

        /// The fields that state something checkable: who has them, and which aspect it is.
        const CHECKED: &[(&str, Of, &str)] =
            &[$($((stringify!($field), of!($of), stringify!($aspect)),)?)+];
    };
}
item_fields!(attributes);

pub(super) const STRENGTH: &str = "Whether breaking the statement is an error or a warning; also by field.";
pub(super) const SOURCE: &str = "The policy's own sentence; also by field.";

/// Fields of an item that may have a strength and a source of their own: those that state something
/// checkable, and `name`.
#[derive(Debug)]
pub(super) struct ItemFields;

impl FieldNames for ItemFields {
    fn names() -> Vec<&'static str> {
        let those = |wanted: Of| CHECKED.iter().filter(move |(_, of, _)| *of == wanted).map(|(key, ..)| *key);
        std::iter::once("name").chain(those(Of::All)).chain(those(Of::Cookies)).collect()
    }
}

/// `[defaults.GROUP]`
#[derive(Clone, Debug)]
pub(super) struct Group(pub(super) Attributes);

impl Record for Group {
    const NAME: &'static str = "group";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Group(Attributes::read(fields, Of::Cookies)))
    }
}

/// An entry of `[[cookies]]` or `[[storage]]`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: Option<String>,
    pub(super) names: Vec<NamePattern>,
    pub(super) https_names: Vec<NamePattern>,
    pub(super) kind: StorageKind,
    pub(super) group: Option<Spanned<String>>,
    pub(super) attributes: Attributes,
    pub(super) span: Range<usize>,
}

impl Entry {
    /// Where a field is said, or else the whole entry.
    pub(super) fn span_of(&self, field: &str) -> &Range<usize> {
        self.attributes.spans.get(field).unwrap_or(&self.span)
    }
}

const ID: &str = "A short name of your own for claim ids and references; without it, the first name.";
const GROUP: &str = "A group of [defaults], whose attributes it has where it states none.";

/// `[[cookies]]`
#[derive(Clone, Debug)]
pub(super) struct CookieEntry(pub(super) Entry);

impl Record for CookieEntry {
    const NAME: &'static str = "cookie";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", ID);
        let names = fields.required::<OneOrMore<NamePattern>>(
            "name",
            "Its name; a list where it has several; `*` stands for anything, and { regex = \"...\" } for more.",
        );
        let https_names = fields.many("https_name", "Its name on https, where that is another.");
        let kind = fields.optional("kind", "Where it lives; a cookie, where nothing is said.");
        let group = fields.optional("group", GROUP);
        let attributes = Attributes::read(fields, Of::Cookies);
        Some(CookieEntry(Entry {
            id,
            names: names?.0,
            https_names,
            kind: kind.unwrap_or(StorageKind::Cookie),
            group,
            attributes,
            span: fields.span(),
        }))
    }
}

/// `[[storage]]`
#[derive(Clone, Debug)]
pub(super) struct StorageEntry(pub(super) Entry);

impl Record for StorageEntry {
    const NAME: &'static str = "storage-item";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", ID);
        let names = fields.required::<OneOrMore<NamePattern>>("name", "Its key or name, as of a cookie.");
        let kind = fields.required("kind", "Where it lives.");
        let group = fields.optional("group", GROUP);
        let attributes = Attributes::read(fields, Of::All);
        Some(StorageEntry(Entry {
            id,
            names: names?.0,
            https_names: Vec::new(),
            kind: kind?,
            group,
            attributes,
            span: fields.span(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_a_strength_of_their_own_are_fields() {
        let Shape::Record(cookie) = CookieEntry::shape() else { panic!("no record") };
        for name in ItemFields::names() {
            assert!(cookie.fields.iter().any(|field| field.key == name), "{name}");
        }
    }

    #[test]
    fn the_aspect_of_a_field_is_called_as_its_key() {
        for (key, _, aspect) in CHECKED {
            assert_eq!(key.replace('_', ""), aspect.to_lowercase());
        }
        assert!(CHECKED.len() > 20);
    }
}
