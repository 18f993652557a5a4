//! What the watch counts, in the words of Prometheus.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::clock;
use super::event::{Event, Kind, Of};

/// The loop is taken for stuck after so many seconds without a turn.
const STUCK: i64 = 30;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Diagnosed {
    cause: String,
    confidence: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cause {
    cause: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labelled {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: String,
    rules: String,
}

/// What the loop knows at the end of a turn.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Bytes read since the start.
    pub bytes: u64,
    /// Lines and records in the streams that are known.
    pub lines: u64,
    /// See `lines`.
    pub records: u64,
    /// Bytes that are there and were not read.
    pub lag: u64,
    /// Files that are followed.
    pub files: usize,
    /// Files and paths that cannot be read.
    pub unreadable: usize,
    /// Errors met while reading, by kind.
    pub errors: BTreeMap<&'static str, u64>,
    /// Times that the state could not be stored.
    pub save_errors: u64,
    /// When the state was stored last: seconds since 1970.
    pub saved_at: i64,
    /// Events that are not in the output file yet.
    pub unwritten: usize,
    /// Open incidents by cause.
    pub open: BTreeMap<String, i64>,
    /// Hooks: taken, failed, given up, waiting.
    pub hooks: (u64, u64, u64, usize),
    /// Rules that are used.
    pub rules: usize,
}

/// All metrics. Clones are the same metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    alive: Arc<AtomicI64>,
    ready: Arc<AtomicBool>,
    saved: Arc<AtomicBool>,
    bytes: Counter,
    lines: Counter,
    records: Counter,
    parse_errors: Counter,
    read_errors: Family<Labelled, Counter>,
    lag: Gauge,
    files: Gauge,
    unreadable: Gauge,
    open: Family<Cause, Gauge>,
    diagnoses: Family<Diagnosed, Counter>,
    unmatched: Counter,
    events: Family<Labelled, Counter>,
    save_errors: Counter,
    saved_at: Gauge,
    success: Gauge,
    diagnosed_at: Gauge,
    unwritten: Gauge,
    hook_runs: Family<Labelled, Counter>,
    hook_waiting: Gauge,
    rules: Gauge,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new(version: &str, rules: &str) -> Self {
        let mut registry = Registry::with_prefix("cdc_doctor");
        let build = Build { version: version.to_owned(), rules: rules.to_owned() };
        registry.register("build", "Version of the program and of the rules it was started with", Info::new(build));
        let metrics = Self {
            registry: Arc::default(),
            alive: Arc::new(AtomicI64::new(clock::seconds())),
            ready: Arc::default(),
            saved: Arc::new(AtomicBool::new(true)),
            bytes: Counter::default(),
            lines: Counter::default(),
            records: Counter::default(),
            parse_errors: Counter::default(),
            read_errors: Family::default(),
            lag: Gauge::default(),
            files: Gauge::default(),
            unreadable: Gauge::default(),
            open: Family::default(),
            diagnoses: Family::default(),
            unmatched: Counter::default(),
            events: Family::default(),
            save_errors: Counter::default(),
            saved_at: Gauge::default(),
            success: Gauge::default(),
            diagnosed_at: Gauge::default(),
            unwritten: Gauge::default(),
            hook_runs: Family::default(),
            hook_waiting: Gauge::default(),
            rules: Gauge::default(),
        };
        let m = metrics.clone();
        let seconds = || Unit::Other("timestamp_seconds".into());
        registry.register("log_bytes", "Bytes of logs read since the start, unpacked", m.bytes);
        registry.register("log_lines", "Lines of logs read since the start", m.lines);
        registry.register("log_records", "Log records read since the start", m.records);
        registry.register("parse_errors", "Files whose contents could not be unpacked or read as text", m.parse_errors);
        registry.register("watch_read_errors", "Errors met while reading files, by kind", m.read_errors);
        registry.register("watch_lag_bytes", "Bytes that are in the files and were not read yet", m.lag);
        registry.register("watch_files", "Files that are followed", m.files);
        registry.register("watch_unreadable_files", "Files and paths that cannot be read now", m.unreadable);
        registry.register("incidents_open", "Incidents that are open, by cause", m.open);
        registry.register("diagnoses", "Incidents opened, by cause and confidence", m.diagnoses);
        registry.register("unmatched_exceptions", "Incidents opened of exceptions that no rule knows", m.unmatched);
        registry.register("watch_events", "Events told, by kind", m.events);
        registry.register("state_write_errors", "Times that the state could not be stored", m.save_errors);
        registry.register_with_unit("state_written", "When the state was stored last", seconds(), m.saved_at);
        registry.register_with_unit("last_success", "When files were last read and judged", seconds(), m.success);
        registry.register_with_unit("last_diagnosis", "When an incident was last opened", seconds(), m.diagnosed_at);
        registry.register("output_unwritten_events", "Events that could not be written to --output yet", m.unwritten);
        registry.register("hook_runs", "Runs of --on-finding, by how they ended", m.hook_runs);
        registry.register("hook_waiting_events", "Events that --on-finding did not take yet", m.hook_waiting);
        registry.register("rules_loaded", "Rules that are used", m.rules);
        *metrics.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        metrics
    }

    /// The metrics as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        match text::encode(&mut text, &registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }

    /// The loop goes round.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        clock::seconds() - self.alive.load(Ordering::Relaxed) < STUCK
    }

    /// All files were looked at once, and the state can be stored.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && self.saved.load(Ordering::Relaxed) && self.is_alive()
    }

    /// The first look is done.
    pub fn begun(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// The loop goes round, and nothing more is known.
    pub fn turned(&self) {
        self.alive.store(clock::seconds(), Ordering::Relaxed);
    }

    /// Events were told.
    pub fn told(&self, events: &[Event]) {
        for event in events {
            self.events.get_or_create(&Labelled { kind: event.event.name() }).inc();
            if event.event != Kind::Opened {
                continue;
            }
            self.diagnosed_at.set(clock::seconds());
            if event.kind == Of::Unrecognised {
                self.unmatched.inc();
                continue;
            }
            let confidence = match event.confidence {
                Some(crate::report::Confidence::Certain) => "certain",
                Some(crate::report::Confidence::Likely) => "likely",
                Some(crate::report::Confidence::Possible) => "possible",
                None => "symptom",
            };
            self.diagnoses.get_or_create(&Diagnosed { cause: event.cause.clone(), confidence }).inc();
        }
    }

    /// What the loop knows now.
    pub fn set(&self, reading: &Reading) {
        let up = |counter: &Counter, total: u64| {
            counter.inc_by(total.saturating_sub(counter.get()));
        };
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        up(&self.bytes, reading.bytes);
        up(&self.lines, reading.lines);
        up(&self.records, reading.records);
        up(&self.parse_errors, reading.errors.get("damaged").copied().unwrap_or(0));
        for (kind, total) in &reading.errors {
            up(&self.read_errors.get_or_create(&Labelled { kind }), *total);
        }
        self.lag.set(i64::try_from(reading.lag).unwrap_or(i64::MAX));
        self.files.set(number(reading.files));
        self.unreadable.set(number(reading.unreadable));
        self.open.clear();
        for (cause, n) in &reading.open {
            self.open.get_or_create(&Cause { cause: cause.clone() }).set(*n);
        }
        up(&self.save_errors, reading.save_errors);
        self.saved_at.set(reading.saved_at);
        self.saved.store(reading.saved_at > 0, Ordering::Relaxed);
        self.success.set(clock::seconds());
        self.unwritten.set(number(reading.unwritten));
        let (taken, failed, given_up, waiting) = reading.hooks;
        for (kind, total) in [("taken", taken), ("failed", failed), ("given_up", given_up)] {
            if total > 0 {
                up(&self.hook_runs.get_or_create(&Labelled { kind }), total);
            }
        }
        self.hook_waiting.set(number(waiting));
        self.rules.set(number(reading.rules));
        self.turned();
    }
}
