//! How often checkpoints are taken, as far as statements say.

use super::{Finding, Seen, milliseconds, sources};
use crate::job::{Format, JobDefinition};
use crate::rule::Confidence;

/// Positions are confirmed with checkpoints. The cluster's own configuration, which is not seen, may switch them on.
pub(super) fn check(files: &[JobDefinition], sources: &[Seen<'_>], found: &mut Vec<Finding>) {
    let interval = "execution.checkpointing.interval";
    let set = files.iter().enumerate().find_map(|(n, f)| Some((n, f.setting(interval)?)));
    let off = |value: &str| value.trim().starts_with('0') && milliseconds(value).is_none_or(|ms| ms <= 0.0);
    let first = sources.iter().find(|s| s.endpoint.format == Format::FlinkSql);
    match (set, first) {
        (Some((file, setting)), Some(_)) if off(&setting.value) => {
            found.push(Finding::new("flink/checkpointing-disabled", Confidence::Likely, file, &setting.at).says(
                format!("{interval} is {}", setting.value),
                file,
                setting.at.line,
            ));
        }
        // the cluster's own configuration usually says it: that no statement does is worth a note
        _ => {}
    }
}

/// The first SQL file with a source (its index) and the line of that source, if no file says how often checkpoints are taken.
#[must_use]
pub fn without_checkpoints(files: &[JobDefinition]) -> Option<(usize, u64)> {
    if files.iter().any(|f| f.setting("execution.checkpointing.interval").is_some()) {
        return None;
    }
    sources(files).iter().find(|s| s.endpoint.format == Format::FlinkSql).map(|s| (s.file, s.endpoint.at.line))
}
