//! The clocks of several sources: which can be compared, and how.
//!
//! Flink prints local time without a zone, PostgreSQL prints a zone. Times with a zone compare with each other, and so do those
//! without one (logs of one cluster). Between the two stands an unknown offset; it is learned from an event that logs of both kinds
//! show, the same words of the server seen from either side. Zones are whole quarters of an hour apart, so what is left over is how
//! late the client wrote it down. Where nothing is found, the order across the two kinds is not used.

use std::collections::BTreeMap;

use crate::engine::facts::{EventKind, SourceFacts};
use crate::record::Timestamp;

/// Seconds of the steps between zones.
const QUARTER: i64 = 900;
/// Largest offset from UTC.
const FARTHEST: i64 = 14 * 3600;
/// Seconds by which the client may have written an event down before the server did (clocks differ), and after.
const EARLY: i64 = 15;
const LATE: i64 = 60;
/// Shorter texts are no event to tell two logs by.
const SHORTEST: usize = 12;

/// What was found about the clocks of the sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Sources whose offset was learned.
    pub aligned: Vec<Aligned>,
    /// Sources that print no zone and show failures beside others that print one, and could not be aligned.
    pub unknown: Vec<usize>,
}

/// A source without a zone, aligned with one that has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aligned {
    /// The source without a zone.
    pub source: usize,
    /// Seconds east of UTC of its clock.
    pub offset: i32,
    /// The other source.
    pub other: usize,
    /// Offset that the other one prints.
    pub other_offset: i32,
    /// The words that both show.
    pub text: String,
    /// Line in the source, and in the other one.
    pub lines: (u64, u64),
}

/// How a source prints times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zoned,
    Bare,
    None,
}

fn kind(source: &SourceFacts) -> Kind {
    match source.last_time.or(source.first_time) {
        Some(time) if time.has_date => {
            if time.offset.is_some() {
                Kind::Zoned
            } else {
                Kind::Bare
            }
        }
        _ => Kind::None,
    }
}

/// Times at which a text was logged, and the line of the first.
type Seen = (Vec<Timestamp>, u64);

/// Gives sources without a zone the offset that events shared with the others tell.
pub fn align(sources: &mut [SourceFacts]) -> Clocks {
    let mut clocks = Clocks::default();
    for source in sources.iter_mut() {
        if let Some(offset) = source.zone {
            set(source, offset);
        }
    }
    let of = |wanted: Kind| -> Vec<usize> {
        sources.iter().enumerate().filter(|(_, s)| kind(s) == wanted).map(|(i, _)| i).collect()
    };
    let (zoned, bare) = (of(Kind::Zoned), of(Kind::Bare));
    if zoned.is_empty() || bare.is_empty() {
        return clocks;
    }
    let texts: Vec<BTreeMap<String, Seen>> = sources.iter().map(texts).collect();
    for own in &bare {
        let found = zoned.iter().filter_map(|other| offset(&texts, *own, *other)).max_by_key(|(votes, _)| *votes);
        clocks.aligned.extend(found.map(|(_, aligned)| aligned));
    }
    // logs of one cluster that print no zone were taken to agree before, and are here
    let common = clocks.aligned.first().map(|a| a.offset).filter(|o| clocks.aligned.iter().all(|a| a.offset == *o));
    for index in bare {
        let learned = clocks.aligned.iter().find(|a| a.source == index).map(|a| a.offset).or(common);
        let Some(source) = sources.get_mut(index) else { continue };
        match learned {
            Some(offset) => set(source, offset),
            None if fails(source) => clocks.unknown.push(index),
            None => {}
        }
    }
    if !zoned.iter().any(|i| sources.get(*i).is_some_and(fails)) {
        clocks.unknown.clear();
    }
    clocks
}

/// The parts of a group whose times can be compared. Sources without any time go with the first part.
#[must_use]
pub fn parts(sources: &[SourceFacts], members: &[usize]) -> Vec<Vec<usize>> {
    let of = |wanted: Kind| -> Vec<usize> {
        members.iter().copied().filter(|i| sources.get(*i).is_some_and(|s| kind(s) == wanted)).collect()
    };
    if of(Kind::Zoned).is_empty() || of(Kind::Bare).is_empty() {
        return vec![members.to_vec()];
    }
    let mut first = of(Kind::Bare);
    first.extend(of(Kind::None));
    first.sort_unstable();
    vec![first, of(Kind::Zoned)]
}

fn fails(source: &SourceFacts) -> bool {
    source.events.iter().any(|e| matches!(e.kind, EventKind::Matched(_) | EventKind::Unknown(_)))
}

/// What was said, by the words behind the server's severity or the throwable's class.
fn texts(source: &SourceFacts) -> BTreeMap<String, Seen> {
    const SEVERITIES: [&str; 10] =
        ["FATAL:", "ERROR:", "PANIC:", "ВАЖНО:", "ОШИБКА:", "致命错误:", "错误:", "FEHLER:", "ERREUR :", "エラー:"];
    let mut found: BTreeMap<String, Seen> = BTreeMap::new();
    let mut add = |line: &str, number: u64, times: [Option<Timestamp>; 2]| {
        let behind = SEVERITIES.iter().filter_map(|s| Some(line.rfind(s)? + s.len())).max();
        let text = behind.or_else(|| class(line)).and_then(|at| line.get(at..)).unwrap_or("").trim();
        if text.len() >= SHORTEST {
            let seen = found.entry(text.to_owned()).or_insert_with(|| (Vec::new(), number));
            seen.0.extend(times.into_iter().flatten().filter(|t| t.has_date));
        }
    };
    for event in &source.events {
        let times = [event.time, event.last_time.filter(|t| Some(*t) != event.time)];
        match &event.kind {
            EventKind::Matched(matched) => {
                for one in &matched.matches {
                    for (n, line) in (0..).zip(one.evidence.text.lines()) {
                        add(line, one.evidence.line + n, times);
                    }
                }
                for link in &matched.links {
                    add(&link.text, link.line, times);
                }
            }
            EventKind::Unknown(unknown) => {
                for line in unknown.evidence.text.lines() {
                    add(line, unknown.evidence.line, times);
                }
            }
            _ => {}
        }
    }
    for (times, _) in found.values_mut() {
        times.sort();
        times.dedup();
    }
    found
}

/// Where the message begins behind a throwable's class.
fn class(line: &str) -> Option<usize> {
    let bare = line.trim_start();
    let bare = bare.strip_prefix("Caused by: ").unwrap_or(bare);
    let (name, message) = bare.split_once(": ")?;
    (name.contains('.') && !name.contains([' ', '"', '/'])).then(|| line.len() - message.len())
}

/// The offset of `own` that most of the events shared with `other` agree on, and how many do.
fn offset(texts: &[BTreeMap<String, Seen>], own: usize, other: usize) -> Option<(usize, Aligned)> {
    let (mine, theirs) = (texts.get(own)?, texts.get(other)?);
    let mut votes: BTreeMap<i64, (usize, i64, &str)> = BTreeMap::new();
    for (text, (times, _)) in mine {
        let Some((there, _)) = theirs.get(text) else { continue };
        // a name or a number in it makes it the same user's, or the same process's
        let weight = if text.contains('"') || text.bytes().any(|b| b.is_ascii_digit()) { 2 } else { 1 };
        for (a, b) in times.iter().flat_map(|a| there.iter().map(move |b| (a, b))) {
            let apart = a.seconds.saturating_sub(b.instant());
            let quarters = apart.saturating_add(EARLY).div_euclid(QUARTER);
            let late = apart - quarters * QUARTER;
            if late <= LATE && (quarters * QUARTER).abs() <= FARTHEST {
                let vote = votes.entry(quarters * QUARTER).or_insert((0, late.abs(), text));
                vote.0 += weight;
                if late.abs() < vote.1 {
                    (vote.1, vote.2) = (late.abs(), text);
                }
            }
        }
    }
    let (offset, (count, _, text)) = votes.into_iter().max_by_key(|(_, (n, late, _))| (*n, -late))?;
    let (seen, there) = (mine.get(text)?, theirs.get(text)?);
    let aligned = Aligned {
        source: own,
        offset: i32::try_from(offset).ok()?,
        other,
        other_offset: there.0.first().and_then(|t| t.offset)?,
        text: text.to_owned(),
        lines: (seen.1, there.1),
    };
    Some((count, aligned))
}

/// Says of all times of a source in which zone they are.
fn set(source: &mut SourceFacts, offset: i32) {
    let give = |time: &mut Option<Timestamp>| {
        if let Some(time) = time.as_mut().filter(|t| t.has_date && t.offset.is_none()) {
            time.offset = Some(offset);
        }
    };
    give(&mut source.first_time);
    give(&mut source.last_time);
    for event in &mut source.events {
        give(&mut event.time);
        give(&mut event.last_time);
    }
    source.steps.iter_mut().for_each(|hit| give(&mut hit.time));
    if let Some((_, time, _)) = &mut source.checkpoint {
        give(time);
    }
}
