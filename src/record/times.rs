//! How the times of logs are to be read, and which of them count.

use serde::{Deserialize, Serialize};

use super::{Timestamp, Zone};

/// One end of the time that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bound {
    /// What the clock showed where logs print no zone: civil seconds since 1970.
    pub local: i64,
    /// Seconds since 1970-01-01 00:00 UTC, if the zone is known.
    pub instant: Option<i64>,
    /// Nanoseconds of the second.
    pub nanos: u32,
}

/// How times are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// Zone of times that are printed without one.
    pub zone: Option<Zone>,
    /// Records before this do not count.
    pub since: Option<Bound>,
    /// Records after this do not count.
    pub until: Option<Bound>,
    /// The newest that a time without a year can be, in seconds since 1970, if nothing better is known.
    pub newest: Option<i64>,
}

/// Where a record stands to the time that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before it.
    Before,
    /// In it, or it cannot be told.
    Within,
    /// After it.
    After,
}

impl Bound {
    /// The bound as a time for people: in the zone that logs without a zone are taken to be in.
    #[must_use]
    pub fn shown(&self) -> Timestamp {
        Timestamp { seconds: self.local, nanos: self.nanos, offset: None, has_date: true }
    }

    /// This bound against a time: `Less` if the time is earlier.
    fn compare(&self, time: &Timestamp) -> std::cmp::Ordering {
        let (time_at, own) = match (time.offset, self.instant) {
            (Some(offset), Some(instant)) => (time.seconds - i64::from(offset), instant),
            _ => (time.seconds, self.local),
        };
        (time_at, time.nanos).cmp(&(own, self.nanos))
    }
}

impl Times {
    /// The time with its zone, if it was printed without one and the zone is known.
    #[must_use]
    pub fn read(&self, time: Timestamp) -> Timestamp {
        match &self.zone {
            Some(zone) if time.offset.is_none() && time.has_date => {
                Timestamp { offset: Some(zone.offset_of_civil(time.seconds)), ..time }
            }
            _ => time,
        }
    }

    /// Only a part of the time counts.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Where a record of this time stands. One without a date is within: nothing speaks against it.
    #[must_use]
    pub fn place(&self, time: Option<Timestamp>) -> Place {
        let Some(time) = time.filter(|t| t.has_date) else { return Place::Within };
        if self.since.is_some_and(|b| b.compare(&time).is_lt()) {
            Place::Before
        } else if self.until.is_some_and(|b| b.compare(&time).is_gt()) {
            Place::After
        } else {
            Place::Within
        }
    }
}
