//! What a single line looks like.

use super::OpenRecord;
use crate::record::Timestamp;
use crate::record::layout::{Probe, STAMP, is_healthy_flink};

/// Time of a header line.
pub(super) fn time_of(line: &[u8]) -> Option<Timestamp> {
    if is_healthy_flink(line) {
        let stamp = line.get(..STAMP).and_then(|s| std::str::from_utf8(s).ok());
        return Timestamp::parse(stamp?.trim_end());
    }
    // broken bytes, or a letter cut in two, do not make the time unknown
    let line = String::from_utf8_lossy(line.get(..line.len().min(256)).unwrap_or_default());
    let header = crate::record::header(line.trim_end())?;
    Timestamp::parse(line.get(header.time?)?)
}

/// A line that belongs to the record before it.
pub(super) fn goes_on(open: &OpenRecord, kind: Probe, line: &[u8]) -> bool {
    kind == Probe::NotHeader && (open.header || !open.after_frame || !begins_trace(line)) && !of_sql_client(line)
}

/// A new statement in Flink's SQL client, or the answer to one.
fn of_sql_client(line: &[u8]) -> bool {
    match line.first() {
        Some(b'F') => line.starts_with(b"Flink SQL> "),
        Some(b'[') => line.starts_with(b"[ERROR] Could not execute ") || line.starts_with(b"[INFO] Execute statement "),
        _ => false,
    }
}

pub(super) fn is_frame(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    text.starts_with(b"at ") || (text.starts_with(b"... ") && text.trim_ascii_end().ends_with(b" more"))
}

/// A line without a header that begins another trace: text at column 0 that is neither a frame nor a cause.
fn begins_trace(line: &[u8]) -> bool {
    let first_is_name = line.first().is_some_and(u8::is_ascii_alphabetic);
    let goes_on =
        ["Caused by", "Suppressed", "Wrapped by", "at ", "..."].iter().any(|w| line.starts_with(w.as_bytes()));
    let word = line.split(|b| b.is_ascii_whitespace() || *b == b':').next().unwrap_or_default();
    first_is_name
        && !goes_on
        && (word.iter().filter(|b| **b == b'.').count() >= 2 || line.starts_with(b"Exception in thread"))
}
