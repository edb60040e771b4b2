//! Links that a visitor would not follow without meaning it: those that log out, and those that
//! change data though a GET should not. Judged by whole words at the places where applications
//! put their verbs, so that `/blog/how-to-logout-safely` is an article and `/user/logout` is not.

use super::Address;
use crate::observation::SkipReason;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// What following a link would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    LogsOut,
    ChangesData,
}

impl From<Danger> for SkipReason {
    fn from(danger: Danger) -> Self {
        match danger {
            Danger::LogsOut => SkipReason::LogsOut,
            Danger::ChangesData => SkipReason::ChangesData,
        }
    }
}

/// Judges an address by its path segments and query parameters.
pub fn danger(address: &Address) -> Option<Danger> {
    let segments: Vec<Vec<String>> =
        address.path().split('/').filter(|s| !s.is_empty()).map(|s| words(&percent_decoded(s))).collect();
    danger_of_path(&segments).or_else(|| {
        address.query()?.split('&').filter(|pair| !pair.is_empty()).find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            danger_of_parameter(&percent_decoded(name), &percent_decoded(value))
        })
    })
}

/// Whether a text, as it stands in the page, is worth a closer look. Most are not.
pub(super) fn may_be_dangerous(text: &[u8]) -> bool {
    STEMS.is_match(text)
}

/// Judges the words that a visitor clicks on.
pub fn dangerous_text(text: &str) -> Option<Danger> {
    if text.len() > 80 || !may_be_dangerous(text.as_bytes()) {
        return None;
    }
    let words = words(text);
    if let Some(danger) = verb(&words, TEXT_FILLERS) {
        return Some(danger);
    }
    // "Log out (Anna Smith)", "Logout anna@example.org"
    let logs_out = (1..=words.len().min(3)).any(|count| {
        LOGOUT.contains(&words[..count].concat().as_str())
            && words.len() - count <= if text.contains('@') { 5 } else { 2 }
    });
    logs_out.then_some(Danger::LogsOut)
}

fn danger_of_path(segments: &[Vec<String>]) -> Option<Danger> {
    let is_id = |words: &Vec<String>| {
        let whole = words.concat();
        whole.bytes().all(|b| b.is_ascii_digit())
            || whole.len() >= 16 && whole.bytes().all(|b| b.is_ascii_hexdigit())
    };
    // The verb is the last segment that is no id: /items/delete/5, /items/5/delete.
    let last = segments.iter().rposition(|words| !is_id(words))?;
    let has_id = segments.iter().any(is_id);
    // /help/delete-account is to be read, /articles/5/delete is not.
    let reading_matter = segments.len() > 1
        && READING.contains(&segments[0].concat().as_str())
        && !(has_id && segments[last].len() == 1);
    match verb(&segments[last], PATH_FILLERS) {
        Some(Danger::LogsOut) => return Some(Danger::LogsOut),
        Some(Danger::ChangesData) if !reading_matter => return Some(Danger::ChangesData),
        _ => {}
    }
    if reading_matter {
        return None;
    }
    if segments.iter().any(|words| verb(words, PATH_FILLERS) == Some(Danger::LogsOut)) {
        return Some(Danger::LogsOut);
    }
    let verb = segments[last].concat();
    let of_a_basket = segments[..last].iter().any(|words| BASKETS.contains(&words.concat().as_str()));
    let changes = of_a_basket && BASKET_VERBS.contains(&verb.as_str())
        || has_id && segments.len() > 1 && VERBS_ON_AN_ID.contains(&verb.as_str());
    changes.then_some(Danger::ChangesData)
}

fn danger_of_parameter(name: &str, value: &str) -> Option<Danger> {
    if matches!(value, "0" | "false" | "no" | "off") {
        return None;
    }
    let names = words(name);
    if let Some(danger) = verb(&names, PATH_FILLERS) {
        return Some(danger);
    }
    if !ACTION_PARAMETERS.contains(&names.concat().as_str()) {
        return None;
    }
    let action = value.rsplit(['/', '.', ':']).find(|part| !part.is_empty()).unwrap_or_default();
    verb(&words(action), PATH_FILLERS)
}

/// What the words say, once those without a meaning here are left out.
fn verb(words: &[String], fillers: &[&str]) -> Option<Danger> {
    if words.len() > 8 {
        return None;
    }
    let all = words.concat();
    let without_fillers: String =
        words.iter().filter(|word| !fillers.contains(&word.as_str())).map(String::as_str).collect();
    [all, without_fillers].iter().find_map(|joined| {
        if LOGOUT.contains(&joined.as_str()) {
            Some(Danger::LogsOut)
        } else if CHANGE.contains(&joined.as_str()) {
            Some(Danger::ChangesData)
        } else {
            None
        }
    })
}

/// The words of a text, a path segment or an identifier (`doLogout`, `log-out.php`): lower case,
/// without accents, without the endings of server pages.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in text.chars().take(200) {
        let starts_word = !c.is_alphanumeric() && c != '\'' || c.is_uppercase() && before_lower;
        if starts_word && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        before_lower = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase().map(without_accent).filter(|c| c.is_alphanumeric()));
        }
    }
    words.retain(|word| !word.is_empty());
    if words.len() > 1 && words.last().is_some_and(|last| PAGE_ENDINGS.contains(&last.as_str())) {
        words.pop();
    }
    words
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ź' | 'ż' | 'ž' => 'z',
        'ț' | 'ţ' | 'ť' => 't',
        'ý' | 'ÿ' => 'y',
        'ğ' => 'g',
        'ł' => 'l',
        'ř' => 'r',
        'đ' | 'ď' => 'd',
        _ => c,
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            (b'+', ..) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every text that could be dangerous has one of these in it, or a character reference, or
/// something beyond ASCII: one quick look spares most links the rest.
static STEMS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant pattern, compiled in the tests")]
    Regex::new(
        r"(?i-u:[&\x80-\xff]|log|sign|abmeld|conn|conect|sesion|session|salir|sair|sess|desl|ulos|odhl|odjav|kijelent|cikis|cerrar|oturum|keluar|xuat|esci|delet|remov|destr|erase|purge|subscri|cancel|add|loesch|losch|supprim|elimin|borrar|verwijder|afmeld|usun|slet|ta bort|poista|smaz|torles|sil|abbestell|abonn|inscri|baja|warenkorb|panier|carrello|carrito|koszyk|trash|revoke|deactiv|unfollow|exclu|kilep|iesire|opt|imperson|switch|empty|clear|undo|reset|entfern|ndigen|retirer|adicion|rimuov|iscriv|schrijv|winkel|skasuj|wypisz|bort|prenum|avmeld|vymaz|odstran)",
    )
    .unwrap()
});

/// Logging out, words joined.
const LOGOUT: &[&str] = &[
    "logout",
    "logoff",
    "signout",
    "signoff",
    "logmeout",
    "signmeout",
    "endsession",
    "sessionend",
    "logouts",
    "sessiondestroy",
    "abmelden",
    "ausloggen",
    "abmeldung",
    "deconnexion",
    "sedeconnecter",
    "deconnecter",
    "cerrarsesion",
    "cierresesion",
    "salir",
    "desconectar",
    "desconectarse",
    "finalizarsesion",
    "uitloggen",
    "afmelden",
    "wyloguj",
    "wylogujsie",
    "wylogowanie",
    "esci",
    "disconnetti",
    "disconnettiti",
    "disconnect",
    "loggaut",
    "loggut",
    "loggaav",
    "logud",
    "logaf",
    "kirjauduulos",
    "odhlasit",
    "odhlasitse",
    "odhlasitsa",
    "odhlaseni",
    "odhlasenie",
    "kijelentkezes",
    "kilepes",
    "deconectare",
    "deconecteazate",
    "iesire",
    "odjava",
    "odjavi",
    "odjavise",
    "cikis",
    "cikisyap",
    "oturumukapat",
    "sair",
    "terminarsessao",
    "encerrarsessao",
    "fazerlogout",
    "deslogar",
    "выход",
    "выйти",
    "вихід",
    "вийти",
    "изход",
    "αποσυνδεση",
    "αποσύνδεση",
    "ログアウト",
    "サインアウト",
    "退出",
    "退出登录",
    "登出",
    "注销",
    "로그아웃",
    "התנתק",
    "התנתקות",
    "تسجيلالخروج",
    "خروج",
    "dangxuat",
    "keluar",
    "ออกจากระบบ",
];

/// Changing data, words joined.
const CHANGE: &[&str] = &[
    "delete",
    "deletes",
    "remove",
    "removes",
    "destroy",
    "erase",
    "purge",
    "trash",
    "unsubscribe",
    "optout",
    "cancel",
    "cancelsubscription",
    "deactivate",
    "revoke",
    "impersonate",
    "switchuser",
    "unfollow",
    "addtocart",
    "addtobasket",
    "addtobag",
    "addtowishlist",
    "addtocompare",
    "emptycart",
    "clearcart",
    "removefromcart",
    "removefrombasket",
    "removefromwishlist",
    "undoitem",
    "untrash",
    "resetall",
    "loschen",
    "loeschen",
    "entfernen",
    "abbestellen",
    "kundigen",
    "kuendigen",
    "indenwarenkorb",
    "supprimer",
    "retirer",
    "sedesabonner",
    "desabonner",
    "desabonnement",
    "desinscription",
    "sedesinscrire",
    "ajouteraupanier",
    "eliminar",
    "borrar",
    "darsedebaja",
    "darmedebaja",
    "anadiralcarrito",
    "agregaralcarrito",
    "excluir",
    "remover",
    "cancelarinscricao",
    "adicionaraocarrinho",
    "elimina",
    "rimuovi",
    "disiscriviti",
    "aggiungialcarrello",
    "verwijderen",
    "verwijder",
    "uitschrijven",
    "inwinkelwagen",
    "inwinkelmand",
    "usun",
    "skasuj",
    "wypiszsie",
    "dodajdokoszyka",
    "slett",
    "slet",
    "tabort",
    "avprenumerera",
    "avmeld",
    "afmeld",
    "poista",
    "smazat",
    "vymazat",
    "odstranit",
    "torles",
    "sil",
    "удалить",
    "отписаться",
    "видалити",
    "削除",
    "删除",
    "刪除",
    "삭제",
];

/// Words that leave the meaning of a path segment or parameter as it is.
const PATH_FILLERS: &[&str] = &[
    "account",
    "accounts",
    "action",
    "admin",
    "ajax",
    "all",
    "api",
    "app",
    "auth",
    "cart",
    "comment",
    "comments",
    "confirm",
    "customer",
    "devices",
    "do",
    "entry",
    "everywhere",
    "file",
    "form",
    "global",
    "handler",
    "id",
    "idp",
    "image",
    "index",
    "item",
    "items",
    "local",
    "me",
    "member",
    "message",
    "my",
    "now",
    "oauth",
    "oidc",
    "openid",
    "order",
    "page",
    "photo",
    "post",
    "process",
    "product",
    "profile",
    "request",
    "saml",
    "servlet",
    "session",
    "sessions",
    "single",
    "site",
    "sso",
    "submit",
    "subscription",
    "user",
    "users",
    "wp",
];

/// The same for the words of a link.
const TEXT_FILLERS: &[&str] = &[
    "a",
    "account",
    "address",
    "all",
    "click",
    "comment",
    "der",
    "devices",
    "diese",
    "entry",
    "everywhere",
    "file",
    "from",
    "here",
    "image",
    "is",
    "it",
    "item",
    "items",
    "konto",
    "me",
    "message",
    "my",
    "not",
    "now",
    "of",
    "order",
    "permanently",
    "please",
    "post",
    "product",
    "profile",
    "selected",
    "session",
    "sessions",
    "subscription",
    "the",
    "this",
    "to",
    "user",
    "you",
    "your",
    "x",
];

/// First segments under which verbs are what pages are about, not what they do.
const READING: &[&str] = &[
    "article",
    "articles",
    "blog",
    "docs",
    "doc",
    "documentation",
    "faq",
    "guide",
    "guides",
    "help",
    "hilfe",
    "kb",
    "knowledgebase",
    "learn",
    "manual",
    "news",
    "reference",
    "support",
    "tutorial",
    "tutorials",
    "wiki",
];

const BASKETS: &[&str] = &[
    "cart",
    "basket",
    "bag",
    "wishlist",
    "favorites",
    "favourites",
    "compare",
    "warenkorb",
    "panier",
    "carrito",
    "carrello",
    "merkliste",
];

const BASKET_VERBS: &[&str] =
    &["add", "clear", "empty", "update", "increase", "decrease", "plus", "minus", "toggle", "move"];

/// Harmless alone (a page of that name), an act together with an id.
const VERBS_ON_AN_ID: &[&str] = &[
    "approve",
    "ban",
    "block",
    "disable",
    "dislike",
    "downvote",
    "enable",
    "favorite",
    "favourite",
    "follow",
    "hide",
    "like",
    "markread",
    "mute",
    "pin",
    "publish",
    "reject",
    "restore",
    "toggle",
    "unblock",
    "unlike",
    "unpin",
    "unpublish",
    "upvote",
    "vote",
];

/// Parameters whose value is a verb. Searches (`q=logout`) and places to return to are not.
const ACTION_PARAMETERS: &[&str] = &[
    "a",
    "ac",
    "act",
    "action",
    "cmd",
    "command",
    "do",
    "event",
    "fn",
    "func",
    "function",
    "m",
    "method",
    "mod",
    "mode",
    "module",
    "op",
    "operation",
    "option",
    "p",
    "page",
    "r",
    "route",
    "task",
    "view",
];

const PAGE_ENDINGS: &[&str] =
    &["action", "asp", "aspx", "cfm", "cgi", "do", "htm", "html", "jsf", "jsp", "php", "phtml", "pl"];

#[cfg(test)]
mod tests {
    use super::*;
    use Danger::*;

    #[test]
    fn addresses() {
        #[track_caller]
        fn case(path: &str, expected: Option<Danger>) {
            let address = Address::parse(&format!("https://example.org{path}")).unwrap();
            assert_eq!(danger(&address), expected, "{path}");
        }
        case("/logout", Some(LogsOut));
        case("/logout/", Some(LogsOut));
        case("/Account/LogOff", Some(LogsOut));
        case("/users/sign_out", Some(LogsOut));
        case("/sign-out.php", Some(LogsOut));
        case("/logout.do;jsessionid=1", None);
        case("/doLogout", Some(LogsOut));
        case("/logout/all", Some(LogsOut));
        case("/logout-everywhere", Some(LogsOut));
        case("/auth/logout/redirect", Some(LogsOut));
        case("/connect/endsession?id_token_hint=x", Some(LogsOut));
        case("/wp-login.php?action=logout&_wpnonce=1", Some(LogsOut));
        case("/index.php?option=com_users&task=user.logout", Some(LogsOut));
        case("/index.php?r=site/logout", Some(LogsOut));
        case("/?logout", Some(LogsOut));
        case("/?logout=1", Some(LogsOut));
        case("/?logout=0", None);
        case("/d%C3%A9connexion", Some(LogsOut));
        case("/se-deconnecter", Some(LogsOut));
        case("/cerrar-sesion", Some(LogsOut));
        case("/abmelden", Some(LogsOut));
        case("/konto/wyloguj", Some(LogsOut));
        case("/uitloggen", Some(LogsOut));
        case("/%D0%B2%D1%8B%D1%85%D0%BE%D0%B4", Some(LogsOut));
        case("/blog/how-to-logout-safely", None);
        case("/how-to-logout-safely", None);
        case("/docs/logout/configuring", None);
        case("/login?next=/logout", None);
        case("/search?q=logout", None);
        case("/login", None);
        case("/catalogout", None);
        case("/delete/5", Some(ChangesData));
        case("/items/5/delete", Some(ChangesData));
        case("/admin/auth/user/1/delete/", Some(ChangesData));
        case("/admin/auth/user/1/change/", None);
        case("/posts/destroy/507f1f77bcf86cd799439011", Some(ChangesData));
        case("/account/delete", Some(ChangesData));
        case("/delete-account", Some(ChangesData));
        case("/deleteAccount", Some(ChangesData));
        case("/help/delete-account", None);
        case("/how-to-delete-your-account", None);
        case("/delete-key-on-a-keyboard", None);
        case("/newsletter/unsubscribe?u=1", Some(ChangesData));
        case("/subscription/cancel", Some(ChangesData));
        case("/cancellation-policy", None);
        case("/shop/?add-to-cart=12", Some(ChangesData));
        case("/shop/?remove_item=12", Some(ChangesData));
        case("/cart/add/12", Some(ChangesData));
        case("/cart", None);
        case("/checkout", None);
        case("/checkout/add", None);
        case("/posts/5/upvote", Some(ChangesData));
        case("/articles/5/delete", Some(ChangesData));
        case("/story/5/upvote", Some(ChangesData));
        case("/vote", None);
        case("/list?action=delete&id=5", Some(ChangesData));
        case("/list?action=view&id=5", None);
        case("/", None);
        case("/%", None);
    }

    #[test]
    fn texts() {
        #[track_caller]
        fn case(text: &str, expected: Option<Danger>) {
            assert_eq!(dangerous_text(text), expected, "{text}");
        }
        case("Log out", Some(LogsOut));
        case("LOGOUT", Some(LogsOut));
        case("Sign out »", Some(LogsOut));
        case("Click here to log out", Some(LogsOut));
        case("Log out (Anna Smith)", Some(LogsOut));
        case("Logout anna.smith@example.org", Some(LogsOut));
        case("Not you? Log out", Some(LogsOut));
        case("Abmelden", Some(LogsOut));
        case("Déconnexion", Some(LogsOut));
        case("Se déconnecter", Some(LogsOut));
        case("Cerrar sesión", Some(LogsOut));
        case("Wyloguj się", Some(LogsOut));
        case("Выйти", Some(LogsOut));
        case("ログアウト", Some(LogsOut));
        case("Logga ut", Some(LogsOut));
        case("How to log out of all your devices", None);
        case("Log in", None);
        case("Sign up", None);
        case("Blog", None);
        case("Checkout", None);
        case("Delete", Some(ChangesData));
        case("Delete this comment", Some(ChangesData));
        case("Supprimer", Some(ChangesData));
        case("Konto löschen", Some(ChangesData));
        case("Add to cart", Some(ChangesData));
        case("In den Warenkorb", Some(ChangesData));
        case("Unsubscribe", Some(ChangesData));
        case("What happens when you delete data", None);
        case("Remove filter: blue", None);
        case("Home", None);
        case("", None);
    }

    #[test]
    fn every_word_passes_the_quick_look() {
        for word in LOGOUT.iter().chain(CHANGE).filter(|word| word.is_ascii()) {
            assert!(may_be_dangerous(word.as_bytes()), "{word}");
        }
    }
}
