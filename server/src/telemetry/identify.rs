//! Gives each call an id and a span, in a layer around all services, and says the id in the response: in its metadata,
//! and in the details of whatever error it ends with.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::Service;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{
    Metrics,
    context::CallContext,
    request_id::{REQUEST_ID, RequestId},
    traces,
};
use crate::around::{Answer, Around, Surround};

/// What a call of a method that does not exist is called: what is sent there gets into no log and no trace.
const OTHER: &str = "_OTHER";

/// Gives each call of the services below an id and a span, and counts refusals by reason.
#[derive(Debug, Clone)]
pub(crate) struct IdentifyCalls {
    metrics: Arc<Metrics>,
}

impl IdentifyCalls {
    /// With refusals counted in these metrics.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Around<Self> {
        Around(Self { metrics })
    }
}

impl Surround for IdentifyCalls {
    type Body<R> = IdentifiedBody<R>;

    fn call<S, B, R>(&self, inner: &mut S, request: Request<B>) -> Answer<Self::Body<R>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
        R: Send + 'static,
    {
        let context = CallContext::read(request.headers());
        let path = request.uri().path();
        let known = self.metrics.calls().knows(path);
        let span = span(if known { path.trim_start_matches('/') } else { OTHER }, context.request);
        context.adopt(&span);
        let response = context.within_sync(|| span.in_scope(|| inner.call(request)));
        let mut call = IdentifiedCall {
            context: context.clone(),
            span: span.clone(),
            metrics: Arc::clone(&self.metrics),
            ended: false,
        };
        Box::pin(async move {
            let mut response = context.within(response.instrument(span)).await?;
            if let Ok(id) = HeaderValue::try_from(call.context.request.to_string()) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            call.end_with(response.headers_mut());
            Ok(response.map(|inner| IdentifiedBody { inner, call }))
        })
    }
}

/// The span of a call. What traces need is left out of log lines where nobody collects traces.
fn span(method: &str, request: RequestId) -> Span {
    if !traces::are_collected() {
        return tracing::info_span!("call", request_id = %request, method, round = tracing::field::Empty);
    }
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        request_id = %request,
        method,
        round = tracing::field::Empty
    );
    span.set_attribute("rpc.system.name", "grpc");
    span.set_attribute("rpc.method", method.to_owned());
    span
}

/// A call under way. One that is dropped before it has ended was cancelled.
struct IdentifiedCall {
    context: CallContext,
    span: Span,
    metrics: Arc<Metrics>,
    ended: bool,
}

impl IdentifiedCall {
    /// Adds the id to the status in headers or trailers, if it is there, and tells the span of it.
    fn end_with(&mut self, headers: &mut HeaderMap) {
        let Some(status) = Status::from_header_map(headers) else { return };
        self.tell(status.code());
        if status.code() == Code::Ok {
            return;
        }
        let mut details: ErrorDetails = status.get_error_details();
        self.metrics.calls().refused(details.error_info().map(|info| info.reason.as_str()));
        details.set_request_info(self.context.request.to_string(), "");
        let identified = Status::with_error_details(status.code(), status.message(), details);
        // The status itself could be written; with an id more it can, too.
        identified.add_header(headers).ok();
    }

    fn tell(&mut self, code: Code) {
        self.ended = true;
        let name = traces::code_name(code);
        self.span.set_attribute("rpc.status_code", name);
        if traces::is_fault(code) {
            self.span.set_attribute("error.type", name);
            self.span.set_status(opentelemetry::trace::Status::error(""));
        }
        self.span.in_scope(|| tracing::debug!(code = name, "answered"));
    }
}

impl Drop for IdentifiedCall {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(Code::Cancelled);
        }
    }
}

/// A response whose frames are made, and whose trailers end, within its call.
pub(crate) struct IdentifiedBody<B> {
    inner: B,
    call: IdentifiedCall,
}

impl<B: Body + Unpin> Body for IdentifiedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Self { inner, call } = &mut *self;
        let mut frame = ready!(call.span.in_scope(|| call.context.within_sync(|| Pin::new(inner).poll_frame(context))));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            call.end_with(trailers);
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
    use std::{convert::Infallible, future::poll_fn};

    use bytes::Bytes;
    use parking_lot::Mutex;
    use tower::{Layer as _, service_fn};
    use tracing::field::Field;
    use tracing_subscriber::{Registry, layer::SubscriberExt as _};

    use super::*;
    use crate::service::refusal::Refusal;

    const ID: &str = "00000000000000a7";

    /// A body of trailers alone.
    struct Trailers(Option<HeaderMap>);

    impl Body for Trailers {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            Poll::Ready(self.0.take().map(|trailers| Ok(Frame::trailers(trailers))))
        }
    }

    fn headers(status: &Status) -> HeaderMap {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).expect("a status can be written");
        headers
    }

    /// The response to a call with id [`ID`] that a service answers with these headers and trailers.
    async fn answer(headers: HeaderMap, trailers: Option<HeaderMap>) -> (HeaderMap, Option<HeaderMap>) {
        let service = service_fn(move |_: Request<()>| {
            let mut response = Response::new(Trailers(trailers.clone()));
            response.headers_mut().extend(headers.clone());
            async { Ok::<_, Infallible>(response) }
        });
        let request = Request::builder().uri("/silhouette.v1.Rounds/GetRound").header(REQUEST_ID, ID).body(());
        let layer = IdentifyCalls::new(Arc::default());
        let response = layer.layer(service).call(request.expect("a request")).await.expect("an answer");
        let (head, mut body) = response.into_parts();
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let trailers = frame.map(|frame| frame.expect("no error").into_trailers().expect("trailers"));
        (head.headers, trailers)
    }

    fn named(headers: &HeaderMap) -> Option<String> {
        let info = Status::from_header_map(headers)?.get_details_request_info()?;
        Some(info.request_id)
    }

    #[tokio::test]
    async fn each_error_names_its_request_beside_its_reason() {
        let refusal = headers(&Refusal::NoLeader.into());
        let (head, _) = answer(refusal.clone(), None).await;
        assert_eq!(named(&head).as_deref(), Some(ID));
        let status = Status::from_header_map(&head).expect("a status");
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "NO_LEADER");
        assert!(status.get_details_retry_info().is_some());
        let (_, trailers) = answer(HeaderMap::new(), Some(refusal)).await;
        assert_eq!(trailers.as_ref().and_then(named).as_deref(), Some(ID), "at the end of a stream");
        let (head, _) = answer(headers(&Status::unimplemented("")), None).await;
        assert_eq!(named(&head).as_deref(), Some(ID), "of a library");
    }

    #[tokio::test]
    async fn each_answer_names_its_request_in_its_metadata() {
        let (head, trailers) = answer(HeaderMap::new(), Some(headers(&Status::ok("")))).await;
        assert_eq!(head.get(REQUEST_ID).expect("an id"), ID);
        assert!(trailers.expect("trailers").get("grpc-status-details-bin").is_none());
    }

    #[test]
    fn a_call_that_its_client_gives_up_is_told_as_cancelled() {
        let told = Told::default();
        // While there is one subscriber only, whichever thread meets a line first decides for all whether it is wanted: a
        // test beside this one, which wants none.
        let _another = tracing::Dispatch::new(Registry::default());
        tracing::subscriber::with_default(Registry::default().with(told.clone()), || {
            let context = CallContext::read(&HeaderMap::new());
            let span = span("silhouette.v1.Rounds/WatchRound", context.request);
            drop(IdentifiedCall { context, span, metrics: Arc::default(), ended: false });
        });
        assert_eq!(*told.0.lock(), ["CANCELLED"]);
    }

    /// The codes that lines tell.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Told {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            event.record(&mut |field: &Field, value: &dyn std::fmt::Debug| {
                if field.name() == "code" {
                    self.0.lock().push(format!("{value:?}").replace('"', ""));
                }
            });
        }
    }
}
