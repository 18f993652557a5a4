//! The server's own log decides between causes that look alike to a client.

use std::collections::BTreeMap;

use super::group;
use super::incident::{Incident, Occurrence};
use super::pick::{self, Picked};
use super::sequence;
use crate::engine::facts::{EventKind, Part, SourceFacts};
use crate::rule::{Confidence, Role, RuleSet};

/// Causes that the server's logs show.
#[must_use]
pub fn server_matches(sources: &[SourceFacts], rules: &RuleSet) -> Vec<Picked> {
    let mut found = Vec::new();
    let mut noise = BTreeMap::new();
    for (index, source) in sources.iter().enumerate().filter(|(i, _)| group::is_server(sources, *i)) {
        for event in &source.events {
            let EventKind::Matched(matched) = &event.kind else { continue };
            if let Some(picked) = pick::pick(index, source, event, matched, rules, &mut noise)
                && picked.role == Role::Cause
            {
                found.push(picked);
            }
        }
        found.extend(sequence::judge(sources, &[index], rules, source.last_time));
    }
    found
}

/// Lets the server's log decide. `flink`: there are Flink logs beside it; if not, its matches are incidents already.
pub fn decide(incidents: &mut Vec<Incident>, server: &[Picked], rules: &RuleSet, flink: bool) {
    if !flink {
        return;
    }
    let mut used = vec![false; server.len()];
    for incident in incidents.iter_mut().filter(|i| i.role == Role::Cause) {
        let Some(rule) = rules.get(&incident.rule) else { continue };
        let related: Vec<usize> = server
            .iter()
            .enumerate()
            .filter(|(_, p)| {
                let other = rules.get(&p.rule);
                let alike = p.rule == incident.rule
                    || rule.alternatives.contains(&p.rule)
                    || other.is_some_and(|o| o.alternatives.contains(&rule.id));
                // the client saw the consequence only: the disk was full, and the connection broke
                let behind = incident.confidence < Confidence::Certain
                    && p.best.server_only
                    && p.best.confidence == Confidence::Certain
                    && other.is_some_and(|o| o.leads_to.contains(&rule.id));
                (alike || behind)
                    && agree(incident, p)
                    && (alike && other.is_none_or(|o| !o.transient) || at_that_moment(incident, p))
            })
            .map(|(i, _)| i)
            .collect();
        // the same words as the client's confirm that it happened; which of the causes it was only the server's own words tell
        let tells = |p: &&Picked| p.rule == incident.rule || p.best.server_only;
        let best = related
            .iter()
            .filter_map(|i| server.get(*i))
            .filter(tells)
            .max_by_key(|p| (p.best.server_only, p.best.confidence, p.rule == incident.rule));
        let Some(mut best) = best else { continue };
        // what the server says led to it is the better answer
        for other in related.iter().filter_map(|i| server.get(*i)).filter(tells) {
            let leads = rules.get(&other.rule).is_some_and(|r| r.leads_to.contains(&best.rule));
            let back = rules.get(&best.rule).is_some_and(|r| r.leads_to.contains(&other.rule));
            if leads && !back && other.best.confidence >= best.best.confidence {
                best = other;
            }
        }
        for i in &related {
            if let Some(slot) = used.get_mut(*i) {
                *slot = true;
            }
        }
        let decides = best.best.confidence == Confidence::Certain
            && (best.rule != incident.rule || incident.confidence < Confidence::Certain);
        if decides || best.rule == incident.rule {
            if best.best.confidence == Confidence::Certain {
                let mut ruled_out: Vec<String> =
                    rule.alternatives.iter().filter(|a| **a != best.rule).cloned().collect();
                let follows = rules.get(&best.rule).is_some_and(|r| r.leads_to.contains(&incident.rule));
                if best.rule != incident.rule && follows {
                    let seen = (incident.lines(), incident.occurrences.iter().map(|o| o.line).take(4).collect());
                    incident.folded.entry(incident.rule.clone()).or_insert(seen);
                } else if best.rule != incident.rule {
                    ruled_out.push(incident.rule.clone());
                }
                incident.ruled_out = ruled_out;
                incident.rule.clone_from(&best.rule);
                incident.confidence = Confidence::Certain;
            }
            for (name, value) in &best.captures {
                incident.captures.entry(name.clone()).or_insert_with(|| value.clone());
            }
            incident.server.extend(
                related
                    .iter()
                    .filter_map(|i| server.get(*i))
                    .filter(|p| p.rule == best.rule && p.best.alternative == best.best.alternative)
                    .take(3)
                    .map(Occurrence::of),
            );
        }
    }
    // what only the server saw: faults of the applications, or of the slot while nobody was connected
    let lasting =
        |p: &&Picked| rules.get(&p.rule).is_some_and(|r| !r.transient) && p.best.confidence == Confidence::Certain;
    for picked in server.iter().zip(&used).filter(|(_, used)| !**used).map(|(p, _)| p).filter(lasting) {
        let explained = incidents.iter().any(|i| {
            i.rule == picked.rule
                || rules.get(&i.rule).is_some_and(|r| {
                    r.leads_to.contains(&picked.rule)
                        || r.masks.contains(&picked.rule)
                        || r.alternatives.contains(&picked.rule)
                })
                || rules.get(&picked.rule).is_some_and(|r| r.leads_to.contains(&i.rule) || r.masks.contains(&i.rule))
        });
        let Some(rule) = rules.get(&picked.rule) else { continue };
        match incidents.iter_mut().find(|i| i.rule == picked.rule && i.agrees(&picked.captures, rules)) {
            Some(known) if known.occurrences.iter().all(|o| group_of(o) == picked.source) => {
                known.add(Occurrence::of(picked), &picked.captures, rules);
            }
            Some(_) => {}
            None if !explained => incidents.push(Incident::new(picked, rule, rules, 0)),
            None => {}
        }
    }
}

fn group_of(occurrence: &Occurrence) -> usize {
    occurrence.source
}

/// Same user, slot, database, ... where both say.
fn agree(incident: &Incident, picked: &Picked) -> bool {
    ["user", "slot", "database", "publication"].iter().all(|name| {
        match (incident.captures.get(*name), picked.captures.get(*name)) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    })
}

/// What passes by itself says nothing of another day's failure: the server must have written it shortly before the job noticed, or
/// as good as at once where the two clocks stand in different zones. Unknown times agree.
fn at_that_moment(incident: &Incident, picked: &Picked) -> bool {
    /// Seconds by which clocks may differ, and after which a client has noticed.
    const EARLY: i64 = 60;
    const LATE: i64 = 600;
    /// The same, when a difference of zones (a multiple of 15 minutes) must be allowed for.
    const LATE_ELSEWHERE: i64 = 120;
    const QUARTER: i64 = 900;
    const ZONES: i64 = 14 * 3600;
    let Some(server) = picked.time.filter(|t| t.has_date) else { return true };
    let server_last = picked.last_time.unwrap_or(server);
    let times = incident.occurrences.iter().filter_map(|o| Some((o.time?, o.last_time.or(o.time)?)));
    let mut dated = times.filter(|(first, _)| first.has_date).peekable();
    if dated.peek().is_none() {
        return true;
    }
    dated.any(|(first, last)| {
        let zones = server.offset.zip(first.offset);
        let shift = zones.map_or(0, |(theirs, ours)| i64::from(theirs) - i64::from(ours));
        // equal records are one run: the two runs must overlap, give or take
        let (from, to) = (first.seconds - server_last.seconds + shift, last.seconds - server.seconds + shift);
        let near = |late: i64, by: i64| from + by <= late && to + by >= -EARLY;
        near(LATE, 0)
            || zones.is_none()
                && (-ZONES / QUARTER..=ZONES / QUARTER).any(|quarters| near(LATE_ELSEWHERE, quarters * QUARTER))
    })
}

/// A line that rules a cause out, in the sources of a group: source, line, text.
#[must_use]
pub fn refutation(
    rule: &str,
    captures: &BTreeMap<String, String>,
    sources: &[SourceFacts],
    members: Option<&Vec<usize>>,
) -> Option<(usize, u64, String)> {
    members?.iter().find_map(|index| {
        let source = sources.get(*index)?;
        source
            .steps
            .iter()
            .filter(|h| h.part == Part::Refutes && h.rule == rule)
            .find(|h| h.captures.iter().all(|(k, v)| captures.get(k).is_none_or(|c| c == v)))
            .map(|h| (*index, h.evidence.line, h.evidence.text.clone()))
    })
}
