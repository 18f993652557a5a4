//! The parts Fix, Never and Not in these logs: what to do, what not to do, and what nobody knows yet.
//!
//! A step is a sentence, what to type, and marks in brackets for what it costs. A mark never repeats what the sentence says.

use super::check;
use super::grid::{Page, Rich, Role};
use crate::report::words::{fill, numbers};
use crate::report::{Diagnosis, Fix, MissingParam};

/// The order of managed variants; others follow.
const PROVIDERS: [&str; 4] = ["rds", "aurora", "cloud_sql", "azure"];

/// Sets the part with all steps.
pub fn part(page: &mut Page, diagnosis: &Diagnosis) {
    if diagnosis.fix.is_empty() {
        return;
    }
    let one_loss = common_loss(&diagnosis.fix);
    let heading = title(page, diagnosis, one_loss);
    page.heading(&heading);
    for (at, step) in diagnosis.fix.iter().enumerate() {
        let number = format!("{}. ", at + 1);
        set(page, diagnosis, step, 4, &number, one_loss.is_some());
    }
}

/// The first step only, without a blank line before its heading.
pub fn first(page: &mut Page, diagnosis: &Diagnosis) {
    let Some(step) = diagnosis.fix.first() else { return };
    let loss = common_loss(&diagnosis.fix);
    let mut heading = title(page, diagnosis, loss);
    if diagnosis.fix.len() > 1 {
        let steps = numbers::count(u64::try_from(diagnosis.fix.len()).unwrap_or(u64::MAX));
        heading = heading.own(&fill(page.words.step_one_of, &[("steps", &steps)]), Role::Quiet);
    }
    page.prose(2, 4, &heading);
    set(page, diagnosis, step, 4, "", loss.is_some());
}

/// `Fix`, or `Fix, if confirmed` with what is lost if one sentence says it for all steps.
fn title(page: &Page, diagnosis: &Diagnosis, loss: Option<&str>) -> Rich {
    let risky = diagnosis.fix.iter().any(|step| step.risk == "data-loss");
    let words = page.words;
    let text = page.rich().own(if risky { words.fix_if_confirmed } else { words.fix }, Role::Title);
    match loss {
        Some(what) => text.own(" \u{a0}\u{a0}", Role::Plain).rich(&loss_mark(page, Some(what))),
        None => text,
    }
}

/// What is lost, if all steps that lose data say the same.
pub fn common_loss(steps: &[Fix]) -> Option<&str> {
    let mut notes =
        steps.iter().filter(|step| step.risk == "data-loss").map(|step| step.risk_note.as_deref().unwrap_or(""));
    let first = notes.next().filter(|note| !note.is_empty())?;
    notes.all(|note| note == first || note.is_empty()).then_some(first)
}

fn loss_mark(page: &Page, what: Option<&str>) -> Rich {
    let words = page.words;
    let text = match what.filter(|what| !what.is_empty()) {
        Some(what) => fill(words.mark_loss_of, &[("what", what.trim_end_matches('.'))]),
        None => words.mark_loss.to_owned(),
    };
    page.rich().own(&format!("[{text}]"), Role::Danger)
}

fn set(page: &mut Page, diagnosis: &Diagnosis, step: &Fix, indent: usize, number: &str, loss_said: bool) {
    let hang = indent + number.len();
    let sentence = page.rich().own(number, Role::Plain).own(&sentence(page, step), Role::Plain);
    let marks = marks(page, &diagnosis.fix, step, loss_said);
    let with_marks =
        |text: Rich| marks.iter().fold(text, |text, mark| text.own(" \u{a0}\u{a0}", Role::Plain).rich(mark));
    let text = step.text.trim_end();
    let complete = step.kind != "sql" || check::given(page, &step.system, &step.variables);
    if text.is_empty() {
        page.prose(indent, hang, &with_marks(sentence));
    } else {
        let code = page.rich().slotted(text, &step.text_params, 0, Role::Plain, true);
        let line = with_marks(sentence.clone().blanks(2).rich(&code));
        if !text.contains('\n') && complete && indent + line.width() <= page.width() {
            let line = page.rich().blanks(indent).rich(&line);
            page.line(line);
        } else {
            page.prose(indent, hang, &with_marks(sentence));
            if !complete {
                check::variables(page, hang + 2, &step.system, &step.variables, &diagnosis.missing);
            }
            check::code(page, hang + 2, text, &step.text_params);
        }
    }
    variants(page, step, diagnosis.params.get("provider").map(|p| p.value.as_str()), hang);
}

/// The sentence of a step; it ends with a colon if something to type follows.
pub fn sentence(page: &Page, step: &Fix) -> String {
    let words = page.words;
    let action = step.action.trim();
    let lower = action.to_lowercase();
    let who = step.run_as.as_deref().filter(|who| !who.is_empty() && *who != "any").map(|who| as_who(page, who));
    let who = who.filter(|who| !lower.contains(&who.to_lowercase()));
    let file = step.file.as_deref().filter(|file| !file.is_empty() && !lower.contains(&file.to_lowercase()));
    let typed = !step.text.trim().is_empty();
    let values = [("action", action), ("who", who.unwrap_or("")), ("file", file.unwrap_or(""))];
    let template = match (who, file) {
        (Some(_), Some(_)) => words.step_as_in,
        (Some(_), None) => words.step_as,
        (None, Some(_)) => words.step_in,
        (None, None) => "{action}",
    };
    let text = fill(template, &values);
    let bare = text.trim_end_matches(['.', ':']);
    if typed { format!("{bare}:") } else { text }
}

/// The words after `As`.
fn as_who<'a>(page: &Page, run_as: &'a str) -> &'a str {
    if run_as == "owner" { page.words.as_owner } else { check::role(page, run_as) }
}

/// The marks of a step, in brackets. What a step says in words, be it this one or another, is no mark.
pub fn marks(page: &Page, steps: &[Fix], step: &Fix, loss_said: bool) -> Vec<Rich> {
    let words = page.words;
    let actions: Vec<String> = steps.iter().map(|step| step.action.to_lowercase()).collect();
    let says = |parts: &[&str]| actions.iter().any(|action| parts.iter().all(|part| action.contains(part)));
    let mut marks = Vec::new();
    let mut warn = |text: &str| marks.push(page.rich().own(&format!("[{text}]"), Role::Warn).glued());
    if step.changes {
        warn(words.mark_changes);
    }
    for then in &step.then {
        match then.as_str() {
            "reload-postgres" => warn(words.mark_reload),
            "restart-postgres" if !says(&["restart", "postgres"]) => warn(words.mark_restart_postgres),
            "restart-job" if !says(&["start", "job"]) => warn(words.mark_restart_job),
            "restart-job-without-state" if !says(&["start", "without"]) => warn(words.mark_restart_job_without_state),
            _ => {}
        }
    }
    match step.risk.as_str() {
        "downtime" => warn(words.mark_downtime),
        "data-loss" => marks.push(loss_mark(page, step.risk_note.as_deref().filter(|_| !loss_said))),
        _ => {}
    }
    marks
}

/// What the same step is called at the cloud providers. Where the log shows the provider, its line alone; else one line for the three
/// that most servers are run by; all of them, a line each, with `-v`.
fn variants(page: &mut Page, step: &Fix, provider: Option<&str>, indent: usize) {
    let mut items: Vec<(&String, &String)> = step.on.iter().collect();
    items.sort_by_key(|(name, _)| PROVIDERS.iter().position(|known| known == name).unwrap_or(PROVIDERS.len()));
    if !page.options.verbose {
        let theirs = |name: &str| provider == Some(name) || (name, provider) == ("rds", Some("aurora"));
        let known = items.iter().any(|(name, _)| theirs(name));
        items.retain(|(name, _)| if known { theirs(name) } else { PROVIDERS.contains(&name.as_str()) });
    }
    let items: Vec<(String, &String)> = items.into_iter().map(|(name, text)| (provider_name(name), text)).collect();
    if page.options.verbose {
        let widest = items.iter().map(|(name, _)| page.rich().own(name, Role::Plain).width()).max().unwrap_or(0);
        for (name, text) in items {
            let line = page
                .rich()
                .own(&name, Role::Plain)
                .pad(widest)
                .glued()
                .own(" \u{a0}\u{a0}", Role::Plain)
                .own(text, Role::Plain);
            page.prose(indent + 2, indent + 5 + widest, &line);
        }
    } else if !items.is_empty() {
        let items = items
            .into_iter()
            .map(|(name, text)| page.rich().own(&format!("{name}: {}", text.trim_end_matches('.')), Role::Plain));
        let items: Vec<Rich> = items.collect();
        for line in super::facts::packed(page, &items, page.width().saturating_sub(indent)) {
            page.prose(indent, indent, &line);
        }
    }
}

pub fn provider_name(provider: &str) -> String {
    match provider {
        "rds" => "RDS, Aurora".to_owned(),
        "aurora" => "Aurora".to_owned(),
        "cloud_sql" => "Cloud SQL".to_owned(),
        "azure" => "Azure".to_owned(),
        "alloydb" => "AlloyDB".to_owned(),
        "digitalocean" => "DigitalOcean".to_owned(),
        "crunchy" => "Crunchy Bridge".to_owned(),
        "heroku" | "neon" | "supabase" | "aiven" => {
            let (first, rest) = provider.split_at_checked(1).unwrap_or((provider, ""));
            first.to_ascii_uppercase() + rest
        }
        other => other.replace('_', " "),
    }
}

/// What must not be done.
pub fn never(page: &mut Page, never: &[String]) {
    if never.is_empty() {
        return;
    }
    let heading = page.rich().own(page.words.never, Role::Danger);
    page.heading(&heading);
    for text in never {
        let line = page.rich().own("- ", Role::Plain).own(text, Role::Plain);
        page.prose(4, 6, &line);
    }
}

/// Parameters that the logs do not give, what they are, and what they may be.
pub fn missing(page: &mut Page, missing: &[MissingParam]) {
    if missing.is_empty() {
        return;
    }
    page.title(page.words.not_in_logs);
    let widest =
        missing.iter().map(|param| page.rich().log(&param.name, Role::Plain).width()).max().unwrap_or(0).min(24);
    for param in missing {
        let name = page.rich().log(&param.name, Role::Fill).pad(widest).glued();
        let mut line = name.own(" \u{a0}\u{a0}\u{a0}", Role::Plain).own(&param.meaning, Role::Plain);
        if !param.candidates.is_empty() {
            let list = param.candidates.iter().take(4).cloned().collect::<Vec<_>>().join(page.words.comma);
            let more = if param.candidates.len() > 4 { ", …" } else { "" };
            let template = format!("; {}", page.words.one_of);
            line = line.fill(&template, &[("list", &format!("{list}{more}"), Role::Param)], Role::Plain);
        }
        page.prose(4, 8 + widest, &line);
    }
}
