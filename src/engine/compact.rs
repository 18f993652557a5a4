//! Facts of a source that never ends are kept small.
//!
//! A job that restarts for days repeats the same few events; of those, the first and the latest are what inference needs. Nothing
//! here is used by a scan of files that end.

use std::collections::{BTreeMap, BTreeSet};

use super::collect;
use super::facts::{Event, EventKind, Part, SourceFacts};

/// Events of a source from which on it is compacted.
pub const MANY_EVENTS: usize = 320;
/// So many of the oldest and of the newest events stay as they are.
const KEPT: usize = 80;
/// Most failures kept between those; the first of each rule stays beside them.
const MOST: usize = 64;

impl SourceFacts {
    /// Repeats between the oldest and the newest events are counted in the first of their kind; of too many different ones the
    /// older go, but for the first of each rule, so that what follows from it is still known to.
    pub fn compact(&mut self) {
        if self.events.len() <= MANY_EVENTS {
            return;
        }
        let newest = self.events.split_off(self.events.len() - KEPT);
        let middle = self.events.split_off(KEPT.min(self.events.len()));
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut rules = BTreeSet::new();
        for (index, event) in self.events.iter().enumerate() {
            if let Some(key) = key(event) {
                known.entry(key).or_insert(index);
                rules.extend(rules_of(event));
            }
        }
        // a change of state says something only for what comes right behind it
        let mut states: Vec<Event> = Vec::new();
        let mut kept: Vec<(Event, bool)> = Vec::new();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        for event in middle {
            let Some(key) = key(&event) else {
                states.retain(|s| !same_state(s, &event));
                states.push(event);
                continue;
            };
            let first = match (known.get(&key), positions.get(&key)) {
                (Some(index), _) => self.events.get_mut(*index),
                (None, Some(index)) => kept.get_mut(*index).map(|(e, _)| e),
                (None, None) => None,
            };
            if let Some(first) = first {
                merge(first, &event);
                states.clear();
                continue;
            }
            let of_rule = rules_of(&event);
            let needed = of_rule.iter().any(|r| !rules.contains(r));
            rules.extend(of_rule);
            kept.extend(states.drain(..).map(|s| (s, false)));
            positions.insert(key, kept.len());
            kept.push((event, needed));
        }
        let failures = kept.iter().filter(|(e, _)| key(e).is_some()).count();
        let mut surplus = failures.saturating_sub(MOST);
        for (event, needed) in kept {
            if surplus > 0 && !needed && key(&event).is_some() {
                surplus -= 1;
                continue;
            }
            self.events.push(event);
        }
        self.events.extend(states);
        self.events.extend(newest);
    }

    /// Takes out failures that were over when the source moved again. What was said once and holds on stays: parameters, versions,
    /// jobs, what rules causes out, the last sign of life and the last states.
    pub fn forget_failures(&mut self) {
        let healthy = self.events.iter().rposition(|e| matches!(e.kind, EventKind::Healthy(_)));
        let from = healthy.unwrap_or(self.events.len());
        let seq = self.events.get(from).map_or(u64::MAX, |e| e.seq);
        let mut index = 0;
        self.events.retain(|e| {
            index += 1;
            index > from && matches!(e.kind, EventKind::Healthy(_) | EventKind::State(_))
        });
        self.steps.retain(|hit| hit.part == Part::Refutes || hit.seq > seq);
    }

    /// Takes out all that happened, so that only what a log says about itself stays: parameters, versions, jobs, the process.
    pub fn forget_events(&mut self) {
        self.events.clear();
        self.steps.retain(|hit| hit.part == Part::Refutes);
        self.ends_inside_record = false;
    }

    /// Adds what an older file of the same log says about itself. What is known already wins.
    pub fn inherit(&mut self, older: &Self) {
        for (name, values) in &older.context {
            let own = self.context.entry(name.clone()).or_default();
            for value in values {
                let known = own.iter().any(|v| v.value == value.value && v.system == value.system);
                if !known && own.len() < super::facts::MAX_VALUES {
                    own.push(value.clone());
                }
            }
        }
        for (name, version) in &older.versions {
            self.versions.entry(name.clone()).or_insert_with(|| version.clone());
        }
        for (process, votes) in &older.votes {
            *self.votes.entry(*process).or_insert(0) += votes;
        }
        for (id, job) in &older.jobs {
            let own = self.jobs.entry(id.clone()).or_default();
            own.name = own.name.take().or_else(|| job.name.clone());
        }
        for (system, line) in &older.systems {
            self.systems.entry(system.clone()).or_insert(*line);
        }
        self.connector = self.connector.or(older.connector);
        self.layout = self.layout.or(older.layout);
    }
}

/// What makes failures the same; `None` for what is no failure.
fn key(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Matched(matched) => Some(collect::key_of_matched(event.level, &event.logger, matched)),
        EventKind::Unknown(unknown) => Some(collect::key_of_unknown(event.level, unknown)),
        EventKind::Healthy(_) | EventKind::State(_) => None,
    }
}

fn rules_of(event: &Event) -> Vec<String> {
    match &event.kind {
        EventKind::Matched(matched) => matched.matches.iter().map(|m| m.rule.clone()).collect(),
        _ => Vec::new(),
    }
}

fn same_state(a: &Event, b: &Event) -> bool {
    match (&a.kind, &b.kind) {
        (EventKind::State(a), EventKind::State(b)) => a.to == b.to && a.subject == b.subject,
        (EventKind::Healthy(_), EventKind::Healthy(_)) => true,
        _ => false,
    }
}

/// Counts an event in an earlier one of its kind.
fn merge(first: &mut Event, later: &Event) {
    let count = first.count + later.count;
    collect::repeat(first, later);
    first.count = count;
    first.last_line = later.last_line;
    first.last_time = later.last_time.or(later.time).or(first.last_time);
}
