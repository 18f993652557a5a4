//! `--job FILE`, files of that kind met in directories, and `CDC_DOCTOR_<NAME>`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::terminal::{self, Quiet};
use crate::diagnostic;
use crate::error::Error;
use crate::input::{self, Discovered, Limits, Problem};
use crate::job::{self, JobDefinition};
use crate::rule::RuleSet;

/// Most files of one directory that are looked at.
const MOST_FILES: usize = 500;
/// Most bytes of a file that nobody named.
const MOST_BYTES: usize = 1 << 20;

/// Files of the job that were read, and those that could not be.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) definitions: Vec<JobDefinition>,
    pub(super) problems: Vec<Problem>,
}

/// Reads the files named, and those among what discovery left aside. The latter are no longer listed as skipped.
pub(super) fn gather(named: &[PathBuf], discovered: &mut Discovered) -> Found {
    let mut found = Found::default();
    for path in named {
        if path.is_dir() {
            let mut inside = input::discover(std::slice::from_ref(path), Limits::default());
            let before = found.definitions.len();
            aside(&mut inside, &mut found.definitions);
            if found.definitions.len() == before {
                found.problems.push(Problem {
                    path: path.display().to_string(),
                    what: "no job definition in this directory".into(),
                    help: Some("name the file: --job flink-create.all.sql".into()),
                    fatal: true,
                });
            }
        } else {
            match input::text(path, job::MAX_BYTES) {
                Err(p) => {
                    found.problems.push(p);
                }
                Ok(text) => read(path, &text, &mut found),
            }
        }
    }
    let before = found.definitions.len();
    aside(discovered, &mut found.definitions);
    let taken = found.definitions.get(before..).unwrap_or_default();
    // a directory without a log, but with the job's files, is of use
    discovered
        .problems
        .retain(|p| p.what != input::NO_LOG || !taken.iter().any(|f| Path::new(&f.name).starts_with(&p.path)));
    found
}

fn read(path: &Path, text: &str, found: &mut Found) {
    let name = path.display().to_string();
    match job::read(&name, text) {
        Ok(definition) => found.definitions.push(definition),
        Err(problem) => {
            let look = terminal::look();
            let _ = writeln!(Quiet::new(io::stderr()), "{}", diagnostic::render(&problem, look));
            let place = if problem.labels.is_empty() { String::new() } else { format!(" (line {})", problem.line()) };
            found.problems.push(Problem {
                path: name,
                what: format!("not used: {}{place}", problem.message),
                help: problem.help.clone(),
                fatal: true,
            });
        }
    }
}

/// Takes what is a job's file for certain; all others stay what they were.
fn aside(discovered: &mut Discovered, definitions: &mut Vec<JobDefinition>) {
    let mut looked_at = 0;
    discovered.skipped.retain(|skipped| {
        if skipped.reason != input::CONFIGURATION || looked_at >= MOST_FILES {
            return true;
        }
        looked_at += 1;
        let read = input::text(Path::new(&skipped.path), MOST_BYTES).ok();
        let definition = read.and_then(|text| job::read(&skipped.path, &text).ok());
        let useful =
            definition.filter(|d| d.format.is_server() || !d.endpoints.is_empty() || !d.publications.is_empty());
        match useful {
            Some(definition) if !definitions.iter().any(|d| d.name == definition.name) => {
                definitions.push(definition);
                false
            }
            _ => true,
        }
    });
}

/// Parameters of the environment: `CDC_DOCTOR_SLOT=...` gives `slot`.
///
/// # Errors
/// A variable whose name is no parameter.
pub(super) fn environment(rules: &RuleSet) -> Result<BTreeMap<String, String>, Error> {
    let mut params = BTreeMap::new();
    let mut all: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    all.sort();
    for (variable, value) in all {
        let Some(name) = variable.strip_prefix("CDC_DOCTOR_").filter(|_| !value.is_empty()) else { continue };
        let name = name.to_ascii_lowercase();
        if rules.vocabulary.get(&name).is_none() {
            let nearest = rules.vocabulary.nearest(&name);
            return Err(Error::Usage {
                what: format!("{variable}: there is no parameter '{name}'"),
                hint: nearest.map(|n| format!("did you mean CDC_DOCTOR_{}?", n.to_ascii_uppercase())),
            });
        }
        params.insert(name, value);
    }
    Ok(params)
}
