//! The gRPC servers: one for clients and administrators, one for other members.

use std::{io, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use silhouette_proto::{FILE_DESCRIPTOR_SET, v1};
use tokio::{net::TcpListener, select, task::JoinSet, time::sleep};
use tonic::transport::Server;
use tonic_health::pb::{
    FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTOR_SET,
    health_server::{self, Health, HealthServer},
};
use tonic_reflection::server::Builder;
use tonic_types::pb::FILE_DESCRIPTOR_SET as DETAILS_DESCRIPTOR_SET;

use super::{NodeError, NodeHandle, watches::EndWatches};
use crate::{
    limits::{CallLimits, age::Lifetime, door::Door, gate::Gate},
    service,
    telemetry::{CountCalls, IdentifyCalls},
};

/// How often a silent connection is asked whether the other side is still there, and how long it may take to say so.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Flow-control windows of a client's connection. A stream of a publication that waits for its turn is not read on: the
/// bytes that it may have under way must not be all that its connection may, or calls beside it would wait, too.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Longest headers of a call, in bytes: far more than ours, and what HTTP/2 libraries allow.
const HEADER_BYTES: u32 = 16 << 10;

/// Streams that a connection may have open. A member that forwards has one connection for all of its clients, so this
/// is only a last bound; the limits of calls are met long before.
const STREAMS: u32 = 16 << 10;

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
    let (leaving, metrics) = (node.leaving().clone(), Arc::clone(node.metrics()));
    let limits = node.settings().configuration.limits.clone();
    let services = service::routes(node)
        .map_err(NodeError::Threads)?
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .prepare();
    let server = builder()
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .layer(CountCalls::new(Arc::clone(&metrics)))
        .layer(IdentifyCalls::new(Arc::clone(&metrics)))
        .layer(Gate::new(CallLimits::new(&limits, &metrics)))
        .layer(EndWatches::new(leaving.clone()));
    let door = Door::for_clients(listener, &limits, &metrics);
    let mut connections = JoinSet::new();
    loop {
        let connection = select! {
            () = leaving.cancelled() => break,
            connection = door.next() => connection.beginning_within(limits.handshake_timeout),
            Some(_) = connections.join_next() => continue,
        };
        let lifetime = Lifetime::draw(&limits, connection.is_one_too_many());
        let (ended, leaving, metrics) = (connection.ended(), leaving.clone(), Arc::clone(&metrics));
        let told_to_go = async move {
            select! {
                () = ended.cancelled() => {}
                () = leaving.cancelled() => {}
                () = sleep(lifetime.age) => metrics.limits().count_aged_connection(),
            }
        };
        // A server for each connection: tonic gives all connections of a server the same age, and those that were made
        // together would end together. It tells this one to go away once the future resolves, and breaks it off after
        // the grace.
        let server = server.clone().max_connection_age(lifetime.age).max_connection_age_grace(lifetime.grace);
        let connection = stream::iter([Ok::<_, io::Error>(connection)]).chain(stream::pending());
        connections.spawn(server.serve_with_incoming_shutdown(services.clone(), connection, told_to_go));
    }
    drop(door);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Serves other members until it is dropped.
pub(super) async fn serve_peers(listener: TcpListener, node: NodeHandle) -> Result<(), NodeError> {
    let limits = &node.settings().configuration.limits;
    let door = Door::for_peers(listener, limits, node.metrics());
    let incoming = stream::unfold(door, async |door| {
        let connection = door.next().await.beginning_within(limits.handshake_timeout);
        Some((Ok::<_, io::Error>(connection), door))
    });
    builder()
        .layer(CountCalls::new(Arc::clone(node.metrics())))
        .add_service(node.peers().server())
        .serve_with_incoming(incoming)
        .await
        .map_err(|error| NodeError::ServerEnded { section: "peer", why: error.to_string() })
}

fn builder() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .http2_max_header_list_size(HEADER_BYTES)
        .max_concurrent_streams(STREAMS)
}
