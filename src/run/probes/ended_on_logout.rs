//! The session as it was before the logout, shown to the server once more.

use crate::engine::Session;
use crate::observation::{Cell, Phase, ProbeResult};
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::render::Browser;
use crate::run::runner::Runner;

impl Runner<'_> {
    /// The session as it was before the logout is shown to the server once more.
    pub(in crate::run) async fn ended(
        &mut self,
        browser: &mut Option<Browser>,
        who: &PersonaSession,
        before: &Session,
        after: &Cell,
    ) -> Result<(ProbeResult, Vec<String>), Ended> {
        let Some(mark) = who.persona.logged_in_when.clone() else {
            return Ok((ProbeResult::Undecided { why: "`logged_in_when` is missing".into() }, Vec::new()));
        };
        let mut old = before.clone();
        let probing = Cell { phase: Phase::Probe, ..after.clone() };
        let marked = if who.marked_by_script {
            let mut ghost = PersonaSession { session: old, ..who.clone() };
            self.rendered_mark(browser, &mut ghost, &probing, &mark).await?
        } else {
            let engine = who.engine.clone();
            self.mark_with(&engine, &mut old, &probing, &mark).await?
        };
        let result = if marked.holds {
            ProbeResult::Fails { what: "the old session still opens the page after the logout".into() }
        } else if marked.unclear {
            ProbeResult::NotDone {
                why: format!("the old session could not be tried after the logout: {}", marked.why),
            }
        } else {
            ProbeResult::Holds
        };
        let seen = if marked.holds { "shows the mark".to_owned() } else { marked.why };
        let what = if who.marked_by_script { "session" } else { "cookies" };
        Ok((result, vec![format!("GET {} with the {what} from before the logout: {seen}", mark.url)]))
    }
}
