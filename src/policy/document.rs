//! A published text as blocks, whatever it was written in. Text in blocks still has its marks
//! (code, bold, links): what they mean depends on where they stand.

/// One block of a document, in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
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
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) caption: Option<String>,
}

/// Pages have fewer blocks; what comes after is not read.
pub(super) const MOST_BLOCKS: usize = 200_000;
