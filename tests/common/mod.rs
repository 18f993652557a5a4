//! What the tests on whole logs share: the folders of `samples/`, the engine, and a short form of a report.

#![allow(dead_code, reason = "every test uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use cdc_doctor::author::sample::Log;

use cdc_doctor::author::sample;
use cdc_doctor::diagnosis::Options;
use cdc_doctor::engine::Engine;
use cdc_doctor::input::{CHUNK, Limits, discover, read_all};
use cdc_doctor::pipeline::{Facts, Pipeline};
use cdc_doctor::report::Report;
use cdc_doctor::report::model::{InputStatus, build};

/// One folder of `samples/`.
#[derive(Debug, Clone)]
pub struct Sample {
    /// `postgres/wal-level-not-logical`.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
    /// `cause` of its `label.json`.
    pub label: String,
    /// `may_match` of its `label.json`.
    pub allowed: Vec<String>,
    /// `params` of its `label.json`.
    pub params: BTreeMap<String, String>,
    /// Its logs, in the order in which they are read.
    pub logs: Vec<Log>,
}

impl Sample {
    /// No fault of the source is in it.
    pub fn is_healthy(&self) -> bool {
        self.name.starts_with("healthy/")
    }

    /// As `rules check` and `rules test` have it.
    pub fn plain(&self) -> sample::Sample {
        sample::Sample {
            name: self.name.clone(),
            healthy: self.is_healthy(),
            allowed: self.allowed.clone(),
            expected: None,
            logs: self.logs.clone(),
        }
    }
}

/// The top folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Names of all samples: folders with a `label.json`.
pub fn names() -> Vec<String> {
    let top = root().join("samples");
    let mut names: Vec<String> = walkdir::WalkDir::new(&top)
        .into_iter()
        .flatten()
        .filter(|e| e.file_name() == "label.json")
        .map(|e| e.path().parent().unwrap().strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect();
    names.sort();
    assert!(names.len() > 40, "the samples are not there");
    names
}

/// Reads one sample.
pub fn sample(name: &str) -> Sample {
    let dir = root().join("samples").join(name);
    let text = fs::read_to_string(dir.join("label.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let plain = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let params = json["params"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), plain(v))).collect();
    let label = json["cause"].as_str().unwrap().to_owned();
    let allowed = json["may_match"].as_array().into_iter().flatten().map(plain).collect();
    Sample { name: name.to_owned(), logs: read(&dir), dir, label, allowed, params }
}

/// All samples, read once.
pub fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| names().iter().map(|n| sample(n)).collect())
}

/// The logs in a folder (or the file), as the command line would read them.
pub fn read(path: &Path) -> Vec<Log> {
    let found = discover(&[path.to_path_buf()], Limits::default());
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    found
        .sources
        .iter()
        .map(|source| {
            let mut bytes = Vec::new();
            let (_, problem) = read_all(source, None, CHUNK, &mut |b| bytes.extend_from_slice(b));
            assert!(problem.is_none(), "{problem:?}");
            let name = source.name.rsplit('/').next().unwrap().trim_end_matches(".gz").to_owned();
            Log { name, series: source.series, bytes }
        })
        .collect()
}

/// Label → cause ids that it stands for; `-` is no cause.
pub fn labels() -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(root().join("samples/labels.tsv")).unwrap().lines() {
        let (label, id) = line.split_once('\t').expect("two columns");
        map.entry(label.to_owned()).or_default().push(id.to_owned());
    }
    map
}

/// The engine with the shipped rules.
pub fn engine() -> &'static Arc<Engine> {
    static ENGINE: OnceLock<Arc<Engine>> = OnceLock::new();
    ENGINE.get_or_init(|| Arc::new(Engine::new(cdc_doctor::builtin::rules().unwrap(), true)))
}

/// The same without the prefilter.
pub fn oracle() -> &'static Arc<Engine> {
    static ENGINE: OnceLock<Arc<Engine>> = OnceLock::new();
    ENGINE.get_or_init(|| Arc::new(Engine::new(cdc_doctor::builtin::rules().unwrap(), false)))
}

/// Scans logs in chunks of a size.
pub fn scan(engine: &Arc<Engine>, logs: &[Log], chunk: usize) -> Pipeline {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    for log in logs {
        let source = pipeline.begin(&log.name, log.series);
        log.bytes.chunks(chunk).for_each(|c| pipeline.push(source, c));
        pipeline.end(source);
    }
    pipeline
}

/// The facts of logs.
pub fn facts(engine: &Arc<Engine>, logs: &[Log], chunk: usize) -> Facts {
    scan(engine, logs, chunk).facts()
}

/// The report of logs.
pub fn report(logs: &[Log]) -> Report {
    let diagnosis = scan(engine(), logs, CHUNK).diagnose(&Options::default());
    build(&diagnosis, &engine().rules, &InputStatus::default(), "0.0.0")
}
