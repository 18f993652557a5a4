//! A cause: headline, who and where, how often, why, what misleads, evidence, check, fix, never.
//!
//! Alone it is set in full, on one screen; beside others in a short block. `-v` adds parts and takes none away.

use super::grid::{Page, Rich, Role};
use super::{check, details, evidence, facts, fix, other};
use crate::report::words::{counted, fill};
use crate::report::{Confidence, Diagnosis, Fact, Misleading, RuledOut};

/// Pieces of evidence before `-v`.
const MOST_EVIDENCE: usize = 3;
/// Checks before `-v`.
const MOST_CHECKS: usize = 2;

/// Glyph and word of a confidence.
pub fn confidence(page: &Page, confidence: Confidence) -> (&'static str, &'static str, Role) {
    match confidence {
        Confidence::Certain => ("✗", page.words.certain, Role::Certain),
        Confidence::Likely => ("!", page.words.likely, Role::Likely),
        Confidence::Possible => ("?", page.words.possible, Role::Possible),
    }
}

/// `✗ certain: wal_level is 'replica', but the job needs 'logical'`, with a number among several.
pub fn headline(page: &mut Page, diagnosis: &Diagnosis, number: Option<usize>) {
    let (glyph, word, role) = confidence(page, diagnosis.confidence);
    let number = number.map(|number| format!("{number} ")).unwrap_or_default();
    let line = page.rich().own(&format!("{glyph} {number}{word}{}", page.words.colon), role);
    let line = if diagnosis.headline.is_empty() {
        line.own(&diagnosis.title, Role::Title)
    } else {
        line.slotted(&diagnosis.headline, &diagnosis.headline_params, 0, Role::Title, false)
    };
    page.prose(0, 2, &line);
}

/// The lines under the headline.
fn incident(page: &mut Page, diagnosis: &Diagnosis, short: bool) {
    let id = page.rich().blanks(2).log(&format!("[{}]", diagnosis.cause), Role::Plain);
    page.line(id);
    if let Some(verdict) = &diagnosis.verdict {
        let line = page.rich().own(&fill(page.words.verified, &[("verdict", verdict)]), Role::Plain);
        page.prose(2, 2, &line);
    }
    let (named, used) = facts::mentioned(diagnosis);
    let mut place = facts::place(page, &diagnosis.params, &named, &used, short);
    if short || page.report.diagnoses.len() > 1 || diagnosis.jobs.len() > 1 {
        place.extend(facts::jobs(page, &diagnosis.jobs));
    }
    if !place.is_empty() {
        let line = facts::dotted(page, &place);
        page.prose(2, 2, &line);
    }
    let happened = facts::happened(page, diagnosis, short);
    let line = facts::dotted(page, &happened);
    page.prose(2, 2, &line);
    if let Some(line) = facts::meanwhile(page, diagnosis).filter(|_| !short) {
        page.prose(2, 2, &line);
    }
}

/// Sets a cause in full. `last` says that nothing follows, so that what is true of all inputs is said here.
pub fn full(page: &mut Page, diagnosis: &Diagnosis, number: Option<usize>, last: bool) {
    let verbose = page.options.verbose;
    page.given.clear();
    headline(page, diagnosis, number);
    incident(page, diagnosis, false);
    let why = why(page, diagnosis, number.is_none_or(|number| number == 1));
    page.blank();
    page.prose(2, 2, &why);
    misleading(page, &diagnosis.misleading);
    evidence::part(page, &diagnosis.evidence, if verbose { usize::MAX } else { MOST_EVIDENCE });
    ruled_out(page, &diagnosis.ruled_out);
    check::part(page, diagnosis, if verbose { usize::MAX } else { MOST_CHECKS });
    fix::part(page, diagnosis);
    fix::never(page, &diagnosis.never);
    fix::missing(page, &diagnosis.missing);
    if last {
        other::would_help(page);
    }
    if verbose {
        details::part(page, diagnosis, last);
    }
}

/// Sets a cause short: the decisive line, the first check, the first step.
pub fn short(page: &mut Page, diagnosis: &Diagnosis, number: usize) {
    page.given.clear();
    headline(page, diagnosis, Some(number));
    incident(page, diagnosis, true);
    evidence::decisive(page, &diagnosis.evidence);
    check::first(page, diagnosis);
    fix::first(page, diagnosis);
}

/// Why it is so, what the log shows to be in order, what the cause may hide, and why it is not certain.
pub fn why(page: &Page, diagnosis: &Diagnosis, first: bool) -> Rich {
    let words = page.words;
    let mut sentences = vec![diagnosis.why.trim().to_owned()];
    if first {
        sentences.extend(
            page.report.notes.iter().filter(|note| note.code == "kafka-is-an-api").map(|note| note.text.clone()),
        );
    }
    if !diagnosis.facts.is_empty() {
        let list: Vec<String> = diagnosis.facts.iter().map(|fact| positive(page, diagnosis, fact)).collect();
        let template = if diagnosis.basis == "job" { words.files_show } else { words.log_shows };
        sentences.push(fill(template, &[("facts", &list.join("; "))]));
    }
    if !diagnosis.may_hide.is_empty() {
        sentences.push(fill(words.may_hide, &[("causes", &diagnosis.may_hide.join(words.comma))]));
    }
    if check::tells_apart(diagnosis) {
        let number = u64::try_from(diagnosis.alternatives.len()).unwrap_or(u64::MAX);
        sentences.push(counted(words.not_certain, number));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    page.rich().own(&sentences.join(" "), Role::Plain)
}

/// `the role has REPLICATION (line 371)`.
fn positive(page: &Page, diagnosis: &Diagnosis, fact: &Fact) -> String {
    let here = diagnosis.evidence.iter().all(|piece| piece.path == fact.at.path);
    let line = fact.at.line.to_string();
    let place = if here { fill(page.words.at_line, &[("line", &line)]) } else { format!("{}:{line}", fact.at.path) };
    format!("{} ({place})", fact.text.trim_end_matches('.'))
}

/// Words of the log that lead astray.
pub fn misleading(page: &mut Page, misleading: &[Misleading]) {
    if misleading.is_empty() {
        return;
    }
    page.title(page.words.misleading);
    for words in misleading {
        let template = page.words.misleading_words;
        let values = [("says", words.says.as_str()), ("truth", words.truth.as_str())];
        let line = page.rich().own(&fill(template, &values), Role::Plain);
        page.prose(4, 4, &line);
    }
}

/// `Ruled out by postgres.log: postgres/role-missing (line 7)`.
fn ruled_out(page: &mut Page, ruled_out: &[RuledOut]) {
    let mut paths: Vec<&str> = ruled_out.iter().map(|cause| cause.at.path.as_str()).collect();
    paths.dedup();
    for (at, path) in paths.into_iter().enumerate() {
        let causes = ruled_out.iter().filter(|cause| cause.at.path == path).map(|cause| {
            let line = fill(page.words.at_line, &[("line", &cause.at.line.to_string())]);
            format!("{}\u{a0}({})", cause.cause, line)
        });
        let causes: Vec<String> = causes.collect();
        let text = fill(page.words.ruled_out_by, &[("file", path), ("causes", &causes.join(page.words.comma))]);
        if at == 0 {
            page.blank();
        }
        let line = page.rich().own(&text, Role::Plain);
        page.prose(2, 4, &line);
    }
}
