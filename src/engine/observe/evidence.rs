//! What a record gives as evidence: owned, bounded, free of secrets.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Looker, packages};
use crate::engine::facts::{Excerpt, LinkLine, Unknown};
use crate::engine::secrets;
use crate::record::undress::SOFT;
use crate::trace::{self, Fingerprint, Relation};

/// Longest excerpt of evidence, bytes.
const MAX_EXCERPT: usize = 2048;
/// Longest record kept, bytes, and lines of it.
const MAX_RECORD_TEXT: usize = 8192;
const MAX_RECORD_LINES: usize = 40;
/// Most throwables named of one record.
const MAX_LINKS: usize = 24;

impl Looker<'_, '_, '_> {
    pub(super) fn line(&self, at: usize) -> u64 {
        let missing = self.gap.filter(|(gap, _)| at >= *gap).map_or(0, |(_, lines)| lines);
        self.subject.record.place_of(at, missing).line
    }

    /// The lines on which `span` stands, with the class of its throwable.
    pub(super) fn excerpt(&mut self, span: Range<usize>, link: Option<usize>) -> Excerpt {
        let text = self.subject.record.text.as_ref();
        let before = text.get(..span.start).unwrap_or("");
        // a throwable's excerpt begins with its class, a record's own text with the header's message
        let throwable = link.and_then(|i| self.subject.chain.links.get(i));
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let begins = before.rfind(['\n', SOFT]).map_or(0, |i| i + 1);
        let start = match throwable {
            Some(t) => t.start.max(begins).min(span.start),
            None => self.subject.record.message.start.max(begins).min(span.start),
        };
        let end = text.get(span.end..).and_then(|rest| rest.find(['\n', SOFT])).map_or(text.len(), |i| span.end + i);
        let end = floor(text, end.min(start + MAX_EXCERPT).max(span.end.min(start + MAX_EXCERPT)));
        let raw = text.get(start..end).unwrap_or("").trim_end();
        let matched = text.get(span.start..floor(text, span.end.min(end))).unwrap_or("").trim_end();
        let cut = secrets::cut(raw, &mut self.redactions);
        let highlight = if cut == raw {
            let from = span.start.saturating_sub(start);
            (!matched.is_empty()).then_some((from, from + matched.len()))
        } else {
            cut.find(matched).filter(|_| !matched.is_empty()).map(|i| (i, i + matched.len()))
        };
        let offset = self.subject.record.place_of(line_start, 0).byte;
        Excerpt {
            line: self.line(span.start),
            offset,
            text: hardened(cut),
            highlight,
            class: throwable.map(|t| t.class.to_string()),
            raw_class: throwable.map(|t| t.raw_class.to_owned()),
        }
    }

    pub(super) fn links(&mut self) -> Vec<LinkLine> {
        let text = self.subject.record.text.as_ref();
        let mut links = Vec::new();
        for link in self.subject.chain.links.iter().filter(|t| t.relation != Relation::Embedded).take(MAX_LINKS) {
            let rest = text.get(link.start..).unwrap_or("");
            let first: String = rest.split(['\n', SOFT]).next().unwrap_or("").trim().chars().take(600).collect();
            links.push(LinkLine {
                line: self.line(link.start),
                class: link.class.to_string(),
                raw_class: link.raw_class.to_owned(),
                text: secrets::cut(&first, &mut self.redactions),
                suppressed: link.relation == Relation::Suppressed || link.depth > 0,
            });
        }
        links
    }

    /// What a pattern captured may reach into a secret.
    pub(super) fn without_secrets(&mut self, captures: BTreeMap<String, String>) -> BTreeMap<String, String> {
        captures.into_iter().map(|(name, text)| (name, value(&text, &mut self.redactions))).collect()
    }

    pub(super) fn record_text(&mut self) -> String {
        let text = hardened(self.subject.record.text.trim_end().to_owned());
        let lines: Vec<&str> = text.lines().collect();
        let mut kept = String::new();
        if lines.len() <= MAX_RECORD_LINES {
            kept.push_str(&text);
        } else {
            // the head, and the last cause with five frames
            let last_cause =
                lines.iter().rposition(|l| l.trim_start().starts_with("Caused by: ")).unwrap_or(lines.len());
            let head = lines.len().min(MAX_RECORD_LINES - 8).min(last_cause);
            kept.push_str(&lines.get(..head).unwrap_or_default().join("\n"));
            let from = last_cause.max(head);
            let tail = lines.get(from..lines.len().min(from + 6)).unwrap_or_default();
            kept.push_str(&format!("\n… {} lines left out", lines.len() - head - tail.len()));
            if !tail.is_empty() {
                kept.push('\n');
                kept.push_str(&tail.join("\n"));
            }
        }
        let kept = kept.get(..floor(&kept, MAX_RECORD_TEXT)).unwrap_or("").to_owned();
        secrets::cut(&kept, &mut self.redactions)
    }

    pub(super) fn unknown(&mut self) -> Option<Unknown> {
        let chain = self.subject.chain;
        let root = chain.root().or(chain.links.last())?;
        let text = self.subject.record.text.as_ref();
        let fingerprint = Fingerprint::of(chain, text, &self.engine.shading);
        let message: String = root.message.chars().take(600).collect();
        let index = chain.links.iter().position(|l| std::ptr::eq(l, root));
        let evidence = self.excerpt(root.start..root.start + root.raw_class.len(), index);
        let frames = root
            .frames
            .iter()
            .take(4)
            .filter_map(|r| {
                let line = text.get(r.clone())?;
                let frame = trace::parse::frame(line)?;
                let jar = frame.artifact.unwrap_or("");
                Some((self.line(r.start), line.trim().to_owned(), own_code(frame.class, jar)))
            })
            .collect();
        Some(Unknown {
            fingerprint: fingerprint.to_string(),
            class: root.class.to_string(),
            message: hardened(secrets::cut(&message, &mut self.redactions)),
            evidence,
            frames,
        })
    }
}

/// A value without secrets. A name may have the form of an address (`me@tenant.com`); it is a name, and queries need it.
pub(super) fn value(value: &str, count: &mut BTreeMap<String, u64>) -> String {
    let mut cuts = BTreeMap::new();
    let cut = secrets::cut(value, &mut cuts);
    if cut == secrets::CUT && value.contains('@') {
        return value.to_owned();
    }
    for (kind, n) in cuts {
        *count.entry(kind).or_insert(0) += n;
    }
    cut
}

/// Line ends that a paste has lost are shown as line ends; the text keeps its length.
fn hardened(text: String) -> String {
    if text.contains(SOFT) { text.replace(SOFT, "\n") } else { text }
}

/// A frame of the job's own code: its package is of no known framework.
fn own_code(class: &str, jar: &str) -> bool {
    jar.starts_with("blob_p-") || !packages::is_known(class)
}

/// The largest character boundary not above `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
