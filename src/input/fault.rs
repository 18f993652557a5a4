//! The words for what goes wrong: I/O errors, damaged streams, refused contents.
//!
//! Everything here becomes a [`Problem`]; the texts are those of UX section 6. A [`Fault`] travels inside an [`io::Error`]
//! from a decoder to the loop that reads, so that the loop can tell a stream that ends early from a disk that fails.

use std::fs;
use std::io;
use std::path::Path;

use super::{Problem, STDIN_NAME, Source};

/// Why a decoded stream ended before its time.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "compress"), allow(dead_code, reason = "only the decoders make them"))]
pub(super) enum Fault {
    /// The packed bytes stop in the middle.
    #[error("the {0} stream ends early")]
    Truncated(&'static str),
    /// The packed bytes are not what they should be.
    #[error("the {0} stream is damaged ({1})")]
    Damaged(&'static str, String),
    /// It unpacks to more than is allowed.
    #[error("{0}")]
    Capped(String),
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault {
            Fault::Truncated(_) => io::ErrorKind::UnexpectedEof,
            Fault::Damaged(..) | Fault::Capped(_) => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, fault)
    }
}

/// True if a decoder ended the stream, not the system.
pub(super) fn is_fault(error: &io::Error) -> bool {
    error.get_ref().and_then(|e| e.downcast_ref::<Fault>()).is_some()
}

/// A path that cannot be opened, or not be looked at.
pub(super) fn unopened(path: &Path, shown: &str, error: &io::Error) -> Problem {
    let (what, help) = match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        io::ErrorKind::NotADirectory => {
            let file = path.ancestors().skip(1).find(|p| p.is_file());
            ("no such file".into(), file.map(|p| format!("{} is a file, not a directory", p.display())))
        }
        io::ErrorKind::PermissionDenied => (
            "permission denied".into(),
            Some("run as a user who may read it, or pipe it: sudo cat ... | cdc-doctor".into()),
        ),
        io::ErrorKind::IsADirectory => ("is a directory".into(), None),
        _ => (words(error), None),
    };
    Problem { path: shown.into(), what, help, fatal: true }
}

/// The reading of `source` stopped after `bytes` decoded bytes.
pub(super) fn stopped(source: &Source, bytes: u64, error: &io::Error) -> Problem {
    let fault = error.get_ref().and_then(|e| e.downcast_ref::<Fault>());
    let what = fault.map_or_else(|| format!("reading failed ({})", words(error)), ToString::to_string);
    let what = match bytes {
        0 => format!("{what}, before any text"),
        _ => format!("{what}, after {}; what came before was read", amount(bytes)),
    };
    let help = match fault {
        Some(Fault::Truncated(_)) => Some("a file still being written, or a copy cut short"),
        Some(Fault::Damaged(..)) => Some("copy it again, or test it where it comes from: gzip -t, zstd -t"),
        Some(Fault::Capped(_)) => Some("if it is what it claims to be, unpack it first and give the unpacked file"),
        None => None,
    };
    Problem { path: source.name.clone(), what, help: help.map(Into::into), fatal: bytes == 0 }
}

/// A source without a single byte of text.
pub(super) fn empty(source: &Source) -> Problem {
    let (what, help) = if source.name == STDIN_NAME {
        ("stdin is empty", Some("the command before the pipe printed nothing on stdout; try:  ... 2>&1 | cdc-doctor"))
    } else {
        ("is empty", None)
    };
    Problem { path: source.name.clone(), what: what.into(), help: help.map(Into::into), fatal: true }
}

/// A number of bytes for people, in decimal units: `41 MB`.
pub(super) fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// An I/O error without Rust's `(os error 5)`, in lower case.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What to say of a path that is not there.
fn missing(path: &Path) -> (String, Option<String>) {
    if let Ok(target) = fs::read_link(path) {
        return (format!("a symbolic link to {}, which does not exist", target.display()), None);
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(parent) = parent
        && !parent.exists()
    {
        return ("no such file".into(), Some(format!("there is no directory {}", parent.display())));
    }
    let help = similar(path).map(|name| {
        let full = parent.map_or_else(|| Path::new(&name).into(), |p| p.join(&name));
        format!("did you mean {}?", full.display())
    });
    ("no such file".into(), help)
}

/// The name in the directory of `path` that is most like its own; the first in the alphabet among equals.
fn similar(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().to_lowercase();
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let far = (wanted.chars().count() / 3).max(1);
    let names = fs::read_dir(parent).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .map(|name| (strsim::osa_distance(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, name)| name)
}
