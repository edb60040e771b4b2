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

/// A rule by its id.
pub(crate) fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
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
        assert!(RULES.iter().all(|rule| !rule.short.is_empty()));
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
