//! The SQL texts that rules print for one system, for one set of parameters.

use std::fmt;

use cdc_doctor::diagnosis::{Diagnosis as Facts, Params, Value};
use cdc_doctor::report::model::{self, InputStatus};
use cdc_doctor::report::text::{Options, render};
use cdc_doctor::report::{Check, Diagnosis, Fix, Report};
use cdc_doctor::rule::RuleSet;

/// One text.
pub struct Text {
    pub rule: String,
    /// `check wal-level` or `fix 2`.
    pub place: String,
    pub sql: String,
    pub changes: bool,
    /// Parameters without a value.
    pub missing: Vec<String>,
    /// Those that variables of the client stand for.
    pub variables: Vec<String>,
    /// Columns that the expectation looks at.
    pub columns: Vec<String>,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.rule, self.place, self.sql)
    }
}

/// How many checks are not for this server.
pub fn skipped(rules: &RuleSet, on: &str, is_for: &dyn Fn(&str) -> bool) -> usize {
    let described = rules.rules().iter().filter_map(|r| model::describe(rules, &r.id, &Params::default()));
    described.flat_map(|d| d.checks).filter(|c| is_sql(c, on) && !fits(c, is_for)).count()
}

fn is_sql(check: &Check, on: &str) -> bool {
    check.kind == "sql" && check.on == on
}

fn fits(check: &Check, is_for: &dyn Fn(&str) -> bool) -> bool {
    check.versions.as_ref().is_none_or(|versions| is_for(versions))
}

/// All texts of one system, and what is wrong with how they are printed.
pub fn texts(
    rules: &RuleSet,
    on: &str,
    value: &dyn Fn(&str) -> Option<String>,
    is_for: &dyn Fn(&str) -> bool,
) -> (Vec<Text>, Vec<String>) {
    let mut params = Params::default();
    for name in rules.vocabulary.parameters.keys() {
        if let Some(value) = value(name) {
            params.values.insert(name.clone(), Value { value, source: None, line: 0, key: "--param".into() });
        }
    }
    let mut report = model::build(&Facts::default(), rules, &InputStatus::default(), "0");
    let (mut texts, mut complaints) = (Vec::new(), Vec::new());
    for rule in rules.rules() {
        let diagnosis = model::describe(rules, &rule.id, &params).unwrap();
        let found = of(&diagnosis, on, is_for);
        report.diagnoses = vec![diagnosis];
        complaints.extend(not_printed(&report, &found));
        texts.extend(found);
    }
    (texts, complaints)
}

fn of(diagnosis: &Diagnosis, on: &str, is_for: &dyn Fn(&str) -> bool) -> Vec<Text> {
    let checks = diagnosis.checks.iter().filter(|c| is_sql(c, on) && fits(c, is_for)).map(|c| Text {
        rule: diagnosis.cause.clone(),
        place: format!("check {}", c.id),
        sql: c.text.clone(),
        changes: c.changes,
        missing: c.missing.clone(),
        variables: c.variables.clone(),
        columns: c.expect.iter().flat_map(|e| e.column.iter().chain(&e.below_column)).cloned().collect(),
    });
    let is_fix = |f: &&Fix| f.kind == "sql" && f.system == on;
    let fixes = diagnosis.fix.iter().enumerate().filter(|(_, f)| is_fix(f)).map(|(at, f)| Text {
        rule: diagnosis.cause.clone(),
        place: format!("fix {}", at + 1),
        sql: f.text.clone(),
        changes: true,
        missing: f.missing.clone(),
        variables: f.variables.clone(),
        columns: Vec::new(),
    });
    checks.chain(fixes).collect()
}

/// A text must stand in the output as it is, at one indent, and each variable must have the line that sets it.
fn not_printed(report: &Report, texts: &[Text]) -> Vec<String> {
    let mut out = Vec::new();
    render(report, &Options { verbose: true, ..Options::default() }, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let mut wrong = Vec::new();
    for text in texts {
        let lines: Vec<&str> = text.sql.lines().collect();
        let printed: Vec<&str> = out.lines().collect();
        let block = |window: &[&str]| {
            let indent = window[0].len() - window[0].trim_start().len();
            window.iter().zip(&lines).all(|(line, wanted)| line.get(indent..) == Some(wanted.trim_end()))
        };
        let inline = lines.len() == 1 && text.place.starts_with("fix") && out.contains(text.sql.as_str());
        if !inline && !printed.windows(lines.len()).any(block) {
            wrong.push(format!("{text}\nis not printed as it is:\n{out}"));
        }
        for name in &text.variables {
            let sets = [format!("\\set {name} '"), format!("SET @{name} = '")];
            if !printed.iter().any(|line| sets.iter().any(|set| line.trim_start().starts_with(set))) {
                wrong.push(format!("{text}\nlacks the line that sets {name}:\n{out}"));
            }
        }
    }
    wrong
}
