//! A rule becomes an explanation.

use super::describe;
use super::incident::confidence;
use crate::diagnosis::Params;
use crate::report::explanation::{Appearance, Explanation};
use crate::rule::plain::words;
use crate::rule::{Entry, Role, RuleSet};

/// Most ways to read that are listed.
const MOST: usize = 12;

/// Explains a rule; `None` if no rule has the id. Retired ids are followed.
#[must_use]
pub fn explain(rules: &RuleSet, id: &str, params: &Params) -> Option<Explanation> {
    let rule = rules.get(id)?;
    let texts = rules.texts(rules.index_of(id)?);
    let mut seen_as: Vec<Appearance> = Vec::new();
    let mut translations = 0;
    for alternative in &rule.alternatives_of_match {
        if alternative.english.is_some() {
            translations += 1;
            continue;
        }
        let entry = alternative.entry.as_deref().or_else(|| alternative.sequence.as_ref().and_then(|s| s.steps.last()));
        let Some(text) = entry.and_then(appearance) else { continue };
        if seen_as.len() < MOST && !seen_as.iter().any(|a| a.text == text) {
            seen_as.push(Appearance { text, confidence: confidence(alternative.confidence) });
        }
    }
    let titled = |ids: &[String]| {
        ids.iter().filter_map(|id| Some((id.clone(), rules.get(id)?.title.clone()))).collect::<Vec<_>>()
    };
    let symptoms: Vec<String> =
        rule.leads_to.iter().filter(|l| rules.get(l).is_some_and(|r| r.role == Role::Symptom)).cloned().collect();
    let mut related: Vec<String> = rule.alternatives.iter().chain(&rule.masks).cloned().collect();
    related.extend(rule.leads_to.iter().filter(|l| !symptoms.contains(l)).cloned());
    related.dedup();
    Some(Explanation {
        role: match rule.role {
            Role::Cause => "cause",
            Role::Symptom => "symptom",
            Role::Noise => "noise",
        }
        .to_owned(),
        rule: describe(rules, id, params)?,
        seen_as,
        translations,
        buried_under: titled(&symptoms),
        suspects: titled(&rule.suspects),
        related,
        affects: texts.affects,
        fixed_in: texts.fixed_in,
        source: texts.source,
    })
}

/// The words of an entry as a person would look for them.
fn appearance(entry: &Entry) -> Option<String> {
    let pattern = entry.message.as_ref().or(entry.log.as_ref());
    match pattern {
        Some(pattern) => Some(words(&pattern.text)).filter(|w| w.chars().any(char::is_alphabetic)),
        None => entry.exception.as_ref().or(entry.raw_exception.as_ref()).map(|g| g.text.clone()),
    }
}
