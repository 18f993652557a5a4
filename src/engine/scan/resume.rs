//! A source that goes on: what it holds between two looks, stored and taken up again.
//!
//! What is stored are facts and the place where the unfinished record begins, never bytes of the log: they may hold secrets. Whoever
//! takes a source up again reads on from that place.

use super::{Engine, ScanState, Scratch};
use crate::engine::collect::Collector;
use crate::engine::facts::SourceFacts;
use crate::record::{Location, Place};

/// The record at the end of what was read, which the next line may prolong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Where it begins; the end of the input if nothing is open.
    pub at: Location,
    /// Its whole lines.
    pub lines: u64,
    /// Bytes behind its last whole line.
    pub partial: usize,
    /// It may say something: it is not one line of INFO or below.
    pub speaks: bool,
}

impl ScanState {
    /// A source taken up again: what was found before `at`, where reading goes on.
    #[must_use]
    pub fn resume(facts: SourceFacts, at: Location) -> Self {
        let mut state = Self::new(&facts.name, facts.series);
        state.facts = facts;
        state.facts.bytes = at.byte;
        state.facts.lines = at.line.saturating_sub(1);
        state.base = at.byte;
        state.line = at.line.max(1);
        state.scratch.state = Collector::resume(&state.facts);
        state
    }

    /// Where a place of the text that is read stands in the file.
    #[must_use]
    pub fn stands(&self, at: Location) -> Location {
        self.places.outer(at)
    }

    /// What the next line may prolong.
    #[must_use]
    pub fn unfinished(&self) -> Unfinished {
        let partial = self.buf.len().saturating_sub(self.scanned);
        match self.open {
            Some(open) => Unfinished {
                // what was cut out of an oversized record lies behind its beginning
                at: Location {
                    line: open.line,
                    byte: (self.base + open.start as u64).saturating_sub(self.gap.map_or(0, |g| g.1)),
                },
                lines: open.lines,
                partial,
                speaks: !open.healthy,
            },
            None => Unfinished {
                at: Location { line: self.line, byte: self.base + self.scanned as u64 },
                lines: 0,
                partial,
                speaks: false,
            },
        }
    }
}

impl Engine {
    /// Brings the facts up to the last finished record: lines kept because they may be the last of their kind are taken for that.
    pub fn settle(&self, state: &mut ScanState) {
        self.flush(state, u64::MAX);
    }

    /// Ends the unfinished record; the next line begins another one.
    pub fn finish(&self, state: &mut ScanState) {
        let buf = std::mem::take(&mut state.buf);
        self.lines(state, &buf, true);
        state.forget();
        self.flush(state, u64::MAX);
    }

    /// The facts if the source ended here; the source goes on as if nobody had asked. Without `partial`, bytes behind the last line
    /// end do not count.
    #[must_use]
    pub fn preview(&self, state: &ScanState, partial: bool) -> SourceFacts {
        self.preview_with(state, partial, &[], &[])
    }

    /// The same if these bytes came before the end, with their places in the file.
    #[must_use]
    pub fn preview_with(&self, state: &ScanState, partial: bool, bytes: &[u8], places: &[Place]) -> SourceFacts {
        let mut ended = ScanState {
            facts: state.facts.clone(),
            buf: state.buf.get(..if partial { state.buf.len() } else { state.scanned }).unwrap_or_default().to_vec(),
            base: state.base,
            line: state.line,
            scanned: state.scanned,
            open: state.open,
            gap: state.gap,
            kept: state.kept.clone(),
            armed: state.armed.clone(),
            places: state.places.clone(),
            // what is known of logger names is large, and one record needs little of it
            scratch: Scratch { state: state.scratch.state.clone(), ..Scratch::default() },
        };
        self.push_unwrapped(&mut ended, bytes, places);
        self.end(&mut ended);
        ended.facts
    }

    /// Makes the facts smaller, see [`SourceFacts::compact`].
    pub fn compact(&self, state: &mut ScanState) {
        state.facts.compact();
        state.scratch.state = Collector::resume(&state.facts);
    }

    /// Lets go of failures that are over, see [`SourceFacts::forget_failures`].
    pub fn forget_failures(&self, state: &mut ScanState) {
        state.facts.forget_failures();
        state.scratch.state = Collector::resume(&state.facts);
    }
}
