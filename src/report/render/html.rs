//! The report as one page that needs nothing else: style, drawing and a script for copying are in it, and it reads without the script.
//!
//! The page makes no request: its policy forbids all but its own style and script. Everything from a log is escaped.

mod timeline;

use super::document::{self, Block, Cut, Row, Span, Style};
use super::{clean, inline, one_line};
use crate::report::{Confidence, Report};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/copy.js");

/// The page.
#[must_use]
pub fn render(report: &Report) -> String {
    let document = document::build(report, &Cut::none());
    let title = document.blocks.iter().find_map(|block| match block {
        Block::Title { text, .. } => Some(one_line(text)),
        _ => None,
    });
    let mut body = String::new();
    let mut open = false;
    let mut number = 0;
    let mut drawing = timeline::svg(report);
    let several = report.diagnoses.len() > 1;
    for block in &document.blocks {
        let head = matches!(block, Block::Title { .. });
        let end = matches!(block, Block::Small(_))
            || matches!(block, Block::Details { summary, .. } if summary == "What was read");
        if (head || end) && open {
            body.push_str("</section>\n");
            open = false;
            if number == 1 && several {
                body.push_str(&drawing);
            }
        }
        if let Block::Title { confidence, minor, .. } = block {
            number += 1;
            let cause = if *minor { format!(" id=\"cause-{}\"", number - 1) } else { String::new() };
            body.push_str(&format!("<section class=\"cause {}\"{cause}>\n", class(*confidence)));
            open = true;
        }
        if !several && matches!(block, Block::Heading(_)) {
            body.push_str(&std::mem::take(&mut drawing));
        }
        // the table of contents leads to the sections
        match block {
            Block::Items(items) if several && number == 1 => contents(items, &mut body),
            block => one(block, &mut body),
        }
    }
    let title = escaped(&title.unwrap_or_else(|| "cdc-doctor".to_owned()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n<meta \
         http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n<title>{title} – cdc-doctor</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         {body}</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn class(confidence: Option<Confidence>) -> &'static str {
    match confidence {
        Some(Confidence::Certain) => "certain",
        Some(Confidence::Likely) => "likely",
        Some(Confidence::Possible) => "possible",
        None => "open",
    }
}

fn contents(items: &[Vec<Span>], out: &mut String) {
    out.push_str("<nav><ol>\n");
    for (at, item) in items.iter().enumerate() {
        out.push_str(&format!("<li><a href=\"#cause-{}\">{}</a></li>\n", at + 1, line(item)));
    }
    out.push_str("</ol></nav>\n");
}

fn one(block: &Block, out: &mut String) {
    match block {
        Block::Title { confidence, minor, text } => {
            let (level, glyph) = (if *minor { "h2" } else { "h1" }, glyph(*confidence));
            out.push_str(&format!(
                "<{level}><span class=\"glyph\" aria-hidden=\"true\">{glyph}</span> {}</{level}>\n",
                escaped(&one_line(text))
            ));
        }
        Block::Text(spans) => out.push_str(&format!("<p>{}</p>\n", line(spans))),
        Block::Heading(spans) => out.push_str(&format!("<p class=\"part\">{}</p>\n", line(spans))),
        Block::Evidence { path, rows } => evidence(path, rows, out),
        Block::Code { language, text } => {
            let text = clean(text);
            let kind = if *language == "text" { "record" } else { "copy" };
            out.push_str(&format!(
                "<figure class=\"code {kind}\" data-language=\"{language}\"><pre><code>{}</code></pre></figure>\n",
                commented(language, text.trim_end())
            ));
        }
        Block::Steps(steps) => {
            out.push_str("<ol class=\"steps\">\n");
            for step in steps {
                out.push_str("<li>");
                for block in step {
                    one(block, out);
                }
                out.push_str("</li>\n");
            }
            out.push_str("</ol>\n");
        }
        Block::Items(items) => {
            out.push_str("<ul>\n");
            for item in items {
                out.push_str(&format!("<li>{}</li>\n", line(item)));
            }
            out.push_str("</ul>\n");
        }
        Block::Details { summary, blocks } => {
            out.push_str(&format!("<details><summary>{}</summary>\n", escaped(summary)));
            for block in blocks {
                one(block, out);
            }
            out.push_str("</details>\n");
        }
        Block::Small(text) => out.push_str(&format!("<footer>{}</footer>\n", escaped(&clean(text)))),
    }
}

fn glyph(confidence: Option<Confidence>) -> &'static str {
    match confidence {
        Some(Confidence::Certain) => "✗",
        Some(Confidence::Likely) => "!",
        Some(Confidence::Possible) => "?",
        None => "○",
    }
}

/// Lines of a log as a table, so that a long line wraps beside its number.
fn evidence(path: &str, rows: &[Row], out: &mut String) {
    out.push_str(&format!("<figure class=\"log\"><figcaption>{}</figcaption><table>\n", escaped(&one_line(path))));
    for row in rows {
        let number = row.line.map(|l| l.to_string()).unwrap_or_default();
        out.push_str(&format!("<tr><th scope=\"row\">{number}</th><td>{}</td></tr>\n", marked(row)));
    }
    out.push_str("</table></figure>\n");
}

/// The text of a line, with what the rule matched marked.
fn marked(row: &Row) -> String {
    let chars: Vec<char> = row.text.chars().collect();
    let part = |range: std::ops::Range<usize>| {
        escaped(&clean(&chars.get(range).unwrap_or_default().iter().collect::<String>()))
    };
    match row.mark.clone().filter(|m| m.end <= chars.len()) {
        Some(mark) => {
            format!("{}<mark>{}</mark>{}", part(0..mark.start), part(mark.clone()), part(mark.end..chars.len()))
        }
        None => part(0..chars.len()),
    }
}

/// Code with its comments set apart: they say the healthy answer.
fn commented(language: &str, text: &str) -> String {
    let sign = match language {
        "sql" => "-- ",
        "sh" => "# ",
        _ => return escaped(text),
    };
    let lines = text.lines().map(|line| {
        let class = if line.starts_with("\\set ") { "fill" } else { "comment" };
        if line.starts_with(sign) || class == "fill" {
            format!("<span class=\"{class}\">{}</span>", escaped(line))
        } else {
            escaped(line)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn line(spans: &[Span]) -> String {
    inline(spans, |style, text| match style {
        Style::Plain => escaped(text),
        Style::Strong => format!("<strong>{}</strong>", escaped(text)),
        Style::Code => format!("<code>{}</code>", escaped(text)),
    })
}

/// Text of HTML, also within an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, marked};
    use crate::report::render::document::Row;

    #[test]
    fn text_is_text() {
        assert_eq!(escaped("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
        let row = Row { line: Some(1), text: "a <b> é".into(), mark: Some(2..5) };
        assert_eq!(marked(&row), "a <mark>&lt;b&gt;</mark> é");
    }
}
