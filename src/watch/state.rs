//! What outlives the process: one file, written whole beside the old one, synced, and put in its place.
//!
//! A state that is not whole, or of another program, is set aside and never trusted. A lock keeps a second watcher out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::hook::Pending;
use super::identity::Inode;
use super::ledger::Ledger;
use super::stream::Saved;
use crate::engine::facts::SourceFacts;

/// Name and version of the format.
pub const SCHEMA: &str = "cdc-doctor/watch-state/v1";
/// The file in the directory.
const FILE: &str = "state.json";
/// Larger ones are not read.
const LARGEST: u64 = 1 << 30;

/// How far an output file is part of the state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Bytes that hold events of states before this one.
    pub len: u64,
    /// Which file.
    pub inode: Option<Inode>,
}

/// Everything that is stored. No byte of a log is in it but what reports show.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Number of events told.
    pub seq: u64,
    /// When it was stored: seconds since 1970.
    pub saved_at: i64,
    /// Paths that were watched: a file that appears there is new.
    pub roots: BTreeSet<PathBuf>,
    /// The book of incidents.
    pub ledger: Ledger,
    /// Streams.
    pub streams: Vec<Saved>,
    /// What past files said about themselves.
    pub carried: BTreeMap<String, SourceFacts>,
    /// Empty files that were seen.
    pub empty: BTreeSet<Inode>,
    /// Output files by path.
    pub outputs: BTreeMap<PathBuf, Mark>,
    /// Events that are told once this is stored.
    pub outbox: Vec<Event>,
    /// Events that the hook did not take yet.
    pub hooks: Vec<Pending>,
}

/// First line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    schema: String,
    bytes: u64,
    blake3: String,
}

/// Why there is no state to be had.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Somebody else has it.
    #[error("another watcher{0} uses the state in {1}")]
    Locked(String, String),
    /// The directory cannot be used.
    #[error("the state directory {0} cannot be used: {1}")]
    Unusable(String, String),
}

/// The directory of the state, locked.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    _lock: File,
}

impl Store {
    /// Makes the directory and locks it.
    ///
    /// # Errors
    /// If another watcher has it, or it cannot be written.
    pub fn open(dir: &Path) -> Result<Self, Refused> {
        let shown = dir.display().to_string();
        let unusable = |e: io::Error| Refused::Unusable(shown.clone(), e.to_string());
        private(dir).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut lock = options.open(dir.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = Read::take(&lock, 20).read_to_string(&mut pid);
                let pid = pid.trim();
                let who = if pid.is_empty() { String::new() } else { format!(" (process {pid})") };
                return Err(Refused::Locked(who, shown));
            }
            Err(TryLockError::Error(e)) => return Err(unusable(e)),
        }
        // for whoever finds it locked; a disk without room is no reason not to start
        let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// The file, for people.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// What was stored. A file that cannot be trusted is set aside: the text says so.
    #[must_use]
    pub fn load(&self) -> (Option<State>, Option<String>) {
        let path = self.path();
        match read(&path) {
            Ok(state) => (state, None),
            Err(why) => {
                let aside = (1..1000).map(|n| self.dir.join(format!("{FILE}.bad-{n}"))).find(|p| !p.exists());
                let moved = aside.as_ref().is_some_and(|aside| fs::rename(&path, aside).is_ok());
                let place = aside
                    .filter(|_| moved)
                    .map_or("could not be set aside".to_owned(), |a| format!("was set aside as {}", a.display()));
                (None, Some(format!("the state in {} {why}; it {place}, and is not used", path.display())))
            }
        }
    }

    /// Forgets what was stored.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn reset(&self) -> io::Result<()> {
        match fs::remove_file(self.path()) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Stores it: all of it, or nothing.
    ///
    /// # Errors
    /// If the disk is full or broken; the old state is still there.
    pub fn save(&self, state: &State) -> io::Result<()> {
        let body = serde_json::to_vec(state).map_err(io::Error::other)?;
        let header = Header {
            schema: SCHEMA.to_owned(),
            bytes: body.len() as u64,
            blake3: blake3::hash(&body).to_hex().to_string(),
        };
        let mut file = tempfile::Builder::new().prefix(".state-").tempfile_in(&self.dir)?;
        serde_json::to_writer(&mut file, &header).map_err(io::Error::other)?;
        file.write_all(b"\n")?;
        file.write_all(&body)?;
        file.as_file().sync_all()?;
        file.persist(self.path()).map_err(|e| e.error)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes what a crash left half written.
    pub fn tidy(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(".state-") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// A directory for nobody else's eyes.
fn private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn read(path: &Path) -> Result<Option<State>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(format!("cannot be read ({e})")),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|e| format!("cannot be read ({e})"))?;
    let end = memchr::memchr(b'\n', &bytes).ok_or("is not a state of cdc-doctor")?;
    let (head, body) = bytes.split_at(end);
    let body = body.get(1..).unwrap_or_default();
    let header: Header = serde_json::from_slice(head).map_err(|_| "is not a state of cdc-doctor")?;
    if header.schema != SCHEMA {
        return Err(format!("has the format '{}', not '{SCHEMA}'", crate::rule::template::printable(&header.schema)));
    }
    if header.bytes != body.len() as u64 || blake3::hash(body).to_hex().as_str() != header.blake3 {
        return Err("is damaged".into());
    }
    serde_json::from_slice(body).map(Some).map_err(|e| format!("is damaged ({e})"))
}
