//! One line of evidence in short form: `14:50:58 WARN  …PostgresConnection: Cannot obtain …`, `…PSQLException: ERROR: …`.
//!
//! What is taken out is marked with `…`: the date and the path of a logger in the header, the package of a class. Nothing is
//! added but the header's own parts, and the part that the rule matched keeps its mark.

use super::grid::{Rich, Role};
use crate::report::Evidence;
use crate::report::words::numbers::Moment;

/// A header is looked for in this many bytes of a line.
const HEADER: usize = 600;

/// A line of evidence in short form.
pub struct Short {
    /// Its text; what the rule matched has [`Role::Match`] if the role of the evidence wants it.
    pub text: Rich,
    /// Cells of the header's time and level.
    pub keep: usize,
    /// Cell where the matched part begins.
    pub mark: Option<usize>,
    /// Cell after the matched part.
    pub mark_end: usize,
}

/// Builds the short form of the lines of a piece of evidence, the first `most` of them.
pub fn lines(evidence: &Evidence, ascii: bool, most: usize) -> Vec<Short> {
    let mut offset = 0;
    let mut lines = Vec::new();
    for (at, line) in evidence.text.split('\n').enumerate() {
        if at < most && (at == 0 || !line.trim().is_empty()) {
            lines.push(one(evidence, line, offset, at == 0, ascii));
        }
        offset += line.len() + 1;
    }
    lines
}

struct Builder<'e> {
    evidence: &'e Evidence,
    line: &'e str,
    offset: usize,
    marked: bool,
    short: Short,
}

fn one(evidence: &Evidence, line: &str, offset: usize, first: bool, ascii: bool) -> Short {
    let marked = matches!(evidence.role.as_str(), "decisive" | "corroborates");
    let short = Short { text: Rich::new(ascii), keep: 0, mark: None, mark_end: 0 };
    let mut builder = Builder { evidence, line: line.trim_end(), offset, marked, short };
    let mut from = line.len() - line.trim_start().len();
    if first {
        from = builder.header(from);
    } else if from > 0 {
        builder.add("\u{a0}\u{a0}");
    }
    builder.body(from);
    builder.short
}

impl Builder<'_> {
    /// Adds text of ours.
    fn add(&mut self, text: &str) {
        self.short.text = std::mem::take(&mut self.short.text).own(text, Role::Plain);
    }

    /// Adds a part of the line as it is.
    fn copy(&mut self, from: usize, to: usize) {
        let part = self.line.get(from..to).unwrap_or("");
        for (at, ch) in part.char_indices() {
            let at = self.offset + from + at;
            let hit = self.evidence.highlight.is_some_and(|[start, end]| start <= at && at < end);
            let before = self.short.text.len();
            self.short.text.log_char(ch, if hit && self.marked { Role::Match } else { Role::Plain });
            if hit {
                self.short.mark.get_or_insert(before);
                self.short.mark_end = self.short.text.len();
            }
        }
    }

    /// Sets the header in short form and returns where the message begins.
    fn header(&mut self, from: usize) -> usize {
        let Some(moment) = self.evidence.time.as_deref().and_then(Moment::parse) else { return from };
        let logger = self.evidence.logger.as_deref().filter(|logger| !logger.is_empty());
        let found = match logger {
            Some(logger) => after_logger(self.line, from, logger),
            None => severity(self.line, from),
        };
        let whole = from == 0
            && found.is_none()
            && self.evidence.line == self.evidence.record_line
            && !looks_dated(self.line, from);
        let Some(message) = found.or(whole.then_some(from)) else { return from };
        let level = self.evidence.level.as_deref().unwrap_or("").to_uppercase();
        self.add(&moment.clock);
        match logger {
            Some(logger) => {
                if !level.is_empty() {
                    self.add(&format!(" {level:<5}"));
                }
                self.short.keep = self.short.text.len();
                let simple = logger.rsplit('.').next().unwrap_or(logger);
                self.add(if simple.len() < logger.len() { " …" } else { " " });
                self.short.text = std::mem::take(&mut self.short.text).log(simple, Role::Plain).own(": ", Role::Plain);
            }
            None => {
                self.short.keep = self.short.text.len();
                self.add(" ");
                return self.severity_word(message);
            }
        }
        message
    }

    /// Copies `FATAL:` with one blank after it, if the message begins so, and returns where the rest begins.
    fn severity_word(&mut self, message: usize) -> usize {
        let rest = self.line.get(message..).unwrap_or("");
        match rest.split_once(": ").filter(|(word, _)| is_severity(word)) {
            Some((word, rest)) => {
                self.copy(message, message + word.len() + 1);
                self.add(" ");
                self.line.len() - rest.trim_start().len()
            }
            None => message,
        }
    }

    /// Sets the rest: relation words as they are, packages of classes cut off, frames set in.
    fn body(&mut self, mut from: usize) {
        let rest = |from: usize| self.line.get(from..).unwrap_or("");
        if let Some(frame) = rest(from).strip_prefix("at ") {
            let start = self.line.len() - frame.len();
            self.add("\u{a0}\u{a0}");
            self.copy(from, start);
            let cut = frame_package(frame);
            if cut > 0 {
                self.add("…");
            }
            self.copy(start + cut, self.line.len());
            return;
        }
        for word in ["Caused by: ", "Suppressed: ", "Wrapped by: "] {
            if self.line.get(from..).is_some_and(|rest| rest.starts_with(word)) {
                self.copy(from, from + word.len());
                from += word.len();
            }
        }
        while let Some((package, class)) = class_at(self.line.get(from..).unwrap_or("")) {
            if package > 0 {
                self.add("…");
            }
            self.copy(from + package, from + class);
            from += class;
            if !self.line.get(from..).is_some_and(|rest| rest.starts_with(": ")) {
                break;
            }
            self.copy(from, from + 2);
            from += 2;
        }
        self.copy(from, self.line.len());
    }
}

/// Bytes of the package, and of the whole name, of a throwable's class that `text` begins with.
fn class_at(text: &str) -> Option<(usize, usize)> {
    let end = text.find(|ch: char| !(ch.is_alphanumeric() || matches!(ch, '.' | '_' | '$'))).unwrap_or(text.len());
    let name = text.get(..end)?;
    let follows = text.get(end..)?;
    let (package, simple) = name.rsplit_once('.')?;
    let throwable = ["Exception", "Error", "Throwable", "Failure", "Fault"].iter().any(|word| simple.contains(word));
    (throwable && (follows.is_empty() || follows.starts_with(':'))).then_some((package.len() + 1, end))
}

/// Bytes of the loader and package of a frame (what stands before `Class.method`), 0 if there is none.
pub fn frame_package(frame: &str) -> usize {
    let name = frame.split('(').next().unwrap_or(frame);
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    dots.next();
    dots.next().map_or(0, |at| at + 1)
}

/// Where the message begins in a line whose header names this logger.
fn after_logger(line: &str, from: usize, logger: &str) -> Option<usize> {
    if !looks_dated(line, from) {
        return None;
    }
    let head: usize =
        line.char_indices().map(|(at, ch)| at + ch.len_utf8()).take_while(|end| *end <= HEADER).last().unwrap_or(0);
    let at = line.get(..head)?.find(logger)? + logger.len();
    let mut rest = line.get(at..)?.trim_start();
    while let Some(inner) = rest.strip_prefix('[') {
        let Some((_, after)) = inner.split_once(']') else { break };
        rest = after.trim_start();
    }
    for sign in ["- ", ": "] {
        if let Some(after) = rest.strip_prefix(sign) {
            rest = after;
            break;
        }
    }
    Some(line.len() - rest.trim_start().len())
}

/// Where the severity word of a PostgreSQL line stands: capitals and a colon, after the prefix.
fn severity(line: &str, from: usize) -> Option<usize> {
    if !looks_dated(line, from) {
        return None;
    }
    let mut at = from;
    for word in line.get(from..)?.split(' ') {
        if at > HEADER {
            return None;
        }
        if word.strip_suffix(':').is_some_and(is_severity) {
            return Some(at);
        }
        at += word.len() + 1;
    }
    None
}

/// True for words such as `FATAL`, `ВАЖНО`, `DETAIL`.
fn is_severity(word: &str) -> bool {
    let capital = |ch: char| ch.is_alphanumeric() && !ch.is_lowercase() && !ch.is_ascii_digit();
    word.chars().count() > 1 && word.chars().all(capital)
}

/// True if a line begins as a log header does, with a date or a time (perhaps in brackets).
fn looks_dated(line: &str, from: usize) -> bool {
    let head: String = line.get(from..).unwrap_or("").chars().take(40).collect();
    let digit = head.trim_start_matches(['[', '"']).starts_with(|ch: char| ch.is_ascii_digit());
    digit && Moment::parse(&head).is_some()
}
