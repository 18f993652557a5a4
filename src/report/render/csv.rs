//! A table for a spreadsheet: one row a cause, symptom or exception.
//!
//! RFC 4180, line ends CR LF. A cell that a spreadsheet would take for a formula begins with an apostrophe.

use super::clean;
use crate::report::{Confidence, Evidence, Param, Report, State};
use std::collections::BTreeMap;

/// The columns.
const COLUMNS: [&str; 21] = [
    "kind",
    "id",
    "confidence",
    "state",
    "impact",
    "headline",
    "count",
    "first_seen",
    "last_seen",
    "path",
    "line",
    "evidence",
    "user",
    "host",
    "port",
    "database",
    "slot",
    "publication",
    "table",
    "jobs",
    "fingerprint",
];

/// The report as a table.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = COLUMNS.join(",") + "\r\n";
    for d in &report.diagnoses {
        let confidence = match d.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        };
        let headline = if d.headline.is_empty() { &d.title } else { &d.headline };
        let what = ["cause", &d.cause, confidence, state(d.state), &d.impact, headline];
        let when = (d.count, d.first_seen.as_deref(), d.last_seen.as_deref());
        row(&what, when, &d.evidence, &d.params, &d.jobs.join(" "), &d.id, &mut out);
    }
    for s in &report.symptoms {
        let headline = if s.headline.is_empty() { &s.title } else { &s.headline };
        let what = ["symptom", &s.id, "possible", state(s.state), "", headline];
        row(
            &what,
            (s.count, s.first_seen.as_deref(), s.last_seen.as_deref()),
            &s.evidence,
            &s.params,
            "",
            "",
            &mut out,
        );
    }
    for u in &report.unrecognised {
        let what = ["unrecognised", &u.class, "", "", "", &u.message];
        let when = (u.count, u.first_seen.as_deref(), u.last_seen.as_deref());
        row(&what, when, &u.evidence, &BTreeMap::new(), "", &u.fingerprint, &mut out);
    }
    out
}

fn state(state: State) -> &'static str {
    match state {
        State::Ongoing => "ongoing",
        State::Recovered => "recovered",
    }
}

fn row(
    what: &[&str],
    (count, first, last): (u64, Option<&str>, Option<&str>),
    evidence: &[Evidence],
    params: &BTreeMap<String, Param>,
    jobs: &str,
    fingerprint: &str,
    out: &mut String,
) {
    let best = crate::report::text::evidence::best(evidence);
    let (count, line) = (count.to_string(), best.map(|e| e.line.to_string()).unwrap_or_default());
    let mut cells: Vec<&str> = what.to_vec();
    cells.extend([count.as_str(), first.unwrap_or(""), last.unwrap_or("")]);
    cells.extend([best.map_or("", |e| e.path.as_str()), line.as_str(), best.map_or("", |e| e.text.as_str())]);
    let param = |name: &str| params.get(name).map_or("", |p| p.value.as_str());
    cells.extend(["user", "host", "port", "database", "slot", "publication", "table"].map(param));
    cells.extend([jobs, fingerprint]);
    out.push_str(&cells.iter().map(|cell| self::cell(cell)).collect::<Vec<_>>().join(","));
    out.push_str("\r\n");
}

/// A cell: in quotation marks if it needs them, and never a formula.
fn cell(text: &str) -> String {
    let mut text = clean(text).replace('\n', " ");
    // what a spreadsheet skips before it looks for the sign
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    if begins.starts_with(['=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        text.insert(0, '\'');
    }
    if text.contains(['"', ',', '\r', ';', '\'']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for (given, wanted) in [
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            (" @x", "\"' @x\""),
            ("\"=1", "\"'\"\"=1\""),
            ("a,b", "\"a,b\""),
            ("a-b", "a-b"),
            ("\t=1", "\"'    =1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
        ] {
            assert_eq!(cell(given), wanted);
        }
    }
}
