//! Writes a report in the formats asked for, to standard output and to files.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::{ScanFormat, ShowArgs, When};
use super::redact;
use super::terminal::{self, Environment, Quiet};
use crate::error::Error;
use crate::report::render::{self, Format};
use crate::report::{Report, json, text};
use crate::rule::RuleSet;

/// Reads the value of `--output`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn output(value: &str) -> Result<(ScanFormat, PathBuf), String> {
    let (format, path) = value.split_once('=').ok_or("it is FORMAT=PATH, such as html=report.html")?;
    let known = || {
        let names = ScanFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        names.map(|v| v.get_name().to_owned()).filter(|n| n != "facts").collect::<Vec<_>>().join(", ")
    };
    let format = ScanFormat::from_str(format, false)
        .ok()
        .filter(|f| *f != ScanFormat::Facts)
        .ok_or_else(|| format!("'{format}' is not one of {}", known()))?;
    if path.is_empty() {
        return Err("there is no path behind the =".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}

/// A report, and the same without names if a format wants it so.
pub(super) struct Shared<'r> {
    report: &'r Report,
    redacted: Option<Report>,
}

impl<'r> Shared<'r> {
    /// For standard output in `format`, and for all `--output`.
    pub(super) fn new(report: &'r Report, format: ScanFormat, show: &ShowArgs, rules: &RuleSet) -> Result<Self, Error> {
        let mut formats = std::iter::once(format).chain(show.output.iter().map(|(format, _)| *format));
        let hides = formats.any(|format| show.sharing.hides(format.is_shared()));
        Ok(Self { report, redacted: redact::without_names(report, &show.sharing, rules, hides)? })
    }

    fn of(&self, format: ScanFormat, show: &ShowArgs) -> &Report {
        self.redacted.as_ref().filter(|_| show.sharing.hides(format.is_shared())).unwrap_or(self.report)
    }

    /// Writes the files of `--output`.
    pub(super) fn write_files(&self, show: &ShowArgs) -> Result<(), Error> {
        for (format, path) in &show.output {
            let mut bytes = Vec::new();
            let options = text::Options {
                verbose: show.verbose,
                all: show.all,
                top: show.chosen.top,
                ..text::Options::default()
            };
            write(self.of(*format, show), *format, &options, &mut bytes)?;
            fs::write(path, bytes).map_err(|e| Error::Usage {
                what: format!("--output: {}: {}", path.display(), redact::said(&e)),
                hint: None,
            })?;
        }
        Ok(())
    }

    /// Prints to standard output.
    pub(super) fn print(&self, format: ScanFormat, show: &ShowArgs) -> Result<(), Error> {
        let terminal = io::stdout().is_terminal();
        let environment = Environment::read();
        let color = environment.color(super::scan::when(show.color), terminal);
        let options = text::Options {
            width: show.width.map_or_else(|| terminal::width(terminal), terminal::clamp),
            ascii: environment.ascii(show.ascii, terminal),
            color: color && (!show.brief || show.color == When::Always),
            verbose: show.verbose,
            all: show.all,
            top: show.chosen.top,
            brief: show.brief,
            terminal,
        };
        let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
        write(self.of(format, show), format, &options, &mut out)?;
        out.flush()?;
        Ok(())
    }
}

fn write(report: &Report, format: ScanFormat, options: &text::Options, out: &mut dyn Write) -> io::Result<()> {
    let format = match format {
        ScanFormat::Text => return text::render(report, options, out),
        ScanFormat::Json | ScanFormat::Facts => return json::render(report, out),
        ScanFormat::Ndjson => return json::render_lines(report, out),
        ScanFormat::Markdown => Format::Markdown,
        ScanFormat::Html => Format::Html,
        ScanFormat::Jira => Format::Jira,
        ScanFormat::Adf => Format::Adf,
        ScanFormat::Sarif => Format::Sarif,
        ScanFormat::Junit => Format::Junit,
        ScanFormat::Csv => Format::Csv,
        ScanFormat::Psql => Format::Psql,
    };
    out.write_all(render::render(report, format).as_bytes())
}
