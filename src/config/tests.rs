//! Places and values in all formats, and excerpts.

use super::*;

/// The value of the key `b` and where it stands.
#[track_caller]
fn value_of_b(text: &str, format: Format, line: u32, column: u32) {
    let source = Source::new("x", text);
    let (tree, problems) = source.parse(format);
    assert_eq!(problems, []);
    let tree = tree.unwrap();
    let node = tree.get("b").unwrap();
    assert_eq!(node.text(), Some("é😀"), "{text}");
    assert_eq!(source.place(node.span.start), Place { line, column }, "{text}");
    assert!(source.text()[node.span.clone()].contains(['é', 'u']), "{text}");
}

#[test]
fn values_have_their_place_in_every_format() {
    value_of_b("# ü\na = 1\nb = \"é😀\"\n", Format::Toml, 3, 5);
    value_of_b("# ü\r\na = 1\r\nb = 'é😀'\r\n", Format::Toml, 3, 5);
    value_of_b("# ü\na: ü\nb: é😀\nc: 1", Format::Yaml, 3, 4);
    value_of_b("# ü\r\na: ü\r\nb: \"é😀\"\r\n", Format::Yaml, 3, 4);
    value_of_b("{\"a\":\"ü\", \"b\": \"é😀\"}", Format::Json, 1, 16);
    value_of_b("{\r\n\t\"a\": [],\r\n\t\"b\"\t:\t\"\\u00e9\\uD83D\\uDE00\"}", Format::Json, 3, 8);
    value_of_b("\u{feff}b: é😀", Format::Yaml, 1, 4);
}

#[test]
fn scalars_mean_the_same_in_every_format() {
    let toml = "a = true\nb = -3\nc = 1.5\nd = \"x\"\ne = [1, []]\nf = { g = \"\" }\n";
    let yaml = "a: true\nb: -3\nc: 1.5\nd: x\ne: [1, []]\nf: {g: ''}\n";
    let json = "{\"a\": true, \"b\": -3, \"c\": 1.5, \"d\": \"x\", \"e\": [1, []], \"f\": {\"g\": \"\"}}";
    let read = |text: &str, format| Source::new("x", text).parse(format).0.unwrap().to_json();
    assert_eq!(read(toml, Format::Toml), read(yaml, Format::Yaml));
    assert_eq!(read(toml, Format::Toml), read(json, Format::Json));
}

#[test]
fn yaml_words_are_those_of_version_1_2() {
    let yaml =
        "{a: yes, b: on, c: null, d: ~, e: 7d, f: 0x10, g: '1', h: !!str 1, i: 1e3, j: 2026-04-16, k: .5}";
    let tree = Source::new("x", yaml).parse(Format::Yaml).0.unwrap();
    let json = serde_json::json!({
        "a": "yes", "b": "on", "c": null, "d": null, "e": "7d", "f": 16, "g": "1", "h": "1", "i": 1000.0,
        "j": "2026-04-16", "k": 0.5,
    });
    assert_eq!(tree.to_json(), json);
}

#[test]
fn an_excerpt_of_an_endless_line_is_short() {
    let text = format!("a = [{}oops", "1, ".repeat(10_000));
    let source = Source::new("x.toml", &text);
    let (_, problems) = source.parse(Format::Toml);
    let excerpt = problems[0].excerpt(&source, false, Some(80));
    assert!(excerpt.contains("x.toml:1:30010"), "{excerpt}");
    assert!(excerpt.len() < 1000, "{excerpt}");
}
