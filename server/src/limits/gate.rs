//! Lets calls in, as many as there may be.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tonic::Status;
use tower::Service;

use super::{CallLimits, Place};
use crate::around::{Answer, Around, Surround};

/// Keeps calls within the limits.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    limits: Arc<CallLimits>,
}

impl Gate {
    /// Within these limits.
    pub(crate) fn new(limits: CallLimits) -> Around<Self> {
        Around(Self { limits: Arc::new(limits) })
    }
}

impl Surround for Gate {
    type Body<R> = GatedBody<R>;

    fn call<S, B, R>(&self, inner: &mut S, request: Request<B>) -> Answer<Self::Body<R>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
        R: Send + 'static,
    {
        let place = match self.limits.admit(&request) {
            Ok(place) => place,
            Err(refusal) => {
                return Box::pin(std::future::ready(Ok(Status::from(refusal).into_http())));
            }
        };
        let response = inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok(response.map(|inner| GatedBody { admitted: Some(Admitted { inner, _place: place }) }))
        })
    }
}

/// The body of a response; empty if its call was refused at the gate.
pub(crate) struct GatedBody<B> {
    admitted: Option<Admitted<B>>,
}

struct Admitted<B> {
    inner: B,
    _place: Place,
}

impl<B> Default for GatedBody<B> {
    fn default() -> Self {
        Self { admitted: None }
    }
}

impl<B: Body + Unpin> Body for GatedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(Admitted { inner, .. }) = &mut self.admitted else { return Poll::Ready(None) };
        Pin::new(inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.admitted.as_ref().is_none_or(|admitted| admitted.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.admitted.as_ref().map_or(SizeHint::with_exact(0), |admitted| admitted.inner.size_hint())
    }
}
