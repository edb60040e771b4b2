//! Tokens that a site gave out and still honours. They look random and yet are the same in every
//! run, so that two runs of a scan can be compared byte by byte.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tokens of one kind.
#[derive(Debug)]
pub(crate) struct Sessions {
    kind: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    issued: u64,
    live: BTreeSet<String>,
}

impl Sessions {
    /// `kind` keeps two sorts of tokens apart.
    pub(crate) fn new(kind: u64) -> Self {
        Sessions { kind, state: Mutex::default() }
    }

    /// A new token of 32 hexadecimal digits.
    pub(crate) fn issue(&self) -> String {
        let mut state = self.state();
        state.issued += 1;
        let seed = self.kind << 32 | state.issued;
        let token = format!("{:016x}{:016x}", scramble(seed), scramble(!seed));
        state.live.insert(token.clone());
        token
    }

    /// A new token in the shape of a JSON Web Token.
    pub(crate) fn issue_jwt(&self) -> String {
        let mut state = self.state();
        state.issued += 1;
        let seed = self.kind << 32 | state.issued;
        let claims = format!("{{\"sub\":\"ann\",\"jti\":\"{:016x}\"}}", scramble(seed));
        let token = format!(
            "{}.{}.{}",
            base64url(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
            base64url(claims.as_bytes()),
            base64url(&[scramble(seed).to_be_bytes(), scramble(!seed).to_be_bytes()].concat())
        );
        state.live.insert(token.clone());
        token
    }

    pub(crate) fn knows(&self, token: Option<&str>) -> bool {
        token.is_some_and(|token| self.state().live.contains(token))
    }

    /// Honours a token from elsewhere.
    pub(crate) fn admit(&self, token: &str) {
        self.state().live.insert(token.to_owned());
    }

    /// No longer honours it; whether it was honoured until now.
    pub(crate) fn end(&self, token: Option<&str>) -> bool {
        token.is_some_and(|token| self.state().live.remove(token))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SplitMix64's finalizer.
fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(DIGITS[(group >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}
