//! Ends streams of library services that would never end by themselves, so that a node that stops can finish all
//! others. (`WatchRound` ends itself likewise.)

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tower::Service;

use crate::{
    around::{Answer, Around, Surround},
    service::refusal::Refusal,
};

/// Methods whose streams go on for as long as the caller likes.
const ENDLESS: [&str; 3] = [
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Ends endless streams with `DRAINING` when the node stops.
#[derive(Debug, Clone)]
pub(super) struct EndWatches {
    stop: CancellationToken,
}

impl EndWatches {
    /// When `stop` is cancelled.
    pub(super) fn new(stop: CancellationToken) -> Around<Self> {
        Around(Self { stop })
    }
}

impl Surround for EndWatches {
    type Body<R> = EndingBody<R>;

    fn call<S, B, R>(&self, inner: &mut S, request: Request<B>) -> Answer<Self::Body<R>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
        R: Send + 'static,
    {
        let endless = ENDLESS.contains(&request.uri().path());
        let stop = endless.then(|| Box::pin(self.stop.clone().cancelled_owned()));
        let response = inner.call(request);
        Box::pin(async move { Ok(response.await?.map(|inner| EndingBody { inner, stop, ended: false })) })
    }
}

/// The body of a response that may have to end early.
pub(super) struct EndingBody<B> {
    inner: B,
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    ended: bool,
}

impl<B: Body + Unpin> Body for EndingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.stop.as_mut().is_some_and(|stop| stop.as_mut().poll(context).is_ready()) {
            self.ended = true;
            return Poll::Ready(Some(Ok(Frame::trailers(draining()))));
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.stop.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}

/// The trailers of a stream that the node ended.
fn draining() -> HeaderMap {
    let mut trailers = Status::from(Refusal::Draining).into_http::<()>().into_parts().0.headers;
    trailers.remove(header::CONTENT_TYPE);
    trailers
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn};

    use bytes::Bytes;
    use tonic::Code;

    use super::*;

    /// A stream that never says anything.
    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_stopping_node_ends_a_watch_and_says_why() {
        let stop = CancellationToken::new();
        let mut body = EndingBody { inner: Silent, stop: Some(Box::pin(stop.clone().cancelled_owned())), ended: false };
        stop.cancel();
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let trailers = frame.expect("a frame").expect("no error").into_trailers().expect("trailers");
        let status = Status::from_header_map(&trailers).expect("a status");
        assert_eq!(status.code(), Code::Unavailable);
        assert!(poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.is_none());
    }
}
