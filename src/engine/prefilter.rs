//! Stage 1 of the prefilter: which proven-healthy lines must be looked at all the same.
//!
//! A line gets here only if it is a whole record with a header at INFO or below, followed by another header. Such a line can matter
//! only if one of these texts stands in it: the fixed texts of `log:` entries, sequence steps, context and health lines, the four
//! words that make `message:` look at a record's own text, and the state changes of [`track`](super::track). They are
//! looked for with a SIMD searcher (Teddy) over whole runs of lines, in groups that it is fast with.

use aho_corasick::packed;

use super::{Owner, Part, Probe, track};
use crate::rule::Scope;

/// The words that make `message:` look at the own text of a record below WARN.
pub const FAILURE_WORDS: &[&str] = &["Exception", "Error", "ERROR:", "FATAL:"];

/// Texts a searcher holds at most; above, it gets slow.
const GROUP: usize = 32;
/// Texts are merged into a common beginning of at least this length if there are too many.
const MERGE: usize = 9;

/// Lines of which only the last before an event matters are of one class; see [`Class`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The line must be observed.
    Candidate,
    /// Only the last line of this class before an event, or before the end, is observed.
    Last(u8),
}

/// Number of classes of [`Class::Last`].
pub const CLASSES: usize = 24;

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
    /// # Errors
    /// If there are more than [`CLASSES`] classes of lines of which only the last matters.
    pub fn new(probes: &[Probe]) -> Result<Self, String> {
        let mut texts: Vec<Text> = Vec::new();
        let mut add = |text: &str, class: Class| match texts.iter_mut().find(|t| t.text == text) {
            Some(known) if known.class != class => known.class = Class::Candidate,
            Some(_) => {}
            None => texts.push(Text { text: text.to_owned(), class }),
        };
        for word in FAILURE_WORDS {
            add(word, Class::Candidate);
        }
        let mut class = 1;
        for literal in track::LITERALS {
            add(literal, Class::Last(class));
            class += 1;
        }
        for probe in probes.iter().filter(|p| p.entry.scope == Scope::Any) {
            let class = match probe.owner {
                Owner::Health => Class::Last(0),
                Owner::Part { part: Part::Activity, .. } => {
                    class += 1;
                    Class::Last(class - 1)
                }
                _ => Class::Candidate,
            };
            for literal in &probe.entry.literals {
                add(literal, class);
            }
        }
        if usize::from(class) > CLASSES {
            return Err(format!("more than {CLASSES} rules wait for silence"));
        }
        Ok(Self::build(merge(texts)))
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
    pub fn count(&self) -> usize {
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
