//! Jobs of several systems: each incident gets the values of its own system, and checks in that system's dialect.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use cdc_doctor::builtin;
use cdc_doctor::diagnosis::Options;
use cdc_doctor::diagnostic::SourceText;
use cdc_doctor::engine::Engine;
use cdc_doctor::pipeline::Pipeline;
use cdc_doctor::report::model::{InputStatus, build};
use cdc_doctor::report::{Report, text};
use cdc_doctor::rule::RuleSet;

/// Lines that tell values of the two ends, and rules of both.
const CONTEXT: &str = r"
context:
  - log: 'test sink to (?<host>\S+):(?<port>\d+) database (?<database>\S+) as (?<user>\S+)'
    logger: '*.TestSink'
    for: starrocks
  - log: 'test source to (?<host>\S+):(?<port>\d+) database (?<database>\S+) as (?<user>\S+)'
    logger: '*.TestSource'
  - log: 'test server to (?<host>\S+) database (?<database>\S+) as (?<user>\S+)'
    logger: '*.TestServer'
    for: mysql
";

fn rule(id: &str, text: &str, more: &str) -> SourceText {
    let yaml = format!(
        "id: {id}\ntitle: t\ncategory: configuration\nrole: cause\nimpact: down\nmatch:\n  - message: '{text}( (?<table>\\S+))?'\n    \
         confidence: certain\nwhy: w\n{more}\nsource: [test]\nexamples:\n  - log: 'ERROR: {text}'\n  - log: other\n    not: true\n"
    );
    SourceText { name: format!("rules/{id}.yaml"), text: yaml }
}

fn engine() -> Arc<Engine> {
    let mysql_checks = "
checks:
  - id: grants
    ask: Which?
    sql: SHOW GRANTS FOR {user}
  - id: rows
    ask: Which?
    sql: SELECT 1 FROM {table:relation} WHERE a = {user} AND b = {table:name}";
    let files = vec![
        SourceText { name: "rules/context.yaml".into(), text: CONTEXT.into() },
        rule("starrocks/test-load", "starrocks test failure", mysql_checks),
        rule("postgres/test-source", "postgres test failure", ""),
        rule("mysql/test-source", "mysql test failure", mysql_checks),
        rule(
            "network/test-broken",
            "network test failure",
            "
checks:
  - { id: pg, ask: 'Which?', sql: SELECT version() }
  - { id: my, ask: 'Which?', sql: SELECT @@version, on: mysql }
  - { id: ready, shell: pg_isready, on: postgres }
  - { id: port, shell: nc -vz x 1 }
fix:
  - { do: Mend PostgreSQL., conf: { file: postgresql.conf, set: { a: b } }, system: postgres }
  - { do: Mend it., sql: ALTER SYSTEM SET a = 1 }",
        ),
    ];
    let loaded = RuleSet::compile(files, Some(&*builtin::rules().unwrap()));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    Arc::new(Engine::new(Arc::new(loaded.set), true))
}

fn report(engine: &Arc<Engine>, log: &str) -> Report {
    let mut pipeline = Pipeline::with(Arc::clone(engine));
    let source = pipeline.begin("test.log", None);
    pipeline.push(source, log.as_bytes());
    pipeline.end(source);
    build(&pipeline.diagnose(&Options::default()), &engine.rules, &InputStatus::default(), "0")
}

fn line(logger: &str, message: &str) -> String {
    format!("2026-11-22 14:43:21,101 INFO  {logger:<60} [] - {message}\n")
}

fn failure(message: &str) -> String {
    format!(
        "2026-11-22 14:43:22,101 ERROR {:<60} [] - failed\njava.lang.RuntimeException: {message}\n\tat org.apache.flink.x.Y.z(Y.java:1)\n",
        "x.Y"
    )
}

/// The values of the first diagnosis with this cause.
fn values(report: &Report, cause: &str) -> Vec<String> {
    let found = report.diagnoses.iter().find(|d| d.cause == cause).unwrap_or_else(|| panic!("{cause} is not there"));
    let of = |name: &str| found.params.get(name).map_or("-", |p| p.value.as_str());
    ["user", "host", "port", "database"].map(|n| of(n).to_owned()).to_vec()
}

const POSTGRES_LOGGER: &str = "io.debezium.connector.postgresql.PostgresStreamingChangeEventSource";

fn both_ends() -> String {
    line("x.TestSource", "test source to pg:5432 database shop as cdc")
        + &line(POSTGRES_LOGGER, "x")
        + &line("x.TestSink", "test sink to fe:9030 database dwh as loader")
}

#[test]
fn each_end_of_a_job_has_its_own_values() {
    let engine = engine();
    let log = both_ends() + &failure("starrocks test failure") + &failure("postgres test failure");
    let report = report(&engine, &log);
    assert_eq!(values(&report, "starrocks/test-load"), ["loader", "fe", "9030", "dwh"]);
    assert_eq!(values(&report, "postgres/test-source"), ["cdc", "pg", "5432", "shop"]);
    assert!(report.diagnoses.iter().flat_map(|d| &d.missing).all(|m| m.candidates.is_empty()));
}

#[test]
fn a_sink_gets_nothing_from_the_source() {
    let engine = engine();
    let log = line("x.TestSource", "test source to pg:5432 database shop as cdc") + &failure("starrocks test failure");
    assert_eq!(values(&report(&engine, &log), "starrocks/test-load"), ["-", "-", "-", "-"]);
}

#[test]
fn a_source_gets_nothing_from_a_sink_or_another_source() {
    let engine = engine();
    let log = line("x.TestSink", "test sink to fe:9030 database dwh as loader")
        + &line("x.TestServer", "test server to my database books as reader")
        + &failure("postgres test failure");
    assert_eq!(values(&report(&engine, &log), "postgres/test-source"), ["-", "-", "-", "-"]);
    // a job that reads MySQL and writes PostgreSQL: what the source's lines tell is not PostgreSQL's
    let log = line("x.TestSource", "test source to my:3306 database books as cdc")
        + &line("org.apache.flink.cdc.connectors.mysql.source.reader.MySqlSourceReader", "x")
        + &failure("postgres test failure")
        + &failure("mysql test failure");
    let report = report(&engine, &log);
    assert_eq!(values(&report, "postgres/test-source"), ["-", "-", "-", "-"]);
    assert_eq!(values(&report, "mysql/test-source"), ["cdc", "my", "3306", "books"]);
}

fn checks(report: &Report, cause: &str) -> (Vec<String>, Vec<String>) {
    let found = report.diagnoses.iter().find(|d| d.cause == cause).unwrap();
    (
        found.checks.iter().map(|c| c.id.clone()).collect(),
        found.fix.iter().map(|f| format!("{}{}", f.action, f.text)).collect(),
    )
}

#[test]
fn a_shared_rule_speaks_the_dialect_of_the_job() {
    let engine = engine();
    let broken = failure("network test failure");
    let unknown = report(&engine, &broken);
    assert_eq!(checks(&unknown, "network/test-broken").0, ["pg", "my", "ready", "port"]);
    let postgres = report(&engine, &(line(POSTGRES_LOGGER, "x") + &broken));
    assert_eq!(checks(&postgres, "network/test-broken").0, ["pg", "ready", "port"]);
    let mysql_logger = "org.apache.flink.cdc.connectors.mysql.source.reader.MySqlSourceReader";
    let mysql = report(&engine, &(line(mysql_logger, "x") + &broken));
    let (checks_of_mysql, fixes) = checks(&mysql, "network/test-broken");
    assert_eq!(checks_of_mysql, ["my", "port"]);
    assert_eq!(fixes, ["Mend it."]);
    // the driver in the trace is nearer than the connector of the job: this is the sink
    let sink = broken.replace("at org.apache.flink.x.Y.z(Y.java:1)", "at com.starrocks.connector.X.y(X.java:1)");
    let log = both_ends() + &sink;
    let report = report(&engine, &log);
    assert_eq!(checks(&report, "network/test-broken").0, ["port"]);
    assert_eq!(values(&report, "network/test-broken"), ["loader", "fe", "9030", "dwh"]);
}

#[test]
fn texts_are_set_for_the_client_of_the_system() {
    let engine = engine();
    let render = |log: &str| {
        let mut out = Vec::new();
        text::render(&report(&engine, log), &text::Options::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let out = render(&failure("starrocks test failure dwh.orders"));
    for wanted in [
        "Check (mysql, FE port 9030, any user)\n    SET @user = '<role the job logs in with>';\n",
        "    SHOW GRANTS FOR '<user>';\n",
        "    SELECT 1 FROM `dwh`.`orders` WHERE a = @user AND b = 'orders';\n",
    ] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
    assert!(!out.contains("\\set"), "{out}");
    // the bare table gets the job's database
    let log =
        line("x.TestServer", "test server to my database books as o'brien") + &failure("mysql test failure orders");
    let out = render(&log);
    for wanted in [
        "Check (mysql, any user)\n    SHOW GRANTS FOR 'o''brien';\n",
        "    SELECT 1 FROM `books`.`orders` WHERE a = 'o''brien' AND b = 'orders';\n",
    ] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
}

#[test]
fn a_team_s_own_rule_fits_a_trace_of_its_own_program() {
    let files = vec![rule("acme/odd-row", "odd row of acme", "")];
    let loaded = RuleSet::compile(files, Some(&*builtin::rules().unwrap()));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let engine = Arc::new(Engine::new(Arc::new(loaded.set), true));
    let causes = |thrown: &str| {
        let header = "2026-11-22 14:43:22,101 ERROR com.acme.Reader [] - failed";
        let log = format!("{header}\n{thrown}\n\tat com.acme.Reader.next(Reader.java:7)\n");
        report(&engine, &log).diagnoses.into_iter().map(|d| d.cause).collect::<Vec<_>>()
    };
    assert_eq!(causes("com.acme.OddRowException: odd row of acme"), ["acme/odd-row"]);
    // what any program may meet is that program's own affair
    assert!(causes("java.net.ConnectException: Connection refused").is_empty());
}
