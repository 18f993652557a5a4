//! The clocks: one for waiting, one for what is told and stored.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::record::Timestamp;

/// Now, for measuring how long something takes.
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// When that was (nanoseconds since 1970), for measuring how long ago: at most an hour.
#[must_use]
pub fn ago(nanos: i128) -> Instant {
    let changed = u64::try_from(nanos / 1_000_000).map_or(UNIX_EPOCH, |ms| UNIX_EPOCH + Duration::from_millis(ms));
    let age = SystemTime::now().duration_since(changed).unwrap_or_default().min(Duration::from_hours(1));
    let now = Instant::now();
    now.checked_sub(age).unwrap_or(now)
}

/// Seconds since 1970 (UTC).
#[must_use]
pub fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok()).unwrap_or(0)
}

/// That time, printed with its zone.
#[must_use]
pub fn iso(seconds: i64) -> String {
    Timestamp { seconds, nanos: 0, offset: Some(0), has_date: true }.iso()
}

/// A span of seconds for people.
#[must_use]
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..60 => format!("{s} s"),
        60..3600 if s % 60 == 0 => format!("{} min", s / 60),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3600),
    }
}
