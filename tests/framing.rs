//! Framing: which lines begin a record, and what their headers say.
//!
//! The law: `probe` says "header" exactly when `header` parses the normalised line, on any bytes whatever.

use cdc_doctor::record::layout::{Probe, probe};
use cdc_doctor::record::normalize::{cap, record, text};
use cdc_doctor::record::{KEEP_HEAD, KEEP_TAIL, Layout, Level, Location, LogRecord, MAX_RECORD, Timestamp, header};
use proptest::prelude::*;

const START: Location = Location { line: 1, byte: 0 };

fn of(raw: &str) -> LogRecord<'_> {
    record(raw.as_bytes(), START, false)
}

/// Line, layout, level, logger, thread, message.
type Case = (&'static str, Layout, Option<Level>, &'static str, &'static str, &'static str);

const HEADERS: &[Case] = &[
    // log4j2, log4j1, an NDC, a job id
    (
        "2026-11-22 14:25:18,355 INFO  io.debezium.connector.postgresql.connection.PostgresConnection [] - Obtained valid replication slot ReplicationSlot [active=false, latestFlushedLsn=null, catalogXmin=null]",
        Layout::Flink,
        Some(Level::Info),
        "io.debezium.connector.postgresql.connection.PostgresConnection",
        "",
        "Obtained valid replication slot ReplicationSlot [active=false, latestFlushedLsn=null, catalogXmin=null]",
    ),
    (
        "2026-11-22 14:39:40,450 WARN  io.debezium.connector.common.BaseSourceTask                  [] - Going to restart connector after 10 sec. after a retriable exception",
        Layout::Flink,
        Some(Level::Warn),
        "io.debezium.connector.common.BaseSourceTask",
        "",
        "Going to restart connector after 10 sec. after a retriable exception",
    ),
    (
        "2019-11-22 14:39:40,450 ERROR org.apache.flink.Foo  - it - broke",
        Layout::Flink,
        Some(Level::Error),
        "org.apache.flink.Foo",
        "",
        "it - broke",
    ),
    (
        "2026-11-22 14:39:40,450 DEBUG org.apache.flink.Foo [a, b] -    slot.name = s",
        Layout::Flink,
        Some(Level::Debug),
        "org.apache.flink.Foo",
        "",
        "   slot.name = s",
    ),
    (
        "2026-11-22 14:39:40,450 [6a3d70107ad85b1f6b7b662bff149a03] ERROR Task [] - m",
        Layout::Flink,
        Some(Level::Error),
        "Task",
        "6a3d70107ad85b1f6b7b662bff149a03",
        "m",
    ),
    (
        "2026-11-22 14:39:40,450 INFO  [6a3d70107ad85b1f6b7b662bff149a03] org.x.Task [] - m",
        Layout::Flink,
        Some(Level::Info),
        "org.x.Task",
        "6a3d70107ad85b1f6b7b662bff149a03",
        "m",
    ),
    (
        "14:39:40,450 INFO  org.apache.flink.Foo  - old",
        Layout::Flink,
        Some(Level::Info),
        "org.apache.flink.Foo",
        "",
        "old",
    ),
    ("2026-11-22 14:39:40,450 INFO  org.x.Runner      [] - ", Layout::Flink, Some(Level::Info), "org.x.Runner", "", ""),
    ("2026-11-22 14:39:40,450 INFO  org.x.Runner      [] -", Layout::Flink, Some(Level::Info), "org.x.Runner", "", ""),
    // logback
    (
        "2026-11-22 14:39:40.450 [Source: Custom Source -> Sink (1/1)#0] ERROR o.a.f.r.taskmanager.Task  - m",
        Layout::Logback,
        Some(Level::Error),
        "o.a.f.r.taskmanager.Task",
        "Source: Custom Source -> Sink (1/1)#0",
        "m",
    ),
    (
        "2026-11-22 14:39:40.450 [main] INFO  o.a.f.Foo pekkoSource - m",
        Layout::Logback,
        Some(Level::Info),
        "o.a.f.Foo",
        "main",
        "m",
    ),
    ("2026-11-22 14:39:40 INFO  o.a.f.c.Foo  - m", Layout::Logback, Some(Level::Info), "o.a.f.c.Foo", "", "m"),
    // others
    (
        "2026-11-22T14:39:40.450Z ERROR [io.debezium.Foo] (pool-7-thread-1) Producer failure",
        Layout::Time,
        Some(Level::Error),
        "io.debezium.Foo",
        "pool-7-thread-1",
        "Producer failure",
    ),
    ("2026-11-22 14:39:40.450+02:00 WARN  x.Y - m", Layout::Logback, Some(Level::Warn), "x.Y", "", "m"),
    (
        "2026-11-22 14:25:18.355  INFO 123 --- [           main] c.e.App : started",
        Layout::Time,
        Some(Level::Info),
        "c.e.App",
        "           main",
        "started",
    ),
    (
        "2026-11-22 14:25:18.355 [thread] ERROR x.Logger:120 - msg",
        Layout::Logback,
        Some(Level::Error),
        "x.Logger",
        "thread",
        "msg",
    ),
    (
        "2026-11-22 14:25:18,355 [ERROR] [Thread-1] i.d.e.Foo (Foo.java:12) - msg",
        Layout::Time,
        Some(Level::Error),
        "i.d.e.Foo",
        "Thread-1",
        "msg",
    ),
    (
        "[2026-11-22 14:25:18,355] INFO Kafka version: 3 (org.apache.kafka.common.utils.AppInfoParser:119)",
        Layout::Time,
        Some(Level::Info),
        "org.apache.kafka.common.utils.AppInfoParser",
        "",
        "Kafka version: 3 (org.apache.kafka.common.utils.AppInfoParser:119)",
    ),
    (
        "2026-11-22 14:25:18,355 ERROR  Postgres|server|streaming  Producer failure   [io.debezium.pipeline.ErrorHandler]",
        Layout::Time,
        Some(Level::Error),
        "io.debezium.pipeline.ErrorHandler",
        "",
        "Postgres|server|streaming  Producer failure   [io.debezium.pipeline.ErrorHandler]",
    ),
    (
        "2026-11-22 14:25:18,355 o.a.f.k.o.Controller           [ERROR][flink/job] Failed",
        Layout::Time,
        Some(Level::Error),
        "o.a.f.k.o.Controller",
        "",
        "[flink/job] Failed",
    ),
    (
        "2026-11-22 14:25:18,355 main ERROR Unable to locate appender",
        Layout::Time,
        Some(Level::Error),
        "",
        "main",
        "Unable to locate appender",
    ),
    (
        "[INFO] 2026-11-22 14:25:18.355 +0800 - process started",
        Layout::Time,
        Some(Level::Info),
        "",
        "",
        "process started",
    ),
    ("26/11/22 14:25:18 WARN Client: oops", Layout::Time, Some(Level::Warn), "", "", "Client: oops"),
    ("> 2026-11-22 14:39:40,450 WARN  x.Y [] - quoted", Layout::Flink, Some(Level::Warn), "x.Y", "", "quoted"),
    ("   2026-11-22 14:39:40,450 WARN  x.Y [] - indented", Layout::Flink, Some(Level::Warn), "x.Y", "", "indented"),
    (
        ">\u{feff} > 2026-11-22 14:39:40,450 WARN  x.Y [] - marked",
        Layout::Flink,
        Some(Level::Warn),
        "x.Y",
        "",
        "marked",
    ),
    ("\u{feff}2026-11-22 14:39:40,450 WARN  x.Y [] - marked", Layout::Flink, Some(Level::Warn), "x.Y", "", "marked"),
    (
        "2026-11-22 14:25:18,355 ERROR java.io.IOException: disk",
        Layout::Time,
        Some(Level::Error),
        "",
        "",
        "java.io.IOException: disk",
    ),
    // PostgreSQL
    ("2026-11-22 14:36:06.026 UTC [25034] LOG:  text", Layout::Postgres, Some(Level::Info), "", "25034", "LOG:  text"),
    ("2026-11-22 14:36:06 CET [25034] ERROR:  text", Layout::Postgres, Some(Level::Error), "", "25034", "ERROR:  text"),
    (
        "2026-11-22 14:44:31.530 UTC [19538] etl_user@shop-main 致命错误:  用户",
        Layout::Postgres,
        Some(Level::Fatal),
        "",
        "19538",
        "致命错误:  用户",
    ),
    (
        "2026-11-22 14:44:31.530 UTC [19538] ВАЖНО:  роль \"x\" не существует",
        Layout::Postgres,
        Some(Level::Fatal),
        "",
        "19538",
        "ВАЖНО:  роль \"x\" не существует",
    ),
    (
        "2026-11-22 14:36:06 UTC:10.0.0.1(52432):etl@shop:[24]:FATAL:  password authentication failed",
        Layout::Postgres,
        Some(Level::Fatal),
        "",
        "24",
        "FATAL:  password authentication failed",
    ),
    (
        "2026-11-22 14:36:06 MSK [7-1] user=etl,db=shop,app=PostgreSQL JDBC Driver,client=10.0.0.1 ERROR:  x",
        Layout::Postgres,
        Some(Level::Error),
        "",
        "7",
        "ERROR:  x",
    ),
    (
        "etl@shop FATAL:  no pg_hba.conf entry",
        Layout::Postgres,
        Some(Level::Fatal),
        "",
        "",
        "FATAL:  no pg_hba.conf entry",
    ),
    ("user=etl,db=shop [77] FATAL:  no", Layout::Postgres, Some(Level::Fatal), "", "77", "FATAL:  no"),
    ("LOG:  database system is ready", Layout::Postgres, Some(Level::Info), "", "", "LOG:  database system is ready"),
    // java.util.logging
    (
        "Nov 22, 2026 2:18:32 PM org.postgresql.ssl.PGjdbcHostnameVerifier verify",
        Layout::Time,
        None,
        "org.postgresql.ssl.PGjdbcHostnameVerifier",
        "",
        "",
    ),
    ("нояб. 22, 2026 2:18:32 ПП org.postgresql.Driver connect", Layout::Time, None, "org.postgresql.Driver", "", ""),
];

const CONTINUATIONS: &[&str] = &[
    "",
    "\tat a.b.C.d(C.java:1)",
    "Caused by: org.postgresql.util.PSQLException: ERROR: x",
    "INFO  [] - Loading configuration property: a, b",
    "  Hint: Free one or increase max_replication_slots.",
    "2026-11-22 is the day on which it happened",
    "2026-11-22 14:11:39 was the time",
    "2026-11-22 14:11:39,264 the job met an ERROR",
    "2026-11-22 14:36:06.026 UTC [25034] STATEMENT:  SELECT 'ERROR:  x'",
    "2026-11-22 14:36:06.026 UTC [25034] HINT:  ERROR:  x",
    "2026-11-22 14:36:06 HINT:  FATAL:  x",
    "2026-11-22 14:36:06.026 UTC [1] etl@shop ПОДРОБНОСТИ:  x",
    "2026-11-22 14:36:06.026 UTC [1] etl@shop 详细信息:  ERROR:  x",
    "2026-11-22 14:36:06.026 UTC [1] 语句:  x",
    "etl@shop DETAIL:  ERROR:  x",
    "SEVERE: text of java.util.logging",
    "\tERROR:  of a statement over two lines",
    "psycopg2.OperationalError: connection to server failed: FATAL:  password",
    "jvm_params: -Xmx536870902",
];

#[test]
fn headers_say_what_stands_in_them() {
    for (line, layout, level, logger, thread, message) in HEADERS {
        let head = header(line).unwrap_or_else(|| panic!("not a header: {line}"));
        let part = |range: &Option<std::ops::Range<usize>>| range.clone().map_or("", |r| &line[r]);
        assert_eq!(
            (head.layout, head.level, part(&head.logger), part(&head.thread), &line[head.message..]),
            (*layout, *level, *logger, *thread, *message),
            "{line}"
        );
        let healthy = level.is_some_and(|l| l <= Level::Info) && *layout != Layout::Postgres;
        assert_eq!(probe(line.as_bytes()), if healthy { Probe::Healthy } else { Probe::Other }, "{line}");
        assert!(head.time.is_none_or(|t| Timestamp::parse(&line[t.clone()]).is_some()), "{line}");
    }
}

#[test]
fn other_lines_continue_the_record() {
    for line in CONTINUATIONS {
        assert_eq!(header(line), None, "{line}");
        assert_eq!(probe(line.as_bytes()), Probe::NotHeader, "{line}");
    }
}

#[test]
fn colours_do_not_hide_a_header() {
    let coloured = "\u{1b}[33m2026-11-22 14:25:18,355\u{1b}[m \u{1b}[36mo.a.f.Foo\u{1b}[m \u{1b}[1;31m[ERROR][flink/job] it broke\u{1b}[m\r\n";
    assert_eq!(probe(coloured.as_bytes()), Probe::Other);
    let r = of(coloured);
    assert_eq!((r.level, r.logger_name(), r.own_text()), (Some(Level::Error), "o.a.f.Foo", "[flink/job] it broke"));
    let link = of("2026-11-22 14:25:18,355 INFO  x.Y [] - see \u{1b}]8;;http://x\u{1b}\\here\u{1b}]8;;\u{7}!\n");
    assert_eq!(link.own_text(), "see here!");
}

#[test]
fn record_is_cut_into_header_message_and_trace() {
    let raw = "2026-11-22 14:36:06,026 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Source: x (1/1) switched from RUNNING to FAILED on 1 @ h (dataPort=-1).\njava.io.IOException: disk\n\tat a.B.c(B.java:1)\n";
    let r = of(raw);
    assert_eq!(r.layout, Layout::Flink);
    assert!(matches!(r.text, std::borrow::Cow::Borrowed(_)));
    assert_eq!(r.own_text(), "Source: x (1/1) switched from RUNNING to FAILED on 1 @ h (dataPort=-1).");
    assert_eq!(&r.text[r.trace.clone().unwrap()], "java.io.IOException: disk\n\tat a.B.c(B.java:1)");
    assert_eq!(r.timestamp().unwrap().to_string(), "2026-11-22 14:36:06");
    assert_eq!(r.line_of(r.trace.clone().unwrap().start), 2);
}

#[test]
fn java_util_logging_has_its_level_in_the_second_line() {
    let r = of(
        "Nov 22, 2026 2:18:32 PM org.postgresql.Driver connect\nSEVERE: Connection error: \norg.postgresql.util.PSQLException: FATAL: x\n\tat a.B.c(B.java:1)\n",
    );
    assert_eq!((r.level, r.own_text(), r.layout), (Some(Level::Error), "Connection error:", Layout::Time));
    assert!(r.trace.is_some());
    assert_eq!(r.timestamp().unwrap().iso(), "2026-11-22T14:18:32.000");
}

#[test]
fn postgres_secondary_lines_belong_to_the_record() {
    let r =
        of("2026-11-22 14:44:31.530 UTC [9] e@s FATAL:  no entry\n2026-11-22 14:44:31.530 UTC [9] e@s DETAIL:  none\n");
    assert_eq!(r.own_text(), "FATAL:  no entry\n2026-11-22 14:44:31.530 UTC [9] e@s DETAIL:  none");
    assert_eq!(r.timestamp().unwrap().offset, Some(0));
}

#[test]
fn quoted_mail_and_web_pages_become_plain() {
    let r = of(
        "> 2026-11-22 14:44:31,530 ERROR x.Y [] - m\n>\n> java.io.IOException: a &gt; b\n>   at x.Y.&lt;init&gt;(Y.java:1)\n",
    );
    assert_eq!(
        r.text,
        "2026-11-22 14:44:31,530 ERROR x.Y [] - m\n\njava.io.IOException: a > b\n  at x.Y.<init>(Y.java:1)\n"
    );
    // not everything with an entity is a trace
    assert_eq!(of("a &lt; b\n").text, "a &lt; b\n");
    assert_eq!(text(b"> not all\nlines\n"), "> not all\nlines\n");
}

#[test]
fn oversized_records_keep_head_and_tail_in_whole_lines() {
    assert_eq!(cap(&vec![b'x'; MAX_RECORD]), None);
    let lines: Vec<u8> = (0..200_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let kept = cap(&lines).unwrap();
    assert!(kept.len() <= KEEP_HEAD + KEEP_TAIL && kept.len() > KEEP_HEAD + KEEP_TAIL - 100);
    assert!(kept.starts_with(b"line 0\n") && kept.ends_with(b"line 199999\n"));
    assert!(kept.split(|b| *b == b'\n').all(|l| l.is_empty() || l.starts_with(b"line ")));
    let one = "ж".repeat(MAX_RECORD);
    assert!(std::str::from_utf8(&cap(one.as_bytes()).unwrap()).is_ok());
}

#[test]
fn time_stamps_of_all_layouts() {
    for (printed, iso) in [
        ("2026-11-22 14:11:39,264", "2026-11-22T14:11:39.264"),
        ("2026-11-22T14:11:39.264123456Z", "2026-11-22T14:11:39.264Z"),
        ("2026-11-22 14:11:39.264 UTC", "2026-11-22T14:11:39.264Z"),
        ("2026-11-22 14:11:39 MSK", "2026-11-22T14:11:39.000+03:00"),
        ("2026-11-22 14:11:39 CST", "2026-11-22T14:11:39.000"),
        ("2026-11-22 14:11:39+05:30", "2026-11-22T14:11:39.000+05:30"),
        ("2026-11-22 14:11:39.1 -0330", "2026-11-22T14:11:39.100-03:30"),
        ("2026/11/22 14:11:39", "2026-11-22T14:11:39.000"),
        ("22-Nov-2026 14:11:39.264", "2026-11-22T14:11:39.264"),
        ("Nov 22, 2026 12:18:32 AM", "2026-11-22T00:18:32.000"),
        ("11月 22, 2026 2:18:32 下午", "2026-11-22T14:18:32.000"),
        ("2024-02-29 00:00:00", "2024-02-29T00:00:00.000"),
        ("14:11:39,264", "14:11:39.264"),
    ] {
        assert_eq!(Timestamp::parse(printed).map(|t| t.iso()).as_deref(), Some(iso), "{printed}");
    }
    for bad in ["", "2026-02-29 00:00:00", "2026-13-01 00:00:00", "2026-11-22 24:00:00", "99:99:99", "yesterday"] {
        assert_eq!(Timestamp::parse(bad), None, "{bad}");
    }
    let at = |t| Timestamp::parse(t).unwrap();
    assert_eq!(at("2026-11-22 14:11:40,000").millis_since(&at("2026-11-22 14:11:39,264")), 736);
    assert_eq!(at("2026-11-22 14:11:40Z").millis_since(&at("2026-11-22 15:11:40+02:00")), 3_600_000);
    assert_eq!(at("1970-01-01 00:00:01").seconds, 1);
    assert_eq!(
        (at("2026-11-22 14:11:40Z").date(), at("2026-11-22 14:11:40Z").clock()),
        ("2026-11-22".into(), "14:11:40".into())
    );
}

fn lawful(raw: &[u8]) {
    let normal = text(raw);
    let normal = normal.strip_suffix('\n').unwrap_or(&normal);
    // a line alone may lose its quote, which changes nothing
    let head = header(normal);
    let found = probe(raw);
    assert_eq!(found != Probe::NotHeader, head.is_some(), "{normal:?}");
    if found == Probe::Healthy {
        assert!(head.is_some_and(|h| h.level.is_some_and(|l| l <= Level::Info)), "{normal:?}");
    } else if let Some(head) = head {
        // lines of the server's own log are never skipped
        assert!(head.layout == Layout::Postgres || head.level.is_none_or(|l| l > Level::Info), "{normal:?}");
    }
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("2026-11-22 14:11:39,264 "),
        Just("2026-11-22 14:11:39.264 "),
        Just("2026-99-22 14:11:39 "),
        Just("14:11:39,264 "),
        Just("2026-11-22T14:11:39Z "),
        Just("INFO  "),
        Just("WARN "),
        Just("ERROR"),
        Just("[ERROR] "),
        Just("DEBUG "),
        Just("LOG:  "),
        Just("UTC "),
        Just("[12] "),
        Just("[]"),
        Just(" - "),
        Just("org.x.Y "),
        Just("DETAIL:  "),
        Just("FATAL:  "),
        Just("错误:  "),
        Just("语句:  "),
        Just("\u{1b}[31m"),
        Just("\u{1b}]0;t\u{7}"),
        Just("\u{1b}"),
        Just("> "),
        Just("\t"),
        Just(" "),
        Just("\r"),
        Just("a@b "),
        Just("x=y,"),
        Just("ж"),
        Just("\u{feff}"),
        Just("Nov 22, 2026 2:18:32 PM "),
        Just("&lt;"),
        Just("Exception"),
        Just(":"),
        Just("main "),
        Just("(a)"),
        Just("--- "),
        Just(
            "                                                                                                                        "
        ),
        Just("жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж"),
    ];
    let bytes =
        prop_oneof![9 => pieces.prop_map(|p| p.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..6)];
    prop::collection::vec(bytes, 0..14).prop_map(|parts| parts.concat().into_iter().filter(|b| *b != b'\n').collect())
}

/// Changes one byte of a real header.
fn bent() -> impl Strategy<Value = Vec<u8>> {
    (0..HEADERS.len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(|(n, at, byte, cut)| {
        let mut line = HEADERS[n].0.as_bytes().to_vec();
        let at = at.index(line.len());
        line[at] = if byte == b'\n' { b' ' } else { byte };
        if cut {
            line.truncate(at + 1);
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn probe_and_header_agree(line in lines()) {
        lawful(&line);
    }

    #[test]
    fn probe_and_header_agree_on_bent_headers(line in bent()) {
        lawful(&line);
    }

    #[test]
    fn any_bytes_are_cut_into_records_and_nothing_is_lost(parts in prop::collection::vec(lines(), 0..12)) {
        let input = parts.join(&b'\n');
        let mut records: Vec<Vec<u8>> = Vec::new();
        for line in input.split_inclusive(|b| *b == b'\n') {
            if records.is_empty() || probe(line) != Probe::NotHeader {
                records.push(Vec::new());
            }
            records.last_mut().unwrap().extend_from_slice(line);
        }
        prop_assert_eq!(&records.concat(), &input);
        for raw in &records {
            let r = record(raw, START, false);
            let newlines = |b: &[u8]| b.iter().filter(|b| **b == b'\n').count();
            prop_assert_eq!(newlines(r.text.as_bytes()), newlines(raw));
            for range in [r.time.clone(), r.logger.clone(), r.thread.clone(), Some(r.message.clone()), r.trace.clone()].into_iter().flatten() {
                prop_assert!(r.text.get(range.clone()).is_some(), "{:?} of {:?}", range, r.text);
            }
            let _ = (r.timestamp(), r.own_text(), r.logger_name());
        }
    }
}
