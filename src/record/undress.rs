//! What pasting does to a text is undone: line ends written as `\n`, lines broken by a terminal, prefixes of containers and tables,
//! and throwables glued to the words around them.
//!
//! No line is added or removed. A line end that the paste has lost becomes [`SOFT`], which the trace's grammar takes for one.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;

use super::layout::header;
use super::paste;

/// A line end inside a line: white space to every pattern, the end of a line to the grammar of traces.
pub const SOFT: char = '\u{b}';

/// Columns at which terminals and mail programs break lines.
const USUAL_WIDTHS: &[usize] = &[70, 72, 76, 78, 79, 80, 100, 120, 128, 132, 140, 150, 160, 180, 200, 240];
/// Narrower or wider texts are not taken for wrapped ones, columns.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=260;
/// Longest prefix that all lines may share, bytes.
const LONGEST_PREFIX: usize = 160;
/// Names of throwables looked at in one line; a hostile one is not read over and over.
const MOST_NAMES: usize = 32;
/// Levels of escaping: JSON in JSON in a string.
const LEVELS: usize = 3;

/// Joins lines that were broken at a fixed column; the line ends that were taken out follow the joined line. `None` if the text
/// does not look wrapped.
pub(super) fn rewrapped(text: &str) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let (_, _) = body.split_once('\n')?;
    let lines: Vec<&str> = body.split('\n').collect();
    let widths: Vec<usize> = lines.iter().map(|l| l.chars().count()).collect();
    let width = *widths.iter().max()?;
    if !WIDTHS.contains(&width) {
        return None;
    }
    // a terminal shows a tab as up to eight columns, so a line that begins with one is shorter when it is full
    let full = |n: usize| {
        let own = widths.get(n).copied().unwrap_or(0);
        own == width || (own + 7 == width && lines.get(n).is_some_and(|l| l.starts_with('\t')))
    };
    let goes_on = |n: usize| {
        let (Some(line), Some(next)) = (lines.get(n), lines.get(n + 1)) else { return false };
        full(n) && !next.trim().is_empty() && (line.ends_with(' ') || !begins_a_line(next))
    };
    let joins = (0..lines.len()).filter(|n| goes_on(*n)).count();
    if joins == 0 || (joins == 1 && !USUAL_WIDTHS.contains(&width)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut owed = 0;
    for (n, line) in lines.iter().enumerate() {
        out.push_str(line);
        if goes_on(n) {
            owed += 1;
        } else {
            out.extend(std::iter::repeat_n('\n', owed + usize::from(n + 1 < lines.len())));
            owed = 0;
        }
    }
    out.push_str(text.get(body.len()..)?);
    Some(out)
}

/// Does this line stand at the beginning of a line of the log, not in the middle of one?
fn begins_a_line(line: &str) -> bool {
    let body = line.trim_start();
    let words =
        ["Caused by:", "Suppressed:", "... ", "Detail:", "Hint:", "Where:", "Position:", "DETAIL:", "HINT:", "```"];
    // a row of a table is as wide as the others
    if body.starts_with(['|', '+', '│']) || words.iter().any(|w| body.starts_with(w)) || header(line).is_some() {
        return true;
    }
    if let Some(frame) = body.strip_prefix("at ") {
        return body.len() < line.len() || frame.contains('(');
    }
    throwable(body).is_some_and(|(at, _)| at == 0)
}

/// Takes off a prefix that all lines share (`taskmanager_1  | `, `[pod/x/y] `, the bars of a table). `None` if there is none.
pub(super) fn unprefixed(text: &str) -> Option<String> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = lines.next()?;
    let mut shared = first.get(..first.floor_char_boundary(LONGEST_PREFIX))?;
    let mut more = 0;
    for line in lines {
        let same = shared.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
        shared = shared.get(..shared.floor_char_boundary(same))?;
        more += 1;
    }
    let cut = ["| ", "] ", "│ "].iter().filter_map(|mark| shared.rfind(mark).map(|at| at + mark.len())).max()?;
    if more == 0 {
        return None;
    }
    let bar = |line: &str| line.trim_end().ends_with(['|', '│']);
    let barred = text.lines().filter(|l| !l.trim().is_empty()).all(bar);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let body = body.get(cut..).unwrap_or("");
        out.push_str(if barred { body.trim_end().trim_end_matches(['|', '│']).trim_end() } else { body });
        out.push_str(end);
    }
    Some(out)
}

/// Undoes escapes and frees throwables, behind the header; `bare`: there is none, so the text was pasted by somebody; `shouts`: its
/// level is above INFO.
#[must_use]
pub(super) fn undressed(text: &str, from: usize, bare: bool, shouts: bool) -> Option<String> {
    let (head, body) = text.split_at_checked(from)?;
    let mut body = Cow::Borrowed(body);
    // only of a line that nobody may skip as a healthy one
    let failed = bare || names_throwable(&body);
    if (failed || shouts)
        && let Some(plain) = paste::decoded(&body, bare)
    {
        body = Cow::Owned(plain);
    }
    for _ in 0..if failed { LEVELS } else { 0 } {
        match escaped(&body, bare).then(|| unescaped(&body)) {
            Some(plain) => body = Cow::Owned(plain),
            None => break,
        }
    }
    if (failed || shouts)
        && let Some(plain) = paste::restored(&body, bare)
    {
        body = Cow::Owned(plain);
    }
    if let Some(freed) = freed(&body, bare) {
        body = Cow::Owned(freed);
    }
    match body {
        Cow::Borrowed(_) => None,
        Cow::Owned(body) => Some(format!("{head}{body}")),
    }
}

/// Do line ends stand here as `\n`, and do they belong to a trace, or to what a server says of an error?
fn escaped(body: &str, bare: bool) -> bool {
    const SECONDARY: [&str; 12] = [
        "Detail:",
        "Hint:",
        "Where:",
        "Position:",
        "DETAIL:",
        "HINT:",
        "CONTEXT:",
        "STATEMENT:",
        "LOCATION:",
        "详细",
        "建议",
        "Подробности",
    ];
    // of a path, hardly two folders begin so, and those in capitals
    let several = bare && memmem::find_iter(body.as_bytes(), b"\\n").nth(1).is_some();
    memmem::find_iter(body.as_bytes(), b"\\n").any(|at| {
        let rest = body.get(at + 2..).unwrap_or("").trim_start_matches(['\\', 't', ' ', '\t', '>']);
        rest.starts_with("at ")
            || rest.starts_with("Caused by:")
            || rest.starts_with("... ")
            // `\tat`: the t of the escape was trimmed with it only if nothing else follows
            || rest.starts_with("at")
            || (bare && (matches!(rest.trim_end(), "" | "\"" | "'") || SECONDARY.iter().any(|w| rest.starts_with(w))))
            || (several && !rest.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.')))
    })
}

/// One level of JSON's escapes taken off.
fn unescaped(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('n') => out.push(SOFT),
            Some('r') => {}
            Some('t') => out.push('\t'),
            Some(c @ ('"' | '\\' | '/' | '\'')) => out.push(c),
            Some('u') => {
                let code = after.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
                match code.filter(|c| !c.is_control()) {
                    Some(c) => {
                        out.push(c);
                        chars = after.get(5..).unwrap_or("").chars();
                    }
                    None => out.push_str("\\u"),
                }
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Is there a word that names of throwables end with? The prefilter keeps every line that has one.
fn names_throwable(text: &str) -> bool {
    // asked of every record that is looked at, so that building the searchers would be most of the work
    static WORDS: LazyLock<[memmem::Finder<'static>; 2]> =
        LazyLock::new(|| ["Exception", "Error"].map(memmem::Finder::new));
    WORDS.iter().any(|word| word.find(text.as_bytes()).is_some())
}

/// Characters of class names.
fn of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$')
}

/// The first throwable named in `text` with a colon, or nothing, behind it: where its class begins and ends.
fn throwable(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    for _ in 0..MOST_NAMES {
        let rest = text.get(from..)?;
        let end = from + ends(rest)?;
        let start = end - text.get(..end)?.bytes().rev().take_while(|b| of_name(char::from(*b))).count();
        // in italics
        let start = start + text.get(start..end)?.bytes().take_while(|b| *b == b'_').count();
        let name = text.get(start..end)?;
        let parts = || name.split('.');
        let formed = parts().all(|p| p.starts_with(|c: char| c.is_ascii_alphabetic())) && parts().count() > 2;
        let behind = text.get(end..)?.trim_start_matches(['*', '`']);
        if formed && (behind.is_empty() || behind.starts_with([':', '：', SOFT])) {
            return Some((start, end));
        }
        from = end;
    }
    None
}

/// Where the first name of a throwable ends.
fn ends(text: &str) -> Option<usize> {
    let words = ["Exception", "Error", "Throwable"];
    let found = words.iter().filter_map(|word| {
        let mut places = memmem::find_iter(text.as_bytes(), word.as_bytes()).map(|at| at + word.len());
        places.find(|end| !text.get(*end..).is_some_and(|rest| rest.starts_with(of_name)))
    });
    found.min()
}

/// Breaks lines before throwables that stand in the middle of one: behind `Caused by:` always, and in a pasted text behind any
/// words; takes the marks off that Markdown and Chinese prose put around a class. `None` if nothing is to be done.
fn freed(body: &str, bare: bool) -> Option<String> {
    if !names_throwable(body) {
        return None;
    }
    let mut out = String::with_capacity(body.len() + 16);
    let mut changed = false;
    for line in body.split_inclusive(['\n', SOFT]) {
        let mut rest = line;
        let mut first = true;
        let begun = line.trim_start();
        if begun.starts_with("at ") && begun.contains('(') {
            // a frame, and what may follow it on the same line is found by the grammar
            out.push_str(line);
            continue;
        }
        let mut names = 0;
        while let Some((start, end)) = throwable(rest).filter(|_| names < MOST_NAMES) {
            names += 1;
            let (Some(before), Some(class), Some(behind)) = (rest.get(..start), rest.get(start..end), rest.get(end..))
            else {
                break;
            };
            let words = before.trim_end_matches(['*', '`', '_', ' ']);
            let caused =
                words.strip_suffix("Caused by:").or_else(|| words.strip_suffix("Caused by：").filter(|_| bare));
            if let Some(words) = caused {
                out.push_str(words);
                if !words.trim_matches(['>', ' ', '\t']).is_empty() {
                    out.push(SOFT);
                    changed = true;
                }
                changed |= before.len() - words.len() != "Caused by: ".len();
                out.push_str("Caused by: ");
            } else if bare && first && !words.trim().is_empty() && !wraps(words) && !words.ends_with(['=', '{', '(']) {
                out.push_str(before.trim_end_matches(['*', '`']));
                out.push(SOFT);
                changed = true;
            } else if bare && first && words.trim().is_empty() && !before.trim().is_empty() {
                // nothing but marks before the class
                changed = true;
            } else {
                out.push_str(before);
            }
            out.push_str(class);
            let bared = behind.trim_start_matches(['*', '`']);
            rest = match bared.strip_prefix('：').filter(|_| bare) {
                Some(message) => {
                    out.push_str(": ");
                    changed = true;
                    message.trim_start()
                }
                None if bare && bared.len() < behind.len() && bared.starts_with(':') => {
                    changed = true;
                    bared
                }
                None => behind,
            };
            first = false;
        }
        out.push_str(rest);
    }
    changed.then_some(out)
}

/// Is a throwable behind these words the message of the one they end with, or announced by them?
fn wraps(words: &str) -> bool {
    let inner = words.strip_suffix(':').unwrap_or("");
    ["Exception", "Error", "Throwable", "Suppressed", "Wrapped by"].iter().any(|w| inner.ends_with(w))
        || words.trim_start_matches(['>', ' ']).starts_with("Exception in thread")
}
