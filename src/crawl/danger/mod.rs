//! Links that a visitor would not follow without meaning it: those that log out, and those that
//! change data though a GET should not.
//!
//! A link acts if it carries an anti-forgery token, whatever else it says. Apart from that it is
//! judged by whole words at the places where applications put their verbs, so that
//! `/blog/how-to-logout-safely` is an article and `/user/logout` is not. Members are careful: on
//! their pages a link is also left alone where nothing says that it only shows something.

mod labels;
mod verbs;
mod words;

pub(in crate::crawl) use labels::may_say_something;
pub use labels::{Said, Words, asks_first, label};

use super::Address;
use super::back_office::in_back_office;
use crate::observation::{SkipReason, answers_consent, is_anti_forgery};
use serde::{Deserialize, Serialize};
pub(super) use words::{of_identifier, percent_decoded};

/// What following a link would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    LogsOut,
    CarriesToken,
    ChangesData,
}

impl From<Danger> for SkipReason {
    fn from(danger: Danger) -> Self {
        match danger {
            Danger::LogsOut => SkipReason::LogsOut,
            Danger::CarriesToken => SkipReason::CarriesToken,
            Danger::ChangesData => SkipReason::ChangesData,
        }
    }
}

/// Why a member leaves an address alone that others would ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caution {
    /// The value of an action-like parameter is not known to be harmless; where the path is a
    /// router, it names a page. The parameter's place in the query.
    Unknown(usize),
    /// An editor, which may lock or draft something when it opens, or an act by its words.
    Acts,
}

/// Judges an address by its path segments and query parameters.
pub fn danger(address: &Address) -> Option<Danger> {
    let parts = Parts::of(address);
    if parts.carries_token() {
        // What logs out says so, and stands in the coverage as that.
        return Some(match parts.danger() {
            Some(Danger::LogsOut) => Danger::LogsOut,
            _ => Danger::CarriesToken,
        });
    }
    parts.danger().or_else(|| parts.answers_consent(address).then_some(Danger::ChangesData))
}

/// Judges an address that is not dangerous in itself, for a member.
pub fn caution(address: &Address) -> Option<Caution> {
    let parts = Parts::of(address);
    if parts.is_editor() || parts.acts_for_members() {
        return Some(Caution::Acts);
    }
    let in_back_office = in_back_office(address);
    let at = parts.parameters.iter().position(|(name, value)| {
        is_action(name) && !value.is_empty() && !is_harmless(name, value, in_back_office)
    })?;
    // No router has an editor that locks for a page.
    let edits = of_identifier(&parts.parameters[at].1).last().is_some_and(|last| last == "edit");
    Some(if edits { Caution::Acts } else { Caution::Unknown(at) })
}

/// Whether the address is of what is read: a manual, an article, all that has a tag. What an index
/// says there is the name of a thing, not what following it would do.
pub(in crate::crawl) fn is_read(address: &Address) -> bool {
    if address.query().is_some() {
        return false;
    }
    let path = address.path();
    let is_document = path.ends_with(".html") || path.ends_with(".htm");
    let parts = Parts::of(address);
    is_document && path.split('/').any(|segment| verbs::READING.contains(segment))
        || parts.verb_at().is_some_and(|verb| parts.is_to_be_read(verb)) && parts.danger().is_none()
}

/// The words of an address.
struct Parts {
    /// Each with the text that its words are of.
    segments: Vec<(String, Vec<String>)>,
    parameters: Vec<(String, String)>,
}

impl Parts {
    fn of(address: &Address) -> Parts {
        let segments = address.path().split('/').filter(|segment| !segment.is_empty());
        let query = address.query().unwrap_or_default();
        // `;` separates as well: SMF's `index.php?action=markasread;sa=all`.
        let pairs = query.split(['&', ';']).filter(|pair| !pair.is_empty()).take(100);
        Parts {
            segments: segments
                .map(|segment| {
                    let text = percent_decoded(segment);
                    // A wiki's namespace: `Special:UserLogout`.
                    let name = text.rsplit(':').next().unwrap_or_default();
                    let words = of_identifier(name);
                    (text, words)
                })
                .collect(),
            parameters: pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (percent_decoded(name), percent_decoded(value))
                })
                .collect(),
        }
    }

    fn carries_token(&self) -> bool {
        let named = |wanted: &str| self.parameters.iter().any(|(name, _)| name == wanted);
        // OpenID Connect's nonce is of the login, and asks for nothing else.
        let is_login = named("client_id") && (named("response_type") || named("scope"));
        // Magento writes `/form_key/...` into the path.
        let in_path = self.segments.windows(2).any(|pair| {
            pair[0].0.len() > 5 && pair[0].0.contains(['_', '-']) && is_anti_forgery(&pair[0].0, &pair[1].0)
        });
        in_path
            || self
                .parameters
                .iter()
                .any(|(name, value)| is_anti_forgery(name, value) && !(is_login && name == "nonce"))
    }

    fn danger(&self) -> Option<Danger> {
        self.danger_of_path().or_else(|| {
            let basket = self.segments.iter().any(|(_, words)| is_basket(words));
            self.parameters.iter().find_map(|(name, value)| danger_of_parameter(name, value, basket))
        })
    }

    /// Who asks for it is no visitor any more who has not answered yet.
    fn answers_consent(&self, address: &Address) -> bool {
        let (path, query) = (percent_decoded(address.path()), address.query().map(percent_decoded));
        let to_be_read = self.verb_at().is_some_and(|verb| self.is_to_be_read(verb));
        !to_be_read && answers_consent(&path, &query.unwrap_or_default())
    }

    /// The verb's place: the last segment that is no id, nor the name of the id behind it:
    /// `/items/delete/5`, `/items/5/delete`, `/address/delete/id/5`.
    fn verb_at(&self) -> Option<usize> {
        let mut at = self.segments.iter().rposition(|(_, words)| !is_id(words))?;
        while at > 0 && at + 1 < self.segments.len() && is_key(&self.segments[at].1) {
            at -= 1;
        }
        Some(at)
    }

    fn has_id(&self) -> bool {
        self.segments.iter().any(|(_, words)| is_id(words))
    }

    /// `/posts/5/approve`, `/approve/5`.
    fn acts_on_an_id(&self, verb: usize) -> bool {
        self.segments.len() > 1
            && self.segments.iter().enumerate().any(|(at, (_, words))| at != verb && is_id(words))
    }

    /// `/help/delete-account` is to be read, `/articles/5/delete` is not.
    fn is_to_be_read(&self, verb: usize) -> bool {
        let is_one = |at: usize, of: &verbs::List| of.contains(self.segments[at].1.concat().as_str());
        let under_a_heading = self.segments.len() > 1
            && is_one(0, &verbs::READING)
            && !(self.has_id() && self.segments[verb].1.len() == 1);
        let named_after = verb > 0 && is_one(verb - 1, &verbs::NAMED_AFTER);
        let in_repository =
            (1..verb).any(|at| is_one(at, &verbs::FILES)) && self.segments[verb].0.contains('.');
        under_a_heading || named_after || in_repository
    }

    fn danger_of_path(&self) -> Option<Danger> {
        let last = self.verb_at()?;
        let to_be_read = self.is_to_be_read(last);
        match verb(&self.segments[last].1) {
            Some(Danger::LogsOut) if !to_be_read || verbs::READING.contains(self.segments[0].0.as_str()) => {
                return Some(Danger::LogsOut);
            }
            Some(danger) if !to_be_read => return Some(danger),
            _ => {}
        }
        if to_be_read {
            return None;
        }
        if self.segments.iter().any(|(_, words)| verb(words) == Some(Danger::LogsOut)) {
            return Some(Danger::LogsOut);
        }
        // What is acted on may be a segment of its own: `/cache/clear`, `/account/close`.
        let with_object = last.checked_sub(1).map(|before| [&self.segments[before], &self.segments[last]]);
        let with_object = with_object.map(|pair| pair.map(|(_, words)| words.concat()).concat());
        if with_object.is_some_and(|words| verbs::CHANGES.contains(words.as_str())) {
            return Some(Danger::ChangesData);
        }
        let verb = self.segments[last].1.concat();
        let of_a_basket = self.segments[..last].iter().any(|(_, words)| is_basket(words));
        let changes = of_a_basket && verbs::BASKET_VERBS.contains(verb.as_str())
            || self.acts_on_an_id(last) && verbs::VERBS_ON_AN_ID.contains(verb.as_str())
            || self.segments[..last].iter().any(|(_, words)| is_id(words))
                && verbs::VERBS_BEHIND_AN_ID.contains(verb.as_str())
            || is_joined(&verb, JOINED_IN_PATHS);
        changes.then_some(Danger::ChangesData)
    }

    /// `/posts/new`, `/wp-admin/post-new.php`, `/posts/5/edit`.
    fn is_editor(&self) -> bool {
        let Some(last) = self.verb_at() else { return false };
        if self.is_to_be_read(last) {
            return false;
        }
        let words: Vec<&str> = self.segments[last].1.iter().map(String::as_str).collect();
        let before = last.checked_sub(1).map(|at| self.segments[at].1.concat()).unwrap_or_default();
        match words.as_slice() {
            ["new" | "create"] => last > 0,
            ["compose" | "customize" | "customizer" | "editor"] => true,
            ["edit"] => last > 1 && !OWN_SETTINGS.contains(&before.as_str()) || self.has_id(),
            ["new" | "create" | "compose", what] => is_object(what),
            [.., "editor"] | ["press", "this"] => true,
            [what, "new"] => is_object(what),
            _ => false,
        }
    }

    fn acts_for_members(&self) -> bool {
        let last = self.verb_at().filter(|last| !self.is_to_be_read(*last));
        let is_one = |at: usize, of: &verbs::List| of.contains(self.segments[at].1.concat().as_str());
        let at_once = last.is_some_and(|last| match last {
            0 => is_one(0, &verbs::VERBS_ALONE_FOR_MEMBERS),
            // `/pay/now`
            _ => self.segments[last].0 == "now" && is_one(last - 1, &verbs::VERBS_FOR_MEMBERS),
        });
        let last = last.filter(|last| *last > 0);
        let by_path = last.is_some_and(|last| {
            let words = &self.segments[last].1;
            let is_verb = |word: &String| verbs::VERBS_FOR_MEMBERS.contains(word.as_str());
            match words.as_slice() {
                [one] => is_verb(one) && (last > 1 || self.has_id()),
                [first, second] => {
                    is_verb(first) && is_object(second)
                        || is_verb(second) && is_object(first) && second != "install"
                }
                _ => false,
            }
        });
        by_path
            || at_once
            || self.parameters.iter().any(|(name, _)| {
                verbs::PARAMETERS_FOR_MEMBERS.contains(of_identifier(name).concat().as_str())
            })
    }
}

fn danger_of_parameter(name: &str, value: &str, basket: bool) -> Option<Danger> {
    let names = of_identifier(name);
    let name = names.concat();
    // Whoever logs in anew is logged out before.
    if name == "reauth" && value == "1" {
        return Some(Danger::LogsOut);
    }
    if matches!(value, "0" | "false" | "no" | "off") {
        return None;
    }
    if let Some(danger) = verb(&names) {
        return Some(danger);
    }
    if matches!(name.as_str(), "sql" | "sqlquery") {
        return changes_a_database(value).then_some(Danger::ChangesData);
    }
    if basket && !value.is_empty() && verbs::BASKET_VERBS.contains(name.as_str()) {
        return Some(Danger::ChangesData);
    }
    let is_action = is_action(&name);
    // A wiki's own pages are named so; its articles may be about anything.
    let names_a_page = match name.as_str() {
        "title" => value.contains(':'),
        "q" => value.contains('/'),
        name => verbs::NAMING_PARAMETERS.contains(name),
    };
    if !is_action && !names_a_page {
        return None;
    }
    let parts: Vec<Vec<String>> =
        value.split(['/', '.', ':']).filter(|part| !part.is_empty()).take(20).map(of_identifier).collect();
    let (action, before) = parts.split_last()?;
    if let Some(danger) = verb(action) {
        return Some(danger);
    }
    let basket = basket || before.iter().any(|words| is_basket(words));
    let changes = basket && verbs::BASKET_VERBS.contains(&action.concat().as_str())
        || is_action && name != "mode" && is_act(action)
        || is_action && name == "mode" && action.len() > 1 && is_act(action);
    changes.then_some(Danger::ChangesData)
}

/// A verb alone, with what it is done to, or both in one word: `trash`, `install-plugin`,
/// `trashcomment`, `userdelete`.
fn is_act(words: &[String]) -> bool {
    let is_verb = |word: &String| verbs::VERBS.contains(word.as_str());
    match words {
        [one] => is_verb(one) || is_joined(one, verbs::VERBS.iter()),
        [first, .., last] => {
            let shows =
                |word: &String| verbs::SHOWS.contains(word.as_str()) || READS.contains(&word.as_str());
            words.len() <= 4 && (is_verb(first) || is_verb(last)) && !shows(first) && !shows(last)
        }
        [] => false,
    }
}

/// Whether a word is one of the verbs and what it is done to, in either order.
fn is_joined<'v>(word: &str, of: impl IntoIterator<Item = &'v &'v str>) -> bool {
    of.into_iter().any(|verb| {
        word.strip_prefix(verb).is_some_and(is_object)
            || verb.len() > 3 && word.strip_suffix(verb).is_some_and(is_object)
    })
}

fn is_object(word: &str) -> bool {
    let is_one = |word: &str| verbs::OBJECTS.contains(word);
    is_one(word)
        || word.strip_suffix('s').is_some_and(is_one)
        || word.strip_suffix("ies").is_some_and(|stem| is_one(&format!("{stem}y")))
        || word.strip_suffix("es").is_some_and(is_one)
}

/// What the words say, once those without a meaning here are left out.
fn verb(words: &[String]) -> Option<Danger> {
    if words.len() > 8 {
        return None;
    }
    let all = words.concat();
    let without_fillers: String =
        words.iter().filter(|word| !verbs::FILLERS.contains(word.as_str())).map(String::as_str).collect();
    [all, without_fillers].iter().find_map(|joined| {
        if verbs::LOGS_OUT_JOINED.contains(joined) {
            Some(Danger::LogsOut)
        } else if verbs::CHANGES.contains(joined.as_str()) {
            Some(Danger::ChangesData)
        } else {
            None
        }
    })
}

fn is_id(words: &[String]) -> bool {
    let length: usize = words.iter().map(String::len).sum();
    let mut bytes = words.iter().flat_map(|word| word.bytes());
    let is_number = bytes.clone().all(|b| b.is_ascii_digit());
    is_number || length >= 16 && bytes.all(|b| b.is_ascii_hexdigit())
}

/// `id`, `order_id`, `product`: the name of what stands behind it, in addresses of pairs.
fn is_key(words: &[String]) -> bool {
    words.last().is_some_and(|last| last == "id")
        || matches!(words, [one] if PAIR_KEYS.contains(&one.as_str()))
}

fn is_basket(words: &[String]) -> bool {
    verbs::BASKETS.contains(words.concat().as_str())
        || words.last().is_some_and(|last| verbs::BASKETS.contains(last.as_str()))
}

/// Whether the value of a parameter of this name says what to do.
pub(in crate::crawl) fn is_action(name: &str) -> bool {
    let names = of_identifier(name);
    verbs::ACTION_PARAMETERS.contains(names.concat().as_str())
        || names.len() > 1 && names.last().is_some_and(|last| verbs::ACTION_ENDINGS.contains(last.as_str()))
}

/// Whether the value of an action-like parameter only shows something.
fn is_harmless(name: &str, value: &str, in_back_office: bool) -> bool {
    let words = of_identifier(value.rsplit(['/', '.', ':']).next().unwrap_or_default());
    let name = of_identifier(name).concat();
    let whole = words.concat();
    match whole.as_str() {
        // A task or deed of this name checks the document out, or locks it (Joomla, DokuWiki).
        "edit" => !in_back_office && !matches!(name.as_str(), "do" | "task" | "cmd" | "command"),
        // A way to show lists that is remembered with the user (WordPress).
        "list" | "grid" | "table" | "excerpt" if name == "mode" => !in_back_office,
        whole if whole.bytes().all(|b| b.is_ascii_digit()) => true,
        whole => {
            verbs::HARMLESS_VALUES.contains(whole)
                || words.first().is_some_and(|first| verbs::SHOWS.contains(first.as_str()))
                || words.last().is_some_and(|last| verbs::SHOWS.contains(last.as_str()))
                || verbs::SHOWS.iter().any(|verb| whole.strip_prefix(verb).is_some_and(is_object))
        }
    }
}

/// A statement that does more than to read (SQL).
fn changes_a_database(statement: &str) -> bool {
    let words = words::of_text(&statement.chars().take(80).collect::<String>());
    let first = words.first().map(String::as_str).unwrap_or_default();
    words.len() > 1
        && matches!(
            first,
            "alter"
                | "analyze"
                | "call"
                | "create"
                | "delete"
                | "drop"
                | "flush"
                | "grant"
                | "insert"
                | "kill"
                | "optimize"
                | "rename"
                | "repair"
                | "replace"
                | "revoke"
                | "set"
                | "truncate"
                | "update"
        )
}

/// In a path only these are taken apart: more begins with letters of a verb there.
const JOINED_IN_PATHS: &[&str] =
    &["delete", "remove", "trash", "destroy", "unsubscribe", "deactivate", "uninstall"];

/// With a verb they make what is read or filled in, not what is done.
const READS: &[&str] = &[
    "confirm",
    "confirmation",
    "filter",
    "form",
    "guide",
    "help",
    "history",
    "info",
    "log",
    "logs",
    "overview",
    "page",
    "status",
];

const PAIR_KEYS: &[&str] =
    &["category", "customer", "item", "key", "order", "product", "store", "uenc", "user"];

/// What members edit of their own is a page of settings.
const OWN_SETTINGS: &[&str] =
    &["account", "me", "my", "preferences", "profile", "registration", "settings", "user", "users"];

#[cfg(test)]
mod tests {
    use super::*;
    use Danger::*;

    #[track_caller]
    fn case(path: &str, expected: Option<Danger>) {
        let address = Address::parse(&format!("https://example.org{path}")).unwrap();
        assert_eq!(danger(&address), expected, "{path}");
    }

    #[test]
    fn addresses() {
        case("/logout.do;jsessionid=1", None);
        case("/logout/", Some(LogsOut));
        case("/Account/LogOff", Some(LogsOut));
        case("/users/sign_out", Some(LogsOut));
        case("/sign-out.php", Some(LogsOut));
        case("/doLogout", Some(LogsOut));
        case("/logout/all", Some(LogsOut));
        case("/logout-everywhere", Some(LogsOut));
        case("/auth/logout/redirect", Some(LogsOut));
        case("/connect/endsession?id_token_hint=x", Some(LogsOut));
        case("/?logout=0", None);
        case("/d%C3%A9connexion", Some(LogsOut));
        case("/se-deconnecter", Some(LogsOut));
        case("/cerrar-sesion", Some(LogsOut));
        case("/konto/wyloguj", Some(LogsOut));
        case("/%D0%B2%D1%8B%D1%85%D0%BE%D0%B4", Some(LogsOut));
        case("/docs/logout/configuring", None);
        case("/login?next=/logout", None);
        case("/search?q=logout", None);
        case("/catalogout", None);
        case("/posts/destroy/507f1f77bcf86cd799439011", Some(ChangesData));
        case("/help/delete-account", None);
        case("/delete-key-on-a-keyboard", None);
        case("/cancellation-policy", None);
        case("/checkout/add", None);
        case("/%", None);
    }
}
