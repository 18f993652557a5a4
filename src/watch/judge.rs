//! From the facts of all streams to events: when to judge, and how facts are kept small.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::clock;
use super::event::{self, Event, Kind};
use super::found::{Found, Picture};
use super::ledger::Ledger;
use super::stream::{Shrink, shows_failures};
use super::tails::Tails;
use crate::diagnosis::Options;
use crate::engine::facts::SourceFacts;
use crate::pipeline::Pipeline;

/// New failures are judged together when nothing was added for so long, so that a cause comes with its symptoms.
const TOGETHER: Duration = Duration::from_millis(200);
/// They wait no longer than this.
const LATEST: Duration = Duration::from_millis(800);
/// Events of a stream from which on its facts are made smaller.
const MANY: usize = 320;
/// Events at which it is judged at once, before more is read of it.
pub const CROWDED: usize = 2 * MANY;

/// When to judge.
#[derive(Debug, Default)]
pub struct Due {
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Due {
    /// Something changed.
    pub fn note(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// When it is time.
    #[must_use]
    pub fn at(&self) -> Option<Instant> {
        Some((self.last? + TOGETHER).min(self.first? + LATEST))
    }

    /// It was done.
    pub fn done(&mut self) {
        *self = Self::default();
    }
}

/// What all streams show now.
fn picture(tails: &Tails, pipeline: &Pipeline, options: &Options) -> Picture {
    let says =
        |f: &&SourceFacts| !(f.events.is_empty() && f.steps.is_empty() && f.jobs.is_empty() && f.context.is_empty());
    let carried = tails.carried.iter().filter_map(|(log, facts)| {
        // what past files said is worth something only beside one that goes on
        tails.series(log).map(|series| SourceFacts { series: Some(series), ..facts.clone() })
    });
    let mut sources: Vec<SourceFacts> = carried.collect();
    sources.extend(tails.streams.values().flat_map(super::stream::Stream::facts).filter(says).cloned());
    Picture::of(pipeline.infer(&sources, options), &pipeline.engine().rules)
}

/// Judges: what changed since the last time, as events. Facts that have grown are made smaller.
pub fn judge(
    tails: &mut Tails,
    ledger: &mut Ledger,
    seq: &mut u64,
    pipeline: &Pipeline,
    options: &Options,
    version: &str,
) -> Vec<Event> {
    let now = clock::seconds();
    let shown = picture(tails, pipeline, options);
    let drafts = ledger.update(&shown, now);
    let rules = &pipeline.engine().rules;
    let whole = |kind| matches!(kind, Kind::Opened | Kind::Escalated);
    let mut order: Vec<usize> = drafts.iter().filter(|d| whole(d.kind)).filter_map(|d| d.found).collect();
    order.sort_by_key(|index| shown.found.get(*index).map(|f| (f.of, f.place())));
    order.dedup();
    let wanted: Vec<&Found> = order.iter().filter_map(|index| shown.found.get(*index)).collect();
    let told = shown.tell(&wanted, rules, version);
    let mut events = Vec::new();
    for draft in drafts {
        let Some(entry) = ledger.get_mut(&draft.id) else { continue };
        let found = draft.found.and_then(|index| order.iter().position(|i| *i == index)).and_then(|at| told.get(at));
        if let Some(found) = found.filter(|_| whole(draft.kind)) {
            entry.headline.clone_from(&found.headline);
        }
        *seq += 1;
        let mut event = Event {
            schema: event::SCHEMA.to_owned(),
            seq: *seq,
            event: draft.kind,
            incident: entry.id.clone(),
            number: entry.number,
            cause: entry.cause.clone(),
            kind: entry.of,
            confidence: entry.confidence,
            headline: entry.headline.clone(),
            count: entry.count,
            time: draft.time.map_or_else(|| clock::iso(now), |t| t.iso()),
            reason: draft.reason,
            at: None,
            diagnosis: None,
            symptom: None,
            unrecognised: None,
        };
        if let Some(found) = found.filter(|_| whole(draft.kind)) {
            event.at.clone_from(&found.at);
            let mut body = found.whole.clone();
            if let Some(id) = body.as_mut().filter(|_| entry.of == event::Of::Cause).and_then(|b| b.get_mut("id")) {
                *id = entry.id.clone().into();
            }
            match entry.of {
                event::Of::Cause => event.diagnosis = body,
                event::Of::Symptom => event.symptom = body,
                event::Of::Unrecognised => event.unrecognised = body,
            }
        }
        events.push(event);
    }
    let over = events.iter().any(|e| e.event == Kind::Cleared);
    if shrink(tails, &shown, over) {
        rebase(tails, ledger, pipeline, options);
    }
    events
}

/// Facts were let go: what is left was counted already.
pub fn rebase(tails: &Tails, ledger: &mut Ledger, pipeline: &Pipeline, options: &Options) {
    ledger.rebase(&picture(tails, pipeline, options));
}

/// Lets go of what is over, and makes smaller what has grown. True if something changed.
fn shrink(tails: &mut Tails, shown: &Picture, over: bool) -> bool {
    let ongoing: BTreeSet<u32> =
        shown.found.iter().filter(|f| f.ongoing && !f.never).flat_map(|f| f.logs.iter().copied()).collect();
    let mut changed = false;
    for stream in tails.streams.values_mut() {
        changed |= stream.shrink(|facts, events| {
            let quiet = facts.series.is_none_or(|s| !ongoing.contains(&s));
            if over && quiet && shows_failures(facts) {
                Some(Shrink::Forget)
            } else {
                (events > MANY).then_some(Shrink::Compact)
            }
        });
    }
    tails.moved |= changed;
    changed
}
