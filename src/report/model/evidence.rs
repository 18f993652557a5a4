//! Which lines prove it, and which only show how it surfaced.

use super::Maker;
use crate::diagnosis::{Incident, Occurrence, UnknownGroup};
use crate::report::{Evidence, Repeats};

/// Most pieces of evidence of one incident.
const MAX_EVIDENCE: usize = 6;

impl Maker<'_> {
    /// Server lines first (they decide), then the outermost wrapper of the decisive record, then the decisive line, then further
    /// kinds of records; the decisive one carries the repeats.
    pub(super) fn evidence(&self, incident: &Incident) -> Vec<Evidence> {
        let mut all: Vec<Evidence> = Vec::new();
        for server in incident.server.iter().take(1) {
            let mut piece = self.piece(server, "corroborates");
            let more: Vec<_> = incident.server.iter().skip(1).map(|o| (o.count, o.last_line)).collect();
            piece.repeats = repeats(&more);
            all.push(piece);
        }
        let Some(decisive) = incident.decisive() else { return all };
        for step in decisive.steps.iter().take(decisive.steps.len().saturating_sub(1)).take(3) {
            all.push(Evidence {
                path: self.path(decisive.source),
                line: step.evidence.line,
                offset: step.evidence.offset,
                role: "context".into(),
                time: step.time.map(|t| t.iso()),
                level: step.level.map(|l| l.word().to_owned()),
                logger: Some(step.logger.clone()).filter(|l| !l.is_empty()),
                text: step.evidence.text.clone(),
                highlight: step.evidence.highlight.map(|(a, b)| [a, b]),
                class: step.evidence.class.clone(),
                raw_class: step.evidence.raw_class.clone(),
                record_line: step.evidence.line,
                record_lines: 1,
                record: None,
                english: None,
                repeats: None,
            });
        }
        if let Some(wrapper) = self.wrapper(decisive) {
            all.push(wrapper);
        }
        let mut main = self.piece(decisive, "decisive");
        main.record = Some(decisive.record.clone()).filter(|r| !r.is_empty());
        main.english = decisive.best.english.as_ref().map(|e| {
            let mut text = e.clone();
            for (name, value) in &decisive.best.captures {
                text = text.replace(&format!("{{{name}}}"), value);
            }
            text
        });
        let more: Vec<(u64, u64)> = std::iter::once((decisive.count.saturating_sub(1), decisive.last_line))
            .chain(
                incident
                    .occurrences
                    .iter()
                    .filter(|o| !std::ptr::eq(*o, decisive) && o.source == decisive.source && same_kind(o, decisive))
                    .map(|o| (o.count, o.last_line)),
            )
            .collect();
        main.repeats = repeats(&more);
        all.push(main);
        let mut seen: Vec<(usize, usize, String)> = vec![kind(decisive)];
        for other in &incident.occurrences {
            if all.len() >= MAX_EVIDENCE {
                break;
            }
            // another alternative of the rule, or another source, is worth a line; another copy is not
            let k = kind(other);
            let new = !seen.iter().any(|s| s.0 == k.0 && (s.1 == k.1 || s.2 == k.2));
            if new && other.best.evidence.text != decisive.best.evidence.text {
                all.push(self.piece(other, "corroborates"));
                seen.push(k);
            }
        }
        let order = |e: &Evidence| (e.path.clone(), e.line);
        let first =
            all.first().filter(|e| e.role == "corroborates" && !incident.server.is_empty()).map(|e| e.path.clone());
        all.sort_by_key(|e| (Some(&e.path) != first.as_ref(), order(e)));
        all.dedup_by(|a, b| a.path == b.path && a.line == b.line && a.text == b.text);
        all
    }

    fn piece(&self, occurrence: &Occurrence, role: &str) -> Evidence {
        let excerpt = &occurrence.best.evidence;
        Evidence {
            path: self.path(occurrence.source),
            line: excerpt.line,
            offset: excerpt.offset,
            role: role.into(),
            time: occurrence.time.map(|t| t.iso()),
            level: occurrence.level.map(|l| l.word().to_owned()),
            logger: Some(occurrence.logger.clone()).filter(|l| !l.is_empty()),
            text: excerpt.text.clone(),
            highlight: excerpt.highlight.map(|(a, b)| [a, b]),
            class: excerpt.class.clone(),
            raw_class: excerpt.raw_class.clone(),
            record_line: occurrence.record_line,
            record_lines: occurrence.record_lines,
            record: None,
            english: None,
            repeats: None,
        }
    }

    /// The outermost throwable of the decisive record, if the proof stands deeper.
    fn wrapper(&self, decisive: &Occurrence) -> Option<Evidence> {
        let link = decisive.links.first()?;
        if link.line >= decisive.best.evidence.line || link.suppressed {
            return None;
        }
        Some(Evidence {
            path: self.path(decisive.source),
            line: link.line,
            offset: 0,
            role: "wrapper".into(),
            time: decisive.time.map(|t| t.iso()),
            level: decisive.level.map(|l| l.word().to_owned()),
            logger: Some(decisive.logger.clone()).filter(|l| !l.is_empty()),
            text: link.text.clone(),
            highlight: None,
            class: Some(link.class.clone()),
            raw_class: Some(link.raw_class.clone()),
            record_line: decisive.record_line,
            record_lines: decisive.record_lines,
            record: None,
            english: None,
            repeats: None,
        })
    }

    pub(super) fn unknown_evidence(&self, group: &UnknownGroup) -> Evidence {
        let excerpt = &group.unknown.evidence;
        let more = group.count().saturating_sub(1);
        Evidence {
            path: self.path(group.source),
            line: excerpt.line,
            offset: excerpt.offset,
            role: "decisive".into(),
            time: group.times.0.map(|t| t.iso()),
            level: group.level.map(|l| l.word().to_owned()),
            logger: Some(group.logger.clone()).filter(|l| !l.is_empty()),
            text: excerpt.text.clone(),
            highlight: None,
            class: excerpt.class.clone(),
            raw_class: excerpt.raw_class.clone(),
            record_line: group.record_line,
            record_lines: 0,
            record: None,
            english: None,
            repeats: (more > 0).then_some(Repeats { more, last_line: group.last_line }),
        }
    }
}

fn kind(o: &Occurrence) -> (usize, usize, String) {
    (o.source, o.best.alternative, o.best.evidence.text.clone())
}

fn same_kind(a: &Occurrence, b: &Occurrence) -> bool {
    a.logger == b.logger && a.level == b.level && a.best.alternative == b.best.alternative
}

fn repeats(more: &[(u64, u64)]) -> Option<Repeats> {
    let count: u64 = more.iter().map(|(n, _)| n).sum();
    let last = more.iter().filter(|(n, _)| *n > 0).map(|(_, l)| *l).max()?;
    (count > 0).then_some(Repeats { more: count, last_line: last })
}
