//! A recording in place of a look: `audit --from FILE.har --as PERSONA/STATE`.

use super::Exit;
use super::complaint::Complaint;
use super::settings::Looking;
use crate::engine::replay::{NotARecording, Recording};
use crate::intake;
use crate::manifest::Manifest;
use crate::observation::{Consent, Scan};
use crate::plan::{Persona, Plan};
use crate::run::{RecordedAs, replay};
use std::path::Path;

/// Larger files are not read.
const MOST_BYTES: u64 = 512 << 20;

/// The scan that the recording amounts to.
pub(super) fn scan(
    path: &Path,
    who: &str,
    looking: &Looking,
    manifest: &Manifest,
) -> Result<Scan, Complaint> {
    let who = recorded_as(who, &looking.plan)?;
    let recording = Recording::read(&text(path)?).map_err(|error| not_usable(path, &error))?;
    // Its name alone: where it lies is nobody's business.
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Ok(replay(&recording, &file, &who, &looking.plan, &looking.target, Some(manifest)))
}

/// `anonymous/untouched`, `member/accepted`, `anonymous/category:analytics`.
fn recorded_as(typed: &str, plan: &Plan) -> Result<RecordedAs, Complaint> {
    let hint = "write PERSONA/STATE: a persona of the plan, or anonymous; and untouched, accepted, rejected, \
                withdrawn or category:NAME";
    let (name, state) = typed
        .split_once('/')
        .ok_or_else(|| Complaint::usage(format!("`--as {typed}` names no state of consent")).hint(hint))?;
    let consent = match state.split_once(':') {
        Some(("category", category)) if !category.is_empty() => Consent::Category(category.to_owned()),
        None if state == "untouched" => Consent::Untouched,
        None if state == "accepted" => Consent::Accepted,
        None if state == "rejected" => Consent::Rejected,
        None if state == "withdrawn" => Consent::Withdrawn,
        _ => {
            return Err(
                Complaint::usage(format!("`{state}` of `--as {typed}` is no state of consent")).hint(hint)
            );
        }
    };
    let persona = match plan.personas.iter().find(|persona| persona.name == name) {
        Some(persona) => persona.clone(),
        None if name == "anonymous" => Persona::anonymous(),
        None => {
            let known: Vec<&str> = plan.personas.iter().map(|persona| persona.name.as_str()).collect();
            return Err(Complaint::usage(format!("the plan has no persona `{name}`"))
                .hint(format!("it has: {}", known.join(", "))));
        }
    };
    Ok(RecordedAs { persona, consent })
}

fn text(path: &Path) -> Result<String, Complaint> {
    let bytes = intake::file(path, MOST_BYTES).map_err(|error| {
        let complaint = Complaint::file("read", path, &error);
        match error.kind() {
            std::io::ErrorKind::FileTooLarge => {
                complaint.hint("record fewer pages, or export without the bodies of answers")
            }
            _ => complaint,
        }
    })?;
    String::from_utf8(bytes).map_err(|_| Complaint::usage(format!("{} is not UTF-8 text", path.display())))
}

/// A recording without cookies is no fault of the command: nothing can be said, and that is exit code 3.
fn not_usable(path: &Path, error: &NotARecording) -> Complaint {
    let complaint = Complaint::usage(format!("cannot judge {}: {error}", path.display()));
    match error {
        NotARecording::Sanitised | NotARecording::WithoutLines => Complaint { exit: Exit::Inconclusive, ..complaint }.hint(
            "in Chrome's DevTools, turn on \u{201c}Allow to generate HAR with sensitive data\u{201d} in \
             Settings \u{2192} Preferences \u{2192} Network, then hold the export button of the Network panel and \
             choose \u{201c}Export HAR (with sensitive data)\u{201d}; Firefox's \u{201c}Save All As HAR\u{201d} \
             has the cookies in it",
        ),
        NotARecording::Masked => complaint.hint("judge the saved scan of that run instead (`--save-scan`)"),
        NotARecording::Malformed(_) => {
            complaint.hint("`--as` is for a HAR file; a saved scan knows as whom it was made")
        }
        NotARecording::TooLarge => complaint.hint("record fewer pages"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_recording_it_is() {
        let plan = Plan::for_url(url::Url::parse("https://shop.test/").unwrap());
        let read = |typed: &str| match recorded_as(typed, &plan) {
            Ok(who) => format!("{} {:?}", who.persona.name, who.consent),
            Err(complaint) => complaint.message,
        };
        for (typed, expected) in [
            ("anonymous/untouched", "anonymous Untouched"),
            ("anonymous/category:analytics", "anonymous Category(\"analytics\")"),
            ("anonymous", "`--as anonymous` names no state of consent"),
            ("anonymous/maybe", "`maybe` of `--as anonymous/maybe` is no state of consent"),
            ("ann/accepted", "the plan has no persona `ann`"),
        ] {
            assert_eq!(read(typed), expected, "{typed}");
        }
    }
}
