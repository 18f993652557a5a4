//! The texts of a rule: braces, checks, fixes and examples.

use super::{Compiler, ids, value};
use crate::diagnostic::{Problem, Severity};
use crate::rule::dialect::Dialect;
use crate::rule::raw::{RawCheck, RawExpect, RawFix, RawRule, Text};
use crate::rule::template::{self, KINDS};
use crate::rule::texts::{CheckText, Expectation, FixText, RuleTexts};
use crate::rule::yaml::Spanned;
use crate::rule::{Role, Rule, sql, system};

/// Longest line of SQL, in characters.
const MAX_SQL: usize = 90;

impl Compiler<'_> {
    pub(super) fn texts(&mut self, raw: &RawRule, rule: &Rule) -> RuleTexts {
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
                    .help("write two items under examples:, one of them with not: true"),
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
            fix: raw.fix.iter().map(|f| self.fix(f, rule)).collect(),
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
                self.problem_in(
                    "RB009",
                    format!("{{{}}} is no parameter", brace.name),
                    text,
                    brace.range,
                    "nobody fills this",
                );
                self.help(help);
            } else if !known_kind {
                let message = format!("'{}' is no kind of value", brace.kind.unwrap_or_default());
                self.problem_in("RB009", message, text, brace.range, "after the colon");
                self.help(Some(format!("one of {}", KINDS.join(", "))));
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
            [_, .., (_, second)] => {
                self.problem("RB012", "a check has exactly one of sql, shell, look", second, "one too many", None);
                ("look", String::new())
            }
            [] => {
                self.problem("RB012", "a check has exactly one of sql, shell, look", raw, "this check has none", None);
                ("look", String::new())
            }
        };
        for (_, t) in &given {
            self.braces(t);
        }
        for t in [&c.ask, &c.healthy].into_iter().flatten() {
            self.braces(t);
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
        let on = match (kind, &c.sql) {
            ("sql", Some(text)) => {
                let on = self.dialect_of(c.on.as_ref(), rule, text);
                if let Some(dialect) = system::dialect(&on) {
                    self.sql(text, dialect, c.changes);
                }
                on
            }
            _ => c.on.as_ref().map_or(kind, |t| t.value.as_str()).to_owned(),
        };
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

    /// The system whose SQL a text is: what it says, else the rule's own.
    fn dialect_of(&mut self, said: Option<&Text>, rule: &Rule, text: &Text) -> String {
        let speaking = || {
            let ids: Vec<&str> = system::SYSTEMS.iter().filter(|s| s.dialect.is_some()).map(|s| s.id).collect();
            Some(format!("one of {}", ids.join(", ")))
        };
        match said {
            Some(on) => {
                if system::dialect(&on.value).is_none() {
                    self.problem("RB004", format!("'{}' has no SQL", on.value), on, "here", speaking());
                }
                on.value.clone()
            }
            None => system::default_on(rule.system()).map_or_else(
                || {
                    let message = format!("{} has no SQL of its own, so the text must say whose it is", rule.system());
                    self.problem("RB004", message, text, "this text", Some("add on: with a system's name".into()));
                    String::new()
                },
                str::to_owned,
            ),
        }
    }

    fn sql(&mut self, text: &Text, dialect: Dialect, changes: bool) {
        self.regclass(text, dialect);
        if !changes && let Some(why) = sql::refuse(text.value.trim(), dialect) {
            let message = format!("this SQL may not be run as a reading check: {why}");
            self.problem_in("RB011", message, text, 0..text.value.trim_end().len(), "in this text");
            self.help(Some("say changes: true if it must change something".into()));
        }
        let mut at = 0;
        for line in text.value.split_inclusive('\n') {
            let content = line.trim_end();
            let length = content.chars().count();
            if length > MAX_SQL {
                let message = format!("a line of SQL is {length} characters long");
                self.problem_in("RB014", message, text, at..at + content.len(), "break it at a clause");
                if let Some(problem) = self.problems.last_mut() {
                    problem.severity = Severity::Warning;
                }
            }
            at += line.len();
        }
    }

    /// `{x:regclass}` is PostgreSQL's alone.
    fn regclass(&mut self, text: &Text, dialect: Dialect) {
        let foreign = |b: &template::Brace| dialect != Dialect::Postgres && b.kind.as_deref() == Some("regclass");
        for brace in template::braces(&text.value).into_iter().filter(foreign) {
            let message = "only PostgreSQL has literals that name a relation".to_owned();
            self.problem_in("RB009", message, text, brace.range, "in SQL of another system");
            self.help(Some("{table:relation} is an identifier, {table:name} the bare name as a literal".into()));
        }
    }

    fn fix(&mut self, raw: &Spanned<RawFix>, rule: &Rule) -> FixText {
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
        let system = match (&f.sql, &f.system) {
            (Some(text), said) => {
                let on = self.dialect_of(said.as_ref(), rule, text);
                if let Some(dialect) = system::dialect(&on) {
                    self.regclass(text, dialect);
                }
                on
            }
            (None, Some(said)) => {
                if system::get(&said.value).is_none() {
                    let ids: Vec<&str> = system::SYSTEMS.iter().map(|s| s.id).collect();
                    let help = Some(format!("one of {}", ids.join(", ")));
                    self.problem("RB004", format!("'{}' is not a system", said.value), said, "here", help);
                }
                said.value.clone()
            }
            (None, None) => String::new(),
        };
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
            system,
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
