//! What was found of one writer in a log.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{QUIET, Shrink};
use crate::engine::facts::{Event, EventKind, SourceFacts};
use crate::pipeline::Followed;

/// What was found if the unfinished record counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct View {
    /// Where that record begins, in bytes.
    from: u64,
    /// Up to where bytes counted.
    to: u64,
    facts: SourceFacts,
}

/// A writer as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Noted {
    facts: SourceFacts,
    view: Option<View>,
}

/// One writer.
#[derive(Debug)]
pub struct Writer {
    /// At rest: what was found up to the last finished record.
    pub facts: SourceFacts,
    view: Option<View>,
    /// When bytes last came.
    last: Instant,
    /// The unfinished record has to be looked at.
    waiting: bool,
    mark: (usize, usize, u64),
}

impl Writer {
    /// Of whom so much was found.
    pub fn new(facts: SourceFacts, now: Instant) -> Self {
        Self { facts, view: None, last: now, waiting: false, mark: (0, 0, 0) }
    }

    /// As stored. The numbers of logs are another run's.
    pub fn load(noted: Noted, now: Instant) -> Self {
        let mut writer = Self { view: noted.view, ..Self::new(noted.facts, now) };
        writer.facts.series = None;
        if let Some(view) = &mut writer.view {
            view.facts.series = None;
        }
        writer
    }

    /// To be stored, with what was found by now.
    pub fn note(&self, facts: Option<&SourceFacts>) -> Noted {
        Noted { facts: facts.unwrap_or(&self.facts).clone(), view: self.view.clone() }
    }

    /// Gives it the number of its log if it has none.
    pub fn number(&mut self, mut of: impl FnMut(&SourceFacts) -> u32) {
        for facts in [Some(&mut self.facts), self.view.as_mut().map(|v| &mut v.facts)].into_iter().flatten() {
            if facts.series.is_none() {
                facts.series = Some(of(facts));
            }
        }
    }

    /// Bytes came.
    pub fn touch(&mut self, now: Instant) {
        self.last = now;
        self.waiting = true;
    }

    /// The log was read up to `pos`, and the unfinished record begins at `open`.
    pub fn moved(&mut self, pos: u64, open: impl Fn() -> u64) {
        if self.view.as_ref().is_some_and(|v| pos >= v.to && v.from != open()) {
            self.view = None;
        }
    }

    /// When the unfinished record is to be looked at.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.then(|| self.last + QUIET)
    }

    /// The unfinished record has to be looked at.
    pub fn waits(&self) -> bool {
        self.waiting
    }

    /// Looks at the unfinished record if it is time. True if there is something new to judge.
    pub fn look(&mut self, followed: &mut Followed, number: usize, pos: u64, now: Instant) -> bool {
        if !self.waiting {
            return false;
        }
        followed.settle(number);
        let unfinished = followed.unfinished(number);
        let seen = self.view.as_ref().is_some_and(|v| v.from == unfinished.at.byte && pos >= v.to);
        if seen || now.saturating_duration_since(self.last) >= QUIET {
            self.waiting = false;
            // bytes that come again after a restart are looked at when all of them are there
            if self.view.as_ref().is_none_or(|v| pos >= v.to) {
                let facts = (unfinished.lines > 0).then(|| followed.preview(number));
                self.view = facts.map(|facts| View { from: unfinished.at.byte, to: pos, facts });
            }
        }
        self.marked(followed.facts(number))
    }

    /// The unfinished record was looked at. True if there is something new to judge.
    pub fn view(&mut self, from: u64, to: u64, facts: SourceFacts) -> bool {
        if self.view.as_ref().is_none_or(|v| to >= v.to) {
            self.view = Some(View { from, to, facts });
        }
        self.marked(None)
    }

    /// Without `facts`: as it is at rest. True if there is something new to judge.
    pub fn marked(&mut self, facts: Option<&SourceFacts>) -> bool {
        let mark = mark(self.seen(facts));
        std::mem::replace(&mut self.mark, mark) != mark
    }

    /// What was found so far; `facts` is that without the unfinished record.
    pub fn seen<'s>(&'s self, facts: Option<&'s SourceFacts>) -> &'s SourceFacts {
        self.view.as_ref().map_or_else(|| facts.unwrap_or(&self.facts), |v| &v.facts)
    }

    /// The unfinished record counts.
    pub fn is_viewed(&self) -> bool {
        self.view.is_some()
    }

    /// Its file has another name now.
    pub fn rename(&mut self, name: &str) {
        for facts in [Some(&mut self.facts), self.view.as_mut().map(|v| &mut v.facts)].into_iter().flatten() {
            name.clone_into(&mut facts.name);
        }
    }

    /// Nothing is unfinished any more.
    pub fn rest(&mut self, facts: SourceFacts) {
        self.facts = facts;
        self.view = None;
        self.waiting = false;
    }

    /// What is unfinished is finished.
    pub fn finish(&mut self) {
        if let Some(view) = self.view.take() {
            self.facts = view.facts;
        }
        self.waiting = false;
    }

    /// Reading stops; it goes on at the beginning of the unfinished record.
    pub fn stop(&mut self, followed: &mut Followed, number: usize) {
        followed.settle(number);
        let speaks = followed.unfinished(number).speaks;
        if let Some(facts) = followed.facts(number) {
            self.facts = facts.clone();
        }
        if !speaks && self.view.as_ref().is_some_and(|v| mark(&v.facts) == mark(&self.facts)) {
            self.view = None;
        }
        self.waiting = false;
    }

    /// Takes out what was found.
    pub fn slim(&mut self) -> SourceFacts {
        let kept = SourceFacts {
            name: self.facts.name.clone(),
            series: self.facts.series,
            writer: self.facts.writer.clone(),
            ..SourceFacts::default()
        };
        let facts = std::mem::replace(&mut self.facts, kept);
        self.view.take().map_or(facts, |view| view.facts)
    }

    /// Changes the facts, the stored ones and those that are looked at.
    pub fn shrink(&mut self, followed: Option<&mut Followed>, number: usize, how: Shrink) {
        let change = |facts: &mut SourceFacts| match how {
            Shrink::Forget => facts.forget_failures(),
            Shrink::Compact => facts.compact(),
        };
        if let Some(view) = &mut self.view {
            change(&mut view.facts);
        }
        let Some(followed) = followed else {
            change(&mut self.facts);
            self.mark = mark(self.seen(None));
            return;
        };
        followed.settle(number);
        match how {
            Shrink::Forget => followed.forget_failures(number),
            Shrink::Compact => followed.compact(number),
        }
        self.mark = mark(self.seen(followed.facts(number)));
    }
}

/// Records in it show failures.
#[must_use]
pub fn shows_failures(facts: &SourceFacts) -> bool {
    facts.events.iter().any(|e| matches!(e.kind, EventKind::Matched(_) | EventKind::Unknown(_)))
}

/// Changes when something happened that inference has to hear of.
fn mark(facts: &SourceFacts) -> (usize, usize, u64) {
    let of = |e: &Event| match e.kind {
        // a record that grew says something else
        EventKind::Matched(_) => e.count.wrapping_mul(31).wrapping_add(e.seq).wrapping_add(e.lines << 33),
        EventKind::Unknown(_) => e.count.wrapping_mul(31).wrapping_add(e.seq).wrapping_add(e.lines << 32),
        _ => e.seq,
    };
    let sum = facts.events.iter().fold(0_u64, |sum, e| sum.wrapping_mul(7).wrapping_add(of(e)));
    (facts.events.len(), facts.steps.len(), sum)
}
