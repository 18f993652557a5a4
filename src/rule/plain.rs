//! Patterns as people would read them, and how much a text is like one.

use std::collections::BTreeSet;

/// A pattern without its signs: groups become `…`, the first of alternatives is shown.
#[must_use]
pub fn words(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.chars().peekable();
    let dots = |out: &mut String| {
        if !out.ends_with('…') {
            out.push('…');
        }
    };
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('d' | 'w' | 's' | 'S' | 'D' | 'W' | 'p') => dots(&mut out),
                Some('b' | 'B') | None => {}
                Some('n' | 't') => out.push(' '),
                Some(other) => out.push(other),
            },
            '(' => {
                let group = until_closed(&mut rest);
                let plain = group.strip_prefix("?:").unwrap_or(&group);
                if plain.starts_with("?<") || plain.starts_with("?P<") || plain.starts_with("?i)") {
                    dots(&mut out);
                } else if !plain.starts_with('?') {
                    let first = plain.split('|').next().unwrap_or("");
                    out.push_str(&words(first));
                }
            }
            '[' => {
                while rest.next_if(|n| *n != ']').is_some() {}
                rest.next();
                dots(&mut out);
            }
            '?' if out.ends_with('"') => {
                out.pop();
            }
            '{' => while rest.next().is_some_and(|n| n != '}') {},
            '.' => dots(&mut out),
            '*' | '+' | '?' | '^' | '$' => {}
            other => out.push(other),
        }
    }
    out.trim_matches(|c: char| c == '…' || c.is_whitespace()).to_owned()
}

fn until_closed(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut depth = 1;
    let mut group = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                group.push(c);
                group.extend(rest.next());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        group.push(c);
    }
    group
}

/// The words of a pattern, for [`likeness`].
#[must_use]
pub fn vocabulary(pattern: &str) -> BTreeSet<String> {
    tokens(&words(pattern)).map(str::to_lowercase).collect()
}

/// How much of `words` stands in a text, from 0 to 1; long words count for more.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "a share of some hundred letters")]
pub fn likeness(words: &BTreeSet<String>, text: &str) -> f64 {
    /// Longest text that is looked at.
    const MOST: usize = 4096;
    let all: usize = words.iter().map(String::len).sum();
    if all == 0 {
        return 0.0;
    }
    let text = text.get(..text.floor_char_boundary(MOST)).unwrap_or(text);
    let there: BTreeSet<String> = tokens(text).map(str::to_lowercase).collect();
    words.intersection(&there).map(String::len).sum::<usize>() as f64 / all as f64
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| w.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::{likeness, vocabulary, words};

    #[test]
    fn patterns_read_like_messages() {
        assert_eq!(
            words(r#"logical decoding requires "?wal_level"? >= "?logical"?"#),
            "logical decoding requires wal_level >= logical"
        );
        assert_eq!(
            words(r#"replication slot "(?<slot>[^"]+)" is active for PID (?<pid>\d+)"#),
            "replication slot \"…\" is active for PID"
        );
        assert_eq!(words("permission denied for (table|relation|view) (?<table>\\S+)"), "permission denied for table");
    }

    #[test]
    fn texts_are_more_or_less_like_a_pattern() {
        let pattern = vocabulary(r#"replication slot "(?<slot>[^"]+)" is active for PID (?<pid>\d+)"#);
        let same = likeness(&pattern, "ERROR: replication slot \"s\" is active for PID 7");
        let near = likeness(&pattern, "replication slot \"s\" does not exist");
        let far = likeness(&pattern, "Completed checkpoint 7");
        assert!(same > 0.99 && near > 0.5 && near < 0.9 && far < 0.1, "{same} {near} {far}");
    }
}
