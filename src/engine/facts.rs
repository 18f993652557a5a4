//! Facts: what the scan of one source found, before anything is inferred from it.
//!
//! Owned, bounded, serialisable and free of secrets. A scan of two sources is the two scans put together; nothing here depends on
//! chunk sizes, threads or the prefilter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Layout, Level, Location, Timestamp};
use crate::rule::{Confidence, Process};

/// Most events kept of one source; repeats of an event that is kept are only counted.
pub const MAX_EVENTS: usize = 20_000;
/// Most hits kept of one step of a sequence, at either end.
pub const MAX_STEPS: usize = 64;
/// Most different values kept of one parameter.
pub const MAX_VALUES: usize = 32;

/// Everything one source gave.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceFacts {
    /// Name for people: path as given, or `<stdin>`.
    pub name: String,
    /// Sources of one series are rotated files of one log, oldest first.
    pub series: Option<u32>,
    /// Who wrote it (pod, container, `stderr`, a process), if what stands around the lines says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// First record with lines of several writers that nothing tells apart: its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<u64>,
    /// What stood around the lines, or how events are written that are no plain text: `cri`, `docker`, `ecs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
    /// Bytes read, decoded.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Records seen.
    pub records: u64,
    /// Records with a header.
    pub headers: u64,
    /// Layout of most records with a header.
    pub layout: Option<Layout>,
    /// Time of the first record.
    pub first_time: Option<Timestamp>,
    /// Time of the last record that has one.
    pub last_time: Option<Timestamp>,
    /// Number of that record.
    pub last_seq: u64,
    /// Votes for the process that wrote it, by process.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, u32>"))]
    pub votes: BTreeMap<Process, u32>,
    /// What happened, in the order of the log.
    pub events: Vec<Event>,
    /// Hits of steps of sequences.
    pub steps: Vec<StepHit>,
    /// Values of parameters, from context lines.
    pub context: BTreeMap<String, Vec<ContextValue>>,
    /// Versions seen.
    pub versions: BTreeMap<String, String>,
    /// Last completed checkpoint: number, time, line.
    pub checkpoint: Option<(u64, Option<Timestamp>, u64)>,
    /// The input ends in the middle of a trace.
    pub ends_inside_record: bool,
    /// Flink jobs named, by id.
    pub jobs: BTreeMap<String, JobNamed>,
    /// A line names a CDC connector (class path, vertex or logger).
    pub connector: Option<u64>,
    /// Systems whose CDC connector runs here, by the packages of loggers and frames, and the first line that shows it.
    pub systems: BTreeMap<String, u64>,
    /// The newest that a time in it can be (its file's last change), in seconds since 1970 (UTC): gives the year where none is printed.
    #[serde(default)]
    pub newest: Option<i64>,
    /// Zone of times that are printed without one, in seconds east of UTC, if the cluster says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<i32>,
    /// Failures outside the time asked about.
    #[serde(default)]
    pub left_out: LeftOut,
    /// Secrets removed, by kind.
    pub redactions: BTreeMap<String, u64>,
    /// Hash of its decoded bytes, if the facts are to be joined with those of other scans: the same bytes are one input.
    #[serde(default)]
    pub content: Option<String>,
    /// It is a regular file, whose name may say that it is a rotated one.
    #[serde(default)]
    pub file: bool,
}

/// Records that show failures and were not in the time asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// Before it.
    pub before: u64,
    /// After it.
    pub after: u64,
}

/// A Flink job that lines name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobNamed {
    /// Its name, if a line gives it.
    pub name: Option<String>,
    /// First line that names it.
    pub line: u64,
}

/// One event, or a run of equal ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Number of the record in its source.
    pub seq: u64,
    /// Where the first one is.
    pub at: Location,
    /// Line of the last one.
    pub last_line: u64,
    /// Lines of the record.
    pub lines: u64,
    /// Time of the first.
    pub time: Option<Timestamp>,
    /// Time of the last.
    pub last_time: Option<Timestamp>,
    /// How many.
    pub count: u64,
    /// Level of the record.
    pub level: Option<Level>,
    /// Logger of the record.
    pub logger: String,
    /// Flink job id that the record names.
    pub job: Option<String>,
    /// What it is.
    pub kind: EventKind,
}

/// What an event is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventKind {
    /// Rules matched.
    Matched(Matched),
    /// An exception that no rule knows (perhaps under a symptom that one knows).
    Unknown(Unknown),
    /// The connector itself moved.
    Healthy(String),
    /// A task or job changed its state.
    State(StateChange),
}

/// Rules that matched one record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Matched {
    /// Lines of several writers stand in the record, which makes it a step less sure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    /// The matches, of all rules.
    pub matches: Vec<Match>,
    /// First lines of the record's throwables, outermost first.
    pub links: Vec<LinkLine>,
    /// The root exception, if no rule knows it.
    pub unknown_root: Option<Unknown>,
    /// The record, secrets removed, long traces shortened.
    pub record: String,
}

/// One rule's match on one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Match {
    /// Rule id.
    pub rule: String,
    /// Which alternative, from 0.
    pub alternative: usize,
    /// How sure it makes.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub confidence: Confidence,
    /// Index of the throwable that matched, in `links`; `None` for the record's own text.
    pub link: Option<usize>,
    /// The throwable stands under `Suppressed:`.
    pub suppressed: bool,
    /// How much the entry says.
    pub weight: usize,
    /// Process that must have written the record.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub from: Option<Process>,
    /// The entry is about the server's own log only.
    pub server_only: bool,
    /// Captures.
    pub captures: BTreeMap<String, String>,
    /// The proof.
    pub evidence: Excerpt,
    /// English original of a translated text.
    pub english: Option<String>,
}

/// The lines that matched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Excerpt {
    /// Line on which the match begins.
    pub line: u64,
    /// Byte offset of that line in the decoded stream.
    pub offset: u64,
    /// The matched lines, secrets removed.
    pub text: String,
    /// Byte range of `text` that matched.
    pub highlight: Option<(usize, usize)>,
    /// Canonical class of the throwable.
    pub class: Option<String>,
    /// Class as printed.
    pub raw_class: Option<String>,
}

/// First line of a throwable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkLine {
    /// Line in the source.
    pub line: u64,
    /// Canonical class.
    pub class: String,
    /// Class as printed.
    pub raw_class: String,
    /// First line of it, secrets removed.
    pub text: String,
    /// It stands under `Suppressed:`.
    pub suppressed: bool,
}

/// An exception that no rule knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unknown {
    /// Fingerprint of the chain.
    pub fingerprint: String,
    /// Canonical class of the root.
    pub class: String,
    /// Message of the root, secrets and row data removed.
    pub message: String,
    /// The line.
    pub evidence: Excerpt,
    /// First frames: line, text, own code.
    pub frames: Vec<(u64, String, bool)>,
}

/// A change of state that Flink logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StateChange {
    /// Task name, or job name for a job.
    pub subject: String,
    /// It is a job, not a task.
    pub is_job: bool,
    /// Attempt number (`#0`), for tasks of a TaskManager.
    pub attempt: Option<u32>,
    /// State left.
    pub from: String,
    /// State entered.
    pub to: String,
}

/// A hit of a step (or of a forbidden or silent line) of a sequence.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepHit {
    /// Rule id.
    pub rule: String,
    /// Which alternative.
    pub alternative: usize,
    /// Which part of it.
    pub part: Part,
    /// Number of the record.
    pub seq: u64,
    /// Time of the record.
    pub time: Option<Timestamp>,
    /// Captures.
    pub captures: BTreeMap<String, String>,
    /// The proof.
    pub evidence: Excerpt,
    /// Level and logger of the record, for display.
    pub level: Option<Level>,
    /// Logger of the record.
    pub logger: String,
}

/// Part of a sequence, or a refutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Part {
    /// The step with this number.
    Step(usize),
    /// A forbidden entry.
    Without,
    /// A line of the loggers that must fall silent.
    Activity,
    /// An entry that rules the rule's cause out.
    Refutes,
}

/// A value of a parameter and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextValue {
    /// The value.
    pub value: String,
    /// System it belongs to; `None` if the line does not say which of the job's sources it speaks of.
    pub system: Option<String>,
    /// Number of the first record that gives it.
    pub seq: u64,
    /// Line of it.
    pub line: u64,
    /// How many records give it.
    pub count: u64,
    /// Number of the last record that gives it.
    pub last_seq: u64,
    /// Words of the line.
    pub key: String,
}

impl SourceFacts {
    /// A record with a time was seen.
    pub fn seen(&mut self, time: Timestamp, seq: u64) {
        if self.last_time.is_none() || seq >= self.last_seq {
            self.last_time = Some(time);
            self.last_seq = seq;
        }
    }

    /// Which process wrote the source.
    #[must_use]
    pub fn process(&self) -> Process {
        self.votes
            .iter()
            .filter(|(p, _)| **p != Process::Unknown)
            .max_by_key(|(p, n)| (**n, std::cmp::Reverse(**p)))
            .map_or(Process::Unknown, |(p, _)| *p)
    }
}
