//! Connectors of Kafka Connect: JSON (as the REST API takes and gives it, or the bare map) and properties, also Debezium Server's.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{At, Endpoint, Format, JobDefinition, MAX_OPTIONS, PrimaryKey, Setting, Side, system_of, unreadable};
use crate::diagnostic::{Problem, SourceText};

pub(super) fn json(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let value: Value = serde_json::from_str(&source.text).map_err(|e| {
        let at = byte_of(&source.text, e.line(), e.column());
        let len = source.text.get(at..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
        let full = e.to_string();
        let what = full.split(" at line ").next().unwrap_or("not JSON").to_owned();
        unreadable(source, "JD005", what, Some((at, len, "here")))
    })?;
    let mut file = JobDefinition::new(source, Format::ConnectJson);
    let mut found = Vec::new();
    connectors(&value, None, &mut found);
    let options: usize = found.iter().map(|(_, map)| map.len()).sum();
    if options > MAX_OPTIONS {
        return Err(unreadable(source, "JD005", format!("more than {MAX_OPTIONS} options in one file"), None));
    }
    for (name, map) in found {
        let settings: Vec<Setting> = map.iter().filter_map(|(key, value)| setting(&source.text, key, value)).collect();
        push(&mut file, name, settings, Format::ConnectJson);
    }
    Ok(file)
}

/// Every map with `connector.class`, and the name that stands around it. The depth is that of the JSON reader.
fn connectors<'v>(value: &'v Value, name: Option<&'v str>, found: &mut Vec<(Option<String>, &'v Map<String, Value>)>) {
    match value {
        Value::Object(map) => {
            let name = map.get("name").and_then(Value::as_str).or(name);
            if map.contains_key("connector.class") {
                found.push((name.map(str::to_owned), map));
                return;
            }
            for (key, inner) in map {
                connectors(inner, if key == "config" || key == "info" { name } else { Some(key) }, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|inner| connectors(inner, name, found)),
        _ => {}
    }
}

fn setting(text: &str, key: &str, value: &Value) -> Option<Setting> {
    let words = match value {
        Value::String(s) => s.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    let quoted = Value::from(key).to_string();
    let written = value.to_string();
    let mut places = text.match_indices(&quoted).map(|(at, _)| at);
    let first = places.clone().next().unwrap_or(0);
    // two connectors in one file have the same keys: that with the same value is meant
    let is_it = |at: usize| {
        let rest = text.get(at + quoted.len()..).unwrap_or_default().trim_start();
        rest.strip_prefix(':').is_some_and(|r| r.trim_start().starts_with(&written))
    };
    let start = places.find(|at| is_it(*at)).unwrap_or(first);
    let behind = text.get(start..).and_then(|r| r.get(quoted.len()..)?.find(&written)).unwrap_or(0);
    let end = (start + quoted.len() + behind + written.len()).min(text.len());
    let end = if text.is_char_boundary(end) { end } else { start };
    Some(Setting::new(key, &words, text, start, end))
}

pub(super) fn properties(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let text = &source.text;
    let mut file = JobDefinition::new(source, Format::Properties);
    let mut settings: Vec<Setting> = Vec::new();
    let mut start = 0;
    // a line that goes on: where it began, and what it says so far
    let mut open: Option<(usize, String)> = None;
    for line in text.split_inclusive('\n') {
        let here = start + (line.len() - line.trim_start().len());
        start += line.len();
        let words = line.trim();
        let (begin, mut whole) = match open.take() {
            Some(known) => known,
            None if words.is_empty() || words.starts_with(['#', '!']) => continue,
            None => (here, String::new()),
        };
        let odd = words.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        whole.push_str(if odd { words.get(..words.len() - 1).unwrap_or_default() } else { words });
        if odd {
            open = Some((begin, whole));
            continue;
        }
        let end = start.min(text.len());
        let (key, value) = parted(&whole);
        if key.is_empty() {
            let place = Some((begin, words.len(), "no key"));
            return Err(unreadable(source, "JD006", "a line of the properties has no key", place));
        }
        let key = key.strip_prefix("debezium.source.").unwrap_or(&key).to_owned();
        settings.push(Setting::new(&key, &value, text, begin, end));
    }
    if let Some((begin, _)) = open {
        let place = Some((begin, 1, "it goes on with a \\, and the file ends"));
        return Err(unreadable(source, "JD006", "the last line of the properties does not end", place));
    }
    let name = settings.iter().find(|s| s.key == "name").map(|s| s.value.clone());
    push(&mut file, name, settings, Format::Properties);
    Ok(file)
}

/// Key and value, unescaped: the first `=`, `:` or blank that no backslash stands before parts them.
fn parted(line: &str) -> (String, String) {
    let mut escaped = false;
    let at = line.char_indices().find(|(_, c)| {
        let parts = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = *c == '\\' && !escaped;
        parts
    });
    let (key, rest) = at.map_or((line, ""), |(i, _)| line.split_at(i));
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    (unescaped(key), unescaped(rest))
}

fn unescaped(words: &str) -> String {
    let mut out = String::new();
    let mut letters = words.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('u') => {
                    let digits: String = letters.by_ref().take(4).collect();
                    out.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
                }
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

fn push(file: &mut JobDefinition, name: Option<String>, settings: Vec<Setting>, format: Format) {
    let Some(class) = settings.iter().find(|s| s.key == "connector.class") else { return };
    let sink = class.value.to_ascii_lowercase().contains("sink");
    let at: At = class.at.clone();
    file.endpoints.push(Endpoint {
        side: if sink { Side::Sink } else { Side::Source },
        system: system_of(&class.value),
        name: name.unwrap_or_else(|| "connector".into()),
        key: (PrimaryKey::Unknown, at.clone()),
        at,
        settings,
        readers: 1,
        format,
    });
}

/// The byte of a line and column (both from 1, the column in bytes); never within a character.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
