//! `JUnit`'s XML, for CI systems: a test case a cause, failed; a symptom or an exception that no rule knows, too; inputs that could not be
//! read are errors. A log without any of them is one case that passed.

use std::fmt::Write as _;

use super::clean;
use crate::report::{Confidence, Evidence, Report};

/// The report as XML.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut cases = String::new();
    let (mut failures, mut errors, mut tests) = (0, 0, 0);
    let mut failed = |name: &str, class: &str, kind: &str, message: &str, text: &str, cases: &mut String| {
        tests += 1;
        failures += 1;
        let (name, class, kind) = (attribute(name), attribute(class), attribute(kind));
        let message = attribute(message);
        let text = content(text);
        // writing to a text cannot fail
        let _ = writeln!(
            cases,
            "    <testcase name=\"{name}\" classname=\"{class}\">\n      <failure type=\"{kind}\" message=\"{message}\">{text}</failure>\n    </testcase>"
        );
    };
    for d in &report.diagnoses {
        let sure = match d.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        };
        let headline = if d.headline.is_empty() { &d.title } else { &d.headline };
        let mut text =
            format!("{sure}: {headline}\n[{}] {}x, fingerprint {}\n{}", d.cause, d.count, d.id, lines(&d.evidence));
        for c in &d.checks {
            text.push_str(&format!("check: {}\n{}\n", c.ask, c.text.trim_end()));
        }
        for step in &d.fix {
            text.push_str(&format!("fix: {}\n", step.action));
            if !step.text.is_empty() {
                text.push_str(&format!("{}\n", step.text.trim_end()));
            }
        }
        failed(&d.cause, place(&d.evidence), sure, headline, &text, &mut cases);
    }
    for s in &report.symptoms {
        let headline = if s.headline.is_empty() { &s.title } else { &s.headline };
        let text = format!("{headline}\n[{}] {}x\n{}", s.id, s.count, lines(&s.evidence));
        failed(&s.id, place(&s.evidence), "symptom", headline, &text, &mut cases);
    }
    for u in &report.unrecognised {
        let text =
            format!("{}: {}\n{}x, fingerprint {}\n{}", u.class, u.message, u.count, u.fingerprint, lines(&u.evidence));
        failed(&u.class, place(&u.evidence), "unrecognised", &u.message, &text, &mut cases);
    }
    for p in &report.problems {
        tests += 1;
        errors += 1;
        let (path, what) = (attribute(&p.path), attribute(&p.what));
        let _ = writeln!(
            cases,
            "    <testcase name=\"read\" classname=\"{path}\">\n      <error type=\"input\" message=\"{what}\"/>\n    </testcase>"
        );
    }
    if tests == 0 {
        tests = 1;
        cases.push_str("    <testcase name=\"no failure found\" classname=\"cdc-doctor\"/>\n");
    }
    let version = attribute(&format!("cdc-doctor {} rules {}", report.tool.version, report.tool.rules));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n  <testsuite \
         name=\"cdc-doctor\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" time=\"0\">\n    \
         <properties><property name=\"tool\" value=\"{version}\"/></properties>\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn place(evidence: &[Evidence]) -> &str {
    crate::report::text::evidence::best(evidence).map_or("cdc-doctor", |e| e.path.as_str())
}

fn lines(evidence: &[Evidence]) -> String {
    evidence.iter().map(|e| format!("{}:{}: {}\n", e.path, e.line, e.text)).collect()
}

/// Text between tags. What XML does not allow at all is shown by its code.
fn content(text: &str) -> String {
    let text = clean(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\'', "&apos;").replace('\n', "&#10;")
}
