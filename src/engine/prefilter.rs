//! Stage 1 of the prefilter: which proven-healthy lines must be looked at all the same.
//!
//! A line gets here only if it is a whole record with a header at INFO or below, followed by another header. Such a line can matter
//! only if one of these texts stands in it: the fixed texts of `log:` entries, sequence steps, context and health lines, the four
//! words that make `message:` look at a record's own text, and the state changes of [`track`](super::track). They are
//! looked for with a SIMD searcher (Teddy): the few that may stand anywhere over whole runs of lines, those of certain loggers in
//! the lines of these loggers only, each logger with its own; the names of loggers are learnt from the source.

use std::ops::Range;

mod heads;
mod loggers;
mod search;
mod sweep;

pub use self::loggers::Names;
use self::loggers::{Scoped, Scopes, logger, message};
use self::search::{BACKGROUND, Background, Searcher, Texts};
use self::sweep::{Look, Pass, Sweep};
use super::facts::Part;
use super::{Owner, Probe, track};
use crate::rule::{Glob, MinLevel, Process, Scope};

/// The words that make `message:` look at the own text of a record below WARN.
pub const FAILURE_WORDS: &[&str] = &["Exception", "Error", "ERROR:", "FATAL:"];

/// This many of the lines of a healthy job that hold a text are many: one in thirty.
const MANY: usize = 2;

/// Lines of which only the last before an event matters are of one class; see [`Class`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The line must be observed.
    Candidate,
    /// Only the last line of this class (and of one task, for changes of state) before an event, or before the end, is observed.
    Last(u8),
}

/// A compiled stage 1.
#[derive(Debug)]
pub struct Prefilter {
    /// Texts that may stand in any line.
    anywhere: Searcher,
    /// Tells where they may stand.
    sweep: Sweep,
    /// Texts that matter only in lines of certain loggers.
    scopes: Scopes,
}

/// A line of a logger that has texts of its own.
#[derive(Debug, Clone, Copy)]
pub struct LoggerLine {
    /// Its first byte in the run.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// Which texts: from [`Line::OfLogger`].
    pub texts: u16,
}

/// True if the text has a word that no healthy line is skipped with.
pub(super) fn speaks_of_failure(text: &str) -> bool {
    FAILURE_WORDS.iter().any(|word| text.contains(word))
}

/// True if healthy lines are searched for the probe's texts.
fn is_looked_for(probe: &Probe) -> bool {
    // lines of the server's own log, and records at WARN and above, are never skipped: what is only about them need not be
    // looked for; what must fall silent is listened to only once it was heard (see scan)
    let never_skipped = probe.entry.from == Some(Process::Postgres)
        || probe.entry.level.is_some_and(|l| l >= MinLevel::Warn)
        || matches!(probe.owner, Owner::Part { part: Part::Activity, .. });
    probe.entry.scope == Scope::Any && !never_skipped
}

/// A text of the probe that every healthy line is searched for, and that stands in many of them: the scan would stop at each.
#[must_use]
pub fn everyday(probe: &Probe) -> Option<&str> {
    if !is_looked_for(probe) || probe.entry.logger.is_some() {
        return None;
    }
    let lines = |text: &str| BACKGROUND.lines().filter(|line| line.contains(text)).take(MANY).count();
    probe.entry.literals.iter().map(String::as_str).find(|text| lines(text) == MANY)
}

/// A place where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where in the haystack.
    pub at: usize,
    /// `None`: the line must be observed; otherwise its class.
    pub last: Option<u8>,
}

/// What is known of a healthy line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What its logger and the beginning of its message say.
    pub line: Line,
    /// It holds an escape sequence or NUL.
    pub odd: bool,
    /// One of the texts that may stand in any line may stand in it.
    pub hit: bool,
}

/// What the logger of a healthy line says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// No text is looked for in lines of this logger alone.
    Plain,
    /// These texts are, and all of the line must be searched.
    Search(u16),
    /// These texts are, but only those matter in it of which the last line matters.
    Last(u16),
    /// The line has not the shape of Flink's default layout, so its logger is not known here.
    Unknown,
}

/// The line at the beginning of some bytes.
struct OneLine<'a> {
    names: &'a Names,
    bytes: &'a [u8],
}

impl Pass for OneLine<'_> {
    type Output = Option<(Seen, usize)>;

    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn walk<L: Look>(self, look: &L) -> Self::Output {
        let Self { names, bytes } = self;
        let (message, texts) = names.heads.find(look, bytes)?;
        let behind = bytes.get(message..)?;
        let swept = look.sweep(behind)?;
        let line = match texts {
            Some(texts) => names.line_of(texts, behind),
            None => Line::Plain,
        };
        Some((Seen { line, odd: swept.odd, hit: swept.hit }, message + swept.end + 1))
    }
}

/// Healthy lines, one behind the other.
struct Lines<'a, F> {
    names: &'a Names,
    buf: &'a [u8],
    first: (Range<usize>, Seen),
    each: F,
}

impl<F: FnMut(Range<usize>, Seen)> Pass for Lines<'_, F> {
    type Output = (Range<usize>, Seen, u64);

    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn walk<L: Look>(self, look: &L) -> Self::Output {
        let Self { names, buf, first: (mut range, mut seen), mut each } = self;
        let mut count = 0;
        while let Some(bytes) = buf.get(range.end..)
            && let Some((next, len)) = (OneLine { names, bytes }).walk(look)
        {
            let next_range = range.end..range.end + len;
            each(range, seen);
            (range, seen) = (next_range, next);
            count += 1;
        }
        (range, seen, count)
    }
}

impl Prefilter {
    /// Compiles stage 1 for these probes.
    #[must_use]
    pub fn new(probes: &[Probe]) -> Self {
        let mut anywhere = Texts::default();
        let mut globs: Vec<(Glob, Scoped)> = Vec::new();
        for word in FAILURE_WORDS {
            anywhere.add(word, Class::Candidate);
        }
        let mut add = |glob: Option<&str>, text: &str, class: Class, starts: &[String]| {
            let Some(glob) = glob else {
                anywhere.add(text, class);
                return;
            };
            if let Some((_, texts)) = globs.iter_mut().find(|(known, _)| known.text == glob) {
                texts.add(text, class, starts);
            } else {
                let mut texts = Scoped::default();
                texts.add(text, class, starts);
                globs.push((Glob { text: glob.to_owned() }, texts));
            }
        };
        add(Some(track::CHECKPOINT_LOGGER), track::CHECKPOINT, Class::Last(track::CHECKPOINTS), &[]);
        for logger in track::STATE_LOGGERS {
            add(Some(logger), track::STATE, Class::Last(track::STATES), &[]);
        }
        for probe in probes.iter().filter(|p| is_looked_for(p)) {
            let class = if probe.owner == Owner::Health { Class::Last(track::HEALTH) } else { Class::Candidate };
            let starts = probe.entry.log.as_ref().map_or(&[][..], |log| &log.starts);
            for literal in &probe.entry.literals {
                add(probe.entry.logger.as_ref().map(|l| l.text.as_str()), literal, class, starts);
            }
        }
        let background = Background::new();
        let anywhere = Searcher::new(anywhere, &background);
        let sweep = Sweep::new(anywhere.texts().filter_map(Background::rarest_pair).collect());
        Self { anywhere, sweep, scopes: Scopes::new(globs, background) }
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.anywhere.texts().count() + self.scopes.all().texts().count()
    }

    /// True if no text is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.anywhere.texts().chain(self.scopes.all().texts()).collect()
    }

    /// The healthy line that `bytes` begin with, if its head is known and its end is there, and its length.
    #[inline]
    #[must_use]
    pub fn known_line(&self, names: &Names, bytes: &[u8]) -> Option<(Seen, usize)> {
        self.sweep.walk(OneLine { names, bytes })
    }

    /// Goes from a healthy line on over those that follow it, as long as their heads are known: `each` is given the places of a line and
    /// what was seen of it once the next one was found. Returns the last one, and how many there are behind the first.
    #[inline]
    #[must_use]
    pub fn known_lines(
        &self,
        names: &Names,
        buf: &[u8],
        first: (Range<usize>, Seen),
        each: impl FnMut(Range<usize>, Seen),
    ) -> (Range<usize>, Seen, u64) {
        self.sweep.walk(Lines { names, buf, first, each })
    }

    /// Looks at a healthy line whose head is not known.
    #[must_use]
    pub fn new_line(&self, names: &mut Names, line: &[u8]) -> Seen {
        let odd = memchr::memchr2(sweep::ESCAPE, 0, line).is_some();
        let seen = |line| Seen { line, odd, hit: true };
        let Some(name) = logger(line) else { return seen(Line::Unknown) };
        let texts = names.texts_of(name, &self.scopes);
        if let Some(head) = heads::head(line, name.len()).filter(|head| !self.anywhere.is_in(head)) {
            names.heads.learn(head, texts);
        }
        match (texts, message(line, name.len())) {
            (None, _) => seen(Line::Plain),
            (Some(texts), Some(message)) => seen(names.line_of(texts, message)),
            (Some(texts), None) => seen(Line::Search(texts)),
        }
    }

    /// May a line with these texts be of this class, of which the last line matters?
    #[must_use]
    pub fn may_be(&self, names: &Names, texts: u16, class: u8) -> bool {
        names.get(texts).is_some_and(|of| of.last >> class & 1 == 1)
    }

    /// Finds the texts of one line's logger in it. `found` is cleared first.
    pub fn find_in_line(&self, names: &Names, line: &[u8], texts: u16, found: &mut Vec<Found>) {
        found.clear();
        if let Some(of) = names.get(texts) {
            of.searcher.find(line, 0, found);
        }
    }

    /// Appends the texts in this line that may stand in any; `offset` is added to every place.
    pub fn find_anywhere(&self, line: &[u8], offset: usize, found: &mut Vec<Found>) {
        self.anywhere.find(line, offset, found);
    }

    /// Appends the texts of certain loggers in `haystack`. `lines` are the places of lines of loggers that have texts of their own;
    /// `None`: the loggers are not known, any line may be of one.
    pub fn find_scoped(&self, names: &Names, haystack: &[u8], lines: Option<&[LoggerLine]>, found: &mut Vec<Found>) {
        match lines {
            None => self.scopes.all().find(haystack, 0, found),
            Some(lines) => {
                for line in lines {
                    let Some(of) = names.get(line.texts) else { continue };
                    of.searcher.find(haystack.get(line.start..line.end).unwrap_or_default(), line.start, found);
                }
            }
        }
    }
}
