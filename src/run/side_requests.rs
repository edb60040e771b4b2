//! What is asked beside the pages that links lead to, because it sets cookies too or because a
//! claim is about it: the plain http twin, the host with or without `www`, a page that does not
//! exist, robots.txt, sitemaps, the favicon, the published policy, declared links. All as a
//! first-time visitor.

use super::context::{Ended, cell};
use super::html;
use super::recorder::As;
use super::runner::{MOST_AT_ONCE, Runner};
use super::state::Line;
use crate::crawl::{Address, Danger, PackedAddresses, Robots, RobotsState, Sitemap, danger, sitemap};
use crate::engine::Visit;
use crate::observation::{Consent, LinkCheck, Phase, PolicyPage, Resource, http_twin, www_twin};
use crate::plan::Action;
use crate::{plan, policy};
use std::collections::{BTreeSet, VecDeque};
use url::Url;

/// What robots.txt calls us.
const AGENT: &str = "cookieproof";
/// Nobody has this page.
pub(super) const NO_SUCH_PAGE: &str = "/cookieproof-asks-for-a-page-that-does-not-exist";
/// Sitemap files read in one run.
const MOST_SITEMAPS: usize = 50;
/// What a sitemap that was not read means for the run.
const UNREAD: &str = "pages that only it lists were not looked at";
const UNREAD_REST: &str = "pages that only the rest lists were not looked at";
/// Bytes of the policy's text, and its links, that are kept.
pub(super) const MOST_TEXT: usize = 512 << 10;
const MOST_LINKS: usize = 2000;

/// Where a crawl starts.
#[derive(Debug, Default)]
pub(super) struct Seeds {
    /// Named by plan or manifest.
    pub(super) declared: Vec<Address>,
    pub(super) sitemap: PackedAddresses,
}

impl Runner<'_> {
    /// The start pages that plan and manifest name, and what the sitemaps list.
    pub(super) async fn seeds(&mut self) -> Result<Seeds, Ended> {
        let mut declared = vec![self.target.url.clone()];
        let named = self.plan.pages.start.iter();
        declared.extend(named.filter_map(|page| self.site.on_target(page)));
        declared.extend(self.declared_pages());
        let declared = declared.iter().filter_map(Address::new).collect();
        // robots.txt is asked for in any case.
        let robots = self.robots(&self.target.url.clone()).await?;
        let sitemap = if self.plan.pages.sitemaps {
            self.sitemaps(robots.sitemaps).await?
        } else {
            PackedAddresses::default()
        };
        Ok(Seeds { declared, sitemap })
    }

    /// The pages that the manifest names one by one, but for those that would log out or change
    /// something.
    fn declared_pages(&self) -> Vec<Url> {
        let patterns = self.manifest.into_iter().flat_map(|manifest| manifest.pages.values());
        patterns
            .flat_map(|class| {
                let pages = class.patterns.iter().filter_map(|pattern| self.literal_page(pattern));
                pages.filter(|page| class.contains(page))
            })
            .filter(|url| !self.plan.pages.never_follow.iter().any(|pattern| pattern.matches(url)))
            .filter(|url| danger_of(url).is_none())
            .collect()
    }

    /// The one page that a pattern means, on this target.
    pub(super) fn literal_page(&self, pattern: &crate::manifest::PagePattern) -> Option<Url> {
        match (pattern.literal_path(), pattern.host()) {
            (Some(path), _) => self.site.on_target(path),
            (None, Some(host)) => {
                let host = host.literal()?;
                let written = pattern.to_string();
                let page = written.trim_start_matches("https://").trim_start_matches("http://");
                let url =
                    (!page.contains('*')).then(|| self.site.on_target(&format!("https://{page}")))??;
                (self.site.is_own(&url) && !host.is_empty()).then_some(url)
            }
            (None, None) => None,
        }
    }

    /// What the host's robots.txt lets us do; asked for once.
    pub(super) async fn robots(&mut self, url: &Url) -> Result<Robots, Ended> {
        let host = url[url::Position::BeforeScheme..url::Position::BeforePath].to_owned();
        if let Some(known) = self.robots.get(&host) {
            return Ok(known.clone());
        }
        let mut file = url.clone();
        file.set_path("/robots.txt");
        file.set_query(None);
        file.set_fragment(None);
        let visit = self.ask_as_nobody(file, Resource::WellKnown, As::Guess).await?;
        let mut robots = Robots::new(&visit.shown, visit.status, &visit.body, AGENT);
        if self.plan.robots == plan::Robots::Ignore {
            let sitemaps = robots.sitemaps;
            robots = Robots::allow_all();
            robots.sitemaps = sitemaps;
        } else {
            if let Some(delay) = robots.crawl_delay
                && let Some(pause) = self.pacer.slow_down(url, delay)
            {
                let file = self.recorder.safe(&visit.asked);
                self.recorder.note(format!(
                    "{file} asks for {} s between two requests (Crawl-delay): the run waited {} s",
                    delay.as_secs_f64(),
                    pause.as_secs_f64()
                ));
            }
            if robots.state == RobotsState::Unreachable && visit.status > 0 {
                self.warn(format!(
                    "{} answered {}: robots.txt must be taken as forbidding everything (RFC 9309, 2.3.1.4); \
                     the owner of the site sets `robots = \"ignore\"`",
                    self.recorder.safe(&visit.asked),
                    visit.status
                ));
            }
        }
        self.recorder.keep(|| {
            let mut rules = robots.clone();
            rules.sitemaps.clear();
            Line::Robots(host.clone(), rules)
        });
        self.robots.insert(host, robots.clone());
        Ok(robots)
    }

    /// What a host's robots.txt said before the run went on.
    pub(super) fn know_robots(&mut self, host: String, robots: Robots) {
        if self.plan.robots == plan::Robots::Honour
            && let (Some(delay), Ok(url)) = (robots.crawl_delay, Url::parse(&host))
        {
            self.pacer.slow_down(&url, delay);
        }
        self.robots.insert(host, robots);
    }

    async fn sitemaps(&mut self, named: Vec<Address>) -> Result<PackedAddresses, Ended> {
        let usual = self.target.url.join("/sitemap.xml").ok().as_ref().and_then(Address::new);
        // Nobody promised that there is one at the usual address.
        let guess = usual.clone().filter(|usual| !named.contains(usual));
        let mut waiting: VecDeque<Address> = usual.into_iter().chain(named).collect();
        let mut seen = BTreeSet::new();
        let mut pages = self.addresses();
        let most = self.plan.limits.pages.saturating_mul(4).max(1000);
        let mut next = self.next_sitemaps(&mut waiting, &mut seen);
        while !next.is_empty() {
            for visit in self.ask_at_once(next, Resource::WellKnown, As::Guess).await? {
                let Some(room) = most.checked_sub(pages.len()).filter(|room| *room > 0) else {
                    self.recorder
                        .note(format!("the sitemaps list more than {most} addresses: {UNREAD_REST}"));
                    return Ok(pages);
                };
                let guessed = guess.as_ref().is_some_and(|guess| guess.to_url() == visit.asked);
                let found = self.read_sitemap(visit, guessed, room);
                pages.extend(found.pages);
                // One more than are read, so that it shows that there are.
                waiting.extend(found.sitemaps.into_iter().take(MOST_SITEMAPS + 1));
            }
            next = self.next_sitemaps(&mut waiting, &mut seen);
        }
        Ok(pages)
    }

    /// Those to be asked for now, of the ones that wait.
    fn next_sitemaps(&mut self, waiting: &mut VecDeque<Address>, seen: &mut BTreeSet<Url>) -> Vec<Url> {
        let mut next = Vec::new();
        while next.len() < MOST_AT_ONCE {
            let Some(address) = waiting.pop_front() else { break };
            let Some(url) = self.site.on_target(address.as_str()) else { continue };
            if seen.contains(&url) {
                continue;
            }
            if !self.site.is_own(&url) {
                let file = self.recorder.safe(&url);
                self.recorder
                    .note(format!("the sitemap {file} is on a host that is not the site's: {UNREAD}"));
                continue;
            }
            if seen.len() >= MOST_SITEMAPS {
                self.recorder.note(format!("there are more than {MOST_SITEMAPS} sitemaps: {UNREAD_REST}"));
                waiting.clear();
                break;
            }
            seen.insert(url.clone());
            next.push(url);
        }
        next
    }

    /// What an answer lists, at most so many addresses of it.
    fn read_sitemap(&mut self, visit: Visit, guessed: bool, room: usize) -> Sitemap {
        let file = self.recorder.safe(&visit.asked);
        if !(200..300).contains(&visit.status) {
            if !guessed || matches!(visit.status, 0 | 429 | 500..) {
                let why = match &visit.failure {
                    Some(failure) => failure.detail.clone(),
                    None => format!("it answered {}", visit.status),
                };
                self.recorder.note(format!("the sitemap {file} was not to be had ({why}): {UNREAD}"));
            }
            return Sitemap::default();
        }
        let found = sitemap(&visit.shown, &visit.body, room);
        let cut = visit.failure.map(|failure| failure.detail);
        let something = !found.pages.is_empty() || !found.sitemaps.is_empty();
        if let Some(note) = cut.or_else(|| found.note.clone())
            && (something || !guessed)
        {
            self.recorder.note(format!("the sitemap {file} was not read as a whole ({note}): {UNREAD_REST}"));
        }
        found
    }

    /// Where the site is over plain http: what `pages.start` names, on whatever port, else the usual
    /// port. Nothing where the target has no https.
    pub(super) fn http_origins(&self) -> Vec<Url> {
        let base = &self.target.url;
        if base.scheme() != "https" {
            return Vec::new();
        }
        let named = self.plan.pages.start.iter().filter_map(|page| self.site.on_target(page));
        let named = named.filter(|page| page.scheme() == "http" && self.site.is_own(page));
        let mut origins: Vec<Url> = Vec::new();
        for mut origin in named.chain(http_twin(base)) {
            origin.set_path("/");
            origin.set_query(None);
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// The plain http addresses that are always asked: the start, and where people log in.
    pub(super) fn http_addresses(&self) -> Vec<Url> {
        let steps = self.plan.personas.iter().flat_map(|persona| &persona.login);
        let opened = steps.filter_map(|step| match &step.action {
            Action::Open { url } => self.site.on_target(url.literal()?),
            _ => None,
        });
        let pages: Vec<Url> = [self.target.url.clone()].into_iter().chain(opened).collect();
        let mut addresses = Vec::new();
        for origin in self.http_origins() {
            for page in &pages {
                let mut twin = origin.clone();
                twin.set_path(page.path());
                twin.set_query(page.query());
                if !addresses.contains(&twin) {
                    addresses.push(twin);
                }
            }
        }
        addresses
    }

    /// The addresses that belong to every site.
    pub(super) async fn usual_addresses(&mut self) -> Result<(), Ended> {
        let start = self.target.url.clone();
        let mut addresses = self.http_addresses();
        addresses.extend([www_twin(&start), start.join(NO_SUCH_PAGE).ok()].into_iter().flatten());
        if self.plan.pages.assets {
            addresses.extend(start.join("/favicon.ico"));
        }
        for visit in self.ask_at_once(addresses, Resource::WellKnown, As::Guess).await? {
            let twin = start.scheme() == "https" && visit.asked.scheme() == "http";
            if twin && visit.status > 0 {
                let name = self.anonymous().name;
                self.recorder.twin(&cell(&name, &Consent::Untouched, Phase::Probe, 1), &visit);
            }
        }
        Ok(())
    }

    /// The published policy, where the manifest says where it is.
    pub(super) async fn policy_page(&mut self) -> Result<Option<PolicyPage>, Ended> {
        let written = self.manifest.and_then(|manifest| manifest.site.policy_url.as_deref());
        let Some(url) = written.and_then(|written| self.site.on_target(written)) else { return Ok(None) };
        let mut visit = self.ask_as_nobody(url.clone(), Resource::Document, As::Page).await?;
        if visit.body.is_empty() && matches!(visit.content_type.as_str(), "text/plain" | "text/markdown") {
            visit = self.ask_as_nobody(url, Resource::WellKnown, As::Guess).await?;
        }
        let page = self.read_policy(&visit);
        let in_markup = page.published.as_ref().map(policy::read_published);
        if (200..300).contains(&page.status)
            && in_markup.is_some_and(|policy| policy.entries() == 0 || policy.has_platform().is_some())
        {
            self.unread_policy = Some(visit.asked.clone());
        }
        Ok(Some(page))
    }

    fn read_policy(&self, visit: &Visit) -> PolicyPage {
        let page = visit.text();
        let body = &page.text;
        let is_html = visit.content_type.is_empty() || visit.content_type.contains("html");
        let text = match is_html {
            true => html::visible_text(body, MOST_TEXT),
            false if visit.content_type.starts_with("text/") => {
                body[..body.floor_char_boundary(MOST_TEXT)].to_owned()
            }
            false => String::new(),
        };
        let published = (!body.trim().is_empty() && !visit.content_type.contains("pdf"))
            .then(|| policy::published(body, MOST_TEXT));
        let links = if is_html { html::links(body, &visit.shown, page.charset) } else { Vec::new() };
        PolicyPage {
            url: self.recorder.safe(&visit.asked),
            shown: (visit.shown != visit.asked).then(|| self.recorder.safe(&visit.shown)),
            status: visit.status,
            text,
            links: links
                .into_iter()
                .take(MOST_LINKS)
                .map(|(text, url)| (text, self.recorder.safe(&url)))
                .collect(),
            linked_from: BTreeSet::new(),
            published,
        }
    }

    /// The links that the manifest declares. What other sites set on the way is their own affair.
    pub(super) async fn declared_links(&mut self) -> Result<Vec<LinkCheck>, Ended> {
        let mut checks = Vec::new();
        for link in self.manifest.into_iter().flat_map(|manifest| &manifest.links) {
            let Some(url) = self.site.on_target(&link.url) else { continue };
            let visit = if self.site.is_own(&url) {
                self.ask_as_nobody(url, Resource::Document, As::Look).await?
            } else {
                self.look_elsewhere(url).await?
            };
            let lost = link.url.split_once('#').map(|(_, name)| name).filter(|name| {
                (200..300).contains(&visit.status) && !visit.body.is_empty() && !has_element(&visit, name)
            });
            checks.push(LinkCheck {
                url: self.recorder.safe(&visit.asked),
                status: (visit.status > 0 && visit.failure.is_none()).then_some(visit.status),
                failure: visit
                    .failure
                    .as_ref()
                    .map(|failure| failure.detail.clone())
                    .or_else(|| lost.map(|name| format!("the page has no element `{name}`"))),
            });
        }
        checks.sort();
        checks.dedup();
        Ok(checks)
    }

    async fn look_elsewhere(&mut self, url: Url) -> Result<Visit, Ended> {
        use crate::engine::{Ask, Session};
        let ask = Ask::page(cell("anonymous", &Consent::Untouched, Phase::Crawl, 1), url);
        let engine = self.engine();
        self.unrecorded(&engine, &mut Session::default(), &ask).await
    }
}

/// Whether a fragment leads anywhere (HTML standard, "select the indicated part").
fn has_element(visit: &Visit, name: &str) -> bool {
    let body = visit.text().text;
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    // A name that makes no selector is no reason to complain.
    html::has(&body, &format!("[id=\"{name}\"], a[name=\"{name}\"]")).unwrap_or(true)
}

/// What asking for the address would do.
pub(super) fn danger_of(url: &Url) -> Option<Danger> {
    Address::new(url).and_then(|address| danger(&address))
}
