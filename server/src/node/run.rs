//! A node from its first address to its end.

use tokio::{
    net::TcpListener,
    select,
    signal::unix::{Signal, SignalKind, signal},
    task::{JoinHandle, JoinSet},
};
use tonic_health::server::health_reporter;

use super::{
    NodeError, NodeHandle, grpc,
    listeners::Listeners,
    observe::{observe, watch_disk},
};
use crate::{config::Settings, http};

/// Runs a node until it is told to stop by SIGTERM or SIGINT. A second signal ends it at once.
pub async fn run(settings: Settings) -> Result<(), NodeError> {
    let mut signals = Signals::new()?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), name = settings.name, "starting");
    let listeners = Listeners::bind(&settings).await?;
    let node = NodeHandle::new(settings, listeners.advertised.clone());
    // The health service says SERVING for the whole node before anybody looked: it is unset until somebody did.
    let (mut reporter, health) = health_reporter();
    reporter.clear_service_status("").await;

    let mut servers = Servers {
        http: tokio::spawn(serve_http(listeners.http, node.clone())),
        peer: tokio::spawn(grpc::serve_peers(listeners.peer, node.clone())),
        client: tokio::spawn(grpc::serve_clients(listeners.client, node.clone(), health)),
    };
    // Aborted when this function ends.
    let mut watchers = JoinSet::new();
    watchers.spawn(observe(node.clone(), reporter));
    watchers.spawn(watch_disk(node.clone()));

    let opening = node.clone();
    let opened = select! {
        opened = tokio::spawn(async move { opening.open().await }) => opened,
        error = servers.ended() => return Err(error),
        name = signals.next() => {
            tracing::info!(signal = name, "told to stop before the data directory was open");
            return Ok(());
        }
    };
    opened.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;

    select! {
        error = servers.ended() => return Err(error),
        name = signals.next() => tracing::info!(signal = name, "told to stop"),
    }
    select! {
        () = node.drain(servers.client) => Ok(()),
        name = signals.next() => Err(NodeError::Interrupted { signal: name }),
    }
}

async fn serve_http(listener: TcpListener, node: NodeHandle) -> Result<(), NodeError> {
    http::serve(listener, node).await;
    Ok(())
}

/// The running servers.
struct Servers {
    http: JoinHandle<Result<(), NodeError>>,
    peer: JoinHandle<Result<(), NodeError>>,
    client: JoinHandle<Result<(), NodeError>>,
}

impl Servers {
    /// Waits until one of them ends, which none should.
    async fn ended(&mut self) -> NodeError {
        let (section, outcome) = select! {
            outcome = &mut self.http => ("http", outcome),
            outcome = &mut self.peer => ("peer", outcome),
            outcome = &mut self.client => ("client", outcome),
        };
        match outcome {
            Ok(Err(error)) => error,
            Ok(Ok(())) => NodeError::ServerEnded { section, why: "nobody asked it to".to_owned() },
            Err(error) => NodeError::ServerEnded { section, why: error.to_string() },
        }
    }
}

/// The signals that ask a node to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, NodeError> {
        let listen = |kind| signal(kind).map_err(NodeError::Signals);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next one; its name.
    async fn next(&mut self) -> &'static str {
        select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
