//! The one boundary that everything shareable passes: names become tokens, secrets are cut.
//!
//! Hosts, addresses, users, databases, schemas, tables, slots, publications, topics and job names become `host-1`, `user-2`,
//! `table-3`. One value has one token, in every field of a report, in SQL, commands and file names, and in every file that the same
//! [`Redactor`] takes; what a [`Names`] holds puts the values back. Names that every installation has (`public`, `postgres`,
//! `localhost`, 127.0.0.1, `dbz_publication`) stay. Words that the rules themselves use (`job`, `table`, `connection`) are taken for
//! names only where they stand as such: in quotes, as the value of an option, in a part that came from a parameter.

mod find;
mod known;
mod log;
mod names;
mod replace;
mod report;

use std::collections::BTreeMap;

use crate::engine::secrets;
use crate::rule::RuleSet;

pub use known::Dictionary;
pub use log::{BLOCK, LogRedactor, Rest};
pub use names::{Kind, Names, SCHEMA, reveal};

use find::Found;
use replace::{Edits, Matcher};

/// Replaces names by tokens and cuts secrets.
#[derive(Debug, Clone)]
pub struct Redactor {
    dictionary: Dictionary,
    names: Names,
    matcher: Matcher,
    /// Secrets that this redactor cut, by kind.
    cuts: BTreeMap<String, u64>,
}

impl Redactor {
    /// A redactor without names yet. The words of the rules are no names.
    #[must_use]
    pub fn new(rules: &RuleSet) -> Self {
        Self::with(rules, Names::default())
    }

    /// A redactor that goes on with the tokens of an earlier run.
    #[must_use]
    pub fn with(rules: &RuleSet, names: Names) -> Self {
        Self { dictionary: Dictionary::of(rules), names, matcher: Matcher::default(), cuts: BTreeMap::new() }
    }

    /// The names replaced so far, with their tokens.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Secrets cut so far, by kind.
    #[must_use]
    pub fn cuts(&self) -> &BTreeMap<String, u64> {
        &self.cuts
    }

    /// Learns the names in a text of a log, without changing it.
    pub fn learn(&mut self, text: &str) {
        let found = find::find(text, &self.dictionary);
        self.learn_found(text, &found);
    }

    /// A text of a log without secrets and names, with as many lines.
    #[must_use]
    pub fn text(&mut self, text: &str) -> String {
        let cut = secrets::cut_in_lines(text, &mut self.cuts);
        let found = find::find(&cut, &self.dictionary);
        self.learn_found(&cut, &found);
        self.replaced(&cut, &found, &[]).0
    }

    fn learn_found(&mut self, text: &str, found: &[Found]) {
        for f in found {
            if let Some(value) = text.get(f.range.clone()) {
                self.names.token(f.kind, value);
            }
        }
    }

    /// The value of a parameter is a name, or several.
    fn learn_param(&mut self, name: &str, value: &str) {
        for (kind, range) in find::of_param(name, value) {
            if let Some(value) = value.get(range).filter(|v| known::is_name(v)) {
                self.names.token(kind, value);
            }
        }
    }

    /// The text with tokens. In the `strict` ranges every known name is one, also where it is a common word.
    fn replaced(&mut self, text: &str, found: &[Found], strict: &[std::ops::Range<usize>]) -> (String, Edits) {
        self.matcher.update(&self.names, &self.dictionary);
        self.matcher.replace(text, &self.names, found, strict)
    }
}
