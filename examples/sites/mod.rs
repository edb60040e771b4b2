//! The four sample sites: small servers on loopback that behave exactly as their cookie policies
//! say, and, with a switch turned on, break exactly one sentence of them.
//!
//! One port serves everything: http and https (the first byte tells them apart), the site's own
//! hosts and the third parties it deals with (the `Host` header tells them apart). Hosts go by
//! their real names (`prokken.com`, `checkout.stripe.com`; the scanner is told where they are) or
//! under `.localhost` (`prokken.localhost`, `checkout.stripe.localhost`), which browsers and curl
//! find by themselves.

#![allow(dead_code, unused_imports, reason = "each example and the tests use a part of it")]

mod dpokit;
mod folder;
mod katror;
mod kropee;
mod message;
mod names;
mod page;
mod prokken;
mod server;
mod sessions;
mod switches;
mod third_parties;
mod tls;

pub(crate) use folder::{Password, prepare};
pub(crate) use server::{Running, Settings};
pub(crate) use switches::Switches;
pub(crate) use tls::Authority;

use message::{Request, Response};

/// The account that every sample site knows.
pub(crate) const EMAIL: &str = "ann@example.test";
/// Its password.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A sample site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    Kropee,
    Katror,
    Prokken,
    Dpokit,
}

impl Which {
    pub(crate) const ALL: [Which; 4] = [Which::Kropee, Which::Katror, Which::Prokken, Which::Dpokit];

    /// Its name, which is also its folder's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Which::Kropee => "kropee",
            Which::Katror => "katror",
            Which::Prokken => "prokken",
            Which::Dpokit => "dpokit",
        }
    }

    /// The site of a name.
    pub(crate) fn named(name: &str) -> Option<Which> {
        Which::ALL.into_iter().find(|which| which.name() == name)
    }

    /// Every switch it knows, and what each makes it do.
    pub(crate) fn switches(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Which::Kropee => kropee::SWITCHES,
            Which::Katror => katror::SWITCHES,
            Which::Prokken => prokken::SWITCHES,
            Which::Dpokit => dpokit::SWITCHES,
        }
    }

    /// The hosts that are its own; the first is the site itself.
    pub(crate) fn hosts(self) -> &'static [&'static str] {
        match self {
            Which::Kropee => kropee::HOSTS,
            Which::Katror => katror::HOSTS,
            Which::Prokken => prokken::HOSTS,
            Which::Dpokit => dpokit::HOSTS,
        }
    }

    /// Its own hosts and every third party's.
    pub(crate) fn all_hosts(self) -> impl Iterator<Item = &'static str> {
        self.hosts().iter().chain(third_parties::HOSTS).copied()
    }

    fn build(self, settings: &Settings) -> Box<dyn Site> {
        let switches = settings.switches.clone();
        match self {
            Which::Kropee => Box::new(kropee::Kropee::new(switches)),
            Which::Katror => Box::new(katror::Katror::new(switches)),
            Which::Prokken => Box::new(prokken::Prokken::new(switches)),
            Which::Dpokit => Box::new(dpokit::Dpokit::new(switches, settings.mail.clone())),
        }
    }
}

/// What a site answers on its own hosts.
trait Site: Send + Sync {
    /// The answer over the scheme it lives on.
    fn answer(&self, request: &Request) -> Response;

    /// The answer over plain http where it lives on https.
    fn answer_plain(&self, request: &Request) -> Response {
        Response::redirect(308, &request.secure_twin())
    }
}
