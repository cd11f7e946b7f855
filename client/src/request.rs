//! The id of a call, under which nodes log what they did for it and every error names it.
//!
//! One call of the library's user has one id, whatever number of requests it takes: retries at other nodes, the parts
//! of a lookup, the steps of forming a cluster. A request that belongs to no call, such as asking for the members
//! meanwhile, has an id of its own.

use std::{fmt, future::Future, pin::Pin};

use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use tracing::Instrument as _;

use crate::Error;

/// Metadata under which a request names its id.
const REQUEST_ID: &str = "silhouette-request-id";

tokio::task_local! {
    /// The call that is under way.
    static CURRENT: RequestId;
}

/// The id of a call: 16 hexadecimal digits. Servers log it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// A new one.
    pub(crate) fn draw() -> Self {
        // It is for finding log lines again, and secures nothing: without randomness calls share an id.
        Self(getrandom::u64().unwrap_or_default())
    }

    /// That of the call that is under way.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }

    /// As a server names it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Makes a call under an id of its own, or under that of the call that it is a part of. Its error names the id.
pub(crate) fn identified<T>(
    call: impl Future<Output = Result<T, Error>>,
) -> Pin<Box<impl Future<Output = Result<T, Error>>>> {
    identified_as(RequestId::draw(), call)
}

/// Makes a call under this id, or under that of the call that it is a part of. Its error names the id.
pub(crate) fn identified_as<T>(
    id: RequestId,
    call: impl Future<Output = Result<T, Error>>,
) -> Pin<Box<impl Future<Output = Result<T, Error>>>> {
    // Calls hold other calls, and would be large on the stack.
    Box::pin(async move {
        if RequestId::current().is_some() {
            return call.await;
        }
        let span = tracing::debug_span!("call", request_id = %id);
        CURRENT.scope(id, call.instrument(span)).await.map_err(|error| error.of_request(id))
    })
}

/// A connection whose requests name the call that they belong to.
pub(crate) type Connection = InterceptedService<Channel, NameRequest>;

/// Names the call that a request belongs to and, with the feature `opentelemetry`, the caller's span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameRequest;

impl NameRequest {
    /// Has all requests over `channel` named.
    pub(crate) fn over(channel: Channel) -> Connection {
        InterceptedService::new(channel, Self)
    }
}

impl Interceptor for NameRequest {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let id = RequestId::current().unwrap_or_else(RequestId::draw);
        if let Ok(id) = MetadataValue::try_from(id.to_string()) {
            request.metadata_mut().insert(REQUEST_ID, id);
        }
        #[cfg(feature = "opentelemetry")]
        trace::name_span(request.metadata_mut());
        Ok(request)
    }
}

#[cfg(feature = "opentelemetry")]
mod trace {
    //! The caller's span, as the application's propagator writes it.

    use http::{HeaderMap, HeaderName, HeaderValue};
    use opentelemetry::{global, propagation::Injector};
    use tonic::metadata::MetadataMap;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    /// Makes the current span the parent of what the server does.
    pub(super) fn name_span(metadata: &mut MetadataMap) {
        let context = tracing::Span::current().context();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut Headers(metadata.as_mut()));
        });
    }

    struct Headers<'a>(&'a mut HeaderMap);

    impl Injector for Headers<'_> {
        fn set(&mut self, key: &str, value: String) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
                self.0.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> String {
        let request = NameRequest.call(Request::new(())).expect("it is only named");
        let id = request.metadata().get(REQUEST_ID).expect("an id");
        id.to_str().expect("digits").to_owned()
    }

    #[tokio::test]
    async fn all_requests_of_a_call_name_it_and_so_does_its_error() {
        let call = identified(async {
            let (first, second) = (sent(), identified(async { Ok(sent()) }).await?);
            assert_eq!(first, second);
            Err::<(), _>(Error::precondition("CHANGE_UNSAFE", first))
        });
        let error = call.await.expect_err("it fails");
        let id = error.request_id().expect("it names its request").to_string();
        assert_eq!(error.to_string(), format!("{id} (request {id})"));
        assert_eq!(RequestId::parse(&id).map(|id| id.to_string()), Some(id));
    }

    #[test]
    fn requests_that_belong_to_no_call_have_ids_of_their_own() {
        assert_ne!(sent(), sent());
        assert_eq!(sent().len(), 16);
    }
}
