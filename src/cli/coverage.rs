//! `rules coverage`: how each rule is known, and which messages of connector jars no rule knows. The output is Markdown.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::folders::trouble;
use super::terminal::Quiet;
use crate::author::coverage::classfile::Kind;
use crate::author::coverage::{self, Coverage, JarCovered, JarSays, jar, known};
use crate::error::Error;
use crate::rule::RuleSet;
use crate::rule::template::printable;

/// Runs the verb.
pub(super) fn run(paths: &[PathBuf], packages: &[String], all: bool, more: &[PathBuf]) -> Result<Exit, Error> {
    let set = super::rule_set(more)?;
    let mut jars: Vec<JarSays> = Vec::new();
    for path in files(paths)? {
        let bytes = fs::read(&path).map_err(|e| trouble(&path, &e.to_string()))?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        jars.extend(jar::read(&name, &bytes, packages).map_err(|e| trouble(&path, &e))?);
    }
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    how_known(&set, &mut out)?;
    if !jars.is_empty() {
        of_jars(&coverage::cover(&set, &jars), all, &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Fine)
}

/// Jars as given, and those in directories.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside = Vec::new();
            for entry in fs::read_dir(path).map_err(|e| trouble(path, &e.to_string()))? {
                inside.push(entry?.path());
            }
            inside.retain(|p: &PathBuf| p.extension().is_some_and(|e| e == "jar"));
            inside.sort();
            if inside.is_empty() {
                return Err(trouble(path, "there is no jar in it"));
            }
            found.extend(inside);
        } else if Path::new(path).is_file() {
            found.push(path.clone());
        } else {
            return Err(trouble(path, "no such file or directory"));
        }
    }
    Ok(found)
}

fn how_known(set: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## How the rules are known\n")?;
    writeln!(out, "Rules with at least one `source:` line of a kind. A rule may have several kinds.\n")?;
    writeln!(out, "| system | rules | can be certain | {} |", known::KINDS.join(" | "))?;
    writeln!(out, "| --- | ---: | ---: |{}", " ---: |".repeat(known::KINDS.len()))?;
    for (name, system) in known::by_system(set) {
        let counts: Vec<String> = system.with.iter().map(usize::to_string).collect();
        writeln!(out, "| {name} | {} | {} | {} |", system.rules, system.certain, counts.join(" | "))?;
    }
    writeln!(
        out,
        "\nrun: seen in a run or on a live server · code: in a class, a file or the strings of a program · catalogue: a message \
         catalogue of translations · documentation · report: an issue or a public trace · other: general knowledge"
    )
}

fn of_jars(covered: &Coverage, all: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## Messages of the jars\n")?;
    writeln!(out, "| jar | exceptions | known | logged errors | known | warnings | known |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for jar in &covered.jars {
        let kinds: [fn(&Kind) -> bool; 3] =
            [|k| matches!(k, Kind::Thrown(_)), |k| matches!(k, Kind::Error), |k| matches!(k, Kind::Warning)];
        let counts: Vec<String> = kinds
            .iter()
            .map(|is| {
                let of = || jar.messages.iter().filter(|m| is(&m.said.kind));
                format!("{} | {}", of().count(), of().filter(|m| !m.known_as.is_empty()).count())
            })
            .collect();
        writeln!(out, "| {} | {} |", jar.name, counts.join(" | "))?;
    }
    writeln!(out, "\n## Rules whose text is no longer there\n")?;
    writeln!(
        out,
        "Of {} rules whose `source:` names a class of these jars, none of whose patterns matches a string of theirs: {}.\n",
        covered.named,
        covered.gone.len()
    )?;
    if !covered.gone.is_empty() {
        writeln!(out, "Not all are stale: some name the class that calls what fails, and the text is the server's.\n")?;
    }
    for (id, classes) in &covered.gone {
        writeln!(out, "- {id} ({})", classes.join(", "))?;
    }
    writeln!(out, "\n## Messages that no rule knows\n")?;
    for jar in &covered.jars {
        unknown(jar, all, out)?;
    }
    Ok(())
}

fn unknown(jar: &JarCovered, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let of = || jar.messages.iter().filter(|m| m.known_as.is_empty());
    if of().next().is_none() {
        return Ok(());
    }
    if !all {
        return writeln!(out, "- {}: {} (listed with --all)", jar.name, of().count());
    }
    writeln!(out, "### {}\n", jar.name)?;
    for message in of() {
        let (kind, class) = match &message.said.kind {
            Kind::Thrown(class) => (class.rsplit('.').next().unwrap_or(class), &message.said.class),
            Kind::Error => ("error", &message.said.class),
            Kind::Warning => ("warning", &message.said.class),
        };
        let class = class.rsplit('.').next().unwrap_or(class);
        writeln!(out, "- `{}` – {kind}, {class}", printable(&message.said.text).replace('`', "'"))?;
    }
    writeln!(out)
}
