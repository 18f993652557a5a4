//! A directory of logs in an archive says what the directory says, from a file and from a pipe; nothing in an archive leads anywhere.

#![cfg(all(feature = "archives", feature = "compress"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{fs, thread};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

/// Names and contents.
type Files = Vec<(&'static str, Vec<u8>)>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &Files) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_795_357_298);
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A tar whose names no honest program writes.
fn tar_of(name: &[u8], bytes: &[u8], kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_size(bytes.len() as u64);
    header.set_entry_type(kind);
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn zip(files: &Files) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A failing log in two rotated pieces, the older one packed, among files that are no logs.
fn files() -> Files {
    let log = common::sample("postgres/wal-level-not-logical").logs.swap_remove(0).bytes;
    let half = log.len() / 3;
    let cut = half + log[half..].iter().position(|b| *b == b'\n').unwrap() + 1;
    vec![
        ("log/taskmanager.log", log[cut..].to_vec()),
        ("log/taskmanager.log.1.gz", gzip(&log[..cut])),
        ("log/taskmanager.out", b"Picked up JAVA_TOOL_OPTIONS\n".to_vec()),
        ("conf/flink-conf.yaml", b"a: b\n".to_vec()),
        ("log/.hidden.log", b"hidden\n".to_vec()),
        ("log/empty.log", Vec::new()),
    ]
}

fn doctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    command.arg("--format=json").args(arguments).env_remove("NO_COLOR");
    command
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The report, with the names of files cut down to the part behind the archive or directory.
fn scan(path: &Path) -> Value {
    let mut report = report(&doctor(&[path.to_str().unwrap()]).output().unwrap());
    shorten(&mut report, &format!("{}/", path.display()));
    report
}

fn piped(bytes: Vec<u8>) -> Value {
    let mut child = doctor(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let mut report = report(&output);
    shorten(&mut report, "<stdin>/");
    report
}

fn shorten(value: &mut Value, before: &str) {
    match value {
        Value::String(text) => *text = text.replace(before, ""),
        Value::Array(list) => list.iter_mut().for_each(|v| shorten(v, before)),
        Value::Object(map) => map.values_mut().for_each(|v| shorten(v, before)),
        _ => {}
    }
}

/// Cause, count and places of the first diagnosis, and which inputs were read.
fn told(report: &Value) -> Value {
    let first = &report["diagnoses"][0];
    let places: Vec<Value> =
        first["evidence"].as_array().into_iter().flatten().map(|e| serde_json::json!([e["path"], e["line"]])).collect();
    let read: Vec<&Value> =
        report["inputs"].as_array().unwrap().iter().filter(|i| i["status"] == "read").map(|i| &i["path"]).collect();
    serde_json::json!([first["cause"], first["confidence"], first["count"], places, read])
}

#[test]
fn an_archive_is_its_directory() {
    let dir = TempDir::new().unwrap();
    let plain = dir.path().join("plain");
    for (name, bytes) in files() {
        let path = plain.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let expected = told(&scan(&plain));
    assert_eq!(expected[0], "postgres/wal-level-not-logical");
    assert_eq!(expected[4], serde_json::json!(["log/taskmanager.log.1.gz", "log/taskmanager.log"]));
    // in another order than that of the names
    let mut files = files();
    files.reverse();
    for (name, bytes) in [("a.tar", tar(&files)), ("a.tar.gz", gzip(&tar(&files))), ("a.zip", zip(&files))] {
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(told(&scan(&path)), expected, "{name}");
        assert_eq!(told(&piped(bytes)), expected, "{name} from a pipe");
    }
}

#[test]
fn names_and_links_lead_nowhere() {
    let log = common::sample("postgres/wal-level-not-logical").logs.swap_remove(0).bytes;
    let mut bytes = tar_of(b"../../../etc/tm.log", &log, tar::EntryType::Regular);
    bytes.extend(tar_of(b"/etc/passwd.log", b"", tar::EntryType::Symlink));
    bytes.extend(tar_of(b"fifo.log", b"", tar::EntryType::Fifo));
    bytes.extend([0; 1024]);
    let report = piped(bytes);
    assert_eq!(report["diagnoses"][0]["cause"], "postgres/wal-level-not-logical");
    assert_eq!(told(&report)[4], serde_json::json!(["etc/tm.log"]));
}

#[test]
fn broken_and_empty_archives_say_so() {
    let whole = tar(&files());
    // cut in the middle of the first log: what came before is read
    let cut = piped(whole[..whole.len() / 4].to_vec());
    assert!(cut["problems"][0]["what"].as_str().unwrap().contains("what came before was read"), "{}", cut["problems"]);
    let nothing = piped(tar(&vec![("a/b.jar", b"PK".to_vec())]));
    assert!(
        nothing["problems"][0]["what"].as_str().unwrap().contains("no log in this archive"),
        "{}",
        nothing["problems"]
    );
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("bad.zip");
    let mut bytes = zip(&files());
    bytes.truncate(bytes.len() / 2);
    fs::write(&path, bytes).unwrap();
    let output = doctor(&[path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(report(&output)["problems"].as_array().unwrap().len(), 1);
}

/// A member that unfolds ten thousand times is not followed for ever.
#[test]
fn bombs_are_stopped() {
    let zeros = vec![b'\n'; 64 << 20];
    let twice = gzip(&gzip(&zeros));
    let report = piped(tar(&vec![("a.log.gz", twice)]));
    assert!(report["inputs"].as_array().unwrap().iter().all(|i| i["bytes"].as_u64().unwrap() < 64 << 20));
}
