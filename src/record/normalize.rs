//! Raw bytes of one record become a [`LogRecord`].
//!
//! Normalising never adds or removes a line: escapes, carriage returns, mail quotes and HTML entities are taken out of lines.
//! Where nothing is to be changed, which is nearly always, the record borrows the bytes. Total: any bytes make a record.

use std::borrow::Cow;

use super::layout::{Header, Layout, header, logger_behind};
use super::level::Level;
use super::mixed::is_mixed;
use super::{KEEP_HEAD, KEEP_TAIL, Location, LogRecord, MAX_RECORD, margin, undress};
use crate::trace::find_trace;

/// Makes a record of the bytes between two headers. Lines that seem broken at a fixed column are joined.
#[must_use]
pub fn record(raw: &[u8], at: Location, truncated: bool) -> LogRecord<'_> {
    let text = text(raw);
    match undress::rewrapped(&text) {
        Some(joined) => LogRecord { joined: true, ..of_text(Cow::Owned(joined), at, truncated) },
        None => of_text(text, at, truncated),
    }
}

/// The same, its lines as they are: what looks broken at a column may have been folded between words, one of them just there.
#[must_use]
pub fn unjoined(raw: &[u8], at: Location, truncated: bool) -> LogRecord<'_> {
    of_text(text(raw), at, truncated)
}

fn of_text(mut text: Cow<'_, str>, at: Location, truncated: bool) -> LogRecord<'_> {
    let first = text.lines().next().unwrap_or("");
    let head = header(first).unwrap_or(Header {
        layout: Layout::None,
        time: None,
        level: None,
        logger: None,
        thread: None,
        message: 0,
    });
    let (mut level, mut from, first) = (head.level, head.message, first.len());
    let bare = head.layout == Layout::None;
    if bare && let Some(free) = margin::unmarked(&text) {
        text = Cow::Owned(free);
    }
    if bare && let Some(free) = undress::unprefixed(&text) {
        text = Cow::Owned(free);
    }
    if let Some(decoded) = entities(&text, from, bare) {
        text = Cow::Owned(decoded);
    }
    if let Some(plain) = undress::undressed(&text, from, bare, level >= Some(Level::Warn)) {
        text = Cow::Owned(plain);
    }
    if level.is_none() && head.layout == Layout::Time {
        (level, from) = second_line(&text, first).unwrap_or((None, from));
    }
    let end = text.trim_end_matches('\n').len();
    let from = from.min(end);
    let trace = find_trace(&text, from).filter(|start| *start < end).map(|start| start..end);
    let mixed = !bare && trace.as_ref().is_some_and(|trace| is_mixed(&text, level, from, trace));
    let own = text.get(from..trace.as_ref().map_or(end, |t| t.start)).unwrap_or("");
    let message = from..from + own.trim_end().len();
    let own = own.trim_end();
    let mut logger = head.logger;
    if logger.is_none() && head.layout == Layout::Time && own.contains('\n') {
        logger = logger_behind(own).map(|name| from + name.start..from + name.end);
    }
    // a pattern without a level: who reports a throwable warns
    if level.is_none() && head.layout == Layout::Time && head.message < first {
        level = Some(if trace.is_some() { Level::Warn } else { Level::Info });
    }
    LogRecord {
        at,
        places: None,
        layout: head.layout,
        time: head.time,
        level,
        logger,
        thread: head.thread,
        message,
        trace,
        mixed,
        joined: false,
        truncated,
        text,
    }
}

/// java.util.logging's second line, `SEVERE: text`: its level and where the text begins.
fn second_line(text: &str, first: usize) -> Option<(Option<Level>, usize)> {
    let line = text.get(first + 1..)?.lines().next()?;
    let (word, _) = line.split_once(": ").or_else(|| line.split_once(':'))?;
    let level = Level::from_word(word.trim())?;
    let after = line.get(word.len() + 1..)?;
    let blank = usize::from(after.starts_with(' '));
    Some((Some(level), first + 1 + word.len() + 1 + blank))
}

/// Cuts a record over [`MAX_RECORD`] to its first [`KEEP_HEAD`] and last [`KEEP_TAIL`] bytes, at line ends where there are any.
/// `None` if it is small enough. Line numbers behind the cut are lost.
#[must_use]
pub fn cap(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.len() <= MAX_RECORD {
        return None;
    }
    let head = raw.get(..KEEP_HEAD)?;
    let head = match memchr::memrchr(b'\n', head) {
        Some(end) => head.get(..=end)?,
        None => raw.get(..char_start(raw, KEEP_HEAD))?,
    };
    let cut = raw.len() - KEEP_TAIL;
    let tail = raw.get(cut..)?;
    let whole = |n: usize| n + 1 < tail.len();
    let tail = match memchr::memchr(b'\n', tail).filter(|n| whole(*n)) {
        // already at a line's beginning
        _ if raw.get(cut - 1) == Some(&b'\n') => tail,
        Some(end) => tail.get(end + 1..)?,
        None => raw.get(char_start(raw, cut)..)?,
    };
    let mut kept = Vec::with_capacity(head.len() + tail.len() + 1);
    kept.extend_from_slice(head);
    if head.last() != Some(&b'\n') {
        kept.push(b'\n');
    }
    kept.extend_from_slice(tail);
    Some(kept)
}

/// `at`, or up to three bytes before it, so that no UTF-8 sequence is cut.
fn char_start(raw: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|n| raw.get(*n).is_none_or(|b| b & 0xc0 != 0x80)).unwrap_or(at)
}

/// The text of raw bytes: valid UTF-8 without escapes, carriage returns and mail quotes. HTML entities stay, since framing, which
/// sees one line at a time, cannot know whether it is in a trace.
#[must_use]
pub fn text(raw: &[u8]) -> Cow<'_, str> {
    // nearly all text is valid, and checking it is faster than looking for what is not
    let mut text = std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
    if memchr::memchr2(0x1b, b'\r', text.as_bytes()).is_some() {
        let mut escapes = Escapes::default();
        text = Cow::Owned(text.chars().filter(|c| !escapes.hides(*c)).collect());
    }
    if let Some(free) = unquoted(&text) {
        text = Cow::Owned(free);
    }
    text
}

/// Terminal escapes, seen one character at a time: tells which characters do not belong to the text.
#[derive(Debug, Default)]
pub(super) struct Escapes {
    state: Escape,
    length: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    Outside,
    /// After ESC.
    Begun,
    /// `ESC [ ... letter`: colours.
    Control,
    /// `ESC ] ... BEL` or `ESC ] ... ESC \`: links and titles.
    Command,
    /// One more character, of a character set.
    Last,
}

impl Escapes {
    /// Longest escape; what goes on longer was none, and becomes visible again.
    const LONGEST: u16 = 512;

    /// Is `c` part of an escape, or a carriage return? To be called on every character in order.
    pub(super) fn hides(&mut self, c: char) -> bool {
        if c == '\r' {
            return true;
        }
        if self.state == Escape::Outside && c != '\u{1b}' {
            return false;
        }
        self.length = if self.state == Escape::Outside { 0 } else { self.length + 1 };
        let (state, hidden) = match (self.state, c) {
            (_, '\n') => (Escape::Outside, false),
            _ if self.length > Self::LONGEST => (Escape::Outside, false),
            (Escape::Command, '\u{7}') => (Escape::Outside, true),
            // `ESC \` ends a command; another escape ends it too
            (_, '\u{1b}') => (Escape::Begun, true),
            (Escape::Command, _) => (Escape::Command, true),
            (Escape::Begun, '[') => (Escape::Control, true),
            (Escape::Begun, ']' | 'P' | 'X' | '^' | '_') => (Escape::Command, true),
            (Escape::Begun, ' '..='/') => (Escape::Last, true),
            (Escape::Begun | Escape::Last, _) => (Escape::Outside, true),
            (Escape::Control, ' '..='?') => (Escape::Control, true),
            (Escape::Control, '@'..='~') => (Escape::Outside, true),
            (Escape::Control | Escape::Outside, _) => (Escape::Outside, false),
        };
        self.state = state;
        hidden
    }
}

/// A line without its `> `, at any depth of quoting; `None` if it has none.
fn quoted(line: &str) -> Option<&str> {
    let mut rest = line.trim_start_matches(' ').strip_prefix('>')?;
    while let Some(deeper) = rest.trim_start_matches(' ').strip_prefix('>') {
        rest = deeper;
    }
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// Takes mail quotes off, if every line that is not empty has them, or the first has them before a header.
fn unquoted(text: &str) -> Option<String> {
    let first = quoted(text.lines().next()?)?;
    let all = text.lines().all(|l| l.trim().is_empty() || quoted(l).is_some());
    if !all && header(first).is_none() {
        return None;
    }
    let mut free = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        free.push_str(quoted(line).unwrap_or(line));
        if line.ends_with('\n') && !free.ends_with('\n') {
            free.push('\n');
        }
    }
    Some(free)
}

/// Decodes HTML entities of a trace copied out of a web page, or of any pasted text, behind the header; `None` if there are none, or
/// the text does not look like a trace.
fn entities(text: &str, from: usize, bare: bool) -> Option<String> {
    const ERRORS: [&str; 8] = ["ERROR", "FATAL", "PANIC", "rror", "ailed", "错误", "致命", "ОШИБКА"];
    memchr::memchr(b'&', text.as_bytes())?;
    let markers = ["&lt;", "&gt;", "&quot;", "&#", "&amp;", "&nbsp;", "&ldquo;", "&lsquo;", "&apos;"];
    let traced = ["\tat ", "    at ", "Exception", "Error", "Caused by"];
    if !markers.iter().any(|m| text.contains(m))
        || !(traced.iter().any(|t| text.contains(t)) || bare && ERRORS.iter().any(|t| text.contains(t)))
    {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (header, mut rest) = text.split_at_checked(from)?;
    out.push_str(header);
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at_checked(at)?;
        out.push_str(before);
        // a page that was escaped twice
        let twice = from
            .strip_prefix("&amp;")
            .map(|inner| format!("&{}", inner.get(..inner.floor_char_boundary(12)).unwrap_or("")));
        match twice.as_deref().and_then(entity).map(|(c, length)| (c, length + 4)).or_else(|| entity(from)) {
            Some((c, length)) => {
                out.push(c);
                rest = from.get(length..)?;
            }
            None => {
                out.push('&');
                rest = from.get(1..)?;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The character an entity stands for, and the entity's length. Line ends and control characters are not decoded.
fn entity(from: &str) -> Option<(char, usize)> {
    let window = from.get(..from.floor_char_boundary(12))?;
    let end = window.find(';')?;
    let name: &str = window.get(1..end)?;
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ldquo" | "rdquo" | "laquo" | "raquo" => '"',
        "lsquo" | "rsquo" => '\'',
        "hellip" => '…',
        "ndash" | "mdash" => '-',
        "lowbar" => '_',
        "colon" => ':',
        "sol" => '/',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c == '\t' || !c.is_control())?
        }
    };
    Some((c, end + 1))
}
