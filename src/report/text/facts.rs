//! The short lines under a headline: who and where, how often and when, and what Flink shows meanwhile.
//!
//! Each is a list of items with a dot between them; what is not known is left out. Nothing here is counted or compared except
//! the times that the report carries.

use std::collections::BTreeMap;

use super::grid::{Page, Rich, Role};
use crate::report::words::numbers::{self, Moment};
use crate::report::words::{counted, fill};
use crate::report::{Diagnosis, Param, Report, State};

/// True if the inputs do not all lie within one day.
pub fn several_days(report: &Report) -> bool {
    let times = report.inputs.iter().flat_map(|input| [&input.first_time, &input.last_time]).flatten();
    let mut days = times.filter_map(|time| Moment::parse(time)?.date);
    days.next().is_some_and(|first| days.any(|day| day != first))
}

/// The first eight characters of a job's id.
pub fn short_id(id: &str) -> String {
    if id.chars().count() <= 10 { id.to_owned() } else { id.chars().take(8).chain(['…']).collect() }
}

/// Items with a dot between them.
pub fn dotted(page: &Page, items: &[Rich]) -> Rich {
    items.iter().enumerate().fold(page.rich(), |line, (at, item)| {
        if at == 0 { line.rich(item) } else { line.own("\u{a0}· ", Role::Plain).rich(item) }
    })
}

/// Items with a dot between them, a new line before one that does not fit; one too long for a line wraps.
pub fn packed(page: &Page, items: &[Rich], room: usize) -> Vec<Rich> {
    let mut lines: Vec<Rich> = Vec::new();
    for item in items {
        match lines.pop() {
            Some(line) if line.width() + 3 + item.width() <= room => lines.push(dotted(page, &[line, item.clone()])),
            line => {
                lines.extend(line);
                lines.extend(item.wrap(room, room, false));
            }
        }
    }
    lines
}

/// A range of times as the page shows them.
pub fn range(page: &Page, first: Option<&str>, last: Option<&str>) -> Option<String> {
    numbers::range(first, last, " – ", page.dated)
}

/// `user @ host:port/database · slot flink · table public.orders`. `named` are the parameters that the headline names, `used`
/// those that checks and fixes name; `short` leaves out what neither names.
pub fn place(page: &Page, params: &BTreeMap<String, Param>, named: &[&str], used: &[&str], short: bool) -> Vec<Rich> {
    let value = |name: &str| params.get(name).map(|param| param.value.as_str()).filter(|value| !value.is_empty());
    let words = page.words;
    let item = |template: &str, value: &str| page.rich().fill(template, &[("value", value, Role::Param)], Role::Plain);
    let mut items = Vec::new();
    let server = value("host").map(|host| {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let port = value("port").map(|port| format!(":{port}")).unwrap_or_default();
        let database = value("database").map(|name| format!("/{name}")).unwrap_or_default();
        format!("{host}{port}{database}")
    });
    match (value("user"), server) {
        (Some(user), Some(server)) => {
            let line = page.rich().log(user, Role::Plain).own("\u{a0}@\u{a0}", Role::Plain).log(&server, Role::Plain);
            items.push(line);
        }
        (None, Some(server)) => items.push(page.rich().log(&server, Role::Plain)),
        (user, None) => {
            items.extend(user.map(|user| plain(&item(words.item_user, user))));
            items.extend(value("database").map(|name| plain(&item(words.item_database, name))));
        }
    }
    let table = value("table").map(|table| match value("schema") {
        Some(schema) if !table.contains('.') => format!("{schema}.{table}"),
        _ => table.to_owned(),
    });
    let mut objects = [
        ("slot", words.item_slot, value("slot").map(str::to_owned)),
        ("publication", words.item_publication, value("publication").map(str::to_owned)),
        ("table", words.item_table, table.clone()),
        ("tables", words.item_tables, value("tables").filter(|_| table.is_none()).map(shorten_list)),
    ];
    objects.sort_by_key(|(name, ..)| !named.contains(name));
    for (name, template, value) in objects {
        let mentioned = named.contains(&name) || used.contains(&name);
        if let Some(value) = value.filter(|_| mentioned || (!short && name != "publication")) {
            items.push(plain(&item(template, &value)));
        }
    }
    if !short {
        items.extend(value("pid").map(|pid| plain(&item(words.item_pid, pid))));
        items.extend(value("encryption").and_then(|text| encryption(page, text)));
    }
    items
}

fn plain(item: &Rich) -> Rich {
    item.clone().recoloured(Role::Param, Role::Plain)
}

/// The first three of a list of tables.
fn shorten_list(tables: &str) -> String {
    let mut names = tables.split(',').map(str::trim).filter(|name| !name.is_empty());
    let first: Vec<&str> = names.by_ref().take(3).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}

fn encryption(page: &Page, text: &str) -> Option<Rich> {
    let lower = text.to_lowercase();
    let phrase = if lower.contains("no encryption") || lower.contains("ssl off") || lower.contains("no ssl") {
        page.words.item_no_tls
    } else if lower.contains("ssl") || lower.contains("tls") || lower.contains("gss") {
        page.words.item_tls
    } else {
        return None;
    };
    Some(page.rich().own(phrase, Role::Plain))
}

/// Names of the parameters that the headline, and that checks and fixes were filled with.
pub fn mentioned(diagnosis: &Diagnosis) -> (Vec<&str>, Vec<&str>) {
    let named = diagnosis.headline_params.iter().map(|slot| slot.param.as_str()).collect();
    let checks = diagnosis.checks.iter().flat_map(|check| &check.text_params);
    let fixes = diagnosis.fix.iter().flat_map(|fix| &fix.text_params);
    (named, checks.chain(fixes).map(|slot| slot.param.as_str()).collect())
}

/// `2 failures, 14:11:47 – 14:11:50 · each start of the source ended in FAILED (attempts #0 and #1)`.
pub fn happened(page: &Page, diagnosis: &Diagnosis, short: bool) -> Vec<Rich> {
    let words = page.words;
    let ongoing = diagnosis.state == State::Ongoing;
    let failed = diagnosis.job_state.as_deref() == Some("FAILED");
    let looping = ongoing && diagnosis.attempts.is_empty() && !failed;
    let (first, last) = (diagnosis.first_seen.as_deref(), diagnosis.last_seen.as_deref());
    let retry = diagnosis.retry.as_ref();
    let mut list = Vec::new();
    if let Some((attempt, of)) = retry.and_then(|retry| Some((retry.attempt, retry.of?))) {
        let (attempt, of) = (numbers::count(attempt), numbers::count(of));
        list.push(fill(words.attempts_of, &[("attempt", &attempt), ("of", &of)]));
    } else if diagnosis.basis == "job" {
        list.push(words.only_files.to_owned());
    } else {
        let failures = counted(words.failures, diagnosis.count);
        let span = numbers::span_seconds(first, last).filter(|seconds| *seconds > 0 && looping && diagnosis.count > 1);
        list.push(match span {
            Some(seconds) => {
                let span = numbers::duration(seconds.saturating_mul(1000));
                fill(words.failures_span, &[("failures", &failures), ("span", &span)])
            }
            None => failures,
        });
    }
    list.extend(range(page, first, last));
    if let Some(interval) = retry.and_then(|retry| retry.interval_ms).filter(|_| !short) {
        let interval = if interval < 1000 { interval } else { (interval.saturating_add(500)) / 1000 * 1000 };
        list.push(fill(words.every, &[("interval", &numbers::duration(interval))]));
    }
    if looping && (diagnosis.count > 1 || retry.is_some()) {
        list.push((if short { words.still_going_on_short } else { words.still_going_on }).to_owned());
    }
    let mut items = vec![page.rich().own(&list.join(words.comma), Role::Plain)];
    let mut item = |text: String| items.push(page.rich().own(&text, Role::Plain));
    if let Some(text) = ended_in_failed(page, diagnosis, failed) {
        item(text);
    }
    if diagnosis.state == State::Recovered {
        let healthy = diagnosis.last_healthy.as_deref();
        match healthy.filter(|healthy| numbers::span_seconds(last, Some(healthy)).is_some()) {
            Some(time) => item(fill(words.recovered_at, &[("time", &numbers::time(time, page.dated))])),
            None => item(words.recovered.to_owned()),
        }
    }
    if short && shows_running(diagnosis) {
        item(words.flink_shows_running_short.to_owned());
    }
    items
}

/// How the attempts of the task ended.
fn ended_in_failed(page: &Page, diagnosis: &Diagnosis, failed: bool) -> Option<String> {
    let words = page.words;
    let attempts = &diagnosis.attempts;
    let number = |attempt: &u32| format!("#{attempt}");
    match attempts.as_slice() {
        [] if failed && (restarts(page, diagnosis) > 1) => Some(words.used_up.to_owned()),
        [] if failed => Some(words.is_failed.to_owned()),
        [] => None,
        [only] => Some(fill(words.attempt_failed, &[("attempt", &number(only))])),
        [first, .., last] => {
            let contiguous =
                attempts.windows(2).all(|pair| matches!(pair, [one, next] if one.checked_add(1) == Some(*next)));
            let texts: Vec<String> = attempts.iter().map(number).collect();
            let list = match texts.split_last() {
                _ if contiguous && attempts.len() > 3 => format!("{} – {}", number(first), number(last)),
                Some((last, rest)) => fill(words.list_and, &[("list", &rest.join(words.comma)), ("last", last)]),
                None => String::new(),
            };
            let each = contiguous && *first == 0 && u64::from(*last) + 1 >= restarts(page, diagnosis);
            let template = if each { words.each_start_failed } else { words.attempts_failed };
            Some(fill(template, &[("attempts", &list)]))
        }
    }
}

/// How often the job's source was started, as far as the logs say; else the number of failures.
fn restarts(page: &Page, diagnosis: &Diagnosis) -> u64 {
    let own = |id: &Option<String>| id.as_ref().is_some_and(|id| diagnosis.jobs.contains(id));
    let attempts = page.report.jobs.iter().filter(|job| own(&job.id)).filter_map(|job| job.attempts).max();
    attempts.map_or(diagnosis.count, u64::from)
}

/// The job is RUNNING and dead. A source that moved between the failures is not dead: what fails is beside its way (a heartbeat
/// query, one of several jobs).
fn shows_running(diagnosis: &Diagnosis) -> bool {
    let moved = matches!((&diagnosis.first_seen, &diagnosis.last_healthy), (Some(first), Some(moved)) if moved > first);
    diagnosis.job_state.as_deref() == Some("RUNNING")
        && diagnosis.state == State::Ongoing
        && !moved
        && matches!(diagnosis.impact.as_str(), "down" | "stalled")
}

/// `Flink shows the job as RUNNING, but it reads nothing.` and when the retries end.
pub fn meanwhile(page: &Page, diagnosis: &Diagnosis) -> Option<Rich> {
    let words = page.words;
    let mut sentences = Vec::new();
    if shows_running(diagnosis) {
        sentences.push(words.flink_shows_running.to_owned());
    }
    if let Some(time) = diagnosis.retry.as_ref().and_then(|retry| retry.gives_up.as_deref()) {
        sentences.push(fill(words.gives_up, &[("time", &numbers::time(time, page.dated))]));
    }
    (!sentences.is_empty()).then(|| page.rich().own(&sentences.join(" "), Role::Plain))
}

/// `job cfe6cc80…`, `jobs ff05edc7…, 762d9fdc…`.
pub fn jobs(page: &Page, jobs: &[String]) -> Option<Rich> {
    let list: Vec<String> = jobs.iter().map(|id| short_id(id)).collect();
    (!list.is_empty()).then(|| {
        let number = u64::try_from(list.len()).unwrap_or(u64::MAX);
        let text = fill(&counted(page.words.item_jobs, number), &[("jobs", &list.join(", "))]);
        page.rich().own(&text, Role::Plain)
    })
}
