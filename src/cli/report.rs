//! `report`: the same diagnosis as a ticket, or as a script for the database's administrator.

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use super::args::{ChosenArgs, LogArgs};
use super::exit::{self, Exit};
use super::terminal::Quiet;
use super::{investigate, redact, scan};
use crate::error::Error;
use crate::report::render::ticket::{self, Profile};

/// Where a ticket goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Issue or comment on GitHub: Markdown, 65,536 characters
    Github,
    /// Issue or note on GitLab: Markdown, 1,000,000 characters
    Gitlab,
    /// Issue or comment in Jira: wiki markup, 32,767 characters
    Jira,
    /// Comment in Zendesk: Markdown, 65,535 bytes
    Zendesk,
    /// Plain text with a subject
    Email,
    /// Message in Slack: mrkdwn, 4,000 characters
    Slack,
    /// Script for psql, names as they are, for whoever runs the database
    Dba,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Where it goes
    #[arg(long = "for", value_enum, value_name = "SYSTEM")]
    pub target: Target,
    /// Most characters, in place of the system's limit; what is left out is said
    #[arg(long, value_name = "N")]
    pub max_chars: Option<usize>,
    /// Which causes.
    #[command(flatten)]
    pub chosen: ChosenArgs,
    /// What is shared.
    #[command(flatten)]
    pub sharing: redact::SharingArgs,
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// Runs the verb. `now`: seconds since 1970 (UTC).
///
/// # Errors
/// Bad rules, bad usage, or an output that cannot be written.
pub fn run(args: &ReportArgs, now: i64) -> Result<Exit, Error> {
    if investigate::nothing_to_read(&args.logs) {
        return Err(Error::Usage {
            what: "no input, and stdin is a terminal".into(),
            hint: Some("cdc-doctor report --for github /opt/flink/log".into()),
        });
    }
    let rules = super::rule_set(&args.logs.told.rules)?;
    let mut options = investigate::options(&args.logs.told, &rules)?;
    let facts = investigate::facts(&args.logs, &rules, now, false)?;
    let mut report = investigate::report(&facts, &rules, &mut options);
    scan::only(&mut report, &args.chosen);
    scan::complain(&report, report.inputs.is_empty() && facts.job.is_empty());
    let nothing_read = report.inputs.iter().all(|i| i.status == "failed" || i.status == "skipped");
    if !nothing_read {
        // whoever runs the script needs the names
        let hides = args.sharing.hides(args.target != Target::Dba);
        let redacted = redact::without_names(&report, &args.sharing, &rules, hides)?;
        let text = ticket::render(redacted.as_ref().unwrap_or(&report), profile(args.target), args.max_chars);
        let mut out = Quiet::new(io::stdout());
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    Ok(exit::of(&report, None))
}

/// The profile of a system.
pub(super) fn profile(target: Target) -> Profile {
    match target {
        Target::Github => Profile::Github,
        Target::Gitlab => Profile::Gitlab,
        Target::Jira => Profile::Jira,
        Target::Zendesk => Profile::Zendesk,
        Target::Email => Profile::Email,
        Target::Slack => Profile::Slack,
        Target::Dba => Profile::Dba,
    }
}
