//! Healthy lines of which only the last of a kind matters: the connector moving, completed checkpoints, and changes of state by task.

use super::walk::Run;
use super::{Kept, MAX_KEPT, ScanState};
use crate::engine::prefilter::LoggerLine;
use crate::engine::{Engine, track};
use crate::record::{Location, normalize};

impl Engine {
    /// Of lines between two lines that are looked at, keeps the last of each kind. `quiet` are places that were found, `of_last` lines
    /// of loggers whose texts were not looked for yet.
    pub(super) fn keep_last(
        &self,
        state: &mut ScanState,
        buf: &[u8],
        run: &Run,
        starts: &[usize],
        quiet: &[(u8, usize)],
        of_last: &[LoggerLine],
    ) {
        for (_, at) in quiet.iter().filter(|(class, _)| *class == track::STATES) {
            keep(state, buf, run, starts, track::STATES, *at);
        }
        for class in [track::CHECKPOINTS, track::HEALTH] {
            // the text of a healthy line may stand in one that is none
            let holds = |at: usize| {
                let (line, place, _) = line_at(buf, run, starts, line_index(run, starts, at), state.base);
                class != track::HEALTH || self.is_healthy(&normalize::record(line, place, false))
            };
            let found = quiet.iter().rev().filter(|(c, _)| *c == class).map(|(_, at)| *at).find(|at| holds(*at));
            let later = of_last.iter().rev().take_while(|line| found.is_none_or(|at| line.start > at));
            let mut hits = std::mem::take(&mut state.scratch.in_line);
            let mut says = |line: &&LoggerLine| {
                if !self.prefilter.may_be(&state.scratch.names, line.texts, class) {
                    return false;
                }
                let range = run.range.start + line.start..run.range.start + line.end;
                self.prefilter.find_in_line(
                    &state.scratch.names,
                    buf.get(range).unwrap_or_default(),
                    line.texts,
                    &mut hits,
                );
                hits.iter().any(|hit| hit.last.is_none_or(|c| c == class)) && holds(line.start)
            };
            let last = later.clone().find(|line| says(line)).map(|line| line.start);
            state.scratch.in_line = hits;
            if let Some(at) = last.or(found) {
                keep(state, buf, run, starts, class, at);
            }
        }
    }
}

/// Cuts off the lines before line `index` of the run, and returns them.
pub(super) fn split_before<'l>(
    lines: &mut &'l [LoggerLine],
    run: &Run,
    starts: &[usize],
    index: usize,
) -> &'l [LoggerLine] {
    let start = starts.get(index).map_or(usize::MAX, |s| s - run.range.start);
    let (before, rest) = lines.split_at(lines.partition_point(|line| line.start < start));
    *lines = rest;
    before
}

/// Which line of a run holds this place.
pub(super) fn line_index(run: &Run, starts: &[usize], at: usize) -> usize {
    starts.partition_point(|s| *s <= run.range.start + at).saturating_sub(1)
}

/// A line of a run, where it is, and the number of its record.
pub(super) fn line_at<'b>(
    buf: &'b [u8],
    run: &Run,
    starts: &[usize],
    index: usize,
    base: u64,
) -> (&'b [u8], Location, u64) {
    let start = starts.get(index).copied().unwrap_or(run.range.start);
    let end = starts.get(index + 1).copied().unwrap_or(run.range.end);
    let line = buf.get(start..end).unwrap_or_default();
    (line, Location { line: run.line + index as u64, byte: base + start as u64 }, run.seq + index as u64)
}

/// Keeps a line as the last of its kind.
fn keep(state: &mut ScanState, buf: &[u8], run: &Run, starts: &[usize], class: u8, at: usize) {
    let (line, place, seq) = line_at(buf, run, starts, line_index(run, starts, at), state.base);
    let place = state.places.outer(place);
    let mut key = std::mem::take(&mut state.scratch.key);
    key.clear();
    key.push(class);
    if class == track::STATES {
        let (subject, to) = track::state_key(line);
        key.extend_from_slice(subject);
        key.push(0);
        key.extend_from_slice(to);
    }
    if state.scratch.index.len() != state.kept.len() {
        state.scratch.index = state.kept.iter().enumerate().map(|(i, k)| (k.key.clone(), i)).collect();
    }
    let room = state.kept.len() < MAX_KEPT;
    match state.scratch.index.get(&key).and_then(|i| state.kept.get_mut(*i)) {
        Some(known) => {
            known.bytes.clear();
            known.bytes.extend_from_slice(line);
            known.at = place;
            known.seq = seq;
        }
        None if room => {
            state.scratch.index.insert(key.clone(), state.kept.len());
            state.kept.push(Kept { key: key.clone(), bytes: line.to_vec(), at: place, seq });
        }
        None => {}
    }
    state.scratch.key = key;
}

/// A hash for keys of kept lines. There are a few thousand at most, so an attacker gains nothing by making them collide.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyHasher(u64);

impl std::hash::Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        // the last word may overlap the one before it
        let last = bytes.last_chunk::<8>().filter(|_| !rest.is_empty());
        for word in words.iter().chain(last) {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if words.is_empty() {
            for byte in rest {
                self.write_u64(u64::from(*byte));
            }
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
