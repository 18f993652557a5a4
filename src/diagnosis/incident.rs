//! Incidents: one cause (or symptom) with its identity, its proof and its consequences.

use std::collections::BTreeMap;

use super::State;
use super::params::Params;
use super::pick::Picked;
use crate::engine::facts::{LinkLine, Match, StepHit};
use crate::record::{Level, Timestamp};
use crate::rule::{Confidence, Role, Rule, RuleSet};

/// Most occurrences kept of one incident.
const MAX_OCCURRENCES: usize = 64;

/// One record (or a run of equal ones) that shows an incident.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Index of the source.
    pub source: usize,
    /// Number of the record.
    pub seq: u64,
    /// Line that matched.
    pub line: u64,
    /// Line of the last of equal records.
    pub last_line: u64,
    /// First line of the record.
    pub record_line: u64,
    /// Lines of the record.
    pub record_lines: u64,
    /// Time of the first.
    pub time: Option<Timestamp>,
    /// Time of the last.
    pub last_time: Option<Timestamp>,
    /// How many.
    pub count: u64,
    /// The match.
    pub best: Match,
    /// Level.
    pub level: Option<Level>,
    /// Logger.
    pub logger: String,
    /// Throwables of the record.
    pub links: Vec<LinkLine>,
    /// The record.
    pub record: String,
    /// Steps of a sequence.
    pub steps: Vec<StepHit>,
}

impl Occurrence {
    /// The occurrence of a picked match.
    #[must_use]
    pub fn of(picked: &Picked) -> Self {
        Self {
            source: picked.source,
            seq: picked.seq,
            line: picked.best.evidence.line,
            last_line: picked.last_line,
            record_line: picked.at.line,
            record_lines: picked.lines,
            time: picked.time,
            last_time: picked.last_time.or(picked.time),
            count: picked.count,
            best: picked.best.clone(),
            level: picked.level,
            logger: picked.logger.clone(),
            links: picked.links.clone(),
            record: picked.record.clone(),
            steps: picked.steps.clone(),
        }
    }
}

/// One incident.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Rule id.
    pub rule: String,
    /// Cause or symptom.
    pub role: Role,
    /// How sure.
    pub confidence: Confidence,
    /// At the end of the logs.
    pub state: State,
    /// Group of sources.
    pub group: usize,
    /// Values of identity parameters that the records themselves give.
    pub identity: BTreeMap<String, String>,
    /// All captures.
    pub captures: BTreeMap<String, String>,
    /// Records, in order.
    pub occurrences: Vec<Occurrence>,
    /// Number of records by their kind (logger, level, alternative).
    pub kinds: BTreeMap<String, u64>,
    /// Jobs that the records name.
    pub jobs: Vec<String>,
    /// Attempts of the task that ended in it.
    pub attempts: Vec<u32>,
    /// Consequences: rule → count and first lines.
    pub folded: BTreeMap<String, (u64, Vec<u64>)>,
    /// Rules that matched the same records.
    pub also: Vec<String>,
    /// It began after a task had already failed.
    pub after_failure: bool,
    /// The source was started again since, and failed of something else.
    pub superseded: bool,
    /// Occurrences in the server's own log.
    pub server: Vec<Occurrence>,
    /// Alternatives that the server's log ruled out.
    pub ruled_out: Vec<String>,
    /// Only the job's own files show it, no log.
    pub from_job: bool,
    /// What those files say of it: text, place of the file, line.
    pub facts: Vec<(String, usize, u64)>,
    /// Parameters, filled.
    pub params: Params,
}

impl Incident {
    /// An incident of nothing yet.
    #[must_use]
    pub fn blank(rule: &Rule, confidence: Confidence, group: usize) -> Self {
        Self {
            rule: rule.id.clone(),
            role: rule.role,
            confidence,
            state: State::Ongoing,
            group,
            identity: BTreeMap::new(),
            captures: BTreeMap::new(),
            occurrences: Vec::new(),
            kinds: BTreeMap::new(),
            jobs: Vec::new(),
            attempts: Vec::new(),
            folded: BTreeMap::new(),
            also: Vec::new(),
            after_failure: false,
            superseded: false,
            server: Vec::new(),
            ruled_out: Vec::new(),
            from_job: false,
            facts: Vec::new(),
            params: Params::default(),
        }
    }

    /// A new incident from its first record.
    #[must_use]
    pub fn new(picked: &Picked, rule: &Rule, rules: &RuleSet, group: usize) -> Self {
        let mut incident = Self::blank(rule, picked.best.confidence, group);
        incident.also_from(picked);
        incident.add(Occurrence::of(picked), &picked.captures, rules);
        incident
    }

    fn also_from(&mut self, picked: &Picked) {
        for id in &picked.also {
            if !self.also.contains(id) {
                self.also.push(id.clone());
            }
        }
        if let Some(job) = &picked.job
            && !self.jobs.contains(job)
        {
            self.jobs.push(job.clone());
        }
    }

    /// Adds a record.
    pub fn add(&mut self, occurrence: Occurrence, captures: &BTreeMap<String, String>, rules: &RuleSet) {
        for (name, value) in captures {
            let identity = rules.vocabulary.get(name).is_some_and(|p| p.identity);
            if identity {
                let known = self.identity.entry(name.clone()).or_insert_with(|| value.clone());
                if more_of_it(value, known) {
                    known.clone_from(value);
                }
            }
            let latest = name == "last_attempt";
            let known = self.captures.entry(name.clone()).or_insert_with(|| value.clone());
            if latest || more_of_it(value, known) {
                known.clone_from(value);
            }
        }
        let kind = format!(
            "{} {:?} {} {} {:?}",
            occurrence.source, occurrence.level, occurrence.logger, occurrence.best.alternative, occurrence.best.link
        );
        *self.kinds.entry(kind).or_insert(0) += occurrence.count;
        self.confidence = self.confidence.max(occurrence.best.confidence);
        if self.occurrences.len() < MAX_OCCURRENCES {
            self.occurrences.push(occurrence);
        } else if let Some(last) = self.occurrences.last_mut() {
            last.count += occurrence.count;
            last.last_line = occurrence.last_line;
            last.last_time = occurrence.last_time;
        }
    }

    /// The values of identity parameters do not contradict.
    #[must_use]
    pub fn agrees(&self, captures: &BTreeMap<String, String>, rules: &RuleSet) -> bool {
        captures.iter().filter(|(name, _)| rules.vocabulary.get(name).is_some_and(|p| p.identity)).all(
            |(name, value)| {
                self.identity
                    .get(name)
                    .is_none_or(|known| known == value || more_of_it(known, value) || more_of_it(value, known))
            },
        )
    }

    /// Takes another incident in as a consequence.
    pub fn swallow(&mut self, other: &Self) {
        let entry = self.folded.entry(other.rule.clone()).or_default();
        entry.0 += other.lines();
        for occurrence in &other.occurrences {
            if entry.1.len() < 4 {
                entry.1.push(occurrence.line);
            }
        }
        for (id, (count, lines)) in &other.folded {
            let entry = self.folded.entry(id.clone()).or_default();
            entry.0 += count;
            let room = 4_usize.saturating_sub(entry.1.len());
            entry.1.extend(lines.iter().take(room));
        }
        for (name, value) in &other.captures {
            self.captures.entry(name.clone()).or_insert_with(|| value.clone());
        }
        for job in &other.jobs {
            if !self.jobs.contains(job) {
                self.jobs.push(job.clone());
            }
        }
    }

    /// Attempts of a task that failed right after one of the records.
    pub fn note_attempts(&mut self, failures: &[(u64, usize, u32)]) {
        for occurrence in &self.occurrences {
            let next = failures
                .iter()
                .filter(|(seq, source, _)| *source == occurrence.source && *seq >= occurrence.seq)
                .min_by_key(|(seq, _, _)| *seq);
            if let Some((_, _, attempt)) = next
                && !self.attempts.contains(attempt)
            {
                self.attempts.push(*attempt);
            }
        }
        self.attempts.sort_unstable();
    }

    /// Failures: the most often seen kind of record counts, copies that wrappers print do not.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.kinds.values().copied().max().unwrap_or(1)
    }

    /// Records.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Time of the first record.
    #[must_use]
    pub fn first_time(&self) -> Option<Timestamp> {
        self.occurrences.iter().filter_map(|o| o.time).min()
    }

    /// Time of the last record.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        self.occurrences.iter().filter_map(|o| o.last_time).max()
    }

    /// The record that proves it best: the surest alternative, then the first.
    #[must_use]
    pub fn decisive(&self) -> Option<&Occurrence> {
        let mut best: Option<&Occurrence> = None;
        for occurrence in &self.occurrences {
            let better = best.is_none_or(|b| {
                let key = |o: &Occurrence| {
                    (o.best.confidence, !o.best.suppressed, o.best.weight.min(3), o.best.link.is_some())
                };
                key(occurrence) > key(b)
            });
            if better {
                best = Some(occurrence);
            }
        }
        best
    }
}

/// `sales.orders` says more of it than `orders`.
fn more_of_it(value: &str, known: &str) -> bool {
    value.len() > known.len() && value.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
}

/// Joins the incidents of all episodes: same rule, same group, no contradiction.
#[must_use]
pub fn join(incidents: Vec<Incident>, rules: &RuleSet) -> Vec<Incident> {
    let mut joined: Vec<Incident> = Vec::new();
    for incident in incidents {
        let same = joined
            .iter_mut()
            .find(|j| j.rule == incident.rule && j.group == incident.group && j.agrees(&incident.identity, rules));
        match same {
            Some(known) => merge(known, incident, rules),
            None => joined.push(incident),
        }
    }
    joined
}

fn merge(known: &mut Incident, incident: Incident, rules: &RuleSet) {
    for occurrence in incident.occurrences {
        known.add(occurrence, &incident.captures, rules);
    }
    for (id, (count, lines)) in incident.folded {
        let entry = known.folded.entry(id).or_default();
        entry.0 += count;
        let room = 4_usize.saturating_sub(entry.1.len());
        entry.1.extend(lines.into_iter().take(room));
    }
    for attempt in incident.attempts {
        if !known.attempts.contains(&attempt) {
            known.attempts.push(attempt);
        }
    }
    for id in incident.also {
        if !known.also.contains(&id) {
            known.also.push(id);
        }
    }
    for job in incident.jobs {
        if !known.jobs.contains(&job) {
            known.jobs.push(job);
        }
    }
    // the last episode says how it stands
    if known.state == State::Recovered || incident.state == State::Ongoing {
        known.state = incident.state;
    }
    known.after_failure &= incident.after_failure;
    // the last episode says how it stands
    known.superseded = incident.superseded;
}
