//! Where a node of a test listens.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU8, Ordering},
};

use anyhow::{Context as _, Result};

use super::isolation::Place;

/// The three addresses of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Rounds, Retrieval and Cluster.
    pub client: SocketAddr,
    /// Raft.
    pub peer: SocketAddr,
    /// Probes and metrics.
    pub http: SocketAddr,
}

impl Addresses {
    /// Ports that the operating system says are free at `host`.
    pub fn free_at(host: IpAddr) -> Result<Self> {
        // All three are held until all are known, or one could be given twice.
        let listeners: Vec<_> = (0..3).map(|_| TcpListener::bind((host, 0))).collect::<std::io::Result<_>>()?;
        let mut addresses = listeners.iter().map(TcpListener::local_addr);
        let mut next = || addresses.next().context("three sockets have three addresses")?.map_err(anyhow::Error::from);
        Ok(Self { client: next()?, peer: next()?, http: next()? })
    }

    /// Fixed ports at a place of its own.
    pub fn at(place: &Place) -> Result<Self> {
        let (client, peer) = (place.client_host().parse()?, place.peer_host().parse()?);
        Ok(Self {
            client: SocketAddr::new(client, 7601),
            peer: SocketAddr::new(peer, 7602),
            http: SocketAddr::new(client, 7603),
        })
    }
}

/// A loopback host that nobody else uses, one of 127.0.0.0/8.
///
/// A node's ports are free while it is down. On a host that everybody uses, a client's outgoing connection could take
/// one of them meanwhile; here nobody does.
pub fn own_host() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let process = std::process::id();
    // 250 * 250 processes, 256 hosts each; never 127.0.x.y.
    let (high, low) = ((process / 250 % 250) as u8, (process % 250) as u8);
    IpAddr::V4(Ipv4Addr::new(127, high + 1, low, NEXT.fetch_add(1, Ordering::Relaxed)))
}
