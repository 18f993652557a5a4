//! A set of texts, and a searcher for it.

use aho_corasick::packed;

use super::{Class, Found};

/// Lines of a healthy job.
pub(super) const BACKGROUND: &str = include_str!("background.txt");
/// Texts a searcher holds at most; above, it gets slow.
const GROUP: usize = 32;
/// Texts are merged into a common beginning of at least this length if there are too many.
const MERGE: usize = 9;
/// A text is not made shorter than this for a rarer beginning.
const WINDOW: usize = 7;

/// A text that is looked for.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) class: Class,
}

/// Texts while they are gathered.
#[derive(Debug, Default, Clone)]
pub(super) struct Texts(Vec<Text>);

impl Texts {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Text> {
        self.0.iter()
    }

    /// True if the text was known and is of another class, so that its lines are candidates now.
    pub(super) fn add(&mut self, text: &str, class: Class) -> bool {
        let Some(known) = self.0.iter_mut().find(|t| t.text == text) else {
            self.0.push(Text { text: text.to_owned(), class });
            return false;
        };
        let differs = known.class != class;
        if differs {
            known.class = Class::Candidate;
        }
        differs
    }
}

/// A SIMD searcher for a set of texts.
#[derive(Debug)]
pub(super) struct Searcher {
    texts: Vec<Text>,
    groups: Vec<(usize, packed::Searcher)>,
    /// Texts that no packed searcher takes, searched for one by one.
    singles: Vec<(usize, memchr::memmem::Finder<'static>)>,
}

impl Searcher {
    pub(super) fn new(texts: Texts, background: &Background) -> Self {
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

    /// The texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|t| t.text.as_str())
    }

    /// True if one of the texts stands in the haystack.
    pub(super) fn is_in(&self, haystack: &[u8]) -> bool {
        let mut found = Vec::new();
        self.find(haystack, 0, &mut found);
        !found.is_empty()
    }

    /// Appends what is found; `offset` is added to every place.
    pub(super) fn find(&self, haystack: &[u8], offset: usize, found: &mut Vec<Found>) {
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
/// a text that begins with rare ones. Counts of bytes that hash alike are added up, which only makes a text seem less rare.
#[derive(Debug)]
pub(super) struct Background(Vec<u16>);

impl Background {
    pub(super) fn new() -> Self {
        let mut counts = vec![0_u16; 1 << 14];
        for four in BACKGROUND.as_bytes().windows(4) {
            if let Some(count) = four.first_chunk::<4>().and_then(|f| counts.get_mut(Self::place(*f))) {
                *count += 1;
            }
        }
        Self(counts)
    }

    fn place(four: [u8; 4]) -> usize {
        usize::try_from(u32::from_le_bytes(four).wrapping_mul(0x9E37_79B1) >> 18).unwrap_or(0)
    }

    /// The two bytes in a row of `text` that stand in the fewest places of healthy lines' messages.
    pub(super) fn rarest_pair(text: &str) -> Option<[u8; 2]> {
        let count = |pair: &[u8; 2]| {
            let messages = BACKGROUND.lines().map(|line| line.split_once(" - ").map_or(line, |(_, message)| message));
            messages.map(|message| message.as_bytes().windows(2).filter(|two| two == pair).count()).sum::<usize>()
        };
        text.as_bytes().windows(2).filter_map(|two| two.first_chunk()).min_by_key(|pair| count(pair)).copied()
    }

    /// The end of `text`, at least [`WINDOW`] bytes long, that begins with the rarest four bytes.
    fn rarest<'t>(&self, text: &'t str) -> &'t str {
        let count = |at: usize| {
            let four = text.as_bytes().get(at..).and_then(|t| t.first_chunk::<4>());
            four.and_then(|f| self.0.get(Self::place(*f)).copied()).unwrap_or(u16::MAX)
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
