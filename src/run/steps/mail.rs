//! The link in a mail: mailboxes as files, mails taken apart (MIME, quoted-printable, base64), and
//! the right link picked. A link is found by what it has in it, else by going to an own host with
//! something in it that only a login link has.

use super::super::html;
use crate::intake;
use mail_parser::MessageParser;
use std::collections::BTreeSet;
use std::path::Path;
use url::Url;

/// A mail, as far as we care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::run) struct Mail {
    /// What tells it from the other mails of its mailbox.
    pub(in crate::run) id: String,
    /// Lower case.
    pub(in crate::run) to: Vec<String>,
    pub(in crate::run) text: String,
    pub(in crate::run) html: String,
}

/// What makes a link the right one.
pub(in crate::run) struct Wanted<'a> {
    /// Lower case.
    pub(in crate::run) to: Option<&'a str>,
    pub(in crate::run) link_contains: Option<&'a str>,
    pub(in crate::run) is_own: &'a (dyn Fn(&Url) -> bool + Sync),
}

/// A mail as it travels, read; none where it is no mail.
pub(in crate::run) fn read(id: &str, raw: &[u8]) -> Option<Mail> {
    let message = MessageParser::default().parse(raw)?;
    let parts = |count: usize, part: &dyn Fn(usize) -> Option<String>| {
        (0..count.min(20)).filter_map(part).collect::<Vec<_>>().join("\n")
    };
    Some(Mail {
        id: id.to_owned(),
        to: [message.to(), message.cc()]
            .into_iter()
            .flatten()
            .flat_map(|addresses| addresses.iter())
            .filter_map(|address| address.address())
            .map(str::to_lowercase)
            .collect(),
        text: parts(message.text_body_count(), &|part| Some(message.body_text(part)?.into_owned())),
        html: parts(message.html_body_count(), &|part| Some(message.body_html(part)?.into_owned())),
    })
}

/// Names of the mails in a maildir, by their unique part: a mail keeps it when it moves from
/// `new` to `cur` and gets flags.
pub(in crate::run) fn maildir_ids(maildir: &Path) -> BTreeSet<String> {
    maildir_files(maildir).into_iter().map(|(_, id, _)| id).collect()
}

/// The mails of a maildir that are not among `known`, newest first.
pub(in crate::run) fn maildir_mails(maildir: &Path, known: &BTreeSet<String>) -> Vec<Mail> {
    let mut files = maildir_files(maildir);
    files.retain(|(_, id, _)| !known.contains(id));
    files.sort();
    files.reverse();
    let raw = |path: &Path| intake::file(path, intake::MOST_OF_A_MAIL).ok();
    files.into_iter().take(50).filter_map(|(_, id, path)| read(&id, &raw(&path)?)).collect()
}

fn maildir_files(maildir: &Path) -> Vec<(std::time::SystemTime, String, std::path::PathBuf)> {
    ["new", "cur"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(maildir.join(folder)).ok())
        .flat_map(|entries| entries.flatten())
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let id = name.split(":2,").next().unwrap_or_default().to_owned();
            let modified = entry.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()?;
            (!id.is_empty() && !id.starts_with('.')).then(|| (modified, id, entry.path()))
        })
        .collect()
}

/// The mails of a file, newest first: a single mail, or an mbox where each begins with a `From `
/// line after an empty one. A mail's id is its place and its content.
pub(in crate::run) fn file_mails(raw: &[u8]) -> Vec<Mail> {
    let mut mails: Vec<Mail> = split_mbox(raw)
        .into_iter()
        .enumerate()
        .filter_map(|(place, mail)| {
            let mut hash = std::hash::DefaultHasher::new();
            std::hash::Hash::hash(mail, &mut hash);
            read(&format!("{place}-{:x}", std::hash::Hasher::finish(&hash)), mail)
        })
        .collect();
    mails.reverse();
    mails
}

fn split_mbox(raw: &[u8]) -> Vec<&[u8]> {
    if !raw.starts_with(b"From ") {
        return if raw.iter().all(u8::is_ascii_whitespace) { Vec::new() } else { vec![raw] };
    }
    let mut starts = vec![0];
    for (at, window) in raw.windows(7).enumerate() {
        let after_empty_line = window == b"\n\nFrom " || window == b"\r\nFrom " && raw[..at].ends_with(b"\n");
        if after_empty_line {
            starts.push(at + 2);
        }
    }
    starts.push(raw.len());
    starts
        .windows(2)
        .map(|pair| &raw[pair[0]..pair[1]])
        .map(|mail| match mail.iter().position(|byte| *byte == b'\n') {
            Some(end) => &mail[end + 1..],
            None => mail,
        })
        .collect()
}

/// The ids of a list of mails as Mailpit tells it (`/api/v1/messages`), newest first.
pub(in crate::run) fn mailpit_ids(json: &[u8]) -> Result<Vec<String>, String> {
    let list: serde_json::Value =
        serde_json::from_slice(json).map_err(|_| "the mailbox did not answer with JSON".to_owned())?;
    let messages = list["messages"].as_array().ok_or("the mailbox's answer has no `messages`")?;
    Ok(messages.iter().filter_map(|message| message["ID"].as_str()).map(str::to_owned).collect())
}

/// A mail as Mailpit tells it (`/api/v1/message/{id}`).
pub(in crate::run) fn mailpit_mail(id: &str, json: &[u8]) -> Option<Mail> {
    let message: serde_json::Value = serde_json::from_slice(json).ok()?;
    let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let to = ["To", "Cc", "Bcc"]
        .iter()
        .filter_map(|key| message[key].as_array())
        .flatten()
        .filter_map(|address| address["Address"].as_str())
        .map(str::to_lowercase)
        .collect();
    Some(Mail { id: id.to_owned(), to, text: text("Text"), html: text("HTML") })
}

/// The link that logs in, if the mail is the right one and has it.
pub(in crate::run) fn link(mail: &Mail, wanted: &Wanted<'_>) -> Option<Url> {
    if wanted.to.is_some_and(|to| !mail.to.iter().any(|address| address == to)) {
        return None;
    }
    let links = links_of(mail);
    match wanted.link_contains {
        Some(part) => links.into_iter().find(|link| link.as_str().contains(part)),
        None => {
            let own: Vec<Url> = links.into_iter().filter(|link| (wanted.is_own)(link)).collect();
            own.iter().find(|link| carries_something(link)).or(own.first()).cloned()
        }
    }
}

/// Links of the HTML part, then of the text part.
fn links_of(mail: &Mail) -> Vec<Url> {
    let nowhere = "about:blank";
    let mut links: Vec<Url> = Url::parse(nowhere)
        .map(|page| {
            html::links(&mail.html, &page, crate::charset::Charset::UTF_8)
                .into_iter()
                .map(|(_, url)| url)
                .collect()
        })
        .unwrap_or_default();
    links.extend(text_links(&mail.text));
    links.retain(|link| matches!(link.scheme(), "http" | "https"));
    links
}

fn text_links(text: &str) -> Vec<Url> {
    let mut links = Vec::new();
    for start in
        ["http://", "https://"].iter().flat_map(|scheme| text.match_indices(scheme)).map(|(at, _)| at)
    {
        let rest = &text[start..];
        let end = rest
            .find(|c: char| c.is_whitespace() || "<>\"\u{201c}\u{201d}".contains(c))
            .unwrap_or(rest.len());
        // Punctuation after a link belongs to the sentence.
        let mut link = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ']', '*']);
        if !link.contains('(') {
            link = link.trim_end_matches(')');
        }
        links.extend(Url::parse(link).ok().map(|url| (start, url)));
    }
    links.sort_by_key(|(start, _)| *start);
    links.into_iter().map(|(_, url)| url).collect()
}

/// A query, or a long segment of the path: something only this mail's link has.
fn carries_something(url: &Url) -> bool {
    url.query().is_some_and(|query| !query.is_empty())
        || url.path_segments().is_some_and(|mut segments| segments.any(|segment| segment.len() >= 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTED: &str = "To: Ann <ann@example.test>\r\nSubject: Sign in\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nSign in:\r\n\
        http://a.test/api/auth/callback/email?callbackUrl=3Dhttp%3A%2F%2Fa.test%2Fda=\r\nshboard&token=3Dt0k3n.\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <a href=3D\"http://a.test/\">a.test</a> <a href=3D\"http://a.test/api/auth/callback/email?callbackUrl=3Dhttp%3A%2F%2Fa.test%2Fdas=\r\nhboard&amp;token=3Dt0k3n\">Sign in</a>\r\n--b--\r\n";

    fn own(url: &Url) -> bool {
        url.host_str() == Some("a.test")
    }

    fn any() -> Wanted<'static> {
        Wanted { to: None, link_contains: None, is_own: &own }
    }

    fn found(mail: &Mail, wanted: &Wanted<'_>) -> String {
        link(mail, wanted).map(String::from).unwrap_or_default()
    }

    fn plain(text: &str) -> Mail {
        Mail { text: text.into(), ..Mail::default() }
    }

    #[test]
    fn quoted_printable_and_entities_are_undone() {
        let mail = read("1", QUOTED.as_bytes()).unwrap();
        let expected =
            "http://a.test/api/auth/callback/email?callbackUrl=http%3A%2F%2Fa.test%2Fdashboard&token=t0k3n";
        assert_eq!(found(&mail, &any()), expected);
        assert_eq!(found(&Mail { html: String::new(), ..mail.clone() }, &any()), expected, "text part alone");
        assert_eq!(mail.to, ["ann@example.test"]);
    }

    #[test]
    fn base64_bodies_are_undone() {
        // "Go to <http://a.test/magic?t=1>"
        let raw = "To: ann@example.test\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\
                   R28gdG8gPGh0dHA6Ly9hLnRlc3QvbWFnaWM/dD0xPg==\n";
        assert_eq!(found(&read("1", raw.as_bytes()).unwrap(), &any()), "http://a.test/magic?t=1");
    }

    #[test]
    fn the_right_link_is_picked() {
        #[rustfmt::skip]
        let cases = [
            ("See https://other.test/x?y=1 and http://a.test/help and http://a.test/l?t=1.", "http://a.test/l?t=1"),
            ("http://a.test/m/0123456789abcdef0123 or (http://a.test/)", "http://a.test/m/0123456789abcdef0123"),
            ("only http://a.test/start, nothing else", "http://a.test/start"),
            ("(http://a.test/a?b=1)", "http://a.test/a?b=1"),
            ("https://other.test/x?y=1", ""),
            ("http://", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(found(&plain(text), &any()), expected, "{text}");
        }
        let other = Wanted { link_contains: Some("/x"), ..any() };
        assert_eq!(
            found(&plain("http://a.test/?a=1 https://other.test/x?y=1"), &other),
            "https://other.test/x?y=1"
        );
    }

    #[test]
    fn mails_to_somebody_else_are_left_alone() {
        let mail = read("1", QUOTED.as_bytes()).unwrap();
        assert_eq!(found(&mail, &Wanted { to: Some("bob@example.test"), ..any() }), "");
        assert_ne!(found(&mail, &Wanted { to: Some("ann@example.test"), ..any() }), "");
    }

    #[test]
    fn a_maildir_gives_what_is_new_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["new", "cur", "tmp"] {
            std::fs::create_dir(folder.path().join(sub)).unwrap();
        }
        let put = |path: &str, link: &str, age: u64| {
            let path = folder.path().join(path);
            std::fs::write(&path, format!("To: a@b.test\n\nhttp://a.test/{link}\n")).unwrap();
            let when = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
            std::fs::File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
        };
        put("cur/1.old:2,S", "old?1", 1);
        let known = maildir_ids(folder.path());
        put("new/2.first", "first?1", 20);
        put("new/3.second", "second?1", 10);
        put("tmp/4.unfinished", "unfinished?1", 0);
        let mails = maildir_mails(folder.path(), &known);
        let links: Vec<String> = mails.iter().map(|mail| found(mail, &any())).collect();
        assert_eq!(links, ["http://a.test/second?1", "http://a.test/first?1"]);
        assert!(maildir_mails(&folder.path().join("none"), &known).is_empty());
    }

    #[test]
    fn a_file_is_one_mail_or_an_mbox() {
        assert_eq!(file_mails(b"To: a@b.test\n\nhttp://a.test/1?x").len(), 1);
        let mbox = b"From a@b Mon\nTo: a@b.test\n\nhttp://a.test/1?x\n\nFrom a@b Tue\nTo: a@b.test\n\nhttp://a.test/2?x\n";
        let links: Vec<String> = file_mails(mbox).iter().map(|mail| found(mail, &any())).collect();
        assert_eq!(links, ["http://a.test/2?x", "http://a.test/1?x"]);
        assert!(file_mails(b"").is_empty());
    }

    #[test]
    fn mailpit_answers_are_read() {
        let list = br#"{"messages":[{"ID":"b","Created":"2026-01-02"},{"ID":"a"}],"total":2}"#;
        assert_eq!(mailpit_ids(list).unwrap(), ["b", "a"]);
        assert!(mailpit_ids(b"<html>").is_err());
        let mail = br#"{"ID":"b","To":[{"Name":"","Address":"Ann@Example.test"}],"Text":"http://a.test/?t=1","HTML":""}"#;
        let mail = mailpit_mail("b", mail).unwrap();
        assert_eq!(
            (mail.to[0].as_str(), found(&mail, &any()).as_str()),
            ("ann@example.test", "http://a.test/?t=1")
        );
    }
}
