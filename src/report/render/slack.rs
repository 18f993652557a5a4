//! Tickets in Slack's mrkdwn.
//!
//! `&`, `<` and `>` are escaped, so there is no link and no `<!channel>`; signs of style in a text of a log are broken by a sign that is not
//! seen. There are no headings, no numbered lists and no folds: lines take their place.

use super::document::{Block, Document, Span, Style};
use super::{clean, inline, markdown, one_line};
use crate::report::Confidence;

/// The document in mrkdwn.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        one(block, "", &mut out);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn one(block: &Block, indent: &str, out: &mut String) {
    match block {
        Block::Title { confidence, text, .. } => {
            let glyph = match confidence {
                Some(Confidence::Certain) => "✗",
                Some(Confidence::Likely) => "!",
                Some(Confidence::Possible) => "?",
                None => "○",
            };
            out.push_str(&format!("*{glyph} {}*\n", escaped(&one_line(text))));
        }
        Block::Text(spans) | Block::Heading(spans) => out.push_str(&format!("{indent}{}\n", line(spans))),
        Block::Evidence { path, rows } => fenced(&markdown::evidence(path, rows), out),
        Block::Code { text, .. } => fenced(text, out),
        Block::Steps(steps) => {
            for (at, step) in steps.iter().enumerate() {
                let mut text = String::new();
                for block in step {
                    one(block, "", &mut text);
                }
                out.push_str(&format!("{}. {text}", at + 1));
            }
        }
        Block::Items(items) => {
            for item in items {
                out.push_str(&format!("{indent}• {}\n", line(item)));
            }
        }
        Block::Details { summary, blocks } => {
            out.push_str(&format!("*{}*\n", escaped(summary)));
            for block in blocks {
                one(block, indent, out);
            }
        }
        Block::Small(text) => out.push_str(&format!("_{}_\n", escaped(text))),
    }
}

fn fenced(text: &str, out: &mut String) {
    // three backticks end it, however it began
    let text = entities(&clean(text)).replace("```", "`\u{2060}`\u{2060}`");
    out.push_str(&format!("```\n{}\n```\n", text.trim_end()));
}

fn line(spans: &[Span]) -> String {
    inline(spans, |style, text| match style {
        Style::Plain => escaped(text),
        Style::Strong => format!("*{}*", escaped(text)),
        Style::Code => format!("`{}`", entities(text).replace('`', "\u{2bb}")),
    })
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text that Slack takes as text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = entities(text);
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        out.push(c);
        let edge = !before.is_alphanumeric() || !next.is_alphanumeric();
        let style = matches!(c, '*' | '_' | '~' | '`') && edge;
        let mention = matches!(c, '@' | '#') && next.is_alphanumeric();
        // links and :emoji:
        let link = c == ':' && (next == '/' || next.is_alphabetic());
        if style || mention || link {
            out.push('\u{2060}');
        }
        before = c;
    }
    out
}
