//! What a page put on the device in time that was skipped is looked at once more before it counts: in
//! real time, by a fresh visitor in the same state of consent. Answers come in real time also where a
//! page's clock is moved on, so that a page may give up on one that every visitor would have got, and
//! then write what none of them would get.

use super::{Browser, CellSeen, Listed};
use crate::cookie::Name;
use crate::engine::browser::{Patience, Rendered};
use crate::engine::{Ask, Gate};
use crate::observation::{Cell, ConsentLook, Sighting, StorageKind};
use crate::run::context::{Ended, Runner};
use crate::run::persona::PersonaSession;
use crate::run::probes::came;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;

/// Pages that are opened once more at the same time, and at most for one visitor.
const AT_ONCE: usize = 8;
const MOST_PAGES: usize = 32;
/// A page is watched so much longer than the write took to come.
const LONGER: Duration = Duration::from_millis(1500);

type Thing = (StorageKind, Name);

/// What looking once more showed, in real time.
#[derive(Debug, Default)]
struct OnceMore {
    /// Whose page came, and was watched for as long as it took before.
    watched: BTreeSet<Thing>,
    seen: BTreeSet<Thing>,
}

/// What pages of one cell put on the device late, and what else they put there.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// Things and how they were written, seen while nothing was skipped.
    certain: BTreeSet<(Thing, String)>,
    doubted: Vec<(Url, Sighting)>,
}

impl Late {
    /// Takes out of a page's visit what came in skipped time.
    pub(super) fn take(&mut self, page: &Url, rendered: &mut Rendered) {
        let from = rendered.skipped_from;
        let is_late =
            |sighting: &Sighting| from.zip(sighting.after_load_ms).is_some_and(|(from, after)| after >= from);
        let exchanges = rendered.visit.exchanges.iter_mut().map(|exchange| &mut exchange.sightings);
        for sightings in exchanges.chain([&mut rendered.visit.writes]) {
            self.doubted.extend(sightings.extract_if(.., |it| is_late(it)).map(|late| (page.clone(), late)));
            self.certain.extend(sightings.iter().map(|sighting| (thing(sighting), sighting.line.clone())));
        }
    }

    /// What other pages did not show to be true: the rest counts.
    fn sorted_out(self) -> (Vec<Sighting>, Vec<(Url, Sighting)>) {
        let (true_ones, doubted): (Vec<_>, Vec<_>) = self
            .doubted
            .into_iter()
            .partition(|(_, late)| self.certain.contains(&(thing(late), late.line.clone())));
        (true_ones.into_iter().map(|(_, late)| late).collect(), doubted)
    }
}

fn thing(sighting: &Sighting) -> Thing {
    (sighting.kind, sighting.name.clone())
}

/// A page to be watched in real time.
struct ToWatch<'a> {
    url: &'a Url,
    time: Duration,
    things: BTreeSet<Thing>,
}

/// The first page of each thing, and how long it is to be watched there.
fn pages_to_watch(doubted: &[(Url, Sighting)]) -> Vec<ToWatch<'_>> {
    let mut pages: Vec<ToWatch<'_>> = Vec::new();
    for (url, late) in doubted {
        let time = Duration::from_millis(late.after_load_ms.unwrap_or_default()) + LONGER;
        let thing = thing(late);
        match pages.iter().position(|page| page.things.contains(&thing)) {
            Some(known) if pages[known].url == url => pages[known].time = pages[known].time.max(time),
            Some(_) => {}
            None => match pages.iter_mut().find(|page| page.url == url) {
                Some(page) => {
                    page.time = page.time.max(time);
                    page.things.insert(thing);
                }
                None => pages.push(ToWatch { url, time, things: BTreeSet::from([thing]) }),
            },
        }
    }
    pages
}

impl Runner<'_> {
    /// Counts what came late where it comes in real time, too; says of the rest that it does not.
    pub(super) async fn confirm_late(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        cell: &Cell,
        late: Late,
    ) -> Result<(), Ended> {
        let (certain, doubted) = late.sorted_out();
        for late in certain {
            self.recorder.sighting(late);
        }
        if doubted.is_empty() {
            return Ok(());
        }
        let once_more = self.look_in_real_time(browser, who, list, cell, &doubted).await?;
        let mut told = BTreeSet::new();
        for (url, late) in doubted {
            let thing = thing(&late);
            if once_more.seen.contains(&thing) {
                self.recorder.sighting(late);
                continue;
            }
            let watched = once_more.watched.contains(&thing);
            if !told.insert(thing) {
                continue;
            }
            let why = if watched {
                "not in real time, and does not count"
            } else {
                // Neither true nor false: nothing that it may break is upheld.
                self.recorder.lost();
                "and could not be looked at in real time"
            };
            self.recorder.note(format!(
                "\u{201c}{}\u{201d} came only with the page's clock moved on, {why}: {}",
                late.name,
                self.recorder.safe(&url)
            ));
        }
        Ok(())
    }

    async fn look_in_real_time(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        cell: &Cell,
        doubted: &[(Url, Sighting)],
    ) -> Result<OnceMore, Ended> {
        let mut once_more = OnceMore::default();
        let (mut look, mut beside) = (ConsentLook::of(cell.clone()), CellSeen::default());
        let Some((context, _)) = self.arrive(browser, who, list, &mut look, &mut beside).await? else {
            return Ok(once_more);
        };
        let patience = browser.patience();
        // Drawing and answers may make a thing later than it was by the page's clock.
        let whole = patience.ahead.unwrap_or_default() + LONGER;
        let patience = Patience { ahead: None, ..patience };
        let mut pages = pages_to_watch(doubted);
        pages.truncate(MOST_PAGES);
        let pacer = self.pacer.clone();
        for some in pages.chunks(AT_ONCE) {
            let watched = some.iter().map(async |wanted| {
                pacer.pass(wanted.url).await;
                let page = context.page(&Ask::page(cell.clone(), wanted.url.clone()), patience).await.ok()?;
                let cookies = wanted.things.iter().filter(|(kind, _)| *kind == StorageKind::Cookie);
                let cookies: Vec<Name> = cookies.map(|(_, name)| name.clone()).collect();
                page.watch(wanted.time, &cookies, whole.max(wanted.time)).await;
                Some(page.finish().await)
            });
            let watched = self.unless_ended(join_all(watched)).await?;
            for (wanted, rendered) in some.iter().zip(watched) {
                let Some(rendered) = rendered else { continue };
                self.tell_visit(&rendered.visit);
                once_more.seen.extend(rendered.visit.sightings().map(thing));
                if came(&rendered.visit) {
                    once_more.watched.extend(wanted.things.iter().cloned());
                }
            }
        }
        context.close().await;
        Ok(once_more)
    }
}
