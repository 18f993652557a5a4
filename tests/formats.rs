//! One log in every dress gives one diagnosis, alone and with another writer's lines between its own, and with the line numbers of
//! the file that was given.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/dress.rs"]
mod dress;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cdc_doctor::author::sample::Summary;
use cdc_doctor::pipeline::Facts;
use cdc_doctor::record::Place;
use cdc_doctor::report::Report;
use cdc_doctor::unwrap::{Sink, Unwrapper};
use common::{Log, engine, facts, report, sample};
use dress::{Dressed, Event, OTHER, by_event, by_line, compose, cri, docker, ecs, events, journal, pod, stamp};
use proptest::prelude::*;
use serde_json::json;

/// Both engines, a translated server, storms and single failures, one and several logs.
const SAMPLES: [&str; 6] = [
    "network/connection-refused",
    "postgres/wal-level-not-logical",
    "postgres/password-wrong-classic-v242",
    "postgres/password-wrong-ru",
    "postgres/slot-already-active-classic",
    "postgres/slots-exhausted",
];

struct Case {
    name: &'static str,
    logs: Vec<Log>,
    report: Report,
}

fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let case = |name: &&'static str| {
            let logs = sample(name).logs;
            Case { name, report: report(&logs), logs }
        };
        SAMPLES.iter().map(case).collect()
    })
}

/// Places of the evidence: name of the file and line.
fn lines(report: &Report) -> Vec<(String, u64)> {
    report.diagnoses.iter().flat_map(|d| &d.evidence).map(|e| (e.path.clone(), e.line)).collect()
}

fn each(dress: impl Fn(&str) -> Dressed) {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut moved: BTreeMap<String, BTreeMap<u64, u64>> = BTreeMap::new();
        let logs: Vec<Log> = case
            .logs
            .iter()
            .map(|log| {
                let (text, lines) = dress(&String::from_utf8_lossy(&log.bytes));
                moved.insert(log.name.clone(), lines);
                Log { bytes: text.into_bytes(), ..log.clone() }
            })
            .collect();
        let after = report(&logs);
        let (was, is) = (Summary::of(&case.report), Summary::of(&after));
        if was != is {
            wrong.push(format!("{}\n  before {was:?}\n  after  {is:?}", case.name));
            continue;
        }
        let mut expected: Vec<_> = lines(&case.report).into_iter().map(|(p, l)| (p.clone(), moved[&p][&l])).collect();
        // two places in one line are one
        expected.dedup();
        if expected != lines(&after) {
            wrong.push(format!("{}\n  lines {expected:?}\n  not   {:?}", case.name, lines(&after)));
        }
        let read: u64 = after.inputs.iter().map(|i| i.bytes).sum();
        let given: u64 = logs.iter().map(|l| l.bytes.len() as u64).sum();
        if read != given {
            wrong.push(format!("{}: {given} bytes given, {read} read", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), SAMPLES.len(), wrong.join("\n"));
}

#[test]
fn docker_json_file() {
    each(by_line(docker));
}

#[test]
fn docker_json_file_of_two_streams() {
    each(by_line(|n, line| {
        let other = json!({"log": "WARNING: something of the JVM\n", "stream": "stderr", "time": stamp(n)});
        docker(n, line) + &other.to_string() + "\n"
    }));
}

#[test]
fn fluent_bit_with_two_pods() {
    each(by_line(|n, line| {
        let of = |pod: &str, line: &str| {
            let kubernetes = json!({"pod_name": pod, "container_name": "flink-main-container"});
            json!({"log": line, "stream": "stdout", "time": stamp(n), "kubernetes": kubernetes}).to_string() + "\n"
        };
        of("job-taskmanager-1-1", line) + &of("job-taskmanager-1-2", OTHER)
    }));
}

#[test]
fn cri_with_partial_lines() {
    each(by_line(cri));
}

#[test]
fn cri_with_standard_error_between() {
    each(by_line(|n, line| cri(n, line) + &format!("{} stderr F at the JVM\n", stamp(n))));
}

#[test]
fn kubectl_with_timestamps() {
    each(by_line(|n, line| format!("{} {line}\n", stamp(n))));
}

#[test]
fn kubectl_with_prefix_alone_and_with_another_pod() {
    each(by_line(|_, line| pod("job-6c9", line)));
    each(by_line(|_, line| pod("job-6c9", line) + &pod("job-taskmanager-1-2", OTHER)));
}

#[test]
fn kubectl_with_prefix_and_timestamps() {
    each(by_line(|n, line| pod("job-6c9", &format!("{} {line}", stamp(n))) + &pod("job-2", OTHER)));
}

#[test]
fn stern() {
    each(by_line(|_, line| format!("job-6c9-x flink-main-container {line}\njob-tm-1 flink-main-container {OTHER}\n")));
}

#[test]
fn compose_alone_and_with_another_service() {
    each(by_line(|_, line| compose("jobmanager-1", line)));
    each(by_line(|_, line| compose("jobmanager-1", line) + &compose("taskmanager-1", OTHER)));
    each(by_line(|_, line| format!("\u{1b}[36mjobmanager-1  | \u{1b}[0m{line}\n")));
    each(by_line(|n, line| compose("jobmanager-1", &format!("{} {line}", stamp(n)))));
}

#[test]
fn syslog_and_the_journal() {
    each(by_line(|_, line| {
        format!("Nov 22 14:25:18 node1 flink[71]: {line}\nNov 22 14:25:18 node1 flink[72]: {OTHER}\n")
    }));
    each(by_line(|_, line| format!("2026-11-22T14:25:18+0000 node1 flink[71]: {line}\n")));
    each(by_line(|_, line| format!("<134>1 2026-11-22T14:25:18.355Z node1 flink 71 - - {line}\n")));
    each(by_line(|_, line| journal("flink", 71, line) + &journal("flink", 72, OTHER)));
}

#[test]
fn json_lines() {
    each(by_event(ecs));
    each(by_event(|e| {
        let mut event = json!({"@timestamp": e.time, "@version": 1, "message": e.message, "logger_name": e.logger,
            "thread_name": "main", "level": e.level, "level_value": 20000});
        if let Some(trace) = &e.trace {
            event["stack_trace"] = json!(format!("{trace}\n"));
        }
        event
    }));
    each(by_event(|e| {
        let time = e.time.parse::<jiff::civil::DateTime>().unwrap();
        let second = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
        let mut event = json!({"instant": {"epochSecond": second, "nanoOfSecond": time.subsec_nanosecond()},
            "level": e.level, "loggerName": e.logger, "message": e.message, "thread": "main"});
        if let Some(trace) = &e.trace {
            event["thrown"] = json!({"name": "java.lang.Exception", "extendedStackTrace": trace});
        }
        event
    }));
    each(by_event(|e| {
        let mut event = json!({"time": e.time, "level": e.level.to_lowercase(), "logger": e.logger, "msg": e.message});
        if let Some(trace) = &e.trace {
            event["exception"] = json!(trace.lines().collect::<Vec<_>>());
        }
        event
    }));
}

#[test]
fn json_lines_in_containers() {
    each(|text| {
        let (text, lines) = by_event(ecs)(text);
        let wrapped: String = text.lines().enumerate().map(|(n, l)| docker(n, l)).collect();
        (wrapped, lines)
    });
    each(|text| {
        let (text, lines) = by_event(ecs)(text);
        let wrapped: String = text.lines().map(|l| pod("tm-1", l) + &pod("tm-2", OTHER)).collect();
        (wrapped, lines.into_iter().map(|(a, b)| (a, 2 * b - 1)).collect())
    });
}

/// Collects what an unwrapper gives: the text of each writer, and where its lines stand.
#[derive(Debug, Default, PartialEq)]
struct Collected(Vec<(String, Vec<u8>, Vec<Place>)>);

impl Sink for Collected {
    fn give(&mut self, stream: usize, key: &str, bytes: &[u8], places: &[Place]) {
        if self.0.len() <= stream {
            self.0.push((key.to_owned(), Vec::new(), Vec::new()));
        }
        self.0[stream].1.extend_from_slice(bytes);
        self.0[stream].2.extend_from_slice(places);
    }

    fn line(&self, stream: usize) -> u64 {
        self.0.get(stream).map_or(1, |s| s.1.iter().filter(|b| **b == b'\n').count() as u64 + 1)
    }
}

fn unwrapped(bytes: &[u8], sizes: &[usize]) -> Collected {
    let (mut unwrapper, mut out, mut rest) = (Unwrapper::new(), Collected::default(), bytes);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*size).min(rest.len()));
        unwrapper.push(piece, &mut out);
        rest = behind;
    }
    unwrapper.end(&mut out);
    out
}

/// Stretches of a file in many dresses, long enough for every change to be seen.
fn stretch(kind: u8, n: usize) -> String {
    let line = |k: usize| format!("{OTHER} {k} {}", "x".repeat(k % 50));
    (0..n)
        .map(|k| match kind % 9 {
            0 => docker(k, &line(k)),
            1 => cri(k, &line(k)),
            2 => pod(["a-1", "b-2"][k % 2], &line(k)),
            3 => compose("tm", &line(k)),
            4 => journal("flink", 7, &line(k)),
            5 => format!("{}\n\tat a.b.C.d(E.java:{k})\n", line(k)),
            6 => ecs(&events(&line(k))[0]).to_string() + "\n",
            7 => format!("{} {}\n", stamp(k), line(k)),
            _ => format!("2026-11-22 14:36:06.026 UTC,\"u\",\"d\",{k},\"[local]\",1.2,1,\"q\",2026-11-22 14:36:06 UTC,3/4,0,ERROR,42P01,\"relation \"\"x\"\"\nis missing\",,,,,,\"SELECT 1\n FROM x\",15,,\"psql\",\"client backend\",,0\n"),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn seams_do_not_matter(
        stretches in prop::collection::vec((0_u8..9, 1_usize..400), 1..5),
        sizes in prop::collection::vec(1_usize..70_000, 1..6),
        cut in 0_usize..200,
    ) {
        let text: String = stretches.iter().map(|(kind, n)| stretch(*kind, *n)).collect();
        let bytes = &text.as_bytes()[cut.min(text.len())..];
        prop_assert!(unwrapped(bytes, &sizes) == unwrapped(bytes, &[usize::MAX]));
    }

    #[test]
    fn small_seams_do_not_matter(kinds in prop::collection::vec((0_u8..9, 1_usize..40), 1..4), size in 1_usize..64) {
        let text: String = kinds.iter().map(|(kind, n)| stretch(*kind, *n)).collect();
        prop_assert!(unwrapped(text.as_bytes(), &[size]) == unwrapped(text.as_bytes(), &[usize::MAX]));
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000), sizes in prop::collection::vec(1_usize..100, 1..4)) {
        prop_assert!(unwrapped(&bytes, &sizes) == unwrapped(&bytes, &[usize::MAX]));
    }
}

#[test]
fn plain_text_passes_byte_for_byte() {
    for case in cases() {
        for log in &case.logs {
            let out = unwrapped(&log.bytes, &[4096, 100_000]);
            assert_eq!(out.0.len(), 1, "{}", case.name);
            assert!(out.0[0].1 == log.bytes && out.0[0].2.is_empty(), "{}", case.name);
        }
    }
}

/// A log whose first part is plain and whose rest is wrapped, and the other way round.
#[test]
fn a_change_midway() {
    each(|text| {
        let plain: String = (0..600).map(|_| format!("{OTHER}\n")).collect();
        let (wrapped, lines) = by_line(docker)(text);
        (plain + &wrapped, lines.into_iter().map(|(a, b)| (a, b + 600)).collect())
    });
    each(|text| {
        let (wrapped, _) = by_line(docker)(&format!("{OTHER}\n").repeat(40));
        let lines = (1..=text.lines().count() as u64).map(|n| (n, n + 40)).collect();
        (wrapped + text, lines)
    });
}

fn of(name: &str, text: &str) -> Facts {
    facts(engine(), &[Log { name: name.to_owned(), series: None, bytes: text.as_bytes().to_vec() }], 4096)
}

/// PostgreSQL's three ways to log say the same.
#[test]
fn logs_of_the_server() {
    let stderr = "2026-11-22 14:36:06.026 UTC [25034] cdc@inventory ERROR:  must be superuser or replication role to start walsender\n\
        2026-11-22 14:36:07.026 UTC [25035] cdc@inventory FATAL:  password authentication failed for user \"cdc\"\n\
        2026-11-22 14:36:07.026 UTC [25035] cdc@inventory DETAIL:  Role \"cdc\" does not exist.\n\
        \tConnection matched pg_hba.conf line 3: \"host all all all md5\"\n";
    let row = |time: &str, pid: u32, severity: &str, message: &str, detail: &str| {
        let quote = |s: &str| if s.is_empty() { String::new() } else { format!("\"{}\"", s.replace('"', "\"\"")) };
        format!(
            "{time},\"cdc\",\"inventory\",{pid},\"10.0.0.7:5\",6921b0a6.61ca,1,\"authentication\",{time},3/4,0,{severity},28P01,{},{},,,,,,,,,\"client backend\",,0\n",
            quote(message),
            quote(detail)
        )
    };
    let detail = "Role \"cdc\" does not exist.\nConnection matched pg_hba.conf line 3: \"host all all all md5\"";
    let walsender = "must be superuser or replication role to start walsender";
    let (at, later) = ("2026-11-22 14:36:06.026 UTC", "2026-11-22 14:36:07.026 UTC");
    let password = "password authentication failed for user \"cdc\"";
    let csv = row(at, 25034, "ERROR", walsender, "") + &row(later, 25035, "FATAL", password, detail);
    let object = |time: &str, pid: u32, severity: &str, message: &str| {
        json!({"timestamp": time, "user": "cdc", "dbname": "inventory", "pid": pid, "error_severity": severity,
            "state_code": "28P01", "message": message, "backend_type": "client backend"})
    };
    let mut last = object(later, 25035, "FATAL", password);
    last["detail"] = json!(detail);
    let jsonlog = format!("{}\n{last}\n", object(at, 25034, "ERROR", walsender));
    let report =
        |text: &str| report(&[Log { name: "postgresql.log".into(), series: None, bytes: text.as_bytes().to_vec() }]);
    let plain = report(stderr);
    assert!(!plain.diagnoses.is_empty());
    for (text, format, lines) in [(&csv, "csvlog", [1, 2]), (&jsonlog, "jsonlog", [1, 2])] {
        let other = report(text);
        assert_eq!(Summary::of(&plain), Summary::of(&other), "{format}");
        assert!(other.inputs[0].format.starts_with(format), "{}", other.inputs[0].format);
        assert!(other.diagnoses.iter().flat_map(|d| &d.evidence).all(|e| lines.contains(&e.line)), "{format}");
    }
}

/// The last failure of a JobManager's log with its trace, as Flink's REST API gives it.
fn of_rest(log: &Log, pretty: bool) -> Option<String> {
    let text = String::from_utf8_lossy(&log.bytes).into_owned();
    let event = events(&text).into_iter().rfind(|e| e.message.contains("switched from RUNNING to FAILED"))?;
    let entry = json!({"exceptionName": "org.apache.flink.util.FlinkException", "stacktrace": event.trace?,
        "timestamp": 1_795_357_298_355_u64, "taskName": event.message.split(" switched").next(),
        "endpoint": "tm-1:41573", "taskManagerId": "tm-1:41573-abc", "failureLabels": {"TYPE": "USER"},
        "concurrentExceptions": []});
    let body = json!({"root-exception": entry["stacktrace"], "timestamp": 1_795_357_298_355_u64, "all-exceptions": [],
        "truncated": false, "exceptionHistory": {"entries": [entry], "truncated": false}});
    Some(if pretty { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() })
}

#[test]
fn exceptions_of_the_rest_api() {
    let mut tried = 0;
    for case in cases() {
        for pretty in [false, true] {
            let Some(text) = case.logs.iter().find_map(|log| of_rest(log, pretty)) else { continue };
            tried += 1;
            let log = Log { name: "exceptions.json".into(), series: None, bytes: text.clone().into_bytes() };
            let is = report(&[log]);
            let first = &is.diagnoses.first().unwrap_or_else(|| panic!("{}: nothing found", case.name));
            assert_eq!(first.cause, case.report.diagnoses[0].cause);
            assert_eq!(is.inputs[0].format, "flink-rest+log4j2");
            let line = text.lines().position(|l| l.contains("\"stacktrace\"")).unwrap() as u64 + 1;
            assert!(first.evidence.iter().all(|e| e.line == line));
        }
    }
    assert!(tried >= 2, "{tried}");
}

#[test]
fn status_of_the_operator() {
    let error = json!({"type": "org.apache.flink.util.SerializedThrowable",
        "message": "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy",
        "throwableList": [
            {"type": "org.apache.flink.runtime.JobException", "message": "Recovery is suppressed"},
            {"type": "org.postgresql.util.PSQLException", "message": "ERROR: logical decoding requires wal_level >= logical"}]})
    .to_string();
    let status = json!({"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment", "metadata": {"name": "cdc"},
        "status": {"error": error, "jobManagerDeploymentStatus": "READY", "jobStatus": {"state": "FAILED"}}});
    let yaml = format!(
        "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nstatus:\n  error: '{}'\n  jobStatus:\n    state: FAILED\n",
        error.replace('\'', "''")
    );
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [status]});
    for text in [status.to_string(), serde_json::to_string_pretty(&status).unwrap(), list.to_string(), yaml] {
        let is = report(&[Log { name: "deployment".into(), series: None, bytes: text.clone().into_bytes() }]);
        assert_eq!(Summary::of(&is).first(), "postgres/wal-level-not-logical", "{text}");
    }
}

#[test]
fn a_file_of_two_writers_is_two_sources() {
    let text: String = (0..9).map(|_| pod("a-1", OTHER) + &pod("b-2", OTHER)).collect();
    let sources = of("pods.log", &text).sources;
    let writers: Vec<_> = sources.iter().map(|s| s.writer.as_deref().unwrap()).collect();
    assert_eq!(writers, ["a-1/flink-main-container", "b-2/flink-main-container"]);
    assert!(sources.iter().all(|s| s.name == "pods.log" && s.lines == 9 && s.formats == ["kubectl-prefix"]));
}

/// Two pods that fail of different causes. Each is one log.
const FAILING: [(&str, &str); 2] = [
    ("postgres/wal-level-not-logical", "network/connection-refused"),
    ("postgres/slots-exhausted", "postgres/wal-level-not-logical"),
];

/// Two texts line by line, and for each of their lines the line on which it stands.
fn interleaved(a: &str, b: &str, wrap: impl Fn(usize, usize, &str) -> String) -> (String, [BTreeMap<u64, u64>; 2]) {
    let (mut out, mut lines, mut at) = (String::new(), [BTreeMap::new(), BTreeMap::new()], 1);
    let (mut left, mut n) = ([a.lines(), b.lines()], 0);
    loop {
        let before = at;
        for (who, rest) in left.iter_mut().enumerate() {
            let Some(line) = rest.next() else { continue };
            lines[who].insert(n as u64 + 1, at);
            let wrapped = wrap(who, n, line);
            at += wrapped.lines().count() as u64;
            out.push_str(&wrapped);
        }
        n += 1;
        if at == before {
            return (out, lines);
        }
    }
}

/// The report of the two logs interleaved is that of the two logs by themselves.
fn both(wrap: impl Fn(usize, usize, &str) -> String) {
    each_pair(|a, b| interleaved(a, b, &wrap));
}

fn each_pair(dress: impl Fn(&str, &str) -> (String, [BTreeMap<u64, u64>; 2])) {
    for (first, second) in FAILING {
        let log =
            |name: &str, as_name: &str| Log { name: as_name.into(), series: None, ..sample(name).logs.swap_remove(0) };
        let logs = [log(first, "0"), log(second, "1")];
        let [a, b] = [&logs[0], &logs[1]].map(|l| String::from_utf8_lossy(&l.bytes).into_owned());
        let (text, moved) = dress(&a, &b);
        let after = report(&[Log { name: "both".into(), series: None, bytes: text.into_bytes() }]);
        let before = report(&logs);
        assert!(before.diagnoses.len() > 1, "{first} and {second} do not fail of two causes");
        assert_eq!(Summary::of(&before), Summary::of(&after), "{first} and {second}");
        let mut expected: Vec<u64> =
            lines(&before).into_iter().map(|(p, l)| moved[p.parse::<usize>().unwrap()][&l]).collect();
        // two places in one line are one
        expected.dedup();
        let found: Vec<u64> = lines(&after).into_iter().map(|(_, l)| l).collect();
        assert_eq!(expected, found, "{first} and {second}");
        assert!(!after.notes.iter().any(|n| n.code == "mixed-writers"), "{first} and {second}");
    }
}

#[test]
fn two_failing_pods_in_wraps() {
    const POD: [&str; 2] = ["job-6c9-a", "job-taskmanager-1-2"];
    both(|who, _, line| pod(POD[who], line));
    both(|who, n, line| pod(POD[who], &format!("{} {line}", stamp(n))));
    both(|who, _, line| format!("{} flink-main-container {line}\n", POD[who]));
    both(|who, _, line| compose(["jobmanager-1", "taskmanager-1"][who], line));
    both(|who, _, line| format!("Nov 22 14:25:18 node1 flink[{}]: {line}\n", 71 + who));
    both(|who, _, line| format!("<134>1 2026-11-22T14:25:18.355Z node1 flink {} - - {line}\n", 71 + who));
    both(|who, _, line| journal("flink", 71 + u32::try_from(who).unwrap(), line));
    both(|who, n, line| {
        let kubernetes = json!({"pod_name": POD[who], "container_name": "flink-main-container"});
        json!({"log": line, "stream": "stdout", "time": stamp(n), "kubernetes": kubernetes}).to_string() + "\n"
    });
    // of one pod in a file of its own, only the stream tells them apart
    both(|who, n, line| format!("{} {} F {line}\n", stamp(n), ["stdout", "stderr"][who]));
    both(|who, n, line| {
        let stream = ["stdout", "stderr"][who];
        json!({"log": format!("{line}\n"), "stream": stream, "time": stamp(n)}).to_string() + "\n"
    });
}

#[test]
fn two_failing_pods_in_json() {
    let keyed = |key: &'static str| {
        each_pair(|a, b| {
            let ([mut a, mut b], mut out, mut lines, mut at) =
                ([a, b].map(|t| events(t).into_iter()), String::new(), [BTreeMap::new(), BTreeMap::new()], 0);
            let mut first = [1, 1];
            loop {
                let next = [a.next(), b.next()];
                if next.iter().all(Option::is_none) {
                    return (out, lines);
                }
                for (who, event) in next.into_iter().enumerate() {
                    let Some(event) = event else { continue };
                    at += 1;
                    lines[who].extend((first[who]..first[who] + event.lines as u64).map(|l| (l, at)));
                    first[who] += event.lines as u64;
                    let mut object = ecs(&event);
                    object[key] = json!(["tm-1", "tm-2"][who]);
                    out += &(object.to_string() + "\n");
                }
            }
        });
    };
    keyed("kubernetes.pod_name");
    keyed("host.name");
    keyed("container.id");
}

/// Without a key, what stands under another's header is a step less sure, and the report says so.
#[test]
fn two_pods_without_a_key() {
    for name in ["postgres/wal-level-not-logical", "postgres/slots-exhausted"] {
        let log = sample(name).logs.swap_remove(0);
        let text = String::from_utf8_lossy(&log.bytes).into_owned();
        let alone = report(&[log]);
        // the other pod writes whenever a trace has come to a cause or some frames
        let cut: String = text
            .lines()
            .map(|l| if l.starts_with("Caused by: ") { format!("{OTHER}\n{l}\n") } else { format!("{l}\n") })
            .collect();
        let mixed = report(&[Log { name: "mixed".into(), series: None, bytes: cut.into_bytes() }]);
        let (was, is) = (&alone.diagnoses[0], &mixed.diagnoses[0]);
        assert_eq!(was.cause, is.cause);
        assert!(is.confidence < was.confidence, "{name}: {:?} and {:?}", was.confidence, is.confidence);
        let notes = |r: &Report| r.notes.iter().filter(|n| n.code == "mixed-writers").count();
        assert_eq!((notes(&alone), notes(&mixed)), (0, 1), "{name}");
    }
}

/// A plain log, longer than what is looked at in its beginning.
fn healthy(lines: usize) -> String {
    (0..lines).map(|n| format!("{OTHER} {n}\n")).collect()
}

/// A source that changes its dress midway is read on: plain at first, then in each dress, then plain again.
#[test]
fn dresses_change_midway() {
    for quiet in [40, 400, 4000] {
        let before = healthy(quiet);
        let shifted = |(text, lines): Dressed| -> Dressed {
            let all = lines.into_iter().map(|(a, b)| (a, b + quiet as u64)).collect();
            (format!("{before}{text}{}", healthy(600)), all)
        };
        each_in(&before, |t| shifted(by_line(docker)(t)));
        each_in(&before, |t| shifted(by_line(cri)(t)));
        each_in(&before, |t| shifted(by_line(|_, line| pod("job-6c9", line))(t)));
        each_in(&before, |t| shifted(by_event(ecs)(t)));
    }
}

/// [`each`], but compared with the plain log behind `before`.
fn each_in(before: &str, dress: impl Fn(&str) -> Dressed) {
    let log = sample("postgres/slots-exhausted").logs.swap_remove(0);
    let text = String::from_utf8_lossy(&log.bytes).into_owned();
    let one = |text: String| report(&[Log { name: "log".into(), series: None, bytes: text.into_bytes() }]);
    let plain = one(format!("{before}{text}{}", healthy(600)));
    let (dressed, moved) = dress(&text);
    let after = one(dressed);
    let causes = |r: &Report| r.diagnoses.iter().map(|d| (d.cause.clone(), d.confidence, d.count)).collect::<Vec<_>>();
    assert_eq!(causes(&plain), causes(&after));
    let quiet = before.lines().count() as u64;
    let mut expected: Vec<u64> = lines(&plain).into_iter().map(|(_, l)| moved[&(l - quiet)]).collect();
    expected.dedup();
    assert_eq!(expected, lines(&after).into_iter().map(|(_, l)| l).collect::<Vec<_>>());
}

/// Times of csvlog and jsonlog have the zone that they print.
#[test]
fn server_logs_print_their_zone() {
    let csv = "2026-11-22 14:36:06.026 CET,\"u\",\"d\",7,\"[local]\",1.2,1,\"q\",2026-11-22 14:36:06 CET,3/4,0,FATAL,28P01,\"password authentication failed for user \"\"u\"\"\",,,,,,,,,\"psql\",\"client backend\",,0\n";
    let object = |time: &str| {
        json!({"timestamp": time, "pid": 7, "user": "u", "dbname": "d", "error_severity": "FATAL",
            "message": "password authentication failed for user \"u\""})
        .to_string()
            + "\n"
    };
    for (text, offset) in [
        (csv.to_owned(), 3600),
        (csv.replace("CET", "UTC"), 0),
        (csv.replace("CET", "+08"), 8 * 3600),
        (object("2026-11-22 14:36:06.026 UTC"), 0),
        (object("2026-11-22 14:36:06.026 CET"), 3600),
    ] {
        let facts =
            facts(engine(), &[Log { name: "postgresql".into(), series: None, bytes: text.clone().into_bytes() }], 4096);
        let time = facts.sources[0].events[0].time.unwrap();
        assert_eq!((time.offset, time.instant() + i64::from(offset)), (Some(offset), time.seconds), "{text}");
    }
}

/// Flink's SQL client prints its answers without times; each statement is by itself.
#[test]
fn the_sql_client() {
    let session = "Flink SQL> CREATE TABLE orders (id INT) WITH ('connector'='postgres-cdc', 'password'='geheim');\n\
        [INFO] Execute statement succeeded.\n\nFlink SQL> INSERT INTO sink SELECT * FROM orders;\n\
        [ERROR] Could not execute SQL statement. Reason:\n\
        org.apache.flink.table.api.ValidationException: One or more required options are missing.\n\n\
        Missing required options are:\n\nslot.name\n\nFlink SQL> SELECT * FROM orders;\n\
        [ERROR] Could not execute SQL statement. Reason:\n\
        org.postgresql.util.PSQLException: ERROR: logical decoding requires wal_level >= logical\n\nFlink SQL> \n";
    let report = report(&[Log { name: "session".into(), series: None, bytes: session.as_bytes().to_vec() }]);
    let mut causes: Vec<&str> = report.diagnoses.iter().map(|d| d.cause.as_str()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["flink/option-missing", "postgres/wal-level-not-logical"]);
    assert_eq!(report.inputs[0].kind, "client");
    assert!(!serde_json::to_string(&report).unwrap().contains("geheim"));
}

/// Each record anew, in as many lines.
fn by_record(write: impl Fn(&Event) -> String) -> impl Fn(&str) -> Dressed {
    move |text| (events(text).iter().map(&write).collect(), (1..=text.lines().count() as u64).map(|n| (n, n)).collect())
}

/// Each record with another header, its other lines as they are.
fn by_header(head: impl Fn(&Event) -> String) -> impl Fn(&str) -> Dressed {
    by_record(move |e| {
        let trace = e.trace.as_ref().map(|t| format!("\n{t}")).unwrap_or_default();
        format!("{}{}{trace}\n", head(e), e.message)
    })
}

/// A logger's package cut to letters, as logback's `%logger{40}` and log4j2's `%c{1.}` do it.
fn short(logger: &str, length: usize) -> String {
    let mut parts: Vec<&str> = logger.split('.').collect();
    for n in 0..parts.len() - 1 {
        if parts.join(".").len() > length {
            parts[n] = &parts[n][..1];
        }
    }
    parts.join(".")
}

/// What people put into `log4j.properties` and `logback.xml`, and what other programs' frameworks come with.
#[test]
fn custom_patterns() {
    let dot = |e: &Event| e.time.replace('T', " ");
    let comma = move |e: &Event| dot(e).replace('.', ",");
    each(by_header(move |e| format!("{} [main] {:<5} {}  - ", dot(e), e.level, short(&e.logger, 60))));
    each(by_header(move |e| format!("{} [main] {:<5} {} -- ", dot(e), e.level, short(&e.logger, 60))));
    each(by_header(move |e| format!("{} {:<5} {:<60}  - ", comma(e), e.level, e.logger)));
    let job = "6a3d70107ad85b1f6b7b662bff149a03";
    each(by_header(move |e| format!("{} [{job}] {:<5} {:<60} [] - ", comma(e), e.level, e.logger)));
    each(by_header(move |e| format!("{} {:<5} [a[1] -> b (1/1)#0] {} [] - ", comma(e), e.level, e.logger)));
    each(by_header(move |e| format!("{} {:>5} 7 --- [           main] {:<40} : ", dot(e), e.level, e.logger)));
    each(by_header(move |e| format!("{} [{}] [Thread-1] {} (A.java:12) - ", comma(e), e.level, e.logger)));
    each(by_header(move |e| format!("{} {:<5} [{}] (pool-7-thread-1) ", comma(e), e.level, short(&e.logger, 30))));
    each(by_header(move |e| format!("[{}] {} [main] {} - ", e.level, dot(e), e.logger)));
    each(by_header(move |e| format!("{}Z {:<5} {} [] - ", e.time, e.level, e.logger)));
    each(by_header(move |e| format!("{} | {:<5} | main | {} | ", dot(e), e.level, e.logger)));
    each(by_header(move |e| format!("{}|{}|{}|", dot(e), e.level, e.logger)));
    each(by_header(move |e| format!("[{}][{}][main][{}] ", dot(e), e.level, e.logger)));
    // Kafka Connect names the logger behind the message
    each(by_record(move |e| {
        let trace = e.trace.as_ref().map(|t| format!("\n{t}")).unwrap_or_default();
        format!("[{}] {} [orders|task-0] {} ({}:120){trace}\n", comma(e), e.level, e.message, e.logger)
    }));
}

/// Log4j2's documentation of Flink has a pattern without a level; only what matters is asked of it.
#[test]
fn a_pattern_without_a_level() {
    let job = "6a3d70107ad85b1f6b7b662bff149a03";
    for case in cases() {
        let logs: Vec<Log> = case
            .logs
            .iter()
            .map(|log| {
                let text = String::from_utf8_lossy(&log.bytes).into_owned();
                let head = |e: &Event| {
                    format!(
                        "{} [{job}] {} ",
                        e.time.replace('T', " ").replace('.', ","),
                        e.logger.rsplit('.').next().unwrap()
                    )
                };
                Log { bytes: by_header(head)(&text).0.into_bytes(), ..log.clone() }
            })
            .collect();
        let is = report(&logs);
        assert_eq!(is.diagnoses[0].cause, case.report.diagnoses[0].cause, "{}", case.name);
        assert!(is.inputs.iter().all(|i| i.records > 20), "{}: {:?}", case.name, is.inputs);
    }
}

/// The throwable as an object with its frames and causes, as log libraries write it.
fn thrown(
    trace: &str,
    names: [&str; 5],
    frame: &dyn Fn(&str, &str, &str, &str) -> serde_json::Value,
) -> serde_json::Value {
    let [class, message, stack, cause, wrap] = names;
    let mut found: Option<serde_json::Value> = None;
    let parts: Vec<&str> = trace.split("\nCaused by: ").collect();
    for part in parts.into_iter().rev() {
        let (head, frames) = part.split_once("\n\t").unwrap_or((part, ""));
        let (name, said) = head.split_once(": ").unwrap_or((head, ""));
        let frames: Vec<serde_json::Value> = frames
            .lines()
            .filter_map(|l| {
                let (place, source) = l.trim().strip_prefix("at ")?.split_once('(')?;
                let (of, method) = place.rsplit_once('.')?;
                let (file, line) = source.split(')').next()?.split_once(':').unwrap_or(("A.java", "1"));
                Some(frame(of, method, file, line))
            })
            .collect();
        let mut object = json!({class: name, message: said, stack: frames});
        if let Some(inner) = found {
            object[cause] = if wrap.is_empty() { inner } else { json!({wrap: inner}) };
        }
        found = Some(object);
    }
    found.unwrap()
}

/// Every way in which a framework writes an event as JSON.
#[test]
fn json_of_other_frameworks() {
    let nested = |e: &Event| {
        let mut event = json!({"@timestamp": e.time, "ecs": {"version": "8.11"}, "log": {"level": e.level, "logger": e.logger},
            "process": {"pid": 1, "thread": {"name": "main"}}, "message": e.message});
        if let Some(trace) = &e.trace {
            let (class, message) = trace.lines().next().unwrap().split_once(": ").unwrap_or(("a.b.C", ""));
            event["error"] = json!({"type": class, "message": message, "stack_trace": trace});
        }
        event
    };
    each(by_event(nested));
    let instant = |e: &Event| {
        e.time.parse::<jiff::civil::DateTime>().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    };
    let gelf = |e: &Event| {
        let level = match e.level.as_str() {
            "ERROR" => 3,
            "WARN" => 4,
            _ => 6,
        };
        let seconds = instant(e).as_duration().as_secs_f64();
        json!({"version": "1.1", "host": "tm-1", "timestamp": seconds,
            "level": level, "_thread": "main", "_logger": e.logger, "short_message": e.message})
    };
    each(by_event(|e| {
        let mut event = gelf(e);
        if let Some(trace) = &e.trace {
            event["full_message"] = json!(trace);
        }
        event
    }));
    each(by_event(|e| {
        let mut event = gelf(e);
        if let Some(trace) = &e.trace {
            event["full_message"] = json!(format!("{}\n{trace}", e.message));
        }
        event
    }));
    each(by_event(|e| {
        let mut event = json!({"timestamp": format!("{}Z", e.time), "severity": if e.level == "WARN" { "WARNING" } else { &e.level },
            "message": e.message, "_thread": "main", "_logger": e.logger});
        if let Some(trace) = &e.trace {
            event["_exception"] = json!({"class": "a.b.C", "message": "x", "stackTrace": trace});
        }
        event
    }));
    // Quarkus and JBoss, as text and as objects
    let jboss = |e: &Event| {
        json!({"timestamp": format!("{}+00:00", e.time), "sequence": 1, "loggerClassName": "org.jboss.logging.Logger",
            "loggerName": e.logger, "level": e.level, "message": e.message, "threadName": "main", "hostName": "tm-1", "mdc": {}})
    };
    each(by_event(|e| {
        let mut event = jboss(e);
        if let Some(trace) = &e.trace {
            event["stackTrace"] = json!(trace);
        }
        event
    }));
    each(by_event(|e| {
        let mut event = jboss(e);
        if let Some(trace) = &e.trace {
            let frame = |class: &str, method: &str, _: &str, line: &str| json!({"class": class, "method": method, "line": line});
            event["exception"] = thrown(trace, ["exceptionType", "message", "frames", "causedBy", "exception"], &frame);
        }
        event
    }));
    // logback's own encoder, and log4j2 with frames as objects
    each(by_event(|e| {
        let mut event = json!({"sequenceNumber": 0, "timestamp": format!("{}Z", e.time), "level": e.level, "threadName": "main",
            "loggerName": e.logger, "mdc": {}, "formattedMessage": e.message, "message": e.message, "throwable": null});
        if let Some(trace) = &e.trace {
            let frame = |class: &str, method: &str, file: &str, line: &str| json!({"className": class, "methodName": method, "fileName": file, "lineNumber": line});
            event["throwable"] = thrown(trace, ["className", "message", "stepArray", "cause", ""], &frame);
        }
        event
    }));
    each(by_event(|e| {
        let mut event = json!({"instant": {"epochSecond": instant(e).as_second(), "nanoOfSecond": instant(e).subsec_nanosecond()}, "level": e.level,
            "loggerName": e.logger, "message": e.message, "thread": "main", "contextMap": {"flink-job-id": "x"}});
        if let Some(trace) = &e.trace {
            let frame = |class: &str, method: &str, file: &str, line: &str| json!({"class": class, "method": method, "file": file, "line": line, "exact": false, "location": "?", "version": "?"});
            event["thrown"] = thrown(trace, ["name", "message", "extendedStackTrace", "cause", ""], &frame);
        }
        event
    }));
}

/// Amazon's Managed Flink prints no time at all: the same is found, though not in the order in which it was written.
#[test]
fn json_without_a_time() {
    let write = |e: &Event| {
        let mut event = json!({"locationInformation": "a.b.C.d(C.java:1)", "logger": e.logger, "message": e.message,
            "threadName": "main", "applicationARN": "arn:aws:kinesisanalytics:x", "messageType": e.level});
        if let Some(trace) = &e.trace {
            event["throwableInformation"] = json!(trace.lines().collect::<Vec<_>>());
        }
        event
    };
    for case in cases() {
        let dressed = |log: &Log| {
            let text = by_event(write)(&String::from_utf8_lossy(&log.bytes)).0;
            Log { bytes: text.into_bytes(), ..log.clone() }
        };
        let logs: Vec<Log> = case.logs.iter().map(dressed).collect();
        assert_eq!(Summary::of(&case.report), Summary::of(&report(&logs)), "{}", case.name);
    }
}

/// Wherever the throwable stands, it is read; and a message that holds it is.
#[test]
fn json_with_the_trace_under_any_key() {
    for key in
        ["error", "err", "exception", "exc_info", "throwable", "stack", "trace", "errorVerbose", "detail", "cause"]
    {
        each(by_event(|e| {
            let mut event =
                json!({"time": e.time, "level": e.level.to_lowercase(), "logger": e.logger, "msg": e.message});
            if let Some(trace) = &e.trace {
                event[key] = json!(trace);
            }
            event
        }));
    }
    each(by_event(|e| {
        let trace = e.trace.as_ref().map(|t| format!("\n{t}")).unwrap_or_default();
        json!({"ts": e.time, "level": e.level, "logger": e.logger, "message": format!("{}{trace}", e.message)})
    }));
}

/// What an event says of a failure beside its message is on its line, whatever the key; nothing stands there twice.
#[test]
fn json_loses_no_words() {
    let of = |event: serde_json::Value| {
        let out = unwrapped(format!("{event}\n").as_bytes(), &[4096]);
        String::from_utf8(out.0[0].1.clone()).unwrap()
    };
    let said = "replication setup: ERROR: option \"proto\" = \"5\" is unknown (SQLSTATE 22023)";
    let head = "2026-11-22 14:11:39,264 ERROR unknown                                                      [] - ";
    let event = |more: serde_json::Value| {
        let mut event = json!({"time": "2026-11-22T14:11:39.264", "level": "ERROR", "msg": "stream open"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(event)
    };
    for key in ["error", "err", "exception", "exc_info", "error.message", "detail", "reason", "errmsg", "why"] {
        assert_eq!(event(json!({key: said})), format!("{head}stream open: {said}\n"), "{key}");
    }
    for inner in [json!({"message": said}), json!({"msg": said, "code": "22023"}), json!([said])] {
        assert_eq!(event(json!({"error": inner})), format!("{head}stream open: {said}\n"), "{inner}");
    }
    // a trace of another language, whose first line is the words
    let stack = format!("error: {said}\n    at Parser.parse (/app/x.js:1:2)");
    let of_node = event(json!({"err": {"type": "DatabaseError", "message": said, "stack": stack}}));
    assert_eq!(of_node, format!("{head}stream open: {stack}\n"));
    // a message that says it already, and fields that say nothing of it
    let whole = format!("stream open: {said}");
    assert_eq!(event(json!({"msg": whole, "error": said})), format!("{head}{whole}\n"));
    assert_eq!(event(json!({"thread": "main", "table": "public.t", "attempt": 3})), format!("{head}stream open\n"));
    // one without any message, and one without a level
    let bare = of(json!({"time": "2026-11-22T14:11:39.264", "level": "error", "error": said}));
    assert_eq!(bare, format!("{head}: {said}\n"));
    let unlevelled = of(json!({"time": "2026-11-22T14:11:39.264", "logger": "a.b.C", "msg": "x", "error": said}));
    assert!(unlevelled.contains(" ERROR a.b.C ") && unlevelled.contains(said), "{unlevelled}");
    // a line of a log within an event
    let line = "2026-11-22 14:11:39,264 WARN  org.x.Y [] - text";
    assert_eq!(of(json!({"time": "2026-11-22T14:11:40Z", "level": "info", "message": line})), format!("{line}\n"));
}

/// Collectors that write each line as an object of their own.
#[test]
fn lines_in_the_json_of_collectors() {
    each(by_line(|n, line| {
        json!({"@timestamp": stamp(n), "@metadata": {"beat": "filebeat"}, "message": line, "stream": "stdout",
            "log": {"offset": n, "file": {"path": "/var/log/x"}}, "host": {"name": "n1"}, "ecs": {"version": "8.0.0"}})
        .to_string()
            + "\n"
    }));
    each(by_line(|n, line| {
        let of = |pod: &str, line: &str| {
            json!({"file": "/var/log/pods/x", "kubernetes": {"pod_name": pod, "container_name": "c"}, "message": line,
                "source_type": "kubernetes_logs", "stream": "stdout", "timestamp": stamp(n)})
            .to_string()
                + "\n"
        };
        of("tm-1", line) + &of("tm-2", OTHER)
    }));
    each(by_line(|_, line| {
        json!({"timestamp": 1_795_357_298_355_u64, "message": line, "ingestionTime": 1_795_357_298_400_u64}).to_string()
            + "\n"
    }));
    each(by_line(|n, line| json!({"labels": {"pod": "tm-1"}, "line": line, "timestamp": stamp(n)}).to_string() + "\n"));
    // and a program's own JSON within
    each(|text| {
        let (text, lines) = by_event(ecs)(text);
        let of =
            |l: &str| json!({"timestamp": 1_795_357_298_355_u64, "message": l, "ingestionTime": 1}).to_string() + "\n";
        (text.lines().map(of).collect(), lines)
    });
}

/// One server's words behind any `log_line_prefix`.
#[test]
fn prefixes_of_the_server_log() {
    let text = |prefix: &str| {
        let line = |word: &str, text: &str| format!("{prefix}{word}:  {text}\n");
        line("LOG", "connection received: host=10.0.0.7 port=52432")
            + &line("FATAL", "password authentication failed for user \"cdc\"")
            + &line("DETAIL", "Role \"cdc\" does not exist.")
            + "\tConnection matched pg_hba.conf line 3: \"host all all all md5\"\n"
    };
    let of = |text: String| report(&[Log { name: "postgresql.log".into(), series: None, bytes: text.into_bytes() }]);
    let plain = of(text("2026-11-22 14:36:07.026 UTC [25035] "));
    assert_eq!(Summary::of(&plain).first(), "postgres/role-missing");
    for prefix in [
        "2026-11-22 14:36:07 UTC [25035]: [3-1] user=cdc,db=shop,app=[unknown],client=10.0.0.7 ",
        "2026-11-22 14:36:07.026 UTC [25035] cdc@shop ",
        "2026-11-22 14:36:07 UTC:10.0.0.7(52432):cdc@shop:[25035]:",
        "2026-11-22 14:36:07.026 UTC,cdc,shop,25035,10.0.0.7:52432,6921b0a6.61ca,3,authentication ",
        "1795358167.026 [25035] ",
        "[25035] cdc@shop ",
        "cdc@shop/[unknown] 10.0.0.7 ",
        "user=cdc,db=shop,client=10.0.0.7 ",
        "< 2026-11-22 14:36:07.026 UTC >",
        "2026-11-22 14:36:07.026 GMT-3 [25035] ",
        "6921b0a6.61ca 2026-11-22 14:36:07 CET ",
        "10.0.0.7(52432) cdc ",
        "",
    ] {
        let is = of(text(prefix));
        let told = Summary::of(&is);
        assert_eq!(told.first(), "postgres/role-missing", "{prefix:?}: {told:?}");
        assert_eq!(is.diagnoses[0].confidence, plain.diagnoses[0].confidence, "{prefix:?}");
        assert_eq!(is.diagnoses[0].params["user"].value, "cdc", "{prefix:?}");
        assert!(is.inputs[0].format.starts_with("postgres"), "{prefix:?}: {}", is.inputs[0].format);
    }
}
