//! Waiting for a mail: what a mailbox holds when the steps begin is old, the newest that comes
//! after is the one. Times are not compared, since the clocks of mailboxes differ.

use super::super::context::Ended;
use super::super::persona::PersonaSession;
use super::super::runner::Runner;
use super::Trouble;
use super::mail::{self, Mail, Wanted};
use crate::intake;
use crate::plan::{Action, MailLink, MailSource, Step};
use crate::transport::{Request, Want};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use url::Url;

/// Between two looks: at first often, since most mails come at once.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Mails of an HTTP mailbox that are read for one link.
const MOST_READ: usize = 20;

impl Runner<'_> {
    /// Notes which mails are there before the first step.
    pub(super) async fn note_mails(&mut self, who: &mut PersonaSession, steps: &[Step]) -> Result<(), Ended> {
        for step in steps {
            if let Action::MailLink(link) = &step.action
                && let Ok(ids) = self.mail_ids(&link.source).await?
            {
                who.mails.extend(ids);
            }
        }
        Ok(())
    }

    /// The link in the newest mail that was not there before. The link is a secret from here on.
    pub(super) async fn wait_for_mail(
        &mut self,
        who: &mut PersonaSession,
        wanted: &MailLink,
    ) -> Result<Url, Trouble> {
        let to = match &wanted.to {
            Some(to) => Some(self.references.text(to, who.live()).await?.to_lowercase()),
            None => None,
        };
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut trouble = None;
        let mut others = 0;
        while began.elapsed() <= wanted.timeout {
            match self.new_mails(&wanted.source, &who.mails).await? {
                Ok(mails) => {
                    trouble = None;
                    others = mails.len();
                    let site = &self.site;
                    let is_own = |url: &Url| site.is_own(url);
                    let wanted = Wanted {
                        to: to.as_deref(),
                        link_contains: wanted.link_contains.as_deref(),
                        is_own: &is_own,
                    };
                    let found =
                        mails.iter().find_map(|mail| Some((mail.id.clone(), mail::link(mail, &wanted)?)));
                    if let Some((id, link)) = found {
                        who.mails.insert(id);
                        self.keep_link(&link);
                        return Ok(link);
                    }
                }
                Err(problem) => trouble = Some(problem),
            }
            self.unless_ended(tokio::time::sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let seconds = wanted.timeout.as_secs();
        Err(Trouble::Because(match trouble {
            Some(problem) => format!("{problem} (tried for {seconds} s)"),
            None if others > 0 => format!(
                "{others} new mails came within {seconds} s, none to the right address with the right link; \
                 `to` and `link_contains` say which is meant"
            ),
            None => format!(
                "no mail came within {seconds} s; is the mailbox ({}) the one the site sends to?",
                place(&wanted.source)
            ),
        }))
    }

    /// A link that logs in is a credential: the whole of it, and each thing it carries.
    fn keep_link(&self, link: &Url) {
        self.references.keep_secret(link.as_str());
        for (_, value) in link.query_pairs() {
            if value.len() >= 8
                && Url::parse(&value).is_err()
                && !value.starts_with('/')
                && !value.contains('@')
            {
                self.references.keep_secret(&value);
            }
        }
        for segment in link.path_segments().into_iter().flatten().filter(|segment| segment.len() >= 16) {
            self.references.keep_secret(segment);
        }
    }

    async fn mail_ids(&self, source: &MailSource) -> Result<Result<BTreeSet<String>, String>, Ended> {
        Ok(match source {
            MailSource::Maildir(path) => Ok(mail::maildir_ids(path)),
            MailSource::File(path) => {
                Ok(file_mails(path).unwrap_or_default().into_iter().map(|mail| mail.id).collect())
            }
            MailSource::Http(base) => self.mailpit_ids(base).await?.map(|ids| ids.into_iter().collect()),
        })
    }

    /// Newest first.
    async fn new_mails(
        &self,
        source: &MailSource,
        known: &BTreeSet<String>,
    ) -> Result<Result<Vec<Mail>, String>, Ended> {
        Ok(match source {
            MailSource::Maildir(path) if !path.is_dir() => Err(format!("{} is no folder", path.display())),
            MailSource::Maildir(path) => Ok(mail::maildir_mails(path, known)),
            MailSource::File(path) => file_mails(path).map(|mut mails| {
                mails.retain(|mail| !known.contains(&mail.id));
                mails
            }),
            MailSource::Http(base) => match self.mailpit_ids(base).await? {
                Ok(ids) => {
                    let mut mails = Vec::new();
                    for id in ids.iter().filter(|id| !known.contains(*id)).take(MOST_READ) {
                        let answer = self.ask_mailbox(base, &format!("api/v1/message/{id}")).await?;
                        mails.extend(answer.ok().and_then(|json| mail::mailpit_mail(id, &json)));
                    }
                    Ok(mails)
                }
                Err(problem) => Err(problem),
            },
        })
    }

    async fn mailpit_ids(&self, base: &Url) -> Result<Result<Vec<String>, String>, Ended> {
        let answer = self.ask_mailbox(base, "api/v1/messages").await?;
        Ok(answer.and_then(|json| mail::mailpit_ids(&json)))
    }

    /// The mailbox is no part of the site: asked without a session, seen by nobody.
    async fn ask_mailbox(&self, base: &Url, path: &str) -> Result<Result<Vec<u8>, String>, Ended> {
        let mut folder = base.clone();
        if !folder.path().ends_with('/') {
            folder.set_path(&format!("{}/", base.path()));
        }
        let Ok(url) = folder.join(path) else {
            return Ok(Err("the mailbox's address cannot be used".into()));
        };
        let request = Request {
            method: "GET".into(),
            url,
            headers: vec![("Accept".into(), b"application/json".to_vec())],
            body: None,
        };
        let answer = self.unless_ended(self.transport().send(&request, Want::Everything)).await?;
        Ok(match answer {
            Ok(response) if response.head.status == 200 => Ok(response.body),
            Ok(response) => Err(format!("the mailbox answered {}", response.head.status)),
            Err(failure) => Err(format!("the mailbox: {failure}")),
        })
    }
}

fn file_mails(path: &std::path::Path) -> Result<Vec<Mail>, String> {
    match intake::file(path, intake::MOST_OF_A_MAILBOX) {
        Ok(raw) => Ok(mail::file_mails(&raw)),
        // It may be written when the first mail comes.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("{} cannot be read: {}", path.display(), intake::why(&error))),
    }
}

fn place(source: &MailSource) -> String {
    match source {
        MailSource::Maildir(path) | MailSource::File(path) => path.display().to_string(),
        MailSource::Http(url) => url.to_string(),
    }
}
