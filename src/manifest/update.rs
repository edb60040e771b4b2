//! A manifest brought up to what a policy says: single values are exchanged in the file's own text,
//! and entries that it lacks are added in the words of the one writer. Everything else stays as it
//! was written, byte for byte: comments, the order, fields that no policy states, and all wording
//! (`purpose`, `source`, the sentences under `[claims]`).

use super::write::{item_fields, item_text};
use super::{Item, LifetimeRule, Manifest, PathRule, read};
use crate::config::{Format, Node, Source, Value};
use crate::observation::StorageKind;
use std::ops::Range;

/// Fields that are facts of a cookie, and no wording.
const FACTS: &[&str] =
    &["category", "lifetime", "rolling", "http_only", "secure", "same_site", "path", "party"];

/// The text as it is after an update, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    pub text: String,
    /// One line for each change, in the order of the file; entries that were added come last.
    pub changes: Vec<String>,
    /// What was left as it is, and why somebody may want to look at it.
    pub kept: Vec<String>,
}

/// Why a manifest cannot be updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUpdated(pub String);

/// Brings a TOML manifest up to what was read of a policy.
pub fn update(text: &str, file: &str, policy: &Manifest) -> Result<Updated, NotUpdated> {
    let source = Source::new(file, text);
    let text = source.text();
    let (own, problems) = read(text, file, Format::Toml);
    let own = own.ok_or_else(|| {
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        NotUpdated(format!("{file} cannot be read: {first}"))
    })?;
    let (tree, _) = source.parse(Format::Toml);
    let mut update = Update { text, source: &source, edits: Vec::new(), kept: Vec::new() };
    if let Some(tree) = &tree {
        update.date(tree, &own, policy);
        update.items(tree, &own, policy);
    }
    let added = additions(&own, policy);
    let mut edits = update.edits;
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let mut after = text.to_owned();
    for edit in edits.iter().rev() {
        after.replace_range(edit.at.clone(), &edit.with);
    }
    let mut changes: Vec<String> = edits.into_iter().map(|edit| edit.says).collect();
    if !added.is_empty() && !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    for item in &added {
        after.push_str(newline);
        after.push_str(&item_text(item).trim_start_matches('\n').replace('\n', newline));
        changes.push(format!("added `{}`", item.key));
    }
    let mut kept = update.kept;
    let lacking = |item: &&Item| !policy.items.iter().any(|other| same(item, other));
    kept.extend(
        own.items.iter().filter(lacking).map(|item| format!("the policy does not declare `{}`", item.key)),
    );
    match read(&after, file, Format::Toml) {
        (Some(_), _) => Ok(Updated { text: after, changes, kept }),
        (None, problems) => {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            Err(NotUpdated(format!("{file} is written in a way that cannot be updated: {first}")))
        }
    }
}

/// A piece of the text, and what comes in its place.
struct Edit {
    at: Range<usize>,
    with: String,
    says: String,
}

struct Update<'a> {
    text: &'a str,
    source: &'a Source,
    edits: Vec<Edit>,
    kept: Vec<String>,
}

impl Update<'_> {
    /// The policy's date, where it is later.
    fn date(&mut self, tree: &Node, own: &Manifest, policy: &Manifest) {
        let (Some(date), Some(site)) = (policy.site.last_updated, tree.get("site")) else { return };
        let later = own.site.last_updated.is_none_or(|own| own < date && !own.agrees_with(&date));
        if later {
            let written =
                if date.day.is_some() { date.to_string() } else { super::quoted(&date.to_string()) };
            self.set(site, "last_updated", &written, "site.last_updated");
        }
    }

    fn items(&mut self, tree: &Node, own: &Manifest, policy: &Manifest) {
        for (table, is_cookie) in [("cookies", true), ("storage", false)] {
            let Some(Value::List(nodes)) = tree.get(table).map(|node| &node.value) else { continue };
            let items = own.items.iter().filter(|item| (item.kind == StorageKind::Cookie) == is_cookie);
            for (node, item) in nodes.iter().zip(items) {
                let mut said = policy.items.iter().filter(|other| same(item, other));
                let (Some(other), more) = (said.next(), said.next().is_some()) else { continue };
                let several = own.items.iter().filter(|own| same(own, other)).count() > 1;
                if more || several {
                    self.kept.push(format!("several entries of the policy may mean `{}`", item.key));
                    continue;
                }
                let (fields, others) = (item_fields(item), item_fields(other));
                for field in FACTS {
                    let of = |fields: &[(&'static str, Option<String>)]| {
                        fields.iter().find(|(key, _)| key == field).and_then(|(_, text)| text.clone())
                    };
                    if let (own_text, Some(text)) = (of(&fields), of(&others))
                        && own_text.as_ref() != Some(&text)
                        && !agree(item, other, field)
                    {
                        self.set(node, field, &text, &format!("{table}.{}.{field}", item.key));
                    }
                }
            }
        }
    }

    /// Sets a field of a table: in the place of its value, or after the table's first field.
    fn set(&mut self, table: &Node, field: &str, value: &str, name: &str) {
        let line = |at: usize| self.source.place(at).line;
        if let Some(entry) = table.entries().iter().find(|entry| entry.key == field) {
            let at = entry.node.span.clone();
            let old = self.text.get(at.clone()).unwrap_or_default();
            let is_dotted = matches!(entry.node.value, Value::Table(_)) && !old.starts_with('{');
            if old.is_empty() || is_dotted {
                self.kept
                    .push(format!("{name}: the policy says {value} (line {})", line(entry.key_span.start)));
                return;
            }
            let says = format!("{name}: {old} is now {value} (line {})", line(at.start));
            self.edits.push(Edit { at, with: value.to_owned(), says });
            return;
        }
        let Some(first) = table.entries().first() else { return };
        let (begin, end) = (first.key_span.start, first.node.span.end);
        let line_begin = self.text[..begin].rfind('\n').map_or(0, |at| at + 1);
        let own_line = self.text[line_begin..begin].trim().is_empty();
        let says = format!("{name}: {value} is new (line {})", line(begin));
        let edit = if own_line {
            let rest = &self.text[end..];
            let at = end + rest.find('\n').unwrap_or(rest.len());
            let (at, newline) = if self.text[..at].ends_with('\r') { (at - 1, "\r\n") } else { (at, "\n") };
            let indent = &self.text[line_begin..begin];
            Edit { at: at..at, with: format!("{newline}{indent}{field} = {value}"), says }
        } else {
            Edit { at: end..end, with: format!(", {field} = {value}"), says }
        };
        self.edits.push(edit);
    }
}

/// Whether two entries are about one thing.
fn same(one: &Item, other: &Item) -> bool {
    one.kind == other.kind
        && one.names.iter().chain(&one.https_names).any(|name| {
            let mut others = other.names.iter().chain(&other.https_names);
            others.any(|other| name == other || name.may_mean(other))
        })
}

/// Whether two entries say the same of a field, in other words.
fn agree(own: &Item, policy: &Item, field: &str) -> bool {
    match field {
        "lifetime" => {
            let mut rules: Vec<LifetimeRule> =
                own.lifetime.iter().chain(own.lifetime_for.values()).cloned().collect();
            rules.push(LifetimeRule::Either(rules.clone()));
            let Some(published) = &policy.lifetime else { return true };
            rules.iter().any(|rule| {
                *rule != LifetimeRule::Either(Vec::new()) && rule.agrees_with_published(published)
            })
        }
        "path" => {
            let path = |item: &Item| match &item.path {
                Some(PathRule::Exact(path) | PathRule::Within(path)) => Some(path.clone()),
                None => None,
            };
            path(own) == path(policy)
        }
        _ => false,
    }
}

/// The policy's entries that the manifest lacks, without what they refer to and it does not have.
fn additions(own: &Manifest, policy: &Manifest) -> Vec<Item> {
    let lacking = |item: &&Item| !own.items.iter().any(|known| same(known, item));
    let mut added: Vec<Item> = policy.items.iter().filter(lacking).cloned().collect();
    for item in &mut added {
        for classes in [&mut item.set_on, &mut item.set_by, &mut item.sent_only_to, &mut item.required_for] {
            classes.retain(|class| own.pages.contains_key(class));
        }
        item.only_with.retain(|key| own.items.iter().any(|known| known.key == *key));
        item.refreshes = item.refreshes.take().filter(|key| own.items.iter().any(|known| known.key == *key));
        item.updated_by.clear();
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"# Ours.
[site]
name = "Shop" # the shop
last_updated = 2026-04-16

[defaults.auth]
http_only = true

[[cookies]]
# Who is logged in.
name = "sid"
group = "auth"
purpose = "Our lawyer's words"
lifetime = "1 day" # was two
source = "as published"

[[cookies]]
name = "_ga_*"
lifetime = { max = "13 months" }
category = "analytics"

[[cookies]]
name = "own"

[claims]
inventory = { is = "complete", source = "every word of it" }
"#;

    fn policy(text: &str) -> Manifest {
        read(text, "policy", Format::Toml).0.unwrap()
    }

    fn updated(text: &str, said: &str) -> Updated {
        update(text, "cookies.toml", &policy(said)).unwrap()
    }

    #[test]
    fn only_what_differs_is_changed() {
        let said = r#"
            [site]
            last_updated = 2026-05-02
            [[cookies]]
            name = "sid"
            purpose = "Other words"
            category = "strictly-necessary"
            lifetime = "7 days"
            http_only = true
            [[cookies]]
            name = "_ga_XYZ"
            lifetime = "396 days"
            category = "analytics"
            [[cookies]]
            name = "theme"
            purpose = "Light or dark"
            lifetime = "1 year"
        "#;
        let Updated { text, changes, kept } = updated(OWN, said);
        let expected = OWN
            .replace("2026-04-16", "2026-05-02")
            .replace("\"1 day\" # was two", "\"7 days\" # was two")
            .replace("name = \"sid\"\n", "name = \"sid\"\ncategory = \"strictly-necessary\"\n");
        let expected = format!(
            "{expected}\n[[cookies]]\nname = \"theme\"\npurpose = \"Light or dark\"\nlifetime = \"1 year\"\n"
        );
        assert_eq!(text, expected);
        assert_eq!(
            changes,
            [
                "site.last_updated: 2026-04-16 is now 2026-05-02 (line 4)",
                "cookies.sid.category: \"strictly-necessary\" is new (line 11)",
                "cookies.sid.lifetime: \"1 day\" is now \"7 days\" (line 14)",
                "added `theme`",
            ]
        );
        assert_eq!(kept, ["the policy does not declare `own`"]);
        // A second time nothing differs.
        assert_eq!(updated(&text, said).text, text);
        assert_eq!(updated(&text, said).changes, [""; 0]);
    }

    #[test]
    fn what_says_the_same_stays_as_it_was_written() {
        let same =
            "[site]\nlast_updated = \"2026-04\"\n[[cookies]]\nname = \"sid\"\nlifetime = \"24 hours\"\n";
        assert_eq!(updated(OWN, same).text, OWN);
    }

    #[test]
    fn files_in_other_styles() {
        let said = "[[cookies]]\nname = \"sid\"\nlifetime = \"7 days\"\nsecure = \"always\"\n";
        let inline = "cookies = [{ name = \"sid\", lifetime = \"1 day\" }]\n";
        assert_eq!(
            updated(inline, said).text,
            "cookies = [{ name = \"sid\", secure = \"always\", lifetime = \"7 days\" }]\n"
        );
        let windows = "[[cookies]]\r\nname = \"sid\" # us\r\nlifetime = \"1 day\"\r\n";
        let text = updated(windows, said).text;
        assert!(
            text.contains("lifetime = \"7 days\"\r\n") && text.contains("# us\r\nsecure = \"always\""),
            "{text:?}"
        );
        // A dotted value is told, and left.
        let dotted = "[[cookies]]\nname = \"sid\"\nlifetime.max = \"1 day\"\nsecure = \"always\"\n";
        let after = updated(dotted, said);
        assert_eq!((after.text.as_str(), after.kept.len()), (dotted, 1));
    }

    #[test]
    fn what_cannot_be_updated_says_why() {
        let refused = update("[[cookies]]\nname = 1\n", "cookies.toml", &policy("")).unwrap_err();
        assert!(refused.0.starts_with("cookies.toml cannot be read"), "{refused:?}");
        // An inline list takes no further table after it.
        let said = policy("[[cookies]]\nname = \"b\"\n");
        let refused = update("cookies = [{ name = \"a\" }]\n", "cookies.toml", &said).unwrap_err();
        assert!(refused.0.contains("cannot be updated"), "{refused:?}");
    }
}
