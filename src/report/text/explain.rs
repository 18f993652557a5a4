//! A rule explained, without any log: the same parts as a diagnosis, on the same grid.

use std::io::{self, Write};

use super::grid::{Page, Role};
use super::{Options, check, diagnosis, fix};
use crate::report::explanation::Explanation;
use crate::report::{Report, Tool, VerdictKind};

/// Writes an explanation as text.
///
/// # Errors
/// What `out` answers.
pub fn render(explanation: &Explanation, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let nothing = empty();
    let mut page = Page::new(&nothing, options);
    let rule = &explanation.rule;
    let words = page.words;
    let title = page.rich().own(&rule.title, Role::Title);
    page.prose(0, 2, &title);
    let place = format!("[{}]   {} · {}", rule.cause, rule.category, explanation.role);
    let place = page.rich().own(&place, Role::Plain).glued();
    page.prose(2, 2, &place);
    page.blank();
    for paragraph in rule.why.split("\n\n") {
        let why = page.rich().own(paragraph.trim(), Role::Plain);
        page.prose(2, 2, &why);
    }
    appearances(&mut page, explanation);
    listed(&mut page, words.buried_under, &explanation.buried_under);
    listed(&mut page, words.may_stand_for, &explanation.suspects);
    diagnosis::misleading(&mut page, &rule.misleading);
    check::part(&mut page, rule, usize::MAX);
    fix::part(&mut page, rule);
    fix::never(&mut page, &rule.never);
    list(&mut page, words.affects, &explanation.affects);
    list(&mut page, words.fixed_in, &explanation.fixed_in);
    list(&mut page, words.related, &explanation.related);
    list(&mut page, words.see, &rule.see);
    list(&mut page, words.known_from, &explanation.source);
    page.write(out)
}

fn appearances(page: &mut Page, explanation: &Explanation) {
    if explanation.seen_as.is_empty() {
        return;
    }
    page.title(page.words.seen_as);
    for appearance in &explanation.seen_as {
        let (_, word, role) = diagnosis::confidence(page, appearance.confidence);
        let line = page.rich().log(&appearance.text, Role::Plain).own("   ", Role::Plain).own(word, role);
        page.prose(4, 6, &line);
    }
    if explanation.translations > 0 {
        let text = page.rich().own(page.words.also_translated, Role::Quiet);
        page.prose(4, 4, &text);
    }
}

fn listed(page: &mut Page, title: &str, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    page.title(title);
    let widest = rows.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    for (id, text) in rows {
        let line =
            page.rich().own(id, Role::Plain).pad(widest).glued().own(" \u{a0} ", Role::Plain).own(text, Role::Plain);
        page.prose(4, 7 + widest, &line);
    }
}

fn list(page: &mut Page, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.title(title);
    for item in items {
        let line = page.rich().own(item, Role::Plain);
        page.prose(4, 6, &line);
    }
}

/// The page's report: there is none.
fn empty() -> Report {
    let tool = Tool { version: String::new(), rules: String::new(), causes: 0 };
    Report::empty(tool, VerdictKind::Nothing)
}
