//! The same cookies in every form and language: names, lifetimes and categories are read alike.

use crate::manifest::Category;
use crate::policy;
use std::fmt::Write as _;

/// The words of a document.
struct Words {
    language: &'static str,
    /// Headings of the sections: necessary, analytics, advertising.
    sections: [&'static str; 3],
    /// The same as cells.
    categories: [&'static str; 3],
    name: &'static str,
    purpose: &'static str,
    duration: &'static str,
    category: &'static str,
    provider: &'static str,
    party: &'static str,
    parties: [&'static str; 2],
    /// Session, 13 months, 30 days, 1 year, 24 hours, up to 6 months, 2 years.
    lifetimes: [&'static str; 7],
    purposes: [&'static str; 7],
}

const WORDS: [Words; 5] = [
    Words {
        language: "en",
        sections: ["Strictly necessary cookies", "Analytics cookies", "Advertising cookies"],
        categories: ["Necessary", "Analytics", "Advertising"],
        name: "Name",
        purpose: "Purpose",
        duration: "Duration",
        category: "Category",
        provider: "Provider",
        party: "First or third party",
        parties: ["First party", "Third party"],
        lifetimes: ["Session", "13 months", "30 days", "1 year", "24 hours", "Up to 6 months", "2 years"],
        purposes: [
            "Keeps you signed in.",
            "Counts visits to our pages.",
            "Remembers visits",
            "Stores your choice",
            "Protects forms",
            "Measures campaigns",
            "Shows ads",
        ],
    },
    Words {
        language: "de",
        sections: ["Unbedingt erforderliche Cookies", "Statistik-Cookies", "Marketing-Cookies"],
        categories: ["Notwendig", "Statistik", "Marketing"],
        name: "Name",
        purpose: "Zweck",
        duration: "Speicherdauer",
        category: "Kategorie",
        provider: "Herkunft",
        party: "Erst- oder Drittanbieter",
        parties: ["Erstanbieter", "Drittanbieter"],
        lifetimes: ["Sitzung", "13 Monate", "30 Tage", "1 Jahr", "24 Stunden", "Bis zu 6 Monate", "2 Jahre"],
        purposes: [
            "H\u{e4}lt Sie angemeldet.",
            "Z\u{e4}hlt Besuche unserer Seiten.",
            "Merkt sich Besuche",
            "Speichert Ihre Auswahl",
            "Sch\u{fc}tzt Formulare",
            "Misst Kampagnen",
            "Zeigt Werbung",
        ],
    },
    Words {
        language: "fr",
        sections: [
            "Cookies strictement n\u{e9}cessaires",
            "Cookies de mesure d'audience",
            "Cookies publicitaires",
        ],
        categories: ["N\u{e9}cessaire", "Statistiques", "Publicit\u{e9}"],
        name: "Nom du cookie",
        purpose: "Finalit\u{e9}",
        duration: "Dur\u{e9}e de conservation",
        category: "Cat\u{e9}gorie",
        provider: "\u{c9}metteur",
        party: "Propre ou tiers",
        parties: ["Interne", "Tiers"],
        lifetimes: ["Session", "13 mois", "30 jours", "1 an", "24 heures", "Jusqu'\u{e0} 6 mois", "2 ans"],
        purposes: [
            "Vous maintient connect\u{e9}.",
            "Compte les visites de nos pages.",
            "Garde les visites",
            "Conserve votre choix",
            "Prot\u{e8}ge les formulaires",
            "Mesure les campagnes",
            "Affiche des annonces",
        ],
    },
    Words {
        language: "es",
        sections: ["Cookies estrictamente necesarias", "Cookies anal\u{ed}ticas", "Cookies publicitarias"],
        categories: ["Necesaria", "Anal\u{ed}tica", "Publicidad"],
        name: "Nombre",
        purpose: "Finalidad",
        duration: "Caducidad",
        category: "Categor\u{ed}a",
        provider: "Titular",
        party: "Propia o de terceros",
        parties: ["Propia", "Terceros"],
        lifetimes: [
            "Sesi\u{f3}n",
            "13 meses",
            "30 d\u{ed}as",
            "1 a\u{f1}o",
            "24 horas",
            "Hasta 6 meses",
            "2 a\u{f1}os",
        ],
        purposes: [
            "Mantiene su sesi\u{f3}n iniciada.",
            "Cuenta las visitas.",
            "Recuerda visitas",
            "Guarda su elecci\u{f3}n",
            "Protege los formularios",
            "Mide las campa\u{f1}as",
            "Muestra anuncios",
        ],
    },
    Words {
        language: "nl",
        sections: ["Strikt noodzakelijke cookies", "Analytische cookies", "Advertentiecookies"],
        categories: ["Noodzakelijk", "Analytisch", "Marketing"],
        name: "Naam cookie",
        purpose: "Functie",
        duration: "Vervaltermijn",
        category: "Categorie",
        provider: "Aanbieder",
        party: "Eerste of derde partij",
        parties: ["Eerste partij", "Derde partij"],
        lifetimes: ["Sessie", "13 maanden", "30 dagen", "1 jaar", "24 uur", "Maximaal 6 maanden", "2 jaar"],
        purposes: [
            "Houdt u ingelogd.",
            "Telt bezoeken aan de pagina's.",
            "Onthoudt bezoeken",
            "Bewaart uw keuze",
            "Beschermt formulieren",
            "Meet campagnes",
            "Toont advertenties",
        ],
    },
];

/// Section and name; the place is that of lifetime and purpose, too.
const COOKIES: [(usize, &str); 7] = [
    (0, "shop_sid"),
    (1, "_pk_id.12.ab"),
    (1, "visit_count*"),
    (0, "cookieConsent"),
    (0, "csrf-token"),
    (2, "_dc_gtm_UA-XXXXXX"),
    (2, "IDE"),
];

const CATEGORIES: [Category; 3] = [Category::StrictlyNecessary, Category::Analytics, Category::Advertising];
const DAY: i64 = 86_400;
const SECONDS: [Option<i64>; 7] =
    [None, Some(390 * DAY), Some(30 * DAY), Some(365 * DAY), Some(DAY), Some(180 * DAY), Some(730 * DAY)];

/// Every cookie with its category and the longest it lives; a session has no time.
fn expected() -> Vec<String> {
    let mut all: Vec<String> = COOKIES
        .iter()
        .zip(SECONDS)
        .map(|((section, name), seconds)| format!("{name} {} {seconds:?}", CATEGORIES[*section]))
        .collect();
    all.sort();
    all
}

fn told(text: &str) -> Vec<String> {
    let resolved = policy::read(text).resolved();
    let entries = ["cookies", "storage"].into_iter().filter_map(|list| resolved[list].as_array());
    let mut all: Vec<String> = entries
        .flatten()
        .filter(|entry| entry["match"] != "label")
        .map(|entry| {
            let names: Vec<&str> =
                entry["names"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
            let category = entry["category"].as_str().unwrap_or("none");
            let known = entry["session"] == true || entry["max_age_s"].is_i64();
            let seconds =
                if known { format!("{:?}", entry["max_age_s"].as_i64()) } else { "unstated".to_owned() };
            format!("{} {category} {seconds}", names.join("+"))
        })
        .collect();
    all.sort();
    all
}

/// One row: what stands in each column.
struct Row {
    section: usize,
    name: &'static str,
    purpose: &'static str,
    lifetime: &'static str,
    category: &'static str,
    party: &'static str,
    provider: &'static str,
}

fn rows(words: &Words) -> Vec<Row> {
    const PROVIDERS: [&str; 3] = ["Google", "Example AG", "Matomo"];
    let row = |(at, (section, name)): (usize, &(usize, &'static str))| Row {
        section: *section,
        name,
        purpose: words.purposes[at],
        lifetime: words.lifetimes[at],
        category: words.categories[*section],
        party: words.parties[at % 2],
        provider: PROVIDERS[at % 3],
    };
    COOKIES.iter().enumerate().map(row).collect()
}

/// A document with a section for each category, `table` of each section's rows in it.
fn in_sections(words: &Words, mark: &str, table: impl Fn(&[&Row]) -> String) -> String {
    let rows = rows(words);
    let mut text = "Cookies\n\n".to_owned();
    for (section, heading) in words.sections.iter().enumerate() {
        let own: Vec<&Row> = rows.iter().filter(|row| row.section == section).collect();
        let _ = write!(text, "{mark}{heading}\n\n{}\n", table(&own));
    }
    text
}

/// Cells with `between` them and `end` after each row.
fn joined(head: &[&str], rows: &[Vec<&str>], between: &str, end: &str) -> String {
    let lines = std::iter::once(head.join(between)).chain(rows.iter().map(|row| row.join(between)));
    lines.map(|line| line + end).collect()
}

fn forms(words: &Words) -> Vec<(&'static str, String)> {
    let three = [words.name, words.purpose, words.duration];
    let of = |rows: &[&Row]| -> Vec<Vec<&'static str>> {
        rows.iter().map(|row| vec![row.name, row.purpose, row.lifetime]).collect()
    };
    let pipes = |rows: &[&Row]| {
        let lines: String = of(rows).iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
        format!("| {} |\n|---|---|---|\n{lines}", three.join(" | "))
    };
    let each = |rows: &[&Row], line: &dyn Fn(&Row) -> String| -> String {
        rows.iter().map(|row| line(row)).collect()
    };
    let low = |text: &str| text.to_lowercase();
    let stop = |text: &str| text.trim_end_matches('.').to_owned();
    let (n, p, d) = (words.name, words.purpose, words.duration);
    let html =
        |rows: &[&Row], line: &dyn Fn(&Row) -> String| rows.iter().map(|row| line(row)).collect::<String>();
    let page = |line: &dyn Fn(&Row) -> String, open: &str, close: &str| {
        let rows = rows(words);
        let mut page = "<!doctype html><h1>Cookies</h1>".to_owned();
        for (section, heading) in words.sections.iter().enumerate() {
            let own: Vec<&Row> = rows.iter().filter(|row| row.section == section).collect();
            let _ = write!(page, "<h2>{heading}</h2>{open}{}{close}", html(&own, line));
        }
        page
    };
    let wide = |order: &[usize]| -> (Vec<&'static str>, Vec<Vec<&'static str>>) {
        let head = [n, words.category, p, words.provider, words.party, d];
        let rows = rows(words);
        let cells = rows.iter().map(|row| {
            let all = [row.name, row.category, row.purpose, row.provider, row.party, row.lifetime];
            order.iter().map(|at| all[*at]).collect()
        });
        (order.iter().map(|at| head[*at]).collect(), cells.collect())
    };
    let all_in_one = |order: &[usize], between: &str, end: &str| {
        let (head, rows) = wide(order);
        format!("Cookies\n\n{}\n\n\n", joined(&head, &rows, between, end))
    };
    vec![
        ("pipes", in_sections(words, "## ", pipes)),
        (
            "no outer pipes",
            in_sections(words, "## ", |rows| {
                let lines: String = of(rows).iter().map(|row| row.join(" | ") + "\n").collect();
                format!("{}\n---|---|---\n{lines}", three.join(" | "))
            }),
        ),
        (
            "a cell a line, pipe at its end",
            in_sections(words, "", |rows| joined(&three, &of(rows), " |\n", " |\n")),
        ),
        ("a cell a line", in_sections(words, "", |rows| joined(&three, &of(rows), "\n", "\n"))),
        ("cells apart", in_sections(words, "", |rows| joined(&three, &of(rows), "\n\n", "\n\n"))),
        ("glued", in_sections(words, "", |rows| joined(&three, &of(rows), "", "\n"))),
        ("blanks", in_sections(words, "", |rows| joined(&three, &of(rows), " ", "\n"))),
        ("tabs", in_sections(words, "", |rows| joined(&three, &of(rows), "\t", "\n"))),
        (
            "repeated heading",
            in_sections(words, "## ", |rows| {
                let line = |row: &Row| {
                    format!(
                        "| {n}<br><br>{} | {p}<br><br>{} | {d}<br><br>{} |\n",
                        row.name, row.purpose, row.lifetime
                    )
                };
                format!("| {n} | {p} | {d} |\n|---|---|---|\n{}", each(rows, &line))
            }),
        ),
        (
            "records",
            in_sections(words, "", |rows| {
                each(rows, &|row| {
                    format!(
                        "{n}: {}\n{p}: {}\nLegal basis: none\n{d}: {}\n\n",
                        row.name, row.purpose, row.lifetime
                    )
                })
            }),
        ),
        (
            "records in bullets",
            in_sections(words, "## ", |rows| {
                each(rows, &|row| {
                    format!(
                        "- **{n}:** {}\n- **{p}:** {}\n- **{d}:** {}\n\n",
                        row.name, row.purpose, row.lifetime
                    )
                })
            }),
        ),
        (
            "bullets with brackets",
            in_sections(words, "## ", |rows| {
                each(rows, &|row| {
                    format!("- **{}** ({}) \u{2013} {}\n", row.name, low(row.lifetime), row.purpose)
                })
            }),
        ),
        ("all in brackets", {
            let line = |row: &Row| {
                format!(
                    "- {}, {} ({}, {})\n",
                    row.name,
                    low(&stop(row.purpose)),
                    low(row.category),
                    low(row.lifetime)
                )
            };
            format!("# Cookies\n\n{}", rows(words).iter().map(line).collect::<String>())
        }),
        (
            "alternating bullets",
            in_sections(words, "", |rows| {
                each(rows, &|row| format!("- {}\n- {}. {}.\n", row.name, stop(row.purpose), row.lifetime))
            }),
        ),
        (
            "within a sentence",
            in_sections(words, "", |rows| {
                let list: Vec<String> =
                    rows.iter().map(|row| format!("{} ({})", row.name, low(row.lifetime))).collect();
                format!("Cookies: {}.\n", list.join(", "))
            }),
        ),
        (
            "definitions",
            page(
                &|row| format!("<dt>{}</dt><dd>{}. {}.</dd>", row.name, stop(row.purpose), row.lifetime),
                "<dl>",
                "</dl>",
            ),
        ),
        (
            "lines of items",
            page(
                &|row| {
                    format!("<li><b>{}</b><br>{}. {d}: {}</li>", row.name, stop(row.purpose), row.lifetime)
                },
                "<ul>",
                "</ul>",
            ),
        ),
        (
            "under headings",
            page(
                &|row| {
                    format!("<h3>{}</h3><p>{}.</p><p>{d}: {}</p>", row.name, stop(row.purpose), row.lifetime)
                },
                "",
                "",
            ),
        ),
        (
            "cards",
            page(
                &|row| {
                    format!(
                        "<div><div><span>{n}</span><span>{}</span></div><div><span>{p}</span><span>{}</span></div><div><span>{d}</span><span>{}</span></div></div>",
                        row.name, row.purpose, row.lifetime
                    )
                },
                "",
                "",
            ),
        ),
        ("columns glued", all_in_one(&[0, 2, 1, 4, 3, 5], "", "\n")),
        ("columns glued, lifetime in the middle", all_in_one(&[0, 2, 4, 1, 5, 3], "", "\n")),
        ("columns glued, provider first", all_in_one(&[0, 3, 4, 1, 2, 5], "", "\n")),
        ("columns with blanks", all_in_one(&[0, 2, 5, 3, 4, 1], " ", "\n")),
        ("columns a cell a line", all_in_one(&[0, 4, 1, 2, 3, 5], "\n", "\n")),
    ]
}

#[test]
fn every_form_is_read_in_every_language() {
    let expected = expected();
    let mut wrong = String::new();
    let mut count = 0;
    for words in &WORDS {
        for (form, text) in forms(words) {
            count += 1;
            let told = told(&text);
            let missing: Vec<&String> = expected.iter().filter(|line| !told.contains(line)).collect();
            let surplus: Vec<&String> = told.iter().filter(|line| !expected.contains(line)).collect();
            if !missing.is_empty() || !surplus.is_empty() {
                let _ = writeln!(wrong, "{} {form}: not {missing:?} but {surplus:?}", words.language);
            }
        }
    }
    assert!(wrong.is_empty(), "{count} documents\n{wrong}");
}

/// The word for a column may be one that nobody knows.
#[test]
fn an_unknown_heading_does_not_hide_the_table() {
    for text in [
        "Cookie\nQuirk\nType\nDuration\nshop_sid\nOdd\nNecessary\n1 day\nvisit_count\nEven\nAnalytics\n2 days\n",
        "Cookie |\nQuirk |\nType |\nDuration |\nshop_sid |\nOdd |\nNecessary |\n1 day |\nvisit_count |\nEven |\nAnalytics |\n2 days |\n",
        "Name: shop_sid\nQuirk: odd\nType: Necessary\nDuration: 1 day\n\nName: visit_count\nQuirk: even\nType: Analytics\nDuration: 2 days\n",
    ] {
        assert_eq!(
            told(text),
            ["shop_sid strictly-necessary Some(86400)", "visit_count analytics Some(172800)"],
            "{text}"
        );
    }
    // Words above a list are no headings.
    assert!(told("Name\nMy Company\nContact\nPhone\n1 day\nEmail\nwrite@example.com\n2 days\n").is_empty());
}
