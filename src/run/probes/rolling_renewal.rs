//! A wait, and then a look whether the cookie is issued again (`rolling`).

use crate::engine::Ask;
use crate::observation::{Consent, Phase, ProbeResult, Resource};
use crate::plan::Probe;
use crate::run::context::{Ended, cell};
use crate::run::persona::{PersonaSession, place};
use crate::run::probes::{PAGES_LOOKED_AT, ProbeAnswer, answer, held, is_named, undecided};
use crate::run::recorder::As;
use crate::run::runner::Runner;
use crate::run::visits::{came, kept};
use url::Url;

impl Runner<'_> {
    pub(in crate::run) async fn wait_for_renewal(&mut self) -> Result<(), Ended> {
        let Some(wait) = self.plan.probes.renewal_after else { return Ok(()) };
        self.detail(format!("waiting {} s for cookies to be renewed", wait.as_secs_f64()));
        self.unless_ended(tokio::time::sleep(wait)).await
    }

    /// After the wait, a page issues the cookie again, to no more than its lifetime.
    pub(in crate::run) async fn renewal(
        &mut self,
        who: &mut PersonaSession,
        probe: &Probe,
    ) -> Result<ProbeAnswer, Ended> {
        let items = self.items(probe);
        if held(&who.session.jar, &items).is_empty() {
            return Ok(undecided(format!("{} has no such cookie", who.persona.name)));
        }
        let mark = who.persona.logged_in_when.as_ref().and_then(|mark| self.site.on_target(&mark.url));
        let mut pages: Vec<Url> = mark.into_iter().chain(who.some_pages.iter().cloned()).collect();
        pages.truncate(PAGES_LOOKED_AT);
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let engine = who.engine.clone();
        let mut evidence = Vec::new();
        let mut answered = false;
        for page in pages {
            let ask = Ask { resource: Resource::Step, ..Ask::page(probing.clone(), page.clone()) };
            let visit = self.visit(&engine, &mut who.session, &ask, As::Look).await?;
            let renewed =
                kept(&visit).find(|sighting| items.iter().any(|item| is_named(item, &sighting.name)));
            answered |= came(&visit) && place(&visit.shown) == place(&page);
            let Some(sighting) = renewed else {
                evidence.push(format!("GET {}: {}, not issued again", page.path(), answer(&visit)));
                continue;
            };
            let lifetime = sighting.written.lifetime;
            evidence.push(format!("GET {}: issued again: {}", page.path(), sighting.line));
            let too_long =
                items.iter().any(|item| item.lifetime.as_ref().is_some_and(|rule| !rule.allows(lifetime)));
            let result = match too_long {
                true => ProbeResult::Fails { what: "it is issued again for another time than stated".into() },
                false => ProbeResult::Holds,
            };
            return Ok((result, evidence, Some(page)));
        }
        if !answered {
            let first = evidence.first().map_or("no page is known to ask for", String::as_str);
            let why = format!("no page was shown after the wait: {first}");
            return Ok((ProbeResult::NotDone { why }, evidence, None));
        }
        let what = "no page issues it again after the interval".to_owned();
        Ok((ProbeResult::Fails { what }, evidence, None))
    }
}
