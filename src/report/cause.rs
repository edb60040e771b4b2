//! Why a visitor was not reached, as people want to read it: what is likely wrong first, the rest behind
//! it, and what the page itself said only where everything is wanted.

const SAYING: &str = ", saying \u{201c}";
const LIKELY: &str = ". Likely ";

/// The cause first: `likely the password is wrong; step 2 of the login (...): the answer was 401 ...`.
pub(crate) fn first(step: &str, why: &str) -> String {
    // Behind the last quotation only: a page may say anything.
    let after = why.rfind('\u{201d}').map_or(0, |at| at + '\u{201d}'.len_utf8());
    match why[after..].rfind(LIKELY) {
        Some(at) => {
            let (story, likely) = why.split_at(after + at);
            format!("likely {}; {step}: {story}", &likely[LIKELY.len()..])
        }
        None => format!("{step}: {why}"),
    }
}

/// The text without what pages said of themselves.
pub(crate) fn without_the_pages_words(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SAYING) {
        kept.push_str(before);
        match after.split_once('\u{201d}') {
            Some((_, after)) => rest = after,
            None => return kept,
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHY: &str = "the answer was 401 at /login, titled “Log in”, saying “No. Likely you are not you”: turned \
                       away. Likely the password is wrong";

    #[test]
    fn the_cause_comes_first() {
        assert_eq!(
            first("step 2 (plan.toml:4)", WHY),
            "likely the password is wrong; step 2 (plan.toml:4): the answer was 401 at /login, titled “Log in”, \
             saying “No. Likely you are not you”: turned away"
        );
        assert_eq!(first("step 1", "no answer came"), "step 1: no answer came");
        assert_eq!(first("step 1", "saying “x. Likely y”"), "step 1: saying “x. Likely y”");
    }

    #[test]
    fn a_pages_words_are_left_out() {
        assert_eq!(
            without_the_pages_words(WHY),
            "the answer was 401 at /login, titled “Log in”: turned away. Likely the password is wrong"
        );
        assert_eq!(without_the_pages_words("a, saying “b"), "a");
        assert_eq!(without_the_pages_words("“a” b"), "“a” b");
    }
}
