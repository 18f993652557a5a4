//! Is this text one read-only statement of this dialect? Used by `rules check`, and by `verify` before anything is sent.
//!
//! A read-only transaction does not stop functions with side effects (`pg_drop_replication_slot`, `pg_terminate_backend`, `dblink`),
//! and some systems have none, so statements and functions are allowed by name. The text may hold `{braces}`: they count as
//! literals. What a dialect reads in two ways (a backslash, a comment) is refused rather than understood.

mod functions;

use super::dialect::Dialect;
use functions::{COMMON, DB2, FLINK, MYSQL, ORACLE, POSTGRES, SQLSERVER};

/// What a dialect allows.
struct Grammar {
    /// First words of statements that read; two words are the first two.
    statements: &'static [&'static str],
    /// Functions, beside those of [`COMMON`].
    functions: &'static str,
    /// Words that never stand in a statement that only reads, beside those of [`WRITING`].
    writing: &'static str,
    /// Procedures that read, behind `EXEC`.
    procedures: &'static str,
}

/// Words that never stand in a statement that only reads.
const WRITING: &str = "\
    insert update delete merge create alter drop truncate grant revoke copy call do lock vacuum analyze cluster reindex refresh \
    set reset begin commit rollback listen notify into prepare execute discard load reassign security import kill flush purge \
    handler outfile dumpfile nextval";

fn grammar(dialect: Dialect) -> Grammar {
    let none = |statements, functions| Grammar { statements, functions, writing: "", procedures: "" };
    match dialect {
        Dialect::Postgres => none(&["select", "show", "with", "values", "table", "explain"], POSTGRES),
        Dialect::Mysql => Grammar {
            writing: "share replace rename optimize repair backup restore recover cancel",
            ..none(&["select", "show", "with", "values", "table", "explain", "desc", "describe", "admin show"], MYSQL)
        },
        // a statement may follow another without a semicolon
        Dialect::SqlServer => Grammar {
            writing: "exec backup restore dbcc shutdown reconfigure use waitfor deny disable enable print raiserror throw goto while \
                      declare bulk writetext updatetext checkpoint save open close deallocate setuser send receive move",
            procedures: "sp_cdc_get_captured_columns sp_cdc_get_ddl_history sp_cdc_help_change_data_capture sp_cdc_help_jobs \
                         sp_columns sp_databases sp_help sp_helpdb sp_helpindex sp_helplogins sp_helprole sp_helprolemember \
                         sp_helprotect sp_helpsrvrolemember sp_helpuser sp_lock sp_pkeys sp_readerrorlog sp_statistics \
                         sp_table_privileges sp_tables sp_who sp_who2 xp_msver xp_readerrorlog",
            ..none(&["select", "with", "exec"], SQLSERVER)
        },
        // EXPLAIN PLAN writes into a table; SHOW and DESCRIBE are of sqlplus
        Dialect::Oracle => Grammar {
            writing: "function procedure explain execute",
            ..none(&["select", "with", "show parameter", "desc", "describe", "archive log"], ORACLE)
        },
        // GET, LIST and DESCRIBE are of the command line processor
        Dialect::Db2 => Grammar {
            writing: "explain export force connect deactivate activate quiesce",
            ..none(
                &["select", "with", "values", "get db", "get dbm", "list applications", "list tablespaces", "describe"],
                DB2,
            )
        },
        Dialect::Flink => none(&["select", "show", "with", "values", "explain", "desc", "describe"], FLINK),
    }
}

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}

/// Why a statement may not be run as a reading one; `None` if it may.
#[must_use]
pub fn refuse(sql: &str, dialect: Dialect) -> Option<String> {
    let words = match tokens(sql, dialect) {
        Ok(words) => words,
        Err(why) => return Some(why),
    };
    let first = words.first().filter(|w| w.at == 0);
    let Some(first) = first else { return Some("there is no statement".into()) };
    let grammar = grammar(dialect);
    let second = words.get(1).map_or("", |w| w.text.as_str());
    let reads = grammar.statements.iter().any(|s| match s.split_once(' ') {
        Some((a, b)) => a == first.text && b == second,
        None => *s == first.text,
    });
    if !reads {
        return Some(format!("it begins with {}, which does not only read", first.text.to_uppercase()));
    }
    let show = matches!(first.text.as_str(), "show" | "admin" | "archive" | "get");
    let skip = match first.text.as_str() {
        "exec" => match procedure(&words, &grammar) {
            Ok(used) => used,
            Err(why) => return Some(why),
        },
        _ => 1,
    };
    for (word, next) in words.iter().zip(words.iter().skip(1).map(Some).chain([None])).skip(skip) {
        let name = word.text.as_str();
        let writes = holds(WRITING, name) || holds(grammar.writing, name);
        if !show && writes && !word.called && !word.qualified && !word.variable {
            return Some(format!("{} does not only read", name.to_uppercase()));
        }
        // a sequence moves on when it is read
        if name == "nextval" || name == "next" && next.is_some_and(|n| n.text == "value") {
            return Some("NEXT VALUE moves a sequence".into());
        }
        if word.called && !holds(COMMON, name) && !holds(grammar.functions, name) && !status(sql, dialect, name) {
            return Some(format!("the function {name}() is not on the list of those that only read"));
        }
        // packaged functions of Oracle need no brackets
        let package = dialect == Dialect::Oracle && ["dbms_", "utl_", "apex_"].iter().any(|p| name.starts_with(p));
        if package && name != "dbms_flashback" {
            return Some(format!("the package {name} does not only read"));
        }
    }
    None
}

/// `EXEC [database.]sys.procedure`: the number of words up to the procedure, if it is one that reads.
fn procedure(words: &[Word], grammar: &Grammar) -> Result<usize, String> {
    let dotted = words.iter().skip(2).take_while(|w| w.qualified).count();
    match words.get(1 + dotted) {
        Some(name) if !name.called && holds(grammar.procedures, &name.text) => Ok(2 + dotted),
        Some(name) => Err(format!("the procedure {} is not on the list of those that only read", name.text)),
        None => Err("EXEC names no procedure".into()),
    }
}

/// Debezium's control function of Db2 starts and stops the capture, too: only its status is read.
fn status(sql: &str, dialect: Dialect, function: &str) -> bool {
    let squeezed: String = sql.to_lowercase().split_whitespace().collect();
    dialect == Dialect::Db2 && function == "asncdcservices" && squeezed.contains("asncdcservices('status',")
}

struct Word {
    text: String,
    /// Characters before it.
    at: usize,
    /// A bracket follows.
    called: bool,
    /// A dot stands before it.
    qualified: bool,
    /// `@` stands before it.
    variable: bool,
}

/// Words outside literals, quoted identifiers and comments.
fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<Word>, String> {
    let chars: Vec<char> = sql.trim().chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mysql = matches!(dialect, Dialect::Mysql | Dialect::Flink);
    let mut words: Vec<Word> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        if c == '\'' || (c == '"' && mysql) {
            let escapes = match dialect {
                Dialect::Postgres => i > 0 && matches!(at(i - 1), 'e' | 'E'),
                _ => false,
            };
            let end = skip_quoted(&chars, i, c, escapes).ok_or("a literal does not end")?;
            // it may end the literal or not, depending on the server's mode
            let inner = chars.get(i + 1..end).unwrap_or_default();
            if mysql && inner.windows(2).any(|w| matches!(w, ['\\', '\'' | '"' | '\\'])) {
                return Err("a backslash stands before a quotation mark".into());
            }
            i = end;
        } else if c == '"' || c == '`' {
            i = skip_quoted(&chars, i, c, false).ok_or("a quoted identifier does not end")?;
        } else if c == '[' && dialect == Dialect::SqlServer {
            i = skip_quoted(&chars, i, ']', false).ok_or("a quoted identifier does not end")?;
        } else if c == '-' && at(i + 1) == '-' {
            if mysql && !at(i + 2).is_whitespace() {
                return Err("-- without a blank behind it is no comment to every server".into());
            }
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            return Err("a /* comment */ stands in it".into());
        } else if c == '#' && mysql {
            return Err("a # comment stands in it".into());
        } else if c == ':' && at(i + 1) == '=' {
            return Err("it sets a variable".into());
        } else if c == '$' && (at(i + 1) == '$' || at(i + 1).is_alphabetic()) {
            return Err("a dollar-quoted text stands in it".into());
        } else if c == ';' {
            return Err("it holds a semicolon".into());
        } else if c == '\\' {
            return Err("it holds a backslash".into());
        } else if c == '{' {
            while i < chars.len() && at(i) != '}' {
                i += 1;
            }
            i += 1;
        } else if c.is_alphabetic() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || matches!(at(i), '_' | '$') || (at(i) == '#' && !mysql) {
                i += 1;
            }
            let text: String = chars.get(start..i).unwrap_or_default().iter().collect::<String>().to_lowercase();
            let mut next = i;
            while at(next).is_whitespace() {
                next += 1;
            }
            if at(i) == '\'' && matches!(text.as_str(), "q" | "nq") && dialect == Dialect::Oracle {
                return Err("a literal with brackets of its own stands in it".into());
            }
            // `e'…'`: the prefix of a literal, not a word
            let prefix = at(i) == '\'' && matches!(text.as_str(), "e" | "b" | "x" | "n" | "u");
            let before = if start > 0 { at(start - 1) } else { '\0' };
            if !prefix {
                words.push(Word {
                    text,
                    at: start,
                    called: at(next) == '(',
                    qualified: before == '.',
                    variable: before == '@',
                });
            }
        } else {
            i += 1;
        }
    }
    Ok(words)
}

fn skip_quoted(chars: &[char], open: usize, quote: char, escapes: bool) -> Option<usize> {
    let mut i = open + 1;
    while let Some(c) = chars.get(i) {
        if escapes && *c == '\\' {
            i += 2;
        } else if *c == quote {
            if chars.get(i + 1) == Some(&quote) {
                i += 2;
            } else {
                return Some(i + 1);
            }
        } else {
            i += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Dialect::{self, Db2, Flink, Mysql, Oracle, Postgres, SqlServer};
    use super::refuse;

    const READING: &[(Dialect, &str)] = &[
        (Postgres, "SHOW wal_level"),
        (
            Postgres,
            "SELECT count(*) AS used, current_setting('max_replication_slots') AS allowed FROM pg_replication_slots",
        ),
        (Postgres, "SELECT has_table_privilege({user}, {table:regclass}, 'SELECT; DROP')"),
        (Postgres, "WITH x AS (SELECT 1) SELECT * FROM x WHERE a IN (1, 2)"),
        (Mysql, "SHOW GRANTS FOR {user}@'%'"),
        (Mysql, "SHOW VARIABLES LIKE 'binlog\\_%'"),
        (Mysql, "SHOW CREATE TABLE {table:relation}"),
        (Mysql, "SHOW VARIABLES WHERE variable_name IN ('log_bin', \"binlog_format\")"),
        (Mysql, "SELECT @@GLOBAL.gtid_mode, @@server_id, @@read_only -- both"),
        (Mysql, "SELECT `user`, `host` FROM `mysql`.`user` WHERE `user` = {user}"),
        (Mysql, "SELECT GTID_SUBSET(@@global.gtid_purged, {gtid}) AS lost"),
        (Mysql, "DESC `shop`.`orders`"),
        (Mysql, "DESCRIBE {table:relation}"),
        (Mysql, "EXPLAIN SELECT 1"),
        (Mysql, "SHOW PROC '/dbs'"),
        (Mysql, "SHOW PROC '/transactions/10010/running'"),
        (Mysql, "ADMIN SHOW REPLICA STATUS FROM {table:relation}"),
        (Mysql, "ADMIN SHOW FRONTEND CONFIG LIKE '%load%'"),
        (Mysql, "SHOW VITESS_TABLETS"),
        (Mysql, "SELECT * FROM information_schema.loads WHERE label = {label}"),
        (Oracle, "SELECT log_mode, supplemental_log_data_min FROM v$database"),
        (Oracle, "SELECT * FROM dba_sys_privs WHERE grantee = UPPER({user})"),
        (Oracle, "SELECT NVL(MIN(first_change#), 0) FROM v$archived_log WHERE name IS NOT NULL"),
        (Oracle, "SELECT dbms_flashback.get_system_change_number FROM dual"),
        (Oracle, "SHOW PARAMETER db_recovery_file_dest_size"),
        (SqlServer, "EXEC sys.sp_cdc_help_change_data_capture"),
        (SqlServer, "EXEC sys.sp_cdc_help_change_data_capture @source_schema = N'dbo', @source_name = {table}"),
        (SqlServer, "SELECT name, is_cdc_enabled FROM sys.databases WHERE name = DB_NAME()"),
        (SqlServer, "SELECT sys.fn_cdc_get_min_lsn(N'dbo_orders'), sys.fn_cdc_get_max_lsn()"),
        (SqlServer, "SELECT [update], [drop] FROM [dbo].[or]]ders] WITH (NOLOCK)"),
        (SqlServer, "SELECT * FROM sys.fn_my_permissions(NULL, 'DATABASE')"),
        (Db2, "SELECT * FROM TABLE(MON_GET_TRANSACTION_LOG(-1)) AS t"),
        (Db2, "VALUES ASNCDC.ASNCDCSERVICES('status', 'asncdc')"),
        (Db2, "SELECT 1 FROM sysibm.sysdummy1 WITH UR"),
        (Flink, "SELECT * FROM `db`.`t$snapshots`"),
    ];

    #[test]
    fn reading_statements_pass() {
        for (dialect, sql) in READING {
            assert_eq!(refuse(sql, *dialect), None, "{dialect:?} {sql}");
        }
    }

    const OTHER: &[(Dialect, &str)] = &[
        (Postgres, ""),
        (Postgres, "DROP TABLE x"),
        (Postgres, "SELECT 1; SELECT 2"),
        (Postgres, "SELECT pg_drop_replication_slot('x')"),
        (Postgres, "SELECT pg_terminate_backend(1)"),
        (Postgres, "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x"),
        (Postgres, "SELECT * INTO y FROM x"),
        (Postgres, "SELECT 'a"),
        (Postgres, "SELECT $$a$$"),
        (Postgres, "SELECT pg_reload_conf()"),
        (Postgres, "SELECT dblink('x', 'y')"),
        (Postgres, "SELECT nextval('s')"),
        (Postgres, "(SELECT 1)"),
        (Mysql, "SET GLOBAL x = 1"),
        (Mysql, "SELECT 'a\\' ; DROP TABLE x"),
        (Mysql, "SELECT 1 --x\n+ SLEEP(1)"),
        (Mysql, "SELECT 1 # x"),
        (Mysql, "SELECT /*! SLEEP(5) */ 1"),
        (Mysql, "SELECT SLEEP(5)"),
        (Mysql, "SELECT GET_LOCK('x', 1)"),
        (Mysql, "SELECT LOAD_FILE('/etc/passwd')"),
        (Mysql, "SELECT @x := 1"),
        (Mysql, "SELECT * FROM t INTO OUTFILE '/tmp/x'"),
        (Mysql, "SELECT * FROM t FOR SHARE"),
        (Mysql, "SELECT * FROM t FOR UPDATE"),
        (Mysql, "EXPLAIN ANALYZE DELETE FROM t"),
        (Mysql, "ADMIN SET FRONTEND CONFIG ('x' = 'y')"),
        (Mysql, "ADMIN REPAIR TABLE t"),
        (Mysql, "CALL p()"),
        (Mysql, "PURGE BINARY LOGS TO 'x'"),
        (Mysql, "FLUSH LOGS"),
        (Mysql, "KILL 5"),
        (Mysql, "CANCEL LOAD FROM db"),
        (Oracle, "SELECT dbms_logmnr.x FROM dual"),
        (Oracle, "SELECT s.nextval FROM dual"),
        (Oracle, "EXPLAIN PLAN FOR SELECT 1 FROM dual"),
        (Oracle, "SELECT q'[x]' FROM dual"),
        (Oracle, "WITH FUNCTION f RETURN NUMBER IS BEGIN RETURN 1; END; SELECT f FROM dual"),
        (Oracle, "ALTER DATABASE ADD SUPPLEMENTAL LOG DATA"),
        (Oracle, "SELECT * FROM t FOR UPDATE"),
        (SqlServer, "EXEC sys.sp_cdc_enable_db"),
        (SqlServer, "EXEC sp_configure 'show advanced options', 1"),
        (SqlServer, "EXEC ('DROP TABLE x')"),
        (SqlServer, "EXEC sys.sp_cdc_help_jobs EXEC sys.sp_cdc_disable_db"),
        (SqlServer, "SELECT 1 EXEC sys.sp_cdc_enable_db"),
        (SqlServer, "SELECT 1 SHUTDOWN"),
        (SqlServer, "SELECT 1 DROP TABLE x"),
        (SqlServer, "SELECT * FROM OPENROWSET('x', 'y', 'z')"),
        (SqlServer, "SELECT NEXT VALUE FOR s"),
        (SqlServer, "DBCC CHECKDB"),
        (Db2, "VALUES ASNCDC.ASNCDCSERVICES('start', 'asncdc')"),
        (Db2, "SELECT * FROM FINAL TABLE (INSERT INTO t VALUES 1)"),
        (Db2, "EXPLAIN PLAN FOR SELECT 1 FROM t"),
        (Db2, "CALL ASNCDC.ADDTABLE('A', 'B')"),
        (Flink, "DROP TABLE x"),
        (Flink, "INSERT INTO x SELECT 1"),
    ];

    #[test]
    fn everything_else_is_refused() {
        for (dialect, sql) in OTHER {
            assert!(refuse(sql, *dialect).is_some(), "{dialect:?} {sql}");
        }
    }
}
