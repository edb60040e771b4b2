//! Why a browser refuses a line, in names, words and sources.

/// Why a browser refuses a line: DevTools' names, and names of our own where DevTools is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    NoCookieContent,
    DisallowedCharacter,
    NameValuePairExceedsMaxSize,
    InvalidDomain,
    InvalidPrefix,
    SecureOnly,
    OverwriteSecure,
    SameSiteNoneInsecure,
    SchemefulSameSiteStrict,
    SchemefulSameSiteLax,
    SchemefulSameSiteUnspecifiedTreatedAsLax,
    UserPreferences,
    /// DevTools gives no reason: the cookie was already expired and none was stored.
    AlreadyExpired,
    /// DevTools gives no reason: `Partitioned` needs `Secure`.
    PartitionedWithoutSecure,
    /// DevTools gives no reason: no name, and a `=` in the value.
    NamelessValueContainsEquals,
    /// A reason that a browser gave and this list does not know.
    Unlisted,
    /// A NUL in a header: the browser refuses the whole response, every cookie of it with it.
    ResponseRefused,
    /// DevTools gives no reason: the request was made without credentials.
    WithoutCredentials,
    /// DevTools gives no reason: a script wrote a line with `HttpOnly`.
    HttpOnlyByScript,
}

/// Why a browser refuses a line: at least one reason. A refusal without one cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reasons(Vec<Reason>);

impl Reasons {
    /// The one reason.
    pub fn of(reason: Reason) -> Reasons {
        Reasons(vec![reason])
    }

    /// All of them, in this order; none where there is none.
    pub fn new(reasons: Vec<Reason>) -> Option<Reasons> {
        (!reasons.is_empty()).then_some(Reasons(reasons))
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Reason] {
        &self.0
    }

    /// Why a line is refused, in words.
    pub fn in_words(reasons: &[Reason]) -> String {
        reasons.iter().map(|reason| reason.in_words()).collect::<Vec<_>>().join("; ")
    }

    /// Whether it is this one and no other.
    pub fn is_only(&self, reason: Reason) -> bool {
        self.0 == [reason]
    }
}

impl std::ops::Deref for Reasons {
    type Target = [Reason];

    fn deref(&self) -> &[Reason] {
        &self.0
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 19] = [
        Reason::NoCookieContent,
        Reason::DisallowedCharacter,
        Reason::NameValuePairExceedsMaxSize,
        Reason::InvalidDomain,
        Reason::InvalidPrefix,
        Reason::SecureOnly,
        Reason::OverwriteSecure,
        Reason::SameSiteNoneInsecure,
        Reason::SchemefulSameSiteStrict,
        Reason::SchemefulSameSiteLax,
        Reason::SchemefulSameSiteUnspecifiedTreatedAsLax,
        Reason::UserPreferences,
        Reason::AlreadyExpired,
        Reason::PartitionedWithoutSecure,
        Reason::NamelessValueContainsEquals,
        Reason::Unlisted,
        Reason::ResponseRefused,
        Reason::WithoutCredentials,
        Reason::HttpOnlyByScript,
    ];

    /// The name: DevTools' own, or ours where it has none.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NoCookieContent => "NoCookieContent",
            Reason::DisallowedCharacter => "DisallowedCharacter",
            Reason::NameValuePairExceedsMaxSize => "NameValuePairExceedsMaxSize",
            Reason::InvalidDomain => "InvalidDomain",
            Reason::InvalidPrefix => "InvalidPrefix",
            Reason::SecureOnly => "SecureOnly",
            Reason::OverwriteSecure => "OverwriteSecure",
            Reason::SameSiteNoneInsecure => "SameSiteNoneInsecure",
            Reason::SchemefulSameSiteStrict => "SchemefulSameSiteStrict",
            Reason::SchemefulSameSiteLax => "SchemefulSameSiteLax",
            Reason::SchemefulSameSiteUnspecifiedTreatedAsLax => "SchemefulSameSiteUnspecifiedTreatedAsLax",
            Reason::UserPreferences => "UserPreferences",
            Reason::AlreadyExpired => "already_expired",
            Reason::PartitionedWithoutSecure => "partitioned_without_secure",
            Reason::NamelessValueContainsEquals => "nameless_value_contains_equals",
            Reason::Unlisted => "Unlisted",
            Reason::ResponseRefused => "response_refused",
            Reason::WithoutCredentials => "without_credentials",
            Reason::HttpOnlyByScript => "http_only_by_script",
        }
    }

    /// The reason that DevTools calls so. The plain SameSite names mean the schemeful ones here, as
    /// sites are compared with their scheme; what is unknown is [`Reason::Unlisted`].
    pub fn from_name(name: &str) -> Self {
        const KNOWN: &[Reason] = &[
            Reason::NoCookieContent,
            Reason::DisallowedCharacter,
            Reason::NameValuePairExceedsMaxSize,
            Reason::InvalidDomain,
            Reason::InvalidPrefix,
            Reason::SecureOnly,
            Reason::OverwriteSecure,
            Reason::SameSiteNoneInsecure,
            Reason::SchemefulSameSiteStrict,
            Reason::SchemefulSameSiteLax,
            Reason::SchemefulSameSiteUnspecifiedTreatedAsLax,
            Reason::UserPreferences,
        ];
        let matches =
            |reason: &&Reason| reason.name() == name || reason.name().strip_prefix("Schemeful") == Some(name);
        match name {
            // What third-party blocking is called where it is not the user's own setting.
            "ThirdPartyPhaseout" | "ThirdPartyBlockedInFirstPartySet" => Reason::UserPreferences,
            _ => KNOWN.iter().find(matches).copied().unwrap_or(Reason::Unlisted),
        }
    }

    /// What happened, for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            Reason::NoCookieContent => "the line has neither a name nor a value",
            Reason::DisallowedCharacter => "the line has a control character in it",
            Reason::NameValuePairExceedsMaxSize => "name and value are longer than 4096 bytes together",
            Reason::InvalidDomain => {
                "Domain is not the host itself or a parent domain of it, or it is a public suffix"
            }
            Reason::InvalidPrefix => "the name's prefix demands attributes that the line does not have",
            Reason::SecureOnly => "a Secure cookie cannot be set over plain http",
            Reason::OverwriteSecure => "plain http cannot set a cookie over a Secure one of the same name",
            Reason::SameSiteNoneInsecure => "SameSite=None needs Secure",
            Reason::SchemefulSameSiteStrict => {
                "a SameSite=Strict cookie cannot be set from within another site's page"
            }
            Reason::SchemefulSameSiteLax => {
                "a SameSite=Lax cookie cannot be set from within another site's page"
            }
            Reason::SchemefulSameSiteUnspecifiedTreatedAsLax => {
                "without SameSite it counts as Lax, which cannot be set from within another site's page"
            }
            Reason::UserPreferences => {
                "Chromium blocks third-party cookies (Firefox keeps them apart for each site around them)"
            }
            Reason::AlreadyExpired => "the cookie has already expired, and there is none to delete",
            Reason::PartitionedWithoutSecure => "Partitioned needs Secure and a secure connection",
            Reason::NamelessValueContainsEquals => "a cookie without a name cannot have = in its value",
            Reason::Unlisted => "the browser gave a reason of its own",
            Reason::ResponseRefused => "a NUL byte in a header makes the browser refuse the whole response",
            Reason::WithoutCredentials => {
                "the request was made without credentials, and such answers set nothing"
            }
            Reason::HttpOnlyByScript => "a script cannot set an HttpOnly cookie",
        }
    }

    /// Where the rule is written, or whose behaviour it is.
    pub fn source(self) -> &'static str {
        match self {
            Reason::NoCookieContent => "RFC 6265bis 5.7 step 2",
            Reason::DisallowedCharacter => "RFC 6265bis 5.6 step 1; an inner TAB: Chromium",
            Reason::NameValuePairExceedsMaxSize => "RFC 6265bis 5.6 step 5",
            Reason::InvalidDomain => "RFC 6265bis 5.7 steps 8 to 10, Public Suffix List",
            Reason::InvalidPrefix => "RFC 6265bis 4.1.3 and 5.7 steps 20 to 22; layered-cookies for __Http-",
            Reason::SecureOnly => "RFC 6265bis 5.7 step 13",
            Reason::OverwriteSecure => "RFC 6265bis 5.7 step 16",
            Reason::SameSiteNoneInsecure => "RFC 6265bis 5.7 step 19",
            Reason::SchemefulSameSiteStrict
            | Reason::SchemefulSameSiteLax
            | Reason::SchemefulSameSiteUnspecifiedTreatedAsLax => "RFC 6265bis 5.7 step 18",
            Reason::UserPreferences => "Chromium, outside RFC 6265bis",
            Reason::AlreadyExpired => "RFC 6265bis 5.7: expired cookies are removed",
            Reason::PartitionedWithoutSecure => "CHIPS as in Chromium, outside RFC 6265bis",
            Reason::NamelessValueContainsEquals => "Chromium; RFC 6265bis would store it",
            Reason::Unlisted => "Chromium, over DevTools",
            Reason::ResponseRefused => "Chromium (ERR_INVALID_HTTP_RESPONSE); RFC 9110 5.5",
            Reason::WithoutCredentials => "Fetch standard, HTTP-network fetch",
            Reason::HttpOnlyByScript => "RFC 6265bis 5.7 step 11",
        }
    }

    /// What RFC 6265bis would do instead, where it would not refuse the line for this.
    pub fn instead_in_rfc(self) -> Option<&'static str> {
        match self {
            Reason::NamelessValueContainsEquals => Some("RFC 6265bis would store it"),
            Reason::PartitionedWithoutSecure => Some("RFC 6265bis knows no Partitioned and would store it"),
            Reason::UserPreferences => Some("RFC 6265bis leaves third-party cookies to the browser"),
            Reason::ResponseRefused => Some("RFC 6265bis would ignore the one cookie"),
            _ => None,
        }
    }

    /// Whether DevTools says nothing of this refusal.
    pub fn is_silent(self) -> bool {
        matches!(
            self,
            Reason::AlreadyExpired
                | Reason::PartitionedWithoutSecure
                | Reason::NamelessValueContainsEquals
                | Reason::WithoutCredentials
                | Reason::HttpOnlyByScript
        )
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
