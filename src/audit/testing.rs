//! Literal manifests and literal observations for the tests of rules: what the manifest says, what
//! the site sent, and what is found.

use super::{Audit, Severity, State, audit};
use crate::cookie::{
    CookieValue, Decision, Initiator, Jar, Name, RequestContext, ThirdPartyCookies, ValueFacts,
};
use crate::manifest::{
    ClassPattern, DeclaredLink, Inventory, Item, Manifest, PageClass, Place, PolicyClaims, Stated, Strength,
    ThirdParty, claims_of,
};
use crate::observation::{
    Carried, Cell, Circumstances, Consent, ConsentLook, Contact, Coverage, Disclosure, Engine, ExchangeRef,
    Failed, FailureKind, Form, Group, Job, LineFrom, LinkCheck, Observation, Outcome, Page, PageTally, Party,
    PersonaCoverage, Phase, PolicyPage, ProbeKind, ProbeResult, Reached, Resource, Run, SafeUrl, Sampled,
    Scan, Script, Sent, Sighting, StorageKind, TaskEnd, TaskRecord, Visitor,
};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// 2026-04-16, long after which tests still run.
const NOW: f64 = 1_776_297_600.0;

/// A manifest and what a site did; every method gives a changed copy.
#[derive(Clone, Default)]
pub(crate) struct Case {
    pub(crate) manifest: Manifest,
    lines: Vec<Line>,
    pages: Vec<(String, Persona)>,
    redirected: Vec<(String, String)>,
    contacts: Vec<(String, Resource, String, Consent, Vec<Carried>)>,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    tasks: Vec<TaskRecord>,
    sent: Vec<(String, String)>,
    allowed: Vec<String>,
    failed: Vec<(String, FailureKind)>,
    answered: Vec<(String, u16)>,
    looks: Vec<ConsentLook>,
    lost: u64,
    interruptions: u32,
    came_back_without: u64,
    sampled: Vec<Sampled>,
    base: Option<String>,
    partial: Option<String>,
    browser: bool,
    http: bool,
    by_requests: bool,
    consent_given: Option<String>,
    previous: Option<Box<Case>>,
}

pub(crate) type Site = Case;

/// A visitor.
#[derive(Clone, PartialEq)]
pub(crate) struct Persona {
    name: String,
    visitor: Visitor,
    reached: Reached,
    consent: Consent,
}

/// A `Set-Cookie` line, a script's write or a storage item, and its circumstances.
#[derive(Clone)]
pub(crate) struct Line {
    text: String,
    kind: StorageKind,
    persona: Persona,
    page: Option<String>,
    shown: Option<String>,
    started_by: Option<String>,
    from: Option<String>,
    resource: Resource,
    phase: Phase,
    script: Option<String>,
}

/// An outcome in the making.
pub(crate) struct Probing(Outcome);

pub(crate) fn anonymous() -> Persona {
    Persona {
        name: "anonymous".into(),
        visitor: Visitor::default(),
        reached: Reached::Yes,
        consent: Consent::Untouched,
    }
}

pub(crate) fn member() -> Persona {
    Persona { name: "member".into(), visitor: Visitor { logged_in: true, remembered: None }, ..anonymous() }
}

/// A line of a response to an anonymous visit of the start page.
pub(crate) fn line(text: &str) -> Line {
    Line {
        text: text.into(),
        kind: StorageKind::Cookie,
        persona: anonymous(),
        page: None,
        shown: None,
        started_by: None,
        from: None,
        resource: Resource::Document,
        phase: Phase::Crawl,
        script: None,
    }
}

pub(crate) fn stored(kind: StorageKind, key: &str, value: &str) -> Line {
    Line { kind, script: Some("/app.js".into()), ..line(&format!("{key}={value}")) }
}

pub(crate) fn probe(kind: ProbeKind) -> Probing {
    Probing(Outcome {
        probe: kind,
        persona: "member".into(),
        cookies: Vec::new(),
        page: None,
        result: ProbeResult::Holds,
        evidence: Vec::new(),
    })
}

pub(crate) fn stated<T>(value: T) -> Option<Stated<T>> {
    Some(plainly(value))
}

pub(crate) fn plainly<T>(value: T) -> Stated<T> {
    Stated { value, strength: Strength::Error, place: Place { line: 1, column: 1 }, source: None }
}

impl Persona {
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    pub(crate) fn remembered(mut self, remembered: bool) -> Self {
        self.visitor.remembered = Some(remembered);
        self
    }

    pub(crate) fn refused(mut self) -> Self {
        self.reached = Reached::No { step: "logged_in_when".into(), why: "the mark is not there".into() };
        self
    }

    pub(crate) fn unproven(mut self) -> Self {
        self.reached = Reached::Unproven;
        self
    }

    pub(crate) fn consenting(mut self, consent: Consent) -> Self {
        self.consent = consent;
        self
    }
}

impl Line {
    /// The response to a login request.
    pub(crate) fn login(mut self) -> Self {
        if self.persona == anonymous() {
            self.persona = member();
        }
        self.phase = Phase::Login;
        self.resource = Resource::Step;
        self.page.get_or_insert_with(|| "/api/auth/login".into());
        self
    }

    pub(crate) fn by(mut self, persona: Persona) -> Self {
        self.persona = persona;
        self
    }

    pub(crate) fn consent(mut self, consent: Consent) -> Self {
        self.persona.consent = consent;
        self
    }

    pub(crate) fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// The document asked for.
    pub(crate) fn on(mut self, page: &str) -> Self {
        self.page = Some(page.into());
        self
    }

    pub(crate) fn shown(mut self, page: &str) -> Self {
        self.shown = Some(page.into());
        self
    }

    pub(crate) fn started_by(mut self, page: &str) -> Self {
        self.started_by = Some(page.into());
        self
    }

    /// The URL of the response itself.
    pub(crate) fn from(mut self, url: &str) -> Self {
        self.from = Some(url.into());
        self
    }

    /// A picture, frame or script within this page.
    pub(crate) fn within(mut self, page: &str) -> Self {
        self.page = Some(page.into());
        self.resource = Resource::Image;
        self
    }

    /// Written by this script.
    pub(crate) fn script(mut self, url: &str) -> Self {
        self.script = Some(url.into());
        self
    }

    fn by_browser(&self) -> bool {
        self.script.is_some()
    }
}

impl Probing {
    pub(crate) fn cookie(mut self, name: &str) -> Self {
        self.0.cookies.push(name.into());
        self
    }

    pub(crate) fn page(mut self, page: &str) -> Self {
        self.0.page = Some(safe(&absolute(page, false)));
        self
    }

    pub(crate) fn holds(self) -> Outcome {
        self.0
    }

    pub(crate) fn fails(mut self, what: &str) -> Outcome {
        self.0.result = ProbeResult::Fails { what: what.into() };
        self.0
    }

    pub(crate) fn not_done(mut self, why: &str) -> Outcome {
        self.0.result = ProbeResult::NotDone { why: why.into() };
        self.0
    }

    pub(crate) fn undecided(mut self, why: &str) -> Outcome {
        self.0.result = ProbeResult::Undecided { why: why.into() };
        self.0
    }
}

impl Case {
    // --- the manifest -----------------------------------------------------------------------------

    pub(crate) fn with(item: Item) -> Self {
        Case::default().and(item)
    }

    /// One declared cookie that need not be seen.
    pub(crate) fn plain() -> Self {
        Case::with(Item::named("sid")).expecting_nothing()
    }

    fn changed(&self, change: impl FnOnce(&mut Case)) -> Self {
        let mut case = self.clone();
        change(&mut case);
        case
    }

    pub(crate) fn and(&self, item: Item) -> Self {
        self.changed(|case| case.manifest.items.push(item))
    }

    pub(crate) fn party(&self, party: ThirdParty) -> Self {
        self.changed(|case| case.manifest.third_parties.push(party))
    }

    pub(crate) fn claims(&self, change: impl FnOnce(&mut PolicyClaims)) -> Self {
        self.changed(|case| change(&mut case.manifest.policy))
    }

    pub(crate) fn complete(&self) -> Self {
        self.claims(|policy| policy.inventory = stated(Inventory::Complete))
    }

    pub(crate) fn examples(&self) -> Self {
        self.claims(|policy| policy.inventory = stated(Inventory::Examples))
    }

    /// No item need be seen.
    pub(crate) fn expecting_nothing(&self) -> Self {
        self.changed(|case| case.manifest.items.iter_mut().for_each(|item| item.expected = Some(false)))
    }

    pub(crate) fn pages(&self, class: &str, patterns: &[&str]) -> Self {
        let mut of = PageClass::default();
        patterns.iter().for_each(|pattern| of.add(ClassPattern::new(pattern).unwrap()));
        self.changed(|case| {
            case.manifest.pages.insert(class.into(), of);
        })
    }

    pub(crate) fn link(&self, key: &str, url: &str, on_policy_page: bool) -> Self {
        self.changed(|case| {
            case.manifest.links.push(DeclaredLink {
                key: key.into(),
                url: url.into(),
                on_policy_page,
                strength: Strength::Error,
                place: Place::default(),
                source: None,
            });
        })
    }

    // --- what the site did ------------------------------------------------------------------------

    pub(crate) fn when(&self, line: Line) -> Self {
        self.changed(|case| case.lines.push(line))
    }

    pub(crate) fn and_when(&self, line: Line) -> Self {
        self.when(line)
    }

    /// The same, to begin other cases with.
    pub(crate) fn site(&self) -> Self {
        self.clone()
    }

    /// Only the start page, anonymously.
    pub(crate) fn looked_at(&self) -> Self {
        self.clone()
    }

    pub(crate) fn visited(&self, page: &str) -> Self {
        self.changed(|case| case.pages.push((page.into(), anonymous())))
    }

    /// A page that leads to another.
    pub(crate) fn redirected(&self, page: &str, shown: &str) -> Self {
        self.changed(|case| case.redirected.push((page.into(), shown.into())))
    }

    pub(crate) fn visited_by(&self, persona: Persona) -> Self {
        self.changed(|case| case.pages.push(("/".into(), persona)))
    }

    pub(crate) fn contact(&self, url: &str, resource: Resource, page: &str) -> Self {
        self.changed(|case| {
            case.contacts.push((url.into(), resource, page.into(), Consent::Untouched, Vec::new()));
        })
    }

    pub(crate) fn carrying(&self, what: Disclosure) -> Self {
        let carried = Carried { what, field: "x".into(), form: Form::Plain };
        self.changed(|case| case.contacts.last_mut().unwrap().4.push(carried))
    }

    pub(crate) fn consented(&self, consent: Consent) -> Self {
        self.changed(|case| case.contacts.last_mut().unwrap().3 = consent)
    }

    pub(crate) fn probed(&self, outcome: Outcome) -> Self {
        self.changed(|case| case.outcomes.push(outcome))
    }

    pub(crate) fn sent(&self, name: &str, url: &str) -> Self {
        self.changed(|case| case.sent.push((name.into(), url.into())))
    }

    pub(crate) fn policy_page(&self, text: &str) -> Self {
        self.changed(|case| {
            let url = safe(&absolute("/cookie-policy", case.http));
            case.policy = Some(PolicyPage {
                url,
                shown: None,
                status: 200,
                text: text.into(),
                links: Vec::new(),
                linked_from: BTreeSet::new(),
                published: Some(crate::policy::published(text, usize::MAX)),
            });
        })
    }

    /// The policy page is known as a browser showed it.
    pub(crate) fn rendered(&self) -> Self {
        self.changed(|case| {
            let page = case.policy.as_mut().unwrap();
            page.published.as_mut().unwrap().rendered = true;
        })
    }

    pub(crate) fn policy_status(&self, status: u16) -> Self {
        self.changed(|case| case.policy.as_mut().unwrap().status = status)
    }

    pub(crate) fn linked_from(&self, host: &str) -> Self {
        self.changed(|case| {
            case.policy.as_mut().unwrap().linked_from.insert(host.into());
        })
    }

    pub(crate) fn linking(&self, url: &str) -> Self {
        self.changed(|case| {
            let link = ("link".to_owned(), safe(&absolute(url, false)));
            case.policy.as_mut().unwrap().links.push(link);
        })
    }

    /// A journey of visitors without a login that could not be made.
    pub(crate) fn journey_not_made(&self, name: &str, why: &str) -> Self {
        self.changed(|case| {
            case.tasks.push(TaskRecord {
                cell: Cell {
                    persona: anonymous().name,
                    engine: Engine::Http,
                    consent: Consent::Untouched,
                    phase: Phase::Journey,
                    repeat: 1,
                    third_party: None,
                },
                job: Job::Journey { name: name.into() },
                end: TaskEnd::NotDone { why: why.into() },
            });
        })
    }

    pub(crate) fn answers(&self, url: &str, status: u16) -> Self {
        self.changed(|case| {
            let url = safe(&absolute(url, false));
            case.links.push(LinkCheck { url, status: Some(status), failure: None });
        })
    }

    /// A page of the crawl that answers this, and nothing of its own.
    pub(crate) fn visited_with(&self, page: &str, status: u16) -> Self {
        self.changed(|case| case.answered.push((page.into(), status)))
    }

    /// A page that did not answer.
    pub(crate) fn failing(&self, page: &str, kind: FailureKind) -> Self {
        self.changed(|case| case.failed.push((page.into(), kind)))
    }

    /// What was met of the consent question in a state.
    pub(crate) fn met(&self, consent: Consent, change: impl FnOnce(&mut ConsentLook)) -> Self {
        let mut look = ConsentLook::of(Cell {
            persona: "anonymous".into(),
            engine: Engine::Browser,
            consent,
            phase: Phase::Crawl,
            repeat: 0,
            third_party: None,
        });
        change(&mut look);
        self.changed(|case| case.looks.push(look))
    }

    /// The address audited is another.
    pub(crate) fn at(&self, base: &str) -> Self {
        self.changed(|case| case.base = Some(base.into()))
    }

    /// Of so many pages like this one, so many were asked for.
    pub(crate) fn asking_for(&self, asked: u64, known: u64, example: &str) -> Self {
        let (persona, example) = (anonymous().name, safe(&absolute(example, self.http)));
        self.changed(|case| case.sampled.push(Sampled { persona, example, asked, known }))
    }

    /// So many sightings could not be kept.
    pub(crate) fn losing(&self, lost: u64) -> Self {
        self.changed(|case| case.lost = lost)
    }

    /// Interrupted, and gone on with by visitors who came back without so many cookies.
    pub(crate) fn interrupted(&self, without: u64) -> Self {
        self.changed(|case| (case.interruptions, case.came_back_without) = (1, without))
    }

    pub(crate) fn allowing(&self, pattern: &str) -> Self {
        self.changed(|case| case.allowed.push(pattern.into()))
    }

    pub(crate) fn in_browser(&self) -> Self {
        self.changed(|case| case.browser = true)
    }

    /// Logins were made without a browser.
    pub(crate) fn logged_in_by_requests(&self) -> Self {
        Case { by_requests: true, ..self.clone() }
    }

    pub(crate) fn over_http(&self) -> Self {
        self.changed(|case| case.http = true)
    }

    /// The plan has a recorded choice of this day.
    pub(crate) fn with_choice_of(&self, day: &str) -> Self {
        self.changed(|case| case.consent_given = Some(day.into()))
    }

    /// This scan came after that one.
    pub(crate) fn after(&self, earlier: Case) -> Self {
        self.changed(|case| case.previous = Some(Box::new(earlier)))
    }

    // --- what is found ----------------------------------------------------------------------------

    pub(crate) fn audit(&self) -> Audit {
        let mut manifest = self.manifest.clone();
        manifest.claims = claims_of(&manifest);
        let previous = self.previous.as_ref().map(|case| case.scan());
        audit(&manifest, &self.scan(), previous.as_ref())
    }

    /// `rule: claim, claim`, one finding to a line.
    #[track_caller]
    pub(crate) fn finds(&self, expected: &str) -> &Self {
        let audit = self.audit();
        let found: Vec<String> = audit
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.rule, finding.claims.join(", ")))
            .collect();
        assert_eq!(found.join("\n"), expected, "{:#?}", audit.findings);
        self
    }

    #[track_caller]
    pub(crate) fn finds_nothing(&self) -> &Self {
        self.finds("")
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let messages: Vec<String> =
            self.audit().findings.into_iter().map(|finding| finding.message).collect();
        assert!(messages.iter().any(|message| message.contains(text)), "{messages:#?}");
        self
    }

    /// The gravest finding is a warning.
    #[track_caller]
    pub(crate) fn warns(&self) -> &Self {
        let gravest = self.audit().findings.iter().map(|finding| finding.severity).max();
        assert_eq!(gravest, Some(Severity::Warning));
        self
    }

    #[track_caller]
    pub(crate) fn errs(&self) -> &Self {
        let gravest = self.audit().findings.iter().map(|finding| finding.severity).max();
        assert_eq!(gravest, Some(Severity::Error));
        self
    }

    #[track_caller]
    pub(crate) fn upholds(&self, claim: &str) -> &Self {
        self.leaves(claim, "upheld")
    }

    /// The claim's state: `upheld`, `refuted`, or why it is not verified.
    #[track_caller]
    pub(crate) fn leaves(&self, claim: &str, expected: &str) -> &Self {
        let audit = self.audit();
        let verdict = audit.verdicts.iter().find(|verdict| verdict.claim == claim);
        let verdict = verdict.unwrap_or_else(|| panic!("no claim {claim}"));
        let state = match &verdict.state {
            State::Upheld { .. } => "upheld".to_owned(),
            State::Refuted { .. } => "refuted".to_owned(),
            State::NotVerified { why, .. } => serde_json::to_value(why).unwrap().as_str().unwrap().to_owned(),
        };
        assert_eq!(state, expected, "{verdict:#?}");
        self
    }

    // --- the scan ---------------------------------------------------------------------------------

    pub(crate) fn scan(&self) -> Scan {
        let browser = self.browser || self.lines.iter().any(Line::by_browser);
        let engine = if browser { Engine::Browser } else { Engine::Http };
        let mut identities: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let mut observations: Vec<Observation> = Vec::new();
        let mut tallies: BTreeSet<PageTally> = BTreeSet::new();
        let mut personas: Vec<PersonaCoverage> = Vec::new();
        let cell = |persona: &Persona, phase: Phase| Cell {
            persona: persona.name.clone(),
            engine,
            consent: persona.consent.clone(),
            phase,
            repeat: 0,
            third_party: None,
        };
        let mut visit = |persona: &Persona, phase: Phase, page: &Url, shown: Option<&Url>| {
            let known = PersonaCoverage {
                name: persona.name.clone(),
                visitor: persona.visitor,
                consent: persona.consent.clone(),
                reached: persona.reached.clone(),
                logins: 1,
                sessions_lost: 0,
                login_in_browser: persona.visitor.logged_in.then_some(!self.by_requests),
            };
            if !personas.contains(&known) {
                personas.push(known);
            }
            tallies.insert(PageTally {
                cell: cell(persona, phase),
                example: safe(page),
                shown: shown.map(safe),
                status: self.status_of(page),
                count: 1,
            });
        };
        let start = absolute("/", self.http);
        visit(&anonymous(), Phase::Crawl, &start, None);
        for (page, shown) in &self.redirected {
            let shown = absolute(shown, self.http);
            visit(&anonymous(), Phase::Crawl, &absolute(page, self.http), Some(&shown));
        }
        for (page, _) in &self.answered {
            visit(&anonymous(), Phase::Crawl, &absolute(page, self.http), None);
        }
        for (page, persona) in &self.pages {
            visit(persona, Phase::Crawl, &absolute(page, self.http), None);
        }
        for (_, _, page, consent, _) in &self.contacts {
            visit(&anonymous().consenting(consent.clone()), Phase::Crawl, &absolute(page, self.http), None);
        }
        for (at, line) in self.lines.iter().enumerate() {
            let page = absolute(line.page.as_deref().unwrap_or("/"), self.http);
            let shown = line.shown.as_ref().map(|shown| absolute(shown, self.http));
            visit(&line.persona, line.phase, &page, shown.as_ref());
            if line.phase == Phase::Login && !matches!(line.persona.reached, Reached::No { .. }) {
                visit(&line.persona, Phase::Crawl, &start, None);
            }
            let sighting = self.sighting(line, cell(&line.persona, line.phase), at, &mut identities);
            let domain = match (&sighting.decision, line.kind) {
                (_, kind) if kind != StorageKind::Cookie => page.origin().ascii_serialization(),
                (Decision::Rejected { .. }, _) => host_of(&sighting.exchange.url),
                (decision, _) => decision.effective().unwrap().domain.clone(),
            };
            observations.push(Observation {
                kind: line.kind,
                name: sighting.name.clone(),
                domain,
                path: sighting.decision.effective().map(|kept| kept.path.clone()).unwrap_or_default(),
                partition: None,
                party: sighting.party,
                groups: vec![Group {
                    count: 1,
                    identities: BTreeSet::from([sighting.value.identity]),
                    more_identities: false,
                    coarse: false,
                    example: sighting,
                }],
            });
        }
        let mut sent: Vec<Sent> = Vec::new();
        for (name, url) in &self.sent {
            sent.push(Sent {
                name: Name::new(name.as_str()),
                cell: cell(&member(), Phase::Crawl),
                count: 1,
                example: safe(&absolute(url, false)),
                method: "GET".into(),
                cross_site: false,
            });
        }
        Scan {
            run: Run {
                browsers: BTreeSet::new(),
                tool: "test".into(),
                target: "test".into(),
                base_url: self
                    .base
                    .as_ref()
                    .map_or_else(|| safe(&start), |base| safe(&absolute(base, false))),
                started: "2026-04-16T00:00:00Z".into(),
                seconds: 1,
                engines: BTreeSet::from([engine]),
                user_agent: "test".into(),
                vantage: None,
                third_party_cookies: ThirdPartyCookies::Block,
                assets: true,
                may_fail: crate::observation::MAY_FAIL,
                partial: self.partial.clone(),
                own_hosts: vec!["site.example".into(), "*.site.example".into()],
                host_map: BTreeMap::new(),
                other_hosts: BTreeSet::new(),
                browser: None,
                allowed_cookies: self.allowed.clone(),
                consent_given: self.consent_given.clone(),
            },
            coverage: Coverage {
                pages: tallies.into_iter().collect(),
                skipped: Vec::new(),
                sampled: self.sampled.clone(),
                failed: self
                    .failed
                    .iter()
                    .map(|(url, kind)| Failed {
                        cell: cell(&anonymous(), Phase::Crawl),
                        url: safe(&absolute(url, self.http)),
                        kind: *kind,
                        detail: "it failed".into(),
                        count: 1,
                    })
                    .collect(),
                personas,
                lost: self.lost,
                robots_honoured: true,
                same_answers: Vec::new(),
                sent_by_scripts: Vec::new(),
                notes: Vec::new(),
                dead_ends: Vec::new(),
                interruptions: self.interruptions,
                came_back_without: self.came_back_without,
            },
            observations,
            sent,
            consent: self.looks.clone(),
            heads: Vec::new(),
            pictures: Vec::new(),
            contacts: self.contacts.iter().map(|contact| self.contact_of(contact, &cell)).collect(),
            outcomes: self.outcomes.clone(),
            policy: self.policy.clone(),
            links: self.links.clone(),
            tasks: self.tasks.clone(),
        }
    }

    fn status_of(&self, page: &Url) -> u16 {
        let stated = self.answered.iter().find(|(url, _)| absolute(url, self.http) == *page);
        stated.map_or(200, |(_, status)| *status)
    }

    fn contact_of(
        &self,
        (url, resource, page, consent, carried): &(String, Resource, String, Consent, Vec<Carried>),
        cell: &impl Fn(&Persona, Phase) -> Cell,
    ) -> Contact {
        let url = absolute(url, self.http);
        Contact {
            host: url.host_str().unwrap().into(),
            party: Party::Third,
            resource: *resource,
            cell: cell(&anonymous().consenting(consent.clone()), Phase::Crawl),
            page: safe(&absolute(page, self.http)),
            example: safe(&url),
            count: 1,
            fetched: true,
            carried: carried.clone(),
            script: None,
        }
    }

    fn sighting(
        &self,
        line: &Line,
        cell: Cell,
        at: usize,
        identities: &mut BTreeMap<Vec<u8>, u32>,
    ) -> Sighting {
        let page = absolute(line.page.as_deref().unwrap_or("/"), self.http);
        let shown = line.shown.as_ref().map(|shown| absolute(shown, self.http));
        let url = line.from.as_ref().map_or_else(|| page.clone(), |from| absolute(from, self.http));
        let initiator = match line.resource {
            Resource::Document | Resource::Step => Initiator::Navigation,
            _ => Initiator::Subresource { top_url: page.clone() },
        };
        let context = RequestContext {
            url: url.clone(),
            initiator,
            third_party: ThirdPartyCookies::Block,
            response_date: None,
            now: NOW,
        };
        let (parsed, decision) = Jar::default().receive(line.text.as_bytes(), &context);
        let elsewhere = crate::cookie::elsewhere(line.text.as_bytes(), &context, &decision);
        let elsewhere = elsewhere.filter(|_| line.kind == StorageKind::Cookie);
        let written = parsed.written(None, NOW);
        let value = CookieValue::new(parsed.value.reveal().to_vec());
        let mut facts = ValueFacts::of(&value, &page);
        let next = identities.len() as u32 + 1;
        facts.identity = *identities.entry(value.reveal().to_vec()).or_insert(next);
        let cookie = line.kind == StorageKind::Cookie;
        let here = Circumstances {
            cell,
            page: Page {
                asked: safe(&page),
                shown: shown.as_ref().map(safe),
                started_by: line.started_by.as_ref().map(|url| safe(&absolute(url, self.http))),
            },
            exchange: ExchangeRef {
                method: if line.phase == Phase::Login { "POST".into() } else { "GET".into() },
                url: safe(&url),
                status: 200,
                hop: 0,
                resource: line.resource,
            },
            party: if host_of(&safe(&url)).ends_with("site.example") { Party::First } else { Party::Third },
            at_ms: at as u64,
        };
        let from = if line.script.is_some() { LineFrom::DocumentCookie } else { LineFrom::Header };
        let mut sighting = match cookie {
            true => Sighting::of_line(here, from, &parsed, written, decision, facts),
            false => {
                let host = page.host_str().unwrap();
                Sighting::of_item(here, line.kind, host, &parsed.name, &value, facts)
            }
        };
        sighting.line = parsed.masked();
        sighting.script = line.script.as_ref().map(|script| Script {
            url: safe(&absolute(script, self.http)),
            line: 1,
            column: 1,
            called_from: Vec::new(),
        });
        sighting.elsewhere = elsewhere.map(Box::new);
        sighting
    }
}

fn absolute(url: &str, http: bool) -> Url {
    let base = if http { "http://site.example/" } else { "https://site.example/" };
    Url::parse(base).unwrap().join(url).unwrap()
}

fn safe(url: &Url) -> SafeUrl {
    serde_json::from_value(url.as_str().into()).unwrap()
}

fn host_of(url: &SafeUrl) -> String {
    url.parsed().unwrap().host_str().unwrap().to_owned()
}
