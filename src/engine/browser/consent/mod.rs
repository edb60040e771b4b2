//! The consent question: whether a page asks it, and what is pressed to answer it.
//!
//! A script only tells what lies above the page, what is read there and what can be pressed (`eyes.js`,
//! `sight`); what that means is decided in values (`judge`, `label`), by tables of words in some fifty
//! languages (`words`). Pressed is nothing but an answer about cookies.

mod judge;
mod label;
mod platforms;
mod sight;
mod words;

use self::judge::{Judged, Press, Question, judge, way_back};
use self::platforms::{ACCEPT_BUTTONS, REJECT_BUTTONS, REOPEN_BUTTONS};
use self::sight::{LookFor, Seen};
use super::tab::Tab;
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
    /// How it was recognised: a platform's name, "the plan's selector", "what it says and offers".
    pub by: Option<String>,
    /// The labels of what was pressed, in order.
    pub clicked: Option<String>,
    /// None was recognised, but a box speaks of cookies: its first words.
    pub suspected: Option<String>,
    /// Whoever does not accept has to pay: the label of that way.
    pub pay: Option<String>,
    /// It was there until the page was scrolled, or the mouse moved.
    pub scrolled_away: bool,
}

/// A box that slides in is waited for so often, and so long each time.
const LOOKS: usize = 8;
const BETWEEN: Duration = Duration::from_millis(250);

/// Looks for the banner. None when the page does not answer.
pub(super) async fn look(tab: &Tab, plan: Option<&str>) -> Option<Banner> {
    let (_, judged) = seen(tab, plan, false).await?;
    Some(told(&judged, None))
}

/// The same at this moment, whatever still moves.
pub(super) async fn glance(tab: &Tab, plan: Option<&str>) -> Option<Banner> {
    let (_, judged, _) = seen_now(tab, plan, false).await?;
    Some(told(&judged, None))
}

/// Looks for a control by which an answer can be taken back: its label.
pub(super) async fn find_reopen(tab: &Tab) -> Option<String> {
    let (_, back) = reopening(tab).await?;
    back.map(|press| press.label)
}

/// Answers the banner, and waits for what that sets off, for at most `settle` after each press.
/// None when the page does not answer.
pub(super) async fn answer(
    tab: &Tab,
    plan: Option<&str>,
    answer: &Answer,
    settle: Duration,
) -> Option<Banner> {
    let (page, judged) = seen(tab, plan, false).await?;
    let Some(question) = &judged.banner else { return Some(told(&judged, None)) };
    let mut visitor = Visitor { tab, plan, settle, pressed: Vec::new() };
    match answer {
        Answer::Accept => visitor.accept(page, question).await?,
        Answer::Reject => visitor.reject(page, question).await?,
        Answer::Category(category) => visitor.choose(page, question, category).await?,
    }
    Some(told(&judged, visitor.told()))
}

/// Opens the banner again, and rejects.
pub(super) async fn withdraw(tab: &Tab, plan: Option<&str>, settle: Duration) -> Option<Banner> {
    let (page, back) = reopening(tab).await?;
    let mut visitor = Visitor { tab, plan, settle, pressed: Vec::new() };
    if !visitor.press(&page, back.as_ref()).await {
        let (_, judged) = seen(tab, plan, false).await?;
        return Some(told(&judged, None));
    }
    let (page, judged) = opened(tab, plan, None).await?;
    // Where nothing opened, one press was all it took.
    if let Some(question) = &judged.banner {
        match &question.withdraw {
            Some(withdraw) => {
                visitor.press(&page, Some(withdraw)).await;
            }
            None => visitor.reject(page, question).await?,
        }
    }
    Some(told(&judged, visitor.told()))
}

/// Who answers, and what was pressed so far.
struct Visitor<'t> {
    tab: &'t Tab,
    plan: Option<&'t str>,
    settle: Duration,
    pressed: Vec<String>,
}

impl Visitor<'_> {
    /// Presses, if there is something to press, and waits.
    async fn press(&mut self, page: &Seen<'_>, what: Option<&Press>) -> bool {
        let Some(what) = what else { return false };
        let done = page.press(what.place, what.id).await;
        if done {
            self.pressed.push(what.label.clone());
            self.tab.settle(self.settle).await;
        }
        done
    }

    /// Accepts: by a button that says so, else in the dialog behind the settings.
    async fn accept(&mut self, page: Seen<'_>, question: &Question) -> Option<()> {
        if question.accept.is_some() {
            self.press(&page, question.accept.as_ref()).await;
            return Some(());
        }
        let before = self.pressed.len();
        if self.press(&page, question.settings.as_ref()).await {
            let (page, judged) = opened(self.tab, self.plan, Some(question)).await?;
            let accept = judged.banner.as_ref().and_then(|second| second.accept.as_ref());
            if !self.press(&page, accept).await {
                // A way into a dialog is no answer.
                self.pressed.truncate(before);
            }
        }
        Some(())
    }

    /// Rejects: by a button that says so, else in the dialog behind the settings, else by keeping a
    /// choice of nothing. Where the only other way is to pay, nothing is pressed.
    async fn reject(&mut self, page: Seen<'_>, question: &Question) -> Option<()> {
        if question.reject.is_some() {
            self.press(&page, question.reject.as_ref()).await;
            return Some(());
        }
        if question.pay.is_some() {
            return Some(());
        }
        let before = self.pressed.len();
        if self.press(&page, question.settings.as_ref()).await {
            let (page, judged) = opened(self.tab, self.plan, Some(question)).await?;
            if let Some(second) = &judged.banner
                && (self.press(&page, second.reject.as_ref()).await || self.keep(&page, second, &[]).await)
            {
                return Some(());
            }
            // A way into a dialog is no answer.
            self.pressed.truncate(before);
            return Some(());
        }
        self.keep(&page, question, &[]).await;
        Some(())
    }

    /// Turns on what is wanted and off everything else, and keeps that.
    async fn choose(&mut self, page: Seen<'_>, question: &Question, category: &str) -> Option<()> {
        let wanted = question.switches_of(category);
        if !wanted.is_empty() {
            self.keep(&page, question, &wanted).await;
            return Some(());
        }
        if self.press(&page, question.settings.as_ref()).await {
            let (page, judged) = opened(self.tab, self.plan, Some(question)).await?;
            let wanted =
                judged.banner.as_ref().map(|second| second.switches_of(category)).unwrap_or_default();
            if let Some(second) = judged.banner.as_ref().filter(|_| !wanted.is_empty())
                && self.keep(&page, second, &wanted).await
            {
                return Some(());
            }
            self.pressed.clear();
        }
        Some(())
    }

    /// Keeps a choice of these switches; not where others cannot be turned off, or where there are none.
    async fn keep(&mut self, page: &Seen<'_>, question: &Question, wanted: &[usize]) -> bool {
        if question.save.is_none() || question.switches.is_empty() {
            return false;
        }
        for switch in question.switches.iter().filter(|switch| !switch.fixed) {
            let on = wanted.contains(&switch.id);
            if switch.on != on && !page.turn(question.place, switch.id, on).await {
                return false;
            }
        }
        self.press(page, question.save.as_ref()).await
    }

    fn told(&self) -> Option<String> {
        (!self.pressed.is_empty()).then(|| self.pressed.join(", "))
    }
}

/// Looks at the page, into closed shadow roots if need be, and once more while something still moves.
async fn seen<'t>(tab: &'t Tab, plan: Option<&str>, opened: bool) -> Option<(Seen<'t>, Judged)> {
    let mut looks = 0;
    loop {
        let (page, judged, moving) = seen_now(tab, plan, opened).await?;
        looks += 1;
        if judged.banner.is_some() || !moving || looks >= LOOKS {
            return Some((page, judged));
        }
        tab.idle(BETWEEN).await;
    }
}

/// One look at the page, and whether something on it moves.
async fn seen_now<'t>(tab: &'t Tab, plan: Option<&str>, opened: bool) -> Option<(Seen<'t>, Judged, bool)> {
    let wanted = LookFor { plan, accept: ACCEPT_BUTTONS, reject: REJECT_BUTTONS, wide: false };
    let mut page = Seen::of(tab, wanted).await?;
    let mut judged = judge(&page.documents, opened);
    if judged.banner.is_none() {
        page.look_deeper(wanted).await;
        judged = judge(&page.documents, opened);
    }
    let moving = page.documents.iter().any(|document| document.sight.moving);
    Some((page, judged, moving))
}

/// The dialog that opens after a press; other than what was there before.
async fn opened<'t>(
    tab: &'t Tab,
    plan: Option<&str>,
    before: Option<&Question>,
) -> Option<(Seen<'t>, Judged)> {
    let mut looks = 0;
    loop {
        let (page, judged) = seen(tab, plan, true).await?;
        let new =
            judged.banner.as_ref().is_some_and(|found| before.is_none_or(|before| !found.is_as(before)));
        looks += 1;
        if new || looks >= LOOKS {
            return Some((page, judged));
        }
        tab.idle(BETWEEN).await;
    }
}

/// The page, and the control on it that leads back to the question.
async fn reopening(tab: &Tab) -> Option<(Seen<'_>, Option<Press>)> {
    let wanted = LookFor { plan: None, accept: REOPEN_BUTTONS, reject: &[], wide: true };
    let page = Seen::of(tab, wanted).await?;
    let back = way_back(&page.documents, |control| control.hint.is_some());
    Some((page, back))
}

fn told(judged: &Judged, clicked: Option<String>) -> Banner {
    let banner = judged.banner.as_ref();
    Banner {
        shown: banner.is_some(),
        by: banner.map(|question| question.by.clone()),
        clicked,
        suspected: judged.suspected.clone(),
        pay: banner.and_then(|question| question.pay.clone()),
        scrolled_away: false,
    }
}
