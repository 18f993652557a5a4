//! A running Flink cluster, read over its REST API.
//!
//! Only when it is asked for, only with GET, only what tells of failures: the list of jobs, their exceptions, and the logs of the
//! `JobManager` and the `TaskManager`s with those that were rotated away. Redirects are refused, every answer has a limit of size and time, and nothing is changed in the
//! cluster. Bytes are handed out as they come, under names such as `flink:jobmanager`, to the same pipeline that reads files.

mod http;
mod rolled;

use serde::Deserialize;

use super::Problem;
pub use super::cluster::{Job, listed};
use http::Client;

/// Most bytes taken of one log; of a larger one the beginning is read.
pub const MAX_LOG: u64 = 4 << 30;
/// Most bytes taken of any other answer.
const MAX_ANSWER: u64 = 16 << 20;
/// Most jobs, and most `TaskManager`s, asked for.
const MAX_MEMBERS: usize = 64;

/// The first number of a series of rotated logs; those of files given beside the cluster are below.
const SERIES: u32 = 1 << 24;

/// Takes what the cluster gives: the name of a log (`flink:jobmanager`, `flink:taskmanager-1`, `flink:job-3cba357c/exceptions`,
/// `flink:taskmanager-1/flink-taskexecutor.log.3`), the series of rotated logs to which it belongs, and its next bytes.
pub type Sink<'s> = dyn FnMut(&str, Option<u32>, &[u8]) + 's;

/// What a cluster gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Version of Flink.
    pub version: String,
    /// Seconds east of UTC of the `JobManager`'s clock now, in which it and its `TaskManager`s print times.
    pub offset: Option<i32>,
    /// Jobs that were looked at.
    pub jobs: Vec<Job>,
    /// How many logs gave something.
    pub logs: usize,
    /// What could not be had.
    pub problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "flink-version")]
    version: String,
    /// Milliseconds east of UTC.
    #[serde(rename = "timezone-offset")]
    offset: Option<i64>,
}

#[derive(Deserialize)]
struct Overview {
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Members {
    taskmanagers: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    id: String,
}

/// Reads a cluster. `url`: that of its REST API, as `http://jobmanager:8081`. `job`: the id of one job, or its beginning; without it
/// all jobs are read.
///
/// # Errors
/// One fatal problem: no such address, no answer, no Flink, no such job.
pub fn read(url: &str, job: Option<&str>, sink: &mut Sink<'_>) -> Result<Cluster, Problem> {
    let client = Client::new(url)?;
    let config: Config = client.json("/config", MAX_ANSWER)?;
    let overview: Overview = client.json("/jobs/overview", MAX_ANSWER)?;
    let offset = config.offset.and_then(|ms| i32::try_from(ms / 1000).ok()).filter(|s| s.abs() <= 18 * 3600);
    let mut cluster = Cluster { version: config.version, offset, ..Cluster::default() };
    let wanted = |j: &&Job| job.is_none_or(|id| j.id.starts_with(&id.to_ascii_lowercase()));
    cluster.jobs = overview.jobs.iter().filter(wanted).take(MAX_MEMBERS).cloned().collect();
    if let Some(id) = job.filter(|_| cluster.jobs.len() != 1) {
        let several = !cluster.jobs.is_empty();
        let what = if several { format!("several jobs begin with {id}") } else { format!("there is no job {id}") };
        return Err(client.problem(what, Some(listed(&overview.jobs))));
    }
    for job in cluster.jobs.clone() {
        let short: String = job.id.chars().take(8).collect();
        let path = format!("/jobs/{}/exceptions", segment(&job.id));
        cluster.take(&client, &path, &format!("flink:job-{short}/exceptions"), MAX_ANSWER, None, sink);
    }
    cluster.process(&client, "/jobmanager", "flink:jobmanager", SERIES, sink);
    match client.json::<Members>("/taskmanagers", MAX_ANSWER) {
        Ok(members) => {
            for (n, member) in (1..).zip(members.taskmanagers.iter().take(MAX_MEMBERS)) {
                let path = format!("/taskmanagers/{}", segment(&member.id));
                cluster.process(&client, &path, &format!("flink:taskmanager-{n}"), SERIES + n, sink);
            }
        }
        Err(problem) => cluster.problems.push(Problem { fatal: false, ..problem }),
    }
    if cluster.logs == 0 {
        let what = "gives neither exceptions nor logs".into();
        return Err(client.problem(what, Some("give the files of the logs instead".into())));
    }
    Ok(cluster)
}

impl Cluster {
    /// Gets the log of the process at `path`, behind those that were rotated away.
    fn process(&mut self, client: &Client, path: &str, name: &str, series: u32, sink: &mut Sink<'_>) {
        let rolled = rolled::of(client, path);
        for file in &rolled {
            let (from, name) = (format!("{path}/logs/{}", segment(&file.name)), format!("{name}/{}", file.name));
            self.take(client, &from, &name, MAX_LOG, Some(series), sink);
        }
        let series = (!rolled.is_empty()).then_some(series);
        self.take(client, &format!("{path}/log"), name, MAX_LOG, series, sink);
    }

    /// Gets one log; one that cannot be had is a problem, not the end.
    fn take(&mut self, client: &Client, path: &str, name: &str, most: u64, series: Option<u32>, sink: &mut Sink<'_>) {
        let problem = |what: String, help: Option<String>| Problem { path: name.to_owned(), what, help, fatal: false };
        let mut any = false;
        let outcome = client.get(path, most, &mut |bytes| {
            any = true;
            sink(name, series, bytes);
        });
        self.logs += usize::from(any);
        match outcome {
            Ok(cut) => {
                if cut {
                    let what = format!("is longer than {} MiB; the rest was left out", most >> 20);
                    self.problems.push(problem(what, Some("give the file of the log instead".into())));
                }
            }
            Err(e) => {
                let help = "Flink shows a log only if it writes one into a file; in containers take the container's, as with kubectl logs";
                self.problems.push(problem(e.what, Some(help.into())));
            }
        }
    }
}

/// A piece of a path that the cluster named: nothing in it can leave its place.
fn segment(text: &str) -> String {
    let plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~') || b == b'.' && text != "." && text != ".."
    };
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
