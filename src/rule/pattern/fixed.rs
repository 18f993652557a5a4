//! Fixed texts that every match of a pattern holds, or begins with.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{MIN_LITERAL, rarity};

/// Most alternatives of fixed text for one pattern.
const MAX_ALTERNATIVES: usize = 24;

/// Fixed texts of which at least one stands in every match; `None` if there is no such set.
pub(super) fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(lit) => one(String::from_utf8(lit.0.to_vec()).ok()?),
        HirKind::Capture(c) => required(&c.sub),
        HirKind::Repetition(r) if r.min >= 1 => required(&r.sub),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part)?);
            }
            all.sort();
            all.dedup();
            (all.len() <= MAX_ALTERNATIVES).then_some(all)
        }
        _ => None,
    }
}

/// Texts of which one stands at the beginning of a line, behind white space at most, wherever the pattern matches.
pub(super) fn starts(hir: &Hir) -> Option<Vec<String>> {
    let parts = match hir.kind() {
        HirKind::Capture(c) => return starts(&c.sub),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(starts(part)?);
            }
            return Some(all);
        }
        HirKind::Concat(parts) => parts,
        _ => return None,
    };
    let (first, rest) = parts.split_first()?;
    if !matches!(first.kind(), HirKind::Look(Look::Start | Look::StartLF)) {
        return None;
    }
    let blank = |part: &&Hir| match part.kind() {
        HirKind::Repetition(r) => matches!(r.sub.kind(), HirKind::Class(class) if white(class)),
        _ => false,
    };
    heads(rest.iter().find(|part| !blank(part))?)
}

/// The fixed texts that something begins with, one of them; none is empty.
fn heads(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(lit) => Some(vec![String::from_utf8(lit.0.to_vec()).ok()?]).filter(|t| t != &[""]),
        HirKind::Capture(c) => heads(&c.sub),
        HirKind::Concat(parts) => heads(parts.first()?),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(heads(part)?);
            }
            Some(all)
        }
        _ => None,
    }
}

/// The class holds nothing but white space.
fn white(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.iter().all(|r| (r.start()..=r.end()).all(char::is_whitespace)),
        Class::Bytes(class) => class.iter().all(|r| (r.start()..=r.end()).all(|b| b.is_ascii_whitespace())),
    }
}

fn one(text: String) -> Option<Vec<String>> {
    (text.len() >= MIN_LITERAL).then(|| vec![text])
}

fn concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut run = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(lit) => match std::str::from_utf8(&lit.0) {
                Ok(text) => run.push_str(text),
                Err(_) => flush(&mut run, &mut best),
            },
            HirKind::Class(class) => match folded(class) {
                Some(c) => run.push(c),
                None => flush(&mut run, &mut best),
            },
            HirKind::Look(_) => {}
            _ => {
                flush(&mut run, &mut best);
                if let Some(set) = required(part) {
                    better(&mut best, set);
                }
            }
        }
    }
    flush(&mut run, &mut best);
    best
}

/// The lower-case letter of a class that is one ASCII letter in both cases and nothing else: `[Uu]` from `(?i)u`.
/// (`k` and `s` have a third form outside ASCII, and break the text.)
fn folded(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut chars = class.iter().flat_map(|r| r.start()..=r.end());
    let (upper, lower, end) = (chars.next()?, chars.next()?, chars.next());
    (end.is_none() && upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower).then_some(lower)
}

fn flush(run: &mut String, best: &mut Option<Vec<String>>) {
    if let Some(set) = one(std::mem::take(run)) {
        better(best, set);
    }
}

fn better(best: &mut Option<Vec<String>>, set: Vec<String>) {
    let score = |s: &[String]| (rarity(s), usize::MAX - s.len());
    if best.as_ref().is_none_or(|b| score(&set) > score(b)) {
        *best = Some(set);
    }
}
