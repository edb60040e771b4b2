//! Secrets stand in a plan by reference: it is made to be kept with the site's sources.
//!
//! A field that is named like a secret and holds plain text is an error, unless every target is on
//! this very machine: there, it is the password of a sample.

use super::SecretRefAt;
use crate::config::{Problems, names_a_secret, shortened};
use crate::plan::{RefPart, SecretRef};

/// Complains where a field named like a secret holds one.
pub(super) fn by_reference(name: &str, value: &SecretRefAt, local: bool, problems: &mut Problems) {
    if is_secret(name) {
        always_by_reference(name, value, local, problems);
    }
}

/// Complains where a secret stands in plain text.
pub(super) fn always_by_reference(name: &str, value: &SecretRefAt, local: bool, problems: &mut Problems) {
    if !local && is_literal(&value.value) {
        problems
            .error(&value.span, format!("`{}` holds a secret in plain text", shortened(name)))
            .fix("write \"${env:NAME}\" and set the variable, or \"${file:PATH}\"")
            .hide();
    }
}

/// Complains of references that only have a meaning after a step.
pub(super) fn without_steps(value: &SecretRefAt, problems: &mut Problems) {
    let needs_step =
        |part: &RefPart| matches!(part, RefPart::Cookie(_) | RefPart::Json(_) | RefPart::Page(_));
    if value.value.parts.iter().any(needs_step) {
        problems
            .error(
                &value.span,
                "no step has been made here that a cookie, a page or a JSON answer could come from",
            )
            .fix("use ${env:NAME}, ${file:PATH} or ${command:...}");
    }
}

/// Plain text, and some.
fn is_literal(reference: &SecretRef) -> bool {
    matches!(reference.parts.as_slice(), [RefPart::Text(text)] if !text.is_empty())
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    names_a_secret(name) || lower.contains("cookie") || lower.contains("session")
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in
            ["password", "Passwd", "user_password", "X-API-Key", "csrf-token", "Authorization", "OTP", "pwd"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["email", "username", "remember", "Accept", "X-Forwarded-For", "pass"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
