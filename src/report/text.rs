//! The report for people, in a terminal or pasted into a ticket.
//!
//! Everything is set on one grid (`grid`): a headline at column 0, parts with a heading at column 2, their content at column
//! 4. Prose and evidence wrap; SQL, commands, ids and paths do not. The report is complete: nothing is looked up, counted or
//! judged here, and the same report with the same options is the same bytes. Colour and glyphs carry nothing that words do
//! not say. All phrases are in [`super::words`].

mod brief;
pub(super) mod check;
pub(super) mod details;
pub(super) mod diagnosis;
pub(super) mod evidence;
pub mod explain;
pub(super) mod facts;
pub(super) mod fix;
pub(super) mod footer;
pub(super) mod glyphs;
pub(super) mod grid;
mod nothing;
pub(super) mod other;
pub(super) mod rich;
pub(super) mod shorten;
mod symptom;

use std::io::{self, Write};

use self::grid::{Page, Role};
use super::words::counted;
use super::{Report, VerdictKind};

/// How the text is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Cells of a line; prose and evidence do not go beyond.
    pub width: usize,
    /// No glyph of ours outside ASCII. Text of the log stays as it is.
    pub ascii: bool,
    /// With ANSI colours.
    pub color: bool,
    /// Everything: all evidence and checks, parameters, records, consequences.
    pub verbose: bool,
    /// The second and later causes in full, too.
    pub all: bool,
    /// Only the first causes.
    pub top: Option<usize>,
    /// One line per cause. Callers leave `color` off here unless it was asked for.
    pub brief: bool,
    /// Standard output is a terminal: the last line says where there is more.
    pub terminal: bool,
}

impl Default for Options {
    fn default() -> Self {
        let (ascii, color, verbose, all, brief, terminal) = (false, false, false, false, false, false);
        Self { width: 100, ascii, color, verbose, all, top: None, brief, terminal }
    }
}

/// Writes the report as text.
///
/// # Errors
/// What `out` answers.
pub fn render(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(report, options);
    if options.brief {
        brief::part(&mut page);
        return page.write(out);
    }
    match report.verdict_kind {
        _ if !report.diagnoses.is_empty() => found(&mut page),
        VerdictKind::Unrecognised => other::unrecognised(&mut page),
        VerdictKind::CannotTell | VerdictKind::Found => {
            other::undecided(&mut page);
            if !report.unrecognised.is_empty() {
                page.blank();
                other::unrecognised(&mut page);
            }
        }
        VerdictKind::Nothing => nothing::part(&mut page),
        VerdictKind::NoLog => other::no_log(&mut page),
    }
    if options.verbose && report.diagnoses.is_empty() {
        page.blank();
        details::seen(&mut page);
    }
    other::notes(&mut page);
    footer::part(&mut page);
    page.write(out)
}

/// One cause in full; or a list of them, and each short (in full with `-v` or `--all`).
fn found(page: &mut Page) {
    let report = page.report;
    let options = page.options;
    let shown = report.diagnoses.get(..options.top.unwrap_or(usize::MAX).max(1)).unwrap_or(&report.diagnoses);
    if let [only] = report.diagnoses.as_slice() {
        diagnosis::full(page, only, None, true);
    } else {
        let number = u64::try_from(report.diagnoses.len()).unwrap_or(u64::MAX);
        let line = page.rich().own(&counted(page.words.independent, number), Role::Plain);
        page.prose(0, 0, &line);
        page.blank();
        for (at, diagnosis) in shown.iter().enumerate() {
            diagnosis::headline(page, diagnosis, Some(at + 1));
        }
        let hidden = report.diagnoses.len() - shown.len();
        if hidden > 0 {
            let text = counted(page.words.more_diagnoses, u64::try_from(hidden).unwrap_or(u64::MAX));
            let text = page.rich().own(&text, Role::Quiet);
            page.prose(0, 0, &text);
        }
        for (at, diagnosis) in shown.iter().enumerate() {
            page.blank();
            if options.all || options.verbose {
                diagnosis::full(page, diagnosis, Some(at + 1), at + 1 == shown.len());
            } else {
                diagnosis::short(page, diagnosis, at + 1);
            }
        }
    }
    other::also_seen(page);
}
