//! Cookies and storage items as written: `[[cookies]]`, `[[storage]]`, `[defaults.GROUP]`.

use super::values::{FieldNames, LifetimeFor, PerField};
use crate::config::{Fields, OneOrMore, Record, Spanned};
use crate::cookie::SameSite;
use crate::manifest::{
    Category, DeclaredParty, DomainRule, Glob, LifetimeRule, NamePattern, PathRule, SecureRule, Strength,
    Trigger, ValueRule, VisitorState,
};
use crate::observation::StorageKind;
use std::collections::BTreeMap;
use std::ops::Range;

/// Declares what can be said of an item: once for the struct, the reading and the inheriting.
macro_rules! attributes {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $about:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(super) struct $name {
            $(pub(super) $field: Option<$type>,)+
        }

        impl $name {
            fn read(fields: &mut Fields<'_>) -> Self {
                $name { $($field: fields.optional(stringify!($field), $about),)+ }
            }

            /// What is not stated is as the group says.
            fn inherit(&mut self, group: &Self) {
                $(if self.$field.is_none() {
                    self.$field = group.$field.clone();
                })+
            }
        }
    };
}

/// Names that refer to something: page classes, items, journeys.
pub(super) type References = OneOrMore<Spanned<String>>;

attributes! {
    /// What can be said of cookies and storage items alike.
    Common {
        category: Category = "What kind of privacy practice it belongs to.",
        category_as_written: String = "The policy's own word for the category.",
        purpose: String = "What it is for.",
        provider: String = "Who sets it.",
        hosts: OneOrMore<Glob> = "Hosts it may be set for; without it, any.",
        lifetime: LifetimeRule = "How long it may live.",
        lifetime_for: LifetimeFor = "How long it may live for some visitors, where that differs.",
        rolling: bool = "Its lifetime is counted anew on activity.",
        party: DeclaredParty = "Whose it is.",
        set_on: References = "Classes of the pages being visited when it is set; not its Path.",
        set_by: References = "Classes of the URLs whose own responses may set it.",
        visitors: OneOrMore<VisitorState> = "Who may get it.",
        trigger: Trigger = "What it waits for.",
        required_for: References = "Classes of pages that are refused without it.",
        only_with: References = "Other cookies without which it never appears.",
        refreshes: Spanned<String> = "The cookie that a refresh with this one issues anew.",
        updated_by: OneOrMore<String> = "Journeys of the plan that must write it anew.",
        value: ValueRule = "What its value is.",
        script_readable: bool = "Whether scripts can read it, or a copy of its value.",
        mirrored_in: OneOrMore<StorageKind> = "Where else the same is kept.",
        cleared_on_logout: bool = "Whether a logout takes it away.",
        expected: bool = "Whether it must be seen where its visitors were; without it, that it is not seen is a warning.",
        strength: PerField<ItemFields, Strength> = "Whether breaking the statement is an error or a warning; also by field.",
        source: PerField<ItemFields, String> = "The policy's own sentence; also by field.",
    }
}

attributes! {
    /// What can be said of cookies only.
    OfCookies {
        http_only: bool = "Whether it has HttpOnly.",
        secure: SecureRule = "When it has Secure.",
        same_site: SameSite = "Its SameSite word, which must be written.",
        path: PathRule = "Its Path.",
        domain: DomainRule = "`host-only`, or its Domain.",
        partitioned: bool = "Whether it has Partitioned.",
        sent_only_to: References = "Classes of URLs that it may be sent to.",
        sent_cross_site: bool = "Whether it goes along with cross-site requests other than top-level navigations.",
    }
}

/// Fields of an item that may have a strength and a source of their own: `Common` and `OfCookies`
/// without those that state nothing checkable, and `name`.
#[derive(Debug)]
pub(super) struct ItemFields;

impl FieldNames for ItemFields {
    const NAMES: &'static [&'static str] = &[
        "name",
        "category",
        "lifetime",
        "lifetime_for",
        "rolling",
        "party",
        "set_on",
        "set_by",
        "visitors",
        "trigger",
        "required_for",
        "only_with",
        "refreshes",
        "updated_by",
        "value",
        "script_readable",
        "mirrored_in",
        "cleared_on_logout",
        "http_only",
        "secure",
        "same_site",
        "path",
        "domain",
        "partitioned",
        "sent_only_to",
        "sent_cross_site",
    ];
}

/// Everything that can be said of an item, and where it is said.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) common: Common,
    pub(super) cookie: OfCookies,
    /// Key and value of each stated field.
    pub(super) spans: BTreeMap<String, Range<usize>>,
}

impl Attributes {
    /// The stated fields that only cookies have.
    pub(super) fn of_cookies(&self) -> Vec<&'static str> {
        let cookie = &self.cookie;
        let stated = [
            ("http_only", cookie.http_only.is_some()),
            ("secure", cookie.secure.is_some()),
            ("same_site", cookie.same_site.is_some()),
            ("path", cookie.path.is_some()),
            ("domain", cookie.domain.is_some()),
            ("partitioned", cookie.partitioned.is_some()),
            ("sent_only_to", cookie.sent_only_to.is_some()),
            ("sent_cross_site", cookie.sent_cross_site.is_some()),
        ];
        stated.into_iter().filter(|(_, is_stated)| *is_stated).map(|(field, _)| field).collect()
    }

    /// What is not stated is as the group says, as far as it can be said of such an item.
    pub(super) fn inherit(&mut self, group: &Self, kind: StorageKind) {
        self.common.inherit(&group.common);
        if kind == StorageKind::Cookie {
            self.cookie.inherit(&group.cookie);
        }
        for (field, span) in &group.spans {
            self.spans.entry(field.clone()).or_insert_with(|| span.clone());
        }
    }
}

/// `[defaults.GROUP]`
#[derive(Clone, Debug)]
pub(super) struct Group(pub(super) Attributes);

impl Record for Group {
    const NAME: &'static str = "group";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (common, cookie) = (Common::read(fields), OfCookies::read(fields));
        Some(Group(Attributes { common, cookie, spans: fields.spans() }))
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
        let (common, cookie) = (Common::read(fields), OfCookies::read(fields));
        Some(CookieEntry(Entry {
            id,
            names: names?.0,
            https_names,
            kind: kind.unwrap_or(StorageKind::Cookie),
            group,
            attributes: Attributes { common, cookie, spans: fields.spans() },
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
        let common = Common::read(fields);
        Some(StorageEntry(Entry {
            id,
            names: names?.0,
            https_names: Vec::new(),
            kind: kind?,
            group,
            attributes: Attributes { common, cookie: OfCookies::default(), spans: fields.spans() },
            span: fields.span(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Decode, Shape};

    #[test]
    fn fields_with_a_strength_of_their_own_are_fields() {
        let Shape::Record(cookie) = CookieEntry::shape() else { panic!("no record") };
        for name in ItemFields::NAMES {
            assert!(cookie.fields.iter().any(|field| field.key == *name), "{name}");
        }
    }
}
