//! Lines become records.
//!
//! A record is one log event: its header line and everything up to the next header. Framing (where an event starts and ends)
//! is decided by [`layout::header`] alone, for the prefilter and for the assembler alike, so that both see the same records.
//! A [`LogRecord`] borrows the bytes it was made from; its `text` is the normalised form that rules are matched against.

mod civil;
pub mod layout;
pub mod level;
mod margin;
mod mixed;
pub mod normalize;
mod paste;
mod places;
pub mod time;
pub mod times;
pub mod undress;
pub mod zone;

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use layout::{Header, Layout, header};
pub use level::Level;
pub use places::{Place, Places};
pub use time::Timestamp;
pub use times::Times;
pub use zone::Zone;

/// Records larger than this keep their first [`KEEP_HEAD`] and their last [`KEEP_TAIL`] bytes, cut at line ends.
pub const MAX_RECORD: usize = 1 << 20;
/// Bytes kept of the beginning of a record over [`MAX_RECORD`].
pub const KEEP_HEAD: usize = 256 << 10;
/// Bytes kept of the end of a record over [`MAX_RECORD`]; the root cause of a long trace stands there.
pub const KEEP_TAIL: usize = 768 << 10;

/// Where something stands in a source.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Location {
    /// Line, counted from 1, in the decoded stream.
    pub line: u64,
    /// Byte offset in the decoded stream.
    pub byte: u64,
}

/// One log event, cut into its parts. All ranges are byte ranges of `text`.
#[derive(Debug)]
pub struct LogRecord<'b> {
    /// Where its first line begins, in the text that is read.
    pub at: Location,
    /// Where the lines of that text stand in the file, if it is not the file itself.
    pub places: Option<&'b Places>,
    /// The text: decoded (invalid bytes become U+FFFD), free of ANSI colours, quote prefixes (`> `) and carriage returns, and of
    /// what pasting does to logs, see [`undress`]. It has exactly as many lines as the raw bytes.
    pub text: Cow<'b, str>,
    /// The layout of its header; [`Layout::None`] for text without one.
    pub layout: Layout,
    /// Range of the time stamp.
    pub time: Option<Range<usize>>,
    /// Level, also of localized PostgreSQL severities.
    pub level: Option<Level>,
    /// Range of the logger name.
    pub logger: Option<Range<usize>>,
    /// Range of the thread name, or of PostgreSQL's process id.
    pub thread: Option<Range<usize>>,
    /// The record's own text: what follows the header, up to the trace.
    pub message: Range<usize>,
    /// Where the throwables begin, if there are any.
    pub trace: Option<Range<usize>>,
    /// True if lines of several writers stand in it, without anything that tells whose they are.
    pub mixed: bool,
    /// True if lines that seemed broken at a fixed column were joined.
    pub joined: bool,
    /// True if the middle of an oversized record was left out.
    pub truncated: bool,
}

impl LogRecord<'_> {
    /// The time stamp, read now; `None` if there is none or it cannot be read.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let range = self.time.clone()?;
        Timestamp::parse(self.text.get(range)?)
    }

    /// The same; one without a year, as syslog prints it, is the last that is not after `newest` (seconds since 1970).
    #[must_use]
    pub fn timestamp_before(&self, newest: Option<i64>) -> Option<Timestamp> {
        let range = self.time.clone()?;
        Timestamp::parse_before(self.text.get(range)?, newest)
    }

    /// The logger name, or `""`.
    #[must_use]
    pub fn logger_name(&self) -> &str {
        self.logger.clone().and_then(|r| self.text.get(r)).unwrap_or("")
    }

    /// The record's own text without header and trace.
    #[must_use]
    pub fn own_text(&self) -> &str {
        self.text.get(self.message.clone()).unwrap_or("")
    }

    /// Where the record begins in the file.
    #[must_use]
    pub fn begins(&self) -> Location {
        self.places.map_or(self.at, |places| places.outer(self.at))
    }

    /// Where the line on which byte `at` of `text` stands is in the file; `missing` lines before it were left out of the record.
    #[must_use]
    pub fn place_of(&self, at: usize, missing: u64) -> Location {
        let upto = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = self.at.line + memchr::memchr_iter(b'\n', upto).count() as u64 + missing;
        let start = memchr::memrchr(b'\n', upto).map_or(0, |i| i + 1);
        let inner = Location { line, byte: self.at.byte + start as u64 };
        self.places.map_or(inner, |places| places.outer(inner))
    }

    /// The line (1-based, in the file) on which byte `at` of `text` stands.
    #[must_use]
    pub fn line_of(&self, at: usize) -> u64 {
        self.place_of(at, 0).line
    }
}
