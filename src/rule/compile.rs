//! Raw becomes compiled: every problem of a file is collected, with its place.

mod anchor;
mod place;
mod texts;

use std::ops::Range;
use std::sync::Arc;

use super::pattern::MIN_LITERAL;
use super::raw::{RawEntry, RawRule, Text};
use super::texts::RuleTexts;
use super::vocabulary::Vocabulary;
use super::yaml::{self, Spanned};
use super::{
    Alternative, Confidence, Entry, Glob, Impact, MinLevel, Pattern, Process, Role, Rule, Scope, Sequence, Silence,
};
use crate::diagnostic::{Problem, SourceText};
pub use place::{entry as entry_place, example as example_place};

/// Categories of causes, as in the table of causes.
pub const CATEGORIES: &[&str] = &[
    "authentication",
    "availability",
    "binlog",
    "checkpoint",
    "classpath",
    "cluster",
    "compatibility",
    "configuration",
    "encoding",
    "limits",
    "memory",
    "network",
    "permissions",
    "pg_hba",
    "plugin",
    "publication",
    "replica_identity",
    "schema",
    "sink_load",
    "sink_schema",
    "slots",
    "snapshot",
    "ssl",
    "standby",
    "wal_level",
];

/// A rule with its texts, and what is wrong with it.
pub struct Compiled {
    /// The rule, if it can be used.
    pub rule: Option<(Rule, RuleTexts)>,
    /// Problems, errors and warnings.
    pub problems: Vec<Problem>,
}

/// Reads and compiles one rule file. `expected_id` is the path without `.yaml`.
#[must_use]
pub fn rule(source: &Arc<SourceText>, expected_id: &str, vocabulary: &Vocabulary) -> Compiled {
    let raw: RawRule = match yaml::read(source) {
        Ok(raw) => raw,
        Err(problem) => return Compiled { rule: None, problems: vec![problem] },
    };
    let mut c = Compiler { source, vocabulary, problems: Vec::new() };
    let rule = c.rule(&raw, expected_id);
    let texts = c.texts(&raw, &rule);
    c.unwritten();
    let failed = c.problems.iter().any(|p| p.severity == crate::diagnostic::Severity::Error);
    Compiled { rule: (!failed).then_some((rule, texts)), problems: c.problems }
}

/// Compiles a list of entries (`context.yaml`, `health.yaml`).
#[must_use]
pub fn entries(
    source: &Arc<SourceText>,
    raw: &[Spanned<RawEntry>],
    vocabulary: &Vocabulary,
) -> (Vec<Entry>, Vec<Problem>) {
    let mut c = Compiler { source, vocabulary, problems: Vec::new() };
    let entries = raw.iter().map(|e| c.entry(e)).collect();
    (entries, c.problems)
}

struct Compiler<'s> {
    source: &'s Arc<SourceText>,
    vocabulary: &'s Vocabulary,
    problems: Vec<Problem>,
}

impl Compiler<'_> {
    fn problem<T>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: &Spanned<T>,
        label: &str,
        help: Option<String>,
    ) {
        let (start, len) = yaml::span(place);
        let mut problem = Problem::error(code, message, self.source).at(start, len, label);
        problem.help = help;
        self.problems.push(problem);
    }

    /// A problem of a part of a text.
    fn problem_in(&mut self, code: &'static str, message: String, text: &Text, part: Range<usize>, label: &str) {
        let (start, len) = yaml::inside(self.source, text, part.start, part.end);
        self.problems.push(Problem::error(code, message, self.source).at(start, len, label));
    }

    /// Adds to the last problem what to do.
    fn help(&mut self, help: Option<String>) {
        if let Some(problem) = self.problems.last_mut() {
            problem.help = help;
        }
    }

    /// One warning with every place that `rules new` left to be written.
    fn unwritten(&mut self) {
        let todo = self.source.text.match_indices("TODO").map(|(at, word)| (at, word.len()));
        let mut problem = Problem::error("RB018", "a text is still to be written", self.source).warning();
        for (at, len) in todo {
            problem = problem.at(at, len, "here");
        }
        if !problem.labels.is_empty() {
            self.problems.push(problem);
        }
    }

    fn missing(&mut self, key: &str) {
        self.problems.push(Problem::error("RB002", format!("the rule has no '{key}'"), self.source).at(
            0,
            1,
            "in this rule",
        ));
    }

    fn required(&mut self, key: &str, text: Option<&Text>) -> String {
        match text {
            Some(t) if !t.value.trim().is_empty() => t.value.trim().to_owned(),
            _ => {
                self.missing(key);
                String::new()
            }
        }
    }

    fn word<T: Copy>(&mut self, key: &str, text: Option<&Text>, default: T, words: &[(&str, T)]) -> T {
        let Some(text) = text else { return default };
        if let Some((_, value)) = words.iter().find(|(w, _)| *w == text.value) {
            return *value;
        }
        let list = words.iter().map(|(w, _)| *w).collect::<Vec<_>>().join(", ");
        self.problem("RB004", format!("'{}' is not a {key}", text.value), text, "here", Some(format!("one of {list}")));
        default
    }

    fn rule(&mut self, raw: &RawRule, expected_id: &str) -> Rule {
        let id = self.required("id", raw.id.as_ref());
        if let Some(text) = &raw.id
            && text.value != expected_id
        {
            self.problem(
                "RB003",
                format!("the id is '{}', the path says '{expected_id}'", text.value),
                text,
                "not the path",
                None,
            );
        }
        let title = self.required("title", raw.title.as_ref());
        let category = self.required("category", raw.category.as_ref());
        if let Some(text) = &raw.category
            && !CATEGORIES.contains(&text.value.as_str())
        {
            self.problem(
                "RB004",
                format!("'{}' is not a category", text.value),
                text,
                "here",
                Some(CATEGORIES.join(", ")),
            );
        }
        if raw.role.is_none() {
            self.missing("role");
        }
        let role = self.word(
            "role",
            raw.role.as_ref(),
            Role::Cause,
            &[("cause", Role::Cause), ("symptom", Role::Symptom), ("noise", Role::Noise)],
        );
        let impact = self.word(
            "impact",
            raw.impact.as_ref(),
            Impact::Down,
            &[
                ("down", Impact::Down),
                ("stalled", Impact::Stalled),
                ("data-loss", Impact::DataLoss),
                ("degraded", Impact::Degraded),
            ],
        );
        if raw.matches.is_empty() {
            self.missing("match");
        }
        let matches = raw.matches.iter().map(|e| self.alternative(e)).collect();
        let clears_never = self.word("clears", raw.clears.as_ref(), false, &[("health", false), ("never", true)]);
        if role != Role::Symptom
            && let Some(first) = raw.suspects.first()
        {
            self.problem("RB013", "only a symptom has suspects", first, "here", None);
        }
        Rule {
            headline: raw.headline.as_ref().map_or_else(|| title.clone(), |h| h.value.trim().to_owned()),
            id,
            title,
            category,
            role,
            impact,
            alternatives_of_match: matches,
            alternatives: ids(&raw.alternatives),
            leads_to: ids(&raw.leads_to),
            masks: ids(&raw.masks),
            transient: raw.transient,
            clears_never,
            suspects: ids(&raw.suspects),
            refuted_by: raw.refuted_by.iter().map(|e| self.entry(e)).collect(),
            file: self.source.name.clone(),
        }
    }

    fn alternative(&mut self, raw: &Spanned<RawEntry>) -> Alternative {
        let e = &raw.value;
        if e.confidence.is_none() {
            self.problem("RB002", "the entry has no 'confidence'", raw, "this entry", None);
        }
        let confidence = self.word(
            "confidence",
            e.confidence.as_ref(),
            Confidence::Possible,
            &[("certain", Confidence::Certain), ("likely", Confidence::Likely), ("possible", Confidence::Possible)],
        );
        let english = e.english.as_ref().map(|t| t.value.clone());
        if e.sequence.is_empty() {
            return Alternative { entry: Some(Arc::new(self.entry(raw))), sequence: None, confidence, english };
        }
        if e.message.is_some() || e.log.is_some() || e.exception.is_some() {
            self.problem("RB013", "an entry is either a sequence or a single record", raw, "this entry", None);
        }
        let sequence = Sequence {
            steps: e.sequence.iter().map(|s| self.entry(s)).collect(),
            within: e.within.as_ref().and_then(|t| self.duration(t)),
            same: ids(&e.same),
            differ: ids(&e.differ),
            // `not` of a sequence means the same as `without`: nowhere in it
            without: e.without.iter().chain(&e.not_any).map(|s| self.entry(s)).collect(),
            count: e.count.as_ref().map_or(1, |c| c.value.max(1)),
            then_nothing: e.then_nothing.as_ref().and_then(|s| {
                let (Some(logger), Some(duration)) = (&s.logger, &s.duration) else {
                    self.problem("RB013", "then_nothing needs 'logger' and 'for'", raw, "this entry", None);
                    return None;
                };
                let millis = self.duration(duration)?;
                let glob = Glob { text: logger.value.clone() };
                if glob.any_literal().is_none() {
                    self.problem("RB007", "the logger has no fixed part of four characters", logger, "here", None);
                }
                Some(Silence { logger: glob, millis })
            }),
        };
        Alternative { entry: None, sequence: Some(sequence), confidence, english }
    }

    fn duration(&mut self, text: &Text) -> Option<i64> {
        let value = text.value.trim();
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        let factor = match value.get(digits.len()..).map(str::trim) {
            Some("ms") => 1,
            Some("s" | "") => 1000,
            Some("m" | "min") => 60_000,
            Some("h") => 3_600_000,
            _ => 0,
        };
        match digits.parse::<i64>() {
            Ok(n) if factor > 0 => Some(n * factor),
            _ => {
                self.problem(
                    "RB004",
                    format!("'{value}' is not a duration"),
                    text,
                    "here",
                    Some("like 60s, 5m or 2h".into()),
                );
                None
            }
        }
    }

    fn pattern(&mut self, text: &Text) -> Option<Pattern> {
        let pattern = match Pattern::new(&text.value) {
            Ok(pattern) => pattern,
            Err(bad) => {
                self.problem_in("RB005", "this pattern cannot be used".into(), text, bad.range, &bad.what);
                return None;
            }
        };
        for name in pattern.captures() {
            if self.vocabulary.get(&name).is_none() {
                let help = self.vocabulary.nearest(&name).map(|n| format!("did you mean {n}?"));
                let at = text.value.find(&format!("<{name}>")).map_or(0, |at| at + 1);
                let message = format!("parameters.yaml has no '{name}'");
                self.problem_in("RB006", message, text, at..at + name.len(), "captured here");
                self.help(help);
            }
        }
        Some(pattern)
    }

    /// An entry that the scan looks for: it needs a fixed text.
    fn entry(&mut self, raw: &Spanned<RawEntry>) -> Entry {
        let entry = self.condition(raw);
        let broken = (raw.value.message.is_some() && entry.message.is_none())
            || (raw.value.log.is_some() && entry.log.is_none());
        if entry.literals.is_empty() && !broken {
            let message = "this entry has no fixed text, so it would have to be tried on every line";
            let label = format!("the prefilter needs {MIN_LITERAL} fixed characters in a row");
            let help = Some("add words that always stand in the message, such as 'permission denied for'".into());
            let e = &raw.value;
            match [&e.message, &e.log, &e.exception, &e.raw_exception, &e.logger].into_iter().flatten().next() {
                Some(text) => self.problem("RB007", message, text, &label, help),
                None => self.problem("RB007", message, raw, &label, help),
            }
        }
        entry
    }

    fn condition(&mut self, raw: &Spanned<RawEntry>) -> Entry {
        let e = &raw.value;
        let glob = |t: &Option<Text>| t.as_ref().map(|t| Glob { text: t.value.clone() });
        let message = e.message.as_ref().and_then(|t| self.pattern(t));
        let log = e.log.as_ref().and_then(|t| self.pattern(t));
        if let Some(text) = e.log.as_ref().filter(|t| t.value.contains("(?i")) {
            self.problem(
                "RB013",
                "log: cannot ignore case, the scan of healthy lines looks for exact text",
                text,
                "here",
                None,
            );
        }
        let mut entry = Entry {
            message,
            exception: glob(&e.exception),
            raw_exception: glob(&e.raw_exception),
            frame: glob(&e.frame),
            suppressed: self.word("relation", e.relation.as_ref(), false, &[("suppressed", true)]),
            log,
            logger: glob(&e.logger),
            level: self.word(
                "level",
                e.level.as_ref(),
                None,
                &[("info", Some(MinLevel::Info)), ("warn", Some(MinLevel::Warn)), ("error", Some(MinLevel::Error))],
            ),
            from: self.word(
                "process",
                e.from.as_ref(),
                None,
                &[
                    ("taskmanager", Some(Process::Taskmanager)),
                    ("jobmanager", Some(Process::Jobmanager)),
                    ("postgres", Some(Process::Postgres)),
                    ("client", Some(Process::Client)),
                ],
            ),
            chain: e.chain.iter().map(|c| self.condition(c)).collect(),
            not_any: e.not_any.iter().map(|c| self.condition(c)).collect(),
            system: e.system.as_ref().map(|t| t.value.clone()),
            literals: Vec::new(),
            scope: Scope::Throwable,
        };
        anchor::pick(&mut entry);
        entry
    }
}

fn ids(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|t| t.value.trim().to_owned()).collect()
}

fn value(text: Option<&Text>) -> String {
    text.map(|t| t.value.trim_end().to_owned()).unwrap_or_default()
}
