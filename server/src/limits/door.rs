//! Lets connections in, as many as there may be.

use std::{net::SocketAddr, time::Duration};

use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::{
    bound::{Bound, Held},
    connection::{Caller, Connection},
};
use crate::{
    config::LimitsSection,
    service::refusal::NodeLimit,
    telemetry::{Metrics, Port},
};

/// Connections beyond the limit to the client address, for calls that must be answered nevertheless.
const RESERVED_CONNECTIONS: u32 = 64;

/// Pause after the operating system gave no connection, as when there are too many open files: it would say so again.
const PAUSE: Duration = Duration::from_millis(100);

/// The way in to one address.
#[derive(Debug)]
pub(crate) struct Door<'a> {
    listener: TcpListener,
    port: Port,
    places: Bound,
    /// Of the client address alone.
    reserve: Option<Bound>,
    /// Calls at a time over each connection.
    calls: u32,
    metrics: &'a Metrics,
}

impl<'a> Door<'a> {
    /// To the client address.
    pub(crate) fn for_clients(listener: TcpListener, section: &LimitsSection, metrics: &'a Metrics) -> Self {
        let connections = metrics.limits().connections(Port::Client);
        let reserve = Bound::new(NodeLimit::Connections, RESERVED_CONNECTIONS, connections);
        let door = Self::new(listener, Port::Client, section.connections.get(), metrics);
        Self { reserve: Some(reserve), calls: section.calls_per_connection.get(), ..door }
    }

    /// To the peer address.
    pub(crate) fn for_peers(listener: TcpListener, section: &LimitsSection, metrics: &'a Metrics) -> Self {
        Self::new(listener, Port::Peer, section.peer_connections.get(), metrics)
    }

    /// To the HTTP address.
    pub(crate) fn for_http(listener: TcpListener, section: &LimitsSection, metrics: &'a Metrics) -> Self {
        Self::new(listener, Port::Http, section.http_connections.get(), metrics)
    }

    fn new(listener: TcpListener, port: Port, places: u32, metrics: &'a Metrics) -> Self {
        let places = Bound::new(NodeLimit::Connections, places, metrics.limits().connections(port));
        Self { listener, port, places, reserve: None, calls: 0, metrics }
    }

    /// Waits for the next connection that is let in. Nothing is lost if the wait is given up.
    pub(crate) async fn next(&self) -> Connection {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    if let Some(connection) = self.let_in(stream, address) {
                        return connection;
                    }
                    self.metrics.limits().count_refused_connection(self.port);
                }
                Err(error) => {
                    tracing::warn!(%error, port = ?self.port, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// `None` closes the connection.
    fn let_in(&self, stream: TcpStream, address: SocketAddr) -> Option<Connection> {
        let (place, one_too_many) = self.place()?;
        // Answers are small and many; waiting to send them together would make each late. If it cannot be had, they
        // are.
        stream.set_nodelay(true).ok();
        let caller = self.reserve.is_some().then(|| {
            // How many calls each connection has is nobody's figure: it would tell clients apart.
            let calls = Bound::new(NodeLimit::CallsOfConnection, self.calls, Gauge::default());
            Caller::new(address, calls, one_too_many)
        });
        Some(Connection::new(stream, caller, place))
    }

    /// A place, and whether it is one of the reserve.
    fn place(&self) -> Option<(Held, bool)> {
        match (self.places.take(), &self.reserve) {
            (Ok(place), _) => Some((place, false)),
            (Err(_), Some(reserve)) => reserve.take().ok().map(|place| (place, true)),
            (Err(_), None) => None,
        }
    }
}
