//! The grid that all text is set on: a page of lines, with prose that wraps at its indent and lines that do not.

use std::io::{self, Write};

use super::Options;
pub use super::rich::{Rich, Role};
use crate::report::Report;
use crate::report::words::{self, Words};

/// The lines of one output.
pub struct Page<'a> {
    /// How it is to look.
    pub options: &'a Options,
    /// What it is about.
    pub report: &'a Report,
    /// The phrases.
    pub words: &'static Words,
    /// Times need their dates.
    pub dated: bool,
    /// Parameters whose `\set` line this cause has already printed.
    pub given: Vec<String>,
    lines: Vec<Rich>,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub fn new(report: &'a Report, options: &'a Options) -> Self {
        let dated = super::facts::several_days(report);
        Self { options, report, words: &words::ENGLISH, dated, given: Vec::new(), lines: Vec::new() }
    }

    /// Width of the page.
    pub fn width(&self) -> usize {
        self.options.width.max(40)
    }

    /// An empty piece of text.
    pub fn rich(&self) -> Rich {
        Rich::new(self.options.ascii)
    }

    /// One blank line, unless there is one or nothing yet.
    pub fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(self.rich());
        }
    }

    /// A line that does not wrap. Blank ones never stand in a row.
    pub fn line(&mut self, mut line: Rich) {
        line.trim();
        if !line.is_empty() || self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.lines.push(line);
        }
    }

    /// Prose: wraps, the first line at `indent`, the others at `hang`.
    pub fn prose(&mut self, indent: usize, hang: usize, text: &Rich) {
        let width = self.width();
        for (at, line) in text.wrap(width.saturating_sub(indent), width.saturating_sub(hang), false).iter().enumerate()
        {
            let blank = self.rich().blanks(if at == 0 { indent } else { hang });
            self.line(blank.rich(line));
        }
    }

    /// Rows of cells: all but the last column padded, `gap` blanks between. The last column wraps if it is `prose`.
    pub fn table(&mut self, indent: usize, gap: usize, rows: &[Vec<Rich>], prose: bool) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Rich::width).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = self.rich();
            let mut start = indent;
            for (at, cell) in row.iter().enumerate() {
                let padded = if at + 1 < row.len() { widths.get(at).copied().unwrap_or(0) + gap } else { 0 };
                let cell = cell.clone().pad(padded);
                if at + 1 < row.len() {
                    start += cell.width();
                    line = line.rich(&cell.glued());
                } else {
                    line = line.rich(&cell);
                }
            }
            if prose && indent + line.width() > self.width() {
                self.prose(indent, start.min(self.width() / 2), &line);
            } else {
                let line = self.rich().blanks(indent).rich(&line);
                self.line(line);
            }
        }
    }

    /// A heading of a part, at column 2, after a blank line.
    pub fn heading(&mut self, text: &Rich) {
        self.blank();
        self.prose(2, 4, text);
    }

    /// A phrase of ours as a heading.
    pub fn title(&mut self, text: &str) {
        let text = self.rich().own(text, Role::Title);
        self.heading(&text);
    }

    /// Writes the page.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.lines.iter().try_for_each(|line| line.write(self.options.color, out))
    }
}
