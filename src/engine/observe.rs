//! One record is looked at: parsed, matched, and what it says copied out.

mod evidence;
mod foreign;
mod packages;
mod sift;

use std::collections::BTreeMap;

use super::condition::{Hit, Subject};
use super::facts::{Excerpt, Match, Matched, Part, SourceFacts, StateChange, StepHit, Unknown};
use super::prefilter;
use super::scan::BOOT;
use super::{Engine, Owner, role, secrets, track};
use crate::record::{Layout, Level, LogRecord, Timestamp};
use crate::rule::{Process, Role};
use crate::trace::{self, Relation, ThrowableChain};

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
    pub context: Vec<Told>,
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
    pub fn of_state(record: &LogRecord<'_>, seq: u64, time: Option<Timestamp>) -> Self {
        Self {
            seq,
            at: Some(record.begins()),
            lines: memchr::memchr_iter(b'\n', record.text.trim_end().as_bytes()).count() as u64 + 1,
            time,
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

/// A parameter that a context line tells.
#[derive(Debug)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whose it is, if the entry says.
    pub system: Option<String>,
    /// Line of it.
    pub line: u64,
    /// Words of the line.
    pub key: String,
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
        let mut observed = Observed::of_state(record, seq, self.time_of(record, facts));
        observed.lines += gap.map_or(0, |g| g.1);
        let mut looker =
            Looker { engine: self, subject: Subject { record, chain: &chain }, gap, redactions: BTreeMap::new() };
        if let Some(tap) = &self.tap {
            (tap.0)(&looker.subject);
            if self.listing {
                identify(record, facts);
                return observed;
            }
        }
        // one with a word of failure is kept for that word, whatever else is looked for
        let plain = healthy && record.trace.is_none() && !prefilter::speaks_of_failure(&record.text);
        looker.look(&mut observed, facts, plain);
        let stepped = observed.steps.iter().any(|h| h.part != Part::Activity);
        let said = observed.matched.is_some() || !observed.context.is_empty() || stepped;
        if record.mixed {
            facts.mixed.get_or_insert(record.begins().line);
        }
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
        let probes = self.health.iter().filter_map(|i| self.probes.get(*i));
        probes.into_iter().any(|p| subject.holds(&p.entry))
    }

    /// Probes that may match: those one of whose literals stands in the record's text or throwables.
    fn candidates(&self, subject: &Subject<'_, '_>, healthy: bool) -> Vec<u32> {
        let Some(literals) =
            self.filtered.then(|| if healthy { self.literals_of_healthy() } else { self.literals() }).flatten()
        else {
            return (0..u32::try_from(self.probes.len()).unwrap_or(u32::MAX)).collect();
        };
        let text = subject.record.text.as_ref();
        let mut probes: Vec<u32> = Vec::new();
        // an automaton that folds the case itself takes twice as long to build
        let mut lower = String::new();
        let mut search = |part: &str| {
            lower.clear();
            lower.push_str(part);
            lower.make_ascii_lowercase();
            literals.find(&lower, &mut probes);
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
    fn look(&mut self, observed: &mut Observed, facts: &mut SourceFacts, healthy: bool) {
        let record = self.subject.record;
        let mut matches = Vec::new();
        for index in self.engine.candidates(&self.subject, healthy) {
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
        self.leave_to_others(&mut matches);
        self.look_beside_noise(&mut matches);
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
            mixed: record.mixed,
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
            Some(root) => {
                // frames whose class was cut off are known by what stands above them
                let unnamed = self.subject.chain.links.get(*root).is_some_and(|t| t.class.is_empty());
                matches.iter().any(|(m, _)| m.link == Some(*root) || unnamed && m.link.is_none())
            }
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
                let (name, value) = (name.to_owned(), value.to_owned());
                observed.context.push(Told { name, value, system: entry.system.clone(), line, key });
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
        for told in &mut observed.context {
            told.key = secrets::cut(&told.key, &mut self.redactions);
            told.value = evidence::value(&told.value, &mut self.redactions);
        }
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
            confidence: if self.subject.record.mixed { a.confidence.lower() } else { a.confidence },
            link: hit.link,
            suppressed,
            weight: entry.weight(),
            from: entry.from.filter(|p| *p != Process::Postgres),
            server_only: entry.from == Some(Process::Postgres),
            evidence: self.excerpt(hit.span.clone(), hit.link),
            captures: self.without_secrets(hit.captures),
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
            captures: self.without_secrets(hit.captures),
            evidence,
            level: observed.level,
            logger: observed.logger.clone(),
        });
    }
}

/// Process, versions, jobs and connector that a record names.
fn identify(record: &LogRecord<'_>, facts: &mut SourceFacts) {
    track::identify(record, facts);
    if facts.connector.is_none() && track::names_connector(record) {
        facts.connector = Some(record.begins().line);
    }
    for system in track::systems(record) {
        facts.systems.entry(system.to_owned()).or_insert_with(|| record.begins().line);
    }
    if let Some(id) = track::job_id(record.own_text()) {
        let name = track::job_name(record.own_text(), id);
        let known = facts.jobs.entry(id.to_owned()).or_default();
        if known.name.is_none() {
            known.name = name.map(str::to_owned);
        }
        if known.line == 0 {
            known.line = record.begins().line;
        }
    }
}

fn line_at(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let end = text.get(at..).and_then(|t| t.find('\n')).map_or(text.len(), |i| at + i);
    text.get(start..end).unwrap_or("")
}
