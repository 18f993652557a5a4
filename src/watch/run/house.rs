//! What has to be done now and then.

use std::time::Instant;

use super::{LATELY, Watch};
use crate::pipeline::Pipeline;
use crate::watch::{clock, judge};

impl Watch<'_> {
    /// A look found what no event had told: an event may be under way, but not again and again.
    pub(super) fn missed_event(&mut self) {
        let now = clock::now();
        self.missed.push_back(now);
        while self.missed.front().is_some_and(|at| now.duration_since(*at) > LATELY) {
            self.missed.pop_front();
        }
        if self.missed.len() >= 8 {
            self.deaf = true;
            self.console.say("files change and no events come; files are looked at instead", false);
        }
    }

    pub(super) fn keep_house(&mut self, now: Instant) {
        self.kept_house = now;
        self.tails.watch_gone();
        self.tails.end_orphans(now);
        for stream in self.tails.streams.values_mut() {
            stream.rest(now);
        }
        if self.tails.forget(clock::seconds()) {
            judge::rebase(&self.tails, &mut self.ledger, &self.pipeline, &self.config.options);
        }
    }

    pub(super) fn reload(&mut self) {
        match self.console.rules() {
            Ok(engine) => {
                for stream in self.tails.streams.values_mut() {
                    stream.stop();
                }
                self.pipeline = Pipeline::with(engine);
                self.tails.reread();
                self.due.note(clock::now());
                self.console.say("the rules were read again", false);
            }
            Err(why) => self.console.say(&format!("the rules stay as they were: {why}"), true),
        }
    }
}
