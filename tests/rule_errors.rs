//! Each problem of a rule file, its code and its picture: `tests/rules/<name>.yaml` and `.out` beside it.
//!
//! `SNAPSHOTS=overwrite cargo test --test rule_errors` writes the pictures anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cdc_doctor::author::collide;
use cdc_doctor::author::sample::{Log, Sample};
use cdc_doctor::builtin;
use cdc_doctor::diagnostic::{CATALOGUE, Look, Problem, SourceText, render};
use cdc_doctor::rule::RuleSet;
use cdc_doctor::rule::set::has_errors;

const LOOK: Look = Look { width: 100, ascii: true, color: false };

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    files
}

/// A log of a job that is well.
fn healthy() -> Sample {
    let line = "2026-11-22 14:11:39,000 WARN  com.acme.RowMill [] - the row mill turns quietly\n";
    Sample {
        name: "healthy/acme".into(),
        healthy: true,
        allowed: Vec::new(),
        expected: None,
        logs: vec![Log { name: "taskmanager.log".into(), series: None, bytes: line.as_bytes().to_vec() }],
    }
}

/// What `rules check` says of a directory `acme` with this file alone.
fn problems(path: &Path) -> Vec<Problem> {
    let name = format!("rules/acme/{}", path.file_name().unwrap().to_str().unwrap());
    let source = SourceText { name, text: fs::read_to_string(path).unwrap() };
    let shipped = builtin::rules().unwrap();
    let loaded = RuleSet::compile(vec![source], Some(&*shipped));
    let mut problems = loaded.problems;
    if !has_errors(&problems) {
        problems.extend(collide::check(&Arc::new(loaded.set), &loaded.sources, &[healthy()]));
    }
    problems
}

#[test]
fn pictures() {
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite");
    let mut wrong = Vec::new();
    for path in cases() {
        let drawn: Vec<String> = problems(&path).iter().map(|problem| render(problem, LOOK)).collect();
        let now = drawn.join("\n");
        let expected = path.with_extension("out");
        if overwrite {
            fs::write(&expected, &now).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&now) {
            wrong.push(format!("--- {} is now:\n{now}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} pictures differ; SNAPSHOTS=overwrite", wrong.join("\n"), wrong.len());
}

#[test]
fn each_file_shows_one_code_and_each_code_has_a_file() {
    let mut shown = BTreeSet::new();
    for path in cases() {
        let problems = problems(&path);
        let codes: BTreeSet<&str> = problems.iter().map(|p| p.code).collect();
        assert_eq!(codes.len(), 1, "{}: {codes:?}", path.display());
        shown.extend(codes);
    }
    let known: BTreeSet<&str> = CATALOGUE.iter().map(|(code, _)| *code).filter(|code| code.starts_with("RB")).collect();
    assert_eq!(shown, known);
}

#[test]
fn each_problem_says_where() {
    for path in cases() {
        for problem in problems(&path) {
            assert!(!problem.labels.is_empty(), "{}: {problem}", path.display());
            let picture = render(&problem, LOOK);
            let kind = problem.severity.name();
            assert!(picture.starts_with(&format!("{kind}[{}]: ", problem.code)), "{picture}");
            assert!(picture.is_ascii(), "{picture}");
        }
    }
}

#[test]
fn files_may_end_in_yml() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/rules-good/acme/row-not-handled.yaml"),
    );
    let file = |end: &str| SourceText {
        name: format!("rules/acme/row-not-handled.{end}"),
        text: text.as_ref().unwrap().clone(),
    };
    let shipped = builtin::rules().unwrap();
    let loaded = RuleSet::compile(vec![file("yml")], Some(&*shipped));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    assert_eq!(loaded.files, 1);
    assert!(loaded.set.get("acme/row-not-handled").is_some());
    let loaded = RuleSet::compile(vec![file("yml"), file("yaml")], Some(&*shipped));
    assert_eq!(loaded.problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["RB003"]);
}
