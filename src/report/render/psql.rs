//! One script for psql that asks everything the report needs to know, and only reads.
//!
//! A value out of a log stands in it only within the queries, quoted as the rules quote it, and in comments without line ends; never in
//! `\echo` or `\set`, where psql runs commands in backticks.

use super::one_line;
use crate::report::text::check;
use crate::report::text::grid::Page;
use crate::report::{Check, MissingParam, Report, text};
use crate::rule::dialect::Dialect;
use crate::rule::system;

/// A query and whose it is.
struct Query<'r> {
    check: &'r Check,
    of: &'r str,
}

/// The script.
#[must_use]
pub fn render(report: &Report) -> String {
    let options = text::Options::default();
    let page = Page::new(report, &options);
    let all = queries(report);
    let is_postgres = |c: &Check| c.kind == "sql" && system::dialect(&c.on) == Some(Dialect::Postgres) && !c.changes;
    let (ours, others): (Vec<&Query>, Vec<&Query>) = all.iter().partition(|q| is_postgres(q.check));
    let mut out = String::new();
    head(report, &mut out);
    if ours.is_empty() {
        out.push_str("-- No query for PostgreSQL belongs to this report.\n");
    } else {
        script(report, &page, &ours, &mut out);
    }
    elsewhere(&others, &mut out);
    out
}

/// All checks, the telling ones of a differential first, none twice.
fn queries(report: &Report) -> Vec<Query<'_>> {
    let mut all: Vec<Query> = Vec::new();
    for d in &report.diagnoses {
        push(&mut all, d.checks.iter().map(|check| Query { check, of: &d.cause }));
        push(&mut all, d.alternatives.iter().filter_map(|a| Some(Query { check: a.check.as_ref()?, of: &a.cause })));
    }
    for s in &report.symptoms {
        push(&mut all, s.suspects.iter().flat_map(|p| p.checks.iter().map(|check| Query { check, of: &p.cause })));
    }
    all
}

fn push<'r>(all: &mut Vec<Query<'r>>, more: impl Iterator<Item = Query<'r>>) {
    for query in more {
        if !all.iter().any(|q| q.check.text == query.check.text && q.check.on == query.check.on) {
            all.push(query);
        }
    }
}

fn missing(report: &Report) -> Vec<&MissingParam> {
    let of_symptoms = report.symptoms.iter().flat_map(|s| &s.missing);
    report.diagnoses.iter().flat_map(|d| &d.missing).chain(of_symptoms).collect()
}

fn head(report: &Report, out: &mut String) {
    let mut line = |text: &str| out.push_str(&format!("-- {}\n", one_line(text)));
    line("Please run this and send back everything it prints.");
    line("It only reads: one READ ONLY transaction, 10 s per statement, ROLLBACK at the end.");
    for d in report.diagnoses.iter().take(10) {
        line(&format!("Why:   {} [{}]", if d.headline.is_empty() { &d.title } else { &d.headline }, d.cause));
    }
    for s in report.symptoms.iter().take(if report.diagnoses.is_empty() { 10 } else { 0 }) {
        line(&format!("Why:   {} [{}]", if s.headline.is_empty() { &s.title } else { &s.headline }, s.id));
    }
    let params = report.diagnoses.first().map(|d| &d.params).or_else(|| report.symptoms.first().map(|s| &s.params));
    let value = |name: &str| params.and_then(|p| p.get(name)).map(|p| one_line(&p.value)).filter(|v| !v.is_empty());
    let (host, port, database) = (value("host"), value("port"), value("database"));
    let server = [host.clone(), port.clone()].into_iter().flatten().collect::<Vec<_>>().join(":");
    if !server.is_empty() || database.is_some() {
        let database = database.as_ref().map(|d| format!(", database {d}")).unwrap_or_default();
        let server = if server.is_empty() { String::new() } else { format!(" {server}") };
        line(&format!("Where: PostgreSQL{server}{database}"));
    }
    let connection: Vec<String> = [("host", host), ("port", port), ("dbname", database)]
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", conninfo(&value?))))
        .collect();
    line(&format!(
        "How:   psql {} -X -f ask.sql > answer.txt 2>&1",
        crate::rule::template::shell_word(&connection.join(" "))
    ));
    let read = report.inputs.iter().filter(|i| i.skipped.is_none());
    let inputs: Vec<&str> = read.map(|i| i.path.as_str()).take(5).collect();
    line(&format!("cdc-doctor {}, rules {}, from {}", report.tool.version, report.tool.rules, inputs.join(", ")));
    out.push('\n');
}

/// A value of a connection string.
fn conninfo(value: &str) -> String {
    let plain =
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")) }
}

fn script(report: &Report, page: &Page, queries: &[&Query], out: &mut String) {
    let known = missing(report);
    let mut names: Vec<&str> = Vec::new();
    for name in queries.iter().flat_map(|q| &q.check.variables) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        out.push_str("-- Please fill in first; the log does not say it:\n");
        for name in names {
            let param = known.iter().find(|m| m.name == name);
            let meaning = param.map_or(name, |m| m.meaning.as_str());
            out.push_str(&format!("{}\n", Dialect::Postgres.set_line(name, meaning)));
            for candidate in param.iter().flat_map(|m| &m.candidates).take(8) {
                out.push_str(&format!("--   one of: {}\n", one_line(candidate)));
            }
        }
        out.push('\n');
    }
    out.push_str(
        "\\set ON_ERROR_ROLLBACK on\n\\set ON_ERROR_STOP off\n\\pset pager off\n\\pset null '(null)'\nBEGIN READ ONLY;\n\
         SET LOCAL statement_timeout = '10s';\nSET LOCAL lock_timeout = '2s';\n\n",
    );
    for (at, query) in queries.iter().enumerate() {
        let c = query.check;
        let who = match c.run_as.as_str() {
            "superuser" => " (superuser or pg_monitor, skip if you are not)",
            "owner" => " (owner of the table)",
            "cdc-user" => " (the role of the job)",
            _ => "",
        };
        // ids are of the rules and hold nothing that psql reads
        out.push_str(&format!("\\echo '== {}/{} {}: {}{who}'\n", at + 1, queries.len(), safe(query.of), safe(&c.id)));
        let mut comment = |text: &str| out.push_str(&format!("-- {}\n", one_line(text)));
        if !c.ask.trim().is_empty() {
            comment(&c.ask);
        }
        if let Some(versions) = &c.versions {
            comment(&format!("for PostgreSQL {versions}; an error on others says nothing"));
        }
        if let Some(healthy) = check::healthy(page, c) {
            comment(&format!("healthy: {healthy}"));
        }
        for reading in &c.reading {
            comment(&format!("{}: {}", reading.answer, reading.means));
        }
        out.push_str(c.text.trim_end());
        out.push_str("\n\n");
    }
    out.push_str("ROLLBACK;\n\\echo '== end'\n");
}

/// What is not asked of PostgreSQL, as comments.
fn elsewhere(queries: &[&Query], out: &mut String) {
    if queries.is_empty() {
        return;
    }
    out.push_str("\n-- Not for psql:\n");
    for query in queries {
        let c = query.check;
        let changes = if c.changes { ", changes the server: decide yourself" } else { "" };
        let on = if c.kind == "sql" { system::name(&c.on) } else { c.kind.as_str() };
        out.push_str(&format!("-- {} ({on}{changes}): {}\n", one_line(query.of), one_line(&c.ask)));
        for line in c.text.trim_end().lines() {
            out.push_str(&format!("--   {}\n", one_line(line)));
        }
    }
}

/// Letters, digits and what ids are made of.
fn safe(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_')).collect()
}
