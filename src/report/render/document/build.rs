//! A report becomes a document.

use super::parts::Parts;
use super::{Block, Cut, Document, Span, code, plain, strong};
use crate::report::text::{self, details, facts, footer, other};
use crate::report::words::{counted, fill, numbers};
use crate::report::{Confidence, Diagnosis, Report, Symptom, Unrecognised, VerdictKind};

/// The document of a report, without what is cut.
#[must_use]
pub fn build(report: &Report, cut: &Cut) -> Document {
    let options = text::Options { width: 100, verbose: true, ..text::Options::default() };
    let parts = Parts::new(report, &options, cut);
    let mut blocks = Vec::new();
    if report.diagnoses.is_empty() {
        undecided(&parts, &mut blocks);
    } else {
        causes(&parts, &mut blocks);
    }
    if !cut.symptoms && !report.diagnoses.is_empty() {
        also_seen(&parts, &mut blocks);
    }
    if !cut.prose {
        let mut read = parts.read();
        read.extend(parts.notes());
        blocks.push(Block::Details { summary: "What was read".into(), blocks: read });
    }
    if let Some(left_out) = left_out(report, cut) {
        blocks.push(Block::Text(vec![plain(left_out)]));
    }
    blocks.push(Block::Small(last_line(report)));
    Document { blocks }
}

/// The line by which a ticket about the same is found again: that of the first cause, else symptom or exception.
#[must_use]
pub fn fingerprint(report: &Report) -> Option<String> {
    let symptom = || {
        let id = &report.symptoms.first()?.id;
        Some(crate::trace::fingerprint::Fingerprint::of_text(id).to_string())
    };
    let unknown = || report.unrecognised.first().map(|u| u.fingerprint.clone());
    report.diagnoses.first().map(|d| d.id.clone()).or_else(symptom).or_else(unknown)
}

fn last_line(report: &Report) -> String {
    let fingerprint = fingerprint(report).map(|f| format!(" · fingerprint {f}")).unwrap_or_default();
    format!("cdc-doctor {} · rules {}{fingerprint}", report.tool.version, report.tool.rules)
}

/// `Shortened to 32,767 characters. Left out: ...`
fn left_out(report: &Report, cut: &Cut) -> Option<String> {
    let limit = cut.limit.as_ref()?;
    let short = report.diagnoses.len().saturating_sub(cut.whole);
    let causes = format!("evidence, checks and fixes of {} causes", numbers::count(number(short)));
    let list: Vec<&str> = [
        (cut.records, "whole records and frames"),
        (cut.samples, "further lines of evidence"),
        (cut.symptoms, "symptoms and consequences"),
        (cut.prose, "why, what not to do, what was read"),
        (short > 0, &causes),
        (cut.steps == 0, "checks and steps"),
        (cut.steps > 0 && cut.steps < usize::MAX, "the last checks and steps"),
    ]
    .into_iter()
    .filter_map(|(gone, what)| gone.then_some(what))
    .collect();
    Some(format!("Shortened to {limit}. Left out: {}.", list.join("; ")))
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn sure(parts: &Parts, confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => parts.page.words.certain,
        Confidence::Likely => parts.page.words.likely,
        Confidence::Possible => parts.page.words.possible,
    }
}

fn headline(d: &Diagnosis) -> String {
    if d.headline.is_empty() { d.title.clone() } else { d.headline.clone() }
}

fn counted_id(id: &str, count: u64, after: &str) -> Vec<Span> {
    vec![code(id), plain(format!(" {}x{after}", numbers::count(count)))]
}

/// The causes that are shown whole, and a line each of the others.
fn causes(parts: &Parts, blocks: &mut Vec<Block>) {
    let all = &parts.report.diagnoses;
    if let [only] = all.as_slice() {
        cause(parts, only, false, true, blocks);
        return;
    }
    let first = all.first().map(|d| d.confidence);
    let text = counted(parts.page.words.independent, number(all.len()));
    blocks.push(Block::Title { confidence: first, minor: false, text });
    let whole = all.get(..parts.cut.whole).unwrap_or(all);
    let rest = all.get(whole.len()..).unwrap_or_default();
    if rest.is_empty() {
        blocks.push(Block::Items(whole.iter().map(|d| line(parts, d)).collect()));
    }
    for (at, diagnosis) in whole.iter().enumerate() {
        cause(parts, diagnosis, true, at + 1 == whole.len(), blocks);
    }
    if rest.is_empty() {
        return;
    }
    blocks.push(Block::Heading(vec![strong("The other causes")]));
    let lined = rest.get(..parts.cut.lines).unwrap_or(rest);
    let mut items: Vec<Vec<Span>> = lined.iter().map(|d| line(parts, d)).collect();
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for d in rest.get(lined.len()..).unwrap_or_default() {
        match counts.iter_mut().find(|(id, _)| *id == d.cause) {
            Some((_, n)) => *n += 1,
            None => counts.push((&d.cause, 1)),
        }
    }
    items.extend(counts.iter().map(|(id, n)| vec![plain(format!("{} more of ", numbers::count(*n))), code(*id)]));
    blocks.push(Block::Items(items));
}

/// `certain: svc may not SELECT from orders` with its id and how often.
fn line(parts: &Parts, d: &Diagnosis) -> Vec<Span> {
    let mut line = vec![strong(sure(parts, d.confidence)), plain(format!(": {} ", headline(d)))];
    line.extend(counted_id(&d.cause, d.count, ""));
    line
}

fn cause(parts: &Parts, d: &Diagnosis, minor: bool, last: bool, blocks: &mut Vec<Block>) {
    let words = parts.page.words;
    let cut = parts.cut;
    blocks.push(Block::Title { confidence: Some(d.confidence), minor, text: headline(d) });
    let mut line = vec![code(d.cause.clone()), plain(" · "), strong(sure(parts, d.confidence))];
    line.extend(facts::happened(&parts.page, d, false).iter().map(|item| plain(format!(" · {}", item.text()))));
    blocks.push(Block::Text(line));
    let (named, used) = facts::mentioned(d);
    let mut place = facts::place(&parts.page, &d.params, &named, &used, false);
    place.extend(facts::jobs(&parts.page, &d.jobs));
    if !place.is_empty() {
        blocks.push(Block::Text(vec![plain(facts::dotted(&parts.page, &place).text())]));
    }
    if let Some(verdict) = &d.verdict {
        blocks.push(Block::Text(vec![plain(fill(words.verified, &[("verdict", verdict)]))]));
    }
    if let Some(meanwhile) = facts::meanwhile(&parts.page, d) {
        blocks.push(Block::Text(vec![plain(meanwhile.text())]));
    }
    parts.evidence(&d.evidence, &[], blocks);
    let steps = if last { cut.steps } else { usize::MAX };
    parts.checks(d, steps, blocks);
    parts.fix(d, steps, blocks);
    if !cut.prose && !d.never.is_empty() {
        blocks.push(Block::Heading(vec![strong(words.never)]));
        blocks.push(Block::Items(d.never.iter().map(|n| vec![plain(n.clone())]).collect()));
    }
    folded(parts, d, blocks);
}

/// What may be folded away: why, what misleads, what was ruled out, consequences, the record.
fn folded(parts: &Parts, d: &Diagnosis, blocks: &mut Vec<Block>) {
    let cut = parts.cut;
    let mut folded = Vec::new();
    if !cut.prose {
        folded.push(Block::Text(vec![plain(text::diagnosis::why(&parts.page, d, true).text())]));
        folded.extend(parts.misleading(&d.misleading));
        if !d.ruled_out.is_empty() {
            folded.push(Block::Text(vec![strong(parts.page.words.ruled_out)]));
            folded.push(ruled_out(&d.ruled_out));
        }
        folded.extend(parts.missing(&d.missing));
    }
    if !cut.symptoms && !d.folded.is_empty() {
        folded.push(Block::Text(vec![strong(parts.page.words.consequences)]));
        folded.push(Block::Items(d.folded.iter().map(|f| counted_id(&f.id, f.count, "")).collect()));
    }
    if !cut.records {
        folded.extend(parts.record(&d.evidence));
    }
    if !folded.is_empty() {
        let summary = match (cut.prose, cut.records) {
            (false, false) => "Why, and the full record",
            (false, true) => "Why",
            _ => "More",
        };
        blocks.push(Block::Details { summary: summary.into(), blocks: folded });
    }
}

pub(super) fn ruled_out(all: &[crate::report::RuledOut]) -> Block {
    Block::Items(
        all.iter().map(|r| vec![code(r.cause.clone()), plain(format!(" ({}:{})", r.at.path, r.at.line))]).collect(),
    )
}

fn undecided(parts: &Parts, blocks: &mut Vec<Block>) {
    let report = parts.report;
    let words = parts.page.words;
    let title = |text: String| Block::Title { confidence: None, minor: false, text };
    match report.verdict_kind {
        VerdictKind::Nothing => {
            blocks.push(title(words.no_failure.to_owned()));
            nothing(parts, blocks);
        }
        VerdictKind::NoLog => {
            blocks.push(title(format!("{}: {}", words.cannot_tell, words.no_log)));
            blocks.push(Block::Text(vec![plain(words.formats_tried)]));
        }
        _ => {
            for (at, s) in report.symptoms.iter().enumerate() {
                symptom(parts, s, at > 0, blocks);
            }
            if report.symptoms.is_empty() && report.unrecognised.is_empty() {
                blocks.push(title(format!("{}: {}", words.cannot_tell, other::elsewhere(&parts.page))));
                if let Some(note) = other::note_of_need(report) {
                    blocks.push(Block::Text(vec![plain(note.text.clone())]));
                    parts.evidence(&note.evidence, &[], blocks);
                }
            }
            unrecognised(parts, &report.unrecognised, blocks);
        }
    }
    needs(parts, blocks);
}

/// What shows that something was alive, and what a log cannot show.
fn nothing(parts: &Parts, blocks: &mut Vec<Block>) {
    let report = parts.report;
    let jobs = report.jobs.iter().filter_map(|job| {
        let state = job.state.as_deref()?;
        let name = job.name.clone().or_else(|| job.id.as_deref().map(facts::short_id))?;
        Some(vec![plain("job "), code(name), plain(format!(" was {state} when the logs end"))])
    });
    let life = report.signs_of_life.iter().map(|s| {
        let time = s.time.as_deref().map(|t| format!(", {}", numbers::time(t, parts.page.dated))).unwrap_or_default();
        vec![plain(format!("{} ({}:{}{time})", s.text, s.at.path, s.at.line))]
    });
    let items: Vec<_> = jobs.chain(life).collect();
    if !items.is_empty() {
        blocks.push(Block::Items(items));
    }
    let harmless: Vec<_> = report
        .noise
        .iter()
        .map(|n| vec![plain(format!("{} ", n.title)), code(n.id.clone()), plain(format!(" ({}x)", n.count))])
        .collect();
    if !harmless.is_empty() {
        blocks.push(Block::Heading(vec![strong(parts.page.words.looks_like_failure)]));
        blocks.push(Block::Items(harmless));
    }
    blocks.push(Block::Text(vec![plain(parts.page.words.logs_cannot_show)]));
}

fn symptom(parts: &Parts, s: &Symptom, minor: bool, blocks: &mut Vec<Block>) {
    let words = parts.page.words;
    let text = if s.headline.is_empty() { s.title.clone() } else { s.headline.clone() };
    blocks.push(Block::Title { confidence: Some(Confidence::Possible), minor, text });
    let range = facts::range(&parts.page, s.first_seen.as_deref(), s.last_seen.as_deref());
    let range = range.map(|r| format!(", {r}")).unwrap_or_default();
    let said = format!(" · {} · {}{range}", words.a_symptom, counted(words.failures, s.count));
    blocks.push(Block::Text(vec![code(s.id.clone()), plain(said)]));
    parts.evidence(&s.evidence, &[], blocks);
    parts.suspects(s, blocks);
    if !parts.cut.prose {
        let mut folded = vec![Block::Text(vec![plain(s.why.clone())])];
        folded.extend(parts.misleading(&s.misleading));
        folded.extend(parts.missing(&s.missing));
        if !parts.cut.records {
            folded.extend(parts.record(&s.evidence));
        }
        blocks.push(Block::Details { summary: "Why, and the full record".into(), blocks: folded });
    }
}

fn unrecognised(parts: &Parts, all: &[Unrecognised], blocks: &mut Vec<Block>) {
    if all.is_empty() {
        return;
    }
    let words = parts.page.words;
    let thrown = counted(words.thrown, footer::sum(all.iter().map(|u| u.count)));
    let text = fill(&counted(words.unknown_exceptions, number(all.len())), &[("thrown", &thrown)]);
    let minor = !parts.report.symptoms.is_empty();
    blocks.push(Block::Title { confidence: None, minor, text: format!("{}: {text}", words.cannot_tell) });
    for u in all.iter().take(if parts.cut.samples { 1 } else { 5 }) {
        let range = facts::range(&parts.page, u.first_seen.as_deref(), u.last_seen.as_deref());
        let range = range.map(|r| format!(", {r}")).unwrap_or_default();
        let said = format!(" · {}{range} · fingerprint ", counted(words.failures, u.count));
        blocks.push(Block::Text(vec![code(u.class.clone()), plain(said), code(u.fingerprint.clone())]));
        let frames = if parts.cut.records { &[] } else { u.frames.as_slice() };
        parts.evidence(&u.evidence, frames, blocks);
    }
}

/// Symptoms and exceptions beside causes: a line each.
fn also_seen(parts: &Parts, blocks: &mut Vec<Block>) {
    let report = parts.report;
    let place = |evidence| details::best_place(evidence).map(|p| format!(" ({p})")).unwrap_or_default();
    let symptoms = report.symptoms.iter().map(|s| counted_id(&s.id, s.count, &place(&s.evidence)));
    let unknown = report.unrecognised.iter().map(|u| counted_id(&u.class, u.count, &place(&u.evidence)));
    let items: Vec<Vec<Span>> = symptoms.chain(unknown).take(20).collect();
    if !items.is_empty() {
        blocks.push(Block::Heading(vec![strong(parts.page.words.also_seen)]));
        blocks.push(Block::Items(items));
    }
}

/// Logs that are wanted, and how to get them.
fn needs(parts: &Parts, blocks: &mut Vec<Block>) {
    let words = parts.page.words;
    for need in &parts.report.needs {
        let what = match need.what.as_str() {
            "jobmanager-log" => words.jobmanager_log,
            "postgres-log" => words.postgres_log,
            "more-lines" => words.more_lines,
            other => other,
        };
        let range = facts::range(&parts.page, need.from.as_deref(), need.to.as_deref());
        let range = range.map(|r| format!(", {r}")).unwrap_or_default();
        blocks.push(Block::Heading(vec![strong(fill(words.also_needed, &[("what", what)])), plain(range)]));
        if !need.why.trim().is_empty() {
            blocks.push(Block::Text(vec![plain(need.why.trim())]));
        }
        let items = need.how.iter().map(|how| vec![plain(format!("{}: ", how.place)), code(how.command.clone())]);
        blocks.push(Block::Items(items.collect()));
    }
}
