//! The server's own log beside the job's: the pair says at least as much as either alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use cdc_doctor::report::{Confidence, Diagnosis};
use common::Log;

fn split(logs: &[Log]) -> (Vec<Log>, Vec<Log>) {
    logs.iter().cloned().partition(|l| l.name.starts_with("postgres"))
}

fn first(logs: &[Log]) -> Option<Diagnosis> {
    common::report(logs).diagnoses.into_iter().next()
}

#[test]
fn a_pair_is_at_least_as_specific_as_either_log() {
    let mut pairs = 0;
    for sample in common::samples() {
        let (server, flink) = split(&sample.logs);
        if server.is_empty() || flink.is_empty() || sample.is_healthy() {
            continue;
        }
        pairs += 1;
        let both = first(&sample.logs).unwrap_or_else(|| panic!("{}: nothing found", sample.name));
        for alone in [first(&flink), first(&server)].into_iter().flatten() {
            assert!(both.confidence >= alone.confidence, "{}: less sure than {}", sample.name, alone.cause);
            assert!(both.alternatives.len() <= alone.alternatives.len(), "{}: less exact", sample.name);
            if alone.confidence == Confidence::Certain && alone.cause != both.cause {
                // the other log's cause is then one that this one follows from, or was taken for
                let told = both.folded.iter().any(|f| f.id == alone.cause)
                    || both.ruled_out.iter().any(|r| r.cause == alone.cause)
                    || common::report(&sample.logs).diagnoses.iter().any(|d| d.cause == alone.cause);
                assert!(told, "{}: {} got lost beside {}", sample.name, alone.cause, both.cause);
            }
        }
    }
    assert!(pairs >= 5, "only {pairs} pairs");
}

#[test]
fn the_server_tells_wrong_password_missing_role_and_expired_password_apart() {
    for name in ["postgres/password-wrong", "postgres/role-missing", "postgres/password-expired"] {
        let sample = common::sample(name);
        let (_, flink) = split(&sample.logs);
        let (alone, both) = (first(&flink).unwrap(), first(&sample.logs).unwrap());
        assert_eq!((alone.cause.as_str(), alone.confidence), ("postgres/password-wrong", Confidence::Likely), "{name}");
        let named: Vec<&str> = alone.alternatives.iter().map(|a| a.cause.as_str()).collect();
        assert!(named.contains(&name) || name == alone.cause, "{name}: {named:?}");
        assert_eq!((both.cause.as_str(), both.confidence), (name, Confidence::Certain));
        assert!(both.alternatives.is_empty(), "{name}");
        let proof = both.evidence.iter().any(|e| e.path.starts_with("postgres"));
        assert!(proof, "{name}: the server's words are not shown");
        let ruled_out: Vec<&str> = both.ruled_out.iter().map(|r| r.cause.as_str()).collect();
        assert_eq!(ruled_out.len(), 2, "{name}: {ruled_out:?}");
    }
}
