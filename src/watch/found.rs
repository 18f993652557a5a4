//! What a diagnosis says is wrong now, one entry an incident, in a form that can be compared with what was wrong before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::event::Of;
use crate::diagnosis::{Diagnosis, Incident, State};
use crate::engine::facts::EventKind;
use crate::record::Timestamp;
use crate::report::model::{self, InputStatus};
use crate::report::{Confidence, Evidence};
use crate::rule::{Confidence as Sure, RuleSet};
use crate::trace::fingerprint::Fingerprint;

/// One thing that is wrong, or was.
#[derive(Debug, Clone)]
pub struct Found {
    /// The report's id of it.
    pub id: String,
    /// What it is of.
    pub of: Of,
    /// Id of the rule; `unrecognised` for an exception that no rule knows.
    pub cause: String,
    /// How sure.
    pub confidence: Option<Confidence>,
    /// It goes on.
    pub ongoing: bool,
    /// Values that tell it from others of the same cause.
    pub identity: BTreeMap<String, String>,
    /// Logs of its group.
    pub logs: BTreeSet<u32>,
    /// Jobs of its group.
    pub jobs: BTreeSet<String>,
    /// Failures.
    pub count: u64,
    /// Time of the first.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
    /// Causes and symptoms that it explains, and those that it turned out not to be.
    pub explains: BTreeSet<String>,
    /// The last state of its job.
    pub job_state: Option<String>,
    /// It is never over because something healthy was logged.
    pub never: bool,
    /// Where it stands in the diagnosis.
    place: usize,
}

impl Found {
    /// Where it stands in the diagnosis.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }
}

/// What a group of logs showed at last.
#[derive(Debug, Clone, Default)]
pub struct Sign {
    /// Log.
    pub log: u32,
    /// Number of the record.
    pub seq: u64,
    /// Its time.
    pub time: Option<Timestamp>,
    /// Its words.
    pub text: String,
}

/// All that is found, and signs of life.
#[derive(Debug, Default)]
pub struct Picture {
    /// What is wrong, in the order of the report.
    pub found: Vec<Found>,
    /// The last sign of life of each log.
    pub signs: Vec<Sign>,
    /// Jobs that logs tell of, and which logs.
    pub jobs: BTreeMap<String, BTreeSet<u32>>,
    diagnosis: Diagnosis,
}

impl Picture {
    /// Out of a diagnosis. Failures that passed by themselves count: they are told as opened and cleared.
    #[must_use]
    pub fn of(mut diagnosis: Diagnosis, rules: &RuleSet) -> Self {
        let passed = std::mem::take(&mut diagnosis.passed);
        diagnosis.causes.extend(passed);
        let mut picture = Self { diagnosis, ..Self::default() };
        let d = &picture.diagnosis;
        let mut found = Vec::new();
        for (of, list) in [(Of::Cause, &d.causes), (Of::Symptom, &d.symptoms)] {
            found.extend(list.iter().enumerate().map(|(place, i)| incident(d, i, of, place, rules)));
        }
        for (place, group) in d.unknown.iter().enumerate() {
            let (logs, jobs, job_state) = surroundings(d, group.group, &[group.source]);
            let job = d.jobs.iter().filter(|j| j.group == group.group).find_map(|j| j.name.clone());
            let text = format!("unrecognised\n{}\n{}", job.unwrap_or_default(), group.unknown.fingerprint);
            found.push(Found {
                id: Fingerprint::of_text(&text).to_string(),
                of: Of::Unrecognised,
                cause: "unrecognised".into(),
                confidence: None,
                ongoing: group.ongoing,
                identity: [("fingerprint".to_owned(), group.unknown.fingerprint.clone())].into(),
                logs,
                jobs,
                count: group.count(),
                first: group.times.0,
                last: group.times.1,
                explains: group.consequences.iter().map(|c| c.0.clone()).collect(),
                job_state,
                never: false,
                place,
            });
        }
        // logs of the same incident that no job joins are one incident all the same
        let mut joined: Vec<Found> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for one in found {
            match places.get(&one.id).and_then(|at| joined.get_mut(*at)) {
                Some(known) => {
                    known.count += one.count;
                    known.ongoing |= one.ongoing;
                    known.logs.extend(one.logs);
                    known.jobs.extend(one.jobs);
                    known.last = known.last.max(one.last);
                    known.explains.extend(one.explains);
                    known.confidence = known.confidence.max(one.confidence);
                }
                None => {
                    places.insert(one.id.clone(), joined.len());
                    joined.push(one);
                }
            }
        }
        picture.found = joined;
        picture.signs = signs(&picture.diagnosis);
        for facts in &picture.diagnosis.sources {
            for job in facts.jobs.keys() {
                picture.jobs.entry(job.clone()).or_default().extend(facts.series);
            }
        }
        picture
    }

    /// These incidents as in the report, in the same order. What is not wanted is not built.
    #[must_use]
    pub fn tell(&self, wanted: &[&Found], rules: &RuleSet, version: &str) -> Vec<Told> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let d = &self.diagnosis;
        let mut one = Diagnosis {
            sources: d.sources.clone(),
            jobs: d.jobs.clone(),
            signs: d.signs.clone(),
            clocks: d.clocks.clone(),
            times: d.times.clone(),
            job: d.job.clone(),
            ..Diagnosis::default()
        };
        for found in wanted {
            match found.of {
                Of::Cause => one.causes.extend(d.causes.get(found.place).cloned()),
                Of::Symptom => one.symptoms.extend(d.symptoms.get(found.place).cloned()),
                Of::Unrecognised => one.unknown.extend(d.unknown.get(found.place).cloned()),
            }
        }
        let report = model::build(&one, rules, &InputStatus::default(), version);
        let (mut causes, mut symptoms, mut unknown) =
            (report.diagnoses.into_iter(), report.symptoms.into_iter(), report.unrecognised.into_iter());
        let mut next = |found: &Found| match found.of {
            Of::Cause => causes.next().map(|d| Told {
                headline: d.headline.clone(),
                at: at(&d.evidence),
                whole: serde_json::to_value(&d).ok(),
            }),
            Of::Symptom => symptoms.next().map(|s| Told {
                headline: s.headline.clone(),
                at: at(&s.evidence),
                whole: serde_json::to_value(&s).ok(),
            }),
            Of::Unrecognised => unknown.next().map(|u| Told {
                headline: format!("{}: {}", u.class, u.message),
                at: at(&u.evidence),
                whole: serde_json::to_value(&u).ok(),
            }),
        };
        wanted.iter().map(|found| next(found).unwrap_or_default()).collect()
    }
}

/// Where the piece of evidence that decides stands.
fn at(evidence: &[Evidence]) -> Option<String> {
    let decisive = evidence.iter().find(|e| e.role == "decisive").or(evidence.first());
    decisive.map(|e| format!("{}:{}", e.path, e.line))
}

/// How an incident is told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The one sentence.
    pub headline: String,
    /// `path:line`.
    pub at: Option<String>,
    /// As in the report.
    pub whole: Option<Value>,
}

fn incident(d: &Diagnosis, i: &Incident, of: Of, place: usize, rules: &RuleSet) -> Found {
    let own: Vec<usize> = i.occurrences.iter().map(|o| o.source).collect();
    let (logs, mut jobs, job_state) = surroundings(d, i.group, &own);
    jobs.extend(i.jobs.iter().cloned());
    let explains = i.folded.keys().chain(&i.also).chain(&i.ruled_out);
    Found {
        id: model::incident_id(d, i),
        of,
        cause: i.rule.clone(),
        confidence: (of == Of::Cause).then_some(match i.confidence {
            Sure::Certain => Confidence::Certain,
            Sure::Likely => Confidence::Likely,
            Sure::Possible => Confidence::Possible,
        }),
        ongoing: i.state == State::Ongoing,
        identity: i.identity.clone(),
        logs,
        jobs,
        count: i.failures(),
        first: i.first_time(),
        last: i.last_time(),
        explains: explains.cloned().collect(),
        job_state,
        never: rules.get(&i.rule).is_some_and(|r| r.clears_never),
        place,
    }
}

/// Logs and jobs of a group, and the last state of its job.
fn surroundings(d: &Diagnosis, group: usize, own: &[usize]) -> (BTreeSet<u32>, BTreeSet<String>, Option<String>) {
    let jobs: BTreeSet<String> = d.jobs.iter().filter(|j| j.group == group).filter_map(|j| j.id.clone()).collect();
    let state = d.jobs.iter().filter(|j| j.group == group).find_map(|j| j.state.as_ref().map(|s| s.0.clone()));
    let logs = d
        .sources
        .iter()
        .enumerate()
        .filter(|(n, s)| own.contains(n) || s.jobs.keys().any(|j| jobs.contains(j)))
        .filter_map(|(_, s)| s.series)
        .collect();
    (logs, jobs, state)
}

fn signs(d: &Diagnosis) -> Vec<Sign> {
    let last = |facts: &crate::engine::facts::SourceFacts| {
        facts.events.iter().rev().find_map(|e| match &e.kind {
            EventKind::Healthy(text) => {
                Some(Sign { log: facts.series.unwrap_or(u32::MAX), seq: e.seq, time: e.time, text: text.clone() })
            }
            _ => None,
        })
    };
    d.sources.iter().filter_map(last).collect()
}
