//! Pictures that a scan names. A scan may come from anybody, and what it names goes into a folder that is
//! handed on: of a saved scan only pictures are taken that lie beside it.

use crate::intake;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Larger ones are not taken.
const MOST_BYTES: u64 = 32 << 20;

/// The picture's bytes, or why it is not taken. `scan` is the saved scan that names it; none for a run
/// that took it itself.
pub(super) fn read(file: &Path, scan: Option<&Path>) -> Result<Vec<u8>, String> {
    let path = match scan {
        None => file.to_owned(),
        Some(scan) => beside(scan, file)?,
    };
    let bytes = intake::file(&path, MOST_BYTES).map_err(|error| intake::why(&error))?;
    match bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xff\xd8\xff") {
        true => Ok(bytes),
        false => Err("it is no picture".to_owned()),
    }
}

fn beside(scan: &Path, file: &Path) -> Result<PathBuf, String> {
    let elsewhere = || "it does not lie beside the scan".to_owned();
    if file.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(elsewhere());
    }
    let why = |error: io::Error| intake::why(&error);
    let folder = scan.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(why)?;
    let path = folder.join(file).canonicalize().map_err(why)?;
    // A link may lead out of it, and a pipe is never read to its end.
    match path.starts_with(&folder) && path.is_file() {
        true => Ok(path),
        false => Err(elsewhere()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_saved_scan_brings_only_what_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("bundle/pictures")).unwrap();
        let png = b"\x89PNG\r\n\x1a\nrest";
        fs::write(at("bundle/pictures/1.png"), png).unwrap();
        fs::write(at("bundle/secret.txt"), "secret").unwrap();
        fs::write(at("outside.png"), png).unwrap();
        std::os::unix::fs::symlink(at("outside.png"), at("bundle/link.png")).unwrap();
        let scan = at("bundle/scan.json");
        let outside = at("outside.png").display().to_string();
        let elsewhere = Err("it does not lie beside the scan".to_owned());
        for (file, expected) in [
            ("pictures/1.png", Ok(png.to_vec())),
            ("./pictures/1.png", Ok(png.to_vec())),
            ("secret.txt", Err("it is no picture".to_owned())),
            ("../outside.png", elsewhere.clone()),
            ("link.png", elsewhere.clone()),
            ("pictures", elsewhere.clone()),
            ("missing.png", Err("entity not found".to_owned())),
            (outside.as_str(), elsewhere),
        ] {
            assert_eq!(read(Path::new(file), Some(&scan)), expected, "{file}");
        }
        assert!(read(Path::new(&outside), None).is_ok());
    }
}
