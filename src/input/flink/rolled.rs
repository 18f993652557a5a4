//! The rotated logs of a `JobManager` or `TaskManager`: its REST API lists the directory of its log.

use serde::Deserialize;

use super::http::Client;
use super::{MAX_ANSWER, MAX_LOG, segment};
use crate::input::rotate::{self, Age};

/// Most rotated files read of one process; Flink keeps ten by default.
const MAX_FILES: usize = 10;
/// Bytes in which the beginnings of two logs are compared.
const HEAD: u64 = 4 << 10;

#[derive(Deserialize)]
struct Listing {
    logs: Vec<File>,
}

/// A file beside a process's log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct File {
    /// Its name, without a directory.
    pub name: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Milliseconds since 1970 of the last change; older Flinks do not say it.
    #[serde(default)]
    pub mtime: i64,
}

/// The rotated files of the log of the process at `base` (`/jobmanager`, `/taskmanagers/<id>`), oldest first: the newest ten, and no
/// more than are read of one log. None if it keeps none, or does not list them.
pub(super) fn of(client: &Client, base: &str) -> Vec<File> {
    let Ok(listing) = client.json::<Listing>(&format!("{base}/logs"), MAX_ANSWER) else { return Vec::new() };
    let logs = logs(&listing.logs);
    if logs.iter().all(|log| log.older.is_empty()) {
        return Vec::new();
    }
    // several processes of one machine share the directory: the one that is asked is known by how its log begins
    let log = if let [log] = logs.as_slice() {
        Some(log)
    } else {
        let head = |path: String| {
            let mut bytes = Vec::new();
            client.get(&path, HEAD, &mut |part| bytes.extend_from_slice(part)).ok()?;
            (!bytes.is_empty()).then_some(bytes)
        };
        let own = head(format!("{base}/log"));
        let same = |log: &&Log| own.is_some() && head(format!("{base}/logs/{}", segment(&log.name))) == own;
        logs.iter().find(same)
    };
    log.map_or(Vec::new(), |log| bounded(&log.older))
}

/// A log with its rotated files, oldest first.
#[derive(Debug, PartialEq, Eq)]
struct Log {
    name: String,
    older: Vec<File>,
}

/// The logs that are being written in a directory.
fn logs(files: &[File]) -> Vec<Log> {
    let current = |f: &&File| {
        let (base, age) = rotate::place(&f.name);
        age == Age::Current && base == f.name && std::path::Path::new(&f.name).extension().is_some_and(|e| e == "log")
    };
    let mut logs = Vec::new();
    for file in files.iter().filter(current) {
        let mut older: Vec<(i64, Age, File)> = files
            .iter()
            .filter(|f| f.name != file.name && !packed(&f.name))
            .filter_map(|f| {
                let (base, age) = rotate::place(&f.name);
                (base == file.name).then(|| (f.mtime, age, f.clone()))
            })
            .collect();
        // without times: log4j2, as Flink sets it up, gives the newest the highest number
        older.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| upwards(&a.1).cmp(&upwards(&b.1))));
        logs.push(Log { name: file.name.clone(), older: older.into_iter().map(|(_, _, f)| f).collect() });
    }
    logs
}

/// The age of a file whose number grows with time.
fn upwards(age: &Age) -> (Option<&Age>, u64) {
    match age {
        Age::Numbered(number) => (None, number.0),
        age => (Some(age), 0),
    }
}

/// Packed files would have to be held in memory to be read.
fn packed(name: &str) -> bool {
    [".gz", ".zip", ".zst", ".bz2"].iter().any(|end| name.ends_with(end))
}

/// The newest of `older` that are not too many and not too large together.
fn bounded(older: &[File]) -> Vec<File> {
    let mut left = MAX_LOG;
    let mut kept: Vec<File> = older
        .iter()
        .rev()
        .take(MAX_FILES)
        .take_while(|f| {
            left = left.saturating_sub(f.size);
            left > 0
        })
        .cloned()
        .collect();
    kept.reverse();
    kept
}
