//! The loop.

mod house;
mod limits;
mod store;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::Event;
use super::find::{self, Sweep};
use super::hook::Hook;
use super::judge::{self, Due};
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::output::Output;
use super::state::Store;
use super::tails::{Begin, Tails};
use super::wake::{Signal, Wake};
use super::{Config, Console, clock};
use crate::error::Error;
use crate::pipeline::{Engine, Pipeline};

/// Between two looks at everything: with events, and without.
const SWEEP: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(1));
/// Between two looks at everything because of events.
const SWEEP_SOON: Duration = Duration::from_millis(100);
/// Without events, files that were written lately are looked at so often.
const POLL: Duration = Duration::from_millis(250);
/// For so long after they were written.
const LATELY: Duration = Duration::from_mins(1);
/// Places read up to are stored so often, if nothing is told.
const COMMIT: Duration = Duration::from_secs(3);
/// After the state could not be stored, it is tried again so often.
const AGAIN: Duration = Duration::from_secs(1);
/// Housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// With so many events that cannot be written, reading stops.
const STUCK: usize = 5000;

/// Watches until a signal comes.
///
/// # Errors
/// If the state or the output cannot be used at the start.
pub fn run(config: &Config, engine: Arc<Engine>, console: &mut dyn Console) -> Result<(), Error> {
    let store = Store::open(&config.state)?;
    store.tidy();
    if config.reset {
        store.reset()?;
    }
    let mut watch = Watch::new(config, engine, store, console)?;
    watch.begin();
    let name = watch.turn_until_stopped();
    watch.stop(name);
    Ok(())
}

#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own")]
struct Watch<'c> {
    config: &'c Config,
    console: &'c mut dyn Console,
    pipeline: Pipeline,
    store: Store,
    tails: Tails,
    ledger: Ledger,
    seq: u64,
    wake: Wake,
    output: Option<Output>,
    hook: Option<Hook>,
    /// Roots that were looked at before: what appears there is new.
    known: std::collections::BTreeSet<std::path::PathBuf>,
    /// Events that are stored and not in the output file yet.
    outbox: Vec<Event>,
    due: Due,
    swept: Instant,
    polled: Instant,
    committed: Instant,
    kept_house: Instant,
    /// The state could not be stored.
    unsaved: bool,
    save_errors: u64,
    saved_at: i64,
    /// Events wait for the output file.
    unwritten: bool,
    metrics: Metrics,
    metered: Option<Instant>,
    more: bool,
    sweep_soon: bool,
    links: bool,
    deaf: bool,
    closed: bool,
    /// Sweeps lately that found what no event had told.
    missed: VecDeque<Instant>,
    started: Instant,
}

impl<'c> Watch<'c> {
    fn new(config: &'c Config, engine: Arc<Engine>, store: Store, console: &'c mut dyn Console) -> Result<Self, Error> {
        let (loaded, remark) = store.load();
        if let Some(remark) = remark {
            console.say(&remark, true);
        }
        let state = loaded.unwrap_or_default();
        let (wake, trouble) = Wake::new(config.poll);
        wake.signals()?;
        if let Some(trouble) = &trouble {
            console.say(&format!("no events of the file system ({trouble}); files are looked at instead"), true);
        }
        let mut tails = Tails::new(limits::most_open());
        tails.load(state.streams);
        tails.carried = state.carried;
        tails.empty = state.empty;
        let mut ledger = state.ledger;
        ledger.number_logs(|name| tails.series_of(name));
        let mut output = None;
        if let Some(path) = &config.output {
            let mark = state.outputs.get(path).cloned().filter(|m| m.inode.is_some());
            let (file, remark) = Output::open(path, mark.as_ref(), &state.outbox)
                .map_err(|e| Error::Usage { what: format!("--output: {}: {e}", path.display()), hint: None })?;
            if let Some(remark) = remark {
                console.say(&remark, true);
            }
            output = Some(file);
        }
        let metrics = Metrics::new(&config.version, &engine.rules.version);
        if let Some(address) = config.listen {
            super::serve::serve(address, metrics.clone()).map_err(|e| Error::Usage {
                what: format!("--listen: cannot listen on {address}: {e}"),
                hint: Some("another program may have the port; give another one".into()),
            })?;
        }
        let hook = config.hook.as_deref().map(|command| Hook::new(command, state.hooks));
        let now = clock::now();
        let mut watch = Self {
            config,
            console,
            pipeline: Pipeline::with(engine),
            store,
            tails,
            ledger,
            seq: state.seq,
            wake,
            output,
            hook,
            known: state.roots,
            outbox: Vec::new(),
            due: Due::default(),
            swept: now,
            polled: now,
            committed: now,
            kept_house: now,
            unsaved: false,
            save_errors: 0,
            saved_at: 0,
            unwritten: false,
            metrics,
            metered: None,
            more: false,
            sweep_soon: false,
            links: false,
            deaf: trouble.is_some() || config.poll,
            closed: false,
            missed: VecDeque::new(),
            started: now,
        };
        // what was stored and perhaps not told: it may come twice, but not never
        watch.print(&state.outbox);
        if watch.output.as_ref().is_some_and(|o| !o.is_written()) {
            watch.outbox = state.outbox;
        }
        Ok(watch)
    }

    fn begin(&mut self) {
        let new: Vec<_> = self.config.paths.iter().filter(|p| !self.known.contains(*p)).cloned().collect();
        let old: Vec<_> = self.config.paths.iter().filter(|p| self.known.contains(*p)).cloned().collect();
        let sweep = find::sweep(&old, &self.config.exclude);
        self.take(&sweep, None);
        let sweep = find::sweep(&new, &self.config.exclude);
        let missing = sweep.problems.iter().any(|(_, what)| what == "does not exist");
        self.take(&sweep, Some(self.config.from));
        if missing {
            self.console.say("what does not exist yet is watched when it comes", false);
        }
        self.sweep();
        self.known.extend(self.config.paths.iter().cloned());
        self.tails.moved = true;
        self.commit(&[]);
        self.metrics.begun();
        self.console.begun(self.tails.counts().0);
    }

    /// Until a signal ends it; its name.
    fn turn_until_stopped(&mut self) -> &'static str {
        loop {
            let woken = self.wake.wait(self.next());
            match woken.signal {
                Some(Signal::Stop(name)) => return name,
                Some(Signal::Reload) => self.reload(),
                None => {}
            }
            for path in &woken.paths {
                if !self.tails.touch(path) {
                    self.sweep_soon = true;
                }
            }
            self.sweep_soon |= woken.all;
            self.turn();
            if self.closed {
                return "a closed standard output";
            }
        }
    }

    /// When something has to be done.
    fn next(&self) -> Instant {
        let now = clock::now();
        if self.more {
            return now;
        }
        let sweep = self.swept + if self.sweep_soon { SWEEP_SOON } else { self.between() };
        let mut next = sweep;
        if self.deaf && self.is_busy(now) {
            next = next.min(self.polled + POLL);
        }
        if self.tails.moved || self.is_stuck() {
            next = next.min(self.committed + if self.is_stuck() { AGAIN } else { COMMIT });
        }
        if self.config.listen.is_some() {
            next = next.min(self.metered.map_or(now, |at| at + self.between()));
        }
        let (judge, look) = if self.outbox.len() > STUCK {
            (None, None)
        } else {
            let hot = self.tails.hot.iter().filter_map(|id| self.tails.streams.get(id)?.due());
            (self.due.at().or(Some(self.kept_house + HOUSEKEEPING)), hot.min())
        };
        let rest = [judge, look, self.hook.as_ref().and_then(Hook::due)];
        rest.into_iter().flatten().chain([next]).min().unwrap_or(next)
    }

    /// Something could not be stored or written.
    fn is_stuck(&self) -> bool {
        self.unsaved || self.unwritten
    }

    fn between(&self) -> Duration {
        if self.deaf || self.links { SWEEP.1 } else { SWEEP.0 }
    }

    fn is_busy(&self, now: Instant) -> bool {
        self.tails.carriers.values().any(|c| now.saturating_duration_since(c.grown) < LATELY)
    }

    fn turn(&mut self) {
        let now = clock::now();
        let since = now.saturating_duration_since(self.swept);
        if since >= self.between() || (self.sweep_soon && since >= SWEEP_SOON) {
            self.sweep();
        } else if self.deaf && now.saturating_duration_since(self.polled) >= POLL {
            self.poll(now);
        }
        let stuck = self.outbox.len() > STUCK;
        if !stuck {
            self.more = self.tails.read(&self.pipeline);
            self.look(now);
        }
        self.say_notices();
        let crowded =
            self.tails.hot.iter().any(|id| self.tails.streams.get(id).is_some_and(|s| s.events() > judge::CROWDED));
        let events =
            if !stuck && (crowded || self.due.at().is_some_and(|at| at <= now)) { self.judge() } else { Vec::new() };
        let waited = now.saturating_duration_since(self.committed);
        let due = if self.is_stuck() { waited >= AGAIN } else { self.tails.moved && waited >= COMMIT };
        if !events.is_empty() || due {
            self.commit(&events);
        }
        if let Some(hook) = &mut self.hook {
            self.tails.moved |= hook.turn();
            for notice in std::mem::take(&mut hook.notices) {
                self.console.say(&notice, true);
            }
        }
        // facts that were not judged yet would count as judged
        if self.due.at().is_none() && now.saturating_duration_since(self.kept_house) >= HOUSEKEEPING {
            self.keep_house(now);
        }
        self.meter(now);
    }

    fn sweep(&mut self) {
        let sweep = find::sweep(&self.config.paths, &self.config.exclude);
        let before = (self.wake.has_events() && !self.sweep_soon).then(|| self.tails.bytes_seen());
        self.take(&sweep, None);
        self.sweep_soon = false;
        if let Some(before) = before
            && !self.deaf
            && !sweep.links
            && self.tails.bytes_seen() != before
        {
            self.missed_event();
        }
        if let Some(why) = self.wake.watch(&sweep.directories) {
            self.deaf = true;
            self.console.say(&format!("no events of the file system ({why}); files are looked at instead"), true);
        }
    }

    fn take(&mut self, sweep: &Sweep, begin: Option<Begin>) {
        self.tails.own = self.output.as_ref().and_then(|o| o.mark().inode);
        self.tails.take(sweep, begin, &self.pipeline);
        self.links = sweep.links;
        self.swept = clock::now();
        self.polled = self.swept;
    }

    /// Looks at files that were written lately.
    fn poll(&mut self, now: Instant) {
        let busy: Vec<_> = self
            .tails
            .carriers
            .values()
            .filter(|c| c.gone.is_none() && now.saturating_duration_since(c.grown) < LATELY)
            .map(|c| c.path.clone())
            .collect();
        for path in busy {
            if !self.tails.touch(&path) {
                self.sweep_soon = true;
            }
        }
        self.polled = now;
    }

    /// Looks at records that are finished because nothing follows.
    fn look(&mut self, now: Instant) {
        let open = self.ledger.open().next().is_some();
        let hot: Vec<u64> = self.tails.hot.iter().copied().collect();
        for id in hot {
            let Some(stream) = self.tails.streams.get_mut(&id) else {
                self.tails.hot.remove(&id);
                continue;
            };
            let changed = stream.look(now);
            if changed && (open || stream.fails()) {
                self.due.note(now);
            }
            if stream.due().is_none() {
                self.tails.hot.remove(&id);
            }
        }
        if open && self.due.at().is_none() && self.ledger.waits() {
            self.due.note(now);
        }
    }

    fn judge(&mut self) -> Vec<Event> {
        self.due.done();
        judge::judge(
            &mut self.tails,
            &mut self.ledger,
            &mut self.seq,
            &self.pipeline,
            &self.config.options,
            &self.config.version,
        )
    }

    fn say_notices(&mut self) {
        for notice in std::mem::take(&mut self.tails.notices) {
            self.console.say(&format!("{} {}", notice.path, notice.what), notice.bad);
        }
    }
}
