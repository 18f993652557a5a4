//! What the tests of `watch` share: a watcher as a process, a directory for it, and its events.

#![allow(dead_code, reason = "every test uses a part of it")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A program that watches, and the files around it.
pub struct Watcher {
    pub dir: tempfile::TempDir,
    pub arguments: Vec<String>,
    pub child: Option<Child>,
    /// How often it was started.
    pub starts: usize,
}

impl Watcher {
    /// Not started yet. Logs go to `log/`, the state to `state/`, events to `events.ndjson`.
    pub fn new(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("log")).unwrap();
        Self { dir, arguments: arguments.iter().map(|a| (*a).to_owned()).collect(), child: None, starts: 0 }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.path("log").join(name)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
        command.arg("watch").arg(self.path("log")).arg("--state").arg(self.path("state"));
        command.arg("--format").arg("ndjson").arg("--output");
        command.arg(format!("ndjson={}", self.path("events.ndjson").display()));
        command.args(&self.arguments);
        command
    }

    pub fn start(&mut self) {
        assert!(self.child.is_none());
        let open = |name: &str| fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        let out = fs::File::create(self.path(&format!("stdout.{}", self.starts))).unwrap();
        let child = self.command().stdin(Stdio::null()).stdout(out).stderr(open("stderr")).spawn().unwrap();
        self.child = Some(child);
        self.starts += 1;
    }

    /// Started, and all files were looked at once.
    pub fn start_and_wait(&mut self) {
        let before = self.errors().matches(" watching ").count();
        self.start();
        self.until("it begins", |w| w.errors().matches(" watching ").count() > before);
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Ended by a signal: exit status and time that it took.
    pub fn stop(&mut self, name: &str) -> (Option<i32>, Duration) {
        self.signal(name);
        let begun = Instant::now();
        let status = self.child.take().unwrap().wait().unwrap();
        (status.code(), begun.elapsed())
    }

    pub fn errors(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    /// Events of the output file.
    pub fn events(&self) -> Vec<Value> {
        lines(&fs::read_to_string(self.path("events.ndjson")).unwrap_or_default())
    }

    /// How many they are, without reading them.
    pub fn count(&self) -> u64 {
        let bytes = fs::read(self.path("events.ndjson")).unwrap_or_default();
        memchr::memchr_iter(b'\n', &bytes).count() as u64
    }

    /// Events on standard output, of all starts.
    pub fn told(&self) -> Vec<Value> {
        (0..self.starts).flat_map(|n| lines(&fs::read_to_string(self.path(&format!("stdout.{n}"))).unwrap())).collect()
    }

    /// `opened postgres/...` and so on, of the output file.
    pub fn short(&self) -> Vec<String> {
        self.events().iter().map(short).collect()
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        self.within(Duration::from_mins(1), what, holds);
    }

    pub fn within(&self, time: Duration, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let late = begun.elapsed() > time;
            assert!(!late, "not within {time:?}: {what}\n{:#?}\n{}", self.short(), self.errors());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The stored state.
    pub fn state(&self) -> Value {
        let text = fs::read_to_string(self.path("state/state.json")).unwrap();
        serde_json::from_str(text.split_once('\n').unwrap().1).unwrap()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- stderr of the watcher\n{}", self.errors());
        }
    }
}

/// Whole lines only: the last one may be under way.
pub fn lines(text: &str) -> Vec<Value> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

pub fn short(event: &Value) -> String {
    format!("{} {}", event["event"].as_str().unwrap(), event["cause"].as_str().unwrap())
}

pub fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A time of day, one second after the other.
pub fn clock(n: u64) -> String {
    format!("2026-11-22 {:02}:{:02}:{:02},{:03}", 10 + n / 3_600_000 % 12, n / 60_000 % 60, n / 1000 % 60, n % 1000)
}

/// A healthy line that says nothing of the source.
pub fn idle(n: u64) -> String {
    format!("{} INFO  org.apache.flink.runtime.taskexecutor.TaskExecutor [] - Nothing happens here, {n}.\n", clock(n))
}

/// The source moves.
pub fn healthy(n: u64) -> String {
    format!(
        "{} INFO  io.debezium.connector.postgresql.PostgresStreamingChangeEventSource [] - Processing messages\n",
        clock(n)
    )
}

/// A failure that no other has: the slot tells it apart.
pub fn failure(n: u64, slot: &str) -> String {
    format!(
        "{} ERROR io.debezium.pipeline.ErrorHandler [] - Producer failure\n\
         io.debezium.DebeziumException: Failed to start replication stream\n\
         \tat io.debezium.connector.postgresql.connection.PostgresReplicationConnection.startStreaming(PostgresReplicationConnection.java:314)\n\
         \tat java.base/java.lang.Thread.run(Thread.java:840)\n\
         Caused by: org.postgresql.util.PSQLException: ERROR: replication slot \"{slot}\" is active for PID 4711\n\
         \tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)\n\
         \t... 5 more\n",
        clock(n)
    )
}

/// Another one.
pub fn denied(n: u64, table: &str) -> String {
    format!(
        "{} ERROR io.debezium.pipeline.ErrorHandler [] - Producer failure\n\
         org.postgresql.util.PSQLException: ERROR: permission denied for table {table}\n\
         \tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)\n",
        clock(n)
    )
}

/// What stands around the lines of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrap {
    Plain,
    /// Containerd's files, with long lines in pieces.
    Cri,
    /// Docker's json-file.
    Docker,
    /// JSON events of the Elastic Common Schema.
    Ecs,
}

impl Wrap {
    /// Whole records, of a writer that may have another output.
    pub fn around(self, text: &str, stream: &str) -> String {
        let time = "2026-11-22T10:00:00.123456789Z";
        let line = |line: &str| match self {
            Self::Plain => format!("{line}\n"),
            Self::Cri => match line.split_at_checked(90) {
                Some((head, tail)) => format!("{time} {stream} P {head}\n{time} {stream} F {tail}\n"),
                None => format!("{time} {stream} F {line}\n"),
            },
            Self::Docker => {
                serde_json::json!({"log": format!("{line}\n"), "stream": stream, "time": time}).to_string() + "\n"
            }
            Self::Ecs => unreachable!(),
        };
        if self == Self::Ecs { ecs(text) } else { text.lines().map(line).collect() }
    }
}

/// Each record as one JSON object.
fn ecs(text: &str) -> String {
    let mut records: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("2026") { records.push(vec![line]) } else { records.last_mut().unwrap().push(line) }
    }
    let object = |record: Vec<&str>| {
        let (head, message) = record[0].split_once(" [] - ").unwrap();
        let words: Vec<&str> = head.split_whitespace().collect();
        let mut event = serde_json::json!({"@timestamp": format!("{}T{}", words[0], words[1].replace(',', ".")),
            "ecs.version": "1.2.0", "log.level": words[2], "message": message, "log.logger": words[3]});
        if record.len() > 1 {
            event["error.stack_trace"] = record[1..].join("\n").into();
        }
        event.to_string() + "\n"
    };
    records.into_iter().map(object).collect()
}
