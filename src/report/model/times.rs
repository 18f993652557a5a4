//! What is said of times: which counted, and how the clocks of the logs stand to each other.

use super::Maker;
use crate::diagnosis::clock::Aligned;
use crate::record::Timestamp;
use crate::report::Note;

impl Maker<'_> {
    /// Notes on `--since`, `--until` and the clocks.
    pub(super) fn clocks(&self) -> Vec<Note> {
        let note = |code: &str, text: String| Note { code: code.into(), text, evidence: Vec::new() };
        let mut notes: Vec<Note> = self.span().map(|text| note("time-span", text)).into_iter().collect();
        let clocks = &self.diagnosis.clocks;
        // clocks that read the same need no words
        notes.extend(
            clocks
                .aligned
                .iter()
                .filter(|a| a.offset != a.other_offset)
                .map(|a| note("clocks-aligned", self.aligned(a))),
        );
        if !clocks.unknown.is_empty() {
            let names: Vec<String> = clocks.unknown.iter().map(|i| self.path(*i)).collect();
            notes.push(note(
                "clocks-unknown",
                format!(
                    "{} {} no time zone, other logs here do, and no event in both tells how the clocks stand to each other: what \
                     happened first across them was not used. --timezone Europe/Berlin (or +02:00) says it.",
                    names.join(", "),
                    if names.len() == 1 { "prints" } else { "print" }
                ),
            ));
        }
        notes
    }

    fn aligned(&self, a: &Aligned) -> String {
        let text: String = a.text.chars().take(80).collect();
        format!(
            "{}:{} and {}:{} show the same event (\"{text}\"): the first clock, printed without a zone, is UTC{}.",
            self.path(a.source),
            a.lines.0,
            self.path(a.other),
            a.lines.1,
            zone(a.offset)
        )
    }

    /// Which records counted, and what was left out.
    fn span(&self) -> Option<String> {
        let times = &self.diagnosis.times;
        let shown = |t: Timestamp| t.to_string();
        let zone = times.zone.as_ref().map(|z| format!(" {}", z.name())).unwrap_or_default();
        let span = match (times.since.map(|b| shown(b.shown())), times.until.map(|b| shown(b.shown()))) {
            (None, None) => return None,
            (Some(since), None) => format!("from {since}{zone} on"),
            (None, Some(until)) => format!("up to {until}{zone}"),
            (Some(since), Some(until)) => format!("from {since} to {until}{zone}"),
        };
        let sum = |of: fn(&crate::engine::facts::SourceFacts) -> u64| -> u64 {
            self.diagnosis.sources.iter().map(of).fold(0, u64::saturating_add)
        };
        let left_out = match (sum(|s| s.left_out.before), sum(|s| s.left_out.after)) {
            (0, 0) => "no failure is outside of it".to_owned(),
            (before, 0) => format!("{} before it left out", records(before)),
            (0, after) => format!("{} after it left out", records(after)),
            (before, after) => format!("{} before and {after} after it left out", records(before)),
        };
        Some(format!(
            "Only records {span} count: {left_out}. Parameters, versions and jobs are read from every line; a record without a time \
             goes with the one before it."
        ))
    }
}

fn records(n: u64) -> String {
    if n == 1 { "1 record with a failure was".into() } else { format!("{n} records with failures were") }
}

fn zone(offset: i32) -> String {
    if offset == 0 {
        return String::new();
    }
    let (sign, by) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    format!("{sign}{:02}:{:02}", by / 3600, by / 60 % 60)
}
