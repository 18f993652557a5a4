//! A report as a comment in a ticket system, over that system's own REST API.
//!
//! [`Target`] is what was asked for, [`System`] knows the requests of each vendor and reads the answers, [`send`] finds an earlier
//! comment of ours and updates it, or adds one, and has the patience; [`http`] is the only file that speaks to a network. Requests and
//! answers are plain data, so that all but the last can be tested without one. A secret is in exactly one header, marked as such;
//! neither `Debug` nor a dry run shows it, and redirects are refused, because it would go along.

pub mod http;
pub mod send;
mod system;
mod target;

use std::fmt;

pub use send::{Done, Outcome, Patience, attach, plan};
pub use system::System;
pub use target::{Kind, Target};

/// What is to be said in the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// First line for people, and the title where a system has one.
    pub title: String,
    /// The comment, in the markup of the system.
    pub body: String,
    /// The words by which a comment of ours is known again: `fingerprint v1:...`. They stand in one line of `body`. Without any, a
    /// comment is always added.
    pub mark: Option<String>,
    /// The report as JSON, for those who take it.
    pub report: serde_json::Value,
    /// Files to attach.
    pub files: Vec<Attached>,
}

/// A file that goes with a comment.
#[derive(Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its name: letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// One header. The value of a secret one is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// `Authorization`.
    pub name: &'static str,
    /// What stands before the secret: `Bearer `; the whole value of one that is none.
    pub plain: String,
    /// The secret.
    pub secret: Option<String>,
}

impl Header {
    fn new(name: &'static str, plain: &str) -> Self {
        Self { name, plain: plain.to_owned(), secret: None }
    }

    fn secret(name: &'static str, plain: &str, secret: &str) -> Self {
        Self { name, plain: plain.to_owned(), secret: Some(secret.to_owned()) }
    }

    /// Its value as it is sent.
    fn value(&self) -> String {
        format!("{}{}", self.plain, self.secret.as_deref().unwrap_or_default())
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = if self.secret.is_some() { "***" } else { "" };
        write!(f, "{}: {}{hidden}", self.name, self.plain)
    }
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON value.
    Json(serde_json::Value),
    /// Anything else: its type, what a dry run says of it, and the bytes.
    Bytes(String, String, Vec<u8>),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH`.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Headers, beside the type and length of the body.
    pub headers: Vec<Header>,
    /// What it carries.
    pub body: Body,
}

impl fmt::Display for Request {
    /// As a dry run shows it: without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.url)?;
        for header in &self.headers {
            writeln!(f, "{header:?}")?;
        }
        match &self.body {
            Body::None => Ok(()),
            Body::Json(value) => {
                let text = serde_json::to_string_pretty(value).unwrap_or_default();
                write!(f, "Content-Type: application/json\n\n{text}\n")
            }
            Body::Bytes(kind, shown, _) => write!(f, "Content-Type: {kind}\n\n{shown}\n"),
        }
    }
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, at most [`http::MOST`] bytes.
    pub body: String,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim())
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Nothing was sent: no such host, connection refused.
    pub unsent: bool,
    /// It may be better in a moment.
    pub passing: bool,
    /// In words.
    pub what: String,
}

/// Why nothing was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refused {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()) }
    }
}

/// Sends a request.
pub type Web<'w> = dyn FnMut(&Request) -> Result<Answer, Fault> + 'w;
