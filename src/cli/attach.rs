//! `attach`: the report as a comment in a ticket system.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::args::{ChosenArgs, LogArgs};
use super::exit::{self, Exit};
use super::redact::{self, SharingArgs};
use super::terminal::Quiet;
use super::{investigate, scan};
use crate::attach::http::Client;
use crate::attach::{Attached, Kind, Outcome, Patience, Post, Refused, System, Target, attach, plan};
use crate::error::Error;
use crate::input;
use crate::report::Report;
use crate::report::render::ticket::{self, Profile};
use crate::report::render::{self, Format, document};
use crate::rule::template::printable;

/// Most bytes of a file with a token or certificates.
const SMALL: usize = 1 << 20;

/// `attach`.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "the comments are the help")]
pub struct AttachArgs {
    /// The ticket: github:OWNER/REPO#12, gitlab:GROUP/PROJECT#12 (!12 is a merge request), jira:OPS-12, redmine:12, webhook:URL, or
    /// file:DIR
    #[arg(long, value_name = "TICKET")]
    pub to: String,
    /// Address of your own instance [default: github.com and gitlab.com; the variables GITHUB_API_URL, GITLAB_URL, JIRA_URL,
    /// REDMINE_URL]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// File with the token, in place of the variable GITHUB_TOKEN, GITLAB_TOKEN, JIRA_TOKEN, REDMINE_API_KEY or
    /// CDC_DOCTOR_WEBHOOK_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// E-mail address that a token of Jira's cloud belongs to; as the variable JIRA_USER, too
    #[arg(long, value_name = "EMAIL")]
    pub user: Option<String>,
    /// Attach a bundle, too, where the system takes files: GitLab, Jira, Redmine, file:DIR
    #[cfg(feature = "bundle")]
    #[arg(long)]
    pub bundle: bool,
    /// Certificate authority of your own servers, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Send the token to an http address, too
    #[arg(long)]
    pub allow_http: bool,
    /// Print the requests without the secret, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Most characters of the comment, in place of the system's limit
    #[arg(long, value_name = "N")]
    pub max_chars: Option<usize>,
    /// Which causes.
    #[command(flatten)]
    pub chosen: ChosenArgs,
    /// What is shared.
    #[command(flatten)]
    pub sharing: SharingArgs,
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// Runs the verb. `now`: seconds since 1970 (UTC).
///
/// # Errors
/// Bad rules, bad usage, or a system that does not take the report.
pub fn run(args: &AttachArgs, now: i64) -> Result<Exit, Error> {
    // what is wrong on the command line is said before a large log is read
    let target = Target::parse(&args.to).map_err(usage)?;
    let system = match &target {
        Target::Ticket(kind) => Some(system(args, kind)?),
        Target::Folder(_) => None,
    };
    let ca = args.ca.as_deref().map(|path| small(path, "--ca")).transpose()?;
    let client = Client::new(ca.as_deref()).map_err(usage)?;
    if investigate::nothing_to_read(&args.logs) {
        return Err(Error::Usage {
            what: "no input, and stdin is a terminal".into(),
            hint: Some("cdc-doctor attach --to github:OWNER/REPO#12 /opt/flink/log".into()),
        });
    }
    let rules = super::rule_set(&args.logs.told.rules)?;
    let mut options = investigate::options(&args.logs.told, &rules)?;
    #[cfg(feature = "bundle")]
    let (facts, stdin) = super::bundle::facts(&args.logs, &rules, now)?;
    #[cfg(not(feature = "bundle"))]
    let facts = investigate::facts(&args.logs, &rules, now, false)?;
    let mut report = investigate::report(&facts, &rules, &mut options);
    scan::only(&mut report, &args.chosen);
    scan::complain(&report, report.inputs.is_empty() && facts.job.is_empty());
    let exit = exit::of(&report, None);
    let mut err = Quiet::new(io::stderr());
    if report.diagnoses.is_empty() && report.symptoms.is_empty() && report.unrecognised.is_empty() {
        writeln!(err, "no failure found: nothing was attached")?;
        return Ok(exit);
    }
    #[allow(unused_mut, reason = "without the feature there is nothing to attach")]
    let mut files = Vec::new();
    #[cfg(feature = "bundle")]
    if args.bundle {
        let asking = super::bundle::asking(&args.chosen, &args.logs);
        let bytes = super::bundle::pack(&facts, stdin.as_deref(), &rules, &args.logs, &args.sharing, &asking)?.0;
        // the same content has the same name, so that it is not sent twice
        let hash = blake3::hash(&bytes).to_hex();
        files.push(Attached { name: format!("cdc-doctor-{}.tar.zst", hash.get(..12).unwrap_or(&hash)), bytes });
    }
    let redacted = redact::without_names(&report, &args.sharing, &rules, args.sharing.hides(true))?;
    let post = post(redacted.as_ref().unwrap_or(&report), &target, args.max_chars, files)?;
    let mut out = Quiet::new(io::stdout());
    let Some(system) = system else {
        let Target::Folder(dir) = &target else { return Ok(exit) };
        folder(Path::new(dir), &post, args.dry_run, &mut out)?;
        return Ok(exit);
    };
    if args.dry_run {
        let requests: Vec<String> = plan(&system, &post).iter().map(ToString::to_string).collect();
        write!(out, "{}", requests.join("\n"))?;
        out.flush()?;
        return Ok(exit);
    }
    let mut wait = |time: Duration| {
        let _ = writeln!(Quiet::new(io::stderr()), "waiting {:.0} s for {}", time.as_secs_f64(), system.address());
        std::thread::sleep(time);
    };
    let done = attach(&system, &post, &mut |r| client.send(r), &mut wait, Patience::default()).map_err(remote)?;
    for note in &done.notes {
        writeln!(err, "{note}")?;
    }
    say(done.outcome, done.place.as_deref().unwrap_or(&args.to), &mut out)?;
    Ok(exit)
}

fn say(outcome: Outcome, place: &str, out: &mut dyn Write) -> io::Result<()> {
    let word = match outcome {
        Outcome::Added => "added",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "unchanged",
    };
    writeln!(out, "{word} {}", printable(place))
}

fn usage(refused: Refused) -> Error {
    Error::Usage { what: refused.what, hint: refused.hint }
}

fn remote(refused: Refused) -> Error {
    Error::Remote { what: refused.what, hint: refused.hint }
}

/// The first of these variables that is set and not empty.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()))
}

fn system(args: &AttachArgs, kind: &Kind) -> Result<System, Error> {
    let mut token = match &args.token_file {
        Some(path) => Some(small(path, "--token-file")?),
        None => variable(kind.token_names()),
    }
    .map(|t| t.trim().to_owned());
    if let Some(bad) = token.as_deref().filter(|t| t.is_empty() || !t.chars().all(|c| c.is_ascii_graphic())) {
        let what =
            if bad.is_empty() { "the token is empty" } else { "the token holds blanks or signs that no token has" };
        return Err(Error::Usage { what: what.into(), hint: Some("it must stand alone, on one line".into()) });
    }
    if token.is_none() && kind.needs_token() {
        if !args.dry_run {
            return Err(Error::Usage {
                what: format!("{} wants a token", kind.name()),
                hint: Some(format!("set {}, or --token-file FILE", kind.token_names().join(" or "))),
            });
        }
        // only its place is shown
        token = Some(String::new());
    }
    let user = args.user.clone().or_else(|| variable(&["JIRA_USER"]));
    let url = args.url.clone().or_else(|| variable(kind.url_names()));
    System::new(kind.clone(), url.as_deref(), token.as_deref(), user.as_deref(), args.allow_http).map_err(usage)
}

/// A small file of the user's.
fn small(path: &Path, option: &str) -> Result<String, Error> {
    input::text(path, SMALL)
        .map_err(|p| Error::Usage { what: format!("{option}: {}: {}", printable(&p.path), p.what), hint: p.help })
}

/// The comment, in the markup of the system.
fn post(report: &Report, target: &Target, most: Option<usize>, files: Vec<Attached>) -> Result<Post, Error> {
    let of = |profile| ticket::render(report, profile, most);
    let body = match target {
        Target::Folder(_) => render::render(report, Format::Markdown),
        Target::Ticket(Kind::Github { .. }) => of(Profile::Github),
        Target::Ticket(Kind::Gitlab { .. }) => of(Profile::Gitlab),
        Target::Ticket(Kind::Jira { .. }) => of(Profile::Jira),
        Target::Ticket(Kind::Webhook { .. }) => of(Profile::Slack),
        // Redmine has Textile or Markdown, as its administrator chose; both leave this alone
        Target::Ticket(Kind::Redmine { .. }) => {
            let text = of(Profile::Email).replace("</pre", "<\u{200b}/pre").replace("<pre", "<\u{200b}pre");
            format!("<pre>\n{}\n</pre>\n", text.trim_end())
        }
    };
    let title = report.diagnoses.first().map(|d| &d.headline);
    let title = title.or_else(|| report.symptoms.first().map(|s| &s.title));
    let title = title.or_else(|| report.unrecognised.first().map(|u| &u.class)).cloned().unwrap_or_default();
    let mark = document::fingerprint(report).map(|f| format!("fingerprint {f}"));
    let report = serde_json::to_value(report).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Post { title: printable(&title), body, mark, report, files })
}

/// `file:DIR`: one file for each fingerprint, written whole or not at all.
fn folder(dir: &Path, post: &Post, dry: bool, out: &mut dyn Write) -> Result<(), Error> {
    let mark = post.mark.as_deref().unwrap_or("fingerprint none");
    let id: String = mark.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path = dir.join(format!("cdc-doctor-{}.md", id.trim_start_matches("fingerprint-")));
    let shown = path.display().to_string();
    if dry {
        write!(out, "write {}\n\n{}", printable(&shown), post.body)?;
        return Ok(());
    }
    let failed = |e: io::Error| Error::Remote {
        what: format!("{}: {e}", printable(&shown)),
        hint: Some("the directory must be there, and yours to write to".into()),
    };
    let before = if path.is_file() { input::text(&path, 64 << 20).ok() } else { None };
    let outcome = match &before {
        Some(text) if *text == post.body => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
        None => Outcome::Added,
    };
    if outcome != Outcome::Unchanged {
        let beside = path.with_extension("md.new");
        fs::write(&beside, &post.body).and_then(|()| fs::rename(&beside, &path)).map_err(&failed)?;
    }
    for file in &post.files {
        fs::write(dir.join(&file.name), &file.bytes).map_err(&failed)?;
    }
    say(outcome, &shown, out)?;
    Ok(())
}
