//! Short words for what small applications answer.

use super::hostile::Answer;

pub(crate) fn html(body: &str) -> Answer {
    page("", body)
}

/// A page with these header lines.
pub(crate) fn page(lines: &str, body: &str) -> Answer {
    Answer::page(lines, &format!("<!doctype html><title>App</title>{body}"))
}

/// What a form is answered with.
pub(crate) fn to(path: &str, lines: &str) -> Answer {
    Answer::redirect("303 See Other", path, lines)
}
