//! Where things stand in a rule file, for problems that are found later than by reading it.

use std::sync::Arc;

use crate::diagnostic::SourceText;
use crate::rule::raw::RawRule;
use crate::rule::yaml;

/// Place of the example with this index; the beginning of the file if there is none.
#[must_use]
pub fn example(source: &Arc<SourceText>, index: usize) -> (usize, usize) {
    let raw: Option<RawRule> = yaml::read(source).ok();
    let log = raw.as_ref().and_then(|raw| raw.examples.get(index)).and_then(|e| e.value.log.as_ref());
    log.map_or((0, 1), |log| yaml::inside(source, log, 0, log.value.trim_end().len()))
}

/// Place of what the entry of `match` with this index looks for: its pattern, or the last step of its sequence.
#[must_use]
pub fn entry(source: &Arc<SourceText>, index: usize) -> (usize, usize) {
    let raw: Option<RawRule> = yaml::read(source).ok();
    let Some(found) = raw.as_ref().and_then(|raw| raw.matches.get(index)) else { return (0, 1) };
    let last = found.value.sequence.last().unwrap_or(found);
    let e = &last.value;
    let text = [&e.message, &e.log, &e.exception, &e.raw_exception, &e.logger].into_iter().flatten().next();
    text.map_or_else(|| yaml::span(last), yaml::span)
}
