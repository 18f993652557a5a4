//! Tickets: the dialect and the limit of each system, and what goes first when the limit is reached.

use super::document::{self, Block, Cut, Document};
use super::{jira, markdown, plain, psql, slack};
use crate::report::Report;
use crate::report::words::numbers;

/// Where a ticket goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// An issue or comment on GitHub.
    Github,
    /// An issue or note on GitLab.
    Gitlab,
    /// An issue or comment in Jira.
    Jira,
    /// A comment in Zendesk.
    Zendesk,
    /// An e-mail.
    Email,
    /// A message in Slack.
    Slack,
    /// A script for the database's administrator.
    Dba,
}

/// What a system counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Characters.
    Chars,
    /// Units of UTF-16, as Java's `String.length()`.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// The most that a system takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub most: usize,
    /// Of what.
    pub unit: Unit,
}

impl Limit {
    /// The length of a text as this limit counts it.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        match self.unit {
            Unit::Chars => text.chars().count(),
            Unit::Utf16 => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
        }
    }

    fn words(self) -> String {
        let unit = if self.unit == Unit::Bytes { "bytes" } else { "characters" };
        format!("{} {unit}", numbers::count(u64::try_from(self.most).unwrap_or(u64::MAX)))
    }
}

impl Profile {
    /// The limit of the system, if it has one that matters.
    #[must_use]
    pub fn limit(self) -> Option<Limit> {
        let limit = |most, unit| Some(Limit { most, unit });
        match self {
            // GitHub answers 422 "body is too long (maximum is 65536 characters)"; docs.github.com, "REST API endpoints for issues"
            Self::Github => limit(65_536, Unit::Chars),
            // docs.gitlab.com, "Application limits": "Size of comments and descriptions of issues": 1,000,000 characters
            Self::Gitlab => limit(1_000_000, Unit::Chars),
            // jira.text.field.character.limit, 32,767 by default and in Cloud; confluence.atlassian.com, "Advanced Jira application configuration"
            Self::Jira => limit(32_767, Unit::Utf16),
            // developer.zendesk.com, "Ticket Comments": "The maximum length of a comment is 64 kB"
            Self::Zendesk => limit(65_535, Unit::Bytes),
            // docs.slack.dev, chat.postMessage: texts are best kept below 4,000 characters and cut at 40,000
            Self::Slack => limit(4000, Unit::Chars),
            Self::Email | Self::Dba => None,
        }
    }
}

/// The ticket for a system; `most` overrides its limit, in characters.
#[must_use]
pub fn render(report: &Report, profile: Profile, most: Option<usize>) -> String {
    let limit = most.map(|most| Limit { most, unit: Unit::Chars }).or_else(|| profile.limit());
    let limit = match (profile.limit(), limit) {
        // an own limit is counted as the system counts
        (Some(own), Some(given)) => Some(Limit { unit: own.unit, ..given }),
        (_, given) => given,
    };
    match profile {
        Profile::Github => fit(report, limit, &|d| markdown::render(d, markdown::Flavour::Github)),
        Profile::Gitlab => fit(report, limit, &|d| markdown::render(d, markdown::Flavour::Gitlab)),
        Profile::Zendesk => fit(report, limit, &|d| markdown::render(d, markdown::Flavour::Plain)),
        Profile::Jira => fit(report, limit, &jira::render),
        Profile::Slack => fit(report, limit, &slack::render),
        Profile::Email => fit(report, limit, &plain::render),
        // a script that is cut is none
        Profile::Dba => psql::render(report),
    }
}

/// The document in a dialect, with as little left out as the limit allows.
#[must_use]
pub fn fit(report: &Report, limit: Option<Limit>, set: &dyn Fn(&Document) -> String) -> String {
    let Some(limit) = limit else { return set(&document::build(report, &Cut::none())) };
    let ladder = Cut::ladder(report.diagnoses.len(), &limit.words());
    let text = |at: usize| ladder.get(at).map(|cut| set(&document::build(report, cut)));
    let fits = |at: usize| text(at).is_some_and(|text| limit.length(&text) <= limit.most);
    // each rung is shorter than the one before, but for a few characters of what is said to be left out
    let (mut low, mut high) = (0, ladder.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    let at = (low..ladder.len()).find(|at| fits(*at));
    at.and_then(text).unwrap_or_else(|| least(report, limit, set))
}

/// Less than all rungs: the sentence, cut to what there is room for, and the last line.
fn least(report: &Report, limit: Limit, set: &dyn Fn(&Document) -> String) -> String {
    let whole = document::build(report, &Cut::none());
    let small = whole.blocks.iter().rev().find(|block| matches!(block, Block::Small(_))).cloned();
    let title = whole.blocks.into_iter().find(|block| matches!(block, Block::Title { .. }));
    let Some(Block::Title { confidence, minor, text }) = title else { return String::new() };
    let chars: Vec<char> = text.chars().collect();
    let with = |length: usize, last: bool| {
        let cut: String =
            chars.iter().take(length).chain(if length < chars.len() { Some(&'…') } else { None }).collect();
        let title = Block::Title { confidence, minor, text: cut };
        set(&Document { blocks: [Some(title), small.clone().filter(|_| last)].into_iter().flatten().collect() })
    };
    let fitting =
        |last: bool| (0..=chars.len()).rev().map(|length| with(length, last)).find(|t| limit.length(t) <= limit.most);
    // a limit below all markup leaves nothing
    fitting(true).or_else(|| fitting(false)).unwrap_or_default()
}
