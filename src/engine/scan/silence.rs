//! Sequences that end in silence: when to begin to listen for it, and what breaks it.

use super::ScanState;
use crate::engine::facts::{Part, StepHit};
use crate::engine::observe::Observed;
use crate::engine::{Engine, Owner};

impl Engine {
    /// The last step of a sequence that ends in silence was seen: from now on every record is looked at, until a word breaks the
    /// silence. Words before that step say nothing, and are not taken down.
    pub(super) fn arm(&self, state: &mut ScanState, observed: &mut Observed) {
        if observed.steps.is_empty() {
            return;
        }
        let (mut words, mut begun) = (Vec::new(), Vec::new());
        for (index, probe) in (0_u32..).zip(&self.probes) {
            let Owner::Part { rule, alternative, part: Part::Activity } = probe.owner else { continue };
            let Some(rule) = self.rules.rule(rule) else { continue };
            let of = |h: &&StepHit| h.alternative == alternative && h.rule == rule.id;
            let sequence = rule.alternatives_of_match.get(alternative).and_then(|a| a.sequence.as_ref());
            let last = sequence.map_or(0, |s| s.steps.len().saturating_sub(1));
            let reached = |step: usize| state.facts.steps.iter().any(|h| of(&h) && h.part == Part::Step(step));
            if observed.steps.iter().any(|h| of(&h) && h.part == Part::Activity) {
                words.push(index);
            }
            if observed.steps.iter().any(|h| of(&h) && h.part == Part::Step(last)) && (0..last).all(reached) {
                begun.push(index);
            }
        }
        let armed = |rule: &str, alternative: usize| {
            state.armed.iter().any(|index| {
                self.probes.get(*index as usize).is_some_and(|p| {
                    matches!(p.owner, Owner::Part { rule: r, alternative: a, .. }
                        if a == alternative && self.rules.rule(r).is_some_and(|r| r.id == rule))
                })
            })
        };
        observed.steps.retain(|h| h.part != Part::Activity || armed(&h.rule, h.alternative));
        // the line of the step itself is of such a logger: it does not break the silence behind it
        state.armed.retain(|p| !words.contains(p) && !begun.contains(p));
        state.armed.extend(begun);
    }
}
