//! The examples of rules, scanned like any log: what the whole engine makes of them.
//!
//! Every rule carries its own proof. [`scan`] tells where each rule matched and what the diagnosis is; what that must be is said in
//! [`author`](crate::author).

use std::sync::Arc;

use crate::diagnosis::{self, Diagnosis, sequence};
use crate::engine::Engine;
use crate::engine::facts::{EventKind, Part, SourceFacts};
use crate::pipeline::Pipeline;
use crate::rule::Process;

/// A place where a rule matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Rule id.
    pub rule: String,
    /// Which alternative of `match`, from 0.
    pub alternative: usize,
    /// Number of the record; of a sequence, of its last step.
    pub seq: u64,
    /// The throwable of the record; `None` for the record's own text.
    pub link: Option<usize>,
    /// The lines that matched.
    pub text: String,
}

/// What the whole engine makes of a log.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Where rules matched on their own patterns, whatever inference would make of it.
    pub seen: Vec<Seen>,
    /// Rules that an entry of their own `refuted_by` ruled out.
    pub refuted: Vec<String>,
    /// The ranked result.
    pub diagnosis: Diagnosis,
}

impl Scan {
    /// Ids of the rules that matched, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.seen.iter().map(|s| s.rule.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// Scans a log with every rule.
#[must_use]
pub fn scan(engine: &Arc<Engine>, log: &str) -> Scan {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    let source = pipeline.begin("example", None);
    pipeline.push(source, log.as_bytes());
    pipeline.end(source);
    let facts = pipeline.facts();
    let latest = facts.sources.iter().filter_map(|s| s.last_time).max();
    let members: Vec<usize> = (0..facts.sources.len()).collect();
    let mut seen: Vec<Seen> = facts.sources.iter().flat_map(of_events).collect();
    seen.extend(sequence::judge(&facts.sources, &members, &engine.rules, latest).into_iter().map(|p| Seen {
        alternative: p.best.alternative,
        seq: p.seq,
        link: p.best.link,
        text: p.best.evidence.text.clone(),
        rule: p.rule,
    }));
    seen.extend(sequence::noise(&facts.sources, &members, &engine.rules, latest).into_iter().map(|rule| Seen {
        rule,
        alternative: 0,
        seq: 0,
        link: None,
        text: String::new(),
    }));
    let steps = facts.sources.iter().flat_map(|s| &s.steps);
    let refuted = steps.filter(|s| s.part == Part::Refutes).map(|s| s.rule.clone()).collect();
    let diagnosis = diagnosis::infer(&facts.sources, &engine.rules, &diagnosis::Options::default());
    Scan { seen, refuted, diagnosis }
}

/// Rules that match a log on their own patterns.
#[must_use]
pub fn matching(engine: &Arc<Engine>, log: &str) -> Vec<String> {
    scan(engine, log).ids()
}

fn of_events(facts: &SourceFacts) -> Vec<Seen> {
    let process = facts.process();
    let mut seen = Vec::new();
    for event in &facts.events {
        let EventKind::Matched(matched) = &event.kind else { continue };
        for m in &matched.matches {
            if m.from.is_none_or(|p| p == process || process == Process::Unknown) {
                seen.push(Seen {
                    rule: m.rule.clone(),
                    alternative: m.alternative,
                    seq: event.seq,
                    link: m.link,
                    text: m.evidence.text.clone(),
                });
            }
        }
    }
    seen
}
