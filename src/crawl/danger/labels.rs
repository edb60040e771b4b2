//! What a visitor reads on a link, and what following it would then do.
//!
//! Words that mean one thing only bar an address wherever one link to it says so. Words with an
//! innocent reading ("Cancel" leads back to the settings) bar it only where every link with a text
//! says so; that is for the frontier to know, which meets all of them.

use super::{Danger, words};
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What the words of a link say about following it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// No words: a picture without a text, a sign.
    #[default]
    Nothing,
    /// Words, and none that acts.
    Plain,
    /// An act for whoever may act: members leave it alone where every link says so.
    MayAct,
    /// An act, or only the way back: left alone where every link says so.
    Perhaps(Danger),
    /// An act, by its words.
    Acts(Danger),
    /// An act, by what a script would make of it.
    Sends,
    /// A file to keep, not a page.
    Download,
}

/// What is known of a link beside its address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// What is read on it.
    pub text: &'a str,
    /// What else names it: `aria-label`, `title`, the `alt` of its picture.
    pub names: [&'a str; 2],
    /// The method that a script would send it with (`data-method="delete"`).
    pub method: Option<&'a str>,
    /// It asks before it acts (`data-confirm`, `onclick="return confirm(...)"`).
    pub asks: bool,
    /// A file to keep (`download`).
    pub keeps: bool,
}

impl Words<'_> {
    /// What following the link would do, as far as it says.
    pub fn said(&self) -> Said {
        let sends = self.method.is_some_and(|method| {
            !method.is_empty() && !method.eq_ignore_ascii_case("get") && !method.eq_ignore_ascii_case("false")
        });
        if self.asks || sends {
            return Said::Sends;
        }
        if self.keeps {
            return Said::Download;
        }
        let named = || self.names.iter().map(|name| label(name));
        match label(self.text) {
            Said::Nothing => named().find(|said| *said != Said::Nothing).unwrap_or_default(),
            // A name says more than a sign or a short word, but takes nothing back.
            said @ (Said::Plain | Said::MayAct) => {
                named().find(|said| matches!(said, Said::Acts(_))).unwrap_or(said)
            }
            said => said,
        }
    }
}

/// Whether a script asks the visitor before it goes on: `return confirm('Sure?')`,
/// `return confirmDelete(this)`.
pub fn asks_first(script: &str) -> bool {
    let lower = script.to_ascii_lowercase();
    lower.match_indices("confirm").any(|(at, word)| {
        let rest = lower[at + word.len()..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        rest.trim_start().starts_with('(')
    })
}

/// Judges the words that a visitor clicks on.
pub fn label(text: &str) -> Said {
    if !text.chars().any(char::is_alphanumeric) {
        return Said::Nothing;
    }
    if text.len() > 80 || !may_say_something(text.as_bytes()) {
        return Said::Plain;
    }
    let words = words::of_text(text);
    if let Some(said) = known(&words) {
        return said;
    }
    match logs_out_somebody(text) {
        true => Said::Acts(Danger::LogsOut),
        false => Said::Plain,
    }
}

/// Whether a text, as it stands in the page, is worth a closer look. Most are not.
pub(in crate::crawl) fn may_say_something(text: &[u8]) -> bool {
    STEMS.is_match(text)
}

fn known(words: &[String]) -> Option<Said> {
    if words.is_empty() || words.len() > 8 {
        return None;
    }
    let without_fillers = || {
        words.iter().filter(|word| !FILLERS.contains(&word.as_str())).map(String::as_str).collect::<String>()
    };
    PHRASES.get(&words.concat()).or_else(|| PHRASES.get(&without_fillers())).copied()
}

/// "Log out (Anna Smith)", "Logout: anna@example.org": the words, and behind a mark who it is.
fn logs_out_somebody(text: &str) -> bool {
    let Some(mark) = text.find(['(', '[', ':', '|', '\u{2013}', '\u{2014}', '\u{ab}', '@']) else {
        return false;
    };
    let said = match text[mark..].starts_with('@') {
        // The address' own first word is no word of the label.
        true => text[..mark].trim_end().rsplit_once(char::is_whitespace).map_or("", |(said, _)| said),
        false => &text[..mark],
    };
    known(&words::of_text(said)) == Some(Said::Acts(Danger::LogsOut))
        && words::of_text(&text[said.len()..]).len() <= 5
}

/// Every phrase, its words joined and without accents.
static PHRASES: LazyLock<HashMap<String, Said>> = LazyLock::new(|| {
    // The more telling meaning is put in last, and stays.
    let all = [
        (MAY_ACT, Said::MayAct),
        (PERHAPS, Said::Perhaps(Danger::ChangesData)),
        (CHANGES, Said::Acts(Danger::ChangesData)),
        (super::verbs::LOGS_OUT, Said::Acts(Danger::LogsOut)),
    ];
    let mut phrases = HashMap::new();
    for (list, said) in all {
        phrases.extend(list.iter().map(|phrase| (words::of_text(phrase).concat(), said)));
    }
    phrases
});

/// Of each phrase the beginning of its longest word: one quick look spares most links the rest. What is
/// beyond ASCII, or written as a character reference, always gets the closer look.
static STEMS: LazyLock<Regex> = LazyLock::new(|| {
    let lists = [MAY_ACT, PERHAPS, CHANGES, super::verbs::LOGS_OUT];
    let mut stems: Vec<String> = lists
        .into_iter()
        .flatten()
        .map(|phrase| phrase.chars().map(words::without_accent).collect::<String>())
        .filter(|phrase| phrase.is_ascii())
        .filter_map(|phrase| phrase.split(' ').max_by_key(|word| word.len()).map(str::to_owned))
        .map(|word| word[..word.len().min(4)].to_owned())
        .collect();
    stems.sort();
    stems.dedup();
    #[expect(clippy::unwrap_used, reason = "made of constant letters, compiled in the tests")]
    Regex::new(&format!(r"(?i-u:[&\x80-\xff]|{}|log[\s<-]|sign[\s<-])", stems.join("|"))).unwrap()
});

/// Words without a meaning here.
const FILLERS: &[&str] = &[
    "a",
    "account",
    "address",
    "all",
    "alle",
    "click",
    "comment",
    "comments",
    "das",
    "den",
    "der",
    "devices",
    "die",
    "diese",
    "diesen",
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
    "la",
    "le",
    "les",
    "me",
    "message",
    "my",
    "not",
    "notice",
    "now",
    "of",
    "order",
    "panel",
    "permanently",
    "please",
    "plugin",
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
    "topic",
    "user",
    "you",
    "your",
    "x",
    "yes",
];

/// Acts, in the languages of the consent banners and some more.
const CHANGES: &[&str] = &[
    // English
    "delete",
    "deletes",
    "remove",
    "removes",
    "destroy",
    "erase",
    "purge",
    "move to trash",
    "move to bin",
    "send to trash",
    "untrash",
    "empty trash",
    "empty spam",
    "empty bin",
    "spam",
    "mark as spam",
    "report spam",
    "not spam",
    "unsubscribe",
    "opt out",
    "cancel subscription",
    "cancel membership",
    "cancel order",
    "cancel account",
    "close account",
    "activate",
    "deactivate",
    "network activate",
    "network deactivate",
    "install now",
    "install and activate",
    "install plugin",
    "uninstall",
    "update now",
    "enable auto updates",
    "disable auto updates",
    "revoke",
    "revoke access",
    "impersonate",
    "switch user",
    "login as user",
    "log in as user",
    "approve",
    "unapprove",
    "ban",
    "unban",
    "block user",
    "dismiss",
    "dismiss the welcome panel",
    "vote up",
    "vote down",
    "upvote",
    "downvote",
    "unvote",
    "unlike",
    "unfollow",
    "unwatch",
    "unstar",
    "unpublish",
    "mark as read",
    "mark all as read",
    "mark all read",
    "mark read",
    "mark as unread",
    "mark forums read",
    "mark topics read",
    "mark forum read",
    "rollback",
    "roll back",
    "undo",
    "send password reset",
    "resend activation email",
    "resend confirmation email",
    "resend email",
    "run now",
    "run cron",
    "build now",
    "clear cache",
    "clear caches",
    "clear all caches",
    "flush cache",
    "flush all caches",
    "rebuild cache",
    "purge cache",
    "empty cart",
    "clear cart",
    "add to cart",
    "add to basket",
    "add to bag",
    "add to wishlist",
    "add to compare",
    "add to favorites",
    "add to favourites",
    "remove from cart",
    "remove from basket",
    "remove from wishlist",
    "buy now",
    "reset all",
    // German
    "löschen",
    "loeschen",
    "entfernen",
    "endgültig löschen",
    "in den papierkorb",
    "in den papierkorb verschieben",
    "in papierkorb legen",
    "papierkorb leeren",
    "als spam markieren",
    "abbestellen",
    "kündigen",
    "kuendigen",
    "aktivieren",
    "deaktivieren",
    "jetzt installieren",
    "deinstallieren",
    "jetzt aktualisieren",
    "genehmigen",
    "freigeben",
    "sperren",
    "ausblenden",
    "verwerfen",
    "positiv bewerten",
    "negativ bewerten",
    "als gelesen markieren",
    "alle als gelesen markieren",
    "widerrufen",
    "rückgängig",
    "rückgängig machen",
    "in den warenkorb",
    "warenkorb leeren",
    "auf die merkliste",
    "auf den merkzettel",
    // French
    "supprimer",
    "supprimer définitivement",
    "retirer",
    "effacer",
    "mettre à la corbeille",
    "vider la corbeille",
    "indésirable",
    "marquer comme indésirable",
    "activer",
    "désactiver",
    "installer maintenant",
    "désinstaller",
    "mettre à jour maintenant",
    "approuver",
    "désapprouver",
    "bannir",
    "ignorer",
    "masquer",
    "voter pour",
    "voter contre",
    "marquer comme lu",
    "tout marquer comme lu",
    "se désabonner",
    "désabonner",
    "désabonnement",
    "désinscription",
    "se désinscrire",
    "révoquer",
    "ajouter au panier",
    "vider le panier",
    // Spanish
    "eliminar",
    "borrar",
    "mover a la papelera",
    "enviar a la papelera",
    "vaciar papelera",
    "marcar como spam",
    "activar",
    "desactivar",
    "instalar ahora",
    "desinstalar",
    "actualizar ahora",
    "aprobar",
    "rechazar comentario",
    "descartar",
    "votar a favor",
    "votar en contra",
    "marcar como leído",
    "marcar todo como leído",
    "darse de baja",
    "darme de baja",
    "revocar",
    "deshacer",
    "añadir al carrito",
    "agregar al carrito",
    "vaciar carrito",
    // Italian
    "elimina",
    "eliminare",
    "rimuovi",
    "cancella",
    "sposta nel cestino",
    "cestina",
    "svuota cestino",
    "segna come spam",
    "attiva",
    "disattiva",
    "installa ora",
    "installa adesso",
    "disinstalla",
    "aggiorna adesso",
    "approva",
    "ignora",
    "vota a favore",
    "segna come letto",
    "segna tutti come letti",
    "disiscriviti",
    "revoca",
    "aggiungi al carrello",
    "svuota carrello",
    // Portuguese
    "excluir",
    "apagar",
    "remover",
    "mover para lixeira",
    "mover para a lixeira",
    "mover para o lixo",
    "esvaziar lixeira",
    "marcar como lixo eletrônico",
    "ativar",
    "desativar",
    "instalar agora",
    "atualizar agora",
    "aprovar",
    "dispensar",
    "descartar aviso",
    "votar a favor",
    "marcar como lido",
    "marcar todos como lidos",
    "cancelar inscrição",
    "cancelar subscrição",
    "revogar",
    "desfazer",
    "adicionar ao carrinho",
    // Dutch
    "verwijderen",
    "verwijder",
    "naar prullenbak",
    "naar prullenbak verplaatsen",
    "prullenbak legen",
    "markeren als spam",
    "activeren",
    "activeer",
    "deactiveren",
    "deactiveer",
    "nu installeren",
    "nu bijwerken",
    "goedkeuren",
    "negeren",
    "afwijzen",
    "omhoog stemmen",
    "markeren als gelezen",
    "alles als gelezen markeren",
    "uitschrijven",
    "intrekken",
    "ongedaan maken",
    "in winkelwagen",
    "in winkelmand",
    // Swedish, Danish, Norwegian, Finnish
    "ta bort",
    "radera",
    "flytta till papperskorgen",
    "skräppost",
    "aktivera",
    "inaktivera",
    "avaktivera",
    "installera nu",
    "avinstallera",
    "uppdatera nu",
    "godkänn",
    "avfärda",
    "rösta upp",
    "markera som läst",
    "avprenumerera",
    "ångra",
    "lägg i varukorgen",
    "lägg i kundvagnen",
    "slet",
    "slett",
    "fjern",
    "flyt til papirkurv",
    "flytt til papirkurven",
    "aktivér",
    "aktiver",
    "deaktiver",
    "installer nu",
    "installer nå",
    "afinstaller",
    "avinstaller",
    "opdater nu",
    "oppdater nå",
    "godkend",
    "godkjenn",
    "afvis besked",
    "avvis melding",
    "stem op",
    "stem opp",
    "markér som læst",
    "marker som lest",
    "afmeld",
    "avmeld",
    "fortryd",
    "angre",
    "læg i kurv",
    "legg i handlekurv",
    "poista",
    "siirrä roskakoriin",
    "roskaposti",
    "merkitse roskapostiksi",
    "ota käyttöön",
    "poista käytöstä",
    "asenna nyt",
    "päivitä nyt",
    "hyväksy kommentti",
    "merkitse luetuksi",
    "peru tilaus",
    "kumoa",
    "lisää ostoskoriin",
    // Polish, Czech, Slovak, Hungarian
    "usuń",
    "skasuj",
    "do kosza",
    "przenieś do kosza",
    "opróżnij kosz",
    "oznacz jako spam",
    "aktywuj",
    "włącz",
    "wyłącz",
    "dezaktywuj",
    "zainstaluj teraz",
    "zaktualizuj teraz",
    "zatwierdź",
    "odrzuć komentarz",
    "zagłosuj",
    "oznacz jako przeczytane",
    "wypisz się",
    "cofnij",
    "dodaj do koszyka",
    "smazat",
    "vymazat",
    "odstranit",
    "odstrániť",
    "zmazať",
    "přesunout do koše",
    "presunúť do koša",
    "označit jako spam",
    "aktivovat",
    "aktivovať",
    "deaktivovat",
    "deaktivovať",
    "nainstalovat",
    "instalovat nyní",
    "aktualizovat nyní",
    "schválit",
    "schváliť",
    "zamítnout",
    "označit jako přečtené",
    "odhlásit odběr",
    "vrátit zpět",
    "přidat do košíku",
    "vložit do košíku",
    "pridať do košíka",
    "törlés",
    "töröl",
    "lomtárba",
    "kukába",
    "spamnek jelöl",
    "bekapcsolás",
    "kikapcsolás",
    "aktiválás",
    "telepítés most",
    "jóváhagyás",
    "olvasottnak jelöl",
    "leiratkozás",
    "visszavonás",
    "kosárba",
    // Turkish, Romanian, Croatian and Serbian
    "sil",
    "çöpe taşı",
    "etkinleştir",
    "devre dışı bırak",
    "şimdi kur",
    "onayla",
    "sepete ekle",
    "șterge",
    "mută la gunoi",
    "activează",
    "dezactivează",
    "instalează acum",
    "aprobă",
    "adaugă în coș",
    "izbriši",
    "obriši",
    "ukloni",
    "dodaj u košaricu",
    // Russian, Ukrainian, Bulgarian, Greek
    "удалить",
    "удалить навсегда",
    "переместить в корзину",
    "в корзину",
    "очистить корзину",
    "спам",
    "в спам",
    "пометить как спам",
    "активировать",
    "деактивировать",
    "установить",
    "установить сейчас",
    "обновить сейчас",
    "одобрить",
    "отклонить комментарий",
    "отметить как прочитанное",
    "отписаться",
    "проголосовать",
    "добавить в корзину",
    "видалити",
    "перемістити в кошик",
    "активувати",
    "деактивувати",
    "встановити зараз",
    "схвалити",
    "відписатися",
    "додати до кошика",
    "изтриване",
    "изтрий",
    "διαγραφή",
    "ενεργοποίηση",
    "απενεργοποίηση",
    "προσθήκη στο καλάθι",
    // Japanese, Chinese, Korean
    "削除",
    "削除する",
    "ゴミ箱へ移動",
    "スパム",
    "有効化",
    "無効化",
    "今すぐインストール",
    "今すぐ更新",
    "承認",
    "カートに入れる",
    "删除",
    "刪除",
    "移至回收站",
    "移到垃圾箱",
    "垃圾评论",
    "标为垃圾",
    "启用",
    "禁用",
    "啟用",
    "停用",
    "立即安装",
    "立即更新",
    "批准",
    "加入购物车",
    "加入購物車",
    "삭제",
    "휴지통으로 이동",
    "스팸",
    "활성화",
    "비활성화",
    "지금 설치",
    "승인",
    "장바구니에 담기",
];

/// The way back from a form, or an act.
const PERHAPS: &[&str] = &[
    "cancel",
    "reset",
    "clear",
    "clear all",
    "close",
    "discard",
    "abbrechen",
    "zurücksetzen",
    "schließen",
    "schliessen",
    "leeren",
    "verwerfen und zurück",
    "annuler",
    "réinitialiser",
    "fermer",
    "vider",
    "cancelar",
    "restablecer",
    "reiniciar",
    "cerrar",
    "limpiar",
    "annulla",
    "reimposta",
    "ripristina",
    "chiudi",
    "svuota",
    "redefinir",
    "limpar",
    "fechar",
    "annuleren",
    "herstellen",
    "resetten",
    "sluiten",
    "wissen",
    "avbryt",
    "återställ",
    "rensa",
    "stäng",
    "annuller",
    "annullér",
    "nulstil",
    "ryd",
    "luk",
    "tilbakestill",
    "tøm",
    "lukk",
    "peruuta",
    "tyhjennä",
    "sulje",
    "nollaa",
    "anuluj",
    "resetuj",
    "wyczyść",
    "zamknij",
    "zrušit",
    "zrušiť",
    "vymazat filtr",
    "obnovit",
    "zavřít",
    "zavrieť",
    "mégse",
    "mégsem",
    "visszaállítás",
    "bezárás",
    "отмена",
    "отменить",
    "сбросить",
    "очистить",
    "закрыть",
    "скасувати",
    "закрити",
    "キャンセル",
    "リセット",
    "クリア",
    "閉じる",
    "取消",
    "重置",
    "清除",
    "关闭",
    "취소",
    "초기화",
    "닫기",
    "iptal",
    "sıfırla",
    "temizle",
    "kapat",
];

/// What members do on their pages, and what others only read about.
const MAY_ACT: &[&str] = &[
    "trash",
    "bin it",
    "restore",
    "revert",
    "install",
    "enable",
    "disable",
    "publish",
    "reject",
    "decline",
    "lock",
    "unlock",
    "block",
    "unblock",
    "mute",
    "unmute",
    "hide",
    "unhide",
    "pin",
    "unpin",
    "stick",
    "unstick",
    "like",
    "dislike",
    "follow",
    "vote",
    "join",
    "join group",
    "leave group",
    "flag",
    "report comment",
    "report post",
    "unarchive",
    "duplicate",
    "clone",
    "regenerate",
    "rebuild",
    "reindex",
    "restart",
    "reboot",
    "shut down",
    "retry",
    "sync",
    "sync now",
    "refresh now",
    "bookmark",
    "save for later",
    "make default",
    "set as default",
    "mark read",
    "make primary",
    "set as primary",
    "demote",
    "assign to me",
    "take over",
    "resend",
    "resend invitation",
    "send invitation",
    "send test email",
    "quick edit",
    "edit lock",
    "close ticket",
    "reopen",
    "mark complete",
    "mark as complete",
    "mark as done",
    "discard draft",
    "papierkorb",
    "wiederherstellen",
    "installieren",
    "veröffentlichen",
    "ablehnen",
    "melden",
    "folgen",
    "merken",
    "beitreten",
    "gefällt mir",
    "corbeille",
    "rétablir",
    "restaurer",
    "installer",
    "publier",
    "refuser",
    "signaler",
    "suivre",
    "rejoindre",
    "j'aime",
    "papelera",
    "restaurar",
    "instalar",
    "publicar",
    "rechazar",
    "denunciar",
    "seguir",
    "unirse",
    "me gusta",
    "cestino",
    "ripristina versione",
    "installa",
    "pubblica",
    "rifiuta",
    "segnala",
    "segui",
    "mi piace",
    "lixeira",
    "publicar agora",
    "rejeitar",
    "curtir",
    "prullenbak",
    "terugzetten",
    "installeren",
    "publiceren",
    "volgen",
    "återställ version",
    "installera",
    "publicera",
    "följ",
    "gilla",
    "gendan",
    "udgiv",
    "følg",
    "publiser",
    "palauta",
    "julkaise",
    "seuraa",
    "przywróć",
    "zainstaluj",
    "opublikuj",
    "zgłoś",
    "obserwuj",
    "instalovat",
    "publikovat",
    "nahlásit",
    "sledovat",
    "lubię to",
    "közzététel",
    "visszaállít",
    "восстановить",
    "опубликовать",
    "пожаловаться",
    "подписаться",
    "нравится",
    "ゴミ箱",
    "復元",
    "公開",
    "フォロー",
    "回收站",
    "恢复",
    "发布",
    "关注",
    "휴지통",
    "복원",
    "공개",
    "팔로우",
];

#[cfg(test)]
mod tests {
    use super::*;
    use Danger::*;
    use Said::*;

    #[track_caller]
    fn case(text: &str, expected: Said) {
        assert_eq!(label(text), expected, "{text}");
    }

    #[test]
    fn logging_out() {
        for text in [
            "Log out",
            "LOGOUT",
            "LogOut",
            "Sign out »",
            "Click here to log out",
            "Log out (Anna Smith)",
            "Logout [ anna ]",
            "Logout anna.smith@example.org",
            "Not you? Log out",
            "Abmelden",
            "Déconnexion",
            "Se déconnecter",
            "Cerrar sesión",
            "Wyloguj się",
            "Выйти",
            "ログアウト",
            "Logga ut",
            "Log ud",
            "Logg av",
            "Kirjaudu ulos",
            "Odhlásit se",
            "Esci",
            "Uitloggen",
            "Terminar sessão",
            "Kijelentkezés",
        ] {
            case(text, Acts(LogsOut));
        }
        for text in [
            "How to log out of all your devices",
            "Log in",
            "Sign up",
            "Blog",
            "Checkout",
            "LogoutURL",
            "Logout URL",
            "$cfg['Servers'][$i]['LogoutURL']",
            "Logout handler",
            "What happens when you delete data",
            "Remove filter: blue",
            "Home",
            "Spam (2)",
            "Activation",
            "Delete key",
            "Installation guide",
        ] {
            case(text, Plain);
        }
        case("", Nothing);
        case("\u{d7}", Nothing);
    }

    #[test]
    fn changing() {
        for text in [
            "Delete",
            "Delete this comment",
            "Supprimer",
            "Konto löschen",
            "Add to cart",
            "In den Warenkorb",
            "Unsubscribe",
            "Move to Trash",
            "Activate",
            "Spam",
            "Install Now",
            "Dismiss",
            "Dismiss this notice",
            "Vote up",
            "Send password reset",
            "Approve",
            "Mark all as read",
            "Aktivieren",
            "Jetzt installieren",
            "Mettre à la corbeille",
            "Activer",
            "Mover a la papelera",
            "Sposta nel cestino",
            "Attiva",
            "Mover para a lixeira",
            "Activeren",
            "Ta bort",
            "Slet",
            "Godkjenn",
            "Poista",
            "Usuń",
            "Smazat",
            "Törlés",
            "Удалить",
            "削除",
            "删除",
            "삭제",
            "Remove",
            "Clear cache",
            "Run cron",
            "Build Now",
        ] {
            case(text, Acts(ChangesData));
        }
        for text in ["Cancel", "Reset", "Clear", "Close", "Abbrechen", "Annuler", "Отмена", "取消"] {
            case(text, Perhaps(ChangesData));
        }
        for text in ["Trash", "Follow", "Publish", "Restore", "Enable", "Lock"] {
            case(text, MayAct);
        }
    }

    #[test]
    fn what_stands_beside_the_words() {
        let link = Words { text: "Entry 5", ..Words::default() };
        let acts = Acts(ChangesData);
        assert_eq!(link.said(), Plain);
        assert_eq!(Words { method: Some("post"), ..link }.said(), Sends);
        assert_eq!(Words { method: Some("GET"), ..link }.said(), Plain);
        assert_eq!(Words { asks: true, ..link }.said(), Sends);
        assert_eq!(Words { keeps: true, ..link }.said(), Download);
        assert_eq!(Words { names: ["", "Delete this entry"], ..link }.said(), acts);
        assert_eq!(Words { text: "\u{d7}", names: ["Log out", ""], ..link }.said(), Acts(LogsOut));
        assert_eq!(Words { text: "\u{d7}", names: ["", "Photo"], ..link }.said(), Plain);
        for script in ["return confirm('Sure?')", "if(!confirmDelete(this))return false", "confirm ('x')"] {
            assert!(asks_first(script), "{script}");
        }
        for script in ["confirmed = true", "open(this)", ""] {
            assert!(!asks_first(script), "{script}");
        }
    }

    #[test]
    fn every_phrase_passes_the_quick_look() {
        for phrase in [MAY_ACT, PERHAPS, CHANGES, super::super::verbs::LOGS_OUT].into_iter().flatten() {
            assert!(may_say_something(phrase.as_bytes()), "{phrase}");
            assert!(may_say_something(phrase.to_uppercase().as_bytes()), "{phrase}");
        }
    }
}
