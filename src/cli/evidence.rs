//! `audit --evidence DIR`: everything that an answer rests on, in one folder that can be put away and
//! checked later. It is made beside its place and put there when it is whole.

use super::complaint::{Complaint, Failures};
use super::output::{self, Outputs};
use super::{Exit, intake_of_pictures};
use crate::audit::Audit;
use crate::config;
use crate::manifest::{self, Manifest};
use crate::observation::{Picture, Scan};
use crate::plan::{Keep, Plan};
use crate::report::evidence::{self, About, File, Pictures, Sums};
use crate::report::{self, Format, Report};
use crate::sums::Summed;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Most bytes of pictures within the page; further ones lie beside it.
const MOST_WITHIN: usize = 24 << 20;
/// Where pictures lie in the folder.
const PICTURES: &str = "pictures";

/// The flags.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct EvidenceArgs {
    /// Put what the answer rests on into this new folder: scan, reports, heads, pictures, SHA-256 sums
    #[arg(long, value_name = "DIR", conflicts_with = "state")]
    pub(super) evidence: Option<PathBuf>,
    /// With pictures of what visitors see who are logged in
    #[arg(long, requires = "evidence")]
    pub(super) pictures_of_members: bool,
}

/// A folder in the making.
pub(super) struct Bundle {
    /// As the user calls it.
    path: PathBuf,
    /// Where it really lies.
    place: PathBuf,
    /// Beside it: what is to become the folder, and the pictures of the run.
    workshop: TempDir,
    of_members: bool,
    quiet: bool,
}

/// What a bundle is made of, beside the report.
pub(super) struct Judged<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) site: &'a str,
    pub(super) answer: Exit,
    /// The saved scan that was judged, where the site was not looked at.
    pub(super) from: Option<&'a Path>,
}

impl EvidenceArgs {
    /// Looks whether the folder can be made, and that nothing else of the run is to be in it.
    pub(super) fn prepare<'p>(
        &self,
        others: impl IntoIterator<Item = &'p Path>,
        quiet: bool,
    ) -> Result<Option<Bundle>, Complaint> {
        let Some(path) = &self.evidence else { return Ok(None) };
        let place = place(path)?;
        for other in others {
            if real(other).is_some_and(|other| other.starts_with(&place)) {
                return Err(Complaint::usage(format!(
                    "{} is in {}, which is to be the evidence and nothing else",
                    other.display(),
                    path.display()
                ))
                .hint("name a folder of its own for `--evidence`"));
            }
        }
        let folder = place.parent().unwrap_or(Path::new("/"));
        let workshop = tempfile::Builder::new()
            .prefix(".cookieproof-evidence-")
            .tempdir_in(folder)
            .map_err(|error| Complaint::file("write", path, &plain(error)))?;
        Ok(Some(Bundle { path: path.clone(), place, workshop, of_members: self.pictures_of_members, quiet }))
    }
}

impl Bundle {
    /// What the run has to keep for it.
    pub(super) fn wants(&self, plan: &mut Plan) {
        let takes_them_for_others = plan.browser.screenshots.is_some();
        plan.keep = Keep { heads: true, no_pictures_of_members: !takes_them_for_others && !self.of_members };
        plan.browser.screenshots.get_or_insert_with(|| self.workshop.path().join("taken"));
    }

    /// The run's scan, with the pictures that were made for the folder alone where they will lie.
    pub(super) fn at_home(&self, mut scan: Scan) -> Scan {
        let taken = self.workshop.path().join("taken");
        for picture in &mut scan.pictures {
            if let Ok(name) = Path::new(&picture.file).strip_prefix(&taken) {
                picture.file = self.path.join(PICTURES).join(name).display().to_string();
            }
        }
        scan
    }

    /// Makes the folder. Where that fails nothing of it is there, and the scan is somewhere else.
    pub(super) fn write(
        self,
        report: &Report<'_>,
        judged: &Judged<'_>,
        outputs: &Outputs,
        failures: &mut Failures,
    ) {
        let path = self.path.clone();
        let quiet = self.quiet;
        match self.make(report, judged) {
            Ok((files, sum)) if !quiet => output::say(&format!(
                "evidence: {}, {files} files; the SHA-256 of its list is {sum}",
                report::clean(&path.display().to_string()),
            )),
            Ok(_) => {}
            Err(complaint) if complaint.hint.is_some() => failures.add(complaint),
            Err(complaint) => {
                let scan = judged.from.map(Path::to_owned).or_else(|| outputs.place_of(report.scan));
                let again = scan.map_or_else(String::new, |scan| {
                    format!(
                        "; when there is room: `cookieproof audit --from {} --evidence {}`",
                        scan.display(),
                        path.display()
                    )
                });
                failures
                    .add(complaint.hint(format!("nothing of the evidence is kept, and all else is{again}")));
            }
        }
    }

    /// How many files there are, and the sum of their list.
    fn make(self, report: &Report<'_>, judged: &Judged<'_>) -> Result<(usize, String), Complaint> {
        let failed =
            |name: &str, error: io::Error| Complaint::file("write", &self.path.join(name), &plain(error));
        let mut folder = Folder::at(self.workshop.path().join("whole")).map_err(|error| failed("", error))?;
        let (pictures, moved) =
            self.pictures(report.scan, judged, &mut folder).map_err(|(name, error)| failed(&name, error))?;
        // Reports, scan and pictures of one folder name each other as they lie in it.
        let scan = with_pictures(report.scan, &moved);
        let audit = report.audit.map(|audit| showing(audit, &moved));
        let shown = within(audit.as_ref(), &moved, &folder.at);
        let report = Report { scan: &scan, audit: audit.as_ref(), pictures: &shown, ..*report };
        let mut put =
            |name: &str, what: &'static str, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>| {
                folder.put(name, what, write).map_err(|error| failed(name, error))
            };
        put("scan.json", "the scan: what was seen, without any value", &mut |out| scan.write(out))?;
        put("report.json", "the report, for programs", &mut |out| report::write(&report, Format::Json, out))?;
        put("report.html", "the report, for people", &mut |out| report::write(&report, Format::Html, out))?;
        let mut heads = evidence::Heads::default();
        put("heads.txt", "the heads of the answers that findings are about, masked", &mut |out| {
            heads = evidence::heads(&report, out)?;
            Ok(())
        })?;
        let (name, text) = declared(judged.manifest);
        put(&name, "the manifest that the site was held against", &mut |out| out.write_all(&text))?;
        let written = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let answer = match judged.answer {
            Exit::Clear => "clear",
            Exit::Findings => "findings",
            Exit::Inconclusive | Exit::Usage => "inconclusive",
        };
        let files = folder.files.clone();
        let about = About::of(&report, &written, judged.site, answer, heads, &pictures, &files);
        folder
            .put(evidence::ABOUT, "this file", &mut |out| about.write(out))
            .map_err(|error| failed(evidence::ABOUT, error))?;
        for missing in &pictures.missing {
            output::say(&format!("warning: a picture is not in the evidence: {}", report::clean(missing)));
        }
        let (count, sum) = folder.close().map_err(|error| failed(evidence::SUMS, error))?;
        self.put_in_place()?;
        Ok((count, sum))
    }

    /// In one step, so that whoever looks meets nothing or all of it.
    fn put_in_place(self) -> Result<(), Complaint> {
        let whole = self.workshop.path().join("whole");
        // An empty folder makes room; one that was filled in the meantime does not.
        let taken = fs::remove_dir(&self.place).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        let Err(error) = taken.and_then(|()| fs::rename(&whole, &self.place)) else {
            let folder = self.place.parent().unwrap_or(Path::new("/"));
            // On the disk, where the system can say so.
            let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
            return Ok(());
        };
        let kept = self.workshop.keep().join("whole");
        Err(Complaint::file("write", &self.path, &plain(error))
            .hint(format!("the evidence is whole, and lies in {}", kept.display())))
    }

    /// Where a picture lies until the folder is in place.
    fn lies_at(&self, picture: &Picture, from: Option<&Path>) -> PathBuf {
        let file = Path::new(&picture.file);
        match file.strip_prefix(self.path.join(PICTURES)) {
            Ok(name) if from.is_none() => self.workshop.path().join("taken").join(name),
            _ => file.to_owned(),
        }
    }

    /// Copies the pictures that may be shown; gives each one's old name and its new one.
    fn pictures(
        &self,
        scan: &Scan,
        judged: &Judged<'_>,
        folder: &mut Folder,
    ) -> Result<(Pictures, BTreeMap<String, String>), (String, io::Error)> {
        let mut told = Pictures::default();
        let mut moved = BTreeMap::new();
        let mut names = BTreeSet::new();
        for picture in &scan.pictures {
            if is_of_a_member(scan, picture) && !self.of_members {
                told.of_members += 1;
                continue;
            }
            if moved.contains_key(&picture.file) {
                continue;
            }
            let bytes = match intake_of_pictures::read(&self.lies_at(picture, judged.from), judged.from) {
                Ok(bytes) => bytes,
                Err(why) => {
                    // Its name alone: where it lay is nobody's business.
                    let name = Path::new(&picture.file).file_name().unwrap_or_default();
                    told.missing.push(format!("{}: {why}", name.to_string_lossy()));
                    continue;
                }
            };
            let mut name = named(&picture.file);
            if !names.insert(name.clone()) {
                name = format!("{:03}-again-{name}", names.len() + 1);
                names.insert(name.clone());
            }
            let path = format!("{PICTURES}/{name}");
            let write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()> = &mut |out| out.write_all(&bytes);
            folder.put(&path, "what a visitor saw", write).map_err(|error| (path.clone(), error))?;
            told.kept += 1;
            moved.insert(picture.file.clone(), path);
        }
        Ok((told, moved))
    }
}

/// The folder while it is filled.
struct Folder {
    at: PathBuf,
    files: Vec<File>,
    sums: Sums,
}

impl Folder {
    fn at(at: PathBuf) -> io::Result<Folder> {
        fs::create_dir(&at)?;
        Ok(Folder { at, files: Vec::new(), sums: Sums::default() })
    }

    /// Writes a file of it, on the disk when this is done.
    fn put(
        &mut self,
        name: &str,
        what: &'static str,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.at.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = Summed::new(BufWriter::new(fs::File::create_new(&path)?));
        write(&mut out)?;
        out.flush()?;
        let (file, sum) = out.finish();
        file.get_ref().sync_all()?;
        self.sums.0.insert(name.to_owned(), sum);
        self.files.push(File { path: name.to_owned(), what });
        Ok(())
    }

    /// Writes the list of sums; how many files there are with it, and its own sum.
    fn close(mut self) -> io::Result<(usize, String)> {
        let sums = std::mem::take(&mut self.sums);
        self.put(evidence::SUMS, "the list of sums", &mut |out| sums.write(out))?;
        Ok((self.files.len(), self.sums.0.remove(evidence::SUMS).unwrap_or_default()))
    }
}

/// The scan with the pictures that are in the folder, where they lie there.
fn with_pictures(scan: &Scan, moved: &BTreeMap<String, String>) -> Scan {
    let mut scan = scan.clone();
    scan.pictures.retain_mut(|picture| match moved.get(&picture.file) {
        Some(path) => {
            picture.file.clone_from(path);
            true
        }
        None => false,
    });
    scan
}

fn showing(audit: &Audit, moved: &BTreeMap<String, String>) -> Audit {
    let mut audit = audit.clone();
    for seen in audit.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
        seen.picture = seen.picture.take().and_then(|file| moved.get(&file).cloned());
    }
    audit
}

/// The pictures that findings show, for the page that has everything in it.
fn within(
    audit: Option<&Audit>,
    moved: &BTreeMap<String, String>,
    folder: &Path,
) -> BTreeMap<String, Vec<u8>> {
    let evidence = audit.into_iter().flat_map(|audit| &audit.findings).flat_map(|finding| &finding.evidence);
    let wanted: BTreeSet<&String> = evidence.filter_map(|seen| seen.picture.as_ref()).collect();
    let mut room = MOST_WITHIN;
    let mut shown = BTreeMap::new();
    for path in moved.values().filter(|path| wanted.contains(path)) {
        let Ok(bytes) = fs::read(folder.join(path)) else { continue };
        if bytes.len() <= room {
            room -= bytes.len();
            shown.insert(path.clone(), bytes);
        }
    }
    shown
}

/// Of visitors that the scan knows nothing of the worst is assumed.
fn is_of_a_member(scan: &Scan, picture: &Picture) -> bool {
    let mut known = scan.coverage.personas.iter().filter(|persona| persona.name == picture.cell.persona);
    known.next().is_none_or(|persona| persona.visitor.logged_in || known.any(|other| other.visitor.logged_in))
}

/// A picture's own name, without anything that a file system or a list of sums reads in its own way.
fn named(file: &str) -> String {
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(100)
        .collect();
    let plain = plain.trim_start_matches('.');
    if plain.is_empty() { "picture.png".to_owned() } else { plain.to_owned() }
}

/// The manifest as it was written; one that was made of a published policy is written down.
fn declared(manifest: &Manifest) -> (String, Vec<u8>) {
    let file = Path::new(&manifest.file);
    let ending = file
        .extension()
        .and_then(|ending| ending.to_str())
        .filter(|_| config::Format::by_ending(&manifest.file).is_some());
    let text = ending.and_then(|_| crate::intake::file(file, config::MOST_BYTES as u64).ok());
    match (ending, text) {
        (Some(ending), Some(text)) => (format!("manifest.{ending}"), text),
        _ => ("manifest.toml".to_owned(), manifest::write(manifest).into_bytes()),
    }
}

/// Where a folder is to be that is not there yet, or is empty.
fn place(path: &Path) -> Result<PathBuf, Complaint> {
    let refuse = |why: &str| Complaint::usage(format!("{} {why}", path.display()));
    let fix = "name a new folder, as in `--evidence evidence-2026-04-16`; evidence is never written over";
    match fs::metadata(path) {
        Ok(there) if !there.is_dir() => Err(refuse("is a file, and evidence is a folder").hint(fix)),
        Ok(_) => {
            let mut entries = fs::read_dir(path).map_err(|error| Complaint::file("read", path, &error))?;
            if entries.next().is_some() {
                let why = match path.join(evidence::SUMS).exists() {
                    true => "holds evidence already",
                    false => "is not empty",
                };
                return Err(refuse(why).hint(fix));
            }
            let place = path.canonicalize().map_err(|error| Complaint::file("write", path, &error))?;
            match std::env::current_dir().is_ok_and(|here| here.starts_with(&place)) {
                true => Err(refuse("is where this runs, and cannot be put in place as a whole").hint(fix)),
                false => Ok(place),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let failed = |error: io::Error| Complaint::file("write", path, &error);
            let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
            if path.is_symlink() {
                return Err(refuse("is a link that leads nowhere").hint(fix));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let folder = folder.canonicalize().map_err(|error| {
                Complaint::file("write", path, &error)
                    .hint(format!("make the folder {} first", folder.display()))
            })?;
            Ok(folder.join(name))
        }
        Err(error) => Err(Complaint::file("write", path, &error)),
    }
}

/// Where a path leads, as far as it is there.
fn real(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.ancestors().find_map(|there| {
        let rest = whole.strip_prefix(there).ok()?;
        Some(there.canonicalize().ok()?.join(rest))
    })
}

/// tempfile's errors name a path of its own, which says nothing to the user.
fn plain(error: io::Error) -> io::Error {
    error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error)
}
