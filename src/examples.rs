//! The examples of rules: every rule carries its own proof.
//!
//! An example is scanned like any log. A rule passes if it matched each of its examples (its own patterns, or its sequence), and
//! none of its near misses.

use std::sync::Arc;

use crate::diagnosis::sequence;
use crate::diagnostic::{Problem, SourceText};
use crate::engine::facts::{EventKind, SourceFacts};
use crate::engine::{Engine, Owner};
use crate::pipeline::Pipeline;
use crate::rule::{Role, Rule, RuleSet, compile};

/// An example that does not do what it says.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Rule id.
    pub rule: String,
    /// Number of the example, from 1.
    pub number: usize,
    /// What went wrong.
    pub what: String,
}

/// Result of running examples.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of rules.
    pub rules: usize,
    /// Number of examples.
    pub examples: usize,
    /// Examples that failed.
    pub failures: Vec<Failure>,
}

/// Runs the examples of every rule.
///
/// # Errors
/// If the rules cannot be compiled into an engine.
pub fn run(rules: &Arc<RuleSet>) -> Result<Outcome, String> {
    let engine = Arc::new(Engine::new(Arc::clone(rules), true).map_err(|e| e.to_string())?);
    let mut outcome = Outcome { rules: rules.rules().len(), ..Outcome::default() };
    for (index, rule) in rules.rules().iter().enumerate() {
        for (number, (log, positive)) in rules.texts(index).examples.iter().enumerate() {
            outcome.examples += 1;
            let matched = matching(&engine, log).contains(&rule.id);
            if matched != *positive {
                let what = if *positive { "does not match" } else { "matches, but says not: true" };
                outcome.failures.push(Failure { rule: rule.id.clone(), number: number + 1, what: what.to_owned() });
            }
        }
    }
    Ok(outcome)
}

/// Rules that match a log on their own patterns, whatever inference would make of it.
#[must_use]
pub fn matching(engine: &Arc<Engine>, log: &str) -> Vec<String> {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    let source = pipeline.begin("example", None);
    pipeline.push(source, log.as_bytes());
    pipeline.end(source);
    let facts = pipeline.facts();
    let mut ids: Vec<String> = facts.sources.iter().flat_map(of_events).collect();
    let latest = facts.sources.iter().filter_map(|s| s.last_time).max();
    let members: Vec<usize> = (0..facts.sources.len()).collect();
    ids.extend(sequence::judge(&facts.sources, &members, &engine.rules, latest).into_iter().map(|p| p.rule));
    ids.extend(sequence::noise(&facts.sources, &members, &engine.rules, latest));
    ids.sort();
    ids.dedup();
    ids
}

fn of_events(facts: &SourceFacts) -> Vec<String> {
    let process = facts.process();
    facts
        .events
        .iter()
        .filter_map(|e| match &e.kind {
            EventKind::Matched(m) => Some(m),
            _ => None,
        })
        .flat_map(|m| m.matches.iter())
        .filter(|m| m.from.is_none_or(|p| p == process || process == crate::rule::Process::Unknown))
        .map(|m| m.rule.clone())
        .collect()
}

/// Examples of rule files that do not do what they say, as problems that point at them.
///
/// # Errors
/// If the rules cannot be compiled into an engine.
pub fn check(rules: &Arc<RuleSet>, sources: &[Arc<SourceText>]) -> Result<Vec<Problem>, String> {
    let engine = Arc::new(Engine::new(Arc::clone(rules), true).map_err(|e| e.to_string())?);
    let mut problems = Vec::new();
    for (index, rule) in rules.rules().iter().enumerate() {
        let Some(source) = sources.iter().find(|s| s.name == rule.file) else { continue };
        for (number, (log, positive)) in rules.texts(index).examples.iter().enumerate() {
            let (at, len) = compile::example_place(source, number);
            let matched = matching(&engine, log);
            if matched.contains(&rule.id) != *positive {
                let (what, label) = if *positive {
                    (format!("{} does not match its example {}", rule.id, number + 1), "no entry fits this")
                } else {
                    (format!("{} matches its near miss {}", rule.id, number + 1), "says not: true")
                };
                problems.push(Problem::error("RB015", what, source).at(at, len, label));
            }
            for other in matched.iter().filter_map(|id| rules.get(id)).filter(|r| *positive && rivals(rule, r)) {
                problems.push(
                    Problem::error("RB016", format!("{} matches this example, too", other.id), source)
                        .at(at, len, "two causes for one text")
                        .help("name the other under alternatives, leads_to or masks, or make one pattern say more")
                        .warning(),
                );
            }
        }
    }
    problems.extend(everyday(&engine, sources));
    Ok(problems)
}

/// Entries whose fixed text stands in many healthy lines.
fn everyday(engine: &Engine, sources: &[Arc<SourceText>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (owner, entry, text) in engine.everyday() {
        let file = match owner {
            Owner::Match { rule, .. } | Owner::Part { rule, .. } => engine.rules.rule(rule).map(|r| r.file.as_str()),
            Owner::Context => Some("rules/context.yaml"),
            Owner::Health => Some("rules/health.yaml"),
        };
        let Some(source) = sources.iter().find(|s| Some(s.name.as_str()) == file) else { continue };
        let written = entry.log.as_ref().or(entry.message.as_ref()).map_or(text, |p| p.text.as_str());
        // as YAML writes it in single quotes, or as it is
        let doubled = written.replace('\'', "''");
        let place = [doubled.as_str(), written].into_iter().find_map(|w| Some((source.text.find(w)?, w.len())));
        // an entry of the shipped rules is not in a file of the same name that adds to them
        let Some((at, len)) = place else { continue };
        problems.push(
            Problem::error(
                "RB017",
                format!("'{text}' stands in many healthy lines, which makes every scan slow"),
                source,
            )
            .at(at, len, "the longest fixed text is an everyday word")
            .help("add a rarer word to the pattern, or logger: with the end of a class name")
            .warning(),
        );
    }
    problems
}

/// Two causes that say nothing of each other.
fn rivals(one: &Rule, other: &Rule) -> bool {
    let names = |a: &Rule, b: &Rule| [&a.alternatives, &a.leads_to, &a.masks].iter().any(|ids| ids.contains(&b.id));
    let causes = one.role == Role::Cause && other.role == Role::Cause;
    causes && one.id != other.id && !names(one, other) && !names(other, one)
}
