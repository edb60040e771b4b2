//! What the run has seen so far: visits go in, in the order they were asked for; the fold keeps
//! what an audit could ask about.

use super::answers::{Alike, Answers, Likeness};
use super::correlation::{Claimed, Correlation, LookAgain};
use super::jars;
use super::state::{Entry, Line, Log};
use crate::cookie::{Decision, Name, same_site};
use crate::engine::browser::SentByScript;
use crate::engine::{Exchange, Visit};
use crate::manifest::{Glob, Manifest, PageClass};
use crate::observation::Site;
use crate::observation::{
    AnswerHead, Cell, ConsentLook, Contact, Coverage, DeadEnd, DeadEndKind, Engine, Failed, FailureKind,
    Fold, Observation, PageTally, Picture, Resource, SafeUrl, Sampled, Sent, SentByScripts, Sighting,
    Skipped,
};
use crate::secret::{KnownThen, MASK, Secrets, shape_of};
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Remarks kept about the coverage.
const MOST_NOTES: usize = 100;
/// Distinct values told apart, as in the engine.
const MOST_VALUES: usize = 1 << 18;

/// More cookies than any visitor loses; a file may say what it likes.
const MOST_CAME_BACK_WITHOUT: u64 = 1 << 30;
/// Kinds of requests of scripts told apart.
const MOST_SENT: usize = 1000;
/// Names of which it is remembered that nothing in them is to hide.
const MOST_HARMLESS: usize = 1000;

/// The run's memory.
pub(super) struct Recorder {
    site: Arc<Site>,
    secrets: Arc<RwLock<Secrets>>,
    fold: Fold,
    /// The engine numbers values as they arrive, which differs from run to run; here they are
    /// numbered as they are recorded.
    identities: HashMap<u32, u32>,
    failures: u64,
    consent: Vec<ConsentLook>,
    pictures: Vec<Picture>,
    notes: Vec<String>,
    /// Which pages were one and the same.
    answers: Answers,
    dead_ends: Vec<DeadEnd>,
    sampled: Vec<Sampled>,
    /// What scripts sent, by persona, method, place and whether it was held back.
    sent_by_scripts: BTreeMap<(String, String, String, bool), SentByScripts>,
    /// Things that came and cannot be counted, beside what the fold could not keep.
    lost: u64,
    /// Which of the manifest's classes a page is in.
    class: Option<Classes>,
    /// Which items of the manifest a name means, and the names that it writes out.
    declared: Option<Declared>,
    public: BTreeSet<String>,
    /// Names without anything to hide in them, and what was known when they were last looked at.
    harmless: HashMap<Name, KnownThen>,
    /// Requests that seem to tell who is visiting, until visitors are compared.
    correlation: Correlation,
    /// Where it is kept for a run that goes on.
    log: Option<Log>,
    /// What comes now was seen before: a visitor comes anew.
    paused: bool,
    /// Cookies that the visitor of this cell had when the run was interrupted, and did not get again yet.
    had: Option<Had>,
    /// Values that were numbered before the run went on.
    numbered: u32,
    /// Times that the run was interrupted and went on.
    interruptions: u32,
    came_back_without: u64,
}

/// What a visitor had when the run was interrupted.
pub(super) struct Had {
    pub(super) cell: Cell,
    /// Its cookies, and the moment of each.
    pub(super) cookies: BTreeMap<jars::Key, u64>,
    /// Pages that were under way, and the moment when each was asked for.
    pub(super) pages: BTreeMap<String, u64>,
}

impl Had {
    /// Whether a sighting is of a cookie that was there when its page was asked for.
    fn has(&self, sighting: &Sighting) -> bool {
        let Some(effective) = sighting.decision.effective().filter(|_| self.cell == sighting.cell) else {
            return false;
        };
        let asked = self.pages.get(sighting.page.asked.as_str()).copied().unwrap_or(u64::MAX);
        self.cookies.get(&jars::key_of(&sighting.name, effective)).is_some_and(|moment| *moment <= asked)
    }
}

type Classes = Box<dyn Fn(&Url) -> u64 + Send + Sync>;
type Declared = Box<dyn Fn(&Name) -> u64 + Send + Sync>;

/// What a visit counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// A page that was linked or declared: a 4xx is a failure.
    Page,
    /// A page whose refusal says something else: a step, a probe, a private page.
    Look,
    /// A part of a page.
    Part,
    /// An address that need not exist: the other name of a host, a sitemap.
    Guess,
}

impl Recorder {
    pub(super) fn new(
        site: Arc<Site>,
        secrets: Arc<RwLock<Secrets>>,
        manifest: Option<&Manifest>,
        members: BTreeSet<String>,
    ) -> Recorder {
        let fold = match manifest {
            Some(manifest) => Fold::with_classes(classes(manifest)).declaring(declared(manifest)),
            None => Fold::default(),
        };
        let correlation = Correlation::new(members, gets_no_identifiers(manifest, &site));
        Recorder {
            site,
            secrets,
            fold,
            identities: HashMap::new(),
            failures: 0,
            correlation,
            consent: Vec::new(),
            pictures: Vec::new(),
            notes: Vec::new(),
            answers: Answers::default(),
            dead_ends: Vec::new(),
            sampled: Vec::new(),
            sent_by_scripts: BTreeMap::new(),
            lost: 0,
            class: manifest.map(|manifest| Box::new(classes_of_url(manifest)) as Classes),
            declared: manifest.map(|manifest| Box::new(declared(manifest)) as Declared),
            public: manifest.map(literal_names).unwrap_or_default(),
            harmless: HashMap::new(),
            log: None,
            paused: false,
            had: None,
            numbered: 0,
            interruptions: 0,
            came_back_without: 0,
        }
    }

    /// Keeps from here on what comes in.
    pub(super) fn keep_in(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// The run was interrupted so often, and went on. The visitor of the cell had these cookies then: one
    /// that is set again replaces what was there, as it does for a visitor whom nobody interrupted.
    pub(super) fn interrupted(&mut self, times: u32, had: Option<Had>) {
        self.interruptions = times;
        self.had = had;
    }

    /// A visitor came back without so many of the cookies that it had.
    pub(super) fn came_back_without(&mut self, cookies: u64) {
        if cookies > 0 {
            self.enter(Entry::CameBackWithout(cookies));
        }
    }

    /// The visitor begins anew by itself, and has nothing.
    pub(super) fn has_nothing(&mut self) {
        self.had = None;
    }

    /// Whether what comes in is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.log.is_some()
    }

    /// Where it is kept, for what others keep beside it.
    pub(super) fn log(&mut self) -> Option<&mut Log> {
        self.log.as_mut()
    }

    /// Keeps a line, where lines are kept.
    pub(super) fn keep(&mut self, line: impl FnOnce() -> Line) {
        if let Some(log) = &mut self.log {
            log.line(&line());
        }
    }

    /// Whether an address may be written: none where it may, else the same with what may be a secret masked.
    pub(super) fn masked(&self, url: &Url) -> Option<SafeUrl> {
        let safe = self.safe(url);
        (safe.as_str() != url.as_str()).then_some(safe)
    }

    /// What comes until this is taken back is not counted: it was seen before.
    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Takes in something new.
    fn enter(&mut self, entry: Entry) {
        if self.paused {
            return;
        }
        if let Some(log) = &mut self.log {
            log.entry(&entry);
        }
        self.again(entry);
    }

    /// Takes in something that was taken in before.
    pub(super) fn again(&mut self, entry: Entry) {
        match entry {
            Entry::Sighting(sighting) => {
                // Nothing was numbered in this run yet: it is of before.
                if self.identities.is_empty() {
                    self.numbered = self.numbered.max(sighting.value.identity);
                }
                self.fold.add(*sighting);
            }
            Entry::Sent { cell, method, url, cross_site, names } => {
                self.fold.add_sent(&cell, &method, &url, cross_site, &names.into());
            }
            Entry::Contact(contact) | Entry::Undecided(contact) => self.fold.add_contact(contact),
            Entry::Page(page) => self.fold.add_page(page),
            Entry::Skipped(skipped) => self.fold.add_skipped(skipped),
            Entry::Failed(failed) => {
                self.failures = self.failures.saturating_add(failed.count);
                self.fold.add_failed(failed);
            }
            Entry::Remark(text, page) => self.fold.add_remark(text, &page),
            Entry::Like { cell, like } => self.answers.add(&cell, like),
            Entry::WasClosed { cell, like } => self.answers.was_closed(&cell, like),
            Entry::Note(note) => {
                if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
            Entry::DeadEnd(end) => {
                if !self.dead_ends.contains(&end) {
                    self.dead_ends.push(end);
                }
            }
            Entry::Sampled(sampled) => self.sampled.push(sampled),
            Entry::SentByScript(sent) => self.sent_again(sent),
            Entry::Lost => self.lost += 1,
            Entry::Consent(look) => self.consent.push(look),
            Entry::Picture(picture) => self.pictures.push(picture),
            Entry::CameBackWithout(cookies) => {
                self.came_back_without = self.came_back_without.saturating_add(cookies);
            }
        }
    }

    /// Takes in a visit.
    pub(super) fn visit(&mut self, cell: &Cell, visit: &Visit, within: Option<&Url>, counts: As) {
        if self.paused {
            return;
        }
        let document = within.unwrap_or(&visit.asked);
        let page = self.safe(document);
        self.correlation.page_view();
        for exchange in &visit.exchanges {
            if exchange.at.resource == Resource::Document && exchange.at.hop == 0 {
                self.correlation.page_view();
            }
            self.exchange(cell, exchange, document, &page);
        }
        for write in &visit.writes {
            self.sighting(write.clone());
        }
        for remark in &visit.remarks {
            match self.log.is_some() {
                true => self.enter(Entry::Remark((*remark).to_owned(), page.clone())),
                false => self.fold.add_remark(*remark, &page),
            }
        }
        if matches!(counts, As::Page | As::Look) && visit.status > 0 {
            let shown = (visit.shown != visit.asked).then(|| self.safe(&visit.shown));
            let example = page.clone();
            self.enter(Entry::Page(PageTally {
                cell: cell.clone(),
                example,
                shown,
                status: visit.status,
                count: 1,
            }));
        }
        if counts == As::Page && (200..300).contains(&visit.status) && !visit.body.is_empty() {
            self.answered(cell, Likeness::of(&visit.body, false));
        }
        if let Some(failure) = &visit.failure {
            if counts != As::Guess {
                self.failure(failure.clone());
            }
        } else if counts == As::Page && (400..500).contains(&visit.status) {
            let detail = format!("answered {}", visit.status);
            self.failed(cell, &visit.shown, FailureKind::ClientError, detail);
        }
    }

    /// How the address over http answered: itself, or with the way to https.
    pub(super) fn twin(&mut self, cell: &Cell, visit: &Visit) {
        let (example, shown) = (self.safe(&visit.asked), self.safe(&visit.shown));
        let shown = (visit.shown != visit.asked).then_some(shown);
        let status = visit.status;
        self.enter(Entry::Page(PageTally { cell: cell.clone(), example, shown, status, count: 1 }));
    }

    /// A host that a page mentions and that was left alone.
    pub(super) fn mention(&mut self, cell: &Cell, page: &Url, target: &Url, resource: Resource) {
        let (page, example) = (self.safe(page), self.safe(target));
        if let Some(contact) = self.contact(cell, page, target, example, resource) {
            self.enter(Entry::Contact(contact));
        }
    }

    /// Whoever comes now is a visitor of whom nothing was kept.
    pub(super) fn another_visitor(&mut self) {
        self.correlation.another_visitor();
    }

    /// Whoever comes now has another browser's traits.
    pub(super) fn in_disguise(&mut self) {
        self.correlation.in_disguise();
    }

    /// Pages whose requests seem to tell who is visiting, where it takes another look to be sure.
    pub(super) fn undecided(&self) -> Vec<(Cell, SafeUrl, LookAgain)> {
        self.correlation.undecided()
    }

    /// Decides what requests told of their visitors: after the last visit.
    pub(super) fn settle(&mut self) {
        for contact in self.correlation.settle() {
            self.fold.add_contact(contact);
        }
    }

    /// A failure that is not a visit's own: a journey that could not be made.
    pub(super) fn failure(&mut self, failed: Failed) {
        self.enter(Entry::Failed(failed));
    }

    /// What went wrong with a page, or on the way to it.
    pub(super) fn failed(&mut self, cell: &Cell, url: &Url, kind: FailureKind, detail: impl Into<String>) {
        let failed = Failed::once(cell, self.safe(url), kind, detail);
        self.failure(failed);
    }

    /// A start page that led nowhere.
    pub(super) fn dead_end(&mut self, page: &Url, kind: DeadEndKind) {
        self.enter(Entry::DeadEnd(DeadEnd { page: self.safe(page), kind }));
    }

    /// Pages of one template, of which not all were asked for.
    pub(super) fn sampled(&mut self, sampled: Sampled) {
        self.enter(Entry::Sampled(sampled));
    }

    pub(super) fn skipped(&mut self, skipped: Skipped) {
        self.enter(Entry::Skipped(skipped));
    }

    /// Which of the manifest's classes a page is in, as one number: what is said of one class is not
    /// shown by a page of another, however alike they are.
    pub(super) fn class_of(&self, url: &Url) -> u64 {
        self.class.as_ref().map_or(0, |class| class(url))
    }

    /// Something came of which nobody can say whether it counts.
    pub(super) fn lost(&mut self) {
        self.enter(Entry::Lost);
    }

    /// What a visitor met of the consent question.
    pub(super) fn consent(&mut self, look: ConsentLook) {
        self.enter(Entry::Consent(look));
    }

    pub(super) fn picture(&mut self, picture: Picture) {
        self.enter(Entry::Picture(picture));
    }

    /// How many pictures there are.
    pub(super) fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// Something about the coverage that no tally says.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.enter(Entry::Note(note.into()));
    }

    /// A request that a page's script made of its own accord, and that does more than to read.
    pub(super) fn sent_by_script(&mut self, cell: &Cell, sent: &SentByScript) {
        self.enter(Entry::SentByScript(SentByScripts {
            persona: cell.persona.clone(),
            method: sent.method.clone(),
            example: self.safe(&sent.url),
            count: 1,
            held_back: sent.held_back,
        }));
    }

    fn sent_again(&mut self, sent: SentByScripts) {
        let key = (sent.persona.clone(), sent.method.clone(), sent.example.shape(), sent.held_back);
        if self.sent_by_scripts.len() >= MOST_SENT && !self.sent_by_scripts.contains_key(&key) {
            return;
        }
        match self.sent_by_scripts.entry(key) {
            Slot::Vacant(free) => drop(free.insert(sent)),
            Slot::Occupied(mut known) => {
                let known = known.get_mut();
                known.count = known.count.saturating_add(sent.count);
                if sent.example < known.example {
                    known.example = sent.example;
                }
            }
        }
    }

    /// What visitors met of the consent question, and the pictures.
    pub(super) fn looks(&self) -> (Vec<ConsentLook>, Vec<Picture>) {
        let mut consent = self.consent.clone();
        consent.sort();
        (consent, self.pictures.clone())
    }

    /// Distinct cookies and storage items so far.
    pub(super) fn found(&self) -> u64 {
        self.fold.distinct() as u64
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    pub(super) fn safe(&self, url: &Url) -> SafeUrl {
        SafeUrl::new(url, &self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn take_observations(&mut self) -> Vec<Observation> {
        self.fold.take_observations()
    }

    /// The heads of what was observed, where heads are kept; what became known as secret since is masked,
    /// too.
    pub(super) fn heads(&self, observations: &[Observation]) -> Vec<AnswerHead> {
        let mut heads = AnswerHead::of_examples(observations);
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let lines = heads.iter_mut().flat_map(|answer| &mut answer.head.lines);
        lines.for_each(|line| {
            *line = secrets.mask(line);
            let cookie = line.split_once(':').filter(|(field, _)| field.eq_ignore_ascii_case("set-cookie"));
            if let Some((field, (name, rest))) =
                cookie.and_then(|(field, line)| Some((field, line.split_once('=')?)))
            {
                *line = format!("{field}:{}={rest}", secrets.mask_name(name, |_| MASK.to_owned()));
            }
        });
        heads
    }

    pub(super) fn take_sent(&mut self) -> Vec<Sent> {
        self.fold.take_sent()
    }

    pub(super) fn take_contacts(&mut self) -> Vec<Contact> {
        self.fold.take_contacts()
    }

    /// Fills in what was visited, skipped and failed, and gives it away.
    pub(super) fn cover(&mut self, coverage: &mut Coverage) {
        self.fold.cover(coverage);
        coverage.lost += self.lost;
        coverage.interruptions = self.interruptions;
        coverage.came_back_without = self.came_back_without.min(MOST_CAME_BACK_WITHOUT);
        if self.interruptions > 0 {
            let times = match self.interruptions {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            coverage.notes.push(format!(
                "the run was interrupted {times} and went on: visitors came back without what they had been \
                 given, and values of before and after were not compared"
            ));
        }
        coverage.same_answers = self.answers.same();
        coverage.notes.extend(self.notes.iter().cloned());
        coverage.dead_ends.extend(self.dead_ends.iter().cloned());
        coverage.sampled.extend(self.sampled.iter().cloned());
        coverage.sampled.sort();
        coverage.sent_by_scripts = self.sent_by_scripts.values().cloned().collect();
        coverage.sent_by_scripts.sort();
    }

    /// Counts a page by what it is like.
    pub(super) fn answered(&mut self, cell: &Cell, like: Likeness) {
        if self.log.is_none() && !self.paused {
            self.answers.add(cell, like);
        } else {
            self.enter(Entry::Like { cell: cell.clone(), like });
        }
    }

    /// Pages that several addresses of a cell showed in a row.
    pub(super) fn in_a_row(&self, cell: &Cell) -> Vec<Alike> {
        self.answers.in_a_row(cell)
    }

    /// The site was closed while it showed this page.
    pub(super) fn was_closed(&mut self, cell: &Cell, page: Alike) {
        self.enter(Entry::WasClosed { cell: cell.clone(), like: page });
    }

    fn exchange(&mut self, cell: &Cell, exchange: &Exchange, document: &Url, page: &SafeUrl) {
        for sighting in &exchange.sightings {
            self.sighting(sighting.clone());
        }
        // Whether a browser asks for the site's icon depends on what it remembers of it, and on how soon the page
        // is left; over HTTP it is always asked for.
        let is_icon = cell.engine == Engine::Browser && exchange.url.path() == "/favicon.ico";
        if is_icon && self.site.is_own(&exchange.url) {
            return;
        }
        let at = &exchange.at;
        let contact = self.contact(cell, page.clone(), &exchange.url, at.url.clone(), at.resource);
        if let Some(contact) = contact {
            let contact = Contact { fetched: true, script: exchange.script.clone(), ..contact };
            // Values are compared in this run only: of one that waits, another run knows that it was there.
            let waits = (self.log.is_some() && !exchange.carried.is_empty()).then(|| contact.clone());
            match self.correlation.contact(contact, &exchange.carried) {
                Some(contact) => self.enter(Entry::Contact(contact)),
                None => {
                    let log = self.log.as_mut().zip(waits);
                    log.into_iter().for_each(|(log, contact)| log.entry(&Entry::Undecided(contact)));
                }
            }
        }
        if !exchange.sent.is_empty() {
            let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
            let cross_site = !same_site(&host(document), &host(&exchange.url));
            let names = exchange.sent.iter().map(|cookie| &cookie.name);
            let names: Arc<[Name]> =
                names.map(|name| self.safe_name(name).unwrap_or_else(|| name.clone())).collect();
            if let Some(log) = &mut self.log {
                let (cell, method, url) = (cell.clone(), at.method.clone(), at.url.clone());
                let names = names.to_vec();
                log.entry(&Entry::Sent { cell, method, url, cross_site, names });
            }
            self.fold.add_sent(cell, &at.method, &at.url, cross_site, &names);
        }
    }

    /// One thing that was put on a device.
    pub(super) fn sighting(&mut self, mut sighting: Sighting) {
        let identity = sighting.value.identity;
        if identity > 0 {
            let next = u32::try_from(self.identities.len() + 1).unwrap_or(0);
            // Values of before the run went on are not known, so that none is one of them.
            let next = self.numbered.checked_add(next).unwrap_or(0);
            sighting.value.identity = match self.identities.get(&identity) {
                Some(known) => *known,
                None if self.identities.len() < MOST_VALUES => {
                    *self.identities.entry(identity).or_insert(next)
                }
                None => 0,
            };
        }
        if let Some(had) = &mut self.had
            && had.has(&sighting)
        {
            match sighting.decision {
                Decision::Stored { effective } => sighting.decision = Decision::Replaced { effective },
                Decision::Deleted { ref effective } => {
                    had.cookies.remove(&jars::key_of(&sighting.name, effective));
                }
                _ => {}
            }
        }
        self.mask_path(&mut sighting);
        if let Some(name) = self.safe_name(&sighting.name) {
            sighting.line = sighting.line.replacen(&sighting.name.to_string(), &name.to_string(), 1);
            sighting.name = name;
        }
        match self.log.is_some() || self.paused {
            true => self.enter(Entry::Sighting(Box::new(sighting))),
            false => self.fold.add(sighting),
        }
    }

    /// A name with what is a secret or somebody's own taken out of it; none where nothing is. What the manifest
    /// says is no secret, and what it means is meant after that as before.
    fn safe_name(&mut self, name: &Name) -> Option<Name> {
        let text = name.as_str().filter(|text| !self.public.contains(*text))?;
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let now = secrets.known_now();
        if let Some(then) = self.harmless.get_mut(name).filter(|then| !secrets.may_be_in_name(text, **then)) {
            *then = now;
            return None;
        }
        let masked = Name::new(secrets.mask_name(text, |_| MASK.to_owned()));
        if masked == *name {
            if self.harmless.len() < MOST_HARMLESS {
                self.harmless.insert(name.clone(), now);
            }
            return None;
        }
        let shaped = || Name::new(secrets.mask_name(text, shape_of));
        match &self.declared {
            Some(declared) if declared(&masked) != declared(name) => {
                Some(shaped()).filter(|shaped| declared(shaped) == declared(name)).or(Some(masked))
            }
            _ => Some(masked),
        }
    }

    /// The same of words that name cookies.
    pub(super) fn without_people(&self, words: &str) -> String {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.mask_name(words, |_| MASK.to_owned())
    }

    /// A path may hold what an address holds: a site that keeps the session's id in its addresses gives it
    /// to the cookies' paths, too.
    fn mask_path(&self, sighting: &mut Sighting) {
        let folder = sighting.exchange.url.masked_folder();
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = sighting.written.path.as_mut().filter(|written| written.len() > 1) {
            let masked = secrets.mask(written);
            if masked != *written {
                sighting.line = secrets.mask(&sighting.line);
                *written = masked;
            }
        }
        let decisions =
            [Some(&mut sighting.decision), sighting.elsewhere.as_mut().map(|other| &mut other.decision)];
        for decision in decisions.into_iter().flatten() {
            let (Decision::Stored { effective }
            | Decision::Replaced { effective }
            | Decision::Deleted { effective }) = decision
            else {
                continue;
            };
            if effective.path.len() > 1 {
                // Without a path of its own it is the folder of the address, which knows more of credentials.
                let folder = folder.clone().filter(|_| sighting.written.path.is_none());
                effective.path = folder.unwrap_or_else(|| secrets.mask(&effective.path));
            }
        }
    }

    fn contact(
        &self,
        cell: &Cell,
        page: SafeUrl,
        target: &Url,
        example: SafeUrl,
        resource: Resource,
    ) -> Option<Contact> {
        let host = target.host_str()?;
        let party = self.site.party(target);
        Some(Contact {
            host: host.to_owned(),
            party,
            resource,
            cell: cell.clone(),
            page,
            example,
            count: 1,
            fetched: false,
            carried: Vec::new(),
            script: None,
        })
    }
}

/// The same of an address as it was asked for.
fn classes(manifest: &Manifest) -> impl Fn(&SafeUrl) -> u64 + Send + Sync + use<> {
    let of_url = classes_of_url(manifest);
    move |page| page.parsed().map_or(0, |url| of_url(&url))
}

/// Which of the manifest's classes a page is in, as one number.
fn classes_of_url(manifest: &Manifest) -> impl Fn(&Url) -> u64 + Send + Sync + use<> {
    let classes: Vec<PageClass> = manifest.pages.values().cloned().collect();
    move |url| {
        let mut hash = std::hash::DefaultHasher::new();
        for (index, class) in classes.iter().enumerate() {
            // Which requests a pattern means depends on the method; that is told apart anyway.
            if class.contains(url) || class.requests.iter().any(|request| request.page.matches(url)) {
                std::hash::Hash::hash(&index, &mut hash);
            }
        }
        std::hash::Hasher::finish(&hash)
    }
}

/// Names that the manifest writes out.
fn literal_names(manifest: &Manifest) -> BTreeSet<String> {
    let names = manifest.items.iter().flat_map(|item| item.names.iter().chain(&item.https_names));
    names.filter_map(|name| name.as_literal().map(str::to_owned)).collect()
}

/// Which of the manifest's items a name may be meant by, as one number; 0 for none.
fn declared(manifest: &Manifest) -> impl Fn(&Name) -> u64 + Send + Sync + use<> {
    let names =
        manifest.items.iter().map(|item| [item.names.as_slice(), item.https_names.as_slice()].concat());
    let names: Vec<_> = names.collect();
    move |name| {
        let mut hash = std::hash::DefaultHasher::new();
        let mut any = false;
        for (index, patterns) in names.iter().enumerate() {
            if patterns.iter().any(|pattern| pattern.matches(name)) {
                any = true;
                std::hash::Hash::hash(&index, &mut hash);
            }
        }
        if any { std::hash::Hasher::finish(&hash).max(1) } else { 0 }
    }
}

/// Whether a host belongs to a third party that gets nothing to tell visitors apart by, as the
/// manifest says; one whose hosts it does not name may have any.
fn gets_no_identifiers(manifest: Option<&Manifest>, site: &Arc<Site>) -> Claimed {
    let parties = manifest.into_iter().flat_map(|manifest| &manifest.third_parties);
    let claimed = parties.filter(|party| party.identifiers == Some(false));
    let domains: Vec<_> = claimed.map(|party| party.domains.clone()).collect();
    let site = Arc::clone(site);
    Box::new(move |host| {
        let is = |domain: &Glob| {
            let within = |name: &str| {
                domain
                    .literal()
                    .is_some_and(|domain| name.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')))
            };
            site.names(host).any(|name| domain.matches(name) || within(name))
        };
        domains.iter().any(|domains| domains.is_empty() || domains.iter().any(is))
    })
}
