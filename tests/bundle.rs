//! `bundle` and `replay`: the same input gives the same bytes, the same logs give the same report, and nothing leads out of a bundle.

#![cfg(feature = "bundle")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/hostile.rs"]
mod hostile;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cdc_doctor::input::packed;
use tempfile::TempDir;

fn doctor(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    command.current_dir(dir).env_clear().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn put(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn log(sample: &str) -> Vec<u8> {
    let logs = common::sample(sample).logs;
    logs.into_iter().find(|l| l.name == "taskmanager.log").unwrap().bytes
}

fn folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    put(&dir, "srv-db-prod/taskmanager.log", &log("postgres/wal-level-not-logical"));
    put(&dir, "srv-db-prod/other.log", &log("postgres/table-permission-denied"));
    dir
}

fn entries(dir: &TempDir, name: &str) -> BTreeMap<String, Vec<u8>> {
    packed::unpack(&dir.path().join(name)).unwrap()
}

fn text(entries: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(entries[name].clone()).unwrap()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let dir = folder();
    let one = doctor(dir.path(), &["bundle", "-o", "one.tar.zst", "srv-db-prod"]);
    assert_eq!(one.status.code(), Some(0), "{}", out(&one));
    assert!(out(&one).starts_with("one.tar.zst: 2 causes, "), "{}", out(&one));
    // another time, another order, another place
    let later = std::time::SystemTime::now() - std::time::Duration::from_secs(400_000);
    fs::File::options()
        .append(true)
        .open(dir.path().join("srv-db-prod/other.log"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    let two =
        doctor(dir.path(), &["bundle", "-o", "two.tar.zst", "srv-db-prod/taskmanager.log", "srv-db-prod/other.log"]);
    assert_eq!(two.status.code(), Some(0), "{}", out(&two));
    fs::rename(dir.path().join("srv-db-prod"), dir.path().join("elsewhere")).unwrap();
    let three = doctor(dir.path(), &["bundle", "-o", "three.tar.zst", "elsewhere"]);
    assert_eq!(three.status.code(), Some(0), "{}", out(&three));
    let bytes = |name: &str| fs::read(dir.path().join(name)).unwrap();
    assert_eq!(bytes("one.tar.zst"), bytes("two.tar.zst"));
    assert_eq!(bytes("one.tar.zst"), bytes("three.tar.zst"));
    let whole = doctor(dir.path(), &["bundle", "-o", "-", "elsewhere"]);
    assert_eq!(whole.stdout, bytes("one.tar.zst"));
}

#[test]
fn a_bundle_holds_what_it_says_and_no_names() {
    let dir = folder();
    doctor(dir.path(), &["bundle", "-o", "case.tar.zst", "srv-db-prod"]);
    let all = entries(&dir, "case.tar.zst");
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "BLAKE3SUMS",
            "README.txt",
            "excerpts/01-taskmanager.log",
            "excerpts/02-taskmanager.log",
            "manifest.json",
            "parameters.json",
            "report.html",
            "report.json",
            "report.md",
        ]
    );
    let manifest: serde_json::Value = serde_json::from_slice(&all["manifest.json"]).unwrap();
    assert_eq!(manifest["schema"], "cdc-doctor/bundle/v1");
    assert!(manifest["fingerprint"].as_str().unwrap().starts_with("v1:"));
    assert!(manifest["inputs"][0]["versions"].as_object().unwrap().contains_key("flink"), "{manifest:#}");
    for line in text(&all, "BLAKE3SUMS").lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(blake3::hash(&all[name]).to_hex().as_str(), sum, "{name}");
    }
    // the decisive line stands in its excerpt, under its number
    let report: serde_json::Value = serde_json::from_slice(&all["report.json"]).unwrap();
    let evidence =
        report["diagnoses"][0]["evidence"].as_array().unwrap().iter().find(|e| e["role"] == "decisive").unwrap();
    let excerpt = text(&all, &format!("excerpts/{}", evidence["path"].as_str().unwrap()));
    let wanted = evidence["text"].as_str().unwrap().lines().next().unwrap().trim();
    let number = evidence["line"].as_u64().unwrap();
    let mut line = 0;
    let found = excerpt.lines().any(|text| {
        if let Some(from) = text.strip_prefix("--- lines ") {
            line = from.split(' ').next().unwrap().parse::<u64>().unwrap();
            return false;
        }
        line += 1;
        line - 1 == number && text.trim() == wanted
    });
    assert!(found, "{number}: {wanted}\n{excerpt}");
    for (name, bytes) in &all {
        // a name of a field is no name of a user
        let text = String::from_utf8_lossy(bytes).replace("\"flink_cdc\":", "");
        for hidden in ["flink_cdc", "svc_flink", "inventory", "srv-db-prod", "payment_events"] {
            assert!(!text.contains(hidden), "{hidden} stands in {name}");
        }
    }
    // unless it is wanted so
    doctor(dir.path(), &["bundle", "-o", "home.tar.zst", "--no-redact-names", "srv-db-prod"]);
    assert!(text(&entries(&dir, "home.tar.zst"), "report.md").contains("flink_cdc"));
}

#[test]
fn the_original_logs_agree_whatever_they_are_called_now() {
    let dir = folder();
    put(&dir, "job.sql", b"CREATE TABLE o (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'postgres-cdc', 'hostname' = 'db', 'slot.name' = 'flink', 'username' = 'u', 'password' = 'hunter2hunter2', 'database-name' = 'd', 'schema-name' = 's', 'table-name' = 'o');\n");
    for extra in
        [&[][..], &["--top", "1"], &["--since", "2020-01-01 00:00"], &["--no-redact-names"], &["--job", "job.sql"]]
    {
        let mut arguments = vec!["bundle", "-o", "case.tar.zst", "srv-db-prod"];
        arguments.extend(extra);
        let made = doctor(dir.path(), &arguments);
        assert_eq!(made.status.code(), Some(0), "{}", out(&made));
        put(&dir, "now/b.txt", &log("postgres/wal-level-not-logical"));
        put(&dir, "now/a.txt", &log("postgres/table-permission-denied"));
        let mut arguments = vec!["replay", "case.tar.zst", "--log", "now/b.txt", "now/a.txt"];
        if extra.contains(&"--job") {
            arguments.extend(extra);
        }
        let output = doctor(dir.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{extra:?}: {}", out(&output));
        assert!(out(&output).starts_with("agrees: "), "{}", out(&output));
    }
}

#[test]
fn other_logs_differ_and_it_is_said_where() {
    let dir = folder();
    doctor(dir.path(), &["bundle", "-o", "case.tar.zst", "srv-db-prod"]);
    let output = doctor(dir.path(), &["replay", "case.tar.zst", "--log", "srv-db-prod/taskmanager.log"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(out(&output).contains("no log given has the content of 01-taskmanager.log"), "{}", out(&output));
    assert!(out(&output).contains("/diagnoses/"), "{}", out(&output));
    let mut changed = log("postgres/wal-level-not-logical");
    changed.extend_from_slice(b"2026-11-22 23:59:59,000 INFO  a.B [] - one more line\n");
    put(&dir, "srv-db-prod/taskmanager.log", &changed);
    let output = doctor(dir.path(), &["replay", "case.tar.zst", "--log", "srv-db-prod"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(out(&output).contains("logs that the bundle was not made of: 1"), "{}", out(&output));
}

#[test]
fn standard_input_and_packed_logs_are_bundled_too() {
    let dir = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"))
        .current_dir(dir.path())
        .args(["bundle", "-o", "pipe.tar.zst"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&log("postgres/wal-level-not-logical")).unwrap();
    assert!(child.wait().unwrap().success());
    let all = entries(&dir, "pipe.tar.zst");
    assert!(text(&all, "excerpts/01-taskmanager.log").contains("wal_level"), "{:?}", all.keys());
    let output = doctor(dir.path(), &["replay", "pipe.tar.zst", "--log", "srv-db-prod/taskmanager.log"]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
}

/// A tar with one entry, not packed.
fn tar(name: &str, bytes: &[u8], kind: tar::EntryType) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn hostile_and_damaged_bundles_are_refused() {
    let dir = folder();
    doctor(dir.path(), &["bundle", "-o", "case.tar.zst", "srv-db-prod"]);
    let good = fs::read(dir.path().join("case.tar.zst")).unwrap();
    let mut all = entries(&dir, "case.tar.zst");
    all.insert("report.json".into(), b"{}".to_vec());
    let forged = packed::pack(&all).unwrap();
    let mut missing = entries(&dir, "case.tar.zst");
    missing.remove("report.md");
    let mut newer = entries(&dir, "case.tar.zst");
    let manifest = text(&newer, "manifest.json").replace("bundle/v1", "bundle/v2");
    newer.insert("manifest.json".into(), manifest.into_bytes());
    let file = tar::EntryType::Regular;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("up.tar", tar("../../etc/passwd", b"x", file), "no plain file"),
        ("top.tar", tar("/etc/passwd", b"x", file), "no plain file"),
        ("odd.tar", tar("a\\b", b"x", file), "no plain file"),
        ("link.tar", tar("manifest.json", b"", tar::EntryType::Symlink), "no plain file"),
        ("dir.tar", tar("excerpts", b"", tar::EntryType::Directory), "no plain file"),
        ("none.tar", tar("report.json", b"{}", file), "no manifest.json"),
        ("cut.tar.zst", good[..good.len() / 2].to_vec(), "case"),
        ("junk.tar.zst", b"not an archive at all, just words of some length".to_vec(), "no such archive"),
        ("empty.tar.zst", Vec::new(), "no manifest.json"),
        ("forged.tar.zst", forged, "another report.json than its manifest says"),
        ("missing.tar.zst", packed::pack(&missing).unwrap(), "lacks report.md"),
        ("newer.tar.zst", packed::pack(&newer).unwrap(), "cdc-doctor/bundle/v2"),
        ("log.tar.zst", packed::pack(&[("manifest.json".into(), b"{}".to_vec())].into()).unwrap(), "something else"),
    ];
    for (name, bytes, says) in cases {
        put(&dir, name, &bytes);
        let output = doctor(dir.path(), &["replay", name, "--log", "srv-db-prod"]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", out(&output));
        assert!(
            out(&output).starts_with("error: ") && (says == "case" || out(&output).contains(says)),
            "{name}: {}",
            out(&output)
        );
    }
    let nowhere = doctor(dir.path(), &["replay", "nowhere.tar.zst", "--log", "srv-db-prod"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", out(&nowhere));
    // a bomb: a gigabyte of nothing
    let zeros = vec![0_u8; 300 << 20];
    let bomb = packed::pack(&[("manifest.json".to_owned(), zeros)].into()).unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    put(&dir, "bomb.tar.zst", &bomb);
    let output = doctor(dir.path(), &["replay", "bomb.tar.zst", "--log", "srv-db-prod"]);
    assert_eq!(output.status.code(), Some(2), "{}", out(&output));
}

#[test]
fn other_programs_can_read_a_bundle() {
    let dir = folder();
    doctor(dir.path(), &["bundle", "-o", "case.tar.zst", "srv-db-prod"]);
    let Ok(unpacked) = Command::new("zstd").args(["-dc", "case.tar.zst"]).current_dir(dir.path()).output() else {
        println!("skipped: zstd is not installed");
        return;
    };
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    put(&dir, "case.tar", &unpacked.stdout);
    let listed = Command::new("tar").args(["-tvf", "case.tar"]).current_dir(dir.path()).output().unwrap();
    assert!(listed.status.success());
    assert!(out(&listed).contains("excerpts/01-taskmanager.log"), "{}", out(&listed));
}

/// Several hundred secrets of every kind, in every place of a log.
#[test]
fn neither_a_bundle_nor_facts_hold_a_secret() {
    let mut random = hostile::Random::new(20_261_123);
    let mut planted = 0;
    let mut wrong = Vec::new();
    for name in [
        "postgres/wal-level-not-logical",
        "postgres/pg-hba-no-entry",
        "postgres/table-permission-denied",
        "postgres/slot-already-active",
    ] {
        let Some(sample) = common::names().iter().find(|n| n.starts_with(name)).map(|n| common::sample(n)) else {
            panic!("there is no sample {name}")
        };
        let dir = TempDir::new().unwrap();
        let mut secrets = Vec::new();
        for log in &sample.logs {
            let text = hostile::plant(&String::from_utf8_lossy(&log.bytes), &mut random, &mut secrets);
            put(&dir, &format!("log/{}", log.name), text.as_bytes());
        }
        planted += secrets.len();
        let made = doctor(dir.path(), &["bundle", "-o", "case.tar.zst", "log"]);
        assert_eq!(made.status.code(), Some(0), "{}", out(&made));
        doctor(dir.path(), &["bundle", "-o", "named.tar.zst", "--no-redact-names", "log"]);
        let mut outputs = entries(&dir, "case.tar.zst");
        outputs
            .extend(entries(&dir, "named.tar.zst").into_iter().map(|(name, bytes)| (format!("named/{name}"), bytes)));
        outputs.insert("facts".into(), doctor(dir.path(), &["--format", "facts", "log"]).stdout);
        assert!(outputs["facts"].len() > 1000 && outputs.keys().any(|k| k.starts_with("excerpts/")));
        for (kind, output) in &outputs {
            let output = String::from_utf8_lossy(output);
            for secret in &secrets {
                if let Some(piece) = secret.pieces().find(|piece| output.contains(piece.as_str())) {
                    wrong.push(format!("{name}: {kind} has {piece} of {secret:?}"));
                }
            }
        }
    }
    assert!(planted > 200, "{planted} secrets");
    let number = wrong.len();
    wrong.truncate(40);
    assert!(wrong.is_empty(), "{number} of {planted} x outputs:\n{}", wrong.join("\n"));
}
