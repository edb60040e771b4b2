//! Which addresses belong to the crawl: the site's own hosts, on the target's port, as the plan
//! includes and excludes them.

use super::Address;
use crate::observation::SkipReason;
use std::collections::BTreeMap;
use url::Url;

type Test<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;

/// Decides whether an address is asked, and where it is asked.
pub struct Scope {
    target: Address,
    own: Test<Address>,
    include: Option<Test<Address>>,
    exclude: Option<Test<Address>>,
    never_follow: Option<Test<Address>>,
    follow: Option<Test<Address>>,
    /// The manifest's hosts to this target's origin or host.
    hosts: BTreeMap<String, String>,
    /// Origins beside the target's that are its own.
    also: Vec<String>,
}

impl Scope {
    /// The target's own host and nothing else.
    pub fn new(target: &Url) -> Option<Scope> {
        let target = Address::new(target)?;
        let host = target.host().to_owned();
        Some(Scope {
            target,
            own: Box::new(move |asked| asked.host() == host),
            include: None,
            exclude: None,
            never_follow: None,
            follow: None,
            hosts: BTreeMap::new(),
            also: Vec::new(),
        })
    }

    /// What is the site's own, by a test of the address. The target's own host always counts.
    pub fn own(mut self, own: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Scope {
        self.own = Box::new(own);
        self
    }

    /// Hosts that stand for a host of this target: a link to the left one leads to the right one
    /// (`localhost`, `localhost:8080`), never where it points. It is followed if that is an own
    /// host; the map may also say where third parties are.
    pub fn hosts(mut self, hosts: BTreeMap<String, String>) -> Scope {
        self.hosts = hosts;
        self
    }

    /// The site is at these origins, too, whatever their ports: its plain http twin on a machine for
    /// tests.
    pub fn also(mut self, origins: impl IntoIterator<Item = Address>) -> Scope {
        self.also = origins.into_iter().map(|address| address.origin().to_owned()).collect();
        self
    }

    /// Only these pages.
    pub fn include(mut self, test: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Scope {
        self.include = Some(Box::new(test));
        self
    }

    /// Not these pages.
    pub fn exclude(mut self, test: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Scope {
        self.exclude = Some(Box::new(test));
        self
    }

    /// Links that would change something, beside those recognised by their words.
    pub fn never_follow(mut self, test: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Scope {
        self.never_follow = Some(Box::new(test));
        self
    }

    /// Links that only show something, though a careful member could not know it.
    pub fn follow(mut self, test: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Scope {
        self.follow = Some(Box::new(test));
        self
    }

    /// Whether the plan says that following the address is harmless.
    pub fn follows(&self, address: &Address) -> bool {
        self.follow.as_ref().is_some_and(|test| test(address))
    }

    /// Whether [`Scope::place`] would change it.
    pub fn is_mapped(&self, address: &Address) -> bool {
        !self.hosts.is_empty()
            && address.origin() != self.target.origin()
            && self.hosts.contains_key(address.host())
    }

    /// The address as asked at this target: its host mapped where the plan maps it.
    pub fn place(&self, address: Address) -> Address {
        match self.hosts.get(address.host()) {
            Some(here) if address.origin() != self.target.origin() => {
                let (scheme, _) = self.target.origin().split_once("://").unwrap_or(("https", ""));
                let port =
                    match self.target.has_default_port() || here.rsplit(':').next().is_some_and(is_number) {
                        true => String::new(),
                        false => format!(":{}", self.target.port()),
                    };
                Address::parse(&format!("{scheme}://{here}{port}{}", address.path_and_query()))
                    .unwrap_or(address)
            }
            _ => address,
        }
    }

    /// Whether the address is the site's own: its host, on the target's port. A target on its
    /// scheme's own port has both http and https.
    pub fn is_own(&self, address: &Address) -> bool {
        if address.origin() == self.target.origin() || self.also.iter().any(|at| at == address.origin()) {
            return true;
        }
        let at = address.origin().split_once("://").map_or("", |(_, at)| at);
        let own_port = address.port() == self.target.port()
            || self.target.has_default_port() && address.has_default_port()
            || self.hosts.values().any(|here| here == at);
        own_port && (self.own)(address)
    }

    /// Whether a placed address is part of the crawl.
    pub fn decide(&self, address: &Address) -> Result<(), SkipReason> {
        if !self.is_own(address) {
            return Err(SkipReason::OutOfScope);
        }
        let says = |test: &Option<Test<Address>>| test.as_ref().map(|test| test(address));
        if says(&self.include) == Some(false) || says(&self.exclude) == Some(true) {
            return Err(SkipReason::Excluded);
        }
        match says(&self.never_follow) {
            Some(true) => Err(SkipReason::ChangesData),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("target", &self.target)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(target: &str) -> Scope {
        Scope::new(&Url::parse(target).unwrap()).unwrap()
    }

    #[test]
    fn own_addresses() {
        #[track_caller]
        fn case(target: &str, address: &str, own: bool) {
            let scope = scope(target)
                .own(|asked| asked.host() == "example.org" || asked.host().ends_with(".example.org"));
            assert_eq!(scope.is_own(&Address::parse(address).unwrap()), own, "{target} {address}");
        }
        case("https://example.org/", "https://example.org/x", true);
        case("https://example.org/", "http://example.org/x", true);
        case("https://example.org/", "https://a.example.org/", true);
        case("https://example.org/", "https://example.org:8443/", false);
        case("https://example.org/", "https://example.com/", false);
        case("https://example.org/", "https://notexample.org/", false);
        case("http://127.0.0.1:8080/", "http://127.0.0.1:8080/x", true);
        case("http://127.0.0.1:8080/", "http://127.0.0.1:9090/x", false);
        case("http://127.0.0.1:8080/", "http://127.0.0.1/x", false);
    }

    #[test]
    fn mapped_hosts_are_asked_at_the_target() {
        #[track_caller]
        fn case(here: &str, address: &str, placed: &str) {
            let hosts = BTreeMap::from([("prokken.com".to_owned(), here.to_owned())]);
            let scope = scope("http://localhost:8080/").hosts(hosts);
            let address = scope.place(Address::parse(address).unwrap());
            assert_eq!(address.as_str(), placed);
            assert_eq!(scope.decide(&address).is_ok(), placed.contains("localhost"));
        }
        case("localhost", "https://prokken.com/docs?x=y", "http://localhost:8080/docs?x=y");
        case("localhost:9090", "https://prokken.com/docs", "http://localhost:9090/docs");
        case("localhost", "https://other.org/docs", "https://other.org/docs");
    }

    #[test]
    fn included_and_excluded() {
        let scope = scope("https://example.org/")
            .include(|address| address.path().starts_with("/docs"))
            .exclude(|address| address.path().ends_with("/print"))
            .never_follow(|address| address.path() == "/docs/rebuild");
        #[track_caller]
        fn case(scope: &Scope, path: &str, expected: Result<(), SkipReason>) {
            assert_eq!(
                scope.decide(&Address::parse(&format!("https://example.org{path}")).unwrap()),
                expected
            );
        }
        case(&scope, "/docs/a", Ok(()));
        case(&scope, "/blog", Err(SkipReason::Excluded));
        case(&scope, "/docs/print", Err(SkipReason::Excluded));
        case(&scope, "/docs/rebuild", Err(SkipReason::ChangesData));
    }
}
