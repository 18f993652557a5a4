//! All that is not a cause: another log is needed, an exception nobody knows, no log at all, and what stands beside causes.

use super::grid::{Page, Rich, Role};
use super::{details, evidence, facts, footer, symptom};
use crate::report::words::{counted, fill, numbers};
use crate::report::{Need, Note, Report, Unrecognised};
use crate::rule::template;

/// Unrecognised exceptions before `-v`.
const MOST_UNRECOGNISED: usize = 3;
/// Frames of one before `-v`.
const MOST_FRAMES: usize = 2;

/// `○ cannot tell: ...`.
pub fn cannot_tell(page: &mut Page, text: &str) {
    let words = page.words;
    let line =
        page.rich().own(&format!("○ {}{}", words.cannot_tell, words.colon), Role::Possible).own(text, Role::Title);
    page.prose(0, 2, &line);
}

/// Another log is needed, and what this one shows of that; or symptoms without a cause.
pub fn undecided(page: &mut Page) {
    let report = page.report;
    let words = page.words;
    let Some((first, rest)) = report.symptoms.split_first() else {
        let need = report.needs.first();
        cannot_tell(page, &elsewhere(page));
        let note = note_of_need(report);
        if let Some(note) = note {
            let line = page.rich().own(&note.text, Role::Plain);
            page.prose(2, 2, &line);
        }
        let why = need.map(|need| need.why.trim()).filter(|why| !why.is_empty());
        let by_default = need.filter(|need| need.what == "jobmanager-log").map(|_| words.jobmanager_alone);
        if let Some(why) = why.or(by_default) {
            page.blank();
            let why = page.rich().own(why, Role::Plain);
            page.prose(2, 2, &why);
        }
        if let Some(note) = note {
            evidence::part(page, &note.evidence, 4);
        }
        needs(page, true);
        return;
    };
    symptom::full(page, first);
    for (at, symptom) in rest.iter().enumerate() {
        if page.options.all || page.options.verbose || at == 0 {
            page.blank();
        }
        if page.options.all || page.options.verbose {
            symptom::full(page, symptom);
        } else {
            symptom::headline(page, symptom);
            let line = page
                .rich()
                .blanks(2)
                .log(&format!("[{}]", symptom.id), Role::Plain)
                .blanks(2)
                .own(words.a_symptom, Role::Quiet);
            page.line(line);
        }
    }
    needs(page, false);
}

/// Where the cause may stand, if not in what was read.
pub fn elsewhere(page: &Page) -> String {
    let words = page.words;
    let several = u64::try_from(page.report.inputs.len()).unwrap_or(u64::MAX);
    match page.report.needs.first().map(|need| need.what.as_str()) {
        Some("jobmanager-log") => counted(words.needs_jobmanager, several),
        Some("postgres-log") => counted(words.needs_postgres, several),
        Some("more-lines") => counted(words.needs_lines, several),
        _ => words.needs_something.to_owned(),
    }
}

/// The note that goes with the need of another log.
pub fn note_of_need(report: &Report) -> Option<&Note> {
    report.notes.iter().find(|note| note.code.starts_with("give-"))
}

/// Logs that are wanted: from when to when, and how to get them.
fn needs(page: &mut Page, why_said: bool) {
    let cut_off = page.report.symptoms.iter().any(|symptom| symptom::cut_off(page, &symptom.evidence).is_some());
    let wanted = page.report.needs.iter().filter(|need| !(cut_off && need.what == "more-lines"));
    for (at, need) in wanted.enumerate() {
        heading(page, page.words.also_needed, need);
        let said = why_said && at == 0;
        if !said && !need.why.trim().is_empty() {
            let why = page.rich().own(need.why.trim(), Role::Plain);
            page.prose(4, 4, &why);
        }
        let mut rows: Vec<(&str, String)> =
            need.how.iter().map(|how| (how.place.as_str(), how.command.clone())).collect();
        let paths: Vec<&str> = page.report.inputs.iter().map(|input| input.path.as_str()).collect();
        let file = match need.what.as_str() {
            "jobmanager-log" => Some("jobmanager.log"),
            "postgres-log" => Some("postgresql.log"),
            _ => None,
        };
        if let Some(file) = file.filter(|_| paths.len() <= 3 && !paths.contains(&"<stdin>")) {
            let plain = paths.iter().all(|path| path.chars().all(|ch| ch.is_alphanumeric() || "./_-".contains(ch)));
            if plain && !rows.is_empty() && need.how.iter().all(|how| how.place != "then") {
                rows.push((page.words.then, format!("cdc-doctor {file} {}", paths.join(" "))));
            }
        }
        let rows: Vec<Vec<Rich>> = rows
            .iter()
            .map(|(place, command)| vec![page.rich().own(place, Role::Plain), page.rich().code(command, Role::Plain)])
            .collect();
        page.table(4, 2, &rows, false);
    }
}

/// Logs that would make a cause surer: what and why.
pub fn would_help(page: &mut Page) {
    for need in &page.report.needs {
        heading(page, page.words.would_help, need);
        let why = page.rich().own(need.why.trim(), Role::Plain);
        match need.how.iter().find(|how| how.place == "then") {
            Some(how) => {
                let command = page.rich().own("\u{a0}", Role::Plain).log(&how.command, Role::Plain).glued();
                page.prose(4, 4, &why.own(page.words.colon, Role::Plain).rich(&command));
            }
            None => page.prose(4, 4, &why),
        }
    }
}

fn heading(page: &mut Page, template: &str, need: &Need) {
    let words = page.words;
    let what = match need.what.as_str() {
        "jobmanager-log" => words.jobmanager_log,
        "postgres-log" => words.postgres_log,
        "more-lines" => words.more_lines,
        other => other,
    };
    let mut text = fill(template, &[("what", what)]);
    if let Some(range) = facts::range(page, need.from.as_deref(), need.to.as_deref()) {
        text = format!("{text}{}{range}", words.comma);
    }
    page.title(&text);
}

/// Exceptions that no rule knows.
pub fn unrecognised(page: &mut Page) {
    let report = page.report;
    let words = page.words;
    let number = u64::try_from(report.unrecognised.len()).unwrap_or(u64::MAX);
    let thrown = footer::sum(report.unrecognised.iter().map(|unknown| unknown.count));
    let thrown = counted(words.thrown, thrown);
    cannot_tell(page, &fill(&counted(words.unknown_exceptions, number), &[("thrown", &thrown)]));
    let most = if page.options.verbose || page.options.all { usize::MAX } else { MOST_UNRECOGNISED };
    for (at, unknown) in report.unrecognised.iter().take(most).enumerate() {
        if at > 0 {
            page.blank();
        }
        one_unrecognised(page, unknown);
    }
    let hidden = report.unrecognised.len().saturating_sub(most);
    if hidden > 0 {
        page.blank();
        let text = counted(words.more_unrecognised, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(2, 2, &text);
    }
    // a rule can be made of it, if there is a file to make it of
    let place = report.unrecognised.first().and_then(|u| u.evidence.first()).filter(|e| !e.path.starts_with('<'));
    if let Some(place) = place {
        let command = format!("cdc-doctor rules new --from {}:{}", template::shell_word(&place.path), place.line);
        let command = page.rich().own(&command, Role::Plain).glued();
        let text = page.rich().own(words.fault_of_others, Role::Plain).own(" \u{a0}", Role::Plain).rich(&command);
        page.blank();
        page.prose(2, 4, &text);
    }
}

/// One of them: fingerprint, how often, whose code, evidence with frames, what follows, what to do.
pub fn one_unrecognised(page: &mut Page, unknown: &Unrecognised) {
    let words = page.words;
    let line = page.rich().own(&fill(words.fingerprint, &[("fingerprint", &unknown.fingerprint)]), Role::Plain);
    page.prose(2, 2, &line);
    let mut list = vec![counted(words.failures, unknown.count)];
    list.extend(facts::range(page, unknown.first_seen.as_deref(), unknown.last_seen.as_deref()));
    let line = page.rich().own(&list.join(words.comma), Role::Plain);
    page.prose(2, 2, &line);
    let own = unknown.frames.iter().position(|frame| frame.own);
    let owner = own.and_then(|at| unknown.frames.get(at)).map(|frame| class_of(&frame.text));
    let text = match (own, owner) {
        (Some(0), Some(class)) => fill(words.thrown_by_own_code, &[("class", class)]),
        (Some(_), Some(class)) => fill(words.passed_own_code, &[("class", class)]),
        _ => words.not_own_code.to_owned(),
    };
    page.blank();
    let text = page.rich().own(&text, Role::Plain);
    page.prose(2, 2, &text);
    let verbose = page.options.verbose;
    let frames = if verbose { usize::MAX } else { own.map_or(MOST_FRAMES, |at| (at + 2).clamp(MOST_FRAMES, 6)) };
    let frames = unknown.frames.get(..frames).unwrap_or(&unknown.frames);
    evidence::with_frames(page, &unknown.evidence, if verbose { usize::MAX } else { 2 }, frames);
    details::consequences(page, words.a_consequence, &unknown.consequences);
}

/// `lab.cdc.CdcJob` of `at lab.cdc.CdcJob.map(CdcJob.java:81)`.
fn class_of(frame: &str) -> &str {
    let text = frame.trim();
    let text = text.strip_prefix("at ").unwrap_or(text);
    let method = text.split('(').next().unwrap_or(text);
    method.rsplit_once('.').map_or(method, |(class, _)| class)
}

/// Symptoms and exceptions that stand beside causes: a line each, or in full with `-v` or `--all`.
pub fn also_seen(page: &mut Page) {
    let report = page.report;
    if report.symptoms.is_empty() && report.unrecognised.is_empty() {
        return;
    }
    if page.options.verbose || page.options.all {
        for symptom in &report.symptoms {
            page.blank();
            symptom::full(page, symptom);
        }
        if !report.unrecognised.is_empty() {
            page.blank();
            unrecognised(page);
        }
        return;
    }
    page.title(page.words.also_seen);
    let place = |evidence| details::best_place(evidence).unwrap_or_default();
    let symptoms =
        report.symptoms.iter().map(|symptom| ("?", symptom.id.clone(), symptom.count, place(&symptom.evidence)));
    let unknown = report.unrecognised.iter().map(|unknown| {
        let class = unknown.class.rsplit('.').next().unwrap_or(&unknown.class).to_owned();
        ("○", class, unknown.count, place(&unknown.evidence))
    });
    let all: Vec<(&str, String, u64, String)> = symptoms.chain(unknown).collect();
    for (glyph, name, count, place) in all.iter().take(4) {
        let text = format!("{}x", numbers::count(*count));
        let line =
            page.rich().own(glyph, Role::Possible).blanks(1).log(name, Role::Plain).blanks(3).own(&text, Role::Plain);
        let line = page.rich().blanks(4).rich(&line).blanks(3).log(place, Role::Plain);
        page.line(line);
    }
    if all.len() > 4 {
        let text = counted(page.words.more_also, u64::try_from(all.len() - 4).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
}

/// Neither a record nor a trace in the input.
pub fn no_log(page: &mut Page) {
    let words = page.words;
    cannot_tell(page, words.no_log);
    page.prose(2, 2, &page.rich().own(words.formats_tried, Role::Plain));
    page.prose(2, 2, &page.rich().own(words.formats_hint, Role::Quiet));
}

/// Notes that no other part has said.
pub fn notes(page: &mut Page) {
    let said =
        |note: &Note| note.code == "kafka-is-an-api" || note.code.starts_with("give-") || note.text.trim().is_empty();
    for (at, note) in page.report.notes.iter().filter(|note| !said(note)).enumerate() {
        if at == 0 {
            page.blank();
        }
        let text = fill(page.words.note, &[("text", note.text.trim())]);
        let place = details::best_place(&note.evidence).map(|place| format!(" ({place})")).unwrap_or_default();
        let line = page.rich().own(&text, Role::Plain).log(&place, Role::Plain);
        page.prose(2, 2, &line);
    }
}
