//! What is told of an incident: one event, as JSON for machines and as a line for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::Confidence;
use crate::rule::template::printable;

/// Name of the JSON contract.
pub const SCHEMA: &str = "cdc-doctor/event/v1";

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was seen for the first time, or again after it was cleared.
    Opened,
    /// It was seen again.
    Repeated,
    /// More is known of it, or it got worse.
    Escalated,
    /// It is over.
    Cleared,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Repeated => "repeated",
            Self::Escalated => "escalated",
            Self::Cleared => "cleared",
        }
    }
}

/// What an incident is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// A cause.
    Cause,
    /// A symptom that nothing explains.
    Symptom,
    /// An exception that no rule knows.
    Unrecognised,
}

/// One event. The order of fields is that of the JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Number of the event, from 1, without gaps, for as long as the state lives.
    pub seq: u64,
    /// What happened.
    pub event: Kind,
    /// Stable id of the incident.
    pub incident: String,
    /// Number of the incident in this state, for people.
    pub number: u64,
    /// Id of the cause or symptom; `unrecognised` for an exception that no rule knows.
    pub cause: String,
    /// What the incident is of.
    pub kind: Of,
    /// How sure; null for what is no cause.
    pub confidence: Option<Confidence>,
    /// The one sentence.
    pub headline: String,
    /// Failures since it was opened.
    pub count: u64,
    /// Time of the log record that the event is about; the time of the event if the log prints none.
    pub time: String,
    /// Why it was escalated or cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it was seen first: `path:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// On `opened` and `escalated`: as in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Value>,
    /// The same for a symptom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptom: Option<Value>,
    /// The same for an exception that no rule knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrecognised: Option<Value>,
}

impl Event {
    /// One line of NDJSON, with its end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// One line for people, with its end: the word of the event begins in column 21.
    #[must_use]
    pub fn text(&self) -> String {
        let time: String = self.time.replace('T', " ").chars().take(19).collect();
        let (word, n) = (self.event.name(), self.number);
        let at = self.at.as_ref().map(|a| format!("  ({})", printable(a))).unwrap_or_default();
        let reason = self.reason.as_deref().unwrap_or_default();
        let sure = match (self.kind, self.confidence) {
            (Of::Cause, Some(Confidence::Certain)) => "certain ",
            (Of::Cause, Some(Confidence::Likely)) => "likely ",
            (Of::Cause, Some(Confidence::Possible)) => "possible ",
            (Of::Symptom, _) => "symptom ",
            _ => "",
        };
        let line = match self.event {
            Kind::Opened => format!("#{n} {sure}{}  {}{at}", self.cause, self.headline),
            Kind::Escalated => format!("#{n} {sure}{}  {reason}: {}{at}", self.cause, self.headline),
            Kind::Repeated | Kind::Cleared => format!("#{n} {reason}"),
        };
        format!("{time:<19} {word:<10} {}\n", printable(&line))
    }
}
