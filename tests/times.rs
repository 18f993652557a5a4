//! Times: what `--since`, `--until` and `--timezone` mean, and how the clocks of several logs are compared.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use cdc_doctor::cli::times::{TimeArgs, parse, read};
use cdc_doctor::diagnosis::Options;
use cdc_doctor::engine::Engine;
use cdc_doctor::pipeline::Pipeline;
use cdc_doctor::record::{Times, Timestamp, Zone};
use cdc_doctor::report::Report;
use cdc_doctor::report::model::{InputStatus, build};
use common::Log;

/// 2026-11-22 15:30:00 UTC.
const NOW: i64 = 1_795_361_400;

fn report(logs: &[Log], args: &TimeArgs, prefilter: bool) -> Report {
    let rules = cdc_doctor::builtin::rules().unwrap();
    let times = read(args, NOW).unwrap();
    let engine = Engine::new(Arc::clone(&rules), prefilter).reading(times.clone());
    let mut pipeline = Pipeline::with(Arc::new(engine));
    for log in logs {
        let source = pipeline.begin(&log.name, log.series);
        pipeline.push(source, &log.bytes);
        pipeline.end(source);
    }
    let options = Options { times, ..Options::default() };
    build(&pipeline.diagnose(&options), &rules, &InputStatus::default(), "0.0.0")
}

fn args(since: &str, until: &str, zone: &str) -> TimeArgs {
    let some = |t: &str| (!t.is_empty()).then(|| t.to_owned());
    TimeArgs { since: some(since), until: some(until), timezone: some(zone) }
}

fn logs(sample: &str, names: &[&str]) -> Vec<Log> {
    let sample = common::sample(sample);
    let logs: Vec<Log> = sample.logs.into_iter().filter(|l| names.contains(&l.name.as_str())).collect();
    assert_eq!(logs.len(), names.len());
    logs
}

/// The log as a machine in another zone would have written it.
fn shifted(log: &Log, seconds: i64) -> Log {
    let text = String::from_utf8(log.bytes.clone()).unwrap();
    let lines = text.split_inclusive('\n').map(|line| {
        let stamp = line.get(..19).filter(|s| s.starts_with("2026-")).and_then(Timestamp::parse);
        match stamp {
            Some(t) => format!("{}{}", t.plus_millis(seconds * 1000), &line[19..]),
            None => line.to_owned(),
        }
    });
    Log { bytes: lines.collect::<String>().into_bytes(), ..log.clone() }
}

fn notes(report: &Report, code: &str) -> Vec<String> {
    report.notes.iter().filter(|n| n.code == code).map(|n| n.text.clone()).collect()
}

#[test]
fn times_are_spelled_in_many_ways() {
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let at = |text: &str| parse(text, NOW, Some(&zone)).map(|b| (b.shown().to_string(), b.instant));
    let same = |text: &str, shown: &str| {
        let (got, instant) = at(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(got, shown, "{text}");
        let civil = Timestamp::parse(shown).unwrap().seconds;
        assert_eq!(instant, Some(civil - 8 * 3600), "{text}");
    };
    same("now", "2026-11-22 23:30:00");
    same("2h", "2026-11-22 21:30:00");
    same("1h30m", "2026-11-22 22:00:00");
    same("30 min ago", "2026-11-22 23:00:00");
    same("-90s", "2026-11-22 23:28:30");
    same("2 days ago", "2026-11-20 23:30:00");
    same("@1795361400", "2026-11-22 23:30:00");
    same("today", "2026-11-22 00:00:00");
    same("yesterday", "2026-11-21 00:00:00");
    same("yesterday 14:00", "2026-11-21 14:00:00");
    same("Yesterday at 9:05", "2026-11-21 09:05:00");
    same("14:05", "2026-11-22 14:05:00");
    same("14:05:06.5", "2026-11-22 14:05:06");
    same("2026-11-20", "2026-11-20 00:00:00");
    same("2026-11-20 14:05", "2026-11-20 14:05:00");
    same("2026-11-20T14:05:06,123", "2026-11-20 14:05:06");
    same("2026/11/20 14:05", "2026-11-20 14:05:00");
    same("20 Nov 2026 14:05", "2026-11-20 14:05:00");
    same("Nov 20 14:05", "2026-11-20 14:05:00");
    same("Nov 20, 2026 2:05:00 PM", "2026-11-20 14:05:00");
    same("2026-11-20T06:05Z", "2026-11-20 14:05:00");
    same("2026-11-20 08:05+02:00", "2026-11-20 14:05:00");
    for wrong in
        ["", "soon", "2", "2x", "2026-13-01", "25:00", "14:05 tomorrow", "yesterday 2026-11-20 14:00", "2h ago 3"]
    {
        let got = at(wrong);
        assert!(got.is_none(), "{wrong}: {got:?}");
    }
}

#[test]
fn wrong_options_are_refused() {
    let wrong = |a: TimeArgs| read(&a, NOW).unwrap_err().to_string();
    assert_eq!(wrong(args("soon", "", "")), "--since: 'soon' is no time");
    assert_eq!(wrong(args("", "", "Mars/Olympus")), "--timezone: there is no time zone 'Mars/Olympus'");
    let text = wrong(args("2026-11-22 15:00", "2026-11-22 14:00", ""));
    assert_eq!(text, "--until 2026-11-22 14:00:00 is before --since 2026-11-22 15:00:00");
}

#[test]
fn a_year_that_is_not_printed_is_the_newest_that_fits() {
    let at = |text: &str, newest: &str| {
        Timestamp::parse_before(text, Timestamp::parse(newest).map(|t| t.seconds)).map(|t| t.iso())
    };
    assert_eq!(at("Nov 22 14:25:18", "2026-11-23 00:00:00").unwrap(), "2026-11-22T14:25:18.000");
    assert_eq!(at("Dec  9 14:25:18.5", "2026-11-23 00:00:00").unwrap(), "2025-12-09T14:25:18.500");
    assert_eq!(at("Feb 29 01:02:03", "2026-11-23 00:00:00").unwrap(), "2024-02-29T01:02:03.000");
    assert_eq!(at("Nov 23 09:00:00", "2026-11-22 20:00:00").unwrap(), "2026-11-23T09:00:00.000");
    assert_eq!(at("Nov 22 14:25:18", "").unwrap(), "14:25:18.000");
    assert!(at("Foo 22 14:25:18", "2026-11-23 00:00:00").is_none());
}

#[test]
fn zones_are_read_where_they_are_clear() {
    let at = |text: &str| Timestamp::parse(text).unwrap().offset;
    assert_eq!(at("2026-11-22 14:36:06.026 MSK"), Some(10_800));
    assert_eq!(at("2026-11-22 14:36:06 +0330"), Some(12_600));
    assert_eq!(at("1795361400.026"), Some(0));
    // China's, America's or Cuba's
    assert_eq!(at("2026-11-22 14:36:06.026 CST"), None);
}

#[test]
fn only_failures_of_the_time_asked_about_count() {
    let logs = logs("postgres/wal-level-not-logical", &["taskmanager.log"]);
    for prefilter in [true, false] {
        let all = report(&logs, &TimeArgs::default(), prefilter);
        assert_eq!(all.diagnoses[0].count, 2);
        assert!(notes(&all, "time-span").is_empty());
        let late = report(&logs, &args("2026-11-22 14:11:49", "", ""), prefilter);
        assert_eq!((late.diagnoses[0].cause.as_str(), late.diagnoses[0].count), ("postgres/wal-level-not-logical", 1));
        // what the job is stands in lines before
        assert_eq!(late.diagnoses[0].params["slot"].value, all.diagnoses[0].params["slot"].value);
        assert!(notes(&late, "time-span")[0].contains("before it left out"), "{:?}", late.notes);
        let none = report(&logs, &args("30m", "", ""), prefilter);
        assert!(none.diagnoses.is_empty() && none.needs.is_empty(), "{:?}", none.needs);
        assert!(notes(&none, "time-span")[0].contains("6 records with failures were before it left out"));
    }
}

#[test]
fn clocks_are_aligned_by_what_both_logs_show() {
    let both = logs("postgres/role-missing", &["taskmanager.log", "postgres.log"]);
    let plain = report(&both, &TimeArgs::default(), true);
    assert!(notes(&plain, "clocks-aligned").is_empty(), "clocks that read the same need no words");
    for (hours, shown) in [(8 * 3600, "UTC+08:00"), (-(3 * 3600 + 1800), "UTC-03:30")] {
        let apart: Vec<Log> =
            both.iter().map(|l| if l.name == "taskmanager.log" { shifted(l, hours) } else { l.clone() }).collect();
        let aligned = report(&apart, &TimeArgs::default(), true);
        assert_eq!(aligned.diagnoses[0].cause, "postgres/role-missing");
        let said = notes(&aligned, "clocks-aligned");
        assert!(said.len() == 1 && said[0].contains(shown), "{said:?}");
    }
    let zone = report(&both, &args("", "", "Asia/Shanghai"), true);
    assert!(zone.diagnoses[0].first_seen.as_ref().unwrap().ends_with("+08:00"));
    assert!(notes(&zone, "clocks-aligned").is_empty() && notes(&zone, "clocks-unknown").is_empty());
}

/// Flink's REST API gives instants, its logs local times: what it failed with tells how they stand to each other.
#[test]
fn clocks_are_aligned_by_flinks_own_failures_too() {
    let words = "org.apache.flink.runtime.resourcemanager.exceptions.ResourceManagerException: \
        TaskManager with id localhost:41101-9adcfc is no longer reachable.";
    let switched = "Source: PostgreSQL_CDC_Source (1/1) (78924a36_bc764cd8_0_0) switched from RUNNING to FAILED on localhost:41101-9adcfc.";
    let log = format!(
        "2026-11-22 22:31:58,092 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - {switched}\n{words}\n\
         2026-11-22 22:32:09,000 INFO  io.debezium.pipeline.ChangeEventSourceCoordinator [] - Starting streaming\n"
    );
    let rest = format!(
        r#"{{"root-exception":"{words}\n\tat a.B.c(B.java:1)","timestamp":1795357918096,"exceptionHistory":{{"entries":[{{"exceptionName":"org.apache.flink.runtime.resourcemanager.exceptions.ResourceManagerException","stacktrace":"{words}\n\tat a.B.c(B.java:1)","timestamp":1795357918096,"taskName":"Source: PostgreSQL_CDC_Source (1/1) - execution #0"}}],"truncated":false}}}}"#
    );
    let of = |name: &str, text: String| Log { name: name.to_owned(), bytes: text.into_bytes(), series: None };
    let both = report(&[of("jobmanager.log", log), of("exceptions.json", rest)], &TimeArgs::default(), true);
    let said = notes(&both, "clocks-aligned");
    assert!(said.len() == 1 && said[0].contains("UTC+08:00"), "{:?}", both.notes);
}

#[test]
fn clocks_that_cannot_be_compared_are_said_to_be() {
    let flink = logs("postgres/wal-level-not-logical", &["taskmanager.log"]);
    let server = logs("postgres/role-missing", &["postgres.log"]);
    let both = [flink, server].concat();
    let apart = report(&both, &TimeArgs::default(), true);
    assert_eq!(apart.diagnoses[0].cause, "postgres/wal-level-not-logical");
    let said = notes(&apart, "clocks-unknown");
    assert!(said.len() == 1 && said[0].contains("--timezone"), "{said:?}");
    assert!(notes(&report(&both, &args("", "", "UTC"), true), "clocks-unknown").is_empty());
}

#[test]
fn a_zone_turns_printed_times_into_instants() {
    let times = Times { zone: Zone::parse("Europe/Berlin"), ..Times::default() };
    let iso = |text: &str| times.read(Timestamp::parse(text).unwrap()).iso();
    assert_eq!(iso("2026-07-01 12:00:00,000"), "2026-07-01T12:00:00.000+02:00");
    assert_eq!(iso("2026-11-22 12:00:00,000"), "2026-11-22T12:00:00.000+01:00");
    assert_eq!(iso("2026-11-22 12:00:00.000 UTC"), "2026-11-22T12:00:00.000Z");
    let earlier = times.read(Timestamp::parse("2026-11-22 12:30:00").unwrap());
    assert!(earlier < Timestamp::parse("2026-11-22 12:00:00Z").unwrap());
}
