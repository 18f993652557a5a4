//! Time zones: what the clock of a place showed, and when that was.

use jiff::tz::{Offset, TimeZone};

/// A time zone, by its IANA name or by a fixed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// Reads `Asia/Shanghai`, `+08:00`, `+8`, `UTC+8`, `UTC` or `Z`; `None` if no such zone is known.
    ///
    /// ```
    /// use cdc_doctor::record::Zone;
    /// assert_eq!(Zone::parse("Asia/Shanghai").unwrap().offset_of_civil(0), 8 * 3600);
    /// assert_eq!(Zone::parse("-03:30").unwrap().offset_of_civil(0), -12_600);
    /// assert!(Zone::parse("Mars/Olympus").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = ["UTC", "GMT", "utc", "gmt"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
        if bare.is_empty() && !text.is_empty() || matches!(text, "Z" | "z") {
            return Some(Self { name: "UTC".into(), rules: TimeZone::UTC });
        }
        if bare.starts_with(['+', '-']) {
            let rules = TimeZone::fixed(Offset::from_seconds(shift(bare)?).ok()?);
            return Some(Self { name: bare.into(), rules });
        }
        let rules = TimeZone::get(text).ok()?;
        let name = rules.iana_name().unwrap_or(text).to_owned();
        Some(Self { name, rules })
    }

    /// The machine's own zone.
    #[must_use]
    pub fn of_system() -> Self {
        let rules = TimeZone::system();
        let name = rules.iana_name().unwrap_or("local time").to_owned();
        Self { name, rules }
    }

    /// As people write it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds east of UTC when the place's clock showed `civil` (seconds since 1970, local time read as if it were UTC). Of an hour
    /// that came twice the first is meant.
    #[must_use]
    pub fn offset_of_civil(&self, civil: i64) -> i32 {
        let instant = jiff::Timestamp::from_second(civil)
            .ok()
            .and_then(|t| self.rules.to_timestamp(Offset::UTC.to_datetime(t)).ok())
            .map_or(civil, jiff::Timestamp::as_second);
        i32::try_from(civil.saturating_sub(instant)).unwrap_or(0)
    }

    /// Seconds east of UTC at an instant (seconds since 1970-01-01 00:00 UTC).
    #[must_use]
    pub fn offset_at(&self, instant: i64) -> i32 {
        jiff::Timestamp::from_second(instant).map_or(0, |t| self.rules.to_offset(t).seconds())
    }
}

/// `+8`, `+08`, `+0800`, `+08:00` in seconds.
fn shift(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |part: &str| part.parse::<i32>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
