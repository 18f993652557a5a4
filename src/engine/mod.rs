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
mod probes;
pub mod scan;
pub mod secrets;
mod span;
pub mod track;

use std::sync::{Arc, OnceLock};

use crate::record::Times;
use crate::rule::{Entry, Role, RuleSet, Scope};
use crate::trace::Shading;
use condition::Subject;
use prefilter::Prefilter;
use probes::Literals;
pub use probes::{Owner, Probe};

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
    /// Of every probe; made when the first record that is not healthy is looked at.
    literals: OnceLock<Option<Literals>>,
    /// Of the probes that are tried on healthy lines, too: far fewer.
    healthy_literals: OnceLock<Option<Literals>>,
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

impl Engine {
    /// Builds an engine. `prefilter: false` is the oracle: every record is parsed and every entry tried on it.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>, prefilter: bool) -> Self {
        let probes = probes::of(&rules);
        let shading =
            Shading { relocations: rules.shading.relocations.clone(), renames: rules.shading.renames.clone() };
        let prefilter_of = Prefilter::new(&probes);
        let health = (0..probes.len()).filter(|i| probes.get(*i).is_some_and(|p| p.owner == Owner::Health)).collect();
        Self {
            rules,
            shading,
            probes,
            health,
            literals: OnceLock::new(),
            healthy_literals: OnceLock::new(),
            prefilter: prefilter_of,
            filtered: prefilter,
            tap: None,
            listing: false,
            times: Times::default(),
        }
    }

    /// The same engine, reading times so.
    #[must_use]
    pub fn reading(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// An engine without the prefilter that shows every record to `tap`.
    #[must_use]
    pub fn tapped(rules: Arc<RuleSet>, tap: Tap) -> Self {
        Self { tap: Some(tap), ..Self::new(rules, false) }
    }

    /// An engine that tries no rule and shows every record to `tap`.
    #[must_use]
    pub fn listing(rules: Arc<RuleSet>, tap: Tap) -> Self {
        Self { listing: true, ..Self::tapped(rules, tap) }
    }

    /// Number of texts the scan of healthy lines looks for, and of those looked for in candidates.
    #[must_use]
    pub fn literal_counts(&self) -> (usize, usize) {
        (self.prefilter.len(), self.literals().map_or(0, Literals::len))
    }

    /// Entries that would make the scan of healthy lines slow, with the text that stands in too many of them.
    #[must_use]
    pub fn everyday(&self) -> Vec<(Owner, &Entry, &str)> {
        self.probes.iter().filter_map(|p| Some((p.owner, &*p.entry, prefilter::everyday(p)?))).collect()
    }

    fn literals(&self) -> Option<&Literals> {
        self.literals.get_or_init(|| Literals::new(&self.probes, |_| true)).as_ref()
    }

    /// Those of the probes that can match a record the prefilter may skip.
    fn literals_of_healthy(&self) -> Option<&Literals> {
        self.healthy_literals.get_or_init(|| Literals::new(&self.probes, |p| p.entry.scope == Scope::Any)).as_ref()
    }

    /// Texts the scan of healthy lines looks for.
    #[must_use]
    pub fn healthy_literals(&self) -> Vec<&str> {
        self.prefilter.texts()
    }
}

/// Role of the rule that a probe belongs to.
pub(crate) fn role(rules: &RuleSet, owner: Owner) -> Option<Role> {
    match owner {
        Owner::Match { rule, .. } => rules.rule(rule).map(|r| r.role),
        _ => None,
    }
}
