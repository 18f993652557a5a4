//! Marks that editors, chats, trackers and serialisers leave in a text that is pasted into them are taken out of it again.
//!
//! Asked only of text that somebody pasted, or that names a throwable. No line is added or removed; each mark has its own sign that
//! it is there, so that a text without any is not touched.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::undress::SOFT;
use crate::trace::parse::is_bare_frame;

/// Tags that pages and trackers set around text, in small letters; those that end a line come first.
const TAGS: [&str; 29] = [
    "p",
    "br",
    "div",
    "pre",
    "li",
    "tr",
    "ul",
    "ol",
    "table",
    "tbody",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "td",
    "th",
    "span",
    "code",
    "b",
    "i",
    "em",
    "strong",
    "a",
    "font",
    "tt",
    "samp",
    "mark",
    "u",
];
/// So many of [`TAGS`] end a line.
const BLOCKS: usize = 15;
/// Longest tag with its attributes, bytes.
const LONGEST_TAG: usize = 300;
/// Longest name between doubled quotation marks, bytes.
const LONGEST_NAME: usize = 200;

/// What must be undone before escapes of line ends can be seen. `None` if there is nothing.
pub(super) fn decoded(body: &str, bare: bool) -> Option<String> {
    let mut text = Cow::Borrowed(body);
    if !text.is_ascii() {
        apply(&mut text, visible);
    }
    if bare {
        apply(&mut text, of_url);
    }
    if memchr(b'\\', text.as_bytes()).is_some() {
        apply(&mut text, |t| numbered(t, bare));
    }
    owned(text)
}

/// What is left of marks when lines stand as lines. `None` if there is nothing.
pub(super) fn restored(body: &str, bare: bool) -> Option<String> {
    let mut text = Cow::Borrowed(body);
    if memchr(b'\\', text.as_bytes()).is_some() {
        apply(&mut text, |t| of_markdown(t, bare));
        if bare {
            apply(&mut text, quotes);
        }
    }
    if bare {
        apply(&mut text, colours);
        apply(&mut text, doubled);
        if memchr(b'<', text.as_bytes()).is_some() {
            apply(&mut text, untagged);
        }
        apply(&mut text, framed);
    }
    owned(text)
}

fn apply(text: &mut Cow<'_, str>, step: impl Fn(&str) -> Option<String>) {
    if let Some(new) = step(text) {
        *text = Cow::Owned(new);
    }
}

fn owned(text: Cow<'_, str>) -> Option<String> {
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    }
}

/// Characters that nobody sees, blanks that are none, and full-width forms of ASCII. Chinese punctuation between Chinese words stays.
fn visible(text: &str) -> Option<String> {
    let strange = |c: char| {
        matches!(c, '\u{85}' | '\u{a0}' | '\u{ad}' | '\u{feff}' | '\u{3000}' | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{2069}' | '\u{ff01}'..='\u{ff5e}')
    };
    if !text.chars().any(strange) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(SOFT),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => out.push(' '),
            '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
                continue;
            }
            '\u{ff01}'..='\u{ff5e}' => {
                let ascii = char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
                let sentence = matches!(ascii, '(' | ')' | ',' | ':' | ';' | '!' | '?');
                // a full-width neighbour is as good as an ASCII one
                let near = |c: char| c.is_ascii() || ('\u{ff01}'..='\u{ff5e}').contains(&c);
                if sentence && !(near(before) && near(next)) {
                    out.push(c);
                } else {
                    out.push(ascii);
                    let clock = before.is_ascii_digit() && next.is_ascii_digit();
                    if matches!(ascii, ':' | ',' | ';') && !clock && !next.is_whitespace() && next != '/' {
                        out.push(' ');
                    }
                }
            }
            _ => out.push(c),
        }
        before = c;
    }
    (out != text).then_some(out)
}

/// The text of an address: `ERROR%3A+replication%20slot`. Needs blanks that are written so, and hardly any other.
fn of_url(text: &str) -> Option<String> {
    let first = memchr(b'%', text.as_bytes())?;
    let code = |at: usize| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let codes =
        memchr::memchr_iter(b'%', text.as_bytes().get(first..)?).filter(|at| code(first + at).is_some()).count();
    let blanks = text.trim().bytes().filter(|b| *b == b' ').count();
    let spaced = memmem::find(text.as_bytes(), b"%20").is_some();
    let plus = !spaced && memchr(b'+', text.as_bytes()).is_some();
    if codes < 2 || !(spaced || plus) || blanks > codes {
        return None;
    }
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let hex = behind.first_chunk::<2>().filter(|_| *byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) => {
                rest = behind.get(2..).unwrap_or_default();
                match code {
                    b'\n' => push(&mut out, SOFT),
                    b'\t' => out.push(b'\t'),
                    code if code < b' ' || code == 0x7f => {}
                    code => out.push(code),
                }
            }
            None if plus && *byte == b'+' => out.push(b' '),
            None => out.push(*byte),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// `\u003e`, `\\u62a5`, and the `\xe6\x8a\xa5` of Python's bytes.
fn numbered(text: &str, bare: bool) -> Option<String> {
    // one alone begins a value of bytea
    let bytes = bare && memmem::find_iter(text.as_bytes(), b"\\x").nth(1).is_some();
    let unit = |rest: &str, digits: usize| u32::from_str_radix(rest.get(..digits)?, 16).ok();
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(at)?;
        out.extend_from_slice(before.as_bytes());
        let body = from.trim_start_matches('\\');
        let marks = from.get(..from.len() - body.len())?;
        let found = if let Some(hex) = body.strip_prefix('u') {
            unit(hex, 4).map(|code| (code, 5))
        } else {
            body.strip_prefix('x').filter(|_| bytes).and_then(|hex| unit(hex, 2)).map(|code| (code, 3))
        };
        rest = body;
        let Some((code, length)) = found else {
            out.extend_from_slice(marks.as_bytes());
            continue;
        };
        let behind = body.get(length..)?;
        let low = || {
            let hex = behind.trim_start_matches('\\').strip_prefix('u').filter(|_| behind.starts_with('\\'))?;
            let low = unit(hex, 4).filter(|low| (0xdc00..0xe000).contains(low))?;
            Some((0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00), hex.get(4..)?))
        };
        let (code, behind) = match code {
            0xd800..0xdc00 => low().unwrap_or((code, behind)),
            _ => (code, behind),
        };
        match (code, length) {
            (0x0a, _) => push(&mut out, SOFT),
            (0x09, _) => out.push(b'\t'),
            (0x80.., 3) => out.push(u8::try_from(code).unwrap_or(b'?')),
            _ => match char::from_u32(code).filter(|c| !c.is_control()) {
                Some(c) => push(&mut out, c),
                None => {
                    out.extend_from_slice(marks.as_bytes());
                    continue;
                }
            },
        }
        changed = true;
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    changed.then(|| String::from_utf8_lossy(&out).into_owned())
}

/// Markdown's and Jira's escapes: `flink\_slot`, `\[ERROR\]`, `\>=`. A name with `\_` shows that they are there, or a bracket at both ends.
fn of_markdown(text: &str, bare: bool) -> Option<String> {
    let has = |mark: &str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    let signs = has("\\_") || has("\\>") || has("\\<") || (has("\\[") && has("\\]")) || (has("\\{") && has("\\}"));
    if !signs || !(bare || has("\\_")) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        if !behind.starts_with([
            '_', '*', '[', ']', '<', '>', '#', '{', '}', '|', '~', '`', '(', ')', '-', '+', '!', '=', '&',
        ]) {
            out.push('\\');
            // of two, the second escapes nothing
            if let Some(second) = behind.strip_prefix('\\') {
                out.push('\\');
                rest = second;
                continue;
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// Quotation marks behind several backslashes, of JSON in JSON; patterns take one backslash as part of the mark.
fn quotes(text: &str) -> Option<String> {
    memmem::find(text.as_bytes(), b"\\\\")?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(at)?;
        out.push_str(before);
        rest = from.trim_start_matches('\\');
        let marks = if rest.starts_with(['"', '\'']) { 1 } else { from.len() - rest.len() };
        out.push_str(from.get(..marks)?);
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// Colours of a terminal whose escape character was lost: `[31m`, `[0m`.
fn colours(text: &str) -> Option<String> {
    if !["[0m", "[m", "[39m"].iter().any(|reset| memmem::find(text.as_bytes(), reset.as_bytes()).is_some()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        out.push_str(before);
        let digits = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match digits.strip_prefix('m') {
            Some(after) => rest = after,
            None => {
                out.push('[');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Quotation marks inside a field of CSV or of SQL: `slot ""flink"" is active`.
fn doubled(text: &str) -> Option<String> {
    memmem::find(text.as_bytes(), b"\"\"")?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\"\"") {
        out.push_str(before);
        let name = behind.split_once("\"\"").map(|(name, _)| name).filter(|name| {
            !name.is_empty()
                && name.len() <= LONGEST_NAME
                && memchr2(b'"', b'\n', name.as_bytes()).is_none()
                && !name.starts_with([',', ' ', '}', ']', ':'])
        });
        match name {
            Some(name) => {
                out.push('"');
                out.push_str(name);
                out.push('"');
                rest = behind.get(name.len() + 2..)?;
            }
            None => {
                out.push_str("\"\"");
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// Tags of a page. `<init>` and the generics of Java are none.
fn untagged(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(at)?;
        out.push_str(before);
        match tag(from) {
            Some((length, block)) => {
                if block {
                    out.push(SOFT);
                }
                rest = from.get(length..)?;
                changed = true;
            }
            None => {
                out.push('<');
                rest = from.get(1..)?;
            }
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// Length of the tag that begins here, and does it end a line?
fn tag(from: &str) -> Option<(usize, bool)> {
    let window = from.get(..from.floor_char_boundary(LONGEST_TAG))?;
    let end = memchr(b'>', window.as_bytes())?;
    let inner = window.get(1..end)?;
    let word = inner.strip_prefix('/').unwrap_or(inner);
    let name = word.get(..word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len()))?;
    let behind = word.get(name.len()..)?;
    let known = TAGS.iter().position(|tag| tag.eq_ignore_ascii_case(name))?;
    let plain = behind.is_empty()
        || behind.trim() == "/"
        || (behind.starts_with(' ') && memchr(b'=', behind.as_bytes()).is_some());
    // one letter in capitals is a parameter of a type
    let generic = name.len() == 1 && name.bytes().all(|b| b.is_ascii_uppercase());
    (plain && !generic && memchr2(b'\n', b'<', inner.as_bytes()).is_none()).then_some((end + 1, known < BLOCKS))
}

/// Frames whose `at` was lost.
fn framed(text: &str) -> Option<String> {
    let lost = |line: &str| is_bare_frame(line.trim());
    memmem::find(text.as_bytes(), b".java:")?;
    if !text.split(['\n', SOFT]).any(lost) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive(['\n', SOFT]) {
        let body = line.trim_start_matches([' ', '\t']);
        if lost(body.trim_end_matches(['\n', SOFT])) {
            out.push_str(line.get(..line.len() - body.len())?);
            out.push_str("at ");
            out.push_str(body);
        } else {
            out.push_str(line);
        }
    }
    Some(out)
}
