//! What the files themselves show cannot work, or hardly.
//!
//! Each [`Finding`] names a cause of the rule base, the place that shows it, and in words what was seen. What depends on
//! something that no file shows (another setting of the server, the address of the client, a version) is `possible`.

use std::collections::BTreeMap;

use super::server::{bytes, integer, milliseconds};
use super::{At, Endpoint, Format, JobDefinition, PrimaryKey, Side, parameters};
use crate::rule::Confidence;

mod access;
mod checkpoints;
mod publication;

pub use checkpoints::without_checkpoints;
pub use publication::published;

/// Bytes.
const MEGABYTE: f64 = 1_048_576.0;
/// A server that keeps less WAL than this for a slot drops it while the job is stopped for a release, bytes.
const LEAST_WAL: f64 = 1024.0 * MEGABYTE;

/// Something that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Cause id.
    pub cause: &'static str,
    /// How sure.
    pub confidence: Confidence,
    /// Index of the file that shows it.
    pub file: usize,
    /// The place.
    pub at: At,
    /// Index of the endpoint in its file, if it is about one.
    pub endpoint: Option<(usize, usize)>,
    /// Parameters that the finding itself gives.
    pub params: BTreeMap<String, String>,
    /// What was seen, and where else: text, file, line.
    pub facts: Vec<(String, usize, u64)>,
}

impl Finding {
    fn new(cause: &'static str, confidence: Confidence, file: usize, at: &At) -> Self {
        Self { cause, confidence, file, at: at.clone(), endpoint: None, params: BTreeMap::new(), facts: Vec::new() }
    }

    fn about(mut self, source: &Seen<'_>) -> Self {
        self.endpoint = Some((source.file, source.index));
        self
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.to_owned(), value.to_owned());
        self
    }

    fn says(mut self, text: impl Into<String>, file: usize, line: u64) -> Self {
        self.facts.push((text.into(), file, line));
        self
    }
}

/// A source and the file it stands in.
struct Seen<'f> {
    file: usize,
    index: usize,
    endpoint: &'f Endpoint,
}

impl Seen<'_> {
    fn slot(&self) -> Option<&super::Setting> {
        self.endpoint.get(&["debezium.slot.name", "slot.name"])
    }

    /// Where its slots and walsenders are: sources that say the same server share them.
    fn server(&self) -> (String, String) {
        let of = |wanted: &str| {
            parameters(self.endpoint).into_iter().find(|(n, ..)| *n == wanted).map(|(_, v, _)| v).unwrap_or_default()
        };
        (of("host").to_ascii_lowercase(), Some(of("port")).filter(|p| !p.is_empty()).unwrap_or_else(|| "5432".into()))
    }
}

/// Looks at all files together.
#[must_use]
pub fn check(files: &[JobDefinition]) -> Vec<Finding> {
    let sources = sources(files);
    let postgres: Vec<&Seen<'_>> = sources.iter().filter(|s| s.endpoint.system == "postgres").collect();
    let mut found = Vec::new();
    for source in &postgres {
        slot(source, &mut found);
        plugin(source, &mut found);
        publication::check(source, files, &mut found);
    }
    same_slot(&postgres, &mut found);
    for source in &sources {
        primary_key(source, &mut found);
    }
    checkpoints::check(files, &sources, &mut found);
    for (number, file) in files.iter().enumerate() {
        match file.format {
            Format::PostgresConf => server(number, file, &postgres, &mut found),
            Format::PgHba => access::check(number, file, &postgres, &mut found),
            _ => {}
        }
    }
    found
}

/// All sources, each once: SMT writes every table into a file of its own and into one for all.
fn sources(files: &[JobDefinition]) -> Vec<Seen<'_>> {
    let mut all: Vec<Seen<'_>> = Vec::new();
    for (file, definition) in files.iter().enumerate() {
        for (index, endpoint) in definition.endpoints.iter().enumerate().filter(|(_, e)| e.side == Side::Source) {
            let values = |e: &Endpoint| e.settings.iter().map(|s| (s.key.clone(), s.value.clone())).collect::<Vec<_>>();
            let same = |s: &Seen<'_>| {
                s.file != file && s.endpoint.name == endpoint.name && values(s.endpoint) == values(endpoint)
            };
            if !all.iter().any(same) {
                all.push(Seen { file, index, endpoint });
            }
        }
    }
    all
}

/// Missing, or with signs that PostgreSQL does not allow.
fn slot(source: &Seen<'_>, found: &mut Vec<Finding>) {
    match source.slot() {
        None if matches!(source.endpoint.format, Format::FlinkSql | Format::Pipeline) => {
            found.push(
                Finding::new("flink/option-missing", Confidence::Possible, source.file, &source.endpoint.at)
                    .about(source)
                    .with("option", "slot.name")
                    .says(
                        format!(
                            "{} has no slot.name: newer Flink CDC refuses that, older ones take 'flink' for every table",
                            source.endpoint.name
                        ),
                        source.file,
                        source.endpoint.at.line,
                    ),
            );
        }
        Some(slot) if !slot.is_placeholder() => {
            let wrong = slot.value.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_'));
            let what = match wrong {
                Some(c) if c.is_uppercase() => format!("'{c}' is upper case"),
                Some(c) => format!("'{c}' is none of a-z, 0-9 and _"),
                None if slot.value.len() > 63 => format!("it has {} signs, and 63 are allowed", slot.value.len()),
                None if slot.value.is_empty() => "it is empty".to_owned(),
                None => return,
            };
            found.push(
                Finding::new("postgres/slot-name-invalid", Confidence::Certain, source.file, &slot.at)
                    .about(source)
                    .with("slot", &slot.value)
                    .says(format!("the slot name of {}: {what}", source.endpoint.name), source.file, slot.at.line),
            );
        }
        _ => {}
    }
}

/// Two readers of one slot: one of them will be refused.
fn same_slot(sources: &[&Seen<'_>], found: &mut Vec<Finding>) {
    let mut seen: Vec<(&str, (String, String), &Seen<'_>)> = Vec::new();
    for source in sources {
        let implied = matches!(source.endpoint.format, Format::ConnectJson | Format::Properties);
        let (name, at) = match source.slot() {
            Some(slot) if !slot.is_placeholder() => (slot.value.as_str(), &slot.at),
            None if implied => ("debezium", &source.endpoint.at),
            _ => continue,
        };
        let server = source.server();
        let finding = || {
            Finding::new("postgres/slot-already-active", Confidence::Likely, source.file, at)
                .about(source)
                .with("slot", name)
        };
        // one line of SMT's configuration that stands for many tables, each a job of its own
        let many = source.endpoint.format == Format::Smt
            && source.endpoint.get(&["table"]).is_some_and(|t| super::params::plain(&t.value).is_none());
        if let Some((.., first)) = seen.iter().find(|(n, s, _)| *n == name && *s == server) {
            let line = first.slot().map_or(first.endpoint.at.line, |s| s.at.line);
            found.push(finding().says(
                format!("{} and {} have the same slot '{name}'", first.endpoint.name, source.endpoint.name),
                first.file,
                line,
            ));
        } else if source.endpoint.readers > 1 || many {
            let mut finding = finding();
            finding.confidence = if many { Confidence::Possible } else { finding.confidence };
            let what = if many {
                format!("every table that this rule matches is a source of its own, all with the slot '{name}'")
            } else {
                format!(
                    "{} statements read {}, each a job with the slot '{name}'",
                    source.endpoint.readers, source.endpoint.name
                )
            };
            found.push(finding.says(what, source.file, at.line));
        }
        seen.push((name, server, source));
    }
}

/// Without a word of it, Debezium asks for decoderbufs, which no PostgreSQL brings along; pipelines ask for pgoutput.
fn plugin(source: &Seen<'_>, found: &mut Vec<Finding>) {
    let known = ["decoderbufs", "pgoutput", "wal2json", "wal2json_rds", "wal2json_streaming", "wal2json_rds_streaming"];
    match source.endpoint.get(&["debezium.plugin.name", "decoding.plugin.name", "plugin.name"]) {
        None if source.endpoint.format != Format::Pipeline => found.push(
            Finding::new("postgres/plugin-not-installed", Confidence::Possible, source.file, &source.endpoint.at)
                .about(source)
                .with("plugin", "decoderbufs")
                .says(
                    format!(
                        "{} does not name a decoding plugin, so it asks for decoderbufs; PostgreSQL 10 and later bring pgoutput",
                        source.endpoint.name
                    ),
                    source.file,
                    source.endpoint.at.line,
                ),
        ),
        Some(plugin) if !plugin.is_placeholder() && !known.contains(&plugin.value.to_ascii_lowercase().as_str()) => {
            found.push(
                Finding::new("postgres/plugin-name-unknown", Confidence::Likely, source.file, &plugin.at)
                    .about(source)
                    .with("plugin", &plugin.value)
                    .says(format!("Debezium knows {}", known.join(", ")), source.file, plugin.at.line),
            );
        }
        _ => {}
    }
}

/// Flink refuses an enforced key; the incremental snapshot needs a key, or a column to split by.
fn primary_key(source: &Seen<'_>, found: &mut Vec<Finding>) {
    let (key, at) = &source.endpoint.key;
    let on = source.endpoint.get(&["scan.incremental.snapshot.enabled"]);
    let incremental = match on {
        Some(setting) => setting.value.eq_ignore_ascii_case("true"),
        None => source.endpoint.system == "mysql",
    };
    let chunked = source.endpoint.get(&["scan.incremental.snapshot.chunk.key-column"]).is_some();
    match key {
        PrimaryKey::Enforced => found.push(
            Finding::new("flink/sql-definition-error", Confidence::Likely, source.file, at)
                .about(source)
                .with("flink_table", &source.endpoint.name)
                .says("Flink takes a PRIMARY KEY only with NOT ENFORCED", source.file, at.line),
        ),
        PrimaryKey::None if incremental && !chunked && source.endpoint.format == Format::FlinkSql => {
            let line = on.map_or(at.line, |s| s.at.line);
            found.push(
                Finding::new("flink/missing-primary-key", Confidence::Likely, source.file, at).about(source).says(
                    format!(
                        "{} has no PRIMARY KEY and no scan.incremental.snapshot.chunk.key-column",
                        source.endpoint.name
                    ),
                    source.file,
                    line,
                ),
            );
        }
        _ => {}
    }
}

/// `postgresql.conf`, as far as it decides: `ALTER SYSTEM`, included files and the command line may say otherwise.
fn server(number: usize, file: &JobDefinition, sources: &[&Seen<'_>], found: &mut Vec<Finding>) {
    let finding = |cause, at: &At| Finding::new(cause, Confidence::Possible, number, at);
    let top = At { line: 1, offset: 0, text: String::new() };
    match file.setting("wal_level") {
        Some(level) if !level.value.eq_ignore_ascii_case("logical") => {
            found.push(finding("postgres/wal-level-not-logical", &level.at).with("wal_level", &level.value).says(
                "the last wal_level of the file; ALTER SYSTEM could set another",
                number,
                level.at.line,
            ));
        }
        None if file.includes.is_empty() => found.push(
            finding("postgres/wal-level-not-logical", &At { text: "(no wal_level)".into(), ..top.clone() })
                .with("wal_level", "replica")
                .says("the file does not set wal_level, and its default is replica", number, 1),
        ),
        _ => {}
    }
    let needed: usize = sources.iter().map(|s| s.endpoint.readers.max(1)).sum();
    for (name, cause) in
        [("max_replication_slots", "postgres/slots-exhausted"), ("max_wal_senders", "postgres/wal-senders-exhausted")]
    {
        let setting = file.setting(name);
        let Some(value) = setting.map_or(Some(10), |s| integer(&s.value)) else { continue };
        let allowed = usize::try_from(value).unwrap_or(0);
        if needed > allowed {
            let at = setting.map_or(At { text: format!("({name} is not set: 10)"), ..top.clone() }, |s| s.at.clone());
            let first = sources.first().map_or((number, 1), |s| (s.file, s.endpoint.at.line));
            let what = format!(
                "the files have {needed} PostgreSQL sources, each takes one, and {name} allows {allowed} for all clients"
            );
            found.push(finding(cause, &at).with(name, &value.to_string()).says(what, first.0, first.1));
        }
    }
    if let Some(listen) = file.setting("listen_addresses") {
        let own = |a: &str| matches!(a.trim(), "localhost" | "127.0.0.1" | "::1" | "");
        let far = sources.iter().any(|s| {
            let host = s.server().0;
            !host.is_empty() && !own(&host)
        });
        if far && listen.value.split(',').all(own) {
            found.push(finding("network/bound-to-localhost", &listen.at).says(
                "the server listens to its own machine only, and the job names another host",
                number,
                listen.at.line,
            ));
        }
    }
    // a bare number is in MB
    let kept = file.setting("max_slot_wal_keep_size");
    if let Some(setting) = kept
        && !sources.is_empty()
        && bytes(&setting.value, MEGABYTE).is_some_and(|size| (0.0..LEAST_WAL).contains(&size))
    {
        found.push(finding("postgres/slot-invalidated", &setting.at).says(
            format!("max_slot_wal_keep_size is {}: a slot that falls behind by more is lost for good", setting.value),
            number,
            setting.at.line,
        ));
    }
    let short = [
        ("wal_sender_timeout", 10_000.0, "postgres/walsender-timeout"),
        ("statement_timeout", 60_000.0, "postgres/statement-timeout"),
    ];
    for (name, least, cause) in short {
        let Some(setting) = file.setting(name) else { continue };
        if milliseconds(&setting.value).is_some_and(|ms| ms > 0.0 && ms < least) {
            found.push(finding(cause, &setting.at).says(
                format!("{name} is {}, short for a connector that reads a snapshot", setting.value),
                number,
                setting.at.line,
            ));
        }
    }
}
