//! The gRPC servers: one for clients and administrators, one for other members.

use std::time::Duration;

use silhouette_proto::{FILE_DESCRIPTOR_SET, v1};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};
use tonic_health::pb::{
    FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTOR_SET,
    health_server::{self, Health, HealthServer},
};
use tonic_reflection::server::Builder;
use tonic_types::pb::FILE_DESCRIPTOR_SET as DETAILS_DESCRIPTOR_SET;

use super::{NodeError, NodeHandle, watches::EndWatches};
use crate::{
    service,
    telemetry::{CountCalls, IdentifyCalls},
};

/// How often a silent connection is asked whether the other side is still there, and how long it may take to say so.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Flow-control windows of a client's connection. A stream of a publication that waits for its turn is not read on: the
/// bytes that it may have under way must not be all that its connection may, or calls beside it would wait, too.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// Services of the client address, as reflection lists them.
const LISTED: [&str; 4] = [
    v1::rounds_server::SERVICE_NAME,
    v1::retrieval_server::SERVICE_NAME,
    v1::cluster_server::SERVICE_NAME,
    health_server::SERVICE_NAME,
];

/// Serves clients and administrators until the node is leaving, and then finishes the calls in flight.
pub(super) async fn serve_clients(
    listener: TcpListener,
    node: NodeHandle,
    health: HealthServer<impl Health>,
) -> Result<(), NodeError> {
    let reflection = || {
        let builder = Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTOR_SET)
            // So that tools such as grpcurl can show the details of an error.
            .register_encoded_file_descriptor_set(DETAILS_DESCRIPTOR_SET);
        LISTED.into_iter().fold(builder, Builder::with_service_name)
    };
    let leaving = node.leaving().clone();
    let (count, metrics) = (CountCalls::new(node.metrics().clone()), node.metrics().clone());
    let routes = service::routes(node)
        .map_err(NodeError::Threads)?
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .layer(count)
        .layer(IdentifyCalls::new(metrics))
        .layer(EndWatches::new(leaving.clone()))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming(listener), leaving.cancelled_owned())
        .await
        .map_err(|error| NodeError::ServerEnded { section: "client", why: error.to_string() })
}

/// Serves other members until it is dropped.
pub(super) async fn serve_peers(listener: TcpListener, node: NodeHandle) -> Result<(), NodeError> {
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .layer(CountCalls::new(node.metrics().clone()))
        .add_service(node.peers().server())
        .serve_with_incoming(incoming(listener))
        .await
        .map_err(|error| NodeError::ServerEnded { section: "peer", why: error.to_string() })
}

fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}
