//! Many sites in one process, so many at a time. Each run is a task of its own, so that what happens to
//! one takes no other along; they share the paces of hosts, and two sites of one origin are looked at one
//! after the other, so that no host is asked by two crawls at once.

use super::pace::Paces;
use super::{Look, RunError, Stop, Watch};
use crate::manifest::Manifest;
use crate::observation::Scan;
use crate::plan::{Plan, Target};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::task::{Id, JoinSet, LocalSet};
use url::{Origin, Url};

/// A site to be looked at.
pub struct Wanted {
    pub plan: Plan,
    pub target: Target,
    pub manifest: Arc<Manifest>,
    pub watch: Arc<dyn Watch>,
}

/// What came of a site.
#[derive(Debug)]
pub enum Came {
    Seen(Box<Scan>),
    /// It could not even begin.
    Failed(RunError),
    /// The whole was stopped before its turn.
    NotBegun,
}

/// Looks at all of them, in their order as far as origins allow, `at_once` at a time. `done` is told of
/// each as it comes, by its place in the list; every site comes exactly once.
pub async fn many(sites: Vec<Wanted>, at_once: usize, stop: &Stop, mut done: impl FnMut(usize, Came)) {
    let paces = Paces::default();
    let mut waiting: VecDeque<(usize, Wanted)> = sites.into_iter().enumerate().collect();
    let local = LocalSet::new();
    local
        .run_until(async {
            let mut runs: JoinSet<Came> = JoinSet::new();
            let mut under_way: HashMap<Id, (usize, Origin)> = HashMap::new();
            loop {
                while under_way.len() < at_once.max(1) && !stop.stopped() {
                    let free = |(_, site): &(usize, Wanted)| {
                        let origin = origin(&site.target.url);
                        under_way.values().all(|(_, busy)| *busy != origin)
                    };
                    let Some(next) = waiting.iter().position(free) else { break };
                    let Some((index, site)) = waiting.remove(next) else { break };
                    let origin = origin(&site.target.url);
                    let (stop, paces) = (stop.clone(), paces.clone());
                    let run = runs.spawn_local(async move {
                        let Wanted { plan, target, manifest, watch } = site;
                        let (manifest, watch) = (Some(manifest.as_ref()), watch.as_ref());
                        let look = Look { manifest, watch, stop, paces, ..Look::at(&plan, &target) };
                        match look.run().await {
                            Ok(scan) => Came::Seen(Box::new(scan)),
                            Err(error) => Came::Failed(error),
                        }
                    });
                    under_way.insert(run.id(), (index, origin));
                }
                let Some(ended) = runs.join_next_with_id().await else { break };
                let (id, came) = match ended {
                    Ok((id, came)) => (id, came),
                    Err(error) => (error.id(), Came::Failed(broken())),
                };
                if let Some((index, _)) = under_way.remove(&id) {
                    done(index, came);
                }
            }
        })
        .await;
    for (index, _) in waiting {
        done(index, Came::NotBegun);
    }
}

/// A host with its port; what has none stands alone.
fn origin(url: &Url) -> Origin {
    url.origin()
}

fn broken() -> RunError {
    RunError {
        message: "the look at this site broke off by a fault of the tool's own".into(),
        hint: Some("please report it with what was printed before; the other sites are not touched".into()),
    }
}
