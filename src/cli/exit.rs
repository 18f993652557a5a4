//! Exit status: 0 it ran, 1 `--fail-on` found something, 2 trouble.

use std::process::ExitCode;

use crate::report::{Confidence, Report};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ran, whatever it found.
    Fine,
    /// `--fail-on`: a cause of that level or above was found; or a check of rules failed.
    Found,
    /// Wrong usage, an input named on the command line that cannot be used, or a bad rule.
    Trouble,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Found => 1,
            Exit::Trouble => 2,
        })
    }
}

/// The exit status of a scan. Trouble with an input wins: the answer may be incomplete.
#[must_use]
pub fn of(report: &Report, fail_on: Option<Confidence>) -> Exit {
    if !report.problems.is_empty() {
        return Exit::Trouble;
    }
    match fail_on {
        Some(level) if report.diagnoses.iter().any(|d| d.confidence >= level) => Exit::Found,
        _ => Exit::Fine,
    }
}
