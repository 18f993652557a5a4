//! Puts rotated files of one log next to each other, oldest first, and numbers the sources.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::input::rotate::{self, Age};
use crate::input::{Compression, Origin, Skipped, Source, decode};

/// Where a file stands among rotated ones.
pub(in crate::input) struct Place {
    /// Directory and name of the log: the same for all its files.
    log: (PathBuf, String),
    age: Age,
}

impl Place {
    /// By the name of a regular file.
    pub(in crate::input) fn of(path: &Path) -> Option<Self> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (base, age) = rotate::place(&path.file_name()?.to_string_lossy());
        Some(Self { log: (fs::canonicalize(parent).unwrap_or_else(|_| parent.into()), base), age })
    }

    /// By the name of a file in an archive.
    #[cfg(feature = "archives")]
    pub(in crate::input) fn of_member(name: &str) -> Self {
        let (parent, file) = name.rsplit_once('/').unwrap_or(("", name));
        let (base, age) = rotate::place(file);
        Self { log: (parent.into(), base), age }
    }
}

/// Gives the first text of a source.
type Head<'h> = &'h dyn Fn(&Source) -> Option<Vec<u8>>;

/// A file of a series.
type Member = (Age, Source);

/// The sources in their order, with numbers of their series, and those that are packed copies of others.
///
/// `head` gives the first text of one.
pub(in crate::input) fn arrange(found: Vec<(Source, Option<Place>)>, head: Head<'_>) -> (Vec<Source>, Vec<Skipped>) {
    // One slot for each log, in the order in which they were met first.
    let mut slots: Vec<(bool, Vec<Member>)> = Vec::new();
    let mut logs: BTreeMap<(PathBuf, String), usize> = BTreeMap::new();
    for (source, place) in found {
        // `taskmanager.1`, `taskmanager.2` are rotated only if there is a `taskmanager`: they may be two TaskManagers.
        let bare = place.as_ref().is_none_or(|p| p.age == Age::Current || p.log.1.contains('.'));
        let (slot, age) = match place {
            Some(Place { log, age }) => (*logs.entry(log).or_insert(slots.len()), age),
            None => (slots.len(), Age::Current),
        };
        match slots.get_mut(slot) {
            Some((sure, members)) => {
                *sure |= bare;
                members.push((age, source));
            }
            None => slots.push((bare, vec![(age, source)])),
        }
    }

    let (mut sources, mut copies) = (Vec::<Source>::new(), Vec::new());
    let mut series = 0;
    for (sure, members) in slots {
        let members = if sure { in_order(members, &mut copies, head) } else { members };
        let number = (sure && members.len() > 1).then_some(series);
        series += u32::from(number.is_some());
        for (_, source) in members {
            sources.push(Source { series: number, ..source });
        }
    }
    (sources, copies)
}

/// Oldest first, without the packed copies.
fn in_order(mut members: Vec<Member>, copies: &mut Vec<Skipped>, head: Head<'_>) -> Vec<Member> {
    if members.len() < 2 {
        return members;
    }
    members.sort_by_cached_key(|(age, source)| {
        (age.clone(), source.compression == Compression::None, source.name.clone())
    });
    let mut kept: Vec<Member> = Vec::new();
    // From the end: the unpacked one of the same age comes before the packed one.
    for member in members.into_iter().rev() {
        match kept.last() {
            Some((age, plain)) if *age == member.0 && is_copy(&member.1, plain, head) => {
                copies.push(Skipped { path: member.1.name, reason: format!("a packed copy of {}", plain.name) });
            }
            _ => kept.push(member),
        }
    }
    kept.reverse();

    let numbered = |member: &Member| matches!(member.0, Age::Numbered(_));
    let first = kept.iter().position(numbered).unwrap_or(0);
    let count = kept.iter().filter(|m| numbered(m)).count();
    if let Some(slice) = kept.get_mut(first..first + count)
        && count > 1
        && rotate::counts_up(slice.iter().filter_map(|m| numbered_stamp(m, head)).collect())
    {
        slice.reverse();
    }
    kept
}

/// True if `packed`, met in a directory, begins as `plain` does: what an interrupted rotation leaves behind, or `gzip -k`.
fn is_copy(packed: &Source, plain: &Source, head: Head<'_>) -> bool {
    let packs = packed.compression != Compression::None && plain.compression == Compression::None;
    let same = |packed: Vec<u8>, plain: &[u8]| !packed.is_empty() && plain.starts_with(&packed);
    packs && !packed.explicit && head(packed).zip(head(plain)).is_some_and(|(packed, plain)| same(packed, &plain))
}

/// Number and first time stamp of a numbered file.
fn numbered_stamp((age, source): &Member, head: Head<'_>) -> Option<(u64, Vec<u8>)> {
    let Age::Numbered(Reverse(number)) = age else { return None };
    Some((*number, rotate::stamp(&head(source)?)?))
}

/// The first text of a regular file.
pub(super) fn head(source: &Source) -> Option<Vec<u8>> {
    let Origin::File(path) = &source.origin else { return None };
    decode::head(path).ok()?.1.ok()
}
