//! The renderings of a report that are not for a terminal: tickets, pages, scripts and the formats of other programs.
//!
//! A ticket in any dialect is a [`Document`] first: what stands in it, and what is left out for a limit, is decided once. The
//! dialects only set and escape. All text of a log or a name out of it is hostile and is escaped for each format.

pub mod adf;
pub mod csv;
pub mod document;
pub mod html;
pub mod jira;
pub mod junit;
pub mod markdown;
pub mod plain;
pub mod psql;
pub mod sarif;
pub mod slack;
pub mod ticket;

pub use document::{Cut, Document};

use self::document::{Span, Style};
use super::Report;

/// The formats of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// GitHub's and GitLab's Markdown.
    Markdown,
    /// A page.
    Html,
    /// Jira's wiki markup.
    Jira,
    /// Atlassian's document format.
    Adf,
    /// SARIF 2.1.0.
    Sarif,
    /// `JUnit`'s XML.
    Junit,
    /// A table, one row a finding.
    Csv,
    /// A script for psql that only reads.
    Psql,
}

/// The report in a format, whole. It ends with a line end.
#[must_use]
pub fn render(report: &Report, format: Format) -> String {
    let document = || document::build(report, &Cut::none());
    match format {
        Format::Markdown => markdown::render(&document(), markdown::Flavour::Github),
        Format::Html => html::render(report),
        Format::Jira => jira::render(&document()),
        Format::Adf => adf::render(&document()),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::Csv => csv::render(report),
        Format::Psql => psql::render(report),
    }
}

/// What must not reach a reader unseen is shown by its code; line ends stay, tabs become blanks.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\u{a0}' => out.push(' '),
            c if super::text::glyphs::is_unsafe(c) || ('\u{fe00}'..='\u{fe0f}').contains(&c) => {
                out.push_str(&super::text::glyphs::escaped(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Spans in one line. `mark` gives a text in its style, as the format writes it; it is not asked for one that has nothing to show.
fn inline(spans: &[Span], mark: impl Fn(Style, &str) -> String) -> String {
    let mut out = String::new();
    for span in spans {
        let text = clean(&span.text).replace('\n', " ");
        match span.style {
            Style::Strong if text.trim().is_empty() => out.push_str(&text),
            Style::Strong => out.push_str(&mark(Style::Strong, text.trim())),
            style if text.is_empty() && style == Style::Code => {}
            style => out.push_str(&mark(style, &text)),
        }
    }
    out.trim().to_owned()
}

/// The same in one line.
fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
