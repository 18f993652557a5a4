//! Raw becomes compiled: every problem of a file is collected, with its place.

use std::sync::Arc;

use super::pattern::MIN_LITERAL;
use super::raw::{RawCheck, RawEntry, RawExpect, RawFix, RawRule, Text};
use super::template::{self, KINDS};
use super::texts::{CheckText, Expectation, FixText, RuleTexts};
use super::vocabulary::Vocabulary;
use super::yaml::{self, Spanned};
use super::{
    Alternative, Confidence, Entry, Glob, Impact, MinLevel, Pattern, Process, Role, Rule, Scope, Sequence, Silence, sql,
};
use crate::diagnostic::{Problem, SourceText};

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
                "id",
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
            return Alternative { entry: Some(self.entry(raw)), sequence: None, confidence, english };
        }
        if e.message.is_some() || e.log.is_some() || e.exception.is_some() {
            self.problem("RB013", "an entry is either a sequence or a single record", raw, "this entry", None);
        }
        let sequence = Sequence {
            steps: e.sequence.iter().map(|s| self.entry(s)).collect(),
            within: e.within.as_ref().and_then(|t| self.duration(t)),
            same: ids(&e.same),
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
                self.problem("RB005", "this is not a regular expression", text, "in this pattern", Some(bad.0));
                return None;
            }
        };
        for name in pattern.captures() {
            if self.vocabulary.get(&name).is_none() {
                let help = self.vocabulary.nearest(&name).map(|n| format!("did you mean {n}?"));
                self.problem("RB006", format!("parameters.yaml has no '{name}'"), text, "captured here", help);
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
            self.problem(
                "RB007",
                "this entry has no fixed text, so it would have to be tried on every line",
                raw,
                &format!("the prefilter needs {MIN_LITERAL} fixed characters in a row"),
                Some("add words that always stand in the message, such as 'permission denied for'".into()),
            );
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
        anchor(&mut entry);
        entry
    }

    fn texts(&mut self, raw: &RawRule, rule: &Rule) -> RuleTexts {
        let noise = rule.role == Role::Noise;
        if raw.source.is_empty() {
            self.missing("source");
        }
        let why = if noise {
            raw.why.as_ref().map(|w| w.value.clone()).unwrap_or_default()
        } else {
            self.required("why", raw.why.as_ref())
        };
        for text in [&raw.headline, &raw.why, &raw.title].into_iter().flatten() {
            self.braces(text);
        }
        let matching = raw.examples.iter().filter(|e| !e.value.negative).count();
        if matching == 0 || matching == raw.examples.len() {
            self.problems.push(
                Problem::error("RB010", "the rule needs an example that matches and one near miss", self.source)
                    .at(0, 1, "in this rule")
                    .help("examples: - log: |  ...   and one more with not: true"),
            );
        }
        let misleading = raw
            .misleading
            .iter()
            .map(|m| {
                for t in [&m.says, &m.truth].into_iter().flatten() {
                    self.braces(t);
                }
                (value(m.says.as_ref()), value(m.truth.as_ref()))
            })
            .collect();
        for text in raw.never.iter().chain(&raw.see) {
            self.braces(text);
        }
        RuleTexts {
            why,
            misleading,
            checks: raw.checks.iter().map(|c| self.check(c, rule)).collect(),
            fix: raw.fix.iter().map(|f| self.fix(f)).collect(),
            never: ids(&raw.never),
            affects: ids(&raw.affects),
            fixed_in: ids(&raw.fixed_in),
            see: ids(&raw.see),
            source: ids(&raw.source),
            examples: raw.examples.iter().map(|e| (value(e.value.log.as_ref()), !e.value.negative)).collect(),
        }
    }

    fn braces(&mut self, text: &Text) {
        for brace in template::braces(&text.value) {
            let known_kind = brace.kind.as_deref().is_none_or(|k| KINDS.contains(&k));
            if self.vocabulary.get(&brace.name).is_none() {
                let help = self.vocabulary.nearest(&brace.name).map(|n| format!("did you mean {{{n}}}?"));
                self.problem("RB009", format!("{{{}}} is no parameter", brace.name), text, "in this text", help);
            } else if !known_kind {
                self.problem(
                    "RB009",
                    format!("'{}' is no kind", brace.kind.unwrap_or_default()),
                    text,
                    "in this text",
                    Some(KINDS.join(", ")),
                );
            }
        }
    }

    fn check(&mut self, raw: &Spanned<RawCheck>, rule: &Rule) -> CheckText {
        let c = &raw.value;
        let given: Vec<(&str, &Text)> = [("sql", &c.sql), ("shell", &c.shell), ("look", &c.look)]
            .into_iter()
            .filter_map(|(k, t)| Some((k, t.as_ref()?)))
            .collect();
        let (kind, text) = match given.as_slice() {
            [(kind, text)] => (*kind, text.value.trim().to_owned()),
            _ => {
                self.problem("RB012", "a check has exactly one of sql, shell, look", raw, "this check", None);
                ("look", String::new())
            }
        };
        for (_, t) in &given {
            self.braces(t);
        }
        for t in [&c.ask, &c.healthy].into_iter().flatten() {
            self.braces(t);
        }
        if kind == "sql" {
            self.sql(&text, c.changes, raw);
        }
        if c.id.is_none() || (kind == "sql" && c.ask.is_none()) {
            self.problem("RB002", "a check needs 'id', and SQL an 'ask'", raw, "this check", None);
        }
        let run_as = self.word(
            "run_as",
            c.run_as.as_ref(),
            "any",
            &[("any", "any"), ("owner", "owner"), ("superuser", "superuser"), ("cdc-user", "cdc-user")],
        );
        let on = c.on.as_ref().map_or_else(
            || {
                match (kind, rule.system()) {
                    ("shell", _) => "shell",
                    ("look", _) => "look",
                    (_, "debezium" | "network" | "flink" | "postgres") => "postgres",
                    (_, "mysql") => "mysql",
                    (_, "starrocks" | "doris") => "starrocks",
                    (_, other) => other,
                }
                .to_owned()
            },
            |t| t.value.clone(),
        );
        CheckText {
            id: value(c.id.as_ref()),
            ask: value(c.ask.as_ref()),
            kind: kind.to_owned(),
            text,
            expect: c.expect.as_ref().map(expectation),
            healthy: c.healthy.as_ref().map(|t| t.value.clone()),
            reading: c.reading.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            run_as: run_as.to_owned(),
            versions: c.versions.as_ref().map(|t| t.value.clone()),
            on,
            changes: c.changes,
        }
    }

    fn sql(&mut self, text: &str, changes: bool, place: &Spanned<RawCheck>) {
        if !changes && let Some(why) = sql::refuse(text) {
            self.problem(
                "RB011",
                format!("this SQL may not be run as a reading check: {why}"),
                place,
                "this check",
                Some("say changes: true if it must change something".into()),
            );
        }
        if let Some(long) = text.lines().find(|l| l.chars().count() > 96) {
            let (start, len) = yaml::span(place);
            self.problems.push(
                Problem::error(
                    "RB014",
                    format!("a line of SQL is {} characters long", long.chars().count()),
                    self.source,
                )
                .at(start, len, "break it at a clause")
                .warning(),
            );
        }
    }

    fn fix(&mut self, raw: &Spanned<RawFix>) -> FixText {
        let f = &raw.value;
        let mut given: Vec<(&str, String, &Text)> =
            [("sql", &f.sql), ("shell", &f.shell), ("hba", &f.hba), ("flink", &f.flink)]
                .into_iter()
                .filter_map(|(k, t)| t.as_ref().map(|t| (k, t.value.trim().to_owned(), t)))
                .collect();
        for (_, _, t) in &given {
            self.braces(t);
        }
        let conf = f.conf.as_ref().map(|c| {
            let lines: Vec<String> = c.set.iter().map(|(k, v)| format!("{k} = {v}")).collect();
            (lines.join("\n"), c.file.as_ref().map(|t| t.value.clone()))
        });
        if given.len() + usize::from(conf.is_some()) > 1 {
            self.problem("RB012", "a step has at most one of sql, conf, shell, hba, flink", raw, "this step", None);
        }
        if f.action.is_none() {
            self.problem("RB002", "a step needs 'do'", raw, "this step", None);
        }
        if let Some(t) = &f.action {
            self.braces(t);
        }
        let owner = self.word(
            "owner",
            f.owner.as_ref(),
            "dba",
            &[("dba", "dba"), ("network", "network"), ("flink", "flink"), ("app", "app"), ("cloud", "cloud")],
        );
        let risk = self.word(
            "risk",
            f.risk.as_ref(),
            "none",
            &[("none", "none"), ("downtime", "downtime"), ("data-loss", "data-loss")],
        );
        let steps = [
            ("none", "none"),
            ("reload-postgres", "reload-postgres"),
            ("restart-postgres", "restart-postgres"),
            ("restart-job", "restart-job"),
            ("restart-job-without-state", "restart-job-without-state"),
        ];
        let then = f
            .then
            .iter()
            .map(|t| self.word("step after", Some(t), "none", &steps).to_owned())
            .filter(|t| t != "none")
            .collect();
        let (kind, text, file) = match (given.pop(), conf) {
            (Some((kind, text, _)), _) => (kind, text, None),
            (None, Some((text, file))) => ("conf", text, file),
            (None, None) => ("text", String::new(), None),
        };
        FixText {
            action: value(f.action.as_ref()),
            kind: kind.to_owned(),
            text,
            file,
            run_as: f.run_as.as_ref().map(|t| t.value.clone()),
            owner: owner.to_owned(),
            changes: f.changes.unwrap_or(matches!(kind, "sql" | "conf" | "hba")),
            then,
            on: f.on.clone(),
            risk: risk.to_owned(),
            risk_note: f.risk_note.as_ref().map(|t| t.value.clone()),
        }
    }
}

/// Picks the fixed texts of an entry, and where they must be looked for.
fn anchor(entry: &mut Entry) {
    let from_pattern = |p: &Option<Pattern>| p.as_ref().map(|p| p.literals.clone()).filter(|l| !l.is_empty());
    let from_glob = |g: &Option<Glob>| g.as_ref().and_then(Glob::literal).map(|l| vec![l]);
    let shortest = |set: &[String]| set.iter().map(String::len).min().unwrap_or(0);
    if entry.log.is_some() || (entry.message.is_none() && entry.exception.is_none() && entry.raw_exception.is_none()) {
        entry.scope = Scope::Any;
        let candidates = [from_pattern(&entry.log), from_glob(&entry.logger)];
        entry.literals = candidates
            .into_iter()
            .flatten()
            .max_by_key(|set| (shortest(set).min(24), usize::MAX - set.len()))
            .or_else(|| entry.logger.as_ref().and_then(Glob::any_literal).map(|l| vec![l]))
            .unwrap_or_default();
        return;
    }
    entry.literals = from_pattern(&entry.message)
        .or_else(|| from_glob(&entry.exception))
        .or_else(|| from_glob(&entry.raw_exception))
        .or_else(|| entry.chain.iter().map(|c| c.literals.clone()).find(|l| !l.is_empty()))
        .unwrap_or_default();
}

fn ids(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|t| t.value.trim().to_owned()).collect()
}

fn value(text: Option<&Text>) -> String {
    text.map(|t| t.value.trim_end().to_owned()).unwrap_or_default()
}

fn expectation(e: &RawExpect) -> Expectation {
    let text = |t: &Option<Text>| t.as_ref().map(|t| t.value.clone());
    Expectation {
        column: text(&e.column).or_else(|| e.below_column.as_ref().and_then(|b| text(&b.column))),
        equals: text(&e.equals),
        not_equal: text(&e.not_equal),
        above: text(&e.above),
        at_least: text(&e.at_least),
        at_most: text(&e.at_most),
        matches: text(&e.matches),
        is_null: e.is_null,
        rows: text(&e.rows),
        below_column: e.below_column.as_ref().and_then(|b| text(&b.other)),
    }
}
