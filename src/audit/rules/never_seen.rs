//! `declared-never-seen`

use super::prelude::*;
use crate::observation::{SkipReason, Skipped};

pub(crate) static RULE: Rule = Rule {
    id: "declared-never-seen",
    sentence: "A declared cookie was looked for where it belongs, and is not there.",
    short: "a declared one was never seen",
    page: "\
The cookie's visitors were there, its pages were visited, what it waits for had happened, and nothing set it. \
A policy that names cookies the site does not have is wrong, too, if less badly: without `expected = true` \
this is a warning. `expected = false` says that the cookie need not appear.

Plain HTTP does not run scripts. It speaks up only where a script cannot be the one that sets the cookie, or \
where the site works without it: an HttpOnly cookie, one with `set_by`, one that a login sets or that pages \
require, and one that is `expected`. Everything else is *not verified* until a browser has looked.

A login that the plan makes by requests runs none of the scripts of its page. What these may write (storage that \
members may have, a members' cookie that no response need set) is *not verified* until a browser used the form: login \
steps with `fill` and `click`.

If something undeclared stands in its place (another name, the same moment), both are one finding.

**To do:** remove the entry from manifest and policy, or find out why the site no longer sets it.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Present, standing),
};

/// Whether an item must have been seen by now, and was not.
pub(crate) fn is_missing(context: &Context<'_>, index: usize) -> bool {
    let item = context.item(index);
    // What only an act of ours brought about (a refresh), and what went along afterwards, was not
    // there by itself.
    let by_itself = |cell: &Cell| match cell.phase {
        Phase::Login | Phase::Crawl | Phase::Journey => true,
        Phase::Probe => only_looked(context, index, cell),
        Phase::Logout | Phase::AfterLogout => false,
    };
    if item.expected == Some(false) || context.sightings(index).any(|seen| by_itself(seen.cell())) {
        return false;
    }
    let scope = Scope::of_item(context, index);
    // It came along from elsewhere: an imported session. A recorded choice that plain HTTP carried
    // says nothing where a browser answered the question itself.
    let answered = scope.needs_consent().filter(|consent| {
        let looked = |cell: &Cell| cell.engine == Engine::Browser && cell.consent == *consent;
        context.scan.coverage.pages.iter().any(|page| looked(&page.cell))
    });
    let recorded = |cell: &Cell| answered.is_some() && cell.engine == Engine::Http;
    if context.sent(index).any(|sent| by_itself(&sent.cell) && !recorded(&sent.cell)) {
        return false;
    }
    // What journeys write was looked for where one of them was made.
    let travelled =
        |outcome: &Outcome| matches!(outcome.result, ProbeResult::Holds | ProbeResult::Fails { .. });
    let made = |outcome: &Outcome| context.concerns(outcome, index) && travelled(outcome);
    let updates = |probe: &ProbeKind| matches!(probe, ProbeKind::UpdatedBy { .. });
    if !item.updated_by.is_empty() && !context.outcomes(updates).any(made) {
        return false;
    }
    // Pages that were never seen as a member may be just those that set it.
    let lost = |skipped: &Skipped| skipped.reason == SkipReason::SessionLost;
    if scope.needs_login() && context.scan.coverage.skipped.iter().any(lost) {
        return false;
    }
    if standing::may_come_with_an_unwatched_login(context, index) {
        return false;
    }
    // Behind a question that nobody could answer may be just what it waits for.
    let asked = context.scan.consent.iter().any(|look| look.shown == Some(true) || look.suspected.is_some());
    let may_wait = item.expected != Some(true)
        && !scope.needs_login()
        && scope.needs_consent().is_none()
        && item.category != Some(Category::StrictlyNecessary);
    if asked && may_wait && standing::every_answer(context).is_err() {
        return false;
    }
    let reached = standing::reach(context, &scope).is_ok()
        && standing::setters_answered(context, index).is_ok()
        && proven(context, &scope);
    let looked = if context.has_browser() {
        standing::engine_ran(context, Engine::Browser) || standing::only_a_response_can(item, &scope)
    } else {
        standing::only_a_response_can(item, &scope)
    };
    looked && (reached || login_went_half_way(context, index, &scope))
}

/// Whether a probe of this visitor only looked, with a signal that visitors send, and none of its acts is about this
/// item: then what it set is what the site sets by itself, if not for everybody.
fn only_looked(context: &Context<'_>, index: usize, cell: &Cell) -> bool {
    let looks = |kind: &ProbeKind| *kind == ProbeKind::GlobalPrivacyControl;
    let theirs = |outcome: &&Outcome| outcome.persona == cell.persona;
    context.outcomes(looks).any(|outcome| theirs(&outcome))
        && !context
            .outcomes(|kind| !looks(kind))
            .filter(theirs)
            .any(|outcome| issues(&outcome.probe, context, index) || context.concerns(outcome, index))
}

/// A refresh that is about another cookie, and issues this one.
fn issues(probe: &ProbeKind, context: &Context<'_>, index: usize) -> bool {
    matches!(probe, ProbeKind::Refreshes { issues } if context.is_name_of(issues, index))
}

/// A session that nothing proves may be none at all: a login form answers 200 with an error.
fn proven(context: &Context<'_>, scope: &Scope) -> bool {
    !scope.needs_login()
        || context.scan.coverage.personas.iter().any(|persona| {
            let unproven = persona.reached == Reached::Unproven;
            persona.visitor.logged_in
                && (persona.reached == Reached::Yes
                    || unproven && login_set_something(context, &persona.name))
        })
}

/// The login gave the persona something that visitors without it do not get.
fn login_set_something(context: &Context<'_>, persona: &str) -> bool {
    let anonymous: BTreeSet<String> =
        context.cookies().filter(|seen| context.anonymous(seen.cell())).map(Seen::name).collect();
    context.cookies().any(|seen| {
        seen.cell().persona == persona
            && seen.cell().phase == Phase::Login
            && !anonymous.contains(&seen.name())
    })
}

/// The login did set other cookies that only members get, and then led nowhere.
fn login_went_half_way(context: &Context<'_>, index: usize, scope: &Scope) -> bool {
    scope.needs_login()
        && context.scan.run.partial.is_none()
        && standing::setters_answered(context, index).is_ok()
        && (0..context.manifest.items.len()).filter(|other| *other != index).any(|other| {
            Scope::of_item(context, other).needs_login()
                && context.sightings(other).any(|seen| seen.cell().phase == Phase::Login)
        })
}

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if !context.missing.contains(&index) {
        return;
    }
    let scope = Scope::of_item(context, index);
    let surely = standing::reach(context, &scope).is_ok();
    let confidence = if surely { Confidence::High } else { Confidence::Medium };
    let severity = if item.expected == Some(true) { Severity::Error } else { Severity::Warning };
    let whom = whom(&scope);
    let mut causes = vec![Cause::Missing(index)];
    if scope.needs_login() {
        // What one login should set and does not has one cause.
        causes.push(Cause::MissingFor(whom.to_owned()));
    }
    let cells = context.scan.coverage.pages.iter().map(|page| &page.cell);
    let cell = cells.filter(|cell| !scope.needs_login() || context.visitor(cell).logged_in).min();
    let looked = standing::reach(context, &scope).unwrap_or_default();
    found.push(
        Violation::new(&RULE, &item.key, format!("`{}` is declared and was never set{whom}", item.key))
            .refutes([About::Item(index, ItemAspect::Present)])
            .because(causes)
            .confidence(confidence)
            .at_most(severity)
            .evidence(cell.map(|cell| {
                let pages = standing::count(looked, "pages");
                evidence::of_words(cell.clone(), format!("not set on {pages}"))
            }))
            .hint("remove it from manifest and policy, or find out why the site no longer sets it"),
    );
}

fn whom(scope: &Scope) -> &'static str {
    match (&scope.trigger, scope.needs_consent(), scope.needs_login()) {
        (_, Some(Consent::Accepted), _) => " after consent was given",
        (_, _, true) => " for anybody who logged in",
        (Some(Trigger::Journey(_) | Trigger::Interaction), ..) => " by its journey",
        _ => "",
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    Some(match standing::amount(context.sightings(index)) {
        Some(seen) => Standing::Upheld(seen),
        None => standing::unseen(context, index),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, VisitorState};
    use crate::observation::{ProbeKind, StorageKind};

    fn session(name: &str) -> Item {
        let mut item = Item::named(name);
        item.visitors = vec![VisitorState::LoggedIn];
        item.http_only = Some(true);
        item
    }

    #[test]
    fn a_login_that_does_not_set_it() {
        let site = Site::with(session("access")).and(session("refresh"));
        site.when(line("access=1; HttpOnly").login())
            .when(line("refresh=1; HttpOnly").login())
            .finds_nothing()
            .upholds("cookies.access.present");
        site.when(line("refresh=1; HttpOnly").login())
            .finds("declared-never-seen: cookies.access.present")
            .says("`access` is declared and was never set for anybody who logged in");
        // The login set one of two cookies and led nowhere: the other one is why.
        site.when(line("refresh=1; HttpOnly").login().by(member().refused()))
            .finds("declared-never-seen: cookies.access.present");
    }

    #[test]
    fn what_only_a_probe_brought_was_not_set() {
        let refreshed = line("access=1; HttpOnly").by(member()).phase(crate::observation::Phase::Probe);
        Site::with(session("access"))
            .and(session("refresh"))
            .when(line("refresh=1; HttpOnly").login())
            .when(refreshed)
            .finds("declared-never-seen: cookies.access.present");
    }

    #[test]
    fn what_is_set_for_those_who_send_a_signal_was_set() {
        let mut item = Item::named("opted_out");
        item.http_only = Some(true);
        let set = || line("opted_out=1; HttpOnly").by(member()).phase(crate::observation::Phase::Probe);
        let site = Site::with(item).and(Item::named("sid"));
        site.when(line("sid=1")).when(set()).finds("declared-never-seen: cookies.opted_out.present");
        let signal = || probe(ProbeKind::GlobalPrivacyControl).holds();
        site.when(line("sid=1"))
            .when(set())
            .probed(signal())
            .finds_nothing()
            .upholds("cookies.opted_out.present");
        let refresh = probe(ProbeKind::Refreshes { issues: "opted_out".into() }).cookie("sid").holds();
        site.when(line("sid=1"))
            .when(set())
            .probed(signal())
            .probed(refresh)
            .finds("declared-never-seen: cookies.opted_out.present");
    }

    #[test]
    fn a_login_that_failed_says_nothing_of_cookies() {
        Site::with(session("access"))
            .visited_by(member().refused())
            .finds_nothing()
            .leaves("cookies.access.present", "not-reached");
        Site::with(session("access"))
            .looked_at()
            .finds_nothing()
            .leaves("cookies.access.present", "not-planned");
        Site::with(session("access")).visited_by(member().unproven()).finds_nothing();
    }

    #[test]
    fn what_a_script_may_set_waits_for_a_browser() {
        let site = Site::with(Item::named("locale"));
        site.looked_at().finds_nothing().leaves("cookies.locale.present", "needs-browser");
        site.looked_at().in_browser().finds("declared-never-seen: cookies.locale.present");
    }

    #[test]
    fn what_the_scripts_of_a_login_write_waits_for_the_form_to_be_used() {
        let storage = |visitors: &[VisitorState]| {
            let mut item = Item::named("auth.message");
            item.kind = StorageKind::LocalStorage;
            item.visitors = visitors.to_vec();
            let other = line("sid=1; HttpOnly").login();
            Site::with(item).and(session("sid")).in_browser().when(other)
        };
        const CLAIM: &str = "storage.auth.message.present";
        for visitors in [&[][..], &[VisitorState::LoggedIn]] {
            let site = storage(visitors);
            site.finds(&format!("declared-never-seen: {CLAIM}"));
            site.logged_in_by_requests().finds_nothing().leaves(CLAIM, "needs-browser");
        }
        storage(&[VisitorState::Anonymous])
            .logged_in_by_requests()
            .finds(&format!("declared-never-seen: {CLAIM}"));
        // What a response sets was seen not to be set.
        Site::with(session("access"))
            .and(session("sid"))
            .in_browser()
            .when(line("sid=1; HttpOnly").login())
            .logged_in_by_requests()
            .finds("declared-never-seen: cookies.access.present");
        // Elsewhere than where one logs in, browsers looked.
        let mut item = Item::named("draft");
        (item.kind, item.set_on) = (StorageKind::SessionStorage, vec!["editor".into()]);
        let site = Site::with(item).and(session("sid")).pages("editor", &["/"]).in_browser();
        let elsewhere = site.when(line("sid=1; HttpOnly").login().on("/login")).logged_in_by_requests();
        elsewhere.finds("declared-never-seen: storage.draft.present");
        site.when(line("sid=1; HttpOnly").login().on("/")).logged_in_by_requests().finds_nothing();
    }

    #[test]
    fn another_name_in_its_place_is_one_finding() {
        let site = Site::with(session("caption_session_token")).complete();
        site.when(line("better-auth.session_token=3f2b8c1e9d4a4f6b8a7c1e2d3c4b5a69; HttpOnly").login())
            .finds("undeclared-cookie: claims.inventory, cookies.caption_session_token.present");
    }

    #[test]
    fn what_a_journey_writes_is_missed_where_the_journey_was_made() {
        let mut item = Item::named("locale");
        item.updated_by = vec!["language".into()];
        let site = Site::with(item).in_browser();
        let made = || probe(ProbeKind::UpdatedBy { journey: "language".into() }).cookie("locale");
        site.finds_nothing().leaves("cookies.locale.present", "never-seen");
        site.probed(made().undecided("the journey failed")).finds_nothing();
        site.probed(made().fails("it did not write it"))
            .finds("updated-by: cookies.locale.present, cookies.locale.updated-by");
    }
}
