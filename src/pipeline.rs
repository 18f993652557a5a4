//! The one driver: `push(source, bytes)`, `end(source)`, `facts()`.
//!
//! `scan`, `watch`, `verify`, `merge` and `rules test` call nothing else. Sources are independent of each other until inference, so
//! they may be scanned in any order, or in parallel by one pipeline each whose facts are then joined.

pub mod facts;
mod follow;
pub mod read;

use std::sync::Arc;

use crate::diagnosis::{self, Diagnosis};
pub use crate::engine::Engine;
use crate::engine::facts::SourceFacts;
use crate::engine::scan::ScanState;
pub use crate::engine::scan::Unfinished;
use crate::record::Place;
use crate::rule::RuleSet;
pub use crate::unwrap::Bookmark;
use crate::unwrap::{Format, Sink, Unwrapper};
pub use facts::{FACTS_SCHEMA, Facts, join};
pub use follow::Followed;

/// An investigation in progress.
#[derive(Debug)]
pub struct Pipeline {
    engine: Arc<Engine>,
    feeds: Vec<Feed>,
    /// Rotated files of one writer are one log, as those of one file: series and writer by their number.
    series: Vec<(u32, String)>,
}

/// One source, with a stream for each writer in it.
#[derive(Debug)]
struct Feed {
    name: String,
    series: Option<u32>,
    /// When it was last changed, in seconds since 1970 (UTC).
    newest: Option<i64>,
    /// It is a regular file.
    file: bool,
    unwrapper: Unwrapper,
    streams: Vec<ScanState>,
}

/// Hands what comes out of a wrap to the engine.
struct Scan<'p> {
    engine: &'p Engine,
    name: &'p str,
    series: Option<u32>,
    newest: Option<i64>,
    file: bool,
    known: &'p mut Vec<(u32, String)>,
    streams: &'p mut Vec<ScanState>,
}

/// Numbers of series that come of writers begin here.
const WRITERS: u32 = 1 << 30;

impl Sink for Scan<'_> {
    fn give(&mut self, stream: usize, key: &str, bytes: &[u8], places: &[Place]) {
        while self.streams.len() <= stream {
            let series = of_writer(self.known, self.series, key);
            let mut state = ScanState::new(self.name, series);
            state.facts.newest = self.newest;
            state.facts.file = self.file;
            state.facts.writer = (!key.is_empty()).then(|| key.to_owned());
            self.streams.push(state);
        }
        if let Some(state) = self.streams.get_mut(stream) {
            self.engine.push_unwrapped(state, bytes, places);
        }
    }

    fn line(&self, stream: usize) -> u64 {
        self.streams.get(stream).map_or(1, ScanState::line)
    }
}

/// The series of what one writer wrote.
fn of_writer(known: &mut Vec<(u32, String)>, series: Option<u32>, key: &str) -> Option<u32> {
    let series = series?;
    if key.is_empty() {
        return Some(series);
    }
    let wanted = (series, key.to_owned());
    let number = known.iter().position(|k| *k == wanted).unwrap_or_else(|| {
        known.push(wanted);
        known.len() - 1
    });
    u32::try_from(number).ok().map(|n| WRITERS + n)
}

impl Pipeline {
    /// A pipeline over these rules. `prefilter: false` is the oracle.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>, prefilter: bool) -> Self {
        Self::with(Arc::new(Engine::new(rules, prefilter)))
    }

    /// A pipeline over an engine that others use too.
    #[must_use]
    pub fn with(engine: Arc<Engine>) -> Self {
        Self { engine, feeds: Vec::new(), series: Vec::new() }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Begins a source and returns its number. Sources of one series are rotated files of one log, oldest first.
    pub fn begin(&mut self, name: &str, series: Option<u32>) -> usize {
        self.feed(name, series, Unwrapper::new())
    }

    /// [`Self::begin`] of a source whose format is known; `None` is plain text.
    pub fn begin_as(&mut self, name: &str, series: Option<u32>, format: Option<Format>) -> usize {
        self.feed(name, series, Unwrapper::forced(format))
    }

    /// Puts the sources from number `from` on into this order, and each into its series; those that are not named are dropped. For
    /// archives, whose files come in any order: rotated ones are known only when all were read.
    pub fn arrange(&mut self, from: usize, order: &[(usize, Option<u32>)]) {
        let mut rest: Vec<Option<Feed>> = self.feeds.drain(from.min(self.feeds.len())..).map(Some).collect();
        for (number, series) in order {
            let taken = number.checked_sub(from).and_then(|n| rest.get_mut(n)?.take());
            let Some(mut feed) = taken else { continue };
            feed.series = *series;
            for state in &mut feed.streams {
                let key = state.facts.writer.as_deref().unwrap_or("");
                state.facts.series = of_writer(&mut self.series, *series, key);
            }
            self.feeds.push(feed);
        }
    }

    fn feed(&mut self, name: &str, series: Option<u32>, unwrapper: Unwrapper) -> usize {
        self.feeds.push(Feed {
            name: name.to_owned(),
            series,
            newest: None,
            file: false,
            unwrapper,
            streams: Vec::new(),
        });
        self.feeds.len() - 1
    }

    /// How many sources were begun: the number of the next.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.feeds.len()
    }

    /// Says when a source was last changed, in seconds since 1970 (UTC). It gives the year to times that are printed without one.
    pub fn changed(&mut self, source: usize, newest: i64) {
        if let Some(feed) = self.feeds.get_mut(source) {
            feed.newest = Some(newest);
            for state in &mut feed.streams {
                state.facts.newest = Some(newest);
            }
        }
    }

    /// Says that a source is a regular file, whose name may tell that it is a rotated one.
    pub fn is_file(&mut self, source: usize) {
        if let Some(feed) = self.feeds.get_mut(source) {
            feed.file = true;
            feed.streams.iter_mut().for_each(|state| state.facts.file = true);
        }
    }

    /// Says which bytes a source was made of, by a hash of them.
    pub fn content(&mut self, source: usize, hash: &str) {
        let Some(feed) = self.feeds.get_mut(source) else { return };
        for (number, state) in feed.streams.iter_mut().enumerate() {
            // writers of one file are not copies of each other
            state.facts.content = Some(if number == 0 { hash.to_owned() } else { format!("{hash}-{number}") });
        }
    }

    /// Says in which zone a source prints times, where it prints none, in seconds east of UTC. To be said when it was read.
    pub fn zoned(&mut self, source: usize, offset: i32) {
        for state in self.feeds.get_mut(source).into_iter().flat_map(|f| &mut f.streams) {
            state.facts.zone = Some(offset);
        }
    }

    /// Takes the next bytes of a source; unknown numbers are ignored.
    pub fn push(&mut self, source: usize, bytes: &[u8]) {
        self.with_feed(source, |unwrapper, sink| unwrapper.push(bytes, sink));
    }

    /// Says that a source has ended.
    pub fn end(&mut self, source: usize) {
        self.with_feed(source, |unwrapper, sink| {
            unwrapper.end(sink);
            if sink.streams.is_empty() {
                sink.give(0, "", &[], &[]);
            }
        });
        let Some(feed) = self.feeds.get_mut(source) else { return };
        let formats: Vec<String> = feed.unwrapper.formats().keys().map(|f| f.name().to_owned()).collect();
        for (number, state) in feed.streams.iter_mut().enumerate() {
            self.engine.end(state);
            let (bytes, lines) = feed.unwrapper.extra(number);
            state.facts.bytes = state.facts.bytes.saturating_add_signed(bytes);
            state.facts.lines = state.facts.lines.saturating_add_signed(lines);
            state.facts.formats.clone_from(&formats);
        }
    }

    fn with_feed(&mut self, source: usize, with: impl FnOnce(&mut Unwrapper, &mut Scan<'_>)) {
        let Some(Feed { name, series, newest, file, unwrapper, streams }) = self.feeds.get_mut(source) else { return };
        let (series, newest, file) = (*series, *newest, *file);
        with(
            unwrapper,
            &mut Scan { engine: &self.engine, name, series, newest, file, known: &mut self.series, streams },
        );
    }

    /// What a source gave so far, one for each writer in it.
    pub fn streams(&self, source: usize) -> impl Iterator<Item = &SourceFacts> {
        self.feeds.get(source).into_iter().flat_map(|f| &f.streams).map(|s| &s.facts)
    }

    /// What stands around the lines of a source, with the number of lines that have it.
    #[must_use]
    pub fn formats(&self, source: usize) -> Vec<(Format, u64)> {
        let formats = self.feeds.get(source).map(|f| f.unwrapper.formats());
        formats.into_iter().flatten().map(|(format, lines)| (*format, *lines)).collect()
    }

    /// What was found so far.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            schema: FACTS_SCHEMA.to_owned(),
            rules: self.engine.rules.version.clone(),
            sources: self.feeds.iter().flat_map(|f| &f.streams).map(|s| s.facts.clone()).collect(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            ..Facts::default()
        }
    }

    /// What these facts mean together.
    #[must_use]
    pub fn infer(&self, facts: &[SourceFacts], options: &diagnosis::Options) -> Diagnosis {
        diagnosis::infer(facts, &self.engine.rules, options)
    }

    /// What it means.
    #[must_use]
    pub fn diagnose(&self, options: &diagnosis::Options) -> Diagnosis {
        diagnosis::infer(&self.facts().sources, &self.engine.rules, options)
    }
}
