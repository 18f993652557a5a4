//! What is over is let go: files that are gone, streams that nobody carries, facts of files that were rotated away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Inode, SourceFacts, Stream, Tails};
use crate::watch::clock;

/// A file that no path leads to is let go when nothing was added to it for so long.
const GONE: Duration = Duration::from_secs(3);
/// Streams that no file carries are forgotten after so many seconds.
const FORGOTTEN: i64 = 7 * 86_400;
/// What a file that was rotated away showed is let go after so many seconds,
const OLD: i64 = 600;
/// but of so many that show failures.
const PAST: usize = 8;
/// Most streams that are remembered.
const STREAMS: usize = 30_000;

impl Tails {
    /// Files that no path leads to are let go when they are quiet; open files that are not needed are closed.
    pub(super) fn let_go(&mut self, now: Instant) {
        let over: Vec<Inode> = self
            .carriers
            .iter()
            .filter(|(_, c)| {
                c.gone.is_some_and(|since| {
                    !c.dirty && now.duration_since(since) >= GONE && now.duration_since(c.grown) >= GONE
                })
            })
            .map(|(inode, _)| *inode)
            .collect();
        for inode in over {
            self.carriers.remove(&inode);
            self.empty.remove(&inode);
        }
        let mut open: Vec<(Instant, Inode)> =
            self.carriers.iter().filter(|(_, c)| c.file.is_some()).map(|(i, c)| (c.grown, *i)).collect();
        if open.len() > self.most_open {
            open.sort();
            for (_, inode) in open.iter().take(open.len() - self.most_open) {
                if let Some(carrier) = self.carriers.get_mut(inode) {
                    carrier.file = None;
                }
            }
        }
    }

    /// Looks again at files that no path leads to: they may still be written.
    pub fn watch_gone(&mut self) {
        for carrier in self.carriers.values_mut().filter(|c| c.gone.is_some()) {
            let size = carrier.file.as_ref().and_then(|f| f.metadata().ok()).map(|d| d.len());
            if let Some(size) = size.filter(|s| *s != carrier.size) {
                carrier.size = size;
                carrier.grown = clock::now();
                carrier.dirty = true;
            }
        }
    }

    /// Streams that no file carries any more end, after a while in which a copy or a packed file may turn up.
    pub fn end_orphans(&mut self, now: Instant) {
        let carried: BTreeSet<u64> = self.carriers.values().filter_map(|c| c.stream).collect();
        for stream in self.streams.values_mut().filter(|s| !carried.contains(&s.id)) {
            if stream.is_unended() && stream.idle(now) >= GONE {
                stream.end();
                self.hot.insert(stream.id);
                self.moved = true;
            }
        }
    }

    /// Lets go of what is old: facts of files that were rotated away, and streams that no file has carried for long. True if failures
    /// were among them.
    pub fn forget(&mut self, seconds: i64) -> bool {
        let carried: BTreeSet<u64> = self.carriers.values().filter_map(|c| c.stream).collect();
        let mut by_log: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for stream in self.streams.values().filter(|s| s.quiet_since + OLD < seconds) {
            by_log.entry(stream.log.clone()).or_default().push(stream.id);
        }
        let newest: BTreeMap<String, u64> = self.streams.values().map(|s| (s.log.clone(), s.id)).collect();
        let mut failures = false;
        for (log, ids) in by_log {
            let past: Vec<u64> = ids.into_iter().filter(|id| newest.get(&log) != Some(id)).collect();
            let fail = |id: &u64| self.streams.get(id).is_some_and(Stream::fails);
            let failing = past.iter().filter(|id| fail(id)).count();
            let mut surplus = failing.saturating_sub(PAST);
            for id in past {
                let Some(stream) = self.streams.get_mut(&id) else { continue };
                if stream.fails() {
                    if surplus == 0 {
                        continue;
                    }
                    surplus -= 1;
                    failures = true;
                }
                self.past_facts(id);
            }
        }
        let mut old: Vec<(i64, u64)> =
            self.streams.values().filter(|s| !carried.contains(&s.id)).map(|s| (s.quiet_since, s.id)).collect();
        old.sort_unstable();
        let surplus = self.streams.len().saturating_sub(STREAMS);
        for (n, (since, id)) in old.into_iter().enumerate() {
            if n >= surplus && since + FORGOTTEN > seconds {
                continue;
            }
            failures |= self.streams.get(&id).is_some_and(Stream::fails);
            self.past_facts(id);
            self.streams.remove(&id);
            self.by_head.retain(|_, ids| {
                ids.retain(|i| *i != id);
                !ids.is_empty()
            });
            self.moved = true;
        }
        failures
    }

    /// What a file that is over said about the job is kept for its log, the rest is let go.
    fn past_facts(&mut self, id: u64) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let (lines, records) = stream.read();
        let Some(found) = stream.slim() else { return };
        self.past = (self.past.0 + lines, self.past.1 + records);
        for mut facts in found {
            facts.forget_events();
            let own = self
                .carried
                .entry(stream.log_of(&facts))
                .or_insert_with(|| SourceFacts { name: facts.name.clone(), ..SourceFacts::default() });
            facts.inherit(own);
            *own = facts;
        }
        self.moved = true;
    }
}
