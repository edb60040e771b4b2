//! Which of the boxes above a page asks the consent question, and which of its buttons answers it. Pure:
//! what was seen goes in, what it means comes out.
//!
//! A banner is known by what it is: a box that speaks of cookies and holds an answer about them. What a
//! platform's markup or the plan names helps, and is not needed. A box that speaks of cookies and holds
//! no answer that is understood is suspected: then nobody says that there is no banner.

use super::label::{self, Label, Says, has_price, pays, subjects};
use super::words::{COOKIES, LANGUAGES, POLICIES, PRIVACY, Subject, category, fold};
use crate::observation::{answers_consent, quoted};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Words of an overlay that spans the window and says so much are the page's.
const A_PAGE: usize = 3000;
/// What stands in the page and says more is part of its text.
const A_NOTICE: usize = 1000;
/// Characters of a page's words that a report shows.
const MOST_SHOWN: usize = 60;

/// What one document shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sight {
    pub(super) boxes: Vec<SeenBox>,
    /// Every control of the page, where they were asked for.
    pub(super) wide: Vec<Control>,
    /// Something is still moving.
    pub(super) moving: bool,
}

/// A box that lies above the page, or before it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SeenBox {
    pub(super) kind: Kind,
    /// The platform whose markup it has.
    pub(super) name: Option<String>,
    /// The box that it stands in.
    pub(super) parent: Option<usize>,
    /// It covers the window.
    pub(super) covers: bool,
    /// What is read in it, links and buttons apart; and those.
    pub(super) said: String,
    pub(super) linked: String,
    /// Kinds of fields to be filled in.
    pub(super) fields: BTreeSet<String>,
    pub(super) controls: Vec<Control>,
    pub(super) switches: Vec<Switch>,
}

/// How a box stands in the page; the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Plan,
    Platform,
    Dialog,
    #[default]
    Fixed,
    Absolute,
    Sticky,
    /// Before everything else in the page.
    First,
    /// Somewhere in the page, by markup that calls it a notice about cookies.
    Called,
    /// After everything else in the page.
    Last,
    /// All of a page in another one's place: the question is a page of its own.
    Whole,
}

/// Something to press.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Control {
    pub(super) id: usize,
    pub(super) label: String,
    /// What assistive technology reads where nothing is written.
    pub(super) name: String,
    /// What it is by a platform's markup: `accept` or `reject`.
    pub(super) hint: Option<String>,
    /// A bare text, which a script may listen to.
    pub(super) loose: bool,
    /// Empty: nowhere. `same`: this page again; `site`, `elsewhere`, `window`, `script`: another.
    pub(super) goes: String,
    pub(super) to: String,
    /// It sends a form that somebody fills in.
    pub(super) fills: bool,
    pub(super) action: String,
    /// It acts by a script's method.
    pub(super) acts: bool,
    pub(super) disabled: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    pub(super) id: usize,
    pub(super) label: String,
    pub(super) on: bool,
    /// Nobody can turn it.
    pub(super) fixed: bool,
}

/// A control, and in which document it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Press {
    pub(super) place: usize,
    pub(super) id: usize,
    pub(super) label: String,
}

/// What was made out.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) banner: Option<Question>,
    /// A box speaks of cookies, and no answer in it was recognised: its first words.
    pub(super) suspected: Option<String>,
}

/// The consent question, as a box asks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    /// How it was recognised.
    pub(super) by: String,
    pub(super) accept: Option<Press>,
    pub(super) reject: Option<Press>,
    pub(super) settings: Option<Press>,
    pub(super) save: Option<Press>,
    pub(super) withdraw: Option<Press>,
    /// The only way past it without accepting costs money: what that way is called.
    pub(super) pay: Option<String>,
    pub(super) place: usize,
    pub(super) switches: Vec<Switch>,
    words: String,
}

/// What was seen in one document, and whose it is.
pub(super) struct Document {
    pub(super) sight: Sight,
    /// The site's own, or a consent platform's.
    pub(super) trusted: bool,
}

/// What makes one box ask before another: the plan names it; it lies above the page; how many kinds of
/// answer it has no way to give; how it stands there; how far out.
type Order = (bool, bool, usize, Kind, usize);

/// Looks through what all documents of the page show. `opened`: the visitor just asked for the choice,
/// so that a box need not explain itself.
pub(super) fn judge(documents: &[Document], opened: bool) -> Judged {
    let mut questions: Vec<(Order, Question)> = Vec::new();
    let mut suspected = None;
    for (place, document) in documents.iter().enumerate() {
        let boxes = &document.sight.boxes;
        for seen in boxes {
            let found = Answers::of(seen, place);
            if !is_question(seen, &found, document.trusted, opened) {
                if suspected.is_none() && is_suspect(seen, &found) {
                    suspected = Some(beginning(&seen.said));
                }
                continue;
            }
            let mut depth = 0;
            let mut at = seen.parent;
            while let Some(parent) = at.and_then(|at| boxes.get(at)).filter(|_| depth < boxes.len()) {
                depth += 1;
                at = parent.parent;
            }
            let answers = found.offered();
            // What the plan names first; then what lies above the page; then what offers most; of those the
            // innermost.
            let in_page = matches!(seen.kind, Kind::Called | Kind::Whole);
            let order =
                (seen.kind != Kind::Plan, in_page, usize::MAX - answers, seen.kind, usize::MAX - depth);
            questions.push((order, found.question(seen, place)));
        }
    }
    questions.sort_by_key(|(order, _)| *order);
    let named = questions.iter().find_map(|(_, question)| question.named().cloned());
    let banner = questions.into_iter().next().map(|(_, mut question)| {
        // A box around it or in it may have a platform's name.
        if let Some(name) = named.filter(|_| question.by == BY_ITSELF) {
            question.by = name;
        }
        question
    });
    let suspected = suspected.filter(|_| banner.is_none());
    Judged { banner, suspected }
}

/// A control that leads back to the question, anywhere on the page.
pub(super) fn way_back(documents: &[Document], known: impl Fn(&Control) -> bool) -> Option<Press> {
    let all = || {
        let places = documents.iter().enumerate().filter(|(_, document)| document.trusted);
        places.flat_map(|(place, document)| document.sight.wide.iter().map(move |control| (place, control)))
    };
    let press = |(place, control): (usize, &Control)| Press { place, id: control.id, label: told(control) };
    let leads = |control: &Control| can_be_pressed(control, false);
    let by_name = all().find(|(_, control)| known(control) && leads(control)).map(press);
    let says = |says: Says| {
        let found = all()
            .filter(|(_, control)| leads(control))
            .find(|(_, control)| read(control, &[]).is_some_and(|label| label.reopens && label.says == says));
        found.map(press)
    };
    by_name.or_else(|| says(Says::Withdraw)).or_else(|| says(Says::Settings))
}

/// How a banner without a name was recognised.
const BY_ITSELF: &str = "what it says and offers";

impl Question {
    fn named(&self) -> Option<&String> {
        (self.by != BY_ITSELF && !self.by.starts_with("the plan")).then_some(&self.by)
    }

    /// Whether its switches and words are the same as another's.
    pub(super) fn is_as(&self, other: &Question) -> bool {
        self.words == other.words && self.switches.len() == other.switches.len()
    }

    /// The switches of a category, in the words of privacy practice or the site's own.
    pub(super) fn switches_of(&self, name: &str) -> Vec<usize> {
        let words = category(name);
        let meant = |switch: &&Switch| {
            let label = fold(&switch.label);
            words.iter().any(|word| label.contains(word.as_str()))
        };
        self.switches.iter().filter(meant).map(|switch| switch.id).collect()
    }
}

/// The answers of one box.
#[derive(Default)]
struct Answers {
    accept: Option<(Label, Press)>,
    reject: Option<(Label, Press)>,
    acknowledge: Option<Press>,
    decline: Option<Press>,
    settings: Option<(Label, Press)>,
    save: Option<Press>,
    withdraw: Option<Press>,
    pay: Option<String>,
    speech: Speech,
    subjects: BTreeSet<Subject>,
}

/// How clearly a box speaks of cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Speech {
    #[default]
    Not,
    /// It names a policy, or speaks of privacy: so does much else. How many words of privacy.
    Mentions(usize),
    Speaks(usize),
}

impl Answers {
    fn of(seen: &SeenBox, place: usize) -> Answers {
        let said: Vec<char> = fold(&seen.said).chars().collect();
        let first = languages_of(&format!("{} {}", seen.said, seen.linked));
        let mut found = Answers { subjects: subjects(&said), ..Answers::default() };
        let mut names_cookies = false;
        for control in &seen.controls {
            let label = read(control, &first);
            // A price is one wherever pressing leads.
            if pays(&shown(control)) && label.is_none_or(|label| label.says != Says::Accept) {
                found.pay.get_or_insert_with(|| told(control));
                continue;
            }
            let words: Vec<char> = fold(&control.label).chars().collect();
            found.subjects.extend(subjects(&words).into_iter().filter(|subject| *subject != Subject::Login));
            let Some(label) = label else { continue };
            let answers = label.explicit && matches!(label.says, Says::Accept | Says::Reject);
            if control.loose && !answers || !can_be_pressed(control, answers) {
                continue;
            }
            names_cookies |= label.cookies && matches!(label.says, Says::Accept | Says::Reject);
            let press = Press { place, id: control.id, label: told(control) };
            let better = |known: &Option<(Label, Press)>| {
                known.as_ref().is_none_or(|(known, _)| label.strength > known.strength)
            };
            match label.says {
                Says::Accept if better(&found.accept) => found.accept = Some((label, press)),
                Says::Reject if better(&found.reject) => found.reject = Some((label, press)),
                Says::Settings if found.settings.is_none() => found.settings = Some((label, press)),
                Says::Acknowledge if found.acknowledge.is_none() => found.acknowledge = Some(press),
                Says::Decline if found.decline.is_none() => found.decline = Some(press),
                Says::Save if found.save.is_none() => found.save = Some(press),
                Says::Withdraw if found.withdraw.is_none() => found.withdraw = Some(press),
                _ => {}
            }
        }
        found.speech = speech(seen, &said, names_cookies, &found.subjects);
        let free = found.reject.is_some();
        let costs =
            has_price(&seen.said) || has_price(&seen.linked) || found.subjects.contains(&Subject::Pay);
        found.pay = found.pay.filter(|label| !free && (costs || has_price(label) || refuses(label)));
        found
    }

    /// How many kinds of answer there are.
    fn offered(&self) -> usize {
        let kinds = [
            self.accept.is_some() || self.acknowledge.is_some(),
            self.reject.is_some() || self.pay.is_some(),
            self.settings.is_some(),
        ];
        kinds.into_iter().filter(|there| *there).count()
    }

    /// Some answer says what it is about.
    fn explicit(&self) -> bool {
        let one = |found: &Option<(Label, Press)>| found.as_ref().is_some_and(|(label, _)| label.explicit);
        one(&self.accept) || one(&self.reject)
    }

    fn question(self, seen: &SeenBox, place: usize) -> Question {
        let by = match (seen.kind, &seen.name) {
            (Kind::Plan, _) => "the plan's selector".to_owned(),
            (_, Some(platform)) => platform.clone(),
            _ => BY_ITSELF.to_owned(),
        };
        let press = |found: Option<(Label, Press)>| found.map(|(_, press)| press);
        Question {
            by,
            accept: press(self.accept).or(self.acknowledge),
            reject: press(self.reject).or(self.decline),
            settings: press(self.settings),
            save: self.save,
            withdraw: self.withdraw,
            pay: self.pay,
            place,
            switches: seen.switches.clone(),
            words: seen.said.clone(),
        }
    }
}

/// Whether a box asks the consent question.
fn is_question(seen: &SeenBox, found: &Answers, trusted: bool, opened: bool) -> bool {
    use Subject::{Age, Food, Login, Newsletter, Order, Terms};
    let about = |subjects: &[Subject]| subjects.iter().any(|subject| found.subjects.contains(subject));
    let fills_in = seen.fields.iter().any(|field| field != "search");
    let (accept, reject) = (found.accept.is_some(), found.reject.is_some());
    let way_out = reject || found.settings.is_some() || found.pay.is_some();
    let any = accept || reject || found.acknowledge.is_some() || found.save.is_some() || found.pay.is_some();
    let reopens = found.settings.as_ref().is_some_and(|(label, _)| label.reopens || label.explicit);
    let is_page = seen.covers
        && matches!(seen.kind, Kind::Fixed | Kind::Absolute | Kind::Sticky)
        && seen.said.chars().count() > A_PAGE;
    match seen.kind {
        Kind::Plan => return true,
        Kind::Platform if trusted => {
            let any = any || only_opens(seen, found);
            return any && !fills_in && (found.explicit() || !about(&[Newsletter, Age]));
        }
        _ if opened && trusted && !fills_in && !is_page => {
            let choosing = found.save.is_some() && !seen.switches.is_empty();
            return found.speech > Speech::Not && (accept && way_out || reject || choosing);
        }
        _ => {}
    }
    if is_page {
        return false;
    }
    if !trusted {
        return !matches!(seen.kind, Kind::Called | Kind::Last | Kind::Whole)
            && matches!(found.speech, Speech::Speaks(_))
            && accept
            && reject
            && !fills_in
            && !about(&[Newsletter, Age]);
    }
    let sure = found.explicit();
    match found.speech {
        Speech::Not => false,
        Speech::Speaks(privacy) => {
            let other =
                about(&[Newsletter, Age]) && found.pay.is_none() || about(&[Food]) && privacy < 2 || fills_in;
            let switches = found.save.is_some() && !seen.switches.is_empty();
            let answers = any && (found.save.is_none() || accept || reject || switches) || reopens && way_out;
            match seen.kind {
                Kind::First => accept && way_out && !other,
                Kind::Called => (accept || found.acknowledge.is_some()) && !other && is_notice(seen),
                // It may as well be what a page about cookies ends with.
                Kind::Last => false,
                Kind::Whole => accept && way_out && !other && is_short(seen),
                _ => answers && (sure || !other) || !other && only_opens(seen, found),
            }
        }
        Speech::Mentions(privacy) => {
            let plain = accept && reject && privacy >= 2 || accept && way_out && privacy >= 3;
            !matches!(seen.kind, Kind::First | Kind::Called | Kind::Last | Kind::Whole)
                && !fills_in
                && !about(&[Newsletter, Age, Terms, Order, Login])
                && accept
                && way_out
                && (sure || plain)
        }
    }
}

/// Whether all that can be pressed in a box that lies above the page opens the choice, by whatever words:
/// "Manage preferences". What leads to a page is no such button, and links beside it may lead away.
fn only_opens(seen: &SeenBox, found: &Answers) -> bool {
    use Subject::{Age, Food, Login, Newsletter, Order, Terms};
    let Some((_, opens)) = &found.settings else { return false };
    let above = matches!(seen.kind, Kind::Platform | Kind::Dialog | Kind::Fixed | Kind::Absolute);
    let other = [Age, Food, Login, Newsletter, Order, Terms];
    let closes = |control: &Control| !control.label.chars().any(char::is_alphanumeric);
    let leads_away = |control: &Control| !matches!(control.goes.as_str(), "" | "same");
    let alone =
        seen.controls.iter().filter(|control| !control.loose && !control.disabled).all(
            |control| match control.id == opens.id {
                true => control.goes.is_empty(),
                false => leads_away(control) || closes(control),
            },
        );
    above
        && alone
        && is_notice(seen)
        && matches!(found.speech, Speech::Speaks(_))
        && !other.iter().any(|subject| found.subjects.contains(subject))
}

/// Whether a box in the page says no more than a notice does.
fn is_notice(seen: &SeenBox) -> bool {
    seen.said.chars().count() <= A_NOTICE
}

/// Whether a page says no more than a question takes.
fn is_short(seen: &SeenBox) -> bool {
    seen.said.chars().count() <= A_PAGE
}

/// Whether a box may be a banner whose answers are not understood.
fn is_suspect(seen: &SeenBox, found: &Answers) -> bool {
    let Speech::Speaks(privacy) = found.speech else { return false };
    let asks = match seen.kind {
        Kind::Platform => true,
        Kind::Dialog | Kind::Fixed | Kind::Absolute => {
            seen.fields.is_empty() && seen.said.chars().count() <= A_PAGE && seen.said.chars().count() >= 12
        }
        Kind::First | Kind::Called | Kind::Last | Kind::Whole => {
            seen.fields.is_empty()
                && is_notice(seen)
                && (found.accept.is_some() || found.acknowledge.is_some())
        }
        _ => false,
    };
    let other = found.subjects.contains(&Subject::Order) || found.subjects.contains(&Subject::Food);
    asks && (privacy > 0 || !other)
}

/// How clearly a box speaks of cookies: the name of a policy does not count, nor what a bakery says.
fn speech(seen: &SeenBox, said: &[char], named: bool, subjects: &BTreeSet<Subject>) -> Speech {
    let privacy: BTreeSet<&[char]> =
        PRIVACY.all_in(said).into_iter().filter_map(|(from, to, _)| said.get(from..to)).collect();
    let privacy = privacy.len();
    let baked = subjects.contains(&Subject::Food) || subjects.contains(&Subject::Order);
    let policies = POLICIES.all_in(said);
    let within_policy = |at: usize| policies.iter().any(|(from, to, _)| (*from..*to).contains(&at));
    let cookies = COOKIES.all_in(said);
    let speaks = named || cookies.iter().any(|(at, _, _)| !within_policy(*at));
    if speaks && !(baked && privacy == 0) {
        return Speech::Speaks(privacy);
    }
    let linked: Vec<char> = fold(&seen.linked).chars().collect();
    let mentions = privacy > 0 || !cookies.is_empty() || !COOKIES.all_in(&linked).is_empty();
    if mentions && !speaks { Speech::Mentions(privacy) } else { Speech::Not }
}

/// Whether pressing a control could answer a question about cookies: not what sends a form that somebody
/// fills in, nor what leads away.
fn can_be_pressed(control: &Control, explicit: bool) -> bool {
    if control.fills || control.acts || control.disabled {
        return false;
    }
    let other = |address: &str| {
        let text: Vec<char> = fold(address).chars().collect();
        !subjects(&text).is_empty()
    };
    if !control.action.is_empty() && other(&control.action) {
        return false;
    }
    match control.goes.as_str() {
        "" | "same" => true,
        // A site without scripts keeps the answer by an address of its own.
        "site" => {
            let (path, query) = control.to.split_once('?').unwrap_or((&control.to, ""));
            explicit && keeps_consent(&control.to) || answers_consent(path, query)
        }
        _ => false,
    }
}

/// Whether an address speaks of the answer that it keeps.
fn keeps_consent(address: &str) -> bool {
    let address = address.to_lowercase();
    let about = ["cookie", "consent", "gdpr"].iter().any(|word| address.contains(word));
    let only_tells = ["policy", "notice", "statement", "richtlinie", "politique", "politica"];
    about && !only_tells.iter().any(|word| address.contains(word))
}

/// A label that refuses and wants something for it.
fn refuses(label: &str) -> bool {
    let folded = fold(label);
    let words = folded.split(' ').any(|word| {
        label::read(word, &[]).is_some_and(|label| matches!(label.says, Says::Reject | Says::Decline))
    });
    words || folded.contains("without")
}

/// What a control says: what is written on it, else what assistive technology reads.
fn read(control: &Control, first: &[&'static str]) -> Option<Label> {
    let said = label::read(&shown(control), first);
    let other = subjects(&fold(&shown(control)).chars().collect::<Vec<char>>());
    let hinted = match control.hint.as_deref() {
        Some("accept") => Some(Says::Accept),
        Some("reject") => Some(Says::Reject),
        _ => None,
    };
    match (said, hinted) {
        (Some(label), _) => Some(label),
        (None, Some(says)) if other.is_empty() && !has_price(&shown(control)) => {
            Some(Label { says, explicit: true, cookies: false, reopens: false, strength: 1 })
        }
        _ => None,
    }
}

/// What a control says of itself: of signs alone, its name.
fn words(control: &Control) -> &str {
    let marks = |text: &str| !text.chars().any(char::is_alphanumeric);
    if marks(&control.label) { &control.name } else { &control.label }
}

fn shown(control: &Control) -> String {
    words(control).chars().take(MOST_SHOWN).collect()
}

/// The same for a report: a button may say who is logged in, or a code.
fn told(control: &Control) -> String {
    let words = words(control);
    quoted(&words[..words.floor_char_boundary(4096)]).chars().take(MOST_SHOWN).collect()
}

/// Languages by how much of a text is theirs.
fn languages_of(text: &str) -> Vec<&'static str> {
    let text: Vec<char> = fold(&text.chars().take(400).collect::<String>()).chars().collect();
    let mut ranked: Vec<(usize, &'static str)> = LANGUAGES
        .iter()
        .map(|language| (language.labels.all_in(&text).len(), language.name))
        .filter(|(known, _)| *known > 0)
        .collect();
    ranked.sort_by_key(|(known, _)| usize::MAX - known);
    ranked.into_iter().map(|(_, name)| name).collect()
}

fn beginning(said: &str) -> String {
    let said = quoted(&said[..said.floor_char_boundary(4096)]);
    let mut words: String = said.chars().take(MOST_SHOWN).collect();
    if said.chars().count() > MOST_SHOWN {
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests;
