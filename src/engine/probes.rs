//! What is tried on records, and which of it a record's words call for.

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::facts::Part;
use crate::rule::{Entry, RuleSet, Scope};

/// What a probe's match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Alternative of a rule's `match`.
    Match {
        /// Index of the rule.
        rule: usize,
        /// Index of the alternative.
        alternative: usize,
    },
    /// Part of a sequence, or a refutation.
    Part {
        /// Index of the rule.
        rule: usize,
        /// Index of the alternative.
        alternative: usize,
        /// Which part.
        part: Part,
    },
    /// Line that gives parameters.
    Context,
    /// Line that shows the source moving.
    Health,
}

/// An entry and what its match means.
#[derive(Debug)]
pub struct Probe {
    /// What a match means.
    pub owner: Owner,
    /// The entry.
    pub entry: Arc<Entry>,
}

/// All that is tried on records.
pub(super) fn of(rules: &RuleSet) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (rule, r) in rules.rules().iter().enumerate() {
        for (alternative, a) in r.alternatives_of_match.iter().enumerate() {
            if let Some(entry) = &a.entry {
                probes.push(Probe { owner: Owner::Match { rule, alternative }, entry: Arc::clone(entry) });
            }
            let Some(sequence) = &a.sequence else { continue };
            let mut part = |part: Part, entry: &Entry| {
                probes.push(Probe { owner: Owner::Part { rule, alternative, part }, entry: Arc::new(entry.clone()) });
            };
            for (n, step) in sequence.steps.iter().enumerate() {
                part(Part::Step(n), step);
            }
            for entry in &sequence.without {
                part(Part::Without, entry);
            }
            if let Some(silence) = &sequence.then_nothing {
                let entry = Entry {
                    logger: Some(silence.logger.clone()),
                    literals: silence.logger.any_literal().into_iter().collect(),
                    scope: Scope::Any,
                    ..Entry::default()
                };
                part(Part::Activity, &entry);
            }
        }
        for entry in &r.refuted_by {
            probes.push(Probe {
                owner: Owner::Part { rule, alternative: 0, part: Part::Refutes },
                entry: Arc::new(entry.clone()),
            });
        }
    }
    probes.extend(rules.context.iter().map(|e| Probe { owner: Owner::Context, entry: Arc::new(e.clone()) }));
    probes.extend(rules.health.iter().map(|e| Probe { owner: Owner::Health, entry: Arc::new(e.clone()) }));
    probes
}

/// The texts that entries need, and whose they are.
#[derive(Debug)]
pub(super) struct Literals {
    /// Of lower-case texts.
    automaton: AhoCorasick,
    /// Probes of each text.
    users: Vec<Vec<u32>>,
}

impl Literals {
    /// Of the probes that are `wanted`. `None` if there are more than an automaton can hold: then every entry is tried.
    pub(super) fn new(probes: &[Probe], wanted: impl Fn(&Probe) -> bool) -> Option<Self> {
        let mut texts: Vec<String> = Vec::new();
        let mut slots: HashMap<String, usize> = HashMap::new();
        let mut users: Vec<Vec<u32>> = Vec::new();
        for (index, probe) in (0_u32..).zip(probes).filter(|(_, probe)| wanted(probe)) {
            for literal in &probe.entry.literals {
                let slot = *slots.entry(literal.to_ascii_lowercase()).or_insert_with_key(|lower| {
                    texts.push(lower.clone());
                    users.push(Vec::new());
                    texts.len() - 1
                });
                if let Some(users) = users.get_mut(slot) {
                    users.push(index);
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .prefilter(false)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .ok()?;
        Some(Self { automaton, users })
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// Appends the probes one of whose texts stands in `lower`, which has no capital letters.
    pub(super) fn find(&self, lower: &str, probes: &mut Vec<u32>) {
        for found in self.automaton.find_overlapping_iter(lower) {
            if let Some(users) = self.users.get(found.pattern().as_usize()) {
                probes.extend_from_slice(users);
            }
        }
    }
}
