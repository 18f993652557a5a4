//! `why-not`: why a cause was not found in a log.

use std::io::{self, Write};

use super::args::WhyNotArgs;
use super::exit::Exit;
use super::folders;
use super::terminal::Quiet;
use crate::author;
use crate::author::whynot::{self, Answer, Answered, Nearest};
use crate::error::Error;
use crate::rule::template::printable;

/// Column behind the keys of conditions.
const KEY: usize = 14;

/// Runs the verb.
///
/// # Errors
/// No such rule, a log that cannot be read, or an output that cannot be written.
pub fn run(args: &WhyNotArgs) -> Result<Exit, Error> {
    let rules = super::rule_set(&args.rules)?;
    if rules.get(&args.id).is_none() {
        let hint = rules.nearest_id(&args.id).map(|near| format!("did you mean {near}?"));
        return Err(Error::Usage {
            what: format!("no rule is called '{}'", args.id),
            hint: hint.or_else(|| Some("cdc-doctor rules list    names them all".into())),
        });
    }
    let logs = folders::logs(&args.logs)?;
    let answer = whynot::why_not(&rules, &args.id, &logs).map_err(Error::Internal)?;
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    print(&answer, &mut out)?;
    out.flush()?;
    Ok(Exit::Fine)
}

fn print(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = answer.verdict.iter();
    if let Some(first) = lines.next() {
        writeln!(out, "{}", printable(first))?;
    }
    for line in lines {
        writeln!(out, "  {}", printable(line))?;
    }
    // entries that came near say most
    let shown = answer.entries.iter().filter(|e| !answer.matched || e.records > 0);
    let (near, far): (Vec<_>, Vec<_>) = shown.partition(|e| e.records > 0 || told(e));
    for entry in near {
        writeln!(out)?;
        one(entry, out)?;
    }
    if !far.is_empty() {
        writeln!(out)?;
        for entry in far {
            writeln!(out, "  {:<KEY$}nothing like it in the log{}", entry.name, absent(entry))?;
        }
    }
    Ok(())
}

/// Something that is worth a look came near.
fn told(entry: &Nearest) -> bool {
    entry.conditions.iter().any(|c| !matches!(c.key, "message" | "log") && c.holds || !c.there.is_empty())
}

fn absent(entry: &Nearest) -> String {
    match entry.absent.as_deref() {
        Some([only]) => format!("; '{only}' stands nowhere"),
        Some(several) if !several.is_empty() => format!("; none of '{}' stands anywhere", several.join("', '")),
        _ => String::new(),
    }
}

fn one(entry: &Nearest, out: &mut dyn Write) -> io::Result<()> {
    if entry.records > 0 {
        let (name, line) = entry.first.clone().unwrap_or_default();
        let more = author::times_more(usize::try_from(entry.records - 1).unwrap_or(usize::MAX));
        writeln!(out, "  {:<KEY$}holds at {}:{line}{more}", entry.name, printable(&name))?;
    } else {
        let failed = entry.conditions.iter().filter(|c| !c.holds).count();
        let all = entry.conditions.len();
        let how = match (failed, all) {
            (_, 1) => "fails on the nearest record".to_owned(),
            (0, _) => "its conditions hold, but not on one and the same exception".to_owned(),
            (n, all) => format!("{n} of {all} conditions fail on the nearest record"),
        };
        writeln!(out, "  {:<KEY$}{how}{}", entry.name, absent(entry))?;
    }
    for condition in &entry.conditions {
        asked(condition, out)?;
    }
    if entry.records == 0 && !entry.known_as.is_empty() {
        writeln!(out, "    that record is known as {}", entry.known_as.join(", "))?;
    }
    Ok(())
}

fn asked(condition: &Answered, out: &mut dyn Write) -> io::Result<()> {
    let mark = if condition.holds { "ok  " } else { "FAIL" };
    writeln!(out, "    {mark} {:<9} {}", condition.key, printable(&condition.wanted))?;
    if condition.holds && !matches!(condition.key, "message" | "log") {
        return Ok(());
    }
    let (name, line) = &condition.at;
    if condition.there.is_empty() {
        writeln!(out, "         there     no text that is like it")
    } else {
        writeln!(out, "         {:<9} {}", "there", printable(&condition.there))?;
        writeln!(out, "         {:<9} {}:{line}", "", printable(name))
    }
}
