//! `docs/rule.schema.json` is what `rules schema` prints, knows the keys that the reader of rules knows, and holds for every rule.
//! `SNAPSHOTS=overwrite` writes it anew.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use cdc_doctor::author::schema;
use cdc_doctor::diagnostic::SourceText;
use cdc_doctor::rule::raw::{RawCheck, RawEntry, RawExpect, RawFix, RawRule};
use cdc_doctor::rule::yaml;
use serde_json::Value;

#[test]
fn the_published_schema_is_what_is_printed() {
    let path = common::root().join("docs/rule.schema.json");
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(&path, schema::text()).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap_or_default() == schema::text(), "SNAPSHOTS=overwrite writes it anew");
}

/// The reader of rules names all keys of a mapping when it meets one that it does not know.
fn keys<T: serde::de::DeserializeOwned>() -> BTreeSet<String> {
    let source = Arc::new(SourceText { name: "x".into(), text: "zzzzzzzzzzzzzzzzzzzz: 1\n".into() });
    let problem = yaml::read::<T>(&source).err().unwrap();
    problem.help.unwrap().trim_start_matches("one of ").split(", ").map(str::to_owned).collect()
}

#[test]
fn the_schema_knows_the_keys_that_the_reader_knows() {
    let schema = schema::schema();
    let of = |path: &str| -> BTreeSet<String> {
        schema.pointer(path).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(of("/properties"), keys::<RawRule>());
    assert_eq!(of("/$defs/entry/properties"), keys::<RawEntry>());
    assert_eq!(of("/$defs/check/properties"), keys::<RawCheck>());
    assert_eq!(of("/$defs/expect/properties"), keys::<RawExpect>());
    assert_eq!(of("/$defs/fix/properties"), keys::<RawFix>());
}

#[test]
fn every_rule_holds_it() {
    let schema = schema::schema();
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in walkdir::WalkDir::new(common::root().join("rules")).min_depth(2).into_iter().flatten() {
        if entry.path().extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let source = Arc::new(SourceText { name: entry.path().display().to_string(), text });
        let value: Value = yaml::read(&source).unwrap_or_else(|p| panic!("{}: {p}", source.name));
        count += 1;
        hold(&schema, &schema, &value, &source.name, &mut wrong);
    }
    assert!(count > 150);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The part of JSON Schema that ours uses.
fn hold(root: &Value, schema: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
    if let Some(to) = schema["$ref"].as_str() {
        return hold(root, root.pointer(to.trim_start_matches('#')).unwrap(), value, place, wrong);
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong.push(format!("{place}: {value} is none of {allowed:?}"));
    }
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let fits = kinds.is_empty() || kinds.contains(&kind) || (kind == "number" && kinds.contains(&"integer"));
    if !fits {
        wrong.push(format!("{place}: {value} is not {kinds:?}"));
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(required).is_none() {
            wrong.push(format!("{place}: no {required}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        hold(root, &schema["items"], item, place, wrong);
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(property) => hold(root, property, item, &format!("{place} {key}"), wrong),
            None if schema["additionalProperties"].is_object() => {
                hold(root, &schema["additionalProperties"], item, &format!("{place} {key}"), wrong);
            }
            None => wrong.push(format!("{place}: unknown key {key}")),
        }
    }
}
