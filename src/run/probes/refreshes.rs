//! The refresh request with and without what it needs (`refreshes`).

use crate::engine::Visit;
use crate::manifest::Item;
use crate::observation::{Consent, Phase, ProbeResult};
use crate::plan::Probe;
use crate::run::context::{Ended, cell};
use crate::run::persona::PersonaSession;
use crate::run::probes::{
    ProbeAnswer, answer, drop_cookies, held, is_named, is_no_word, not_done, undecided,
};
use crate::run::recorder::As;
use crate::run::runner::Runner;
use crate::run::visits::kept;

impl Runner<'_> {
    /// The refresh request with the access cookie dropped issues it again; without the refresh
    /// cookie it does not.
    pub(in crate::run) async fn refreshes(
        &mut self,
        who: &mut PersonaSession,
        probe: &Probe,
        issues: &str,
    ) -> Result<ProbeAnswer, Ended> {
        let Some(request) = who.persona.refresh.clone() else {
            return Ok(undecided("the plan names no `refresh` request".into()));
        };
        let (refresh, access) = (self.items(probe), self.items_of([issues]));
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        if held(&who.session.jar, &refresh).is_empty() {
            return Ok(undecided(format!("{} has no such cookie", who.persona.name)));
        }
        let engine = who.engine.clone();
        let mut evidence = Vec::new();
        let mut issued = [false, false];
        // First without the refresh cookie: with it, the server may put a new one in its place.
        for (with, issued) in [false, true].into_iter().zip(&mut issued) {
            let mut other = who.clone();
            drop_cookies(&mut other.session.jar, &access);
            if !with {
                drop_cookies(&mut other.session.jar, &refresh);
            }
            let (ask, sent) = match self.request_ask(&other, &probing, &request).await {
                Ok(ready) => ready,
                Err(why) if with => return Ok(undecided(why)),
                // What the request carries went with the cookie.
                Err(_) => continue,
            };
            let visit = self.visit(&engine, &mut other.session, &ask, As::Look).await?;
            // With everything it needs, a refusal is the request's fault or the server's trouble; without
            // it, only one that is about the cookie tells anything.
            if visit.failure.is_some() || is_no_word(visit.status) || with && visit.status >= 400 {
                let how = if with { "with" } else { "without" };
                let cookies = probe.cookies.join(", ");
                return Ok(not_done(format!(
                    "the refresh request failed, {sent} {how} {cookies} answered {}",
                    answer(&visit)
                )));
            }
            *issued = sets(&visit, &access);
            let (how, what) =
                (if with { "with" } else { "without" }, if *issued { "issues" } else { "does not issue" });
            evidence.push(format!(
                "{sent} {how} {}: {}, {what} {issues}",
                probe.cookies.join(", "),
                answer(&visit)
            ));
            if with {
                who.session = other.session;
            }
        }
        let result = match issued {
            [true, _] => ProbeResult::Fails {
                what: format!("{issues} is issued without {}", probe.cookies.join(", ")),
            },
            [false, true] => ProbeResult::Holds,
            [false, false] => ProbeResult::Fails { what: format!("the refresh does not issue {issues}") },
        };
        let page = request.url.literal().and_then(|url| self.site.on_target(url));
        Ok((result, evidence, page))
    }
}

fn sets(visit: &Visit, items: &[Item]) -> bool {
    kept(visit).any(|sighting| items.iter().any(|item| is_named(item, &sighting.name)))
}
