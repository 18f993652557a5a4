//! The network: one request, one answer, bounded, without redirects.

use std::io::Read;
use std::time::Duration;

use ureq::http;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::{Answer, Body, Fault, Refused, Request};

/// Until the connection stands.
const CONNECT: Duration = Duration::from_secs(15);
/// Until the answer begins, from the end of the request.
const ANSWER: Duration = Duration::from_mins(1);
/// Until everything is sent and read.
const WHOLE: Duration = Duration::from_mins(5);
/// Most bytes of an answer.
pub const MOST: u64 = 16 << 20;

/// A client.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// A client that trusts the certificate authorities of the web, or those of `authorities` (PEM) alone. Proxies are those of the
    /// environment (`HTTPS_PROXY`, `NO_PROXY`).
    ///
    /// # Errors
    /// If there is no certificate in `authorities`.
    pub fn new(authorities: Option<&str>) -> Result<Self, Refused> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = authorities {
            let all: Vec<Certificate<'static>> = parse_pem(pem.as_bytes())
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if all.is_empty() {
                return Err(Refused::new(
                    "--ca: there is no certificate in the file",
                    "it must be PEM: BEGIN CERTIFICATE",
                ));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&all));
        }
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("cdc-doctor/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_global(Some(WHOLE))
            .build()
            .new_agent();
        Ok(Self { agent })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// A [`Fault`], if there is no whole answer.
    pub fn send(&self, request: &Request) -> Result<Answer, Fault> {
        let mut builder = http::Request::builder().method(request.method).uri(&request.url);
        for header in &request.headers {
            builder = builder.header(header.name, header.value());
        }
        let (kind, bytes) = match &request.body {
            Body::None => (None, Vec::new()),
            Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Body::Bytes(kind, _, bytes) => (Some(kind.as_str()), bytes.clone()),
        };
        let wrong = |_| Fault {
            unsent: true,
            passing: false,
            what: "is not an address, or the token holds signs that it cannot".into(),
        };
        let sent = match kind {
            None => self.agent.run(builder.body(()).map_err(wrong)?),
            Some(kind) => self.agent.run(builder.header("Content-Type", kind).body(bytes).map_err(wrong)?),
        };
        let mut response = sent.map_err(|e| fault(&e))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let read = response.body_mut().as_reader().take(MOST).read_to_end(&mut body);
        // of an answer that says no, the status is enough
        if let Err(e) = read
            && (200..300).contains(&status)
        {
            return Err(Fault {
                unsent: false,
                passing: true,
                what: format!("stops in the middle of its answer: {e}"),
            });
        }
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn fault(error: &ureq::Error) -> Fault {
    let unsent = |passing: bool, what: String| Fault { unsent: true, passing, what };
    match error {
        ureq::Error::HostNotFound => unsent(false, "no such host".into()),
        ureq::Error::ConnectionFailed => unsent(true, "cannot be reached".into()),
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            unsent(true, format!("cannot be reached: {e}"))
        }
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            unsent(true, "does not answer in time".into())
        }
        ureq::Error::Timeout(_) => Fault { unsent: false, passing: true, what: "does not answer in time".into() },
        ureq::Error::Io(e) => Fault { unsent: false, passing: true, what: format!("the connection broke: {e}") },
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
            unsent(false, format!("TLS: {error}; --ca FILE names the certificate authority of your own servers"))
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => unsent(false, "is not an address".into()),
        other => Fault { unsent: false, passing: false, what: format!("does not speak HTTP: {other}") },
    }
}
