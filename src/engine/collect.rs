//! Observations become facts: repeats are counted, everything is bounded.
//!
//! Equal events within one stretch of the log (between two changes of state or healthy lines) are one event with a count; of
//! healthy lines and state changes that follow each other, only the last of each kind is kept. So facts do not depend on how
//! often a storm repeats itself, nor on whether the prefilter showed every healthy line or only the last.

use std::collections::HashMap;

use super::facts::{
    ContextValue, Event, EventKind, MAX_EVENTS, MAX_STEPS, MAX_VALUES, Matched, Part, SourceFacts, StepHit, Unknown,
};
use super::observe::{Observed, Told};
use crate::record::{Layout, Level, Location};

/// Working memory of the collection of one source.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    /// Key of an event → its index, for the present stretch.
    stretch: HashMap<String, usize>,
    /// Number of hits of each part of each sequence.
    parts: HashMap<(String, usize, Part), usize>,
    /// The newest record that was seen to end inside a trace.
    inside_trace: Option<u64>,
    /// The record of the newest checkpoint.
    checkpoint: u64,
}

impl Collector {
    /// Goes on with facts that were stored, or from which events were taken out.
    #[must_use]
    pub fn resume(facts: &SourceFacts) -> Self {
        let mut collector = Self::default();
        for step in &facts.steps {
            *collector.parts.entry((step.rule.clone(), step.alternative, step.part)).or_insert(0) += 1;
        }
        collector
    }
}

/// Adds what one record says.
pub fn add(facts: &mut SourceFacts, collector: &mut Collector, observed: Observed) {
    if observed.inside_trace {
        collector.inside_trace = collector.inside_trace.max(Some(observed.seq));
    }
    if let Some(time) = observed.time {
        if facts.first_time.is_none() {
            facts.first_time = Some(time);
        }
        facts.seen(time, observed.seq);
    }
    if let Some(layout) = observed.layout.filter(|l| *l != Layout::None)
        && facts.layout.is_none()
    {
        facts.layout = Some(layout);
    }
    // a kept line may be observed only after the records behind it
    if let Some(number) = observed.checkpoint.filter(|_| observed.seq >= collector.checkpoint) {
        collector.checkpoint = observed.seq;
        facts.checkpoint = Some((number, observed.time, observed.at.map_or(0, |a| a.line)));
    }
    for told in &observed.context {
        context(facts, told, observed.seq);
    }
    for step in &observed.steps {
        steps(facts, collector, step);
    }
    events(facts, collector, observed);
}

/// Says whether the input ended inside a trace.
pub fn finish(facts: &mut SourceFacts, collector: &mut Collector) {
    // healthy records behind it may not have been looked at, but they were counted
    facts.ends_inside_record = collector.inside_trace.is_some_and(|seq| seq + 1 == facts.records);
    *collector = Collector::default();
}

fn context(facts: &mut SourceFacts, told: &Told, seq: u64) {
    let values = facts.context.entry(told.name.clone()).or_default();
    let room = values.len() < MAX_VALUES;
    match values.iter_mut().find(|v| v.value == told.value && v.system == told.system) {
        Some(known) => {
            known.count += 1;
            known.last_seq = seq;
        }
        None if room => values.push(ContextValue {
            value: told.value.clone(),
            system: told.system.clone(),
            seq,
            line: told.line,
            count: 1,
            last_seq: seq,
            key: told.key.clone(),
        }),
        None => {}
    }
}

fn steps(facts: &mut SourceFacts, collector: &mut Collector, hit: &StepHit) {
    let key = (hit.rule.clone(), hit.alternative, hit.part);
    let sequence = |h: &StepHit| h.rule == hit.rule && h.alternative == hit.alternative;
    if hit.part == Part::Activity {
        // only the first word after a step breaks the silence; what was said before any step does not matter
        let last = facts.steps.iter().rev().find(|h| sequence(h) && h.part != Part::Without && h.part != Part::Refutes);
        if !last.is_some_and(|h| matches!(h.part, Part::Step(_)) && h.seq < hit.seq) {
            return;
        }
    }
    let same = |h: &StepHit| sequence(h) && h.part == hit.part;
    let most = match hit.part {
        Part::Refutes => 4,
        _ => 2 * MAX_STEPS,
    };
    let count = collector.parts.entry(key).or_insert(0);
    if *count >= most {
        // the newest takes the place of the oldest of the newer half
        let keep = most / 2;
        if let Some(index) = facts.steps.iter().enumerate().filter(|(_, h)| same(h)).map(|(i, _)| i).nth(keep) {
            facts.steps.remove(index);
        }
    } else {
        *count += 1;
    }
    facts.steps.push(hit.clone());
}

fn events(facts: &mut SourceFacts, collector: &mut Collector, observed: Observed) {
    let Some(at) = observed.at else { return };
    let base = |kind: EventKind| Event {
        seq: observed.seq,
        at,
        last_line: at.line,
        lines: observed.lines,
        time: observed.time,
        last_time: observed.time,
        count: 1,
        level: observed.level,
        logger: observed.logger.clone(),
        job: observed.job.clone(),
        kind,
    };
    let mut new = Vec::new();
    if let Some(unknown) = observed.unknown {
        let key = key_of_unknown(observed.level, &unknown);
        new.push((key, base(EventKind::Unknown(unknown))));
    }
    if let Some(matched) = observed.matched {
        let key = key_of_matched(observed.level, &observed.logger, &matched);
        new.push((key, base(EventKind::Matched(matched))));
    }
    for (key, event) in new {
        let room = facts.events.len() < MAX_EVENTS;
        match collector.stretch.get(&key).and_then(|i| facts.events.get_mut(*i)) {
            Some(known) => repeat(known, &event),
            None if room => {
                collector.stretch.insert(key, facts.events.len());
                facts.events.push(event);
            }
            None => {}
        }
    }
    if let Some(state) = observed.state {
        quiet(facts, collector, base(EventKind::State(state)));
    }
    if let Some(text) = observed.health {
        quiet(facts, collector, base(EventKind::Healthy(text)));
    }
}

/// What makes a match the same as an earlier one.
pub(super) fn key_of_matched(level: Option<Level>, logger: &str, matched: &Matched) -> String {
    let mut key = format!("m {level:?} {logger}");
    for m in &matched.matches {
        key.push_str(&format!("|{} {} {:?} {:?}", m.rule, m.alternative, m.link, stable(&m.captures)));
    }
    if let Some(u) = &matched.unknown_root {
        key.push_str(&u.fingerprint);
    }
    key
}

/// What makes an unknown exception the same as an earlier one.
pub(super) fn key_of_unknown(level: Option<Level>, unknown: &Unknown) -> String {
    format!("u {} {level:?}", unknown.fingerprint)
}

/// Captures that do not change from one repeat to the next.
fn stable(captures: &std::collections::BTreeMap<String, String>) -> Vec<(&String, &String)> {
    const VOLATILE: &[&str] =
        &["pid", "lsn", "attempt", "checkpoint", "wal_segment", "bytes", "required", "available", "interval"];
    captures.iter().filter(|(k, _)| !VOLATILE.contains(&k.as_str())).collect()
}

pub(super) fn repeat(known: &mut Event, event: &Event) {
    known.count += 1;
    known.last_line = event.at.line;
    if event.time.is_some() {
        known.last_time = event.time;
    }
    if let (EventKind::Matched(old), EventKind::Matched(new)) = (&mut known.kind, &event.kind) {
        // the latest attempt is the one that counts
        for (o, n) in old.matches.iter_mut().zip(&new.matches) {
            if let Some(attempt) = n.captures.get("attempt") {
                o.captures.insert("last_attempt".to_owned(), attempt.clone());
            }
        }
    }
}

/// Healthy lines and changes of state: of those that follow each other only the last of each kind stays, and they end the stretch.
fn quiet(facts: &mut SourceFacts, collector: &mut Collector, event: Event) {
    let same = |a: &EventKind, b: &EventKind| match (a, b) {
        (EventKind::Healthy(_), EventKind::Healthy(_)) => true,
        (EventKind::State(a), EventKind::State(b)) => a.to == b.to && a.is_job == b.is_job && a.subject == b.subject,
        _ => false,
    };
    let index = facts
        .events
        .iter()
        .rposition(|e| matches!(e.kind, EventKind::Matched(_) | EventKind::Unknown(_)))
        .map_or(0, |i| i + 1);
    if let Some(old) = facts.events.iter().skip(index).position(|e| same(&e.kind, &event.kind)) {
        facts.events.remove(index + old);
    }
    collector.stretch.clear();
    if facts.events.len() < MAX_EVENTS {
        facts.events.push(event);
    }
}

/// Where an event's first record stands.
#[must_use]
pub fn place(event: &Event) -> Location {
    event.at
}
