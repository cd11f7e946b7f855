//! Counts gRPC calls as they begin and end, in a layer around all services.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Buf as _;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use tonic::Code;
use tower::Service;

use super::{
    Metrics,
    durations::short_durations,
    methods::{Method, Methods},
};
use crate::{
    around::{Answer, Around, Surround},
    service::refusal::Reason,
};

/// Labels of a call that ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    #[prometheus(flatten)]
    method: Method,
    grpc_code: String,
}

/// Counts of calls.
#[derive(Debug)]
pub(super) struct CallMetrics {
    methods: Methods,
    started: Family<Method, Counter>,
    handled: Family<Ended, Counter>,
    handling: Family<Method, Histogram, fn() -> Histogram>,
    refused: Family<Refused, Counter>,
    sent: Family<Method, Counter>,
}

/// Labels of a call that ended with an error.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    /// One of [`Reason::ALL`], or [`FOREIGN`].
    reason: &'static str,
}

/// The reason of an error that a library gave, which has none.
const FOREIGN: &str = "none";

impl CallMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counts = Self {
            methods: Methods::default(),
            started: Family::default(),
            handled: Family::default(),
            handling: Family::new_with_constructor(short_durations),
            refused: Family::default(),
            sent: Family::default(),
        };
        for reason in Reason::ALL.iter().map(|reason| reason.as_str()).chain([FOREIGN]) {
            drop(counts.refused.get_or_create(&Refused { reason }));
        }
        registry.register(
            "silhouette_grpc_refused",
            "Calls that ended with an error, by its reason",
            counts.refused.clone(),
        );
        registry.register("grpc_server_started", "Calls that began", counts.started.clone());
        registry.register("grpc_server_handled", "Calls that ended, by outcome", counts.handled.clone());
        registry.register_with_unit(
            "grpc_server_handling",
            "From a call's beginning to its end",
            Unit::Seconds,
            counts.handling.clone(),
        );
        registry.register_with_unit(
            "silhouette_grpc_sent",
            "Sent in answers to calls",
            Unit::Bytes,
            counts.sent.clone(),
        );
        counts
    }

    /// Whether there is a method at a path.
    pub(super) fn knows(&self, path: &str) -> bool {
        self.methods.knows(path)
    }

    /// A call ended with an error of this reason.
    pub(super) fn refused(&self, reason: Option<&str>) {
        let known = Reason::ALL.iter().map(|known| known.as_str()).find(|known| Some(*known) == reason);
        self.refused.get_or_create(&Refused { reason: known.unwrap_or(FOREIGN) }).inc();
    }
}

/// A call under way. One that is dropped unfinished was cancelled.
pub(super) struct Call {
    metrics: Arc<Metrics>,
    method: Arc<Method>,
    begun: Instant,
    sent: Counter,
    ended: bool,
}

impl Call {
    pub(super) fn begin(metrics: Arc<Metrics>, path: &str) -> Self {
        let counts = metrics.calls();
        let method = counts.methods.at(path);
        counts.started.get_or_create(&method).inc();
        let sent = counts.sent.get_or_create(&method).clone();
        Self { metrics, method, begun: Instant::now(), sent, ended: false }
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let counts = self.metrics.calls();
        let ended = Ended { method: (*self.method).clone(), grpc_code: code_name(code) };
        counts.handled.get_or_create(&ended).inc();
        counts.handling.get_or_create(&self.method).observe(self.begun.elapsed().as_secs_f64());
    }

    /// Ends with the status in headers or trailers, if it is there.
    fn end_with(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            self.end(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// As the Go servers write it, whose dashboards people have.
fn code_name(code: Code) -> String {
    match code {
        Code::Ok => "OK".to_owned(),
        Code::Cancelled => "Canceled".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Counts the calls of the services below.
#[derive(Debug, Clone)]
pub(crate) struct CountCalls {
    metrics: Arc<Metrics>,
}

impl CountCalls {
    /// Into these metrics.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Around<Self> {
        Around(Self { metrics })
    }
}

impl Surround for CountCalls {
    type Body<R> = CountedBody<R>;

    fn call<S, B, R>(&self, inner: &mut S, request: Request<B>) -> Answer<Self::Body<R>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
        R: Send + 'static,
    {
        let mut call = Call::begin(Arc::clone(&self.metrics), request.uri().path());
        let response = inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            call.end_with(response.headers());
            Ok(response.map(|inner| CountedBody { inner, call }))
        })
    }
}

/// A response whose trailers tell how its call ended.
pub(crate) struct CountedBody<B> {
    inner: B,
    call: Call,
}

impl<B: Body + Unpin> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.call.sent.inc_by(data.remaining() as u64);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.end_with(trailers);
                }
            }
            Some(Err(_)) => self.call.end(Code::Internal),
            // It ended without the status that gRPC demands.
            None => self.call.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Figures;

    const PATH: &str = "/silhouette.v1.Rounds/StartRound";

    fn lines(metrics: &Metrics) -> String {
        metrics.to_text(Figures::default()).expect("text is written")
    }

    #[test]
    fn a_call_is_counted_once_with_its_outcome() {
        let metrics = Arc::new(Metrics::default());
        let mut call = Call::begin(Arc::clone(&metrics), PATH);
        call.end_with(
            &[("grpc-status".parse().expect("a name"), "14".parse().expect("a value"))].into_iter().collect(),
        );
        drop(call);
        let text = lines(&metrics);
        let labels = "grpc_service=\"silhouette.v1.Rounds\",grpc_method=\"StartRound\",grpc_type=\"unary\"";
        for line in [
            format!("grpc_server_started_total{{{labels}}} 1"),
            format!("grpc_server_handled_total{{{labels},grpc_code=\"Unavailable\"}} 1"),
            format!("grpc_server_handling_seconds_count{{{labels}}} 1"),
        ] {
            assert!(text.contains(&line), "{line}\n{text}");
        }
        assert!(!text.contains("Canceled"), "{text}");
    }

    #[test]
    fn a_call_that_is_dropped_was_cancelled() {
        let metrics = Arc::new(Metrics::default());
        drop(Call::begin(Arc::clone(&metrics), PATH));
        assert!(lines(&metrics).contains("grpc_code=\"Canceled\"} 1"));
    }

    #[test]
    fn paths_that_do_not_exist_make_one_series() {
        let metrics = Arc::new(Metrics::default());
        for path in ["/a/b", "/c/d"] {
            drop(Call::begin(Arc::clone(&metrics), path));
        }
        let unknown = "grpc_service=\"unknown\",grpc_method=\"unknown\",grpc_type=\"unknown\"";
        assert!(lines(&metrics).contains(&format!("grpc_server_started_total{{{unknown}}} 2")));
    }
}
