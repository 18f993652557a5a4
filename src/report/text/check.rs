//! The part Check: queries and commands that settle a diagnosis, ready to paste, with the healthy answer as a comment.
//!
//! Where a check runs and who may run it stands in the heading if all agree, else above each check. What a query lacks is
//! asked for first, in lines that set variables, where the client has such; else `<user>` stands in its place. SQL and commands
//! keep their lines; only comments wrap.

#![allow(clippy::option_option, reason = "outside: whether the place is shown; inside: the database, if it is known")]

use super::grid::{Page, Rich, Role};
use crate::report::words::{counted, fill};
use crate::report::{Alternative, Check, Diagnosis, Expect, MissingParam};
use crate::rule::dialect::Dialect;
use crate::rule::system::{self, Side};

/// Causes listed under `Tell them apart` before `-v`.
const MOST_CAUSES: usize = 4;

/// Sets the part for a diagnosis, `most` checks at most.
pub fn part(page: &mut Page, diagnosis: &Diagnosis, most: usize) {
    let words = page.words;
    let apart = tells_apart(diagnosis);
    let most = if apart { most.div_ceil(2) } else { most };
    let shown: Vec<&Check> = diagnosis.checks.iter().take(most).collect();
    let causes: &[Alternative] = if apart { &diagnosis.alternatives } else { &[] };
    if shown.is_empty() && causes.is_empty() {
        return;
    }
    let database = diagnosis.params.get("database").map(|param| param.value.as_str());
    let title = if apart { words.tell_apart } else { words.check };
    let most_causes = if page.options.verbose { usize::MAX } else { MOST_CAUSES };
    let all: Vec<&Check> =
        shown.iter().copied().chain(causes.iter().take(most_causes).filter_map(|cause| cause.check.as_ref())).collect();
    let common = head(page, title, &all, database);
    set_lines(page, &all, &diagnosis.missing);
    for check in &shown {
        set(page, check, 4, (!common).then_some(database));
    }
    let hidden = diagnosis.checks.len() - shown.len();
    if hidden > 0 {
        let text = counted(words.more_checks, u64::try_from(hidden).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
    if !causes.is_empty() {
        alternatives(page, &shown, causes, most_causes, (!common).then_some(database));
    }
}

/// The same words have several meanings: the checks decide between them.
pub fn tells_apart(diagnosis: &Diagnosis) -> bool {
    diagnosis.confidence != crate::report::Confidence::Certain && !diagnosis.alternatives.is_empty()
}

/// The first check only, under its heading, without a blank line before it.
pub fn first(page: &mut Page, diagnosis: &Diagnosis) {
    let Some(check) = diagnosis.checks.first() else { return };
    let database = diagnosis.params.get("database").map(|param| param.value.as_str());
    let heading = heading(page, page.words.check, &setting(page, check, database));
    page.prose(2, 4, &heading);
    set_lines(page, &[check], &diagnosis.missing);
    set(page, check, 4, None);
}

/// The other causes that print the same, each with its own check unless that stands there already.
fn alternatives(page: &mut Page, shown: &[&Check], causes: &[Alternative], most: usize, place: Option<Option<&str>>) {
    let words = page.words;
    let mut seen: Vec<&str> = shown.iter().map(|check| check.text.as_str()).collect();
    let intro = page.rich().own(words.same_words, Role::Plain);
    page.prose(4, 4, &intro);
    for cause in causes.iter().take(most) {
        let line = page.rich().own("- ", Role::Plain).rich(&page.rich().own(&cause.cause, Role::Plain).glued());
        let line = line.own(": ", Role::Plain).own(&cause.title, Role::Plain);
        page.prose(4, 6, &line);
        if let Some(check) = cause.check.as_ref().filter(|check| !seen.contains(&check.text.as_str())) {
            seen.push(&check.text);
            let told =
                shown.iter().flat_map(|check| &check.reading).any(|reading| reading.means.contains(&cause.cause));
            if told && !page.options.verbose {
                continue;
            }
            suspect(page, check, 8, place);
        }
    }
    if causes.len() > most {
        let text = counted(words.more_causes, u64::try_from(causes.len() - most).unwrap_or(u64::MAX));
        let text = page.rich().own(&text, Role::Quiet);
        page.prose(4, 4, &text);
    }
}

/// Sets a heading with where and who if that is the same for all checks, and says whether it is.
pub fn head(page: &mut Page, title: &str, checks: &[&Check], database: Option<&str>) -> bool {
    let settings: Vec<Rich> = checks.iter().map(|check| setting(page, check, database)).collect();
    let common = checks.iter().all(|check| same_place(check, checks.first().copied()));
    let line = match settings.first() {
        Some(setting) if common => heading(page, title, setting),
        _ => page.rich().own(title, Role::Title),
    };
    page.heading(&line);
    common
}

fn same_place(check: &Check, first: Option<&Check>) -> bool {
    first.is_some_and(|first| (&check.kind, &check.on, &check.run_as) == (&first.kind, &first.on, &first.run_as))
}

/// `Check (psql, database inventory, any user)`.
fn heading(page: &Page, title: &str, setting: &Rich) -> Rich {
    page.rich().own(title, Role::Title).own(" (", Role::Title).rich(setting).own(")", Role::Title)
}

/// `psql, database inventory, any user`.
pub fn setting(page: &Page, check: &Check, database: Option<&str>) -> Rich {
    let words = page.words;
    let mut items: Vec<String> = Vec::new();
    items.push(match (check.kind.as_str(), system::get(&check.on)) {
        ("sql", Some(system)) => system.client.to_owned(),
        ("shell", _) => words.in_shell.to_owned(),
        ("look", Some(system)) if system.id == "flink" => words.in_flink.to_owned(),
        ("look", Some(system)) if system.side != Side::Shared => fill(words.in_log, &[("system", system.name)]),
        _ => check.on.clone(),
    });
    if check.kind == "sql" {
        if has_databases(&check.on) {
            items.extend(database.map(|name| fill(words.item_database, &[("value", name)])));
        }
        items.push(match check.run_as.as_str() {
            "any" | "" => words.who_any.to_owned(),
            other => role(page, other).to_owned(),
        });
    } else if !matches!(check.run_as.as_str(), "any" | "") {
        items.push(role(page, &check.run_as).to_owned());
    }
    page.rich().log(&items.join(words.comma), Role::Title)
}

/// Who may do it, in words.
pub fn role<'a>(page: &Page, run_as: &'a str) -> &'a str {
    let words = page.words;
    match run_as {
        "owner" => words.who_owner,
        "superuser" => words.who_superuser,
        "cdc-user" => words.who_cdc_user,
        other => other,
    }
}

/// In a session of these the database matters, and the client is told which.
fn has_databases(on: &str) -> bool {
    matches!(system::dialect(on), Some(Dialect::Postgres | Dialect::SqlServer | Dialect::Db2))
}

/// `\set user '<role the job logs in with>'`, `SET @user = '<...>';` for all that the checks lack.
pub fn set_lines(page: &mut Page, checks: &[&Check], missing: &[MissingParam]) {
    for check in checks.iter().filter(|check| check.kind == "sql") {
        variables(page, 4, &check.on, &check.variables, missing);
    }
}

/// True if the lines above set all these variables.
pub fn given(page: &Page, on: &str, names: &[String]) -> bool {
    names.iter().all(|name| page.given.contains(&key(on, name)))
}

/// Clients that understand each other's lines share them.
fn key(on: &str, name: &str) -> String {
    format!("{:?} {name}", system::dialect(on))
}

/// The lines that set these variables, each once for a cause.
pub fn variables(page: &mut Page, indent: usize, on: &str, names: &[String], missing: &[MissingParam]) {
    let Some(dialect) = system::dialect(on) else { return };
    for name in names {
        let key = key(on, name);
        if !page.given.contains(&key) {
            page.given.push(key);
            let meaning =
                missing.iter().find(|param| param.name == *name).map_or(name.as_str(), |param| param.meaning.as_str());
            let line = page.rich().blanks(indent).code(&dialect.set_line(name, meaning), Role::Fill);
            page.line(line);
        }
    }
}

/// One check: the text, then the healthy answer and what other answers mean. `place` is said first if it is given.
pub fn set(page: &mut Page, check: &Check, indent: usize, place: Option<Option<&str>>) {
    before(page, check, indent, place);
    let healthy =
        healthy(page, check).map(|text| page.rich().own(&fill(page.words.healthy, &[("answer", &text)]), Role::Good));
    body(page, check, indent, healthy);
    if !check.reading.is_empty() {
        let readings = check.reading.iter().map(|reading| {
            let text = fill(page.words.answer_means, &[("answer", &reading.answer), ("means", &reading.means)]);
            page.rich().own(&text, Role::Plain)
        });
        let readings: Vec<Rich> = readings.collect();
        let room = page.width().saturating_sub(indent + sign(check).len());
        for line in super::facts::packed(page, &readings, room) {
            comment(page, check, indent, &line);
        }
    }
}

/// A check that tells one suspect from the others: `-- it, unless: ...`.
pub fn suspect(page: &mut Page, check: &Check, indent: usize, place: Option<Option<&str>>) {
    before(page, check, indent, place);
    let healthy = healthy(page, check)
        .map(|text| page.rich().own(&fill(page.words.it_unless, &[("answer", &text)]), Role::Plain));
    body(page, check, indent, healthy);
}

fn before(page: &mut Page, check: &Check, indent: usize, place: Option<Option<&str>>) {
    if let Some(database) = place {
        let text = setting(page, check, database).recoloured(Role::Title, Role::Quiet);
        comment(page, check, indent, &text);
    }
    if page.options.verbose && !check.ask.is_empty() {
        let text = page.rich().own(&check.ask, Role::Quiet);
        comment(page, check, indent, &text);
    }
    if let Some(versions) = &check.versions {
        let text = page.rich().own(
            &fill(page.words.for_versions, &[("system", system::name(&check.on)), ("versions", versions)]),
            Role::Quiet,
        );
        comment(page, check, indent, &text);
    }
    if check.changes {
        let text = page.rich().own(&format!("[{}]", page.words.mark_changes), Role::Warn);
        comment(page, check, indent, &text);
    }
}

/// The text itself, and a comment after it: on the same line if the text is one line and there is room.
fn body(page: &mut Page, check: &Check, indent: usize, after: Option<Rich>) {
    if check.kind == "look" {
        let text = page.rich().slotted(check.text.trim_end(), &check.text_params, 0, Role::Plain, false);
        page.prose(indent, indent, &text);
    } else {
        code(page, indent, &check.text, &check.text_params);
    }
    if let Some(after) = after {
        comment(page, check, indent, &after);
    }
}

/// Lines of SQL, of a command or of a file, as they are.
pub fn code(page: &mut Page, indent: usize, text: &str, slots: &[crate::report::Slot]) {
    let mut offset = 0;
    for line in text.trim_end().split('\n') {
        let set = page.rich().blanks(indent).slotted(line, slots, offset, Role::Plain, true);
        page.line(set);
        offset += line.len() + 1;
    }
}

/// A comment in the language of the check; it wraps with its sign in front of every line.
fn comment(page: &mut Page, check: &Check, indent: usize, text: &Rich) {
    let sign = sign(check);
    let room = page.width().saturating_sub(indent + sign.len());
    for line in text.wrap(room, room, false) {
        let line = page.rich().blanks(indent).own(sign, line.first_role()).rich(&line);
        page.line(line);
    }
}

/// What begins a comment.
fn sign(check: &Check) -> &'static str {
    match check.kind.as_str() {
        "sql" => "-- ",
        "shell" => "# ",
        _ => "",
    }
}

/// What a healthy server answers, in words.
pub fn healthy(page: &Page, check: &Check) -> Option<String> {
    check
        .healthy
        .clone()
        .filter(|text| !text.is_empty())
        .or_else(|| check.expect.as_ref().and_then(|expect| expected(page, expect)))
}

fn expected(page: &Page, expect: &Expect) -> Option<String> {
    let words = page.words;
    let column = expect.column.as_deref().unwrap_or(words.the_answer);
    let compared = [
        (&expect.equals, words.is_equal),
        (&expect.not, words.is_not),
        (&expect.above, words.is_above),
        (&expect.at_least, words.is_at_least),
        (&expect.at_most, words.is_at_most),
        (&expect.matches, words.is_like),
        (&expect.below_column, words.is_below),
    ];
    let found = compared.into_iter().find_map(|(value, template)| Some((value.as_deref()?, template)));
    if let Some((value, template)) = found {
        return Some(fill(template, &[("column", column), ("value", value)]));
    }
    if let Some(null) = expect.is_null {
        return Some(fill(if null { words.is_null } else { words.is_not_null }, &[("column", column)]));
    }
    expect.rows.as_deref().map(|rows| match rows {
        "0" => words.no_row.to_owned(),
        "1" => words.one_row.to_owned(),
        ">=1" => words.some_rows.to_owned(),
        other => fill(words.rows_are, &[("rows", other)]),
    })
}
