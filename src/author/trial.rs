//! `rules test`: every rule against all examples and all samples. All failures are reported, not the first.
//!
//! An example must be matched by its rule, a near miss must not; and the ranked result of the whole engine must be the rule's: a
//! cause is the first diagnosis, or what it is folded under knows of it; beside it stands no cause that it does not know of. A
//! sample must give the complete summary of its `expected.json`.

use std::sync::Arc;

use super::kin;
use super::sample::{self, Sample, Summary};
use crate::engine::Engine;
use crate::examples::{self, Scan};
use crate::rule::{Role, Rule, RuleSet};

/// Something that does not do what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `postgres/slot-missing example 2`, or `sample postgres/slot-missing`.
    pub place: String,
    /// What went wrong.
    pub what: String,
}

/// Result of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of rules.
    pub rules: usize,
    /// Number of examples.
    pub examples: usize,
    /// Number of samples with an expected result.
    pub samples: usize,
    /// What failed, examples first.
    pub failures: Vec<Failure>,
}

/// Runs the examples of every rule, and the samples.
///
/// # Errors
/// If the rules cannot be compiled into an engine.
pub fn run(rules: &Arc<RuleSet>, samples: &[Sample]) -> Result<Outcome, String> {
    let engine = Arc::new(Engine::new(Arc::clone(rules), true));
    let mut outcome = Outcome { rules: rules.rules().len(), ..Outcome::default() };
    for (index, rule) in rules.rules().iter().enumerate() {
        for (number, (log, positive)) in rules.texts(index).examples.iter().enumerate() {
            outcome.examples += 1;
            let scan = examples::scan(&engine, log);
            let mut fail = |what: String| {
                outcome.failures.push(Failure { place: format!("{} example {}", rule.id, number + 1), what });
            };
            match (scan.seen.iter().any(|s| s.rule == rule.id), positive) {
                (true, false) => fail("matches, but says not: true".to_owned()),
                (false, true) => fail("does not match".to_owned()),
                (true, true) => ranked(rules, rule, &scan).into_iter().for_each(fail),
                (false, false) => {}
            }
        }
    }
    for sample in samples {
        let Some(expected) = &sample.expected else { continue };
        outcome.samples += 1;
        let got = Summary::of(&sample::report(&engine, &sample.logs)).json().map_err(|e| e.to_string())?;
        if got != *expected {
            let what = format!("differs from its expected.json\n{}", sample::difference(expected, &got).trim_end());
            outcome.failures.push(Failure { place: format!("sample {}", sample.name), what });
        }
    }
    Ok(outcome)
}

/// What is wrong with the ranked result of an example that its rule matches.
fn ranked(rules: &RuleSet, rule: &Rule, scan: &Scan) -> Vec<String> {
    let diagnosis = &scan.diagnosis;
    let shown = || diagnosis.causes.iter().chain(&diagnosis.passed);
    let stranger = |id: &&str| *id != rule.id && rules.get(id).is_none_or(|other| !kin::named(rule, other));
    let mut wrong = Vec::new();
    match rule.role {
        Role::Cause => {
            let first = shown().next();
            let held = first
                .is_some_and(|f| f.rule == rule.id || f.folded.contains_key(&rule.id) || f.also.contains(&rule.id));
            match first {
                None => wrong.push("matches, but the diagnosis names no cause".to_owned()),
                Some(f) if !held && stranger(&f.rule.as_str()) => {
                    wrong.push(format!("the first cause is {}, which does not know of this rule", f.rule));
                }
                Some(_) => {}
            }
            let others = shown().skip(1).map(|i| i.rule.as_str()).filter(stranger);
            wrong.extend(others.map(|id| format!("{id} is diagnosed, too")));
        }
        Role::Symptom => {
            let folded = |id: &String| {
                shown().chain(&diagnosis.symptoms).any(|i| i.folded.contains_key(id) || i.also.contains(id))
                    || diagnosis.unknown.iter().any(|u| u.consequences.iter().any(|c| c.0 == *id))
            };
            let stands = diagnosis.symptoms.iter().any(|s| s.rule == rule.id);
            if !stands && !folded(&rule.id) {
                wrong.push("matches, but the result shows it nowhere".to_owned());
            }
        }
        Role::Noise => {
            let all = shown().chain(&diagnosis.symptoms).map(|i| i.rule.as_str());
            wrong.extend(all.map(|id| format!("{id} is found in a harmless line")));
        }
    }
    wrong
}
