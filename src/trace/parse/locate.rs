//! Finds where the throwables of a record begin.

use super::frames::{at_frame, omitted};
use super::heads::{class_head, throwable_name};
use super::pieces::{SOFT, announced, first_flat_frame};

/// Lines of a message between a throwable named in the header line and its frames.
const MESSAGE_LINES: usize = 40;

/// Byte offset at or after `from` where the throwables begin: at a class, at `Caused by:` and its like, or, in a trace cut at its
/// top, at a frame. `None` if nothing was thrown.
#[must_use]
pub fn find_trace(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    let mut first = true;
    loop {
        let rest = text.get(at..)?;
        let (line, next) = match memchr::memchr2(b'\n', SOFT, rest.as_bytes()) {
            Some(end) => (rest.get(..end)?, at + end + 1),
            None => (rest, text.len()),
        };
        let body = line.trim_start_matches([' ', '\t']);
        let start = at + line.len() - body.len();
        let body = body.trim_end();
        let behind = || text.get(next..).unwrap_or("");
        if begins(body, behind) {
            return Some(start);
        }
        if first && let Some(inside) = within(body, behind) {
            return Some(start + inside);
        }
        if !first && let Some(inside) = flattened(body) {
            return Some(start + inside);
        }
        first = false;
        if next >= text.len() {
            return None;
        }
        at = next;
    }
}

/// Does a trace begin with this line?
fn begins<'t>(line: &str, behind: impl Fn() -> &'t str) -> bool {
    if line.is_empty() {
        return false;
    }
    if at_frame(line).is_ok() || omitted(line).is_ok() {
        return true;
    }
    if let Some((_, body)) = announced(line) {
        let thrown = line.get(body..).unwrap_or("");
        return class_head(thrown, true).is_some() || thrown.starts_with("[CIRCULAR");
    }
    match class_head(line.get(..first_flat_frame(line)).unwrap_or(line).trim_end(), false) {
        Some(head) if head.strong => true,
        Some(_) => is_stack(lines(behind()).next().unwrap_or("")) || first_flat_frame(line) < line.len(),
        None => false,
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', char::from(SOFT)])
}

/// A line that only stands under a throwable.
fn is_stack(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t']);
    at_frame(line).is_ok() || omitted(line).is_ok()
}

/// A throwable named in the middle of the header line: `... with failure cause: a.b.CException: text`, if frames follow.
fn within<'t>(line: &str, behind: impl Fn() -> &'t str) -> Option<usize> {
    if let Some(inside) = flattened(line) {
        return Some(inside);
    }
    let inside = named(line)?;
    let follows = lines(behind()).take(MESSAGE_LINES).any(is_stack);
    follows.then_some(inside)
}

/// A whole trace on one line: a class, and behind it a frame.
fn flattened(line: &str) -> Option<usize> {
    let frame = first_flat_frame(line);
    if frame >= line.len() {
        return None;
    }
    named(line.get(..frame)?)
}

/// The first class of a throwable behind a blank, with a colon or the end behind it.
fn named(line: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let word = line.get(at..)?;
        let length = memchr::memchr(b' ', word.as_bytes());
        let token = word.get(..length.unwrap_or(word.len()))?;
        let name = token.strip_suffix(':').unwrap_or(token);
        let ends = token.ends_with(':') || length.is_none();
        if ends && throwable_name(name) && name.contains('.') && class_head(token, false).is_some() {
            return Some(at);
        }
        at += length? + 1;
    }
}
