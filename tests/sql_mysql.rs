//! Every reading SQL text of MySQL's dialect that a shipped rule can print is run by a real MariaDB, as it is printed.
//!
//! Debian has MariaDB and no MySQL: what MariaDB lacks stands in [`LACKS`], with the reason, and texts for MySQL 8 alone say so with
//! `versions:` and are counted as skipped. The values are plain, missing, odd but existing, and hostile, each under the default
//! mode, under `NO_BACKSLASH_ESCAPES` and under `ANSI_QUOTES`. After each set nothing may have changed, and no value may have
//! become a command. A rule made for this test has a text of every kind of brace, whatever the shipped rules use.

#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "support/sql_texts.rs"]
mod sql_texts;

use cdc_doctor::builtin;
use cdc_doctor::diagnostic::SourceText;
use cdc_doctor::rule::RuleSet;
use cdc_doctor::rule::vocabulary::Kind;
use mariadb::Server;
use sql_texts::{Text, texts};

/// Values that try to break out of their quotes.
const HOSTILE: &[&str] = &[
    "'; DROP TABLE shop.victim; --",
    "\"; DROP TABLE shop.victim; --",
    "`; DROP TABLE shop.victim; --",
    "\\'; DROP TABLE shop.victim; -- ",
    "x\\",
    "x\\`; DROP TABLE shop.victim; -- ",
    "a.b`; DROP TABLE shop.victim; -- ",
    "line\n; DROP TABLE shop.victim;\n\\! touch pwned\n",
    "\\! touch pwned",
    "system touch pwned",
    "delimiter x",
    "*/ DROP TABLE shop.victim; /*",
    "/*! DROP TABLE shop.victim */",
    "# x",
    "@user",
    "\u{202e}right\u{7}to\u{1b}[31mleft",
    "shop.(orders|customers)",
    "-1",
    "\u{bf27}",
];

/// Errors that say that an object does not exist, or that no object can be called so.
const NO_SUCH: &[u32] = &[
    1044, 1049, // database
    1051, 1146, 1109, // table
    1054, // column
    1059, 1102, 1103, 1166, // such a name cannot be
    1133, 1141, 1269, // user
    1220, // binlog file
    1064, // a placeholder for what cannot be written
    1470, // too long
];

/// What MySQL has and MariaDB has not.
struct Lacks {
    /// A part of the text.
    part: &'static str,
    /// Error number.
    errno: u32,
    /// Why.
    #[expect(dead_code, reason = "for the reader")]
    because: &'static str,
}

const LACKS: &[Lacks] = &[
    Lacks { part: "performance_schema.variables_by_thread", errno: 1146, because: "a table of MySQL 5.7" },
    Lacks { part: "gtid_mode", errno: 1193, because: "MariaDB's GTIDs are others and always on" },
    Lacks { part: "enforce_gtid_consistency", errno: 1193, because: "the same" },
    Lacks { part: "gtid_executed", errno: 1193, because: "the same" },
    Lacks { part: "gtid_purged", errno: 1193, because: "the same" },
    Lacks { part: "binlog_row_value_options", errno: 1193, because: "a variable of MySQL 8.0" },
    Lacks { part: "BINARY LOG STATUS", errno: 1064, because: "a statement of MySQL 8.2" },
    Lacks { part: "SHOW REPLICAS", errno: 1064, because: "a statement of MySQL 8.0.22" },
    Lacks { part: "account_locked", errno: 1054, because: "a column of MySQL's mysql.user" },
    Lacks { part: "password_lifetime", errno: 1054, because: "a column of MySQL's mysql.user" },
    Lacks { part: "password_last_changed", errno: 1054, because: "a column of MySQL's mysql.user" },
];

/// One text of every kind.
const EVERY_KIND: &str = "
id: mysql/test-every-kind
title: t
category: configuration
role: cause
impact: down
match:
  - message: 'a text that only this test has'
    confidence: certain
why: w
checks:
  - { id: literal, ask: 'Which?', sql: 'SELECT user, host FROM mysql.user WHERE user = {user}' }
  - { id: show, ask: 'Which?', sql: 'SHOW VARIABLES LIKE {user}' }
  - { id: where, ask: 'Which?', sql: 'SHOW VARIABLES WHERE variable_name = {user}' }
  - { id: relation, ask: 'Which?', sql: 'SELECT count(*) FROM {table:relation}' }
  - { id: list, ask: 'Which?', sql: 'SELECT 1 FROM {tables:list} LIMIT 1' }
  - { id: ident, ask: 'Which?', sql: 'SHOW TABLES FROM {database:ident}' }
  - { id: number, ask: 'Which?', sql: 'SELECT @@port = {port:number} AS same' }
  - id: name
    ask: Which?
    sql: |
      SELECT table_name FROM information_schema.tables
       WHERE table_schema = {database} AND table_name = {table:name}
source: [test]
examples:
  - log: 'ERROR: a text that only this test has'
  - log: other
    not: true
";

struct Names {
    user: &'static str,
    database: &'static str,
    table: &'static str,
    tables: &'static str,
    /// Name in SQL.
    quoted: &'static str,
}

const PLAIN: Names = Names {
    user: "cdc_user",
    database: "shop",
    table: "shop.orders",
    tables: "shop.orders,shop.customers",
    quoted: "`shop`.`orders`",
};
const ODD: Names = Names {
    user: "O'Brien \"x\" `",
    database: "sh`op 'n' \"x\"",
    table: "`sh``op 'n' \"x\"`.`we``ird; -- .t`",
    tables: "shop.orders",
    quoted: "`sh``op 'n' \"x\"`.`we``ird; -- .t`",
};

impl Names {
    fn value(&self, name: &str) -> Option<String> {
        let rules = builtin::rules().unwrap();
        let value = match (name, rules.vocabulary.get(name)?.kind) {
            ("user", _) => self.user,
            ("database", _) => self.database,
            ("table", _) => self.table,
            ("tables", _) => self.tables,
            ("column", _) => "id",
            ("host", _) => "127.0.0.1",
            (_, Kind::Number) => "5",
            (_, Kind::Lsn | Kind::Name) => "plain_name",
            (_, Kind::Text) => "plain text",
            (_, Kind::List) => "shop.orders",
        };
        Some(value.to_owned())
    }
}

/// A check for MySQL 8 alone is not for MariaDB, which has what MySQL 5.7 had.
fn is_for(wanted: &str) -> bool {
    let number = |text: &str| {
        let mut parts = text.trim().split('.').map(|n| n.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    };
    let ours = (5, 7, 99);
    wanted.split([',', ' ']).filter(|part| !part.is_empty()).all(|part| {
        if let Some(n) = part.strip_prefix(">=") {
            ours >= number(n)
        } else if let Some(n) = part.strip_prefix("<=") {
            ours <= number(n)
        } else if let Some(n) = part.strip_prefix('<') {
            ours < number(n)
        } else if let Some(n) = part.strip_prefix('>') {
            ours > number(n)
        } else {
            panic!("versions: {wanted} is not understood")
        }
    })
}

fn rules() -> RuleSet {
    let file = SourceText { name: "rules/mysql/test-every-kind.yaml".into(), text: EVERY_KIND.into() };
    let loaded = RuleSet::compile(vec![file], Some(&*builtin::rules().unwrap()));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded.set
}

#[test]
fn every_reading_text_runs() {
    let Some(program) = mariadb::installed() else {
        eprintln!("skipped: no MariaDB server (mariadbd, mariadb-install-db, mariadb) in $MARIADB_BIN or PATH");
        return;
    };
    let server = Server::start(&program);
    let rules = rules();
    server.script(&format!(
        "CREATE DATABASE shop; CREATE TABLE shop.orders (id int PRIMARY KEY); CREATE TABLE shop.customers (id int PRIMARY KEY);\n\
         CREATE TABLE shop.victim (id int); INSERT INTO shop.victim VALUES (1), (2);\n\
         CREATE USER 'cdc_user'@'%'; CREATE USER 'O''Brien \"x\" `'@'%';\n\
         CREATE DATABASE `sh``op 'n' \"x\"`; CREATE TABLE {} (id int PRIMARY KEY);\n",
        ODD.quoted
    ));
    let before = state(&server);
    let mut wrong = Vec::new();
    let mut all = |name: &str, names: &Names, value: &dyn Fn(&str) -> Option<String>, exists: bool| {
        let (mut texts, complaints) = texts(&rules, "mysql", value, &is_for);
        wrong.extend(complaints.into_iter().map(|c| format!("{name}: {c}")));
        texts.retain(|t| !t.changes);
        for mode in ["", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"] {
            let found = run(&server, names, &texts, mode, exists);
            wrong.extend(found.into_iter().map(|c| format!("{name} [{mode}]: {c}")));
        }
        if state(&server) != before {
            wrong.push(format!("{name}: the server is not as before"));
        }
        if server.dir().join("pwned").exists() {
            wrong.push(format!("{name}: a value became a command"));
        }
        texts.len()
    };
    let count = all("plain", &PLAIN, &|p| PLAIN.value(p), true);
    all("odd", &ODD, &|p| ODD.value(p), true);
    all("missing", &PLAIN, &|_| None, true);
    let (long, longer) = ("x".repeat(1000), "x".repeat(5000));
    for value in HOSTILE.iter().copied().chain([long.as_str(), longer.as_str()]) {
        let name = format!("hostile {:?}", value.chars().take(20).collect::<String>());
        all(&name, &PLAIN, &|_| Some(value.to_owned()), false);
    }
    let skipped = sql_texts::skipped(&rules, "mysql", &is_for);
    eprintln!("{}: {count} texts, {skipped} skipped: they are for MySQL 8 alone", server.version);
    assert!(wrong.is_empty(), "{}\n{} texts fail with {}", wrong.join("\n\n"), wrong.len(), server.version);
}

/// Everything that a text could have changed.
fn state(server: &Server) -> String {
    server.script(
        "SELECT count(*) FROM shop.victim; SELECT table_schema, table_name FROM information_schema.tables \
          WHERE table_schema NOT IN ('information_schema', 'performance_schema') ORDER BY 1, 2;\n\
         SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2;\n\
         SELECT variable_name, variable_value FROM information_schema.global_variables \
          WHERE variable_name NOT LIKE '%gtid%' AND variable_name NOT LIKE 'timestamp%' ORDER BY 1;\n",
    )
}

/// A text as a reader pastes it: variables are set, what is marked is replaced.
fn pasted(text: &Text, names: &Names) -> (String, String) {
    let mut sql = text.sql.clone();
    let mut set = String::new();
    for name in &text.missing {
        let value = names.value(name).unwrap_or_default();
        sql = sql.replace(&format!("<{name}>"), &value);
        if text.variables.contains(name) {
            set.push_str(&format!("SET @{name} = '{value}';\n"));
        }
    }
    (set, sql)
}

/// Runs texts, each in a read-only transaction, and looks at how each ended.
fn run(server: &Server, names: &Names, texts: &[Text], mode: &str, exists: bool) -> Vec<String> {
    let mut script = format!("USE shop;\nSET SESSION sql_mode = '{mode}';\n");
    let mut lines = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let (set, sql) = pasted(text, names);
        script.push_str(&format!("SELECT '@@begin {number}' AS mark;\n{set}START TRANSACTION READ ONLY;\n"));
        let first = script.lines().count() + 1;
        script.push_str(&format!("{sql}\n"));
        lines.push(first..=script.lines().count());
        script.push_str(&format!("ROLLBACK;\nSELECT '@@end {number}' AS mark;\n"));
    }
    let output = server.client(&script, &["--force"]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut errors: Vec<(u32, usize, &str)> = Vec::new();
    for line in err.lines() {
        let error = line.strip_prefix("ERROR ").and_then(|rest| {
            let errno = rest.split(' ').next()?.parse().ok()?;
            let at = rest.split(" at line ").nth(1)?.split(':').next()?.parse().ok()?;
            Some((errno, at, line))
        });
        errors.extend(error);
    }
    let mut wrong = Vec::new();
    for (number, (text, lines)) in texts.iter().zip(&lines).enumerate() {
        let after = out.split_once(&format!("@@begin {number}\n")).map_or("", |(_, after)| after);
        let Some((rows, _)) = after.split_once(&format!("@@end {number}\n")) else {
            wrong.push(format!("{text} swallowed what follows it\n{err}"));
            break;
        };
        let mut failed = false;
        for (errno, _, line) in errors.iter().filter(|(_, at, _)| lines.contains(at)) {
            failed = true;
            let allowed = (!exists && NO_SUCH.contains(errno))
                || LACKS.iter().any(|l| text.sql.contains(l.part) && l.errno == *errno);
            if !allowed {
                wrong.push(format!("{text}: {line}"));
            }
        }
        // no row, no heading
        let heading: Vec<&str> = rows.lines().next().unwrap_or("").split('\t').collect();
        let answered = !failed && heading.first().is_some_and(|h| !h.is_empty() && *h != "mark");
        for column in text.columns.iter().filter(|_| answered) {
            if !heading.iter().any(|h| h.eq_ignore_ascii_case(column)) {
                wrong.push(format!("{text}: expects the column {column}, but answers with {heading:?}"));
            }
        }
    }
    wrong
}
