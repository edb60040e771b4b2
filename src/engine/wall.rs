//! Bot walls: answers that are a challenge or a block page instead of the site.

/// Whose wall an answer is, if it is one. `body` may be its beginning only.
///
/// Marks are such as the services themselves put into their answers. Most count only with a
/// status of refusal, so that a page *about* captchas, or a form with one, is no wall.
pub fn bot_wall(status: u16, headers: &[(String, Vec<u8>)], body: &[u8]) -> Option<&'static str> {
    let header =
        |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_ascii_lowercase());
    let header_has = |name: &str, word: &str| header(name).is_some_and(|value| has(&value, word.as_bytes()));
    if header_has("cf-mitigated", "challenge") {
        return Some("Cloudflare");
    }
    if header_has("x-vercel-mitigated", "challenge") {
        return Some("Vercel");
    }
    if header_has("x-amzn-waf-action", "challenge") || header_has("x-amzn-waf-action", "captcha") {
        return Some("AWS WAF");
    }
    if body.len() <= SMALL
        && let Some((whose, _)) = ALWAYS.iter().find(|(_, mark)| has(body, mark.as_bytes()))
    {
        return Some(whose);
    }
    if !matches!(status, 401 | 403 | 405 | 406 | 429 | 503) {
        return None;
    }
    let start = body[..body.len().min(LOOKED_AT)].to_ascii_lowercase();
    for (whose, name) in HEADERS {
        if header(name).is_some() {
            return Some(whose);
        }
    }
    if header_has("server", "datadome") {
        return Some("DataDome");
    }
    if header_has("server", "akamaighost") && has(&start, b"access denied") {
        return Some("Akamai");
    }
    REFUSALS.iter().find(|(_, mark)| has(&start, mark.as_bytes())).map(|(whose, _)| *whose)
}

/// Challenge pages say who they are early.
const LOOKED_AT: usize = 64 << 10;

/// Challenges that come with status 200 are short; the pages of a site mostly are not, and pass
/// unread.
const SMALL: usize = 8 << 10;

/// Marks of pages that are walls whatever the status, spelt as they are.
const ALWAYS: &[(&str, &str)] = &[
    ("Imperva", "Request unsuccessful. Incapsula incident ID"),
    ("Imperva", "/_Incapsula_Resource?SWUDNSAI="),
    ("Cloudflare", "<title>Just a moment...</title>"),
    ("Anubis", "/.within.website/x/cmd/anubis/"),
];

/// Headers that only their challenge or block answers have.
const HEADERS: &[(&str, &str)] =
    &[("DataDome", "x-datadome"), ("DataDome", "x-dd-b"), ("HUMAN", "x-px-block"), ("Kasada", "x-kpsdk-ct")];

/// Marks of pages that refuse.
const REFUSALS: &[(&str, &str)] = &[
    ("Cloudflare", "attention required! | cloudflare"),
    ("Cloudflare", "/cdn-cgi/challenge-platform/"),
    ("Cloudflare", "cf-error-details"),
    ("Cloudflare", "error code: 1020"),
    ("DataDome", "captcha-delivery.com"),
    ("HUMAN", "px-captcha"),
    ("HUMAN", "window._pxappid"),
    ("HUMAN", "captcha.px-cdn.net"),
    ("Akamai", "errors.edgesuite.net"),
    ("Akamai", "akamai-bot-manager"),
    ("Akamai", "/_sec/cp_challenge/"),
    ("Imperva", "_incapsula_resource"),
    ("Imperva", "incapsula incident id"),
    ("Sucuri", "sucuri website firewall"),
    ("AWS WAF", "awswafcookiedomainlist"),
    ("AWS WAF", "captcha-sdk.awswaf.com"),
    ("a captcha", "google.com/recaptcha/"),
    ("a captcha", "hcaptcha.com/"),
    ("a captcha", "challenges.cloudflare.com/turnstile"),
    ("a captcha", "geetest.com"),
    ("a captcha", "arkoselabs.com"),
];

fn has(text: &[u8], mark: &[u8]) -> bool {
    let Some(first) = mark.first() else { return false };
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|byte| byte == first) {
        at += found;
        if text[at..].starts_with(mark) {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(status: u16, headers: &[(&str, &str)], body: &str, expected: Option<&str>) {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        assert_eq!(bot_wall(status, &headers, body.as_bytes()), expected);
    }

    #[test]
    fn walls_are_recognised_by_what_their_services_put_into_them() {
        case(403, &[("cf-mitigated", "challenge")], "", Some("Cloudflare"));
        case(503, &[], "<title>Just a moment...</title>", Some("Cloudflare"));
        case(403, &[], "<title>Attention Required! | Cloudflare</title>", Some("Cloudflare"));
        case(403, &[("x-datadome", "protected")], "", Some("DataDome"));
        case(403, &[("server", "DataDome")], "", Some("DataDome"));
        case(403, &[], "<script src='https://ct.captcha-delivery.com/c.js'>", Some("DataDome"));
        case(403, &[], "<div id=\"px-captcha\"></div>", Some("HUMAN"));
        case(403, &[("server", "AkamaiGHost")], "<TITLE>Access Denied</TITLE>", Some("Akamai"));
        case(403, &[], "http&#58;&#47;&#47;errors.edgesuite.net/18.a", Some("Akamai"));
        case(200, &[], "Request unsuccessful. Incapsula incident ID: 1-2", Some("Imperva"));
        case(202, &[("x-amzn-waf-action", "challenge")], "", Some("AWS WAF"));
        case(429, &[("x-vercel-mitigated", "challenge")], "", Some("Vercel"));
        case(429, &[("x-kpsdk-ct", "a")], "", Some("Kasada"));
        case(403, &[], "<script src='https://www.google.com/recaptcha/api.js'>", Some("a captcha"));
    }

    #[test]
    fn ordinary_answers_are_no_walls() {
        case(403, &[("server", "nginx")], "<h1>403 Forbidden</h1>", None);
        case(403, &[("server", "cloudflare")], "<h1>You need to log in</h1>", None);
        case(200, &[], "<form><script src='https://www.google.com/recaptcha/api.js'>", None);
        case(200, &[("x-datadome", "protected")], "<h1>Welcome</h1>", None);
        case(503, &[("retry-after", "1")], "busy", None);
        case(200, &[], "An article about Attention Required! | Cloudflare", None);
    }
}
