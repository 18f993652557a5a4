//! What README and CONTRIBUTING show is true: the answer on the sample, and the rules, which are complete.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn doctor(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cdc-doctor")).args(args).output().unwrap()
}

/// The fenced blocks of a page that begin with this line, without their fences.
fn blocks(page: &str, fence: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while lines.by_ref().any(|line| line == fence) {
        found.push(lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect());
    }
    found
}

#[test]
fn the_answer_in_the_readme_is_the_answer() {
    let page = fs::read_to_string("README.md").unwrap();
    let block = blocks(&page, "```console").remove(0);
    let (command, shown) = block.split_once('\n').unwrap();
    let args: Vec<&str> = command.strip_prefix("$ cargo run --release -- ").unwrap().split_whitespace().collect();
    let answer = doctor(&args);
    assert_eq!(answer.status.code(), Some(0), "{command}");
    // a line `...` stands for any lines
    snapbox::assert_data_eq!(String::from_utf8(answer.stdout).unwrap(), shown.to_owned());
}

#[test]
fn the_rules_shown_are_complete() {
    for page in ["README.md", "CONTRIBUTING.md"] {
        let rules = blocks(&fs::read_to_string(page).unwrap(), "```yaml");
        assert_eq!(rules.len(), 1, "{page}");
        for rule in rules {
            let id = rule.lines().next().and_then(|line| line.strip_prefix("id: ")).unwrap();
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join(format!("{id}.yaml"));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &rule).unwrap();
            let dir = dir.path().to_str().unwrap();
            for verb in ["check", "test"] {
                let outcome = doctor(&["rules", verb, dir]);
                let told = String::from_utf8_lossy(&outcome.stderr).into_owned();
                assert_eq!(outcome.status.code(), Some(0), "{page}: rules {verb}: {told}");
                assert!(!String::from_utf8_lossy(&outcome.stdout).contains(" 1 warning"), "{page}: {told}");
            }
        }
    }
}

#[test]
fn pages_link_to_what_is_there() {
    for page in ["README.md", "CONTRIBUTING.md", "docs/design.md", "docs/report.md"] {
        let text = fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") {
                assert!(Path::new(page).parent().unwrap().join(link).exists(), "{page}: {link}");
            }
        }
    }
}
