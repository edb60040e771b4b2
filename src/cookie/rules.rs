//! The acceptance rules that need no jar, in Chromium's order: what cannot be parsed is refused
//! first and for that alone; then Domain, prefix and Partitioned together; then the visitor's
//! preferences; then what the connection and the page around it allow.

use super::browser::Ways;
use super::domain::{cookie_domain, same_site};
use super::line::Said;
use super::{
    Browser, CookieLine, CookieValue, Effective, Initiator, Lifetime, Priority, Reason, Reasons,
    RequestContext, SameSite, StoredCookie, ThirdPartyCookies, is_trustworthy, site_of,
};
use url::Url;

/// Longest name and value together, in bytes (RFC 6265bis 5.6 step 5).
const MAX_NAME_AND_VALUE: usize = 4096;

/// Longest lifetime, 400 days in seconds (RFC 6265bis 5.5).
pub(crate) const MAX_LIFETIME: i64 = 400 * 24 * 60 * 60;

/// A cookie that a line proposes, and what is against it.
pub(crate) struct Proposal {
    pub(crate) cookie: StoredCookie,
    /// Set only to be taken away.
    pub(crate) expired: bool,
    /// Reasons found last; the jar may add its own.
    pub(crate) reasons: Vec<Reason>,
}

/// Weighs a line as this browser does. An error means that the jar need not be asked.
pub(crate) fn propose(
    line: &CookieLine,
    context: &RequestContext,
    browser: Browser,
) -> Result<Proposal, Reasons> {
    let ways = browser.ways();
    let said = read(line, ways)?;
    let host = context.url.host_str().unwrap_or_default();
    let domain = cookie_domain(host, said.domain)
        .filter(|_| ways.converts_domain || said.domain.is_none_or(<[u8]>::is_ascii));
    let mut reasons = Vec::new();
    if domain.is_none() {
        reasons.push(Reason::InvalidDomain);
    }
    if !prefix_is_kept(line, &said, &context.url, ways) {
        reasons.push(Reason::InvalidPrefix);
    }
    // CHIPS: Partitioned needs Secure and a connection that may set it.
    if said.partitioned && !(said.secure && is_trustworthy(&context.url)) {
        reasons.push(Reason::PartitionedWithoutSecure);
    }
    if let Some(reasons) = Reasons::new(reasons) {
        return Err(reasons);
    }
    let Some((domain, host_only)) = domain else { return Err(Reasons::of(Reason::InvalidDomain)) };
    // Chromium; it would come back to the server as a cookie with a name.
    if line.name.is_empty() && line.value.reveal().contains(&b'=') {
        return Err(Reasons::of(Reason::NamelessValueContainsEquals));
    }
    if is_blocked(said.partitioned, context, ways) {
        return Err(Reasons::of(Reason::UserPreferences));
    }
    let asked = said.lifetime(context.response_date.as_deref(), context.now, ways);
    let lifetime = match asked {
        Lifetime::Seconds(seconds) => Lifetime::Seconds(seconds.min(MAX_LIFETIME)),
        Lifetime::Session => Lifetime::Session,
    };
    let path = effective_path(said.path, &context.url);
    let effective = Effective {
        domain,
        host_only,
        path: super::escape::escaped(&path),
        secure: said.secure,
        http_only: said.http_only,
        same_site: said.same_site,
        lifetime,
        partition: is_partitioned(&said, context, ways).then(|| partition(context)),
        priority: priority(said.priority),
    };
    let expires = match lifetime {
        Lifetime::Seconds(seconds) => Some(context.now + seconds as f64),
        Lifetime::Session => None,
    };
    let expired = matches!(lifetime, Lifetime::Seconds(..=0));
    let reasons = refused_in_context(&said, context, ways);
    let value = match ways.keeps_bytes {
        true => line.value.clone(),
        false => CookieValue::new(String::from_utf8_lossy(line.value.reveal()).into_owned()),
    };
    let cookie = StoredCookie::new(line.name.clone(), value, effective, context.now, expires);
    Ok(Proposal { cookie, expired, reasons })
}

/// Parsing: nothing there, too long, or a control character (RFC 6265bis 5.6 steps 1 and 5, 5.7
/// step 2). Chromium looks at the pairs in their order and stops at the first bad one; it refuses
/// an inner TAB as well.
fn read<'line>(line: &'line CookieLine, ways: &Ways) -> Result<Said<'line>, Reasons> {
    let (name, value) = (line.name.as_bytes(), line.value.reveal());
    if line.cut().first() == Some(&0) {
        return Err(Reasons::of(Reason::ResponseRefused));
    }
    if name.is_empty() && (value.is_empty() || !ways.nameless) {
        return Err(Reasons::of(Reason::NoCookieContent));
    }
    if name.len() + value.len() > MAX_NAME_AND_VALUE {
        return Err(Reasons::of(Reason::NameValuePairExceedsMaxSize));
    }
    let has_control = |bytes: &[u8]| has_control(bytes, ways);
    if (!line.cut().is_empty() && !ways.cuts_at_line_break) || has_control(name) || has_control(value) {
        return Err(Reasons::of(Reason::DisallowedCharacter));
    }
    let mut said = Said::default();
    for attribute in line.attributes() {
        if has_control(attribute.written) || attribute.value.is_some_and(has_control) {
            return Err(Reasons::of(Reason::DisallowedCharacter));
        }
        said.hear(&attribute, ways);
    }
    // A TAB may be in an attribute where it may be in a name, but never in a path (Firefox).
    if said.path.is_some_and(|path| path.contains(&b'\t')) {
        return Err(Reasons::of(Reason::DisallowedCharacter));
    }
    Ok(said)
}

fn has_control(bytes: &[u8], ways: &Ways) -> bool {
    bytes.iter().any(|byte| byte.is_ascii_control() && (ways.refuses_tab || *byte != b'\t'))
}

/// The prefixes of RFC 6265bis 4.1.3 and of layered-cookies, compared without case; for a
/// nameless cookie none may hide in its value (5.7 step 22).
fn prefix_is_kept(line: &CookieLine, said: &Said<'_>, url: &Url, ways: &Ways) -> bool {
    let has = |bytes: &[u8], prefix: &[u8]| {
        bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let name = line.name.as_bytes();
    if name.is_empty() {
        let value = line.value.reveal();
        return ![&b"__Secure-"[..], b"__Host-", b"__Http-"].iter().any(|prefix| has(value, prefix));
    }
    let secure = said.secure && is_trustworthy(url);
    // An IP address may name itself: it stays host-only.
    let host = url.host_str().unwrap_or_default();
    let own_ip = |domain: &[u8]| super::domain::is_ip(host) && domain.eq_ignore_ascii_case(host.as_bytes());
    let at_root = match ways.host_prefix_wants_path {
        true => said.path == Some(b"/"),
        false => effective_path(said.path, url) == b"/",
    };
    let host_bound = at_root && said.domain.is_none_or(own_ip);
    if has(name, b"__Secure-") {
        secure
    } else if has(name, b"__Http-") {
        secure && said.http_only
    } else if has(name, b"__Host-Http-") {
        secure && said.http_only && host_bound
    } else if has(name, b"__Host-") {
        secure && host_bound
    } else {
        true
    }
}

/// What the connection and the page around the request forbid (RFC 6265bis 5.7 steps 13, 18, 19).
fn refused_in_context(said: &Said<'_>, context: &RequestContext, ways: &Ways) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if said.secure && !is_trustworthy(&context.url) {
        reasons.push(Reason::SecureOnly);
    }
    if said.same_site == Some(SameSite::None) && !said.secure {
        reasons.push(Reason::SameSiteNoneInsecure);
    }
    if is_cross_site(context, ways) {
        match said.same_site {
            Some(SameSite::Strict) => reasons.push(Reason::SchemefulSameSiteStrict),
            Some(SameSite::Lax) => reasons.push(Reason::SchemefulSameSiteLax),
            None if ways.lax_by_default => {
                reasons.push(Reason::SchemefulSameSiteUnspecifiedTreatedAsLax);
            }
            None | Some(SameSite::None) => {}
        }
    }
    reasons
}

/// A request within another site's page. Where schemes count, an http page and an https picture of one
/// registrable domain are two sites (RFC 6265bis 5.2). A navigation may always set cookies.
pub(crate) fn is_cross_site(context: &RequestContext, ways: &Ways) -> bool {
    let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
    match &context.initiator {
        Initiator::Navigation | Initiator::CrossSiteNavigation { .. } => false,
        Initiator::Subresource { top_url } if ways.schemeful => site_of(top_url) != site_of(&context.url),
        Initiator::Subresource { top_url } => !same_site(&host(top_url), &host(&context.url)),
    }
}

/// Kept apart for the site around it: asked for (CHIPS), or as all that third parties set.
fn is_partitioned(said: &Said<'_>, context: &RequestContext, ways: &Ways) -> bool {
    said.partitioned || (ways.partitions_third_parties && is_cross_site(context, ways))
}

/// The visitor's browser keeps third parties from unpartitioned cookies.
pub(crate) fn is_blocked(partitioned: bool, context: &RequestContext, ways: &Ways) -> bool {
    context.third_party == ThirdPartyCookies::Block
        && !partitioned
        && !ways.partitions_third_parties
        && is_cross_site(context, ways)
}

/// The key of the partition that a request belongs to: its top-level site.
pub(crate) fn partition(context: &RequestContext) -> String {
    match &context.initiator {
        Initiator::Navigation | Initiator::CrossSiteNavigation { .. } => site_of(&context.url),
        Initiator::Subresource { top_url } => site_of(top_url),
    }
    .to_string()
}

/// The `Path` attribute if it begins with `/`, taken literally, else the default path: the URL's
/// up to its last `/` (RFC 6265bis 5.1.4 and 5.6.4).
fn effective_path(attribute: Option<&[u8]>, url: &Url) -> Vec<u8> {
    if let Some(path @ [b'/', ..]) = attribute {
        return path.to_vec();
    }
    let path = request_path(url);
    match path.iter().rposition(|byte| *byte == b'/') {
        None | Some(0) => b"/".to_vec(),
        Some(last) => path[..last].to_vec(),
    }
}

/// The path as Chromium writes it: like the URL standard, and `|` and `^` escaped.
pub(crate) fn request_path(url: &Url) -> Vec<u8> {
    let path = url.path().as_bytes();
    let mut written = Vec::with_capacity(path.len());
    for byte in path {
        match byte {
            b'|' => written.extend_from_slice(b"%7C"),
            b'^' => written.extend_from_slice(b"%5E"),
            byte => written.push(*byte),
        }
    }
    written
}

/// Equal, or below at a `/` (RFC 6265bis 5.1.4).
pub(crate) fn path_matches(path: &[u8], cookie_path: &[u8]) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || cookie_path.ends_with(b"/"))
}

fn priority(word: Option<&[u8]>) -> Priority {
    match word.unwrap_or_default() {
        word if word.eq_ignore_ascii_case(b"low") => Priority::Low,
        word if word.eq_ignore_ascii_case(b"high") => Priority::High,
        _ => Priority::Medium,
    }
}
