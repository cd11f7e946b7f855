//! The connection to the API server: its calls are counted, bounded in number, and given up after a while.
//!
//! A call is over once its answer has been read to the end. A watch is over for these bounds once it has begun: the API
//! server ends it after 290 s, for which the library asks, and the library begins another after 295 s of silence.

mod answer;

use std::{
    error::Error,
    iter,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
};
use tokio::{select, sync::Semaphore, time::sleep};
use tower::{Layer, Service};

use self::answer::Answer;
use crate::telemetry::Metrics;

/// Bounds of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Requests whose answers are not read yet at the same time. Watches count until they begin.
    pub in_flight: usize,
    /// For how long an answer is waited for, to its end. Of a watch its beginning is waited for.
    pub patience: Duration,
}

/// Connects, without a request yet.
pub fn connect(mut config: Config, bounds: Bounds, metrics: Arc<Metrics>) -> kube::Result<Client> {
    // What is refused for now is looked at anew by the next pass; the library would repeat an eviction that the budget
    // refuses fifteen times.
    config.default_retry = false;
    let calls = Calls { permits: Arc::new(Semaphore::new(bounds.in_flight)), patience: bounds.patience, metrics };
    Ok(ClientBuilder::try_from(config)?.with_layer(&calls).build())
}

/// What stands before each call.
#[derive(Clone)]
struct Calls {
    permits: Arc<Semaphore>,
    patience: Duration,
    metrics: Arc<Metrics>,
}

impl<S> Layer<S> for Calls {
    type Service = Called<S>;

    fn layer(&self, inner: S) -> Called<S> {
        Called { inner, calls: self.clone() }
    }
}

/// The connection behind it.
struct Called<S> {
    inner: S,
    calls: Calls,
}

impl<S, B> Service<Request<Body>> for Called<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: http_body::Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Answer<B>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let verb = verb(request.method(), request.uri().query());
        let resource = resource(request.uri().path());
        let answer = self.inner.call(request);
        let Calls { permits, patience, metrics } = self.calls.clone();
        Box::pin(async move {
            let permit = permits.acquire_owned().await?;
            let (sent, mut given_up) = (Instant::now(), Box::pin(sleep(patience)));
            let answer = select! {
                answer = answer => Some(answer),
                () = &mut given_up => None,
            };
            let status = match &answer {
                Some(Ok(answer)) => Some(answer.status().as_u16()),
                _ => None,
            };
            metrics.called(verb, &resource, status, sent.elapsed());
            match answer {
                Some(Ok(answer)) if verb == WATCH => Ok(answer.map(Answer::without_end)),
                Some(Ok(answer)) => Ok(answer.map(|body| Answer::bounded(body, given_up, patience, permit))),
                Some(Err(error)) => Err(with_causes(error.into().as_ref()).into()),
                None => Err(format!("no answer within {:.1} s", patience.as_secs_f64()).into()),
            }
        })
    }
}

/// An error with what it was caused by, in a sentence: the connection's own errors name neither address nor cause.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// Of a request whose answer has no end.
const WATCH: &str = "watch";

/// As RBAC names it, but that a list counts as a get: both read.
fn verb(method: &Method, query: Option<&str>) -> &'static str {
    let watches = || query.is_some_and(|query| query.split('&').any(|part| part == "watch=true" || part == "watch=1"));
    match *method {
        Method::GET if watches() => WATCH,
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

/// The resource of a path, with its subresource: `pods/eviction`. Names are left out: each would be a series.
fn resource(path: &str) -> String {
    let mut parts = path.trim_matches('/').split('/');
    let beyond_version = match parts.next() {
        Some("api") => parts.next(),
        Some("apis") => parts.nth(1),
        _ => return "other".to_owned(),
    };
    if beyond_version.is_none() {
        return "other".to_owned();
    }
    let parts: Vec<&str> = parts.collect();
    let parts = match parts.as_slice() {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    match parts {
        [] => "other".to_owned(),
        [resource] | [resource, _] => (*resource).to_owned(),
        [resource, _, subresource, ..] => format!("{resource}/{subresource}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_no_series() {
        for (path, expected) in [
            ("/api/v1/namespaces/team/pods", "pods"),
            ("/api/v1/pods", "pods"),
            ("/api/v1/namespaces/team/pods/demo-1", "pods"),
            ("/api/v1/namespaces/team/pods/demo-1/eviction", "pods/eviction"),
            ("/api/v1/nodes/machine-1", "nodes"),
            ("/apis/apps/v1/namespaces/team/statefulsets/demo", "statefulsets"),
            ("/apis/silhouette.dev/v1alpha1/silhouetteclusters", "silhouetteclusters"),
            (
                "/apis/silhouette.dev/v1alpha1/namespaces/team/silhouetteclusters/demo/status",
                "silhouetteclusters/status",
            ),
            ("/api/v1/namespaces/team", "namespaces"),
            ("/version", "other"),
            ("/api", "other"),
            ("/apis/apps", "other"),
        ] {
            assert_eq!(resource(path), expected, "{path}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot connect")]
    struct CannotConnect(#[source] std::io::Error);

    #[test]
    fn errors_are_told_with_their_causes() {
        let refused = std::io::Error::other("connection refused");
        assert_eq!(with_causes(&CannotConnect(refused)), "cannot connect: connection refused");
    }

    #[test]
    fn a_watch_is_no_read() {
        assert_eq!(verb(&Method::GET, Some("labelSelector=x&watch=true")), "watch");
        assert_eq!(verb(&Method::GET, Some("labelSelector=watch")), "get");
        assert_eq!(verb(&Method::POST, None), "create");
    }
}
