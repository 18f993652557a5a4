//! Time stamps as logs print them.
//!
//! A log line carries the node's wall clock, mostly without a zone, so a [`Timestamp`] is *civil* time: what was printed, read
//! as if it were UTC. The offset is kept when the line names one that needs no time zone database (`Z`, `UTC`, `+02:00`, and
//! abbreviations that mean one zone only). Nothing here asks the clock or the system for anything.

use std::cmp::Ordering;
use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::one_of;
use nom::combinator::{map, opt, peek, verify};
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

use super::civil::{civil_from_days, days_from_civil};
use super::level::Level;

/// A civil point in time, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timestamp {
    /// Civil seconds since 1970-01-01: local time read as if it were UTC. Seconds of the day if there is no date.
    pub seconds: i64,
    /// Nanoseconds of the second.
    pub nanos: u32,
    /// Seconds east of UTC, when printed or learned otherwise.
    pub offset: Option<i32>,
    /// False if only the time of day was printed.
    pub has_date: bool,
}

/// What a time stamp consists of, not yet checked for being a real date.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    fraction: bool,
    afternoon: Option<bool>,
    offset: Option<i32>,
    has_date: bool,
}

/// The outcome of [`stamp`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    /// True if it has a fraction of a second.
    pub fraction: bool,
    /// True if a comma stands before the fraction, as log4j writes it.
    pub comma: bool,
}

impl Timestamp {
    /// Reads a time stamp of any known layout; `None` if it is none or no real date.
    ///
    /// ```
    /// let t = cdc_doctor::record::Timestamp::parse("2026-11-22 14:36:06.026 UTC").unwrap();
    /// assert_eq!(t.iso(), "2026-11-22T14:36:06.026Z");
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_before(text, None)
    }

    /// The same. A time without a year (syslog's `Nov 22 14:25:18`) is the last such time that is not after `newest` (seconds since
    /// 1970), give or take a day for the zone; without `newest` it is a time of day.
    ///
    /// ```
    /// use cdc_doctor::record::Timestamp;
    /// let newest = Timestamp::parse("2026-01-02 09:00:00").unwrap().seconds;
    /// let t = Timestamp::parse_before("Dec 31 23:59:58", Some(newest)).unwrap();
    /// assert_eq!(t.iso(), "2025-12-31T23:59:58.000");
    /// ```
    #[must_use]
    pub fn parse_before(text: &str, newest: Option<i64>) -> Option<Self> {
        let bytes = text.trim().as_bytes();
        if let Ok((_, parts)) = alt((zoned, meridian, epoch)).parse(bytes) {
            return parts.check();
        }
        let (_, parts) = yearless(bytes).ok()?;
        let Some(newest) = newest else { return Parts { has_date: false, ..parts }.check() };
        let (year, _, _) = civil_from_days(newest.div_euclid(86_400));
        // four years back there is a 29 February, whatever the year
        let at = |year: i64| Parts { year, ..parts }.check().filter(|t| t.seconds <= newest.saturating_add(86_400));
        (0..9).find_map(|back| at(year + 1 - back))
    }

    /// Seconds since 1970-01-01 00:00 UTC; where no offset is known, as if it were UTC.
    #[must_use]
    pub fn instant(&self) -> i64 {
        self.seconds.saturating_sub(self.offset.map_or(0, i64::from))
    }

    /// The time of day: `14:11:39`.
    #[must_use]
    pub fn clock(&self) -> String {
        let s = self.seconds.rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }

    /// The date: `2026-11-22`; empty if none was printed.
    #[must_use]
    pub fn date(&self) -> String {
        if !self.has_date {
            return String::new();
        }
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(86_400));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// RFC 3339 with milliseconds, without a zone unless one was printed.
    #[must_use]
    pub fn iso(&self) -> String {
        let clock = format!("{}.{:03}", self.clock(), self.nanos / 1_000_000);
        let zone = match self.offset {
            None => String::new(),
            Some(0) => "Z".to_owned(),
            Some(o) => {
                let (sign, o) = (if o < 0 { '-' } else { '+' }, o.unsigned_abs());
                format!("{sign}{:02}:{:02}", o / 3600, o / 60 % 60)
            }
        };
        if self.has_date { format!("{}T{clock}{zone}", self.date()) } else { format!("{clock}{zone}") }
    }

    /// This time, `millis` milliseconds later.
    #[must_use]
    pub fn plus_millis(&self, millis: i64) -> Self {
        let total = i64::from(self.nanos / 1_000_000).saturating_add(millis);
        Self {
            seconds: self.seconds.saturating_add(total.div_euclid(1000)),
            nanos: u32::try_from(total.rem_euclid(1000)).unwrap_or(0) * 1_000_000,
            ..*self
        }
    }

    /// Milliseconds from `other` to `self`; offsets count only if both have one.
    #[must_use]
    pub fn millis_since(&self, other: &Self) -> i64 {
        let shift = match (self.offset, other.offset) {
            (Some(a), Some(b)) => i64::from(b) - i64::from(a),
            _ => 0,
        };
        let seconds = self.seconds.saturating_sub(other.seconds).saturating_add(shift);
        let millis = i64::from(self.nanos / 1_000_000) - i64::from(other.nanos / 1_000_000);
        seconds.saturating_mul(1000).saturating_add(millis)
    }
}

/// By the instant: times with an offset among each other, and times without one among each other.
impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |t: &Self| (t.instant(), t.nanos, t.offset, t.has_date);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_date { write!(f, "{} {}", self.date(), self.clock()) } else { f.write_str(&self.clock()) }
    }
}

impl Parts {
    fn check(self) -> Option<Timestamp> {
        let hour = match self.afternoon {
            Some(_) if !(1..=12).contains(&self.hour) => return None,
            Some(pm) => self.hour % 12 + if pm { 12 } else { 0 },
            None => self.hour,
        };
        if hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let mut seconds = i64::from(hour * 3600 + self.minute * 60 + self.second);
        if self.has_date {
            let days = days_from_civil(self.year, self.month, self.day)?;
            seconds += days * 86_400;
        }
        Some(Timestamp { seconds, nanos: self.nanos, offset: self.offset, has_date: self.has_date })
    }
}

// ---- grammar ----------------------------------------------------------------------------------------------------------

/// A date and time, or a time, without zone: the form all layouts but java.util.logging's begin with. Shape only: `99:99:99` is one.
pub(super) fn stamp(i: &[u8]) -> IResult<&[u8], Stamp> {
    let (rest, parts) = plain(i)?;
    let consumed = i.get(..i.len() - rest.len()).unwrap_or(i);
    Ok((rest, Stamp { fraction: parts.fraction, comma: parts.fraction && memchr::memchr(b',', consumed).is_some() }))
}

/// The zone after a [`stamp`], with the blank before it.
pub(super) fn zone(i: &[u8]) -> IResult<&[u8], Option<i32>> {
    alt((zulu, shift, abbreviation)).parse(i)
}

/// java.util.logging's `Nov 22, 2026 2:18:32 PM`, in the language of the JVM.
pub(super) fn month_first(i: &[u8]) -> IResult<&[u8], ()> {
    map(meridian, |_| ()).parse(i)
}

fn number(n: usize) -> impl Fn(&[u8]) -> IResult<&[u8], u32> {
    move |i| between(n, n).parse(i)
}

fn between(least: usize, most: usize) -> impl Fn(&[u8]) -> IResult<&[u8], u32> {
    move |i| map(take_while_m_n(least, most, |b: u8| b.is_ascii_digit()), value).parse(i)
}

fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b.wrapping_sub(b'0'))))
}

fn fraction(i: &[u8]) -> IResult<&[u8], u32> {
    let (i, digits) = preceded(one_of(",."), take_while1(|b: u8| b.is_ascii_digit())).parse(i)?;
    let nine = digits
        .iter()
        .copied()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0u32, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0')));
    Ok((i, nine))
}

fn clock(i: &[u8]) -> IResult<&[u8], Parts> {
    let (i, (hour, _, minute, _, second, nanos)) =
        (number(2), tag(":"), number(2), tag(":"), number(2), opt(fraction)).parse(i)?;
    Ok((i, Parts { hour, minute, second, nanos: nanos.unwrap_or(0), fraction: nanos.is_some(), ..Parts::default() }))
}

fn year_first(i: &[u8]) -> IResult<&[u8], (i64, u32, u32)> {
    let (i, year) = number(4).parse(i)?;
    let (i, separator) = one_of("-/.").parse(i)?;
    let (i, month) = number(2).parse(i)?;
    let (i, _) = verify(one_of("-/."), |c: &char| *c == separator).parse(i)?;
    let (i, day) = number(2).parse(i)?;
    Ok((i, (i64::from(year), month, day)))
}

/// Hadoop's and Spark's `26/11/22`.
fn short_year(i: &[u8]) -> IResult<&[u8], (i64, u32, u32)> {
    let (i, (year, _, month, _, day)) = (number(2), tag("/"), number(2), tag("/"), number(2)).parse(i)?;
    Ok((i, (2000 + i64::from(year), month, day)))
}

/// log4j's `%d{DATE}` and Tomcat's: `22 Nov 2026`, `22-Nov-2026`.
fn day_first(i: &[u8]) -> IResult<&[u8], (i64, u32, u32)> {
    let (i, day) = between(1, 2).parse(i)?;
    let (i, _) = one_of(" -").parse(i)?;
    let (i, name) = take_while_m_n(3, 4, |b: u8| b.is_ascii_alphabetic()).parse(i)?;
    let (i, _) = one_of(" -").parse(i)?;
    let (i, year) = number(4).parse(i)?;
    Ok((i, (i64::from(year), month_named(name), day)))
}

fn plain(i: &[u8]) -> IResult<&[u8], Parts> {
    let date = terminated(alt((year_first, short_year, day_first)), one_of(" T"));
    let dated = map(pair(date, clock), |((year, month, day), c)| Parts { year, month, day, has_date: true, ..c });
    alt((dated, clock)).parse(i)
}

fn zoned(i: &[u8]) -> IResult<&[u8], Parts> {
    map(pair(plain, opt(zone)), |(p, z)| Parts { offset: z.flatten(), ..p }).parse(i)
}

fn zulu(i: &[u8]) -> IResult<&[u8], Option<i32>> {
    let (i, _) = tag("Z").parse(i)?;
    if i.first().is_some_and(u8::is_ascii_alphanumeric) {
        return fail(i);
    }
    Ok((i, Some(0)))
}

fn shift(i: &[u8]) -> IResult<&[u8], Option<i32>> {
    let (i, (_, sign, hours, minutes)) =
        (opt(tag(" ")), one_of("+-"), number(2), opt(preceded(opt(tag(":")), number(2)))).parse(i)?;
    if i.first().is_some_and(u8::is_ascii_alphanumeric) || hours > 18 {
        return fail(i);
    }
    let seconds = i32::try_from(hours * 3600 + minutes.unwrap_or(0) * 60).unwrap_or(0);
    Ok((i, Some(if sign == '-' { -seconds } else { seconds })))
}

fn abbreviation(i: &[u8]) -> IResult<&[u8], Option<i32>> {
    let (i, word) = preceded(tag(" "), take_while_m_n(2, 5, |b: u8| b.is_ascii_uppercase())).parse(i)?;
    let ends = match (i.first(), i.get(1)) {
        (None | Some(b' ' | b'[' | b']' | b','), _) => true,
        (Some(b':'), Some(next)) => *next != b' ',
        _ => false,
    };
    if !ends || std::str::from_utf8(word).ok().and_then(Level::from_word).is_some() {
        return fail(i);
    }
    Ok((i, abbreviated(word)))
}

/// Seconds east of UTC of an abbreviation that means one zone only. `CST` (China, America, Cuba), `IST` and `BST` do not.
fn abbreviated(word: &[u8]) -> Option<i32> {
    let hours = match word {
        b"UTC" | b"GMT" | b"WET" => 0,
        b"CET" | b"WEST" => 1,
        b"CEST" | b"EET" | b"SAST" => 2,
        b"EEST" | b"MSK" => 3,
        b"HKT" => 8,
        b"JST" | b"KST" => 9,
        b"AEST" => 10,
        b"AEDT" => 11,
        b"EDT" => -4,
        b"EST" => -5,
        b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

/// Seconds since 1970 with a fraction, as PostgreSQL's `%n` prints them.
fn epoch(i: &[u8]) -> IResult<&[u8], Parts> {
    let (i, (digits, nanos)) = (take_while_m_n(10, 10, |b: u8| b.is_ascii_digit()), fraction).parse(i)?;
    if !i.is_empty() {
        return fail(i);
    }
    let seconds = digits.iter().fold(0_i64, |n, b| n * 10 + i64::from(b.wrapping_sub(b'0')));
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = u32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let offset = Some(0);
    Ok((i, Parts { year, month, day, hour, minute, second, nanos, offset, has_date: true, ..Parts::default() }))
}

/// syslog's `Nov 22 14:25:18`, `Nov  2 14:25:18.355`.
fn yearless(i: &[u8]) -> IResult<&[u8], Parts> {
    let (i, name) = take_while_m_n(3, 3, |b: u8| b.is_ascii_alphabetic()).parse(i)?;
    let (i, (_, day, _, parts)) = (take_while_m_n(1, 2, |b: u8| b == b' '), between(1, 2), tag(" "), clock).parse(i)?;
    Ok((i, Parts { month: month_named(name), day, has_date: true, ..parts }))
}

fn meridian(i: &[u8]) -> IResult<&[u8], Parts> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80;
    let (i, (name, _, _)) = (take_while_m_n(2, 24, word), opt(tag(".")), tag(" ")).parse(i)?;
    let (i, (day, _, year, _)) = (between(1, 2), tag(", "), number(4), alt((tag(", "), tag(" ")))).parse(i)?;
    let (i, (hour, _, minute, _, second)) = (between(1, 2), tag(":"), number(2), tag(":"), number(2)).parse(i)?;
    // a blank, or JDK 20's narrow no-break space
    let (i, _) = alt((tag(" "), tag("\u{202f}".as_bytes()), tag("\u{a0}".as_bytes()))).parse(i)?;
    let (i, half) = take_while1(|b: u8| word(b) || b == b'.').parse(i)?;
    let (i, _) = peek(take_while(|b: u8| b == b' ')).parse(i)?;
    let afternoon = match half {
        b"AM" | b"am" | b"a.m." => Some(false),
        b"PM" | b"pm" | b"p.m." => Some(true),
        _ => match std::str::from_utf8(half) {
            Ok("上午" | "午前" | "오전" | "ДП") => Some(false),
            Ok("下午" | "午後" | "오후" | "ПП") => Some(true),
            _ => None,
        },
    };
    let (year, month) = (i64::from(year), month_named(name));
    Ok((i, Parts { year, month, day, hour, minute, second, afternoon, has_date: true, ..Parts::default() }))
}

/// 1 to 12, or 0 for a name nobody here knows.
fn month_named(name: &[u8]) -> u32 {
    const ENGLISH: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const RUSSIAN: [&str; 12] = ["янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"];
    let Ok(name) = std::str::from_utf8(name) else { return 0 };
    if let Some(Ok(n)) = name.strip_suffix('月').map(str::parse::<u32>) {
        return n;
    }
    let name = name.to_lowercase();
    let place = |names: &[&str]| names.iter().position(|n| name.starts_with(n));
    place(&ENGLISH).or_else(|| place(&RUSSIAN)).and_then(|n| u32::try_from(n + 1).ok()).unwrap_or(0)
}

fn fail<T>(i: &[u8]) -> IResult<&[u8], T> {
    Err(nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Verify)))
}
