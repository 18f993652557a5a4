//! Plain text: passes as it is, and is looked at now and then.

use super::{Mode, Sink, Unwrapper};
use crate::record::{Location, Place};

/// One line is looked at in so many bytes of the file: the last in which a whole one can be found. Reads of files and pipes end
/// where a block does, so that hardly anything has to wait (and be copied) for the next look.
pub(super) const BLOCK: u64 = 8 << 10;
/// It must begin and end within so many bytes.
const LOOK: usize = 4 << 10;

impl Unwrapper {
    /// Takes bytes of plain text; returns those behind the place where it is plain no more.
    pub(super) fn plain<'b>(&mut self, bytes: &'b [u8], sink: &mut dyn Sink) -> &'b [u8] {
        if self.deaf {
            self.pass(bytes, sink);
            return &[];
        }
        // what is held is less than a block; it is filled up to the next look
        if !self.held.is_empty() {
            let needed = usize::try_from(self.next_look() - self.at.byte).unwrap_or(0);
            let missing = needed.saturating_sub(self.held.len());
            let (head, rest) = bytes.split_at(missing.min(bytes.len()));
            self.held.extend_from_slice(head);
            if self.held.len() < needed {
                return rest;
            }
            let held = std::mem::take(&mut self.held);
            let left = self.looked(&held, sink);
            self.held = left.to_vec();
            if self.mode != Mode::Plain {
                // the rest of what was held, line by line, before the bytes behind it
                let held = std::mem::take(&mut self.held);
                let mut more = held.as_slice();
                while !more.is_empty() && self.mode == Mode::Lines {
                    more = self.lines(more, sink);
                }
                self.held.extend_from_slice(more);
            }
            return rest;
        }
        let left = self.looked(bytes, sink);
        if self.mode == Mode::Plain {
            self.held.extend_from_slice(left);
            return &[];
        }
        left
    }

    /// The end of the next stretch of the file that is looked at.
    pub(super) fn next_look(&self) -> u64 {
        (self.at.byte / BLOCK + 1) * BLOCK
    }

    /// Looks wherever it can in `data`, which begins at `self.at`; gives what is plain, and returns the rest.
    pub(super) fn looked<'b>(&mut self, data: &'b [u8], sink: &mut dyn Sink) -> &'b [u8] {
        let base = self.at.byte;
        let mut done = 0;
        loop {
            let end = usize::try_from(self.next_look() - base).unwrap_or(usize::MAX);
            if data.len() < end {
                break;
            }
            if let Some(known) = self.wrapped_before(data, done, end) {
                let from = self.first_wrapped(data, done, known);
                self.pass(data.get(..from).unwrap_or_default(), sink);
                self.at.byte = base + from as u64;
                self.leave(sink);
                return data.get(from..).unwrap_or_default();
            }
            done = end;
            self.at.byte = base + done as u64;
        }
        let (plain, rest) = data.split_at(done.min(data.len()));
        self.pass(plain, sink);
        rest
    }

    /// Looks at one line before `end`, at or behind `done`: where it begins, if it is wrapped.
    #[inline]
    pub(super) fn wrapped_before(&self, data: &[u8], done: usize, end: usize) -> Option<usize> {
        let start = end.saturating_sub(LOOK).max(done);
        let window = data.get(start..end)?;
        let at = line_in(window)?;
        let line = window.get(at.clone())?;
        (!is_flinks(line) && self.is_wrapped(&String::from_utf8_lossy(line))).then_some(start + at.start)
    }

    /// The beginning of the first wrapped line at or behind `from`; one is known to begin at `known`.
    pub(super) fn first_wrapped(&self, data: &[u8], from: usize, known: usize) -> usize {
        let mut at = from;
        while at < known {
            let rest = data.get(at..known).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', rest) else { break };
            let next = at + end + 1;
            let line = data.get(next..).unwrap_or_default();
            let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or_default();
            if self.is_wrapped(&String::from_utf8_lossy(line)) {
                return next;
            }
            at = next;
        }
        known
    }

    /// Gives plain bytes on.
    pub(super) fn pass(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        if bytes.is_empty() {
            return;
        }
        let number = self.stream("");
        self.flush(sink);
        let Some(stream) = self.streams.get_mut(number) else { return };
        stream.inner.bytes += bytes.len() as u64;
        sink.give(number, &stream.key, bytes, &[]);
    }

    /// From plain text to lines: finds out the number of the line.
    pub(super) fn leave(&mut self, sink: &mut dyn Sink) {
        let number = self.stream("");
        let Some(stream) = self.streams.get_mut(number) else { return };
        if stream.inner.bytes > 0 {
            // lines given before, and those that passed uncounted
            let now = sink.line(number);
            self.at.line += now - 1 - stream.inner.lines;
            stream.inner.lines = now - 1;
        }
        self.mode = Mode::Lines;
        self.bare = 0;
    }

    /// From lines to plain text: the main stream goes on here, as the file has it.
    pub(super) fn enter(&mut self, sink: &mut dyn Sink) {
        let number = self.stream("");
        self.flush(sink);
        let outer = self.at;
        if let Some(stream) = self.streams.get_mut(number) {
            let inner = Location { line: stream.inner.lines + 1, byte: stream.inner.bytes };
            sink.give(number, &stream.key, &[], &[Place { inner, outer, one: false }]);
        }
        self.mode = Mode::Plain;
        self.since = outer.byte;
    }

    /// The end of plain text.
    pub(super) fn end_plain(&mut self, sink: &mut dyn Sink) {
        let held = std::mem::take(&mut self.held);
        let mut from = 0;
        // what no look has reached is looked at line by line
        loop {
            let rest = held.get(from..).unwrap_or_default();
            if rest.is_empty() || self.wrapped_at(&held, from) {
                break;
            }
            from += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        }
        let (plain, rest) = held.split_at(from.min(held.len()));
        self.pass(plain, sink);
        self.at.byte += plain.len() as u64;
        if !rest.is_empty() {
            self.leave(sink);
            let mut more = rest;
            while !more.is_empty() && self.mode == Mode::Lines {
                more = self.lines(more, sink);
            }
            self.pass(more, sink);
        }
    }

    /// Does a wrapped line begin at `at`, the beginning of the text or behind a line end?
    fn wrapped_at(&self, text: &[u8], at: usize) -> bool {
        let begins = at.checked_sub(1).is_some_and(|before| text.get(before) == Some(&b'\n'));
        let line = text.get(at..).unwrap_or_default();
        let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or_default();
        begins && self.is_wrapped(&String::from_utf8_lossy(line))
    }
}

/// Surely no wrapped line: it begins as Flink writes its lines, or is a frame. Of a healthy log, most are.
fn is_flinks(line: &[u8]) -> bool {
    match line.first() {
        Some(b'\t' | b' ') => true,
        Some(b'0'..=b'9') => line.get(10) == Some(&b' ') && line.get(19) == Some(&b','),
        _ => false,
    }
}

/// The first whole line of a window.
fn line_in(window: &[u8]) -> Option<std::ops::Range<usize>> {
    let start = memchr::memchr(b'\n', window)? + 1;
    let length = memchr::memchr(b'\n', window.get(start..)?)?;
    Some(start..start + length)
}
