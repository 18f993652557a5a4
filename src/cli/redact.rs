//! `redact`, `reveal`, and the options with which any command hides names.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::terminal::Quiet;
use crate::error::Error;
use crate::input::{self, Chunks, Limits, STDIN_NAME, Source};
use crate::redact::{BLOCK, LogRedactor, Names, Redactor};
use crate::report::Report;
use crate::rule::RuleSet;

/// `redact`.
#[derive(Debug, Args)]
pub struct RedactArgs {
    /// The log; .gz and .zst are opened; - or nothing is stdin
    #[arg(value_name = "LOG")]
    pub log: Option<PathBuf>,
    /// Write which name each token stands for to this file; tokens of a file that is there are used again
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Rules whose words are no names, beside the shipped ones
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// `reveal`.
#[derive(Debug, Args)]
pub struct RevealArgs {
    /// The file that --map wrote
    #[arg(long, value_name = "FILE")]
    pub map: PathBuf,
    /// The answer; - is stdin
    #[arg(value_name = "ANSWER", default_value = "-")]
    pub answer: PathBuf,
}

/// How names are shared.
#[derive(Debug, Clone, Default, Args)]
pub struct SharingArgs {
    /// Replace hosts, users, databases, tables and other names by tokens such as host-1; formats that are made to be sent to others
    /// do it by themselves. Secrets are always cut
    #[arg(long)]
    pub redact: bool,
    /// Leave names as they are, in every format
    #[arg(long, conflicts_with_all = ["redact", "map"])]
    pub no_redact_names: bool,
    /// Write which name each token stands for to this file (implies --redact); tokens of a file that is there are used again
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}

impl SharingArgs {
    /// Names are hidden where this was asked for, or the form is one `for_others`.
    #[must_use]
    pub fn hides(&self, for_others: bool) -> bool {
        self.redact || self.map.is_some() || for_others && !self.no_redact_names
    }
}

/// The report without names, if anything hides them. The map is written before anything is shown.
pub(super) fn without_names(
    report: &Report,
    sharing: &SharingArgs,
    rules: &RuleSet,
    hides: bool,
) -> Result<Option<Report>, Error> {
    if !hides {
        return Ok(None);
    }
    let mut redactor = redactor(rules, sharing.map.as_deref())?;
    let redacted = redactor.report(report).map_err(|e| Error::Internal(e.to_string()))?;
    if let Some(map) = &sharing.map {
        write_map(map, redactor.names())?;
    }
    Ok(Some(redacted))
}

/// A redactor that goes on with the tokens of a map, if there is one.
pub(super) fn redactor(rules: &RuleSet, map: Option<&Path>) -> Result<Redactor, Error> {
    match map {
        Some(map) if map.exists() => Ok(Redactor::with(rules, read_map(map)?)),
        _ => Ok(Redactor::new(rules)),
    }
}

fn read_map(path: &Path) -> Result<Names, Error> {
    let text = fs::read_to_string(path).map_err(|e| usage(format!("{}: {}", path.display(), said(&e))))?;
    Names::parse(&text).map_err(|what| Error::Usage {
        what: format!("{}: not a map of names: {what}", path.display()),
        hint: Some("--map takes a file that cdc-doctor wrote, or one that is not there yet".into()),
    })
}

/// What the system says of a file, without its numbers.
pub(super) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "is a directory".into(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}

fn usage(what: String) -> Error {
    Error::Usage { what, hint: None }
}

/// Writes the map beside its place first, so that a map that is there is never half of one. Only its owner may read it.
pub(super) fn write_map(path: &Path, names: &Names) -> Result<(), Error> {
    let text = names.json().map_err(|e| Error::Internal(e.to_string()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let fault = |e: io::Error| usage(format!("{}: {}", path.display(), said(&e)));
    let mut file = options.open(&beside).map_err(fault)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(fault)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&beside, path).map_err(fault)
}

/// Runs `redact`.
///
/// # Errors
/// A log or a map that cannot be read or written.
pub fn run(args: &RedactArgs) -> Result<Exit, Error> {
    if args.log.is_none() && io::stdin().is_terminal() {
        let hint = Some("cdc-doctor redact taskmanager.log > shared.log".into());
        return Err(Error::Usage { what: "no input, and stdin is a terminal".into(), hint });
    }
    let log = args.log.clone().unwrap_or_else(|| PathBuf::from("-"));
    let rules = super::rule_set(&args.rules)?;
    let mut redactor = redactor(&rules, args.map.as_deref())?;
    let found = input::discover(std::slice::from_ref(&log), Limits::default());
    let (source, problem) = (found.sources.first(), found.problems.first());
    let Some(source) = source.filter(|_| found.sources.len() == 1) else {
        let what = problem.map_or_else(
            || format!("{}: {} files; redact takes one log", log.display(), found.sources.len()),
            |p| format!("{}: {}", p.path, p.what),
        );
        return Err(Error::Usage { what, hint: problem.and_then(|p| p.help.clone()) });
    };
    let mut out = Quiet::new(io::BufWriter::with_capacity(1 << 16, io::stdout()));
    if source.name == STDIN_NAME {
        once(source, &mut redactor, &mut out)?;
    } else {
        // names that are told late are known from the first line
        let mut learner = LogRedactor::learning(&mut redactor);
        pass(source, &mut learner, &mut io::sink())?;
        let mut writer = LogRedactor::new(&mut redactor);
        pass(source, &mut writer, &mut out)?;
    }
    if let Some(map) = &args.map {
        write_map(map, redactor.names())?;
    }
    out.flush()?;
    Ok(Exit::Fine)
}

/// One pass over a log that can be read again.
fn pass(source: &Source, redactor: &mut LogRedactor<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let mut result = Ok(());
    let (_, trouble) = Chunks::default().read_source(source, None, &mut |bytes| {
        if result.is_ok() {
            result = redactor.push(bytes, out);
        }
    });
    result?;
    redactor.end(out)?;
    told(trouble.as_ref())
}

/// The only pass over a stream: its beginning is kept until the names in it are known.
fn once(source: &Source, redactor: &mut Redactor, out: &mut dyn Write) -> Result<(), Error> {
    let mut head: Option<Vec<u8>> = Some(Vec::new());
    let mut result = Ok(());
    let mut rest = crate::redact::Rest::default();
    let stdin: Box<dyn Read + Send> = Box::new(io::stdin());
    let (_, trouble) = Chunks::default().read_source(source, Some(stdin), &mut |bytes| {
        if result.is_err() {
            return;
        }
        if let Some(kept) = head.as_mut() {
            kept.extend_from_slice(bytes);
            if kept.len() >= BLOCK {
                let kept = head.take().unwrap_or_default();
                result = start(redactor, &kept, &mut rest, out);
            }
            return;
        }
        let mut writer = LogRedactor::resume(redactor, std::mem::take(&mut rest));
        result = writer.push(bytes, out);
        rest = writer.pause();
    });
    result?;
    if let Some(kept) = head {
        start(redactor, &kept, &mut rest, out)?;
    }
    LogRedactor::resume(redactor, rest).end(out)?;
    told(trouble.as_ref())
}

fn start(redactor: &mut Redactor, kept: &[u8], rest: &mut crate::redact::Rest, out: &mut dyn Write) -> io::Result<()> {
    let mut learner = LogRedactor::learning(redactor);
    learner.push(kept, &mut io::sink())?;
    learner.end(&mut io::sink())?;
    let mut writer = LogRedactor::new(redactor);
    writer.push(kept, out)?;
    *rest = writer.pause();
    Ok(())
}

fn told(trouble: Option<&input::Problem>) -> Result<(), Error> {
    match trouble {
        Some(p) if p.fatal => Err(Error::Usage { what: format!("{}: {}", p.path, p.what), hint: p.help.clone() }),
        Some(p) => {
            let mut err = Quiet::new(anstream::stderr());
            writeln!(
                err,
                "warning: {}: {}",
                crate::rule::template::printable(&p.path),
                crate::rule::template::printable(&p.what)
            )?;
            Ok(())
        }
        None => Ok(()),
    }
}

/// Runs `reveal`.
///
/// # Errors
/// A map or an answer that cannot be read.
pub fn reveal(args: &RevealArgs) -> Result<Exit, Error> {
    let names = read_map(&args.map)?;
    let mut reader: Box<dyn BufRead> = if args.answer.as_os_str() == "-" {
        Box::new(io::BufReader::new(io::stdin()))
    } else {
        let fault = |e: io::Error| usage(format!("{}: {}", args.answer.display(), said(&e)));
        Box::new(io::BufReader::new(fs::File::open(&args.answer).map_err(fault)?))
    };
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    let mut line = Vec::new();
    // a line without end is taken in pieces: nothing is kept whole
    while { &mut reader }.take(1 << 20).read_until(b'\n', &mut line)? > 0 {
        out.write_all(crate::redact::reveal(&String::from_utf8_lossy(&line), &names).as_bytes())?;
        line.clear();
    }
    out.flush()?;
    Ok(Exit::Fine)
}
