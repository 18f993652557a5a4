//! Causes and symptoms with their texts filled in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::Maker;
use super::actions::of_this_job;
use crate::diagnosis::{Diagnosis as Found, Incident, Params, State as Standing, UnknownGroup, corroborate};
use crate::report::{
    Alternative, Confidence, Diagnosis, Fact, Folded, FrameLine, Misleading, Param, Place, Retry, RuleRef, RuledOut,
    Slot, State, Suspect, Symptom, Unrecognised,
};
use crate::rule::template::{self, Filled, Target};
use crate::rule::{Confidence as Sure, RuleTexts};
use crate::trace::fingerprint::Fingerprint;

/// Most suspects and alternatives that are listed.
const MAX_SUSPECTS: usize = 6;

impl Maker<'_> {
    pub(super) fn diagnosis(&self, incident: &Incident) -> Diagnosis {
        let index = self.rules.index_of(&incident.rule).unwrap_or(usize::MAX);
        let texts = self.rules.texts(index);
        let rule = self.rules.rule(index);
        let params = &incident.params;
        let headline = self.headline(rule.map_or("", |r| r.headline.as_str()), params);
        let checks = self.checks(&incident.rule, &texts, params);
        let fix = self.fixes(&incident.rule, &texts, params);
        let decisive = incident.decisive();
        let alternatives: Vec<String> = rule.map(|r| r.alternatives.clone()).unwrap_or_default();
        let (alternatives, ruled_out) = self.alternatives(incident, &alternatives);
        let all = checks.iter().chain(alternatives.iter().filter_map(|a| a.check.as_ref()));
        let missing = self.missing(params, all.flat_map(|c| &c.missing).chain(fix.iter().flat_map(|f| &f.missing)));
        let entries = rule.map_or(0, |r| r.alternatives_of_match.len());
        let entry = decisive.map_or(0, |o| o.best.alternative);
        Diagnosis {
            id: incident_id(self.diagnosis, incident),
            cause: incident.rule.clone(),
            basis: if incident.from_job { "job" } else { "log" }.to_owned(),
            category: rule.map(|r| r.category.clone()).unwrap_or_default(),
            confidence: confidence(incident.confidence),
            state: standing(incident.state),
            impact: rule.map_or("down", |r| r.impact.name()).to_owned(),
            jobs: incident.jobs.clone(),
            title: rule.map(|r| r.title.clone()).unwrap_or_default(),
            headline: headline.text,
            headline_params: slots(headline.slots),
            why: self.prose(&texts.why, params),
            count: incident.failures(),
            lines: incident.lines(),
            first_seen: incident.first_time().map(|t| t.iso()),
            last_seen: incident.last_time().map(|t| t.iso()),
            last_healthy: self.last_healthy(incident),
            attempts: incident.attempts.clone(),
            retry: retry(incident),
            job_state: self.job_state(incident),
            params: self.params(params),
            evidence: self.evidence(incident),
            surfaced_as: surfaced_as(incident),
            folded: folded(&incident.folded),
            alternatives,
            ruled_out,
            may_hide: self.may_hide(incident),
            misleading: self.misleading(&texts, incident),
            facts: self.positive(incident),
            checks,
            fix,
            never: texts.never.iter().map(|n| self.prose(n, params)).collect(),
            see: texts.see.clone(),
            missing,
            rule: RuleRef {
                file: rule.map(|r| r.file.clone()).unwrap_or_default(),
                entry: if incident.from_job { 0 } else { entry + 1 },
                entries,
                literal: rule
                    .filter(|_| !incident.from_job)
                    .and_then(|r| r.alternatives_of_match.get(entry))
                    .and_then(|a| a.entry.as_ref())
                    .and_then(|e| e.literals.first().cloned()),
            },
            rank_reason: rank_reason(incident),
            verdict: None,
        }
    }

    pub(super) fn symptom(&self, incident: &Incident) -> Symptom {
        let index = self.rules.index_of(&incident.rule).unwrap_or(usize::MAX);
        let texts = self.rules.texts(index);
        let rule = self.rules.rule(index);
        let params = &incident.params;
        let mut suspects = Vec::new();
        let mut ruled_out = Vec::new();
        for id in rule.map(|r| r.suspects.clone()).unwrap_or_default() {
            let Some(suspect) = self.rules.get(&id).filter(|r| of_this_job(r.system(), params)) else { continue };
            if let Some(out) = self.refuted(&id, incident) {
                ruled_out.push(out);
            } else if suspects.len() < MAX_SUSPECTS {
                suspects.push(Suspect {
                    cause: id.clone(),
                    title: suspect.title.clone(),
                    checks: self.first_check(&id, params).into_iter().collect(),
                });
            }
        }
        let missing = self.missing(params, suspects.iter().flat_map(|s| &s.checks).flat_map(|c| &c.missing));
        Symptom {
            id: incident.rule.clone(),
            title: rule.map(|r| r.title.clone()).unwrap_or_default(),
            headline: self.headline(rule.map_or("", |r| r.headline.as_str()), params).text,
            why: self.prose(&texts.why, params),
            count: incident.failures(),
            first_seen: incident.first_time().map(|t| t.iso()),
            last_seen: incident.last_time().map(|t| t.iso()),
            state: standing(incident.state),
            params: self.params(params),
            evidence: self.evidence(incident),
            suspects,
            ruled_out,
            misleading: self.misleading(&texts, incident),
            missing,
        }
    }

    pub(super) fn unrecognised(&self, group: &UnknownGroup) -> Unrecognised {
        let unknown = &group.unknown;
        Unrecognised {
            fingerprint: unknown.fingerprint.clone(),
            class: unknown.class.clone(),
            message: unknown.message.clone(),
            count: group.count(),
            first_seen: group.times.0.map(|t| t.iso()),
            last_seen: group.times.1.map(|t| t.iso()),
            evidence: vec![self.unknown_evidence(group)],
            frames: unknown
                .frames
                .iter()
                .map(|(line, text, own)| FrameLine { line: *line, text: text.clone(), own: *own })
                .collect(),
            consequences: group
                .consequences
                .iter()
                .map(|(id, count, lines)| Folded { id: id.clone(), count: *count, lines: lines.clone() })
                .collect(),
        }
    }

    fn value<'p>(params: &'p Params) -> impl Fn(&str) -> Option<Cow<'p, str>> {
        move |name| params.values.get(name).map(|v| Cow::Borrowed(v.value.as_str()))
    }

    pub(super) fn headline(&self, text: &str, params: &Params) -> Filled {
        template::headline(text, &self.rules.vocabulary, &Self::value(params))
    }

    pub(super) fn prose(&self, text: &str, params: &Params) -> String {
        template::fill(text.trim(), Target::Prose, &self.rules.vocabulary, &Self::value(params)).text
    }

    pub(super) fn fill(&self, text: &str, target: Target, params: &Params) -> Filled {
        template::fill(text, target, &self.rules.vocabulary, &Self::value(params))
    }

    fn alternatives(&self, incident: &Incident, ids: &[String]) -> (Vec<Alternative>, Vec<RuledOut>) {
        let mut left = Vec::new();
        let mut out = Vec::new();
        let server = incident.server.first();
        for id in incident.ruled_out.iter().chain(ids) {
            if out.iter().any(|o: &RuledOut| o.cause == *id) || left.iter().any(|a: &Alternative| a.cause == *id) {
                continue;
            }
            if let (true, Some(s)) = (incident.ruled_out.contains(id), server) {
                out.push(RuledOut {
                    cause: id.clone(),
                    because: s.best.evidence.text.lines().next().unwrap_or("").to_owned(),
                    at: Place { path: self.path(s.source), line: s.line },
                });
            } else if let Some(refuted) = self.refuted(id, incident) {
                out.push(refuted);
            } else if incident.confidence != Sure::Certain
                && left.len() < MAX_SUSPECTS
                && let Some(rule) = self.rules.get(id).filter(|r| of_this_job(r.system(), &incident.params))
            {
                left.push(Alternative {
                    cause: id.clone(),
                    title: rule.title.clone(),
                    check: self.first_check(id, &incident.params),
                });
            }
        }
        (left, out)
    }

    fn refuted(&self, id: &str, incident: &Incident) -> Option<RuledOut> {
        let members: Vec<usize> = (0..self.diagnosis.sources.len()).collect();
        let (source, line, text) =
            corroborate::refutation(id, &incident.captures, &self.diagnosis.sources, Some(&members))?;
        Some(RuledOut {
            cause: id.to_owned(),
            because: text.trim().chars().take(200).collect(),
            at: Place { path: self.path(source), line },
        })
    }

    pub(super) fn params(&self, params: &Params) -> BTreeMap<String, Param> {
        params
            .values
            .iter()
            .map(|(name, v)| {
                let from = v.source.map_or_else(|| v.key.clone(), |s| self.path(s));
                let kind = match v.source {
                    None if v.key.starts_with('-') => "option",
                    None => "environment",
                    Some(source) if source >= self.diagnosis.sources.len() => "job",
                    Some(_) => "log",
                };
                let param = Param { value: template::printable(&v.value), from, kind: kind.into(), line: v.line };
                (name.clone(), param)
            })
            .collect()
    }

    /// A mask that stands alone may hide what it masks.
    fn may_hide(&self, incident: &Incident) -> Vec<String> {
        let masks = self.rules.get(&incident.rule).map(|r| r.masks.clone()).unwrap_or_default();
        masks.into_iter().filter(|m| !incident.folded.contains_key(m)).collect()
    }

    /// Only words that this log really says.
    fn misleading(&self, texts: &RuleTexts, incident: &Incident) -> Vec<Misleading> {
        let said = |words: &str| {
            let words = words.trim_matches(['"', '\'', '…', '.', ' ']);
            let fixed = words.split(['…', '<', '{']).max_by_key(|p| p.len()).unwrap_or(words).trim();
            let in_text = |t: &str| fixed.len() >= 4 && t.contains(fixed);
            incident.occurrences.iter().any(|o| {
                in_text(&o.record) || in_text(&o.best.evidence.text) || o.links.iter().any(|l| in_text(&l.text))
            })
        };
        texts
            .misleading
            .iter()
            .filter(|(says, _)| said(says))
            .map(|(says, truth)| Misleading { says: says.clone(), truth: self.prose(truth, &incident.params) })
            .collect()
    }

    /// Positive findings: what the log says is in order.
    fn positive(&self, incident: &Incident) -> Vec<Fact> {
        let mut facts: Vec<Fact> = incident
            .facts
            .iter()
            .map(|(text, source, line)| Fact {
                text: template::printable(text),
                at: Place { path: self.path(*source), line: *line },
            })
            .collect();
        for (index, source) in self.diagnosis.sources.iter().enumerate() {
            for hit in &source.steps {
                let interesting =
                    hit.part == crate::engine::facts::Part::Refutes && hit.rule == "postgres/role-lacks-replication";
                if interesting && facts.is_empty() && incident.rule != hit.rule {
                    let user = hit.captures.get("user").cloned();
                    let same =
                        user.as_ref().is_none_or(|u| incident.params.values.get("user").is_none_or(|v| v.value == *u));
                    if same {
                        facts.push(Fact {
                            text: "the login worked, and the role has REPLICATION".into(),
                            at: Place { path: self.path(index), line: hit.evidence.line },
                        });
                    }
                }
            }
        }
        facts
    }
}

/// The stable id of an incident: a hash of cause, job and identity parameters.
#[must_use]
pub fn incident_id(diagnosis: &Found, incident: &Incident) -> String {
    let mut text = incident.rule.clone();
    let mut jobs = diagnosis.jobs.iter().filter(|j| j.group == incident.group);
    let job = jobs.find_map(|j| j.name.clone()).unwrap_or_default();
    text.push('\n');
    text.push_str(&job);
    for (name, value) in &incident.identity {
        text.push_str(&format!("\n{name}={value}"));
    }
    Fingerprint::of_text(&text).to_string()
}

fn surfaced_as(incident: &Incident) -> Vec<String> {
    let Some(decisive) = incident.decisive() else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    let at = decisive.best.evidence.class.clone();
    for link in decisive.links.iter().filter(|l| !l.suppressed && Some(&l.class) != at.as_ref()) {
        if !names.contains(&link.class) {
            names.push(link.class.clone());
        }
    }
    for id in &incident.also {
        if !names.contains(id) {
            names.push(id.clone());
        }
    }
    names
}

fn folded(folded: &BTreeMap<String, (u64, Vec<u64>)>) -> Vec<Folded> {
    folded.iter().map(|(id, (count, lines))| Folded { id: id.clone(), count: *count, lines: lines.clone() }).collect()
}

pub(super) fn slots(slots: Vec<(Range<usize>, String)>) -> Vec<Slot> {
    slots.into_iter().map(|(range, param)| Slot { start: range.start, end: range.end, param }).collect()
}

pub(super) fn confidence(sure: Sure) -> Confidence {
    match sure {
        Sure::Certain => Confidence::Certain,
        Sure::Likely => Confidence::Likely,
        Sure::Possible => Confidence::Possible,
    }
}

fn standing(state: Standing) -> State {
    match state {
        Standing::Ongoing => State::Ongoing,
        Standing::Recovered => State::Recovered,
    }
}

fn rank_reason(incident: &Incident) -> String {
    if incident.from_job {
        return "the files of the job show it, no log does".into();
    }
    let state = match incident.state {
        Standing::Ongoing => "still there when the logs end",
        Standing::Recovered => "over when the logs end",
    };
    let sure = match incident.confidence {
        Sure::Certain => "the log states it",
        Sure::Likely => "it fits best",
        Sure::Possible => "it is one of several that fit",
    };
    format!("{state}; {sure}")
}

/// The retry loop that the log counts.
fn retry(incident: &Incident) -> Option<Retry> {
    let last: u64 = incident.captures.get("last_attempt").or_else(|| incident.captures.get("attempt"))?.parse().ok()?;
    let of: Option<u64> = incident.captures.get("attempts").and_then(|n| n.parse().ok());
    let (first, end) = (incident.first_time()?, incident.last_time()?);
    let first_attempt: u64 = incident.captures.get("attempt").and_then(|n| n.parse().ok()).unwrap_or(1);
    let steps = last.saturating_sub(first_attempt);
    let interval = (steps > 0).then(|| u64::try_from(end.millis_since(&first)).unwrap_or(0) / steps);
    Some(Retry {
        attempt: last,
        of,
        interval_ms: interval,
        gives_up: of
            .zip(interval)
            .map(|(of, i)| end.plus_millis(i64::try_from((of.saturating_sub(last)) * i).unwrap_or(0)).iso()),
    })
}
