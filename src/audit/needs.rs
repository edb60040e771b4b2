//! What a verdict needs before it may say *upheld*: which engine, which visitors and pages, how many
//! of them, which states of consent, which probe, which earlier scan. One row for each kind of
//! claim; [`of`] names every kind, so that a new one cannot be forgotten, and no claim is upheld
//! whose row is not satisfied (`verdicts`), whatever its rule says.
//!
//! A rule judges what it sees. Whether enough was seen is decided here.

use super::Why;
use super::context::Context;
use super::standing::{self, Scope, Standing};
use crate::cookie::Decision;
use crate::manifest::{About, Absence, ItemAspect, LifetimeRule, PolicyAspect, ThirdPartyAspect, Trigger};
use crate::observation::{BannerMoment, ProbeKind, ProbeResult, StorageKind};

/// One row of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    /// Scripts may break it, and only a browser runs them: what it adds.
    pub(crate) browser: Option<&'static str>,
    /// The item must have been seen: the claim is about what it is like when it is there.
    pub(crate) sighting: Option<usize>,
    /// It is about all visitors and pages of a scope, and one that was not looked at may break it.
    pub(crate) everything: Option<Scope>,
    /// It speaks of visitors whatever they answer to the consent question.
    pub(crate) whatever_consent: bool,
    /// The third party must have been asked for something.
    pub(crate) contact: Option<usize>,
    /// An act must have been done, for this item or for none.
    pub(crate) probe: Option<Probe>,
    /// The published policy page must have been read.
    pub(crate) policy_page: bool,
    /// An earlier scan of the same site, looked at as this one was.
    pub(crate) previous: bool,
    /// Values, or what visitors carry along, are compared across the whole run: of one that was interrupted
    /// they cannot be.
    pub(crate) in_one_go: bool,
}

/// An act that a claim needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) is: fn(&ProbeKind) -> bool,
    pub(crate) item: Option<usize>,
    /// It need not have been planned; but where it was and could not be done, nothing is upheld.
    pub(crate) only_if_asked: bool,
    /// What of the plan makes it.
    pub(crate) decided_by: &'static str,
}

/// What a claim needs.
pub(crate) fn of(context: &Context<'_>, about: About) -> Needs {
    match about {
        About::Item(index, aspect) => of_item(context, index, aspect),
        About::ThirdParty(index, aspect) => of_third_party(index, aspect),
        About::Link(_) => Needs::default(),
        About::NoCookies(number) => {
            let rule = context.manifest.policy.no_cookies.get(number).map(|stated| &stated.value);
            let scope = rule.map_or_else(Scope::default, |rule| Scope {
                visitors: rule.visitors.clone(),
                pages: rule.pages.clone(),
                trigger: None,
            });
            never("scripts set cookies, too", scope)
        }
        About::Policy(aspect) => of_policy(context, aspect),
    }
}

/// Why what a claim needs is not there; none where it is.
pub(crate) fn unmet(context: &Context<'_>, about: About) -> Option<Standing> {
    let needs = of(context, about);
    if let Some(adds) = needs.browser
        && !context.has_browser()
    {
        return Some(Standing::needs_browser(adds));
    }
    if let Some(item) = needs.sighting
        && context.sightings(item).next().is_none()
    {
        return Some(standing::unseen(context, item));
    }
    if let Some(scope) = &needs.everything {
        if let Err(open) = standing::all_of(context, scope) {
            return Some(open);
        }
        if needs.whatever_consent
            && scope.needs_consent().is_none()
            && let Err(open) = standing::every_answer(context)
        {
            return Some(open);
        }
    }
    if needs.policy_page && context.scan.policy.is_none() {
        return Some(standing::policy_not_looked_at(context));
    }
    if needs.previous
        && let Err(open) = &context.previous
    {
        return Some(open.clone());
    }
    if let Some(probe) = &needs.probe
        && let Err(open) = probed(context, probe)
    {
        return Some(open);
    }
    if needs.in_one_go && context.scan.coverage.interruptions > 0 {
        return Some(Standing::open(
            Why::NotReached,
            "the run was interrupted, and values of before and after were not compared",
            "a run that is not interrupted",
        ));
    }
    let contact = needs.contact.filter(|index| context.requests_to(*index) == 0)?;
    Some(Standing::open(
        Why::NeverSeen,
        format!("{} was never asked for anything", context.third_party(contact).provider),
        "a page or journey that makes the site use it",
    ))
}

// --- the table --------------------------------------------------------------------------------------

/// Nobody, nowhere: a browser looked at everything that the scope speaks of.
fn never(what_a_browser_adds: &'static str, scope: Scope) -> Needs {
    Needs {
        browser: Some(what_a_browser_adds),
        everything: Some(scope),
        whatever_consent: true,
        ..Needs::default()
    }
}

fn of_item(context: &Context<'_>, index: usize, aspect: ItemAspect) -> Needs {
    let item = context.item(index);
    let everywhere = |adds: &'static str| {
        // What responses set with HttpOnly no script writes: plain HTTP sees all there is to see.
        let by_script = !context.is_http_only(index);
        Needs {
            browser: by_script.then_some(adds),
            whatever_consent: by_script,
            ..never(adds, Scope::default())
        }
    };
    let probe = |is: fn(&ProbeKind) -> bool, decided_by: &'static str| Needs {
        probe: Some(Probe { is, item: Some(index), only_if_asked: false, decided_by }),
        ..Needs::default()
    };
    let like = Needs { sighting: Some(index), ..Needs::default() };
    match aspect {
        ItemAspect::Lifetime | ItemAspect::LifetimeFor(_) => {
            let rule = match aspect {
                ItemAspect::LifetimeFor(state) => item.lifetime_for.get(&state),
                _ => item.lifetime.as_ref(),
            };
            let until_logout = rule.is_some_and(ends_with_logout);
            Needs { probe: until_logout.then(|| Probe { only_if_asked: true, ..logout(index) }), ..like }
        }
        ItemAspect::Present
        | ItemAspect::Name
        | ItemAspect::HttpOnly
        | ItemAspect::Secure
        | ItemAspect::SameSite
        | ItemAspect::Path
        | ItemAspect::Domain
        | ItemAspect::Party
        | ItemAspect::Partitioned
        | ItemAspect::Prefix
        | ItemAspect::Accepted
        | ItemAspect::Value => like,
        ItemAspect::ScriptReadable => Needs { in_one_go: item.script_readable == Some(false), ..like },
        ItemAspect::Category => {
            let adds = "what a cookie is used for shows when scripts run";
            Needs { browser: (!context.is_http_only(index)).then_some(adds), ..like }
        }
        ItemAspect::SetOn => {
            Needs { sighting: Some(index), ..everywhere("scripts set cookies on other pages, too") }
        }
        ItemAspect::SetBy => Needs { sighting: Some(index), ..everywhere("a script may write it, too") },
        ItemAspect::OnlyWith => Needs { sighting: Some(index), ..everywhere("scripts set cookies, too") },
        ItemAspect::Visitors => everywhere("a script may set it for others"),
        ItemAspect::Trigger => {
            let waits_for_consent =
                matches!(item.trigger, Some(Trigger::ConsentAccepted | Trigger::ConsentGiven));
            Needs {
                sighting: Some(index),
                whatever_consent: !waits_for_consent && !context.is_http_only(index),
                ..everywhere("a script may set it earlier")
            }
        }
        ItemAspect::SentOnlyTo => {
            Needs { in_one_go: true, ..never("scripts make requests, too", Scope::default()) }
        }
        ItemAspect::SentCrossSite => Needs {
            sighting: Some(index),
            in_one_go: true,
            ..never("only a browser makes requests from other sites' pages", Scope::default())
        },
        ItemAspect::Rolling => {
            probe(|kind| *kind == ProbeKind::RollingRenewal, "`renewal_after` of [probes] in the plan")
        }
        ItemAspect::RequiredFor => probe(
            |kind| matches!(kind, ProbeKind::RequiredFor | ProbeKind::TokenRequired),
            "probes in the plan, for a persona who gets these pages",
        ),
        ItemAspect::Refreshes => {
            probe(|kind| matches!(kind, ProbeKind::Refreshes { .. }), "`refresh` of the persona in the plan")
        }
        ItemAspect::UpdatedBy => probe(
            |kind| matches!(kind, ProbeKind::UpdatedBy { .. }),
            "the journey of `updated_by` in the plan",
        ),
        ItemAspect::MirroredIn => Needs {
            browser: Some("plain HTTP has no storage"),
            ..probe(|kind| matches!(kind, ProbeKind::StorageMirror { .. }), "a consent state in the plan")
        },
        // Which visitors are needed, and that it was there before, is the rule's own matter.
        ItemAspect::ClearedOnWithdrawal => {
            Needs { browser: Some("consent is taken back by a click"), ..Needs::default() }
        }
        ItemAspect::ClearedOnLogout => Needs { probe: Some(logout(index)), ..Needs::default() },
    }
}

fn of_third_party(index: usize, aspect: ThirdPartyAspect) -> Needs {
    let contacted = |adds: &'static str| Needs { contact: Some(index), ..never(adds, Scope::default()) };
    match aspect {
        ThirdPartyAspect::AllowedOn => never("third parties are loaded by scripts", Scope::default()),
        ThirdPartyAspect::After => Needs {
            whatever_consent: false,
            ..never("third parties are loaded by scripts", Scope::default())
        },
        ThirdPartyAspect::Embedded => never("scripts embed what the markup does not show", Scope::default()),
        ThirdPartyAspect::Confined => never("its cookies are written by scripts", Scope::default()),
        ThirdPartyAspect::SetsCookies | ThirdPartyAspect::SetsStorage => {
            contacted("its scripts were not run")
        }
        ThirdPartyAspect::Identifiers | ThirdPartyAspect::PersonalData => {
            Needs { in_one_go: true, ..contacted("its requests are made by scripts") }
        }
        ThirdPartyAspect::OnlyProvider => contacted("others are loaded by scripts"),
        ThirdPartyAspect::NeedsConsent => {
            Needs { whatever_consent: false, ..contacted("whether it is loaded shows when scripts run") }
        }
    }
}

fn of_policy(context: &Context<'_>, aspect: PolicyAspect) -> Needs {
    let policy = &context.manifest.policy;
    let absent = |adds: &'static str, absence: Option<&Absence>| {
        let scope = absence.map_or_else(Scope::default, |absence| Scope {
            visitors: absence.visitors.clone(),
            pages: absence.pages.clone(),
            trigger: None,
        });
        never(adds, scope)
    };
    let banner =
        Needs { browser: Some("whether a banner is shown is for a browser to see"), ..Needs::default() };
    let look_for = |moment: fn(&ProbeKind) -> bool| Needs {
        probe: Some(Probe {
            is: moment,
            item: None,
            only_if_asked: false,
            decided_by: "consent states in the plan",
        }),
        ..banner.clone()
    };
    let page = Needs { policy_page: true, ..Needs::default() };
    match aspect {
        PolicyAspect::Inventory | PolicyAspect::Categories => {
            never("scripts set cookies, too", Scope::default())
        }
        PolicyAspect::Advertising => {
            absent("advertising cookies are set by scripts", value(&policy.advertising))
        }
        PolicyAspect::Tracking => absent("tracking cookies are set by scripts", value(&policy.tracking)),
        PolicyAspect::AnalyticsCookies => {
            absent("analytics cookies are set by scripts", value(&policy.analytics_cookies))
        }
        PolicyAspect::ThirdPartyCookies => never("third parties are loaded by scripts", Scope::default()),
        PolicyAspect::ThirdPartyEmbeds => {
            absent("scripts embed what the markup does not show", value(&policy.third_party_embeds))
        }
        PolicyAspect::ThirdParties => {
            never("scripts ask third parties whom the markup does not show", Scope::default())
        }
        PolicyAspect::CookieSettingScripts => {
            absent("only a browser runs scripts", value(&policy.cookie_setting_scripts))
        }
        PolicyAspect::CrossSiteTracking => {
            absent("trackers are loaded by scripts", value(&policy.cross_site_tracking))
        }
        PolicyAspect::UndeclaredStorage => {
            absent("plain HTTP has no storage", value(&policy.undeclared_storage).map(|none| &none.0))
        }
        // Which of the site's addresses over http it takes is the rule's own matter.
        PolicyAspect::PlainHttpCookies => Needs::default(),
        PolicyAspect::ConsentBanner => {
            look_for(|kind| *kind == ProbeKind::Banner { moment: BannerMoment::FirstVisit })
        }
        PolicyAspect::BannerNotRepeated => {
            look_for(|kind| *kind == ProbeKind::Banner { moment: BannerMoment::AfterConsent })
        }
        PolicyAspect::BannerBackAfterClearing => {
            look_for(|kind| *kind == ProbeKind::Banner { moment: BannerMoment::AfterClearing })
        }
        PolicyAspect::ConsentBefore => Needs {
            whatever_consent: false,
            ..never("what waits for consent is set by scripts", Scope::default())
        },
        PolicyAspect::ConsentRenewedOnChange => Needs { previous: true, ..banner },
        PolicyAspect::CoversLinkingHosts => {
            Needs { policy_page: true, everything: Some(Scope::default()), ..Needs::default() }
        }
        PolicyAspect::LastUpdatedShown | PolicyAspect::PolicyReachable | PolicyAspect::PolicyNamesCookies => {
            page
        }
        PolicyAspect::PolicyAgrees | PolicyAspect::PolicyLinks => page,
        PolicyAspect::DateFollowsInventory => Needs { previous: true, ..page },
        PolicyAspect::NecessaryRequiredFor => Needs {
            probe: Some(Probe {
                is: |kind| matches!(kind, ProbeKind::RequiredFor | ProbeKind::TokenRequired),
                item: None,
                only_if_asked: false,
                decided_by: "probes in the plan, for a persona who gets these pages",
            }),
            ..Needs::default()
        },
        // One login proves it.
        PolicyAspect::LoginWithoutConsent => Needs::default(),
        PolicyAspect::HonoursGpc => Needs {
            browser: Some("scripts read the signal, too"),
            probe: Some(Probe {
                is: |kind| *kind == ProbeKind::GlobalPrivacyControl,
                item: None,
                only_if_asked: false,
                decided_by: "`gpc` of [probes] in the plan",
            }),
            ..Needs::default()
        },
    }
}

fn value<T>(stated: &Option<crate::manifest::Stated<T>>) -> Option<&T> {
    stated.as_ref().map(|stated| &stated.value)
}

fn logout(index: usize) -> Probe {
    Probe {
        is: |kind| *kind == ProbeKind::ClearedOnLogout,
        item: Some(index),
        only_if_asked: false,
        decided_by: "`logout` steps of the persona in the plan",
    }
}

fn ends_with_logout(rule: &LifetimeRule) -> bool {
    match rule {
        LifetimeRule::UntilLogout => true,
        LifetimeRule::Either(rules) => rules.iter().any(ends_with_logout),
        _ => false,
    }
}

// --- whether it is there ----------------------------------------------------------------------------

/// The act was done, and what came of it was clear.
fn probed(context: &Context<'_>, probe: &Probe) -> Result<(), Standing> {
    let outcomes = || {
        context
            .outcomes(probe.is)
            .filter(|outcome| probe.item.is_none_or(|item| context.concerns(outcome, item)))
    };
    let not_done = outcomes().find_map(|outcome| match &outcome.result {
        ProbeResult::NotDone { why } => Some(why),
        _ => None,
    });
    if let Some(why) = not_done {
        return Err(Standing::open(Why::NotReached, why.clone(), probe.decided_by));
    }
    if outcomes().any(|outcome| outcome.result == ProbeResult::Holds) {
        return Ok(());
    }
    let failed = outcomes().find_map(|outcome| match &outcome.result {
        ProbeResult::Undecided { why } if !probe.only_if_asked => Some((Why::NotPlanned, why)),
        _ => None,
    });
    match failed {
        Some((why, detail)) => Err(Standing::open(why, detail.clone(), probe.decided_by)),
        None if probe.only_if_asked => Ok(()),
        None => Err(Standing::open(Why::NotPlanned, "no probe asked", probe.decided_by)),
    }
}

impl Context<'_> {
    /// Responses set it with HttpOnly wherever it was seen, or the manifest says that they do.
    pub(crate) fn is_http_only(&self, index: usize) -> bool {
        let item = self.item(index);
        let written = |seen: &super::context::Seen<'_>| {
            seen.example().written.http_only || matches!(seen.example().decision, Decision::Deleted { .. })
        };
        item.kind == StorageKind::Cookie
            && !self.sightings(index).any(|seen| seen.by_script())
            && (item.http_only == Some(true)
                || self.sightings(index).next().is_some() && self.sightings(index).all(written))
    }

    /// Requests that really went to a declared third party.
    pub(crate) fn requests_to(&self, index: usize) -> u64 {
        self.foreign_contacts()
            .filter(|contact| contact.fetched && self.provider_of_host(&contact.host) == Some(index))
            .map(|contact| contact.count)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::audit::{Audit, State, audit};
    use crate::manifest::{
        Absence, BannerRule, Category, Glob, Item, LifetimeRule, Manifest, NoCookies, NoIdentifiers, Span,
        ThirdParty, ThirdPartyRule, Trigger, VisitorState, claims_of,
    };
    use crate::observation::{
        Consent, ConsentLook, FailureKind, Phase, ProbeKind, ProbeResult, Resource, Scan, StorageKind,
    };
    use proptest::prelude::*;

    const INVENTORY: &str = "claims.inventory";

    fn plain() -> Site {
        Site::with(Item::named("sid")).expecting_nothing().complete().in_browser()
    }

    fn with_pages(answering: usize, failing: usize) -> Site {
        let site = (1..answering).fold(plain(), |site, number| site.visited(&format!("/page/a{number}x")));
        (0..failing).fold(site, |site, number| site.visited_with(&format!("/page/b{number}x"), 503))
    }

    #[test]
    fn a_tenth_of_the_pages_may_fail() {
        with_pages(9, 1).finds_nothing().upholds(INVENTORY);
        with_pages(8, 1).finds_nothing().leaves(INVENTORY, "not-reached");
        with_pages(1, 40).finds_nothing().leaves(INVENTORY, "not-reached");
        let walled = plain().failing("/a", FailureKind::BotWall);
        walled.finds_nothing().leaves(INVENTORY, "not-reached");
        // What is beside the pages is none of them.
        plain().failing("/robots.txt", FailureKind::ServerError).upholds(INVENTORY);
        plain().failing("http://site.example/", FailureKind::Refused).upholds(INVENTORY);
    }

    #[test]
    fn a_provider_that_was_asked_for_nothing_showed_nothing() {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.sets_cookies = Some(false);
        let site = Site::plain().party(party).in_browser();
        let claim = "third_parties.plausible.sets-cookies";
        site.finds_nothing().leaves(claim, "never-seen");
        site.contact("https://plausible.io/js/script.js", Resource::Script, "/")
            .finds_nothing()
            .upholds(claim);
    }

    #[test]
    fn a_provider_without_requests_was_not_seen_to_keep_silent() {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.identifiers = Some(false);
        let site = Site::plain().party(party).in_browser();
        let claim = "third_parties.plausible.identifiers";
        site.finds_nothing().leaves(claim, "never-seen");
        site.contact("https://plausible.io/api/event", Resource::Fetch, "/").finds_nothing().upholds(claim);
    }

    #[test]
    fn what_waits_for_a_journey_is_not_looked_at_by_the_crawl() {
        let mut item = Item::named("basket");
        item.trigger = Some(Trigger::Interaction);
        Site::with(item).in_browser().finds_nothing().leaves("cookies.basket.present", "not-planned");
    }

    #[test]
    fn a_site_without_https_has_its_pages_over_http() {
        let site = Site::with(Item::named("sid")).expecting_nothing().complete().over_http().in_browser();
        site.finds_nothing().upholds(INVENTORY);
    }

    #[test]
    fn only_what_ends_with_the_logout_needs_one() {
        let of = |lifetime| {
            let mut item = Item::named("sid");
            item.lifetime = Some(lifetime);
            let not_done =
                probe(ProbeKind::ClearedOnLogout).cookie("sid").not_done("GET /logout answered 405");
            Site::with(item).when(line("sid=1; Max-Age=60; HttpOnly").login()).probed(not_done)
        };
        of(LifetimeRule::Max(Span::seconds(60))).finds_nothing().upholds("cookies.sid.lifetime");
        let until =
            LifetimeRule::Either(vec![LifetimeRule::UntilLogout, LifetimeRule::Max(Span::seconds(60))]);
        of(until).finds_nothing().leaves("cookies.sid.lifetime", "not-reached");
    }

    #[test]
    fn a_journey_that_was_not_made_leaves_what_it_may_have_shown() {
        plain().upholds(INVENTORY);
        let not_made = plain().journey_not_made("checkout", "the plan's line 7 failed: no such button");
        not_made.finds_nothing().leaves(INVENTORY, "not-reached");
    }

    #[test]
    fn the_limit_of_pages_is_no_failure_and_the_verdict_says_how_far_it_reached() {
        #[track_caller]
        fn case(site: &Site, expected: &str) {
            let audit = site.upholds(INVENTORY).audit();
            let verdict = audit.verdicts.iter().find(|verdict| verdict.claim == INVENTORY).unwrap();
            let State::Upheld { seen } = &verdict.state else { panic!("{verdict:?}") };
            assert_eq!(seen, expected);
        }
        let site = plain().visited("/blog/1").visited("/blog/2").visited("/about");
        case(&site, "4 pages as anonymous");
        let site = site.asking_for(2, 49_998, "/blog/3");
        case(&site, "4 of at least 50000 addresses, all 2 templates as anonymous");
        case(
            &site.asking_for(0, 7, "/shop/new/x"),
            "4 of at least 50007 addresses, 2 of 3 templates as anonymous",
        );
    }

    #[test]
    fn what_could_not_be_kept_was_not_judged() {
        plain().losing(1).finds_nothing().leaves(INVENTORY, "not-reached");
        let never = Site::with(Item::named("sid")).in_browser();
        never.finds("declared-never-seen: cookies.sid.present");
        never.losing(1).finds_nothing().leaves("cookies.sid.present", "not-reached");
    }

    #[test]
    fn what_was_interrupted_was_not_compared() {
        let never = Site::with(Item::named("sid")).in_browser();
        never.interrupted(0).finds("declared-never-seen: cookies.sid.present");
        never.interrupted(1).finds_nothing().leaves("cookies.sid.present", "not-reached");
        let mut item = Item::named("sid");
        item.script_readable = Some(false);
        let site = Site::with(item).in_browser().when(line("sid=1; HttpOnly"));
        site.upholds("cookies.sid.script-readable");
        site.interrupted(0).finds_nothing().leaves("cookies.sid.script-readable", "not-reached");
        let open = Site::with({
            let mut item = Item::named("sid");
            item.script_readable = Some(false);
            item
        });
        let refuted = open.in_browser().when(line("sid=1")).interrupted(1);
        refuted.finds("script-readable: cookies.sid.script-readable");
    }

    #[test]
    fn a_page_that_failed_may_be_the_one_that_sets_it() {
        let never = Site::with(Item::named("sid")).in_browser();
        never.visited_with("/start", 503).finds_nothing().leaves("cookies.sid.present", "not-reached");
        let mut item = Item::named("sid");
        item.set_by = vec!["auth".into()];
        let site = Site::with(item).pages("auth", &["/auth/**"]).in_browser();
        site.visited_with("/elsewhere", 503).finds("declared-never-seen: cookies.sid.present");
        site.visited_with("/auth/start", 503).finds_nothing().leaves("cookies.sid.present", "not-reached");
    }

    #[test]
    fn a_banner_that_nobody_accepted_leaves_visitors_who_were_not_looked_at() {
        let asked = plain().met(Consent::Untouched, |look| look.shown = Some(true));
        asked.finds_nothing().leaves(INVENTORY, "not-reached");
        asked.visited_by(anonymous().consenting(Consent::Accepted)).finds_nothing().upholds(INVENTORY);
        plain().met(Consent::Untouched, |look| look.shown = Some(false)).upholds(INVENTORY);
        let failed = plain().met(Consent::Accepted, |look| look.not_reached = Some("no button".into()));
        failed.leaves(INVENTORY, "not-reached");
        // A box that may ask is not nothing; a refusal that the plan could not make is no page that failed.
        let unclear = |look: &mut ConsentLook| {
            (look.shown, look.suspected) = (Some(false), Some("We use cookies".into()));
        };
        plain().met(Consent::Untouched, unclear).leaves(INVENTORY, "not-reached");
        let nowhere = |look: &mut ConsentLook| {
            (look.planned, look.not_reached) = (true, Some("`#no` is not on the start page".into()));
        };
        let refusing =
            asked.visited_by(anonymous().consenting(Consent::Accepted)).met(Consent::Rejected, nowhere);
        refusing.finds_nothing().upholds(INVENTORY);
        let without = NoCookies {
            visitors: vec![VisitorState::ConsentRejected],
            pages: Vec::new(),
            except: Vec::new(),
        };
        refusing
            .claims(|policy| policy.no_cookies = vec![plainly(without)])
            .leaves("claims.no-cookies.1", "not-reached");
        let shown = BannerRule::Shown { repeated: None, back_after_clearing: None };
        plain().claims(|policy| policy.consent_banner = stated(shown)).leaves(INVENTORY, "not-planned");
        // What waits for consent is looked at before it.
        asked
            .claims(|policy| policy.consent_before = stated(vec![Category::Analytics]))
            .upholds("claims.consent-before");
    }

    #[test]
    fn scripts_may_break_what_responses_keep() {
        let mut item = Item::named("sid");
        item.set_by = vec!["auth".into()];
        item.category = Some(Category::StrictlyNecessary);
        let site = Site::with(item).pages("auth", &["/"]);
        let plain = site.when(line("sid=1"));
        plain.leaves("cookies.sid.set-by", "needs-browser").leaves("cookies.sid.category", "needs-browser");
        let http_only = site.when(line("sid=1; HttpOnly"));
        http_only.upholds("cookies.sid.set-by").upholds("cookies.sid.category");
        plain.in_browser().upholds("cookies.sid.set-by").upholds("cookies.sid.category");
    }

    #[test]
    fn a_logout_that_could_not_be_made_says_nothing() {
        let mut item = Item::named("sid");
        item.cleared_on_logout = Some(true);
        item.lifetime = Some(LifetimeRule::UntilLogout);
        let site = Site::with(item).when(line("sid=1; HttpOnly").login());
        let why = "the logout step failed, GET /logout answered 405";
        let failed = site.probed(probe(ProbeKind::ClearedOnLogout).cookie("sid").not_done(why));
        failed
            .finds_nothing()
            .leaves("cookies.sid.cleared-on-logout", "not-reached")
            .leaves("cookies.sid.lifetime", "not-reached");
        let told = failed.audit().verdicts.iter().any(
            |verdict| matches!(&verdict.state, State::NotVerified { detail, .. } if detail.contains(why)),
        );
        assert!(told);
        site.probed(probe(ProbeKind::ClearedOnLogout).cookie("sid").holds())
            .upholds("cookies.sid.cleared-on-logout")
            .upholds("cookies.sid.lifetime");
    }

    #[test]
    fn anothers_cookie_of_the_same_name_is_another() {
        let mut item = Item::named("locale");
        item.updated_by = vec!["language".into()];
        let site = Site::with(item)
            .complete()
            .claims(|policy| policy.third_party_cookies = stated(ThirdPartyRule::OnlyDeclared))
            .in_browser();
        let theirs = || line("locale=de").from("https://cdn.other.example/x").within("/");
        let updated = || probe(ProbeKind::UpdatedBy { journey: "language".into() }).cookie("locale").holds();
        let only_theirs =
            site.when(theirs()).when(theirs().phase(Phase::Journey).by(member())).probed(updated());
        for claim in ["cookies.locale.present", "cookies.locale.updated-by"] {
            only_theirs.leaves(claim, "refuted");
        }
        for claim in [INVENTORY, "claims.third-party-cookies"] {
            only_theirs.leaves(claim, "refuted");
            site.when(theirs()).when(line("locale=en")).leaves(claim, "refuted");
        }
        site.when(theirs()).when(line("locale=en")).upholds("cookies.locale.present");
    }

    #[test]
    fn a_family_of_random_names_is_one_finding_with_one_id() {
        let site =
            |names: &[&str]| names.iter().fold(plain(), |site, name| site.when(line(&format!("{name}=1"))));
        let tonight = site(&["nonce.Zk3Vb9xQ2LpW7rTn", "nonce.hY7sK2mPq9Xw4LdE", "theme"]);
        let tomorrow = site(&["nonce.pL8vC3nR6bYt1GsA", "theme"]);
        tonight.finds("undeclared-cookie: claims.inventory\nundeclared-cookie: claims.inventory");
        let ids = |site: &Site| -> Vec<String> {
            site.audit().findings.into_iter().map(|finding| finding.id).collect()
        };
        assert_eq!(ids(&tonight), ids(&tomorrow));
        tonight.says("`nonce.*` is set");
    }

    #[test]
    fn ids_do_not_move_with_what_is_shown_together() {
        let site = || {
            plain()
                .claims(|policy| policy.date_follows_inventory = stated(true))
                .policy_page("Last updated: 16 April 2026")
        };
        let now = site().when(line("theme=1"));
        let (alone, compared) = (now.audit(), now.after(site()).audit());
        assert_eq!(alone.findings[0].id, compared.findings[0].id);
        assert_eq!(compared.findings[0].parts.len(), 2);
        assert!(compared.findings[0].parts.contains(&alone.findings[0].parts[0]));
        assert!(compared.findings[0].message.contains("the policy's date has not moved"));
    }

    #[test]
    fn nothing_comparable_is_not_nothing_new() {
        let site = || {
            Site::with(Item::named("sid"))
                .claims(|policy| policy.date_follows_inventory = stated(true))
                .policy_page("Last updated: 16 April 2026")
                .when(line("sid=1"))
        };
        let claim = "claims.date-follows-inventory";
        site().after(site()).upholds(claim);
        site().in_browser().after(site()).leaves(claim, "needs-previous-scan");
        site().visited_by(member()).after(site()).leaves(claim, "needs-previous-scan");
        site().visited("/a").visited("/b/c").after(site()).leaves(claim, "needs-previous-scan");
        site().after(site().at("https://other.example/")).leaves(claim, "needs-previous-scan");
        // What was not looked at then is not new now.
        site().visited("/new").when(line("theme=1").on("/new")).after(site()).finds_nothing();
    }

    // --- less was looked at, and nothing more is upheld -----------------------------------------------

    fn cases() -> Vec<Case> {
        let mut session = Item::named("sid");
        session.visitors = vec![VisitorState::LoggedIn];
        session.http_only = Some(true);
        session.lifetime = Some(LifetimeRule::UntilLogout);
        session.cleared_on_logout = Some(true);
        session.set_on = vec!["members".into()];
        session.trigger = Some(Trigger::Login);
        let mut choice = Item::named("choice");
        choice.trigger = Some(Trigger::ConsentGiven);
        choice.category = Some(Category::StrictlyNecessary);
        choice.only_with = vec!["sid".into()];
        let mut locale = Item::named("locale");
        locale.updated_by = vec!["language".into()];
        let stated_of_all = Site::with(session)
            .and(choice)
            .and(locale)
            .pages("members", &["/account/**"])
            .complete()
            .claims(|policy| {
                policy.advertising = stated(Absence::default());
                policy.tracking = stated(Absence::default());
                policy.undeclared_storage = stated(NoIdentifiers::default());
                policy.third_party_cookies = stated(ThirdPartyRule::None);
                policy.covers_linking_hosts = stated(true);
                policy.date_follows_inventory = stated(true);
                policy.no_cookies = vec![plainly(NoCookies {
                    visitors: vec![VisitorState::Anonymous],
                    pages: vec!["members".into()],
                    except: Vec::new(),
                })];
            })
            .policy_page("Cookies")
            .linked_from("site.example");
        let visited = ["/a", "/b", "/c/d", "/account/x", "/e/f/g", "/h"]
            .iter()
            .fold(stated_of_all, |site, page| site.visited(page));
        let lively = visited
            .in_browser()
            .when(line("sid=1; HttpOnly").login())
            .when(line("sid=2; HttpOnly").by(member()).on("/account/y"))
            .when(line("choice=1").consent(Consent::Accepted))
            .when(line("locale=de").phase(Phase::Journey).by(member()))
            .probed(probe(ProbeKind::ClearedOnLogout).cookie("sid").holds())
            .probed(probe(ProbeKind::UpdatedBy { journey: "language".into() }).cookie("locale").holds());
        vec![
            visited.clone(),
            visited.in_browser(),
            lively.clone(),
            lively.when(line("_ga=GA1.1.1.1").on("/h")),
            lively.when(stored(StorageKind::LocalStorage, "uid", "3b241101-e2bb-4255-8caf-4136c566a962")),
            lively.contact("https://doubleclick.net/x", Resource::Script, "/a"),
            lively.probed(probe(ProbeKind::ClearedOnLogout).cookie("sid").fails("it stays")),
        ]
    }

    fn judged(manifest: &Manifest, scan: &Scan) -> Audit {
        audit(manifest, scan, None)
    }

    /// The same run with these pages and probes not looked at; they stay in the coverage.
    fn with_less(scan: &Scan, pages: &[usize], probes: &[usize]) -> Scan {
        let mut less = scan.clone();
        for index in pages {
            let at = index % less.coverage.pages.len();
            less.coverage.pages[at].status = 503;
        }
        let gone: Vec<_> = less.coverage.pages.iter().filter(|page| page.status == 503).cloned().collect();
        let lost = |cell: &crate::observation::Cell, page: &crate::observation::SafeUrl| {
            gone.iter().any(|page_gone| page_gone.cell == *cell && page_gone.example == *page)
        };
        for observation in &mut less.observations {
            observation.groups.retain(|group| !lost(&group.example.cell, &group.example.page.asked));
        }
        less.observations.retain(|observation| !observation.groups.is_empty());
        less.contacts.retain(|contact| !lost(&contact.cell, &contact.page));
        for index in probes {
            if !less.outcomes.is_empty() {
                let at = index % less.outcomes.len();
                less.outcomes[at].result = ProbeResult::NotDone { why: "the step failed".into() };
            }
        }
        less
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn looking_at_less_upholds_nothing_more(
            which in 0usize..7,
            pages in prop::collection::vec(0usize..64, 0..8),
            probes in prop::collection::vec(0usize..8, 0..3),
        ) {
            let case = &cases()[which];
            let mut manifest = case.manifest.clone();
            manifest.claims = claims_of(&manifest);
            let scan = case.scan();
            let less = with_less(&scan, &pages, &probes);
            let share = less.share(|_, _| true);
            let (before, after) = (judged(&manifest, &scan), judged(&manifest, &less));
            for (was, is) in before.verdicts.iter().zip(&after.verdicts) {
                if !matches!(is.state, State::Upheld { .. }) {
                    continue;
                }
                match was.state {
                    State::Upheld { .. } => {}
                    State::NotVerified { .. } => prop_assert!(false, "{}: {:?} became {:?}", is.claim, was, is),
                    State::Refuted { .. } => prop_assert!(
                        !share.is_too_little(less.run.may_fail),
                        "{}: {:?} became {:?} with {}", is.claim, was, is, share
                    ),
                }
            }
        }
    }
}
