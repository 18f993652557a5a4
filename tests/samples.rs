//! One test a folder of `samples/`: the logs in it together give the summary in its `expected.json`, and the first cause is the
//! one that its label stands for. `SNAPSHOTS=overwrite` writes the summaries anew; the labels stay as they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::process::ExitCode;
use std::{env, fs};

use cdc_doctor::author::sample::{Summary, difference};
use cdc_doctor::report::Report;
use common::Sample;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let tests = common::names().into_iter().map(|name| Trial::test(name.clone(), move || check(&name))).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn check(name: &str) -> Result<(), Failed> {
    let sample = common::sample(name);
    let report = common::report(&sample.logs);
    let summary = Summary::of(&report);
    let got = summary.json()?;
    let path = sample.dir.join("expected.json");
    if env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(&path, &got)?;
    }
    labelled(&sample, &report, &summary)?;
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    if got != wanted {
        return Err(format!(
            "differs from expected.json (SNAPSHOTS=overwrite if that is right):\n{}",
            difference(&wanted, &got)
        )
        .into());
    }
    Ok(())
}

/// Samples whose labelled cause prints the very words of another: it must be named as an alternative of the first.
const LOOK_ALIKE: &[(&str, &str)] = &[
    // "replication slot already exists": for another plugin, or in another database
    ("postgres/slot-plugin-mismatch", "postgres/slot-wrong-database"),
];

/// The first cause is the labelled one, and what it says of user, database, host, port and slot is what the label says.
fn labelled(sample: &Sample, report: &Report, summary: &Summary) -> Result<(), Failed> {
    let labels = common::labels();
    let wanted = labels.get(&sample.label).ok_or_else(|| format!("label {} is not in labels.tsv", sample.label))?;
    let first = summary.first();
    // some labels are no cause: the cluster's own trouble is a symptom, an exception of the user's own code is only shown
    let other = summary.symptoms.iter().any(|s| wanted.contains(s))
        || (wanted.iter().any(|w| w == "flink/user-code-exception") && !summary.unrecognised.is_empty());
    let alike = LOOK_ALIKE.iter().any(|(labelled, shown)| {
        sample.name == *labelled
            && first == *shown
            && report.diagnoses.iter().take(1).any(|d| d.alternatives.iter().any(|a| a.cause == *labelled))
    });
    let right = wanted.iter().any(|w| w == first) || (first == "-" && other) || alike;
    if !right {
        return Err(format!("the first cause is {first}, the label says {wanted:?}").into());
    }
    for name in ["user", "database", "host", "port", "slot"] {
        let said = summary.diagnoses.first().and_then(|d| d.params.get(name));
        if let (Some(said), Some(true_value)) = (said, sample.params.get(name))
            && said != true_value
        {
            return Err(format!("{name} is {said}, the label says {true_value}").into());
        }
    }
    Ok(())
}
