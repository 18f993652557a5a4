//! Tickets in Markdown: GitHub's, GitLab's, and plain.
//!
//! Text of a log is escaped so that it is text: no link, image, HTML or emphasis, no `@mention` and no `#reference`, no line that begins a
//! heading or a list. Code stands in fences that are longer than any run of backticks in them.

use super::document::{Block, Document, Row, Span, Style};
use super::{clean, inline, one_line};
use crate::report::Confidence;

/// Whose Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// GitHub's: with `<details>` and `<sub>`.
    Github,
    /// GitLab's: the same, other references.
    Gitlab,
    /// Without HTML.
    Plain,
}

/// Comes after a sign that would begin a mention or a reference: it is not seen, and ends the name.
const JOINER: char = '\u{2060}';

/// The document in Markdown.
#[must_use]
pub fn render(document: &Document, flavour: Flavour) -> String {
    let mut out = String::new();
    blocks(&document.blocks, flavour, "", &mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn blocks(all: &[Block], flavour: Flavour, indent: &str, out: &mut String) {
    for block in all {
        one(block, flavour, indent, out);
    }
}

fn one(block: &Block, flavour: Flavour, indent: &str, out: &mut String) {
    match block {
        Block::Title { confidence, minor, text } => {
            let marks = if *minor { "####" } else { "###" };
            out.push_str(&format!("{indent}{marks} {} {}\n\n", glyph(*confidence), escaped(&one_line(text))));
        }
        Block::Text(spans) => out.push_str(&format!("{indent}{}\n\n", line(spans))),
        Block::Heading(spans) => out.push_str(&format!("{indent}{}\n\n", line(spans))),
        Block::Evidence { path, rows } => fenced("text", &evidence(path, rows), indent, out),
        Block::Code { language, text } => fenced(language, text, indent, out),
        Block::Steps(steps) => {
            let inner = format!("{indent}   ");
            for (at, step) in steps.iter().enumerate() {
                let mut text = String::new();
                blocks(step, flavour, &inner, &mut text);
                let number = format!("{indent}{}. ", at + 1);
                out.push_str(&number);
                // a number of two digits takes a blank more, which Markdown allows
                out.push_str(text.trim_start());
            }
        }
        Block::Items(items) => {
            for item in items {
                out.push_str(&format!("{indent}- {}\n", line(item)));
            }
            out.push('\n');
        }
        Block::Details { summary, blocks: inner } => {
            if flavour == Flavour::Plain {
                out.push_str(&format!("{indent}**{}**\n\n", escaped(summary)));
                blocks(inner, flavour, indent, out);
            } else {
                out.push_str(&format!("{indent}<details><summary>{}</summary>\n\n", escaped(summary)));
                blocks(inner, flavour, indent, out);
                out.push_str(&format!("{indent}</details>\n\n"));
            }
        }
        Block::Small(text) => match flavour {
            Flavour::Plain => out.push_str(&format!("{indent}{}\n", escaped(text))),
            _ => out.push_str(&format!("{indent}<sub>{}</sub>\n", escaped(text))),
        },
    }
}

/// What a heading begins with.
fn glyph(confidence: Option<Confidence>) -> &'static str {
    match confidence {
        Some(Confidence::Certain) => "✗",
        Some(Confidence::Likely) => "!",
        Some(Confidence::Possible) => "?",
        None => "○",
    }
}

/// The lines of a log with a gutter; `|`, because some fonts have no `│`.
pub(super) fn evidence(path: &str, rows: &[Row]) -> String {
    let digits = rows.iter().filter_map(|r| r.line).map(|l| l.to_string().len()).max().unwrap_or(1);
    let mut text = format!("{}\n", one_line(path));
    for row in rows {
        let number = row.line.map(|l| l.to_string()).unwrap_or_default();
        text.push_str(&format!("{number:>digits$} | {}\n", clean(&row.text).replace('\n', " ")));
    }
    text
}

fn fenced(language: &str, text: &str, indent: &str, out: &mut String) {
    let text = clean(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    out.push_str(&format!("{indent}{fence}{language}\n"));
    for line in text.trim_end().lines() {
        out.push_str(format!("{indent}{line}").trim_end());
        out.push('\n');
    }
    out.push_str(&format!("{indent}{fence}\n\n"));
}

fn line(spans: &[Span]) -> String {
    let mark = |style, text: &str| match style {
        Style::Plain => escaped(text),
        Style::Strong => format!("**{}**", escaped(text)),
        Style::Code => code(text),
    };
    at_start(&inline(spans, mark))
}

/// A code span, with as many marks as it needs. Within it no service looks for mentions.
fn code(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    if text.is_empty() {
        String::new()
    } else if longest == 0 {
        format!("`{text}`")
    } else {
        let marks = "`".repeat(longest + 1);
        format!("{marks} {text} {marks}")
    }
}

/// Text that Markdown takes as text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            // within a word `_` means nothing
            '_' if before.is_alphanumeric() && next.is_alphanumeric() => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            // mentions, references, formulas
            '@' | '#' | '$' | '!' | '%' | '^'
                if next.is_alphanumeric() || next == '_' || next == '{' || next == '"' =>
            {
                out.push(c);
                out.push(JOINER);
            }
            // addresses that become links by themselves
            ':' if next == '/' => {
                out.push(':');
                out.push(JOINER);
            }
            '.' if out.to_ascii_lowercase().ends_with("www") => {
                out.push(JOINER);
                out.push('.');
            }
            '-' if out.to_ascii_uppercase().ends_with("GH") && next.is_ascii_digit() => {
                out.push('-');
                out.push(JOINER);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// What would begin a heading, a list, a quote or a rule at the start of a line is escaped.
fn at_start(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or_default();
    if digits > 0 && after.starts_with(['.', ')']) {
        return format!("{}\\{after}", text.get(..digits).unwrap_or_default());
    }
    if text.starts_with(['#', '+', '-', '=', ':']) { format!("\\{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Flavour, render};
    use crate::report::render::document::{Block, Document, code, plain};

    #[test]
    fn text_is_text() {
        for (given, wanted) in [
            ("# a", "\\# a"),
            ("1. a", "1\\. a"),
            ("- a", "\\- a"),
            ("a*b*_c_ snake_case", "a\\*b\\*\\_c\\_ snake_case"),
            ("[x](http://e.org) ![y](z)", "\\[x\\](http:\u{2060}//e.org) !\\[y\\](z)"),
            ("<script> &lt; a|b ~~c~~", "\\<script\\> &amp;lt; a\\|b \\~\\~c\\~\\~"),
            (
                "@org/team #12 o/r#3 GH-4 !5 %\"m\" $6",
                "@\u{2060}org/team #\u{2060}12 o/r#\u{2060}3 GH-\u{2060}4 !\u{2060}5 %\u{2060}\"m\" $\u{2060}6",
            ),
            ("www.x.org", "www\u{2060}.x.org"),
            ("a\u{1b}[31mb\u{202e}c", "a\\\\x1b\\[31mb\\\\u{202e}c"),
        ] {
            let text = render(&Document { blocks: vec![Block::Text(vec![plain(given)])] }, Flavour::Github);
            assert_eq!(text.trim_end(), wanted);
        }
        let text = render(&Document { blocks: vec![Block::Text(vec![code("a``b")])] }, Flavour::Github);
        assert_eq!(text, "``` a``b ```\n");
        let block = Block::Code { language: "sql", text: "a ```` b".into() };
        assert_eq!(render(&Document { blocks: vec![block] }, Flavour::Github), "`````sql\na ```` b\n`````\n");
    }
}
