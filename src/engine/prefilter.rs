//! Stage 1 of the prefilter: which proven-healthy lines must be looked at all the same.
//!
//! A line gets here only if it is a whole record with a header at INFO or below, followed by another header. Such a line can matter
//! only if one of these texts stands in it: the fixed texts of `log:` entries, sequence steps, context and health lines, the four
//! words that make `message:` look at a record's own text, and the state changes of [`track`](super::track). They are
//! looked for with a SIMD searcher (Teddy) over whole runs of lines, in groups that it is fast with.

use std::collections::HashMap;

use aho_corasick::packed;

use super::{Owner, Part, Probe, track};
use crate::rule::{MinLevel, Process, Scope};

/// The words that make `message:` look at the own text of a record below WARN.
pub const FAILURE_WORDS: &[&str] = &["Exception", "Error", "ERROR:", "FATAL:"];

/// Texts a searcher holds at most; above, it gets slow.
const GROUP: usize = 32;
/// Texts are merged into a common beginning of at least this length if there are too many.
const MERGE: usize = 9;
/// A text is not made shorter than this for a rarer beginning.
const WINDOW: usize = 7;

/// Lines of which only the last before an event matters are of one class; see [`Class`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The line must be observed.
    Candidate,
    /// Only the last line of this class (and of one task, for changes of state) before an event, or before the end, is observed.
    Last(u8),
}

#[derive(Debug, Clone)]
struct Text {
    text: String,
    class: Class,
}

/// A compiled stage 1.
#[derive(Debug)]
pub struct Prefilter {
    /// Texts that may stand in any line.
    anywhere: Searcher,
    /// Texts that matter only in lines of certain loggers.
    scoped: Searcher,
    loggers: Loggers,
}

/// A place where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where in the haystack.
    pub at: usize,
    /// `None`: the line must be observed; otherwise its class.
    pub last: Option<u8>,
}

/// What the logger of a healthy line says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// No text is looked for in lines of this logger alone.
    Plain,
    /// Some text is.
    OfLogger,
    /// The line has not the shape of Flink's default layout, so its logger is not known here.
    Unknown,
}

impl Prefilter {
    /// Compiles stage 1 for these probes.
    #[must_use]
    pub fn new(probes: &[Probe]) -> Self {
        let mut anywhere = Texts::default();
        let mut scoped = Texts::default();
        let mut loggers = Loggers::default();
        for word in FAILURE_WORDS {
            anywhere.add(word, Class::Candidate);
        }
        anywhere.add(track::CHECKPOINT, Class::Last(track::CHECKPOINTS));
        if track::STATE_LOGGERS.iter().all(|l| loggers.add(l)) {
            scoped.add(track::STATE, Class::Last(track::STATES));
        } else {
            anywhere.add(track::STATE, Class::Last(track::STATES));
        }
        // lines of the server's own log, and records at WARN and above, are never skipped: what is only about them need not be
        // looked for; what must fall silent is listened to only once it was heard (see scan)
        let never_skipped = |p: &&Probe| {
            p.entry.from == Some(Process::Postgres)
                || p.entry.level.is_some_and(|l| l >= MinLevel::Warn)
                || matches!(p.owner, Owner::Part { part: Part::Activity, .. })
        };
        for probe in probes.iter().filter(|p| p.entry.scope == Scope::Any && !never_skipped(p)) {
            let class = if probe.owner == Owner::Health { Class::Last(track::HEALTH) } else { Class::Candidate };
            let of_logger = probe.entry.logger.as_ref().is_some_and(|l| loggers.add(&l.text));
            let texts = if of_logger { &mut scoped } else { &mut anywhere };
            for literal in &probe.entry.literals {
                texts.add(literal, class);
            }
        }
        loggers.finish();
        Self { anywhere: Searcher::new(anywhere), scoped: Searcher::new(scoped), loggers }
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.anywhere.texts.len() + self.scoped.texts.len()
    }

    /// True if no text is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.anywhere.texts.iter().chain(&self.scoped.texts).map(|t| t.text.as_str()).collect()
    }

    /// Looks at a line's logger.
    #[inline]
    #[must_use]
    pub fn line(&self, line: &[u8]) -> Line {
        match logger(line) {
            None => Line::Unknown,
            Some(name) if self.loggers.may_end(name) => Line::OfLogger,
            Some(_) => Line::Plain,
        }
    }

    /// Finds all texts in `haystack`, in order. `lines` are the places of lines of loggers that have texts of their own; `None`:
    /// the loggers are not known, any line may be of one. `found` is cleared first.
    pub fn find(&self, haystack: &[u8], lines: Option<&[(usize, usize)]>, found: &mut Vec<Found>) {
        found.clear();
        self.anywhere.find(haystack, 0, found);
        match lines {
            None => self.scoped.find(haystack, 0, found),
            Some(lines) => {
                for (start, end) in lines {
                    self.scoped.find(haystack.get(*start..*end).unwrap_or_default(), *start, found);
                }
            }
        }
        found.sort_unstable();
    }
}

/// The logger of a line of Flink's default layout, `<stamp> <level, 5 wide> <logger, 60 wide> [...] - ...` (log4j1 without `[...]`).
#[inline]
fn logger(line: &[u8]) -> Option<&[u8]> {
    if line.get(19) != Some(&b',') || line.get(23) != Some(&b' ') || line.get(29) != Some(&b' ') {
        return None;
    }
    let rest = line.get(30..)?;
    let end = memchr::memchr(b' ', rest)?;
    let name = rest.get(..end)?;
    // the field is padded to sixty columns, longer names push the rest to the right
    let next = rest.get(end.max(60) + 1)?;
    let dotted = name.first().is_some_and(u8::is_ascii_alphabetic) && memchr::memchr(b'.', name).is_some();
    (dotted && matches!(next, b'[' | b'-' | b' ')).then_some(name)
}

/// The last eight bytes of the loggers that have texts of their own.
#[derive(Debug, Default)]
struct Loggers {
    ends: Vec<u64>,
    bits: [u64; 16],
}

impl Loggers {
    /// Takes a glob on loggers; false if its end is not fixed over eight bytes.
    fn add(&mut self, glob: &str) -> bool {
        let fixed = glob.rsplit('*').next().unwrap_or("");
        let Some(end) = last_eight(fixed.as_bytes()) else { return false };
        self.ends.push(end);
        true
    }

    fn finish(&mut self) {
        self.ends.sort_unstable();
        self.ends.dedup();
        for end in &self.ends {
            let bit = Self::bit(*end);
            if let Some(word) = self.bits.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    #[inline]
    fn may_end(&self, name: &[u8]) -> bool {
        // a name under eight bytes is of no glob here: it would have to be longer
        let Some(end) = last_eight(name) else { return false };
        let bit = Self::bit(end);
        self.bits.get(bit / 64).is_some_and(|w| w >> (bit % 64) & 1 == 1) && self.ends.binary_search(&end).is_ok()
    }

    #[inline]
    fn bit(end: u64) -> usize {
        usize::try_from(end.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54).unwrap_or(0)
    }
}

#[inline]
fn last_eight(name: &[u8]) -> Option<u64> {
    name.last_chunk::<8>().map(|b| u64::from_le_bytes(*b))
}

#[derive(Debug, Default)]
struct Texts(Vec<Text>);

impl Texts {
    fn add(&mut self, text: &str, class: Class) {
        match self.0.iter_mut().find(|t| t.text == text) {
            Some(known) if known.class != class => known.class = Class::Candidate,
            Some(_) => {}
            None => self.0.push(Text { text: text.to_owned(), class }),
        }
    }
}

/// A SIMD searcher for a set of texts.
#[derive(Debug)]
struct Searcher {
    texts: Vec<Text>,
    groups: Vec<(usize, packed::Searcher)>,
    /// Texts that no packed searcher takes, searched for one by one.
    singles: Vec<(usize, memchr::memmem::Finder<'static>)>,
}

impl Searcher {
    fn new(texts: Texts) -> Self {
        let background = Background::new();
        let mut texts = merge(texts.0);
        for text in &mut texts {
            text.text = background.rarest(&text.text).to_owned();
        }
        texts.sort_by(|a, b| a.text.cmp(&b.text));
        // two texts with one window: a candidate line it is
        texts.dedup_by(|b, a| {
            let same = a.text == b.text;
            if same && a.class != b.class {
                a.class = Class::Candidate;
            }
            same
        });
        // at one place the first text of a group wins: candidates come first
        texts.sort_by(|a, b| {
            (a.class != Class::Candidate).cmp(&(b.class != Class::Candidate)).then(a.text.cmp(&b.text))
        });
        let mut groups = Vec::new();
        let mut singles = Vec::new();
        for start in (0..texts.len()).step_by(GROUP) {
            let group = texts.get(start..texts.len().min(start + GROUP)).unwrap_or_default();
            let searcher = packed::Config::new()
                .match_kind(packed::MatchKind::LeftmostFirst)
                .builder()
                .extend(group.iter().map(|t| t.text.as_bytes()))
                .build();
            match searcher {
                Some(searcher) => groups.push((start, searcher)),
                None => singles.extend(
                    group
                        .iter()
                        .enumerate()
                        .map(|(i, t)| (start + i, memchr::memmem::Finder::new(t.text.as_bytes()).into_owned())),
                ),
            }
        }
        Self { texts, groups, singles }
    }

    /// Appends what is found; `offset` is added to every place.
    fn find(&self, haystack: &[u8], offset: usize, found: &mut Vec<Found>) {
        for (first, searcher) in &self.groups {
            let mut from = 0;
            while let Some(m) = searcher.find_in(haystack, aho_corasick::Span { start: from, end: haystack.len() }) {
                self.push(first + m.pattern().as_usize(), offset + m.start(), found);
                // one behind, not behind the end: the next text may overlap this one
                from = m.start() + 1;
            }
        }
        for (index, finder) in &self.singles {
            for at in finder.find_iter(haystack) {
                self.push(*index, offset + at, found);
            }
        }
    }

    fn push(&self, index: usize, at: usize, found: &mut Vec<Found>) {
        let last = match self.texts.get(index).map(|t| t.class) {
            Some(Class::Last(class)) => Some(class),
            _ => None,
        };
        found.push(Found { at, last });
    }
}

/// How often four bytes in a row stand in healthy lines: the searcher looks at the first four of a text, so it is given the part of
/// a text that begins with rare ones.
struct Background(HashMap<[u8; 4], u32>);

impl Background {
    fn new() -> Self {
        let mut counts = HashMap::new();
        for four in include_bytes!("background.txt").windows(4) {
            if let Some(four) = four.first_chunk::<4>() {
                *counts.entry(*four).or_insert(0) += 1;
            }
        }
        Self(counts)
    }

    /// The end of `text`, at least [`WINDOW`] bytes long, that begins with the rarest four bytes.
    fn rarest<'t>(&self, text: &'t str) -> &'t str {
        let count = |at: usize| {
            let four = text.as_bytes().get(at..).and_then(|t| t.first_chunk::<4>());
            four.map_or(u32::MAX, |f| self.0.get(f).copied().unwrap_or(0))
        };
        let last = text.len().saturating_sub(WINDOW);
        // the searcher sees half-bytes: small letters and blanks look much alike to it
        let plain = |at: usize| {
            let four = text.as_bytes().get(at..at + 4).unwrap_or_default();
            four.iter().filter(|b| b.is_ascii_lowercase() || **b == b' ').count()
        };
        let best = (0..=last)
            .filter(|at| text.is_char_boundary(*at))
            .min_by_key(|at| (count(*at) > 0, plain(*at), count(*at), *at))
            .unwrap_or(0);
        text.get(best..).unwrap_or(text)
    }
}

/// Candidate texts with a common beginning become that beginning while there are more than one group of them.
fn merge(mut texts: Vec<Text>) -> Vec<Text> {
    texts.sort_by(|a, b| a.text.cmp(&b.text));
    while texts.len() > GROUP {
        let common = |a: &Text, b: &Text| {
            let n = a.text.bytes().zip(b.text.bytes()).take_while(|(x, y)| x == y).count();
            (0..=n).rev().find(|n| a.text.is_char_boundary(*n)).unwrap_or(0)
        };
        let best = texts
            .windows(2)
            .enumerate()
            .filter_map(|(i, w)| match w {
                [a, b] if a.class == Class::Candidate && b.class == Class::Candidate => Some((common(a, b), i)),
                _ => None,
            })
            .filter(|(n, _)| *n >= MERGE)
            .max();
        let Some((n, i)) = best else { break };
        let Some(kept) = texts.get_mut(i) else { break };
        kept.text.truncate(n);
        texts.remove(i + 1);
    }
    texts
}
