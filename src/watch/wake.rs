//! What ends a wait: an event of the file system, a signal, or time.
//!
//! Events are hints: they come late, twice, or not at all (NFS, overlays, a full queue). What is true is seen by looking, so a wait
//! never lasts longer than the next look.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::clock;
use super::identity::Inode;

/// Time in which events are gathered: a file that is written fast makes thousands.
const GATHER: Duration = Duration::from_millis(25);
/// More changed paths than this mean a look at everything.
const MANY: usize = 4096;

/// A signal of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End, by the signal of this name.
    Stop(&'static str),
    /// Read the rules again.
    Reload,
}

enum Message {
    Files,
    Signal(Signal),
}

#[derive(Debug, Default)]
struct Changes {
    paths: BTreeSet<PathBuf>,
    all: bool,
    told: bool,
}

/// Why a wait ended.
#[derive(Debug, Default)]
pub struct Woken {
    /// Files that were written.
    pub paths: BTreeSet<PathBuf>,
    /// Files came, went or were renamed, or events were lost.
    pub all: bool,
    /// A signal came.
    pub signal: Option<Signal>,
}

/// Waits.
pub struct Wake {
    receiver: Receiver<Message>,
    sender: Sender<Message>,
    changes: Arc<Mutex<Changes>>,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<(PathBuf, Inode)>,
}

impl Wake {
    /// With events if they can be had and `poll` does not say otherwise. The text says why not.
    #[must_use]
    pub fn new(poll: bool) -> (Self, Option<String>) {
        let (sender, receiver) = mpsc::channel();
        let changes = Arc::new(Mutex::new(Changes::default()));
        let mut wake = Self { receiver, sender, changes, watcher: None, watched: BTreeSet::new() };
        let trouble = if poll { None } else { wake.listen().err().map(|e| e.to_string()) };
        (wake, trouble)
    }

    fn listen(&mut self) -> notify::Result<()> {
        let (changes, sender) = (Arc::clone(&self.changes), self.sender.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let mut all = false;
            let mut paths = Vec::new();
            match event {
                Ok(event) => match event.kind {
                    EventKind::Access(_) => return,
                    _ if event.need_rescan() => all = true,
                    EventKind::Modify(notify::event::ModifyKind::Data(_)) => paths = event.paths,
                    _ => all = true,
                },
                Err(_) => all = true,
            }
            let first = {
                let mut changes = changes.lock().unwrap_or_else(PoisonError::into_inner);
                changes.paths.extend(paths);
                changes.all |= all || changes.paths.len() > MANY;
                !std::mem::replace(&mut changes.told, true)
            };
            if first {
                let _ = sender.send(Message::Files);
                // equal events behind each other are one for the kernel as long as nobody takes them
                std::thread::sleep(GATHER);
            }
        })?;
        self.watcher = Some(watcher);
        Ok(())
    }

    /// Ends waits when signals come.
    ///
    /// # Errors
    /// If they cannot be had.
    pub fn signals(&self) -> std::io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        let sender = self.sender.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                let signal = match signal {
                    SIGHUP => Signal::Reload,
                    SIGINT => Signal::Stop("SIGINT"),
                    _ => Signal::Stop("SIGTERM"),
                };
                if sender.send(Message::Signal(signal)).is_err() {
                    return;
                }
            }
        })?;
        Ok(())
    }

    /// Events can be had.
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.watcher.is_some()
    }

    /// Listens for events in these directories. The text says why there will be none.
    pub fn watch(&mut self, directories: &[(PathBuf, Inode)]) -> Option<String> {
        let now: BTreeSet<(PathBuf, Inode)> = directories.iter().cloned().collect();
        let watcher = self.watcher.as_mut()?;
        // a directory that was put in another's place has its name, and sends no events yet
        for (gone, _) in self.watched.difference(&now) {
            let _ = watcher.unwatch(gone);
        }
        let mut trouble = None;
        for (new, _) in now.difference(&self.watched) {
            if let Err(e) = watcher.watch(new, RecursiveMode::NonRecursive) {
                // a directory that is gone again needs no events
                if new.is_dir() {
                    trouble = Some(e.to_string());
                }
            }
        }
        self.watched = now;
        if trouble.is_some() {
            self.watcher = None;
        }
        trouble
    }

    /// Waits until something happens, or `until`.
    #[must_use]
    pub fn wait(&self, until: Instant) -> Woken {
        let mut woken = Woken::default();
        let mut left = until.saturating_duration_since(clock::now());
        loop {
            match self.receiver.recv_timeout(left) {
                Ok(Message::Files) => {
                    let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
                    woken.paths.append(&mut changes.paths);
                    woken.all |= std::mem::take(&mut changes.all);
                    changes.told = false;
                }
                Ok(Message::Signal(signal)) => {
                    woken.signal = Some(signal);
                    return woken;
                }
                Err(RecvTimeoutError::Timeout) => return woken,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(left);
                    return woken;
                }
            }
            left = Duration::ZERO;
        }
    }
}
