//! The consent banner: found by the plan's selector, by the markup of common consent platforms, or
//! by a visible box that speaks of cookies; answered by its buttons' words in several languages.

use super::tab::Tab;
use serde_json::json;

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Reject,
}

/// What was found, and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Banner {
    pub shown: bool,
    /// How it was recognised: a platform's name, "the plan's selector", "its markup".
    pub by: Option<String>,
    /// The label of the button that was clicked.
    pub clicked: Option<String>,
}

/// Platform, and the selector of its banner.
const PLATFORMS: &[(&str, &str)] = &[
    ("OneTrust", "#onetrust-banner-sdk, #onetrust-consent-sdk .otFlat"),
    ("Cookiebot", "#CybotCookiebotDialog"),
    ("Usercentrics", "#usercentrics-root, #usercentrics-cmp-ui"),
    ("Didomi", "#didomi-notice, #didomi-popup"),
    ("Quantcast", "#qc-cmp2-ui, .qc-cmp2-container"),
    ("TrustArc", "#truste-consent-track, #consent_blackbar"),
    ("Cookie Consent (Osano)", ".cc-window, .osano-cm-window"),
    ("CookieYes", ".cky-consent-container, .cky-modal"),
    ("Complianz", "#cmplz-cookiebanner-container .cmplz-cookiebanner"),
    ("Borlabs", "#BorlabsCookieBox"),
    ("iubenda", "#iubenda-cs-banner"),
    ("Klaro", ".klaro .cookie-notice, .klaro .cookie-modal"),
    ("tarteaucitron", "#tarteaucitronAlertBig, #tarteaucitronRoot"),
    ("Axeptio", "#axeptio_overlay"),
    ("Termly", "#termly-code-snippet-support [role=dialog], .termly-styles-root"),
    ("Sourcepoint", "[id^=sp_message_container]"),
    ("consentmanager", "#cmpbox, #cmpwrapper"),
    ("Cookie Notice", "#cookie-notice"),
    ("Cookie Law Info", "#cookie-law-info-bar"),
    ("Civic", "#ccc, #ccc-notify"),
    ("Ketch", "#lanyard_root [role=dialog]"),
    ("vanilla-cookieconsent", "#cc-main .cm"),
    ("Shopify", "#shopify-pc__banner"),
    ("HubSpot", "#hs-eu-cookie-confirmation"),
    ("Real Cookie Banner", "[id^=rcb-]"),
];

const ACCEPT_BUTTONS: &[&str] = &[
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
];

const REJECT_BUTTONS: &[&str] = &[
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
];

/// Longer and more telling words first: "accept all" before "ok".
const ACCEPT_WORDS: &[&str] = &[
    "accept all cookies",
    "accept all",
    "allow all cookies",
    "allow all",
    "accept cookies",
    "agree to all",
    "i agree",
    "i accept",
    "yes, i agree",
    "got it",
    "accept",
    "agree",
    "allow",
    "alle akzeptieren",
    "alle cookies akzeptieren",
    "allen zustimmen",
    "alles akzeptieren",
    "akzeptieren",
    "zustimmen",
    "einverstanden",
    "alle zulassen",
    "tout accepter",
    "accepter tout",
    "j'accepte",
    "accepter",
    "aceptar todo",
    "aceptar todas",
    "aceptar",
    "acepto",
    "accetta tutti",
    "accetta tutto",
    "accetta",
    "accetto",
    "alles accepteren",
    "alle cookies accepteren",
    "accepteren",
    "akkoord",
    "aceitar tudo",
    "aceitar todos",
    "aceitar",
    "godkänn alla",
    "acceptera alla",
    "acceptera",
    "accepter alle",
    "tillad alle",
    "godta alle",
    "hyväksy kaikki",
    "zaakceptuj wszystkie",
    "akceptuję",
    "akceptuj",
    "přijmout vše",
    "souhlasím",
    "elfogadom",
    "принять все",
    "принять",
    "すべて同意",
    "同意する",
    "同意",
    "接受全部",
    "接受",
    "ok",
    "okay",
    "understood",
    "verstanden",
    "continue",
];

const REJECT_WORDS: &[&str] = &[
    "reject all cookies",
    "reject all",
    "decline all",
    "deny all",
    "refuse all",
    "only necessary",
    "necessary only",
    "essential only",
    "only essential",
    "use necessary cookies only",
    "strictly necessary only",
    "continue without accepting",
    "reject",
    "decline",
    "deny",
    "refuse",
    "no, thanks",
    "no thanks",
    "disagree",
    "alle ablehnen",
    "alles ablehnen",
    "nur notwendige",
    "nur essenzielle",
    "nur erforderliche",
    "ablehnen",
    "tout refuser",
    "continuer sans accepter",
    "refuser",
    "je refuse",
    "rechazar todo",
    "rechazar todas",
    "rechazar",
    "solo necesarias",
    "rifiuta tutti",
    "rifiuta tutto",
    "rifiuta",
    "continua senza accettare",
    "alles weigeren",
    "weigeren",
    "alleen noodzakelijke",
    "rejeitar tudo",
    "rejeitar",
    "recusar",
    "avvisa alla",
    "endast nödvändiga",
    "afvis alle",
    "kun nødvendige",
    "avvis alle",
    "hylkää kaikki",
    "odrzuć wszystkie",
    "odrzuć",
    "odmítnout vše",
    "odmítnout",
    "elutasítom",
    "отклонить все",
    "отклонить",
    "拒否",
    "全部拒绝",
    "拒绝",
    "no",
];

/// Looks for the banner and, if asked, answers it. None when the page does not answer.
pub(super) async fn banner(
    tab: &Tab,
    plan: Option<&str>,
    answer: Option<Answer>,
    button: Option<&str>,
) -> Option<Banner> {
    let (buttons, words) = match answer {
        Some(Answer::Reject) => (REJECT_BUTTONS, REJECT_WORDS),
        _ => (ACCEPT_BUTTONS, ACCEPT_WORDS),
    };
    let input = json!({
        "plan": plan, "platforms": PLATFORMS, "answer": answer.is_some(), "button": button, "buttons": buttons, "words": words,
    });
    let script = format!("{}({input})", include_str!("consent.js").trim_end().trim_end_matches(';'));
    // Only looking is no act of the visitor's.
    let found = match answer {
        Some(_) => tab.act(&script).await?,
        None => tab.evaluate(&script).await?,
    };
    Some(Banner {
        shown: found["shown"].as_bool()?,
        by: found["by"].as_str().map(str::to_owned),
        clicked: found["clicked"].as_str().map(str::to_owned),
    })
}
