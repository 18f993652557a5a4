//! Beginning at the end of a file: what stands before is not judged, but it tells of the job.
//!
//! Parameters, versions and jobs are logged when a job starts, long before it fails. So what is there is read once, as far as a
//! little time allows, and everything that happened in it is forgotten.

use std::io;
use std::time::Duration;

use super::{Carrier, Tails};
use crate::engine::facts::SourceFacts;
use crate::pipeline::{Bookmark, Pipeline};
use crate::record::Location;
use crate::watch::carrier::read_at;
use crate::watch::clock;
use crate::watch::identity::TAIL;

/// Time for all files together.
const BUDGET: Duration = Duration::from_secs(3);
/// Of files that come too late for it: so much of the beginning and of the end.
const PART: u64 = 256 << 10;
/// Bytes read at once.
const CHUNK: usize = 256 << 10;

impl Tails {
    /// Files that were there before the first look are known from then on.
    pub(super) fn prime(&mut self, begin: Option<super::Begin>, pipeline: &Pipeline) {
        if begin.is_none() {
            return;
        }
        let started = clock::now();
        let inodes: Vec<_> = self.carriers.iter().filter(|(_, c)| c.begin.is_some()).map(|(i, _)| *i).collect();
        for inode in inodes {
            self.hurried = started.elapsed() > BUDGET;
            let Some(mut carrier) = self.carriers.remove(&inode) else { continue };
            // packed files were settled long ago
            let now = clock::now() + super::SETTLED;
            if carrier.stream.is_none() {
                self.identify(&mut carrier, now, pipeline);
            }
            self.carriers.insert(inode, carrier);
        }
        self.hurried = false;
    }

    /// Sets a stream behind the last line that was there when its file was first seen.
    pub(super) fn begin_at(&mut self, carrier: &mut Carrier, id: u64, size: u64, pipeline: &Pipeline) {
        let learned = learn(carrier, size, self.hurried, pipeline);
        let path = carrier.path.clone();
        match (learned, self.streams.remove(&id)) {
            (Ok(learned), Some(mut stream)) => {
                let counted = learned.counted;
                stream.begin_at(learned.at, &learned.tail, learned.facts, learned.how);
                stream.number(|log| self.series_of(log));
                self.streams.insert(id, stream);
                if !counted {
                    self.notice(&path, "is long: its lines are counted from where the watch began", false);
                }
            }
            (Err(e), stream) => {
                self.streams.extend(stream.map(|s| (id, s)));
                self.failed(carrier, &e);
            }
            (Ok(_), None) => {}
        }
    }
}

/// What the part before the beginning told.
struct Learned {
    at: Location,
    tail: Vec<u8>,
    facts: Vec<SourceFacts>,
    how: Bookmark,
    counted: bool,
}

fn learn(carrier: &mut Carrier, size: u64, hurried: bool, pipeline: &Pipeline) -> io::Result<Learned> {
    let file = carrier.open()?;
    let size = size.min(file.metadata()?.len());
    // behind the last line end; a line that is still being written is new
    let back = PART.min(size);
    let end = read_at(file, size - back, usize::try_from(back).unwrap_or(0))?;
    let pos = memchr::memrchr(b'\n', &end).map_or(size - back, |i| size - back + i as u64 + 1);
    let whole = !hurried || pos <= 2 * PART;
    let mut source = pipeline.follow(Vec::new(), &Bookmark::start());
    let parts = if whole { vec![(0, pos)] } else { vec![(0, PART), (pos - PART, pos)] };
    let mut lines = 0;
    for (from, to) in parts {
        let mut at = from;
        while at < to {
            let bytes = read_at(file, at, CHUNK.min(usize::try_from(to - at).unwrap_or(CHUNK)))?;
            if bytes.is_empty() {
                break;
            }
            lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
            at += bytes.len() as u64;
            source.push(&bytes);
        }
    }
    let (mut facts, how) = source.end();
    facts.iter_mut().for_each(SourceFacts::forget_events);
    let len = TAIL.min(usize::try_from(pos).unwrap_or(TAIL));
    let tail = read_at(file, pos - len as u64, len)?;
    let at = Location { line: if whole { lines + 1 } else { 1 }, byte: pos };
    Ok(Learned { at, tail, facts, how, counted: whole })
}
