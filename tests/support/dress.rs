//! Logs in other dresses: what containers, Kubernetes, system loggers and JSON layouts make of lines.

#![allow(dead_code, reason = "every test uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use serde_json::json;

/// Another writer's line, in the middle of everything.
pub const OTHER: &str =
    "2026-11-22 14:00:00,000 INFO  org.apache.flink.runtime.blob.BlobServer                     [] - Nothing to tell";

/// A text in another dress, and for each of its lines (from 1) the line on which it stands there.
pub type Dressed = (String, BTreeMap<u64, u64>);

/// Each line by itself; `wrap` may give several lines of the file for one of the text.
pub fn by_line(wrap: impl Fn(usize, &str) -> String) -> impl Fn(&str) -> Dressed {
    move |text| {
        let (mut out, mut lines, mut at) = (String::new(), BTreeMap::new(), 1);
        for (n, line) in text.lines().enumerate() {
            lines.insert(n as u64 + 1, at);
            let wrapped = wrap(n, line);
            at += wrapped.lines().count() as u64;
            out.push_str(&wrapped);
        }
        (out, lines)
    }
}

/// Nanoseconds that grow.
pub fn stamp(n: usize) -> String {
    format!("2026-11-22T14:{:02}:{:02}.{:09}Z", n / 60 % 60, n % 60, n)
}

pub fn docker(n: usize, line: &str) -> String {
    json!({"log": format!("{line}\n"), "stream": "stdout", "time": stamp(n)}).to_string() + "\n"
}

pub fn cri(n: usize, line: &str) -> String {
    // in pieces of 80 bytes, as the kubelet cuts at 16 KiB
    let (mut out, mut rest) = (String::new(), line);
    while rest.len() > 80 {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(80));
        out.push_str(&format!("{} stdout P {piece}\n", stamp(n)));
        rest = behind;
    }
    out + &format!("{} stdout F {rest}\n", stamp(n))
}

pub fn pod(name: &str, line: &str) -> String {
    format!("[pod/{name}/flink-main-container] {line}\n")
}

pub fn compose(name: &str, line: &str) -> String {
    format!("{name:<14}  | {line}\n")
}

pub fn journal(name: &str, pid: u32, line: &str) -> String {
    let text = if line.contains('\t') { json!(line.bytes().collect::<Vec<u8>>()) } else { json!(line) };
    json!({"__REALTIME_TIMESTAMP": "1795357298355123", "_PID": pid.to_string(), "SYSLOG_IDENTIFIER": name,
        "PRIORITY": "6", "MESSAGE": text})
    .to_string()
        + "\n"
}

/// A record in its parts: time, level, logger, message, trace, and how many lines it has.
pub struct Event {
    pub time: String,
    pub level: String,
    pub logger: String,
    pub message: String,
    pub trace: Option<String>,
    pub lines: usize,
}

pub fn events(text: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for line in text.lines() {
        let parts = line.split_once(" [] - ").filter(|(head, _)| head.starts_with("20"));
        let words: Vec<&str> = parts.map_or(Vec::new(), |(head, _)| head.split_whitespace().collect());
        match (parts, events.last_mut()) {
            (Some((_, message)), _) if words.len() == 4 => events.push(Event {
                time: format!("{}T{}", words[0], words[1].replace(',', ".")),
                level: words[2].to_owned(),
                logger: words[3].to_owned(),
                message: message.to_owned(),
                trace: None,
                lines: 1,
            }),
            (_, Some(event)) => {
                event.lines += 1;
                let class = line.split([':', ' ']).next().unwrap_or("");
                let throwable = class.contains('.') && (class.ends_with("Exception") || class.ends_with("Error"));
                match &mut event.trace {
                    Some(trace) => *trace += &format!("\n{line}"),
                    None if throwable => event.trace = Some(line.to_owned()),
                    None => event.message += &format!("\n{line}"),
                }
            }
            _ => panic!("{line}"),
        }
    }
    events
}

pub fn by_event(wrap: impl Fn(&Event) -> serde_json::Value) -> impl Fn(&str) -> Dressed {
    move |text| {
        let (mut out, mut lines, mut line) = (String::new(), BTreeMap::new(), 0);
        for (n, event) in events(text).iter().enumerate() {
            lines.extend((1..=event.lines as u64).map(|k| (line + k, n as u64 + 1)));
            line += event.lines as u64;
            out.push_str(&wrap(event).to_string());
            out.push('\n');
        }
        (out, lines)
    }
}

pub fn ecs(e: &Event) -> serde_json::Value {
    let mut event = json!({"@timestamp": e.time, "ecs.version": "1.2.0", "log.level": e.level, "message": e.message,
        "process.thread.name": "main", "log.logger": e.logger});
    if let Some(trace) = &e.trace {
        event["error.type"] = json!("java.lang.Exception");
        event["error.stack_trace"] = json!(trace);
    }
    event
}
