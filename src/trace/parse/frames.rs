//! One stack frame: `at loader//module@1/a.b.C.method(C.java:10) ~[artifact:version]`.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

use super::super::Frame;

/// Longest text between the brackets of a frame.
const LONGEST_SOURCE: usize = 256;

/// A frame cut into its texts.
pub(super) struct Parts<'t> {
    target: &'t str,
    source: &'t str,
    jar: Option<&'t str>,
}

/// Parses one frame; leading blanks and anything behind it do not matter.
#[must_use]
pub fn frame(line: &str) -> Option<Frame<'_>> {
    let (_, parts) = at_frame(line).ok()?;
    let name = unprefixed(parts.target);
    let dot = name.rfind('.')?;
    let (file, line) = match parts.source {
        "Native Method" | "Unknown Source" | "<generated>" | "<unknown>" | "" => (None, None),
        source => match source.rsplit_once(':') {
            Some((file, number)) => (Some(file), number.parse().ok()),
            None => (Some(source), None),
        },
    };
    let artifact = parts
        .jar
        .map(|jar| jar.rsplit_once(':').map_or(jar, |(name, _)| name))
        .filter(|a| !matches!(*a, "?" | "na" | ""));
    Some(Frame { class: name.get(..dot)?, method: name.get(dot + 1..)?, file, line, artifact })
}

/// `at target(source) ~[jar:version]`, leaving what follows.
pub(super) fn at_frame(i: &str) -> IResult<&str, Parts<'_>> {
    let (i, _) = (space0, tag("at "), space0).parse(i)?;
    let (i, target) = target(i)?;
    let (i, source) = source(i)?;
    let (i, jar) = opt(preceded(
        (space0, opt(char('~'))),
        delimited(char('['), take_while1(|c: char| !matches!(c, ']' | '[' | '\n')), char(']')),
    ))
    .parse(i)?;
    Ok((i, Parts { target, source, jar }))
}

/// A dotted name, with loaders, modules, lambdas and `<init>`.
fn target(i: &str) -> IResult<&str, &str> {
    let part = |c: char| {
        c.is_alphanumeric()
            || matches!(c, '.' | '_' | '$' | '/' | '@' | '-' | '<' | '>' | '+' | '=' | '#' | '~' | '%' | ':')
    };
    verify(take_while1(part), |t: &str| t.contains('.') && !t.ends_with('.')).parse(i)
}

/// `(File.java:10)`, with anything short between the brackets.
fn source(i: &str) -> IResult<&str, &str> {
    let inner = verify(take_while(|c: char| !matches!(c, ')' | '(' | '\n')), |s: &str| s.len() <= LONGEST_SOURCE);
    delimited(char('('), inner, char(')')).parse(i)
}

/// A frame in the middle of a line, where its source must look like one.
pub(super) fn flat_frame(i: &str) -> bool {
    i.strip_prefix("at ").is_some_and(|i| sourced(i).is_ok())
}

/// A frame whose `at` was lost: a name and its source, and nothing else but a jar on the line.
#[must_use]
pub fn is_bare_frame(line: &str) -> bool {
    let packaged = line.starts_with(|c: char| c.is_ascii_lowercase());
    packaged
        && sourced(line)
            .is_ok_and(|(rest, ())| matches!(rest.trim_start().as_bytes().first(), None | Some(b'~' | b'[')))
}

/// `a.b.C.method(C.java:10)`, leaving what follows.
fn sourced(i: &str) -> IResult<&str, ()> {
    let file = map(
        (
            take_while1(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-')),
            char('.'),
            recognize(pair(alt((tag("java"), tag("scala"), tag("kt"), tag("groovy"))), opt((char(':'), digit1)))),
        ),
        |_| (),
    );
    let known = map(alt((tag("Native Method"), tag("Unknown Source"), tag("<generated>"))), |_| ());
    delimited((target, char('(')), alt((known, file)), char(')')).parse(i)
}

/// `... 36 more`, `... 22 common frames omitted`.
pub(super) fn omitted(i: &str) -> IResult<&str, ()> {
    map(
        (
            tag("..."),
            space1,
            digit1,
            space1,
            alt((tag("more"), tag("common frames omitted"), tag("common frames truncated"), tag("frames truncated"))),
        ),
        |_| (),
    )
    .parse(i)
}

/// Takes loader and module off: `app//org.x.Y.z`, `java.base@17/java.lang.Thread.run`. A lambda's address is part of its name.
fn unprefixed(target: &str) -> &str {
    let mut name = target;
    while let Some((before, after)) = name.split_once('/') {
        if after.starts_with("0x") || before.contains("$$") {
            break;
        }
        name = after;
    }
    name
}
