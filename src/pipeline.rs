//! The one driver: `push(source, bytes)`, `end(source)`, `facts()`.
//!
//! `scan`, `watch`, `verify`, `merge` and `rules test` call nothing else. Sources are independent of each other until inference, so
//! they may be scanned in any order, or in parallel by one pipeline each whose facts are then joined.

pub mod facts;
pub mod read;

use std::sync::Arc;

use crate::diagnosis::{self, Diagnosis};
use crate::engine::scan::ScanState;
use crate::engine::{BadRules, Engine};
use crate::rule::RuleSet;
pub use facts::{FACTS_SCHEMA, Facts, join};

/// An investigation in progress.
#[derive(Debug)]
pub struct Pipeline {
    engine: Arc<Engine>,
    sources: Vec<ScanState>,
}

impl Pipeline {
    /// A pipeline over these rules. `prefilter: false` is the oracle.
    ///
    /// # Errors
    /// If the rules cannot be compiled into an engine.
    pub fn new(rules: Arc<RuleSet>, prefilter: bool) -> Result<Self, BadRules> {
        Ok(Self::with(Arc::new(Engine::new(rules, prefilter)?)))
    }

    /// A pipeline over an engine that others use too.
    #[must_use]
    pub fn with(engine: Arc<Engine>) -> Self {
        Self { engine, sources: Vec::new() }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Begins a source and returns its number. Sources of one series are rotated files of one log, oldest first.
    pub fn begin(&mut self, name: &str, series: Option<u32>) -> usize {
        self.sources.push(ScanState::new(name, series));
        self.sources.len() - 1
    }

    /// Says when a source was last changed, in seconds since 1970 (UTC). It gives the year to times that are printed without one.
    pub fn changed(&mut self, source: usize, newest: i64) {
        if let Some(state) = self.sources.get_mut(source) {
            state.facts.newest = Some(newest);
        }
    }

    /// Says that a source is a regular file, whose name may tell that it is a rotated one.
    pub fn is_file(&mut self, source: usize) {
        if let Some(state) = self.sources.get_mut(source) {
            state.facts.file = true;
        }
    }

    /// Says which bytes a source was made of, by a hash of them.
    pub fn content(&mut self, source: usize, hash: String) {
        if let Some(state) = self.sources.get_mut(source) {
            state.facts.content = Some(hash);
        }
    }

    /// Takes the next bytes of a source; unknown numbers are ignored.
    pub fn push(&mut self, source: usize, bytes: &[u8]) {
        if let Some(state) = self.sources.get_mut(source) {
            self.engine.push(state, bytes);
        }
    }

    /// Says that a source has ended.
    pub fn end(&mut self, source: usize) {
        if let Some(state) = self.sources.get_mut(source) {
            self.engine.end(state);
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            schema: FACTS_SCHEMA.to_owned(),
            rules: self.engine.rules.version.clone(),
            sources: self.sources.iter().map(|s| s.facts.clone()).collect(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            ..Facts::default()
        }
    }

    /// What it means.
    #[must_use]
    pub fn diagnose(&self, options: &diagnosis::Options) -> Diagnosis {
        diagnosis::infer(&self.facts().sources, &self.engine.rules, options)
    }
}
