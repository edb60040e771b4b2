//! What the published policy page declares, as the reader of policies understands it. What was not
//! read is never taken for *not said*: whether a name is on the page is asked of all of its text.

use super::policy_text;
use crate::manifest::{Inventory, Item, NamePattern, Stated, ThirdParty, name_prefix, slug};
use crate::observation::{Block, Published, Scan, StorageKind};
use crate::policy;

/// The page's declarations.
pub(crate) struct Declarations {
    pub(crate) items: Vec<Item>,
    third_parties: Vec<ThirdParty>,
    /// What the page says of its own list.
    pub(crate) inventory: Option<Stated<Inventory>>,
    /// Names whose lifetime was understood in part only, with its words.
    unsure: Vec<(NamePattern, String)>,
    /// Why not everything that it says was read, if so.
    pub(crate) unread: Option<String>,
    /// Everything that it shows, and the same in lower case.
    text: String,
    low: String,
}

/// The declarations of a scan's policy page, where it answered and could be read as text.
pub(crate) fn of(scan: &Scan) -> Option<Declarations> {
    let page = scan.policy.as_ref().filter(|page| (200..300).contains(&page.status))?;
    let published = page.published.as_ref()?;
    let policy = policy::read_published(published);
    let (manifest, _) = policy.manifest("");
    let unsure = policy.unsure().into_iter();
    let unsure = unsure.map(|(name, words)| (NamePattern::literal(name), words.to_owned())).collect();
    let text = format!("{}\n{}", page.text, words(published));
    let unread = if published.cut {
        Some("the policy page is longer than is read".to_owned())
    } else if let (Some(platform), false) = (policy.has_platform(), published.rendered) {
        Some(format!("a script of {platform} writes declarations into the policy page"))
    } else {
        policy.notes().first().map(|note| format!("not understood on the policy page: {note}"))
    };
    Some(Declarations {
        items: manifest.items,
        third_parties: manifest.third_parties,
        inventory: manifest.policy.inventory,
        unsure,
        unread,
        low: text.to_lowercase(),
        text,
    })
}

fn words(page: &Published) -> String {
    let mut words = String::new();
    let mut push = |text: &str| {
        words.push_str(text);
        words.push('\n');
    };
    for block in &page.blocks {
        match block {
            Block::Break => {}
            Block::Line(text) | Block::Heading { text, .. } | Block::Item { text, .. } => push(text),
            Block::Term { term, text } => [term, text].into_iter().for_each(|text| push(text)),
            Block::Table(table) => {
                table.head.iter().chain(table.rows.iter().flatten()).for_each(|cell| push(cell));
            }
        }
    }
    // Marks of code and bold are no part of names, and a backslash only keeps a mark from being one.
    words.replace(['`', '\\'], "")
}

impl Declarations {
    /// The page's entries that may be this item.
    pub(crate) fn entries<'p>(&'p self, item: &'p Item) -> impl Iterator<Item = &'p Item> {
        self.items.iter().filter(move |entry| {
            (entry.kind == StorageKind::Cookie) == (item.kind == StorageKind::Cookie) && may_be(entry, item)
        })
    }

    /// Whether the page has something of this item's name, in whatever form: a table that was not
    /// understood shows the name all the same.
    pub(crate) fn mentions(&self, item: &Item) -> bool {
        let names = || item.names.iter().chain(&item.https_names);
        self.items.iter().any(|entry| may_be(entry, item)) || names().any(|name| self.shows(name))
    }

    /// Whether a name stands in the page's text, or what its random parts leave of it.
    pub(crate) fn shows(&self, name: &NamePattern) -> bool {
        let written = name.written();
        let prefix = name_prefix(written).map_or(0, |(prefix, _)| prefix.len());
        let stem = match name.is_regex() {
            false => written[prefix..].split('*').max_by_key(|part| part.len()).unwrap_or_default(),
            true => written
                .split(['\\', '(', '[', '.', '*', '+', '?', '{', '|', '^', '$'])
                .next()
                .unwrap_or_default(),
        };
        let stem = stem.trim_matches(['_', '-', '.', ':']).to_lowercase();
        match stem.chars().count() {
            // Nothing to look for: it cannot be said that it is not there.
            0 | 1 => true,
            // Glued to the next cell it is the beginning of a word.
            2..=4 => policy_text::names(&self.text, written) || begins_a_word(&self.low, &stem),
            _ => self.low.contains(&stem),
        }
    }

    /// Whether the page speaks of storage other than cookies at all.
    pub(crate) fn lists_storage(&self) -> bool {
        self.items.iter().any(|entry| entry.kind != StorageKind::Cookie)
    }

    /// Whether the page leaves what this provider sets to the provider's own policy.
    pub(crate) fn leaves_to_provider(&self, item: &Item) -> bool {
        item.provider.as_ref().is_some_and(|provider| {
            let slug = slug(provider);
            self.third_parties.iter().any(|party| party.key == slug && party.sets_cookies != Some(false))
        })
    }

    /// The words for an item's lifetime, where not all of them were understood.
    pub(crate) fn unsure_of(&self, item: &Item) -> Option<&str> {
        let mut names = item.names.iter().chain(&item.https_names);
        let words_of = |name: &NamePattern| {
            self.unsure.iter().find(|(known, _)| known.may_mean(name)).map(|(_, words)| words.as_str())
        };
        names.find_map(words_of)
    }

    /// What a page that calls its list complete says, in its own words.
    pub(crate) fn calls_itself_complete(&self) -> Option<&Stated<Inventory>> {
        let complete = |stated: &&Stated<Inventory>| {
            matches!(stated.value, Inventory::Complete | Inventory::CompleteFirstParty)
        };
        self.inventory.as_ref().filter(complete)
    }
}

/// Whether two entries may be about one thing.
pub(crate) fn may_be(one: &Item, other: &Item) -> bool {
    let names = |item: &'_ Item| item.names.iter().chain(&item.https_names).cloned().collect::<Vec<_>>();
    let others = names(other);
    names(one).iter().any(|name| others.iter().any(|other| name.may_mean(other)))
}

fn begins_a_word(low: &str, stem: &str) -> bool {
    low.match_indices(stem).any(|(at, _)| {
        low[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Declarations {
        let text = text.to_owned();
        Declarations {
            items: Vec::new(),
            third_parties: Vec::new(),
            inventory: None,
            unsure: Vec::new(),
            unread: None,
            low: text.to_lowercase(),
            text,
        }
    }

    #[test]
    fn a_name_is_shown_in_whatever_form() {
        let shown = page("sidKeeps you | wp-settings-{user} | UTMA | _pk_id.1.ab");
        for name in ["sid", "__Host-sid", "wp-settings-*", "__utma"] {
            assert!(shown.shows(&NamePattern::glob(name)), "{name}");
        }
        assert!(shown.shows(&NamePattern::regex("_pk_id\\..*").unwrap()));
        assert!(shown.shows(&NamePattern::regex("[a-f]{32}").unwrap()), "nothing to look for");
        for name in ["theme", "cart_*", "ide"] {
            assert!(!shown.shows(&NamePattern::glob(name)), "{name}");
        }
    }
}
