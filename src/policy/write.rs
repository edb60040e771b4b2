//! A manifest as the cookie table to publish: Markdown, HTML, or the TCF's device storage
//! disclosures. Grouped by category, lifetimes in words; nothing is said that the manifest does not.

use super::duration;
use super::inline;
use super::phrases::{Language, Phrases};
use super::words::Unit;
use crate::manifest::{Category, DeclaredParty, Item, LifetimeRule, Manifest, NamePattern, Span};
use crate::observation::StorageKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Markdown,
    Html,
    /// Device storage disclosures of the Transparency and Consent Framework.
    Tcf,
}

/// The policy's table; `draft` marks it as one that nobody has read yet.
pub fn write(manifest: &Manifest, language: Language, form: Form, draft: bool) -> String {
    let phrases = language.phrases();
    match form {
        Form::Markdown => markdown(manifest, phrases, draft),
        Form::Html => html(manifest, language, draft),
        Form::Tcf => format!("{:#}\n", tcf(manifest)),
    }
}

/// The categories, the strictest first; what has none comes last.
const ORDER: [Option<Category>; 7] = [
    Some(Category::StrictlyNecessary),
    Some(Category::Functional),
    Some(Category::Analytics),
    Some(Category::Advertising),
    Some(Category::Social),
    Some(Category::Unclassified),
    None,
];

/// The items of each category.
fn groups(manifest: &Manifest) -> Vec<(Option<Category>, Vec<&Item>)> {
    ORDER
        .into_iter()
        .map(|category| {
            (category, manifest.items.iter().filter(|item| item.category == category).collect::<Vec<_>>())
        })
        .filter(|(_, items)| !items.is_empty())
        .collect()
}

/// A table's headings and rows, as plain cells; names are lists.
struct Rows {
    head: Vec<&'static str>,
    rows: Vec<(Names, Vec<String>)>,
}

struct Names {
    names: Vec<String>,
    https_names: Vec<String>,
}

fn rows(items: &[&Item], phrases: &Phrases) -> Rows {
    let any = |test: &dyn Fn(&Item) -> bool| items.iter().any(|item| test(item));
    let provider = any(&|item| item.provider.is_some());
    let storage = any(&|item| item.kind != StorageKind::Cookie);
    let party = any(&|item| item.party.is_some());
    let mut head = vec![phrases.name, phrases.purpose];
    head.extend(storage.then_some(phrases.storage));
    head.extend(provider.then_some(phrases.provider));
    head.extend(party.then_some(phrases.party));
    head.push(phrases.duration);
    let rows = items
        .iter()
        .map(|item| {
            let mut cells = vec![item.purpose.clone().unwrap_or_default()];
            cells.extend(storage.then(|| kind(item.kind, phrases).to_owned()));
            cells.extend(provider.then(|| item.provider.clone().unwrap_or_default()));
            cells.extend(party.then(|| match item.party {
                Some(DeclaredParty::First) => phrases.first_party.to_owned(),
                Some(DeclaredParty::Third) => phrases.third_party.to_owned(),
                None => String::new(),
            }));
            cells.push(lifetime(item, phrases));
            // An empty cell would be read as the one above it.
            for cell in cells.iter_mut().filter(|cell| cell.trim().is_empty()) {
                *cell = "\u{2013}".to_owned();
            }
            let written =
                |names: &[NamePattern]| names.iter().map(|name| name.written().to_owned()).collect();
            (Names { names: written(&item.names), https_names: written(&item.https_names) }, cells)
        })
        .collect();
    Rows { head, rows }
}

fn markdown(manifest: &Manifest, phrases: &Phrases, draft: bool) -> String {
    let mut text = format!("# {}\n", phrases.title);
    if draft {
        let _ = write!(text, "\n_{}_\n", phrases.draft);
    }
    if let Some(date) = manifest.site.last_updated {
        let _ = write!(text, "\n{}\n", phrases.last_updated.replace("{}", &date.to_string()));
    }
    if manifest.items.is_empty() {
        let _ = write!(text, "\n{}\n", phrases.nothing);
    }
    for (category, items) in groups(manifest) {
        let Rows { head, rows } = rows(&items, phrases);
        let _ = write!(text, "\n## {}\n\n| {} |\n", phrases.category(category), head.join(" | "));
        let _ = writeln!(text, "|{}", " --- |".repeat(head.len()));
        for (names, cells) in rows {
            let code = |name: &String| format!("`{}`", name.replace('|', "\\|"));
            let mut cell = names.names.iter().map(code).collect::<Vec<_>>().join(", ");
            if !names.https_names.is_empty() {
                let https = names.https_names.iter().map(code).collect::<Vec<_>>().join(", ");
                let _ = write!(cell, " {}", phrases.or_over_https.replace("{}", &https));
            }
            let cells: Vec<String> = cells.iter().map(|cell| escaped_markdown(cell)).collect();
            let _ = writeln!(text, "| {cell} | {} |", cells.join(" | "));
        }
    }
    text
}

/// A cell's text: what Markdown would read as markup is escaped.
fn escaped_markdown(text: &str) -> String {
    let mut escaped = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '&' if inline::is_reference(&text[at..]) => escaped.push_str("\\&"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

fn html(manifest: &Manifest, language: Language, draft: bool) -> String {
    let phrases = language.phrases();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>{}</h1>\n",
        language.tag(),
        escaped_html(phrases.title),
        escaped_html(phrases.title),
    );
    if draft {
        let _ = writeln!(page, "<p><em>{}</em></p>", escaped_html(phrases.draft));
    }
    if let Some(date) = manifest.site.last_updated {
        let time = format!("<time datetime=\"{date}\">{date}</time>");
        let _ = writeln!(page, "<p>{}</p>", escaped_html(phrases.last_updated).replace("{}", &time));
    }
    if manifest.items.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", escaped_html(phrases.nothing));
    }
    for (category, items) in groups(manifest) {
        let Rows { head, rows } = rows(&items, phrases);
        let heading = escaped_html(phrases.category(category));
        let _ = write!(page, "<section>\n<h2>{heading}</h2>\n<table>\n<thead>\n<tr>");
        for cell in head {
            let _ = write!(page, "<th scope=\"col\">{}</th>", escaped_html(cell));
        }
        page.push_str("</tr>\n</thead>\n<tbody>\n");
        for (names, cells) in rows {
            let code = |name: &String| format!("<code>{}</code>", escaped_html(name));
            let mut cell = names.names.iter().map(code).collect::<Vec<_>>().join(", ");
            if !names.https_names.is_empty() {
                let https = names.https_names.iter().map(code).collect::<Vec<_>>().join(", ");
                let _ = write!(cell, " {}", escaped_html(phrases.or_over_https).replace("{}", &https));
            }
            let _ = write!(page, "<tr><th scope=\"row\">{cell}</th>");
            for cell in cells {
                let _ = write!(page, "<td>{}</td>", escaped_html(&cell));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

const STYLE: &str = "\
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #767676; padding: 0.4rem 0.6rem; text-align: start; vertical-align: top; }
tbody th { font-weight: normal; }
code { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
";

fn escaped_html(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
        escaped
    })
}

fn kind(kind: StorageKind, phrases: &Phrases) -> &'static str {
    match kind {
        StorageKind::Cookie => phrases.cookie,
        StorageKind::LocalStorage => phrases.local_storage,
        StorageKind::SessionStorage => phrases.session_storage,
        StorageKind::IndexedDb => "IndexedDB",
        StorageKind::CacheStorage => "Cache storage",
    }
}

/// The item's lifetime in words.
fn lifetime(item: &Item, phrases: &Phrases) -> String {
    let Some(rule) = &item.lifetime else { return String::new() };
    let mut text = in_words(rule, phrases);
    if item.rolling == Some(true) {
        text.push_str(phrases.rolling);
    }
    text
}

fn in_words(rule: &LifetimeRule, phrases: &Phrases) -> String {
    match rule {
        LifetimeRule::Exact(of) => span(of, phrases),
        LifetimeRule::Max(of) => phrases.at_most.replace("{}", &span(of, phrases)),
        LifetimeRule::About(of) => phrases.about.replace("{}", &span(of, phrases)),
        LifetimeRule::Range(from, to) => {
            let first = phrases.range.replacen("{}", &span(from, phrases), 1);
            first.replacen("{}", &span(to, phrases), 1)
        }
        LifetimeRule::Session => phrases.session.to_owned(),
        LifetimeRule::Either(rules) => {
            let each: Vec<String> = rules
                .iter()
                .enumerate()
                .map(|(at, rule)| {
                    let words = in_words(rule, phrases);
                    // Within the cell only the first word has a capital.
                    if at == 0 { words } else { small_first(&words) }
                })
                .collect();
            each.join(phrases.or)
        }
        LifetimeRule::Unbounded => phrases.unbounded.to_owned(),
        LifetimeRule::UntilLogout => phrases.until_logout.to_owned(),
    }
}

fn small_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// `7 days`, in the units that the manifest says it in.
fn span(span: &Span, phrases: &Phrases) -> String {
    let amount = duration::read(&span.written, None).duration.and_then(|duration| duration.amount);
    let parts = amount.map(|amount| amount.0).unwrap_or_else(|| vec![(span.most, Unit::Second)]);
    let words: Vec<String> = parts
        .iter()
        .map(|(count, unit)| {
            let (one, several) = phrases.units[*unit as usize];
            format!("{count}{}{}", phrases.blank, if *count == 1 { one } else { several })
        })
        .collect();
    words.join(" ")
}

/// Device storage disclosures (IAB Europe, "Vendor Device Storage & Operational Disclosures", version 1.1).
///
/// Of the framework's purposes a manifest knows only whether consent is needed: the first purpose says that it
/// is, and none that it is not. What is not said to be necessary needs it.
fn tcf(manifest: &Manifest) -> Value {
    /// Store and access information on a device.
    const STORE: u8 = 1;
    /// Hosts that nobody named.
    const ANY: &str = "*";
    let mut own: Vec<String> = manifest.site.hosts.iter().map(ToString::to_string).collect();
    if own.is_empty() {
        let host = manifest.site.url.as_ref().and_then(|url| url.host_str()).unwrap_or(ANY);
        own.push(host.to_owned());
    }
    let mut disclosures = Vec::new();
    let mut domains: BTreeMap<String, &[u8]> = BTreeMap::new();
    for item in &manifest.items {
        let cookie = item.kind == StorageKind::Cookie;
        let purposes: &[u8] = if item.category == Some(Category::StrictlyNecessary) { &[] } else { &[STORE] };
        let hosts: Vec<String> = match (item.hosts.as_slice(), item.party) {
            ([], Some(DeclaredParty::Third)) => vec![ANY.to_owned()],
            ([], _) => own.clone(),
            (hosts, _) => hosts.iter().map(ToString::to_string).collect(),
        };
        for host in hosts.iter().filter(|host| *host != ANY) {
            let known = domains.entry(host.clone()).or_default();
            *known = (*known).max(purposes);
        }
        for name in item.names.iter().chain(&item.https_names) {
            let mut fields = serde_json::Map::new();
            fields.insert("identifier".to_owned(), json!(name.written()));
            fields.insert("type".to_owned(), json!(if cookie { "cookie" } else { "web" }));
            let seconds = item.lifetime.as_ref().and_then(seconds);
            fields.insert("maxAgeSeconds".to_owned(), if cookie { json!(seconds) } else { Value::Null });
            fields.insert("cookieRefresh".to_owned(), json!(cookie && item.rolling == Some(true)));
            fields.insert("domains".to_owned(), json!(hosts));
            fields.insert("purposes".to_owned(), json!(purposes));
            if let Some(purpose) = &item.purpose {
                fields.insert("description".to_owned(), json!(purpose));
            }
            disclosures.push(Value::Object(fields));
        }
    }
    for host in own.into_iter().filter(|host| host != ANY) {
        domains.entry(host).or_default();
    }
    let domains: Vec<Value> =
        domains.iter().map(|(host, purposes)| json!({ "domain": host, "purposes": purposes })).collect();
    json!({ "disclosures": disclosures, "domains": domains })
}

/// The longest it may live; a session cookie has 0 by the specification.
fn seconds(rule: &LifetimeRule) -> Option<i64> {
    match rule {
        LifetimeRule::Session => Some(0),
        rule => rule.upper_bound(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;
    use crate::policy;

    const MANIFEST: &str = r#"
        [site]
        name = "Shop"
        last_updated = 2026-04-16
        [[cookies]]
        name = "shop_sid"
        https_name = "__Host-shop_sid"
        category = "strictly-necessary"
        purpose = "Keeps the basket | and you, logged in_here"
        lifetime = { max = "7 days" }
        rolling = true
        party = "first"
        [[cookies]]
        name = ["_ga", "_ga_*"]
        category = "analytics"
        purpose = "Counts visits"
        provider = "Google"
        lifetime = "13 months"
        party = "third"
        [[cookies]]
        name = "visits"
        category = "analytics"
        lifetime = { either = ["session", { max = "30 days" }] }
        [[cookies]]
        name = "auth_stay"
        category = "functional"
        lifetime = { until = "logout" }
        [[cookies]]
        name = "ad_ref"
        category = "advertising"
        lifetime = { range = ["1 hour", "2 days"] }
        [[cookies]]
        name = "share_me"
        category = "social"
        lifetime = { about = "1 year" }
        [[storage]]
        name = "theme"
        kind = "local-storage"
        category = "functional"
        purpose = "Light or dark"
        lifetime = "unbounded"
    "#;

    fn manifest() -> Manifest {
        let (manifest, problems) = crate::manifest::read(MANIFEST, "cookies.toml", Format::Toml);
        manifest.unwrap_or_else(|| panic!("{problems:?}"))
    }

    /// What a table can say of a manifest's items.
    fn said(manifest: &Manifest) -> Vec<String> {
        let mut said: Vec<String> = manifest
            .items
            .iter()
            .map(|item| {
                let names: Vec<&str> =
                    item.names.iter().chain(&item.https_names).map(|name| name.written()).collect();
                format!(
                    "{names:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                    item.kind,
                    item.category,
                    item.purpose,
                    item.provider,
                    item.lifetime.as_ref().map(ToString::to_string),
                    item.rolling,
                    item.party
                )
            })
            .collect();
        said.sort();
        said
    }

    #[test]
    fn what_is_written_is_read_again_in_five_languages() {
        let manifest = manifest();
        for (language, tag) in
            Language::ALL.into_iter().filter(|(language, _)| *language != Language::TraditionalChinese)
        {
            for form in [Form::Markdown, Form::Html] {
                let text = write(&manifest, language, form, false);
                let (again, _) = policy::read(&text).manifest("a test");
                assert_eq!(said(&again), said(&manifest), "{tag} {form:?}\n{text}");
                assert_eq!(again.site.last_updated, manifest.site.last_updated, "{tag}");
            }
        }
    }

    mod any {
        use crate::manifest::{DeclaredParty, Item, LifetimeRule, NamePattern, Span};
        use crate::observation::StorageKind;
        use proptest::prelude::*;

        fn span() -> impl Strategy<Value = Span> {
            let units = ["second", "minute", "hour", "day", "week", "month", "year"];
            (1..60i64, prop::sample::select(units.to_vec())).prop_map(|(count, unit)| {
                let unit = if count == 1 { unit.to_owned() } else { format!("{unit}s") };
                format!("{count} {unit}").parse().unwrap()
            })
        }

        fn lifetime() -> impl Strategy<Value = Option<LifetimeRule>> {
            let session_or = span()
                .prop_map(|span| LifetimeRule::Either(vec![LifetimeRule::Session, LifetimeRule::Max(span)]));
            prop_oneof![
                span().prop_map(|span| Some(LifetimeRule::Exact(span))),
                span().prop_map(|span| Some(LifetimeRule::Max(span))),
                span().prop_map(|span| Some(LifetimeRule::About(span))),
                (1..20i64, 1..20i64).prop_map(|(hours, days)| {
                    let parsed = |text: String| text.parse::<Span>().unwrap();
                    let plural = |count: i64| if count == 1 { "" } else { "s" };
                    let from = parsed(format!("{hours} hour{}", plural(hours)));
                    let to = parsed(format!("{days} day{}", plural(days)));
                    (from.most < to.most).then_some(LifetimeRule::Range(from, to))
                }),
                session_or.prop_map(Some),
                Just(Some(LifetimeRule::Session)),
                Just(Some(LifetimeRule::Unbounded)),
                Just(Some(LifetimeRule::UntilLogout)),
                Just(None),
            ]
        }

        fn name() -> impl Strategy<Value = String> {
            // One angle bracket is a character of a name; two are around a placeholder.
            let angle = "[A-Za-z_]{2,6}[<>][A-Za-z0-9_.]{1,8}[a-f0-9]";
            let plain = "[A-Za-z_]{2}[A-Za-z0-9_.|~^!%&+'-]{2,18}[a-f0-9]";
            prop_oneof![4 => plain, 1 => angle, 1 => "[a-z]{3,8}_\\*", 1 => "__(Host|Secure)-[a-z]{3,9}"]
                .prop_filter("a placeholder or a word for nothing", |name: &String| {
                    !name.contains("...") && !name.to_lowercase().contains("xxx") && !name.contains("www.")
                })
        }

        pub(super) fn item() -> impl Strategy<Value = Item> {
            let category = prop::sample::select(super::super::ORDER.to_vec());
            let party =
                prop::sample::select(vec![None, Some(DeclaredParty::First), Some(DeclaredParty::Third)]);
            let kind = prop::sample::select(vec![
                StorageKind::Cookie,
                StorageKind::Cookie,
                StorageKind::Cookie,
                StorageKind::LocalStorage,
                StorageKind::SessionStorage,
                StorageKind::IndexedDb,
                StorageKind::CacheStorage,
            ]);
            // What is markup in Markdown or HTML, and here is text.
            let markup = prop::sample::select(vec![
                "*this*",
                "**that**",
                "_those_",
                "__these__",
                "`code`",
                "&amp;",
                "&lt;b&gt;",
                "&#124;",
                "&nbsp;",
                "<br>",
                "<b>",
                "</td>",
                "|",
                "\\|",
                "\\",
                "[a](b)",
                "![a](b)",
                "* * *",
                "~~no~~",
                "&",
                "a|b",
                "<!--",
                "-->",
            ]);
            let plain = "[a-z|<>&\\[\\]#\"'\\\\`_*~]{1,9}";
            let word = prop_oneof![2 => plain, 1 => markup.prop_map(str::to_owned)];
            let purpose = ("[A-Z][a-z]{2,8}", prop::collection::vec(word, 0..14), "[a-z]{3,9}").prop_map(
                |(first, words, last)| format!("{first} {} {last}", words.join(" ")).replace("  ", " "),
            );
            let fields = (
                name(),
                category,
                lifetime(),
                prop::option::of(purpose),
                prop::option::of("[A-Z][a-z]{3,9} (Inc|Ltd|AG)"),
                party,
                kind,
                any::<bool>(),
            );
            fields.prop_map(|(name, category, lifetime, purpose, provider, party, kind, rolling)| {
                let mut item = Item::named("");
                let timed = matches!(
                    lifetime,
                    Some(LifetimeRule::Exact(_) | LifetimeRule::Max(_) | LifetimeRule::About(_))
                );
                item.names = vec![NamePattern::glob(&name)];
                item.key = name;
                (item.category, item.lifetime, item.purpose) = (category, lifetime, purpose);
                (item.provider, item.party, item.kind) = (provider, party, kind);
                item.rolling = (rolling && timed).then_some(true);
                item
            })
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(60) })]

        #[test]
        fn whatever_a_table_can_say_is_read_again(items in proptest::collection::vec(any::item(), 1..5)) {
            let mut manifest = Manifest::default();
            for item in items {
                if manifest.items.iter().all(|known: &Item| known.key != item.key) {
                    manifest.items.push(item);
                }
            }
            let languages = Language::ALL.into_iter();
            for (language, tag) in languages.filter(|(language, _)| *language != Language::TraditionalChinese) {
                for form in [Form::Markdown, Form::Html] {
                    let text = write(&manifest, language, form, false);
                    let (again, _) = policy::read(&text).manifest("a test");
                    proptest::prop_assert_eq!(said(&again), said(&manifest), "{} {:?}\n{}", tag, form, text);
                }
            }
        }
    }

    #[test]
    fn disclosures_are_read_again() {
        let text = write(&manifest(), Language::English, Form::Tcf, false);
        let policy = policy::read_bytes(text.as_bytes(), "application/json").unwrap();
        let (again, _) = policy.manifest("a test");
        let of = |manifest: &Manifest, name: &str| {
            let item =
                manifest.items.iter().find(|item| item.names.iter().any(|known| known.written() == name));
            item.map(|item| (item.kind, item.lifetime.as_ref().map(|rule| rule.upper_bound()), item.rolling))
        };
        assert_eq!(of(&again, "theme").map(|found| found.0), Some(StorageKind::LocalStorage));
        assert_eq!(of(&again, "shop_sid"), Some((StorageKind::Cookie, Some(Some(604_800)), Some(true))));
        assert!(of(&again, "_ga_*").is_some());
    }

    #[test]
    fn every_language_says_everything() {
        for (language, tag) in Language::ALL {
            let page = write(&manifest(), language, Form::Html, true);
            assert!(
                page.contains(&format!("lang=\"{tag}\""))
                    && page.contains("__Host-shop_sid")
                    && !page.contains("{}"),
                "{page}"
            );
            assert!(!page.contains("<script"));
        }
        let chinese = write(&manifest(), Language::TraditionalChinese, Form::Markdown, false);
        assert!(chinese.contains("\u{6700}\u{9577} 7 \u{5929}"), "{chinese}");
    }

    #[test]
    fn a_purpose_is_text_and_no_markup() {
        let mut manifest = manifest();
        manifest.items[0].purpose = Some("<b>x</b> | `y` \n & z".to_owned());
        let page = write(&manifest, Language::English, Form::Html, false);
        assert!(page.contains("&lt;b&gt;x&lt;/b&gt; | `y`   &amp; z"), "{page}");
        let text = write(&manifest, Language::English, Form::Markdown, false);
        assert!(text.contains("\\<b\\>x\\</b\\> \\| \\`y\\`"), "{text}");
    }
}
