//! Runs of healthy records: how they grow line by line, and what happens when one ends.

use std::ops::Range;

use super::kept::{self, line_at, line_index};
use super::shape::time_of;
use super::walk::{Run, Walk};
use super::{OpenRecord, ScanState, Scratch};
use crate::engine::Engine;
use crate::engine::prefilter::{Found, Line, LoggerLine, Seen};

/// A line that nothing is to be done about.
const PLAIN: Seen = Seen { line: Line::Plain, odd: false, hit: false };

/// Lines of a run by loggers that have texts of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Marked {
    /// To be searched.
    search: Vec<LoggerLine>,
    /// To be searched from the end on, until the last that matters is found.
    last: Vec<LoggerLine>,
}

impl Engine {
    /// Adds a healthy record to the run; what was `seen` of its line need not be looked for again.
    #[inline]
    pub(super) fn prolong(
        &self,
        state: &mut ScanState,
        walk: &mut Walk<'_>,
        open: &OpenRecord,
        end: usize,
        seen: Option<Seen>,
    ) {
        let bytes = walk.buf.get(open.start..end).unwrap_or_default();
        let seen = seen.unwrap_or_else(|| self.prefilter.new_line(&mut state.scratch.names, bytes));
        let known = seen.line != Line::Unknown;
        let start = match &mut walk.run {
            Some(run) if run.known == known => {
                run.range.end = end;
                run.range.start
            }
            _ => {
                self.run(state, walk);
                walk.skipping = self.skipping(state);
                if !walk.skipping {
                    return self.record(state, walk, open, end, Some(seen));
                }
                let seq = state.facts.records;
                walk.run = Some(Run { range: open.start..end, line: open.line, seq, known });
                open.start
            }
        };
        walk.starts.push(open.start);
        let at = open.start - start;
        self.mark(&mut state.scratch.marked, &mut walk.found, bytes, at, seen);
    }

    /// Notes what must be done about a line when its run ends; `at`: where in the run it begins.
    #[inline]
    fn mark(&self, marked: &mut Marked, found: &mut Vec<Found>, bytes: &[u8], at: usize, seen: Seen) {
        if seen.odd {
            // an escape sequence may stand inside a text: such lines are looked at
            found.push(Found { at, last: None });
        } else if seen.hit {
            self.prefilter.find_anywhere(bytes, at, found);
        }
        let line = |texts| LoggerLine { start: at, end: at + bytes.len(), texts };
        match seen.line {
            Line::Plain | Line::Unknown => {}
            Line::Search(texts) => marked.search.push(line(texts)),
            Line::Last(texts) => marked.last.push(line(texts)),
        }
    }

    /// From a healthy line on, adds to the run what precedes others whose heads are known. Returns the last of them, which may go on, and
    /// how many were passed.
    pub(super) fn prolong_more(
        &self,
        state: &mut ScanState,
        walk: &mut Walk<'_>,
        line: Range<usize>,
        seen: Seen,
    ) -> (Range<usize>, Seen, u64) {
        let Walk { buf, starts, run: Some(run), found, skipping: true } = walk else { return (line, seen, 0) };
        if !run.known {
            return (line, seen, 0);
        }
        let first = run.range.start;
        let Scratch { names, marked, .. } = &mut state.scratch;
        let (last, seen, count) = self.prefilter.known_lines(names, buf, (line, seen), |range, seen| {
            starts.push(range.start);
            if seen != PLAIN {
                let at = range.start - first;
                self.mark(marked, found, buf.get(range).unwrap_or_default(), at, seen);
            }
        });
        run.range.end = last.start;
        (last, seen, count)
    }

    /// The end of a run: searches it.
    #[inline(never)]
    pub(super) fn run(&self, state: &mut ScanState, walk: &mut Walk<'_>) {
        let Some(run) = walk.run.take() else { return };
        let (buf, starts) = (walk.buf, &mut walk.starts);
        state.facts.records += starts.len() as u64;
        state.facts.headers += starts.len() as u64;
        let bytes = buf.get(run.range.clone()).unwrap_or_default();
        let mut found = std::mem::take(&mut walk.found);
        let lines = run.known.then_some(state.scratch.marked.search.as_slice());
        self.prefilter.find_scoped(&state.scratch.names, bytes, lines, &mut found);
        state.scratch.marked.search.clear();
        found.sort_unstable();
        let mut next_line = 0;
        let mut quiet: Vec<(u8, usize)> = Vec::new();
        let mut lines_of_last = std::mem::take(&mut state.scratch.marked.last);
        let mut of_last = lines_of_last.as_slice();
        for hit in &found {
            let Some(class) = hit.last else {
                let index = line_index(&run, starts, hit.at);
                if index < next_line {
                    continue;
                }
                next_line = index + 1;
                // what this line says beside is found when it is looked at
                quiet.retain(|(_, at)| line_index(&run, starts, *at) < index);
                let before = kept::split_before(&mut of_last, &run, starts, index);
                self.keep_last(state, buf, &run, starts, &quiet, before);
                quiet.clear();
                let (line, place, seq) = line_at(buf, &run, starts, index, state.base);
                self.look(state, line, place, seq, true);
                // listening for silence: every line behind it
                while !state.armed.is_empty() && next_line < starts.len() {
                    let (line, place, seq) = line_at(buf, &run, starts, next_line, state.base);
                    next_line += 1;
                    self.look(state, line, place, seq, true);
                }
                kept::split_before(&mut of_last, &run, starts, next_line);
                continue;
            };
            if next_line == 0 || line_index(&run, starts, hit.at) >= next_line {
                quiet.push((class, hit.at));
            }
        }
        self.keep_last(state, buf, &run, starts, &quiet, of_last);
        lines_of_last.clear();
        state.scratch.marked.last = lines_of_last;
        found.clear();
        walk.found = found;
        let last_start = starts.last().copied().unwrap_or(run.range.start);
        if let Some(time) = time_of(buf.get(last_start..run.range.end).unwrap_or_default()) {
            state.facts.seen(self.read_time(time), run.seq + (starts.len() as u64).saturating_sub(1));
        }
        starts.clear();
    }
}
