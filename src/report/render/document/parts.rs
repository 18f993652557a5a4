//! The parts of a section: evidence, checks, steps, the record, what was read.

use super::build::ruled_out;
use super::{Block, Cut, Row, Span, code, plain, strong};
use crate::report::render::one_line;
use crate::report::text::grid::{Page, Role};
use crate::report::text::{self, check, evidence, facts, fix, footer, shorten};
use crate::report::words::{fill, numbers};
use crate::report::{Check, Diagnosis, Evidence, Fix, FrameLine, Misleading, MissingParam, Report, Symptom};
use crate::rule::system;

/// Most lines of a record.
const RECORD_LINES: usize = 40;
/// Most characters of a line of evidence or of a record.
const LINE: usize = 2000;

/// What the parts are made of.
pub(super) struct Parts<'a> {
    pub(super) report: &'a Report,
    pub(super) page: Page<'a>,
    pub(super) cut: &'a Cut,
}

impl<'a> Parts<'a> {
    pub(super) fn new(report: &'a Report, options: &'a text::Options, cut: &'a Cut) -> Self {
        Self { report, page: Page::new(report, options), cut }
    }

    /// The lines that prove it, by file, the decisive one always; and how often the same came again.
    pub(super) fn evidence(&self, pieces: &[Evidence], frames: &[FrameLine], blocks: &mut Vec<Block>) {
        let decisive = evidence::best(pieces);
        let is_decisive = |piece: &Evidence| decisive.is_some_and(|d| std::ptr::eq(d, piece));
        let shown: Vec<&Evidence> = pieces.iter().filter(|e| !self.cut.samples || is_decisive(e)).collect();
        let mut paths: Vec<&str> = Vec::new();
        for piece in &shown {
            if !paths.contains(&piece.path.as_str()) {
                paths.push(&piece.path);
            }
        }
        for (at, path) in paths.iter().enumerate() {
            let of_path = shown.iter().filter(|piece| piece.path == *path);
            let mut rows: Vec<Row> = of_path.flat_map(|piece| rows(piece)).collect();
            for frame in frames.iter().filter(|_| at == 0) {
                let own = if frame.own { format!("  {}", self.page.words.own_code) } else { String::new() };
                rows.push(Row { line: Some(frame.line), text: clip(frame.text.trim(), LINE) + &own, mark: None });
            }
            blocks.push(Block::Evidence { path: (*path).to_owned(), rows });
        }
        if let Some((piece, repeats)) = decisive.and_then(|d| Some((d, d.repeats.as_ref()?))) {
            let words = self.page.words;
            let template = match repeats.more {
                1 => words.once_more,
                2 => words.twice_more,
                _ => words.more_like,
            };
            let (more, line) = (numbers::count(repeats.more), piece.line.to_string());
            let last = repeats.last_line.to_string();
            let text = fill(template, &[("more", &more), ("line", &line), ("last", &last)]);
            blocks.push(Block::Text(vec![plain(text)]));
        }
    }

    /// The checks, each with its question, who may run it, the query and the healthy answer.
    pub(super) fn checks(&self, d: &Diagnosis, most: usize, blocks: &mut Vec<Block>) {
        let words = self.page.words;
        let database = d.params.get("database").map(|p| p.value.as_str());
        let apart = check::tells_apart(d);
        let mut given: Vec<String> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut all: Vec<(&Check, Option<&str>)> = d.checks.iter().map(|c| (c, None)).collect();
        if apart {
            all.extend(d.alternatives.iter().filter_map(|a| Some((a.check.as_ref()?, Some(a.cause.as_str())))));
        }
        all.retain(|(c, _)| {
            let new = !seen.contains(&c.text.as_str());
            seen.push(&c.text);
            new
        });
        for (at, (c, cause)) in all.iter().take(most).enumerate() {
            let question = self.question(c, *cause, database);
            if at == 0 {
                let title = if apart { words.tell_apart } else { words.check };
                blocks.push(Block::Heading([vec![strong(title), plain(" ")], question].concat()));
            } else {
                blocks.push(Block::Text(question));
            }
            blocks.extend(self.query(c, &d.missing, &mut given));
        }
        if apart && most > 0 {
            let causes = d.alternatives.iter().map(|a| vec![code(a.cause.clone()), plain(format!(": {}", a.title))]);
            blocks.push(Block::Text(vec![plain(words.same_words)]));
            blocks.push(Block::Items(causes.collect()));
        }
    }

    fn question(&self, c: &Check, cause: Option<&str>, database: Option<&str>) -> Vec<Span> {
        let mut line = Vec::new();
        if let Some(cause) = cause {
            line.push(code(cause));
            line.push(plain(": "));
        }
        if !c.ask.trim().is_empty() {
            line.push(plain(format!("{} ", c.ask.trim())));
        }
        let mut place = check::setting(&self.page, c, database).text();
        if let Some(versions) = &c.versions {
            place.push_str(&format!(", {} {versions}", system::name(&c.on)));
        }
        if c.changes {
            place.push_str(&format!(", {}", self.page.words.mark_changes));
        }
        line.push(plain(format!("({place})")));
        line
    }

    /// The text of a check, with what it lacks before and the healthy answer behind it.
    fn query(&self, c: &Check, missing: &[MissingParam], given: &mut Vec<String>) -> Vec<Block> {
        let healthy = check::healthy(&self.page, c).map(|h| fill(self.page.words.healthy, &[("answer", &h)]));
        let readings = c.reading.iter().map(|r| format!("{}: {}", r.answer, r.means));
        let comments = healthy.into_iter().chain(readings);
        if c.kind == "look" {
            let items: Vec<_> = comments.map(|t| vec![plain(t)]).collect();
            let mut blocks = vec![Block::Text(vec![plain(c.text.trim())])];
            if !items.is_empty() {
                blocks.push(Block::Items(items));
            }
            return blocks;
        }
        let (sign, language) = if c.kind == "sql" { ("-- ", "sql") } else { ("# ", "sh") };
        let mut text = variables(&c.on, &c.variables, missing, given);
        text.push_str(c.text.trim_end());
        text.push('\n');
        for comment in comments {
            text.push_str(&format!("{sign}{}\n", one_line(&comment)));
        }
        vec![Block::Code { language, text }]
    }

    /// The steps that mend it.
    pub(super) fn fix(&self, d: &Diagnosis, most: usize, blocks: &mut Vec<Block>) {
        if d.fix.is_empty() || most == 0 {
            return;
        }
        let words = self.page.words;
        let risky = d.fix.iter().any(|step| step.risk == "data-loss");
        let loss = fix::common_loss(&d.fix);
        let mut heading = vec![strong(if risky { words.fix_if_confirmed } else { words.fix })];
        if let Some(what) = loss {
            heading.push(plain(format!(" ({})", fill(words.mark_loss_of, &[("what", what.trim_end_matches('.'))]))));
        }
        blocks.push(Block::Heading(heading));
        let mut given = Vec::new();
        let steps = d.fix.iter().take(most).map(|step| self.step(d, step, loss.is_some(), &mut given)).collect();
        blocks.push(Block::Steps(steps));
    }

    fn step(&self, d: &Diagnosis, step: &Fix, loss_said: bool, given: &mut Vec<String>) -> Vec<Block> {
        let marks = fix::marks(&self.page, &d.fix, step, loss_said);
        let marks: Vec<String> = marks.iter().map(|m| m.text().trim_matches(['[', ']']).to_owned()).collect();
        let mut sentence = vec![plain(fix::sentence(&self.page, step))];
        if !marks.is_empty() {
            sentence.push(plain(" "));
            sentence.push(strong(format!("({})", marks.join(", "))));
        }
        let mut blocks = vec![Block::Text(sentence)];
        if !step.text.trim().is_empty() {
            let language = match step.kind.as_str() {
                "sql" => "sql",
                "shell" => "sh",
                "conf" => "ini",
                _ => "text",
            };
            let is_sql = step.kind == "sql";
            let mut text =
                if is_sql { variables(&step.system, &step.variables, &d.missing, given) } else { String::new() };
            text.push_str(step.text.trim_end());
            text.push('\n');
            blocks.push(Block::Code { language, text });
        }
        if !step.on.is_empty() {
            let variants =
                step.on.iter().map(|(who, text)| vec![plain(format!("{}: {text}", fix::provider_name(who)))]);
            blocks.push(Block::Items(variants.collect()));
        }
        blocks
    }

    /// Suspects of a symptom, each with its query.
    pub(super) fn suspects(&self, s: &Symptom, blocks: &mut Vec<Block>) {
        let words = self.page.words;
        let database = s.params.get("database").map(|p| p.value.as_str());
        let mut given = Vec::new();
        for (at, suspect) in s.suspects.iter().take(self.cut.steps).enumerate() {
            if at == 0 {
                blocks.push(Block::Heading(vec![strong(words.suspects)]));
            }
            blocks.push(Block::Text(vec![code(suspect.cause.clone()), plain(format!(": {}", suspect.title))]));
            for c in &suspect.checks {
                blocks.push(Block::Text(self.question(c, None, database)));
                blocks.extend(self.query(c, &s.missing, &mut given));
            }
        }
        if !s.ruled_out.is_empty() {
            blocks.push(Block::Heading(vec![strong(words.ruled_out)]));
            blocks.push(ruled_out(&s.ruled_out));
        }
    }

    /// Words of the log that lead astray.
    pub(super) fn misleading(&self, all: &[Misleading]) -> Vec<Block> {
        if all.is_empty() {
            return Vec::new();
        }
        let items = all.iter().map(|m| vec![code(m.says.clone()), plain(format!(": {}", m.truth))]).collect();
        vec![Block::Text(vec![strong(self.page.words.misleading)]), Block::Items(items)]
    }

    /// What the queries need and no log says.
    pub(super) fn missing(&self, all: &[MissingParam]) -> Vec<Block> {
        if all.is_empty() {
            return Vec::new();
        }
        let items = all.iter().map(|m| {
            let list = m.candidates.join(", ");
            let one_of = if list.is_empty() { String::new() } else { format!("; one of {list}") };
            vec![code(m.name.clone()), plain(format!(": {}{one_of}", m.meaning))]
        });
        vec![Block::Text(vec![strong(self.page.words.not_in_logs)]), Block::Items(items.collect())]
    }

    /// The whole record of the decisive line.
    pub(super) fn record(&self, pieces: &[Evidence]) -> Option<Block> {
        let piece = pieces.iter().find(|e| e.record.is_some())?;
        let lines: Vec<&str> = piece.record.as_deref()?.lines().collect();
        let mut text: String = lines.iter().take(RECORD_LINES).map(|line| clip(line, LINE) + "\n").collect();
        if let left @ 1.. = lines.len().saturating_sub(RECORD_LINES) {
            let place = format!("{}:{}", piece.path, piece.record_line);
            let left = numbers::count(u64::try_from(left).unwrap_or(u64::MAX));
            text.push_str(&fill(&self.page.words.lines_left_out.replace("{n}", &left), &[("place", &place)]));
            text.push('\n');
        }
        Some(Block::Code { language: "text", text })
    }

    /// `Read 677 lines, 85 kB`, the files, versions, what was replaced.
    pub(super) fn read(&self) -> Vec<Block> {
        let said: Vec<String> = footer::read(&self.page).into_iter().chain([footer::amounts_to(&self.page)]).collect();
        let mut blocks = vec![Block::Text(vec![plain(said.join(" "))])];
        let most = if self.cut.samples { 0 } else { 20 };
        let files = self.report.inputs.iter().take(most).map(|i| {
            let range = facts::range(&self.page, i.first_time.as_deref(), i.last_time.as_deref());
            let range = range.map(|r| format!(", {r}")).unwrap_or_default();
            let status =
                if matches!(i.status.as_str(), "read" | "") { String::new() } else { format!(", {}", i.status) };
            let (lines, size) = (numbers::count(i.lines), numbers::size(i.bytes));
            vec![code(i.path.clone()), plain(format!(" {}, {lines} lines, {size}{range}{status}", i.kind))]
        });
        let files: Vec<_> = files.collect();
        if !files.is_empty() {
            blocks.push(Block::Items(files));
        }
        let v = &self.report.versions;
        let versions = [
            ("Flink", &v.flink),
            ("Flink CDC", &v.flink_cdc),
            ("Debezium", &v.debezium),
            ("PostgreSQL", &v.postgres),
            ("pgjdbc", &v.pgjdbc),
            ("Java", &v.java),
            ("jar", &v.connector_jar),
        ];
        let versions = versions.iter().filter_map(|(name, version)| Some(format!("{name} {}", version.as_ref()?)));
        let versions: Vec<String> = versions.collect();
        if !versions.is_empty() {
            blocks.push(Block::Text(vec![plain(format!("{} {}", self.page.words.seen, versions.join(" · ")))]));
        }
        let replaced = self.report.redactions.iter().map(|(kind, n)| format!("{kind} ({})", numbers::count(*n)));
        let replaced: Vec<String> = replaced.collect();
        if !replaced.is_empty() {
            blocks.push(Block::Text(vec![plain(format!("Replaced or cut: {}.", replaced.join(", ")))]));
        }
        blocks
    }

    /// Notes about the investigation.
    pub(super) fn notes(&self) -> Vec<Block> {
        let said = |code: &str| code == "kafka-is-an-api" || code.starts_with("give-");
        let notes = self.report.notes.iter().filter(|note| !said(&note.code) && !note.text.trim().is_empty());
        let own = |text: &str| vec![plain(self.page.rich().own(text, Role::Plain).text())];
        let items: Vec<Vec<Span>> = notes.map(|note| own(note.text.trim())).collect();
        if items.is_empty() { Vec::new() } else { vec![Block::Items(items)] }
    }
}

/// A piece of evidence in short form, and the English original of a translated one.
fn rows(piece: &Evidence) -> Vec<Row> {
    let marked = matches!(piece.role.as_str(), "decisive" | "corroborates");
    let most = if piece.role == "decisive" { 6 } else { 1 };
    let mut rows = Vec::new();
    for (at, short) in (0_u64..).zip(shorten::lines(piece, false, most)) {
        let mark = short.mark.map(|start| start..short.mark_end);
        let mark = mark.filter(|mark| marked && mark.end < LINE && mark.start < mark.end);
        rows.push(Row { line: Some(piece.line.saturating_add(at)), text: clip(&short.text.text(), LINE), mark });
    }
    let english =
        piece.english.iter().map(|text| Row { line: None, text: clip(&format!("= {text}"), LINE), mark: None });
    rows.extend(english);
    rows
}

/// The lines that set what a text lacks, where the client has variables; each once.
fn variables(on: &str, names: &[String], missing: &[MissingParam], given: &mut Vec<String>) -> String {
    let Some(dialect) = system::dialect(on) else { return String::new() };
    let mut text = String::new();
    for name in names {
        let key = format!("{dialect:?} {name}");
        if !given.contains(&key) {
            given.push(key);
            let meaning = missing.iter().find(|m| m.name == *name).map_or(name.as_str(), |m| m.meaning.as_str());
            text.push_str(&format!("{}\n", dialect.set_line(name, meaning)));
        }
    }
    text
}

/// The first characters of a line.
fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}
