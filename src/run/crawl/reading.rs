//! A visit and what its page says, on a task of its own: pages are read in parallel.

use crate::cookie::Jar;
use crate::crawl::{PageLinks, Parts, Served, links, page_fingerprint_at};
use crate::engine::{Ask, HttpEngine, Session, Visit};
use crate::run::answers::Likeness;
use crate::run::html;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};
use url::Url;

/// A page with fewer visible characters says nothing.
const HARDLY_A_WORD: usize = 200;

pub(super) struct Done {
    pub(super) jar: Jar,
    pub(super) visit: Visit,
    pub(super) links: PageLinks,
    /// Without scripts there is neither a link nor a word.
    pub(super) is_door: bool,
    /// What kind of page it is, where a browser will look again.
    pub(super) kind: Option<u64>,
    /// By what it would be known at another address.
    pub(super) likeness: Option<Likeness>,
}

/// A task that ends with whoever waits for it.
pub(super) struct Task(JoinHandle<Done>);

impl Task {
    pub(super) fn new(future: impl Future<Output = Done> + Send + 'static) -> Task {
        Task(tokio::spawn(future))
    }
}

impl Future for Task {
    type Output = Result<Done, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A visit, once a connection is free, and the jar after it.
pub(super) async fn visit(
    engine: HttpEngine,
    mut session: Session,
    ask: Ask,
    connections: Arc<Semaphore>,
) -> (Ask, Visit, Jar) {
    // It is never closed.
    let _connection = connections.acquire_owned().await;
    let visit = engine.visit(&mut session, &ask).await;
    (ask, visit, session.jar)
}

/// What a visit's page says, on the visit's own task: pages are read in parallel.
pub(super) fn read(
    (ask, mut visit, jar): (Ask, Visit, Jar),
    is_own: impl Fn(&Url) -> bool,
    parts: Parts,
    for_browser: bool,
) -> Done {
    let is_document = ask.within.is_none() && is_own(&visit.shown);
    let is_page = is_document && !visit.ends_at_known && is_page(&visit.content_type);
    let served = Served { policies: &visit.head.policies, refresh: visit.head.refresh.as_deref() };
    let links =
        if is_page { links(&visit.shown, &visit.text(), served, parts) } else { PageLinks::default() };
    let kind = (is_page && for_browser).then(|| page_fingerprint_at(&visit.asked, &visit.body));
    let is_door = is_page
        && links.documents.is_empty()
        && links.has_script
        && html::visible_text(&visit.text().text, HARDLY_A_WORD).trim().len() < HARDLY_A_WORD;
    let leads_on = || {
        let here = [visit.asked.path(), visit.shown.path()];
        let mut elsewhere = links.documents.iter().filter(|link| !here.contains(&link.address.path()));
        elsewhere.any(|link| is_own(&link.address.to_url()))
    };
    let answered = is_page && (200..300).contains(&visit.status) && !visit.body.is_empty();
    let likeness = answered.then(|| Likeness::of(&visit.body, leads_on()));
    visit.body = Vec::new();
    Done { jar, visit, links, is_door, kind, likeness }
}

pub(super) fn is_page(content_type: &str) -> bool {
    content_type.is_empty() || content_type.contains("html")
}
