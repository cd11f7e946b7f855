//! What looking and carrying out need: the API server, what is watched of it, and the nodes.

use kube::Client;

use crate::nodes::{Nodes, Patience};

/// Connections and what is remembered between passes. A clone shares them.
#[derive(Clone)]
pub struct Surroundings {
    /// The API server.
    pub client: Client,
    /// The nodes.
    pub nodes: Nodes,
}

impl Surroundings {
    /// Without watches: each look asks the API server.
    pub fn without_caches(client: Client, patience: Patience) -> Self {
        Self { client, nodes: Nodes::new(patience) }
    }
}
