//! What a run writes while it goes on, so that another can go on where it was killed: one line of JSON for
//! each thing that was taken in, in order, with the frontier's steps and how each task ended. The run that
//! goes on takes the same steps again and gets the same memory; nothing of it has to be trusted twice.
//!
//! No value of a cookie, token or session is in it, and no address that carries one. Lines count once
//! a `commit` follows them, so that a run that is killed in the middle of something leaves what was before.

mod file;
mod lines;
mod log;
mod read;

pub(super) use file::Opened;
pub use file::StateFile;
pub(super) use lines::{Crawled, Done, Entry, Header, Line, ListedPage, PartFound, PersonaKept, Standing};
pub(super) use log::Log;
pub use read::NotAState;
pub(super) use read::read;
