//! Facts: what scans found, before anything is inferred from it, and how those of several scans become those of one.
//!
//! [`join`] does not depend on the order of its parts, nor on how often a part is given. A scan's own facts go through it, too, so
//! that joining the facts of parts gives exactly what one scan of everything gives. Parts are whole inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::facts::SourceFacts;
use crate::input::cluster::Job;
use crate::input::rotate::{self, Age};
use crate::input::{Problem, Skipped};
use crate::job::JobDefinition;
use crate::record::times::Bound;
use crate::record::{Times, Zone};

/// Name of the JSON contract of facts.
pub const FACTS_SCHEMA: &str = "cdc-doctor/facts/v1";

/// The facts of several sources.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Facts {
    /// Always [`FACTS_SCHEMA`].
    pub schema: String,
    /// Version of the program that made them.
    pub tool: String,
    /// Hash of the rule base that was used.
    pub rules: String,
    /// Which times counted.
    pub times: Asked,
    /// Clusters that were read (`--flink`).
    pub clusters: Vec<ClusterFacts>,
    /// Definitions of the job and configuration files of the server, without passwords.
    pub job: Vec<JobDefinition>,
    /// Files met in directories that are no logs, and copies of other inputs.
    pub skipped: Vec<Skipped>,
    /// What could not be read, wholly or in part.
    pub problems: Vec<Problem>,
    /// One a source. Sources of one series are rotated files of one log, oldest first.
    pub sources: Vec<SourceFacts>,
}

/// The time that was asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asked {
    /// Zone of times that are printed without one.
    pub timezone: Option<String>,
    /// Records before this did not count.
    pub since: Option<Bound>,
    /// Records after this did not count.
    pub until: Option<Bound>,
}

impl Asked {
    /// What a scan was told.
    #[must_use]
    pub fn of(times: &Times) -> Self {
        let timezone = times.zone.as_ref().map(|z| z.name().to_owned());
        Self { timezone, since: times.since, until: times.until }
    }

    /// The same for inference. Facts hold times as they were read; nothing is read anew.
    #[must_use]
    pub fn times(&self) -> Times {
        let zone = self.timezone.as_deref().and_then(Zone::parse);
        Times { zone, since: self.since, until: self.until, newest: None }
    }
}

/// What a running cluster said of its jobs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterFacts {
    /// Its address, without a login.
    pub address: String,
    /// Version of Flink.
    pub version: String,
    /// Its jobs.
    pub jobs: Vec<Job>,
}

/// A source on its way into the joined facts.
struct Entry {
    source: SourceFacts,
    /// Equal for sources of equal content.
    print: String,
    /// The rules are not those of most parts: another scan of the same bytes is better.
    other_rules: bool,
    /// Which series it belongs to, found by [`Entry::root`].
    parent: usize,
}

/// Joins the facts of several scans (or orders those of one) into those of one scan of all inputs. `rules`: the hash of the rules
/// that will be used for inference.
#[must_use]
pub fn join(parts: Vec<Facts>, rules: &str) -> Facts {
    let mut joined = Facts { schema: FACTS_SCHEMA.into(), rules: rules.into(), ..Facts::default() };
    joined.tool = env!("CARGO_PKG_VERSION").into();
    if let Some(first) = parts.first().filter(|f| parts.iter().all(|p| p.times == f.times)) {
        joined.times = first.times.clone();
    }
    let mut shapes: BTreeMap<Shape, usize> = BTreeMap::new();
    for source in parts.iter().flat_map(|p| &p.sources) {
        *shapes.entry(shape(source)).or_default() += 1;
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for part in parts {
        let mut series: BTreeMap<u32, usize> = BTreeMap::new();
        let other_rules = part.rules != rules;
        for source in part.sources {
            let number = source.series;
            let alone = shapes.get(&shape(&source)) == Some(&1);
            let print = print_of(&source, alone);
            let index = add(&mut entries, &mut known, source, print, other_rules);
            if let Some(number) = number {
                let first = *series.entry(number).or_insert(index);
                unite(&mut entries, first, index);
            }
        }
        joined.clusters.extend(part.clusters);
        joined.job.extend(part.job);
        joined.skipped.extend(part.skipped);
        joined.problems.extend(part.problems);
    }
    unite_rotated(&mut entries);
    let slots = ordered(entries);
    joined.sources = numbered(slots, &mut joined.skipped);
    tidy(&mut joined);
    joined
}

/// The index of a source; one that is there already is not added again.
fn add(
    entries: &mut Vec<Entry>,
    known: &mut BTreeMap<(String, String), usize>,
    source: SourceFacts,
    print: String,
    other_rules: bool,
) -> usize {
    let key = (source.name.clone(), print.clone());
    let fresh = entries.len();
    let index = *known.entry(key).or_insert(fresh);
    match entries.get_mut(index) {
        // the same input scanned twice, and perhaps differently: the better one, whichever came first
        Some(there) => {
            let rank = |other_rules: bool, s: &SourceFacts| (other_rules, serde_json::to_string(s).unwrap_or_default());
            let bare = SourceFacts { series: None, ..source };
            let before = SourceFacts { series: None, ..there.source.clone() };
            if rank(other_rules, &bare) < rank(there.other_rules, &before) {
                there.source = bare;
                there.other_rules = other_rules;
            }
        }
        None => entries.push(Entry { source, print, other_rules, parent: fresh }),
    }
    index
}

/// Bytes, lines and records: equal for equal contents.
type Shape = (u64, u64, u64);

fn shape(source: &SourceFacts) -> Shape {
    (source.bytes, source.lines, source.records)
}

/// Equal for sources of equal content. Without a hash of the bytes, what was found in them stands for it; `alone`: no other source
/// has this shape, and the shape will do.
fn print_of(source: &SourceFacts, alone: bool) -> String {
    if let Some(content) = &source.content {
        return content.clone();
    }
    if alone {
        return format!("{:?}", shape(source));
    }
    let bare = SourceFacts { name: String::new(), series: None, newest: None, file: false, ..source.clone() };
    let text = serde_json::to_vec(&bare).unwrap_or_default();
    blake3::hash(&text).to_hex().to_string()
}

fn root(entries: &[Entry], mut index: usize) -> usize {
    while let Some(parent) = entries.get(index).map(|e| e.parent).filter(|p| *p != index) {
        index = parent;
    }
    index
}

fn unite(entries: &mut [Entry], a: usize, b: usize) {
    let (a, b) = (root(entries, a), root(entries, b));
    if let Some(entry) = entries.get_mut(b) {
        entry.parent = a;
    }
}

/// Where a file stands among rotated ones: its directory and the name of the log, and its age.
fn rotation(name: &str) -> Option<((PathBuf, String), Age)> {
    let path = Path::new(name);
    let (base, age) = rotate::place(&path.file_name()?.to_string_lossy());
    let parent =
        path.parent().map_or_else(PathBuf::new, |p| p.components().filter(|c| *c != Component::CurDir).collect());
    Some(((parent, base), age))
}

/// Rotated files of one log become one series, as discovery makes them. Where files of one name have different contents, they are of
/// different machines, and their names say nothing of each other.
fn unite_rotated(entries: &mut [Entry]) {
    let mut logs: BTreeMap<(PathBuf, String), Vec<(Age, usize)>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, e)| e.source.file) {
        if let Some((log, age)) = rotation(&entry.source.name) {
            logs.entry(log).or_default().push((age, index));
        }
    }
    for ((_, base), members) in logs {
        let names: BTreeSet<&str> =
            members.iter().filter_map(|(_, i)| entries.get(*i)).map(|e| e.source.name.as_str()).collect();
        let sure = base.contains('.') || members.iter().any(|(age, _)| *age == Age::Current);
        if names.len() == members.len()
            && sure
            && let Some((_, first)) = members.first()
        {
            for (_, index) in &members {
                unite(entries, *first, *index);
            }
        }
    }
}

/// The series (most are of one source) in the order of their first names, the files of each oldest first.
fn ordered(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let roots: Vec<usize> = (0..entries.len()).map(|i| root(&entries, i)).collect();
    let mut series: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    for (entry, root) in entries.into_iter().zip(roots) {
        series.entry(root).or_default().push(entry);
    }
    let mut slots: Vec<Vec<Entry>> = series.into_values().collect();
    for slot in &mut slots {
        by_age(slot);
    }
    slots.sort_by_cached_key(|slot| {
        let key = |e: &Entry| (PathBuf::from(&e.source.name), e.source.name.clone(), e.print.clone());
        slot.iter().map(key).min()
    });
    slots
}

fn by_age(slot: &mut [Entry]) {
    if slot.len() < 2 {
        return;
    }
    let age = |e: &Entry| rotation(&e.source.name).map(|(_, age)| age);
    let packed = |e: &Entry| Path::new(&e.source.name).extension().is_some_and(|x| x != "gz" && x != "zst");
    slot.sort_by_cached_key(|e| (age(e), packed(e), e.source.name.clone(), e.print.clone()));
    let numbered = |e: &Entry| matches!(age(e), Some(Age::Numbered(_)));
    let stamp = |e: &Entry| match age(e)? {
        Age::Numbered(std::cmp::Reverse(number)) => Some((number, e.source.first_time?.iso().into_bytes())),
        _ => None,
    };
    let first = slot.iter().position(numbered).unwrap_or(0);
    let count = slot.iter().filter(|e| numbered(e)).count();
    if let Some(files) = slot.get_mut(first..first + count)
        && count > 1
        && rotate::counts_up(files.iter().filter_map(stamp).collect())
    {
        files.reverse();
    }
}

/// Leaves copies out, numbers the series, and tells inputs of one name apart.
fn numbered(slots: Vec<Vec<Entry>>, skipped: &mut Vec<Skipped>) -> Vec<SourceFacts> {
    let mut prints: BTreeMap<String, String> = BTreeMap::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut sources = Vec::new();
    let mut number = 0;
    for slot in slots {
        let mut kept = Vec::new();
        for entry in slot {
            let mut source = entry.source;
            if let Some(first) = prints.get(&entry.print).filter(|_| source.bytes > 0) {
                skipped.push(Skipped { path: source.name, reason: format!("a copy of {first}") });
                continue;
            }
            let times = names.entry(source.name.clone()).and_modify(|n| *n += 1).or_insert(1);
            if *times > 1 {
                source.name = format!("{}#{times}", source.name);
            }
            prints.insert(entry.print, source.name.clone());
            kept.push(source);
        }
        let series = (kept.len() > 1).then_some(number);
        number += u32::from(series.is_some());
        sources.extend(kept.into_iter().map(|s| SourceFacts { series, ..s }));
    }
    sources
}

/// Orders what stands beside the sources, each once.
fn tidy(facts: &mut Facts) {
    facts.clusters.sort();
    facts.clusters.dedup();
    facts.job.sort_by_cached_key(|f| (PathBuf::from(&f.name), serde_json::to_string(f).unwrap_or_default()));
    facts.job.dedup();
    let read: BTreeSet<String> = facts.sources.iter().map(|s| s.name.clone()).collect();
    facts.skipped.retain(|s| !read.contains(&s.path));
    facts.skipped.sort_by_cached_key(|s| (PathBuf::from(&s.path), s.reason.clone()));
    facts.skipped.dedup();
    facts.problems.sort_by_cached_key(|p| (PathBuf::from(&p.path), p.what.clone(), p.help.clone(), p.fatal));
    facts.problems.dedup();
}
