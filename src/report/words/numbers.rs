//! Numbers, sizes, durations and times as people read them.
//!
//! Thousands with comma, SI sizes with at most three digits, durations in their two largest units, times as the log prints
//! them. No clock and no time zone: two times are compared only with each other.

/// `1234567` → `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in SI units with at most three digits: `512 B`, `85 kB`, `1.2 GB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut step: u128 = 1000;
    let mut text = String::new();
    for unit in UNITS {
        let tenths = (u128::from(bytes) * 10 + step / 2) / step;
        let whole = (u128::from(bytes) + step / 2) / step;
        if tenths < 100 && !tenths.is_multiple_of(10) {
            text = format!("{}.{} {unit}", tenths / 10, tenths % 10);
        } else {
            text = format!("{whole} {unit}");
        }
        if whole < 1000 {
            break;
        }
        step *= 1000;
    }
    text
}

/// Milliseconds in their two largest units: `2 h 14 min`, `19 s`, `200 ms`. A second unit of zero is left out.
#[must_use]
pub fn duration(millis: u64) -> String {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];
    for (at, (unit, size)) in UNITS.iter().enumerate() {
        if millis < *size && *unit != "ms" {
            continue;
        }
        let mut text = format!("{} {unit}", millis / size);
        if let Some((next, smaller)) = UNITS.get(at + 1) {
            let rest = millis % size / smaller;
            if rest > 0 {
                text.push_str(&format!(" {rest} {next}"));
            }
        }
        return text;
    }
    String::new()
}

/// A time as a log prints it: the date, if there is one, and the clock to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// `2026-11-22`, if the log prints dates.
    pub date: Option<String>,
    /// `14:11:47`.
    pub clock: String,
    /// Seconds since some day, to subtract from each other.
    pub seconds: i64,
}

impl Moment {
    /// Reads `2026-11-22 14:11:47,737`, `2026-11-22T14:11:47.737Z`, `14:11:47` and the like.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let date = read(bytes, "dddd-dd-dd");
        let from = if date.is_some() { 11 } else { 0 };
        let at = (from..bytes.len()).find(|at| bytes.get(*at..).and_then(|rest| read(rest, "dd:dd:dd")).is_some())?;
        let clock = bytes.get(at..).and_then(|rest| read(rest, "dd:dd:dd"))?;
        let [hour, minute, second] = three(&clock)?;
        let day = date.as_deref().and_then(three).map_or(0, |[year, month, day]| days(year, month, day));
        Some(Self { date, clock, seconds: day * 86_400 + hour * 3600 + minute * 60 + second })
    }
}

/// The text at the beginning of `bytes` if it has this shape (`d` is a digit).
fn read(bytes: &[u8], shape: &str) -> Option<String> {
    let part = bytes.get(..shape.len())?;
    let fits = part
        .iter()
        .zip(shape.bytes())
        .all(|(byte, want)| if want == b'd' { byte.is_ascii_digit() } else { *byte == want });
    fits.then(|| String::from_utf8_lossy(part).into_owned())
}

/// Three numbers with one sign between them.
fn three(text: &str) -> Option<[i64; 3]> {
    let mut parts = text.split(['-', ':']).map(str::parse::<i64>);
    Some([parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?])
}

/// Days since 0000-03-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (shifted * 153 + 2) / 5 + day
}

/// Seconds from the first to the last, if both can be read and are in order.
#[must_use]
pub fn span_seconds(first: Option<&str>, last: Option<&str>) -> Option<u64> {
    let (first, last) = (Moment::parse(first?)?, Moment::parse(last?)?);
    u64::try_from(last.seconds - first.seconds).ok()
}

/// Two times with `dash` between them, one if they are the same. The date stands there if `dated`, or if the two days differ.
#[must_use]
pub fn range(first: Option<&str>, last: Option<&str>, dash: &str, dated: bool) -> Option<String> {
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (first, last),
        (Some(one), None) | (None, Some(one)) => (one, one),
        (None, None) => return None,
    };
    let (Some(from), Some(to)) = (Moment::parse(first), Moment::parse(last)) else {
        return Some(if first == last { first.to_owned() } else { format!("{first}{dash}{last}") });
    };
    let several = from.date != to.date;
    let begin = stamp(&from, dated || several);
    Some(if from == to { begin } else { format!("{begin}{dash}{}", stamp(&to, several)) })
}

/// One time, with its date if wanted.
#[must_use]
pub fn time(text: &str, dated: bool) -> String {
    Moment::parse(text).map_or_else(|| text.to_owned(), |moment| stamp(&moment, dated))
}

fn stamp(moment: &Moment, dated: bool) -> String {
    match &moment.date {
        Some(date) if dated => format!("{date} {}", moment.clock),
        _ => moment.clock.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, duration, range, size, span_seconds, time};

    #[test]
    fn thousands_have_a_comma() {
        assert_eq!([0, 7, 999, 1000, 1_234_567].map(count), ["0", "7", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn sizes_have_three_digits_at_most() {
        let texts = [0, 999, 1000, 1234, 9_960, 85_123, 999_499, 999_500, 1_234_567_890, u64::MAX].map(size);
        assert_eq!(texts, ["0 B", "999 B", "1 kB", "1.2 kB", "10 kB", "85 kB", "999 kB", "1 MB", "1.2 GB", "18 EB"]);
    }

    #[test]
    fn durations_have_two_units() {
        let texts = [0, 200, 2000, 2500, 19_000, 81_000, 8_040_000, 3_600_000, 90_061_000].map(duration);
        assert_eq!(
            texts,
            ["0 ms", "200 ms", "2 s", "2 s 500 ms", "19 s", "1 min 21 s", "2 h 14 min", "1 h", "1 d 1 h"]
        );
    }

    #[test]
    fn times_are_as_the_log_has_them() {
        let (first, last) = ("2026-11-22 14:11:47,737", "2026-11-22T14:11:50.001Z");
        assert_eq!(range(Some(first), Some(last), " – ", false).as_deref(), Some("14:11:47 – 14:11:50"));
        assert_eq!(range(Some(first), Some(last), " – ", true).as_deref(), Some("2026-11-22 14:11:47 – 14:11:50"));
        assert_eq!(range(Some(first), None, " – ", false).as_deref(), Some("14:11:47"));
        let next = Some("2026-12-01 00:00:01");
        assert_eq!(
            range(Some(first), next, " – ", false).as_deref(),
            Some("2026-11-22 14:11:47 – 2026-12-01 00:00:01")
        );
        assert_eq!(span_seconds(Some("2026-02-28 23:59:59"), Some("2026-03-01 00:00:01")), Some(2));
        assert_eq!(span_seconds(Some("2028-02-28 23:59:59"), Some("2028-03-01 00:00:01")), Some(86_402));
        assert_eq!(span_seconds(Some("14:00:00"), Some("13:00:00")), None);
        assert_eq!(time("soon", true), "soon");
    }
}
