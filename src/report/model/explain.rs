//! A rule becomes an explanation.

use super::describe;
use super::incident::confidence;
use crate::diagnosis::Params;
use crate::report::explanation::{Appearance, Explanation};
use crate::rule::{Entry, Role, RuleSet};

/// Most ways to read that are listed.
const MOST: usize = 12;

/// Explains a rule; `None` if no rule has the id. Retired ids are followed.
#[must_use]
pub fn explain(rules: &RuleSet, id: &str, params: &Params) -> Option<Explanation> {
    let rule = rules.get(id)?;
    let index = rules.index_of(id)?;
    let mut seen_as: Vec<Appearance> = Vec::new();
    let mut translations = 0;
    for alternative in &rule.alternatives_of_match {
        if alternative.english.is_some() {
            translations += 1;
            continue;
        }
        let entry = alternative.entry.as_ref().or_else(|| alternative.sequence.as_ref().and_then(|s| s.steps.last()));
        let Some(text) = entry.and_then(appearance) else { continue };
        if seen_as.len() < MOST && !seen_as.iter().any(|a| a.text == text) {
            seen_as.push(Appearance { text, confidence: confidence(alternative.confidence) });
        }
    }
    let titled = |ids: &[String]| {
        ids.iter().filter_map(|id| Some((id.clone(), rules.get(id)?.title.clone()))).collect::<Vec<_>>()
    };
    let symptoms: Vec<String> =
        rule.leads_to.iter().filter(|l| rules.get(l).is_some_and(|r| r.role == Role::Symptom)).cloned().collect();
    let mut related: Vec<String> = rule.alternatives.iter().chain(&rule.masks).cloned().collect();
    related.extend(rule.leads_to.iter().filter(|l| !symptoms.contains(l)).cloned());
    related.dedup();
    Some(Explanation {
        role: match rule.role {
            Role::Cause => "cause",
            Role::Symptom => "symptom",
            Role::Noise => "noise",
        }
        .to_owned(),
        rule: describe(rules, id, params)?,
        seen_as,
        translations,
        buried_under: titled(&symptoms),
        suspects: titled(&rule.suspects),
        related,
        source: rules.texts(index).source,
    })
}

/// The words of an entry as a person would look for them.
fn appearance(entry: &Entry) -> Option<String> {
    let pattern = entry.message.as_ref().or(entry.log.as_ref());
    match pattern {
        Some(pattern) => Some(words(&pattern.text)).filter(|w| w.chars().any(char::is_alphabetic)),
        None => entry.exception.as_ref().or(entry.raw_exception.as_ref()).map(|g| g.text.clone()),
    }
}

/// A pattern without its signs: groups become `…`, the first of alternatives is shown.
fn words(pattern: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::words;

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
}
