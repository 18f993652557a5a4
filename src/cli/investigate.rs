//! From what was asked on the command line to facts, and from facts to the report: `scan`, `merge` and the verbs that send or pack a
//! report go this way.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::args::{LogArgs, ScanFormat, ShowArgs, ToldArgs};
use super::exit::{self, Exit};
use super::terminal::Quiet;
use super::{formats, job, scan};
use crate::diagnosis;
use crate::engine::Engine;
use crate::error::Error;
use crate::input::{self, Chunks, Discovered, Limits, Opened, STDIN_NAME};
use crate::pipeline::facts::{Asked, ClusterFacts};
use crate::pipeline::{Facts, Pipeline, join};
use crate::record::Times;
use crate::report::model::{self, InputStatus};
use crate::report::{InputProblem, Note, Report};
use crate::rule::RuleSet;
use crate::unwrap;

/// Neither a path, nor a job's file, nor a cluster, nor a pipe.
pub(super) fn nothing_to_read(args: &LogArgs) -> bool {
    paths(args).is_empty() && args.told.job.is_empty() && !args.asks_cluster()
}

/// What was said of the job beside the logs; its files come with the facts.
pub(super) fn options(told: &ToldArgs, rules: &RuleSet) -> Result<diagnosis::Options, Error> {
    Ok(diagnosis::Options {
        params: params(&told.param, rules)?,
        environment: job::environment(rules)?,
        ..diagnosis::Options::default()
    })
}

/// Scans. `hashed`: the facts are for others to join, and each input gets a hash of its bytes. `now`: seconds since 1970 (UTC).
pub(super) fn facts(args: &LogArgs, rules: &Arc<RuleSet>, now: i64, hashed: bool) -> Result<Facts, Error> {
    let times = super::times::read(&args.times, now)?;
    Ok(facts_of(args, rules, &times, hashed, &mut |_, _| {}))
}

/// Takes the decoded bytes of an input, beside the scan: its name, and the next of them.
pub(super) type Beside<'b> = dyn FnMut(&str, &[u8]) + 'b;

/// The same for times that are known already; `beside` gets what is read, too.
pub(super) fn facts_of(
    args: &LogArgs,
    rules: &Arc<RuleSet>,
    times: &Times,
    hashed: bool,
    beside: &mut Beside<'_>,
) -> Facts {
    let mut discovered = input::discover(&paths(args), Limits::default());
    let found = job::gather(&args.told.job, &mut discovered);
    let engine = Arc::new(Engine::new(rules.clone(), !args.no_prefilter).reading(times.clone()));
    // the program ends soon: taking the engine apart would be a tenth of a short run
    std::mem::forget(Arc::clone(&engine));
    let mut pipeline = Pipeline::with(engine);
    // with a job's file and no log named, standard input may be empty
    let optional = args.paths.is_empty() && !args.told.job.is_empty();
    let sources = std::mem::take(&mut discovered.sources);
    read(&sources, &mut pipeline, (optional, hashed), args.input_format.as_deref(), &mut discovered, beside);
    let (clusters, refused) = clusters(args, &mut pipeline);
    let mut facts = pipeline.facts();
    facts.clusters = clusters;
    facts.times = Asked::of(times);
    facts.job = found.definitions;
    facts.skipped = discovered.skipped;
    facts.problems = [discovered.problems, refused, found.problems].concat();
    join(vec![facts], &rules.version)
}

/// Reads the cluster that was asked for: what it said, and what could not be had.
#[cfg(feature = "flink")]
fn clusters(args: &LogArgs, pipeline: &mut Pipeline) -> (Vec<ClusterFacts>, Vec<input::Problem>) {
    let Some(url) = args.cluster.flink.as_deref() else { return (Vec::new(), Vec::new()) };
    match super::flink::read(url, args.cluster.job_id.as_deref(), pipeline) {
        Ok(cluster) => (vec![super::flink::said(url, &cluster)], cluster.problems),
        Err(problem) => (Vec::new(), vec![problem]),
    }
}

#[cfg(not(feature = "flink"))]
fn clusters(_: &LogArgs, _: &mut Pipeline) -> (Vec<ClusterFacts>, Vec<input::Problem>) {
    (Vec::new(), Vec::new())
}

/// Prints the facts, or what they mean, and says how the run ended.
pub(super) fn tell(
    facts: &Facts,
    rules: &RuleSet,
    options: &mut diagnosis::Options,
    format: ScanFormat,
    show: &ShowArgs,
) -> Result<Exit, Error> {
    if format == ScanFormat::Facts && show.sharing.hides(false) {
        return Err(Error::Usage {
            what: "--redact: facts hold the names, since conclusions are drawn from them".into(),
            hint: Some("redact the report: cdc-doctor merge --redact FACTS".into()),
        });
    }
    let mut report = report(facts, rules, options);
    scan::only(&mut report, &show.chosen);
    scan::complain(&report, report.inputs.is_empty() && facts.job.is_empty());
    let shared = formats::Shared::new(&report, format, show, rules)?;
    let nothing_read = report.inputs.iter().all(|i| i.status == "failed" || i.status == "skipped");
    shared.write_files(show)?;
    if format == ScanFormat::Facts {
        let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
        serde_json::to_writer_pretty(&mut out, facts).map_err(io::Error::from)?;
        writeln!(out)?;
        out.flush()?;
    } else if !nothing_read || format != ScanFormat::Text {
        shared.print(format, show)?;
    }
    Ok(exit::of(&report, show.fail_on.map(scan::confidence)))
}

/// What facts mean.
pub(super) fn report(facts: &Facts, rules: &RuleSet, options: &mut diagnosis::Options) -> Report {
    options.job.clone_from(&facts.job);
    options.times = facts.times.times();
    let status = InputStatus {
        skipped: facts.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect(),
        problems: facts.problems.iter().map(problem).collect(),
    };
    let diagnosis = diagnosis::infer(&facts.sources, rules, options);
    let mut report = model::build(&diagnosis, rules, &status, env!("CARGO_PKG_VERSION"));
    facts.clusters.iter().for_each(|cluster| cluster_said(&mut report, cluster));
    report
}

/// What to read: the paths given, else stdin unless that is a terminal.
fn paths(args: &LogArgs) -> Vec<PathBuf> {
    if args.paths.is_empty() && !args.asks_cluster() && !io::stdin().is_terminal() {
        vec![PathBuf::from("-")]
    } else {
        args.paths.clone()
    }
}

/// Reads all sources into the pipeline; what was wrong with them, and what was passed over in archives, is added to `told`. `format` is
/// what `--input-format` says. Of an `optional` source that is empty nothing is told.
fn read(
    sources: &[input::Source],
    pipeline: &mut Pipeline,
    (optional, hashed): (bool, bool),
    format: Option<&str>,
    told: &mut Discovered,
    beside: &mut Beside<'_>,
) {
    let mut chunks = Chunks::default();
    for source in sources {
        let begin = |pipeline: &mut Pipeline| {
            let number = begin_as(pipeline, &source.name, source.series, format);
            let data = if let input::Origin::File(path) = &source.origin { std::fs::metadata(path).ok() } else { None };
            if let Some(changed) = data.as_ref().and_then(changed) {
                pipeline.changed(number, changed);
            }
            if data.is_some_and(|d| d.is_file()) {
                pipeline.is_file(number);
            }
            number
        };
        let stdin: Option<Box<dyn io::Read + Send>> =
            if source.name == STDIN_NAME { Some(Box::new(io::stdin())) } else { None };
        let opened = input::opened(source, stdin);
        #[cfg(feature = "archives")]
        if let Ok(Opened::Archive(kind, stream)) = opened {
            archive(source, (kind, stream), (&mut chunks, pipeline, told), hashed, format, beside);
            continue;
        }
        let mut number = if optional { None } else { Some(begin(pipeline)) };
        let mut hasher = hashed.then(blake3::Hasher::new);
        let trouble = match opened {
            Ok(Opened::Text(stream)) => {
                let mut take = |bytes: &[u8]| {
                    let number = *number.get_or_insert_with(|| begin(pipeline));
                    pipeline.push(number, bytes);
                    if let Some(hasher) = &mut hasher {
                        hasher.update(bytes);
                    }
                    beside(&source.name, bytes);
                };
                chunks.read_stream(source, stream, &mut take).1
            }
            #[cfg(feature = "archives")]
            Ok(Opened::Archive(..)) => None,
            Err(problem) => Some(problem),
        };
        let Some(number) = number else { continue };
        pipeline.end(number);
        if let Some(hasher) = hasher {
            pipeline.content(number, hasher.finalize().to_hex().as_str());
        }
        told.problems.extend(trouble);
    }
}

/// Numbers of series in archives begin here.
#[cfg(feature = "archives")]
const ARCHIVED: u32 = 1 << 20;

/// Reads the logs of an archive.
#[cfg(feature = "archives")]
fn archive(
    source: &input::Source,
    (kind, stream): (input::archive::Kind, input::decode::Stream),
    (chunks, pipeline, told): (&mut Chunks, &mut Pipeline, &mut Discovered),
    hashed: bool,
    format: Option<&str>,
    beside: &mut Beside<'_>,
) {
    struct Members<'p, 'b> {
        pipeline: &'p mut Pipeline,
        /// Name of the file that is read.
        name: String,
        beside: &'p mut Beside<'b>,
        format: Option<&'p str>,
        /// Of the bytes of the file that is read, if they are hashed.
        hasher: Option<blake3::Hasher>,
    }
    impl input::archive::Taker for Members<'_, '_> {
        fn begin(&mut self, name: &str, changed: Option<i64>) -> usize {
            let number = begin_as(self.pipeline, name, None, self.format);
            if let Some(newest) = changed {
                self.pipeline.changed(number, newest);
            }
            self.pipeline.is_file(number);
            name.clone_into(&mut self.name);
            if let Some(hasher) = &mut self.hasher {
                hasher.reset();
            }
            number
        }
        fn push(&mut self, number: usize, bytes: &[u8]) {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(bytes);
            }
            self.pipeline.push(number, bytes);
            (self.beside)(&self.name, bytes);
        }
        fn end(&mut self, number: usize) {
            self.pipeline.end(number);
            if let Some(hasher) = &self.hasher {
                self.pipeline.content(number, hasher.finalize().to_hex().as_str());
            }
        }
    }
    let from = pipeline.begun();
    let mut members =
        Members { pipeline, name: String::new(), beside, format, hasher: hashed.then(blake3::Hasher::new) };
    let contents = input::archive::read(source, kind, stream, chunks, &mut members);
    // series of different archives are different ones
    let first = ARCHIVED.saturating_add(u32::try_from(from).unwrap_or(0));
    let order: Vec<_> = contents.logs.into_iter().map(|(n, s)| (n, s.map(|s| first.saturating_add(s)))).collect();
    pipeline.arrange(from, &order);
    told.skipped.extend(contents.skipped);
    told.problems.extend(contents.problems);
}

/// Begins a source of which `--input-format` may say what it is.
pub(super) fn begin_as(pipeline: &mut Pipeline, name: &str, series: Option<u32>, format: Option<&str>) -> usize {
    match format {
        None => pipeline.begin(name, series),
        Some(format) => {
            let format = unwrap::Format::ALL.into_iter().find(|f| f.name() == format);
            pipeline.begin_as(name, series, format)
        }
    }
}

/// When a file was last written, in seconds since 1970.
fn changed(data: &std::fs::Metadata) -> Option<i64> {
    i64::try_from(data.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

pub(super) fn problem(p: &input::Problem) -> InputProblem {
    InputProblem { path: p.path.clone(), what: p.what.clone(), help: p.help.clone(), fatal: p.fatal }
}

pub(super) fn params(given: &[String], rules: &RuleSet) -> Result<BTreeMap<String, String>, Error> {
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

/// Says in the report what a cluster said of its jobs when it was read; the logs may end before it.
fn cluster_said(report: &mut Report, cluster: &ClusterFacts) {
    for job in &cluster.jobs {
        if let Some(known) = report.jobs.iter_mut().find(|j| j.id.as_deref() == Some(&job.id)) {
            known.name.get_or_insert_with(|| job.name.clone());
            known.state = Some(job.state.clone());
        }
    }
    let jobs = input::cluster::listed(&cluster.jobs);
    let text = format!("Read from Flink {} at {}; {jobs}.", cluster.version, cluster.address);
    report.notes.push(Note { code: "flink-cluster".into(), text, evidence: Vec::new() });
    // the state that Flink shows of a dead source
    let running = cluster.jobs.iter().filter(|j| j.state == "RUNNING").count();
    let down = report.diagnoses.iter().any(|d| d.state == crate::report::State::Ongoing);
    if running > 0 && down {
        let text = "RUNNING is what Flink shows as long as the source's thread lives, also while the connector only retries: it does \
                    not mean that changes are read."
            .to_owned();
        report.notes.push(Note { code: "running-is-not-reading".into(), text, evidence: Vec::new() });
    }
}
