//! Is this text one read-only statement? Used by `rules check`, and by `verify` before anything is sent.
//!
//! A read-only transaction does not stop functions with side effects (`pg_drop_replication_slot`, `pg_terminate_backend`,
//! `dblink`), so functions are allowed by name. The text may hold `{braces}`: they count as literals.

/// Functions that read and do nothing else, of PostgreSQL, MySQL and StarRocks.
const READING: &[&str] = &[
    "abs",
    "age",
    "array",
    "array_agg",
    "array_length",
    "array_to_string",
    "avg",
    "bool_and",
    "bool_or",
    "cardinality",
    "cast",
    "char_length",
    "coalesce",
    "col_description",
    "concat",
    "concat_ws",
    "count",
    "current_database",
    "current_schemas",
    "current_setting",
    "date_trunc",
    "exists",
    "extract",
    "format",
    "format_type",
    "generate_series",
    "greatest",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_schema_privilege",
    "has_table_privilege",
    "host",
    "in",
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "max",
    "min",
    "any",
    "all",
    "some",
    "not",
    "and",
    "or",
    "as",
    "over",
    "filter",
    "select",
    "values",
    "from",
    "join",
    "on",
    "using",
    "by",
    "where",
    "case",
    "when",
    "then",
    "else",
    "with",
    "now",
    "nullif",
    "obj_description",
    "octet_length",
    "pg_available_extensions",
    "pg_backend_pid",
    "pg_blocking_pids",
    "pg_conf_load_time",
    "pg_current_wal_lsn",
    "pg_database_size",
    "pg_encoding_to_char",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_identity_arguments",
    "pg_get_indexdef",
    "pg_get_publication_tables",
    "pg_get_userbyid",
    "pg_get_viewdef",
    "pg_has_role",
    "pg_hba_file_rules",
    "pg_is_in_recovery",
    "pg_is_wal_replay_paused",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_ls_waldir",
    "pg_my_temp_schema",
    "pg_postmaster_start_time",
    "pg_relation_is_publishable",
    "pg_relation_size",
    "pg_settings",
    "pg_show_all_settings",
    "pg_size_bytes",
    "pg_size_pretty",
    "pg_stat_get_wal_senders",
    "pg_table_is_visible",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_total_relation_size",
    "pg_wal_lsn_diff",
    "pg_walfile_name",
    "quote_ident",
    "quote_literal",
    "regexp_match",
    "regexp_matches",
    "regexp_replace",
    "replace",
    "right",
    "round",
    "row_number",
    "row_security_active",
    "rpad",
    "split_part",
    "starts_with",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "sum",
    "to_char",
    "to_regclass",
    "to_regnamespace",
    "to_regrole",
    "trim",
    "txid_current_if_assigned",
    "unnest",
    "upper",
    "version",
    "year",
    "ifnull",
    "if",
    "group_concat",
    "convert",
    "json_extract",
    "current_role",
    "database",
    "user",
    "numeric",
    "varchar",
    "char",
    "interval",
    "limit",
    "union",
    "except",
    "intersect",
    "having",
    "between",
    "like",
    "is",
    "distinct",
    "lateral",
    "power",
    "ceil",
    "floor",
    "pg_control_checkpoint",
    "pg_control_system",
    "mod",
    "rank",
    "string_to_array",
    "regexp_split_to_array",
    "pg_current_logfile",
    "int8",
    "bigint",
    "timestamptz",
    "text",
    "aclexplode",
    "acldefault",
    "pg_get_partkeydef",
    "pg_partition_root",
    "pg_partition_ancestors",
    "pg_partition_tree",
    "regexp_like",
    "encode",
    "current_catalog",
];

/// First words of statements that read.
const STATEMENTS: &[&str] = &["select", "show", "with", "values", "table", "explain", "desc", "describe"];

/// Words that never stand in a statement that only reads.
const WRITING: &[&str] = &[
    "insert", "update", "delete", "merge", "create", "alter", "drop", "truncate", "grant", "revoke", "copy", "call",
    "do", "lock", "vacuum", "analyze", "cluster", "reindex", "refresh", "set", "reset", "begin", "commit", "rollback",
    "listen", "notify", "into", "prepare", "execute", "discard", "load", "reassign", "security", "import", "kill",
    "flush", "purge", "handler", "outfile", "dumpfile",
];

/// Why a statement may not be run as a reading one; `None` if it may.
#[must_use]
pub fn refuse(sql: &str) -> Option<String> {
    let words = match tokens(sql) {
        Ok(words) => words,
        Err(why) => return Some(why),
    };
    let Some(first) = words.first() else { return Some("there is no statement".into()) };
    if !STATEMENTS.contains(&first.text.as_str()) {
        return Some(format!("it begins with {}, which does not only read", first.text.to_uppercase()));
    }
    let show = first.text == "show";
    for word in &words {
        if !show && WRITING.contains(&word.text.as_str()) && !word.called && !word.qualified {
            return Some(format!("{} does not only read", word.text.to_uppercase()));
        }
        if word.called && !READING.contains(&word.text.as_str()) {
            return Some(format!("the function {}() is not on the list of those that only read", word.text));
        }
    }
    None
}

struct Word {
    text: String,
    called: bool,
    qualified: bool,
}

/// Words outside literals, quoted identifiers and comments.
fn tokens(sql: &str) -> Result<Vec<Word>, String> {
    let chars: Vec<char> = sql.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut words: Vec<Word> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        if c == '\'' {
            let escapes = i > 0 && matches!(at(i - 1), 'e' | 'E');
            i = skip_quoted(&chars, i, '\'', escapes).ok_or("a literal does not end")?;
        } else if c == '"' || c == '`' {
            i = skip_quoted(&chars, i, c, false).ok_or("a quoted identifier does not end")?;
        } else if c == '-' && at(i + 1) == '-' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            return Err("a /* comment */ stands in it".into());
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
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            let text: String = chars.get(start..i).unwrap_or_default().iter().collect::<String>().to_lowercase();
            let mut next = i;
            while at(next) == ' ' || at(next) == '\n' {
                next += 1;
            }
            // `e'…'`: the prefix of a literal, not a word
            let prefix = at(i) == '\'' && matches!(text.as_str(), "e" | "b" | "x" | "n" | "u");
            if !prefix {
                words.push(Word { text, called: at(next) == '(', qualified: start > 0 && at(start - 1) == '.' });
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
    use super::refuse;

    #[test]
    fn reading_statements_pass() {
        for sql in [
            "SHOW wal_level",
            "SELECT count(*) AS used, current_setting('max_replication_slots') AS allowed FROM pg_replication_slots",
            "SELECT has_table_privilege({user}, {table:regclass}, 'SELECT; DROP')",
            "WITH x AS (SELECT 1) SELECT * FROM x WHERE a IN (1, 2)",
        ] {
            assert_eq!(refuse(sql), None, "{sql}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for sql in [
            "",
            "DROP TABLE x",
            "SELECT 1; SELECT 2",
            "SELECT pg_drop_replication_slot('x')",
            "SELECT pg_terminate_backend(1)",
            "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x",
            "SELECT * INTO y FROM x",
            "SELECT 'a",
            "SELECT $$a$$",
            "SELECT pg_reload_conf()",
            "SELECT dblink('x', 'y')",
        ] {
            assert!(refuse(sql).is_some(), "{sql}");
        }
    }
}
