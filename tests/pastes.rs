//! Excerpts as people paste them: the marks that editors, chats and trackers leave are seen through, and other programs stay silent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use cdc_doctor::builtin;
use cdc_doctor::diagnosis::Options;
use cdc_doctor::diagnostic::SourceText;
use cdc_doctor::engine::Engine;
use cdc_doctor::report::Report;
use cdc_doctor::rule::RuleSet;
use common::{Log, report, scan};

fn of(text: &str) -> Report {
    report(&[Log { name: "paste.txt".into(), series: None, bytes: text.as_bytes().to_vec() }])
}

/// The first cause, or `-`.
fn first(text: &str) -> String {
    of(text).diagnoses.first().map_or_else(|| "-".into(), |d| d.cause.clone())
}

fn all(expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(first(text), expected, "{text}");
    }
}

const EXISTS: &str = "postgres/slot-already-exists";
const ACTIVE: &str = "postgres/slot-already-active";
const HBA: &str = "postgres/pg-hba-no-entry";
const WAL: &str = "postgres/wal-level-not-logical";

#[test]
fn escapes_of_markdown_and_pages() {
    all(
        EXISTS,
        &[
            "ERROR: replication slot \"flink\\_slot\" already exists\n",
            "ERROR: replication slot &ldquo;flink_slot&rdquo;&nbsp;already exists\n",
            "ERROR: replication slot &amp;quot;flink_slot&amp;quot; already exists\n",
            "<p>ERROR: replication slot <code>\"flink_slot\"</code> already exists</p>\n",
        ],
    );
    let escaped = "2024-05-12 10:32:11,123 ERROR io.debezium.pipeline.ErrorHandler \\[\\] - Producer failure\n\
        org.postgresql.util.PSQLException: ERROR: replication slot \"flink\\_slot\" is active for PID 4711\n\
        \tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2676)\n";
    assert_eq!(first(escaped), ACTIVE);
    assert_eq!(of(escaped).diagnoses[0].params["slot"].value, "flink_slot");
    all(
        "postgres/standby-needs-primary-setting",
        &["ERROR:  logical decoding on standby requires \"effective\\_wal\\_level\" \\>= \"logical\" on the primary\n"],
    );
}

#[test]
fn characters_that_nobody_sees() {
    all(
        EXISTS,
        &[
            "ERROR: repli\u{200b}cation slot \"flink\u{200b}_slot\" al\u{ad}ready exists\u{200b}\n",
            "ERROR:\u{a0}replication\u{a0}slot\u{202f}\"flink_slot\" already\u{a0}exists\n",
            "ERROR：replication slot ＂flink_slot＂ already exists\n",
        ],
    );
    let hba = "org.postgresql.util.PSQLException：FATAL：no pg_hba.conf entry for replication connection from host \"10.0.0.5\"，user \"flink\"，SSL off\n";
    assert_eq!(first(hba), HBA);
    // Chinese sentences keep their own marks
    let chinese = "错误: WAL 流复制（max_wal_senders > 0）要求将 wal_level 设置为 \"replica\" 或 \"logical\"\n";
    assert_eq!(first(chinese), WAL);
}

#[test]
fn strings_in_strings() {
    all(
        EXISTS,
        &[
            r#""ERROR: replication slot \\\"flink_slot\\\" already exists\\n""#,
            r#"{"e":"ERROR: replication slot \u0022flink_slot\u0022 already exists"}"#,
            r#"id,"ERROR: replication slot ""flink_slot"" already exists",FAILED"#,
            r"b'\xe6\x8a\xa5\xe9\x94\x99: ERROR: replication slot \x22flink_slot\x22 already exists\n'",
            "error=ERROR%3A+replication+slot+%22flink_slot%22+already+exists%0A",
            "ERROR%3A%20replication%20slot%20%22flink_slot%22%20already%20exists",
        ],
    );
}

#[test]
fn marks_before_each_line() {
    let frames = [
        "org.apache.kafka.connect.errors.ConnectException: java.net.SocketTimeoutException: Read timed out",
        "\tat io.confluent.connect.elasticsearch.ElasticsearchWriter.createIndicesForTopics(ElasticsearchWriter.java:254)",
        "\tat io.confluent.connect.elasticsearch.ElasticsearchSinkTask.open(ElasticsearchSinkTask.java:147)",
    ];
    let plain = frames.join("\n");
    assert_eq!(first(&plain), "elasticsearch/cluster-unreachable");
    let with = |mark: &dyn Fn(usize, &str) -> String| {
        let text: String = frames.iter().enumerate().map(|(n, line)| mark(n, line) + "\n").collect();
        assert_eq!(first(&text), "elasticsearch/cluster-unreachable", "{text}");
    };
    with(&|_, line| format!("+{line}"));
    with(&|_, line| format!("# {line}"));
    with(&|_, line| format!("-- {line}"));
    with(&|_, line| format!("// {line}"));
    with(&|_, line| format!("> > {line}"));
    with(&|n, line| format!("{} | {line}", n + 98));
    with(&|n, line| format!("  {}: {line}", n + 98));
    with(&|n, line| format!("{}\t{line}", n + 98));
    with(&|n, line| format!("connect.log:{}:{line}", n + 98));
    with(&|_, line| format!("[31m{line}[0m"));
    // `at` was lost with the tab before it
    with(&|_, line| line.trim_start().trim_start_matches("at ").to_owned());
}

/// The class of the frames was cut off, and what it said stands above them.
#[test]
fn frames_without_a_class() {
    let text = "Read timed out\n\
        \tat io.confluent.connect.elasticsearch.ElasticsearchWriter.createIndicesForTopics(ElasticsearchWriter.java:254)\n\
        \tat io.confluent.connect.elasticsearch.ElasticsearchSinkTask.open(ElasticsearchSinkTask.java:147)\n";
    assert_eq!(first(text), "elasticsearch/cluster-unreachable");
}

/// A line that is known to be harmless takes out itself, not all that was pasted with it.
#[test]
fn a_harmless_line_among_others() {
    let text = "SLF4J: Class path contains multiple SLF4J bindings.\n\
        SLF4J: Actual binding is of type [org.apache.logging.slf4j.Log4jLoggerFactory]\n\
        \n\
        ------------------------------------------------------------\n\
        \x20The program finished with the following exception:\n\
        \n\
        org.apache.flink.util.FlinkRuntimeException: Fail to create slot\n\
        \tat org.apache.flink.client.cli.CliFrontend.main(CliFrontend.java:1157)\n\
        Caused by: org.postgresql.util.PSQLException: ERROR: replication slot \"flink_slot\" already exists\n";
    assert_eq!(first(text), EXISTS);
    let alone = of("SLF4J: Class path contains multiple SLF4J bindings.\n");
    assert!(alone.diagnoses.is_empty() && alone.symptoms.is_empty() && alone.unrecognised.is_empty());
    assert_eq!(alone.noise.len(), 1);
    let alone = of(
        "Checkpoint triggering task Source: MySQL Source (1/1) of job abc is not being executed at the moment. Aborting checkpoint.\n",
    );
    assert_eq!(alone.noise[0].id, "flink/checkpoint-before-running");
}

/// What was being done when something unknown was thrown.
#[test]
fn a_symptom_above_an_unknown_exception() {
    let text = "org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer. This connector will be stopped.\n\
        \tat io.debezium.pipeline.ErrorHandler.setProducerThrowable(ErrorHandler.java:50)\n\
        Caused by: java.lang.ArithmeticException: never seen before\n\
        \tat io.debezium.relational.Strange.compute(Strange.java:12)\n";
    let report = of(text);
    assert!(report.diagnoses.is_empty());
    assert_eq!(report.symptoms.first().map(|s| s.id.as_str()), Some("debezium/change-event-producer-failed"));
    assert_eq!(report.unrecognised.len(), 1);
}

#[test]
fn readers_of_changes_in_other_programs() {
    let beam = "Exception in thread \"Thread-1\" java.lang.OutOfMemoryError: Could not allocate enough memory segments for NetworkBufferPool \
        (required (Mb): 5120, allocated (Mb): 1965, missing (Mb): 3155). Cause: Direct buffer memory.\n\
        \tat org.example.analytics.PipelineManager.run(PipelineManager.java:325)\n";
    assert_eq!(first(beam), "flink/oom-direct");
    let spring = "2024-03-01T10:00:00.123Z ERROR 1 --- [pool-1-thread-1] i.d.embedded.EmbeddedEngine : Unable to initialize and start connector's task class\n\
        org.postgresql.util.PSQLException: FATAL: password authentication failed for user \"cdc_user\"\n\
        \tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:646)\n\
        \tat com.example.orders.ChangeListener.start(ChangeListener.java:40)\n";
    assert_eq!(first(spring), "postgres/password-wrong");
}

#[test]
fn other_programs_stay_silent() {
    for text in [
        "2024-04-04 04:04:04.404 UTC [1] LOG C-0x55: app/app@10.0.0.4:41234 login attempt: db=app user=app tls=no\n\
         2024-04-04 04:04:04.404 UTC [1] WARNING C-0x55: app/app@10.0.0.4:41234 pooler error: no more connections allowed (max_client_conn)\n",
        "2024-04-04 04:04:06.404 UTC [1] ERROR S: login failed: FATAL: the database system is starting up\n",
        "$ mysql -u root -p\n\
         ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)\n\
         ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n",
        "2024-05-05T10:00:00.223456Z 12 [Note] [MY-010914] [Server] Aborted connection 12 to db: 'unconnected' user: 'root' host: '172.18.0.1' (Got an error reading communication packets).\n",
        "2024-05-05T10:00:01.123456Z 9 [Note] [MY-010926] [Server] Access denied for user 'wp'@'10.0.0.5' (using password: YES)\n",
        "failed to register layer: write /usr/lib/libLLVM-11.so.1: no space left on device\n\
         ERROR: could not write to file \"base/pgsql_tmp/pgsql_tmp123.0\": No space left on device\n",
        "24/03/01 10:00:02 WARN TaskSetManager: Lost task 0.0 in stage 1.0 (TID 1) (10.0.0.4 executor 1): java.lang.OutOfMemoryError: Java heap space\n",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task ':flywayMigrate'.\n\
         > Unable to obtain connection from database for user 'shop': FATAL: password authentication failed for user \"shop\"\n",
        "GET /login?error=FATAL%3A+disk+quota+exceeded+for+user+%22shop%22 HTTP/1.1 302\n",
    ] {
        let report = of(text);
        let found: Vec<&str> = report.diagnoses.iter().map(|d| d.cause.as_str()).collect();
        assert!(found.is_empty(), "{found:?} in\n{text}");
    }
}

/// The deeper of two causes is the point, unless the rules say that the other leads to it.
#[test]
fn the_cause_that_leads_to_another_comes_first() {
    let rule = |id: &str, text: &str, leads_to: &str| SourceText {
        name: format!("rules/{id}.yaml"),
        text: format!(
            "id: {id}\ntitle: t\ncategory: configuration\nrole: cause\nimpact: down\nmatch:\n  - message: '{text}'\n    confidence: certain\n\
             leads_to: [{leads_to}]\nwhy: w\nsource: [test]\nexamples:\n  - log: 'ERROR: {text}'\n  - log: other\n    not: true\n"
        ),
    };
    let files = vec![
        rule("postgres/test-leads", "leading test failure", "postgres/test-follows"),
        rule("postgres/test-follows", "following test failure", ""),
        rule("postgres/test-other", "another test failure", ""),
    ];
    let loaded = RuleSet::compile(files, Some(&*builtin::rules().unwrap()));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let engine = Arc::new(Engine::new(Arc::new(loaded.set), true));
    let first = |outer: &str, inner: &str| {
        let text = format!(
            "java.lang.RuntimeException: {outer} test failure\n\tat org.apache.flink.C.d(C.java:1)\nCaused by: java.io.IOException: {inner} test failure\n\tat org.apache.flink.C.d(C.java:2)\n"
        );
        let log = Log { name: "x.log".into(), series: None, bytes: text.into_bytes() };
        scan(&engine, &[log], 4096).diagnose(&Options::default()).causes[0].rule.clone()
    };
    assert_eq!(first("another", "following"), "postgres/test-follows");
    assert_eq!(first("leading", "following"), "postgres/test-leads");
    assert_eq!(first("following", "leading"), "postgres/test-leads");
}
