//! What a page has to offer, in words, and what of it was meant.

use crate::engine::browser::Offer;
use crate::run::html;

/// Alike enough to be what was meant.
const NEAR: f64 = 0.8;

/// `; its buttons: “Buy” (#buy); its inputs: “Email” (#email)`
pub(super) fn offered(offer: &Offer) -> String {
    let listed = |what: &str, of: &[String]| match of.is_empty() {
        true => String::new(),
        false => format!("; its {what}: {}", of.join(", ")),
    };
    let links = if offer.buttons.is_empty() { listed("links", &offer.links) } else { String::new() };
    let nothing = offer.buttons.is_empty() && offer.inputs.is_empty() && offer.links.is_empty();
    if nothing {
        return "; it has nothing to press or to fill in".into();
    }
    format!("{}{}{links}", listed("buttons", &offer.buttons), listed("inputs", &offer.inputs))
}

/// A selector of the page that is spelt almost as the plan has it.
pub(super) fn nearest(selector: &str, offer: &Offer) -> Option<String> {
    let words = |text: &str| html::one_line(&text.replace(['#', '.', '[', ']', '"', '=', '\''], " "));
    let wanted = words(selector).to_ascii_lowercase();
    let offered = offer.buttons.iter().chain(&offer.inputs).chain(&offer.links);
    let selectors = offered.filter_map(|text| {
        let place = text.rsplit_once(" (").map_or(text.as_str(), |(_, place)| place.trim_end_matches(')'));
        place.starts_with(['#', '[']).then(|| place.to_owned())
    });
    let near = |place: &String| strsim::jaro_winkler(&words(place).to_ascii_lowercase(), &wanted);
    let best = selectors.max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) > NEAR && best != selector).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_told_by_its_selector() {
        let offer = Offer { buttons: vec!["\u{201c}Buy now\u{201d} (#buy-now)".into()], ..Offer::default() };
        assert_eq!(nearest("#buy_now", &offer).as_deref(), Some("#buy-now"));
        assert_eq!(nearest("#cancel", &offer), None);
        assert_eq!(offered(&offer), "; its buttons: \u{201c}Buy now\u{201d} (#buy-now)");
        assert_eq!(offered(&Offer::default()), "; it has nothing to press or to fill in");
    }
}
