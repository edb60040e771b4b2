//! A sample site that runs, and a folder with its manifest and plan, ready to be audited.

use super::command::{Cookieproof, Ended};
use super::sites::{Authority, PASSWORD, Password, Running, Settings, Switches, Which, prepare};
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The sites' servers live here, beside the tests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().unwrap());

/// A site and the folder for auditing it. Every host, own or not, leads to the site's port.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// The server, as long as the world lives.
    _running: Running,
}

impl World {
    /// The site over https, as in production, with these switches.
    pub(crate) fn new(which: Which, switches: &[&str]) -> World {
        World::with(which, Settings { https: true, ..settings(switches) })
    }

    /// The site over plain http, as in development.
    pub(crate) fn over_http(which: Which, switches: &[&str]) -> World {
        let world = World::with(which, settings(switches));
        world.edit("cookieproof.toml", "https://", "http://");
        world
    }

    fn with(which: Which, settings: Settings) -> World {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { mail: Some(folder.path().join("mail")), ..settings };
        let running = RUNTIME.block_on(which.start(settings, &AUTHORITY)).unwrap();
        prepare(folder.path(), which, &running, &AUTHORITY, Password::Environment).unwrap();
        World { folder, _running: running }
    }

    /// Changes a file of the folder.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Has the manifest declare one more cookie, which need not be seen.
    #[track_caller]
    pub(crate) fn declare(&self, name: &str) {
        let new = format!("[[cookies]]\nname = \"{name}\"\nexpected = false\n\n[claims]");
        self.edit("cookies.toml", "[claims]", &new);
    }

    /// `cookieproof audit cookieproof.toml --rate 0 ...`
    pub(crate) fn audit(&self, more: &[&str]) -> Ended {
        self.run(&[&["audit", "cookieproof.toml", "--rate", "0", "--quiet"], more].concat())
    }

    /// `cookieproof ...` in the folder, with the account's password.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        // A browser is found on the path.
        let path = std::env::var("PATH").unwrap_or_default();
        let run = Cookieproof::new(args).within(self.folder.path()).env("PATH", &path);
        run.env("SAMPLE_PASSWORD", PASSWORD).run()
    }
}

fn settings(switches: &[&str]) -> Settings {
    Settings { switches: Switches::from_iter(switches.iter().copied()), ..Settings::default() }
}
