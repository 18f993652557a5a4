//! Tickets in Atlassian's document format, version 1: what Jira Cloud's API takes.
//!
//! Text is text in it; nothing is escaped but by JSON, and what cannot be seen is shown by its code.

use serde_json::{Value, json};

use super::document::{Block, Document, Span, Style};
use super::{clean, markdown, one_line};
use crate::report::Confidence;

/// The document as JSON, in one line.
#[must_use]
pub fn render(document: &Document) -> String {
    let content: Vec<Value> = document.blocks.iter().flat_map(|block| one(block, true)).collect();
    json!({"version": 1, "type": "doc", "content": content}).to_string() + "\n"
}

/// The nodes of a block. An `expand` may stand at the top only.
fn one(block: &Block, top: bool) -> Vec<Value> {
    match block {
        Block::Title { confidence, minor, text } => {
            let glyph = match confidence {
                Some(Confidence::Certain) => "✗",
                Some(Confidence::Likely) => "!",
                Some(Confidence::Possible) => "?",
                None => "○",
            };
            let level = if *minor { 4 } else { 3 };
            let text = format!("{glyph} {}", one_line(text));
            vec![json!({"type": "heading", "attrs": {"level": level}, "content": [{"type": "text", "text": text}]})]
        }
        Block::Text(spans) | Block::Heading(spans) => paragraph(spans).into_iter().collect(),
        Block::Evidence { path, rows } => vec![code_block("text", &markdown::evidence(path, rows))],
        Block::Code { language, text } => vec![code_block(language, text)],
        Block::Steps(steps) => {
            let items = steps.iter().map(|step| item(step.iter().flat_map(|block| one(block, false)).collect()));
            vec![json!({"type": "orderedList", "content": items.collect::<Vec<_>>()})]
        }
        Block::Items(items) if items.is_empty() => Vec::new(),
        Block::Items(items) => {
            let items = items.iter().map(|spans| item(paragraph(spans).into_iter().collect()));
            vec![json!({"type": "bulletList", "content": items.collect::<Vec<_>>()})]
        }
        Block::Details { summary, blocks } => {
            let inner: Vec<Value> = blocks.iter().flat_map(|block| one(block, false)).collect();
            if inner.is_empty() {
                Vec::new()
            } else if top {
                vec![json!({"type": "expand", "attrs": {"title": summary}, "content": inner})]
            } else {
                inner
            }
        }
        Block::Small(text) => {
            let marks = json!([{"type": "textColor", "attrs": {"color": "#707070"}}]);
            let text = json!({"type": "text", "text": clean(text), "marks": marks});
            vec![json!({"type": "paragraph", "content": [text]})]
        }
    }
}

/// An item of a list; an empty one is not allowed.
fn item(mut content: Vec<Value>) -> Value {
    if content.is_empty() {
        content.push(json!({"type": "paragraph", "content": []}));
    }
    json!({"type": "listItem", "content": content})
}

fn paragraph(spans: &[Span]) -> Option<Value> {
    let mut content = Vec::new();
    for span in spans {
        let text = clean(&span.text).replace('\n', " ");
        if text.is_empty() {
            continue;
        }
        content.push(match span.style {
            Style::Plain => json!({"type": "text", "text": text}),
            Style::Strong => json!({"type": "text", "text": text, "marks": [{"type": "strong"}]}),
            Style::Code => json!({"type": "text", "text": text, "marks": [{"type": "code"}]}),
        });
    }
    (!content.is_empty()).then(|| json!({"type": "paragraph", "content": content}))
}

fn code_block(language: &str, text: &str) -> Value {
    let text = clean(text);
    let text = text.trim_end();
    let content = if text.is_empty() { json!([]) } else { json!([{"type": "text", "text": text}]) };
    json!({"type": "codeBlock", "attrs": {"language": language}, "content": content})
}
