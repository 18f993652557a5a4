//! A message becomes a pattern: what differs from one log to the next becomes a capture, or a class of signs.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex::Regex;

use crate::engine::secrets;
use crate::rule::Vocabulary;

/// Longest pattern, bytes of the message.
const MOST: usize = 240;

/// What differs from one log to the next; the first that fits counts.
const VOLATILE: &str = r#"(?x)
    (?P<url> \b[A-Za-z][A-Za-z0-9+.\-]*(?::[A-Za-z0-9]+)*://[^\s"',;)]+ )
  | (?P<quoted> "[^"\n]*" | '[^'\n]*' | `[^`\n]*` | “[^”\n]*” | «[^»\n]*» )
  | (?P<time> \b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d)?\S*)? )
  | (?P<uuid> \b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b | \b[0-9a-f]{16,}\b )
  | (?P<lsn> \b[0-9A-F]{1,8}/[0-9A-F]{2,8}\b )
  | (?P<endpoint> (?:\b\d{1,3}(?:\.\d{1,3}){3}|\b[A-Za-z0-9][A-Za-z0-9\-]*(?:\.[A-Za-z0-9\-]+)+|\blocalhost)(?:/[0-9.]+)?:\d{2,5}\b )
  | (?P<address> \b\d{1,3}(?:\.\d{1,3}){3}\b )
  | (?P<identity> @[0-9a-f]{5,8}\b )
  | (?P<dotted> \b[a-z_][\w$]*(?:\.[\w$]+)+\b )
  | (?P<number> \b\d+(?:\.\d+)*\b )
"#;

/// Words before a name, and the parameter that it is.
const WORDS: &[(&str, &str)] = &[
    ("attempt", "attempt"),
    ("catalog", "catalog"),
    ("checkpoint", "checkpoint"),
    ("class", "class"),
    ("collection", "collection"),
    ("column", "column"),
    ("connector", "connector"),
    ("database", "database"),
    ("db", "database"),
    ("encoding", "encoding"),
    ("factory", "connector"),
    ("field", "column"),
    ("file", "file"),
    ("gtid", "gtid"),
    ("host", "host"),
    ("identifier", "connector"),
    ("index", "index"),
    ("job", "job"),
    ("keyspace", "keyspace"),
    ("label", "label"),
    ("lsn", "lsn"),
    ("option", "option"),
    ("partition", "partition"),
    ("password", ""),
    ("path", "path"),
    ("pid", "pid"),
    ("plugin", "plugin"),
    ("port", "port"),
    ("privilege", "privilege"),
    ("property", "option"),
    ("publication", "publication"),
    ("relation", "table"),
    ("role", "user"),
    ("schema", "schema"),
    ("scn", "scn"),
    ("service", "service"),
    ("slot", "slot"),
    ("state", "state"),
    ("table", "table"),
    ("task", "task"),
    ("topic", "topic"),
    ("type", "type"),
    ("user", "user"),
    ("version", "version"),
];

/// The pattern of a message's first line, in the spelling of rules.
#[must_use]
pub fn pattern(message: &str, vocabulary: &Vocabulary) -> String {
    let line = message.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    // what was cut out was a secret or data of a row: nothing behind it is fixed text
    let line = line.split(secrets::CUT).next().unwrap_or(line);
    let line = shorten(line);
    let mut maker = Maker { vocabulary, used: BTreeSet::new(), out: String::new() };
    let mut done = 0;
    for found in volatile().map(|r| r.captures_iter(line).collect::<Vec<_>>()).unwrap_or_default() {
        let Some(whole) = found.get(0) else { continue };
        let kind = ["url", "quoted", "time", "uuid", "lsn", "endpoint", "address", "identity", "dotted", "number"]
            .into_iter()
            .find(|k| found.name(k).is_some())
            .unwrap_or("number");
        let before = line.get(..whole.start()).unwrap_or("");
        // names of properties and classes are fixed text; names of tables are not
        let row = kind == "dotted" && of_row(before);
        if kind == "dotted" && !row && maker.parameter(before).is_none() {
            continue;
        }
        maker.fixed(line.get(done..whole.start()).unwrap_or(""));
        if row {
            maker.capture("table", r"\S+");
        } else {
            maker.volatile(kind, whole.as_str(), before);
        }
        done = whole.end();
    }
    maker.fixed(line.get(done..).unwrap_or(""));
    maker.out.trim_end_matches([' ', ':']).to_owned()
}

/// The last word is one of those that stand before the name of a table.
fn of_row(before: &str) -> bool {
    let word = before.split(|c: char| !c.is_alphanumeric()).rfind(|w| !w.is_empty()).unwrap_or("").to_lowercase();
    matches!(word.as_str(), "row" | "rows" | "record" | "records")
}

fn volatile() -> Option<&'static Regex> {
    static REGEX: OnceLock<Option<Regex>> = OnceLock::new();
    REGEX.get_or_init(|| Regex::new(VOLATILE).ok()).as_ref()
}

/// Cut at a blank.
fn shorten(line: &str) -> &str {
    let head = line.get(..line.floor_char_boundary(MOST)).unwrap_or(line);
    if head.len() == line.len() { line } else { head.rfind(' ').and_then(|at| head.get(..at)).unwrap_or(head) }
}

struct Maker<'v> {
    vocabulary: &'v Vocabulary,
    used: BTreeSet<&'static str>,
    out: String,
}

impl Maker<'_> {
    /// Text that stands there in every log.
    fn fixed(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                if !self.out.ends_with(' ') {
                    self.out.push(' ');
                }
                continue;
            }
            if r"\.+*?()|[]{}^$".contains(c) {
                self.out.push('\\');
            }
            self.out.push(c);
        }
    }

    fn volatile(&mut self, kind: &str, text: &str, before: &str) {
        let named = self.parameter(before);
        match kind {
            "url" => self.out.push_str(r"\S+"),
            "quoted" => {
                let empty = text.chars().count() < 3;
                self.out.push('"');
                match named.filter(|_| !empty) {
                    Some(name) => self.capture(name, "[^\"]+"),
                    None => self.out.push_str(if empty { "[^\"]*" } else { "[^\"]+" }),
                }
                self.out.push('"');
            }
            "time" => self.out.push_str(r"\d{4}-\d\d-\d\d\S*"),
            "uuid" => match named {
                Some(name) => self.capture(name, r"[\w-]+"),
                None => self.out.push_str(r"[\w-]+"),
            },
            "lsn" => self.capture("lsn", "[0-9A-F]+/[0-9A-F]+"),
            "endpoint" => {
                self.capture("host", r"[^\s:]+");
                self.out.push(':');
                self.capture("port", r"\d+");
            }
            "address" => self.capture("host", r"\S+"),
            "identity" => self.out.push_str("@[0-9a-f]+"),
            "dotted" => self.capture(named.unwrap_or("class"), r"\S+"),
            _ => match named.filter(|n| !matches!(*n, "table" | "column" | "user" | "database")) {
                Some(name) => self.capture(name, if text.contains('.') { r"[\d.]+" } else { r"\d+" }),
                None => self.out.push_str(if text.contains('.') { r"[\d.]+" } else { r"\d+" }),
            },
        }
    }

    /// A capture, if the vocabulary has the name and the pattern has it not yet.
    fn capture(&mut self, name: &'static str, pattern: &str) {
        if self.vocabulary.get(name).is_some() && self.used.insert(name) {
            self.out.push_str(&format!("(?<{name}>{pattern})"));
        } else {
            self.out.push_str(pattern);
        }
    }

    /// The parameter that the words before a value speak of.
    fn parameter(&self, before: &str) -> Option<&'static str> {
        const BETWEEN: &[&str] = &["named", "name", "is", "was", "with", "id", "of", "called", "number"];
        let near = before.get(before.ceil_char_boundary(before.len().saturating_sub(48))..).unwrap_or(before);
        let mut words = near.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).rev();
        let word = words.find(|w| !BETWEEN.contains(w))?.to_lowercase();
        let fits = |w: &str| word == w || word.strip_suffix('s') == Some(w) || word.strip_suffix("name") == Some(w);
        let name = WORDS.iter().find(|(w, _)| fits(w)).map(|(_, n)| *n)?;
        self.vocabulary.get(name).map(|_| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_become_captures() {
        let rules = crate::builtin::rules().unwrap();
        let cases = [
            (
                "ERROR: replication slot \"flink_1\" is active for PID 14715",
                r#"ERROR: replication slot "(?<slot>[^"]+)" is active for PID (?<pid>\d+)"#,
            ),
            ("Cannot handle row: core.shipments <cut>", r"Cannot handle row: (?<table>\S+)"),
            (
                "cannot read table sales.orders at 0/192FC00",
                r"cannot read table (?<table>\S+) at (?<lsn>[0-9A-F]+/[0-9A-F]+)",
            ),
            ("Connection to db.example.com:5432 refused.", r"Connection to (?<host>[^\s:]+):(?<port>\d+) refused\."),
            ("took 17 ms, then 18 ms (a.B@1f2e3d4c)", r"took \d+ ms, then \d+ ms \(a\.B@[0-9a-f]+\)"),
            ("user 'a' and user 'b'", r#"user "(?<user>[^"]+)" and user "[^"]+""#),
            ("see jdbc:mysql://10.0.0.1:3306/shop\nmore", r"see \S+"),
        ];
        for (message, wanted) in cases {
            let made = pattern(message, &rules.vocabulary);
            assert_eq!(made, wanted);
            let compiled = crate::rule::Pattern::new(&made).unwrap();
            assert!(compiled.regex().unwrap().is_match(message), "{made} does not match {message}");
        }
    }
}
