//! Why an entry does not hold on a record: every condition with its answer. For those who write rules, not for scans.

use std::collections::BTreeSet;

use super::Subject;
use crate::record::Level;
use crate::rule::plain::likeness;
use crate::rule::{Entry, Glob, MinLevel, Pattern};
use crate::trace::{Relation, Throwable};

/// One condition of an entry, tried on a record.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// The key in the YAML: `message`, `exception`, ...
    pub key: &'static str,
    /// What the entry asks for.
    pub wanted: String,
    /// It holds.
    pub holds: bool,
    /// What stands there, one line of it.
    pub there: String,
    /// Byte of the record's text where that stands.
    pub at: usize,
    /// How much of a pattern's own words stands there, from 0 to 1; 1 if it holds.
    pub likeness: f64,
}

/// An entry, tried on a record.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// All its conditions, in the order in which they are tried.
    pub conditions: Vec<Condition>,
}

impl Tried {
    /// All conditions hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.conditions.iter().all(|c| c.holds)
    }

    /// How near it came: the more the nearer. What a pattern says counts for more than where.
    #[must_use]
    pub fn nearness(&self) -> f64 {
        self.conditions.iter().map(score).sum()
    }
}

fn score(condition: &Condition) -> f64 {
    match condition.key {
        "message" | "log" => 3.0 * condition.likeness,
        // true of nearly every record
        "not" | "level" | "from" => 0.1 * f64::from(u8::from(condition.holds)),
        _ => f64::from(u8::from(condition.holds)),
    }
}

impl Subject<'_, '_> {
    /// Tries every condition of an entry, also behind one that fails. `words` are those of its pattern.
    #[must_use]
    pub fn tried(&self, entry: &Entry, words: &BTreeSet<String>) -> Tried {
        let mut all = self.of_record(entry, words);
        if entry.on_throwable() {
            let links = self.chain.links.iter().map(|t| self.of_throwable(entry, t, words));
            let best = links.chain(self.of_own_text(entry, words)).max_by(|a, b| {
                let sum = |c: &[Condition]| c.iter().map(score).sum::<f64>();
                sum(a).total_cmp(&sum(b))
            });
            all.extend(best.unwrap_or_else(|| vec![nothing_thrown(entry)]));
        }
        let hit = self.matches(entry);
        let own = hit.as_ref().and_then(|h| h.link).or(Some(usize::MAX));
        for condition in &entry.chain {
            let found = self.find(condition, own);
            all.push(Condition {
                key: "chain",
                wanted: wanted(condition),
                holds: found.is_some(),
                there: "no other exception of the record is like that".to_owned(),
                ..Condition::default()
            });
        }
        for condition in &entry.not_any {
            let found = self.find(condition, None);
            all.push(Condition {
                key: "not",
                wanted: wanted(condition),
                holds: found.is_none(),
                there: found.as_ref().map(|h| line(self.text(h.span.clone()))).unwrap_or_default(),
                at: found.map_or(0, |h| h.span.start),
                likeness: 0.0,
            });
        }
        Tried { conditions: all }
    }

    fn text(&self, range: std::ops::Range<usize>) -> &str {
        self.record.text.get(range).unwrap_or("")
    }

    fn of_record(&self, entry: &Entry, words: &BTreeSet<String>) -> Vec<Condition> {
        let mut all = Vec::new();
        if let Some(level) = entry.level {
            let least = match level {
                MinLevel::Info => Level::Info,
                MinLevel::Warn => Level::Warn,
                MinLevel::Error => Level::Error,
            };
            all.push(Condition {
                key: "level",
                wanted: format!("{level:?} or above").to_uppercase(),
                holds: self.record.level.is_none_or(|l| l >= least),
                there: self.record.level.map_or_else(|| "no level".to_owned(), |l| format!("{l:?}").to_uppercase()),
                ..Condition::default()
            });
        }
        if let Some(process) = entry.from {
            let only = Entry { from: entry.from, ..Entry::default() };
            all.push(Condition {
                key: "from",
                wanted: process.name().to_owned(),
                holds: self.record_fits(&only),
                there: format!("a record of layout {}", self.record.layout.name()),
                ..Condition::default()
            });
        }
        if let Some(logger) = &entry.logger {
            let name = self.record.logger_name();
            all.push(of_glob("logger", logger, name, self.record.logger.as_ref().map_or(0, |r| r.start)));
        }
        if let Some(pattern) = &entry.log {
            all.push(of_pattern("log", pattern, self.record.own_text(), self.record.message.start, words));
        }
        all
    }

    fn of_throwable(&self, entry: &Entry, throwable: &Throwable<'_>, words: &BTreeSet<String>) -> Vec<Condition> {
        let mut all = Vec::new();
        if entry.suppressed {
            all.push(Condition {
                key: "relation",
                wanted: "suppressed".to_owned(),
                holds: throwable.relation == Relation::Suppressed || throwable.depth > 0,
                there: "in the main chain".to_owned(),
                at: throwable.start,
                likeness: 0.0,
            });
        }
        if let Some(glob) = &entry.exception {
            all.push(of_glob("exception", glob, &throwable.class, throwable.start));
        }
        if let Some(glob) = &entry.raw_exception {
            all.push(of_glob("raw_exception", glob, throwable.raw_class, throwable.start));
        }
        if let Some(pattern) = &entry.message {
            all.push(of_pattern("message", pattern, throwable.message, throwable.message_at.start, words));
        }
        if let Some(glob) = &entry.frame {
            let frames = throwable.frames.iter().filter_map(|r| self.record.text.get(r.clone()));
            let fits = |l: &str| {
                crate::trace::parse::frame(l).is_some_and(|f| glob.is_match(&format!("{}.{}", f.class, f.method)))
            };
            all.push(Condition {
                key: "frame",
                wanted: glob.text.clone(),
                holds: frames.clone().any(fits),
                there: match throwable.frames.len() {
                    0 => "no frames stand under this exception".to_owned(),
                    n => format!("{n} frames, none of them this"),
                },
                at: throwable.start,
                likeness: 0.0,
            });
        }
        all
    }

    /// `message:` on the record's own text, where it is tried.
    fn of_own_text(&self, entry: &Entry, words: &BTreeSet<String>) -> Option<Vec<Condition>> {
        let pattern = entry.message.as_ref()?;
        let bound = entry.exception.is_some() || entry.raw_exception.is_some() || entry.frame.is_some();
        if bound || entry.suppressed {
            return None;
        }
        let mut condition = of_pattern("message", pattern, self.record.own_text(), self.record.message.start, words);
        if !self.speaks_of_failure() && condition.holds {
            condition.holds = false;
            condition.there = format!("{} (below WARN, without an exception: not tried)", condition.there);
        }
        Some(vec![condition])
    }
}

fn of_pattern(key: &'static str, pattern: &Pattern, text: &str, at: usize, words: &BTreeSet<String>) -> Condition {
    let found = pattern.regex().and_then(|r| r.find(text));
    let shown = found.map_or(0, |m| text.get(..m.start()).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1));
    Condition {
        key,
        wanted: pattern.text.clone(),
        holds: found.is_some(),
        there: line(text.get(shown..).unwrap_or("")),
        at: at + found.map_or(0, |m| m.start()),
        likeness: if found.is_some() { 1.0 } else { 0.99 * likeness(words, text) },
    }
}

fn of_glob(key: &'static str, glob: &Glob, name: &str, at: usize) -> Condition {
    let there = if name.is_empty() { "none".to_owned() } else { line(name) };
    Condition { key, wanted: glob.text.clone(), holds: glob.is_match(name), there, at, likeness: 0.0 }
}

fn nothing_thrown(entry: &Entry) -> Condition {
    Condition {
        key: "exception",
        wanted: wanted(entry),
        holds: false,
        there: "the record holds no exception".to_owned(),
        ..Condition::default()
    }
}

/// What an entry asks for, in short.
fn wanted(entry: &Entry) -> String {
    let patterns = [("message", &entry.message), ("log", &entry.log)];
    let globs = [
        ("exception", &entry.exception),
        ("raw_exception", &entry.raw_exception),
        ("frame", &entry.frame),
        ("logger", &entry.logger),
    ];
    let texts = patterns.iter().filter_map(|(k, p)| Some(format!("{k} {}", p.as_ref()?.text)));
    let names = globs.iter().filter_map(|(k, g)| Some(format!("{k} {}", g.as_ref()?.text)));
    texts.chain(names).collect::<Vec<_>>().join(", ")
}

/// The first line of a text that says something.
fn line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    line.chars().take(300).collect()
}
