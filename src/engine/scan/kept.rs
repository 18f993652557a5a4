//! Healthy lines of which only the last of a kind matters: the connector moving, completed checkpoints, and changes of state by task.

use super::{Kept, MAX_KEPT, Run, ScanState};
use crate::engine::{Engine, track};
use crate::record::{Location, normalize};

impl Engine {
    /// Of lines between two lines that are looked at, keeps the last of each kind.
    pub(super) fn keep_last(
        &self,
        state: &mut ScanState,
        buf: &[u8],
        run: &Run,
        starts: &[usize],
        quiet: &[(u8, usize)],
    ) {
        for (_, at) in quiet.iter().filter(|(class, _)| *class == track::STATES) {
            keep(state, buf, run, starts, track::STATES, *at);
        }
        if let Some((class, at)) = quiet.iter().rev().find(|(class, _)| *class == track::CHECKPOINTS) {
            keep(state, buf, run, starts, *class, *at);
        }
        // the text of a healthy line may stand in one that is none
        let healthy = quiet.iter().rev().filter(|(class, _)| *class == track::HEALTH).find(|(_, at)| {
            let (line, place, _) = line_at(buf, run, starts, line_index(run, starts, *at), state.base);
            self.is_healthy(&normalize::record(line, place, false))
        });
        if let Some((class, at)) = healthy {
            keep(state, buf, run, starts, *class, *at);
        }
    }
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
