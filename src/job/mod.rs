//! What the job was told: its definition and the server's configuration files, as evidence beside the logs.
//!
//! [`read`] takes the text of one file (Flink SQL, an SMT configuration, a Flink CDC pipeline, a Kafka Connect connector,
//! `postgresql.conf`, `pg_hba.conf`) and gives a [`JobDefinition`]: plain data with the places of everything in it, and without a
//! single password, which are dropped while reading. [`check::check`] looks for what cannot work. Nothing here reads files.

pub mod check;
mod connect;
mod detect;
pub mod hba;
mod mask;
mod params;
mod pipeline;
mod server;
mod smt;
mod sql;
mod tokens;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Problem, SourceText};

pub use detect::detect;
pub use params::parameters;

/// Most bytes that are read of one file.
pub const MAX_BYTES: usize = 4 << 20;
/// Most tables that one file may define.
const MAX_ENDPOINTS: usize = 2000;
/// Most lines of a file that has a setting in each.
const MAX_LINES: usize = 10_000;
/// Most options of the connectors in one file.
const MAX_OPTIONS: usize = 4000;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Format {
    /// Statements for Flink's SQL client.
    FlinkSql,
    /// `config_prod.conf` of StarRocks' migration tool.
    Smt,
    /// A pipeline of Flink CDC, YAML.
    Pipeline,
    /// A connector of Kafka Connect, JSON.
    ConnectJson,
    /// A connector of Kafka Connect, or Debezium Server, properties.
    Properties,
    /// `postgresql.conf`.
    PostgresConf,
    /// `pg_hba.conf`.
    PgHba,
}

impl Format {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FlinkSql => "flink-sql",
            Self::Smt => "smt-config",
            Self::Pipeline => "pipeline-yaml",
            Self::ConnectJson => "connect-json",
            Self::Properties => "connect-properties",
            Self::PostgresConf => "postgresql-conf",
            Self::PgHba => "pg-hba-conf",
        }
    }

    /// It belongs to the server, not to a job.
    #[must_use]
    pub fn is_server(self) -> bool {
        matches!(self, Self::PostgresConf | Self::PgHba)
    }
}

/// A place in a file, and the words there, secrets removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct At {
    /// Line, from 1.
    pub line: u64,
    /// Byte offset of the words.
    pub offset: u64,
    /// The words, on one line.
    pub text: String,
}

impl At {
    /// The words `start..end` of a text.
    #[must_use]
    pub fn of(text: &str, start: usize, end: usize) -> Self {
        let before = text.as_bytes().get(..start).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        let words = text.get(start..end.max(start)).unwrap_or_default();
        let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        Self { line, offset: start as u64, text: mask::evidence(&words) }
    }
}

/// One option and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// Its name, as written.
    pub key: String,
    /// Its value without quotes; a secret is not kept.
    pub value: String,
    /// Where it stands.
    pub at: At,
}

impl Setting {
    /// A setting whose words are `start..end` of a text. A secret is dropped here, before anything can keep it.
    #[must_use]
    pub fn new(key: &str, value: &str, text: &str, start: usize, end: usize) -> Self {
        let secret = mask::is_secret(key);
        let mut at = At::of(text, start, if secret { start } else { end });
        if secret {
            at.text = format!("{key} = {}", mask::CUT);
        }
        let value = if secret { mask::CUT.to_owned() } else { mask::evidence(value) };
        Self { key: key.to_owned(), value, at }
    }

    /// The value is filled in elsewhere: `${slot}`, `{{ slot }}`, `<slot>`.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        ["${", "{{", "$("].iter().any(|mark| self.value.contains(mark))
            || (self.value.starts_with('<') && self.value.ends_with('>'))
    }
}

/// Which side of a job an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Side {
    /// Changes are read from it.
    Source,
    /// They are written to it.
    Sink,
}

/// What is said of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PrimaryKey {
    /// The file does not speak of columns.
    Unknown,
    /// There is none.
    None,
    /// `PRIMARY KEY (...) NOT ENFORCED`.
    NotEnforced,
    /// Without `NOT ENFORCED`, which Flink refuses.
    Enforced,
}

/// A source or a sink of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// Source or sink.
    pub side: Side,
    /// `postgres`, `mysql`, `starrocks`, ...
    pub system: String,
    /// Name of the table, connector or pipeline that it is.
    pub name: String,
    /// Its options.
    pub settings: Vec<Setting>,
    /// Where it begins, and the words that say what it is.
    pub at: At,
    /// Its primary key, and where that stands.
    pub key: (PrimaryKey, At),
    /// How many jobs of the file read it; each takes a slot and a walsender of its own.
    pub readers: usize,
    /// Which kind of file says it.
    pub format: Format,
}

impl Endpoint {
    /// The value of the first of these options that is set.
    #[must_use]
    pub fn get(&self, keys: &[&str]) -> Option<&Setting> {
        keys.iter().find_map(|key| self.settings.iter().rev().find(|s| s.key.eq_ignore_ascii_case(key)))
    }
}

/// A publication that statements create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Publication {
    /// Its name.
    pub name: String,
    /// It publishes all tables.
    pub all: bool,
    /// Schemas of which it publishes every table.
    pub schemas: Vec<String>,
    /// Tables, `schema.table`.
    pub tables: Vec<String>,
    /// Where it stands.
    pub at: At,
}

/// One file, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobDefinition {
    /// Path as given.
    pub name: String,
    /// What it is.
    pub format: Format,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// Sources and sinks, in the order of the file.
    pub endpoints: Vec<Endpoint>,
    /// Settings of the job or of the server, in the order of the file; the last of a name wins.
    pub settings: Vec<Setting>,
    /// Publications that its statements create.
    pub publications: Vec<Publication>,
    /// Lines of `pg_hba.conf`.
    pub hba: Vec<hba::Line>,
    /// It names other files, which were not read.
    pub includes: Vec<At>,
}

impl JobDefinition {
    fn new(source: &SourceText, format: Format) -> Self {
        Self {
            name: source.name.clone(),
            format,
            bytes: source.text.len() as u64,
            lines: source.text.lines().count() as u64,
            endpoints: Vec::new(),
            settings: Vec::new(),
            publications: Vec::new(),
            hba: Vec::new(),
            includes: Vec::new(),
        }
    }

    /// The setting of this name that counts: the last one.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().rev().find(|s| s.key.eq_ignore_ascii_case(key))
    }

    /// Its sources.
    pub fn sources(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|e| e.side == Side::Source)
    }
}

/// Reads one file.
///
/// # Errors
/// A [`Problem`] that points at the place, with every secret of the text made unreadable.
pub fn read(name: &str, text: &str) -> Result<JobDefinition, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let Some(format) = detect(name, text) else {
        return Err(unreadable(&source, "JD001", "this is no job definition that is known", None).help(
            "Flink SQL, SMT's config_prod.conf, a Flink CDC pipeline (YAML), a connector of Kafka Connect (JSON or properties), \
             postgresql.conf, pg_hba.conf",
        ));
    };
    let by_line = match format {
        Format::Smt => Some("JD003"),
        Format::Properties => Some("JD006"),
        Format::PostgresConf => Some("JD007"),
        Format::PgHba => Some("JD008"),
        Format::FlinkSql | Format::Pipeline | Format::ConnectJson => None,
    };
    if let Some(code) = by_line
        && let Some(at) = memchr::memchr_iter(b'\n', text.as_bytes()).nth(MAX_LINES)
    {
        return Err(unreadable(&source, code, format!("more than {MAX_LINES} lines"), Some((at, 1, "behind here"))));
    }
    match format {
        Format::FlinkSql => sql::read(&source),
        Format::Smt => smt::read(&source),
        Format::Pipeline => pipeline::read(&source),
        Format::ConnectJson => connect::json(&source),
        Format::Properties => connect::properties(&source),
        Format::PostgresConf => server::read(&source),
        Format::PgHba => hba::read(&source),
    }
}

/// A problem at a place (start, length, remark). The text it shows has no secrets: they are overwritten, so that places stay.
fn unreadable(
    source: &Arc<SourceText>,
    code: &'static str,
    message: impl Into<String>,
    place: Option<(usize, usize, &str)>,
) -> Problem {
    let shown = Arc::new(SourceText { name: source.name.clone(), text: mask::source(&source.text) });
    let problem = Problem::error(code, message, &shown);
    match place {
        Some((start, len, remark)) => problem.at(start, len, remark),
        None => problem,
    }
}

/// The system behind the name of a connector: `postgres-cdc`, `mysql`, `io.debezium.connector.sqlserver.SqlServerConnector`.
fn system_of(connector: &str) -> String {
    let lower = connector.to_ascii_lowercase();
    let known = [
        ("postgres", "postgres"),
        ("pgsql", "postgres"),
        ("mysql", "mysql"),
        ("mariadb", "mysql"),
        ("mongo", "mongodb"),
        ("oracle", "oracle"),
        ("sqlserver", "sqlserver"),
        ("db2", "db2"),
        ("tidb", "tidb"),
        ("oceanbase", "oceanbase"),
        ("vitess", "vitess"),
        ("starrocks", "starrocks"),
        ("doris", "doris"),
        ("kafka", "kafka"),
        ("paimon", "paimon"),
        ("iceberg", "iceberg"),
        ("elasticsearch", "elasticsearch"),
        ("jdbc", "jdbc"),
    ];
    known.iter().find(|(word, _)| lower.contains(word)).map_or(lower.clone(), |(_, system)| (*system).to_owned())
}
