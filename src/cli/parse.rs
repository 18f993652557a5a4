//! `parse`: what was understood of logs, without looking for causes.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::args::{ListFormat, ParseArgs};
use super::exit::Exit;
use super::investigate::begin_as;
use super::terminal::Quiet;
use crate::builtin;
use crate::engine::condition::Subject;
use crate::engine::{Engine, Tap, secrets};
use crate::error::Error;
use crate::input::{self, Chunks, Limits, Opened, STDIN_NAME};
use crate::pipeline::Pipeline;
use crate::record::{Layout, Level};
use crate::report::words::numbers::{count, size};
use crate::rule::template::printable;

/// Name of the form of the objects.
const SCHEMA: &str = "cdc-doctor/parse/v1";
/// Longest message shown, characters.
const SHOWN: usize = 300;

/// One record.
#[derive(Serialize)]
struct Record<'r> {
    r#type: &'static str,
    path: &'r str,
    /// Line and byte (of the decoded text) at which it begins.
    line: u64,
    offset: u64,
    lines: u64,
    layout: Layout,
    time: Option<&'r str>,
    level: Option<Level>,
    logger: Option<&'r str>,
    thread: Option<&'r str>,
    /// First line of its own text, secrets removed.
    message: String,
    /// Classes of its throwables as printed, outermost first.
    throwables: Vec<&'r str>,
    /// Lines of several writers stand in it.
    mixed: bool,
}

/// What one log came to.
#[derive(Debug, Clone, Default, Serialize)]
struct Summary {
    r#type: &'static str,
    schema: &'static str,
    path: String,
    kind: &'static str,
    /// What stands around the lines, or how events are written, with the number of lines.
    formats: BTreeMap<&'static str, u64>,
    /// Records of each layout of headers.
    layouts: BTreeMap<&'static str, u64>,
    /// Writers that the wraps name.
    writers: Vec<String>,
    bytes: u64,
    lines: u64,
    records: u64,
    /// Records of each level.
    levels: BTreeMap<&'static str, u64>,
    /// Records with a trace, and throwables in all of them.
    traces: u64,
    throwables: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    /// Records in which lines of several writers stand.
    mixed: u64,
    not_understood: Unclear,
}

/// Text that is neither a record with a header nor a trace.
#[derive(Debug, Clone, Default, Serialize)]
struct Unclear {
    lines: u64,
    /// Of all lines, 0 to 1.
    share: f64,
    /// Where the first such line stands, and what it says.
    first: Option<(u64, String)>,
}

/// What the tap keeps.
#[derive(Default)]
struct Seen {
    name: String,
    listed: bool,
    out: Vec<u8>,
    summary: Summary,
    /// Lines of all records: there may be more of them than of the file.
    lines: u64,
    redactions: BTreeMap<String, u64>,
}

/// Runs the verb.
///
/// # Errors
/// Nothing to read, or an output that cannot be written.
pub fn run(args: &ParseArgs) -> Result<Exit, Error> {
    let paths =
        if args.paths.is_empty() && !io::stdin().is_terminal() { vec![PathBuf::from("-")] } else { args.paths.clone() };
    if paths.is_empty() {
        return Err(Error::Usage {
            what: "no log is given".into(),
            hint: Some("cdc-doctor parse taskmanager.log, or ... | cdc-doctor parse".into()),
        });
    }
    let listed = args.format == ListFormat::Ndjson;
    let seen = Arc::new(Mutex::new(Seen { listed, ..Seen::default() }));
    let tap = {
        let seen = Arc::clone(&seen);
        Tap(Box::new(move |subject| seen.lock().unwrap_or_else(PoisonError::into_inner).record(subject)))
    };
    let rules = builtin::rules().map_err(Error::Internal)?;
    let engine = Engine::listing(rules, tap);
    let out = Quiet::new(io::BufWriter::new(io::stdout()));
    let mut lister = Lister {
        pipeline: Pipeline::with(Arc::new(engine)),
        seen,
        out,
        format: args.input_format.as_deref(),
        failed: None,
    };
    let discovered = input::discover(&paths, Limits::default());
    let mut troubles = discovered.problems.clone();
    let mut chunks = Chunks::default();
    for source in &discovered.sources {
        let stdin: Option<Box<dyn io::Read + Send>> =
            if source.name == STDIN_NAME { Some(Box::new(io::stdin())) } else { None };
        match input::opened(source, stdin) {
            Ok(Opened::Text(stream)) => {
                let number = lister.start(&source.name);
                troubles.extend(chunks.read_stream(source, stream, &mut |bytes| lister.take(number, bytes)).1);
                lister.finish(number);
            }
            #[cfg(feature = "archives")]
            Ok(Opened::Archive(kind, stream)) => {
                troubles.extend(input::archive::read(source, kind, stream, &mut chunks, &mut lister).problems);
            }
            Err(problem) => troubles.push(problem),
        }
        if let Some(error) = lister.failed.take() {
            return Err(error.into());
        }
    }
    lister.out.flush()?;
    let mut err = Quiet::new(io::stderr());
    for trouble in &troubles {
        writeln!(err, "{}: {}", printable(&trouble.path), printable(&trouble.what))?;
        if let Some(help) = &trouble.help {
            writeln!(err, "hint: {}", printable(help))?;
        }
    }
    Ok(if troubles.iter().any(|t| t.fatal) { Exit::Trouble } else { Exit::Fine })
}

/// Reads one log after the other and prints what each came to.
struct Lister<'a, W: Write> {
    pipeline: Pipeline,
    seen: Arc<Mutex<Seen>>,
    out: W,
    format: Option<&'a str>,
    /// The output cannot be written.
    failed: Option<io::Error>,
}

impl<W: Write> Lister<'_, W> {
    fn start(&mut self, name: &str) -> usize {
        let number = begin_as(&mut self.pipeline, name, None, self.format);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        name.clone_into(&mut seen.name);
        seen.summary = Summary { r#type: "log", schema: SCHEMA, path: name.to_owned(), ..Summary::default() };
        seen.lines = 0;
        number
    }

    fn take(&mut self, number: usize, bytes: &[u8]) {
        self.pipeline.push(number, bytes);
        self.drain();
    }

    /// Writes the records so far.
    fn drain(&mut self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if self.failed.is_none() {
            self.failed = self.out.write_all(&seen.out).err();
        }
        seen.out.clear();
    }

    fn finish(&mut self, number: usize) {
        self.pipeline.end(number);
        self.drain();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = seen.lines;
        let mut summary = std::mem::take(&mut seen.summary);
        let facts: Vec<_> = self.pipeline.streams(number).collect();
        summary.bytes = facts.iter().map(|f| f.bytes).sum();
        summary.lines = facts.iter().map(|f| f.lines).sum();
        summary.kind = facts.iter().max_by_key(|f| f.records).map_or("unknown", |f| f.process().name());
        summary.writers = facts.iter().filter_map(|f| f.writer.clone()).collect();
        summary.formats = self.pipeline.formats(number).into_iter().map(|(f, lines)| (f.name(), lines)).collect();
        summary.first_time = facts.iter().filter_map(|f| f.first_time).min().map(|t| t.iso());
        summary.last_time = facts.iter().filter_map(|f| f.last_time).max().map(|t| t.iso());
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        if lines > 0 {
            summary.not_understood.share = summary.not_understood.lines as f64 / lines as f64;
        }
        let written = if seen.listed { json(&summary, &mut self.out) } else { text(&summary, &mut self.out) };
        self.failed = self.failed.take().or(written.err());
    }
}

#[cfg(feature = "archives")]
impl<W: Write> input::archive::Taker for Lister<'_, W> {
    fn begin(&mut self, name: &str, _: Option<i64>) -> usize {
        self.start(name)
    }
    fn push(&mut self, number: usize, bytes: &[u8]) {
        self.take(number, bytes);
    }
    fn end(&mut self, number: usize) {
        self.finish(number);
    }
}

impl Seen {
    fn record(&mut self, subject: &Subject<'_, '_>) {
        let record = subject.record;
        let part = |range: &Option<std::ops::Range<usize>>| record.text.get(range.clone()?);
        let lines = memchr::memchr_iter(b'\n', record.text.trim_end_matches('\n').as_bytes()).count() as u64 + 1;
        let own: String = record.own_text().trim().lines().next().unwrap_or("").chars().take(SHOWN).collect();
        let sum = &mut self.summary;
        self.lines += lines;
        sum.records += 1;
        *sum.layouts.entry(record.layout.name()).or_insert(0) += 1;
        if let Some(level) = record.level {
            *sum.levels.entry(level.word()).or_insert(0) += 1;
        }
        sum.traces += u64::from(record.trace.is_some());
        sum.throwables += subject.chain.links.len() as u64;
        sum.mixed += u64::from(record.mixed);
        let clear = record.layout != Layout::None || record.trace.is_some() || record.text.trim().is_empty();
        if clear && !self.listed {
            return;
        }
        let message = secrets::cut(&own, &mut self.redactions);
        if !clear {
            sum.not_understood.lines += lines;
            if sum.not_understood.first.is_none() {
                sum.not_understood.first = Some((record.begins().line, message.clone()));
            }
        }
        if self.listed {
            let begins = record.begins();
            let object = Record {
                r#type: "record",
                path: &self.name,
                line: begins.line,
                offset: begins.byte,
                lines,
                layout: record.layout,
                time: part(&record.time),
                level: record.level,
                logger: part(&record.logger).map(str::trim),
                thread: part(&record.thread).map(str::trim),
                message,
                throwables: subject.chain.links.iter().map(|l| l.raw_class).collect(),
                mixed: record.mixed,
            };
            // writing to memory cannot fail
            let _ = json(&object, &mut self.out);
        }
    }
}

fn json(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    out.write_all(b"\n")
}

fn text(sum: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let row = |out: &mut dyn Write, name: &str, value: &str| writeln!(out, "  {name:<16}{value}");
    let list = |counts: &BTreeMap<&str, u64>| {
        counts.iter().map(|(name, n)| format!("{name} {}", count(*n))).collect::<Vec<_>>().join(", ")
    };
    writeln!(out, "{}", printable(&sum.path))?;
    row(out, "kind", sum.kind)?;
    if !sum.formats.is_empty() {
        row(out, "formats", &list(&sum.formats))?;
    }
    row(out, "records", &format!("{} ({})", count(sum.records), list(&sum.layouts)))?;
    row(out, "lines", &format!("{}, {}", count(sum.lines), size(sum.bytes)))?;
    if !sum.levels.is_empty() {
        row(out, "levels", &list(&sum.levels))?;
    }
    if sum.traces > 0 {
        row(out, "traces", &format!("{} ({} exceptions)", count(sum.traces), count(sum.throwables)))?;
    }
    if let (Some(first), Some(last)) = (&sum.first_time, &sum.last_time) {
        row(out, "times", &format!("{first} to {last}"))?;
    }
    if !sum.writers.is_empty() {
        let names: Vec<String> = sum.writers.iter().map(|w| printable(w)).collect();
        row(out, "writers", &names.join(", "))?;
    }
    if sum.mixed > 0 {
        row(out, "mixed", &format!("{} records hold lines of several writers", count(sum.mixed)))?;
    }
    let unclear = &sum.not_understood;
    let share = format!("{:.1} % ({} lines)", unclear.share * 100.0, count(unclear.lines));
    match &unclear.first {
        Some((line, words)) => {
            let words: String = words.chars().take(80).collect();
            row(out, "not understood", &format!("{share}, first line {line}: {}", printable(&words)))?;
        }
        None => row(out, "not understood", "nothing")?,
    }
    writeln!(out)
}
