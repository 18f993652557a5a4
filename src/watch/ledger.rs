//! The book of incidents: what is open, what was, and which events a new picture of the logs means.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use entry::Entry;

use super::clock;
use super::event::{Kind, Of};
use super::found::{Found, Picture, Sign};
use crate::record::Timestamp;
use crate::trace::fingerprint::Fingerprint;

/// An open incident that was not seen for so many seconds is over.
const AGE: i64 = 7 * 86_400;
/// One that is over is remembered for so many seconds, to know it again.
const REMEMBERED: i64 = 30 * 86_400;
/// Most incidents remembered.
const MOST: usize = 20_000;

/// An event to be told.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What happened.
    pub kind: Kind,
    /// Id of the incident.
    pub id: String,
    /// Which of the things found it is about.
    pub found: Option<usize>,
    /// Why.
    pub reason: Option<String>,
    /// Time of the log record.
    pub time: Option<Timestamp>,
}

/// All incidents.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// By id.
    entries: BTreeMap<String, Entry>,
    /// Number of the next one.
    next: u64,
    /// What facts that were made smaller show, and was not wrong before: id and count.
    artefacts: BTreeMap<String, u64>,
}

impl Ledger {
    /// Incidents that are open.
    pub fn open(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|e| e.open)
    }

    /// Some incident is over as soon as it has been for long enough.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.open().any(Entry::waits)
    }

    /// One incident.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// One incident, to note how it was told.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.get_mut(id)
    }

    /// Says which numbers the logs have in this run.
    pub fn number_logs(&mut self, mut number: impl FnMut(&str) -> u32) {
        for entry in self.entries.values_mut() {
            entry.logs = entry.names.iter().map(|n| number(n)).collect();
        }
    }

    /// Says which names the logs have, before the book is stored.
    pub fn name_logs(&mut self, names: &BTreeMap<u32, String>) {
        for entry in self.entries.values_mut() {
            entry.names = entry.logs.iter().filter_map(|l| names.get(l).cloned()).collect();
        }
    }

    /// Compares with a new picture. `now`: seconds since 1970.
    pub fn update(&mut self, picture: &Picture, now: i64) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let matched = self.matches(picture);
        let ids: BTreeSet<&String> = matched.iter().flatten().collect();
        let mut free: Vec<String> =
            self.open().filter(|e| !ids.contains(&e.id) && !e.detached).map(|e| e.id.clone()).collect();
        for (index, found) in picture.found.iter().enumerate() {
            let draft = |kind, id: &str, reason: Option<String>, time| Draft {
                kind,
                id: id.to_owned(),
                found: Some(index),
                reason,
                time,
            };
            let Some(id) = matched.get(index).cloned().flatten() else {
                if self.artefacts.get(&found.id).is_some_and(|count| found.count <= *count) {
                    continue;
                }
                self.artefacts.remove(&found.id);
                // a better explanation of what was open takes its place
                let better = free.iter().position(|id| {
                    self.entries.get(id).is_some_and(|e| found.ongoing && explains(found, e) && e.is_near(found))
                });
                if let Some(at) = better {
                    let id = free.swap_remove(at);
                    if let Some(entry) = self.entries.get_mut(&id) {
                        let was = std::mem::replace(&mut entry.cause, found.cause.clone());
                        entry.become_of(found, now);
                        drafts.push(draft(Kind::Escalated, &id, Some(format!("it is not {was}")), found.last));
                    }
                    continue;
                }
                self.next += 1;
                let mut entry = Entry::new(found, self.next, now);
                let near = picture.jobs.iter().filter(|(_, logs)| logs.iter().any(|l| entry.logs.contains(l)));
                entry.old_jobs = near.map(|(job, _)| job.clone()).collect();
                if self.entries.contains_key(&entry.id) {
                    // the id stayed with an incident that turned out to be something else
                    entry.id = Fingerprint::of_text(&format!("{}\n{}", entry.id, entry.number)).to_string();
                }
                let id = entry.id.clone();
                self.entries.insert(id.clone(), entry);
                drafts.push(draft(Kind::Opened, &id, None, found.first));
                if !found.ongoing {
                    drafts.extend(self.clear(&id, Some(index), picture, now));
                }
                continue;
            };
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let new = found.count.saturating_sub(entry.seen);
            entry.seen = found.count;
            if entry.open {
                if let Some(reason) = entry.worse(found) {
                    drafts.push(draft(Kind::Escalated, &id, Some(reason), found.last));
                }
                if let Some(reason) = entry.again(found, new, now) {
                    drafts.push(draft(Kind::Repeated, &id, Some(reason), found.last));
                }
            } else {
                if new == 0 && !(entry.withdrawn && found.ongoing) {
                    continue;
                }
                entry.reopen(found, new, now);
                drafts.push(draft(Kind::Opened, &id, None, found.last));
            }
            if entry.is_over(found.ongoing, new, now) {
                drafts.extend(self.clear(&id, Some(index), picture, now));
            }
        }
        self.gone(&free, picture, &matched, now, &mut drafts);
        self.forget(now);
        drafts
    }

    /// Which incident each thing found is.
    fn matches(&self, picture: &Picture) -> Vec<Option<String>> {
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let mut matched: Vec<Option<String>> = vec![None; picture.found.len()];
        for (found, slot) in picture.found.iter().zip(&mut matched) {
            if let Some(entry) = self.entries.get(&found.id).filter(|e| e.cause == found.cause) {
                taken.insert(&entry.id);
                *slot = Some(entry.id.clone());
            }
        }
        for (found, slot) in picture.found.iter().zip(&mut matched) {
            if slot.is_none()
                && let Some(entry) = self.open().find(|e| !taken.contains(e.id.as_str()) && e.is_same(found))
            {
                taken.insert(&entry.id);
                *slot = Some(entry.id.clone());
            }
        }
        matched
    }

    /// Open incidents that the picture does not show.
    fn gone(
        &mut self,
        free: &[String],
        picture: &Picture,
        matched: &[Option<String>],
        now: i64,
        drafts: &mut Vec<Draft>,
    ) {
        for id in free {
            let Some(entry) = self.entries.get(id).filter(|e| e.open) else { continue };
            let mut all = picture.found.iter().zip(matched);
            let by = all.find(|(f, _)| f.ongoing && explains(f, entry) && entry.is_near(f));
            if let Some((found, other)) = by {
                let other = other.as_ref().unwrap_or(&found.id);
                let number = self.entries.get(other).map(|e| format!("#{} ", e.number)).unwrap_or_default();
                let reason = format!("is explained by {number}{}", found.cause);
                drafts.extend(self.close(id, &reason, found.last, true, now));
            } else {
                drafts.extend(self.clear(id, None, picture, now));
            }
        }
        // facts of these were let go: only what came later can end them
        let rest: Vec<String> = self.open().filter(|e| e.detached).map(|e| e.id.clone()).collect();
        for id in rest {
            let Some(entry) = self.entries.get(&id) else { continue };
            let ongoing = picture.found.iter().any(|f| f.ongoing && !f.never && entry.is_near(f));
            if !entry.never && !ongoing && entry.sign(&picture.signs).is_some_and(|s| entry.is_after(s)) {
                drafts.extend(self.clear(&id, None, picture, now));
            }
        }
        let old: Vec<String> = self.open().filter(|e| now - e.seen_at > AGE).map(|e| e.id.clone()).collect();
        for id in old {
            drafts.extend(self.close(&id, &format!("not seen for {}", clock::span(AGE)), None, false, now));
        }
        self.new_jobs(picture, now, drafts);
    }

    /// What no healthy line ends is over when its log tells of another job.
    fn new_jobs(&mut self, picture: &Picture, now: i64, drafts: &mut Vec<Draft>) {
        let over: Vec<(String, String)> = self
            .open()
            .filter(|e| e.never && e.jobs.len() == 1)
            .filter_map(|e| {
                let other = picture.jobs.iter().find(|(job, logs)| {
                    !e.jobs.contains(*job) && logs.iter().any(|l| e.logs.contains(l)) && !e.old_jobs.contains(*job)
                })?;
                Some((e.id.clone(), other.0.clone()))
            })
            .collect();
        for (id, job) in over {
            drafts.extend(self.close(&id, &format!("a new job was started: {job}"), None, false, now));
        }
    }

    fn clear(&mut self, id: &str, found: Option<usize>, picture: &Picture, now: i64) -> Option<Draft> {
        let entry = self.entries.get(id)?;
        let sign = entry.sign(&picture.signs).filter(|s| found.is_some() || entry.is_after(s));
        let (reason, time) = match sign {
            Some(sign) => (format!("the source moves again: {}", sign.text), sign.time),
            None if found.is_some() => ("the source moves again".to_owned(), None),
            None => ("what was logged since shows that it was none".to_owned(), None),
        };
        let withdrawn = sign.is_none() && found.is_none();
        let mut draft = self.close(id, &reason, time, withdrawn, now)?;
        draft.found = None;
        Some(draft)
    }

    fn close(&mut self, id: &str, reason: &str, time: Option<Timestamp>, withdrawn: bool, now: i64) -> Option<Draft> {
        let entry = self.entries.get_mut(id).filter(|e| e.open)?;
        entry.close(withdrawn, now);
        let reason = format!("{reason}; was open {}, {}x", clock::span(now - entry.opened_at), entry.count);
        Some(Draft { kind: Kind::Cleared, id: id.to_owned(), found: None, reason: Some(reason), time })
    }

    /// Facts were made smaller: what they show now was counted already.
    pub fn rebase(&mut self, picture: &Picture) {
        let matched = self.matches(picture);
        for entry in self.entries.values_mut() {
            entry.seen = 0;
        }
        let mut shown = BTreeSet::new();
        self.artefacts.clear();
        for (found, id) in picture.found.iter().zip(matched) {
            match id.and_then(|id| self.entries.get_mut(&id)) {
                Some(entry) => {
                    entry.seen = found.count;
                    shown.insert(entry.id.clone());
                }
                None => {
                    self.artefacts.insert(found.id.clone(), found.count);
                }
            }
        }
        for entry in self.entries.values_mut().filter(|e| e.open) {
            entry.detached = !shown.contains(&entry.id);
        }
    }

    fn forget(&mut self, now: i64) {
        self.entries.retain(|_, e| e.open || now - e.closed_at < REMEMBERED);
        if self.entries.len() > MOST {
            let mut order: Vec<(bool, i64, String)> =
                self.entries.values().map(|e| (e.open, e.seen_at, e.id.clone())).collect();
            order.sort();
            for (_, _, id) in order.into_iter().take(self.entries.len() - MOST) {
                self.entries.remove(&id);
            }
        }
    }
}

/// What was found explains the incident.
fn explains(found: &Found, entry: &Entry) -> bool {
    found.explains.contains(&entry.cause)
        || (entry.of != Of::Cause && found.of == Of::Cause)
        || (entry.of == Of::Unrecognised && found.of == Of::Symptom)
}

/// The newest sign of life of these logs.
fn newest<'s>(signs: &'s [Sign], logs: &BTreeSet<u32>) -> Option<&'s Sign> {
    signs.iter().filter(|s| logs.contains(&s.log)).max_by_key(|s| s.time)
}
