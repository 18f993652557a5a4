//! BYTES: where they come from.
//!
//! [`discover`] turns the paths of the command line into an ordered list of [`Source`]s, [`decode::open`] opens one of them
//! as a decoded (gzip, zstd, UTF-16), capped reader, and [`chunks`] hands its bytes out in large pieces. Nothing here knows
//! what a log line is, prints, or ends the run: whatever cannot be used is a [`Problem`] or a [`Skipped`], in plain data.

#![allow(clippy::disallowed_methods, reason = "this is the part that reads files")]

#[cfg(feature = "archives")]
pub mod archive;
pub mod chunks;
pub mod cluster;
pub mod decode;
pub mod discover;
mod fault;
mod filter;
#[cfg(feature = "flink")]
pub mod flink;
pub mod follow;
#[cfg(feature = "bundle")]
pub mod packed;
pub(crate) mod rotate;
mod sniff;
mod text;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use chunks::{CHUNK, Chunks, for_each_chunk, read_all};
pub use decode::{Opened, open, opened};
pub use discover::{Discovered, Limits, NO_LOG, discover};
pub use filter::CONFIGURATION;
pub use text::text;

/// Name of standard input, for people.
pub const STDIN_NAME: &str = "<stdin>";

/// Number of a source within one run: its index in [`Discovered::sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// Where the bytes of a source are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file or a named pipe, by the path that opens it.
    File(PathBuf),
    /// A file in an archive, which is read with the archive.
    Member,
}

/// How a source is packed, by its first bytes (not by its name).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not packed, or not known before it is opened (stdin, pipes).
    #[default]
    None,
    /// One or more gzip members.
    Gzip,
    /// One or more zstd frames.
    Zstd,
}

/// One stream of bytes to read: a file or stdin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its number in this run.
    pub id: SourceId,
    /// For people: the path as given, or [`STDIN_NAME`]. May hold control characters; whoever prints it neutralises them.
    pub name: String,
    /// What to open.
    pub origin: Origin,
    /// Named on the command line (itself or by a glob), not met in a directory.
    pub explicit: bool,
    /// Rotated files of one log have the same number here and stand next to each other, oldest first.
    pub series: Option<u32>,
    /// How it is packed. A statement for reports: [`open`] looks for itself.
    pub compression: Compression,
}

/// A file met in a directory that is no log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Skipped {
    /// The path, for people.
    pub path: String,
    /// Why it was not read, in a few words: `empty`, `a garbage collector log`.
    pub reason: String,
}

/// Something that was to be read and could not be, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What it is about: a path as given, or [`STDIN_NAME`].
    pub path: String,
    /// What is wrong, to stand after `path: `. Begins in lower case, has no full stop.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
    /// True if nothing of it could be used; false if a part was read, as of a truncated gzip.
    pub fatal: bool,
}
