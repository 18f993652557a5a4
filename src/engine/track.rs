//! What Flink itself logs about jobs, tasks and versions, whatever the rules say.
//!
//! These lines delimit attempts, name jobs and tell which process wrote a log. Their texts have been the same since Flink 1.10
//! (seen in runs of 1.20.5; loggers `Task`, `ExecutionGraph`, `JobMaster`, `CheckpointCoordinator`).

use std::sync::OnceLock;

use regex::Regex;

use super::facts::{SourceFacts, StateChange};
use crate::record::{Layout, LogRecord};
use crate::rule::Process;

/// Texts that must stand in a healthy line for it to be looked at.
pub const LITERALS: &[&str] = &[
    "to FAILED",
    "to FAILING",
    "to CANCELING",
    "to CANCELLING",
    "to DEPLOYING",
    "to RESTARTING",
    "to RUNNING",
    "to CANCELED",
    "to FINISHED",
    "Completed checkpoint",
];

/// A change of state, if the record tells of one.
#[must_use]
pub fn state_change(record: &LogRecord<'_>) -> Option<StateChange> {
    static TASK: OnceLock<Option<Regex>> = OnceLock::new();
    let text = record.own_text();
    if !text.contains("switched from ") {
        return None;
    }
    let regex = TASK
        .get_or_init(|| {
            Regex::new(r"(?s)^(?P<subject>.{0,2000}?) \((?P<id>[0-9a-z_/]+)\)(?:#(?P<attempt>\d+))?(?: \([0-9a-f_]+\))? switched from (?P<state>state )?(?P<from>[A-Z]+) to (?P<to>[A-Z]+)").ok()
        })
        .as_ref()?;
    let c = regex.captures(text)?;
    let get = |name: &str| c.name(name).map_or("", |m| m.as_str());
    let is_job = c.name("state").is_some();
    let subject = if is_job { get("subject").strip_prefix("Job ").unwrap_or(get("subject")) } else { get("subject") };
    Some(StateChange {
        subject: subject.chars().take(200).collect(),
        is_job,
        attempt: get("attempt").parse().ok().or_else(|| attempt_of_execution(text)),
        from: get("from").to_owned(),
        to: get("to").to_owned(),
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
    while let Some(at) = rest.find(['j', 'J', '(']) {
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

/// Number of a completed checkpoint.
#[must_use]
pub fn checkpoint(record: &LogRecord<'_>) -> Option<u64> {
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
