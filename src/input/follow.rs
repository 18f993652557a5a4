//! What somebody needs who reads files while they are written: the same judgement of names and contents as [`discover`](super::discover).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::decode::{self, Caps, Stream};
use super::rotate::{self, Age};
use super::sniff::{self, Content, Encoding};
use super::{Compression, filter};

/// What the first bytes of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text, after so many bytes of byte order mark.
    Text {
        /// Bytes of the mark.
        mark: usize,
    },
    /// A packed log.
    Packed(Compression),
    /// Nothing that is followed: why.
    Other(String),
}

/// Why a file of this name is no log; `None` if it may be one.
#[must_use]
pub fn no_log(name: &str) -> Option<&'static str> {
    filter::by_name(name).filter(|_| !filter::may_hold_events(name))
}

/// Why a file of this name that begins so holds no events, though others of such names do.
#[must_use]
pub fn no_events(name: &str, head: &[u8]) -> Option<&'static str> {
    filter::by_name(name).filter(|_| filter::may_hold_events(name) && !filter::begins_with_events(head))
}

/// What a file holds that begins so.
#[must_use]
pub fn kind(head: &[u8]) -> Kind {
    match sniff::content(head) {
        Content::Text(Encoding::Bytes { mark }) => match filter::by_content(Ok(head)) {
            Some(reason) => Kind::Other(reason),
            None => Kind::Text { mark },
        },
        Content::Text(_) => Kind::Other("UTF-16, which is not followed while it is written".into()),
        content @ (Content::Gzip | Content::Zstd) => Kind::Packed(content.compression()),
        content => Kind::Other(decode::refused(content, "").0.trim_start_matches("is ").to_owned()),
    }
}

/// The log that a file is part of: its directory, and its name without marks of rotation and compression.
#[must_use]
pub fn log_of(path: &Path) -> PathBuf {
    let Some(name) = path.file_name() else { return path.to_owned() };
    let (base, age) = rotate::place(&name.to_string_lossy());
    // `taskmanager.1`, `taskmanager.2` may be two TaskManagers
    if age == Age::Current || base.contains('.') { path.with_file_name(base) } else { path.to_owned() }
}

/// The unpacked text of a packed file, capped.
///
/// # Errors
/// What reading it answers, or that it holds no text.
pub fn unpacked(file: File) -> io::Result<Stream> {
    decode::unpack(Box::new(file), Caps::default())
}
