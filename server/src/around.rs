//! What stands around gRPC services: one frame for all layers, so that each says only what it does with a call.

use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

/// How a call around which something stands ends: with the response, whose body may be wrapped.
pub(crate) type Answer<R, E> = BoxFuture<'static, Result<Response<R>, E>>;

/// Something that stands around calls: it sees each request before the service does, and each response after it.
pub(crate) trait Surround: Clone {
    /// The body of its responses, around those of the service.
    type Body<R>;

    /// Has `inner` answer a request, or answers it itself.
    fn call<S, B, R>(&self, inner: &mut S, request: Request<B>) -> Answer<Self::Body<R>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
        R: Send + 'static;
}

/// The layer of a [`Surround`].
#[derive(Debug, Clone)]
pub(crate) struct Around<W>(pub(crate) W);

impl<S, W: Surround> Layer<S> for Around<W> {
    type Service = Surrounded<S, W>;

    fn layer(&self, inner: S) -> Self::Service {
        Surrounded { inner, around: self.0.clone() }
    }
}

/// A service with something around it.
#[derive(Debug, Clone)]
pub(crate) struct Surrounded<S, W> {
    inner: S,
    around: W,
}

impl<S, W, B, R> Service<Request<B>> for Surrounded<S, W>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Send + 'static,
    W: Surround,
{
    type Response = Response<W::Body<R>>;
    type Error = S::Error;
    type Future = Answer<W::Body<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.around.call(&mut self.inner, request)
    }
}
