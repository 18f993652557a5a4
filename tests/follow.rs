//! A log that is read while it is written, with stops at any byte, gives what a scan of it gives, whatever stands around its lines.

#![cfg(feature = "watch")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/dress.rs"]
mod dress;

use std::collections::BTreeMap;
use std::sync::Arc;

use cdc_doctor::engine::facts::{EventKind, SourceFacts};
use cdc_doctor::pipeline::{Bookmark, Followed, Pipeline};
use common::{Log, engine, sample, scan};
use dress::{Dressed, OTHER, by_event, by_line, compose, cri, docker, ecs, journal, pod, stamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const SAMPLES: [&str; 4] = [
    "network/connection-refused",
    "postgres/wal-level-not-logical",
    "postgres/password-wrong-ru",
    "postgres/slot-already-active-classic",
];

type Dress = Box<dyn Fn(&str) -> Dressed>;

fn dresses() -> Vec<(&'static str, Dress)> {
    let stderr = |n: usize, line: &str| format!("{} stderr F {line}\n", stamp(n));
    vec![
        ("plain", Box::new(by_line(|_, line| format!("{line}\n")))),
        ("docker", Box::new(by_line(docker))),
        ("cri", Box::new(by_line(cri))),
        ("cri and stderr", Box::new(by_line(move |n, line| stderr(n, "WARNING: of the JVM") + &cri(n, line)))),
        ("cri and one line of stderr", {
            Box::new(by_line(move |n, line| if n == 3 { stderr(n, OTHER) } else { String::new() } + &cri(n, line)))
        }),
        ("stamped", Box::new(by_line(|n, line| format!("{} {line}\n", stamp(n))))),
        ("pods", Box::new(by_line(|_, line| pod("job-6c9", line) + &pod("job-taskmanager-1-2", OTHER)))),
        ("compose", Box::new(by_line(|_, line| compose("jobmanager-1", line) + &compose("taskmanager-1", OTHER)))),
        ("syslog", Box::new(by_line(|_, line| format!("Nov 22 14:25:18 node1 flink[71]: {line}\n")))),
        ("journal", Box::new(by_line(|_, line| journal("flink", 71, line) + &journal("flink", 72, OTHER)))),
        ("ecs", Box::new(by_event(ecs))),
        ("ecs in docker", {
            Box::new(|text| {
                let (text, lines) = by_event(ecs)(text);
                (text.lines().enumerate().map(|(n, l)| docker(n, l)).collect(), lines)
            })
        }),
        ("docker behind plain lines", {
            Box::new(|text| {
                let (text, lines) = by_line(docker)(text);
                (format!("{OTHER}\n").repeat(20) + &text, lines)
            })
        }),
    ]
}

/// What must be the same. One that is read in pieces keeps more healthy lines, and tells repeats apart that a stop lies between.
fn essence(facts: &[SourceFacts]) -> Vec<Value> {
    let of = |f: &SourceFacts| {
        let mut failures: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for event in &f.events {
            let what = match &event.kind {
                EventKind::Matched(matched) => {
                    json!(matched.matches.iter().map(|m| (&m.rule, m.link, &m.captures)).collect::<Vec<_>>())
                }
                EventKind::Unknown(unknown) => json!(unknown.fingerprint),
                EventKind::Healthy(_) | EventKind::State(_) => continue,
            };
            failures.entry(what.to_string()).or_insert((event.at.line, 0)).1 += event.count;
        }
        let healthy = f.events.iter().rev().find(|e| matches!(e.kind, EventKind::Healthy(_)));
        json!([
            f.writer,
            f.records,
            f.headers,
            failures,
            healthy.map(|e| (e.seq, e.at)),
            f.context,
            f.jobs,
            f.versions,
            f.systems,
            f.checkpoint,
            f.first_time,
            f.last_time,
            f.redactions
        ])
    };
    facts.iter().filter(|f| f.records > 0).map(of).collect()
}

/// Stops as a watcher that is killed does: what is stored is stored as JSON, and reading goes on at its place.
fn stop(source: &mut Followed, pipeline: &Pipeline) -> (Followed, u64) {
    let count = source.touched().0;
    (0..count).for_each(|n| source.settle(n));
    let facts: Vec<_> = (0..count).map(|n| source.facts(n).unwrap().clone()).collect();
    let stored = serde_json::to_string(&(facts, source.bookmark())).unwrap();
    let (facts, mark): (Vec<SourceFacts>, Bookmark) = serde_json::from_str(&stored).unwrap();
    (pipeline.follow(facts, &mark), mark.at.byte)
}

fn follow(bytes: &[u8], sizes: &[usize], every: usize) -> Vec<SourceFacts> {
    let pipeline = Pipeline::with(Arc::clone(engine()));
    let mut source = pipeline.follow(Vec::new(), &Bookmark::start());
    let mut at = 0;
    for (n, size) in sizes.iter().cycle().enumerate() {
        if at == bytes.len() {
            break;
        }
        let to = (at + size).min(bytes.len());
        source.push(&bytes[at..to]);
        at = to;
        // looks change nothing
        let _ = (source.preview(0), source.preview_partial());
        if every > 0 && n % every == 0 {
            let (again, from) = stop(&mut source, &pipeline);
            source = again;
            source.push(&bytes[usize::try_from(from).unwrap()..at]);
        }
    }
    source.end().0
}

fn scanned(bytes: &[u8]) -> Vec<SourceFacts> {
    let log = Log { name: String::new(), series: None, bytes: bytes.to_vec() };
    scan(engine(), &[log], 1 << 16).facts().sources
}

#[test]
fn what_is_followed_is_what_is_scanned() {
    let mut wrong: Vec<String> = Vec::new();
    for name in SAMPLES {
        for log in sample(name).logs {
            let text = String::from_utf8_lossy(&log.bytes).into_owned();
            for (how, dress) in dresses() {
                let bytes = dress(&text).0.into_bytes();
                let expected = essence(&scanned(&bytes));
                for (sizes, every) in [(&[1 << 20][..], 0), (&[4000, 777], 0), (&[3000, 1, 911], 1), (&[50_000], 2)] {
                    let got = essence(&follow(&bytes, sizes, every));
                    if got != expected {
                        let got = serde_json::to_string(&got).unwrap();
                        wrong.push(format!("{name} as {how} in pieces of {sizes:?}, stopped every {every}: {got}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn wherever_it_stops(which in 0..13_usize, sizes in prop::collection::vec(1_usize..9000, 1..6), every in 0..4_usize) {
        let log = sample("postgres/slot-already-active-classic").logs.swap_remove(0);
        let bytes = dresses()[which].1(&String::from_utf8_lossy(&log.bytes)).0.into_bytes();
        prop_assert_eq!(essence(&follow(&bytes, &sizes, every)), essence(&scanned(&bytes)));
    }
}

/// One writer that falls silent in the middle of a record does not make reading go back for ever.
#[test]
fn a_silent_writer_does_not_hold_the_place() {
    let pipeline = Pipeline::with(Arc::clone(engine()));
    let mut source = pipeline.follow(Vec::new(), &Bookmark::start());
    source.push(format!("{} stderr F {OTHER}\n{} stderr P half of a line\n", stamp(1), stamp(1)).as_bytes());
    let lines: String = (0..30_000).map(|n| cri(n, OTHER)).collect();
    lines.as_bytes().chunks(64 << 10).for_each(|c| source.push(c));
    let all = source.bookmark();
    assert!(all.at.byte > lines.len() as u64 - 1000, "{} of {}", all.at.byte, lines.len());
    let expected = source.end().0;
    assert_eq!(expected.iter().map(|f| f.records).collect::<Vec<_>>(), [1, 30_000]);
}

/// A line without its end counts when it is asked for, and what is stored has no byte of it.
#[test]
fn half_a_line_is_not_stored() {
    let pipeline = Pipeline::with(Arc::clone(engine()));
    for line in ["{\"log\":\"geheim und mehr", "2026-11-22T14:25:18.355123456Z stdout P geheim und mehr\n"] {
        let mut source = pipeline.follow(Vec::new(), &Bookmark::start());
        source.push(docker(1, OTHER).as_bytes());
        source.push(line.as_bytes());
        assert!(source.has_partial());
        assert!(!serde_json::to_string(&source.bookmark()).unwrap().contains("geheim"));
        let half = source.preview_partial();
        assert_eq!(half.len(), 1);
    }
}
