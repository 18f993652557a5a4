//! Which stream does a file carry? Told by its first bytes, and by the bytes before the place read up to.

use std::io;
use std::time::Instant;

use super::{Carrier, Form, SETTLED, Tails};
use crate::input::follow;
use crate::pipeline::Pipeline;
use crate::watch::carrier::read_at;
use crate::watch::identity::{HEAD, TAIL};
use crate::watch::stream::Stream;

/// What a known stream is to a file that begins like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The file carries it.
    Carries,
    /// The file holds a part of what was read already; it may grow.
    Part,
    /// It is another one.
    Other,
}

impl Tails {
    /// Finds the stream that a file carries, or makes one. False if there is nothing to read of it now.
    pub(super) fn identify(&mut self, carrier: &mut Carrier, now: Instant, pipeline: &Pipeline) -> bool {
        if matches!(carrier.form, Form::Ignored) || carrier.size == 0 {
            return false;
        }
        // nothing new in a packed file that was read before
        let packed = carrier.packed();
        if let Some(stream) = self.streams.values().find(|s| s.packed.contains(&packed)) {
            carrier.stream = Some(stream.id);
            carrier.form = Form::Packed(None);
            return false;
        }
        let head = match carrier.head() {
            Ok(head) => head,
            Err(e) => {
                // a packed file that is still being written ends too early
                if now.duration_since(carrier.grown) < SETTLED && carrier.problem.is_none() {
                    carrier.dirty = true;
                } else {
                    self.failed(carrier, &e);
                }
                return false;
            }
        };
        if head.is_empty() {
            return false;
        }
        let is_packed = matches!(carrier.form, Form::Packed(_));
        if is_packed && now.duration_since(carrier.grown) < SETTLED {
            carrier.form = Form::Unknown;
            carrier.dirty = true;
            return false;
        }
        carrier.problem = None;
        for id in self.candidates(&head) {
            match self.fits(carrier, id, &head) {
                Ok(Fit::Carries) => {
                    self.attach(carrier, id);
                    return true;
                }
                Ok(Fit::Part) => return false,
                Ok(Fit::Other) => {}
                Err(e) => {
                    self.failed(carrier, &e);
                    return false;
                }
            }
        }
        let id = self.create(carrier, &head);
        self.attach(carrier, id);
        if let Some(begin) = carrier.begin.take() {
            if is_packed {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.packed.push(packed);
                }
                self.moved = true;
                return false;
            }
            self.begin_at(carrier, id, begin, pipeline);
        }
        true
    }

    /// Streams that begin like this, those with the longest known beginning first.
    fn candidates(&self, head: &[u8]) -> Vec<u64> {
        let full = super::super::identity::Print::of(head);
        let mut found = self.by_head.get(&full.hash).cloned().unwrap_or_default();
        found.retain(|id| self.streams.get(id).is_some_and(|s| s.print == full));
        let mut young: Vec<(usize, u64)> = self
            .streams
            .values()
            .filter(|s| {
                (s.print.len < HEAD && s.print.len < head.len() && s.print.begins(head))
                    || (head.len() < HEAD && s.head.len() > head.len() && s.head.starts_with(head))
            })
            .map(|s| (s.print.len, s.id))
            .collect();
        young.sort_unstable_by(|a, b| b.cmp(a));
        found.extend(young.into_iter().map(|(_, id)| id).filter(|id| !found.contains(id)).collect::<Vec<_>>());
        found
    }

    /// Is it this stream that the file carries?
    fn fits(&mut self, carrier: &mut Carrier, id: u64, head: &[u8]) -> io::Result<Fit> {
        let Some(stream) = self.streams.get(&id) else { return Ok(Fit::Other) };
        if matches!(carrier.form, Form::Packed(_)) {
            // its bytes are compared when it is read
            return Ok(Fit::Carries);
        }
        let (pos, tail, unproven) = (stream.pos, stream.tail.clone(), stream.unproven.clone());
        let others: Vec<_> =
            self.carriers.values().filter(|c| c.stream == Some(id) && matches!(c.form, Form::Plain)).collect();
        let size = carrier.open()?.metadata()?.len();
        carrier.size = size;
        let file = carrier.open()?;
        if size >= pos {
            let len = unproven.as_ref().map_or(tail.len(), |p| p.len);
            let bytes = read_at(file, pos - len as u64, len)?;
            let same = unproven.as_ref().map_or_else(|| bytes == tail, |p| p.begins(&bytes));
            if !same {
                return Ok(Fit::Other);
            }
        }
        // another file carries it now: a copy of that one is never longer, and the same at its end
        for other in others {
            let Some(live) = &other.file else { continue };
            let there = live.metadata()?.len();
            // it was cut or written anew by now, perhaps because this is the copy that was made before
            let before = read_at(live, pos - tail.len() as u64, tail.len())?;
            if there < pos || before != tail || !stream.print.begins(&read_at(live, 0, stream.print.len)?) {
                continue;
            }
            if size > there {
                return Ok(Fit::Other);
            }
            let len = TAIL.min(usize::try_from(size).unwrap_or(TAIL));
            let at = size - len as u64;
            if read_at(file, at, len)? != read_at(live, at, len)? {
                return Ok(Fit::Other);
            }
        }
        // shorter than what was read: a copy in the making, an older one, or something else that shows when it grows
        Ok(if size < pos || head.len() < self.streams.get(&id).map_or(0, |s| s.print.len) {
            Fit::Part
        } else {
            Fit::Carries
        })
    }

    fn attach(&mut self, carrier: &mut Carrier, id: u64) {
        carrier.stream = Some(id);
        self.empty.remove(&carrier.inode);
        let name = carrier.name();
        let copy = self.carriers.values().any(|c| c.stream == Some(id) && c.gone.is_none());
        if let Some(stream) = self.streams.get_mut(&id) {
            if !copy {
                stream.rename(&name);
                stream.inodes.clear();
            }
            stream.inodes.push(carrier.inode);
            self.moved = true;
        }
    }

    /// A stream that was never seen.
    fn create(&mut self, carrier: &Carrier, head: &[u8]) -> u64 {
        let id = self.next;
        self.next += 1;
        let log = follow::log_of(&carrier.path).display().to_string();
        let mut stream = Stream::new(id, &log, &carrier.name(), head);
        stream.number(|log| self.series_of(log));
        self.by_head.entry(stream.print.hash.clone()).or_default().push(id);
        self.streams.insert(id, stream);
        self.moved = true;
        id
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Begin, Tails, find};
    use crate::engine::Engine;
    use crate::pipeline::Pipeline;
    use crate::watch::stream::Stream;

    const LOG: &str = "2026-11-22 10:00:00,908 INFO  org.apache.flink.runtime.blob.BlobServer [] - Nothing to tell\n\
        2026-11-22 10:00:01,908 ERROR io.debezium.pipeline.ErrorHandler [] - Producer failure\n\
        org.postgresql.util.PSQLException: ERROR: permission denied for table orders\n";

    /// Killed between reading a record and looking at it: nothing more is written, and it must be looked at all the same.
    #[test]
    fn the_last_record_is_looked_at_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("taskmanager.log"), LOG).unwrap();
        let pipeline = Pipeline::with(Arc::new(Engine::new(crate::builtin::rules().unwrap(), true)));
        let sweep = || find::sweep(&[dir.path().to_owned()], &globset::GlobSet::empty());
        let mut tails = Tails::new(10);
        tails.take(&sweep(), Some(Begin::Start), &pipeline);
        while tails.read(&pipeline) {}
        assert_eq!(tails.hot.len(), 1);
        let saved = tails.streams.values_mut().map(Stream::save).collect();
        let mut again = Tails::new(10);
        again.load(saved);
        again.take(&sweep(), None, &pipeline);
        while again.read(&pipeline) {}
        assert_eq!((again.bytes, again.hot.len()), (0, 1));
    }
}
