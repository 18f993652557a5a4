//! `--brief`: one line per cause, `path:line: confidence: id: headline (count, times)`, for editors, `grep` and `cut -d:`.
//!
//! The words and ids of these lines are never translated, and no line wraps.

use super::evidence;
use super::grid::{Page, Role};
use super::other;
use crate::report::words::numbers;
use crate::report::{Confidence, Evidence, Report, VerdictKind};

/// Sets all lines.
pub fn part(page: &mut Page) {
    let report = page.report;
    let most = page.options.top.unwrap_or(usize::MAX);
    for diagnosis in report.diagnoses.iter().take(most) {
        let (word, role) = match diagnosis.confidence {
            Confidence::Certain => ("certain", Role::Certain),
            Confidence::Likely => ("likely", Role::Likely),
            Confidence::Possible => ("possible", Role::Possible),
        };
        let count = match diagnosis.retry.as_ref().and_then(|retry| Some((retry.attempt, retry.of?))) {
            Some((attempt, of)) => format!("{attempt} of {of} attempts"),
            None if diagnosis.basis == "job" => "file of the job".to_owned(),
            None => format!("{}x", diagnosis.count),
        };
        let text = if diagnosis.headline.is_empty() { &diagnosis.title } else { &diagnosis.headline };
        let times = times(page, diagnosis.first_seen.as_deref(), diagnosis.last_seen.as_deref());
        let (place, text) = (place(report, &diagnosis.evidence), format!("{text} ({count}{times})"));
        line(page, &place, (word, role), &diagnosis.cause, &text);
    }
    for symptom in &report.symptoms {
        let text = if symptom.headline.is_empty() { &symptom.title } else { &symptom.headline };
        let times = times(page, symptom.first_seen.as_deref(), symptom.last_seen.as_deref());
        let (place, text) = (place(report, &symptom.evidence), format!("{text} ({}x{times})", symptom.count));
        line(page, &place, ("possible", Role::Possible), &symptom.id, &text);
    }
    for unknown in &report.unrecognised {
        let times = times(page, unknown.first_seen.as_deref(), unknown.last_seen.as_deref());
        let text =
            format!("{}: {} ({}x{times}, {})", unknown.class, unknown.message, unknown.count, unknown.fingerprint);
        line(page, &place(report, &unknown.evidence), ("cannot-tell", Role::Possible), "unrecognised", &text);
    }
    match report.verdict_kind {
        VerdictKind::Nothing => {
            let text = format!("no failure found (looked for {} causes)", report.tool.causes);
            line(page, &input(report), ("none", Role::Good), "no-failure", &text);
            for harmless in &report.noise {
                let text = format!("{} ({}x)", harmless.title, harmless.count);
                line(page, &input(report), ("harmless", Role::Good), &harmless.id, &text);
            }
        }
        VerdictKind::NoLog => {
            line(page, &input(report), ("cannot-tell", Role::Possible), "no-log", page.words.no_log);
        }
        VerdictKind::CannotTell if report.symptoms.is_empty() => {
            let note = other::note_of_need(report);
            let need = report.needs.first();
            let text = note.map_or_else(|| other::elsewhere(page), |note| note.text.clone());
            let id = need.map_or_else(|| "undecided".to_owned(), |need| format!("needs-{}", need.what));
            let place = note.map_or_else(|| input(report), |note| place(report, &note.evidence));
            line(page, &place, ("cannot-tell", Role::Possible), &id, &text);
        }
        _ => {}
    }
}

fn line(page: &mut Page, place: &str, confidence: (&str, Role), id: &str, text: &str) {
    let (word, role) = confidence;
    let line = page.rich().log(place, Role::Path).own(": ", Role::Plain).own(word, role).own(": ", Role::Plain);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.log(id, Role::Plain).own(": ", Role::Plain).own(&text, Role::Plain);
    page.line(line);
}

/// `taskmanager.log:390`.
fn place(report: &Report, evidence: &[Evidence]) -> String {
    evidence::best(evidence).map_or_else(|| input(report), |piece| format!("{}:{}", piece.path, piece.line))
}

/// The first input, at its last line.
fn input(report: &Report) -> String {
    report.inputs.first().map_or_else(|| "<stdin>:0".to_owned(), |input| format!("{}:{}", input.path, input.lines))
}

/// `, 14:11:47..14:11:50`.
fn times(page: &Page, first: Option<&str>, last: Option<&str>) -> String {
    numbers::range(first, last, "..", page.dated).map(|range| format!(", {range}")).unwrap_or_default()
}
