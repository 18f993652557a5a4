//! The report for machines: its own structure as JSON, nothing added.
//!
//! Same report, same bytes: fields stand in the order of the types, maps are sorted by key, two blanks indent, and the last
//! line ends. What [`render`] writes, [`parse`] reads.

use std::io::{self, Write};

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

/// Reads a report that [`render`] wrote. Fields that are not known are passed over.
///
/// # Errors
/// If the text is not JSON or not a report.
pub fn parse(text: &str) -> Result<Report, serde_json::Error> {
    serde_json::from_str(text)
}
