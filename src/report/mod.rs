//! The report: what people and machines are told.
//!
//! [`Report`] is plain data and the serialised contract (`cdc-doctor/report/v1`, schema in `docs/report.schema.json`). Every text
//! in it is already filled in and free of secrets; renderers compute nothing but layout. Field order is the order in the JSON.

mod entered;
pub mod explanation;
pub mod json;
pub mod markdown;
pub mod model;
pub mod render;
pub mod text;
pub mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use entered::Entered;

/// Name of the JSON contract.
pub const SCHEMA: &str = "cdc-doctor/report/v1";

/// Everything one investigation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Which program and rules made this report.
    pub tool: Tool,
    /// What the report amounts to.
    pub verdict_kind: VerdictKind,
    /// The inputs, in the order read.
    pub inputs: Vec<Input>,
    /// Versions seen in the logs.
    pub versions: Versions,
    /// Flink jobs seen in the logs.
    pub jobs: Vec<Job>,
    /// Causes, best first.
    pub diagnoses: Vec<Diagnosis>,
    /// Symptoms that nothing explains.
    pub symptoms: Vec<Symptom>,
    /// Exceptions that no rule knows.
    pub unrecognised: Vec<Unrecognised>,
    /// Harmless lines that were left out, by rule.
    pub noise: Vec<Noise>,
    /// Signs of life: the last line of each kind that shows the source moving.
    pub signs_of_life: Vec<SignOfLife>,
    /// Things worth saying about the investigation itself.
    pub notes: Vec<Note>,
    /// Logs that would help.
    pub needs: Vec<Need>,
    /// Inputs that could not be read, wholly or in part.
    pub problems: Vec<InputProblem>,
    /// How many secrets were removed, by kind.
    pub redactions: BTreeMap<String, u64>,
}

/// Which program and rules made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// Version of cdc-doctor.
    pub version: String,
    /// Hash of the rule base.
    pub rules: String,
    /// Number of causes looked for.
    pub causes: usize,
}

/// What a report amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// At least one cause.
    Found,
    /// Symptoms only, or another log is needed.
    CannotTell,
    /// Only exceptions that no rule knows.
    Unrecognised,
    /// No failure in what was read.
    Nothing,
    /// Neither a log record nor a stack trace in the input.
    NoLog,
}

/// How sure a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A suspect in a differential.
    Possible,
    /// The log fits best; what else it could be is named.
    Likely,
    /// The log states it.
    Certain,
}

/// Whether the fault was still there when the logs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing healthy was logged after it.
    Ongoing,
    /// The source moved again after it.
    Recovered,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Input {
    /// Path as given, or `<stdin>`.
    pub path: String,
    /// `taskmanager`, `jobmanager`, `postgres`, `client` or `unknown`; of files of `--job`, `job` or `server-config`.
    pub kind: String,
    /// Layout of its records: `log4j2`, `logback`, `postgres`, `custom`, `none`; of files of `--job` their kind, `flink-sql`.
    pub format: String,
    /// `read`, `truncated`, `failed` or `skipped`.
    pub status: String,
    /// Bytes read, decoded.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Records (events) seen.
    pub records: u64,
    /// Time of the first record, as printed (ISO form without a zone unless the log has one).
    pub first_time: Option<String>,
    /// Time of the last record.
    pub last_time: Option<String>,
    /// Why it was not read.
    pub skipped: Option<String>,
    /// True if the last record is a trace that the end of the input cuts off.
    pub ends_inside_record: bool,
}

/// Versions seen in banners, jar tags and session lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Versions {
    /// Flink.
    pub flink: Option<String>,
    /// Flink CDC.
    pub flink_cdc: Option<String>,
    /// Debezium.
    pub debezium: Option<String>,
    /// PostgreSQL server.
    pub postgres: Option<String>,
    /// PostgreSQL JDBC driver.
    pub pgjdbc: Option<String>,
    /// Java.
    pub java: Option<String>,
    /// The connector jar.
    pub connector_jar: Option<String>,
}

/// One Flink job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Job {
    /// Job id (32 hex digits), if a line names it.
    pub id: Option<String>,
    /// Job name.
    pub name: Option<String>,
    /// Last state seen: `RUNNING`, `FAILED`, `RESTARTING`, `CANCELED`, ...
    pub state: Option<String>,
    /// Where that state stands.
    pub state_at: Option<Place>,
    /// Highest attempt number of a source task plus one.
    pub attempts: Option<u32>,
    /// `classic` or `incremental`, if it can be told.
    pub mode: Option<String>,
    /// Last completed checkpoint.
    pub last_checkpoint: Option<Checkpoint>,
    /// The states it entered, in the order of the logs, the first ones.
    #[serde(default)]
    pub changes: Vec<Entered>,
}

/// A completed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checkpoint {
    /// Its number.
    pub number: u64,
    /// When it completed.
    pub time: Option<String>,
    /// Where that stands.
    pub at: Place,
}

/// A place in an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// Path as given, or `<stdin>`.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
}

/// One cause, with its proof and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// Stable id of the incident, `v1:` and hex digits: a hash of cause, job and identity parameters.
    pub id: String,
    /// Cause id, `postgres/wal-level-not-logical`.
    pub cause: String,
    /// What shows it: `log`, or `job` if only the files of `--job` do.
    #[serde(default = "of_log")]
    pub basis: String,
    /// Category of the cause.
    pub category: String,
    /// How sure.
    pub confidence: Confidence,
    /// Still there at the end of the logs?
    pub state: State,
    /// `down`, `stalled`, `data-loss` or `degraded`.
    pub impact: String,
    /// Job ids concerned (empty if no line says).
    pub jobs: Vec<String>,
    /// Title of the rule, without names.
    pub title: String,
    /// The one sentence, names filled in.
    pub headline: String,
    /// Parts of the headline that came from the log.
    pub headline_params: Vec<Slot>,
    /// Plain words.
    pub why: String,
    /// Failures, after de-duplicating the copies that wrappers print.
    pub count: u64,
    /// Records that showed it.
    pub lines: u64,
    /// Time of the first, as printed.
    pub first_seen: Option<String>,
    /// Time of the last, as printed.
    pub last_seen: Option<String>,
    /// Time of the last healthy line before or after, if any.
    pub last_healthy: Option<String>,
    /// Attempts of the task that ended in this (`#0`, `#1`, …), if the logs say.
    pub attempts: Vec<u32>,
    /// Retry loop, if the log counts one.
    pub retry: Option<Retry>,
    /// Last state of the job while this went on, e.g. `RUNNING`.
    pub job_state: Option<String>,
    /// Parameters, and where each stands.
    pub params: BTreeMap<String, Param>,
    /// Evidence, at least one piece; the decisive one has role `decisive`.
    pub evidence: Vec<Evidence>,
    /// Canonical classes and ids under which the cause surfaced.
    pub surfaced_as: Vec<String>,
    /// Consequences folded under this cause.
    pub folded: Vec<Folded>,
    /// Other causes that print the same.
    pub alternatives: Vec<Alternative>,
    /// Causes that the log rules out.
    pub ruled_out: Vec<RuledOut>,
    /// Causes this one may hide.
    pub may_hide: Vec<String>,
    /// Words of the log that lead astray.
    pub misleading: Vec<Misleading>,
    /// Positive findings.
    pub facts: Vec<Fact>,
    /// Queries and commands that settle it, in order.
    pub checks: Vec<Check>,
    /// Steps that mend it, in order.
    pub fix: Vec<Fix>,
    /// What must not be done.
    pub never: Vec<String>,
    /// Where to read more.
    pub see: Vec<String>,
    /// Parameters that checks or fixes need and the log does not give.
    pub missing: Vec<MissingParam>,
    /// `rules/...yaml` and which of its entries matched.
    pub rule: RuleRef,
    /// Why it stands at its rank.
    pub rank_reason: String,
    /// What `verify` found; null before.
    pub verdict: Option<String>,
}

/// A part of a text that came from a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// Byte where it begins.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// Name of the parameter.
    pub param: String,
}

/// A retry loop that the log counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retry {
    /// Last attempt seen.
    pub attempt: u64,
    /// How many there will be; null if without end.
    pub of: Option<u64>,
    /// Milliseconds between two attempts, if it can be told.
    pub interval_ms: Option<u64>,
    /// When it gives up, as printed times.
    pub gives_up: Option<String>,
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Param {
    /// The value, as the log has it.
    pub value: String,
    /// Path of the log or of the job's file; `--param` or the name of the environment's variable.
    pub from: String,
    /// Kind of its source: `log`, `job` (a file of `--job`), `option` (`--param`) or `environment`.
    #[serde(default = "of_log")]
    pub kind: String,
    /// Line, from 1 (0 if it came from the command line).
    pub line: u64,
}

/// What reports of older versions mean.
fn of_log() -> String {
    "log".into()
}

/// One piece of evidence: the line that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Path of the input.
    pub path: String,
    /// Line that matched, from 1.
    pub line: u64,
    /// Byte offset of that line in the decoded input.
    pub offset: u64,
    /// `decisive`, `wrapper`, `corroborates` or `context`.
    pub role: String,
    /// Time of the record, as printed.
    pub time: Option<String>,
    /// Level of the record.
    pub level: Option<String>,
    /// Logger of the record.
    pub logger: Option<String>,
    /// The matched line(s), secrets removed.
    pub text: String,
    /// Byte range of `text` that the rule matched.
    pub highlight: Option<[usize; 2]>,
    /// Canonical class of the throwable.
    pub class: Option<String>,
    /// Class as printed.
    pub raw_class: Option<String>,
    /// First line of the record.
    pub record_line: u64,
    /// Number of lines of the record.
    pub record_lines: u64,
    /// The whole record, secrets removed, long traces shortened (only for the decisive piece).
    pub record: Option<String>,
    /// The English original of a translated message.
    pub english: Option<String>,
    /// How often the same line came again, and the last time.
    pub repeats: Option<Repeats>,
}

/// Repetitions of one piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repeats {
    /// How many more.
    pub more: u64,
    /// Line of the last.
    pub last_line: u64,
}

/// A consequence folded under a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Folded {
    /// Its rule id.
    pub id: String,
    /// How often.
    pub count: u64,
    /// Lines, the first few.
    pub lines: Vec<u64>,
}

/// Another cause that prints the same message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alternative {
    /// Its id.
    pub cause: String,
    /// Its title.
    pub title: String,
    /// Its first check, which tells it from the others.
    pub check: Option<Check>,
}

/// A cause that the log rules out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuledOut {
    /// Its id.
    pub cause: String,
    /// The words of the log that rule it out.
    pub because: String,
    /// Where they stand.
    pub at: Place,
}

/// Words of the log that lead astray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Misleading {
    /// What the log says.
    pub says: String,
    /// What is true.
    pub truth: String,
}

/// A positive finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fact {
    /// In words.
    pub text: String,
    /// Where it stands.
    pub at: Place,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Id within the rule.
    pub id: String,
    /// The question it answers.
    pub ask: String,
    /// `sql`, `shell` or `look`.
    pub kind: String,
    /// System whose SQL it is (`postgres`, `mysql`, `starrocks`, `oracle`, ...), or the place: a system's log or UI, `shell`, `look`.
    pub on: String,
    /// The text, filled in, ready to paste (SQL ends with a semicolon).
    pub text: String,
    /// Byte ranges of `text` that came from parameters.
    pub text_params: Vec<Slot>,
    /// What holds on a healthy server.
    pub expect: Option<Expect>,
    /// The healthy answer in words.
    pub healthy: Option<String>,
    /// Answer → meaning.
    pub reading: Vec<Reading>,
    /// `any`, `owner`, `superuser` or `cdc-user`.
    pub run_as: String,
    /// Server versions it is for.
    pub versions: Option<String>,
    /// It changes the server.
    pub changes: bool,
    /// Parameters it lacks.
    pub missing: Vec<String>,
    /// Those of them that are variables of the client (`:'user'`, `@user`); the others stand in the text as `<user>`.
    pub variables: Vec<String>,
}

/// What a healthy server answers: exactly one of the comparisons is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Expect {
    /// Column the comparison is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Equal to this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// Not equal to this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<String>,
    /// Greater than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<String>,
    /// At least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// At most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
    /// Matches this pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Is NULL (or is not).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_null: Option<bool>,
    /// Number of rows: `0`, `1`, `>=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// `column` is below this other column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_column: Option<String>,
}

/// An answer and its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reading {
    /// The answer.
    pub answer: String,
    /// What it means, or which other cause.
    pub means: String,
}

/// One step of a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fix {
    /// What to do, in words.
    #[serde(rename = "do")]
    pub action: String,
    /// `dba`, `network`, `flink`, `app` or `cloud`.
    pub owner: String,
    /// `sql`, `conf`, `shell`, `hba`, `flink` or `text`.
    pub kind: String,
    /// System whose SQL `text` is, or that alone the step is for; empty if neither.
    pub system: String,
    /// The statement, file lines or command, filled in; empty for `text`.
    pub text: String,
    /// Byte ranges of `text` that came from parameters.
    pub text_params: Vec<Slot>,
    /// Configuration file that `text` belongs into.
    pub file: Option<String>,
    /// Right that it needs: `superuser`, `owner`, ...
    pub run_as: Option<String>,
    /// It changes the server.
    pub changes: bool,
    /// What must be done after: `reload-postgres`, `restart-postgres`, `restart-job`, `restart-job-without-state`.
    pub then: Vec<String>,
    /// `none`, `downtime` or `data-loss`.
    pub risk: String,
    /// What is lost.
    pub risk_note: Option<String>,
    /// Managed variants: provider → text.
    pub on: BTreeMap<String, String>,
    /// Parameters it lacks.
    pub missing: Vec<String>,
    /// Those of them that are variables of the client.
    pub variables: Vec<String>,
}

/// A parameter that the log does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MissingParam {
    /// Its name.
    pub name: String,
    /// What it is.
    pub meaning: String,
    /// Values that cannot be told apart (two jobs in one log), if that is why.
    pub candidates: Vec<String>,
}

/// The rule behind a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleRef {
    /// File it stands in.
    pub file: String,
    /// Which alternative matched, from 1.
    pub entry: usize,
    /// How many alternatives there are.
    pub entries: usize,
    /// What the prefilter looked for.
    pub literal: Option<String>,
}

/// A symptom that nothing explains, with its suspects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Symptom {
    /// Rule id.
    pub id: String,
    /// Title.
    pub title: String,
    /// One sentence, names filled in.
    pub headline: String,
    /// Plain words.
    pub why: String,
    /// Failures.
    pub count: u64,
    /// Time of the first.
    pub first_seen: Option<String>,
    /// Time of the last.
    pub last_seen: Option<String>,
    /// Still there at the end of the logs?
    pub state: State,
    /// Parameters known.
    pub params: BTreeMap<String, Param>,
    /// Evidence.
    pub evidence: Vec<Evidence>,
    /// What it may stand for, likeliest first.
    pub suspects: Vec<Suspect>,
    /// Suspects that the log rules out.
    pub ruled_out: Vec<RuledOut>,
    /// Words of the log that lead astray.
    pub misleading: Vec<Misleading>,
    /// Parameters that the checks need and the log does not give.
    pub missing: Vec<MissingParam>,
}

/// A cause that a symptom may stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Suspect {
    /// Cause id.
    pub cause: String,
    /// Its title.
    pub title: String,
    /// The checks that tell it from the others.
    pub checks: Vec<Check>,
}

/// An exception that no rule knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unrecognised {
    /// Versioned fingerprint, `v1:` and hex digits.
    pub fingerprint: String,
    /// Canonical class of the root.
    pub class: String,
    /// Its message, secrets and row data removed.
    pub message: String,
    /// How often.
    pub count: u64,
    /// Time of the first.
    pub first_seen: Option<String>,
    /// Time of the last.
    pub last_seen: Option<String>,
    /// Evidence.
    pub evidence: Vec<Evidence>,
    /// First frames; `own` marks the job's own code.
    pub frames: Vec<FrameLine>,
    /// Symptoms that follow from it.
    pub consequences: Vec<Folded>,
}

/// One stack frame as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FrameLine {
    /// Line in the input.
    pub line: u64,
    /// Its text, without packaging data.
    pub text: String,
    /// It is of the job's own code (no known framework).
    pub own: bool,
}

/// Harmless lines of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Noise {
    /// Rule id.
    pub id: String,
    /// Title of the rule.
    pub title: String,
    /// How many records.
    pub count: u64,
    /// The first of them, shortened.
    pub sample: String,
}

/// A line that shows the source moving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignOfLife {
    /// What it shows.
    pub text: String,
    /// When.
    pub time: Option<String>,
    /// Where.
    pub at: Place,
}

/// Something worth saying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Note {
    /// Stable code, e.g. `give-jobmanager-log`, `kafka-is-an-api`, `recovered`, `rules-overridden`.
    pub code: String,
    /// In words.
    pub text: String,
    /// Evidence for it.
    pub evidence: Vec<Evidence>,
}

/// A log that would help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Need {
    /// `jobmanager-log`, `postgres-log` or `more-lines`.
    pub what: String,
    /// Why.
    pub why: String,
    /// Time from which it is wanted.
    pub from: Option<String>,
    /// Time up to which it is wanted.
    pub to: Option<String>,
    /// How to get it: (where, command).
    pub how: Vec<HowTo>,
}

/// A way to get something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HowTo {
    /// Where: `on the machine`, `in Kubernetes`, ...
    pub place: String,
    /// Command or path.
    pub command: String,
}

/// An input that could not be read, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InputProblem {
    /// Path as given.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: Option<String>,
    /// It was named on the command line and cannot be used (exit status 2).
    pub fatal: bool,
}
