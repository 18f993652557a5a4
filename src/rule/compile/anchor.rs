//! Which fixed text of an entry the prefilter looks for, and where.

use crate::rule::{Entry, Glob, Pattern, Scope, pattern};

/// Picks the fixed texts of an entry, and where they must be looked for.
pub(super) fn pick(entry: &mut Entry) {
    let from_pattern = |p: &Option<Pattern>| p.as_ref().map(|p| p.literals.clone()).filter(|l| !l.is_empty());
    let from_glob = |g: &Option<Glob>| g.as_ref().and_then(Glob::literal).map(|l| vec![l]);
    if entry.log.is_some() || (entry.message.is_none() && entry.exception.is_none() && entry.raw_exception.is_none()) {
        entry.scope = Scope::Any;
        let candidates = [from_pattern(&entry.log), from_glob(&entry.logger)];
        entry.literals = candidates
            .into_iter()
            .flatten()
            .max_by_key(|set| (pattern::rarity(set), usize::MAX - set.len()))
            .or_else(|| entry.logger.as_ref().and_then(Glob::any_literal).map(|l| vec![l]))
            .unwrap_or_default();
        return;
    }
    entry.literals = from_pattern(&entry.message)
        .or_else(|| from_glob(&entry.exception))
        .or_else(|| from_glob(&entry.raw_exception))
        .or_else(|| entry.chain.iter().map(|c| c.literals.clone()).find(|l| !l.is_empty()))
        .unwrap_or_default();
}
