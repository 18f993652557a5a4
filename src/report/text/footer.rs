//! The last lines: what was read, what it amounts to, and, on a terminal, where there is more.

use super::facts;
use super::grid::{Page, Role};
use crate::report::words::{counted, fill, numbers};
use crate::report::{Input, VerdictKind};

/// Sets the footer.
pub fn part(page: &mut Page) {
    let mut sentences = Vec::new();
    sentences.extend(read(page));
    sentences.extend(inputs_left_out(page));
    sentences.push(amounts_to(page));
    let ignored = sum(page.report.noise.iter().map(|noise| noise.count));
    if ignored > 0 && page.report.verdict_kind != VerdictKind::Nothing {
        sentences.push(counted(page.words.noise_ignored, ignored));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    page.blank();
    let line = page.rich().own(&sentences.join(" "), Role::Quiet);
    page.prose(0, 0, &line);
    if page.options.terminal {
        more(page);
    }
}

/// The sum, or the largest number there is.
pub fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

fn was_read(input: &Input) -> bool {
    matches!(input.status.as_str(), "read" | "truncated" | "")
}

/// `Read 677 lines, 85 kB, 14:11:39 – 14:11:50.`
pub fn read(page: &Page) -> Option<String> {
    let words = page.words;
    let inputs: Vec<&Input> = page.report.inputs.iter().filter(|input| was_read(input)).collect();
    let lines = sum(inputs.iter().map(|input| input.lines));
    let bytes = sum(inputs.iter().map(|input| input.bytes));
    let lines = counted(words.lines_read, lines);
    let size = numbers::size(bytes);
    let mut list = match inputs.as_slice() {
        [] => return None,
        [only] if only.path == "<stdin>" => vec![fill(words.read_stdin, &[("lines", &lines)]), size],
        [_] => vec![fill(words.read_one, &[("lines", &lines)]), size],
        several => match named(page, several) {
            Some(files) => vec![fill(words.read_named, &[("files", &files)])],
            None => {
                let files = counted(words.files, u64::try_from(several.len()).unwrap_or(u64::MAX));
                vec![fill(words.read_files, &[("files", &files)]), lines, size]
            }
        },
    };
    let first = inputs.iter().filter_map(|input| input.first_time.as_deref()).min_by_key(|time| seconds(time));
    let last = inputs.iter().filter_map(|input| input.last_time.as_deref()).max_by_key(|time| seconds(time));
    list.extend(facts::range(page, first, last));
    Some(format!("{}.", list.join(words.comma)))
}

fn seconds(time: &str) -> Option<i64> {
    numbers::Moment::parse(time).map(|moment| moment.seconds)
}

/// `jobmanager.log (800 lines), taskmanager.log (222 lines)`: two or three files beside one cause, if their names are short.
fn named(page: &Page, inputs: &[&Input]) -> Option<String> {
    if inputs.len() > 3 || page.report.diagnoses.len() != 1 {
        return None;
    }
    let files: Vec<String> = inputs
        .iter()
        .map(|input| {
            fill(
                page.words.file_lines,
                &[("file", &input.path), ("lines", &counted(page.words.lines_read, input.lines))],
            )
        })
        .collect();
    let text = files.join(page.words.comma);
    (text.chars().count() <= 64).then_some(text)
}

/// `1 file not read. 1 file read in part.`
fn inputs_left_out(page: &Page) -> Vec<String> {
    let report = page.report;
    let number = |status: &str| report.inputs.iter().filter(|input| input.status == status).count();
    let listed = |path: &str| report.inputs.iter().any(|input| input.path == path);
    let mut unlisted: Vec<&str> =
        report.problems.iter().map(|problem| problem.path.as_str()).filter(|path| !listed(path)).collect();
    unlisted.sort_unstable();
    unlisted.dedup();
    let counts = [
        (number("failed") + unlisted.len(), page.words.not_read),
        (number("skipped"), page.words.skipped),
        (number("truncated"), page.words.read_in_part),
    ];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    counts.map(|(number, template)| counted(template, u64::try_from(number).unwrap_or(u64::MAX))).collect()
}

/// `1 cause.`, `No cause, 1 symptom.`, `Looked for 311 causes.`
pub fn amounts_to(page: &Page) -> String {
    let report = page.report;
    let words = page.words;
    if report.verdict_kind == VerdictKind::Nothing {
        return counted(words.looked_for, u64::try_from(report.tool.causes).unwrap_or(u64::MAX));
    }
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let mut list = vec![match report.diagnoses.len() {
        0 => words.no_cause.to_owned(),
        causes => counted(words.causes, number(causes)),
    }];
    if !report.symptoms.is_empty() {
        list.push(counted(words.symptoms, number(report.symptoms.len())));
    }
    if !report.unrecognised.is_empty() {
        list.push(counted(words.unrecognised, number(report.unrecognised.len())));
    }
    format!("{}.", list.join(words.comma))
}

/// `More: cdc-doctor -v · explain postgres/wal-level-not-logical`.
fn more(page: &mut Page) {
    let report = page.report;
    let mut items = Vec::new();
    if !page.options.verbose {
        items.push("cdc-doctor -v".to_owned());
    }
    match (report.diagnoses.as_slice(), report.symptoms.first()) {
        ([], None) => return,
        ([], Some(symptom)) => items.push(format!("explain {}", symptom.id)),
        ([only], _) => items.push(format!("explain {}", only.cause)),
        ([.., last], _) => items.push(format!("--only {}", last.cause)),
    }
    let items: Vec<_> = items.iter().map(|item| page.rich().own(item, Role::Quiet).glued()).collect();
    let list = facts::dotted(page, &items).recoloured(Role::Plain, Role::Quiet);
    let line = page.rich().own(page.words.more, Role::Quiet).own(" ", Role::Quiet).rich(&list);
    page.prose(0, 2, &line);
}
