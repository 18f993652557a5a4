//! What the job's own files add: values for parameters, contradictions between file and log, and causes that the files show.
//!
//! The log wins: it tells what the job really did. A file fills what the log leaves open, from the source or sink that
//! contradicts the log least; places of files are counted behind those of the logs.

use std::collections::BTreeMap;

use super::params::{Params, Value};
use super::{Diagnosis, Endpoint, Incident, Occurrence, Options, State, corroborate, params};
use crate::engine::facts::{Excerpt, Match, SourceFacts};
use crate::job::check::Finding;
use crate::job::{self, JobDefinition};
use crate::rule::{Confidence, Rule, RuleSet};

/// The log says one thing, a file another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Name of the parameter.
    pub name: String,
    /// What the log says.
    pub log: Value,
    /// What the file says.
    pub file: Value,
}

/// A value that a file gives.
type Given = (&'static str, Value);

/// Fills what the log leaves open, and notes contradictions.
pub fn fill(params: &mut Params, sources: usize, rules: &RuleSet, files: &[JobDefinition]) {
    let mut candidates: Vec<(Vec<Given>, Vec<Conflict>)> = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for endpoint in file.endpoints.iter().filter(|e| concerns(e, &params.endpoint)) {
            let given = values(endpoint, sources + number);
            let conflicts = conflicts(params, &given);
            candidates.push((given, conflicts));
        }
    }
    // those that contradict least are meant
    let least = candidates.iter().map(|(_, c)| c.len()).min().unwrap_or(0);
    candidates.retain(|(_, c)| c.len() == least);
    if let [(_, conflicts)] = candidates.as_slice() {
        params.conflicts.clone_from(conflicts);
    } else if let Some((_, conflicts)) = candidates.first() {
        let shared = |c: &&Conflict| candidates.iter().all(|(_, other)| other.iter().any(|o| o.name == c.name));
        params.conflicts = conflicts.iter().filter(shared).cloned().collect();
    }
    for (name, _) in rules.vocabulary.parameters.iter().filter(|(_, p)| p.context) {
        if params.values.contains_key(name) || params.ambiguous.contains_key(name) {
            continue;
        }
        let mut distinct: Vec<&Value> = Vec::new();
        for value in candidates.iter().flat_map(|(given, _)| given).filter(|(n, _)| n == name).map(|(_, v)| v) {
            if !distinct.iter().any(|d| d.value == value.value) {
                distinct.push(value);
            }
        }
        match distinct.as_slice() {
            [] => {}
            [only] => {
                params.values.insert(name.clone(), (*only).clone());
            }
            several => {
                let mut values: Vec<String> = several.iter().map(|v| v.value.clone()).collect();
                values.truncate(32);
                params.ambiguous.insert(name.clone(), values);
            }
        }
    }
}

/// True if an endpoint of a file is the system that an incident is about.
fn concerns(endpoint: &job::Endpoint, of: &Endpoint) -> bool {
    match &of.system {
        Some(system) => endpoint.system == *system,
        None => endpoint.side == job::Side::Source,
    }
}

fn values(endpoint: &job::Endpoint, source: usize) -> Vec<Given> {
    job::parameters(endpoint)
        .into_iter()
        .map(|(name, value, setting)| {
            (name, Value { value, source: Some(source), line: setting.at.line, key: setting.key.clone() })
        })
        .collect()
}

fn conflicts(params: &Params, given: &[Given]) -> Vec<Conflict> {
    let compared = ["user", "host", "port", "database", "schema", "table", "slot", "publication"];
    given
        .iter()
        .filter(|(name, _)| compared.contains(name))
        .filter_map(|(name, file)| {
            let log = params.values.get(*name)?;
            (!same(name, &log.value, &file.value)).then(|| Conflict {
                name: (*name).to_owned(),
                log: log.clone(),
                file: file.clone(),
            })
        })
        .collect()
}

fn same(name: &str, log: &str, file: &str) -> bool {
    let own = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
    let tail = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.'));
    match name {
        "host" => log.eq_ignore_ascii_case(file) || (own(log) && own(file)),
        // the source of an incremental snapshot reads with slots of its own: slot_0, slot_1
        "slot" => {
            log == file
                || log.strip_prefix(file).and_then(|r| r.strip_prefix('_')).is_some_and(|n| n.parse::<u32>().is_ok())
        }
        "table" => log == file || tail(log, file) || tail(file, log),
        _ => log == file,
    }
}

/// Adds what the files show to what the logs show: to the cause that both name, else as a cause of its own, behind those of the logs.
pub fn add(diagnosis: &mut Diagnosis, sources: &[SourceFacts], rules: &RuleSet, options: &Options) {
    let members: Vec<usize> = (0..sources.len()).collect();
    for finding in job::check::check(&options.job).into_iter().chain(published(sources, options)) {
        let Some(rule) = rules.get(finding.cause).filter(|_| !contradicted(&finding, sources)) else { continue };
        let mut captures = finding.params.clone();
        let of =
            finding.endpoint.and_then(|(file, index)| options.job.get(file)?.endpoints.get(index).map(|e| (file, e)));
        let given = of.map(|(file, endpoint)| values(endpoint, sources.len() + file)).unwrap_or_default();
        if corroborate::refutation(finding.cause, &captures, sources, Some(&members)).is_some() {
            continue;
        }
        for (name, value) in given.iter().filter(|(name, _)| ["user", "host", "port", "database"].contains(name)) {
            captures.entry((*name).to_owned()).or_insert_with(|| value.value.clone());
        }
        let occurrence = occurrence(&finding, sources.len());
        let known = diagnosis.causes.iter_mut().find(|i| i.rule == finding.cause && i.agrees(&captures, rules));
        match known {
            Some(known) => known.occurrences.push(occurrence),
            None => {
                let incident = incident(&finding, rule, occurrence, given, rules, options, sources.len());
                diagnosis.causes.push(incident);
            }
        }
    }
    // a stable sort: what the logs show stays in front of what is as sure
    diagnosis
        .causes
        .sort_by_key(|i| (i.state == State::Recovered, i.superseded, std::cmp::Reverse(i.confidence), i.from_job));
}

/// Tables of the files that are not in the publication, as the logs show it or the user says.
fn published(sources: &[SourceFacts], options: &Options) -> Vec<Finding> {
    let list = |text: &str| -> Vec<String> {
        let tables = text.split(',').map(|t| t.replace('"', "").trim().to_owned()).filter(|t| !t.is_empty());
        tables.map(|t| if t.contains('.') { t } else { format!("public.{t}") }).collect()
    };
    let by_hand = |name: &str| options.params.get(name).or_else(|| options.environment.get(name));
    if let Some(tables) = by_hand("publication_tables") {
        let name = by_hand("publication").map(String::as_str);
        return job::check::published(&options.job, name, &list(tables), "the publication, as given by hand,");
    }
    let mut found = Vec::new();
    for source in sources {
        let values = |name: &str| source.context.get(name).map_or(&[][..], Vec::as_slice);
        // the last statement of each publication counts
        let mut last = BTreeMap::new();
        for tables in values("publication_tables") {
            if let Some(name) =
                values("publication").iter().find(|p| p.line == tables.line || values("publication").len() == 1)
            {
                last.insert(name.value.as_str(), tables);
            }
        }
        for (name, tables) in last {
            let told = format!("the publication, in line {} of {},", tables.line, source.name);
            found.extend(job::check::published(&options.job, Some(name), &list(&tables.value), &told));
        }
    }
    found
}

/// The logs show that it is otherwise.
fn contradicted(finding: &Finding, sources: &[SourceFacts]) -> bool {
    match finding.cause {
        "flink/checkpointing-disabled" => sources.iter().any(|s| s.checkpoint.is_some()),
        "postgres/plugin-not-installed" => {
            let wanted = finding.params.get("plugin");
            let mut told = sources.iter().filter_map(|s| s.context.get("plugin")).flatten().peekable();
            told.peek().is_some() && told.all(|v| Some(&v.value) != wanted)
        }
        _ => false,
    }
}

fn occurrence(finding: &Finding, sources: usize) -> Occurrence {
    let evidence = Excerpt {
        line: finding.at.line,
        offset: finding.at.offset,
        text: finding.at.text.clone(),
        ..Excerpt::default()
    };
    Occurrence {
        source: sources + finding.file,
        seq: 0,
        line: finding.at.line,
        last_line: finding.at.line,
        record_line: finding.at.line,
        record_lines: 1,
        time: None,
        last_time: None,
        count: 1,
        best: Match {
            rule: finding.cause.to_owned(),
            alternative: 0,
            confidence: finding.confidence,
            link: None,
            suppressed: false,
            weight: 0,
            from: None,
            server_only: false,
            captures: BTreeMap::new(),
            evidence,
            english: None,
        },
        level: None,
        logger: String::new(),
        links: Vec::new(),
        record: String::new(),
        steps: Vec::new(),
    }
}

fn incident(
    finding: &Finding,
    rule: &Rule,
    occurrence: Occurrence,
    given: Vec<Given>,
    rules: &RuleSet,
    options: &Options,
    sources: usize,
) -> Incident {
    let place = |value: &String| Value {
        value: value.clone(),
        source: Some(occurrence.source),
        line: occurrence.line,
        key: String::new(),
    };
    let mut params = Params::default();
    params.endpoint.system = Some(rule.system().to_owned()).filter(|s| s != "flink" && s != "network");
    for (name, value) in finding.params.iter().filter(|(name, _)| rules.vocabulary.get(name).is_some()) {
        params.values.insert(name.clone(), place(value));
    }
    for (name, value) in given {
        params.values.entry(name.to_owned()).or_insert(value);
    }
    if finding.endpoint.is_none() {
        fill(&mut params, sources, rules, &options.job);
    }
    params::by_hand(&mut params, rules, options);
    let identity = |(name, _): &(&String, &Value)| rules.vocabulary.get(name).is_some_and(|p| p.identity);
    // of no group of logs
    let blank = Incident::blank(rule, finding.confidence.min(Confidence::Certain), usize::MAX);
    Incident {
        identity: params.values.iter().filter(identity).map(|(n, v)| (n.clone(), v.value.clone())).collect(),
        captures: finding.params.clone(),
        kinds: BTreeMap::from([(String::new(), 1)]),
        occurrences: vec![occurrence],
        from_job: true,
        facts: finding.facts.iter().map(|(text, file, line)| (text.clone(), sources + file, *line)).collect(),
        params,
        ..blank
    }
}
