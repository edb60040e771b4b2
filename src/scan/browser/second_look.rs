//! A second look at pages whose requests seem to tell who is visiting. Whether a random value is one
//! visitor's own shows when the same visitor comes back and another one comes: so each of them opens
//! the page twice, in a browser of their own.

use super::super::actor::Actor;
use super::super::ground::{Ended, Ground};
use super::pages::Listed;
use super::{Browser, CellSeen};
use crate::observation::{Cell, ConsentLook, Phase};

/// Most pages looked at again in one run.
const MOST_PAGES: usize = 6;

impl Ground<'_> {
    /// Looks again where something is undecided; most runs have nothing to do here.
    pub(super) async fn second_look(&mut self, browser: &mut Browser, actors: &[Actor]) -> Result<(), Ended> {
        for (cell, page) in self.recorder.undecided().into_iter().take(MOST_PAGES) {
            let Some(url) = page.parsed() else { continue };
            let Some(actor) = actors.iter().find(|actor| actor.persona.name == cell.persona) else {
                continue;
            };
            let stranger = actors.iter().find(|actor| !actor.persona.visitor.logged_in).unwrap_or(actor);
            self.detail(format!("{page} is looked at again, as two visitors who come back"));
            for visitor in [actor, stranger] {
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
        visitor: &Actor,
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
