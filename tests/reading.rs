//! Manifests and plans that nobody should have written: read, or refused with a place, never worse.

use cookieproof::config::{Format, Problem, Source};
use cookieproof::{manifest, plan};
use proptest::prelude::*;

const STARTERS: [&str; 2] =
    [include_str!("../config/cookies.toml"), include_str!("../config/cookieproof.toml")];

/// Reads a text as everything it could be, and shows what is wrong with it.
fn read_as_everything(text: &str) {
    for format in [Format::Toml, Format::Yaml, Format::Json] {
        let (manifest, of_manifest) = manifest::read(text, "x", format);
        let (plan, of_plan) = plan::read(text, "x", format);
        assert!(manifest.is_some() || !of_manifest.is_empty(), "refused without a word");
        assert!(plan.is_some() || !of_plan.is_empty(), "refused without a word");
        let source = Source::new("x", text);
        let shown = |problem: &Problem| problem.excerpt(&source, false, Some(80));
        for excerpt in of_manifest.iter().chain(&of_plan).map(shown) {
            assert!(!excerpt.contains('\u{1b}'), "{excerpt}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_does_harm(text in "(?s).{0,80}") {
        read_as_everything(&text);
    }

    #[test]
    fn no_slip_of_the_pen_does_harm(
        starter in prop::sample::select(&STARTERS[..]),
        at in 0usize..6000,
        cut in 0usize..40,
        put in "(?s).{0,6}",
    ) {
        let chars: Vec<char> = starter.chars().collect();
        let at = at.min(chars.len());
        let after = (at + cut).min(chars.len());
        let text: String =
            chars[..at].iter().copied().chain(put.chars()).chain(chars[after..].iter().copied()).collect();
        read_as_everything(&text);
    }
}
