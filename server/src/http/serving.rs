//! Connections to the HTTP address: few, with small headers that must arrive soon, so that nobody keeps probes out by
//! talking slowly.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, select, task::JoinSet, time::timeout};

use crate::{limits::door::Door, node::NodeHandle};

/// Longest header of a request, in bytes; the least that hyper takes. Those of kubelets and Prometheus have hundreds.
const HEADER_BYTES: usize = 8 << 10;

/// Most lines of a header.
const HEADERS: usize = 64;

/// Serves connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, router: Router, node: &NodeHandle) {
    let limits = node.settings().configuration.limits.clone();
    let door = Door::for_http(listener, &limits, node.metrics());
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(limits.handshake_timeout)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES);
    // Aborted when this function's future is dropped.
    let mut connections = JoinSet::new();
    loop {
        let connection = select! {
            connection = door.next() => connection,
            Some(_) = connections.join_next() => continue,
        };
        let connection = server.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router.clone()));
        // A probe that is not read within the age of a connection never is. What went wrong is of interest to nobody:
        // the other side knows, or is gone.
        connections.spawn(timeout(limits.connection_age, connection));
    }
}
