//! The one file that names the YAML crate: text becomes a raw structure or a [`Problem`] that points at the place.

use std::sync::Arc;

use serde::de::DeserializeOwned;
pub use serde_saphyr::Spanned;

use crate::diagnostic::{Problem, SourceText};

/// Reads one YAML document.
///
/// # Errors
/// A [`Problem`] with code `RB001` at the place where the YAML, or its shape, is wrong.
pub fn read<T: DeserializeOwned>(source: &Arc<SourceText>) -> Result<T, Problem> {
    serde_saphyr::from_str(&source.text).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location().map(|l| byte_of(&source.text, l.line(), l.column()));
        let full = error.to_string();
        let message = full.lines().next().unwrap_or("not YAML");
        // the position is shown by the label
        let message = message.split(" at line ").next().unwrap_or(message).trim().to_owned();
        let (message, help) = in_words(&message);
        let mut problem = Problem::error("RB001", message, source);
        problem.help = help;
        match place {
            Some(at) => problem.at(at, word_len(&source.text, at), "here"),
            None => problem,
        }
    })
}

/// Place of a spanned value: byte offset and length. (0, 0) if it is not known.
pub fn span<T>(value: &Spanned<T>) -> (usize, usize) {
    let span = value.referenced.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(at), Some(len)) => (usize::try_from(at).unwrap_or(0), usize::try_from(len).unwrap_or(0)),
        _ => (0, 0),
    }
}

/// Place of a part of a text value (`from..to`, bytes of the value); that of the whole value if the part cannot be found.
#[must_use]
pub fn inside(source: &SourceText, value: &Spanned<String>, from: usize, to: usize) -> (usize, usize) {
    let (at, len) = span(value);
    let raw = source.text.get(at..at + len).unwrap_or("");
    let (Some(start), Some(end)) = (raw_offset(raw, &value.value, from), raw_offset(raw, &value.value, to)) else {
        return (at, len);
    };
    if start < end { (at + start, end - start) } else { (at + start, usize::from(start < raw.len())) }
}

/// Where byte `wanted` of a scalar's value stands in its YAML form: quotes, escapes, indents and folded lines are skipped.
fn raw_offset(raw: &str, value: &str, wanted: usize) -> Option<usize> {
    let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let mut at = usize::from(quote.is_some());
    if raw.starts_with(['|', '>']) {
        let first = raw.find('\n')? + 1;
        at = first + blanks(raw, first);
    }
    for (offset, c) in value.char_indices() {
        if offset >= wanted {
            return Some(at);
        }
        let rest = raw.get(at..)?;
        let folded = rest.trim_start().len();
        at += if quote == Some('\'') && c == '\'' && rest.starts_with("\'\'") {
            2
        } else if quote == Some('"') && rest.strip_prefix('\\').is_some_and(|r| r.starts_with(c)) {
            1 + c.len_utf8()
        } else if c == '\n' && rest.starts_with('\n') {
            1 + blanks(raw, at + 1)
        } else if rest.starts_with(c) {
            c.len_utf8()
        } else if c == ' ' && folded < rest.len() {
            rest.len() - folded
        } else {
            return None;
        };
    }
    Some(at)
}

fn blanks(text: &str, at: usize) -> usize {
    text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len())
}

fn byte_of(text: &str, line: u64, column: u64) -> usize {
    let mut at = 0;
    for (number, content) in (1_u64..).zip(text.split_inclusive('\n')) {
        if number == line {
            let chars = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
            return at + content.chars().take(chars).map(char::len_utf8).sum::<usize>();
        }
        at += content.len();
    }
    at.min(text.len())
}

fn word_len(text: &str, at: usize) -> usize {
    text.get(at..).map_or(0, |rest| {
        rest.chars().take_while(|c| !c.is_whitespace() && *c != ':').map(char::len_utf8).sum::<usize>().max(1)
    })
}

/// The YAML crate's message in the words of this project, and what to do.
fn in_words(message: &str) -> (String, Option<String>) {
    if let Some((unknown, tail)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        let words = tail.split([' ', ',', '`']);
        let known: Vec<&str> = words.filter(|w| !matches!(*w, "" | "expected" | "one" | "of" | "or")).collect();
        let distance = |word: &str| strsim::damerau_levenshtein(word, unknown);
        let help = match known.iter().min_by_key(|word| distance(word)) {
            Some(best) if distance(best) <= 3 => format!("did you mean '{best}'?"),
            _ => format!("one of {}", known.join(", ")),
        };
        return (format!("unknown key '{unknown}'"), Some(help));
    }
    if let Some((key, _)) = message.strip_prefix("duplicate mapping key: ").and_then(|rest| rest.split_once(',')) {
        return (format!("the key '{key}' stands twice"), None);
    }
    (message.to_owned(), None)
}
