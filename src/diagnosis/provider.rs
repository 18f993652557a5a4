//! Who runs the server, where the log shows it: then a fix names that provider's own switch.
//!
//! Providers are known by the domain of their host names, and by roles and extensions that exist only there; both are in
//! their documentation.

use super::incident::Incident;
use super::params::{Params, Value};

/// The parameter that holds it.
pub const PARAMETER: &str = "provider";

/// Ends of host names.
const DOMAINS: [(&str, &str); 15] = [
    (".rds.amazonaws.com", "rds"),
    (".rds.amazonaws.com.cn", "rds"),
    (".postgres.database.azure.com", "azure"),
    (".mysql.database.azure.com", "azure"),
    (".database.windows.net", "azure"),
    (".postgres.database.chinacloudapi.cn", "azure"),
    (".mysql.database.chinacloudapi.cn", "azure"),
    (".sql.goog", "cloud_sql"),
    (".supabase.co", "supabase"),
    (".supabase.com", "supabase"),
    (".neon.tech", "neon"),
    (".alloydb.goog", "alloydb"),
    (".aivencloud.com", "aiven"),
    (".postgresbridge.com", "crunchy"),
    (".db.ondigitalocean.com", "digitalocean"),
];

/// Words of messages: roles, settings and socket folders of one provider.
const WORDS: [(&str, &str); 16] = [
    ("rdsadmin", "rds"),
    ("rds_superuser", "rds"),
    ("rds_replication", "rds"),
    ("rds.logical_replication", "rds"),
    ("cloudsqladmin", "cloud_sql"),
    ("cloudsqlsuperuser", "cloud_sql"),
    ("cloudsql.", "cloud_sql"),
    ("/cloudsql/", "cloud_sql"),
    ("azure_pg_admin", "azure"),
    ("azure_superuser", "azure"),
    ("azuresu", "azure"),
    ("alloydbadmin", "alloydb"),
    ("alloydbsuperuser", "alloydb"),
    ("supabase_admin", "supabase"),
    ("neon_superuser", "neon"),
    ("neondb_owner", "neon"),
];

/// The provider of the incident's server: by its host, else by words that the records say.
#[must_use]
pub fn of(incident: &Incident, params: &Params) -> Option<Value> {
    let value = |name: &str, source, line| Value { value: name.to_owned(), source, line, key: String::new() };
    if let Some(host) = params.values.get("host")
        && let Some(name) = by_host(&host.value)
    {
        return Some(Value { value: name.to_owned(), ..host.clone() });
    }
    incident.occurrences.iter().find_map(|o| {
        let name = by_words(&o.best.evidence.text)?;
        Some(value(name, Some(o.source), o.line))
    })
}

fn by_host(host: &str) -> Option<&'static str> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    DOMAINS.iter().find(|(end, _)| host.ends_with(end)).map(|(_, name)| *name)
}

fn by_words(text: &str) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| text.contains(word)).map(|(_, name)| *name)
}
