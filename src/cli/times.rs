//! `--since`, `--until` and `--timezone`.
//!
//! Times are spelled as people spell them. Everything is decided from the text, the zone and the time that it is now, all of which
//! are given, so that the same words always mean the same.

use clap::Args;

use crate::error::Error;
use crate::record::times::Bound;
use crate::record::{Times, Timestamp, Zone};

/// Options about time.
#[derive(Debug, Clone, Default, Args)]
pub struct TimeArgs {
    /// Count only failures from this time on: '2026-11-22 14:05', '14:05' (today), 'yesterday 14:00', or 2h, 30m (ago)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Count only failures up to this time; spelled as for --since
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Zone of logs that print none: Asia/Shanghai, +08:00, UTC [default: found from events that two logs show]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
}

/// What the options mean now (seconds since 1970, UTC).
///
/// # Errors
/// A zone or a time that cannot be read, or an end before the beginning.
pub fn read(args: &TimeArgs, now: i64) -> Result<Times, Error> {
    let zone = match &args.timezone {
        None => None,
        Some(name) => Some(Zone::parse(name).ok_or_else(|| Error::Usage {
            what: format!("--timezone: there is no time zone '{name}'"),
            hint: Some("for example --timezone Asia/Shanghai, --timezone +08:00 or --timezone UTC".into()),
        })?),
    };
    let bound = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => parse(text, now, zone.as_ref()).map(Some).ok_or_else(|| Error::Usage {
            what: format!("{option}: '{text}' is no time"),
            hint: Some(format!("for example {option} '2026-11-22 14:05', {option} 'yesterday 14:00' or {option} 2h")),
        }),
    };
    let (since, until) = (bound("--since", &args.since)?, bound("--until", &args.until)?);
    if let (Some(a), Some(b)) = (since, until)
        && (a.local, a.nanos) > (b.local, b.nanos)
    {
        return Err(Error::Usage {
            what: format!("--until {} is before --since {}", b.shown(), a.shown()),
            hint: None,
        });
    }
    Ok(Times { zone, since, until, newest: Some(now) })
}

/// One time. `zone` is that of logs that print none; without it, a time of day is one of this machine's, and a date as typed is
/// compared with dates as printed.
#[must_use]
pub fn parse(text: &str, now: i64, zone: Option<&Zone>) -> Option<Bound> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let here = zone.cloned().unwrap_or_else(Zone::of_system);
    let at = |instant: i64| {
        let local = instant.saturating_add(i64::from(here.offset_at(instant)));
        Bound { local, instant: Some(instant), nanos: 0 }
    };
    if lower.is_empty() {
        return None;
    }
    if lower == "now" {
        return Some(at(now));
    }
    if let Some(seconds) = lower.strip_prefix('@') {
        return seconds.parse().ok().map(at);
    }
    if let Some(ago) = duration(&lower) {
        return Some(at(now.checked_sub(ago)?));
    }
    let civil = |local: i64, nanos: u32| {
        let instant = zone.map(|z| local.saturating_sub(i64::from(z.offset_of_civil(local))));
        Bound { local, instant, nanos }
    };
    let today = at(now).local.div_euclid(86_400) * 86_400;
    let (midnight, rest) = match lower.strip_prefix("yesterday") {
        Some(rest) => (today - 86_400, rest),
        None => (today, lower.strip_prefix("today").unwrap_or(&lower)),
    };
    let rest = rest.trim().trim_start_matches("at ");
    if rest.is_empty() {
        return Some(civil(midnight, 0));
    }
    let typed = read_date(&with_seconds(rest), at(now).local)
        .or_else(|| read_date(&with_seconds(text), at(now).local))
        .or_else(|| read_date(&format!("{text} 00:00:00"), at(now).local))?;
    if !typed.has_date {
        return Some(civil(midnight + typed.seconds, typed.nanos));
    }
    if rest.len() < lower.len() {
        // a date behind `yesterday`
        return None;
    }
    let Some(offset) = typed.offset else { return Some(civil(typed.seconds, typed.nanos)) };
    let instant = typed.seconds - i64::from(offset);
    let local = zone.map_or(typed.seconds, |z| instant + i64::from(z.offset_at(instant)));
    Some(Bound { local, instant: Some(instant), nanos: typed.nanos })
}

/// A time stamp that is the whole text.
fn read_date(text: &str, newest: i64) -> Option<Timestamp> {
    let time = Timestamp::parse_before(text, Some(newest))?;
    // the grammar reads the beginning of a line; here, nothing may follow but a zone
    let tail = text.rfind(':').and_then(|at| text.get(at + 3..)).unwrap_or("");
    let tail = tail.trim_start_matches(|c: char| c == '.' || c == ',' || c.is_ascii_digit()).trim();
    (tail.is_empty() || time.offset.is_some() || matches!(tail, "AM" | "PM" | "am" | "pm")).then_some(time)
}

/// `14:05` becomes `14:05:00`, wherever it stands; the hour may have one digit.
fn with_seconds(text: &str) -> String {
    let Some(colon) = text.find(':') else { return text.to_owned() };
    let (before, after) = text.split_at(colon);
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let minutes = after.get(1..).map_or(0, digits);
    let behind = after.get(1 + minutes..).unwrap_or("");
    let hour = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, hour_text) = before.split_at(before.len() - hour);
    let pad = if hour == 1 { "0" } else { "" };
    let seconds = if minutes == 2 && !behind.starts_with(':') { ":00" } else { "" };
    format!("{head}{pad}{hour_text}{}{seconds}{behind}", after.get(..1 + minutes).unwrap_or(after))
}

/// `2h`, `1h30m`, `90 min`, `2 days ago`, `-30m` in seconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim_start_matches('-').trim_end_matches("ago").trim();
    let mut total = 0_i64;
    let mut any = false;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match rest.get(..end)? {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(end..)?.trim_start();
        any = true;
    }
    any.then_some(total)
}
