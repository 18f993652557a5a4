//! `postgresql.conf`: `name = value`, the last of a name wins, units, files that are included and not read.

use std::sync::Arc;

use super::{At, Format, JobDefinition, Setting, unreadable};
use crate::diagnostic::{Problem, SourceText};

pub(super) fn read(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let mut file = JobDefinition::new(source, Format::PostgresConf);
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let here = start + (line.len() - line.trim_start().len());
        start += line.len();
        let words = line.trim();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let split = words.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(words.len());
        let (key, rest) = words.split_at(split);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        if key.is_empty() || !key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            let place = Some((here, words.len(), "not name = value"));
            return Err(unreadable(source, "JD007", "a line of postgresql.conf has no name", place));
        }
        let Some(value) = value(rest) else {
            let place = Some((here, words.len(), "the ' is not closed"));
            return Err(unreadable(source, "JD007", "a value of postgresql.conf does not end", place));
        };
        let end = here + words.len();
        if ["include", "include_if_exists", "include_dir"].iter().any(|w| key.eq_ignore_ascii_case(w)) {
            file.includes.push(At::of(&source.text, here, end));
        } else {
            file.settings.push(Setting::new(&key.to_ascii_lowercase(), &value, &source.text, here, end));
        }
    }
    Ok(file)
}

/// A value up to its comment; quotation marks doubled or behind a backslash belong to it.
fn value(rest: &str) -> Option<String> {
    let Some(inner) = rest.strip_prefix('\'') else {
        return Some(rest.split('#').next().unwrap_or("").trim().to_owned());
    };
    let mut out = String::new();
    let mut letters = inner.chars().peekable();
    loop {
        match letters.next()? {
            '\'' if letters.peek() == Some(&'\'') => {
                letters.next();
                out.push('\'');
            }
            '\'' => return Some(out),
            '\\' => out.push(letters.next()?),
            c => out.push(c),
        }
    }
}

/// A number with a unit of time, in milliseconds; a bare number is in milliseconds already. `None` if it is none.
pub(super) fn milliseconds(value: &str) -> Option<f64> {
    let value = value.trim();
    let split = value.find(|c: char| c.is_alphabetic()).unwrap_or(value.len());
    let (number, unit) = value.split_at(split);
    let number: f64 = number.trim().parse().ok()?;
    let factor = match unit.trim() {
        "us" => 0.001,
        "" | "ms" => 1.0,
        "s" => 1_000.0,
        "min" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    Some(number * factor)
}

/// A size, in bytes; a bare number is in units of `unit` bytes. Negative numbers stand for no limit. `None` if it is none.
pub(super) fn bytes(value: &str, unit: f64) -> Option<f64> {
    let value = value.trim();
    let split = value.find(|c: char| c.is_alphabetic()).unwrap_or(value.len());
    let (number, word) = value.split_at(split);
    let number: f64 = number.trim().parse().ok()?;
    let kilo = 1024_f64;
    // PostgreSQL tells large letters from small ones here
    let factor = match word.trim() {
        "" => unit,
        "B" => 1.0,
        "kB" => kilo,
        "MB" => kilo.powi(2),
        "GB" => kilo.powi(3),
        "TB" => kilo.powi(4),
        _ => return None,
    };
    Some(number * factor)
}

/// A whole number; those in hexadecimal and octal too.
pub(super) fn integer(value: &str) -> Option<i64> {
    let value = value.trim();
    match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    }
}
