//! Many sites in one file (`sites.toml`): which plan looks at each, and what it is judged by. A site's
//! name stands in reports and in names of files, so it is one that every file system takes.
//!
//! Paths are relative to the file's own folder and come out joined to it, as a plan's do.

use crate::config::{self, Fields, Format, Problem, Problems, Record, Shape, Source, Spanned};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use url::Url;

/// Longer names make paths that some systems refuse.
const LONGEST_NAME: usize = 64;

/// A site of many.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteEntry {
    pub name: String,
    pub look: LookAt,
    /// Of the plan's targets; none: its first.
    pub target: Option<String>,
    /// In place of the plan's own.
    pub manifest: Option<PathBuf>,
    /// Findings of this site that somebody answers for.
    pub baseline: Option<PathBuf>,
    /// Which workers of a fleet may look at it; none: any.
    pub tag: Option<String>,
}

/// What says how to look at a site.
#[derive(Clone, Debug, PartialEq)]
pub enum LookAt {
    Plan(PathBuf),
    /// As an anonymous visitor, with every limit as it is by default.
    Url(Url),
}

/// Reads a file of sites, in its order. With errors there is none.
pub fn read(text: &str, file: &str, format: Format) -> (Option<Vec<SiteEntry>>, Vec<Problem>) {
    let (written, mut problems) = config::read::<Written>(Source::new(file, text), format);
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let sites = written.map(|written| meant(written, folder, &mut problems));
    let sites = sites.filter(|_| !problems.has_errors());
    (sites, problems.into_list())
}

/// What such a file may look like.
pub fn shape() -> Shape {
    <Written as config::Decode>::shape()
}

/// The JSON Schema of files of sites.
pub fn json_schema() -> serde_json::Value {
    config::json_schema(&shape(), "cookieproof sites", "Many sites to be audited in one run.")
}

/// Why a name cannot be that of a site; none where it can.
pub fn name_trouble(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match () {
        () if name.is_empty() => Some("is empty"),
        () if name.len() > LONGEST_NAME => Some("is longer than 64 characters"),
        () if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
            Some("does not begin with a letter or a digit")
        }
        () if !name.chars().all(fits) || name.ends_with('.') => Some("cannot be part of a file's name"),
        () => None,
    }
}

/// Why a word cannot be a tag; none where it can.
pub fn tag_trouble(word: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match () {
        () if word.is_empty() => Some("is empty"),
        () if word.len() > LONGEST_NAME => Some("is longer than 64 characters"),
        () if !word.chars().all(fits) => Some("has other characters than letters, digits, `-` and `_`"),
        () => None,
    }
}

struct Written {
    sites: Vec<(Spanned<String>, SiteTable)>,
    span: Range<usize>,
}

impl Record for Written {
    const NAME: &'static str = "sites-file";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let _schema: Option<String> = fields.optional("$schema", "Where the schema is, for editors.");
        Some(Written { sites: fields.named("sites", "The sites, by name."), span: fields.span() })
    }
}

/// `[sites.NAME]`
struct SiteTable {
    plan: Option<PathBuf>,
    url: Option<Url>,
    target: Option<Spanned<String>>,
    manifest: Option<PathBuf>,
    baseline: Option<PathBuf>,
    tag: Option<Spanned<String>>,
    span: Range<usize>,
    /// A key that is there and could not be read has been complained about already.
    has_look: bool,
}

impl Record for SiteTable {
    const NAME: &'static str = "site";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(SiteTable {
            plan: fields.optional("plan", "The plan that looks at it, beside this file."),
            url: fields.optional("url", "Its address, where it needs no plan: an anonymous visitor looks."),
            target: fields.optional("target", "Which of the plan's targets; without it, its first."),
            manifest: fields.optional("manifest", "What it is judged by; without it, what its plan says."),
            baseline: fields.optional("baseline", "Its findings that somebody answers for."),
            tag: fields.optional("tag", "Which workers of a fleet may look at it; without it, any."),
            span: fields.span(),
            has_look: fields.has("plan") || fields.has("url"),
        })
    }
}

fn meant(written: Written, folder: &Path, problems: &mut Problems) -> Vec<SiteEntry> {
    if written.sites.is_empty() && !problems.has_errors() {
        problems
            .error(&written.span, "there is no site in this file")
            .fix("add one: `[sites.shop]` with `plan = \"shop/cookieproof.toml\"`");
    }
    let mut names: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut sites = Vec::new();
    for (name, table) in written.sites {
        if let Some(trouble) = name_trouble(&name.value) {
            problems.error(&name.span, format!("the name of this site {trouble}")).fix(
                "write letters, digits, `-`, `_` and `.`, as in `shop-de`: reports are files of that name",
            );
        }
        // Some file systems take both for one file.
        match names.insert(name.value.to_ascii_lowercase(), name.span.clone()) {
            Some(first) if first != name.span => {
                problems
                    .error(&name.span, "two sites have this name")
                    .fix("give each a name of its own; capitals make no difference")
                    .label(first, "first here");
            }
            _ => {}
        }
        sites.extend(site(name.value, table, folder, problems));
    }
    sites
}

fn site(name: String, table: SiteTable, folder: &Path, problems: &mut Problems) -> Option<SiteEntry> {
    if table.plan.is_some() && table.url.is_some() {
        problems
            .error(&table.span, "this site has a `plan` and a `url`")
            .fix("keep one: the plan's targets have addresses already");
    }
    if !table.has_look {
        problems
            .error(&table.span, "nothing says how to look at this site")
            .fix("add `plan = \"shop/cookieproof.toml\"`, or `url` and `manifest`");
    }
    if table.url.is_some() {
        if table.manifest.is_none() {
            problems
                .error(&table.span, "nothing says what this site is judged by")
                .fix("add `manifest = \"shop/cookies.toml\"`");
        }
        if let Some(target) = &table.target {
            problems
                .error(&target.span, "a site by its `url` has no targets")
                .fix("take `target` out, or name a plan in place of `url`");
        }
    }
    if let Some((tag, trouble)) = table.tag.as_ref().and_then(|tag| Some((tag, tag_trouble(&tag.value)?))) {
        problems
            .error(&tag.span, format!("this tag {trouble}"))
            .fix("write letters, digits, `-` and `_`, as in `eu-west`");
    }
    let look = match (table.plan, table.url) {
        (Some(plan), _) => LookAt::Plan(folder.join(plan)),
        (None, url) => LookAt::Url(url?),
    };
    Some(SiteEntry {
        name,
        look,
        target: table.target.map(|target| target.value),
        manifest: table.manifest.map(|path| folder.join(path)),
        baseline: table.baseline.map(|path| folder.join(path)),
        tag: table.tag.map(|tag| tag.value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        read(text, "fleet/sites.toml", Format::Toml).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tags_are_words() {
        for word in ["eu", "eu-west_1", &"a".repeat(LONGEST_NAME)] {
            assert_eq!(tag_trouble(word), None, "{word}");
        }
        for word in ["", "e u", "e.u", "*", "\u{e4}", &"a".repeat(LONGEST_NAME + 1)] {
            assert!(tag_trouble(word).is_some(), "{word}");
        }
    }

    #[test]
    fn sites_keep_their_order_and_lie_beside_their_file() {
        let text = r#"
            [sites.shop]
            plan = "shop/cookieproof.toml"
            target = "preview"
            baseline = "shop/baseline.toml"
            [sites."docs.example"]
            url = "https://docs.example/"
            manifest = "docs.toml"
        "#;
        let (sites, problems) = read(text, "fleet/sites.toml", Format::Toml);
        assert_eq!(problems.len(), 0, "{problems:?}");
        let sites = sites.unwrap();
        assert_eq!(sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(), ["shop", "docs.example"]);
        assert_eq!(sites[0].look, LookAt::Plan("fleet/shop/cookieproof.toml".into()));
        assert_eq!(sites[0].target.as_deref(), Some("preview"));
        assert_eq!(sites[0].baseline.as_deref(), Some(Path::new("fleet/shop/baseline.toml")));
        assert_eq!(sites[1].look, LookAt::Url(Url::parse("https://docs.example/").unwrap()));
        assert_eq!(sites[1].manifest.as_deref(), Some(Path::new("fleet/docs.toml")));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
        for (text, place, message) in [
            ("", "1:1", "there is no site in this file"),
            ("[sites.a]\n", "1:", "nothing says how to look at this site"),
            (
                "[sites.a]\nplan = 'a.toml'\nurl = 'https://a.test/'\nmanifest = 'a'",
                "1:",
                "has a `plan` and a `url`",
            ),
            ("[sites.a]\nurl = 'https://a.test/'", "1:", "nothing says what this site is judged by"),
            ("[sites.a]\nurl = 'ftp://a.test/'\nmanifest = 'a'", "2:", "only http and https are read"),
            (
                "[sites.a]\nurl = 'https://u:pw@a.test/'\nmanifest = 'a'",
                "2:",
                "must not hold a user name or password",
            ),
            ("[sites.a]\nurl = 'https://a.test/'\nmanifest = 'a'\ntarget = 'x'", "4:", "has no targets"),
            ("[sites.'../a']\nplan = 'a.toml'", "1:", "does not begin with a letter"),
            ("[sites.'a/b']\nplan = 'a.toml'", "1:", "cannot be part of a file's name"),
            ("[sites.a]\nplan = 'a.toml'\n[sites.A]\nplan = 'b.toml'", "3:", "two sites have this name"),
            ("[sites.a]\nplan = 'a.toml'\ntag = 'a.b'", "3:", "this tag has other characters"),
            ("[sites.a]\nplan = 'a.toml'\nplann = 'b.toml'", "3:1", "unknown key `plann`"),
            ("[site.a]\nplan = 'a.toml'", "1:", "unknown key `site`"),
        ] {
            let all = problems(text);
            let fits = |problem: &String| {
                problem.starts_with(&format!("fleet/sites.toml:{place}")) && problem.contains(message)
            };
            assert!(all.iter().any(fits), "{text}: {all:?}");
            assert!(all.iter().all(|problem| !problem.contains("pw@")), "{all:?}");
            let listed = read(text, "fleet/sites.toml", Format::Toml).1;
            let helps = |problem: &Problem| problem.fix.is_some() || problem.message.contains(" must be ");
            assert!(listed.iter().all(helps), "{text}: {all:?}");
        }
        assert!(name_trouble(&"x".repeat(65)).is_some() && name_trouble("Shop_2.de").is_none());
    }
}
