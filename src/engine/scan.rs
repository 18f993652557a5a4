//! Chunks become records, and records become facts.
//!
//! Framing is a single walk over line ends; healthy records are gathered into runs and only their bytes are searched
//! ([`prefilter`](super::prefilter)). All state between two chunks is in [`ScanState`], which can be stored.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::collect;
use super::facts::SourceFacts;
use super::prefilter::{CLASSES, Found};
use crate::record::layout::{Probe, probe};
use crate::record::{KEEP_HEAD, KEEP_TAIL, Location, MAX_RECORD, Timestamp, normalize};

/// The first records of a source are always looked at: they hold versions and tell which process wrote it.
const BOOT: u64 = 256;

/// A line kept because it may be the last of its class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    bytes: Vec<u8>,
    at: Option<(Location, u64)>,
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
    state: collect::Collector,
}

/// A run of healthy one-line records.
struct Run {
    range: Range<usize>,
    line: u64,
    seq: u64,
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
            kept: vec![Kept::default(); CLASSES],
            scratch: Scratch::default(),
        }
    }
}

impl Engine {
    /// Takes the next bytes of a source.
    pub fn push(&self, state: &mut ScanState, chunk: &[u8]) {
        state.facts.bytes += chunk.len() as u64;
        state.buf.extend_from_slice(chunk);
        self.lines(state, false);
        shrink(state);
    }

    /// Says that the source has ended.
    pub fn end(&self, state: &mut ScanState) {
        self.lines(state, true);
        let kept = std::mem::take(&mut state.kept);
        self.flush(state, kept);
        collect::finish(&mut state.facts, &mut state.scratch.state);
        state.kept = vec![Kept::default(); CLASSES];
        state.buf = Vec::new();
    }

    fn lines(&self, state: &mut ScanState, last: bool) {
        let buf = std::mem::take(&mut state.buf);
        let mut starts = std::mem::take(&mut state.scratch.starts);
        starts.clear();
        let mut run: Option<Run> = None;
        let mut from = state.scanned;
        let mut seen = 0;
        let first = from;
        let ends = memchr::memchr_iter(b'\n', buf.get(first..).unwrap_or_default()).map(|i| first + i + 1);
        let tail = (last && !buf.is_empty()).then_some(buf.len());
        for end in ends.chain(tail) {
            if end <= from {
                continue;
            }
            let line = buf.get(from..end).unwrap_or_default();
            seen += 1;
            self.line(state, &buf, line, from, &mut run, &mut starts);
            from = end;
        }
        state.facts.lines += seen;
        state.scanned = from;
        if last && let Some(open) = state.open.take() {
            self.record(state, &buf, open, buf.len(), &mut run, &mut starts);
            state.line += open.lines;
        }
        self.run(state, &buf, &mut run, &mut starts);
        state.scratch.starts = starts;
        state.buf = buf;
    }

    /// One whole line: it begins a record or goes on with the open one.
    #[inline]
    fn line(
        &self,
        state: &mut ScanState,
        buf: &[u8],
        line: &[u8],
        from: usize,
        run: &mut Option<Run>,
        starts: &mut Vec<usize>,
    ) {
        let kind = probe(line);
        let header = kind != Probe::NotHeader;
        if let Some(open) = &mut state.open {
            if !header && (open.header || !open.after_frame || !begins_trace(line)) {
                open.lines += 1;
                open.healthy = false;
                if !open.header {
                    open.after_frame = is_frame(line);
                }
                return;
            }
            let open = *open;
            self.record(state, buf, open, from, run, starts);
            state.line += open.lines;
        }
        state.open = Some(OpenRecord {
            start: from,
            line: state.line,
            lines: 1,
            header,
            healthy: kind == Probe::Healthy,
            after_frame: false,
        });
    }

    /// A whole record: a healthy one prolongs the run, any other is looked at.
    #[inline]
    fn record(
        &self,
        state: &mut ScanState,
        buf: &[u8],
        open: OpenRecord,
        end: usize,
        run: &mut Option<Run>,
        starts: &mut Vec<usize>,
    ) {
        let seq = state.facts.records;
        state.facts.records += 1;
        state.facts.headers += u64::from(open.header);
        if self.filtered && open.healthy && seq >= BOOT {
            match run {
                Some(run) => run.range.end = end,
                None => *run = Some(Run { range: open.start..end, line: open.line, seq }),
            }
            starts.push(open.start);
            return;
        }
        self.run(state, buf, run, starts);
        let bytes = buf.get(open.start..end).unwrap_or_default();
        self.look(state, bytes, Location { line: open.line, byte: state.base + open.start as u64 }, seq);
    }

    /// The end of a run: searches it.
    fn run(&self, state: &mut ScanState, buf: &[u8], run: &mut Option<Run>, starts: &mut Vec<usize>) {
        let Some(run) = run.take() else { return };
        let bytes = buf.get(run.range.clone()).unwrap_or_default();
        let mut found = std::mem::take(&mut state.scratch.found);
        self.prefilter.find(bytes, &mut found);
        // escape sequences may stand inside a text: such lines are looked at
        if memchr::memchr2(0x1b, 0, bytes).is_some() {
            found.extend(memchr::memchr2_iter(0x1b, 0, bytes).map(|at| Found { at, last: None }));
            found.sort_unstable();
        }
        let mut next_line = 0;
        for hit in &found {
            let at = run.range.start + hit.at;
            let index = starts.partition_point(|s| *s <= at).saturating_sub(1);
            let Some(&start) = starts.get(index) else { continue };
            let end = starts.get(index + 1).copied().unwrap_or(run.range.end);
            let line = buf.get(start..end).unwrap_or_default();
            let place = Location { line: run.line + index as u64, byte: state.base + start as u64 };
            let seq = run.seq + index as u64;
            match hit.last {
                Some(class) => {
                    if let Some(kept) = state.kept.get_mut(usize::from(class))
                        && kept.at.is_none_or(|(_, s)| s != seq)
                    {
                        kept.bytes.clear();
                        kept.bytes.extend_from_slice(line);
                        kept.at = Some((place, seq));
                    }
                }
                None if index >= next_line => {
                    self.look(state, line, place, seq);
                    next_line = index + 1;
                }
                None => {}
            }
        }
        state.scratch.found = found;
        let last = starts.last().copied().unwrap_or(run.range.start);
        if let Some(time) = time_of(buf.get(last..run.range.end).unwrap_or_default()) {
            state.facts.last_time = Some(time);
        }
        starts.clear();
    }

    /// Parses a record and collects what it says. The kept lines before it come first.
    fn look(&self, state: &mut ScanState, bytes: &[u8], at: Location, seq: u64) {
        let gap = state.gap.take();
        let capped = (bytes.len() > MAX_RECORD).then(|| normalize::cap(bytes)).flatten();
        let record = normalize::record(capped.as_deref().unwrap_or(bytes), at, capped.is_some() || gap.is_some());
        let observed = self.observe(&record, seq, gap.map(|(at, _, lines)| (at, lines)), &mut state.facts);
        if observed.is_event() {
            let before: Vec<Kept> =
                state.kept.iter_mut().filter(|k| k.at.is_some_and(|(_, s)| s < seq)).map(std::mem::take).collect();
            self.flush(state, before);
        }
        collect::add(&mut state.facts, &mut state.scratch.state, observed);
    }

    fn flush(&self, state: &mut ScanState, mut kept: Vec<Kept>) {
        kept.retain(|k| k.at.is_some());
        kept.sort_by_key(|k| k.at.map(|(_, seq)| seq));
        kept.dedup_by_key(|k| k.at.map(|(_, seq)| seq));
        for line in kept {
            let Some((at, seq)) = line.at else { continue };
            let record = normalize::record(&line.bytes, at, false);
            let observed = self.observe(&record, seq, None, &mut state.facts);
            collect::add(&mut state.facts, &mut state.scratch.state, observed);
        }
    }
}

/// Drops what is done with, and the middle of a record that grows too large.
fn shrink(state: &mut ScanState) {
    let done = state.open.map_or(state.scanned, |o| o.start);
    if done > 0 {
        state.buf.drain(..done);
        state.base += done as u64;
        state.scanned -= done;
        if let Some(open) = &mut state.open {
            open.start = 0;
        }
    }
    if state.buf.len() <= 2 * MAX_RECORD {
        return;
    }
    let head_end = memchr::memrchr(b'\n', state.buf.get(..KEEP_HEAD).unwrap_or_default()).map_or(KEEP_HEAD, |i| i + 1);
    let tail_from = state.buf.len() - KEEP_TAIL;
    let tail = memchr::memchr(b'\n', state.buf.get(tail_from..state.scanned.max(tail_from)).unwrap_or_default())
        .map_or(tail_from, |i| tail_from + i + 1);
    let (at, bytes, lines) = state.gap.unwrap_or((head_end, 0, 0));
    let cut = head_end.max(at)..tail;
    let cut_lines = memchr::memchr_iter(b'\n', state.buf.get(cut.clone()).unwrap_or_default()).count() as u64;
    state.gap = Some((at, bytes + cut.len() as u64, lines + cut_lines));
    state.base += cut.len() as u64;
    state.scanned = state.scanned.saturating_sub(cut.len()).max(cut.start);
    state.buf.drain(cut);
}

/// Time of a header line.
fn time_of(line: &[u8]) -> Option<Timestamp> {
    let line = std::str::from_utf8(line.get(..line.len().min(256)).unwrap_or_default()).ok()?;
    let header = crate::record::header(line.trim_end())?;
    Timestamp::parse(line.get(header.time?)?)
}

fn is_frame(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    text.starts_with(b"at ") || (text.starts_with(b"... ") && text.trim_ascii_end().ends_with(b" more"))
}

/// A line without a header that begins another trace: text at column 0 that is neither a frame nor a cause.
fn begins_trace(line: &[u8]) -> bool {
    let first_is_name = line.first().is_some_and(u8::is_ascii_alphabetic);
    let goes_on =
        ["Caused by", "Suppressed", "Wrapped by", "at ", "..."].iter().any(|w| line.starts_with(w.as_bytes()));
    let word = line.split(|b| b.is_ascii_whitespace() || *b == b':').next().unwrap_or_default();
    first_is_name
        && !goes_on
        && (word.iter().filter(|b| **b == b'.').count() >= 2 || line.starts_with(b"Exception in thread"))
}
