//! Which sources speak of the same job, and their events in one order.

use std::collections::BTreeMap;

use super::pick::{self, Picked};
use super::{JobSeen, MAX_CHANGES, NoiseSeen, sequence};
use crate::engine::facts::{Event, EventKind, SourceFacts, StateChange, Unknown};
use crate::record::Timestamp;
use crate::rule::{Process, RuleSet};

/// One thing on the time line of a group.
#[derive(Debug, Clone)]
pub struct Item {
    /// Index of the source.
    pub source: usize,
    /// Number of the record.
    pub seq: u64,
    /// Time, of the record or of the one before it.
    pub time: Option<Timestamp>,
    /// What it is.
    pub what: What,
}

/// What an item is.
#[derive(Debug, Clone)]
pub enum What {
    /// A record that rules matched.
    Match(Box<Picked>),
    /// An exception that no rule knows.
    Unknown(Box<(Event, Unknown)>),
    /// The connector moved.
    Healthy,
    /// A task or job changed its state.
    State(StateChange),
}

/// True for the server's own log.
#[must_use]
pub fn is_server(sources: &[SourceFacts], index: usize) -> bool {
    sources.get(index).is_some_and(|s| s.process() == Process::Postgres)
}

/// Groups of sources: those of one series, and those that name the same job. The server's logs stand in every group's shadow: they
/// are one group of their own only if there is nothing else.
#[must_use]
pub fn groups(sources: &[SourceFacts]) -> Vec<Vec<usize>> {
    let all: Vec<usize> = (0..sources.len()).collect();
    let flink: Vec<usize> = all.iter().copied().filter(|i| !is_server(sources, *i)).collect();
    let members = if flink.is_empty() { all } else { flink };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut homeless = Vec::new();
    for index in members {
        let Some(source) = sources.get(index) else { continue };
        let related = |other: usize| {
            sources.get(other).is_some_and(|o| {
                (source.series.is_some() && source.series == o.series)
                    || source.jobs.keys().any(|j| o.jobs.contains_key(j))
            })
        };
        let (mut with, without): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            groups.into_iter().partition(|g| g.iter().any(|o| related(*o)));
        groups = without;
        if with.is_empty() && source.jobs.is_empty() && source.series.is_none() {
            homeless.push(index);
            continue;
        }
        let mut joined: Vec<usize> = with.drain(..).flatten().collect();
        joined.push(index);
        joined.sort_unstable();
        groups.push(joined);
    }
    // a log that names no job belongs to the only job there is
    match (groups.len(), homeless.is_empty()) {
        (1, false) => {
            if let Some(only) = groups.first_mut() {
                only.extend(homeless);
                only.sort_unstable();
            }
        }
        (_, false) => groups.extend(homeless.into_iter().map(|h| vec![h])),
        _ => {}
    }
    groups.sort();
    groups
}

/// The events of a group in the order of time; within one source in the order of the log.
#[must_use]
pub fn timeline(
    sources: &[SourceFacts],
    members: &[usize],
    rules: &RuleSet,
    noise: &mut BTreeMap<String, NoiseSeen>,
) -> Vec<Item> {
    let mut items = Vec::new();
    for &index in members {
        let Some(source) = sources.get(index) else { continue };
        let mut time = None;
        let mut own = Vec::new();
        for event in &source.events {
            time = event.time.or(time);
            let what = match &event.kind {
                EventKind::Healthy(_) => What::Healthy,
                EventKind::State(change) => What::State(change.clone()),
                EventKind::Unknown(unknown) => What::Unknown(Box::new((event.clone(), unknown.clone()))),
                EventKind::Matched(matched) => match pick::pick(index, source, event, matched, rules, noise) {
                    Some(picked) => What::Match(Box::new(picked)),
                    None => match &matched.unknown_root {
                        Some(u) if !pick::is_noise(matched, rules) => {
                            What::Unknown(Box::new((event.clone(), u.clone())))
                        }
                        _ => continue,
                    },
                },
            };
            own.push(Item { source: index, seq: event.seq, time, what });
        }
        items.push(own);
    }
    let latest = members.iter().filter_map(|i| sources.get(*i)?.last_time).max();
    for picked in sequence::judge(sources, members, rules, latest) {
        let item =
            Item { source: picked.source, seq: picked.seq, time: picked.time, what: What::Match(Box::new(picked)) };
        if let Some(own) = items.iter_mut().find(|o| o.first().is_some_and(|f| f.source == item.source)) {
            let at = own.partition_point(|i| i.seq <= item.seq);
            own.insert(at, item);
        } else {
            items.push(vec![item]);
        }
    }
    merge(items)
}

/// Merges the sources by time, never changing the order within one.
fn merge(mut lists: Vec<Vec<Item>>) -> Vec<Item> {
    lists.retain(|l| !l.is_empty());
    let mut out = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    let mut heads = vec![0_usize; lists.len()];
    loop {
        let next = lists
            .iter()
            .zip(&heads)
            .enumerate()
            .filter_map(|(i, (list, head))| list.get(*head).map(|item| (item.time, i)))
            .min_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)));
        let Some((_, index)) = next else { return out };
        if let (Some(list), Some(head)) = (lists.get(index), heads.get_mut(index)) {
            if let Some(item) = list.get(*head) {
                out.push(item.clone());
            }
            *head += 1;
        }
    }
}

/// Jobs that a group's sources name, with their last states.
#[must_use]
pub fn jobs(sources: &[SourceFacts], members: &[usize], group: usize) -> Vec<JobSeen> {
    let mut jobs: BTreeMap<String, JobSeen> = BTreeMap::new();
    for index in members {
        let Some(source) = sources.get(*index) else { continue };
        for (id, named) in &source.jobs {
            let job =
                jobs.entry(id.clone()).or_insert_with(|| JobSeen { id: Some(id.clone()), group, ..JobSeen::default() });
            if job.name.is_none() {
                job.name.clone_from(&named.name);
            }
        }
    }
    let mut seen: Vec<JobSeen> = jobs.into_values().collect();
    if seen.is_empty() {
        seen.push(JobSeen { group, ..JobSeen::default() });
    }
    let single = seen.len() == 1;
    for index in members {
        let Some(source) = sources.get(*index) else { continue };
        for event in &source.events {
            let EventKind::State(change) = &event.kind else { continue };
            let target = if change.is_job {
                let id = event.job.as_deref();
                seen.iter_mut().find(|j| j.id.as_deref() == id)
            } else if single && change.subject.contains("Source") {
                seen.first_mut()
            } else {
                None
            };
            let Some(job) = target else { continue };
            if let Some(attempt) = change.attempt {
                job.attempts = job.attempts.max(Some(attempt + 1));
            }
            // a job-level state (JobManager) wins over that of its source task
            let replaces = change.is_job || job.state.as_ref().is_none_or(|(_, s, _)| *s == *index);
            if replaces {
                job.state = Some((change.to.clone(), *index, event.at.line));
            }
            if replaces && job.changes.len() < MAX_CHANGES {
                job.changes.push((change.to.clone(), event.time, *index, event.at.line));
            }
        }
    }
    seen.retain(|j| j.id.is_some() || j.state.is_some());
    seen
}
