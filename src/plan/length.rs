//! How long a run will take, as far as that can be known before it.

use super::{EngineChoice, Plan, Target};
use std::time::Duration;

/// What is known of an earlier run like the one to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// The day, as `2026-11-08`.
    pub day: String,
    pub pages: u64,
    pub took: Duration,
}

impl Plan {
    /// How many pages for how many visitors at which pace, and how long that takes: as last time, or at
    /// most.
    pub fn length_in_words(&self, target: &Target, last: Option<&LastRun>) -> String {
        let visitors = match self.personas.len() {
            1 => "1 visitor".to_owned(),
            many => format!("{many} visitors"),
        };
        let rate = self.rate_at(target);
        let pace =
            rate.map_or_else(|| ", without a pause".to_owned(), |rate| format!(" at {}", per_second(rate)));
        if let Some(last) = last {
            let time = in_words(last.took);
            return format!("about {} for {visitors}{pace}: {time}, as on {}", pages(last.pages), last.day);
        }
        let recorded = self.consent.iter().filter(|choice| choice.is_recorded()).count();
        let looks = self.personas.len() * (1 + recorded) * self.limits.repeats.max(1) as usize;
        let most = looks.saturating_mul(self.limits.pages);
        let whole = self.limits.total_time;
        let needs = rate.and_then(|rate| Duration::try_from_secs_f64(most as f64 / rate).ok());
        let time = match needs {
            Some(needs) if needs <= whole => format!("up to {}", in_words(needs)),
            Some(_) => format!("{}, when the limit of the whole run ends it", in_words(whole)),
            None => format!("{} at the very most", in_words(whole)),
        };
        let browser = if self.engine == EngineChoice::Http { "" } else { ", and the browser's pages on top" };
        format!("at most {} for {visitors}{pace}: {time}{browser}", pages(most as u64))
    }
}

fn pages(count: u64) -> String {
    if count == 1 { "1 page".to_owned() } else { format!("{count} pages") }
}

/// `5/s`, `30/min`.
fn per_second(rate: f64) -> String {
    if rate < 1.0 { format!("{}/min", shortly(rate * 60.0)) } else { format!("{}/s", shortly(rate)) }
}

fn shortly(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..90 => format!("{} s", seconds.max(1)),
        seconds @ 90..5_400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h", shortly(seconds as f64 / 3_600.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Persona, Render};
    use url::Url;

    #[test]
    fn a_recorded_choice_is_another_look() {
        let text = "[targets.shop]\nurl = \"https://shop.test/\"\n[[consent]]\nstate = \"accepted\"\ncookie = \"consent=all\"\n";
        let plan = crate::plan::read(text, "cookieproof.toml", crate::config::Format::Toml).0.unwrap();
        let told = plan.length_in_words(&plan.targets[0].clone(), None);
        assert!(told.starts_with("at most 1000 pages for 1 visitor at 5/s"), "{told}");
    }

    #[test]
    fn a_run_is_imagined_before_it_is_made() {
        let plan = Plan::for_url(Url::parse("https://shop.test/").unwrap());
        let told = |change: fn(&mut Plan), last: Option<&LastRun>| {
            let mut plan = plan.clone();
            change(&mut plan);
            plan.length_in_words(&plan.targets[0].clone(), last)
        };
        assert_eq!(told(|_| {}, None), "at most 500 pages for 1 visitor at 5/s: up to 2 min");
        let three = |plan: &mut Plan| {
            plan.personas =
                ["a", "b", "c"].map(|name| Persona { name: name.into(), ..Persona::anonymous() }).into();
            plan.limits.repeats = 2;
        };
        assert_eq!(told(three, None), "at most 3000 pages for 3 visitors at 5/s: up to 10 min");
        let slow = |plan: &mut Plan| {
            plan.limits.rate = Some(0.1);
            plan.engine = EngineChoice::Browser;
            plan.browser.render = Render::All;
        };
        assert_eq!(
            told(slow, None),
            "at most 500 pages for 1 visitor at 6/min: 30 min, when the limit of the whole run ends it, and the \
             browser's pages on top"
        );
        let page = |plan: &mut Plan| (plan.limits.pages, plan.limits.rate) = (1, None);
        assert_eq!(
            told(page, None),
            "at most 1 page for 1 visitor, without a pause: 30 min at the very most"
        );
        let last = LastRun { day: "2026-11-08".into(), pages: 212, took: Duration::from_secs(7_000) };
        assert_eq!(
            told(|_| {}, Some(&last)),
            "about 212 pages for 1 visitor at 5/s: 1.9 h, as on 2026-11-08"
        );
    }
}
