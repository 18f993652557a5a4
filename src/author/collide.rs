//! `rules check`, beyond a single file: every example is run through the whole engine, and so is every healthy sample.
//!
//! A rule must match its examples and none of its near misses; no other rule may match them unless the two know of each other
//! ([`kin`](super::kin)); and no cause or symptom may match a log of a healthy job. All problems point into the YAML.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kin::{self, Clash, Distance};
use super::sample::Sample;
use crate::diagnostic::{Problem, SourceText};
use crate::engine::{Engine, Owner};
use crate::examples::{self, Scan, Seen};
use crate::rule::{Role, Rule, RuleSet, compile};

/// Runs every example of every rule, and every healthy sample, through the whole engine.
///
/// Problems stand in `sources`, the files that are being checked; rules from elsewhere (the shipped ones under a directory that adds
/// to them) are taken into account, but are not complained of among themselves.
#[must_use]
pub fn check(rules: &Arc<RuleSet>, sources: &[Arc<SourceText>], healthy: &[Sample]) -> Vec<Problem> {
    let engine = Arc::new(Engine::new(Arc::clone(rules), true));
    let checker = Checker { rules, files: sources.iter().map(|s| (s.name.as_str(), s)).collect() };
    let mut problems = Vec::new();
    for (index, rule) in rules.rules().iter().enumerate() {
        for (number, (log, positive)) in rules.texts(index).examples.iter().enumerate() {
            let scan = examples::scan(&engine, log);
            checker.own(rule, number, *positive, &scan, &mut problems);
            if *positive {
                checker.others(rule, number, &scan, &mut problems);
            }
        }
    }
    for sample in healthy {
        checker.healthy(&engine, sample, &mut problems);
    }
    problems.extend(everyday(&engine, sources));
    problems
}

struct Checker<'c> {
    rules: &'c RuleSet,
    files: BTreeMap<&'c str, &'c Arc<SourceText>>,
}

impl Checker<'_> {
    fn file(&self, rule: &Rule) -> Option<&Arc<SourceText>> {
        self.files.get(rule.file.as_str()).copied()
    }

    /// The rule's own example does what it says.
    fn own(&self, rule: &Rule, number: usize, positive: bool, scan: &Scan, problems: &mut Vec<Problem>) {
        let Some(source) = self.file(rule) else { return };
        if scan.seen.iter().any(|s| s.rule == rule.id) == positive {
            return;
        }
        let (at, len) = compile::example_place(source, number);
        let problem = if positive {
            Problem::error("RB015", format!("{} does not match its example {}", rule.id, number + 1), source)
                .at(at, len, "no entry fits this")
                .help(format!(
                    "cdc-doctor why-not {} FILE, with this text in FILE, says which condition fails",
                    rule.id
                ))
        } else {
            Problem::error("RB015", format!("{} matches its near miss {}", rule.id, number + 1), source).at(
                at,
                len,
                "says not: true",
            )
        };
        problems.push(problem);
    }

    /// Other rules that match it, too: one problem a rule.
    fn others(&self, owner: &Rule, number: usize, scan: &Scan, problems: &mut Vec<Problem>) {
        let own: Vec<&Seen> = scan.seen.iter().filter(|s| s.rule == owner.id).collect();
        let mut worst: BTreeMap<&str, (Distance, &Seen)> = BTreeMap::new();
        for seen in scan.seen.iter().filter(|s| s.rule != owner.id && !scan.refuted.contains(&s.rule)) {
            let distance = distance(&own, seen);
            let known = worst.entry(seen.rule.as_str()).or_insert((distance, seen));
            if distance > known.0 {
                *known = (distance, seen);
            }
        }
        for (id, (distance, seen)) in worst {
            let Some(other) = self.rules.get(id) else { continue };
            let Some(clash) = kin::clash(owner, other, distance) else { continue };
            problems.extend(self.complain(owner, number, other, seen, clash));
        }
    }

    /// Points at the pattern that matches, or at the example if the pattern stands in a file that is not being checked.
    fn complain(&self, owner: &Rule, number: usize, other: &Rule, seen: &Seen, clash: Clash) -> Option<Problem> {
        let what = format!("{} matches example {} of {}, too", other.id, number + 1, owner.id);
        let line: String = seen.text.lines().next().unwrap_or("").trim().chars().take(80).collect();
        let help = match clash {
            Clash::Stranger if owner.role == other.role => {
                "name the other under alternatives (the same words), leads_to or masks, or make the pattern say more"
            }
            Clash::Stranger => {
                "name the cause under suspects of the symptom, or the symptom under leads_to of the cause"
            }
            Clash::Silences => "a harmless line must have words of its own: the whole record is left out",
            Clash::Alarms => "what the rule calls harmless must show no failure: make the pattern say more",
        };
        let problem = match (self.file(other), self.file(owner)) {
            (Some(source), _) => {
                let (at, len) = compile::entry_place(source, seen.alternative);
                Problem::error("RB016", what, source).at(at, len, format!("matches '{line}'"))
            }
            (None, Some(source)) => {
                let (at, len) = compile::example_place(source, number);
                Problem::error("RB016", what, source).at(at, len, format!("'{line}' is what {} says", other.id))
            }
            (None, None) => return None,
        };
        Some(problem.help(help))
    }

    /// A log of a healthy job: nothing but harmless lines may match.
    fn healthy(&self, engine: &Arc<Engine>, sample: &Sample, problems: &mut Vec<Problem>) {
        for log in &sample.logs {
            let scan = examples::scan(engine, &String::from_utf8_lossy(&log.bytes));
            let mut told: Vec<&str> = Vec::new();
            for seen in &scan.seen {
                let Some(rule) = self.rules.get(&seen.rule) else { continue };
                let allowed = rule.role == Role::Noise || sample.allowed.contains(&rule.id);
                if allowed || told.contains(&seen.rule.as_str()) {
                    continue;
                }
                told.push(&seen.rule);
                let Some(source) = self.file(rule) else { continue };
                let (at, len) = compile::entry_place(source, seen.alternative);
                let line: String = seen.text.lines().next().unwrap_or("").trim().chars().take(80).collect();
                problems.push(
                    Problem::error("RB019", format!("{} matches the healthy sample {}", rule.id, sample.name), source)
                        .at(at, len, format!("matches '{line}' in {}", log.name))
                        .help("a pattern that matches a log of a healthy job is too wide"),
                );
            }
        }
    }
}

fn distance(own: &[&Seen], seen: &Seen) -> Distance {
    let near = |o: &&Seen| match (o.seq == seen.seq, o.link == seen.link) {
        (true, true) => Distance::SameWords,
        (true, false) => Distance::SameRecord,
        _ => Distance::Apart,
    };
    own.iter().map(near).max().unwrap_or(Distance::Apart)
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
