//! GET and nothing else: bounded, without redirects, without credentials.

use std::io::Read;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::input::{CHUNK, Problem};

/// Until the connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until the answer begins.
const ANSWER: Duration = Duration::from_secs(30);
/// Until it is there whole.
const WHOLE: Duration = Duration::from_mins(5);

/// A client of one server.
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

impl Client {
    /// A client for this address.
    pub fn new(url: &str) -> Result<Self, Problem> {
        let base = url.trim_end_matches('/').to_owned();
        let problem = |what: &str| Problem {
            path: shown(url),
            what: what.to_owned(),
            help: Some("for example --flink http://jobmanager:8081".into()),
            fatal: true,
        };
        let secure = base.starts_with("https://");
        if !secure && !base.starts_with("http://") {
            return Err(problem("is not an address of a REST API: it begins neither with http:// nor with https://"));
        }
        if secure && !cfg!(feature = "https") {
            let help = "build it with `cargo install --path . --features https`, or go through `kubectl port-forward`";
            let what = "needs TLS, which this program was built without";
            return Err(Problem { help: Some(help.into()), ..problem(what) });
        }
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("cdc-doctor/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_global(Some(WHOLE))
            .build()
            .new_agent();
        Ok(Self { base, agent })
    }

    /// A fatal problem with this server.
    pub fn problem(&self, what: String, help: Option<String>) -> Problem {
        Problem { path: shown(&self.base), what, help, fatal: true }
    }

    /// Gets a path and hands at most so many bytes of it out; true if there are more.
    pub fn get(&self, path: &str, most: u64, sink: &mut dyn FnMut(&[u8])) -> Result<bool, Problem> {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().map_err(|e| self.failed(&e))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            let help = "redirects are not followed; give the address of the JobManager itself";
            return Err(self.problem(format!("answers {path} with a redirect ({status})"), Some(help.into())));
        }
        if status != 200 {
            let help = match status {
                401 | 403 => {
                    Some("it wants a login; use an address inside the cluster, as through kubectl port-forward")
                }
                404 => Some("is this the REST API of a JobManager? Its web page shows the jobs, usually on port 8081"),
                _ => None,
            };
            return Err(self.problem(format!("answers {path} with status {status}"), help.map(str::to_owned)));
        }
        let mut body = response.body_mut().as_reader();
        let (mut chunk, mut left) = (vec![0; CHUNK], most);
        loop {
            let read = match body.read(&mut chunk) {
                Ok(read) => read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(self.problem(format!("stops in the middle of {path}: {e}"), None)),
            };
            let bytes = chunk.get(..read).unwrap_or_default();
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(read);
            if read == 0 {
                return Ok(false);
            }
            sink(bytes.get(..room).unwrap_or_default());
            left -= room as u64;
            if room < read {
                return Ok(true);
            }
        }
    }

    /// Gets a JSON object.
    pub fn json<T: DeserializeOwned>(&self, path: &str, most: u64) -> Result<T, Problem> {
        let mut bytes = Vec::new();
        self.get(path, most, &mut |part| bytes.extend_from_slice(part))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let help = "give the address of the JobManager's REST API, usually on port 8081";
            self.problem(format!("is not Flink's REST API: {path} has another form"), Some(help.into()))
        })
    }

    fn failed(&self, error: &ureq::Error) -> Problem {
        let reach = Some("is the JobManager up, and can its REST port (8081) be reached from here?".to_owned());
        match error {
            ureq::Error::Io(e) => self.problem(format!("cannot be reached: {e}"), reach),
            ureq::Error::ConnectionFailed => self.problem("cannot be reached".into(), reach),
            ureq::Error::HostNotFound => self.problem("cannot be reached: no such host".into(), reach),
            ureq::Error::Timeout(_) => self.problem("does not answer in time".into(), reach),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => self.problem("is not an address".into(), None),
            other => self.problem(format!("does not speak HTTP as Flink does: {other}"), None),
        }
    }
}

/// The address without a login that may stand in it.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}
