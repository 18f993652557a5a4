//! Neither the prefilter nor the size of the chunks shows in the facts. The oracle is the same engine with the prefilter off:
//! every record parsed, every entry tried on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use cdc_doctor::engine::Engine;
use cdc_doctor::engine::facts::SourceFacts;
use cdc_doctor::engine::scan::ScanState;
use cdc_doctor::input::CHUNK;
use common::{Log, engine, facts, oracle, sample, samples};
use proptest::prelude::*;
use serde_json::Value;

fn json(engine: &Arc<Engine>, logs: &[Log], chunk: usize) -> Value {
    serde_json::to_value(facts(engine, logs, chunk)).unwrap()
}

/// Where two values differ, for people.
fn differences(path: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    match (a, b) {
        _ if a == b || out.len() > 20 => {}
        (Value::Object(x), Value::Object(y)) => {
            for key in x.keys().chain(y.keys()).collect::<BTreeSet<_>>() {
                let missing = Value::Null;
                differences(
                    &format!("{path}.{key}"),
                    x.get(key).unwrap_or(&missing),
                    y.get(key).unwrap_or(&missing),
                    out,
                );
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (n, (x, y)) in x.iter().zip(y).enumerate() {
                differences(&format!("{path}[{n}]"), x, y, out);
            }
        }
        (Value::Array(x), Value::Array(y)) => {
            out.push(format!("{path}: {} and {} elements", x.len(), y.len()));
            let only = |a: &[Value], b: &[Value]| a.iter().find(|v| !b.contains(v)).map(ToString::to_string);
            out.push(format!("  only left {:?}\n  only right {:?}", only(x, y), only(y, x)));
        }
        _ => out.push(format!("{path}: {a} and {b}")),
    }
}

fn same(what: &str, a: &Value, b: &Value) -> Result<(), String> {
    let mut out = Vec::new();
    differences("", a, b, &mut out);
    if out.is_empty() { Ok(()) } else { Err(format!("{what}:\n{}", out.join("\n"))) }
}

/// Runs `f` on all samples, on two threads.
fn each(f: impl Fn(&common::Sample) -> Result<(), String> + Sync) {
    let all = samples();
    let (left, right) = all.split_at(all.len() / 2);
    let half = |part: &[common::Sample]| part.iter().filter_map(|s| f(s).err()).collect::<Vec<_>>();
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(left));
        let mut wrong = half(right);
        wrong.extend(other.join().unwrap());
        wrong
    });
    assert!(wrong.is_empty(), "{} samples differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_sample_gives_the_same_facts_without_the_prefilter() {
    each(|s| same(&s.name, &json(engine(), &s.logs, CHUNK), &json(oracle(), &s.logs, CHUNK)));
}

#[test]
fn every_sample_gives_the_same_facts_in_small_chunks() {
    each(|s| same(&s.name, &json(engine(), &s.logs, CHUNK), &json(engine(), &s.logs, 4096)));
}

#[test]
fn tiny_chunks_give_the_same_facts() {
    const SMALL: [&str; 5] = [
        "healthy/classic",
        "network/connection-refused",
        "postgres/password-wrong",
        "postgres/pg-hba-no-entry-zh",
        "postgres/wal-level-not-logical-classic",
    ];
    for name in SMALL {
        let logs = sample(name).logs;
        let whole = json(engine(), &logs, CHUNK);
        for chunk in [1, 7, 64] {
            same(&format!("{name} in chunks of {chunk}"), &whole, &json(engine(), &logs, chunk)).unwrap();
        }
    }
    let logs = sample("postgres/database-missing").logs;
    for chunk in [1, 7, 64] {
        same("the oracle", &json(engine(), &logs, CHUNK), &json(oracle(), &logs, chunk)).unwrap();
    }
}

/// Real lines of every kind, and such as no sample has.
fn pool() -> &'static Vec<Vec<u8>> {
    static POOL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    POOL.get_or_init(|| {
        const FROM: [&str; 8] = [
            "healthy/incremental",
            "healthy/taskmanager-killed",
            "network/connection-lost-recovered",
            "postgres/password-wrong",
            "postgres/pg-hba-no-entry-zh",
            "postgres/slot-invalidated-running",
            "postgres/slot-missing-incremental",
            "postgres/table-permission-denied-running",
        ];
        let mut lines: BTreeSet<Vec<u8>> = BTreeSet::new();
        for name in FROM {
            for log in &sample(name).logs {
                lines.extend(log.bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec));
            }
        }
        // frames are many and alike: a few are enough
        let frame = |l: &[u8]| l.starts_with(b"\tat ");
        let (frames, mut lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(|l| frame(l));
        lines.extend(frames.into_iter().step_by(40));
        lines.extend(ODD.iter().map(|l| l.as_bytes().to_vec()));
        let long = |n: usize, text: &str| [text.as_bytes(), &b"x".repeat(n), b"\n"].concat();
        lines.push(long(70_000, "2026-11-22 14:11:39,264 INFO  a.b.C [] - "));
        lines.push(long(70_000, "2026-11-22 14:11:39,264 WARN  a.b.C [] - FATAL: password authentication failed "));
        lines.push(b"2026-11-22 14:11:39,264 INFO  a.b.C [] - \xff\xfe broken\n".to_vec());
        lines
    })
}

const ODD: &[&str] = &[
    "\n",
    "\r\n",
    "   \n",
    "\u{1b}[31m2026-11-22 14:11:39,264 ERROR a.b.C [] - FA\u{1b}[0mTAL: it broke\u{1b}[m\n",
    "2026-11-22 14:11:39,264 INFO  a.b.C [] - Exce\u{1b}[0mption: broken by colour\n",
    "2026-11-22 14:11:39,264 INFO  a.b.C [] - a NUL \0 in it\n",
    "\0\n",
    "{\"@timestamp\":\"2026-11-22T14:11:39.264Z\",\"log.level\":\"ERROR\",\"message\":\"FATAL: password authentication failed for user \\\"x\\\"\"}\n",
    "{\"timestamp\":\"2026-11-22T14:11:39.264Z\",\"level\":\"INFO\",\"message\":\"fine\"}\n",
    "> 2026-11-22 14:11:39,264 ERROR a.b.C [] - quoted\n",
    "> java.io.IOException: quoted\n",
    "org.postgresql.util.PSQLException: ERROR: replication slot \"flink\" is active for PID 4711\n",
    "Caused by: org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host \"10.0.0.1\", user \"x\", database \"y\", no encryption\n",
    "Suppressed: java.lang.IllegalStateException: other\n",
    "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space\n",
    "\t... 12 more\n",
    "2026-11-22 14:11:39.264 [main] INFO  a.b.C  - in the layout of logback\n",
    "2026-11-22 14:44:31.530 UTC [9] etl@shop FATAL:  password authentication failed for user \"etl\"\n",
    "2026-11-22 14:44:31.530 UTC [9] etl@shop DETAIL:  Role \"etl\" does not exist.\n",
    "2026-11-22 14:11:39,264 INFO  a.b.C [] - WAL resume position 'null' discovered\n",
    "2026-11-22 14:11:39,264 INFO  a.b.C [] - java.lang.RuntimeException: an Exception in passing\n",
    "2026-11-22 14:11:39,264 INFO  a.b.C [] - without an end",
];

/// Both engines behind a stretch of a healthy log: the first records of a source are looked at anyhow.
fn begun() -> &'static [ScanState; 2] {
    static STATES: OnceLock<[ScanState; 2]> = OnceLock::new();
    STATES.get_or_init(|| {
        let line = "2026-11-22 14:11:38,001 INFO  org.apache.flink.runtime.taskexecutor.TaskExecutor [] - nothing\n";
        [engine(), oracle()].map(|engine| {
            let mut state = ScanState::new("taskmanager.log", None);
            engine.push(&mut state, line.repeat(300).as_bytes());
            state
        })
    })
}

fn end(engine: &Arc<Engine>, begun: &ScanState, text: &[u8], chunk: usize) -> SourceFacts {
    let mut state = begun.clone();
    text.chunks(chunk).for_each(|c| engine.push(&mut state, c));
    engine.end(&mut state);
    state.facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn recombined_lines_give_the_same_facts(
        lines in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        chunk in prop_oneof![1usize..64, 64usize..4096, Just(CHUNK)],
    ) {
        let text: Vec<u8> = lines.iter().flat_map(|l| pool()[l.index(pool().len())].clone()).collect();
        let [filtered, unfiltered] = begun();
        let got = serde_json::to_value(end(engine(), filtered, &text, chunk)).unwrap();
        let wanted = serde_json::to_value(end(oracle(), unfiltered, &text, CHUNK)).unwrap();
        if let Err(what) = same("facts", &got, &wanted) {
            prop_assert!(false, "{what}\n{}", String::from_utf8_lossy(&text).chars().take(4000).collect::<String>());
        }
    }
}
