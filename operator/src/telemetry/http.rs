//! Probes and metrics over HTTP, for kubelets and Prometheus.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{Metrics, Vitals};

/// As Prometheus asks for it first.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is shown.
#[derive(Clone)]
struct Shown {
    metrics: Arc<Metrics>,
    vitals: Arc<Vitals>,
}

/// Answers probes and scrapes until it is dropped.
pub async fn serve(listener: TcpListener, metrics: Arc<Metrics>, vitals: Arc<Vitals>) -> io::Result<()> {
    axum::serve(listener, router(metrics, vitals)).await
}

fn router(metrics: Arc<Metrics>, vitals: Arc<Vitals>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/livez", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(Shown { metrics, vitals })
}

/// Whoever answers is alive: an operator that could not renew its Lease has ended by itself.
async fn health() -> Response {
    answer(StatusCode::OK, "ok\n".to_owned())
}

async fn ready(State(shown): State<Shown>) -> Response {
    let part = shown.vitals.part();
    let status = if part.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, format!("{}\n", part.as_str()))
}

async fn scrape(State(shown): State<Shown>) -> Response {
    match shown.metrics.to_text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n")),
    }
}

/// Answers of probes are of the moment.
fn answer(status: StatusCode, text: String) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::{super::Part, *};

    /// The status line and the body that a real connection gets.
    async fn asked(path: &str, vitals: &Arc<Vitals>) -> (String, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(serve(listener, Arc::new(Metrics::default()), Arc::clone(vitals)));
        let mut connection = TcpStream::connect(address).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("it answers");
        serving.abort();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn a_stand_by_is_ready_and_who_still_reads_is_not() {
        let vitals = Arc::new(Vitals::default());
        for (part, status) in [
            (Part::Starts, "HTTP/1.1 503 Service Unavailable"),
            (Part::StandsBy, "HTTP/1.1 200 OK"),
            (Part::Reads, "HTTP/1.1 503 Service Unavailable"),
            (Part::Works, "HTTP/1.1 200 OK"),
        ] {
            vitals.enter(part);
            assert_eq!(asked("/readyz", &vitals).await, (status.to_owned(), format!("{}\n", part.as_str())));
            assert_eq!(asked("/healthz", &vitals).await.0, "HTTP/1.1 200 OK");
        }
    }

    #[tokio::test]
    async fn metrics_are_open_metrics_text() {
        let (status, body) = asked("/metrics", &Arc::new(Vitals::default())).await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert!(body.contains("silhouette_operator_is_leader 0") && body.ends_with("# EOF\n"), "{body}");
    }
}
