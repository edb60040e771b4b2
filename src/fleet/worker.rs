//! What a worker does with a job between its delivery and its acknowledgement. While a site is looked at the
//! server is told that somebody is at it; who falls silent has lost the job, and another gets it. A job is
//! acknowledged when its result, or its dead letter, is stored, and not before. Nobody waits for the server to
//! hear the acknowledgement: what it does not hear comes again, and is known then.
//!
//! Jobs are asked for when there is room for them, as many as there is room for; none is held by somebody who
//! cannot begin with it. The room is free as soon as a site was looked at, so that the next one comes while the
//! result of the last is stored.

use super::job::{Dead, DeadKind, Errand, FORMAT, Job, Outcome, errand_of_subject};
use super::parcel;
use super::queue::{Put, Queue, Tell, Trouble};
use crate::observation::Scan;
use crate::run::Stop;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

/// How long an answer of the server is waited for.
const ANSWERS_IN: Duration = Duration::from_secs(5);
/// Before a queue that was empty is asked again; nobody has room reserved meanwhile.
const IDLE: Duration = Duration::from_millis(500);
/// Between two looks at which tags there are, and how long the queue is.
const LOOKS_ROUND: Duration = Duration::from_secs(3);
/// After a fault, and before a job that could not begin is handed to somebody else.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a result is still tried to be stored once the worker is told to end: within the thirty seconds after
/// which a cluster kills it. What is not stored by then is looked at again by somebody else.
const GRACE: Duration = Duration::from_secs(10);
/// What a job that nobody can read is given.
const DELIVERIES: u32 = 5;

/// Who works.
pub(crate) struct Settings {
    pub(crate) name: String,
    /// Only these; empty: all that there are.
    pub(crate) tags: BTreeSet<String>,
    pub(crate) at_once: usize,
}

/// A site that was looked at, or why not.
pub(crate) type Took = Result<Box<Scan>, String>;

/// What is counted, to be asked for while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) waiting: AtomicU64,
    pub(crate) under_way: AtomicU64,
    pub(crate) results: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) again: AtomicU64,
}

/// Looks at sites; the looks go on elsewhere, so that none of them can keep the server waiting.
pub(crate) type Looker = Arc<dyn Fn(Job) -> oneshot::Receiver<Took> + Send + Sync>;

/// A worker, with all that it needs.
pub(crate) struct Worker {
    pub(crate) queue: Queue,
    pub(crate) settings: Settings,
    pub(crate) looker: Looker,
    pub(crate) numbers: Arc<Numbers>,
    pub(crate) tell: Tell,
    pub(crate) stop: Stop,
}

/// Works until it is stopped; what was taken by then is done to its end.
pub(crate) async fn work(worker: Worker) {
    let room = Room::for_sites(worker.settings.at_once.max(1));
    let worker = Arc::new(worker);
    let mut asking: JoinSet<()> = JoinSet::new();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    while !worker.stop.stopped() {
        let tags = match worker.settings.tags.is_empty() {
            true => worker.queue.tags().await.unwrap_or_default(),
            false => worker.settings.tags.clone(),
        };
        for tag in &tags {
            if !asked.contains(tag)
                && let Ok(consumer) = worker.queue.consumer(tag, None).await
            {
                asked.insert(tag.clone());
                asking.spawn(ask(Arc::clone(&worker), tag.clone(), consumer, room.clone()));
            }
        }
        if let Ok(lag) = worker.queue.lag(&tags).await {
            worker.numbers.waiting.store(lag.waiting, Ordering::Relaxed);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOKS_ROUND) => {}
            () = worker.stop.wait() => {}
        }
    }
    while asking.join_next().await.is_some() {}
    worker.queue.flush().await;
}

/// How many sites a worker looks at, and how many results it may still have to store beside: a server that takes
/// none is not looked away from for ever.
#[derive(Clone)]
struct Room {
    looks: Arc<Semaphore>,
    stores: Arc<Semaphore>,
}

impl Room {
    fn for_sites(most: usize) -> Room {
        Room { looks: Arc::new(Semaphore::new(most)), stores: Arc::new(Semaphore::new(most)) }
    }

    /// Waits for a place, and takes all that are free.
    async fn places(&self) -> Vec<OwnedSemaphorePermit> {
        let mut places = Vec::new();
        if let Ok(first) = Arc::clone(&self.looks).acquire_owned().await {
            places.push(first);
            while let Ok(more) = Arc::clone(&self.looks).try_acquire_owned() {
                places.push(more);
            }
        }
        places
    }
}

/// Asks for the jobs of a tag, one for each that there is room for.
async fn ask(worker: Arc<Worker>, tag: String, mut consumer: Consumer<pull::Config>, room: Room) {
    let mut under_way: JoinSet<()> = JoinSet::new();
    while !worker.stop.stopped() {
        while under_way.try_join_next().is_some() {}
        let mut places = room.places().await;
        if worker.stop.stopped() || places.is_empty() {
            break;
        }
        let (messages, fault) = waiting(&consumer, places.len()).await;
        let patience = consumer.cached_info().config.ack_wait;
        let pause = match (fault, messages.is_empty()) {
            (true, _) => Some(PAUSE),
            (false, true) => Some(IDLE),
            (false, false) => None,
        };
        for message in messages {
            let (worker, place, stores) = (Arc::clone(&worker), places.pop(), Arc::clone(&room.stores));
            under_way.spawn(async move {
                worker.numbers.under_way.fetch_add(1, Ordering::Relaxed);
                worker.handle(message, patience, Place { look: place, stores, store: None }).await;
                worker.numbers.under_way.fetch_sub(1, Ordering::Relaxed);
            });
        }
        drop(places);
        if let Some(pause) = pause {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = worker.stop.wait() => {}
            }
        }
        if fault && let Ok(again) = worker.queue.consumer(&tag, None).await {
            // A server that was away, or one that was set up anew and knows the tag no more.
            consumer = again;
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// What waits, so many at most; and whether something is wrong with who hands it out.
async fn waiting(consumer: &Consumer<pull::Config>, most: usize) -> (Vec<Message>, bool) {
    let mut came = Vec::new();
    let Ok(mut batch) = consumer.fetch().max_messages(most).messages().await else {
        return (came, true);
    };
    loop {
        match tokio::time::timeout(ANSWERS_IN, batch.next()).await {
            Ok(Some(Ok(message))) => came.push(message),
            Ok(None) => return (came, false),
            // A server that was away, or whose answer was lost with it.
            Ok(Some(Err(_))) | Err(_) => return (came, true),
        }
    }
}

/// A job's place among those that are looked at, then among those whose result is to be stored.
struct Place {
    look: Option<OwnedSemaphorePermit>,
    stores: Arc<Semaphore>,
    store: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// It was looked at: somebody else may have its place.
    async fn looked(&mut self) {
        self.store = Arc::clone(&self.stores).acquire_owned().await.ok();
        self.look = None;
    }
}

impl Worker {
    async fn handle(&self, message: Message, patience: Duration, mut place: Place) {
        let Ok(delivery) = message.info().map(|info| Delivery {
            times: u32::try_from(info.delivered).unwrap_or(u32::MAX),
            sequence: info.stream_sequence,
        }) else {
            return;
        };
        let (message, acker) = message.split();
        let acker = Arc::new(acker);
        let Some((run, name)) = errand_of_subject(&message.subject) else {
            let _ = acker.ack_with(AckKind::Term).await;
            return;
        };
        let beating = tokio::spawn(heartbeat(Arc::clone(&acker), patience));
        let done = match self.errand(&message).await {
            Ok(errand) => self.run_errand(errand, delivery, &mut place).await,
            Err(Unread::Away) => Done::Left,
            // Of what it was to be, its name is known.
            Err(Unread::OfNoUse(why)) if delivery.times >= DELIVERIES => {
                self.give_up(&run, &name, DeadKind::NotSetUp, why, delivery.times).await
            }
            Err(Unread::OfNoUse(why)) => {
                (self.tell)(&format!("{name}: {why}; another try is left to it"));
                Done::Again
            }
        };
        beating.abort();
        match done {
            Done::Stored => {
                let _ = acker.ack().await;
            }
            Done::Again => {
                self.numbers.again.fetch_add(1, Ordering::Relaxed);
                let _ = acker.ack_with(AckKind::Nak(Some(PAUSE))).await;
            }
            // Somebody else gets it when it was silent for long enough.
            Done::Left => {}
        }
    }

    async fn errand(&self, message: &async_nats::Message) -> Result<Errand, Unread> {
        let body = match self.queue.opened(message.headers.as_ref(), &message.payload).await {
            Ok(body) => body,
            Err(trouble) => {
                (self.tell)(&trouble.to_string());
                return Err(Unread::Away);
            }
        };
        body.and_then(|body| parcel::read::<Errand>(&body))
            .map_err(|why| Unread::OfNoUse(format!("this worker cannot read the job: {why}")))
    }

    /// One site after the other. What is through is stored before the next begins, so that of an errand that comes
    /// once more the first site that is not through is the one its worker was at.
    async fn run_errand(&self, mut errand: Errand, delivery: Delivery, place: &mut Place) -> Done {
        let mut waiting = VecDeque::from(std::mem::take(&mut errand.jobs));
        // What is open when this worker is through, and how it came.
        let (mut left, mut again) = (Vec::new(), false);
        let several = waiting.len() > 1;
        while let Some(job) = waiting.pop_front() {
            // What was acknowledged may come once more: the acknowledgement was lost, not the result.
            if several || delivery.times > 1 {
                match self.queue.is_through(&job.run, &job.site).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(trouble) => {
                        (self.tell)(&trouble.to_string());
                        return Done::Left;
                    }
                }
            }
            if delivery.times > errand.deliveries {
                let (most, reason) = (errand.deliveries, never_came_back(errand.deliveries));
                let done = self.give_up(&job.run, &job.site, DeadKind::NeverCameBack, reason, most).await;
                left.extend(waiting);
                return self.hand_on(errand, left, delivery, done).await;
            }
            let looked = match (self.looker)(job.clone()).await {
                Ok(looked) => looked,
                Err(_) => Err("the look broke off by a fault of the tool's own".to_owned()),
            };
            if waiting.is_empty() {
                place.looked().await;
            }
            let done = match looked {
                Ok(scan) => self.store(job, &scan, delivery.times).await,
                Err(why) if delivery.times >= errand.deliveries => {
                    self.give_up(&job.run, &job.site, DeadKind::NotSetUp, why, delivery.times).await
                }
                Err(why) => {
                    (self.tell)(&format!("{}: {why}; another try is left to it", job.site));
                    left.push(job);
                    again = true;
                    continue;
                }
            };
            if !matches!(done, Done::Stored) {
                return done;
            }
            if self.stop.stopped() && !waiting.is_empty() {
                left.extend(waiting);
                return self.hand_on(errand, left, delivery, Done::Stored).await;
            }
        }
        if again { Done::Again } else { Done::Stored }
    }

    /// Leaves what is open of an errand to whoever comes, as if it had just been sent.
    async fn hand_on(&self, errand: Errand, jobs: Vec<Job>, delivery: Delivery, done: Done) -> Done {
        if jobs.is_empty() || !matches!(done, Done::Stored) {
            return done;
        }
        let rest = Errand { jobs, ..errand };
        match self.before_the_end(self.queue.send_on(&rest, delivery.sequence, &Stop::default())).await {
            Ok(_) => Done::Stored,
            Err(why) => self.leave(&rest.name, &why),
        }
    }

    async fn store(&self, job: Job, scan: &Scan, delivered: u32) -> Done {
        let site = job.site.clone();
        let outcome = Outcome { format: FORMAT, worker: self.settings.name.clone(), delivered, job, scan };
        match self.before_the_end(self.queue.store(&outcome, &Stop::default())).await {
            Ok(put) => {
                if put == Put::Stored {
                    self.numbers.results.fetch_add(1, Ordering::Relaxed);
                }
                Done::Stored
            }
            Err(why) => self.leave(&site, &why),
        }
    }

    async fn give_up(&self, run: &str, site: &str, kind: DeadKind, reason: String, deliveries: u32) -> Done {
        (self.tell)(&format!("{site}: given up: {reason}"));
        let dead = Dead { kind, reason, worker: self.settings.name.clone(), deliveries };
        match self.before_the_end(self.queue.bury(run, site, &dead, &Stop::default())).await {
            Ok(_) => {
                self.numbers.dead.fetch_add(1, Ordering::Relaxed);
                Done::Stored
            }
            Err(why) => self.leave(site, &why),
        }
    }

    fn leave(&self, name: &str, why: &str) -> Done {
        (self.tell)(&format!("{name}: {why}"));
        Done::Left
    }

    /// Waits for the server to take something. A wish to end does not stop it at once, since the look would have
    /// been for nothing; a server that takes nothing keeps no worker from its end.
    async fn before_the_end(&self, put: impl Future<Output = Result<Put, Trouble>>) -> Result<Put, String> {
        let end = async {
            self.stop.wait().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            done = put => done.map_err(|trouble| trouble.to_string()),
            () = end => Err(format!(
                "the server took nothing for {} s after the worker was told to end; another worker looks at it again",
                GRACE.as_secs()
            )),
        }
    }
}

/// How an errand came.
#[derive(Clone, Copy)]
struct Delivery {
    /// How often it came, this time included.
    times: u32,
    /// Its message's number.
    sequence: u64,
}

/// Why an errand cannot be begun.
enum Unread {
    /// The server is.
    Away,
    OfNoUse(String),
}

fn never_came_back(deliveries: u32) -> String {
    let workers = match deliveries {
        1 => "1 worker".to_owned(),
        many => format!("{many} workers"),
    };
    format!("{workers} took it and none gave it back: each was killed, ran out of memory, or was cut off")
}

/// What is said to the server of an errand.
enum Done {
    /// What came of it is stored.
    Stored,
    /// Somebody else may try.
    Again,
    /// Nothing.
    Left,
}

/// Says three times within the server's patience that somebody is at it.
async fn heartbeat(acker: Arc<Acker>, patience: Duration) {
    let pause = (patience / 3).max(Duration::from_millis(50));
    loop {
        tokio::time::sleep(pause).await;
        let _ = acker.ack_with(AckKind::Progress).await;
    }
}

impl Numbers {
    /// By name, for whoever asks.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, u64> {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        BTreeMap::from([
            ("waiting", of(&self.waiting)),
            ("under_way", of(&self.under_way)),
            ("results", of(&self.results)),
            ("dead", of(&self.dead)),
            ("again", of(&self.again)),
        ])
    }
}
