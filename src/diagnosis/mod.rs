//! What the facts mean: incidents, episodes, causes and symptoms, ranked.
//!
//! Facts of all sources go in, a [`Diagnosis`] comes out: plain data, no texts yet. The steps: the clocks of the sources are
//! compared ([`clock`]); sources are grouped by the Flink job
//! they speak of ([`group`]); in each record one match is chosen ([`pick`]); sequences are judged ([`sequence`]); the log of a group
//! is cut into episodes between healthy lines, and within each, consequences fold under their cause ([`episode`]); incidents of
//! all episodes are joined ([`incident`]); the server's own log decides between causes that look alike ([`corroborate`]).

pub mod clock;
pub mod corroborate;
pub mod endpoint;
pub mod episode;
pub mod given;
pub mod group;
pub mod incident;
pub mod params;
pub mod pick;
pub mod provider;
pub mod sequence;
pub mod unknown;

use std::collections::BTreeMap;

use crate::engine::facts::{EventKind, LeftOut, SourceFacts};
use crate::job::JobDefinition;
use crate::record::{Times, Timestamp};
use crate::rule::{Confidence, Process, Role, RuleSet};
pub use clock::Clocks;
pub use endpoint::Endpoint;
pub use given::Conflict;
pub use incident::{Incident, Occurrence};
pub use params::{Params, Value};
pub use unknown::UnknownGroup;

/// What the person who asks adds.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Parameters given by hand; they win.
    pub params: BTreeMap<String, String>,
    /// Parameters of the environment, `CDC_DOCTOR_SLOT` under `slot`; they win over logs and files.
    pub environment: BTreeMap<String, String>,
    /// Definitions of the job and configuration files of the server.
    pub job: Vec<JobDefinition>,
    /// How the scan read times, and which it counted: for the report, the facts are made already.
    pub times: Times,
}

/// State of an incident when the logs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing healthy came after it.
    Ongoing,
    /// The source moved again.
    Recovered,
}

/// Most states of a job that are kept with their times.
pub const MAX_CHANGES: usize = 200;

/// A Flink job as the logs show it.
#[derive(Debug, Clone, Default)]
pub struct JobSeen {
    /// Job id.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Last state, and where it stands: source and line.
    pub state: Option<(String, usize, u64)>,
    /// The states it entered, each with its time, source and line; the first [`MAX_CHANGES`].
    pub changes: Vec<(String, Option<Timestamp>, usize, u64)>,
    /// Highest attempt number of a task, plus one.
    pub attempts: Option<u32>,
    /// Group of sources that speak of it.
    pub group: usize,
}

/// A rule whose matches were left out.
#[derive(Debug, Clone, Default)]
pub struct NoiseSeen {
    /// How many records.
    pub count: u64,
    /// The first of them.
    pub sample: String,
}

/// A line that shows the source moving.
#[derive(Debug, Clone)]
pub struct Sign {
    /// Index of the source.
    pub source: usize,
    /// Line.
    pub line: u64,
    /// Time.
    pub time: Option<Timestamp>,
    /// The line's own text, shortened.
    pub text: String,
}

/// The result of inference.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    /// Facts it rests on (names, counts, times, versions of the sources).
    pub sources: Vec<SourceFacts>,
    /// Causes, best first.
    pub causes: Vec<Incident>,
    /// Recovered transient causes beside others: only worth a note.
    pub passed: Vec<Incident>,
    /// Symptoms that nothing explains.
    pub symptoms: Vec<Incident>,
    /// Exceptions no rule knows.
    pub unknown: Vec<UnknownGroup>,
    /// Harmless records by rule.
    pub noise: BTreeMap<String, NoiseSeen>,
    /// Jobs.
    pub jobs: Vec<JobSeen>,
    /// Signs of life, one a source.
    pub signs: Vec<Sign>,
    /// The source (index) of a TaskManager whose job's start-up may have failed in the JobManager.
    pub needs_jobmanager: Option<usize>,
    /// Definitions of the job and configuration files of the server; their places are counted behind those of `sources`.
    pub job: Vec<JobDefinition>,
    /// How the clocks of the sources stand to each other.
    pub clocks: Clocks,
    /// How times were read, and which counted.
    pub times: Times,
}

/// Infers. The same facts and rules give the same diagnosis.
#[must_use]
pub fn infer(sources: &[SourceFacts], rules: &RuleSet, options: &Options) -> Diagnosis {
    let mut diagnosis = Diagnosis { sources: sources.to_vec(), times: options.times.clone(), ..Diagnosis::default() };
    diagnosis.clocks = clock::align(&mut diagnosis.sources);
    let aligned = std::mem::take(&mut diagnosis.sources);
    let sources = aligned.as_slice();
    let groups = group::groups(sources);
    let mut incidents = Vec::new();
    for (number, members) in groups.iter().enumerate() {
        for part in clock::parts(sources, members) {
            let timeline = group::timeline(sources, &part, rules, &mut diagnosis.noise);
            let found = episode::episodes(&timeline, rules, number);
            incidents.extend(found.incidents);
            diagnosis.unknown.extend(found.unknown);
        }
        diagnosis.jobs.extend(group::jobs(sources, members, number));
    }
    diagnosis.unknown = unknown::join(std::mem::take(&mut diagnosis.unknown));
    for incident in &mut incidents {
        endpoint::correct(incident, sources, groups.get(incident.group), rules);
    }
    let mut incidents = incident::join(incidents, rules);
    let server = corroborate::server_matches(sources, rules);
    let flink = groups.iter().any(|g| g.iter().any(|s| !group::is_server(sources, *s)));
    corroborate::decide(&mut incidents, &server, rules, flink);
    refute(&mut incidents, sources, &groups, rules);
    for incident in &mut incidents {
        incident.params = params::resolve(incident, sources, groups.get(incident.group), rules, options);
    }
    let (causes, symptoms): (Vec<_>, Vec<_>) = incidents.into_iter().partition(|i| i.role == Role::Cause);
    diagnosis.causes = causes;
    diagnosis.symptoms = symptoms;
    rank(&mut diagnosis.causes);
    rank(&mut diagnosis.symptoms);
    only_passed(&mut diagnosis, rules);
    diagnosis.signs = signs(sources);
    diagnosis.needs_jobmanager = needs_jobmanager(&diagnosis, sources);
    diagnosis.job.clone_from(&options.job);
    given::add(&mut diagnosis, sources, rules, options);
    diagnosis.sources = aligned;
    diagnosis
}

/// Ongoing first, then those that no later start has come past, then the surest, then the earliest, then by id.
fn rank(incidents: &mut [Incident]) {
    incidents.sort_by(|a, b| {
        (a.state == State::Recovered)
            .cmp(&(b.state == State::Recovered))
            .then(a.superseded.cmp(&b.superseded))
            .then(b.confidence.cmp(&a.confidence))
            .then_with(|| a.first_time().cmp(&b.first_time()))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.identity.cmp(&b.identity))
    });
}

/// A recovered episode of transient causes alone is a diagnosis only if there is no other.
fn only_passed(diagnosis: &mut Diagnosis, rules: &RuleSet) {
    let passing = |i: &Incident| i.state == State::Recovered && rules.get(&i.rule).is_some_and(|r| r.transient);
    // what the cluster mended by itself is no fault of the source: always a note
    let (mended, causes) =
        std::mem::take(&mut diagnosis.causes).into_iter().partition(|i| passing(i) && i.rule.starts_with("flink/"));
    diagnosis.passed = mended;
    diagnosis.causes = causes;
    diagnosis.symptoms.retain(|s| s.state == State::Ongoing || !s.rule.starts_with("flink/"));
    let others = diagnosis.causes.iter().any(|i| !passing(i))
        || diagnosis.symptoms.iter().any(|s| s.state == State::Ongoing)
        || diagnosis.unknown.iter().any(|u| u.ongoing);
    if others {
        let (passed, causes) = std::mem::take(&mut diagnosis.causes).into_iter().partition(passing);
        diagnosis.passed.extend::<Vec<Incident>>(passed);
        diagnosis.causes = causes;
    }
    // symptoms and unknown exceptions that recovered are not worth more than the causes that stand
    if !diagnosis.causes.is_empty() {
        diagnosis.symptoms.retain(|s| s.state == State::Ongoing);
        diagnosis.unknown.retain(|u| u.ongoing);
    }
}

/// Entries that rule a cause out, seen in the same group, take it away unless the log states it.
fn refute(incidents: &mut Vec<Incident>, sources: &[SourceFacts], groups: &[Vec<usize>], rules: &RuleSet) {
    incidents.retain(|i| {
        i.confidence == Confidence::Certain
            || i.role != Role::Cause
            || rules.get(&i.rule).is_none()
            || corroborate::refutation(&i.rule, &i.captures, sources, groups.get(i.group)).is_none()
    });
}

fn signs(sources: &[SourceFacts]) -> Vec<Sign> {
    sources
        .iter()
        .enumerate()
        .filter_map(|(source, facts)| {
            facts.events.iter().rev().find_map(|e| match &e.kind {
                EventKind::Healthy(text) => Some(Sign { source, line: e.at.line, time: e.time, text: text.clone() }),
                _ => None,
            })
        })
        .collect()
}

/// Nothing was found, a TaskManager's log names a CDC connector, nothing moved, and no JobManager's log is there.
fn needs_jobmanager(diagnosis: &Diagnosis, sources: &[SourceFacts]) -> Option<usize> {
    let silent = diagnosis.causes.is_empty() && diagnosis.symptoms.is_empty() && diagnosis.unknown.is_empty();
    let jobmanager = sources.iter().any(|s| s.process() == Process::Jobmanager);
    let left_out = sources.iter().any(|s| s.left_out != LeftOut::default());
    if !silent || jobmanager || left_out || !diagnosis.signs.is_empty() {
        return None;
    }
    sources.iter().position(|s| s.process() == Process::Taskmanager && s.connector.is_some())
}
