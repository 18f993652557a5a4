//! The part of a header that makes it one: a time stamp and a level in their places, or PostgreSQL's severity.
//!
//! Works on bytes, so that [`super::probe`] need not decode; every cut is made at an ASCII byte, which no UTF-8 sequence holds.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while, take_while1};
use nom::combinator::opt;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use super::super::level::Level;
use super::super::time;
use super::UNTIMED;
use super::server::{process, severity, undated};

/// Bytes after the time stamp within which the level must stand.
pub(super) const REACH: usize = 200;

/// What decides: where level and time were found.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub time: Option<Range<usize>>,
    pub comma: bool,
    pub fraction: bool,
    pub level: Option<Level>,
    /// The level word.
    pub word: Range<usize>,
    /// Where the text after the level (and its bracket) begins.
    pub after: usize,
    pub thread: Option<Range<usize>>,
    pub logger: Option<Range<usize>>,
    pub kind: Kind,
    /// True if groups, or anything else, stand between time and level.
    pub between: bool,
}

/// Which grammar took the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Levelled,
    Postgres,
    JavaUtil,
}

/// Decides whether `line`, the window of a normalised line, is a header that begins at `from`, behind the margin.
pub(super) fn head(line: &[u8], from: usize) -> Option<Head> {
    if line.get(from) == Some(&b'\t') {
        return None;
    }
    dated(line, from).or_else(|| java_util(line, from)).or_else(|| undated(line, from))
}

/// Length of what may stand before a header: blanks, mail quotes, byte order marks.
pub(super) fn margin(line: &[u8]) -> usize {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut at = 0;
    loop {
        match line.get(at..) {
            Some([b' ' | b'>', ..]) => at += 1,
            Some(rest) if rest.starts_with(MARK) => at += MARK.len(),
            _ => return at,
        }
    }
}

/// `[...]`, `(...)` and the like, up to the bracket that closes it.
pub(super) fn group(i: &[u8]) -> IResult<&[u8], &[u8]> {
    let close = match i.first() {
        Some(b'[') => b']',
        Some(b'(') => b')',
        Some(b'{') => b'}',
        Some(b'<') => b'>',
        _ => return nothing(i),
    };
    let open = i.first().copied().unwrap_or(0);
    let mut depth = 0usize;
    for (n, b) in i.iter().enumerate().take(REACH) {
        if *b == open {
            depth += 1;
        } else if *b == close {
            depth -= 1;
            if depth == 0 {
                return Ok((i.get(n + 1..).unwrap_or(&[]), i.get(1..n).unwrap_or(&[])));
            }
        }
    }
    nothing(i)
}

fn nothing<T>(i: &[u8]) -> IResult<&[u8], T> {
    Err(nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Verify)))
}

/// A level word and what ends it, not consumed.
fn level(i: &[u8]) -> IResult<&[u8], Level> {
    let (rest, word) =
        take_till1(|b| matches!(b, b' ' | b':' | b']' | b'[' | b'|' | b',' | b'\t' | b')' | b'>' | b'}')).parse(i)?;
    match std::str::from_utf8(word).ok().and_then(Level::from_word) {
        Some(level) if word.len() < 40 => Ok((rest, level)),
        _ => nothing(i),
    }
}

fn stamp_in_brackets(i: &[u8]) -> IResult<&[u8], (bool, time::Stamp, usize)> {
    let (i, bracket) = opt(tag("[")).parse(i)?;
    let before = i.len();
    let (i, stamp) = time::stamp(i)?;
    let (i, _) = opt(time::zone).parse(i)?;
    let length = before - i.len();
    let i = if bracket.is_some() { tag("]").parse(i)?.0 } else { i };
    Ok((i, (bracket.is_some(), stamp, length)))
}

/// Time stamp first, perhaps after a few groups or a level.
fn dated(line: &[u8], from: usize) -> Option<Head> {
    let mut head = Head::default();
    if line.get(from..).is_some_and(|rest| rest.starts_with(UNTIMED.as_bytes())) {
        place(line, from + UNTIMED.len(), &mut head)?;
        return Some(head);
    }
    let mut at = from;
    let mut early = None;
    for _ in 0..4 {
        let rest = line.get(at..)?;
        if let Ok((left, (bracket, stamp, length))) = stamp_in_brackets(rest) {
            let start = at + usize::from(bracket);
            head.time = Some(start..start + length);
            (head.comma, head.fraction) = (stamp.comma, stamp.fraction);
            at = line.len() - left.len();
            break;
        }
        let (left, (inner, bare)) = alt((group.map(|g| (g, false)), capitals.map(|w| (w, true)))).parse(rest).ok()?;
        let found = level(inner.trim_ascii()).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, l)| l);
        if bare && found.is_none() {
            return None;
        }
        if let Some(level) = found {
            let word = at + usize::from(!bare);
            early = Some((level, word..word + inner.len()));
        } else if head.thread.is_none() {
            head.thread = Some(at + 1..at + 1 + inner.len());
        }
        let (left, _) = blanks(left).ok()?;
        at = line.len() - left.len();
    }
    let time = head.time.clone()?;
    if let Some((level, word)) = early {
        (head.level, head.word, head.after, head.between) = (Some(level), word, at, true);
        return Some(head);
    }
    let mut levelled = head.clone();
    if place(line, at, &mut levelled).is_some() {
        return Some(levelled);
    }
    if let Some(found) = of_job(line, at) {
        return Some(Head { time: head.time, comma: head.comma, fraction: head.fraction, ..found });
    }
    // the zone may be a secondary word (`HINT:`), so look from where the stamp may end
    let (level, word) = severity(line, time.start, true)?;
    let thread = process(line, time.end, word.start).or(head.thread);
    Some(Head { level: Some(level), after: word.end, word, kind: Kind::Postgres, thread, ..head })
}

/// ` [job id] Logger `, as the example in Flink's documentation has it: without a level. Lines of no job have blanks for the id.
fn of_job(line: &[u8], at: usize) -> Option<Head> {
    const ID: usize = 32;
    let inner = line.get(at..)?.strip_prefix(b" [")?;
    let id = inner.first_chunk::<ID>()?;
    let fits = id.iter().all(u8::is_ascii_hexdigit) || id.iter().all(|b| *b == b' ');
    let rest = inner.get(ID..)?.strip_prefix(b"] ").filter(|_| fits)?;
    let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$')).count();
    if !rest.first()?.is_ascii_alphabetic() || rest.get(name) != Some(&b' ') {
        return None;
    }
    let from = at + ID + 4;
    let end = from + name;
    let id = Some(at + 2..at + 2 + ID).filter(|_| id.first() != Some(&b' '));
    Some(Head { logger: Some(from..end), thread: id, word: end..end, after: end, ..Head::default() })
}

fn blanks(i: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|b| b == b' ' || b == b'\t').parse(i)
}

/// What may stand between time and level without saying anything.
fn filler(i: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|b| matches!(b, b' ' | b'\t' | b'|' | b'-')).parse(i)
}

fn capitals(i: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|b: u8| b.is_ascii_uppercase()).parse(i)
}

fn unblank(i: &[u8]) -> IResult<&[u8], &[u8]> {
    take_till1(|b| matches!(b, b' ' | b'\t')).parse(i)
}

/// Walks from the time stamp to the level over groups, process ids and dashes, and at most a word or two.
fn place(line: &[u8], from: usize, head: &mut Head) -> Option<()> {
    let mut at = from;
    let (mut bare, mut steps) = (0, 0);
    while at < from + REACH && steps < 12 {
        steps += 1;
        let rest = line.get(at..)?;
        let (left, filler) = filler(rest).ok().filter(|(left, _)| !left.is_empty())?;
        if steps == 1 && filler.is_empty() && !matches!(left.first(), Some(b'[' | b'(' | b']' | b',' | b':')) {
            return None;
        }
        at += filler.len();
        if let Ok((after, level)) = level(left) {
            let word = at..line.len() - after.len();
            if bare > 1 || (bare == 1 && !head.fraction) {
                return None;
            }
            return settle(line, head, level, word, bare > 0);
        }
        if let Ok((after, inner)) = group(left) {
            let start = at + 1;
            let trimmed = inner.trim_ascii();
            if let Ok((b"", level)) = level(trimmed) {
                head.level = Some(level);
                head.word = start..start + inner.len();
                head.after = line.len() - after.len();
                head.between = head.between || bare > 0;
                return Some(());
            }
            head.between = true;
            if head.thread.is_none() && !inner.is_empty() {
                head.thread = Some(start..start + inner.len());
            }
            at = line.len() - after.len();
            continue;
        }
        let (after, token) = unblank(left).ok()?;
        if !token.iter().all(u8::is_ascii_digit) {
            bare += 1;
            if bare > 2 || token.last() == Some(&b':') {
                return None;
            }
            if token.contains(&b'.') && head.logger.is_none() {
                head.logger = Some(at..at + token.len());
            } else if head.thread.is_none() {
                head.thread = Some(at..at + token.len());
            }
        }
        head.between = true;
        at = line.len() - after.len();
    }
    None
}

/// A level word that stands free: PostgreSQL's, if a colon and two blanks follow or only PostgreSQL says it so.
fn settle(line: &[u8], head: &mut Head, level: Level, word: Range<usize>, bare: bool) -> Option<()> {
    let tail = line.get(word.end..)?;
    let text = line.get(word.clone())?;
    let servers = !matches!(
        text,
        b"INFO"
            | b"WARN"
            | b"ERROR"
            | b"FATAL"
            | b"DEBUG"
            | b"TRACE"
            | b"WARNING"
            | b"SEVERE"
            | b"FINE"
            | b"FINER"
            | b"FINEST"
            | b"CONFIG"
    );
    if tail.starts_with(b":  ") || (servers && (tail.starts_with(b": ") || tail == b":")) {
        head.kind = Kind::Postgres;
        let from = head.time.as_ref().map_or(0, |t| t.end);
        head.thread = process(line, from, word.start).or(head.thread.take());
    }
    head.level = Some(level);
    head.after = word.end;
    head.word = word;
    head.between = head.between || bare;
    Some(())
}

/// The first of java.util.logging's two lines: `Nov 22, 2026 2:18:32 PM org.x.Y method`.
fn java_util(line: &[u8], from: usize) -> Option<Head> {
    let rest = line.get(from..)?;
    let (left, ()) = time::month_first(rest).ok()?;
    let end = line.len() - left.len();
    let (_, name) = class(left).ok().filter(|(_, name)| name.contains(&b'.'))?;
    let logger = end + 1..end + 1 + name.len();
    Some(Head {
        time: Some(from..end),
        logger: Some(logger),
        word: end..end,
        after: line.len(),
        kind: Kind::JavaUtil,
        ..Head::default()
    })
}

fn class(i: &[u8]) -> IResult<&[u8], &[u8]> {
    delimited(tag(" "), take_while1(|b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$')), blanks)
        .parse(i)
}
