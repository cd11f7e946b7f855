//! Probes and metrics over HTTP, for kubelets, balancers and Prometheus.

mod probes;
mod serving;

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::node::NodeHandle;

/// The type of what [`Metrics::to_text`](crate::telemetry::Metrics) writes.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers probes and scrapes until it is dropped.
pub(crate) async fn serve(listener: TcpListener, node: NodeHandle) {
    serving::serve(listener, router(node.clone()), &node).await;
}

fn router(node: NodeHandle) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/livez", get(health))
        .route("/ready", get(ready))
        .route("/readyz", get(ready))
        .route("/startupz", get(started))
        .route("/metrics", get(metrics))
        .with_state(node)
}

async fn health(State(node): State<NodeHandle>) -> Response {
    answer(probes::health(&node.liveness()))
}

async fn ready(State(node): State<NodeHandle>, RawQuery(query): RawQuery) -> Response {
    answer(probes::ready(&node.verdict(), probes::is_verbose(query.as_deref())))
}

async fn started(State(node): State<NodeHandle>) -> Response {
    answer(probes::started(node.is_started()))
}

async fn metrics(State(node): State<NodeHandle>) -> Response {
    match node.metrics().to_text(node.figures()) {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => answer((StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n"))),
    }
}

/// Answers of probes are of the moment.
fn answer((status, text): probes::Answer) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
mod tests;
