//! All files and all streams: which file carries which stream, and what is to be read next.

mod forget;
mod identify;
mod prime;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::carrier::{Carrier, Form, Outcome};
use super::clock;
use super::find::{self, Seen, Sweep};
use super::identity::Inode;
use super::stream::{Saved, Stream};
use crate::engine::facts::SourceFacts;
use crate::pipeline::Pipeline;

/// Bytes read of one file before others have their turn.
const TURN: u64 = 4 << 20;
/// A packed file is read when it has not changed for so long.
const SETTLED: Duration = Duration::from_millis(1500);

/// Where reading begins in files that were there before the first look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At the first byte.
    Start,
    /// Behind the last line.
    End,
}

/// Something worth a line on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The file.
    pub path: String,
    /// What happened.
    pub what: String,
    /// It is a problem.
    pub bad: bool,
}

/// Everything that is followed.
pub struct Tails {
    /// Streams by number.
    pub streams: BTreeMap<u64, Stream>,
    /// Files by inode.
    pub carriers: BTreeMap<Inode, Carrier>,
    /// Inodes by path.
    pub paths: BTreeMap<PathBuf, Inode>,
    /// What past files of a log said about themselves, by log.
    pub carried: BTreeMap<String, SourceFacts>,
    /// Notices since the last call.
    pub notices: Vec<Notice>,
    /// Bytes read.
    pub bytes: u64,
    /// Lines and records of streams that are forgotten.
    pub past: (u64, u64),
    /// Errors met, by kind.
    pub errors: BTreeMap<&'static str, u64>,
    /// The file that events are written to, which is no log.
    pub own: Option<Inode>,
    /// Paths that cannot be looked at.
    pub missing: usize,
    /// Streams that got bytes since the last look.
    pub hot: BTreeSet<u64>,
    /// Positions changed since the last commit.
    pub moved: bool,
    /// Empty files that were seen: what comes is new.
    pub empty: BTreeSet<Inode>,
    /// Files that may not be opened.
    pub most_open: usize,
    series: BTreeMap<String, u32>,
    by_head: BTreeMap<String, Vec<u64>>,
    next: u64,
    buffer: Vec<u8>,
    told: BTreeMap<PathBuf, String>,
    /// There is little time for what stands before the beginning.
    hurried: bool,
}

impl Tails {
    /// Nothing followed yet.
    #[must_use]
    pub fn new(most_open: usize) -> Self {
        Self {
            streams: BTreeMap::new(),
            carriers: BTreeMap::new(),
            paths: BTreeMap::new(),
            carried: BTreeMap::new(),
            notices: Vec::new(),
            bytes: 0,
            past: (0, 0),
            errors: BTreeMap::new(),
            own: None,
            missing: 0,
            hot: BTreeSet::new(),
            moved: false,
            empty: BTreeSet::new(),
            most_open,
            series: BTreeMap::new(),
            by_head: BTreeMap::new(),
            next: 1,
            buffer: vec![0; 256 << 10],
            told: BTreeMap::new(),
            hurried: false,
        }
    }

    /// Takes up what was stored.
    pub fn load(&mut self, saved: Vec<Saved>) {
        for one in saved {
            let mut stream = Stream::load(one);
            stream.number(|log| self.series_of(log));
            self.next = self.next.max(stream.id + 1);
            self.by_head.entry(stream.print.hash.clone()).or_default().push(stream.id);
            // perhaps it was stored before it was judged
            self.hot.insert(stream.id);
            self.streams.insert(stream.id, stream);
        }
    }

    /// The number of a log.
    pub fn series_of(&mut self, log: &str) -> u32 {
        let next = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        *self.series.entry(log.to_owned()).or_insert(next)
    }

    /// The number of a log that is known.
    #[must_use]
    pub fn series(&self, log: &str) -> Option<u32> {
        self.series.get(log).copied()
    }

    /// The logs by number.
    #[must_use]
    pub fn logs(&self) -> BTreeMap<u32, String> {
        self.series.iter().map(|(name, n)| (*n, name.clone())).collect()
    }

    /// Compares with what is there now.
    pub fn take(&mut self, sweep: &Sweep, begin: Option<Begin>, pipeline: &Pipeline) {
        let now = clock::now();
        let mut seen_now: BTreeSet<Inode> = BTreeSet::new();
        let mut paths = BTreeMap::new();
        // a real path names a file better than a link does
        let (real, links): (Vec<&Seen>, Vec<&Seen>) = sweep.files.iter().partition(|s| !s.link);
        for seen in real.into_iter().chain(links) {
            if self.own == Some(seen.inode) {
                continue;
            }
            paths.insert(seen.path.clone(), seen.inode);
            if !seen_now.insert(seen.inode) {
                continue;
            }
            self.tell_replaced(seen);
            self.see(seen, begin, now);
        }
        for (inode, carrier) in &mut self.carriers {
            if !seen_now.contains(inode) && carrier.gone.is_none() {
                carrier.gone = Some(now);
                carrier.dirty = true;
            }
        }
        self.paths = paths;
        self.missing = sweep.problems.len();
        let mut problems = sweep.problems.clone();
        if sweep.cut {
            let what = "has more files than are watched; the rest is left out: name directories or use --exclude";
            problems.extend(sweep.directories.first().map(|(path, _)| (path.clone(), what.to_owned())));
        }
        self.complain(&problems);
        self.prime(begin, pipeline);
    }

    /// A file changed, says an event: true if it is known.
    pub fn touch(&mut self, path: &Path) -> bool {
        let Some(inode) = self.paths.get(path).copied() else { return false };
        let link = self.carriers.get(&inode).is_some_and(|c| c.path != path);
        match find::look(path, link) {
            Some(seen) if seen.inode == inode => {
                self.see(&seen, None, clock::now());
                true
            }
            _ => false,
        }
    }

    fn see(&mut self, seen: &Seen, begin: Option<Begin>, now: Instant) {
        let carrier = self.carriers.entry(seen.inode).or_insert_with(|| {
            let mut carrier = Carrier::new(seen);
            carrier.begin = (begin == Some(Begin::End)).then_some(seen.size);
            carrier
        });
        carrier.gone = None;
        if carrier.path != seen.path && !seen.link {
            carrier.path.clone_from(&seen.path);
            if let Some(stream) = carrier.stream.and_then(|id| self.streams.get_mut(&id)) {
                stream.rename(&carrier.name());
            }
        }
        if carrier.size != seen.size || carrier.changed != seen.changed {
            carrier.grown = now;
            carrier.dirty = true;
            if matches!(carrier.form, Form::Packed(_) | Form::Ignored) {
                carrier.form = Form::Unknown;
                carrier.stream = None;
            }
            (carrier.size, carrier.changed) = (seen.size, seen.changed);
        }
        if carrier.problem.is_some() {
            carrier.dirty = true;
        }
        if seen.size == 0 && carrier.stream.is_none() && self.empty.insert(seen.inode) {
            self.moved = true;
        }
    }

    /// Another file has the name of one that was followed.
    fn tell_replaced(&mut self, seen: &Seen) {
        let Some(before) = self.paths.get(&seen.path).copied().filter(|i| *i != seen.inode) else { return };
        if self.carriers.get(&before).is_some_and(|c| c.stream.is_some()) {
            self.notice(&seen.path, "was rotated; went on with the new file", false);
        }
    }

    /// Something for standard error.
    pub fn notice(&mut self, path: &Path, what: &str, bad: bool) {
        if self.notices.len() < 1000 {
            self.notices.push(Notice { path: path.display().to_string(), what: what.to_owned(), bad });
        }
    }

    /// Problems are told when they come and when they go, not each time they are met.
    fn complain(&mut self, problems: &[(PathBuf, String)]) {
        let mut current: BTreeMap<PathBuf, String> = problems.iter().cloned().collect();
        for carrier in self.carriers.values().filter(|c| c.gone.is_none()) {
            if let Some(problem) = &carrier.problem {
                current.insert(carrier.path.clone(), problem.clone());
            }
        }
        for (path, what) in &current {
            if self.told.get(path) != Some(what) {
                self.notice(path, what, true);
            }
        }
        let over: Vec<PathBuf> = self.told.keys().filter(|p| !current.contains_key(*p)).cloned().collect();
        for path in over {
            self.notice(&path, "can be read now, or is gone", false);
        }
        self.told = current;
    }

    /// Reads what is new, a turn of each file. True if there is more.
    pub fn read(&mut self, pipeline: &Pipeline) -> bool {
        let now = clock::now();
        let dirty: Vec<Inode> = self.carriers.iter().filter(|(_, c)| c.dirty).map(|(i, _)| *i).collect();
        let mut more = false;
        for inode in dirty {
            let Some(mut carrier) = self.carriers.remove(&inode) else { continue };
            carrier.dirty = false;
            more |= self.turn(&mut carrier, now, pipeline);
            self.carriers.insert(inode, carrier);
        }
        self.let_go(now);
        more
    }

    /// One file's turn. True if it has more.
    fn turn(&mut self, carrier: &mut Carrier, now: Instant, pipeline: &Pipeline) -> bool {
        if carrier.stream.is_none() && !self.identify(carrier, now, pipeline) {
            return false;
        }
        let Some(mut stream) = carrier.stream.and_then(|id| self.streams.remove(&id)) else { return false };
        let before = stream.pos;
        let full = stream.print.len;
        let outcome = carrier.read(&mut stream, &mut self.buffer, TURN, pipeline);
        // after a restart the unfinished record is read again, up to where reading stood before
        if stream.pos != before || stream.due().is_some() {
            stream.number(|log| self.series_of(log));
            self.hot.insert(stream.id);
            self.moved |= stream.pos != before;
            self.bytes += stream.pos.saturating_sub(before);
        }
        if stream.print.len != full {
            self.by_head.entry(stream.print.hash.clone()).or_default().push(stream.id);
        }
        let id = stream.id;
        self.streams.insert(id, stream);
        match outcome {
            Ok(Outcome::Drained) => {
                carrier.problem = None;
                false
            }
            Ok(Outcome::More) => {
                carrier.dirty = true;
                true
            }
            Ok(Outcome::Other) => {
                self.part(carrier, id);
                carrier.dirty = true;
                true
            }
            Err(e) => {
                self.failed(carrier, &e);
                false
            }
        }
    }

    /// The file was written anew: it carries something else now.
    fn part(&mut self, carrier: &mut Carrier, id: u64) {
        let path = carrier.path.clone();
        self.notice(&path, "was truncated or written anew; went on at its beginning", false);
        carrier.stream = None;
        carrier.form = Form::Unknown;
        carrier.begin = None;
        // a copy may hold what was not read: the stream can go on there
        self.hot.insert(id);
        self.moved = true;
    }

    fn failed(&mut self, carrier: &mut Carrier, error: &std::io::Error) {
        if error.kind() == ErrorKind::NotFound {
            return;
        }
        let kind = match error.kind() {
            ErrorKind::PermissionDenied => "permission",
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => "damaged",
            _ => "read",
        };
        let what = if matches!(carrier.form, Form::Ignored) {
            // what is no log is no trouble
            return;
        } else {
            find::why(error)
        };
        if carrier.problem.as_ref() != Some(&what) {
            *self.errors.entry(kind).or_insert(0) += 1;
            let path = carrier.path.clone();
            self.notice(&path, &what, true);
            self.told.insert(path, what.clone());
        }
        carrier.problem = Some(what);
    }

    /// Bytes of all files, as last seen: changes when one of them does.
    #[must_use]
    pub fn bytes_seen(&self) -> u64 {
        self.carriers.values().fold(0, |sum, c| sum.wrapping_add(c.size))
    }

    /// Files are read on where their streams were stopped.
    pub fn reread(&mut self) {
        for carrier in self.carriers.values_mut().filter(|c| c.stream.is_some()) {
            carrier.dirty = true;
        }
    }

    /// Bytes that are there and were not read.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let lag = |c: &Carrier| match (&c.form, c.stream.and_then(|id| self.streams.get(&id))) {
            (Form::Plain, Some(stream)) => c.size.saturating_sub(stream.pos),
            (Form::Unknown, _) if c.problem.is_none() => c.size,
            _ => 0,
        };
        self.carriers.values().map(lag).sum()
    }

    /// Files that are followed, and files that cannot be read.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let live = self.carriers.values().filter(|c| c.gone.is_none());
        let (bad, good): (Vec<_>, Vec<_>) =
            live.filter(|c| !matches!(c.form, Form::Ignored)).partition(|c| c.problem.is_some());
        (good.len(), bad.len())
    }
}
