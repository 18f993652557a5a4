//! What is printed: snapshots of every kind of report, and what holds of all of them.
//!
//! `SNAPSHOTS=overwrite cargo test --test report_text` writes the files under `tests/report/` anew.

#[path = "report/cases.rs"]
mod cases;

use std::fs;
use std::path::Path;

use cdc_doctor::report::text::{Options, render};
use cdc_doctor::report::{Report, VerdictKind, json};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    render(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn wide() -> Options {
    Options { terminal: true, ..Options::default() }
}

/// The options that have a snapshot, by the ending of its name.
fn shapes() -> Vec<(&'static str, Options)> {
    vec![
        ("100", wide()),
        ("80", Options { width: 80, ..Options::default() }),
        ("ascii", Options { ascii: true, ..wide() }),
        ("verbose", Options { verbose: true, ..Options::default() }),
        ("brief", Options { brief: true, ..Options::default() }),
    ]
}

#[test]
fn snapshots() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report");
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite");
    let mut wrong = Vec::new();
    for (name, report) in cases::all() {
        for (shape, options) in shapes() {
            let path = folder.join(format!("{name}.{shape}.txt"));
            let now = text(&report, &options);
            if overwrite {
                fs::write(&path, &now).unwrap();
            } else if fs::read_to_string(&path).ok().as_deref() != Some(&now) {
                wrong.push(format!("--- {} is now:\n{now}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} snapshots differ; SNAPSHOTS=overwrite", wrong.join("\n"), wrong.len());
}

/// Lines of SQL, commands, ids, paths and tables, which do not wrap.
fn may_be_wide(line: &str) -> bool {
    let line = line.trim_start();
    ["\\set ", "SELECT ", "GRANT ", "has_table", "CREATE ", "psql ", "curl ", "host  ", "Evidence in "]
        .iter()
        .any(|start| line.starts_with(start))
        || ["from the REST API", "on the machine", "in Kubernetes", "then  "]
            .iter()
            .any(|start| line.starts_with(start))
}

#[test]
fn prose_and_evidence_stay_within_the_width() {
    for (name, report) in cases::all() {
        for width in [60, 80, 100] {
            for ascii in [false, true] {
                let shown = text(&report, &Options { width, ascii, all: true, terminal: true, ..Options::default() });
                for line in shown.lines().filter(|line| !may_be_wide(line)) {
                    assert!(line.width() <= width, "{name} at {width}: {} cells: {line}", line.width());
                }
            }
        }
    }
}

/// A control character, or one that hides text or turns its direction.
fn is_bad(ch: char) -> bool {
    (ch.is_control() && ch != '\n')
        || matches!(ch, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[test]
fn nothing_can_write_on_the_terminal() {
    let bad = is_bad;
    for (name, report) in cases::all() {
        for (shape, options) in shapes() {
            let shown = text(&report, &options);
            assert!(!shown.contains(bad), "{name}.{shape}: {:?}", shown.chars().find(|ch| bad(*ch)));
        }
    }
    let shown = text(&cases::hostile(), &Options::default());
    for escaped in [
        "\\x1b[2Jevil\\u{202e}gol",
        "\\x1b]0;owned\\x07\\u{9b}31m\\x0d",
        "\\u{2067}hidden\\u{2069}",
        "\\x00nul\\x7fdel",
    ] {
        assert!(shown.contains(escaped), "{escaped} in\n{shown}");
    }
    assert!(shown.contains("the needle"), "what matched can be read:\n{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("DROP TABLE") || line.starts_with("GRANT")));
    assert!(shown.lines().count() <= 90, "a flood: {} lines", shown.lines().count());
}

fn strip(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

#[test]
fn colour_says_nothing_of_its_own() {
    for (name, report) in cases::all() {
        for (shape, options) in shapes() {
            let plain = text(&report, &options);
            let coloured = text(&report, &Options { color: true, ..options });
            assert_eq!(strip(&coloured), plain, "{name}.{shape}");
            assert!(coloured.len() > plain.len(), "{name}.{shape} has some colour");
        }
    }
}

#[test]
fn colours_have_their_roles() {
    let shown = text(&cases::wal_level(), &Options { color: true, ..wide() });
    for expected in [
        "\u{1b}[1m\u{1b}[31m✗ certain: \u{1b}[0m",
        "\u{1b}[36mreplica\u{1b}[0m",
        "\u{1b}[35mtaskmanager.log\u{1b}[0m",
        "\u{1b}[32m390\u{1b}[0m",
        "\u{1b}[1m\u{1b}[31mlogical decoding requires wal_level >= logical\u{1b}[0m",
        "\u{1b}[32m-- healthy: logical\u{1b}[0m",
        "\u{1b}[33m[changes the server]\u{1b}[0m",
        "\u{1b}[2mRead 677 lines",
    ] {
        assert!(shown.contains(expected), "{expected:?} in {shown:?}");
    }
}

#[test]
fn ascii_has_no_glyph_of_ours() {
    for (name, report) in cases::all()
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "hostile" | "russian_password" | "password_certain"))
    {
        for verbose in [false, true] {
            let shown = text(&report, &Options { ascii: true, verbose, ..wide() });
            assert!(shown.is_ascii(), "{name}: {:?}", shown.chars().find(|ch| !ch.is_ascii()));
        }
    }
    let shown = text(&cases::russian_password(), &Options { ascii: true, ..wide() });
    assert!(shown.contains("ВАЖНО: пользователь"), "text of the log stays:\n{shown}");
    assert!(shown.chars().all(|ch| ch.is_ascii() || matches!(ch, 'А'..='я' | 'ё')), "{shown}");
}

#[test]
fn one_cause_fits_on_a_screen() {
    for (name, report) in cases::all().into_iter().filter(|(name, _)| *name != "hostile") {
        let lines = text(&report, &wide()).lines().count();
        assert!(lines <= 45, "{name}: {lines} lines");
    }
    assert!(text(&cases::wal_level(), &wide()).lines().count() <= 35);
}

#[test]
fn blank_lines_are_single_and_lines_have_no_tail() {
    for (name, report) in cases::all() {
        for (shape, options) in shapes() {
            let shown = text(&report, &options);
            assert!(
                !shown.contains("\n\n\n")
                    && !shown.starts_with('\n')
                    && shown.ends_with('\n')
                    && !shown.ends_with("\n\n"),
                "{name}.{shape}"
            );
            assert!(shown.lines().all(|line| line.trim_end() == line), "{name}.{shape}");
            assert!(!shown.contains('\t'), "{name}.{shape}");
        }
    }
}

#[test]
fn verbose_takes_nothing_away() {
    for (name, report) in cases::all().into_iter().filter(|(name, _)| !matches!(*name, "two_causes" | "publication")) {
        let verbose = text(&report, &Options { verbose: true, ..Options::default() });
        for line in text(&report, &Options::default())
            .lines()
            .filter(|line| !line.contains("-v") && !line.contains("Also seen"))
        {
            let kept = verbose.contains(line.trim());
            assert!(
                kept || line.contains("RDS") || line.contains(" 2x ") || line.contains(" 1x "),
                "{name} lost: {line}"
            );
        }
    }
}

#[test]
fn json_comes_back() {
    for (name, report) in cases::all() {
        let mut out = Vec::new();
        json::render(&report, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(written.ends_with("}\n"), "{name}");
        assert_eq!(json::parse(&written).unwrap(), report, "{name}");
    }
    assert!(json::parse("{}").is_err());
}

#[test]
fn brief_is_one_line_each() {
    let shown = text(&cases::wal_level(), &Options { brief: true, ..wide() });
    let expected = "taskmanager.log:390: certain: postgres/wal-level-not-logical: wal_level is 'replica', but the job needs 'logical' (2x, 14:11:47..14:11:50)\n";
    assert_eq!(shown, expected);
    let shown = text(&cases::two_causes(), &Options { brief: true, top: Some(1), ..wide() });
    assert_eq!(shown.lines().count(), 1);
}

#[test]
fn top_says_what_it_leaves_out() {
    let shown = text(&cases::two_causes(), &Options { top: Some(1), ..wide() });
    assert!(shown.contains("1 more cause is not shown (--top)"), "{shown}");
    assert!(!shown.contains("cdc_main_2"), "{shown}");
}

/// Puts hostile values into the JSON form of a report, chosen by a seed.
fn poison(value: &mut Value, seed: &mut u64) {
    const TEXTS: [&str; 12] = [
        "",
        " ",
        "\n\n",
        "\u{1b}[31m",
        "\u{202e}abc",
        "表",
        "a.b.CException: x.y.DError: ",
        "\tat \u{301}\u{301}\u{301}\u{301}(",
        "2026-11-22 14:11:47,1 WARN  ",
        "99999-99:99:99",
        "{file}|{n}",
        "\u{a0}\u{a0}\u{a0}",
    ];
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let dice = *seed >> 33;
    match value {
        Value::String(text) if dice.is_multiple_of(4) => {
            let extra = TEXTS[usize::try_from(dice / 4).unwrap() % TEXTS.len()];
            if dice.is_multiple_of(8) {
                text.insert_str(0, extra);
            } else {
                *text = extra.repeat(1 + usize::try_from(dice / 64).unwrap() % 90);
            }
        }
        Value::Number(number) if dice.is_multiple_of(4) => {
            *number = [0_u32, 1, 2, u32::MAX][usize::try_from(dice / 4).unwrap() % 4].into();
        }
        Value::Array(list) => list.iter_mut().for_each(|item| poison(item, seed)),
        Value::Object(map) => map.values_mut().for_each(|item| poison(item, seed)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn any_report_is_shown_safely(seed: u64, case in 0..17_usize, width in 0..200_usize, ascii: bool, verbose: bool, brief: bool, all: bool) {
        let mut seed = seed;
        let mut value = serde_json::to_value(&cases::all()[case].1).unwrap();
        poison(&mut value, &mut seed);
        let Ok(report) = serde_json::from_value::<Report>(value) else { return Ok(()) };
        let options = Options { width, ascii, verbose, brief, all, ..Options::default() };
        let shown = text(&report, &options);
        let unsafe_char = shown.chars().find(|ch| is_bad(*ch));
        prop_assert_eq!(unsafe_char, None);
        prop_assert!(brief || !shown.contains("\n\n\n"));
        prop_assert_eq!(strip(&text(&report, &Options { color: true, ..options })), shown);
    }
}

#[test]
fn an_empty_report_of_any_kind_can_be_shown() {
    let kinds = [
        VerdictKind::Found,
        VerdictKind::CannotTell,
        VerdictKind::Unrecognised,
        VerdictKind::Nothing,
        VerdictKind::NoLog,
    ];
    for kind in kinds {
        for (_, options) in shapes() {
            text(&cases::report(kind), &options);
        }
    }
}
