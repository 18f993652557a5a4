//! Parameters of an incident: captured by its own records, else from the lines of the log that tell them.
//!
//! A job has a source and a sink, each with a host, a user and a database of its own: a line that says whose values it tells gives
//! them to that system's incidents only, and one that does not speaks of the job's source.

use std::collections::BTreeMap;

use super::Options;
use super::endpoint::{self, Endpoint};
use super::given::{self, Conflict};
use super::incident::Incident;
use super::provider;
use crate::engine::facts::{ContextValue, SourceFacts};
use crate::rule::dialect::Dialect;
use crate::rule::system::{self, Side};
use crate::rule::vocabulary::Parameter;
use crate::rule::{RuleSet, template};

/// One value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub value: String,
    /// Index of the source; `None` if it was given by hand.
    pub source: Option<usize>,
    /// Line.
    pub line: u64,
    /// Words of the line.
    pub key: String,
}

/// Parameters of one incident.
#[derive(Debug, Clone, Default)]
pub struct Params {
    /// Name → value.
    pub values: BTreeMap<String, Value>,
    /// Names with several values that cannot be told apart.
    pub ambiguous: BTreeMap<String, Vec<String>>,
    /// Values of which the log and the job's files say different things.
    pub conflicts: Vec<Conflict>,
    /// The system they are those of.
    pub endpoint: Endpoint,
}

/// Fills the parameters of an incident.
#[must_use]
pub fn resolve(
    incident: &Incident,
    sources: &[SourceFacts],
    members: Option<&Vec<usize>>,
    rules: &RuleSet,
    options: &Options,
) -> Params {
    let endpoint = endpoint::of(incident, sources, members);
    let mut params = Params { endpoint, ..Params::default() };
    let place = incident.decisive().map(|o| (o.source, o.line));
    for (name, value) in &incident.captures {
        if rules.vocabulary.get(name).is_some() {
            let (source, line) = captured_at(incident, name).or(place).unwrap_or((0, 0));
            params
                .values
                .insert(name.clone(), Value { value: value.clone(), source: Some(source), line, key: String::new() });
        }
    }
    for (name, parameter) in &rules.vocabulary.parameters {
        if params.values.contains_key(name) || !parameter.context {
            continue;
        }
        let ours = |value: &ContextValue| belongs(value, parameter, &params.endpoint);
        let mut values = context(name, sources, members, &ours);
        if name == "slot" {
            drop_backfill_slots(&mut values);
        }
        match values.as_slice() {
            [] => {}
            [only] => {
                params.values.insert(name.clone(), only.clone());
            }
            several => {
                params.ambiguous.insert(name.clone(), several.iter().map(|v| v.value.clone()).collect());
            }
        }
    }
    given::fill(&mut params, sources.len(), rules, &options.job);
    tables(&mut params);
    by_hand(&mut params, rules, options);
    if !params.values.contains_key(provider::PARAMETER)
        && let Some(found) = provider::of(incident, &params)
    {
        params.values.insert(provider::PARAMETER.to_owned(), found);
    }
    params
}

/// What was given by hand wins, on the command line over the environment.
pub(super) fn by_hand(params: &mut Params, rules: &RuleSet, options: &Options) {
    let environment = options.environment.iter().map(|(n, v)| (n, v, format!("CDC_DOCTOR_{}", n.to_ascii_uppercase())));
    let option = options.params.iter().map(|(n, v)| (n, v, "--param".to_owned()));
    for (name, value, key) in environment.chain(option) {
        if rules.vocabulary.get(name).is_some() {
            params.ambiguous.remove(name);
            params.conflicts.retain(|c| c.name != *name);
            params.values.insert(name.clone(), Value { value: value.clone(), source: None, line: 0, key });
        }
    }
}

/// True if a context line speaks of the incident's system.
fn belongs(value: &ContextValue, parameter: &Parameter, endpoint: &Endpoint) -> bool {
    match (&value.system, &endpoint.system) {
        (Some(theirs), Some(ours)) => theirs == ours,
        (Some(theirs), None) => system::side(theirs) != Side::Sink,
        (None, _) => endpoint.is_source || parameter.endpoint != "source",
    }
}

fn captured_at(incident: &Incident, name: &str) -> Option<(usize, u64)> {
    incident.occurrences.iter().find(|o| o.best.captures.contains_key(name)).map(|o| (o.source, o.line))
}

/// Distinct values that the group's sources tell, those told most recently last.
fn context(
    name: &str,
    sources: &[SourceFacts],
    members: Option<&Vec<usize>>,
    ours: &dyn Fn(&ContextValue) -> bool,
) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for index in members.into_iter().flatten() {
        let Some(found) = sources.get(*index).and_then(|s| s.context.get(name)) else { continue };
        for v in found.iter().filter(|v| ours(v)) {
            if !values.iter().any(|k| k.value == v.value) {
                values.push(Value { value: v.value.clone(), source: Some(*index), line: v.line, key: v.key.clone() });
            }
        }
    }
    values
}

/// Backfill slots of the incremental source are called `<slot>_<subtask>`.
fn drop_backfill_slots(values: &mut Vec<Value>) {
    let names: Vec<String> = values.iter().map(|v| v.value.clone()).collect();
    values.retain(|v| {
        let base = v
            .value
            .rsplit_once('_')
            .filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            .map(|(b, _)| b);
        base.is_none_or(|b| !names.iter().any(|n| n == b))
    });
}

/// A bare table gets its schema (in MySQL and its like, its database) from the captured tables; the only captured table stands for
/// `table`.
fn tables(params: &mut Params) {
    let dialect = params.endpoint.system.as_deref().and_then(system::dialect).unwrap_or(Dialect::Postgres);
    let above = if dialect == Dialect::Mysql { "database" } else { "schema" };
    let plain: Vec<String> =
        params.values.get("tables").and_then(|t| template::plain_tables(&t.value)).unwrap_or_default();
    let schema = params.values.get(above).map(|s| s.value.clone());
    if let Some(table) = params.values.get_mut("table") {
        if !table.value.contains('.') {
            let mut same = plain.iter().filter(|p| p.rsplit('.').next() == Some(table.value.as_str()));
            match (same.next(), same.next()) {
                (Some(only), None) => table.value.clone_from(only),
                _ => {
                    if let Some(schema) = &schema {
                        table.value = format!("{schema}.{}", table.value);
                    }
                }
            }
        }
    } else if let ([only], Some(tables)) = (plain.as_slice(), params.values.get("tables")) {
        let value = Value { value: only.clone(), ..tables.clone() };
        params.values.insert("table".into(), value);
        params.ambiguous.remove("table");
    }
    if !params.values.contains_key(above)
        && let Some(table) = params.values.get("table")
        && let Some(parts) = dialect.split(&table.value).filter(|p| p.len() >= 2)
        && let Some(schema) = parts.iter().nth_back(1)
    {
        let value = Value { value: schema.clone(), ..table.clone() };
        params.values.insert(above.into(), value);
        params.ambiguous.remove(above);
    }
}
