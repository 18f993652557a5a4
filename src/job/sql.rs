//! Statements for Flink's SQL client: tables with `WITH (...)`, `LIKE`, views, `INSERT`, `SET`, statement sets; and
//! PostgreSQL's `CREATE PUBLICATION`, which stands in the same scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::tokens::{Kind, Token, tokens};
use super::{At, Endpoint, Format, JobDefinition, MAX_ENDPOINTS, PrimaryKey, Setting, Side, system_of, unreadable};
use crate::diagnostic::{Problem, SourceText};

mod publication;

/// A table as the file defines it.
struct Table {
    settings: Vec<Setting>,
    key: (PrimaryKey, At),
    at: At,
}

struct Reader<'s> {
    source: &'s Arc<SourceText>,
    file: JobDefinition,
    /// In the order of the file.
    names: Vec<String>,
    tables: BTreeMap<String, Table>,
    /// What a view reads.
    views: BTreeMap<String, Vec<String>>,
    /// One a job: the tables that it reads, and those it writes.
    jobs: Vec<(BTreeSet<String>, BTreeSet<String>)>,
    in_set: bool,
}

pub(super) fn read(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let tokens = tokens(&source.text).map_err(|open| {
        let len = source.text.get(open.at..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
        unreadable(source, "JD002", open.what, Some((open.at, len, "it begins here")))
    })?;
    let mut reader = Reader {
        source,
        file: JobDefinition::new(source, Format::FlinkSql),
        names: Vec::new(),
        tables: BTreeMap::new(),
        views: BTreeMap::new(),
        jobs: Vec::new(),
        in_set: false,
    };
    for statement in tokens.split(|t| t.sign(';')) {
        reader.statement(statement)?;
        if reader.names.len() > MAX_ENDPOINTS {
            let at = statement.first().map_or(0, |t| t.start);
            let what = format!("more than {MAX_ENDPOINTS} tables in one file");
            return Err(unreadable(source, "JD002", what, Some((at, 1, "from here on"))));
        }
    }
    Ok(reader.finish())
}

impl Reader<'_> {
    fn text(&self) -> &str {
        &self.source.text
    }

    fn statement(&mut self, all: &[Token]) -> Result<(), Problem> {
        let text: &str = &self.source.text;
        let mut s = all;
        let word = |s: &[Token], n: usize, w: &str| s.get(n).is_some_and(|t| t.is(text, w));
        // EXECUTE STATEMENT SET BEGIN INSERT ...; INSERT ...; END
        while word(s, 0, "execute") || word(s, 0, "begin") || word(s, 0, "statement") || word(s, 0, "set") {
            let set = word(s, 0, "statement") && word(s, 1, "set");
            if word(s, 0, "set") {
                return self.set(s);
            }
            if set {
                self.in_set = true;
                self.jobs.push(<_>::default());
            }
            s = s.get(if set { 2 } else { 1 }..).unwrap_or_default();
        }
        if word(s, 0, "end") {
            self.in_set = false;
        }
        if word(s, 0, "insert") {
            self.insert(s);
        } else if word(s, 0, "create") || word(s, 0, "alter") {
            let temporary = usize::from(word(s, 1, "temporary"));
            let s = s.get(1 + temporary..).unwrap_or_default();
            if word(s, 0, "table") {
                return self.table(s.get(1..).unwrap_or_default(), word(all, 0, "alter"));
            } else if word(s, 0, "view") {
                self.view(s.get(1..).unwrap_or_default());
            } else if word(s, 0, "publication") {
                self.publication(s.get(1..).unwrap_or_default(), all);
            }
        }
        Ok(())
    }

    /// `SET 'key' = 'value'`, and the older `SET key.with.dots=value`.
    fn set(&mut self, s: &[Token]) -> Result<(), Problem> {
        let Some(equals) = s.iter().position(|t| t.sign('=')) else { return Ok(()) };
        let (left, right) = (s.get(1..equals).unwrap_or_default(), s.get(equals + 1..).unwrap_or_default());
        let (Some(key), Some(value)) = (self.joined(left), self.joined(right)) else {
            let at = s.get(equals).map_or(0, |t| t.start);
            return Err(unreadable(self.source, "JD002", "SET needs a key and a value", Some((at, 1, "here"))));
        };
        let (start, end) = ends(s);
        self.file.settings.push(Setting::new(&key, &value, &self.source.text, start, end));
        Ok(())
    }

    /// What a run of tokens says: a string, or the bare words as they stand.
    fn joined(&self, tokens: &[Token]) -> Option<String> {
        match tokens {
            [] => None,
            [Token { kind: Kind::Text(text) | Kind::Name(text), .. }] => Some(text.clone()),
            several => {
                let (start, end) = ends(several);
                self.text().get(start..end).map(str::to_owned)
            }
        }
    }

    /// A name with its parts, `IF NOT EXISTS` before it left out: the last part, and what follows.
    fn name<'t>(&self, s: &'t [Token]) -> Option<(Vec<String>, &'t [Token])> {
        let mut s = s;
        for word in ["if", "not", "exists"] {
            if s.first().is_some_and(|t| t.is(self.text(), word)) {
                s = s.get(1..)?;
            }
        }
        let mut parts = vec![s.first()?.text(self.text())?.to_owned()];
        s = s.get(1..)?;
        while s.first().is_some_and(|t| t.sign('.')) {
            parts.push(s.get(1)?.text(self.text())?.to_owned());
            s = s.get(2..)?;
        }
        Some((parts, s))
    }

    fn table(&mut self, s: &[Token], alter: bool) -> Result<(), Problem> {
        let Some((parts, rest)) = self.name(s) else { return Ok(()) };
        let name = parts.last().cloned().unwrap_or_default();
        let first = s.first().map_or(0, |t| t.start);
        let at = At::of(self.text(), first, rest.first().map_or(first, |t| t.start));
        let mut table = match self.tables.remove(&name) {
            Some(known) if alter => known,
            _ => Table { settings: Vec::new(), key: (PrimaryKey::None, at.clone()), at },
        };
        let columns = group(rest, 0);
        if let Some(columns) = columns {
            if let Some(key) = self.primary_key(columns) {
                table.key = key;
            }
        } else if !alter {
            // CREATE TABLE ... AS SELECT, or LIKE, or a list that is missing: nothing is known of its columns
            table.key.0 = PrimaryKey::Unknown;
        }
        let after = columns.map_or(0, |c| c.len() + 2);
        let mut at = after;
        let mut depth = 0_usize;
        while let Some(token) = rest.get(at) {
            if token.sign('(') {
                depth += 1;
            } else if token.sign(')') {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && (token.is(self.text(), "with") || (alter && token.is(self.text(), "set"))) {
                if rest.get(at + 1).is_some_and(|t| t.sign('(')) {
                    let options = self.options(rest.get(at + 1..).unwrap_or_default())?;
                    table.settings.extend(options);
                } else if !alter {
                    let place = (token.start, token.end - token.start, "here");
                    let help = "WITH ('connector' = 'postgres-cdc', ...)";
                    return Err(
                        unreadable(self.source, "JD002", "WITH is not followed by ( ... )", Some(place)).help(help)
                    );
                }
            } else if depth == 0 && token.is(self.text(), "like") {
                self.like(&mut table, rest.get(at + 1..).unwrap_or_default());
            } else if depth == 0 && token.is(self.text(), "as") {
                let reads = self.mentioned(rest.get(at..).unwrap_or_default());
                self.jobs.push((reads.into_iter().collect(), BTreeSet::from([name.clone()])));
                break;
            }
            at += 1;
        }
        if !self.names.contains(&name) {
            self.names.push(name.clone());
        }
        self.tables.insert(name, table);
        Ok(())
    }

    /// Options and keys of the table named, unless they are excluded; the table's own options win.
    fn like(&self, table: &mut Table, s: &[Token]) {
        let Some((parts, rest)) = self.name(s) else { return };
        let Some(base) = parts.last().and_then(|name| self.tables.get(name)) else { return };
        let words: Vec<&str> = rest.iter().filter_map(|t| t.text(self.text())).collect();
        let excluded = |what: &str| {
            words.windows(2).any(|w| {
                w.first().is_some_and(|a| a.eq_ignore_ascii_case("excluding"))
                    && w.get(1).is_some_and(|b| b.eq_ignore_ascii_case(what) || b.eq_ignore_ascii_case("all"))
            })
        };
        if !excluded("options") {
            let own: Vec<Setting> = std::mem::take(&mut table.settings);
            table.settings = base.settings.iter().chain(&own).cloned().collect();
        }
        if !excluded("constraints") && matches!(table.key.0, PrimaryKey::None | PrimaryKey::Unknown) {
            table.key = base.key.clone();
        }
    }

    /// `( 'key' = 'value', ... )`, beginning at the parenthesis.
    fn options(&self, s: &[Token]) -> Result<Vec<Setting>, Problem> {
        let mut found = Vec::new();
        let mut at = 1;
        loop {
            let here = s.get(at);
            let wrong = |token: Option<&Token>, what: &str| {
                let end = s.last().map_or(0, |t| t.end);
                let place = token.map_or((end.saturating_sub(1), 1), |t| (t.start, t.end - t.start));
                unreadable(self.source, "JD002", what, Some((place.0, place.1, "here")))
                    .help("an option is written 'key' = 'value', and a comma stands between two")
            };
            match here {
                Some(t) if t.sign(')') => return Ok(found),
                Some(t) if t.sign(',') => at += 1,
                Some(key) => {
                    let Some(name) = key.text(self.text()).filter(|_| !matches!(key.kind, Kind::Sign(_))) else {
                        return Err(wrong(here, "WITH ( ... ) has something that is no option"));
                    };
                    if !s.get(at + 1).is_some_and(|t| t.sign('=')) {
                        return Err(wrong(s.get(at + 1), "an option of WITH ( ... ) has no ="));
                    }
                    let value = s.get(at + 2).filter(|t| !matches!(t.kind, Kind::Sign(_)));
                    let Some((value, words)) = value.and_then(|t| Some((t, t.text(self.text())?))) else {
                        return Err(wrong(s.get(at + 2), "an option of WITH ( ... ) has no value"));
                    };
                    found.push(Setting::new(name, words, self.text(), key.start, value.end));
                    at += 3;
                    if s.get(at).is_some_and(|t| !t.sign(',') && !t.sign(')')) {
                        return Err(wrong(s.get(at), "a comma is missing between two options of WITH ( ... )"));
                    }
                }
                None => return Err(wrong(None, "WITH ( ... ) does not end")),
            }
        }
    }

    fn primary_key(&self, columns: &[Token]) -> Option<(PrimaryKey, At)> {
        let at = columns.windows(2).position(|w| {
            w.first().is_some_and(|t| t.is(self.text(), "primary"))
                && w.get(1).is_some_and(|t| t.is(self.text(), "key"))
        })?;
        let rest = columns.get(at..).unwrap_or_default();
        // up to the next column
        let mut depth = 0_i32;
        let end = rest.iter().position(|t| {
            depth += i32::from(t.sign('(')) - i32::from(t.sign(')'));
            depth == 0 && t.sign(',')
        });
        let rest = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let enforced = !rest.windows(2).any(|w| {
            w.first().is_some_and(|t| t.is(self.text(), "not"))
                && w.get(1).is_some_and(|t| t.is(self.text(), "enforced"))
        });
        let (start, end) = ends(rest);
        let kind = if enforced { PrimaryKey::Enforced } else { PrimaryKey::NotEnforced };
        Some((kind, At::of(self.text(), start, end)))
    }

    fn view(&mut self, s: &[Token]) {
        let Some((parts, rest)) = self.name(s) else { return };
        let name = parts.last().cloned().unwrap_or_default();
        let reads = self.mentioned(rest);
        self.views.insert(name, reads);
    }

    fn insert(&mut self, s: &[Token]) {
        let into = s.iter().position(|t| t.is(self.text(), "into") || t.is(self.text(), "overwrite"));
        let Some((parts, rest)) = into.and_then(|at| self.name(s.get(at + 1..)?)) else { return };
        let target = parts.last().cloned().unwrap_or_default();
        let reads = self.mentioned(rest);
        if !self.in_set || self.jobs.is_empty() {
            self.jobs.push(<_>::default());
        }
        if let Some(job) = self.jobs.last_mut() {
            job.0.extend(reads);
            job.1.insert(target);
        }
    }

    /// Tables that a query names, behind `FROM`, `JOIN` or a comma or anywhere else; those behind views too.
    fn mentioned(&self, s: &[Token]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for name in s.iter().filter(|t| !matches!(t.kind, Kind::Text(_))).filter_map(|t| t.text(self.text())) {
            let through = self.views.get(name).cloned().unwrap_or_default();
            for name in through.into_iter().chain(self.tables.contains_key(name).then(|| name.to_owned())) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    fn finish(mut self) -> JobDefinition {
        for name in &self.names {
            let Some(table) = self.tables.get(name) else { continue };
            let Some(connector) = table.settings.iter().rev().find(|s| s.key.eq_ignore_ascii_case("connector")) else {
                continue;
            };
            let readers = self.jobs.iter().filter(|(reads, _)| reads.contains(name)).count();
            let written = self.jobs.iter().any(|(_, writes)| writes.contains(name));
            let cdc = connector.value.to_ascii_lowercase().ends_with("-cdc");
            let side = if cdc || (readers > 0 && !written) { Side::Source } else { Side::Sink };
            // a table that only lends its options to others is no source
            let base = self.jobs.is_empty() || readers > 0 || written;
            if !base {
                continue;
            }
            self.file.endpoints.push(Endpoint {
                side,
                system: system_of(&connector.value),
                name: name.clone(),
                at: At { text: connector.at.text.clone(), ..connector.at.clone() },
                settings: table.settings.clone(),
                key: (
                    table.key.0,
                    if table.key.0 == PrimaryKey::None { table.at.clone() } else { table.key.1.clone() },
                ),
                readers: if self.jobs.is_empty() { 1 } else { readers },
                format: Format::FlinkSql,
            });
        }
        self.file
    }
}

/// First byte, and the byte behind the last.
fn ends(tokens: &[Token]) -> (usize, usize) {
    (tokens.first().map_or(0, |t| t.start), tokens.last().map_or(0, |t| t.end))
}

/// What stands between the parentheses that begin at `at`.
fn group(tokens: &[Token], at: usize) -> Option<&[Token]> {
    tokens.get(at).filter(|t| t.sign('('))?;
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        if token.sign('(') {
            depth += 1;
        } else if token.sign(')') {
            depth -= 1;
            if depth == 0 {
                return tokens.get(at + 1..i);
            }
        }
    }
    None
}
