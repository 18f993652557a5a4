//! Times of records, and whether a record is in the time that is asked about.

use super::Engine;
use super::facts::SourceFacts;
use super::observe::Observed;
use crate::record::times::Place;
use crate::record::{LogRecord, Timestamp};
use crate::rule::Role;

impl Engine {
    /// When the record was written.
    pub(super) fn time_of(&self, record: &LogRecord<'_>, facts: &SourceFacts) -> Option<Timestamp> {
        record.timestamp_before(facts.newest.or(self.times.newest)).map(|time| self.times.read(time))
    }

    /// A time as read off a line.
    pub(super) fn read_time(&self, time: Timestamp) -> Timestamp {
        self.times.read(time)
    }

    /// Of a record outside the time asked about, only what it says of the job stays: parameters, names, versions. A record without a
    /// time belongs to the one before it.
    pub(super) fn bound(&self, facts: &mut SourceFacts, observed: &mut Observed) {
        if !self.times.is_bounded() {
            return;
        }
        let place = self.times.place(observed.time.or(facts.last_time));
        let left_out = match place {
            Place::Within => return,
            Place::Before => &mut facts.left_out.before,
            Place::After => &mut facts.left_out.after,
        };
        let shows = |id: &str| self.rules.get(id).is_some_and(|r| r.role != Role::Noise);
        let failure = observed.matched.as_ref().is_some_and(|m| m.matches.iter().all(|m| shows(&m.rule)));
        *left_out += u64::from(failure || observed.unknown.is_some());
        *observed = Observed {
            seq: observed.seq,
            at: observed.at,
            time: observed.time,
            layout: observed.layout,
            inside_trace: observed.inside_trace,
            context: std::mem::take(&mut observed.context),
            ..Observed::default()
        };
    }
}
