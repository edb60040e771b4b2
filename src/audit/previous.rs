//! An earlier scan, and what may be compared with it: only what both runs looked at. What the earlier
//! one did not look at is not new now, and where it looked at less, nothing is said of all changes.

use super::Why;
use super::matching::Hosts;
use super::unrefuted::Standing;
use crate::observation::{Cell, Families, Phase, Reached, SafeUrl, Scan, Sighting, StorageKind};
use std::collections::BTreeSet;

/// An earlier scan of the same site.
pub(crate) struct Earlier<'a> {
    pub(crate) scan: &'a Scan,
    families: Families,
    /// Cookies that were there then, by family.
    cookies: BTreeSet<String>,
    /// Who looked at pages of which template.
    pages: BTreeSet<(Visit, String)>,
    /// Who logged in, with steps that led somewhere.
    logins: BTreeSet<Visit>,
}

/// Who was visiting, how: persona, engine and state of consent, and whether on a journey.
type Visit = (String, crate::observation::Engine, crate::observation::Consent, bool);

fn visit(cell: &Cell) -> Visit {
    (cell.persona.clone(), cell.engine, cell.consent.clone(), cell.phase == Phase::Journey)
}

impl<'a> Earlier<'a> {
    /// Refuses another site's scan, and one that is not earlier.
    pub(crate) fn of(scan: &Scan, previous: &'a Scan, hosts: &Hosts) -> Result<Self, Standing> {
        let host = |scan: &Scan| scan.run.base_url.parsed().and_then(|url| url.host_str().map(str::to_owned));
        let refused = |detail: String| {
            Err(Standing::open(
                Why::NeedsPreviousScan,
                detail,
                "an earlier scan of this site to compare with (--previous)",
            ))
        };
        let (then, now) = (host(previous).unwrap_or_default(), host(scan).unwrap_or_default());
        let named = |host: &str| hosts.names(host).map(str::to_ascii_lowercase).collect::<BTreeSet<_>>();
        if then != now && named(&then).is_disjoint(&named(&now)) {
            return refused(format!("the scan to compare with is of another site, {then}"));
        }
        if previous.run.started > scan.run.started {
            return refused(format!("the scan to compare with is newer, of {}", previous.run.started));
        }
        let families = families(previous);
        let cookies = previous
            .observations
            .iter()
            .filter(|observation| observation.kind == StorageKind::Cookie)
            .map(|observation| families.family(&observation.name.to_string()).into_owned())
            .collect();
        let answered = previous.coverage.pages.iter().filter(|page| page.is_answer());
        let pages = answered
            .filter(|page| matches!(page.cell.phase, Phase::Crawl | Phase::Journey))
            .flat_map(|page| {
                let shown = page.shown.iter().map(SafeUrl::shape);
                [page.example.shape()].into_iter().chain(shown).map(|shape| (visit(&page.cell), shape))
            })
            .collect();
        let logins = previous
            .coverage
            .personas
            .iter()
            .filter(|persona| matches!(persona.reached, Reached::Yes | Reached::Unproven))
            .flat_map(|persona| {
                let cells = previous.coverage.pages.iter().map(|page| &page.cell);
                cells
                    .filter(|cell| cell.persona == persona.name && cell.consent == persona.consent)
                    .map(visit)
            })
            .collect();
        Ok(Earlier { scan: previous, families, cookies, pages, logins })
    }

    /// Whether a name, or another of its family, was there then.
    pub(crate) fn had(&self, name: &str, family: &str) -> bool {
        self.cookies.contains(family) || self.cookies.contains(self.families.family(name).as_ref())
    }

    /// The names of the cookies that were there then, as they were.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let cookies = self.scan.observations.iter().filter(|it| it.kind == StorageKind::Cookie);
        cookies.map(|observation| observation.name.to_string())
    }

    /// The families of the names that were there then.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(String::as_str)
    }

    /// Whether the earlier run looked where this was seen, as the same visitor.
    pub(crate) fn looked_at(&self, sighting: &Sighting) -> bool {
        let who = visit(&sighting.cell);
        match sighting.cell.phase {
            Phase::Login => self.logins.contains(&who),
            Phase::Crawl | Phase::Journey => {
                let page = &sighting.page;
                let urls = [Some(&page.asked), page.shown.as_ref()].into_iter().flatten();
                urls.map(SafeUrl::shape).any(|shape| self.pages.contains(&(who.clone(), shape)))
            }
            // What only an act of ours brought, and what came after the logout.
            Phase::Probe | Phase::Logout | Phase::AfterLogout => false,
        }
    }

    /// What of now the earlier run did not look at; none where it looked as widely as this one, but
    /// for the share of pages that may fail.
    pub(crate) fn less_than(&self, scan: &Scan) -> Option<String> {
        let crawled =
            scan.coverage.pages.iter().filter(|page| page.cell.phase == Phase::Crawl && page.is_answer());
        let (mut missing, mut all) = (0u64, 0u64);
        for page in crawled {
            let who = visit(&page.cell);
            if !self.pages.iter().any(|(then, _)| *then == who) {
                let (persona, engine, consent, _) = who;
                let state = match consent {
                    crate::observation::Consent::Untouched => String::new(),
                    other => format!(", consent {other:?}").to_lowercase(),
                };
                return Some(format!(
                    "nothing was looked at then as {persona} by {}{state}",
                    in_words(engine)
                ));
            }
            all += 1;
            missing += u64::from(!self.pages.contains(&(who, page.example.shape())));
        }
        let share = missing * 100 > all * u64::from(scan.run.may_fail);
        share.then(|| format!("{missing} of {all} kinds of pages were not looked at then"))
    }
}

fn in_words(engine: crate::observation::Engine) -> &'static str {
    match engine {
        crate::observation::Engine::Http => "plain HTTP",
        crate::observation::Engine::Browser => "a browser",
    }
}

/// The families of a scan's names.
pub(crate) fn families(scan: &Scan) -> Families {
    let names: BTreeSet<String> =
        scan.observations.iter().map(|observation| observation.name.to_string()).collect();
    Families::of(names.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::{Earlier, Hosts};
    use crate::audit::testing::Site;

    #[test]
    fn a_few_pages_more_than_then_may_be() {
        let looking_at = |pages: usize| {
            let names =
                ["about", "blog", "cart", "docs", "events", "faq", "gifts", "help", "ideas", "jobs", "kits"];
            names[..pages - 1].iter().fold(Site::plain(), |site, name| site.visited(name)).scan()
        };
        let then = looking_at(9);
        let manifest = Site::plain().manifest;
        let earlier = Earlier::of(&then, &then, &Hosts::of(&manifest, &then)).unwrap();
        assert_eq!(earlier.less_than(&looking_at(9)), None);
        // A tenth may be other pages than then.
        assert_eq!(earlier.less_than(&looking_at(10)), None);
        let less = earlier.less_than(&looking_at(12));
        assert_eq!(less.as_deref(), Some("3 of 12 kinds of pages were not looked at then"));
    }
}
