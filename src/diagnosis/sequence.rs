//! Rules over several records: order, count, silence, time span.

use std::collections::{BTreeMap, BTreeSet};

use super::pick::Picked;
use crate::engine::facts::{EventKind, Excerpt, Match, Part, SourceFacts, StepHit};
use crate::record::{Location, Timestamp};
use crate::rule::{Process, Role, RuleSet, Sequence};

/// Judges the sequences of causes and symptoms on a group's sources. A series of rotated files is one log.
#[must_use]
pub fn judge(sources: &[SourceFacts], members: &[usize], rules: &RuleSet, latest: Option<Timestamp>) -> Vec<Picked> {
    all(sources, members, rules, latest).into_iter().filter(|p| p.role != Role::Noise).collect()
}

/// Ids of harmless-line rules whose sequences hold.
#[must_use]
pub fn noise(sources: &[SourceFacts], members: &[usize], rules: &RuleSet, latest: Option<Timestamp>) -> Vec<String> {
    all(sources, members, rules, latest).into_iter().filter(|p| p.role == Role::Noise).map(|p| p.rule).collect()
}

fn all(sources: &[SourceFacts], members: &[usize], rules: &RuleSet, latest: Option<Timestamp>) -> Vec<Picked> {
    let mut found = Vec::new();
    for log in logs(sources, members) {
        let hits = hits(sources, &log);
        let keys: BTreeSet<(String, usize)> = hits.iter().map(|(_, h)| (h.rule.clone(), h.alternative)).collect();
        for (rule, alternative) in keys {
            let Some(r) = rules.get(&rule) else { continue };
            let Some(a) = r.alternatives_of_match.get(alternative) else { continue };
            let Some(sequence) = &a.sequence else { continue };
            let own: Vec<&(usize, StepHit)> = hits
                .iter()
                .filter(|(_, h)| h.rule == rule && h.alternative == alternative && h.part != Part::Refutes)
                .collect();
            let runs = runs(&own, sequence, sources, latest);
            found.extend(runs.into_iter().filter_map(|steps| picked(&steps, r.role, &rule, alternative, a)));
        }
    }
    found
}

/// Sources of one log, oldest first.
fn logs(sources: &[SourceFacts], members: &[usize]) -> Vec<Vec<usize>> {
    let mut series: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut logs = Vec::new();
    for index in members {
        match sources.get(*index).and_then(|s| s.series) {
            Some(s) => series.entry(s).or_default().push(*index),
            None => logs.push(vec![*index]),
        }
    }
    logs.extend(series.into_values());
    logs
}

fn hits(sources: &[SourceFacts], log: &[usize]) -> Vec<(usize, StepHit)> {
    let mut all = Vec::new();
    for index in log {
        if let Some(source) = sources.get(*index) {
            let mut own: Vec<_> = source.steps.iter().map(|h| (*index, h.clone())).collect();
            own.sort_by_key(|(_, h)| h.seq);
            all.extend(own);
        }
    }
    all
}

type Place<'h> = (usize, &'h (usize, StepHit));

/// Runs of steps in order. `hits` is in the order of the log.
fn runs<'h>(
    hits: &[&'h (usize, StepHit)],
    sequence: &Sequence,
    sources: &[SourceFacts],
    latest: Option<Timestamp>,
) -> Vec<Vec<&'h (usize, StepHit)>> {
    let indexed: Vec<Place<'h>> = hits.iter().enumerate().map(|(i, h)| (i, *h)).collect();
    let last_step = sequence.steps.len().saturating_sub(1);
    let mut runs = Vec::new();
    let mut from = 0;
    while let Some(start) = indexed.iter().find(|(i, (_, h))| *i >= from && h.part == Part::Step(0)) {
        from = start.0 + 1;
        let mut steps = vec![start.1];
        let mut at = start.0;
        let mut captures = start.1.1.captures.clone();
        let mut need: Vec<usize> = (1..=last_step).collect();
        for _ in 1..sequence.count {
            need.push(last_step);
        }
        let complete = need.into_iter().all(|step| {
            let next = indexed.iter().find(|(i, (_, h))| {
                *i > at
                    && h.part == Part::Step(step)
                    && !same_record(h, steps.last())
                    && sequence.same.iter().all(|n| agrees(&captures, &h.captures, n))
                    && sequence.differ.iter().all(|n| differs(&captures, &h.captures, n))
                    && within(&start.1.1, h, sequence.within)
            });
            match next {
                Some((i, hit)) => {
                    at = *i;
                    steps.push(hit);
                    for (k, v) in &hit.1.captures {
                        captures.entry(k.clone()).or_insert_with(|| v.clone());
                    }
                    true
                }
                None => false,
            }
        });
        if !complete
            || forbidden(&indexed, start.0, at, sequence, sources, &steps)
            || !silent(&indexed, at, sequence, latest)
        {
            continue;
        }
        // repeats of the last step belong to this run
        while let Some((i, hit)) =
            indexed.iter().find(|(i, (_, h))| *i > at && matches!(h.part, Part::Step(_) | Part::Without))
        {
            if hit.1.part != Part::Step(last_step) || (last_step > 0 && hit.1.part == Part::Step(0)) {
                break;
            }
            at = *i;
            steps.push(hit);
        }
        from = at + 1;
        runs.push(steps);
    }
    runs
}

fn same_record(hit: &StepHit, last: Option<&&(usize, StepHit)>) -> bool {
    last.is_some_and(|(_, l)| l.seq == hit.seq)
}

fn agrees(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>, name: &str) -> bool {
    match (a.get(name), b.get(name)) {
        (Some(x), Some(y)) => x == y,
        _ => true,
    }
}

fn differs(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>, name: &str) -> bool {
    match (a.get(name), b.get(name)) {
        (Some(x), Some(y)) => x != y,
        _ => true,
    }
}

fn within(first: &StepHit, hit: &StepHit, limit: Option<i64>) -> bool {
    match (limit, first.time, hit.time) {
        (Some(limit), Some(a), Some(b)) => b.millis_since(&a) <= limit,
        _ => true,
    }
}

/// A forbidden line between the first step and the last. For a sequence of one step, also before it: back to where its task was
/// deployed, or to the beginning.
fn forbidden(
    indexed: &[Place<'_>],
    first: usize,
    last: usize,
    sequence: &Sequence,
    sources: &[SourceFacts],
    steps: &[&(usize, StepHit)],
) -> bool {
    let without = |(_, (_, h)): &&Place<'_>| h.part == Part::Without;
    let between = indexed.iter().filter(|(i, _)| *i > first && *i < last).find(without).is_some();
    if between || sequence.steps.len() > 1 {
        return between;
    }
    let Some((source, hit)) = steps.first() else { return false };
    let deployed = sources.get(*source).and_then(|s| {
        s.events
            .iter()
            .filter(|e| e.seq < hit.seq && matches!(&e.kind, EventKind::State(c) if c.to == "DEPLOYING"))
            .map(|e| e.seq)
            .next_back()
    });
    indexed
        .iter()
        .filter(|(i, (s, h))| *i < first && (*s != *source || deployed.is_none_or(|d| h.seq > d)))
        .find(without)
        .is_some()
}

/// Nothing from the loggers after the last step, for long enough by the latest clock of any source.
fn silent(indexed: &[Place<'_>], last: usize, sequence: &Sequence, latest: Option<Timestamp>) -> bool {
    let Some(silence) = &sequence.then_nothing else { return true };
    let Some((_, (source, hit))) = indexed.get(last) else { return false };
    let spoke =
        indexed.iter().any(|(_, (s, h))| h.part == Part::Activity && (s != source || h.seq > hit.seq) && s >= source);
    match (hit.time, latest) {
        (Some(time), Some(latest)) => !spoke && latest.millis_since(&time) >= silence.millis,
        _ => false,
    }
}

fn picked(
    steps: &[&(usize, StepHit)],
    role: Role,
    rule: &str,
    alternative: usize,
    a: &crate::rule::Alternative,
) -> Option<Picked> {
    let needed = a.sequence.as_ref().map_or(1, |s| s.steps.len());
    let (source, decisive) = steps.get(needed.saturating_sub(1)).copied()?;
    let (_, first) = steps.first().copied()?;
    let (_, last) = steps.last().copied()?;
    let mut captures = BTreeMap::new();
    for (_, hit) in steps.iter().take(needed) {
        captures.extend(hit.captures.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    if let Some(attempt) = last.captures.get("attempt") {
        captures.insert("last_attempt".to_owned(), attempt.clone());
    }
    let count = steps.len().saturating_sub(needed) as u64 + 1;
    let evidence: Excerpt = decisive.evidence.clone();
    Some(Picked {
        source: *source,
        seq: decisive.seq,
        rule: rule.to_owned(),
        role,
        best: Match {
            rule: rule.to_owned(),
            alternative,
            confidence: a.confidence,
            link: None,
            suppressed: false,
            weight: needed,
            from: None,
            // what the server's own lines tell together is its own word, too
            server_only: a
                .sequence
                .as_ref()
                .is_some_and(|s| !s.steps.is_empty() && s.steps.iter().all(|e| e.from == Some(Process::Postgres))),
            captures: captures.clone(),
            evidence: evidence.clone(),
            english: a.english.clone(),
        },
        also: Vec::new(),
        captures,
        links: Vec::new(),
        unknown_root: None,
        record: evidence.text.clone(),
        at: Location { line: decisive.evidence.line, byte: decisive.evidence.offset },
        lines: 1,
        time: first.time.filter(|_| count > 1).or(decisive.time),
        last_time: last.time,
        last_line: last.evidence.line,
        count,
        level: decisive.level,
        logger: decisive.logger.clone(),
        job: None,
        steps: steps.iter().take(needed.max(1)).map(|(_, h)| h.clone()).collect(),
    })
}
