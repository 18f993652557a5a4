//! Header grammars: what the first line of a record looks like.
//!
//! [`header`] parses one line in full; [`probe`] answers the one question asked of every line of a gigabyte, whether the line
//! begins a record, and allocates nothing. Both decide with the same grammar over the same [`WINDOW`] bytes of normalised text
//! (no escapes, no carriage returns, invalid bytes replaced), so `probe(l) != NotHeader` exactly when `header(l)` is some.

mod grammar;
mod rest;
mod server;

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::normalize::Escapes;

/// Bytes of a normalised line, behind its margin, that decide whether it is a header.
pub const WINDOW: usize = 512;

/// Stands in the place of the time stamp where an event of JSON has none.
pub const UNTIMED: &str = "--:--:--";

/// The family of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Flink's own log4j pattern: `2026-11-22 14:11:39,264 INFO  logger [] - message`.
    Flink,
    /// Flink's logback patterns: `2026-11-22 14:11:39.264 [thread] INFO  logger  - message`.
    Logback,
    /// PostgreSQL's stderr log, whatever its `log_line_prefix`.
    Postgres,
    /// Any other header with a time stamp and a level: Kafka Connect, Spring Boot, Quarkus, java.util.logging.
    Time,
    /// No header.
    #[default]
    None,
}

impl Layout {
    /// The name people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flink => "log4j2",
            Self::Logback => "logback",
            Self::Postgres => "postgres",
            Self::Time => "custom",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The parts of a header line, as byte ranges of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its layout, never [`Layout::None`].
    pub layout: Layout,
    /// The time stamp with its zone.
    pub time: Option<Range<usize>>,
    /// The level; `None` in the first line of java.util.logging, whose level stands in the second.
    pub level: Option<Level>,
    /// The logger.
    pub logger: Option<Range<usize>>,
    /// The thread, or PostgreSQL's process id.
    pub thread: Option<Range<usize>>,
    /// Where the message begins; for PostgreSQL at the severity word.
    pub message: usize,
}

/// Parses one line (normalised, without its line end) as a header.
///
/// ```
/// use cdc_doctor::record::{header, Level};
/// let line = "2026-11-22 14:11:39,264 WARN  org.example.Task [] - it broke";
/// let h = header(line).unwrap();
/// assert_eq!((h.level, &line[h.message..]), (Some(Level::Warn), "it broke"));
/// ```
#[must_use]
pub fn header(line: &str) -> Option<Header> {
    let from = grammar::margin(line.as_bytes());
    let window = line.get(..line.floor_char_boundary(from + WINDOW))?.as_bytes();
    let head = grammar::head(window, from)?;
    Some(rest::complete(line, &head))
}

/// The logger at the end of a message of several lines, where Kafka Connect's pattern puts it: `(io.debezium.Foo:120)`.
#[must_use]
pub fn logger_behind(message: &str) -> Option<Range<usize>> {
    if message.ends_with(')') { rest::at_end(message.as_bytes()) } else { None }
}

/// What [`probe`] says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Probe {
    /// The line continues a record.
    NotHeader,
    /// A header at INFO or below.
    Healthy,
    /// A header at WARN or above, one that does not say its level, or one of the server's own log.
    Other,
}

impl Probe {
    fn of(level: Option<Level>) -> Self {
        match level {
            Some(level) if level <= Level::Info => Self::Healthy,
            _ => Self::Other,
        }
    }
}

/// Does this raw line begin a record, and may it be healthy? The line may still have its line end. Never allocates.
#[must_use]
#[inline]
pub fn probe(line: &[u8]) -> Probe {
    match flink(line) {
        Some(found) => found,
        None => slow(line),
    }
}

/// Bytes of the time stamp in Flink's default layout, with the blank behind it.
pub const STAMP: usize = 24;

/// The shape of a time stamp of Flink's default layout: a `0` stands for any digit.
pub const STAMP_SHAPE: &[u8; STAMP] = b"0000-00-00 00:00:00,000 ";

/// Do these bytes have the shape of `2026-11-22 14:11:39,264 `? Three words of eight bytes.
#[must_use]
#[inline]
pub fn is_stamp(stamp: &[u8; STAMP]) -> bool {
    let word = |at: usize| stamp.get(at..).and_then(|s| s.first_chunk::<8>()).map_or(0, |w| u64::from_le_bytes(*w));
    shaped(word(0), *b"0000-00-") && shaped(word(8), *b"00 00:00") && shaped(word(16), *b":00,000 ")
}

/// Is this a header of Flink's default layout at INFO or below? Decided by the shape of the stamp and the six bytes behind it.
#[must_use]
pub fn is_healthy_flink(line: &[u8]) -> bool {
    flink(line) == Some(Probe::Healthy)
}

/// Does this line begin a record? As [`probe`] has it, for others than the scan: `probe` is compiled into its loop as long as nobody
/// else calls it.
#[must_use]
pub fn begins_record(line: &[u8]) -> bool {
    slow(line) != Probe::NotHeader
}

/// The shape `2026-11-22 14:11:39,264 INFO ` and nothing else.
#[inline]
fn flink(line: &[u8]) -> Option<Probe> {
    let (head, _) = line.split_first_chunk::<32>()?;
    if !is_stamp(head.first_chunk()?) {
        return None;
    }
    let level = head.get(24..)?.first_chunk::<6>()?;
    match level {
        b"INFO  " | b"DEBUG " | b"TRACE " => Some(Probe::Healthy),
        b"WARN  " | b"ERROR " | b"FATAL " => Some(Probe::Other),
        [b'I', b'N', b'F', b'O', b' ', _] => Some(Probe::Healthy),
        [b'W', b'A', b'R', b'N', b' ', _] => Some(Probe::Other),
        _ => None,
    }
}

/// Are the eight bytes digits where the picture has `0`, and the picture's own bytes elsewhere?
#[inline]
fn shaped(word: u64, picture: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let picture = u64::from_le_bytes(picture);
    // 0xff where the picture has a digit: only digits among its bytes have bit 4 set together with bit 5, except ':'
    let digit = {
        let zero = picture ^ (ONES * 0x30);
        let nonzero = ((zero & (ONES * 0x7f)) + ONES * 0x7f) | zero;
        (!nonzero >> 7 & ONES) * 0xff
    };
    let off = word ^ picture;
    // a digit differs from '0' by 0..=9; adding 6 must not reach 16, and the high nibble must not differ
    let over = ((off & (ONES * 0x0f)) + ONES * 0x06) | off;
    off & !digit == 0 && over & (ONES * 0xf0) & digit == 0
}

#[cold]
#[inline(never)]
fn slow(line: &[u8]) -> Probe {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    // every header holds a colon; a line led by a tab continues PostgreSQL's messages and Java's traces
    if line.first() == Some(&b'\t') || memchr::memchr(b':', line).is_none() {
        return Probe::NotHeader;
    }
    let whole = line;
    let line = line.get(grammar::margin(line)..).unwrap_or(&[]);
    let start = line.get(..WINDOW).unwrap_or(line);
    let plain = memchr::memchr2(0x1b, b'\r', start).is_none();
    let valid = match std::str::from_utf8(start) {
        Ok(_) => Some(start),
        // cut in the middle of a character by the window, not by the log
        Err(e) if e.error_len().is_none() && start.len() < line.len() && whole_at(line, e.valid_up_to()) => {
            start.get(..e.valid_up_to())
        }
        Err(_) => None,
    };
    let found = match valid {
        Some(window) if plain => grammar::head(window, 0),
        _ => {
            let mut buffer = [0u8; WINDOW];
            let filled = fill(whole, &mut buffer);
            grammar::head(buffer.get(..filled).unwrap_or(&[]), 0)
        }
    };
    match found {
        None => Probe::NotHeader,
        // whether a line of the server's log is healthy takes more than its severity
        Some(head) if head.kind == grammar::Kind::Postgres => Probe::Other,
        Some(head) => Probe::of(head.level),
    }
}

/// Does a whole character stand at `at`?
fn whole_at(line: &[u8], at: usize) -> bool {
    let next = line.get(at..).map_or(&[][..], |l| l.get(..4).unwrap_or(l));
    match std::str::from_utf8(next) {
        Ok(_) => true,
        Err(e) => e.valid_up_to() > 0,
    }
}

/// Writes the first [`WINDOW`] bytes of the normalised line behind its margin, up to a whole character.
fn fill(line: &[u8], buffer: &mut [u8; WINDOW]) -> usize {
    let mut escapes = Escapes::default();
    let mut at = 0;
    let mut put = |c: char| {
        if escapes.hides(c) || (at == 0 && matches!(c, ' ' | '>' | '\u{feff}')) {
            return true;
        }
        match buffer.get_mut(at..at + c.len_utf8()) {
            Some(room) => {
                c.encode_utf8(room);
                at += c.len_utf8();
                true
            }
            None => false,
        }
    };
    'all: for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !put(c) {
                break 'all;
            }
        }
        if !chunk.invalid().is_empty() && !put('\u{fffd}') {
            break;
        }
    }
    at
}
