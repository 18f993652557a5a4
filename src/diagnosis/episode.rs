//! Episodes: a group's log is cut at healthy lines, and within each part consequences fold under their cause.

use super::State;
use super::group::{Item, What};
use super::incident::{Incident, Occurrence};
use super::pick::Picked;
use super::unknown::{self, UnknownGroup};
use crate::rule::{Confidence, Role, Rule, RuleSet};

/// Debezium starts the connector again, in the same attempt of the task.
const RESTARTING: &str = "debezium/connector-restarting";

/// What the episodes of a group gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Incidents, one an episode.
    pub incidents: Vec<Incident>,
    /// Exceptions that no rule knows.
    pub unknown: Vec<UnknownGroup>,
}

/// A match, and whether it came after a task had already failed.
struct Seen<'t> {
    picked: &'t Picked,
    after_failure: bool,
    place: usize,
}

#[derive(Default)]
struct Episode<'t> {
    matches: Vec<Seen<'t>>,
    unknown: Vec<(&'t Item, bool)>,
    /// Places at which the source was started anew.
    starts: Vec<usize>,
}

/// Cuts the time line into episodes and folds each.
#[must_use]
pub fn episodes(timeline: &[Item], rules: &RuleSet, group: usize) -> Found {
    let mut found = Found::default();
    let mut episode = Episode::default();
    let mut stopping = false;
    let mut attempts: Vec<(u64, usize, u32)> = Vec::new();
    for (place, item) in timeline.iter().enumerate() {
        match &item.what {
            What::Match(picked) => {
                // `Can't start the connector, will retry later` says both: what it failed of, and that it goes on
                if picked.rule == RESTARTING || picked.also.iter().any(|rule| rule == RESTARTING) {
                    episode.starts.push(place);
                }
                episode.matches.push(Seen { picked, after_failure: stopping, place });
            }
            What::Unknown(_) => episode.unknown.push((item, stopping)),
            // a task that has failed may still log what it did last
            What::Healthy if stopping => {}
            What::Healthy => fold(&std::mem::take(&mut episode), State::Recovered, rules, group, &mut found),
            What::State(change) => match change.to.as_str() {
                "DEPLOYING" if change.subject.contains("Source") => {
                    episode.starts.push(place);
                    stopping = false;
                }
                "FAILED" | "FAILING" | "CANCELING" | "CANCELLING" => {
                    if let Some(attempt) = change.attempt.filter(|_| change.to == "FAILED" && !change.is_job) {
                        attempts.push((item.seq, item.source, attempt));
                    }
                    stopping = true;
                }
                "DEPLOYING" | "RESTARTING" | "SCHEDULED" | "CREATED" => stopping = false,
                "RUNNING" if change.is_job => stopping = false,
                _ => {}
            },
        }
    }
    fold(&episode, State::Ongoing, rules, group, &mut found);
    for incident in &mut found.incidents {
        incident.note_attempts(&attempts);
    }
    found
}

/// One episode: who is the cause of whom.
fn fold(episode: &Episode<'_>, state: State, rules: &RuleSet, group: usize, found: &mut Found) {
    let mut causes: Vec<Incident> = Vec::new();
    let mut symptoms: Vec<(Incident, bool)> = Vec::new();
    for seen in &episode.matches {
        let Some(rule) = rules.get(&seen.picked.rule) else { continue };
        let list: &mut Vec<Incident> = &mut causes;
        if rule.role == Role::Cause {
            let known = list.iter_mut().find(|i| i.rule == rule.id && i.agrees(&seen.picked.captures, rules));
            match known {
                Some(incident) => incident.add(Occurrence::of(seen.picked), &seen.picked.captures, rules),
                None => {
                    let mut incident = Incident::new(seen.picked, rule, rules, group);
                    incident.after_failure = seen.after_failure;
                    list.push(incident);
                }
            }
        } else {
            match symptoms.iter_mut().find(|(i, _)| i.rule == rule.id && i.agrees(&seen.picked.captures, rules)) {
                Some((incident, _)) => incident.add(Occurrence::of(seen.picked), &seen.picked.captures, rules),
                None => {
                    let mut incident = Incident::new(seen.picked, rule, rules, group);
                    incident.after_failure = seen.after_failure;
                    symptoms.push((incident, seen.picked.unknown_root.is_some()));
                }
            }
        }
    }
    let mut causes = fold_causes(causes, rules);
    supersede(&mut causes, episode);
    let unknown = unknown::groups(
        &episode.unknown,
        &episode.matches.iter().map(|s| (s.picked, s.after_failure)).collect::<Vec<_>>(),
        group,
    );
    fold_symptoms(&mut causes, symptoms, unknown, state, rules, found);
    for mut cause in causes {
        let never = rules.get(&cause.rule).is_some_and(|r| r.clears_never);
        cause.state = if never { State::Ongoing } else { state };
        found.incidents.push(cause);
    }
}

/// A source started anew that fails of something else, and never again of what it failed of before, has come past that: somebody
/// mends one thing, and the next one shows. The newest failure is what stands in the way now.
fn supersede(causes: &mut [Incident], episode: &Episode<'_>) {
    let places = |rule: &str| {
        let of = || episode.matches.iter().filter(|s| s.picked.rule == rule).map(|s| s.place);
        of().min().zip(of().max())
    };
    let spans: Vec<_> = causes.iter().map(|c| (c.confidence, places(&c.rule))).collect();
    for (index, cause) in causes.iter_mut().enumerate() {
        let Some((_, Some((_, last)))) = spans.get(index) else { continue };
        cause.superseded = spans.iter().any(|(confidence, span)| {
            span.is_some_and(|(first, _)| {
                *confidence > Confidence::Possible && episode.starts.iter().any(|s| last <= s && *s < first)
            })
        });
    }
}

/// Causes that follow from another cause of the episode fold under it.
fn fold_causes(causes: Vec<Incident>, rules: &RuleSet) -> Vec<Incident> {
    let mut parent: Vec<Option<usize>> = vec![None; causes.len()];
    let rule = |i: usize| causes.get(i).and_then(|c| rules.get(&c.rule));
    for child in 0..causes.len() {
        let mut best: Option<usize> = None;
        for candidate in 0..causes.len() {
            if candidate == child {
                continue;
            }
            let (Some(c), Some(p)) = (rule(child), rule(candidate)) else { continue };
            let (Some(ci), Some(pi)) = (causes.get(child), causes.get(candidate)) else { continue };
            if follows(ci, c, pi, p, child > candidate) && !chain_leads_to(&parent, candidate, child) {
                let better = best.and_then(|b| causes.get(b)).is_none_or(|b| strength(pi, rules) > strength(b, rules));
                if better {
                    best = Some(candidate);
                }
            }
        }
        if let Some(slot) = parent.get_mut(child) {
            *slot = best;
        }
    }
    let mut kept: Vec<Option<Incident>> = causes.into_iter().map(Some).collect();
    for child in 0..kept.len() {
        let mut top = parent.get(child).copied().flatten();
        while let Some(next) = top.and_then(|t| parent.get(t).copied().flatten()) {
            top = Some(next);
        }
        let Some(top) = top else { continue };
        if let Some(incident) = kept.get_mut(child).and_then(Option::take)
            && let Some(Some(cause)) = kept.get_mut(top)
        {
            cause.swallow(&incident);
        }
    }
    kept.into_iter().flatten().collect()
}

fn chain_leads_to(parent: &[Option<usize>], from: usize, to: usize) -> bool {
    let mut at = Some(from);
    while let Some(i) = at {
        if i == to {
            return true;
        }
        at = parent.get(i).copied().flatten();
    }
    false
}

/// Causes that stay, that the log states, and that came first, are better parents.
fn strength(incident: &Incident, rules: &RuleSet) -> (bool, Confidence, bool) {
    (rules.get(&incident.rule).is_some_and(|r| !r.transient), incident.confidence, !incident.after_failure)
}

/// Does `child` follow from `parent`?
fn follows(child: &Incident, child_rule: &Rule, parent: &Incident, parent_rule: &Rule, later: bool) -> bool {
    if parent_rule.leads_to.contains(&child_rule.id)
        || parent_rule.masks.contains(&child_rule.id) && !child_rule.masks.contains(&parent_rule.id)
    {
        // masked causes are the true ones: the mask folds under what it hides
        if parent_rule.masks.contains(&child_rule.id) && !parent_rule.leads_to.contains(&child_rule.id) {
            return false;
        }
        // both ways: the earlier one is the cause
        return !child_rule.leads_to.contains(&parent_rule.id) || later;
    }
    if child_rule.leads_to.contains(&parent_rule.id) {
        return false;
    }
    if child_rule.masks.contains(&parent_rule.id) {
        return true;
    }
    if parent_rule.alternatives.contains(&child_rule.id) || child_rule.alternatives.contains(&parent_rule.id) {
        // one record that shows more than the message chose between the two: it decides for those that show less
        match (parent.also.contains(&child_rule.id), child.also.contains(&parent_rule.id)) {
            (true, false) => return true,
            (false, true) => return false,
            _ => {}
        }
        return child.confidence < parent.confidence || (child.confidence == parent.confidence && later);
    }
    if child_rule.transient {
        return !parent_rule.transient || later;
    }
    // after a task has failed, until it is deployed again, all that comes is a consequence
    child.after_failure && later && !parent.after_failure && !parent_rule.transient
}

/// Symptoms fold under the causes of the episode; without one, under exceptions that no rule knows; else they stand.
fn fold_symptoms(
    causes: &mut [Incident],
    symptoms: Vec<(Incident, bool)>,
    mut unknown: Vec<UnknownGroup>,
    state: State,
    rules: &RuleSet,
    found: &mut Found,
) {
    for group in &mut unknown {
        group.ongoing = state == State::Ongoing;
    }
    let mut standing: Vec<(Incident, bool)> = Vec::new();
    for (symptom, of_unknown) in symptoms {
        let Some(rule) = rules.get(&symptom.rule) else { continue };
        let related = |cause: &Incident| {
            rules.get(&cause.rule).is_some_and(|c| c.leads_to.contains(&rule.id))
                || rule.suspects.contains(&cause.rule)
                || cause.also.contains(&rule.id)
        };
        if let Some(at) = causes.iter().position(related).or((!causes.is_empty()).then_some(0)) {
            if let Some(cause) = causes.get_mut(at) {
                cause.swallow(&symptom);
            }
        } else {
            standing.push((symptom, of_unknown));
        }
    }
    if !causes.is_empty() {
        // what came before the cause may be the beginning of it all; what came after follows from it
        let first = causes.iter().filter_map(Incident::first_time).min();
        unknown.retain(|u| match (u.first_time(), first) {
            (Some(u_time), Some(c_time)) => u_time < c_time && !u.after_failure,
            _ => false,
        });
    }
    let real: Vec<UnknownGroup> = unknown;
    if real.is_empty() {
        // among symptoms, those that another one's suspects explain no better: flink's wrappers fold under the others
        let standing = standing.into_iter().map(|(symptom, _)| symptom);
        let (wrappers, named): (Vec<_>, Vec<_>) = standing.partition(|s| s.rule.starts_with("flink/"));
        let mut named = named;
        if named.is_empty() {
            named = wrappers;
            keep_first_of_wrappers(&mut named, rules);
        } else if let Some(first) = named.first_mut() {
            for wrapper in &wrappers {
                first.swallow(wrapper);
            }
        }
        for mut symptom in named {
            symptom.state = state;
            found.incidents.push(symptom);
        }
    } else {
        let mut real = real;
        // what a throwable of the same record says names what was being done when it was thrown
        let own = real.iter().any(|u| u.unknown.frames.first().is_some_and(|(_, _, own)| *own));
        let (named, standing): (Vec<_>, Vec<_>) =
            standing.into_iter().partition(|(s, of_unknown)| *of_unknown && !own && !s.rule.starts_with("flink/"));
        for (mut symptom, _) in named {
            symptom.state = state;
            found.incidents.push(symptom);
        }
        if let Some(first) = real.first_mut() {
            for (symptom, _) in &standing {
                first.consequences.push((
                    symptom.rule.clone(),
                    symptom.lines(),
                    symptom.occurrences.iter().map(|o| o.line).take(4).collect(),
                ));
            }
        }
        found.unknown.extend(real);
    }
}

/// Several wrappers of Flink with nothing under them: the one with suspects, or the first.
fn keep_first_of_wrappers(symptoms: &mut Vec<Incident>, rules: &RuleSet) {
    let best = symptoms.iter().position(|s| rules.get(&s.rule).is_some_and(|r| !r.suspects.is_empty())).unwrap_or(0);
    if symptoms.is_empty() {
        return;
    }
    let mut chosen = symptoms.swap_remove(best);
    for other in symptoms.iter() {
        chosen.swallow(other);
    }
    *symptoms = vec![chosen];
}
