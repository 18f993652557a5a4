//! Log events written as one JSON object a line become the text that Flink's own pattern would have written.

use std::fmt::Write;

use super::Format;
use super::json::{Node, Value};

/// Deepest chain of causes written out of nested objects.
const CAUSES: usize = 32;

/// The text of an event, without its last line end; `None` if the object is none.
pub(super) fn text(node: &Node<'_>) -> Option<(Format, String)> {
    if let Some(text) = server(node) {
        return Some((Format::PostgresJson, text));
    }
    let message = ["message", "short_message", "msg", "@message"].iter().find_map(|key| node.get(key)?.text());
    let message = message.or_else(|| node.get("message")?.first(&["message", "formattedMessage"]))?;
    let level =
        node.first(&["log.level", "level", "severity", "levelname", "messageType", "loglevel"]).and_then(level)?;
    let logger = node.first(&["log.logger", "logger_name", "loggerName", "logger", "_logger", "loggerFqcn"]);
    let time = time(node);
    if time.is_none() && logger.is_none() {
        return None;
    }
    let format = if node.get("log.level").is_some() || node.get("ecs.version").is_some() {
        Format::Ecs
    } else if node.get("@version").is_some() || node.get("logger_name").is_some() {
        Format::Logstash
    } else {
        Format::JsonLines
    };
    let mut out = String::with_capacity(message.len() + 160);
    if let Some(time) = time {
        out.push_str(&time);
        out.push(' ');
    }
    let message = message.trim_end_matches(['\n', '\r']);
    let _ = write!(out, "{level:<5} {:<60} [] - {message}", logger.unwrap_or("unknown"));
    if let Some(trace) = trace(node) {
        out.push('\n');
        out.push_str(trace.trim_end_matches(['\n', '\r']));
    }
    Some((format, out))
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

/// A level word, also from syslog's numbers.
fn level(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_uppercase().as_str() {
        "TRACE" | "FINEST" | "FINER" => "TRACE",
        "DEBUG" | "FINE" | "CONFIG" | "7" => "DEBUG",
        "INFO" | "NOTICE" | "DEFAULT" | "INFORMATION" | "6" | "5" => "INFO",
        "WARN" | "WARNING" | "4" => "WARN",
        "ERROR" | "SEVERE" | "ERR" | "3" => "ERROR",
        "FATAL" | "CRITICAL" | "ALERT" | "EMERGENCY" | "EMERG" | "2" | "1" | "0" => "FATAL",
        _ => return None,
    })
}

/// The time as Flink writes it, with the zone that is known.
fn time(node: &Node<'_>) -> Option<String> {
    if let Some(seconds) = node.get("instant.epochSecond").and_then(Node::text).and_then(|s| s.parse().ok()) {
        let nanos = node.get("instant.nanoOfSecond").and_then(Node::text).and_then(|s| s.parse::<i64>().ok());
        return Some(epoch(seconds, nanos.unwrap_or(0) / 1_000_000));
    }
    let text = node.first(&["@timestamp", "timestamp", "time", "timeMillis", "ts", "date", "asctime", "eventTime"])?;
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

/// The trace, as Java prints it.
fn trace(node: &Node<'_>) -> Option<String> {
    const TEXTS: [&str; 9] = [
        "error.stack_trace",
        "stack_trace",
        "exception.stacktrace",
        "exception.stackTrace",
        "throwableInformation",
        "_exception.stackTrace",
        "_exception.stacktrace",
        "stackTrace",
        "stacktrace",
    ];
    let found = TEXTS.iter().find_map(|key| node.get(key).and_then(lines));
    if let Some(text) = found {
        let class = node.first(&["error.type", "exception.exception_class", "_exception.class"]);
        let message = node.first(&["error.message", "exception.exception_message", "_exception.message"]);
        return Some(match class {
            Some(class) if text.trim_start().starts_with("at ") => titled(class, message) + "\n" + &text,
            _ => text,
        });
    }
    if let Some(thrown) = node.get("thrown").filter(|t| matches!(t.value, Value::Object(_))) {
        let mut out = String::new();
        throwable(thrown, &mut out, "", CAUSES);
        return Some(out);
    }
    if let Some(text) = node.get("exception").or_else(|| node.get("thrown")).and_then(lines) {
        return Some(text);
    }
    let class = node.first(&["error.type", "exception.exception_class"])?;
    Some(titled(class, node.first(&["error.message", "exception.exception_message"])))
}

fn titled(class: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("{class}: {message}"),
        None => class.to_owned(),
    }
}

/// A string, or the strings of an array as lines.
fn lines(node: &Node<'_>) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.to_string()),
        Value::List(list) => {
            let lines: Vec<&str> = list.iter().filter_map(Node::text).collect();
            (!lines.is_empty() && lines.len() == list.len()).then(|| lines.join("\n"))
        }
        _ => None,
    }
}

/// log4j2's `thrown` object.
fn throwable(node: &Node<'_>, out: &mut String, lead: &str, depth: usize) {
    let stack = node.get("extendedStackTrace");
    let whole = stack.and_then(Node::text).or_else(|| node.get("stackTrace")?.text());
    if let Some(whole) = whole {
        out.push_str(whole);
        return;
    }
    let message = node.first(&["message", "localizedMessage"]);
    out.push_str(lead);
    out.push_str(&titled(node.first(&["name"]).unwrap_or("unknown"), message));
    for frame in stack.map_or(&[][..], Node::list) {
        if let Some(line) = frame.text() {
            let _ = write!(out, "\n\tat {}", line.trim().trim_start_matches("at "));
            continue;
        }
        let part = |key: &str| frame.first(&[key]).unwrap_or("?");
        let file = frame.first(&["file"]).unwrap_or("Unknown Source");
        let place = match frame.first(&["line"]) {
            Some(line) if !line.starts_with('-') => format!("{file}:{line}"),
            _ => file.to_owned(),
        };
        let _ = write!(out, "\n\tat {}.{}({place})", part("class"), part("method"));
        if let Some(jar) = frame.first(&["location"]).filter(|jar| *jar != "?") {
            let _ = write!(out, " ~[{jar}:{}]", part("version"));
        }
    }
    if let Some(cause) = node.get("cause").filter(|c| matches!(c.value, Value::Object(_)) && depth > 0) {
        out.push('\n');
        throwable(cause, out, "Caused by: ", depth - 1);
    }
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
