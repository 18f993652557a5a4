//! The error index: a rule as a Markdown page, with the same content as `explain`, and the index of all pages.
//!
//! Messages stand as people would search for them; queries have placeholders, and say what goes in. Nothing depends on a log.

use std::collections::BTreeMap;

use super::explanation::Explanation;
use super::{Check, Confidence, Diagnosis, Expect, Fix};

/// First line of every page: these files are written by a program, and may be written over by it.
pub const MARK: &str = "<!-- written by `cdc-doctor rules docs` -->";

/// File of a rule's page, below the folder of pages.
#[must_use]
pub fn file(id: &str) -> String {
    format!("{id}.md")
}

/// The page of one rule.
#[must_use]
pub fn page(explanation: &Explanation) -> String {
    let rule = &explanation.rule;
    let mut out = format!("{MARK}\n# {}\n\n", prose(&rule.title));
    out.push_str(&format!("`{}` · {} · {}", rule.cause, rule.category, explanation.role));
    if explanation.role == "cause" {
        out.push_str(&format!(" · the job is {}", impact(&rule.impact)));
    }
    out.push_str("\n\n");
    if !explanation.seen_as.is_empty() {
        out.push_str("## In the log\n\n");
        for seen in &explanation.seen_as {
            let sure = match seen.confidence {
                Confidence::Certain => "certain",
                Confidence::Likely => "likely",
                Confidence::Possible => "possible",
            };
            out.push_str(&format!("- {} – {sure}\n", code(&seen.text)));
        }
        if explanation.translations > 0 {
            out.push_str("- and in other languages that the server speaks\n");
        }
        out.push('\n');
    }
    if !rule.why.trim().is_empty() {
        out.push_str(&format!("## Why\n\n{}\n\n", prose(rule.why.trim())));
    }
    pairs(&mut out, "Often buried under", &explanation.buried_under);
    pairs(&mut out, "It may stand for", &explanation.suspects);
    if !rule.misleading.is_empty() {
        out.push_str("## Misleading\n\n");
        for m in &rule.misleading {
            out.push_str(&format!("- {}: {}\n", code(&m.says), prose(&m.truth)));
        }
        out.push('\n');
    }
    same_words(&mut out, rule);
    checks(&mut out, rule);
    fixes(&mut out, rule);
    items(&mut out, "Never", &rule.never);
    items(&mut out, "Versions it affects", &explanation.affects);
    items(&mut out, "Fixed in", &explanation.fixed_in);
    if !explanation.related.is_empty() {
        out.push_str("## Related\n\n");
        for id in &explanation.related {
            out.push_str(&format!("- {}\n", link(id)));
        }
        out.push('\n');
    }
    items(&mut out, "See", &rule.see);
    items(&mut out, "How it is known", &explanation.source);
    out.push_str(&format!("Offline: `cdc-doctor explain {}`\n", rule.cause));
    out
}

/// The index: by category, then by message.
#[must_use]
pub fn index(all: &[Explanation]) -> String {
    let mut out = format!(
        "{MARK}\n# The error index\n\nOne page for each of {} causes, {} symptoms and {} kinds of harmless lines. Search this page \
         for words of a message, or paste the message: `cdc-doctor explain 'the message'`.\n\n\
         - [By category](#by-category)\n- [Symptoms](#symptoms): what causes look like from outside\n\
         - [Harmless lines](#harmless-lines)\n- [By message](#by-message)\n\n## By category\n\n",
        count(all, "cause"),
        count(all, "symptom"),
        count(all, "noise"),
    );
    let mut categories: BTreeMap<&str, Vec<&Explanation>> = BTreeMap::new();
    for e in all.iter().filter(|e| e.role == "cause") {
        categories.entry(&e.rule.category).or_default().push(e);
    }
    for (category, members) in categories {
        out.push_str(&format!("### {category}\n\n"));
        rows(&mut out, members.into_iter());
    }
    out.push_str("## Symptoms\n\n");
    rows(&mut out, all.iter().filter(|e| e.role == "symptom"));
    out.push_str("## Harmless lines\n\n");
    rows(&mut out, all.iter().filter(|e| e.role == "noise"));
    out.push_str("## By message\n\n`…` stands for what differs from log to log.\n\n");
    let mut messages: Vec<(String, &str, &str)> = Vec::new();
    for e in all {
        // signs and single letters are nothing that anybody searches for
        for seen in e.seen_as.iter().filter(|s| s.text.chars().filter(|c| c.is_alphabetic()).count() > 5) {
            let key = seen.text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            messages.push((key, &seen.text, &e.rule.cause));
        }
    }
    messages.sort();
    for (_, text, id) in messages {
        out.push_str(&format!("- {} – [{id}]({})\n", code(text), file(id)));
    }
    out
}

fn count(all: &[Explanation], role: &str) -> usize {
    all.iter().filter(|e| e.role == role).count()
}

fn rows<'e>(out: &mut String, members: impl Iterator<Item = &'e Explanation>) {
    for e in members {
        out.push_str(&format!("- [{}]({}) `{}`\n", prose(&e.rule.title), file(&e.rule.cause), e.rule.cause));
    }
    out.push('\n');
}

fn impact(word: &str) -> &str {
    match word {
        "data-loss" => "losing changes",
        "degraded" => "slow or incomplete",
        other => other,
    }
}

/// A link from a page to another.
fn link(id: &str) -> String {
    format!("[{id}](../{})", file(id))
}

fn pairs(out: &mut String, title: &str, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("## {title}\n\n"));
    for (id, text) in rows {
        out.push_str(&format!("- {}: {}\n", link(id), prose(text)));
    }
    out.push('\n');
}

fn items(out: &mut String, title: &str, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("## {title}\n\n"));
    for text in rows {
        out.push_str(&format!("- {}\n", prose(text)));
    }
    out.push('\n');
}

/// Causes that print the same, each with the check that tells it apart.
fn same_words(out: &mut String, rule: &Diagnosis) {
    if rule.alternatives.is_empty() {
        return;
    }
    out.push_str("## The same words, another cause\n\n");
    for other in &rule.alternatives {
        out.push_str(&format!("- {}: {}", link(&other.cause), prose(&other.title)));
        if let Some(check) = other.check.as_ref().filter(|c| !c.ask.is_empty()) {
            out.push_str(&format!(" – {}", prose(&check.ask)));
        }
        out.push('\n');
    }
    out.push('\n');
}

fn checks(out: &mut String, rule: &Diagnosis) {
    if rule.checks.is_empty() {
        return;
    }
    out.push_str("## Check\n\n");
    let sql: Vec<&Check> = rule.checks.iter().filter(|c| c.kind == "sql").collect();
    let lacking: Vec<_> = rule.missing.iter().filter(|m| sql.iter().any(|c| c.missing.contains(&m.name))).collect();
    if !lacking.is_empty() {
        out.push_str("Fill in first:\n\n```sql\n");
        for m in lacking {
            out.push_str(&format!("\\set {} '<{}>'\n", m.name, m.meaning));
        }
        out.push_str("```\n\n");
    }
    for (number, check) in (1..).zip(&rule.checks) {
        out.push_str(&format!("{number}. {}", prose(if check.ask.is_empty() { "Look:" } else { &check.ask })));
        let who = match check.run_as.as_str() {
            "any" => String::new(),
            "cdc-user" => ", as the job's user".to_owned(),
            other => format!(", as {other}"),
        };
        let versions = check.versions.as_ref().map(|v| format!(", version {v}")).unwrap_or_default();
        match check.kind.as_str() {
            "look" => out.push_str(&format!("\n\n   {}\n\n", prose(&check.text))),
            kind => {
                let changes = if check.changes { ", changes the server" } else { "" };
                let place = if kind == "sql" { check.on.as_str() } else { "a shell" };
                out.push_str(&format!(" ({place}{who}{versions}{changes})\n\n"));
                block(out, if kind == "sql" { "sql" } else { "sh" }, &check.text);
            }
        }
        if let Some(healthy) = check.healthy.clone().or_else(|| check.expect.as_ref().map(expected)) {
            out.push_str(&format!("   Healthy: {}\n\n", prose(&healthy)));
        }
        for reading in &check.reading {
            out.push_str(&format!("   - {}: {}\n", prose(&reading.answer), prose(&reading.means)));
        }
        if !check.reading.is_empty() {
            out.push('\n');
        }
    }
}

fn fixes(out: &mut String, rule: &Diagnosis) {
    if rule.fix.is_empty() {
        return;
    }
    out.push_str("## Fix\n\n");
    for (number, step) in (1..).zip(&rule.fix) {
        out.push_str(&format!("{number}. {}{}\n", prose(&step.action), marks(step)));
        if !step.text.is_empty() {
            if let Some(file) = &step.file {
                out.push_str(&format!("\n   In `{file}`:\n"));
            }
            out.push('\n');
            let language = match step.kind.as_str() {
                "sql" => "sql",
                "shell" => "sh",
                "conf" => "ini",
                _ => "text",
            };
            block(out, language, &step.text);
        }
        for (provider, text) in &step.on {
            out.push_str(&format!("   - {}: {}\n", provider.replace('_', " "), prose(text)));
        }
        if step.on.is_empty() && step.text.is_empty() {
            continue;
        }
        if !step.on.is_empty() {
            out.push('\n');
        }
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// What a step costs, and who takes it.
fn marks(step: &Fix) -> String {
    let mut marks = Vec::new();
    if let Some(who) = step.run_as.as_deref().filter(|w| !w.is_empty()) {
        marks.push(if who == "cdc-user" { "as the job's user".to_owned() } else { format!("as {who}") });
    }
    match step.risk.as_str() {
        "downtime" => marks.push("downtime".to_owned()),
        "data-loss" => {
            let what = step.risk_note.as_deref().map(|n| format!(": {}", n.trim_end_matches('.'))).unwrap_or_default();
            marks.push(format!("**data loss**{}", prose(&what)));
        }
        _ => {}
    }
    let after = |then: &String| match then.as_str() {
        "restart-job-without-state" => "then restart the job without its state".to_owned(),
        "restart-job" => "then restart the job".to_owned(),
        "restart-postgres" => "then restart PostgreSQL".to_owned(),
        "reload-postgres" => "then reload PostgreSQL".to_owned(),
        other => other.to_owned(),
    };
    marks.extend(step.then.iter().map(after));
    if marks.is_empty() { String::new() } else { format!(" ({})", marks.join("; ")) }
}

/// A block of code inside a list.
fn block(out: &mut String, language: &str, text: &str) {
    out.push_str(&format!("   ```{language}\n"));
    for line in text.trim_end().lines() {
        let line = format!("   {line}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("   ```\n\n");
}

/// An expectation in words.
fn expected(e: &Expect) -> String {
    let column = e.column.as_deref().unwrap_or("the answer");
    let texts = [
        (&e.equals, "is"),
        (&e.not, "is not"),
        (&e.above, "is above"),
        (&e.at_least, "is at least"),
        (&e.at_most, "is at most"),
        (&e.matches, "matches"),
        (&e.below_column, "is below"),
    ];
    if let Some((value, word)) = texts.iter().find_map(|(v, w)| Some((v.as_ref()?, w))) {
        return format!("{column} {word} {value}");
    }
    match (e.is_null, &e.rows) {
        (Some(true), _) => format!("{column} is empty"),
        (Some(false), _) => format!("{column} is not empty"),
        (None, Some(rows)) => format!("{rows} rows"),
        (None, None) => "as expected".to_owned(),
    }
}

/// Prose: signs that Markdown would take for its own are escaped.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '<' | '>' | '*' | '[' | ']' | '|' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A code span, with as many marks as it needs.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
