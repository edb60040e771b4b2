//! What can be said of a cookie or storage item: each field once. A row is the field's key, the type it is written as,
//! the type it is meant as, what has it, and a sentence about it for the schema; where it states something that can be
//! checked, the claim's aspect and its sentence, which gets the thing's name and the value.
//!
//! Everything else is made from the rows: the struct ([`Item`](super::Item)), reading and the groups' defaults
//! (`decode/items`), the meaning (`decode/meaning`), the keys that may have a strength and a source of their own, the
//! claims, and the text of a manifest (`write`), in this order. A macro rather than a list of values, since each row
//! has types of its own; types and functions are those that are known where it is used.

/// Gives the rows to a macro.
macro_rules! item_fields {
    ($then:ident) => {
        $then! {
            purpose: String => Option<String>, all, "What it is for.";
            category: Category => Option<Category>, all,
                "What kind of privacy practice it belongs to.",
                checked Category |thing, category| format!("{thing} is {category}");
            category_as_written: String => Option<String>, all, "The policy's own word for the category.";
            provider: String => Option<String>, all, "Who sets it.";
            hosts: OneOrMore<Glob> => Vec<Glob>, all, "Hosts it may be set for; without it, any.";
            lifetime: LifetimeRule => Option<LifetimeRule>, all, "How long it may live.",
                checked Lifetime |thing, rule| format!("{thing} lives {rule}");
            lifetime_for: LifetimeFor => BTreeMap<VisitorState, LifetimeRule>, all,
                "How long it may live for some visitors, where that differs.",
                // One claim for each of them.
                checked LifetimeFor(_);
            rolling: bool => Option<bool>, all, "Its lifetime is counted anew on activity.",
                checked Rolling |thing, yes|
                    yes_no(thing, *yes, "is renewed on activity", "is not renewed on activity");
            http_only: bool => Option<bool>, cookies, "Whether it has HttpOnly.",
                checked HttpOnly |thing, yes| yes_no(thing, *yes, "is HttpOnly", "is not HttpOnly");
            secure: SecureRule => Option<SecureRule>, cookies, "When it has Secure.",
                checked Secure |thing, rule| match rule {
                    SecureRule::Always => format!("{thing} is always Secure"),
                    SecureRule::OnHttps => format!("{thing} is Secure where it is set over https"),
                    SecureRule::Never => format!("{thing} is never Secure"),
                };
            same_site: SameSite => Option<SameSite>, cookies, "Its SameSite word, which must be written.",
                checked SameSite |thing, word| match word {
                    SameSite::Strict => format!("{thing} says SameSite=Strict"),
                    SameSite::Lax => format!("{thing} says SameSite=Lax"),
                    SameSite::None => format!("{thing} says SameSite=None"),
                };
            path: PathRule => Option<PathRule>, cookies, "Its Path.",
                checked Path |thing, path| match path {
                    PathRule::Exact(path) => format!("{thing} has the path {path}"),
                    PathRule::Within(path) => format!("{thing} has the path {path} or a narrower one"),
                };
            domain: DomainRule => Option<DomainRule>, cookies, "`host-only`, or its Domain.",
                checked Domain |thing, domain| match domain {
                    DomainRule::HostOnly => format!("{thing} goes back to the host that set it only"),
                    DomainRule::Domain(domain) => format!("{thing} is for {domain} and below"),
                };
            party: DeclaredParty => Option<DeclaredParty>, all, "Whose it is.",
                checked Party |thing, party| match party {
                    DeclaredParty::First => format!("{thing} is first-party"),
                    DeclaredParty::Third => format!("{thing} is third-party"),
                };
            partitioned: bool => Option<bool>, cookies, "Whether it has Partitioned.",
                checked Partitioned |thing, yes| yes_no(thing, *yes, "is Partitioned", "is not Partitioned");
            set_on: PageNames => Vec<String>, all,
                "Classes of the pages being visited when it is set; not its Path.",
                checked SetOn |thing, pages| format!("{thing} is set on these pages only: {}", list(pages));
            set_by: ClassNames => Vec<String>, all, "Classes of the URLs whose own responses may set it.",
                checked SetBy |thing, urls|
                    format!("{thing} is set by these responses only: {}", list(urls));
            sent_only_to: ClassNames => Vec<String>, cookies, "Classes of URLs that it may be sent to.",
                checked SentOnlyTo |thing, urls|
                    format!("{thing} is sent to these URLs only: {}", list(urls));
            sent_cross_site: bool => Option<bool>, cookies,
                "Whether it goes along with cross-site requests other than top-level navigations.",
                // That it may be sent is nothing that a site could break.
                checked SentCrossSite |thing, yes| (!yes).then(|| format!("{thing} is not sent cross-site"));
            visitors: OneOrMore<VisitorState> => Vec<VisitorState>, all, "Who may get it.",
                checked Visitors |thing, states|
                    format!("Only these visitors get {thing}: {}", list(states));
            trigger: Trigger => Option<Trigger>, all, "What it waits for.",
                checked Trigger |thing, trigger| format!("{thing} is set only after {}", after(trigger));
            required_for: ClassNames => Vec<String>, all, "Classes of pages that are refused without it.",
                checked RequiredFor |thing, pages| format!("{thing} is required for: {}", list(pages));
            only_with: ItemNames => Vec<String>, all, "Other cookies without which it never appears.",
                checked OnlyWith |thing, others|
                    format!("{thing} appears only together with {}", list(others));
            refreshes: ItemName => Option<String>, all,
                "The cookie that a refresh with this one issues anew.",
                checked Refreshes |thing, other| format!("A refresh with {thing} issues `{other}` anew");
            updated_by: OneOrMore<String> => Vec<String>, all,
                "Journeys of the plan that must write it anew.",
                checked UpdatedBy |thing, journeys|
                    format!("{thing} is written anew by: {}", list(journeys));
            value: ValueRule => Option<ValueRule>, all, "What its value is.",
                checked Value |thing, value| match value {
                    ValueRule::LanguageTag => format!("{thing} holds a language"),
                    ValueRule::RequestedUrl => format!("{thing} holds the URL that was asked for"),
                    ValueRule::Flag => format!("{thing} holds a yes or no"),
                    ValueRule::Number => format!("{thing} holds a number"),
                    ValueRule::Uuid => format!("{thing} holds a UUID"),
                    ValueRule::Jwt => format!("{thing} holds a JSON Web Token"),
                    ValueRule::NotIdentifying => format!("{thing} holds nothing that identifies a visitor"),
                };
            script_readable: bool => Option<bool>, all,
                "Whether scripts can read it, or a copy of its value.",
                checked ScriptReadable |thing, yes| yes_no(
                    thing,
                    *yes,
                    "can be read by scripts",
                    "cannot be read by scripts, and neither can a copy of its value",
                );
            mirrored_in: OneOrMore<StorageKind> => Vec<StorageKind>, all, "Where else the same is kept.",
                checked MirroredIn |thing, kinds| format!(
                    "{thing} is also kept in {}",
                    kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", "),
                );
            cleared_on_logout: bool => Option<bool>, all, "Whether a logout takes it away.",
                checked ClearedOnLogout |thing, yes|
                    yes_no(thing, *yes, "is gone after a logout", "outlives a logout");
            expected: bool => Option<bool>, all,
                "Whether it must be seen where its visitors were; without it, that it is not seen is a warning.";
        }
    };
}

pub(super) use item_fields;
