//! Names that a deploy changes.

/// Whether one name is the other with another hash or number in it: the same parts but one, and that one has
/// digits in both and the same length, or is the same but for its number.
pub fn renamed(before: &str, now: &str) -> bool {
    let parts =
        |name: &str| name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<String>>();
    let (before, now) = (parts(before), parts(now));
    if before.len() != now.len() || before.len() < 2 {
        return false;
    }
    let mut different = before.iter().zip(&now).filter(|(a, b)| a != b);
    let (Some((a, b)), None) = (different.next(), different.next()) else { return false };
    let hash = |part: &str| part.len() >= 4 && part.bytes().any(|byte| byte.is_ascii_digit());
    a.len() == b.len() && hash(a) && hash(b) || counts_on(a, b)
}

/// A counter that went on to one more digit: `999` and `1000`.
fn counts_on(before: &str, now: &str) -> bool {
    const FEWEST: usize = 3;
    let parts = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        (letters.to_owned(), part.len() - letters.len())
    };
    let ((letters, digits), (letters_now, digits_now)) = (parts(before), parts(now));
    letters == letters_now && digits.min(digits_now) >= FEWEST && digits.abs_diff(digits_now) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_changes_one_hash() {
        for (before, now, expected) in [
            ("app_3f9a2c", "app_7be01d", true),
            ("chunk-a81f.state", "chunk-77c2.state", true),
            ("phpbb3_4f7xq_sid", "phpbb3_9zq1k_sid", true),
            ("_ga", "_fbp", false),
            ("theme", "lang", false),
            ("step_1", "step_2", false),
            ("cart_eu", "cart_us", false),
            ("cart_999", "cart_1000", true),
            ("_hash587", "_hash625", true),
            ("cart_998", "cart_999", true),
            ("cart_99", "cart_100", false),
            ("cart_999", "card_1000", false),
            ("a_11aa_b_22bb", "a_33cc_b_44dd", false),
        ] {
            assert_eq!(renamed(before, now), expected, "{before} {now}");
        }
    }
}
