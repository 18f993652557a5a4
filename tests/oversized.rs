//! Records of any size pass through bounded memory, and the record behind them is not lost.

#![allow(unsafe_code, reason = "an allocator that counts is the only way to see what a scan holds")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdc_doctor::diagnosis::Options;
use cdc_doctor::input::{CHUNK, for_each_chunk};
use cdc_doctor::pipeline::Pipeline;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// One measurement at a time.
static TURN: Mutex<()> = Mutex::new(());

// SAFETY: every call goes to the system's allocator with its arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// `head`, then `unit` again and again up to `middle` bytes, then `tail`; nothing of it is kept.
struct Made<'a> {
    head: &'a [u8],
    unit: &'a [u8],
    middle: usize,
    tail: &'a [u8],
    at: usize,
}

impl Read for Made<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(rest) = self.head.get(self.at..).filter(|r| !r.is_empty()) {
            let n = rest.len().min(out.len());
            out[..n].copy_from_slice(&rest[..n]);
            self.at += n;
            return Ok(n);
        }
        let at = self.at - self.head.len();
        if at < self.middle {
            let n = (self.middle - at).min(out.len());
            for (i, byte) in out[..n].iter_mut().enumerate() {
                *byte = self.unit[(at + i) % self.unit.len()];
            }
            self.at += n;
            return Ok(n);
        }
        let rest = self.tail.get(at - self.middle..).unwrap_or_default();
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

const ENDING: &str = "\n2026-11-22 14:12:00,000 ERROR a.b.C [] - it failed\n\
    java.lang.RuntimeException: top\n\
    \tat a.b.C.d(C.java:1)\n\
    Caused by: org.postgresql.util.PSQLException: ERROR: logical decoding requires wal_level >= logical\n\
    \tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:1)\n\
    2026-11-22 14:12:01,000 INFO  a.b.C [] - the end\n";

/// Scans a made log; asserts that it stays below `limit` bytes of memory and finds the failure behind the record, on its line.
fn scan(head: &str, unit: &str, middle: usize, lines_before: u64, limit: usize) -> Pipeline {
    let _turn = TURN.lock().unwrap();
    let engine = common::engine().clone();
    // regexes are compiled when they are first needed: not a part of what is measured
    drop(common::report(&[common::Log { name: "x".into(), series: None, bytes: ENDING.as_bytes().to_vec() }]));
    let mut made = Made { head: head.as_bytes(), unit: unit.as_bytes(), middle, tail: ENDING.as_bytes(), at: 0 };
    let mut pipeline = Pipeline::with(engine);
    let source = pipeline.begin("taskmanager.log", None);
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let total = for_each_chunk(&mut made, CHUNK, &mut |bytes| pipeline.push(source, bytes)).unwrap();
    pipeline.end(source);
    let most = PEAK.load(Ordering::Relaxed) - before;
    assert!(most < limit, "{most} bytes of memory for {total} bytes of log");
    let facts = &pipeline.facts().sources[0];
    assert_eq!((facts.bytes, facts.lines), (total, lines_before + 6), "bytes and lines");
    let found = pipeline.diagnose(&Options::default());
    let cause = found.causes.first().expect("a cause");
    assert_eq!(cause.rule, "postgres/wal-level-not-logical");
    let line = facts.events.iter().map(|e| e.at.line).max().unwrap();
    assert_eq!(line, lines_before + 1, "line of the failing record");
    pipeline
}

const START: &str = "2026-11-22 14:11:39,264 INFO  a.b.C [] - one\n2026-11-22 14:11:39,264 INFO  a.b.C [] - ";

#[test]
fn a_record_of_three_mebibytes_in_many_lines() {
    let unit = "\tat some.long.package.name.Class.method(Class.java:100)\n";
    let middle = (3 << 20) / unit.len() * unit.len();
    // the ending begins with a line end, so one more line is empty
    let lines = 1 + 1 + (middle / unit.len()) as u64;
    let head = format!("{START}broken\njava.io.IOException: top\n");
    scan(&head, unit, middle, lines + 2, 24 << 20);
}

#[test]
fn a_line_of_three_hundred_megabytes() {
    scan(START, "abcdefghijklmnop ", 300_000_000, 2, 24 << 20);
}

#[test]
fn many_healthy_lines_take_no_memory() {
    let unit =
        "2026-11-22 14:11:39,264 INFO  org.apache.flink.runtime.checkpoint.Any [] - all is well, as it was before\n";
    let middle = (40 << 20) / unit.len() * unit.len();
    let head = "2026-11-22 14:11:39,264 INFO  a.b.C [] - one\n";
    scan(head, unit, middle, 2 + (middle / unit.len()) as u64, 8 << 20);
}
