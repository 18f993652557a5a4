//! Whole documents: what Flink's REST API says of a job's exceptions, and the status that the Kubernetes operator keeps.
//!
//! They become the records that the JobManager would have logged, oldest first, each at the line of the file that holds its trace.

use std::fmt::Write;

use super::Format;
use super::event::epoch;
use super::json::{self, Node, Value};

/// One record of a document, and the byte of the document at which its trace begins.
pub(super) struct Record {
    /// Byte offset in the document.
    pub at: usize,
    /// Its text, without the last line end.
    pub text: String,
}

/// Words of which one stands near the beginning of each document that is known.
const WORDS: [&str; 5] = [
    "\"root-exception\"",
    "\"exceptionHistory\"",
    "\"all-exceptions\"",
    "flink.apache.org/",
    "\"jobManagerDeploymentStatus\"",
];

/// May a text that begins so be a document?
pub(super) fn begins(head: &str) -> bool {
    let first = head.trim_start();
    (first.starts_with('{')
        || first.starts_with("apiVersion:")
        || first.starts_with("---")
        || first.starts_with("items:"))
        && WORDS.iter().any(|word| head.contains(word))
}

/// The records of a document; `None` if it is none.
pub(super) fn read(text: &str) -> Option<(Format, Vec<Record>)> {
    let node = if text.trim_start().starts_with('{') { json::object(text) } else { None };
    match node {
        Some(node) => {
            exceptions(&node).map(|r| (Format::FlinkRest, r)).or_else(|| Some((Format::Operator, operator(&node)?)))
        }
        None if text.contains("flink.apache.org/") => Some((Format::Operator, operator_yaml(text))),
        None => None,
    }
}

/// `/jobs/<id>/exceptions`.
pub(super) fn exceptions(node: &Node<'_>) -> Option<Vec<Record>> {
    let history = node.get("exceptionHistory");
    let root = node.get("root-exception");
    if history.is_none() && root.is_none() && node.get("all-exceptions").is_none() {
        return None;
    }
    let mut found: Vec<(f64, Record)> = Vec::new();
    for entry in history.and_then(|h| h.get("entries")).map_or(&[][..], Node::list) {
        found.extend(one(entry, "stacktrace"));
        let concurrent = entry.get("concurrentExceptions").map_or(&[][..], Node::list);
        found.extend(concurrent.iter().filter_map(|c| one(c, "stacktrace")));
    }
    if found.is_empty() {
        found.extend(node.get("all-exceptions").map_or(&[][..], Node::list).iter().filter_map(|e| one(e, "exception")));
    }
    if found.is_empty() {
        found.extend(one(node, "root-exception"));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(found.into_iter().map(|(_, record)| record).collect())
}

/// The record of one failure, whose trace stands behind `key`, and its time in milliseconds since 1970.
fn one(entry: &Node<'_>, key: &str) -> Option<(f64, Record)> {
    let node = entry.get(key)?;
    let trace = node.text()?;
    let time = entry.first(&["timestamp"]).and_then(|t| t.parse().ok()).unwrap_or(-1.0);
    Some((time, Record { at: node.at, text: failure(entry, trace, time) }))
}

/// The record with which the JobManager logs this failure.
fn failure(entry: &Node<'_>, trace: &str, time: f64) -> String {
    let mut out = String::with_capacity(trace.len() + 200);
    #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
    let millis = time as i64;
    if millis >= 0 {
        let stamp = epoch(millis.div_euclid(1000), millis.rem_euclid(1000));
        let _ = write!(out, "{stamp} INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - ");
    }
    let labels = labels(entry);
    match entry.first(&["taskName", "task"]) {
        Some(task) => {
            let _ = write!(out, "{task} switched from RUNNING to FAILED");
            let place = [entry.first(&["taskManagerId"]), entry.first(&["endpoint", "location"])];
            let place: Vec<&str> = place.into_iter().flatten().filter(|p| !p.starts_with('(')).collect();
            if !place.is_empty() {
                let _ = write!(out, " on {}", place.join(" @ "));
            }
            let _ = writeln!(out, "{labels}.");
        }
        None => {
            let _ = writeln!(out, "The job failed{labels}.");
        }
    }
    out.push_str(trace.trim_end());
    out
}

/// ` with failure labels TYPE=USER`, or nothing.
fn labels(entry: &Node<'_>) -> String {
    let pairs: Vec<String> = match entry.get("failureLabels").map(|l| &l.value) {
        Some(Value::Object(pairs)) => {
            pairs.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.text()?))).collect()
        }
        Some(Value::List(list)) => {
            list.iter().filter_map(|l| Some(format!("{}={}", l.first(&["key"])?, l.first(&["value"])?))).collect()
        }
        _ => Vec::new(),
    };
    if pairs.is_empty() { String::new() } else { format!(" with failure labels {}", pairs.join(", ")) }
}

/// A `FlinkDeployment` or `FlinkSessionJob`, or a list of them, as JSON.
fn operator(node: &Node<'_>) -> Option<Vec<Record>> {
    let items = node.get("items").map_or(&[][..], Node::list);
    let mut records = Vec::new();
    let mut known = false;
    for item in items.iter().chain([node]) {
        let Some(status) = item.get("status") else { continue };
        let flink = item.get("apiVersion").and_then(Node::text).is_some_and(|v| v.starts_with("flink.apache.org/"));
        if !flink && status.get("jobManagerDeploymentStatus").is_none() {
            continue;
        }
        known = true;
        if let Some(error) = status.get("error")
            && let Some(text) = error.text()
        {
            records.push(Record { at: error.at, text: reported(text) });
        }
    }
    known.then_some(records)
}

/// The same as YAML: only its `error:` is read.
fn operator_yaml(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let body = line.trim_start();
        let depth = line.len() - body.len();
        let Some(first) = body.strip_prefix("error:").map(str::trim) else { continue };
        let literal = first.starts_with('|');
        let mut scalar = if first.starts_with(['|', '>']) { String::new() } else { first.to_owned() };
        while let Some(next) = lines.next_if(|l| l.trim().is_empty() || l.len() - l.trim_start().len() > depth) {
            at += next.len();
            if !scalar.is_empty() {
                scalar.push(if literal { '\n' } else { ' ' });
            }
            scalar.push_str(next.trim());
        }
        let quoted = |mark: char| scalar.strip_prefix(mark).and_then(|s| s.trim_end().strip_suffix(mark));
        let plain = if let Some(inner) = quoted('\'') {
            inner.replace("''", "'")
        } else if quoted('"').is_some() {
            let wrapped = format!("{{\"error\":{}}}", scalar.trim());
            json::object(&wrapped).and_then(|n| Some(n.get("error")?.text()?.to_owned())).unwrap_or(scalar)
        } else {
            scalar
        };
        if !plain.trim().is_empty() && plain.trim() != "null" {
            records.push(Record { at: start, text: reported(&plain) });
        }
    }
    records
}

/// The operator writes an error as JSON: the exception and the list of its causes, without frames.
fn reported(error: &str) -> String {
    let Some(node) = json::object(error) else { return error.trim_end().to_owned() };
    let titled = |n: &Node<'_>| {
        let class = n.first(&["type"]).unwrap_or("java.lang.Exception");
        n.first(&["message"]).map_or_else(|| class.to_owned(), |message| format!("{class}: {message}"))
    };
    let mut out = titled(&node);
    let stack = node.first(&["stackTrace"]).unwrap_or("").trim_end();
    if stack.contains("\tat ") {
        return stack.to_owned();
    }
    for cause in node.get("throwableList").map_or(&[][..], Node::list) {
        let _ = write!(out, "\nCaused by: {}", titled(cause));
    }
    out
}
