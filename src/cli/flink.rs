//! `--flink`: what a running cluster tells, through the same pipeline as files.

use crate::input::{Problem, flink};
use crate::pipeline::Pipeline;
use crate::pipeline::facts::ClusterFacts;

/// Reads the cluster at `url` into the pipeline: all jobs, or the one whose id begins so.
///
/// # Errors
/// Nothing could be read.
pub fn read(url: &str, job: Option<&str>, pipeline: &mut Pipeline) -> Result<flink::Cluster, Problem> {
    let first = pipeline.begun();
    let mut current: Option<(String, usize)> = None;
    let outcome = flink::read(url, job, &mut |name, series, bytes| {
        let number = match &current {
            Some((known, number)) if known == name => *number,
            known => {
                if let Some((_, number)) = known {
                    pipeline.end(*number);
                }
                let number = pipeline.begin(name, series);
                current = Some((name.to_owned(), number));
                number
            }
        };
        pipeline.push(number, bytes);
    });
    if let Some((_, number)) = current {
        pipeline.end(number);
    }
    if let Ok(flink::Cluster { offset: Some(offset), .. }) = outcome {
        (first..pipeline.begun()).for_each(|number| pipeline.zoned(number, offset));
    }
    outcome
}

/// What the cluster said, for the facts.
#[must_use]
pub fn said(url: &str, cluster: &flink::Cluster) -> ClusterFacts {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = host.rsplit('@').next().unwrap_or(host).trim_end_matches('/').to_owned();
    ClusterFacts { address, version: cluster.version.clone(), jobs: cluster.jobs.clone() }
}
