//! Chunks become records, and records become facts.
//!
//! Framing is a single walk over line ends; healthy records are gathered into runs and only their bytes are searched
//! ([`prefilter`](super::prefilter)). All state between two chunks is in [`ScanState`], which can be stored.

mod kept;

use std::ops::Range;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use self::kept::{line_at, line_index};
use super::collect;
use super::facts::{Part, SourceFacts};
use super::observe::Observed;
use super::prefilter::{Found, Line};
use super::{Engine, Owner, track};
use crate::record::layout::{Probe, probe};
use crate::record::{KEEP_HEAD, KEEP_TAIL, Location, MAX_RECORD, Timestamp, normalize};

/// The first records of a source are always looked at: they hold versions and tell which process wrote it.
pub const BOOT: u64 = 256;

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
    of_logger: Vec<(usize, usize)>,
    key: Vec<u8>,
    /// Key → index in `kept`.
    index: HashMap<Vec<u8>, usize>,
    state: collect::Collector,
}

/// A run of healthy one-line records.
struct Run {
    range: Range<usize>,
    line: u64,
    seq: u64,
    /// The loggers of its lines are known.
    known: bool,
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
        self.flush(state, u64::MAX);
        collect::finish(&mut state.facts, &mut state.scratch.state);
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
        if self.filtered && open.healthy && seq >= BOOT && state.armed.is_empty() {
            let kind = self.prefilter.line(buf.get(open.start..end).unwrap_or_default());
            let known = kind != Line::Unknown;
            if run.as_ref().is_some_and(|r| r.known != known) {
                self.run(state, buf, run, starts);
            }
            let run = run.get_or_insert(Run { range: open.start..end, line: open.line, seq, known });
            run.range.end = end;
            if kind == Line::OfLogger {
                state.scratch.of_logger.push((open.start - run.range.start, end - run.range.start));
            }
            starts.push(open.start);
            return;
        }
        self.run(state, buf, run, starts);
        let bytes = buf.get(open.start..end).unwrap_or_default();
        self.look(state, bytes, Location { line: open.line, byte: state.base + open.start as u64 }, seq, open.healthy);
    }

    /// The end of a run: searches it.
    fn run(&self, state: &mut ScanState, buf: &[u8], run: &mut Option<Run>, starts: &mut Vec<usize>) {
        let Some(run) = run.take() else { return };
        let bytes = buf.get(run.range.clone()).unwrap_or_default();
        let mut found = std::mem::take(&mut state.scratch.found);
        let lines = run.known.then_some(state.scratch.of_logger.as_slice());
        self.prefilter.find(bytes, lines, &mut found);
        state.scratch.of_logger.clear();
        // escape sequences may stand inside a text: such lines are looked at
        if memchr::memchr2(0x1b, 0, bytes).is_some() {
            found.extend(memchr::memchr2_iter(0x1b, 0, bytes).map(|at| Found { at, last: None }));
            found.sort_unstable();
        }
        let mut next_line = 0;
        let mut quiet: Vec<(u8, usize)> = Vec::new();
        for hit in &found {
            let Some(class) = hit.last else {
                let index = line_index(&run, starts, hit.at);
                if index < next_line {
                    continue;
                }
                next_line = index + 1;
                // what this line says beside is found when it is looked at
                quiet.retain(|(_, at)| line_index(&run, starts, *at) < index);
                self.keep_last(state, buf, &run, starts, &quiet);
                quiet.clear();
                let (line, place, seq) = line_at(buf, &run, starts, index, state.base);
                self.look(state, line, place, seq, true);
                // listening for silence: every line behind it
                while !state.armed.is_empty() && next_line < starts.len() {
                    let (line, place, seq) = line_at(buf, &run, starts, next_line, state.base);
                    next_line += 1;
                    self.look(state, line, place, seq, true);
                }
                continue;
            };
            if next_line == 0 || line_index(&run, starts, hit.at) >= next_line {
                quiet.push((class, hit.at));
            }
        }
        self.keep_last(state, buf, &run, starts, &quiet);
        state.scratch.found = found;
        let last_start = starts.last().copied().unwrap_or(run.range.start);
        if let Some(time) = time_of(buf.get(last_start..run.range.end).unwrap_or_default()) {
            state.facts.seen(time, run.seq + (starts.len() as u64).saturating_sub(1));
        }
        starts.clear();
    }

    /// Parses a record and collects what it says. The kept lines before it come first.
    fn look(&self, state: &mut ScanState, bytes: &[u8], at: Location, seq: u64, healthy: bool) {
        let gap = state.gap.take();
        let capped = (bytes.len() > MAX_RECORD).then(|| normalize::cap(bytes)).flatten();
        let record = normalize::record(capped.as_deref().unwrap_or(bytes), at, capped.is_some() || gap.is_some());
        let observed = self.observe(&record, seq, healthy, gap.map(|(at, _, lines)| (at, lines)), &mut state.facts);
        if observed.is_event() {
            self.flush(state, seq);
        }
        self.arm(state, &observed);
        collect::add(&mut state.facts, &mut state.scratch.state, observed);
    }

    /// A step that must be followed by silence was seen: from now on every record is looked at, until the silence is broken.
    fn arm(&self, state: &mut ScanState, observed: &Observed) {
        // the line of the step itself is of such a logger: it does not break the silence behind it
        let words = observed.steps.iter().filter(|h| h.part == Part::Activity);
        let steps = observed.steps.iter().filter(|h| matches!(h.part, Part::Step(_)));
        for hit in words.chain(steps) {
            let same = |owner: Owner| {
                matches!(owner, Owner::Part { rule, alternative, part: Part::Activity }
                    if alternative == hit.alternative && self.rules.rule(rule).is_some_and(|r| r.id == hit.rule))
            };
            let Some(probe) = (0_u32..).zip(&self.probes).find(|(_, p)| same(p.owner)).map(|(i, _)| i) else {
                continue;
            };
            state.armed.retain(|p| *p != probe);
            if matches!(hit.part, Part::Step(_)) {
                state.armed.push(probe);
            }
        }
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
            let observed = if line.key.first() == Some(&track::HEALTH) {
                self.observe(&record, line.seq, true, None, &mut state.facts)
            } else {
                Observed::of_state(&record, line.seq)
            };
            collect::add(&mut state.facts, &mut state.scratch.state, observed);
        }
        state.kept = later;
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
    // broken bytes, or a letter cut in two, do not make the time unknown
    let line = String::from_utf8_lossy(line.get(..line.len().min(256)).unwrap_or_default());
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
