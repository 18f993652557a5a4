//! Folders of samples: what the command line reads for those who write rules.

use std::fs;
use std::path::{Path, PathBuf};

use crate::author::sample::{Log, Sample};
use crate::error::Error;
use crate::input::{self, CHUNK, Limits};

/// Reads all samples below a folder: folders with a `label.json`. Of a healthy one, its `may_match` lists rules that may match it.
///
/// # Errors
/// If the folder, or something in it, cannot be read.
pub fn samples(top: &Path) -> Result<Vec<Sample>, Error> {
    let mut dirs = Vec::new();
    labelled(top, &mut dirs)?;
    dirs.sort();
    if dirs.is_empty() {
        return Err(trouble(top, "there is no folder with a label.json"));
    }
    dirs.iter().map(|dir| sample(top, dir)).collect()
}

fn labelled(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    if dir.join("label.json").is_file() {
        found.push(dir.to_path_buf());
    }
    for entry in fs::read_dir(dir).map_err(|e| trouble(dir, &e.to_string()))? {
        let path = entry?.path();
        if path.is_dir() {
            labelled(&path, found)?;
        }
    }
    Ok(())
}

fn sample(top: &Path, dir: &Path) -> Result<Sample, Error> {
    let file = dir.join("label.json");
    let text = fs::read_to_string(&file).map_err(|e| trouble(&file, &e.to_string()))?;
    let label: serde_json::Value = serde_json::from_str(&text).map_err(|e| trouble(&file, &e.to_string()))?;
    let parts = dir.strip_prefix(top).unwrap_or(dir).components();
    let name = parts.map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    let allowed = label.get("may_match").and_then(|v| v.as_array()).into_iter().flatten();
    Ok(Sample {
        healthy: label.get("cause").is_none_or(|c| c == "none"),
        allowed: allowed.filter_map(|v| v.as_str()).map(str::to_owned).collect(),
        expected: fs::read_to_string(dir.join("expected.json")).ok(),
        logs: logs(&[dir.to_path_buf()])?,
        name,
    })
}

/// The logs at these paths, whole.
///
/// # Errors
/// If one of them cannot be read.
pub fn logs(paths: &[PathBuf]) -> Result<Vec<Log>, Error> {
    let found = input::discover(paths, Limits::default());
    if let Some(problem) = found.problems.first() {
        return Err(trouble(Path::new(&problem.path), &problem.what));
    }
    let mut logs = Vec::new();
    for source in &found.sources {
        let stdin: Option<Box<dyn std::io::Read + Send>> =
            if source.name == input::STDIN_NAME { Some(Box::new(std::io::stdin())) } else { None };
        let mut bytes = Vec::new();
        let (_, problem) = input::read_all(source, stdin, CHUNK, &mut |b| bytes.extend_from_slice(b));
        if let Some(problem) = problem {
            return Err(trouble(Path::new(&problem.path), &problem.what));
        }
        logs.push(Log { name: source.name.clone(), series: source.series, bytes });
    }
    Ok(logs)
}

pub(super) fn trouble(path: &Path, what: &str) -> Error {
    Error::Rules { path: path.display().to_string(), what: what.to_owned() }
}
