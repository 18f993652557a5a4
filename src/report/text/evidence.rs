//! The part Evidence: lines of the logs by file, with line numbers in a gutter and carets under what matched.
//!
//! The decisive line wraps and is cut only when it would fill a screen by itself; the others are cut at the right, or in the
//! middle if what matched would be lost. Under the lines: how often the same came again, and which line is only how it surfaced.

use super::grid::{Page, Rich, Role};
use super::shorten::{self, Short};
use crate::report::words::{counted, fill, numbers};
use crate::report::{Evidence, FrameLine};

/// Rows that a decisive line may take.
const MOST_ROWS: usize = 12;
/// Rows that a corroborating line may take.
const SIDE_ROWS: usize = 2;
/// Rows of an English original.
const ENGLISH_ROWS: usize = 6;
/// Lines of a multi-line message that are shown.
const MOST_LINES: usize = 6;

/// A line in the gutter.
enum Row<'e> {
    Evidence(&'e Evidence),
    Frame(&'e FrameLine),
}

/// Sets the part with at most `most` pieces; the decisive one is always among them.
pub fn part(page: &mut Page, evidence: &[Evidence], most: usize) {
    let shown = choose(evidence, most);
    groups(page, &shown, &[]);
    closing(page, &shown, evidence.len().saturating_sub(shown.len()));
}

/// The decisive line alone, for short blocks.
pub fn decisive(page: &mut Page, evidence: &[Evidence]) {
    groups(page, &choose(evidence, 1), &[]);
}

/// Evidence of an exception with its first frames.
pub fn with_frames(page: &mut Page, evidence: &[Evidence], most: usize, frames: &[FrameLine]) {
    let shown = choose(evidence, most);
    groups(page, &shown, frames);
    closing(page, &shown, evidence.len().saturating_sub(shown.len()));
}

/// The line that a diagnosis stands on.
pub fn best(evidence: &[Evidence]) -> Option<&Evidence> {
    evidence.iter().find(|piece| piece.role == "decisive").or_else(|| evidence.first())
}

/// The most telling pieces, in the order given.
fn choose(evidence: &[Evidence], most: usize) -> Vec<&Evidence> {
    let rank = |piece: &Evidence| match piece.role.as_str() {
        "decisive" => 0,
        "corroborates" => 1,
        "wrapper" => 2,
        _ => 3,
    };
    let mut order: Vec<(usize, &Evidence)> = evidence.iter().enumerate().collect();
    order.sort_by_key(|(at, piece)| (rank(piece), *at));
    order.truncate(most.max(1));
    order.sort_by_key(|(at, _)| *at);
    order.into_iter().map(|(_, piece)| piece).collect()
}

/// Sets the pieces by file, in the order in which the files first appear, by line within a file.
fn groups(page: &mut Page, shown: &[&Evidence], frames: &[FrameLine]) {
    let mut paths: Vec<&str> = Vec::new();
    for piece in shown {
        if !paths.contains(&piece.path.as_str()) {
            paths.push(&piece.path);
        }
    }
    let of_frames = shown.first().map(|piece| piece.path.as_str());
    for (at, path) in paths.into_iter().enumerate() {
        if at == 0 {
            page.blank();
        }
        let template = if is_stdin(page) { page.words.evidence } else { page.words.evidence_in };
        let heading = page.rich().blanks(2).fill(template, &[("file", path, Role::Path)], Role::Title);
        page.line(heading);
        let pieces = shown.iter().filter(|piece| piece.path == path).map(|piece| (piece.line, Row::Evidence(piece)));
        let frames = frames.iter().filter(|_| of_frames == Some(path)).map(|frame| (frame.line, Row::Frame(frame)));
        let mut rows: Vec<(u64, Row)> = pieces.chain(frames).collect();
        rows.sort_by_key(|(line, _)| *line);
        let digits = rows.iter().map(|(line, _)| line.to_string().len()).max().unwrap_or(1);
        for (line, row) in rows {
            match row {
                Row::Evidence(piece) => set(page, digits, piece),
                Row::Frame(frame) => set_frame(page, digits, line, frame),
            }
        }
    }
}

/// True if standard input is all there was.
fn is_stdin(page: &Page) -> bool {
    matches!(page.report.inputs.as_slice(), [only] if only.path == "<stdin>")
}

/// `    358 │ ` or, without a number, `        │ `.
fn gutter(page: &Page, digits: usize, line: Option<u64>) -> Rich {
    let number = line.map(|line| line.to_string()).unwrap_or_default();
    page.rich().blanks(4).own(&format!("{number:>digits$}"), Role::Number).own(" │ ", Role::Quiet)
}

fn set(page: &mut Page, digits: usize, piece: &Evidence) {
    let room = page.width().saturating_sub(digits + 7).max(10);
    let ascii = page.options.ascii;
    let lines = shorten::lines(piece, ascii, if piece.role == "decisive" { MOST_LINES } else { 1 });
    let several = lines.len() > 1;
    for (at, short) in lines.iter().enumerate() {
        let number = piece.line.saturating_add(u64::try_from(at).unwrap_or(0));
        let wrapped = |text: &Rich| text.wrap(room, room - 2, true);
        let rows = match piece.role.as_str() {
            "decisive" => wrapped(&fit(short, room * MOST_ROWS)),
            "corroborates" => Some(wrapped(&short.text))
                .filter(|rows| rows.len() <= SIDE_ROWS)
                .unwrap_or_else(|| vec![fit(short, room)]),
            _ => vec![fit(short, room)],
        };
        for (row, text) in rows.iter().enumerate() {
            let start = gutter(page, digits, (row == 0).then_some(number));
            page.line(start.blanks(if row == 0 { 0 } else { 2 }).rich(text));
        }
        if let (false, [only]) = (several, rows.as_slice()) {
            carets(page, digits, only);
        }
    }
    if let Some(english) = &piece.english {
        let text = page.rich().log("= ", Role::Quiet).log(english, Role::Plain);
        for (row, text) in text.cut(room * ENGLISH_ROWS).wrap(room, room - 2, true).iter().enumerate() {
            let start = gutter(page, digits, None);
            page.line(start.blanks(if row == 0 { 0 } else { 2 }).rich(text));
        }
    }
}

/// The text in `most` cells, so that the matched part can be read.
fn fit(short: &Short, most: usize) -> Rich {
    match short.mark {
        Some(mark) if short.text.width() > most && !short.text.fits(short.mark_end, most) => {
            short.text.cut_to(mark, short.keep, most)
        }
        _ => short.text.cut(most),
    }
}

fn carets(page: &mut Page, digits: usize, text: &Rich) {
    if let Some((column, width)) = text.columns_of(Role::Match) {
        let carets = gutter(page, digits, None).blanks(column).own(&"^".repeat(width), Role::Match);
        page.line(carets);
    }
}

fn set_frame(page: &mut Page, digits: usize, line: u64, frame: &FrameLine) {
    let room = page.width().saturating_sub(digits + 7).max(10);
    let text = frame.text.trim();
    let name = text.strip_prefix("at ").unwrap_or(text);
    let mut shown = page.rich().own("  at ", Role::Plain);
    let cut = if frame.own { 0 } else { shorten::frame_package(name) };
    if cut > 0 {
        shown = shown.own("…", Role::Plain);
    }
    shown = shown.log(name.get(cut..).unwrap_or(name), Role::Plain);
    let note = page.rich().own(page.words.own_code, Role::Quiet);
    shown = if frame.own && shown.width() + 6 + note.width() <= room {
        shown.blanks(6).rich(&note)
    } else {
        shown.cut(room)
    };
    let start = gutter(page, digits, Some(line));
    page.line(start.rich(&shown));
}

/// `and 12 more like line 501, the last at line 513`, `Line 380 is only how it surfaced.`
fn closing(page: &mut Page, shown: &[&Evidence], hidden: usize) {
    let words = page.words;
    let mut sentences = Vec::new();
    let repeated = shown.iter().filter(|piece| piece.repeats.is_some());
    let repeated = repeated.clone().find(|piece| piece.role == "decisive").or_else(|| repeated.clone().next());
    if let Some((piece, repeats)) = repeated.and_then(|piece| Some((piece, piece.repeats.as_ref()?))) {
        let template = match repeats.more {
            0 => "",
            1 => words.once_more,
            2 => words.twice_more,
            _ => words.more_like,
        };
        let (more, line, last) = (numbers::count(repeats.more), piece.line.to_string(), repeats.last_line.to_string());
        sentences.push(fill(template, &[("more", &more), ("line", &line), ("last", &last)]));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    let bare = sentences.len();
    let wrappers: Vec<String> =
        shown.iter().filter(|piece| piece.role == "wrapper").map(|piece| piece.line.to_string()).collect();
    let has_decisive = shown.iter().any(|piece| piece.role == "decisive");
    if let (true, number @ 1..) = (has_decisive, u64::try_from(wrappers.len()).unwrap_or(0)) {
        sentences.push(fill(&counted(words.surfaced, number), &[("lines", &wrappers.join(words.comma))]));
    }
    if hidden > 0 {
        sentences.push(counted(words.more_evidence, u64::try_from(hidden).unwrap_or(u64::MAX)));
    }
    let end = if sentences.len() > bare { "." } else { "" };
    if !sentences.is_empty() {
        let text = page.rich().own(&sentences.join(". "), Role::Plain).own(end, Role::Plain);
        page.prose(4, 4, &text);
    }
}
