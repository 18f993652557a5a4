//! Rotated files of one log: which belong together, and in which order they were written.
//!
//! Names say most of it: `.log.2024-05-01`, then `.log.1`, then the bare `.log`. Numbers are told by no name: logrotate,
//! logback, Docker and log4j 1 write the newest into `.1`, but log4j2, and with it Flink's own default configuration, counts
//! upwards (`fileIndex` is `max` unless set). So the first time stamps in the files decide; without any, the highest number
//! is taken for the oldest.

use std::cmp::Reverse;

/// The age of a file among its rotated siblings; less is older.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// A date (as digits: `20240501`), then an hour, an index, or both.
    Dated(String, Vec<u64>),
    /// A number behind the name.
    Numbered(Reverse<u64>),
    /// `.old`, `.bak`: the one before the current file.
    Former,
    /// The file that is being written.
    Current,
}

/// The name of a log without marks of rotation and compression, and the age that the marks tell.
pub(crate) fn place(name: &str) -> (String, Age) {
    let name = unpacked(name);
    if let Some((base, day, rest)) = dated(name) {
        return (base, Age::Dated(day, rest));
    }
    match name.rsplit_once('.') {
        Some((base, end)) if !base.is_empty() => {
            // `10.0.0.1` is an address.
            let address = base.rsplit('.').next().is_some_and(|part| digits(part).is_some());
            let number = if end.len() <= 4 && !address { digits(end) } else { None };
            match (number, end) {
                (Some(number), _) => (base.into(), Age::Numbered(Reverse(number))),
                (None, "old" | "bak" | "prev") => (base.into(), Age::Former),
                _ => (name.into(), Age::Current),
            }
        }
        _ => (name.into(), Age::Current),
    }
}

/// The name without `.gz` or `.zst`.
fn unpacked(name: &str) -> &str {
    [".gz", ".gzip", ".zst", ".zstd"]
        .iter()
        .find_map(|end| {
            let (stem, found) = name.split_at_checked(name.len().checked_sub(end.len())?)?;
            (found.eq_ignore_ascii_case(end) && !stem.is_empty()).then_some(stem)
        })
        .unwrap_or(name)
}

/// `taskmanager-2024-05-01-1.log` is `taskmanager.log`, day `20240501`, rest `[1]`. The last date in the name counts.
fn dated(name: &str) -> Option<(String, String, Vec<u64>)> {
    (0..name.len()).rev().find_map(|at| {
        let (before, from) = name.split_at_checked(at)?;
        if before.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let (day, mut after) = date(from)?;
        let mut rest = Vec::new();
        while let Some(next) = after.strip_prefix(['-', '_', '.', 'T']) {
            let end = next.find(|c: char| !c.is_ascii_digit()).unwrap_or(next.len());
            let (number, behind) = next.split_at_checked(end)?;
            let Some(number) = digits(number) else { break };
            rest.push(number);
            after = behind;
        }
        let base = before.strip_suffix(['.', '-', '_']).unwrap_or(before);
        (after.is_empty() || after.starts_with('.')).then(|| (format!("{base}{after}"), day, rest))
    })
}

/// `2024-05-01` or `20240501` at the beginning of `text`: its eight digits, and what follows.
fn date(text: &str) -> Option<(String, &str)> {
    for (length, parts) in [(10, [0..4, 5..7, 8..10]), (8, [0..4, 4..6, 6..8])] {
        let Some((day, after)) = text.split_at_checked(length) else { continue };
        let [year, month, date] = parts.map(|range| day.get(range).unwrap_or_default());
        let marked = length == 8 || (day.get(4..5) == Some("-") && day.get(7..8) == Some("-"));
        let within = |part, range: std::ops::RangeInclusive<u64>| digits(part).is_some_and(|n| range.contains(&n));
        if marked
            && within(year, 1990..=2199)
            && within(month, 1..=12)
            && within(date, 1..=31)
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric() && c != 'T')
        {
            return Some((format!("{year}{month}{date}"), after));
        }
    }
    None
}

/// A number of ASCII digits and nothing else.
fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// True if higher numbers hold later time stamps. `files` are the numbered siblings: number, and first time stamp.
pub(crate) fn counts_up(mut files: Vec<(u64, Vec<u8>)>) -> bool {
    files.sort();
    let (mut up, mut down) = (0, 0);
    for pair in files.windows(2) {
        if let [(_, lower), (_, higher)] = pair {
            up += usize::from(lower < higher);
            down += usize::from(lower > higher);
        }
    }
    up > down
}

/// The first thing in `text` that looks like `2024-05-01 14:30:50,123` (or with a `T`, or without the fraction), as bytes that
/// sort in the order of time.
pub(super) fn stamp(text: &[u8]) -> Option<Vec<u8>> {
    const SHAPE: &[u8] = b"0000-00-00 00:00:00";
    let fits = |window: &[u8]| {
        window.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T'),
            other => byte == other,
        })
    };
    let at = text.windows(SHAPE.len()).position(fits)?;
    let found = text.get(at..)?;
    let fraction = found
        .get(SHAPE.len()..)
        .unwrap_or_default()
        .iter()
        .take(7)
        .take_while(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'));
    let whole = found.iter().take(SHAPE.len()).chain(fraction);
    Some(
        whole
            .map(|b| match b {
                b'T' => b' ',
                b',' => b'.',
                b => *b,
            })
            .collect(),
    )
}
