//! What is counted of probes and scrapes over HTTP.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Labels of a request. Paths are those that are served, so that what is asked for makes no new series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    path: String,
    code: u16,
}

/// Counts of HTTP requests.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    requests: Family<Request, Counter>,
}

impl RequestMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        registry.register("silhouette_http_requests", "Probes and scrapes, by path and status", requests.clone());
        Self { requests }
    }

    /// A request to a path that is served was answered; `None` is any other path.
    pub(crate) fn answered(&self, path: Option<&str>, code: u16) {
        self.requests.get_or_create(&Request { path: path.unwrap_or("other").to_owned(), code }).inc();
    }
}
