//! Sessions taken over from other tools, and handed on to them.

use super::context::RunContext;
use super::persona::PersonaSession;
use crate::cookie::files::{self, Imported};
use crate::cookie::{StoredCookie, ValueFacts, ValueShape};
use crate::plan::ImportFormat;
use std::path::Path;

/// Values shorter than this are no credentials: masking them would mask half of every text.
const SHORTEST: usize = 8;
/// Lines left out of one file that are told one by one.
const MOST_TOLD: usize = 5;

impl RunContext<'_> {
    /// Puts the cookies of a file, header or helper into the jar.
    pub(super) fn import(
        &self,
        who: &mut PersonaSession,
        format: ImportFormat,
        text: &str,
    ) -> Result<(), String> {
        let cookies = self
            .read_cookies(format, text)
            .map_err(|problem| format!("the session cannot be read as {}: {problem}", name(format)))?;
        for cookie in cookies {
            who.session.jar.insert(cookie);
        }
        Ok(())
    }

    /// Says what of a file was left out.
    fn telling(&self, imported: Result<Imported, String>) -> Result<Vec<StoredCookie>, String> {
        let Imported { cookies, left_out } = imported?;
        for problem in left_out.iter().take(MOST_TOLD) {
            self.warn(format!("of the imported session {problem}; it is left out"));
        }
        Ok(cookies)
    }

    /// Reads cookies as a file, header or helper gives them; their values are secrets from here on.
    pub(super) fn read_cookies(&self, format: ImportFormat, text: &str) -> Result<Vec<StoredCookie>, String> {
        let now = now();
        let cookies = match format {
            ImportFormat::Netscape => self.telling(files::read_netscape(text, now)),
            ImportFormat::StorageState => self.telling(files::read_storage_state(text, now)),
            ImportFormat::Header => files::read_header(text, &self.target.url, now),
            ImportFormat::CookieStore => files::read_cookie_store(text, now),
        }?;
        for cookie in &cookies {
            let shape = ValueFacts::of(&cookie.value, &self.target.url).shape;
            if cookie.value.len() >= SHORTEST
                && matches!(
                    shape,
                    ValueShape::Identifier | ValueShape::Jwt | ValueShape::Uuid | ValueShape::Other
                )
                && let Ok(value) = std::str::from_utf8(cookie.value.reveal())
            {
                self.references.keep_secret(value);
            }
        }
        Ok(cookies)
    }

    /// Writes the session to a file that only its owner can read.
    pub(super) fn export(
        &self,
        who: &PersonaSession,
        format: ImportFormat,
        file: &Path,
    ) -> Result<(), String> {
        let jar = &who.session.jar;
        let text = match format {
            ImportFormat::Netscape => files::write_netscape(jar),
            ImportFormat::StorageState => files::write_storage_state(jar),
            ImportFormat::CookieStore => files::write_cookie_store(jar)?,
            ImportFormat::Header => {
                let context = crate::cookie::RequestContext {
                    url: self.target.url.clone(),
                    initiator: crate::cookie::Initiator::Navigation,
                    third_party: who.session.third_party,
                    response_date: None,
                    now: now(),
                };
                let sent = jar.clone().cookies_for(&context);
                let header = crate::cookie::cookie_header(&sent);
                format!("{}\n", String::from_utf8_lossy(&header))
            }
        };
        write_privately(file, &text)
            .map_err(|error| format!("{} cannot be written: {}", file.display(), error.kind()))
    }
}

/// A file of mode 0600 from its first byte on; one that was there with wider rights is replaced.
fn write_privately(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    let _ = std::fs::remove_file(beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(beside)?;
    open.write_all(text.as_bytes())?;
    drop(open);
    std::fs::rename(beside, file)
}

fn name(format: ImportFormat) -> &'static str {
    match format {
        ImportFormat::Netscape => "Netscape's cookies.txt",
        ImportFormat::StorageState => "Playwright's storageState",
        ImportFormat::Header => "a `Cookie` header",
        ImportFormat::CookieStore => "cookie_store's JSON",
    }
}

fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_an_export() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.txt");
        std::fs::write(&file, "old").unwrap();
        super::write_privately(&file, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
