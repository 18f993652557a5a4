//! What `-v` adds to a cause: parameters and their places, the record as it stands in the log, consequences, the rule.
//!
//! These parts may be wider than the page: a record is not touched but for control characters.

use super::evidence;
use super::grid::{Page, Rich, Role};
use crate::report::words::{fill, numbers};
use crate::report::{Diagnosis, Evidence, Folded, Param};

/// Lines of a record that are shown whole; of a longer one the head and the last cause.
const MOST_LINES: usize = 40;
/// Lines of the head of a long record.
const HEAD: usize = 12;
/// Characters of one line of a record.
const MOST_CHARS: usize = 4000;
/// Parameters that stand first, in this order.
const ORDER: [&str; 9] = ["user", "database", "host", "port", "slot", "publication", "schema", "table", "tables"];

/// Sets all parts for a cause; `last` adds what was seen of versions.
pub fn part(page: &mut Page, diagnosis: &Diagnosis, last: bool) {
    parameters(page, diagnosis);
    if let Some(piece) = diagnosis.evidence.iter().find(|piece| piece.record.is_some()) {
        record(page, piece);
    }
    consequences(page, page.words.consequences, &diagnosis.folded);
    page.blank();
    if last {
        seen(page);
    }
    let rule = &diagnosis.rule;
    let (entry, entries) = (rule.entry.to_string(), rule.entries.to_string());
    let template = if rule.entry == 0 { page.words.rule_of_files } else { page.words.rule_matched };
    let mut text = fill(template, &[("file", &rule.file), ("entry", &entry), ("entries", &entries)]);
    if let Some(literal) = &rule.literal {
        text.push_str(page.words.comma);
        text.push_str(&fill(page.words.rule_literal, &[("literal", literal)]));
    }
    row(page, page.words.rule, &text);
    if !diagnosis.surfaced_as.is_empty() {
        row(page, page.words.surfaced_as, &diagnosis.surfaced_as.join(" · "));
    }
    if !diagnosis.rank_reason.is_empty() {
        row(page, page.words.rank, &diagnosis.rank_reason);
    }
    if !diagnosis.see.is_empty() {
        row(page, page.words.see, &diagnosis.see.join(" · "));
    }
}

/// A label and a text beside it.
fn row(page: &mut Page, label: &str, text: &str) {
    let label = page.rich().own(label, Role::Title).pad(7).glued();
    let line = label.own(" \u{a0}", Role::Plain).own(text, Role::Plain);
    page.prose(2, 11, &line);
}

/// `Seen     Flink 1.20.5 · PostgreSQL 15.18`.
pub fn seen(page: &mut Page) {
    let versions = &page.report.versions;
    let all = [
        ("Flink", &versions.flink),
        ("Flink CDC", &versions.flink_cdc),
        ("Debezium", &versions.debezium),
        ("PostgreSQL", &versions.postgres),
        ("pgjdbc", &versions.pgjdbc),
        ("Java", &versions.java),
        ("jar", &versions.connector_jar),
    ];
    let items: Vec<String> =
        all.into_iter().filter_map(|(name, version)| Some(format!("{name} {}", version.as_deref()?))).collect();
    if !items.is_empty() {
        row(page, page.words.seen, &items.join(" · "));
    }
}

fn parameters(page: &mut Page, diagnosis: &Diagnosis) {
    let params = &diagnosis.params;
    if params.is_empty() {
        return;
    }
    page.title(page.words.parameters);
    let first = ORDER.iter().filter_map(|name| params.get_key_value(*name));
    let rest = params.iter().filter(|(name, _)| !ORDER.contains(&name.as_str()));
    let all: Vec<(&String, &Param)> = first.chain(rest).collect();
    let mut rows: Vec<Vec<Rich>> = Vec::new();
    let cell = |text: &str| page.rich().log(text, Role::Plain);
    for (name, param) in &all {
        let port = params.get("port").filter(|port| port.from == param.from && port.line > 0);
        match name.as_str() {
            "port" if params.get("host").is_some_and(|host| host.from == param.from && param.line > 0) => {}
            "host" if port.is_some_and(|_| param.line > 0) => {
                let (value, line) = port.map(|port| (port.value.as_str(), port.line)).unwrap_or_default();
                let place = format!("{}, {line}", origin(page, param));
                let value = page.rich().log(&format!("{}:{value}", param.value), Role::Param);
                rows.push(vec![cell("host, port"), value, cell(&place)]);
            }
            _ => rows.push(vec![cell(name), page.rich().log(&param.value, Role::Param), cell(&origin(page, param))]),
        }
    }
    page.table(4, 2, &rows, false);
}

/// `taskmanager.log:325`, or where else it is from.
fn origin(page: &Page, param: &Param) -> String {
    if param.line == 0 {
        fill(page.words.from_option, &[("from", &param.from)])
    } else {
        format!("{}:{}", param.from, param.line)
    }
}

/// The record as it stands in the log.
fn record(page: &mut Page, piece: &Evidence) {
    let Some(text) = piece.record.as_deref() else { return };
    let words = page.words;
    let end = piece.record_line.saturating_add(piece.record_lines.saturating_sub(1));
    let (first, last) = (piece.record_line.to_string(), end.to_string());
    let lines = numbers::count(piece.record_lines);
    let template = if first == last { words.record_line } else { words.record_lines };
    let values = [
        ("file", piece.path.as_str(), Role::Path),
        ("first", &first, Role::Plain),
        ("last", &last, Role::Plain),
        ("lines", &lines, Role::Plain),
    ];
    let heading = page.rich().blanks(2).fill(template, &values, Role::Title);
    page.blank();
    page.line(heading);
    let all: Vec<&str> = text.trim_end().split('\n').collect();
    let cause = all.iter().rposition(|line| line.trim_start().starts_with("Caused by: "));
    let tail = cause.unwrap_or(all.len().saturating_sub(6)).max(HEAD);
    let (head, left, tail) = if all.len() > MOST_LINES && tail > HEAD {
        (all.get(..HEAD).unwrap_or(&[]), tail - HEAD, all.get(tail..(tail + 6).min(all.len())).unwrap_or(&[]))
    } else {
        (all.get(..MOST_LINES * 2).unwrap_or(&all), all.len().saturating_sub(MOST_LINES * 2), &[][..])
    };
    let set = |page: &mut Page, lines: &[&str]| {
        for line in lines {
            let shown: String = line.chars().take(MOST_CHARS).collect();
            let mut rich = page.rich().blanks(4).code(&shown, Role::Plain);
            if shown.len() < line.len() {
                rich = rich.own("…", Role::Quiet);
            }
            page.line(rich);
        }
    };
    set(page, head);
    if left > 0 {
        let place = format!("{}:{}-{}", piece.path, piece.record_line, end);
        let number = numbers::count(u64::try_from(left).unwrap_or(u64::MAX));
        let text = fill(words.lines_left_out, &[("n", &number), ("place", &place)]);
        let line = page.rich().blanks(4).own(&text, Role::Quiet);
        page.line(line);
    }
    set(page, tail);
}

/// Symptoms that follow from a cause: id, how often, where.
pub fn consequences(page: &mut Page, title: &str, folded: &[Folded]) {
    if folded.is_empty() {
        return;
    }
    page.title(title);
    let rows: Vec<Vec<Rich>> = folded
        .iter()
        .map(|symptom| {
            let list: Vec<String> = symptom.lines.iter().map(u64::to_string).collect();
            let more = if u64::try_from(list.len()).is_ok_and(|shown| shown < symptom.count) { ", …" } else { "" };
            let lines = fill(page.words.lines, &[("lines", &format!("{}{more}", list.join(", ")))]);
            let lines = if list.is_empty() { String::new() } else { lines };
            let count = format!("{}x", numbers::count(symptom.count));
            [symptom.id.as_str(), &count, &lines].map(|text| page.rich().own(text, Role::Plain)).to_vec()
        })
        .collect();
    page.table(4, 3, &rows, true);
}

/// `taskmanager.log:363`: where the best piece of evidence stands.
pub fn best_place(evidence: &[Evidence]) -> Option<String> {
    evidence::best(evidence).map(|piece| format!("{}:{}", piece.path, piece.line))
}
