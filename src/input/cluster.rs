//! The jobs of a running cluster, as plain data.

use serde::{Deserialize, Serialize};

/// A job as the cluster lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Job {
    /// Its id: 32 hexadecimal digits.
    #[serde(rename = "jid")]
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// `RUNNING`, `FAILED`, ...
    #[serde(default)]
    pub state: String,
}

/// Jobs for a hint.
#[must_use]
pub fn listed(jobs: &[Job]) -> String {
    if jobs.is_empty() {
        return "the cluster knows no job; it forgets those that ended long ago".into();
    }
    let list: Vec<String> = jobs.iter().take(10).map(|j| format!("{} {} ({})", j.id, j.state, j.name)).collect();
    let more = jobs.len().saturating_sub(10);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("jobs: {}{rest}", list.join(", "))
}
