//! Log events written as one JSON object a line become the text that Flink's own pattern would have written.

use std::fmt::Write;

use super::Format;
use super::json::Node;
use super::thrown;
use crate::record::layout::{UNTIMED, begins_record};

/// Where a message stands; the first that is there.
const MESSAGES: [&str; 12] = [
    "message",
    "short_message",
    "msg",
    "@message",
    "formattedMessage",
    "fields.message",
    "jsonPayload.message",
    "event.original",
    "event",
    "textPayload",
    "text",
    "body",
];
/// Where a logger stands.
const LOGGERS: [&str; 9] =
    ["log.logger", "logger_name", "loggerName", "logger", "_logger", "loggerFqcn", "caller", "component", "name"];
/// What those add who collect lines and pass them on; in a program's own event, it stands beside a level.
const CARRIERS: [&str; 14] = [
    "stream",
    "kubernetes",
    "ingestionTime",
    "source_type",
    "labels",
    "@metadata",
    "textPayload",
    "log.file",
    "log.offset",
    "logStreamName",
    "container_name",
    "container",
    "container_id",
    "filename",
];

/// The text of an event, without its last line end; `None` if the object is none.
pub(super) fn text(node: &Node<'_>) -> Option<(Format, String)> {
    if let Some(text) = server(node) {
        return Some((Format::PostgresJson, text));
    }
    // an export of Google's log holds the event
    if let Some(inner) = node.get("jsonPayload")
        && let Some(found) = text(inner)
    {
        return Some(found);
    }
    let message = message(node);
    let level =
        node.first(&["log.level", "level", "severity", "levelname", "messageType", "loglevel", "lvl"]).and_then(level);
    let logger = node.first(&LOGGERS);
    let time = time(node);
    let said = message.map(|m| m.trim_end_matches(['\n', '\r']));
    let more = thrown::text(node, said.unwrap_or(""));
    // one without a level tells at least what failed
    let level = match level {
        Some(level) => level,
        None if logger.is_some() && time.is_some() && more.is_some() => "ERROR",
        None => return None,
    };
    if said.is_none() && more.is_none() || time.is_none() && logger.is_none() {
        return None;
    }
    let format = if node.get("log.level").is_some() || node.get("ecs.version").is_some() {
        Format::Ecs
    } else if node.get("@version").is_some() || node.get("logger_name").is_some() {
        Format::Logstash
    } else {
        Format::JsonLines
    };
    let said = said.unwrap_or("");
    let mut out = String::with_capacity(said.len() + 160);
    // a whole line of another layout tells level and logger itself
    if !begins_record(said.lines().next().unwrap_or("").as_bytes()) {
        let _ = write!(out, "{} {level:<5} ", time.as_deref().unwrap_or(UNTIMED));
        let _ = write!(out, "{:<60} [] - ", logger.unwrap_or("unknown"));
    }
    match more {
        Some(thrown::More::Whole(text)) => out.push_str(&text),
        Some(thrown::More::Behind(text)) => {
            out.push_str(said);
            out.push_str(&text);
        }
        None => out.push_str(said),
    }
    out.truncate(out.trim_end_matches(['\n', '\r']).len());
    Some((format, out))
}

/// What an event says, if it stands where it is usual.
fn message<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    let found = MESSAGES.iter().find_map(|key| node.get(key)?.text());
    found.or_else(|| node.get("message")?.first(&["message", "formattedMessage", "text"]))
}

/// The line that a collector has wrapped into JSON, and who wrote it; `None` if a program wrote the object itself.
pub(super) fn carried(node: &Node<'_>) -> Option<(Option<String>, String)> {
    let levelled = ["log.level", "level", "levelname", "messageType"].iter().any(|key| node.get(key).is_some());
    if levelled || node.first(&LOGGERS).is_some() || !CARRIERS.iter().any(|key| node.get(key).is_some()) {
        return None;
    }
    let line = node.first(&["message", "line", "textPayload", "@message"])?.trim_end_matches(['\n', '\r']);
    let stream = node.first(&["stream"]).filter(|s| *s != "stdout");
    let file = node.first(&["log.file.path", "filename", "logStreamName"]);
    let who = [writer(node).or_else(|| file.map(str::to_owned)), stream.map(str::to_owned)];
    let who: Vec<String> = who.into_iter().flatten().collect();
    Some(((!who.is_empty()).then(|| who.join("/")), line.to_owned()))
}

/// Who wrote an event, if it says so: a pod, a container, a machine.
pub(super) fn writer(node: &Node<'_>) -> Option<String> {
    const POD: [&str; 4] = ["kubernetes.pod_name", "kubernetes.pod.name", "pod_name", "pod"];
    const CONTAINER: [&str; 4] =
        ["kubernetes.container_name", "kubernetes.container.name", "container.id", "container_id"];
    const MACHINE: [&str; 8] = [
        "host.name",
        "hostname",
        "HOSTNAME",
        "host",
        "source_host",
        "service.instance.id",
        "service.node.name",
        "_hostname",
    ];
    let (pod, container) = (node.first(&POD), node.first(&CONTAINER));
    let parts = if pod.is_some() || container.is_some() { [pod, container] } else { [node.first(&MACHINE), None] };
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// A level word, also from the numbers of syslog (0 to 7) and of pino (10 to 60).
fn level(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_uppercase().as_str() {
        "TRACE" | "FINEST" | "FINER" | "10" => "TRACE",
        "DEBUG" | "FINE" | "CONFIG" | "7" | "20" => "DEBUG",
        "INFO" | "NOTICE" | "DEFAULT" | "INFORMATION" | "6" | "5" | "30" => "INFO",
        "WARN" | "WARNING" | "4" | "40" => "WARN",
        "ERROR" | "SEVERE" | "ERR" | "3" | "50" => "ERROR",
        "FATAL" | "CRITICAL" | "ALERT" | "EMERGENCY" | "EMERG" | "DPANIC" | "PANIC" | "60" | "2" | "1" | "0" => "FATAL",
        _ => return None,
    })
}

/// The time as Flink writes it, with the zone that is known.
fn time(node: &Node<'_>) -> Option<String> {
    if let Some(seconds) = node.get("instant.epochSecond").and_then(Node::text).and_then(|s| s.parse().ok()) {
        let nanos = node.get("instant.nanoOfSecond").and_then(Node::text).and_then(|s| s.parse::<i64>().ok());
        return Some(epoch(seconds, nanos.unwrap_or(0) / 1_000_000));
    }
    let text = node.first(&[
        "@timestamp",
        "timestamp",
        "time",
        "timeMillis",
        "ts",
        "t",
        "date",
        "asctime",
        "eventTime",
        "datetime",
    ])?;
    if let Ok(number) = text.parse::<f64>() {
        // seconds with a fraction, or milliseconds
        let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
        #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates, and no log is so old")]
        let millis = millis as i64;
        return Some(epoch(millis.div_euclid(1000), millis.rem_euclid(1000)));
    }
    iso(text)
}

/// An ISO 8601 time as Flink writes it: `2026-11-22 14:11:39,264+00:00`.
fn iso(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', ' '])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':'));
    if !digits(date) || !digits(clock) {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    let zone = zone.trim_start();
    let zone = if zone.starts_with(['+', '-']) || zone == "Z" { zone } else { "" };
    Some(format!("{date} {clock},{millis}{zone}"))
}

/// Seconds since 1970 as a date: the days of the civil calendar, counted in eras of 400 years that begin in March.
pub(super) fn epoch(seconds: i64, millis: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{millis:03}Z")
}

/// PostgreSQL's jsonlog, in the words of its stderr log.
fn server(node: &Node<'_>) -> Option<String> {
    let severity = node.first(&["error_severity"])?;
    let time = node.first(&["timestamp"]).unwrap_or("");
    let secondary = [
        ("DETAIL", node.first(&["detail"])),
        ("HINT", node.first(&["hint"])),
        ("QUERY", node.first(&["internal_query"])),
        ("CONTEXT", node.first(&["context"])),
        ("STATEMENT", node.first(&["statement"])),
    ];
    let who = (node.first(&["user"]), node.first(&["dbname"]));
    let message = node.first(&["message"]).unwrap_or("");
    Some(of_server(time, node.first(&["pid"]).unwrap_or(""), who, severity, message, &secondary))
}

/// One message of PostgreSQL as its stderr log has it, with the prefix `%m [%p] %q%u@%d `.
pub(super) fn of_server(
    time: &str,
    pid: &str,
    (user, database): (Option<&str>, Option<&str>),
    severity: &str,
    message: &str,
    secondary: &[(&str, Option<&str>)],
) -> String {
    let mut prefix = format!("{time} [{pid}] ");
    if user.is_some() || database.is_some() {
        let _ = write!(prefix, "{}@{} ", user.unwrap_or("[unknown]"), database.unwrap_or("[unknown]"));
    }
    // continuation lines of one message are led by a tab
    let body = |text: &str| text.trim_end().replace('\n', "\n\t");
    let mut out = format!("{prefix}{severity}:  {}", body(message));
    for (word, text) in secondary {
        if let Some(text) = text.filter(|t| !t.is_empty()) {
            let _ = write!(out, "\n{prefix}{word}:  {}", body(text));
        }
    }
    out
}
