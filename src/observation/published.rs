//! The text of a published policy as blocks, in reading order: what tells a row of a table from a
//! sentence. It holds visible text alone, no markup, scripts or attributes of the page.

/// The policy page's text with its structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub blocks: Vec<Block>,
    /// The consent platform whose script writes a table into the page, where the markup shows one.
    pub platform: Option<String>,
    /// The page has more text than is kept.
    pub cut: bool,
    /// As a browser showed it, after its scripts ran.
    pub rendered: bool,
}

/// One block. Text in blocks still has its marks (code, bold, links): what they mean depends on
/// where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Heading {
        text: String,
        level: u8,
    },
    /// A line of a paragraph.
    Line(String),
    /// The end of a paragraph.
    Break,
    /// An item of a list; its lines are its own.
    Item {
        text: String,
        depth: usize,
    },
    Table(Table),
    /// An item of a list of definitions.
    Term {
        term: String,
        text: String,
    },
}

/// A table; a cell's lines are its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub caption: Option<String>,
}

impl Published {
    /// Blocks up to so many bytes of text.
    pub fn within(blocks: Vec<Block>, most: usize) -> Published {
        let mut left = most;
        let mut kept = Published::default();
        for block in blocks {
            let Some(rest) = left.checked_sub(block.bytes()) else {
                kept.cut = true;
                break;
            };
            left = rest;
            kept.blocks.push(block);
        }
        kept
    }
}

impl Block {
    /// The bytes it takes, a few for itself among them.
    fn bytes(&self) -> usize {
        const ITSELF: usize = 8;
        let text = match self {
            Block::Break => 0,
            Block::Line(text) | Block::Heading { text, .. } | Block::Item { text, .. } => text.len(),
            Block::Term { term, text } => term.len() + text.len(),
            Block::Table(table) => {
                let cells = table.head.iter().chain(table.rows.iter().flatten());
                cells.map(|cell| cell.len() + ITSELF).sum()
            }
        };
        text + ITSELF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_text_is_kept_than_is_wanted() {
        let blocks = vec![Block::Line("abcd".into()), Block::Break, Block::Line("x".repeat(90))];
        assert!(!Published::within(blocks.clone(), 200).cut);
        let cut = Published::within(blocks, 30);
        assert_eq!((cut.blocks.len(), cut.cut), (2, true));
    }

    #[test]
    fn it_is_read_back_from_a_file() {
        let table = Table { head: vec!["Name".into()], rows: vec![vec!["sid".into()]], caption: None };
        let all = Published {
            blocks: vec![
                Block::Heading { text: "Cookies".into(), level: 2 },
                Block::Item { text: "a".into(), depth: 1 },
                Block::Term { term: "sid".into(), text: "b".into() },
                Block::Table(table),
            ],
            platform: Some("Cookiebot".into()),
            cut: false,
            rendered: true,
        };
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Published>(&text).unwrap(), all);
        assert_eq!(serde_json::from_str::<Published>("{\"blocks\":[]}").unwrap(), Published::default());
    }
}
