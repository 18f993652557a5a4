//! What stands around log lines is taken off: containers, Kubernetes, system loggers, JSON, csvlog, REST answers.
//!
//! Bytes of one source become one or more streams of text, one for each writer that the wraps name (pod, container, `stderr`, a
//! process of the journal). Plain text passes through as it is, uncopied but for the end of each piece; of it, only a line in every
//! [`plain::BLOCK`] bytes is looked at. Once a wrap is seen, each line is looked at by itself, until none has one. What comes out
//! does not depend on how the bytes arrive, and memory is bounded. [`Place`]s say where each line stands in the file.

mod document;
mod event;
mod json;
mod lines;
mod live;
mod peel;
mod plain;
mod table;
mod thrown;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::{Location, Place};
pub use live::Bookmark;
use peel::Seen;

/// Bytes that are looked at before a source counts as plain.
const HEAD: usize = 8 << 10;
/// Longest line that is unwrapped, bytes; a longer one passes as it is.
const LONGEST: usize = 4 << 20;
/// Largest document, bytes; a larger one is read as lines.
const LARGEST: usize = 64 << 20;
/// Most writers told apart in one source; further ones share a stream.
pub const STREAMS: usize = 64;

/// A wrap, or a way of writing log events that is not plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Docker's json-file, also as fluentd and fluent-bit pass it on.
    Docker,
    /// The files of containerd and CRI-O, with partial lines.
    Cri,
    /// `kubectl logs --prefix`, and stern.
    Pod,
    /// A time stamp before each line: `kubectl logs --timestamps`, `docker logs -t`.
    Stamped,
    /// `docker compose logs`.
    Compose,
    /// syslog, and `journalctl` as it prints by itself.
    Syslog,
    /// `journalctl -o json`.
    Journal,
    /// JSON of the Elastic Common Schema.
    Ecs,
    /// JSON for Logstash.
    Logstash,
    /// Any other JSON events, one a line.
    JsonLines,
    /// PostgreSQL's jsonlog.
    PostgresJson,
    /// PostgreSQL's csvlog.
    PostgresCsv,
    /// The exceptions of a job, as Flink's REST API gives them.
    FlinkRest,
    /// The status that Flink's Kubernetes operator keeps.
    Operator,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Docker,
        Self::Cri,
        Self::Pod,
        Self::Stamped,
        Self::Compose,
        Self::Syslog,
        Self::Journal,
        Self::Ecs,
        Self::Logstash,
        Self::JsonLines,
        Self::PostgresJson,
        Self::PostgresCsv,
        Self::FlinkRest,
        Self::Operator,
    ];

    /// It stands around lines, and is not itself a way to write events.
    fn is_wrap(self) -> bool {
        matches!(
            self,
            Self::Docker | Self::Cri | Self::Pod | Self::Stamped | Self::Compose | Self::Syslog | Self::Journal
        )
    }

    /// The name people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Cri => "cri",
            Self::Pod => "kubectl-prefix",
            Self::Stamped => "timestamps",
            Self::Compose => "compose",
            Self::Syslog => "syslog",
            Self::Journal => "journald-json",
            Self::Ecs => "ecs",
            Self::Logstash => "logstash",
            Self::JsonLines => "json",
            Self::PostgresJson => "jsonlog",
            Self::PostgresCsv => "csvlog",
            Self::FlinkRest => "flink-rest",
            Self::Operator => "flink-operator",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who takes the streams.
pub trait Sink {
    /// Takes the next bytes of a stream: its number (new ones count up from 0), who writes it (`""` if nothing says so), the
    /// bytes, and the places of lines that begin in them. Without any place yet, a stream is the file.
    fn give(&mut self, stream: usize, key: &str, bytes: &[u8], places: &[Place]);

    /// The line, counted from 1, to which the next byte of a stream belongs.
    fn line(&self, stream: usize) -> u64;
}

/// How the source is read now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Mode {
    /// Not known yet.
    #[default]
    Start,
    /// As it is.
    Plain,
    /// Line by line.
    Lines,
    /// To be read as a whole.
    Document,
}

/// One writer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stream {
    key: String,
    /// Bytes and lines of the text so far.
    inner: Inner,
    /// Pieces of a line that goes on, and where the first one stands.
    part: Option<(Location, String)>,
    /// What the sink has not got yet.
    #[serde(skip)]
    out: Vec<u8>,
    #[serde(skip)]
    places: Vec<Place>,
    /// The sink knows of it.
    told: bool,
    /// What it takes up in the file beyond the text, in bytes and lines.
    extra: (i64, i64),
    /// Lines that begin before this byte of the file were given, when it was last read.
    skip: u64,
}

/// How much text a stream has given.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Inner {
    bytes: u64,
    lines: u64,
}

/// What one source needs between two pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Unwrapper {
    mode: Mode,
    /// Bytes that were not read yet, or not to the end.
    held: Vec<u8>,
    /// Where the first of them stands in the file; in plain text, only its byte is known.
    at: Location,
    streams: Vec<Stream>,
    seen: Seen,
    /// Lines of each format.
    formats: BTreeMap<Format, u64>,
    /// Lines without any wrap since the last with one.
    bare: u32,
    /// An entry of csvlog that goes on: its stream, place, lines and text.
    entry: Option<(usize, Location, u32, String)>,
    /// Only this format.
    only: Option<Format>,
    /// Plain text, and nothing else.
    deaf: bool,
    /// The source is still being written.
    live: bool,
    /// The byte from which on a source that is still being written is plain.
    since: u64,
}

impl Unwrapper {
    /// A new source, whose format is found out.
    #[must_use]
    pub fn new() -> Self {
        Self { at: Location { line: 1, byte: 0 }, ..Self::default() }
    }

    /// A new source of which the format is known; `None` is plain text.
    #[must_use]
    pub fn forced(format: Option<Format>) -> Self {
        let mode = match format {
            None => Mode::Plain,
            Some(Format::FlinkRest | Format::Operator) => Mode::Document,
            Some(_) => Mode::Lines,
        };
        let seen = Seen { stamped: format == Some(Format::Stamped), barred: format == Some(Format::Compose) };
        Self { mode, seen, only: format, deaf: format.is_none(), ..Self::new() }
    }

    /// The formats seen, with the number of their lines.
    #[must_use]
    pub fn formats(&self) -> &BTreeMap<Format, u64> {
        &self.formats
    }

    /// What a stream takes up in the file beyond the bytes and lines that it gave.
    #[must_use]
    pub fn extra(&self, stream: usize) -> (i64, i64) {
        self.streams.get(stream).map_or((0, 0), |s| s.extra)
    }

    /// Takes the next bytes of the source.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.mode {
                Mode::Start if self.live => {
                    self.begin_live(rest, sink);
                    &[]
                }
                Mode::Start => {
                    let (head, rest) = rest.split_at(rest.len().min(HEAD - self.held.len().min(HEAD)));
                    self.held.extend_from_slice(head);
                    if self.held.len() >= HEAD {
                        self.decide(sink);
                    }
                    rest
                }
                Mode::Plain | Mode::Lines => self.take(rest, sink),
                Mode::Document => {
                    self.held.extend_from_slice(rest);
                    if self.held.len() > LARGEST {
                        self.mode = Mode::Lines;
                        self.again(sink);
                    }
                    &[]
                }
            };
        }
        self.flush(sink);
    }

    /// Says that the source has ended.
    pub fn end(&mut self, sink: &mut dyn Sink) {
        if self.mode == Mode::Start {
            self.decide(sink);
        }
        if self.mode == Mode::Plain && !self.live {
            self.end_plain(sink);
        }
        if self.mode == Mode::Document {
            self.document(sink);
        }
        if self.mode == Mode::Lines {
            self.end_lines();
        }
        self.flush(sink);
    }

    /// Looks at the beginning.
    fn decide(&mut self, sink: &mut dyn Sink) {
        let head = String::from_utf8_lossy(&self.held).into_owned();
        self.mode = if document::begins(&head) {
            Mode::Document
        } else if head.trim_start().starts_with('{') || head.lines().any(|line| self.is_wrapped(line)) {
            // a cut trace at the beginning has no header that would show the wrap
            head.lines().for_each(|line| drop(peel::peel(line, &mut self.seen)));
            Mode::Lines
        } else {
            Mode::Plain
        };
        self.again(sink);
    }

    /// Reads what was held once more, in the mode found.
    fn again(&mut self, sink: &mut dyn Sink) {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while !rest.is_empty() && self.mode != Mode::Document {
            rest = self.take(rest, sink);
        }
        if self.mode == Mode::Document {
            self.held = held;
        }
    }

    /// Takes plain text or lines; returns what is to be read otherwise.
    fn take<'b>(&mut self, bytes: &'b [u8], sink: &mut dyn Sink) -> &'b [u8] {
        match self.mode {
            Mode::Plain if self.live => self.plain_live(bytes, sink),
            Mode::Plain => self.plain(bytes, sink),
            _ => self.lines(bytes, sink),
        }
    }

    /// Reads a whole document.
    fn document(&mut self, sink: &mut dyn Sink) {
        let text = String::from_utf8_lossy(&self.held).into_owned();
        let Some((format, records)) = document::read(&text) else {
            self.mode = Mode::Lines;
            return self.again(sink);
        };
        let stream = self.stream("");
        for record in records {
            let line = memchr::memchr_iter(b'\n', text.as_bytes().get(..record.at).unwrap_or_default()).count() as u64;
            let place = Location { line: self.at.line + line, byte: self.at.byte + record.at as u64 };
            *self.formats.entry(format).or_insert(0) += 1;
            self.emit(stream, record.text.as_bytes(), place, 0);
        }
        let lines = memchr::memchr_iter(b'\n', &self.held).count() + usize::from(!self.held.ends_with(b"\n"));
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.extra.0 += i64::try_from(self.held.len()).unwrap_or(0);
            stream.extra.1 += i64::try_from(lines).unwrap_or(0);
        }
        self.held.clear();
    }

    /// The number of a writer's stream.
    fn stream(&mut self, key: &str) -> usize {
        if let Some(known) = self.streams.iter().position(|s| s.key == key) {
            return known;
        }
        let key = if self.streams.len() >= STREAMS { "" } else { key };
        if let Some(known) = self.streams.iter().position(|s| s.key == key) {
            return known;
        }
        self.streams.push(Stream { key: key.to_owned(), ..Stream::default() });
        self.streams.len() - 1
    }

    /// Adds lines (without the last line end) to a stream. They came out of one line of the file, of `raw` bytes.
    fn emit(&mut self, stream: usize, text: &[u8], outer: Location, raw: usize) {
        let Some(stream) = self.streams.get_mut(stream).filter(|s| outer.byte >= s.skip) else { return };
        let inner = Location { line: stream.inner.lines + 1, byte: stream.inner.bytes };
        stream.places.push(Place { inner, outer, one: true });
        stream.out.extend_from_slice(text);
        stream.out.push(b'\n');
        let lines = memchr::memchr_iter(b'\n', text).count() as u64 + 1;
        stream.inner.lines += lines;
        stream.inner.bytes += text.len() as u64 + 1;
        let signed = |n: usize| i64::try_from(n).unwrap_or(0);
        stream.extra.0 += signed(raw) - signed(text.len() + 1);
        stream.extra.1 += i64::from(raw > 0) - i64::try_from(lines).unwrap_or(0);
    }

    /// Gives the sink what there is.
    fn flush(&mut self, sink: &mut dyn Sink) {
        for (number, stream) in self.streams.iter_mut().enumerate() {
            // in the order of their numbers
            if !stream.out.is_empty() || !stream.told {
                stream.told = true;
                sink.give(number, &stream.key, &stream.out, &stream.places);
                stream.out.clear();
                stream.places.clear();
            }
        }
    }
}
