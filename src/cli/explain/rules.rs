//! The rules' own pages.

use crate::audit;
use crate::cli::Exit;
use crate::cli::complaint::Complaint;
use crate::config::nearest;
use std::io::{self, Write};

/// One rule's page; the outer result is about the question, the inner one about writing the answer.
pub(super) fn one(rule: &str, stdout: &mut dyn Write) -> Result<io::Result<Exit>, Complaint> {
    if let Some(page) = audit::explain(rule) {
        return Ok(writeln!(stdout, "{}", page.trim_end()).map(|()| Exit::Clear));
    }
    if rule.contains(['=', ';', ' ']) {
        return Err(Complaint::usage("a Set-Cookie line is explained for a URL")
            .hint("cookieproof explain 'a=1; Path=/' --url https://site.example/"));
    }
    let ids: Vec<&str> = audit::rules().iter().map(|rule| rule.id).collect();
    let complaint = Complaint::usage(format!("there is no rule `{rule}`"));
    Err(match nearest(rule, ids.into_iter()) {
        Some(near) => complaint.hint(format!("did you mean `{near}`? `cookieproof explain` lists them all")),
        None => complaint.hint("`cookieproof explain` lists them all"),
    })
}

/// Every rule in a line.
pub(super) fn all(stdout: &mut dyn Write) -> io::Result<Exit> {
    let rules = audit::rules();
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        writeln!(stdout, "{:width$}  {}", rule.id, rule.sentence)?;
    }
    Ok(Exit::Clear)
}
