//! Cuts a text into heads, frames and plain text: lines, or parts of lines where a paste lost its line ends.

use std::sync::LazyLock;

use super::super::Relation;
use super::frames::{at_frame, flat_frame, omitted};

/// A line end that a paste has lost, see `record::undress`.
pub(super) const SOFT: u8 = 0x0b;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A stack frame.
    Frame,
    /// `... n more`, or a circular reference: ends a message and is nothing more.
    Mark,
    /// A throwable announced by words.
    Head(Relation),
    /// Anything else that is not blank.
    Text,
}

/// A part of the text, never longer than a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub kind: Kind,
    /// Blanks and tabs before it; a tab counts as one.
    pub indent: usize,
    /// First byte.
    pub start: usize,
    /// Where what was announced begins; `start` for other kinds.
    pub body: usize,
    /// After the last byte.
    pub end: usize,
}

/// The words before a head, and what they say.
pub(super) fn announced(text: &str) -> Option<(Relation, usize)> {
    const WORDS: [(&str, Relation); 3] = [
        ("Caused by:", Relation::CausedBy),
        ("Suppressed:", Relation::Suppressed),
        ("Wrapped by:", Relation::CausedBy),
    ];
    for (words, relation) in WORDS {
        if let Some(rest) = text.strip_prefix(words)
            && (rest.is_empty() || rest.starts_with([' ', '\t']))
        {
            return Some((relation, text.len() - rest.trim_start_matches([' ', '\t']).len()));
        }
    }
    let (_, rest) = text.strip_prefix("Exception in thread \"")?.split_once("\" ")?;
    Some((Relation::Top, text.len() - rest.len()))
}

/// Iterates over the pieces of a text.
pub(super) struct Pieces<'t> {
    text: &'t str,
    at: usize,
    /// End of the line that `at` is on.
    line_end: usize,
    /// Has this line shown a frame? Then what stands behind it may be a flattened trace.
    flat: bool,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(text: &'t str, from: usize) -> Self {
        let mut pieces = Self { text, at: from, line_end: 0, flat: false };
        pieces.enter_line(from);
        pieces
    }

    fn enter_line(&mut self, at: usize) {
        self.at = at;
        let rest = self.text.as_bytes().get(at..).unwrap_or(&[]);
        self.line_end = at + memchr::memchr2(b'\n', SOFT, rest).unwrap_or(rest.len());
        self.flat = false;
    }

    /// The piece that begins at `start`, on a line that ends at `line_end`; the next one begins at its end.
    fn piece(&mut self, start: usize, indent: usize, line: &str) -> Piece {
        let to = |length: usize| start + length;
        if let Ok((rest, _)) = at_frame(line) {
            self.flat = true;
            return Piece { kind: Kind::Frame, indent, start, body: start, end: to(line.len() - rest.len()) };
        }
        if let Ok((rest, ())) = omitted(line) {
            self.flat = true;
            return Piece { kind: Kind::Mark, indent, start, body: start, end: to(line.len() - rest.len()) };
        }
        if line.trim_start_matches("Caused by: ").starts_with("[CIRCULAR REFERENCE") {
            return Piece { kind: Kind::Mark, indent, start, body: start, end: to(line.len()) };
        }
        let text = line.get(..first_flat_frame(line)).unwrap_or(line).trim_end();
        match announced(text) {
            Some((relation, body)) => {
                Piece { kind: Kind::Head(relation), indent, start, body: to(body), end: to(text.len()) }
            }
            None => Piece { kind: Kind::Text, indent, start, body: start, end: to(text.len()) },
        }
    }
}

/// Where the first ` at a.b.c(D.java:1)` of a line begins; the line's length if there is none.
pub(super) fn first_flat_frame(line: &str) -> usize {
    static AT: LazyLock<memchr::memmem::Finder<'static>> = LazyLock::new(|| memchr::memmem::Finder::new(b" at "));
    let places = AT.find_iter(line.as_bytes());
    let mut frames = places.filter(|n| line.get(n + 1..).is_some_and(flat_frame));
    frames.next().unwrap_or(line.len())
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let line = self.text.get(self.at..self.line_end)?;
            let body = line.trim_start_matches([' ', '\t']);
            let indent = if self.flat { 0 } else { line.len() - body.len() };
            let start = self.line_end - body.len();
            let body = body.trim_end();
            if body.is_empty() {
                if self.line_end >= self.text.len() {
                    return None;
                }
                self.enter_line(self.line_end + 1);
                continue;
            }
            let piece = self.piece(start, indent, body);
            self.at = piece.end.max(start + 1);
            if !self.text.is_char_boundary(self.at) {
                self.at = self.line_end;
            }
            return Some(piece);
        }
    }
}
