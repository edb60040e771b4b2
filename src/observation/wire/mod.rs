//! A scan as a file. What a file is made of stands here, record by record, in a module for each version of the
//! format; the values inside know nothing of it and have no serde of their own. So a value may be renamed, split
//! or kept otherwise without changing a byte of anybody's file: its record here stays, and says how to get
//! there (`getter`, or a record that is converted).
//!
//! A record is a mirror (serde's `remote`) rather than a struct that is converted from and to: seventy values are
//! mostly the same inside and out, and there a second copy of each, with two conversions, would say nothing.
//! Where file and inside differ, it is converted (`v1/text.rs`; the version in `v1/scan.rs`).
//!
//! The lines of a run's state (`run/state`), the record of a night and a fleet's parcels hold values of a scan, and
//! write them as their records say, too. A second version, when one is needed, is a module beside `v1`, and a file of
//! the first is lifted to it, member by member, before it is read. config/scan.schema.json describes every member, and
//! tests hold it and a file that is kept (tests/vectors/scan) against what is read and written here.

mod foreign;
mod saved;
mod v1;

pub use saved::{NotAScan, SCAN_FORMAT, without_values};
