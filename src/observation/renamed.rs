//! Names that a deploy changes.

/// Whether one name is the other with another hash in it: the same parts but one, and that one has
/// digits in both and the same length.
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
    a.len() == b.len() && hash(a) && hash(b)
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
            ("a_11aa_b_22bb", "a_33cc_b_44dd", false),
        ] {
            assert_eq!(renamed(before, now), expected, "{before} {now}");
        }
    }
}
