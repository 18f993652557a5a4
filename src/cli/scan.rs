//! `scan`: files, directories or stdin in, a report out.

use std::io::Write;

use clap::CommandFactory;

use super::args::{ChosenArgs, Cli, Level, ScanArgs, ScanFormat, When};
use super::exit::Exit;
use super::investigate;
use super::terminal::{Color, Quiet};
use crate::error::Error;
use crate::input::STDIN_NAME;
use crate::report::{Confidence, Report};

/// Runs the verb.
///
/// # Errors
/// Bad rules, bad usage, or an output that cannot be written.
pub fn run(args: &ScanArgs, now: i64) -> Result<Exit, Error> {
    if investigate::nothing_to_read(&args.logs) {
        Cli::command().print_help()?;
        return Ok(Exit::Fine);
    }
    let rules = super::rule_set(&args.logs.told.rules)?;
    let mut options = investigate::options(&args.logs.told, &rules)?;
    let facts = investigate::facts(&args.logs, &rules, now, args.format == ScanFormat::Facts)?;
    investigate::tell(&facts, &rules, &mut options, args.format, &args.show)
}

/// Keeps the causes asked for.
pub(super) fn only(report: &mut Report, chosen: &ChosenArgs) {
    let wanted = &chosen.only;
    if !wanted.is_empty() {
        let fits = |id: &str, category: &str| {
            wanted.iter().any(|w| w == id || w == category || crate::rule::Glob { text: w.clone() }.is_match(id))
        };
        report.diagnoses.retain(|d| fits(&d.cause, &d.category));
        report.symptoms.retain(|s| fits(&s.id, ""));
        report.unrecognised.clear();
    }
    if let Some(top) = chosen.top {
        report.diagnoses.truncate(top);
    }
}

/// Tells on standard error what could not be read, as it must be told whatever the format.
pub(super) fn complain(report: &Report, nothing: bool) {
    for p in &report.problems {
        complain_of(&p.path, &p.what, p.help.as_deref(), p.fatal);
    }
    if nothing && !report.problems.is_empty() {
        let mut err = Quiet::new(anstream::stderr());
        let red = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
        let _ = writeln!(err, "{red}error:{red:#} nothing was left to read");
    }
}

/// Tells of one input.
pub(super) fn complain_of(path: &str, what: &str, help: Option<&str>, fatal: bool) {
    let mut err = Quiet::new(anstream::stderr());
    let red = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    let yellow = anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Yellow.into()));
    let dim = anstyle::Style::new().dimmed();
    let (style, word) = if fatal { (red, "error:") } else { (yellow, "warning:") };
    let what = if path == STDIN_NAME {
        what.to_owned()
    } else {
        format!("{}: {}", crate::rule::template::printable(path), crate::rule::template::printable(what))
    };
    let _ = writeln!(err, "{style}{word}{style:#} {what}");
    if let Some(help) = help {
        let _ = writeln!(err, "{dim}hint:{dim:#} {}", crate::rule::template::printable(help));
    }
}

/// The colour choice of the command line.
pub(super) fn when(when: When) -> Color {
    match when {
        When::Auto => Color::Auto,
        When::Always => Color::Always,
        When::Never => Color::Never,
    }
}

pub(super) fn confidence(level: Level) -> Confidence {
    match level {
        Level::Certain => Confidence::Certain,
        Level::Likely => Confidence::Likely,
        Level::Possible => Confidence::Possible,
    }
}
