//! What became of a rule that matched: its rank, or what it is folded under, beaten, refuted or left out by.

use std::collections::BTreeSet;

use crate::diagnosis::{Diagnosis, Incident, corroborate, sequence};
use crate::engine::facts::{EventKind, Match, SourceFacts};
use crate::rule::{Confidence, Process, Role, RuleSet};

/// A match of the rule: source, line, and all matches of its record.
pub(super) struct Hit<'f> {
    source: usize,
    line: u64,
    own: Option<&'f Match>,
    beside: &'f [Match],
}

pub(super) fn found<'f>(facts: &'f [SourceFacts], rules: &RuleSet, id: &str) -> Vec<Hit<'f>> {
    let mut hits = Vec::new();
    for (source, of) in facts.iter().enumerate() {
        for event in &of.events {
            let EventKind::Matched(matched) = &event.kind else { continue };
            for own in matched.matches.iter().filter(|m| m.rule == id) {
                hits.push(Hit { source, line: own.evidence.line, own: Some(own), beside: &matched.matches });
            }
        }
    }
    let members: Vec<usize> = (0..facts.len()).collect();
    let latest = facts.iter().filter_map(|s| s.last_time).max();
    for picked in sequence::judge(facts, &members, rules, latest).into_iter().filter(|p| p.rule == id) {
        hits.push(Hit { source: picked.source, line: picked.best.evidence.line, own: None, beside: &[] });
    }
    hits
}

pub(super) struct Teller<'t> {
    pub(super) facts: &'t [SourceFacts],
    pub(super) rules: &'t RuleSet,
    pub(super) id: &'t str,
    pub(super) diagnosis: &'t Diagnosis,
    pub(super) found: &'t [Hit<'t>],
}

impl Teller<'_> {
    fn place(&self, source: usize, line: u64) -> String {
        format!("{}:{line}", self.facts.get(source).map_or("", |s| s.name.as_str()))
    }

    fn at(&self, incident: &Incident) -> String {
        incident.decisive().map(|o| self.place(o.source, o.line)).unwrap_or_default()
    }

    pub(super) fn tell(&self) -> Vec<String> {
        let matched = match self.found {
            [only] => format!("{} matched at {}", self.id, self.place(only.source, only.line)),
            [first, rest @ ..] => {
                let more = crate::author::times_more(rest.len());
                format!("{} matched at {}{more}", self.id, self.place(first.source, first.line))
            }
            [] => String::new(),
        };
        let mut lines = Vec::new();
        let d = self.diagnosis;
        if let Some(rank) = d.causes.iter().position(|i| i.rule == self.id) {
            if rank == 0 {
                return vec![format!("{matched}, and is the first cause")];
            }
            let first = d.causes.first().map(|i| format!("{} ({})", i.rule, self.at(i))).unwrap_or_default();
            lines.push(format!("{matched}, and is cause {} of {}, behind {first}", rank + 1, d.causes.len()));
            lines.push(self.behind(rank));
            return lines;
        }
        if d.symptoms.iter().any(|i| i.rule == self.id) {
            return vec![format!("{matched}, and is shown as a symptom: no cause was found")];
        }
        if d.passed.iter().any(|i| i.rule == self.id) {
            return vec![format!("{matched}, and is only a note: the source moved again after it")];
        }
        lines.push(format!("{matched}, but is not shown:"));
        lines.extend(self.not_shown());
        lines
    }

    /// Why a cause is not the first.
    fn behind(&self, rank: usize) -> String {
        let (Some(first), Some(own)) = (self.diagnosis.causes.first(), self.diagnosis.causes.get(rank)) else {
            return String::new();
        };
        let reason = if own.state != first.state {
            "the source recovered from it"
        } else if own.superseded && !first.superseded {
            "the source was started again since, and failed of something else"
        } else if own.confidence < first.confidence {
            "the log is less sure of it"
        } else {
            "the other came first"
        };
        format!("Causes that still stand, that the log states and that came first lead; here {reason}.")
    }

    fn not_shown(&self) -> Vec<String> {
        let mut why = BTreeSet::new();
        let d = self.diagnosis;
        let all = || d.causes.iter().chain(&d.passed).chain(&d.symptoms);
        for hit in self.found {
            let noise = hit.beside.iter().find(|m| self.rules.get(&m.rule).is_some_and(|r| r.role == Role::Noise));
            if let Some(noise) = noise.filter(|n| n.rule != self.id) {
                why.insert(format!("{} calls the record harmless and takes it out", noise.rule));
            } else if noise.is_some() {
                why.insert("it is a harmless-line rule: its records are counted and left out".to_owned());
            }
            why.extend(self.process(hit));
            why.extend(self.beaten(hit));
        }
        for incident in all() {
            let at = self.at(incident);
            if incident.folded.contains_key(self.id) {
                why.insert(format!("folded under {} ({at}){}", incident.rule, self.edge(&incident.rule)));
            }
            if incident.ruled_out.iter().any(|r| r == self.id) {
                why.insert(format!("the server's own log says that it was {}", incident.rule));
            }
        }
        for unknown in &d.unknown {
            if unknown.consequences.iter().any(|c| c.0 == self.id) {
                why.insert(format!(
                    "it is shown as a consequence of an exception that no rule knows ({})",
                    self.place(unknown.source, unknown.unknown.evidence.line)
                ));
            }
        }
        let members: Vec<usize> = (0..self.facts.len()).collect();
        let captures = self.found.iter().find_map(|h| h.own).map(|m| m.captures.clone()).unwrap_or_default();
        if let Some((source, line, text)) = corroborate::refutation(self.id, &captures, self.facts, Some(&members)) {
            why.insert(format!("ruled out by {}: {}", self.place(source, line), text.trim()));
        }
        if why.is_empty() {
            let recovered = "the source moved again after it, and there is something worse to tell";
            let causes: Vec<&str> = d.causes.iter().map(|i| i.rule.as_str()).collect();
            why.insert(if causes.is_empty() {
                "it passed by itself: Flink mended it, or the source moved again after it".to_owned()
            } else {
                format!("{recovered}: {}", causes.join(", "))
            });
        }
        why.into_iter().collect()
    }

    /// Another rule of the same record is the one that is shown.
    fn beaten(&self, hit: &Hit<'_>) -> Option<String> {
        let own = hit.own?;
        let d = self.diagnosis;
        let shown = |m: &&Match| {
            m.rule != own.rule && d.causes.iter().chain(&d.passed).chain(&d.symptoms).any(|i| i.rule == m.rule)
        };
        let winner = hit.beside.iter().filter(shown).max_by_key(|m| m.link)?;
        Some(format!("in the same record {} is the point: {}", winner.rule, self.won(&winner.rule)))
    }

    /// The entry wants another process's log.
    fn process(&self, hit: &Hit<'_>) -> Option<String> {
        let wanted = hit.own?.from?;
        let is = self.facts.get(hit.source)?.process();
        let log = match is {
            Process::Unknown => "it cannot be told who wrote this log".to_owned(),
            other => format!("this is the {}'s log", other.name()),
        };
        (wanted != is).then(|| format!("the entry is about the {}'s log, and {log}", wanted.name()))
    }

    /// The edge by which it folds.
    fn edge(&self, parent: &str) -> &'static str {
        let (Some(own), Some(parent)) = (self.rules.get(self.id), self.rules.get(parent)) else { return "" };
        if parent.leads_to.contains(&own.id) {
            ", which leads to it"
        } else if own.suspects.contains(&parent.id) {
            ", which is one of its suspects"
        } else if own.masks.contains(&parent.id) {
            ", which it masks"
        } else if own.alternatives.contains(&parent.id) || parent.alternatives.contains(&own.id) {
            ", an alternative of which the log is surer, or which came first"
        } else if own.transient {
            ": a failure that a retry survives is a consequence of one that stays"
        } else {
            ": what comes while a failed task stops is a consequence"
        }
    }

    /// Why another match of the record is the point.
    fn won(&self, winner: &str) -> String {
        for hit in self.found {
            let Some(own) = hit.own else { continue };
            let Some(best) = hit.beside.iter().filter(|m| m.rule == winner).max_by_key(|m| m.link) else { continue };
            let role = |id: &str| self.rules.get(id).map(|r| r.role);
            let network = |id: &str| id.starts_with("network/");
            return if role(winner) != role(self.id) {
                "a cause is the point, a symptom is how it surfaces".to_owned()
            } else if own.suppressed && !best.suppressed {
                "this one stands under Suppressed: only".to_owned()
            } else if network(self.id) && !network(winner) {
                "a named system beats the network".to_owned()
            } else if own.confidence == Confidence::Possible && best.confidence != Confidence::Possible {
                "this one is only possible".to_owned()
            } else if best.link > own.link {
                format!("it stands deeper in the chain (line {})", best.evidence.line)
            } else {
                "on the same words the entry that says more wins".to_owned()
            };
        }
        "a cause is the point, a symptom is how it surfaces".to_owned()
    }
}
