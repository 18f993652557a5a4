//! Finds a comment of ours and updates it, or adds one; waits and tries again where that may help.

use std::time::Duration;

use serde_json::Value;

use super::system::{Known, Page, System, origin};
use super::{Answer, Fault, Post, Refused, Request, Web};
use crate::rule::template::printable;

/// Most pages of comments that are looked through.
const PAGES: usize = 100;
/// Most characters of a server's own words that are shown.
const WORDS: usize = 300;

/// How long to go on.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Most tries of one request.
    pub tries: u32,
    /// The first wait, if the server does not say how long; each next one is twice as long.
    pub first: Duration,
    /// Longest time that is waited in all.
    pub most: Duration,
}

impl Default for Patience {
    /// 5 tries, 1 s, 2 minutes.
    fn default() -> Self {
        Self { tries: 5, first: Duration::from_secs(1), most: Duration::from_mins(2) }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A comment was added.
    Added,
    /// An earlier one was changed.
    Updated,
    /// An earlier one says the same already.
    Unchanged,
}

/// What was done, and what to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What.
    pub outcome: Outcome,
    /// Where people find it.
    pub place: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// One conversation with a system.
struct Talk<'t, 'w> {
    system: &'t System,
    web: &'t mut Web<'w>,
    wait: &'t mut dyn FnMut(Duration),
    patience: Patience,
    waited: Duration,
}

/// How a request ended that did not succeed.
enum Ended {
    /// For good.
    Refused(Refused),
    /// It may have been carried out, or not.
    Unsure(Refused),
}

impl From<Ended> for Refused {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Refused(refused) | Ended::Unsure(refused) => refused,
        }
    }
}

/// Attaches a report. `wait` sleeps.
///
/// # Errors
/// If the system refuses, cannot be reached, or asks to wait longer than there is patience for.
pub fn attach(
    system: &System,
    post: &Post,
    web: &mut Web<'_>,
    wait: &mut dyn FnMut(Duration),
    patience: Patience,
) -> Result<Done, Refused> {
    let mut talk = Talk { system, web, wait, patience, waited: Duration::ZERO };
    let mut notes = Vec::new();
    let (mut known, mut files) = talk.find(post)?;
    if !post.files.is_empty()
        && let Some(request) = system.files()
    {
        files.extend(System::file_names(&talk.sure(&request)?));
    }
    let mut body = post.body.clone();
    let mut uploads: Vec<Value> = Vec::new();
    for file in &post.files {
        let linked = known.as_ref().and_then(|k| k.body.lines().find(|l| l.contains(&file.name)));
        if let Some(line) = linked {
            body = format!("{body}\n\n{}\n", line.trim());
            continue;
        }
        if files.contains(&file.name) {
            continue;
        }
        let Some(request) = system.upload(file) else {
            notes.push(format!("{} takes no files over its API; attach {} by hand", system.kind.name(), file.name));
            continue;
        };
        let (words, value) = system.uploaded(file, &talk.sure(&request)?);
        if let Some(words) = words {
            body = format!("{body}\n\n{words}\n");
        }
        uploads.extend(value);
    }
    for _ in 0..patience.tries.max(1) {
        // an upload that waits for its comment needs a new one
        if let Some(comment) = known.as_ref().filter(|_| uploads.is_empty()) {
            if plain(&comment.body) == plain(&body) {
                return Ok(Done { outcome: Outcome::Unchanged, place: None, notes });
            }
            match talk.patient(&system.update(&comment.id, &body), true) {
                Ok(Ok(answer)) => return Ok(Done { outcome: Outcome::Updated, place: system.place(&answer), notes }),
                // somebody else's, or one that may not be changed (any more)
                Ok(Err(status @ 403..=405)) => {
                    notes.push(format!("the earlier comment may not be changed ({status}), so one was added"));
                }
                Ok(Err(_)) => return Err(Refused::new("the comment was not changed", "try again")),
                Err(ended) => return Err(ended.into()),
            }
        }
        match talk.patient(&system.create(post, &body, &uploads), false) {
            Ok(Ok(answer)) => return Ok(Done { outcome: Outcome::Added, place: system.place(&answer), notes }),
            Ok(Err(_)) => return Err(Refused::new("the comment was not added", "try again")),
            Err(Ended::Refused(refused)) => return Err(refused),
            // the comment may be there: look before it is said twice
            Err(Ended::Unsure(refused)) => {
                talk.pause(None, &refused)?;
                let found = talk.find(post)?.0;
                if let Some(found) = &found
                    && plain(&found.body) == plain(&body)
                {
                    return Ok(Done { outcome: Outcome::Added, place: None, notes });
                }
                known = found;
            }
        }
    }
    Err(Refused::new(format!("{} does not take the comment", system.address()), "try again later"))
}

/// The requests that [`attach`] would make if there is no earlier comment.
#[must_use]
pub fn plan(system: &System, post: &Post) -> Vec<Request> {
    let mut requests: Vec<Request> = system.find(1).into_iter().collect();
    if !post.files.is_empty() {
        requests.extend(system.files());
        requests.extend(post.files.iter().filter_map(|f| system.upload(f)));
    }
    requests.push(system.create(post, &post.body, &[]));
    requests
}

/// A comment without what systems change in it by themselves.
fn plain(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A comment of ours says the mark in a line of its own words, not in one that it quotes.
fn is_ours(body: &str, mark: &str) -> bool {
    let behind = |line: &str| {
        let end = line.find(mark).map(|at| at + mark.len());
        // v1:12 is not v1:1234
        end.is_some_and(|end| !line.get(end..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphanumeric())))
    };
    let quoted = |line: &str| line.starts_with('>') || line.starts_with("bq.") || line.starts_with("&gt;");
    body.lines().map(str::trim_start).any(|line| !quoted(line) && line.contains("cdc-doctor") && behind(line))
}

impl Talk<'_, '_> {
    /// The newest comment of ours, and the names of files where the same answer has them.
    fn find(&mut self, post: &Post) -> Result<(Option<Known>, Vec<String>), Refused> {
        let (mut found, mut files) = (None, Vec::new());
        for number in 1..=PAGES {
            let Some(request) = self.system.find(number) else { break };
            let answer = self.sure(&request)?;
            let Some(Page { comments, files: names, more }) = self.system.page(&answer, number) else {
                let what = format!("{} answers with something else than comments", self.system.address());
                return Err(Refused::new(what, "is --url the address of the system's start page?"));
            };
            let ours = |c: &Known| post.mark.as_deref().is_some_and(|mark| is_ours(&c.body, mark));
            found = comments.into_iter().rfind(ours).or(found);
            files.extend(names);
            if !more {
                break;
            }
        }
        Ok((found, files))
    }

    /// An answer of success, or nothing.
    fn sure(&mut self, request: &Request) -> Result<Answer, Refused> {
        match self.patient(request, true) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(Refused::new(format!("{} answers {status}", self.system.address()), "try again")),
            Err(ended) => Err(ended.into()),
        }
    }

    /// Sends a request until it succeeds or there is no use. `again`: it may be carried out twice. The inner error is a status
    /// that only the caller can judge: that of an update refused.
    fn patient(&mut self, request: &Request, again: bool) -> Result<Result<Answer, u16>, Ended> {
        let update = again && request.method != "GET" && !matches!(request.body, super::Body::Bytes(..));
        let mut number = 0;
        loop {
            number += 1;
            let last = number >= self.patience.tries;
            let (refused, wait, unsure) = match (self.web)(request) {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(Ok(answer)),
                Ok(answer) => {
                    let refused = self.refused(&answer, request);
                    let limited = limited(&answer);
                    if !limited && !matches!(answer.status, 408 | 500 | 502..=504) {
                        if update && matches!(answer.status, 403..=405) {
                            return Ok(Err(answer.status));
                        }
                        return Err(Ended::Refused(refused));
                    }
                    // a limit is checked before anything is done
                    (refused, asked(&answer), !limited && answer.status != 503)
                }
                Err(Fault { unsent, passing, what }) => {
                    let refused = Refused::new(
                        format!("{}: {}", self.system.address(), self.hidden(&what)),
                        "is the address right, and can it be reached from here?",
                    );
                    if !passing {
                        return Err(Ended::Refused(refused));
                    }
                    (refused, None, !unsent)
                }
            };
            if unsure && !again {
                return Err(Ended::Unsure(refused));
            }
            if last {
                return Err(Ended::Refused(refused));
            }
            let doubled = self.patience.first.saturating_mul(1 << (number - 1).min(16));
            self.pause(Some(wait.unwrap_or(doubled)), &refused).map_err(Ended::Refused)?;
        }
    }

    /// Waits, unless that would take longer than there is patience for.
    fn pause(&mut self, time: Option<Duration>, refused: &Refused) -> Result<(), Refused> {
        let time = time.unwrap_or(self.patience.first);
        let all = self.waited.saturating_add(time);
        if all > self.patience.most {
            return Err(Refused {
                what: format!("{}; it asks to wait {} s, longer than is waited here", refused.what, time.as_secs()),
                hint: Some("try again then".into()),
            });
        }
        self.waited = all;
        (self.wait)(time);
        Ok(())
    }

    /// A text of the server, in which the token does not stand.
    fn hidden(&self, text: &str) -> String {
        let shown = match self.system.secret() {
            Some(secret) if secret.len() > 3 => text.replace(secret, "***"),
            _ => text.to_owned(),
        };
        printable(&shown.chars().take(WORDS).collect::<String>())
    }

    /// What a status means, and what to do.
    fn refused(&self, answer: &Answer, request: &Request) -> Refused {
        let kind = &self.system.kind;
        let (name, address) = (kind.name(), self.system.address());
        let token = kind.token_names().first().copied().unwrap_or_default();
        let said = said(&answer.json()).map(|s| format!(": {}", self.hidden(&s))).unwrap_or_default();
        let what = format!("{address} answers {}{said}", answer.status);
        let hint = match answer.status {
            300..=399 => {
                let to =
                    answer.header("location").map(|l| format!(" ({})", self.hidden(origin(l)))).unwrap_or_default();
                format!(
                    "redirects are not followed, since the token would go along; give the address that it names{to}"
                )
            }
            401 => format!("the token in {token} is missing, wrong or expired"),
            403 if limited(answer) => "too many requests; try again later".to_owned(),
            403 => format!("the token in {token} may not comment there"),
            404 => format!(
                "there is no such ticket, or the token in {token} may not see it; is the address of {name} right?"
            ),
            413 => "the comment or the file is too large for this server; leave the bundle out".to_owned(),
            422 => format!("{name} does not accept the comment; is the ticket locked or closed?"),
            429 => "too many requests; try again later".to_owned(),
            500..=599 => format!("{name} is in trouble; try again later"),
            _ => format!("{} is no request that {name} takes there", request.method),
        };
        Refused { what, hint: Some(hint) }
    }
}

/// What a server says is wrong, in the words of its JSON.
fn said(json: &Value) -> Option<String> {
    let text = |v: &Value| match v {
        Value::String(s) => Some(s.clone()),
        Value::Array(list) => {
            let all: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        Value::Object(map) if !map.is_empty() => Some(json_words(map)),
        _ => None,
    };
    ["message", "errorMessages", "errors", "error"].iter().find_map(|name| text(json.get(name)?))
}

fn json_words(map: &serde_json::Map<String, Value>) -> String {
    map.iter()
        .map(|(k, v)| format!("{k}: {}", v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The request came too soon after others.
fn limited(answer: &Answer) -> bool {
    answer.status == 429
        || answer.status == 403
            && (answer.header("x-ratelimit-remaining") == Some("0") || answer.header("retry-after").is_some())
}

/// How long the server asks to wait: `Retry-After` in seconds or as a date, or the end of the period in seconds since 1970. Dates are
/// compared with the server's own clock.
fn asked(answer: &Answer) -> Option<Duration> {
    let now = || answer.header("date").and_then(httpdate);
    let until = |at: i64| now().map(|now| Duration::from_secs(u64::try_from(at - now).unwrap_or(0)));
    if let Some(value) = answer.header("retry-after") {
        return match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => until(httpdate(value)?),
        };
    }
    let over = ["x-ratelimit-reset", "ratelimit-reset"].iter().find_map(|name| answer.header(name)?.parse().ok());
    over.filter(|_| limited(answer)).and_then(until)
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn httpdate(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|m| m == month)? + 1;
    let stamp = format!("{year}-{month:02}-{day:0>2} {time}Z");
    crate::record::Timestamp::parse(&stamp).map(|t| t.seconds)
}
