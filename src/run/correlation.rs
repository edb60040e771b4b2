//! Which requests really tell who is visiting. A value that looks random may be the number of an
//! account, the hash of a build or the number of an event; one visitor's own is the same on all the
//! visitor's page views and another for the next visitor. So requests with such values wait here
//! until visitors can be compared. A sum of a browser's traits is the same for all visitors of one
//! machine: whether a value is one shows when somebody comes whose browser has others.

use crate::cookie::registrable_domain;
use crate::engine::Carrying;
use crate::observation::{Carried, Cell, Contact, Disclosure, SafeUrl};
use std::collections::{BTreeMap, BTreeSet};

/// Most requests that wait; further ones are recorded without what they seem to tell.
const MOST_WAITING: usize = 20_000;
/// Most distinct values compared of one field.
const MOST_VALUES: usize = 1000;

/// Every value that may be one visitor's own, by the field that carried it.
pub(super) struct Correlation {
    /// Personas with a session are the same visitor in every cell.
    members: BTreeSet<String>,
    visitors: Vec<Visitor>,
    /// Fresh visitors are told apart by this number: one visitor passes through several cells, from
    /// before an answer to after it, and one cell may see several.
    serial: u32,
    page_view: u32,
    fields: BTreeMap<Place, Field>,
    waiting: Vec<(Contact, Vec<Carrying>)>,
    /// Whoever comes now has another browser's traits.
    in_disguise: bool,
    /// Visitors who had.
    disguised: BTreeSet<usize>,
    /// Whether the manifest says of a host that it gets nothing to tell visitors apart by.
    claimed: Claimed,
}

/// Whether a host is one that the manifest speaks of.
pub(super) type Claimed = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// How a page has to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LookAgain {
    /// By a visitor who comes back, and by another one.
    AsTwo,
    /// By another one whose browser has other traits.
    InDisguise,
}

/// Who is visiting: a persona with a session, or a fresh browser.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Visitor {
    persona: String,
    fresh: Option<u32>,
}

/// A field of requests to one site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    site: String,
    carried: Carried,
}

#[derive(Default)]
struct Field {
    /// By ordinal: the visitors who sent it, and the first page view of each.
    values: BTreeMap<u32, BTreeMap<usize, u32>>,
    /// A visitor sent one value on several page views.
    lasting: bool,
    /// The visitors who did.
    lasting_by: BTreeSet<usize>,
}

impl Field {
    /// Two visitors sent this value.
    fn is_shared(&self, value: u32) -> bool {
        self.values.get(&value).is_some_and(|visitors| visitors.len() > 1)
    }

    fn any_shared(&self) -> bool {
        self.values.values().any(|visitors| visitors.len() > 1)
    }

    /// Visitors with the same traits share a value that is another for those with others: a sum of
    /// the traits.
    fn goes_by_traits(&self, disguised: &BTreeSet<usize>) -> bool {
        let by = |in_disguise: bool| {
            let of = move |visitors: &BTreeMap<usize, u32>| {
                visitors.keys().any(|visitor| disguised.contains(visitor) == in_disguise)
            };
            self.values.iter().filter(move |(_, visitors)| of(visitors)).map(|(value, _)| *value)
        };
        let (plain, theirs): (BTreeSet<u32>, BTreeSet<u32>) = (by(false).collect(), by(true).collect());
        let lasts = |in_disguise: bool| {
            self.lasting_by.iter().any(|visitor| disguised.contains(visitor) == in_disguise)
        };
        !theirs.is_empty() && plain.is_disjoint(&theirs) && lasts(true) && lasts(false) && self.any_shared()
    }

    fn visitors(&self) -> usize {
        self.values.values().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().len()
    }
}

impl Correlation {
    pub(super) fn new(members: BTreeSet<String>, claimed: Claimed) -> Correlation {
        Correlation {
            members,
            visitors: Vec::new(),
            serial: 0,
            page_view: 0,
            fields: BTreeMap::new(),
            waiting: Vec::new(),
            in_disguise: false,
            disguised: BTreeSet::new(),
            claimed,
        }
    }

    /// Another document is shown from here on.
    pub(super) fn page_view(&mut self) {
        self.page_view += 1;
    }

    /// Whoever comes now is another visitor, unless known as a member.
    pub(super) fn another_visitor(&mut self) {
        self.serial += 1;
        self.in_disguise = false;
    }

    /// Whoever comes now has another browser's traits.
    pub(super) fn in_disguise(&mut self) {
        self.in_disguise = true;
    }

    /// Takes in a request: given back where nothing has to be compared.
    pub(super) fn contact(&mut self, mut contact: Contact, carrying: &[Carrying]) -> Option<Contact> {
        let (sure, unsure): (Vec<_>, Vec<_>) =
            carrying.iter().cloned().partition(|one| one.carried.what == Disclosure::Email);
        contact.carried = sure.into_iter().map(|one| one.carried).collect();
        if unsure.is_empty() || self.waiting.len() >= MOST_WAITING {
            return Some(contact);
        }
        let visitor = self.visitor(&contact.cell);
        for one in &unsure {
            let field = self.fields.entry(place(&contact, &one.carried)).or_default();
            if field.values.len() >= MOST_VALUES && !field.values.contains_key(&one.identity) {
                continue;
            }
            let first =
                *field.values.entry(one.identity).or_default().entry(visitor).or_insert(self.page_view);
            if first != self.page_view {
                field.lasting = true;
                field.lasting_by.insert(visitor);
            }
        }
        self.waiting.push((contact, unsure));
        None
    }

    /// One page for each field that more visits could decide, in order.
    pub(super) fn undecided(&self) -> Vec<(Cell, SafeUrl, LookAgain)> {
        let mut pages: BTreeMap<Place, (&Cell, &SafeUrl, LookAgain)> = BTreeMap::new();
        for (contact, carrying) in &self.waiting {
            for one in carrying {
                let place = place(contact, &one.carried);
                let Some(field) = self.fields.get(&place) else { continue };
                let how = match &one.carried.what {
                    what if is_undecided(what, field) => LookAgain::AsTwo,
                    Disclosure::Identifier if self.may_go_by_traits(contact, field) => LookAgain::InDisguise,
                    _ => continue,
                };
                let here = (&contact.cell, &contact.page, how);
                pages.entry(place).and_modify(|first| *first = (*first).min(here)).or_insert(here);
            }
        }
        let pages: BTreeSet<_> = pages.into_values().collect();
        pages.into_iter().map(|(cell, page, how)| (cell.clone(), page.clone(), how)).collect()
    }

    /// All visitors send the same, and nobody came yet whose browser has other traits. Most of such
    /// values are the site's own number; it matters where the manifest says that there is nothing.
    fn may_go_by_traits(&self, contact: &Contact, field: &Field) -> bool {
        let disguised =
            field.values.values().flat_map(BTreeMap::keys).any(|who| self.disguised.contains(who));
        field.lasting && field.any_shared() && !disguised && (self.claimed)(&contact.host)
    }

    /// Every request that waited, with what it surely tells.
    pub(super) fn settle(&mut self) -> Vec<Contact> {
        let waiting = std::mem::take(&mut self.waiting);
        let settled = |(mut contact, carrying): (Contact, Vec<Carrying>)| {
            let tells = carrying.into_iter().filter(|one| self.tells(&contact, one));
            let mut carried: BTreeSet<Carried> = tells.map(|one| one.carried).collect();
            carried.extend(std::mem::take(&mut contact.carried));
            contact.carried = carried.into_iter().collect();
            contact
        };
        waiting.into_iter().map(settled).collect()
    }

    fn tells(&self, contact: &Contact, one: &Carrying) -> bool {
        let Some(field) = self.fields.get(&place(contact, &one.carried)) else { return false };
        let shared = field.is_shared(one.identity);
        match one.carried.what {
            // It is kept on the device: it lasts by that alone.
            Disclosure::Cookie(_) | Disclosure::Storage(_) => !shared,
            Disclosure::Identifier => {
                field.lasting && field.visitors() > 1 && !field.any_shared()
                    || field.goes_by_traits(&self.disguised)
            }
            Disclosure::UserId => {
                field.lasting
                    && !shared
                    && (field.visitors() > 1 || self.members.contains(&contact.cell.persona))
            }
            Disclosure::Email => true,
        }
    }

    fn visitor(&mut self, cell: &Cell) -> usize {
        let fresh = (!self.members.contains(&cell.persona)).then_some(self.serial);
        let visitor = Visitor { persona: cell.persona.clone(), fresh };
        let known = self.visitors.iter().position(|known| *known == visitor);
        let ordinal = known.unwrap_or_else(|| {
            self.visitors.push(visitor);
            self.visitors.len() - 1
        });
        if self.in_disguise {
            self.disguised.insert(ordinal);
        }
        ordinal
    }
}

fn place(contact: &Contact, carried: &Carried) -> Place {
    Place { site: registrable_domain(&contact.host).to_owned(), carried: carried.clone() }
}

/// Whether another look could decide: nothing speaks against it, and something is still missing.
fn is_undecided(what: &Disclosure, field: &Field) -> bool {
    match what {
        Disclosure::Email => false,
        Disclosure::Cookie(_) | Disclosure::Storage(_) => !field.any_shared() && field.visitors() < 2,
        Disclosure::Identifier | Disclosure::UserId => {
            !field.any_shared() && (!field.lasting || field.visitors() < 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Consent, Engine, Form, Party, Phase, Resource};
    use crate::secret::Secrets;

    fn contact(persona: &str, consent: Consent) -> Contact {
        let url = |text: &str| SafeUrl::new(&url::Url::parse(text).unwrap(), &Secrets::default());
        Contact {
            host: "x.tracker.test".into(),
            party: Party::Third,
            resource: Resource::Fetch,
            cell: Cell {
                persona: persona.into(),
                engine: Engine::Browser,
                consent,
                phase: Phase::Crawl,
                repeat: 1,
                third_party: None,
            },
            page: url("https://shop.test/"),
            example: url("https://x.tracker.test/e"),
            count: 1,
            fetched: true,
            carried: Vec::new(),
            script: None,
        }
    }

    /// Requests in order: who (`a` and `b`: fresh visitors, `m`: a member; a capital letter begins
    /// a page view), and the value's number. Gives what the first of them tells in the end, and
    /// whether another look was wanted.
    fn told(what: Disclosure, requests: &[(char, u32)]) -> (bool, bool) {
        let members = BTreeSet::from(["member".to_owned()]);
        let mut correlation = Correlation::new(members, Box::new(|host| host == "x.tracker.test"));
        let mut before = 'a';
        for (who, identity) in requests {
            if std::mem::replace(&mut before, who.to_ascii_lowercase()) != who.to_ascii_lowercase() {
                correlation.another_visitor();
            }
            // `D` comes with another browser's traits.
            if who.eq_ignore_ascii_case(&'d') {
                correlation.in_disguise();
            }
            if who.is_uppercase() {
                correlation.page_view();
            }
            let contact = match who.to_ascii_lowercase() {
                'm' => contact("member", Consent::Untouched),
                _ => contact("anonymous", Consent::Untouched),
            };
            let carried = Carried { what: what.clone(), field: "x".into(), form: Form::Plain };
            let carrying = [Carrying { carried, identity: *identity }];
            assert!(correlation.contact(contact, &carrying).is_none());
        }
        let undecided = !correlation.undecided().is_empty();
        (!correlation.settle()[0].carried.is_empty(), undecided)
    }

    #[test]
    fn a_visitors_own_value_lasts_and_is_nobody_elses() {
        let (yes, no, unclear) = ((true, false), (false, false), (false, true));
        let own = |requests: &[(char, u32)]| told(Disclosure::Identifier, requests);
        assert_eq!(own(&[('A', 1), ('A', 1), ('B', 2), ('B', 2)]), yes);
        // The number of an account, the hash of a build: once somebody with other traits sent it, too.
        assert_eq!(own(&[('A', 1), ('A', 1), ('B', 1)]), unclear);
        assert_eq!(own(&[('A', 1), ('A', 1), ('B', 1), ('D', 1), ('D', 1)]), no);
        // A sum of the browser's traits.
        assert_eq!(own(&[('A', 1), ('A', 1), ('B', 1), ('D', 2), ('D', 2)]), yes);
        // Neither is what is new each time for the one in disguise.
        assert_eq!(own(&[('A', 1), ('A', 1), ('B', 1), ('D', 2), ('D', 3)]), no);
        // A cache buster, an event's number: also where one page view sends it twice.
        assert_eq!(own(&[('A', 1), ('a', 1), ('A', 2), ('B', 3), ('B', 4)]), unclear);
        // Only one visitor, or seen once.
        assert_eq!(own(&[('A', 1), ('A', 1)]), unclear);
        assert_eq!(own(&[('A', 1)]), unclear);
    }

    #[test]
    fn what_is_kept_on_the_device_is_the_visitors_unless_others_have_it() {
        let cookie = |requests: &[(char, u32)]| told(Disclosure::Cookie("sid".into()), requests);
        assert_eq!(cookie(&[('A', 1), ('B', 2)]), (true, false));
        assert_eq!(cookie(&[('A', 1)]), (true, true));
        assert_eq!(cookie(&[('A', 1), ('B', 1)]), (false, false));
    }

    #[test]
    fn a_members_number_is_the_members() {
        let user = |requests: &[(char, u32)]| told(Disclosure::UserId, requests);
        assert!(user(&[('M', 1), ('M', 1)]).0);
        assert!(!user(&[('M', 1), ('M', 1), ('A', 1)]).0);
        assert!(!user(&[('A', 1), ('A', 1)]).0);
    }
}
