//! What the user may type.

mod rules;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::rules::{RulesArgs, RulesCommand};

/// Finds out why a Flink CDC or Debezium job failed, from its logs.
#[derive(Debug, Parser)]
#[command(
    name = "cdc-doctor",
    version,
    about = "Finds out why a Flink CDC or Debezium job failed, from its logs.",
    override_usage = "cdc-doctor [OPTIONS] [PATH]...\n       <command> | cdc-doctor\n       cdc-doctor <COMMAND>",
    after_help = "Examples:\n  cat taskmanager.log | cdc-doctor\n  cdc-doctor /opt/flink/log\n  cdc-doctor jobmanager.log taskmanager.log postgresql.log\n  cdc-doctor explain postgres/wal-level-not-logical\n\nExit status:\n  0  it ran, whatever it found\n  1  with --fail-on: a cause of that level or above was found\n  2  wrong usage, an input that cannot be used, or a bad rule\n\nNothing is sent anywhere but by attach; no connection is made but for it and --flink. Passwords and row data never appear in any output.",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// The default verb.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// A verb.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a run")]
pub enum Command {
    /// Diagnose files, directories or stdin (the default command)
    Scan(Box<ScanArgs>),
    /// Join what --format facts found on several machines: the report of one scan of everything
    Merge(MergeArgs),
    /// The report as a ticket, within the limits of its system, or as a script for the database's administrator
    Report(super::report::ReportArgs),
    /// Follow logs and tell incidents as they open, repeat and clear
    #[cfg(feature = "watch")]
    Watch(super::watch::WatchArgs),
    /// Add the report to a ticket, or update what was added before
    #[cfg(feature = "attach")]
    Attach(super::attach::AttachArgs),
    /// Pack the report and what stands around its evidence into one file that can be sent to others
    #[cfg(feature = "bundle")]
    Bundle(super::bundle::BundleArgs),
    /// Say whether the original logs still give the report of a bundle
    #[cfg(feature = "bundle")]
    Replay(super::bundle::ReplayArgs),
    /// Explain a cause by its id, a word of it, or a message; needs no log
    Explain(ExplainArgs),
    /// Show what was understood of logs: formats, records, levels, and the share that was not
    Parse(ParseArgs),
    /// Say why a rule did not match a log, or what became of its match
    WhyNot(WhyNotArgs),
    /// Copy a log to stdout without secrets and names, for sharing
    Redact(super::redact::RedactArgs),
    /// Put the names back into an answer to something redacted
    Reveal(super::redact::RevealArgs),
    /// List, check, test, write and publish rules
    Rules(RulesArgs),
}

/// What `--input-format` takes: plain text, and [`crate::unwrap::Format`] by name.
const INPUT_FORMATS: [&str; 15] = [
    "plain",
    "docker",
    "cri",
    "kubectl-prefix",
    "timestamps",
    "compose",
    "syslog",
    "journald-json",
    "ecs",
    "logstash",
    "json",
    "jsonlog",
    "csvlog",
    "flink-rest",
    "flink-operator",
];

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For machines, see docs/report.schema.json
    Json,
}

/// Levels of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The log states it
    Certain,
    /// Fits best
    Likely,
    /// One of several that fit
    Possible,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR or TERM=dumb says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Formats of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// For people
    Text,
    /// For machines, see docs/report.schema.json
    Json,
    /// The same, one line an object: the report, then each cause, symptom, exception and note
    Ndjson,
    /// For an issue on GitHub or GitLab
    Markdown,
    /// One page that needs nothing else, with a timeline
    Html,
    /// Jira's wiki markup
    Jira,
    /// Atlassian's document format, for Jira Cloud's API
    Adf,
    /// For code scanning and its viewers
    Sarif,
    /// For CI systems
    Junit,
    /// A table: one row a cause, symptom or exception
    Csv,
    /// A script for psql that asks all that is to be asked, and only reads
    Psql,
    /// What was found before conclusions are drawn; cdc-doctor merge joins such files
    Facts,
}

impl ScanFormat {
    /// It is made to be sent to others: names are replaced by tokens unless that is switched off.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Markdown | Self::Html | Self::Jira | Self::Adf | Self::Sarif | Self::Junit | Self::Csv)
    }
}

/// `scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// How to print the report
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: ScanFormat,
    /// What to print.
    #[command(flatten)]
    pub show: ShowArgs,
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// What to read: logs, and what is said of them.
#[derive(Debug, Default, Args)]
pub struct LogArgs {
    /// Files, directories, archives (tar, zip) or globs; .gz and .zst are opened; - is stdin. JobManager, TaskManager and
    /// PostgreSQL logs together give the surest answer; the order does not matter
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What is known beside the logs.
    #[command(flatten)]
    pub told: ToldArgs,
    /// A running cluster.
    #[cfg(feature = "flink")]
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Options about time.
    #[command(flatten)]
    pub times: super::times::TimeArgs,
    /// What stands around the lines, or how events are written [default: found out for each source]: plain, docker, cri,
    /// kubectl-prefix, timestamps, compose, syslog, journald-json, ecs, logstash, json, jsonlog, csvlog, flink-rest, flink-operator
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(INPUT_FORMATS))]
    pub input_format: Option<String>,
    /// Look at every record with every rule; slow, for testing the prefilter
    #[arg(long, hide = true)]
    pub no_prefilter: bool,
}

/// What is known beside the logs, and the rules.
#[derive(Debug, Clone, Default, Args)]
pub struct ToldArgs {
    /// Definition of the job as evidence, repeatable: Flink SQL, SMT's config_prod.conf, pipeline YAML, a connector's JSON or
    /// .properties, postgresql.conf, pg_hba.conf; or a directory of such files
    #[arg(long, value_name = "FILE")]
    pub job: Vec<PathBuf>,
    /// Give or override a parameter: user=..., slot=...; as the variable CDC_DOCTOR_USER, too
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Add rules, or override shipped ones
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// Which causes of a report.
#[derive(Debug, Args)]
pub struct ChosenArgs {
    /// Only these causes: an id, a glob (postgres/*) or a category (slots)
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only the first N causes
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
}

/// What to print of a report, and how.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct ShowArgs {
    /// One line per cause: path:line: confidence: id: headline
    #[arg(short, long, conflicts_with = "verbose")]
    pub brief: bool,
    /// Everything: parameters, verbatim records, consequences
    #[arg(short, long)]
    pub verbose: bool,
    /// Set the second and later causes in full, too
    #[arg(long)]
    pub all: bool,
    /// Which causes.
    #[command(flatten)]
    pub chosen: ChosenArgs,
    /// Write the report to a file, too, repeatable: html=report.html
    #[arg(long, value_name = "FORMAT=PATH", value_parser = super::formats::output)]
    pub output: Vec<(ScanFormat, PathBuf)>,
    /// What is shared.
    #[command(flatten)]
    pub sharing: super::redact::SharingArgs,
    /// Exit 1 if a cause of this level or above is found
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub fail_on: Option<Level>,
    /// Line width, 60 to 100 [default: terminal, or 100]
    #[arg(long, value_name = "N")]
    pub width: Option<usize>,
    /// No glyphs outside ASCII
    #[arg(long)]
    pub ascii: bool,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Files that --format facts wrote, in any order; .gz and .zst are opened; - is stdin. A file given twice counts once
    #[arg(value_name = "FACTS", required = true)]
    pub facts: Vec<PathBuf>,
    /// How to print the report
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: ScanFormat,
    /// What to print.
    #[command(flatten)]
    pub show: ShowArgs,
    /// What is known beside the logs.
    #[command(flatten)]
    pub told: ToldArgs,
}

impl LogArgs {
    /// A cluster is to be read.
    #[must_use]
    pub fn asks_cluster(&self) -> bool {
        #[cfg(feature = "flink")]
        return self.cluster.flink.is_some();
        #[cfg(not(feature = "flink"))]
        return false;
    }
}

/// A running cluster to read.
#[cfg(feature = "flink")]
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterArgs {
    /// Address of the cluster's REST API.
    #[arg(
        long,
        value_name = "URL",
        help = "Read exceptions and logs of a running cluster over Flink's REST API, as http://jobmanager:8081 (only GET, no redirects)"
    )]
    pub flink: Option<String>,
    /// With --flink: only this job; the beginning of its id is enough
    #[arg(long, value_name = "ID", requires = "flink")]
    pub job_id: Option<String>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A cause id, a word of one, a rule problem code (RB007), or a message pasted from a log
    #[arg(value_name = "ID|WORD|MESSAGE", required = true, num_args = 1..)]
    pub what: Vec<String>,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: Format,
    /// Add rules, or override shipped ones
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Line width, 60 to 100 [default: terminal, or 100]
    #[arg(long, value_name = "N")]
    pub width: Option<usize>,
    /// No glyphs outside ASCII
    #[arg(long)]
    pub ascii: bool,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// Formats of `parse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A summary of each log, for people
    Text,
    /// One JSON object a line: each record, then a summary of its log
    Ndjson,
}

/// `parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// Files, directories, archives or globs; - is stdin
    #[arg(value_name = "LOG")]
    pub paths: Vec<PathBuf>,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: ListFormat,
    /// As for scan: what stands around the lines [default: found out for each log]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(INPUT_FORMATS))]
    pub input_format: Option<String>,
}

/// `why-not`.
#[derive(Debug, Args)]
pub struct WhyNotArgs {
    /// Id of the rule
    pub id: String,
    /// The logs: files, directories or globs; - is stdin
    #[arg(value_name = "LOG", required = true)]
    pub logs: Vec<PathBuf>,
    /// Add rules, or override shipped ones
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}
