//! What a call brings along and takes on to the next node: its request id and its place in a trace.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::metadata::MetadataMap;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::request_id::{REQUEST_ID, RequestId};

/// Where W3C's trace context travels.
const TRACE_HEADERS: [&str; 2] = ["traceparent", "tracestate"];

tokio::task_local! {
    /// The call that is being answered.
    static CURRENT: CallContext;
}

/// What one call brought along.
#[derive(Debug, Clone)]
pub(super) struct CallContext {
    /// Its id: the client's, or drawn here.
    pub(super) request: RequestId,
    /// Its place in its client's trace, as it was given.
    trace: Arc<HeaderMap>,
}

impl CallContext {
    /// Of a request with these headers.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
        let trace = TRACE_HEADERS.into_iter().filter_map(|name| {
            let value = headers.get(name)?;
            Some((HeaderName::from_static(name), value.clone()))
        });
        Self { request: given.unwrap_or_else(RequestId::draw), trace: Arc::new(trace.collect()) }
    }

    /// Makes the client's span the parent of `span`, which must not have been entered yet.
    pub(super) fn adopt(&self, span: &Span) {
        let parent = TraceContextPropagator::new().extract(&Headers(&self.trace));
        // Where nobody collects traces there is nothing to set.
        span.set_parent(parent).ok();
    }

    /// Answers `call` within this context.
    pub(super) async fn within<T>(self, call: impl Future<Output = T>) -> T {
        CURRENT.scope(self, call).await
    }

    /// Does `work` within this context.
    pub(super) fn within_sync<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }
}

/// Has a request to another node carry on the call that is being answered here, if one is: its id, and its trace.
pub(crate) fn carry_on(metadata: &mut MetadataMap) {
    let headers: &mut HeaderMap = metadata.as_mut();
    CURRENT
        .try_with(|call| {
            if let Ok(id) = HeaderValue::try_from(call.request.to_string()) {
                headers.insert(REQUEST_ID, id);
            }
            headers.extend(HeaderMap::clone(&call.trace));
        })
        // A request of the node's own.
        .ok();
    // In the place of the client's span, this node's, if traces are collected.
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut HeadersMut(headers));
}

/// Notes on the call that is being answered which round it is about.
pub(crate) fn note_round(uid: crate::ids::RoundUid) {
    Span::current().record("round", tracing::field::display(uid));
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        // The propagator also sets the state of a trace that has none.
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(entries: &[(&'static str, &'static str)]) -> HeaderMap {
        entries.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_call_goes_on_under_its_id_and_in_its_trace() {
        let given = headers(&[(REQUEST_ID, "00000000000000a7"), ("traceparent", PARENT), ("authorization", "secret")]);
        let mut metadata = MetadataMap::new();
        CallContext::read(&given).within_sync(|| carry_on(&mut metadata));
        let sent: &HeaderMap = metadata.as_ref();
        assert_eq!(sent, &headers(&[(REQUEST_ID, "00000000000000a7"), ("traceparent", PARENT)]));
    }

    #[test]
    fn a_call_with_a_malformed_id_gets_another() {
        let context = CallContext::read(&headers(&[(REQUEST_ID, "a-users-own-name")]));
        assert_eq!(context.request.to_string().len(), 16);
    }

    #[test]
    fn a_request_of_the_nodes_own_carries_nothing() {
        let mut metadata = MetadataMap::new();
        carry_on(&mut metadata);
        assert!(metadata.is_empty());
    }
}
