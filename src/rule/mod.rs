//! The rule language, compiled.
//!
//! YAML becomes raw structures ([`raw`], [`yaml`]), those become [`Rule`]s ([`compile`]) or [`Problem`](crate::diagnostic::Problem)s,
//! and rules become a [`RuleSet`]: immutable, shared by all scans. The language itself is described in `rules/README.md`.
//! This module is compiled twice: into the program, and into `build.rs`, which checks and packs the shipped rules.

pub mod compile;
pub mod dialect;
pub mod pattern;
pub mod plain;
pub mod raw;
pub mod set;
pub mod sql;
pub mod system;
pub mod template;
pub mod texts;
pub mod vocabulary;
pub mod yaml;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use pattern::{Glob, Pattern};
pub use set::RuleSet;
pub use texts::{CheckText, FixText, RuleTexts};
pub use vocabulary::Vocabulary;

/// What a rule's match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A root cause.
    Cause,
    /// What a cause looks like from outside.
    Symptom,
    /// A harmless record that shouts.
    Noise,
}

/// What a cause means for the job while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// The job does not run.
    Down,
    /// The job runs and moves nothing.
    Stalled,
    /// Changes are lost.
    DataLoss,
    /// It works, but badly.
    Degraded,
}

impl Impact {
    /// As in YAML and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Stalled => "stalled",
            Self::DataLoss => "data-loss",
            Self::Degraded => "degraded",
        }
    }
}

/// How sure a match makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// One of several that fit.
    Possible,
    /// Fits best.
    Likely,
    /// The log states it.
    Certain,
}

impl Confidence {
    /// One step lower, if there is one.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::Certain => Self::Likely,
            Self::Likely | Self::Possible => Self::Possible,
        }
    }
}

/// Which process wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Process {
    /// A Flink TaskManager.
    Taskmanager,
    /// A Flink JobManager.
    Jobmanager,
    /// The PostgreSQL server.
    Postgres,
    /// A client that submits jobs.
    Client,
    /// It cannot be told.
    Unknown,
}

impl Process {
    /// As in YAML and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Taskmanager => "taskmanager",
            Self::Jobmanager => "jobmanager",
            Self::Postgres => "postgres",
            Self::Client => "client",
            Self::Unknown => "unknown",
        }
    }
}

/// Lowest level of an entry's `level:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MinLevel {
    /// INFO or above.
    Info,
    /// WARN or above.
    Warn,
    /// ERROR or above.
    Error,
}

/// One entry: everything said must hold (see `rules/README.md`, "Entries").
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Entry {
    /// Pattern on a throwable's message.
    pub message: Option<Pattern>,
    /// Glob on its canonical class.
    pub exception: Option<Glob>,
    /// Glob on its class as printed.
    pub raw_exception: Option<Glob>,
    /// Glob on one of its frames.
    pub frame: Option<Glob>,
    /// It must stand under `Suppressed:`.
    pub suppressed: bool,
    /// Pattern on the record's own text.
    pub log: Option<Pattern>,
    /// Glob on the logger.
    pub logger: Option<Glob>,
    /// Lowest level.
    pub level: Option<MinLevel>,
    /// Process that wrote the record.
    pub from: Option<Process>,
    /// Each must hold on another throwable.
    pub chain: Vec<Entry>,
    /// None may hold in the record.
    pub not_any: Vec<Entry>,
    /// Source system a context line speaks of.
    pub system: Option<String>,
    /// One of these stands in every record that matches, at `scope`.
    pub literals: Vec<String>,
    /// Where the literals are looked for.
    pub scope: Scope,
}

/// Which records an entry is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Scope {
    /// Records that carry a throwable, shout, or have no header.
    #[default]
    Throwable,
    /// Every record, at every level.
    Any,
}

impl Entry {
    /// It must hold on a throwable, not on the record alone.
    #[must_use]
    pub fn on_throwable(&self) -> bool {
        self.message.is_some() || self.of_class()
    }

    /// It says something of a throwable that plain text cannot show: its class, a frame, its place.
    #[must_use]
    pub fn of_class(&self) -> bool {
        self.exception.is_some() || self.raw_exception.is_some() || self.frame.is_some() || self.suppressed
    }

    /// How much the entry says: with two causes on one text, the one that says more wins.
    #[must_use]
    pub fn weight(&self) -> usize {
        usize::from(self.message.is_some())
            + usize::from(self.exception.is_some())
            + usize::from(self.raw_exception.is_some())
            + usize::from(self.frame.is_some())
            + usize::from(self.log.is_some())
            + usize::from(self.from.is_some())
            + self.chain.len()
    }
}

/// Silence that a sequence ends in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Silence {
    /// Loggers that must be silent.
    pub logger: Glob,
    /// For how long, in milliseconds.
    pub millis: i64,
}

/// Several records in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sequence {
    /// In the order of the log.
    pub steps: Vec<Entry>,
    /// Longest time from the first to the last, in milliseconds.
    pub within: Option<i64>,
    /// Captures that must be equal.
    pub same: Vec<String>,
    /// Captures that a later step must give otherwise than an earlier one.
    pub differ: Vec<String>,
    /// None of these between the first and the last.
    pub without: Vec<Entry>,
    /// The last step this many times.
    pub count: u32,
    /// Silence after the last step.
    pub then_nothing: Option<Silence>,
}

/// One alternative of `match`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alternative {
    /// A single record.
    pub entry: Option<Arc<Entry>>,
    /// Several records.
    pub sequence: Option<Sequence>,
    /// How sure it makes.
    pub confidence: Confidence,
    /// English original of a translated text.
    pub english: Option<String>,
}

/// One rule, without its texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// `system/name`.
    pub id: String,
    /// Title.
    pub title: String,
    /// One sentence with names.
    pub headline: String,
    /// Category.
    pub category: String,
    /// Cause, symptom or noise.
    pub role: Role,
    /// What it means for the job.
    pub impact: Impact,
    /// Alternatives of `match`.
    pub alternatives_of_match: Vec<Alternative>,
    /// Causes that print the same text.
    pub alternatives: Vec<String>,
    /// What follows from it.
    pub leads_to: Vec<String>,
    /// Causes it hides.
    pub masks: Vec<String>,
    /// A retry survives it.
    pub transient: bool,
    /// It stays until the job is new.
    pub clears_never: bool,
    /// What a symptom may stand for.
    pub suspects: Vec<String>,
    /// Entries that rule it out.
    pub refuted_by: Vec<Entry>,
    /// File it was read from.
    pub file: String,
}

impl Rule {
    /// `postgres` of `postgres/slot-missing`.
    #[must_use]
    pub fn system(&self) -> &str {
        self.id.split('/').next().unwrap_or("")
    }
}
