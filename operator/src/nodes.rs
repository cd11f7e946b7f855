//! Connections to nodes: one a pod, made when it is first needed and dropped with the pod.
//!
//! A node is reached at its pod's IP address and a fixed port, never by name: names are known late, and to some pods
//! only. Each call has a time within which it is given up, so that a node that hangs costs no more than that.

mod error;
mod node;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tonic::transport::{Channel, Endpoint};

pub use error::NodeError;
pub use node::{Node, Said};

use crate::{ids::Uid, resources::Port};

/// How long nodes are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For an answer to a question, connecting included.
    pub questions: Duration,
    /// For a change, which has to reach a majority first.
    pub changes: Duration,
}

impl Default for Patience {
    /// A question is answered from memory; a change waits for disks, and a hand-over for an election at worst.
    fn default() -> Self {
        Self { questions: Duration::from_secs(3), changes: Duration::from_secs(15) }
    }
}

/// A pod in which a node can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodAddress {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// This very pod.
    pub uid: Uid,
    /// Where its node takes calls.
    pub address: SocketAddr,
}

impl PodAddress {
    /// The pod's node at its IP address.
    pub fn new(namespace: &str, name: &str, uid: Uid, ip: IpAddr) -> Self {
        let address = SocketAddr::new(ip, Port::Client.number());
        Self { namespace: namespace.to_owned(), name: name.to_owned(), uid, address }
    }
}

/// Connections to nodes, shared by all that ask them.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    connections: Arc<Mutex<HashMap<Uid, Connection>>>,
    patience: Patience,
}

#[derive(Debug)]
struct Connection {
    to: PodAddress,
    channel: Channel,
}

impl Nodes {
    /// No connection yet.
    pub fn new(patience: Patience) -> Self {
        Self { connections: Arc::default(), patience }
    }

    /// The node in a pod. Nothing is sent before the first call.
    pub fn node(&self, pod: &PodAddress) -> Node {
        let mut connections = self.connections.lock();
        let known = connections.get(&pod.uid).filter(|connection| connection.to == *pod);
        let channel = if let Some(connection) = known {
            connection.channel.clone()
        } else {
            // A pod whose sandbox was made anew has another address and the same uid.
            let channel = self.endpoint(pod.address).connect_lazy();
            connections.insert(pod.uid.clone(), Connection { to: pod.clone(), channel: channel.clone() });
            channel
        };
        drop(connections);
        Node::new(self.clone(), pod.clone(), channel)
    }

    /// Drops the connections to pods that are gone.
    pub fn keep(&self, is_there: impl Fn(&PodAddress) -> bool) {
        self.connections.lock().retain(|_, connection| is_there(&connection.to));
    }

    /// Drops the connection to a pod: whoever calls next makes another.
    fn forget(&self, pod: &PodAddress) {
        self.connections.lock().remove(&pod.uid);
    }

    /// How long nodes are waited for.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    fn endpoint(&self, address: SocketAddr) -> Endpoint {
        Endpoint::from_shared(format!("http://{address}"))
            .expect("a socket address is a URI's authority")
            .connect_timeout(self.patience.questions)
    }
}
