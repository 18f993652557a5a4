//! The states of a job with their times.

use serde::{Deserialize, Serialize};

use super::Place;

/// A state that a job entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entered {
    /// `RUNNING`, `FAILED`, `RESTARTING`, ...
    pub to: String,
    /// When, as printed.
    pub time: Option<String>,
    /// Where that stands.
    pub at: Place,
}
