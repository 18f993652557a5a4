//! `--on-finding CMD`: a command gets every event on its standard input.
//!
//! Few run at a time, each for a limited time; one that fails is tried again later. Nothing here waits for a command.

use std::collections::VecDeque;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::clock;
use super::event::Event;

/// Commands at a time.
const AT_ONCE: usize = 4;
/// Time for one.
const TIME: Duration = Duration::from_secs(30);
/// Times that an event is offered.
const ATTEMPTS: u32 = 8;
/// Most events that wait. Older ones are dropped, and that is told.
const WAITING: usize = 2000;

/// An event that the command did not take yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// The event.
    pub event: Event,
    /// How often it was offered.
    pub attempts: u32,
}

struct Running {
    child: Child,
    pending: Pending,
    since: Instant,
}

/// The command and what it has to do.
pub struct Hook {
    command: String,
    waiting: VecDeque<(Instant, Pending)>,
    running: Vec<Running>,
    /// Events taken, attempts that failed, events given up.
    pub counts: (u64, u64, u64),
    /// For standard error.
    pub notices: Vec<String>,
}

impl Hook {
    /// The command, and what waits for it since the last run.
    #[must_use]
    pub fn new(command: &str, pending: Vec<Pending>) -> Self {
        let now = clock::now();
        Self {
            command: command.to_owned(),
            waiting: pending.into_iter().map(|p| (now, p)).collect(),
            running: Vec::new(),
            counts: (0, 0, 0),
            notices: Vec::new(),
        }
    }

    /// Events to be offered.
    pub fn add(&mut self, events: &[Event]) {
        let now = clock::now();
        self.waiting.extend(events.iter().map(|e| (now, Pending { event: e.clone(), attempts: 0 })));
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
            self.counts.2 += 1;
            self.notices.push(format!("--on-finding: more than {WAITING} events wait; the oldest was given up"));
        }
    }

    /// What was not taken yet.
    #[must_use]
    pub fn pending(&self) -> Vec<Pending> {
        let running = self.running.iter().map(|r| r.pending.clone());
        running.chain(self.waiting.iter().map(|(_, p)| p.clone())).collect()
    }

    /// Events that wait or are with the command.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks after those that run, and starts those that are due. True if something was taken or given up.
    pub fn turn(&mut self) -> bool {
        let now = clock::now();
        let mut settled = false;
        for mut running in std::mem::take(&mut self.running) {
            let failure = match running.child.try_wait() {
                Ok(Some(status)) if status.success() => {
                    self.counts.0 += 1;
                    settled = true;
                    continue;
                }
                Ok(Some(status)) => status.to_string(),
                Ok(None) if now.duration_since(running.since) < TIME => {
                    self.running.push(running);
                    continue;
                }
                Ok(None) => {
                    end(&mut running.child);
                    format!("did not end within {} s", TIME.as_secs())
                }
                Err(e) => e.to_string(),
            };
            settled |= self.failed(running.pending, &failure, now);
        }
        while self.running.len() < AT_ONCE {
            let Some(at) = self.waiting.iter().position(|(due, _)| *due <= now) else { break };
            let Some((_, pending)) = self.waiting.remove(at) else { break };
            match self.start(&pending.event) {
                Ok(child) => self.running.push(Running { child, pending, since: now }),
                Err(e) => {
                    settled |= self.failed(pending, &e.to_string(), now);
                }
            }
        }
        settled
    }

    /// When it has to be looked at again.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let soon = (!self.running.is_empty()).then(|| clock::now() + Duration::from_millis(100));
        let next = self.waiting.iter().map(|(due, _)| *due).min().filter(|_| self.running.len() < AT_ONCE);
        soon.into_iter().chain(next).min()
    }

    fn failed(&mut self, mut pending: Pending, why: &str, now: Instant) -> bool {
        pending.attempts += 1;
        self.counts.1 += 1;
        let event = format!("{} of {}", pending.event.event.name(), pending.event.incident);
        if pending.attempts >= ATTEMPTS {
            self.counts.2 += 1;
            self.notices.push(format!("--on-finding: {event}: {why}; given up after {ATTEMPTS} attempts"));
            return true;
        }
        let wait = Duration::from_secs(1 << pending.attempts.min(8));
        self.notices.push(format!("--on-finding: {event}: {why}; tried again in {} s", wait.as_secs()));
        self.waiting.push_back((now + wait, pending));
        false
    }

    fn start(&self, event: &Event) -> std::io::Result<Child> {
        use std::os::unix::process::CommandExt;
        let mut command = if self.command.contains(|c: char| "|&;<>()$`\\\"'*?[]#~=%!{}\n".contains(c)) {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(&self.command);
            shell
        } else {
            // an image without a shell runs a program all the same
            let mut words = self.command.split_whitespace();
            let mut program = Command::new(words.next().unwrap_or_default());
            program.args(words);
            program
        };
        command.env("CDC_DOCTOR_EVENT", event.event.name()).env("CDC_DOCTOR_INCIDENT", &event.incident);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit()).process_group(0);
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            let text = event.json();
            // a command that does not read must not hold anything up
            std::thread::Builder::new().name("hook".into()).spawn(move || {
                let _ = stdin.write_all(text.as_bytes());
            })?;
        }
        Ok(child)
    }

    /// Gives those that run a moment, and ends them then. What they did not take waits for the next start.
    pub fn stop(&mut self, moment: Duration) {
        let until = clock::now() + moment;
        while !self.running.is_empty() && clock::now() < until {
            std::thread::sleep(Duration::from_millis(20));
            self.running.retain_mut(|r| !matches!(r.child.try_wait(), Ok(Some(status)) if status.success()));
        }
        for running in &mut self.running {
            end(&mut running.child);
        }
    }
}

/// Ends a command and all that it started.
fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
