//! Pages that only a browser finds. Rendered links and the history routes of single-page sites go
//! the way of all others: through the crawl's own frontier, with its scope, bounds and dangers, and
//! past robots.txt. They are rendered, and asked for once without a browser, so that the headers of
//! a first request to them count, too.

use super::context::Ended;
use super::persona::{PersonaSession, SharedFrontier};
use super::recorder::As;
use super::runner::Runner;
use super::state::Line;
use crate::crawl::{Address, Frontier, Link, LinkKind, Next, Said, Words, asks_first};
use crate::engine::Ask;
use crate::engine::browser::RenderedLink;
use crate::observation::{Cell, Engine, SkipReason, Skipped};
use crate::plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use url::Url;

/// What the browser finds in one cell.
#[derive(Default)]
pub(super) struct RenderedLinks {
    frontier: Option<SharedFrontier>,
    /// Clicks from the start.
    depths: BTreeMap<Url, u32>,
    /// Addresses made up for routes that live in the fragment, to the routes.
    routes: BTreeMap<String, Url>,
    /// Pages that nothing but the browser found, each with the page that led there.
    pages: Vec<(Url, Url)>,
}

impl RenderedLinks {
    pub(super) fn of(who: &PersonaSession) -> RenderedLinks {
        RenderedLinks { frontier: who.frontier.clone(), ..RenderedLinks::default() }
    }

    /// Whether the page was found here. Of such a page nobody knows its kind before it is rendered,
    /// so that its links are followed whatever it is like.
    pub(super) fn is_found(&self, page: &Url) -> bool {
        self.depths.contains_key(page)
    }

    /// Takes in the links of a rendered page.
    fn push(&mut self, page: &Url, links: Vec<RenderedLink>) {
        let (Some(frontier), Some(from)) = (&self.frontier, Address::new(page)) else { return };
        let depth = self.depths.get(page).copied().unwrap_or_default();
        let from = Next { address: from, depth, from: None, declared: false };
        for found in links {
            let Some(address) = self.address_of(&found.url) else { continue };
            let link = Link { address, kind: LinkKind::Anchor, said: said(&found) };
            if locked(frontier).push(&from, &link).is_ok()
                && let Some(route) = route_of(&found.url)
            {
                self.routes.insert(link.address.as_str().to_owned(), route);
            }
        }
    }

    /// The address that stands for a link: of a route in the fragment (`#/about`), one that no
    /// other page has.
    fn address_of(&self, url: &Url) -> Option<Address> {
        match route_of(url) {
            None => Address::new(url),
            Some(route) => {
                let mut made_up = route.clone();
                let fragment = route.fragment().unwrap_or_default().trim_start_matches(['!', '/']);
                made_up.set_fragment(None);
                let path = format!("{}/%23/{fragment}", made_up.path().trim_end_matches('/'));
                let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(p, q)| (p, Some(q)));
                made_up.set_path(path);
                made_up.set_query(query.or(route.query()));
                Address::new(&made_up)
            }
        }
    }

    fn took(&mut self, next: &Next, from: &Url) -> Url {
        let url = match self.routes.get(next.address.as_str()) {
            Some(route) => route.clone(),
            None => next.address.to_url(),
        };
        self.depths.insert(url.clone(), next.depth);
        self.pages.push((url.clone(), from.clone()));
        url
    }
}

impl Runner<'_> {
    /// The links of a rendered page that are pages of the crawl and new: to be rendered.
    pub(super) async fn follow_rendered(
        &mut self,
        found: &mut RenderedLinks,
        page: &Url,
        links: Vec<RenderedLink>,
    ) -> Result<Vec<Url>, Ended> {
        found.push(page, links);
        let Some(frontier) = found.frontier.clone() else { return Ok(Vec::new()) };
        let mut pages = Vec::new();
        loop {
            let Some(next) = locked(&frontier).pop() else { return Ok(pages) };
            if self.plan.robots == plan::Robots::Honour
                && !self.robots(&next.address.to_url()).await?.allows(&next.address)
            {
                locked(&frontier).give_back(&next, SkipReason::Robots);
                continue;
            }
            pages.push(found.took(&next, page));
        }
    }

    /// Asks without a browser for what only the browser found.
    pub(super) async fn ask_found(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        found: &RenderedLinks,
    ) -> Result<(), Ended> {
        let cell = Cell { engine: Engine::Http, third_party: None, ..cell.clone() };
        let mut asked = BTreeSet::new();
        for (page, from) in &found.pages {
            // Routes in the fragment are one page to a server, and that one is known.
            if page.fragment().is_some() || !asked.insert(page) {
                continue;
            }
            let ask = Ask { started_by: Some(from.clone()), ..Ask::page(cell.clone(), page.clone()) };
            let engine = who.engine.clone();
            let visit = self.unrecorded(&engine, &mut who.session, &ask).await?;
            // A private page refuses visitors; that is no failure of the page.
            let counts = if matches!(visit.status, 401 | 403 | 405) { As::Look } else { As::Page };
            self.recorder.visit(&cell, &visit, None, counts);
            if let Some(page) = who.remember_page(self.manifest, &visit)
                && self.recorder.masked(page).is_none()
            {
                self.recorder.keep(|| Line::Answered(page.clone()));
            }
        }
        let skipped = found.frontier.as_ref().map(|frontier| locked(frontier).take_skipped());
        for tally in skipped.unwrap_or_default() {
            let example = self.recorder.safe(&tally.example.to_url());
            let persona = cell.persona.clone();
            self.recorder.skipped(Skipped { persona, reason: tally.reason, example, count: tally.count });
        }
        Ok(())
    }
}

/// What a rendered link says that it does.
fn said(link: &RenderedLink) -> Said {
    let words = Words {
        text: &link.text,
        names: [&link.names[0], &link.names[1]],
        method: link.method.as_deref(),
        asks: link.asks || asks_first(&link.on_click),
        keeps: link.keeps,
    };
    words.said()
}

/// A link whose fragment is a route: a page of its own for whoever runs scripts.
fn route_of(url: &Url) -> Option<Url> {
    url.fragment().filter(|fragment| fragment.starts_with(['/', '!'])).map(|_| url.clone())
}

fn locked(frontier: &SharedFrontier) -> MutexGuard<'_, Frontier> {
    frontier.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crawl::{Bounds, Scope};
    use std::sync::{Arc, Mutex};

    fn url(path: &str) -> Url {
        Url::parse("http://a.test/app").unwrap().join(path).unwrap()
    }

    fn links(paths: &[&str]) -> Vec<RenderedLink> {
        paths.iter().map(|path| RenderedLink::of(url(path))).collect()
    }

    #[test]
    fn routes_in_the_fragment_are_pages_and_places_in_a_page_are_none() {
        let bounds = Bounds { pages: 100, depth: 3, per_shape: Some(2) };
        let frontier = Frontier::new(Scope::new(&url("/")).unwrap(), bounds);
        let mut found =
            RenderedLinks { frontier: Some(Arc::new(Mutex::new(frontier))), ..RenderedLinks::default() };
        let mut take = |from: &str, paths: &[&str]| {
            found.push(&url(from), links(paths));
            let mut taken = Vec::new();
            let frontier = found.frontier.clone().unwrap();
            let pop = || locked(&frontier).pop();
            while let Some(next) = pop() {
                let page = found.took(&next, &url(from));
                taken.push(page.as_str().trim_start_matches("http://a.test").to_owned());
            }
            taken
        };
        assert_eq!(
            take("/app", &["/app#top", "#/about", "#!/help", "/plain"]),
            ["/app", "/app#/about", "/app#!/help", "/plain"]
        );
        // Known by now, or dangerous wherever the route stands.
        assert_eq!(take("/app#/about", &["#/about", "#/logout", "/plain#x"]), [""; 0]);
        // A shape is a shape.
        assert_eq!(take("/app", &["#/item/1", "#/item/2", "#/item/3"]), ["/app#/item/1", "/app#/item/2"]);
    }
}
