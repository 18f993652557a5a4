//! Globs that the shell did not expand: quoted ones, and those of shells that expand none.

use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use walkdir::WalkDir;

use super::Limits;

/// What is wrong with a pattern, and what to do.
type Wrong = (String, Option<String>);

/// True if `name` has a character that only a glob has.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// The paths that fit, in the order of their names. As in a shell, `*` does not cross a `/` and does not stand for a leading dot;
/// `**` crosses directories.
///
/// # Errors
/// The pattern is malformed, or nothing fits it.
pub(super) fn expand(pattern: &Path, limits: Limits) -> Result<Vec<PathBuf>, Wrong> {
    let magic = |part: &Component<'_>| is_pattern(&part.as_os_str().to_string_lossy());
    let fixed: PathBuf = pattern.components().take_while(|part| !magic(part)).collect();
    let rest: PathBuf = pattern.components().skip_while(|part| !magic(part)).collect();
    let text = rest.to_string_lossy();
    let glob = GlobBuilder::new(&text).literal_separator(true).build();
    let matcher =
        glob.map_err(|e| (format!("is not a file and not a pattern ({})", e.kind()), None))?.compile_matcher();

    let here = Path::new(".");
    let root = if fixed.as_os_str().is_empty() { here } else { &fixed };
    if !root.exists() {
        return Err(("no such file".into(), Some(format!("there is no directory {}", root.display()))));
    }
    let depth = if text.contains("**") { limits.depth } else { rest.components().count() };
    let dotted = text.starts_with('.') || text.contains("/.");
    let fitting: Vec<PathBuf> = WalkDir::new(root)
        .min_depth(1)
        .max_depth(depth)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || dotted || !entry.file_name().to_string_lossy().starts_with('.'))
        .flatten()
        .filter_map(|entry| entry.path().strip_prefix(root).ok().map(Path::to_owned))
        .filter(|below| matcher.is_match(below))
        .take(limits.files)
        .map(|below| fixed.join(below))
        .collect();
    if fitting.is_empty() {
        return Err(("no file fits this pattern".into(), Some(format!("looked in {}", root.display()))));
    }
    Ok(fitting)
}
