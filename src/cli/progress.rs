//! What is told on stderr while a run goes on: one redrawn line on a terminal, a plain line every
//! few seconds elsewhere.

use crate::observation::Phase;
use crate::report;
use crate::run::{Event, Progress, Watch};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Talk {
    Quiet,
    Normal,
    Verbose,
}

/// Tells how a run goes on.
pub(super) struct Teller {
    talk: Talk,
    /// Columns of the terminal; none where stderr is none.
    columns: Option<usize>,
    state: Mutex<State>,
}

struct State {
    phase: Option<Phase>,
    last: Option<Instant>,
    /// A redrawn line stands there.
    drawn: bool,
}

impl Teller {
    pub(super) fn new(talk: Talk) -> Self {
        let stderr = io::stderr();
        let columns = stderr
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(&stderr).map_or(80, |(width, _)| usize::from(width.0)));
        Teller { talk, columns, state: Mutex::new(State { phase: None, last: None, drawn: false }) }
    }

    /// Takes the redrawn line away; the report follows.
    pub(super) fn end(&self) {
        self.with(|state, _| state.drawn = false);
    }

    /// What is to come: for those who watch.
    pub(super) fn beforehand(&self, text: &str) {
        if self.talk >= Talk::Verbose || (self.talk == Talk::Normal && self.columns.is_some()) {
            self.line(text);
        }
    }

    /// A line that stays.
    pub(super) fn line(&self, text: &str) {
        self.with(|_, out| {
            let _ = writeln!(out, "{}", report::clean(text));
        });
    }

    /// Runs with the redrawn line taken away. What cannot be written to stderr is not told.
    fn with(&self, tell: impl FnOnce(&mut State, &mut dyn Write)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = io::stderr().lock();
        if state.drawn {
            let _ = write!(out, "\r\x1b[2K");
            state.drawn = false;
        }
        tell(&mut state, &mut out);
        let _ = out.flush();
    }

    fn progress(&self, progress: &Progress) {
        let pause = if self.columns.is_some() { Duration::from_millis(100) } else { Duration::from_secs(5) };
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            // The first plain line comes after a pause: short runs need none.
            let last = *state.last.get_or_insert(now);
            let first_draw = self.columns.is_some() && !state.drawn;
            if !first_draw && now.duration_since(last) < pause {
                return;
            }
            state.last = Some(now);
        }
        let columns = self.columns;
        self.with(|state, out| {
            let sentence = sentence(progress, state.phase);
            let text = report::clean(&sentence);
            match columns {
                Some(columns) => {
                    let _ = write!(out, "{}", report::cut(&text, columns.saturating_sub(1)));
                    state.drawn = true;
                }
                None => {
                    let _ = writeln!(out, "{text}");
                }
            }
        });
    }
}

impl Watch for Teller {
    fn event(&self, event: Event) {
        match event {
            Event::PhaseBegan { persona, phase } => {
                self.with(|state, _| state.phase = Some(phase));
                if self.talk >= Talk::Verbose {
                    self.line(&format!("{persona}: {}", doing(phase)));
                }
            }
            Event::Progress(progress) if self.talk >= Talk::Normal => self.progress(&progress),
            Event::Detail(text) if self.talk >= Talk::Verbose => self.line(&text),
            Event::Start(left) => self.beforehand(&format!("the start page leaves: {}", report::left(&left))),
            Event::Warning(text) => {
                let text = match self.talk >= Talk::Verbose {
                    true => text,
                    false => report::cause::without_the_pages_words(&text),
                };
                self.line(&format!("warning: {text}"));
            }
            Event::Progress(_) | Event::Detail(_) => {}
        }
    }
}

fn sentence(progress: &Progress, phase: Option<Phase>) -> String {
    let mut sentence = format!(
        "task {} of ~{}, {} {}: {} pages, {} queued, {:.1}/s, {} found",
        progress.task,
        progress.tasks,
        progress.persona,
        phase.map_or("looking", doing),
        progress.pages,
        progress.queued,
        progress.rate,
        progress.found
    );
    if progress.failed > 0 {
        sentence.push_str(&format!(", {} failed", progress.failed));
    }
    sentence
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Login => "logging in",
        Phase::Crawl => "crawling",
        Phase::Journey => "on a journey",
        Phase::Probe => "probing",
        Phase::Logout => "logging out",
        Phase::AfterLogout => "looking after the logout",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_a_sentence() {
        let progress = Progress {
            task: 7,
            tasks: 22,
            persona: "member".into(),
            pages: 12,
            queued: 3,
            rate: 4.96,
            found: 5,
            failed: 1,
        };
        assert_eq!(
            sentence(&progress, Some(Phase::Crawl)),
            "task 7 of ~22, member crawling: 12 pages, 3 queued, 5.0/s, 5 found, 1 failed"
        );
    }
}
