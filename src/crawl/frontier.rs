//! Where the crawl goes next: each address once, within the bounds, and fair by URL template: the first
//! few pages of every template come before more of any, so that each has its share where the bounds do
//! not reach for all. Among those whose turn it is, breadth first. A value; the loop that asks for pages
//! is elsewhere.
//!
//! What comes out depends only on what went in and in which order. A loop that asks for several
//! pages at once and wants the same pages every run pushes what it finds in the order of the pops.
//!
//! Memory per address is a hash of 64 bits in the set of those seen, and the path while it waits: packed, and
//! where many wait on a shelf outside of memory, where there is one. The hash is keyed, so that a site cannot
//! choose addresses that collide; that any two of a million do has a chance of 3 in 100,000,000.

use super::danger::{Caution, Danger, Said, caution, danger, is_read};
use super::keys::Keys;
use super::packed::Shelf;
use super::routers::Routers;
use super::session_ids::without_session;
use super::steps::{Step, Steps};
use super::turns::{Entry, Turns, turn};
use super::{Address, Link, LinkKind, PageLinks, Scope};
use crate::observation::{AsItIs, SkipReason, page_template, path_template};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// Longer paths are not taken apart.
const MAX_DEEP: usize = 12;
/// Distinct origins a crawl takes in; wildcard DNS can make up as many as it likes.
const MAX_ORIGINS: usize = 1000;
/// PageGroups of skipped pages told apart for each reason.
const MAX_SKIP_KINDS: usize = 200;
/// Addresses without variable parts vary in their last segment, and so far less often.
const SIBLINGS_PER_TEMPLATE: u32 = 4;
/// Addresses that go in circles, where the plan does not say how many pages of a shape it wants.
const MOST_IN_CIRCLES: u32 = 20;
/// Templates told apart of which not all pages were asked for.
const MOST_SAMPLED: usize = 200;
/// A path may be asked with this many times more queries than a shape has pages.
const QUERIES_PER_PATH: u32 = 5;
/// Addresses put aside until more is known of them.
const MOST_ASIDE: usize = 10_000;

/// Bounds of one persona's crawl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub pages: usize,
    pub depth: u32,
    /// Pages of one URL shape; none: as many as there are.
    pub per_shape: Option<usize>,
}

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub address: Address,
    /// Clicks from the start.
    pub depth: u32,
    /// The page that linked to it first.
    pub from: Option<Address>,
    /// Named by the plan or the manifest: robots.txt does not hold it back.
    pub declared: bool,
}

/// Pages that were known and not asked for, of one reason and kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkipTally {
    pub reason: SkipReason,
    /// The first of them in the order of their texts.
    pub example: Address,
    pub count: u64,
}

/// A template of which not all pages were asked for, because there were more than the limit of pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampleTally {
    /// The first of those left out in the order of their texts.
    pub example: Address,
    pub asked: u64,
    pub left: u64,
}

/// What is known of the way ahead.
#[derive(Debug)]
pub struct Frontier {
    scope: Scope,
    bounds: Bounds,
    key: RandomState,
    seen: Keys,
    /// Addresses whose link said somewhere that it is dangerous, though not always.
    dangerous: HashMap<u64, Danger, AsItIs>,
    /// Addresses that no link with words has named yet.
    unnamed: HashSet<u64, AsItIs>,
    /// Addresses whose every link with words says what may be an act.
    doubtful: HashMap<u64, SkipReason, AsItIs>,
    /// Members leave alone what nothing shows to be harmless.
    careful: bool,
    routers: Routers,
    /// Not asked for unless more becomes known of them.
    aside: Vec<Aside>,
    /// By their keys, where they are in it.
    aside_at: HashMap<u64, usize, AsItIs>,
    /// Nothing became known since those aside were last looked at.
    aside_settled: bool,
    shapes: HashMap<u64, u32, AsItIs>,
    /// Kinds of files of which one is asked for.
    files: HashSet<u64, AsItIs>,
    origins: Vec<Box<str>>,
    links: Turns,
    sitemap: Turns,
    /// Pages given out.
    taken: usize,
    /// Those of each template.
    asked: HashMap<u64, u32, AsItIs>,
    /// By template, what the limit of pages left out.
    left: BTreeMap<String, SampleTally>,
    skipped: BTreeMap<(SkipReason, String), SkipTally>,
    /// What went in and came out, for whoever goes on later; none where nobody wants to know.
    steps: Option<Steps>,
    /// Given out in an earlier run, and still in the queues.
    owed: HashSet<u64, AsItIs>,
    /// Taken out of the queues while steps were taken again, and not given out yet.
    early: VecDeque<Next>,
}

impl Frontier {
    /// An empty frontier; put the start pages in with [`Frontier::seed`].
    pub fn new(scope: Scope, bounds: Bounds) -> Frontier {
        Frontier {
            scope,
            bounds,
            key: RandomState::new(),
            seen: Keys::default(),
            dangerous: HashMap::default(),
            unnamed: HashSet::default(),
            doubtful: HashMap::default(),
            careful: false,
            routers: Routers::default(),
            aside: Vec::new(),
            aside_at: HashMap::default(),
            aside_settled: true,
            shapes: HashMap::default(),
            files: HashSet::default(),
            origins: Vec::new(),
            links: Turns::default(),
            sitemap: Turns::default(),
            taken: 0,
            asked: HashMap::default(),
            left: BTreeMap::new(),
            skipped: BTreeMap::new(),
            steps: None,
            owed: HashSet::default(),
            early: VecDeque::new(),
        }
    }

    /// The same, before anything is in it: what waits for long may lie on this shelf.
    #[must_use]
    pub fn on(self, shelf: &Arc<dyn Shelf>) -> Frontier {
        let turns = || Turns::on(Arc::clone(shelf));
        Frontier { links: turns(), sitemap: turns(), ..self }
    }

    /// The same, with every step kept until it is fetched with [`Frontier::take_steps`].
    pub fn keeping_steps(&mut self) {
        self.steps = Some(Steps::default());
    }

    /// The steps since they were last fetched.
    pub fn take_steps(&mut self) -> Vec<Step> {
        self.steps.as_mut().map(Steps::take).unwrap_or_default()
    }

    fn step(&mut self, step: impl FnOnce() -> Step) {
        if let Some(steps) = &mut self.steps {
            steps.add(step());
        }
    }

    /// Takes a step again that an earlier frontier took. The same steps lead to the same frontier; where
    /// some of them are missing, nothing is given out twice. The page, where the step gave one out.
    pub fn again(&mut self, step: Step, page: &mut (Option<Address>, u32)) -> Option<Next> {
        match step {
            Step::Seed(address) => drop(self.seed(address)),
            Step::FromSitemap(address) => drop(self.seed_from_sitemap(address)),
            Step::Page { address, depth } => *page = (address, depth),
            Step::Link { address, kind, said, .. } => {
                let link = Link { address, kind, said };
                // Whatever is not taken is in the tally of what was skipped.
                let _ = self.take_in(page.0.as_ref(), page.1, &link);
            }
            Step::Left { address, reason } => drop(self.skip(reason, &address)),
            Step::Unwritten(_) => {}
            Step::GaveOut(address) => return Some(self.give_out_again(address)),
            Step::GaveOutUnwritten(address) => self.count_given_out(&address),
            Step::GaveBack { address, reason } => self.take_back(&address, reason),
            Step::Seen(address) => self.mark_seen(&address),
            Step::Closed(reason) => self.close(reason),
            Step::Told => drop(self.take_skipped()),
        }
        None
    }

    fn give_out_again(&mut self, address: Address) -> Next {
        let next = if let Some(at) = self.early.iter().position(|next| next.address == address) {
            self.early.remove(at)
        } else {
            loop {
                let Some(next) = self.next_in_turn() else {
                    self.owed.insert(self.key_of(&address));
                    break None;
                };
                if next.address == address {
                    break Some(next);
                }
                if !self.owed.remove(&self.key_of(&next.address)) {
                    self.early.push_back(next);
                }
            }
        };
        self.count_given_out(&address);
        next.unwrap_or(Next { address, depth: 1, from: None, declared: false })
    }

    fn count_given_out(&mut self, address: &Address) {
        self.taken += 1;
        let key = self.key.hash_one(self.template_of(address));
        *self.asked.entry(key).or_default() += 1;
    }

    /// The same for a member: links are followed that read like navigation, and no others.
    pub fn careful(mut self, careful: bool) -> Frontier {
        self.careful = careful;
        self
    }

    /// Which addresses belong to the crawl.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A page to start from that the plan or the manifest names: asked whatever the includes and
    /// robots.txt say, and before what links find. False: already known, or on a foreign host.
    pub fn seed(&mut self, address: Address) -> bool {
        self.step(|| Step::Seed(address.clone()));
        let address = self.scope.place(address);
        if !self.scope.is_own(&address) {
            self.skip(SkipReason::OutOfScope, &address);
            return false;
        }
        let key = self.key_of(&address);
        let Some(origin) = self.seen.insert(key).then(|| self.origin_of(&address)).flatten() else {
            return false;
        };
        self.links.declare(origin, address.path_and_query());
        true
    }

    /// A page that a sitemap names: every third page asked is one of these, as long as links
    /// are waiting too.
    pub fn seed_from_sitemap(&mut self, address: Address) -> Result<(), Option<SkipReason>> {
        self.step(|| Step::FromSitemap(address.clone()));
        let address = self.scope.place(address);
        let key = self.key_of(&address);
        if !self.first_sight(&address, key) {
            return Err(None);
        }
        if let Some(doubt) = self.judged(&address)? {
            return Err(Some(self.put_aside(key, doubt, &address, 0, None)));
        }
        let (turn, origin) = self.admit(&address, key, 0)?;
        self.sitemap.push(turn, Entry { origin, depth: 0 }, address.path_and_query(), None);
        Ok(())
    }

    /// Every link of a page that was asked.
    pub fn push_all(&mut self, page: &Next, links: &PageLinks) {
        for link in &links.documents {
            // Whatever is not taken is in the tally of what was skipped.
            let _ = self.push(page, link);
        }
    }

    /// One link of a page that was asked. Refused with the reason, or without one where the
    /// address is known already.
    pub fn push(&mut self, page: &Next, link: &Link) -> Result<(), Option<SkipReason>> {
        let (end, is_news) = self.take_in(Some(&page.address), page.depth, link);
        if let Some(steps) = self.steps.as_mut().filter(|_| is_news) {
            steps.link(page, link, end);
        }
        end
    }

    /// The same of a page that may not be known by its address. True: something was new about it.
    fn take_in(
        &mut self,
        from: Option<&Address>,
        depth: u32,
        link: &Link,
    ) -> (Result<(), Option<SkipReason>>, bool) {
        let mut said_more = false;
        let end = self.judge(from, depth, link, &mut said_more);
        (end, said_more || end != Err(None))
    }

    fn judge(
        &mut self,
        from: Option<&Address>,
        depth: u32,
        link: &Link,
        said_more: &mut bool,
    ) -> Result<(), Option<SkipReason>> {
        let placed;
        let address = match self.scope.is_mapped(&link.address) {
            true => {
                placed = self.scope.place(link.address.clone());
                &placed
            }
            false => &link.address,
        };
        let key = self.key_of(address);
        let said = self.said(address, link);
        // It may be made anew for whoever asks.
        if said == Said::Download && !self.seen.contains(key) {
            return Err(Some(self.skip(SkipReason::NotHtml, address)));
        }
        if !self.first_sight(address, key) {
            *said_more = self.scope.is_own(address) && self.said_again(key, said);
            return Err(None);
        }
        if let Some(said) = acts(said) {
            // A token says so more plainly than words.
            let danger = danger(address).filter(|danger| *danger == Danger::CarriesToken).unwrap_or(said);
            return Err(Some(self.skip(danger.into(), address)));
        }
        if link.kind == LinkKind::Anchor && is_file(address) && !self.is_first_file(address) {
            return Err(Some(self.skip(SkipReason::NotHtml, address)));
        }
        if link.kind == LinkKind::Feed && !self.is_among_first_feeds(address) {
            return Err(Some(self.skip(SkipReason::NotHtml, address)));
        }
        let doubt = self.judged(address)?;
        let depth = depth.saturating_add(1);
        let by_words = Doubt::of(said);
        if doubt.is_some() && by_words.is_some() {
            return Err(Some(self.skip(SkipReason::MayAct, address)));
        }
        if let Some(doubt) = doubt.or(by_words) {
            return Err(Some(self.put_aside(key, doubt, address, depth, from)));
        }
        let (turn, origin) = self.admit(address, key, depth)?;
        if said == Said::Nothing {
            self.unnamed.insert(key);
        }
        self.links.push(turn, Entry { origin, depth }, address.path_and_query(), from);
        Ok(())
    }

    /// The next page to ask for. None: nothing is left within the bounds.
    pub fn pop(&mut self) -> Option<Next> {
        let next = loop {
            if self.taken >= self.bounds.pages {
                return None;
            }
            match self.early.pop_front() {
                Some(next) => break next,
                None => {
                    let next = self.next_in_turn()?;
                    if self.owed.is_empty() || !self.owed.remove(&self.key_of(&next.address)) {
                        break next;
                    }
                }
            }
        };
        self.count_given_out(&next.address);
        self.step(|| Step::GaveOut(next.address.clone()));
        Some(next)
    }

    /// The next of those that wait.
    fn next_in_turn(&mut self) -> Option<Next> {
        loop {
            if self.is_empty() {
                self.look_aside();
            }
            let from_sitemap = match (self.links.turn(), self.sitemap.turn()) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(links), Some(sitemap)) if links == sitemap => self.taken % 3 == 2,
                (Some(links), Some(sitemap)) => sitemap < links,
            };
            let queue = if from_sitemap { &mut self.sitemap } else { &mut self.links };
            let Some(next) = queue.pop(&self.origins) else {
                if self.is_empty() {
                    return None;
                }
                continue;
            };
            // Its danger may have shown after it was queued.
            let any_doubt = !self.dangerous.is_empty() || !self.doubtful.is_empty();
            if any_doubt && !next.declared {
                let key = self.key_of(&next.address);
                if let Some(danger) = self.dangerous.get(&key).copied() {
                    self.skip(danger.into(), &next.address);
                    continue;
                }
                if let Some(reason) = self.doubtful.get(&key).copied() {
                    self.put_aside(key, Doubt::Words(reason), &next.address, next.depth, next.from.as_ref());
                    continue;
                }
            }
            return Some(next);
        }
    }

    /// A popped page that was not asked for after all, or turned out to be no page.
    pub fn give_back(&mut self, next: &Next, reason: SkipReason) {
        self.step(|| Step::GaveBack { address: next.address.clone(), reason });
        self.take_back(&next.address, reason);
    }

    fn take_back(&mut self, address: &Address, reason: SkipReason) {
        self.taken = self.taken.saturating_sub(1);
        let template = self.template_of(address);
        if let Some(asked) = self.asked.get_mut(&self.key.hash_one(&template)) {
            *asked = asked.saturating_sub(1);
        }
        self.skip(reason, address);
    }

    /// Counts an address that is no page of the crawl and not asked for either: a part of a page.
    pub fn leave(&mut self, reason: SkipReason, address: &Address) {
        self.step(|| Step::Left { address: address.clone(), reason });
        self.skip(reason, address);
    }

    /// Marks an address as known without queueing it: where a redirect ended.
    pub fn mark_seen(&mut self, address: &Address) {
        self.step(|| Step::Seen(address.clone()));
        let key = self.key_of(address);
        self.seen.insert(key);
    }

    /// Whether the address was met before.
    pub fn has_seen(&self, address: &Address) -> bool {
        self.seen.contains(self.key_of(address))
    }

    /// Ends the crawl: what still waits is skipped for this reason (the limit of pages, if that
    /// is reached).
    pub fn close(&mut self, reason: SkipReason) {
        self.step(|| Step::Closed(reason));
        let reason = if self.taken >= self.bounds.pages { SkipReason::PageLimit } else { reason };
        let next = |frontier: &mut Frontier| {
            let early = frontier.early.pop_front();
            let waiting = early.or_else(|| frontier.links.pop(&frontier.origins));
            waiting.or_else(|| frontier.sitemap.pop(&frontier.origins))
        };
        while let Some(next) = next(self) {
            if self.owed.is_empty() || !self.owed.remove(&self.key_of(&next.address)) {
                self.skip(reason, &next.address);
            }
        }
        self.leave_aside();
    }

    /// Pages waiting.
    pub fn len(&self) -> usize {
        self.early.len() + self.links.len() + self.sitemap.len()
    }

    /// Whether no page waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was known and not asked for, sorted.
    pub fn skipped(&self) -> Vec<SkipTally> {
        let mut tallies: Vec<SkipTally> = self.skipped.values().cloned().collect();
        tallies.sort();
        tallies
    }

    /// The same, each told once.
    pub fn take_skipped(&mut self) -> Vec<SkipTally> {
        self.step(|| Step::Told);
        self.leave_aside();
        let tallies = self.skipped();
        self.skipped.clear();
        tallies
    }

    /// Templates of which the limit of pages left some out, and how many were asked for, sorted.
    pub fn sampled(&self) -> Vec<SampleTally> {
        let asked = |template: &String| self.asked.get(&self.key.hash_one(template)).copied();
        let tally = |(template, left): (&String, &SampleTally)| SampleTally {
            asked: asked(template).unwrap_or_default().into(),
            ..left.clone()
        };
        let mut sampled: Vec<SampleTally> = self.left.iter().map(tally).collect();
        sampled.sort();
        sampled
    }

    /// Whether an address is new.
    fn first_sight(&mut self, address: &Address, key: u64) -> bool {
        let new = self.seen.insert(key);
        if new && self.careful && address.query().is_some() && self.scope.is_own(address) {
            self.routers.add(address);
            self.aside_settled = false;
        }
        new
    }

    /// What a link says, as far as it counts for this visitor and address.
    fn said(&self, address: &Address, link: &Link) -> Said {
        match link.said {
            // An index of what is read names things.
            Said::Acts(_) | Said::Perhaps(_) | Said::MayAct if is_read(address) => Said::Plain,
            Said::MayAct if !self.careful => Said::Plain,
            Said::Perhaps(_) | Said::MayAct if self.scope.follows(address) => Said::Plain,
            said => said,
        }
    }

    /// A further link to a known address: what it says may bar it, or clear it of a doubt. True: it did.
    fn said_again(&mut self, key: u64, said: Said) -> bool {
        match said {
            Said::Acts(_) | Said::Sends => {
                acts(said).is_some_and(|danger| self.dangerous.insert(key, danger) != Some(danger))
            }
            Said::Plain => {
                let mut cleared = self.unnamed.remove(&key);
                cleared |= self.doubtful.remove(&key).is_some();
                if let Some(aside) = self.aside_at.get(&key).and_then(|at| self.aside.get_mut(*at)) {
                    cleared |= !std::mem::replace(&mut aside.named, true);
                    self.aside_settled = false;
                }
                cleared
            }
            Said::Perhaps(_) | Said::MayAct if self.unnamed.contains(&key) => match Doubt::of(said) {
                Some(Doubt::Words(reason)) => self.doubtful.insert(key, reason) != Some(reason),
                _ => false,
            },
            Said::Perhaps(_) | Said::MayAct | Said::Nothing | Said::Download => false,
        }
    }

    /// Judges a new address by itself: its scope, what it would do, and whether that is certain.
    fn judged(&mut self, address: &Address) -> Result<Option<Doubt>, Option<SkipReason>> {
        let refused = self.scope.decide(address).err().or_else(|| danger(address).map(SkipReason::from));
        if let Some(reason) = refused {
            return Err(Some(self.skip(reason, address)));
        }
        if !self.careful || self.scope.follows(address) {
            return Ok(None);
        }
        match caution(address) {
            Some(Caution::Acts) => Err(Some(self.skip(SkipReason::MayAct, address))),
            Some(Caution::Unknown(at)) => Ok(Some(Doubt::Router(at))),
            None => Ok(None),
        }
    }

    /// Whether a file is the first of its kind in its kind of folder, and nothing speaks against asking for it: what
    /// answers may set a cookie, and the further ones come from where this one did.
    fn is_first_file(&mut self, address: &Address) -> bool {
        let harmless = self.scope.decide(address).is_ok() && danger(address).is_none();
        if !harmless || self.careful && caution(address).is_some() {
            return false;
        }
        let (folder, name) = address.path().rsplit_once('/').unwrap_or_default();
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let folder = page_template(folder).to_string();
        self.files.insert(self.key.hash_one((address.origin(), folder, ending)))
    }

    /// Of a host's feeds a few are asked for: many sites have one for each article.
    fn is_among_first_feeds(&mut self, address: &Address) -> bool {
        let harmless = self.scope.decide(address).is_ok() && danger(address).is_none();
        harmless
            && (0..MOST_FEEDS)
                .any(|number| self.files.insert(self.key.hash_one((address.origin(), "a feed", number))))
    }

    /// Keeps an address until more is known of it.
    fn put_aside(
        &mut self,
        key: u64,
        doubt: Doubt,
        address: &Address,
        depth: u32,
        from: Option<&Address>,
    ) -> SkipReason {
        if self.aside.len() >= MOST_ASIDE {
            return self.skip(doubt.reason(), address);
        }
        self.aside_at.insert(key, self.aside.len());
        let (address, from) = (address.clone(), from.cloned());
        self.aside.push(Aside { key, doubt, address, depth, from, named: false });
        self.aside_settled = false;
        doubt.reason()
    }

    /// Takes in those aside of whom more is known by now. Once nothing else waits, so that as many
    /// links as there are have their say.
    fn look_aside(&mut self) {
        if std::mem::replace(&mut self.aside_settled, true) {
            return;
        }
        self.aside_at.clear();
        for aside in std::mem::take(&mut self.aside) {
            let is_clear = match aside.doubt {
                Doubt::Words(_) => aside.named,
                Doubt::Router(at) => self.routers.routes(&aside.address, at),
            };
            if !is_clear {
                self.aside_at.insert(aside.key, self.aside.len());
                self.aside.push(aside);
            } else if let Ok((turn, origin)) = self.admit(&aside.address, aside.key, aside.depth) {
                let entry = Entry { origin, depth: aside.depth };
                self.links.push(turn, entry, aside.address.path_and_query(), aside.from.as_ref());
            }
        }
    }

    /// Those still aside are left alone.
    fn leave_aside(&mut self) {
        self.aside_at.clear();
        for aside in std::mem::take(&mut self.aside) {
            self.skip(aside.doubt.reason(), &aside.address);
        }
    }

    /// Judges the room for an address: depth, shape, and what waits already; and says when its turn is.
    fn admit(&mut self, address: &Address, key: u64, depth: u32) -> Result<(usize, u32), Option<SkipReason>> {
        if depth > self.bounds.depth {
            return Err(Some(self.skip(SkipReason::DepthLimit, address)));
        }
        let Some(turn) = self.turn_of(address) else {
            return Err(Some(self.skip(SkipReason::ShapeLimit, address)));
        };
        if self.is_full(turn) {
            // The set of those seen must not grow without end on a site that has no end.
            self.seen.remove(key);
            return Err(Some(self.skip(SkipReason::PageLimit, address)));
        }
        match self.origin_of(address) {
            Some(origin) => Ok((turn, origin)),
            None => Err(Some(self.skip(SkipReason::ShapeLimit, address))),
        }
    }

    /// More than could ever be asked waits already: some are held in reserve for those that
    /// robots.txt and the pages themselves refuse, and some room for templates that show late.
    fn is_full(&self, turn: usize) -> bool {
        let room =
            (self.bounds.pages - self.taken.min(self.bounds.pages)).saturating_mul(2).saturating_add(10_000);
        self.len() >= if turn == 0 { room.saturating_mul(2) } else { room }
    }

    /// When the address has its turn, by how many of its template, of its path with other queries, or
    /// of its folder were met before. None: the plan wants no more of its shape.
    fn turn_of(&mut self, address: &Address) -> Option<usize> {
        let limit = self.bounds.per_shape.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        let circles = limit.unwrap_or(MOST_IN_CIRCLES);
        if self.leads_in_circles(address) && self.count(address.origin(), "in circles", "") > circles {
            return None;
        }
        let shape = path_template(address.path_and_query());
        let (path, query) =
            shape.split_once('?').map_or((shape.as_str(), None), |(path, query)| (path, Some(query)));
        // A shape without variable parts is a single address.
        if query.is_none() && !path.contains('{') {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Some(turn(self.count(address.origin(), folder, "*") / SIBLINGS_PER_TEMPLATE));
        }
        let mut number = 0;
        if query.is_some() {
            let all = self.count(address.origin(), path, "?");
            if limit.is_some_and(|limit| all > limit.saturating_mul(QUERIES_PER_PATH)) {
                return None;
            }
            number = all / QUERIES_PER_PATH;
        }
        number = number.max(self.count(address.origin(), path, query.unwrap_or_default()));
        limit.is_none_or(|limit| number <= limit).then(|| turn(number))
    }

    /// What the address is counted as where not all of its like are asked for.
    fn template_of(&self, address: &Address) -> String {
        format!("{}{}", address.origin(), page_template(address.path()))
    }

    /// Relative links that went wrong make addresses without an end: `/a/a/a/`, `/a/b/a/`, or
    /// `/a/b/c`, where `/a/b`, `/a/c` and `/b/c` are there, too. A few such are a site's own.
    fn leads_in_circles(&self, address: &Address) -> bool {
        let segments: Vec<&str> = address.path().split('/').skip(1).collect();
        let names: Vec<&str> = segments.iter().copied().filter(|segment| !segment.is_empty()).collect();
        // Numbers and dates repeat without meaning anything.
        let words = || names.iter().filter(|name| name.bytes().all(|byte| !byte.is_ascii_digit()));
        if words().collect::<HashSet<_>>().len() < words().count() {
            return true;
        }
        (3..=MAX_DEEP).contains(&names.len())
            && (0..segments.len()).filter(|at| !segments[*at].is_empty()).all(|at| {
                let mut shorter = segments.clone();
                shorter.remove(at);
                let path = format!("/{}", shorter.join("/"));
                self.has_seen(&Address::from_parts(address.origin(), &path))
            })
    }

    fn count(&mut self, origin: &str, path: &str, query: &str) -> u32 {
        let key = self.key.hash_one((origin, path, query));
        let count = self.shapes.entry(key).or_default();
        *count = count.saturating_add(1);
        *count
    }

    fn origin_of(&mut self, address: &Address) -> Option<u32> {
        let known = self.origins.iter().position(|origin| **origin == *address.origin());
        let at = match known {
            Some(at) => at,
            None if self.origins.len() >= MAX_ORIGINS => return None,
            None => {
                self.origins.push(address.origin().into());
                self.origins.len() - 1
            }
        };
        u32::try_from(at).ok()
    }

    /// Two spellings of a percent-encoded byte are one address, and so are two session ids.
    fn key_of(&self, address: &Address) -> u64 {
        let mut hasher = self.key.build_hasher();
        let text = without_session(address);
        let text: &str = &text;
        if text.contains('%') {
            hasher.write(robotstxt::parser::escape_pattern(text).as_bytes());
        } else {
            hasher.write(text.as_bytes());
        }
        hasher.finish()
    }

    /// Counts a page that the limit of pages left out, under its template.
    fn leave_out(&mut self, address: &Address) {
        let template = self.template_of(address);
        if self.left.len() >= MOST_SAMPLED && !self.left.contains_key(&template) {
            return;
        }
        let tally = self.left.entry(template).or_insert_with(|| SampleTally {
            example: address.clone(),
            asked: 0,
            left: 0,
        });
        tally.left += 1;
        if *address < tally.example {
            tally.example = address.clone();
        }
    }

    /// Counts a page that is known and not asked for, under its host and shape.
    fn skip(&mut self, reason: SkipReason, address: &Address) -> SkipReason {
        if reason == SkipReason::PageLimit {
            self.leave_out(address);
        }
        let kind = if reason == SkipReason::OutOfScope {
            address.host().to_owned()
        } else {
            let shape = path_template(address.path());
            format!("{}{shape}", address.host())
        };
        let mut of = (reason, kind);
        if !self.skipped.contains_key(&of) {
            let kinds = self.skipped.range((reason, String::new())..).take_while(|((r, _), _)| *r == reason);
            if kinds.count() >= MAX_SKIP_KINDS {
                of.1.clear();
            }
        }
        let tally = self.skipped.entry(of).or_insert_with(|| SkipTally {
            reason,
            example: address.clone(),
            count: 0,
        });
        tally.count += 1;
        if *address < tally.example {
            tally.example = address.clone();
        }
        reason
    }
}

/// Files that are no pages, by their ending: of each kind one is asked for, the others would only cost.
fn is_file(address: &Address) -> bool {
    let name = address.path().rsplit('/').next().unwrap_or_default();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    !stem.is_empty() && FILES.contains(&ending.to_ascii_lowercase().as_str())
}

/// Feeds of one host that are asked for.
const MOST_FEEDS: u32 = 3;

const FILES: &[&str] = &[
    "7z", "aac", "apk", "avi", "avif", "bin", "bmp", "bz2", "css", "csv", "deb", "dmg", "doc", "docx", "eot",
    "epub", "exe", "flac", "gif", "gz", "ico", "iso", "jar", "jpeg", "jpg", "js", "m4a", "mkv", "mov", "mp3",
    "mp4", "mpeg", "mpg", "msi", "odp", "ods", "odt", "ogg", "ogv", "otf", "pdf", "pkg", "png", "ppt",
    "pptx", "rar", "rpm", "svg", "tar", "tgz", "tif", "tiff", "ttf", "wav", "webm", "webp", "whl", "woff",
    "woff2", "xls", "xlsx", "xz", "zip", "zst",
];

/// An address that is not asked for unless more becomes known of it.
#[derive(Debug)]
struct Aside {
    key: u64,
    doubt: Doubt,
    address: Address,
    depth: u32,
    from: Option<Address>,
    /// A link to it has words that are no act.
    named: bool,
}

/// Why an address is put aside.
#[derive(Clone, Copy, Debug)]
enum Doubt {
    /// Every link with words so far says what may be an act.
    Words(SkipReason),
    /// The parameter at this place in the query says what to do, unless the path is a router.
    Router(usize),
}

impl Doubt {
    fn of(said: Said) -> Option<Doubt> {
        match said {
            Said::Perhaps(danger) => Some(Doubt::Words(danger.into())),
            Said::MayAct => Some(Doubt::Words(SkipReason::MayAct)),
            Said::Nothing | Said::Plain | Said::Acts(_) | Said::Sends | Said::Download => None,
        }
    }

    fn reason(self) -> SkipReason {
        match self {
            Doubt::Words(reason) => reason,
            Doubt::Router(_) => SkipReason::MayAct,
        }
    }
}

/// What a link says that it certainly does.
fn acts(said: Said) -> Option<Danger> {
    match said {
        Said::Acts(danger) => Some(danger),
        Said::Sends => Some(Danger::ChangesData),
        Said::Nothing | Said::Plain | Said::MayAct | Said::Perhaps(_) | Said::Download => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crawl::label;
    use crate::crawl::packed::BLOCK;
    use crate::crawl::packed::tests::Wooden;
    use url::Url;

    fn frontier(pages: usize, depth: u32, per_shape: usize) -> Frontier {
        frontier_on(None, pages, depth, per_shape)
    }

    fn frontier_on(shelf: Option<&Arc<dyn Shelf>>, pages: usize, depth: u32, per_shape: usize) -> Frontier {
        let scope = Scope::new(&Url::parse("https://example.org/").unwrap()).unwrap();
        let mut frontier = Frontier::new(scope, Bounds { pages, depth, per_shape: Some(per_shape) });
        if let Some(shelf) = shelf {
            frontier = frontier.on(shelf);
        }
        assert!(frontier.seed(Address::parse("https://example.org/").unwrap()));
        frontier
    }

    fn page(path: &str, depth: u32) -> Next {
        let address = Address::parse(&format!("https://example.org{path}")).unwrap();
        Next { address, depth, from: None, declared: false }
    }

    fn link(href: &str, text: &str) -> Link {
        let address = Url::parse("https://example.org/").unwrap().join(href).unwrap();
        let address = Address::new(&address).unwrap();
        Link { address, kind: LinkKind::Anchor, said: label(text) }
    }

    fn rest(frontier: &mut Frontier) -> Vec<String> {
        std::iter::from_fn(|| frontier.pop()).map(|next| next.address.path_and_query().to_owned()).collect()
    }

    fn skipped(frontier: &Frontier) -> Vec<(SkipReason, String, u64)> {
        frontier.skipped().into_iter().map(|t| (t.reason, t.example.as_str().to_owned(), t.count)).collect()
    }

    #[test]
    fn breadth_first_and_each_once() {
        let mut frontier = frontier(100, 9, 9);
        let start = frontier.pop().unwrap();
        assert!(start.declared);
        for href in ["/a", "/b", "/a#x", "/a", "https://example.org:443/b", "/%c3%a4", "/%C3%A4", "/"] {
            let _ = frontier.push(&start, &link(href, ""));
        }
        let a = frontier.pop().unwrap();
        assert_eq!((a.depth, a.from.as_ref()), (1, Some(&start.address)));
        frontier.push(&a, &link("/c", "")).unwrap();
        assert_eq!(frontier.len(), 3);
        assert_eq!(rest(&mut frontier), ["/b", "/%c3%a4", "/c"]);
        assert_eq!(skipped(&frontier), []);
    }

    #[test]
    fn each_page_remembers_who_linked_to_it() {
        let mut frontier = frontier(100, 9, 9);
        frontier.pop();
        for (from, to) in [("/x", "/a"), ("/x", "/b"), ("/y", "/c"), ("/x", "/d")] {
            frontier.push(&page(from, 2), &link(to, "")).unwrap();
        }
        let from = |next: Next| (next.from.unwrap().path().to_owned(), next.depth);
        let all: Vec<_> = std::iter::from_fn(|| frontier.pop()).map(from).collect();
        assert_eq!(all, [("/x".into(), 3), ("/x".into(), 3), ("/y".into(), 3), ("/x".into(), 3)]);
    }

    #[test]
    fn what_is_not_followed_is_counted_with_an_example() {
        let mut frontier = frontier(100, 2, 9);
        let start = frontier.pop().unwrap();
        for (href, text) in [
            ("https://other.org/b", ""),
            ("https://other.org/a", ""),
            ("https://other.org/a", ""),
            ("/logout", ""),
            ("/session/7", "Log out"),
            ("/items/7/delete", ""),
            ("/2026/report.PDF", ""),
            ("/2027/report.pdf", ""),
        ] {
            let _ = frontier.push(&start, &link(href, text));
        }
        // The first of its kind in its kind of folder.
        assert_eq!(rest(&mut frontier), ["/2026/report.PDF"]);
        assert_eq!(frontier.push(&page("/deep", 2), &link("/deeper", "")), Err(Some(SkipReason::DepthLimit)));
        assert!(frontier.is_empty());
        assert_eq!(
            skipped(&frontier),
            [
                (SkipReason::OutOfScope, "https://other.org/a".into(), 2),
                (SkipReason::DepthLimit, "https://example.org/deeper".into(), 1),
                (SkipReason::LogsOut, "https://example.org/logout".into(), 1),
                (SkipReason::LogsOut, "https://example.org/session/7".into(), 1),
                (SkipReason::ChangesData, "https://example.org/items/7/delete".into(), 1),
                (SkipReason::NotHtml, "https://example.org/2027/report.pdf".into(), 1),
            ]
        );
    }

    #[test]
    fn a_danger_that_shows_late_still_counts() {
        let mut frontier = frontier(100, 9, 9);
        let start = frontier.pop().unwrap();
        frontier.push(&start, &link("/session/end", "")).unwrap();
        assert_eq!(frontier.push(&start, &link("/session/end", "Sign out")), Err(None));
        assert_eq!(rest(&mut frontier), [""; 0]);
        assert_eq!(skipped(&frontier), [(SkipReason::LogsOut, "https://example.org/session/end".into(), 1)]);
    }

    #[test]
    fn a_word_with_an_innocent_reading_bars_only_where_every_link_says_it() {
        let mut frontier = frontier(100, 9, 9);
        let start = frontier.pop().unwrap();
        for (href, text) in [
            ("/settings.html", "Cancel"),
            ("/settings.html", "Settings"),
            ("/profile", "Profile"),
            ("/profile", "Cancel"),
            ("/queue/7", "Cancel"),
            ("/queue/7", ""),
            ("/queue/8", ""),
            ("/queue/8", "Cancel"),
            ("/queue/9", ""),
            ("/queue/9", "Cancel"),
            ("/queue/9", "Entry 9"),
            ("/docs/options", "Reset"),
        ] {
            let _ = frontier.push(&start, &link(href, text));
        }
        assert_eq!(rest(&mut frontier), ["/profile", "/queue/9", "/docs/options", "/settings.html"]);
        assert_eq!(
            frontier.take_skipped().iter().map(|tally| (tally.reason, tally.count)).collect::<Vec<_>>(),
            [(SkipReason::ChangesData, 2)]
        );
    }

    #[test]
    fn members_follow_what_reads_like_navigation() {
        let links = [
            ("/area.php?action=invoices", "Invoices"),
            ("/area.php?action=zones", "Zones"),
            ("/area.php?action=flows", "Flows"),
            ("/area.php?action=delete", "Purge"),
            ("/run.php?action=recalc&id=1", "Figures"),
            ("/run.php?action=view&id=1", "Figures"),
            ("/run.php?action=queue&id=2", "Queue"),
            ("/posts/new", "Write"),
            ("/posts/7", "Follow"),
            ("/posts", "Posts"),
        ];
        let crawled = |careful: bool, follow: &'static str| {
            let scope = Scope::new(&Url::parse("https://example.org/").unwrap()).unwrap();
            let scope = scope.follow(move |address| !follow.is_empty() && address.path() == follow);
            let bounds = Bounds { pages: 100, depth: 9, per_shape: Some(9) };
            let mut frontier = Frontier::new(scope, bounds).careful(careful);
            frontier.seed(page("/", 0).address);
            let start = frontier.pop().unwrap();
            for (href, text) in links {
                let _ = frontier.push(&start, &link(href, text));
            }
            let mut pages = rest(&mut frontier);
            pages.sort();
            frontier.close(SkipReason::Interrupted);
            let left = frontier.skipped().into_iter().filter(|tally| tally.reason == SkipReason::MayAct);
            (pages, left.map(|tally| tally.count).sum::<u64>())
        };
        let (all, none) = crawled(false, "");
        assert_eq!((all.len(), none), (9, 0), "{all:?}");
        let (pages, left) = crawled(true, "");
        assert_eq!(
            pages,
            [
                "/area.php?action=flows",
                "/area.php?action=invoices",
                "/area.php?action=zones",
                "/posts",
                "/run.php?action=view&id=1",
            ]
        );
        assert_eq!(left, 4);
        let (pages, _) = crawled(true, "/run.php");
        assert!(pages.contains(&"/run.php?action=recalc&id=1".to_owned()));
    }

    #[test]
    fn calendars_and_endless_queries_are_held_off() {
        let mut frontier = frontier(1000, 9, 3);
        let start = frontier.pop().unwrap();
        for n in 1..=9 {
            for href in [
                format!("/calendar/2026/{n}"),
                format!("/list?page={n}"),
                format!("/post-{n}"),
                format!("/p?a[{n}]=1"),
                format!("/slug-{}", ["a", "b"][n % 2]),
            ] {
                let _ = frontier.push(&start, &link(&href, ""));
            }
        }
        assert_eq!(rest(&mut frontier).len(), 3 + 3 + 3 + 3 + 2);
        let total: u64 = skipped(&frontier)
            .iter()
            .map(|(reason, _, count)| {
                assert_eq!(*reason, SkipReason::ShapeLimit);
                count
            })
            .sum();
        assert_eq!(total, 4 * 6);
    }

    /// A frontier without a limit of shapes, with what is linked on its start page.
    fn linked(pages: usize, paths: impl IntoIterator<Item = String>) -> Frontier {
        let mut frontier = frontier(pages, 9, 0);
        frontier.bounds.per_shape = None;
        let start = frontier.pop().unwrap();
        for path in paths {
            frontier.push(&start, &link(&path, "")).unwrap();
        }
        frontier
    }

    #[test]
    fn while_the_limit_lasts_every_page_of_a_template_is_asked_for() {
        let mut frontier = linked(500, (1..=40).map(|n| format!("/article/{n}")));
        let pages = rest(&mut frontier);
        assert_eq!((pages.len(), pages.last().map(String::as_str)), (40, Some("/article/40")));
        frontier.close(SkipReason::Interrupted);
        assert_eq!((skipped(&frontier), frontier.sampled()), (vec![], vec![]));
    }

    #[test]
    fn where_the_limit_does_not_reach_every_template_has_its_share() {
        let many = (1..=300).map(|n| format!("/article/{n}"));
        let slugs = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("/blog/{a}{b}")));
        let few = (1..=6).map(|n| format!("/shop/{n}/reviews"));
        let mut frontier = linked(100, many.chain(slugs).chain(few));
        let pages = rest(&mut frontier);
        let of = |folder: &str| pages.iter().filter(|page| page.starts_with(folder)).count();
        assert_eq!(of("/shop/"), 6, "what comes late and is rare is not crowded out");
        assert!(of("/article/") >= 20 && of("/blog/") >= 20, "{pages:?}");
        frontier.close(SkipReason::Interrupted);
        let sampled = |tally: SampleTally| (tally.example.path().to_owned(), tally.asked, tally.left);
        let told: Vec<_> = frontier.sampled().into_iter().map(sampled).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].1 + told[0].2, 300);
        assert_eq!(told[1].1 + told[1].2, 676);
    }

    #[test]
    fn what_comes_late_finds_room_beside_a_template_without_end() {
        let mut frontier = linked(10, (0..10_018).map(|n| format!("/item/{n}")));
        let start = page("/", 0);
        assert_eq!(frontier.push(&start, &link("/item/99999", "")), Err(Some(SkipReason::PageLimit)));
        frontier.push(&start, &link("/late", "")).unwrap();
        assert!(rest(&mut frontier).contains(&"/late".to_owned()));
    }

    #[test]
    fn the_page_limit_counts_what_was_left() {
        let mut frontier = frontier(3, 9, 3);
        let start = frontier.pop().unwrap();
        for href in ["/a", "/b", "/c", "/d"] {
            frontier.push(&start, &link(href, "")).unwrap();
        }
        let a = frontier.pop().unwrap();
        frontier.give_back(&a, SkipReason::Robots);
        assert_eq!(rest(&mut frontier), ["/b", "/c"]);
        frontier.close(SkipReason::Interrupted);
        assert_eq!(
            skipped(&frontier),
            [
                (SkipReason::Robots, "https://example.org/a".into(), 1),
                (SkipReason::PageLimit, "https://example.org/d".into(), 1),
            ]
        );
    }

    #[test]
    fn sitemaps_do_not_crowd_out_links() {
        let mut frontier = frontier(100, 9, 9);
        let start = frontier.pop().unwrap();
        for name in ["/s1", "/s2", "/s3"] {
            frontier.seed_from_sitemap(page(name, 0).address).unwrap();
        }
        for href in ["/a", "/b", "/c", "/s3"] {
            let _ = frontier.push(&start, &link(href, ""));
        }
        assert_eq!(rest(&mut frontier), ["/a", "/s1", "/b", "/c", "/s2", "/s3"]);
    }

    #[test]
    fn a_site_without_end_does_not_fill_memory() {
        let mut frontier = frontier(10, u32::MAX, usize::MAX);
        let start = frontier.pop().unwrap();
        for n in 0..50_000 {
            let _ = frontier.push(&start, &link(&format!("/{n}"), ""));
        }
        assert!(frontier.len() < 11_000 && frontier.seen.len() < 11_000);
        assert_eq!(skipped(&frontier).iter().map(|t| t.2).sum::<u64>(), 50_000 - frontier.len() as u64);
    }

    #[test]
    fn what_a_shelf_loses_holds_up_nothing_else() {
        let asked = |rotten: Option<usize>| {
            let wooden = Arc::new(Wooden::rotten_from(rotten));
            let shelf: Arc<dyn Shelf> = Arc::<Wooden>::clone(&wooden);
            let mut frontier = frontier_on(Some(&shelf), usize::MAX, u32::MAX, usize::MAX);
            let start = frontier.pop().unwrap();
            for n in 0..30_000 {
                let path = |from: &str| format!("/{n}/of/{from}/with/a/rather/long/path");
                frontier.seed_from_sitemap(page(&path("a-sitemap"), 0).address).unwrap();
                frontier.push(&start, &link(&path("a-page"), "")).unwrap();
            }
            (rest(&mut frontier).len(), wooden.blocks(), frontier.pop().is_none() && frontier.is_empty())
        };
        let (all, blocks, over) = asked(None);
        assert!(blocks > 10 && over, "{blocks}");
        assert_eq!(all, 60_000);
        let (some, _, over) = asked(Some(4));
        assert!(over && some < all && some > 5000, "{some}");
    }

    #[test]
    fn a_queue_across_many_chunks_loses_nothing() {
        let mut frontier = frontier(usize::MAX, u32::MAX, usize::MAX);
        let start = frontier.pop().unwrap();
        let long = "x".repeat(BLOCK * 2);
        for n in 0..5000 {
            frontier.push(&start, &link(&format!("/{n}/some/longer/path"), "")).unwrap();
        }
        frontier.push(&start, &link(&long, "")).unwrap();
        let (longer, short): (Vec<_>, Vec<_>) =
            rest(&mut frontier).into_iter().partition(|path| path.len() > long.len());
        assert!(
            short.iter().eq((0..5000).map(|n| format!("/{n}/some/longer/path")).collect::<Vec<_>>().iter())
        );
        assert_eq!((longer.len(), longer[0].len()), (1, long.len() + 1));
        assert!(frontier.pop().is_none() && frontier.is_empty());
        frontier.push(&start, &link("/after", "")).unwrap();
        assert_eq!(rest(&mut frontier), ["/after"]);
    }
}
