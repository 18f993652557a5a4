//! What a JSON event says of a failure: throwables in the shapes that log libraries give them, and whatever else tells of an error.

use std::fmt::Write;

use super::json::{Node, Value};

/// Deepest chain of causes written out of nested objects, and deepest nesting looked into for texts.
const DEPTH: usize = 32;
/// Most texts beside the trace that are kept of one event.
const TEXTS: usize = 16;

/// Traces printed as text (or as an array of lines), best first.
const TRACES: [&str; 24] = [
    "error.stack_trace",
    "stack_trace",
    "exception.stacktrace",
    "exception.stackTrace",
    "exception.stack_trace",
    "throwableInformation",
    "_exception.stackTrace",
    "_exception.stacktrace",
    "_exception.stack_trace",
    "stackTrace",
    "stacktrace",
    "error.stack",
    "err.stack",
    "error.stackTrace",
    "error.stacktrace",
    "error.trace",
    "stack",
    "trace",
    "traceback",
    "exc_info",
    "exc_text",
    "errorVerbose",
    "full_message",
    "thrown.extendedStackTrace",
];
/// Throwables as objects, and traces that share their key with them.
const THROWABLES: [&str; 9] =
    ["thrown", "throwable", "exception", "error", "err", "_exception", "cause", "throwableProxy", "failure"];
/// Members that hold no words of a failure, in small letters.
const SILENT: [&str; 49] = [
    "message",
    "short_message",
    "msg",
    "logger",
    "logger_name",
    "loggername",
    "_logger",
    "loggerfqcn",
    "level",
    "severity",
    "thread",
    "thread_name",
    "threadname",
    "_thread",
    "mdc",
    "contextmap",
    "labels",
    "kubernetes",
    "host",
    "hostname",
    "file",
    "source",
    "caller",
    "class",
    "method",
    "locationinformation",
    "applicationarn",
    "log.logger",
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "instant",
    "log.level",
    "level_value",
    "formattedmessage",
    "loggerclassname",
    "process.thread.name",
    "threadid",
    "threadpriority",
    "endofbatch",
    "sequence",
    "ndc",
    "ecs.version",
    "@version",
    "version",
    "service.name",
    "event.dataset",
    "stream",
];
/// What an event tells beyond its message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Text that follows the message: a blank and more of its line, or a line end and a trace.
    Behind(String),
    /// Text that holds the message itself.
    Whole(String),
}

/// What `node` tells of a failure beyond its `message`; nothing of it stands twice.
pub(super) fn text(node: &Node<'_>, message: &str) -> Option<More> {
    if let Value::Object(entries) = &node.value
        && entries.iter().all(|(key, value)| is_quiet(key, value))
    {
        return None;
    }
    let trace = trace(node).map(|t| t.trim_matches(['\n', '\r']).to_owned()).filter(|t| !t.trim().is_empty());
    // GELF's full message begins with the short one
    let whole = trace.as_ref().is_some_and(|t| !message.is_empty() && t.starts_with(message));
    let mut out = match trace {
        Some(trace) if whole => trace,
        Some(trace) if message.contains(trace.as_str()) => String::new(),
        // Node and Go name no class: the first line is the words
        Some(trace) if !names_throwable(&trace) && !trace.starts_with("Traceback") => format!(": {trace}"),
        Some(trace) => format!("\n{trace}"),
        None => String::new(),
    };
    let mut texts = Vec::new();
    gather(node, false, DEPTH, &mut texts);
    for text in texts {
        let text = text.trim_matches(['\n', '\r', ' ']);
        if message.contains(text) || out.contains(text) {
            continue;
        }
        match names_throwable(text) {
            true => out = format!("{out}\n{text}"),
            // words come before the trace, on the message's line
            false if whole => out.push_str(&format!("\n{text}")),
            false => {
                let at = out.find('\n').unwrap_or(out.len());
                out.insert_str(at, &format!(": {text}"));
            }
        }
    }
    if out.is_empty() {
        return None;
    }
    Some(if whole { More::Whole(out) } else { More::Behind(out) })
}

/// A member that never tells of a failure; most events have no other.
fn is_quiet(key: &str, value: &Node<'_>) -> bool {
    // the Elastic Common Schema puts level, logger and thread into objects
    let nested = matches!(key, "log" | "ecs" | "process") && matches!(value.value, Value::Object(_));
    nested || is_silent(key)
}

fn is_silent(key: &str) -> bool {
    SILENT.iter().any(|silent| silent.eq_ignore_ascii_case(key))
}

/// The trace, as Java prints it.
fn trace(node: &Node<'_>) -> Option<String> {
    let class = || {
        node.first(&[
            "error.type",
            "error.class",
            "exception.exception_class",
            "_exception.class",
            "exception.class",
            "err.type",
        ])
    };
    let message = || {
        node.first(&[
            "error.message",
            "exception.exception_message",
            "_exception.message",
            "exception.message",
            "err.message",
        ])
    };
    let object = || THROWABLES.iter().find_map(|key| node.get(key).filter(|n| is_throwable(n)));
    // log4j2 and logback give the frames as objects
    if let Some(text) = TRACES.iter().find_map(|key| node.get(key).and_then(lines)).filter(|t| is_trace(t)) {
        return Some(match class() {
            Some(class) if text.trim_start().starts_with("at ") => titled(class, message()) + "\n" + &text,
            _ => text,
        });
    }
    if let Some(thrown) = object() {
        let mut out = String::new();
        throwable(thrown, &mut out, "", DEPTH);
        return Some(out);
    }
    if let Some(text) = THROWABLES.iter().find_map(|key| node.get(key).and_then(lines)).filter(|t| is_trace(t)) {
        return Some(text);
    }
    Some(titled(class()?, message()))
}

/// More than words: a throwable's name in front, or frames.
fn is_trace(text: &str) -> bool {
    names_throwable(text) || text.contains("\n\tat ") || text.contains("\n    at ") || text.starts_with("Traceback")
}

/// Does a text begin with the class of a throwable, or with a frame?
fn names_throwable(text: &str) -> bool {
    let text = text.trim_start();
    let class = text.split([':', ' ', '\n', '\t']).next().unwrap_or("");
    let named = class.contains('.') && ["Exception", "Error", "Throwable"].iter().any(|end| class.ends_with(end));
    named || text.starts_with("at ") || text.starts_with("Caused by: ")
}

/// The strings that tell of a failure, in their order: those under a key that says so, and those whose words do.
fn gather<'n>(node: &'n Node<'_>, telling: bool, depth: usize, out: &mut Vec<&'n str>) {
    const KEYS: [&str; 20] = [
        "error",
        "err",
        "exception",
        "exc_info",
        "exc_text",
        "throwable",
        "thrown",
        "cause",
        "causes",
        "reason",
        "detail",
        "details",
        "hint",
        "errmsg",
        "errormessage",
        "error_message",
        "errors",
        "full_message",
        "failure",
        "description",
    ];
    const WORDS: [&str; 6] = ["Exception", "Error", "ERROR", "FATAL", "SQLSTATE", "failed"];
    if depth == 0 || out.len() >= TEXTS {
        return;
    }
    match &node.value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.to_ascii_lowercase();
                let last = key.rsplit('.').next().unwrap_or("");
                // within an error, its message is what matters
                if !telling && is_silent(&key) {
                    continue;
                }
                let own = KEYS.contains(&key.as_str()) || key.starts_with("error.") && last == "message";
                let worded = telling && matches!(last, "message" | "msg" | "detail" | "hint" | "text" | "value");
                gather(value, own || worded, depth - 1, out);
            }
        }
        Value::List(list) => list.iter().for_each(|node| gather(node, telling, depth - 1, out)),
        // codes and flags are no words
        Value::Text(text)
            if (telling || WORDS.iter().any(|word| text.contains(word)))
                && text.contains([' ', '.', ':'])
                && text.len() > 3 =>
        {
            out.push(text);
        }
        _ => {}
    }
}

fn titled(class: &str, message: Option<&str>) -> String {
    match message {
        Some(message) if !message.is_empty() => format!("{class}: {message}"),
        _ => class.to_owned(),
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

/// Names of a throwable's members: log4j2, logback, Quarkus, pino, and what others call them.
const CLASS: [&str; 8] = ["name", "className", "exceptionType", "type", "class", "exception_class", "exc_type", "kind"];
const MESSAGE: [&str; 6] = ["message", "localizedMessage", "msg", "exception_message", "exc_value", "reason"];
const STACK: [&str; 8] =
    ["extendedStackTrace", "stackTrace", "stack_trace", "stacktrace", "stack", "trace", "stepArray", "frames"];
const CAUSE: [&str; 5] = ["cause", "causedBy.exception", "causedBy", "caused_by", "cause.exception"];

/// A throwable as an object: a class, and a message or frames.
fn is_throwable(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Object(_))
        && (node.first(&CLASS).is_some() || STACK.iter().any(|key| node.get(key).is_some()))
        && (node.first(&MESSAGE).is_some() || STACK.iter().any(|key| node.get(key).is_some()))
}

/// Writes a throwable with its frames and causes.
fn throwable(node: &Node<'_>, out: &mut String, lead: &str, depth: usize) {
    let stack = STACK.iter().find_map(|key| node.get(key));
    if let Some(whole) = stack.and_then(lines).filter(|text| is_trace(text)) {
        out.push_str(lead);
        // frames alone have their class beside them
        if let (true, Some(class)) = (whole.trim_start().starts_with("at "), node.first(&CLASS)) {
            let _ = writeln!(out, "{}", titled(class, node.first(&MESSAGE)));
        }
        out.push_str(&whole);
        return;
    }
    out.push_str(lead);
    out.push_str(&titled(node.first(&CLASS).unwrap_or("unknown"), node.first(&MESSAGE)));
    for frame in stack.map_or(&[][..], Node::list) {
        if let Some(line) = frame.text() {
            let _ = write!(out, "\n\tat {}", line.trim().trim_start_matches("at "));
            continue;
        }
        let part = |keys: &[&str]| frame.first(keys).unwrap_or("?").to_owned();
        let file = frame.first(&["file", "fileName", "filename"]).unwrap_or("Unknown Source");
        let place = match frame.first(&["line", "lineNumber", "lineno"]) {
            Some(line) if !line.starts_with('-') => format!("{file}:{line}"),
            _ => file.to_owned(),
        };
        let (class, method) = (part(&["class", "className"]), part(&["method", "methodName", "function", "name"]));
        let _ = write!(out, "\n\tat {class}.{method}({place})");
        if let Some(jar) = frame.first(&["location"]).filter(|jar| *jar != "?") {
            let _ = write!(out, " ~[{jar}:{}]", part(&["version"]));
        }
    }
    let cause = CAUSE.iter().find_map(|key| node.get(key).filter(|c| is_throwable(c)));
    if let Some(cause) = cause.filter(|_| depth > 0) {
        out.push('\n');
        throwable(cause, out, "Caused by: ", depth - 1);
    }
}
