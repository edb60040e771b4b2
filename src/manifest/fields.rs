//! What can be said of a cookie or storage item, of a third party, and of the site as a whole: each field once. A row
//! is the field's key, the type it is written as, the type it is meant as, of an item what has it, and a sentence
//! about it for the schema; where it states something that can be checked, the claim's aspect and its sentence, which
//! gets what is spoken of and the value. That is the thing's name, the third party's, or the whole `[site]`.
//!
//! Everything else is made from the rows: the structs and the aspects of claims (`model`), reading and the groups'
//! defaults (`decode/items`, `decode/sentences`), the meaning (`decode/meaning`), the keys that may have a strength and
//! a source of their own, the claims, and the text of a manifest (`write`), in this order. A macro rather than a list
//! of values, since each row has types of its own; types and functions are those that are known where it is used.

/// Gives the rows to a macro, after what else it is to know.
macro_rules! item_fields {
    ($then:ident $($for:tt)*) => {
        $then! {
            { $($for)* }
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
                checked LifetimeFor(VisitorState);
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
            cleared_on_withdrawal: bool => Option<bool>, cookies,
                "Whether it is taken away when a visitor takes consent back.",
                checked ClearedOnWithdrawal |thing, yes| yes_no(
                    thing,
                    *yes,
                    "is gone after consent was taken back",
                    "stays when consent is taken back",
                );
            expected: bool => Option<bool>, all,
                "Whether it must be seen where its visitors were; without it, that it is not seen is a warning.";
        }
    };
}

/// The rows of `[[third_parties]]`. An allowance ("it may set cookies") is nothing that a site could break: no claim.
macro_rules! party_fields {
    ($then:ident $($for:tt)*) => {
        $then! {
            { $($for)* }
            category: Category => Option<Category>, "What kind of privacy practice it belongs to.";
            allowed_on: PageNames => Vec<String>, "Classes of pages where it may appear; without it, any.",
                checked AllowedOn |provider, pages|
                    format!("{provider} appears on these pages only: {}", list(pages));
            after: Trigger => Option<Trigger>, "What it waits for.",
                checked After |provider, trigger| format!("{provider} appears only after {}", after(trigger));
            sets_cookies: bool => Option<bool>, "Whether it sets cookies.",
                checked SetsCookies |provider, yes| (!yes).then(|| format!("{provider} sets no cookies"));
            sets_storage: bool => Option<bool>, "Whether it uses the browser's storage.",
                checked SetsStorage |provider, yes|
                    (!yes).then(|| format!("{provider} uses no browser storage"));
            identifiers: bool => Option<bool>, "Whether its requests carry what tells visitors apart.",
                checked Identifiers |provider, yes|
                    (!yes).then(|| format!("{provider} is sent nothing that tells visitors apart"));
            personal_data: bool => Option<bool>, "Whether its requests carry personal data.",
                checked PersonalData |provider, yes|
                    (!yes).then(|| format!("{provider} is sent no personal data"));
            embedded: bool => Option<bool>, "Embedded in own pages, or (false) only reached by a redirect.",
                checked Embedded |provider, yes|
                    (!yes).then(|| format!("{provider} is reached by a redirect, never embedded"));
            confined: bool => Option<bool>, "Its cookies stay on its own domains.",
                checked Confined |provider, yes|
                    yes.then(|| format!("{provider} keeps its cookies on its own domains"));
            only_provider_of: String => Option<String>, "The role that nobody else has: payment, analytics.",
                checked OnlyProvider |provider, role| format!("{provider} is the only provider of {role}");
            needs_consent: bool => Option<bool>, "Whether it waits for consent.",
                checked NeedsConsent |provider, yes|
                    yes_no(provider, *yes, "waits for consent", "acts without asking for consent");
        }
    };
}

/// The rows of `[claims]`. What is stated false promises nothing.
macro_rules! sentence_fields {
    ($then:ident $($for:tt)*) => {
        $then! {
            { $($for)* }
            inventory: Sentence<Inventory> => Option<Stated<Inventory>>, "How complete the list of cookies is.",
                checked Inventory |_, extent| match extent {
                    Inventory::Complete => Some("The manifest lists every cookie".to_owned()),
                    Inventory::CompleteFirstParty =>
                        Some("The manifest lists every first-party cookie".to_owned()),
                    // Neither is a promise that a site could break.
                    Inventory::Examples | Inventory::None => None,
                };
            categories: Sentence<OneOrMore<Category>> => Option<Stated<Vec<Category>>>,
                "The only categories that occur.",
                checked Categories |_, these|
                    format!("Only these categories of cookies occur: {}", list(these));
            advertising: Sentence<Absent<Nothing>> => Option<Stated<Absence>>, "No advertising cookies.",
                checked Advertising |_, absence| absent(absence, "advertising cookies");
            tracking: Sentence<Absent<Nothing>> => Option<Stated<Absence>>, "No tracking cookies.",
                checked Tracking |_, absence| absent(absence, "tracking cookies");
            analytics_cookies: Sentence<Absent<Nothing>> => Option<Stated<Absence>>, "No analytics cookies.",
                checked AnalyticsCookies |_, absence| absent(absence, "analytics cookies");
            third_party_cookies: Sentence<ThirdPartyRule> => Option<Stated<ThirdPartyRule>>,
                "No third-party cookies, or declared ones only.",
                checked ThirdPartyCookies |_, rule| match rule {
                    ThirdPartyRule::None => "There are no third-party cookies".to_owned(),
                    ThirdPartyRule::OnlyDeclared =>
                        "Third-party cookies are only those declared, where declared".to_owned(),
                };
            third_party_embeds: Sentence<Absent<Nothing>> => Option<Stated<Absence>>,
                "No third-party frames and scripts.",
                checked ThirdPartyEmbeds |_, absence| absent(absence, "third-party frames or scripts");
            third_parties: Sentence<PartyList> => Option<Stated<PartyList>>,
                "Every third party that pages ask for something is declared.",
                checked ThirdParties |_, list| match list {
                    PartyList::Complete =>
                        "The manifest lists every third party that pages ask for something".to_owned(),
                };
            cookie_setting_scripts: Sentence<Absent<Nothing>> => Option<Stated<Absence>>,
                "No third-party scripts that set cookies, in either party's name.",
                checked CookieSettingScripts |_, absence|
                    absent(absence, "third-party scripts that set cookies");
            cross_site_tracking: Sentence<Absent<Nothing>> => Option<Stated<Absence>>,
                "No tracking across sites.",
                checked CrossSiteTracking |_, absence| absent(absence, "tracking across sites");
            undeclared_storage: Sentence<Absent<NothingIdentifying>> => Option<Stated<NoIdentifiers>>,
                "No identifiers in browser storage beyond the declared items.",
                checked UndeclaredStorage |_, none|
                    absent(&none.0, "identifiers in undeclared browser storage");
            plain_http_cookies: Sentence<Absent<Nothing>> => Option<Stated<Absence>>,
                "No cookies set or sent over plain http where the site has https.",
                checked PlainHttpCookies |_, absence| absent(absence, "cookies over plain http");
            // A claim for each of them.
            no_cookies: OneOrMore<Long<NoCookiesFor>> => Vec<Stated<NoCookies>>,
                "No cookies at all for some visitors on some pages.";
            consent_banner: Sentence<Banner> => Option<Stated<BannerRule>>,
                "Whether and when a consent banner is shown.",
                // Two more where it says more.
                checked ConsentBanner |_, rule| match rule {
                    BannerRule::None => "There is no consent banner".to_owned(),
                    BannerRule::Shown { .. } => "A first visit shows a consent banner".to_owned(),
                };
            consent_before: Sentence<OneOrMore<Category>> => Option<Stated<Vec<Category>>>,
                "Categories that wait for consent.",
                checked ConsentBefore |_, these|
                    format!("These categories of cookies wait for consent: {}", list(these));
            consent_renewed_on_change: Sentence<bool> => Option<Stated<bool>>,
                "Consent is asked for anew when a category that needs it is added.",
                checked ConsentRenewedOnChange |_, yes|
                    promised(*yes, "Consent is asked for anew when a category that needs it is added");
            covers_linking_hosts: Sentence<bool> => Option<Stated<bool>>,
                "The policy covers every host whose pages link to it.",
                checked CoversLinkingHosts |_, yes|
                    promised(*yes, "The policy covers every own host, also those that only link to it");
            last_updated_shown: Sentence<bool> => Option<Stated<bool>>,
                "The policy page shows when it was last changed.",
                checked LastUpdatedShown |site, yes| yes.then(|| {
                    let date = site.last_updated.map(|date| format!(": {date}")).unwrap_or_default();
                    format!("The policy page shows when it was last changed{date}")
                });
            policy_reachable: Sentence<bool> => Option<Stated<bool>>, "The policy page answers.",
                checked PolicyReachable |_, yes| promised(*yes, "The policy page answers");
            policy_names_cookies: Sentence<bool> => Option<Stated<bool>>,
                "The policy page names every cookie that is seen.",
                checked PolicyNamesCookies |_, yes| promised(*yes, "The policy page names every cookie");
            policy_agrees: Sentence<bool> => Option<Stated<bool>>,
                "The published policy declares the same; unstated: yes, as a warning, where `policy_url` is.",
                checked PolicyAgrees |_, yes| promised(
                    *yes,
                    "The published policy and the manifest declare the same cookies, with the same lifetimes",
                );
            policy_links: Sentence<bool> => Option<Stated<bool>>,
                "The policy page's links to pages of the site lead somewhere; unstated: likewise.",
                checked PolicyLinks |_, yes|
                    promised(*yes, "The policy page's links to pages of the site lead somewhere");
            date_follows_inventory: Sentence<bool> => Option<Stated<bool>>,
                "A change of the cookies moves the policy's date.",
                checked DateFollowsInventory |_, yes|
                    promised(*yes, "A change of the cookies moves the policy's date");
            necessary_required_for: Sentence<ClassNames> => Option<Stated<Vec<String>>>,
                "Classes of pages refused without the strictly necessary cookies.",
                checked NecessaryRequiredFor |_, pages|
                    format!("Without strictly necessary cookies these pages are refused: {}", list(pages));
            login_without_consent: Sentence<bool> => Option<Stated<bool>>,
                "Logging in works without an answer to a consent banner.",
                checked LoginWithoutConsent |_, yes|
                    promised(*yes, "Logging in works without an answer to a consent banner");
            honours_gpc: Sentence<bool> => Option<Stated<bool>>,
                "With Global Privacy Control only strictly necessary cookies are set.",
                checked HonoursGpc |_, yes|
                    promised(*yes, "With Global Privacy Control only strictly necessary cookies are set");
        }
    };
}

pub(super) use {item_fields, party_fields, sentence_fields};
