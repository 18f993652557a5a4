//! The formats of a report: what each must be, what none may hold, and how long a ticket may get.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use cdc_doctor::author::sample::Summary;
use cdc_doctor::redact::{LogRedactor, Redactor};
use cdc_doctor::report::render::ticket::{self, Profile};
use cdc_doctor::report::render::{Format, render};
use cdc_doctor::report::{Report, VerdictKind, json, text};
use common::{Log, sample};
use serde_json::Value;

const FORMATS: [Format; 8] = [
    Format::Markdown,
    Format::Html,
    Format::Jira,
    Format::Adf,
    Format::Sarif,
    Format::Junit,
    Format::Csv,
    Format::Psql,
];

const PROFILES: [Profile; 7] =
    [Profile::Github, Profile::Gitlab, Profile::Jira, Profile::Zendesk, Profile::Email, Profile::Slack, Profile::Dba];

fn log(text: String) -> Log {
    Log { name: "taskmanager.log".into(), series: None, bytes: text.into_bytes() }
}

fn redacted(report: &Report) -> Report {
    Redactor::new(&common::engine().rules).report(report).unwrap()
}

/// Everything that can leave, by name.
fn all(report: &Report) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let shared = redacted(report);
    for (kind, report) in [("", report), ("redacted ", &shared)] {
        for format in FORMATS {
            outputs.insert(format!("{kind}{format:?}"), render(report, format));
        }
        for profile in PROFILES {
            outputs.insert(format!("{kind}{profile:?}"), ticket::render(report, profile, None));
        }
        let options = text::Options { verbose: true, all: true, ..text::Options::default() };
        let mut bytes = Vec::new();
        text::render(report, &options, &mut bytes).unwrap();
        outputs.insert(format!("{kind}text"), String::from_utf8(bytes).unwrap());
        let mut bytes = Vec::new();
        json::render(report, &mut bytes).unwrap();
        outputs.insert(format!("{kind}json"), String::from_utf8(bytes).unwrap());
        let mut bytes = Vec::new();
        json::render_lines(report, &mut bytes).unwrap();
        outputs.insert(format!("{kind}ndjson"), String::from_utf8(bytes).unwrap());
    }
    outputs
}

#[test]
fn no_output_holds_a_secret() {
    let mut random = hostile::Random::new(20_261_122);
    let mut planted = 0;
    let mut wrong = Vec::new();
    for name in [
        "postgres/wal-level-not-logical",
        "postgres/pg-hba-no-entry",
        "postgres/table-permission-denied",
        "postgres/slot-already-active",
        "postgres/password-wrong",
        "network/connection-refused",
        "flink/user-code-exception",
        "postgres/publication-needs-superuser",
    ] {
        let Some(sample) = common::names().iter().find(|n| n.starts_with(name)).map(|n| sample(n)) else {
            panic!("there is no sample {name}")
        };
        let before = Summary::of(&common::report(&sample.logs));
        let mut secrets = Vec::new();
        let logs: Vec<Log> = sample
            .logs
            .iter()
            .map(|log| {
                let text = hostile::plant(&String::from_utf8_lossy(&log.bytes), &mut random, &mut secrets);
                Log { bytes: text.into_bytes(), ..log.clone() }
            })
            .collect();
        planted += secrets.len();
        let report = common::report(&logs);
        let after = Summary::of(&report);
        assert_eq!(ids(&before), ids(&after), "{name}: other causes with secrets in the log");
        let mut outputs = all(&report);
        let mut redactor = Redactor::new(&common::engine().rules);
        for log in &logs {
            let mut out = Vec::new();
            let mut stream = LogRedactor::new(&mut redactor);
            log.bytes.chunks(5000).for_each(|piece| stream.push(piece, &mut out).unwrap());
            stream.end(&mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            let lines = |text: &str| text.matches('\n').count();
            assert_eq!(lines(&out), lines(&String::from_utf8_lossy(&log.bytes)), "{name}: {}", log.name);
            outputs.insert(format!("redact {}", log.name), out);
        }
        for (kind, output) in &outputs {
            for secret in &secrets {
                if let Some(piece) = secret.pieces().find(|piece| output.contains(piece.as_str())) {
                    wrong.push(format!("{name}: {kind} has {piece} of {secret:?}"));
                }
            }
        }
    }
    assert!(planted > 300, "{planted} secrets");
    let number = wrong.len();
    wrong.sort();
    wrong.truncate(40);
    assert!(wrong.is_empty(), "{number} of {planted} x outputs:\n{}", wrong.join("\n"));
}

fn ids(summary: &Summary) -> Vec<&str> {
    summary.diagnoses.iter().map(|d| d.cause.as_str()).chain(summary.symptoms.iter().map(String::as_str)).collect()
}

/// A report whose names are the worst that a log can hold.
fn hostile_report() -> Report {
    let mut text = String::new();
    for (number, name) in hostile::MARKUP.iter().enumerate() {
        text.push_str(&format!(
            "2026-11-22 14:11:{:02},000 ERROR io.debezium.connector.postgresql.PostgresConnectorTask [] - Failed\n\
             org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host \"10.1.2.3\", user \"{name}\", database \"d{number}\", \
             no encryption\n\tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:693)\n",
            number % 60
        ));
    }
    let report = common::report(&[log(text)]);
    assert!(report.diagnoses.len() > hostile::MARKUP.len() / 2, "{}", report.diagnoses.len());
    report
}

#[test]
fn markup_of_a_log_is_text_in_every_format() {
    let report = hostile_report();
    let html = render(&report, Format::Html);
    for bad in ["<img", "<script>alert", "onerror=alert(1)>", "javascript:alert(1)\">", "<svg/onload"] {
        assert!(!html.contains(bad), "{bad}");
    }
    assert!(html.contains("&lt;img src=x"));
    for profile in PROFILES {
        let text = ticket::render(&report, profile, None);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}') && !text.contains('\u{202e}'), "{profile:?}");
    }
    for format in FORMATS {
        let text = render(&report, format);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}') && !text.contains('\u{202e}'), "{format:?}");
    }
    let github = ticket::render(&report, Profile::Github, None);
    let mut fence: Option<String> = None;
    for line in github.lines() {
        let bare = line.trim_start();
        let ticks: String = bare.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks == *open && bare == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                // a sign behind a backslash is one
                let mut plain = String::new();
                let mut escape = false;
                for c in without_code(line).chars() {
                    if !escape && c != '\\' {
                        plain.push(c);
                    }
                    escape = c == '\\' && !escape;
                }
                for bad in ["](http", "<img", "<script", "@everyone", "@org", "#1 ", "http://evil"] {
                    assert!(!plain.contains(bad), "{bad} in {line}");
                }
            }
        }
    }
    assert_eq!(fence, None);
    let jira = ticket::render(&report, Profile::Jira, None);
    let open = |tag: &str| jira.matches(&format!("{{{tag}")).count();
    assert_eq!(open("noformat") % 2, 0);
    assert_eq!(open("code") % 2, 0);
    assert!(!jira.contains("[~admin]") && !jira.contains("!x.png!"));
    let slack = ticket::render(&report, Profile::Slack, Some(200_000));
    assert!(!slack.contains("<!channel>") && !slack.contains("<http"));
    assert_eq!(slack.matches("```").count() % 2, 0);
}

/// A line of Markdown without what stands in backticks.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`').filter(|at| !rest[..*at].ends_with('\\')) {
        out.push_str(&rest[..at]);
        let ticks: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let inner = &rest[at + ticks.len()..];
        rest = inner.find(&ticks).map_or("", |end| &inner[end + ticks.len()..]);
    }
    out + rest
}

#[test]
fn the_table_is_one_and_holds_no_formula() {
    let csv = render(&hostile_report(), Format::Csv);
    let rows = rows(&csv);
    assert!(rows.len() > 5);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '@', '-', '\t', '\r']), "{cell}");
        }
    }
}

/// Reads RFC 4180.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            c => row.last_mut().unwrap().push(c),
        }
    }
    assert!(!quoted);
    rows.pop();
    rows
}

#[test]
fn junit_is_well_formed() {
    for report in reports() {
        let text = render(&report, Format::Junit);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let suites = document.root_element();
        let number = |name: &str| suites.attribute(name).unwrap().parse::<usize>().unwrap();
        let count = |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).count();
        assert_eq!((number("tests"), number("failures")), (count("testcase"), count("failure")));
        assert!(count("testcase") > 0);
    }
}

/// What the schema of SARIF 2.1.0 demands of the parts that are used; the output was also held to the schema itself.
#[test]
fn sarif_has_what_the_standard_demands() {
    for report in reports() {
        let sarif: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "cdc-doctor");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut ids: Vec<&str> = rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(result["ruleId"], rules[index]["id"]);
            assert!(matches!(result["level"].as_str().unwrap(), "error" | "warning" | "note"));
            let message = result["message"]["text"].as_str().unwrap();
            let singles = message.replace("{{", "").replace("}}", "");
            assert!(!message.is_empty() && !singles.contains(['{', '}']), "{message}");
            for place in result["locations"].as_array().unwrap() {
                let place = &place["physicalLocation"];
                let uri = place["artifactLocation"]["uri"].as_str().unwrap();
                assert!(!uri.contains([' ', '<', '>', '"', '\\']), "{uri}");
                assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
    }
}

/// The rules of Atlassian's format for the nodes that are used.
#[test]
fn adf_is_a_document() {
    fn check(node: &Value, inside: &str) {
        let kind = node["type"].as_str().unwrap();
        let allowed: &[&str] = match inside {
            "doc" => &["heading", "paragraph", "codeBlock", "orderedList", "bulletList", "expand"],
            "expand" | "listItem" => &["paragraph", "codeBlock", "orderedList", "bulletList"],
            "orderedList" | "bulletList" => &["listItem"],
            "paragraph" | "heading" | "codeBlock" => &["text"],
            other => panic!("{other}"),
        };
        assert!(allowed.contains(&kind), "{kind} in {inside}");
        if kind == "text" {
            assert!(!node["text"].as_str().unwrap().is_empty());
            assert!(inside != "codeBlock" || node.get("marks").is_none());
            return;
        }
        let content = node["content"].as_array().unwrap();
        assert!(!content.is_empty() || matches!(kind, "paragraph" | "codeBlock"), "{kind} is empty");
        for inner in content {
            check(inner, kind);
        }
    }
    for report in reports() {
        let adf: Value = serde_json::from_str(&render(&report, Format::Adf)).unwrap();
        assert_eq!((&adf["version"], &adf["type"]), (&Value::from(1), &Value::from("doc")));
        adf["content"].as_array().unwrap().iter().for_each(|node| check(node, "doc"));
    }
}

/// A report of every verdict, and the worst.
fn reports() -> Vec<Report> {
    let mut reports = vec![hostile_report()];
    for name in
        ["postgres/wal-level-not-logical", "healthy/classic", "flink/user-code-exception", "debezium/jmx-name-clash"]
    {
        reports.push(common::report(&sample(name).logs));
    }
    let cut = String::from_utf8_lossy(&sample("postgres/wal-level-not-logical").logs[0].bytes)
        .lines()
        .take(340)
        .collect::<Vec<_>>()
        .join("\n");
    reports.push(common::report(&[log(cut)]));
    reports.push(common::report(&[log("no log at all\n".into())]));
    assert!(reports.iter().any(|r| r.verdict_kind == VerdictKind::NoLog));
    reports
}

/// A log with 500 incidents that differ in role and table.
fn many() -> Report {
    let mut text = String::new();
    for n in 0..500 {
        text.push_str(&format!(
            "2026-11-22 {:02}:{:02}:00,000 ERROR io.debezium.pipeline.ErrorHandler [] - Producer failure\n\
             org.postgresql.util.PSQLException: ERROR: permission denied for table orders_{n}\n\
             \tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2713)\n",
            n / 60,
            n % 60
        ));
    }
    let report = common::report(&[log(text)]);
    assert_eq!(report.diagnoses.len(), 500);
    report
}

#[test]
fn limits_hold_for_500_incidents() {
    let report = many();
    let (first, sql) =
        (report.diagnoses[0].headline.clone(), report.diagnoses[0].checks[0].text.lines().next().unwrap().to_owned());
    for profile in PROFILES {
        let text = ticket::render(&report, profile, None);
        let Some(limit) = profile.limit() else { continue };
        assert!(limit.length(&text) <= limit.most, "{profile:?}: {}", limit.length(&text));
        if profile == Profile::Gitlab {
            continue;
        }
        let plain = text.replace(['\\', '\u{2060}'], "");
        assert!(plain.contains("500 causes") && plain.contains(&first) && plain.contains(&sql), "{profile:?}\n{text}");
        assert!(text.contains("Shortened to") && text.contains("fingerprint"), "{profile:?}\n{text}");
        // not a half empty ticket, either
        assert!(limit.length(&text) > limit.most * 8 / 10, "{profile:?}: {}", limit.length(&text));
        assert_eq!(text, ticket::render(&report, profile, None));
    }
}

#[test]
fn limits_hold_at_the_boundary() {
    let report = common::report(&sample("postgres/wal-level-not-logical").logs);
    for profile in [Profile::Github, Profile::Jira, Profile::Zendesk, Profile::Slack, Profile::Email] {
        let whole = ticket::render(&report, profile, Some(1_000_000));
        let unit = profile.limit().map_or(ticket::Unit::Chars, |l| l.unit);
        let length = |text: &str| ticket::Limit { most: 0, unit }.length(text);
        let most = length(&whole);
        assert_eq!(
            ticket::render(&report, profile, Some(most)),
            whole,
            "{profile:?}: as long as the limit is not too long"
        );
        let shorter = ticket::render(&report, profile, Some(most - 1));
        assert!(length(&shorter) < most && shorter.contains("Shortened to"), "{profile:?}");
        let mut last = 0;
        for most in (0..most + 200).step_by(61) {
            let text = ticket::render(&report, profile, Some(most));
            assert!(length(&text) <= most, "{profile:?}: {} of {most}", length(&text));
            last = last.max(length(&text));
        }
        assert_eq!(last, length(&whole));
    }
    // the real limits, with a text that is exactly as long
    let mut long = report.clone();
    for (profile, most) in [(Profile::Github, 65_536), (Profile::Jira, 32_767)] {
        long.diagnoses[0].why = report.diagnoses[0].why.clone();
        let start = profile.limit().unwrap().length(&ticket::render(&long, profile, None));
        long.diagnoses[0].why.push_str(&format!(" {}", "x".repeat(most - start - 1)));
        let text = ticket::render(&long, profile, None);
        assert_eq!(profile.limit().unwrap().length(&text), most);
        assert!(!text.contains("Shortened to"));
        long.diagnoses[0].why.push('x');
        let text = ticket::render(&long, profile, None);
        assert!(profile.limit().unwrap().length(&text) < most && text.contains("Shortened to"), "{profile:?}");
    }
}

#[test]
fn what_goes_first_is_always_the_same() {
    let report = common::report(&sample("postgres/wal-level-not-logical").logs);
    let mut whole = ticket::render(&report, Profile::Github, None).chars().count();
    let mut order = Vec::new();
    while whole > 300 {
        whole -= 1;
        let text = ticket::render(&report, Profile::Github, Some(whole));
        for (part, sign) in [
            ("record", "ConnectionFactory"),
            ("record", "PostgresConnectorTask.start("),
            ("samples", "390 |"),
            ("why", "**Never**"),
            ("fix", "ALTER SYSTEM"),
        ] {
            if !text.contains(sign) && !order.contains(&part) {
                order.push(part);
            }
        }
        whole = whole.min(text.chars().count());
    }
    assert_eq!(order, ["record", "samples", "why", "fix"]);
}

#[test]
fn the_fingerprint_is_that_of_the_cause() {
    let report = common::report(&sample("postgres/wal-level-not-logical").logs);
    let id = &report.diagnoses[0].id;
    for profile in [Profile::Github, Profile::Jira, Profile::Email, Profile::Slack] {
        for most in [1000, 100_000] {
            let text = ticket::render(&redacted(&report), profile, Some(most)).replace('\u{2060}', "");
            assert!(text.contains(&format!("fingerprint {id}")), "{profile:?}\n{text}");
        }
    }
}

/// The script of every sample is run by a real server: psql understands all of it, nothing is written, every section answers.
#[test]
fn psql_runs_the_script() {
    let servers = postgres::installed();
    let Some(bin) = servers.last() else {
        assert!(std::env::var_os("CI").is_none(), "no PostgreSQL server is installed, and CI needs one");
        eprintln!("skipped: no PostgreSQL server (initdb, postgres) in $PGBIN, /usr/lib/postgresql or PATH");
        return;
    };
    let server = postgres::Server::start(bin);
    let mut reports: Vec<Report> = common::samples().iter().map(|s| common::report(&s.logs)).collect();
    reports.push(hostile_report());
    let mut sections = 0;
    for report in &reports {
        let script = render(report, Format::Psql);
        let output = server.psql("postgres", &script, false);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let asked = script.matches("\\echo '== ").count();
        assert_eq!(out.matches("== ").count(), asked, "{script}\n{out}\n{err}");
        sections += asked;
        for bad in [
            "syntax error",
            "read-only transaction",
            "invalid command",
            "unterminated",
            "current transaction is aborted",
        ] {
            assert!(!err.contains(bad), "{bad}\n{err}\n{script}");
        }
        assert!(!server.dir().join("pwned").exists());
    }
    assert!(sections > 200, "{sections}");
}

/// Where a browser is, if one is installed.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"];
    named.or_else(|| std::env::split_paths(&path).flat_map(|dir| names.map(|n| dir.join(n))).find(|p| p.exists()))
}

/// In a browser the page is as wide as the window, its script runs under its own policy, and nothing of the log is an element.
#[test]
fn the_page_in_a_browser() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no Chromium in $CHROMIUM or PATH");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut reports = reports();
    reports.push(redacted(&common::report(&sample("postgres/table-permission-denied").logs)));
    for (at, report) in reports.iter().enumerate() {
        let page = render(report, Format::Html);
        let buttons = page.matches("class=\"code copy\"").count();
        for width in [390, 1200] {
            // a frame gives the page a width below the smallest that a window can have
            let inner = page.replace('&', "&amp;").replace('"', "&quot;");
            let frame = format!(
                "<!doctype html><body><iframe id=f width={width} height=800 srcdoc=\"{inner}\"></iframe><script>\
                 f.onload=function(){{var d=f.contentDocument;document.title=[d.documentElement.scrollWidth,\
                 d.querySelectorAll('button.copy').length,d.querySelectorAll('img,iframe,object,embed,link').length,\
                 d.querySelectorAll('script').length].join(' ')}};f.srcdoc=f.srcdoc</script>"
            );
            let path = dir.path().join(format!("{at}-{width}.html"));
            std::fs::write(&path, frame).unwrap();
            let output = Command::new(&browser)
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"])
                .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
                .arg(format!("file://{}", path.display()))
                .output()
                .unwrap();
            let dom = String::from_utf8_lossy(&output.stdout);
            let title = dom.split("<title>").nth(1).and_then(|t| t.split("</title>").next());
            let Some(title) = title else { panic!("{width}: {}", String::from_utf8_lossy(&output.stderr)) };
            let numbers: Vec<usize> = title.split(' ').map(|n| n.parse().unwrap()).collect();
            assert!(numbers[0] <= width, "report {at}: {} wide in {width}", numbers[0]);
            assert_eq!(numbers[1..], [buttons, 0, 1], "report {at}");
        }
    }
}
