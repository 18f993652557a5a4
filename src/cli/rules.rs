//! `rules`: list, check and test rules; the verbs that write are in `write` and `coverage`.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use super::args::{Format, RulesArgs, RulesCommand};
use super::exit::Exit;
use super::terminal::{self, Quiet};
use super::{coverage, folders, write};
use crate::author::{collide, trial};
use crate::builtin;
use crate::diagnostic::{self, Problem, Severity, SourceText};
use crate::error::Error;
use crate::report::words;
use crate::rule::set::has_errors;
use crate::rule::{Role, RuleSet};

/// Runs the verb.
///
/// # Errors
/// A directory that cannot be read, or an output that cannot be written.
pub fn run(args: &RulesArgs) -> Result<Exit, Error> {
    match &args.command {
        RulesCommand::List { word, format, rules } => list(&*super::rule_set(rules)?, word.as_deref(), *format),
        RulesCommand::Check { dir, alone, samples } => check(dir, *alone, samples.as_deref()),
        RulesCommand::Test { dir, samples } => test(dir.as_deref(), samples.as_deref()),
        RulesCommand::New { from, id, dir, rules } => write::new(from, id.as_deref(), dir, rules),
        RulesCommand::Schema => write::schema(),
        RulesCommand::Docs { out, check, rules } => write::docs(out, *check, rules),
        RulesCommand::Coverage { jar, package, all, rules } => coverage::run(jar, package, *all, rules),
        RulesCommand::WhyNot(args) => super::why_not::run(args),
    }
}

fn list(rules: &RuleSet, word: Option<&str>, format: Format) -> Result<Exit, Error> {
    let word = word.unwrap_or("").to_lowercase();
    let fits = |r: &&crate::rule::Rule| {
        [r.id.as_str(), &r.category, role(r.role), &r.title].iter().any(|t| t.to_lowercase().contains(&word))
    };
    let found: Vec<_> = rules.rules().iter().filter(fits).collect();
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    if format == Format::Json {
        let rows: Vec<_> = found
            .iter()
            .map(|r| serde_json::json!({"id": r.id, "role": role(r.role), "category": r.category, "title": r.title}))
            .collect();
        let text = serde_json::to_string_pretty(&rows).map_err(|e| Error::Internal(e.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(Exit::Fine);
    }
    let width = found.iter().map(|r| r.id.len()).max().unwrap_or(0);
    let category = found.iter().map(|r| r.category.len()).max().unwrap_or(0);
    for r in &found {
        writeln!(out, "{:<width$}  {:<7}  {:<category$}  {}", r.id, role(r.role), r.category, r.title)?;
    }
    out.flush()?;
    let count = |wanted: Role| found.iter().filter(|r| r.role == wanted).count();
    let mut err = Quiet::new(io::stderr());
    writeln!(
        err,
        "{}, {}, {}. Rules {}.",
        counted("1 cause|{n} causes", count(Role::Cause)),
        counted("1 symptom|{n} symptoms", count(Role::Symptom)),
        counted("1 kind of harmless lines|{n} kinds of harmless lines", count(Role::Noise)),
        rules.version
    )?;
    if found.is_empty() {
        writeln!(err, "no rule fits '{word}'")?;
    }
    Ok(Exit::Fine)
}

/// As in YAML.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Cause => "cause",
        Role::Symptom => "symptom",
        Role::Noise => "noise",
    }
}

fn check(dir: &Path, alone: bool, samples: Option<&Path>) -> Result<Exit, Error> {
    let shipped = builtin::rules().map_err(Error::Internal)?;
    let base = if alone { None } else { super::base_for(dir, &shipped) };
    let loaded = RuleSet::load(dir, base.as_deref())
        .map_err(|e| Error::Rules { path: dir.display().to_string(), what: e.to_string() })?;
    let mut problems = loaded.problems;
    if !has_errors(&problems) {
        let mut healthy = samples.map_or_else(|| Ok(Vec::new()), folders::samples)?;
        healthy.retain(|s| s.healthy);
        problems.extend(collide::check(&Arc::new(loaded.set), &loaded.sources, &healthy));
    }
    print_problems(&problems, dir, &mut Quiet::new(io::stderr()));
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let mut out = Quiet::new(io::stdout());
    if errors == 0 {
        let (files, warnings) =
            (counted("1 rule file|{n} rule files", loaded.files), counted("1 warning|{n} warnings", problems.len()));
        writeln!(out, "{files}, {warnings}, no errors.")?;
        return Ok(Exit::Fine);
    }
    let mut files: Vec<&str> = problems.iter().map(|p| p.source.name.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let (errors, all) = (counted("1 error|{n} errors", errors), counted("1 file|{n} files", loaded.files));
    writeln!(out, "{errors} in {} of {all}. Nothing was loaded.", files.len())?;
    Ok(Exit::Trouble)
}

/// A phrase with a number in it.
fn counted(template: &str, number: usize) -> String {
    words::counted(template, u64::try_from(number).unwrap_or(u64::MAX))
}

/// Renders problems with the place in the YAML files of `dir`.
pub(super) fn print_problems(problems: &[Problem], dir: &Path, out: &mut dyn Write) {
    let look = terminal::look();
    for problem in problems {
        // rules know their file as rules/..., the reader needs its path
        let file = problem.source.name.strip_prefix("rules/").unwrap_or(&problem.source.name);
        let name = dir.join(file).display().to_string();
        let source = Arc::new(SourceText { name, text: problem.source.text.clone() });
        let problem = Problem { source, ..problem.clone() };
        let _ = writeln!(out, "{}", diagnostic::render(&problem, look));
    }
}

fn test(dir: Option<&Path>, samples: Option<&Path>) -> Result<Exit, Error> {
    let set = match dir {
        None => builtin::rules().map_err(Error::Internal)?,
        Some(dir) => super::rule_set(&[dir.to_path_buf()])?,
    };
    let samples = samples.map_or_else(|| Ok(Vec::new()), folders::samples)?;
    let outcome = trial::run(&set, &samples).map_err(Error::Internal)?;
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    for failure in &outcome.failures {
        writeln!(out, "FAIL {}: {}", failure.place, failure.what)?;
    }
    let (rules, examples) =
        (counted("1 rule|{n} rules", outcome.rules), counted("1 example|{n} examples", outcome.examples));
    write!(out, "{rules}, {examples}, ")?;
    if outcome.samples > 0 {
        write!(out, "{}, ", counted("1 sample|{n} samples", outcome.samples))?;
    }
    writeln!(out, "{} failed", outcome.failures.len())?;
    out.flush()?;
    Ok(if outcome.failures.is_empty() { Exit::Fine } else { Exit::Found })
}
