//! What Flink itself logs about jobs, tasks and versions, whatever the rules say.
//!
//! These lines delimit attempts, name jobs and tell which process wrote a log. Their texts have been the same since Flink 1.10
//! (seen in runs of 1.20.5; loggers `Task`, `ExecutionGraph`, `JobMaster`, `CheckpointCoordinator`).

use std::sync::LazyLock;

use super::facts::{SourceFacts, StateChange};
use crate::record::layout::{STAMP, is_stamp};
use crate::record::{Layout, LogRecord};
use crate::rule::{Process, system};

/// What every completed checkpoint's line holds.
pub const CHECKPOINT: &str = "Completed checkpoint";
/// Logger of completed checkpoints, in the JobManager.
pub const CHECKPOINT_LOGGER: &str = "*CheckpointCoordinator";

/// What every change of state's line holds, and the loggers of such lines.
pub const STATE: &str = "switched from ";
/// Loggers of changes of state: tasks in a TaskManager; tasks and jobs in the JobManager.
pub const STATE_LOGGERS: [&str; 2] = ["*taskmanager.Task", "*.ExecutionGraph"];

/// Class of healthy lines of the connector.
pub const HEALTH: u8 = 0;
/// Class of completed checkpoints.
pub const CHECKPOINTS: u8 = 1;
/// Class of changes of state, of which the last of each task and state is kept.
pub const STATES: u8 = 2;

/// What a line of class [`STATES`] is about: task or job, and the state entered. Lines with the same key replace each other.
#[must_use]
pub fn state_key(line: &[u8]) -> (&[u8], &[u8]) {
    // by their rarest bytes: searchers for texts so short cost more to build than they save
    let stamp = if line.first_chunk().is_some_and(is_stamp) { STAMP } else { 0 };
    let behind = line.get(stamp..).unwrap_or_default();
    let dash = memchr::memchr_iter(b'-', behind).find(|i| *i > 0 && behind.get(i - 1..i + 2) == Some(b" - "));
    let rest = behind.get(dash.map_or(0, |i| i + 2)..).unwrap_or_default();
    let open = memchr::memchr_iter(b'(', rest).find(|i| *i > 0 && rest.get(i - 1) == Some(&b' '));
    let subject = rest.get(..open.map_or(rest.len(), |i| i - 1)).unwrap_or_default();
    let to = memchr::memrchr_iter(b't', rest).find(|i| *i > 0 && rest.get(i - 1..i + 3) == Some(b" to "));
    let to = to.and_then(|i| rest.get(i + 3..)).unwrap_or_default();
    let end = to.iter().position(|b| !b.is_ascii_uppercase()).unwrap_or(to.len());
    (subject, to.get(..end).unwrap_or_default())
}

/// A change of state, if the record tells of one: `<task> (<ids>)[#<attempt>] (<ids>) switched from <A> to <B>`, for jobs
/// `Job <name> (<id>) switched from state <A> to <B>`.
#[must_use]
pub fn state_change(record: &LogRecord<'_>) -> Option<StateChange> {
    let text = record.own_text();
    let logger = record.logger_name();
    if !logger.is_empty() && !STATE_LOGGERS.iter().any(|l| logger.ends_with(l.trim_start_matches('*'))) {
        return None;
    }
    let (before, after) = text.split_once(" switched from ")?;
    let is_job = after.starts_with("state ");
    let mut words = after.strip_prefix("state ").unwrap_or(after).splitn(3, ' ');
    let upper = |w: &str| w.trim_end_matches(|c: char| !c.is_ascii_uppercase()).to_owned();
    let (from, to) = (upper(words.next()?), words.next().filter(|w| *w == "to").and(words.next())?);
    let to = upper(to.split([' ', '\n']).next()?);
    let (subject, ids) = before.split_once(" (")?;
    let state = |w: &str| w.len() >= 6 && w.bytes().all(|b| b.is_ascii_uppercase());
    if !state(&from) || !state(&to) || !ids.contains(')') {
        return None;
    }
    let attempt = ids.split_once(")#").and_then(|(_, n)| n.split(' ').next()?.parse().ok());
    let subject = if is_job { subject.strip_prefix("Job ").unwrap_or(subject) } else { subject };
    Some(StateChange {
        subject: subject.chars().take(200).collect(),
        is_job,
        attempt: attempt.or_else(|| attempt_of_execution(text)),
        from,
        to,
    })
}

/// The JobManager's execution id ends in `_<subtask>_<attempt>`.
fn attempt_of_execution(text: &str) -> Option<u32> {
    let before = text.split(") switched from").next()?;
    let id = before.rsplit('(').next()?;
    if !id.contains('_') {
        return None;
    }
    id.rsplit('_').next()?.parse().ok()
}

/// A job id that the record names (`job <32 hex>` or `(<32 hex>)` after a job's name).
#[must_use]
pub fn job_id(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'j', b'J', b'(', rest.as_bytes()) {
        let tail = rest.get(at..)?;
        let id = tail
            .strip_prefix("job ")
            .or_else(|| tail.strip_prefix("Job "))
            .or_else(|| tail.strip_prefix('('))
            .and_then(|t| t.get(..32))
            .filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()));
        if let Some(id) = id
            && tail.strip_prefix('(').is_none_or(|t| t.as_bytes().get(32) == Some(&b')'))
        {
            // `(<execution id>)` of a task looks the same; a job's stands after `Job` or `job`
            let named =
                !tail.starts_with('(') || text.starts_with("Job ") || rest.contains("job") || text.contains("job '");
            if named {
                return Some(id);
            }
        }
        rest = rest.get(at + 1..)?;
    }
    None
}

/// Name of the job that the record speaks of: `Job <name> (<id>)` or `job '<name>' (<id>)`.
#[must_use]
pub fn job_name<'t>(text: &'t str, id: &str) -> Option<&'t str> {
    let before = text.split(&format!(" ({id})")).next().filter(|b| b.len() < text.len())?;
    let name = match before.rfind("job '") {
        Some(at) => before.get(at + 5..)?.trim_end_matches('\''),
        None => before.strip_prefix("Job ")?,
    };
    (!name.is_empty() && name.len() < 200).then_some(name)
}

/// The record names a CDC connector: a jar on the class path, or a class of one.
#[must_use]
pub fn names_connector(record: &LogRecord<'_>) -> bool {
    let text = record.own_text();
    let logger = record.logger_name();
    (text.trim_start().starts_with("Classpath: ") && text.contains("-cdc"))
        || logger.contains(".cdc.connectors.")
        || logger.contains("io.debezium.")
}

/// Systems whose CDC connector the record names as running: by its logger, by the frames of its trace, or by a source vertex with a
/// telling name (`Source: PostgreSQL_CDC_Source`, `Flink CDC Event Source: mysql`). (The class path may hold the connectors of other
/// jobs.)
#[must_use]
pub fn systems(record: &LogRecord<'_>) -> Vec<&'static str> {
    let mut found = system::connectors(record.logger_name());
    if let Some(vertex) = behind_source(record.own_text()) {
        let name = vertex.split(" (").next().unwrap_or("").split(" -> ").next().unwrap_or("");
        let name = name.chars().take(100).collect::<String>().to_ascii_lowercase();
        let of_cdc = name.contains("cdc") || record.own_text().contains("CDC Event Source: ");
        let named = ["postgres", "mysql", "oracle", "sqlserver", "mongodb", "db2", "tidb", "oceanbase", "vitess"];
        let mut named = named.into_iter().filter(|system| of_cdc && name.contains(system));
        if let (Some(only), None) = (named.next(), named.next()) {
            found.push(only);
        }
    }
    if let Some(trace) = record.trace.as_ref().and_then(|range| record.text.get(range.clone())) {
        for system in system::connectors(trace) {
            if !found.contains(&system) {
                found.push(system);
            }
        }
    }
    found
}

/// What stands behind the first `Source: `.
fn behind_source(text: &str) -> Option<&str> {
    static SOURCE: LazyLock<memchr::memmem::Finder<'static>> =
        LazyLock::new(|| memchr::memmem::Finder::new("Source: "));
    text.get(SOURCE.find(text.as_bytes())? + SOURCE.needle().len()..)
}

/// Number of a completed checkpoint.
#[must_use]
pub fn checkpoint(record: &LogRecord<'_>) -> Option<u64> {
    let logger = record.logger_name();
    if !logger.is_empty() && !logger.ends_with(CHECKPOINT_LOGGER.trim_start_matches('*')) {
        return None;
    }
    let rest = record.own_text().trim_start().strip_prefix("Completed checkpoint ")?;
    rest.split(' ').next()?.parse().ok()
}

/// Collects versions, and what tells TaskManager and JobManager apart.
pub fn identify(record: &LogRecord<'_>, facts: &mut SourceFacts) {
    let text = record.own_text();
    let logger = record.logger_name();
    let last = logger.rsplit('.').next().unwrap_or("");
    let mut vote = |process: Process, weight: u32| *facts.votes.entry(process).or_insert(0) += weight;
    if record.layout == Layout::Postgres {
        vote(Process::Postgres, 5);
        return;
    }
    match last {
        "TaskManagerRunner"
        | "TaskExecutor"
        | "Task"
        | "StreamTask"
        | "TaskSlotTableImpl"
        | "DefaultJobLeaderService"
        | "SplitFetcherManager" => {
            vote(Process::Taskmanager, 3);
        }
        "ClusterEntrypoint"
        | "StandaloneSessionClusterEntrypoint"
        | "JobMaster"
        | "ExecutionGraph"
        | "StandaloneDispatcher"
        | "Dispatcher"
        | "CheckpointCoordinator"
        | "SourceCoordinator"
        | "StandaloneResourceManager"
        | "DispatcherRestEndpoint"
        | "CheckpointFailureManager"
        | "KubernetesSessionClusterEntrypoint"
        | "YarnSessionClusterEntrypoint"
        | "KubernetesApplicationClusterEntrypoint"
        | "StandaloneApplicationClusterEntryPoint"
        | "MiniDispatcher" => {
            vote(Process::Jobmanager, 3);
        }
        "" if text.starts_with("Flink SQL> ") || text.starts_with("[ERROR] Could not execute SQL statement") => {
            vote(Process::Client, 4);
        }
        "CliFrontend" | "SqlClient" | "CliClient" | "RestClusterClient" => vote(Process::Client, 4),
        _ => {}
    }
    versions(text, facts);
}

fn versions(text: &str, facts: &mut SourceFacts) {
    if let Some(rest) = text.split("(Version: ").nth(1)
        && let Some(version) = rest.split([',', ')']).next()
        && text.contains("Starting ")
    {
        set(facts, "flink", version);
    }
    if let Some(rest) = text.split(" on PostgreSQL ").nth(1) {
        set(facts, "postgres", rest.split([' ', ',', '(']).next().unwrap_or(""));
    }
    if let Some(rest) = text.trim_start().strip_prefix("JVM: ") {
        set(facts, "java", rest.rsplit('/').next().unwrap_or(rest).trim());
    }
    if text.trim_start().starts_with("Classpath: ") {
        for jar in text.split(':').filter_map(|p| p.trim().rsplit('/').next()) {
            jar_version(jar, facts);
        }
    }
}

/// Versions from the name of a jar (class path, or packaging data of a frame).
pub fn jar_version(jar: &str, facts: &mut SourceFacts) {
    let Some(stem) = jar.strip_suffix(".jar") else { return };
    let Some(at) =
        stem.find(|c: char| c.is_ascii_digit()).filter(|at| stem.get(..*at).is_some_and(|s| s.ends_with('-')))
    else {
        return;
    };
    let (name, version) = (stem.get(..at).unwrap_or("").trim_end_matches('-'), stem.get(at..).unwrap_or(""));
    if name.starts_with("flink-dist") {
        set(facts, "flink", version);
    } else if name.contains("-cdc") && (name.contains("connector") || name.contains("pipeline")) {
        set(facts, "connector_jar", jar);
        if name.starts_with("flink-") {
            set(facts, "flink_cdc", version);
        }
    } else if name.starts_with("debezium-connector") || name == "debezium-core" {
        set(facts, "debezium", version);
    } else if name == "postgresql" {
        set(facts, "pgjdbc", version);
    }
}

fn set(facts: &mut SourceFacts, key: &str, value: &str) {
    let value = value.trim();
    if !value.is_empty() && value.len() < 80 {
        facts.versions.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }
}
