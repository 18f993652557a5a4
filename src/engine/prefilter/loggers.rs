//! Which logger wrote a healthy line, and what is looked for in its lines.

use super::Class;
use super::search::{Background, Searcher, Texts};
use crate::engine::track;

/// What is looked for in lines of one logger.
#[derive(Debug)]
pub(super) struct OfLogger {
    pub(super) searcher: Searcher,
    /// How messages begin that must be searched: with these first bytes, and one of these texts. `None`: all must be.
    pub(super) starts: Option<([bool; 256], Vec<Box<[u8]>>)>,
    /// There are texts of which the last line matters.
    pub(super) last: bool,
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

/// May the message of a line of Flink's default layout begin with one of these? White space before it does not count.
#[inline]
pub(super) fn may_begin(line: &[u8], name: usize, bytes: &[bool; 256], starts: &[Box<[u8]>]) -> bool {
    let at = 30 + name.max(60) + 1;
    let Some(message) = line.get(at..).and_then(|rest| rest.strip_prefix(b"[] - ")) else { return true };
    let message = message.trim_ascii_start();
    let Some(first) = message.first() else { return false };
    bytes.get(usize::from(*first)).is_none_or(|may| *may)
        && (!first.is_ascii_alphanumeric() || starts.iter().any(|start| message.starts_with(start)))
}

/// How the names of the loggers end that have texts of their own.
#[derive(Debug)]
pub(super) struct Loggers {
    /// Suffixes by their last eight bytes, each eight at their hash or behind it. Never full, and no eight bytes are zero.
    table: Vec<(u64, Vec<Suffix>)>,
    /// How far a hash is shifted to be a place in the table.
    shift: u32,
}

/// A suffix, and the number of its texts.
#[derive(Debug, Clone)]
struct Suffix {
    text: Box<[u8]>,
    texts: u16,
}

impl Loggers {
    /// The place of a suffix among `suffixes` is the number of its texts.
    pub(super) fn new<'s>(suffixes: impl ExactSizeIterator<Item = &'s String>) -> Self {
        let places = (4 * suffixes.len()).next_power_of_two().max(16);
        let mut loggers = Self { table: vec![(0, Vec::new()); places], shift: 64 - places.trailing_zeros() };
        for (texts, suffix) in (0_u16..).zip(suffixes) {
            let Some(end) = last_eight(suffix.as_bytes()) else { continue };
            let mut place = loggers.place(end);
            while loggers.table.get(place).is_some_and(|(known, _)| *known != 0 && *known != end) {
                place = (place + 1) & (places - 1);
            }
            if let Some((known, suffixes)) = loggers.table.get_mut(place) {
                *known = end;
                suffixes.push(Suffix { text: suffix.as_bytes().into(), texts });
                // the longest that fits has the texts of all that fit
                suffixes.sort_by_key(|s| std::cmp::Reverse(s.text.len()));
            }
        }
        loggers
    }

    #[inline]
    pub(super) fn texts_of(&self, name: &[u8]) -> Option<u16> {
        // a name under eight bytes is of no glob here: it would have to be longer
        let end = last_eight(name)?;
        let mut place = self.place(end);
        loop {
            let (known, suffixes) = self.table.get(place)?;
            if *known == end {
                // of two suffixes the name tells which; a line too many of a single one does no harm
                return match suffixes.as_slice() {
                    [only] => Some(only.texts),
                    several => several.iter().find(|s| name.ends_with(&s.text)).map(|s| s.texts),
                };
            }
            if *known == 0 {
                return None;
            }
            place = (place + 1) & (self.table.len() - 1);
        }
    }

    /// Where eight bytes stand, if they are known, or behind it.
    #[inline]
    fn place(&self, end: u64) -> usize {
        usize::try_from(end.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift).unwrap_or(0)
    }
}

/// How all names end that a glob on loggers matches, if that is fixed over eight bytes.
pub(super) fn fixed_suffix(glob: &str) -> Option<&str> {
    glob.rsplit('*').next().filter(|s| s.len() >= 8)
}

#[inline]
fn last_eight(name: &[u8]) -> Option<u64> {
    name.last_chunk::<8>().map(|b| u64::from_le_bytes(*b))
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
        let last = self.texts.iter().any(|t| matches!(t.class, Class::Last(_)));
        let mut bytes = [false; 256];
        // what is no letter or digit may be written otherwise in the log, as an entity or an escape
        bytes.iter_mut().enumerate().for_each(|(b, may)| {
            let start = |s: &String| s.bytes().next().is_some_and(|first| usize::from(first) == b);
            *may = !u8::try_from(b).is_ok_and(|b| b.is_ascii_alphanumeric()) || self.starts.iter().any(start);
        });
        let starts = self.starts.iter().map(|s| s.as_bytes().into()).collect();
        OfLogger {
            searcher: Searcher::new(self.texts, background, false),
            starts: (!self.unbound).then_some((bytes, starts)),
            last,
        }
    }
}
