//! A source that is read while it is written: the same way as a scan, by which reading can be taken up again at any place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Pipeline;
use crate::engine::Engine;
use crate::engine::facts::SourceFacts;
use crate::engine::scan::{ScanState, Unfinished};
use crate::record::{Location, Place};
use crate::unwrap::{Bookmark, Sink, Unwrapper};

/// A record of one writer is finished when others have written so many bytes behind it: reading need not go back so far.
const FAR: u64 = 1 << 20;

/// A source that is read while it is written, with a stream for each writer in it; there is always one.
#[derive(Debug)]
pub struct Followed {
    engine: Arc<Engine>,
    unwrapper: Unwrapper,
    writers: Vec<ScanState>,
    /// Where bytes last came of each writer.
    last: Vec<u64>,
    /// Writers of whom bytes came with the last push.
    touched: BTreeSet<usize>,
    /// Bytes read.
    pos: u64,
}

/// Hands what comes out of a wrap to the engine.
struct Live<'f> {
    engine: &'f Engine,
    writers: &'f mut Vec<ScanState>,
    touched: &'f mut BTreeSet<usize>,
}

impl Sink for Live<'_> {
    fn give(&mut self, stream: usize, key: &str, bytes: &[u8], places: &[Place]) {
        let writer = (!key.is_empty()).then(|| key.to_owned());
        while self.writers.len() <= stream {
            let name = self.writers.first().map_or("", |w| w.facts.name.as_str());
            let mut state = ScanState::new(name, None);
            state.facts.writer.clone_from(&writer);
            self.writers.push(state);
        }
        let Some(state) = self.writers.get_mut(stream) else { return };
        if state.facts.writer != writer {
            // the first one is there before it is known who writes
            state.facts.series = None;
            state.facts.writer = writer;
        }
        self.engine.push_unwrapped(state, bytes, places);
        if !bytes.is_empty() {
            self.touched.insert(stream);
        }
    }

    fn line(&self, stream: usize) -> u64 {
        self.writers.get(stream).map_or(1, ScanState::line)
    }
}

/// What would come if nothing more did.
struct Rest<'f> {
    writers: &'f [ScanState],
    given: BTreeMap<usize, (Vec<u8>, Vec<Place>)>,
}

impl Sink for Rest<'_> {
    fn give(&mut self, stream: usize, _: &str, bytes: &[u8], places: &[Place]) {
        if !bytes.is_empty() {
            let given = self.given.entry(stream).or_default();
            given.0.extend_from_slice(bytes);
            given.1.extend_from_slice(places);
        }
    }

    fn line(&self, stream: usize) -> u64 {
        self.writers.get(stream).map_or(1, ScanState::line)
    }
}

impl Pipeline {
    /// A source of its own, that goes on for as long as its file does: with what was found of each writer before that place.
    #[must_use]
    pub fn follow(&self, facts: Vec<SourceFacts>, from: &Bookmark) -> Followed {
        let name = facts.first().map_or_else(String::new, |f| f.name.clone());
        let count = facts.len().max(from.writers.len()).max(1);
        let mut facts = facts.into_iter();
        let resume = |number: usize| {
            let (writer, at) = match from.writers.get(number) {
                Some((key, at)) => (Some(key.clone()).filter(|k| !k.is_empty()), *at),
                None => (None, from.at),
            };
            let new = || SourceFacts { name: name.clone(), writer, ..SourceFacts::default() };
            ScanState::resume(facts.next().unwrap_or_else(new), at)
        };
        let writers: Vec<ScanState> = (0..count).map(resume).collect();
        Followed {
            engine: Arc::clone(self.engine()),
            unwrapper: Unwrapper::follow(from),
            last: vec![from.at.byte; writers.len()],
            writers,
            touched: BTreeSet::new(),
            pos: from.at.byte,
        }
    }
}

impl Followed {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.touched.clear();
        self.pos += bytes.len() as u64;
        let mut sink = Live { engine: &self.engine, writers: &mut self.writers, touched: &mut self.touched };
        self.unwrapper.push(bytes, &mut sink);
        if let Some(before) = self.pos.checked_sub(FAR).filter(|_| self.unwrapper.waits()) {
            self.unwrapper.let_go(before, &mut sink);
        }
        self.last.resize(self.writers.len(), self.pos);
        for (number, (state, last)) in self.writers.iter_mut().zip(&mut self.last).enumerate() {
            if self.touched.contains(&number) {
                *last = self.pos;
            } else if self.pos - *last > FAR && state.unfinished().lines > 0 {
                self.engine.finish(state);
            }
        }
    }

    /// How many writers there are, and which of them the last bytes were of.
    #[must_use]
    pub fn touched(&self) -> (usize, &BTreeSet<usize>) {
        (self.writers.len(), &self.touched)
    }

    /// Gives the source another name: its file was renamed.
    pub fn rename(&mut self, name: &str) {
        for state in &mut self.writers {
            name.clone_into(&mut state.facts.name);
        }
    }

    /// Gives writers without a number one.
    pub fn number(&mut self, mut of: impl FnMut(&SourceFacts) -> u32) {
        for state in self.writers.iter_mut().filter(|s| s.facts.series.is_none()) {
            state.facts.series = Some(of(&state.facts));
        }
    }

    /// Brings the facts of a writer up to the last finished record.
    pub fn settle(&mut self, writer: usize) {
        if let Some(state) = self.writers.get_mut(writer) {
            self.engine.settle(state);
        }
    }

    /// What was found of a writer so far, up to the last finished record.
    #[must_use]
    pub fn facts(&self, writer: usize) -> Option<&SourceFacts> {
        self.writers.get(writer).map(|s| &s.facts)
    }

    /// The record of a writer that the next line may prolong, with its place in the file.
    #[must_use]
    pub fn unfinished(&self, writer: usize) -> Unfinished {
        let next = || self.unwrapper.next(writer);
        let Some(state) = self.writers.get(writer) else {
            return Unfinished { at: next(), lines: 0, partial: 0, speaks: false };
        };
        let unfinished = state.unfinished();
        let own = unfinished.lines > 0 || unfinished.partial > 0;
        Unfinished { at: if own { state.stands(unfinished.at) } else { next() }, ..unfinished }
    }

    /// A line is there without its end.
    #[must_use]
    pub fn has_partial(&self) -> bool {
        self.unwrapper.waits() || self.writers.iter().any(|s| s.unfinished().partial > 0)
    }

    /// What would have been found of a writer if the source ended here. A line without its end does not count.
    #[must_use]
    pub fn preview(&self, writer: usize) -> SourceFacts {
        self.writers.get(writer).map(|s| self.engine.preview(s, false)).unwrap_or_default()
    }

    /// The same of the writers for whom a line without its end makes a difference, if it counts.
    #[must_use]
    pub fn preview_partial(&self) -> Vec<(usize, SourceFacts)> {
        let mut rest = Rest { writers: &self.writers, given: BTreeMap::new() };
        if self.unwrapper.waits() {
            self.unwrapper.clone().end(&mut rest);
        }
        let mut found = Vec::new();
        for (number, state) in self.writers.iter().enumerate() {
            let given = rest.given.remove(&number);
            if given.is_some() || state.unfinished().partial > 0 {
                let (bytes, places) = given.unwrap_or_default();
                found.push((number, self.engine.preview_with(state, true, &bytes, &places)));
            }
        }
        found
    }

    /// Makes the facts of a writer smaller if they have grown.
    pub fn compact(&mut self, writer: usize) {
        if let Some(state) = self.writers.get_mut(writer) {
            self.engine.compact(state);
        }
    }

    /// Lets go of failures of a writer that are over.
    pub fn forget_failures(&mut self, writer: usize) {
        if let Some(state) = self.writers.get_mut(writer) {
            self.engine.forget_failures(state);
        }
    }

    /// Where reading can be taken up again, with the facts up to the last finished records.
    #[must_use]
    pub fn bookmark(&self) -> Bookmark {
        let open: Vec<Location> = (0..self.writers.len()).map(|n| self.unfinished(n).at).collect();
        self.unwrapper.bookmark(&open)
    }

    /// The facts, when nothing more will come, and how the source is read.
    #[must_use]
    pub fn end(mut self) -> (Vec<SourceFacts>, Bookmark) {
        let mut sink = Live { engine: &self.engine, writers: &mut self.writers, touched: &mut self.touched };
        self.unwrapper.end(&mut sink);
        for state in &mut self.writers {
            self.engine.end(state);
        }
        let plain = self.writers.first().filter(|_| self.unwrapper.is_plain());
        let line = plain.map_or_else(
            || self.unwrapper.next(usize::MAX).line,
            |s| s.stands(Location { line: s.line(), byte: 0 }).line,
        );
        let mark = self.bookmark().moved(Location { line, byte: self.pos });
        (self.writers.into_iter().map(|s| s.facts).collect(), mark)
    }
}
