//! `parse`: what was understood of logs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::{fs, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

const LOG: &str = "what is this\n\
    2026-11-22 14:11:39,264 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner      [] - Starting TaskManager (Version: 1.20.5)\n\
    2026-11-22 14:11:40,000 WARN  a.b.C                                                        [] - database.password = geheim\n\
    2026-11-22 14:11:41,000 ERROR a.b.C                                                        [] - failed\n\
    java.lang.IllegalStateException: no\n\
    \tat a.b.C.d(C.java:1)\n\
    Caused by: org.postgresql.util.PSQLException: ERROR: x\n\
    \tat a.b.C.d(C.java:2)\n";

fn run(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"))
        .arg("parse")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut pipe, bytes) = (child.stdin.take().unwrap(), stdin.to_vec());
    let writer = thread::spawn(move || drop(pipe.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn objects(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn records_and_a_summary_as_ndjson() {
    let output = run(&["--format", "ndjson"], LOG.as_bytes());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("geheim"));
    let all = objects(&output);
    let (last, records) = all.split_last().unwrap();
    assert_eq!(records.len(), 4);
    let failed = &records[3];
    assert_eq!(failed["line"], 4);
    assert_eq!(failed["lines"], 5);
    assert_eq!(failed["level"], "error");
    assert_eq!(failed["time"], "2026-11-22 14:11:41,000");
    assert_eq!(failed["logger"], "a.b.C");
    assert_eq!(failed["throwables"], json!(["java.lang.IllegalStateException", "org.postgresql.util.PSQLException"]));
    assert_eq!(last["type"], "log");
    assert_eq!(last["schema"], "cdc-doctor/parse/v1");
    assert_eq!(last["kind"], "taskmanager");
    assert_eq!(last["levels"], json!({"INFO": 1, "WARN": 1, "ERROR": 1}));
    assert_eq!((&last["records"], &last["lines"]), (&json!(4), &json!(8)));
    assert_eq!(last["not_understood"], json!({"lines": 1, "share": 0.125, "first": [1, "what is this"]}));
}

#[test]
fn a_summary_for_people() {
    let wrapped: String = LOG
        .lines()
        .map(|l| json!({"log": format!("{l}\n"), "stream": "stdout", "time": "t"}).to_string() + "\n")
        .collect();
    let text = String::from_utf8(run(&[], wrapped.as_bytes()).stdout).unwrap();
    for part in ["<stdin>", "docker 8", "4 (", "ERROR 1", "12.5 % (1 lines), first line 1: what is this"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn several_logs_and_what_cannot_be_read() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a.log"), LOG).unwrap();
    fs::write(dir.path().join("b.log"), LOG).unwrap();
    let output = run(&["--format=ndjson", dir.path().to_str().unwrap()], b"");
    assert_eq!(objects(&output).iter().filter(|o| o["type"] == "log").count(), 2);
    assert_eq!(output.status.code(), Some(0));
    let missing = run(&[dir.path().join("c.log").to_str().unwrap()], b"");
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no such file"));
}

/// A text without any header or trace is not understood at all; an empty one is no log.
#[test]
fn nothing_understood() {
    let output = run(&["--format=ndjson"], b"a\nb\nc\n");
    assert_eq!(objects(&output).last().unwrap()["not_understood"]["share"], 1.0);
    assert_eq!(run(&[], b"").status.code(), Some(2));
}
