//! Definitions of jobs and configuration files of servers as evidence: every kind of file, read, checked, refused.

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cdc_doctor::diagnosis::Options;
use cdc_doctor::job::check::{Finding, check, published, without_checkpoints};
use cdc_doctor::job::{Format, JobDefinition, PrimaryKey, parameters, read};
use cdc_doctor::report::Report;
use cdc_doctor::report::model::{InputStatus, build};
use cdc_doctor::rule::Confidence;
use common::{Log, engine};
use proptest::prelude::*;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/job").join(name)
}

fn file(name: &str) -> JobDefinition {
    read(name, &fs::read_to_string(data(name)).unwrap()).unwrap_or_else(|p| panic!("{name}: {p}"))
}

fn sql(text: &str) -> JobDefinition {
    read("job.sql", text).unwrap_or_else(|p| panic!("{p}: {text}"))
}

fn param(file: &JobDefinition, endpoint: usize, name: &str) -> Option<String> {
    parameters(&file.endpoints[endpoint]).into_iter().find(|(n, ..)| *n == name).map(|(_, v, _)| v)
}

fn causes(found: &[Finding]) -> Vec<&'static str> {
    found.iter().map(|f| f.cause).collect()
}

const SOURCE: &str = "CREATE TABLE s (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector'='postgres-cdc', \
    'hostname'='db', 'username'='u', 'database-name'='d', 'schema-name'='public', 'table-name'='t', \
    'decoding.plugin.name'='pgoutput', 'slot.name'='s'); SET 'execution.checkpointing.interval'='10s';";

#[test]
fn every_kind_is_recognised_and_keeps_no_password() {
    for (name, format, sources) in [
        ("flink-create.all.sql", Format::FlinkSql, 3),
        ("config_prod.conf", Format::Smt, 1),
        ("pipeline.yaml", Format::Pipeline, 1),
        ("connector.json", Format::ConnectJson, 1),
        ("connector.properties", Format::Properties, 1),
        ("postgresql.conf", Format::PostgresConf, 0),
        ("pg_hba.conf", Format::PgHba, 0),
    ] {
        let file = file(name);
        assert_eq!((file.format, file.sources().count()), (format, sources), "{name}");
        assert!(!format!("{file:?}").contains("S3cret"), "{name}: {file:?}");
        if sources > 0 {
            assert_eq!(param(&file, 0, "host").as_deref(), Some("db.example.com"), "{name}");
            assert_eq!(param(&file, 0, "user").as_deref(), Some("flink_cdc"), "{name}");
            assert_eq!(param(&file, 0, "database").as_deref(), Some("shop"), "{name}");
        }
    }
}

#[test]
fn places_are_those_of_the_file() {
    for name in ["flink-create.all.sql", "config_prod.conf", "pipeline.yaml", "connector.json", "connector.properties"]
    {
        let (text, file) = (fs::read_to_string(data(name)).unwrap(), file(name));
        let lines: Vec<&str> = text.lines().collect();
        for setting in file.endpoints.iter().flat_map(|e| &e.settings).filter(|s| s.value != "<cut>") {
            let line = lines[usize::try_from(setting.at.line).unwrap() - 1];
            let last = setting.key.rsplit("debezium.source.").next().unwrap();
            let found = line.contains(last) || name == "pipeline.yaml" || line.contains("flink.");
            assert!(found, "{name}:{} {} in '{line}'", setting.at.line, setting.key);
        }
    }
}

#[test]
fn sql_is_read_with_comments_quotes_views_and_like() {
    let file = file("flink-create.all.sql");
    let names: Vec<(&str, usize)> = file.endpoints.iter().map(|e| (e.name.as_str(), e.readers)).collect();
    assert_eq!(names, [("orders_src", 1), ("items_src", 1), ("items2_src", 1), ("orders_sink", 0)]);
    assert_eq!(param(&file, 2, "table").as_deref(), Some("public.items2"));
    assert_eq!(file.endpoints[2].key.0, PrimaryKey::NotEnforced);
    assert_eq!(param(&file, 3, "port").as_deref(), Some("9030"));
    let odd =
        sql("/* a ' */ create table \"t\" (`a'b` int) with(\"connector\"='mysql-cdc','x'='it''s -- no comment');");
    assert_eq!(odd.endpoints[0].settings[1].value, "it's -- no comment");
    let set = sql("CREATE TABLE a WITH ('connector'='postgres-cdc'); CREATE TABLE k WITH ('connector'='kafka');\
         EXECUTE STATEMENT SET BEGIN INSERT INTO k SELECT * FROM a; INSERT INTO k SELECT * FROM a; END; INSERT INTO k SELECT 1;");
    assert_eq!(set.endpoints[0].readers, 1);
    assert_eq!(sql("SET execution.checkpointing.interval=3min;insert into x select 1").settings[0].value, "3min");
}

#[test]
fn slots_are_checked() {
    let found = check(&[file("flink-create.all.sql")]);
    let invalid = found.iter().find(|f| f.cause == "postgres/slot-name-invalid").unwrap();
    assert_eq!((invalid.confidence, invalid.at.line), (Confidence::Certain, 9));
    assert_eq!(invalid.at.text, "'slot.name' = 'Shop_Orders'");
    let same = found.iter().find(|f| f.cause == "postgres/slot-already-active").unwrap();
    assert_eq!(same.params["slot"], "items");
    assert!(causes(&found).contains(&"postgres/plugin-not-installed"), "{found:?}");
    // the cluster may take checkpoints all the same
    assert!(!causes(&found).contains(&"flink/checkpointing-disabled"), "{found:?}");
    assert!(without_checkpoints(&[file("flink-create.all.sql")]).is_some());
    assert!(without_checkpoints(&[sql(SOURCE)]).is_none());
    assert_eq!(causes(&check(&[sql(SOURCE)])), [""; 0]);
    assert_eq!(causes(&check(&[sql(&SOURCE.replace(", 'slot.name'='s'", ""))])), ["flink/option-missing"]);
    assert_eq!(causes(&check(&[sql(&SOURCE.replace("'slot.name'='s'", "'slot.name'='${slot}'"))])), [""; 0]);
    // a pipeline asks for pgoutput by itself
    assert_eq!(causes(&check(&[file("pipeline.yaml")])), ["postgres/slot-name-invalid"]);
    assert_eq!(causes(&check(&[file("connector.json")])), ["postgres/plugin-not-installed"]);
    // one rule of the migration tool, many tables, one slot
    assert_eq!(causes(&check(&[file("config_prod.conf")])), ["postgres/slot-already-active"]);
    // the same table in two files is one source
    assert_eq!(causes(&check(&[sql(SOURCE), sql(SOURCE)])), [""; 0]);
}

#[test]
fn keys_and_checkpoints_are_checked() {
    let incremental = SOURCE.replace("'slot.name'='s'", "'slot.name'='s', 'scan.incremental.snapshot.enabled'='true'");
    let bare = incremental.replace(", PRIMARY KEY (id) NOT ENFORCED", "");
    assert_eq!(causes(&check(&[sql(&incremental)])), [""; 0]);
    assert_eq!(causes(&check(&[sql(&bare)])), ["flink/missing-primary-key"]);
    let chunked = bare.replace("'slot.name'", "'scan.incremental.snapshot.chunk.key-column'='id', 'slot.name'");
    assert_eq!(causes(&check(&[sql(&chunked)])), [""; 0]);
    assert_eq!(causes(&check(&[sql(&SOURCE.replace(" NOT ENFORCED", ""))])), ["flink/sql-definition-error"]);
    assert_eq!(causes(&check(&[sql(&SOURCE.replace("'10s'", "'0'"))])), ["flink/checkpointing-disabled"]);
}

#[test]
fn the_server_is_checked_against_the_sources() {
    let server = file("postgresql.conf");
    assert_eq!(server.setting("wal_level").unwrap().value, "replica");
    assert_eq!(server.includes.len(), 1);
    let found = check(&[file("flink-create.all.sql"), server]);
    for cause in [
        "postgres/wal-level-not-logical",
        "postgres/slots-exhausted",
        "postgres/wal-senders-exhausted",
        "postgres/walsender-timeout",
    ] {
        let finding = found.iter().find(|f| f.cause == cause).unwrap_or_else(|| panic!("{cause}: {found:?}"));
        assert_eq!((finding.confidence, finding.file), (Confidence::Possible, 1), "{cause}");
    }
    let quiet = read("postgresql.conf", "wal_level='logical'\nmax_wal_senders = 10 # 'x\n").unwrap();
    assert_eq!(causes(&check(&[sql(SOURCE), quiet])), [""; 0]);
}

#[test]
fn lines_of_pg_hba_are_walked_in_order() {
    let hba = |lines: &str| check(&[sql(SOURCE), read("pg_hba.conf", lines).unwrap()]);
    let found = check(&[file("flink-create.all.sql"), file("pg_hba.conf")]);
    let none = found.iter().find(|f| f.cause == "postgres/pg-hba-no-entry").unwrap();
    assert_eq!((none.at.line, none.confidence), (5, Confidence::Likely));
    for (lines, expected) in [
        ("host d u 0.0.0.0/0 scram-sha-256", None),
        ("host all all all md5", None),
        ("host all all 10.0.0.0 255.0.0.0 md5", None),
        ("host replication all 0.0.0.0/0 md5", Some("postgres/pg-hba-no-entry")),
        ("host \"replication\",d \"u\" 0.0.0.0/0 md5", None),
        ("host other all 0.0.0.0/0 md5", Some("postgres/pg-hba-no-entry")),
        ("host all all 0.0.0.0/32 trust", Some("postgres/pg-hba-no-entry")),
        ("host all all 10.0.0.0/8 md5\nhost all all 0.0.0.0/32 trust", Some("postgres/pg-hba-no-entry")),
        ("host all all 0.0.0.0/0 md5\nhost all all 0.0.0.0/32 trust", None),
        ("host all all 0.0.0.0/0 reject\nhost d u 0.0.0.0/0 md5", Some("postgres/pg-hba-reject")),
        ("host all all 0.0.0.0/0 ident", Some("postgres/pg-hba-method-unsuitable")),
        ("host all other 0.0.0.0/0 ident\nhost all +grp 0.0.0.0/0 md5", None),
        ("hostssl all all 0.0.0.0/0 cert clientcert=verify-full", Some("postgres/client-certificate-required")),
    ] {
        assert_eq!(causes(&hba(lines)).first().copied(), expected, "{lines}");
    }
    let shadowed = hba("host all all 0.0.0.0/0 reject\nhost d u 0.0.0.0/0 md5");
    assert!(shadowed[0].facts.iter().any(|(_, _, line)| *line == 2), "{shadowed:?}");
}

#[test]
fn tables_outside_the_publication_are_found() {
    let with = |publication: &str| causes(&check(&[sql(&format!("{publication}; {SOURCE}"))])).first().copied();
    let missing = Some("postgres/publication-table-not-included");
    assert_eq!(with("CREATE PUBLICATION dbz_publication FOR TABLE public.other, x"), missing);
    assert_eq!(with("CREATE PUBLICATION dbz_publication FOR TABLE other, T"), None);
    assert_eq!(with("CREATE PUBLICATION dbz_publication FOR TABLES IN SCHEMA public"), None);
    assert_eq!(with("CREATE PUBLICATION dbz_publication FOR ALL TABLES"), None);
    assert_eq!(with("CREATE PUBLICATION another FOR TABLE x"), None);
}

/// A hostile file is refused at once, at the place where it is too much.
#[test]
fn too_much_of_anything_is_refused() {
    let many = |n: usize, of: &dyn Fn(usize) -> String| (0..n).map(of).collect::<String>();
    let table =
        |k: usize| format!("CREATE TABLE s{k} (id INT) WITH ('connector'='postgres-cdc', 'slot.name'='s{k}');\n");
    let class = "\"connector.class\":\"io.debezium.connector.postgresql.PostgresConnector\"";
    let json = format!("{{\"name\":\"c\",\"config\":{{{class}{}}}}}", many(5000, &|k| format!(",\"k{k}\":\"v\"")));
    let began = std::time::Instant::now();
    for (name, text, code, line) in [
        ("job.sql", many(20_000, &table), "JD002", 2001),
        ("pg_hba.conf", many(100_000, &|_| "host all all 0.0.0.0/32 md5\n".into()), "JD008", 10_001),
        (
            "config_prod.conf",
            format!("[db]\ntype = pgsql\n{}", many(50_000, &|k| format!("[table-rule.{k}]\n"))),
            "JD003",
            10_001,
        ),
        ("connector.json", json, "JD005", 1),
    ] {
        let problem = read(name, &text).expect_err(name);
        assert_eq!((problem.code, problem.line()), (code, line), "{name}: {problem}");
    }
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    // the last that is read
    assert_eq!(sql(&many(1000, &table)).endpoints.len(), 1000);
}

/// The publication as a log shows it, or as somebody looked it up.
#[test]
fn tables_outside_a_publication_of_the_log_are_found() {
    let files = [sql(SOURCE)];
    let tables = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let missing = ["postgres/publication-table-not-included"];
    assert_eq!(causes(&published(&files, Some("dbz_publication"), &tables(&["public.other"]), "the log")), missing);
    assert_eq!(causes(&published(&files, None, &tables(&["public.other"]), "the log")), missing);
    assert!(published(&files, Some("dbz_publication"), &tables(&["public.other", "public.t"]), "the log").is_empty());
    assert!(published(&files, Some("another"), &tables(&["public.other"]), "the log").is_empty());

    let statement = |rest: &str| {
        format!(
            "2026-11-22 14:47:16,501 INFO  io.debezium.connector.postgresql.connection.PostgresReplicationConnection [] - \
             Updating Publication with statement 'ALTER PUBLICATION dbz_publication SET TABLE {rest};'\n"
        )
    };
    let of = |log: String, given: &[(&str, &str)]| {
        let params = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let options = Options { params, job: vec![sql(SOURCE)], ..Options::default() };
        let log = Log { name: "taskmanager.log".into(), series: None, bytes: log.into_bytes() };
        let diagnosis = common::scan(engine(), &[log], 4096).diagnose(&options);
        let report = build(&diagnosis, &engine().rules, &InputStatus::default(), "0.0.0");
        let found = report.diagnoses.iter().filter(|d| d.cause == missing[0]);
        found.map(|d| d.facts[0].text.clone()).collect::<Vec<_>>()
    };
    let other = statement(r#""public"."other""#);
    assert_eq!(
        of(other.clone(), &[]),
        ["the publication, in line 1 of taskmanager.log, has public.other, not public.t"]
    );
    // the last statement counts
    assert!(of(other.clone() + &statement(r#""public"."other", "public"."t""#), &[]).is_empty());
    assert!(of(other, &[("publication_tables", "public.t,x")]).is_empty());
    let by_hand = of(String::new(), &[("publication_tables", "x, y")]);
    assert_eq!(by_hand, ["the publication, as given by hand, has public.x, public.y, not public.t"]);
}

#[test]
fn what_is_malformed_is_refused_at_its_place_without_secrets() {
    for (name, text, line, word) in [
        ("a.sql", "CREATE TABLE t (a INT) WITH (\n 'password' = 'S3cret',\n 'slot.name' = 'x)", 3, "string"),
        ("a.sql", "CREATE TABLE t WITH ('a' 'S3cret')", 1, "="),
        ("a.sql", "CREATE TABLE t WITH ('a'='b'\n 'password'='S3cret')", 2, "comma"),
        ("a.sql", "CREATE TABLE t /* WITH ('a'='b')", 1, "comment"),
        ("config_prod.conf", "[db]\nhost=x\npassword = S3cret\nnonsense\n", 4, "key = value"),
        ("p.yaml", "source:\n  type: postgres\n  password: 'S3cret\nsink:\n  type: x\n", 3, ""),
        ("p.yaml", "source:\n  type: postgres\n  type: S3cret\nsink:\n  type: x\n", 3, "twice"),
        ("c.json", "{\"connector.class\": \"x\",\n \"database.password\": \"S3cret\" \"a\": 1}", 2, ""),
        ("c.properties", "connector.class=x\ndatabase.password=S3cret\\", 2, "does not end"),
        ("postgresql.conf", "wal_level = 'logical\n", 1, "does not end"),
        ("pg_hba.conf", "host all all all md5\nhots all all all md5\n", 2, "hots"),
        ("pg_hba.conf", "host all all\n", 1, "not whole"),
        ("a.txt", "nothing of the kind", 1, "no job definition"),
    ] {
        let problem = read(name, text).unwrap_err();
        let shown = cdc_doctor::diagnostic::render(
            &problem,
            cdc_doctor::diagnostic::Look { width: 100, ascii: true, color: false },
        );
        assert!(problem.code.starts_with("JD") && problem.message.contains(word), "{text}: {problem}");
        assert!(!shown.contains("S3cret") || text.contains("type: S3cret") || text.contains("'a' 'S3cret"), "{shown}");
        if name != "p.yaml" {
            assert_eq!(problem.line(), line, "{shown}");
        }
    }
}

fn doctor(arguments: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("NO_COLOR", "1").env("CDC_DOCTOR_PUBLICATION", "pub_env");
    let mut child = command.spawn().unwrap();
    drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
    child.wait_with_output().unwrap()
}

const LOG: &str = "2026-11-22 14:23:53,100 ERROR org.apache.flink.runtime.taskmanager.Task [] - failed\n\
    Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user \"flink_log\"\n";

fn path(name: &str) -> String {
    data(name).display().to_string()
}

#[test]
fn files_fill_what_the_log_leaves_open_and_the_log_wins() {
    let output = doctor(&["--format", "json", "--job", &path("connector.json"), "--param", "port=6000"], LOG);
    let text = String::from_utf8(output.stdout).unwrap();
    let report: Report = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let first = &report.diagnoses[0];
    assert_eq!((first.cause.as_str(), first.basis.as_str()), ("postgres/password-wrong", "log"));
    let of = |name: &str| first.params.get(name).map(|p| (p.value.as_str(), p.kind.as_str(), p.line));
    assert_eq!(of("user"), Some(("flink_log", "log", 2)));
    assert_eq!(of("host"), Some(("db.example.com", "job", 5)));
    assert_eq!(of("port"), Some(("6000", "option", 0)));
    assert_eq!(of("publication"), Some(("pub_env", "environment", 0)));
    let note = report.notes.iter().find(|n| n.code == "job-file-differs").unwrap();
    assert!(note.text.contains("flink_log") && note.text.contains("flink_cdc"), "{}", note.text);
    let second = report.diagnoses.iter().find(|d| d.basis == "job").unwrap();
    assert_eq!(second.evidence[0].line, 4, "{second:?}");
    assert!(report.inputs.iter().any(|i| i.kind == "job" && i.format == "connect-json"), "{:?}", report.inputs);
    assert!(!text.contains("S3cret"));
}

#[test]
fn files_alone_are_a_report() {
    let sql = path("flink-create.all.sql");
    let output = doctor(&["--job", &sql, "--job", &path("postgresql.conf"), "--job", &path("pg_hba.conf")], "");
    let text = String::from_utf8(output.stdout).unwrap();
    let trouble = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{trouble}");
    assert!(text.contains("[postgres/slot-name-invalid]") && text.contains("'Shop_Orders'"), "{text}");
    assert!(!text.contains("S3cret"), "{text}");
    let output = doctor(&["--brief", "--fail-on", "certain", "--job", &sql], "");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("flink-create.all.sql:9: certain: postgres/slot-name-invalid"), "{text}");
}

#[test]
fn a_malformed_file_is_told_and_the_log_diagnosed() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.sql");
    fs::write(&bad, "CREATE TABLE t WITH (\n  'password' = 'S3cret',\n  'slot.name' 'x');").unwrap();
    let output = doctor(&["--brief", "--job", &bad.display().to_string()], LOG);
    let (text, trouble) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(2), "{trouble}");
    assert!(text.contains("postgres/password-wrong"), "{text}");
    assert!(trouble.contains("JD002") && trouble.contains("bad.sql:3"), "{trouble}");
    assert!(!trouble.contains("S3cret"), "{trouble}");
}

#[test]
fn files_in_a_directory_are_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("taskmanager.log"), LOG).unwrap();
    fs::copy(data("flink-create.all.sql"), dir.path().join("flink-create.all.sql")).unwrap();
    fs::write(dir.path().join("notes.json"), "{}").unwrap();
    for arguments in [vec![], vec!["--job"]] {
        let place = dir.path().display().to_string();
        let output = doctor(&[&["--format", "json"], arguments.as_slice(), &[&place]].concat(), "");
        let report: Report = serde_json::from_slice(&output.stdout).unwrap();
        let sql = report.inputs.iter().filter(|i| i.format == "flink-sql").count();
        assert_eq!(sql, 1, "{:?}", report.inputs);
        assert!(report.diagnoses.iter().any(|d| d.cause == "postgres/slot-name-invalid"));
    }
}

#[test]
fn names_of_the_environment_are_those_of_the_vocabulary() {
    let output = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"))
        .arg(data("x.log"))
        .env("CDC_DOCTOR_SLOTT", "x")
        .output()
        .unwrap();
    let trouble = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(trouble.contains("CDC_DOCTOR_SLOTT") && trouble.contains("did you mean CDC_DOCTOR_SLOT?"), "{trouble}");
}

proptest! {
    #[test]
    fn nothing_panics(
        name in prop::sample::select(vec!["a.sql", "config_prod.conf", "p.yaml", "c.json", "c.properties", "postgresql.conf", "pg_hba.conf", "x"]),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "CREATE TABLE ", "WITH (", ")", "'connector'", "=", "'postgres-cdc'", ",", ";", "`", "\"", "'", "--", "/*", "*/", "\n",
            "LIKE ", "INSERT INTO ", "SET ", "PUBLICATION ", "FOR TABLE ", "PRIMARY KEY ", "[db]", "[table-rule.1]", "type=pgsql",
            "source:\n", "sink:\n", "  type: postgres\n", "&a ", "*a", "<<: ", "{", "}", "[", "]", "\"connector.class\":", "connector.class=",
            "\\", "\\u12", "\t", "host ", "all ", "0.0.0.0/32 ", "md5", "wal_level = ", "0x", "5s", "é", "\u{feff}", "password", "://a@",
        ]), 0..40),
    ) {
        if let Ok(file) = read(name, &pieces.concat()) {
            let _ = check(&[file.clone(), file]);
        }
    }

    #[test]
    fn damage_does_not_panic(which in 0_usize..7, at in 0_usize..2000, junk in "\\PC{0,6}", cut in any::<bool>()) {
        let names = ["flink-create.all.sql", "config_prod.conf", "pipeline.yaml", "connector.json", "connector.properties", "postgresql.conf", "pg_hba.conf"];
        let text = fs::read_to_string(data(names[which])).unwrap();
        let at = at.min(text.len());
        let damaged = if cut { text[..at].to_owned() } else { format!("{}{junk}{}", &text[..at], &text[at..]) };
        match read(names[which], &damaged) {
            Ok(file) => { let _ = check(&[file]); }
            Err(problem) => prop_assert!(!format!("{problem:?}").contains("S3cret"), "{problem:?}"),
        }
    }
}

/// A line of pg_hba.conf may go on behind a backslash, and is one line all the same.
#[test]
fn lines_of_pg_hba_go_on() {
    let hba = read("pg_hba.conf", "local all all \\\n  peer\n# a comment \\\nhost all all 0.0.0.0/0 md5\nhost shop flink_cdc \\\n 10.0.0.0/8 \\\n scram-sha-256\n").unwrap();
    let lines: Vec<(&str, &str, u64)> =
        hba.hba.iter().map(|l| (l.kind.as_str(), l.method.as_str(), l.at.line)).collect();
    // the comment goes on, too
    assert_eq!(lines, [("local", "peer", 1), ("host", "scram-sha-256", 5)]);
    let broken = read("pg_hba.conf", "host all \\\nall\n");
    assert!(broken.is_err());
}

#[test]
fn little_wal_kept_for_slots_is_told() {
    let conf = |value: &str| {
        let text = format!("wal_level = logical\nmax_slot_wal_keep_size = {value}\n");
        let found = check(&[read("postgresql.conf", &text).unwrap(), sql(SOURCE)]);
        causes(&found).contains(&"postgres/slot-invalidated")
    };
    assert!(conf("64MB") && conf("512") && conf("'100 kB'"));
    assert!(!conf("-1") && !conf("1GB") && !conf("10240") && !conf("2TB") && !conf("64mb"));
}
