//! Storing and telling: what is told follows from what is stored.

use std::time::{Duration, Instant};

use super::{AGAIN, Watch};
use crate::watch::clock;
use crate::watch::event::Event;
use crate::watch::hook::Hook;
use crate::watch::metrics::Reading;
use crate::watch::output::Output;
use crate::watch::state::State;
use crate::watch::stream::Stream;

impl Watch<'_> {
    /// Stores everything in one step, then tells the events. If it cannot be stored they are told all the same: after a crash they
    /// come again.
    pub(super) fn commit(&mut self, events: &[Event]) {
        self.outbox.extend(events.iter().cloned());
        if let Some(hook) = &mut self.hook {
            hook.add(events);
        }
        self.committed = clock::now();
        let state = self.state();
        match self.store.save(&state) {
            Ok(()) => {
                self.saved_at = clock::seconds();
                if std::mem::take(&mut self.unsaved) {
                    self.console.say("the state is stored again", false);
                }
                self.tails.moved = false;
            }
            Err(e) => {
                self.saved_at = 0;
                self.save_errors += 1;
                if !std::mem::replace(&mut self.unsaved, true) {
                    let path = self.store.path();
                    let what = "events are told all the same, and may come again after a crash";
                    self.console.say(&format!("the state cannot be stored in {}: {e}; {what}", path.display()), true);
                }
            }
        }
        self.metrics.told(events);
        self.print(events);
        match &mut self.output {
            Some(output) => {
                if output.write(events) {
                    if !self.outbox.is_empty() {
                        // the next state need not hold them
                        self.tails.moved = true;
                    }
                    self.outbox.clear();
                    if std::mem::take(&mut self.unwritten) {
                        self.console.say("the output is written again", false);
                    }
                } else if !std::mem::replace(&mut self.unwritten, true) {
                    self.console.say("the output cannot be written; events wait, and it is tried again", true);
                }
            }
            None => {
                self.tails.moved |= !self.outbox.is_empty();
                self.outbox.clear();
            }
        }
    }

    fn state(&mut self) -> State {
        self.ledger.name_logs(&self.tails.logs());
        let output = self.config.output.clone().zip(self.output.as_ref().map(Output::mark));
        State {
            seq: self.seq,
            saved_at: clock::seconds(),
            roots: self.known.clone(),
            ledger: self.ledger.clone(),
            streams: self.tails.streams.values_mut().map(Stream::save).collect(),
            carried: self.tails.carried.clone(),
            empty: self.tails.empty.clone(),
            outputs: output.into_iter().collect(),
            outbox: self.outbox.clone(),
            hooks: self.hook.as_ref().map(Hook::pending).unwrap_or_default(),
        }
    }

    pub(super) fn print(&mut self, events: &[Event]) {
        for event in events {
            if self.console.event(event).is_err() {
                // with nobody to tell and nothing else to do there is no reason to go on
                self.closed |= self.output.is_none() && self.hook.is_none();
            }
        }
    }

    /// Metrics are brought up to date once a second, and only if somebody can ask for them.
    pub(super) fn meter(&mut self, now: Instant) {
        if self.config.listen.is_none() || self.metered.is_some_and(|at| now.duration_since(at) < AGAIN) {
            return;
        }
        self.metered = Some(now);
        let (files, unreadable) = self.tails.counts();
        let (mut lines, mut records) = self.tails.past;
        for stream in self.tails.streams.values() {
            let (l, r) = stream.read();
            (lines, records) = (lines + l, records + r);
        }
        let mut reading = Reading {
            bytes: self.tails.bytes,
            lines,
            records,
            lag: self.tails.lag(),
            files,
            unreadable: unreadable + self.tails.missing,
            errors: self.tails.errors.clone(),
            save_errors: self.save_errors,
            saved_at: self.saved_at,
            unwritten: self.outbox.len(),
            rules: self.pipeline.engine().rules.rules().len(),
            ..Reading::default()
        };
        for entry in self.ledger.open() {
            *reading.open.entry(entry.cause.clone()).or_insert(0) += 1;
        }
        if let Some(hook) = &self.hook {
            reading.hooks = (hook.counts.0, hook.counts.1, hook.counts.2, hook.len());
        }
        self.metrics.set(&reading);
    }

    /// Reads what is there, judges, stores, and ends.
    pub(super) fn stop(&mut self, name: &str) {
        let until = clock::now() + Duration::from_millis(300);
        self.sweep();
        while self.tails.read(&self.pipeline) && clock::now() < until {}
        self.look(clock::now());
        self.say_notices();
        let events = self.judge();
        self.commit(&events);
        if let Some(hook) = &mut self.hook {
            hook.turn();
            hook.stop(Duration::from_millis(300));
        }
        // told and written: nothing of it comes again
        if self.output.as_ref().is_none_or(Output::is_written) {
            let state = self.state();
            if let Err(e) = self.store.save(&state) {
                self.console.say(&format!("the state cannot be stored: {e}"), true);
            }
        }
        let files = self.tails.counts().0;
        let span = clock::span(i64::try_from(self.started.elapsed().as_secs()).unwrap_or(0));
        let text = format!("stopped by {name} after {span}: {files} files, {} bytes read", self.tails.bytes);
        self.console.say(&text, false);
        let open: Vec<String> =
            self.ledger.open().map(|e| format!("open     #{} {}  {}x", e.number, e.cause, e.count)).take(50).collect();
        for line in open {
            self.console.say(&line, false);
        }
        self.console.say(&format!("state saved to {}", self.store.path().display()), false);
    }
}
