//! What kind of file it is: by its name where that is fixed, else by its content.

use super::Format;

/// Recognises a file; `None` if it is none of those known.
#[must_use]
pub fn detect(name: &str, text: &str) -> Option<Format> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let file = file.trim_end_matches(".gz").trim_end_matches(".zst");
    let ending = file.rsplit('.').next().unwrap_or_default();
    if file.starts_with("pg_hba") {
        return Some(Format::PgHba);
    }
    if file.starts_with("postgresql") && matches!(ending, "conf" | "sample") {
        return Some(Format::PostgresConf);
    }
    let lower = text.to_ascii_lowercase();
    let has = |words: &str| lower.contains(words);
    let line = |test: &dyn Fn(&str) -> bool| lower.lines().any(|l| test(l.trim_end()));
    let start = lower.trim_start();
    if start.starts_with(['{', '[']) && !start.starts_with("[db]") && (has("connector.class") || ending == "json") {
        return has("connector.class").then_some(Format::ConnectJson);
    }
    if line(&|l| l.trim_start().starts_with("[db]") || l.trim_start().starts_with("[table-rule")) {
        return Some(Format::Smt);
    }
    let top = |key: &str| line(&|l| l.strip_prefix(key).is_some_and(|r| r.trim_start().starts_with(':')));
    if (top("source") && top("sink")) || (top("pipeline") && (top("source") || top("sink"))) {
        return Some(Format::Pipeline);
    }
    let sql = has("create table")
        || has("create temporary table")
        || has("create publication")
        || has("alter publication")
        || has("insert into")
        || (has("create") && has("connector"));
    if sql && (ending == "sql" || has("'connector'") || has("publication")) {
        return Some(Format::FlinkSql);
    }
    if line(&|l| {
        let l = l.trim_start();
        !l.starts_with('#') && l.split(['=', ':', ' ']).next().is_some_and(|key| key.ends_with("connector.class"))
    }) {
        return Some(Format::Properties);
    }
    if line(&|l| l.trim_start().starts_with("wal_level") || l.trim_start().starts_with("max_replication_slots")) {
        return Some(Format::PostgresConf);
    }
    let hba = |l: &str| {
        let words: Vec<&str> = l.split_whitespace().collect();
        matches!(words.first(), Some(&("host" | "local" | "hostssl" | "hostnossl"))) && words.len() >= 4
    };
    if line(&hba) {
        return Some(Format::PgHba);
    }
    // SQL of which nothing is left that could be recognised is still SQL: the reader says what is wrong
    (ending == "sql").then_some(Format::FlinkSql)
}
