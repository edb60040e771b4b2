//! A second look at pages whose requests seem to tell who is visiting. Whether a random value is one
//! visitor's own shows when the same visitor comes back and another one comes: so each of them opens
//! the page twice, in a browser of their own. Whether a value that all visitors send is a sum of their
//! browser's traits shows when one comes whose browser has others.

use crate::observation::{Cell, ConsentLook, Phase};
use crate::run::context::Ended;
use crate::run::correlation::LookAgain;
use crate::run::persona::PersonaSession;
use crate::run::render::Listed;
use crate::run::render::{Browser, CellSeen};
use crate::run::runner::Runner;
use crate::run::side_requests::danger_of;

/// Most pages looked at again in one run.
const MOST_PAGES: usize = 6;

impl Runner<'_> {
    /// Looks again where something is undecided; most runs have nothing to do here.
    pub(in crate::run) async fn second_look(
        &mut self,
        browser: &mut Browser,
        personas: &[&PersonaSession],
    ) -> Result<(), Ended> {
        for (cell, page, how) in self.recorder.undecided().into_iter().take(MOST_PAGES) {
            let Some(url) = page.parsed().filter(|url| danger_of(url).is_none()) else { continue };
            let Some(who) = personas.iter().find(|who| who.persona.name == cell.persona) else {
                continue;
            };
            let stranger = personas.iter().find(|who| !who.persona.visitor.logged_in).unwrap_or(who);
            let (words, visitors) = match how {
                LookAgain::AsTwo => (
                    "as two visitors who come back",
                    vec![PersonaSession::clone(who), PersonaSession::clone(stranger)],
                ),
                LookAgain::InDisguise => {
                    let disguised = PersonaSession { disguised: true, ..PersonaSession::clone(stranger) };
                    ("as a visitor whose browser has other traits", vec![disguised])
                }
            };
            self.detail(format!("{page} is looked at again, {words}"));
            for visitor in &visitors {
                let cell =
                    Cell { persona: visitor.persona.name.clone(), phase: Phase::Probe, ..cell.clone() };
                self.come_back(browser, visitor, &cell, &url).await?;
            }
        }
        Ok(())
    }

    async fn come_back(
        &mut self,
        browser: &mut Browser,
        visitor: &PersonaSession,
        cell: &Cell,
        url: &url::Url,
    ) -> Result<(), Ended> {
        let mut seen = CellSeen::default();
        let list = [Listed { url: url.clone(), stands_for: 1 }];
        let mut look = ConsentLook::of(cell.clone());
        let arrived = self.arrive(browser, visitor, &list, &mut look, &mut seen).await?;
        let Some((context, _)) = arrived else { return Ok(()) };
        if let Some(mut page) = self.open_page(browser, &context, cell, url).await? {
            self.unless_ended(page.again()).await?;
            self.finish(page, cell, &mut seen).await?;
        }
        context.close().await;
        Ok(())
    }
}
