//! `pg_hba.conf`: its lines in order, with what each of them may match.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{At, Format, JobDefinition, unreadable};
use crate::diagnostic::{Problem, SourceText};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// `host`, `hostssl`, `hostnossl`, `hostgssenc`, `hostnogssenc`, `local`.
    pub kind: String,
    /// Databases.
    pub databases: Vec<Word>,
    /// Users.
    pub users: Vec<Word>,
    /// Addresses it matches.
    pub address: Address,
    /// Method.
    pub method: String,
    /// Where it stands.
    pub at: At,
}

/// A word, and whether it was quoted (then it is a name, not a keyword).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Word {
    /// Without quotation marks.
    pub text: String,
    /// It was quoted.
    pub quoted: bool,
}

/// Which clients a line matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Address {
    /// Every one.
    All,
    /// None: `0.0.0.0/32` is the one address that no client has.
    None,
    /// Those of the server's own machine.
    Own,
    /// Some: which of them the client is, is not known.
    Some(String),
}

/// How a line stands to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It cannot match.
    No,
    /// It may, as far as can be seen.
    Maybe,
    /// It does, wherever the client is.
    Yes,
}

impl Line {
    /// Whether its databases and users are those of the job; names that are not known fit perhaps.
    #[must_use]
    pub fn names(&self, user: Option<&str>, database: Option<&str>) -> Fit {
        let databases = self.databases.iter().map(|w| match (w.text.as_str(), w.quoted) {
            ("all", false) => Fit::Yes,
            // for physical replication only: the connections of logical decoding name their database
            ("replication", false) => Fit::No,
            ("sameuser", false) => match (user, database) {
                (Some(u), Some(d)) if u != d => Fit::No,
                _ => Fit::Maybe,
            },
            ("samerole" | "samegroup", false) => Fit::Maybe,
            (name, _) => named(name, database),
        });
        let databases = databases.max().unwrap_or(Fit::No);
        let users = self.users.iter().map(|w| match (w.text.as_str(), w.quoted) {
            ("all", false) => Fit::Yes,
            (name, _) if name.starts_with('+') => Fit::Maybe,
            (name, _) => named(name, user),
        });
        databases.min(users.max().unwrap_or(Fit::No))
    }

    /// Whether it matches the address of a client; `near`: the job connects to its own machine.
    #[must_use]
    pub fn place(&self, near: bool) -> Fit {
        match &self.address {
            _ if self.kind == "local" => Fit::No,
            Address::All => Fit::Yes,
            Address::None => Fit::No,
            Address::Own => {
                if near {
                    Fit::Maybe
                } else {
                    Fit::No
                }
            }
            Address::Some(_) => Fit::Maybe,
        }
    }

    /// It is for physical replication alone.
    #[must_use]
    pub fn replication_only(&self) -> bool {
        !self.databases.is_empty() && self.databases.iter().all(|w| w.text == "replication" && !w.quoted)
    }
}

fn named(name: &str, wanted: Option<&str>) -> Fit {
    match wanted {
        _ if name.starts_with(['/', '@']) => Fit::Maybe,
        None => Fit::Maybe,
        Some(wanted) if wanted == name => Fit::Yes,
        Some(_) => Fit::No,
    }
}

pub(super) fn read(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let mut file = JobDefinition::new(source, Format::PgHba);
    let mut start = 0;
    while let Some(rest) = source.text.get(start..).filter(|rest| !rest.is_empty()) {
        let (raw, line) = logical(rest);
        let here = start + (raw.len() - raw.trim_start().len());
        start += raw.len();
        let (raw, words) = (raw.trim(), line.trim());
        let Some(fields) = fields(words) else {
            let place = Some((here, raw.len(), "the \" is not closed"));
            return Err(unreadable(source, "JD008", "a name in pg_hba.conf does not end", place));
        };
        let Some(kind) = fields.first().and_then(|f| f.first()).map(|w| w.text.clone()) else { continue };
        // of a line that goes on, all of it is the place
        let whole = if words.len() == raw.len() { words.split('#').next().unwrap_or(words) } else { raw };
        let length: usize = whole.trim_end().len();
        let at = At::of(&source.text, here, here + length);
        if kind.starts_with("include") {
            file.includes.push(at);
            continue;
        }
        let known = ["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"];
        if !known.contains(&kind.as_str()) {
            let place = Some((here, kind.len().min(raw.len()), "no kind of connection"));
            return Err(unreadable(source, "JD008", format!("'{kind}' begins no line of pg_hba.conf"), place)
                .help(format!("one of {}", known.join(", "))));
        }
        let (databases, users) = (fields.get(1), fields.get(2));
        let text = |n: usize| fields.get(n).and_then(|f| f.first()).map(|w| w.text.clone());
        let (address, method) = if kind == "local" {
            (Address::Own, text(3))
        } else {
            let first = text(3).unwrap_or_default();
            let mask = text(4).filter(|m| !first.contains('/') && m.parse::<IpAddr>().is_ok());
            (address(&first, mask.as_deref()), text(if mask.is_some() { 5 } else { 4 }))
        };
        let (Some(databases), Some(users), Some(method)) = (databases, users, method) else {
            let place = Some((here, raw.len(), "too few words"));
            return Err(unreadable(source, "JD008", "a line of pg_hba.conf is not whole", place)
                .help("host DATABASE USER ADDRESS METHOD"));
        };
        file.hba.push(Line { kind, databases: databases.clone(), users: users.clone(), address, method, at });
    }
    Ok(file)
}

/// The first line of a text with those that it goes on in, behind a backslash at its very end: as it stands there, and in one.
fn logical(text: &str) -> (&str, String) {
    let (mut length, mut line) = (0, String::new());
    for part in text.split_inclusive('\n') {
        length += part.len();
        let body = part.trim_end_matches(['\n', '\r']);
        match body.strip_suffix('\\').filter(|_| part.len() > body.len()) {
            Some(more) => line.push_str(more),
            None => {
                line.push_str(body);
                break;
            }
        }
    }
    (text.get(..length).unwrap_or(text), line)
}

/// The words of a line, each a list parted by commas; `None` if a quotation mark is open.
fn fields(line: &str) -> Option<Vec<Vec<Word>>> {
    let mut all: Vec<Vec<Word>> = Vec::new();
    let mut word = String::new();
    let (mut open, mut quoted, mut comma) = (false, false, false);
    let end = |word: &mut String, quoted: &mut bool, comma: &mut bool, all: &mut Vec<Vec<Word>>| {
        if word.is_empty() && !*quoted {
            return;
        }
        let one = Word { text: std::mem::take(word), quoted: std::mem::take(quoted) };
        match all.last_mut() {
            Some(list) if *comma => list.push(one),
            _ => all.push(vec![one]),
        }
        *comma = false;
    };
    for c in line.chars() {
        match c {
            '"' => {
                open = !open;
                quoted = true;
            }
            '#' if !open => break,
            ',' if !open => {
                end(&mut word, &mut quoted, &mut comma, &mut all);
                comma = true;
            }
            c if c.is_whitespace() && !open => end(&mut word, &mut quoted, &mut comma, &mut all),
            c => word.push(c),
        }
    }
    end(&mut word, &mut quoted, &mut comma, &mut all);
    (!open).then_some(all)
}

fn address(words: &str, mask: Option<&str>) -> Address {
    let lower = words.to_ascii_lowercase();
    let (net, bits) = match lower.split_once('/') {
        Some((net, bits)) => (net, bits.parse::<u8>().ok()),
        None => (lower.as_str(), None),
    };
    let Ok(ip) = net.parse::<IpAddr>() else {
        return match lower.as_str() {
            "all" => Address::All,
            "samehost" | "localhost" => Address::Own,
            _ => Address::Some(words.to_owned()),
        };
    };
    let whole = match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    let bits = bits.or_else(|| {
        mask.and_then(|m| m.parse::<IpAddr>().ok()).map(|m| match m {
            IpAddr::V4(m) => u8::try_from(u32::from(m).count_ones()).unwrap_or(32),
            IpAddr::V6(m) => u8::try_from(u128::from(m).count_ones()).unwrap_or(128),
        })
    });
    match bits.unwrap_or(whole) {
        0 => Address::All,
        bits if bits == whole && ip.is_unspecified() => Address::None,
        _ if ip.is_loopback() => Address::Own,
        _ => Address::Some(words.to_owned()),
    }
}
