//! Tickets in Jira's wiki markup (Server, Data Center, and the older API of Cloud).
//!
//! Signs with a meaning are escaped, in text with a backslash and where that has a meaning itself as an entity; a block of code or of
//! log cannot be closed from within.

use super::document::{Block, Document, Span, Style};
use super::{clean, inline, markdown, one_line};
use crate::report::Confidence;

/// The document in wiki markup.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = String::new();
    blocks(&document.blocks, "", &mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// `list` is the sign of the list that the blocks stand in.
fn blocks(all: &[Block], list: &str, out: &mut String) {
    for block in all {
        one(block, list, out);
    }
}

fn one(block: &Block, list: &str, out: &mut String) {
    let gap = if list.is_empty() { "\n\n" } else { "\n" };
    match block {
        Block::Title { confidence, minor, text } => {
            let level = if *minor { "h4" } else { "h3" };
            let glyph = match confidence {
                Some(Confidence::Certain) => "(x)",
                Some(Confidence::Likely) => "(!)",
                Some(Confidence::Possible) => "(?)",
                None => "(i)",
            };
            out.push_str(&format!("{level}. {glyph} {}\n\n", escaped(&one_line(text))));
        }
        Block::Text(spans) | Block::Heading(spans) => out.push_str(&format!("{}{gap}", line(spans))),
        Block::Evidence { path, rows } => {
            let text = markdown::evidence(path, rows);
            let (_, text) = text.split_once('\n').unwrap_or(("", &text));
            let title: String = one_line(path)
                .chars()
                .map(|c| if matches!(c, '|' | '{' | '}' | '=' | ':') { '_' } else { c })
                .collect();
            block_of(&format!("noformat:title={title}"), "noformat", text, out);
        }
        Block::Code { language, text } => {
            // languages that Jira does not know end the page with an error
            let language = if *language == "sql" { "code:sql" } else { "noformat" };
            block_of(language, language.split(':').next().unwrap_or(language), text, out);
        }
        Block::Steps(steps) => {
            for step in steps {
                out.push_str("# ");
                blocks(step, "#", out);
            }
            out.push('\n');
        }
        Block::Items(items) => {
            let sign = if list.is_empty() { "*".to_owned() } else { format!("{list}*") };
            for item in items {
                out.push_str(&format!("{sign} {}\n", line(item)));
            }
            if list.is_empty() {
                out.push('\n');
            }
        }
        Block::Details { summary, blocks: inner } => {
            out.push_str(&format!("h5. {}\n\n", escaped(summary)));
            blocks(inner, list, out);
        }
        Block::Small(text) => out.push_str(&format!("{{color:#707070}}{}{{color}}\n", escaped(text))),
    }
}

/// A block that shows its text as it is. What would close it is broken by a sign that is not seen.
fn block_of(open: &str, close: &str, text: &str, out: &mut String) {
    let text = clean(text);
    let text = text.replace("{noformat", "{\u{2060}noformat").replace("{code", "{\u{2060}code");
    out.push_str(&format!("{{{open}}}\n{}\n{{{close}}}\n\n", text.trim_end()));
}

fn line(spans: &[Span]) -> String {
    let mark = |style, text: &str| match style {
        Style::Plain => escaped(text),
        Style::Strong => format!("*{}*", escaped(text)),
        Style::Code => format!("{{{{{}}}}}", escaped(text)),
    };
    at_start(&inline(spans, mark))
}

/// Text that Jira takes as text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            // two of them are a line break
            '\\' => out.push_str("&#92;"),
            '&' => out.push_str("&amp;"),
            // within a word they mean nothing
            '-' | '_' | '+' if before.is_alphanumeric() && next.is_alphanumeric() => out.push(c),
            '-' if before == ' ' && next == ' ' => out.push('-'),
            '{' | '}' | '[' | ']' | '*' | '_' | '-' | '+' | '^' | '~' | '?' | '!' | '|' | '#' | '@' => {
                out.push('\\');
                out.push(c);
            }
            // smileys
            '(' if matches!(next, 'x' | 'X' | '!' | '/' | '?' | '+' | '-' | 'i' | 'y' | 'n' | '*' | 'o' | 'f') => {
                out.push_str("\\(");
            }
            ':' | ';' if matches!(next, ')' | '(' | 'P' | 'D' | 'p' | '|') => {
                out.push(c);
                out.push('\u{2060}');
            }
            // addresses that become links by themselves
            ':' if next == '/' => out.push_str(":\u{2060}"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// `h1. x`, `bq. x`: no heading and no quote.
fn at_start(text: &str) -> String {
    let heading = text.get(..3).is_some_and(|t| t == "bq." || t.starts_with('h') && t.ends_with('.'));
    if heading { format!("\u{2060}{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::report::render::document::{Block, Document, Row, plain};

    #[test]
    fn text_is_text() {
        for (given, wanted) in [
            ("{code} [~bob] !x.png!", "\\{code\\} \\[\\~bob\\] \\!x.png\\!"),
            ("*a* -b- snake_case host-1 x - y", "\\*a\\* \\-b\\- snake_case host-1 x - y"),
            ("a\\\\b &#42;", "a&#92;&#92;b &amp;\\#42;"),
            ("h1. x", "\u{2060}h1. x"),
            ("(x) :)", "\\(x) :\u{2060})"),
        ] {
            assert_eq!(render(&Document { blocks: vec![Block::Text(vec![plain(given)])] }).trim_end(), wanted);
        }
        let rows = vec![Row { line: Some(7), text: "a {noformat} b".into(), mark: None }];
        let text = render(&Document { blocks: vec![Block::Evidence { path: "x|y.log".into(), rows }] });
        assert_eq!(text, "{noformat:title=x_y.log}\n7 | a {\u{2060}noformat} b\n{noformat}\n");
    }
}
