//! `why-not`: which condition of a rule failed on the record that came nearest, and what became of a match that is not shown.

mod verdict;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use self::verdict::{Teller, found};
use super::sample::Log;
use crate::diagnosis;
use crate::engine::condition::Subject;
use crate::engine::facts::{EventKind, SourceFacts};
use crate::engine::{Engine, Tap, secrets};
use crate::pipeline::Pipeline;
use crate::rule::plain::vocabulary;
use crate::rule::{Entry, RuleSet};

/// Below this likeness a text is not worth showing.
const ALIKE: f64 = 0.4;

/// Everything there is to say.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Rule id.
    pub rule: String,
    /// What became of it; the first line is the answer.
    pub verdict: Vec<String>,
    /// It matched.
    pub matched: bool,
    /// Its entries, in order; the steps of a sequence one by one.
    pub entries: Vec<Nearest>,
}

/// An entry and the record that came nearest to it.
#[derive(Debug, Clone, Default)]
pub struct Nearest {
    /// `entry 1`, `entry 2, step 1 of 3`.
    pub name: String,
    /// Records on which all of it holds.
    pub records: u64,
    /// Log and line of the first of them.
    pub first: Option<(String, u64)>,
    /// Fixed texts of which one must stand in a record, if none stands in any.
    pub absent: Option<Vec<String>>,
    /// Conditions on the nearest record, if one came near.
    pub conditions: Vec<Answered>,
    /// Rules that know the nearest record.
    pub known_as: Vec<String>,
}

/// A condition with its answer on the nearest record.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The key in the YAML.
    pub key: &'static str,
    /// What the entry asks for.
    pub wanted: String,
    /// It holds.
    pub holds: bool,
    /// What stands there; secrets removed.
    pub there: String,
    /// Log and line.
    pub at: (String, u64),
}

/// What the tap keeps of one entry.
struct Probe {
    name: String,
    entry: Entry,
    words: BTreeSet<String>,
    literal_seen: bool,
    nearest: f64,
    /// Source and first line of the nearest record.
    record: (usize, u64),
    out: Nearest,
}

/// Tries the rule on logs.
///
/// # Errors
/// If the rules cannot be compiled into an engine, or no rule has the id.
pub fn why_not(rules: &Arc<RuleSet>, id: &str, logs: &[Log]) -> Result<Answer, String> {
    let rule = rules.get(id).ok_or_else(|| format!("no rule has the id '{id}'"))?;
    let probes: Arc<Mutex<(usize, Vec<Probe>)>> = Arc::new(Mutex::new((0, entries(rules, id))));
    let names: Vec<String> = logs.iter().map(|l| l.name.clone()).collect();
    let tap = {
        let (probes, names) = (Arc::clone(&probes), names.clone());
        Tap(Box::new(move |subject| {
            let mut guard = probes.lock().unwrap_or_else(PoisonError::into_inner);
            let (source, list) = &mut *guard;
            let name = names.get(*source).map_or("", String::as_str);
            for probe in list.iter_mut() {
                probe.look(subject, *source, name);
            }
        }))
    };
    let engine = Arc::new(Engine::tapped(Arc::clone(rules), tap));
    let mut pipeline = Pipeline::with(engine);
    for (number, log) in logs.iter().enumerate() {
        probes.lock().unwrap_or_else(PoisonError::into_inner).0 = number;
        let source = pipeline.begin(&log.name, log.series);
        pipeline.push(source, &log.bytes);
        pipeline.end(source);
    }
    let facts = pipeline.facts().sources;
    let diagnosis = pipeline.diagnose(&diagnosis::Options::default());
    drop(pipeline);
    let probes = std::mem::take(&mut probes.lock().unwrap_or_else(PoisonError::into_inner).1);
    let entries = probes.into_iter().map(|p| p.answer(&facts)).collect();
    let found = found(&facts, rules, &rule.id);
    let mut answer = Answer { rule: rule.id.clone(), matched: !found.is_empty(), entries, ..Answer::default() };
    answer.verdict = if found.is_empty() {
        vec![format!("{} did not match {}", rule.id, list(&names))]
    } else {
        Teller { facts: &facts, rules, id: &rule.id, diagnosis: &diagnosis, found: &found }.tell()
    };
    Ok(answer)
}

fn entries(rules: &RuleSet, id: &str) -> Vec<Probe> {
    let mut probes = Vec::new();
    let Some(rule) = rules.get(id) else { return probes };
    let mut add = |name: String, entry: &Entry| {
        let pattern = entry.message.as_ref().or(entry.log.as_ref());
        probes.push(Probe {
            name,
            entry: entry.clone(),
            words: pattern.map(|p| vocabulary(&p.text)).unwrap_or_default(),
            literal_seen: false,
            nearest: 0.0,
            record: (0, 0),
            out: Nearest::default(),
        });
    };
    for (number, alternative) in rule.alternatives_of_match.iter().enumerate() {
        let name = format!("entry {}", number + 1);
        if let Some(entry) = &alternative.entry {
            add(name, entry);
        } else if let Some(sequence) = &alternative.sequence {
            let steps = sequence.steps.len();
            for (step, entry) in sequence.steps.iter().enumerate() {
                add(format!("{name}, step {} of {steps}", step + 1), entry);
            }
        }
    }
    probes
}

impl Probe {
    fn look(&mut self, subject: &Subject<'_, '_>, source: usize, name: &str) {
        let record = subject.record;
        if !self.literal_seen {
            let text = record.text.to_ascii_lowercase();
            let class = |l: &str| subject.chain.links.iter().any(|t| t.class.to_ascii_lowercase().contains(l));
            self.literal_seen =
                self.entry.literals.iter().map(|l| l.to_ascii_lowercase()).any(|l| text.contains(&l) || class(&l));
        }
        let tried = subject.tried(&self.entry, &self.words);
        let holds = tried.holds() && subject.matches(&self.entry).is_some();
        if holds {
            self.out.records += 1;
        }
        let nearness = tried.nearness() + f64::from(u8::from(holds));
        if nearness <= self.nearest {
            return;
        }
        self.nearest = nearness;
        self.record = (source, record.at.line);
        self.out.first = holds.then(|| (name.to_owned(), record.at.line));
        let mut cut = std::collections::BTreeMap::new();
        self.out.conditions = tried
            .conditions
            .into_iter()
            .map(|c| Answered {
                key: c.key,
                wanted: c.wanted,
                holds: c.holds,
                // the text of a pattern that nothing is like says nothing
                there: if matches!(c.key, "message" | "log") && c.likeness < ALIKE {
                    String::new()
                } else {
                    secrets::cut(&c.there, &mut cut)
                },
                at: (name.to_owned(), record.line_of(c.at)),
            })
            .collect();
    }

    fn answer(mut self, facts: &[SourceFacts]) -> Nearest {
        self.out.name = self.name;
        if !self.literal_seen {
            self.out.absent = Some(self.entry.literals);
        }
        let pattern = |c: &&Answered| matches!(c.key, "message" | "log");
        let anything = self.out.conditions.iter().filter(pattern).any(|c| c.holds || !c.there.is_empty());
        let only_patterns = self.out.conditions.iter().any(|c| pattern(&c));
        if only_patterns && !anything {
            self.out.conditions.retain(|c| pattern(&c));
        }
        let (source, line) = self.record;
        let events = facts.get(source).map(|s| s.events.as_slice()).unwrap_or_default();
        for event in events.iter().filter(|e| e.at.line == line) {
            if let EventKind::Matched(matched) = &event.kind {
                self.out.known_as.extend(matched.matches.iter().map(|m| m.rule.clone()));
            }
        }
        self.out.known_as.sort();
        self.out.known_as.dedup();
        self.out
    }
}

fn list(names: &[String]) -> String {
    match names {
        [only] => only.clone(),
        [first, .., last] if names.len() > 3 => format!("{first} … {last} ({} logs)", names.len()),
        _ => names.join(", "),
    }
}
