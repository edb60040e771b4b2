//! One persona's crawl: breadth first, several pages under way at once, and yet the same pages,
//! cookies and findings whoever answers first. Visits are asked for and taken in in one order;
//! each starts from the jar as it was when it was asked for. What may be asked for depends on what
//! was taken in and never on the clock. For a visitor without a login there is more of it than there
//! are connections, so that none of them idles while the oldest answer is awaited.
//!
//! A persona that is logged in is asked now and then whether it still is. What it saw since the
//! last good answer is held back until the next one; if the session turns out to be lost, those
//! pages are asked for again after a new login, so that no page of an anonymous visitor counts as
//! a member's.
//!
//! In the end a visitor comes back to where it began: some cookies are given only to those who have
//! been there before.

mod held;
mod parts;
mod reading;
mod returns;

use crate::crawl::{
    Address, Bounds, Frontier, Next, PageLinks, Parts, Scope, back_office, refusal_fingerprint,
};
use crate::engine::{Ask, Known, Visit};
use crate::manifest::PagePattern;
use crate::observation::{
    AsItIs, Cell, Consent, DeadEndKind, FailureKind, Reached, Sampled, SkipReason, Skipped,
};
use crate::plan::{self, EngineChoice};
use crate::run::answers::{Alike, Likeness};
use crate::run::context::Ended;
use crate::run::crawl_so_far::CrawlSoFar;
use crate::run::jars;
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::side_requests::{NO_SUCH_PAGE, Seeds};
use crate::run::state::{Crawled, Line, Log};
use held::Held;
use parts::Part;
use reading::{Done, Task, is_page, read, visit};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use url::Url;

/// Pages of a member between two looks at whether it still is one; so many times fewer where a session
/// was lost and nothing told after which page.
const BETWEEN_CHECKS: usize = 25;
const FEWER: usize = 5;
/// Pages of a visitor without a login that are asked for, or were answered and wait for an older one, for
/// each connection.
const WINDOW: usize = 6;
/// Answers a second that a connection brings on a slow site: at a pace that the connections keep anyway, each
/// page is better asked for with what the last ones set.
const LEAST_ANSWERS: f64 = 2.0;
/// From here on alone, with a look before and after: what ends a session is not to take others with it.
const ALONE: u32 = 2;
/// Pages to which redirects need not lead again.
const MOST_CAME: usize = 50_000;
/// Pages that are opened once more in the end.
const MOST_RETURNS: usize = 5;

/// Links to the policy that crawls find.
#[derive(Default)]
pub(super) struct PolicyLinks {
    /// Where the policy is.
    pub(super) addresses: Vec<Address>,
    /// Own hosts whose pages link to it.
    pub(super) linking_hosts: BTreeSet<String>,
}

impl Runner<'_> {
    /// A frontier of the crawls of a visitor, with nothing in it.
    pub(super) fn frontier(&self, logged_in: bool) -> Option<Frontier> {
        let limits = &self.plan.limits;
        let bounds = Bounds { pages: limits.pages, depth: limits.depth, per_shape: limits.per_shape };
        // Members leave alone what nothing shows to be harmless.
        Some(Frontier::new(self.scope()?, bounds).careful(logged_in).on(&self.shelf()))
    }

    /// Crawls as `who`, or goes on with it. Why it ended early is in the result; what was seen until then
    /// is kept.
    pub(super) async fn crawl(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        cell: &Cell,
        seeds: &Seeds,
        policy_links: &mut PolicyLinks,
        so_far: Option<CrawlSoFar>,
    ) -> Result<(), Ended> {
        let goes_on = so_far.is_some();
        let so_far = match so_far {
            Some(so_far) => so_far,
            None => {
                let Some(frontier) = self.frontier(who.persona.visitor.logged_in) else { return Ok(()) };
                CrawlSoFar::new(frontier)
            }
        };
        let mut frontier = so_far.frontier;
        if self.recorder.is_kept() {
            frontier.keeping_steps();
        }
        if goes_on {
            self.left_out(so_far.unwritten.len());
            for address in &so_far.unwritten {
                frontier.leave(SkipReason::Interrupted, address);
            }
        } else {
            for address in &seeds.declared {
                frontier.seed(address.clone());
            }
            let own = who.persona.start.iter().filter_map(|page| self.site.on_target(page));
            for address in own.chain(who.landing.clone()).filter_map(|url| Address::new(&url)) {
                frontier.seed(address);
            }
            for address in seeds.sitemap.iter() {
                // Whatever is not taken is in the tally of what was skipped.
                let _ = frontier.seed_from_sitemap(address);
            }
        }
        let crawled = so_far.crawled;
        self.progress.persona.clone_from(&who.persona.name);
        self.progress.pages = crawled.pages;
        let parts = so_far.parts.into_iter().map(|part| Part {
            url: part.url,
            within: part.within,
            resource: part.resource,
            credentials: part.credentials,
        });
        let connections = self.plan.limits.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let mut crawl = Crawl {
            runner: self,
            browser,
            who,
            cell,
            policy_links,
            frontier,
            under_way: VecDeque::new(),
            parts: parts.collect(),
            parts_known: so_far.parts_known,
            again: so_far.open.into_iter().map(|(next, _)| next).collect(),
            asked_again: so_far.asked_again,
            held: Vec::new(),
            since_check: 0,
            rotations: 0,
            since_rotation: 0,
            connections: Arc::new(Semaphore::new(connections)),
            between_checks: match goes_on {
                true => crawled.between_checks.clamp(1, BETWEEN_CHECKS),
                false => BETWEEN_CHECKS,
            },
            alarms: crawled.alarms,
            with_password: so_far.with_password,
            beyond: crawled.beyond,
            start: crawled.start,
            check_due: false,
            taken: so_far.recorded,
            answered: crawled.answered,
            first_failure: crawled.first_failure,
            looked_back: so_far.looked_back,
            lines: Vec::new(),
            came: Arc::default(),
            came_anew: false,
            returns: None,
            returned: crawled.returned,
        };
        let landing = crawl.who.landing.as_ref().and_then(Address::new);
        let start: Vec<Address> = seeds.declared.iter().cloned().chain(landing).collect();
        if crawl.who.persona.visitor.logged_in {
            crawl.look_for_back_offices(start.iter());
        }
        // Whoever came back in vain has nothing more to see.
        let end = if crawl.who.is_there() { crawl.run().await } else { Ok(()) };
        if end.is_err() {
            crawl.record_held();
            crawl.keep(true);
            crawl.runner.recorder.log().into_iter().for_each(Log::close);
        }
        crawl.finish(end.err());
        end
    }

    /// What belongs to the crawl, as plan and manifest say.
    pub(super) fn scope(&self) -> Option<Scope> {
        let site = Arc::clone(&self.site);
        let mut scope = Scope::new(&self.target.url)?
            .own(move |address| site.is_own(&address.to_url()))
            .hosts(self.site.map().clone())
            .also(self.http_origins().iter().filter_map(Address::new));
        let pages = &self.plan.pages;
        if !pages.include.is_empty() {
            scope = scope.include(any_of(&pages.include));
        }
        if !pages.exclude.is_empty() {
            scope = scope.exclude(any_of(&pages.exclude));
        }
        if !pages.never_follow.is_empty() {
            scope = scope.never_follow(any_of(&pages.never_follow));
        }
        if !pages.follow.is_empty() {
            scope = scope.follow(any_of(&pages.follow));
        }
        Some(scope)
    }
}

fn any_of(patterns: &[PagePattern]) -> impl Fn(&Address) -> bool + Send + Sync + use<> {
    let patterns = patterns.to_vec();
    move |address| {
        let url = address.to_url();
        patterns.iter().any(|pattern| pattern.matches(&url))
    }
}

struct Crawl<'w, 'g> {
    runner: &'w mut Runner<'g>,
    /// Asks for the mark of a login where only a script shows it.
    browser: &'w mut Option<Browser>,
    who: &'w mut PersonaSession,
    cell: &'w Cell,
    policy_links: &'w mut PolicyLinks,
    frontier: Frontier,
    /// In the order they were asked for.
    under_way: VecDeque<UnderWay>,
    parts: VecDeque<Part>,
    parts_known: HashSet<Address>,
    /// Pages to ask for once more, after a new login.
    again: VecDeque<Next>,
    asked_again: HashMap<Address, u32>,
    /// Visits since the session was last known to be there.
    held: Vec<Held>,
    since_check: usize,
    between_checks: usize,
    /// Times that an answer replaced a cookie of the login by one of another value, and visits since.
    rotations: u32,
    since_rotation: usize,
    /// A visit holds one of these while it is made.
    connections: Arc<Semaphore>,
    /// Alarms that proved false.
    alarms: usize,
    /// Kinds of pages that have a field for a password though the visitor is logged in.
    with_password: HashSet<String>,
    /// Pages asked for that nobody had named.
    beyond: u64,
    /// The first page, and why it may lead nowhere.
    start: Option<(Url, DeadEndKind)>,
    check_due: bool,
    taken: u64,
    /// Whether any page answered, and if not, why the first did not.
    answered: bool,
    first_failure: Option<String>,
    /// Pages that came in a row, and for each of which it was looked whether the site is closed.
    looked_back: Vec<Alike>,
    /// To be kept with the page that is being taken in.
    lines: Vec<Line>,
    came: Arc<Mutex<Came>>,
    /// It logged in anew since it began: nobody has seen it before.
    came_anew: bool,
    /// Pages to come back to, once it is known which.
    returns: Option<VecDeque<Url>>,
    /// Those to which it came back, and what was seen there is recorded.
    returned: usize,
}

/// Pages that came with 200, and how many visits had been taken in by then: what counts for a visit is what
/// was taken in before it began, however fast others are answered.
#[derive(Default)]
struct Came {
    key: RandomState,
    /// By the hash of an address.
    taken: HashMap<u64, u64, AsItIs>,
}

impl Came {
    fn add(&mut self, page: &Address, taken: u64) {
        if self.taken.len() < MOST_CAME {
            self.taken.insert(self.key.hash_one(page), taken);
        }
    }

    fn before(&self, page: &Address, taken: u64) -> bool {
        self.taken.get(&self.key.hash_one(page)).is_some_and(|at| *at <= taken)
    }
}

enum Work {
    Page(Next),
    Part(Part),
    /// A page that was there before.
    Return(Url),
}

struct UnderWay {
    work: Work,
    task: Task,
    /// Of the crawl, when it was asked for.
    rotations: u32,
}

impl Crawl<'_, '_> {
    async fn run(&mut self) -> Result<(), Ended> {
        loop {
            self.fill().await?;
            if self.runner.recorder.is_kept() {
                self.runner.keep_steps(&mut self.frontier);
            }
            let Some(first) = self.under_way.pop_front().or_else(|| self.comes_back()) else {
                let through = self.check().await?;
                self.keep(true);
                if through {
                    return self.look_back().await;
                }
                continue;
            };
            match self.runner.unless_ended(first.task).await? {
                Ok(done) => {
                    let stale = first.rotations != self.rotations;
                    self.take(first.work, done, stale);
                }
                Err(error) => self.crashed(&first.work, &error),
            }
            self.keep(true);
            if matches!(self.who.reached, Some(Reached::Lost { .. })) {
                return Ok(());
            }
            self.look_back().await?;
        }
    }

    /// How many visits may have begun and wait to be taken in. The first page comes alone: what it sets is
    /// there for all others; and the first of a site, which set the most, are not far ahead of each other.
    fn window(&self) -> usize {
        let connections = self.runner.plan.limits.concurrency.max(1);
        if self.taken == 0 {
            return 1;
        }
        if !self.who.persona.visitor.logged_in {
            let busy =
                self.runner.plan.limits.rate.is_none_or(|rate| rate > connections as f64 * LEAST_ANSWERS);
            let most = if busy { connections.saturating_mul(WINDOW) } else { connections };
            return usize::try_from(self.taken).unwrap_or(usize::MAX).clamp(connections, most);
        }
        // Whoever asks with the token of before may be taken for a thief.
        if self.rotations > 0 && self.since_rotation < BETWEEN_CHECKS {
            return 1;
        }
        // What is under way when a session is found lost is lost with it, in whatever order it was
        // answered: no more of it than the next look is about.
        connections.min(self.between_checks.saturating_sub(self.since_check)).max(1)
    }

    /// Asks for as much as may be under way at once.
    async fn fill(&mut self) -> Result<(), Ended> {
        let most = self.window();
        while self.under_way.len() < most && !self.check_due {
            let alone = self.again.front().is_some_and(|next| self.is_suspect(&next.address));
            if alone && !(self.under_way.is_empty() && self.held.is_empty()) {
                self.check_due = self.under_way.is_empty();
                break;
            }
            let Some(work) = self.next().await? else { break };
            let task = self.start(&work);
            self.under_way.push_back(UnderWay { work, task, rotations: self.rotations });
            if alone {
                break;
            }
        }
        Ok(())
    }

    /// Whether sessions were lost on a page, or on those that were under way with it.
    fn is_suspect(&self, address: &Address) -> bool {
        self.asked_again.get(address).is_some_and(|tries| *tries >= ALONE)
    }

    async fn next(&mut self) -> Result<Option<Work>, Ended> {
        // A page that was lost right after a login is lost by itself.
        if let Some(next) = self.again.pop_front() {
            return Ok(Some(Work::Page(next)));
        }
        if let Some(part) = self.parts.pop_front() {
            return Ok(Some(Work::Part(part)));
        }
        while let Some(next) = self.frontier.pop() {
            if !next.declared
                && self.runner.plan.robots == plan::Robots::Honour
                && !self.runner.robots(&next.address.to_url()).await?.allows(&next.address)
            {
                self.frontier.give_back(&next, SkipReason::Robots);
                continue;
            }
            return Ok(Some(Work::Page(next)));
        }
        Ok(None)
    }

    fn start(&self, work: &Work) -> Task {
        let cell = self.cell.clone();
        let ask = match work {
            Work::Page(next) => Ask {
                started_by: next.from.as_ref().map(Address::to_url),
                known: self.known(),
                ..Ask::page(cell, next.address.to_url())
            },
            Work::Part(part) => Ask {
                credentials: part.credentials,
                ..Ask::part(cell, part.url.clone(), part.within.clone(), part.resource)
            },
            // As one opens it by its name.
            Work::Return(url) => Ask::page(cell, url.clone()),
        };
        let site = Arc::clone(&self.runner.site);
        let is_own = move |url: &Url| site.is_own(url);
        let for_browser = self.runner.plan.engine != EngineChoice::Http && matches!(work, Work::Page(_));
        let connections = Arc::clone(&self.connections);
        let visit = visit(self.who.engine.clone(), self.who.session.clone(), ask, connections);
        let parts = if self.runner.plan.pages.assets { Parts::All } else { Parts::Elsewhere };
        Task::new(async move { read(visit.await, is_own, parts, for_browser) })
    }

    /// The pages that a visit that begins now need not ask for at the end of redirects. A member's may end
    /// elsewhere once a login is lost.
    fn known(&self) -> Option<Known> {
        if self.who.persona.visitor.logged_in {
            return None;
        }
        let (came, taken) = (Arc::clone(&self.came), self.taken);
        Some(Arc::new(move |url| {
            let came = came.lock().unwrap_or_else(PoisonError::into_inner);
            Address::new(url).is_some_and(|page| came.before(&page, taken))
        }))
    }

    /// Takes in what a visit brought.
    fn take(&mut self, work: Work, done: Done, stale: bool) {
        let Done { jar, visit, links, is_door, kind, likeness } = done;
        let refused = visit.status != 200 || visit.failure.is_some();
        let for_browser = self.runner.plan.engine != EngineChoice::Http && matches!(work, Work::Page(_));
        let kind = match kind {
            Some(kind) if visit.status == 200 => Some(kind),
            _ if refused && for_browser && self.runner.site.is_own(&visit.shown) => {
                let failure = visit.failure.as_ref().map(|failed| format!("{:?}", failed.kind));
                Some(refusal_fingerprint(&visit.asked, visit.status, failure.as_deref()))
            }
            _ => None,
        };
        if let Some(kind) = kind {
            let kind = kind ^ self.runner.recorder.class_of(&visit.asked).rotate_left(1);
            self.who.kinds.add(visit.asked.clone(), kind);
            if self.runner.recorder.is_kept() {
                self.lines.push(match self.runner.recorder.masked(&visit.asked) {
                    None => Line::Kind(visit.asked.clone(), kind),
                    Some(_) => Line::LeftOut(1),
                });
            }
        }
        let rotated = self.rotates(&visit, &jar);
        jars::merge(&mut self.who.session.jar, &jar, &visit);
        self.taken += u64::from(!matches!(work, Work::Return(_)));
        if let (false, true, Work::Page(next)) = (refused, visit.shown == visit.asked, &work) {
            let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
            came.add(&next.address, self.taken);
        }
        self.rotations += u32::from(rotated);
        self.since_rotation = if rotated { 0 } else { self.since_rotation + 1 };
        self.runner.tell_visit(&visit);
        self.answered |= visit.status > 0;
        if let (None, Some(failure)) = (&self.first_failure, &visit.failure) {
            self.first_failure = Some(failure.detail.clone());
        }
        let alarming = self.is_alarming(&visit, links.asks_for_password);
        if let Work::Page(next) = &work {
            self.runner.progress.pages += 1;
            self.beyond += u64::from(!next.declared);
            if self.start.is_none() && visit.status == 200 {
                let kind = if is_door { DeadEndKind::Script } else { DeadEndKind::NoLinks };
                self.start = Some((visit.shown.clone(), kind));
            }
            self.follow(next, &visit, &links);
            if let Some(page) = self.who.remember_page(self.runner.manifest, &visit)
                && self.is_written(page)
            {
                self.lines.push(Line::Answered(page.clone()));
            }
        }
        if self.who.persona.logged_in_when.is_some() && self.who.persona.visitor.logged_in {
            self.since_check += 1;
            let suspect = matches!(&work, Work::Page(next) if self.is_suspect(&next.address));
            self.check_due |= suspect || alarming || self.since_check >= self.between_checks;
            let asks_for_password = links.asks_for_password;
            self.held.push(Held { work, visit, stale, alarming, asks_for_password, likeness });
        } else {
            self.record(&work, &visit, likeness);
        }
        self.runner.progress.queued = (self.frontier.len() + self.again.len()) as u64;
        self.runner.tell_progress(false);
    }

    /// Whether something of this address is kept.
    fn is_written(&self, url: &Url) -> bool {
        self.runner.recorder.is_kept() && self.runner.recorder.masked(url).is_none()
    }

    /// The address as it may be written.
    fn written(&self, address: &Address) -> Address {
        self.runner.masked(address).unwrap_or_else(|| address.clone())
    }

    /// Keeps what was taken in for a run that goes on. Where it is committed, that begins here.
    fn keep(&mut self, commit: bool) {
        if !self.runner.recorder.is_kept() {
            return;
        }
        self.runner.keep_steps(&mut self.frontier);
        let lines = std::mem::take(&mut self.lines);
        lines.into_iter().for_each(|line| self.runner.recorder.keep(|| line));
        let crawled = Crawled {
            pages: self.runner.progress.pages,
            beyond: self.beyond,
            answered: self.answered,
            lost: self.who.lost,
            between_checks: self.between_checks,
            alarms: self.alarms,
            start: self.start.clone().filter(|(url, _)| self.is_written(url)),
            first_failure: self.first_failure.clone(),
            returned: self.returned,
        };
        self.runner.recorder.keep(|| Line::Crawled(crawled));
        if commit {
            self.runner.commit();
        }
    }

    fn record(&mut self, work: &Work, visit: &Visit, likeness: Option<Likeness>) {
        self.recorded(work);
        match work {
            Work::Page(_) => {
                // A private page refuses visitors; that is no failure of the page.
                let counts = if matches!(visit.status, 401 | 403 | 405) { As::Look } else { As::Page };
                self.runner.recorder.visit(self.cell, visit, None, counts);
                self.runner.tell_start(visit);
                if let Some(likeness) = likeness {
                    self.runner.recorder.answered(self.cell, likeness);
                }
            }
            Work::Part(part) => self.runner.recorder.visit(self.cell, visit, Some(&part.within), As::Part),
            // A page that was counted when it came first.
            Work::Return(_) => self.runner.recorder.visit(self.cell, visit, None, As::Guess),
        }
    }

    /// What was seen of it is counted, and need not be seen again.
    fn recorded(&mut self, work: &Work) {
        self.returned += usize::from(matches!(work, Work::Return(_)));
        if !self.runner.recorder.is_kept() {
            return;
        }
        match work {
            Work::Page(next) => {
                let address = self.written(&next.address);
                self.lines.push(Line::Recorded(address));
            }
            Work::Part(part) if self.is_written(&part.url) => {
                self.lines.push(Line::PartRecorded(part.url.clone()));
            }
            Work::Part(_) | Work::Return(_) => {}
        }
    }

    /// Links and parts of a page.
    fn follow(&mut self, next: &Next, visit: &Visit, links: &PageLinks) {
        if visit.shown != visit.asked
            && let Some(shown) = Address::new(&visit.shown)
        {
            self.frontier.mark_seen(&shown);
        }
        if visit.status > 0 && !visit.content_type.is_empty() && !is_page(&visit.content_type) {
            self.frontier.give_back(next, SkipReason::NotHtml);
        }
        if self.who.persona.visitor.logged_in {
            let addresses = links.documents.iter().map(|link| &link.address);
            let fresh: Vec<&Address> = addresses.filter(|address| !self.frontier.has_seen(address)).collect();
            self.look_for_back_offices(fresh.into_iter());
        }
        self.frontier.push_all(next, links);
        if links.documents.iter().any(|link| self.policy_links.addresses.contains(&link.address)) {
            let host = visit.shown.host_str().unwrap_or_default().to_owned();
            if self.policy_links.linking_hosts.insert(host.clone()) && self.runner.recorder.is_kept() {
                self.lines.push(Line::LinksToPolicy(host));
            }
        }
        for part in &links.resources {
            self.part(visit, part);
        }
    }

    /// Says once of a member that it looks like an administrator, before a page is asked for that
    /// only those have.
    fn look_for_back_offices<'l>(&mut self, addresses: impl Iterator<Item = &'l Address>) {
        let first = self.who.back_offices.is_empty();
        let there = addresses.filter(|address| back_office(address).is_some());
        for address in there.filter(|address| self.frontier.scope().decide(address).is_ok()) {
            if self.who.back_offices.add(address) && self.is_written(&address.to_url()) {
                self.lines.push(Line::BackOffice(address.clone()));
            }
        }
        if first && !self.who.back_offices.is_empty() {
            let patterns: Vec<String> =
                self.who.back_offices.patterns().map(|pattern| format!("\"{pattern}\"")).collect();
            let said = format!(
                "{} looks like an administrator. Links that act are left alone, but a page may do something \
                 when it is only opened; to keep out, write `never_follow = [{}]` under [pages] in the plan",
                self.who.persona.name,
                patterns.join(", ")
            );
            self.runner.warn(&said);
            self.runner.recorder.note(said);
        }
    }

    /// A site may close while it is looked at, and open again. Where several addresses in a row showed one
    /// page, an address that nobody has is asked for at once: a closed site shows that page there, too, and
    /// even where the first page of all was.
    async fn look_back(&mut self) -> Result<(), Ended> {
        let mut in_a_row = self.runner.recorder.in_a_row(self.cell);
        in_a_row.retain(|page| !self.looked_back.contains(page));
        for page in in_a_row {
            let Some(first) = self.start.as_ref().map(|(first, _)| first.clone()) else { return Ok(()) };
            let Ok(nowhere) = first.join(NO_SUCH_PAGE) else { return Ok(()) };
            if self.shows(&nowhere, page).await? && self.shows(&first, page).await? {
                self.runner.recorder.was_closed(self.cell, page);
            }
            self.looked_back.push(page);
            self.runner.recorder.keep(|| Line::LookedBack(page));
        }
        Ok(())
    }

    /// Whether a page is what an address shows now.
    async fn shows(&mut self, url: &Url, page: Alike) -> Result<bool, Ended> {
        let Some(address) = Address::new(url) else { return Ok(false) };
        let work = Work::Page(Next { address, depth: 0, from: None, declared: true });
        match self.runner.unless_ended(self.start(&work)).await? {
            Ok(Done { jar, visit, likeness, .. }) => {
                jars::merge(&mut self.who.session.jar, &jar, &visit);
                self.runner.recorder.visit(self.cell, &visit, None, As::Guess);
                Ok(likeness.is_some_and(|now| page.is(now)))
            }
            Err(error) => {
                self.crashed(&work, &error);
                Ok(false)
            }
        }
    }

    fn crashed(&mut self, work: &Work, error: &JoinError) {
        let url = match work {
            Work::Page(next) => next.address.to_url(),
            Work::Part(part) => part.url.clone(),
            Work::Return(url) => url.clone(),
        };
        // The panic's own message may hold anything.
        let detail = if error.is_panic() { "reading the answer failed" } else { "the visit was cut off" };
        self.runner.recorder.failed(self.cell, &url, FailureKind::Crashed, detail);
        self.recorded(work);
        self.taken += u64::from(!matches!(work, Work::Return(_)));
    }

    /// Tells what was left out, and why.
    fn finish(mut self, ended: Option<Ended>) {
        let is_lost = matches!(self.who.reached, Some(Reached::Lost { .. }));
        let why = match ended {
            _ if is_lost => SkipReason::SessionLost,
            Some(Ended::TimeUp) => SkipReason::TimeLimit,
            _ => SkipReason::Interrupted,
        };
        if !is_lost {
            self.record_held();
        }
        let mut unseen: Vec<Next> = self.again.drain(..).collect();
        unseen.extend(std::mem::take(&mut self.held).into_iter().filter_map(|held| match held.work {
            Work::Page(next) => Some(next),
            Work::Part(_) | Work::Return(_) => None,
        }));
        unseen.extend(self.under_way.drain(..).filter_map(|under_way| match under_way.work {
            Work::Page(next) => Some(next),
            Work::Part(_) | Work::Return(_) => None,
        }));
        unseen.iter().for_each(|next| self.frontier.give_back(next, why));
        if let (false, Some(why)) = (self.answered, self.first_failure.take()) {
            self.who.reached = Some(Reached::No { step: "the start page".into(), why });
        }
        self.frontier.close(why);
        self.tell_dead_end();
        // Another look at the same pages leaves out the same.
        let again = self.cell.repeat > 1 || self.cell.consent != Consent::Untouched;
        if !again {
            for tally in self.frontier.sampled() {
                self.runner.recorder.sampled(Sampled {
                    persona: self.cell.persona.clone(),
                    example: self.runner.recorder.safe(&tally.example.to_url()),
                    asked: tally.asked,
                    known: tally.asked + tally.left,
                });
            }
        }
        let skipped = self.frontier.take_skipped();
        let skipped = if again { Vec::new() } else { skipped };
        for tally in skipped {
            self.runner.recorder.skipped(Skipped {
                persona: self.cell.persona.clone(),
                reason: tally.reason,
                example: self.runner.recorder.safe(&tally.example.to_url()),
                count: tally.count,
            });
        }
        // It counts once the task is done.
        self.keep(false);
        self.runner.progress.queued = 0;
        self.runner.tell_progress(true);
        if !again && self.runner.plan.engine != EngineChoice::Http {
            self.who.frontier = Some(Arc::new(Mutex::new(self.frontier)));
        }
    }

    /// Whether the visitor got no further than the pages that somebody named, and why.
    fn tell_dead_end(&mut self) {
        let first_look = self.cell.repeat <= 1 && self.cell.consent == Consent::Untouched;
        if !first_look || self.who.persona.visitor.logged_in || self.beyond > 0 {
            return;
        }
        let Some((page, own)) = self.start.take() else { return };
        let skipped = self.frontier.skipped();
        let left_out = |reason| skipped.iter().any(|tally| tally.reason == reason);
        // It led on, and no further was wanted.
        if left_out(SkipReason::PageLimit) || left_out(SkipReason::DepthLimit) {
            return;
        }
        let forbidden = left_out(SkipReason::Robots);
        let with_browser = self.runner.plan.engine != EngineChoice::Http;
        match own {
            _ if forbidden => self.runner.recorder.dead_end(&page, DeadEndKind::Robots),
            // Whoever runs scripts goes on by itself.
            _ if with_browser || self.taken > 1 => {}
            kind => self.runner.recorder.dead_end(&page, kind),
        }
    }
}
