//! What is wrong with a file, and where.

use super::{Format, Place, Source, mask};
use crate::legible;
use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// Whether the file can be used nonetheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub file: String,
    pub place: Place,
    /// Bytes of the file's text.
    pub span: Range<usize>,
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// Other places that have to do with it.
    pub labels: Vec<Label>,
    /// The value at the place must not be shown.
    hidden: bool,
}

/// Another place, and what it has to do with the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Range<usize>,
    pub text: String,
}

impl Problem {
    /// An error at a span of a file.
    pub fn error(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        let span = source.fit(span);
        Problem {
            severity: Severity::Error,
            file: printable(&source.file),
            place: source.place(span.start),
            span,
            message: printable(&message.into()),
            fix: None,
            labels: Vec::new(),
            hidden: false,
        }
    }

    /// With what to do about it.
    pub fn fixed_by(mut self, fix: impl Into<String>) -> Self {
        self.fix(fix);
        self
    }

    /// Adds what to do about it.
    pub fn fix(&mut self, fix: impl Into<String>) -> &mut Self {
        self.fix = Some(printable(&fix.into()));
        self
    }

    /// Adds another place.
    pub fn label(&mut self, span: Range<usize>, text: impl Into<String>) -> &mut Self {
        self.labels.push(Label { span, text: printable(&text.into()) });
        self
    }

    /// The value at the place is a secret: excerpts show stars.
    pub fn hide(&mut self) -> &mut Self {
        self.hidden = true;
        self
    }

    /// The problem with an excerpt of the file and a mark at its place, for people. Secrets that the
    /// file holds are not shown.
    pub fn excerpt(&self, source: &Source, colored: bool, width: Option<usize>) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (near, far): (Vec<_>, Vec<_>) = self.labels.iter().partition(|label| {
            let (here, there) = (self.place.line, source.place(label.span.start).line);
            here.abs_diff(there) <= 20
        });
        let mut marks = vec![(AnnotationKind::Primary, &self.span, None)];
        marks.extend(near.into_iter().map(|label| (AnnotationKind::Context, &label.span, Some(label))));
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        group = self.lines(source, self.place, marks, group);
        for label in far {
            let place = source.place(label.span.start);
            group =
                self.lines(source, place, vec![(AnnotationKind::Context, &label.span, Some(label))], group);
        }
        if let Some(fix) = &self.fix {
            group = group.element(Level::HELP.message(fix.as_str()));
        }
        let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(width.unwrap_or(DEFAULT_TERM_WIDTH)).render(&[group])
    }

    /// Adds the lines of some marks. Of a mark over several lines only the first is shown, of a very
    /// long line only what is around the mark.
    fn lines<'a>(
        &self,
        source: &'a Source,
        place: Place,
        marks: Vec<(AnnotationKind, &Range<usize>, Option<&'a Label>)>,
        group: Group<'a>,
    ) -> Group<'a> {
        const AROUND: usize = 500;
        let text = source.text();
        let shown = |span: &Range<usize>| {
            let Range { start, end } = source.fit(span.clone());
            let end = text[start..end].find('\n').map_or(end, |at| start + at);
            start..source.boundary(end.min(start + AROUND))
        };
        let start = marks.iter().map(|(_, span, _)| shown(span).start).min().unwrap_or(0);
        let end = marks.iter().map(|(_, span, _)| shown(span).end).max().unwrap_or(0);
        let from = source.boundary(start.saturating_sub(AROUND));
        let to = source.boundary(end + AROUND);
        let from = text[from..start].rfind('\n').map_or(from, |at| from + at + 1);
        let to = text[end..to].find('\n').map_or(to, |at| end + at);
        let mut excerpt = mask::masked(&text[from..to]);
        let within = |span: &Range<usize>| {
            let span = shown(span);
            span.start - from..span.end - from
        };
        if self.hidden {
            let span = within(&self.span);
            excerpt.to_mut().replace_range(span.clone(), &"*".repeat(span.len()));
        }
        let (excerpt, shifts) = without_invisible(&excerpt);
        let moved = |at: usize| {
            at + shifts.iter().take_while(|(from, _)| *from < at).map(|(_, by)| by).sum::<usize>()
        };
        let mut snippet = Snippet::source(excerpt).line_start(source.place(from).line as usize);
        for (kind, span, label) in marks {
            let Range { start, end } = within(span);
            let mark = kind.span(moved(start)..moved(end));
            snippet = snippet.annotation(match label {
                Some(label) => mark.label(label.text.as_str()),
                None => mark,
            });
        }
        if from == 0 || text[..from].ends_with('\n') {
            return group.element(snippet.path(self.file.clone()));
        }
        // Cut out of its line, the excerpt cannot tell the column.
        let (line, column) = (place.line as usize, place.column as usize);
        group.element(Origin::path(self.file.clone()).line(line).char_column(column)).element(snippet)
    }
}

/// One line: `cookies.toml:12:1: error: unknown key ...`.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}: {}", self.file, self.place, self.message)?;
        self.fix.as_ref().map_or(Ok(()), |fix| write!(f, " ({fix})"))
    }
}

/// Collects the problems of a file while it is read.
#[derive(Debug)]
pub struct Problems {
    source: Source,
    list: Vec<Problem>,
    errors: bool,
    /// The key whose value is being read, for messages.
    pub(super) subject: String,
    /// The keys that lead to the value being read.
    pub(super) path: Vec<String>,
    /// The value being read is one of a list.
    pub(super) is_one_of_many: bool,
    pub(super) format: Format,
}

impl Problems {
    /// More than a person reads; of what comes after, only the last is kept.
    const MOST: usize = 500;

    /// None yet.
    pub fn new(source: Source) -> Self {
        Problems {
            source,
            list: Vec::new(),
            errors: false,
            subject: "the file".to_owned(),
            path: Vec::new(),
            is_one_of_many: false,
            format: Format::Toml,
        }
    }

    /// The file they are in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The key whose value is being read, for messages.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Line and column of a byte of the file.
    pub fn place(&self, at: usize) -> Place {
        self.source.place(at)
    }

    /// Takes over what the syntax had.
    pub fn extend(&mut self, problems: Vec<Problem>) {
        self.errors |= problems.iter().any(|problem| problem.severity == Severity::Error);
        self.list.extend(problems);
    }

    /// Adds an error; what is returned takes the fix and labels.
    pub fn error(&mut self, span: &Range<usize>, message: impl Into<String>) -> &mut Problem {
        self.errors = true;
        self.add(span, message.into())
    }

    /// Adds a warning.
    pub fn warning(&mut self, span: &Range<usize>, message: impl Into<String>) -> &mut Problem {
        let problem = self.add(span, message.into());
        problem.severity = Severity::Warning;
        problem
    }

    /// So many that nobody reads on: suggestions need not be looked for any more.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= Self::MOST
    }

    /// Whether the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.errors
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Drops what was complained of on the lines of the first problems: what cannot be read is not
    /// also of a wrong type.
    pub(super) fn forgive_lines_of_first(&mut self, count: usize) {
        let lines: Vec<u32> = self.list.iter().take(count).map(|problem| problem.place.line).collect();
        let mut at = 0;
        self.list.retain(|problem| {
            at += 1;
            at <= count || !lines.contains(&problem.place.line)
        });
    }

    fn add(&mut self, span: &Range<usize>, message: String) -> &mut Problem {
        let problem = Problem::error(&self.source, span.clone(), message);
        self.list.truncate(Self::MOST - 1);
        self.list.push(problem);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// All of them, in the file's order.
    pub fn into_list(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| (problem.span.start, problem.severity));
        self.list
    }
}

/// What a terminal acts on, and what nobody sees, is escaped.
fn printable(text: &str) -> String {
    let shown = |c: char| if legible::is_unsafe(c) { c.escape_default().collect() } else { vec![c] };
    text.chars().flat_map(shown).collect()
}

/// An excerpt in which nothing invisible is left but what the renderer itself replaces (ASCII's
/// control characters), and where by how many bytes it grew.
fn without_invisible(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut shown = String::with_capacity(text.len());
    let mut shifts = Vec::new();
    for (at, c) in text.char_indices() {
        if c.is_ascii() || !legible::is_unsafe(c) {
            shown.push(c);
            continue;
        }
        let escape = legible::escape(c);
        shifts.push((at, escape.len() - c.len_utf8()));
        shown.push_str(&escape);
    }
    (shown, shifts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_what_is_invisible_and_marks_what_it_means() {
        let text = "a\u{202e} = 1\nb\u{9b}\u{ad} = \u{200b}2 # \u{e0041}\u{2028}\n";
        let source = Source::new("f\u{202e}.toml", text);
        let at = text.find('2').unwrap();
        let problem = Problem::error(&source, at..at + 1, "no \u{2028} `2`").fixed_by("write\u{feff} 3");
        let shown = problem.excerpt(&source, false, None);
        assert!(!shown.chars().any(|c| c != '\n' && legible::is_unsafe(c)), "{shown:?}");
        let lines: Vec<&str> = shown.lines().collect();
        let line = lines.iter().position(|line| line.contains("b\\u{9b}\\u{ad} = ")).unwrap();
        let (mark, two) = (lines[line + 1].find('^').unwrap(), lines[line].rfind("2 #").unwrap());
        assert_eq!(mark, two, "{shown}");
        assert!(!problem.to_string().chars().any(legible::is_unsafe));
    }
}
