//! The hot loop: chunks in, facts out.
//!
//! [`Engine`] is immutable and shared; [`scan::ScanState`] is what one source needs between two chunks. Of healthy
//! lines only the shape of the header is seen: they are neither parsed nor given to an automaton ([`prefilter`]); a record that may matter is cut out, parsed and matched
//! ([`condition`]), and what it says is copied out, bounded and free of secrets ([`facts`]).

pub mod collect;
mod compact;
pub mod condition;
pub mod facts;
pub mod observe;
pub mod prefilter;
pub mod scan;
pub mod secrets;
mod span;
pub mod track;

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::record::Times;
use crate::rule::{Entry, Role, RuleSet, Scope};
use crate::trace::Shading;
use condition::Subject;
use facts::Part;
use prefilter::Prefilter;

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
    pub entry: Entry,
}

/// A compiled engine for one rule set.
#[derive(Debug)]
pub struct Engine {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// Shading table.
    pub shading: Shading,
    probes: Vec<Probe>,
    /// Probes of healthy lines.
    health: Vec<usize>,
    /// Of lower-case texts.
    literals: AhoCorasick,
    /// Probes of each literal.
    by_literal: Vec<Vec<u32>>,
    prefilter: Prefilter,
    /// Both stages of the prefilter are on.
    filtered: bool,
    /// Sees every record that is looked at.
    tap: Option<Tap>,
    /// Nothing but the tap looks at the records.
    listing: bool,
    /// How times are read, and which count.
    times: Times,
}

/// Looks over the engine's shoulder: sees every record with its throwables.
pub struct Tap(pub Box<dyn Fn(&Subject<'_, '_>) + Send + Sync>);

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}

/// The engine could not be built: a fault of the rule set.
#[derive(Debug, thiserror::Error)]
#[error("the rules cannot be compiled: {0}")]
pub struct BadRules(String);

impl Engine {
    /// Builds an engine. `prefilter: false` is the oracle: every record is parsed and every entry tried on it.
    ///
    /// # Errors
    /// If the literals cannot be compiled.
    pub fn new(rules: Arc<RuleSet>, prefilter: bool) -> Result<Self, BadRules> {
        let probes = probes(&rules);
        let mut texts: Vec<String> = Vec::new();
        let mut slots: HashMap<String, usize> = HashMap::new();
        let mut by_literal: Vec<Vec<u32>> = Vec::new();
        for (index, probe) in (0_u32..).zip(&probes) {
            for literal in &probe.entry.literals {
                let slot = *slots.entry(literal.to_ascii_lowercase()).or_insert_with_key(|lower| {
                    texts.push(lower.clone());
                    by_literal.push(Vec::new());
                    texts.len() - 1
                });
                if let Some(users) = by_literal.get_mut(slot) {
                    users.push(index);
                }
            }
        }
        let literals = AhoCorasick::builder()
            .prefilter(false)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .map_err(|e| BadRules(e.to_string()))?;
        let shading =
            Shading { relocations: rules.shading.relocations.clone(), renames: rules.shading.renames.clone() };
        let prefilter_of = Prefilter::new(&probes);
        let health = (0..probes.len()).filter(|i| probes.get(*i).is_some_and(|p| p.owner == Owner::Health)).collect();
        Ok(Self {
            rules,
            shading,
            probes,
            health,
            literals,
            by_literal,
            prefilter: prefilter_of,
            filtered: prefilter,
            tap: None,
            listing: false,
            times: Times::default(),
        })
    }

    /// The same engine, reading times so.
    #[must_use]
    pub fn reading(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// An engine without the prefilter that shows every record to `tap`.
    ///
    /// # Errors
    /// If the literals cannot be compiled.
    pub fn tapped(rules: Arc<RuleSet>, tap: Tap) -> Result<Self, BadRules> {
        Ok(Self { tap: Some(tap), ..Self::new(rules, false)? })
    }

    /// An engine that tries no rule and shows every record to `tap`.
    ///
    /// # Errors
    /// If the literals cannot be compiled.
    pub fn listing(rules: Arc<RuleSet>, tap: Tap) -> Result<Self, BadRules> {
        Ok(Self { listing: true, ..Self::tapped(rules, tap)? })
    }

    /// Number of texts the scan of healthy lines looks for, and of those looked for in candidates.
    #[must_use]
    pub fn literal_counts(&self) -> (usize, usize) {
        (self.prefilter.len(), self.by_literal.len())
    }

    /// Entries that would make the scan of healthy lines slow, with the text that stands in too many of them.
    #[must_use]
    pub fn everyday(&self) -> Vec<(Owner, &Entry, &str)> {
        self.probes.iter().filter_map(|p| Some((p.owner, &p.entry, prefilter::everyday(p)?))).collect()
    }

    /// Texts the scan of healthy lines looks for.
    #[must_use]
    pub fn healthy_literals(&self) -> Vec<&str> {
        self.prefilter.texts()
    }
}

fn probes(rules: &RuleSet) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (rule, r) in rules.rules().iter().enumerate() {
        for (alternative, a) in r.alternatives_of_match.iter().enumerate() {
            if let Some(entry) = &a.entry {
                probes.push(Probe { owner: Owner::Match { rule, alternative }, entry: entry.clone() });
            }
            let Some(sequence) = &a.sequence else { continue };
            let mut part = |part: Part, entry: &Entry| {
                probes.push(Probe { owner: Owner::Part { rule, alternative, part }, entry: entry.clone() });
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
            probes
                .push(Probe { owner: Owner::Part { rule, alternative: 0, part: Part::Refutes }, entry: entry.clone() });
        }
    }
    probes.extend(rules.context.iter().map(|e| Probe { owner: Owner::Context, entry: e.clone() }));
    probes.extend(rules.health.iter().map(|e| Probe { owner: Owner::Health, entry: e.clone() }));
    probes
}

/// Role of the rule that a probe belongs to.
pub(crate) fn role(rules: &RuleSet, owner: Owner) -> Option<Role> {
    match owner {
        Owner::Match { rule, .. } => rules.rule(rule).map(|r| r.role),
        _ => None,
    }
}
