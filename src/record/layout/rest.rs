//! The rest of a header line, once it is known to be one: logger, thread and where the message begins.
//!
//! Nothing here decides whether a line is a header; an unfamiliar rest only means a message that begins right after the level.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::digit1;
use nom::combinator::{eof, opt, recognize, verify};
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};

use super::grammar::{Head, Kind, group};
use super::{Header, Layout};

/// What follows the level.
struct Rest {
    logger: Option<Range<usize>>,
    thread: Option<Range<usize>>,
    message: usize,
    dash: bool,
}

/// Makes the header of `line` out of what was found in its window.
pub(super) fn complete(line: &str, head: &Head) -> Header {
    let Head { time, level, thread, logger, word, .. } = head.clone();
    match head.kind {
        Kind::Postgres => Header { layout: Layout::Postgres, time, level, logger: None, thread, message: word.start },
        Kind::JavaUtil => Header { layout: Layout::Time, time, level, logger, thread, message: line.len() },
        Kind::Levelled => {
            let rest = after_level(line.as_bytes(), head.after, logger.is_some());
            let layout = layout_of(line, head, &rest);
            Header {
                layout,
                time,
                level,
                logger: rest.logger.or(logger),
                thread: thread.or(rest.thread),
                message: rest.message,
            }
        }
    }
}

fn layout_of(line: &str, head: &Head, rest: &Rest) -> Layout {
    let bracketed = head.word.end < head.after;
    let first = head.time.as_ref().and_then(|t| t.start.checked_sub(1)).and_then(|n| line.as_bytes().get(n));
    if !rest.dash || rest.logger.is_none() || bracketed || first == Some(&b'[') {
        return Layout::Time;
    }
    let dated = head.time.as_ref().is_some_and(|t| t.len() > 12);
    match (head.comma, dated) {
        (true, _) => Layout::Flink,
        (false, true) => Layout::Logback,
        (false, false) => Layout::Time,
    }
}

fn blanks(i: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|b| b == b' ' || b == b'\t').parse(i)
}

/// A logger name, perhaps with a line number: `o.a.f.Task`, `Foo:120`.
fn logger(i: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    let name = take_while1(|b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'/' | b'#' | b'@' | b'-') || b >= 0x80
    });
    let name = verify(name, |n: &[u8]| n.first().is_some_and(|b| !matches!(b, b'-' | b'.')));
    pair(name, recognize(opt(pair(tag(":"), digit1)))).parse(i)
}

/// ` - `, as all log4j and logback patterns of Flink have it (newer logback: ` -- `); the message keeps its own leading blanks.
fn dash(i: &[u8]) -> IResult<&[u8], &[u8]> {
    alt((tag("- "), tag("-- "), terminated(tag("-"), eof))).parse(i)
}

/// Groups and at most one word (`%X{sourceThread}`) between the logger and the dash.
fn to_dash(i: &[u8]) -> IResult<&[u8], ()> {
    let (mut i, _) = blanks(i)?;
    let mut words = 0;
    for _ in 0..6 {
        if let Ok((left, _)) = dash(i) {
            return Ok((left, ()));
        }
        let step: IResult<&[u8], &[u8]> = terminated(group, blanks).parse(i);
        if let Ok((left, _)) = step {
            i = left;
            continue;
        }
        let (left, _) = terminated(take_while1(|b: u8| !matches!(b, b' ' | b'\t')), blanks).parse(i)?;
        words += 1;
        if words > 1 {
            break;
        }
        i = left;
    }
    Err(nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Verify)))
}

/// Spring Boot's ` : `, or the dash.
fn separator(i: &[u8]) -> IResult<&[u8], bool> {
    // without the blank before it, the colon is the message's: `java.io.IOException: disk`
    let colon = preceded((tag(" "), blanks), alt((tag(": "), terminated(tag(":"), eof))));
    alt((colon.map(|_| false), to_dash.map(|()| true))).parse(i)
}

fn after_level(line: &[u8], from: usize, has_logger: bool) -> Rest {
    let place = |left: &[u8]| line.len() - left.len();
    let start = line.get(from..).unwrap_or(&[]);
    if let Some(rest) = piped(line, from).filter(|_| !has_logger) {
        return rest;
    }
    let (start, _) = take_while::<_, _, nom::error::Error<&[u8]>>(|b| matches!(b, b':' | b'|' | b',' | b']'))
        .parse(start)
        .unwrap_or((start, &[]));
    let (body, _) = blanks(start).unwrap_or((start, &[]));
    // `123 ---` of Spring Boot, then groups
    let (mut i, _) =
        opt((digit1::<_, nom::error::Error<&[u8]>>, blanks, tag("---"), blanks)).parse(body).unwrap_or((body, None));
    let mut thread = None;
    let mut class = None;
    while let Ok((left, inner)) = group(i) {
        let at = place(i) + 1;
        let (left, _) = blanks(left).unwrap_or((left, &[]));
        // Quarkus: `[logger] (thread) message`
        if let Ok((after, name)) = group(left)
            && i.first() == Some(&b'[')
            && left.first() == Some(&b'(')
            && dotted(inner)
        {
            let (after, _) = blanks(after).unwrap_or((after, &[]));
            let begins = place(left) + 1;
            return Rest {
                logger: Some(at..at + inner.len()),
                thread: Some(begins..begins + name.len()),
                message: place(after),
                dash: false,
            };
        }
        if class.is_none() && i.first() == Some(&b'[') && is_class(inner) {
            class = Some((at..at + inner.len(), place(left)));
        } else if thread.is_none() && !inner.is_empty() {
            thread = Some(at..at + inner.len());
        }
        i = left;
    }
    if let Ok((left, (name, _))) = logger(i)
        && let Ok((after, dash)) = separator(left)
    {
        let at = place(i);
        return Rest { logger: Some(at..at + name.len()), thread, message: place(after), dash };
    }
    let begin = |i: &[u8]| dash(i).map_or(place(i), |(left, _)| place(left));
    if has_logger {
        return Rest { logger: None, thread: None, message: begin(body), dash: true };
    }
    let (logger, thread) = match at_end(line) {
        // Kafka Connect says first which connector and task speaks: `[name|task-0] `
        Some(name)
            if name.start > place(i) && thread.as_ref().and_then(|t| line.get(t.clone())).is_some_and(of_connect) =>
        {
            return Rest { logger: Some(name), thread, message: place(i), dash: false };
        }
        Some(name) if name.start > place(body) => (Some(name), None),
        _ => (None, thread),
    };
    if let (None, Some((name, end))) = (&logger, class) {
        let (text, _) = dash(line.get(end..).unwrap_or(&[])).unwrap_or((line.get(end..).unwrap_or(&[]), &[]));
        return Rest { logger: Some(name), thread, message: place(text), dash: false };
    }
    let message = if dash(i).is_ok() { begin(i) } else { begin(body) };
    Rest { logger, thread, message, dash: false }
}

fn dotted(name: &[u8]) -> bool {
    name.contains(&b'.') && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'-'))
}

/// The name of a class with its package, as far as spelling tells; the package may be cut to letters.
fn is_class(name: &[u8]) -> bool {
    let mut parts = name.split(|b| *b == b'.').rev();
    let simple = parts.next().is_some_and(|p| p.first().is_some_and(u8::is_ascii_uppercase));
    simple && dotted(name) && parts.all(|p| p.first().is_some_and(u8::is_ascii_lowercase))
}

/// `connector|task-0` and `connector|worker` of Kafka Connect.
fn of_connect(group: &[u8]) -> bool {
    group
        .split(|b| *b == b'|')
        .nth(1)
        .is_some_and(|who| who.starts_with(b"task-") || who == b"worker" || who.starts_with(b"offsets"))
}

/// Fields between bars: ` | thread | logger | message`.
fn piped(line: &[u8], from: usize) -> Option<Rest> {
    let (mut at, mut thread) = (from, None);
    for _ in 0..4 {
        let rest = line.get(at..)?;
        let open = rest.iter().position(|b| *b != b' ')?;
        if rest.get(open) != Some(&b'|') {
            return None;
        }
        let start = at + open + 1;
        let length = memchr::memchr(b'|', line.get(start..)?.get(..160.min(line.len() - start))?)?;
        let field = line.get(start..start + length)?;
        let lead = field.iter().take_while(|b| **b == b' ').count();
        let inner = start + lead..start + lead + field.trim_ascii().len();
        let name = line.get(inner.clone())?.split(|b| *b == b':').next()?;
        if is_class(name) {
            let text = line.get(start + length + 1..)?;
            let message = start + length + 1 + usize::from(text.first() == Some(&b' '));
            return Some(Rest { logger: Some(inner.start..inner.start + name.len()), thread, message, dash: false });
        }
        thread.get_or_insert(inner);
        at = start + length;
    }
    None
}

/// Kafka Connect writes the logger last: `message (org.apache.kafka.Foo:120)` or `message   [io.debezium.Foo]`.
pub(super) fn at_end(line: &[u8]) -> Option<Range<usize>> {
    let body = line.trim_ascii_end();
    let open = match body.last()? {
        b')' => b'(',
        b']' => b'[',
        _ => return None,
    };
    let from = memchr::memrchr(open, body)? + 1;
    let inner = body.get(from..body.len() - 1)?;
    let name = inner.split(|b| *b == b':').next().filter(|n| dotted(n))?;
    Some(from..from + name.len())
}
