//! A file as it will be: written beside the old one and put in its place in one step, so that
//! whoever reads it meets the whole old content or the whole new one, whatever happens to us.

use super::complaint::Complaint;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that can be written, as far as could be tried without touching it.
#[derive(Debug)]
pub(super) struct NewFile {
    /// As the user calls it.
    path: PathBuf,
    /// Where it really lies, links followed.
    place: PathBuf,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Written beside and renamed.
    Replace,
    /// Devices, pipes, and files in folders that we may not write to.
    InPlace,
}

impl NewFile {
    /// Looks whether the file can be written; nothing is made yet, since the run may never come to
    /// its end.
    pub(super) fn at(path: &Path) -> Result<Self, Complaint> {
        let failed = |error: io::Error| Complaint::file("write", path, &error);
        let place = resolved(path).map_err(failed)?;
        let there = match std::fs::metadata(&place) {
            Ok(there) if there.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let how = match &there {
            // A pipe is not opened to try: that would wait for its reader, or end it.
            Some(there) if !there.is_file() => How::InPlace,
            _ => {
                if there.is_some() {
                    OpenOptions::new().write(true).open(&place).map_err(failed)?;
                }
                match beside(&place) {
                    Ok(_) => How::Replace,
                    Err(_) if there.is_some() => How::InPlace,
                    Err(error) => return Err(failed(error)),
                }
            }
        };
        Ok(NewFile { path: path.to_owned(), place, how })
    }

    /// As the user calls it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the file at that path, under whatever name.
    pub(super) fn is(&self, path: &Path) -> bool {
        let may_be_lost = self.how == How::Replace || self.place.is_file();
        may_be_lost && resolved(path).is_ok_and(|place| place == self.place)
    }

    /// Puts the new content in place of the old; the old one stays where that fails.
    pub(super) fn fill(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Complaint> {
        self.put(write).map_err(|error| Complaint::file("write", &self.path, &error))
    }

    fn put(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.how == How::InPlace {
            let file = OpenOptions::new().write(true).truncate(true).open(&self.place)?;
            return whole(&file, write);
        }
        let new = beside(&self.place)?;
        whole(new.as_file(), write)?;
        // On the disk before it takes the name (a power failure leaves one or the other).
        new.as_file().sync_all()?;
        if let Ok(old) = std::fs::metadata(&self.place) {
            new.as_file().set_permissions(old.permissions())?;
        }
        new.persist(&self.place).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Writes all of it.
fn whole(file: &File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.flush()
}

/// An empty file in the same folder, which goes away unless it takes the place.
fn beside(place: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cookieproof-").suffix(".tmp");
    // As other new files: what the user's mask leaves of it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder(place)).map_err(|error| {
        // tempfile's errors name its own path, which says nothing to the user.
        error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error)
    })
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path without links and detours; its last part need not be there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A link whose target is not there yet leads to a new file.
            if let Ok(target) = path.read_link() {
                let target = folder(path).join(target);
                let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
                return Ok(folder(&target).canonicalize()?.join(name));
            }
            let name = path.file_name().ok_or(io::ErrorKind::NotFound)?.to_owned();
            Ok(folder(path).canonicalize()?.join(name))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_there_until_all_of_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let file = NewFile::at(&path).unwrap();
        assert_eq!(names(folder.path()), Vec::<String>::new());
        file.fill(|out| {
            out.write_all(b"new")?;
            assert!(!path.exists());
            Ok(())
        })
        .unwrap();
        assert_eq!(names(folder.path()), ["report.json"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_file_keeps_its_content_where_the_new_one_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "a long old report").unwrap();
        let full = |out: &mut dyn Write| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        let complaint = NewFile::at(&path).unwrap().fill(full).unwrap_err();
        assert!(complaint.message.contains("report.json"), "{}", complaint.message);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a long old report");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn links_stay_and_lead_to_the_new_content() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("last.json"), folder.path().join("monday.json"));
        std::os::unix::fs::symlink("monday.json", &link).unwrap();
        // Dangling first, then leading to a file.
        for text in ["one", "two"] {
            NewFile::at(&link).unwrap().fill(|out| out.write_all(text.as_bytes())).unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_be_written_is_said_early() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "x").unwrap();
        for bad in [at("missing/x"), at("file/x"), folder.path().to_owned(), PathBuf::new()] {
            assert!(NewFile::at(&bad).is_err(), "{}", bad.display());
        }
        assert!(NewFile::at(&at("new")).unwrap().is(&at("./new")));
        assert!(!NewFile::at(&at("new")).unwrap().is(&at("file")));
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let file = NewFile::at(Path::new("/dev/null")).unwrap();
        file.fill(|out| out.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        // Two reports may both go nowhere.
        assert!(!file.is(Path::new("/dev/null")));
    }
}
