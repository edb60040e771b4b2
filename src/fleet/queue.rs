//! Where everything lies on the server: two streams and two buckets. Jobs are in a work queue, each under a
//! subject of its own, and leave it when they are acknowledged; a consumer for each tag hands them out. Results
//! and dead letters are in a second stream, each written once: a second one of the same subject is refused by
//! the server, not by us. What a run consists of, and what is too large for a message, are objects.
//!
//! What is written is written again until the server has it: connections are made anew by the client, and a
//! stream that is full gets room when jobs leave it.

use super::job::{
    Dead, Errand, Outcome, RunRecord, dead_subject, errand_subject, outcome_of_subject, result_subject,
};
use super::parcel;
use crate::observation::Scan;
use crate::run::Stop;
use crate::secret::Secret;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::object_store::{self, ObjectMetadata, ObjectStore};
use async_nats::jetstream::stream::{self, DirectGetErrorKind, DiscardPolicy, RetentionPolicy, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, HeaderMap};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

/// The tag of sites that any worker may take.
pub(crate) const ANY: &str = "any";

const JOBS: &str = "COOKIEPROOF_JOBS";
const OUTCOMES: &str = "COOKIEPROOF_OUTCOMES";
const RUNS: &str = "cookieproof-runs";
const LARGE: &str = "cookieproof-large";
/// How long results, and what belongs to them, are kept.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Jobs that are sent twice within it are one.
const DUPLICATES: Duration = Duration::from_secs(600);
/// Messages of a consumer that are with workers at the same time.
const MOST_UNDER_WAY: i64 = 50_000;
/// Of a message, for its subject and headers.
const HEAD: usize = 4 << 10;
/// The first server that has what is used here.
const OLDEST: (u32, u32) = (2, 9);
/// The same trouble is told again after so long.
const TOLD_AGAIN: Duration = Duration::from_secs(60);
/// Of an object.
const PIECE: usize = 128 << 10;
const BODY: &str = "Cookieproof-Body";

/// Tells somebody how it goes on.
pub(crate) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// Where the server is, and how it knows us.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) tls_ca: Option<PathBuf>,
    pub(crate) credentials: Option<Secret>,
    pub(crate) token: Option<Secret>,
}

/// What goes wrong with the server, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Trouble {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The server, with everything prepared on it.
pub(crate) struct Queue {
    address: String,
    context: Context,
    client: Client,
    jobs: Stream,
    outcomes: Stream,
    runs: ObjectStore,
    large: ObjectStore,
    connected: Arc<AtomicBool>,
    tell: Tell,
    /// What was told last of what the server does not take, and when: many may wait with the same.
    told: Mutex<Option<(String, Instant)>>,
}

/// What became of something that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// It is there already.
    Known,
    /// Nobody wants to wait for the server any longer.
    Stopped,
}

/// When something is not written.
#[derive(Clone, Copy)]
struct Unless<'a> {
    /// It was sent under this id a short while ago.
    id: Option<&'a str>,
    /// The last message of its subject has another number than this; 0: there is one.
    last: u64,
}

impl Unless<'_> {
    const THERE: Unless<'static> = Unless { id: None, last: 0 };
}

/// What is known of a site of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) result: bool,
    pub(crate) dead: bool,
}

/// How full the queue is, of all runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lag {
    pub(crate) waiting: u64,
    pub(crate) under_way: u64,
}

impl Trouble {
    fn new(message: impl Into<String>) -> Trouble {
        Trouble { message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Trouble {
        self.hint = Some(hint.into());
        self
    }
}

impl Queue {
    /// Connects, and prepares what is not there yet.
    pub(crate) async fn connect(server: &Server, tell: Tell) -> Result<Queue, Trouble> {
        let address = server.address.clone();
        let connected = Arc::new(AtomicBool::new(false));
        let client = options(server, &tell, &connected)?
            .connect(&address)
            .await
            .map_err(|error| refused(&address, error.kind(), &error))?;
        let info = client.server_info();
        if version(&info.version).is_some_and(|version| version < OLDEST) {
            let (major, minor) = OLDEST;
            return Err(Trouble::new(format!(
                "the NATS server at {address} has version {}, and {major}.{minor} is needed",
                info.version
            ))
            .hint("Debian's `nats-server` is new enough, and so are all later ones"));
        }
        if !info.jetstream {
            return Err(Trouble::new(format!("the NATS server at {address} runs without JetStream"))
                .hint("start it with `nats-server -js -sd DIRECTORY`, or put `jetstream {}` into its file"));
        }
        let context = jetstream::new(client.clone());
        let jobs = prepared(&context, &address, jobs()).await?;
        let outcomes = prepared(&context, &address, outcomes()).await?;
        let runs = bucket(&context, &address, RUNS).await?;
        let large = bucket(&context, &address, LARGE).await?;
        Ok(Queue {
            address,
            context,
            client,
            jobs,
            outcomes,
            runs,
            large,
            connected,
            tell,
            told: Mutex::default(),
        })
    }

    /// What a message may hold.
    fn most(&self) -> usize {
        let most = self.client.server_info().max_payload;
        most.saturating_sub(HEAD).max(most / 2)
    }

    /// An object in pieces that the server takes.
    fn object_named(&self, name: &str) -> ObjectMetadata {
        ObjectMetadata {
            name: name.to_owned(),
            chunk_size: Some(self.most().min(PIECE)),
            ..ObjectMetadata::default()
        }
    }

    /// Whether the connection stands now.
    pub(crate) fn connected(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.connected)
    }

    /// Keeps what a run consists of.
    pub(crate) async fn keep(&self, record: &RunRecord) -> Result<(), Trouble> {
        let bytes = parcel::packed(record).map_err(|error| Trouble::new(error.to_string()))?;
        self.runs
            .put(self.object_named(&record.run), &mut bytes.as_slice())
            .await
            .map(|_| ())
            .map_err(|error| self.failed("keep what the run consists of", &error))
    }

    /// What a run consists of; without a name, the one that was submitted last.
    pub(crate) async fn record(&self, run: Option<&str>) -> Result<RunRecord, Trouble> {
        let none =
            |message: String| Trouble::new(message).hint("`cookieproof fleet submit SITES` begins one");
        let run = match run {
            Some(run) => run.to_owned(),
            None => self.last_run().await?.ok_or_else(|| {
                none(format!("no run was submitted to the NATS server at {}", self.address))
            })?,
        };
        match self.object(&self.runs, &run).await? {
            Some(bytes) => parcel::unpacked(&bytes)
                .map_err(|why| Trouble::new(format!("what is kept of the run `{run}` is of no use: {why}"))),
            None => Err(none(format!("the NATS server at {} knows no run `{run}`", self.address))),
        }
    }

    /// The same, where there may be none.
    pub(crate) async fn known_record(&self, run: &str) -> Result<Option<RunRecord>, Trouble> {
        match self.object(&self.runs, run).await? {
            Some(_) => self.record(Some(run)).await.map(Some),
            None => Ok(None),
        }
    }

    async fn last_run(&self) -> Result<Option<String>, Trouble> {
        let failed = |error: &dyn std::fmt::Display| self.failed("list the runs", &error);
        let mut list = self.runs.list().await.map_err(|error| failed(&error))?;
        let mut last = None;
        while let Some(object) = list.next().await {
            let object = object.map_err(|error| failed(&error))?;
            let when = object.modified.map(|when| (when.unix_timestamp_nanos(), object.name));
            last = last.max(when);
        }
        Ok(last.map(|(_, name)| name))
    }

    /// Sends an errand, `attempt` telling apart what was given up before from what is sent twice.
    pub(crate) async fn send(&self, errand: &Errand, attempt: u64, stop: &Stop) -> Result<Put, Trouble> {
        // One of the same name that was done may have had other sites.
        let first = errand.jobs.first().map_or("", |job| &job.site);
        let id = format!("{}.{first}.{attempt}", errand.run);
        self.send_after(errand, Some(&id), 0, stop).await
    }

    /// Sends what is left of an errand in the place of the message with that number, which is to be acknowledged then.
    pub(crate) async fn send_on(&self, errand: &Errand, sequence: u64, stop: &Stop) -> Result<Put, Trouble> {
        self.send_after(errand, None, sequence, stop).await
    }

    async fn send_after(
        &self,
        errand: &Errand,
        id: Option<&str>,
        last: u64,
        stop: &Stop,
    ) -> Result<Put, Trouble> {
        let body = serde_json::to_vec(errand).map_err(|error| Trouble::new(error.to_string()))?;
        let large = format!("jobs/{}/{}", errand.run, errand.name);
        self.put(&errand_subject(errand), Unless { id, last }, large, body, stop).await
    }

    /// Stores a result, unless there is one.
    pub(crate) async fn store(&self, outcome: &Outcome<&Scan>, stop: &Stop) -> Result<Put, Trouble> {
        let job = &outcome.job;
        let body = parcel::packed(outcome).map_err(|error| Trouble::new(error.to_string()))?;
        // Whoever comes second writes no other's object.
        let nonce = format!("{}-{}", outcome.worker, outcome.delivered);
        let large = format!("results/{}/{}/{nonce}", job.run, job.site);
        self.put(&result_subject(&job.run, &job.site), Unless::THERE, large, body, stop).await
    }

    /// Writes a dead letter, unless there is one.
    pub(crate) async fn bury(&self, run: &str, site: &str, dead: &Dead, stop: &Stop) -> Result<Put, Trouble> {
        let body = serde_json::to_vec(dead).map_err(|error| Trouble::new(error.to_string()))?;
        self.put(&dead_subject(run, site), Unless::THERE, format!("dead/{run}/{site}"), body, stop).await
    }

    /// Takes a dead letter away: its number in the stream, where there was one.
    pub(crate) async fn unbury(&self, run: &str, site: &str) -> Result<Option<u64>, Trouble> {
        let subject = dead_subject(run, site);
        let Some((sequence, ..)) = self.message(&subject).await? else { return Ok(None) };
        self.outcomes
            .purge()
            .filter(subject)
            .await
            .map_err(|error| self.failed("take a dead letter away", &error))?;
        Ok(Some(sequence))
    }

    /// Writes until the server has it.
    async fn put(
        &self,
        subject: &str,
        unless: Unless<'_>,
        large: String,
        body: Vec<u8>,
        stop: &Stop,
    ) -> Result<Put, Trouble> {
        let mut pause = Duration::from_millis(100);
        let mut object = None;
        loop {
            let why = match self.try_put(subject, unless, &large, &body, &mut object).await {
                Ok(put) => {
                    if put == Put::Known && object.is_some() && self.is_of_another(subject, &large).await {
                        // Nobody will ever ask for it.
                        let _ = self.large.delete(&large).await;
                    }
                    return Ok(put);
                }
                Err(why) => why,
            };
            self.tell_once(&why);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.wait() => return Ok(Put::Stopped),
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Says why the server takes nothing, once for all that wait with it.
    fn tell_once(&self, why: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_ref().is_some_and(|(known, when)| known == why && when.elapsed() < TOLD_AGAIN) {
            return;
        }
        *told = Some((why.to_owned(), Instant::now()));
        (self.tell)(&format!(
            "the NATS server at {} does not take what it is given ({why}); it is tried again until it does",
            self.address
        ));
    }

    /// Whether what is known under a subject of outcomes lies elsewhere than in this object. It may be our own, whose
    /// acknowledgement was lost.
    async fn is_of_another(&self, subject: &str, object: &str) -> bool {
        matches!(self.message(subject).await, Ok(Some((_, _, payload))) if payload != object.as_bytes())
    }

    async fn try_put(
        &self,
        subject: &str,
        unless: Unless<'_>,
        large: &str,
        body: &[u8],
        object: &mut Option<String>,
    ) -> Result<Put, String> {
        let most = self.most();
        let mut message = PublishMessage::build().expected_last_subject_sequence(unless.last);
        if let Some(id) = unless.id {
            message = message.message_id(id);
        }
        let message = if body.len() > most {
            if object.is_none() {
                self.large
                    .put(self.object_named(large), &mut &*body)
                    .await
                    .map_err(|error| full(&error.to_string()))?;
                *object = Some(large.to_owned());
            }
            message.header(BODY, "object").payload(large.as_bytes().to_vec().into())
        } else {
            message.payload(body.to_vec().into())
        };
        let sent = self.context.send_publish(subject.to_owned(), message).await;
        let acknowledged = match sent {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match acknowledged {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(Put::Known),
            Err(error) => Err(full(&error.to_string())),
        }
    }

    /// The result of a site, if it is there.
    pub(crate) async fn result(&self, run: &str, site: &str) -> Result<Option<Outcome>, Trouble> {
        let Some((_, headers, payload)) = self.message(&result_subject(run, site)).await? else {
            return Ok(None);
        };
        let of_no_use = |why: String| Trouble::new(format!("the result of {site} is of no use: {why}"));
        let bytes = self.opened(Some(&headers), &payload).await?.map_err(of_no_use)?;
        parcel::unpacked(&bytes).map(Some).map_err(of_no_use)
    }

    /// Whether a site of a run is through: has a result, or was given up.
    pub(crate) async fn is_through(&self, run: &str, site: &str) -> Result<bool, Trouble> {
        Ok(self.message(&result_subject(run, site)).await?.is_some()
            || self.message(&dead_subject(run, site)).await?.is_some())
    }

    /// The dead letter of a site, if there is one.
    pub(crate) async fn dead(&self, run: &str, site: &str) -> Result<Option<Dead>, Trouble> {
        let Some((_, _, payload)) = self.message(&dead_subject(run, site)).await? else { return Ok(None) };
        serde_json::from_slice(&payload)
            .map(Some)
            .map_err(|error| Trouble::new(format!("the dead letter of {site} is of no use: {error}")))
    }

    /// A message's body, from wherever it lies.
    pub(crate) async fn opened(
        &self,
        headers: Option<&HeaderMap>,
        payload: &[u8],
    ) -> Result<Result<Vec<u8>, String>, Trouble> {
        let is_object =
            headers.and_then(|headers| headers.get(BODY)).is_some_and(|body| body.as_str() == "object");
        if !is_object {
            return Ok(Ok(payload.to_vec()));
        }
        let name = String::from_utf8_lossy(payload);
        let found = self.object(&self.large, &name).await?;
        Ok(found.ok_or_else(|| format!("the object {name} that it is in is not there")))
    }

    /// The last message of a subject of outcomes: its number, headers and body.
    async fn message(&self, subject: &str) -> Result<Option<(u64, HeaderMap, Vec<u8>)>, Trouble> {
        match self.outcomes.direct_get_last_for_subject(subject).await {
            Ok(message) => Ok(Some((message.sequence, message.headers, message.payload.to_vec()))),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read a result", &error)),
        }
    }

    async fn object(&self, store: &ObjectStore, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let mut object = match store.get(name).await {
            Ok(object) => object,
            Err(error) if error.kind() == object_store::GetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read an object", &error)),
        };
        let mut bytes = Vec::new();
        object.read_to_end(&mut bytes).await.map_err(|error| self.failed("read an object", &error))?;
        Ok(Some(bytes))
    }

    /// What is known of each site of a run that anything is known of.
    pub(crate) async fn known(&self, run: &str) -> Result<BTreeMap<String, Known>, Trouble> {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        for subject in self.subjects(&self.outcomes, &format!("cookieproof.outcomes.{run}.>")).await? {
            if let Some((site, is_result)) = outcome_of_subject(&subject) {
                let known = known.entry(site).or_default();
                known.result |= is_result;
                known.dead |= !is_result;
            }
        }
        Ok(known)
    }

    /// The errands of a run that are in the queue: waiting, or with a worker.
    pub(crate) async fn queued(&self, run: &str) -> Result<BTreeSet<String>, Trouble> {
        let subjects = self.subjects(&self.jobs, &format!("cookieproof.jobs.*.{run}.*")).await?;
        Ok(subjects
            .iter()
            .filter_map(|subject| super::job::errand_of_subject(subject))
            .map(|(_, name)| name)
            .collect())
    }

    async fn subjects(&self, stream: &Stream, filter: &str) -> Result<Vec<String>, Trouble> {
        let failed = |error: &dyn std::fmt::Display| self.failed("list what is there", &error);
        let mut list = stream.info_with_subjects(filter).await.map_err(|error| failed(&error))?;
        let mut subjects = Vec::new();
        while let Some(subject) = list.next().await {
            subjects.push(subject.map_err(|error| failed(&error))?.0);
        }
        Ok(subjects)
    }

    /// Who hands out the jobs of a tag; made where it is not there, or where it should wait otherwise.
    pub(crate) async fn consumer(
        &self,
        tag: &str,
        patience: Option<Duration>,
    ) -> Result<Consumer<pull::Config>, Trouble> {
        let name = format!("tag-{tag}");
        let known = self.jobs.get_consumer::<pull::Config>(&name).await.ok();
        if let Some(consumer) = known
            && patience.is_none_or(|patience| consumer.cached_info().config.ack_wait == patience)
        {
            return Ok(consumer);
        }
        let config = pull::Config {
            durable_name: Some(name),
            filter_subject: format!("cookieproof.jobs.{tag}.>"),
            ack_policy: AckPolicy::Explicit,
            ack_wait: patience.unwrap_or(Duration::from_secs(30)),
            // Who counts are the workers: they can write down that they gave up.
            max_deliver: -1,
            max_ack_pending: MOST_UNDER_WAY,
            ..pull::Config::default()
        };
        self.jobs
            .create_consumer(config)
            .await
            .map_err(|error| self.failed(&format!("hand out the jobs of the tag `{tag}`"), &error))
    }

    /// Every tag that jobs were sent with.
    pub(crate) async fn tags(&self) -> Result<BTreeSet<String>, Trouble> {
        let mut names = self.jobs.consumer_names();
        let mut tags = BTreeSet::from([ANY.to_owned()]);
        while let Some(name) = names.next().await {
            let name = name.map_err(|error| self.failed("list the tags", &error))?;
            tags.extend(name.strip_prefix("tag-").map(str::to_owned));
        }
        Ok(tags)
    }

    /// What waits under some tags.
    pub(crate) async fn lag(&self, tags: &BTreeSet<String>) -> Result<Lag, Trouble> {
        let mut lag = Lag::default();
        for tag in tags {
            if let Ok(consumer) = self.jobs.get_consumer::<pull::Config>(&format!("tag-{tag}")).await {
                let info = consumer.cached_info();
                lag.waiting += info.num_pending;
                lag.under_way += info.num_ack_pending as u64;
            }
        }
        Ok(lag)
    }

    /// Waits for what was said without waiting for an answer; not for long, for whoever stops may be cut off.
    pub(crate) async fn flush(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.flush()).await;
    }

    fn failed(&self, doing: &str, error: &dyn std::fmt::Display) -> Trouble {
        Trouble::new(format!("the NATS server at {} could not {doing}: {error}", self.address))
    }
}

fn options(server: &Server, tell: &Tell, connected: &Arc<AtomicBool>) -> Result<ConnectOptions, Trouble> {
    let mut options = ConnectOptions::new().name("cookieproof");
    if let Some(token) = &server.token {
        options = options.token(token.reveal().to_owned());
    }
    if let Some(credentials) = &server.credentials {
        options = options
            .credentials(credentials.reveal())
            .map_err(|_| Trouble::new("what `--creds` names is no NATS credentials file"))?;
    }
    if let Some(ca) = &server.tls_ca {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    let (tell, connected, address) = (Arc::clone(tell), Arc::clone(connected), server.address.clone());
    let before = Arc::new(AtomicBool::new(false));
    Ok(options.event_callback(move |event| {
        match event {
            Event::Connected => {
                connected.store(true, Ordering::SeqCst);
                if before.swap(true, Ordering::SeqCst) {
                    tell(&format!("the NATS server at {address} is back"));
                }
            }
            Event::Disconnected => {
                connected.store(false, Ordering::SeqCst);
                tell(&format!(
                    "the connection to the NATS server at {address} is lost; work goes on when it is back"
                ));
            }
            _ => {}
        }
        std::future::ready(())
    }))
}

/// Why there is no connection, and what to do.
fn refused(address: &str, kind: ConnectErrorKind, error: &dyn std::fmt::Display) -> Trouble {
    match kind {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            Trouble::new(format!("the NATS server at {address} does not let us in"))
                .hint("give it what it asks for: `--token '${env:NATS_TOKEN}'` or `--creds FILE`")
        }
        // What the handshake says comes as an IO error.
        kind if kind == ConnectErrorKind::Tls || error.to_string().contains("certificate") => {
            Trouble::new(format!("no TLS with the NATS server at {address}: {error}"))
                .hint("name the authority that signed its certificate with `--tls-ca FILE`")
        }
        ConnectErrorKind::ServerParse => Trouble::new(format!("`{address}` is no address of a NATS server"))
            .hint("write it as in `nats://127.0.0.1:4222`, or `tls://queue.example.org:4222`"),
        _ => Trouble::new(format!("no NATS server answers at {address}: {error}")).hint(
            "start one with `nats-server -js -sd DIRECTORY` (Debian: `apt-get install nats-server`), or name \
             another with `--server`",
        ),
    }
}

fn jobs() -> stream::Config {
    stream::Config {
        name: JOBS.into(),
        description: Some("cookieproof: sites to be looked at".into()),
        subjects: vec!["cookieproof.jobs.>".into()],
        retention: RetentionPolicy::WorkQueue,
        // Better to wait with a new job than to lose an old one.
        discard: DiscardPolicy::New,
        duplicate_window: DUPLICATES,
        ..stream::Config::default()
    }
}

fn outcomes() -> stream::Config {
    stream::Config {
        name: OUTCOMES.into(),
        description: Some("cookieproof: results and dead letters, one for each site of a run".into()),
        subjects: vec!["cookieproof.outcomes.>".into()],
        discard: DiscardPolicy::New,
        max_age: KEPT,
        allow_direct: true,
        ..stream::Config::default()
    }
}

/// A stream as it is there; made where it is not. What an operator set up otherwise stays.
async fn prepared(context: &Context, address: &str, config: stream::Config) -> Result<Stream, Trouble> {
    let name = config.name.clone();
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::new(format!("the NATS server at {address} could not prepare the stream {name}: {error}"))
            .hint("it needs JetStream with room on its disk, and an account that may make streams")
    };
    match context.get_stream(&name).await {
        Ok(stream) => Ok(stream),
        Err(error) if matches!(error.kind(), GetStreamErrorKind::JetStream(_)) => {
            context.get_or_create_stream(config).await.map_err(|error| failed(&error))
        }
        Err(error) => Err(failed(&error)),
    }
}

async fn bucket(context: &Context, address: &str, name: &str) -> Result<ObjectStore, Trouble> {
    if let Ok(store) = context.get_object_store(name).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: name.into(),
        description: Some("cookieproof".into()),
        max_age: KEPT,
        ..object_store::Config::default()
    };
    match context.create_object_store(config).await {
        Ok(store) => Ok(store),
        // Somebody else was quicker.
        Err(error) => context.get_object_store(name).await.map_err(|_| {
            Trouble::new(format!("the NATS server at {address} could not prepare the bucket {name}: {error}"))
        }),
    }
}

/// `2.9.10`: as far as it matters.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What a server says whose room is used up, in words of what to do.
fn full(error: &str) -> String {
    let lower = error.to_ascii_lowercase();
    let is_full = ["maximum bytes", "maximum messages", "insufficient", "resources exceeded", "no space"];
    match is_full.iter().any(|words| lower.contains(words)) {
        true => format!("it has no room left: {error}"),
        false => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_far_as_they_matter() {
        for (text, enough) in [("2.9.10", true), ("2.8.4", false), ("2.10.1", true), ("3.0", true)] {
            assert_eq!(version(text).is_some_and(|version| version >= OLDEST), enough, "{text}");
        }
        assert_eq!(version("next"), None);
    }

    #[test]
    fn a_full_server_is_said_to_be_full() {
        assert!(full("nats: maximum bytes exceeded (10077)").starts_with("it has no room left"));
        assert_eq!(full("timed out"), "timed out");
    }

    #[test]
    fn without_a_server_it_says_what_to_start() {
        let said = refused("nats://127.0.0.1:4222", ConnectErrorKind::Io, &"Connection refused");
        assert!(said.hint.unwrap().contains("nats-server -js"));
        let said = refused("nats://a", ConnectErrorKind::AuthorizationViolation, &"no");
        assert!(said.hint.unwrap().contains("--token"));
    }
}
