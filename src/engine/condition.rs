//! Evaluates entries on a record: cheap tests first.

mod why;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::record::{Layout, Level, LogRecord};
use crate::rule::{Entry, MinLevel, Process};
use crate::trace::{Relation, Throwable, ThrowableChain};

pub use why::{Condition, Tried};

/// What an entry matched.
#[derive(Debug, Clone, Default)]
pub struct Hit {
    /// Index of the throwable; `None` for the record's own text.
    pub link: Option<usize>,
    /// Range of the record's text that matched.
    pub span: Range<usize>,
    /// Captures.
    pub captures: BTreeMap<String, String>,
}

/// A record with its throwables, ready for matching.
pub struct Subject<'r, 'b> {
    /// The record.
    pub record: &'r LogRecord<'b>,
    /// Its throwables; ranges are those of the record's text.
    pub chain: &'r ThrowableChain<'r>,
}

impl Subject<'_, '_> {
    /// `message:` also looks at the record's own text, behind its throwables, if it has no header or shouts; without a throwable
    /// that has a name, also if it names an exception.
    #[must_use]
    pub fn speaks_of_failure(&self) -> bool {
        self.record.layout == Layout::None
            || self.record.level.is_some_and(|l| l >= Level::Warn)
            || self.chain.links.iter().all(|t| t.class.is_empty())
                && (self.record.level.is_none()
                    || ["Exception", "Error", "ERROR:", "FATAL:"].iter().any(|w| self.record.own_text().contains(w)))
    }

    /// Tries an entry; `None` if it does not hold.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> Option<Hit> {
        self.find(entry, None)
    }

    /// Does the entry hold? Cheaper than [`Self::matches`] for one of nothing but `log:`.
    #[must_use]
    pub fn holds(&self, entry: &Entry) -> bool {
        match &entry.log {
            Some(pattern) if !entry.on_throwable() && entry.chain.is_empty() && entry.not_any.is_empty() => {
                self.record_fits(entry) && pattern.regex().is_some_and(|r| r.is_match(self.record.own_text()))
            }
            _ => self.matches(entry).is_some(),
        }
    }

    fn find(&self, entry: &Entry, other_than: Option<usize>) -> Option<Hit> {
        if !self.record_fits(entry) {
            return None;
        }
        let mut hit = Hit { span: self.record.message.clone(), ..Hit::default() };
        if let Some(pattern) = &entry.log {
            let own = self.record.own_text();
            let found = pattern.regex()?.captures(own)?;
            collect(pattern.regex()?, &found, &mut hit.captures);
            let whole = found.get(0)?;
            hit.span = self.record.message.start + whole.start()..self.record.message.start + whole.end();
        }
        if entry.on_throwable() {
            let found = self.throwable(entry, other_than).or_else(|| self.own_text(entry))?;
            hit.link = found.link;
            hit.span = found.span;
            merge(&mut hit.captures, found.captures);
        }
        for condition in &entry.chain {
            let found = self.find(condition, hit.link.or(Some(usize::MAX)))?;
            merge(&mut hit.captures, found.captures);
        }
        if entry.not_any.iter().any(|n| self.find(n, None).is_some()) {
            return None;
        }
        Some(hit)
    }

    fn record_fits(&self, entry: &Entry) -> bool {
        let level = match entry.level {
            None => true,
            Some(MinLevel::Info) => self.record.level.is_none_or(|l| l >= Level::Info),
            Some(MinLevel::Warn) => self.record.level.is_none_or(|l| l >= Level::Warn),
            Some(MinLevel::Error) => self.record.level.is_none_or(|l| l >= Level::Error),
        };
        // TaskManager and JobManager are told apart by the whole source, later
        let process = match entry.from {
            Some(Process::Postgres) => self.record.layout == Layout::Postgres,
            Some(_) => self.record.layout != Layout::Postgres,
            None => true,
        };
        let logger = entry.logger.as_ref().is_none_or(|g| g.is_match(self.record.logger_name()));
        level && process && logger
    }

    /// The deepest throwable that fits; suppressed ones only if nothing else does.
    fn throwable(&self, entry: &Entry, other_than: Option<usize>) -> Option<Hit> {
        let order = |suppressed: bool| {
            self.chain
                .links
                .iter()
                .enumerate()
                .rev()
                .filter(move |(_, t)| (t.relation == Relation::Suppressed || t.depth > 0) == suppressed)
        };
        order(false)
            .chain(order(true))
            .filter(|(i, _)| Some(*i) != other_than)
            .find_map(|(i, t)| self.link(entry, i, t))
    }

    fn link(&self, entry: &Entry, index: usize, throwable: &Throwable<'_>) -> Option<Hit> {
        if entry.suppressed && throwable.relation != Relation::Suppressed && throwable.depth == 0 {
            return None;
        }
        if entry.exception.as_ref().is_some_and(|g| !g.is_match(&throwable.class)) {
            return None;
        }
        if entry.raw_exception.as_ref().is_some_and(|g| !g.is_match(throwable.raw_class)) {
            return None;
        }
        let mut hit = Hit {
            link: Some(index),
            span: throwable.start..throwable.message_at.end.max(throwable.start),
            ..Hit::default()
        };
        if let Some(pattern) = &entry.message {
            let regex = pattern.regex()?;
            let found = regex.captures(throwable.message)?;
            let whole = found.get(0)?;
            collect(regex, &found, &mut hit.captures);
            hit.span = throwable.message_at.start + whole.start()..throwable.message_at.start + whole.end();
        }
        if entry.frame.is_some() && !self.framed(entry, throwable) {
            return None;
        }
        Some(hit)
    }

    /// Does a frame of the throwable fit?
    fn framed(&self, entry: &Entry, throwable: &Throwable<'_>) -> bool {
        let Some(glob) = &entry.frame else { return false };
        throwable.frames.iter().filter_map(|r| self.record.text.get(r.clone())).any(|line| {
            crate::trace::parse::frame(line).is_some_and(|f| glob.is_match(&format!("{}.{}", f.class, f.method)))
        })
    }

    /// Frames whose class was cut off belong to the words above them.
    fn headless(&self, entry: &Entry) -> bool {
        let classless = entry.exception.is_none() && entry.raw_exception.is_none() && !entry.suppressed;
        let first = self.chain.links.first().filter(|t| classless && t.class.is_empty());
        first.is_some_and(|t| self.framed(entry, t))
    }

    fn own_text(&self, entry: &Entry) -> Option<Hit> {
        if entry.of_class() && !self.headless(entry) {
            return None;
        }
        if !self.speaks_of_failure() {
            return None;
        }
        let regex = entry.message.as_ref()?.regex()?;
        let found = regex.captures(self.record.own_text())?;
        let whole = found.get(0)?;
        let start = self.record.message.start;
        let mut hit = Hit { span: start + whole.start()..start + whole.end(), ..Hit::default() };
        collect(regex, &found, &mut hit.captures);
        Some(hit)
    }
}

fn collect(regex: &regex::Regex, found: &regex::Captures<'_>, into: &mut BTreeMap<String, String>) {
    for name in regex.capture_names().flatten() {
        if let Some(m) = found.name(name)
            && usable(m.as_str())
        {
            into.entry(name.to_owned()).or_insert_with(|| clean(m.as_str()).to_owned());
        }
    }
}

/// Values of parameters: not empty, not endless, no NUL.
#[must_use]
pub fn usable(value: &str) -> bool {
    !value.trim().is_empty() && value.len() <= crate::rule::template::MAX_VALUE && !value.contains('\0')
}

/// Trailing punctuation of a sentence is no part of an unquoted name.
#[must_use]
pub fn clean(value: &str) -> &str {
    value.trim().trim_end_matches([',', ';'])
}

fn merge(into: &mut BTreeMap<String, String>, from: BTreeMap<String, String>) {
    for (name, value) in from {
        into.entry(name).or_insert(value);
    }
}
