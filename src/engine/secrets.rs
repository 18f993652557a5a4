//! Secrets are cut when evidence leaves the record.
//!
//! Passwords, tokens and keys (as options, in JDBC URLs, in URL credentials, in headers) and row data. Better to cut too much: what
//! follows `password =` is never evidence.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Captures, Regex};

/// What stands where a secret stood.
pub const CUT: &str = "<cut>";

struct Cutter {
    kind: &'static str,
    /// Texts of which one must stand there, lower case.
    triggers: &'static [&'static str],
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
}

macro_rules! cutter {
    ($kind:literal, $triggers:expr, $pattern:literal) => {
        Cutter { kind: $kind, triggers: $triggers, pattern: $pattern, regex: OnceLock::new() }
    };
}

/// Group 1 is kept, group 2 is cut; `tail` is kept too.
static CUTTERS: [Cutter; 7] = [
    cutter!(
        "password",
        &[
            "password",
            "passwd",
            "pwd",
            "secret",
            "passphrase",
            "credential",
            "apikey",
            "api_key",
            "api-key",
            "accesskey",
            "access_key",
            "access-key",
            "access.key",
            "private_key",
            "private.key",
            "sasl.jaas"
        ],
        r#"(?i)((?:[\w.\-]*(?:password|passwd|pwd|secret|passphrase|credentials?|api[_.\-]?key|access[_.\-]?key|private[_.\-]?key)[\w.\-]*|sasl\.jaas\.config)\\?["'`]?\s*(?:=>|=|:|,)\s*)(\\?"(?:[^"\\]|\\.)*"|\\?'(?:[^'\\]|\\.)*'|[^\n]*?)(?P<tail>,\s*[\w.\-]+\s*[=:]|[&;}\])]|\s[\w.\-]+\s*=|\n|$)"#
    ),
    cutter!(
        "token",
        &["token=", "token\"", "token:", "token =", "signature="],
        r#"(?i)((?:[\w.\-]*token|signature)["']?\s*[=:]\s*["']?)([\w\-+/=.~]{8,})(?P<tail>)"#
    ),
    cutter!("url credentials", &["://"], r#"([A-Za-z][A-Za-z0-9+.\-]*://)([^\s/@:'"]*:[^\s@'"]+)(?P<tail>@)"#),
    cutter!(
        "authorization",
        &["authorization", "bearer ", "basic "],
        r#"(?i)((?:authorization["']?\s*[:=]\s*["']?)?\b(?:bearer|basic)\s+)([A-Za-z0-9\-._~+/]{8,}=*)(?P<tail>)"#
    ),
    cutter!(
        "key",
        &["akia", "asia", "-----begin"],
        r"(\b)((?:AKIA|ASIA)[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^\n]*)(?P<tail>)"
    ),
    cutter!(
        "row data",
        &[
            "sourcerecord",
            "struct{",
            "row:",
            "failing row",
            "key (",
            "row data",
            "connectrecord",
            "change_event",
            "cannot handle row"
        ],
        r"((?i:SourceRecord|ConnectRecord|\bStruct|\bRow:|Failing row contains|Key |cannot handle row: \S+)\s*)([{(\[][^\n]*|Struct\{[^\n]*|[^\n{(\[][^\n]*(?:Struct|\{)[^\n]*)(?P<tail>)"
    ),
    cutter!("argument", &["-p", "--password"], r"(?i)(\s--password[= ])(\S+)(?P<tail>)"),
];

/// Cuts every secret out of `text` and counts what was cut.
#[must_use]
pub fn cut(text: &str, count: &mut BTreeMap<String, u64>) -> String {
    let mut out = text.to_owned();
    for cutter in &CUTTERS {
        let lower = out.to_ascii_lowercase();
        if !cutter.triggers.iter().any(|t| lower.contains(t)) {
            continue;
        }
        let Some(regex) = cutter.regex.get_or_init(|| Regex::new(cutter.pattern).ok()) else { continue };
        let mut cuts = 0;
        let replaced = regex.replace_all(&out, |c: &Captures<'_>| {
            let group = |n: usize| c.get(n).map_or("", |m| m.as_str());
            let value = group(2).trim_matches(|ch| matches!(ch, '"' | '\'' | '\\' | ' '));
            let hidden = value.is_empty() || value.chars().all(|ch| ch == '*') || value == "null" || value == CUT;
            if hidden || keep(cutter.kind, group(1), value) {
                return group(0).to_owned();
            }
            cuts += 1;
            format!("{}{CUT}{}", group(1), c.name("tail").map_or("", |m| m.as_str()))
        });
        if cuts > 0 {
            let replaced = replaced.into_owned();
            out = replaced;
            *count.entry(cutter.kind.to_owned()).or_insert(0) += cuts;
        }
    }
    out
}

/// Sentences about secrets are no secrets: `password, but no password was provided`.
fn keep(kind: &str, key: &str, value: &str) -> bool {
    let key = key.trim_end();
    match kind {
        "password" => {
            // a comma or colon in running text is no assignment: "…authentication, but the password is…"
            let assigned = key.ends_with('=') || key.ends_with('>') || key.ends_with("\":") || key.ends_with("':");
            let yaml = key.ends_with(':') && value.split_whitespace().count() <= 1 && !value.ends_with("Exception");
            let sql = key.ends_with(',') && (key.contains('\'') || key.contains('"'));
            // MySQL's "(using password: YES)" says whether one was sent
            let said = key == "password:" && matches!(value, "YES" | "NO");
            said || !(assigned || yaml || sql)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::cut;
    use std::collections::BTreeMap;

    #[test]
    fn secrets_go() {
        for (text, secret) in [
            ("PostgresConnectorConfig is {database.password=s3cret, slot.name=x}", "s3cret"),
            ("database.password = s3cret", "s3cret"),
            ("jdbc:postgresql://h:5/db?user=u&password=s3cret&ssl=true", "s3cret"),
            ("'password' = 's3cr''et'", "s3cr"),
            ("\"password\":\"s3cret\",\"user\":\"u\"", "s3cret"),
            ("postgres://bob:s3cret@host/db", "s3cret"),
            ("Authorization: Bearer s3cret12345", "s3cret12345"),
            ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("Cannot handle row: a.b.c Struct{id=1,name=s3cret}", "s3cret"),
            ("Failed to deserialize record SourceRecord{value=Struct{x=s3cret}}", "s3cret"),
            ("Failing row contains (1, s3cret).", "s3cret"),
        ] {
            let mut n = BTreeMap::new();
            let out = cut(text, &mut n);
            assert!(!out.contains(secret), "{out}");
            assert_eq!(n.values().sum::<u64>(), 1, "{out}");
        }
    }

    #[test]
    fn evidence_stays() {
        for text in [
            "FATAL: password authentication failed for user \"svc_flink\"",
            "Access denied for user 'cdc'@'10.0.0.7' (using password: YES)",
            "The server requested SCRAM-based authentication, but no password was provided.",
            "database.password = ********",
            "FATAL: no pg_hba.conf entry for host \"127.0.0.1\", user \"u\", database \"d\", no encryption",
            "DETAIL:  Connection matched pg_hba.conf line 3: \"host all all 127.0.0.1/32 scram-sha-256\"",
            "DETAIL:  User \"repl_cdc\" has an expired password.",
        ] {
            assert_eq!(cut(text, &mut BTreeMap::new()), text);
        }
    }
}
