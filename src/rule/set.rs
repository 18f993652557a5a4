//! A set of rules: immutable, ordered by id, with everything a scan and a report need.
//!
//! The shipped set is packed by `build.rs` (parsing the YAML at every start would cost tens of milliseconds); a directory given with
//! `--rules` is read at run time and adds to it or overrides it.

#![allow(clippy::disallowed_methods, reason = "a directory of rules is read here")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::raw::{RawContext, RawHealth, RawRetired, RawShading};
use super::texts::RuleTexts;
use super::vocabulary::Vocabulary;
use super::{Entry, Rule, compile, yaml};
use crate::diagnostic::{Problem, Severity, SourceText};

/// Relocation and rename tables of `shading.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ShadingTable {
    /// Prefix → what it becomes.
    pub relocations: Vec<(String, String)>,
    /// Package → its present name.
    pub renames: Vec<(String, String)>,
}

/// Where the texts of a rule are.
#[derive(Debug, Clone)]
enum Texts {
    Packed(&'static [u8]),
    Ready(Box<RuleTexts>),
}

/// A compiled rule base.
#[derive(Debug, Clone)]
pub struct RuleSet {
    rules: Vec<Rule>,
    texts: Vec<Texts>,
    by_id: BTreeMap<String, usize>,
    /// Parameters.
    pub vocabulary: Vocabulary,
    /// Shading table.
    pub shading: ShadingTable,
    /// Lines that give parameters.
    pub context: Vec<Entry>,
    /// Lines that show the source moving.
    pub health: Vec<Entry>,
    /// Retired ids and what they are called now.
    pub retired: BTreeMap<String, String>,
    /// Hash of all rule texts, 12 hex digits.
    pub version: String,
    /// Shipped ids that a rule directory replaced.
    pub overridden: Vec<String>,
}

/// The head of the packed form: everything but the texts, which follow it as JSON documents.
#[derive(Serialize, Deserialize)]
struct Packed {
    rules: Vec<Rule>,
    spans: Vec<(usize, usize)>,
    vocabulary: Vocabulary,
    shading: ShadingTable,
    context: Vec<Entry>,
    health: Vec<Entry>,
    retired: BTreeMap<String, String>,
    version: String,
}

/// What a directory of rules held.
pub struct Loaded {
    /// The set; with errors among the problems it is incomplete and must not be used.
    pub set: RuleSet,
    /// All problems of all files.
    pub problems: Vec<Problem>,
    /// Number of rule files read.
    pub files: usize,
    /// All files read.
    pub sources: Vec<Arc<SourceText>>,
}

impl RuleSet {
    /// The rules, by id.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this index.
    #[must_use]
    pub fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.get(index)
    }

    /// Index of a rule; retired ids are followed.
    #[must_use]
    pub fn index_of(&self, id: &str) -> Option<usize> {
        let id = self.retired.get(id).map_or(id, String::as_str);
        self.by_id.get(id).copied()
    }

    /// The rule with this id; retired ids are followed.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(self.index_of(id)?)
    }

    /// The texts of a rule.
    #[must_use]
    pub fn texts(&self, index: usize) -> RuleTexts {
        match self.texts.get(index) {
            Some(Texts::Ready(texts)) => (**texts).clone(),
            Some(Texts::Packed(bytes)) => postcard::from_bytes(bytes).unwrap_or_default(),
            None => RuleTexts::default(),
        }
    }

    /// Unpacks what [`RuleSet::pack`] wrote.
    ///
    /// # Errors
    /// If the bytes are not a packed set (a fault of the build).
    pub fn unpack(bytes: &'static [u8]) -> Result<Self, String> {
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or("the packed rules are cut off")?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|e| e.to_string())?;
        let head = rest.get(..len).ok_or("the packed rules are cut off")?;
        let blob: &'static [u8] = rest.get(len..).unwrap_or_default();
        let packed: Packed = postcard::from_bytes(head).map_err(|e| e.to_string())?;
        let texts = packed
            .spans
            .iter()
            .map(|(at, len)| blob.get(*at..*at + *len).map(Texts::Packed).ok_or("a rule text is cut off"))
            .collect::<Result<Vec<_>, _>>()?;
        let by_id = packed.rules.iter().enumerate().map(|(i, r)| (r.id.clone(), i)).collect();
        Ok(Self {
            rules: packed.rules,
            texts,
            by_id,
            vocabulary: packed.vocabulary,
            shading: packed.shading,
            context: packed.context,
            health: packed.health,
            retired: packed.retired,
            version: packed.version,
            overridden: Vec::new(),
        })
    }

    /// Packs the set into bytes.
    ///
    /// # Errors
    /// If it cannot be serialised (a fault of ours).
    pub fn pack(&self) -> Result<Vec<u8>, postcard::Error> {
        let mut blob = Vec::new();
        let mut spans = Vec::new();
        for index in 0..self.rules.len() {
            let text = postcard::to_stdvec(&self.texts(index))?;
            spans.push((blob.len(), text.len()));
            blob.extend_from_slice(&text);
        }
        let head = postcard::to_stdvec(&Packed {
            rules: self.rules.clone(),
            spans,
            vocabulary: self.vocabulary.clone(),
            shading: self.shading.clone(),
            context: self.context.clone(),
            health: self.health.clone(),
            retired: self.retired.clone(),
            version: self.version.clone(),
        })?;
        let mut out = (head.len() as u64).to_le_bytes().to_vec();
        out.extend_from_slice(&head);
        out.extend_from_slice(&blob);
        Ok(out)
    }

    /// Compiles rule files (name relative to the rule directory, text) on top of `base`.
    #[must_use]
    pub fn compile(mut files: Vec<SourceText>, base: Option<&Self>) -> Loaded {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut problems = Vec::new();
        let mut set = base.cloned().unwrap_or_else(Self::empty);
        let mut hash = blake3::Hasher::new();
        hash.update(set.version.as_bytes());
        let sources: Vec<Arc<SourceText>> = files.into_iter().map(Arc::new).collect();
        for source in &sources {
            hash.update(source.name.as_bytes());
            hash.update(source.text.as_bytes());
        }
        let is = |name: &str, stem: &str| matches!(name.strip_prefix(stem), Some(".yaml" | ".yml"));
        let named = |stem: &str| sources.iter().find(|s| is(short(&s.name), stem));
        if let Some(source) = named("parameters") {
            match Vocabulary::read(source) {
                Ok(vocabulary) => set.vocabulary.parameters.extend(vocabulary.parameters),
                Err(problem) => problems.push(problem),
            }
        }
        set.tables(&named, &mut problems);
        let mut rules: BTreeMap<String, (Rule, Texts)> = set
            .rules
            .drain(..)
            .zip(set.texts.drain(..))
            .map(|(rule, texts)| (rule.id.clone(), (rule, texts)))
            .collect();
        let mut count = 0;
        let mut last = "";
        for source in &sources {
            let Some(id) = rule_id(&source.name) else { continue };
            count += 1;
            // the files are in order, so x.yaml and x.yml follow each other
            if id == last {
                let problem = Problem::error("RB003", format!("another file is {id}, too"), source);
                problems.push(problem.at(0, 1, "of this file and of the one with the other ending"));
            }
            last = id;
            let compiled = compile::rule(source, id, &set.vocabulary);
            problems.extend(compiled.problems);
            if let Some((rule, texts)) = compiled.rule
                && rules.insert(rule.id.clone(), (rule, Texts::Ready(Box::new(texts)))).is_some()
            {
                set.overridden.push(id.to_owned());
            }
        }
        for (index, (id, (rule, texts))) in rules.into_iter().enumerate() {
            set.by_id.insert(id, index);
            set.rules.push(rule);
            set.texts.push(texts);
        }
        set.edges(&sources, &mut problems);
        set.version = hash.finalize().to_hex().chars().take(12).collect();
        Loaded { set, problems, files: count, sources }
    }

    /// Reads and compiles the rule files under `dir` on top of `base`.
    ///
    /// # Errors
    /// If the directory or a file in it cannot be read.
    pub fn load(dir: &Path, base: Option<&Self>) -> std::io::Result<Loaded> {
        let mut files = Vec::new();
        collect(dir, dir, &mut files)?;
        Ok(Self::compile(files, base))
    }

    fn empty() -> Self {
        Self {
            rules: Vec::new(),
            texts: Vec::new(),
            by_id: BTreeMap::new(),
            vocabulary: Vocabulary::default(),
            shading: ShadingTable::default(),
            context: Vec::new(),
            health: Vec::new(),
            retired: BTreeMap::new(),
            version: String::new(),
            overridden: Vec::new(),
        }
    }

    fn tables<'s>(&mut self, named: &dyn Fn(&str) -> Option<&'s Arc<SourceText>>, problems: &mut Vec<Problem>) {
        if let Some(source) = named("shading") {
            match yaml::read::<RawShading>(source) {
                Ok(raw) => {
                    self.shading.relocations.extend(raw.relocations.into_iter().map(|r| (r.prefix, r.becomes)));
                    self.shading.renames.extend(raw.renames.into_iter().map(|r| (r.from, r.to)));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(source) = named("context") {
            match yaml::read::<RawContext>(source) {
                Ok(raw) => {
                    let (entries, found) = compile::entries(source, &raw.context, &self.vocabulary);
                    self.context.extend(entries);
                    problems.extend(found);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(source) = named("health") {
            match yaml::read::<RawHealth>(source) {
                Ok(raw) => {
                    let (entries, found) = compile::entries(source, &raw.health, &self.vocabulary);
                    self.health.extend(entries);
                    problems.extend(found);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(source) = named("retired") {
            match yaml::read::<RawRetired>(source) {
                Ok(raw) => self.retired.extend(raw.retired),
                Err(problem) => problems.push(problem),
            }
        }
    }

    /// Every edge names an id that exists.
    fn edges(&self, sources: &[Arc<SourceText>], problems: &mut Vec<Problem>) {
        for rule in &self.rules {
            let edges = rule.alternatives.iter().chain(&rule.leads_to).chain(&rule.masks).chain(&rule.suspects);
            for id in edges.filter(|id| self.index_of(id).is_none()) {
                let Some(source) = sources.iter().find(|s| s.name == rule.file) else { continue };
                // as an item of a list, not as part of another text
                let item = |at: &usize| {
                    let before = source.text.get(..*at).unwrap_or("").trim_end();
                    before.ends_with(['-', '[', ','])
                };
                let at = source.text.match_indices(id.as_str()).map(|(at, _)| at).find(item).unwrap_or(0);
                let nearest = self.nearest_id(id).map(|n| format!("did you mean {n}?"));
                let mut problem = Problem::error("RB008", format!("no rule has the id '{id}'"), source).at(
                    at,
                    id.len(),
                    "named here",
                );
                problem.help = nearest;
                problems.push(problem);
            }
        }
    }

    /// The id most like `id`.
    #[must_use]
    pub fn nearest_id(&self, id: &str) -> Option<&str> {
        self.by_id
            .keys()
            .map(String::as_str)
            .min_by_key(|k| strsim::damerau_levenshtein(k, id))
            .filter(|k| strsim::damerau_levenshtein(k, id) <= id.len().max(6) / 2)
    }
}

/// True if one of the problems is an error.
#[must_use]
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}

fn short(name: &str) -> &str {
    name.strip_prefix("rules/").unwrap_or(name)
}

/// `postgres/slot-missing` of `rules/postgres/slot-missing.yaml`; `None` for the tables and for translations.
fn rule_id(name: &str) -> Option<&str> {
    let short = short(name);
    let id = short.strip_suffix(".yaml").or_else(|| short.strip_suffix(".yml"))?;
    (id.matches('/').count() == 1 && !id.starts_with("locales/")).then_some(id)
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<SourceText>) -> std::io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(dir)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let name = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            files.push(SourceText { name: format!("rules/{name}"), text: fs::read_to_string(&path)? });
        }
    }
    Ok(())
}
