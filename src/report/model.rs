//! A diagnosis becomes a report: texts are filled in, evidence is chosen, nothing is left for a renderer to compute.

mod actions;
mod describe;
mod evidence;
mod explain;
mod incident;
mod situation;
mod times;

use std::collections::BTreeMap;

use super::{Input, InputProblem, Noise, Report, SCHEMA, Tool, VerdictKind, Versions};
use crate::diagnosis::Diagnosis;
use crate::engine::facts::SourceFacts;
use crate::job::JobDefinition;
use crate::rule::{Role, RuleSet};

pub use describe::describe;
pub use explain::explain;
pub use incident::incident_id;

/// What the inputs layer knows beside the facts.
#[derive(Debug, Clone, Default)]
pub struct InputStatus {
    /// Files met in directories that are no logs: path and reason.
    pub skipped: Vec<(String, String)>,
    /// What could not be read.
    pub problems: Vec<InputProblem>,
}

/// Makes the report. `version` is that of the program.
#[must_use]
pub fn build(diagnosis: &Diagnosis, rules: &RuleSet, status: &InputStatus, version: &str) -> Report {
    let maker = Maker { diagnosis, rules };
    let diagnoses: Vec<_> = diagnosis.causes.iter().map(|i| maker.diagnosis(i)).collect();
    let symptoms: Vec<_> = diagnosis.symptoms.iter().map(|i| maker.symptom(i)).collect();
    let unrecognised: Vec<_> = diagnosis.unknown.iter().map(|u| maker.unrecognised(u)).collect();
    let needs = maker.needs(&diagnoses, &symptoms);
    let verdict_kind = if !diagnoses.is_empty() {
        VerdictKind::Found
    } else if !symptoms.is_empty() || needs.iter().any(|n| n.what == "jobmanager-log") {
        VerdictKind::CannotTell
    } else if !unrecognised.is_empty() {
        VerdictKind::Unrecognised
    } else if no_log(&diagnosis.sources) {
        VerdictKind::NoLog
    } else {
        VerdictKind::Nothing
    };
    let mut redactions: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, n) in diagnosis.sources.iter().flat_map(|s| &s.redactions) {
        *redactions.entry(kind.clone()).or_insert(0) += n;
    }
    let notes = maker.notes(&diagnoses, &symptoms);
    let tool = Tool {
        version: version.to_owned(),
        rules: rules.version.clone(),
        causes: rules.rules().iter().filter(|r| r.role == Role::Cause).count(),
    };
    Report {
        inputs: inputs(diagnosis, status),
        versions: versions(&diagnosis.sources),
        jobs: maker.jobs(),
        diagnoses,
        symptoms,
        unrecognised,
        noise: maker.noise(),
        signs_of_life: maker.signs(),
        notes,
        needs,
        problems: status.problems.clone(),
        redactions,
        ..Report::empty(tool, verdict_kind)
    }
}

impl Report {
    /// A report in which nothing stands yet.
    #[must_use]
    pub fn empty(tool: Tool, verdict_kind: VerdictKind) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool,
            verdict_kind,
            inputs: Vec::new(),
            versions: Versions::default(),
            jobs: Vec::new(),
            diagnoses: Vec::new(),
            symptoms: Vec::new(),
            unrecognised: Vec::new(),
            noise: Vec::new(),
            signs_of_life: Vec::new(),
            notes: Vec::new(),
            needs: Vec::new(),
            problems: Vec::new(),
            redactions: BTreeMap::new(),
        }
    }
}

/// Works on one diagnosis with one rule set.
struct Maker<'d> {
    diagnosis: &'d Diagnosis,
    rules: &'d RuleSet,
}

impl Maker<'_> {
    fn path(&self, source: usize) -> String {
        let sources = self.diagnosis.sources.len();
        match self.diagnosis.sources.get(source) {
            Some(s) => s.name.clone(),
            // files of the job are counted behind the logs
            None => self.diagnosis.job.get(source.saturating_sub(sources)).map(|f| f.name.clone()).unwrap_or_default(),
        }
    }

    fn noise(&self) -> Vec<Noise> {
        let mut noise: Vec<Noise> = self
            .diagnosis
            .noise
            .iter()
            .map(|(id, seen)| Noise {
                id: id.clone(),
                title: self.rules.get(id).map(|r| r.title.clone()).unwrap_or_default(),
                count: seen.count,
                sample: seen.sample.clone(),
            })
            .collect();
        noise.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
        noise
    }
}

/// Neither a header nor anything that a rule, or the trace parser, made sense of.
fn no_log(sources: &[SourceFacts]) -> bool {
    !sources.is_empty() && sources.iter().all(|s| s.headers == 0 && s.events.is_empty() && !s.ends_inside_record)
}

fn inputs(diagnosis: &Diagnosis, status: &InputStatus) -> Vec<Input> {
    let mut inputs: Vec<Input> = diagnosis
        .sources
        .iter()
        .map(|s| {
            let problem = status.problems.iter().find(|p| p.path == s.name);
            Input {
                path: s.name.clone(),
                kind: s.process().name().to_owned(),
                format: format(s),
                status: match problem {
                    Some(p) if p.fatal && s.bytes == 0 => "failed",
                    Some(_) => "truncated",
                    None => "read",
                }
                .to_owned(),
                bytes: s.bytes,
                lines: s.lines,
                records: s.records,
                first_time: s.first_time.map(|t| t.iso()),
                last_time: s.last_time.map(|t| t.iso()),
                skipped: None,
                ends_inside_record: s.ends_inside_record,
            }
        })
        .collect();
    inputs.extend(diagnosis.job.iter().map(definition));
    inputs.extend(status.skipped.iter().map(|(path, reason)| Input {
        path: path.clone(),
        kind: "unknown".into(),
        format: "none".into(),
        status: "skipped".into(),
        bytes: 0,
        lines: 0,
        records: 0,
        first_time: None,
        last_time: None,
        skipped: Some(reason.clone()),
        ends_inside_record: false,
    }));
    inputs
}

fn definition(file: &JobDefinition) -> Input {
    Input {
        path: file.name.clone(),
        kind: if file.format.is_server() { "server-config" } else { "job" }.into(),
        format: file.format.name().into(),
        status: "read".into(),
        bytes: file.bytes,
        lines: file.lines,
        records: 0,
        first_time: None,
        last_time: None,
        skipped: None,
        ends_inside_record: false,
    }
}

/// What stands around the lines, and their own layout: `docker+log4j2`.
fn format(source: &SourceFacts) -> String {
    let layout = source.layout.map_or("none", |l| l.name());
    source.formats.iter().map(String::as_str).chain([layout]).collect::<Vec<_>>().join("+")
}

fn versions(sources: &[SourceFacts]) -> Versions {
    let get = |key: &str| sources.iter().find_map(|s| s.versions.get(key).cloned());
    Versions {
        flink: get("flink"),
        flink_cdc: get("flink_cdc"),
        debezium: get("debezium"),
        postgres: get("postgres"),
        pgjdbc: get("pgjdbc"),
        java: get("java"),
        connector_jar: get("connector_jar"),
    }
}
