//! `watch`: follows logs and tells incidents as they open and clear.

use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::terminal::Quiet;
use crate::diagnosis;
use crate::engine::Engine;
use crate::error::Error;
use crate::rule::template::printable;
use crate::rule::{Role, RuleSet};
use crate::watch::{self, Begin, Config, Console, Event};

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EventFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Ndjson,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Start {
    /// At the first byte
    Start,
    /// Behind the last line
    End,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Directories of logs, or log files; they may come later. Rotated and packed files are read once
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Directory that keeps what was read and what is open, for the next start [default: below $XDG_STATE_HOME/cdc-doctor]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Forget what was kept
    #[arg(long)]
    pub reset_state: bool,
    /// Where to begin in files that are there when a path is watched for the first time; later files are read from their start
    #[arg(long, value_enum, value_name = "WHERE", default_value = "end")]
    pub from: Start,
    /// Pass over files and directories whose name or path fits, as '*-audit.log'
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// How to print events on standard output
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: EventFormat,
    /// Write every event to a file, exactly once
    #[arg(long, value_name = "ndjson=FILE")]
    pub output: Option<String>,
    /// Run a command for every event, with the event as JSON on its standard input
    #[arg(long, value_name = "CMD")]
    pub on_finding: Option<String>,
    /// Answer /metrics (Prometheus), /healthz and /readyz over HTTP, as 127.0.0.1:9464; a port alone listens on 127.0.0.1
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Look at files four times a second and do not wait for events, for file systems that send none
    #[arg(long)]
    pub poll: bool,
    /// Give or override a parameter: user=..., slot=...
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Add rules, or override shipped ones; SIGHUP reads them again
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// Bad rules, bad usage, or a state or output that cannot be used.
pub fn run(args: &WatchArgs) -> Result<Exit, Error> {
    let rules = super::rule_set(&args.rules)?;
    let options = diagnosis::Options {
        params: super::investigate::params(&args.param, &rules)?,
        environment: super::job::environment(&rules)?,
        ..diagnosis::Options::default()
    };
    let config = Config {
        paths: args.paths.iter().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.clone())).collect(),
        exclude: exclude(&args.exclude)?,
        from: match args.from {
            Start::Start => Begin::Start,
            Start::End => Begin::End,
        },
        state: args.state.clone().map_or_else(|| default_state(&args.paths), Ok)?,
        reset: args.reset_state,
        poll: args.poll,
        output: args.output.as_deref().map(output).transpose()?,
        hook: args.on_finding.clone(),
        listen: args.listen.as_deref().map(address).transpose()?,
        options,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let engine = Arc::new(Engine::new(rules.clone(), true));
    let mut talk = Talk { args, state: config.state.clone(), listen: config.listen, rules };
    watch::run(&config, engine, &mut talk)?;
    Ok(Exit::Fine)
}

/// The file of `ndjson=FILE`.
fn output(text: &str) -> Result<PathBuf, Error> {
    match text.split_once('=') {
        Some(("ndjson", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(Error::Usage {
            what: format!("--output: '{}' is not ndjson=FILE", printable(text)),
            hint: Some("for example --output ndjson=/var/log/cdc-doctor/events.ndjson".into()),
        }),
    }
}

/// What is passed over.
fn exclude(globs: &[String]) -> Result<globset::GlobSet, Error> {
    let wrong = |text: &str, e: &globset::Error| Error::Usage {
        what: format!("--exclude: '{}' is not a glob: {}", printable(text), e.kind()),
        hint: None,
    };
    let mut set = globset::GlobSetBuilder::new();
    for text in globs {
        set.add(globset::Glob::new(text).map_err(|e| wrong(text, &e))?);
    }
    set.build().map_err(|e| wrong(&globs.join(", "), &e))
}

/// An address to listen on.
fn address(text: &str) -> Result<SocketAddr, Error> {
    let port = text.strip_prefix(':').unwrap_or(text).parse().ok();
    let loopback = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    port.map(loopback).or_else(|| text.parse().ok()).ok_or_else(|| Error::Usage {
        what: format!("--listen: '{}' is not an address and a port", printable(text)),
        hint: Some("for example --listen 127.0.0.1:9464".into()),
    })
}

/// A directory for these paths, so that two watchers of different logs do not get in each other's way.
fn default_state(paths: &[PathBuf]) -> Result<PathBuf, Error> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let home = variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|h| h.join(".local/state")));
    let Some(home) = home else {
        return Err(Error::Usage {
            what: "there is no directory for the state: neither XDG_STATE_HOME nor HOME is set".into(),
            hint: Some("name one: --state DIR".into()),
        });
    };
    let mut whole: Vec<String> =
        paths.iter().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.clone()).display().to_string()).collect();
    whole.sort();
    let name = crate::trace::fingerprint::Fingerprint::of_text(&whole.join("\n")).to_string();
    Ok(home.join("cdc-doctor").join(format!("watch-{}", name.trim_start_matches("v1:"))))
}

/// Standard output and standard error.
struct Talk<'a> {
    args: &'a WatchArgs,
    state: PathBuf,
    listen: Option<SocketAddr>,
    rules: Arc<RuleSet>,
}

impl Talk<'_> {
    fn shown(&self) -> String {
        let paths: Vec<String> = self.args.paths.iter().map(|p: &PathBuf| shown(p)).collect();
        paths.join(", ")
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

impl Console for Talk<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let text = match self.args.format {
            EventFormat::Text => event.text(),
            EventFormat::Ndjson => event.json(),
        };
        let mut out = io::stdout();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn say(&mut self, text: &str, bad: bool) {
        let mut err = Quiet::new(anstream::stderr());
        if bad {
            let yellow = anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Yellow.into()));
            let _ = writeln!(err, "{yellow}warning:{yellow:#} {}", printable(text));
        } else {
            let _ = writeln!(err, "{}", printable(text));
        }
    }

    fn rules(&mut self) -> Result<Arc<Engine>, String> {
        let rules = super::rule_set(&self.args.rules).map_err(|error| {
            if let Error::BadRules { problems, path, .. } = &error {
                super::rules::print_problems(problems, path.as_ref(), &mut Quiet::new(io::stderr()));
            }
            error.to_string()
        })?;
        self.rules = rules.clone();
        Ok(Arc::new(Engine::new(rules, true)))
    }

    fn begun(&mut self, files: usize) {
        let causes = self.rules.rules().iter().filter(|r| r.role == Role::Cause).count();
        let from = match self.args.from {
            Start::Start => "start",
            Start::End => "end",
        };
        let version = env!("CARGO_PKG_VERSION");
        let word = if files == 1 { "file" } else { "files" };
        let line = format!(
            "cdc-doctor {version} watching {}: {files} {word}, rules {} ({causes} causes), new paths from the {from} of each file",
            self.shown(),
            self.rules.version,
        );
        self.say(&line, false);
        let stop = if io::stderr().is_terminal() { "stop with Ctrl-C" } else { "stop with SIGTERM" };
        let metrics = self.listen.map(|a| format!("metrics http://{a}/metrics · ")).unwrap_or_default();
        self.say(&format!("{metrics}state {} · {stop}", shown(&self.state)), false);
    }
}
