//! PostgreSQL's csvlog.

use std::borrow::Cow;

use super::event::of_server;
use crate::record::Level;

/// Fewest columns of any version (9.0), and most with room for new ones.
const COLUMNS: std::ops::RangeInclusive<usize> = 22..=40;

/// What the beginning of a csvlog entry came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The text of the whole entry.
    Whole(String),
    /// A quoted column goes on in the next line.
    Open,
    /// No csvlog.
    Other,
}

/// Could this line begin an entry: `2026-11-22 14:36:06.026 UTC,`?
pub(super) fn begins(line: &str) -> bool {
    let bytes = line.as_bytes();
    let digit = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_digit);
    bytes.get(23) == Some(&b' ')
        && bytes.get(19) == Some(&b'.')
        && [0, 3, 5, 8, 11, 14, 17, 20, 22].into_iter().all(digit)
        && line.get(24..).and_then(|rest| rest.split_once(',')).is_some_and(|(zone, rest)| {
            zone.len() <= 8
                && !zone.is_empty()
                && !zone.contains(' ')
                && rest.bytes().filter(|b| *b == b',').count() > 3
        })
}

/// Reads an entry (one line, or several joined by line ends).
pub(super) fn entry(text: &str) -> Entry {
    let Some(fields) = fields(text) else { return Entry::Open };
    if !COLUMNS.contains(&fields.len()) {
        return Entry::Other;
    }
    let field = |n: usize| fields.get(n).map(AsRef::as_ref).filter(|f: &&str| !f.is_empty());
    let Some(severity) = field(11).filter(|word| Level::from_word(word).is_some()) else { return Entry::Other };
    let secondary = [
        ("DETAIL", field(14)),
        ("HINT", field(15)),
        ("QUERY", field(16)),
        ("CONTEXT", field(18)),
        ("STATEMENT", field(19)),
    ];
    let message = field(13).unwrap_or("");
    let who = (field(1), field(2));
    Entry::Whole(of_server(field(0).unwrap_or(""), field(3).unwrap_or(""), who, severity, message, &secondary))
}

/// The columns; `None` if a quotation mark is open at the end.
fn fields(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut fields = Vec::with_capacity(26);
    let mut rest = text;
    loop {
        let (field, left) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut from = 0;
                let end = loop {
                    let at = from + memchr::memchr(b'"', quoted.as_bytes().get(from..)?)?;
                    if quoted.as_bytes().get(at + 1) != Some(&b'"') {
                        break at;
                    }
                    from = at + 2;
                };
                let inner = quoted.get(..end)?;
                let field = if inner.contains('"') { Cow::Owned(inner.replace("\"\"", "\"")) } else { inner.into() };
                (field, quoted.get(end + 1..)?)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (Cow::Borrowed(rest.get(..end)?), rest.get(end..)?)
            }
        };
        fields.push(field);
        match left.strip_prefix(',') {
            Some(left) => rest = left,
            None => return Some(fields),
        }
    }
}
