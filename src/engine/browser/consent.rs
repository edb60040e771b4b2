//! The consent banner: found by the plan's selector, by the markup of common consent platforms, or
//! by a visible box that speaks of cookies; answered by its buttons' words in several languages.

use super::tab::Tab;
use serde_json::json;
use std::time::Duration;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Reject,
    /// Only this category, in the words of privacy practice.
    Category(String),
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

/// Buttons that lead to the choice by category.
const SETTINGS_WORDS: &[&str] = &[
    "cookie settings",
    "manage preferences",
    "manage options",
    "manage cookies",
    "customize",
    "customise",
    "preferences",
    "settings",
    "let me choose",
    "more options",
    "show details",
    "einstellungen",
    "anpassen",
    "individuell",
    "personnaliser",
    "paramètres",
    "configurar",
    "personalizar",
    "personalizza",
    "instellingen",
    "anpassa",
    "indstillinger",
    "ustawienia",
    "nastavení",
];

/// Buttons that keep the choice by category.
const SAVE_WORDS: &[&str] = &[
    "save preferences",
    "save settings",
    "save my choices",
    "confirm my choices",
    "confirm choices",
    "allow selection",
    "allow selected",
    "accept selected",
    "save and close",
    "save",
    "confirm",
    "auswahl speichern",
    "auswahl erlauben",
    "auswahl bestätigen",
    "speichern",
    "enregistrer",
    "confirmer",
    "guardar",
    "confirmar",
    "salva",
    "conferma",
    "opslaan",
    "bevestigen",
    "spara",
    "gem",
    "zapisz",
    "uložit",
];

/// Controls by which a visitor takes an answer back.
const REOPEN_BUTTONS: &[&str] = &[
    ".ot-sdk-show-settings",
    "#ot-sdk-btn",
    "#CookiebotWidget button",
    "#usercentrics-privacy-button",
    ".cky-btn-revisit",
    ".cmplz-manage-consent",
    ".iubenda-cs-preferences-link",
    "#tarteaucitronManager",
    ".cc-revoke",
    "#teconsent a",
    ".didomi-consent-popup-open",
    "[data-cc=show-preferencesModal]",
];

/// Never "settings" alone: an account has those, too.
const REOPEN_WORDS: &[&str] = &[
    "withdraw consent",
    "withdraw your consent",
    "revoke consent",
    "change consent",
    "change your consent",
    "consent settings",
    "consent preferences",
    "cookie settings",
    "cookie preferences",
    "cookies settings",
    "manage cookies",
    "manage consent",
    "privacy settings",
    "your privacy choices",
    "cookie-einstellungen",
    "cookies verwalten",
    "einwilligung widerrufen",
    "datenschutz-einstellungen",
    "datenschutzeinstellungen",
    "gérer les cookies",
    "gérer mes cookies",
    "paramètres des cookies",
    "préférences cookies",
    "configuración de cookies",
    "configurar cookies",
    "preferenze cookie",
    "impostazioni cookie",
    "cookie-instellingen",
    "cookie-inställningar",
    "cookieindstillinger",
    "ustawienia cookies",
    "nastavení cookies",
];

/// In a dialog that was opened again, beside the words of rejecting.
const WITHDRAW_WORDS: &[&str] = &[
    "withdraw consent",
    "withdraw",
    "revoke",
    "widerrufen",
    "retirer mon consentement",
    "revocar",
    "revoca",
];

/// What banners call the categories.
const CATEGORY_WORDS: &[(&str, &[&str])] = &[
    ("functional", &["functional", "preference", "präferenz", "funktional", "fonctionnel", "preferenc"]),
    (
        "analytics",
        &["analytic", "statistic", "performance", "measure", "analyse", "statistik", "statistique", "mesure"],
    ),
    ("advertising", &["advertis", "marketing", "targeting", "werbung", "publicit", "pubblicit"]),
    ("social", &["social", "soziale", "sociaux"]),
];

/// Looks for the banner. None when the page does not answer.
pub(super) async fn look(tab: &Tab, plan: Option<&str>) -> Option<Banner> {
    act(tab, "look", plan, &[], &[]).await
}

/// Looks for a control by which an answer can be taken back: its label.
pub(super) async fn find_reopen(tab: &Tab) -> Option<String> {
    act(tab, "find-reopen", None, REOPEN_BUTTONS, REOPEN_WORDS).await?.clicked
}

/// Answers the banner, and waits for what that sets off, for at most `settle` after each press.
/// None when the page does not answer.
pub(super) async fn answer(
    tab: &Tab,
    plan: Option<&str>,
    answer: &Answer,
    settle: Duration,
) -> Option<Banner> {
    let answered = match answer {
        Answer::Accept => act(tab, "press", plan, ACCEPT_BUTTONS, ACCEPT_WORDS).await?,
        Answer::Reject => act(tab, "press", plan, REJECT_BUTTONS, REJECT_WORDS).await?,
        Answer::Category(category) => by_category(tab, plan, category, settle).await?,
    };
    tab.settle(settle).await;
    Some(answered)
}

/// Opens the banner again, and rejects.
pub(super) async fn withdraw(tab: &Tab, plan: Option<&str>, settle: Duration) -> Option<Banner> {
    let opened = act(tab, "reopen", plan, REOPEN_BUTTONS, REOPEN_WORDS).await?;
    if opened.clicked.is_none() {
        return Some(opened);
    }
    tab.settle(settle).await;
    let words: Vec<&str> = WITHDRAW_WORDS.iter().chain(REJECT_WORDS).copied().collect();
    let rejected = act(tab, "press", plan, REJECT_BUTTONS, &words).await?;
    tab.settle(settle).await;
    match rejected.shown {
        true => Some(rejected),
        // One press was all it took.
        false => Some(opened),
    }
}

async fn by_category(tab: &Tab, plan: Option<&str>, category: &str, settle: Duration) -> Option<Banner> {
    let own = [category];
    let known = CATEGORY_WORDS.iter().find(|(known, _)| *known == category);
    let words = known.map_or(&own[..], |(_, words)| *words);
    let mut chosen = act(tab, "choose", plan, &[], words).await?;
    if chosen.clicked.is_none() {
        act(tab, "press", plan, &[], SETTINGS_WORDS).await?;
        tab.settle(settle).await;
        chosen = act(tab, "choose", plan, &[], words).await?;
    }
    match chosen.clicked {
        Some(_) => act(tab, "press", plan, &[], SAVE_WORDS).await,
        None => Some(chosen),
    }
}

async fn act(tab: &Tab, act: &str, plan: Option<&str>, buttons: &[&str], words: &[&str]) -> Option<Banner> {
    let never: Vec<&str> = match words == ACCEPT_WORDS {
        true => REJECT_WORDS.iter().filter(|word| word.chars().count() > 3).copied().collect(),
        false => Vec::new(),
    };
    let input = json!({
        "act": act, "plan": plan, "platforms": PLATFORMS, "buttons": buttons, "words": words, "never": never,
    });
    let found = tab
        .evaluate(&format!("{}({input})", include_str!("consent.js").trim_end().trim_end_matches(';')))
        .await?;
    Some(Banner {
        shown: found["shown"].as_bool()?,
        by: found["by"].as_str().map(str::to_owned),
        clicked: found["clicked"].as_str().map(str::to_owned),
    })
}
