//! `scan`: files, directories or stdin in, a report out.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::CommandFactory;

use super::args::{Cli, Format, Level, ScanArgs, When};
use super::exit::{self, Exit};
use super::job;
use super::terminal::{self, Color, Environment, Quiet};
use crate::diagnosis;
use crate::engine::Engine;
use crate::error::Error;
use crate::input::{self, Chunks, Discovered, Limits, STDIN_NAME};
use crate::pipeline::Pipeline;
use crate::report::model::InputStatus;
use crate::report::{Confidence, InputProblem, Report, json, model, text};
use crate::rule::RuleSet;

/// Runs the verb. `now`: seconds since 1970 (UTC).
///
/// # Errors
/// Bad rules, bad usage, or an output that cannot be written.
pub fn run(args: &ScanArgs, now: i64) -> Result<Exit, Error> {
    let paths = paths(args);
    if paths.is_empty() && args.job.is_empty() && !args.asks_cluster() {
        Cli::command().print_help()?;
        return Ok(Exit::Fine);
    }
    let rules = super::rule_set(&args.rules)?;
    let times = super::times::read(&args.times, now)?;
    let mut options = diagnosis::Options {
        params: params(&args.param, &rules)?,
        environment: job::environment(&rules)?,
        job: Vec::new(),
        times: times.clone(),
    };
    let mut discovered = input::discover(&paths, Limits::default());
    let found = job::gather(&args.job, &mut discovered);
    options.job = found.definitions;
    let engine = Engine::new(rules.clone(), !args.no_prefilter).map_err(|e| Error::Internal(e.to_string()))?;
    let mut pipeline = Pipeline::with(Arc::new(engine.reading(times)));
    // with a job's file and no log named, standard input may be empty
    let optional = args.paths.is_empty() && !args.job.is_empty();
    let mut status = read(&discovered, &mut pipeline, optional);
    status.problems.extend(found.problems);
    #[cfg(feature = "flink")]
    let cluster = args.cluster.flink.as_deref().and_then(|url| {
        let read = super::flink::read(url, args.cluster.job_id.as_deref(), &mut pipeline);
        let (cluster, problems) = match read {
            Ok(cluster) => (Some((url, cluster.clone())), cluster.problems),
            Err(problem) => (None, vec![problem]),
        };
        status.problems.extend(problems.iter().map(problem));
        cluster
    });
    let mut report = model::build(&pipeline.diagnose(&options), &rules, &status, env!("CARGO_PKG_VERSION"));
    #[cfg(feature = "flink")]
    if let Some((url, cluster)) = &cluster {
        super::flink::tell(&mut report, url, cluster);
    }
    only(&mut report, &args.only, args.top);
    let shown = super::redact::shared(&report, &args.sharing, &rules)?;
    complain(&report, report.inputs.is_empty() && options.job.is_empty());
    let nothing_read = report.inputs.iter().all(|i| i.status == "failed" || i.status == "skipped");
    if !nothing_read || args.format == Format::Json {
        print(&shown, args)?;
    }
    Ok(exit::of(&report, args.fail_on.map(confidence)))
}

/// What to read: the paths given, else stdin unless that is a terminal.
fn paths(args: &ScanArgs) -> Vec<PathBuf> {
    if args.paths.is_empty() && !args.asks_cluster() && !io::stdin().is_terminal() {
        vec![PathBuf::from("-")]
    } else {
        args.paths.clone()
    }
}

fn read(discovered: &Discovered, pipeline: &mut Pipeline, optional: bool) -> InputStatus {
    let mut status = InputStatus {
        skipped: discovered.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect(),
        problems: discovered.problems.iter().map(problem).collect(),
    };
    let mut chunks = Chunks::default();
    for source in &discovered.sources {
        let begin = |pipeline: &mut Pipeline| {
            let number = pipeline.begin(&source.name, source.series);
            if let Some(changed) = changed(source) {
                pipeline.changed(number, changed);
            }
            number
        };
        let mut number = if optional { None } else { Some(begin(pipeline)) };
        let stdin: Option<Box<dyn io::Read + Send>> =
            if source.name == STDIN_NAME { Some(Box::new(io::stdin())) } else { None };
        let (_, trouble) = chunks.read_source(source, stdin, &mut |bytes| {
            let number = *number.get_or_insert_with(|| begin(pipeline));
            pipeline.push(number, bytes);
        });
        let Some(number) = number else { continue };
        pipeline.end(number);
        status.problems.extend(trouble.as_ref().map(problem));
    }
    status
}

/// When a file was last written, in seconds since 1970.
fn changed(source: &input::Source) -> Option<i64> {
    let input::Origin::File(path) = &source.origin else { return None };
    let written = std::fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(written.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn problem(p: &input::Problem) -> InputProblem {
    InputProblem { path: p.path.clone(), what: p.what.clone(), help: p.help.clone(), fatal: p.fatal }
}

fn params(given: &[String], rules: &RuleSet) -> Result<BTreeMap<String, String>, Error> {
    let mut params = BTreeMap::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::Usage {
                what: format!("--param: '{pair}' is not NAME=VALUE"),
                hint: Some("for example --param user=flink_cdc".into()),
            });
        };
        if rules.vocabulary.get(name).is_none() {
            let nearest = rules.vocabulary.nearest(name).map(|n| format!("did you mean {n}?"));
            return Err(Error::Usage { what: format!("--param: there is no parameter '{name}'"), hint: nearest });
        }
        params.insert(name.to_owned(), value.to_owned());
    }
    Ok(params)
}

/// Keeps the causes asked for.
fn only(report: &mut Report, wanted: &[String], top: Option<usize>) {
    if !wanted.is_empty() {
        let fits = |id: &str, category: &str| {
            wanted.iter().any(|w| w == id || w == category || crate::rule::Glob { text: w.clone() }.is_match(id))
        };
        report.diagnoses.retain(|d| fits(&d.cause, &d.category));
        report.symptoms.retain(|s| fits(&s.id, ""));
        report.unrecognised.clear();
    }
    if let Some(top) = top {
        report.diagnoses.truncate(top);
    }
}

/// Tells on standard error what could not be read, as it must be told whatever the format.
fn complain(report: &Report, nothing: bool) {
    let mut err = Quiet::new(anstream::stderr());
    let red = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    let yellow = anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Yellow.into()));
    let dim = anstyle::Style::new().dimmed();
    for p in &report.problems {
        let (style, word) = if p.fatal { (red, "error:") } else { (yellow, "warning:") };
        let what = if p.path == STDIN_NAME {
            p.what.clone()
        } else {
            format!("{}: {}", crate::rule::template::printable(&p.path), crate::rule::template::printable(&p.what))
        };
        let _ = writeln!(err, "{style}{word}{style:#} {what}");
        if let Some(help) = &p.help {
            let _ = writeln!(err, "{dim}hint:{dim:#} {}", crate::rule::template::printable(help));
        }
    }
    if nothing && !report.problems.is_empty() {
        let _ = writeln!(err, "{red}error:{red:#} nothing was left to read");
    }
}

fn print(report: &Report, args: &ScanArgs) -> Result<(), Error> {
    let terminal = io::stdout().is_terminal();
    let environment = Environment::read();
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    match args.format {
        Format::Json => json::render(report, &mut out)?,
        Format::Text => {
            let options = text::Options {
                width: args.width.map_or_else(|| terminal::width(terminal), terminal::clamp),
                ascii: environment.ascii(args.ascii, terminal),
                color: environment.color(when(args.color), terminal) && (!args.brief || args.color == When::Always),
                verbose: args.verbose,
                all: args.all,
                top: args.top,
                brief: args.brief,
                terminal,
            };
            text::render(report, &options, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The colour choice of the command line.
pub(super) fn when(when: When) -> Color {
    match when {
        When::Auto => Color::Auto,
        When::Always => Color::Always,
        When::Never => Color::Never,
    }
}

fn confidence(level: Level) -> Confidence {
    match level {
        Level::Certain => Confidence::Certain,
        Level::Likely => Confidence::Likely,
        Level::Possible => Confidence::Possible,
    }
}
