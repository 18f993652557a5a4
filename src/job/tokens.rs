//! SQL as tokens: names, strings, signs. Comments are left out; hints (`/*+ ... */`) too.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while1};
use nom::character::complete::{anychar, multispace1, not_line_ending};
use nom::combinator::{map, recognize, value};
use nom::{IResult, Parser};

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A bare word: a keyword, a name, a number.
    Word,
    /// A quoted name, without its quotation marks.
    Name(String),
    /// A string literal, without its quotation marks.
    Text(String),
    /// Any other sign.
    Sign(char),
}

/// One token and its bytes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

/// Why a text is no sequence of tokens: the byte where it begins to be none, and what is open there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Byte.
    pub at: usize,
    /// In words.
    pub what: &'static str,
}

impl Token {
    /// It is this keyword.
    pub fn is(&self, text: &str, word: &str) -> bool {
        self.kind == Kind::Word && text.get(self.start..self.end).is_some_and(|w| w.eq_ignore_ascii_case(word))
    }

    /// It is this sign.
    pub fn sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// Its text as a name or a value.
    pub fn text<'t>(&'t self, text: &'t str) -> Option<&'t str> {
        match &self.kind {
            Kind::Word => text.get(self.start..self.end),
            Kind::Name(name) | Kind::Text(name) => Some(name),
            Kind::Sign(_) => None,
        }
    }
}

/// Splits a text.
pub fn tokens(text: &str) -> Result<Vec<Token>, Open> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        let what = if rest.starts_with("/*") {
            "a comment that does not end"
        } else if rest.starts_with('`') {
            "a quoted name that does not end"
        } else {
            "a string that does not end"
        };
        let (after, kind) = token(rest).map_err(|_| Open { at: start, what })?;
        if let Some(kind) = kind {
            found.push(Token { kind, start, end: text.len() - after.len() });
        }
        rest = after;
    }
    Ok(found)
}

fn token(input: &str) -> IResult<&str, Option<Kind>> {
    if input.starts_with('\'') {
        return map(|i| quoted(i, '\''), |s| Some(Kind::Text(s))).parse(input);
    }
    if input.starts_with('`') {
        return map(|i| quoted(i, '`'), |s| Some(Kind::Name(s))).parse(input);
    }
    if input.starts_with('"') {
        return map(|i| quoted(i, '"'), |s| Some(Kind::Name(s))).parse(input);
    }
    if input.starts_with("/*") {
        return value(None, (tag("/*"), take_until("*/"), tag("*/"))).parse(input);
    }
    alt((
        value(None, multispace1),
        value(None, recognize((tag("--"), not_line_ending))),
        value(Some(Kind::Word), take_while1(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))),
        map(anychar, |c| Some(Kind::Sign(c))),
    ))
    .parse(input)
}

/// Between two marks; the mark itself is written twice.
fn quoted(input: &str, mark: char) -> IResult<&str, String> {
    let fault = || nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Char));
    let mut out = String::new();
    let mut rest = input.strip_prefix(mark).ok_or_else(fault)?;
    loop {
        let (before, after) = rest.split_once(mark).ok_or_else(fault)?;
        out.push_str(before);
        match after.strip_prefix(mark) {
            Some(again) => {
                out.push(mark);
                rest = again;
            }
            None => return Ok((after, out)),
        }
    }
}
