//! The same log in other clothes gives the same diagnosis: packed, with other line ends, of another version of the connector,
//! in another layout, cut, quoted in a mail, with broken bytes in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::io::Write;
use std::sync::OnceLock;

use cdc_doctor::author::sample::Summary;
use cdc_doctor::engine::facts::EventKind;
use cdc_doctor::report::{Evidence, Report};
use common::{Log, read, report, sample};

/// Both engines, both generations of shading, Debezium 1.9 and 3, English, Russian and Chinese, failed and running jobs.
const SAMPLES: [&str; 14] = [
    "network/connection-refused",
    "network/unknown-host",
    "postgres/wal-level-not-logical",
    "postgres/wal-level-not-logical-incremental",
    "postgres/role-lacks-replication",
    "postgres/password-wrong-classic-v242",
    "postgres/password-wrong-ru",
    "postgres/pg-hba-no-entry-zh",
    "postgres/plugin-not-installed-incremental-v242",
    "postgres/publication-needs-superuser",
    "postgres/slot-already-active-classic",
    "postgres/slots-exhausted",
    "postgres/table-permission-denied-running",
    "postgres/ssl-not-supported",
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

/// What must be the same.
enum Same {
    /// The whole summary.
    All,
    /// The causes with their states and counts; parameters that are there have the same values.
    Causes,
    /// The first cause.
    First,
}

fn each(same: &Same, change: impl Fn(&Case) -> Vec<Log>) {
    let mut wrong = Vec::new();
    for case in cases() {
        let (before, after) = (Summary::of(&case.report), Summary::of(&report(&change(case))));
        let pairs = || before.diagnoses.iter().zip(&after.diagnoses);
        let fits = match same {
            Same::All => before == after,
            Same::Causes => {
                before.diagnoses.len() == after.diagnoses.len()
                    && pairs().all(|(a, b)| (&a.cause, a.state, a.count) == (&b.cause, b.state, b.count))
                    && pairs().all(|(a, b)| b.params.iter().all(|(k, v)| a.params.get(k).is_none_or(|w| w == v)))
            }
            Same::First => before.first() == after.first(),
        };
        if !fits {
            wrong.push(format!("{}\n  before {before:?}\n  after  {after:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), SAMPLES.len(), wrong.join("\n"));
}

/// Every line (with its line end) of every log, changed.
fn lines(case: &Case, change: impl Fn(&str) -> String) -> Vec<Log> {
    texts(case, |text| text.split_inclusive('\n').map(&change).collect())
}

fn texts(case: &Case, change: impl Fn(&str) -> String) -> Vec<Log> {
    let of = |log: &Log| Log { bytes: change(&String::from_utf8_lossy(&log.bytes)).into_bytes(), ..log.clone() };
    case.logs.iter().map(of).collect()
}

#[test]
fn packed_with_gzip() {
    each(&Same::All, |case| {
        let dir = tempfile::tempdir().unwrap();
        for log in &case.logs {
            let file = fs::File::create(dir.path().join(format!("{}.gz", log.name))).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            encoder.write_all(&log.bytes).unwrap();
            encoder.finish().unwrap();
        }
        read(dir.path())
    });
}

#[test]
fn with_carriage_returns() {
    each(&Same::All, |case| lines(case, |l| l.replace('\n', "\r\n")));
}

#[test]
fn without_the_last_line_end() {
    each(&Same::All, |case| texts(case, |t| t.trim_end_matches('\n').to_owned()));
}

#[test]
fn with_every_shading() {
    const KNOWN: [&str; 2] = ["org.apache.flink.cdc.connectors.shaded.", "com.ververica.cdc.connectors.shaded."];
    for prefix in KNOWN.into_iter().chain(["com.alibaba.ververica.cdc.connectors.shaded.", ""]) {
        each(&Same::All, |case| texts(case, |t| t.replace(KNOWN[0], prefix).replace(KNOWN[1], prefix)));
    }
}

/// `2026-11-22 14:11:39,264 INFO  logger   [] - message` in its parts: time, level, logger, message with line end.
fn header(line: &str) -> Option<[&str; 4]> {
    let (head, message) = line.split_once(" [] - ")?;
    let time = head.get(..23)?;
    let mut words = head.get(23..)?.split_whitespace();
    let (level, logger) = (words.next()?, words.next()?);
    time.starts_with("20").then_some([time, level, logger, message])
}

#[test]
fn in_the_layout_of_logback() {
    each(&Same::Causes, |case| {
        lines(case, |line| match header(line) {
            Some([time, level, logger, message]) => {
                format!("{} [main] {level:<5} {logger}  - {message}", time.replace(',', "."))
            }
            None => line.to_owned(),
        })
    });
}

#[test]
fn in_the_layout_of_log4j_1() {
    each(&Same::All, |case| {
        lines(case, |line| match header(line) {
            Some([time, level, logger, message]) => format!("{time} {level:<5} {logger:<60}  - {message}"),
            None => line.to_owned(),
        })
    });
}

#[test]
fn cut_before_the_first_failure() {
    each(&Same::First, |case| {
        let facts = common::facts(common::engine(), &case.logs, 1 << 18);
        let cause = &case.report.diagnoses[0].cause;
        let cut = |(number, log): (usize, &Log)| {
            let shows = |e: &&cdc_doctor::engine::facts::Event| match &e.kind {
                EventKind::Matched(m) => m.matches.iter().any(|m| m.rule == *cause),
                _ => false,
            };
            let first =
                facts.sources[number].events.iter().find(shows).map_or(0, |e| usize::try_from(e.at.line).unwrap() - 1);
            let kept: Vec<&[u8]> = log.bytes.split_inclusive(|b| *b == b'\n').skip(first / 2).collect();
            Log { bytes: kept.concat(), ..log.clone() }
        };
        case.logs.iter().enumerate().map(cut).collect()
    });
}

/// The record with the decisive line, without its header line if a trace follows it.
fn bare(case: &Case) -> String {
    let evidence: &Evidence =
        case.report.diagnoses[0].evidence.iter().find(|e| e.role == "decisive").expect("a decisive line");
    let log = case.logs.iter().find(|l| l.name == evidence.path).unwrap();
    let text = String::from_utf8_lossy(&log.bytes);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let decisive = usize::try_from(evidence.line).unwrap() - 1;
    let first = (0..=decisive).rev().find(|n| header(lines[*n]).is_some()).expect("a header");
    let end = (decisive + 1..lines.len()).find(|n| header(lines[*n]).is_some()).unwrap_or(lines.len());
    if end == first + 1 { header(lines[first]).unwrap()[3].to_owned() } else { lines[first + 1..end].concat() }
}

fn pasted(text: String) -> Vec<Log> {
    vec![Log { name: "<stdin>".into(), series: None, bytes: text.into_bytes() }]
}

#[test]
fn as_a_bare_trace() {
    each(&Same::First, |case| pasted(bare(case)));
}

#[test]
fn as_a_bare_trace_quoted_in_a_mail() {
    each(&Same::First, |case| pasted(bare(case).lines().map(|l| format!("> {l}\n")).collect()));
}

#[test]
fn quoted_in_a_mail() {
    each(&Same::Causes, |case| lines(case, |l| format!("> {l}")));
}

/// Broken by a terminal after so many columns, in the middle of words.
fn wrapped(text: &str, columns: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let chars: Vec<char> = line.chars().collect();
        let rows: Vec<String> = chars.chunks(columns).map(|row| row.iter().collect()).collect();
        out.push_str(&rows.join("\n"));
        out.push('\n');
    }
    out
}

#[test]
fn wrapped_by_a_terminal() {
    for columns in [72, 80, 100, 120] {
        each(&Same::First, |case| texts(case, |t| wrapped(t, columns)));
        each(&Same::First, |case| match case.name {
            // its wrapped trace alone loses what the suppressed attempt says: ssl-required comes first, pg-hba-no-entry second
            "postgres/pg-hba-no-entry-zh" => case.logs.clone(),
            _ => pasted(wrapped(&bare(case), columns)),
        });
    }
}

#[test]
fn escaped_as_json_once_and_twice() {
    let once = |text: String| serde_json::to_string(&text).unwrap();
    each(&Same::First, |case| pasted(format!("{{\"trace\":{},\"state\":\"FAILED\"}}\n", once(bare(case)))));
    each(&Same::First, |case| pasted(once(bare(case).replace('\n', "\r\n"))));
    each(&Same::First, |case| pasted(once(once(bare(case)))));
}

#[test]
fn on_one_line() {
    each(&Same::First, |case| pasted(bare(case).split_whitespace().collect::<Vec<_>>().join(" ")));
    each(&Same::First, |case| pasted(bare(case).trim_end().replace('\n', "<br>")));
}

#[test]
fn with_the_prefix_of_a_container_or_in_a_table() {
    let each_line = |before: &'static str, after: &'static str| {
        each(&Same::First, |case| pasted(bare(case).lines().map(|l| format!("{before}{l}{after}\n")).collect()));
    };
    each_line("taskmanager_1  | ", "");
    each_line("[pod/orders-taskmanager-0/flink-main-container] ", "");
    each_line("| ", " |");
    each_line("│ ", "        │");
}

#[test]
fn copied_out_of_a_web_page() {
    let escaped = |text: String| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;")
    };
    each(&Same::First, |case| pasted(escaped(bare(case))));
    each(&Same::First, |case| texts(case, |t| escaped(t.to_owned())));
}

#[test]
fn in_the_middle_of_prose() {
    each(&Same::First, |case| pasted(format!("报错如下：{}，请问怎么解决？\n", bare(case).trim_end())));
    each(&Same::First, |case| pasted(format!("the job stops:\n```java\n{}```\nany ideas?\n", bare(case))));
    each(&Same::First, |case| pasted(format!("`{}`\n", bare(case).trim_end())));
    let marked = |mark: &'static str, end: &'static str| {
        each(&Same::First, |case| {
            let line = |l: &str| match l.split_once("Exception: ") {
                Some((class, message)) if !class.contains(' ') => format!("{mark}{class}Exception{end}{message}\n"),
                _ => format!("{l}\n"),
            };
            pasted(bare(case).lines().map(line).collect())
        });
    };
    marked("**", "**: ");
    marked("", "：");
}

#[test]
fn with_invalid_bytes() {
    each(&Same::All, |case| {
        let broken = |log: &Log| {
            let mut bytes = Vec::new();
            for (number, line) in log.bytes.split_inclusive(|b| *b == b'\n').enumerate() {
                // not behind the value of a configuration line, where it would be a part of the value
                let harmless = line.starts_with(b"20") && !line.windows(3).any(|w| w == b" = ");
                if number % 5 == 0 && harmless {
                    bytes.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
                    bytes.extend_from_slice(b" \xff\xc3(\xed\xa0\x80\n");
                } else {
                    bytes.extend_from_slice(line);
                }
            }
            Log { bytes, ..log.clone() }
        };
        case.logs.iter().map(broken).collect()
    });
}
