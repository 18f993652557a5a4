//! The talking part: what the command line says, and which verb does it.

#![allow(clippy::disallowed_methods, reason = "this is the part that talks to the terminal and the environment")]

pub mod args;
#[cfg(feature = "attach")]
pub mod attach;
#[cfg(feature = "bundle")]
pub mod bundle;
mod coverage;
pub mod exit;
pub mod explain;
#[cfg(feature = "flink")]
pub mod flink;
mod folders;
pub mod formats;
mod investigate;
mod job;
pub mod merge;
pub mod parse;
pub mod redact;
pub mod report;
pub mod rules;
pub mod scan;
pub mod terminal;
pub mod times;
mod usage;
#[cfg(feature = "watch")]
pub mod watch;
pub mod why_not;
pub mod write;

use std::io::{self, Write};
use std::sync::Arc;

use clap::Parser;

use crate::builtin;
use crate::error::Error;
use crate::rule::RuleSet;
use args::{Cli, Command};
use exit::Exit;
use terminal::Quiet;

/// Runs the program with these arguments (the first is its name). `now`: seconds since 1970 (UTC), for times such as `2h` ago.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>, now: i64) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(error) = usage::error(&error) {
                tell(&error);
                return Exit::Trouble;
            }
            let trouble = error.use_stderr();
            // a reader that has gone away is no trouble
            let _ = error.print();
            return if trouble { Exit::Trouble } else { Exit::Fine };
        }
    };
    let result = match &cli.command {
        None => scan::run(&cli.scan, now),
        Some(Command::Scan(args)) => scan::run(args, now),
        Some(Command::Merge(args)) => merge::run(args),
        Some(Command::Report(args)) => report::run(args, now),
        #[cfg(feature = "watch")]
        Some(Command::Watch(args)) => watch::run(args),
        #[cfg(feature = "attach")]
        Some(Command::Attach(args)) => attach::run(args, now),
        #[cfg(feature = "bundle")]
        Some(Command::Bundle(args)) => bundle::run(args, now),
        #[cfg(feature = "bundle")]
        Some(Command::Replay(args)) => bundle::replay(args, now),
        Some(Command::Explain(args)) => explain::run(args),
        Some(Command::Parse(args)) => parse::run(args),
        Some(Command::WhyNot(args)) => why_not::run(args),
        Some(Command::Redact(args)) => redact::run(args),
        Some(Command::Reveal(args)) => redact::reveal(args),
        Some(Command::Rules(args)) => rules::run(args),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            tell(&error);
            Exit::Trouble
        }
    }
}

/// Writes an error and its hint to standard error.
fn tell(error: &Error) {
    if let Error::BadRules { problems, path, .. } = error {
        rules::print_problems(problems, path.as_ref(), &mut Quiet::new(io::stderr()));
    }
    let mut err = Quiet::new(anstream::stderr());
    let bold = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    let dim = anstyle::Style::new().dimmed();
    let _ = writeln!(err, "{bold}error:{bold:#} {error}");
    if let Some(hint) = error.hint() {
        let _ = writeln!(err, "{dim}hint:{dim:#} {hint}");
    }
}

/// The shipped rules, with those of `--rules` on top.
fn rule_set(dirs: &[std::path::PathBuf]) -> Result<Arc<RuleSet>, Error> {
    let mut set = builtin::rules().map_err(Error::Internal)?;
    for dir in dirs {
        let path = dir.display().to_string();
        let base = base_for(dir, &set);
        let loaded = RuleSet::load(dir, base.as_deref())
            .map_err(|e| Error::Rules { path: path.clone(), what: e.to_string() })?;
        if crate::rule::set::has_errors(&loaded.problems) {
            return Err(Error::BadRules { path, files: loaded.files, problems: loaded.problems });
        }
        set = Arc::new(loaded.set);
    }
    Ok(set)
}

/// A directory with a vocabulary of its own is a whole rule base; any other adds to the shipped one.
fn base_for(dir: &std::path::Path, shipped: &Arc<RuleSet>) -> Option<Arc<RuleSet>> {
    (!dir.join("parameters.yaml").exists()).then(|| Arc::clone(shipped))
}
