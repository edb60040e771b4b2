//! HTML into blocks: what a reader sees, without scripts, styles and navigation.

use super::document::{Block, MOST_BLOCKS, Table};
use super::inline;
use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use scraper::{Html, Node};

/// Elements whose text nobody reads.
const UNSEEN: &[&str] =
    &["script", "style", "noscript", "template", "head", "svg", "nav", "iframe", "select", "button", "form"];

/// Elements that begin a line of their own.
const LINES: &[&str] = &[
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "figure",
    "pre",
    "hr",
    "details",
    "summary",
    "address",
    "fieldset",
    "figcaption",
    "body",
];

/// Reads a page.
pub(super) fn blocks(html: &str) -> Vec<Block> {
    let page = Html::parse_document(crate::markup::tame(html));
    let mut reader = Reader::default();
    for edge in page.tree.root().traverse() {
        if reader.blocks.len() >= MOST_BLOCKS {
            break;
        }
        match edge {
            Edge::Open(node) => reader.open(node),
            Edge::Close(node) => reader.close(node),
        }
    }
    reader.end_line();
    reader.blocks
}

/// The title of a page, and whether a form asks for a password.
pub(super) fn asks_for_password(html: &str) -> bool {
    let page = Html::parse_document(crate::markup::tame(html));
    page.tree.nodes().any(|node| match node.value() {
        Node::Element(element) => {
            element.name() == "input"
                && element.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
        }
        _ => false,
    })
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// The text of the line, item, heading or term that is open.
    text: String,
    /// How many unseen elements are open.
    unseen: usize,
    /// How many bold elements are open.
    bold: usize,
    items: Vec<()>,
    in_item: bool,
    term: Option<String>,
    tables: Vec<Building>,
}

/// A table that is open.
#[derive(Default)]
struct Building {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    row_is_head: bool,
    cell: Option<String>,
    caption: Option<String>,
    /// How far the open cell reaches.
    spans: Spans,
    /// By column: a cell of a row above that reaches down here, and for how many rows yet.
    reaching: Vec<Option<(usize, String)>>,
    /// Whether a cell from above stands in the open row, and how many of its own it has.
    from_above: bool,
    own: usize,
    /// How many bytes were put into rows below.
    repeated: usize,
}

/// Over how many columns and rows a cell goes (HTML 4.9.11).
#[derive(Clone, Copy, Default)]
struct Spans {
    columns: usize,
    rows: usize,
}

impl Spans {
    fn of(cell: &scraper::node::Element) -> Self {
        /// Tables of cookies have fewer columns.
        const WIDEST: usize = 20;
        let number = |name: &str| cell.attr(name).and_then(|text| text.trim().parse::<usize>().ok());
        let rows = match number("rowspan") {
            // To the end of the group.
            Some(0) => usize::MAX,
            rows => rows.unwrap_or(1),
        };
        Spans { columns: number("colspan").unwrap_or(1).clamp(1, WIDEST), rows }
    }
}

impl Building {
    /// Puts in what reaches down from rows above, up to the next cell of this row's own.
    fn fill(&mut self) {
        while let Some(Some((rows, text))) = self.reaching.get_mut(self.row.len()) {
            self.row.push(text.clone());
            self.from_above = true;
            self.repeated = self.repeated.saturating_add(text.len());
            *rows -= 1;
            if *rows == 0 {
                self.reaching[self.row.len() - 1] = None;
            }
        }
    }

    /// Takes a cell: what it covers below has the same text, what it covers beside it has none.
    fn put(&mut self, text: String) {
        const WIDEST: usize = 100;
        const MOST_REPEATED: usize = 4_000_000;
        let Spans { columns, rows } = std::mem::take(&mut self.spans);
        self.own += 1;
        for at in 0..columns.max(1) {
            let text = if at == 0 { text.clone() } else { String::new() };
            let column = self.row.len();
            if rows > 1 && column < WIDEST {
                self.reaching.resize(self.reaching.len().max(column + 1), None);
                let kept = if self.repeated < MOST_REPEATED { text.clone() } else { String::new() };
                self.reaching[column] = Some((rows - 1, kept));
            }
            self.row.push(text);
        }
    }

    /// A second row of headings, under those that go over several columns.
    fn under_heads(&mut self, row: Vec<String>) {
        self.head.resize(self.head.len().max(row.len()), String::new());
        for (head, own) in self.head.iter_mut().zip(row) {
            if *head != own && !own.is_empty() {
                *head = format!("{head} {own}").trim().to_owned();
            }
        }
    }
}

fn is_hidden(element: &scraper::node::Element) -> bool {
    element.attr("hidden").is_some() && !matches!(element.attr("hidden"), Some("until-found"))
}

impl Reader {
    fn open(&mut self, node: NodeRef<'_, Node>) {
        match node.value() {
            // A character written as a reference stands here as itself.
            Node::Text(text) if self.unseen == 0 => self.add(&inline::normalised(text)),
            Node::Element(element) => {
                let name = element.name();
                if UNSEEN.contains(&name) || is_hidden(element) {
                    self.unseen += 1;
                }
                if self.unseen > 0 {
                    return;
                }
                let beside_element = node.prev_sibling().is_some_and(|before| before.value().is_element());
                if beside_element && matches!(name, "span" | "strong" | "b" | "em" | "code") {
                    self.label();
                }
                self.begin(name);
                if let (Some(table), "td" | "th") = (self.tables.last_mut(), name) {
                    table.spans = Spans::of(element);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, node: NodeRef<'_, Node>) {
        let Node::Element(element) = node.value() else { return };
        let name = element.name();
        if UNSEEN.contains(&name) || is_hidden(element) {
            self.unseen = self.unseen.saturating_sub(1);
            return;
        }
        if self.unseen == 0 {
            self.finish(name);
        }
    }

    /// White space is one blank, as a browser shows it. What is no markup here is none in Markdown, either: in
    /// a cell all of it, elsewhere what no other reader looks at.
    fn add(&mut self, text: &str) {
        let in_cell = !self.tables.is_empty();
        let target = match self.tables.last_mut() {
            Some(table) => match &mut table.cell {
                Some(cell) => cell,
                None => return,
            },
            None => &mut self.text,
        };
        for (at, c) in text.char_indices() {
            if c.is_whitespace() {
                if !target.is_empty() && !target.ends_with([' ', '\n']) {
                    target.push(' ');
                }
                continue;
            }
            let is_markup = match c {
                '\\' | '`' => true,
                '&' => inline::is_reference(&text[at..]),
                '*' | '[' | ']' | '<' => in_cell,
                // Only at the start of a cell it could be emphasis.
                '_' => in_cell && (target.is_empty() || target.ends_with('\n')),
                _ => false,
            };
            if is_markup {
                target.push('\\');
            }
            target.push(c);
        }
    }

    /// What stands before an element beside it is a label, if it is the word over a column: styles keep
    /// the two apart, not a blank.
    fn label(&mut self) {
        if self.tables.is_empty()
            && !self.text.ends_with([' ', '\n', ':'])
            && super::forms::heading_column(&self.text).is_some()
        {
            self.text.push_str(": ");
        }
    }

    fn mark(&mut self, mark: &str) {
        let target = match self.tables.last_mut() {
            Some(table) => match &mut table.cell {
                Some(cell) => cell,
                None => return,
            },
            None => &mut self.text,
        };
        target.push_str(mark);
    }

    fn begin(&mut self, name: &str) {
        if let Some(table) = self.tables.last_mut() {
            match name {
                "table" => self.tables.push(Building::default()),
                "tr" => {
                    table.row.clear();
                    table.row_is_head = false;
                    table.from_above = false;
                    table.own = 0;
                }
                "th" | "td" => {
                    let is_first = table.row.is_empty();
                    table.fill();
                    table.row_is_head =
                        if is_first { name == "th" } else { table.row_is_head && name == "th" };
                    table.cell = Some(String::new());
                }
                "caption" => table.cell = Some(String::new()),
                "br" | "p" | "div" | "li" | "ul" | "ol" | "tbody" => {
                    if let Some(cell) =
                        table.cell.as_mut().filter(|cell| !cell.is_empty() && !cell.ends_with('\n'))
                    {
                        cell.push('\n');
                    }
                }
                "code" | "kbd" | "samp" => self.mark("`"),
                _ => {}
            }
            return;
        }
        match name {
            "br" => {
                if self.in_item || self.term.is_some() {
                    self.text.push('\n');
                } else {
                    // Bold text goes on after the break.
                    if self.bold > 0 {
                        self.text.push_str("**");
                    }
                    self.line();
                    if self.bold > 0 {
                        self.text.push_str("**");
                    }
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_line(),
            "ul" | "ol" => {
                self.end_item();
                self.items.push(());
            }
            "li" => {
                self.end_item();
                self.in_item = true;
            }
            "dt" => {
                self.end_term();
                self.end_line();
                self.text.clear();
            }
            "dd" if self.term.is_none() => {
                self.term = Some(std::mem::take(&mut self.text).trim().to_owned());
            }
            "table" => {
                self.end_line();
                self.end_item();
                self.tables.push(Building::default());
            }
            "strong" | "b" => {
                self.bold += 1;
                self.mark("**");
            }
            "code" | "kbd" | "samp" => self.mark("`"),
            name if LINES.contains(&name) => {
                if self.in_item || self.term.is_some() {
                    if !self.text.is_empty() && !self.text.ends_with('\n') {
                        self.text.push('\n');
                    }
                } else {
                    self.end_line();
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, name: &str) {
        if self.tables.last().is_some() {
            self.finish_in_table(name);
            return;
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let text = std::mem::take(&mut self.text).trim().replace("**", "");
                let level = name.as_bytes().get(1).map_or(1, |byte| byte - b'0');
                if !text.is_empty() {
                    self.blocks.push(Block::Heading { text, level });
                }
            }
            "li" => self.end_item(),
            "ul" | "ol" => {
                self.end_item();
                self.items.pop();
                self.blocks.push(Block::Break);
            }
            "dd" | "dl" => self.end_term(),
            "strong" | "b" => {
                self.bold = self.bold.saturating_sub(1);
                self.mark("**");
            }
            "code" | "kbd" | "samp" => self.mark("`"),
            name if LINES.contains(&name) && !self.in_item && self.term.is_none() => self.end_line(),
            _ => {}
        }
    }

    fn finish_in_table(&mut self, name: &str) {
        let Some(table) = self.tables.last_mut() else { return };
        match name {
            "code" | "kbd" | "samp" => self.mark("`"),
            "th" | "td" => {
                let cell = table.cell.take().unwrap_or_default();
                table.put(cell.trim().to_owned());
            }
            "thead" | "tbody" | "tfoot" => table.reaching.clear(),
            "caption" => table.caption = table.cell.take(),
            "tr" => {
                table.fill();
                let mut row = std::mem::take(&mut table.row);
                // One cell over all columns is a line between rows.
                if table.own == 1 && !table.from_above {
                    row.truncate(1);
                }
                if table.own == 0 || row.iter().all(String::is_empty) {
                    return;
                }
                if table.row_is_head && table.from_above && !table.head.is_empty() && table.rows.is_empty() {
                    table.under_heads(row);
                } else if table.row_is_head && table.head.is_empty() && table.rows.is_empty() {
                    table.head = row;
                } else {
                    table.rows.push(row);
                }
            }
            "table" => {
                let Some(table) = self.tables.pop() else { return };
                // A table in a cell is a table of its own; the outer one only lays out.
                let mut table = Table { head: table.head, rows: table.rows, caption: table.caption };
                if table.head.is_empty() && table.rows.len() > 1 && super::forms::is_head(&table.rows[0]) {
                    table.head = table.rows.remove(0);
                }
                if !table.rows.is_empty() || !table.head.is_empty() {
                    self.blocks.push(Block::Table(table));
                }
            }
            _ => {}
        }
    }

    /// Ends a line within a paragraph.
    fn line(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if text.is_empty() || text.chars().all(|c| c == '*') {
            return;
        }
        let block = match bold(text) {
            Some(bold) => Block::Heading { text: bold, level: 7 },
            None => Block::Line(text.to_owned()),
        };
        self.blocks.push(block);
    }

    /// Ends a paragraph.
    fn end_line(&mut self) {
        self.line();
        if !matches!(self.blocks.last(), None | Some(Block::Break)) {
            self.blocks.push(Block::Break);
        }
    }

    fn end_item(&mut self) {
        if !self.in_item {
            self.end_line();
            return;
        }
        self.in_item = false;
        let text = std::mem::take(&mut self.text).trim().to_owned();
        if !text.is_empty() {
            self.blocks.push(Block::Item { text, depth: self.items.len().saturating_sub(1) });
        }
    }

    fn end_term(&mut self) {
        if let Some(term) = self.term.take() {
            let text = std::mem::take(&mut self.text).trim().to_owned();
            self.blocks.push(Block::Term { term, text });
        }
    }
}

/// Bold and nothing else.
fn bold(text: &str) -> Option<String> {
    let inner =
        text.strip_prefix("**")?.trim_end_matches(':').strip_suffix("**")?.trim().trim_end_matches(':');
    let inner = inner.replace("****", "");
    (!inner.contains("**") && !inner.is_empty() && inner.len() < 120).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_a_reader_sees() {
        let page = "<html><head><title>x</title><style>p{}</style></head><body><nav>Home</nav>\
            <h1>Cookie <b>Policy</b></h1><p>We use <code>a_b</code>.<br>And more</p><script>var x</script>\
            <ul><li><strong>c_d</strong>: keeps<ul><li>inner</li></ul></li></ul>\
            <dl><dt>e_f</dt><dd>Stores it</dd></dl></body></html>";
        let told: Vec<Block> = blocks(page).into_iter().filter(|block| *block != Block::Break).collect();
        assert_eq!(
            told,
            [
                Block::Heading { text: "Cookie Policy".into(), level: 1 },
                Block::Line("We use `a_b`.".into()),
                Block::Line("And more".into()),
                Block::Item { text: "**c_d**: keeps".into(), depth: 0 },
                Block::Item { text: "inner".into(), depth: 1 },
                Block::Term { term: "e_f".into(), text: "Stores it".into() },
            ]
        );
    }

    #[test]
    fn tables_have_heads_and_cells_with_lines() {
        let page = "<table><caption>Necessary</caption><tr><th>Name</th><th>Purpose</th></tr>\
            <tr><td>a<br>b</td><td><p>One</p><p>Two</p></td></tr></table>";
        let Block::Table(table) = &blocks(page)[0] else { panic!("no table") };
        assert_eq!(table.head, ["Name", "Purpose"]);
        assert_eq!(table.rows, [["a\nb", "One\nTwo"]]);
        assert_eq!(table.caption.as_deref(), Some("Necessary"));
    }

    #[test]
    fn a_label_beside_its_value() {
        let card = "<div><span>Duration</span><span>7 days</span></div><p>Cookie<b>bot</b></p>";
        let told: Vec<Block> = blocks(card).into_iter().filter(|block| *block != Block::Break).collect();
        assert_eq!(told, [Block::Line("Duration: 7 days".into()), Block::Line("Cookie**bot**".into())]);
    }

    #[test]
    fn nesting_without_end_is_no_harm() {
        let deep = "<div>".repeat(200_000) + "text";
        assert!(blocks(&deep).len() < 10);
    }
}
