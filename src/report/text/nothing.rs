//! No failure in what was read: which jobs ran, what moved, which lines only look like failures, and what no log can show.

use super::facts::short_id;
use super::grid::{Page, Rich, Role};
use crate::report::words::{counted, fill, numbers};
use crate::report::{Job, Place};

/// Jobs, signs of life and harmless lines before `-v`.
const MOST: usize = 4;

/// Sets the whole answer.
pub fn part(page: &mut Page) {
    let line = page.rich().own("✓ ", Role::Good).own(page.words.no_failure, Role::Title);
    page.prose(0, 2, &line);
    jobs(page);
    signs_of_life(page);
    noise(page);
    page.blank();
    for text in [Some(page.words.logs_cannot_show), mode(page)].into_iter().flatten() {
        let line = page.rich().own(text, Role::Plain);
        page.prose(2, 2, &line);
    }
}

fn most(page: &Page) -> usize {
    if page.options.verbose { usize::MAX } else { MOST }
}

fn jobs(page: &mut Page) {
    let known = page.report.jobs.iter().filter_map(|job| Some((name(job)?, job.state.as_deref()?)));
    let known: Vec<(String, &str)> = known.collect();
    for (name, state) in known.iter().take(most(page)) {
        let text = fill(page.words.job_was, &[("job", name), ("state", state)]);
        let line = page.rich().own(&text, Role::Plain);
        page.prose(2, 2, &line);
    }
    let hidden = known.len().saturating_sub(most(page));
    if hidden > 0 {
        let text = counted(page.words.more_jobs, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(2, 2, &text);
    }
}

/// `cdc-billing-customers (b00d3023…)`.
fn name(job: &Job) -> Option<String> {
    match (job.name.as_deref(), job.id.as_deref()) {
        (Some(name), Some(id)) => Some(format!("{name} ({})", short_id(id))),
        (Some(name), None) => Some(name.to_owned()),
        (None, Some(id)) => Some(short_id(id)),
        (None, None) => None,
    }
}

fn signs_of_life(page: &mut Page) {
    let report = page.report;
    let words = page.words;
    let time = |time: &Option<String>| time.as_deref().map(|time| numbers::time(time, page.dated)).unwrap_or_default();
    let at = |place: &Place| format!("{}:{}", place.path, place.line);
    let mut rows: Vec<[String; 3]> =
        report.signs_of_life.iter().map(|sign| [sign.text.clone(), time(&sign.time), at(&sign.at)]).collect();
    for checkpoint in report.jobs.iter().filter_map(|job| job.last_checkpoint.as_ref()) {
        let number = fill(words.checkpoint_number, &[("number", &checkpoint.number.to_string())]);
        let place = format!("{number}{}{}", words.comma, at(&checkpoint.at));
        rows.push([words.last_checkpoint.to_owned(), time(&checkpoint.time), place]);
    }
    if rows.is_empty() {
        return;
    }
    rows.dedup();
    rows.truncate(most(page));
    page.title(words.signs_of_life);
    let rows: Vec<Vec<Rich>> =
        rows.iter().map(|row| row.iter().map(|text| page.rich().own(text, Role::Plain)).collect()).collect();
    page.table(4, 3, &rows, true);
}

fn noise(page: &mut Page) {
    let noise = &page.report.noise;
    if noise.is_empty() {
        return;
    }
    page.title(page.words.looks_like_failure);
    let shown = noise.iter().take(most(page));
    let widest = shown.clone().map(|noise| noise.id.chars().count()).max().unwrap_or(0).min(44);
    let digits = shown.clone().map(|noise| numbers::count(noise.count).len()).max().unwrap_or(1);
    let room = page.width().saturating_sub(4 + digits + 3 + 2 + 2 + widest).max(12);
    let rows: Vec<Vec<Rich>> = shown
        .map(|noise| {
            let count = format!("{:>digits$}x", numbers::count(noise.count));
            let sample = if noise.sample.is_empty() { &noise.title } else { &noise.sample };
            let sample = page.rich().log(sample, Role::Plain).cut(room);
            let sample = page.rich().own("\"", Role::Plain).rich(&sample).own("\"", Role::Plain);
            vec![page.rich().own(&count, Role::Plain), sample, page.rich().log(&noise.id, Role::Plain)]
        })
        .collect();
    page.table(4, 2, &rows, false);
    // a line that somebody pasted: what it is, in words
    if let ([only], true) = (noise.as_slice(), page.report.jobs.is_empty() && page.report.signs_of_life.is_empty()) {
        let line = page.rich().own(&only.title, Role::Plain);
        page.prose(4, 4, &line);
    }
    let hidden = noise.len().saturating_sub(most(page));
    if hidden > 0 {
        let text = counted(page.words.more_noise, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
}

/// Where failures at the start of the source would stand, if that log was not read.
fn mode(page: &Page) -> Option<&'static str> {
    let has = |kind: &str| page.report.inputs.iter().any(|input| input.kind == kind);
    let mode = |mode: &str| page.report.jobs.iter().any(|job| job.mode.as_deref() == Some(mode));
    if has("jobmanager") || !has("taskmanager") {
        None
    } else if mode("incremental") {
        Some(page.words.mode_incremental)
    } else if mode("classic") {
        Some(page.words.mode_classic)
    } else {
        Some(page.words.mode_unknown)
    }
}
