//! One-time codes of a second factor (RFC 6238), from the secret as sites print it: base32,
//! spaces and lower case allowed, or the whole `otpauth://` URI of the QR code.

use totp_rs::{Algorithm, Builder, Secret};
use url::Url;

/// The code at a time (seconds since the epoch), or what is wrong with the secret; the message
/// never has the secret in it.
pub(in crate::run) fn code(secret: &str, now: u64) -> Result<String, String> {
    let mut settings =
        Settings { secret: secret.to_owned(), algorithm: Algorithm::SHA1, digits: 6, period: 30 };
    if secret.trim_start().get(..10).is_some_and(|scheme| scheme.eq_ignore_ascii_case("otpauth://")) {
        settings.read_uri(secret.trim())?;
    }
    let base32: String = settings
        .secret
        .chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '-' | '='))
        .map(|character| character.to_ascii_uppercase())
        .collect();
    if base32.is_empty() {
        return Err("the secret is empty".into());
    }
    let secret = Secret::try_from_base32(&base32).map_err(|_| "the secret is not base32".to_owned())?;
    let totp = Builder::new()
        .with_algorithm(settings.algorithm)
        .with_digits(settings.digits)
        .with_step_duration(settings.period)
        .with_secret(secret)
        // Short secrets are against the RFC, and in use.
        .build_noncompliant();
    Ok(totp.generate(now).to_string())
}

struct Settings {
    secret: String,
    algorithm: Algorithm,
    digits: u8,
    period: u64,
}

impl Settings {
    fn read_uri(&mut self, uri: &str) -> Result<(), String> {
        let uri = Url::parse(uri).map_err(|_| "the otpauth URI cannot be read".to_owned())?;
        if uri.host_str() != Some("totp") {
            return Err("the otpauth URI is not of type totp".into());
        }
        self.secret.clear();
        for (key, value) in uri.query_pairs() {
            match key.as_ref() {
                "secret" => self.secret = value.into_owned(),
                "digits" => {
                    self.digits = value
                        .parse()
                        .ok()
                        .filter(|digits| (6..=8).contains(digits))
                        .ok_or("the otpauth URI's digits are not 6, 7 or 8")?;
                }
                "period" => {
                    self.period = value
                        .parse()
                        .ok()
                        .filter(|period| *period > 0)
                        .ok_or("the otpauth URI's period is no number of seconds")?;
                }
                "algorithm" => {
                    self.algorithm = match value.to_ascii_uppercase().as_str() {
                        "SHA1" => Algorithm::SHA1,
                        "SHA256" => Algorithm::SHA256,
                        "SHA512" => Algorithm::SHA512,
                        _ => return Err("the otpauth URI's algorithm is not SHA1, SHA256 or SHA512".into()),
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "12345678901234567890" and its longer kin of RFC 6238, appendix B, in base32.
    const SHA1: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const SHA256: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
    const SHA512: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA";

    #[test]
    fn the_vectors_of_the_rfc() {
        #[rustfmt::skip]
        let cases = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (time, sha1, sha256, sha512) in cases {
            let uri = |secret, algorithm| {
                format!("otpauth://totp/a:b?secret={secret}&digits=8&algorithm={algorithm}")
            };
            assert_eq!(code(&uri(SHA1, "SHA1"), time).as_deref(), Ok(sha1));
            assert_eq!(code(&uri(SHA256, "sha256"), time).as_deref(), Ok(sha256));
            assert_eq!(code(&uri(SHA512, "SHA512"), time).as_deref(), Ok(sha512));
            assert_eq!(code(SHA1, time).as_deref(), Ok(&sha1[2..]), "six digits by default");
        }
    }

    #[test]
    fn secrets_as_sites_print_them() {
        assert_eq!(code("gezd gnbv-gy3t qojq gezd gnbv gy3t qojq==", 59), code(SHA1, 59));
        assert_eq!(
            code("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60", 119),
            code(SHA1, 59)
        );
    }

    #[test]
    fn bad_secrets_are_named_without_being_told() {
        #[rustfmt::skip]
        let cases = [
            ("", "the secret is empty"),
            ("not!base32", "the secret is not base32"),
            ("otpauth://hotp/x?secret=GEZDGNBV", "the otpauth URI is not of type totp"),
            ("otpauth://totp/x?secret=GEZDGNBV&digits=99", "the otpauth URI's digits are not 6, 7 or 8"),
            ("otpauth://totp/x", "the secret is empty"),
        ];
        for (secret, expected) in cases {
            assert_eq!(code(secret, 0), Err(expected.to_owned()));
        }
    }
}
