//! A source that is still being written: nothing waits that can be given, and reading can be taken up again later.
//!
//! What is stored is where each writer goes on, never a byte of the log. Reading begins again at the first of those places, and what
//! stands before a writer's own place is passed over: it was given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Format, HEAD, Inner, Mode, Sink, Stream, Unwrapper, document, peel};
use crate::record::Location;

/// Where and how reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// The first byte of the file that is needed again.
    pub at: Location,
    mode: Mode,
    seen: peel::Seen,
    formats: BTreeMap<Format, u64>,
    since: u64,
    /// Who writes, and where the next line begins that was not given to the end.
    pub writers: Vec<(String, Location)>,
}

impl Bookmark {
    /// The beginning of a source that was never read.
    #[must_use]
    pub fn start() -> Self {
        Self { at: Location { line: 1, byte: 0 }, ..Self::default() }
    }

    /// The same source, of which nothing before `at` is needed.
    #[must_use]
    pub fn moved(mut self, at: Location) -> Self {
        self.at = at;
        self.since = 0;
        self.writers.iter_mut().for_each(|(_, from)| *from = at);
        if self.mode == Mode::Start && at.byte > 0 {
            self.mode = Mode::Lines;
        }
        self
    }
}

impl Unwrapper {
    /// A source that is still being written, from here on.
    #[must_use]
    pub fn follow(mark: &Bookmark) -> Self {
        let stream = |(key, from): &(String, Location)| Stream {
            key: key.clone(),
            inner: Inner { bytes: from.byte, lines: from.line.saturating_sub(1) },
            skip: from.byte,
            told: true,
            ..Stream::default()
        };
        Self {
            live: true,
            mode: mark.mode,
            at: mark.at,
            seen: mark.seen,
            formats: mark.formats.clone(),
            since: mark.since,
            streams: mark.writers.iter().map(stream).collect(),
            ..Self::default()
        }
    }

    /// Where to go on if each writer goes on at its place of `open`. Writers of whom nothing is open are at [`Self::next`].
    #[must_use]
    pub fn bookmark(&self, open: &[Location]) -> Bookmark {
        let writers: Vec<(String, Location)> =
            self.streams.iter().zip(open).map(|(s, from)| (s.key.clone(), *from)).collect();
        let own = (self.mode != Mode::Plain || writers.is_empty()).then_some(self.at);
        let at = own.into_iter().chain(writers.iter().map(|w| w.1)).min_by_key(|at| at.byte).unwrap_or(self.at);
        let mode = match self.mode {
            Mode::Plain if at.byte < self.since => Mode::Lines,
            Mode::Document => Mode::Start,
            mode => mode,
        };
        Bookmark { at, mode, seen: self.seen, formats: self.formats.clone(), since: self.since, writers }
    }

    /// Where the next line of a writer begins: behind what was read, or before pieces that wait for the rest of their line.
    #[must_use]
    pub fn next(&self, stream: usize) -> Location {
        let part = self.streams.get(stream).and_then(|s| s.part.as_ref()).map(|(at, _)| *at);
        let entry = self.entry.as_ref().filter(|e| e.0 == stream).map(|e| e.1);
        let behind = if self.mode == Mode::Plain { self.held.len() as u64 } else { 0 };
        part.or(entry).unwrap_or(Location { line: self.at.line, byte: self.at.byte + behind })
    }

    /// Lines pass as they are, so that a stream may hold a part of one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.mode == Mode::Plain
    }

    /// Something waits for the end of its line.
    #[must_use]
    pub fn waits(&self) -> bool {
        let held = self.mode != Mode::Plain && !self.held.is_empty();
        held || self.entry.is_some() || self.streams.iter().any(|s| s.part.is_some())
    }

    /// Gives pieces of lines that begin before this byte of the file: the rest never came.
    pub fn let_go(&mut self, before: u64, sink: &mut dyn Sink) {
        for number in 0..self.streams.len() {
            let old = |(at, _): &mut (Location, String)| at.byte < before;
            if let Some((at, text)) = self.streams.get_mut(number).and_then(|s| s.part.take_if(old)) {
                self.emit(number, text.as_bytes(), at, 0);
            }
        }
        self.flush(sink);
    }

    /// The first bytes: as soon as a line is there, it is known how they are read.
    pub(super) fn begin_live(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        self.held.extend_from_slice(bytes);
        if self.held.len() < HEAD && memchr::memchr(b'\n', &self.held).is_none() {
            return;
        }
        let head = String::from_utf8_lossy(self.held.get(..HEAD).unwrap_or(&self.held)).into_owned();
        self.mode = if document::begins(&head) {
            Mode::Document
        } else {
            // a cut trace at the beginning has no header that would show the wrap
            head.lines().for_each(|line| drop(peel::peel(line, &mut self.seen)));
            Mode::Lines
        };
        self.again(sink);
    }

    /// The beginning of the source was read, and nothing stands around its lines.
    pub(super) fn begins_plain(&self) -> bool {
        self.live && self.formats.is_empty() && self.at.byte >= HEAD as u64
    }

    /// Plain text that goes on: given at once, and looked at in the same places. What was given since the last of them is held too.
    pub(super) fn plain_live<'b>(&mut self, bytes: &'b [u8], sink: &mut dyn Sink) -> &'b [u8] {
        let mut rest = bytes;
        if !self.held.is_empty() {
            let given = self.held.len();
            let needed = usize::try_from(self.next_look() - self.at.byte).unwrap_or(0);
            let (head, behind) = bytes.split_at(needed.saturating_sub(given).min(bytes.len()));
            rest = behind;
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(head);
            match (held.len() >= needed).then(|| self.wrapped_in(&held, needed, given)).flatten() {
                Some(from) => {
                    self.pass(held.get(given..from).unwrap_or_default(), sink);
                    self.at.byte += from as u64;
                    self.leave(sink);
                    let mut more = held.get(from..).unwrap_or_default();
                    while !more.is_empty() {
                        more = self.take(more, sink);
                    }
                    return rest;
                }
                None => self.pass(head, sink),
            }
            if held.len() < needed {
                self.held = held;
                return rest;
            }
            self.at.byte += held.len() as u64;
        }
        let left = self.looked(rest, sink);
        if self.mode != Mode::Plain {
            return left;
        }
        self.held = left.to_vec();
        self.pass(left, sink);
        &[]
    }

    /// The first wrapped line that begins at or behind `given`, if the look at the end of these bytes shows one.
    fn wrapped_in(&self, held: &[u8], end: usize, given: usize) -> Option<usize> {
        let known = self.wrapped_before(held, 0, end)?;
        let from = self.first_wrapped(held, 0, known);
        let begins = |at: usize| at.checked_sub(1).is_none_or(|before| held.get(before) == Some(&b'\n'));
        let from = from.max(given);
        if begins(from) {
            return Some(from);
        }
        let rest = held.get(from..)?;
        memchr::memchr(b'\n', rest).map(|at| from + at + 1)
    }
}
