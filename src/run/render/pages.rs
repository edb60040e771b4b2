//! Pages in tabs: several open at the same time, recorded in the order in which they were chosen.
//!
//! A browser that dies takes all open pages with it. They are looked at again one by one, so that
//! the one that kills it is found; killing it twice, that page is given up.

use super::{Browser, CellSeen};
use crate::crawl::page_fingerprint;
use crate::engine::browser::{Asking, BrowserContext, BrowserPage, OVERFLOW, Patience, Rendered};
use crate::engine::{Ask, Gate};
use crate::manifest::PagePattern;
use crate::observation::{
    Cell, Consent, ConsentLook, Failed, FailureKind, Published, Sighting, SkipReason, Skipped,
};
use crate::plan::Render;
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::runner::Runner;
use crate::run::side_requests::MOST_TEXT;
use crate::run::visits::came;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::collections::{BTreeSet, VecDeque};
use url::Url;

/// Not every site waits for an answer.
const SCROLLED_AWAY: &str = "the consent banner went away when the page was scrolled or the mouse moved: what came \
                             with that came before any answer";

/// A page to render, and how many it stands for, itself included.
#[derive(Clone, Debug)]
pub(in crate::run) struct Listed {
    pub(in crate::run) url: Url,
    pub(in crate::run) stands_for: usize,
}

/// What is wanted of a page beside what it does by itself.
#[derive(Clone, Debug, Default)]
struct Wishes {
    /// Look for the consent banner.
    banner: bool,
    /// And for a way to take an answer back.
    way_back: bool,
    /// The plan's selector for it.
    selector: Option<String>,
    picture: Picture,
    /// The document itself is read.
    html: bool,
}

/// Whether a picture is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Picture {
    #[default]
    No,
    /// If the page put anything on the device.
    IfItLeftSomething,
    Yes,
}

/// A page that was looked at.
struct Looked {
    rendered: Rendered,
    html: String,
    /// What was made out of the consent banner.
    banner: Option<crate::engine::browser::Banner>,
    can_withdraw: bool,
    picture: Option<Vec<u8>>,
}

/// The pages of one cell that wait for their turn.
struct Queue {
    waiting: VecDeque<Listed>,
    /// Pages on which the manifest says that something is set. They come after all others: what they
    /// set, another would find there already, and not be seen to ask for it.
    late: VecDeque<Listed>,
    set_on: Vec<PagePattern>,
    /// PageGroups of rendered documents; the links of a further one of a kind are not followed.
    kinds: BTreeSet<u64>,
    left: usize,
    /// Open when the browser died: looked at one by one.
    suspects: BTreeSet<Url>,
}

impl Queue {
    fn new(list: &[Listed], most: usize, set_on: Vec<PagePattern>) -> Queue {
        let is_late = |listed: &Listed| set_on.iter().any(|pattern| pattern.matches(&listed.url));
        let (late, waiting) = list.iter().cloned().partition(is_late);
        Queue { waiting, late, set_on, kinds: BTreeSet::new(), left: most, suspects: BTreeSet::new() }
    }

    fn is_late(&self, listed: &Listed) -> bool {
        self.set_on.iter().any(|pattern| pattern.matches(&listed.url))
    }

    /// Where a page waits.
    fn lane(&mut self, listed: &Listed) -> &mut VecDeque<Listed> {
        if self.is_late(listed) { &mut self.late } else { &mut self.waiting }
    }

    fn len(&self) -> usize {
        self.waiting.len() + self.late.len()
    }

    /// The next page, if one may be opened beside those that are.
    fn next(&mut self, open: &VecDeque<Listed>, tabs: usize) -> Option<Listed> {
        let first = self.waiting.front().or_else(|| self.late.front())?;
        if self.is_late(first) && open.iter().any(|listed| !self.is_late(listed)) {
            return None;
        }
        let alone = open.iter().chain([first]).any(|listed| self.suspects.contains(&listed.url));
        if open.len() >= if alone { 1 } else { tabs } || self.left == 0 {
            return None;
        }
        self.left -= 1;
        self.waiting.pop_front().or_else(|| self.late.pop_front())
    }

    /// These were open when the browser died; those that were suspected already are given out.
    fn again(&mut self, open: Vec<Listed>) -> Vec<Url> {
        let alone = open.len() == 1;
        let mut given_up = Vec::new();
        for listed in open.into_iter().rev() {
            if !self.suspects.insert(listed.url.clone()) && alone {
                given_up.push(listed.url);
            } else {
                self.left += 1;
                self.lane(&listed).push_front(listed);
            }
        }
        given_up
    }

    /// Whether a page's links are looked at: not of a further one of a kind.
    fn is_new(&mut self, html: &str) -> bool {
        self.kinds.insert(page_fingerprint(html.as_bytes()))
    }

    fn add(&mut self, url: Url) {
        let listed = Listed { url, stands_for: 1 };
        self.lane(&listed).push_back(listed);
    }
}

impl Runner<'_> {
    /// The pages that HTTP found, chosen as the plan says.
    pub(in crate::run) fn chosen_pages(&self, who: &PersonaSession) -> Vec<Listed> {
        let most = match self.plan.browser.render {
            Render::Kinds => 0,
            Render::All => usize::MAX,
            Render::Most(most) => most,
        };
        let chosen = who.kinds.choose(most).into_iter();
        let mut list: Vec<Listed> =
            chosen.map(|chosen| Listed { url: chosen.url, stands_for: chosen.stands_for }).collect();
        if list.is_empty() {
            list.push(Listed { url: self.target.url.clone(), stands_for: 1 });
        }
        if let Some(policy) = &self.unread_policy
            && !who.persona.visitor.logged_in
            && list.iter().all(|listed| listed.url != *policy)
        {
            list.push(Listed { url: policy.clone(), stands_for: 1 });
        }
        list
    }

    /// Pages on which the manifest says that a cookie is set.
    fn pages_that_set(&self) -> Vec<PagePattern> {
        let Some(manifest) = self.manifest else { return Vec::new() };
        let classes = manifest.items.iter().flat_map(|item| &item.set_on).collect::<BTreeSet<_>>();
        let classes = classes.into_iter().filter_map(|class| manifest.pages.get(class));
        classes.flat_map(|class| class.patterns.iter().cloned()).collect()
    }

    /// Renders the listed pages, and those that only scripts link to. None when the browser is gone
    /// for good.
    pub(in crate::run) async fn pages(
        &mut self,
        browser: &mut Browser,
        mut context: BrowserContext,
        who: &mut PersonaSession,
        list: &[Listed],
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<Option<BrowserContext>, Ended> {
        let cell = look.cell.clone();
        let mut queue = Queue::new(list, self.plan.limits.pages, self.pages_that_set());
        while queue.len() > 0 && queue.left > 0 {
            let open = self.round(browser.patience, &context, &mut queue, look, seen).await?;
            if !context.gone() {
                continue;
            }
            self.recorder.note("the browser ended during the run; the pages that were open then were looked at again in a new one");
            for url in queue.again(open) {
                let detail = "the browser ended twice on this page";
                self.recorder.failed(&cell, &url, FailureKind::Crashed, detail);
            }
            // The visitor begins anew in a new browser.
            let mut anew = ConsentLook::of(cell.clone());
            let Some((again, _)) = self.arrive(browser, who, list, &mut anew, seen).await? else {
                return Ok(None);
            };
            context = again;
        }
        context.close_kept().await;
        Ok(Some(context))
    }

    /// Looks at pages until none waits or the browser is gone; then those that were open.
    async fn round(
        &mut self,
        patience: Patience,
        context: &BrowserContext,
        queue: &mut Queue,
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<Vec<Listed>, Ended> {
        let cell = look.cell.clone();
        let tabs = self.plan.browser.tabs;
        let pacer = self.pacer.clone();
        let every_page = self.plan.browser.render != Render::Kinds;
        let mut looks = FuturesOrdered::new();
        let mut open: VecDeque<Listed> = VecDeque::new();
        loop {
            // A first visit is one: nothing that another page did may be in its way.
            let tabs = if seen.listed.is_empty() { 1 } else { tabs };
            while let Some(listed) = queue.next(&open, tabs) {
                let first = seen.listed.is_empty() && open.is_empty();
                let html = !every_page || self.unread_policy.as_ref() == Some(&listed.url);
                let wishes = Wishes { html, ..self.wishes(&cell, first, look.shown == Some(true)) };
                let ask = Ask::page(cell.clone(), listed.url.clone());
                let pacer = &pacer;
                looks.push_back(async move {
                    pacer.pass(&ask.url).await;
                    looked(context, &ask, patience, &wishes).await
                });
                open.push_back(listed);
            }
            let Some(looked) = self.unless_ended(looks.next()).await? else { return Ok(Vec::new()) };
            if context.gone() {
                // What these pages had put on the device until then is kept; they are looked at again.
                let mut until_then = vec![looked];
                while let Some(looked) = self.unless_ended(looks.next()).await? {
                    until_then.push(looked);
                }
                for mut looked in until_then.into_iter().flatten() {
                    looked.rendered.visit.failure = None;
                    self.recorder.visit(&cell, &looked.rendered.visit, None, As::Part);
                }
                return Ok(open.into());
            }
            let Some(listed) = open.pop_front() else { return Ok(Vec::new()) };
            seen.listed.push(listed.clone());
            if first_of_its_kind(&cell, &listed) {
                self.taken_as_alike(&cell, &listed);
            }
            match looked {
                Ok(mut looked) => {
                    if let Some(picture) = looked.picture {
                        self.took_a_picture(&cell, &listed.url, &picture);
                    }
                    seen.can_withdraw |= looked.can_withdraw;
                    // What a page in trouble shows is no banner, and lacks none.
                    let banner = looked.banner.filter(|_| came(&looked.rendered.visit));
                    if let Some(banner) = banner.filter(|_| look.shown != Some(true)) {
                        let first = seen.listed.len() == 1;
                        if banner.scrolled_away {
                            self.recorder.note(SCROLLED_AWAY);
                        }
                        if banner.shown && !first {
                            look.page = Some(self.recorder.safe(&listed.url));
                            seen.asked_at = Some(listed.url.clone());
                        }
                        look.note(banner.shown, banner.by, banner.suspected, banner.pay);
                    }
                    if self.unread_policy.as_ref() == Some(&listed.url) && came(&looked.rendered.visit) {
                        let page = crate::policy::published(&looked.html, MOST_TEXT);
                        self.rendered_policy = Some(Published { rendered: true, ..page });
                    }
                    explain(&looked.rendered, seen);
                    seen.late.take(&listed.url, &mut looked.rendered);
                    self.record_page(&cell, &looked.rendered, seen);
                    if every_page || queue.is_new(&looked.html) || seen.found.is_found(&listed.url) {
                        let new =
                            self.follow_rendered(&mut seen.found, &listed.url, looked.rendered.links).await?;
                        new.into_iter().for_each(|url| queue.add(url));
                    }
                }
                Err(failed) => self.recorder.failure(failed),
            }
            self.progress.pages += 1;
            self.progress.queued = queue.len() as u64;
            self.tell_progress(false);
        }
    }

    /// On some sites only an inner page asks, such as that of the login.
    fn wishes(&self, cell: &Cell, first: bool, asked: bool) -> Wishes {
        let picture = match (self.wants_pictures(cell), first) {
            (false, _) => Picture::No,
            (true, true) => Picture::Yes,
            (true, false) => Picture::IfItLeftSomething,
        };
        let banner = !asked && cell.consent == Consent::Untouched;
        let selector = self.plan.browser.banner.clone();
        Wishes { banner, way_back: banner && first, selector, picture, html: true }
    }

    /// Pages that others were taken for are said once, not again for each state of consent.
    fn taken_as_alike(&mut self, cell: &Cell, listed: &Listed) {
        let skipped = Skipped {
            persona: cell.persona.clone(),
            reason: SkipReason::Alike,
            example: self.recorder.safe(&listed.url),
            count: listed.stands_for as u64 - 1,
        };
        self.recorder.skipped(skipped);
    }

    /// Opens one page beside the list, at its host's pace.
    pub(in crate::run) async fn open_page<'c>(
        &mut self,
        browser: &Browser,
        context: &'c BrowserContext,
        cell: &Cell,
        url: &Url,
    ) -> Result<Option<BrowserPage<'c>>, Ended> {
        self.open_beside(browser, context, cell, url, false).await
    }

    /// The same for the page on which the visitor answers the consent question.
    pub(super) async fn open_to_answer<'c>(
        &mut self,
        browser: &Browser,
        context: &'c BrowserContext,
        cell: &Cell,
        url: &Url,
    ) -> Result<Option<BrowserPage<'c>>, Ended> {
        self.open_beside(browser, context, cell, url, true).await
    }

    async fn open_beside<'c>(
        &mut self,
        browser: &Browser,
        context: &'c BrowserContext,
        cell: &Cell,
        url: &Url,
        to_answer: bool,
    ) -> Result<Option<BrowserPage<'c>>, Ended> {
        let pacer = self.pacer.clone();
        self.unless_ended(pacer.pass(url)).await?;
        let ask = Ask::page(cell.clone(), url.clone());
        let asking = Asking { selector: self.plan.browser.banner.as_deref(), stays: true };
        let opened = context.page_that_may_ask(&ask, browser.patience, to_answer.then_some(asking));
        match self.unless_ended(opened).await? {
            Ok(page) => Ok(Some(page)),
            Err(failed) => {
                self.recorder.failure(failed);
                Ok(None)
            }
        }
    }

    /// Closes a page and records what it showed.
    pub(in crate::run) async fn finish(
        &mut self,
        page: BrowserPage<'_>,
        cell: &Cell,
        seen: &mut CellSeen,
    ) -> Result<(), Ended> {
        let rendered = self.unless_ended(page.finish()).await?;
        self.record_page(cell, &rendered, seen);
        Ok(())
    }

    fn record_page(&mut self, cell: &Cell, rendered: &Rendered, seen: &mut CellSeen) {
        seen.came += usize::from(came(&rendered.visit));
        let visits = [(cell, &rendered.visit)].into_iter();
        let visits = visits.chain(rendered.then.as_ref().map(|(cell, visit)| (cell, visit)));
        for (cell, visit) in visits {
            self.tell_visit(visit);
            // A private page refuses visitors; that is no failure of the page.
            let counts = if matches!(visit.status, 401 | 403 | 405) { As::Look } else { As::Page };
            self.recorder.visit(cell, visit, None, counts);
        }
        for remark in &rendered.remarks {
            self.detail(format!("{}: {remark}", self.recorder.safe(&rendered.visit.asked)));
        }
        explain(rendered, seen);
        seen.storage.extend(rendered.storage.iter().cloned());
        for sent in &rendered.sent {
            self.recorder.sent_by_script(cell, sent);
        }
    }
}

/// What a page was seen to put on the device needs no other explanation.
fn explain(rendered: &Rendered, seen: &mut CellSeen) {
    let visits = [&rendered.visit].into_iter().chain(rendered.then.as_ref().map(|(_, visit)| visit));
    for visit in visits {
        seen.explained.extend(visit.sightings().filter_map(Sighting::place));
        seen.told.extend(visit.writes.iter().map(|write| (write.kind, write.name.clone())));
        seen.overflow |= visit.remarks.contains(&OVERFLOW);
    }
}

/// Opens a page, reads what is wished of it, and closes it.
async fn looked(
    context: &BrowserContext,
    ask: &Ask,
    patience: Patience,
    wishes: &Wishes,
) -> Result<Looked, Failed> {
    let asking = Asking { selector: wishes.selector.as_deref(), stays: false };
    let page = context.page_in_turn(ask, patience, wishes.banner.then_some(asking)).await?;
    let banner = if wishes.banner { page.banner(wishes.selector.as_deref()).await } else { None };
    let can_withdraw = wishes.way_back && page.way_to_withdraw().await.is_some();
    let picture = match wishes.picture {
        Picture::Yes => page.screenshot().await,
        Picture::IfItLeftSomething if page.left_something() => page.screenshot().await,
        _ => None,
    };
    let html = if wishes.html { page.html().await } else { String::new() };
    Ok(Looked { rendered: page.finish().await, html, banner, can_withdraw, picture })
}

fn first_of_its_kind(cell: &Cell, listed: &Listed) -> bool {
    listed.stands_for > 1 && cell.consent == Consent::Untouched && cell.third_party.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &str) -> Listed {
        Listed { url: Url::parse("https://a.test").unwrap().join(path).unwrap(), stands_for: 1 }
    }

    fn paths(list: &[Listed]) -> String {
        list.iter().map(|listed| listed.url.path()).collect()
    }

    #[test]
    fn the_page_that_ends_the_browser_is_found_among_those_that_were_open() {
        let list = [listed("/a"), listed("/b"), listed("/c")];
        let mut queue = Queue::new(&list, 100, Vec::new());
        let open = |queue: &mut Queue| {
            let mut open = VecDeque::new();
            while let Some(next) = queue.next(&open, 4) {
                open.push_back(next);
            }
            Vec::from(open)
        };
        let first = open(&mut queue);
        assert_eq!(paths(&first), "/a/b/c");
        assert_eq!(queue.again(first), []);
        // One by one now.
        let alone = open(&mut queue);
        assert_eq!(paths(&alone), "/a");
        let next = open(&mut queue);
        assert_eq!(paths(&next), "/b");
        assert_eq!(queue.again(next), [listed("/b").url]);
        assert_eq!(paths(&open(&mut queue)), "/c");
    }

    #[test]
    fn pages_that_set_something_come_after_all_that_should_not() {
        let home = vec![PagePattern::new("/home/**").unwrap()];
        let list = [listed("/"), listed("/home"), listed("/b")];
        let mut queue = Queue::new(&list, 100, home);
        let mut open = VecDeque::new();
        while let Some(next) = queue.next(&open, 4) {
            open.push_back(next);
        }
        assert_eq!(paths(&Vec::from(open)), "//b");
        assert_eq!(paths(&[queue.next(&VecDeque::new(), 4).unwrap()]), "/home");
    }

    #[test]
    fn the_limit_of_pages_holds_whatever_links_there_are() {
        let mut queue = Queue::new(&[listed("/a"), listed("/b")], 1, Vec::new());
        assert!(queue.next(&VecDeque::new(), 4).is_some());
        assert!(queue.next(&VecDeque::new(), 4).is_none());
    }
}
