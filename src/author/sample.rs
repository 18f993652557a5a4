//! Samples: folders of whole logs with a label, and with the result that they must give.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnosis;
use crate::engine::Engine;
use crate::pipeline::Pipeline;
use crate::report::model::{InputStatus, build};
use crate::report::{Confidence, Report, State, VerdictKind};

/// One log of a sample.
#[derive(Debug, Clone)]
pub struct Log {
    /// Its file name, without `.gz`.
    pub name: String,
    /// Rotated files of one log have the same number.
    pub series: Option<u32>,
    /// Its text, decoded.
    pub bytes: Vec<u8>,
}

/// One folder with a `label.json`.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Path below the folder of samples: `postgres/wal-level-not-logical`.
    pub name: String,
    /// Nothing is wrong with the source.
    pub healthy: bool,
    /// Of a healthy sample: rules that may match, because Flink mended it by itself.
    pub allowed: Vec<String>,
    /// Text of its `expected.json`, if there is one.
    pub expected: Option<String>,
    /// Its logs, in the order in which they are read.
    pub logs: Vec<Log>,
}

/// What a report amounts to, short enough to be read in a review: the form of `expected.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What the report amounts to.
    pub verdict: VerdictKind,
    /// The causes, ranked.
    pub diagnoses: Vec<Found>,
    /// Symptoms that nothing explains.
    pub symptoms: Vec<String>,
    /// Classes of exceptions that no rule knows.
    pub unrecognised: Vec<String>,
    /// Logs that would help.
    pub needs: Vec<String>,
}

/// One cause of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Rule id.
    pub cause: String,
    /// How sure.
    pub confidence: Confidence,
    /// Still there at the end?
    pub state: State,
    /// Failures.
    pub count: u64,
    /// Parameters, by name.
    pub params: BTreeMap<String, String>,
}

impl Summary {
    /// Of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let found = report.diagnoses.iter().map(|d| Found {
            cause: d.cause.clone(),
            confidence: d.confidence,
            state: d.state,
            count: d.count,
            params: d.params.iter().map(|(k, p)| (k.clone(), p.value.clone())).collect(),
        });
        Self {
            verdict: report.verdict_kind,
            diagnoses: found.collect(),
            symptoms: report.symptoms.iter().map(|s| s.id.clone()).collect(),
            unrecognised: report.unrecognised.iter().map(|u| u.class.clone()).collect(),
            needs: report.needs.iter().map(|n| n.what.clone()).collect(),
        }
    }

    /// Id of the first cause, or `-`.
    #[must_use]
    pub fn first(&self) -> &str {
        self.diagnoses.first().map_or("-", |d| d.cause.as_str())
    }

    /// As it stands in `expected.json`.
    ///
    /// # Errors
    /// If it cannot be serialised (a fault of ours).
    pub fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The report of logs, as one investigation.
#[must_use]
pub fn report(engine: &Arc<Engine>, logs: &[Log]) -> Report {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    for log in logs {
        let source = pipeline.begin(&log.name, log.series);
        pipeline.push(source, &log.bytes);
        pipeline.end(source);
    }
    let diagnosis = pipeline.diagnose(&diagnosis::Options::default());
    build(&diagnosis, &engine.rules, &InputStatus::default(), "0.0.0")
}

/// The lines that one text has and the other has not.
#[must_use]
pub fn difference(wanted: &str, got: &str) -> String {
    let only = |a: &str, b: &str, mark: char| -> String {
        a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(|l| format!("{mark}{l}\n")).collect()
    };
    only(wanted, got, '-') + &only(got, wanted, '+')
}
