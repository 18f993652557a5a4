//! Scores the rule base on labelled logs: `cargo run --release --example score -- DIR...`
//!
//! Each folder below DIR that holds a `label.json` is one case: its logs (packed ones too) are given together, with `--server`
//! the server's log as well. The label is mapped to cause ids by `samples/labels.tsv`; a label that holds `/` or is `-` (no
//! cause) is an id itself, and a list of labels means that any of them is right. `--params` prints parameters that the
//! TaskManager's log names and the first cause lacks or has otherwise. Prints one line a case that is wrong, a
//! confusion table, and exits 1 if the share of right first causes is below `--at-least`.

#![allow(
    clippy::cast_precision_loss,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a tool for developers, over folders that they made"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use cdc_doctor::diagnosis::{Diagnosis, Options, State};
use cdc_doctor::engine::Engine;
use cdc_doctor::input::{CHUNK, Limits, discover, read_all};
use cdc_doctor::pipeline::Pipeline;
use cdc_doctor::rule::RuleSet;

fn main() -> ExitCode {
    let mut dirs = Vec::new();
    let (mut server, mut verbose, mut filter, mut least, mut oracle) = (false, false, String::new(), 0.0, false);
    let mut params = false;
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--server" => server = true,
            "--verbose" => verbose = true,
            "--oracle" => oracle = true,
            "--params" => params = true,
            "--only" => filter = args.next().unwrap_or_default(),
            "--at-least" => least = args.next().and_then(|n| n.parse().ok()).unwrap_or(1.0),
            dir => dirs.push(PathBuf::from(dir)),
        }
    }
    let labels = labels();
    let loaded = RuleSet::load(Path::new("rules"), None).expect("rules");
    for p in &loaded.problems {
        if verbose {
            eprintln!("{}:{}: {} {}", p.source.name, p.line(), p.code, p.message);
        }
    }
    let engine = Arc::new(Engine::new(Arc::new(loaded.set), !oracle));
    let (mut right, mut total, mut extra) = (0_usize, 0_usize, 0_usize);
    let mut confusion: BTreeMap<(String, String), (usize, bool)> = BTreeMap::new();
    for case in cases(&dirs).into_iter().filter(|c| c.to_string_lossy().contains(&filter)) {
        let (label, wanted) = label(&case, &labels);
        let diagnosis = diagnose(&engine, &case, server);
        let first = diagnosis.causes.first().map(|c| c.rule.clone());
        let symptom = diagnosis.symptoms.first().map(|c| c.rule.clone());
        let ok = match &first {
            None => wanted.iter().any(|w| {
                w == "-"
                    || Some(w) == symptom.as_ref()
                    || (w == "flink/user-code-exception" && !diagnosis.unknown.is_empty())
            }),
            Some(f) => wanted.contains(f),
        };
        let more: Vec<&str> =
            diagnosis.causes.iter().skip(1).filter(|c| c.state == State::Ongoing).map(|c| c.rule.as_str()).collect();
        if params {
            print_params(&case, &diagnosis);
        }
        total += 1;
        right += usize::from(ok);
        extra += usize::from(!more.is_empty());
        let seen = confusion.entry((label, first.unwrap_or_else(|| "-".into()))).or_default();
        *seen = (seen.0 + 1, ok);
        if !ok || !more.is_empty() || verbose {
            println!(
                "{} {}\n    wanted {wanted:?}\n    got    {:?}\n    symptoms {:?} unknown {:?} passed {:?}",
                if ok { "ok   " } else { "WRONG" },
                case.display(),
                diagnosis
                    .causes
                    .iter()
                    .map(|c| format!(
                        "{} {:?} {:?} x{} folded {:?}",
                        c.rule,
                        c.confidence,
                        c.state,
                        c.failures(),
                        c.folded.keys().collect::<Vec<_>>()
                    ))
                    .collect::<Vec<_>>(),
                diagnosis.symptoms.iter().map(|s| &s.rule).collect::<Vec<_>>(),
                diagnosis
                    .unknown
                    .iter()
                    .map(|u| format!("{}: {}", u.unknown.class, u.unknown.message.chars().take(80).collect::<String>()))
                    .collect::<Vec<_>>(),
                diagnosis.passed.iter().map(|s| &s.rule).collect::<Vec<_>>(),
            );
        }
    }
    println!("\nlabel                                    first cause                                   cases");
    for ((label, got), (n, ok)) in &confusion {
        println!("{label:<40} {got:<45} {n}{}", if *ok { "" } else { "   <-" });
    }
    println!("\n{right} of {total} right, {extra} with a further ongoing cause");
    if total == 0 || (right as f64) < least * total as f64 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn labels() -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string("samples/labels.tsv").expect("labels.tsv").lines() {
        if let Some((label, id)) = line.split_once('\t') {
            map.entry(label.to_owned()).or_default().push(id.to_owned());
        }
    }
    map
}

fn cases(dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for dir in dirs {
        for entry in walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten() {
            if entry.file_name() == "label.json" {
                all.extend(entry.path().parent().map(Path::to_path_buf));
            }
        }
    }
    all
}

fn json(case: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(case.join("label.json")).expect("label")).expect("json")
}

/// The label, and the ids that are right.
fn label(case: &Path, labels: &BTreeMap<String, Vec<String>>) -> (String, Vec<String>) {
    let names: Vec<String> = match &json(case)["cause"] {
        serde_json::Value::Array(list) => list.iter().filter_map(|l| l.as_str().map(str::to_owned)).collect(),
        one => vec![one.as_str().unwrap_or("none").to_owned()],
    };
    let ids = |name: &String| match labels.get(name) {
        Some(ids) => ids.clone(),
        None if name == "-" || name.contains('/') => vec![name.clone()],
        None => Vec::new(),
    };
    (names.first().cloned().unwrap_or_default(), names.iter().flat_map(ids).collect())
}

fn print_params(case: &Path, diagnosis: &Diagnosis) {
    let Some(cause) = diagnosis.causes.first() else { return };
    let json = json(case);
    for name in ["user", "database", "host", "port", "slot"] {
        let named = json["params_in_taskmanager_log"].as_array().is_some_and(|l| l.iter().any(|n| n == name));
        let wanted = json["params"][name].to_string().replace('"', "");
        let got = cause.params.values.get(name).map(|v| v.value.as_str());
        if got != Some(wanted.as_str()) && (named || got.is_some()) {
            let ambiguous = cause.params.ambiguous.get(name);
            println!("param {}: {name} wanted {wanted} got {got:?} ambiguous {ambiguous:?}", case.display());
        }
    }
}

/// The logs of a case as the command line would read the folder, without the server's unless asked for.
fn diagnose(engine: &Arc<Engine>, case: &Path, server: bool) -> Diagnosis {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    let found = discover(&[case.to_path_buf()], Limits::default());
    for problem in &found.problems {
        eprintln!("{}: {}", problem.path, problem.what);
    }
    for source in &found.sources {
        let name = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
        if !server && name.starts_with("postgres") {
            continue;
        }
        let number = pipeline.begin(name, source.series);
        let (_, problem) = read_all(source, None, CHUNK, &mut |bytes| pipeline.push(number, bytes));
        if let Some(problem) = problem {
            eprintln!("{}: {}", problem.path, problem.what);
        }
        pipeline.end(number);
    }
    pipeline.diagnose(&Options::default())
}
