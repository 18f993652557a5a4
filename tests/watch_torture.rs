//! Writers that do to their logs what log frameworks and administrators do, and a watcher that is killed at any moment.
//!
//! Some logs are those of containers. Every failure written has a slot of its own, so each is an incident of its own. In the end the output file must hold each of
//! them once, no more and no fewer than a scan of all bytes that were ever written finds. `TORTURE_KILLS` (20), `TORTURE_SEED`.

#![cfg(all(unix, feature = "watch", feature = "compress"))]

mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use watch::{Watcher, Wrap, append, denied, failure, idle};

/// A small generator: the same seed gives the same run, but for the watcher's own timing.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One log, with its rotated files.
struct Log {
    /// Directory, relative to the watched one, and name.
    dir: String,
    name: String,
    wrap: Wrap,
    generations: Vec<PathBuf>,
    /// Rest of a record whose beginning is written.
    half: String,
    number: u64,
}

struct Torture {
    watcher: Watcher,
    dice: Dice,
    logs: Vec<Log>,
    /// All bytes ever written, by log.
    written: BTreeMap<String, String>,
    time: u64,
    failures: u64,
    /// Actions by name.
    did: BTreeMap<&'static str, u64>,
}

impl Torture {
    fn new(seed: u64, poll: bool) -> Self {
        let mut arguments = vec!["--from", "start"];
        if poll {
            arguments.push("--poll");
        }
        let watcher = Watcher::new(&arguments);
        let names = [
            ("", "taskmanager.log", Wrap::Plain),
            ("", "jobmanager.log", Wrap::Plain),
            ("a", "flink.log", Wrap::Plain),
            ("b/c", "pipeline.log", Wrap::Plain),
            ("pods/job_1/flink", "0.log", Wrap::Cri),
            ("docker", "4f5a-json.log", Wrap::Docker),
            ("", "events.json", Wrap::Ecs),
        ];
        let logs = names
            .iter()
            .map(|(dir, name, wrap)| Log {
                dir: (*dir).to_owned(),
                name: (*name).to_owned(),
                wrap: *wrap,
                generations: Vec::new(),
                half: String::new(),
                number: 0,
            })
            .collect();
        Self {
            watcher,
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            logs,
            written: BTreeMap::new(),
            time: 0,
            failures: 0,
            did: BTreeMap::new(),
        }
    }

    fn path(&self, log: usize) -> PathBuf {
        let log = &self.logs[log];
        self.watcher.path("log").join(&log.dir).join(&log.name)
    }

    fn write(&mut self, log: usize, text: &str) {
        let path = self.path(log);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        append(&path, text);
        self.written.entry(self.logs[log].name.clone()).or_default().push_str(text);
    }

    /// Lines, with a failure now and then; sometimes only the first part of a record. The rest comes before the file is rotated away:
    /// log frameworks rotate between records.
    fn append(&mut self, log: usize) {
        let mut text = std::mem::take(&mut self.logs[log].half);
        let wrap = self.logs[log].wrap;
        for _ in 0..=self.dice.roll(6) {
            self.time += 1 + self.dice.roll(40);
            let record = match self.dice.roll(4) {
                0 => {
                    self.failures += 1;
                    failure(self.time, &format!("slot_{:06}", self.failures))
                }
                1 => {
                    self.failures += 1;
                    denied(self.time, &format!("t_{:06}", self.failures))
                }
                _ => idle(self.time),
            };
            // two outputs of one container, in one file
            let stream = if self.dice.roll(4) == 0 { "stderr" } else { "stdout" };
            text.push_str(&wrap.around(&record, stream));
        }
        if self.dice.roll(3) == 0 {
            // anywhere: in a line, in a trace, between two records
            let at = usize::try_from(self.dice.roll(text.len() as u64)).unwrap();
            self.logs[log].half = text.split_off(at);
        }
        self.write(log, &text);
        self.count("append");
    }

    fn finish(&mut self, log: usize) {
        let half = std::mem::take(&mut self.logs[log].half);
        if !half.is_empty() {
            self.write(log, &half);
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.did.entry(what).or_insert(0) += 1;
    }

    /// Renames `x.log.1` to `x.log.2` and so on, and makes room for a new `x.log.1`. The oldest goes when it was read.
    fn shift(&mut self, log: usize) -> PathBuf {
        if self.logs[log].generations.len() >= 5 {
            self.caught_up();
            let oldest = self.logs[log].generations.pop().unwrap();
            fs::remove_file(oldest).unwrap();
        }
        let base = self.path(log);
        let mut generations = std::mem::take(&mut self.logs[log].generations);
        for (n, path) in generations.iter_mut().enumerate().rev() {
            let packed = path.extension().filter(|e| *e == "gz").map_or("", |_| ".gz");
            let next = base.with_file_name(format!("{}.{}{packed}", self.logs[log].name, n + 2));
            fs::rename(&path, &next).unwrap();
            *path = next;
        }
        let first = base.with_file_name(format!("{}.1", self.logs[log].name));
        generations.insert(0, first.clone());
        self.logs[log].generations = generations;
        first
    }

    /// Everything that was written is in the output: only then may bytes be destroyed.
    fn caught_up(&mut self) {
        let logs: Vec<usize> = (0..self.logs.len()).collect();
        for log in logs {
            self.finish(log);
        }
        if self.watcher.child.is_none() {
            self.watcher.start();
        }
        let want = self.failures;
        let begun = Instant::now();
        while self.watcher.count() < want {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "not told:\n{}\n{}",
                self.untold(),
                self.watcher.errors()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        // and stored: a kill goes back to that
        let state = |w: &Watcher| fs::read_to_string(w.path("state/state.json")).unwrap_or_default();
        let seq = format!("\n{{\"seq\":{want},");
        self.watcher
            .until("and stored", |w| Some(state(w)).is_some_and(|s| s.contains(&seq) && s.contains("\"outbox\":[],")));
    }

    /// Failures that were written and not told, and the files they stand in now.
    fn untold(&self) -> String {
        let told: Vec<String> = self.watcher.events().iter().map(ToString::to_string).collect();
        let (dir, mut out) = (self.watcher.path("log"), String::new());
        for number in 1..=self.failures {
            let names = [format!("slot_{number:06}"), format!("t_{number:06}")];
            if !told.iter().any(|event| names.iter().any(|name| event.contains(name.as_str()))) {
                let found = Command::new("grep").args(["-rbE", &names.join("|")]).arg(&dir).output().unwrap();
                out.push_str(&format!("{number}: {}\n", String::from_utf8_lossy(&found.stdout)));
            }
        }
        if std::env::var_os("TORTURE_KEEP").is_some() {
            Command::new("cp").arg("-a").arg(self.watcher.path(".")).arg("/tmp/torture").status().unwrap();
        }
        out
    }

    fn act(&mut self, log: usize) {
        let path = self.path(log);
        if !path.exists() {
            return self.append(log);
        }
        match self.dice.roll(40) {
            0..3 => {
                self.count("rename");
                self.finish(log);
                let to = self.shift(log);
                fs::rename(&path, to).unwrap();
            }
            3..5 => {
                self.count("copytruncate");
                self.finish(log);
                let to = self.shift(log);
                fs::copy(&path, to).unwrap();
                fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
            }
            5..7 => {
                let plain = self.logs[log].generations.iter().position(|p| p.extension().is_some_and(|e| e != "gz"));
                if let Some(at) = plain {
                    self.count("compress");
                    let from = self.logs[log].generations[at].clone();
                    assert!(Command::new("gzip").arg(&from).status().unwrap().success());
                    self.logs[log].generations[at] = PathBuf::from(format!("{}.gz", from.display()));
                }
            }
            7 => {
                self.count("truncate");
                self.caught_up();
                fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
            }
            8 => {
                self.count("delete and create");
                self.caught_up();
                fs::remove_file(&path).unwrap();
                self.append(log);
            }
            9 if !self.logs[log].dir.is_empty() => {
                self.count("rename directory");
                self.finish(log);
                self.logs[log].number += 1;
                let old = path.parent().unwrap().to_owned();
                let new = self.watcher.path("log").join(format!("moved-{log}-{}", self.logs[log].number));
                fs::rename(&old, &new).unwrap();
                self.logs[log].generations.clear();
            }
            _ => self.append(log),
        }
    }

    fn run(mut self, kills: u64) {
        let begun = Instant::now();
        for log in 0..self.logs.len() {
            self.append(log);
        }
        for _ in 0..kills {
            if self.watcher.child.is_none() {
                self.watcher.start();
            }
            let until = Instant::now() + Duration::from_millis(50 + self.dice.roll(1200));
            while Instant::now() < until {
                let log = usize::try_from(self.dice.roll(self.logs.len() as u64)).unwrap();
                self.act(log);
                let pause = self.dice.roll(30);
                std::thread::sleep(Duration::from_millis(pause));
            }
            if self.watcher.child.is_some() {
                self.watcher.kill();
                self.count("kill");
            }
            // things happen while nobody looks
            for _ in 0..self.dice.roll(6) {
                let log = usize::try_from(self.dice.roll(self.logs.len() as u64)).unwrap();
                if self.dice.roll(3) > 0 {
                    self.append(log);
                } else {
                    self.act(log);
                }
            }
        }
        self.caught_up();
        let (status, took) = self.watcher.stop("TERM");
        assert_eq!(status, Some(0));
        assert!(took < Duration::from_secs(3), "{took:?}");
        self.check();
        println!("{} failures, {:?}, {:.0?}", self.failures, self.did, begun.elapsed());
    }

    fn check(&self) {
        let events = self.watcher.events();
        let seqs: Vec<u64> = events.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
        let gapless: Vec<u64> = (1..=events.len() as u64).collect();
        assert_eq!(seqs, gapless, "events are numbered without gaps and stand once");
        let name = |cause: &Value, params: &Value| {
            let value = |n: &str| params[n]["value"].as_str().map(str::to_owned);
            format!("{} {}", cause.as_str().unwrap(), value("slot").or(value("table")).unwrap_or_default())
        };
        let mut told: BTreeMap<String, u64> = BTreeMap::new();
        for event in &events {
            assert_eq!(event["event"], "opened", "{event:#}");
            assert_eq!(event["count"], 1, "{event:#}");
            *told.entry(name(&event["cause"], &event["diagnosis"]["params"])).or_insert(0) += 1;
        }
        let twice: Vec<_> = told.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "told twice: {twice:?}");
        // the same bytes, as finished files
        let all = self.watcher.path("all");
        fs::create_dir(&all).unwrap();
        let mut scanned: Vec<String> = Vec::new();
        for (log, text) in &self.written {
            let file = all.join(log);
            fs::write(&file, text).unwrap();
            let scan =
                Command::new(env!("CARGO_BIN_EXE_cdc-doctor")).args(["--format", "json"]).arg(&file).output().unwrap();
            let report: Value = serde_json::from_slice(&scan.stdout).unwrap();
            let found = report["diagnoses"].as_array().unwrap();
            scanned.extend(found.iter().map(|d| name(&d["cause"], &d["params"])));
        }
        scanned.sort();
        let told: Vec<String> = told.into_keys().collect();
        assert_eq!(told, scanned, "what was told is what a scan of all bytes finds");
        assert_eq!(told.len() as u64, self.failures);
        // on standard output an event may come again, the same one
        let by_seq: BTreeMap<u64, &Value> = events.iter().map(|e| (e["seq"].as_u64().unwrap(), e)).collect();
        let printed = self.watcher.told();
        for event in &printed {
            assert_eq!(by_seq[&event["seq"].as_u64().unwrap()]["incident"], event["incident"]);
        }
        let mut seen: Vec<u64> = printed.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, gapless, "standard output lacks none");
        // no failure was counted twice
        let state = self.watcher.state();
        for (id, entry) in state["ledger"]["entries"].as_object().unwrap() {
            assert_eq!(entry["count"], 1, "{id}: {entry:#}");
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

#[test]
fn no_finding_is_lost_or_told_twice_with_events() {
    Torture::new(number("TORTURE_SEED", 1), false).run(number("TORTURE_KILLS", 20));
}

#[test]
fn no_finding_is_lost_or_told_twice_with_polling() {
    Torture::new(number("TORTURE_SEED", 1) + 1000, true).run(number("TORTURE_KILLS", 20));
}
