//! The grammar of Java's stack traces, as they are after terminals, mails and web pages had them.
//!
//! A text is cut into [`pieces`] (heads, frames, text), and the pieces are folded into a flat chain. One pass, no recursion, no
//! backtracking over more than a line. Nothing is refused: text that fits nowhere belongs to the message before it, or, behind
//! frames, to nobody.

mod frames;
mod heads;
mod locate;
mod pieces;

use super::{Relation, Shading, Throwable, ThrowableChain};
use heads::{Head, class_head, embedded};
use pieces::{Kind, Piece, Pieces};

pub use frames::{frame, is_bare_frame};
pub use locate::find_trace;

/// Class names unwrapped out of one message.
const EMBEDDED: usize = 16;

/// Parses the throwables of `text` from byte `from` on, which [`find_trace`] gave. Ranges are of `text`.
///
/// A trace cut at its top begins with frames that belong to a throwable nobody saw: its class is empty.
///
/// ```
/// use cdc_doctor::trace::{parse, Shading};
/// let text = "java.io.IOException: a\n\tat x.Y.z(Y.java:1)\nCaused by: java.net.ConnectException: b\n";
/// let shading = Shading::default();
/// let chain = parse(text, 0, &shading);
/// assert_eq!(chain.root().unwrap().message, "b");
/// ```
#[must_use]
pub fn parse<'t>(text: &'t str, from: usize, shading: &'t Shading) -> ThrowableChain<'t> {
    let mut fold = Fold {
        text,
        shading,
        chain: ThrowableChain::default(),
        current: None,
        in_message: false,
        base: None,
        suppressed: Vec::new(),
    };
    let mut pieces = Pieces::new(text, from).peekable();
    while let Some(piece) = pieces.next() {
        fold.base.get_or_insert(piece.indent);
        match piece.kind {
            Kind::Frame => {
                let current = fold.current.get_or_insert_with(|| Open::nameless(piece.start));
                current.frames.push(piece.start..piece.end);
                fold.in_message = false;
            }
            Kind::Mark => fold.in_message = false,
            Kind::Head(relation) => fold.open(&piece, relation),
            Kind::Text => {
                let framed = pieces.peek().is_some_and(|next| matches!(next.kind, Kind::Frame | Kind::Mark));
                fold.text(&piece, framed);
            }
        }
    }
    fold.close();
    fold.chain
}

/// A throwable whose end is not known yet.
struct Open {
    start: usize,
    class: (usize, usize),
    message: (usize, usize),
    relation: Relation,
    depth: u8,
    frames: Vec<std::ops::Range<usize>>,
}

impl Open {
    /// What frames without a head belong to.
    fn nameless(at: usize) -> Self {
        Self { start: at, class: (at, at), message: (at, at), relation: Relation::Top, depth: 0, frames: Vec::new() }
    }
}

struct Fold<'t> {
    text: &'t str,
    shading: &'t Shading,
    chain: ThrowableChain<'t>,
    current: Option<Open>,
    in_message: bool,
    /// Indentation of the whole trace.
    base: Option<usize>,
    /// Indentations of the `Suppressed:` lines we are under.
    suppressed: Vec<usize>,
}

impl Fold<'_> {
    /// A `Caused by:`, `Suppressed:` or `Exception in thread` begins.
    fn open(&mut self, piece: &Piece, relation: Relation) {
        let indent = piece.indent.saturating_sub(self.base.unwrap_or(0));
        match relation {
            Relation::Suppressed => {
                while self.suppressed.last().is_some_and(|i| *i >= indent) {
                    self.suppressed.pop();
                }
                self.suppressed.push(indent);
            }
            // a paste without indentation cannot say whose cause this is: the main chain must not lose its root
            _ if indent == 0 => self.suppressed.clear(),
            _ => {
                while self.suppressed.last().is_some_and(|i| *i > indent) {
                    self.suppressed.pop();
                }
            }
        }
        let depth = u8::try_from(self.suppressed.len()).unwrap_or(u8::MAX);
        let relation = if depth > 0 { Relation::Suppressed } else { relation };
        let body = self.text.get(piece.body..piece.end).unwrap_or("");
        let head = class_head(body, true).unwrap_or(Head { class: 0, message: 0, strong: false, colon: false });
        self.push(piece, &head, relation, depth);
    }

    /// Text: a throwable of its own, more of the message, or nothing.
    fn text(&mut self, piece: &Piece, framed: bool) {
        let body = self.text.get(piece.body..piece.end).unwrap_or("");
        match class_head(body, false)
            .filter(|h| (framed && (h.strong || !self.in_message)) || (h.strong && (h.colon || self.current.is_none())))
        {
            Some(head) => {
                self.suppressed.clear();
                self.base = Some(piece.indent);
                self.push(piece, &head, Relation::Top, 0);
            }
            None => {
                if let Some(open) = self.current.as_mut().filter(|_| self.in_message) {
                    if open.message.0 == open.message.1 {
                        open.message.0 = piece.start;
                    }
                    open.message.1 = piece.end;
                }
            }
        }
    }

    fn push(&mut self, piece: &Piece, head: &Head, relation: Relation, depth: u8) {
        self.close();
        let class = (piece.body, piece.body + head.class);
        let message = (piece.body + head.message, piece.end.max(piece.body + head.message));
        self.current = Some(Open { start: piece.start, class, message, relation, depth, frames: Vec::new() });
        self.in_message = true;
    }

    /// Adds the open throwable to the chain, and those its message names.
    fn close(&mut self) {
        let Some(open) = self.current.take() else { return };
        let raw_class = self.text.get(open.class.0..open.class.1).unwrap_or("");
        let class = self.shading.canonical(raw_class);
        let linkage = heads::linkage(&class);
        let (mut at, end) = open.message;
        let depth = open.depth;
        let throwable = |class, raw_class, start, at: usize, relation, frames| Throwable {
            class,
            raw_class,
            message: self.text.get(at..end).unwrap_or(""),
            message_at: at..end,
            start,
            relation,
            depth,
            frames,
        };
        self.chain.links.push(throwable(class, raw_class, open.start, at, open.relation, open.frames));
        if linkage {
            return;
        }
        for _ in 0..EMBEDDED {
            let Some((raw_class, message)) = self.text.get(at..end).and_then(embedded) else { break };
            let class = self.shading.canonical(raw_class);
            let linkage = heads::linkage(&class);
            let start = at;
            at += message;
            self.chain.links.push(throwable(class, raw_class, start, at, Relation::Embedded, Vec::new()));
            if linkage {
                break;
            }
        }
    }
}
