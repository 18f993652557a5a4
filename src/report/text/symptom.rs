//! A symptom that nothing explains: what it may stand for, and the query that tells each suspect.

use super::grid::{Page, Role};
use super::{check, diagnosis, evidence, facts, fix};
use crate::report::words::{counted, fill};
use crate::report::{Check, Evidence, Suspect, Symptom};

/// Suspects before `-v`.
const MOST_SUSPECTS: usize = 4;
/// Ruled-out causes before `-v`.
const MOST_RULED_OUT: usize = 4;
/// Pieces of evidence before `-v`.
const MOST_EVIDENCE: usize = 3;

/// `? possible: the replication slot could not be created`.
pub fn headline(page: &mut Page, symptom: &Symptom) {
    let words = page.words;
    let text = if symptom.headline.is_empty() { &symptom.title } else { &symptom.headline };
    let line = page.rich().own(&format!("? {}{}", words.possible, words.colon), Role::Possible).own(text, Role::Title);
    page.prose(0, 2, &line);
}

/// Sets a symptom in full.
pub fn full(page: &mut Page, symptom: &Symptom) {
    let verbose = page.options.verbose;
    headline(page, symptom);
    let line = page
        .rich()
        .blanks(2)
        .log(&format!("[{}]", symptom.id), Role::Plain)
        .blanks(2)
        .own(page.words.a_symptom, Role::Quiet);
    page.line(line);
    let params = symptom.suspects.iter().flat_map(|suspect| &suspect.checks).flat_map(|check| &check.text_params);
    let used: Vec<&str> = params.map(|slot| slot.param.as_str()).collect();
    let place = facts::place(page, &symptom.params, &[], &used, false);
    if !place.is_empty() {
        let line = facts::dotted(page, &place);
        page.prose(2, 2, &line);
    }
    happened(page, symptom);
    if !symptom.why.trim().is_empty() {
        let kafka = page.report.notes.iter().filter(|note| note.code == "kafka-is-an-api");
        let why = kafka.fold(symptom.why.trim().to_owned(), |why, note| format!("{why} {}", note.text));
        page.blank();
        let why = page.rich().own(&why, Role::Plain);
        page.prose(2, 2, &why);
    }
    diagnosis::misleading(page, &symptom.misleading);
    evidence::part(page, &symptom.evidence, if verbose { usize::MAX } else { MOST_EVIDENCE });
    suspects(page, symptom, if verbose { usize::MAX } else { MOST_SUSPECTS });
    ruled_out(page, symptom, if verbose { usize::MAX } else { MOST_RULED_OUT });
    fix::missing(page, &symptom.missing);
    if cut_off(page, &symptom.evidence).is_some() {
        page.blank();
        let line = page.rich().own(page.words.fastest, Role::Plain);
        page.prose(2, 2, &line);
    }
}

fn happened(page: &mut Page, symptom: &Symptom) {
    let words = page.words;
    let mut list = vec![counted(words.failures, symptom.count)];
    list.extend(facts::range(page, symptom.first_seen.as_deref(), symptom.last_seen.as_deref()));
    let mut items = vec![page.rich().own(&list.join(words.comma), Role::Plain)];
    if let Some(line) = cut_off(page, &symptom.evidence) {
        let line = crate::report::words::numbers::count(line);
        items.push(page.rich().own(&fill(words.cut_off, &[("line", &line)]), Role::Plain));
    }
    let line = facts::dotted(page, &items);
    page.prose(2, 2, &line);
}

/// The last line of the input that the evidence is from, if the input ends in the middle of that very trace.
pub fn cut_off(page: &Page, evidence: &[Evidence]) -> Option<u64> {
    let best = evidence::best(evidence)?;
    let input = page.report.inputs.iter().find(|input| input.path == best.path && input.ends_inside_record)?;
    let end = best.record_line.saturating_add(best.record_lines.saturating_sub(1));
    (end >= input.lines || best.line >= input.lines).then_some(input.lines)
}

fn suspects(page: &mut Page, symptom: &Symptom, most: usize) {
    if symptom.suspects.is_empty() {
        return;
    }
    let database = symptom.params.get("database").map(|param| param.value.as_str());
    let shown: Vec<&Suspect> = symptom.suspects.iter().take(most).collect();
    let each = if page.options.verbose { usize::MAX } else { 1 };
    let checks: Vec<&Check> = shown.iter().flat_map(|suspect| suspect.checks.iter().take(each)).collect();
    let common = if checks.is_empty() {
        page.title(page.words.suspects_alone);
        true
    } else {
        check::head(page, page.words.suspects, &checks, database)
    };
    page.given.clear();
    check::set_lines(page, &checks, &symptom.missing);
    let widest = shown.iter().map(|suspect| suspect.cause.chars().count()).max().unwrap_or(0).min(40);
    for suspect in &shown {
        let name = page.rich().own("? ", Role::Possible).log(&suspect.cause, Role::Plain).pad(widest + 2).glued();
        let line = name.own(" \u{a0}\u{a0}", Role::Plain).own(&suspect.title, Role::Plain);
        page.prose(4, 6, &line);
        for check in suspect.checks.iter().take(each) {
            check::suspect(page, check, 8, (!common).then_some(database));
        }
    }
    let hidden = symptom.suspects.len() - shown.len();
    if hidden > 0 {
        let text = counted(page.words.more_suspects, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
}

fn ruled_out(page: &mut Page, symptom: &Symptom, most: usize) {
    if symptom.ruled_out.is_empty() {
        return;
    }
    page.title(page.words.ruled_out);
    let shown = symptom.ruled_out.iter().take(most);
    let widest = shown.clone().map(|cause| cause.cause.chars().count()).max().unwrap_or(0).min(40);
    let several = page.report.inputs.len() > 1;
    for cause in shown {
        let line = cause.at.line.to_string();
        let place =
            if several { format!("{}:{line}", cause.at.path) } else { fill(page.words.at_line, &[("line", &line)]) };
        let name = page.rich().log(&cause.cause, Role::Plain).pad(widest + 3).glued();
        let place = page.rich().own(" (", Role::Plain).log(&place, Role::Plain).own(")", Role::Plain);
        let room = page.width().saturating_sub(6 + name.width() + place.width()).max(20);
        let because = page.rich().log(cause.because.trim(), Role::Plain).cut(room);
        let line = name.own("\"", Role::Plain).rich(&because).own("\"", Role::Plain).rich(&place);
        page.prose(4, 6, &line);
    }
    let hidden = symptom.ruled_out.len().saturating_sub(most);
    if hidden > 0 {
        let text = counted(page.words.more_ruled_out, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
}
