//! Chunks become records, and records become facts.
//!
//! Framing is a single walk over line ends; healthy records are gathered into runs and only their bytes are searched
//! ([`prefilter`](super::prefilter)). All state between two chunks is in [`ScanState`], which can be stored.

mod kept;
mod mapped;
mod oversized;
mod resume;
mod run;
mod shape;
mod silence;
mod walk;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use serde::{Deserialize, Serialize};

use self::kept::KeyHasher;
pub use self::resume::Unfinished;
use self::run::Marked;
use self::shape::{goes_on, is_frame};
use self::walk::Walk;
use super::collect;
use super::facts::SourceFacts;
use super::observe::Observed;
use super::prefilter::{Found, Names, Seen};
use super::{Engine, track};
use crate::record::layout::{Probe, probe};
use crate::record::{Location, MAX_RECORD, Places, normalize};

/// The first records of a source are always looked at: they hold versions and tell which process wrote it.
pub const BOOT: u64 = 256;

/// Bytes that are first joined to an unfinished record to finish it.
const JOINED: usize = 4096;

/// Most tasks and states whose last line is kept.
const MAX_KEPT: usize = 4096;

/// A line kept because it may be the last of its kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    key: Vec<u8>,
    bytes: Vec<u8>,
    at: Location,
    seq: u64,
}

/// What one source needs between two chunks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScanState {
    /// What was found so far.
    pub facts: SourceFacts,
    /// Bytes from the beginning of the unfinished record on.
    buf: Vec<u8>,
    /// Offset of `buf` in the stream, without a gap that was cut out of it.
    base: u64,
    /// Line of the first byte of `buf`.
    line: u64,
    /// Up to here lines were looked at.
    scanned: usize,
    /// The unfinished record: kind of its header, and number of its whole lines.
    open: Option<OpenRecord>,
    /// Middle of an oversized record that was dropped: where in `buf`, how many bytes and lines.
    gap: Option<(usize, u64, u64)>,
    kept: Vec<Kept>,
    /// Probes of loggers that must fall silent, after the line that they must fall silent after.
    armed: Vec<u32>,
    /// Where the lines from the unfinished record on stand in the file.
    places: Places,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct OpenRecord {
    start: usize,
    line: u64,
    lines: u64,
    header: bool,
    healthy: bool,
    after_frame: bool,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    found: Vec<Found>,
    starts: Vec<usize>,
    marked: Marked,
    names: Names,
    in_line: Vec<Found>,
    key: Vec<u8>,
    /// Key → index in `kept`.
    index: HashMap<Vec<u8>, usize, BuildHasherDefault<KeyHasher>>,
    state: collect::Collector,
}

impl ScanState {
    /// A new source.
    #[must_use]
    pub fn new(name: &str, series: Option<u32>) -> Self {
        Self {
            facts: SourceFacts { name: name.to_owned(), series, ..SourceFacts::default() },
            buf: Vec::new(),
            base: 0,
            line: 1,
            scanned: 0,
            open: None,
            gap: None,
            kept: Vec::new(),
            armed: Vec::new(),
            places: Places::default(),
            scratch: Scratch::default(),
        }
    }

    /// Counts from the unfinished record on; what lies before it is done with. Returns its length.
    fn forget(&mut self) -> usize {
        let done = self.open.map_or(self.scanned, |o| o.start);
        self.base += done as u64;
        self.scanned -= done;
        self.places.forget(self.open.map_or(self.line, |o| o.line));
        if let Some(open) = &mut self.open {
            open.start = 0;
        }
        done
    }
}

impl Engine {
    /// Takes the next bytes of a source. They are scanned where they lie; only the unfinished record is carried over.
    pub fn push(&self, state: &mut ScanState, chunk: &[u8]) {
        state.facts.bytes += chunk.len() as u64;
        let mut chunk = chunk;
        let mut joined = JOINED;
        while !state.buf.is_empty() && !chunk.is_empty() {
            let mut buf = std::mem::take(&mut state.buf);
            let carried = buf.len();
            let (head, tail) = chunk.split_at(joined.min(chunk.len()));
            buf.extend_from_slice(head);
            self.lines(state, &buf, false);
            let done = state.forget();
            if let Some(unfinished) = done.checked_sub(carried) {
                // what is unfinished now lies in the chunk alone
                chunk = chunk.get(unfinished..).unwrap_or_default();
                buf.clear();
            } else {
                chunk = tail;
                joined *= 2;
                buf.drain(..done);
            }
            state.buf = buf;
        }
        if !chunk.is_empty() {
            self.lines(state, chunk, false);
            let done = state.forget();
            state.buf.extend_from_slice(chunk.get(done..).unwrap_or_default());
        }
        oversized::cap(state);
    }

    /// Says that the source has ended.
    pub fn end(&self, state: &mut ScanState) {
        let buf = std::mem::take(&mut state.buf);
        self.lines(state, &buf, true);
        self.flush(state, u64::MAX);
        collect::finish(&mut state.facts, &mut state.scratch.state);
    }

    /// Walks over the lines of `buf` that were not seen yet.
    fn lines(&self, state: &mut ScanState, buf: &[u8], last: bool) {
        let skipping = self.skipping(state);
        let mut walk = Walk::new(state, buf, skipping);
        let mut open = state.open.take();
        // what the open line's logger says, if that is known
        let mut seen = None;
        let mut from = state.scanned;
        let first_line = state.line;
        let mut line = first_line;
        while from < buf.len() {
            // most lines by far: a healthy record behind another, which begins as others did
            if let Some(healthy) = &mut open
                && healthy.healthy
                && walk.skipping
                && let Some((next, len)) =
                    self.prefilter.known_line(&state.scratch.names, buf.get(from..).unwrap_or_default())
            {
                self.prolong(state, &mut walk, healthy, from, seen);
                let (range, next, more) = self.prolong_more(state, &mut walk, from..from + len, next);
                (healthy.start, healthy.line, seen) = (range.start, line + more, Some(next));
                (line, from) = (line + more + 1, range.end);
                continue;
            }
            let rest = buf.get(from..).unwrap_or_default();
            let end = match memchr::memchr(b'\n', rest) {
                Some(at) => from + at + 1,
                None if last => buf.len(),
                None => break,
            };
            let bytes = buf.get(from..end).unwrap_or_default();
            let kind = probe(bytes);
            match &mut open {
                Some(open) if kind == Probe::Healthy && open.healthy && walk.skipping => {
                    self.prolong(state, &mut walk, open, from, seen);
                    open.start = from;
                    open.line = line;
                }
                Some(open) if goes_on(open, kind, bytes) => {
                    open.lines += 1;
                    open.healthy = false;
                    if !open.header {
                        open.after_frame = is_frame(bytes);
                    }
                }
                open => {
                    if let Some(open) = open {
                        self.record(state, &mut walk, open, from, seen);
                    }
                    *open = Some(OpenRecord {
                        start: from,
                        line,
                        lines: 1,
                        header: kind != Probe::NotHeader,
                        healthy: kind == Probe::Healthy,
                        after_frame: false,
                    });
                }
            }
            seen = None;
            line += 1;
            from = end;
        }
        if last && let Some(open) = open.take() {
            self.record(state, &mut walk, &open, buf.len(), seen);
        }
        self.run(state, &mut walk);
        state.facts.lines += line - first_line;
        state.line = line;
        state.scanned = from;
        state.open = open;
        walk.end(state);
    }

    /// May healthy records be skipped now?
    fn skipping(&self, state: &ScanState) -> bool {
        self.filtered && state.facts.records >= BOOT && state.armed.is_empty()
    }

    /// A whole record: a healthy one prolongs the run, any other is looked at.
    fn record(&self, state: &mut ScanState, walk: &mut Walk<'_>, open: &OpenRecord, end: usize, seen: Option<Seen>) {
        if walk.skipping && open.healthy {
            return self.prolong(state, walk, open, end, seen);
        }
        self.run(state, walk);
        let seq = state.facts.records;
        state.facts.records += 1;
        state.facts.headers += u64::from(open.header);
        let bytes = walk.buf.get(open.start..end).unwrap_or_default();
        self.look(state, bytes, Location { line: open.line, byte: state.base + open.start as u64 }, seq, open.healthy);
        walk.skipping = self.skipping(state);
    }

    /// Parses a record and collects what it says. The kept lines before it come first.
    fn look(&self, state: &mut ScanState, bytes: &[u8], at: Location, seq: u64, healthy: bool) {
        let gap = state.gap.take();
        let capped = (bytes.len() > MAX_RECORD).then(|| normalize::cap(bytes)).flatten();
        let places = std::mem::take(&mut state.places);
        let (bytes, cut) = (capped.as_deref().unwrap_or(bytes), capped.is_some() || gap.is_some());
        let gap = gap.map(|(at, _, lines)| (at, lines));
        let mut record = normalize::record(bytes, at, cut);
        record.places = (!places.is_empty()).then_some(&places);
        let mut observed = self.observe(&record, seq, healthy, gap, &mut state.facts);
        if record.joined && observed.matched.is_none() && self.tap.is_none() {
            record = normalize::unjoined(bytes, at, cut);
            record.places = (!places.is_empty()).then_some(&places);
            let again = self.observe(&record, seq, healthy, gap, &mut state.facts);
            if again.matched.is_some() {
                observed = again;
            }
        }
        self.bound(&mut state.facts, &mut observed);
        drop(record);
        state.places = places;
        if observed.is_event() {
            self.flush(state, seq);
        }
        self.arm(state, &mut observed);
        collect::add(&mut state.facts, &mut state.scratch.state, observed);
    }

    /// Observes the kept lines before this record.
    fn flush(&self, state: &mut ScanState, before: u64) {
        let mut kept = std::mem::take(&mut state.kept);
        state.scratch.index.clear();
        kept.sort_by_key(|k| k.seq);
        let later = kept.split_off(kept.partition_point(|k| k.seq < before));
        kept.dedup_by_key(|k| k.seq);
        for line in kept {
            let record = normalize::record(&line.bytes, line.at, false);
            let mut observed = if line.key.first() == Some(&track::HEALTH) {
                self.observe(&record, line.seq, true, None, &mut state.facts)
            } else {
                Observed::of_state(&record, line.seq, self.time_of(&record, &state.facts))
            };
            self.bound(&mut state.facts, &mut observed);
            collect::add(&mut state.facts, &mut state.scratch.state, observed);
        }
        state.kept = later;
    }
}
