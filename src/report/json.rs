//! The report for machines: its own structure as JSON, nothing added.
//!
//! Same report, same bytes: fields stand in the order of the types, maps are sorted by key, two blanks indent, and the last
//! line ends. What [`render`] writes, [`parse`] reads.

use std::io::{self, Write};

use serde_json::Value;

use super::Report;

/// Writes the report as indented JSON with a line end after it.
///
/// # Errors
/// What `out` answers; a report itself always has a JSON form.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")
}

/// Writes the report as lines, each a JSON object with a `type`: first `report` with all that is not in a line of its own, then each
/// `diagnosis`, `symptom`, `unrecognised`, `note` and `need`.
///
/// # Errors
/// What `out` answers; a report itself always has a JSON form.
pub fn render_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut head = serde_json::to_value(report).map_err(io::Error::other)?;
    let Some(fields) = head.as_object_mut() else { return Ok(()) };
    let mut lines = Vec::new();
    for (key, kind) in [
        ("diagnoses", "diagnosis"),
        ("symptoms", "symptom"),
        ("unrecognised", "unrecognised"),
        ("notes", "note"),
        ("needs", "need"),
    ] {
        let items = fields.remove(key).and_then(|v| if let Value::Array(items) = v { Some(items) } else { None });
        lines.extend(items.into_iter().flatten().map(|item| (kind, item)));
    }
    line("report", head, out)?;
    lines.into_iter().try_for_each(|(kind, item)| line(kind, item, out))
}

fn line(kind: &str, item: Value, out: &mut dyn Write) -> io::Result<()> {
    let mut fields = serde_json::Map::from_iter([("type".to_owned(), Value::from(kind))]);
    if let Value::Object(rest) = item {
        fields.extend(rest);
    }
    serde_json::to_writer(&mut *out, &fields)?;
    out.write_all(b"\n")
}

/// Reads a report that [`render`] wrote. Fields that are not known are passed over.
///
/// # Errors
/// If the text is not JSON or not a report.
pub fn parse(text: &str) -> Result<Report, serde_json::Error> {
    serde_json::from_str(text)
}
