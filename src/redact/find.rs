//! Finds names in the text of a log: where the words around them say that something is a host, a user, a table.

mod patterns;
mod values;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use regex::Captures;

use super::known::{Dictionary, is_name};
use super::names::{Kind, is_token};
use patterns::{FINDERS, Finder, Form};

pub(super) use values::of_param;

/// A name in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// The names in a text, in order, not overlapping.
pub(super) fn find(text: &str, dictionary: &Dictionary) -> Vec<Found> {
    let triggered = patterns::triggered(text);
    let mut all: Vec<Found> = Vec::new();
    for (number, finder) in FINDERS.iter().enumerate() {
        if triggered & (1 << number) != 0 {
            look(finder, text, dictionary, &mut all);
        }
    }
    all.sort_by_key(|f| (f.range.start, std::cmp::Reverse(f.range.end)));
    let mut at = 0;
    all.retain(|f| {
        let fits = f.range.start >= at;
        if fits {
            at = f.range.end;
        }
        fits
    });
    all
}

fn look(finder: &Finder, text: &str, dictionary: &Dictionary, all: &mut Vec<Found>) {
    let Some(regex) = finder.regex() else { return };
    let mut from = 0;
    while let Some(found) = regex.captures_at(text, from) {
        let Some(whole) = found.get(0) else { break };
        let mut at = finder.take(text, &found, dictionary, all).unwrap_or(whole.end()).max(whole.start() + 1);
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
        if at > text.len() {
            break;
        }
        from = at;
    }
}

impl Finder {
    /// Takes the names out of one match, and says where to go on if not behind it.
    fn take(&self, text: &str, found: &Captures<'_>, dictionary: &Dictionary, all: &mut Vec<Found>) -> Option<usize> {
        let mut add = |kind: Kind, range: Range<usize>| {
            if text.get(range.clone()).is_some_and(is_name) {
                all.push(Found { range, kind });
            }
        };
        let group = |name: &str| found.name(name).map(|m| m.range());
        match self.form {
            Form::Address4 => {
                let range = found.get(0)?.range();
                let before = text.get(..range.start)?.chars().next_back();
                let after = text.get(range.end..)?;
                let part = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.')
                    || after.starts_with(|c: char| c.is_ascii_alphanumeric())
                    || after.starts_with(".jar")
                    || after.strip_prefix('.').is_some_and(|t| t.starts_with(|c: char| c.is_ascii_alphanumeric()))
                    || text.get(..range.start)?.to_ascii_lowercase().ends_with("version ");
                if !part && text.get(range.clone())?.parse::<Ipv4Addr>().is_ok() {
                    add(Kind::Host, range);
                }
            }
            Form::Address6 => {
                let range = found.get(0)?.range();
                let bounded =
                    text.get(..range.start)?.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != ':')
                        && text.get(range.end..)?.chars().next().is_none_or(|c| !c.is_alphanumeric());
                if bounded && text.get(range.clone())?.parse::<Ipv6Addr>().is_ok() {
                    add(Kind::Host, range);
                }
            }
            Form::Option => {
                let key = group("key")?;
                let before = text.get(..key.start)?.chars().next_back();
                let kind = values::of_key(text.get(key.clone())?)?;
                let value = group("value")?;
                if before.is_some_and(char::is_alphanumeric) {
                    return Some(key.end);
                }
                let sign = text.get(key.end..value.start)?;
                let quoted = sign.contains(['"', '\'']);
                let named = matches!(before, Some('.' | '_' | '-'));
                let sure = sign.contains('=') || quoted || named;
                let line_start = text.get(..key.start)?.rsplit('\n').next()?.trim().is_empty();
                for (kind, range) in values::split(kind, text.get(value.clone())?) {
                    let range = value.start + range.start..value.start + range.end;
                    let word = text.get(range.clone())?;
                    // `user: connection refused` is a sentence
                    let odd = word.contains(|c: char| !c.is_ascii_alphabetic());
                    if sure || line_start && !dictionary.has(word) || odd && !dictionary.has(word) {
                        add(kind, range);
                    }
                }
                return Some(value.start.max(key.end));
            }
            Form::Quoted => {
                let kind = values::of_word(text.get(group("word")?)?)?;
                let value = group("value")?;
                for (kind, range) in values::split(kind, text.get(value.clone())?) {
                    add(kind, value.start + range.start..value.start + range.end);
                }
            }
            Form::Bare => {
                let kind = values::of_word(text.get(group("word")?)?)?;
                let value = group("value")?;
                let said = text.get(value.clone())?;
                let said = said.trim_end_matches(['.', '-', ',']);
                for (kind, range) in values::split(kind, said) {
                    let word = said.get(range.clone())?;
                    if !dictionary.has(word) && !camel(word) {
                        add(kind, value.start + range.start..value.start + range.end);
                    }
                }
                return Some(value.start);
            }
            Form::Host => {
                let value = group("host")?;
                let said = text.get(value.clone())?;
                if is_host(said)
                    && (said.contains(['.', '-'])
                        || said.contains(|c: char| c.is_ascii_digit())
                        || !dictionary.has(said))
                {
                    add(Kind::Host, value);
                }
            }
            Form::Domain => {
                let value = found.get(0)?.range();
                let before = text.get(..value.start)?.chars().next_back();
                let after = text.get(value.end..)?;
                let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '(' | '$'))
                    || after
                        .strip_prefix('.')
                        .is_some_and(|t| t.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
                let inside = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '$'));
                if !goes_on && !inside && is_domain(text.get(value.clone())?) {
                    add(Kind::Host, value);
                }
            }
            Form::Port => {
                let value = group("host")?;
                let said = text.get(value.clone())?;
                let before = text.get(..value.start)?.chars().next_back();
                let file = [
                    "java", "scala", "kt", "groovy", "py", "c", "cpp", "h", "go", "rs", "sql", "xml", "yaml", "yml",
                    "js", "log",
                ];
                let last = said.rsplit('.').next()?;
                let inside = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '$' | '<'));
                if !inside && !file.contains(&last) && !camel(last) && is_host(said) && !dictionary.has(said) {
                    add(Kind::Host, value);
                }
            }
            Form::Groups => {
                for kind in Kind::ALL {
                    // a pattern with two places for a name of one kind calls the other `slot2`
                    let second = format!("{}2", kind.word());
                    let Some(value) = group(kind.word()).or_else(|| group(&second)) else { continue };
                    for (kind, range) in values::split(kind, text.get(value.clone())?) {
                        add(kind, value.start + range.start..value.start + range.end);
                    }
                }
            }
            Form::Sql => {
                let value = group("table")?;
                for (kind, range) in values::split(Kind::Table, text.get(value.clone())?) {
                    let range = value.start + range.start..value.start + range.end;
                    let quoted = text.get(..range.start)?.ends_with(['"', '`']);
                    if quoted || !dictionary.has(text.get(range.clone())?) {
                        add(kind, range);
                    }
                }
            }
            Form::Token => {
                let range = found.get(0)?.range();
                let (word, _) = text.get(range.clone())?.split_once('-')?;
                let kind = Kind::ALL.into_iter().find(|k| k.word().eq_ignore_ascii_case(word))?;
                let before = text.get(..range.start)?.chars().next_back();
                if before.is_none_or(|c| !c.is_alphanumeric() && c != '_') && is_token(text.get(range.clone())?) {
                    add(kind, range);
                }
            }
        }
        None
    }
}

/// `ReplicationSlot`: a word of code.
fn camel(word: &str) -> bool {
    let mut lower = false;
    word.chars().any(|c| {
        let hump = lower && c.is_ascii_uppercase();
        lower = c.is_ascii_lowercase();
        hump
    })
}

fn is_host(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '%'))
        && !text.ends_with('.')
}

/// A dotted name that ends like a domain and is no package: `db1.prod.example.com`, not `java.io`.
fn is_domain(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut labels = lower.split('.');
    let first = labels.next().unwrap_or_default();
    let number = lower.split('.').count();
    let last = lower.rsplit('.').next().unwrap_or_default();
    let package = matches!(first, "java" | "javax" | "jdk" | "sun" | "scala" | "akka" | "pekko" | "kotlin");
    let root = matches!(first, "com" | "org" | "net" | "io" | "cn" | "ru" | "de");
    let short = last.len() == 2 || matches!(last, "name" | "info" | "cloud" | "svc" | "app" | "dev");
    !package && (!root || number > 2 && !short) && (!short || number > 2) && text == text.trim_matches('.')
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::redact::Dictionary;

    fn names(text: &str) -> Vec<(&'static str, String)> {
        let rules = crate::builtin::rules().unwrap();
        let dictionary = Dictionary::of(&rules);
        find(text, &dictionary).into_iter().map(|f| (f.kind.word(), text.get(f.range).unwrap().to_owned())).collect()
    }

    #[test]
    fn names_are_found_where_words_say_so() {
        for (text, wanted) in [
            ("FATAL: password authentication failed for user \"svc_flink\"", "user svc_flink"),
            (
                "no pg_hba.conf entry for host \"10.1.2.3\", user \"etl\", database \"shop-main\", SSL off",
                "host 10.1.2.3, user etl, database shop-main",
            ),
            ("jdbc:postgresql://db1.prod:5432/crm?user=bob&ssl=true", "host db1.prod, database crm, user bob"),
            ("Connection to pg-7.corp.example.com:5432 refused.", "host pg-7.corp.example.com"),
            ("java.net.UnknownHostException: ordersdb: Name or service not known", "host ordersdb"),
            ("database.hostname = ordersdb", "host ordersdb"),
            (
                "{hostname=ordersdb, database.user=bob, table.include.list=sales.a,sales\\.b}",
                "host ordersdb, user bob, schema sales, table a, schema sales, table b",
            ),
            ("ERROR: permission denied for table zipcodes", "table zipcodes"),
            ("Access denied for user 'cdc'@'10.0.0.7' (using password: YES)", "user cdc, host 10.0.0.7"),
            ("replication slot \"orders_slot\" is active for PID 1", "slot orders_slot"),
            (
                "CREATE PUBLICATION zpub FOR TABLE sales.zips, \"b\".\"c\";",
                "publication zpub, schema sales, table zips, schema b, table c",
            ),
            ("pekko.tcp://flink@tm-7.corp.local:6122/user/rpc", "host tm-7.corp.local"),
            ("ordersdb/10.9.8.7:5432", "host ordersdb, host 10.9.8.7"),
            ("/home/bob/flink/log", "user bob"),
            ("at db.eu-west-1.rds.amazonaws.com now", "host db.eu-west-1.rds.amazonaws.com"),
            ("from fe80::1:2 to ::1", "host fe80::1:2"),
            ("\\\"user\\\":\\\"bob\\\"", "user bob"),
            ("Job nightly load (ab12ab12ab12ab12ab12ab12ab12ab12) switched", "job nightly load"),
        ] {
            let found: Vec<String> = names(text).into_iter().map(|(kind, name)| format!("{kind} {name}")).collect();
            assert_eq!(found.join(", "), wanted, "{text}");
        }
    }

    #[test]
    fn sentences_and_classes_hold_no_names() {
        for text in [
            "14:11:47,737 INFO  org.apache.flink.runtime.io.network.NetworkEnvironment [] - user code failed",
            "at java.base/java.net.Socket.connect(Socket.java:633) ~[flink-dist-1.20.5.jar:1.20.5]",
            "table does not exist; database: connection refused; role is missing",
            "The replication slot cannot be created. Database connection failed when reading from copy",
            "Debezium 3.1.1.1.Final, driver version 42.7.3.1",
            "see https://www.slf4j.org/codes.html#StaticLoggerBinder, host 127.0.0.1",
            "SELECT slot_name FROM pg_replication_slots",
        ] {
            let found = names(text);
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}
