//! `--listen`: `/metrics`, `/healthz` and `/readyz` over HTTP. Nothing is taken from a request but its method and path.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use oxhttp::Server;
use oxhttp::model::{Body, Method, Response, StatusCode};

use super::metrics::Metrics;

/// Time for one request.
const TIME: Duration = Duration::from_secs(5);
/// Requests at a time.
const AT_ONCE: usize = 8;

/// Answers on `address` from now on.
///
/// # Errors
/// If it cannot listen there.
pub fn serve(address: SocketAddr, metrics: Metrics) -> io::Result<()> {
    let answer = move |method: &Method, path: &str| -> (StatusCode, &'static str, String) {
        const PLAIN: &str = "text/plain; charset=utf-8";
        if !matches!(*method, Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET\n".into());
        }
        let state = |fine, words: (&str, &str)| {
            if fine {
                (
                    StatusCode::OK,
                    PLAIN,
                    format!(
                        "{}
",
                        words.0
                    ),
                )
            } else {
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    PLAIN,
                    format!(
                        "{}
",
                        words.1
                    ),
                )
            }
        };
        match path {
            "/metrics" => {
                (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.text())
            }
            "/healthz" => state(metrics.is_alive(), ("ok", "the loop does not go round")),
            "/readyz" => state(metrics.is_ready(), ("ready", "not ready: see the log and the metrics")),
            _ => (StatusCode::NOT_FOUND, PLAIN, "/metrics /healthz /readyz\n".into()),
        }
    };
    Server::new(move |request| {
        let (status, kind, text) = answer(request.method(), request.uri().path());
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert("content-type", oxhttp::model::HeaderValue::from_static(kind));
        response
    })
    .bind(address)
    .with_global_timeout(TIME)
    .with_max_concurrent_connections(AT_ONCE)
    .spawn()?;
    Ok(())
}
