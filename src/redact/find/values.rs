//! What a key or a word says of its value, and the names within a value.

use std::ops::Range;

use crate::redact::names::Kind;

/// What the value of an option is, by the last words of its key.
pub(super) fn of_key(key: &str) -> Option<Kind> {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| plain.starts_with(word));
    if begins(&["user", "login", "principal"]) {
        Some(Kind::User)
    } else if begins(&["database", "db"]) {
        Some(Kind::Database)
    } else if begins(&["schema"]) {
        Some(Kind::Schema)
    } else if begins(&["table", "collection"]) {
        Some(Kind::Table)
    } else if begins(&["slot"]) {
        Some(Kind::Slot)
    } else if begins(&["publication"]) {
        Some(Kind::Publication)
    } else if begins(&["topic"]) {
        Some(Kind::Topic)
    } else if begins(&["host", "server", "fenodes", "benodes", "nodes", "client"]) || plain.contains("address") {
        Some(Kind::Host)
    } else {
        None
    }
}

/// What a word says of the name behind it.
pub(super) fn of_word(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "user" | "role" | "login" | "owner" | "principal" => Some(Kind::User),
        "host" | "host name" | "hostname" | "address" => Some(Kind::Host),
        "database" => Some(Kind::Database),
        "schema" | "keyspace" => Some(Kind::Schema),
        "relation" | "table" | "tables" | "view" => Some(Kind::Table),
        "slot" => Some(Kind::Slot),
        "publication" => Some(Kind::Publication),
        "topic" => Some(Kind::Topic),
        _ => None,
    }
}

/// The names in the value of a parameter of the rules' vocabulary, if it is a name at all.
pub(in crate::redact) fn of_param(name: &str, value: &str) -> Vec<(Kind, Range<usize>)> {
    let kind = match name {
        "user" => Kind::User,
        "database" | "service" => Kind::Database,
        "host" | "client_address" | "address" | "backend" | "taskmanager" | "error_url" => Kind::Host,
        "schema" | "keyspace" | "catalog" => Kind::Schema,
        "table" | "tables" | "flink_table" | "collection" | "index" => Kind::Table,
        "slot" => Kind::Slot,
        "publication" => Kind::Publication,
        "topic" | "topic_prefix" => Kind::Topic,
        _ => return Vec::new(),
    };
    split(kind, value)
}

/// The names in a value: of a list each, of a qualified table its parts, of an address the host.
pub(super) fn split(kind: Kind, value: &str) -> Vec<(Kind, Range<usize>)> {
    match kind {
        Kind::Table => tables(value),
        Kind::Host => hosts(value),
        Kind::Job => vec![(kind, 0..value.len())],
        _ => {
            let mut names = Vec::new();
            for (range, part) in parts(value, |c| c == ',') {
                // another option follows without a blank: {user=bob,db=shop}
                if !part.contains('=') {
                    names.push((kind, trimmed(part, range.start)));
                }
            }
            names
        }
    }
}

/// Parts of a text between separators, and where they stand.
fn parts(text: &str, separator: impl Fn(char) -> bool) -> Vec<(Range<usize>, &str)> {
    let mut all = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().chain(std::iter::once((text.len(), ','))) {
        if at == text.len() || separator(c) {
            if let Some(part) = text.get(start..at).filter(|p| !p.is_empty()) {
                all.push((start..at, part));
            }
            start = at + c.len_utf8();
        }
    }
    all
}

/// Where a name is without blanks, quotation marks and what ends a sentence.
fn trimmed(part: &str, at: usize) -> Range<usize> {
    let outer =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | ';' | ':' | '.' | '\\');
    let end = part.trim_end_matches(outer).len();
    let start = part.len() - part.trim_start_matches(outer).len();
    at + start.min(end)..at + end
}

/// `sales.orders, "b"."c"`, `inventory.(a|b)`: of each the last part is a table, the one before a schema, the first of three a database.
fn tables(value: &str) -> Vec<(Kind, Range<usize>)> {
    let mut names = Vec::new();
    for (range, table) in parts(value, |c| c == ',' || c.is_whitespace()) {
        if table.contains('=') {
            continue;
        }
        let words = parts(table, |c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$')));
        let levels = 1 + table.replace("\\.", ".").matches('.').count();
        let mut level = 0;
        let mut before = 0;
        for (word_range, word) in words {
            // names in one pair of brackets are of one level
            let gap = table.get(before..word_range.start).unwrap_or_default();
            if before > 0 && gap.contains('.') {
                level += 1;
            }
            before = word_range.end;
            let kind = match levels - 1 - level.min(levels - 1) {
                0 => Kind::Table,
                1 => Kind::Schema,
                _ => Kind::Database,
            };
            let _ = word;
            names.push((kind, range.start + word_range.start..range.start + word_range.end));
        }
    }
    names
}

/// `h1:9092,h2:9092`, `https://h:1/x`, `[fe80::1]:5432`.
fn hosts(value: &str) -> Vec<(Kind, Range<usize>)> {
    let mut names = Vec::new();
    for (range, part) in parts(value, |c| c == ',' || c.is_whitespace()) {
        if part.contains('=') {
            continue;
        }
        let start = part.find("://").map_or(0, |i| i + 3);
        let rest = part.get(start..).unwrap_or_default();
        let start = start + rest.find('@').map_or(0, |i| i + 1);
        let rest = part.get(start..).unwrap_or_default();
        let rest = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = if let Some(inner) = rest.strip_prefix('[') {
            let len = inner.find(']').unwrap_or(inner.len());
            start + 1..start + 1 + len
        } else if rest.matches(':').count() > 1 {
            start..start + rest.len()
        } else {
            start..start + rest.find(':').unwrap_or(rest.len())
        };
        let name = part.get(host.clone()).unwrap_or_default();
        let inner = trimmed(name, range.start + host.start);
        names.push((Kind::Host, inner));
    }
    names
}
