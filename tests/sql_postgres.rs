//! Every SQL text of PostgreSQL's dialect that a shipped rule can print is run by a real PostgreSQL, as it is printed.
//!
//! The texts go through the text renderer and psql, with parameters that are plain, missing, odd but existing, and hostile. A check
//! must parse and run inside a read-only transaction; the only errors allowed are about objects that do not exist, and only where
//! the parameters name such. Fixes and changing checks run inside a transaction that is rolled back where PostgreSQL lets them.
//! After each set nothing may have changed, and no value may have become a command.

#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/postgres_names.rs"]
mod postgres_names;
#[path = "support/sql_texts.rs"]
mod sql_texts;

use std::path::Path;

use cdc_doctor::builtin;
use postgres::Server;
use postgres_names::{Names, is_for};
use sql_texts::{Text, texts};

/// Values that try to break out of their quotes.
const HOSTILE: &[&str] = &[
    "'; DROP TABLE victim; --",
    "\"; DROP TABLE victim; --",
    "\"a\"b",
    "$$; DROP TABLE victim; $$",
    "a\\'b; DROP TABLE victim; --",
    "back\\slash\\",
    "line\n; DROP TABLE victim;\n\\! touch pwned\n",
    "\\! touch pwned",
    "`touch pwned`",
    ":'user' :\"user\" :user",
    "a.b.c",
    "*/ DROP TABLE victim; /*",
    "\u{202e}right\u{7}to\u{1b}[31mleft",
    "public.(orders|customers)",
    "-1",
];

/// SQLSTATEs that say that an object does not exist.
const NO_SUCH: &[&str] = &[
    "3D000", // database
    "3F000", // schema
    "42703", // column
    "42704", // role, slot, publication
    "42P01", // table
];

/// A text that may fail whatever its values are.
struct MayFail {
    /// A part of the text.
    part: &'static str,
    state: &'static str,
    /// Servers before this version.
    before: u32,
    /// Why.
    #[expect(dead_code, reason = "for the reader")]
    because: &'static str,
}

const MAY_FAIL: &[MayFail] = &[
    MayFail {
        part: "pg_log_standby_snapshot()",
        state: "42883",
        before: 16,
        because: "the step says that it is for PostgreSQL 16 and above",
    },
    MayFail {
        part: "idle_replication_slot_timeout",
        state: "42704",
        before: 18,
        because: "only PostgreSQL 18 and above can print the message that the rule matches",
    },
    MayFail {
        part: ", false, false, true)",
        state: "42883",
        before: 17,
        because: "the step says that it is for PostgreSQL 17 and above",
    },
    MayFail {
        part: "'name_of_the_orphan'",
        state: "42704",
        before: u32::MAX,
        because: "the reader puts in the slot that the check before it found",
    },
];

/// What must be so before a fix makes sense, by the beginning of its text. It is done in the same transaction.
fn before(sql: &str, names: &Names) -> Option<String> {
    let Names { user, publication, table, .. } = names;
    let begins = |prefix: &str| sql.starts_with(prefix);
    if begins(&format!("CREATE PUBLICATION {publication}")) {
        Some(format!("DROP PUBLICATION {publication};"))
    } else if begins("CREATE PUBLICATION dbz_publication") {
        Some("DROP PUBLICATION IF EXISTS dbz_publication;".to_owned())
    } else if begins(&format!("CREATE ROLE {user}")) {
        Some(format!("ALTER ROLE {user} RENAME TO someone_else;"))
    } else if begins("ALTER PUBLICATION") && sql.contains(" ADD TABLE ") {
        Some(format!("ALTER PUBLICATION {publication} DROP TABLE {table};"))
    } else if begins("ALTER TABLE") && sql.contains(" ADD PRIMARY KEY ") {
        Some(format!("ALTER TABLE {table} DROP CONSTRAINT the_key;"))
    } else {
        None
    }
}

/// Statements that PostgreSQL does not let into a transaction block.
fn stands_alone(sql: &str) -> bool {
    ["ALTER SYSTEM", "REINDEX DATABASE", "CREATE DATABASE"].iter().any(|words| sql.starts_with(words))
}

#[test]
fn every_text_runs() {
    let servers = postgres::installed();
    if servers.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "no PostgreSQL server is installed, and CI needs one");
        eprintln!("skipped: no PostgreSQL server (initdb, postgres) in $PGBIN, /usr/lib/postgresql or PATH");
        return;
    }
    for bin in servers {
        let wrong = run(&bin);
        assert!(wrong.is_empty(), "{}\n{} texts fail with {}", wrong.join("\n\n"), wrong.len(), bin.display());
    }
}

fn run(bin: &Path) -> Vec<String> {
    let server = Server::start(bin);
    let rules = builtin::rules().unwrap();
    let plain = Names::plain();
    let odd = Names::odd();
    for names in [&plain, &odd] {
        make(&server, names);
    }
    let mut wrong = Vec::new();
    let mut all = |name: &str, names: &Names, values: &dyn Fn(&str) -> Option<String>, exists: bool| {
        let (texts, complaints) = texts(&rules, "postgres", values, &|wanted| is_for(wanted, server.major));
        wrong.extend(complaints.into_iter().map(|c| format!("{name}: {c}")));
        let before = state(&server, names);
        wrong.extend(checks(&server, names, &texts, exists).into_iter().map(|c| format!("{name}: {c}")));
        wrong.extend(changes(&server, names, &texts, exists).into_iter().map(|c| format!("{name}: {c}")));
        let after = state(&server, names);
        if before != after {
            wrong.push(format!("{name}: the server is not as before\nbefore: {before}\nafter:  {after}"));
        }
        if server.dir().join("pwned").exists() {
            wrong.push(format!("{name}: a value became a command"));
        }
        texts.len()
    };
    let count = all("plain", &plain, &|p| plain.value(p), true);
    all("missing", &plain, &|_| None, true);
    all("odd", &odd, &|p| odd.value(p), true);
    let long = "x".repeat(1000);
    let longer = "x".repeat(5000);
    for value in HOSTILE.iter().copied().chain([long.as_str(), longer.as_str()]) {
        let name = format!("hostile {:?}", value.chars().take(20).collect::<String>());
        all(&name, &plain, &|_| Some(value.to_owned()), false);
    }
    let skipped = sql_texts::skipped(&rules, "postgres", &|wanted| is_for(wanted, server.major));
    eprintln!("PostgreSQL {}: {count} texts, {skipped} skipped: they are for other versions", server.major);
    wrong
}

/// Makes the objects that the parameters name, and a victim.
fn make(server: &Server, names: &Names) {
    let Names { user, database, schema, table, other, publication, slot, .. } = names;
    server.script("postgres", &format!("CREATE ROLE {user} LOGIN REPLICATION;\nCREATE DATABASE {database};\n"));
    if names.raw_database == "shop" {
        server.script("postgres", "CREATE ROLE replication_group;\n");
    }
    let key = "id int CONSTRAINT the_key PRIMARY KEY, name text";
    let other_key = "id int PRIMARY KEY, name text";
    server.script(
        &names.raw_database,
        &format!(
            "CREATE TABLE victim AS SELECT generate_series(1, 3) AS id;\nCREATE SCHEMA IF NOT EXISTS {schema};\n\
             CREATE TABLE {table} ({key});\nCREATE TABLE {other} ({other_key});\n\
             CREATE PUBLICATION {publication} FOR TABLE {table}, {other};\n\
             SELECT 1 FROM pg_create_logical_replication_slot('{slot}', 'pgoutput');\n"
        ),
    );
}

/// Everything that a text could have changed.
fn state(server: &Server, names: &Names) -> String {
    let tables = [
        "rolname, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil FROM pg_roles",
        "datname, datallowconn, datconnlimit, datacl FROM pg_database",
        "relname, relreplident, relrowsecurity, relowner, relacl FROM pg_class WHERE oid >= 16384",
        "nspname, nspacl FROM pg_namespace",
        "pubname, pubinsert, pubtruncate, pubviaroot FROM pg_publication",
        "pubname, tablename FROM pg_publication_tables",
        "slot_name, plugin FROM pg_replication_slots",
        "name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'",
        "setrole, setconfig FROM pg_db_role_setting",
        "polname FROM pg_policy",
        "defaclobjtype FROM pg_default_acl",
    ];
    let row = |table: &str| {
        let (columns, from) = table.split_once(" FROM ").unwrap();
        format!("SELECT array_agg(x ORDER BY x) FROM (SELECT ROW({columns})::text AS x FROM {from}) AS t;\n")
    };
    let script: String = tables.into_iter().map(row).collect();
    server.script(&names.raw_database, &format!("SELECT count(*) FROM victim;\n{script}"))
}

/// Runs the reading checks, each in a read-only transaction.
fn checks(server: &Server, names: &Names, texts: &[Text], exists: bool) -> Vec<String> {
    let texts: Vec<&Text> = texts.iter().filter(|t| !t.changes).collect();
    let mut script = String::new();
    for (number, text) in texts.iter().enumerate() {
        let (set, unset) = text.variables(names);
        script.push_str(&format!(
            "\\echo @@begin {number}\n{set}BEGIN READ ONLY;\nSET LOCAL statement_timeout = '10s';\n{}\n{}ROLLBACK;\n{unset}",
            text.sql,
            end(number)
        ));
    }
    let allowed = |_: &Text, state: &str| !exists && NO_SUCH.contains(&state);
    judge(server, names, &texts, &script, &allowed)
}

/// Runs fixes and changing checks: rolled back where that can be, and put in order again where not.
fn changes(server: &Server, names: &Names, texts: &[Text], exists: bool) -> Vec<String> {
    let texts: Vec<&Text> = texts.iter().filter(|t| t.changes).collect();
    let slot = &names.slot;
    let tidy = format!(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name NOT IN ('flink', 'flink_odd');
         SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')
          WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '{slot}');\nALTER SYSTEM RESET ALL;\n"
    );
    let mut script = String::new();
    for (number, text) in texts.iter().enumerate() {
        let (set, unset) = text.variables(names);
        let (begin, rollback) = if stands_alone(&text.sql) { ("", "") } else { ("BEGIN;\n", "ROLLBACK;\n") };
        let prepare = before(&text.plain_sql(names), names).unwrap_or_default();
        // a slot cannot be made where the same name is, nor in a transaction that has written
        let free = if text.sql.starts_with("SELECT pg_create_logical_replication_slot(") {
            format!("SELECT pg_drop_replication_slot('{slot}');\n")
        } else {
            String::new()
        };
        script.push_str(&format!(
            "\\echo @@begin {number}\n{set}{free}{begin}{prepare}\n{}\n{}{rollback}{unset}",
            text.sql,
            end(number)
        ));
        if texts.get(number + 1).is_none_or(|next| next.rule != text.rule || !text.place.starts_with("check")) {
            script.push_str(&tidy);
        }
    }
    let allowed = |text: &Text, state: &str| {
        (!exists && NO_SUCH.contains(&state))
            || (!exists && text.sql.starts_with("REINDEX DATABASE ") && state == "0A000") // not the database of the session
            || MAY_FAIL.iter().any(|m| text.sql.contains(m.part) && m.state == state && server.major < m.before)
    };
    judge(server, names, &texts, &script, &allowed)
}

/// The line that tells how a text ended.
fn end(number: usize) -> String {
    format!("\\echo\n\\echo @@end {number} :SQLSTATE :LAST_ERROR_MESSAGE\n")
}

/// Runs a script and looks at how each text ended.
fn judge(
    server: &Server,
    names: &Names,
    texts: &[&Text],
    script: &str,
    allowed: &dyn Fn(&Text, &str) -> bool,
) -> Vec<String> {
    let output = server.psql(&names.raw_database, script, false);
    let out = String::from_utf8_lossy(&output.stdout);
    let mut wrong = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let after = out.split_once(&format!("@@begin {number}\n")).map_or("", |(_, after)| after);
        let Some((rows, end)) = after.split_once(&format!("@@end {number} ")) else {
            wrong.push(format!("{text} swallowed what follows it\n{}", String::from_utf8_lossy(&output.stderr)));
            break;
        };
        let (state, message) = end.lines().next().unwrap_or("").split_once(' ').unwrap_or(("", ""));
        if state != "00000" && !allowed(text, state) {
            wrong.push(format!("{text}: {state} {message}"));
        }
        let heading: Vec<&str> = rows.lines().next().unwrap_or("").split(',').collect();
        for column in text.columns.iter().filter(|_| state == "00000") {
            if !heading.contains(&column.as_str()) {
                wrong.push(format!("{text}: expects the column {column}, but answers with {heading:?}"));
            }
        }
    }
    wrong
}
