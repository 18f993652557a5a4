//! Reads facts from their JSON, as far as it goes.
//!
//! A file that is cut off, or wrong somewhere, still gives the inputs that stand before that place: they are whole.

use std::fmt;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::facts::{FACTS_SCHEMA, Facts};
use crate::diagnostic::{Problem, SourceText};
use crate::engine::facts::SourceFacts;
use crate::rule::template::printable;

/// Bytes of a line that a diagnostic shows on each side of a place.
const SHOWN: usize = 60;

/// Reads facts. What could be read comes back even if there is a problem; without any source and with a problem there is nothing.
#[must_use]
pub fn read(name: &str, text: &str) -> (Option<Facts>, Option<Problem>) {
    let mut facts = Facts::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = Whole(&mut facts).deserialize(&mut json).and_then(|()| json.end());
    let known = facts.schema == FACTS_SCHEMA;
    match outcome {
        Ok(()) if known => (Some(facts), None),
        Ok(()) => (None, Some(other(name, text, &facts.schema, None))),
        Err(_) if !known && !facts.schema.is_empty() => (None, Some(other(name, text, &facts.schema, None))),
        Err(error) => {
            let problem = wrong(name, text, &error, facts.sources.len());
            ((known && !facts.sources.is_empty()).then_some(facts), Some(problem))
        }
    }
}

/// A problem about the whole of some facts.
#[must_use]
pub fn differs(name: &str, code: &'static str, message: impl Into<String>, help: &str) -> Problem {
    let source = Arc::new(SourceText { name: name.to_owned(), text: String::new() });
    Problem::error(code, message, &source).warning().help(help)
}

/// Not the contract that is read here.
fn other(name: &str, text: &str, schema: &str, place: Option<(usize, usize)>) -> Problem {
    let said = printable(schema);
    let make = "make it with cdc-doctor --format facts LOG > host.facts.json";
    let (message, help) = if schema.is_empty() {
        ("this JSON is no facts: it has no \"schema\"".to_owned(), make.to_owned())
    } else if schema.starts_with("cdc-doctor/facts/") {
        let help = "make it again with this version of cdc-doctor, or join it with the version that made it";
        (format!("these facts are {said}, and this program reads {FACTS_SCHEMA}"), help.to_owned())
    } else {
        (format!("this is {said}, not {FACTS_SCHEMA}"), make.to_owned())
    };
    let at = text.find(schema).filter(|_| !schema.is_empty());
    let (line, column) = place.unwrap_or_else(|| at.map_or((1, 1), |at| position(text, at)));
    pointed(name, text, "FA003", message, line, column, schema.len().max(1)).help(help)
}

fn wrong(name: &str, text: &str, error: &serde_json::Error, whole: usize) -> Problem {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let said = printable(said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said));
    let used = match whole {
        0 => "nothing of it was used".to_owned(),
        1 => "the one input before this place was used".to_owned(),
        n => format!("the {n} inputs before this place were used"),
    };
    let (code, message) = match error.classify() {
        Category::Eof if text.trim().is_empty() => ("FA001", "the file is empty".to_owned()),
        Category::Eof => ("FA002", format!("the file is cut off at line {line}; {used}")),
        Category::Data => ("FA004", format!("no facts at line {line}, column {column}: {said}; {used}")),
        _ => ("FA001", format!("no JSON at line {line}, column {column}: {said}; {used}")),
    };
    pointed(name, text, code, message, line, column, 1)
        .help("make it again with cdc-doctor --format facts LOG > host.facts.json")
}

/// Line and column (in bytes), from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    (before.matches('\n').count() + 1, at - before.rfind('\n').map_or(0, |n| n + 1) + 1)
}

/// A problem at a place. Of the text only a piece of that line is kept; its number stays right.
fn pointed(
    name: &str,
    text: &str,
    code: &'static str,
    message: String,
    line: usize,
    column: usize,
    len: usize,
) -> Problem {
    let own = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let mut at = column.saturating_sub(1).min(own.len());
    // the end of a line is no place to point at
    if at == own.len() {
        at = at.saturating_sub(1);
    }
    let bound = |mut i: usize| {
        i = i.min(own.len());
        while !own.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let (start, at) = (bound(at.saturating_sub(SHOWN)), bound(at));
    let end = bound(at.saturating_add(len.max(SHOWN)));
    let (before, after) = (clean(own.get(start..at)), clean(own.get(at..end)));
    let shown = format!("{}{before}{after}", "\n".repeat(line.saturating_sub(1)));
    let place = shown.len() - after.len();
    let len = len.min(after.len());
    let source = Arc::new(SourceText { name: name.to_owned(), text: shown });
    Problem::error(code, message, &source).at(place, len, "here")
}

/// A piece of a file that may hold anything, for a terminal.
fn clean(piece: Option<&str>) -> String {
    piece.unwrap_or_default().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Reads an object of facts into what is there.
struct Whole<'f>(&'f mut Facts);

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of facts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let facts = self.0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "schema" => {
                    facts.schema = map.next_value()?;
                    if facts.schema != FACTS_SCHEMA {
                        return Err(A::Error::custom("another schema"));
                    }
                }
                "tool" => facts.tool = map.next_value()?,
                "rules" => facts.rules = map.next_value()?,
                "times" => facts.times = map.next_value()?,
                "clusters" => facts.clusters = map.next_value()?,
                "job" => facts.job = map.next_value()?,
                "skipped" => facts.skipped = map.next_value()?,
                "problems" => facts.problems = map.next_value()?,
                "sources" => map.next_value_seed(Sources(&mut facts.sources))?,
                // a later version of the same contract may say more
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads sources one by one, so that those that were whole are there when the next is not.
struct Sources<'f>(&'f mut Vec<SourceFacts>);

impl<'de> DeserializeSeed<'de> for Sources<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Sources<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of inputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(source) = list.next_element()? {
            self.0.push(source);
        }
        Ok(())
    }
}
