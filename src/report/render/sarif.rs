//! SARIF 2.1.0, for code scanning and viewers: a result a cause, symptom or exception, at its decisive line.
//!
//! In a message `{`, `}` and `\[` have a meaning of their own (placeholders and links) and are written as the standard says.

use serde_json::{Map, Value, json};

use super::{clean, one_line};
use crate::report::{Confidence, Evidence, Report};

/// Where the schema of the format stands.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The report as SARIF.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut rules: Vec<Value> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut results = Vec::new();
    let mut add = |result: Finding<'_>| {
        let index = ids.iter().position(|id| id == result.id).unwrap_or_else(|| {
            ids.push(result.id.to_owned());
            rules.push(json!({"id": result.id, "shortDescription": {"text": message(result.title)}, "properties": {"kind": result.kind}}));
            ids.len() - 1
        });
        results.push(result.json(index));
    };
    for d in &report.diagnoses {
        let level = match d.confidence {
            Confidence::Certain => "error",
            Confidence::Likely => "warning",
            Confidence::Possible => "note",
        };
        let headline = if d.headline.is_empty() { &d.title } else { &d.headline };
        let fix = d.fix.first().map(|f| format!(" {}", f.action)).unwrap_or_default();
        add(Finding {
            id: &d.cause,
            kind: "cause",
            title: &d.title,
            level,
            text: format!("{headline}.{fix}"),
            evidence: &d.evidence,
            count: d.count,
            fingerprint: Some(&d.id),
        });
    }
    for s in &report.symptoms {
        let headline = if s.headline.is_empty() { &s.title } else { &s.headline };
        add(Finding {
            id: &s.id,
            kind: "symptom",
            title: &s.title,
            level: "note",
            text: headline.clone(),
            evidence: &s.evidence,
            count: s.count,
            fingerprint: None,
        });
    }
    for u in &report.unrecognised {
        let text = format!("{}: {}", u.class, u.message);
        add(Finding {
            id: "unrecognised",
            kind: "unrecognised",
            title: "An exception that no rule knows",
            level: "note",
            text,
            evidence: &u.evidence,
            count: u.count,
            fingerprint: Some(&u.fingerprint),
        });
    }
    let notifications: Vec<Value> = report
        .problems
        .iter()
        .map(|p| {
            let level = if p.fatal { "error" } else { "warning" };
            json!({"level": level, "message": {"text": message(&format!("{}: {}", p.path, p.what))}})
        })
        .collect();
    let driver = json!({
        "name": "cdc-doctor",
        "version": report.tool.version,
        "rules": rules,
        "properties": {"rulesVersion": report.tool.rules},
    });
    let run = json!({
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": !report.problems.iter().any(|p| p.fatal), "toolExecutionNotifications": notifications}],
        "results": results,
    });
    let sarif = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

/// One result.
struct Finding<'r> {
    id: &'r str,
    kind: &'static str,
    title: &'r str,
    level: &'static str,
    text: String,
    evidence: &'r [Evidence],
    count: u64,
    fingerprint: Option<&'r str>,
}

impl Finding<'_> {
    fn json(&self, index: usize) -> Value {
        let best = crate::report::text::evidence::best(self.evidence);
        let others = self.evidence.iter().filter(|e| !best.is_some_and(|b| std::ptr::eq(b, *e)));
        let related: Vec<Value> = others
            .enumerate()
            .map(|(at, e)| {
                let mut place = location(e);
                place.insert("id".into(), json!(at + 1));
                place.insert("message".into(), json!({"text": message(&e.role)}));
                Value::Object(place)
            })
            .collect();
        let mut result = json!({
            "ruleId": self.id,
            "ruleIndex": index,
            "level": self.level,
            "message": {"text": message(&self.text)},
            "locations": best.map(location).into_iter().collect::<Vec<_>>(),
            "relatedLocations": related,
            "occurrenceCount": self.count.max(1),
        });
        if let (Some(fields), Some(id)) = (result.as_object_mut(), self.fingerprint) {
            fields.insert("partialFingerprints".into(), json!({"cdcDoctor/v1": id}));
        }
        result
    }
}

fn location(e: &Evidence) -> Map<String, Value> {
    let region = json!({"startLine": e.line.max(1), "snippet": {"text": clean(&e.text)}});
    let place = json!({"artifactLocation": {"uri": uri(&e.path)}, "region": region});
    Map::from_iter([("physicalLocation".to_owned(), place)])
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let path = path.trim_matches(['<', '>']).replace('\\', "/");
    let encoded: String = path
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

/// A message: what would be a placeholder or a link is text.
fn message(text: &str) -> String {
    let text = one_line(text);
    text.replace('\\', "\\\\").replace('{', "{{").replace('}', "}}").replace('[', "\\[").replace(']', "\\]")
}
