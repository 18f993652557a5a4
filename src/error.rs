//! What can stop the whole run.

use crate::diagnostic::Problem;

/// A run that cannot go on. Inputs that cannot be read are no errors: they stand in the report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Standard output or a file of ours cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
    /// A directory of rules cannot be read.
    #[error("{path}: {what}")]
    Rules {
        /// The directory.
        path: String,
        /// Why.
        what: String,
    },
    /// Rules are not valid.
    #[error("{path}: {} of {files} rule files {} not valid, nothing was scanned", bad_files(problems), if bad_files(problems) == 1 { "is" } else { "are" })]
    BadRules {
        /// The directory.
        path: String,
        /// Number of files read.
        files: usize,
        /// All problems.
        problems: Vec<Problem>,
    },
    /// A wrong word on the command line.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A ticket system does not take the report.
    #[error("{what}")]
    Remote {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::BadRules { path, .. } => Some(format!("cdc-doctor rules check {path}")),
            Self::Usage { hint, .. } | Self::Remote { hint, .. } => hint.clone(),
            Self::Internal(_) => Some("This is a fault of cdc-doctor, not of your job.".into()),
            Self::Output(_) | Self::Rules { .. } => None,
        }
    }
}

fn bad_files(problems: &[Problem]) -> usize {
    let mut names: Vec<&str> = problems
        .iter()
        .filter(|p| p.severity == crate::diagnostic::Severity::Error)
        .map(|p| p.source.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}
