//! Which line of `pg_hba.conf` the job's connection would meet: the first that fits decides.

use super::{Finding, Seen};
use crate::job::hba::{Address, Fit, Line};
use crate::job::{JobDefinition, parameters};
use crate::rule::Confidence;

pub(super) fn check(number: usize, file: &JobDefinition, sources: &[&Seen<'_>], found: &mut Vec<Finding>) {
    let mut said: Vec<(&'static str, u64)> = Vec::new();
    let mut push = |finding: Finding| {
        let key = (finding.cause, finding.at.line);
        if !said.contains(&key) {
            said.push(key);
            found.push(finding);
        }
    };
    if sources.is_empty() {
        one(number, file, None, &mut push);
    }
    for source in sources {
        one(number, file, Some(source), &mut push);
    }
}

fn one(number: usize, file: &JobDefinition, source: Option<&Seen<'_>>, push: &mut dyn FnMut(Finding)) {
    let given = source.map(|s| parameters(s.endpoint)).unwrap_or_default();
    let value = |wanted: &str| given.iter().find(|(n, ..)| *n == wanted).map(|(_, v, _)| v.as_str());
    let (user, database) = (value("user"), value("database"));
    let near = value("host").is_none_or(|h| matches!(h, "localhost" | "127.0.0.1" | "::1"));
    let finding = |cause, confidence, line: &Line| {
        let mut finding = Finding::new(cause, confidence, number, &line.at);
        finding.endpoint = source.map(|s| (s.file, s.index));
        finding
    };
    let fit = |line: &Line| line.names(user, database).min(line.place(near));
    let first = file.hba.iter().find(|line| fit(line) != Fit::No);
    // an address that no client has, written where every client was meant
    let nobody = file.hba.iter().find(|line| line.address == Address::None && line.names(user, database) != Fit::No);
    let sure = file.hba.iter().any(|line| fit(line) == Fit::Yes);
    match first {
        None => {
            let Some(line) = nobody.or_else(|| file.hba.iter().find(|l| l.replication_only())).or(file.hba.last())
            else {
                return;
            };
            let what = if line.address == Address::None {
                "0.0.0.0/32 is one address that no client has; every client is 0.0.0.0/0"
            } else if line.replication_only() {
                "'replication' is for physical replication; a CDC job's connections name their database"
            } else {
                "no line of the file fits the job's user, database and a client of another machine"
            };
            let known = user.is_some() && database.is_some() && file.includes.is_empty();
            let sure = if known { Confidence::Likely } else { Confidence::Possible };
            push(finding("postgres/pg-hba-no-entry", sure, line).says(what, number, line.at.line));
        }
        Some(line) => {
            let method = line.method.to_ascii_lowercase();
            let confidence = Confidence::Possible;
            let shadow = file
                .hba
                .iter()
                .skip_while(|l| l.at != line.at)
                .skip(1)
                .find(|later| fit(later) != Fit::No && !later.method.eq_ignore_ascii_case(&method));
            let cause = match method.as_str() {
                "reject" => Some("postgres/pg-hba-reject"),
                "ident" | "peer" | "gss" | "sspi" => Some("postgres/pg-hba-method-unsuitable"),
                "cert" => Some("postgres/client-certificate-required"),
                _ => None,
            };
            let plain = value("sslmode").is_some_and(|mode| mode == "disable");
            if let Some(cause) = cause {
                let what = format!("the first line that fits the job has the method {method}");
                let mut finding = finding(cause, confidence, line).says(what, number, line.at.line);
                if let Some(later) = shadow {
                    let what = format!("this line with {} comes too late: the first that fits decides", later.method);
                    finding = finding.says(what, number, later.at.line);
                }
                push(finding);
            } else if line.kind == "hostssl"
                && plain
                && !file.hba.iter().any(|l| l.kind != "hostssl" && fit(l) != Fit::No)
            {
                let what = "only hostssl lines fit the job, and its sslmode is disable";
                push(finding("postgres/ssl-required", confidence, line).says(what, number, line.at.line));
            }
            if let (Some(nobody), false) = (nobody, sure) {
                let what = "0.0.0.0/32 is one address that no client has; every client is 0.0.0.0/0";
                push(finding("postgres/pg-hba-no-entry", confidence, nobody).says(what, number, nobody.at.line));
            }
        }
    }
}
