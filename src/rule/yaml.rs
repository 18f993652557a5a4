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
        let mut problem = Problem::error("RB001", message.clone(), source);
        if let Some(at) = place {
            problem = problem.at(at, word_len(&source.text, at), "here");
        }
        match hint(&message) {
            Some(hint) => problem.help(hint),
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

fn hint(message: &str) -> Option<String> {
    let rest = message.split("unknown field `").nth(1)?;
    let (unknown, tail) = rest.split_once('`')?;
    let known: Vec<&str> = tail.split('`').skip(1).step_by(2).collect();
    let best = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, unknown))?;
    (strsim::damerau_levenshtein(best, unknown) <= 3).then(|| format!("did you mean '{best}'?"))
}
