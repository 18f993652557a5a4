//! A cause as its rule tells it, without a log: what `explain` shows, and what the tests run against a server.

use super::Maker;
use super::incident::{confidence, slots};
use crate::diagnosis::{Diagnosis as Facts, Params};
use crate::report::{Alternative, Diagnosis, Misleading, RuleRef, State};
use crate::rule::{Confidence as Sure, RuleSet};

/// Renders a rule's texts for these parameters, as a diagnosis that nothing was counted for and that has no evidence.
///
/// Symptoms are described, too. Retired ids are followed. The confidence is the highest that the rule can reach, and everything that
/// depends on a log (misleading words, alternatives, what it may hide) is there in full.
#[must_use]
pub fn describe(rules: &RuleSet, id: &str, params: &Params) -> Option<Diagnosis> {
    let index = rules.index_of(id)?;
    let rule = rules.rule(index)?;
    let texts = rules.texts(index);
    let facts = Facts::default();
    let maker = Maker { diagnosis: &facts, rules };
    let headline = maker.headline(&rule.headline, params);
    let checks = maker.checks(&rule.id, &texts, params);
    let fix = maker.fixes(&rule.id, &texts, params);
    let alternative = |id: &String| {
        let title = rules.get(id)?.title.clone();
        Some(Alternative { cause: id.clone(), title, check: maker.first_check(id, params) })
    };
    let alternatives: Vec<_> = rule.alternatives.iter().filter_map(alternative).collect();
    let all = checks.iter().chain(alternatives.iter().filter_map(|a| a.check.as_ref()));
    let lacks = all.flat_map(|c| &c.missing).chain(fix.iter().flat_map(|f| &f.missing));
    let missing = maker.missing(params, lacks);
    let best = rule.alternatives_of_match.iter().map(|a| a.confidence).max().unwrap_or(Sure::Possible);
    Some(Diagnosis {
        id: String::new(),
        cause: rule.id.clone(),
        basis: "log".to_owned(),
        category: rule.category.clone(),
        confidence: confidence(best),
        state: State::Ongoing,
        impact: rule.impact.name().to_owned(),
        jobs: Vec::new(),
        title: rule.title.clone(),
        headline: headline.text,
        headline_params: slots(headline.slots),
        why: maker.prose(&texts.why, params),
        count: 0,
        lines: 0,
        first_seen: None,
        last_seen: None,
        last_healthy: None,
        attempts: Vec::new(),
        retry: None,
        job_state: None,
        params: maker.params(params),
        evidence: Vec::new(),
        surfaced_as: Vec::new(),
        folded: Vec::new(),
        alternatives,
        ruled_out: Vec::new(),
        may_hide: rule.masks.clone(),
        misleading: texts
            .misleading
            .iter()
            .map(|(says, truth)| Misleading { says: says.clone(), truth: maker.prose(truth, params) })
            .collect(),
        facts: Vec::new(),
        checks,
        fix,
        never: texts.never.iter().map(|n| maker.prose(n, params)).collect(),
        see: texts.see.clone(),
        missing,
        rule: RuleRef { file: rule.file.clone(), entry: 0, entries: rule.alternatives_of_match.len(), literal: None },
        rank_reason: String::new(),
        verdict: None,
    })
}
