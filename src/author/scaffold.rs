//! `rules new`: an exception that no rule knows becomes a rule file with its example, ready to be written to the end.
//!
//! What can be known is filled in: the class, the pattern with its captures, the example and the place of a near miss. What only a
//! person knows says `TODO`, which `rules check` reports until it is gone (`RB018`).

use std::sync::Arc;

use super::generalise;
use super::sample::Log;
use crate::diagnosis::{self, UnknownGroup};
use crate::engine::facts::{EventKind, SourceFacts};
use crate::engine::{Engine, secrets};
use crate::pipeline::Pipeline;
use crate::rule::plain::{likeness, vocabulary};
use crate::rule::{Pattern, Role, RuleSet};

/// Most frames kept of one exception in an example.
const FRAMES: usize = 3;
/// Most lines of an example.
const LINES: usize = 40;

/// A rule that waits to be written to the end.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id, as given or made up of the class.
    pub id: String,
    /// The whole file.
    pub yaml: String,
    /// The pattern on the message, if it has fixed text enough.
    pub pattern: Option<String>,
    /// Log and line of the exception.
    pub at: (String, u64),
    /// Line of the last one, if it came again.
    pub again: Option<u64>,
    /// Rules near it: id, and how near.
    pub nearest: Vec<(String, String)>,
    /// Further exceptions of the log that no rule knows: log, line, class and message.
    pub others: Vec<(String, u64, String)>,
}

/// Why nothing can be drafted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nothing {
    /// The logs hold no exception that no rule knows.
    AllKnown,
    /// None stands at this line; these lines have one.
    NotThere(Vec<u64>),
}

/// Drafts a rule from the first unknown exception of the logs, or from the one whose record holds `line`.
///
/// # Errors
/// Why nothing can be drafted.
pub fn draft(rules: &Arc<RuleSet>, logs: &[Log], line: Option<u64>, id: Option<&str>) -> Result<Draft, Nothing> {
    let engine = Engine::new(Arc::clone(rules), true);
    let mut pipeline = Pipeline::with(Arc::new(engine));
    for log in logs {
        let source = pipeline.begin(&log.name, log.series);
        pipeline.push(source, &log.bytes);
        pipeline.end(source);
    }
    let facts = pipeline.facts().sources;
    let mut unknown = pipeline.diagnose(&diagnosis::Options::default()).unknown;
    if unknown.is_empty() {
        unknown = hidden(&facts);
    }
    let wanted = |u: &UnknownGroup| line.is_none_or(|l| lines_of(&facts, u).contains(&l));
    let Some(group) = unknown.iter().find(|u| wanted(u)) else {
        let lines: Vec<u64> = unknown.iter().map(|u| u.record_line).collect();
        return Err(if lines.is_empty() { Nothing::AllKnown } else { Nothing::NotThere(lines) });
    };
    let name = |u: &UnknownGroup| logs.get(u.source).map_or_else(String::new, |l| l.name.clone());
    let message = &group.unknown.message;
    let made = generalise::pattern(message, &rules.vocabulary);
    let pattern = Pattern::new(&made).ok().filter(|p| !p.literals.is_empty()).map(|_| made);
    let id = id.map_or_else(|| suggested(group), str::to_owned);
    let example = example(logs, &facts, group);
    let yaml = yaml(&id, group, pattern.as_deref(), &example);
    let mut others: Vec<_> = unknown
        .iter()
        .filter(|u| u.record_line != group.record_line || u.source != group.source)
        .map(|u| {
            let message: String = u.unknown.message.lines().next().unwrap_or("").chars().take(80).collect();
            (name(u), u.record_line, format!("{}: {message}", u.unknown.class))
        })
        .collect();
    others.truncate(20);
    Ok(Draft {
        id,
        yaml,
        pattern,
        at: (name(group), group.unknown.evidence.line),
        again: (group.last_line > group.record_line).then_some(group.last_line),
        nearest: nearest(rules, &facts, group),
        others,
    })
}

/// Unknown roots that a diagnosis leaves out, because it has a cause to tell.
fn hidden(facts: &[SourceFacts]) -> Vec<UnknownGroup> {
    let mut found = Vec::new();
    for (source, of) in facts.iter().enumerate() {
        for event in &of.events {
            let unknown = match &event.kind {
                EventKind::Unknown(unknown) => Some(unknown),
                EventKind::Matched(matched) => matched.unknown_root.as_ref(),
                _ => None,
            };
            let Some(unknown) = unknown else { continue };
            let known = |u: &UnknownGroup| u.unknown.fingerprint == unknown.fingerprint;
            if found.iter().any(known) {
                continue;
            }
            found.push(UnknownGroup {
                unknown: unknown.clone(),
                source,
                seq: event.seq,
                record_line: event.at.line,
                level: event.level,
                logger: event.logger.clone(),
                times: (event.time, event.last_time),
                last_line: event.last_line,
                kinds: std::collections::BTreeMap::new(),
                consequences: Vec::new(),
                ongoing: true,
                after_failure: false,
                group: 0,
            });
        }
    }
    found
}

/// Lines of the record in which the group was first seen.
fn lines_of(facts: &[SourceFacts], group: &UnknownGroup) -> std::ops::Range<u64> {
    let events = facts.get(group.source).map(|s| s.events.as_slice()).unwrap_or_default();
    let lines = events.iter().find(|e| e.at.line == group.record_line).map_or(1, |e| e.lines.max(1));
    group.record_line..group.record_line + lines
}

/// `local/illegal-state` of `java.lang.IllegalStateException`.
fn suggested(group: &UnknownGroup) -> String {
    let class = group.unknown.class.rsplit(['.', '$']).next().unwrap_or("failure");
    let short = class.strip_suffix("Exception").or(class.strip_suffix("Error")).filter(|s| !s.is_empty());
    let mut name = String::new();
    let mut lower = false;
    for c in short.unwrap_or(class).chars().filter(char::is_ascii_alphanumeric) {
        if c.is_ascii_uppercase() && lower {
            name.push('-');
        }
        lower = !c.is_ascii_uppercase();
        name.push(c.to_ascii_lowercase());
    }
    format!("local/{name}")
}

/// The record, secrets removed, long traces shortened.
fn example(logs: &[Log], facts: &[SourceFacts], group: &UnknownGroup) -> String {
    let Some(log) = logs.get(group.source) else { return String::new() };
    let range = lines_of(facts, group);
    let skip = usize::try_from(range.start.saturating_sub(1)).unwrap_or(usize::MAX);
    let take = usize::try_from(range.end - range.start).unwrap_or(1);
    let text = String::from_utf8_lossy(&log.bytes);
    let mut out = String::new();
    let (mut frames, mut lines) = (0, 0);
    for line in text.lines().skip(skip).take(take) {
        let frame = line.trim_start().starts_with("at ");
        frames = if frame { frames + 1 } else { 0 };
        if frames > FRAMES || lines >= LINES {
            continue;
        }
        lines += 1;
        let clean: String = line.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
        out.push_str(clean.trim_end());
        out.push('\n');
    }
    secrets::cut(&out, &mut std::collections::BTreeMap::new())
}

fn yaml(id: &str, group: &UnknownGroup, pattern: Option<&str>, example: &str) -> String {
    let class = &group.unknown.class;
    let entry = match pattern {
        Some(pattern) => format!("  - exception: {}\n    message: {}\n", quoted(class), quoted(pattern)),
        None => {
            // the message is no use: the exception and the first frame of somebody's own code must do
            let frame = group.unknown.frames.iter().find(|f| f.2).or(group.unknown.frames.first());
            let method = frame.and_then(|(_, text, _)| {
                let call = text.trim_start_matches("at ").split('(').next()?;
                let mut parts = call.rsplit('.');
                let (method, class) = (parts.next()?, parts.next()?);
                Some(format!("*{}.{}", class.split('$').next()?, method.split('$').next()?.to_owned() + "*"))
            });
            let frame = method.map(|m| format!("    frame: {}\n", quoted(&m))).unwrap_or_default();
            format!("  - exception: {}\n{frame}", quoted(class))
        }
    };
    let log: String = example.lines().map(|l| format!("      {l}\n")).collect();
    let miss = if pattern.is_some() {
        format!("{class}: TODO the nearest message that means something else")
    } else {
        "java.lang.IllegalArgumentException: TODO the nearest exception that means something else".to_owned()
    };
    format!(
        "# Every TODO is to be written; `cdc-doctor rules check` shows those that are left. The language: rules/README.md.\n\
         # The example is from a real log: replace names in it that must not leave your company.\n\
         id: {id}\n\
         title: TODO who cannot do what to which object\n\
         category: configuration   # TODO one of the categories; `rules schema` lists them\n\
         role: cause\n\
         impact: down\n\
         match:\n{entry}    confidence: likely\n\
         why: |\n  TODO three to six plain lines: what was being done, why it cannot, why the log looks like this.\n\
         checks:\n  - id: look\n    ask: TODO what settles whether it is this?\n    look: TODO where to look, or sql or shell in its place\n\
         fix:\n  - do: TODO what mends it.\n    owner: flink\n    then: [restart-job]\n\
         source:\n  - TODO how the text is known (a run, a file and version, a page of the documentation)\n\
         examples:\n  - log: |\n{log}  - log: |\n      {miss}\n    not: true\n"
    )
}

/// A YAML scalar in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Rules of the same record, and the one whose pattern the message is most like.
fn nearest(rules: &RuleSet, facts: &[SourceFacts], group: &UnknownGroup) -> Vec<(String, String)> {
    let mut near = Vec::new();
    let events = facts.get(group.source).map(|s| s.events.as_slice()).unwrap_or_default();
    for event in events.iter().filter(|e| e.at.line == group.record_line) {
        let EventKind::Matched(matched) = &event.kind else { continue };
        for m in &matched.matches {
            let role = rules.get(&m.rule).map(|r| r.role);
            let how = match role {
                Some(Role::Symptom) => "a symptom that matches the same record; it will fold under the new rule",
                Some(Role::Noise) => "calls the record harmless",
                _ => "matches the same record",
            };
            if !near.iter().any(|(id, _)| *id == m.rule) {
                near.push((m.rule.clone(), how.to_owned()));
            }
        }
    }
    let mut best: Option<(f64, &str)> = None;
    for rule in rules.rules().iter().filter(|r| !near.iter().any(|(id, _)| *id == r.id)) {
        let entries = rule.alternatives_of_match.iter().filter_map(|a| a.entry.as_ref());
        for pattern in entries.filter_map(|e| e.message.as_ref()) {
            let like = likeness(&vocabulary(&pattern.text), &group.unknown.message);
            if like > best.map_or(0.5, |b| b.0) {
                best = Some((like, rule.id.as_str()));
            }
        }
    }
    if let Some((_, id)) = best {
        near.push((id.to_owned(), "has words like it, and does not match".to_owned()));
    }
    near
}
