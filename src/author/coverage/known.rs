//! How rules are known: the kinds of their `source:` lines, by system.

use std::collections::BTreeMap;

use crate::rule::{Confidence, RuleSet};

/// Kinds of sources, the surest first.
pub const KINDS: [&str; 6] = ["run", "code", "catalogue", "documentation", "report", "other"];

/// How the rules of one system are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// Number of rules.
    pub rules: usize,
    /// Rules with at least one source line of a kind, in the order of [`KINDS`].
    pub with: [usize; 6],
    /// Rules that can be certain.
    pub certain: usize,
}

/// Counts, by system.
#[must_use]
pub fn by_system(rules: &RuleSet) -> BTreeMap<String, System> {
    let mut systems: BTreeMap<String, System> = BTreeMap::new();
    for (index, rule) in rules.rules().iter().enumerate() {
        let system = systems.entry(rule.system().to_owned()).or_default();
        system.rules += 1;
        system.certain += usize::from(rule.alternatives_of_match.iter().any(|a| a.confidence == Confidence::Certain));
        let source = rules.texts(index).source;
        for (count, kind) in system.with.iter_mut().zip(KINDS) {
            *count += usize::from(source.iter().any(|line| kinds(line).contains(&kind)));
        }
    }
    systems
}

/// Kinds of a `source:` line, by its words; `other` if none fits.
#[must_use]
pub fn kinds(line: &str) -> Vec<&'static str> {
    let lower = line.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let mut kinds = Vec::new();
    if has(&["live run", "lab run", "live server", "lab:"]) || lower.starts_with("run ") || lower.contains(" run ") {
        kinds.push("run");
    }
    // a class, a file, strings of a jar or a program
    let class = line.split(|c: char| !c.is_alphanumeric()).any(|w| {
        w.len() > 5
            && w.starts_with(char::is_uppercase)
            && w.chars().skip(1).any(char::is_uppercase)
            && w.chars().any(char::is_lowercase)
            && !matches!(
                w,
                "PostgreSQL" | "OceanBase" | "StarRocks" | "MariaDB" | "MongoDB" | "TaskManager" | "JobManager"
            )
    });
    if class || has(&[".java", ".c ", ".c:", ".go", ".rs", "source", "string", "jdk", "pgjdbc", "repository"]) {
        kinds.push("code");
    }
    if has(&["catalog", "translation"]) {
        kinds.push("catalogue");
    }
    if has(&["doc", "manual", "reference", "release notes", "readme"]) {
        kinds.push("documentation");
    }
    if has(&[
        "issue",
        "public trace",
        "forum",
        "mailing list",
        "jira",
        "reported",
        "stack overflow",
        "faq",
        "dbz-",
        "flink-",
    ]) {
        kinds.push("report");
    }
    if kinds.is_empty() {
        kinds.push("other");
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::kinds;

    #[test]
    fn lines_have_kinds() {
        assert_eq!(kinds("live run PostgreSQL 10-18 (SQLSTATE 55000)"), ["run"]);
        assert_eq!(kinds("Debezium 1.4-1.9 PostgresConnector (double quotes); lab run x"), ["run", "code"]);
        assert_eq!(kinds("translations: PostgreSQL 15 message catalogs"), ["catalogue"]);
        assert_eq!(kinds("PostgreSQL docs, \"Logical Decoding\""), ["documentation"]);
        assert_eq!(kinds("general knowledge"), ["other"]);
    }
}
