//! Laws of the shipped rules, beyond what their compilation checks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cdc_doctor::author::{collide, trial};
use cdc_doctor::diagnosis::Options;
use cdc_doctor::examples;
use cdc_doctor::pipeline::Facts;
use cdc_doctor::report::{json, text};
use cdc_doctor::rule::template::{KINDS, braces};
use cdc_doctor::rule::{Role, RuleSet};
use common::{engine, samples};

fn rules() -> Arc<RuleSet> {
    cdc_doctor::builtin::rules().unwrap()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_files_are_what_was_built_in() {
    let loaded = RuleSet::load(&common::root().join("rules"), None).unwrap();
    assert_none(
        &loaded.problems.iter().map(|p| format!("{}: {} {}", p.source.name, p.code, p.message)).collect::<Vec<_>>(),
    );
    assert_eq!(loaded.set.version, rules().version);
}

#[test]
fn labels_name_known_causes() {
    let rules = rules();
    let ids = common::labels().into_values().flatten().filter(|id| id != "-");
    assert_none(&ids.filter(|id| rules.get(id).is_none()).collect::<Vec<_>>());
}

#[test]
fn ids_are_paths_and_unique() {
    let rules = rules();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        let file = Path::new(&rule.file).with_extension("");
        if !file.ends_with(&rule.id) {
            wrong.push(format!("{} stands in {}", rule.id, rule.file));
        }
        let name = rule.id.split_once('/').map_or("", |(_, n)| n);
        let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !name.split('-').all(word) || !word(rule.system()) {
            wrong.push(format!("{}: not lower-case words with hyphens", rule.id));
        }
        if !seen.insert(&rule.id) {
            wrong.push(format!("{} is there twice", rule.id));
        }
    }
    assert_none(&wrong);
}

#[test]
fn titles_are_sane() {
    let rules = rules();
    let mut wrong = Vec::new();
    let mut titles = BTreeSet::new();
    for rule in rules.rules() {
        let id = &rule.id;
        let title = &rule.title;
        if title.is_empty() || title.chars().count() > 110 || title.ends_with('.') || title.contains(['\n', '{']) {
            wrong.push(format!("{id}: title '{title}'"));
        }
        // two systems may lack the same thing; the id says which
        if !titles.insert((rule.system(), title)) {
            wrong.push(format!("{id}: another rule has the title '{title}'"));
        }
        let headline = &rule.headline;
        if headline.contains('\n') || headline.ends_with('.') || headline.chars().count() > 160 {
            wrong.push(format!("{id}: headline '{headline}'"));
        }
        if rule.role == Role::Symptom && !rule.leads_to.is_empty() {
            wrong.push(format!("{id}: a symptom leads to nothing"));
        }
        if rule.role != Role::Symptom && !rule.suspects.is_empty() {
            wrong.push(format!("{id}: only symptoms have suspects"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn causes_say_why_how_to_check_and_how_to_mend() {
    let rules = rules();
    let mut wrong = Vec::new();
    for (index, rule) in rules.rules().iter().enumerate().filter(|(_, r)| r.role == Role::Cause) {
        let texts = rules.texts(index);
        if texts.why.trim().is_empty() {
            wrong.push(format!("{}: no why", rule.id));
        }
        if texts.checks.is_empty() {
            wrong.push(format!("{}: no check", rule.id));
        }
        if texts.fix.is_empty() {
            wrong.push(format!("{}: no fix", rule.id));
        }
        let ids: BTreeSet<&str> = texts.checks.iter().map(|c| c.id.as_str()).collect();
        if ids.len() != texts.checks.len() {
            wrong.push(format!("{}: two checks with one id", rule.id));
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_rule_has_an_example_and_a_near_miss() {
    let rules = rules();
    let lacks = |(index, rule): (usize, &cdc_doctor::rule::Rule)| {
        let examples = rules.texts(index).examples;
        let (yes, no) = (examples.iter().any(|(_, p)| *p), examples.iter().any(|(_, p)| !*p));
        (!yes || !no).then(|| rule.id.clone())
    };
    assert_none(&rules.rules().iter().enumerate().filter_map(lacks).collect::<Vec<_>>());
}

#[test]
fn examples_and_healthy_samples_collide_with_no_rule() {
    let loaded = RuleSet::load(&common::root().join("rules"), None).unwrap();
    let healthy: Vec<_> = samples().iter().filter(|s| s.is_healthy()).map(common::Sample::plain).collect();
    assert!(healthy.len() >= 5);
    let problems = collide::check(&Arc::new(loaded.set), &loaded.sources, &healthy);
    assert_none(&problems.iter().map(|p| format!("{}: {} {}", p.source.name, p.code, p.message)).collect::<Vec<_>>());
}

#[test]
fn the_ranked_result_of_every_example_is_its_rule_s() {
    let outcome = trial::run(&rules(), &[]).unwrap();
    assert!(outcome.examples >= 2 * outcome.rules);
    assert_none(&outcome.failures.iter().map(|f| format!("{}: {}", f.place, f.what)).collect::<Vec<_>>());
}

#[test]
fn names_in_braces_are_parameters() {
    let rules = rules();
    let mut wrong = Vec::new();
    for (index, rule) in rules.rules().iter().enumerate() {
        let texts = rules.texts(index);
        let mut all = vec![rule.headline.clone(), texts.why];
        all.extend(texts.misleading.into_iter().map(|(_, truth)| truth));
        all.extend(texts.checks.into_iter().flat_map(|c| [c.ask, c.text]));
        all.extend(texts.fix.into_iter().flat_map(|f| [f.action, f.text]));
        all.extend(texts.never);
        for brace in all.iter().flat_map(|t| braces(t)) {
            if rules.vocabulary.get(&brace.name).is_none() {
                wrong.push(format!("{}: {{{}}}", rule.id, brace.name));
            }
            if brace.kind.as_ref().is_some_and(|k| !KINDS.contains(&k.as_str())) {
                wrong.push(format!("{}: kind of {{{}}}", rule.id, brace.name));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn edges_lead_to_rules() {
    let rules = rules();
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        for id in [&rule.alternatives, &rule.leads_to, &rule.masks, &rule.suspects].into_iter().flatten() {
            match rules.get(id) {
                None => wrong.push(format!("{}: {id} is no rule", rule.id)),
                Some(_) if *id == rule.id => wrong.push(format!("{}: leads to itself", rule.id)),
                Some(_) => {}
            }
        }
        for id in rule.alternatives.iter().chain(&rule.masks).chain(&rule.suspects) {
            if rules.get(id).is_some_and(|r| r.role != Role::Cause) {
                wrong.push(format!("{}: {id} is no cause", rule.id));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn only_the_user_s_own_exception_is_found_where_only_that_is_wrong() {
    let rules = rules();
    let sample = common::sample("flink/user-code-exception");
    for log in &sample.logs {
        for id in examples::matching(engine(), &String::from_utf8_lossy(&log.bytes)) {
            assert!(id.starts_with("flink/") || rules.get(&id).unwrap().role == Role::Noise, "{id}");
        }
    }
}

#[test]
fn a_password_in_a_log_is_in_no_output() {
    const PASSWORD: &str = "s3cr3t-in-the-log";
    let mut with_password = 0;
    for sample in samples() {
        let clear = |l: &common::Log| l.bytes.windows(PASSWORD.len()).any(|w| w == PASSWORD.as_bytes());
        if !sample.logs.iter().any(clear) {
            continue;
        }
        with_password += 1;
        let pipeline = common::scan(engine(), &sample.logs, 1 << 18);
        let facts: Facts = pipeline.facts();
        let mut outputs = vec![("facts", serde_json::to_string(&facts).unwrap())];
        let diagnosis = pipeline.diagnose(&Options::default());
        outputs.push(("diagnosis", format!("{diagnosis:?}")));
        let report = common::report(&sample.logs);
        let mut out = Vec::new();
        json::render(&report, &mut out).unwrap();
        outputs.push(("json", String::from_utf8(out).unwrap()));
        let plain = text::Options::default();
        let options = [
            ("text", plain.clone()),
            ("verbose", text::Options { verbose: true, all: true, ..plain.clone() }),
            ("brief", text::Options { brief: true, ..plain.clone() }),
            ("narrow", text::Options { width: 40, ascii: true, verbose: true, ..plain }),
        ];
        for (name, options) in options {
            let mut out = Vec::new();
            text::render(&report, &options, &mut out).unwrap();
            outputs.push((name, String::from_utf8(out).unwrap()));
        }
        for (name, output) in outputs {
            assert!(!output.contains(PASSWORD), "{} of {}", name, sample.name);
            // a line break in the middle would hide it from the check above
            assert!(!output.contains("s3cr3t"), "{} of {}", name, sample.name);
        }
    }
    assert!(with_password >= 3, "the samples with a password in clear are gone");
}
