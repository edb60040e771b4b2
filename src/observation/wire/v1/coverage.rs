//! Who visited, what was looked at and what was not, and what acts of the run showed.

use super::{is_default, tally, written_as};
use crate::cookie::{Name, ThirdPartyCookies};
use crate::observation::{
    BannerMoment, Cell, Consent, ConsentLook, Coverage, DeadEnd, DeadEndKind, Engine, Failed, FailureKind,
    Job, Outcome, PageTally, PersonaCoverage, Phase, ProbeKind, ProbeResult, Reached, SafeUrl, SameAnswer,
    Sampled, SentByScripts, SkipReason, Skipped, StorageKind, TaskEnd, TaskRecord, Visitor,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Coverage")]
struct CoverageV1 {
    pages: Vec<PageTally>,
    skipped: Vec<Skipped>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sampled: Vec<Sampled>,
    failed: Vec<Failed>,
    personas: Vec<PersonaCoverage>,
    robots_honoured: bool,
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "tally")]
    lost: u64,
    #[serde(default)]
    sent_by_scripts: Vec<SentByScripts>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    same_answers: Vec<SameAnswer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dead_ends: Vec<DeadEnd>,
    #[serde(default, skip_serializing_if = "is_default")]
    interruptions: u32,
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "tally")]
    came_back_without: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DeadEnd")]
struct DeadEndV1 {
    page: SafeUrl,
    kind: DeadEndKind,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DeadEndKind", rename_all = "kebab-case")]
enum DeadEndKindV1 {
    Robots,
    Script,
    NoLinks,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SameAnswer")]
struct SameAnswerV1 {
    cell: Cell,
    #[serde(deserialize_with = "tally")]
    count: u64,
    #[serde(deserialize_with = "tally")]
    of: u64,
    #[serde(default)]
    door: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SentByScripts")]
struct SentByScriptsV1 {
    persona: String,
    method: String,
    example: SafeUrl,
    #[serde(deserialize_with = "tally")]
    count: u64,
    held_back: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PageTally")]
struct PageTallyV1 {
    cell: Cell,
    example: SafeUrl,
    shown: Option<SafeUrl>,
    status: u16,
    #[serde(deserialize_with = "tally")]
    count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Skipped")]
struct SkippedV1 {
    persona: String,
    reason: SkipReason,
    example: SafeUrl,
    #[serde(deserialize_with = "tally")]
    count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sampled")]
struct SampledV1 {
    persona: String,
    example: SafeUrl,
    asked: u64,
    known: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SkipReason", rename_all = "kebab-case")]
enum SkipReasonV1 {
    Robots,
    OutOfScope,
    Excluded,
    PageLimit,
    DepthLimit,
    ShapeLimit,
    LogsOut,
    CarriesToken,
    ChangesData,
    MayAct,
    NotHtml,
    SessionLost,
    Alike,
    TimeLimit,
    Interrupted,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Failed")]
struct FailedV1 {
    cell: Cell,
    url: SafeUrl,
    kind: FailureKind,
    detail: String,
    #[serde(deserialize_with = "tally")]
    count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FailureKind", rename_all = "kebab-case")]
enum FailureKindV1 {
    Dns,
    Refused,
    Connect,
    Tls,
    Timeout,
    RedirectLoop,
    TooManyRedirects,
    UnreadableHead,
    BodyTooLarge,
    Truncated,
    ServerError,
    ClientError,
    RateLimited,
    BotWall,
    Crashed,
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PersonaCoverage")]
struct PersonaCoverageV1 {
    name: String,
    visitor: Visitor,
    #[serde(default)]
    consent: Consent,
    reached: Reached,
    logins: u32,
    sessions_lost: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login_in_browser: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reached", rename_all = "kebab-case", tag = "state")]
enum ReachedV1 {
    Yes,
    Unproven,
    No { step: String, why: String },
    Lost { why: String },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Engine", rename_all = "kebab-case")]
enum EngineV1 {
    Http,
    Browser,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Consent", rename_all = "kebab-case")]
enum ConsentV1 {
    Untouched,
    Accepted,
    Rejected,
    Category(String),
    Withdrawn,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Phase", rename_all = "kebab-case")]
enum PhaseV1 {
    Login,
    Crawl,
    Journey,
    Probe,
    Logout,
    AfterLogout,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cell")]
struct CellV1 {
    persona: String,
    engine: Engine,
    consent: Consent,
    phase: Phase,
    repeat: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    third_party: Option<ThirdPartyCookies>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Visitor", rename_all = "kebab-case")]
struct VisitorV1 {
    logged_in: bool,
    remembered: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Job", rename_all = "kebab-case", tag = "job")]
enum JobV1 {
    Seeds,
    Login,
    Crawl,
    Journey { name: String },
    Probes,
    SideRequests,
    OtherMode,
    Render,
    OldChoice,
    PrivacyControl,
    SecondLook,
    Logout,
    LoginOverHttp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TaskRecord")]
struct TaskRecordV1 {
    cell: Cell,
    #[serde(flatten)]
    job: Job,
    #[serde(flatten)]
    end: TaskEnd,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TaskEnd", rename_all = "kebab-case", tag = "end")]
enum TaskEndV1 {
    Done,
    NotDone { why: String },
    CutOff,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ConsentLook")]
struct ConsentLookV1 {
    cell: Cell,
    shown: Option<bool>,
    #[serde(default)]
    page: Option<SafeUrl>,
    known_by: Option<String>,
    #[serde(default)]
    suspected: Option<String>,
    #[serde(default)]
    pay_or_accept: Option<String>,
    answered_by: Option<String>,
    not_reached: Option<String>,
    #[serde(default)]
    planned: bool,
    kept_in: Vec<(StorageKind, Name)>,
    shown_again: Option<bool>,
    survives: Vec<(StorageKind, Name)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cleared: Vec<Name>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome")]
struct OutcomeV1 {
    probe: ProbeKind,
    persona: String,
    cookies: Vec<String>,
    page: Option<SafeUrl>,
    result: ProbeResult,
    evidence: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ProbeKind", rename_all = "kebab-case", tag = "kind")]
enum ProbeKindV1 {
    RequiredFor,
    ClearedOnLogout,
    EndedOnLogout,
    Refreshes { issues: String },
    RollingRenewal,
    LoginOverHttp,
    TokenRequired,
    UpdatedBy { journey: String },
    GlobalPrivacyControl,
    Banner { moment: BannerMoment },
    MirroredValue { location: String },
    StorageMirror { storage: StorageKind },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BannerMoment", rename_all = "kebab-case")]
enum BannerMomentV1 {
    FirstVisit,
    AfterConsent,
    AfterClearing,
    AfterPolicyChange,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ProbeResult", rename_all = "kebab-case", tag = "result")]
enum ProbeResultV1 {
    Holds,
    Fails { what: String },
    Undecided { why: String },
    NotDone { why: String },
}

written_as! {
    Coverage as CoverageV1, DeadEnd as DeadEndV1, DeadEndKind as DeadEndKindV1, SameAnswer as SameAnswerV1, SentByScripts as SentByScriptsV1, PageTally as PageTallyV1, Skipped as SkippedV1, Sampled as SampledV1, SkipReason as SkipReasonV1, Failed as FailedV1, FailureKind as FailureKindV1, PersonaCoverage as PersonaCoverageV1, Reached as ReachedV1, Engine as EngineV1, Consent as ConsentV1, Phase as PhaseV1, Cell as CellV1, Visitor as VisitorV1, Job as JobV1, TaskRecord as TaskRecordV1, TaskEnd as TaskEndV1, ConsentLook as ConsentLookV1, Outcome as OutcomeV1, ProbeKind as ProbeKindV1, BannerMoment as BannerMomentV1, ProbeResult as ProbeResultV1,
}
