//! One log as a stream of bytes: known by its first bytes, read up to a place, with what was found in it so far.
//!
//! Files come and go (renamed, copied, packed, written anew); the place belongs to the stream, so that nothing is read twice whatever
//! carries it, and what one carrier lost another one still has. What several writers wrote into it is found apart ([`writer`]).

mod writer;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::writer::{Noted, Writer};
use super::clock;
use super::identity::{HEAD, Inode, Print, TAIL};
use crate::engine::facts::SourceFacts;
use crate::pipeline::{Bookmark, Followed, Pipeline};
use crate::record::Location;

/// A record is taken for finished when nothing was added to it for so long.
pub const QUIET: Duration = Duration::from_millis(500);
/// A line without its end is taken for finished after so long.
const PARTIAL: Duration = Duration::from_secs(5);
/// A stream at rest gives its working memory back after so long.
const REST: Duration = Duration::from_secs(20);

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
    place: Bookmark,
    writers: Vec<Noted>,
    inodes: Vec<Inode>,
    packed: Vec<Packed>,
    quiet_since: i64,
}

/// What is to be done with the facts of a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shrink {
    /// Failures are let go.
    Forget,
    /// Repeats are counted together.
    Compact,
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
    /// At rest: where reading goes on.
    place: Bookmark,
    /// Who writes; at least one.
    writers: Vec<Writer>,
    last_bytes: Instant,
    /// A line without its end has to be looked at.
    partial: bool,
}

impl Stream {
    /// A new stream that begins with `head`.
    #[must_use]
    pub fn new(id: u64, log: &str, name: &str, head: &[u8]) -> Self {
        let now = clock::now();
        let facts = SourceFacts { name: name.to_owned(), ..SourceFacts::default() };
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
            place: Bookmark::start(),
            writers: vec![Writer::new(facts, now)],
            last_bytes: now,
            partial: false,
        }
    }

    /// A stored stream. Its logs have no numbers yet.
    #[must_use]
    pub fn load(saved: Saved) -> Self {
        let mut stream = Self::new(saved.id, &saved.log, "", &[]);
        stream.print = saved.head;
        stream.pos = saved.pos;
        stream.unproven = (saved.tail.len > 0).then_some(saved.tail);
        stream.inodes = saved.inodes;
        stream.packed = saved.packed;
        stream.quiet_since = saved.quiet_since;
        stream.place = saved.place;
        let now = stream.last_bytes;
        stream.writers = saved.writers.into_iter().map(|noted| Writer::load(noted, now)).collect();
        stream
    }

    /// What is stored of it.
    pub fn save(&mut self) -> Saved {
        let writers = (0..).zip(&self.writers).map(|(n, writer)| match &mut self.followed {
            Some(followed) => {
                followed.settle(n);
                writer.note(followed.facts(n))
            }
            None => writer.note(None),
        });
        let writers = writers.collect();
        Saved {
            id: self.id,
            log: self.log.clone(),
            head: self.print.clone(),
            tail: self.unproven.clone().unwrap_or_else(|| Print::of(&self.tail)),
            pos: self.pos,
            place: self.followed.as_ref().map_or_else(|| self.place.clone(), Followed::bookmark),
            writers,
            inodes: self.inodes.clone(),
            packed: self.packed.clone(),
            quiet_since: self.quiet_since,
        }
    }

    /// The log of one writer.
    #[must_use]
    pub fn log_of(&self, facts: &SourceFacts) -> String {
        log_of(&self.log, facts)
    }

    /// Gives writers without a number the number of their log.
    pub fn number(&mut self, mut of: impl FnMut(&str) -> u32) {
        let log = &self.log;
        if let Some(followed) = &mut self.followed {
            followed.number(|facts| of(&log_of(log, facts)));
        }
        for writer in &mut self.writers {
            writer.number(|facts| of(&log_of(log, facts)));
        }
    }

    /// Where reading goes on after a pause: at the beginning of the first unfinished record.
    #[must_use]
    pub fn again_from(&self) -> u64 {
        if self.followed.is_some() { self.pos } else { self.place.at.byte.min(self.pos) }
    }

    /// Goes back to the beginning of the first unfinished record; `tail` are the bytes before it.
    pub fn rewind(&mut self, tail: &[u8]) {
        self.pos = self.again_from();
        self.tail = tail.to_vec();
        self.unproven = None;
    }

    /// Begins at a place inside, with what was learned before it.
    pub fn begin_at(&mut self, at: Location, tail: &[u8], facts: Vec<SourceFacts>, how: Bookmark) {
        let name = self.facts().next().map(|f| f.name.clone()).unwrap_or_default();
        let now = self.last_bytes;
        let named = facts.into_iter().map(|f| SourceFacts { name: name.clone(), series: None, ..f });
        self.writers = named.map(|f| Writer::new(f, now)).collect();
        self.place = how.moved(at);
        self.pos = at.byte;
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
        let (writers, place) = (&mut self.writers, &self.place);
        let followed = self.followed.get_or_insert_with(|| {
            let facts = writers.iter_mut().map(|w| std::mem::take(&mut w.facts)).collect();
            pipeline.follow(facts, place)
        });
        followed.push(bytes);
        self.pos += bytes.len() as u64;
        self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default());
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        let now = clock::now();
        self.last_bytes = now;
        self.quiet_since = clock::seconds();
        self.partial = followed.has_partial();
        let (count, touched) = followed.touched();
        while writers.len() < count {
            writers.push(Writer::new(SourceFacts::default(), now));
        }
        for (number, writer) in writers.iter_mut().enumerate() {
            if touched.contains(&number) {
                writer.touch(now);
            }
            writer.moved(self.pos, || followed.unfinished(number).at.byte);
        }
    }

    /// When something of it is to be looked at.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.followed.as_ref()?;
        let partial = self.partial.then(|| self.last_bytes + PARTIAL);
        self.writers.iter().filter_map(Writer::due).chain(partial).min()
    }

    /// Looks at unfinished records that have been quiet for long enough, or that were looked at before and have grown. True if
    /// there is something new to judge.
    pub fn look(&mut self, now: Instant) -> bool {
        let mut changed = false;
        let Some(followed) = &mut self.followed else {
            for writer in &mut self.writers {
                changed |= writer.marked(None);
            }
            return changed;
        };
        for (number, writer) in self.writers.iter_mut().enumerate() {
            changed |= writer.look(followed, number, self.pos, now);
        }
        if self.partial && now.saturating_duration_since(self.last_bytes) >= PARTIAL {
            self.partial = false;
            for (number, facts) in followed.preview_partial() {
                let from = followed.unfinished(number).at.byte;
                changed |= self.writers.get_mut(number).is_some_and(|w| w.view(from, self.pos, facts));
            }
        }
        changed
    }

    /// What was found so far, of each writer.
    pub fn facts(&self) -> impl Iterator<Item = &SourceFacts> {
        let followed = self.followed.as_ref();
        (0..).zip(&self.writers).map(move |(n, w)| w.seen(followed.and_then(|f| f.facts(n))))
    }

    /// What was found so far without unfinished records.
    fn finished(&self) -> impl Iterator<Item = &SourceFacts> {
        let followed = self.followed.as_ref();
        (0..).zip(&self.writers).map(move |(n, w)| followed.and_then(|f| f.facts(n)).unwrap_or(&w.facts))
    }

    /// Events that are held of the writer of whom there are most.
    #[must_use]
    pub fn events(&self) -> usize {
        self.finished().map(|f| f.events.len()).max().unwrap_or(0)
    }

    /// Lines and records read.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        self.finished().fold((0, 0), |sum, f| (sum.0 + f.lines, sum.1 + f.records))
    }

    /// The file has another name now.
    pub fn rename(&mut self, name: &str) {
        if let Some(followed) = &mut self.followed {
            followed.rename(name);
        }
        self.writers.iter_mut().for_each(|w| w.rename(name));
    }

    /// Nothing more comes from the files that are there: what is unfinished is finished.
    pub fn end(&mut self) {
        if let Some(followed) = self.followed.take() {
            let (facts, place) = followed.end();
            for (writer, facts) in self.writers.iter_mut().zip(facts) {
                writer.rest(facts);
            }
            self.place = place;
        } else {
            for writer in &mut self.writers {
                writer.finish();
            }
            let line = match self.writers.as_slice() {
                [only] => only.facts.lines + 1,
                _ => self.place.at.line,
            };
            self.place = std::mem::take(&mut self.place).moved(Location { line, byte: self.pos });
        }
        self.partial = false;
    }

    /// Gives working memory back if nothing came for a while. Reading goes on at the beginning of the first unfinished record.
    pub fn rest(&mut self, now: Instant) -> bool {
        let waits = self.partial || self.writers.iter().any(Writer::waits);
        if waits || now.saturating_duration_since(self.last_bytes) < REST || self.followed.is_none() {
            return false;
        }
        self.stop();
        true
    }

    /// The same at once: the rules change, or the program ends.
    pub fn stop(&mut self) {
        let Some(mut followed) = self.followed.take() else { return };
        for (number, writer) in self.writers.iter_mut().enumerate() {
            writer.stop(&mut followed, number);
        }
        self.place = followed.bookmark();
        self.partial = false;
    }

    /// Takes out what was found, if the stream is at rest. Its place is remembered.
    pub fn slim(&mut self) -> Option<Vec<SourceFacts>> {
        if self.followed.is_some() || self.writers.iter().all(|w| w.facts.records == 0) {
            return None;
        }
        Some(self.writers.iter_mut().map(Writer::slim).collect())
    }

    /// Failures stand in it.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.facts().any(fails)
    }

    /// A record of it is unfinished.
    #[must_use]
    pub fn is_unended(&self) -> bool {
        self.followed.is_some() || self.writers.iter().any(Writer::is_viewed) || self.again_from() < self.pos
    }

    /// How long nothing came.
    #[must_use]
    pub fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_bytes)
    }

    /// Changes the facts, the stored ones and those that are looked at. True if some were changed.
    pub fn shrink(&mut self, how: impl Fn(&SourceFacts, usize) -> Option<Shrink>) -> bool {
        let mut changed = false;
        for (number, writer) in self.writers.iter_mut().enumerate() {
            let own = self.followed.as_ref().and_then(|f| f.facts(number));
            let events = own.unwrap_or(&writer.facts).events.len();
            if let Some(how) = how(writer.seen(own), events) {
                writer.shrink(self.followed.as_mut(), number, how);
                changed = true;
            }
        }
        changed
    }
}

/// The log of one writer in a log.
fn log_of(log: &str, facts: &SourceFacts) -> String {
    facts.writer.as_ref().map_or_else(|| log.to_owned(), |writer| format!("{log}\n{writer}"))
}

/// Failures stand in these facts.
fn fails(facts: &SourceFacts) -> bool {
    shows_failures(facts) || !facts.steps.is_empty()
}

pub use writer::shows_failures;
