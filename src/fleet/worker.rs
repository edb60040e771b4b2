//! What a worker does with a job between its delivery and its acknowledgement. While a site is looked at the
//! server is told that somebody is at it; who falls silent has lost the job, and another gets it. A job is
//! acknowledged when its result, or its dead letter, is stored, and not before.

use super::job::{Dead, DeadKind, FORMAT, Job, Outcome, job_of_subject};
use super::parcel;
use super::queue::{Put, Queue, Tell};
use crate::observation::Scan;
use crate::run::Stop;
use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::message::Acker;
use futures_util::StreamExt;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

/// How long the server holds a question for a job.
const ASKS_FOR: Duration = Duration::from_secs(2);
/// Between two looks at which tags there are, and how long the queue is.
const LOOKS_ROUND: Duration = Duration::from_secs(3);
/// After a fault, and before a job that could not begin is handed to somebody else.
const PAUSE: Duration = Duration::from_secs(1);
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
    let room = Arc::new(Semaphore::new(worker.settings.at_once.max(1)));
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
                asking.spawn(ask(Arc::clone(&worker), tag.clone(), consumer, Arc::clone(&room)));
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
}

/// Asks for the jobs of a tag, one for each that there is room for.
async fn ask(worker: Arc<Worker>, tag: String, mut consumer: Consumer<pull::Config>, room: Arc<Semaphore>) {
    let mut under_way: JoinSet<()> = JoinSet::new();
    while !worker.stop.stopped() {
        while under_way.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        if worker.stop.stopped() {
            break;
        }
        let came = match consumer.batch().max_messages(1).expires(ASKS_FOR).messages().await {
            Ok(mut batch) => match batch.next().await {
                Some(Ok(message)) => Ok(Some(message)),
                Some(Err(error)) => Err(error.to_string()),
                None => Ok(None),
            },
            Err(error) => Err(error.to_string()),
        };
        match came {
            Ok(Some(message)) => {
                let patience = consumer.cached_info().config.ack_wait;
                let worker = Arc::clone(&worker);
                under_way.spawn(async move {
                    worker.numbers.under_way.fetch_add(1, Ordering::Relaxed);
                    worker.handle(message, patience).await;
                    worker.numbers.under_way.fetch_sub(1, Ordering::Relaxed);
                    drop(place);
                });
            }
            Ok(None) => drop(place),
            Err(_) => {
                // A server that is away, or one that was set up anew and knows the tag no more.
                drop(place);
                tokio::time::sleep(PAUSE).await;
                if let Ok(again) = worker.queue.consumer(&tag, None).await {
                    consumer = again;
                }
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

impl Worker {
    async fn handle(&self, message: async_nats::jetstream::Message, patience: Duration) {
        let delivered = message.info().map_or(1, |info| u32::try_from(info.delivered).unwrap_or(u32::MAX));
        let (message, acker) = message.split();
        let acker = Arc::new(acker);
        let Some((run, site)) = job_of_subject(&message.subject) else {
            let _ = acker.ack_with(AckKind::Term).await;
            return;
        };
        let beating = tokio::spawn(heartbeat(Arc::clone(&acker), patience));
        let done = self.done(&run, &site, &message, delivered).await;
        beating.abort();
        match done {
            Done::Stored => acknowledge(&acker).await,
            Done::Again => {
                self.numbers.again.fetch_add(1, Ordering::Relaxed);
                let _ = acker.ack_with(AckKind::Nak(Some(PAUSE))).await;
            }
            // Somebody else gets it when it was silent for long enough.
            Done::Left => {}
        }
    }

    async fn done(&self, run: &str, site: &str, message: &async_nats::Message, delivered: u32) -> Done {
        // What was acknowledged may come once more: the acknowledgement was lost, not the result.
        if delivered > 1 {
            match self.queue.has_result(run, site).await {
                Ok(true) => return Done::Stored,
                Ok(false) => {}
                Err(trouble) => {
                    (self.tell)(&trouble.to_string());
                    return Done::Left;
                }
            }
        }
        let job = match self.queue.opened(message.headers.as_ref(), &message.payload).await {
            Ok(body) => body.and_then(|body| parcel::read::<Job>(&body)),
            Err(trouble) => {
                (self.tell)(&trouble.to_string());
                return Done::Left;
            }
        };
        let most = job.as_ref().map_or(DELIVERIES, |job| job.deliveries);
        if delivered > most {
            let reason = format!(
                "{} took it and none gave it back: each was killed, ran out of memory, or was cut off",
                match most {
                    1 => "1 worker".to_owned(),
                    many => format!("{many} workers"),
                }
            );
            return self.give_up(run, site, DeadKind::NeverCameBack, reason, most).await;
        }
        let looked = match job {
            Ok(job) => match (self.looker)(job.clone()).await {
                Ok(Ok(scan)) => Ok((job, scan)),
                Ok(Err(why)) => Err(why),
                Err(_) => Err("the look broke off by a fault of the tool's own".to_owned()),
            },
            Err(why) => Err(format!("this worker cannot read the job: {why}")),
        };
        match looked {
            Ok((job, scan)) => self.store(job, &scan, delivered).await,
            Err(why) if delivered >= most => {
                self.give_up(run, site, DeadKind::NotSetUp, why, delivered).await
            }
            Err(why) => {
                (self.tell)(&format!("{site}: {why}; another try is left to it"));
                Done::Again
            }
        }
    }

    async fn store(&self, job: Job, scan: &Scan, delivered: u32) -> Done {
        let mut text = Vec::new();
        let written = scan.write(&mut text).map_err(|error| error.to_string());
        let text = written.and_then(|()| String::from_utf8(text).map_err(|error| error.to_string()));
        let scan = text.and_then(|text| {
            RawValue::from_string(text.trim_end().to_owned()).map_err(|error| error.to_string())
        });
        let scan = match scan {
            Ok(scan) => scan,
            Err(why) => {
                (self.tell)(&format!("{}: the scan cannot be written: {why}", job.site));
                return Done::Left;
            }
        };
        let site = job.site.clone();
        let outcome = Outcome { format: FORMAT, worker: self.settings.name.clone(), delivered, job, scan };
        // Not stopped by a wish to end: the look would have been for nothing.
        match self.queue.store(&outcome, &Stop::default()).await {
            Ok(put) => {
                if put == Put::Stored {
                    self.numbers.results.fetch_add(1, Ordering::Relaxed);
                }
                Done::Stored
            }
            Err(trouble) => {
                (self.tell)(&format!("{site}: {trouble}"));
                Done::Left
            }
        }
    }

    async fn give_up(&self, run: &str, site: &str, kind: DeadKind, reason: String, deliveries: u32) -> Done {
        (self.tell)(&format!("{site}: given up: {reason}"));
        let dead = Dead { kind, reason, worker: self.settings.name.clone(), deliveries };
        match self.queue.bury(run, site, &dead, &Stop::default()).await {
            Ok(_) => {
                self.numbers.dead.fetch_add(1, Ordering::Relaxed);
                Done::Stored
            }
            Err(trouble) => {
                (self.tell)(&format!("{site}: {trouble}"));
                Done::Left
            }
        }
    }
}

/// What is said to the server of a job.
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

/// Acknowledges until the server has heard it; what it does not hear comes again, and is known then.
async fn acknowledge(acker: &Acker) {
    for _ in 0..5 {
        if tokio::time::timeout(Duration::from_secs(5), acker.double_ack())
            .await
            .is_ok_and(|heard| heard.is_ok())
        {
            return;
        }
        tokio::time::sleep(PAUSE).await;
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
