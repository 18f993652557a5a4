//! Failures that no rule explains, by fingerprint: what the rule base lacks.

use super::group::{Item, What};
use super::pick::Picked;
use crate::engine::facts::Unknown;
use crate::record::{Level, Timestamp};

/// One unknown exception.
#[derive(Debug, Clone)]
pub struct UnknownGroup {
    /// The exception.
    pub unknown: Unknown,
    /// Index of the source of the first.
    pub source: usize,
    /// Number of the record.
    pub seq: u64,
    /// First line of the record.
    pub record_line: u64,
    /// Level.
    pub level: Option<Level>,
    /// Logger.
    pub logger: String,
    /// Times of the first and the last.
    pub times: (Option<Timestamp>, Option<Timestamp>),
    /// Line of the last.
    pub last_line: u64,
    /// Records by their kind.
    pub kinds: std::collections::BTreeMap<String, u64>,
    /// Consequences: rule, count, lines.
    pub consequences: Vec<(String, u64, Vec<u64>)>,
    /// Nothing healthy came after it.
    pub ongoing: bool,
    /// It came after a task had already failed.
    pub after_failure: bool,
    /// Group of sources.
    pub group: usize,
}

impl UnknownGroup {
    /// Time of the first.
    #[must_use]
    pub fn first_time(&self) -> Option<Timestamp> {
        self.times.0
    }

    /// How often it was thrown: the most often seen kind of record counts.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.kinds.values().copied().max().unwrap_or(1)
    }
}

/// Groups the unknown exceptions of one episode: bare ones, and those under symptoms.
#[must_use]
pub fn groups(items: &[(&Item, bool)], matches: &[(&Picked, bool)], group: usize) -> Vec<UnknownGroup> {
    let mut found: Vec<UnknownGroup> = Vec::new();
    for (item, after_failure) in items {
        let What::Unknown(pair) = &item.what else { continue };
        let (event, unknown) = pair.as_ref();
        add(
            &mut found,
            UnknownGroup {
                unknown: unknown.clone(),
                source: item.source,
                seq: item.seq,
                record_line: event.at.line,
                level: event.level,
                logger: event.logger.clone(),
                times: (event.time, event.last_time.or(event.time)),
                last_line: event.last_line,
                kinds: [(format!("{} {:?} {}", item.source, event.level, event.logger), event.count)].into(),
                consequences: Vec::new(),
                ongoing: true,
                after_failure: *after_failure,
                group,
            },
        );
    }
    for (picked, after_failure) in matches {
        let Some(unknown) = &picked.unknown_root else { continue };
        add(
            &mut found,
            UnknownGroup {
                unknown: unknown.clone(),
                source: picked.source,
                seq: picked.seq,
                record_line: picked.at.line,
                level: picked.level,
                logger: picked.logger.clone(),
                times: (picked.time, picked.last_time),
                last_line: picked.last_line,
                kinds: [(format!("{} {:?} {}", picked.source, picked.level, picked.logger), picked.count)].into(),
                consequences: Vec::new(),
                ongoing: true,
                after_failure: *after_failure,
                group,
            },
        );
    }
    found.sort_by_key(|u| (u.after_failure, u.times.0, u.source, u.seq));
    // what follows a failure is told as a consequence only if something stands before it
    if found.iter().any(|u| !u.after_failure) {
        found.retain(|u| !u.after_failure);
    }
    found
}

/// Joins the groups of all episodes.
#[must_use]
pub fn join(groups: Vec<UnknownGroup>) -> Vec<UnknownGroup> {
    let mut joined: Vec<UnknownGroup> = Vec::new();
    for group in groups {
        add(&mut joined, group);
    }
    joined
}

fn add(found: &mut Vec<UnknownGroup>, new: UnknownGroup) {
    // wrappers change the chain: root class and message are what makes it the same
    let same = found.iter_mut().find(|u| {
        (u.group == new.group && u.unknown.fingerprint == new.unknown.fingerprint)
            || (u.group == new.group
                && u.unknown.class == new.unknown.class
                && u.unknown.message == new.unknown.message)
    });
    match same {
        Some(known) => {
            for (kind, n) in new.kinds {
                *known.kinds.entry(kind).or_insert(0) += n;
            }
            known.times =
                (known.times.0.min(new.times.0).or(known.times.0).or(new.times.0), known.times.1.max(new.times.1));
            if new.source == known.source {
                known.last_line = known.last_line.max(new.last_line);
            }
            known.after_failure &= new.after_failure;
            known.ongoing |= new.ongoing;
            for consequence in new.consequences {
                match known.consequences.iter_mut().find(|c| c.0 == consequence.0) {
                    Some(c) => c.1 += consequence.1,
                    None => known.consequences.push(consequence),
                }
            }
        }
        None => found.push(new),
    }
}
