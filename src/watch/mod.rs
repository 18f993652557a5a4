//! FOLLOWS LOGS: the same pipeline as a scan, on files that are still written.
//!
//! One loop: look which files there are, read what is new, judge, store, tell. Files are only carriers of streams ([`stream`]); what
//! is known and how far was read is stored in one step ([`state`]), and what is told follows from what is stored. docs/watch.md has
//! the whole design.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this part lives: it reads, waits, stores and listens"
)]

pub mod carrier;
pub mod clock;
pub mod event;
pub mod find;
pub mod found;
pub mod hook;
pub mod identity;
pub mod judge;
pub mod ledger;
pub mod metrics;
pub mod output;
mod run;
pub mod serve;
pub mod state;
pub mod stream;
pub mod tails;
pub mod wake;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnosis::Options;
use crate::error::Error;
use crate::pipeline::Engine;
pub use event::Event;
pub use run::run;
pub use tails::{Begin, Notice};

/// What to watch, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// Names and paths that are passed over.
    pub exclude: globset::GlobSet,
    /// Where to begin in files that are there when a path is watched for the first time.
    pub from: Begin,
    /// Directory of the state.
    pub state: PathBuf,
    /// Forget the state first.
    pub reset: bool,
    /// Look, and do not wait for events.
    pub poll: bool,
    /// File of events.
    pub output: Option<PathBuf>,
    /// Command that gets events.
    pub hook: Option<String>,
    /// Where to answer over HTTP.
    pub listen: Option<std::net::SocketAddr>,
    /// Parameters given by hand.
    pub options: Options,
    /// Version of the program.
    pub version: String,
}

/// Whom the watch talks to.
pub trait Console {
    /// Tells an event.
    ///
    /// # Errors
    /// If nobody listens any more.
    fn event(&mut self, event: &Event) -> io::Result<()>;
    /// Says something about the watch itself; `bad` if it is a problem.
    fn say(&mut self, text: &str, bad: bool);
    /// Reads the rules again.
    ///
    /// # Errors
    /// What is wrong with them, for people.
    fn rules(&mut self) -> Result<Arc<Engine>, String>;
    /// The watch has begun: so many files.
    fn begun(&mut self, files: usize);
}

impl From<state::Refused> for Error {
    fn from(refused: state::Refused) -> Self {
        let hint = match refused {
            state::Refused::Locked(..) => "end the other one, or give this one a directory of its own: --state DIR",
            state::Refused::Unusable(..) => "give a directory that can be written: --state DIR",
        };
        Self::Usage { what: refused.to_string(), hint: Some(hint.into()) }
    }
}
