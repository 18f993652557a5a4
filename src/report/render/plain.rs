//! Tickets as plain text, for e-mail: lines of 78 characters, a subject first.

use super::document::{Block, Document, Span};
use super::{clean, markdown, one_line};
use crate::report::Confidence;

/// Longest line of prose (RFC 5322 asks for 78).
const WIDTH: usize = 78;

/// The document as an e-mail: `Subject: ...`, an empty line, the text.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        one(block, 0, &mut out);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    let subject = document.blocks.iter().find_map(|block| match block {
        Block::Title { text, .. } => Some(one_line(text)),
        _ => None,
    });
    format!("Subject: [cdc-doctor] {}\n\n{out}", subject.unwrap_or_default())
}

fn one(block: &Block, indent: usize, out: &mut String) {
    match block {
        Block::Title { confidence, text, .. } => {
            let sure = match confidence {
                Some(Confidence::Certain) => "certain: ",
                Some(Confidence::Likely) => "likely: ",
                Some(Confidence::Possible) => "possible: ",
                None => "",
            };
            wrapped(&format!("{sure}{}", one_line(text)), indent, indent + 2, out);
            out.push('\n');
        }
        Block::Text(spans) | Block::Heading(spans) => {
            wrapped(&line(spans), indent, indent, out);
            if indent == 0 {
                out.push('\n');
            }
        }
        Block::Evidence { path, rows } => verbatim(&markdown::evidence(path, rows), indent + 2, out),
        Block::Code { text, .. } => verbatim(text, indent + 2, out),
        Block::Steps(steps) => {
            for (at, step) in steps.iter().enumerate() {
                let mut text = String::new();
                for block in step {
                    one(block, indent + 3, &mut text);
                }
                out.push_str(&format!("{}{}. {}", " ".repeat(indent), at + 1, text.trim_start()));
            }
            out.push('\n');
        }
        Block::Items(items) => {
            for item in items {
                wrapped(&format!("- {}", line(item)), indent, indent + 2, out);
            }
            out.push('\n');
        }
        Block::Details { summary, blocks } => {
            out.push_str(&format!("{}{summary}\n\n", " ".repeat(indent)));
            for block in blocks {
                one(block, indent, out);
            }
        }
        Block::Small(text) => out.push_str(&format!("-- \n{}\n", clean(text))),
    }
}

fn line(spans: &[Span]) -> String {
    let text: String = spans.iter().map(|span| span.text.as_str()).collect();
    one_line(&text)
}

/// Prose, at blanks.
fn wrapped(text: &str, first: usize, rest: usize, out: &mut String) {
    let mut width = first;
    out.push_str(&" ".repeat(first));
    for (at, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if at > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(rest));
            width = rest;
        } else if at > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out.push('\n');
}

/// Lines that are not broken: queries, commands, lines of a log.
fn verbatim(text: &str, indent: usize, out: &mut String) {
    for line in clean(text).trim_end().lines() {
        out.push_str(format!("{}{line}", " ".repeat(indent)).trim_end());
        out.push('\n');
    }
    out.push('\n');
}
