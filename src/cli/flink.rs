//! `--flink`: what a running cluster tells, through the same pipeline as files.

use crate::input::{Problem, flink};
use crate::pipeline::Pipeline;
use crate::report::{Note, Report};

/// Reads the cluster at `url` into the pipeline: all jobs, or the one whose id begins so.
///
/// # Errors
/// Nothing could be read.
pub fn read(url: &str, job: Option<&str>, pipeline: &mut Pipeline) -> Result<flink::Cluster, Problem> {
    let mut current: Option<(String, usize)> = None;
    let outcome = flink::read(url, job, &mut |name, bytes| {
        let number = match &current {
            Some((known, number)) if known == name => *number,
            known => {
                if let Some((_, number)) = known {
                    pipeline.end(*number);
                }
                let number = pipeline.begin(name, None);
                current = Some((name.to_owned(), number));
                number
            }
        };
        pipeline.push(number, bytes);
    });
    if let Some((_, number)) = current {
        pipeline.end(number);
    }
    outcome
}

/// Says in the report what the cluster said of its jobs now; the logs may end before it.
pub fn tell(report: &mut Report, url: &str, cluster: &flink::Cluster) {
    for job in &cluster.jobs {
        if let Some(known) = report.jobs.iter_mut().find(|j| j.id.as_deref() == Some(&job.id)) {
            known.name.get_or_insert_with(|| job.name.clone());
            known.state = Some(job.state.clone());
        }
    }
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.rsplit('@').next().unwrap_or(host).trim_end_matches('/');
    let jobs = flink::listed(&cluster.jobs);
    let text = format!("Read from Flink {} at {host}; {jobs}.", cluster.version);
    report.notes.push(Note { code: "flink-cluster".into(), text, evidence: Vec::new() });
    // the state that Flink shows of a dead source
    let running = cluster.jobs.iter().filter(|j| j.state == "RUNNING").count();
    let down = report.diagnoses.iter().any(|d| d.state == crate::report::State::Ongoing);
    if running > 0 && down {
        let text = "RUNNING is what Flink shows as long as the source's thread lives, also while the connector only retries: it does \
                    not mean that changes are read."
            .to_owned();
        report.notes.push(Note { code: "running-is-not-reading".into(), text, evidence: Vec::new() });
    }
}
