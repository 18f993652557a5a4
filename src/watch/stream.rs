//! One log as a stream of bytes: known by its first bytes, read up to a place, with what was found in it so far.
//!
//! Files come and go (renamed, copied, packed, written anew); the place belongs to the stream, so that nothing is read twice whatever
//! carries it, and what one carrier lost another one still has.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::clock;
use super::identity::{HEAD, Inode, Print, TAIL};
use crate::engine::facts::{EventKind, SourceFacts};
use crate::pipeline::{Followed, Pipeline};
use crate::record::Location;

/// A record is taken for finished when nothing was added to it for so long.
pub const QUIET: Duration = Duration::from_millis(500);
/// A line without its end is taken for finished after so long.
const PARTIAL: Duration = Duration::from_secs(5);
/// A stream at rest gives its working memory back after so long.
const REST: Duration = Duration::from_secs(20);

/// What was found if the unfinished record counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct View {
    /// Where that record begins, in bytes.
    from: u64,
    /// Up to where bytes counted.
    to: u64,
    facts: SourceFacts,
}

/// A packed file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Which file.
    pub inode: Inode,
    /// Its size when it was read.
    pub size: u64,
    /// When it was written, in nanoseconds since 1970.
    pub changed: i128,
}

/// A stream as it is stored. No byte of the log is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    id: u64,
    log: String,
    head: Print,
    tail: Print,
    pos: u64,
    at: Location,
    facts: SourceFacts,
    view: Option<View>,
    inodes: Vec<Inode>,
    packed: Vec<Packed>,
    quiet_since: i64,
}

impl Saved {
    /// The log it is part of.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
    }
}

/// One log.
#[derive(Debug)]
pub struct Stream {
    /// Its number.
    pub id: u64,
    /// The log it is part of: rotated files of one log have the same.
    pub log: String,
    /// Its first bytes, as far as they are known.
    pub head: Vec<u8>,
    /// Their print.
    pub print: Print,
    /// Bytes read.
    pub pos: u64,
    /// The bytes right before that place.
    pub tail: Vec<u8>,
    /// Print of the bytes before `pos`, until a file was found that holds them.
    pub unproven: Option<Print>,
    /// Files that held it when last seen.
    pub inodes: Vec<Inode>,
    /// Packed files that hold nothing new.
    pub packed: Vec<Packed>,
    /// When bytes last came, in seconds since 1970.
    pub quiet_since: i64,
    followed: Option<Followed>,
    /// At rest: facts, and where the unfinished record begins.
    facts: SourceFacts,
    at: Location,
    view: Option<View>,
    last_bytes: Instant,
    /// The unfinished record has to be looked at.
    waiting: bool,
    mark: (usize, usize, u64),
}

impl Stream {
    /// A new stream that begins with `head`.
    #[must_use]
    pub fn new(id: u64, log: &str, name: &str, series: u32, head: &[u8]) -> Self {
        Self {
            id,
            log: log.to_owned(),
            head: head.to_vec(),
            print: Print::of(head),
            pos: 0,
            tail: Vec::new(),
            unproven: None,
            inodes: Vec::new(),
            packed: Vec::new(),
            quiet_since: clock::seconds(),
            followed: None,
            facts: SourceFacts { name: name.to_owned(), series: Some(series), ..SourceFacts::default() },
            at: Location { line: 1, byte: 0 },
            view: None,
            last_bytes: clock::now(),
            waiting: false,
            mark: (0, 0, 0),
        }
    }

    /// A stored stream.
    #[must_use]
    pub fn load(saved: Saved, series: u32) -> Self {
        let mut stream = Self::new(saved.id, &saved.log, &saved.facts.name, series, &[]);
        stream.print = saved.head;
        stream.pos = saved.pos;
        stream.unproven = (saved.tail.len > 0).then_some(saved.tail);
        stream.inodes = saved.inodes;
        stream.packed = saved.packed;
        stream.quiet_since = saved.quiet_since;
        stream.facts = saved.facts;
        stream.facts.series = Some(series);
        stream.at = saved.at;
        stream.view = saved.view;
        stream
    }

    /// What is stored of it.
    pub fn save(&mut self) -> Saved {
        let (facts, at) = match &mut self.followed {
            Some(followed) => {
                followed.settle();
                (followed.facts().clone(), followed.unfinished().at)
            }
            None => (self.facts.clone(), self.at),
        };
        Saved {
            id: self.id,
            log: self.log.clone(),
            head: self.print.clone(),
            tail: self.unproven.clone().unwrap_or_else(|| Print::of(&self.tail)),
            pos: self.pos,
            at,
            facts,
            view: self.view.clone(),
            inodes: self.inodes.clone(),
            packed: self.packed.clone(),
            quiet_since: self.quiet_since,
        }
    }

    /// Where reading goes on after a pause: at the beginning of the unfinished record.
    #[must_use]
    pub fn again_from(&self) -> u64 {
        if self.followed.is_some() { self.pos } else { self.at.byte.min(self.pos) }
    }

    /// Goes back to the beginning of the unfinished record; `tail` are the bytes before it.
    pub fn rewind(&mut self, tail: &[u8]) {
        self.pos = self.again_from();
        self.tail = tail.to_vec();
        self.unproven = None;
    }

    /// Begins at a place inside, with what was learned before it.
    pub fn begin_at(&mut self, pos: u64, line: u64, tail: &[u8], facts: SourceFacts) {
        let (name, series) = (self.facts.name.clone(), self.facts.series);
        self.facts = SourceFacts { name, series, ..facts };
        self.pos = pos;
        self.at = Location { line, byte: pos };
        self.tail = tail.to_vec();
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8], pipeline: &Pipeline) {
        if bytes.is_empty() {
            return;
        }
        let known = self.head.len() as u64;
        if self.head.len() < HEAD && (self.pos..=self.pos + bytes.len() as u64).contains(&known) {
            let from = usize::try_from(known - self.pos).unwrap_or(usize::MAX);
            self.head.extend(bytes.iter().skip(from).take(HEAD - self.head.len()));
            self.print = Print::of(&self.head);
        }
        let (facts, at) = (&mut self.facts, self.at);
        let followed = self.followed.get_or_insert_with(|| pipeline.follow(std::mem::take(facts), at));
        followed.push(bytes);
        self.pos += bytes.len() as u64;
        self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default());
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        self.last_bytes = clock::now();
        self.quiet_since = clock::seconds();
        self.waiting = true;
        let open = followed.unfinished().at.byte;
        if self.view.as_ref().is_some_and(|v| self.pos >= v.to && v.from != open) {
            self.view = None;
        }
    }

    /// When the unfinished record is to be looked at.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let unfinished = self.followed.as_ref().filter(|_| self.waiting)?.unfinished();
        if unfinished.lines > 0 && self.view.as_ref().is_none_or(|v| v.from != unfinished.at.byte) {
            return Some(self.last_bytes + QUIET);
        }
        Some(self.last_bytes + if unfinished.partial > 0 { PARTIAL } else { QUIET })
    }

    /// Looks at the unfinished record if it has been quiet for long enough, or if it was looked at before and has grown. True if
    /// there is something new to judge.
    pub fn look(&mut self, now: Instant) -> bool {
        let Some(followed) = self.followed.as_mut().filter(|_| self.waiting) else { return false };
        followed.settle();
        let unfinished = followed.unfinished();
        let quiet = now.saturating_duration_since(self.last_bytes);
        let seen = self.view.as_ref().is_some_and(|v| v.from == unfinished.at.byte && self.pos >= v.to);
        if seen || quiet >= QUIET {
            let partial = unfinished.partial > 0 && quiet >= PARTIAL;
            self.waiting = unfinished.partial > 0 && !partial;
            // bytes that come again after a restart are looked at when all of them are there
            if self.view.as_ref().is_none_or(|v| self.pos >= v.to) {
                self.view = (unfinished.lines > 0 || partial).then(|| View {
                    from: unfinished.at.byte,
                    to: self.pos,
                    facts: followed.preview(partial),
                });
            }
        }
        let mark = mark(self.facts());
        let changed = mark != self.mark;
        self.mark = mark;
        changed
    }

    /// What was found so far.
    #[must_use]
    pub fn facts(&self) -> &SourceFacts {
        match (&self.view, &self.followed) {
            (Some(view), _) => &view.facts,
            (None, Some(followed)) => followed.facts(),
            (None, None) => &self.facts,
        }
    }

    /// Events that are held.
    #[must_use]
    pub fn events(&self) -> usize {
        self.followed.as_ref().map_or(self.facts.events.len(), |f| f.facts().events.len())
    }

    /// Lines and records read.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        let facts = self.followed.as_ref().map_or(&self.facts, Followed::facts);
        (facts.lines, facts.records)
    }

    /// The file has another name now.
    pub fn rename(&mut self, name: &str) {
        if let Some(followed) = &mut self.followed {
            followed.rename(name);
        }
        if let Some(view) = &mut self.view {
            name.clone_into(&mut view.facts.name);
        }
        name.clone_into(&mut self.facts.name);
    }

    /// Nothing more comes from the files that are there: what is unfinished is finished.
    pub fn end(&mut self) {
        if let Some(followed) = self.followed.take() {
            self.at = Location { line: followed.facts().lines + 1, byte: self.pos };
            self.facts = followed.end();
        } else if let Some(view) = self.view.take() {
            self.at = Location { line: view.facts.lines + 1, byte: self.pos };
            self.facts = view.facts;
        }
        self.at.byte = self.pos;
        self.view = None;
        self.waiting = false;
    }

    /// Gives working memory back if nothing came for a while. Reading goes on at the beginning of the unfinished record.
    pub fn rest(&mut self, now: Instant) -> bool {
        if self.waiting || now.saturating_duration_since(self.last_bytes) < REST || self.followed.is_none() {
            return false;
        }
        self.stop();
        true
    }

    /// The same at once: the rules change, or the program ends.
    pub fn stop(&mut self) {
        let Some(mut followed) = self.followed.take() else { return };
        followed.settle();
        let unfinished = followed.unfinished();
        self.at = unfinished.at;
        self.facts = followed.facts().clone();
        if !unfinished.speaks && self.view.as_ref().is_some_and(|v| mark(&v.facts) == mark(&self.facts)) {
            self.view = None;
        }
        self.waiting = false;
    }

    /// Takes out what was found, if the stream is at rest. Its place is remembered.
    pub fn slim(&mut self) -> Option<SourceFacts> {
        if self.followed.is_some() || self.facts.records == 0 {
            return None;
        }
        let (name, series) = (self.facts.name.clone(), self.facts.series);
        let facts = std::mem::replace(&mut self.facts, SourceFacts { name, series, ..SourceFacts::default() });
        Some(self.view.take().map_or(facts, |view| view.facts))
    }

    /// Failures stand in it.
    #[must_use]
    pub fn fails(&self) -> bool {
        let facts = self.facts();
        let fails = facts.events.iter().any(|e| matches!(e.kind, EventKind::Matched(_) | EventKind::Unknown(_)));
        fails || !facts.steps.is_empty()
    }

    /// A record of it is unfinished.
    #[must_use]
    pub fn is_unended(&self) -> bool {
        self.followed.is_some() || self.view.is_some() || self.again_from() < self.pos
    }

    /// How long nothing came.
    #[must_use]
    pub fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_bytes)
    }

    /// Changes the facts, the stored ones and those that are looked at.
    pub fn shrink(&mut self, forget: bool) {
        if let Some(followed) = &mut self.followed {
            followed.settle();
            if forget { followed.forget_failures() } else { followed.compact() }
        } else if forget {
            self.facts.forget_failures();
        } else {
            self.facts.compact();
        }
        if let Some(view) = &mut self.view {
            if forget { view.facts.forget_failures() } else { view.facts.compact() }
        }
        self.mark = mark(self.facts());
    }
}

/// Changes when something happened that inference has to hear of.
fn mark(facts: &SourceFacts) -> (usize, usize, u64) {
    let of = |e: &crate::engine::facts::Event| match e.kind {
        // a record that grew says something else
        EventKind::Matched(_) => e.count.wrapping_mul(31).wrapping_add(e.seq).wrapping_add(e.lines << 33),
        EventKind::Unknown(_) => e.count.wrapping_mul(31).wrapping_add(e.seq).wrapping_add(e.lines << 32),
        _ => e.seq,
    };
    let sum = facts.events.iter().fold(0_u64, |sum, e| sum.wrapping_mul(7).wrapping_add(of(e)));
    (facts.events.len(), facts.steps.len(), sum)
}
