//! What looking and carrying out need: the API server, what is watched of it, and the nodes.

mod cache;
mod caches;

use std::{fmt, sync::Arc};

use kube::Client;
use tokio::sync::broadcast;

pub(crate) use self::caches::Caches;
pub use self::{cache::Unread, caches::Changed};
use crate::{
    look::Judgements,
    nodes::{Nodes, Patience},
};

/// Connections, and what is remembered between passes. A clone shares them.
#[derive(Clone)]
pub struct Surroundings {
    /// The API server.
    pub client: Client,
    /// The nodes.
    pub nodes: Nodes,
    caches: Option<Arc<Caches>>,
    judgements: Arc<Judgements>,
}

impl Surroundings {
    /// Watches the objects of all clusters in these namespaces, or in all if none is named, for as long as a clone of this
    /// lives.
    pub fn new(client: Client, namespaces: &[String], patience: Patience) -> Self {
        let caches = Arc::new(Caches::begin(&client, namespaces));
        Self { caches: Some(caches), ..Self::without_caches(client, patience) }
    }

    /// Without watches: each look asks the API server.
    pub fn without_caches(client: Client, patience: Patience) -> Self {
        Self { client, nodes: Nodes::new(patience), caches: None, judgements: Arc::default() }
    }

    /// Tells from now on of which clusters objects change; nothing if nothing is watched.
    pub fn changes(&self) -> Option<broadcast::Receiver<Changed>> {
        self.caches.as_ref().map(|caches| caches.changes())
    }

    /// What is watched, once all of it that is of a namespace was read for the first time.
    pub(crate) async fn caches(&self, namespace: &str) -> Result<Option<&Caches>, Unread> {
        let Some(caches) = self.caches.as_deref() else { return Ok(None) };
        caches.wait_until_read(namespace).await?;
        Ok(Some(caches))
    }

    /// Which objects are known to be as they are asked for.
    pub(crate) fn judgements(&self) -> &Judgements {
        &self.judgements
    }

    /// A cluster is gone.
    pub fn forget(&self, namespace: &str, cluster: &str) {
        self.judgements.forget(namespace, cluster);
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("watches", &self.caches.is_some()).finish_non_exhaustive()
    }
}
