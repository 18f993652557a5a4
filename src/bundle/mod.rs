//! A case as one file: the report, what stands around its evidence, and what it was drawn from, fit to be sent to others; and whether
//! the same logs still give the same report.
//!
//! Inputs get names of their own (`01-taskmanager.log`), so that nothing depends on where they lay or what they were called, and a
//! hash of their content, by which they are known again. Nothing here reads or writes files.

mod excerpt;
mod replay;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pipeline::Facts;
use crate::pipeline::facts::Asked;
use crate::redact::Redactor;
use crate::report::render::{self, Format, document};
use crate::report::{Report, json};
use crate::rule::Process;

pub use excerpt::{Collector, Range, wanted};
pub use replay::{Difference, compare};

/// Name of the contract.
pub const SCHEMA: &str = "cdc-doctor/bundle/v1";
/// The entry that says what the others are.
pub const MANIFEST: &str = "manifest.json";
/// The entry with the report.
pub const REPORT: &str = "report.json";

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of the program that made it.
    pub tool: String,
    /// Hash of the rule base.
    pub rules: String,
    /// The line by which a ticket about it is found.
    pub fingerprint: Option<String>,
    /// Names of hosts, users, tables, ... are replaced by tokens.
    pub redacted: bool,
    /// Which times counted.
    pub times: Asked,
    /// How many causes were kept (`--top`).
    pub top: Option<usize>,
    /// Which causes were kept (`--only`).
    pub only: Vec<String>,
    /// What the logs were said to be (`--input-format`).
    #[serde(default)]
    pub input_format: Option<String>,
    /// The logs.
    pub inputs: Vec<Input>,
    /// Number of files of `--job`.
    pub job: usize,
    /// Names of parameters given by hand.
    pub params: Vec<String>,
    /// The other entries.
    pub files: Vec<Entry>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name in the bundle.
    pub name: String,
    /// BLAKE3 of its decoded bytes.
    pub content: String,
    /// Their number.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// Logs of one number are rotated files of one log, oldest first.
    pub series: Option<u32>,
    /// Versions seen in it: banners, names of jars, session lines.
    pub versions: BTreeMap<String, String>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// BLAKE3 of them.
    pub blake3: String,
}

/// What was asked for beside the logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asking {
    /// `--top`.
    pub top: Option<usize>,
    /// `--only`.
    pub only: Vec<String>,
    /// Names of parameters given by hand.
    pub params: Vec<String>,
    /// `--input-format`.
    pub input_format: Option<String>,
}

/// Gives the inputs names that say nothing of where they lay, and returns the names they had. `known`: the manifest of a bundle, whose
/// names inputs of the same content get.
pub fn rename(facts: &mut Facts, known: Option<&Manifest>) -> Vec<String> {
    let width = facts.sources.len().to_string().len().max(2);
    let old: Vec<String> = facts.sources.iter().map(|s| s.name.clone()).collect();
    for (number, source) in (1..).zip(&mut facts.sources) {
        let kind = match source.process() {
            Process::Unknown => "log",
            process => process.name(),
        };
        let same = |i: &&Input| Some(&i.content) == source.content.as_ref();
        let input = known.and_then(|m| m.inputs.iter().find(same));
        source.name = input.map_or_else(|| format!("{number:0width$}-{kind}.log"), |i| i.name.clone());
        if known.is_some() {
            source.series = input.and_then(|i| i.series);
        }
    }
    let new: BTreeMap<&String, String> = old.iter().zip(facts.sources.iter().map(|s| s.name.clone())).collect();
    // what was met beside the logs does not belong to the case
    facts.skipped.clear();
    facts.problems.retain_mut(|p| {
        new.get(&p.path).is_some_and(|name| {
            p.path.clone_from(name);
            p.help = None;
            true
        })
    });
    facts.sources.sort_by(|a, b| a.name.cmp(&b.name));
    facts
        .job
        .sort_by_cached_key(|f| (f.format.name(), f.bytes, serde_json::to_string(&f.settings).unwrap_or_default()));
    for (number, file) in (1..).zip(&mut facts.job) {
        file.name = format!("job-{number}-{}", file.format.name());
    }
    old
}

/// The entries of a bundle. `report` is of `facts` that were [`rename`]d; `excerpts` are lines of the logs by the name in the bundle;
/// with a `redactor`, names are replaced.
///
/// # Errors
/// Never in practice: everything here has a JSON form.
pub fn entries(
    facts: &Facts,
    report: &Report,
    excerpts: &[(String, Collector)],
    redactor: Option<&mut Redactor>,
    asking: &Asking,
) -> Result<BTreeMap<String, Vec<u8>>, serde_json::Error> {
    let redacted = redactor.is_some();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let (shown, texts) = match redactor {
        None => (report.clone(), excerpts.iter().map(|(name, c)| (name.clone(), c.text(&mut excerpt::cut))).collect()),
        Some(redactor) => {
            let shown = redactor.report(report)?;
            let texts: Vec<(String, String)> =
                excerpts.iter().map(|(name, c)| (name.clone(), c.text(&mut |t| redactor.text(t)))).collect();
            (shown, texts)
        }
    };
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        files.insert(format!("excerpts/{name}"), text.into_bytes());
    }
    let mut text = Vec::new();
    json::render(&shown, &mut text).map_err(serde_json::Error::io)?;
    files.insert(REPORT.into(), text);
    files.insert("report.md".into(), render::render(&shown, Format::Markdown).into_bytes());
    files.insert("report.html".into(), render::render(&shown, Format::Html).into_bytes());
    let params: Vec<_> = shown
        .diagnoses
        .iter()
        .map(|d| serde_json::json!({"cause": d.cause, "id": d.id, "params": d.params, "missing": d.missing}))
        .collect();
    files.insert("parameters.json".into(), pretty(&params)?);
    files.insert("README.txt".into(), README.as_bytes().to_vec());
    let input = |s: &crate::engine::facts::SourceFacts| Input {
        name: s.name.clone(),
        content: s.content.clone().unwrap_or_default(),
        bytes: s.bytes,
        lines: s.lines,
        series: s.series,
        versions: s.versions.clone(),
    };
    let entry = |(name, bytes): (&String, &Vec<u8>)| Entry {
        name: name.clone(),
        bytes: bytes.len() as u64,
        blake3: blake3::hash(bytes).to_hex().to_string(),
    };
    let manifest = Manifest {
        schema: SCHEMA.into(),
        tool: facts.tool.clone(),
        rules: facts.rules.clone(),
        fingerprint: document::fingerprint(report),
        redacted,
        times: facts.times.clone(),
        top: asking.top,
        only: asking.only.clone(),
        input_format: asking.input_format.clone(),
        inputs: facts.sources.iter().map(input).collect(),
        job: facts.job.len(),
        params: asking.params.clone(),
        files: files.iter().map(entry).collect(),
    };
    let sums: String = manifest.files.iter().map(|f| format!("{}  {}\n", f.blake3, f.name)).collect();
    files.insert("BLAKE3SUMS".into(), sums.into_bytes());
    files.insert(MANIFEST.into(), pretty(&manifest)?);
    Ok(files)
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads the manifest of entries and compares the others with it.
///
/// # Errors
/// In words: what is missing, or is not what the manifest says.
pub fn manifest(entries: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, String> {
    let text = entries.get(MANIFEST).ok_or("holds no manifest.json: it is no bundle")?;
    let json: serde_json::Value = serde_json::from_slice(text).map_err(|e| format!("manifest.json is damaged: {e}"))?;
    match json.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("is {other}, and this program reads {SCHEMA}")),
        None => return Err("holds a manifest.json of something else".into()),
    }
    let manifest: Manifest = serde_json::from_value(json).map_err(|e| format!("manifest.json is damaged: {e}"))?;
    for file in &manifest.files {
        let bytes = entries.get(&file.name).ok_or_else(|| format!("lacks {}", file.name))?;
        if blake3::hash(bytes).to_hex().as_str() != file.blake3 {
            return Err(format!("holds another {} than its manifest says", file.name));
        }
    }
    Ok(manifest)
}

const README: &str = "\
A case of cdc-doctor.

report.md, report.html, report.json   the report, for people and machines
excerpts/                             lines of the logs around its evidence
parameters.json                       names and values that the logs gave, and where
manifest.json                         the logs, their hashes and the versions seen in them
BLAKE3SUMS                            b3sum --check BLAKE3SUMS

Passwords, tokens, keys and row data are cut out. Names of hosts, users, databases and tables are replaced by tokens such as host-1,
unless manifest.json says \"redacted\": false.

Do the logs still say so?   cdc-doctor replay THIS-FILE --log LOG...
";
