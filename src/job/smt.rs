//! `config_prod.conf` of StarRocks' migration tool: `[db]`, `[other]`, `[table-rule.N]`, keys with and without blanks.

use std::sync::Arc;

use super::{At, Endpoint, Format, JobDefinition, PrimaryKey, Setting, Side, system_of, unreadable};
use crate::diagnostic::{Problem, SourceText};

pub(super) fn read(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let mut file = JobDefinition::new(source, Format::Smt);
    // name, where it stands, settings
    let mut sections: Vec<(String, At, Vec<Setting>)> = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let here = start + (line.len() - line.trim_start().len());
        start += line.len();
        let words = line.trim();
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = words.strip_prefix('[') {
            let Some(name) = rest.split(']').next().filter(|_| rest.contains(']')) else {
                let place = Some((here, words.len(), "the ] is missing"));
                return Err(unreadable(source, "JD003", "a section's name does not end", place));
            };
            let at = At::of(&source.text, here, here + words.len());
            sections.push((name.trim().to_ascii_lowercase(), at, Vec::new()));
            continue;
        }
        // the first = parts them: jdbc urls have more; `key: value` is written now and then
        let Some((key, value)) = words.split_once('=').or_else(|| words.split_once(':')) else {
            let place = Some((here, words.len(), "neither a section nor key = value"));
            return Err(unreadable(source, "JD003", "a line of the configuration is not key = value", place));
        };
        let setting = Setting::new(key.trim(), unquoted(value), &source.text, here, here + words.len());
        match sections.last_mut() {
            Some((.., settings)) => settings.push(setting),
            None => {
                let place = Some((here, words.len(), "before the first section"));
                return Err(unreadable(source, "JD003", "a setting stands in no section", place));
            }
        }
    }
    let get = |wanted: &str| sections.iter().find(|(name, ..)| name == wanted);
    let database = get("db").map(|(_, _, settings)| settings.clone()).unwrap_or_default();
    let kind = database.iter().rev().find(|s| s.key.eq_ignore_ascii_case("type"));
    let system = kind.map_or_else(|| "mysql".to_owned(), |s| system_of(&s.value));
    let at = |own: &At| kind.map_or_else(|| own.clone(), |s| s.at.clone());
    for (name, place, settings) in &sections {
        let Some(rule) = name.strip_prefix("table-rule") else { continue };
        let with = |prefix: &str| -> Vec<Setting> {
            let strip =
                |s: &Setting| s.key.strip_prefix(prefix).map(|key| Setting { key: key.to_owned(), ..s.clone() });
            settings.iter().filter_map(strip).collect()
        };
        let own = settings.iter().filter(|s| !s.key.starts_with("flink."));
        let endpoint = |side, system: &str, settings: Vec<Setting>| Endpoint {
            side,
            system: system.to_owned(),
            name: rule.trim_start_matches('.').to_owned(),
            settings,
            at: if side == Side::Source { at(place) } else { place.clone() },
            key: (PrimaryKey::Unknown, place.clone()),
            readers: 1,
            format: Format::Smt,
        };
        let source = database.iter().cloned().chain(own.cloned()).chain(with("flink.cdc.")).collect();
        file.endpoints.push(endpoint(Side::Source, &system, source));
        let sink = with("flink.starrocks.");
        if !sink.is_empty() {
            file.endpoints.push(endpoint(Side::Sink, "starrocks", sink));
        }
    }
    if file.endpoints.is_empty() && !database.is_empty() {
        let place = get("db").map_or_else(At::default, |(_, at, _)| at.clone());
        file.endpoints.push(Endpoint {
            side: Side::Source,
            system: system.clone(),
            name: "db".into(),
            settings: database.clone(),
            at: at(&place),
            key: (PrimaryKey::Unknown, place),
            readers: 1,
            format: Format::Smt,
        });
    }
    Ok(file)
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    ['"', '\''].iter().find_map(|mark| value.strip_prefix(*mark).and_then(|v| v.strip_suffix(*mark))).unwrap_or(value)
}
