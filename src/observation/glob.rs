//! Globs of hosts, and the tokens that globs of all kinds are made of.

use std::fmt;

/// A glob: `*` stands for any characters, also none. Used for hosts (`*.example.org` also means
/// `a.b.example.org`, not `example.org`), compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    written: String,
    tokens: Tokens,
}

/// A glob taken apart. Matched by following all its positions at once, so that no glob and no
/// text, however hostile, takes longer than their lengths multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// Any bytes, also none.
    Any,
    /// Any bytes but `/`, also none.
    Segment,
    /// Nothing, or a `/` that the following `Any` goes on from: `/**`.
    MaybeSlash,
}

impl Glob {
    /// Reads a host glob. Hosts in Unicode are compared in punycode.
    pub fn new(written: &str) -> Self {
        let host = written.trim().trim_end_matches('.');
        let ascii = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_ascii_lowercase());
        Glob { written: written.to_owned(), tokens: Tokens::of_glob(ascii.as_bytes()) }
    }

    /// Whether a host is meant. Case and a last dot do not count.
    pub fn matches(&self, host: &str) -> bool {
        self.tokens.match_all(host.trim_end_matches('.').to_ascii_lowercase().as_bytes())
    }

    /// The one host it means, where it has no `*`.
    pub fn literal(&self) -> Option<&str> {
        (!self.written.contains('*')).then_some(self.written.as_str())
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Tokens {
    /// `*` stands for anything.
    pub(crate) fn of_glob(glob: &[u8]) -> Self {
        Tokens(glob.iter().map(|&byte| if byte == b'*' { Token::Any } else { Token::Byte(byte) }).collect())
    }

    /// `*` stops at `/`, `**` does not, `/**` at the end or before a `/` may be nothing at all.
    pub(crate) fn of_path(mut path: &str) -> Self {
        let mut tokens = Vec::new();
        while let Some(&byte) = path.as_bytes().first() {
            let deep = path.strip_prefix("/**").filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = deep {
                tokens.extend([Token::MaybeSlash, Token::Any]);
                path = rest;
            } else if let Some(rest) = path.strip_prefix("**") {
                tokens.push(Token::Any);
                path = rest;
            } else if let Some(rest) = path.strip_prefix('*') {
                tokens.push(Token::Segment);
                path = rest;
            } else {
                tokens.push(Token::Byte(byte));
                // Encoded paths are ASCII; should one not be, its bytes are compared one by one.
                let next = (1..=path.len()).find(|&at| path.is_char_boundary(at)).unwrap_or(path.len());
                tokens.extend(path.as_bytes()[1..next].iter().map(|&byte| Token::Byte(byte)));
                path = &path[next..];
            }
        }
        Tokens(tokens)
    }

    pub(crate) fn match_all(&self, text: &[u8]) -> bool {
        let tokens = &self.0;
        if !tokens.iter().any(|token| !matches!(token, Token::Byte(_))) {
            return tokens.len() == text.len()
                && tokens.iter().zip(text).all(|(token, byte)| *token == Token::Byte(*byte));
        }
        let mut here = vec![false; tokens.len() + 1];
        let mut next = here.clone();
        here[0] = true;
        self.skip_empty(&mut here);
        for &byte in text {
            next.fill(false);
            for (at, token) in tokens.iter().enumerate().filter(|(at, _)| here[*at]) {
                match token {
                    Token::Byte(wanted) if *wanted == byte => next[at + 1] = true,
                    Token::Any => next[at] = true,
                    Token::Segment if byte != b'/' => next[at] = true,
                    Token::MaybeSlash if byte == b'/' => next[at + 1] = true,
                    _ => {}
                }
            }
            std::mem::swap(&mut here, &mut next);
            self.skip_empty(&mut here);
        }
        here[tokens.len()]
    }

    /// Positions that are reached without a byte.
    fn skip_empty(&self, here: &mut [bool]) {
        for (at, token) in self.0.iter().enumerate() {
            if here[at] {
                match token {
                    Token::Any | Token::Segment => here[at + 1] = true,
                    Token::MaybeSlash => here[at + 2] = true,
                    Token::Byte(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn host(glob: &str, host: &str, expected: bool) {
        assert_eq!(Glob::new(glob).matches(host), expected, "{glob} and {host}");
    }

    #[test]
    fn host_globs_mean_what_they_say() {
        host("example.org", "Example.ORG", true);
        host("example.org", "example.org.", true);
        host("example.org", "a.example.org", false);
        host("*.example.org", "a.b.example.org", true);
        host("*.example.org", "example.org", false);
        host("*.example.org", "badexample.org", false);
        host("*stripe*", "m.stripe.com", true);
        host("bücher.example", "xn--bcher-kva.example", true);
        host("*.bücher.example", "www.xn--bcher-kva.example", true);
    }

    #[test]
    fn a_hostile_glob_takes_no_longer_than_its_length() {
        let glob = Glob::new(&"*a".repeat(200));
        assert!(!glob.matches(&"a".repeat(20_000).replace("aa", "ab")));
    }
}
