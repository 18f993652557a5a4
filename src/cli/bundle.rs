//! `bundle` and `replay`: a case as one file, and whether the logs still say so.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::{ChosenArgs, LogArgs, ToldArgs};
use super::exit::{self, Exit};
use super::redact::{self, SharingArgs};
use super::terminal::Quiet;
use super::{investigate, scan};
use crate::bundle::{self, Asking, Collector, Manifest};
use crate::error::Error;
use crate::input::{self, STDIN_NAME, packed};
use crate::pipeline::Facts;
use crate::record::Times;
use crate::report::Report;
use crate::rule::RuleSet;
use crate::rule::template::printable;

/// Most bytes of standard input that are kept for excerpts.
const KEPT: usize = 256 << 20;
/// Most differences that are shown.
const SHOWN: usize = 10;

/// `bundle`.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "the comments are the help")]
pub struct BundleArgs {
    /// The file to write, such as case.tar.zst; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Which causes.
    #[command(flatten)]
    pub chosen: ChosenArgs,
    /// What is shared.
    #[command(flatten)]
    pub sharing: SharingArgs,
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// `replay`.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "the comments are the help")]
pub struct ReplayArgs {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// The original logs: files, directories or globs; they may have other names now
    #[arg(long = "log", value_name = "LOG", required = true, num_args = 1..)]
    pub logs: Vec<PathBuf>,
    /// The map that was given to bundle --map
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// What was known beside the logs.
    #[command(flatten)]
    pub told: ToldArgs,
}

/// Runs `bundle`. `now`: seconds since 1970 (UTC).
///
/// # Errors
/// Bad rules, bad usage, or a file that cannot be written.
pub fn run(args: &BundleArgs, now: i64) -> Result<Exit, Error> {
    if investigate::nothing_to_read(&args.logs) {
        return Err(Error::Usage {
            what: "no input, and stdin is a terminal".into(),
            hint: Some("cdc-doctor bundle -o case.tar.zst /opt/flink/log".into()),
        });
    }
    let to_stdout = args.output == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(Error::Usage { what: "-o -: a bundle is no text for a terminal".into(), hint: None });
    }
    let rules = super::rule_set(&args.logs.told.rules)?;
    let (facts, stdin) = facts(&args.logs, &rules, now)?;
    let asking = asking(&args.chosen, &args.logs);
    let (bytes, report) = pack(&facts, stdin.as_deref(), &rules, &args.logs, &args.sharing, &asking)?;
    scan::complain(&report, report.inputs.is_empty() && facts.job.is_empty());
    if report.inputs.iter().all(|i| i.status == "failed" || i.status == "skipped") {
        return Ok(Exit::Trouble);
    }
    if to_stdout {
        let mut out = Quiet::new(io::stdout());
        out.write_all(&bytes)?;
        out.flush()?;
    } else {
        write_whole(&args.output, &bytes)?;
        let causes = crate::report::words::counted("1 cause|{n} causes", report.diagnoses.len() as u64);
        let size = bytes.len().div_ceil(1000);
        writeln!(Quiet::new(io::stdout()), "{}: {causes}, {size} kB", printable(&args.output.display().to_string()))?;
    }
    Ok(exit::of(&report, None))
}

/// What a scan of these logs finds, with hashes of them, and the bytes of standard input.
pub(super) fn facts(args: &LogArgs, rules: &Arc<RuleSet>, now: i64) -> Result<(Facts, Option<Vec<u8>>), Error> {
    let times = super::times::read(&args.times, now)?;
    let mut kept = Some(Vec::new());
    let facts = investigate::facts_of(args, rules, &times, true, &mut |name, bytes| {
        if name != STDIN_NAME {
            return;
        }
        if let Some(all) = kept.as_mut() {
            all.extend_from_slice(bytes);
        }
        if kept.as_ref().is_some_and(|all| all.len() > KEPT) {
            kept = None;
        }
    });
    Ok((facts, kept))
}

pub(super) fn asking(chosen: &ChosenArgs, logs: &LogArgs) -> Asking {
    let name = |p: &String| p.split('=').next().unwrap_or_default().to_owned();
    let params = logs.told.param.iter().map(name).collect();
    Asking { top: chosen.top, only: chosen.only.clone(), params, input_format: logs.input_format.clone() }
}

/// The bundle of facts, and the report in it as it is at home.
pub(super) fn pack(
    facts: &Facts,
    stdin: Option<&[u8]>,
    rules: &Arc<RuleSet>,
    logs: &LogArgs,
    sharing: &SharingArgs,
    asking: &Asking,
) -> Result<(Vec<u8>, Report), Error> {
    let mut facts = facts.clone();
    let names = bundle::rename(&mut facts, None);
    let report = report(&facts, rules, &logs.told, &ChosenArgs { only: asking.only.clone(), top: asking.top })?;
    let mut wanted = bundle::wanted(&report);
    let mut excerpts: Vec<(String, String, Collector)> = facts
        .sources
        .iter()
        .zip(&names)
        .filter_map(|(s, path)| Some((path.clone(), s.name.clone(), Collector::new(wanted.remove(&s.name)?))))
        .collect();
    let mut take = |path: &str, bytes: &[u8]| {
        for (_, _, collector) in excerpts.iter_mut().filter(|(of, _, _)| of == path) {
            collector.push(bytes);
        }
    };
    take(STDIN_NAME, stdin.unwrap_or_default());
    // which lines are wanted is known only now: everything else is read again
    let mut again =
        LogArgs { paths: logs.paths.clone(), input_format: logs.input_format.clone(), ..LogArgs::default() };
    again.paths.retain(|path| path != Path::new("-"));
    if !again.paths.is_empty() {
        investigate::facts_of(&again, rules, &Times::default(), false, &mut take);
    }
    let excerpts: Vec<(String, Collector)> = excerpts.into_iter().map(|(_, name, c)| (name, c)).collect();
    let hides = sharing.hides(true);
    let mut redactor = hides.then(|| redact::redactor(rules, sharing.map.as_deref())).transpose()?;
    let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
    let entries = bundle::entries(&facts, &report, &excerpts, redactor.as_mut(), asking).map_err(|e| internal(&e))?;
    if let (Some(redactor), Some(map)) = (&redactor, &sharing.map) {
        redact::write_map(map, redactor.names())?;
    }
    Ok((packed::pack(&entries).map_err(|e| internal(&e))?, report))
}

fn report(facts: &Facts, rules: &Arc<RuleSet>, told: &ToldArgs, chosen: &ChosenArgs) -> Result<Report, Error> {
    let mut options = investigate::options(told, rules)?;
    let mut report = investigate::report(facts, rules, &mut options);
    scan::only(&mut report, chosen);
    Ok(report)
}

/// Writes a file whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|e| Error::Usage { what: format!("-o: {}: {e}", printable(&path.display().to_string())), hint: None })
}

/// Runs `replay`. `now`: seconds since 1970 (UTC).
///
/// # Errors
/// A bundle that cannot be read, bad rules, bad usage, or an output that cannot be written.
pub fn replay(args: &ReplayArgs, now: i64) -> Result<Exit, Error> {
    let shown = printable(&args.bundle.display().to_string());
    let bad = |what: String| Error::Usage {
        what: format!("{shown}: {}", printable(&what)),
        hint: Some("a bundle is what cdc-doctor bundle -o wrote".into()),
    };
    let entries = packed::unpack(&args.bundle).map_err(bad)?;
    let manifest = bundle::manifest(&entries).map_err(bad)?;
    let then = entries.get(bundle::REPORT).and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(then) = then else { return Err(bad("report.json is damaged".into())) };
    let rules = super::rule_set(&args.told.rules)?;
    let logs = LogArgs {
        paths: args.logs.clone(),
        told: args.told.clone(),
        input_format: manifest.input_format.clone(),
        ..LogArgs::default()
    };
    let times = Times { newest: Some(now), ..manifest.times.times() };
    let mut facts = investigate::facts_of(&logs, &rules, &times, true, &mut |_, _| {});
    let problems: Vec<input::Problem> = facts.problems.clone();
    let names = bundle::rename(&mut facts, Some(&manifest));
    let report = report(&facts, &rules, &args.told, &ChosenArgs { only: manifest.only.clone(), top: manifest.top })?;
    let mut redactor = redact::redactor(&rules, args.map.as_deref())?;
    let report =
        if manifest.redacted { redactor.report(&report).map_err(|e| Error::Internal(e.to_string()))? } else { report };
    let now = serde_json::to_value(&report).map_err(|e| Error::Internal(e.to_string()))?;
    for p in &problems {
        scan::complain_of(&p.path, &p.what, p.help.as_deref(), p.fatal);
    }
    let mut err = Quiet::new(io::stderr());
    for remark in remarks(&manifest, &facts, &names, &rules.version, args) {
        writeln!(err, "{remark}")?;
    }
    let differences = bundle::compare(&then, &now, SHOWN);
    let mut out = Quiet::new(io::stdout());
    let causes = crate::report::words::counted("1 cause|{n} causes", report.diagnoses.len() as u64);
    if differences.is_empty() {
        writeln!(out, "agrees: the logs give the report of {shown} ({causes})")?;
        return Ok(if problems.iter().any(|p| p.fatal) { Exit::Trouble } else { Exit::Fine });
    }
    writeln!(out, "differs from the report of {shown}")?;
    for d in &differences {
        let text = |side: &Option<String>| side.as_deref().map_or_else(|| "nothing".into(), printable);
        writeln!(out, "  {}\n    bundle  {}\n    logs    {}", printable(&d.at), text(&d.then), text(&d.now))?;
    }
    if differences.len() == SHOWN {
        writeln!(out, "  and perhaps more")?;
    }
    Ok(Exit::Found)
}

/// What may make the two reports differ.
fn remarks(manifest: &Manifest, facts: &Facts, names: &[String], rules: &str, args: &ReplayArgs) -> Vec<String> {
    let mut remarks = Vec::new();
    let hashes: BTreeSet<&str> = facts.sources.iter().filter_map(|s| s.content.as_deref()).collect();
    for input in manifest.inputs.iter().filter(|i| !hashes.contains(i.content.as_str())) {
        remarks.push(format!(
            "no log given has the content of {} ({} bytes, {} lines)",
            printable(&input.name),
            input.bytes,
            input.lines
        ));
    }
    let ours = facts.sources.iter().filter(|s| manifest.inputs.iter().any(|i| Some(&i.content) == s.content.as_ref()));
    let strange = names.len().saturating_sub(ours.count());
    if strange > 0 {
        remarks.push(format!("logs that the bundle was not made of: {strange}"));
    }
    if manifest.rules != rules {
        let (then, tool) = (printable(&manifest.rules), printable(&manifest.tool));
        remarks.push(format!("the bundle was made with other rules ({then} by cdc-doctor {tool}, here {rules})"));
    }
    if manifest.job != facts.job.len() {
        remarks.push(format!("files of --job: {} then, {} now", manifest.job, facts.job.len()));
    }
    let given: Vec<&str> = args.told.param.iter().filter_map(|p| p.split('=').next()).collect();
    for name in manifest.params.iter().filter(|n| !given.contains(&n.as_str())) {
        remarks.push(format!("the bundle was made with --param {}=...", printable(name)));
    }
    remarks
}
