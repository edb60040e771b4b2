//! Which pages of a visit were one and the same. A site that is closed shows one page at every
//! address; one that closes while it is looked at shows it at several addresses in a row.

use crate::observation::{Cell, SameAnswer};
use crate::run::html;
use regex::bytes::Regex;
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hasher;
use std::sync::LazyLock;

/// Distinct pages told apart in one cell.
const MOST_ANSWERS: usize = 20_000;
/// Addresses from which on it says something that they all answer alike.
const LEAST_ALIKE: u64 = 4;
/// Pages looked back at, of one cell.
const MOST_IN_A_ROW: usize = 3;
/// A page with a script and no more text than this is filled by the script.
const WORDS_OF_A_PAGE: usize = 80;
/// Bytes looked at in one step.
const BLOCK: usize = 8;

/// By what a page is known again at another address.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Likeness {
    /// Of its text; digits are left out, because a closed door shows the time.
    sum: u64,
    /// A page that asks for a password is a door of another kind.
    is_login: bool,
    /// One without words that has a script is another page at each address for those who run it, and one
    /// whose links lead on is no closed door.
    is_page: bool,
}

impl Likeness {
    pub(super) fn of(body: &[u8], leads_on: bool) -> Likeness {
        Likeness {
            sum: without_digits(body),
            is_login: is_a_login(body),
            is_page: leads_on || is_a_shell(body),
        }
    }
}

/// A page that several addresses showed in a row, and not the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alike(u64);

impl Alike {
    /// Whether it is this page.
    pub(super) fn is(self, page: Likeness) -> bool {
        !page.is_login && self.0 == page.sum
    }
}

/// The pages of all cells, by what they are like.
#[derive(Debug, Default)]
pub(super) struct Answers(BTreeMap<Cell, OfCell>);

#[derive(Debug, Default)]
struct OfCell {
    /// How often each page came.
    counts: HashMap<u64, u64>,
    /// What the first address showed; none where that was a login.
    first: Option<Option<u64>>,
    /// Pages all the same: filled by a script, or with links that lead on.
    pages: HashSet<u64>,
    /// Seen last, and how often in a row.
    row: Option<(Alike, u64)>,
    in_a_row: Vec<Alike>,
    /// Shown by a site that was closed just then.
    closed: Option<u64>,
}

impl Answers {
    /// Counts a page.
    pub(super) fn add(&mut self, cell: &Cell, page: Likeness) {
        if !self.0.contains_key(cell) {
            self.0.insert(cell.clone(), OfCell::default());
        }
        if let Some(of_cell) = self.0.get_mut(cell) {
            of_cell.add(page);
        }
    }

    /// Pages that several addresses showed in a row, and not the first.
    pub(super) fn in_a_row(&self, cell: &Cell) -> Vec<Alike> {
        self.0.get(cell).map(|of_cell| of_cell.in_a_row.clone()).unwrap_or_default()
    }

    /// The site was closed while it showed this page.
    pub(super) fn was_closed(&mut self, cell: &Cell, page: Alike) {
        if let Some(of_cell) = self.0.get_mut(cell) {
            of_cell.closed = Some(page.0);
        }
    }

    /// Cells in which more than half of the addresses answered with one page, or a site was closed.
    pub(super) fn same(&self) -> Vec<SameAnswer> {
        self.0.iter().filter_map(|(cell, of_cell)| of_cell.same(cell)).collect()
    }
}

impl OfCell {
    fn add(&mut self, page: Likeness) {
        let Likeness { sum, is_login, is_page } = page;
        self.first.get_or_insert((!is_login).then_some(sum));
        if is_login {
            return;
        }
        self.in_a_row(Alike(sum));
        if self.counts.len() < MOST_ANSWERS || self.counts.contains_key(&sum) {
            *self.counts.entry(sum).or_default() += 1;
            if is_page {
                self.pages.insert(sum);
            }
        }
    }

    fn in_a_row(&mut self, page: Alike) {
        let count = self.row.filter(|(last, _)| *last == page).map_or(1, |(_, count)| count + 1);
        self.row = Some((page, count));
        let is_new = !self.is_first(page.0) && !self.in_a_row.contains(&page);
        if count >= LEAST_ALIKE && is_new && self.in_a_row.len() < MOST_IN_A_ROW {
            self.in_a_row.push(page);
        }
    }

    fn same(&self, cell: &Cell) -> Option<SameAnswer> {
        let of = self.counts.values().sum();
        if let Some(count) = self.closed.and_then(|sum| self.counts.get(&sum)) {
            return Some(SameAnswer { cell: cell.clone(), count: *count, of, door: true });
        }
        let (same, count) = self.counts.iter().max_by_key(|(sum, count)| (**count, **sum))?;
        (!self.pages.contains(same) && *count >= LEAST_ALIKE && count * 2 > of).then(|| SameAnswer {
            cell: cell.clone(),
            count: *count,
            of,
            door: self.is_first(*same),
        })
    }

    fn is_first(&self, sum: u64) -> bool {
        self.first == Some(Some(sum))
    }
}

/// Of what stands between the digits, piece by piece; how many digits there are does not matter.
fn without_digits(body: &[u8]) -> u64 {
    let mut hash = FxHasher::default();
    let mut rest = body;
    while !rest.is_empty() {
        let piece = length_without_digits(rest);
        hash.write(&rest[..piece]);
        let digits = rest[piece..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[piece + digits..];
    }
    hash.finish()
}

/// How many bytes come before a digit, or the end.
fn length_without_digits(body: &[u8]) -> usize {
    let (blocks, rest) = body.as_chunks::<BLOCK>();
    for (at, block) in blocks.iter().enumerate() {
        let digits = digits_of(u64::from_le_bytes(*block));
        if digits != 0 {
            return at * BLOCK + digits.trailing_zeros() as usize / 8;
        }
    }
    body.len() - rest.len() + rest.iter().take_while(|byte| !byte.is_ascii_digit()).count()
}

/// Of eight bytes the upper bit of each digit: the only ones below 10 once `0` is taken off by exclusive or.
fn digits_of(eight: u64) -> u64 {
    let each = |byte: u8| u64::from_ne_bytes([byte; BLOCK]);
    let apart = eight ^ each(b'0');
    // The upper bit of a byte is set where the byte is 10 or more; no byte carries into the next.
    let ten_or_more = ((apart & each(0x7f)) + each(0x80 - 10)) | apart;
    !ten_or_more & each(0x80)
}

/// Whether a page asks for a password, in whatever case and quotes its markup has it.
fn is_a_login(body: &[u8]) -> bool {
    #[expect(clippy::unwrap_used, reason = "a constant, compiled in the tests")]
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?i-u:password)").unwrap());
    WORD.is_match(body)
}

/// Whether a script fills the page: it has one, and next to no words.
fn is_a_shell(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("<script") && html::visible_text(&text, WORDS_OF_A_PAGE + 1).len() <= WORDS_OF_A_PAGE
}

#[cfg(test)]
mod tests {
    use super::{Answers, Likeness};
    use crate::observation::{Cell, Consent, Engine, Phase, SameAnswer};

    fn answers(pages: &[&str]) -> (Answers, Cell) {
        let mut answers = Answers::default();
        let cell = Cell {
            persona: "anonymous".to_owned(),
            engine: Engine::Http,
            consent: Consent::Untouched,
            phase: Phase::Crawl,
            repeat: 1,
            third_party: None,
        };
        for body in pages {
            answers.add(&cell, Likeness::of(body.as_bytes(), false));
        }
        (answers, cell)
    }

    fn same(answers: &Answers) -> Vec<(u64, u64, bool)> {
        answers.same().into_iter().map(|SameAnswer { count, of, door, .. }| (count, of, door)).collect()
    }

    #[test]
    fn one_page_at_most_addresses_is_told() {
        assert_eq!(
            same(&answers(&["soon 04:10", "soon 04:11", "soon 04:12", "soon 5:1", "other"]).0),
            [(4, 5, true)]
        );
        assert_eq!(same(&answers(&["other", "soon", "soon", "soon", "soon"]).0), [(4, 5, false)]);
        assert_eq!(same(&answers(&["soon", "soon", "soon"]).0), []);
        assert_eq!(same(&answers(&["Password: ", "soon", "soon", "soon", "soon"]).0), [(4, 4, false)]);
        let doors = ["Password: "; 5];
        assert_eq!(same(&answers(&doors).0), []);
    }

    #[test]
    fn digits_are_left_out_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for at in 0..70 {
                let mut body = [b'/'; 70];
                body[at] = byte;
                let length = if byte.is_ascii_digit() { at } else { body.len() };
                assert_eq!(super::length_without_digits(&body), length, "{byte} at {at}");
            }
        }
        // Long enough for several blocks, with digits at other places in each.
        let text = |number: usize| "abcdefg ".repeat(900).replace('d', &"7".repeat(number));
        let sum = |number: usize| super::without_digits(text(number).as_bytes());
        assert!((1..40).all(|number| sum(number) == sum(1)));
        assert_ne!(super::without_digits(&text(3).as_bytes()[1..]), sum(1));
    }

    #[test]
    fn a_row_of_one_page_is_looked_back_at() {
        let pages = ["a", "b", "c", "d", "e", "soon 4", "soon 5", "soon 59", "soon 6", "soon 77", "f"];
        let (mut answers, cell) = answers(&pages);
        let row = answers.in_a_row(&cell);
        assert_eq!(row.len(), 1);
        let is = |body: &str| row[0].is(Likeness::of(body.as_bytes(), true));
        assert_eq!([is("soon 7"), is("a"), is("Password:")], [true, false, false]);
        assert_eq!(same(&answers), []);
        answers.was_closed(&cell, row[0]);
        assert_eq!(same(&answers), [(5, 11, true)]);
    }

    #[test]
    fn what_the_first_address_shows_or_others_come_between_is_no_row() {
        for pages in [["soon"; 6], ["a", "soon", "b", "soon", "soon", "soon"]] {
            let (answers, cell) = answers(&pages);
            assert_eq!(answers.in_a_row(&cell), [], "{pages:?}");
        }
    }
}
