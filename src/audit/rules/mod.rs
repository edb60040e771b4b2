//! The rules, one to a file: id, sentence, logic, documentation and tests of a rule sit together.
//!
//! The order of [`RULES`] is the order of precedence: where several rules speak of one cause and are
//! equally grave, the first of them names the finding.

mod advertising;
mod analytics_cookies;
mod category_closed;
mod category_conflict;
mod consent_banner;
mod consent_before;
mod cookie_setting_scripts;
mod covers_linking_hosts;
mod cross_site_tracking;
mod date_follows_inventory;
mod domain;
mod gpc;
mod http_only;
mod lifetime;
mod link_reachable;
mod login_without_consent;
mod mirrored_in;
mod name_by_scheme;
pub(crate) mod never_seen;
mod no_cookies;
mod not_cleared_on_logout;
mod not_cleared_on_withdrawal;
mod only_provider;
mod only_with;
mod partitioned;
mod path;
mod plain_http;
mod policy_agrees;
mod policy_links;
mod policy_page;
mod prefix_rules;
mod prelude;
mod refreshes;
mod rejected_by_browser;
mod required_for;
mod rolling_renewal;
mod same_site;
mod script_readable;
mod secure;
mod sent_cross_site;
mod sent_only_to;
mod set_by;
mod set_outside_pages;
mod third_party_confined;
mod third_party_consent;
mod third_party_cookies;
mod third_party_data;
mod third_party_embedded;
mod third_party_embeds;
mod third_party_pages;
mod third_party_sets;
mod tracking;
mod trigger;
mod undeclared_cookie;
mod undeclared_storage;
mod undeclared_third_party;
mod updated_by;
mod value_semantics;
mod wrong_visitor;

use super::violation::Rule;

/// Every rule, the most telling first: what a thing does to visitors before what it lacks on paper.
pub(crate) static RULES: &[&Rule] = &[
    &name_by_scheme::RULE,
    &prefix_rules::RULE,
    &secure::RULE,
    &plain_http::RULE,
    &login_without_consent::RULE,
    &consent_banner::RULE,
    &gpc::RULE,
    &third_party_confined::RULE,
    &third_party_sets::RULE,
    &third_party_data::RULE,
    &third_party_embedded::RULE,
    &third_party_pages::RULE,
    &third_party_consent::RULE,
    &only_provider::RULE,
    &updated_by::RULE,
    &refreshes::RULE,
    &not_cleared_on_logout::RULE,
    &not_cleared_on_withdrawal::RULE,
    &required_for::RULE,
    &domain::RULE,
    &set_by::RULE,
    &same_site::RULE,
    &http_only::RULE,
    &script_readable::RULE,
    &path::RULE,
    &partitioned::RULE,
    &lifetime::RULE,
    &rolling_renewal::RULE,
    &value_semantics::RULE,
    &mirrored_in::RULE,
    &category_conflict::RULE,
    &sent_only_to::RULE,
    &sent_cross_site::RULE,
    &set_outside_pages::RULE,
    &trigger::RULE,
    &wrong_visitor::RULE,
    &consent_before::RULE,
    &advertising::RULE,
    &analytics_cookies::RULE,
    &third_party_cookies::RULE,
    &undeclared_cookie::RULE,
    &never_seen::RULE,
    &only_with::RULE,
    &tracking::RULE,
    &no_cookies::RULE,
    &category_closed::RULE,
    &cookie_setting_scripts::RULE,
    &undeclared_storage::RULE,
    &cross_site_tracking::RULE,
    &third_party_embeds::RULE,
    &undeclared_third_party::RULE,
    &rejected_by_browser::RULE,
    &covers_linking_hosts::RULE,
    &policy_page::RULE,
    &policy_agrees::RULE,
    &policy_links::RULE,
    &link_reachable::RULE,
    &date_follows_inventory::RULE,
];

/// The place of a rule in the order of precedence.
pub(crate) fn rank(id: &str) -> usize {
    RULES.iter().position(|rule| rule.id == id).unwrap_or(RULES.len())
}

/// What a rule says, in the few words that follow another rule's message.
pub(crate) fn in_short(id: &str) -> &'static str {
    match id {
        "advertising" => "an advertising cookie",
        "analytics-cookies" => "an analytics cookie",
        "category-closed" => "of no category that the policy admits",
        "category-conflict" => "not of its declared category",
        "consent-banner" => "the consent banner is not as stated",
        "consent-before" => "before any consent",
        "cookie-setting-scripts" => "by a third party's script",
        "covers-linking-hosts" => "on a host that links to the policy",
        "cross-site-tracking" => "another company is told who visits",
        "date-follows-inventory" => "the policy's date has not moved",
        "declared-never-seen" => "a declared one was never seen",
        "domain" => "for another domain than declared",
        "global-privacy-control" => "in spite of Global Privacy Control",
        "http-only" => "HttpOnly is not as declared",
        "identifier-for-anonymous" => "it tells visitors apart",
        "lifetime" => "kept for another time than declared",
        "link-reachable" => "a link does not answer",
        "login-without-consent" => "nobody can log in without consent",
        "mirrored-in" => "not mirrored as declared",
        "name-by-scheme" => "under the wrong name for its scheme",
        "no-cookies" => "where there should be no cookie",
        "not-cleared-on-logout" => "it outlives the logout",
        "not-cleared-on-withdrawal" => "it is not as declared after consent was taken back",
        "only-provider" => "another company does what a declared one should",
        "only-with" => "without the one it belongs to",
        "partitioned" => "partitioned otherwise than declared",
        "path" => "for another path than declared",
        "plain-http" => "over plain http",
        "policy-agrees" => "the published policy says something else",
        "policy-links" => "a link on the policy page leads nowhere",
        "policy-page" => "the policy page is not as stated",
        "prefix-rules" => "against its name's prefix",
        "refreshes" => "the refresh does not issue it as declared",
        "rejected-by-browser" => "a browser refuses it",
        "required-for" => "pages answer without it",
        "rolling-renewal" => "not renewed as declared",
        "same-site" => "SameSite is not as declared",
        "script-readable" => "scripts can read it otherwise than declared",
        "secure" => "Secure is not as stated",
        "sent-cross-site" => "sent across sites",
        "sent-only-to" => "sent elsewhere than declared",
        "set-by" => "set by another than declared",
        "set-outside-pages" => "on other pages than declared",
        "third-party-confined" => "outside its owner's domains",
        "third-party-consent" => "consent is not waited for as declared",
        "third-party-cookies" => "a third-party cookie",
        "third-party-data" => "it tells visitors apart",
        "third-party-embedded" => "it is embedded",
        "third-party-embeds" => "a third party's content is embedded",
        "third-party-pages" => "on other pages, or earlier, than declared",
        "third-party-sets" => "its owner should leave nothing",
        "trigger" => "before what it should wait for",
        "undeclared-cookie" => "undeclared",
        "undeclared-storage" => "undeclared storage",
        "undeclared-third-party" => "nothing declares it",
        "updated-by" => "its journey does not write it",
        "value-semantics" => "its value is something else",
        "wrong-visitor" => "for visitors who should not get it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The pages in docs/rules are what `explain RULE` prints.
    #[test]
    fn every_rule_has_its_page_in_the_documentation() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
        for rule in RULES {
            let file = folder.join(format!("{}.md", rule.id));
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            let page = crate::audit::explain(rule.id).unwrap();
            assert_eq!(
                written.trim(),
                page.trim(),
                "write it again: cookieproof explain {} > {}",
                rule.id,
                file.display()
            );
        }
    }

    #[test]
    fn rules_have_names_of_their_own() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        assert!(ids.iter().all(|id| !in_short(id).is_empty()));
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
