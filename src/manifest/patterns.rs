//! Patterns for names, hosts and pages.

use regex::bytes::Regex;

/// A glob: `*` stands for any characters, also none. Used for hosts (`*.example.org` also means
/// `a.b.example.org`, not `example.org`), compared without case.
#[derive(Clone, Debug)]
pub struct Glob {
    written: String,
    regex: Regex,
}

/// A cookie or storage name: literal, glob (`_ga_*`) or regex.
#[derive(Clone, Debug)]
pub struct NamePattern {
    written: String,
    regex: Option<Regex>,
}

/// A page pattern: a path glob (`/docs/**` also means `/docs`; `*` stops at `/`), or host and path
/// (`app.example.org/login`).
#[derive(Clone, Debug)]
pub struct PagePattern {
    written: String,
    host: Option<Glob>,
    path: Regex,
}
