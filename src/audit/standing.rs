//! How far a claim that nothing refuted is upheld. Upheld means: it was looked at, and what was
//! looked at is enough. Everything else is not verified, with the one thing that would decide it.

use super::Why;
use super::context::{Context, Seen};
pub(crate) use super::unrefuted::{Standing, count};
use crate::manifest::{BannerRule, Item, Trigger, VisitorState};
use crate::observation::{
    Cell, Consent, Engine, FailureKind, Job, PersonaCoverage, Phase, ProbeResult, Reached, SafeUrl,
    SkipReason, StorageKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// `3 responses on 2 pages`.
pub(crate) fn amount<'s, 'a: 's>(seen: impl IntoIterator<Item = &'s Seen<'a>>) -> Option<String> {
    let mut times = 0u64;
    let mut pages = BTreeSet::new();
    let mut scripts = false;
    for seen in seen {
        times += seen.group.count;
        scripts |= seen.by_script();
        pages.insert(&seen.page().asked);
    }
    let what = if scripts { "times" } else { "responses" };
    (times > 0).then(|| format!("{} on {}", count(times, what), count(pages.len() as u64, "pages")))
}

/// What a claim is about: which visitors, which pages, and what has to happen first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) visitors: Vec<VisitorState>,
    pub(crate) pages: Vec<String>,
    pub(crate) trigger: Option<Trigger>,
}

impl Scope {
    pub(crate) fn of_item(context: &Context<'_>, item: usize) -> Self {
        let item = context.item(item);
        Scope { visitors: item.visitors.clone(), pages: item.set_on.clone(), trigger: item.trigger.clone() }
    }

    /// Needs a session.
    pub(crate) fn needs_login(&self) -> bool {
        let people: Vec<_> = self.visitors.iter().filter(|state| !state.is_consent()).collect();
        self.trigger == Some(Trigger::Login)
            || !people.is_empty() && !people.contains(&&VisitorState::Anonymous)
    }

    /// Needs an answer to the consent question.
    pub(crate) fn needs_consent(&self) -> Option<Consent> {
        if matches!(self.trigger, Some(Trigger::ConsentAccepted | Trigger::ConsentGiven)) {
            return Some(Consent::Accepted);
        }
        let consent: Vec<_> = self.visitors.iter().filter(|state| state.is_consent()).collect();
        match consent.as_slice() {
            [VisitorState::ConsentAccepted] => Some(Consent::Accepted),
            [VisitorState::ConsentRejected] => Some(Consent::Rejected),
            [VisitorState::ConsentWithdrawn] => Some(Consent::Withdrawn),
            _ => None,
        }
    }

    pub(crate) fn describes(&self, context: &Context<'_>, cell: &Cell) -> bool {
        let visitor = context.visitor(cell);
        VisitorState::any_describes(&self.visitors, &visitor, &cell.consent)
            && (!self.needs_login() || visitor.logged_in)
            && self.needs_consent().is_none_or(|consent| cell.consent == consent)
            && match self.trigger {
                Some(Trigger::Journey(_) | Trigger::Interaction) => cell.phase == Phase::Journey,
                _ => true,
            }
    }
}

/// Why the visitors and pages of a scope were not all looked at; none if they were, with the
/// number of pages looked at.
pub(crate) fn reach(context: &Context<'_>, scope: &Scope) -> Result<u64, Standing> {
    let coverage = &context.scan.coverage;
    // A site that says nothing but "not found" has shown nothing: its cookies are not "never seen".
    let answered = coverage.pages.iter().any(|page| (200..300).contains(&page.status));
    if let Some(partial) = &context.scan.run.partial {
        return Err(Standing::open(
            Why::NotReached,
            format!("the run ended early: {partial}"),
            "a run that is left to end",
        ));
    }
    if let Some(wall) = coverage.failed.iter().find(|failed| failed.kind == FailureKind::BotWall)
        && !answered
    {
        return Err(Standing::open(
            Why::NotReached,
            format!("a bot wall answered instead of the site: {}", wall.detail),
            "a run that the site lets in",
        ));
    }
    if !answered {
        let detail = coverage.failed.first().map_or_else(
            || "no page answered".to_owned(),
            |failed| format!("no page answered: {}: {}", failed.url, failed.detail),
        );
        return Err(Standing::open(Why::NotReached, detail, "a run that reaches the site"));
    }
    if let Some(open) = led_elsewhere(context) {
        return Err(open);
    }
    if scope.needs_login() {
        persona_reached(context, scope)?;
    }
    if let Some(consent) = scope.needs_consent() {
        let looked = coverage.pages.iter().any(|page| page.cell.consent == consent);
        if !looked && !context.has_browser() {
            return Err(Standing::needs_browser("consent is given by a click"));
        }
        let tried = context.scan.consent.iter().filter(|look| look.cell.consent == consent);
        if let Some(why) = tried.filter(|_| !looked).find_map(|look| look.not_reached.as_ref()) {
            let detail = format!("this state of consent was not reached: {why}");
            return Err(Standing::open(Why::NotReached, detail, "[[consent]] in the plan that says how to"));
        }
        if !looked {
            let detail = "no visitor of the run gave that answer to the consent question";
            return Err(Standing::open(Why::NotPlanned, detail, "[[consent]] in the plan"));
        }
    }
    if let Some(trigger @ (Trigger::Journey(_) | Trigger::Interaction)) = &scope.trigger {
        let travelled = coverage.pages.iter().any(|page| page.cell.phase == Phase::Journey)
            || context.seen.iter().any(|seen| seen.cell().phase == Phase::Journey);
        if !travelled {
            let journey = match trigger {
                Trigger::Journey(name) => format!("the journey `{name}` in the plan"),
                _ => "a journey in the plan that interacts".to_owned(),
            };
            return Err(Standing::open(Why::NotPlanned, "no journey was made", journey));
        }
    }
    pages_reached(context, scope)
}

/// What was seen of another site says nothing of this one.
pub(crate) fn led_elsewhere(context: &Context<'_>) -> Option<Standing> {
    let elsewhere = context.scan.led_elsewhere(context.hosts.site())?;
    Some(Standing::open(
        Why::NotReached,
        format!("no page of the site was shown, it leads to {elsewhere}"),
        "`hosts` in the manifest that names the host, if it is the site's own",
    ))
}

/// Whether a persona of the scope got where it should.
fn persona_reached(context: &Context<'_>, scope: &Scope) -> Result<(), Standing> {
    let personas = || {
        context.scan.coverage.personas.iter().filter(|persona| {
            persona.visitor.logged_in
                && VisitorState::any_describes(
                    &scope.visitors.iter().copied().filter(|state| !state.is_consent()).collect::<Vec<_>>(),
                    &persona.visitor,
                    &persona.consent,
                )
        })
    };
    if personas().any(|persona| matches!(persona.reached, Reached::Yes | Reached::Unproven)) {
        return Ok(());
    }
    match personas().next() {
        Some(persona) => {
            let why = match &persona.reached {
                Reached::No { step, why } => {
                    format!("the persona `{}` did not log in: {step}: {why}", persona.name)
                }
                Reached::Lost { why } => format!("the persona `{}` lost its session: {why}", persona.name),
                _ => format!("the persona `{}` was not reached", persona.name),
            };
            Err(Standing::open(Why::NotReached, why, "a login that works"))
        }
        None => {
            let remembered = scope.visitors.contains(&VisitorState::Remembered);
            let not_remembered = scope.visitors.contains(&VisitorState::NotRemembered);
            let decided_by = match (remembered, not_remembered) {
                (true, false) => "a persona with login steps and `remembered = true` in the plan",
                (false, true) => "a persona with login steps and `remembered = false` in the plan",
                _ => "a persona with login steps in the plan",
            };
            Err(Standing::open(Why::NotPlanned, "nobody who is logged in was looked at", decided_by))
        }
    }
}

/// Whether pages of the scope's classes were looked at, and by whom the scope is about.
fn pages_reached(context: &Context<'_>, scope: &Scope) -> Result<u64, Standing> {
    let coverage = &context.scan.coverage;
    let in_classes = |url: &SafeUrl| context.url_in(url, &scope.pages);
    let looked: u64 = coverage
        .pages
        .iter()
        .filter(|page| page.is_answer() && scope.describes(context, &page.cell))
        .filter(|page| !context.is_twin(&page.example))
        .filter(|page| in_classes(&page.example) || page.shown.as_ref().is_some_and(in_classes))
        .map(|page| page.count)
        .sum();
    if looked > 0 {
        return Ok(looked);
    }
    let classes = scope.pages.join(", ");
    let failed = coverage
        .failed
        .iter()
        .find(|failed| scope.describes(context, &failed.cell) && in_classes(&failed.url));
    if let Some(failed) = failed {
        let detail = format!("{}: {}", failed.url, failed.detail);
        return Err(Standing::open(Why::NotReached, detail, "a run that reaches these pages"));
    }
    if let Some(skipped) = coverage.skipped.iter().find(|skipped| in_classes(&skipped.example)) {
        let (why, decided_by) = match skipped.reason {
            SkipReason::Robots => {
                ("robots.txt keeps us from", "`robots = \"ignore\"` in the plan, if the site is yours")
            }
            SkipReason::PageLimit
            | SkipReason::DepthLimit
            | SkipReason::ShapeLimit
            | SkipReason::TimeLimit => ("a limit of the plan kept us from", "higher [limits] in the plan"),
            SkipReason::Interrupted => ("the run ended before", "a run that is left to end"),
            SkipReason::LogsOut | SkipReason::CarriesToken | SkipReason::ChangesData => (
                "it may change something, which kept us from",
                "a declared start page or step for it in the plan",
            ),
            SkipReason::MayAct => (
                "nothing shows that it only shows something, which kept us from",
                "`follow` under [pages] in the plan",
            ),
            _ => ("the plan kept us from", "[pages] in the plan"),
        };
        return Err(Standing::open(Why::NotReached, format!("{why} {}", skipped.example), decided_by));
    }
    let detail = if classes.is_empty() {
        "no page was looked at as such a visitor".to_owned()
    } else {
        format!("no page of these was looked at: {classes}")
    };
    Err(Standing::open(Why::NotPlanned, detail, "start pages, personas or consent states for it in the plan"))
}

/// A claim that something never happens: upheld only by a browser that looked everywhere the claim
/// speaks of, as every persona planned for it.
pub(crate) fn never(context: &Context<'_>, scope: &Scope, what_a_browser_adds: &str) -> Standing {
    if !context.has_browser() {
        return Standing::needs_browser(what_a_browser_adds);
    }
    never_by_any_engine(context, scope)
}

/// The same where plain HTTP can see all there is to see.
pub(crate) fn never_by_any_engine(context: &Context<'_>, scope: &Scope) -> Standing {
    let pages = match all_of(context, scope) {
        Ok(pages) => pages,
        Err(open) => return open,
    };
    let names: BTreeSet<&str> = context
        .scan
        .coverage
        .pages
        .iter()
        .filter(|page| scope.describes(context, &page.cell))
        .map(|page| page.cell.persona.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let pages = within_the_budget(context, scope).unwrap_or_else(|| count(pages, "pages"));
    Standing::Upheld(format!("{pages} as {}", names.join(", ")))
}

/// `500 of at least 50,000 addresses, all 37 templates`: where the plan's limit of pages left some out,
/// which is no failure, what the claim stands on. Templates are what addresses have in common.
fn within_the_budget(context: &Context<'_>, scope: &Scope) -> Option<String> {
    let coverage = &context.scan.coverage;
    let in_classes = |url: &SafeUrl| context.url_in(url, &scope.pages);
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    for sampled in coverage.sampled.iter().filter(|sampled| in_classes(&sampled.example)) {
        let known = left.entry(sampled.template()).or_default();
        *known = sampled.known.saturating_sub(sampled.asked).max(*known);
    }
    let more: u64 = left.values().sum();
    if more == 0 {
        return None;
    }
    // Other visitors and engines ask for the same addresses once more.
    let mut looked: BTreeMap<&Cell, u64> = BTreeMap::new();
    let mut templates = BTreeSet::new();
    let answers = coverage.pages.iter().filter(|page| page.is_answer() && in_classes(&page.example));
    for page in answers.filter(|page| scope.describes(context, &page.cell) && !context.is_twin(&page.example))
    {
        *looked.entry(&page.cell).or_default() += page.count;
        templates.insert(page.example.page_template());
    }
    let looked = looked.into_values().max().unwrap_or_default();
    let unseen = left.keys().filter(|template| !templates.contains(*template)).count();
    let templates = match unseen {
        0 => format!("all {}", count(templates.len() as u64, "templates")),
        _ => format!("{} of {}", templates.len(), count((templates.len() + unseen) as u64, "templates")),
    };
    Some(format!("{looked} of at least {} addresses, {templates}", looked + more))
}

/// Whether every persona that a scope speaks of got where it should.
pub(crate) fn everybody_arrived(context: &Context<'_>, scope: &Scope) -> Result<(), Standing> {
    let people: Vec<_> = scope.visitors.iter().copied().filter(|state| !state.is_consent()).collect();
    let lost = context.scan.coverage.personas.iter().find(|persona| {
        VisitorState::any_describes(&people, &persona.visitor, &persona.consent)
            && matches!(persona.reached, Reached::No { .. } | Reached::Lost { .. })
    });
    match lost {
        Some(persona) => {
            let detail = format!("the persona `{}` was not reached", persona.name);
            Err(Standing::open(Why::NotReached, detail, "a login that works"))
        }
        None => Ok(()),
    }
}

/// A claim about what an item is like when it is there.
pub(crate) fn like_this(context: &Context<'_>, item: usize) -> Standing {
    match amount(context.writes(item)) {
        Some(seen) => Standing::Upheld(seen),
        None => unseen(context, item),
    }
}

/// Why an item was not seen.
pub(crate) fn unseen(context: &Context<'_>, item: usize) -> Standing {
    unseen_by(context, item, &Scope::of_item(context, item))
}

/// Why an item was not seen by the visitors of a scope.
pub(crate) fn unseen_by(context: &Context<'_>, item: usize, scope: &Scope) -> Standing {
    if let Err(open) = reach(context, scope).and_then(|_| setters_answered(context, item)) {
        return open;
    }
    let browser_only = context.item(item).kind != StorageKind::Cookie;
    if !context.has_browser() && (browser_only || !context.missing.contains(&item)) {
        return Standing::needs_browser("no response set it; a script may");
    }
    if may_come_with_an_unwatched_login(context, item) {
        return Standing::open(
            Why::NeedsBrowser,
            "the login was made by requests, and what scripts write when its form is used was not looked at",
            "login steps that a browser makes (`fill` and `click`) in the plan",
        );
    }
    Standing::open(
        Why::NeverSeen,
        format!("`{}` was never seen", context.item(item).key),
        "a persona, page or journey of the plan that makes the site set it",
    )
}

/// Whether scripts of a login's page may write an item, and nobody used its form where they run.
pub(crate) fn may_come_with_an_unwatched_login(context: &Context<'_>, index: usize) -> bool {
    let item = context.item(index);
    let scope = Scope::of_item(context, index);
    let by_script = match item.kind {
        StorageKind::Cookie => scope.needs_login() && !only_a_response_can(item, &scope),
        _ => is_for_members(&item.visitors),
    };
    let elsewhere = scope.needs_consent().is_some()
        || matches!(scope.trigger, Some(Trigger::Journey(_) | Trigger::Interaction));
    let coverage = &context.scan.coverage;
    // Of classes of pages, only one with the login's page in it is about the login.
    let at_login = || {
        let mut pages = coverage.pages.iter().filter(|page| page.cell.phase == Phase::Login);
        item.set_on.is_empty() || pages.any(|page| context.url_in(&page.example, &item.set_on))
    };
    let arrived = |persona: &&PersonaCoverage| {
        persona.visitor.logged_in && matches!(persona.reached, Reached::Yes | Reached::Unproven)
    };
    let members = || coverage.personas.iter().filter(arrived);
    by_script
        && !elsewhere
        && members().any(|member| member.login_in_browser == Some(false))
        && !members().any(|member| member.login_in_browser == Some(true))
        && at_login()
}

/// Whether the manifest's words for visitors leave room for those who log in.
fn is_for_members(visitors: &[VisitorState]) -> bool {
    let mut people = visitors.iter().filter(|state| !state.is_consent()).peekable();
    people.peek().is_none() || people.any(|state| *state != VisitorState::Anonymous)
}

/// Plain HTTP sees everything that could set it, or sees the site work without it.
pub(crate) fn only_a_response_can(item: &Item, scope: &Scope) -> bool {
    item.kind == StorageKind::Cookie
        && (item.http_only == Some(true)
            || item.expected == Some(true)
            || !item.set_by.is_empty()
            || !item.required_for.is_empty() && scope.needs_login()
            || scope.trigger == Some(Trigger::Login))
}

/// The state of a claim that a probe decides.
pub(crate) fn probed<'o>(
    context: &Context<'_>,
    item: usize,
    outcomes: impl IntoIterator<Item = &'o crate::observation::Outcome>,
    decided_by: &str,
) -> Standing {
    let mut held = Vec::new();
    let mut undecided = None;
    let mut not_done = None;
    for outcome in outcomes {
        match &outcome.result {
            ProbeResult::Holds => held.push(outcome),
            ProbeResult::Undecided { why } => undecided = Some(why.clone()),
            ProbeResult::NotDone { why } => not_done = Some(why.clone()),
            // Refuted elsewhere, or not this item's.
            ProbeResult::Fails { .. } => {}
        }
    }
    // One that could not be done may be the one that would have failed.
    if let Some(why) = not_done {
        return Standing::open(Why::NotReached, why, decided_by);
    }
    if let Some(first) = held.first() {
        let seen = first.evidence.first().cloned().unwrap_or_else(|| count(held.len() as u64, "probes"));
        return Standing::Upheld(seen);
    }
    if let Err(open) = reach(context, &Scope::of_item(context, item)) {
        return open;
    }
    match undecided {
        Some(why) => Standing::open(Why::NotPlanned, why, decided_by),
        None if context.missing.contains(&item) => unseen(context, item),
        None => Standing::open(Why::NotPlanned, "no probe asked", decided_by),
    }
}

/// Whether the run looked at anything with this engine.
pub(crate) fn engine_ran(context: &Context<'_>, engine: Engine) -> bool {
    context.scan.coverage.pages.iter().any(|page| page.cell.engine == engine)
}

/// All that a scope speaks of was looked at, but for a share of pages that may fail; nothing that
/// was seen was dropped; and every persona got where it should.
pub(crate) fn all_of(context: &Context<'_>, scope: &Scope) -> Result<u64, Standing> {
    let pages = reach(context, scope)?;
    everybody_arrived(context, scope)?;
    let lost = context.scan.coverage.lost;
    if lost > 0 {
        return Err(Standing::open(
            Why::NotReached,
            format!("{} of what was seen could not be kept", count(lost, "things")),
            "a run of fewer pages",
        ));
    }
    let journeys = context.scan.tasks.iter().filter(|task| matches!(task.job, Job::Journey { .. }));
    let mut not_made = journeys.filter_map(|task| Some((task, task.not_done()?)));
    if let Some((task, why)) = not_made.find(|(task, _)| scope.describes(context, &task.cell)) {
        let what = task.job.in_words();
        return Err(Standing::open(
            Why::NotReached,
            format!("the {what} of {} was not made: {why}", task.cell.persona),
            "a journey whose steps the site still knows",
        ));
    }
    let share = context.scan.share(|cell, url| {
        scope.describes(context, cell)
            && context.url_in(url, &scope.pages)
            && url.parsed().is_some_and(|url| context.hosts.own(url.host_str().unwrap_or_default()))
    });
    if share.is_too_little(context.scan.run.may_fail) {
        return Err(Standing::open(Why::NotReached, share.to_string(), "a run that reaches these pages"));
    }
    Ok(pages)
}

/// Visitors who answered the consent question were looked at, where there is a question.
pub(crate) fn every_answer(context: &Context<'_>) -> Result<(), Standing> {
    let looked = |consent: &Consent| {
        context.scan.coverage.pages.iter().any(|page| {
            page.cell.consent == *consent && page.cell.engine == Engine::Browser && page.status > 0
        })
    };
    if looked(&Consent::Accepted) {
        return Ok(());
    }
    let failed = context.scan.consent.iter().find_map(|look| {
        let why = look.not_reached.as_ref()?;
        (look.cell.consent == Consent::Accepted).then_some(why)
    });
    let stated = context.manifest.policy.consent_banner.as_ref();
    let promised = stated.is_some_and(|stated| matches!(stated.value, BannerRule::Shown { .. }));
    let shown = context.scan.consent.iter().any(|look| look.shown == Some(true));
    let suspected = context.scan.consent.iter().find_map(|look| look.suspected.as_deref());
    let waits = context
        .manifest
        .items
        .iter()
        .any(|item| matches!(item.trigger, Some(Trigger::ConsentAccepted | Trigger::ConsentGiven)));
    let why = match failed {
        Some(why) => format!("consent was not given: {why}"),
        None if shown => "a consent banner is shown, and nobody accepted".to_owned(),
        None if suspected.is_some() => format!(
            "a box speaks of cookies, and whether it asks for consent could not be told: \u{201c}{}\u{201d}",
            suspected.unwrap_or_default()
        ),
        None if promised || waits => {
            "the manifest says that visitors are asked for consent, and nobody accepted".to_owned()
        }
        None => return Ok(()),
    };
    let why = format!("it was looked at for visitors who answered nothing only; {why}");
    let reason =
        if failed.is_some() || shown || suspected.is_some() { Why::NotReached } else { Why::NotPlanned };
    Err(Standing::open(reason, why, "[[consent]] in the plan that says how to accept"))
}

/// The pages that may set an item answered: those of its `set_on` and `set_by`, or all that its
/// visitors asked for where the manifest does not say which.
pub(crate) fn setters_answered(context: &Context<'_>, index: usize) -> Result<(), Standing> {
    let item = context.item(index);
    let scope = Scope::of_item(context, index);
    let classes: Vec<String> = item.set_on.iter().chain(&item.set_by).cloned().collect();
    let own =
        |url: &SafeUrl| url.parsed().is_some_and(|url| context.hosts.own(url.host_str().unwrap_or_default()));
    let coverage = &context.scan.coverage;
    // What only a form is sent to is no page that could have been looked at.
    let meant = |url: &SafeUrl| {
        own(url) && ["GET", "POST"].iter().any(|method| context.request_in(method, url, &classes))
    };
    // A step of a login that failed is no page, and may be just what sets it.
    let whoever = |cell: &Cell| !item.set_by.is_empty() || scope.describes(context, cell);
    let failed = coverage.failed.iter().find(|failed| {
        let step = failed.cell.phase != Phase::Probe && failed.kind.blinds();
        let counts = context.scan.is_lost_page(failed) || !item.set_by.is_empty() && step;
        counts && meant(&failed.url) && whoever(&failed.cell)
    });
    let by_error =
        coverage.pages.iter().find(|page| !page.is_answer() && meant(&page.example) && whoever(&page.cell));
    let detail = match (failed, by_error) {
        (Some(failed), _) => format!("{}: {}", failed.url, failed.detail),
        (None, Some(page)) => format!("{} answered {}", page.example, page.status),
        (None, None) if coverage.lost > 0 => {
            format!("{} of what was seen could not be kept", count(coverage.lost, "things"))
        }
        (None, None) if coverage.came_back_without > 0 => format!(
            "the run was interrupted, and its visitors came back without {} that they had",
            count(coverage.came_back_without, "cookies")
        ),
        (None, None) => {
            let closed = coverage.same_answers.iter().find(|same| same.door && whoever(&same.cell));
            let Some(closed) = closed else { return Ok(()) };
            format!("{} of {} addresses showed one and the same page", closed.count, closed.of)
        }
    };
    Err(Standing::open(Why::NotReached, detail, "a run that reaches these pages"))
}

/// Why the policy page was not looked at.
pub(crate) fn policy_not_looked_at(context: &Context<'_>) -> Standing {
    match &context.scan.policy {
        Some(page) => Standing::open(
            Why::NotReached,
            match page.status {
                0 => "the policy page does not answer".to_owned(),
                status => format!("the policy page answers {status}"),
            },
            "a run that reaches the policy page",
        ),
        None if context.manifest.site.policy_url.is_none() => Standing::open(
            Why::NotPlanned,
            "the manifest does not say where the policy is published",
            "`policy_url` of the manifest",
        ),
        None => match reach(context, &Scope::default()) {
            Err(open) => open,
            Ok(_) => Standing::open(
                Why::NotReached,
                "the policy page was not reached",
                "a run that reaches the policy page",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, Scope};
    use crate::audit::testing::Site;
    use crate::manifest::{Trigger, VisitorState};
    use crate::observation::{Cell, Consent, Phase};
    use crate::vendors::Knowledge;

    #[test]
    fn a_journeys_pages_are_not_those_of_the_crawl() {
        let case = Site::plain().in_browser();
        let (manifest, scan) = (&case.manifest, case.scan());
        let knowledge = Knowledge::default();
        let context = Context::new(manifest, &scan, None, &knowledge);
        let mut cell = scan.coverage.pages[0].cell.clone();
        let describes = |trigger: Option<Trigger>, cell: &Cell| {
            Scope { trigger, ..Scope::default() }.describes(&context, cell)
        };
        assert!(describes(None, &cell));
        assert!(!describes(Some(Trigger::Interaction), &cell));
        assert!(!describes(Some(Trigger::Journey("order".into())), &cell));
        cell.phase = Phase::Journey;
        assert!(describes(Some(Trigger::Interaction), &cell));
    }

    #[test]
    fn a_scope_needs_the_answer_of_its_visitors() {
        let needs = |visitors: &[VisitorState]| {
            Scope { visitors: visitors.to_vec(), ..Scope::default() }.needs_consent()
        };
        assert_eq!(needs(&[VisitorState::ConsentAccepted]), Some(Consent::Accepted));
        assert_eq!(needs(&[VisitorState::ConsentRejected]), Some(Consent::Rejected));
        assert_eq!(needs(&[VisitorState::ConsentWithdrawn]), Some(Consent::Withdrawn));
        assert_eq!(needs(&[VisitorState::ConsentAccepted, VisitorState::ConsentRejected]), None);
        assert_eq!(needs(&[VisitorState::Anonymous]), None);
    }
}
