//! Plays a ticket system: compares each request with a file of `tests/contracts/` and answers with what stands there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;

/// Another body than the one that is sent now.
pub const OLD: &str = "## job down\ncdc-doctor 0.9.0 · rules 0000 · fingerprint v1:0123456789abcdef";
/// What a comment of ours says.
pub const NEW: &str = "## job \"down\"\n\n<sub>cdc-doctor 1.0.0 · rules 0001 · fingerprint v1:0123456789abcdef</sub>\n";
/// The secret.
pub const TOKEN: &str = "s3cr3t-t0k3n-of-the-test";

/// One exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Its file.
    pub name: String,
    /// `GET /path`.
    pub request: String,
    /// Headers that it must have, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Its body, as it must be; `None`: there is none.
    pub body: Option<String>,
    /// Status and headers of the answer.
    pub answer: Vec<String>,
    /// Its body.
    pub text: String,
}

/// Reads `github/find`.
pub fn exchange(name: &str) -> Exchange {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts").join(format!("{name}.http"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let part = |mark: &str| -> Vec<String> {
        text.lines().filter_map(|l| l.strip_prefix(mark)).map(|l| l.trim().to_owned()).collect()
    };
    assert!(text.starts_with("# ") && text.contains("# https://") || name.starts_with("webhook"), "{name}: no page");
    let request = part(">");
    let is_header =
        |l: &&String| l.split_once(": ").is_some_and(|(n, _)| n.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let header = |l: &String| l.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())).unwrap();
    let headers = request[1..].iter().filter(is_header).map(header).collect();
    let body = request[1..].iter().find(|l| !is_header(l)).cloned();
    let answer = part("<");
    let last = text.lines().enumerate().filter(|(_, l)| l.starts_with("< ")).map(|(i, _)| i).last().unwrap();
    let text: Vec<&str> = text.lines().skip(last + 2).collect();
    Exchange { name: name.to_owned(), request: request[0].clone(), headers, body, answer, text: text.join("\n") }
}

impl Exchange {
    /// The same with another answer.
    pub fn answering(mut self, answer: &[&str], text: &str) -> Self {
        self.answer = answer.iter().map(|l| (*l).to_owned()).collect();
        text.clone_into(&mut self.text);
        self
    }
}

/// A server that expects these exchanges in this order. Join it: it gives the requests it got, and panics if one was not as it must be.
pub struct Server {
    pub url: String,
    thread: JoinHandle<Vec<String>>,
}

impl Server {
    pub fn start(exchanges: Vec<Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let host = url.clone();
        let thread = std::thread::spawn(move || {
            exchanges.iter().map(|e| serve(&mut listener.accept().unwrap().0, e, &host)).collect()
        });
        Self { url, thread }
    }

    /// All exchanges have taken place.
    pub fn finish(self) -> Vec<String> {
        let start = std::time::Instant::now();
        while !self.thread.is_finished() {
            assert!(start.elapsed().as_secs() < 20, "the server still waits for a request");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        match self.thread.join() {
            Ok(requests) => requests,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn serve(stream: &mut TcpStream, exchange: &Exchange, host: &str) -> String {
    let (head, body) = request(stream);
    let text = String::from_utf8_lossy(&body).into_owned();
    let filled = |t: &str| {
        let json = |s: &str| serde_json::to_string(s).unwrap().trim_matches('"').to_owned();
        t.replace("{host}", host).replace("{body}", &json(NEW)).replace("{old}", &json(OLD)).replace("{token}", TOKEN)
    };
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
    assert_eq!(first, exchange.request, "{}", exchange.name);
    let got: BTreeMap<String, String> =
        lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    for (name, value) in &exchange.headers {
        let got = got.get(name).map_or("", String::as_str);
        if let Some(start) = value.strip_suffix("{boundary}") {
            assert!(got.starts_with(start), "{}: {name}: {got}", exchange.name);
        } else if let Some(start) = value.strip_suffix("{basic}") {
            // doctor@example.com:s3cr3t-t0k3n-of-the-test
            assert_eq!(
                got,
                format!("{start}ZG9jdG9yQGV4YW1wbGUuY29tOnMzY3IzdC10MGszbi1vZi10aGUtdGVzdA=="),
                "{}",
                exchange.name
            );
        } else {
            assert_eq!(got, filled(value), "{}: {name}", exchange.name);
        }
    }
    let secrets = got.values().filter(|v| v.contains(TOKEN)).count();
    let meant = exchange.headers.values().filter(|v| v.contains("{token}")).count();
    assert_eq!(secrets, meant, "{}: the token stands where it must not", exchange.name);
    match exchange.body.as_deref() {
        None => assert!(body.is_empty(), "{}: {text}", exchange.name),
        Some("{bytes}") => assert_eq!(text, "BYTES", "{}", exchange.name),
        Some("{form}") => {
            let form = "Content-Disposition: form-data; name=\"file\"; filename=\"case.tar.zst\"\r\n";
            assert!(text.contains(form) && text.contains("\r\n\r\nBYTES\r\n--"), "{}: {text}", exchange.name);
        }
        Some(expected) => {
            let expected: serde_json::Value = serde_json::from_str(&filled(expected)).unwrap();
            let got: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(got, expected, "{}", exchange.name);
        }
    }
    let answer = filled(&exchange.text);
    let (status, headers) = exchange.answer.split_first().unwrap();
    let headers: String = headers.iter().map(|h| format!("{}\r\n", filled(h))).collect();
    let wire = format!(
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(wire.as_bytes()).unwrap();
    format!("{head}\n{text}")
}

fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let (mut bytes, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let length = head
                .lines()
                .find_map(|l| l.to_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse().ok()));
            let body = &bytes[at + 4..];
            if body.len() >= length.unwrap_or(0) {
                return (head, body.to_vec());
            }
        }
        let n = stream.read(&mut piece).unwrap();
        assert!(n > 0, "the request ends in the middle: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..n]);
    }
}
