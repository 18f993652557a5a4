//! Which system an incident is about, and whether that is one the job reads from.
//!
//! A rule of a system is about that system. A rule of Flink, Debezium or the network is about the one whose connector or driver
//! stands in the record's own trace, else about the job's only source, if the logs tell it.

use super::incident::Incident;
use crate::engine::facts::SourceFacts;
use crate::rule::system::{self, Side};
use crate::rule::{Confidence, RuleSet};

/// Where an incident happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// System; `None` if nothing tells it.
    pub system: Option<String>,
    /// The job reads from it, as far as is known.
    pub is_source: bool,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { system: None, is_source: true }
    }
}

/// Finds the endpoint of an incident of a group of sources.
#[must_use]
pub fn of(incident: &Incident, sources: &[SourceFacts], members: Option<&Vec<usize>>) -> Endpoint {
    let own = system_of(&incident.rule);
    let running = running(sources, members);
    let evident = match system::side(own) {
        Side::Shared => of_record(incident).or_else(|| only(&running)),
        Side::Source | Side::Sink => Some(own.to_owned()),
    };
    let is_source = match &evident {
        None => true,
        Some(system) if system::side(system) == Side::Sink => false,
        Some(system) => running.is_empty() || running.contains(&system.as_str()),
    };
    Endpoint { system: evident, is_source }
}

/// A cause of a system that the job does not read from gives way to its look-alike of the only one that it does.
pub fn correct(incident: &mut Incident, sources: &[SourceFacts], members: Option<&Vec<usize>>, rules: &RuleSet) {
    let Some(read) = only(&running(sources, members)) else { return };
    let own = system_of(&incident.rule);
    if system::side(own) != Side::Source || own == read {
        return;
    }
    let Some(rule) = rules.get(&incident.rule) else { return };
    if let Some(other) = rule.alternatives.iter().find(|id| system_of(id) == read) {
        incident.rule.clone_from(other);
        incident.confidence = incident.confidence.min(Confidence::Likely);
    }
}

fn system_of(rule: &str) -> &str {
    rule.split('/').next().unwrap_or("")
}

/// Systems whose connectors run in the job.
fn running<'s>(sources: &'s [SourceFacts], members: Option<&Vec<usize>>) -> Vec<&'s str> {
    let mut systems: Vec<&str> = members
        .into_iter()
        .flatten()
        .filter_map(|i| sources.get(*i))
        .flat_map(|s| s.systems.keys())
        .map(String::as_str)
        .collect();
    systems.sort_unstable();
    systems.dedup();
    systems
}

/// The only system that the incident's own records name: by its connector, else by its driver.
fn of_record(incident: &Incident) -> Option<String> {
    let occurrence = incident.decisive()?;
    let found = system::connectors(&occurrence.record);
    if found.is_empty() { only(&system::drivers(&occurrence.record)) } else { only(&found) }
}

fn only(systems: &[&str]) -> Option<String> {
    match systems {
        [system] => Some((*system).to_owned()),
        _ => None,
    }
}
