//! `merge`: facts of several scans in, the report of one scan of everything out.

use std::io::{self, Read, Write};
use std::path::Path;

use super::args::MergeArgs;
use super::exit::Exit;
use super::terminal::{self, Quiet};
use super::{investigate, job, scan};
use crate::diagnostic::{self, Problem, Severity};
use crate::error::Error;
use crate::input::{self, Discovered, STDIN_NAME};
use crate::pipeline::{Facts, facts, join, read};
use crate::rule::template::printable;

/// Most bytes of a file of facts, unpacked.
const MOST: usize = 1 << 30;

/// Runs the verb.
///
/// # Errors
/// Bad rules, bad usage, no facts at all, or an output that cannot be written.
pub fn run(args: &MergeArgs) -> Result<Exit, Error> {
    let rules = super::rule_set(&args.told.rules)?;
    let mut options = investigate::options(&args.told, &rules)?;
    let mut trouble = false;
    let mut parts: Vec<(String, Facts)> = Vec::new();
    for path in &args.facts {
        let name = if path == Path::new("-") { STDIN_NAME.to_owned() } else { path.display().to_string() };
        let text = match text(path) {
            Ok(text) => text,
            Err(problem) => {
                trouble = true;
                scan::complain_of(&problem.path, &problem.what, problem.help.as_deref(), true);
                continue;
            }
        };
        let (found, problem) = read::read(&name, &text);
        trouble |= problem.is_some();
        problem.iter().for_each(show);
        parts.extend(found.map(|facts| (name, facts)));
    }
    if parts.is_empty() {
        return Err(Error::Usage {
            what: "no facts were left to join".into(),
            hint: Some("make them with cdc-doctor --format facts LOG > host.facts.json".into()),
        });
    }
    differences(&parts, &rules.version).iter().for_each(show);
    let mut parts: Vec<Facts> = parts.into_iter().map(|(_, facts)| facts).collect();
    if !args.told.job.is_empty() {
        let found = job::gather(&args.told.job, &mut Discovered::default());
        let times = parts.first().map(|p| p.times.clone()).unwrap_or_default();
        let mut told = Facts { job: found.definitions, problems: found.problems, times, ..Facts::default() };
        told.rules.clone_from(&rules.version);
        parts.push(told);
    }
    let joined = join(parts, &rules.version);
    let exit = investigate::tell(&joined, &rules, &mut options, args.format, &args.show)?;
    Ok(if trouble { Exit::Trouble } else { exit })
}

/// A file of facts, or standard input.
fn text(path: &Path) -> Result<String, input::Problem> {
    if path != Path::new("-") {
        return input::text(path, MOST);
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MOST as u64).read_to_end(&mut bytes);
    match read {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) => Err(input::Problem { path: STDIN_NAME.into(), what: e.to_string(), help: None, fatal: true }),
    }
}

/// What makes the parts unlike one scan.
fn differences(parts: &[(String, Facts)], rules: &str) -> Vec<Problem> {
    let mut problems: Vec<Problem> = parts
        .iter()
        .filter(|(_, p)| p.rules != rules)
        .map(|(name, p)| {
            let message = format!("made with other rules ({} by cdc-doctor {}, here {rules})", printable(&p.rules), printable(&p.tool));
            let help = "scan again with this version and the same --rules, or expect causes that only one of the two knows to be missing";
            read::differs(name, "FA005", message, help)
        })
        .collect();
    let first = parts.first().map(|(_, p)| p.times.clone()).unwrap_or_default();
    let shown = |t: &facts::Asked| {
        let words = |name: &str, value: Option<String>| value.map(|v| format!("{name} {v}"));
        let bound = |b: &crate::record::times::Bound| b.shown().to_string();
        let all = [
            words("--since", t.since.as_ref().map(bound)),
            words("--until", t.until.as_ref().map(bound)),
            words("--timezone", t.timezone.as_deref().map(printable)),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        if all.is_empty() {
            "without --since, --until and --timezone".to_owned()
        } else {
            format!("with {}", all.join(" "))
        }
    };
    problems.extend(parts.iter().filter(|(_, p)| p.times != first).map(|(name, p)| {
        let message = format!("made {}, the first file {}", shown(&p.times), shown(&first));
        read::differs(
            name,
            "FA006",
            message,
            "the report does not say which time it speaks of; scan again with the same options",
        )
    }));
    problems
}

fn show(problem: &Problem) {
    let mut err = Quiet::new(io::stderr());
    if problem.labels.is_empty() && problem.severity == Severity::Warning {
        // about a file as a whole: there is no place to draw
        let whole = Problem { message: format!("{}: {}", problem.source.name, problem.message), ..problem.clone() };
        let _ = writeln!(err, "{}", diagnostic::render(&whole, terminal::look()));
    } else {
        let _ = writeln!(err, "{}", diagnostic::render(problem, terminal::look()));
    }
}
