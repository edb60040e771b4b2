//! What is behind a thing that is there, or a host that was asked: violations that share a cause are one finding.

use super::context::{Context, Seen};
use super::matching;
use super::violation::Cause;

/// The cause behind a thing that is there and should not be: the thing, its vendor, the site of the
/// script or response that put it there, the declared third party, or the declared item itself.
pub(crate) fn presence(context: &Context<'_>, seen: &Seen<'_>) -> Vec<Cause> {
    if let Some(item) = seen.item {
        return vec![if seen.foreign { Cause::Origin(item) } else { Cause::Here(item) }];
    }
    let mut causes = vec![Cause::Thing(seen.kind(), seen.family.clone())];
    causes.extend(seen.namesake.map(Cause::Origin));
    if let Some(fact) = seen.fact.as_ref().filter(|fact| fact.third_party) {
        causes.push(Cause::Vendor(fact.vendor.to_string()));
    }
    if seen.foreign {
        causes.push(Cause::Site(site(matching::host_of(seen.observation))));
    }
    if let Some(provider) = seen.provider {
        causes.push(Cause::Provider(provider));
    }
    causes.extend(by_script(context, seen));
    causes
}

/// The foreign script that wrote it, as a cause.
pub(crate) fn by_script(context: &Context<'_>, seen: &Seen<'_>) -> Vec<Cause> {
    let Some(host) = seen.script_host().filter(|host| !context.hosts.own(host)) else { return Vec::new() };
    of_host(context, &host)
}

/// The causes behind a contact with a foreign host.
pub(crate) fn of_host(context: &Context<'_>, host: &str) -> Vec<Cause> {
    let mut causes = vec![Cause::Site(site(host))];
    if let Some(fact) = context.knowledge.host(host) {
        causes.push(Cause::Vendor(fact.vendor.into_owned()));
    }
    if let Some(provider) = context.provider_of_host(host) {
        causes.push(Cause::Provider(provider));
    }
    causes
}

/// The registrable domain of a host.
pub(crate) fn site(host: &str) -> String {
    crate::cookie::registrable_domain(&host.trim_start_matches('.').to_ascii_lowercase()).to_owned()
}
