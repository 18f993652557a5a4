//! `--to`: which ticket of which system.

use super::Refused;

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A ticket system, over HTTP.
    Ticket(Kind),
    /// A directory.
    Folder(String),
}

/// A ticket of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `github:OWNER/REPO#N`: an issue or a pull request.
    Github {
        /// Owner.
        owner: String,
        /// Repository.
        repo: String,
        /// Number.
        number: u64,
    },
    /// `gitlab:GROUP/PROJECT#N`, or `!N` for a merge request.
    Gitlab {
        /// Path of the project.
        project: String,
        /// A merge request, not an issue.
        merge: bool,
        /// Number.
        number: u64,
    },
    /// `jira:KEY`.
    Jira {
        /// `OPS-123`.
        key: String,
    },
    /// `redmine:ID`.
    Redmine {
        /// Number.
        id: u64,
    },
    /// `webhook:URL`.
    Webhook {
        /// The whole address.
        url: String,
    },
}

impl Target {
    /// Reads what stands behind `--to`.
    ///
    /// # Errors
    /// If it names no system, or no ticket of it.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let forms =
            "github:OWNER/REPO#12, gitlab:GROUP/PROJECT#12 (or !12), jira:OPS-12, redmine:12, file:DIR, webhook:URL";
        let Some((system, rest)) = text.split_once(':') else {
            return Err(Refused::new(format!("--to: '{text}' names no ticket system"), format!("one of {forms}")));
        };
        let wrong = |form: &str| Refused::new(format!("--to: '{text}' names no ticket"), format!("as {form}"));
        let kind = match system {
            "github" => {
                let form = "github:OWNER/REPO#12";
                let (path, number) = numbered(rest, '#').ok_or_else(|| wrong(form))?;
                let (owner, repo) =
                    path.split_once('/').filter(|(o, r)| word(o) && word(r)).ok_or_else(|| wrong(form))?;
                Kind::Github { owner: owner.to_owned(), repo: repo.to_owned(), number }
            }
            "gitlab" => {
                let form = "gitlab:GROUP/PROJECT#12, or gitlab:GROUP/PROJECT!12 for a merge request";
                let merge = numbered(rest, '!');
                let (project, number) = merge.or_else(|| numbered(rest, '#')).ok_or_else(|| wrong(form))?;
                if !project.contains('/') || !project.split('/').all(word) {
                    return Err(wrong(form));
                }
                Kind::Gitlab { project: project.to_owned(), merge: merge.is_some(), number }
            }
            "jira" => {
                let (project, number) = numbered(rest, '-').ok_or_else(|| wrong("jira:OPS-12"))?;
                if !word(project) {
                    return Err(wrong("jira:OPS-12"));
                }
                Kind::Jira { key: format!("{project}-{number}") }
            }
            "redmine" => Kind::Redmine { id: rest.trim_start_matches('#').parse().map_err(|_| wrong("redmine:12"))? },
            "file" if !rest.is_empty() => return Ok(Self::Folder(rest.to_owned())),
            "webhook" if rest.starts_with("http://") || rest.starts_with("https://") => {
                Kind::Webhook { url: rest.to_owned() }
            }
            "webhook" => return Err(wrong("webhook:https://hooks.example/...")),
            "file" => return Err(wrong("file:DIR")),
            _ => {
                let what = format!("--to: there is no ticket system '{system}'");
                return Err(Refused::new(what, format!("one of {forms}")));
            }
        };
        Ok(Self::Ticket(kind))
    }
}

/// What stands before the mark, and the number behind it.
fn numbered(text: &str, mark: char) -> Option<(&str, u64)> {
    let (path, number) = text.rsplit_once(mark)?;
    Some((path, number.parse().ok().filter(|n| *n > 0)?))
}

/// A name as these systems have them: it can be nothing else in an address.
fn word(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.chars().all(plain) && text != "." && text != ".."
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Github { .. } => "GitHub",
            Self::Gitlab { .. } => "GitLab",
            Self::Jira { .. } => "Jira",
            Self::Redmine { .. } => "Redmine",
            Self::Webhook { .. } => "the webhook",
        }
    }

    /// Variables of the environment that hold the token, the first that is set counts.
    #[must_use]
    pub fn token_names(&self) -> &'static [&'static str] {
        match self {
            Self::Github { .. } => &["GITHUB_TOKEN", "GH_TOKEN"],
            Self::Gitlab { .. } => &["GITLAB_TOKEN"],
            Self::Jira { .. } => &["JIRA_TOKEN"],
            Self::Redmine { .. } => &["REDMINE_API_KEY"],
            Self::Webhook { .. } => &["CDC_DOCTOR_WEBHOOK_TOKEN"],
        }
    }

    /// Variables that hold the address of the instance, if `--url` does not say it.
    #[must_use]
    pub fn url_names(&self) -> &'static [&'static str] {
        match self {
            Self::Github { .. } => &["GITHUB_API_URL"],
            Self::Gitlab { .. } => &["GITLAB_URL"],
            Self::Jira { .. } => &["JIRA_URL"],
            Self::Redmine { .. } => &["REDMINE_URL"],
            Self::Webhook { .. } => &[],
        }
    }

    /// It takes a comment only with a token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        !matches!(self, Self::Webhook { .. })
    }

    /// It takes files over its API.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        matches!(self, Self::Gitlab { .. } | Self::Jira { .. } | Self::Redmine { .. })
    }
}
