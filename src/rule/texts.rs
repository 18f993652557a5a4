//! The texts of a rule: what is shown, never what is matched. They are decoded when they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything of a rule that people read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RuleTexts {
    /// Plain words.
    pub why: String,
    /// `says` and `truth` of words that lead astray.
    pub misleading: Vec<(String, String)>,
    /// Checks, in order.
    pub checks: Vec<CheckText>,
    /// Steps, in order.
    pub fix: Vec<FixText>,
    /// What must not be done.
    pub never: Vec<String>,
    /// Versions a defect affects.
    pub affects: Vec<String>,
    /// Versions it is cured in.
    pub fixed_in: Vec<String>,
    /// Where to read more.
    pub see: Vec<String>,
    /// How the texts are known.
    pub source: Vec<String>,
    /// Log excerpts, and whether the rule must match them.
    pub examples: Vec<(String, bool)>,
}

/// One check.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckText {
    /// Id within the rule.
    pub id: String,
    /// The question.
    pub ask: String,
    /// `sql`, `shell` or `look`.
    pub kind: String,
    /// The template.
    pub text: String,
    /// What a healthy server answers.
    pub expect: Option<Expectation>,
    /// The healthy answer in words.
    pub healthy: Option<String>,
    /// Answer and meaning.
    pub reading: Vec<(String, String)>,
    /// Who may run it.
    pub run_as: String,
    /// Server versions.
    pub versions: Option<String>,
    /// System whose SQL it is, or the place.
    pub on: String,
    /// It changes the server.
    pub changes: bool,
}

/// A comparison that holds on a healthy server; exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Column the comparison is about.
    pub column: Option<String>,
    /// Equal to.
    pub equals: Option<String>,
    /// Not equal to.
    pub not_equal: Option<String>,
    /// Greater than.
    pub above: Option<String>,
    /// At least.
    pub at_least: Option<String>,
    /// At most.
    pub at_most: Option<String>,
    /// Matches a pattern.
    pub matches: Option<String>,
    /// Is NULL, or is not.
    pub is_null: Option<bool>,
    /// Number of rows.
    pub rows: Option<String>,
    /// `column` is below this column.
    pub below_column: Option<String>,
}

/// One step of a fix.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FixText {
    /// What to do.
    pub action: String,
    /// `sql`, `conf`, `shell`, `hba`, `flink` or `text`.
    pub kind: String,
    /// The template; empty for `text`.
    pub text: String,
    /// System whose SQL it is, or that alone the step is for; empty if neither.
    pub system: String,
    /// File of a `conf` step.
    pub file: Option<String>,
    /// Right that it needs.
    pub run_as: Option<String>,
    /// Who must act.
    pub owner: String,
    /// It changes the server.
    pub changes: bool,
    /// What must follow.
    pub then: Vec<String>,
    /// Managed variants.
    pub on: BTreeMap<String, String>,
    /// `none`, `downtime` or `data-loss`.
    pub risk: String,
    /// What is lost.
    pub risk_note: Option<String>,
}
