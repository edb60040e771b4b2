//! What a page's own Content-Security-Policy lets it embed (CSP Level 3, "should request be blocked
//! by Content Security Policy"). What it forbids is never asked for by a browser, so it is no part
//! of the page and nothing that its server answers reaches a visitor.

use content_security_policy::{
    CheckResult, CspList, Destination, Initiator, ParserMetadata, Policy, PolicyDisposition, PolicySource,
    Request,
};
use url::Url;

/// Policies of one page beyond these are not read; sites send one or two.
const MOST: usize = 64;
/// A longer policy is none that a server would accept as a header.
const LONGEST: usize = 64 * 1024;

/// The policies of a page in the order in which they come into force.
#[derive(Debug)]
pub(super) struct ContentPolicies(Vec<Policy>);

/// What an element says of itself that a policy may ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vouched<'a> {
    pub(super) nonce: Option<&'a str>,
    pub(super) integrity: Option<&'a str>,
}

impl ContentPolicies {
    /// Those of `Content-Security-Policy` headers; each may hold several, divided by commas.
    pub(super) fn of_headers(headers: &[String]) -> ContentPolicies {
        let read =
            headers.iter().filter(|header| header.len() <= LONGEST).take(MOST).flat_map(|header| {
                CspList::parse(header, PolicySource::Header, PolicyDisposition::Enforce).0
            });
        ContentPolicies(read.take(MOST).collect())
    }

    /// One of a `<meta http-equiv=content-security-policy>`: it holds for what follows.
    pub(super) fn add(&mut self, content: &str) {
        if self.0.len() < MOST && content.len() <= LONGEST {
            let policy = Policy::parse(content, PolicySource::Meta, PolicyDisposition::Enforce);
            self.0.extend(Some(policy).filter(Policy::is_valid));
        }
    }

    /// How many are in force by now.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a page may embed this, by the first `under` policies.
    pub(super) fn allow(
        &self,
        page: &Url,
        url: &Url,
        destination: Destination,
        vouched: Vouched<'_>,
        under: usize,
    ) -> bool {
        let policies = &self.0[..under.min(self.0.len())];
        if policies.is_empty() {
            return true;
        }
        let request = Request {
            url: url.clone(),
            current_url: url.clone(),
            origin: page.origin(),
            redirect_count: 0,
            destination,
            initiator: Initiator::None,
            nonce: vouched.nonce.unwrap_or_default().to_owned(),
            integrity_metadata: vouched.integrity.unwrap_or_default().to_owned(),
            parser_metadata: ParserMetadata::ParserInserted,
        };
        let list = CspList(policies.to_vec());
        matches!(list.should_request_be_blocked(&request).0, CheckResult::Allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(policy: &str, url: &str, destination: Destination, allowed: bool) {
        let page = Url::parse("https://a.example/page").unwrap();
        let policies = ContentPolicies::of_headers(&[policy.to_owned()]);
        let url = page.join(url).unwrap();
        let answer = policies.allow(&page, &url, destination, Vouched::default(), policies.len());
        assert_eq!(answer, allowed, "{policy} of {url}");
    }

    #[test]
    fn a_policy_says_what_a_page_embeds() {
        use Destination::{Font, IFrame, Image, Manifest, Object, Script, Style, Video};
        case("", "https://b.example/x", Image, true);
        case("img-src 'self'", "/x", Image, true);
        case("img-src 'self'", "https://b.example/x", Image, false);
        case("img-src 'self'", "https://b.example/x", Script, true);
        case("default-src 'self'", "https://b.example/x", Script, false);
        case("default-src 'none'; script-src https://b.example", "https://b.example/x", Script, true);
        case("default-src 'none'; script-src https://b.example", "https://b.example/x", Style, false);
        case("default-src 'self' *.b.example", "https://www.b.example/x", Font, true);
        case("default-src 'self' *.b.example", "https://b.example/x", Font, false);
        case("frame-src 'none'", "/x", IFrame, false);
        case("child-src 'none'", "/x", IFrame, false);
        case("object-src 'none'", "/x", Object, false);
        case("media-src b.example", "https://b.example/x", Video, true);
        case("manifest-src 'none'", "/x", Manifest, false);
        case("script-src 'nonce-abc'", "https://b.example/x", Script, false);
        case("upgrade-insecure-requests", "https://b.example/x", Image, true);
        case("img-src 'self', img-src b.example", "https://b.example/x", Image, false);
        case("frame-ancestors 'none'", "/x", IFrame, true);
    }

    #[test]
    fn a_nonce_vouches_for_a_script() {
        let page = Url::parse("https://a.example/").unwrap();
        let url = Url::parse("https://b.example/x").unwrap();
        let policies = ContentPolicies::of_headers(&["script-src 'nonce-abc'".into()]);
        let vouched = Vouched { nonce: Some("abc"), integrity: None };
        assert!(policies.allow(&page, &url, Destination::Script, vouched, 1));
    }
}
