//! Records that grow too large to be held.

use super::ScanState;
use crate::record::{KEEP_HEAD, KEEP_TAIL, MAX_RECORD};

/// Drops the middle of a record that grows too large.
pub(super) fn cap(state: &mut ScanState) {
    if state.buf.len() <= 2 * MAX_RECORD {
        return;
    }
    let head_end = memchr::memrchr(b'\n', state.buf.get(..KEEP_HEAD).unwrap_or_default()).map_or(KEEP_HEAD, |i| i + 1);
    let tail_from = state.buf.len() - KEEP_TAIL;
    let tail = memchr::memchr(b'\n', state.buf.get(tail_from..state.scanned.max(tail_from)).unwrap_or_default())
        .map_or(tail_from, |i| tail_from + i + 1);
    let (at, bytes, lines) = state.gap.unwrap_or((head_end, 0, 0));
    let cut = head_end.max(at)..tail;
    let cut_lines = memchr::memchr_iter(b'\n', state.buf.get(cut.clone()).unwrap_or_default()).count() as u64;
    state.gap = Some((at, bytes + cut.len() as u64, lines + cut_lines));
    state.base += cut.len() as u64;
    state.scanned = state.scanned.saturating_sub(cut.len()).max(cut.start);
    state.buf.drain(cut);
}
