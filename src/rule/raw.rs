//! Exactly what the YAML may say: plain structs of optional, spanned values; no logic.
//!
//! No `flatten`, no untagged and no internally tagged enums: they would lose the places of values.

#![allow(missing_docs, reason = "the fields are the keys that rules/README.md explains")]

use std::collections::BTreeMap;

use serde::Deserialize;

use super::yaml::Spanned;

/// A string with its place.
pub type Text = Spanned<String>;

/// A rule file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRule {
    pub id: Option<Text>,
    pub title: Option<Text>,
    pub headline: Option<Text>,
    pub category: Option<Text>,
    pub role: Option<Text>,
    pub impact: Option<Text>,
    #[serde(rename = "match")]
    pub matches: Vec<Spanned<RawEntry>>,
    pub alternatives: Vec<Text>,
    pub leads_to: Vec<Text>,
    pub masks: Vec<Text>,
    pub transient: bool,
    pub clears: Option<Text>,
    pub suspects: Vec<Text>,
    pub refuted_by: Vec<Spanned<RawEntry>>,
    pub misleading: Vec<RawMisleading>,
    pub why: Option<Text>,
    pub checks: Vec<Spanned<RawCheck>>,
    pub fix: Vec<Spanned<RawFix>>,
    pub never: Vec<Text>,
    pub affects: Vec<Text>,
    pub fixed_in: Vec<Text>,
    pub see: Vec<Text>,
    pub source: Vec<Text>,
    pub examples: Vec<Spanned<RawExample>>,
}

/// One entry of `match`, `chain`, `not`, `refuted_by`, `sequence`, `without`, `context` or `health`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEntry {
    pub message: Option<Text>,
    pub exception: Option<Text>,
    pub raw_exception: Option<Text>,
    pub frame: Option<Text>,
    pub relation: Option<Text>,
    pub log: Option<Text>,
    pub logger: Option<Text>,
    pub level: Option<Text>,
    pub from: Option<Text>,
    pub chain: Vec<Spanned<RawEntry>>,
    #[serde(rename = "not")]
    pub not_any: Vec<Spanned<RawEntry>>,
    pub sequence: Vec<Spanned<RawEntry>>,
    pub within: Option<Text>,
    pub same: Vec<Text>,
    pub differ: Vec<Text>,
    pub without: Vec<Spanned<RawEntry>>,
    pub count: Option<Spanned<u32>>,
    pub then_nothing: Option<RawSilence>,
    pub confidence: Option<Text>,
    pub english: Option<Text>,
    #[serde(rename = "for")]
    pub system: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSilence {
    pub logger: Option<Text>,
    #[serde(rename = "for")]
    pub duration: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawMisleading {
    pub says: Option<Text>,
    pub truth: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCheck {
    pub id: Option<Text>,
    pub ask: Option<Text>,
    pub sql: Option<Text>,
    pub shell: Option<Text>,
    pub look: Option<Text>,
    pub expect: Option<RawExpect>,
    pub healthy: Option<Text>,
    pub reading: BTreeMap<String, String>,
    pub run_as: Option<Text>,
    pub versions: Option<Text>,
    pub on: Option<Text>,
    pub changes: bool,
}

/// Exactly one comparison.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawExpect {
    pub column: Option<Text>,
    pub equals: Option<Text>,
    #[serde(rename = "not")]
    pub not_equal: Option<Text>,
    pub above: Option<Text>,
    pub at_least: Option<Text>,
    pub at_most: Option<Text>,
    pub matches: Option<Text>,
    pub is_null: Option<bool>,
    pub rows: Option<Text>,
    pub below_column: Option<RawBelow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawBelow {
    pub column: Option<Text>,
    pub other: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawFix {
    #[serde(rename = "do")]
    pub action: Option<Text>,
    pub sql: Option<Text>,
    pub system: Option<Text>,
    pub shell: Option<Text>,
    pub hba: Option<Text>,
    pub flink: Option<Text>,
    pub conf: Option<RawConf>,
    pub run_as: Option<Text>,
    pub owner: Option<Text>,
    pub changes: Option<bool>,
    pub then: Vec<Text>,
    pub on: BTreeMap<String, String>,
    pub risk: Option<Text>,
    pub risk_note: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConf {
    pub file: Option<Text>,
    pub set: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawExample {
    pub log: Option<Text>,
    #[serde(rename = "not")]
    pub negative: bool,
}

/// `context.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawContext {
    pub context: Vec<Spanned<RawEntry>>,
}

/// `health.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawHealth {
    pub health: Vec<Spanned<RawEntry>>,
}

/// `parameters.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawParameters {
    pub parameters: BTreeMap<String, RawParameter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawParameter {
    pub meaning: String,
    pub unknown: String,
    pub identity: bool,
    pub endpoint: String,
    pub kind: String,
    pub context: Option<bool>,
}

/// `shading.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawShading {
    pub relocations: Vec<RawRelocation>,
    pub renames: Vec<RawRename>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRelocation {
    pub prefix: String,
    pub becomes: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRename {
    pub from: String,
    pub to: String,
}

/// `retired.yaml`: old id → new id.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRetired {
    pub retired: BTreeMap<String, String>,
}
