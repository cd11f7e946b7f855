//! Which calls are let in.

use std::{convert::Infallible, num::NonZeroU32};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use prometheus_client::metrics::gauge::Gauge;
use tonic::Status;
use tonic_types::StatusExt as _;
use tower::{Layer as _, Service as _};

use super::*;

const START: &str = "/silhouette.v1.Rounds/StartRound";
const QUERY: &str = "/silhouette.v1.Retrieval/Query";
const PUBLISH: &str = "/silhouette.v1.Rounds/PublishValues";
const WATCH: &str = "/silhouette.v1.Rounds/WatchRound";
const HINT: &str = "/silhouette.v1.Retrieval/GetHint";
const STATUS: &str = "/silhouette.v1.Cluster/GetStatus";

/// Limits of which each differs from the others.
fn section() -> LimitsSection {
    let count = |number| NonZeroU32::new(number).expect("it is not zero");
    LimitsSection {
        calls: count(2),
        publications: count(3),
        watches: count(4),
        downloads: count(5),
        administration_calls: count(6),
        connections: count(7),
        ..LimitsSection::default()
    }
}

fn limits() -> CallLimits {
    CallLimits::new(&section(), &Metrics::default())
}

fn caller(calls: u32, one_too_many: bool) -> Caller {
    let calls = Bound::new(NodeLimit::CallsOfConnection, calls, Gauge::default());
    Caller::new("192.0.2.1:7".parse().expect("an address"), calls, one_too_many)
}

/// As many places as there are, and what the next call is told.
fn fill(limits: &CallLimits, path: &str, caller: Option<&Caller>) -> (Vec<Place>, Refusal) {
    let mut places = Vec::new();
    for _ in 0..100 {
        match limits.place(path, &HeaderMap::new(), caller) {
            Ok(place) => places.push(place),
            Err(refusal) => return (places, refusal),
        }
    }
    panic!("{path} takes all calls that come");
}

fn reached(limit: NodeLimit, allowed: u32) -> Refusal {
    Refusal::LimitReached { limit, allowed }
}

#[test]
fn each_kind_of_call_has_a_limit_of_its_own_and_leaves_those_of_others() {
    let limits = limits();
    let mut held = Vec::new();
    for (path, limit, allowed) in [
        (QUERY, NodeLimit::Calls, 2),
        (PUBLISH, NodeLimit::Publications, 3),
        (WATCH, NodeLimit::Watches, 4),
        (HINT, NodeLimit::Downloads, 5),
        (STATUS, NodeLimit::AdministrationCalls, 6),
    ] {
        let (places, refusal) = fill(&limits, path, None);
        assert_eq!((places.len(), refusal), (allowed as usize, reached(limit, allowed)), "{path}");
        held.extend(places);
    }
    drop(held);
    assert_eq!(fill(&limits, QUERY, None).0.len(), 2, "places are given back");
}

#[test]
fn a_connection_has_its_share() {
    let (first, second) = (caller(1, false), caller(1, false));
    let limits = limits();
    let (held, refusal) = fill(&limits, QUERY, Some(&first));
    assert_eq!((held.len(), refusal), (1, reached(NodeLimit::CallsOfConnection, 1)));
    assert_eq!(fill(&limits, QUERY, Some(&second)).0.len(), 1);
}

#[test]
fn over_a_connection_too_many_only_administrators_and_members_are_heard() {
    let limits = limits();
    let caller = caller(10, true);
    let (held, refusal) = fill(&limits, QUERY, Some(&caller));
    assert_eq!((held.len(), refusal), (0, reached(NodeLimit::Connections, 7)));
    assert!(limits.place(STATUS, &HeaderMap::new(), Some(&caller)).is_ok());
    assert!(limits.place(START, &forwarded(), Some(&caller)).is_ok());
}

#[test]
fn what_members_forward_passes_whatever_is_full() {
    let limits = limits();
    let caller = caller(1, false);
    let _held = fill(&limits, PUBLISH, Some(&caller));
    for path in [START, PUBLISH, STATUS] {
        for _ in 0..20 {
            assert!(limits.place(path, &forwarded(), Some(&caller)).is_ok(), "{path}");
        }
    }
    // Members answer these themselves.
    for path in [QUERY, WATCH, HINT] {
        assert!(limits.place(path, &forwarded(), Some(&caller)).is_err(), "{path}");
    }
}

fn forwarded() -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static(FORWARDED), http::HeaderValue::from_static("1"))])
}

/// A stream that has not ended.
struct Unending;

impl Body for Unending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn a_stream_keeps_its_place_until_it_is_dropped() {
    let gate = gate::Gate::new(limits());
    let mut service =
        gate.layer(tower::service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Unending))));
    let mut call = async |path: &str| {
        let request = Request::builder().uri(path).body(()).expect("a request");
        let response = service.call(request).await.expect("it never fails");
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response),
        }
    };
    let first = call(QUERY).await.expect("two are allowed");
    let _second = call(QUERY).await.expect("one is allowed");
    let refused = call(QUERY).await.err().expect("none is left");
    let details = refused.get_error_details();
    assert_eq!(details.error_info().expect("an ErrorInfo").reason, "TOO_MANY_CALLS");
    assert!(details.retry_info().is_some() && refused.message().contains("limits.calls"), "{refused:?}");
    drop(first);
    assert!(call(QUERY).await.is_ok());
}
