//! Probes and metrics over HTTP, for kubelets, balancers and Prometheus.

mod probes;
mod serving;

use axum::{
    Router,
    extract::{MatchedPath, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::spawn_blocking};

use crate::{node::NodeHandle, telemetry::Exposition};

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
        .layer(middleware::from_fn_with_state(node.clone(), count))
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

async fn metrics(State(node): State<NodeHandle>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let exposition = Exposition::asked_by(accept);
    let written = spawn_blocking(move || node.metrics().to_text(node.figures())).await;
    match written {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, exposition.content_type())], exposition.write(text)).into_response(),
        Ok(Err(error)) => unwritten(&error),
        Err(error) => unwritten(&error),
    }
}

fn unwritten(error: &dyn std::error::Error) -> Response {
    answer((StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n")))
}

/// Counts a request by the route that it took.
async fn count(State(node): State<NodeHandle>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    node.metrics().requests().answered(path.as_deref(), response.status().as_u16());
    response
}

/// Answers of probes are of the moment.
fn answer((status, text): probes::Answer) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
mod tests;
