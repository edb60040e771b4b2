//! What a page put on the device in time that was skipped is looked at once more before it counts: in
//! real time, by a fresh visitor in the same state of consent. Answers come in real time also where a
//! page's clock is moved on, so that a page may give up on one that every visitor would have got, and
//! then write what none of them would get. Pages with a service worker are looked at again, too, where some page's
//! clock was moved: the browser has such a worker run in whichever process it likes, also in one whose clock stands.

use super::{Browser, CellSeen, Listed};
use crate::cookie::{Name, ThirdPartyCookies};
use crate::engine::browser::{BrowserContext, Patience, Rendered};
use crate::engine::{Ask, Gate};
use crate::observation::{Cell, ConsentLook, Sighting, StorageKind};
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::runner::Runner;
use crate::run::visits::{came, is_kept};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::JoinHandle;
use url::Url;

/// Pages that are opened once more at the same time, and at most for one visitor.
const AT_ONCE: usize = 8;
const MOST_PAGES: usize = 32;
/// A page is watched so much longer than its clock was moved.
const LONGER: Duration = Duration::from_millis(1500);

type Thing = (StorageKind, Name);

/// What looking once more showed, in real time.
#[derive(Debug, Default)]
struct OnceMore {
    /// Whose page came, and was watched for as long as it took before.
    watched: BTreeSet<Thing>,
    seen: BTreeMap<Thing, Sighting>,
    /// Pages that came.
    came: BTreeSet<Url>,
}

/// What pages of one cell put on the device late, and what else they put there.
#[derive(Debug, Default)]
pub(in crate::run) struct Late {
    /// Things and how they were written, seen while nothing was skipped.
    certain: BTreeSet<(Thing, String)>,
    doubted: Vec<(Url, Sighting)>,
    /// Pages whose service worker may have lacked the time for what it does.
    workers: Vec<Url>,
}

impl Late {
    /// Takes out of a page's visit what came in skipped time.
    pub(super) fn take(&mut self, page: &Url, rendered: &mut Rendered) {
        if rendered.worker_stood {
            self.workers.push(page.clone());
        }
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
struct ToWatch {
    url: Url,
    /// At most.
    time: Duration,
    things: BTreeSet<Thing>,
    /// What its service worker does has no name yet.
    whole: bool,
}

impl ToWatch {
    /// What ends the watch, once it was seen.
    fn until(&self) -> Option<BTreeSet<Name>> {
        (!self.whole).then(|| self.things.iter().map(|(_, name)| name.clone()).collect())
    }
}

/// The first page of each thing; and some of those with a service worker. All are watched for the whole time that
/// was skipped, or until everything was seen.
fn pages_to_watch(doubted: &[(Url, Sighting)], workers: &[Url], whole: Duration) -> Vec<ToWatch> {
    let mut pages: Vec<ToWatch> = Vec::new();
    let new = |url: &Url| ToWatch { url: url.clone(), time: whole, things: BTreeSet::new(), whole: false };
    for (url, late) in doubted {
        // What came after a document that came late itself is counted from there.
        let time = Duration::from_millis(late.after_load_ms.unwrap_or_default()) + LONGER;
        let thing = thing(late);
        let known = pages.iter().position(|page| page.things.contains(&thing));
        let at = match known.or_else(|| pages.iter().position(|page| page.url == *url)) {
            Some(at) => at,
            None => {
                pages.push(new(url));
                pages.len() - 1
            }
        };
        if pages[at].url == *url {
            pages[at].time = pages[at].time.max(time);
            pages[at].things.insert(thing);
        }
    }
    pages.truncate(MOST_PAGES);
    for url in workers.iter().take(AT_ONCE) {
        match pages.iter_mut().find(|page| page.url == *url) {
            Some(page) => page.whole = true,
            None => pages.push(ToWatch { whole: true, ..new(url) }),
        }
    }
    pages
}

/// Pages that are looked at once more, beside what the run does meanwhile.
pub(in crate::run) struct LookUnderWay {
    cell: Cell,
    list: Vec<Listed>,
    doubts: Doubts,
    /// None: nobody got into this state of consent once more.
    watching: Option<Watching>,
}

/// What a look once more is to decide.
struct Doubts {
    /// What is known of the cell without it.
    known: BTreeSet<Thing>,
    doubted: Vec<(Url, Sighting)>,
    workers: Vec<Url>,
}

/// What a look once more decided.
#[derive(Debug, Default)]
pub(in crate::run) struct Decided {
    /// Cookies that nobody gets whose time is not skipped.
    pub(in crate::run) not_so: BTreeSet<Name>,
    /// Cookies that came in real time instead.
    pub(in crate::run) instead: BTreeSet<Name>,
    /// Of something it is not known whether it comes.
    pub(in crate::run) unknown: bool,
}

/// Pages, and what they showed, if they could be opened.
type Watched = Vec<(ToWatch, Option<Rendered>)>;

/// A visitor's pages, watched in real time. Dropping it ends that.
struct Watching(JoinHandle<(BrowserContext, Watched)>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl LookUnderWay {
    /// The mode of third-party cookies, where it is not the browser's own.
    pub(in crate::run) fn third_party(&self) -> Option<ThirdPartyCookies> {
        self.cell.third_party
    }
}

impl Runner<'_> {
    /// Counts what other pages showed to be true, and begins to look at the rest in real time: what of it came,
    /// [`Runner::end_look`] finds out.
    pub(in crate::run) async fn begin_look(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        cell: &Cell,
        late: Late,
    ) -> Result<Option<LookUnderWay>, Ended> {
        let known = late.certain.iter().map(|(thing, _)| thing.clone()).collect();
        let workers = late.workers.clone();
        let (certain, doubted) = late.sorted_out();
        for late in certain {
            self.recorder.sighting(late);
        }
        if doubted.is_empty() && workers.is_empty() {
            return Ok(None);
        }
        let doubts = Doubts { known, doubted, workers };
        let watching = match self.look_in_real_time(browser, who, list, cell, &doubts).await {
            Ok(watching) => watching,
            Err(ended) => {
                self.decide(doubts, OnceMore::default());
                return Err(ended);
            }
        };
        Ok(Some(LookUnderWay { cell: cell.clone(), list: list.to_vec(), doubts, watching }))
    }

    /// Counts what came late where it came in real time, too; says of the rest that it did not.
    pub(in crate::run) async fn end_look(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        mut look: LookUnderWay,
    ) -> Result<Decided, Ended> {
        let once_more = match self.seen_once_more(browser, who, &mut look).await {
            Ok(once_more) => once_more,
            Err(ended) => {
                self.decide(look.doubts, OnceMore::default());
                return Err(ended);
            }
        };
        Ok(self.decide(look.doubts, once_more))
    }

    /// The run is over before it was seen what is so.
    pub(in crate::run) fn leave_look(&mut self, look: LookUnderWay) {
        self.decide(look.doubts, OnceMore::default());
    }

    fn decide(&mut self, doubts: Doubts, once_more: OnceMore) -> Decided {
        let Doubts { mut known, doubted, workers } = doubts;
        let certain = known.clone();
        let mut decided = Decided::default();
        let mut told = BTreeSet::new();
        for (url, late) in doubted {
            let thing = thing(&late);
            known.insert(thing.clone());
            if once_more.seen.contains_key(&thing) {
                self.recorder.sighting(late);
                continue;
            }
            let watched = once_more.watched.contains(&thing);
            if thing.0 == StorageKind::Cookie && !certain.contains(&thing) {
                decided.not_so.insert(thing.1.clone());
            }
            if !told.insert(thing) {
                continue;
            }
            let why = if watched {
                "not in real time, and does not count"
            } else {
                // Neither true nor false: nothing that it may break is upheld.
                self.recorder.lost();
                decided.unknown = true;
                "and could not be looked at in real time"
            };
            self.recorder.note(format!(
                "\u{201c}{}\u{201d} came only with the page's clock moved on, {why}: {}",
                late.name,
                self.recorder.safe(&url)
            ));
        }
        // One worker serves many pages: some of them speak for all.
        for url in workers.iter().take(AT_ONCE).filter(|url| !once_more.came.contains(url)) {
            self.recorder.lost();
            decided.unknown = true;
            self.recorder.note(format!(
                "what its service worker does could not be looked at in real time: {}",
                self.recorder.safe(url)
            ));
        }
        // What the page would rather have done, had its time not been skipped.
        for ((kind, name), instead) in once_more.seen {
            if known.contains(&(kind, name.clone())) {
                continue;
            }
            if kind == StorageKind::Cookie && is_kept(&instead) {
                decided.instead.insert(name);
            }
            self.recorder.sighting(instead);
        }
        decided
    }

    /// Brings somebody into the cell's state, whose pages are watched from then on.
    async fn look_in_real_time(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        cell: &Cell,
        doubts: &Doubts,
    ) -> Result<Option<Watching>, Ended> {
        let (mut look, mut beside) = (ConsentLook::of(cell.clone()), CellSeen::default());
        let Some((context, _)) = self.arrive(browser, who, list, &mut look, &mut beside).await? else {
            return Ok(None);
        };
        let patience = browser.patience();
        // Drawing and answers may make a thing later than it was by the page's clock.
        let whole = patience.ahead.unwrap_or_default() + LONGER;
        let patience = Patience { ahead: None, ..patience };
        let pages = pages_to_watch(&doubts.doubted, &doubts.workers, whole);
        let (cell, pacer) = (cell.clone(), self.pacer.clone());
        Ok(Some(Watching(tokio::spawn(async move {
            let mut all = Vec::new();
            let mut pages = pages.into_iter();
            loop {
                let some: Vec<ToWatch> = pages.by_ref().take(AT_ONCE).collect();
                if some.is_empty() {
                    return (context, all);
                }
                let shown = some.iter().map(async |wanted| {
                    pacer.pass(&wanted.url).await;
                    let page =
                        context.page(&Ask::page(cell.clone(), wanted.url.clone()), patience).await.ok()?;
                    page.watch(wanted.until().as_ref(), wanted.time).await;
                    Some(page.finish().await)
                });
                let shown = join_all(shown).await;
                all.extend(some.into_iter().zip(shown));
            }
        }))))
    }

    /// What the watched pages showed. Whose browser ended on them, by whatever page, looks at them again.
    async fn seen_once_more(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        look: &mut LookUnderWay,
    ) -> Result<OnceMore, Ended> {
        let mut again = true;
        loop {
            let Some(mut watching) = look.watching.take() else { return Ok(OnceMore::default()) };
            let Ok((context, watched)) = self.unless_ended(&mut watching.0).await? else {
                return Ok(OnceMore::default());
            };
            if context.gone() {
                self.recorder.note(match again {
                    true => "the browser ended while pages were looked at once more in real time; they were looked at again in a new one",
                    false => "the browser ended again while pages were looked at once more in real time",
                });
            }
            if context.gone() && std::mem::take(&mut again) {
                look.watching =
                    self.look_in_real_time(browser, who, &look.list, &look.cell, &look.doubts).await?;
                continue;
            }
            self.carry_renewed_back(&context, who).await?;
            context.close().await;
            return Ok(self.taken_in(watched));
        }
    }

    fn taken_in(&mut self, watched: Watched) -> OnceMore {
        let mut once_more = OnceMore::default();
        for (wanted, rendered) in watched {
            let Some(rendered) = rendered else { continue };
            self.tell_visit(&rendered.visit);
            for sighting in rendered.visit.sightings() {
                once_more.seen.entry(thing(sighting)).or_insert_with(|| sighting.clone());
            }
            if came(&rendered.visit) {
                once_more.watched.extend(wanted.things);
                once_more.came.insert(wanted.url);
            }
        }
        once_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{CookieValue, ValueFacts};
    use crate::engine::Visit;
    use crate::observation::{Circumstances, Consent, Engine, ExchangeRef, Page, Party, Phase, SafeUrl};
    use crate::secret::Secrets;

    fn url(path: &str) -> Url {
        Url::parse("https://a.test").unwrap().join(path).unwrap()
    }

    /// `NAME` or `NAME@MILLISECONDS` after load.
    fn write(told: &str) -> Sighting {
        let (name, after) = told.split_once('@').map_or((told, None), |(name, at)| (name, at.parse().ok()));
        let page = SafeUrl::new(&url("/"), &Secrets::default());
        let cell = Cell {
            persona: "anonymous".into(),
            engine: Engine::Browser,
            consent: Consent::Untouched,
            phase: Phase::Crawl,
            repeat: 1,
            third_party: None,
        };
        let here = Circumstances {
            cell,
            page: Page { asked: page.clone(), shown: None, started_by: None },
            exchange: ExchangeRef::by_script(page),
            party: Party::First,
            at_ms: 0,
        };
        let (value, name) = (CookieValue::new("1"), Name::new(name));
        let facts = ValueFacts::of(&value, &url("/"));
        let kind = StorageKind::LocalStorage;
        let mut item = Sighting::of_item(here, kind, "https://a.test", &name, &value, facts);
        item.after_load_ms = after;
        item
    }

    /// Takes in a page whose time was skipped from this millisecond on; what its visit keeps.
    fn take(late: &mut Late, path: &str, skipped_from: Option<u64>, writes: &[&str]) -> Vec<String> {
        let visit = Visit {
            status: 200,
            writes: writes.iter().map(|told| write(told)).collect(),
            ..Visit::unanswered(&url(path))
        };
        let (links, sent, storage, remarks) = Default::default();
        let mut rendered =
            Rendered { visit, then: None, links, sent, storage, skipped_from, worker_stood: false, remarks };
        late.take(&url(path), &mut rendered);
        rendered.visit.writes.iter().map(|write| write.name.to_string()).collect()
    }

    fn names<'a>(list: impl IntoIterator<Item = &'a Sighting>) -> String {
        list.into_iter().map(|sighting| sighting.name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_came_in_skipped_time_is_doubted() {
        let mut late = Late::default();
        assert_eq!(take(&mut late, "/", Some(300), &["a", "b@299", "c@300", "d@4000"]), ["a", "b"]);
        assert_eq!(take(&mut late, "/real", None, &["e@4000"]), ["e"]);
        let (certain, doubted) = late.sorted_out();
        assert_eq!(names(&certain), "");
        assert_eq!(names(doubted.iter().map(|(_, late)| late)), "c d");
    }

    #[test]
    fn what_another_page_did_at_once_is_no_matter_of_its_time() {
        let mut late = Late::default();
        take(&mut late, "/", Some(300), &["a@4000", "b@4000"]);
        take(&mut late, "/other", Some(300), &["a"]);
        let (certain, doubted) = late.sorted_out();
        assert_eq!(names(&certain), "a");
        assert_eq!(names(doubted.iter().map(|(_, late)| late)), "b");
    }

    #[test]
    fn each_thing_is_watched_for_on_one_page_until_it_comes() {
        let doubted: Vec<(Url, Sighting)> =
            [("/", "a@4000"), ("/", "b@9000"), ("/x", "a@2000"), ("/x", "c@13000"), ("/y", "b@1000")]
                .iter()
                .map(|(path, told)| (url(path), write(told)))
                .collect();
        let workers = [url("/x"), url("/w")];
        let pages = pages_to_watch(&doubted, &workers, Duration::from_millis(11_500));
        let told: Vec<(&str, u128, Option<usize>)> = pages
            .iter()
            .map(|page| (page.url.path(), page.time.as_millis(), page.until().map(|names| names.len())))
            .collect();
        assert_eq!(told, [("/", 11_500, Some(2)), ("/x", 14_500, None), ("/w", 11_500, None)]);
    }
}
