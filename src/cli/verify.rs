//! `report --verify DIR`: whether an evidence folder is as it was written.

use super::complaint::Complaint;
use super::{Exit, output};
use crate::intake;
use crate::report::clean;
use crate::report::evidence::{ABOUT, SUMS, Sums, Told};
use crate::sums::{self, Summed};
use std::fs;
use std::io;
use std::path::Path;

/// Larger lists are none of ours.
const MOST_OF_A_LIST: u64 = 4 << 20;
/// A folder with more files is no evidence.
const MOST_FILES: usize = 20_000;
/// Deepest folder looked into.
const DEEPEST: usize = 16;

/// Checks the folder: 0 whole, 1 changed, 2 unreadable.
pub(super) fn run(dir: &Path) -> Result<Exit, Complaint> {
    let name = clean(&dir.display().to_string()).into_owned();
    let list = intake::file(&dir.join(SUMS), MOST_OF_A_LIST).map_err(|error| {
        Complaint::file("read", &dir.join(SUMS), &error)
            .hint("name a folder that `audit --evidence DIR` wrote")
    })?;
    let sum = sums::sum_of(&list);
    let listed = String::from_utf8(list)
        .map_err(|_| "it is not UTF-8 text".to_owned())
        .and_then(|text| Sums::read(&text).map_err(|error| error.to_string()))
        .map_err(|why| {
            Complaint::usage(format!("cannot read {} as a list of sums: {why}", dir.join(SUMS).display()))
        })?;
    let told = intake::file(&dir.join(ABOUT), MOST_OF_A_LIST).ok().and_then(|text| Told::read(&text));
    let mut found = Sums::default();
    sum_up(dir, "", 0, &mut found)?;
    let named: Vec<&str> = told.iter().flat_map(Told::files).collect();
    let changes = listed.compare(&found, named);
    let mut text = String::new();
    let exit = if changes.is_empty() {
        text.push_str(&format!("{name} is whole: all {} files are as they were written.\n", listed.0.len()));
        if let Some(told) = &told {
            text.push_str(&format!(
                "  {}, looked at {}, answer: {}; written {} by {}\n",
                told.site,
                told.looked_at(),
                told.answer,
                told.written,
                told.tool
            ));
        }
        text.push_str(&format!(
            "  The SHA-256 of its list is {sum}: if it is the one that was noted then, the list is the same, too.\n"
        ));
        Exit::Clear
    } else {
        text.push_str(&format!("{name} is not as it was written:\n"));
        changes.iter().for_each(|change| text.push_str(&format!("  {change}\n")));
        Exit::Findings
    };
    for line in text.lines() {
        output::print(&format!("{}\n", clean(line)));
    }
    Ok(exit)
}

/// The sum of each file in a folder and those in it, by its path from there. What is no ordinary file
/// cannot have been written by us, and is not followed.
fn sum_up(folder: &Path, within: &str, depth: usize, sums: &mut Sums) -> Result<(), Complaint> {
    let unreadable = |path: &Path, error: &io::Error| Complaint::file("read", path, error);
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let name = format!("{within}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        if name == SUMS && kind.is_file() {
            continue;
        }
        if sums.0.len() >= MOST_FILES || depth > DEEPEST {
            return Err(Complaint::usage(format!(
                "{} holds more than an evidence folder does",
                folder.display()
            )));
        }
        if kind.is_dir() {
            sum_up(&path, &format!("{name}/"), depth + 1, sums)?;
            continue;
        }
        let sum = match kind.is_file() {
            true => sum_of(&path).map_err(|error| unreadable(&path, &error))?,
            false => "no ordinary file".to_owned(),
        };
        sums.0.insert(name, sum);
    }
    Ok(())
}

fn sum_of(path: &Path) -> io::Result<String> {
    let mut summed = Summed::new(io::sink());
    io::copy(&mut fs::File::open(path)?, &mut summed)?;
    Ok(summed.finish().1)
}
