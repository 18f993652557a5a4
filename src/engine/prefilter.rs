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

#[derive(Debug)]
struct Text {
    text: String,
    class: Class,
}

/// A compiled stage 1.
#[derive(Debug)]
pub struct Prefilter {
    texts: Vec<Text>,
    groups: Vec<(usize, packed::Searcher)>,
    /// Texts that no packed searcher takes, searched for one by one.
    singles: Vec<(usize, memchr::memmem::Finder<'static>)>,
}

/// A place where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where in the haystack.
    pub at: usize,
    /// `None`: the line must be observed; otherwise its class.
    pub last: Option<u8>,
}

impl Prefilter {
    /// Compiles stage 1 for these probes.
    ///
    #[must_use]
    pub fn new(probes: &[Probe]) -> Self {
        let mut texts: Vec<Text> = Vec::new();
        let mut add = |text: &str, class: Class| match texts.iter_mut().find(|t| t.text == text) {
            Some(known) if known.class != class => known.class = Class::Candidate,
            Some(_) => {}
            None => texts.push(Text { text: text.to_owned(), class }),
        };
        for word in FAILURE_WORDS {
            add(word, Class::Candidate);
        }
        for literal in track::LITERALS {
            add(literal, Class::Last(track::class(literal)));
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
            for literal in &probe.entry.literals {
                add(literal, class);
            }
        }
        let background = Background::new();
        let mut texts = merge(texts);
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
        Self::build(texts)
    }

    fn build(mut texts: Vec<Text>) -> Self {
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

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|t| t.text.as_str()).collect()
    }

    /// Finds all texts in `haystack`, in order. `found` is cleared first.
    pub fn find(&self, haystack: &[u8], found: &mut Vec<Found>) {
        found.clear();
        for (first, searcher) in &self.groups {
            let mut from = 0;
            while let Some(m) = searcher.find_in(haystack, aho_corasick::Span { start: from, end: haystack.len() }) {
                self.push(first + m.pattern().as_usize(), m.start(), found);
                // one behind, not behind the end: the next text may overlap this one
                from = m.start() + 1;
            }
        }
        for (index, finder) in &self.singles {
            for at in finder.find_iter(haystack) {
                self.push(*index, at, found);
            }
        }
        if self.groups.len() + self.singles.len() > 1 {
            found.sort_unstable();
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
        let best = (0..=last).filter(|at| text.is_char_boundary(*at)).min_by_key(|at| (count(*at), *at)).unwrap_or(0);
        text.get(best..).unwrap_or(text)
    }
}

/// Candidate texts with a common beginning become that beginning while there are more than two groups of them.
fn merge(mut texts: Vec<Text>) -> Vec<Text> {
    texts.sort_by(|a, b| a.text.cmp(&b.text));
    while texts.len() > 2 * GROUP {
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
