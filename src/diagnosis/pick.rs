//! In one record, one match is the point; the others are how it surfaced.

use std::collections::BTreeMap;

use super::NoiseSeen;
use crate::engine::facts::{Event, LinkLine, Match, Matched, SourceFacts, Unknown};
use crate::record::{Level, Location, Timestamp};
use crate::rule::{Confidence, Role, RuleSet};

/// A record with its match chosen.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Index of the source.
    pub source: usize,
    /// Number of the record.
    pub seq: u64,
    /// Rule id.
    pub rule: String,
    /// Its role.
    pub role: Role,
    /// The match.
    pub best: Match,
    /// Other causes and symptoms that the record shows: rule ids, outermost first.
    pub also: Vec<String>,
    /// Captures of all matches, the deepest first.
    pub captures: BTreeMap<String, String>,
    /// Throwables of the record.
    pub links: Vec<LinkLine>,
    /// The root, if no rule knows it.
    pub unknown_root: Option<Unknown>,
    /// The record's text.
    pub record: String,
    /// Where the record begins.
    pub at: Location,
    /// Lines of the record.
    pub lines: u64,
    /// Time of the first of equal records.
    pub time: Option<Timestamp>,
    /// Time of the last.
    pub last_time: Option<Timestamp>,
    /// Line of the last.
    pub last_line: u64,
    /// How many.
    pub count: u64,
    /// Level.
    pub level: Option<Level>,
    /// Logger.
    pub logger: String,
    /// Job that the record names.
    pub job: Option<String>,
    /// Further evidence: steps of a sequence.
    pub steps: Vec<crate::engine::facts::StepHit>,
}

/// True if a harmless-line rule matched the record.
#[must_use]
pub fn is_noise(matched: &Matched, rules: &RuleSet) -> bool {
    matched.matches.iter().any(|m| rules.get(&m.rule).is_some_and(|r| r.role == Role::Noise))
}

/// Chooses. `None` if the record is noise, or nothing is left.
#[must_use]
pub fn pick(
    index: usize,
    source: &SourceFacts,
    event: &Event,
    matched: &Matched,
    rules: &RuleSet,
    noise: &mut BTreeMap<String, NoiseSeen>,
) -> Option<Picked> {
    let process = source.process();
    let matches: Vec<(&Match, Role)> = matched
        .matches
        .iter()
        .filter(|m| m.from.is_none_or(|p| p == process))
        .filter_map(|m| Some((m, rules.get(&m.rule)?.role)))
        .collect();
    if let Some((m, _)) = matches.iter().find(|(_, r)| *r == Role::Noise) {
        let seen = noise.entry(m.rule.clone()).or_default();
        seen.count += event.count;
        if seen.sample.is_empty() {
            seen.sample = m.evidence.text.lines().next().unwrap_or("").chars().take(160).collect();
        }
        return None;
    }
    // a cause is the point, if there is one; suppressed throwables only if there is nothing else
    let best = best(&matches, Role::Cause).or_else(|| best(&matches, Role::Symptom))?;
    let best = leading(best, &matches, rules);
    let mut order: Vec<&(&Match, Role)> = matches.iter().collect();
    order.sort_by_key(|(m, _)| std::cmp::Reverse(depth(m)));
    let mut captures = best.0.captures.clone();
    for (m, _) in &order {
        for (name, value) in &m.captures {
            captures.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut also: Vec<String> = Vec::new();
    for (m, _) in order.iter().rev() {
        if m.rule != best.0.rule && !also.contains(&m.rule) {
            also.push(m.rule.clone());
        }
    }
    Some(Picked {
        source: index,
        seq: event.seq,
        rule: best.0.rule.clone(),
        role: best.1,
        best: best.0.clone(),
        also,
        captures,
        links: matched.links.clone(),
        unknown_root: matched.unknown_root.clone(),
        record: matched.record.clone(),
        at: event.at,
        lines: event.lines,
        time: event.time,
        last_time: event.last_time,
        last_line: event.last_line,
        count: event.count,
        level: event.level,
        logger: event.logger.clone(),
        job: event.job.clone(),
        steps: Vec::new(),
    })
}

/// Of two that a record shows, the one that the rules say leads to the other comes first.
fn leading<'m>(best: (&'m Match, Role), matches: &[(&'m Match, Role)], rules: &RuleSet) -> (&'m Match, Role) {
    let leads = |a: &Match, b: &Match| rules.get(&a.rule).is_some_and(|rule| rule.leads_to.contains(&b.rule));
    let found = matches.iter().copied().filter(|(m, role)| {
        *role == best.1
            && m.rule != best.0.rule
            && m.suppressed <= best.0.suppressed
            && m.confidence >= best.0.confidence
            && leads(m, best.0)
            && !leads(best.0, m)
    });
    found.max_by(|(a, _), (b, _)| depth(a).cmp(&depth(b)).then_with(|| b.rule.cmp(&a.rule))).unwrap_or(best)
}

/// How deep a match stands: the record's own text is outermost.
fn depth(m: &Match) -> usize {
    m.link.map_or(0, |l| l + 1)
}

/// A named system beats the network, the deepest beats those above it, the entry that says more beats one that says less.
fn best<'m>(matches: &[(&'m Match, Role)], role: Role) -> Option<(&'m Match, Role)> {
    let named = |m: &Match| !m.rule.starts_with("network/");
    let certain = |m: &Match| m.confidence != Confidence::Possible;
    matches.iter().filter(|(_, r)| *r == role).copied().max_by(|(a, _), (b, _)| {
        (!a.suppressed)
            .cmp(&!b.suppressed)
            .then(named(a).cmp(&named(b)))
            .then(certain(a).cmp(&certain(b)))
            .then(depth(a).cmp(&depth(b)))
            .then(a.weight.cmp(&b.weight))
            .then(a.confidence.cmp(&b.confidence))
            .then_with(|| b.rule.cmp(&a.rule))
    })
}
