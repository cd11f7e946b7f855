//! The three addresses, bound before anything else, so that a node that cannot be reached does not start.

use std::{io, net::SocketAddr};

use silhouette_proto::v1::Addresses;
use tokio::net::TcpListener;

use super::NodeError;
use crate::config::{Endpoint, Settings};

/// Bound addresses.
#[derive(Debug)]
pub(super) struct Listeners {
    /// Clients and administrators.
    pub(super) client: TcpListener,
    /// Other members.
    pub(super) peer: TcpListener,
    /// Probes and metrics.
    pub(super) http: TcpListener,
    /// What others are told.
    pub(super) advertised: Addresses,
}

impl Listeners {
    /// Binds all three.
    pub(super) async fn bind(settings: &Settings) -> Result<Self, NodeError> {
        let (client, client_address) = bind("client", &settings.client).await?;
        let (peer, peer_address) = bind("peer", &settings.peer).await?;
        let (http, http_address) = bind("http", &settings.http).await?;
        let advertised = Addresses { client: client_address, peer: peer_address, http: http_address };
        Ok(Self { client, peer, http, advertised })
    }
}

/// The listener, and what others are told: as configured, or what was bound, with the port that port 0 became.
async fn bind(section: &'static str, endpoint: &Endpoint) -> Result<(TcpListener, String), NodeError> {
    let addr = endpoint.addr;
    let listener = TcpListener::bind(addr).await.map_err(refused(section, addr))?;
    let bound = listener.local_addr().map_err(refused(section, addr))?;
    let advertised = endpoint.advertise.clone().unwrap_or_else(|| bound.to_string());
    tracing::info!(section, %bound, advertised, "listening");
    Ok((listener, advertised))
}

fn refused(section: &'static str, addr: SocketAddr) -> impl Fn(io::Error) -> NodeError {
    move |source| match source.kind() {
        io::ErrorKind::AddrInUse => NodeError::AddressInUse { section, addr },
        _ => NodeError::Bind { section, addr, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(addr: SocketAddr) -> Endpoint {
        Endpoint { addr, advertise: None }
    }

    #[tokio::test]
    async fn port_zero_advertises_the_port_that_was_bound() {
        let (listener, advertised) =
            bind("client", &endpoint(SocketAddr::from(([127, 0, 0, 1], 0)))).await.expect("a port is free");
        assert_eq!(advertised, listener.local_addr().expect("it is bound").to_string());
        assert!(!advertised.ends_with(":0"), "{advertised}");
    }

    #[tokio::test]
    async fn an_address_in_use_is_named_with_the_flag_that_changes_it() {
        let (taken, _) = bind("peer", &endpoint(SocketAddr::from(([127, 0, 0, 1], 0)))).await.expect("a port is free");
        let addr = taken.local_addr().expect("it is bound");
        let error = bind("peer", &endpoint(addr)).await.expect_err("it is taken").to_string();
        assert!(error.contains(&addr.to_string()) && error.contains("--peer-addr"), "{error}");
    }
}
