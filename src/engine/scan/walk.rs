//! A walk over the lines of a buffer.

use std::ops::Range;

use super::ScanState;
use crate::engine::prefilter::Found;

/// A walk over lines, and the healthy records behind it that were not searched yet.
pub(super) struct Walk<'b> {
    pub(super) buf: &'b [u8],
    /// Where the records of the run begin.
    pub(super) starts: Vec<usize>,
    pub(super) run: Option<Run>,
    /// What was found in lines of the run.
    pub(super) found: Vec<Found>,
    /// Healthy records need not be looked at one by one.
    pub(super) skipping: bool,
}

/// A run of healthy one-line records.
pub(super) struct Run {
    pub(super) range: Range<usize>,
    pub(super) line: u64,
    pub(super) seq: u64,
    /// The loggers of its lines are known.
    pub(super) known: bool,
}

impl<'b> Walk<'b> {
    /// Begins a walk, with the memory of the one before.
    pub(super) fn new(state: &mut ScanState, buf: &'b [u8], skipping: bool) -> Self {
        let starts = std::mem::take(&mut state.scratch.starts);
        let found = std::mem::take(&mut state.scratch.found);
        Self { buf, starts, run: None, found, skipping }
    }

    /// Ends it, and gives the memory back.
    pub(super) fn end(mut self, state: &mut ScanState) {
        self.starts.clear();
        self.found.clear();
        state.scratch.starts = self.starts;
        state.scratch.found = self.found;
    }
}
