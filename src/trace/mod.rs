//! Record text becomes throwables.
//!
//! The chain is flat and borrowed: a trace of a thousand causes costs no recursion. Class names are canonical (shading and
//! package renames taken off, see `rules/shading.yaml`); `raw_class` keeps what stood there.

pub mod fingerprint;
pub mod parse;
pub mod shading;

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use fingerprint::Fingerprint;
pub use parse::{find_trace, parse};
pub use shading::Shading;

/// How a throwable stands to the one printed before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The first of a trace.
    Top,
    /// After `Caused by:` (or logback's `Wrapped by:`).
    CausedBy,
    /// After `Suppressed:`, or a cause of such a one.
    Suppressed,
    /// Named inside the message of the one before: `SerializedThrowable: x.y.ZException: text`.
    Embedded,
}

/// One throwable of a chain. Ranges are byte ranges of the text that was parsed.
#[derive(Debug, Clone)]
pub struct Throwable<'t> {
    /// Canonical class.
    pub class: Cow<'t, str>,
    /// Class as printed.
    pub raw_class: &'t str,
    /// Message without the class, over all its lines (`Detail:`, `Hint:` included); empty if there is none.
    pub message: &'t str,
    /// Range of `message`.
    pub message_at: Range<usize>,
    /// Where the throwable's first line begins (at `Caused by:` for causes).
    pub start: usize,
    /// How it stands to the one before.
    pub relation: Relation,
    /// How deep it is nested under `Suppressed:`; 0 in the main chain.
    pub depth: u8,
    /// Its stack frames, one range a line, parsed on demand by [`parse::frame`].
    pub frames: Vec<Range<usize>>,
}

/// One stack frame: `class.method(file:line) ~[artifact:version]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'t> {
    /// Class as printed, without loader and module.
    pub class: &'t str,
    /// Method.
    pub method: &'t str,
    /// Source file.
    pub file: Option<&'t str>,
    /// Line in the source file.
    pub line: Option<u32>,
    /// Jar of the packaging data, without `~`, `[` and version.
    pub artifact: Option<&'t str>,
}

/// All throwables of one record, outermost first.
#[derive(Debug, Clone, Default)]
pub struct ThrowableChain<'t> {
    /// Flat: causes follow what they caused, suppressed ones follow theirs.
    pub links: Vec<Throwable<'t>>,
}

impl<'t> ThrowableChain<'t> {
    /// True if nothing was thrown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The innermost throwable of the main chain.
    #[must_use]
    pub fn root(&self) -> Option<&Throwable<'t>> {
        self.links.iter().rev().find(|t| t.relation != Relation::Suppressed && t.depth == 0)
    }
}
