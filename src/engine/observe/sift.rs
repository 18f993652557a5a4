//! Matches that a record's other words take the meaning from: of other programs' failures, and beside harmless lines.

use super::{Looker, foreign};
use crate::engine::facts::Match;
use crate::record::Layout;
use crate::rule::{Role, system};

impl Looker<'_, '_, '_> {
    /// What another program's failure says is no cause of a job's, unless only a job can have it. A team's own rules know whose
    /// failures they are about.
    pub(super) fn leave_to_others(&self, matches: &mut Vec<(Match, Option<Role>)>) {
        let rules = &self.engine.rules;
        let theirs = |found: &Match| {
            rules.get(&found.rule).is_some_and(|r| {
                r.role != Role::Noise && system::get(r.system()).is_some() && !foreign::of_jobs(&r.category)
            })
        };
        if matches.iter().any(|(m, _)| theirs(m)) && foreign::is_foreign(self.subject.record, self.subject.chain) {
            matches.retain(|(m, _)| !theirs(m));
        }
    }

    /// A pasted text is one record, whatever was copied together: a harmless line in it takes out itself, and all the rest only if that
    /// is a trace right under it.
    pub(super) fn look_beside_noise(&self, matches: &mut Vec<(Match, Option<Role>)>) {
        let is_noise = |(_, role): &&(Match, Option<Role>)| *role == Some(Role::Noise);
        if self.subject.record.layout != Layout::None || !matches.iter().any(|m| is_noise(&m)) {
            return;
        }
        let harmless: Vec<u64> = matches.iter().filter(is_noise).map(|(m, _)| m.evidence.line).collect();
        let of_throwable = matches.iter().filter(is_noise).any(|(m, _)| m.link.is_some());
        let trace = self.subject.chain.links.first().map(|link| self.line(link.start));
        let above = trace.is_some_and(|trace| harmless.iter().any(|line| line + 1 >= trace));
        let rest =
            |(m, role): &(Match, Option<Role>)| *role != Some(Role::Noise) && !harmless.contains(&m.evidence.line);
        if !of_throwable && !above && (trace.is_some() || matches.iter().any(rest)) {
            matches.retain(rest);
        }
    }
}
