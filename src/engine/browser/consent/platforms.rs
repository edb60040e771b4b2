//! Consent platforms: how their banners and buttons are marked, and the hosts that their frames come from.
//! Only a help: a banner is known by what it is (`judge`).

/// Platform, and the selector of its banner.
pub(super) const BANNERS: &[(&str, &str)] = &[
    ("OneTrust", "#onetrust-banner-sdk, #onetrust-consent-sdk .otFlat, #onetrust-pc-sdk"),
    ("Cookiebot", "#CybotCookiebotDialog"),
    ("Usercentrics", "#usercentrics-root, #usercentrics-cmp-ui, #uc-main-dialog"),
    ("Didomi", "#didomi-notice, #didomi-popup"),
    ("Quantcast", "#qc-cmp2-ui, .qc-cmp2-container"),
    ("TrustArc", "#truste-consent-track, #consent_blackbar, .truste_overlay, .truste_box_overlay"),
    ("Cookie Consent (Osano)", ".cc-window, .osano-cm-window, .osano-cm-dialog"),
    ("CookieYes", ".cky-consent-container, .cky-modal"),
    ("Complianz", "#cmplz-cookiebanner-container .cmplz-cookiebanner"),
    ("Borlabs", "#BorlabsCookieBox"),
    ("iubenda", "#iubenda-cs-banner"),
    ("Klaro", ".klaro .cookie-notice, .klaro .cookie-modal"),
    ("tarteaucitron", "#tarteaucitronAlertBig, #tarteaucitronRoot"),
    ("Axeptio", "#axeptio_overlay"),
    ("Termly", "#termly-code-snippet-support [role=dialog], .termly-styles-root"),
    ("Sourcepoint", "[id^=sp_message_container]"),
    ("Funding Choices", ".fc-consent-root"),
    ("consentmanager", "#cmpbox, #cmpwrapper"),
    ("Cookie Notice", "#cookie-notice"),
    ("Cookie Law Info", "#cookie-law-info-bar"),
    ("Civic", "#ccc, #ccc-notify"),
    ("Ketch", "#lanyard_root [role=dialog]"),
    ("vanilla-cookieconsent", "#cc-main .cm, #cm"),
    ("Shopify", "#shopify-pc__banner"),
    ("HubSpot", "#hs-eu-cookie-confirmation"),
    ("Real Cookie Banner", "[id^=rcb-]"),
    ("CookieFirst", "#cookiefirst-root"),
    ("Cookie Script", "#cookiescript_injected"),
    ("Cookie Information", "#coiOverlay, #coi-banner-wrapper"),
];

pub(super) const ACCEPT_BUTTONS: &[&str] = &[
    "#onetrust-accept-btn-handler",
    "#CybotCookiebotDialogBodyLevelButtonLevelOptinAllowAll",
    "[data-testid=uc-accept-all-button]",
    "#didomi-notice-agree-button",
    ".cky-btn-accept",
    ".cmplz-accept",
    "#truste-consent-button",
    ".iubenda-cs-accept-btn",
    "#tarteaucitronPersonalize2",
    "#hs-eu-confirmation-button",
    "#shopify-pc__banner__btn-accept",
    ".cmpboxbtnyes",
    ".cc-allow",
    ".fc-cta-consent",
    ".sp_choice_type_11",
    "#axeptio_btn_acceptAll",
    ".osano-cm-accept-all",
    ".cm-btn-success[data-role=all]",
];

pub(super) const REJECT_BUTTONS: &[&str] = &[
    "#onetrust-reject-all-handler",
    "#CybotCookiebotDialogBodyButtonDecline",
    "[data-testid=uc-deny-all-button]",
    "#didomi-notice-disagree-button",
    ".cky-btn-reject",
    ".cmplz-deny",
    "#truste-consent-required",
    ".iubenda-cs-reject-btn",
    "#tarteaucitronAllDenied2",
    "#hs-eu-decline-button",
    "#shopify-pc__banner__btn-decline",
    ".cmpboxbtnno",
    ".cc-deny",
    ".fc-cta-do-not-consent",
    ".sp_choice_type_13",
    "#axeptio_btn_dismiss",
    ".osano-cm-denyAll",
    ".cm-btn-danger.cn-decline",
];

/// Controls by which a visitor takes an answer back.
pub(super) const REOPEN_BUTTONS: &[&str] = &[
    ".ot-sdk-show-settings",
    "#ot-sdk-btn",
    "#ot-sdk-btn-floating button",
    "#CookiebotWidget button",
    "#usercentrics-privacy-button",
    ".cky-btn-revisit",
    ".cmplz-manage-consent",
    ".iubenda-cs-preferences-link",
    "#tarteaucitronManager",
    ".cc-revoke",
    ".osano-cm-widget",
    "#teconsent a",
    ".didomi-consent-popup-open",
    "[data-cc=show-preferencesModal]",
];

/// Registrable names, and names below others' hosts, from which platforms serve their frames.
const FRAMES: &[&str] = &[
    "privacy-mgmt.com",
    "sp-prod.net",
    "consensu.org",
    "fundingchoicesmessages.google.com",
    "trustarc.com",
    "truste.com",
    "cookiebot.com",
    "usercentrics.eu",
    "usercentrics.com",
    "didomi.io",
    "quantcast.com",
    "inmobi.com",
    "consentmanager.net",
    "iubenda.com",
    "onetrust.com",
    "cookielaw.org",
    "cookiepro.com",
    "osano.com",
    "axept.io",
    "axeptio.eu",
    "termly.io",
    "cookie-script.com",
    "cookieyes.com",
    "civiccomputing.com",
    "evidon.com",
    "ketchcdn.com",
    "transcend.io",
    "secureprivacy.ai",
    "cookiefirst.com",
    "cookiehub.net",
    "cookieinformation.com",
    "sddan.com",
    "appconsent.io",
    "ccm19.de",
    "consent.google.com",
];

/// Whether a frame's host is a consent platform's.
pub(super) fn serves_frames(host: &str) -> bool {
    FRAMES
        .iter()
        .any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    #[test]
    fn frames_of_platforms_are_known_by_their_hosts() {
        assert!(super::serves_frames("cdn.privacy-mgmt.com"));
        assert!(super::serves_frames("consensu.org"));
        assert!(!super::serves_frames("notprivacy-mgmt.com"));
    }
}
