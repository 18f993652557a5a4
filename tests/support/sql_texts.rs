//! The SQL texts that the shipped rules print, for one set of parameters.

use std::collections::BTreeMap;
use std::fmt;

use cdc_doctor::builtin;
use cdc_doctor::diagnosis::{Diagnosis as Facts, Params, Value};
use cdc_doctor::report::model::{self, InputStatus};
use cdc_doctor::report::text::{Options, render};
use cdc_doctor::report::{Check, Diagnosis, Report};
use cdc_doctor::rule::vocabulary::Kind;

/// One text.
pub struct Text {
    pub rule: String,
    /// `check wal-level` or `fix 2`.
    pub place: String,
    pub sql: String,
    pub changes: bool,
    /// Parameters that psql variables stand for.
    pub missing: Vec<String>,
    /// Columns that the expectation looks at.
    pub columns: Vec<String>,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.rule, self.place, self.sql)
    }
}

impl Text {
    /// Lines that set the variables, as a reader would fill them in, and lines that take them away.
    pub fn variables(&self, names: &Names) -> (String, String) {
        let set = |name: &String| {
            let value = names.value(name).unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
            format!("\\set {name} '{value}'\n")
        };
        let unset = |name: &String| format!("\\unset {name}\n");
        (self.missing.iter().map(set).collect(), self.missing.iter().map(unset).collect())
    }

    /// The text with what psql makes of the variables that name objects.
    pub fn plain_sql(&self, names: &Names) -> String {
        self.sql.replace(":\"publication\"", &names.publication).replace(":\"user\"", &names.user)
    }
}

/// Objects that are on the server: quoted for SQL, and raw as a log has them.
pub struct Names {
    pub user: String,
    pub database: String,
    pub schema: String,
    pub table: String,
    pub other: String,
    pub publication: String,
    pub slot: String,
    pub raw_database: String,
    raw: BTreeMap<&'static str, String>,
}

impl Names {
    /// Such as anybody would choose.
    pub fn plain() -> Self {
        Self::new("cdc_user", "shop", ["sales", "orders", "customers"], "sales.orders", "dbz_publication", "flink")
    }

    /// Such as nobody should choose, but some do.
    pub fn odd() -> Self {
        let table = "\"we\"\"ird s.x\".\"O'Rders; \\ $$\"";
        let parts = ["we\"ird s.x", "O'Rders; \\ $$", "Customers-1"];
        Self::new("O'Brien \"x\" \\ $$", "the \"shop\" 'n' \\", parts, table, "Pub \"1\"; --", "flink_odd")
    }

    fn new(user: &str, database: &str, parts: [&str; 3], table: &str, publication: &str, slot: &str) -> Self {
        let ident = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let [schema, relation, other] = parts;
        let dotted = |name: &str| format!("{}.{}", ident(schema), ident(name));
        let tables = if schema == "sales" { "sales.orders,sales.customers" } else { table };
        let raw = [
            ("user", user),
            ("database", database),
            ("schema", schema),
            ("table", table),
            ("tables", tables),
            ("publication", publication),
            ("slot", slot),
            ("plugin", "pgoutput"),
            ("column", "id"),
            ("host", "127.0.0.1"),
            ("port", "5432"),
            ("pid", "1"),
            ("lsn", "0/16B3748"),
        ];
        Self {
            user: ident(user),
            database: ident(database),
            schema: ident(schema),
            table: dotted(relation),
            other: dotted(other),
            publication: ident(publication),
            slot: slot.to_owned(),
            raw_database: database.to_owned(),
            raw: raw.map(|(name, value)| (name, value.to_owned())).into(),
        }
    }

    /// The value of any parameter.
    pub fn value(&self, name: &str) -> Option<String> {
        let rules = builtin::rules().unwrap();
        let kind = rules.vocabulary.get(name)?.kind;
        Some(self.raw.get(name).cloned().unwrap_or_else(|| {
            match kind {
                Kind::Number => "5",
                Kind::Lsn => "0/16B3748",
                Kind::Name => "plain_name",
                Kind::Text => "plain text",
                Kind::List => "sales.orders",
            }
            .to_owned()
        }))
    }
}

/// Is it for this server?
fn is_for(versions: Option<&String>, major: u32) -> bool {
    versions.is_none_or(|wanted| {
        wanted.split([',', ' ']).filter(|part| !part.is_empty()).all(|part| {
            let number = |sign: &str| part.strip_prefix(sign).and_then(|n| n.trim().parse::<u32>().ok());
            if let Some(n) = number(">=") {
                major >= n
            } else if let Some(n) = number("<=") {
                major <= n
            } else if let Some(n) = number("<") {
                major < n
            } else if let Some(n) = number(">") {
                major > n
            } else {
                panic!("versions: {wanted} is not understood")
            }
        })
    })
}

fn is_sql(check: &Check) -> bool {
    check.kind == "sql" && check.on == "postgres"
}

/// How many checks are not for this server.
pub fn skipped(major: u32) -> usize {
    let rules = builtin::rules().unwrap();
    let described = rules.rules().iter().filter_map(|r| model::describe(&rules, &r.id, &Params::default()));
    described.flat_map(|d| d.checks).filter(|c| is_sql(c) && !is_for(c.versions.as_ref(), major)).count()
}

/// All texts, and what is wrong with how they are printed.
pub fn texts(value: &dyn Fn(&str) -> Option<String>, major: u32) -> (Vec<Text>, Vec<String>) {
    let rules = builtin::rules().unwrap();
    let mut params = Params::default();
    for name in rules.vocabulary.parameters.keys() {
        if let Some(value) = value(name) {
            params.values.insert(name.clone(), Value { value, source: None, line: 0, key: "--param".into() });
        }
    }
    let mut report = model::build(&Facts::default(), &rules, &InputStatus::default(), "0");
    let (mut texts, mut complaints) = (Vec::new(), Vec::new());
    for rule in rules.rules() {
        let diagnosis = model::describe(&rules, &rule.id, &params).unwrap();
        let found = of(&diagnosis, major);
        report.diagnoses = vec![diagnosis];
        complaints.extend(not_printed(&report, &found));
        texts.extend(found);
    }
    (texts, complaints)
}

fn of(diagnosis: &Diagnosis, major: u32) -> Vec<Text> {
    let checks = diagnosis.checks.iter().filter(|c| is_sql(c) && is_for(c.versions.as_ref(), major)).map(|c| Text {
        rule: diagnosis.cause.clone(),
        place: format!("check {}", c.id),
        sql: c.text.clone(),
        changes: c.changes,
        missing: c.missing.clone(),
        columns: c.expect.iter().flat_map(|e| e.column.iter().chain(&e.below_column)).cloned().collect(),
    });
    let fixes = diagnosis.fix.iter().enumerate().filter(|(_, f)| f.kind == "sql").map(|(at, f)| Text {
        rule: diagnosis.cause.clone(),
        place: format!("fix {}", at + 1),
        sql: f.text.clone(),
        changes: true,
        missing: f.missing.clone(),
        columns: Vec::new(),
    });
    checks.chain(fixes).collect()
}

/// A text must stand in the output as it is, at one indent, and each variable must have its `\set` line.
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
        for name in &text.missing {
            if !printed.iter().any(|line| line.trim_start().starts_with(&format!("\\set {name} '"))) {
                wrong.push(format!("{text}\nlacks the line \\set {name}:\n{out}"));
            }
        }
    }
    wrong
}
