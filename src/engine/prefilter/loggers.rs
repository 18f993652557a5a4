//! Which logger wrote a healthy line, and what is looked for in its lines.

use std::collections::HashMap;
use std::sync::Arc;

use super::heads::Heads;
use super::search::{Background, Searcher, Text, Texts};
use super::{Class, Line};
use crate::engine::track;
use crate::rule::Glob;

/// What is looked for in lines of one logger.
#[derive(Debug)]
pub struct OfLogger {
    pub(super) searcher: Searcher,
    /// How messages begin that must be searched. `None`: all must be.
    pub(super) starts: Option<Starts>,
    /// Classes of texts of which the last line matters, a bit each.
    pub(super) last: u8,
}

/// How messages begin that matter: with one of these first bytes, and one of these texts.
#[derive(Debug)]
pub(super) struct Starts {
    bytes: [bool; 256],
    texts: Vec<Start>,
}

/// How a message begins.
#[derive(Debug)]
struct Start {
    /// Its first bytes, at most eight, and which bits they are.
    word: u64,
    mask: u64,
    text: Box<[u8]>,
}

impl Start {
    fn new(text: &str) -> Self {
        let mut word = [0; 8];
        word.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
        let mask = u64::MAX.checked_shr(64 - 8 * u32::try_from(text.len().min(8)).unwrap_or(8));
        Self { word: u64::from_le_bytes(word), mask: mask.unwrap_or(0), text: text.as_bytes().into() }
    }

    #[inline]
    fn begins(&self, message: &[u8]) -> bool {
        let word = message.first_chunk::<8>().map_or(self.word, |w| u64::from_le_bytes(*w));
        (word ^ self.word) & self.mask == 0 && message.starts_with(&self.text)
    }
}

/// The logger of a line of Flink's default layout, `<stamp> <level, 5 wide> <logger, 60 wide> [...] - ...` (log4j1 without `[...]`).
#[inline]
pub(super) fn logger(line: &[u8]) -> Option<&[u8]> {
    if line.get(19) != Some(&b',') || line.get(23) != Some(&b' ') || line.get(29) != Some(&b' ') {
        return None;
    }
    let rest = line.get(30..)?;
    let end = memchr::memchr(b' ', rest)?;
    let name = rest.get(..end)?;
    // the field is padded to sixty columns, longer names push the rest to the right
    let next = rest.get(end.max(60) + 1)?;
    // `org.`, `com.` and `io.` are looked at first
    let dotted = name.get(3) == Some(&b'.') || name.get(2) == Some(&b'.') || memchr::memchr(b'.', name).is_some();
    let named = dotted && name.first().is_some_and(u8::is_ascii_alphabetic);
    (named && matches!(next, b'[' | b'-' | b' ')).then_some(name)
}

/// Where the message of a line of Flink's default layout begins, behind a logger of this length.
pub(super) fn message(line: &[u8], name: usize) -> Option<&[u8]> {
    line.get(30 + name.max(60) + 1..)?.strip_prefix(b"[] - ")
}

impl Starts {
    /// May this message matter? White space before it does not count.
    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn may_begin(&self, message: &[u8]) -> bool {
        message
            .first()
            .is_some_and(|first| self.bytes.get(usize::from(*first)).is_none_or(|may| *may) && self.begins(message))
    }

    /// The same, by the texts.
    #[inline(never)]
    fn begins(&self, message: &[u8]) -> bool {
        let message = message.trim_ascii_start();
        let Some(first) = message.first() else { return false };
        !first.is_ascii_alphanumeric() || self.texts.iter().any(|start| start.begins(message))
    }
}

/// Most names of loggers that are remembered; lines of further ones are searched for the texts of all.
const MAX_NAMES: usize = 512;

/// Names of loggers met in one source, and the texts looked for in their lines: a name is compared with all globs only once.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// How lines of these loggers begin.
    pub(super) heads: Heads,
    /// The texts of a name; `None`: it has none.
    texts: HashMap<Box<[u8]>, Option<u16>>,
    /// The first holds the texts of all loggers.
    sets: Vec<Arc<OfLogger>>,
    /// Which globs make which set.
    known: HashMap<Vec<usize>, u16>,
}

impl Names {
    pub(super) fn get(&self, texts: u16) -> Option<&OfLogger> {
        self.sets.get(usize::from(texts)).map(Arc::as_ref)
    }

    /// What is to be done with a line of a logger with these texts, whose message begins so.
    #[expect(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn line_of(&self, texts: u16, message: &[u8]) -> Line {
        match self.get(texts) {
            Some(OfLogger { starts: Some(starts), last, .. }) if !starts.may_begin(message) => {
                if *last != 0 {
                    Line::Last(texts)
                } else {
                    Line::Plain
                }
            }
            _ => Line::Search(texts),
        }
    }

    /// The number of the texts of this logger; `None` if it has none. `scopes` knows which globs fit a name
    /// that was not met yet.
    pub(super) fn texts_of(&mut self, name: &[u8], scopes: &Scopes) -> Option<u16> {
        if let Some(known) = self.texts.get(name) {
            return *known;
        }
        if self.sets.is_empty() {
            self.sets.push(Arc::clone(&scopes.all));
        }
        let (0..MAX_NAMES, Ok(text)) = (self.texts.len(), std::str::from_utf8(name)) else { return Some(0) };
        let fitting = scopes.fitting(text);
        let texts = if fitting.is_empty() {
            None
        } else if let Some(texts) = self.known.get(&fitting) {
            Some(*texts)
        } else {
            let texts = u16::try_from(self.sets.len()).unwrap_or(0);
            self.sets.push(Arc::new(scopes.join(&fitting)));
            self.known.insert(fitting, texts);
            Some(texts)
        };
        self.texts.insert(name.into(), texts);
        texts
    }
}

/// Globs on loggers, and the texts that matter in the lines of each.
#[derive(Debug)]
pub(super) struct Scopes {
    globs: Vec<(Glob, Scoped)>,
    all: Arc<OfLogger>,
    background: Background,
}

impl Scopes {
    pub(super) fn new(globs: Vec<(Glob, Scoped)>, background: Background) -> Self {
        let mut all = Scoped::default();
        for (_, texts) in &globs {
            all.join(texts);
        }
        let all = Arc::new(all.compile(&background));
        Self { globs, all, background }
    }

    /// Texts of any logger, for lines whose logger is not known.
    pub(super) fn all(&self) -> &Searcher {
        &self.all.searcher
    }

    fn fitting(&self, name: &str) -> Vec<usize> {
        self.globs.iter().enumerate().filter(|(_, (glob, _))| glob.is_match(name)).map(|(i, _)| i).collect()
    }

    fn join(&self, globs: &[usize]) -> OfLogger {
        let mut all = Scoped::default();
        globs.iter().filter_map(|i| self.globs.get(*i)).for_each(|(_, texts)| all.join(texts));
        all.compile(&self.background)
    }
}

/// Texts of one logger, while they are gathered.
#[derive(Debug, Default, Clone)]
pub(super) struct Scoped {
    texts: Texts,
    starts: Vec<String>,
    /// Some text may stand anywhere in a message.
    unbound: bool,
}

impl Scoped {
    /// `starts` are the beginnings of all messages that this text matters in; none: it may be any.
    pub(super) fn add(&mut self, text: &str, class: Class, starts: &[String]) {
        if self.texts.add(text, class) {
            self.unbound = true;
        }
        match class {
            Class::Last(class) if class != track::STATES => {}
            _ if starts.is_empty() => self.unbound = true,
            _ => self.starts.extend_from_slice(starts),
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        for text in other.texts.iter() {
            self.unbound |= self.texts.add(&text.text, text.class);
        }
        self.starts.extend_from_slice(&other.starts);
        self.unbound |= other.unbound;
    }

    pub(super) fn compile(self, background: &Background) -> OfLogger {
        let bit = |t: &Text| if let Class::Last(class) = t.class { 1 << class } else { 0 };
        let last = self.texts.iter().fold(0, |all, t| all | bit(t));
        let mut bytes = [false; 256];
        // what is no letter or digit may be written otherwise in the log, as an entity or an escape
        bytes.iter_mut().enumerate().for_each(|(b, may)| {
            let start = |s: &String| s.bytes().next().is_some_and(|first| usize::from(first) == b);
            *may = !u8::try_from(b).is_ok_and(|b| b.is_ascii_alphanumeric()) || self.starts.iter().any(start);
        });
        let texts = self.starts.iter().map(|s| Start::new(s)).collect();
        OfLogger {
            searcher: Searcher::new(self.texts, background),
            starts: (!self.unbound).then_some(Starts { bytes, texts }),
            last,
        }
    }
}
