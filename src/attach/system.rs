//! What each ticket system is asked, and how its answers are read. The shapes, with the page of each vendor that documents them, are in
//! `tests/contracts/`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::target::Kind;
use super::{Answer, Attached, Body, Header, Post, Refused, Request};

/// Comments of one page; all systems that page allow so many.
pub(super) const PAGE: usize = 100;
/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A ticket of one system, and what it takes to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The ticket.
    pub kind: Kind,
    /// Address that paths are put behind, without a slash at its end.
    base: String,
    /// Who asks.
    auth: Option<Header>,
}

/// A comment as the system has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) body: String,
}

/// A page of comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) comments: Vec<Known>,
    /// Names of files that the ticket has.
    pub(super) files: Vec<String>,
    /// There may be more.
    pub(super) more: bool,
}

impl System {
    /// A system at an address (`None`: the vendor's own), asked with a token. `user`: Jira in the cloud wants one beside the token.
    ///
    /// # Errors
    /// No address, or one that cannot be used with a token.
    pub fn new(
        kind: Kind,
        url: Option<&str>,
        token: Option<&str>,
        user: Option<&str>,
        clear: bool,
    ) -> Result<Self, Refused> {
        let base = base(&kind, url)?;
        if token.is_some() && !clear && crosses_in_clear(&base) {
            return Err(Refused::new(
                format!("{base} is no https address: the token would cross the network in clear"),
                "give an https address, or --allow-http if you trust every machine between",
            ));
        }
        let auth = token.map(|token| match (&kind, user) {
            (Kind::Gitlab { .. }, _) => Header::secret("PRIVATE-TOKEN", "", token),
            (Kind::Redmine { .. }, _) => Header::secret("X-Redmine-API-Key", "", token),
            (Kind::Jira { .. }, Some(user)) => {
                Header::secret("Authorization", "Basic ", &STANDARD.encode(format!("{user}:{token}")))
            }
            _ => Header::secret("Authorization", "Bearer ", token),
        });
        Ok(Self { kind, base, auth })
    }

    /// The header that must not be seen.
    pub(super) fn secret(&self) -> Option<&str> {
        self.auth.as_ref()?.secret.as_deref()
    }

    /// Address of the server, for people.
    #[must_use]
    pub fn address(&self) -> &str {
        match self.kind {
            // the path of a webhook is often its password
            Kind::Webhook { .. } => origin(&self.base),
            _ => &self.base,
        }
    }

    fn request(&self, method: &'static str, path: &str, body: Body) -> Request {
        let mut headers = Vec::new();
        match self.kind {
            Kind::Github { .. } => {
                headers.push(Header::new("Accept", "application/vnd.github+json"));
                headers.push(Header::new("X-GitHub-Api-Version", "2022-11-28"));
            }
            _ => headers.push(Header::new("Accept", "application/json")),
        }
        headers.extend(self.auth.clone());
        Request { method, url: format!("{}{path}", self.base), headers, body }
    }

    /// Path of the ticket's comments.
    fn comments(&self) -> String {
        match &self.kind {
            Kind::Github { owner, repo, number } => {
                format!("/repos/{}/{}/issues/{number}/comments", segment(owner), segment(repo))
            }
            Kind::Gitlab { project, merge, number } => {
                let what = if *merge { "merge_requests" } else { "issues" };
                format!("/projects/{}/{what}/{number}/notes", segment(project))
            }
            Kind::Jira { key } => format!("/issue/{}/comment", segment(key)),
            Kind::Redmine { id } => format!("/issues/{id}.json"),
            Kind::Webhook { .. } => String::new(),
        }
    }

    /// Asks for a page of comments, from 1; `None` if the system has none to read.
    pub(super) fn find(&self, page: usize) -> Option<Request> {
        let path = self.comments();
        let query = match self.kind {
            Kind::Github { .. } => format!("?per_page={PAGE}&page={page}"),
            Kind::Gitlab { .. } => format!("?per_page={PAGE}&page={page}&sort=asc&order_by=created_at"),
            Kind::Jira { .. } => format!("?startAt={}&maxResults={PAGE}&orderBy=created", (page - 1) * PAGE),
            Kind::Redmine { .. } => "?include=journals,attachments".to_owned(),
            Kind::Webhook { .. } => return None,
        };
        Some(self.request("GET", &format!("{path}{query}"), Body::None))
    }

    /// Reads such a page. `page`: which it is, from 1.
    pub(super) fn page(&self, answer: &Answer, page: usize) -> Option<Page> {
        let json = answer.json();
        let of = |list: &[Value], body: &str| -> Vec<Known> {
            let one = |v: &Value| Some(Known { id: id(v.get("id")?)?, body: v.get(body)?.as_str()?.to_owned() });
            list.iter().filter_map(one).collect()
        };
        match self.kind {
            Kind::Github { .. } | Kind::Gitlab { .. } => {
                let list = json.as_array()?;
                Some(Page { comments: of(list, "body"), files: Vec::new(), more: list.len() >= PAGE })
            }
            Kind::Jira { .. } => {
                let list = json.get("comments")?.as_array()?;
                let total = usize::try_from(json.get("total")?.as_u64()?).ok()?;
                // a server may give fewer than asked for, but says how many there are
                let more = !list.is_empty() && (page - 1) * PAGE + list.len() < total && list.len() >= PAGE;
                Some(Page { comments: of(list, "body"), files: Vec::new(), more })
            }
            Kind::Redmine { .. } => {
                let issue = json.get("issue")?;
                let list = |name: &str| issue.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
                let name = |v: &Value| v.get("filename").and_then(Value::as_str).map(str::to_owned);
                let files = list("attachments").iter().filter_map(name).collect();
                Some(Page { comments: of(&list("journals"), "notes"), files, more: false })
            }
            Kind::Webhook { .. } => Some(Page::default()),
        }
    }

    /// Adds a comment. `uploads`: what [`System::uploaded`] gave.
    pub(super) fn create(&self, post: &Post, body: &str, uploads: &[Value]) -> Request {
        let path = self.comments();
        match self.kind {
            Kind::Redmine { .. } => {
                let mut issue = serde_json::Map::from_iter([("notes".to_owned(), Value::from(body))]);
                if !uploads.is_empty() {
                    issue.insert("uploads".to_owned(), Value::Array(uploads.to_vec()));
                }
                self.request("PUT", &path, Body::Json(json!({ "issue": issue })))
            }
            Kind::Webhook { .. } => {
                let value = json!({ "text": body, "title": post.title, "mark": post.mark, "report": post.report });
                self.request("POST", "", Body::Json(value))
            }
            _ => self.request("POST", &path, Body::Json(json!({ "body": body }))),
        }
    }

    /// Changes a comment.
    pub(super) fn update(&self, id: &str, body: &str) -> Request {
        let id = segment(id);
        match &self.kind {
            Kind::Github { owner, repo, .. } => {
                let path = format!("/repos/{}/{}/issues/comments/{id}", segment(owner), segment(repo));
                self.request("PATCH", &path, Body::Json(json!({ "body": body })))
            }
            Kind::Redmine { .. } => self.request(
                "PUT",
                &format!("/journals/{id}.json"),
                Body::Json(json!({ "journal": { "notes": body } })),
            ),
            _ => self.request("PUT", &format!("{}/{id}", self.comments()), Body::Json(json!({ "body": body }))),
        }
    }

    /// Asks for the names of files that the ticket has, where the comments do not tell.
    pub(super) fn files(&self) -> Option<Request> {
        let Kind::Jira { key } = &self.kind else { return None };
        Some(self.request("GET", &format!("/issue/{}?fields=attachment", segment(key)), Body::None))
    }

    /// Reads them.
    pub(super) fn file_names(answer: &Answer) -> Vec<String> {
        let json = answer.json();
        let list = json.pointer("/fields/attachment").and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|v| Some(v.get("filename")?.as_str()?.to_owned())).collect()
    }

    /// Sends a file ahead of the comment.
    pub(super) fn upload(&self, file: &Attached) -> Option<Request> {
        let shown = format!("({file:?})");
        let (kind, bytes) = multipart(file);
        match &self.kind {
            Kind::Gitlab { project, .. } => {
                let path = format!("/projects/{}/uploads", segment(project));
                Some(self.request("POST", &path, Body::Bytes(kind, shown, bytes)))
            }
            Kind::Jira { key } => {
                let path = format!("/issue/{}/attachments", segment(key));
                let mut request = self.request("POST", &path, Body::Bytes(kind, shown, bytes));
                request.headers.push(Header::new("X-Atlassian-Token", "no-check"));
                Some(request)
            }
            Kind::Redmine { .. } => {
                let path = format!("/uploads.json?filename={}", segment(&file.name));
                Some(self.request(
                    "POST",
                    &path,
                    Body::Bytes("application/octet-stream".into(), shown, file.bytes.clone()),
                ))
            }
            Kind::Github { .. } | Kind::Webhook { .. } => None,
        }
    }

    /// What an answer to [`System::upload`] gives for the comment: words to add to it, or a value for [`System::create`].
    pub(super) fn uploaded(&self, file: &Attached, answer: &Answer) -> (Option<String>, Option<Value>) {
        let json = answer.json();
        match self.kind {
            Kind::Gitlab { .. } => (json.get("markdown").and_then(Value::as_str).map(str::to_owned), None),
            Kind::Redmine { .. } => {
                let token = json.pointer("/upload/token").cloned();
                let value =
                    |token| json!({ "token": token, "filename": file.name, "content_type": "application/zstd" });
                (None, token.map(value))
            }
            _ => (None, None),
        }
    }

    /// Where people find the comment, if the answer says.
    pub(super) fn place(&self, answer: &Answer) -> Option<String> {
        let json = answer.json();
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        match &self.kind {
            Kind::Github { .. } => text("html_url"),
            Kind::Gitlab { project, merge, number } => {
                let what = if *merge { "merge_requests" } else { "issues" };
                let note = json.get("id").and_then(id)?;
                let top = self.base.trim_end_matches("/api/v4");
                Some(format!("{top}/{project}/-/{what}/{number}#note_{note}"))
            }
            Kind::Jira { key } => {
                let top = self.base.trim_end_matches("/rest/api/2");
                Some(format!("{top}/browse/{key}?focusedCommentId={}", json.get("id").and_then(id)?))
            }
            Kind::Redmine { id } => Some(format!("{}/issues/{id}", self.base)),
            Kind::Webhook { .. } => None,
        }
    }
}

/// The address of the API.
fn base(kind: &Kind, url: Option<&str>) -> Result<String, Refused> {
    let hint = "for example --url https://tickets.example.com";
    let given = match (kind, url) {
        (Kind::Webhook { url }, _) => url,
        (_, Some(url)) => url,
        (Kind::Github { .. }, None) => "https://api.github.com",
        (Kind::Gitlab { .. }, None) => "https://gitlab.com",
        (_, None) => {
            let name = kind.url_names().first().copied().unwrap_or_default();
            return Err(Refused::new(format!("where is {}?", kind.name()), format!("{hint}, or the variable {name}")));
        }
    };
    let given = if matches!(kind, Kind::Webhook { .. }) { given } else { given.trim_end_matches('/') };
    let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic();
    let Some(rest) = rest.filter(|r| !r.is_empty() && r.chars().all(plain)) else {
        return Err(Refused::new("--url: this is no http or https address", hint));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if host.contains('@') {
        return Err(Refused::new(
            "--url: a login stands in the address",
            "it belongs into the environment or --token-file",
        ));
    }
    let behind = match kind {
        Kind::Github { .. } if host != "api.github.com" && !rest.contains('/') => "/api/v3",
        Kind::Gitlab { .. } if !given.ends_with("/api/v4") => "/api/v4",
        Kind::Jira { .. } => "/rest/api/2",
        _ => "",
    };
    Ok(format!("{given}{behind}"))
}

/// Scheme, host and port.
pub(super) fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |i| i + 3);
    let end = url.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |i| start + i);
    url.get(..end).unwrap_or(url)
}

/// It is no https address, and not this machine.
fn crosses_in_clear(base: &str) -> bool {
    let Some(host) = origin(base).strip_prefix("http://") else { return false };
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or(host) };
    let own = name == "localhost"
        || name.starts_with("[::1]")
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|a| a.is_loopback());
    !own
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// An id, a number or a text.
fn id(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|n| n.to_string()))
}

/// One file as a form: its type, and the bytes.
fn multipart(file: &Attached) -> (String, Vec<u8>) {
    let hash = blake3::hash(&file.bytes).to_hex();
    let boundary = format!("cdc-doctor-{hash}");
    let mut bytes = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n",
        file.name
    )
    .into_bytes();
    bytes.extend_from_slice(&file.bytes);
    bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), bytes)
}
