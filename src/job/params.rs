//! The options of an endpoint in the words of the vocabulary: `hostname` is `host`, `slot.name` is `slot`.

use super::{Endpoint, Setting, Side};

/// Parameter and the options that give it, the first that is set counts.
const OPTIONS: &[(&str, &[&str])] = &[
    ("host", &["hostname", "database.hostname", "host", "hosts"]),
    ("port", &["port", "database.port"]),
    ("user", &["username", "database.user", "user"]),
    ("database", &["database-name", "database.dbname", "database"]),
    ("schema", &["schema-name", "schema"]),
    ("table", &["table-name", "table"]),
    ("tables", &["tables", "debezium.table.include.list", "table.include.list", "table.whitelist"]),
    ("slot", &["debezium.slot.name", "slot.name"]),
    ("plugin", &["debezium.plugin.name", "decoding.plugin.name", "plugin.name"]),
    ("publication", &["debezium.publication.name", "publication.name"]),
    ("topic_prefix", &["topic.prefix", "database.server.name"]),
    ("server_id", &["server-id", "database.server.id"]),
    ("sslmode", &["debezium.database.sslmode", "database.sslmode"]),
    ("topic", &["topic"]),
    ("collection", &["collection"]),
];

/// The parameters that an endpoint gives: name, value and the setting that says it. Placeholders and patterns give none.
#[must_use]
pub fn parameters(endpoint: &Endpoint) -> Vec<(&'static str, String, &Setting)> {
    let mut found: Vec<(&'static str, String, &Setting)> = Vec::new();
    for (name, keys) in OPTIONS {
        let Some(setting) = endpoint.get(keys).filter(|s| !s.is_placeholder() && !s.value.is_empty()) else { continue };
        let value = match *name {
            "database" | "schema" | "table" => plain(&setting.value).map(str::to_owned),
            "tables" => lists(endpoint, setting, &mut found),
            _ => Some(setting.value.clone()),
        };
        if let Some(value) = value {
            found.push((name, value, setting));
        }
    }
    if endpoint.side == Side::Sink
        && let Some(setting) = endpoint.get(&["jdbc-url", "connection.url", "url"])
        && let Some((host, port)) = address(&setting.value)
    {
        found.push(("host", host, setting));
        found.extend(port.map(|port| ("port", port, setting)));
    }
    qualify(endpoint, &mut found);
    found
}

/// A table with what stands above it, as the log says it.
fn qualify(endpoint: &Endpoint, found: &mut [(&'static str, String, &Setting)]) {
    let above = if endpoint.system == "mysql" { "database" } else { "schema" };
    let above = found.iter().find(|(name, ..)| *name == above).map(|(_, value, _)| value.clone());
    if endpoint.side == Side::Source
        && let Some(above) = above
        && let Some((_, table, _)) = found.iter_mut().find(|(name, ..)| *name == "table")
        && !table.contains('.')
    {
        *table = format!("{above}.{table}");
    }
}

/// Captured tables; a pipeline writes the database before each of them.
fn lists<'e>(
    endpoint: &Endpoint,
    setting: &'e Setting,
    found: &mut Vec<(&'static str, String, &'e Setting)>,
) -> Option<String> {
    let value = setting.value.replace("\\.", ".");
    let tables: Vec<&str> = value.split(',').map(str::trim).filter(|t| !t.is_empty()).collect();
    let whole = endpoint.system == "postgres" && setting.key == "tables";
    if !whole {
        return Some(setting.value.clone());
    }
    let mut bare = Vec::new();
    for table in &tables {
        let (database, rest) = table.split_once('.')?;
        if let Some(database) = plain(database)
            && !found.iter().any(|(name, ..)| *name == "database")
        {
            found.push(("database", database.to_owned(), setting));
        }
        bare.push(rest);
    }
    bare.iter().all(|t| t.split('.').all(|part| plain(part).is_some())).then(|| bare.join(","))
}

/// A name, if a pattern (`^orders$`) is nothing but one.
pub(super) fn plain(value: &str) -> Option<&str> {
    let value = value.strip_prefix('^').unwrap_or(value);
    let value = value.strip_suffix('$').unwrap_or(value);
    let sign = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '$');
    (!value.is_empty() && value.chars().all(sign)).then_some(value)
}

/// Host and port of the first address of a JDBC URL.
fn address(url: &str) -> Option<(String, Option<String>)> {
    let rest = url.split_once("//")?.1;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let first = rest.split(['/', ',', ';', '?']).next()?;
    let (host, port) = match first.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port.to_owned())),
        _ => (first, None),
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}
