//! What a ticket says, before it is set in any dialect.
//!
//! Order: what and since when, what Flink shows, evidence, checks, fix; then what may be folded: why, the record, what was read. A
//! [`Cut`] leaves parts out, always the same first; causes, their decisive lines, queries and fixes stay longest.

mod build;
mod parts;

use std::ops::Range;

use super::super::Confidence;

pub use build::{build, fingerprint};

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// Stressed.
    Strong,
    /// An id or a name, letter by letter.
    Code,
}

/// A piece of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text, as it is; a dialect escapes it.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, if it has one of its own.
    pub line: Option<u64>,
    /// Its text in short form.
    pub text: String,
    /// Characters of it that the rule matched.
    pub mark: Option<Range<usize>>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The sentence that says what is wrong.
    Title {
        /// How sure; `None`: there is no cause to be sure of.
        confidence: Option<Confidence>,
        /// It is one of several.
        minor: bool,
        /// The sentence.
        text: String,
    },
    /// A paragraph.
    Text(Vec<Span>),
    /// The heading of a part, and what stands beside it.
    Heading(Vec<Span>),
    /// Lines of a log.
    Evidence {
        /// The log.
        path: String,
        /// The lines.
        rows: Vec<Row>,
    },
    /// Something to copy, or a record as it is.
    Code {
        /// `sql`, `sh`, `ini` or `text`.
        language: &'static str,
        /// The text.
        text: String,
    },
    /// Numbered steps.
    Steps(Vec<Vec<Block>>),
    /// Points.
    Items(Vec<Vec<Span>>),
    /// What may be folded away.
    Details {
        /// What is in it.
        summary: String,
        /// The parts.
        blocks: Vec<Block>,
    },
    /// The last line: program, rules, fingerprint.
    Small(String),
}

/// A whole ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its parts, in order.
    pub blocks: Vec<Block>,
}

/// What is left out. Later fields go only when all earlier ones have gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a part that may be left out")]
pub struct Cut {
    /// Whole records, and frames of exceptions.
    pub records: bool,
    /// Lines of evidence beside the decisive one, and samples of harmless lines.
    pub samples: bool,
    /// Symptoms beside causes, consequences, exceptions that no rule knows.
    pub symptoms: bool,
    /// Why, what must not be done, what misleads, what was read.
    pub prose: bool,
    /// This many causes are set in full, the others as a line.
    pub whole: usize,
    /// This many of the others have a line of their own; the rest are counted by cause.
    pub lines: usize,
    /// This many checks and steps of the last cause that is set.
    pub steps: usize,
    /// The limit that this is for, in words.
    pub limit: Option<String>,
}

impl Cut {
    /// Nothing is left out.
    #[must_use]
    pub fn none() -> Self {
        let (records, samples, symptoms, prose) = (false, false, false, false);
        let most = usize::MAX;
        Self { records, samples, symptoms, prose, whole: most, lines: most, steps: most, limit: None }
    }

    /// What is left out, step by step, for a report with so many causes.
    #[must_use]
    pub fn ladder(causes: usize, limit: &str) -> Vec<Self> {
        let mut rungs = vec![Self::none()];
        let mut last = Self { limit: Some(limit.to_owned()), ..Self::none() };
        let mut add = |change: &dyn Fn(&mut Self)| {
            change(&mut last);
            rungs.push(last.clone());
        };
        add(&|c| c.records = true);
        add(&|c| c.samples = true);
        add(&|c| c.symptoms = true);
        add(&|c| c.prose = true);
        for whole in (1..causes).rev() {
            add(&|c| c.whole = whole);
        }
        for lines in (0..causes.saturating_sub(1)).rev() {
            add(&|c| c.lines = lines);
        }
        for steps in (0..8).rev() {
            add(&|c| c.steps = steps);
        }
        rungs
    }
}

/// Text as it is.
#[must_use]
pub fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), style: Style::Plain }
}

/// Stressed text.
#[must_use]
pub fn strong(text: impl Into<String>) -> Span {
    Span { text: text.into(), style: Style::Strong }
}

/// An id or a name.
#[must_use]
pub fn code(text: impl Into<String>) -> Span {
    Span { text: text.into(), style: Style::Code }
}
