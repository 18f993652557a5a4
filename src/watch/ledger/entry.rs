//! One incident as the book has it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::newest;
use crate::record::Timestamp;
use crate::report::Confidence;
use crate::watch::clock;
use crate::watch::event::Of;
use crate::watch::found::{Found, Sign};

/// Between two lines that say the same, at least so many seconds, unless the count grew by much.
const BETWEEN: i64 = 600;
/// An incident that came back so soon after it was over has to stay away for longer the next time.
const SOON: i64 = 600;
/// For so many seconds at first, and at most.
const HOLD: (i64, i64) = (10, 600);

/// The state from which a job does not come back by itself.
const FAILED: &str = "FAILED";

/// One incident.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub struct Entry {
    /// Stable id.
    pub id: String,
    /// Number, for people.
    pub number: u64,
    /// What it is of.
    pub of: Of,
    /// Cause, as far as is known.
    pub cause: String,
    /// How sure.
    pub confidence: Option<Confidence>,
    /// The one sentence, as last told.
    pub headline: String,
    /// It goes on.
    pub open: bool,
    /// Failures since it was opened.
    pub count: u64,
    /// Failures that the present facts show.
    pub seen: u64,
    /// Logs that show it (numbers of this run), and their names, which are stored.
    #[serde(skip)]
    pub logs: BTreeSet<u32>,
    /// Names of those logs.
    pub names: BTreeSet<String>,
    /// Jobs that it concerns.
    pub jobs: BTreeSet<String>,
    /// Other jobs that its logs told of before it.
    pub old_jobs: BTreeSet<String>,
    /// Time of the first failure since it was opened, and of the last.
    pub times: (Option<Timestamp>, Option<Timestamp>),
    /// When it was opened, closed, and last seen: seconds since 1970.
    pub opened_at: i64,
    /// See `opened_at`.
    pub closed_at: i64,
    /// See `opened_at`.
    pub seen_at: i64,
    /// The facts that showed it are not kept any more.
    pub detached: bool,
    /// It was closed because it turned out to be something else.
    pub withdrawn: bool,
    /// No healthy line ends it.
    pub never: bool,
    identity: BTreeMap<String, String>,
    /// The state of its job when it was opened, or FAILED since.
    job_state: Option<String>,
    /// Count at which the next line is due, and when the last line was.
    next: u64,
    told_at: i64,
    /// Seconds of quiet before it is over.
    hold: i64,
    /// When it was first seen to be over.
    over_since: Option<i64>,
}

impl Entry {
    pub(super) fn new(found: &Found, number: u64, now: i64) -> Self {
        let mut entry = Self {
            id: found.id.clone(),
            number,
            of: found.of,
            cause: found.cause.clone(),
            confidence: found.confidence,
            headline: String::new(),
            open: true,
            count: 0,
            seen: found.count,
            logs: BTreeSet::new(),
            names: BTreeSet::new(),
            jobs: found.jobs.clone(),
            old_jobs: BTreeSet::new(),
            times: (found.first, found.last),
            opened_at: now,
            closed_at: 0,
            seen_at: now,
            detached: false,
            withdrawn: false,
            never: found.never,
            identity: found.identity.clone(),
            job_state: found.job_state.clone(),
            next: 0,
            told_at: now,
            hold: 0,
            over_since: None,
        };
        entry.add(found, found.count, now);
        entry.next = threshold(entry.count);
        entry
    }

    fn add(&mut self, found: &Found, new: u64, now: i64) {
        self.count += new;
        if new > 0 {
            self.seen_at = now;
            self.times.1 = found.last.or(self.times.1);
        }
        self.detached = false;
        self.logs.extend(&found.logs);
        if self.job_state.is_none() {
            self.job_state.clone_from(&found.job_state);
        }
        self.jobs.extend(found.jobs.iter().cloned());
        for (name, value) in &found.identity {
            self.identity.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// It came back.
    pub(super) fn reopen(&mut self, found: &Found, new: u64, now: i64) {
        self.hold = if now - self.closed_at < SOON { (self.hold * 2).clamp(HOLD.0, HOLD.1) } else { 0 };
        (self.open, self.withdrawn, self.over_since) = (true, false, None);
        self.opened_at = now;
        self.count = 0;
        self.times.0 = found.last;
        self.confidence = self.confidence.max(found.confidence);
        self.job_state.clone_from(&found.job_state);
        self.add(found, new, now);
        self.next = threshold(self.count);
        self.told_at = now;
    }

    pub(super) fn close(&mut self, withdrawn: bool, now: i64) {
        (self.open, self.withdrawn, self.closed_at) = (false, withdrawn, now);
    }

    /// It turned out to be this.
    pub(super) fn become_of(&mut self, found: &Found, now: i64) {
        (self.of, self.confidence, self.seen) = (found.of, found.confidence, found.count);
        self.never = found.never;
        self.identity.clone_from(&found.identity);
        let count = self.count.max(found.count);
        self.add(found, 0, now);
        self.count = count;
        self.seen_at = now;
        self.told_at = now;
    }

    /// What makes it worse than it was, if something does.
    pub(super) fn worse(&mut self, found: &Found) -> Option<String> {
        let sure = |c: Option<Confidence>| match c {
            Some(Confidence::Certain) => "certain",
            Some(Confidence::Likely) => "likely",
            _ => "possible",
        };
        if found.confidence > self.confidence {
            let reason = format!("{} -> {}", sure(self.confidence), sure(found.confidence));
            self.confidence = found.confidence;
            return Some(reason);
        }
        // a job that is started again and again fails again and again: once is enough
        let before = self.job_state.clone()?;
        if found.job_state.as_deref() == Some(FAILED) && before != FAILED {
            self.job_state.clone_from(&found.job_state);
            return Some(format!("the job went from {before} to FAILED"));
        }
        None
    }

    /// Counts what is new, and says if a line is due.
    pub(super) fn again(&mut self, found: &Found, new: u64, now: i64) -> Option<String> {
        self.add(found, new, now);
        let due = self.count >= self.next || now - self.told_at >= BETWEEN;
        if new == 0 || !due {
            return None;
        }
        self.next = threshold(self.count);
        self.told_at = now;
        let millis = self.times.1.zip(self.times.0).map(|(last, first)| last.millis_since(&first));
        let span = millis.map_or(now - self.opened_at, |m| m / 1000);
        let later = if self.next > 10 { " or in 10 min" } else { "" };
        Some(format!("{}x in {}; next line at {}x{later}", self.count, clock::span(span), self.next))
    }

    /// It is over, and has been for as long as it has to be.
    pub(super) fn is_over(&mut self, ongoing: bool, new: u64, now: i64) -> bool {
        if ongoing {
            self.over_since = None;
            return false;
        }
        if new > 0 && self.over_since.is_some() {
            self.over_since = Some(now);
        }
        now - *self.over_since.get_or_insert(now) >= self.hold
    }

    /// It is over, but not for long enough.
    pub(super) fn waits(&self) -> bool {
        self.over_since.is_some()
    }

    /// The same incident, of which more or less is known.
    pub(super) fn is_same(&self, found: &Found) -> bool {
        let agrees = |name: &String, value: &String| {
            self.identity.get(name).is_none_or(|own| {
                own == value || own.ends_with(&format!(".{value}")) || value.ends_with(&format!(".{own}"))
            })
        };
        self.of == found.of
            && self.cause == found.cause
            && found.identity.iter().all(|(n, v)| agrees(n, v))
            && self.is_near(found)
    }

    /// It is about the same job, or in the same logs.
    pub(super) fn is_near(&self, found: &Found) -> bool {
        self.jobs.iter().any(|j| found.jobs.contains(j)) || self.logs.iter().any(|l| found.logs.contains(l))
    }

    /// The newest sign of life where it was seen.
    pub(super) fn sign<'s>(&self, signs: &'s [Sign]) -> Option<&'s Sign> {
        newest(signs, &self.logs)
    }

    /// That sign came after it was last seen.
    pub(super) fn is_after(&self, sign: &Sign) -> bool {
        match (sign.time, self.times.1) {
            (Some(sign), Some(last)) => sign >= last,
            _ => false,
        }
    }
}

/// The next count that is worth a line: 3, 10, 100, 1000, ...
fn threshold(count: u64) -> u64 {
    if count < 3 {
        return 3;
    }
    let mut next: u64 = 10;
    while next <= count {
        next = next.saturating_mul(10);
    }
    next
}
