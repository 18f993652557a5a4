//! Problems with rule files and job files, as data.
//!
//! A [`Problem`] says what is wrong, where in the YAML, and what to do. Problems are collected, never "the first one only". This is
//! the only file that implements `miette::Diagnostic`; the binary renders it.

use std::fmt;
use std::sync::Arc;

/// A text with a name, for pointing into.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// Name for people, e.g. `rules/postgres/slot-missing.yaml`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The rule base cannot be used.
    Error,
    /// Worth a look.
    Warning,
}

impl Severity {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place in the source text with a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Byte offset.
    pub start: usize,
    /// Length in bytes.
    pub len: usize,
    /// Remark printed at the place.
    pub text: String,
}

/// One problem of one rule file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Stable code, `RB001` and on; see [`explain`].
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The file.
    pub source: Arc<SourceText>,
    /// Places.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// A new error about a whole file.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>, source: &Arc<SourceText>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            source: Arc::clone(source),
            labels: Vec::new(),
            help: None,
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Points at a place. A place outside the text is left out.
    #[must_use]
    pub fn at(mut self, start: usize, len: usize, text: impl Into<String>) -> Self {
        if start.saturating_add(len) <= self.source.text.len() {
            self.labels.push(Label { start, len, text: text.into() });
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Line (from 1) of the first label.
    #[must_use]
    pub fn line(&self) -> usize {
        let upto = self.labels.first().map_or(0, |l| l.start);
        self.source.text.as_bytes().iter().take(upto).filter(|b| **b == b'\n').count() + 1
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// How problems are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Cells of a line; the rule's own lines do not wrap.
    pub width: usize,
    /// Boxes of ASCII signs.
    pub ascii: bool,
    /// ANSI colours.
    pub color: bool,
}

/// Longest line of a file that is drawn, bytes; a place in a longer one is told in words.
const DRAWN: usize = 1000;

/// Draws a problem: `error[RB007]: ...`, the place in the file, what to do.
#[must_use]
pub fn render(problem: &Problem, look: Look) -> String {
    if let Some(told) = in_words(problem) {
        return render(&told, look);
    }
    let mut characters = if look.ascii { miette::ThemeCharacters::ascii() } else { miette::ThemeCharacters::unicode() };
    // the code stands in the line of the message, not in one of its own
    characters.error = format!("error[{}]:", problem.code);
    characters.warning = format!("warning[{}]:", problem.code);
    let styles = if look.color { miette::ThemeStyles::ansi() } else { miette::ThemeStyles::none() };
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme { characters, styles })
        .with_width(look.width)
        .with_links(false);
    let mut out = String::new();
    if handler.render_report(&mut out, &Drawn(problem)).is_err() {
        return format!("{}[{}]: {}\n", problem.severity.name(), problem.code, problem.message);
    }
    out.trim_start().to_owned()
}

/// The problem without the lines of the file, if they are too long to be drawn.
fn in_words(problem: &Problem) -> Option<Problem> {
    let text = problem.source.text.as_str();
    let label = problem.labels.iter().find(|label| {
        let line = text.get(..label.start).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
        // the lines before and behind it are drawn, too
        let around = text.get(line.saturating_sub(1)..).unwrap_or_default().split('\n').take(3);
        let before = text.get(..line.saturating_sub(1)).unwrap_or_default().rsplit('\n').next();
        around.chain(before).any(|line| line.len() > DRAWN)
    })?;
    let before = text.get(..label.start).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let message = format!("{} ({} line {}, column {column})", problem.message, problem.source.name, problem.line());
    Some(Problem { message, labels: Vec::new(), ..problem.clone() })
}

/// A problem as miette wants it.
#[derive(Debug)]
struct Drawn<'p>(&'p Problem);

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.0.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self.0)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        Some(Box::new(self.0.labels.iter().map(|l| miette::LabeledSpan::new(Some(l.text.clone()), l.start, l.len))))
    }
}

impl miette::SourceCode for Problem {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let inner = self.source.text.read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.source.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

/// The catalogue of problem codes: what each means and what to do about it.
pub const CATALOGUE: &[(&str, &str)] = &[
    ("RB001", "The file is not YAML, or its shape is not that of a rule. See rules/README.md."),
    ("RB002", "A key that every rule needs is missing: id, title, category, role, match, why, source, examples."),
    ("RB003", "The id is not the path of the file, has a form other than system/name, or stands twice."),
    ("RB004", "A word is not one of those allowed at this place."),
    ("RB005", "A pattern is not a regular expression of the regex crate, or is too large."),
    ("RB006", "A capture has a name that rules/parameters.yaml does not know."),
    ("RB007", "An entry has no fixed text of at least four characters, so it would have to be tried on every line."),
    ("RB008", "An edge (alternatives, leads_to, masks, suspects) names an id that does not exist."),
    ("RB009", "A {brace} names a parameter, or a kind of it, that does not exist."),
    ("RB010", "A rule needs at least one example that matches and one near miss (not: true)."),
    ("RB011", "A check's SQL is not one read-only statement, and the check does not say changes: true."),
    ("RB012", "A check or fix lacks its text, or has two."),
    ("RB013", "An entry has a condition that says nothing by itself, or a sequence is malformed."),
    ("RB014", "A text breaks the style: too long a line of SQL, advice that disables security, a colon in a title."),
    ("RB015", "An example does not do what it says: it does not match, or matches although not: true."),
    (
        "RB016",
        "A pattern matches another rule's example, and neither names the other. See rules/README.md, \"Rules that match the same log\".",
    ),
    ("RB017", "An entry looks in every healthy line for a word that stands in many of them, so every scan gets slow."),
    ("RB018", "A text still says TODO."),
    ("RB019", "A pattern matches a log of a healthy job: it is too wide."),
    ("FA001", "A file of facts is not JSON. Make one with cdc-doctor --format facts LOG > host.facts.json."),
    ("FA002", "A file of facts ends too early. What stands before the end was used."),
    ("FA003", "The file holds no facts, or facts of another version of the contract. See docs/facts.md."),
    ("FA004", "A value in a file of facts is not what stands there in facts. What stands before it was used."),
    (
        "FA005",
        "Facts were made with other rules than those that draw the conclusions: what only one of the two knows may be missing. \
         Scan again with one version of cdc-doctor and the same --rules.",
    ),
    (
        "FA006",
        "Facts were made with different --since, --until or --timezone: the report cannot say which time it speaks of. Scan again \
         with the same.",
    ),
    (
        "JD001",
        "A file given with --job is no job definition that is known: Flink SQL, SMT's configuration, pipeline YAML, a connector's \
         JSON or .properties, postgresql.conf, pg_hba.conf.",
    ),
    (
        "JD002",
        "A Flink SQL file cannot be read: a quotation mark or comment that does not end, a SET or WITH that is not whole.",
    ),
    ("JD003", "A configuration of SMT cannot be read: its lines are [section] or key = value."),
    (
        "JD004",
        "A pipeline definition is not YAML, or has not the shape of one: source, sink, route, transform, pipeline.",
    ),
    ("JD005", "A connector's configuration is not JSON."),
    ("JD006", "A connector's .properties cannot be read: its lines are key = value, and may go on behind a backslash."),
    (
        "JD007",
        "A postgresql.conf cannot be read: its lines are name = value, values with blanks in single quotation marks.",
    ),
    (
        "JD008",
        "A pg_hba.conf cannot be read: its lines are type, database, user, address and method; a line may go on behind a backslash.",
    ),
];

/// What a code means.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    CATALOGUE.iter().find(|(c, _)| c.eq_ignore_ascii_case(code)).map(|(_, text)| *text)
}
