//! One record is looked at: parsed, matched, and what it says copied out.

use std::collections::BTreeMap;
use std::ops::Range;

use super::condition::{Hit, Subject};
use super::facts::{Excerpt, LinkLine, Match, Matched, Part, SourceFacts, StateChange, StepHit, Unknown};
use super::scan::BOOT;
use super::{Engine, Owner, role, secrets, track};
use crate::record::{Layout, Level, LogRecord, Timestamp};
use crate::rule::{Process, Role};
use crate::trace::{self, Fingerprint, Relation, ThrowableChain};

/// Longest excerpt of evidence, bytes.
const MAX_EXCERPT: usize = 2048;
/// Longest record kept, bytes, and lines of it.
const MAX_RECORD_TEXT: usize = 8192;
const MAX_RECORD_LINES: usize = 40;
/// Most throwables named of one record.
const MAX_LINKS: usize = 24;

/// What one record says.
#[derive(Debug, Default)]
pub struct Observed {
    /// Number of the record in its source.
    pub seq: u64,
    /// Where it begins.
    pub at: Option<crate::record::Location>,
    /// Its lines.
    pub lines: u64,
    /// Its time.
    pub time: Option<Timestamp>,
    /// Its level.
    pub level: Option<Level>,
    /// Its layout.
    pub layout: Option<Layout>,
    /// Its logger.
    pub logger: String,
    /// The Flink job it names.
    pub job: Option<String>,
    /// Rules that match it.
    pub matched: Option<Matched>,
    /// A failure that no rule knows.
    pub unknown: Option<Unknown>,
    /// What it shows of the source moving.
    pub health: Option<String>,
    /// A change of state of a job or a task.
    pub state: Option<StateChange>,
    /// Number of a checkpoint that it says is complete.
    pub checkpoint: Option<u64>,
    /// Steps of sequences that it holds.
    pub steps: Vec<StepHit>,
    /// Parameters out of context lines.
    pub context: Vec<(String, String, u64, String)>,
    /// The record's last line is inside a trace.
    pub inside_trace: bool,
}

impl Observed {
    /// It stands on the time line: the lines kept before it come first.
    #[must_use]
    pub fn is_event(&self) -> bool {
        self.matched.is_some() || self.unknown.is_some() || self.state.is_some() || self.health.is_some()
    }

    /// What a record says that holds nothing but a change of state or a checkpoint.
    #[must_use]
    pub fn of_state(record: &LogRecord<'_>, seq: u64) -> Self {
        Self {
            seq,
            at: Some(record.at),
            lines: memchr::memchr_iter(b'\n', record.text.trim_end().as_bytes()).count() as u64 + 1,
            time: record.timestamp(),
            level: record.level,
            layout: Some(record.layout),
            logger: record.logger_name().chars().take(200).collect(),
            job: track::job_id(record.own_text()).map(str::to_owned),
            state: track::state_change(record),
            checkpoint: track::checkpoint(record),
            inside_trace: record.trace.is_some(),
            ..Self::default()
        }
    }
}

/// Lines that were cut out of a record: after this byte, line numbers are this much higher.
pub type Gap = Option<(usize, u64)>;

struct Looker<'e, 'r, 'b> {
    engine: &'e Engine,
    subject: Subject<'r, 'b>,
    gap: Gap,
    redactions: BTreeMap<String, u64>,
}

impl Engine {
    /// Looks at one record.
    ///
    /// `healthy`: a line that the prefilter may have skipped; it tells of the source only if it said something, so that facts do
    /// not depend on what was skipped.
    pub(super) fn observe(
        &self,
        record: &LogRecord<'_>,
        seq: u64,
        healthy: bool,
        gap: Gap,
        facts: &mut SourceFacts,
    ) -> Observed {
        let chain = match &record.trace {
            Some(range) => trace::parse(&record.text, range.start, &self.shading),
            None => ThrowableChain::default(),
        };
        let mut observed = Observed::of_state(record, seq);
        observed.lines += gap.map_or(0, |g| g.1);
        let mut looker =
            Looker { engine: self, subject: Subject { record, chain: &chain }, gap, redactions: BTreeMap::new() };
        looker.look(&mut observed, facts);
        let stepped = observed.steps.iter().any(|h| h.part != Part::Activity);
        let said = observed.matched.is_some() || !observed.context.is_empty() || stepped;
        if seq < BOOT || !healthy || said {
            identify(record, facts);
        }
        for (kind, n) in looker.redactions {
            *facts.redactions.entry(kind).or_insert(0) += n;
        }
        observed
    }

    /// True if the record is a healthy line of the connector.
    pub(super) fn is_healthy(&self, record: &LogRecord<'_>) -> bool {
        let chain = ThrowableChain::default();
        let subject = Subject { record, chain: &chain };
        self.probes.iter().filter(|p| p.owner == Owner::Health).any(|p| subject.matches(&p.entry).is_some())
    }

    /// Probes that may match: those one of whose literals stands in the record's text or throwables.
    fn candidates(&self, subject: &Subject<'_, '_>) -> Vec<u32> {
        if !self.filtered {
            return (0..u32::try_from(self.probes.len()).unwrap_or(u32::MAX)).collect();
        }
        let text = subject.record.text.as_ref();
        let mut probes: Vec<u32> = Vec::new();
        let mut search = |part: &str| {
            for found in self.literals.find_overlapping_iter(part) {
                if let Some(users) = self.by_literal.get(found.pattern().as_usize()) {
                    probes.extend_from_slice(users);
                }
            }
        };
        let own_end = subject.record.trace.as_ref().map_or(text.len(), |t| t.start).max(subject.record.message.end);
        search(text.get(..own_end).unwrap_or(text));
        for link in &subject.chain.links {
            search(text.get(link.start..link.message_at.end.max(link.start)).unwrap_or(""));
            search(link.raw_class);
            search(&link.class);
        }
        probes.sort_unstable();
        probes.dedup();
        probes
    }
}

impl Looker<'_, '_, '_> {
    fn look(&mut self, observed: &mut Observed, facts: &mut SourceFacts) {
        let record = self.subject.record;
        let mut matches = Vec::new();
        for index in self.engine.candidates(&self.subject) {
            let Some(probe) = self.engine.probes.get(index as usize) else { continue };
            if matches!(probe.owner, Owner::Context) {
                self.context(&probe.entry, observed);
                continue;
            }
            let Some(hit) = self.subject.matches(&probe.entry) else { continue };
            match probe.owner {
                Owner::Match { rule, alternative } => {
                    if let Some(found) = self.matched(rule, alternative, &probe.entry, hit) {
                        matches.push((found, role(&self.engine.rules, probe.owner)));
                    }
                }
                Owner::Part { rule, alternative, part } => self.step(rule, alternative, part, hit, observed),
                Owner::Health => {
                    let line = record.own_text().trim().lines().next().unwrap_or("");
                    let text: String = line.split(", ").next().unwrap_or(line).chars().take(60).collect();
                    let text = secrets::cut(&text, &mut self.redactions);
                    observed.health.get_or_insert(text);
                }
                Owner::Context => {}
            }
        }
        for link in &self.subject.chain.links {
            for frame in link.frames.iter().take(3).chain(link.frames.last()) {
                if let Some(frame) = record.text.get(frame.clone()).and_then(trace::parse::frame)
                    && let Some(jar) = frame.artifact
                {
                    track::jar_version(jar, facts);
                }
            }
        }
        let noise = matches.iter().any(|(_, r)| *r == Some(Role::Noise));
        let cause = matches.iter().any(|(_, r)| *r == Some(Role::Cause));
        let root_is_known = self.root_is_known(&matches);
        let unknown =
            (!noise && !cause && !root_is_known && self.deserves_attention(observed)).then(|| self.unknown()).flatten();
        if matches.is_empty() {
            observed.unknown = unknown;
            return;
        }
        observed.matched = Some(Matched {
            matches: matches.into_iter().map(|(m, _)| m).collect(),
            links: self.links(),
            unknown_root: unknown,
            record: self.record_text(),
        });
    }

    /// The innermost throwable was matched itself, or there is none.
    fn root_is_known(&self, matches: &[(Match, Option<Role>)]) -> bool {
        let main: Vec<usize> = self
            .subject
            .chain
            .links
            .iter()
            .enumerate()
            .filter(|(_, t)| t.relation != Relation::Suppressed && t.depth == 0)
            .map(|(i, _)| i)
            .collect();
        match main.last() {
            Some(root) => matches.iter().any(|(m, _)| m.link == Some(*root)),
            None => true,
        }
    }

    /// Exceptions logged in passing below WARN are no failures, unless a task or job failed of them.
    fn deserves_attention(&self, observed: &Observed) -> bool {
        if self.subject.chain.is_empty() {
            return false;
        }
        let failed = observed.state.as_ref().is_some_and(|s| s.to == "FAILED" || s.to == "FAILING");
        let record = self.subject.record;
        failed || record.layout == Layout::None || record.level.is_none_or(|l| l >= Level::Warn)
    }

    fn context(&mut self, entry: &crate::rule::Entry, observed: &mut Observed) {
        // an entry whose pattern matches several times in one record is applied to each match
        let record = self.subject.record;
        let own = record.own_text();
        let fits = self.subject.matches(entry);
        let Some(first) = fits else { return };
        let mut add = |name: &str, value: &str, at: usize| {
            let value = super::condition::clean(value);
            if super::condition::usable(value) && !value.chars().all(|c| c == '*') {
                let line = record.line_of(at);
                let key: String =
                    line_at(own, at.saturating_sub(record.message.start)).trim().chars().take(80).collect();
                observed.context.push((name.to_owned(), value.to_owned(), line, key));
            }
        };
        if let Some(regex) = entry.log.as_ref().and_then(|p| p.regex()) {
            for found in regex.captures_iter(own).take(16) {
                for name in regex.capture_names().flatten() {
                    if let Some(m) = found.name(name) {
                        add(name, m.as_str(), record.message.start + m.start());
                    }
                }
            }
        } else {
            for (name, value) in &first.captures {
                add(name, value, first.span.start);
            }
        }
        let cut: Vec<_> =
            observed.context.drain(..).map(|(n, v, l, k)| (n, v, l, secrets::cut(&k, &mut self.redactions))).collect();
        observed.context = cut;
    }

    fn matched(&mut self, rule: usize, alternative: usize, entry: &crate::rule::Entry, hit: Hit) -> Option<Match> {
        let rules = &self.engine.rules;
        let r = rules.rule(rule)?;
        let a = r.alternatives_of_match.get(alternative)?;
        let suppressed = hit
            .link
            .and_then(|i| self.subject.chain.links.get(i))
            .is_some_and(|t| t.relation == Relation::Suppressed || t.depth > 0);
        Some(Match {
            rule: r.id.clone(),
            alternative,
            confidence: a.confidence,
            link: hit.link,
            suppressed,
            weight: entry.weight(),
            from: entry.from.filter(|p| *p != Process::Postgres),
            server_only: entry.from == Some(Process::Postgres),
            evidence: self.excerpt(hit.span.clone(), hit.link),
            captures: hit.captures,
            english: a.english.clone(),
        })
    }

    fn step(&mut self, rule: usize, alternative: usize, part: Part, hit: Hit, observed: &mut Observed) {
        let Some(r) = self.engine.rules.rule(rule) else { return };
        let evidence =
            if part == Part::Activity { Excerpt::default() } else { self.excerpt(hit.span.clone(), hit.link) };
        observed.steps.push(StepHit {
            rule: r.id.clone(),
            alternative,
            part,
            seq: observed.seq,
            time: observed.time,
            captures: hit.captures,
            evidence,
            level: observed.level,
            logger: observed.logger.clone(),
        });
    }

    fn line(&self, at: usize) -> u64 {
        let line = self.subject.record.line_of(at);
        match self.gap {
            Some((gap, lines)) if at >= gap => line + lines,
            _ => line,
        }
    }

    /// The lines on which `span` stands, with the class of its throwable.
    fn excerpt(&mut self, span: Range<usize>, link: Option<usize>) -> Excerpt {
        let text = self.subject.record.text.as_ref();
        let before = text.get(..span.start).unwrap_or("");
        // a throwable's excerpt begins with its class, a record's own text with the header's message
        let throwable = link.and_then(|i| self.subject.chain.links.get(i));
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let start = match throwable {
            Some(t) => t.start.max(line_start).min(span.start),
            None => self.subject.record.message.start.max(line_start).min(span.start),
        };
        let end = text.get(span.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |i| span.end + i);
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
        let offset = self.subject.record.at.byte + line_start as u64;
        Excerpt {
            line: self.line(span.start),
            offset,
            text: cut,
            highlight,
            class: throwable.map(|t| t.class.to_string()),
            raw_class: throwable.map(|t| t.raw_class.to_owned()),
        }
    }

    fn links(&mut self) -> Vec<LinkLine> {
        let text = self.subject.record.text.as_ref();
        let mut links = Vec::new();
        for link in self.subject.chain.links.iter().filter(|t| t.relation != Relation::Embedded).take(MAX_LINKS) {
            let rest = text.get(link.start..).unwrap_or("");
            let first: String = rest.lines().next().unwrap_or("").trim().chars().take(600).collect();
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

    fn record_text(&mut self) -> String {
        let text = self.subject.record.text.trim_end();
        let lines: Vec<&str> = text.lines().collect();
        let mut kept = String::new();
        if lines.len() <= MAX_RECORD_LINES {
            kept.push_str(text);
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

    fn unknown(&mut self) -> Option<Unknown> {
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
            message: secrets::cut(&message, &mut self.redactions),
            evidence,
            frames,
        })
    }
}

/// Process, versions, jobs and connector that a record names.
fn identify(record: &LogRecord<'_>, facts: &mut SourceFacts) {
    track::identify(record, facts);
    if facts.connector.is_none() && track::names_connector(record) {
        facts.connector = Some(record.at.line);
    }
    if let Some(id) = track::job_id(record.own_text()) {
        let name = track::job_name(record.own_text(), id);
        let known = facts.jobs.entry(id.to_owned()).or_default();
        if known.name.is_none() {
            known.name = name.map(str::to_owned);
        }
        if known.line == 0 {
            known.line = record.at.line;
        }
    }
}

/// A frame of the job's own code: its package is of no known framework.
fn own_code(class: &str, jar: &str) -> bool {
    const KNOWN: &[&str] = &[
        "java.",
        "javax.",
        "jdk.",
        "sun.",
        "com.sun.",
        "scala.",
        "org.apache.",
        "io.debezium.",
        "org.postgresql.",
        "com.mysql.",
        "com.github.shyiko.",
        "com.zaxxer.",
        "com.ververica.",
        "com.alibaba.ververica.",
        "com.starrocks.",
        "io.netty.",
        "com.mongodb.",
        "oracle.",
        "com.microsoft.",
        "org.slf4j.",
        "ch.qos.",
        "com.fasterxml.",
        "com.google.",
        "kafka.",
        "akka.",
        "org.codehaus.",
        "org.rocksdb.",
        "io.fabric8.",
        "com.esotericsoftware.",
        "org.tikv.",
        "com.oceanbase.",
        "org.jboss.",
        "software.amazon.",
        "com.amazonaws.",
        "org.elasticsearch.",
        "kotlin.",
        "org.springframework.",
    ];
    jar.starts_with("blob_p-") || !KNOWN.iter().any(|k| class.starts_with(k))
}

fn line_at(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let end = text.get(at..).and_then(|t| t.find('\n')).map_or(text.len(), |i| at + i);
    text.get(start..end).unwrap_or("")
}

/// The largest character boundary not above `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
