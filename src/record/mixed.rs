//! Records in which the lines of several writers stand.
//!
//! `kubectl logs -l app=flink` and its like print what several processes write, line by line, and nothing in the lines says whose
//! they are. A trace that another's header interrupts goes on under that header: its record then holds what no program prints.

use std::ops::Range;

use super::Level;
use crate::trace::parse::frame;

/// Does a record with a header hold lines that are not its own? `from` is the end of its header.
pub(super) fn is_mixed(text: &str, level: Option<Level>, from: usize, trace: &Range<usize>) -> bool {
    let (Some(own), Some(thrown)) = (text.get(from..trace.start), text.get(trace.clone())) else { return false };
    // a message of one line, and behind it the inside of a trace without its head
    let said = own.trim();
    let single = !said.is_empty() && !said.contains('\n') && own.contains('\n');
    let first = thrown.lines().next().unwrap_or("");
    // what searches a log for "Caused by" and errors finds no healthy lines
    let cause = first.starts_with("Caused by: ") && level.is_some_and(|l| l <= Level::Info);
    if single && (frame(first).is_some() || is_omitted(first) || cause) {
        return true;
    }
    // the frames of one throwable go on behind the line that says they end
    let mut ended = None;
    thrown.lines().any(|line| {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let goes_on = ended.is_some_and(|end| indent <= end) && frame(body).is_some();
        ended = is_omitted(body).then_some(indent);
        goes_on
    })
}

/// `... 12 more`.
fn is_omitted(line: &str) -> bool {
    let rest = line.strip_prefix("... ").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.is_some_and(|rest| matches!(rest.trim_end(), " more" | " common frames omitted"))
}
