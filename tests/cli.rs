//! What the program says on a command line: transcripts in `tests/cli/`, and behaviour that needs more than a transcript.
//!
//! `TRYCMD=overwrite cargo test --test cli` writes the transcripts anew.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cdc_doctor::report::{Report, json};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const CAUSE: &str = "postgres/wal-level-not-logical";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(name)
}

fn log() -> Vec<u8> {
    fs::read(data("log/taskmanager.log")).unwrap()
}

/// The program, without what the caller's environment says of colours, widths and languages.
fn doctor() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS", "LC_ALL", "LC_CTYPE", "LANG"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn scan(arguments: &[&str], path: &Path) -> Output {
    doctor().args(arguments).arg(path).output().unwrap()
}

fn pipe(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        doctor().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn report(output: &Output) -> Report {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{}\n{}", out(output), err(output)))
}

fn causes(output: &Output) -> Vec<String> {
    report(output).diagnoses.into_iter().map(|d| d.cause).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn put(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cli/*.toml");
}

#[test]
fn version_is_that_of_the_package() {
    let output = doctor().arg("--version").output().unwrap();
    assert!(out(&output).starts_with(&format!("cdc-doctor {}", env!("CARGO_PKG_VERSION"))), "{}", out(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn pipe_file_dash_and_gzip_agree() {
    let dir = TempDir::new().unwrap();
    let packed = put(&dir, "taskmanager.log.gz", &gzip(&log()));
    let outputs = [
        scan(&["--format", "json"], &data("log/taskmanager.log")),
        pipe(&["--format", "json"], &log()),
        pipe(&["--format", "json", "-"], &log()),
        pipe(&["scan", "--format", "json", "-"], &gzip(&log())),
        scan(&["--format", "json"], &packed),
    ];
    for output in outputs {
        assert_eq!(causes(&output), [CAUSE]);
        let found = report(&output).diagnoses.remove(0);
        assert_eq!(found.params["user"].value, "flink_cdc");
        assert_eq!(found.evidence.iter().find(|e| e.role == "decisive").unwrap().line, 33);
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn directory_is_read_without_what_is_no_log() {
    let dir = TempDir::new().unwrap();
    put(&dir, "flink-taskmanager-0.log", &log());
    put(&dir, "flink-taskmanager-0.out", b"");
    put(&dir, "flink-sql-connector-postgres-cdc-3.0.7.jar", b"PK\x03\x04\x14\x00\x08\x08\x08\x00\x00\x00");
    put(
        &dir,
        "gc.log",
        b"[0.012s][info][gc] Using G1\n[1.512s][info][gc] GC(0) Pause Young (Normal) 24M->5M(256M) 3.2ms\n",
    );
    let output = scan(&["--format", "json"], dir.path());
    assert_eq!(causes(&output), [CAUSE]);
    let inputs = report(&output).inputs;
    let status = |ending: &str| inputs.iter().find(|i| i.path.ends_with(ending)).map(|i| i.status.as_str());
    assert_eq!(status("-0.log"), Some("read"));
    for ending in ["-0.out", ".jar", "gc.log"] {
        assert_eq!(status(ending), Some("skipped"), "{ending}: {inputs:#?}");
    }
    assert!(out(&scan(&[], dir.path())).contains("3 files skipped"), "{}", out(&scan(&[], dir.path())));
}

#[test]
fn directory_without_logs_is_trouble() {
    let dir = TempDir::new().unwrap();
    let output = scan(&[], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).starts_with("error: "), "{}", err(&output));
    assert!(err(&output).contains(&dir.path().display().to_string()), "{}", err(&output));
}

#[test]
fn missing_file_beside_a_good_one_leaves_the_diagnosis() {
    let output =
        doctor().arg("--format=json").arg(data("log/taskmanager.log")).arg(data("nothing.log")).output().unwrap();
    assert_eq!(causes(&output), [CAUSE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("nothing.log: no such file"), "{}", err(&output));
}

#[test]
fn binary_file_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let noise: Vec<u8> = (0..40_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    let output = scan(&[], &put(&dir, "core.1234", &noise));
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("core.1234: looks binary"), "{}", err(&output));
}

#[test]
fn truncated_gzip_is_diagnosed_as_far_as_it_goes() {
    let dir = TempDir::new().unwrap();
    // what follows the failure does not compress, so that the cut is behind it
    let mut text = log();
    text.extend((0..20_000_u32).flat_map(|i| format!("{:x}\n", i.wrapping_mul(2_654_435_761)).into_bytes()));
    let packed = gzip(&text);
    let path = put(&dir, "taskmanager.log.3.gz", &packed[..packed.len() / 2]);
    let output = scan(&["--format", "json"], &path);
    assert_eq!(causes(&output), [CAUSE]);
    assert!(err(&output).contains("taskmanager.log.3.gz"), "{}", err(&output));
    assert!(err(&output).contains("ends early"), "{}", err(&output));
    assert_eq!(report(&output).inputs[0].status, "truncated");
}

#[test]
fn json_is_the_report_and_nothing_else() {
    let output = scan(&["--format", "json"], &data("log/taskmanager.log"));
    let report = report(&output);
    let mut again = Vec::new();
    json::render(&report, &mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), out(&output));
    let parsed: Report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(parsed, report);
    assert_eq!(err(&output), "");
}

#[test]
fn exit_status_with_fail_on() {
    let code = |arguments: &[&str], path: &str| scan(arguments, &data(path)).status.code();
    for level in ["certain", "likely", "possible"] {
        assert_eq!(code(&["--fail-on", level], "log/taskmanager.log"), Some(1), "{level}");
    }
    assert_eq!(code(&[], "log/taskmanager.log"), Some(0));
    assert_eq!(code(&["--fail-on", "possible"], "acme.log"), Some(0), "an exception no rule knows is no cause");
    assert_eq!(code(&["--fail-on", "possible"], "nothing.log"), Some(2), "trouble wins");
}

#[test]
fn only_keeps_the_causes_that_fit() {
    let only = |what: &str| {
        let files = [data("log/taskmanager.log"), data("slots.log")];
        causes(&doctor().args(["--format=json", &format!("--only={what}")]).args(files).output().unwrap())
    };
    assert_eq!(only("postgres/slots-exhausted"), ["postgres/slots-exhausted"]);
    assert_eq!(only("wal_level"), [CAUSE]);
    assert_eq!(only("postgres/*").len(), 2);
    assert_eq!(only("mysql/*").len(), 0);
}

#[test]
fn top_shows_the_first() {
    let files = [data("log/taskmanager.log"), data("slots.log")];
    let output = doctor().args(["--top", "1", "--brief"]).args(&files).output().unwrap();
    assert_eq!(out(&output).lines().count(), 1, "{}", out(&output));
}

#[test]
fn param_wins_over_the_log() {
    let output =
        scan(&["--format=json", "--param", "user=o'brien", "--param=slot=other"], &data("log/taskmanager.log"));
    let found = report(&output).diagnoses.remove(0);
    assert_eq!(found.params["user"].value, "o'brien");
    assert_eq!(found.params["slot"].value, "other");
    assert_eq!((found.params["slot"].from.as_str(), found.params["slot"].line), ("--param", 0));
}

#[test]
fn no_line_is_wider_than_asked() {
    for width in ["60", "80"] {
        let output = scan(&["--width", width], &data("log/taskmanager.log"));
        let wide = |line: &&str| unicode_width::UnicodeWidthStr::width(*line) > width.parse().unwrap();
        let text = out(&output);
        let wide: Vec<&str> =
            text.lines().filter(wide).filter(|l| !l.contains("SELECT") && !l.contains("ALTER")).collect();
        assert!(wide.is_empty(), "{width}: {wide:#?}");
    }
}

#[test]
fn colour_only_where_asked() {
    let path = data("log/taskmanager.log");
    let mut command = doctor();
    command.arg("--color=always").arg(&path).env("NO_COLOR", "1");
    assert!(out(&command.output().unwrap()).contains("\u{1b}[1m"), "an option beats NO_COLOR");
    assert!(!out(&scan(&[], &path)).contains('\u{1b}'));
    assert!(!out(&scan(&["--color", "never"], &path)).contains('\u{1b}'));
    assert!(out(&scan(&["--ascii", "--color=never"], &path)).is_ascii());
}

#[test]
fn shipped_rules_pass_their_own_examples() {
    let output = doctor().args(["rules", "test"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert!(out(&output).ends_with(" 0 failed\n"), "{}", out(&output));
}

#[test]
fn failing_example_is_told_with_status_one() {
    let dir = TempDir::new().unwrap();
    let rule = fs::read_to_string(data("rules-good/acme/row-not-handled.yaml")).unwrap();
    put(&dir, "acme/row-not-handled.yaml", rule.replace("handle column of", "handle row of").as_bytes());
    let output = doctor().args(["rules", "test"]).arg(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("FAIL acme/row-not-handled example 2: "), "{}", out(&output));
    let output = doctor().args(["rules", "check"]).arg(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("error[RB015]: "), "{}", err(&output));
}

#[test]
fn list_of_all_rules_is_complete() {
    let output = doctor().args(["rules", "list"]).output().unwrap();
    let rules = cdc_doctor::builtin::rules().unwrap();
    assert_eq!(out(&output).lines().count(), rules.rules().len());
    assert!(err(&output).contains(&rules.version), "{}", err(&output));
}

#[test]
fn closed_pipe_is_no_trouble() {
    let commands: [&[&str]; 3] =
        [&["rules", "list"], &["--help"], &["--verbose", "--format=json", "tests/cli/log/taskmanager.log"]];
    for arguments in commands {
        let mut child = doctor()
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0_u8; 1];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let complaints = err(&output).to_lowercase();
        assert!(!complaints.contains("pipe") && !complaints.contains("panic"), "{complaints}");
    }
}

#[test]
fn a_new_rule_is_written_once_and_matches_its_log() {
    let dir = TempDir::new().unwrap();
    let new = || {
        let mut command = doctor();
        command.args(["rules", "new", "--from"]).arg(data("unknown.log"));
        command.args(["--id", "acme/record-not-ground", "--dir"]).arg(dir.path());
        command.output().unwrap()
    };
    let first = new();
    assert!(first.status.success(), "{}", err(&first));
    let file = dir.path().join("acme/record-not-ground.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("(?<slot>") && text.contains("(?<lsn>") && text.contains("not: true"), "{text}");
    // only what says TODO is left to be written
    let check = doctor().args(["rules", "check"]).arg(dir.path()).output().unwrap();
    assert!(check.status.success(), "{}", err(&check));
    assert!(out(&check).contains("1 rule file, 1 warning, no errors."), "{}", out(&check));
    let scan = doctor().arg("--brief").arg("--rules").arg(dir.path()).arg(data("unknown.log")).output().unwrap();
    assert!(out(&scan).contains("acme/record-not-ground"), "{}", out(&scan));
    // never over a file that is there
    fs::write(&file, "mine").unwrap();
    let second = new();
    assert_eq!(second.status.code(), Some(2));
    assert!(err(&second).contains("is there already"), "{}", err(&second));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn the_error_index_is_written_and_its_staleness_is_seen() {
    let dir = TempDir::new().unwrap();
    let docs = |check: bool| {
        let mut command = doctor();
        command.args(["rules", "docs", "--out"]).arg(dir.path());
        if check {
            command.arg("--check");
        }
        command.output().unwrap()
    };
    assert_eq!(docs(true).status.code(), Some(1), "nothing is there yet");
    assert!(docs(false).status.success());
    assert!(docs(true).status.success());
    let page = dir.path().join("postgres/wal-level-not-logical.md");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("logical decoding requires wal_level >= logical"), "{text}");
    let index = fs::read_to_string(dir.path().join("README.md")).unwrap();
    assert!(index.contains("(postgres/wal-level-not-logical.md)"));
    // a page of a rule that is gone is removed, what somebody else wrote is not
    fs::copy(&page, dir.path().join("postgres/gone.md")).unwrap();
    fs::write(dir.path().join("postgres/mine.md"), "mine").unwrap();
    fs::write(&page, text + "more").unwrap();
    let stale = docs(true);
    assert_eq!(stale.status.code(), Some(1));
    assert!(out(&stale).contains("wal-level-not-logical.md: not what the rules say"), "{}", out(&stale));
    assert!(out(&stale).contains("gone.md: no rule"), "{}", out(&stale));
    assert!(docs(false).status.success());
    assert!(!dir.path().join("postgres/gone.md").exists());
    assert!(dir.path().join("postgres/mine.md").exists());
    assert!(docs(true).status.success());
}

#[test]
fn every_failure_of_rules_and_samples_is_reported() {
    let dir = TempDir::new().unwrap();
    let sample = dir.path().join("acme/one");
    fs::create_dir_all(&sample).unwrap();
    fs::write(sample.join("label.json"), "{\"cause\": \"none\"}").unwrap();
    fs::write(sample.join("expected.json"), "{}\n").unwrap();
    fs::copy(data("log/taskmanager.log"), sample.join("taskmanager.log")).unwrap();
    let test = doctor().args(["rules", "test", "--samples"]).arg(dir.path()).output().unwrap();
    assert_eq!(test.status.code(), Some(1));
    assert!(out(&test).contains("FAIL sample acme/one: differs from its expected.json"), "{}", out(&test));
    assert!(out(&test).contains("+      \"cause\": \"postgres/wal-level-not-logical\""), "{}", out(&test));
    // and a log called healthy must match nothing: every rule that matches it is too wide
    let mut check = doctor();
    check.args(["rules", "check"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"));
    let check = check.arg("--samples").arg(dir.path()).output().unwrap();
    assert_eq!(check.status.code(), Some(2));
    assert!(
        err(&check).contains("error[RB019]: postgres/wal-level-not-logical matches the healthy sample"),
        "{}",
        err(&check)
    );
}

#[test]
fn names_go_and_come_back() {
    let dir = TempDir::new().unwrap();
    let (map, shared) = (dir.path().join("names.json"), dir.path().join("shared.log"));
    let arguments = ["redact", "--map", map.to_str().unwrap()];
    let redacted = scan(&arguments, &data("log/taskmanager.log"));
    assert_eq!(redacted.status.code(), Some(0), "{}", err(&redacted));
    assert!(!out(&redacted).contains("flink_cdc") && out(&redacted).contains("user-1"));
    assert_eq!(out(&pipe(&arguments, &log())), out(&redacted), "a pipe is redacted like a file, with the same map");
    fs::write(&shared, &redacted.stdout).unwrap();
    let found = report(&scan(&["--format", "json"], &shared));
    assert_eq!(found.diagnoses[0].cause, CAUSE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&map).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let back = scan(&["reveal", "--map", map.to_str().unwrap()], &shared);
    assert_eq!(out(&back), String::from_utf8_lossy(&log()));
    // the report and the log share their tokens
    let ticket = scan(&["report", "--for", "github", "--map", map.to_str().unwrap()], &data("log/taskmanager.log"));
    assert!(out(&ticket).contains("user-1") && !out(&ticket).contains("flink_cdc"), "{}", out(&ticket));
}

#[test]
fn several_formats_at_once() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let outputs = ["html=report.html", "sarif=report.sarif", "json=report.json"].map(|o| {
        let (format, name) = o.split_once('=').unwrap();
        format!("{format}={}", path(name).display())
    });
    let arguments: Vec<&str> = outputs.iter().flat_map(|o| ["--output", o.as_str()]).collect();
    let output = scan(&arguments, &data("log/taskmanager.log"));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains(CAUSE));
    let read = |name: &str| fs::read_to_string(path(name)).unwrap();
    assert!(read("report.html").starts_with("<!doctype html>") && !read("report.html").contains("flink_cdc"));
    assert!(read("report.sarif").contains(CAUSE) && read("report.json").contains("flink_cdc"));
    let nowhere = format!("html={}", path("no/such/folder.html").display());
    let output = scan(&["--output", &nowhere], &data("log/taskmanager.log"));
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("no such file or directory"), "{}", err(&output));
}
