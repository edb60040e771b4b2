//! A folder with a sample site's manifest and plan, ready to be audited where the site now runs.

use super::{Authority, PASSWORD, Running, Which};
use std::fs;
use std::io;
use std::path::Path;

/// Where the plan finds the account's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Password {
    /// In the environment, as the examples' plans say.
    Environment,
    /// In a file of the folder.
    File,
}

/// Fills the folder. Every host the plan or a page names, own or not, is looked for at the running
/// site's port and nowhere else.
pub(crate) fn prepare(
    folder: &Path,
    which: Which,
    running: &Running,
    authority: &Authority,
    password: Password,
) -> io::Result<()> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(which.name());
    fs::copy(examples.join("cookies.toml"), folder.join("cookies.toml"))?;
    fs::write(folder.join("ca.pem"), &authority.pem)?;
    // dpokit's mails come here.
    fs::create_dir_all(folder.join("mail").join("new"))?;
    let mut plan = fs::read_to_string(examples.join("cookieproof.toml"))?;
    if password == Password::File {
        fs::write(folder.join("password"), PASSWORD)?;
        plan = plan.replace("${env:SAMPLE_PASSWORD}", "${file:password}");
    }
    plan += &format!("\n[http]\nresolve = {{ \"*\" = \"{}\" }}\nextra_ca = [\"ca.pem\"]\n", running.address);
    fs::write(folder.join("cookieproof.toml"), plan)
}
