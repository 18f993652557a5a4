//! `rules new`, `rules schema` and `rules docs`: what the program writes for those who write rules.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::terminal::Quiet;
use super::{folders, rules};
use crate::author::scaffold::{self, Draft, Nothing};
use crate::author::{collide, schema};
use crate::diagnosis::Params;
use crate::diagnostic::{Problem, SourceText};
use crate::error::Error;
use crate::input::STDIN_NAME;
use crate::report::{markdown, model};
use crate::rule::RuleSet;
use crate::rule::template::printable;

/// `rules schema`.
pub(super) fn schema() -> Result<Exit, Error> {
    write!(Quiet::new(io::stdout()), "{}", schema::text())?;
    Ok(Exit::Fine)
}

/// `rules new`: with an id the file is written, without one it is printed. What there is to say goes to standard error, so that a
/// redirected output is the rule and nothing else.
pub(super) fn new(from: &Path, id: Option<&str>, dir: &Path, more: &[PathBuf]) -> Result<Exit, Error> {
    let set = super::rule_set(more)?;
    let target = id.map(|id| target(id, dir, &set)).transpose()?;
    let (path, line) = place(from);
    let logs = folders::logs(&[path])?;
    let draft = scaffold::draft(&set, &logs, line, id).map_err(|e| nothing(e, from))?;
    let mut err = Quiet::new(io::stderr());
    match &target {
        Some(target) => {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            // never over a file that is there, also if it came between the question and the answer
            let mut file = fs::OpenOptions::new().write(true).create_new(true).open(target)?;
            file.write_all(draft.yaml.as_bytes())?;
            writeln!(Quiet::new(io::stdout()), "wrote {}", target.display())?;
        }
        None => write!(Quiet::new(io::stdout()), "{}", draft.yaml)?,
    }
    let quiet = target.is_none() && io::stdout().is_terminal() && io::stderr().is_terminal();
    if quiet {
        writeln!(err)?;
    }
    tell(&draft, target.as_deref(), &set, dir, &mut err)?;
    Ok(Exit::Fine)
}

/// The file to write.
fn target(id: &str, dir: &Path, set: &RuleSet) -> Result<PathBuf, Error> {
    let word = |w: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !w.is_empty() && w.split('-').all(|part| !part.is_empty() && part.chars().all(fits))
    };
    let fine = id.split_once('/').is_some_and(|(system, name)| word(system) && !system.contains('-') && word(name));
    if !fine {
        return Err(usage(
            format!("--id: '{id}' is not system/name"),
            "lower-case words with hyphens: acme/row-not-handled",
        ));
    }
    let target = dir.join(format!("{id}.yaml"));
    if target.exists() {
        return Err(usage(
            format!("{} is there already", target.display()),
            "nothing was written; choose another --id",
        ));
    }
    if set.get(id).is_some() {
        let hint = "a file with this id would override it; choose another --id";
        return Err(usage(format!("there is a rule {id}"), hint));
    }
    Ok(target)
}

fn usage(what: String, hint: &str) -> Error {
    Error::Usage { what, hint: Some(hint.to_owned()) }
}

/// `LOG` or `LOG:LINE`.
fn place(from: &Path) -> (PathBuf, Option<u64>) {
    let text = from.to_string_lossy();
    if !from.exists()
        && let Some((path, line)) = text.rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return (PathBuf::from(path), Some(line));
    }
    (from.to_path_buf(), None)
}

fn nothing(why: Nothing, from: &Path) -> Error {
    match why {
        Nothing::AllKnown => usage(
            format!("{}: no exception that no rule knows", from.display()),
            "cdc-doctor LOG says what it is; cdc-doctor why-not ID LOG says why it is not another cause",
        ),
        Nothing::NotThere(lines) => {
            let lines: Vec<String> = lines.iter().take(12).map(u64::to_string).collect();
            usage(
                format!("{}: no exception that no rule knows stands there", from.display()),
                &format!("there are such at line {}", lines.join(", ")),
            )
        }
    }
}

fn tell(draft: &Draft, target: Option<&Path>, set: &RuleSet, dir: &Path, err: &mut dyn Write) -> Result<(), Error> {
    let (name, line) = &draft.at;
    let name = if name == STDIN_NAME { "stdin" } else { name };
    let again = draft.again.map(|l| format!(", the last at line {l}")).unwrap_or_default();
    writeln!(err, "from            {}:{line}{again}", printable(name))?;
    match &draft.pattern {
        Some(pattern) => writeln!(err, "message         {}", printable(pattern))?,
        None => writeln!(err, "message         has no fixed text; the class and a frame stand in its place")?,
    }
    for (number, (id, how)) in draft.nearest.iter().enumerate() {
        let head = if number == 0 { "nearest rules" } else { "" };
        writeln!(err, "{head:<15} {id}: {how}")?;
    }
    for (number, (log, line, what)) in draft.others.iter().enumerate() {
        let head = if number == 0 { "also unknown" } else { "" };
        writeln!(err, "{head:<15} {}:{line} {}", printable(log), printable(what))?;
    }
    let problems = problems(draft, set);
    let (todo, other): (Vec<&Problem>, Vec<&Problem>) = problems.iter().partition(|p| p.code == "RB018");
    let texts: usize = todo.iter().map(|p| p.labels.len()).sum();
    writeln!(err, "to be written   {texts} texts that say TODO")?;
    if !other.is_empty() {
        let other: Vec<Problem> = other.into_iter().cloned().collect();
        rules::print_problems(&other, dir, err);
    }
    let shown = target.map_or_else(|| "DIR".to_owned(), |_| dir.display().to_string());
    writeln!(err, "then            cdc-doctor rules check {shown}")?;
    Ok(())
}

/// What `rules check` will say of the draft.
fn problems(draft: &Draft, set: &RuleSet) -> Vec<Problem> {
    let source = SourceText { name: format!("rules/{}.yaml", draft.id), text: draft.yaml.clone() };
    let loaded = RuleSet::compile(vec![source], Some(set));
    let mut problems = loaded.problems;
    if !crate::rule::set::has_errors(&problems) {
        problems.extend(collide::check(&Arc::new(loaded.set), &loaded.sources, &[]));
    }
    problems
}

/// `rules docs`.
pub(super) fn docs(out: &Path, check: bool, more: &[PathBuf]) -> Result<Exit, Error> {
    let set = super::rule_set(more)?;
    let pages = pages(&set);
    let mut there = Vec::new();
    collect(out, out, &mut there)?;
    // only what carries the mark was written by this program
    let ours = |file: &String| fs::read_to_string(out.join(file)).is_ok_and(|t| t.starts_with(markdown::MARK));
    let extra: Vec<String> = there.iter().filter(|f| !pages.contains_key(*f) && ours(f)).cloned().collect();
    let stale: Vec<&String> = pages
        .iter()
        .filter(|(file, text)| fs::read_to_string(out.join(file)).ok().as_ref() != Some(text))
        .map(|(file, _)| file)
        .collect();
    let mut stdout = Quiet::new(io::stdout());
    if check {
        for file in stale.iter().copied().chain(&extra) {
            let what = if extra.contains(file) { "no rule" } else { "not what the rules say" };
            writeln!(stdout, "{}: {what}", out.join(file).display())?;
        }
        let wrong = stale.len() + extra.len();
        writeln!(stdout, "{} pages, {wrong} not up to date", pages.len())?;
        if wrong > 0 {
            writeln!(Quiet::new(io::stderr()), "cdc-doctor rules docs --out {}    writes them anew", out.display())?;
        }
        return Ok(if wrong == 0 { Exit::Fine } else { Exit::Found });
    }
    for file in &stale {
        let path = out.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, pages.get(*file).map_or("", String::as_str))?;
    }
    for file in &extra {
        fs::remove_file(out.join(file))?;
    }
    writeln!(stdout, "{} pages, {} written, {} removed", pages.len(), stale.len(), extra.len())?;
    Ok(Exit::Fine)
}

/// All pages, by file.
fn pages(set: &RuleSet) -> BTreeMap<String, String> {
    let none = Params::default();
    let all: Vec<_> = set.rules().iter().filter_map(|r| model::explain(set, &r.id, &none)).collect();
    let mut pages: BTreeMap<String, String> =
        all.iter().map(|e| (markdown::file(&e.rule.cause), markdown::page(e))).collect();
    pages.insert("README.md".to_owned(), markdown::index(&all));
    pages
}

/// Markdown files below a folder, with `/` between the parts of their names.
fn collect(top: &Path, dir: &Path, found: &mut Vec<String>) -> Result<(), Error> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(top, &path, found)?;
        } else if path.extension().is_some_and(|e| e == "md") {
            let parts = path.strip_prefix(top).unwrap_or(&path).components();
            found.push(parts.map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    found.sort();
    Ok(())
}
