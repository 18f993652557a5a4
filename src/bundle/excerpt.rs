//! Lines of the logs around the evidence of a report.

use std::collections::BTreeMap;

use crate::engine::secrets;
use crate::report::{Evidence, Report};

/// Lines before and after a record.
const AROUND: u64 = 15;
/// Most lines of a record.
const RECORD: u64 = 120;
/// More lines on each side, so that what begins before an excerpt is known for what it is; they are not shown.
const MARGIN: u64 = 10;
/// Most bytes kept of a line, and of all lines of a log.
const LINE: usize = 4096;
const ALL: usize = 2 << 20;

/// Lines from one to another, both included, from 1.
pub type Range = (u64, u64);

/// The lines that are wanted of each input of a report, by its path; in order, without overlaps.
#[must_use]
pub fn wanted(report: &Report) -> BTreeMap<String, Vec<Range>> {
    let mut wanted: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    let mut around = |path: &str, first: u64, last: u64| {
        if last > 0 {
            let range = (first.saturating_sub(AROUND).max(1), last.saturating_add(AROUND));
            wanted.entry(path.to_owned()).or_default().push(range);
        }
    };
    let mut of = |evidence: &Evidence| {
        around(&evidence.path, evidence.line, evidence.line);
        let last = evidence.record_line.saturating_add(evidence.record_lines.min(RECORD)).saturating_sub(1);
        around(&evidence.path, evidence.record_line.min(last), last);
    };
    for d in &report.diagnoses {
        d.evidence.iter().for_each(&mut of);
    }
    for s in &report.symptoms {
        s.evidence.iter().for_each(&mut of);
    }
    for u in &report.unrecognised {
        u.evidence.iter().for_each(&mut of);
    }
    for note in &report.notes {
        note.evidence.iter().for_each(&mut of);
    }
    for d in &report.diagnoses {
        for param in d.params.values().filter(|p| p.kind == "log" && p.line > 0) {
            wanted.entry(param.from.clone()).or_default().push((param.line, param.line));
        }
    }
    for ranges in wanted.values_mut() {
        ranges.sort_unstable();
        let mut joined: Vec<Range> = Vec::new();
        for (first, last) in ranges.drain(..) {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(2 * MARGIN) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        *ranges = joined;
    }
    wanted
}

/// Takes the wanted lines out of the bytes of a log.
#[derive(Debug, Default)]
pub struct Collector {
    ranges: Vec<Range>,
    /// Lines begun so far.
    line: u64,
    /// The line that is being read goes on.
    inside: bool,
    at: usize,
    kept: Vec<(u64, Vec<u8>)>,
    size: usize,
    full: bool,
}

impl Collector {
    /// A collector of these ranges.
    #[must_use]
    pub fn new(ranges: Vec<Range>) -> Self {
        Self { ranges, ..Self::default() }
    }

    /// The next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            if !self.inside {
                self.line += 1;
                while self.ranges.get(self.at).is_some_and(|(_, last)| self.line > last + MARGIN) {
                    self.at += 1;
                }
                let wanted = self.ranges.get(self.at).is_some_and(|(first, _)| self.line + MARGIN >= *first);
                if wanted && !self.full {
                    self.kept.push((self.line, Vec::new()));
                }
            }
            self.inside = !piece.ends_with(b"\n");
            if let Some((_, text)) = self.kept.last_mut().filter(|(line, _)| *line == self.line) {
                let room = LINE.saturating_sub(text.len());
                text.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
                self.size += room.min(piece.len());
                self.full |= self.size > ALL;
            }
        }
    }

    /// The excerpts as one text, through `clean`, which keeps the number of lines.
    pub fn text(&self, clean: &mut dyn FnMut(&str) -> String) -> String {
        let mut out = String::new();
        for (first, last) in &self.ranges {
            let lines: Vec<&(u64, Vec<u8>)> =
                self.kept.iter().filter(|(n, _)| n + MARGIN >= *first && *n <= last + MARGIN).collect();
            let text: Vec<String> = lines
                .iter()
                .map(|(_, bytes)| String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).replace('\n', " "))
                .collect();
            let clean = clean(&text.join("\n"));
            let shown: Vec<String> = lines
                .iter()
                .zip(clean.split('\n'))
                .filter(|((n, _), _)| n >= first && n <= last)
                .map(|(_, text)| text.to_owned())
                .collect();
            if let Some((from, _)) = lines.iter().find(|(n, _)| n >= first).filter(|_| !shown.is_empty()) {
                let to = from + (shown.len() as u64) - 1;
                out.push_str(&format!("--- lines {from} to {to} ---\n{}\n", shown.join("\n")));
            }
        }
        if self.full {
            out.push_str("--- more was left out ---\n");
        }
        out
    }
}

/// Cuts secrets, and leaves names.
pub(super) fn cut(text: &str) -> String {
    secrets::cut_in_lines(text, &mut BTreeMap::new()).into_owned()
}
