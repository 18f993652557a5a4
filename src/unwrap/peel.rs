//! The wraps that container engines, Kubernetes and system loggers put around each line.
//!
//! Each of them is taken off by itself, so any nesting of them is. A wrap that says what it is (Docker's JSON, CRI, a pod's prefix)
//! is taken off wherever it stands; one that plain text may have too (a time stamp, a name and a bar) only if a header stands
//! behind it, or once that was seen in this source.

use std::borrow::Cow;

use super::json::{self, Node, Value};
use super::{Format, event};
use crate::record::Level;
use crate::record::layout::begins_record;

/// What stood around a line.
#[derive(Debug)]
pub(super) struct Peeled<'b> {
    /// The wrap.
    pub format: Format,
    /// Who wrote the line, if the wrap says so.
    pub key: Option<String>,
    /// The line goes on in the next one of this writer.
    pub part: bool,
    /// The line (or lines), without line end.
    pub text: Cow<'b, str>,
}

/// Wraps that were seen in this source with a header behind them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Seen {
    /// A time stamp before each line.
    pub stamped: bool,
    /// `name  | ` before each line.
    pub barred: bool,
}

/// Takes the outermost wrap off a line (without line end).
pub(super) fn peel<'b>(line: &'b str, seen: &mut Seen) -> Option<Peeled<'b>> {
    match line.as_bytes().first()? {
        b'{' => container(line),
        b'[' => pod(line),
        b'<' => syslog5424(line),
        b'0'..=b'9' => cri(line).or_else(|| stamped(line, seen)).or_else(|| syslog(line)).or_else(|| bar(line, seen)),
        b'\x1b' | b'A'..=b'Z' | b'a'..=b'z' => syslog(line).or_else(|| bar(line, seen)).or_else(|| stern(line)),
        _ => None,
    }
}

fn peeled<'b>(format: Format, key: Option<&str>, text: &'b str) -> Peeled<'b> {
    Peeled { format, key: key.map(str::to_owned), part: false, text: Cow::Borrowed(text) }
}

/// Does a header stand here, or a wrap that says what it is?
fn begins(text: &str) -> bool {
    begins_record(text.as_bytes())
        || cri(text).is_some()
        || pod(text).is_some()
        || (text.starts_with('{') && text.ends_with('}'))
}

/// One JSON object a line: Docker's json-file, what fluentd and fluent-bit make of it, `journalctl -o json`, and the lines that other
/// collectors (Filebeat, Vector, Promtail, `CloudWatch`) pass on.
fn container(line: &str) -> Option<Peeled<'_>> {
    const KEYS: [&str; 6] =
        ["\"log\"", "\"MESSAGE\"", "\"stream\"", "\"ingestionTime\"", "\"source_type\"", "\"labels\""];
    if !KEYS.iter().any(|key| memchr::memmem::find(line.as_bytes(), key.as_bytes()).is_some()) {
        return None;
    }
    let node = json::object(line)?;
    if node.get("__REALTIME_TIMESTAMP").is_some() || node.get("_BOOT_ID").is_some() {
        return journal(&node);
    }
    let Some(log) = node.get("log").and_then(Node::text) else {
        let (key, text) = event::carried(&node)?;
        return Some(Peeled { format: Format::JsonLines, key, part: false, text: Cow::Owned(text) });
    };
    let pod = node.first(&["kubernetes.pod_name", "container_name", "container_id"]);
    if pod.is_none() && node.get("stream").is_none() && node.get("time").is_none() {
        return None;
    }
    let container = node.first(&["kubernetes.container_name"]);
    let stream = node.first(&["stream"]).filter(|s| *s != "stdout");
    let key: Vec<&str> = [pod, container, stream].into_iter().flatten().collect();
    let part = !log.ends_with('\n') && pod.is_none() && log.len() >= PART;
    Some(Peeled {
        format: Format::Docker,
        key: (!key.is_empty()).then(|| key.join("/")),
        part,
        text: Cow::Owned(log.trim_end_matches('\n').to_owned()),
    })
}

/// Docker cuts longer lines: each piece but the last has at least so many bytes, and no line end.
const PART: usize = 8 << 10;

/// An entry of `journalctl -o json`.
fn journal<'b>(node: &Node<'_>) -> Option<Peeled<'b>> {
    let message = node.get("MESSAGE")?;
    let text = match &message.value {
        Value::Text(text) => text.to_string(),
        // a message that is no UTF-8, or holds control characters, is written as its bytes
        Value::List(bytes) => {
            let bytes: Option<Vec<u8>> = bytes.iter().map(|b| b.text()?.parse().ok()).collect();
            String::from_utf8_lossy(&bytes?).into_owned()
        }
        _ => return None,
    };
    let name = node.first(&["CONTAINER_NAME", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_COMM"]).unwrap_or("journal");
    let pid = node.first(&["_PID", "SYSLOG_PID"]).unwrap_or("");
    let text = text.trim_end_matches('\n');
    Some(Peeled {
        format: Format::Journal,
        key: Some(writer(name, pid)),
        part: false,
        text: Cow::Owned(if name == "postgres" { of_postgres(text) } else { text.to_owned() }),
    })
}

/// PostgreSQL's processes write one log.
fn writer(name: &str, pid: &str) -> String {
    if pid.is_empty() || name == "postgres" { name.to_owned() } else { format!("{name}[{pid}]") }
}

/// PostgreSQL numbers what it gives to syslog, `[5-1] `, and writes tabs as `#011`.
fn of_postgres(text: &str) -> String {
    let numbered = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let body = match numbered {
        Some((number, body)) if number.bytes().all(|b| b.is_ascii_digit() || b == b'-') => body,
        _ => text,
    };
    body.replace("#011", "\t")
}

/// `2026-11-22T14:25:18.355123456Z stdout F text`.
fn cri(line: &str) -> Option<Peeled<'_>> {
    let (time, rest) = line.split_once(' ')?;
    let (stream, rest) = rest.split_once(' ')?;
    let (tag, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let tag = tag.split(':').next()?;
    if !matches!(stream, "stdout" | "stderr") || !matches!(tag, "P" | "F") || !nanoseconds(time) {
        return None;
    }
    let mut found = peeled(Format::Cri, (stream != "stdout").then_some(stream), text);
    found.part = tag == "P";
    Some(found)
}

/// An RFC 3339 time with a zone, at least to the microsecond, as Kubernetes and Docker write it.
fn nanoseconds(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digits = bytes.get(20..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let zone = word.get(20 + digits..).unwrap_or("");
    bytes.first_chunk::<11>().is_some_and(|date| {
        date.iter().enumerate().all(|(n, b)| match n {
            4 | 7 => *b == b'-',
            10 => *b == b'T',
            _ => b.is_ascii_digit(),
        })
    }) && bytes.get(19) == Some(&b'.')
        && digits >= 6
        && (zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-'])))
}

/// `kubectl logs --timestamps`, `docker logs -t`: a time before each line, whatever the line is.
fn stamped<'b>(line: &'b str, seen: &mut Seen) -> Option<Peeled<'b>> {
    let (time, text) = line.split_once(' ').unwrap_or((line, ""));
    if !nanoseconds(time) {
        return None;
    }
    if begins(text) {
        seen.stamped = true;
    } else if !seen.stamped || begins_record(line.as_bytes()) {
        return None;
    }
    Some(peeled(Format::Stamped, None, text))
}

/// `kubectl logs --prefix`: `[pod/name/container] text`.
fn pod(line: &str) -> Option<Peeled<'_>> {
    let rest = line.strip_prefix("[pod/")?;
    let (name, text) = rest.split_once(']')?;
    let fits = name.contains('/') && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/'));
    fits.then(|| peeled(Format::Pod, Some(name), text.strip_prefix(' ').unwrap_or(text)))
}

/// `docker compose logs`: `taskmanager-1  | text`, perhaps in colour.
fn bar<'b>(line: &'b str, seen: &mut Seen) -> Option<Peeled<'b>> {
    let plain = match line.strip_prefix("\x1b[") {
        Some(rest) => rest.split_once('m')?.1,
        None => line,
    };
    let end = memchr::memchr(b'|', plain.as_bytes().get(..120).unwrap_or(plain.as_bytes()))?;
    let (name, text) = (plain.get(..end)?, plain.get(end + 1..)?);
    let reset = |s: &'b str| s.strip_prefix("\x1b[0m").or_else(|| s.strip_prefix("\x1b[39m")).unwrap_or(s);
    let name = name.trim_end_matches("\x1b[0m");
    let word = name.trim_end_matches(' ');
    let fits = word.len() < name.len()
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let text = reset(text);
    let text = text.strip_prefix(' ').filter(|_| fits).or_else(|| text.is_empty().then_some(text).filter(|_| fits))?;
    if begins(reset(text)) || nanoseconds(text.split(' ').next().unwrap_or("")) || complains(reset(text)) {
        seen.barred = true;
    } else if !seen.barred {
        return None;
    }
    Some(peeled(Format::Compose, Some(word), reset(text)))
}

/// What a server or its client says of a failure, by itself: no header, but no row of a table either.
fn complains(text: &str) -> bool {
    ["FATAL: ", "ERROR: ", "PANIC: ", "LOG: "].iter().any(|word| text.starts_with(word))
}

/// `stern`: `pod container text`.
fn stern(line: &str) -> Option<Peeled<'_>> {
    let (pod, rest) = line.split_once(' ')?;
    let (container, text) = rest.split_once(' ')?;
    let name = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    // pods of deployments and stateful sets end in a random part or a number
    let fits = name(pod) && name(container) && pod.contains('-') && container.ends_with("-container");
    fits.then(|| peeled(Format::Pod, Some(&format!("{pod}/{container}")), text))
}

/// `Nov 22 14:25:18 host name[123]: text`, also with an ISO time, as `journalctl` and rsyslog write it.
fn syslog(line: &str) -> Option<Peeled<'_>> {
    let rest = match line.as_bytes().first()? {
        b'0'..=b'9' => {
            let (time, rest) = line.split_once(' ')?;
            let iso = time.get(4..5) == Some("-") && time.get(10..11) == Some("T") && time.len() >= 20;
            Some(rest).filter(|_| iso)?
        }
        _ => {
            let month = line.get(..4)?;
            let known = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ".contains(month) && month.ends_with(' ');
            let clock = line.get(7..15)?;
            let fits = known && line.get(6..7) == Some(" ") && clock.bytes().all(|b| b.is_ascii_digit() || b == b':');
            line.get(15..)
                .filter(|_| fits)?
                .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit())
                .strip_prefix(' ')?
        }
    };
    let (host, rest) = rest.split_once(' ')?;
    // a time and a level are a header
    if Level::from_word(host).is_some() || host.starts_with('[') {
        return None;
    }
    let (tag, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let (name, pid) = tag.strip_suffix(']').and_then(|t| t.split_once('[')).unwrap_or((tag, ""));
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'@'))
        && pid.bytes().all(|b| b.is_ascii_digit())
        // without a process id it may be the text of a message
        && (!pid.is_empty() || begins(text));
    fits.then(|| from_syslog(name, pid, text))
}

/// `<134>1 2026-11-22T14:25:18.355Z host name 123 id - text`.
fn syslog5424(line: &str) -> Option<Peeled<'_>> {
    let (priority, rest) = line.strip_prefix('<')?.split_once('>')?;
    if priority.is_empty() || priority.len() > 3 || !priority.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let Some(rest) = rest.strip_prefix("1 ") else { return syslog(rest) };
    let mut words = rest.splitn(6, ' ');
    let (_, _, name, pid, _) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let rest = words.next()?;
    let text = match rest.strip_prefix('-') {
        Some(text) => text,
        None => rest.strip_prefix('[')?.split_once("] ").map(|(_, text)| text)?,
    };
    let text = text.strip_prefix(' ').unwrap_or(text);
    Some(from_syslog(name, pid.trim_matches('-'), text.strip_prefix('\u{feff}').unwrap_or(text)))
}

fn from_syslog<'b>(name: &str, pid: &str, text: &'b str) -> Peeled<'b> {
    let key = writer(name, pid);
    let mut found = peeled(Format::Syslog, Some(&key), text);
    found.text = if name == "postgres" {
        Cow::Owned(of_postgres(text))
    } else if text.contains("#011") {
        // rsyslog writes control characters so
        Cow::Owned(text.replace("#011", "\t"))
    } else {
        found.text
    };
    found
}
