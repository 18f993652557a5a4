//! `--format facts` and `merge`: the facts of parts, joined in any order and twice over, give what one scan of everything gives.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use cdc_doctor::diagnosis::{Options, infer};
use cdc_doctor::input::CHUNK;
use cdc_doctor::pipeline::{Facts, Pipeline, join, read};
use cdc_doctor::report::model::{InputStatus, build};
use cdc_doctor::report::{Report, json};
use common::Log;
use proptest::prelude::*;
use tempfile::TempDir;

/// Small logs of all samples, under names that are their own.
fn logs() -> &'static [Log] {
    static LOGS: OnceLock<Vec<Log>> = OnceLock::new();
    LOGS.get_or_init(|| {
        let all = common::samples().iter().flat_map(|s| {
            s.logs.iter().map(|log| Log {
                name: format!("{}/{}", s.name, log.name),
                series: None,
                bytes: log.bytes.clone(),
            })
        });
        let logs: Vec<Log> = all.filter(|l| l.bytes.len() < 200_000).collect();
        assert!(logs.len() > 40, "{}", logs.len());
        logs
    })
}

fn scan(logs: &[&Log]) -> Facts {
    let mut pipeline = Pipeline::with(common::engine().clone());
    for log in logs {
        let source = pipeline.begin(&log.name, log.series);
        pipeline.is_file(source);
        pipeline.content(source, blake3::hash(&log.bytes).to_hex().as_str());
        log.bytes.chunks(CHUNK).for_each(|c| pipeline.push(source, c));
        pipeline.end(source);
    }
    pipeline.facts()
}

fn version() -> &'static str {
    &common::engine().rules.version
}

fn told(parts: Vec<Facts>) -> String {
    let facts = join(parts, version());
    let diagnosis = infer(&facts.sources, &common::engine().rules, &Options::default());
    let status = InputStatus {
        skipped: facts.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect(),
        problems: Vec::new(),
    };
    let mut out = Vec::new();
    json::render(&build(&diagnosis, &common::engine().rules, &status, "0"), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Through the file that the facts are in between.
fn written(facts: &Facts) -> Facts {
    let text = serde_json::to_string_pretty(facts).unwrap();
    let (read, problem) = read::read("part", &text);
    assert!(problem.is_none(), "{problem:?}");
    read.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Some logs; each goes to one to three of four machines, which are joined in some order.
    #[test]
    fn any_partition_in_any_order_and_twice_over_is_one_scan(
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..7),
        places in prop::collection::vec(prop::collection::vec(0_usize..4, 1..4), 7),
        order in Just((0_usize..8).collect::<Vec<_>>()).prop_shuffle(),
        reading in Just((0_usize..7).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut picked: Vec<&Log> = Vec::new();
        for index in &chosen {
            let log = index.get(logs());
            if !picked.iter().any(|l| l.name == log.name) {
                picked.push(log);
            }
        }
        let one = told(vec![scan(&reading.iter().filter_map(|i| picked.get(*i).copied()).collect::<Vec<_>>())]);
        let mut parts = Vec::new();
        for machine in 0..4 {
            let mine: Vec<&Log> =
                picked.iter().zip(&places).filter(|(_, p)| p.contains(&machine)).map(|(l, _)| *l).collect();
            let facts = scan(&mine);
            parts.push(written(&facts));
            parts.push(facts);
        }
        let shuffled: Vec<Facts> = order.iter().map(|i| parts[*i].clone()).collect();
        prop_assert_eq!(&told(shuffled), &one);
        // what was joined can be joined again
        let half = join(parts[..4].to_vec(), version());
        let rest = join(parts[2..].to_vec(), version());
        prop_assert_eq!(&told(vec![rest, half]), &one);
    }
}

fn doctor(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    command.current_dir(dir).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn put(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder of logs: a rotated one, one packed, the server's, a healthy one, a copy, a job's file, and what is no log.
fn folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    let taskmanager = common::sample("postgres/wal-level-not-logical").logs[0].bytes.clone();
    let half = taskmanager.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).nth(300).unwrap();
    put(&dir, "log/taskmanager.log.1", &taskmanager[..half]);
    put(&dir, "log/taskmanager.log", &taskmanager[half..]);
    let other = common::sample("postgres/table-permission-denied").logs[0].bytes.clone();
    put(&dir, "log/b/taskmanager.log", &other);
    put(&dir, "log/b/copy.log", &other);
    put(
        &dir,
        "log/gc.log",
        b"[0.012s][info][gc] Using G1\n[1.512s][info][gc] GC(0) Pause Young (Normal) 24M->5M(256M) 3.2ms\n",
    );
    put(&dir, "flink.sql", b"CREATE TABLE o (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'postgres-cdc', 'hostname' = 'db', 'slot.name' = 'flink', 'username' = 'u', 'password' = 'hunter2hunter2', 'database-name' = 'd', 'schema-name' = 's', 'table-name' = 'o');\n");
    dir
}

#[test]
fn the_program_joins_what_it_found_on_several_machines() {
    let dir = folder();
    let here = dir.path();
    let one = doctor(here, &["--format", "json", "log", "--job", "flink.sql"]);
    let report: Report = serde_json::from_slice(&one.stdout).unwrap();
    // two causes in the logs, and one in the job's file
    assert_eq!(report.diagnoses.len(), 3, "{}", text(&one.stdout));
    assert!(
        report.inputs.iter().any(|i| i.skipped.as_deref() == Some("a copy of log/b/copy.log")),
        "{:#?}",
        report.inputs
    );

    let parts: [&[&str]; 4] = [
        &["log/taskmanager.log"],
        &["log/b", "log/taskmanager.log.1", "--job", "flink.sql"],
        &["log"],
        &["log/b/copy.log", "log/taskmanager.log.1"],
    ];
    for (n, part) in parts.iter().enumerate() {
        let found = doctor(here, &[&["--format", "facts"], *part].concat());
        assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
        assert!(!text(&found.stdout).contains("hunter2"), "a secret is in the facts");
        put(&dir, &format!("{n}.facts.json"), &found.stdout);
    }
    for order in [&[2, 1][..], &[1, 2, 0], &[0, 1, 2, 3], &[3, 2, 1, 0, 0, 1, 2]] {
        let names: Vec<String> = order.iter().map(|n| format!("{n}.facts.json")).collect();
        let mut arguments = vec!["merge", "--format", "json"];
        arguments.extend(names.iter().map(String::as_str));
        let joined = doctor(here, &arguments);
        assert_eq!(text(&joined.stdout), text(&one.stdout), "{order:?}");
        assert_eq!(joined.status.code(), one.status.code());
    }
    // the words of a rotated log that was scanned in pieces
    let pieces = doctor(here, &["merge", "--format", "json", "3.facts.json", "0.facts.json"]);
    let whole = doctor(here, &["--format", "json", "log/b/copy.log", "log/taskmanager.log", "log/taskmanager.log.1"]);
    assert_eq!(text(&pieces.stdout), text(&whole.stdout));
    // for people, and as facts again
    let plain = doctor(here, &["merge", "--brief", "0.facts.json", "1.facts.json", "2.facts.json"]);
    assert_eq!(text(&plain.stdout), text(&doctor(here, &["--brief", "log", "--job", "flink.sql"]).stdout));
    let again = doctor(here, &["merge", "--format", "facts", "0.facts.json", "1.facts.json", "2.facts.json"]);
    let facts = doctor(here, &["--format", "facts", "log", "--job", "flink.sql"]);
    assert_eq!(text(&again.stdout), text(&facts.stdout));
}

#[test]
fn the_order_of_the_paths_does_not_matter() {
    let dir = folder();
    let paths = ["log/taskmanager.log", "log/taskmanager.log.1", "log/b/taskmanager.log"];
    let one = doctor(dir.path(), &[&["--format", "json"], &paths[..]].concat());
    let mut turned = paths;
    turned.reverse();
    let two = doctor(dir.path(), &[&["--format", "json"], &turned[..]].concat());
    assert_eq!(text(&one.stdout), text(&two.stdout));
}

#[test]
fn inputs_of_one_name_from_two_machines_are_told_apart() {
    let (a, b) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    put(&a, "tm.log", &common::sample("postgres/wal-level-not-logical").logs[0].bytes);
    put(&b, "tm.log", &common::sample("postgres/table-permission-denied").logs[0].bytes);
    let (one, two) = (doctor(a.path(), &["-f", "facts", "tm.log"]), doctor(b.path(), &["-f", "facts", "tm.log"]));
    put(&a, "1.json", &one.stdout);
    put(&a, "2.json", &two.stdout);
    let ab = doctor(a.path(), &["merge", "-f", "json", "1.json", "2.json"]);
    let ba = doctor(a.path(), &["merge", "-f", "json", "2.json", "1.json", "2.json"]);
    assert_eq!(text(&ab.stdout), text(&ba.stdout));
    let report: Report = serde_json::from_slice(&ab.stdout).unwrap();
    let names: Vec<&str> = report.inputs.iter().map(|i| i.path.as_str()).collect();
    assert_eq!(names, ["tm.log", "tm.log#2"]);
    assert_eq!(report.diagnoses.len(), 2);
}

/// A directory with a good file of facts and one to spoil, and the text of the latter.
fn good_and_other() -> (TempDir, String) {
    let dir = folder();
    let good = doctor(dir.path(), &["-f", "facts", "log/b/taskmanager.log"]);
    put(&dir, "good.json", &good.stdout);
    let other = doctor(dir.path(), &["-f", "facts", "log/taskmanager.log", "log/gc.log"]);
    (dir, text(&other.stdout))
}

fn merged_with(dir: &TempDir, bad: &str) -> (Report, String, Option<i32>) {
    put(dir, "bad.json", bad.as_bytes());
    let output = doctor(dir.path(), &["merge", "-f", "json", "bad.json", "good.json"]);
    (serde_json::from_slice(&output.stdout).unwrap(), text(&output.stderr), output.status.code())
}

#[test]
fn what_cannot_be_read_is_named_with_its_place_and_the_rest_is_joined() {
    let (dir, other) = good_and_other();
    let cases = [
        ("not json at all\n", "error[FA001]: no JSON at line 1, column 2", "bad.json:1:2"),
        ("", "error: bad.json: is empty", "bad.json"),
        (" \n", "error[FA001]: the file is empty", "bad.json"),
        (
            "{\"schema\": \"cdc-doctor/report/v1\"}",
            "error[FA003]: this is cdc-doctor/report/v1, not cdc-doctor/facts/v1",
            "bad.json:1:13",
        ),
        (
            "{\n  \"schema\": \"cdc-doctor/facts/v9\", \"sources\": [7]}",
            "error[FA003]: these facts are cdc-doctor/facts/v9",
            "bad.json:2:14",
        ),
        ("{\"a\": 1}", "error[FA003]: this JSON is no facts", "bad.json"),
        ("[1, 2]", "error[FA004]", "bad.json:1:1"),
    ];
    for (bad, says, place) in cases {
        let (report, err, code) = merged_with(&dir, bad);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(says) && err.contains(place), "{says} {place}\n{err}");
        assert_eq!(report.diagnoses.len(), 1, "the good file was not joined");
    }
    // cut off in the second input: the first is whole
    let cut = &other[..other.rfind("\"name\"").unwrap() + 20];
    let (report, err, code) = merged_with(&dir, cut);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("error[FA002]: the file is cut off at line")
            && err.contains("the one input before this place was used"),
        "{err}"
    );
    assert_eq!(report.inputs.iter().filter(|i| i.status == "read").count(), 2);
    // a value that is none
    let spoilt = other.replacen("\"lines\": ", "\"lines\": -", 1);
    let (report, err, code) = merged_with(&dir, &spoilt);
    assert_eq!((code, report.diagnoses.len()), (Some(2), 1));
    let line = spoilt.lines().position(|l| l.contains("\"lines\": -")).unwrap() + 1;
    assert!(err.contains("error[FA004]") && err.contains(&format!("bad.json:{line}:")), "{err}");
    // an escape in it stays one
    let (_, err, _) = merged_with(&dir, "\u{1b}]0;title\u{7}");
    assert!(!err.contains('\u{1b}'), "{err:?}");
}

#[test]
fn facts_of_other_rules_and_times_are_joined_with_a_word() {
    let (dir, other) = good_and_other();
    let (report, err, code) = merged_with(&dir, &other.replace(version(), "0123abcd0123"));
    assert!(err.contains("warning[FA005]: bad.json: made with other rules (0123abcd0123 by cdc-doctor"), "{err}");
    assert_eq!((code, report.diagnoses.len()), (Some(0), 2), "{err}");
    let since = doctor(dir.path(), &["-f", "facts", "--since", "2020-01-01 00:00", "log/taskmanager.log"]);
    let (report, err, _) = merged_with(&dir, &text(&since.stdout));
    assert!(err.contains("warning[FA006]") && err.contains("--since 2020-01-01"), "{err}");
    assert_eq!(report.diagnoses.len(), 2);
}

#[test]
fn no_facts_at_all_is_trouble() {
    let (dir, _) = good_and_other();
    for arguments in [&["merge", "nowhere.json"][..], &["merge", "flink.sql"], &["merge"]] {
        let output = doctor(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("error"), "{}", text(&output.stderr));
    }
}
