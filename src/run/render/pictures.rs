//! Files beside the report. Pictures of what visitors saw: the first page of each cell, with the
//! banner where there is one, and every page that left something on the device, so that a finding can
//! be looked at. And what each cell's pages asked for, as HAR.

use crate::cookie::ThirdPartyCookies;
use crate::engine::browser::BrowserContext;
use crate::observation::{Cell, Consent, Phase, Picture};
use crate::run::runner::Runner;
use url::Url;

/// Most pictures of one run.
const MOST_PICTURES: usize = 200;
/// Longest name made of a page's path.
const LONGEST_NAME: usize = 60;

impl Runner<'_> {
    /// Whether pictures of what this visitor sees are wanted, and there is room for one more.
    pub(in crate::run) fn wants_pictures(&self, cell: &Cell) -> bool {
        let members = self.plan.personas.iter().filter(|persona| persona.visitor.logged_in);
        let is_left_out = self.plan.keep.no_pictures_of_members
            && members.into_iter().any(|member| member.name == cell.persona);
        self.plan.browser.screenshots.is_some() && !is_left_out && self.recorder.pictures() < MOST_PICTURES
    }

    /// Writes a picture down.
    pub(in crate::run) fn took_a_picture(&mut self, cell: &Cell, page: &Url, picture: &[u8]) {
        let Some(folder) = &self.plan.browser.screenshots else { return };
        let number = self.recorder.pictures() + 1;
        let file = folder.join(format!("{number:03}-{}.png", name(cell, Some(page))));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, picture));
        if let Err(error) = written {
            self.warn(format!("{} cannot be written: {error}", file.display()));
            return;
        }
        let picture =
            Picture { cell: cell.clone(), page: self.recorder.safe(page), file: file.display().to_string() };
        self.recorder.picture(picture);
    }

    /// Writes what the cell's pages asked for.
    pub(in crate::run) fn keep_har(&mut self, context: &BrowserContext, cell: &Cell) {
        let Some((folder, har)) = self.plan.browser.har.as_ref().zip(context.har()) else { return };
        let file = folder.join(format!("{}.har", name(cell, None)));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, har.to_string()));
        if let Err(error) = written {
            self.warn(format!("{} cannot be written: {error}", file.display()));
        }
    }
}

/// `anonymous-untouched-docs-install`: who, in which state, and where; nothing but letters, digits
/// and dashes. A path's own words only: a query may be a secret.
fn name(cell: &Cell, page: Option<&Url>) -> String {
    let state = match &cell.consent {
        Consent::Untouched => "untouched",
        Consent::Accepted => "accepted",
        Consent::Rejected => "rejected",
        Consent::Withdrawn => "withdrawn",
        Consent::Category(category) => category,
    };
    let mode = match cell.third_party {
        None => "",
        Some(ThirdPartyCookies::Allow) => "third-party-allowed",
        Some(ThirdPartyCookies::Block) => "third-party-blocked",
    };
    let phase = if cell.phase == Phase::Probe { "probe" } else { "" };
    let path = page.map(|page| crate::observation::path_template(page.path())).unwrap_or_default();
    let path = if path == "/" { "start" } else { &path };
    let mut name = String::new();
    for word in [&cell.persona, state, mode, phase, path] {
        for c in format!("-{word}").chars() {
            match c {
                c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
                _ if name.ends_with('-') || name.is_empty() => {}
                _ => name.push('-'),
            }
        }
    }
    name.truncate(LONGEST_NAME);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Engine;

    #[test]
    fn pictures_are_named_for_who_saw_what() {
        let named = |consent, url: &str| {
            let cell = Cell {
                persona: "Anna B.".into(),
                engine: Engine::Browser,
                consent,
                phase: Phase::Crawl,
                repeat: 1,
                third_party: None,
            };
            name(&cell, Some(&Url::parse(url).unwrap()))
        };
        assert_eq!(named(Consent::Untouched, "https://a.test/"), "anna-b-untouched-start");
        assert_eq!(
            named(Consent::Accepted, "https://a.test/docs/install?token=x"),
            "anna-b-accepted-docs-install"
        );
        assert_eq!(named(Consent::Category("../x".into()), "https://a.test/../\u{202e}"), "anna-b-x-e2-n-ae");
    }
}
