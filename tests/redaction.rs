//! What is shared holds no names and no secrets, and still says the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;
use std::sync::OnceLock;

use cdc_doctor::author::sample::{Summary, difference};
use cdc_doctor::redact::{Dictionary, LogRedactor, Names, Redactor, reveal};
use cdc_doctor::report::Report;
use common::{Log, Sample, samples};

/// All logs of a sample, redacted with one set of names.
fn redacted(redactor: &mut Redactor, logs: &[Log]) -> Vec<Log> {
    for log in logs {
        let mut first = LogRedactor::learning(redactor);
        first.push(&log.bytes, &mut Vec::new()).unwrap();
        first.end(&mut Vec::new()).unwrap();
    }
    let mut all = Vec::new();
    for log in logs {
        let mut bytes = Vec::new();
        let mut second = LogRedactor::new(redactor);
        for piece in log.bytes.chunks(1000) {
            second.push(piece, &mut bytes).unwrap();
        }
        second.end(&mut bytes).unwrap();
        all.push(Log { bytes, ..log.clone() });
    }
    all
}

fn redactor() -> Redactor {
    static FRESH: OnceLock<Redactor> = OnceLock::new();
    FRESH.get_or_init(|| Redactor::new(&common::engine().rules)).clone()
}

/// What must be the same: the causes, how sure and how often; names have become others.
fn shape(report: &Report) -> String {
    nameless(Summary::of(report))
}

fn nameless(mut summary: Summary) -> String {
    for d in &mut summary.diagnoses {
        d.params.clear();
    }
    summary.json().unwrap()
}

#[test]
fn a_redacted_log_has_the_same_diagnosis() {
    let mut wrong = String::new();
    for Sample { name, logs, dir, .. } in samples() {
        // what the test of samples holds the report of the log as it is to
        let expected: Summary =
            serde_json::from_str(&std::fs::read_to_string(dir.join("expected.json")).unwrap()).unwrap();
        let before = nameless(expected);
        let mut redactor = redactor();
        let after = shape(&common::report(&redacted(&mut redactor, logs)));
        if before != after {
            writeln!(wrong, "--- {name}\n{}", difference(&before, &after)).unwrap();
            for (value, token) in redactor.names().iter() {
                writeln!(wrong, "    {token} = {value}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Names that the label of a sample gives must not be left, and the way back must lead there.
#[test]
fn a_redacted_report_holds_no_names() {
    let mut wrong = String::new();
    let dictionary = Dictionary::of(&common::engine().rules);
    for sample in samples() {
        let report = common::report(&sample.logs);
        let mut redactor = redactor();
        let redacted = redactor.report(&report).unwrap();
        assert_eq!(shape(&report), shape(&redacted), "{}", sample.name);
        // a name of a field is no name of a user
        let text = serde_json::to_string(&redacted).unwrap().replace("\"flink_cdc\":", "");
        for (value, token) in redactor.names().iter().filter(|(value, token)| value != token) {
            // a common word may stand in a text as a word
            let common = dictionary.is_common(value);
            let quoted = [format!("'{value}'"), format!("\\\"{value}\\\"")];
            if quoted.iter().any(|q| text.contains(q.as_str())) || !common && word(&text, value) {
                writeln!(wrong, "{}: {value} ({token})", sample.name).unwrap();
            }
        }
        let map = Names::parse(&redactor.names().json().unwrap()).unwrap();
        for d in &redacted.diagnoses {
            for c in &d.checks {
                for slot in &c.text_params {
                    assert!(c.text.get(slot.start..slot.end).is_some(), "{}", sample.name);
                }
            }
        }
        let first = |r: &Report| r.diagnoses.first().map(|d| d.headline.clone()).unwrap_or_default();
        assert_eq!(reveal(&first(&redacted), &map), first(&report), "{}", sample.name);
        let again = self::redactor().report(&redacted).unwrap();
        assert!(
            json(&redacted) == json(&again),
            "{}: redacting twice is redacting once\n{}",
            sample.name,
            difference(&json(&redacted), &json(&again))
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn json(report: &Report) -> String {
    let mut report = report.clone();
    report.redactions.clear();
    serde_json::to_string_pretty(&report).unwrap()
}

fn word(text: &str, name: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    text.match_indices(name)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next()))
}

#[test]
fn a_log_is_redacted_alike_in_any_pieces() {
    for sample in samples().iter().step_by(9) {
        let log = &sample.logs[0];
        let mut outputs = Vec::new();
        for size in [7, 4096, usize::MAX] {
            let mut redactor = redactor();
            let mut out = Vec::new();
            let mut stream = LogRedactor::new(&mut redactor);
            for piece in log.bytes.chunks(size.min(log.bytes.len())) {
                stream.push(piece, &mut out).unwrap();
            }
            stream.end(&mut out).unwrap();
            outputs.push(String::from_utf8(out).unwrap());
        }
        assert!(outputs[0] == outputs[1] && outputs[1] == outputs[2], "{}", sample.name);
        assert_eq!(outputs[0].lines().count(), String::from_utf8_lossy(&log.bytes).lines().count(), "{}", sample.name);
    }
}
